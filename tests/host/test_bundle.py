"""The bundle: what a machine without any network can do with Docker and one file."""

import hashlib
import io
import os
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from outside import ROOT, docker, lab_grants, says
from test_host import make

NAME = "docker-anatomy-offline"
ARCHIVES = ("lab.tar.gz", "bases.tar.gz")
# As a learner would type it, two folders below the root of the machine.
BUNDLE = "BUNDLE='../../usb/묶음 파일.tar'"


@pytest.fixture(scope="module")
def bundle() -> Iterator[Path]:
    """As an instructor makes it; the name has a space in it, as names on a USB stick have."""
    file = ROOT / "build" / "bundle test" / "묶음 파일.tar"
    # The checkout may be another user's than this container's root.
    git: dict[str, Any] = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    began = time.monotonic()
    make("bundle", BUNDLE=str(file), **git)
    print(f"made in {time.monotonic() - began:.0f} s: {file.stat().st_size / 1e6:.0f} MB")
    yield file
    file.unlink()
    file.parent.rmdir()


@pytest.fixture(scope="module")
def machine(bundle: Path) -> Iterator[Callable[[str], str]]:
    """A machine with Docker, the bundle and no network; yields a shell on it.

    It is a lab: a container with an engine of its own.  Its bridge keeps out of the way of the lab
    that will run inside it.
    """
    docker(
        *("run", "-d", "--name", NAME, "--network", "none", "--label", "org.docker-anatomy=test"),
        *lab_grants(),
        *("-v", f"{bundle.parent}:/usb:ro", "-e", "LAB_STORE=overlay2"),
        *("--entrypoint", "bash", "docker-anatomy/test", "-c"),
        r'exec bash <(sed "s/10\.213\./10.219./" "$(command -v lab-init)")',
    )

    def shell(command: str) -> str:
        # The machine's own Jupyter has the usual port.
        settings = ("LAB_PORT=8889", "LAB_IMAGE", "WORKSHOP_IMAGE")
        options = [word for setting in settings for word in ("-e", setting)]
        result = subprocess.run(
            ["docker", "exec", *options, NAME, "bash", "-euo", "pipefail", "-c", command],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout.strip()

    try:
        shell("for _ in $(seq 100); do docker version && exit; sleep 0.2; done; exit 1")
        yield shell
    finally:
        docker("rm", "-f", "-v", NAME)


@pytest.fixture(scope="module")
def lab(machine: Callable[[str], str]) -> str:
    """What `make lab` said there: the source comes out of the bundle, too."""
    began = time.monotonic()
    said = machine(
        "mkdir /class && cd /class && tar -xf '/usb/묶음 파일.tar' docker-anatomy"
        f" && cd docker-anatomy && make lab {BUNDLE}"
    )
    print(f"from the file to the address: {time.monotonic() - began:.0f} s")
    return said


def test_bundle_holds_the_source_and_no_secrets(bundle: Path) -> None:
    with tarfile.open(bundle) as members:
        names = members.getnames()
    assert names[0] == "manifest"
    assert set(ARCHIVES) <= set(names)
    assert "docker-anatomy/lab/host" in names
    assert [n for n in names if "lab/network/" in n] == ["docker-anatomy/lab/network/.gitkeep"]
    assert not [n for n in names if "/.git/" in n or n.startswith("docker-anatomy/build/")]


def test_machine_has_no_way_out(machine: Callable[[str], str]) -> None:
    assert "default" not in machine("ip route")
    assert machine("ip -o link | cut -d' ' -f2 | sort") == "docker0:\nlo:"
    assert not machine("docker images -q")


def build_in(lab: str, machine: Callable[[str], str]) -> None:
    """The base image came with the bundle, and the wheels with the lab's image."""
    machine(f"until docker exec {lab} lab-bases --check; do sleep 0.5; done")
    dockerfile = r"FROM python:3.13-slim\nRUN pip install flask && python -c 'import flask'\n"
    machine(f'printf "{dockerfile}" | docker exec -i {lab} docker build -q -')


def test_lab_opens_from_the_bundle_alone(lab: str, machine: Callable[[str], str]) -> None:
    assert lab.splitlines()[-1].startswith("http://127.0.0.1:8889/lab?token=")
    machine("docker exec docker-anatomy lab-ready")
    build_in("docker-anatomy", machine)


def test_the_second_call_loads_nothing(lab: str, machine: Callable[[str], str]) -> None:
    again = machine(f"cd /class/docker-anatomy && make lab {BUNDLE}")
    assert again == lab.splitlines()[-1]


def test_workshop_opens_a_seat_from_the_bundle(lab: str, machine: Callable[[str], str]) -> None:
    machine(f"cd /class/docker-anatomy && make stop && make workshop {BUNDLE}")
    assert machine("docker exec docker-anatomy-workshop workshop start 1") == "s01: 열렸다"
    build_in("docker-anatomy-workshop-s01", machine)


def test_bases_for_seats_are_written_once(lab: str, machine: Callable[[str], str]) -> None:
    """Into a folder that running seats have mounted."""
    written = "cd /class && stat -c %y docker-anatomy/build/bases/bases.tar"
    before = machine(written)
    machine(f"cd /class/docker-anatomy && {BUNDLE} lab/host bases build/bases")
    assert machine(written) == before


def test_reset_removes_what_the_bundle_brought(lab: str, machine: Callable[[str], str]) -> None:
    machine("cd /class/docker-anatomy && YES=1 make workshop-reset reset")
    assert not machine("docker ps -aq; docker images -q; docker volume ls -q")


# ---- bundles that are refused: a small one, sound but for one thing --------------------------

Member = tuple[str, bytes | tarfile.TarInfo]


@cache
def architecture() -> str:
    return docker("version", "-f", "{{.Server.Arch}}")


def manifest(**changes: str) -> bytes:
    values = {
        "architecture": architecture(),
        "image": "docker-anatomy/lab 0",
        **{f"sha256 {name}": hashlib.sha256(name.encode()).hexdigest() for name in ARCHIVES},
    }
    values |= changes
    lines = ["docker-anatomy bundle 1", *(f"{key} {value}" for key, value in values.items())]
    return "\n".join([*lines, ""]).encode()


def link(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = tarfile.SYMTYPE
    member.linkname = target
    return member


def written(file: Path, *more: Member, **changes: str) -> Path:
    """A bundle whose archives hold nothing but their names; `more` comes after its own members."""
    members: list[Member] = [("manifest", manifest(**changes))]
    members += [(name, name.encode()) for name in ARCHIVES]
    with tarfile.open(file, "w") as archive:
        for name, content in (*members, *more):
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
            else:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return file


def refused(file: Path | str, *parts: str) -> None:
    """In Korean, before the engine gets anything to load."""
    name = "docker-anatomy-refused"
    result = make("lab", check=False, BUNDLE=str(file), LAB_NAME=name, LAB_PORT="18899")
    says(result, *parts)
    assert "\x1b" not in result.stderr
    assert name not in docker("ps", "-a", "--format", "{{.Names}}")


def test_a_sound_bundle_reaches_the_engine(tmp_path: Path) -> None:
    """So what follows is refused for what was changed, and for nothing else."""
    refused(written(tmp_path / "b.tar"), "이미지를 엔진에 넣지 못했다")


def test_a_missing_bundle_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "없는 파일.tar", "열 수 없다", "없는 파일.tar")
    refused(tmp_path, "열 수 없다")


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_bytes(os.urandom(10_000))
    refused(tmp_path / "b.tar", "묶음이 아니다")


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "b.tar")
    file.write_bytes(file.read_bytes().replace(b"bundle 1\n", b"bundle 2\n"))
    refused(file, "묶음이 아니다", "더 새로운 판")


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    other = "amd64" if architecture() == "arm64" else "arm64"
    refused(
        written(tmp_path / "b.tar", architecture=other),
        f"묶음은 {other}",
        f"엔진은 {architecture()}",
    )


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_changed_byte_is_refused(tmp_path: Path, name: str) -> None:
    refused(written(tmp_path / "b.tar", **{f"sha256 {name}": "0" * 64}), "손상", name)


