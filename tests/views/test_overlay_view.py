"""OverlayView, with mounts that the kernel itself made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from overlays import overlay_mount
from playwright.sync_api import expect

from layerscope.views.overlay_view import OverlayView


@pytest.fixture
def overlay(tmp_path: Path) -> Iterator[Path]:
    with overlay_mount(tmp_path) as merged:
        yield merged


def treeitem(page: Any, name: str) -> Any:
    return page.locator(f'[role="treeitem"][aria-label^="{name},"]')


def test_each_row_says_where_it_is_and_what_is_seen(static: Any, overlay: Path, shot: Any) -> None:
    page = static(OverlayView.from_mount(overlay))
    for label in (
        "gone.so, lower 2에 있음, upper에서 화이트아웃, merged에 보이지 않음",
        "big.conf, lower 2에 있음, upper에서 카피업, merged에 보임, upper",
        "hosts, lower 1, 2에 있음, upper에 없음, merged에 보임, lower 1",
        "cache, lower 2에 있음, upper에서 불투명, merged에 보임, upper",
    ):
        expect(page.locator(f'[role="treeitem"][aria-label="{label}"]')).to_have_count(1)
    shot(page, "overlay_view")


def test_the_keyboard_reaches_the_explanation(static: Any, overlay: Path) -> None:
    page = static(OverlayView.from_mount(overlay))
    page.get_by_role("button", name="화이트아웃").focus()
    page.keyboard.press("Enter")
    page.get_by_role("tree").focus()
    page.keyboard.press("End")
    expect(page.locator(".ls-overlay-path")).to_have_text("lib/app/gone.so")
    expect(page.locator(".ls-overlay-detail")).to_contain_text("문자 장치 0/0")
    expect(treeitem(page, "hosts")).to_have_count(0)


def test_many_paths_leave_only_what_upper_touched(
    static: Any, overlay: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OverlayView, "limit", 5)
    page = static(OverlayView.from_mount(overlay))
    expect(page.get_by_text("upper가 건드린 것만")).to_be_visible()
    expect(treeitem(page, "gone.so")).to_have_count(1)
    expect(treeitem(page, "same.so")).to_have_count(0)


def test_the_table_tells_what_upper_did(overlay: Path) -> None:
    data, _ = OverlayView.from_mount(overlay)._repr_mimebundle_()
    assert "카피업" in data["text/html"]
    assert "lib/app/gone.so" in data["text/html"]
    assert "same.so" not in data["text/html"]
    assert "화이트아웃 1" in data["text/plain"]


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_does_not_scroll_sideways(
    static: Any, overlay: Path, shot: Any, dark: bool
) -> None:
    page = static(OverlayView.from_mount(overlay), dark=dark, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shot(page, f"overlay_view_390_{'dark' if dark else 'light'}")


def test_live(live: Any, overlay: Path, shot: Any) -> None:
    root = live(
        "from layerscope.views.overlay_view import OverlayView\n"
        f"OverlayView.from_mount({str(overlay)!r})",
        dark=True,
    )
    root.get_by_role("button", name="카피업").click()
    expect(root.locator('[role="treeitem"][aria-label^="big.conf,"]')).to_have_count(1)
    shot(root, "overlay_view_live")
