"""ContextExplorer: the browser decides as Python does, and Python as the engine does."""

from __future__ import annotations

import random
import runpy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from layerscope import dockerignore
from layerscope.dockerignore import Builder, ContextEntry, Kind, PatternError, apply, parse, scan
from layerscope.views.context_explorer import ContextExplorer

SHARED = runpy.run_path(str(Path(__file__).parents[1] / "layerscope" / "test_dockerignore.py"))

RULES = "# 비밀과 큰 것\n.git\nvenv\n**/__pycache__\ndocs\n!docs/index.md\nvenv # 주석\n"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    sizes = {
        ".dockerignore": 0, ".env": 12, ".git/config": 40, ".git/objects/pack": 900_000,
        "Dockerfile": 60, "app/__pycache__/main.pyc": 4000, "app/main.py": 2000,
        "docs/img/a.png": 50_000, "docs/index.md": 700, "keys/id_rsa": 1700, "keys/tls.pem": 1200,
        "venv/lib/core.so": 3_000_000,
    }  # fmt: skip
    for name, size in sizes.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x" * size)
    (root / ".dockerignore").write_text(RULES)
    return root


def fill(page: Any, text: str) -> None:
    page.get_by_role("textbox").fill(text)


def treeitem(page: Any, name: str) -> Any:
    return page.locator(f'[role="treeitem"][aria-label^="{name},"]')


# --- the same rules in both languages ------------------------------------------------------------

PIECES = ["a", "app", "docs", "x", "foo", ".pyc", "*", "*", "**", "**/", "*/", "/", "?", "[", "]",
          "[a-f]", "[^a]", "[[:alpha:]]", "[*]", "^", "-", "!", "\\", "\\d", "\\w", "\\S", "\\x61",
          "\\101", "\\Qa\\E", "\\b", "\\B", "\\z", "é", "한글", "😀", " ", "\t", ".", "..", "#",
          "+", "(", "$", "{", "|", "\ufeff"]  # fmt: skip


def random_ignore_files(count: int) -> list[str]:
    pick = random.Random(3)  # noqa: S311 (patterns, not secrets)
    files = []
    for _ in range(count):
        lines = [
            pick.choice(["", "", "", "!"]) + "".join(pick.choices(PIECES, k=pick.randint(1, 6)))
            for _ in range(pick.randint(1, 4))
        ]  # fmt: skip
        files.append("\n".join(lines))
    return files


def by_python(entries: list[Any], text: str, builder: Builder) -> str:
    try:
        verdicts = apply(entries, parse(text), builder)
    except PatternError as error:
        return f"{error.line}: {error.reason}"
    return " ".join(f"{one.arrives:d}{one.pattern.line if one.pattern else 0}" for one in verdicts)


def test_the_browser_decides_as_python_does(static: Any, tmp_path: Path) -> None:
    SHARED["fill"](tmp_path)
    entries = scan(tmp_path)
    texts = [*SHARED["IGNORE_FILES"], *SHARED["BROKEN"], *random_ignore_files(1500)]
    cases = [(text, builder.value) for text in texts for builder in Builder]
    expected = [by_python(entries, text, Builder(builder)) for text, builder in cases]
    at = {entry.path: index for index, entry in enumerate(entries)}
    plain = [
        {"path": entry.path, "parent": at.get(entry.path.rpartition("/")[0], -1)}
        for entry in entries
    ]
    page = static(ContextExplorer(tmp_path))
    found = page.evaluate(
        """async ([entries, cases]) => {
            const rules = await import(new URL("ContextExplorer.js", location.href).href);
            return cases.map(([text, builder]) => {
              try {
                const { arrives, deciders } =
                  rules.applyPatterns(entries, rules.parsePatterns(text), builder);
                return arrives.map((one, i) => `${+one}${deciders[i]?.line ?? 0}`).join(" ");
              } catch (error) {
                if (!(error instanceof rules.PatternError)) throw error;
                return `${error.line}: ${error.reason}`;
              }
            });
        }""",
        [plain, cases],
    )
    wrong = [case for case, one, other in zip(cases, expected, found, strict=True) if one != other]
    assert wrong == []
    # Not all the same: some are refused, some let all through, some let nothing through.
    assert sum(": " in one for one in expected) > 100
    assert len(set(expected)) > 100


# --- the view ------------------------------------------------------------------------------------


def test_the_numbers_are_python_s(static: Any, context: Path, shot: Any) -> None:
    view = ContextExplorer(context)
    verdicts = [
        one for one in apply(scan(context), parse(RULES)) if one.entry.kind is not Kind.DIRECTORY
    ]
    page = static(view)
    arriving = [one for one in verdicts if one.arrives]
    expect(page.locator(".ls-context-figures dd").first).to_contain_text(f"{len(arriving)}개")
    expect(page.locator(".ls-context-figures dd").last).to_contain_text(
        f"{len(verdicts) - len(arriving)}개"
    )
    assert f"{len(arriving)}개" in repr(view)
    shot(page, "context_explorer")


def test_a_new_pattern_changes_the_tree_at_once(static: Any, context: Path) -> None:
    page = static(ContextExplorer(context))
    expect(treeitem(page, "keys")).to_have_attribute("aria-label", "keys, 폴더, 도착, 2.90 kB")
    fill(page, "keys\n")
    expect(treeitem(page, "keys")).to_have_attribute(
        "aria-label", "keys, 폴더, 제외, 0 B / 2.90 kB, 패턴 keys"
    )
    page.get_by_role("button", name="원래대로").click()
    expect(treeitem(page, "keys")).to_have_attribute("aria-label", "keys, 폴더, 도착, 2.90 kB")


