"""From an archive's or a store's JSON documents to one image and its layers.

Sources: OCI image specification (image-index.md, manifest.md, config.md, image-layout.md) and
Docker's own archive format (``manifest.json``, moby image/spec/v1.2.md).
"""

from __future__ import annotations

import hashlib
import json
import platform as machine
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from layerscope.errors import (
    AmbiguousImageError,
    BrokenArchiveError,
    MissingBlobError,
    NotAnImageError,
    PlatformNotFoundError,
    UnsupportedMediaTypeError,
)
from layerscope.model import Entry, HistoryRow, Image, Layer
from layerscope.streams import Progress, check

MAX_DOCUMENT = 32 << 20  # bytes of one index, manifest or config

_INDEXES = frozenset(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)
_MANIFESTS = frozenset(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_CONFIGS = frozenset(
    (
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    )
)
_LAYERS = frozenset(
    prefix + suffix
    for prefix, suffixes in (
        ("application/vnd.oci.image.layer.v1.tar", ("", "+gzip", "+zstd")),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar", ("", "+gzip", "+zstd")),
        ("application/vnd.docker.image.rootfs.diff.tar", ("", ".gzip", ".zstd")),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar", ("", ".gzip")),
    )
    for suffix in suffixes
)
_ARCHITECTURES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
_SAVE_AGAIN = "이미지를 다시 저장한다: docker save -o FILE IMAGE"

Json = dict[str, Any]


class LayerSource(Protocol):
    """One layer where it lies."""

    @property
    def linked(self) -> bool:
        """The archive stores it as a symlink to an equal layer."""

    @property
    def cacheable(self) -> bool:
        """Reading takes so long, and is so sure, that the result is worth keeping."""

    @property
    def inflates(self) -> bool:
        """Reading keeps a core busy without holding the interpreter."""

    @property
    def size(self) -> int | None:
        """Bytes of the blob as stored."""

    def entries(self, diff_id: str, digest: str | None, content: bool) -> list[Entry]: ...

    def file(self, path: str, limit: int) -> bytes: ...


class Box(Protocol):
    """Named blobs: an archive file, a directory, a store."""

    def document(self, name: str) -> bytes | None:
        """A small file as a whole, None if there is none of that name."""

    def layer(self, name: str) -> LayerSource | None: ...


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to know of an image."""

    platform: str | None = None  # None: the one that this machine runs
    content: bool = False  # digests of all files
    find: tuple[str, int] | None = None  # a file in any layer, and how many bytes of it
    progress: Progress | None = None


@dataclass(slots=True)
class LocatedLayer:
    source: LayerSource
    diff_id: str
    digest: str | None
    media_type: str | None


@dataclass(slots=True)
class Located:
    """An image found, its layers not yet read."""

    id: str
    config: Json
    manifest: Json | None
    layers: list[LocatedLayer]


@dataclass(frozen=True, slots=True)
class SavedImage:
    """One row of ``manifest.json``, in which ``docker save`` up to Docker 24 names files."""

    config: str
    layers: list[str]  # bottom first
    tags: list[str]


@dataclass(slots=True)
class _Candidate:
    descriptor: Json
    platform: str  # "" if neither the descriptor nor the config tells
    name: str


def running_platform() -> str:
    """The platform that this machine runs in containers, such as ``linux/amd64``."""
    name = machine.machine()
    return "linux/" + _ARCHITECTURES.get(name, name)


def locate(box: Box, tag: str | None, platform: str | None) -> Located:
    """The one image of an archive or layout that ``tag`` and ``platform`` choose.

    ``index.json`` leads where both it and Docker's ``manifest.json`` exist: it alone knows
    platforms, digests and compressed sizes.
    """
    raw = box.document("index.json")
    if raw is not None:
        index = parse(raw, "index.json")
        candidates = list(_candidates(box, index, ""))
        if candidates:
            return located(box, _choose(candidates, tag, platform))
        if box.document("manifest.json") is None:
            raise NotAnImageError(
                "이 OCI 레이아웃에는 이미지가 없다",
                "index.json에 이미지 매니페스트가 하나도 없다",
                "내용을 확인한다: jq . index.json",
            )
    raw = box.document("manifest.json")
    if raw is None:
        raise BrokenArchiveError(
            "이미지 아카이브가 아니다",
            "index.json도 manifest.json도 없다",
            _SAVE_AGAIN,
        )
    return _docker_archive(box, raw, tag, platform)


def locate_digest(box: Box, descriptor: Json, platform: str | None) -> Located:
    """The image under a descriptor (an index or a manifest) in a content store."""
    return located(
        box, _choose(list(_candidates(box, {"manifests": [descriptor]}, "")), None, platform)
    )


def parse(raw: bytes, name: str) -> Json:
    """A JSON object, or BrokenArchiveError."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BrokenArchiveError(
            f"{name}을(를) 읽을 수 없다", f"JSON이 아니다 ({error})", _SAVE_AGAIN
        ) from error
    if not isinstance(document, dict):
        raise BrokenArchiveError(f"{name}을(를) 읽을 수 없다", "JSON 객체가 아니다", _SAVE_AGAIN)
    return document


