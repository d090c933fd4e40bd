"""`make lab` and Docker Hub, good days and bad ones, on a machine that has no other network.

dockerhub.py plays Docker Hub there.  Each call here is what a learner types; after each failure the
machine is as it was.

Not tried: the digest that lab/Dockerfile pins, which only Docker Hub can serve (a copy pins the
digest of the image played), and what dockerhub.py says it does not play.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from outside import ROOT, copy_sources, docker, lab_grants, says

pytestmark = pytest.mark.long
NAME = "docker-anatomy-hubtest"
ADDRESS = "10.219.0.1"  # the machine's bridge: reached by itself, and by the lab that runs on it
LAB, PORT = "class", "8889"
PACKED = "docker-anatomy/base"
# The lab's image as `make lab` builds it, but for what takes minutes: what is made from the base.
DOCKERFILE = """
ARG LAB_BASE=debian
FROM debian:trixie-slim@{digest} AS debian
FROM ${{LAB_BASE}} AS base
ARG HTTPS_PROXY
RUN echo "$HTTPS_PROXY" >/proxy
FROM docker-anatomy/lab AS lab
COPY --from=base /etc/debian_version /proxy /opt/base/
"""


@dataclass
class Machine:
    """A learner's: an engine, the course's sources, and Docker Hub as it is played."""

    pinned: str  # the digest by which the lab's Dockerfile names its base

    def call(
        self, command: str, *options: str, stdin: str | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        settings = {"LAB_NAME": LAB, "LAB_PORT": PORT, "YES": "1", "LAB_IMAGE": "class/lab", **env}
        words = [word for item in settings.items() for word in ("-e", "=".join(item))]
        words += ["-i"] if stdin is not None else []
        return subprocess.run(
            ["docker", "exec", *options, *words, "-w", "/class", NAME,
             "bash", "-euo", "pipefail", "-c", command],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )  # fmt: skip

    def shell(self, command: str, *, stdin: str | None = None, **env: str) -> str:
        result = self.call(command, stdin=stdin, **env)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout.strip()

    def write(self, file: str, text: str) -> None:
        self.shell(f"mkdir -p $(dirname {file}) && cat >{file}", stdin=text)

    def play(self, **faults: object) -> None:
        """From now on; no fault is a good day.  Earlier requests are forgotten."""
        self.write("/hub/new", json.dumps(faults))
        self.shell("cd /hub && mv new play.json && rm -f log.jsonl")

    def requests(self) -> list[dict[str, str]]:
        lines = self.shell("cat /hub/log.jsonl 2>/dev/null || true").splitlines()
        return [json.loads(line) for line in lines]

    def hosts(self) -> set[str]:
        return {request["host"] for request in self.requests()}

    def settings(self, changes: str = ".") -> None:
        """Of the engine, which is started anew; by jq."""
        self.shell(
            f"jq '{changes}' /etc/docker/original.json >/etc/docker/daemon.json\n"
            "old=$(pidof dockerd)\n"
            "s6-svc -r /run/service/engine\n"
            "while kill -0 $old 2>/dev/null; do sleep 0.1; done\n"
            "until docker version >/dev/null 2>&1; do sleep 0.1; done"
        )

    def all(self) -> dict[str, str]:
        """What a call could leave behind; volumes are the lab's memory and may stay."""
        return {
            "containers": self.shell("docker ps -a --format '{{.Names}}'"),
            "images": self.shell(
                "docker images -a --format '{{.Repository}}:{{.Tag}} {{.ID}}' | sort"
            ),
            "files": self.shell("ls /tmp"),
        }

    def forget(self) -> None:
        """As if nothing had been pulled or built, and nobody had logged in."""
        self.shell(
            "make reset\n"
            "docker builder prune -af >/dev/null\n"
            "rm -rf ~/.docker /tmp/docker-anatomy-*\n"
            # By name where there is one: another name of the lab's image must not take it along.
            "docker images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}'"
            " | awk '$1 !~ /^docker-anatomy\\/lab:/ { print $1 ~ /<none>/ ? $2 : $1 }' | sort -u"
            " | xargs -r docker rmi -f >/dev/null"
        )


