"""04: other answers than the notebook's."""

from answering import Answers

CTR = "ctr -a /run/docker/containerd/containerd.sock -n ex-04"
RESOLV = "type=bind,src=/etc/resolv.conf,dst=/etc/resolv.conf,options=rbind:ro"


def take(number: int) -> str:
    """Brings the image into the room."""
    return (
        f"!docker save ex-04-{number} -o /tmp/ex-04-{number}.tar"
        f" && {CTR}-{number} images import /tmp/ex-04-{number}.tar > /dev/null"
        f"; rm -f /tmp/ex-04-{number}.tar\n"
    )


def ctr(number: int, *commands: str) -> str:
    return "".join(f"!{CTR}-{number} {one}\n" for one in commands)


IMAGE_1 = "docker.io/library/ex-04-1:latest"
IMAGE_3 = "docker.io/library/ex-04-3:latest"
WRITE = """
from pathlib import Path
folder = Path("../work/04-2")
"""
LOOK = (
    WRITE + "found = !find /var/lib/docker -xdev -path '*/srv/memo' -type f\n"
    "memo = !docker cp ex-04-2:/srv/memo - | tar -xO\n"
)

ANSWERS = {
    "04-1": Answers(
        right=(
            # run, then the process taken away again
            take(1) + ctr(1, f"run -d {IMAGE_1} box", "tasks rm -f box"),
        ),
        wrong={
            "ex-04-1 방이 없다": "!docker create --name ex-04-1 ex-04-1",
            "컨테이너 box가 없다 (이미지 #개, 컨테이너 #개)": take(1),
            "태스크가 있다: PID #, RUNNING": take(1) + ctr(1, f"run -d {IMAGE_1} box"),
            "태스크가 있다: PID #, STOPPED": take(1)
            + ctr(1, f"run -d {IMAGE_1} box", "tasks kill -s KILL box")
            + "import time\ntime.sleep(2)",
        },
    ),
    "04-2": Answers(
        right=(
            # by searching the engine's data
            LOOK + "(folder / 'where.txt').write_text(found[0])\n"
            "(folder / 'memo.txt').write_text(memo[0])\n",
        ),
        wrong={
            "where.txt 파일이 없다": LOOK + "(folder / 'memo.txt').write_text(memo[0])",
            "절대 경로 하나가 아니다": WRITE + "(folder / 'where.txt').write_text('srv/memo')",
            "밖이다": LOOK + "(folder / 'memo.txt').write_text(memo[0])\n"
            "(folder / 'where.txt').write_text(str((folder / 'memo.txt').resolve()))",
            "그런 파일이 없다": WRITE
            + "(folder / 'where.txt').write_text('/var/lib/docker/overlay2/merged/srv/memo')",
            "컨테이너가 쓴 내용과 다르다": LOOK + "(folder / 'where.txt').write_text(found[0])\n"
            "(folder / 'memo.txt').write_text('hunter2')\n",
            "이 컨테이너가 쓴 것이 아니다": WRITE
            + "other = !find /var/lib/docker -xdev -path '*/etc/debian_version' -type f\n"
            "(folder / 'where.txt').write_text(other[0])",
        },
    ),
    "04-3": Answers(
        right=(
            # everything in the record first, the process afterwards
            take(3)
            + ctr(
                3,
                f"containers create --seccomp --hostname anatomy --mount {RESOLV} {IMAGE_3} box",
                "tasks start -d box",
            ),
            # the file comes with the image
            "%%sh\nset -e\nmkdir -p ../work/04-3/own && cd ../work/04-3/own\n"
            "echo 'nameserver 192.0.2.1' > resolv.conf\n"
            "printf 'FROM ex-04-3\\nCOPY resolv.conf /etc/resolv.conf\\n' > Dockerfile\n"
            "docker build -q --provenance=false -t ex-04-3-own .\n"
            "docker save ex-04-3-own -o i.tar\n"
            f"{CTR}-3 images import i.tar && rm i.tar\n"
            f"{CTR}-3 run -d --seccomp --hostname anatomy"
            " docker.io/library/ex-04-3-own:latest box\n",
        ),
        wrong={
            "ex-04-3 방이 없다": "!docker run -d --name ex-04-3 -h anatomy ex-04-3",
            "Seccomp가 #이다": take(3)
            + ctr(3, f"run -d --hostname anatomy --mount {RESOLV} {IMAGE_3} box"),
            "호스트 이름이": take(3) + ctr(3, f"run -d --seccomp --mount {RESOLV} {IMAGE_3} box"),
            "/etc/resolv.conf가 없다": take(3)
            + ctr(3, f"run -d --seccomp --hostname anatomy {IMAGE_3} box"),
            "태스크: 없음. 기대한 것은 RUNNING": take(3)
            + ctr(3, f"containers create {IMAGE_3} box"),
            "nameserver 줄은 #개다": take(3)
            + ctr(
                3,
                "run -d --seccomp --hostname anatomy --mount"
                " type=bind,src=/etc/hostname,dst=/etc/resolv.conf,options=rbind:ro"
                f" {IMAGE_3} box",
            ),
        },
    ),
}
