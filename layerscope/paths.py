"""Directories and what lies in them, for flat collections of paths."""

from __future__ import annotations

from collections.abc import Iterable


def parents(paths: Iterable[str]) -> set[str]:
    """Every directory above the paths; "" is the root."""
    found: set[str] = set()
    for parent in {path.rpartition("/")[0] for path in paths}:
        above = parent
        while above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return found


class Children:
    """Which paths lie in which directory, kept up only once somebody asks."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._names: dict[str, set[str]] = {}
        for path in paths:
            self.add(path)

    def add(self, path: str) -> None:
        """The path and, where they are new, the directories above it."""
        while path:
            parent = path.rpartition("/")[0]
            siblings = self._names.setdefault(parent, set())
            if path in siblings:
                return
            siblings.add(path)
            path = parent

    def below(self, path: str) -> list[str]:
        """Everything under a directory, itself not, in a stable order."""
        found: list[str] = []
        waiting = [path]
        while waiting:
            names = sorted(self._names.get(waiting.pop(), ()))
            found += names
            waiting += names
        return found

    def remove(self, path: str) -> None:
        """A path and everything below it."""
        for gone in (path, *self.below(path)):
            self._names.pop(gone, None)
        if path:
            self._names.get(path.rpartition("/")[0], set()).discard(path)
