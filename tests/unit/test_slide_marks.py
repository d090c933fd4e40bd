"""What every lesson's slides have to be, before they are built."""

import hashlib
import re
from pathlib import Path

import pytest
from nbformat import NotebookNode

from tools.notebook import read

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# reveal.js 5.2.1 as npm gives it: dist/, plugin/notes/notes.js and LICENSE.
REVEAL = {
    "LICENSE": "34014800f4126ac2525e224166f099f26628612e95c41f76d70841b63138c989",
    "notes.js": "df1201d19d03241a2897d39c3d38768177df1cbd4bde06327b321cb83461ae89",
    "reveal.css": "68f915a11ebf7203c0446576b7e952ff61c5dd02134a8a226ffaf62ed42136d2",
    "reveal.js": "46538b52db48724192f59bf46f5e851a18e302777c46f4a34c32709d010d6a29",
}

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)


def shown(path: Path) -> list[tuple[NotebookNode, NotebookNode]]:
    """The cells that are on the slides, each with what its metadata says of it."""
    marked = [(cell, cell.metadata.slideshow) for cell in read(path).cells if marks(cell)]
    assert marked, "no cell is on the slides"
    return marked


def marks(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("slideshow", {}).get("slide_type", "skip") != "skip")


def begins(slide: NotebookNode) -> bool:
    return slide.slide_type in ("slide", "subslide")


def joined(slide: NotebookNode, name: str) -> str:
    return "".join(slide.get(name, []))


def said(cell: NotebookNode, slide: NotebookNode) -> str:
    own = cell.source if cell.cell_type == "markdown" else ""
    return joined(slide, "text") or own


@each_lesson
def test_marks_are_those_that_the_slides_know(path: Path) -> None:
    cells = shown(path)
    assert begins(cells[0][1])
    for cell, slide in cells:
        assert slide.slide_type in ("slide", "subslide", "fragment", "-"), cell.id
        assert slide.keys() <= {"slide_type", "text", "notes", "source", "output"}, cell.id
        assert {slide.get("source", "hide"), slide.get("output", "hide")} == {"hide"}, cell.id


@each_lesson
def test_text_and_notes_are_lines_as_nbformat_writes_a_cells_source(path: Path) -> None:
    for cell, slide in shown(path):
        for name in {"text", "notes"} & slide.keys():
            assert isinstance(slide[name], list), (cell.id, name)
            assert slide[name] == joined(slide, name).splitlines(keepends=True), (cell.id, name)


@each_lesson
def test_lesson_has_as_many_slides_as_a_class_can_follow(path: Path) -> None:
    kinds = [slide.slide_type for _, slide in shown(path)]
    assert 8 <= kinds.count("slide") <= 16
    assert kinds.count("subslide") <= 10  # those that a hurried speaker passes over


@each_lesson
def test_every_slide_has_a_headline_and_notes(path: Path) -> None:
    for cell, slide in shown(path):
        if begins(slide):
            assert re.match(r"##? \S", said(cell, slide)), cell.id
            time = r"\*\*(\d+(~\d+)?분( 이상)?|남은 시간)\.\*\* "
            notes = joined(slide, "notes")
            assert re.match(time, notes), (cell.id, "notes tell the time first")
            assert len(notes) > 50, cell.id
        else:
            assert "notes" not in slide, (cell.id, "notes stand in a slide's first cell")


@each_lesson
def test_slides_begin_with_the_lessons_question(path: Path) -> None:
    cell, slide = shown(path)[0]
    title, _, question = cell.source.splitlines()[0].partition(": ")
    assert joined(slide, "text") == f"{title}\n\n{question.rstrip('?')}?"


@each_lesson
def test_learners_predict_before_they_see(path: Path) -> None:
    asked = [cell.id for cell, slide in shown(path) if "*예상해 보세요*" in said(cell, slide)]
    assert len(asked) >= 3


@each_lesson
def test_slides_are_not_read_but_seen(path: Path) -> None:
    for cell, slide in shown(path):
        assert len(re.findall(r"^(?:[-*]|\d+\.) ", said(cell, slide), re.M)) <= 6, cell.id
        assert len(re.sub(r"<svg.*?</svg>", "", said(cell, slide), flags=re.S)) <= 420, cell.id


@each_lesson
def test_korean_is_plain(path: Path) -> None:
    for cell, slide in shown(path):
        for text in (joined(slide, "text"), joined(slide, "notes")):
            written = re.sub(r"“.*?”", "", text)  # not what a speaker says to a class
            assert not re.search(r"되어(지|진|졌|집)|(합|습|입|됩)니다[.!]", written), cell.id


@pytest.mark.parametrize("name", REVEAL)
def test_reveal_is_as_its_makers_gave_it(name: str) -> None:
    content = (ROOT / "site/assets/reveal" / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == REVEAL[name]
