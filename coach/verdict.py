"""How a check says that something is not right yet."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")

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
