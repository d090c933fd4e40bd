"""Every page of the site: whole, reachable by everybody, asking nobody else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build/site"
LESSONS = [f"lessons/{path.stem}/" for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
PAGES = sorted(
    "" if path.parent == SITE else f"{path.parent.relative_to(SITE)}/"
    for path in SITE.rglob("index.html")
)
HEAVIEST = 600_000  # bytes of a lesson's page without fonts and views

each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path or "front")
each_lesson = pytest.mark.parametrize("path", LESSONS)


def test_every_lesson_is_a_page(site: Path) -> None:
    assert set(LESSONS) <= set(PAGES)


@each_page
def test_page_is_accessible_in_light_and_dark(path: str, visitor: Any) -> None:
    for dark in (False, True):
        page = visitor.open(path, dark=dark)
        found = Axe().run(page).response["violations"]
        told = [(one["id"], [node["html"][:150] for node in one["nodes"][:3]]) for one in found]
        assert told == []


@each_page
def test_page_fits_a_phone(path: str, visitor: Any) -> None:
    page = visitor.open(path, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@each_lesson
def test_lesson_is_light(path: str, visitor: Any) -> None:
    visitor.open(path)
    parts = {name: size for name, size in visitor.received.items() if "/fonts/" not in name}
    first = {name: size for name, size in parts.items() if "/views/" not in name}
    print(f"{path}: {sum(first.values()):,} bytes")
    assert sum(first.values()) <= HEAVIEST


@each_lesson
def test_lesson_shows_what_the_lab_printed(path: str, site: Path) -> None:
    text = (site / path / "index.html").read_text()
    assert 'class="output"' in text
    assert "Traceback (most recent call last)" not in re.sub(r"<[^>]+>", "", text)


def test_views_work_without_a_kernel(visitor: Any) -> None:
    page = visitor.open("lessons/05_layers/")
    for place in page.locator(".afm").all():
        place.scroll_into_view_if_needed()
        place.locator(".afm-view").wait_for()
    quiz = page.locator(".afm", has_text="확인 문제").last
    quiz.locator("input[type=radio]").first.check()
    assert quiz.locator(".ls-quiz-why").first.inner_text().startswith(("✔", "✘"))


def test_view_is_reached_and_used_by_keyboard(visitor: Any) -> None:
    page = visitor.open("")
    page.locator(".afm-view").wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        inside = page.evaluate("document.activeElement.classList.contains('afm-view')")
        if inside:
            break
    assert inside
    focused = "document.activeElement.shadowRoot.activeElement.outerHTML"
    before = page.evaluate(focused)
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) != before


def test_without_javascript_the_tables_stay(visitor: Any) -> None:
    page = visitor.open("lessons/05_layers/", java_script_enabled=False)
    assert page.locator(".afm table").first.is_visible()


def test_print_shows_tables_instead_of_views(visitor: Any) -> None:
    page = visitor.open("")
    page.locator(".afm-view").wait_for()
    page.emulate_media(media="print")
    assert page.locator(".afm table").first.is_visible()
    assert not page.locator(".afm-view").first.is_visible()


def test_claims_lead_to_the_cells_that_prove_them(visitor: Any, site: Path) -> None:
    page = visitor.open("claims/")
    targets = page.locator("table a").evaluate_all("all => all.map(one => one.href)")
    assert len(targets) > 20
    for target in targets:
        path, _, anchor = target.removeprefix(visitor.address).partition("#")
        assert f'id="{anchor}"' in (site / path / "index.html").read_text()


def test_fonts_come_from_here(visitor: Any) -> None:
    page = visitor.open("")
    assert page.evaluate("document.fonts.check('16px \"Site Sans\"', '가')")
    assert any("/fonts/" in name for name in visitor.received)


def test_notebooks_can_be_downloaded(site: Path) -> None:
    for path in LESSONS:
        name = Path(path).name
        assert (site / f"downloads/{name}.ipynb").read_bytes() == (
            ROOT / f"notebooks/{name}.ipynb"
        ).read_bytes()
