"""What an image is made of, as plain facts.

Sizes are bytes.  Paths are relative to the root file system, normalised, without a leading
"/", decoded as UTF-8 with ``surrogateescape`` so that any byte sequence survives a round trip.
Terms follow the OCI image specification (config.md, layer.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a layer's tar entry is."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    DEVICE = "device"  # character or block device
    FIFO = "fifo"
    WHITEOUT = "whiteout"  # ``.wh.NAME``: path is the path that it removes
    OPAQUE = "opaque"  # ``.wh..wh..opq``: path is the directory whose lower content it hides


class State(StrEnum):
    """What an entry does to the layers below it."""

    ADDED = "added"
    MODIFIED = "modified"
    REMOVED = "removed"
    UNCHANGED = "unchanged"  # stored again, though equal in type, mode, owner, link and content


class Cause(StrEnum):
    """Why a stored byte is not visible in the final root file system."""

    OVERWRITTEN = "overwritten"  # the same path is stored again higher up
    DELETED = "deleted"  # a whiteout of it or of a parent
    OPAQUE = "opaque"  # an opaque directory above it
    REPLACED = "replaced"  # a path of another type took its place (file for directory, ...)


@dataclass(slots=True)
class Entry:
    """One entry of a layer's tar."""

    path: str
    kind: Kind
    size: int  # bytes of a regular file as the tar carries them, else 0
    mode: int  # permission bits, 0o7777
    uid: int
    gid: int
    link: str = ""  # target of a symlink or hardlink
    digest: str | None = None  # sha256 of the content, when content was asked for


@dataclass(slots=True)
class Layer:
    index: int
    diff_id: str  # sha256 of the uncompressed tar
    chain_id: str  # sha256 over the stack up to here (config.md, "Layer ChainID")
    digest: str | None  # sha256 of the blob as stored, None where the store keeps no blob
    media_type: str | None
    created_by: str  # the history row that made this layer, "" if unknown
    size: int  # sum of the regular files' bytes
    compressed_size: int | None  # bytes of the stored blob
    entries: list[Entry] = field(default_factory=list)
    linked: bool = False  # the archive stores it as a symlink to an equal layer: dive sees it empty


@dataclass(slots=True)
class HistoryRow:
    created_by: str
    created: str | None
    empty_layer: bool
    layer: int | None  # index of the layer it made, None for an empty one


@dataclass(slots=True)
class Image:
    reference: str
    id: str
    platform: str  # "linux/amd64"
    created: str | None  # RFC 3339
    layers: list[Layer]
    history: list[HistoryRow]
    config: dict[str, Any]
    manifest: dict[str, Any] | None = None  # None where the source keeps no OCI manifest


@dataclass(slots=True)
class Hidden:
    """Bytes that every pull carries and no process can see."""

    path: str
    bytes: int
    cause: Cause
    layer: int  # where the bytes are stored
    by: int  # the layer that hides them


@dataclass(slots=True)
class DiveScore:
    """dive 0.13.1's own numbers for the same layers, see layerscope.dive."""

    size: int
    inefficient_bytes: int
    efficiency: float


@dataclass(slots=True)
class Analysis:
    """An image measured.  ``size == visible + hidden_bytes`` always holds."""

    image: Image
    size: int
    visible: int
    hidden: list[Hidden]
    states: list[list[State]]  # states[layer][i] belongs to image.layers[layer].entries[i]
    dive: DiveScore

    @property
    def hidden_bytes(self) -> int:
        return sum(row.bytes for row in self.hidden)
