"""What is published of the official base images holds for the lab's, be they Docker Hub's or made
from Debian packages (lab/bases)."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import docker
import pytest

import layerscope

PUBLISHED: dict[str, Any] = json.loads(
    Path(__file__).with_name("official_images.json").read_text()
)["images"]
# What lab-bases puts on top (lab/bases/adapt): a configuration for pip, and labels.
ADAPTED = {"debian:trixie-slim": 0, "python:3.13-slim": 1, "python:3.13": 1}
# Debian's Python takes expat from the system, python.org's has its own.
MORE = {"libexpat1"}
# What apt does not purge after the official build: gnupg brought it, and for apt it will do as well
# as base-passwd ("Depends: base-passwd | adduser").
LESS = {"adduser"}

each_image = pytest.mark.parametrize("name", PUBLISHED)


@pytest.fixture(scope="module")
def client() -> Any:
    client = docker.DockerClient(base_url="unix:///var/run/docker.sock")
    yield client
    client.close()


def inspected(client: docker.DockerClient, name: str) -> dict[str, Any]:
    return dict(client.images.get(name).attrs)


def from_stand_in(client: docker.DockerClient, name: str) -> bool:
    return bool(client.images.get(name).labels["org.docker-anatomy.base"] == "stand-in")


def history(client: docker.DockerClient, name: str) -> list[dict[str, Any]]:
    """Oldest first, without what the lab put on top."""
    rows: list[dict[str, Any]] = client.images.get(name).history()[::-1]
    return rows[: len(PUBLISHED[name]["history"])]


def instruction(line: str) -> str:
    """ENV, RUN …; debuerreotype's line is none and begins with #."""
    return line.removeprefix("/bin/sh -c #(nop) ").split()[0]


def in_container(name: str, command: str) -> list[str]:
    run = ["docker", "run", "--rm", name, "sh", "-ec", command]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()


@each_image
def test_configuration_is_the_published_one(client: docker.DockerClient, name: str) -> None:
    config, published = inspected(client, name)["Config"], PUBLISHED[name]
    assert config["Cmd"] == published["Cmd"]
    assert (config.get("Entrypoint") or []) == published["Entrypoint"]
    assert (config.get("WorkingDir") or "/") == "/"  # BuildKit writes the default down
    assert not any(config.get(key) for key in ("User", "ExposedPorts", "Volumes", "Healthcheck"))
    # Python's release moves on; names, order and all other values stay.
    release = re.compile(r"^(PYTHON_VERSION=3\.13\.|PYTHON_SHA256=).*")
    assert [release.sub(r"\1", one) for one in config["Env"]] == [
        release.sub(r"\1", one) for one in published["Env"]
    ]


@each_image
def test_layers_are_as_many_as_published(client: docker.DockerClient, name: str) -> None:
    layers = inspected(client, name)["RootFS"]["Layers"]
    assert len(layers) == PUBLISHED[name]["layers"] + ADAPTED[name]


def test_slim_and_debian_weigh_what_the_published_ones_do() -> None:
    """Layers' bytes; full is far lighter on purpose."""
    for name in ("debian:trixie-slim", "python:3.13-slim"):
        size = layerscope.analyze(layerscope.read(name)).size
        assert size == pytest.approx(PUBLISHED[name]["MB"] * 1e6, rel=0.05), name


@each_image
def test_history_tells_the_published_instructions(client: docker.DockerClient, name: str) -> None:
    ours, theirs = history(client, name), PUBLISHED[name]["history"]
    assert [instruction(row["CreatedBy"]) for row in ours] == [instruction(one) for one in theirs]
    shape = r"# debian\.sh --arch '\w+' out/ 'trixie' '@\d+'"
    assert re.fullmatch(shape, ours[0]["CreatedBy"]) and re.fullmatch(shape, theirs[0])
    assert {row["Comment"] for row in ours[1:]} <= {"buildkit.dockerfile.v0"}
    for row, line in zip(ours, theirs, strict=True):
        packages = set(line.removeprefix("RUN apt-get install ").split())
        if line.startswith("RUN apt-get") and not from_stand_in(client, name):
            assert packages <= set(row["CreatedBy"].split())


def test_slim_has_the_published_packages(client: docker.DockerClient) -> None:
    name = "python:3.13-slim"
    ours = set(in_container(name, "dpkg-query -W -f '${Package} '"))
    theirs = set(PUBLISHED[name]["packages"])
    assert ours == (theirs - LESS | MORE if from_stand_in(client, name) else theirs)


@pytest.mark.parametrize("name", ["python:3.13-slim", "python:3.13"])
def test_python_lives_in_usr_local_alone(name: str) -> None:
    """Prefix, packages and links as python.org's installs; no second one of Debian's in slim."""
    ask = "import sys; print(sys.prefix, sys.base_prefix, *(p for p in sys.path if 'kages' in p))"
    packages = "/usr/local/lib/python3.13/site-packages"
    assert in_container(name, f'python -c "{ask}"') == ["/usr/local", "/usr/local", packages]
    links = {"python": "python3", "python3": "python3.13", "pip": "pip3", "idle": "idle3"}
    links |= {"idle3": "idle3.13", "pydoc": "pydoc3", "pydoc3": "pydoc3.13"}
    links["python-config"] = "python3-config"
    for link, target in links.items():
        assert in_container(name, f"readlink /usr/local/bin/{link}") == [target]
    assert any("libpython3.13.so.1.0" in one for one in in_container(name, "ldd $(which python)"))
    if name.endswith("slim"):
        assert in_container(name, "ls /usr/bin/python* 2>/dev/null || true") == []


def test_every_module_but_tkinter_finds_its_libraries_in_slim() -> None:
    missing = (
        "for so in $(find /usr/local -name '*.so*' -type f); do"
        " ldd $so | grep -q 'not found' && basename $so || true; done"
    )
    left = in_container("python:3.13-slim", missing)
    assert [one.partition(".")[0] for one in left] == ["_tkinter"]
    assert in_container("python:3.13", missing) == []


def test_full_has_libraries_that_slim_lacks() -> None:
    """Not only tools: a module that was linked in full may not start in slim."""
    look = "ls /usr/lib/*-linux-gnu"
    full, slim = (set(in_container(name, look)) for name in ("python:3.13", "python:3.13-slim"))
    lacking = {"libpq.so.5", "libmariadb.so.3", "libxml2.so.2", "libxslt.so.1", "libyaml-0.so.2"}
    assert lacking | {"libjpeg.so.62", "libwebp.so.7", "libtk8.6.so"} <= full - slim


def test_bases_of_full_and_slim_are_different_layers(client: docker.DockerClient) -> None:
    full, slim, debian = (
        inspected(client, name)["RootFS"]["Layers"]
        for name in ("python:3.13", "python:3.13-slim", "debian:trixie-slim")
    )
    assert slim[0] == debian[0] and full[0] != slim[0]
    assert not set(full[:-1]) & set(slim[:-1])


def test_stand_in_of_full_installs_none_but_published_packages(client: docker.DockerClient) -> None:
    name = "python:3.13"
    if not from_stand_in(client, name):
        pytest.skip("official")
    theirs = {p for line in PUBLISHED[name]["history"] for p in line.split()}
    # Today's packages behind old names there, Tk without its headers, and what Debian's asks for.
    theirs |= {"libncurses-dev", "libxslt1-dev", "libtk8.6", "tk8.6-blt2.5"}
    for row in history(client, name):
        if found := re.search(r"--no-install-recommends +(.*?) *&&", row["CreatedBy"]):
            assert set(found[1].split()) <= theirs
