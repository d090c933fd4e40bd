"""An analysis for machines (JSON, schema 1) and for people (tables)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layerscope.compare import Comparison
from layerscope.history import compressed_size, instruction, layer_hidden
from layerscope.model import Analysis, Cause, Hidden, Layer, State
from layerscope.sizes import human

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA = 1
CAUSES = {
    Cause.OVERWRITTEN: "덮어씀",
    Cause.DELETED: "지움",
    Cause.OPAQUE: "불투명 디렉터리",
    Cause.REPLACED: "다른 종류로 바뀜",
}
STATES = {State.ADDED: "추가", State.MODIFIED: "변경", State.REMOVED: "삭제"}
_BAR = 24  # characters at most
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def shown(text: str) -> str:
    """Text that is safe to print: bytes that are not UTF-8 and control characters as U+FFFD."""
    clean = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", clean)


def shown_lines(text: str) -> str:
    """Several lines, each safe to print."""
    return "\n".join(map(shown, text.split("\n")))


def largest_hidden(analysis: Analysis, top: int | None = None) -> list[Hidden]:
    """Hidden files, the largest first; all of them unless ``top`` is given."""
    rows = sorted(analysis.hidden, key=lambda row: (-row.bytes, row.layer, row.path))
    return rows if top is None else rows[:top]


def to_json(analysis: Analysis, top: int | None = None) -> dict[str, Any]:
    """``layerscope IMAGE --json``, schema 1.  Sizes are bytes."""
    image = analysis.image
    return {
        "schema": SCHEMA,
        "image": {
            "reference": image.reference,
            "id": image.id,
            "platform": image.platform,
            "created": image.created,
        },
        "totals": {
            "size": analysis.size,
            "visible": analysis.visible,
            "hidden": analysis.hidden_bytes,
            "compressed": compressed_size(image),
        },
        "layers": [
            _layer_json(layer, Counter(states))
            for layer, states in zip(image.layers, analysis.states, strict=True)
        ],
        "history": [
            {"created_by": row.created_by, "empty_layer": row.empty_layer, "layer": row.layer}
            for row in image.history
        ],
        "hidden": [
            {
                "path": "/" + shown(row.path),
                "bytes": row.bytes,
                "cause": row.cause.value,
                "layer": row.layer,
                "by": row.by,
            }
            for row in largest_hidden(analysis, top)
        ],
        "dive": {
            "size": analysis.dive.size,
            "inefficient_bytes": analysis.dive.inefficient_bytes,
            "efficiency": analysis.dive.efficiency,
        },
    }


def diff_to_json(comparison: Comparison, both: tuple[Analysis, Analysis]) -> dict[str, Any]:
    """``layerscope diff A B --json``, schema 1."""
    return {
        "schema": SCHEMA,
        "images": [
            {
                "reference": one.image.reference,
                "id": one.image.id,
                "platform": one.image.platform,
                "size": one.size,
                "visible": one.visible,
                "hidden": one.hidden_bytes,
            }
            for one in both
        ],
        "layers": [
            {"diff_id": row.diff_id, "size": row.size, "images": row.images, "stacked": row.stacked}
            for row in comparison.layers
        ],
        "paths": [
            {
                "path": "/" + shown(row.path),
                "state": row.state.value,
                "before": row.before,
                "after": row.after,
            }
            for row in comparison.paths
        ],
    }


@dataclass(frozen=True, slots=True)
class Limits:
    """dive's CI rules, held against what is really hidden instead of dive's own count."""

    lowest_efficiency: float | None = 0.9  # visible / size
    highest_wasted_bytes: int | None = None
    highest_user_wasted_percent: float | None = 0.1  # of the bytes above the first layer


@dataclass(frozen=True, slots=True)
class Verdict:
    rule: str
    value: float
    limit: float
    passed: bool


def judge(analysis: Analysis, limits: Limits) -> list[Verdict]:
    """One verdict for each limit that is set.  Being exactly at a limit passes, as in dive."""
    user = sum(layer.size for layer in analysis.image.layers[1:])
    hidden = analysis.hidden_bytes
    efficiency = analysis.visible / analysis.size if analysis.size else 1.0
    verdicts = []
    if (lowest := limits.lowest_efficiency) is not None:
        passed = efficiency >= lowest
        verdicts.append(Verdict("lowest-efficiency", efficiency, lowest, passed))
    if (most := limits.highest_wasted_bytes) is not None:
        verdicts.append(Verdict("highest-wasted-bytes", hidden, most, hidden <= most))
    if (share := limits.highest_user_wasted_percent) is not None:
        percent = hidden / user if user else 0.0
        verdicts.append(Verdict("highest-user-wasted-percent", percent, share, percent <= share))
    return verdicts


def print_analysis(console: Console, analysis: Analysis, top: int) -> None:
    """Layers with bars, the totals, and what is hidden most."""
    from rich.table import Table  # noqa: PLC0415  # only people need it
    from rich.text import Text  # noqa: PLC0415

    image = analysis.image
    console.print(Text(f"{shown(image.reference)}  {image.platform}  {image.id[:19]}", "bold"))

    largest = max((layer.size for layer in image.layers), default=0)
    # Only a table that fills the line gives the last column what the others leave; without, one
    # long command would narrow them all.
    table = Table(box=None, header_style="bold", pad_edge=False, expand=True)
    table.add_column("층", justify="right", no_wrap=True)
    table.add_column("크기", justify="right", no_wrap=True)
    table.add_column("█ 보임 ░ 숨음", no_wrap=True)
    table.add_column("숨음", justify="right", no_wrap=True)
    table.add_column("추가/변경/삭제", justify="right", no_wrap=True)
    table.add_column("만든 명령", overflow="ellipsis", no_wrap=True, ratio=1)
    width = min(_BAR, console.width // 4)
    rows = zip(image.layers, layer_hidden(analysis), analysis.states, strict=True)
    for layer, hidden, states in rows:
        count = Counter(states)
        table.add_row(
            str(layer.index),
            human(layer.size),
            _bar(layer.size, hidden, largest, width),
            human(hidden),
            f"+{count[State.ADDED]} ~{count[State.MODIFIED]} -{count[State.REMOVED]}",
            Text(_command(layer)),
        )
    console.print(table)
    percent = 100 * analysis.hidden_bytes / analysis.size if analysis.size else 0.0
    console.print(
        f"저장된 {human(analysis.size)} = 보이는 {human(analysis.visible)}"
        f" + 숨은 {human(analysis.hidden_bytes)} ({percent:.1f}%)",
        style="bold",
        highlight=False,
    )
    compressed = compressed_size(image)
    if compressed is not None:
        console.print(f"저장소의 블롭: {human(compressed)}", highlight=False)
    console.print(
        f"dive가 말하는 값: 효율 {analysis.dive.efficiency:.4f},"
        f" 낭비 {human(analysis.dive.inefficient_bytes)}",
        highlight=False,
    )
    files = largest_hidden(analysis, top)
    if files:
        _print_hidden(console, files, len(analysis.hidden))


def print_verdicts(console: Console, verdicts: list[Verdict]) -> None:
    for one in verdicts:
        word, style = ("통과", "green") if one.passed else ("실패", "bold red")
        console.print(f"{word}  {one.rule}: {one.value:g} (한도 {one.limit:g})", style=style)


def print_diff(
    console: Console, comparison: Comparison, both: tuple[Analysis, Analysis], top: int
) -> None:
    """Two images' totals, the layers that they share, and the paths that differ most."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("이미지", overflow="fold")
    for title in ("레이어", "저장된 크기", "보임", "숨음"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in both:
        table.add_row(
            Text(shown(one.image.reference)),
            str(len(one.image.layers)),
            human(one.size),
            human(one.visible),
            human(one.hidden_bytes),
        )
    console.print(table)
    shared = [row for row in comparison.layers if len(row.images) > 1]
    console.print(
        f"함께 쓰는 레이어 {len(shared)}개, {human(sum(row.size for row in shared))}",
        style="bold",
        highlight=False,
    )
    count = Counter(row.state for row in comparison.paths)
    words = ", ".join(f"{word} {count[state]}" for state, word in STATES.items())
    console.print(f"마지막 파일 시스템의 차이: {words}", highlight=False)
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("상태", no_wrap=True)
    table.add_column("앞", justify="right", no_wrap=True)
    table.add_column("뒤", justify="right", no_wrap=True)
    table.add_column("경로", overflow="fold")
    largest = sorted(
        comparison.paths, key=lambda row: (-abs((row.after or 0) - (row.before or 0)), row.path)
    )
    for path in largest[:top]:
        table.add_row(
            STATES[path.state],
            "" if path.before is None else human(path.before),
            "" if path.after is None else human(path.after),
            Text("/" + shown(path.path)),
        )
    if comparison.paths:
        console.print(table)


def _layer_json(layer: Layer, count: Counter[State]) -> dict[str, Any]:
    return {
        "index": layer.index,
        "diff_id": layer.diff_id,
        "chain_id": layer.chain_id,
        "digest": layer.digest,
        "media_type": layer.media_type,
        "created_by": layer.created_by,
        "size": layer.size,
        "compressed_size": layer.compressed_size,
        "added": count[State.ADDED],
        "modified": count[State.MODIFIED],
        "removed": count[State.REMOVED],
    }


def _print_hidden(console: Console, rows: list[Hidden], count: int) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    # Not the table's own title: a table of short paths would break it over two lines.
    console.print(f"가장 큰 숨은 파일 {len(rows)}개 (모두 {count}개)", style="italic")
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("크기", justify="right", no_wrap=True)
    table.add_column("까닭", no_wrap=True)
    table.add_column("층", no_wrap=True)
    table.add_column("경로", overflow="fold")
    for row in rows:
        table.add_row(
            human(row.bytes),
            CAUSES[row.cause],
            f"{row.layer} ← {row.by}",
            Text("/" + shown(row.path)),
        )
    console.print(table)


def _bar(size: int, hidden: int, largest: int, width: int) -> str:
    if not largest:
        return ""
    length = round(width * size / largest) or (1 if size else 0)
    dark = min(length, round(width * hidden / largest) or (1 if hidden else 0))
    return "█" * (length - dark) + "░" * dark


def _command(layer: Layer) -> str:
    """The Dockerfile instruction on one line."""
    return " ".join(shown(instruction(layer.created_by)).split())
