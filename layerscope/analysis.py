"""What an image's bytes do: seen by processes, or carried for nothing, and why.

Source: OCI image specification, layer.md ("Applying Changesets", "Whiteouts").  Where it leaves
a choice, the overlay file system decides, because that is what containers see: whiteouts act on
lower layers only, and a layer that stores ``a/b`` has a directory ``a``, whatever lay below.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from layerscope import dive
from layerscope.model import Analysis, Cause, Entry, Hidden, Image, Kind, State
from layerscope.paths import Children, parents

_REGULAR = frozenset((Kind.FILE, Kind.HARDLINK))
_MARKS = frozenset((Kind.WHITEOUT, Kind.OPAQUE))
_FILE = Kind.FILE  # an enumeration's member costs as much to look up as a path
_ADDED = State.ADDED

Placed = tuple[int, Entry]  # the index of the layer that stores it, and the entry


def analyze(image: Image) -> Analysis:
    """Measures an image: visible and hidden bytes, each entry's state, dive's numbers.

    ``State.UNCHANGED`` of a file that holds bytes needs their digests, so it is only told apart
    from MODIFIED in images read with ``content=True``.
    """
    stack, states = _apply(image)
    return Analysis(
        image=image,
        size=sum(layer.size for layer in image.layers),
        visible=stack.visible(),
        hidden=stack.hidden,
        states=states,
        dive=dive.score(image.layers),
    )


def root_filesystem(image: Image) -> dict[str, Placed]:
    """The final root file system: path to its entry and the layer that stores it.

    Directories that no layer stores, though files lie in them, are not listed.
    """
    return _apply(image)[0].nodes


@dataclass(slots=True)
class _Body:
    """A file's bytes under several names (hard links)."""

    path: str  # the name that carries the bytes
    size: int
    layer: int
    names: int


@dataclass(slots=True)
class _Stack:
    """The root file system while layers are put on it, and what they hid."""

    nodes: dict[str, Placed] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)  # everything that ever had children
    bodies: dict[str, _Body] = field(default_factory=dict)  # only of files with several names
    hidden: list[Hidden] = field(default_factory=list)
    children: Children | None = None

    def below(self, path: str) -> list[str]:
        if path and path not in self.directories:
            return []
        if self.children is None:  # most images never get here
            self.children = Children(self.nodes)
        return [one for one in self.children.below(path) if one in self.nodes]

    def put(self, entry: Entry, layer: int) -> None:
        path, kind = entry.path, entry.kind
        old = self.nodes.get(path)
        if old is not None and not (kind is old[1].kind is Kind.DIRECTORY):
            same = (kind in _REGULAR and old[1].kind in _REGULAR) or kind is old[1].kind
            self.hide(path, Cause.OVERWRITTEN if same else Cause.REPLACED, layer)
        if kind is not Kind.DIRECTORY and path in self.directories:
            self.hide_below(path, Cause.REPLACED, layer)
        if kind is Kind.HARDLINK:
            self._link(path, entry.link)
        self.nodes[path] = layer, entry
        if self.children is not None:
            self.children.add(path)

    def hide(self, path: str, cause: Cause, by: int) -> None:
        """Takes one path away, its children not."""
        node = self.nodes.pop(path, None)
        if node is None:
            return
        layer, entry = node
        body = self.bodies.pop(path, None)
        if body is not None:
            body.names -= 1
            if not body.names:
                self.hidden.append(Hidden(body.path, body.size, cause, body.layer, by))
        elif entry.size:
            self.hidden.append(Hidden(path, entry.size, cause, layer, by))

    def hide_below(self, path: str, cause: Cause, by: int) -> None:
        for one in self.below(path):
            self.hide(one, cause, by)
        if self.children is not None:
            for one in self.below(path):
                self.children.remove(one)

    def visible(self) -> int:
        alone = sum(node[1].size for path, node in self.nodes.items() if path not in self.bodies)
        return alone + sum(body.size for body in {id(b): b for b in self.bodies.values()}.values())

    def _link(self, path: str, target: str) -> None:
        """A further name for a file's bytes.  A link to nothing, or to no file, has none."""
        node = self.nodes.get(target)
        if node is None or node[1].kind not in _REGULAR:
            return
        layer, entry = node
        body = self.bodies.get(target)
        if body is None:
            if entry.kind is Kind.HARDLINK or not entry.size:
                return
            body = self.bodies[target] = _Body(target, entry.size, layer, 1)
        body.names += 1
        self.bodies[path] = body


def _apply(image: Image) -> tuple[_Stack, list[list[State]]]:
    stack = _Stack()
    nodes = stack.nodes
    states: list[list[State]] = []
    for layer in image.layers:
        index, entries = layer.index, layer.entries
        states.append(
            [
                _state(one, stack) if one.path in nodes or one.kind in _MARKS else _ADDED
                for one in entries
            ]
        )
        for mark in (one for one in entries if one.kind in _MARKS):
            if mark.kind is Kind.WHITEOUT:
                stack.hide(mark.path, Cause.DELETED, index)
                stack.hide_below(mark.path, Cause.DELETED, index)
            else:
                stack.hide_below(mark.path, Cause.OPAQUE, index)
        above = parents([one.path for one in entries if one.kind is not Kind.WHITEOUT])
        for path in above & nodes.keys():
            if nodes[path][1].kind is not Kind.DIRECTORY:
                stack.hide(path, Cause.REPLACED, index)
        stack.directories |= above
        directories = stack.directories
        simple = stack.children is None
        for entry in entries:
            path = entry.path
            if simple and path not in nodes and path not in directories and entry.kind is _FILE:
                nodes[path] = index, entry  # most of them
            elif entry.kind not in _MARKS:
                stack.put(entry, index)
                simple = stack.children is None
    return stack, states


def _state(entry: Entry, below: _Stack) -> State:
    old = below.nodes.get(entry.path)
    if entry.kind in _MARKS:
        there = entry.kind is Kind.WHITEOUT and old is not None
        return State.REMOVED if there or below.below(entry.path) else State.UNCHANGED
    if old is None:
        return State.ADDED
    return State.UNCHANGED if _equal(entry, old[1]) else State.MODIFIED


def _equal(new: Entry, old: Entry) -> bool:
    """In type, mode, owner, link and content; an unknown content is never equal."""
    if (new.kind, new.mode, new.uid, new.gid, new.link, new.size) != (
        old.kind,
        old.mode,
        old.uid,
        old.gid,
        old.link,
        old.size,
    ):
        return False
    if new.kind is Kind.HARDLINK:
        return False  # its content is that of a file stored elsewhere, perhaps anew
    return (
        new.kind is not Kind.FILE
        or not new.size
        or (new.digest is not None and new.digest == old.digest)
    )
