"""OverlayView: an overlay mount's directories side by side, and what the union makes of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from layerscope.overlay import AnyPath, Change, Item, Row, compare, find_mount
from layerscope.sizes import human
from layerscope.views.base import Table, View, readable

CHANGES = {
    Change.NONE: "",
    Change.NEW: "새로 만듦",
    Change.COPIED_UP: "카피업",
    Change.REPLACED: "새것으로 바꿈",
    Change.DELETED: "화이트아웃",
    Change.OPAQUE: "불투명 디렉터리",
    Change.DIRECTORY: "디렉터리",
}


class OverlayView(View):
    """lower, upper and merged of an overlay mount in one tree."""

    parts = ("tree",)

    #: More paths than that: only those that upper touches are shown.
    limit = 20_000

    def __init__(self, lowers: Sequence[AnyPath], upper: AnyPath | None, merged: AnyPath) -> None:
        rows = compare(lowers, upper, merged)
        partial = len(rows) > self.limit
        if partial:
            rows = _touched(rows)
        counts = {change: sum(row.change is change for row in rows) for change in Change}
        upper_bytes = sum(row.upper.size for row in rows if row.upper)
        summary = (
            f"lower {len(lowers)}개 위의 upper {human(upper_bytes)}: "
            f"새로 만듦 {counts[Change.NEW]}, 카피업 {counts[Change.COPIED_UP]}, "
            f"화이트아웃 {counts[Change.DELETED]}, 불투명 디렉터리 {counts[Change.OPAQUE]}"
        )
        super().__init__(
            {
                "lowers": [readable(os.fspath(one)) for one in lowers],
                "upper": readable(os.fspath(upper)) if upper is not None else None,
                "merged": readable(os.fspath(merged)),
                "partial": partial,
                **_columns(rows, len(lowers)),
            },
            summary=summary,
            table=Table(
                summary,
                ["경로", "lower", "upper", "merged"],
                [
                    [
                        row.path,
                        _lower_text(row),
                        CHANGES[row.change],
                        "보인다" if row.merged else "",
                    ]
                    for row in rows
                    if row.change is not Change.NONE
                ],
                "upper가 건드린 경로만 적었다.",
            ),
        )

    @classmethod
    def from_mount(cls, mount_point: AnyPath) -> OverlayView:
        """The view of what is mounted there, by the options in /proc/self/mountinfo."""
        mount = find_mount(mount_point)
        return cls(mount.lowers, mount.upper, mount.merged)


def _lower_text(row: Row) -> str:
    names = [str(index) for index, item in enumerate(row.lowers, 1) if item is not None]
    return f"lower {', '.join(names)}" if names else ""


def _touched(rows: list[Row]) -> list[Row]:
    keep = {row.path for row in rows if row.change not in (Change.NONE, Change.DIRECTORY)}
    for path in list(keep):
        while "/" in path:
            path = path.rpartition("/")[0]  # noqa: PLW2901 (climbs to the top)
            keep.add(path)
    return [row for row in rows if row.path in keep]


def _columns(rows: list[Row], lowers: int) -> dict[str, Any]:
    def kinds(items: list[Item | None]) -> str:
        return "".join(item.kind.value if item else "." for item in items)

    def sizes(items: list[Item | None]) -> list[int]:
        return [item.size if item else 0 for item in items]

    layers = [[row.lowers[index] for row in rows] for index in range(lowers)]
    uppers = [row.upper for row in rows]
    merged = [row.merged for row in rows]
    return {
        "names": "/".join(readable(row.path.rpartition("/")[2]) for row in rows),
        "depths": [row.path.count("/") for row in rows],
        "changes": [row.change.value for row in rows],
        "upperKinds": kinds(uppers),
        "upperSizes": sizes(uppers),
        "mergedKinds": kinds(merged),
        "mergedSizes": sizes(merged),
        "lowerKinds": [kinds(layer) for layer in layers],
        "lowerSizes": [sizes(layer) for layer in layers],
        "covered": ["".join("01"[row.covered[index]] for row in rows) for index in range(lowers)],
        "notes": {
            index: readable(row.upper.note)
            for index, row in enumerate(rows)
            if row.upper is not None and row.upper.note
        },
    }
