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
from dataclasses import dataclass
from operator import attrgetter
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
_FILE = Kind.FILE  # an enumeration's member costs as much to look up as a path
_TYPE = 0o170000  # the bits of st_mode that tell the type
_BELOW = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_name = attrgetter("name")


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
                found: list[Entry] = []
                top = os.open(self.root, _BELOW)
                try:
                    _scan(top, "", set(), found)
                finally:
                    os.close(top)
                return found
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


def _scan(directory: int, prefix: str, seen: set[int], found: list[Entry]) -> None:
    """A snapshot's upper directory as the entries of its tar, in BuildKit's order.

    By descriptor: the kernel then looks up one name for each file, not the whole path, and no
    symlink on the way can lead elsewhere.
    """
    with os.scandir(directory) as listing:
        children = list(listing)
    if all(child.name.isascii() for child in children):
        children.sort(key=_name)
    else:
        children.sort(key=lambda child: os.fsencode(child.name))
    for child in children:
        facts = child.stat(follow_symlinks=False)
        mode = facts.st_mode
        path = prefix + child.name
        kind = _KINDS.get(mode & _TYPE)
        if kind is _FILE:
            if facts.st_nlink > 1:
                if facts.st_ino in seen:
                    raise _UnsureError
                seen.add(facts.st_ino)
            size, link = facts.st_size, ""
        elif kind is None:
            continue  # a socket: tar has no type for it
        elif kind is Kind.DEVICE and stat.S_ISCHR(mode) and facts.st_rdev == 0:
            found.append(Entry(path, Kind.WHITEOUT, 0, 0, 0, 0))
            continue
        else:
            size = 0
            link = os.readlink(child.name, dir_fd=directory) if kind is Kind.SYMLINK else ""
        found.append(Entry(path, kind, size, mode & 0o7777, facts.st_uid, facts.st_gid, link))
        if kind is Kind.DIRECTORY:
            below = os.open(child.name, _BELOW, dir_fd=directory)
            try:
                if _opaque(below):
                    raise _UnsureError
                _scan(below, path + "/", seen, found)
            finally:
                os.close(below)


def _opaque(directory: int) -> bool:
    try:
        return os.getxattr(directory, "trusted.overlay.opaque") == b"y"
    except OSError:
        return False
