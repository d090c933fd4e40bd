"""The lab from within: what a lesson may rely on."""

import json
import os
import re
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from coach.doctor import PROVEN

STORE = os.environ["LAB_STORE"]


def sh(command: str, timeout: float = 120) -> str:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        check=True,
        timeout=timeout,
    ).stdout.strip()


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(base_url="unix:///var/run/docker.sock")
    yield client
    client.close()


def wait_for_engine(client: docker.DockerClient) -> None:
    for _ in range(100):
        try:
            if client.ping():
                return
        except (docker.errors.APIError, OSError):
            time.sleep(0.2)
    pytest.fail("the engine did not come back")


def test_engine_keeps_images_in_the_chosen_store(client: docker.DockerClient) -> None:
    assert client.info()["Driver"] == {"containerd": "overlayfs", "overlay2": "overlay2"}[STORE]


def test_supervisor_is_the_first_process() -> None:
    assert Path("/proc/1/comm").read_text().strip() == "s6-svscan"


def test_lab_is_not_privileged() -> None:
    status = dict(
        line.split(":\t")
        for line in Path("/proc/1/status").read_text().splitlines()
        if ":\t" in line
    )
    effective = int(status["CapEff"], 16)
    granted = {bit for bit in range(64) if effective >> bit & 1}
    assert {12, 19, 21} <= granted  # NET_ADMIN, SYS_PTRACE, SYS_ADMIN
    assert not granted & {16, 17, 22, 25}  # SYS_MODULE, SYS_RAWIO, SYS_BOOT, SYS_TIME


def test_only_jupyter_and_the_index_listen() -> None:
    addresses = {line.split()[3] for line in sh("ss -Htln").splitlines()}
    outside = {a for a in addresses if not a.startswith(("127.", "[::1]"))}
    assert outside <= {"0.0.0.0:8888", "10.213.0.1:3141"}
    assert {"0.0.0.0:8888", "10.213.0.1:3141"} <= addresses


def test_jupyter_asks_for_the_token() -> None:
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen("http://127.0.0.1:8888/api/contents")
    token = Path("/run/lab/token").read_text()
    assert len(token) >= 32
    with urllib.request.urlopen(f"http://127.0.0.1:8888/api/contents?token={token}") as answer:
        names = {row["name"] for row in json.load(answer)["content"]}
    assert {"notebooks", "시작.md"} <= names


def test_token_is_readable_by_root_only() -> None:
    assert stat.S_IMODE(Path("/run/lab/token").stat().st_mode) == 0o600


def test_jupyter_speaks_korean() -> None:
    token = Path("/run/lab/token").read_text()
    with urllib.request.urlopen(
        f"http://127.0.0.1:8888/lab/api/translations/ko_KR?token={token}"
    ) as answer:
        words = json.load(answer)["data"]["jupyterlab"]
    assert words["CSV File"] == ["CSV 파일"]


def test_base_images_say_where_they_come_from(client: docker.DockerClient) -> None:
    for name in ("debian:trixie-slim", "python:3.13-slim", "python:3.13"):
        assert client.images.get(name).labels["org.docker-anatomy.base"] in {
            "hub",
            "bundle",
            "engine",
            "stand-in",
        }


def test_python_base_has_the_official_layout() -> None:
    where = sh(
        "docker run --rm python:3.13-slim python -c"
        " 'import pip, sys; print(sys.executable, pip.__path__[0])'"
    )
    assert where == "/usr/local/bin/python /usr/local/lib/python3.13/site-packages/pip"


def test_debian_base_keeps_no_packages_it_downloaded() -> None:
    assert "DPkg::Post-Invoke" in sh(
        "docker run --rm debian:trixie-slim cat /etc/apt/apt.conf.d/docker-clean"
    )


def test_container_limits_are_enforced() -> None:
    """Cgroups are writable: a memory limit kills."""
    command = "docker run --rm -m 32m python:3.13-slim python -c 'bytearray(200_000_000)'"
    assert subprocess.run(command, shell=True, capture_output=True, check=False).returncode == 137  # noqa: S602


def test_container_of_another_user_can_be_entered() -> None:
    """docker exec and health checks reach processes that are not root's."""
    name = "docker-anatomy-test-user"
    sh(f"docker run -d --rm --name {name} --user 10001 --cap-drop ALL debian:trixie-slim sleep 60")
    try:
        assert sh(f"docker exec {name} id -u") == "10001"
    finally:
        sh(f"docker rm -f {name}")


def test_published_port_is_reachable() -> None:
    name = "docker-anatomy-test-port"
    sh(
        f"docker run -d --rm --name {name} -p 127.0.0.1:0:8000"
        " python:3.13-slim python -m http.server 8000"
    )
    try:
        port = int(sh(f"docker port {name} 8000 | head -1").rsplit(":", 1)[1])
        for _ in range(50):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    if connection.recv(15).startswith(b"HTTP/1.0 200"):
                        break
            except OSError:
                pass
            time.sleep(0.2)
        else:
            pytest.fail("no answer from the container")
    finally:
        sh(f"docker rm -f {name}")


