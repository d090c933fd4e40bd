"""What differs from engine to engine: lessons name versions, a page leads to cell and source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from checkout import ROOT

from tools.notebook import read

PAGE = ROOT / "site/engine-versions.md"
NOTEBOOKS = [
    path for folder in ("notebooks", "solutions") for path in ROOT.glob(f"{folder}/*.ipynb")
]
# What was true of the engine that its writer had.
VAGUE = re.compile(r"버전에 따라|판에 따라|그 전 (?:버전|판)|최신 (?:버전|판|엔진)")
HEADER = ["무엇이", "26.1", "28.5", "29", "수업의 셀", "어떻게 아나"]


def table() -> list[list[str]]:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


HEADERS = [row for row in table() if row[0] == HEADER[0]]
ROWS = [row for row in table() if row[0] != HEADER[0]]

each_row = pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])


def cells(places: str) -> list[str]:
    """The kinds of the cells that the links lead to; a wrong link is an error."""
    kinds = []
    for lesson, cell_id in re.findall(r"\]\(lessons/(\w+)\.md#([\w-]+)\)", places):
        notebook = read(ROOT / "notebooks" / f"{lesson}.ipynb")
        kinds.append({cell.id: cell.cell_type for cell in notebook.cells}[cell_id])
    return kinds


def test_page_has_rows_and_is_in_the_navigation() -> None:
    assert len(ROWS) > 15
    assert all(header == HEADER for header in HEADERS)
    assert f": {PAGE.name}" in (ROOT / "mkdocs.yml").read_text("utf-8")


@each_row
def test_row_fills_each_column(row: list[str]) -> None:
    assert len(row) == len(HEADER)
    assert all(row)


@each_row
def test_row_leads_to_cells_that_exist(row: list[str]) -> None:
    assert cells(row[4])


@each_row
def test_what_was_run_here_is_run_by_a_cell(row: list[str]) -> None:
    how = row[5]
    assert how.startswith(("여기서 실행", "읽음"))
    if how.startswith("여기서 실행"):
        assert "code" in cells(row[4])


@each_row
def test_what_29_does_was_read_where_the_row_says(row: list[str]) -> None:
    """No engine of version 29 has been run here: nobody may say so without a source."""
    assert re.search(r"읽음: \[[^]]+\]\(https://[^)]+\)", row[5])


@pytest.mark.parametrize("path", sorted(NOTEBOOKS), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_text_that_holds_for_some_versions_names_them(path: Path) -> None:
    for cell in read(path).cells:
        slide = cell.metadata.get("slideshow", {})
        texts = [cell.source if cell.cell_type == "markdown" else ""]
        texts += ["".join(slide.get(name, [])) for name in ("text", "notes")]
        for sentence in re.split(r"(?<=[다요까])[.?]", "\n".join(texts)):
            assert not VAGUE.search(sentence) or re.search(r"\d", sentence), (cell.id, sentence)
