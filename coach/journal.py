"""What the learner has passed: a log that is only ever added to, one JSON object a line."""

from __future__ import annotations

import html
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from coach import exercises, workspace  # noqa: F401  # exercises register
from coach.exercise import REGISTRY

LOG = "progress.jsonl"


@dataclass(frozen=True)
class Standing:
    """One exercise as it stands.  Passed once is passed: later tries do not take it back."""

    id: str
    title: str
    minutes: int
    tries: int
    passed_at: str | None  # RFC 3339


def keep(name: str, passed: bool, message: str) -> None:
    """Adds one result.  A full or read-only disk must not take the result from the learner."""
    path = workspace.WORK / workspace.KEPT / LOG
    line = json.dumps(
        {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "id": name,
            "passed": passed,
            "message": message,
        },
        ensure_ascii=False,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        print(f"결과를 {path}에 적지 못했다: {error}")


def records() -> list[dict[str, Any]]:
    """Every result so far, oldest first; lines that are no results are passed over."""
    try:
        text = (workspace.WORK / workspace.KEPT / LOG).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    found = []
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # a write that was cut off
        if isinstance(record, dict) and {"at", "id", "passed"} <= record.keys():
            found.append(record)
    return found


def standings() -> list[Standing]:
    """Every exercise of the course, in its order."""
    log = records()
    found = []
    for one in sorted(REGISTRY.values(), key=lambda one: one.id):
        mine = [record for record in log if record["id"] == one.id]
        passed = next((record["at"] for record in mine if record["passed"]), None)
        found.append(Standing(one.id, one.title, one.minutes, len(mine), passed))
    return found


class Standings:
    """The progress view: a table that a notebook shows as such and a terminal as lines."""

    def __init__(self) -> None:
        self._rows = standings()

    def __str__(self) -> str:
        done = sum(row.passed_at is not None for row in self._rows)
        lines = [f"{done} / {len(self._rows)} 통과"]
        for row in self._rows:
            mark = "통과" if row.passed_at else "도전 중" if row.tries else "아직"
            lines.append(f"{row.id}  {mark:<5} {row.title} (약 {row.minutes}분)")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        done = sum(row.passed_at is not None for row in self._rows)
        body = ""
        for row in self._rows:
            mark = "✔ 통과" if row.passed_at else f"◐ {row.tries}번 확인" if row.tries else "○ 아직"
            when = html.escape((row.passed_at or "")[:10])
            body += (
                f'<tr><td>{row.id}</td><td style="text-align:left">{html.escape(row.title)}</td>'
                f"<td>{row.minutes}분</td><td>{mark}</td><td>{when}</td></tr>"
            )
        return (
            f"<table><caption>진도: {done} / {len(self._rows)} 통과</caption><thead><tr>"
            "<th>연습</th><th>제목</th><th>시간</th><th>상태</th><th>통과한 날</th></tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )
