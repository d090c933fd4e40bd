"""04: containerd, and what Docker adds to it."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker

from coach.exercise import exercise
from coach.verdict import NotYetError, expect
from coach.workbench import Workbench

CONTAINERD = "/run/docker/containerd/containerd.sock"  # of the engine that dockerd started
BUSYBOX = Path("/usr/bin/busybox")
SLEEPER = """\
FROM scratch
COPY busybox /bin/busybox
CMD ["/bin/busybox", "sleep", "1800"]
"""
BOX = "box"


def _ctr(room: str, words: str) -> list[str]:
    """What ctr answers about a room, line by line.  Raises NotYetError if it answers nothing."""
    command = ["ctr", "-a", CONTAINERD, "--timeout", "10s", "-n", room, *words.split()]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise NotYetError(
            f"containerd에 물었지만 답을 얻지 못했다: ctr -n {room} {words}",
            f"{str(said).strip()[-200:]} · 엔진이 살아 있는지 보자: `coach doctor`",
        ) from error
    return done.stdout.splitlines()


def _empty(room: str) -> None:
    """Removes a room and all that is in it."""
    if room not in _ctr(room, "namespaces ls -q"):
        return
    for listed, remove in (
        ("tasks ls -q", "tasks rm -f"),
        ("containers ls -q", "containers rm"),
        ("images ls -q", "images rm --sync"),
        ("leases ls -q", "leases rm --sync"),
    ):
        for name in _ctr(room, listed):
            with suppress(NotYetError):  # a task that ended meanwhile
                _ctr(room, f"{remove} {name}")
    for _ in range(10):  # until garbage collection has taken what nothing points to any more
        with suppress(NotYetError):
            _ctr(room, f"namespaces rm {room}")
            return
        time.sleep(0.5)


def _start_in_a_room(bench: Workbench) -> None:
    """An image in Docker's store, and a room that nobody has used yet."""
    if bench.has():
        return
    _empty(bench.name)
    bench.build(SLEEPER, {"busybox": BUSYBOX.read_bytes()})


def _record(room: str) -> dict[str, Any]:
    """The record of the container that the exercise asks for."""
    rooms = _ctr(room, "namespaces ls -q")
    expect(
        room in rooms,
        f"containerd에 {room} 방이 없다. 있는 방: {', '.join(rooms)}.",
        "방은 `ctr -n`으로 고르고, 처음 쓸 때 생긴다. 도커가 만든 것은 모두 moby에 있다.",
    )
    boxes = _ctr(room, "containers ls -q")
    images = _ctr(room, "images ls -q")
    expect(
        BOX in boxes,
        f"방 {room}에 컨테이너 {BOX}가 없다 (이미지 {len(images)}개, 컨테이너 {len(boxes)}개).",
        "이미지를 들이는 일과 컨테이너를 만드는 일은 따로다."
        if images
        else "방마다 이름표가 따로다. 도커의 이미지는 이 방에서 보이지 않는다.",
    )
    return dict(json.loads("\n".join(_ctr(room, f"containers info {BOX}"))))


def _tasks(room: str) -> dict[str, tuple[int, str]]:
    """Container -> PID and state of its process."""
    rows = [line.split() for line in _ctr(room, "tasks ls")[1:]]
    return {name: (int(pid), state) for name, pid, state in rows}


# ---- 04-1 ----------------------------------------------------------------------------------------


@exercise(
    "04-1",
    "기록만 있고 프로세스는 없다",
    10,
    (
        "도커의 이미지를 우리 방으로 가져오려면 먼저 묶음으로 꺼내야 한다.",
        "`ctr`에는 컨테이너(기록)를 다루는 명령과 태스크(프로세스)를 다루는 명령이 따로 있다.",
        "`ctr -n 방 images import`, 그다음 `ctr -n 방 containers create`의 도움말을 보자. "
        "이미지 이름은 `ctr -n 방 images ls -q`가 알려 주는 그대로 적는다.",
    ),
    start=_start_in_a_room,
)
def record_without_process(bench: Workbench) -> str:
    record = _record(bench.name)
    task = _tasks(bench.name).get(BOX)
    expect(
        task is None,
        f"컨테이너 {BOX}에 태스크가 있다: PID {(task or (0, ''))[0]}, {(task or (0, ''))[1]}.",
        "띄웠거나, 죽인 태스크를 아직 지우지 않았다. 바라는 것은 기록과 스냅샷뿐이다.",
    )
    expect(
        f"/{bench.name}:" in record["Image"],
        f"{BOX}의 이미지가 {record['Image'] or '(없음)'}이다. 기대한 것은 {bench.name}.",
        "어느 이미지로 만든 컨테이너인지 기록에 남는다.",
    )
    key = record["SnapshotKey"]
    rows = {line.split()[0]: line.split()[1:] for line in _ctr(bench.name, "snapshots ls")[1:]}
    expect(
        rows.get(key, [])[-1:] == ["Active"],
        f"{BOX}의 기록이 가리키는 스냅샷 {key or '(없음)'}: 쓰기 가능한 것이 아니다.",
        "이미지에서 만든 컨테이너라면 이미지의 맨 위 스냅샷을 부모로 둔 스냅샷이 생긴다.",
    )
    return f"{BOX}는 기록과 스냅샷({key})뿐이고 프로세스가 없다. 언제든 태스크를 띄울 수 있다."


# ---- 04-2 ----------------------------------------------------------------------------------------

MEMO = "/srv/memo"


def _start_2(bench: Workbench) -> None:
    """A container that wrote a file and has ended."""
    with suppress(docker.errors.NotFound):
        bench.client.containers.get(bench.name)
        return
    write = f"echo {uuid.uuid4().hex} > {MEMO}"
    box = bench.client.containers.run(
        "debian:trixie-slim", ["sh", "-c", write], name=bench.name, detach=True
    )
    box.wait(timeout=60)


