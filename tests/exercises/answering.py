"""Plays the learner: runs the cells of an exercise, or other answers, in IPython in /learn."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import docker
from IPython.core.interactiveshell import InteractiveShell

from coach import checking, workspace
from tools.notebook import read, tags

ROOT = Path(__file__).parents[2]
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))


@dataclass(frozen=True)
class Answers:
    """Other answers to one exercise, each as the source of a cell.

    They are run after the exercise's own cells (``start``, builds that the statement makes), in
    /learn/exercises, so that the folder of exercise 05-1 is ``../work/05-1``.
    """

    right: tuple[str, ...]
    wrong: dict[str, str] = field(default_factory=dict)  # a part of its message -> source


@dataclass(frozen=True)
class Task:
    """One exercise as its notebook has it."""

    id: str
    given: tuple[str, ...]  # what the learner finds
    reference: tuple[str, ...]  # the same with the solution


def tasks() -> dict[str, Task]:
    found = {}
    for path in SOLUTIONS:
        cells = [one for one in read(path).cells if one.cell_type == "code"]
        lesson = path.stem[:2]
        for digit in sorted({one.id[4] for one in cells} - {"0", "9"}):
            mine = [one for one in cells if one.id.startswith(f"x{lesson}-{digit}")]
            runs = [one for one in mine if not one.source.startswith("check(")]
            found[f"{lesson}-{digit}"] = Task(
                f"{lesson}-{digit}",
                tuple(one.source for one in runs if "solution" not in tags(one)),
                tuple(one.source for one in runs),
            )
    return found


def answers() -> dict[str, Answers]:
    """What the modules answers_NN.py beside this one hold, by exercise."""
    found: dict[str, Answers] = {}
    for path in sorted(Path(__file__).parent.glob("answers_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= module.ANSWERS
    return found


@cache
def the_shell() -> InteractiveShell:
    """One for all, emptied after each answer: IPython keeps every shell until the process ends."""
    return InteractiveShell()


@contextmanager
def fresh(name: str) -> Iterator[InteractiveShell]:
    """The exercise as nobody has touched it yet; nothing of it is left afterwards."""
    before = Path.cwd()
    checking.clear(name)
    os.chdir(workspace.WORK / "exercises")
    shell = the_shell()
    try:
        shell.run_cell("from coach import check, hint, progress, start").raise_error()
        yield shell
    finally:
        shell.reset()
        os.chdir(before)
        checking.clear(name)


def run(shell: InteractiveShell, sources: tuple[str, ...]) -> None:
    for source in sources:
        shell.run_cell(source).raise_error()


def state(name: str) -> dict[str, Any]:
    """What a check must leave as it found it."""
    folder = workspace.WORK / "work" / name
    # The lists as the engine answers them: the SDK's objects would ask again for each of them.
    engine = docker.APIClient(base_url="unix:///var/run/docker.sock")
    return {
        "images": sorted(
            (one["Id"], sorted(one["RepoTags"] or [])) for one in engine.images(all=True)
        ),
        "containers": sorted((one["Id"], one["State"]) for one in engine.containers(all=True)),
        "volumes": sorted(one["Name"] for one in engine.volumes()["Volumes"] or []),
        "networks": sorted(one["Id"] for one in engine.networks()),
        "files": {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink()
        },
    }


def same_message(part: str, message: str) -> bool:
    """Whether the message says it; digits stand for any number (``#`` in the part)."""
    pattern = re.escape(part).replace(r"\#", r"[\d.,]+")
    return re.search(pattern, message) is not None
