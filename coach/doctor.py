"""Is the lab fit to learn in?  Each finding with its cause and the next command, in Korean."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException

from coach import engine

# The engines that lessons and exercises were run with, newest first: Debian's newest and Debian
# stable's (LAB_ENGINE=current, stable).  Debian moves on by itself; 29, the third choice that
# lab/Dockerfile has, is untried.
PROVEN = ("28.5.2", "26.1.5")

ENGINE_LOG = Path("/var/log/lab/engine.log")
BASES = ("debian:trixie-slim", "python:3.13-slim")
LATER = "python:3.13"  # with compilers, big; few lessons use it
INDEX = ("10.213.0.1", 3141)  # the lab's end of the bridge, and its package index
BASE_LABEL = "org.docker-anatomy.base"
SOURCES = {
    "hub": "Docker Hub의 공식 이미지",
    "bundle": "오프라인 묶음",
    "engine": "엔진에 있던 이미지",
    "stand-in": "데비안 패키지로 만든 대역 이미지",
}
STORES = {"overlayfs": "containerd", "overlay2": "overlay2"}  # driver -> LAB_STORE


@dataclass(frozen=True)
class Finding:
    name: str
    ok: bool
    found: str
    cause: str = ""  # why it matters or went wrong; only where ok is False
    fix: str = ""  # the next command


def examine() -> list[Finding]:
    """Every prerequisite of the lessons, found as it is now.  Changes nothing."""
    try:
        client = engine.connect(timeout=10)
        info: dict[str, Any] = client.info()
    except DockerException as error:
        return [_engine_down(error), _disk(), _memory()]
    with closing(client):
        return [
            _versions(client),
            _store(info),
            _network(client),
            *(_base(client, name) for name in BASES),
            _later(client),
            _index(),
            _disk(),
            _memory(),
        ]


def as_json(findings: list[Finding]) -> dict[str, Any]:
    return {"ok": all(f.ok for f in findings), "findings": [asdict(f) for f in findings]}


def as_text(findings: list[Finding]) -> str:
    lines = []
    for finding in findings:
        lines.append(f"{'정상' if finding.ok else '문제'}  {finding.name}: {finding.found}")
        if not finding.ok:
            lines += [f"      왜: {finding.cause}", f"      다음: {finding.fix}"]
    return "\n".join(lines)


def as_markdown(findings: list[Finding]) -> str:
    """The page that Jupyter opens with when the engine cannot start."""
    parts = ["# 실습실에 문제가 있다", "Jupyter는 열렸지만 아래 항목 때문에 수업을 실행할 수 없다."]
    for finding in findings:
        mark = "정상" if finding.ok else "문제"
        parts.append(f"## {mark}: {finding.name}\n\n{finding.found}")
        if not finding.ok:
            parts.append(f"**왜:** {finding.cause}\n\n**다음:** `{finding.fix}`")
    return "\n\n".join(parts) + "\n"


def _outside(command: str, why: str = "") -> str:
    """A fix made where the lab is run from; in a workshop that is the instructor's place."""
    if "JUPYTERHUB_API_TOKEN" in os.environ:
        return (
            "강사에게 알린다  (허브에서 자리를 닫고 다시 열면 실습실을 새로 띄운다. 파일은 남는다)"
        )
    return f"{command}  (내 컴퓨터에서{f'; {why}' if why else ''})"


def _engine_down(error: DockerException) -> Finding:
    """The engine's own last words say more than the client's 'connection refused'."""
    if _stopped_by_hand():
        return Finding(
            "엔진",
            False,
            "Docker Engine이 멈춰 있다",
            "수업이나 명령이 멈추어 두었다",
            "s6-svc -u /run/service/engine",
        )
    causes = [line for line in _tail(ENGINE_LOG, 40) if "failed to start daemon" in line]
    errors = [line for line in _tail(ENGINE_LOG, 40) if "level=error" in line or "failed" in line]
    last = (causes or errors or [str(error)])[-1].strip()
    return Finding("엔진", False, "Docker Engine이 응답하지 않는다", last, _fix(last))


# What iptables says where the kernel lacks its modules: moby/moby#49020, docker-library/docker#486,
# docker/docker-ce-packaging#1340, basecamp/kamal#1762.
NO_MODULE = ("missing kernel module", "(No such file or directory)", "(Not supported)", "insmod")


def _fix(last_words: str) -> str:
    """The next command for an engine that ended with these words."""
    if "iptables" in last_words and any(words in last_words for words in NO_MODULE):
        return _outside(
            "sudo modprobe -a nft_compat xt_addrtype xt_conntrack xt_nat xt_MASQUERADE",
            "없다고 하면 배포판의 kernel-modules-extra를 설치한다. 그다음 make stop && make lab",
        )
    if "overlay" in last_words or "not supported" in last_words:
        return _outside("make lab", "/var/lib/docker는 볼륨이어야 한다")
    if "permission" in last_words or "iptables" in last_words:
        return _outside("make stop && make lab", "docker run으로 직접 띄웠다면 권한이 빠졌다")
    return "tail -n 50 /var/log/lab/engine.log"


