"""Broken and hostile images: a clear error of the right kind, or a right result."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import image_maker as make
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

import layerscope
from layerscope import archive, errors, streams

LAYER = make.tar(make.file("a", b"1" * 3000))
GZIP_LAYER = f"{make.OCI}.layer.v1.tar+gzip"


def _layout(*layers: bytes, **more: Any) -> make.Layout:
    layout = make.Layout()
    layout.manifests.append(layout.image(layers or [LAYER], **more))
    return layout


def _first_layer(layout: make.Layout) -> str:
    """The name of the biggest compressed blob."""
    return max(
        (name for name, raw in layout.blobs.items() if raw.startswith((b"\x1f\x8b", b"a"))),
        key=lambda name: len(layout.blobs[name]),
    )


def _broken(kind: str) -> make.Layout:
    layout = _layout()
    name = _first_layer(layout)
    raw = layout.blobs[name]
    manifest_name = "blobs/" + layout.manifests[0]["digest"].replace(":", "/")
    if kind == "blob missing":
        del layout.blobs[name]
    elif kind == "blob truncated":
        layout.blobs[name] = raw[:-20]
    elif kind == "blob of another content":
        layout.blobs[name] = gzip.compress(make.tar(make.file("a", b"2" * 3000)))
    elif kind == "blob not gzip at all":
        layout.blobs[name] = b"\x1f\x8b" + b"noise" * 100
    elif kind == "manifest changed":
        layout.blobs[manifest_name] += b" "
    elif kind == "manifest missing":
        del layout.blobs[manifest_name]
    elif kind == "index not JSON":
        layout.manifests[0]["digest"] = "not a digest"
    elif kind == "digest names another path":
        layout.manifests[0]["digest"] = "sha256:../../etc/passwd"
    return layout


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("blob missing", errors.MissingBlobError),
        ("blob truncated", errors.BrokenLayerError),
        ("blob of another content", errors.DigestMismatchError),
        ("blob not gzip at all", errors.BrokenLayerError),
        ("manifest changed", errors.DigestMismatchError),
        ("manifest missing", errors.MissingBlobError),
        ("index not JSON", errors.BrokenArchiveError),
        ("digest names another path", errors.BrokenArchiveError),
    ],
)
@pytest.mark.parametrize("form", ["archive", "directory", "stream"])
def test_broken_oci_images(
    kind: str, error: type[errors.LayerscopeError], form: str, tmp_path: Path
) -> None:
    layout = _broken(kind)
    with pytest.raises(error) as caught:
        layerscope.read(_written(layout, form, tmp_path))
    assert len(str(caught.value).splitlines()) == 3


def _written(layout: make.Layout, form: str, root: Path) -> str:
    if form == "directory":
        return f"oci:{layout.directory(root / 'layout')}"
    path = layout.archive(root / "image.tar")
    if form == "stream":  # a compressed archive is read front to back
        path.write_bytes(gzip.compress(path.read_bytes()))
    return f"oci-archive:{path}"


def test_wrong_diff_id_of_an_uncompressed_layer_shows_when_content_is_read(
    tmp_path: Path,
) -> None:
    path = make.docker_archive(tmp_path / "image.tar", [LAYER])
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"1" * 3000, b"2" * 3000))
    assert layerscope.read(f"docker-archive:{path}").layers[0].size == 3000
    with pytest.raises(errors.DigestMismatchError):
        layerscope.read(f"docker-archive:{path}", content=True)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.7])
def test_truncated_archives(share: float, tmp_path: Path) -> None:
    path = make.docker_archive(tmp_path / "image.tar", [make.tar(make.file("a", b"1" * 50_000))])
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises((errors.BrokenArchiveError, errors.BrokenLayerError)):
        layerscope.read(f"docker-archive:{path}")


def test_hostile_names_are_read_and_nothing_is_written(tmp_path: Path) -> None:
    layer = make.tar(
        make.file("../../escape", b"1"),
        make.file("/absolute", b"2"),
        make.symlink("out", "/etc"),
        make.file("out/passwd", b"3"),
        make.hardlink("hard", "../../../etc/shadow"),
        make.file("same", b"4"),
        make.file("same", b"55"),
    )
    path = make.docker_archive(tmp_path / "image.tar", [layer])
    before = set(tmp_path.parent.rglob("*"))
    image = layerscope.read(f"docker-archive:{path}")
    analysis = layerscope.analyze(image)
    assert set(tmp_path.parent.rglob("*")) == before
    assert {"escape", "absolute", "out", "out/passwd"} <= layerscope.root_filesystem(image).keys()
    assert analysis.size == analysis.visible + analysis.hidden_bytes == 6
    assert [(row.path, row.bytes, row.by) for row in analysis.hidden] == [("same", 1, 0)]


@pytest.mark.parametrize(
    ("descriptor", "error"),
    [
        ({"mediaType": f"{make.OCI}.layer.v1.tar+encrypted"}, errors.UnsupportedMediaTypeError),
        ({"mediaType": None}, errors.UnsupportedMediaTypeError),
    ],
)
def test_unknown_layer_types_are_refused(
    descriptor: dict[str, str], error: type[Exception], tmp_path: Path
) -> None:
    layout = make.Layout()
    layout.manifests.append(layout.image([LAYER], media_type=descriptor["mediaType"]))
    with pytest.raises(error):
        layerscope.read(f"oci-archive:{layout.archive(tmp_path / 'image.tar')}")


def test_artifact_is_not_an_image(tmp_path: Path) -> None:
    layout = make.Layout()
    empty = layout.add(b"{}", "application/vnd.oci.empty.v1+json")
    manifest = {
        "schemaVersion": 2,
        "config": empty,
        "layers": [layout.add(b"hello", "text/plain")],
    }
    layout.manifests.append(
        layout.add(json.dumps(manifest).encode(), f"{make.OCI}.manifest.v1+json")
    )
    with pytest.raises(errors.NotAnImageError):
        layerscope.read(f"oci-archive:{layout.archive(tmp_path / 'image.tar')}")


@pytest.mark.parametrize("raw", [b"", b"\0" * 1024, b"hello", make.tar(make.file("x", b"y"))])
def test_files_that_are_no_image_archives(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(raw)
    with pytest.raises(errors.BrokenArchiveError):
        layerscope.read(f"docker-archive:{path}")


@pytest.mark.parametrize(
    "manifest",
    [b"[]", b"{}", b"[{}]", b"null", b"[1]", b'[{"Config":"c.json","Layers":5}]', b"[" * 100_000],
)
def test_malformed_docker_manifests(manifest: bytes, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(make.tar(make.file("manifest.json", manifest)))
    with pytest.raises(errors.LayerscopeError):
        layerscope.read(f"docker-archive:{path}")


def test_index_that_contains_itself_by_name_ends(tmp_path: Path) -> None:
    """Digests make a true circle impossible, so a long chain stands for it."""
    layout = make.Layout()
    entry = layout.image([LAYER])
    for _ in range(20):
        entry = layout.index([entry])
    layout.manifests.append(entry)
    with pytest.raises(errors.BrokenArchiveError):
        layerscope.read(f"oci-archive:{layout.archive(tmp_path / 'image.tar')}")


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_bombs_stop_at_the_limit(
    pack: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MAX_LAYER", 8 << 20)
    bomb = make.tar(make.file("zeros", bytes(64 << 20)))
    layout = make.Layout()
    layout.manifests.append(layout.image([bomb], pack=pack))
    path = layout.archive(tmp_path / "image.tar")
    assert path.stat().st_size < 1 << 20
    with pytest.raises(errors.TooLargeError):
        layerscope.read(f"oci-archive:{path}")


def test_bombs_do_not_fill_the_memory(tmp_path: Path) -> None:
    """400 MB of zeros in 400 kB, read within a hard limit of 300 MB of address space."""
    layout = make.Layout()
    layout.manifests.append(layout.image([make.tar(make.file("zeros", bytes(400 << 20)))]))
    path = layout.archive(tmp_path / "image.tar")
    code = (
        "import resource, sys, layerscope\n"
        "resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))\n"
        "print(layerscope.read(sys.argv[1]).layers[0].size)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, f"oci-archive:{path}"],
        cwd=Path(layerscope.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str(400 << 20), done.stderr


def test_million_entries_end_in_time(tmp_path: Path) -> None:
    block = make.tar(make.file("a"))[:512]
    layer = block * 1_000_000 + bytes(1024)
    layout = make.Layout()
    layout.manifests.append(layout.image([layer], pack=lambda raw: gzip.compress(raw, 1)))
    path = layout.archive(tmp_path / "image.tar")
    start = time.monotonic()
    image = layerscope.read(f"oci-archive:{path}")
    assert len(image.layers[0].entries) == 1_000_000
    assert time.monotonic() - start < 60


def test_oversized_documents_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_DOCUMENT", 100)
    path = _layout().archive(tmp_path / "image.tar")
    with pytest.raises(errors.TooLargeError):
        layerscope.read(f"oci-archive:{path}")


@given(st.data())
@settings(max_examples=150)
def test_fuzz_damaged_images(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever happens to an archive's bytes, the answer is an image or one of our errors."""
    layers = [LAYER, make.tar(make.file(".wh.a"), make.file("b", b"2" * 100))]
    root = tmp_path_factory.getbasetemp()
    if data.draw(st.booleans()):
        path = make.docker_archive(root / "fuzz.tar", layers)
    else:
        path = _layout(*layers).archive(root / "fuzz.tar")
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
    path.write_bytes(gzip.compress(raw, 1) if data.draw(st.booleans()) else raw)
    try:
        analysis = layerscope.analyze(layerscope.read(f"docker-archive:{path}", content=True))
    except errors.LayerscopeError as error:
        assert len(str(error).splitlines()) >= 3
    else:
        assert analysis.size == analysis.visible + analysis.hidden_bytes
