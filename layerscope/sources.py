"""From the text that names an image to the image.

``NAME[:TAG]`` or an ID asks the engine; ``docker-archive:FILE``, ``oci-archive:FILE`` and
``oci:DIR`` are files, with ``:NAME`` after them where they hold several images.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from layerscope import cache, engine
from layerscope.archive import DirectoryBox, no_such_file, open_archive
from layerscope.errors import BadReferenceError, SourceNotFoundError
from layerscope.model import Entry, Image, Kind
from layerscope.oci import Located, LocatedLayer, Request, assemble, locate
from layerscope.streams import Progress

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*")
_SCHEMES = ("docker-archive", "oci-archive", "oci")


def read(
    reference: str,
    platform: str | None = None,
    content: bool = False,
    progress: Progress | None = None,
) -> Image:
    """Reads an image's layers, headers only unless ``content`` asks for the files' digests.

    ``platform`` is ``os/architecture[/variant]``, by default the one that this machine runs.
    ``progress`` is called with bytes done and bytes in all (None: unknown).
    With ``content`` all bytes pass through and are checked against their digests; without it
    only compressed or streamed layers are.
    Raises LayerscopeError's kinds.
    """
    with _located(reference, Request(platform, content, None, progress)) as found:
        return assemble(reference, found, _entries(found, content, progress))


def read_file(image: Image, layer: int, path: str, limit: int = 1 << 20) -> bytes:
    """The first ``limit`` bytes of a regular file or hard link as one layer stores it.

    Reads the image's source again.  Raises FileNotInLayerError besides the errors of ``read``.
    """
    links = {one.path: one for one in image.layers[layer].entries}
    for _ in range(len(links)):
        entry = links.get(path)
        if entry is None or entry.kind is not Kind.HARDLINK:
            break
        path = entry.link
    entry = links.get(path)
    if entry is None or entry.kind is not Kind.FILE:
        raise no_such_file(path)
    request = Request(image.platform, find=(path, limit))
    with _located(image.reference, request) as found:
        if [one.diff_id for one in found.layers] != [one.diff_id for one in image.layers]:
            raise engine.changed(image.reference)
        return found.layers[layer].source.file(path, limit)


@contextmanager
def _located(reference: str, request: Request) -> Iterator[Located]:
    platform = request.platform
    if platform is not None and not re.fullmatch(r"[a-z0-9]+(/[a-z0-9]+){1,2}", platform):
        raise BadReferenceError(
            f"플랫폼을 읽을 수 없다: {platform!r}",
            "os/architecture 꼴이어야 한다",
            "예를 따른다: --platform linux/arm64",
        )
    scheme, colon, rest = reference.partition(":")
    if colon and scheme in _SCHEMES:
        path, tag = _split(rest)
        if scheme == "oci":
            if not path.is_dir():
                raise _missing(path, "디렉터리가 없다")
            box = DirectoryBox(path)
            try:
                yield locate(box, tag, platform)
            finally:
                box.close()
        else:
            with open_archive(path, request) as archive:
                yield locate(archive, tag, platform)
    elif _NAME.fullmatch(reference) and ".." not in reference:
        with engine.open_image(engine.connect(), reference, request) as found:
            yield found
    else:
        raise BadReferenceError(
            f"이미지 이름을 읽을 수 없다: {reference!r}",
            "영문자, 숫자와 . _ - / : @ 만 쓸 수 있다",
            "이름을 확인한다: docker images",
        )


def _split(text: str) -> tuple[Path, str | None]:
    """``FILE[:NAME]``; the longest part that is there is the file, for names may hold colons."""
    parts = text.split(":")
    for count in range(len(parts), 0, -1):
        path = Path(":".join(parts[:count]))
        if path.exists():
            return path, ":".join(parts[count:]) or None
    raise _missing(Path(parts[0]), "그런 파일이 없다")


def _missing(path: Path, why: str) -> SourceNotFoundError:
    return SourceNotFoundError(f"{path}을(를) 열 수 없다", why, "경로를 확인한다: ls -l FILE")


def _entries(found: Located, content: bool, progress: Progress | None) -> list[list[Entry]]:
    """Each layer's entries; those to inflate two at a time, which runs outside the interpreter."""
    inflating = sum(one.source.inflates for one in found.layers)
    total = sum(one.source.size or 0 for one in found.layers)
    done = 0
    listings = []
    with ExitStack() as stack:
        walk: Callable[..., Iterator[list[Entry]]] = map
        if inflating > 1:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # seldom needed

            walk = stack.enter_context(ThreadPoolExecutor(2)).map
        results = walk(lambda one: _layer_entries(one, content), found.layers)
        for layer, listing in zip(found.layers, results, strict=True):
            listings.append(listing)
            done += layer.source.size or 0
            if progress is not None and inflating:
                progress(done, total)
    return listings


def _layer_entries(layer: LocatedLayer, content: bool) -> list[Entry]:
    cacheable = layer.source.cacheable
    if cacheable:
        known = cache.load_layer(layer.diff_id, content)
        if known is not None:
            return known
    listing = layer.source.entries(layer.diff_id, layer.digest, content)
    if cacheable:
        cache.store_layer(layer.diff_id, content, listing)
    return listing
