"""The instructor's agendas: they add up, and give lessons and exercises the time these ask for."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import coach.exercises  # noqa: F401  # registers them
from coach.exercise import REGISTRY
from tools.notebook import read

ROOT = Path(__file__).parents[2]
LENGTHS = {"90분": [90], "반나절": [240], "이틀": [480, 480]}
Row = tuple[int, int, str]  # begins, takes, what; in minutes


def agendas(heading: str) -> list[list[Row]]:
    """The tables under a heading."""
    page = (ROOT / "site/instructor.md").read_text()
    part = re.split(r"^###? ", page.partition(f"\n### {heading}\n")[2], maxsplit=1, flags=re.M)[0]
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", part, re.M):
        rows = re.findall(r"^\| (\d+):(\d+) \| (\d+) \| (.+?) \|", table, re.M)
        found.append([(int(h) * 60 + int(m), int(takes), what) for h, m, takes, what in rows])
    return found


def every_row() -> Iterator[Row]:
    for heading in LENGTHS:
        for table in agendas(heading):
            yield from table


@pytest.mark.parametrize("heading", LENGTHS)
def test_an_agenda_fills_its_time(heading: str) -> None:
    assert [sum(takes for _, takes, _ in table) for table in agendas(heading)] == LENGTHS[heading]


@pytest.mark.parametrize("heading", LENGTHS)
def test_each_part_begins_where_the_one_before_ends(heading: str) -> None:
    for table in agendas(heading):
        for (begins, takes, _), (following, _, what) in pairwise(table):
            assert begins + takes == following, what


def test_exercises_get_the_minutes_that_they_name() -> None:
    rows = [(takes, re.findall(r"\[(\d\d-\d)\]", what)) for _, takes, what in every_row()]
    assert any(names for _, names in rows)
    for takes, names in rows:
        if names:
            assert takes == sum(REGISTRY[name].minutes for name in names), names


def test_lessons_get_the_minutes_that_they_name() -> None:
    """A part of a lesson gets at least its share, counted in sections."""
    seen = 0
    for _, takes, what in every_row():
        found = re.match(r"\[\d\d\]\(lessons/(\w+)\.md\) (전체|.+절)$", what)
        if not found:
            continue
        seen += 1
        notebook = read(ROOT / f"notebooks/{found[1]}.ipynb")
        text = "\n".join(cell.source for cell in notebook.cells)
        told = re.search(r"약 (\d+)분", text)
        assert told, f"{found[1]} does not tell its minutes"
        minutes = int(told[1])
        sections = {int(number) for number in re.findall(r"^## (\d+)\. ", text, re.M)}
        if found[2] == "전체":
            assert takes == minutes, what
            continue
        chosen: set[int] = set()
        for first, last in re.findall(r"(\d+)(?:–(\d+))?", found[2]):
            chosen |= set(range(int(first), int(last or first) + 1))
        assert chosen <= sections, what
        assert takes >= minutes * len(chosen) / len(sections), what
    assert seen > 20
