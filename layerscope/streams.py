"""Where a layer's tar bytes come from: a stretch of a file, or a stream to inflate."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Protocol

import zstandard
from isal import isal_zlib
from isal.igzip_lib import IsalError

from layerscope.errors import BrokenLayerError, DigestMismatchError, TooLargeError
from layerscope.tar import CHUNK, truncated

MAX_LAYER = 64 << 30  # bytes of one uncompressed layer: a bomb ends here
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"

Progress = Callable[[int, int | None], None]  # bytes done, bytes in all or None if unknown


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Slice:
    """``length`` bytes of an open file from ``base`` on, as a tar Source and as a stream."""

    def __init__(self, descriptor: int, base: int, length: int) -> None:
        self._descriptor = descriptor
        self._base = base
        self._length = length
        self._at = 0

    def read_at(self, offset: int, length: int) -> bytes:
        if offset > self._length:
            raise truncated(self._length)
        return os.pread(self._descriptor, min(length, self._length - offset), self._base + offset)

    def read(self, size: int) -> bytes:
        piece = self.read_at(self._at, size)
        self._at += len(piece)
        return piece


class Tally:
    """A stream that counts and hashes what is read from it."""

    def __init__(self, raw: Readable) -> None:
        self._raw = raw
        self._sha256 = hashlib.sha256()
        self.count = 0

    def read(self, size: int = -1, /) -> bytes:
        piece = self._raw.read(size if size > 0 else CHUNK)
        self._sha256.update(piece)
        self.count += len(piece)
        return piece

    def drain(self) -> None:
        while self.read(CHUNK):
            pass

    @property
    def digest(self) -> str:
        return "sha256:" + self._sha256.hexdigest()


class Stream:
    """A tar Source over a stream: what lies before the last offset is forgotten."""

    def __init__(self, raw: Readable) -> None:
        self._raw = raw
        self._held = b""
        self._start = 0  # offset of _held

    def read_at(self, offset: int, length: int) -> bytes:
        while offset > self._start + len(self._held):
            self._start += len(self._held)
            self._held = self._next()
            if not self._held:
                raise truncated(self._start)
        if offset > self._start:
            self._held = self._held[offset - self._start :]
            self._start = offset
        while len(self._held) < length:
            more = self._next()
            if not more:
                break
            self._held += more
        return self._held

    def drain(self) -> None:
        """To the end, for the sake of what is counted and hashed on the way."""
        while self._held:
            self._start += len(self._held)
            self._held = self._next()

    def _next(self) -> bytes:
        if self._start > MAX_LAYER:
            raise TooLargeError(
                "레이어를 푼 크기가 한도를 넘는다",
                f"압축을 풀면 {MAX_LAYER >> 30}GiB보다 크다. 압축 폭탄일 수 있다",
                "믿을 수 있는 곳에서 이미지를 다시 받는다: docker pull IMAGE",
            )
        try:
            return self._raw.read(CHUNK)
        except (OSError, EOFError, IsalError, zstandard.ZstdError) as error:  # type: ignore[misc]
            raise BrokenLayerError(
                f"레이어의 압축을 {self._start:,}바이트까지밖에 풀 수 없다",
                f"압축된 자료가 끊겼거나 망가졌다 ({error})",
                "이미지를 다시 저장하거나 내려받는다: docker pull IMAGE",
            ) from error


class Rejoined:
    """A stream whose first bytes were already taken to see what it is."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        if self._head:
            head, self._head = self._head[:size], self._head[size:]
            return head
        return self._rest.read(size)


class _Gunzip:
    """gzip members one after another (RFC 1952), at most ``size`` bytes at a time."""

    def __init__(self, raw: Readable) -> None:
        self._raw = raw
        self._member = isal_zlib.decompressobj(31)
        self._pending = b""

    def read(self, size: int, /) -> bytes:
        while True:
            if self._member.eof:
                rest = self._member.unused_data or self._raw.read(CHUNK)
                if not rest.strip(b"\0"):
                    return b""  # the end, or the padding that RFC 1952 readers put up with
                self._member, self._pending = isal_zlib.decompressobj(31), rest
            data = self._pending or self._raw.read(CHUNK)
            if not data and not self._member.eof:
                raise EOFError("gzip stream ends early")
            piece: bytes = self._member.decompress(data, size)
            self._pending = self._member.unconsumed_tail
            if piece:
                return piece


def inflate(raw: Readable, magic: bytes) -> Readable:
    """The uncompressed bytes of a blob whose first four bytes are ``magic``.

    The content decides, not the media type: engines label uncompressed layers as gzip at times.
    """
    if magic.startswith(GZIP):
        return _Gunzip(raw)
    if magic.startswith(ZSTD):
        reader: Readable = zstandard.ZstdDecompressor().stream_reader(
            raw,  # type: ignore[arg-type]  # it needs read() only
            read_across_frames=True,
        )
        return reader
    return raw


def check(what: str, expected: str | None, actual: str) -> None:
    """Raises DigestMismatchError unless the digests agree; None expects nothing."""
    if expected is not None and expected != actual:
        raise DigestMismatchError(
            f"{what}의 내용이 다이제스트와 다르다: {expected}",
            f"실제로 계산한 값은 {actual}이다. 파일이 망가졌거나 바뀌었다",
            "이미지를 다시 저장하거나 내려받는다: docker pull IMAGE",
        )
