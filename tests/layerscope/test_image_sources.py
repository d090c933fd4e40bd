"""Every form in which an image may come, and which image of several is meant."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import image_maker as make
import pytest
import zstandard
from image_maker import Real
from needs import needs

import layerscope
from layerscope import errors, oci

ONE = make.tar(make.directory("d"), make.file("d/a", b"1" * 1000))
TWO = make.tar(make.file("d/b", b"2" * 500), make.file("d/.wh.a"))
TAR = f"{make.OCI}.layer.v1.tar"


def _plain(raw: bytes) -> bytes:
    return raw


def _gzip(raw: bytes) -> bytes:
    return gzip.compress(raw, mtime=0)  # the same bytes whenever it is called


@pytest.mark.parametrize(
    ("pack", "media_type"),
    [
        (_plain, TAR),
        (_gzip, f"{TAR}+gzip"),
        (zstandard.compress, f"{TAR}+zstd"),
        (_gzip, "application/vnd.docker.image.rootfs.diff.tar.gzip"),
        (_plain, f"{TAR}+gzip"),  # labelled wrongly, as engines do
        (lambda raw: _gzip(raw[:700]) + _gzip(raw[700:]), f"{TAR}+gzip"),
        (lambda raw: _gzip(raw) + bytes(64), f"{TAR}+gzip"),
        (lambda raw: zstandard.compress(raw[:700]) + zstandard.compress(raw[700:]), f"{TAR}+zstd"),
    ],
)
@pytest.mark.parametrize("form", ["oci", "oci-archive", "stream"])
def test_layer_compressions(
    pack: Callable[[bytes], bytes], media_type: str, form: str, tmp_path: Path
) -> None:
    layout = make.Layout()
    layout.manifests.append(layout.image([ONE, TWO], pack, media_type))
    if form == "oci":
        reference = f"oci:{layout.directory(tmp_path / 'layout')}"
    else:
        path = layout.archive(tmp_path / "image.tar")
        if form == "stream":
            path.write_bytes(zstandard.compress(path.read_bytes()))
        reference = f"oci-archive:{path}"
    image = layerscope.read(reference)
    assert [layer.diff_id for layer in image.layers] == [make.sha256(ONE), make.sha256(TWO)]
    assert [layer.digest for layer in image.layers] == [
        make.sha256(pack(one)) for one in (ONE, TWO)
    ]
    assert [layer.compressed_size for layer in image.layers] == [len(pack(ONE)), len(pack(TWO))]
    assert [layer.size for layer in image.layers] == [1000, 500]
    assert [layer.media_type for layer in image.layers] == [media_type] * 2
    chain = make.sha256(f"{make.sha256(ONE)} {make.sha256(TWO)}".encode())
    assert [layer.chain_id for layer in image.layers] == [make.sha256(ONE), chain]


def _many_platforms() -> make.Layout:
    """What buildx writes: an index of images, each followed by its attestation."""
    layout = make.Layout()
    manifests: list[dict[str, Any]] = []
    for number, platform in enumerate(("linux/amd64", "linux/arm64", "linux/arm/v7")):
        system, architecture, *variant = platform.split("/")
        facts = {"os": system, "architecture": architecture}
        facts |= {"variant": variant[0]} if variant else {}
        layer = make.tar(make.file("a", b"x" * (number + 1)))
        entry = layout.image([layer], **facts)
        attestation = layout.image(
            [make.tar(make.file("att"))], os="unknown", architecture="unknown"
        )
        manifests += [
            entry | {"platform": facts},
            attestation
            | {
                "platform": {"os": "unknown", "architecture": "unknown"},
                "annotations": {
                    "vnd.docker.reference.type": "attestation-manifest",
                    "vnd.docker.reference.digest": entry["digest"],
                },
            },
        ]
    layout.manifests.append(layout.index(manifests))
    return layout


@pytest.mark.parametrize(
    ("platform", "size"),
    [
        ("linux/amd64", 1),
        ("linux/arm64", 2),
        ("linux/arm64/v8", 2),
        ("linux/arm", 3),
        ("linux/arm/v7", 3),
    ],
)
def test_platform_is_chosen(platform: str, size: int, tmp_path: Path) -> None:
    path = _many_platforms().archive(tmp_path / "image.tar")
    assert layerscope.read(f"oci-archive:{path}", platform).layers[0].size == size


def test_running_platform_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oci, "running_platform", lambda: "linux/arm64")
    path = _many_platforms().archive(tmp_path / "image.tar")
    assert layerscope.read(f"oci-archive:{path}").platform == "linux/arm64"


@pytest.mark.parametrize("platform", ["linux/s390x", "unknown/unknown", "linux/arm/v6"])
def test_missing_platform_names_those_there_are(platform: str, tmp_path: Path) -> None:
    path = _many_platforms().archive(tmp_path / "image.tar")
    with pytest.raises(errors.PlatformNotFoundError, match="linux/arm64"):
        layerscope.read(f"oci-archive:{path}", platform)


def test_image_for_another_machine_only_is_shown(tmp_path: Path) -> None:
    layout = make.Layout()
    layout.manifests.append(layout.image([ONE], architecture="s390x"))
    path = layout.archive(tmp_path / "image.tar")
    assert layerscope.read(f"oci-archive:{path}").platform == "linux/s390x"


def test_several_images_need_a_name(tmp_path: Path) -> None:
    layout = make.Layout()
    for tag, layer in (("one", ONE), ("two", TWO)):
        note = {"annotations": {"org.opencontainers.image.ref.name": tag}}
        layout.manifests.append(layout.image([layer]) | note)
    root = layout.directory(tmp_path / "layout")
    with pytest.raises(errors.AmbiguousImageError, match="one, two"):
        layerscope.read(f"oci:{root}")
    assert layerscope.read(f"oci:{root}:two").layers[0].diff_id == make.sha256(TWO)
    with pytest.raises(errors.AmbiguousImageError):
        layerscope.read(f"oci:{root}:three")


def test_file_names_may_hold_colons(tmp_path: Path) -> None:
    path = make.docker_archive(tmp_path / "a:b.tar", [ONE])
    assert layerscope.read(f"docker-archive:{path}").layers[0].size == 1000
    assert layerscope.read(f"docker-archive:{path}:test:1").layers[0].size == 1000


def test_image_without_layers(tmp_path: Path) -> None:
    path = make.docker_archive(tmp_path / "image.tar", [])
    analysis = layerscope.analyze(layerscope.read(f"docker-archive:{path}"))
    assert (analysis.size, analysis.visible, analysis.hidden_bytes) == (0, 0, 0)
    assert analysis.dive.efficiency == 1.0


def test_image_of_several_saved_together(real_images: dict[str, Real], tmp_path: Path) -> None:
    names = [real_images["deletes"].name, real_images["opaque"].name]
    path = tmp_path / "both.tar"
    make.docker("save", "-o", str(path), *names)
    with pytest.raises(errors.AmbiguousImageError):
        layerscope.read(f"docker-archive:{path}")
    one = layerscope.read(f"docker-archive:{path}:{names[1]}")
    alone = layerscope.read(f"docker-archive:{real_images['opaque'].archive}")
    assert [layer.diff_id for layer in one.layers] == [layer.diff_id for layer in alone.layers]


@pytest.mark.parametrize("form", ["oci", "oci-archive"])
def test_skopeos_copies_equal_the_saved_archive(
    real_images: dict[str, Real], form: str, tmp_path: Path
) -> None:
    needs("skopeo")
    for kind in ("names", "hardlinks", "files"):
        saved = real_images[kind].archive
        target = f"{form}:{tmp_path / kind}:tag"
        subprocess.run(["skopeo", "copy", "-q", f"docker-archive:{saved}", target], check=True)
        copied = layerscope.read(target)
        original = layerscope.read(f"docker-archive:{saved}")
        assert [layer.entries for layer in copied.layers] == [
            layer.entries for layer in original.layers
        ]
        assert [layer.chain_id for layer in copied.layers] == [
            layer.chain_id for layer in original.layers
        ]


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        ("docker-archive:/nowhere/at/all.tar", errors.SourceNotFoundError),
        ("oci:/nowhere/at/all", errors.SourceNotFoundError),
        ("docker-archive:/proc", errors.SourceNotFoundError),
        ("", errors.BadReferenceError),
        ("../info", errors.BadReferenceError),
        ("a b", errors.BadReferenceError),
    ],
)
def test_references_that_lead_nowhere(reference: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        layerscope.read(reference)


def test_bad_platform_is_refused() -> None:
    with pytest.raises(errors.BadReferenceError):
        layerscope.read("image", "amd64")


def test_views_are_not_imported_with_the_library() -> None:
    code = (
        "import sys, layerscope; print([m for m in sys.modules if 'widget' in m or m == 'docker'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(layerscope.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
