"""How views are tested: in a real browser, on a static page and in a running JupyterLab.

How to test a view
------------------
::

    def test_click_opens_details(static):
        page = static(BuildTimeline(steps))             # mounted by mount.js, no kernel
        page.get_by_role("button", name="RUN make").click()
        assert page.get_by_text("1.2초").is_visible()

    def test_live(live):
        root = live("from layerscope.views import BuildTimeline; BuildTimeline(steps)")
        root.get_by_role("button").first.click()        # root: Locator of the view's own frame

``static(view, dark=False, width=1000)`` gives a playwright Page that shows the view as the site
does; ``live(code, dark=False)`` runs code as a cell of JupyterLab (one for the whole session; a
blank cell each time, the kernel's variables stay) and gives the Locator of the view that it shows.
``@LOOKS`` runs a test in light and dark, wide and at 390 px; it and the types ``Static`` and
``Live`` are in view_harness.py.  ``before`` and ``after`` are two real images, analysed.
``shot(page_or_locator, name)`` keeps a picture when SHOTS names a folder.

After each test both fixtures fail it if the page asked for anything but this machine, or wrote an
error to the console.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from pictures import build_pictures, remove_pictures, run
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from view_harness import (
    STATIC_PAGE,
    Live,
    QuietHandler,
    Static,
    Watch,
    free_port,
    wait_until_up,
)

import layerscope
from layerscope.views import base

ROOT = Path(__file__).parents[2]
MOUNT = Path(base.__file__).with_name("mount.js")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """References of two real images: with waste, and the same without."""
    references = build_pictures(tmp_path_factory.mktemp("context"))
    yield references
    remove_pictures(references)


@pytest.fixture(scope="session")
def before(pictures: tuple[str, str]) -> layerscope.Analysis:
    return layerscope.analyze(layerscope.read(pictures[0]))


@pytest.fixture(scope="session")
def after(pictures: tuple[str, str]) -> layerscope.Analysis:
    return layerscope.analyze(layerscope.read(pictures[1]))


@pytest.fixture(scope="session")
def saved(pictures: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``docker save`` makes of the first image."""
    path = tmp_path_factory.mktemp("saved") / "image.tar"
    run("docker", "save", "--output", str(path), pictures[0])
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder and the address that it is served at."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(MOUNT, folder)
    handler = partial(QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def static(browser: Browser, site: tuple[Path, str]) -> Iterator[Static]:
    folder, address = site
    watch = Watch()
    contexts = []

    def show(view: base.View, *, dark: bool = False, width: int = 1000) -> Page:
        name = type(view).__name__
        (folder / f"{name}.js").write_text(str(view._esm), "utf-8")
        (folder / f"{name}.css").write_text(str(view._css), "utf-8")
        (folder / f"{name}.json").write_text(json.dumps({"payload": view.payload}), "utf-8")
        table = view._repr_mimebundle_()[0]["text/html"]
        (folder / f"{name}.html").write_text(STATIC_PAGE.format(name=name, table=table), "utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            locale="ko-KR",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        watch.attach(page)
        page.goto(f"{address}/{name}.html")
        page.wait_for_selector(".afm[data-mounted]", state="attached")
        return page

    yield show
    for context in contexts:
        context.close()
    watch.verdict()


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab with one empty notebook, live.ipynb."""
    home = tmp_path_factory.mktemp("lab")
    notebook = {
        "cells": [],
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},  # without it JupyterLab asks for a kernel
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    for name in ("config", "data", "runtime", "workspaces", "settings", "notebooks"):
        (home / name).mkdir()
    (home / "notebooks" / "live.ipynb").write_text(json.dumps(notebook))
    quiet = home / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    port = free_port()
    options = {
        "IdentityProvider.token": "",
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.root_dir": home / "notebooks",
        "ServerApp.allow_root": True,
        "LabApp.open_browser": False,
        "LabApp.expose_app_in_browser": True,
        "LabApp.workspaces_dir": home / "workspaces",
        "LabApp.user_settings_dir": home / "settings",
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests" / "views")]),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [
                sys.executable, "-m", "jupyterlab",
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until_up(address, server, home / "lab.log")
            yield address
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="session")
def notebook(browser: Browser, jupyterlab: str) -> Iterator[tuple[Page, Watch]]:
    """The opened notebook, its kernel running."""
    watch = Watch()
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, locale="ko-KR")
    page = context.new_page()
    watch.attach(page)
    page.goto(f"{jupyterlab}/lab/tree/live.ipynb")
    page.wait_for_function(
        "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status == 'idle'",
        timeout=60_000,
    )
    page.evaluate("window.jupyterapp.shell.collapseLeft()")
    # What JupyterLab itself logs while it starts is not the views' business.
    watch.errors.clear()
    yield page, watch
    context.close()


@pytest.fixture
def live(notebook: tuple[Page, Watch]) -> Iterator[Live]:
    page, watch = notebook

    def run(code: str, *, dark: bool = False) -> Locator:
        theme = "JupyterLab Dark" if dark else "JupyterLab Light"
        page.evaluate(
            """async ([code, theme]) => {
                const { commands, shell } = window.jupyterapp;
                await commands.execute("apputils:change-theme", { theme });
                const notebook = shell.currentWidget.content;
                notebook.model.sharedModel.transact(() => {
                    const cells = notebook.model.sharedModel;
                    cells.deleteCellRange(0, cells.cells.length);
                    cells.insertCell(0, { cell_type: "code", source: code });
                });
                notebook.activeCellIndex = 0;
                commands.execute("notebook:run-cell"); // not awaited: a dialog would hang it
            }""",
            [code, theme],
        )
        failed = page.locator('.jp-OutputArea-output[data-mime-type*="error"]')
        root = page.locator(".jp-OutputArea-output .ls")
        root.or_(failed).first.wait_for(timeout=60_000)
        assert failed.count() == 0, failed.inner_text()
        # The change of theme covers the page for a moment.
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        return root

    yield run
    watch.verdict()


@pytest.fixture
def shot(tmp_path: Path) -> Callable[[Page | Locator, str], None]:
    folder = Path(os.environ.get("SHOTS", tmp_path))

    def keep(target: Page | Locator, name: str) -> None:
        path = folder / f"{name}.png"
        if isinstance(target, Page):
            target.screenshot(path=path, full_page=True)
        else:
            target.screenshot(path=path)

    return keep
