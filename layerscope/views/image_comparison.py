"""ImageComparison: images side by side, the layers that they share, what a change saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from layerscope.history import compressed_size, instruction, layer_hidden
from layerscope.model import Analysis, Kind
from layerscope.sizes import human
from layerscope.views.base import Table, View

_DEPTH = 3  # directories are compared down to here: deep enough to tell what changed
_MOST = 200  # rows of the difference, the largest ones


class ImageComparison(View):
    """Two or more images; equal layers (same DiffID) stand in one row."""

    def __init__(self, analyses: Sequence[Analysis]) -> None:
        rows = _rows(analyses)
        stored = sum(row["size"] for row in rows)
        total = sum(analysis.size for analysis in analyses)
        names = [analysis.image.reference for analysis in analyses]
        shared = f"함께 쓰는 레이어 덕에 {human(total)} 대신 {human(stored)}를 저장한다"
        super().__init__(
            {
                "images": [_image(analysis) for analysis in analyses],
                "rows": rows,
                "stored": stored,
                "paths": _paths(analyses),
            },
            summary=" ↔ ".join(f"{a.image.reference} {human(a.size)}" for a in analyses)
            + f", {shared}",
            table=Table(
                "이미지별 레이어 크기(바이트)",
                ["인스트럭션", *names, "공유"],
                [
                    [
                        row["instruction"],
                        *(row["size"] if present else "" for present in row["counts"]),
                        "예" if sum(map(bool, row["counts"])) > 1 else "",
                    ]
                    for row in rows
                ]
                + [["합계", *(analysis.size for analysis in analyses), ""]],
                shared + ".",
            ),
        )


def _image(analysis: Analysis) -> dict[str, Any]:
    return {
        "reference": analysis.image.reference,
        "platform": analysis.image.platform,
        "size": analysis.size,
        "visible": analysis.visible,
        "hidden": analysis.hidden_bytes,
        "layers": len(analysis.image.layers),
        "compressed": compressed_size(analysis.image),
    }


def _rows(analyses: Sequence[Analysis]) -> list[dict[str, Any]]:
    """Each different layer once, every image's own order kept as far as the others allow."""
    order: list[str] = []
    facts: dict[str, dict[str, Any]] = {}
    for column, analysis in enumerate(analyses):
        place = 0
        for layer, hidden in zip(analysis.image.layers, layer_hidden(analysis), strict=True):
            if layer.diff_id in facts:
                place = max(place, order.index(layer.diff_id) + 1)
            else:
                order.insert(place, layer.diff_id)
                place += 1
                facts[layer.diff_id] = {
                    "diffId": layer.diff_id,
                    "instruction": instruction(layer.created_by),
                    "size": layer.size,
                    "counts": [0] * len(analyses),  # an image may hold a layer twice
                    "hidden": [0] * len(analyses),
                }
            facts[layer.diff_id]["counts"][column] += 1
            facts[layer.diff_id]["hidden"][column] += hidden
    return [facts[diff_id] for diff_id in order]


def _paths(analyses: Sequence[Analysis]) -> dict[str, Any]:
    """Visible bytes by directory, where the images differ."""
    columns = [_visible(analysis) for analysis in analyses]
    spread = {
        path: max(sizes) - min(sizes)
        for path in set().union(*columns)
        if len(set(sizes := [column[path] for column in columns])) > 1
    }
    largest = sorted(spread, key=lambda path: (-spread[path], path))
    return {
        "names": largest[:_MOST],
        "sizes": [[column[path] for column in columns] for path in largest[:_MOST]],
        "left": len(largest[_MOST:]),
    }


def _visible(analysis: Analysis) -> Counter[str]:
    sums: Counter[str] = Counter()
    for layer in analysis.image.layers:
        for entry in layer.entries:
            if entry.kind is Kind.FILE:
                sums[_group(entry.path)] += entry.size
    for row in analysis.hidden:
        sums[_group(row.path)] -= row.bytes
    return sums


def _group(path: str) -> str:
    parts = path.split("/")
    if len(parts) <= _DEPTH:
        return "/" + path
    return "/" + "/".join(parts[:_DEPTH]) + "/"
