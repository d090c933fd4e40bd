"""Layers seen before: a second look at a known layer costs next to nothing.

A layer's DiffID names its content for good (OCI config.md), so what was read of it never goes
stale.  Files lie in ``$XDG_CACHE_HOME/layerscope``, are written whole or not at all, and are
believed only if they decode in full; trouble of any kind means a miss, never an error.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import zstandard

from layerscope.model import Entry, Kind

FORMAT = 1  # counts up when what is written changes
LIMIT = 256 << 20  # bytes of all files together; those used longest ago go first
MAX_DECODED = 1 << 30  # bytes of one file's JSON

_KINDS = list(Kind)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_lock = threading.Lock()  # layers are read side by side, evictions are not


def directory() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return root / "layerscope" / f"v{FORMAT}"


def load_layer(diff_id: str, content: bool) -> list[Entry] | None:
    """A layer's entries, None if they are not known."""
    try:
        return _from_columns(_load(_layer_name(diff_id, content)))
    except (LookupError, TypeError, ValueError):
        return None


def store_layer(diff_id: str, content: bool, entries: Sequence[Entry]) -> None:
    """Keeps a layer's entries, which must be those of that DiffID beyond doubt."""
    _store(_layer_name(diff_id, content), _to_columns(entries))


def _to_columns(entries: Sequence[Entry]) -> list[list[Any]]:
    """Entries as a few lists of plain values, which any encoder packs fast."""
    return [
        [entry.path for entry in entries],
        [_NUMBERS[entry.kind] for entry in entries],
        [entry.size for entry in entries],
        [entry.mode for entry in entries],
        [entry.uid for entry in entries],
        [entry.gid for entry in entries],
        [entry.link for entry in entries],
        [entry.digest for entry in entries] if any(entry.digest for entry in entries) else [],
    ]


def _from_columns(columns: list[list[Any]]) -> list[Entry]:
    """The reverse of ``_to_columns``.  Raises LookupError, TypeError, ValueError."""
    paths, kinds, sizes, modes, uids, gids, links, digests = columns
    rows = zip(
        paths,
        map(_KINDS.__getitem__, kinds),
        sizes,
        modes,
        uids,
        gids,
        links,
        digests or [None] * len(paths),
        strict=True,
    )
    return [Entry(*row) for row in rows]


def load_document(name: str) -> dict[str, Any] | None:
    """A JSON object kept under a name, None if it is not known."""
    document = _load(f"{name}.image")
    return document if isinstance(document, dict) else None


def store_document(name: str, document: dict[str, Any]) -> None:
    _store(f"{name}.image", document)


def _layer_name(diff_id: str, content: bool) -> str:
    return diff_id.replace(":", "-") + (".content" if content else ".layer")


def _load(name: str) -> Any:
    path = directory() / name
    try:
        packed = path.read_bytes()
        document = json.loads(
            zstandard.ZstdDecompressor().decompress(packed, max_output_size=MAX_DECODED)
            if zstandard.frame_content_size(packed) <= MAX_DECODED
            else b""
        )
        os.utime(path)  # eviction goes by the last use
    except (OSError, ValueError, MemoryError, RecursionError, zstandard.ZstdError):
        return None
    return document


def _store(name: str, document: Any) -> None:
    packed = zstandard.ZstdCompressor(level=1, write_checksum=True).compress(
        json.dumps(document, separators=(",", ":")).encode("ascii")
    )
    root = directory()
    with suppress(OSError), _lock:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = root / f".new-{os.getpid()}-{name}"
        try:
            draft.write_bytes(packed)
            draft.replace(root / name)
        finally:
            draft.unlink(missing_ok=True)
        _evict(root)


def _evict(root: Path) -> None:
    files = []
    for path in root.iterdir():
        facts = path.stat()
        files.append((facts.st_mtime, facts.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= LIMIT:
            break
        path.unlink(missing_ok=True)
        total -= size
