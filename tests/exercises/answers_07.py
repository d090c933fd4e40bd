"""07: other answers than the notebook's."""

from answering import Answers

MOST = """
import docker
client = docker.from_env()
rows = client.api.containers(all=True, size=True, filters={"name": "ex-07-1-"})
sizes = {row["Names"][0][1:]: row.get("SizeRw", 0) for row in rows}
ranked = sorted(sizes, key=sizes.get)
whole = {row["Names"][0][1:]: row["SizeRootFs"] for row in rows}
"""


def told(expression: str) -> str:
    return f"{MOST}\nopen('../work/07-1/answer.txt', 'w').write({expression})"


RUN = "!docker run --name ex-07-2 {} ex-07-2"
FILE_3 = (
    "open('../work/07-3/Dockerfile', 'w').write({!r})\n!docker build -q -t ex-07-3 ../work/07-3"
)
BOUND = "RUN --mount=type=bind,source=data.bin,target=/tmp/data.bin"


def file_3(dockerfile: str) -> str:
    return FILE_3.format(f"FROM debian:trixie-slim\n{dockerfile}")


ANSWERS = {
    "07-1": Answers(
        right=(
            # by what `docker ps -s` prints
            "%%sh\ncd ../work/07-1\n"
            "docker ps -as --filter name=ex-07-1- --format '{{.Size}} {{.Names}}'"
            " | grep '^20' | sed 's/^20[.0-9]*MB.* /20000000 /'"
            " | awk '{print $2, $1}' > answer.txt\ncat answer.txt",
        ),
        wrong={
            "answer.txt 파일이 없다": "",
            "낱말이 #개 있다": told("ranked[-1]"),
            "더 많이 쓴 컨테이너가 있다": told("f'{ranked[1]} {sizes[ranked[1]]}'"),
            "썼다고 적었다": told("f'{ranked[-1]} {whole[ranked[-1]]}'"),
            "ex-07-1-d 컨테이너는 없다": told("'ex-07-1-d 1'"),
        },
    ),
    "07-2": Answers(
        right=(
            RUN.format("-v /data"),
            "!docker create --name ex-07-2-from ex-07-2 >/dev/null\n"
            "!docker cp -q ex-07-2-from:/data ../work/07-2/ && docker rm ex-07-2-from >/dev/null\n"
            + RUN.format("-v $(realpath ../work/07-2/data):/data"),
        ),
        wrong={
            "ex-07-2 컨테이너가 없다": "",
            "쓰기 가능 레이어가 #바이트다": RUN.format(""),
            "볼륨에도 바인드 마운트에도 없다": RUN.format("--tmpfs /data"),
            "big.bin이 #바이트다. 기대한 것은": "!mkdir -p ../work/07-2/data\n"
            + RUN.format("-v $(realpath ../work/07-2/data):/data"),
            "종료 코드: #. 기대한 것은": RUN.format("--read-only"),
        },
    ),
    "07-3": Answers(
        right=(
            # patched where it lies, copied at once
            "file = open('../work/07-3/data.bin', 'r+b')\nfile.write(b'!')\nfile.close()\n"
            + file_3("COPY --chmod=640 data.bin /opt/data.bin\n"),
            file_3(
                f"{BOUND} cp /tmp/data.bin /opt/ && chmod 640 /opt/data.bin"
                " && printf '!' | dd of=/opt/data.bin bs=1 conv=notrunc\n"
            ),
        ),
        wrong={
            "바이트가 10,000,000개다": "",
            "바이트가 5,000,000개다": file_3(
                "COPY data.bin /opt/data.bin\nRUN chmod 640 /opt/data.bin"
                " && printf '!' | dd of=/opt/data.bin bs=1 conv=notrunc\n"
            ),
            "첫 바이트 말고도": file_3(
                f"{BOUND} printf '!' >/opt/data.bin && chmod 640 /opt/data.bin\n"
            ),
            "권한이 #이다": file_3(
                f"{BOUND} cp /tmp/data.bin /opt/ && chmod 644 /opt/data.bin"
                " && printf '!' | dd of=/opt/data.bin bs=1 conv=notrunc\n"
            ),
        },
    ),
}
