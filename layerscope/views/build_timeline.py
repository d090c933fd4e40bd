"""BuildTimeline: what a build did when, and what a second build did not have to do again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerscope.buildlog import BuildLog, Step, StepKind
from layerscope.sizes import human
from layerscope.views.base import Table, View

#: Enough of a step's output to see what it did; a whole pip or apt log would bloat the notebook.
_LOG_TAIL = 4000


class BuildTimeline(View):
    """One build, or two to compare: steps as bars on a time axis, one lane per stage."""

    def __init__(
        self, builds: BuildLog | Sequence[BuildLog], labels: Sequence[str] = ("이전", "이후")
    ) -> None:
        logs = [builds] if isinstance(builds, BuildLog) else list(builds)
        if len(logs) not in (1, 2):
            raise ValueError(f"빌드 로그는 하나나 둘이어야 한다: {len(logs)}개를 받았다.")
        names = list(labels)[:2] if len(logs) == 2 else [""]
        super().__init__(
            {"builds": [_build(log, name) for log, name in zip(logs, names, strict=True)]},
            summary=" → ".join(
                f"{name} {_summary(log)}".strip() for log, name in zip(logs, names, strict=True)
            ),
            table=_table(logs, names),
        )


def _summary(log: BuildLog) -> str:
    failed = ", 실패" if log.error else ""
    return (
        f"빌드 {log.seconds:.2f}초, 인스트럭션 {len(log.instructions)}단계 중 "
        f"캐시 {len(log.cached)}단계{failed}"
    )


def outcome(step: Step) -> str:
    if step.error:
        return "실패"
    if step.cached:
        return "캐시"
    if step.started is None:
        return "하지 않음"
    return f"{step.seconds:.2f}초"


def _table(logs: list[BuildLog], names: list[str]) -> Table:
    caption = " → ".join(
        f"{name} {_summary(log)}".strip() for log, name in zip(logs, names, strict=True)
    )
    shown: dict[str, list[str]] = {}
    for position, log in enumerate(logs):
        for step in log.steps:
            row = shown.setdefault(step.name, ["없음"] * len(logs))
            row[position] = outcome(step)
    return Table(
        caption,
        ["단계", *(name or "걸린 시간" for name in names)],
        [[name, *cells] for name, cells in shown.items()],
        "컨텍스트 전송: " + " → ".join(human(log.context_bytes) for log in logs),
    )


def _build(log: BuildLog, label: str) -> dict[str, Any]:
    position = {step.digest: index for index, step in enumerate(log.steps)}
    return {
        "label": label,
        "seconds": log.seconds,
        "cached": len(log.cached),
        "instructions": len(log.instructions),
        "context": log.context_bytes,
        "error": log.error,
        "warnings": log.warnings,
        "steps": [_step(step, log.started, position) for step in log.steps],
    }


def _step(step: Step, origin: float, position: dict[str, int]) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.kind.value,
        "stage": step.stage,
        "platform": step.platform,
        "number": step.number,
        "of": step.of,
        "instruction": step.instruction,
        "from": None if step.started is None else round(step.started - origin, 6),
        "to": None if step.completed is None else round(step.completed - origin, 6),
        "cached": step.cached,
        "base": step.kind is StepKind.STAGE and step.is_base,
        "error": step.error,
        "inputs": [position[one] for one in step.inputs if one in position],
        "log": step.log[-_LOG_TAIL:],
        "logCut": len(step.log) > _LOG_TAIL,
        "transfers": [[one.name, one.bytes] for one in step.transfers if one.bytes],
    }
