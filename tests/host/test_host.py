"""The lab from outside: `make` verbs against this machine's engine.

Every lab here has a name, a port and volumes of its own.
"""

import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from outside import ROOT, docker, lab_grants, listed, run_make, says

NAME = "docker-anatomy-hosttest"
PORT = 18889
TEST = {"LAB_NAME": NAME, "LAB_PORT": str(PORT), "YES": "1"}


def make(
    verb: str, check: bool = True, stdin: str | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    return run_make(verb, {**TEST, **env}, check=check, stdin=stdin)


def inside(command: str) -> str:
    return docker("exec", NAME, "bash", "-euo", "pipefail", "-c", command)


def url_of(result: subprocess.CompletedProcess[str]) -> str:
    return result.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def lab() -> Iterator[str]:
    """A lab from nothing; yields its address."""
    make("reset")
    yield url_of(make("lab"))
    make("reset")


def test_lab_prints_an_address_that_opens(lab: str) -> None:
    assert re.fullmatch(rf"http://127\.0\.0\.1:{PORT}/lab\?token=[0-9a-f]{{48}}", lab)
    with urllib.request.urlopen(lab) as page:
        assert page.status == 200


def test_lab_is_closed_without_the_token(lab: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/contents")


def test_lab_listens_on_loopback_only(lab: str) -> None:
    listening = subprocess.run(["ss", "-Htln"], capture_output=True, text=True, check=True).stdout
    assert [
        row.split()[3] for row in listening.splitlines() if row.split()[3].endswith(f":{PORT}")
    ] == [f"127.0.0.1:{PORT}"]


def test_second_call_finds_the_running_lab(lab: str) -> None:
    before = docker("inspect", "-f", "{{.Id}} {{.State.StartedAt}}", NAME)
    began = time.monotonic()
    assert url_of(make("lab")) == lab
    print(f"second call: {time.monotonic() - began:.1f} s")
    assert docker("inspect", "-f", "{{.Id}} {{.State.StartedAt}}", NAME) == before


def test_lab_has_just_the_capabilities_it_needs(lab: str) -> None:
    host = json.loads(docker("inspect", NAME))[0]["HostConfig"]
    assert host["Privileged"] is False
    assert sorted(c.removeprefix("CAP_") for c in host["CapAdd"]) == [
        "NET_ADMIN",
        "SYS_ADMIN",
        "SYS_PTRACE",
    ]


def test_build_works_with_the_network_cut(lab: str) -> None:
    docker("network", "disconnect", "bridge", NAME)
    try:
        built = inside("docker build --no-cache -q /opt/docker-anatomy/originals/samples/hello")
        assert built.startswith("sha256:")
    finally:
        docker("network", "connect", "bridge", NAME)


def test_work_survives_stop_and_start(lab: str) -> None:
    inside("echo mine > /learn/notebooks/05_layers.ipynb; echo memo > /learn/memo.md")
    make("stop")
    assert NAME not in docker("ps", "-a", "--format", "{{.Names}}").split()
    make("lab")
    assert inside("cat /learn/notebooks/05_layers.ipynb /learn/memo.md") == "mine\nmemo"
    assert "05_layers" in inside("coach reset 05_layers")
    assert inside("jq -r .nbformat /learn/notebooks/05_layers.ipynb") == "4"


def test_images_built_in_the_lab_survive_too(lab: str) -> None:
    inside("printf 'FROM debian:trixie-slim\\nENV kept=1\\n' | docker build -q -t kept -")
    make("stop")
    make("lab")
    assert "kept" in inside("docker images --format '{{.Repository}}'").split()


def test_each_start_has_a_token_of_its_own(lab: str) -> None:
    first = url_of(make("lab"))
    make("stop")
    assert url_of(make("lab")) != first


def test_an_updated_image_brings_lessons_and_keeps_edits(lab: str) -> None:
    inside("echo mine > /learn/notebooks/00_start.ipynb")
    image = f"{NAME}-update"
    docker(
        "build",
        "-q",
        "-t",
        image,
        "-",
        stdin=(
            "FROM docker-anatomy/lab\n"
            "RUN echo new > /opt/docker-anatomy/originals/notebooks/05_layers.ipynb"
            " && echo new > /opt/docker-anatomy/originals/notebooks/00_start.ipynb\n"
        ),
    )
    try:
        subprocess.run(
            ["docker", "compose", "up", "-d", "--no-build"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            env={**os.environ, **TEST, "LAB_IMAGE": image, "COMPOSE_PROJECT_NAME": NAME},
        )
        for _ in range(60):
            if (
                subprocess.run(
                    ["docker", "exec", NAME, "lab-ready"], capture_output=True, check=False
                ).returncode
                == 0
            ):
                break
            time.sleep(0.5)
        assert inside("cat /learn/notebooks/05_layers.ipynb") == "new"
        assert inside("cat /learn/notebooks/00_start.ipynb") == "mine"
    finally:
        make("lab")  # back to the image that the repository makes
        inside("coach reset 00_start >/dev/null")
        docker("rmi", image)


def test_compose_alone_runs_the_same_lab(lab: str) -> None:
    def what_matters() -> dict[str, object]:
        facts = json.loads(docker("inspect", NAME))[0]
        host = facts["HostConfig"]
        keys = ("CapAdd", "SecurityOpt", "PortBindings", "Tmpfs", "NetworkMode", "Privileged")
        mounts = sorted((m["Destination"], m.get("Name") or m["Source"]) for m in facts["Mounts"])
        return {
            "image": facts["Image"],
            "mounts": mounts,
            "env": sorted(facts["Config"]["Env"]),
            **{k: host[k] for k in keys},
        }

    ours = what_matters()
    make("stop")
    subprocess.run(
        ["docker", "compose", "up", "-d", "--no-build"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        env={**os.environ, **TEST, "COMPOSE_PROJECT_NAME": NAME},
    )
    assert what_matters() == ours
    make("lab")


def test_stopping_is_clean(lab: str) -> None:
    docker("stop", "-t", "30", NAME)
    assert docker("inspect", "-f", "{{.State.ExitCode}}", NAME) == "0"
    make("lab")


def test_end_of_jupyter_ends_the_lab(lab: str) -> None:
    make("lab")
    inside("pkill -TERM -x jupyter-lab")
    for _ in range(60):
        if docker("inspect", "-f", "{{.State.Running}}", NAME) == "false":
            break
        time.sleep(0.5)
    else:
        pytest.fail("the container still runs")
    make("lab")


def test_lab_without_an_engine_still_opens_and_says_why() -> None:
    """No volume for /var/lib/docker's file system to lie on: overlay on overlay is refused."""
    name = f"{NAME}-broken"
    docker("run", "-d", "--name", name, "--cap-add", "SYS_ADMIN", "docker-anatomy/lab")
    try:
        for _ in range(120):
            answer = subprocess.run(
                [
                    "docker",
                    "exec",
                    name,
                    "sh",
                    "-c",
                    "curl -fsS http://127.0.0.1:8888/api >/dev/null && cat /learn/진단.md",
                ],
                capture_output=True,
                text=True,
                check=False,
            )
            if answer.returncode == 0:
                break
            time.sleep(0.5)
        assert "Docker Engine이 응답하지 않는다" in answer.stdout
        assert "**왜:**" in answer.stdout
        assert "**다음:**" in answer.stdout
        assert "failed" in answer.stdout  # the engine's own words
    finally:
        docker("rm", "-f", "-v", name)


@contextmanager
def lab_by_hand(name: str, *options: str, image: str = "docker-anatomy/lab") -> Iterator[str]:
    """Granted what compose.yaml grants, on an engine or a network that compose would not choose."""
    docker("run", "-d", "--name", name, *lab_grants(), *options, image)
    try:
        for _ in range(120):
            if docker("exec", name, "sh", "-c", "docker version >/dev/null 2>&1 && echo up || :"):
                break
            time.sleep(0.5)
        yield name
    finally:
        docker("rm", "-f", "-v", name)


def test_containers_in_the_lab_send_no_bigger_packets_than_the_lab_may() -> None:
    """A VPN's or a cluster's MTU: what is too big for it is dropped without a word."""
    network = f"{NAME}-mtu"
    option = "com.docker.network.driver.mtu"
    docker("network", "create", "--opt", f"{option}=1400", network)
    try:
        with lab_by_hand(network, "--network", network):
            docker("exec", network, "docker", "network", "create", "mine")
            told = f'{{{{index .Options "{option}"}}}}'
            for name in ("bridge", "mine"):
                inspect = ("docker", "network", "inspect", "-f", told, name)
                assert docker("exec", network, *inspect) == "1400"
    finally:
        docker("network", "rm", network)


def test_lab_keeps_to_cgroups_of_its_own_on_an_engine_that_shows_all() -> None:
    """As with `default-cgroupns-mode: host`, where the lab once moved into the machine's root."""
    if docker("info", "-f", "{{.CgroupVersion}}") == "1":
        pytest.skip("cgroup v1 has one mount for each controller, and no such mode to fear")
    name = f"{NAME}-cgroupns"
    with lab_by_hand(name, "--cgroupns=host"):
        ours = docker("inspect", "-f", "{{.Id}}", name)
        mounts = docker("exec", name, "cat", "/proc/self/mountinfo").splitlines()
        roots = [mount.split()[3] for mount in mounts if mount.split()[4] == "/sys/fs/cgroup"]
        assert ours in roots[-1]
        # Where lab-init put all that runs in the lab.
        assert f"{ours}/init" in docker("exec", name, "cat", "/proc/1/cgroup").replace(".scope", "")


def test_lab_mounts_on_an_engine_whose_images_are_not_roots() -> None:
    """With userns-remap, as root of the host: a setuid mount would run as the remapped root."""
    name = f"{NAME}-remap"
    setuid = "chown 300000:300000 /usr/bin/mount /usr/bin/umount && chmod u+s /usr/bin/*mount"
    docker("build", "-q", "-t", name, "-", stdin=f"FROM docker-anatomy/lab\nRUN {setuid}\n")
    try:
        with lab_by_hand(name, image=name):
            logs = subprocess.run(
                ["docker", "logs", name], capture_output=True, text=True, check=False
            )
            assert "lab-init:" not in logs.stderr, logs.stderr
            assert docker("exec", name, "stat", "-c", "%u", "/usr/bin/mount") == "0"
    finally:
        docker("rmi", name)


def test_a_taken_port_is_explained() -> None:
    with socket.create_server(("127.0.0.1", PORT + 1)):
        says(
            make("lab", check=False, LAB_NAME=f"{NAME}-port", LAB_PORT=str(PORT + 1)),
            f"포트 {PORT + 1}",
            f"LAB_PORT={PORT + 2} make lab",
        )
    assert f"{NAME}-port" not in docker("ps", "-a", "--format", "{{.Names}}")
    assert f"{NAME}-port" not in docker("volume", "ls", "-q")


def test_a_store_that_does_not_exist_is_refused_before_anything_is_made() -> None:
    name, image = f"{NAME}-store", f"{NAME}-store/lab"
    result = make("lab", check=False, LAB_STORE="typo", LAB_NAME=name, LAB_IMAGE=image)
    says(result, "이미지 저장소의 이름이 틀렸다", "'typo'", "LAB_STORE=overlay2 make lab")
    assert not docker("ps", "-aq", "--filter", f"name={name}")
    assert not docker("volume", "ls", "-q", "--filter", f"name={name}")
    assert not docker("image", "ls", "-q", image)


def test_compose_alone_is_told_of_such_a_store_and_reset_removes_its_volume() -> None:
    name = f"{NAME}-store"
    lookalikes = (f"{name}-engine-mine", f"{name}-engine-two-engine-typo", f"{name}-engine-work")
    for volume in lookalikes:
        ours = () if volume.endswith("mine") else ("--label", "org.docker-anatomy=lab")
        docker("volume", "create", *ours, volume)
    env = {**os.environ, **TEST, "LAB_NAME": name, "LAB_PORT": str(PORT + 5)}
    env |= {"LAB_STORE": "typo", "COMPOSE_PROJECT_NAME": name}
    try:
        result = subprocess.run(
            ["docker", "compose", "up", "--no-build"],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        for part in ("문제: 이미지 저장소의 이름이 틀렸다", "왜: ", "다음: "):
            assert part in result.stdout + result.stderr
        assert docker("inspect", "-f", "{{.State.ExitCode}}", name) == "2"
        assert f"{name}-engine-typo" in docker("volume", "ls", "-q").split()
        make("reset", LAB_NAME=name)
        left = docker("volume", "ls", "-q", "--filter", f"name={name}").split()
        assert sorted(left) == sorted(lookalikes)
    finally:
        make("reset", LAB_NAME=name)
        docker("volume", "rm", *lookalikes)


def test_an_engine_that_does_not_answer_is_explained() -> None:
    says(make("lab", check=False, DOCKER_HOST="unix:///nonexistent.sock"), "DOCKER_HOST")


@pytest.fixture
def strange_machine(tmp_path: Path) -> Path:
    """A PATH of its own: this machine's commands, to be replaced one by one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for place in os.environ["PATH"].split(":"):
        for command in Path(place).glob("*"):
            if not (folder / command.name).exists():
                (folder / command.name).symlink_to(command)
    return folder


def stand_in_command(folder: Path, name: str, script: str) -> dict[str, str]:
    path = folder / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)
    return {"PATH": str(folder)}


def test_an_engine_without_permission_is_explained(strange_machine: Path) -> None:
    env = stand_in_command(
        strange_machine,
        "docker",
        'echo "permission denied while trying to connect to the Docker daemon socket" >&2; exit 1',
    )
    says(make("lab", check=False, **env), "usermod -aG docker")


def test_a_full_disk_is_explained(strange_machine: Path) -> None:
    env = stand_in_command(strange_machine, "df", "printf 'h\\nx 1 1 1000 1 /\\n'")
    # The engine's folder is not on this container's disk; any folder will do for df.
    env |= {"LAB_NAME": f"{NAME}-full", "LAB_PORT": str(PORT + 3)}
    Path("/var/lib/docker").mkdir(exist_ok=True)
    says(make("lab", check=False, **env), "디스크", "6 GB")


def without_engine_or_root(folder: Path) -> dict[str, str]:
    for command, script in (("docker", "exit 1"), ("id", "echo 1000"), ("sudo", "exit 1")):
        env = stand_in_command(folder, command, script)
    return env


def test_a_machine_without_docker_or_root_is_told_what_to_install(strange_machine: Path) -> None:
    env = without_engine_or_root(strange_machine)
    (strange_machine / "dockerd").unlink()
    says(make("lab", check=False, **env), "apt-get install docker.io")


def test_an_engine_that_is_off_is_told_how_to_start(strange_machine: Path) -> None:
    env = without_engine_or_root(strange_machine)
    says(make("lab", check=False, **env), "systemctl start docker")


def test_another_engine_gets_none_of_our_packages(strange_machine: Path) -> None:
    """Docker CE without its compose plugin: Debian's packages would push it out."""
    real = (strange_machine / "docker").resolve()
    env = stand_in_command(
        strange_machine,
        "docker",
        f'case $1 in compose | buildx | build) exit 1 ;; esac\nexec {real} "$@"',
    )
    stand_in_command(strange_machine, "dpkg", "exit 1")
    stand_in_command(strange_machine, "apt-get", "touch apt-was-called; exit 1")
    says(make("lab", check=False, **env), "compose 플러그인")
    assert not (ROOT / "apt-was-called").exists()


def test_no_network_and_no_base_is_explained(strange_machine: Path) -> None:
    real = subprocess.run(
        ["which", "docker"], capture_output=True, text=True, check=True
    ).stdout.strip()
    env = stand_in_command(
        strange_machine,
        "docker",
        '[ "$1 $2" != "image inspect" ] || exit 1\n'
        '[ "$1" != pull ] || { echo "no such host" >&2; exit 1; }\n'
        f'exec {real} "$@"',
    )
    stand_in_command(strange_machine, "apt-get", "exit 1")
    says(
        make("lab", check=False, LAB_NAME=f"{NAME}-net", LAB_PORT=str(PORT + 4), **env), "네트워크"
    )
    assert f"{NAME}-net" not in docker("ps", "-a", "--format", "{{.Names}}")


def test_doctor_lists_each_prerequisite(lab: str) -> None:
    report = make("doctor").stdout
    for name in ("Docker Engine", "디스크", "메모리", f"포트 {PORT}", "이미지 저장소"):
        assert f"정상  {name}" in report


def test_doctor_fails_with_cause_and_fix() -> None:
    report = make("doctor", check=False, DOCKER_HOST="unix:///nonexistent.sock")
    assert report.returncode != 0
    assert "문제  Docker Engine: 응답 없음" in report.stdout
    assert "왜: " in report.stdout
    assert "다음: unset DOCKER_HOST" in report.stdout


def test_reset_asks_first(lab: str) -> None:
    result = make("reset", check=False, stdin="no\n", YES="")
    assert result.returncode != 0
    assert docker("inspect", "-f", "{{.State.Running}}", NAME) == "true"


def everything_on_the_engine() -> dict[str, set[str]]:
    """All but the images that the repository makes, which `make lab` may just have renewed."""
    images = set(docker("images", "-aq", "--no-trunc").split())
    images -= set(docker("images", "-aq", "--no-trunc", "-f", "label=org.docker-anatomy").split())
    return {
        "images": images,
        "containers": listed(NAME, "ps", "-aq", "--no-trunc"),
        "volumes": listed(NAME, "volume", "ls", "-q"),
        "networks": listed(NAME, "network", "ls", "-q", "--no-trunc"),
    }


def test_reset_removes_what_is_ours_and_nothing_else(lab: str) -> None:
    """A neighbour's container, image and volume, one of them with a name much like ours."""
    make("reset")
    neighbour = "docker-anatomy-neighbour"
    docker("volume", "create", f"{neighbour}-work")
    docker(
        "build", "-q", "-t", neighbour, "-", stdin='FROM scratch\nLABEL neighbour=1\nCMD ["x"]\n'
    )
    docker("create", "--name", neighbour, "-v", f"{neighbour}-work:/data", neighbour)
    try:
        before = everything_on_the_engine()
        make("lab")
        assert everything_on_the_engine()["volumes"] - before["volumes"] == {
            f"{NAME}-work",
            f"{NAME}-engine-containerd",
        }
        make("reset")
        assert everything_on_the_engine() == before
    finally:
        docker("rm", neighbour)
        docker("rmi", neighbour)
        docker("volume", "rm", f"{neighbour}-work")
        make("lab")
