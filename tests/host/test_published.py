"""A release's checkout runs the images that were published for it; any other builds its own.

What is published here is an image of labels alone: whether it was pulled shows in its ID.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from outside import ROOT, copy_sources, docker, run_make, says

NAME = "docker-anatomy-publishedtest"
PORT = 18886
REGISTRY = "127.0.0.1:18885"
SILENT = "127.0.0.1:18884"  # where nobody listens
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    folder = ROOT / "build" / NAME
    shutil.rmtree(folder, ignore_errors=True)
    copy_sources(folder)
    yield folder
    for image in docker("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines():
        if image.startswith((f"{REGISTRY}/", f"{SILENT}/", f"{NAME}/")):
            docker("rmi", "-f", image)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    settings = (
        '{"version": 0.1, "storage": {"filesystem": {"rootdirectory": "/tmp/registry"}},'
        ' "http": {"addr": ":5000"}}'
    )
    docker(
        *("run", "-d", "--name", f"{NAME}-registry", "--label", "org.docker-anatomy=test"),
        *("-p", f"{REGISTRY}:5000", "--entrypoint", "sh", "docker-anatomy/test", "-c"),
        f"echo '{settings}' >/tmp/settings && exec docker-registry serve /tmp/settings",
    )
    yield REGISTRY
    docker("rm", "-f", "-v", f"{NAME}-registry")


def publish(name: str, **labels: str) -> str:
    """Pushes an image of these labels, takes it from the engine, and returns its ID."""
    lines = [f'LABEL {key.replace("_", ".")}="{value}"' for key, value in labels.items()]
    content = "\n".join(["FROM scratch", *lines, 'CMD ["x"]'])
    docker("build", "-q", "-t", name, "-", stdin=content)
    found = docker("image", "inspect", "-f", "{{.Id}}", name)
    for _ in range(20):  # the registry may still be starting
        docker("push", "-q", name, check=False)
        if docker("manifest", "inspect", "--insecure", name, check=False):
            break
    docker("rmi", name)
    return found


def ours(kind: str, version: str = VERSION) -> dict[str, str]:
    return {"org_docker-anatomy": kind, "org_opencontainers_image_version": version}


@contextmanager
def release(checkout: Path, lab: str, hub: str = "") -> Iterator[None]:
    """As tools/release leaves a tagged commit."""
    file = checkout / ".env"
    lines = [f"LAB_IMAGE={lab}", f"WORKSHOP_IMAGE={hub}", f"LAB_VERSION={VERSION}"]
    file.write_text("\n".join([*lines, "LAB_PULL=if_not_present\n"]))
    try:
        yield
    finally:
        file.unlink()


def call(checkout: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    settings = {k: v for k, v in os.environ.items() if k not in ("LAB_IMAGE", "WORKSHOP_IMAGE")}
    return subprocess.run(
        command,
        cwd=checkout,
        env={**settings, "LAB_NAME": NAME, "LAB_PORT": str(PORT), "YES": "1", **env},
        capture_output=True,
        text=True,
        check=False,
    )


def image_id(name: str) -> str:
    return docker("image", "inspect", "-f", "{{.Id}}", name, check=False)


def test_a_release_pulls_its_image_and_builds_nothing(checkout: Path, registry: str) -> None:
    name = f"{registry}/course/lab:{VERSION}"
    published = publish(name, **ours("lab"))
    with release(checkout, name):
        result = call(checkout, "lab/host", "image")
        assert result.returncode == 0, result.stderr
        assert f"{name} 이미지를 받는다" in result.stdout
        assert image_id(name) == published
        assert call(checkout, "lab/host", "image").stdout == ""  # it is there


def test_what_was_edited_in_a_release_is_said_not_to_be_in_the_image(
    checkout: Path, registry: str
) -> None:
    name = f"{registry}/course/edited:{VERSION}"
    publish(name, **ours("lab"))
    lesson = checkout / "notebooks/00_start.ipynb"
    before = lesson.read_bytes()
    with release(checkout, name):
        lesson.write_bytes(before + b"\n")
        try:
            said = call(checkout, "lab/host", "image").stdout
        finally:
            lesson.write_bytes(before)
    assert "고친 파일은 들어 있지 않다" in said
    assert "LAB_IMAGE=docker-anatomy/lab" in said


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ({}, "도커 해부학의 이미지가 아니다"),
        (ours("hub"), "도커 해부학의 이미지가 아니다"),
        (ours("lab", "9.9.9"), "이미지와 소스의 판이 다르다"),
    ],
    ids=["stranger", "hub", "version"],
)
def test_another_image_under_the_name_is_refused(
    checkout: Path, registry: str, labels: dict[str, str], why: str
) -> None:
    name = f"{registry}/course/other:{VERSION}"
    publish(name, **labels)
    with release(checkout, name):
        result = call(checkout, "make", "lab")
    docker("rmi", name)
    says(result, why, name, f"docker rmi {name}")
    assert NAME not in docker("ps", "-a", "--format", "{{.Names}}").split()
    assert not docker("volume", "ls", "-q", "--filter", f"name={NAME}")


def test_where_no_registry_answers_the_image_is_built_under_its_name(checkout: Path) -> None:
    name = f"{SILENT}/course/lab:{VERSION}"
    with release(checkout, name):
        result = call(checkout, "lab/host", "image")
        assert result.returncode == 0, result.stderr
        assert "이미지를 받지 못해 이 컴퓨터에서 만든다" in result.stdout
        # As good as the published one, to whoever asks next.
        assert call(checkout, "lab/host", "image").stdout == ""


def test_the_environment_wins_over_the_release(checkout: Path, registry: str) -> None:
    name, mine = f"{registry}/course/never:{VERSION}", f"{NAME}/mine"
    publish(name, **ours("lab"))
    with release(checkout, name):
        assert call(checkout, "lab/host", "image", LAB_IMAGE=mine).returncode == 0
    assert image_id(mine)
    assert not image_id(name)


def test_the_tests_own_stage_is_always_built(checkout: Path, registry: str) -> None:
    name = f"{registry}/course/stage:{VERSION}"
    published = publish(name, **ours("lab"))
    with release(checkout, name):
        assert call(checkout, "lab/host", "image", LAB_TARGET="test").returncode == 0
    assert image_id(name) != published


def test_a_name_of_docker_hubs_is_never_pulled(checkout: Path, tmp_path: Path) -> None:
    """docker-anatomy/lab there could be anybody's."""
    real, log = shutil.which("docker"), tmp_path / "pulled"
    (tmp_path / "docker").write_text(
        f'#!/bin/bash\n[ "$1" != pull ] || echo "$@" >>{log}\nexec {real} "$@"\n'
    )
    (tmp_path / "docker").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    result = call(checkout, "lab/host", "image", PATH=path, LAB_IMAGE=f"{NAME}/lab")
    assert result.returncode == 0, result.stderr
    assert not log.exists() or f"{NAME}/lab" not in log.read_text()


