"""Queries as learners type them, in the site's own search box."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

QUERIES = [
    tuple(part.strip() for part in line.split("|"))
    for line in (Path(__file__).with_name("queries.txt")).read_text().splitlines()
    if "|" in line and not line.startswith("#")
]
#: Words that no page has: they must find nothing.
DECOYS = ["쿠버네티스오퍼레이터", "블록체인을", "양자컴퓨터", "zfsonlinux", "고양이가"]


@pytest.fixture(scope="module")
def box(browser: Any, address: str) -> Any:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto(address)
    page.wait_for_load_state("networkidle")
    yield page
    context.close()


def results(page: Any, query: str) -> list[str]:
    """The pages that the search names, best first."""
    box = page.locator("input.md-search__input")
    box.fill("")
    page.wait_for_timeout(60)
    box.fill(query)
    page.locator(".md-search-result__meta").filter(has_text="결과").wait_for()
    page.wait_for_timeout(250)
    links = page.locator("a.md-search-result__link").evaluate_all(
        "all => all.map(one => new URL(one.href).pathname.slice(1))"
    )
    return list(dict.fromkeys(links))


def test_there_are_queries_enough() -> None:
    assert len(QUERIES) >= 60


@pytest.mark.parametrize(("query", "wanted"), QUERIES)
def test_query_finds_its_page(query: str, wanted: str, box: Any) -> None:
    assert wanted in results(box, query)


@pytest.mark.parametrize("query", DECOYS)
def test_what_is_not_there_is_not_found(query: str, box: Any) -> None:
    assert results(box, query) == []