def test_secrets_that_arrive_raise_the_alarm(static: Any, context: Path) -> None:
    page = static(ContextExplorer(context))
    alarm = page.get_by_role("status")
    expect(alarm).to_contain_text("비밀로 보이는 파일 3개가 도착한다")
    for name in (".env", "keys/id_rsa", "keys/tls.pem"):
        expect(alarm).to_contain_text(name)
    fill(page, ".git\n.env\nkeys\n")
    expect(alarm).to_contain_text("비밀로 보이는 파일 4개를 모두 제외했다")


def test_each_pattern_says_what_it_did(static: Any, context: Path) -> None:
    page = static(ContextExplorer(context))
    effects = page.get_by_role("list", name="패턴마다 한 일").get_by_role("listitem")
    expect(effects.filter(has_text="**/__pycache__")).to_contain_text("제외 1개 · 4.00 kB")
    expect(effects.filter(has_text="!docs/index.md")).to_contain_text("되살림 1개 · 700 B")
    expect(effects.filter(has_text="venv # 주석")).to_contain_text("결정한 파일 없음")


def test_a_bad_pattern_is_named_and_the_last_result_stays(static: Any, context: Path) -> None:
    page = static(ContextExplorer(context))
    before = page.locator(".ls-context-figures").inner_text()
    fill(page, "venv\n[a-\n")
    expect(page.get_by_role("alert")).to_contain_text("2번째 줄")
    expect(page.get_by_role("textbox")).to_have_attribute("aria-invalid", "true")
    assert page.locator(".ls-context-figures").inner_text() == before
    fill(page, "venv\n")
    expect(page.locator(".ls-context-error")).to_have_text("")


def test_the_builders_differ_where_the_engine_s_do(static: Any, context: Path) -> None:
    page = static(ContextExplorer(context, "*\n!**/*.md\n"))
    expect(page.locator(".ls-context-figures dd").first).to_contain_text("1개")
    page.get_by_role("radio", name="BuildKit").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="옛 빌더")).to_have_attribute("aria-checked", "true")
    expect(page.locator(".ls-context-figures dd").first).to_contain_text("0개")


def test_the_tree_works_by_keyboard(static: Any, context: Path) -> None:
    page = static(ContextExplorer(context))
    page.get_by_role("tree").focus()
    page.keyboard.press("Home")
    current = page.locator('[role="treeitem"][aria-selected="true"]')
    expect(current).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    expect(current).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".ls-context-path")).to_have_text("venv/lib")
    expect(page.locator(".ls-context-detail")).to_contain_text("3번째 줄")


def test_the_filter_leaves_only_secrets(static: Any, context: Path) -> None:
    page = static(ContextExplorer(context))
    page.get_by_role("button", name="비밀").click()
    expect(treeitem(page, "id_rsa")).to_be_visible()
    expect(treeitem(page, "main.py")).to_have_count(0)


def test_an_empty_context_is_no_error(static: Any, tmp_path: Path) -> None:
    page = static(ContextExplorer(tmp_path))
    expect(page.get_by_text("해당하는 파일이 없다")).to_be_visible()


def test_names_are_text_never_markup(static: Any, tmp_path: Path) -> None:
    (tmp_path / "<img src=x onerror=alert(1)>").write_text("x")
    view = ContextExplorer(tmp_path)
    page = static(view)
    expect(page.locator(".ls img")).to_have_count(0)
    assert "<img" not in view._repr_mimebundle_()[0]["text/html"]


def test_fifty_thousand_files_answer_at_once(
    static: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = []
    for folder in range(500):
        entries.append(ContextEntry(f"d{folder}", Kind.DIRECTORY, 0))
        entries += [ContextEntry(f"d{folder}/f{n}.py", Kind.FILE, 10) for n in range(100)]
    monkeypatch.setattr(dockerignore, "scan", lambda _: entries)
    page = static(ContextExplorer(tmp_path, "**/f1*.py\n"))
    spent = page.evaluate(
        """async () => {
            const host = document.querySelector(".afm-view").shadowRoot;
            const figures = host.querySelector(".ls-context-figures");
            const box = host.querySelector("textarea");
            const start = performance.now();
            const changed = new Promise((resolve) =>
              new MutationObserver(resolve).observe(figures, { childList: true, subtree: true }));
            box.value = "**/f*.py\\n!**/f2*.py\\n";
            box.dispatchEvent(new Event("input"));
            await changed;
            return performance.now() - start;
        }"""
    )
    expect(page.locator(".ls-context-figures dd").first).to_contain_text("5,500개")
    assert spent < 2000


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_does_not_scroll_sideways(
    static: Any, context: Path, shot: Any, dark: bool
) -> None:
    page = static(ContextExplorer(context), dark=dark, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shot(page, f"context_explorer_390_{'dark' if dark else 'light'}")


def test_live(live: Any, context: Path, shot: Any) -> None:
    root = live(
        "from layerscope.views.context_explorer import ContextExplorer\n"
        f"ContextExplorer({str(context)!r})",
        dark=True,
    )
    root.get_by_role("textbox").fill("*\n!app/main.py\n")
    expect(root.locator(".ls-context-figures dd").first).to_contain_text("1개")
    shot(root, "context_explorer_live")
