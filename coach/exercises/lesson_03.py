"""03: a bundle and what its config.json brings about."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import Any

from coach.exercise import exercise
from coach.verdict import NotYetError, expect
from coach.workbench import Workbench

BUSYBOX = Path("/usr/bin/busybox")
SPACES = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt"}


def _bundle(bench: Workbench) -> None:
    """A bundle of busybox with the settings of ``runc spec``, unless the folder holds one."""
    rootfs = bench.folder / "rootfs"
    if not rootfs.exists():
        for name in ("bin", "data"):
            (rootfs / name).mkdir(parents=True)
        shutil.copy(BUSYBOX, rootfs / "bin")
        install = ["chroot", str(rootfs), "/bin/busybox", "--install", "-s", "/bin"]
        subprocess.run(install, check=True)
    if not (bench.folder / "config.json").exists():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["runc", "spec", "--bundle", folder], check=True)
            settings = json.loads(Path(folder, "config.json").read_text())
        settings["process"]["terminal"] = False
        bench.provide("config.json", json.dumps(settings, indent=2))


def _config(bench: Workbench, name: str = "config.json") -> dict[str, Any]:
    try:
        settings = json.loads(bench.text(name))
    except ValueError as error:
        raise NotYetError(f"{name}이 JSON이 아니다: {error}.") from error
    lost = [one for one in ("process", "root", "linux") if not isinstance(settings.get(one), dict)]
    expect(not lost, f"{name}에 {', '.join(lost)} 항목이 없다.", "`runc spec`이 쓴 것과 견주자.")
    return dict(settings)


def _probe(bench: Workbench, bundle: Path, settings: dict[str, Any], script: str) -> dict[str, str]:
    """What a script sees in the learner's container, as ``key=value`` lines.

    It runs in a copy of the bundle with the learner's settings; only the program is another.
    """
    settings = json.loads(json.dumps(settings))
    settings["process"] |= {"args": ["/bin/busybox", "sh", "-c", script], "terminal": False}
    settings["linux"].pop("cgroupsPath", None)
    for mount in settings.get("mounts", []):
        if "bind" in mount.get("options", []) and not str(mount.get("source")).startswith("/"):
            mount["source"] = str(bundle / str(mount.get("source")))
    source = bundle / str(settings["root"].get("path", ""))
    expect(source.is_dir(), f"루트 파일 시스템 {settings['root'].get('path')!r}이 없다.")
    name = f"check-{bench.id}-{uuid.uuid4().hex[:12]}"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(source, Path(folder, "rootfs"), symlinks=True)
        settings["root"]["path"] = "rootfs"
        Path(folder, "config.json").write_text(json.dumps(settings))
        try:
            done = subprocess.run(
                ["runc", "run", "--bundle", folder, name],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=20,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise NotYetError("컨테이너가 20초 안에 끝나지 않았다.") from error
        finally:
            subprocess.run(["runc", "delete", "-f", name], capture_output=True, check=False)
    lines = (line.partition("=") for line in done.stdout.splitlines())
    seen = {key: value for key, equals, value in lines if equals}
    expect(
        "end" in seen,
        f"이 번들을 runc가 실행하지 못했다 (종료 코드 {done.returncode}).",
        (done.stderr or done.stdout)[-400:].strip(),
    )
    return seen


#: Whether the root and /data are mounted "rw" or "ro"; ``test -w`` of busybox asks only for modes.
MOUNTS = """\
/bin/busybox awk '$5 == "/" || $5 == "/data" {
    split($6, flags, ","); name = $5 == "/" ? "root" : "data"; print name "=" flags[1]
}' /proc/self/mountinfo
echo end=1"""


# ---- 03-1 ----------------------------------------------------------------------------------------

SEE_1 = """\
echo uid=$(busybox id -u):$(busybox id -g)
echo name=$(busybox hostname)
echo lesson=$LESSON
echo cwd=$(busybox pwd)
"""


@exercise(
    "03-1",
    "설정을 필드로 옮긴다",
    10,
    (
        "`docker run --user`, `--hostname`, `--env`, `--workdir`는 각각 어느 필드가 될까?",
        "`process` 아래를 먼저 보자. 호스트 이름만 맨 위에 따로 있다.",
        "`process`의 `user`(`uid`와 `gid`), `env`, `cwd`, 그리고 맨 위의 `hostname`이다.",
    ),
    start=_bundle,
)
def fields(bench: Workbench) -> str:
    seen = _probe(bench, bench.folder, _config(bench), SEE_1 + MOUNTS)
    for key, what, wanted, hint in (
        ("uid", "사용자와 그룹", "1000:1000", "번호로 적는다. 사용자와 그룹은 따로다."),
        ("name", "호스트 이름", "anatomy", "`process` 안이 아니라 맨 위의 필드다."),
        ("lesson", "환경 변수 LESSON", "03", "목록의 한 항목은 `이름=값`이다."),
        ("cwd", "작업 디렉터리", "/data", "절대 경로로 적는다."),
        ("root", "루트 파일 시스템", "ro", "처음에는 읽기 전용이었다."),
    ):
        found = seen.get(key, "")
        expect(found == wanted, f"{what}: {found!r}이다. 기대한 것은 {wanted!r}.", hint)
    return "다섯 가지가 모두 컨테이너 안에서 그대로 보인다."


# ---- 03-2 ----------------------------------------------------------------------------------------

SEE_2 = "echo note=$(busybox cat /data/note 2>/dev/null)\n" + "".join(
    f"echo {kind}=$(busybox readlink /proc/self/ns/{name})\n" for kind, name in SPACES.items()
)


def _start_2(bench: Workbench) -> None:
    _bundle(bench)
    bench.provide("shared/note", f"{uuid.uuid4().hex}\n")


@exercise(
    "03-2",
    "네트워크만 함께 쓴다",
    10,
    (
        "컨테이너가 어느 네임스페이스를 따로 갖는지 정하는 목록은 어디에 있을까?",
        "목록에 없으면 부르는 쪽의 것을 그대로 쓴다. 있는 것에 들어가는 `path`도 있다.",
        "바인드 마운트는 `mounts`의 한 항목이다. 읽기 전용은 `options`에 적는다.",
    ),
    start=_start_2,
)
def share_one(bench: Workbench) -> str:
    seen = _probe(bench, bench.folder, _config(bench), SEE_2 + MOUNTS)
    ours = {kind: str(Path(f"/proc/self/ns/{name}").readlink()) for kind, name in SPACES.items()}
    shared = [kind for kind in SPACES if seen.get(kind) == ours[kind]]
    expect(
        "network" in shared,
        f"네트워크 네임스페이스를 따로 갖는다. 함께 쓰는 것은 {len(shared)}개다.",
        "안팎에서 `readlink /proc/self/ns/net`의 번호를 견주어 보자.",
    )
    expect(
        shared == ["network"],
        f"실습실과 네임스페이스 {len(shared)}개를 함께 쓴다: {', '.join(shared)}. "
        "기대한 것은 network 하나.",
        "목록에서 너무 많이 뺐을 수 있다.",
    )
    note = (bench.folder / "shared/note").read_text().strip()
    expect(
        seen.get("note") == note,
        f"/data/note에서 {seen.get('note', '')!r}을 읽었다. shared/note의 내용과 다르다.",
        "무엇을(source) 어디에(destination) 붙이는지, 종류는 무엇인지 보자.",
    )
    expect(
        seen.get("data") == "ro",
        "컨테이너가 /data에 쓸 수 있다. 기대한 것은 읽기 전용.",
        "루트가 읽기 전용이어도 마운트는 따로 정한다.",
    )
    return "네트워크만 실습실과 같고, /data는 읽기만 된다."


# ---- 03-3 ----------------------------------------------------------------------------------------

MIB = 2**20
IMAGE = """\
FROM scratch
COPY busybox /bin/busybox
COPY app.txt /srv/app.txt
ENV TOKEN={token}
WORKDIR /srv
USER 1000
ENTRYPOINT ["/bin/busybox", "cat"]
CMD ["app.txt"]
"""
SEE_3 = """\
echo uid=$(/bin/busybox id -u)
echo cwd=$(/bin/busybox pwd)
echo token=$TOKEN
echo app=$(/bin/busybox cat /srv/app.txt 2>/dev/null)
/bin/busybox sed -n 's/^\\(Cap...\\):.*\\([0-9a-f]\\{16\\}\\)/\\1=\\2/p' /proc/self/status
"""


def _start_3(bench: Workbench) -> None:
    if bench.has():
        return
    files = {
        "busybox": BUSYBOX.read_bytes(),
        "app.txt": f"app {uuid.uuid4().hex}\n".encode(),
    }
    bench.build(IMAGE.format(token=uuid.uuid4().hex), files)


@exercise(
    "03-3",
    "docker run을 번들 하나로",
    20,
    (
        "이미지의 설정은 실행 설정의 기본값이다. `docker inspect ex-03-3`의 항목과 짝을 지어 보자.",
        "`umoci unpack`이 이미지를 번들로 바꾸고, `docker export`는 루트 파일 시스템만 꺼낸다. "
        "선택지는 손으로 옮긴다.",
        "캐퍼빌리티의 목록은 다섯이고 뜻이 저마다 다르다. 하나를 비워도 다른 목록이 되살린다. "
        "메모리는 바이트로 적는다.",
    ),
    start=_start_3,
)
def same_as_run(bench: Workbench) -> str:
    settings = _config(bench, "bundle/config.json")
    image = bench.config()
    wanted = [*image["Entrypoint"], *image["Cmd"]]
    found = settings["process"].get("args")
    expect(
        found == wanted,
        f"process.args가 {json.dumps(found)}이다. 기대한 것은 {json.dumps(wanted)}.",
        "ENTRYPOINT와 CMD는 런타임에 닿기 전에 한 목록이 된다.",
    )
    seen = _probe(bench, bench.folder / "bundle", settings, SEE_3 + MOUNTS)
    app = bench.run(network_mode="none").output.strip()
    token = next(one for one in image["Env"] if one.startswith("TOKEN="))
    for key, what, right, hint in (
        ("app", "/srv/app.txt의 내용", app, "루트 파일 시스템이 이 이미지의 것인지 보자."),
        ("uid", "사용자", image["User"], "이미지의 USER가 정한 것이다."),
        ("cwd", "작업 디렉터리", image["WorkingDir"], "이미지의 WORKDIR이 정한 것이다."),
        ("token", "TOKEN", token.removeprefix("TOKEN="), "이미지의 ENV가 정한 것이다."),
        ("root", "루트 파일 시스템", "ro", "`--read-only`에 해당하는 필드를 보자."),
    ):
        value = seen.get(key, "")
        expect(value == right, f"{what}: {value!r}이다. 기대한 것은 {right!r}.", hint)
    left = [key for key in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb") if _bits(seen, key)]
    expect(
        not left,
        f"캐퍼빌리티가 남아 있다: {', '.join(f'{key} {_bits(seen, key)}개' for key in left)}. "
        "기대한 것은 모두 0개.",
        "목록 하나만 비우면 다른 목록이 되살리거나, 나중에 얻을 길로 남는다.",
    )
    memory = (settings["linux"].get("resources") or {}).get("memory") or {}
    limit = memory.get("limit")
    expect(
        limit == 32 * MIB,
        f"메모리 한도가 {limit!r}이다. 기대한 것은 {32 * MIB:,}바이트.",
        "`-m 32m`은 MiB 단위다. 명세의 필드는 바이트를 적는다.",
    )
    return "runc만으로 같은 컨테이너가 되었다. 도커의 선택지는 모두 필드였다."


def _bits(seen: dict[str, str], key: str) -> int:
    return int(seen.get(key, "0"), 16).bit_count()
