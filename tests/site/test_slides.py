"""Each lesson's slides: nothing is cut off, views are alive, and everybody can read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from site_harness import Visit, violations, visited

LESSONS = sorted(path.stem for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
# Goes through every slide with all its steps.  What lies outside its slide, or in a box that would
# have to be scrolled, is cut off; views look after themselves, but have to come alive.
WALK = """async () => {
  const found = [];
  const furniture = ".back, .notes, .afm-view, .afm-fallback";
  for (const slide of Reveal.getSlides()) {
    const { h, v } = Reveal.getIndices(slide);
    Reveal.slide(h, v, Infinity);
    for (const view of slide.querySelectorAll(".afm"))
      for (let tries = 0; !("mounted" in view.dataset); tries++) {
        if (tries === 100) { found.push(`${slide.id}: dead view`); break; }
        await new Promise((done) => setTimeout(done, 20));
      }
    const { bottom, right } = slide.getBoundingClientRect();
    const foot = parseFloat(getComputedStyle(slide).paddingBottom);
    for (const part of slide.querySelectorAll("h1, h2, h3, p, li, tr, pre, svg, .afm")) {
      if (part.closest(furniture)) continue;
      const box = part.getBoundingClientRect();
      const outside = box.bottom > bottom - foot + 2 || box.right > right;
      if (outside || (part.matches("pre") && part.scrollHeight > part.clientHeight + 1))
        found.push(`${slide.id}: ${part.tagName} ${part.textContent.trim().slice(0, 40)}`);
    }
  }
  return found;
}"""


@pytest.fixture(scope="module", params=LESSONS)
def deck(request: pytest.FixtureRequest, browser: Any, server: Any) -> Iterator[Visit]:
    deck = visited(browser, server, f"slides/{request.param}/", width=1280)
    yield deck
    deck.page.context.close()


def test_slides_cut_nothing_off(deck: Visit) -> None:
    deck.page.wait_for_selector(".reveal.ready")
    deck.page.evaluate("document.fonts.ready.then(() => {})")
    assert deck.page.evaluate(WALK) == []


def test_slides_read_as_a_text_on_a_phone(deck: Visit) -> None:
    deck.page.set_viewport_size({"width": 390, "height": 844})
    deck.page.reload(wait_until="networkidle")
    assert deck.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(deck.page) == []


def test_slides_asked_nobody_else_and_logged_no_error(deck: Visit) -> None:
    assert deck.elsewhere == []
    assert deck.errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_slides_are_accessible(dark: bool, opened: Any) -> None:
    page = opened("slides/02_image_spec/", width=1280, dark=dark)
    assert violations(page) == []
    page.evaluate("Reveal.slide(9, 0, Infinity)")  # code, and what it printed
    assert violations(page) == []


def test_what_a_cell_printed_appears_after_the_prediction(opened: Any) -> None:
    page = opened("slides/05_layers/#/s05-19", width=1280)
    assert page.locator("#s05-19", has_text="예상해 보세요").is_visible()
    printed = page.locator("#s05-19 .output")
    assert not printed.is_visible()
    page.keyboard.press("PageDown")
    printed.wait_for(state="visible")


def test_keys_in_a_view_are_the_views_and_page_keys_the_slides(opened: Any) -> None:
    page = opened("slides/05_layers/#/s05-quiz-text", width=1280)
    quiz = page.locator("#s05-quiz-text .afm-view")
    quiz.locator("input[type=radio]").first.check()
    assert quiz.locator(".ls-quiz-why").first.inner_text().startswith(("✔", "✘"))
    page.keyboard.press("ArrowRight")
    assert page.evaluate("Reveal.getCurrentSlide().id") == "s05-quiz-text"
    page.keyboard.press("PageDown")
    assert page.evaluate("Reveal.getCurrentSlide().id") == "s05-32"


def test_speaker_window_shows_the_notes_in_korean(opened: Any) -> None:
    page = opened("slides/05_layers/#/s05-13", width=1280)
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    speaker = popup.value
    notes = speaker.locator(".speaker-controls-notes")
    notes.get_by_text("이 수업의 고비다").wait_for()
    assert notes.locator(".label").inner_text() == "설명"
    assert speaker.locator("#upcoming-slide .label").inner_text() == "다음"


def test_handouts_hold_every_slide_with_its_views_and_notes(opened: Any) -> None:
    page = opened("slides/05_layers/?print-pdf&showNotes=separate-page", width=1280)
    page.wait_for_function("!document.querySelector('.pdf-page .afm:not([data-mounted])')")
    page.emulate_media(media="print")
    count = "selector => document.querySelectorAll(selector).length"
    slides = page.evaluate(count, ".pdf-page > section")
    assert page.evaluate(count, ".speaker-notes-pdf") == slides >= 8
    assert page.locator("#s05-27 .afm-view").is_visible()
    assert not page.locator("#s05-27 .afm-fallback").is_visible()


def test_slides_are_listed_and_lead_back_to_the_lesson(opened: Any) -> None:
    page = opened("slides/")
    links = page.locator("td:first-child a").evaluate_all("all => all.map(one => one.pathname)")
    assert links == [f"/slides/{lesson}/" for lesson in LESSONS]
    page.goto(f"{page.url}05_layers/#/s05-13")
    page.locator("#s05-13 .back").click()
    page.wait_for_url("**/lessons/05_layers/#s05-13")
    assert page.locator("[id=s05-13]").count() == 1