def test_a_bundle_cut_short_is_refused(tmp_path: Path) -> None:
    """In the middle of a member, and between two of them, which tar takes for an end."""
    file = written(tmp_path / "b.tar", ("docker-anatomy/big", bytes(100_000)))
    whole = file.read_bytes()
    file.write_bytes(whole[:50_000])
    refused(file, "손상", "끊겼다")
    file.write_bytes(whole[: 4 * 512])
    refused(file, "손상", "bases.tar.gz")


@pytest.mark.parametrize(
    "member",
    [
        ("docker-anatomy/../../escape", b""),
        ("/etc/docker-anatomy-escape", b""),
        ("../escape", b""),
        ("stranger", b""),
        ("", link("docker-anatomy/notebooks", "/etc")),
        ("", link("bases.tar.gz", "/etc/passwd")),
    ],
    ids=lambda member: member[0] or "link",
)
def test_strange_members_are_refused(tmp_path: Path, member: Member) -> None:
    refused(written(tmp_path / "b.tar", member), "묶음을 믿을 수 없다")
    assert not list(tmp_path.parent.rglob("*escape"))


def test_a_member_that_comes_twice_is_refused(tmp_path: Path) -> None:
    refused(written(tmp_path / "b.tar", ("lab.tar.gz", b"another")), "손상", "lab.tar.gz")


def test_a_manifest_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    refused(written(tmp_path / "b.tar", architecture="\x1b[2J\x1b]0;x\x07arm64"), "다른 CPU")
