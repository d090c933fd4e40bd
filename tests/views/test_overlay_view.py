"""OverlayView, with mounts that the kernel itself made."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from layerscope.views.overlay_view import (
    Change,
    NotAnOverlayError,
    OverlayUnreadableError,
    OverlayView,
    Row,
    compare,
    find_mount,
)


@pytest.fixture
def overlay(tmp_path: Path) -> Iterator[Path]:
    """Two lowers, an upper and what has been done to merged, on a tmpfs."""
    if os.geteuid() != 0:
        pytest.skip("mounting takes root, as in the lab")
    top = tmp_path / "over, lay:1"  # characters that mount options escape
    top.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", top], check=True)
    folders = ("low1", "low2", "upper", "work", "merged")
    for name in folders:
        (top / name).mkdir()
    low1, low2 = top / "low1", top / "low2"
    for folder in (low1 / "etc", low2 / "etc", low2 / "lib/app", low2 / "cache/sub", low1 / "opt",
                   low2 / "opt"):  # fmt: skip
        folder.mkdir(parents=True)
    (low2 / "etc/hosts").write_text("lower two")
    (low1 / "etc/hosts").write_text("lower one")
    (low2 / "etc/big.conf").write_bytes(b"x" * 40_000)
    (low2 / "etc/link").symlink_to("hosts")
    (low2 / "lib/app/gone.so").write_text("gone")
    (low2 / "lib/app/same.so").write_text("same")
    (low2 / "cache/sub/old").write_text("old")
    (low2 / "opt/dead").write_text("dead")
    os.mknod(low1 / "opt/dead", 0o20000, 0)  # a lower that already deletes
    (low2 / "kind").write_text("a file")
    quoted = {name: str(top / name).replace(":", "\\:").replace(",", "\\,") for name in folders}
    options = (
        f"lowerdir={quoted['low1']}:{quoted['low2']},"
        f"upperdir={quoted['upper']},workdir={quoted['work']}"
    )
    # The kernel's own mount call: newer mount(8) takes options apart in its own way.
    subprocess.run(
        ["mount", "-i", "-t", "overlay", "-o", options, "overlay", top / "merged"], check=True
    )
    merged = top / "merged"
    with (merged / "etc/big.conf").open("ab") as file:
        file.write(b"y")
    (merged / "lib/app/gone.so").unlink()
    (merged / "etc/new").write_text("new")
    (merged / "etc/link").unlink()
    (merged / "etc/link").symlink_to("big.conf")
    subprocess.run(["rm", "-r", merged / "cache"], check=True)
    (merged / "cache").mkdir()
    (merged / "cache/fresh").write_text("fresh")
    (merged / "kind").unlink()
    (merged / "kind").mkdir()
    yield merged
    subprocess.run(["umount", merged], check=True)
    subprocess.run(["umount", top], check=True)


def rows_of(overlay: Path) -> dict[str, Row]:
    mount = find_mount(overlay)
    return {row.path: row for row in compare(mount.lowers, mount.upper, mount.merged)}


def test_the_directories_come_from_the_mount_table(overlay: Path) -> None:
    mount = find_mount(overlay)
    top = overlay.parent
    assert mount.lowers == [top / "low1", top / "low2"]
    assert (mount.upper, mount.work) == (top / "upper", top / "work")


@pytest.mark.parametrize(
    "options",
    [
        "lowerdir=l/A:l/B,upperdir=id/diff,workdir=id/work",  # docker: relative to its own folder
        "lowerdir+=l/A,lowerdir+=l/B,upperdir=id/diff,workdir=id/work",  # newer kernels
    ],
)
def test_relative_directories_are_found_beside_the_mount(tmp_path: Path, options: str) -> None:
    for name in ("l/A", "l/B", "id/diff", "id/work", "id/merged"):
        (tmp_path / name).mkdir(parents=True)
    place = tmp_path / "id/merged"
    mount = find_mount(place, f"9 8 0:1 / {place} rw - overlay overlay rw,{options},xino=off\n")
    assert mount.lowers == [tmp_path / "l/A", tmp_path / "l/B"]
    assert mount.upper == tmp_path / "id/diff"


def test_a_place_that_is_no_overlay_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAnOverlayError, match="마운트된 곳이 아니다"):
        find_mount(tmp_path)
    with pytest.raises(OverlayUnreadableError, match="읽지 못했다"):
        compare([tmp_path / "none"], None, tmp_path)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("etc/new", Change.NEW),
        ("etc/big.conf", Change.COPIED_UP),
        ("etc/link", Change.REPLACED),
        ("lib/app/gone.so", Change.DELETED),
        ("lib/app/same.so", Change.NONE),
        ("cache", Change.OPAQUE),
        ("cache/fresh", Change.NEW),
        ("etc", Change.DIRECTORY),
        ("kind", Change.OPAQUE),
    ],
)
def test_what_upper_did_is_read_from_the_kernel_s_marks(
    overlay: Path, path: str, change: Change
) -> None:
    assert rows_of(overlay)[path].change is change


def test_what_is_covered_is_what_merged_does_not_take(overlay: Path) -> None:
    rows = rows_of(overlay)
    assert rows["etc/hosts"].covered == [False, True]
    assert rows["etc"].covered == [False, False]
    assert rows["cache/sub/old"].covered == [False, True]
    assert rows["opt/dead"].covered == [False, True]
    for row in rows.values():
        items = [
            row.upper,
            *(None if hid else one for one, hid in zip(row.lowers, row.covered, strict=True)),
        ]
        shown = next((one for one in items if one is not None), None)
        assert (shown is not None and shown.kind != "w") == (row.merged is not None), row.path
        if row.merged is not None and shown is not None:
            assert row.merged.size == shown.size, row.path


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
