"""12: base images."""

from __future__ import annotations

import hashlib
import random
import uuid
from pathlib import Path

import layerscope
from coach.exercise import exercise
from coach.verdict import expect, need
from coach.workbench import Workbench

DEBIAN = "debian:trixie-slim"
BUSYBOX = Path("/usr/bin/busybox")  # the lab's, static


def _small(bench: Workbench) -> layerscope.Analysis:
    """The image measured; it must not carry a distribution along."""
    analysis = bench.analysis()
    most = bench.analysis(DEBIAN).size // 4
    expect(
        analysis.size <= most,
        f"이미지가 {analysis.size / 1e6:.1f} MB다. {most / 1e6:.1f} MB"
        f"({DEBIAN}의 4분의 1)까지만 된다.",
        "배포판이 통째로 들어 있을 때의 크기다. 마지막 FROM이 무엇인지 보자.",
    )
    return analysis


# ---- 12-1 ----------------------------------------------------------------------------------------

NOT_THERE = f"""\
FROM scratch
COPY --from={DEBIAN} /usr/bin/sha256sum /sha256sum
COPY notice.txt /notice.txt
CMD ["/sha256sum", "/notice.txt"]
"""


def _start_1(bench: Workbench) -> None:
    bench.provide("Dockerfile", NOT_THERE)
    bench.provide("notice.txt", f"공지 {uuid.uuid4().hex}\n")


@exercise(
    "12-1",
    "파일이 있는데 없다고 한다",
    10,
    (
        "`/sha256sum`은 이미지에 있다. 그것을 메모리에 올려 줄 파일도 있을까?",
        "`docker run --rm debian:trixie-slim ldd /usr/bin/sha256sum`이 필요한 것을 말해 준다.",
        "다른 길도 있다. 아무것도 찾지 않는 실행 파일이 실습실의 `/usr/bin/busybox`에 있다.",
    ),
    start=_start_1,
)
def runs_on_scratch(bench: Workbench) -> str:
    ran = bench.run()
    said = ran.output.strip().splitlines()
    expect(
        ran.status == 0,
        f"컨테이너가 실패했다 (종료 코드 {ran.status}). 출력: {said[-1] if said else '없다'}",
        "커널이나 로더가 열지 못한 파일이 무엇인지 보자. 메시지에 나온 이름이 아닐 수도 있다.",
    )
    wanted = hashlib.sha256((bench.folder / "notice.txt").read_bytes()).hexdigest()
    expect(
        wanted in ran.output,
        f"출력에 notice.txt의 SHA-256이 없다. 기대한 것은 {wanted[:12]}…, "
        f"나온 것은 {ran.output.strip()[:12] or '없다'}…",
        "이미지에 든 notice.txt가 폴더의 것과 같은지, CMD가 그 파일을 읽는지 보자.",
    )
    size = _small(bench).size
    return f"{size / 1e6:.1f} MB짜리 이미지가 혼자서 SHA-256을 계산한다."


# ---- 12-2 ----------------------------------------------------------------------------------------

EMPTY_HOUSE = """\
FROM scratch
COPY busybox /bin/busybox
CMD ["/bin/busybox", "date"]
"""
QUESTIONS = """\
/bin/busybox id -u
/bin/busybox id -un 2>/dev/null
/bin/busybox touch /tmp/probe 2>/dev/null && echo 쓴다 || echo 못쓴다
TZ=Asia/Seoul /bin/busybox date +%Z
"""
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"


def _start_2(bench: Workbench) -> None:
    bench.provide("Dockerfile", EMPTY_HOUSE)
    bench.provide("busybox", BUSYBOX.read_bytes()).chmod(0o755)


