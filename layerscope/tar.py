"""The tar archive of a layer, read header by header.

Sources: POSIX pax interchange format (IEEE Std 1003.1, "pax"), GNU tar's extensions, and, where
these leave a choice, Go's ``archive/tar``, because the engine extracts layers with it.  So global
pax headers are skipped, as the engine does, and a link's size field brings no body.

``tarfile`` reads the same archives, but needs several times as long for each header.
"""

from __future__ import annotations

import hashlib
import posixpath
import struct
import zlib
from collections.abc import Iterator
from typing import Protocol

from layerscope.errors import (
    BrokenLayerError,
    TooLargeError,
    TruncatedLayerError,
    UnsupportedEntryError,
)
from layerscope.model import Entry, Kind

BLOCK = 512  # bytes; headers and bodies are padded to it
WINDOW = 8192  # bytes read for one header; the next small files' headers often lie within
CHUNK = 1 << 18  # bytes read, inflated or hashed at a time
MAX_RECORD = 1 << 20  # bytes of one pax or long-name record, the limit of Go's archive/tar
MAX_PATH = 4096  # bytes, PATH_MAX of Linux: no engine can extract more
MAX_ENTRIES = 4_000_000  # in one layer
MAX_ANCESTORS = 1 << 28  # characters of all parents' names of very long paths, in one layer

# name, mode, uid, gid, size, checksum, type, link, magic and version, prefix
_unpack = struct.Struct("100s8s8s8s12s12x8sc100s8s32x32x8x8x155s12x").unpack_from
_FILE = Kind.FILE
_ZEROS = bytes(BLOCK)
_KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,  # "contiguous", which no system ever told apart
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.DEVICE,
    b"4": Kind.DEVICE,
    b"5": Kind.DIRECTORY,
    b"6": Kind.FIFO,
}
_REBUILD = "이미지를 다시 빌드하거나 내려받는다: docker pull IMAGE"


class Source(Protocol):
    """Bytes of an uncompressed tar, read at offsets that never go back."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes from ``offset``, fewer than ``length`` only where the source ends.

        Raises TruncatedLayerError if the source ends before ``offset``.
        """


