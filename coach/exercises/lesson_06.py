"""06: whiteouts, opaque directories, and what a container has copied up."""

from __future__ import annotations

import io
import json
import os
import random
import stat
import subprocess
import tarfile
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import docker
from docker.models.containers import Container

import layerscope
from coach.exercise import exercise
from coach.verdict import NotYetError, expect, named
from coach.workbench import Workbench
from layerscope import Kind
from layerscope.oci import digest_of

MOST = 64 << 20  # bytes of a layer that is looked at


# ---- 06-1 ----------------------------------------------------------------------------------------

LOWER = {
    "report.txt": "지난달의 보고서\n",
    "app.ini": "debug = yes\n",
    "conf/a.conf": "a = 1\n",
    "conf/b.conf": "b = 2\n",
}
KEPT = {"app.ini": "debug = no\n", "conf/new.conf": "new = 1\n"}
BACK = {name: LOWER[name] for name in ("report.txt", "conf/a.conf", "conf/b.conf")}


def _start_1(bench: Workbench) -> None:
    lower, upper = bench.folder / "lower", bench.folder / "upper"
    if upper.exists():
        return
    for folder, files in ((lower, LOWER), (upper, KEPT)):
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
    os.mknod(upper / "report.txt", stat.S_IFCHR, os.makedev(0, 0))
    os.setxattr(upper / "conf", "trusted.overlay.opaque", b"y")


def _union(upper: Path, lower: Path) -> dict[str, str]:
    """The files of the union, mounted where nobody else sees it."""
    script = 'mount -t overlay overlay -o "lowerdir=$1:$2" "$3" && tar -C "$3" -cf - .'
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", str(upper), str(lower), place],
            capture_output=True,
            check=False,
        )
    expect(
        done.returncode == 0,
        "upper와 lower를 겹쳐 마운트할 수 없다.",
        done.stderr.decode("utf-8", "replace").strip()[-300:],
    )
    found = {}
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        for entry in tar:
            file = tar.extractfile(entry) if entry.isreg() else None
            if file is not None:
                found[os.path.normpath(entry.name)] = file.read().decode("utf-8", "replace")
    return found


@exercise(
    "06-1",
    "가린 것만 걷어 낸다",
    8,
    (
        "`ls -l`과 `getfattr`가 없어도 된다. `os.listxattr`로 upper의 디렉터리에 붙은 표시를 보자.",
        "가리는 것은 둘이다. 하나는 파일처럼 생긴 장치이고, 하나는 디렉터리에 붙은 속성이다.",
        "장치는 `rm`으로, 속성은 `os.removexattr`로 없앤다. lower의 바이트는 그대로 있다.",
    ),
    start=_start_1,
)
def uncover(bench: Workbench) -> str:
    lower, upper = bench.folder / "lower", bench.folder / "upper"
    changed = {
        name
        for name, content in LOWER.items()
        if not (lower / name).is_file() or (lower / name).read_text("utf-8", "replace") != content
    }
    expect(
        not changed,
        f"lower의 파일 {len(changed)}개가 처음과 다르다: {named(changed)}.",
        "lower는 읽기만 하는 층이다. 고칠 곳은 upper다. 되돌리기: coach reset 06-1",
    )
    copied = {name for name in BACK if (upper / name).is_file()}
    expect(
        not copied,
        f"upper에 lower의 복사본이 {len(copied)}개 있다: {named(copied)}.",
        "같은 파일을 두 벌 두지 않고도 보이게 할 수 있다. 무엇이 가리고 있었나?",
    )
    seen = _union(upper, lower)
    for name, content in KEPT.items():
        expect(
            seen.get(name) == content,
            f"{name}의 내용이 upper에 있던 것과 다르다.",
            "남겨야 할 변경까지 지워졌다. 표시만 걷어 내야 한다.",
        )
    hidden = BACK.keys() - seen.keys()
    expect(
        not hidden,
        f"아직 보이지 않는 파일이 {len(hidden)}개다: {named(set(hidden))}.",
        "파일을 가리는 것과 디렉터리를 통째로 가리는 것은 표시가 다르다.",
    )
    return f"복사본 없이 lower의 파일 {len(BACK)}개가 돌아왔고, upper의 변경은 그대로다."


# ---- 06-2 ----------------------------------------------------------------------------------------

TREE = {
    "data/old.csv": "1,2\n",
    "data/keep.csv": "3,4\n",
    "conf/a.conf": "a = 1\n",
    "conf/b.conf": "b = 2\n",
    "hello.txt": "hello\n",
}
WANTED = {"data/keep.csv": "3,4\n", "conf/c.conf": "c = 3\n", "hello.txt": "안녕\n"}


