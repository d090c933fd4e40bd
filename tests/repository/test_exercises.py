"""What exercises and quizzes have to be, before any engine is asked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from coach import exercises  # noqa: F401  # registers
from coach.exercise import REGISTRY
from tools.exercises import exercise
from tools.notebook import read, tags

ROOT = Path(__file__).parents[2]
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
TAUGHT = [name for name in LESSONS if not name.startswith("00")]
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
QUIZZES = sorted((ROOT / "coach/quizzes").glob("*.json"))

each_solution = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
each_quiz = pytest.mark.parametrize("path", QUIZZES, ids=lambda p: p.stem)


def cells(path: Path) -> list[NotebookNode]:
    return list(read(path).cells)


def is_solution(cell: NotebookNode) -> bool:
    return "solution" in tags(cell)


def test_every_lesson_has_exercises_and_a_quiz() -> None:
    assert [path.stem for path in SOLUTIONS] == TAUGHT
    assert [path.stem for path in QUIZZES] == TAUGHT


def test_an_exercise_has_its_notebook_its_check_and_its_answers() -> None:
    """Each where its number says: 05-1 in solutions/05_…, lesson_05.py and answers_05.py."""
    asked = {
        f"{path.stem[:2]}-{cell.id[4]}"
        for path in SOLUTIONS
        for cell in cells(path)
        if cell.cell_type == "code" and cell.id[4] not in "09"
    }
    checked = {one.id: one.check.__module__ for one in REGISTRY.values()}
    assert checked == {name: f"coach.exercises.lesson_{name[:2]}" for name in asked}
    answered = {
        (path.stem, name)
        for path in (ROOT / "tests/exercises").glob("answers_*.py")
        for name in re.findall(r'^    "(\d\d-\d)": Answers\($', path.read_text(), re.M)
    }
    assert answered == {(f"answers_{name[:2]}", name) for name in asked}


def test_exercises_are_what_the_solutions_make() -> None:
    subprocess.run([sys.executable, "-m", "tools.exercises", "--check"], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"tags": ["solution"]}, "TODO가 든 stub"),
        ({"tags": ["solution"], "stub": "# 여기에"}, "TODO가 든 stub"),
        ({"stub": "# TODO"}, "solution 태그가 없다"),
    ],
)
def test_solution_and_stub_belong_together(metadata: dict[str, object], told: str) -> None:
    cell = new_code_cell("1", id="x05-1b", metadata=metadata)
    with pytest.raises(ValueError, match=f"x05-1b: .*{told}"):
        exercise(new_notebook(cells=[cell]))


@each_solution
def test_nothing_of_a_solution_is_left_in_its_exercise(path: Path) -> None:
    left = {cell.id: cell.source for cell in cells(ROOT / "exercises" / path.name)}
    for cell in filter(is_solution, cells(path)):
        if cell.cell_type == "markdown":
            assert cell.id not in left
        else:
            assert "TODO" in left[cell.id]
            assert cell.source not in left.values()
            telling = [line for line in cell.source.splitlines() if len(line.strip()) > 20]
            stub = cell.metadata["stub"]
            assert not [line for line in telling if line.strip() in stub]


@each_solution
def test_every_exercise_is_stated_started_done_and_checked(path: Path) -> None:
    lesson = path.stem[:2]
    body = "\n".join(cell.source for cell in cells(path))
    ids = re.findall(rf"^## ({lesson}-\d)\. ", body, re.M)
    assert len(ids) >= 3
    for one in ids:
        group = [cell for cell in cells(path) if cell.id.startswith(f"x{one}")]
        code = [cell for cell in group if cell.cell_type == "code"]
        assert any(f'start("{one}")' in cell.source for cell in code)
        assert code[-1].source == f'check("{one}")'
        assert any(is_solution(cell) for cell in code)
        assert any(is_solution(c) and c.cell_type == "markdown" for c in group), "까닭이 없다"


@each_quiz
def test_quiz_has_three_to_five_questions_with_one_right_answer_each(path: Path) -> None:
    questions = json.loads(path.read_text())
    assert 3 <= len(questions) <= 5
    places = []
    for one in questions:
        assert set(one) <= {"question", "code", "options"}
        assert 3 <= len(one["options"]) <= 4
        assert all(set(option) == {"text", "right", "why"} for option in one["options"])
        assert all(len(option["why"]) > 10 for option in one["options"])
        right = [place for place, option in enumerate(one["options"]) if option["right"]]
        assert len(right) == 1
        places += right
    assert len(set(places)) > 1, "정답이 늘 같은 자리에 있다"


@pytest.mark.parametrize("name", TAUGHT)
def test_lesson_leads_to_its_quiz_and_exercises(name: str) -> None:
    lesson = cells(ROOT / "notebooks" / f"{name}.ipynb")
    assert any(f'coach.quiz("{name}")' in cell.source for cell in lesson)
    assert any(f"](../exercises/{name}.ipynb)" in cell.source for cell in lesson)