def members(  # noqa: PLR0912, PLR0915  # one loop: calls would cost as much as the work
    source: Source, *, bodies: bool = True, content: bool = False
) -> Iterator[tuple[Entry, int]]:
    """Every entry of a layer in tar order, with the offset of its body.

    ``bodies=False`` reads a tar whose regular files' bodies were left out (their padding still
    stands), which is how the engine's tar-split records look; their headers' checksums were seen
    to when the engine took the layer in.  ``content`` fills in ``Entry.digest`` of regular files.

    The root directory's own entry is left out, and so are AUFS' private ``.wh..wh.`` files.
    Raises BrokenLayerError and its kinds, and TooLargeError.
    """
    window, start = b"", 0
    offset = 0  # of the next header
    numbers: dict[bytes, int] = {}  # modes and owners repeat: parsed once, kept once
    pax: dict[bytes, bytes] = {}
    long_name = long_link = b""
    count = ancestors = 0

    while True:
        at = offset - start
        if at + BLOCK > len(window):
            window, start, at = source.read_at(offset, WINDOW), offset, 0
            if not window:
                return  # no end mark, which Go accepts as well
            if len(window) < BLOCK:
                raise truncated(offset)
        raw_name, mode, uid, gid, raw_size, checksum, flag, raw_link, magic, prefix = _unpack(
            window, at
        )
        if not raw_name[0] and window[at : at + BLOCK] == _ZEROS:
            if source.read_at(offset + BLOCK, BLOCK)[:BLOCK].strip(b"\0"):
                raise _broken(offset, "끝 표시 뒤에 자료가 더 있다")
            return
        if bodies and not _checksum_fits(window[at : at + BLOCK], checksum, offset):
            raise _broken(offset, "헤더의 체크섬이 맞지 않는다")
        digits = raw_size[:11]
        if digits.isdigit() and not raw_size[11] and not digits.strip(b"01234567"):
            size = int(digits, 8)
        else:
            size = _number(raw_size, offset)
        offset += BLOCK

        if flag in b"xgLK":
            if size > MAX_RECORD:
                raise _too_large(f"확장 헤더 하나가 {size:,}바이트다 (한도 {MAX_RECORD:,})")
            at = offset - start
            if at + size > len(window):
                window, start, at = source.read_at(offset, size + WINDOW), offset, 0
            record = window[at : at + size]
            if len(record) < size:
                raise truncated(offset)
            offset += size + -size % BLOCK
            if flag == b"x":
                pax = _pax_records(record, offset)
            elif flag == b"L":
                long_name = record.partition(b"\0")[0]
            elif flag == b"K":
                long_link = record.partition(b"\0")[0]
            continue

        name = raw_name.partition(b"\0")[0]
        kind = _KINDS.get(flag)
        if kind is None:  # "S" among others
            raise _unsupported(name, f"tar 항목 종류가 {flag!r}이다")
        if prefix[0] and magic == b"ustar\x0000":
            name = prefix.partition(b"\0")[0] + b"/" + name
        link = raw_link.partition(b"\0")[0] if raw_link[0] else b""
        try:
            mode, uid, gid = numbers[mode], numbers[uid], numbers[gid]
        except KeyError:
            mode, uid, gid = (_kept(numbers, field, offset) for field in (mode, uid, gid))
        if pax or long_name or long_link:
            name = long_name or pax.get(b"path") or name
            link = long_link or pax.get(b"linkpath") or link
            uid = _decimal(pax, b"uid", uid, offset)
            gid = _decimal(pax, b"gid", gid, offset)
            size = _decimal(pax, b"size", size, offset)
            if any(key.startswith(b"GNU.sparse.") for key in pax):
                raise _unsupported(name, "sparse 파일이다")
            pax, long_name, long_link = {}, b"", b""

        body = offset
        if kind is not _FILE:
            size = 0  # links, directories and devices have no body
        elif flag == b"\0" and name.endswith(b"/"):
            kind, size = Kind.DIRECTORY, 0  # how tar wrote directories before POSIX
        elif bodies:
            offset += size
        offset += -size % BLOCK

        path = clean(name.decode("utf-8", "surrogateescape"))
        count += 1
        if len(name) > 128 or count > MAX_ENTRIES:
            if len(name) > MAX_PATH:
                raise _too_large(f"경로 하나가 {len(name):,}바이트다 (한도 {MAX_PATH:,})")
            ancestors += len(path) * path.count("/") // 2
            if count > MAX_ENTRIES or ancestors > MAX_ANCESTORS:
                raise _too_large(f"레이어 하나에 항목이 너무 많거나 깊다 (한도 {MAX_ENTRIES:,}개)")

        target = ""
        if link:
            target = link.decode("utf-8", "surrogateescape")
            if kind is Kind.HARDLINK:
                target = clean(target)
        if ".wh." in path:
            path, kind = _whiteout(path, kind, body)
        if (not path and kind is not Kind.OPAQUE) or kind is None:
            continue
        if kind is not _FILE:
            size = 0
        entry = Entry(path, kind, size, mode & 0o7777, uid, gid, target)
        if content and kind is _FILE:
            entry.digest = _digest(source, body, size)
        yield entry, body


def clean(name: str) -> str:
    """A path relative to the root; ``..`` cannot climb above it (layer.md, "Extracting")."""
    if name.endswith("/"):
        name = name.rstrip("/")
    if name.startswith("./"):
        name = name[2:]
    if name and (name[0] in "/." or "//" in name or "/." in name):
        return posixpath.normpath("//" + name).lstrip("/")
    return name


def truncated(offset: int) -> TruncatedLayerError:
    return TruncatedLayerError(
        f"레이어가 {offset:,}바이트 근처에서 끊겼다",
        "파일을 끝까지 받거나 저장하지 못했다",
        "이미지를 다시 저장한다: docker save -o FILE IMAGE",
    )


def _broken(offset: int, why: str) -> BrokenLayerError:
    return BrokenLayerError(f"레이어의 tar를 {offset:,}바이트에서 더 읽을 수 없다", why, _REBUILD)


