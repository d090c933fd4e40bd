"""Images in files: ``docker save`` archives, OCI archives and OCI layout directories.

A file is read by seeking, so that an uncompressed layer costs its headers only; a stream (the
engine's own save, a compressed archive) is read once, front to back, each layer parsed as it
passes.  Nothing is ever extracted.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from layerscope.errors import (
    BrokenArchiveError,
    BrokenLayerError,
    FileNotInLayerError,
    LayerscopeError,
    SourceNotFoundError,
    TooLargeError,
)
from layerscope.model import Entry, Kind
from layerscope.oci import MAX_DOCUMENT, LayerSource, Request
from layerscope.streams import (
    GZIP,
    ZSTD,
    Progress,
    Readable,
    Rejoined,
    Slice,
    Stream,
    Tally,
    check,
    inflate,
)
from layerscope.tar import BLOCK, CHUNK, Source, clean, members, truncated


@dataclass(slots=True)
class FileLayer:
    """A layer's blob in a stretch of an open file."""

    descriptor: int
    base: int
    size: int
    linked: bool = False

    @property
    def inflates(self) -> bool:
        return os.pread(self.descriptor, min(4, self.size), self.base).startswith((GZIP, ZSTD))

    @property
    def cacheable(self) -> bool:
        """The headers of an uncompressed file are read as fast as any cache."""
        return self.inflates

    def entries(self, diff_id: str, digest: str | None, content: bool) -> list[Entry]:
        """Every entry.  Digests are checked wherever all bytes pass through anyway."""
        if not self.inflates and not content:
            return [entry for entry, _ in members(self._slice())]
        parsed = parse_stream(self._slice(), content)
        check("레이어 블롭", digest, parsed.digest)
        check("레이어", diff_id, parsed.diff_id)
        return parsed.listing

    def file(self, path: str, limit: int) -> bytes:
        source: Source = self._slice()
        if self.inflates:
            source = Stream(inflate(self._slice(), self._slice().read_at(0, 4)))
        return find_file(source, path, limit)

    def _slice(self) -> Slice:
        return Slice(self.descriptor, self.base, self.size)


@dataclass(slots=True)
class ParsedLayer:
    """A layer that passed by in a stream."""

    listing: list[Entry]
    diff_id: str
    digest: str
    size: int
    body: bytes | None = None  # of the file that was looked for
    linked: bool = False
    cacheable: bool = True
    inflates: bool = False  # that is done

    def entries(self, diff_id: str, digest: str | None, content: bool) -> list[Entry]:
        check("레이어 블롭", digest, self.digest)
        check("레이어", diff_id, self.diff_id)
        return self.listing

    def file(self, path: str, limit: int) -> bytes:
        if self.body is None:
            raise no_such_file(path)
        return self.body[:limit]


@dataclass(slots=True)
class DamagedLayer:
    """Something in a stream that is no layer: trouble only if the image says that it is one."""

    error: LayerscopeError
    size: int | None = None
    linked: bool = False
    cacheable: bool = False
    inflates: bool = False

    def entries(self, diff_id: str, digest: str | None, content: bool) -> list[Entry]:
        raise self.error

    def file(self, path: str, limit: int) -> bytes:
        raise self.error


@dataclass(slots=True)
class KnownLayer:
    """A layer whose entries come from the cache."""

    listing: list[Entry]
    size: int | None
    linked: bool
    cacheable: bool = False
    inflates: bool = False

    def entries(self, diff_id: str, digest: str | None, content: bool) -> list[Entry]:
        return self.listing

    def file(self, path: str, limit: int) -> bytes:
        raise no_such_file(path)


class FileBox:
    """The members of an uncompressed archive file."""

    def __init__(self, descriptor: int, length: int) -> None:
        self._descriptor = descriptor
        self._members: dict[str, tuple[int, int]] = {}  # name: offset, bytes
        self._links: dict[str, str] = {}
        for entry, offset in _outer(Slice(descriptor, 0, length)):
            if entry.kind is Kind.FILE:
                self._members[entry.path] = offset, entry.size
            elif entry.kind in (Kind.SYMLINK, Kind.HARDLINK):
                self._links[entry.path] = _target(entry)
        self._length = length

    def document(self, name: str) -> bytes | None:
        place = self._members.get(_follow(self._links, name))
        if place is None:
            return None
        _check_document(name, place[1])
        return Slice(self._descriptor, *place).read_at(0, place[1])

    def layer(self, name: str) -> LayerSource | None:
        target = _follow(self._links, name)
        place = self._members.get(target)
        if place is None:
            return None
        if sum(place) > self._length:
            raise truncated(self._length)
        return FileLayer(self._descriptor, *place, linked=target != clean(name))


