"""dive 0.13.1's own numbers, its defects included, so that people can compare.

Source: dive v0.13.1, ``dive/filetree/efficiency.go``, ``file_tree.go`` and ``file_node.go``.
dive walks the leaves of each layer's tree and counts, per path, the sizes stored.  What differs
from the truth (layerscope.analysis), each with a test:

- it does not know opaque directories;
- a removed directory that is stored only once scores as no waste at all;
- of a path stored n times all n copies count as wasted, not n - 1;
- a file that takes a directory's place keeps the directory's children, and the reverse;
- a whiteout with nothing below it ends the counting of its layer;
- a layer that ``docker save`` (up to 24) wrote as a symlink to an equal layer is empty.

dive stacks all lower layers anew for each whiteout; here one stack grows, with equal results.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from layerscope.model import DiveScore, Entry, Kind, Layer
from layerscope.paths import Children, parents

_MARKS = frozenset((Kind.WHITEOUT, Kind.OPAQUE))


@dataclass(slots=True)
class _Count:
    """Copies of one path, from the second on."""

    copies: int
    total: int  # bytes of all copies
    least: int  # bytes of the smallest


@dataclass(slots=True)
class _Counts:
    """What dive's efficiencyMap holds; most paths are stored once, so these are just numbers."""

    first: dict[str, int] = field(default_factory=dict)  # -1: named, but never counted
    again: dict[str, _Count] = field(default_factory=dict)

    def add(self, path: str, size: int) -> None:
        before = self.first.get(path, -1)
        if before < 0:
            self.first[path] = size
            return
        count = self.again.get(path)
        if count is None:
            count = self.again[path] = _Count(1, before, before)
        count.copies += 1
        count.total += size
        count.least = min(count.least, size)


def score(layers: Sequence[Layer]) -> DiveScore:
    """dive's image size, inefficient bytes and efficiency (``dive --json``, "image")."""
    counts = _count(layers)
    wasted = sum(one.total for one in counts.again.values())
    once = [size for path, size in counts.first.items() if path not in counts.again]
    stored = sum(size for size in once if size > 0) + wasted
    least = sum(once) + sum(one.least for one in counts.again.values())
    return DiveScore(
        size=sum(layer.size for layer in layers if not layer.linked),
        inefficient_bytes=wasted,
        efficiency=least / stored if stored else 1.0,
    )


def _count(layers: Sequence[Layer]) -> _Counts:
    counts = _Counts()
    trees = [_Tree.of(layer) for layer in layers]
    last = max((index for index, tree in enumerate(trees) if tree.removed), default=-1)
    stack = _Stack()
    for index, tree in enumerate(trees):
        if index == 0:  # dive looks the first layer's whiteouts up in that layer itself
            stack.add(tree)
        values = {path: stack.size(path) for path in tree.removed}
        if None in values.values():
            _count_until_lost(counts, tree, values)
        else:
            for path, size in tree.leaves():
                counts.add(path, size)
            for path, value in values.items():
                counts.add(path, value or 0)
        if index < last:
            stack.remove(tree.removed)
            stack.add(tree)
            # Siblings come in name order, so these are added before their whiteout is met.
            stack.remove(path for path in tree.removed if _early(path))
    return counts


def _count_until_lost(counts: _Counts, tree: _Tree, values: dict[str, int | None]) -> None:
    """Leaves in dive's order, up to the whiteout that has nothing below it."""
    leaves: list[tuple[bytes, str, int | None]] = [
        (_order(path), path, size) for path, size in tree.leaves()
    ]
    for path, size in values.items():
        parent, slash, name = path.rpartition("/")
        leaves.append((_order(f"{parent}{slash}.wh.{name}"), path, size))
    for _, path, size in sorted(leaves, key=lambda leaf: leaf[0]):
        if size is None:
            counts.first.setdefault(path, -1)
            return
        counts.add(path, size)


def _order(path: str) -> bytes:
    """Directory by directory, names as bytes."""
    return os.fsencode(path).replace(b"/", b"\0")


def _early(path: str) -> bool:
    name = os.fsencode(path.rpartition("/")[2])
    return name < b".wh." + name


@dataclass(slots=True)
class _Tree:
    """One layer's tree: the last entry of a name wins, opaque markers do not exist."""

    nodes: dict[str, Entry | None]  # None: only implied by an opaque marker
    removed: dict[str, None]  # whiteouts, in order
    inner: set[str]  # paths with children

    @classmethod
    def of(cls, layer: Layer) -> _Tree:
        if layer.linked:
            return cls({}, {}, set())
        nodes: dict[str, Entry | None] = {
            one.path: one for one in layer.entries if one.kind not in _MARKS
        }
        marks = [one for one in layer.entries if one.kind in _MARKS]
        for mark in marks:
            if mark.kind is Kind.OPAQUE and mark.path:
                nodes.setdefault(mark.path, None)
        removed = {mark.path: None for mark in marks if mark.kind is Kind.WHITEOUT}
        return cls(nodes, removed, parents(nodes) | parents(removed))

    def leaves(self) -> Iterable[tuple[str, int]]:
        inner = self.inner
        for path, entry in self.nodes.items():
            if path not in inner:
                yield path, entry.size if entry is not None else 0


class _Stack:
    """All lower layers on top of each other, as dive stacks them."""

    def __init__(self) -> None:
        self._nodes: dict[str, Entry | None] = {}
        self._children: Children | None = None

    def add(self, tree: _Tree) -> None:
        """A directory that the layer only implies takes the place of what is known of it."""
        self._nodes.update(dict.fromkeys(tree.inner))
        self._nodes.update(tree.nodes)
        if self._children is not None:
            for path in (*tree.nodes, *tree.inner):
                self._children.add(path)

    def remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            if path in self._nodes:
                children = self._indexed()
                for gone in (path, *children.below(path)):
                    del self._nodes[gone]
                children.remove(path)

    def size(self, path: str) -> int | None:
        """What a whiteout of the path is worth to dive, None if there is no such path."""
        if path not in self._nodes:
            return None
        entry = self._nodes[path]
        if entry is None or entry.kind is not Kind.DIRECTORY:
            return 0
        below = (self._nodes[one] for one in self._indexed().below(path))
        return sum(one.size for one in below if one is not None)

    def _indexed(self) -> Children:
        if self._children is None:
            self._children = Children(self._nodes)
        return self._children
