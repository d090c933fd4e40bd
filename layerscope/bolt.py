"""A look into a bbolt file, where containerd keeps which snapshot lies in which directory.

Source: go.etcd.io/bbolt ``internal/common`` (page.go, meta.go, bucket.go, inode.go).  Numbers are
little-endian.  The owner may write meanwhile: pages are never changed in place while a reader
can reach them from the newest meta page, and a file that does not add up raises ValueError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_PAGE = struct.Struct("<QHHI")  # id, flags, count, overflow
_META = struct.Struct("<IIIIQQQQQ")  # magic, version, page size, flags, root, -, -, -, transaction
_BRANCH = struct.Struct("<IIQ")  # offset of the key, its bytes, page
_LEAF = struct.Struct("<IIII")  # flags, offset of the key, its bytes, bytes of the value
_MAGIC = 0xED0CDAED
_BRANCH_PAGE, _LEAF_PAGE = 1, 2
_MAX_DEPTH = 64


def items(path: Path, *buckets: bytes) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
    """Name and plain values of every bucket that lies in the bucket named by ``buckets``.

    Raises OSError, and ValueError if the file is not what it should be.
    """
    data = path.read_bytes()
    try:
        size, root = _newest(data)
        for bucket in buckets:
            root = dict(_walk(data, size, root))[bucket]
        for name, value in _walk(data, size, root):
            yield name, dict(_walk(data, size, value))
    except (struct.error, KeyError, OverflowError) as error:
        raise ValueError(f"not a bbolt file that we know: {path}") from error


def _newest(data: bytes) -> tuple[int, bytes]:
    """Page size and root bucket of the last committed transaction."""
    metas = []
    first = _META.unpack_from(data, _PAGE.size)
    for at in (0, first[2]):
        meta = _META.unpack_from(data, at + _PAGE.size)
        if meta[0] == _MAGIC and meta[1] == 2:
            metas.append(meta)
    if not metas:
        raise ValueError("no bbolt meta page")
    newest = max(metas, key=lambda meta: meta[8])
    return newest[2], struct.pack("<QQ", newest[4], 0)


def _walk(data: bytes, size: int, bucket: bytes, depth: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of everything in a bucket; a nested bucket's value is that bucket."""
    page = int.from_bytes(bucket[:8], "little")
    if page == 0:  # a small bucket lies inside its own value
        yield from _page(bucket, 16, data, size, depth)
    else:
        yield from _page(data, page * size, data, size, depth)


def _page(
    block: bytes, at: int, data: bytes, size: int, depth: int
) -> Iterator[tuple[bytes, bytes]]:
    if depth > _MAX_DEPTH:
        raise ValueError("bbolt pages lead in a circle")
    _, flags, count, _ = _PAGE.unpack_from(block, at)
    for number in range(count):
        element = at + _PAGE.size + number * 16
        if flags & _BRANCH_PAGE:
            _, _, page = _BRANCH.unpack_from(block, element)
            yield from _page(data, page * size, data, size, depth + 1)
        elif flags & _LEAF_PAGE:
            _, offset, key, value = _LEAF.unpack_from(block, element)
            start = element + offset
            yield block[start : start + key], block[start + key : start + key + value]
        else:
            raise ValueError("not a bbolt page")
