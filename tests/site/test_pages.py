"""Every page of the site: whole, light, for everybody, asking nobody else."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from nbconvert.filters import strip_ansi
from site_harness import PAGES, Visit, see_all, violations

from tools.notebook import read, tags

ROOT = Path(__file__).parents[2]
LESSONS = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
HEAVIEST = 600_000  # bytes of a page as it opens, without fonts
WEIGHTS = "무게 (KB): 페이지, HTML, 스크립트와 스타일, 열 때(글꼴 빼고), 볼 때 오는 뷰, 글꼴, 모두"

each_lesson = pytest.mark.parametrize("lesson", LESSONS)


# ---- every page, opened once -------------------------------------------------------------


def test_page_is_accessible_in_light(visit: Visit) -> None:
    assert violations(visit.page) == []


def test_page_fits_a_phone(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_page_is_accessible_in_dark_on_a_phone(visit: Visit) -> None:
    visit.page.evaluate("document.querySelector('label[title=어둡게]').click()")
    assert visit.page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    assert violations(visit.page) == []


def test_page_prints_whole(visit: Visit) -> None:
    """No furniture, a table for each view, nothing to scroll or to unfold."""
    page = visit.page
    page.set_viewport_size({"width": 700, "height": 990})  # A4 within its margins
    page.emulate_media(media="print")
    for furniture in (".md-header", ".md-sidebar", ".md-footer", ".md-top", ".afm-view"):
        assert not page.locator(furniture).filter(visible=True).count()
    for text in (".afm-fallback", "details > *"):
        assert not page.locator(text).filter(visible=False).count()
    cut = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.id)"
    assert page.locator("article pre, article pre code").evaluate_all(cut) == []
    page.emulate_media(media="screen")


def test_page_is_light(visit: Visit, report: Any) -> None:
    def kb(size: int) -> str:
        return f"{size / 1000:.0f}"

    def font(name: str) -> bool:
        return name.endswith(".woff2")

    received = visit.received
    markup = received["/" + visit.path]
    fonts = sum(size for name, size in received.items() if font(name))
    opening = sum(received.values()) - fonts
    views = sum(size for name, size in visit.seen.items() if not font(name))
    whole = sum(received.values()) + sum(visit.seen.values())
    sizes = (markup, opening - markup, opening, views, whole - opening - views, whole)
    report(WEIGHTS, "\t".join([visit.path or "(시작)", *map(kb, sizes)]))
    assert fonts
    assert opening <= HEAVIEST


def test_page_asked_nobody_else_and_logged_no_error(visit: Visit) -> None:
    assert visit.elsewhere == []
    assert visit.errors == []


# ---- links -------------------------------------------------------------------------------


class Anchors(HTMLParser):
    """The ids of a page and the addresses that it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            elif value and name in ("href", "src", "data-esm", "data-css", "data-state"):
                self.links.append(value)


@pytest.fixture(scope="module")
def anchors(site: Path) -> dict[Path, Anchors]:
    return {path: Anchors(path.read_text()) for path in sorted(site.rglob("*.html"))}


def test_every_link_leads_somewhere(site: Path, anchors: dict[Path, Anchors]) -> None:
    followed, broken = 0, []
    for path, found in anchors.items():
        for link in found.links:
            at = urlsplit(urljoin(f"http://site/{path.relative_to(site)}", link))
            if at.hostname != "site" or not at.scheme.startswith("http"):
                continue
            target = site / unquote(at.path).lstrip("/")
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(at.fragment)
            # In slides the part after # is a place in the show.
            known = anchors[target].ids if target in anchors else None
            followed += 1
            if not target.is_file() or (
                anchor and known is not None and not anchor.startswith("/") and anchor not in known
            ):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []
    assert followed > 1000


def test_no_page_has_an_id_twice(site: Path, anchors: dict[Path, Anchors]) -> None:
    for path, found in anchors.items():
        assert len(found.ids) == len(set(found.ids)), path.relative_to(site)


def test_pages_lead_on_from_lesson_to_lesson(site: Path) -> None:
    def page(path: str) -> str:
        return (site / path / "index.html").read_text()

    for one, following in pairwise(LESSONS):
        assert f'<link rel="next" href="../{following}/">' in page(f"lessons/{one}")
        assert f'href="../../exercises/{following}/"' in page(f"lessons/{following}")
        assert f'href="../../lessons/{following}/"' in page(f"exercises/{following}")


def test_claims_lead_to_the_cells_that_prove_them(site: Path, anchors: dict[Path, Anchors]) -> None:
    claims = json.loads((ROOT / "site/claims.json").read_text())
    links = anchors[site / "claims/index.html"].links
    for claim in claims:
        assert f"../lessons/{claim['lesson']}/#{claim['cell']}" in links


# ---- lessons -----------------------------------------------------------------------------


def test_every_lesson_is_a_page() -> None:
    assert {f"lessons/{lesson}/" for lesson in LESSONS} <= set(PAGES)


@each_lesson
def test_lesson_shows_what_the_lab_printed(lesson: str, opened: Any) -> None:
    executed = read(ROOT / f"build/executed/{lesson}.ipynb")
    page = opened(f"lessons/{lesson}/", java_script_enabled=False)
    shown = re.sub(r"\s+", " ", page.locator("article").inner_text())
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error" or "raises-exception" in tags(cell)
            if output.output_type == "stream":
                line = strip_ansi(output.text.strip().partition("\n")[0])
                assert re.sub(r"\s+", " ", line).strip() in shown


# ---- views -------------------------------------------------------------------------------


def test_views_work_without_a_kernel(opened: Any) -> None:
    page = opened("lessons/05_layers/")
    see_all(page)
    quiz = page.locator(".afm", has_text="확인 문제").last
    quiz.locator("input[type=radio]").first.check()
    assert quiz.locator(".ls-quiz-why").first.inner_text().startswith(("✔", "✘"))


def test_view_is_reached_and_used_by_keyboard(opened: Any) -> None:
    page = opened()
    see_all(page)
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


def test_without_javascript_the_tables_stay(opened: Any) -> None:
    page = opened("lessons/05_layers/", java_script_enabled=False)
    assert page.locator(".afm table").first.is_visible()


# ---- search, fonts -----------------------------------------------------------------------


def test_search_is_opened_and_used_by_keyboard_and_accessible(opened: Any) -> None:
    page = opened("lessons/05_layers/")
    page.keyboard.press("/")
    page.keyboard.insert_text("레이어")
    page.keyboard.press("End")
    page.locator(".md-search-result__item").first.wait_for()
    assert violations(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?h=*")
    assert page.locator("article mark").first.inner_text().startswith("레이어")


@pytest.mark.parametrize("path", ["", "lessons/05_layers/"])
def test_texts_of_the_search_come_when_the_box_is_used(path: str, opened: Any, server: Any) -> None:
    page = opened(path)
    assert "/search/texts.json" not in server.sent
    with page.expect_response("**/search/texts.json"):
        page.locator(".md-search__input").click()


def test_fonts_come_from_here(opened: Any, server: Any) -> None:
    page = opened()
    assert page.evaluate("document.fonts.check('16px \"Site Sans\"', '가')")
    assert any(name.endswith(".woff2") for name in server.sent)


def test_missing_page_is_told_in_korean(site: Path) -> None:
    assert "이 주소에는 페이지가 없다" in (site / "404.html").read_text()
