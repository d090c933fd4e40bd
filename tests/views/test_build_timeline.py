"""BuildTimeline, with logs of real builds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from layerscope.buildlog import BuildFailedError, BuildLog, parse, run_build
from layerscope.views.build_timeline import BuildTimeline


def vertex(digest: str, name: str, start: float, end: float, **more: Any) -> str:
    stamps = {
        key: f"2026-11-23T18:05:{value:012.9f}Z"
        for key, value in (("started", start), ("completed", end))
    }
    return json.dumps({"vertexes": [{"digest": digest, "name": name, **stamps, **more}]})


#: Two stages at once: the longer one, "slow", decides how long the build takes.
PARALLEL = parse(
    vertex("f", "[quick 1/2] FROM docker.io/library/debian:13@sha256:" + "a" * 64, 1, 1.5)
    + vertex("q", "[quick 2/2] RUN quick", 1.5, 2, inputs=["f"])
    + vertex("s", "[slow 1/1] RUN slow", 1.5, 4.5, inputs=["f"])
    + vertex("c", "[stage-2 1/1] COPY --from=slow / /", 4.5, 5, inputs=["q", "s"])
)


@pytest.fixture(scope="module")
def context(two_stages: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    context = two_stages(tmp_path_factory.mktemp("build"))
    (context / "fails.Dockerfile").write_text("FROM scratch\nCOPY missing /x\n")
    return context


@pytest.fixture(scope="module")
def builds(context: Path) -> list[BuildLog]:
    """A build, the same with one file changed, and one that fails."""
    arguments = [str(context), "--output=type=cacheonly"]
    first = run_build(arguments)
    (context / "b").write_text(uuid4().hex)
    second = run_build(arguments)
    with pytest.raises(BuildFailedError) as caught:
        run_build([*arguments, f"--file={context}/fails.Dockerfile"])
    return [first, second, caught.value.log]


def row(page: Page, words: str) -> Any:
    return page.locator(".ls-build-row").filter(has_text=words)


def test_cached_steps_say_so_in_words(static: Any, builds: list[BuildLog], shot: Any) -> None:
    page = static(BuildTimeline(builds[:2]))
    expect(page.get_by_text("캐시", exact=True).last).to_be_visible()
    one = row(page, "COPY a /a").get_attribute("aria-label")
    two = row(page, "COPY b /b").get_attribute("aria-label")
    assert one.endswith("이후 캐시")
    assert not two.endswith("캐시")
    assert "이전" in two
    assert "이후" in two
    expect(row(page, "COPY a /a").locator(".ls-build-cached")).to_have_count(1)
    shot(page, "build_timeline")


def test_the_totals_are_the_logs_own(static: Any, builds: list[BuildLog]) -> None:
    page = static(BuildTimeline(builds[:2]))
    cards = page.locator(".ls-build-card")
    for index, log in enumerate(builds[:2]):
        text = f"인스트럭션 {len(log.instructions)}단계 중 캐시 {len(log.cached)}단계"
        expect(cards.nth(index)).to_contain_text(text)


def test_arrows_move_and_show_the_details(static: Any, builds: list[BuildLog]) -> None:
    page = static(BuildTimeline(builds[0]))
    buttons = page.locator(".ls-build-row")
    buttons.first.focus()
    page.keyboard.press("End")
    expect(buttons.last).to_be_focused()
    expect(buttons.last).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("group", name="단계 자세히")).to_contain_text("걸린 시간")
    page.keyboard.press("Home")
    expect(buttons.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(buttons.nth(1)).to_be_focused()
    assert page.locator(".ls-build-row[tabindex='0']").count() == 1


def test_a_failed_step_is_named_with_its_error(static: Any, builds: list[BuildLog]) -> None:
    page = static(BuildTimeline(builds[2]), dark=True)
    expect(page.locator(".ls").get_by_text("실패").first).to_be_visible()
    expect(page.get_by_role("group", name="단계 자세히")).to_contain_text("missing")


def test_bars_lie_where_the_times_say(static: Any) -> None:
    page = static(BuildTimeline(PARALLEL))
    quick, slow = (
        row(page, words).locator(".ls-build-bar").bounding_box()
        for words in ("RUN quick", "RUN slow")
    )
    assert quick["x"] == pytest.approx(slow["x"], abs=1)
    assert slow["width"] / quick["width"] == pytest.approx(6, rel=0.02)
    lanes = page.locator(".ls-build-lane > h3").all_inner_texts()
    assert lanes == ["스테이지 quick", "스테이지 slow", "스테이지 stage-2"]
    expect(row(page, "FROM debian:13")).to_have_count(1)


def test_only_steps_that_decide_the_time_are_on_the_critical_path(static: Any) -> None:
    page = static(BuildTimeline(PARALLEL))
    marked = [
        label.split(":")[0]
        for label in page.locator(".ls-build-row").evaluate_all(
            "rows => rows.map(row => row.getAttribute('aria-label'))"
        )
        if "임계 경로" in label
    ]
    assert marked == ["[quick 1/2] FROM docker.io/library/debian", "[slow 1/1] RUN slow",
                      "[stage-2 1/1] COPY --from=slow / /"]  # fmt: skip


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_does_not_scroll_sideways(
    static: Any, builds: list[BuildLog], shot: Callable[..., None], dark: bool
) -> None:
    page = static(BuildTimeline(builds[:2]), dark=dark, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shot(page, f"build_timeline_390_{'dark' if dark else 'light'}")


def test_the_table_lists_every_step(builds: list[BuildLog]) -> None:
    data, _ = BuildTimeline(builds[:2])._repr_mimebundle_()
    for step in builds[0].steps:
        assert step.name.replace("--from=", "") in data["text/html"].replace("--from=", "")
    assert "이전 빌드" in data["text/plain"]


def test_a_log_without_steps_is_no_error(static: Any) -> None:
    page = static(BuildTimeline(BuildLog([])))
    expect(page.get_by_text("로그에 단계가 없다")).to_be_visible()


def test_logs_are_one_or_two() -> None:
    with pytest.raises(ValueError, match="하나나 둘"):
        BuildTimeline([PARALLEL] * 3)


def test_live(live: Any, context: Path, shot: Any) -> None:
    root = live(
        "from layerscope.buildlog import run_build\n"
        "from layerscope.views.build_timeline import BuildTimeline\n"
        f"BuildTimeline(run_build([{str(context)!r}, '--output=type=cacheonly']))",
        dark=True,
    )
    button = root.locator(".ls-build-row").filter(has_text="COPY b /b")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(root.locator(".ls-build-detail h3")).to_have_text("COPY b /b")
    shot(root, "build_timeline_live")