def _too_large(why: str) -> TooLargeError:
    return TooLargeError("레이어가 읽을 수 있는 한도를 넘는다", why, _REBUILD)


def _unsupported(name: bytes, why: str) -> UnsupportedEntryError:
    return UnsupportedEntryError(
        f"레이어에 다룰 수 없는 tar 항목이 있다: {name.decode('utf-8', 'replace')}",
        why,
        "보통 파일로 다시 묶는다: tar --format=pax --no-xattrs -cf layer.tar DIR",
    )


def _checksum_fits(block: bytes, field: bytes, offset: int) -> bool:
    """The sum of the header's bytes with its own field as spaces (ustar, "chksum").

    The low half of Adler-32 is one more than that sum modulo 65521, and it is computed in C.
    Some old archivers summed signed bytes, and everybody accepts that.
    """
    expected = _number(field, offset)
    blank = block[:148] + b"        " + block[156:]
    if zlib.adler32(blank) & 0xFFFF == (expected + 1) % 65521:
        return True
    return sum(byte - 256 if byte > 127 else byte for byte in blank) == expected


def _number(field: bytes, offset: int) -> int:
    """A header's number: octal text, or base-256 with the top bit set (GNU)."""
    if field[0] & 0x80:
        value = int.from_bytes(field) - (0x80 << 8 * (len(field) - 1))
        if field[0] & 0x40 or value >= 1 << 63:
            raise _broken(offset, "헤더에 음수나 지나치게 큰 수가 있다")
        return value
    text = field.strip(b" \0") or b"0"
    try:
        if text.isdigit():
            return int(text, 8)
    except ValueError:
        pass  # digits, but not all of them octal
    raise _broken(offset, "헤더에 8진수가 아닌 값이 있다")


def _kept(numbers: dict[bytes, int], field: bytes, offset: int) -> int:
    value = numbers[field] = _number(field, offset)
    return value


def _decimal(pax: dict[bytes, bytes], key: bytes, default: int, offset: int) -> int:
    """A pax record's number; an empty value takes the record back (POSIX pax, "size")."""
    text = pax.get(key)
    if not text:
        return default
    if not text.isdigit() or len(text) > 18:
        raise _broken(offset, f"pax 레코드 {key.decode()}의 값이 수가 아니다")
    return int(text)


def _pax_records(record: bytes, offset: int) -> dict[bytes, bytes]:
    """``LENGTH KEY=VALUE\\n`` after each other; LENGTH counts the whole line."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(record):
        space = record.find(b" ", at, at + 8)
        digits = record[at:space]
        end = at + int(digits) if space > at and digits.isdigit() else 0
        key, equals, value = record[space + 1 : end - 1].partition(b"=")
        if not equals or not key or end > len(record) or record[end - 1 : end] != b"\n":
            raise _broken(offset, "pax 레코드의 모양이 맞지 않는다")
        if b"\0" in value and key in (b"path", b"linkpath"):
            raise _broken(offset, "경로 가운데에 NUL이 있다")
        records[key] = value
        at = end
    return records


def _whiteout(path: str, kind: Kind, offset: int) -> tuple[str, Kind | None]:
    """What a ``.wh.`` name stands for (layer.md, "Whiteouts"); no kind for AUFS' records."""
    parent, slash, name = path.rpartition("/")
    if name == ".wh..wh..opq":
        return parent, Kind.OPAQUE
    if "/.wh..wh." in f"/{path}":
        return "", None
    if not name.startswith(".wh."):
        return path, kind
    target = name.removeprefix(".wh.")
    if target in ("", ".", ".."):
        raise _broken(offset, f"화이트아웃이 가리키는 이름이 없다: {path!r}")
    return parent + slash + target, Kind.WHITEOUT


def _digest(source: Source, body: int, size: int) -> str:
    sha256 = hashlib.sha256()
    at, end = body, body + size
    while at < end:
        piece = source.read_at(at, min(CHUNK, end - at))[: end - at]
        if not piece:
            raise truncated(at)
        sha256.update(piece)
        at += len(piece)
    return "sha256:" + sha256.hexdigest()