def test_what_compose_alone_builds_in_a_release_is_the_releases_image(checkout: Path) -> None:
    name = f"{SILENT}/course/alone:{VERSION}"
    with release(checkout, name):
        # Where Docker Hub does not answer, the base that `make lab` made of packages.
        stand_in = "docker-anatomy/stand-in/debian:trixie-slim"
        env = {"COMPOSE_PROJECT_NAME": NAME} | (
            {"LAB_BASE": stand_in} if image_id(stand_in) else {}
        )
        try:
            built = call(checkout, "docker", "compose", "up", "--no-start", **env)
            assert image_id(name), built.stderr
            assert call(checkout, "lab/host", "image").stdout == ""
        finally:
            call(checkout, "docker", "compose", "down", "-v", **env)


@pytest.mark.parametrize(("policy", "pulled"), [("", False), ("if_not_present", True)])
def test_compose_alone_pulls_in_a_release_only(
    checkout: Path, registry: str, policy: str, pulled: bool
) -> None:
    name = f"{registry}/course/compose:{VERSION}"
    published = publish(name, **ours("lab"))
    env = {"LAB_IMAGE": name, "LAB_PULL": policy, "COMPOSE_PROJECT_NAME": NAME}
    try:
        call(checkout, "docker", "compose", "up", "--no-start", "--no-build", **env)
        assert (image_id(name) == published) is pulled
    finally:
        call(checkout, "docker", "compose", "down", "-v", **env)
        docker("rmi", name, check=False)


def test_the_workshops_hub_is_pulled_alike(checkout: Path, registry: str) -> None:
    lab, hub = (f"{registry}/course/{kind}:{VERSION}" for kind in ("seat", "hub"))
    publish(lab, **ours("lab"))
    published = publish(hub, **ours("hub"))
    with release(checkout, lab, hub):
        result = call(checkout, "workshop/host", "build")
        assert result.returncode == 0, result.stderr
        assert image_id(hub) == published
        docker("rmi", hub)
        publish(hub, **ours("lab"))
        says(call(checkout, "workshop/host", "build"), "도커 해부학의 이미지가 아니다", hub)


def test_a_lab_opens_from_a_published_image(checkout: Path) -> None:
    """The real one, as if it had been pulled; no build asked for this machine's base images."""
    call(checkout, "lab/host", "build", LAB_IMAGE=f"{NAME}/lab")
    name = f"{SILENT}/course/real:{VERSION}"
    docker("tag", f"{NAME}/lab", name)
    try:
        with release(checkout, name):
            result = call(checkout, "make", "lab")
            assert result.returncode == 0, result.stderr
            assert f"http://127.0.0.1:{PORT}/lab?token=" in result.stdout
            lab = json.loads(docker("inspect", NAME))[0]
            assert lab["Config"]["Image"] == name
            docker("exec", NAME, "docker", "image", "inspect", "python:3.13-slim")
    finally:
        run_make("reset", {"LAB_NAME": NAME, "YES": "1"}, cwd=checkout)
