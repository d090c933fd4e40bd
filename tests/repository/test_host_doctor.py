"""`make doctor` on machines that are not to be had here, played by a client and commands.

What these answer was seen on real machines; each says where.  Every rule of
lab/host.d/doctor.sh has a machine here on which nothing but that rule speaks.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from checkout import ROOT

RULES = (ROOT / "lab/host.d/doctor.sh").read_text()
KINDS = RULES[RULES.index("kind_of_engine() {") : RULES.index("in_virtual_machine() {")]
PAGE = (ROOT / "site/troubleshooting.md").read_text()

# `docker info` of Docker Engine on Debian, in the findings' own guest (26.1.5, cgroup v2), cut to
# the lines that somebody reads.
LINUX = """\
Client:
 Version:    26.1.5+dfsg1
 Context:    default
 Debug Mode: false

Server:
 Server Version: 26.1.5+dfsg1
 Storage Driver: overlay2
  Backing Filesystem: extfs
 Cgroup Driver: systemd
 Cgroup Version: 2
 Security Options:
  apparmor
  seccomp
   Profile: builtin
  cgroupns
 Kernel Version: 6.12.117+deb13-amd64
 Operating System: Debian GNU/Linux 13 (trixie)
 OSType: linux
 CPUs: 2
 Total Memory: 5.797GiB
 Name: guest
 Docker Root Dir: /var/lib/docker
"""


def engine(**lines: str) -> str:
    """LINUX with other values, the keys' blanks written as underscores."""
    text = LINUX
    for key, value in lines.items():
        name = key.replace("_", " ")
        text, count = re.subn(rf"(?m)^( *{name}:) .*$", rf"\1 {value}", text)
        assert count == 1, name
    return text


# https://github.com/docker/compose/issues/9369 (macOS)
DOCKER_DESKTOP = engine(
    Server_Version="20.10.13",
    Kernel_Version="5.10.104-linuxkit",
    Operating_System="Docker Desktop",
    CPUs="4",
    Total_Memory="3.842GiB",
    Name="docker-desktop",
)
# As users of OrbStack 2 print it: kernel 6.17.8-orbstack-00308-g8f9c941121b1, Docker 28.5.2.
ORBSTACK = engine(
    Server_Version="28.5.2",
    Kernel_Version="6.17.8-orbstack-00308-g8f9c941121b1",
    Operating_System="OrbStack",
    Total_Memory="15.67GiB",
    Name="orbstack",
)
# https://github.com/ddev/ddev-intellij-plugin/issues/258; the name is the virtual machine's,
# "colima" or "colima-PROFILE" (https://github.com/abiosoft/colima/issues/1483), 2 GiB its default.
COLIMA = engine(Operating_System="Ubuntu 24.04.1 LTS", Name="colima", Total_Memory="1.907GiB")
# https://github.com/ddev/ddev/pull/6268
RANCHER = engine(
    Server_Version="29.5.3",
    Operating_System="Alpine Linux v3.24",
    Name="lima-rancher-desktop",
    Total_Memory="3.824GiB",
)
# https://docs.docker.com/engine/security/rootless/ ("docker info"); its cgroup driver without
# systemd: https://github.com/moby/moby/issues/42151
ROOTLESS = engine(
    Docker_Root_Dir="/home/learner/.local/share/docker", Operating_System="Ubuntu 24.04.1 LTS"
).replace("  cgroupns\n", "  rootless\n  cgroupns\n")
# https://github.com/moby/moby/issues/34427, https://github.com/canonical/docker-snap/issues/188
SNAP = engine(
    Operating_System="Ubuntu Core 24", Docker_Root_Dir="/var/snap/docker/common/var-lib-docker"
)
# moby, daemon/info.go (fillSecurityOptions): an engine run with --selinux-enabled, as Fedora's is.
SELINUX = engine(Operating_System="Fedora Linux 43 (Workstation Edition)").replace(
    "  cgroupns\n", "  selinux\n  cgroupns\n"
)
# https://github.com/containers/podman/issues/16721: podman-docker's `docker info`.
PODMAN = """\
host:
  arch: amd64
  cgroupVersion: v2
  cpus: 16
  memTotal: 67324661760
  security:
    rootless: true
store:
  graphDriverName: overlay
version:
  APIVersion: 4.3.1
  GoVersion: go1.19
  Os: linux
  OsArch: linux/amd64
  Version: 4.3.1
"""
# https://github.com/moby/moby/pull/50360: nftables, or nftables+firewalld.
NFTABLES = engine(Server_Version="29.4.1") + " Firewall Backend: nftables+firewalld\n"
# https://github.com/RPi-Distro/pi-gen/issues/917, https://github.com/moby/moby/issues/46185
NO_MEMORY = LINUX + "\nWARNING: No memory limit support\nWARNING: No swap limit support\n"
# https://github.com/coolsnowwolf/lede/issues/13289: cgroup v2 with none of its controllers.
NO_CONTROLLERS = NO_MEMORY + (
    "WARNING: No cpu cfs quota support\nWARNING: No cpu cfs period support\n"
    "WARNING: No cpu shares support\nWARNING: No cpuset support\nWARNING: No io.weight support\n"
)
# moby, daemon/info_unix.go
NO_SYSTEMD = ROOTLESS + (
    "WARNING: Running in rootless-mode without cgroups."
    " Systemd is required to enable cgroups in rootless-mode.\n"
)
# https://github.com/docker/for-win/issues/13088
NO_INTEGRATION = """
The command 'docker' could not be found in this WSL 2 distro.
We recommend to activate the WSL integration in Docker Desktop settings.

For details about using Docker Desktop with WSL 2, visit:

https://docs.docker.com/go/wsl2/
"""

