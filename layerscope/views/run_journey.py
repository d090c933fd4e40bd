"""RunJourney: who does what, and when, from ``docker run`` to the process and its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from layerscope.journey import (
    Event,
    Lane,
    from_containerd_events,
    from_docker_events,
    from_runc_log,
)
from layerscope.views.base import Table, View

#: The events and their readers too: notebooks import them from beside the view.
__all__ = [
    "Event",
    "Lane",
    "RunJourney",
    "from_containerd_events",
    "from_docker_events",
    "from_runc_log",
]


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