def _start_2(bench: Workbench) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("data", "conf"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for name, content in TREE.items():
            _add(tar, name, content.encode())
    bench.provide("base.tar", buffer.getvalue())


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _bytes(bench: Workbench, name: str) -> bytes:
    path = bench.folder / name
    expect(
        path.is_file(),
        f"work/{bench.id}/{name} 파일이 없다.",
        f"폴더를 보자: `ls work/{bench.id}`",
    )
    expect(path.stat().st_size <= MOST, f"{name} 파일이 너무 크다 (한도 {MOST:,}바이트).")
    return path.read_bytes()


def _stacked(layers: list[bytes], place: Path) -> layerscope.Image:
    """An image of these tars, read as any other image is."""
    names = [f"{index}.tar" for index in range(len(layers))]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]},
    }
    with tarfile.open(place, "w") as tar:
        _add(tar, "config.json", json.dumps(config).encode())
        manifest = [{"Config": "config.json", "RepoTags": ["ex:latest"], "Layers": names}]
        _add(tar, "manifest.json", json.dumps(manifest).encode())
        for name, layer in zip(names, layers, strict=True):
            _add(tar, name, layer)
    try:
        return layerscope.read(f"docker-archive:{place}", content=True)
    except layerscope.LayerscopeError as error:
        raise NotYetError("layer.tar를 레이어로 읽을 수 없다.", str(error)) from error


@exercise(
    "06-2",
    "지우는 레이어를 손으로 짠다",
    12,
    (
        "레이어는 tar다. tar에 ‘없음’을 적으려면 무엇을 넣어야 할까?",
        "지운 파일의 이름 앞에 무엇이 붙었나? 그 항목은 원래 파일과 같은 디렉터리에 놓인다.",
        "`conf`는 두 가지로 적을 수 있다. 파일마다 하나씩, 또는 디렉터리에 표시 하나.",
    ),
    start=_start_2,
)
def handmade_whiteouts(bench: Workbench) -> str:
    base, mine = _bytes(bench, "base.tar"), _bytes(bench, "layer.tar")
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "image.tar")
        image = _stacked([base, mine], archive)
        layer = image.layers[1]
        devices = {one.path for one in layer.entries if one.kind is Kind.DEVICE}
        expect(
            not devices,
            f"layer.tar에 장치 파일이 {len(devices)}개 들어 있다: {named(devices)}.",
            "그것은 디스크의 모습이다. 이미지의 tar에서는 다르게 적는다.",
        )
        again = {
            one.path
            for one in layer.entries
            if one.kind is Kind.FILE and one.path in TREE and one.path in WANTED
            if WANTED[one.path] == TREE[one.path]
        }
        files = layerscope.root_filesystem(image)
        seen = {
            path: layerscope.read_file(image, index, path).decode("utf-8", "replace")
            for path, (index, entry) in files.items()
            if entry.kind is Kind.FILE
        }
    extra = seen.keys() - WANTED.keys()
    expect(
        not extra,
        f"보이지 않아야 할 파일이 {len(extra)}개 보인다: {named(set(extra))}.",
        "담지 않은 것은 지워지지 않는다. 빈 파일로 덮어도 이름은 보인다.",
    )
    lost = WANTED.keys() - seen.keys()
    expect(
        not lost,
        f"있어야 할 파일이 {len(lost)}개 없다: {named(set(lost))}.",
        "표시가 남겨야 할 것까지 가렸거나, 새 파일을 담지 않았다.",
    )
    for name, content in WANTED.items():
        expect(
            seen[name] == content,
            f"{name}의 내용이 {seen[name][:40]!r}이다. 기대한 것은 {content!r}.",
        )
    expect(
        not again,
        f"바뀌지 않은 파일이 {len(again)}개 다시 담겼다: {named(again)}.",
        "아래 층에 그대로 있는 것은 다시 담지 않아도 보인다.",
    )
    return f"항목 {len(layer.entries)}개짜리 레이어로 지우고, 바꾸고, 더했다."


# ---- 06-3 ----------------------------------------------------------------------------------------

BASE = "python:3.13-slim"
DELETED = 2  # in the engine's answer to `docker diff`
# Runs in the container: does to each file what the plan in the image says; safe to run again.
ACT = """
import json, pathlib, time
for name, deed in json.loads(pathlib.Path("/opt/plan.json").read_text()).items():
    path = pathlib.Path("/opt/app", name)
    if deed == "chmod":
        path.chmod(0o600)
    elif deed == "rewrite":
        path.write_bytes(path.read_bytes())
    elif deed == "change" and path.read_bytes()[:1] != b"!":
        path.write_bytes(b"!" + path.read_bytes()[1:])
    elif deed == "remove":
        path.unlink(missing_ok=True)
    elif deed == "create":
        path.write_bytes(b"new")
pathlib.Path("/opt/app/done").touch()
time.sleep(10**6)
"""
DEEDS = ["chmod", "rewrite", "change", "change", "remove", "create", "", "", "", ""]


