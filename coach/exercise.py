"""What an exercise is; its check is registered under its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from coach.workbench import Workbench

Check = Callable[[Workbench], str]
Start = Callable[[Workbench], None]

REGISTRY: dict[str, Exercise] = {}


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
