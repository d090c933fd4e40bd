"""The quiz at the end of a lesson: predict, choose, and read why each option is right or wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from layerscope.views.base import Table, View

_QUIZZES = Path(__file__).parent / "quizzes"


class UnknownQuizError(Exception):
    """No quiz of that name; the message tells which there are."""


class Quiz(View):
    """Questions with options, one of which is right.

    ``questions``: ``[{"question": …, "code": … or absent, "options": [{"text": …, "right": bool,
    "why": …}]}]``; text in `backquotes` is shown as code.
    """

    def __init__(self, title: str, questions: list[dict[str, Any]]) -> None:
        rows: list[list[str | int]] = [
            [
                "\n".join(filter(None, [f"{number}. {one['question']}", one.get("code")])),
                " / ".join(option["text"] for option in one["options"]),
                " ".join(
                    f"[{'맞음' if option['right'] else '틀림'}] {option['text']}: {option['why']}"
                    for option in one["options"]
                ),
            ]
            for number, one in enumerate(questions, 1)
        ]
        super().__init__(
            {"title": title, "questions": questions},
            summary=f"{title}: 문제 {len(questions)}개",
            table=Table(title, ["문제", "보기", "까닭"], rows),
        )

    @classmethod
    def of(cls, lesson: str) -> Quiz:
        """The quiz of a lesson ("05_layers").  Raises UnknownQuizError."""
        path = _QUIZZES / f"{lesson}.json"
        known = sorted(one.stem for one in _QUIZZES.glob("*.json"))
        if lesson not in known:
            raise UnknownQuizError(f"퀴즈 '{lesson}'이(가) 없다. 있는 것: {', '.join(known)}")
        return cls(f"{lesson[:2]} 확인 문제", json.loads(path.read_text("utf-8")))
