"""Notebooks as the tools read and write them: nbformat's, every text in one piece."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
WIDGETS = "application/vnd.jupyter.widget-state+json"


def read(path: Path) -> NotebookNode:
    """The notebook, neighbouring pieces of a stream joined and overwritten lines left out."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                # A terminal's line ends, which nbconvert would take for lines written over.
                output.text = re.sub(r"\r+\n", "\n", output.text)
    CoalesceStreamsPreprocessor().preprocess(notebook, {})
    return notebook


def written(notebook: NotebookNode) -> str:
    """The text of its file, to the byte as JupyterLab saves it."""
    return f"{nbformat.writes(notebook)}\n"


def heading(notebook: NotebookNode) -> tuple[str, str]:
    """Title and question: ``# title: question`` is a lesson's first line."""
    title, _, question = notebook.cells[0].source.splitlines()[0].lstrip("# ").partition(": ")
    return title, question


def tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def widget_state(notebook: NotebookNode) -> NotebookNode:
    """The saved models of its views, by their ids."""
    saved = notebook.metadata.get("widgets", {}).get(WIDGETS, {})
    return NotebookNode(saved.get("state", {}))


def fence(source: str) -> str:
    """A code cell's source as Markdown."""
    ticks = "`" * max(3, 1 + max(map(len, re.findall(r"`+", source)), default=0))
    return f"{ticks}{language(source)}\n{source}\n{ticks}"


def language(source: str) -> str:
    first = source.split("\n", 1)[0]
    if first.startswith(("%%sh", "%%bash")):
        return "bash"
    if first.startswith("%%writefile") and "Dockerfile" in first:
        return "dockerfile"
    return "python"


def checking() -> bool:
    """Whether the command line asks for ``--check``; anything else ends here, before it writes."""
    if sys.argv[1:] not in ([], ["--check"]):
        print(f"usage: tools/{Path(sys.argv[0]).stem} [--check]", file=sys.stderr)
        sys.exit(2)
    return sys.argv[1:] == ["--check"]


def trouble(what: str, why: object, then: str) -> None:
    """Tells the person at the terminal what happened, why, and the next command."""
    reason, _, _ = str(why).partition("\n")  # the rest of a validation's message is the notebook
    print(f"\n문제: {what}\n  왜: {reason}\n다음: {then}", file=sys.stderr)
