"""RunJourney: who does what, and when, from ``docker run`` to the process and its end."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from layerscope.views.base import Table, View


class Lane(StrEnum):
    """Who; from the hand that types to the program that runs."""

    CLI = "CLI"
    DOCKERD = "dockerd"
    CONTAINERD = "containerd"
    SHIM = "shim"
    RUNC = "runc"
    PROCESS = "프로세스"


@dataclass(frozen=True, slots=True)
class Event:
    lane: Lane
    time: float  # seconds since the epoch
    label: str  # a word or two: "create", "POST /containers/create"
    detail: str = ""  # all that is known, as text


class RunJourney(View):
    """Events of several witnesses on one time line, a lane for each."""

    def __init__(self, events: Iterable[Event]) -> None:
        ordered = sorted(events, key=lambda event: event.time)
        start = ordered[0].time if ordered else 0.0
        length = ordered[-1].time - start if ordered else 0.0
        counts = Counter(event.lane for event in ordered)
        summary = f"사건 {len(ordered)}개, {length * 1000:,.0f}ms: " + ", ".join(
            f"{lane} {counts[lane]}" for lane in Lane if counts[lane]
        )
        super().__init__(
            {
                "lanes": [lane.value for lane in Lane if counts[lane]],
                "events": [
                    {
                        "lane": event.lane.value,
                        "at": round(event.time - start, 6),
                        "label": event.label,
                        "detail": event.detail,
                    }
                    for event in ordered
                ],
            },
            summary=summary,
            table=Table(
                summary,
                ["시각(ms)", "누가", "무엇을"],
                [
                    [f"+{(event.time - start) * 1000:.1f}", event.lane.value, event.label]
                    for event in ordered
                ],
            ),
        )


# --- witnesses -----------------------------------------------------------------------------------


def from_docker_events(text: str) -> list[Event]:
    """Lines of ``docker events --format '{{json .}}'``."""
    events = []
    for line in text.splitlines():
        if not line.startswith("{"):
            continue
        event = json.loads(line)
        kind, action = event["Type"], event["Action"]
        label = action if kind == "container" else f"{kind} {action}"
        detail = json.dumps(event, ensure_ascii=False, indent=2)
        events.append(Event(Lane.DOCKERD, event["timeNano"] / 1e9, label, detail))
    return events


_CTR = re.compile(
    r"(?P<date>\S+) (?P<clock>\d\d:\d\d:\d\d)(?P<fraction>\.\d+)? (?P<zone>[+-]\d{4}) \S+ "
    r"(?P<namespace>\S+) (?P<topic>/\S+) (?P<body>\{.*\})"
)


def from_containerd_events(text: str) -> list[Event]:
    """Lines of ``ctr events``; other lines are left out."""
    events = []
    for line in text.splitlines():
        match = _CTR.fullmatch(line.strip())
        if match is None:
            continue
        moment = datetime.fromisoformat(f"{match['date']}T{match['clock']}{match['zone']}")
        time = moment.timestamp() + float(match["fraction"] or 0)
        detail = json.dumps(json.loads(match["body"]), ensure_ascii=False, indent=2)
        label = match["topic"].removeprefix("/")
        events.append(
            Event(Lane.CONTAINERD, time, label, f"네임스페이스 {match['namespace']}\n{detail}")
        )
    return events


_RUNC = {
    "checkpoint", "create", "delete", "events", "exec", "features", "kill", "list", "pause", "ps",
    "restore", "resume", "run", "spec", "start", "state", "update",
}  # fmt: skip


def from_runc_log(text: str) -> list[Event]:
    """Lines that a wrapper around runc wrote: the time in seconds, then runc's arguments.

    The wrapper: ``echo "$(date +%s.%N) $*" >> /tmp/runc.log; exec runc "$@"``.
    """
    events = []
    for line in text.splitlines():
        stamp, _, command = line.strip().partition(" ")
        if not re.fullmatch(r"\d+(\.\d+)?", stamp):
            continue
        words = command.split()
        verb = next((word for word in words if word in _RUNC), words[0] if words else "runc")
        forced = " --force" if "--force" in words else ""
        events.append(Event(Lane.RUNC, float(stamp), verb + forced, f"runc {command}"))
    return events
