"""RunJourney in the browser: order, distances, keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from layerscope.journey import Event, Lane
from layerscope.views.run_journey import RunJourney

RUNC = """\
1795465707.951044333 --root /run/runtime-runc/moby --log-format json create --bundle /b/create f0fe
1795465708.165216136 --root /run/runtime-runc/moby --log-format json start f0fe
1795465708.510138528 --root /run/runtime-runc/moby --log-format json delete --force f0fe

no time
"""

JOURNEY = [
    Event(Lane.CLI, 100.0, "docker run", "docker run --rm hello"),
    Event(Lane.DOCKERD, 100.010, "create", '{"Action": "create"}'),
    Event(Lane.CONTAINERD, 100.050, "tasks/create"),
    Event(Lane.RUNC, 100.060, "create"),
    Event(Lane.PROCESS, 100.300, "sh"),
    Event(Lane.CLI, 101.500, "끝", "종료 코드 0"),
]


def test_events_are_shown_in_the_order_of_time(static: Any) -> None:
    page = static(RunJourney(reversed(JOURNEY)))
    labels = page.locator(".ls-journey-item").evaluate_all(
        "items => items.map(item => item.getAttribute('aria-label'))"
    )
    assert labels[0] == "1. CLI: docker run, +0.0ms"
    assert labels[1] == "2. dockerd: create, +10.0ms"
    assert labels[-1] == "6. CLI: 끝, +1.500초"


def test_arrows_walk_through_the_journey(static: Any) -> None:
    page = static(RunJourney(JOURNEY))
    items = page.locator(".ls-journey-item")
    items.first.focus()
    page.keyboard.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    expect(page.locator(".ls-journey-detail")).to_contain_text('{"Action": "create"}')
    expect(page.locator(".ls-journey-now")).to_have_text("2")
    page.get_by_role("button", name="다음").press("Enter")
    expect(items.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="다음")).to_be_focused()
    assert page.locator(".ls-journey-item[tabindex='0']").count() == 1


def test_the_buttons_stop_at_both_ends(static: Any) -> None:
    page = static(RunJourney(JOURNEY[:2]))
    expect(page.get_by_role("button", name="이전")).to_be_disabled()
    page.get_by_role("button", name="다음").click()
    expect(page.get_by_role("button", name="다음")).to_be_disabled()
    expect(page.get_by_role("button", name="이전")).to_be_focused()


def test_real_time_places_events_by_their_distance(static: Any) -> None:
    page = static(RunJourney(JOURNEY))
    page.get_by_role("radio", name="순서대로").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="실제 시간")).to_have_attribute("aria-checked", "true")
    left = [
        float(dot.evaluate("dot => parseFloat(dot.style.left)"))
        for dot in page.locator(".ls-journey-dot").all()
    ]
    ratio = (left[4] - left[0]) / (left[5] - left[0])
    assert ratio == pytest.approx(0.3 / 1.5, rel=0.01)


def test_a_dot_chooses_its_event(static: Any) -> None:
    page = static(RunJourney(JOURNEY))
    page.locator(".ls-journey-dot").nth(3).click()
    expect(page.locator(".ls-journey-item").nth(3)).to_have_attribute("aria-pressed", "true")


def test_no_events_are_no_error(static: Any) -> None:
    page = static(RunJourney([]))
    expect(page.get_by_text("사건이 없다")).to_be_visible()


def test_the_table_has_a_row_for_each_event() -> None:
    data, _ = RunJourney(JOURNEY)._repr_mimebundle_()
    assert data["text/html"].count("<tr>") == 1 + len(JOURNEY)
    assert "CLI 2" in data["text/plain"]


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_does_not_scroll_sideways(static: Any, shot: Any, dark: bool) -> None:
    detail = '{"Actor": {"ID": "' + "61dd" * 16 + '"}}'  # long words, as engines write them
    events = [
        Event(event.lane, event.time + number, "exec_create: /bin/sh -c true", detail)
        for number in range(8)
        for event in JOURNEY
    ]
    page = static(RunJourney(events), dark=dark, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shot(page, f"run_journey_390_{'dark' if dark else 'light'}")


def test_live(live: Any, shot: Any) -> None:
    root = live(
        "from layerscope.views.run_journey import RunJourney, from_runc_log\n"
        f"RunJourney(from_runc_log({RUNC!r}))",
        dark=True,
    )
    root.locator(".ls-journey-item").last.click()
    expect(root.locator(".ls-journey-detail")).to_contain_text("runc --root")
    shot(root, "run_journey_live")
