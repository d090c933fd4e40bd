"""The frame that all views share: payload, fallback, mounting, print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from view_harness import STATIC_PAGE, Static, Watch, unpack

from layerscope import Analysis
from layerscope.sizes import human
from layerscope.views import LayerExplorer
from layerscope.views.base import Table, pack


def test_payload_survives_bytes_that_are_no_utf8() -> None:
    data = {"path": b"caf\xe9".decode("utf-8", "surrogateescape")}
    assert unpack(pack(data)) == data


def test_equal_data_pack_to_equal_text() -> None:
    assert pack({"a": [1] * 1000}) == pack({"a": [1] * 1000})


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (9_994, "9.99 kB"), (9_996, "10.0 kB"),
        (99_960, "100 kB"), (999_499, "999 kB"), (999_500, "1.00 MB"), (41_523_727, "41.5 MB"),
        (1_800_000_000_000, "1.80 TB"),
    ],
)  # fmt: skip
def test_sizes_read_the_same_in_python_and_browser(browser: Browser, size: int, text: str) -> None:
    assert human(size) == text
    script = LayerExplorer._esm.split("/** sha256:")[0]
    page = browser.new_page()
    assert page.evaluate(f"() => {{ {script}; return bytes({size}); }}") == text
    page.close()


def test_table_escapes_what_an_image_says() -> None:
    table = Table("<i>", ["a&b"], [["<script>alert(1)</script>", 1234567]], "<b>").to_html()
    assert "<script>" not in table
    assert "<i>" not in table
    assert "<b>" not in table
    assert "1,234,567" in table


def test_bundle_has_table_and_korean_text_beside_the_widget(before: Analysis) -> None:
    data, _ = LayerExplorer(before)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"].count("<tr>") == len(before.image.layers) + 1
    assert "숨은 바이트" in data["text/plain"]


def test_print_shows_the_table_and_screen_the_view(static: Static, before: Analysis) -> None:
    page = static(LayerExplorer(before))
    table, view = page.locator(".afm-fallback table"), page.locator(".afm-view")
    assert view.is_visible()
    assert not table.is_visible()
    page.emulate_media(media="print")
    assert table.is_visible()
    assert not view.is_visible()


def test_table_stays_without_javascript(
    browser: Browser, site: tuple[Path, str], static: Static, before: Analysis
) -> None:
    static(LayerExplorer(before))  # writes the page
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site[1]}/LayerExplorer.html")
    assert page.locator("table").is_visible()
    context.close()


def test_view_below_the_fold_is_not_fetched_until_seen(
    static: Static, before: Analysis, browser: Browser, site: tuple[Path, str]
) -> None:
    static(LayerExplorer(before))
    page = browser.new_page(viewport={"width": 800, "height": 600})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => document.body.style.paddingTop = '5000px')"
    )
    page.goto(f"{site[1]}/LayerExplorer.html")
    page.wait_for_load_state("networkidle")
    assert not any(url.endswith("LayerExplorer.js") for url in asked)
    page.locator(".afm").scroll_into_view_if_needed()
    page.wait_for_selector(".afm[data-mounted]", state="attached")
    assert any(url.endswith("LayerExplorer.js") for url in asked)
    page.close()


def test_watch_tells_of_requests_to_other_machines(browser: Browser) -> None:
    watch = Watch()
    page = browser.new_page()
    watch.attach(page)
    page.set_content('<img src="http://192.0.2.1/x.png">')
    page.close()
    with pytest.raises(AssertionError):
        watch.verdict()


def test_broken_state_keeps_the_table(
    browser: Browser, site: tuple[Path, str], static: Static, before: Analysis
) -> None:
    static(LayerExplorer(before))
    page = browser.new_page()
    page.route("**/LayerExplorer.json", lambda route: route.fulfill(body=json.dumps({})))
    with page.expect_console_message(lambda line: "not mounted" in line.text):
        page.goto(f"{site[1]}/LayerExplorer.html")
    assert page.locator("table").is_visible()
    page.close()


MODULE = """
export default () => {
  const heard = [];
  return {
    initialize({ model }) { model.on("change:n", (value) => heard.push(value)); },
    render({ model, el }) {
      const silent = () => heard.push("silent");
      model.on("change:n", silent);
      model.off("change:n", silent);
      model.set("n", model.get("n") + 1);
      model.set("n", 2);  // no change, no event
      model.save_changes();
      model.send({});
      el.textContent = JSON.stringify(heard);
    },
  };
};
"""


def test_any_afm_module_finds_the_model_it_expects(
    browser: Browser, site: tuple[Path, str]
) -> None:
    folder, address = site
    (folder / "Shim.js").write_text(MODULE)
    (folder / "Shim.css").write_text("")
    (folder / "Shim.json").write_text('{"n": 1}')
    (folder / "Shim.html").write_text(STATIC_PAGE.format(name="Shim", table="<table></table>"))
    page = browser.new_page()
    page.goto(f"{address}/Shim.html")
    expect(page.locator(".afm-view")).to_have_text("[2]")
    page.close()