def _start_3(bench: Workbench) -> None:
    """A container that has copied up some files for nothing."""
    with suppress(docker.errors.NotFound):
        bench.client.containers.get(bench.name).start()
        return
    chance = random.SystemRandom()
    deeds = [*DEEDS, *chance.choices(("chmod", "rewrite", "change"), k=3)]
    chance.shuffle(deeds)
    plan = {f"part-{number:02}.bin": deed for number, deed in enumerate(deeds)}
    make = (
        "import json,os,pathlib;plan=json.loads(os.environ['PLAN']);"
        "pathlib.Path('/opt/app').mkdir(parents=True);"
        "pathlib.Path('/opt/plan.json').write_text(json.dumps(plan));"
        "paths=[pathlib.Path('/opt/app',name) for name,deed in plan.items() if deed!='create'];"
        "[path.write_bytes(os.urandom(200_000)) for path in paths];"
        # Layers keep whole seconds: a change within the same one looks like none to docker diff.
        "[os.utime(path,(10**9,10**9)) for path in paths]"
    )
    dockerfile = f"FROM {BASE}\nARG PLAN\nRUN {json.dumps(['python', '-c', make])}\n"
    bench.build(dockerfile, None, "--build-arg", f"PLAN={json.dumps(plan)}")
    container = bench.client.containers.run(
        bench.name, ["python", "-c", ACT], name=bench.name, detach=True, network_mode="none"
    )
    for _ in range(100):
        if container.exec_run(["test", "-e", "/opt/app/done"]).exit_code == 0:
            return
        time.sleep(0.1)


def _file_in(container: Container, path: str) -> bytes:
    stream, _ = container.get_archive(path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        file = tar.extractfile(tar.next() or tarfile.TarInfo())
        return file.read() if file is not None else b""


def _copied_up(bench: Workbench, image: layerscope.Image) -> tuple[set[str], set[str], set[str]]:
    """Paths under /opt/app: copied up though equal; copied up and changed; new or removed."""
    container = bench.client.containers.get(bench.name)
    files = layerscope.root_filesystem(image)
    equal: set[str] = set()
    changed: set[str] = set()
    other: set[str] = set()
    for row in container.diff() or []:
        path = str(row["Path"])
        if not path.startswith("/opt/app/"):
            continue
        below = files.get(path.lstrip("/"))
        if below is None or row["Kind"] == DELETED:
            other.add(path)
            continue
        old = layerscope.read_file(image, below[0], path.lstrip("/"))
        (equal if old == _file_in(container, path) else changed).add(path)
    return equal, changed, other


@exercise(
    "06-3",
    "헛되이 올라온 파일을 찾는다",
    20,
    (
        "`docker diff ex-06-3`의 `C`는 ‘upper에 있다’는 뜻일 뿐이다. 내용까지 견주지는 않는다.",
        "이미지의 파일과 컨테이너의 파일을 바이트로 견주어야 한다. 둘을 한꺼번에 볼 수 있는 곳은?",
        "`/proc/PID/mountinfo`에서 lower와 upper를 찾거나, `docker cp`로 컨테이너의 것과 "
        "새로 만든 컨테이너의 것을 꺼내 견주자.",
    ),
    start=_start_3,
)
def copied_for_nothing(bench: Workbench) -> str:
    bench.container()
    image = bench.image()
    equal, changed, other = _copied_up(bench, image)
    expect(
        equal,
        "컨테이너가 시작할 때와 다르다.",
        "차린 컨테이너가 바뀌었다. 되돌리기: coach reset 06-3",
    )
    told = {line.strip() for line in bench.text("same.txt").splitlines() if line.strip()}
    expect(told, "same.txt가 비어 있다.", "경로를 한 줄에 하나씩 적는다: /opt/app/…")
    odd = {line for line in told if not line.startswith("/opt/app/")}
    expect(
        not odd,
        f"/opt/app 아래의 경로가 아닌 줄이 {len(odd)}개다: {named(odd)}.",
        "컨테이너에서 보이는 경로를 적는다. 호스트의 경로가 아니다.",
    )
    wrong = told & changed
    expect(
        not wrong,
        f"내용이 달라진 파일이 {len(wrong)}개 들어 있다: {named(wrong)}.",
        "크기가 같아도 내용은 다를 수 있다. 무엇으로 견주었는지 보자.",
    )
    wrong = told & other
    expect(
        not wrong,
        f"새로 생겼거나 지워진 파일이 {len(wrong)}개 들어 있다: {named(wrong)}.",
        "이미지에서 복사되어 올라온 것만 찾는다.",
    )
    wrong = told - equal
    expect(
        not wrong,
        f"upper에 올라오지 않은 파일이 {len(wrong)}개 들어 있다: {named(wrong)}.",
        "이미지와 같은 것은 당연하다. 컨테이너가 건드린 적이 없다.",
    )
    left, files = equal - told, layerscope.root_filesystem(image)
    size = sum(files[path.lstrip("/")][1].size for path in left)
    expect(
        not left,
        f"아직 찾지 못한 파일이 {len(left)}개, 합쳐서 {size:,}바이트다.",
        "카피업을 일으키는 것은 쓰기만이 아니다. 메타데이터만 바꾸어도 올라온다.",
    )
    return f"파일 {len(equal)}개가 내용은 그대로인데 통째로 복사되어 있었다."
