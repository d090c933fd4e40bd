"""The folder that mkdocs builds the site from, and how a cell's output looks there.

Plain Markdown and plain HTML come out, so any generator that reads mkdocs.yml can go on from
here.  A view becomes the same module that JupyterLab ran, mounted by mount.js from its saved state,
with its table inside for where no script runs.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from pathlib import Path

from nbconvert.filters import strip_ansi
from nbformat import NotebookNode

VIEW = "application/vnd.jupyter.widget-view+json"
# What AFM's host keeps for itself; the rest of a model's state is the view's data.
PRIVATE = {"_esm", "_css", "_anywidget_id", "layout", "tabbable", "tooltip"}
LONGEST = 20_000  # characters of one output; a lesson's page is read, not mined


class Docs:
    """The pages of one build, and the files of views that they share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.rstrip() + "\n", "utf-8")

    def fill(self, name: str, place: str, text: str) -> None:
        """Puts the text where a page that is written by hand has left a place for it."""
        path = self.folder / name
        path.write_text(path.read_text("utf-8").replace(place, text), "utf-8")

    def asset(self, content: str, suffix: str) -> str:
        """A file named by its content, stored once however many pages need it."""
        name = f"views/{hashlib.sha256(content.encode()).hexdigest()[:16]}{suffix}"
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        return name

    def output(self, output: NotebookNode, state: NotebookNode) -> str:
        """One output of a cell; ``state`` holds the models of the notebook's views."""
        if output.output_type == "stream":
            return plain(output.text)
        if output.output_type == "error":
            return plain("\n".join(output.traceback))
        if VIEW in output.data:
            return self.view(output.data, state)
        for mime in ("text/html", "image/svg+xml"):
            if mime in output.data:
                return f'<div class="output" markdown="0">\n{oneline(output.data[mime])}\n</div>'
        return plain(output.data.get("text/plain", ""))

    def view(self, data: NotebookNode, state: NotebookNode, up: str = "../../") -> str:
        """``up`` leads from the page's own address to the site's root."""
        model = state.get(data[VIEW]["model_id"], {}).get("state", {})
        if "_esm" not in model:  # ipywidgets' own controls need a kernel
            return '<p class="output">여기에 조작 도구가 나온다. 실습실에서만 움직인다.</p>'
        table = data.get("text/html") or f"<p>{html.escape(data.get('text/plain', ''))}</p>"
        kept = {
            key: value
            for key, value in model.items()
            if key not in PRIVATE and not key.startswith(("_model_", "_view_"))
        }
        places = {
            "esm": self.asset(model["_esm"], ".js"),
            "css": self.asset(model.get("_css", ""), ".css"),
            "state": self.asset(json.dumps(kept, sort_keys=True), ".json"),
        }
        attributes = " ".join(f'data-{key}="{up}{value}"' for key, value in places.items())
        return f'<div class="afm" markdown="0" {attributes}>\n{oneline(table)}\n</div>'


def plain(text: str) -> str:
    text = strip_ansi(text).strip("\r\n")
    if not text:
        return ""
    if len(text) > LONGEST:
        text = text[:LONGEST] + f"\n… ({len(text) - LONGEST:,}자 더)"
    lines = html.escape(text).replace("\n", "&#10;")  # a blank line would end the HTML block
    return f'<div class="output" markdown="0"><pre>{lines}</pre></div>'


def oneline(markup: str) -> str:
    """HTML without blank lines, which would end Markdown's HTML block."""
    return re.sub(r"\n\s*\n+", "\n", markup.strip())


def linked(source: str) -> str:
    """Links between notebooks as links between pages."""
    source = re.sub(r"\]\(\.\./notebooks/(\w+)\.ipynb", r"](../lessons/\1.md", source)
    return re.sub(r"\]\(((?:\.\./exercises/)?\w+)\.ipynb", r"](\1.md", source)
