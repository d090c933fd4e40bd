"""The built site, a server for it that counts, and visits to its pages."""

from __future__ import annotations

import http.server
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

SITE = Path(__file__).parents[2] / "build/site"
# Slides are no pages of this kind: test_slides.py looks at them.
PAGES = sorted(
    "" if path.parent == SITE else f"{path.parent.relative_to(SITE)}/"
    for path in SITE.rglob("index.html")
    if path.parent.parent.name != "slides"
)


class Handler(http.server.SimpleHTTPRequestHandler):
    server: Server

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, directory=str(SITE))

    def copyfile(self, source: Any, outputfile: Any) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.sent[path] = os.fstat(source.fileno()).st_size
        super().copyfile(source, outputfile)

    def log_message(self, *_: Any) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    """The site, and how many bytes of each file it gave away."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.sent: dict[str, int] = {}
        self.address = f"http://127.0.0.1:{self.server_port}/"


@dataclass
class Visit:
    """One page as a first visitor gets it, with nothing in the cache."""

    path: str
    page: Page
    elsewhere: list[str] = field(default_factory=list)  # what was asked of other hosts
    errors: list[str] = field(default_factory=list)
    received: dict[str, int] = field(default_factory=dict)  # file: bytes, until nothing moved
    seen: dict[str, int] = field(default_factory=dict)  # what came when the rest was seen


def visited(
    browser: Browser,
    server: Server,
    path: str,
    *,
    dark: bool = False,
    width: int = 1200,
    **options: Any,
) -> Visit:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        **options,
    )
    visit = Visit(path, context.new_page())

    def noted(request: Any) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", None):  # None: data:, blob:
            visit.elsewhere.append(request.url)

    context.on("request", noted)
    context.on("console", lambda m: visit.errors.append(m.text) if m.type == "error" else None)
    visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
    server.sent.clear()
    visit.page.goto(server.address + path, wait_until="networkidle")
    # On a busy machine the network is idle before the page is laid out and asks for its fonts.
    visit.page.evaluate("document.body.offsetHeight, document.fonts.ready.then(() => true)")
    visit.page.wait_for_load_state("networkidle")
    visit.received = dict(server.sent)
    return visit


def see_all(page: Page) -> None:
    """Every view of the page, seen and so mounted."""
    for place in page.locator(".afm[data-esm]").all():
        place.scroll_into_view_if_needed()
    page.wait_for_function("!document.querySelector('.afm[data-esm]:not([data-mounted])')")
    page.evaluate("scrollTo(0, 0)")


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe-core finds.  Of code, one word of each colour: thousands are of the same few.

    The others lose their colour, since axe takes longer to leave them out than to look at them.
    """
    page.evaluate("""() => {
      const met = new Set();
      for (const one of document.querySelectorAll(".highlight span[class]"))
        met.has(one.className) ? one.replaceWith(...one.childNodes) : met.add(one.className);
    }""")
    found = Axe().run(page, options={"resultTypes": ["violations"], "selectors": False})
    return [
        (one["id"], [node["html"][:150] for node in one["nodes"][:3]])
        for one in found.response["violations"]
    ]
