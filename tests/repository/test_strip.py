"""tools/strip: what JupyterLab saves comes back as it was committed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from tools.notebook import read
from tools.strip import strip, stripped

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])
TIMES = {
    "iopub.execute_input": "2026-01-01T00:00:00Z",
    "shell.execute_reply": "2026-01-01T00:00:01Z",
}
WIDGETS = "application/vnd.jupyter.widget-state+json"


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """Saves a notebook as JupyterLab does after Run All, through the server's own contents."""
    contents = LargeFileManager(root_dir=str(tmp_path))

    def save(path: Path, edit: Callable[[NotebookNode], Any] = lambda notebook: None) -> Path:
        shutil.copy(path, tmp_path)
        model = contents.get(path.name)
        run(model["content"])
        edit(model["content"])
        contents.save(
            {"type": "notebook", "format": "json", "content": model["content"]}, path.name
        )
        return tmp_path / path.name

    return save


def run(notebook: NotebookNode) -> None:
    """Leaves all the traces that running and looking at a notebook leaves in it."""
    notebook.metadata["widgets"] = {WIDGETS: {"state": {"a": {"model_name": "AnyModel"}}}}
    notebook.metadata["kernelspec"]["display_name"] = "Python 3 (ipykernel)"
    notebook.metadata["language_info"] = {
        "name": "python",
        "version": "3.13.5",
        "file_extension": ".py",
    }
    for count, cell in enumerate(notebook.cells, start=1):
        cell.metadata |= {"trusted": True, "editable": True, "jp-MarkdownHeadingCollapsed": True}
        if cell.cell_type == "code":
            cell.execution_count = count
            cell.outputs = [new_output("stream", text="하나\n둘\n"), new_output("error")]
            cell.metadata |= {"execution": TIMES, "collapsed": False, "scrolled": True}
            cell.metadata.setdefault("jupyter", {})["outputs_hidden"] = True


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_notebook_that_jupyter_saved_is_to_the_byte_what_was_committed(
    path: Path, saved: Callable[..., Path]
) -> None:
    copy = saved(path)
    assert copy.read_bytes() != path.read_bytes()
    assert strip([copy], check=False) == 0
    assert copy.read_bytes() == path.read_bytes()


def test_an_edit_is_all_that_is_left(saved: Callable[..., Path]) -> None:
    def edit(notebook: NotebookNode) -> None:
        notebook.cells[1].source = "새 글\n\n두 문단"
        notebook.cells.insert(2, new_code_cell("1 + 1", metadata={"tags": ["raises-exception"]}))

    path = ROOT / "notebooks/05_layers.ipynb"
    copy = saved(path, edit)
    strip([copy], check=False)
    before, after = read(path).cells, read(copy).cells
    assert after[1] == before[1] | {"source": "새 글\n\n두 문단"}
    assert after.pop(2).metadata == {"tags": ["raises-exception"]}
    assert [cell.id for cell in after] == [cell.id for cell in before]
    assert after[2:] == before[2:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-100],
        lambda text: text.replace("  {\n", "<<<<<<< HEAD\n  {\n", 1),
        lambda text: "[]",
        lambda text: text.replace('"id": ', '"name": ', 1),
    ],
    ids=["cut off", "a conflict's marks", "no notebook", "a cell without an id"],
)
def test_broken_notebook_is_refused_in_korean_and_left_as_it_was(
    damage: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "broken.ipynb"
    copy.write_text(damage((ROOT / "notebooks/05_layers.ipynb").read_text()))
    before = copy.read_bytes()
    assert strip([copy], check=False) == 1
    assert copy.read_bytes() == before
    told = capsys.readouterr().err
    assert all(
        part in told for part in ("문제: ", "왜: ", "다음: git diff ", "그대로 두었다", copy.name)
    )


def test_others_are_stripped_beside_a_broken_one(
    saved: Callable[..., Path], tmp_path: Path
) -> None:
    whole, broken = saved(SOURCES[0]), tmp_path / "broken.ipynb"
    broken.write_text("{")
    assert strip([broken, whole], check=False) == 1
    assert whole.read_bytes() == SOURCES[0].read_bytes()


def test_check_names_what_is_not_clean_and_writes_nothing(
    saved: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    copy = saved(SOURCES[0])
    before = copy.read_bytes()
    assert strip([SOURCES[1], copy], check=True) == 1
    assert copy.read_bytes() == before
    assert capsys.readouterr().out == f"정리되지 않았다: {copy}\n"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_is_committed_is_clean(path: Path) -> None:
    assert stripped(path.read_text()) == path.read_text()


# ---- the commands, on a machine that may lack Jupyter ------------------------------------


def command(folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    shutil.copytree(ROOT / "tools", folder / "tools", dirs_exist_ok=True)
    environment = os.environ | {"PYTHON": python}
    return subprocess.run(
        [folder / "tools/strip", "--check"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_jupyter_the_command_says_what_to_do(tmp_path: Path) -> None:
    result = command(tmp_path, "false")
    assert result.returncode == 1
    assert result.stdout == ""
    assert "문제: " in result.stderr and "다음: make check" in result.stderr


def test_command_finds_the_python_that_make_check_installed(tmp_path: Path) -> None:
    python = tmp_path / "build/venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\n[ "$1" = -c ] || echo "$@"\n')
    python.chmod(0o755)
    assert command(tmp_path, "false").stdout == "-m tools.strip --check\n"
