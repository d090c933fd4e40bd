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
    """Each file whose first line names its interpreter so: ``scripts("python3")``."""
    for path in files():
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            first = file.readline(120)
        if first.startswith(b"#!") and interpreter in {
            word.rpartition("/")[2] for word in first[2:].decode("utf-8", "replace").split()
        }:
            yield path
