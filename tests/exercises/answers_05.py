"""05: other answers than the notebook's."""

from answering import Answers

BUILD_1 = "!docker build -q -t ex-05-1 ../work/05-1"
BUILD_3 = "!docker build -q -t ex-05-3 ../work/05-3"


def file_1(dockerfile: str) -> str:
    return f"open('../work/05-1/Dockerfile', 'w').write({dockerfile!r})\n{BUILD_1}"


def file_3(dockerfile: str) -> str:
    return f"open('../work/05-3/Dockerfile', 'w').write({dockerfile!r})\n{BUILD_3}"


FIND = """
import layerscope
image = layerscope.read("ex-05-2")
"""

ANSWERS = {
    "05-1": Answers(
        right=(
            # made beside the Dockerfile, copied at once
            "!mkdir -p ../work/05-1/tree/srv/site && chmod 750 ../work/05-1/tree/srv/site\n"
            "!echo '<h1>안녕</h1>' > ../work/05-1/tree/srv/site/index.html\n"
            "!echo v1 > ../work/05-1/tree/srv/site/version\n"
            + file_1("FROM debian:trixie-slim\nCOPY tree /\n"),
            # the steps in a stage of their own
            file_1(
                "FROM debian:trixie-slim AS made\nRUN mkdir -p /made/srv/site\n"
                "RUN echo '<h1>안녕</h1>' > /made/srv/site/index.html\n"
                "RUN echo v1 > /made/srv/site/version\nRUN chmod 750 /made/srv/site\n"
                "FROM debian:trixie-slim\nCOPY --from=made /made /\n"
            ),
        ),
        wrong={
            "레이어가 #개다": BUILD_1,
            "권한이 #이다": file_1(
                "FROM debian:trixie-slim\nRUN mkdir -p /srv/site"
                " && echo '<h1>안녕</h1>' > /srv/site/index.html && echo v1 > /srv/site/version\n"
            ),
            "/srv/site/version 파일이 없다": file_1(
                "FROM debian:trixie-slim\nRUN mkdir -p /srv/site"
                " && echo '<h1>안녕</h1>' > /srv/site/index.html && chmod 750 /srv/site\n"
            ),
            "위에 서 있지 않다": file_1("FROM scratch\nCOPY Dockerfile /srv/site/index.html\n"),
        },
    ),
    "05-2": Answers(
        right=(
            "%%sh\nset -e\ncd ../work/05-2 && docker save -o image.tar ex-05-2 && mkdir -p out"
            " && tar -xf image.tar -C out\n"
            "for blob in out/blobs/sha256/*; do\n"
            "  tar -xOf $blob opt/app/token > found 2>/dev/null || continue\n"
            "  [ ! -s found ] || cp found token.txt\n"
            "done\ntest -s token.txt && rm -r out image.tar found",
        ),
        wrong={
            "token.txt 파일이 없다": "",
            "token.txt가 비어 있다": "open('../work/05-2/token.txt', 'w').close()",
            "지워진 파일의 내용과 다르다": "open('../work/05-2/token.txt', 'w').write('hunter2')",
        },
    ),
    "05-3": Answers(
        right=(
            file_3(
                "FROM debian:trixie-slim\n"
                "RUN --mount=type=bind,source=data.bin,target=/tmp/data.bin"
                " mkdir /data && cp /tmp/data.bin /data/ && chown -R 1000:1000 /data\n"
            ),
        ),
        wrong={
            "볼 수 없는 바이트가 #개다": "",
            "주인이 0:0이다": file_3("FROM debian:trixie-slim\nCOPY data.bin /data/data.bin\n"),
            "#바이트다. 기대한 것은": file_3(
                "FROM debian:trixie-slim\nRUN mkdir /data && echo > /data/data.bin"
                " && chown 1000:1000 /data/data.bin\n"
            ),
        },
    ),
}
