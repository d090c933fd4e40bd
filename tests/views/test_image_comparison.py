"""ImageComparison in the browser: shared layers, totals, the difference of a chosen pair."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from view_harness import LOOKS, Live, Look, Static, unpack

from layerscope import Analysis
from layerscope.sizes import human
from layerscope.views import ImageComparison

Shot = Callable[[Any, str], None]


def test_equal_diff_ids_stand_in_one_row(before: Analysis, after: Analysis) -> None:
    data = unpack(ImageComparison([before, after]).payload)
    diff_ids = [{layer.diff_id for layer in one.image.layers} for one in (before, after)]
    shared = {row["diffId"] for row in data["rows"] if all(row["counts"])}
    assert shared == diff_ids[0] & diff_ids[1]
    assert len(shared) >= 2
    assert {row["diffId"] for row in data["rows"]} == diff_ids[0] | diff_ids[1]


def test_rows_keep_each_images_order(before: Analysis, after: Analysis) -> None:
    data = unpack(ImageComparison([before, after]).payload)
    for column, analysis in enumerate((before, after)):
        seen = [row["diffId"] for row in data["rows"] if row["counts"][column]]
        assert seen == list(dict.fromkeys(layer.diff_id for layer in analysis.image.layers))


def test_stored_bytes_count_a_shared_layer_once(before: Analysis, after: Analysis) -> None:
    data = unpack(ImageComparison([before, after]).payload)
    layers = {layer.diff_id: layer.size for one in (before, after) for layer in one.image.layers}
    assert data["stored"] == sum(layers.values()) < before.size + after.size


def test_path_differences_add_up_to_the_visible_difference(
    before: Analysis, after: Analysis
) -> None:
    paths = unpack(ImageComparison([before, after]).payload)["paths"]
    assert paths["left"] == 0
    assert sum(b - a for a, b in paths["sizes"]) == after.visible - before.visible
    assert any(name.startswith("/usr/lib/python3") for name in paths["names"])


@LOOKS
def test_layout(static: Static, before: Analysis, after: Analysis, shot: Shot, look: Look) -> None:
    page = static(ImageComparison([before, after]), **look._asdict())
    assert page.get_by_text("공유", exact=True).count() >= 2
    assert page.get_by_text(human(before.size), exact=True).first.is_visible()
    shot(page, f"comparison-{look}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_swapping_the_pair_turns_the_sign(
    static: Static, before: Analysis, after: Analysis
) -> None:
    page = static(ImageComparison([before, after]))
    change = human(before.size - after.size)
    expect(page.get_by_text(f"−{change}", exact=True)).to_be_visible()
    page.get_by_label("앞 이미지").select_option("1")
    page.get_by_label("뒤 이미지").select_option("0")
    expect(page.get_by_text(f"+{change}", exact=True)).to_be_visible()


def test_same_image_has_no_difference(static: Static, after: Analysis) -> None:
    page = static(ImageComparison([after, after]))
    assert page.get_by_text("컨테이너에서 보이는 바이트는 경로마다 같다.").is_visible()
    assert page.locator(".ls-compare-own").count() == 0


def test_three_images_say_who_shares(
    static: Static, before: Analysis, after: Analysis, shot: Shot
) -> None:
    page = static(ImageComparison([before, after, after]), width=390)
    assert page.get_by_text("공유 BC").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, "comparison-three-390")


@pytest.mark.parametrize("dark", [False, True])
def test_live_in_jupyterlab(live: Live, pictures: tuple[str, str], shot: Shot, dark: bool) -> None:
    root = live(
        "import layerscope\n"
        "from layerscope.views import ImageComparison\n"
        f"images = [layerscope.analyze(layerscope.read(name)) for name in {pictures!r}]\n"
        "ImageComparison(images)",
        dark=dark,
    )
    expect(root.get_by_text("공유", exact=True).first).to_be_visible()
    root.get_by_label("앞 이미지").select_option("1")
    expect(root.get_by_text("컨테이너에서 보이는 바이트는 경로마다 같다.")).to_be_visible()
    shot(root.page, f"comparison-live-{'dark' if dark else 'light'}")
