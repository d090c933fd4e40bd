"""The graph of descriptors: every role, what is missing, and what is refused."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import image_maker as make
import pytest
from image_maker import Real
from layouts import MANIFEST, two_platforms

import layerscope
from layerscope import BrokenArchiveError, NotAnImageError
from layerscope.descriptors import OciNode, Role, from_layout


def walk(nodes: list[OciNode]) -> list[OciNode]:
    return [one for node in nodes for one in (node, *walk(node.children))]


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    return two_platforms(tmp_path / "layout")


def test_layout_gives_every_role(layout: Path) -> None:
    roles = [node.role for node in walk(from_layout(layout))]
    assert roles.count(Role.MANIFEST) == 2
    assert roles.count(Role.ATTESTATION) == 1
    assert roles.count(Role.STATEMENT) == 1
    assert roles.count(Role.CONFIG) == 3
    assert roles.count(Role.LAYER) == 4
    assert roles[:2] == [Role.LAYOUT, Role.INDEX]


def test_layers_carry_the_instruction_that_made_them(layout: Path) -> None:
    titles = [node.title for node in walk(from_layout(layout)) if node.role is Role.LAYER]
    assert titles == ["COPY x /", "RUN make"] * 2


def test_tar_equals_directory(layout: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "layout.tar", "w") as archive:
        archive.add(layout, arcname=".")
    assert from_layout(tmp_path / "layout.tar") == from_layout(layout)


def test_saved_image_names_config_and_layers(real_images: dict[str, Real]) -> None:
    archive = real_images["deletes"].archive
    image = layerscope.read(f"docker-archive:{archive}")
    nodes = walk(from_layout(archive))
    config = next(node for node in nodes if node.role is Role.CONFIG)
    assert config.json["rootfs"]["diff_ids"] == [layer.diff_id for layer in image.layers]
    assert [node.role for node in nodes].count(Role.LAYER) == len(image.layers)
    assert all(node.present for node in nodes)


def test_archive_without_an_index_counts_its_own_digests(tmp_path: Path) -> None:
    """``docker save`` up to Docker 24: manifest.json names files only."""
    layers = [make.tar(make.file("a", b"1")), make.tar(make.file("b", b"2"))]
    path = make.docker_archive(tmp_path / "image.tar", layers)
    (root,) = from_layout(path)
    assert (root.title, root.role) == ("manifest.json", Role.LAYOUT)
    assert [(node.role, node.title) for node in root.children] == [
        (Role.CONFIG, "test:1"),
        (Role.LAYER, "step 0"),
        (Role.LAYER, "step 1"),
    ]
    assert root.children[0].digest == layerscope.read(f"docker-archive:{path}").id
    assert [node.digest for node in root.children[1:]] == [make.sha256(one) for one in layers]
    assert [node.size for node in root.children[1:]] == [len(one) for one in layers]


@pytest.mark.parametrize(
    "rows",
    [[1], [{}], [{"Config": "c.json"}], [{"Config": "c.json", "Layers": ["a"], "RepoTags": 1}]],
)
def test_broken_list_of_saved_images_is_refused(rows: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(make.tar(make.file("manifest.json", json.dumps(rows).encode())))
    for read in (from_layout, lambda one: layerscope.read(f"docker-archive:{one}")):
        with pytest.raises(BrokenArchiveError, match="모양이 맞지 않는다"):
            read(path)


def test_platform_that_was_never_pulled_is_shown_as_absent(layout: Path) -> None:
    graph = walk(from_layout(layout))
    arm = next(node for node in graph if node.title == "linux/arm64")
    (layout / "blobs" / "sha256" / arm.digest.removeprefix("sha256:")).unlink()
    node = next(node for node in walk(from_layout(layout)) if node.digest == arm.digest)
    assert not node.present
    assert node.children == []


def test_folder_without_an_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAnImageError):
        from_layout(tmp_path)


def test_digest_that_names_a_path_is_refused(layout: Path) -> None:
    evil = {"mediaType": MANIFEST, "digest": "sha256:../../../etc/passwd", "size": 1}
    (layout / "index.json").write_text(json.dumps({"manifests": [evil]}))
    with pytest.raises(BrokenArchiveError):
        from_layout(layout)


def test_many_descriptors_are_bounded(layout: Path) -> None:
    one = json.loads((layout / "index.json").read_text())["manifests"][0]
    (layout / "index.json").write_text(json.dumps({"manifests": [one] * 2000}))
    with pytest.raises(BrokenArchiveError):
        from_layout(layout)
