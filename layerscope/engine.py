"""A live Docker Engine: asked over its socket, read where its layers lie if that is in reach."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from layerscope import cache, containerd, overlay2
from layerscope.archive import DirectoryBox, KnownLayer, StreamBox, Watched
from layerscope.errors import (
    BrokenArchiveError,
    EngineUnavailableError,
    ImageChangedError,
    ImageNotFoundError,
    MissingBlobError,
    TruncatedLayerError,
)
from layerscope.oci import Json, Located, LocatedLayer, Request, check_platform, locate
from layerscope.streams import Readable

ANSWER_TIMEOUT = 30  # seconds for a question
SAVE_TIMEOUT = 1800  # seconds: the overlay2 driver copies the whole image before its first byte

_CONTAINERD = "io.containerd.snapshotter.v1"


class Engine(Protocol):
    def info(self) -> Json: ...

    def inspect(self, reference: str) -> Json:
        """Raises ImageNotFoundError."""

    def save(self, reference: str) -> Readable:
        """The image as ``docker save`` writes it.  Raises ImageNotFoundError."""


def connect(host: str | None = None) -> Engine:
    """The engine at ``host``, else at DOCKER_HOST, else at the usual sockets of this machine."""
    host = host or os.environ.get("DOCKER_HOST") or _usual_host()
    if host.startswith("unix://"):
        return SocketEngine(host.removeprefix("unix://"))
    return SdkEngine(host)


def _usual_host() -> str:
    places = [Path("/var/run/docker.sock"), Path.home() / ".docker/run/docker.sock"]
    found = next((place for place in places if place.exists()), places[0])
    return f"unix://{found}"


class SocketEngine:
    """The engine behind a local socket.

    HTTP/1.0 is all it takes: no chunks, the answer ends where the connection does.  The Docker
    SDK, or ``http.client``, would cost more time and memory than reading most images does.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def info(self) -> Json:
        return self._answer("/info", "")

    def inspect(self, reference: str) -> Json:
        return self._answer(f"/images/{reference}/json", reference)

    def save(self, reference: str) -> Readable:
        return self._get(f"/images/{reference}/get", reference, SAVE_TIMEOUT)

    def _answer(self, path: str, reference: str) -> Json:
        try:
            with self._get(path, reference, ANSWER_TIMEOUT) as response:
                answer: Json = json.load(response)
        except (OSError, ValueError) as error:
            raise _unavailable(f"unix://{self._path}", str(error)) from error
        return answer

    def _get(self, path: str, reference: str, timeout: int) -> BinaryIO:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(timeout)
                connection.connect(self._path)
                connection.sendall(f"GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
                response = connection.makefile("rb")
            status = response.readline(1 << 16).split(None, 2)[1]
            while response.readline(1 << 16).strip():
                pass  # headers
        except (OSError, IndexError) as error:
            raise _unavailable(f"unix://{self._path}", str(error)) from error
        if status == b"200":
            return response
        with response:
            answer = response.read(1 << 16).decode("utf-8", "replace")
        if status == b"404":
            raise _not_found(reference, answer)
        raise _unavailable(f"unix://{self._path}", f"{status.decode()} {answer.strip()}")


class SdkEngine:
    """An engine elsewhere (tcp, ssh, npipe), through the Docker SDK."""

    def __init__(self, host: str) -> None:
        import docker  # noqa: PLC0415  # heavy, and seldom needed

        self._host = host
        self._errors = docker.errors
        try:
            self._api = docker.from_env(environment={**os.environ, "DOCKER_HOST": host}).api
        except (docker.errors.DockerException, OSError, ValueError) as error:
            raise _unavailable(host, str(error)) from error

    def info(self) -> Json:
        answer: Json = self._ask(self._api.info, "")
        return answer

    def inspect(self, reference: str) -> Json:
        answer: Json = self._ask(lambda: self._api.inspect_image(reference), reference)
        return answer

    def save(self, reference: str) -> Readable:
        return _Chunks(self._ask(lambda: self._api.get_image(reference), reference))

    def _ask(self, question: Any, reference: str) -> Any:
        try:
            return question()
        except self._errors.NotFound as error:
            raise _not_found(reference, str(error)) from error
        except (self._errors.DockerException, OSError) as error:
            raise _unavailable(self._host, str(error)) from error


class _Chunks:
    """An iterator of bytes as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        data = self._rest or next(self._chunks, b"")
        self._rest = data[size:]
        return data[:size]


@contextmanager
def open_image(engine: Engine, reference: str, request: Request) -> Iterator[Located]:
    """An image of the engine, its layers ready to be read.

    Beside the engine, as root, layers are read where they lie; elsewhere the engine saves the
    image into a stream, unless all of it was seen before.
    Raises the engine's errors, those of layerscope.oci, and ImageChangedError.
    """
    facts = engine.inspect(reference)
    info = engine.info()
    local = _locate_here(info, str(facts["Id"]), request.platform)
    try:
        if local is not None:
            yield local.found
        else:
            yield _locate_saved(engine, reference, str(facts["Id"]), request)
    except (BrokenArchiveError, ImageNotFoundError, MissingBlobError, TruncatedLayerError) as error:
        _check_still_there(engine, reference, str(facts["Id"]), error)
        raise
    except OSError as error:
        _check_still_there(engine, reference, str(facts["Id"]), error)
        raise _unavailable("그 저장소", str(error)) from error
    finally:
        if local is not None and local.box is not None:
            local.box.close()


@dataclass(slots=True)
class _Local:
    found: Located
    box: DirectoryBox | None


def _locate_here(info: Json, image_id: str, platform: str | None) -> _Local | None:
    """The image in the engine's own directories; None where we are not beside the engine.

    Whatever is found there must match the image's ID, so another engine's data never pass.
    """
    root = Path(str(info.get("DockerRootDir") or "/var/lib/docker"))
    if ["driver-type", _CONTAINERD] in (info.get("DriverStatus") or []):
        for place in containerd.roots(root):
            try:
                box, found = containerd.locate(place, image_id, platform)
            except OSError:
                continue
            return _Local(found, box)
    elif info.get("Driver") == "overlay2":
        try:
            symlinks = int(str(info.get("ServerVersion")).split(".")[0]) < 25
            found = overlay2.locate(root, image_id, symlinks)
        except (OSError, ValueError):
            return None
        check_platform(found.config, platform)
        return _Local(found, None)
    return None


def _locate_saved(engine: Engine, reference: str, image_id: str, request: Request) -> Located:
    name = image_id.replace(":", "-")
    plain = request.platform is None and request.find is None
    known = _known(name, request.content) if plain else None
    if known is not None:
        return known
    stream = Watched(engine.save(reference), request.progress, None)
    found = locate(StreamBox(stream, request), None, request.platform)
    if plain:
        layers = [
            [one.diff_id, one.digest, one.media_type, one.source.size, one.source.linked]
            for one in found.layers
        ]
        document = {
            "id": found.id,
            "config": found.config,
            "manifest": found.manifest,
            "layers": layers,
        }
        cache.store_document(name, document)
    return found


def _known(name: str, content: bool) -> Located | None:
    """An image that was saved before, if all its layers are still in the cache."""
    document = cache.load_document(name)
    try:
        if document is None:
            return None
        layers = []
        for diff_id, digest, media_type, size, linked in document["layers"]:
            entries = cache.load_layer(diff_id, content)
            if entries is None:
                return None
            source = KnownLayer(entries, size, linked)
            layers.append(LocatedLayer(source, diff_id, digest, media_type))
        return Located(document["id"], document["config"], document["manifest"], layers)
    except (LookupError, TypeError, ValueError):
        return None


def _check_still_there(engine: Engine, reference: str, image_id: str, cause: Exception) -> None:
    """Tells an image that went away meanwhile from one that is damaged."""
    try:
        if engine.inspect(reference)["Id"] == image_id:
            return
    except ImageNotFoundError:
        pass
    raise changed(reference) from cause


def changed(reference: str) -> ImageChangedError:
    return ImageChangedError(
        f"{reference} 이미지를 읽는 사이에 이미지가 지워지거나 바뀌었다",
        "다른 프로그램이 docker rmi, docker tag, docker build 등을 실행했다",
        f"다시 실행한다: layerscope {reference}",
    )


def _unavailable(host: str, why: str) -> EngineUnavailableError:
    return EngineUnavailableError(
        f"도커 엔진이 {host}에서 답하지 않는다",
        f"엔진이 꺼져 있거나, 주소가 다르거나, 권한이 없다 ({why})",
        "엔진을 확인한다: docker info",
    )


def _not_found(reference: str, answer: str) -> ImageNotFoundError:
    return ImageNotFoundError(
        f"엔진에 {reference} 이미지가 없다",
        f"이름이 다르거나 아직 받지 않았다 ({answer.strip()})",
        f"이름을 확인하거나 받는다: docker images · docker pull {reference}"
        f" (파일이면 layerscope docker-archive:{reference})",
    )
