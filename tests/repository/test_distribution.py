"""layerscope by itself: its wheel in an empty environment, where nothing of the course is."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from email import message_from_bytes
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)


def build(source: Path, folder: Path) -> Path:
    """The wheel of a project, built without an index from what the tests' own environment has."""
    built = run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"),
        *("--no-build-isolation", "-w", folder, source),
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def copied(tmp_path: Path, *names: str) -> Path:
    """Sources of ours apart from the checkout, where a build would leave its traces."""
    sources = run("tar", "-C", ROOT, "--exclude=__pycache__", "-cf", tmp_path / "t.tar", *names)
    assert sources.returncode == 0, sources.stderr
    with tarfile.open(tmp_path / "t.tar") as tar:
        tar.extractall(tmp_path / "sources", filter="data")
    return tmp_path / "sources"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return build(copied(folder, "layerscope") / "layerscope", folder)


def required(names: list[str]) -> set[str]:
    """Distributions that these requirements lead to here, without anybody's extras."""
    found: set[str] = set()
    while names:
        requirement = Requirement(names.pop())
        if requirement.name in found or (
            requirement.marker and not requirement.marker.evaluate({"extra": ""})
        ):
            continue
        found.add(requirement.name)
        names += distribution(requirement.name).requires or []
    return found


def pip_of(environment: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "pip", "--python", environment / "python", *words)


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has the wheel and what its metadata asks for: as `pip
    install` makes it, but with the requirements copied from here, so that no index is needed."""
    home = tmp_path_factory.mktemp("empty")
    venv.create(home)
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        wanted = message_from_bytes(archive.read(name)).get_all("Requires-Dist") or []
    (packages,) = home.glob("lib/python*/site-packages")
    for found in required(wanted):
        for file in distribution(found).files or []:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                target = packages / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_binary())
    installed = pip_of(home / "bin", "install", "--no-index", wheel)
    assert installed.returncode == 0, installed.stderr
    return home / "bin"


def test_the_command_needs_nothing_of_the_course(environment: Path) -> None:
    listed = json.loads(pip_of(environment, "list", "--format=json").stdout)
    names = {package["name"].lower() for package in listed}
    assert {"layerscope", "rich", "isal", "zstandard"} <= names
    assert not names & {"jupyterlab", "anywidget", "ipywidgets", "docker", "docker-anatomy"}


def test_the_command_reads_an_archive_there(environment: Path, tmp_path: Path) -> None:
    layer = archive({"keep": b"k" * 400, "big": b"b" * 3000})
    config = {
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        "os": "linux",
    }
    manifest = [{"Config": "config.json", "RepoTags": ["a:1"], "Layers": ["layer.tar"]}]
    file = tmp_path / "image.tar"
    file.write_bytes(
        archive(
            {
                "layer.tar": layer,
                "config.json": json.dumps({"architecture": "amd64", **config}).encode(),
                "manifest.json": json.dumps(manifest).encode(),
            }
        )
    )
    assert run(environment / "layerscope", "--help").returncode == 0
    told = run(environment / "layerscope", f"docker-archive:{file}", "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["totals"]["size"] == 3400
    assert "3.40 kB" in run(environment / "layerscope", f"docker-archive:{file}").stdout


def test_views_say_which_extra_they_need(environment: Path) -> None:
    told = run(environment / "python", "-c", "import layerscope.views")
    *_, what, why, then = told.stderr.splitlines()
    assert "layerscope.views" in what
    assert "anywidget" in why
    assert then == "다음: pip install 'layerscope[views]'"
    assert "During handling" not in told.stderr


def test_the_wheel_holds_the_package_and_no_leftovers(tmp_path: Path) -> None:
    """What an earlier build left in the folder, and the folder's own pyproject.toml, stay there."""
    source = copied(tmp_path, "layerscope") / "layerscope"
    for leftover in ("build/bdist.linux/old.py", "layerscope.egg-info/SOURCES.txt"):
        (source / leftover).parent.mkdir(parents=True, exist_ok=True)
        (source / leftover).touch()
    with zipfile.ZipFile(build(source, tmp_path)) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == {
        str(path.relative_to(ROOT))
        for folder in (ROOT / "layerscope", ROOT / "layerscope/views")
        for path in folder.iterdir()
        if path.suffix in {".py", ".js", ".css", ".typed"}
    }


def test_the_courses_wheel_holds_the_coach_alone(tmp_path: Path) -> None:
    source = copied(tmp_path, "pyproject.toml", "README.md", "coach", "layerscope")
    with zipfile.ZipFile(build(source, tmp_path)) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == {
        str(path.relative_to(ROOT))
        for path in (ROOT / "coach").rglob("*")
        if path.suffix in {".py", ".js", ".css", ".json", ".typed"}
    }


def test_both_run_on_the_same_pythons() -> None:
    course, scope = (
        tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        for folder in (ROOT, ROOT / "layerscope")
    )
    assert course["requires-python"] == scope["requires-python"]
    assert "layerscope[views]" in course["dependencies"]


def archive(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()