def _stopped_by_hand() -> bool:
    """The supervisor was told to keep the engine down (s6-svc -d), say by a lesson cut short."""
    try:
        wanted = subprocess.run(
            ["s6-svstat", "-o", "wantedup", "/run/service/engine"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return False  # not in the lab
    return wanted.stdout.strip() == "false"


def _versions(client: docker.DockerClient) -> Finding:
    """The engine and its parts; the lessons' builds need BuildKit's client, buildx."""
    parts = {part["Name"]: part["Version"] for part in client.version()["Components"]}
    found = f"Docker Engine {parts.pop('Engine', '?')}"
    rest = [f"{name} {version}" for name, version in parts.items() if name != "docker-init"]
    try:
        words = subprocess.run(
            ["docker", "buildx", "version"], capture_output=True, text=True, check=True
        ).stdout.split()
        rest.append(f"buildx {words[1]}")
    except (OSError, IndexError, subprocess.CalledProcessError) as error:
        return Finding(
            "엔진",
            False,
            found,
            f"docker 명령에 buildx가 없어 BuildKit으로 빌드할 수 없다 ({error})",
            _outside("make lab", "실습실의 셸이 아니라면"),
        )
    return Finding("엔진", True, f"{found} ({', '.join(rest)}){_unproven(found)}")


def _unproven(engine: str) -> str:
    """What to add where the lessons were run with no engine as new as this one ("… 29.1.0")."""
    if _numbers(engine) <= _numbers(PROVEN[0]):
        return ""
    return f" · 수업을 시험한 엔진({PROVEN[0]})보다 새것이라 출력이 글과 다를 수 있다"


def _numbers(version: str) -> list[int]:
    """For comparing: [28, 5, 2] of "Docker Engine 28.5.2+dfsg4"."""
    return [int(part) for part in re.findall(r"\d+", version.partition("+")[0])]


def _network(client: docker.DockerClient) -> Finding:
    """Containers reach the lab, and what lies beyond, through the default bridge."""
    settings = client.networks.get("bridge").attrs["IPAM"]["Config"]
    gateway = next((one.get("Gateway", "") for one in settings or []), "")
    forwards = Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() == "1"
    if gateway != INDEX[0] or not forwards:
        return Finding(
            "네트워크",
            False,
            f"기본 브리지 {gateway or '없음'}, 전달 {'켜짐' if forwards else '꺼짐'}",
            f"브리지의 주소가 {INDEX[0]}이고 패킷 전달이 켜져 있어야 빌드가 패키지를 찾는다",
            _outside("make stop && make lab"),
        )
    return Finding("네트워크", True, f"기본 브리지 {gateway}")


def _store(info: dict[str, Any]) -> Finding:
    driver = info["Driver"]
    store = STORES.get(driver)
    if store is None:
        return Finding(
            "이미지 저장소",
            False,
            f"스토리지 드라이버 {driver}",
            "레이어를 겹치지 않고 통째로 복사하는 드라이버라 수업의 측정값이 모두 달라진다",
            _outside("make stop && make lab"),
        )
    return Finding("이미지 저장소", True, f"{store} (스토리지 드라이버 {driver})")


def _base(client: docker.DockerClient, name: str) -> Finding:
    try:
        labels = client.images.get(name).labels
    except docker.errors.ImageNotFound:
        return Finding(
            f"베이스 이미지 {name}",
            False,
            "없다",
            "준비 중이거나, Docker Hub가 응답하지 않았다 (/var/log/lab/bases.log)",
            _outside("make lab", "다시 불러도 안전하다"),
        )
    source = SOURCES.get(labels.get(BASE_LABEL, ""), "직접 받은 이미지")
    return Finding(f"베이스 이미지 {name}", True, source)


def _later(client: docker.DockerClient) -> Finding:
    found = _base(client, LATER)
    if found.ok:
        return found
    return Finding(found.name, True, "아직 없다 (받는 중이거나, 쓰는 수업이 빌드할 때 받는다)")


def _index() -> Finding:
    try:
        with socket.create_connection(INDEX, timeout=3):
            return Finding("패키지 인덱스", True, "실습실 안에서 휠을 제공한다")
    except OSError as error:
        return Finding(
            "패키지 인덱스",
            False,
            "응답하지 않는다",
            f"빌드 속 pip install이 실패한다 ({error})",
            "s6-svc -r /run/service/index",
        )


def _disk() -> Finding:
    free = shutil.disk_usage("/var/lib/docker" if Path("/var/lib/docker").exists() else "/").free
    found = f"{free / 1e9:.1f} GB 남음"
    if free < 3e9:
        return Finding("디스크", False, found, "수업의 빌드에 3 GB가 필요하다", "docker system df")
    return Finding("디스크", True, found)


def _memory() -> Finding:
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))
    free = min([free, *_left_of_limit()])
    found = f"{free / 1e9:.1f} GB 쓸 수 있음"
    if free < 5e8:
        return Finding(
            "메모리",
            False,
            found,
            "수업의 빌드와 노트북에 0.5 GB가 필요하다",
            "docker ps  (쓰지 않는 컨테이너를 멈추고, 열어 둔 노트북의 커널을 끈다)",
        )
    return Finding("메모리", True, found)


def _left_of_limit() -> list[int]:
    """Bytes that the lab's own limit leaves, if it has one (kernel: cgroup-v2.rst, memory.rst)."""
    for folder, limit, used, cache in (
        ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
         "total_inactive_file"),
    ):  # fmt: skip
        with suppress(OSError, ValueError):  # another version of cgroups, or "max"
            left = int(Path(folder, limit).read_text()) - int(Path(folder, used).read_text())
            rows = dict(
                line.split() for line in Path(folder, "memory.stat").read_text().splitlines()
            )
            return [left + int(rows[cache])]  # the kernel gives cache back when it must
    return []


def _tail(path: Path, lines: int) -> list[str]:
    try:
        run = subprocess.run(
            ["tail", "-n", str(lines), str(path)], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return []
    return run.stdout.splitlines()
