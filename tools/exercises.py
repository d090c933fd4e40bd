"""Makes exercises/ from solutions/: the same notebooks with nothing of the solutions left.

    tools/exercises           writes them
    tools/exercises --check   exit status 1 if one of them is not what it would write

A code cell tagged ``solution`` becomes its ``metadata.stub`` (a comment with TODO in it); a
Markdown cell so tagged goes.  Everything else, the cells' ids included, stays as it is.
"""

from __future__ import annotations

import sys

from nbformat import NotebookNode

from tools.notebook import ROOT, checking, read, tags, trouble, written


def exercise(solution: NotebookNode) -> NotebookNode:
    """The notebook for learners.  Raises ValueError where a stub is missing."""
    cells = [kept for cell in solution.cells for kept in _kept(cell)]
    return NotebookNode({**solution, "cells": cells})


def _kept(cell: NotebookNode) -> list[NotebookNode]:
    stub = cell.metadata.get("stub")
    if "solution" not in tags(cell):
        if stub is not None:
            raise ValueError(f"셀 {cell.id}: stub이 있는데 solution 태그가 없다")
        return [cell]
    if cell.cell_type == "markdown":
        return []
    if not stub or "TODO" not in stub:
        raise ValueError(f"셀 {cell.id}: 풀이에는 TODO가 든 stub이 있어야 한다")
    rest = {name: value for name, value in cell.metadata.items() if name not in ("stub", "tags")}
    return [NotebookNode({**cell, "metadata": NotebookNode(rest), "source": stub})]


def make(check: bool) -> int:
    """Writes what has changed, or only names it; the exit status."""
    status = 0
    wanted = set()
    for source in sorted((ROOT / "solutions").glob("*.ipynb")):
        target = ROOT / "exercises" / source.name
        wanted.add(target)
        try:
            made = written(exercise(read(source)))
        except ValueError as error:
            name = source.relative_to(ROOT)
            trouble(
                f"연습을 만들 수 없다: {name}", error, "셀의 메타데이터를 고치고 tools/exercises"
            )
            status = 1
            continue
        if target.exists() and target.read_text("utf-8") == made:
            continue
        if check:
            print(f"{source.relative_to(ROOT)}에서 만든 것이 아니다: {target.relative_to(ROOT)}")
            status = 1
        else:
            target.write_text(made, "utf-8")
            print(f"만들었다: {target.relative_to(ROOT)}")
    for stray in sorted(set((ROOT / "exercises").glob("*.ipynb")) - wanted):
        print(f"solutions/에 짝이 없다: {stray.relative_to(ROOT)}")
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(make(checking()))
