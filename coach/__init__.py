"""The learner's helper.  Lessons begin with :func:`ready`; exercises use the rest.

start("05-1")     lays out what the exercise begins with
check("05-1")     tells whether it is done, else the first thing that is not right
hint("05-1")      a step further each time
progress()        what is passed
quiz("05_layers") the questions at the end of a lesson
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coach.doctor import as_text, examine

if TYPE_CHECKING:
    from coach.card import Card, Note
    from coach.journal import Standings
    from coach.questions import Quiz

__all__ = ["NotReadyError", "check", "hint", "progress", "quiz", "ready", "start"]

_given: dict[str, int] = {}  # exercise: how many of its hints this kernel has shown


class NotReadyError(Exception):
    """Something that a lesson needs is missing; the message names cause and next command."""


def ready() -> None:
    """Print what the lab stands on; raise NotReadyError if a lesson could not run here."""
    findings = examine()
    failed = [finding for finding in findings if not finding.ok]
    if failed:
        raise NotReadyError("수업을 시작할 수 없다.\n" + as_text(failed))
    print(as_text(findings))


# What follows is imported where it is called: a lesson that only wants ready() starts sooner.


def start(name: str) -> None:
    """Lay out what exercise ``name`` begins with.  What is already there stays as it is."""
    from coach import checking, workspace  # noqa: PLC0415

    folder = checking.start(name)
    print(f"연습 {name} 준비 끝. 파일을 두는 곳: {folder.relative_to(workspace.WORK)}/")


def check(name: str) -> Card:
    """Look at the state of engine and files; show whether exercise ``name`` is done."""
    from coach import checking  # noqa: PLC0415
    from coach.card import Card  # noqa: PLC0415

    return Card(checking.check(name))


def hint(name: str) -> Note:
    """The next hint; each call says a bit more, none is the answer."""
    from coach import checking  # noqa: PLC0415
    from coach.card import Note  # noqa: PLC0415

    hints = checking.find(name).hints
    step = min(_given.get(name, 0), len(hints) - 1)
    _given[name] = step + 1
    return Note(f"힌트 {step + 1}/{len(hints)}: {hints[step]}")


def progress() -> Standings:
    """The exercises and what is passed of them."""
    from coach.journal import Standings  # noqa: PLC0415

    return Standings()


def quiz(lesson: str) -> Quiz:
    """The questions at the end of a lesson."""
    from coach.questions import Quiz  # noqa: PLC0415

    return Quiz.of(lesson)
