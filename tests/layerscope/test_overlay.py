"""Overlay mounts, with one that the kernel itself made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from overlays import overlay_mount

from layerscope.overlay import (
    Change,
    NotAnOverlayError,
    OverlayUnreadableError,
    Row,
    compare,
    find_mount,
)


@pytest.fixture
def overlay(tmp_path: Path) -> Iterator[Path]:
    with overlay_mount(tmp_path) as merged:
        yield merged


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