ROUTES = """\
default via 192.168.1.1 dev wlp3s0 proto dhcp metric 10
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
192.168.1.0/24 dev wlp3s0 proto kernel scope link src 192.168.1.191
"""
# https://github.com/moby/libnetwork/issues/779: OpenVPN takes the default route in two halves.
VPN = """\
0.0.0.0/1 via 10.8.0.5 dev tun0
128.0.0.0/1 via 10.8.0.5 dev tun0
10.8.0.1 via 10.8.0.5 dev tun0
10.8.0.5 dev tun0 proto kernel scope link src 10.8.0.6
"""
# macOS, netstat(1): a destination's trailing zeros are left out.
MAC_ROUTES = """\
Routing tables

Internet:
Destination        Gateway            Flags        Netif Expire
default            192.168.0.1        UGScg          en0
10.213/16          10.8.0.5           UGSc         utun4
127                127.0.0.1          UCS            lo0
192.168.0          link#11            UCS            en0      !
"""

DOCKER = """#!/bin/bash
here=$(dirname "$0")/answers
case $1 in
    --version) cat "$here/client"; exit "$(cat "$here/client_status")" ;;
    version) cat "$here/version" ;;
    info)
        [ "$2" = -f ] || cat "$here/info"
        [ "$2" != -f ] || sed -n 's/^ *Docker Root Dir: //p' "$here/info"
        exit "$(cat "$here/status")" ;;
    context) case $4 in *Host*) cat "$here/endpoint" ;; *) cat "$here/context" ;; esac ;;
    network) cat "$here/mtu" ;;
    inspect) exit 1 ;;
    compose) [ "$2" != up ] || { cat "$here/refusal" >&2; exit 1; } ;;
    build | buildx | image | tag) ;;
    *) exit 1 ;;
esac
"""
IP = """#!/bin/bash
here=$(dirname "$0")/answers
case "$*" in
    *"route get"*) cat "$here/route" ;;
    *"route show"*) cat "$here/routes" ;;
    *"link show"*) cat "$here/link" ;;
esac
"""
# What the host's scripts call; neither an engine of this machine's nor its package manager.
COMMANDS = [
    *(
        "awk",
        "basename",
        "bash",
        "cat",
        "chmod",
        "cmp",
        "cut",
        "date",
        "df",
        "dirname",
        "env",
        "git",
    ),
    *("grep", "head", "id", "mktemp", "mv", "netstat", "paste", "perl", "rm", "sed", "seq", "sh"),
    *("sleep", "sort", "tail", "tar", "tee", "touch", "tr"),
]
PORT = "1"  # which nobody listens on


