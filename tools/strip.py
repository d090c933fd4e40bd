"""Makes notebooks that JupyterLab saved fit to commit, and exercises/ from solutions/.

    tools/strip           writes them
    tools/strip --check   exit status 1 if one of them is not as it would write it

What was run and how JupyterLab looked goes: outputs, counts, times, the state of views, folded
outputs and headings, the kernel's exact name and version.  Sources, cells' ids and what the course
says of a cell stay; saved again without an edit, a notebook is to the byte what was committed.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbconvert.preprocessors import ClearOutputPreprocessor
from nbformat import NotebookNode
from nbformat.validator import get_validator

from tools import exercises
from tools.notebook import ROOT, checking, trouble, written

# What the course says of a cell.
OURS = ("slideshow", "stub", "tags")
# What it says of a notebook; a kernel calls itself differently on each machine.
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def stripped(text: str) -> str:
    """A notebook's file as it is committed.

    Raises ValueError or nbformat.ValidationError where it is no notebook.
    """
    document = json.loads(text)
    get_validator(4, 5).validate(document)  # 4.5: the first whose cells have ids
    twice = [
        name for name, count in Counter(c["id"] for c in document["cells"]).items() if count > 1
    ]
    if twice:  # nbformat would replace them by others, and nothing that leads there would any more
        raise ValueError(f"같은 id의 셀이 여럿이다: {', '.join(twice)}")
    notebook: NotebookNode = nbformat.reads(text, as_version=4)
    ClearOutputPreprocessor().preprocess(notebook, {})
    for cell in notebook.cells:
        ours = {name: value for name, value in cell.metadata.items() if name in OURS}
        if cell.metadata.get("jupyter", {}).get("source_hidden"):  # long code behind a picture
            ours["jupyter"] = {"source_hidden": True}
        cell.metadata = NotebookNode(ours)
    title = {name: value for name, value in notebook.metadata.items() if name == "title"}
    notebook.metadata = NotebookNode({**KERNEL, **title})
    return written(notebook)


def strip(paths: Iterable[Path], check: bool) -> int:
    """Writes those that are not as they are committed, or only names them; the exit status."""
    status = 0
    for path in paths:
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        try:
            text = path.read_bytes().decode("utf-8")  # whose line ends are as they are
            clean = stripped(text)
        except (OSError, ValueError, nbformat.ValidationError) as error:
            trouble(f"노트북으로 읽을 수 없어 그대로 두었다: {name}", error, f"git diff {name}")
            status = 1
            continue
        if clean == text:
            continue
        if check:
            print(f"정리되지 않았다: {name}")
            status = 1
        else:
            path.write_text(clean, "utf-8")
            print(f"정리했다: {name}")
    return status


def main() -> int:
    check = checking()
    sources = sorted((*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb")))
    return strip(sources, check) or exercises.make(check)


if __name__ == "__main__":
    sys.exit(main())
