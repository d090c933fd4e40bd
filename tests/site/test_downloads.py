"""What a lesson's page hands out is what its cells write, and what samples/ holds."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).parents[2]
LESSONS = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
# One line of the list: the file, the cell that writes it or the sample that it is, what is said.
OFFER = re.compile(
    r'downloads/\w+/([\w.-]+)"[^>]*>[^<]+</a>: (?:<a href="#([\w-]+)">|<code>([^<]+)<)(.*)'
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


def written(source: str) -> list[str]:
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


def cells(lesson: str) -> dict[str, str]:
    found = json.loads((ROOT / f"notebooks/{lesson}.ipynb").read_text())["cells"]
    return {one["id"]: "".join(one["source"]) for one in found}


def offers(site: Path, lesson: str) -> Iterator[tuple[str, str, str, str]]:
    """Each Dockerfile on the page: its name, the cell or sample it comes from, a remark."""
    page = (site / f"lessons/{lesson}/index.html").read_text()
    for found in OFFER.finditer(page):
        yield found[1], found[2], found[3], found[4]


@each_lesson
def test_downloaded_notebook_is_the_lesson(lesson: str, site: Path) -> None:
    name = f"{lesson}.ipynb"
    assert (site / "downloads" / name).read_bytes() == (ROOT / "notebooks" / name).read_bytes()
    assert f'/downloads/{name}"' in (site / f"lessons/{lesson}/index.html").read_text()


@each_lesson
def test_downloaded_dockerfile_is_what_the_cell_writes(lesson: str, site: Path) -> None:
    for name, cell, sample, _ in offers(site, lesson):
        text = (site / f"downloads/{lesson}/{name}").read_text()
        assert text in (written(cells(lesson)[cell]) if cell else [(ROOT / sample).read_text()])


@each_lesson
def test_every_dockerfile_of_the_page_is_offered_once(lesson: str, site: Path) -> None:
    offered = [name for name, *_ in offers(site, lesson)]
    assert sorted(offered) == sorted(path.name for path in site.glob(f"downloads/{lesson}/*"))
    for source in cells(lesson).values():
        if re.match(r"%%writefile \S*Dockerfile\n", source):
            texts = [(site / f"downloads/{lesson}/{name}").read_text() for name in offered]
            assert source.partition("\n")[2] in texts


def test_dockerfile_wrong_on_purpose_says_so(site: Path) -> None:
    def warned(lesson: str) -> set[str]:
        return {name for name, _, _, remark in offers(site, lesson) if "일부러" in remark}

    assert "seed.Dockerfile" in warned("11_multistage")
    assert "wheels.Dockerfile" not in warned("11_multistage")
    assert warned("16_capstone") == {"wrong.Dockerfile"}
