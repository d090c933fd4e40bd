"""Makes the site's pages: executed lessons and exercises, and what data_pages adds, as Markdown.

    python -m tools.pages EXECUTED DOCS

EXECUTED: a folder of lessons as the lab ran them, outputs and widget state inside.
DOCS: the folder to fill; mkdocs builds the site from it.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from itertools import groupby
from pathlib import Path

from nbformat import NotebookNode

from tools import data_pages
from tools.docs import Docs, linked
from tools.downloads import download_list
from tools.notebook import ROOT, fence, heading, read, tags, widget_state


def lesson(docs: Docs, path: Path) -> None:
    notebook = read(path)
    state = widget_state(notebook)
    parts = [front_matter(notebook), *(lesson_cell(docs, cell, state) for cell in notebook.cells)]
    parts += ["## 내려받기", download_list(docs.folder, path.stem, notebook)]
    docs.write(f"lessons/{path.stem}.md", "\n\n".join(parts))


def front_matter(notebook: NotebookNode) -> str:
    """A lesson's name for the navigation, which has no room for the question after the colon."""
    title, question = (text.replace("`", "") for text in heading(notebook))
    texts = {"title": title, "description": question}
    lines = [f"{key}: {json.dumps(text, ensure_ascii=False)}" for key, text in texts.items()]
    return "\n".join(["---", *lines, "---"])


def lesson_cell(docs: Docs, cell: NotebookNode, state: NotebookNode) -> str:
    anchor = f'<a id="{cell.id}"></a>\n\n'
    if cell.cell_type == "markdown":
        text = linked(cell.source)
        # The page's title comes first, or it would not be the title.
        return f"{text}\n\n{anchor.rstrip()}" if text.startswith("# ") else anchor + text
    hidden = cell.metadata.get("jupyter", {}).get("source_hidden")
    shown = "" if hidden else fence(cell.source) + "\n\n"
    outputs = [docs.output(one, state) for one in cell.outputs]
    return anchor + shown + "\n\n".join(filter(None, outputs))


def exercises(docs: Docs, path: Path) -> None:
    """Statements on one page, solutions behind folds on another."""
    asked: list[str] = []
    told: list[str] = []
    for solution, group in groupby(read(path).cells, key=lambda cell: "solution" in tags(cell)):
        texts = [(cell.cell_type, exercise_cell(cell)) for cell in group]
        if solution:
            fold = "\n\n".join(text for _, text in texts)
            told.append('??? note "풀이 보기"\n\n' + indent(fold))
        else:
            asked += [text for _, text in texts]
            told += [text for kind, text in texts if kind == "markdown"]
    name = path.stem
    asked.append(f"---\n\n[이 연습의 풀이](../solutions/{name}.md)")
    told.append(f"---\n\n[문제만 보기](../exercises/{name}.md)")
    docs.write(f"exercises/{name}.md", "\n\n".join(asked))
    docs.write(f"solutions/{name}.md", "\n\n".join(told).replace(". 연습: ", ". 풀이: ", 1))


def exercise_cell(cell: NotebookNode) -> str:
    if cell.cell_type != "markdown":
        return fence(cell.source)
    # The list of exercises leads to each by its number.
    return re.sub(r"^(## (\d\d-\d)\. .+)$", r"\1 {#\2}", linked(cell.source), flags=re.M)


def indent(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.split("\n"))


def main() -> int:
    executed, folder = map(Path, sys.argv[1:3])
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "site", folder, ignore=shutil.ignore_patterns("*.json", "overrides"))
    docs = Docs(folder)
    for path in sorted(executed.glob("*.ipynb")):
        lesson(docs, path)
    for path in sorted((ROOT / "solutions").glob("*.ipynb")):
        exercises(docs, path)
    data_pages.exercise_list(docs)
    data_pages.front(docs, executed)
    data_pages.lesson_list(docs)
    data_pages.timings(docs, executed)
    data_pages.claims(docs)
    data_pages.glossary(docs)
    docs.write("changelog.md", (ROOT / "CHANGELOG.md").read_text("utf-8"))
    shutil.copy(ROOT / "layerscope/views/mount.js", folder / "assets/mount.js")
    return 0


if __name__ == "__main__":
    sys.exit(main())
