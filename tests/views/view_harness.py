"""What the fixtures of conftest.py are made of; conftest.py tells how to use them."""

from __future__ import annotations

import base64
import gzip
import http.server
import json
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route

from layerscope.views import base

# The variables that Material for MkDocs sets, so that the page follows light and dark as the site.
STATIC_PAGE = """<!doctype html><html lang="ko"><meta charset="utf-8"><title>view</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light; --md-default-fg-color: rgba(0,0,0,.87);
  --md-default-bg-color: #fff; }}
@media (prefers-color-scheme: dark) {{ :root {{ color-scheme: dark;
  --md-default-fg-color: hsla(232,15%,90%,.82); --md-default-bg-color: hsl(232,15%,14%); }} }}
body {{ margin: 12px; background: var(--md-default-bg-color); color: var(--md-default-fg-color);
  font-family: "NanumGothic", sans-serif; }}
</style>
<div class="afm" data-esm="{name}.js" data-css="{name}.css" data-state="{name}.json">{table}</div>
<script type="module" src="mount.js"></script></html>"""


def unpack(payload: str) -> Any:
    """What base.pack() was given, as base.js sees it."""
    return json.loads(gzip.decompress(base64.b64decode(payload)))


class Look(NamedTuple):
    dark: bool
    width: int

    def __str__(self) -> str:
        return f"{'dark' if self.dark else 'light'}-{self.width}"


#: What a view must look right in: ``@LOOKS`` above a test that takes ``look``.
LOOKS = pytest.mark.parametrize(
    "look", [Look(dark, width) for dark in (False, True) for width in (1000, 390)], ids=str
)


class Watch:
    """Notes what a page must not do: reach out of this machine, or fail in the console."""

    def __init__(self) -> None:
        self.blocked: list[str] = []
        self.errors: list[str] = []

    def route(self, route: Route) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost"):
            route.continue_()
        else:
            self.blocked.append(route.request.url)
            route.abort()

    def attach(self, page: Page) -> None:
        page.route("http://**", self.route)
        page.route("https://**", self.route)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda line: self.errors.append(line.text) if line.type == "error" else None,
        )

    def verdict(self) -> None:
        blocked, errors = self.blocked[:], self.errors[:]
        self.blocked.clear()
        self.errors.clear()
        assert blocked == []
        assert errors == []


class Static(Protocol):
    def __call__(self, view: base.View, *, dark: bool = False, width: int = 1000) -> Page: ...


class Live(Protocol):
    def __call__(self, code: str, *, dark: bool = False) -> Locator: ...


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{address}/api", timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")
