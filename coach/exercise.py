"""What an exercise is, and how a check says that something is not right yet."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from coach.workbench import Workbench

T = TypeVar("T")
Check = Callable[["Workbench"], str]
Start = Callable[["Workbench"], None]

REGISTRY: dict[str, Exercise] = {}
SHOWN = 3  # names in a message


class NotYetError(Exception):
    """The first thing that is not as the exercise asks.

    ``message``: what was found and what was expected, in numbers.  ``hint``: the likely cause,
    never the cure.  Both Korean.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Exercise:
    id: str  # "05-1"
    title: str
    minutes: int
    hints: tuple[str, ...]  # steps: each says a bit more, none is the answer
    check: Check  # raises NotYetError, else returns one sentence on what was proven
    start: Start | None  # brings about what the learner begins with; safe to call again
    limit: float  # seconds that a check may take

    @property
    def lesson(self) -> str:
        return self.id[:2]


def exercise(  # noqa: PLR0913
    name: str,
    title: str,
    minutes: int,
    hints: tuple[str, ...],
    *,
    start: Start | None = None,
    limit: int = 60,
) -> Callable[[Check], Check]:
    """Registers the decorated function as the check of exercise ``name`` ("05-1")."""
    if not re.fullmatch(r"\d\d-\d", name) or name in REGISTRY:
        raise ValueError(name)

    def register(check: Check) -> Check:
        REGISTRY[name] = Exercise(name, title, minutes, hints, check, start, limit)
        return check

    return register


def expect(truth: object, message: str, hint: str = "") -> None:
    """Raises NotYetError unless ``truth`` holds."""
    if not truth:
        raise NotYetError(message, hint)


def need(value: T | None, message: str, hint: str = "") -> T:
    """The value; raises NotYetError if it is None."""
    if value is None:
        raise NotYetError(message, hint)
    return value


def named(paths: set[str]) -> str:
    """The first few paths, in order, as a message tells them."""
    some = sorted(paths)[:SHOWN]
    return ", ".join(some) + (" …" if len(paths) > SHOWN else "")
