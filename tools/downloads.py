"""What a lesson's page hands out: the notebook, and the Dockerfiles that it writes or builds."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from tools.notebook import ROOT


@dataclass(frozen=True)
class Dockerfile:
    """One that a lesson uses."""

    name: str  # of the file that the page hands out
    text: str
    origin: str  # the id of the cell that writes it, or the path of the sample
    wrong: bool  # on purpose

    @property
    def told(self) -> str:
        """What the page says of it."""
        where = f"`{self.origin}`" if "/" in self.origin else f"[여기](#{self.origin})에서 쓴다."
        return where + (" **일부러 둔 잘못이 있다.**" if self.wrong else "")


def download_list(docs: Path, lesson: str, notebook: NotebookNode) -> str:
    """Fills docs/downloads and lists what is there."""
    folder = docs / "downloads" / lesson
    folder.mkdir(parents=True)
    shutil.copy(ROOT / f"notebooks/{lesson}.ipynb", folder.parent)
    lines = [f"- [이 수업의 노트북](../downloads/{lesson}.ipynb){{ download }}"]
    for one in dockerfiles(notebook):
        (folder / one.name).write_text(one.text, "utf-8")
        link = f"[{one.name}](../downloads/{lesson}/{one.name}){{ download }}"
        lines.append(f"- {link}: {one.told}")
    return "\n".join(lines)


def dockerfiles(notebook: NotebookNode) -> list[Dockerfile]:
    """Those that its cells write, then those that it takes from samples/, no name twice."""
    found: dict[str, Dockerfile] = {}
    for one in (*_written(notebook), *_sampled(notebook)):
        name = f"{len(found) + 1}-{one.name}" if one.name in found else one.name
        found[name] = replace(one, name=name)
    return list(found.values())


def _written(notebook: NotebookNode) -> Iterator[Dockerfile]:
    told = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            told = cell.source
            continue
        for name, text in written(cell.source):
            yield Dockerfile(name, text, cell.id, "일부러" in told)


def _sampled(notebook: NotebookNode) -> Iterator[Dockerfile]:
    source = "\n".join(cell.source for cell in notebook.cells)
    for path in sorted(ROOT.glob("samples/**/*Dockerfile")):
        beside = path.with_name(f"{path.name}.dockerignore")
        if any(f"{path.parent.name}/{name}" in source for name in (path.name, "*.Dockerfile")):
            for one in filter(Path.exists, (path, beside)):
                origin = str(one.relative_to(ROOT))
                yield Dockerfile(
                    named(str(one)), one.read_text("utf-8"), origin, "wrong" in one.parts
                )


def written(source: str) -> Iterator[tuple[str, str]]:
    """The Dockerfiles that a cell writes in so many words, each with a name of its own."""
    first, _, rest = source.partition("\n")
    if match := re.fullmatch(r"%%writefile (\S*Dockerfile)", first):
        yield named(match[1]), rest
    if first.startswith("%%"):
        return
    nodes = list(ast.walk(ast.parse(TransformerManager().transform_cell(source))))
    texts = {}
    for node in nodes:
        match node:
            case ast.Assign([ast.Name(name)], ast.Constant(str(text))):
                texts[name] = text
    for node in nodes:
        match node:
            case ast.Call(
                ast.Attribute(ast.BinOp(folder, ast.Div(), ast.Constant(str(name))), "write_text"),
                [argument],
            ) if name.endswith("Dockerfile"):
                match argument:
                    case ast.Constant(str(text)):
                        yield named(f"{ast.unparse(folder)}/{name}"), text
                    case ast.Name(variable) if variable in texts:
                        yield named(f"{ast.unparse(folder)}/{name}"), texts[variable]


def named(path: str) -> str:
    """Many are called Dockerfile; their folders tell them apart."""
    folder, _, name = path.rpartition("/")
    beside = re.sub(r"\W", "", folder.rpartition("/")[2])
    return f"{beside}.{name}" if name.startswith("Dockerfile") else name
