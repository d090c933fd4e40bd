"""LayerExplorer in the browser: numbers, tree, filters, search, keyboard, many files."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from view_harness import LOOKS, Live, Look, Static, unpack

from layerscope import Analysis, Cause, Kind, State, analyze
from layerscope.model import Entry, HistoryRow, Image, Layer
from layerscope.sizes import human
from layerscope.views import LayerExplorer

Shot = Callable[[Any, str], None]


def rows(page: Page) -> list[str]:
    items = page.get_by_role("tree", name="파일 트리").get_by_role("treeitem").all()
    return [item.get_attribute("aria-label") or "" for item in items]


def test_columns_hold_every_entry_and_every_hidden_byte(before: Analysis) -> None:
    data = unpack(LayerExplorer(before).payload)
    for layer, column in zip(before.image.layers, data["layers"], strict=True):
        assert len(column["steps"]) == len(column["sizes"]) == len(layer.entries)
        assert sum(column["sizes"]) == layer.size
    hidden = sum(sum(column["hiddenRows"][1]) for column in data["layers"])
    assert hidden == before.hidden_bytes > 7_000_000
    assert len(data["tree"]["names"].split("/")) == len(data["tree"]["depths"])


@LOOKS
def test_headline_and_layout(static: Static, before: Analysis, shot: Shot, look: Look) -> None:
    page = static(LayerExplorer(before), **look._asdict())
    for number in (before.visible, before.hidden_bytes):
        assert page.get_by_text(human(number), exact=True).first.is_visible()
        assert page.get_by_text(f"{number:,}바이트").first.is_visible()
    assert page.get_by_text(f"{before.dive.efficiency:.1%}", exact=True).is_visible()
    shot(page, f"explorer-{look}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_layer_shows_only_its_own_files(static: Static, before: Analysis, shot: Shot) -> None:
    page = static(LayerExplorer(before))
    page.get_by_role("option", name="레이어 3,").click()
    names = {label.split(",")[0] for label in rows(page)}
    assert names == {"app", "settings.ini", "main.py", "한글 안내.md"}
    page.get_by_role("option", name="전체 레이어").click()
    assert {"app", "usr", "var"} <= {label.split(",")[0] for label in rows(page)}


def test_removing_layer_says_what_it_hides(static: Static, before: Analysis) -> None:
    page = static(LayerExplorer(before))
    option = page.get_by_role("option", name=re.compile("^레이어 4,"))
    assert "아래 레이어의 7.20 MB를 숨김" in (option.get_attribute("aria-label") or "")
    option.click()
    page.get_by_role("button", name="삭제").first.click()
    assert "archives" in [label.split(",")[0] for label in rows(page)]


def test_wasted_filter_leaves_hidden_files(static: Static, before: Analysis, shot: Shot) -> None:
    page = static(LayerExplorer(before))
    chip = page.get_by_role("button", name="낭비")
    chip.click()
    assert chip.get_attribute("aria-pressed") == "true"
    found = rows(page)
    assert any(label.startswith("gcc-14") for label in found)
    assert not any(label.startswith("os.py") for label in found)
    shot(page, "explorer-wasted")
    chip.click()
    assert chip.get_attribute("aria-pressed") == "false"


def test_modified_filter_finds_the_overwritten_file(static: Static, before: Analysis) -> None:
    page = static(LayerExplorer(before))
    page.get_by_role("button", name="수정").click()
    assert any(label.startswith("settings.ini, 추가·수정") for label in rows(page))


def test_search_by_path_unfolds_matches(static: Static, before: Analysis) -> None:
    page = static(LayerExplorer(before))
    box = page.get_by_role("searchbox", name="경로에서 찾기")
    box.fill("JSON/decod")  # across a "/", whatever the case
    item = page.get_by_role("treeitem", name=re.compile("^decoder.py"))
    expect(item).to_be_visible()
    box.fill("한글 안내")
    expect(page.get_by_role("treeitem", name=re.compile("^한글 안내.md"))).to_be_visible()
    box.fill("없는 파일")
    expect(page.get_by_text("조건에 맞는 경로가 없다.")).to_be_visible()


def test_keyboard_alone_opens_folders_and_moves_between_layers(
    static: Static, before: Analysis, shot: Shot
) -> None:
    page = static(LayerExplorer(before))
    tree = page.get_by_role("tree", name="파일 트리")
    page.get_by_role("option", name="전체 레이어").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name=re.compile("^레이어 0,"))).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    expect(page.get_by_role("option", name="전체 레이어")).to_have_attribute(
        "aria-selected", "true"
    )
    for _ in range(8):  # search, order, four filters, tree
        page.keyboard.press("Tab")
        if tree.evaluate("tree => tree.getRootNode().activeElement === tree"):
            break
    expect(tree).to_be_focused()
    page.keyboard.press("ArrowRight")
    assert "python3" in [label.split(",")[0] for label in rows(page)]  # usr/lib/python3 at once
    page.keyboard.press("ArrowDown")
    current = tree.get_attribute("aria-activedescendant")
    assert page.locator(f"#{current}").get_attribute("aria-selected") == "true"
    shot(page, "explorer-keyboard")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert "python3" not in [label.split(",")[0] for label in rows(page)]


def test_treemap_opens_a_folder_and_goes_back(static: Static, before: Analysis) -> None:
    page = static(LayerExplorer(before))
    tiles = page.get_by_role("group", name="크기 지도", exact=True)
    tiles.get_by_role("button", name="usr/lib/python3/").click()
    assert tiles.get_by_role(
        "button", name=re.compile("^(lib-dynload|ensurepip|encodings)")
    ).first.is_visible()
    place = page.get_by_role("group", name="크기 지도의 위치")
    assert "python3/" in place.inner_text()
    place.get_by_role("button", name="/", exact=True).click()
    assert tiles.get_by_role("button", name="var/cache").is_visible()


def test_tile_areas_follow_sizes(static: Static, before: Analysis) -> None:
    page = static(LayerExplorer(before))
    areas = page.get_by_role("group", name="크기 지도", exact=True).evaluate(
        "map => [...map.children].map(tile => tile.offsetWidth * tile.offsetHeight)"
    )
    stored: Counter[str] = Counter()
    for layer in before.image.layers:
        for entry in layer.entries:
            stored[entry.path.split("/")[0]] += entry.size
    largest = [size / before.size for _, size in stored.most_common(3)]
    assert [area / sum(areas) for area in areas[:3]] == pytest.approx(largest, abs=0.02)


def big(files: int) -> Analysis:
    """Two layers; the second overwrites every tenth file of the first."""
    base = [
        Entry(
            f"srv/d{i // 1000:03}/s{i // 50 % 20:02}/file-{i:06}.txt",
            Kind.FILE,
            i % 997,
            0o644,
            0,
            0,
        )
        for i in range(files)
    ]
    top = [Entry(entry.path, Kind.FILE, 10, 0o644, 0, 0) for entry in base[::10]]
    layers = [
        Layer(i, f"sha256:{i:064x}", f"sha256:{i:064x}", None, None, f"COPY {i}",
              sum(entry.size for entry in entries), None, entries)
        for i, entries in enumerate((base, top))
    ]  # fmt: skip
    history = [HistoryRow(layer.created_by, None, False, layer.index) for layer in layers]
    return analyze(Image("big", "sha256:0", "linux/amd64", None, layers, history, {}))


def test_hundred_thousand_files_stay_smooth(static: Static) -> None:
    """Ten times the files: the page holds no more elements, and a search still answers."""
    few, many = big(10_000), big(100_000)
    assert {row.cause for row in many.hidden} == {Cause.OVERWRITTEN}
    assert State.MODIFIED in many.states[1]
    view = LayerExplorer(many)
    assert len(view.payload) < 1_500_000
    counted = []
    for one in (LayerExplorer(few), view):
        page = static(one)
        page.get_by_role("searchbox").fill("srv")
        expect(page.get_by_role("treeitem", name=re.compile("^file-")).first).to_be_visible()
        view_root = "document.querySelector('.afm-view').shadowRoot"
        counted.append(page.evaluate(f"{view_root}.querySelectorAll('*').length"))
    assert counted[1] < counted[0] * 2
    # A frame after a jump through 100,000 rows comes in the time of a few ordinary frames.
    tree = page.get_by_role("tree", name="파일 트리")
    tree.focus()
    page.keyboard.press("End")
    expect(page.get_by_role("treeitem", name=re.compile("^file-")).last).to_be_visible()
    frames = tree.evaluate(
        """async tree => {
            const frame = () => new Promise(done => requestAnimationFrame(done));
            const measure = async step => {
                const start = performance.now();
                for (let i = 0; i < 20; i += 1) { step(i); await frame(); }
                return performance.now() - start;
            };
            const idle = await measure(() => {});
            const moving = await measure(i => { tree.scrollTop = i * 130000; });
            return [idle, moving];
        }"""
    )
    assert frames[1] < frames[0] * 4
    started = time.monotonic()
    page.get_by_role("searchbox").fill("file-099990")
    expect(page.get_by_role("treeitem", name=re.compile("^file-099990"))).to_be_visible()
    assert time.monotonic() - started < 20  # it answers; how fast is the bench's matter


@pytest.mark.parametrize("dark", [False, True])
def test_live_in_jupyterlab(live: Live, pictures: tuple[str, str], shot: Shot, dark: bool) -> None:
    root = live(
        "import layerscope\n"
        "from layerscope.views import LayerExplorer\n"
        f"LayerExplorer(layerscope.analyze(layerscope.read({pictures[0]!r})))",
        dark=dark,
    )
    expect(root.get_by_role("option", name="전체 레이어")).to_be_visible()
    # Single keys are JupyterLab's shortcuts; in a view they must not reach the notebook.
    tree = root.get_by_role("tree", name="파일 트리")
    tree.focus()
    for key in ("b", "d", "d", "ArrowDown", "ArrowRight"):
        root.page.keyboard.press(key)
    assert root.page.locator(".jp-Notebook .jp-Cell").count() == 1
    expect(tree).to_be_focused()
    root.get_by_role("button", name="낭비").click()
    expect(root.get_by_role("treeitem", name=re.compile("^gcc-14"))).to_be_visible()
    shot(root.page, f"explorer-live-{'dark' if dark else 'light'}")