def assemble(reference: str, found: Located, entries: list[list[Entry]]) -> Image:
    """The image as facts (config.md), once its layers' entries are known."""
    config = found.config
    rows, makers = _history(config, len(found.layers))
    layers: list[Layer] = []
    chain = ""
    for index, (place, listing) in enumerate(zip(found.layers, entries, strict=True)):
        chain = chain_id(chain, place.diff_id)
        layers.append(
            Layer(
                index=index,
                diff_id=place.diff_id,
                chain_id=chain,
                digest=place.digest,
                media_type=place.media_type,
                created_by=makers.get(index, ""),
                size=sum(entry.size for entry in listing),
                compressed_size=place.source.size,
                entries=listing,
                linked=place.source.linked,
            )
        )
    created = config.get("created")
    return Image(
        reference=reference,
        id=found.id,
        platform=_platform(config),
        created=created if isinstance(created, str) else None,
        layers=layers,
        history=rows,
        config=config,
        manifest=found.manifest,
    )


def chain_id(parent: str, diff_id: str) -> str:
    """config.md, "Layer ChainID": the stack's name, not just the layer's."""
    if not parent:
        return diff_id
    return digest_of(f"{parent} {diff_id}".encode())


def digest_of(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def blob_path(digest: str) -> str:
    """image-layout.md: ``blobs/<algorithm>/<encoded>``.  A digest must not name another path."""
    algorithm, _, encoded = digest.partition(":")
    if algorithm not in ("sha256", "sha512") or not encoded.isalnum():
        raise BrokenArchiveError(
            f"다이제스트의 모양이 맞지 않는다: {digest!r}",
            "sha256:과 16진수로 되어야 한다",
            _SAVE_AGAIN,
        )
    return f"blobs/{algorithm}/{encoded}"


def located(box: Box, candidate: Json) -> Located:
    """Manifest, config and layers under one manifest descriptor."""
    manifest = _document(box, candidate)
    config_descriptor = _object(manifest, "config")
    media_type = config_descriptor.get("mediaType")
    if media_type not in _CONFIGS:
        raise NotAnImageError(
            "컨테이너 이미지가 아니라 OCI 아티팩트다",
            f"config의 미디어 타입이 {media_type}이다",
            "이미지의 참조를 준다: docker images",
        )
    config = _document(box, config_descriptor)
    expected = diff_ids(config)
    descriptors = manifest.get("layers")
    if not isinstance(descriptors, list) or len(descriptors) != len(expected):
        raise BrokenArchiveError(
            "매니페스트의 레이어 수가 config와 다르다",
            "layers와 rootfs.diff_ids는 하나씩 짝을 이루어야 한다",
            _SAVE_AGAIN,
        )
    layers = []
    for descriptor, diff_id in zip(descriptors, expected, strict=True):
        media_type = descriptor.get("mediaType")
        if media_type not in _LAYERS:
            raise UnsupportedMediaTypeError(
                f"레이어를 읽을 수 없다: {descriptor.get('digest')}",
                f"미디어 타입 {media_type}을(를) 알지 못한다",
                "tar, gzip, zstd 레이어로 다시 만든다: docker buildx build --output type=oci",
            )
        source = box.layer(blob_path(str(descriptor.get("digest"))))
        if source is None:
            raise _missing(str(descriptor.get("digest")))
        layers.append(LocatedLayer(source, diff_id, descriptor["digest"], media_type))
    return Located(str(config_descriptor["digest"]), config, manifest, layers)


def _document(box: Box, descriptor: Json) -> Json:
    digest = str(descriptor.get("digest"))
    raw = box.document(blob_path(digest))
    if raw is None:
        raise _missing(digest)
    if digest.startswith("sha256:"):
        check("블롭", digest, digest_of(raw))
    return parse(raw, digest)


def _missing(digest: str) -> MissingBlobError:
    return MissingBlobError(
        f"블롭이 없다: {digest}",
        "매니페스트에는 적혀 있지만 내용이 함께 저장되지 않았다",
        "이미지를 모두 내려받는다: docker pull --platform PLATFORM IMAGE",
    )


def _object(document: Json, key: str) -> Json:
    value = document.get(key)
    if not isinstance(value, dict):
        raise BrokenArchiveError(
            "매니페스트나 config를 읽을 수 없다",
            f"{key!r} 항목이 없거나 객체가 아니다",
            _SAVE_AGAIN,
        )
    return value


def diff_ids(config: Json) -> list[str]:
    """The layers' DiffIDs, bottom first; BrokenArchiveError unless they are digests."""
    found = _object(config, "rootfs").get("diff_ids") or []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise BrokenArchiveError(
            "config를 읽을 수 없다", "rootfs.diff_ids가 문자열의 목록이 아니다", _SAVE_AGAIN
        )
    for diff_id in found:
        blob_path(diff_id)
    return found


def _platform(config: Json) -> str:
    parts = [config.get("os") or "linux", config.get("architecture") or "", config.get("variant")]
    return "/".join(str(part) for part in parts if part)


def _candidates(box: Box, index: Json, name: str, depth: int = 0) -> Iterator[_Candidate]:
    """Every image manifest under an index, attestations left out."""
    if depth > 8:
        raise BrokenArchiveError(
            "인덱스가 너무 깊다", "인덱스 안의 인덱스가 끝나지 않는다", _SAVE_AGAIN
        )
    descriptors = index.get("manifests")
    if not isinstance(descriptors, list) or not all(isinstance(one, dict) for one in descriptors):
        raise BrokenArchiveError("인덱스를 읽을 수 없다", "manifests가 목록이 아니다", _SAVE_AGAIN)
    for descriptor in descriptors:
        notes = descriptor.get("annotations") or {}
        if notes.get("vnd.docker.reference.type") == "attestation-manifest":
            continue
        title = (
            notes.get("io.containerd.image.name")
            or notes.get("org.opencontainers.image.ref.name")
            or name
        )
        media_type = descriptor.get("mediaType")
        if media_type in _INDEXES:
            raw = box.document(blob_path(str(descriptor.get("digest"))))
            if raw is not None:  # an index may name platforms that were never fetched
                yield from _candidates(box, _document(box, descriptor), title, depth + 1)
        elif media_type in _MANIFESTS:
            yield _Candidate(descriptor, _descriptor_platform(box, descriptor), title)


def _descriptor_platform(box: Box, descriptor: Json) -> str:
    if descriptor.get("platform"):
        return _platform(_object(descriptor, "platform"))
    if box.document(blob_path(str(descriptor.get("digest")))) is None:
        return ""
    config = _object(_document(box, descriptor), "config")
    if config.get("mediaType") not in _CONFIGS:
        return ""
    return _platform(_document(box, config))


def _choose(candidates: list[_Candidate], tag: str | None, platform: str | None) -> Json:
    """The one manifest that is meant; never a silent guess among different images."""
    if tag is not None:
        candidates = [one for one in candidates if _same_name(one.name, tag)]
        if not candidates:
            raise AmbiguousImageError(
                f"아카이브에 이름이 {tag}인 이미지가 없다",
                "이름이나 태그가 다르다",
                "태그 없이 다시 실행해 들어 있는 이름을 본다",
            )
    wanted = platform or running_platform()
    matching = [one for one in candidates if _matches(one.platform, wanted)]
    if not matching and platform is None and len({one.platform for one in candidates}) == 1:
        matching = candidates  # built for another machine only: that is what there is to see
    if not matching:
        have = ", ".join(sorted({one.platform or "?" for one in candidates}))
        raise PlatformNotFoundError(
            f"{wanted} 플랫폼의 이미지가 없다",
            f"들어 있는 플랫폼: {have or '없음'}",
            "있는 플랫폼을 고른다: layerscope IMAGE --platform PLATFORM",
        )
    exact = [one for one in matching if one.platform == wanted] or matching
    if len({str(one.descriptor.get("digest")) for one in exact}) > 1:
        names = ", ".join(sorted({one.name or "이름 없음" for one in exact}))
        raise AmbiguousImageError(
            "아카이브에 이미지가 여럿 들어 있다",
            f"어느 것인지 알 수 없다: {names}",
            "이름을 붙여 고른다: layerscope oci:DIR:TAG 또는 docker-archive:FILE:NAME:TAG",
        )
    return exact[0].descriptor


def check_platform(config: Json, wanted: str | None) -> None:
    """Raises PlatformNotFoundError if the only image there is has another platform."""
    if wanted is not None and not _matches(_platform(config), wanted):
        raise PlatformNotFoundError(
            f"{wanted} 플랫폼의 이미지가 없다",
            f"들어 있는 플랫폼: {_platform(config)}",
            "--platform 없이 실행한다",
        )


def _matches(platform: str, wanted: str) -> bool:
    """``linux/arm64`` accepts ``linux/arm64/v8``, and so the other way round."""
    same = platform.split("/")[:2] == wanted.split("/")[:2]
    return platform == wanted or (same and (wanted.count("/") < 2 or platform.count("/") < 2))


def _same_name(name: str, tag: str) -> bool:
    """``docker.io/library/app:1`` answers to itself, ``library/app:1``, ``app:1`` and ``1``."""
    return name == tag or name.endswith(("/" + tag, ":" + tag))


def saved_images(raw: bytes) -> list[SavedImage]:
    """What ``manifest.json`` lists (moby image/spec/v1.2.md), or BrokenArchiveError."""
    try:
        return [
            SavedImage(
                str(one["Config"]),
                [str(name) for name in one["Layers"] or []],
                [str(tag) for tag in one.get("RepoTags") or []],
            )
            for one in json.loads(raw)
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BrokenArchiveError(
            "manifest.json을 읽을 수 없다", f"모양이 맞지 않는다 ({error!r})", _SAVE_AGAIN
        ) from error


def saved_config(box: Box, image: SavedImage) -> tuple[bytes, Json]:
    """A saved image's config as stored, whose digest is the image's ID, and as an object."""
    raw = box.document(image.config)
    if raw is None:
        raise _missing(image.config)
    return raw, parse(raw, image.config)


def saved_layers(image: SavedImage, config: Json) -> list[tuple[str, str]]:
    """A saved image's layers, bottom first: each one's file and DiffID."""
    expected = diff_ids(config)
    if len(expected) != len(image.layers):
        raise BrokenArchiveError(
            "manifest.json의 레이어 수가 config와 다르다",
            "Layers와 rootfs.diff_ids는 하나씩 짝을 이루어야 한다",
            _SAVE_AGAIN,
        )
    return list(zip(image.layers, expected, strict=True))


def _docker_archive(box: Box, raw: bytes, tag: str | None, platform: str | None) -> Located:
    """``manifest.json`` of ``docker save`` up to Docker 24."""
    images = saved_images(raw)
    if tag is not None:
        images = [one for one in images if any(_same_name(name, tag) for name in one.tags)]
    if len({one.config for one in images}) != 1:
        names = ", ".join(name for one in images for name in one.tags or ["이름 없음"])
        raise AmbiguousImageError(
            "아카이브에서 이미지 하나를 고를 수 없다",
            f"들어 있는 이미지: {names or '없음'}",
            "이름을 붙여 고른다: layerscope docker-archive:FILE:NAME:TAG",
        )
    image = images[0]
    raw_config, config = saved_config(box, image)
    actual = digest_of(raw_config)
    if len(stem := image.config.rpartition("/")[2].removesuffix(".json")) == 64:
        check("config", "sha256:" + stem, actual)
    check_platform(config, platform)
    layers = []
    for layer_name, diff_id in saved_layers(image, config):
        source = box.layer(layer_name)
        if source is None:
            raise _missing(layer_name)
        layers.append(LocatedLayer(source, diff_id, None, None))
    return Located(actual, config, None, layers)


def _history(config: Json, layers: int) -> tuple[list[HistoryRow], dict[int, str]]:
    """History rows, and which of them made which layer (config.md, "history").

    A history that is longer or shorter than the layers is common in squashed or hand-made
    images: rows beyond the last layer made none that is left.
    """
    rows: list[HistoryRow] = []
    makers: dict[int, str] = {}
    history = config.get("history")
    for row in history if isinstance(history, list) else []:
        if not isinstance(row, dict):
            continue
        empty = bool(row.get("empty_layer"))
        index = None if empty or len(makers) >= layers else len(makers)
        text = str(row.get("created_by") or "")
        if index is not None:
            makers[index] = text
        created = row.get("created")
        rows.append(
            HistoryRow(
                created_by=text,
                created=created if isinstance(created, str) else None,
                empty_layer=empty,
                layer=index,
            )
        )
    return rows, makers