@exercise(
    "12-2",
    "빈 집에 살림을 들인다",
    15,
    (
        "`scratch`에는 아무것도 없다. 배포판이 늘 마련해 두어서 잊고 있던 것들이다.",
        "사용자의 이름은 `/etc/passwd`, 시간대는 `/usr/share/zoneinfo`, 인증 기관은 "
        "`/etc/ssl/certs/ca-certificates.crt`에 있다. 어느 베이스에 들어 있는지 찾아보자.",
        "다른 스테이지에서 마련해 `COPY --from`으로 가져온다. `/tmp`는 누구나 쓸 수 있어야 하니 "
        "권한까지 맞추어 만든다.",
    ),
    start=_start_2,
)
def furnished(bench: Workbench) -> str:
    files = layerscope.root_filesystem(_small(bench).image)
    need(files.get("bin/busybox"), "/bin/busybox가 없다.", "시작할 때의 Dockerfile에는 있었다.")
    ran = bench.run(entrypoint=["/bin/busybox", "sh", "-c"], command=[QUESTIONS])
    said = ran.output.split()
    expect(
        len(said) == 4,
        f"컨테이너 안에서 물어볼 수 없다 (종료 코드 {ran.status}): {ran.output.strip()[:200]}",
        "/bin/busybox가 실행 권한을 가진 실습실의 것인지 보자.",
    )
    uid, name, temporary, zone = said
    expect(
        uid != "0",
        "컨테이너가 UID 0(root)으로 돈다. 기대한 것은 0이 아닌 UID.",
        "이미지 설정의 User가 비어 있으면 root다.",
    )
    expect(
        name != uid,  # without a name it prints the number
        f"UID {uid}의 이름을 찾지 못했다.",
        "번호와 이름을 잇는 파일이 이미지에 있는지, 그 안에 이 번호가 있는지 보자.",
    )
    expect(
        temporary == "쓴다",
        f"UID {uid}: /tmp에 파일을 만들지 못했다.",
        "디렉터리가 있는지, 있다면 주인과 권한이 무엇인지 보자.",
    )
    expect(
        zone == "KST",
        f"TZ=Asia/Seoul의 시간대: {zone}. 기대한 것은 KST.",
        "시간대의 자료가 없으면 C 라이브러리는 말없이 협정 세계시로 돌아간다.",
    )
    layer, _ = need(
        files.get(CERTIFICATES),
        f"/{CERTIFICATES} 파일이 없다.",
        "HTTPS로 나가려면 믿는 인증 기관의 목록이 있어야 한다.",
    )
    found = layerscope.read_file(bench.image(), layer, CERTIFICATES).count(b"BEGIN CERTIFICATE")
    expect(
        found >= 10,
        f"/{CERTIFICATES}에 인증서가 {found}개다. 적어도 10개는 있어야 한다.",
        "빈 파일이거나 하나만 옮긴 것은 아닌지 보자.",
    )
    return f"사용자 {name}, /tmp, 시간대, 인증 기관 {found}곳을 모두 챙겼다."


# ---- 12-3 ----------------------------------------------------------------------------------------

APPS = ("api", "batch", "web", "worker")


def _start_3(bench: Workbench) -> None:
    """Apps that all say that they stand on the base; some stand on last month's."""
    if bench.has(f"{bench.name}-{APPS[-1]}"):
        return
    base = f"{bench.name}-base"
    for month in ("2026-10", "2026-11"):
        text = {"release": f"{month} {uuid.uuid4().hex}\n".encode()}
        bench.build("FROM scratch\nCOPY release /etc/release\n", text, tag=f"{base}:{month}")
    bench.client.images.get(f"{base}:2026-11").tag(base, "latest")
    stale = set(random.sample(APPS, 2))
    for app in APPS:
        month = "2026-10" if app in stale else "2026-11"
        dockerfile = (
            f"FROM {base}:{month}\nLABEL org.opencontainers.image.base.name={base}:latest\n"
            "COPY app /app\n"
        )
        content = {"app": f"{app} {uuid.uuid4().hex}\n".encode()}
        bench.build(dockerfile, content, tag=f"{bench.name}-{app}")


def _diff_ids(bench: Workbench, image: str) -> list[str]:
    return list(bench.inspect(image)["RootFS"]["Layers"])


@exercise(
    "12-3",
    "옛 베이스 위에 선 이미지를 찾는다",
    12,
    (
        "레이블은 사람이 적은 말이고, 만든 때는 무엇 위에 만들었는지를 말해 주지 않는다.",
        "베이스 위에 빌드한 이미지의 아래쪽에는 베이스의 레이어가 그대로 있다.",
        "`docker inspect`의 `RootFS.Layers`가 DiffID의 목록이다. 지금 베이스의 목록으로 "
        "시작하는지 본다.",
    ),
    start=_start_3,
)
def stale_images(bench: Workbench) -> str:
    base = _diff_ids(bench, f"{bench.name}-base:latest")
    stale = {app for app in APPS if _diff_ids(bench, f"{bench.name}-{app}")[: len(base)] != base}
    lines = bench.text("stale.txt").split()
    found = {one.removeprefix(f"{bench.name}-").removesuffix(":latest") for one in lines}
    expect(found, "stale.txt가 비어 있다.", "다시 빌드할 이미지의 이름을 한 줄에 하나씩 적는다.")
    unknown = sorted(found - set(APPS))
    expect(not unknown, f"stale.txt에 모르는 이름이 있다: {', '.join(unknown)}")
    fresh = sorted(found - stale)
    expect(
        not fresh,
        f"지금 베이스 위에 선 이미지를 {len(fresh)}개 적었다: {', '.join(fresh)}",
        "레이블이나 만든 때로 고르지 않았는지 보자. 베이스의 레이어가 맨 아래에 있다.",
    )
    expect(
        found == stale,
        f"옛 베이스 위에 선 이미지는 {len(stale)}개인데 {len(found)}개만 적었다.",
        "이미지마다 맨 아래 레이어를 지금 베이스의 것과 견주어 보자.",
    )
    return f"레이어로 찾았다. 다시 빌드할 이미지는 {len(stale)}개다."
