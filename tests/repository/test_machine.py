"""The suite for virtual machines, as far as it can be judged without one."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import IO

import pytest
import yaml
from checkout import ROOT


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """tests/machine/suite.py with results of its own, and no guest to stop."""
    monkeypatch.setenv("MACHINE_DIR", str(tmp_path))
    spec = importlib.util.spec_from_file_location("suite", ROOT / "tests/machine/suite.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "suite", module)  # dataclasses look there for their own
    spec.loader.exec_module(module)
    (tmp_path / "guest").write_text("#!/bin/sh\necho tcg\n")
    (tmp_path / "guest").chmod(0o755)
    (tmp_path / "input").write_text("1")
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    yield module


def test_a_step_that_passed_is_done_again_when_its_files_change(
    suite: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def first(guest: str, _: IO[str]) -> None:
        done.append("first")

    def second(guest: str, _: IO[str]) -> None:
        done.append("second")
        if done.count("second") == 1:
            raise subprocess.CalledProcessError(1, "second")

    steps = (suite.Step("first", "", first, ("input",)), suite.Step("second", "", second, ()))
    monkeypatch.setattr(suite, "STEPS", steps)
    assert not suite.prove("trixie")
    assert suite.prove("trixie")
    assert done == ["first", "second", "second"]
    assert suite.prove("trixie", ["first"])
    (suite.ROOT / "input").write_text("2")
    assert suite.prove("trixie")
    assert done[3:] == ["first", "first"]


def test_nothing_is_tried_after_a_step_that_all_need(
    suite: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(guest: str, _: IO[str]) -> None:
        raise subprocess.CalledProcessError(1, "work")

    steps = [suite.Step(name, "", work, (), needed=name == "b") for name in "abc"]
    monkeypatch.setattr(suite, "STEPS", steps)
    assert not suite.prove("current")
    assert list(suite.load()["current"]) == ["a", "b"]


def test_a_new_disk_forgets_what_the_old_one_held(
    suite: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [suite.Step(name, "", lambda guest, log: None, ()) for name in ("disk", "lab")]
    monkeypatch.setattr(suite, "STEPS", steps)
    assert suite.prove("trixie")
    assert suite.prove("trixie", ["disk"])
    assert list(suite.load()["trixie"]) == ["disk"]


def test_contributing_has_the_last_result_of_every_step(suite: ModuleType) -> None:
    """`tests/machine/run --status` prints the table; whoever changes the steps prints it anew."""
    printed = [line.split("|")[1] for line in suite.table().splitlines()]
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = text[text.index("| 단계 |") :].split("\n\n")[0]
    assert [line.split("|")[1] for line in table.splitlines()] == printed


def test_the_weekly_job_starts_every_guest(suite: ModuleType) -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/machine.yml").read_text())
    assert workflow["jobs"]["machine"]["strategy"]["matrix"]["guest"] == list(suite.GUESTS)


def test_a_step_depends_on_files_that_exist(suite: ModuleType) -> None:
    for step in suite.STEPS:
        for name in step.files:
            assert (ROOT / name).exists(), name


def test_a_lesson_that_reads_cgroup_files_tells_both_versions_of_them() -> None:
    """A learner's kernel has one of the two, and it may not be ours."""
    reading = [
        path
        for path in (ROOT / "notebooks").glob("*.ipynb")
        if "/sys/fs/cgroup" in path.read_text()
    ]
    assert [path.stem for path in reading] == ["03_runtime_spec"]
    pairs = {
        "memory.limit_in_bytes": "memory.max",
        "memory.memsw.limit_in_bytes": "memory.swap.max",
        "memory.max_usage_in_bytes": "memory.peak",
        "memory.oom_control": "memory.events",
    }
    text = reading[0].read_text()
    for v1, v2 in pairs.items():
        assert re.search(rf"`{re.escape(v1)}`.*\| `{re.escape(v2)}`", text), v1
