"""Every exercise against its untouched start, the reference, other right and wrong answers."""

from __future__ import annotations

import pytest
from answering import Answers, Task, answers, fresh, run, same_message, state, tasks

from coach import checking, exercises  # noqa: F401  # registers
from coach.exercise import REGISTRY

TASKS = tasks()
ANSWERS = answers()
Table = list[tuple[str, str, str]]

each_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
each_right = pytest.mark.parametrize(
    ("name", "source"),
    [(name, source) for name, one in ANSWERS.items() for source in one.right],
)
each_wrong = pytest.mark.parametrize(
    ("name", "part", "source"),
    [(name, part, source) for name, one in ANSWERS.items() for part, source in one.wrong.items()],
)


def examine(name: str) -> checking.Result:
    """The check, which must leave everything as it found it."""
    before = state(name)
    result = checking.check(name)
    assert state(name) == before
    return result


def test_notebooks_checks_and_answers_are_about_the_same_exercises() -> None:
    assert set(TASKS) == set(REGISTRY) == set(ANSWERS)


@pytest.mark.parametrize("lesson", sorted({name[:2] for name in TASKS}))
def test_lesson_has_three_exercises_and_one_is_open(lesson: str) -> None:
    mine = {name: one for name, one in ANSWERS.items() if name.startswith(lesson)}
    assert len(mine) >= 3
    assert any(len(one.right) > 1 for one in mine.values())


@pytest.mark.parametrize(("name", "one"), ANSWERS.items(), ids=ANSWERS)
def test_exercise_has_answers_enough(name: str, one: Answers) -> None:
    assert len(one.right) >= 1
    assert len(one.wrong) >= 3
    assert len(REGISTRY[name].hints) >= 2


@each_task
def test_untouched_start_is_not_passed(task: Task, table: Table) -> None:
    with fresh(task.id) as shell:
        run(shell, task.given)
        result = examine(task.id)
    table.append((task.id, "0 untouched start", result.message))
    assert result.status == 1
    assert result.message


@each_task
def test_reference_passes_twice(task: Task, table: Table) -> None:
    with fresh(task.id) as shell:
        for _ in range(2):
            run(shell, task.reference)
            result = examine(task.id)
            assert result.passed, result
    table.append((task.id, "1 reference", result.message))


@each_right
def test_other_right_answer_passes(name: str, source: str, table: Table) -> None:
    with fresh(name) as shell:
        run(shell, (*TASKS[name].given, source))
        result = examine(name)
    table.append((name, "2 other right answer", result.message))
    assert result.passed, result


@each_wrong
def test_wrong_answer_is_told_what_is_wrong(
    name: str, part: str, source: str, table: Table
) -> None:
    with fresh(name) as shell:
        run(shell, (*TASKS[name].given, source))
        result = examine(name)
    table.append((name, "3 wrong answer", result.message))
    assert result.status == 1
    assert same_message(part, result.message), result
