"""Queries as learners type them, in the site's own search box."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from site_harness import PAGES

QUERIES = [
    [part.strip() for part in line.split("|")]
    for line in Path(__file__).with_name("queries.txt").read_text().splitlines()
    if "|" in line and not line.startswith("#")
]
TABLE = "검색: 찾는 말, 있어야 할 페이지, 순위, 결과, 헛결과"
# Words that no page has, though their syllables are on many.
DECOYS = ["이어폰", "레이더", "사이보그", "지구본", "미지수", "베이커리", "컨베이어", "도마뱀"]
DECOYS += ["파수꾼을", "시험관이", "크리스마스에", "캐비닛"]
# The box shows the first ten results and more when scrolled; the worker's answer has them all.
LISTEN = """
  window.answers = [];
  window.Worker = class extends Worker {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", ({ data: { type, data } }) => {
        if (type === 3) answers.push(data.items.map(([first]) => first.location.split("#")[0]));
      });
    }
  };
"""


@dataclass
class Found:
    pages: list[str]  # best first
    shown: list[str]  # of them, those that the box shows before it is scrolled
    wrong: list[str]  # of them, those with none of the words that were meant


hits: list[tuple[str, Found, list[str]]] = []  # of the queries that found their pages


@pytest.fixture(scope="module")
def texts(site: Path) -> dict[str, str]:
    """What can be read on each page."""
    found = {}
    for path in PAGES:
        page = (site / path / "index.html").read_text()
        article = page[page.index("<article") : page.index("</article>")]
        found[path] = html.unescape(re.sub(r"<[^>]+>", "", article)).lower()
    return found


@pytest.fixture(scope="module")
def search(browser: Any, server: Any, texts: dict[str, str]) -> Iterator[Callable[..., Found]]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.add_init_script(LISTEN)
    page.goto(server.address, wait_until="networkidle")
    box = page.locator("input.md-search__input")

    def search(query: str, meant: list[str]) -> Found:
        before = page.evaluate("answers.length")
        box.fill(query)
        box.press("End")  # Material listens to keys
        page.wait_for_function("before => answers.length > before", arg=before)
        pages = page.evaluate("answers.at(-1)")
        shown = page.locator(".md-search-result__item > a:first-child").evaluate_all(
            "all => all.map(one => new URL(one.href).pathname.slice(1))"
        )
        words = [word.lower() for word in meant]
        wrong = [one for one in pages if not any(word in texts[one] for word in words)]
        return Found(pages, shown, wrong)

    yield search
    page.close()


def test_there_are_queries_enough() -> None:
    assert len(QUERIES) >= 60


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[0])
def test_query_finds_its_page(query: list[str], search: Any, report: Any) -> None:
    typed, wanted, *meant = query
    words = meant[0].split(", ") if meant else typed.split()
    found = search(typed, words)
    assert wanted in found.shown[:5]
    rank = found.shown.index(wanted) + 1
    report(TABLE, f"{typed}\t{wanted}\t{rank}\t{len(found.pages)}\t{len(found.wrong)}")
    hits.append((typed, found, [one.lower() for one in words]))


def test_false_hits_are_few(texts: dict[str, str], report: Any) -> None:
    """Few beside those of a search that splits Korean into syllables, which finds as much."""
    found = sum(len(one.pages) for _, one, _ in hits)
    wrong = sum(len(one.wrong) for _, one, _ in hits)
    split = sum(
        any(letter in text for letter in typed.lower()) and not any(word in text for word in words)
        for typed, _, words in hits
        for text in texts.values()
    )
    report(TABLE, f"헛결과 {wrong}/{found}, 음절로 쪼개는 검색이라면 {split}")
    assert wrong <= found * 0.02
    assert wrong * 20 <= split


@pytest.mark.parametrize("query", DECOYS)
def test_word_that_is_nowhere_finds_nothing(query: str, search: Any, texts: Any) -> None:
    assert not any(query in text for text in texts.values())
    assert search(query, [query]).pages == []