class DirectoryBox:
    """An OCI layout directory, or a content store of the same shape."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: list[int] = []

    def document(self, name: str) -> bytes | None:
        try:
            with (self._root / clean(name)).open("rb") as file:
                _check_document(name, os.fstat(file.fileno()).st_size)
                return file.read(MAX_DOCUMENT)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(self._root / clean(name), error) from error

    def layer(self, name: str) -> LayerSource | None:
        try:
            descriptor = os.open(self._root / clean(name), os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(self._root / clean(name), error) from error
        self._open.append(descriptor)
        return FileLayer(descriptor, 0, os.fstat(descriptor).st_size)

    def close(self) -> None:
        while self._open:
            os.close(self._open.pop())


class StreamBox:
    """An archive that passes by once: documents are kept, layers parsed, the rest forgotten.

    Of a file that the request wants to find, the bytes are kept for each layer that has it.
    """

    def __init__(self, raw: Readable, request: Request) -> None:
        self._documents: dict[str, bytes] = {}
        self._layers: dict[str, LayerSource] = {}
        self._links: dict[str, str] = {}
        stream = Stream(raw)
        for entry, offset in _outer(stream):
            if entry.kind is Kind.FILE:
                self._keep(entry, _Part(stream, offset, entry.size), request)
            elif entry.kind in (Kind.SYMLINK, Kind.HARDLINK):
                self._links[entry.path] = _target(entry)

    def document(self, name: str) -> bytes | None:
        return self._documents.get(_follow(self._links, name))

    def layer(self, name: str) -> LayerSource | None:
        target = _follow(self._links, name)
        layer = self._layers.get(target)
        if isinstance(layer, ParsedLayer) and target != clean(name):
            return ParsedLayer(
                layer.listing, layer.diff_id, layer.digest, layer.size, layer.body, linked=True
            )
        return layer

    def _keep(self, entry: Entry, part: _Part, request: Request) -> None:
        head = part.read_at(0, min(4, entry.size))[:4]
        text = entry.size < BLOCK and not head.startswith((GZIP, ZSTD))
        if text or (head[:1] in b"{[" and entry.size <= MAX_DOCUMENT):
            self._documents[entry.path] = part.read_all()
            return
        try:
            self._layers[entry.path] = parse_stream(part, request.content, request.find)
        except LayerscopeError as error:
            self._layers[entry.path] = DamagedLayer(error)


class _Part:
    """A member's body inside a stream that goes forward only."""

    def __init__(self, stream: Stream, base: int, length: int) -> None:
        self._stream = stream
        self._base = base
        self._length = length
        self._at = 0

    def read_at(self, offset: int, length: int) -> bytes:
        left = self._length - offset
        return self._stream.read_at(self._base + offset, min(length, left))[:left]

    def read(self, size: int, /) -> bytes:
        if self._at >= self._length:
            return b""
        piece = self.read_at(self._at, min(size, self._length - self._at))[:size]
        self._at += len(piece)
        if not piece:
            raise truncated(self._base + self._at)
        return piece

    def read_all(self) -> bytes:
        return b"".join(iter(lambda: self.read(CHUNK), b""))


