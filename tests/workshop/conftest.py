"""One workshop for all of these tests, and people in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from outside import docker
from playwright.sync_api import Browser, sync_playwright
from room import NAME, Seat, Workshop, make


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    make("workshop-reset")
    make("workshop")
    yield Workshop(*docker("exec", NAME, "workshop", "codes").splitlines())
    make("workshop-reset")


@pytest.fixture(scope="session")
def hana(workshop: Workshop) -> Seat:
    return workshop.seat("김하나")


@pytest.fixture(scope="session")
def duri(workshop: Workshop) -> Seat:
    return workshop.seat("이두리")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()