@pytest.fixture(scope="module")
def built_machine() -> Iterator[Machine]:
    """It is a lab: a container with an engine of its own, and of its services nothing else."""
    for verb in (["build"], ["bases", "build/bases"]):
        subprocess.run([ROOT / "lab/host", *verb], cwd=ROOT, check=True, capture_output=True)
    docker(
        *("run", "-d", "--name", NAME, "--network", "none", "--label", "org.docker-anatomy=test"),
        *lab_grants(),
        *("-v", f"{ROOT}/tests/host/dockerhub.py:/dockerhub.py:ro"),
        *("-v", f"{ROOT}/build/bases:/bases:ro"),
        *("-e", "LAB_STORE=overlay2", "-e", f"LAB_DNS={ADDRESS}"),
        *("--entrypoint", "bash", "docker-anatomy/test", "-euc"),
        "mkdir -p /hub /etc/docker-anatomy/network && python /dockerhub.py /hub certify"
        " && cp /hub/ca.crt /etc/docker-anatomy/network/"
        " && echo nameserver 127.0.0.1 >/etc/resolv.conf"
        " && cd /etc/docker-anatomy/service && rm -rf bases index jupyter report"
        ' && exec bash <(sed "s/10\\.213\\./10.219./" "$(command -v lab-init)")',
    )
    try:
        yield prepare(Machine(""))
    finally:
        docker("rm", "-f", "-v", NAME)


def prepare(machine: Machine) -> Machine:
    """Docker Hub with the images that this machine has, and a checkout."""
    within = ["docker", "exec", "-i", NAME]
    docker("exec", NAME, "python", "/dockerhub.py", "/hub", "publish", "/bases/bases.tar")
    docker("exec", "-d", NAME, "python", "/dockerhub.py", "/hub", "serve", ADDRESS)
    machine.pinned = json.loads(docker("exec", NAME, "cat", "/hub/names.json"))["library/debian"][
        "trixie-slim"
    ]
    docker("exec", NAME, "bash", "-c", "until docker version; do sleep 0.2; done")
    docker("exec", NAME, "cp", "/etc/docker/daemon.json", "/etc/docker/original.json")
    with subprocess.Popen(
        ["docker", "save", "docker-anatomy/lab"], stdout=subprocess.PIPE
    ) as saved:
        subprocess.run(
            [*within, "docker", "load"], stdin=saved.stdout, check=True, capture_output=True
        )
    with tempfile.TemporaryDirectory() as folder:
        copy_sources(Path(folder, "class"))
        docker("cp", f"{folder}/class", f"{NAME}:/")
    text = DOCKERFILE.format(digest=machine.pinned)
    subprocess.run(
        [*within, "tee", "/class/lab/Dockerfile"],
        input=text.encode(),
        check=True,
        capture_output=True,
    )
    return machine


@pytest.fixture
def machine(built_machine: Machine) -> Iterator[Machine]:
    built_machine.play()
    built_machine.forget()
    yield built_machine


@pytest.fixture
def learner(machine: Machine) -> Iterator[Machine]:
    """Who cannot make stand-ins: no Debian, or not root."""
    machine.shell("mv /usr/bin/apt-get /usr/bin/apt-get.away")
    yield machine
    machine.shell("mv /usr/bin/apt-get.away /usr/bin/apt-get")


