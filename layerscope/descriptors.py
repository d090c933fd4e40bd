"""The documents that make an image, and how each names the next by digest.

Source: OCI image specification, descriptor.md, image-index.md and manifest.md.  oci.py finds the
one image that is meant; here everything is kept, attestations and platforms never pulled too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from layerscope.archive import DirectoryBox, open_archive
from layerscope.errors import BrokenArchiveError, NotAnImageError
from layerscope.history import instruction
from layerscope.oci import (
    Box,
    Json,
    Request,
    blob_path,
    digest_of,
    parse,
    saved_config,
    saved_images,
    saved_layers,
)

_DEEPEST = 8  # index in index in index: more is an attack, not an image
_MOST_NODES = 5000


class Role(StrEnum):
    LAYOUT = "layout"  # index.json, where reading starts
    INDEX = "index"
    MANIFEST = "manifest"
    ATTESTATION = "attestation"  # a manifest that tells about another one
    CONFIG = "config"
    LAYER = "layer"
    STATEMENT = "statement"  # an in-toto document of an attestation
    BLOB = "blob"


@dataclass(slots=True)
class OciNode:
    """One document or blob, as the one above it describes it."""

    digest: str
    media_type: str
    size: int
    role: Role
    json: Any = None  # the document, None for a blob that is none (or is not here)
    children: list[OciNode] = field(default_factory=list)
    title: str = ""  # a tag or a platform
    present: bool = True  # indexes may name platforms that were never pulled


def from_layout(path: str | Path) -> list[OciNode]:
    """The graph of an OCI layout (directory or tar) or of a ``docker save`` archive."""
    with _open(Path(path)) as box:
        raw = box.document("index.json")
        if raw is not None:
            return [_Reader(box).layout(raw)]
        raw = box.document("manifest.json")
        if raw is not None:
            return [_saved(box, raw)]
    raise NotAnImageError(
        f"{path}에서 이미지를 찾을 수 없다",
        "index.json도 manifest.json도 없다",
        "docker save로 만든 파일이나 OCI 레이아웃을 주세요.",
    )


@contextmanager
def _open(path: Path) -> Iterator[Box]:
    if path.is_dir():
        with closing(DirectoryBox(path)) as directory:
            yield directory
    else:
        with open_archive(path, Request()) as archive:
            yield archive


class _Reader:
    def __init__(self, box: Box) -> None:
        self._box = box
        self._left = _MOST_NODES

    def layout(self, raw: bytes) -> OciNode:
        document = parse(raw, "index.json")
        return OciNode(
            digest=digest_of(raw),
            media_type=str(document.get("mediaType", "application/vnd.oci.image.index.v1+json")),
            size=len(raw),
            role=Role.LAYOUT,
            json=document,
            children=self._children(document, 1),
            title="index.json",
        )

    def _node(self, descriptor: Json, role: Role, depth: int) -> OciNode:
        digest, size = str(descriptor.get("digest", "")), descriptor.get("size")
        self._left -= 1
        if not isinstance(size, int) or self._left < 0 or depth > _DEEPEST:
            raise BrokenArchiveError(
                "OCI 그래프를 그릴 수 없다",
                f"디스크립터가 잘못되었거나 너무 많다: {digest!r}",
                "docker save로 다시 저장하세요.",
            )
        node = OciNode(digest, str(descriptor.get("mediaType", "")), size, role)
        node.title = _title(descriptor)
        if role in (Role.LAYER, Role.BLOB):
            node.present = self._box.layer(blob_path(digest)) is not None
            return node
        raw = self._box.document(blob_path(digest))
        node.present = raw is not None
        if raw is not None:
            node.json = parse(raw, digest)
            node.children = self._children(node.json, depth + 1)
        return node

    def _children(self, document: Json, depth: int) -> list[OciNode]:
        nodes = []
        for descriptor in _descriptors(document.get("manifests")):
            annotations = descriptor.get("annotations") or {}
            kind = annotations.get("vnd.docker.reference.type")
            if kind == "attestation-manifest":
                role = Role.ATTESTATION
            elif "index" in descriptor.get("mediaType", "") or "manifest.list" in descriptor.get(
                "mediaType", ""
            ):
                role = Role.INDEX
            else:
                role = Role.MANIFEST
            nodes.append(self._node(descriptor, role, depth))
        if isinstance(document.get("config"), dict) and "layers" in document:
            nodes.append(self._node(document["config"], Role.CONFIG, depth))
            for descriptor in _descriptors(document["layers"]):
                nodes.append(self._node(descriptor, _content_role(descriptor), depth))
            _name_layers(nodes)
        return nodes


def _name_layers(nodes: Sequence[OciNode]) -> None:
    """The config's history tells which instruction made which layer."""
    config = nodes[0].json if isinstance(nodes[0].json, dict) else {}
    rows = [row for row in _descriptors(config.get("history")) if not row.get("empty_layer")]
    layers = [node for node in nodes if node.role is Role.LAYER]
    if len(rows) == len(layers):
        for layer, row in zip(layers, rows, strict=True):
            layer.title = instruction(str(row.get("created_by", "")))


def _descriptors(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _content_role(descriptor: Json) -> Role:
    media_type = str(descriptor.get("mediaType", ""))
    if "in-toto" in media_type:
        return Role.STATEMENT
    return Role.LAYER if "layer" in media_type or "rootfs" in media_type else Role.BLOB


def _title(descriptor: Json) -> str:
    annotations = descriptor.get("annotations") or {}
    name = annotations.get("io.containerd.image.name") or annotations.get(
        "org.opencontainers.image.ref.name"
    )
    if name:
        return str(name)
    platform = descriptor.get("platform") or {}
    parts = (platform.get("os"), platform.get("architecture"), platform.get("variant"))
    return "/".join(str(part) for part in parts if part and part != "unknown")


def _saved(box: Box, raw: bytes) -> OciNode:
    """``docker save`` up to Docker 24: names files, not digests, so these are counted here."""
    images = saved_images(raw)
    root = OciNode(
        digest_of(raw),
        "application/json",
        len(raw),
        Role.LAYOUT,
        json.loads(raw),
        title="manifest.json",
    )
    for image in images:
        raw_config, config = saved_config(box, image)
        nodes = [
            OciNode(
                digest_of(raw_config),
                "application/vnd.docker.container.image.v1+json",
                len(raw_config),
                Role.CONFIG,
                config,
                title=", ".join(image.tags),
            )
        ]
        # The archive holds the layers as plain tars: their digest is their DiffID.
        for name, diff_id in saved_layers(image, config):
            layer = box.layer(name)
            nodes.append(
                OciNode(
                    diff_id,
                    "application/vnd.docker.image.rootfs.diff.tar",
                    (layer.size or 0) if layer is not None else 0,
                    Role.LAYER,
                    present=layer is not None,
                )
            )
        _name_layers(nodes)
        root.children.extend(nodes)
    return root
