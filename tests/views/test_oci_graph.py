"""OciGraph: reading layouts, and walking from digest to digest in the browser."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from view_harness import LOOKS, Live, Look, Static

from layerscope import Analysis, BrokenArchiveError, NotAnImageError
from layerscope.views import OciGraph, OciNode, from_layout
from layerscope.views.oci_graph import Role

Shot = Callable[[Any, str], None]
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
IN_TOTO = "application/vnd.in-toto+json"


def walk(nodes: list[OciNode]) -> list[OciNode]:
    return [one for node in nodes for one in (node, *walk(node.children))]


class Layout:
    """Writes an OCI layout: what buildx makes for two platforms with provenance."""

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


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    root = tmp_path / "layout"
    root.mkdir()
    out = Layout(root)
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


def test_saved_image_names_config_and_layers(saved: Path, before: Analysis) -> None:
    nodes = walk(from_layout(saved))
    config = next(node for node in nodes if node.role is Role.CONFIG)
    assert config.json["rootfs"]["diff_ids"] == [layer.diff_id for layer in before.image.layers]
    assert [node.role for node in nodes].count(Role.LAYER) == len(before.image.layers)
    assert all(node.present for node in nodes)


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


@LOOKS
def test_layout_on_screen(static: Static, layout: Path, shot: Shot, look: Look) -> None:
    page = static(OciGraph(from_layout(layout)), **look._asdict())
    assert page.get_by_role("treeitem", name="증명(attestation)").is_visible()
    shot(page, f"graph-{look}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_click_shows_the_json_and_a_digest_leads_on(static: Static, layout: Path) -> None:
    page = static(OciGraph(from_layout(layout)))
    panel = page.get_by_role("group", name="고른 노드")
    expect(panel.get_by_role("heading")).to_contain_text("매니페스트")
    panel.get_by_role("link").first.click()
    expect(panel.get_by_role("heading")).to_contain_text("이미지 설정(config)")
    expect(panel.get_by_label("JSON", exact=True)).to_contain_text('"architecture": "amd64"')
    page.get_by_role("treeitem", name="레이어, RUN make").first.locator(".ls-graph-card").click()
    expect(panel).to_contain_text("JSON이 아니라")


def test_shown_json_equals_the_document(static: Static, layout: Path) -> None:
    graph = from_layout(layout)
    manifest = next(node for node in walk(graph) if node.role is Role.MANIFEST)
    page = static(OciGraph(graph))
    assert json.loads(page.get_by_label("JSON", exact=True).inner_text()) == manifest.json


def test_keyboard_walks_the_graph(static: Static, layout: Path, shot: Shot) -> None:
    page = static(OciGraph(from_layout(layout)))
    page.keyboard.press("Tab")
    tree = page.get_by_role("tree")
    chosen = tree.locator('[aria-selected="true"]')
    expect(chosen).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    panel = page.get_by_role("group", name="고른 노드")
    expect(panel.get_by_role("heading")).to_contain_text("시작점")
    page.keyboard.press("ArrowLeft")
    assert tree.get_by_role("treeitem").locator("visible=true").count() == 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    page.keyboard.press(" ")
    expect(panel.get_by_role("heading")).to_contain_text("증명(attestation)")
    shot(page, "graph-keyboard")
    page.keyboard.press("ArrowRight")  # unfolds: in-toto statement below
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("heading")).to_contain_text("in-toto 문서")


@pytest.mark.parametrize("dark", [False, True])
def test_live_in_jupyterlab(live: Live, saved: Path, shot: Shot, dark: bool) -> None:
    root = live(
        "from layerscope.views import OciGraph, from_layout\n"
        f"OciGraph(from_layout({str(saved)!r}))",
        dark=dark,
    )
    item = root.get_by_role("treeitem", name="이미지 설정(config)").first
    item.locator(".ls-graph-card").click()
    expect(root.get_by_label("JSON", exact=True)).to_contain_text('"rootfs"')
    root.page.keyboard.press("ArrowDown")
    assert root.page.locator(".jp-Notebook .jp-Cell").count() == 1
    shot(root.page, f"graph-live-{'dark' if dark else 'light'}")
