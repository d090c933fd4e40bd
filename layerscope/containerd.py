"""Layers of an engine with the containerd image store, read where they lie.

Blobs are in containerd's content store.  Inflating them costs most of the time, while the same
layers lie unpacked in the overlayfs snapshotter's directories, so headers are taken from there
where that is sure to give what the blob's tar says: layers that BuildKit made.  Its tars hold
every parent directory and no name twice, in the order of the walk.  A directory cannot tell an
opaque marker from single whiteouts, nor which of several hard links the tar stored as the file;
such layers are read from their blobs.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from layerscope import bolt
from layerscope.archive import DirectoryBox, read_beneath
from layerscope.model import Entry, Kind
from layerscope.oci import Json, LayerSource, Located, blob_path, chain_id, locate_digest, parse

_CONTENT = "io.containerd.content.v1.content"
_SNAPSHOTS = "io.containerd.snapshotter.v1.overlayfs"
_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFCHR: Kind.DEVICE,
    stat.S_IFBLK: Kind.DEVICE,
    stat.S_IFIFO: Kind.FIFO,
}


class _UnsureError(Exception):
    """The directory does not say what the tar says."""


@dataclass(slots=True)
class SnapshotLayer:
    """A layer both as a blob and unpacked."""

    blob: LayerSource
    root: Path
    linked: bool = False
    cacheable: bool = True
    inflates: bool = False

    @property
    def size(self) -> int | None:
        return self.blob.size

    def entries(self, diff_id: str, digest: str | None, content: bool) -> list[Entry]:
        if not content:
            try:
                return list(_scan(os.fspath(self.root), "", set()))
            except (_UnsureError, OSError):
                pass  # the blob knows
        return self.blob.entries(diff_id, digest, content)

    def file(self, path: str, limit: int) -> bytes:
        return read_beneath(self.root, path, limit)


def roots(docker_root: Path) -> list[Path]:
    """Where containerd keeps its data: the engine's own one, or the machine's."""
    return [docker_root / "containerd" / "daemon", Path("/var/lib/containerd")]


def locate(root: Path, image_id: str, platform: str | None) -> tuple[DirectoryBox, Located]:
    """The image and the box that its layers are read from, which the caller closes.

    Raises OSError where containerd's data are not there or may not be read.
    """
    content = root / _CONTENT
    raw = (content / blob_path(image_id)).read_bytes()
    document = parse(raw, image_id)
    kind = "index" if "manifests" in document else "manifest"
    descriptor: Json = {
        "digest": image_id,
        "mediaType": document.get("mediaType") or f"application/vnd.oci.image.{kind}.v1+json",
    }
    box = DirectoryBox(content)
    found = locate_digest(box, descriptor, platform)
    _prefer_snapshots(root / _SNAPSHOTS, found)
    return box, found


def _prefer_snapshots(root: Path, found: Located) -> None:
    """Puts the unpacked directory beside the blob of each layer that BuildKit made."""
    try:
        places = _snapshots(root)
    except (OSError, ValueError):
        return  # another snapshotter, or a newer format
    rows = [row for row in found.config.get("history") or [] if not row.get("empty_layer")]
    if len(rows) != len(found.layers):
        return
    chain = ""
    for row, layer in zip(rows, found.layers, strict=True):
        chain = chain_id(chain, layer.diff_id)
        if chain in places and row.get("comment") == "buildkit.dockerfile.v0":
            layer.source = SnapshotLayer(layer.source, places[chain])


def _snapshots(root: Path) -> dict[str, Path]:
    """ChainID to the directory of its committed snapshot.

    Source: containerd ``core/snapshots/storage/bolt.go``: bucket v1/snapshots holds, per key
    ``NAMESPACE/NUMBER/NAME``, the directory's number as a varint and the kind (3: committed).
    """
    places = {}
    for key, facts in bolt.items(root / "metadata.db", b"v1", b"snapshots"):
        name = key.rpartition(b"/")[2].decode("utf-8", "replace")
        if facts.get(b"kind") == b"\x03" and name.startswith("sha256:"):
            varint = facts.get(b"id", b"")
            number = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(varint))
            places[name] = root / "snapshots" / str(number) / "fs"
    return places


def _scan(directory: str, prefix: str, seen: set[int]) -> Iterator[Entry]:
    """A snapshot's upper directory as the entries of its tar, in BuildKit's order."""
    with os.scandir(directory) as listing:
        children = sorted(listing, key=lambda child: os.fsencode(child.name))
    for child in children:
        facts = child.stat(follow_symlinks=False)
        kind = _KINDS.get(stat.S_IFMT(facts.st_mode))
        if kind is None:
            continue  # a socket: tar has no type for it
        path = prefix + child.name
        link = ""
        if kind is Kind.DEVICE and stat.S_ISCHR(facts.st_mode) and facts.st_rdev == 0:
            yield Entry(path, Kind.WHITEOUT, 0, 0, 0, 0)
            continue
        if kind is Kind.FILE and facts.st_nlink > 1:
            if facts.st_ino in seen:
                raise _UnsureError
            seen.add(facts.st_ino)
        elif kind is Kind.SYMLINK:
            link = os.readlink(child.path)  # noqa: PTH115  # a Path for each costs
        elif kind is Kind.DIRECTORY and _opaque(child.path):
            raise _UnsureError
        size = facts.st_size if kind is Kind.FILE else 0
        yield Entry(path, kind, size, stat.S_IMODE(facts.st_mode), facts.st_uid, facts.st_gid, link)
        if kind is Kind.DIRECTORY:
            yield from _scan(child.path, path + "/", seen)


def _opaque(path: str) -> bool:
    try:
        return os.getxattr(path, "trusted.overlay.opaque", follow_symlinks=False) == b"y"
    except OSError:
        return False
