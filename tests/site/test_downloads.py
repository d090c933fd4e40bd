"""What a lesson's page hands out is what its cells write, and what samples/ holds."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from tools.downloads import Dockerfile, dockerfiles
from tools.notebook import read

ROOT = Path(__file__).parents[2]
LESSONS = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
# One line of the list: the file, where it comes from (a cell or a sample), what is said of it.
OFFER = re.compile(
    r'downloads/(\w+/[\w.-]+)"[^>]*>[^<]+</a>: (?:<a href="#([\w-]+)">|<code>([^<]+)<)(.*)'
)

each_lesson = pytest.mark.parametrize("lesson", LESSONS)


class Place:
    """Stands for any folder that a cell names, and remembers what is written below it."""

    def __init__(self, written: list[str]) -> None:
        self.written = written

    def __truediv__(self, part: object) -> Place:
        return self

    def write_text(self, text: str) -> None:
        self.written.append(text)


class Names(dict[str, object]):
    """Whatever a cell did not name itself is a place."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def __missing__(self, name: str) -> object:
        return Place(self.written)


def run(source: str) -> list[str]:
    """What the cell writes to files, found by running those of its lines."""
    first, _, rest = source.partition("\n")
    if first.startswith("%%"):
        return [rest]
    names = Names()
    for node in ast.parse(TransformerManager().transform_cell(source)).body:
        # Nothing real is within its reach; what needs more than places and literals fails.
        with suppress(Exception):
            code = compile(ast.Module([node], []), "cell", "exec")
            exec(code, {"__builtins__": {}}, names)  # noqa: S102
    return names.written


def offers(lesson: str) -> list[Dockerfile]:
    return dockerfiles(read(ROOT / f"notebooks/{lesson}.ipynb"))


@each_lesson
def test_downloaded_notebook_is_the_lesson(lesson: str, site: Path) -> None:
    name = f"{lesson}.ipynb"
    assert (site / "downloads" / name).read_bytes() == (ROOT / "notebooks" / name).read_bytes()
    assert f'/downloads/{name}"' in (site / f"lessons/{lesson}/index.html").read_text()


@each_lesson
def test_page_hands_out_each_dockerfile_once(lesson: str, site: Path) -> None:
    page = (site / f"lessons/{lesson}/index.html").read_text()
    listed = [(path, cell or sample) for path, cell, sample, _ in OFFER.findall(page)]
    assert listed == [(f"{lesson}/{one.name}", one.origin) for one in offers(lesson)]
    files = {path.name: path.read_text() for path in site.glob(f"downloads/{lesson}/*")}
    assert files == {one.name: one.text for one in offers(lesson)}


@each_lesson
def test_dockerfile_is_what_its_cell_writes(lesson: str) -> None:
    sources = {cell.id: cell.source for cell in read(ROOT / f"notebooks/{lesson}.ipynb").cells}
    for one in offers(lesson):
        if one.origin in sources:
            assert one.text in run(sources[one.origin])
        else:
            assert one.text == (ROOT / one.origin).read_text()


@each_lesson
def test_no_dockerfile_that_a_cell_writes_is_missed(lesson: str) -> None:
    texts = [one.text for one in offers(lesson)]
    for cell in read(ROOT / f"notebooks/{lesson}.ipynb").cells:
        if re.match(r"%%writefile \S*Dockerfile\n", cell.source):
            assert cell.source.partition("\n")[2] in texts


def test_dockerfile_wrong_on_purpose_says_so(site: Path) -> None:
    def warned(lesson: str) -> set[str]:
        found = OFFER.findall((site / f"lessons/{lesson}/index.html").read_text())
        return {Path(path).name for path, *_, remark in found if "일부러" in remark}

    assert "seed.Dockerfile" in warned("11_multistage")
    assert "wheels.Dockerfile" not in warned("11_multistage")
    assert warned("16_capstone") == {"wrong.Dockerfile"}
