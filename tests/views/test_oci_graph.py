"""OciGraph: walking from digest to digest in the browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from layouts import two_platforms
from playwright.sync_api import expect
from view_harness import LOOKS, Live, Look, Static

from layerscope.descriptors import Role
from layerscope.views import OciGraph, OciNode, from_layout

Shot = Callable[[Any, str], None]


def walk(nodes: list[OciNode]) -> list[OciNode]:
    return [one for node in nodes for one in (node, *walk(node.children))]


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    return two_platforms(tmp_path / "layout")


@LOOKS
def test_layout_on_screen(static: Static, layout: Path, shot: Shot, look: Look) -> None:
    page = static(OciGraph.from_layout(layout), **look._asdict())
    assert page.get_by_role("treeitem", name="증명(attestation)").is_visible()
    shot(page, f"graph-{look}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_click_shows_the_json_and_a_digest_leads_on(static: Static, layout: Path) -> None:
    page = static(OciGraph.from_layout(layout))
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
    page = static(OciGraph.from_layout(layout))
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