def test_flask_application_builds_and_answers() -> None:
    sh("docker build -q -t docker-anatomy-test/hello /opt/docker-anatomy/originals/samples/hello")
    try:
        page = sh(
            "docker run --rm docker-anatomy-test/hello python -c "
            "'import app; print(app.app.test_client().get(\"/\").text)'"
        )
        assert "인사드립니다" in page
    finally:
        sh("docker rmi -f docker-anatomy-test/hello")


def test_index_refuses_uploads_and_names_outside() -> None:
    for path in ("../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd"):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://10.213.0.1:3141/packages/{path}")
    request = urllib.request.Request(
        "http://10.213.0.1:3141/", data=b":action=file_upload", method="POST"
    )
    with pytest.raises(urllib.error.HTTPError, match="40"):
        urllib.request.urlopen(request)


def test_finished_containers_leave_no_zombies(client: docker.DockerClient) -> None:
    for _ in range(5):
        client.containers.run("debian:trixie-slim", "true", remove=True)
    time.sleep(1)
    zombies = [row for row in sh("ps -eo stat=,args=").splitlines() if row.startswith("Z")]
    assert zombies == []


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
def test_engine_comes_back_when_a_lesson_stops_it(client: docker.DockerClient, signal: str) -> None:
    before = {image.id for image in client.images.list()}
    old = sh("pgrep -x dockerd")
    sh(f"pkill -{signal} -x dockerd")
    for _ in range(100):
        if subprocess.run(
            ["pgrep", "-x", "dockerd"], capture_output=True, text=True, check=False
        ).stdout.strip() not in {"", old}:
            break
        time.sleep(0.2)
    wait_for_engine(client)
    assert {image.id for image in client.images.list()} == before
    assert client.containers.run("debian:trixie-slim", "echo back", remove=True) == b"back\n"


def test_doctor_finds_nothing_wrong() -> None:
    report = json.loads(sh("coach doctor --json"))
    assert report["ok"], report


def test_doctor_names_each_part_and_its_version() -> None:
    names = {finding["name"] for finding in json.loads(sh("coach doctor --json"))["findings"]}
    assert {"엔진", "이미지 저장소", "네트워크", "패키지 인덱스", "디스크", "메모리"} <= names
    assert re.search(r"containerd \d.*runc \d.*buildx \d", sh("coach doctor"))


def test_doctor_tells_whether_the_lessons_were_run_with_this_engine(
    client: docker.DockerClient,
) -> None:
    """Debian's newest moves on by itself; then lessons are to be run, and PROVEN says so again."""
    here = client.version()["Version"].partition("+")[0]
    proven = here in PROVEN
    newer = "수업을 시험한 엔진" in sh("coach doctor")
    assert proven != newer, f"{here} is neither among {PROVEN} nor newer"


def test_doctor_says_what_is_wrong_with_the_network() -> None:
    forwards = Path("/proc/sys/net/ipv4/ip_forward")
    forwards.write_text("0")
    try:
        result = subprocess.run(["coach", "doctor"], capture_output=True, text=True, check=False)
    finally:
        forwards.write_text("1")
    assert result.returncode == 1
    assert "전달 꺼짐" in result.stdout


def test_doctor_says_what_is_wrong_when_the_engine_is_down() -> None:
    result = subprocess.run(
        ["coach", "doctor"],
        env={**os.environ, "DOCKER_HOST": "unix:///nonexistent.sock"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    for part in ("응답하지 않는다", "왜:", "다음:"):
        assert part in result.stdout


def test_doctor_tells_how_to_bring_back_an_engine_that_was_put_down(
    client: docker.DockerClient,
) -> None:
    sh("s6-svc -wD -d /run/service/engine")
    try:
        result = subprocess.run(["coach", "doctor"], capture_output=True, text=True, check=False)
        assert result.returncode == 1
        assert "s6-svc -u /run/service/engine" in result.stdout
    finally:
        sh("s6-svc -u /run/service/engine")
        wait_for_engine(client)


def test_lesson_tools_are_there() -> None:
    for tool in (
        "ctr",
        "docker-registry",
        "runc",
        "umoci",
        "skopeo",
        "strace",
        "jq",
        "curl",
        "busybox",
        "dive",
        "hadolint",
        "layerscope",
    ):
        sh(f"command -v {tool}")


def test_build_tools_and_caches_stay_out_of_the_lab() -> None:
    assert (
        sh("ls /var/lib/apt/lists /var/cache/apt/archives | grep -cE '(Packages|deb)$' || true")
        == "0"
    )