def opened(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"http://127.0.0.1:{PORT}/lab?token=" in result.stdout
    return result.stdout


def refused(machine: Machine, command: str, *parts: str, **env: str) -> str:
    """In Korean, with cause and next command, and the machine is as it was."""
    before = machine.all()
    began = time.monotonic()
    result = machine.call(command, **env)
    print(f"{time.monotonic() - began:.1f} s: {result.stderr}")
    says(result, *parts)
    assert machine.all() == before
    return result.stdout


# ---- good days -----------------------------------------------------------------------------------


def test_the_machine_knows_no_other_docker_hub(machine: Machine) -> None:
    assert "default" not in machine.shell("ip route")
    assert machine.shell("getent ahostsv4 registry-1.docker.io").startswith(ADDRESS)
    assert not machine.shell("getent hosts example.org || true")


def test_a_lab_opens_from_docker_hub(machine: Machine) -> None:
    """Its own base by digest, the lessons' by tag."""
    began = time.monotonic()
    said = opened(machine.call("make lab"))
    print(f"{time.monotonic() - began:.1f} s: {said}")
    assert "데비안 베이스 이미지를 받는다" in said
    asked = [
        (r["host"], r["method"], r["path"].split("?")[0], r["status"]) for r in machine.requests()
    ]
    for path in (f"debian/manifests/{machine.pinned}", "python/manifests/3.13-slim"):
        assert [one for one in asked if one[2].endswith(path)]
    assert ("production.cloudflare.docker.com", "GET") in {one[:2] for one in asked}
    inside = f"docker exec {LAB} docker"
    for image in ("debian:trixie-slim", "python:3.13-slim"):
        labels = json.loads(machine.shell(f"{inside} image inspect {image}"))[0]["Config"]["Labels"]
        assert labels["org.docker-anatomy.base"] == "hub"
    assert not machine.shell(f"{inside} images -qf dangling=true")


def test_a_base_by_tag_comes_from_docker_hub(machine: Machine) -> None:
    machine.shell("lab/host image", LAB_BASE="debian:trixie-slim")
    assert [r for r in machine.requests() if r["path"].endswith("debian/manifests/trixie-slim")]


def test_a_slow_line_shows_how_far_it_is(machine: Machine) -> None:
    machine.play(speed=4_000_000)
    said = machine.call("lab/host image", "-t").stdout
    bars = re.findall(r"Downloading +(?:\[[=> ]+\] +)?([\d.]+)MB/", said)
    assert len(set(bars)) > 3, said
    said = opened(machine.call("make lab"))
    amounts = [int(n) for n in re.findall(r"베이스 이미지를 받는다: (\d+) MB", said)]
    assert len(amounts) > 1, said
    assert amounts == sorted(amounts)


def test_what_was_cut_off_goes_on_where_it_ended(machine: Machine) -> None:
    """In both stores: the machine's engine has overlay2, the lab's has containerd's."""
    machine.play(cut=9_000_000)
    opened(machine.call("make lab"))
    resumed = [r for r in machine.requests() if r["range"] not in ("", "bytes=0-")]
    debian = [r["path"] for r in resumed if resumed[0]["path"] == r["path"]]
    assert len(debian) > 4  # of more than three cuts, on each engine


def test_a_mirror_is_enough(machine: Machine) -> None:
    """The machine's engine knows it, the lab's does not."""
    machine.settings('. + {"registry-mirrors": ["https://mirror.example"]}')
    machine.play(hidden=True)
    try:
        began = time.monotonic()
        said = opened(machine.call("make lab"))
        print(f"{time.monotonic() - began:.1f} s: {said}")
        assert "이 컴퓨터의 엔진으로 받는다" in said
        assert machine.hosts() == {"mirror.example"}
        machine.shell(f"docker exec {LAB} lab-bases --check")
    finally:
        machine.shell("make reset")
        machine.settings()


PROXY = f"http://{ADDRESS}:3128"


def test_a_proxy_is_enough(machine: Machine) -> None:
    """For the engine (daemon.json), the build and the lab (the client's config.json)."""
    machine.settings(f'. + {{"proxies": {{"http-proxy": "{PROXY}", "https-proxy": "{PROXY}"}}}}')
    machine.play(hidden=True)
    told = json.dumps({"proxies": {"default": {"httpProxy": PROXY, "httpsProxy": PROXY}}})
    machine.write("/root/.docker/config.json", told)
    try:
        began = time.monotonic()
        said = opened(machine.call("make lab"))
        print(f"{time.monotonic() - began:.1f} s: {said}")
        assert "이 컴퓨터의 엔진으로 받는다" not in said
        assert machine.shell(f"docker exec {LAB} cat /opt/base/proxy") == PROXY
        assert {r["path"] for r in machine.requests() if r["host"] == "proxy"} >= {
            "registry-1.docker.io:443",
            "auth.docker.io:443",
        }
    finally:
        machine.shell("make reset")
        machine.settings()


def test_a_login_counts_for_the_lab_as_well(machine: Machine) -> None:
    """Whose own engine has none, and is told that the limit is reached."""
    machine.play(limit=0)
    machine.shell("docker login -u learner --password-stdin <<<secret")
    said = opened(machine.call("make lab"))
    assert "한도를 넘었다" in said
    assert "이 컴퓨터의 엔진으로 받는다" in said


# In place of what lab/bases/debian/make makes, which takes minutes.
MADE_OF_THE_LAB = """#!/bin/sh
docker tag docker-anatomy/lab $1:trixie
docker tag docker-anatomy/lab $1:trixie-slim
"""


# ---- bad days ------------------------------------------------------------------------------------


def test_the_pull_limit_is_told(learner: Machine) -> None:
    learner.play(limit=0)
    refused(
        learner, "make lab", "데비안 베이스 이미지를 받지 못했다", "한도를 넘었다", "docker login"
    )


def test_the_pull_limit_is_told_where_stand_ins_take_over(machine: Machine) -> None:
    machine.play(limit=0)
    machine.shell("mv lab/bases lab/bases.real && ln -s /bin/true /usr/local/bin/mmdebstrap")
    machine.write("lab/bases/debian/make", MADE_OF_THE_LAB)
    stages = "FROM docker-anatomy/lab AS slim\nFROM slim AS full\n"
    machine.write("lab/bases/python/Dockerfile", stages)
    machine.shell("chmod +x lab/bases/debian/make")
    try:
        said = machine.call("lab/host image").stdout
        assert "한도를 넘었다" in said
        assert "데비안 패키지로 만든다" in said
        assert "docker login" in said
    finally:
        machine.shell("rm -rf lab/bases /usr/local/bin/mmdebstrap && mv lab/bases.real lab/bases")


def test_the_pull_limit_is_told_after_the_lab_is_up(machine: Machine) -> None:
    """The last pull went to the machine's own base."""
    machine.play(limit=1)
    machine.shell("lab/host image")
    refused(machine, "make lab", "베이스 이미지를 받지 못했다", "한도를 넘었다", "docker login")
    machine.play()
    opened(machine.call("make lab"))


def test_a_login_that_no_longer_holds_is_told(learner: Machine) -> None:
    old = base64.b64encode(b"learner:old").decode()
    auths = {"https://index.docker.io/v1/": {"auth": old}}
    learner.write("/root/.docker/config.json", json.dumps({"auths": auths}))
    refused(learner, "make lab", "로그인이 맞지 않는다", "docker logout")
    said = learner.call("lab/host image", LAB_BASE="debian:trixie-slim")
    says(said, "로그인이 맞지 않는다", "docker logout")


def test_a_name_that_nobody_knows_is_told(learner: Machine) -> None:
    learner.play(hidden=True)
    refused(learner, "make lab", "이름을 찾지 못했다", "네트워크를 확인하고")


def test_a_certificate_of_a_stranger_is_told(learner: Machine) -> None:
    learner.play(stranger=True)
    refused(learner, "make lab", "인증서를 엔진이 믿지 않는다", "update-ca-certificates")


def test_a_firewall_that_is_silent_is_told(learner: Machine) -> None:
    learner.shell("iptables -I INPUT -p tcp --dport 443 -j DROP")
    try:
        refused(learner, "make lab", "답이 없다", "네트워크를 확인하고")
    finally:
        learner.shell("iptables -D INPUT -p tcp --dport 443 -j DROP")


def test_a_proxy_that_is_off_is_told(learner: Machine) -> None:
    learner.settings(f'. + {{"proxies": {{"https-proxy": "http://{ADDRESS}:3129"}}}}')
    try:
        refused(learner, "make lab", "프록시를 지나지 못했다", "docker info")
    finally:
        learner.settings()


@pytest.mark.parametrize("name", ["base", "lessons"])
def test_a_line_that_stays_cut_is_told_and_the_next_call_succeeds(
    learner: Machine, name: str
) -> None:
    if name == "lessons":
        learner.shell("lab/host image")
    learner.play(cut=0)
    refused(learner, "make lab", "받지 못했다", "연결이 끊겼다", "make lab")
    learner.play()
    learner.shell("lab/host image")


def test_who_stops_in_the_middle_leaves_nothing(machine: Machine) -> None:
    machine.shell("lab/host image")
    machine.play(stall=1_000_000)
    before = machine.all()
    result = machine.call(
        "set -m\n"
        "lab/host start & lab=$!\n"
        f"until docker exec {LAB} lab-ready; do sleep 0.5; done\n"
        "sleep 3\n"
        "kill -INT -- -$lab\n"
        "wait $lab"
    )
    assert result.returncode != 0
    assert machine.all() == before
