"""The workflows, as far as they can be judged without a runner of GitHub's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
# Programs of a runner that a step may call without a script of ours.
PROGRAMS = {"helm", "python"}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def jobs() -> list[Any]:
    return [
        pytest.param(path, job, id=f"{path.stem}-{name}")
        for path in WORKFLOWS
        for name, job in load(path)["jobs"].items()
    ]


def test_there_are_workflows() -> None:
    assert {path.name for path in WORKFLOWS} >= {"pages.yml", "release.yml", "test.yml"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    """A tag can be moved to other code.  The comment tells people, and Dependabot, which it was."""
    uses = re.findall(r"uses:(.*)", path.read_text())
    assert uses
    for action in uses:
        assert re.fullmatch(r" [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_one_action_has_one_commit() -> None:
    pins = {
        tuple(pin.split("@"))
        for path in WORKFLOWS
        for pin in re.findall(r"uses: (\S+)", path.read_text())
    }
    assert len(pins) == len({name for name, _ in pins})


@pytest.mark.parametrize(("path", "job"), jobs())
def test_a_job_may_do_little_and_not_for_ever(path: Path, job: dict[str, Any]) -> None:
    assert load(path)["permissions"] in ({}, {"contents": "read"})
    assert load(path)["permissions"] or job["permissions"]
    assert job["timeout-minutes"] <= 90
    for step in job["steps"]:
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_only_these_jobs_write_anything() -> None:
    writing = {
        (path.stem, name, what)
        for path in WORKFLOWS
        for name, job in load(path)["jobs"].items()
        for what, how in job.get("permissions", {}).items()
        if how == "write"
    }
    assert writing == {
        ("pages", "publish", "id-token"),
        ("pages", "publish", "pages"),
        ("release", "images", "packages"),
        ("release", "names", "packages"),
        ("release", "page", "contents"),
    }


def commands() -> list[Any]:
    return [
        pytest.param(line, id=f"{path.stem}-{name}-{number}")
        for path in WORKFLOWS
        for name, job in load(path)["jobs"].items()
        for number, step in enumerate(job["steps"])
        for line in step.get("run", "").splitlines()
    ]


@pytest.mark.parametrize("line", commands())
def test_a_step_calls_what_exists(line: str) -> None:
    program, *words = shlex.split(re.sub(r"\$\{\{.*?\}\}", "", line))
    if program == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M)
        assert {*words} <= {*targets}
    elif "/" in program and not program.startswith("build/"):  # what an earlier step made
        assert (ROOT / program).stat().st_mode & 0o111
    else:
        assert program in PROGRAMS or program.startswith("build/")
    for word in words:
        if re.match(r"(tests|tools|lab|workshop|layerscope)/", word):
            assert (ROOT / word).exists()


def test_every_part_of_the_tests_has_a_job() -> None:
    """`tests/run --part X` for each X that tests/run knows, on both kinds of processor."""
    job = load(ROOT / ".github/workflows/test.yml")["jobs"]["test"]
    matrix = job["strategy"]["matrix"]
    assert matrix["part"] == ["code", "lessons", "outside"]
    assert matrix["runner"] == ["ubuntu-24.04", "ubuntu-24.04-arm"]
    known = re.findall(r"^            (\w+)\)$", (ROOT / "tests/run").read_text(), re.M)
    assert known == matrix["part"]
    # tests/run mounts the folder; docker takes a relative path for a volume's name.
    (step,) = (step for step in job["steps"] if "tests/run" in step.get("run", ""))
    assert step["env"]["TEST_REPORTS"] == "${{ github.workspace }}/build/reports"


def test_dependabot_looks_where_versions_are_pinned() -> None:
    updates = load(ROOT / ".github/dependabot.yml")["updates"]
    asked = {
        (update["package-ecosystem"], folder)
        for update in updates
        for folder in update.get("directories", [update.get("directory")])
    }
    assert asked == {
        ("github-actions", "/"),
        ("docker", "/lab"),
        *(("pip", folder) for folder in ("/", "/lab", "/workshop")),
        ("npm", "/workshop"),
    }
    for kind, folder in asked - {("github-actions", "/")}:
        file = {"docker": "Dockerfile", "pip": "requirements.txt", "npm": "package-lock.json"}[kind]
        assert (ROOT / folder.strip("/") / file).exists()
    assert all(update["schedule"] == {"interval": "weekly"} for update in updates)
    assert all("groups" in update for update in updates)


def test_the_bases_digest_stands_where_dependabot_reads_it() -> None:
    """It takes lines that begin with FROM and name an image; an ARG's default it does not see."""
    text = (ROOT / "lab/Dockerfile").read_text()
    assert re.findall(r"^FROM \S+:\S+@sha256:[0-9a-f]{64} AS (\w+)$", text, re.M) == [
        "debian",
        "dind",
    ]
    assert "ARG LAB_BASE=debian\n" in text


def test_whoever_tried_it_is_asked_where() -> None:
    (form,) = (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")
    asked = {field.get("id"): field for field in load(form)["body"]}
    for name in ("system", "engine", "doctor"):
        assert asked[name]["validations"]["required"], name
    assert "make doctor" in asked["doctor"]["attributes"]["label"]
