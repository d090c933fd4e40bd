"""The files of the checkout, as git would list them; where tests run in the lab there is no git."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What .gitignore keeps out, and what comes from elsewhere whole.
NOT_OURS = {
    ".git",
    ".hypothesis",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "__pycache__",
    "build",
    "node_modules",
}


def files(*endings: str) -> Iterator[Path]:
    """Each file of ours, sorted; with ``endings``, those whose names end so."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(
            name for name in folders if name not in NOT_OURS and not name.endswith(".egg-info")
        )
        if Path(folder) == ROOT / "lab/network":  # this machine's settings, never committed
            continue
        for name in sorted(names):
            if name.endswith(endings or ("",)):
                yield Path(folder, name)


def scripts(interpreter: str) -> Iterator[Path]:
    """Each file that names its interpreter in the first line: ``scripts("python3")``."""
    for path in files():
        with path.open("rb") as file:
            first = file.readline(80)
        words = first.removeprefix(b"#!").split() if first.startswith(b"#!") else []
        if words and words[-1].rpartition(b"/")[2].decode() == interpreter:
            yield path
