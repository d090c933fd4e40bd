"""10: other answers than the notebook's."""

from answering import Answers


def write(name: str, content: str) -> str:
    return f"_ = open('../work/{name}', 'w').write({content!r})"


BUILD_2 = "!docker build -q -t ex-10-2 ../work/10-2"
BUILD_APP = "!docker build -q -t ex-10-3 ../work/10-3"
BUILD_TEST = "!docker build -q -t ex-10-3-test -f ../work/10-3/test.Dockerfile ../work/10-3"


def rules_1(content: str) -> str:
    return write("10-1/.dockerignore", content)


def rules_2(content: str) -> str:
    return write("10-2/.dockerignore", content) + f"\n{BUILD_2}"


def both_3(*writes: str) -> str:
    return "\n".join((*writes, BUILD_APP, BUILD_TEST))


OWN = "10-3/test.Dockerfile.dockerignore"

ANSWERS = {
    "10-1": Answers(
        right=(
            rules_1("*\n!app.py\n!requirements.txt\n!guestbook\n**/__pycache__\n**/*.pyc\n"),
            rules_1("**/*.py[co]\n**/.git\n**/venv\n**/.env*\n"),
        ),
        wrong={
            "바이트코드 #개가 아직": "",
            "파일이 생기면 빌더로 간다": rules_1(
                "guestbook/__pycache__\nguestbook/api/v1/__pycache__\nguestbook/*.pyc\n"
                ".git\nvenv\n.env\n"
            ),
            ".env 파일이 빌더로 간다": rules_1("**/*.pyc\n.git\nvenv\n.env # 비밀\n"),
            "앱에 필요한 파일 #개가 막혔다": rules_1("**/*.py*\n.git\nvenv\n.env\n"),
            ".git/config 파일이 빌더로 간다": rules_1("**/*.pyc\n.env\n"),
            "번째 줄": rules_1("**/*.py[c\n.git\nvenv\n.env\n"),
        },
    ),
    "10-2": Answers(
        right=(
            rules_2("*\n!app.py\n!config\nconfig/*\n!config/app.toml\n"),
            rules_2("# 모두 막고\n**\n# 둘만\n!app.py\n!config/app.toml\n"),
        ),
        wrong={
            ".dockerignore 파일이 없다": BUILD_2,
            "파일이 생기면 그것도 간다": rules_2(
                "config/secret.toml\ndata\nDockerfile\n.dockerignore\n"
            ),
            "더 간 것: config/secret.toml": rules_2("*\n!app.py\n!config\n"),
            "들여야 할 파일 #개가 막혔다": rules_2("!app.py\n!config/app.toml\n*\n"),
            "ex-10-2 이미지가 없다": write("10-2/.dockerignore", "*\n!app.py\n!config/app.toml\n"),
            "이미지에 파일이 #개 있다": BUILD_2
            + "\n"
            + write("10-2/.dockerignore", "*\n!app.py\n!config/app.toml\n"),
        },
    ),
    "10-3": Answers(
        right=(
            # one list for both, the app takes only what it needs
            both_3(
                write("10-3/.dockerignore", "*\n!shop.py\n!tests\n"),
                write(
                    "10-3/Dockerfile",
                    "FROM python:3.13-slim\nWORKDIR /app\nCOPY shop.py .\n"
                    'CMD ["python", "shop.py"]\n',
                ),
            ),
            # each Dockerfile with its own list
            both_3(
                write("10-3/Dockerfile.dockerignore", "tests\n.env\n*ockerfile*\n"),
                write(OWN, ".env\n"),
            ),
        ),
        wrong={
            "시험을 0개 실행했다": "",
            "레이어 #에 .env가 들어 있다": both_3(write(OWN, "Dockerfile\n")),
            "앱 이미지 ex-10-3에 시험이 들어 있다": both_3(
                write("10-3/.dockerignore", "*\n!shop.py\n!tests\n")
            ),
            "옛 빌더로 빌드하면 .env가 간다": both_3(
                write(OWN, "*\n!shop.py\n!tests\n"),
                write("10-3/Dockerfile.dockerignore", "*\n!shop.py\n"),
                write("10-3/.dockerignore", "tests\n"),
            ),
            "ex-10-3-test 이미지가 없다": "!docker rmi ex-10-3-test",
        },
    ),
}
