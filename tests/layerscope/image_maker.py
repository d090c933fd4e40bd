"""Images for the tests: real ones from the engine, synthetic ones where it cannot make them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LABEL = "org.docker-anatomy=test"
PLATFORM = ("linux", "amd64")
OCI = "application/vnd.oci.image"
TOOLS = ("sh", "rm", "mkdir", "ln", "cat", "chmod", "mv", "touch", "mkfifo", "chown")


def docker(*words: str) -> str:
    """Output of a docker command, which must succeed."""
    done = subprocess.run(
        ["docker", *words],
        env={**os.environ, "DOCKER_BUILDKIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr}"
    return done.stdout


def build(name: str, context: Path, lines: Sequence[str]) -> None:
    (context / "Dockerfile").write_text("\n".join(lines) + "\n")
    docker("build", "-q", "--label", LABEL, "-t", name, str(context))


def copy_tools(root: Path) -> None:
    """A shell and a few commands with their libraries, so that RUN works on scratch."""
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None, f"{tool} is missing on this machine"
        listing = subprocess.run(["ldd", found], capture_output=True, text=True, check=True).stdout
        libraries = [word for word in listing.split() if word.startswith("/")]
        for source in (found, *libraries):
            target = root / source.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(source).resolve(), target)
            target.chmod(0o755)
    shell = root / "bin/sh"
    if not shell.exists():
        shell.parent.mkdir(exist_ok=True)
        shutil.copy(root / str(shutil.which("sh")).lstrip("/"), shell)


def file(name: str, body: bytes = b"", mode: int = 0o644) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(body), mode
    return member, body


def special(name: str, kind: bytes, link: str = "") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.mode = kind, link, 0o755
    return member, b""


def directory(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return special(name, tarfile.DIRTYPE)


def symlink(name: str, link: str) -> tuple[tarfile.TarInfo, bytes]:
    return special(name, tarfile.SYMTYPE, link)


def hardlink(name: str, link: str) -> tuple[tarfile.TarInfo, bytes]:
    return special(name, tarfile.LNKTYPE, link)


def tar(
    *members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT, **more: Any
) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, errors="surrogateescape", **more) as one:
        for member, body in members:
            one.addfile(member, io.BytesIO(body))
    return out.getvalue()


def sha256(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def config_of(layers: Sequence[bytes], **more: Any) -> bytes:
    """A config for uncompressed layers."""
    config = {
        "os": PLATFORM[0],
        "architecture": PLATFORM[1],
        "created": "2026-01-01T00:00:00Z",
        "rootfs": {"type": "layers", "diff_ids": [sha256(one) for one in layers]},
        "history": [{"created_by": f"step {number}"} for number in range(len(layers))],
    }
    return json.dumps(config | more).encode()


def docker_archive(path: Path, layers: Sequence[bytes], **more: Any) -> Path:
    """What ``docker save`` up to 24 writes; a layer seen before becomes a symlink, as there."""
    config = config_of(layers, **more)
    name = sha256(config).removeprefix("sha256:") + ".json"
    members = []
    names: list[str] = []
    first: dict[str, str] = {}
    for number, layer in enumerate(layers):
        names.append(f"layer{number}/layer.tar")
        known = first.setdefault(sha256(layer), names[-1])
        members.append(
            file(names[-1], layer) if known == names[-1] else symlink(names[-1], f"../{known}")
        )
    manifest = json.dumps([{"Config": name, "RepoTags": ["test:1"], "Layers": names}]).encode()
    members += [file(name, config), file("manifest.json", manifest)]
    path.write_bytes(tar(*members))
    return path


class Layout:
    """An OCI image layout in the making: blobs by name, and what index.json lists."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: list[dict[str, Any]] = []

    def add(self, raw: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        digest = sha256(raw)
        self.blobs["blobs/" + digest.replace(":", "/")] = raw
        return {"mediaType": media_type, "digest": digest, "size": len(raw), **more}

    def image(
        self,
        layers: Sequence[bytes],
        pack: Any = gzip.compress,
        media_type: str = f"{OCI}.layer.v1.tar+gzip",
        **more: Any,
    ) -> dict[str, Any]:
        """The manifest descriptor of an image."""
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{OCI}.manifest.v1+json",
            "config": self.add(config_of(layers, **more), f"{OCI}.config.v1+json"),
            "layers": [self.add(pack(layer), media_type) for layer in layers],
        }
        return self.add(json.dumps(manifest).encode(), f"{OCI}.manifest.v1+json")

    def index(self, manifests: Sequence[dict[str, Any]]) -> dict[str, Any]:
        document = {"schemaVersion": 2, "manifests": manifests}
        return self.add(json.dumps(document).encode(), f"{OCI}.index.v1+json")

    def files(self) -> dict[str, bytes]:
        return {
            "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
            "index.json": json.dumps({"schemaVersion": 2, "manifests": self.manifests}).encode(),
            **self.blobs,
        }

    def archive(self, path: Path) -> Path:
        path.write_bytes(tar(*(file(name, raw) for name, raw in self.files().items())))
        return path

    def directory(self, root: Path) -> Path:
        for name, raw in self.files().items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(raw)
        return root


@dataclass(frozen=True)
class Real:
    """A real image: its name on the engine, and its saved archive."""

    kind: str
    name: str
    archive: Path
