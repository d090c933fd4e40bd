"""09: other answers than the notebook's."""

from answering import Answers


def build(name: str, dockerfile: str, options: str = "") -> str:
    return (
        f"open('../work/{name}/Dockerfile', 'w').write({dockerfile!r})\n"
        f"!docker build -q -t ex-{name} {options} ../work/{name}"
    )


SEVEN = "--build-arg BUILD=7"
SORT = "RUN sleep 1 && sort /words.txt > /sorted.txt\n"
CAT_1 = 'CMD ["cat", "page.txt", "/opt/deps"]\n'
CAT_2 = 'CMD ["cat", "/sorted.txt"]\n'
CAT_4 = 'CMD ["cat", "/index.txt"]\n'
RUN_3 = 'COPY app.py .\nCMD ["python", "app.py"]\n'
PYTHON = "FROM python:3.13-slim\nWORKDIR /app\nCOPY requirements.txt .\n"
INDEX = "RUN sleep 1 && sed 's/^/- /' /titles.txt > /index.txt\n"

ANSWERS = {
    "09-1": Answers(
        right=(
            # the step sees its files only while it runs
            build(
                "09-1",
                "FROM debian:trixie-slim\nWORKDIR /app\n"
                "RUN --mount=type=bind,source=install.sh,target=/install.sh"
                " --mount=type=bind,source=deps.txt,target=/deps.txt"
                " sh /install.sh /deps.txt /opt/deps\nCOPY . .\n" + CAT_1,
            ),
            # installed in a stage of its own
            build(
                "09-1",
                "FROM debian:trixie-slim AS installed\nWORKDIR /build\n"
                "COPY install.sh deps.txt ./\nRUN sh install.sh deps.txt /deps\n"
                "FROM debian:trixie-slim\nWORKDIR /app\nCOPY --from=installed /deps /opt/deps\n"
                "COPY page.txt .\n" + CAT_1,
            ),
        ),
        wrong={
            "page.txt만 고쳤는데 RUN #개가 다시": "!docker build -q -t ex-09-1 ../work/09-1",
            "README.md만 고쳤는데 RUN #개가 다시": build(
                "09-1",
                "FROM debian:trixie-slim\nWORKDIR /app\nCOPY install.sh deps.txt README.md ./\n"
                "RUN sh install.sh deps.txt /opt/deps\nCOPY page.txt .\n" + CAT_1,
            ),
            "deps.txt를 고쳤는데 다시 실행된 RUN이 #개다": build(
                "09-1",
                "FROM debian:trixie-slim\nWORKDIR /app\n"
                "RUN printf 'click\\nflask\\ngunicorn\\n' > /opt/deps\nCOPY . .\n" + CAT_1,
            ),
            "종료 코드 #로 끝났다": build(
                "09-1", "FROM debian:trixie-slim\nWORKDIR /app\nCOPY page.txt .\n" + CAT_1
            ),
        },
    ),
    "09-2": Answers(
        right=(
            # the work is done in a stage that knows nothing of the number
            build(
                "09-2",
                "FROM debian:trixie-slim AS sorted\nCOPY words.txt /words.txt\n"
                + SORT
                + "FROM debian:trixie-slim\nARG BUILD\nENV BUILD=$BUILD\nLABEL build=$BUILD\n"
                "COPY --from=sorted /sorted.txt /sorted.txt\n" + CAT_2,
                SEVEN,
            ),
        ),
        wrong={
            "번호만 바꾸었는데 RUN #개가 다시": "",
            # only the ENV went down; the ARG is enough
            "다시 실행되었다: RUN": build(
                "09-2",
                "FROM debian:trixie-slim\nARG BUILD\nCOPY words.txt /words.txt\n"
                + SORT
                + "ENV BUILD=$BUILD\nLABEL build=$BUILD\n"
                + CAT_2,
                SEVEN,
            ),
            "레이블 build가 '7'이다": build(
                "09-2",
                "FROM debian:trixie-slim\nCOPY words.txt /words.txt\n"
                + SORT
                + "ENV BUILD=7\nLABEL build=7\n"
                + CAT_2,
            ),
            "환경 변수는 None이다": build(
                "09-2",
                "FROM debian:trixie-slim\nCOPY words.txt /words.txt\n"
                + SORT
                + "ARG BUILD\nLABEL build=$BUILD\n"
                + CAT_2,
                SEVEN,
            ),
            "레이블 build가 ''이다": build(
                "09-2",
                "FROM debian:trixie-slim AS sorted\nARG BUILD\nCOPY words.txt /words.txt\n"
                + SORT
                + "FROM debian:trixie-slim\nENV BUILD=$BUILD\nLABEL build=$BUILD\n"
                "COPY --from=sorted /sorted.txt /sorted.txt\n" + CAT_2,
                SEVEN,
            ),
        },
    ),
    "09-3": Answers(
        right=(
            # the cache elsewhere
            build(
                "09-3",
                PYTHON + "RUN --mount=type=cache,target=/var/cache/pip"
                " pip install --cache-dir=/var/cache/pip -r requirements.txt\n" + RUN_3,
            ),
        ),
        wrong={
            "패키지 #개를 다시 받았다": "",
            "pip의 캐시가 #바이트": build(
                "09-3", PYTHON + "RUN pip install -r requirements.txt\n" + RUN_3
            ),
            "다시 쓴 흔적도 없다": build(
                "09-3",
                PYTHON + "RUN --mount=type=cache,target=/root/.cache/pip"
                " pip install -q -r requirements.txt\n" + RUN_3,
            ),
            "종료 코드 #로 끝났다": build("09-3", PYTHON + RUN_3),
        },
    ),
    "09-4": Answers(
        right=(
            # the index in a stage of its own, which sees the titles only
            build(
                "09-4",
                "FROM debian:trixie-slim AS titles\nCOPY notes /notes\n"
                "RUN ls /notes > /titles.txt\n"
                "FROM debian:trixie-slim AS index\nCOPY --from=titles /titles.txt /titles.txt\n"
                + INDEX
                + "FROM debian:trixie-slim\nCOPY notes /notes\n"
                "COPY --from=index /index.txt /index.txt\n" + CAT_4,
            ),
            # the titles are mounted, not copied
            build(
                "09-4",
                "FROM debian:trixie-slim AS titles\nCOPY notes /notes\n"
                "RUN mkdir /out && ls /notes > /out/titles.txt\n"
                "FROM scratch AS only\nCOPY --from=titles /out/titles.txt /titles.txt\n"
                "FROM debian:trixie-slim\n"
                "RUN --mount=type=bind,from=only,source=/titles.txt,target=/titles.txt"
                " sleep 1 && sed 's/^/- /' /titles.txt > /index.txt\n"
                "COPY notes /notes\n" + CAT_4,
            ),
        ),
        wrong={
            "색인을 만드는 RUN이 다시 실행되었다": "",
            "/notes/cache.md가 폴더의 것과 다르거나 없다": build(
                "09-4",
                "FROM debian:trixie-slim AS titles\nCOPY notes /notes\n"
                "RUN ls /notes > /titles.txt\n"
                "FROM debian:trixie-slim\nCOPY --from=titles /titles.txt /titles.txt\n"
                + INDEX
                + CAT_4,
            ),
            "새 글을 더했는데 색인을 다시 만들지 않았다": build(
                "09-4",
                "FROM debian:trixie-slim\n"
                "RUN sleep 1 && printf -- '- cache.md\\n- layer.md\\n' > /index.txt\n"
                "COPY notes /notes\n" + CAT_4,
            ),
        },
    ),
}
