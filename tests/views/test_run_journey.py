"""RunJourney, with what a real engine said while it ran a container."""

from __future__ import annotations

import io
import subprocess
import tarfile
import time
from typing import Any

import pytest
from playwright.sync_api import expect

from layerscope.views.run_journey import (
    Event,
    Lane,
    RunJourney,
    from_containerd_events,
    from_docker_events,
    from_runc_log,
)

IMAGE = "docker-anatomy-test/journey"

CTR = """\
2026-11-23 20:25:58.22607254 +0000 UTC moby /snapshot/prepare {"key":"61dd-init","parent":"sha256:6"}
time="2026-11-23T20:25:58Z" level=warning msg="not an event"
2026-11-23 20:25:58.471012604 +0000 UTC moby /tasks/create {"container_id":"61dd","pid":17461}
2026-11-23 20:25:58 +0000 UTC moby /tasks/start {"container_id":"61dd","pid":17461}
"""  # noqa: E501 (as ctr printed it)
RUNC = """\
1795465707.951044333 --root /run/runtime-runc/moby --log-format json create --bundle /b/create f0fe
1795465708.165216136 --root /run/runtime-runc/moby --log-format json start f0fe
1795465708.510138528 --root /run/runtime-runc/moby --log-format json delete --force f0fe

no time
"""


@pytest.fixture(scope="module")
def docker_events() -> str:
    """create, start and their like of a container that does nothing."""
    try:
        subprocess.run(["docker", "version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs an engine, as in the lab")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    begin = time.time()
    subprocess.run(
        ["docker", "import", "-", IMAGE], input=archive.getvalue(), capture_output=True, check=True
    )
    try:
        # There is no program in it: starting fails, and that is an event too.
        subprocess.run(
            ["docker", "run", "--rm", "--name=docker-anatomy-test-journey", IMAGE, "/none"],
            capture_output=True,
            check=False,
        )
    finally:
        subprocess.run(["docker", "rmi", "-f", IMAGE], capture_output=True, check=True)
    done = subprocess.run(
        ["docker", "events", f"--since={begin:.3f}", f"--until={time.time() + 1:.3f}",
         "--filter=container=docker-anatomy-test-journey", "--format={{json .}}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


JOURNEY = [
    Event(Lane.CLI, 100.0, "docker run", "docker run --rm hello"),
    Event(Lane.DOCKERD, 100.010, "create", '{"Action": "create"}'),
    Event(Lane.CONTAINERD, 100.050, "tasks/create"),
    Event(Lane.RUNC, 100.060, "create"),
    Event(Lane.PROCESS, 100.300, "sh"),
    Event(Lane.CLI, 101.500, "끝", "종료 코드 0"),
]


def test_docker_events_keep_their_nanoseconds(docker_events: str) -> None:
    events = from_docker_events(docker_events)
    assert events[0].label == "create"
    assert {event.lane for event in events} == {Lane.DOCKERD}
    assert events == sorted(events, key=lambda event: event.time)
    assert all(abs(event.time - time.time()) < 600 for event in events)
    assert any(event.time % 1 for event in events)
    assert '"Action": "create"' in events[0].detail


def test_containerd_events_skip_what_is_no_event() -> None:
    events = from_containerd_events(CTR)
    assert [event.label for event in events] == ["snapshot/prepare", "tasks/create", "tasks/start"]
    assert events[1].time - events[0].time == pytest.approx(0.244940064, abs=1e-6)
    assert events[2].time == 1795465558
    assert '"pid": 17461' in events[1].detail


def test_runc_lines_give_the_verb_not_its_arguments() -> None:
    events = from_runc_log(RUNC)
    assert [event.label for event in events] == ["create", "start", "delete --force"]
    assert events[0].detail.startswith("runc --root")
    assert events[0].time == pytest.approx(1795465707.951044, abs=1e-6)


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
def test_a_phone_does_not_scroll_sideways(
    static: Any, docker_events: str, shot: Any, dark: bool
) -> None:
    events = from_docker_events(docker_events) + from_containerd_events(CTR) * 8
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
