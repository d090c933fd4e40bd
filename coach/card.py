"""How a notebook shows a check's result: a compact card, and plain text everywhere else."""

from __future__ import annotations

import html
import re

from coach.checking import Result

# Own colours on JupyterLab's and the site's grounds, light and dark; never told by colour alone.
_LOOKS = {
    0: ("✔ 통과", "#1a7f37"),
    1: ("✘ 아직", "#b35900"),
    2: ("! 확인할 수 없음", "#cf222e"),
}


class Card:
    """One result.  ``card.passed`` tells what came of it."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self.passed = result.passed

    def __repr__(self) -> str:
        result = self._result
        lines = [f"{_LOOKS[result.status][0]}  {result.id}: {result.message}"]
        if result.hint:
            lines.append(f"  살펴볼 것: {result.hint}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        result = self._result
        word, colour = _LOOKS[result.status]
        hint = f"<p>살펴볼 것: {_text(result.hint)}</p>" if result.hint else ""
        return (
            f'<div role="status" style="border:1px solid {colour};border-left-width:.4em;'
            'border-radius:.3em;padding:.4em .8em;max-width:46em;overflow-wrap:anywhere">'
            f"<p><strong>{word}</strong> {result.id}: {_text(result.message)}</p>{hint}</div>"
        )


class Note:
    """A hint: text, shown as text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _text(text: str) -> str:
    """Escaped, with `code` as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
