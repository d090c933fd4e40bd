"""`make edit`: what is edited in the lab is the checkout's own file, and its owner's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from outside import ROOT, copy_sources, docker, run_make

NAME = "docker-anatomy-edittest"
LAB = f"{NAME}-edit"
PORT = 18887
TEST = {"LAB_NAME": NAME, "LAB_PORT": str(PORT), "YES": "1"}
OWNER = 1000  # an ordinary user, whom the lab does not know
LESSON = "notebooks/05_layers.ipynb"
SENTENCE = "\n고친 문장이다."

Contents = Callable[[str, str, dict[str, Any] | None], dict[str, Any]]


def make(checkout: Path, verb: str) -> str:
    return run_make(verb, TEST, cwd=checkout).stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """A contributor's own clone, in a folder that the engine knows by the same name."""
    folder = ROOT / "build" / NAME
    shutil.rmtree(folder, ignore_errors=True)
    copy_sources(folder)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, OWNER, OWNER)
    yield folder
    run_make("reset", {**TEST, "LAB_NAME": LAB})
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def address(checkout: Path) -> str:
    return make(checkout, "edit")


@pytest.fixture(scope="module")
def contents(address: str) -> Contents:
    """Jupyter's contents API, which JupyterLab itself speaks."""
    token = address.partition("token=")[2]

    def ask(method: str, path: str, model: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{PORT}/api/contents/{path}",
            method=method,
            data=None if model is None else json.dumps(model).encode(),
            headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    return ask


def git(checkout: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-c", "safe.directory=*", "--no-optional-locks", *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def cells(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["cells"]
    return found


@pytest.fixture(scope="module")
def edited(checkout: Path, contents: Contents) -> str:
    """A sentence more in a lesson that has been run; the id of its cell."""
    model = contents("GET", LESSON, None)
    text = next(c for c in model["content"]["cells"] if c["cell_type"] == "markdown")
    code = next(c for c in model["content"]["cells"] if c["cell_type"] == "code")
    text["source"] += SENTENCE
    code["execution_count"] = 1
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1\n"}]
    saved = {"type": "notebook", "format": "json", "content": model["content"]}
    contents("PUT", LESSON, saved)
    contents("POST", f"{LESSON}/checkpoints", None)
    return str(text["id"])


def test_an_edited_lesson_is_the_checkouts_file(checkout: Path, edited: str) -> None:
    now = {cell["id"]: cell for cell in cells((checkout / LESSON).read_text())}
    assert "".join(now[edited]["source"]).endswith(SENTENCE)
    assert any(cell.get("outputs") for cell in now.values())
    assert git(checkout, "status", "--short").split() == ["M", LESSON]


def test_samples_are_the_checkouts_too(checkout: Path, contents: Contents) -> None:
    for name in ("app.py", "new.py"):
        model = {"type": "file", "format": "text", "content": "# 고쳤다\n"}
        contents("PUT", f"samples/hello/{name}", model)
        assert (checkout / "samples/hello" / name).read_text() == "# 고쳤다\n"
    contents("PUT", "samples/new", {"type": "directory"})
    assert (checkout / "samples/new").is_dir()
    # What lessons build is what was just edited.
    originals = "/opt/docker-anatomy/originals/samples/hello/new.py"
    assert docker("exec", LAB, "cat", originals) == "# 고쳤다"


def test_everything_belongs_to_the_checkouts_owner(
    checkout: Path, edited: str, contents: Contents
) -> None:
    contents("PUT", "solutions/memo.md", {"type": "file", "format": "text", "content": "memo"})
    for folder in ("notebooks", "solutions", "samples"):
        for path in (checkout / folder, *(checkout / folder).rglob("*")):
            assert path.stat().st_uid == path.stat().st_gid == OWNER, path


def test_nothing_is_delivered_over_an_edit(checkout: Path, address: str, edited: str) -> None:
    """By the next start, or by `coach reset`, which elsewhere gives the original back."""
    before = git(checkout, "diff")
    assert make(checkout, "edit") == address
    make(checkout, "edit-stop")
    assert LAB not in docker("ps", "-a", "--format", "{{.Names}}").split()
    assert make(checkout, "edit") != address
    docker("exec", LAB, "coach", "reset", "05_layers")
    assert git(checkout, "diff") == before
    assert (checkout / LESSON).stat().st_uid == OWNER
    assert docker("exec", LAB, "ls", "-A", "/learn/.docker-anatomy").split() == [
        "delivered.json",
        "workspaces",
    ]


def test_exercises_are_the_generated_ones(checkout: Path, address: str) -> None:
    mounted = docker("inspect", "-f", "{{range .Mounts}}{{.Destination}}\n{{end}}", LAB).split()
    assert "/learn/notebooks" in mounted
    assert "/learn/exercises" not in mounted


def test_a_learners_lab_is_another(address: str) -> None:
    ours = docker("volume", "ls", "-q", "--filter", f"name={NAME}").split()
    assert sorted(ours) == [f"{LAB}-engine-containerd", f"{LAB}-work"]


def test_tools_strip_leaves_the_edit_alone(checkout: Path, edited: str) -> None:
    before = cells(git(checkout, "show", f"HEAD:{LESSON}"))
    subprocess.run(["tools/strip"], cwd=checkout, check=True)
    after = cells((checkout / LESSON).read_text())
    assert [cell["id"] for cell in after] == [cell["id"] for cell in before]
    assert [new["id"] for old, new in zip(before, after, strict=True) if new != old] == [edited]
    # The last line of a cell has no line break: it is written anew, and one follows it.
    assert git(checkout, "diff", "--numstat", "--", LESSON).split() == ["2", "1", LESSON]
