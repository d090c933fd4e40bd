"""What witnesses of a ``docker run`` said, each in its own words, as events on one clock."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
