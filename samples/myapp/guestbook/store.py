"""Where the guest book keeps its lines."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock


class Store:
    """Lines in a file of the given folder, or in memory if there is none."""

    def __init__(self, folder: str | None) -> None:
        self._file = Path(folder, "lines.txt") if folder else None
        self._memory: list[str] = []
        self._lock = Lock()

    def lines(self) -> list[str]:
        if self._file is None:
            return list(self._memory)
        try:
            return self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def add(self, line: str) -> None:
        line = " ".join(line.split())
        with self._lock:
            if self._file is None:
                self._memory.append(line)
                return
            with self._file.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def writable(self) -> bool:
        return self._file is None or os.access(self._file.parent, os.W_OK)
