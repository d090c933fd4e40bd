"""How the tools read what a notebook's cells printed."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools.docs import plain
from tools.notebook import read


@pytest.mark.parametrize(
    ("pieces", "screen"),
    [
        (["하나\n", "둘\n"], "하나\n둘"),
        (["하", "나"], "하나"),
        ([" 10%\r", " 50%\r100%\n", "끝\n"], "100%\n끝"),
        (["HTTP/1.1 200 OK\r\r\n"], "HTTP/1.1 200 OK"),
        (["\r\n하나\r\n\r\n둘\r\n"], "하나\n\n둘"),
        (["\x1b[1;31m빨강\x1b[0m\x1b[K\r\n"], "빨강"),
        (["100%\r"], "100%"),
    ],
)
def test_stream_is_read_as_it_stood_on_the_screen(
    pieces: list[str], screen: str, tmp_path: Path
) -> None:
    outputs = [new_output("stream", text=piece) for piece in pieces]
    path = tmp_path / "printed.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("", outputs=outputs)]), path)
    (output,) = read(path).cells[0].outputs
    shown = screen.replace("\n", "&#10;")
    assert plain(output.text) == f'<div class="output" markdown="0"><pre>{shown}</pre></div>'


def test_two_streams_stay_apart(tmp_path: Path) -> None:
    outputs = [new_output("stream", name=name, text=name) for name in ("stdout", "stderr")]
    path = tmp_path / "printed.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("", outputs=outputs)]), path)
    assert [one.text for one in read(path).cells[0].outputs] == ["stdout", "stderr"]
