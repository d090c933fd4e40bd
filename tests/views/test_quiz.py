"""The quiz, as a page and in a notebook."""

from __future__ import annotations

from typing import Any

import pytest
from view_harness import LOOKS, Live, Look, Static

from coach.questions import Quiz, UnknownQuizError

QUESTIONS = [
    {
        "question": "`RUN true`는 레이어를 만들까?",
        "code": "FROM debian:trixie-slim\nRUN true",
        "options": [
            {"text": "만든다", "right": True, "why": "BuildKit은 빈 레이어라도 남긴다."},
            {"text": "만들지 않는다", "right": False, "why": "옛 빌더라면 그랬다."},
            {"text": "<script>alert(1)</script>", "right": False, "why": "글자일 뿐이다."},
        ],
    },
    {
        "question": "`RUN rm`은 이미지를 줄일까?",
        "options": [
            {"text": "줄인다", "right": False, "why": "앞 레이어는 그대로 있다."},
            {"text": "줄이지 않는다", "right": True, "why": "화이트아웃이 하나 더해질 뿐이다."},
            {"text": "늘 두 배가 된다", "right": False, "why": "표시는 아주 작다."},
        ],
    },
]


@LOOKS
def test_choice_tells_why_and_the_first_one_counts(static: Static, look: Look, shot: Any) -> None:
    page = static(Quiz("05 확인 문제", QUESTIONS), dark=look.dark, width=look.width)
    why = page.locator(".ls-quiz-why").first
    page.get_by_label("만들지 않는다").check()
    assert "옛 빌더라면 그랬다." in why.inner_text()
    page.get_by_label("만든다", exact=True).check()
    assert "BuildKit은 빈 레이어라도 남긴다." in why.inner_text()
    page.get_by_label("줄이지 않는다").check()
    assert "처음에 맞힌 것은 1문제" in page.get_by_role("status").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"quiz-{look}")


def test_quiz_is_answered_by_keyboard(static: Static) -> None:
    page = static(Quiz("05 확인 문제", QUESTIONS))
    why = page.locator(".ls-quiz-why").first
    page.get_by_label("만든다", exact=True).focus()
    page.keyboard.press("Space")
    assert "BuildKit은 빈 레이어라도 남긴다." in why.inner_text()
    page.keyboard.press("ArrowDown")
    assert "옛 빌더라면 그랬다." in why.inner_text()


def test_quiz_of_a_lesson_works_in_jupyterlab(live: Live) -> None:
    root = live('import coach\ncoach.quiz("05_layers")')
    root.locator("input[type=radio]").first.check()
    assert "1문제에 답했고" in root.get_by_role("status").inner_text()


def test_without_javascript_the_table_has_answers_and_reasons() -> None:
    table = Quiz("05 확인 문제", QUESTIONS)._table.to_html()
    assert "[맞음] 만든다" in table
    assert "<script>" not in table


def test_unknown_quiz_says_which_there_are() -> None:
    with pytest.raises(UnknownQuizError, match="05_layers"):
        Quiz.of("99_nothing")