@contextmanager
def open_archive(path: Path, request: Request) -> Iterator[FileBox | StreamBox]:
    """The members of an archive file, compressed or not."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        length = os.fstat(descriptor).st_size
        try:
            magic = os.pread(descriptor, 4, 0)
        except OSError as error:
            raise _unreadable(path, error) from error
        if magic.startswith((GZIP, ZSTD)):
            raw = Watched(Slice(descriptor, 0, length), request.progress, length)
            yield StreamBox(inflate(raw, magic), request)
        else:
            yield FileBox(descriptor, length)
    finally:
        os.close(descriptor)


class Watched:
    """A stream that tells how far it is."""

    def __init__(self, raw: Readable, progress: Progress | None, total: int | None) -> None:
        self._raw = raw
        self._progress = progress
        self._total = total
        self._done = 0

    def read(self, size: int, /) -> bytes:
        piece = self._raw.read(size)
        self._done += len(piece)
        if self._progress is not None:
            self._progress(self._done, self._total)
        return piece


def parse_stream(
    raw: Readable, content: bool = False, find: tuple[str, int] | None = None
) -> ParsedLayer:
    """A whole blob, inflated and parsed in one pass, with both of its digests."""
    stored = Tally(raw)
    head = stored.read(4)
    tar = Tally(inflate(Rejoined(head, stored), head))
    source = Stream(tar)
    listing: list[Entry] = []
    body: bytes | None = None
    for entry, offset in members(source, content=content and find is None):
        listing.append(entry)
        if find is not None and entry.path == find[0] and entry.kind is Kind.FILE:
            body = _read(source, offset, min(entry.size, find[1]))
    source.drain()
    stored.drain()
    return ParsedLayer(listing, tar.digest, stored.digest, stored.count, body)


def find_file(source: Source, path: str, limit: int) -> bytes:
    """The first ``limit`` bytes of a layer's regular file; the last entry of a name wins."""
    body: bytes | None = None
    for entry, offset in members(source):
        if entry.path == path and entry.kind is Kind.FILE:
            body = _read(source, offset, min(entry.size, limit))
    if body is None:
        raise no_such_file(path)
    return body


def no_such_file(path: str) -> FileNotInLayerError:
    return FileNotInLayerError(
        f"이 레이어에 보통 파일 /{path}이(가) 없다",
        "다른 레이어에 있거나 디렉터리, 링크, 화이트아웃이다",
        "파일이 있는 레이어를 찾는다: layerscope IMAGE --json",
    )


def open_beneath(root: Path, path: str) -> int:
    """A regular file under ``root``, opened for reading without following any symlink.

    What lies there was made by whoever made the image: a link must not lead out of it.
    """
    *directories, name = path.split("/")
    if ".." in (*directories, name):
        raise no_such_file(path)
    here = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for directory in directories:
            below = os.open(
                directory,
                os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC,
                dir_fd=here,
            )
            os.close(here)
            here = below
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(name, flags, dir_fd=here)
    except OSError as error:
        raise no_such_file(path) from error
    finally:
        os.close(here)


def read_beneath(root: Path, path: str, limit: int) -> bytes:
    with open(open_beneath(root, path), "rb") as file:  # it is a descriptor
        return file.read(limit)


def _read(source: Source, offset: int, size: int) -> bytes:
    body = source.read_at(offset, size)[:size]
    if len(body) < size:
        raise truncated(offset + len(body))
    return body


def _outer(source: Source) -> Iterator[tuple[Entry, int]]:
    """The members of the archive itself; damage there is not a layer's damage."""
    try:
        yield from members(source)
    except BrokenLayerError as error:
        raise BrokenArchiveError(
            "이미지 아카이브를 읽을 수 없다",
            f"tar가 끊겼거나 망가졌다: {error.what} ({error.why})",
            "이미지를 다시 저장한다: docker save -o FILE IMAGE",
        ) from error


def _target(entry: Entry) -> str:
    """Where a link of the archive leads, seen from the archive's root."""
    if entry.kind is Kind.HARDLINK:
        return entry.link
    return clean(posixpath.join(posixpath.dirname(entry.path), entry.link))


def _follow(links: dict[str, str], name: str) -> str:
    name = clean(name)
    for _ in range(16):  # links that lead in a circle name nothing
        if name not in links:
            break
        name = links[name]
    return name


def _check_document(name: str, size: int) -> None:
    if size > MAX_DOCUMENT:
        raise TooLargeError(
            f"{name}이(가) {size:,}바이트나 된다",
            f"매니페스트나 config는 {MAX_DOCUMENT:,}바이트까지 읽는다",
            "믿을 수 있는 곳에서 이미지를 다시 받는다: docker pull IMAGE",
        )


def _unreadable(path: Path, error: OSError) -> SourceNotFoundError:
    return SourceNotFoundError(
        f"{path}을(를) 열 수 없다",
        error.strerror or str(error),
        "경로와 권한을 확인한다: ls -l FILE",
    )
