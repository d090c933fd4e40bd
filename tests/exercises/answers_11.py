"""11: other answers than the notebook's."""

from answering import Answers

SLIM = "python:3.13-slim"


def put(number: int, dockerfile: str, more: str = "") -> str:
    """Writes the Dockerfile, does ``more`` beside it, builds."""
    folder = f"../work/11-{number}"
    return (
        f"open('{folder}/Dockerfile', 'w').write({dockerfile!r})\n{more}\n"
        f"!docker build -q -t ex-11-{number} {folder}"
    )


def data(where: str = "../work/11-2") -> str:
    """Has setuptools carry greeting.txt."""
    table = '\n[tool.setuptools.package-data]\ngreeter = ["*.txt"]\n'
    return f"open('{where}/pyproject.toml', 'a').write({table!r})"


ONE_STAGE = f"FROM {SLIM}\nWORKDIR /src\nCOPY . .\nRUN pip install --no-cache-dir .\n"
CMD_2 = 'CMD ["python", "-m", "greeter"]\n'
APP = f'FROM {SLIM} AS app\nWORKDIR /app\nCOPY main.py prices.py ./\nCMD ["python", "main.py"]\n'
TEST = "FROM app AS test\nCOPY tests tests\n"

ANSWERS = {
    "11-1": Answers(
        right=(
            # a virtual environment
            put(
                1,
                "FROM python:3.13 AS builder\nRUN python -m venv /opt/venv\n"
                "COPY requirements.txt .\nRUN /opt/venv/bin/pip install -r requirements.txt\n"
                f"FROM {SLIM}\nCOPY --from=builder /opt/venv /opt/venv\n"
                "ENV PATH=/opt/venv/bin:$PATH\nWORKDIR /app\nCOPY app.py .\n"
                'CMD ["python", "app.py"]\n',
            ),
            # wheels, borrowed while they are installed
            put(
                1,
                "FROM python:3.13 AS builder\nCOPY requirements.txt .\n"
                "RUN pip wheel --wheel-dir=/wheels -r requirements.txt\n"
                f"FROM {SLIM}\nRUN --mount=type=bind,from=builder,source=/wheels,target=/wheels"
                " pip install --no-cache-dir --no-index /wheels/*.whl\n"
                'COPY app.py .\nCMD ["python", "app.py"]\n',
            ),
            # one folder, named in PYTHONPATH
            put(
                1,
                "FROM python:3.13 AS builder\nCOPY requirements.txt .\n"
                "RUN pip install --target=/deps -r requirements.txt\n"
                f"FROM {SLIM}\nCOPY --from=builder /deps /deps\nENV PYTHONPATH=/deps\n"
                'COPY app.py .\nCMD ["python", "app.py"]\n',
            ),
        ),
        wrong={
            "종료 코드 #로 끝났다": "!docker build -q -t ex-11-1 ../work/11-1",
            "위에 서 있지 않다": put(
                1,
                "FROM python:3.13\nCOPY requirements.txt app.py ./\n"
                'RUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n',
            ),
            "남은 휠이 #개": put(
                1,
                "FROM python:3.13 AS builder\nCOPY requirements.txt .\n"
                "RUN pip wheel --wheel-dir=/wheels -r requirements.txt\n"
                f"FROM {SLIM}\nCOPY --from=builder /wheels /wheels\n"
                "RUN pip install --no-cache-dir --no-index /wheels/*.whl\n"
                'COPY app.py .\nCMD ["python", "app.py"]\n',
            ),
            "컨테이너의 출력": put(1, f'FROM {SLIM}\nCMD ["echo", "안녕"]\n'),
        },
    ),
    "11-2": Answers(
        right=(
            # one stage; the sources are only borrowed
            put(
                2,
                f"FROM {SLIM}\nRUN --mount=type=bind,target=/context"
                " cp -r /context /tmp/src && pip install --no-cache-dir /tmp/src"
                f" && rm -r /tmp/src\n{CMD_2}",
                data(),
            ),
            # a folder of its own, told of by PYTHONPATH
            put(
                2,
                f"FROM {SLIM} AS build\nCOPY . /src\nRUN pip install --target=/deps /src\n"
                f"FROM {SLIM}\nCOPY --from=build /deps /deps\nENV PYTHONPATH=/deps\n{CMD_2}",
                data(),
            ),
        ),
        wrong={
            "쪽지가 #개": "!docker build -q -t ex-11-2 ../work/11-2",
            # the working directory still has the sources, and python looks there first
            "코드가 #벌": put(2, ONE_STAGE + CMD_2, data()),
            "종료 코드 #로 끝났다": put(
                2,
                f"FROM {SLIM} AS build\nCOPY . /src\nRUN pip install --prefix=/install /src\n"
                f"FROM {SLIM}\nCOPY --from=build /install /usr/local\n{CMD_2}",
            ),
            "설치 기록(greeter-1.0.dist-info/RECORD)이 없다": put(
                2, f"FROM {SLIM}\nWORKDIR /app\nCOPY greeter greeter\n{CMD_2}"
            ),
        },
    ),
    "11-3": Answers(
        right=(
            # an empty file goes with the product
            put(
                3,
                f"{APP}{TEST}RUN python -m unittest discover -s tests && touch /passed\n"
                "FROM app\nCOPY --from=test /passed /passed\n",
            ),
            # the product is what was tested
            put(
                3,
                f"{APP}{TEST}RUN python -m unittest discover -s tests && mkdir /tested"
                " && cp main.py prices.py /tested/\n"
                f"FROM {SLIM}\nWORKDIR /app\nCOPY --from=test /tested ./\n"
                'CMD ["python", "main.py"]\n',
            ),
        ),
        wrong={
            "빌드가 성공한다. 기대한 것은 실패": "!docker build -q -t ex-11-3 ../work/11-3",
            "시험 파일이 #개": put(
                3, f"{APP}COPY tests tests\nRUN python -m unittest discover -s tests\n"
            ),
            "test_prices.py 파일이 없다": "!rm -r ../work/11-3/tests\n" + put(3, APP),
            # the status of the tests is thrown away
            "하나 보태도 빌드가 성공한다": put(
                3,
                f"{APP}{TEST}RUN python -m unittest discover -s tests ; touch /passed\n"
                "FROM app\nCOPY --from=test /passed /passed\n",
            ),
            "시험 때문이 아니다": put(
                3,
                f"{APP}FROM app AS test\nRUN --mount=type=bind,source=tests,target=/tests"
                " test $(ls /tests/test_*.py | wc -l) -eq 1 && touch /passed\n"
                "FROM app\nCOPY --from=test /passed /passed\n",
            ),
            "지금의 폴더가 빌드되지 않는다": "!docker build -q -t ex-11-3 ../work/11-3\n"
            "open('../work/11-3/Dockerfile', 'a').write('COPY --from=test /passed /passed\\n')",
        },
    ),
}