@exercise(
    "04-2",
    "멈춘 컨테이너의 파일은 어디에 있나",
    15,
    (
        "컨테이너가 새로 쓴 파일은 쓰기 가능한 층에 있다. 06에서 upper라고 부른 곳이다.",
        "containerd 저장소라면 `ctr -n moby snapshots mounts`에게, overlay2라면 "
        "`docker inspect`의 GraphDriver에게 그 자리를 물을 수 있다.",
        "containerd 저장소에서 스냅샷의 이름은 컨테이너의 ID다. upperdir= 다음을 읽자.",
    ),
    start=_start_2,
)
def found_on_disk(bench: Workbench) -> str:
    facts = bench.container()
    expect(
        not facts["State"]["Running"],
        f"컨테이너 {bench.name}: 돌고 있다. 기대한 것은 멈춘 채.",
        "멈춘 컨테이너의 파일을 찾는 연습이다.",
    )
    try:
        chunks, _ = bench.client.containers.get(bench.name).get_archive(MEMO)
    except docker.errors.NotFound as error:
        raise NotYetError(
            f"컨테이너 {bench.name}에 {MEMO} 파일이 없다.",
            f"시작할 때 차린 컨테이너가 아니다. 되돌리기: coach reset {bench.id}",
        ) from error
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        member = tar.extractfile("memo")
        wanted = member.read().decode().strip() if member else ""
    named = bench.text("where.txt").strip()
    place = Path(named)
    root = str(bench.client.info()["DockerRootDir"])
    expect(
        named.startswith("/") and "\n" not in named,
        f"where.txt에 적힌 것이 절대 경로 하나가 아니다: {named[:80]!r}.",
        "실습실의 `/`에서 시작하는 경로를 한 줄로 적는다.",
    )
    expect(
        place.is_relative_to(root) and ".." not in place.parts,
        f"{named[:120]}: 엔진의 데이터({root}) 밖이다.",
        "컨테이너 안의 경로나 복사본이 아니라, 엔진이 그 파일을 둔 자리를 찾는다.",
    )
    expect(
        place.is_file() and not place.is_symlink(),
        f"{named[:120]}: 그런 파일이 없다.",
        "겹친 모습(merged)은 컨테이너가 도는 동안에만 있다. 멈춘 뒤에도 남는 것은 어느 층일까?",
    )
    expect(
        place.read_bytes()[:200].decode("utf-8", "replace").strip() == wanted,
        f"{named[:120]}: 파일은 있지만 이 컨테이너가 쓴 것이 아니다.",
        "다른 컨테이너나 다른 층의 파일일 수 있다.",
    )
    found = bench.text("memo.txt").strip()
    expect(
        found == wanted,
        f"memo.txt에는 {len(found)}글자가 있지만, 컨테이너가 쓴 내용과 다르다.",
        "where.txt에 적은 파일을 그대로 읽어 적었는지 보자.",
    )
    return "프로세스도 마운트도 없지만 파일은 쓰기 가능한 층에 그대로 있다."


# ---- 04-3 ----------------------------------------------------------------------------------------


@exercise(
    "04-3",
    "도커가 더하던 것을 손으로 더한다",
    15,
    (
        "먼저 아무 옵션 없이 띄우고, 수업 6번에서 한 것처럼 도커로 띄운 것과 견주어 보자.",
        "`ctr run --help`를 보자. 도커가 하던 일의 대부분은 옵션으로 있다. DNS만은 없다.",
        "`/etc/resolv.conf`는 도커가 어떻게 넣었을까? 기억나지 않으면 도커 컨테이너의 "
        "`/proc/self/mountinfo`를 보자.",
    ),
    start=_start_in_a_room,
)
def as_docker_would(bench: Workbench) -> str:
    _record(bench.name)
    pid, state = _tasks(bench.name).get(BOX, (0, "없음"))
    expect(
        state == "RUNNING",
        f"컨테이너 {BOX}의 태스크: {state}. 기대한 것은 RUNNING.",
        "기록만 있으면 프로세스는 없다. 명령이 곧 끝났거나, 태스크를 띄우지 않았다.",
    )
    process = Path("/proc", str(pid))
    status = (process / "status").read_text()
    mode = next(line.split()[1] for line in status.splitlines() if line.startswith("Seccomp:"))
    expect(
        mode == "2",
        f"프로세스 {pid}의 Seccomp가 {mode}이다. 기대한 것은 2(필터).",
        "containerd는 시키지 않으면 시스템 콜을 거르지 않는다.",
    )
    name = subprocess.run(
        ["nsenter", "-t", str(pid), "-u", "hostname"], capture_output=True, text=True, check=False
    ).stdout.strip()
    expect(
        name == "anatomy",
        f"컨테이너의 호스트 이름이 {name!r}이다. 기대한 것은 'anatomy'.",
        "정해 주지 않으면 UTS 네임스페이스에 남아 있던 이름이 그대로다.",
    )
    try:
        lines = (process / "root/etc/resolv.conf").read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise NotYetError(
            "컨테이너 안에 /etc/resolv.conf가 없다.",
            "이미지에 없는 파일이다. 도커는 실행할 때 넣는다.",
        ) from error
    servers = [line.split()[1] for line in lines if line.startswith("nameserver ")]
    expect(
        servers,
        f"컨테이너의 /etc/resolv.conf가 {len(lines)}줄이지만 nameserver 줄은 0개다.",
        "어느 DNS 서버에 물을지 적은 줄이 있어야 한다.",
    )
    return f"seccomp 필터, 호스트 이름 {name}, DNS 서버 {len(servers)}개를 도커 없이 갖추었다."
