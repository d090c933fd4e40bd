"""What every notebook of the course has to be, before it is run."""

import re
from pathlib import Path

import pytest
from nbformat import NotebookNode

from tools.notebook import read

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NOTEBOOKS = sorted([*LESSONS, *ROOT.glob("exercises/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
each_notebook = pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}/{p.stem}"
)


def cells(path: Path, kind: str) -> list[NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == kind]


def text(path: Path) -> str:
    return "\n".join(cell.source for cell in cells(path, "markdown"))


def test_there_are_lessons() -> None:
    assert LESSONS


@each_notebook
def test_notebook_is_committed_without_outputs(path: Path) -> None:
    for cell in cells(path, "code"):
        assert cell.outputs == []
        assert cell.execution_count is None
    assert "widgets" not in read(path).metadata


@each_notebook
def test_cell_ids_are_unique(path: Path) -> None:
    ids = [cell.id for cell in read(path).cells]
    assert len(ids) == len(set(ids))


@each_lesson
def test_lesson_has_the_frame_of_every_lesson(path: Path) -> None:
    body = text(path)
    number = path.stem[:2]
    assert re.match(rf"# {number}\. .+[?나까가]", body), "제목은 번호, 동사, 질문으로 이루어진다"
    wanted = ["**할 일**", "**배울 것**", "**준비와 시간**", "## 정리", "## 연습", "## 더 읽을거리"]
    places = [body.find(part) for part in wanted]
    assert -1 not in places, dict(zip(wanted, places, strict=True))
    assert places == sorted(places)
    assert re.search(r"약 \d+분", body)
    assert "예상해 보세요" in body


@each_lesson
def test_lesson_sums_up_what_it_promised(path: Path) -> None:
    body = text(path)
    promised = body.split("**배울 것**")[1].split("**준비와 시간**")[0]
    proved = body.split("## 정리")[1].split("## 연습")[0]
    count = len(re.findall(r"^\d+\. ", promised, re.M))
    assert count >= 3
    assert len(re.findall(r"^\d+\. ", proved, re.M)) == count


@each_lesson
def test_lesson_begins_by_checking_the_lab(path: Path) -> None:
    assert cells(path, "code")[0].source == "import coach\n\ncoach.ready()"


@each_lesson
def test_lesson_asserts_what_it_claims(path: Path) -> None:
    asserting = [cell for cell in cells(path, "code") if "assert " in cell.source]
    assert len(asserting) >= 4


@each_lesson
def test_shell_lines_carry_no_template_that_ipython_would_eat(path: Path) -> None:
    """IPython fills braces in `!` lines, so `{{.ID}}` would reach docker as `{.ID}`."""
    for cell in cells(path, "code"):
        for line in cell.source.splitlines():
            assert not (line.lstrip().startswith("!") and "{{." in line), (cell.id, line)


@each_notebook
def test_links_to_files_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)]+)\)", text(path)):
        assert (path.parent / target.split("#")[0]).exists(), target


@each_notebook
def test_korean_is_plain(path: Path) -> None:
    """One register (-다), no double passive."""
    body = text(path)
    assert not re.search(r"되어(지|진|졌|집)", body)
    assert not re.search(r"(합|습|입|됩)니다[.!]", body)


@each_notebook
def test_bold_ends_where_its_marks_stand(path: Path) -> None:
    """After a sign and before a letter `**` does not close: **블롭(blob)**의 shows its stars."""
    assert re.findall(r".{9}[^\w\s*([{<“‘]\*\*[가-힣]", text(path)) == []
