"""Two or more images side by side: what they share, and what sets them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from layerscope.analysis import root_filesystem
from layerscope.model import Entry, Image, Kind, State


@dataclass(slots=True)
class SharedLayer:
    """One layer content and the images that carry it."""

    diff_id: str
    size: int  # bytes of regular files
    images: list[int]  # indexes of the images, in order
    stacked: bool  # True: on equal layers below, so an engine unpacks it once for all of them


@dataclass(slots=True)
class Difference:
    """A path of the final root file systems that is not the same in both."""

    path: str
    state: State  # ADDED: only in the second image; REMOVED: only in the first
    before: int | None  # bytes in the first image
    after: int | None


@dataclass(slots=True)
class Comparison:
    first: Image
    second: Image
    layers: list[SharedLayer]
    paths: list[Difference]


def shared_layers(images: Sequence[Image]) -> list[SharedLayer]:
    """Every layer content of the images once, in the order of first use."""
    found: dict[str, SharedLayer] = {}
    chains: dict[str, set[str]] = {}
    for index, image in enumerate(images):
        for layer in image.layers:
            one = found.setdefault(layer.diff_id, SharedLayer(layer.diff_id, layer.size, [], True))
            if index not in one.images:
                one.images.append(index)
            chains.setdefault(layer.diff_id, set()).add(layer.chain_id)
    for diff_id, one in found.items():
        one.stacked = len(chains[diff_id]) == 1
    return list(found.values())


def compare(first: Image, second: Image) -> Comparison:
    """What differs between two images' final root file systems, and the layers they share.

    Equal sizes count as equal content unless both images were read with ``content=True`` or
    the file comes from the same layer content.
    """
    before, after = root_filesystem(first), root_filesystem(second)
    paths = []
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old is None and new is not None:
            paths.append(Difference(path, State.ADDED, None, new[1].size))
        elif new is None and old is not None:
            paths.append(Difference(path, State.REMOVED, old[1].size, None))
        elif old is not None and new is not None and _differ(old[1], new[1]):
            paths.append(Difference(path, State.MODIFIED, old[1].size, new[1].size))
    return Comparison(first, second, shared_layers([first, second]), paths)


def _differ(old: Entry, new: Entry) -> bool:
    facts = (old.kind, old.mode, old.uid, old.gid, old.link, old.size)
    if facts != (new.kind, new.mode, new.uid, new.gid, new.link, new.size):
        return True
    known = old.digest is not None and new.digest is not None
    return old.kind is Kind.FILE and known and old.digest != new.digest
