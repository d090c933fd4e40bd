"""An OCI layout as buildx makes it for two platforms with provenance."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
IN_TOTO = "application/vnd.in-toto+json"


class _Layout:
    """Writes blobs and gives their descriptors."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "blobs" / "sha256").mkdir(parents=True)

    def blob(self, content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (self.root / "blobs" / "sha256" / digest).write_bytes(content)
        return {
            "mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content), **more
        }  # fmt: skip

    def document(self, value: object, media_type: str, **more: Any) -> dict[str, Any]:
        return self.blob(json.dumps(value).encode(), media_type, **more)

    def manifest(self, config: dict[str, Any], layers: list[dict[str, Any]], **more: Any) -> Any:
        body = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
        return self.document(body, MANIFEST, **more)


def two_platforms(root: Path) -> Path:
    """Fills a new folder and returns it."""
    root.mkdir()
    out = _Layout(root)
    shared = out.blob(b"shared layer", LAYER)
    manifests = []
    for architecture in ("amd64", "arm64"):
        config = out.document(
            {
                "architecture": architecture,
                "os": "linux",
                "history": [{"created_by": "COPY x /"}, {"created_by": "RUN make # buildkit"}],
            },
            CONFIG,
        )
        layers = [shared, out.blob(architecture.encode() * 90_000, LAYER)]
        platform = {"os": "linux", "architecture": architecture}
        manifests.append(out.manifest(config, layers, platform=platform))
    statement = out.document({"_type": "https://in-toto.io/Statement/v0.1"}, IN_TOTO)
    proof = out.manifest(out.document({}, CONFIG), [statement], annotations={
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": manifests[0]["digest"],
    }, platform={"os": "unknown", "architecture": "unknown"})  # fmt: skip
    index = out.document(
        {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*manifests, proof]}, INDEX
    )
    (root / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [index]}))
    (root / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    return root
