"""12: other answers than the notebook's."""

from answering import Answers

DEBIAN = "debian:trixie-slim"


def made(number: int, dockerfile: str, before: str = "") -> str:
    folder = f"../work/12-{number}"
    return (
        f"open('{folder}/Dockerfile', 'w').write({dockerfile!r})\n{before}"
        f"!docker build -q -t ex-12-{number} {folder}"
    )


LDD = """
import re
listing = !docker run --rm debian:trixie-slim ldd /usr/bin/sha256sum
needed = re.findall(r"(/\\S+) \\(0x", "\\n".join(listing))
paths = ["/usr/bin/sha256sum", *needed]
lines = [f"COPY --from=debian:trixie-slim {path} {path}" for path in paths]
"""
TAIL = 'lines += ["COPY notice.txt /n.txt", \'CMD ["/usr/bin/sha256sum", "/n.txt"]\']\n'
WRITE = (
    "_ = open('../work/12-1/Dockerfile', 'w').write('\\n'.join(['FROM scratch', *lines]))\n"
    "!docker build -q -t ex-12-1 ../work/12-1"
)

HOUSE = """\
FROM python:3.13-slim AS house
RUN mkdir -p /out/etc && mkdir -m {mode} /out/tmp && echo '{passwd}' > /out/etc/passwd
FROM scratch
COPY busybox /bin/busybox
COPY --from=house /out /
{zone}{certificates}USER {user}
"""
GOOD = {
    "mode": "1777",
    "passwd": "app:x:1000:1000::/:",
    "zone": "COPY --from=house /usr/share/zoneinfo /usr/share/zoneinfo\n",
    "certificates": "COPY --from=house /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/\n",
    "user": "1000",
}


def house(**changes: str) -> str:
    return made(2, HOUSE.format(**{**GOOD, **changes}))


STALE = """
import json
layers = {}
for app in ("base", "api", "batch", "web", "worker"):
    found = !docker inspect ex-12-3-{app}
    layers[app] = json.loads("\\n".join(found))[0]["RootFS"]["Layers"]
base = layers.pop("base")
fresh = [app for app in layers if layers[app][0] == base[0]]
stale = [app for app in layers if app not in fresh]
"""


def stale(expression: str) -> str:
    return f"{STALE}_ = open('../work/12-3/stale.txt', 'w').write('\\n'.join({expression}))"


ANSWERS = {
    "12-1": Answers(
        right=(
            # the loader and the libraries that ldd names
            LDD + TAIL + WRITE,
            # a static program under another name
            "!cp /usr/bin/busybox ../work/12-1/tool\n"
            + made(
                1,
                "FROM scratch\nCOPY notice.txt /notice.txt\nCOPY tool /sha256sum\n"
                'CMD ["/sha256sum", "/notice.txt"]\n',
            ),
        ),
        wrong={
            "컨테이너가 실패했다 (종료 코드 #)": "!docker build -q -t ex-12-1 ../work/12-1",
            "MB다": made(1, f'FROM {DEBIAN}\nCOPY notice.txt /n\nCMD ["sha256sum", "/n"]\n'),
            "SHA-256이 없다": made(
                1,
                'FROM scratch\nCOPY busybox /busybox\nCMD ["/busybox", "sha256sum", "/busybox"]\n',
                "!cp /usr/bin/busybox ../work/12-1/\n",
            ),
            # the libraries without the loader
            "출력: exec /usr/bin/sha256sum": LDD
            + "lines = [line for line in lines if 'ld-linux' not in line]\n"
            + TAIL
            + WRITE,
        },
    ),
    "12-2": Answers(
        right=(
            # everything laid out beside the Dockerfile
            "%%sh\nset -e\ncd ../work/12-2\nmkdir -p root/bin root/etc/ssl/certs\n"
            "mkdir -p root/usr/share/zoneinfo/Asia\nmkdir -p -m 1777 root/tmp\n"
            "cp busybox root/bin/\necho 'guest:x:70:70::/:' > root/etc/passwd\n"
            "cp /etc/ssl/certs/ca-certificates.crt root/etc/ssl/certs/\n"
            "docker run --rm python:3.13-slim cat /usr/share/zoneinfo/Asia/Seoul"
            " > root/usr/share/zoneinfo/Asia/Seoul\n"
            "printf 'FROM scratch\\nCOPY root /\\nUSER guest\\n' > Dockerfile\n"
            "docker build -q -t ex-12-2 .",
        ),
        wrong={
            "UID 0(root)": "!docker build -q -t ex-12-2 ../work/12-2",
            "UID #의 이름을 찾지 못했다": house(user="4711"),
            "UID #: /tmp에 파일을 만들지 못했다": house(mode="755"),
            "기대한 것은 KST": house(zone=""),
            "ca-certificates.crt 파일이 없다": house(certificates=""),
            "MB다": made(2, f"FROM {DEBIAN}\nCOPY busybox /bin/busybox\nUSER 1000\n"),
        },
    ),
    "12-3": Answers(
        right=(stale("[f'ex-12-3-{app}:latest' for app in stale]"),),
        wrong={
            "stale.txt 파일이 없다": "",
            "stale.txt가 비어 있다": stale("[]"),
            "지금 베이스 위에 선 이미지를 #개 적었다": stale("layers"),
            "#개인데 #개만 적었다": stale("stale[:1]"),
            "모르는 이름": stale("['ex-12-3-base']"),
        },
    ),
}
