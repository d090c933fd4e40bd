"""The bbolt reader on hand-made files: pages as bbolt writes them, and damage."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope import bolt

SIZE = 4096


def _leaf(items: list[tuple[bytes, bytes, bool]]) -> bytes:
    """A leaf page; a bucket's value is marked as one."""
    out = struct.pack("<QHHI", 0, 2, len(items), 0)
    at = len(items) * 16
    body = b""
    for number, (key, value, bucket) in enumerate(items):
        offset = at - number * 16 + len(body)
        out += struct.pack("<IIII", int(bucket), offset, len(key), len(value))
        body += key + value
    return out + body


def _inline(items: list[tuple[bytes, bytes, bool]]) -> bytes:
    return struct.pack("<QQ", 0, 0) + _leaf(items)


def _branch(pages: list[tuple[bytes, int]]) -> bytes:
    out = struct.pack("<QHHI", 0, 1, len(pages), 0)
    body = b""
    for number, (key, page) in enumerate(pages):
        offset = (len(pages) - number) * 16 + len(body)
        out += struct.pack("<IIQ", offset, len(key), page)
        body += key
    return out + body


def _meta(root: int, transaction: int) -> bytes:
    page = struct.pack("<QHHI", 0, 4, 0, 0)
    return page + struct.pack("<IIIIQQQQQ", 0xED0CDAED, 2, SIZE, 0, root, 0, 0, 0, transaction)


def _file(path: Path, *pages: bytes) -> Path:
    path.write_bytes(b"".join(page.ljust(SIZE, b"\0") for page in pages))
    return path


def _good(path: Path) -> Path:
    snapshots = struct.pack("<QQ", 4, 0)
    return _file(
        path,
        _meta(9, 1),  # an older transaction, whose root is no longer there
        _meta(3, 2),
        b"",
        _leaf([(b"v1", _inline([(b"snapshots", snapshots, True)]), True)]),
        _branch([(b"a", 5), (b"b", 6)]),
        _leaf([(b"a", _inline([(b"id", b"\x01", False), (b"kind", b"\x03", False)]), True)]),
        _leaf([(b"b", _inline([(b"id", b"\x85\x01", False)]), True)]),
    )


def test_nested_inline_and_branching_buckets(tmp_path: Path) -> None:
    assert dict(bolt.items(_good(tmp_path / "db"), b"v1", b"snapshots")) == {
        b"a": {b"id": b"\x01", b"kind": b"\x03"},
        b"b": {b"id": b"\x85\x01"},
    }


@pytest.mark.parametrize("buckets", [(b"v2",), (b"v1", b"other")])
def test_missing_bucket(buckets: tuple[bytes, ...], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="bbolt"):
        list(bolt.items(_good(tmp_path / "db"), *buckets))


def test_pages_in_a_circle_end(tmp_path: Path) -> None:
    path = _file(tmp_path / "db", _meta(2, 1), _meta(2, 2), _branch([(b"a", 2)]))
    with pytest.raises(ValueError, match="circle"):
        list(bolt.items(path, b"v1"))


@given(data=st.data())
@settings(max_examples=200)
def test_fuzz_damaged_files(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = _good(tmp_path_factory.getbasetemp() / "fuzz.db")
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, 6)) * SIZE + data.draw(st.integers(0, 120))
        raw[at : at + 2] = data.draw(st.binary(min_size=1, max_size=2))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        for _ in bolt.items(path, b"v1", b"snapshots"):
            pass
    except ValueError:
        pass
