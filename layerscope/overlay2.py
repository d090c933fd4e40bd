"""Layers of an engine with the overlay2 graph driver, read where they lie.

The engine keeps every header of a layer's tar in ``tar-split.json.gz`` (github.com/vbatts/
tar-split), so that it can put the very same tar together again; the files' bytes lie in the
layer's ``diff`` directory.  The headers alone tell all that ``docker save`` would, without it.
"""

from __future__ import annotations

import binascii
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from layerscope.archive import open_beneath, read_beneath
from layerscope.errors import ImageChangedError
from layerscope.model import Entry, Kind
from layerscope.oci import Json, Located, LocatedLayer, chain_id, diff_ids, digest_of, parse
from layerscope.streams import GZIP, Readable, Slice, Stream, inflate
from layerscope.tar import CHUNK, members

# Names are JSON strings with their quotes escaped, so this stands for itself only.
_SEGMENT = re.compile(rb'"type":2,"payload":"([^"]*)"')


@dataclass(slots=True)
class TarSplitLayer:
    record: Path  # tar-split.json.gz
    files: Path  # the overlay2 "diff" directory
    linked: bool
    cacheable: bool = True
    inflates: bool = False
    size: int | None = None  # this store keeps no blobs

    def entries(self, diff_id: str, digest: str | None, content: bool) -> list[Entry]:
        with self.record.open("rb") as file:
            descriptor = file.fileno()
            record = Slice(descriptor, 0, os.fstat(descriptor).st_size)
            segments = Stream(_Segments(record))
            listing = [entry for entry, _ in members(segments, bodies=False)]
        if content:
            for entry in listing:
                if entry.kind is Kind.FILE:
                    entry.digest = self._digest(entry)
        return listing

    def file(self, path: str, limit: int) -> bytes:
        return read_beneath(self.files, path, limit)

    def _digest(self, entry: Entry) -> str:
        descriptor = open_beneath(self.files, entry.path)
        try:
            sha256 = hashlib.sha256()
            count = 0
            while piece := os.read(descriptor, CHUNK):
                sha256.update(piece)
                count += len(piece)
        finally:
            os.close(descriptor)
        if count != entry.size:
            raise ImageChangedError(
                f"/{entry.path}의 크기가 기록과 다르다",
                "이미지를 읽는 사이에 지워졌거나, 엔진의 저장소를 누가 고쳤다",
                "다시 실행한다: layerscope IMAGE",
            )
        return "sha256:" + sha256.hexdigest()


class _Segments:
    """The raw parts of a tar that tar-split kept: all but the bodies of regular files."""

    def __init__(self, record: Readable) -> None:
        self._lines = inflate(record, GZIP)
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        found = b""
        while not found:
            piece = self._lines.read(size)
            if not piece:
                break
            lines, newline, rest = (self._rest + piece).rpartition(b"\n")
            self._rest = rest
            found = b"".join(map(binascii.a2b_base64, _SEGMENT.findall(lines + newline)))
        return found


def locate(root: Path, image_id: str, symlinks: bool) -> Located:
    """An image of the engine whose data lie under ``root``.

    ``symlinks`` tells that this engine saves a layer's second copy as a symlink (up to 24).
    Raises OSError where something is not there or may not be read.
    """
    store = root / "image" / "overlay2"
    raw = (store / "imagedb/content" / image_id.replace(":", "/")).read_bytes()
    if digest_of(raw) != image_id:
        raise FileNotFoundError(image_id)  # another engine's data
    config: Json = parse(raw, image_id)
    layers: list[LocatedLayer] = []
    chain = ""
    seen: set[str] = set()
    for diff_id in diff_ids(config):
        chain = chain_id(chain, diff_id)
        place = store / "layerdb" / chain.replace(":", "/")
        record = place / "tar-split.json.gz"
        record.stat()
        files = root / "overlay2" / (place / "cache-id").read_text().strip() / "diff"
        source = TarSplitLayer(record, files, linked=symlinks and diff_id in seen)
        layers.append(LocatedLayer(source, diff_id, None, None))
        seen.add(diff_id)
    return Located(image_id, config, None, layers)
