"""The built site (build/site), served from here and opened in a real browser.

    def test_page_is_whole(visit):      # runs for every page of the site, opened once
        visit.page, visit.path, visit.received

    def test_of_one_page(opened):
        page = opened("lessons/05_layers/", dark=True)

The browser knows no host but this one: what it asks of others fails and is noted.  ``report`` keeps
the lines of a table for the end of the run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from site_harness import PAGES, SITE, Server, Visit, see_all, visited

TABLES = pytest.StashKey[dict[str, list[str]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TABLES] = {}


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for title, lines in config.stash[TABLES].items():
        terminalreporter.section(title)
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Callable[[str, str], None]:
    tables = pytestconfig.stash[TABLES]
    return lambda title, line: tables.setdefault(title, []).append(line)


@pytest.fixture(scope="session")
def site() -> Path:
    assert (SITE / "index.html").exists(), "build it first: tools/build-site (in the lab)"
    return SITE


@pytest.fixture(scope="session")
def server(site: Path) -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                "--no-sandbox",
                "--disable-gpu",  # or it is emulated, at several times the cost of drawing without
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=[*PAGES, "404.html"], ids=lambda path: path or "front")
def visit(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Visit]:
    visit = visited(browser, server, request.param)
    see_all(visit.page)
    visit.seen = {name: size for name, size in server.sent.items() if name not in visit.received}
    yield visit
    visit.page.context.close()


@pytest.fixture
def opened(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    visits: list[Visit] = []

    def opened(path: str = "", **options: Any) -> Page:
        visits.append(visited(browser, server, path, **options))
        return visits[-1].page

    yield opened
    for visit in visits:
        visit.page.context.close()
        assert visit.elsewhere == []
        assert visit.errors == []
