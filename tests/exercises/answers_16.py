"""16: other answers than the notebook's."""

from answering import Answers

VENV = (
    "FROM {base} AS made\nWORKDIR /build\nCOPY requirements.txt .\n"
    "RUN python -m venv --without-pip /venv"
    " && pip --python /venv/bin/python install --no-cache-dir -r requirements.txt\n"
    "FROM python:3.13-slim\nCOPY --from=made /venv /venv\nWORKDIR /app\n"
    "COPY app.py ./\nCOPY guestbook guestbook\n"
    'CMD ["/venv/bin/python", "app.py"]\n'
)
INSTALL = "RUN pip install --no-cache-dir -r requirements.txt\n"
START = 'CMD ["python", "app.py"]\n'


def built(name: str, dockerfile: str) -> str:
    return (
        f"open('../work/{name}/Dockerfile', 'w').write({dockerfile!r})\n"
        f"!docker build -q -t ex-{name} ../work/{name}"
    )


def single(base: str, copies: str, rest: str = INSTALL + START) -> str:
    return f"FROM {base}\nWORKDIR /app\n{copies}{rest}"


WITH_SQLITE = (
    "!sed -i 's/sqlite3 _sqlite3 dbm _dbm _gdbm/dbm _dbm _gdbm/' ../work/16-3/steps/gather.py\n"
)
BUILD_3 = "!docker build -q -t ex-16-3 ../work/16-3"
# The whole standard library as it is, what ldd names, and nothing else.
BY_HAND = r"""
FROM python:3.13-slim AS made
WORKDIR /build
COPY requirements.txt .
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --no-compile -r requirements.txt
RUN lib=$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))') \
    && exe=$(python -c 'import sys; print(sys._base_executable)') \
    && mkdir -p "/image$lib" "/image$(dirname "$exe")" && cp -L "$exe" "/image$exe" \
    && cp -r "$lib/." "/image$lib/" && rm -rf "/image$lib/test" "/image$lib/site-packages" \
    && find "/image$lib" -name __pycache__ -prune -exec rm -rf {} + \
    && for one in "$exe" "$lib"/lib-dynload/*.so $(find /venv -name '*.so'); do \
        ldd "$one" | grep -o '/[^ ]*' || true; done \
        | sort -u | grep '\.so' | while read -r one; do \
            mkdir -p "/image$(dirname "$one")"; cp -L "$one" "/image$one"; done
FROM scratch
COPY --from=made /image /
COPY --from=made /venv /venv
WORKDIR /app
COPY app.py ./
COPY guestbook guestbook
ENV LANG=C.UTF-8 LD_LIBRARY_PATH=/usr/local/lib
USER 1000
HEALTHCHECK CMD ["/venv/bin/python", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz')"]
CMD ["/venv/bin/python", "app.py"]
"""

ANSWERS = {
    "16-1": Answers(
        right=(
            # what the service is, named one by one
            built(
                "16-1",
                single(
                    "python:3.13-slim",
                    "COPY app.py requirements.txt ./\nCOPY guestbook guestbook\n",
                ),
            ),
            # built in the full image, run in the slim one
            built("16-1", VENV.format(base="python:3.13")),
        ),
        wrong={
            "ex-16-1 이미지가 없다": "",
            "레이어에 #개 있다": built("16-1", single("python:3.13-slim", "COPY . .\n")),
            "레이어에 #개 있다: /app/.env": "open('../work/16-1/.dockerignore', 'w')"
            ".write('.git\\ndata\\n')\n"
            + built("16-1", single("python:3.13-slim", "COPY . .\nRUN rm .env\n")),
            "보다 # MB 크다": built(
                "16-1",
                single(
                    "python:3.13", "COPY app.py requirements.txt ./\nCOPY guestbook guestbook\n"
                ),
            ),
            "요청을 받기 전에 끝났다": built(
                "16-1", single("python:3.13-slim", "COPY app.py ./\n", START)
            ),
        },
    ),
    "16-2": Answers(
        right=(
            built("16-2", VENV.format(base="python:3.13-slim")),
            # the list is only bound while it is read
            built(
                "16-2",
                "FROM python:3.13-slim\nWORKDIR /app\n"
                "RUN --mount=type=bind,source=requirements.txt,target=/tmp/list"
                " pip install --no-cache-dir -r /tmp/list\nCOPY . .\n" + START,
            ),
        ),
        wrong={
            "ex-16-2 이미지가 없다": "",
            "다시 했고, 그 가운데 설치가 있다": "!docker build -q -t ex-16-2 ../work/16-2",
            "그 가운데 설치가 있다: RUN pip": built(
                "16-2",
                single(
                    "python:3.13-slim",
                    "COPY app.py requirements.txt ./\n",
                    INSTALL + "COPY . .\n" + START,
                ),
            ),
            "요청을 받기 전에 끝났다": built(
                "16-2", single("python:3.13-slim", "COPY . .\n", START)
            ),
        },
    ),
    "16-3": Answers(
        right=(built("16-3", BY_HAND),),
        wrong={
            "요청을 받기 전에 끝났다": BUILD_3,
            "의 절반인 # MB보다 작은 것": built("16-3", VENV.format(base="python:3.13-slim")),
            "기대한 것은 루트가 아닌 사용자": WITH_SQLITE
            + "!sed -i /^USER/d ../work/16-3/Dockerfile\n"
            + BUILD_3,
            # what the wheel's own extension needs is forgotten: it falls back to slow Python
            "시험 가운데 #개가 실패했다: test_health": built(
                "16-3", BY_HAND.replace(" $(find /venv -name '*.so')", "")
            ),
            "헬스체크가 실패했다": WITH_SQLITE
            + "!sed -i '/^HEALTHCHECK/,+1c HEALTHCHECK CMD python -c 1' ../work/16-3/Dockerfile\n"
            + BUILD_3,
        },
    ),
}