@dataclass(frozen=True)
class Machine:
    info: str = LINUX
    status: int = 0
    client: str = "Docker version 26.1.5+dfsg1, build a72d7cd\n"
    client_status: int = 0
    version: str = "Client:\n Version: 26.1.5+dfsg1\n"
    context: str = "default\n"
    endpoint: str = "unix:///var/run/docker.sock\n"
    mtu: str = "1500\n"
    route: str = "198.51.100.1 via 192.168.1.1 dev wlp3s0 src 192.168.1.191 uid 1000 \n    cache \n"
    link: str = "2: wlp3s0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP\n"
    routes: str = ROUTES
    refusal: str = ""
    system: str = "Linux"
    release: str = "6.12.117+deb13-amd64"
    missing: tuple[str, ...] = ()
    also: dict[str, str] = field(default_factory=dict)

    def run(
        self, folder: Path, verb: str = "doctor", script: Path = ROOT / "lab/host", **env: str
    ) -> subprocess.CompletedProcess[str]:
        """The verb on this machine, whose commands are made in ``folder``."""
        bin_ = folder / "bin"
        (bin_ / "answers").mkdir(parents=True)
        for command in COMMANDS:
            if found := shutil.which(command):
                (bin_ / command).symlink_to(found)
        fakes = {
            "docker": DOCKER,
            "ip": IP,
            "uname": f"#!/bin/sh\n[ $1 = -s ] && echo {self.system} || echo {self.release}\n",
            **self.also,
        }
        for name, text in fakes.items():
            if name not in self.missing:
                (bin_ / name).unlink(missing_ok=True)
                (bin_ / name).write_text(text)
                (bin_ / name).chmod(0o755)
        for name, answer in vars(self).items():
            (bin_ / "answers" / name).write_text(str(answer))
        return subprocess.run(
            ["bash", script, verb],
            env={"PATH": str(bin_), "HOME": str(ROOT), "LAB_PORT": PORT, **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def rows(report: str) -> dict[str, tuple[str, str]]:
    """By name: the mark, and all that is said."""
    found = re.findall(r"(?m)^(정상|주의|문제)  ([^:]+): (.*(?:\n {6}.*)*)", report)
    return {name: (mark, text) for mark, name, text in found}


def spoken(report: str) -> list[str]:
    return [name for name, (mark, _) in rows(report).items() if mark != "정상"]


def test_an_ordinary_machine_is_told_of_nothing(tmp_path: Path) -> None:
    done = Machine().run(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert spoken(done.stdout) == []
    assert "Docker Engine: 26.1.5+dfsg1, overlay2, cgroup v2\n" in done.stdout
    assert "메모리: 6224 MB, 코어 2개\n" in done.stdout
    assert done.stdout.endswith("준비됐다. 실습실을 연다: make lab\n")


MAC: dict[str, Any] = {"system": "Darwin", "release": "24.6.0", "missing": ("ip",)}
WSL: dict[str, Any] = {"release": "5.15.167.4-microsoft-standard-WSL2"}
ALIAS = Machine(PODMAN, client="podman version 4.3.1\n", version="Client:       Podman Engine\n")
SOCKET = "Server: linux/amd64\n Podman Engine:\n  Version: 4.3.1\n"
KIND = "엔진의 종류"
# By what is strange about it: the machine, the one row that speaks of it, and what that says.
MACHINES: dict[str, tuple[Machine, str, list[str]]] = {
    "Docker Desktop": (Machine(DOCKER_DESKTOP), KIND, ["Docker Desktop", "make lab"]),
    "OrbStack": (Machine(ORBSTACK), KIND, ["OrbStack", "make lab"]),
    "Colima": (Machine(engine(Name="colima-profile")), KIND, ["Colima", "make lab"]),
    "Rancher Desktop": (Machine(RANCHER), KIND, ["Rancher Desktop", "make lab"]),
    "Rancher Desktop, WSL": (
        Machine(engine(Operating_System="Rancher Desktop WSL Distribution"), **WSL),
        KIND,
        ["Rancher Desktop"],
    ),
    "WSL": (Machine(**WSL), KIND, ["WSL 2의 Docker", "make lab"]),
    "rootless": (Machine(ROOTLESS), KIND, ["moby/moby#44335", "docker context use default"]),
    "snap": (Machine(SNAP), KIND, ["AppArmor", "docker.io"]),
    "SELinux": (Machine(SELINUX), KIND, ["label=disable", "make lab"]),
    "podman-docker": (ALIAS, KIND, ["Podman", "Docker Engine을 설치한다"]),
    "Podman's socket": (Machine(version=SOCKET), KIND, ["Podman"]),
    "no memory limit": (Machine(NO_MEMORY), "자원 제한", ["메모리 제한을", "cgroup.controllers"]),
    "no controllers": (Machine(NO_CONTROLLERS), "자원 제한", ["메모리, CPU 제한을"]),
    "nftables": (Machine(NFTABLES), "방화벽", ["iptables", "sudo modprobe -a nft_compat"]),
    "small MTU": (
        Machine(
            route="198.51.100.1 dev wg0 table 51820 src 10.9.0.2 uid 1000 \n    cache \n",
            link="5: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420 qdisc noqueue state UNKNOWN\n",
        ),
        "MTU",
        ["wg0 1420, 도커의 브리지 1500", '"mtu": 1420', "systemctl restart docker"],
    ),
    "VPN over the lab's range": (
        Machine(routes=VPN + "10.0.0.0/8 via 10.8.0.5 dev tun0\n" + ROUTES),
        "겹치는 경로",
        ["10.0.0.0/8 (tun0)", "10.213.0.0/24와 10.213.128.0/17"],
    ),
    "VPN within the lab's range": (
        Machine(routes=ROUTES + "10.213.130.7 dev tun0 scope link\n"),
        "겹치는 경로",
        ["10.213.130.7 (tun0)"],
    ),
    "another computer's engine": (
        Machine(endpoint="ssh://me@server\n"),
        "다른 컴퓨터의 엔진",
        ["ssh://me@server", f"ssh -L {PORT}:127.0.0.1:{PORT} "],
    ),
}


@pytest.mark.parametrize("name", MACHINES)
def test_a_strange_machine_is_told_what_and_why_and_what_next(tmp_path: Path, name: str) -> None:
    machine, row, said = MACHINES[name]
    done = machine.run(tmp_path)
    assert spoken(done.stdout) == [row], done.stdout + done.stderr
    mark, text = rows(done.stdout)[row]
    assert mark == "주의"
    for part in ("왜: ", "다음: ", *said):
        assert part in text, text
    # What is only strange stops nobody.
    assert done.returncode == 0
    assert done.stdout.endswith("make lab  (먼저 위의 ‘주의’를 읽는다)\n")


def test_a_rootless_engine_without_limits_is_told_both(tmp_path: Path) -> None:
    report = Machine(NO_SYSTEMD).run(tmp_path).stdout
    assert spoken(report) == [KIND, "자원 제한"]
    assert "메모리, CPU 제한을" in report
    assert "user.slice/cgroup.controllers" not in report
    assert ".service/cgroup.controllers" in report


@pytest.mark.parametrize(
    "machine",
    [
        Machine(routes=VPN + ROUTES),  # takes the default route, and no range that the lab has
        Machine(routes=ROUTES + "10.213.1.0/24 dev tun0\n"),  # beside the lab's
        Machine(mtu="1420\n", link="5: wg0: <UP> mtu 1420 qdisc noqueue\n"),  # the engine knows it
        Machine(mtu="<no value>\n"),
        Machine(route="", link=""),  # no network at all
        Machine(endpoint="tcp://localhost:2375\n"),
        Machine(LINUX + " Firewall Backend: iptables\n"),
        Machine(LINUX + "WARNING: No swap limit support\n"),
        Machine(missing=("ip",)),
    ],
)
def test_what_does_no_harm_is_not_told(tmp_path: Path, machine: Machine) -> None:
    assert spoken(machine.run(tmp_path).stdout) == []


@pytest.mark.parametrize(
    ("machine", "fix"),
    [
        (Machine(DOCKER_DESKTOP, **MAC), "Settings > Resources"),
        (Machine(DOCKER_DESKTOP, **WSL), "wsl --shutdown"),
        (Machine(ORBSTACK, **MAC), "orb config set memory_mib 4096"),
        (Machine(COLIMA, **MAC), "colima stop && colima start --memory 4"),
        (Machine(RANCHER, **MAC), "rdctl set --virtual-machine.memory-in-gb 4"),
        (Machine(), "free -m"),
    ],
)
def test_too_little_memory_is_told_where_it_is_given(
    tmp_path: Path, machine: Machine, fix: str
) -> None:
    little = re.sub("Total Memory: .*", "Total Memory: 927.3MiB", machine.info)
    done = replace(machine, info=little).run(tmp_path)
    assert done.returncode == 1
    mark, text = rows(done.stdout)["메모리"]
    assert (mark, text.partition(",")[0]) == ("문제", "972 MB")
    assert fix in text.partition("다음: ")[2]


def test_two_gigabytes_of_a_virtual_machine_are_enough(tmp_path: Path) -> None:
    assert rows(Machine(COLIMA).run(tmp_path).stdout)["메모리"][0] == "정상"


def test_routes_of_macos_are_read_too(tmp_path: Path) -> None:
    netstat = f"#!/bin/sh\ncat <<'END'\n{MAC_ROUTES}END\n"
    machine = Machine(ORBSTACK, **MAC, also={"netstat": netstat})
    _, text = rows(machine.run(tmp_path).stdout)["겹치는 경로"]
    assert text.startswith("10.213/16 (utun4)\n")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The host's scripts in a folder that is nobody's home."""
    folder = tmp_path / "elsewhere/docker-anatomy"
    for part in ("lab/host", "lab/host.d", "lab/rootfs", "lab/Dockerfile", "compose.yaml"):
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copy(ROOT / part, folder / part)
    (folder / "lab/network").mkdir()
    shutil.copy2(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(
    ("machine", "mark", "said"),
    [
        (Machine(DOCKER_DESKTOP, **MAC), "", ""),  # pytest's folders are in /tmp, which is shared
        (Machine(DOCKER_DESKTOP), "주의", "Docker Desktop 이(가) 처음부터 나누어 쓰는 곳은 홈"),
        (Machine(DOCKER_DESKTOP, **WSL), "", ""),
        (Machine(COLIMA, **MAC), "주의", "Colima 이(가)"),
        (Machine(RANCHER, **MAC), "주의", "Rancher Desktop 이(가)"),
        (Machine(ORBSTACK, **MAC), "", ""),
        (Machine(SNAP), "문제", "snap의 Docker는 홈 폴더 밖과 숨긴 폴더를 보지 못한다"),
        (Machine(), "", ""),
    ],
)
def test_a_checkout_that_the_engine_does_not_see_is_told(
    tmp_path: Path, checkout: Path, machine: Machine, mark: str, said: str
) -> None:
    """Docker Desktop's defaults: docs.docker.com/desktop/settings-and-maintenance/settings/."""
    home = str(tmp_path / "home")
    done = machine.run(tmp_path, script=checkout / "lab/host", HOME=home)
    found, text = rows(done.stdout).get("저장소의 자리", ("", ""))
    assert found == mark, done.stdout + done.stderr
    assert said in text
    assert not mark or "다음: mv '" in text


def test_snap_sees_the_home_but_not_what_is_hidden_there(tmp_path: Path, checkout: Path) -> None:
    script = checkout / "lab/host"
    seen = Machine(SNAP).run(tmp_path / "1", script=script, HOME=str(tmp_path))
    assert "저장소의 자리" not in rows(seen.stdout)
    hidden = checkout.rename(checkout.with_name(".hidden"))
    done = Machine(SNAP).run(tmp_path / "2", script=hidden / "lab/host", HOME=str(checkout.parent))
    assert rows(done.stdout)["저장소의 자리"][0] == "문제"


def test_windows_line_ends_are_found(tmp_path: Path, checkout: Path) -> None:
    init = checkout / "lab/rootfs/usr/local/bin/lab-init"
    init.write_bytes(init.read_bytes().replace(b"\n", b"\r\n"))
    done = Machine().run(tmp_path, script=checkout / "lab/host")
    assert done.returncode == 1
    mark, text = rows(done.stdout)["줄 끝"]
    assert (mark, text.splitlines()[0]) == ("문제", "CRLF: lab/rootfs/usr/local/bin/lab-init")
    # The next command is what it says: a command, and it helps.
    command = text.splitlines()[2].partition("다음: ")[2]
    subprocess.run(["bash", "-c", command], cwd=checkout, check=True)
    assert b"\r\n" not in init.read_bytes()


@pytest.mark.parametrize(
    ("machine", "why", "fix"),
    [
        (
            Machine(NO_INTEGRATION, 1, NO_INTEGRATION, 1, **WSL),
            "이 WSL 배포판에 이어져 있지 않다",
            "Settings > Resources > WSL integration",
        ),
        (
            Machine(missing=("docker",), also={"podman": "#!/bin/sh\n"}),
            "별명 docker=podman은 이 명령에 보이지 않는다",
            "https://docs.docker.com/engine/install/",
        ),
        (
            Machine(missing=("docker",), also={"apt-get": "#!/bin/sh\n"}),
            "설치되어 있지 않다",
            "sudo apt-get install docker.io",
        ),
    ],
)
def test_a_client_that_is_none_is_told(
    tmp_path: Path, machine: Machine, why: str, fix: str
) -> None:
    done = machine.run(tmp_path)
    assert done.returncode == 1
    mark, text = rows(done.stdout)["docker 명령"]
    assert (mark, text.splitlines()[0]) == ("문제", "없음")
    assert why in text
    assert fix in text
    assert rows(done.stdout)["Docker Engine"][0] == "문제"


OFF = "Cannot connect to the Docker daemon. Is the docker daemon running?\n"


@pytest.mark.parametrize(
    ("context", "fix"),
    [
        ("colima", "colima start"),
        ("orbstack", "orb start"),
        ("desktop-linux", "Docker Desktop을 켠다"),
        ("rancher-desktop", "Rancher Desktop을 켠다  (Preferences > Container Engine에서 dockerd"),
        ("rootless", "systemctl --user start docker"),
    ],
)
def test_an_engine_that_was_chosen_and_is_off_is_started(
    tmp_path: Path, context: str, fix: str
) -> None:
    machine = Machine(OFF, 1, context=f"{context}\n")
    mark, text = rows(machine.run(tmp_path / "1").stdout)["Docker Engine"]
    assert mark == "문제"
    assert f"다음: {fix}" in text
    lab = machine.run(tmp_path / "2", "start")
    assert lab.returncode == 1
    for part in ("문제: Docker Engine이 응답하지 않는다", "왜: ", f"다음: {fix}"):
        assert part in lab.stderr


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        # https://github.com/docker/desktop-linux/issues/177
        (
            "Error response from daemon: Mounts denied: \nThe path /srv/x/lab/network is not shared"
            " from the host and is not known to Docker.\nYou can configure shared paths from Docker"
            " -> Preferences... -> Resources -> File Sharing.\n",
            "Docker Desktop이 나누지 않은 폴더다",
        ),
        # https://github.com/canonical/docker-snap/issues/188
        (
            "Error response from daemon: error while creating mount source path"
            " '/opt/something/data': mkdir /opt/something: read-only file system\n",
            "snap의 Docker는 홈 폴더 밖을 보지 못한다",
        ),
        ("Error response from daemon: something else\n", ""),
    ],
)
def test_a_start_that_the_engine_refuses_is_explained(
    tmp_path: Path, checkout: Path, refusal: str, why: str
) -> None:
    script = checkout / "lab/host"
    done = Machine(refusal=refusal).run(tmp_path, "start", script=script, LAB_TARGET="test")
    assert done.returncode == 1
    title = "엔진이 이 폴더를 쓰지 못한다" if why else "실습실을 시작하지 못했다"
    assert f"문제: {title}" in done.stderr, done.stdout + done.stderr
    assert why in done.stderr


HEADINGS = "\n".join(line for line in PAGE.splitlines() if line.startswith("###"))
STRANGE = {*re.findall(r'(?:warn|row 1) "([^"$]+)"', RULES)} - {"Docker Engine"}


@pytest.mark.parametrize("name", sorted(STRANGE))
def test_each_strange_row_has_a_heading_on_the_page(name: str) -> None:
    assert f"### `{name}`" in HEADINGS


@pytest.mark.parametrize("name", sorted({*re.findall(r'row \S+ "([^"$]+)', RULES)} - {"묶음"}))
def test_each_row_is_on_the_page(name: str) -> None:
    assert f"`{name.strip()}" in PAGE


@pytest.mark.parametrize("kind", sorted(set(re.findall(r"(?m)\becho (.*?)(?: ;;)?$", KINDS))))
def test_each_kind_of_engine_is_in_a_heading(kind: str) -> None:
    assert kind.strip('"') in HEADINGS


def test_every_strange_row_has_a_machine() -> None:
    assert {row for _, row, _ in MACHINES.values()} == STRANGE - {"저장소의 자리", "줄 끝"}
