"""14: other answers than the notebook's."""

from answering import Answers


def made(number: int, dockerfile: str, options: str = "") -> str:
    folder = f"../work/14-{number}"
    return (
        f"open('{folder}/Dockerfile', 'w').write({dockerfile!r})\n"
        f"!docker build -q {options} -t ex-14-{number} {folder}"
    )


HASH = "sha256sum | cut -c1-64 > /app/proof"
ROOM = """\
FROM python:3.13-slim
WORKDIR /app
COPY server.py .
{steps}
USER {user}
CMD ["python", "server.py"]
"""
DEAF = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY server.py .\nCMD ["python", "server.py"]\n'


def room(steps: str, user: str) -> str:
    return made(2, ROOM.format(steps=steps, user=user))


def handler(action: str) -> str:
    """server.py with a handler of its own, as PID 1."""
    return (
        "path = '../work/14-3/server.py'\n"
        "code = open(path).read().replace('server = Threading',"
        f" {f'import os, signal, sys{chr(10)}signal.signal(signal.SIGTERM, {action}){chr(10)}'!r}"
        " + 'server = Threading')\n"
        "_ = open(path, 'w').write(code)\n" + made(3, DEAF)
    )


ANSWERS = {
    "14-1": Answers(
        right=(
            # from an environment variable
            "import os\nos.environ['EX_TOKEN'] = open('../work/14-1/token.txt').read()\n"
            + made(
                1,
                "FROM debian:trixie-slim\nWORKDIR /app\n"
                f"RUN --mount=type=secret,id=t cat /run/secrets/t | {HASH}\n",
                "--secret id=t,env=EX_TOKEN",
            ),
            # in a stage that is not shipped
            made(
                1,
                "FROM debian:trixie-slim AS safe\nWORKDIR /app\nCOPY token.txt .\n"
                f"RUN cat token.txt | {HASH}\n"
                "FROM debian:trixie-slim\nCOPY --from=safe /app/proof /app/proof\n",
            ),
        ),
        wrong={
            "이미지의 문서(설정, 증명) #개": "token = open('../work/14-1/token.txt').read()\n"
            "!docker build -q --build-arg TOKEN={token} -t ex-14-1 ../work/14-1",
            "레이어 #개에 남아 있다": made(
                1,
                "FROM debian:trixie-slim\nWORKDIR /app\nCOPY token.txt .\n"
                f"RUN cat token.txt | {HASH}\nRUN rm token.txt\n",
            ),
            "token.txt의 SHA-256은": "!docker build -q -t ex-14-1 ../work/14-1",
            "/app/proof 파일이 없다": made(1, "FROM debian:trixie-slim\nWORKDIR /app\n"),
        },
    ),
    "14-2": Answers(
        right=(
            room("COPY --chown=4000:4000 server.py /data/", "4000:4000"),
            # a directory that anybody may write to
            room("RUN mkdir -m 1777 /data", "65532"),
        ),
        wrong={
            "User: (비어 있다)": "!docker build -q -t ex-14-2 ../work/14-2",
            "기대한 것은 번호": room("RUN useradd app && install -d -o app /data", "app"),
            "상태 코드: #. 기대한 것은 200": room("RUN mkdir /data", "1000"),
            "고칠 수 있는 것이 /app에 #개": room(
                "RUN mkdir /data && chown -R 1000:1000 /app /data", "1000:1000"
            ),
        },
    ),
    "14-3": Answers(
        right=(
            made(3, DEAF + "STOPSIGNAL SIGINT\n"),
            # the shell gives its place to Python
            made(
                3,
                "FROM python:3.13-slim\nWORKDIR /app\nCOPY server.py .\n"
                "CMD exec python server.py\nSTOPSIGNAL SIGINT\n",
            ),
        ),
        wrong={
            "SIGKILL로 죽었다": "!docker build -q -t ex-14-3 ../work/14-3",
            "(종료 코드 137)": made(3, DEAF),
            "출력하지 않았다": handler("lambda *_: os._exit(0)"),
            "마무리는 했지만 종료 코드: #": handler("lambda *_: sys.exit(3)"),
        },
    ),
}
