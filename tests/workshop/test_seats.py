"""A seat is the lab as compose.yaml has it, limited and alone."""

from __future__ import annotations

import json
import re

import pytest
import requests
import yaml
from outside import ROOT, docker
from room import NAME, PORT, URL, Seat, Workshop, inspect, make, until

LAB = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["lab"]


def test_a_seat_may_do_what_the_lab_may_and_no_more(hana: Seat) -> None:
    host = inspect(hana.container)["HostConfig"]
    assert host["Privileged"] is False
    assert sorted(name.removeprefix("CAP_") for name in host["CapAdd"]) == sorted(LAB["cap_add"])
    assert sorted(host["SecurityOpt"]) == sorted(LAB["security_opt"])
    assert host["UsernsMode"] == LAB["userns_mode"]
    assert [f"{path}:{options}" for path, options in host["Tmpfs"].items()] == LAB["tmpfs"]


def test_a_seat_publishes_no_port_and_has_no_way_to_the_outer_engine(hana: Seat) -> None:
    facts = inspect(hana.container)
    assert not facts["HostConfig"]["PortBindings"]
    assert "docker.sock" not in json.dumps(facts["Mounts"])


def test_limits_are_set_where_the_kernel_reads_them(hana: Seat) -> None:
    host = inspect(hana.container)["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 2 * 1024**3
    assert host["CpuQuota"] / host["CpuPeriod"] == 1.5
    assert host["PidsLimit"] == 2000
    seen = hana.run(
        "cd /sys/fs/cgroup; cat memory.max pids.max cpu.max 2>/dev/null ||"
        " cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us"
    )
    assert seen.split() == [str(2 * 1024**3), "2000", "150000", "100000"]


def test_the_doctor_of_a_seat_knows_its_limit(hana: Seat) -> None:
    report = json.loads(hana.run("coach doctor --json", check=False))
    found = next(one["found"] for one in report["findings"] if one["name"] == "메모리")
    assert 0 < float(found.split()[0]) * 1e9 < 2 * 1024**3


def test_containers_in_a_seat_are_within_its_limit(hana: Seat) -> None:
    """More than the seat has: the kernel ends it, whatever the container inside was promised."""
    until(lambda: hana.run("docker image inspect -f ok python:3.13-slim"), 180)
    status = hana.run(
        "docker run --rm -m 8g python:3.13-slim python -c 'x = bytearray(3 << 30)' >/dev/null 2>&1;"
        " echo $?"
    )
    assert status == "137"
    assert hana.run("docker version -f '{{.Server.Version}}'")  # the seat itself goes on


def test_each_seat_has_volumes_of_its_own(hana: Seat, duri: Seat) -> None:
    def volumes(seat: Seat) -> set[str]:
        return {one["Name"] for one in inspect(seat.container)["Mounts"] if one["Type"] == "volume"}

    assert volumes(hana) == {
        f"{hana.container}-work",
        f"{hana.container}-engine-containerd",
    }
    assert volumes(hana).isdisjoint(volumes(duri))


def test_the_engine_of_a_seat_does_not_see_another(hana: Seat, duri: Seat) -> None:
    until(lambda: hana.run("docker image inspect -f ok debian:trixie-slim"), 120)
    hana.run("docker run -d --name only-mine debian:trixie-slim sleep 600; echo mine >/learn/mine")
    assert "only-mine" not in duri.run("docker ps -a")
    assert duri.run("ls /learn/mine", check=False) == ""
    engines = [seat.run("docker info -f '{{.ID}}'") for seat in (hana, duri)]
    assert engines[0] != engines[1]


def address(seat: Seat) -> str:
    networks = inspect(seat.container)["NetworkSettings"]["Networks"]
    assert list(networks) == [seat.container]
    return str(networks[seat.container]["IPAddress"])


def hub_address(seat: Seat) -> str:
    return str(inspect(NAME)["NetworkSettings"]["Networks"][seat.container]["IPAddress"])


def reaches(seat: Seat, url: str) -> bool:
    return seat.run(f"curl -sS -m 3 -o /dev/null '{url}' 2>/dev/null && echo yes", False) == "yes"


def test_no_seat_reaches_another_but_each_the_hub(hana: Seat, duri: Seat) -> None:
    port = "http://{}:8888/api"
    assert reaches(hana, port.format(address(hana))), "else this test proves nothing"
    assert reaches(hana, "http://hub:8081/hub/api")
    assert not reaches(hana, port.format(address(duri)))
    assert not reaches(hana, port.format(duri.container))


def test_the_hub_is_no_bridge_between_seats(hana: Seat, duri: Seat) -> None:
    """A seat's root sends packets for the other seat to the hub, which has a leg in both."""
    hana.run(f"ip route add {address(duri)}/32 via {hub_address(hana)}")
    try:
        assert not reaches(hana, f"http://{address(duri)}:8888/api")
    finally:
        hana.run(f"ip route del {address(duri)}/32")


def test_a_seat_does_not_open_to_another_learner(workshop: Workshop, hana: Seat) -> None:
    stranger = workshop.learner("낯선 이")
    answer = stranger.get(f"{URL}/user/{hana.number}/api/contents", timeout=30)
    assert answer.status_code in {403, 404}
    # Nor to another seat's token.
    other = workshop.seat("낯선 이")
    token = other.run("echo $JUPYTERHUB_API_TOKEN")
    for path in (f"/user/{hana.number}/api/contents", f"/hub/api/users/{hana.number}"):
        answer = requests.get(URL + path, headers={"Authorization": f"token {token}"}, timeout=30)
        assert answer.status_code in {403, 404}, path


def test_a_seats_token_is_good_for_its_own_seat_alone(hana: Seat) -> None:
    token = hana.run("echo $JUPYTERHUB_API_TOKEN")
    scopes = requests.get(
        f"{URL}/hub/api/user", headers={"Authorization": f"token {token}"}, timeout=30
    ).json()["scopes"]
    assert set(scopes) == {
        f"users:activity!user={hana.number}",
        f"read:users:activity!user={hana.number}",
        f"read:users:name!user={hana.number}",
        f"read:users:groups!user={hana.number}",
        f"access:servers!server={hana.number}/",
        "access:services!service=board",
    }


def test_base_images_come_from_the_folder_without_docker_hub(hana: Seat) -> None:
    until(lambda: hana.run("lab-bases --check; test $? = 0 && echo ok"), 180)
    origins = hana.run(
        "docker image inspect -f '{{index .Config.Labels \"org.docker-anatomy.base\"}}'"
        " debian:trixie-slim python:3.13-slim python:3.13"
    )
    assert "hub" not in origins.split()
    assert len(origins.split()) == 3


def test_a_lessons_build_works_in_a_seat(hana: Seat) -> None:
    until(lambda: hana.run("docker image inspect -f ok python:3.13-slim"), 180)
    built = hana.run("docker build -q /opt/docker-anatomy/originals/samples/hello")
    assert built.startswith("sha256:")


def test_containers_in_a_seat_have_this_machines_nameservers(hana: Seat) -> None:
    machines = docker(
        *("run", "--rm", "--entrypoint", "sed", "docker-anatomy/hub"),
        *("-n", "s/^nameserver //p", "/etc/resolv.conf"),
    )
    until(lambda: hana.run("docker image inspect -f ok debian:trixie-slim"), 120)
    inner = hana.run(
        "docker run --rm debian:trixie-slim sed -n 's/^nameserver //p' /etc/resolv.conf"
    )
    assert inner.split() == machines.split()


def test_work_outlives_a_stopped_seat_and_its_network_does_not(workshop: Workshop) -> None:
    session, seat = workshop.learner("하다 멈춤"), workshop.seat("하다 멈춤")
    seat.run("echo kept >/learn/memo.md")
    page = session.get(f"{URL}/hub/home", timeout=30)
    xsrf = re.search(r'xsrf_token: "([^"]+)"', page.text)
    assert xsrf
    answer = session.delete(
        f"{URL}/hub/api/users/{seat.number}/server",
        headers={"X-XSRFToken": xsrf[1], "Referer": f"{URL}/hub/home"},
        timeout=120,
    )
    assert answer.ok, answer.text
    until(lambda: seat.container not in docker("ps", "-a", "--format", "{{.Names}}").split())
    until(lambda: seat.container not in docker("network", "ls", "--format", "{{.Name}}").split())
    assert workshop.seat("하다 멈춤").run("cat /learn/memo.md") == "kept"


def test_seats_of_networks_lie_outside_dockers_and_the_labs_ranges(hana: Seat) -> None:
    pool = inspect(hana.container)["NetworkSettings"]["Networks"][hana.container]
    assert pool["IPAddress"].startswith("10.214.")
    assert pool["IPPrefixLen"] == 28


def test_idle_seats_are_stopped_after_longer_than_a_session(workshop: Workshop) -> None:
    processes = docker("top", NAME, "-eo", "pid,args")
    assert "jupyterhub_idle_culler --timeout=14400" in processes


@pytest.fixture
def second_call(hana: Seat) -> str:
    before = inspect(NAME)["Id"], inspect(hana.container)["Id"]
    output = make("workshop").stdout
    assert (inspect(NAME)["Id"], inspect(hana.container)["Id"]) == before
    return output


def test_a_second_make_workshop_finds_the_first(second_call: str, workshop: Workshop) -> None:
    assert workshop.code in second_call
    assert workshop.instructor_code in second_call
    assert f"http://127.0.0.1:{PORT}" in second_call


def test_the_workshop_listens_on_loopback_only() -> None:
    bindings = inspect(NAME)["HostConfig"]["PortBindings"]
    assert bindings == {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(PORT)}]}
