"""What a test needs of the machine: it is skipped where that is missing, and fails so in the lab.

The lab has everything, so nothing may be skipped there without anybody noticing.  `make check`
wants none of it, even where it is: whoever edits a sentence gets no images built on his engine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import pytest

IN_LAB = "LAB_STORE" in os.environ  # set by compose.yaml
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # dive comes as a wheel


def needs(*things: str) -> None:
    """To be called by the test or the fixture that cannot do without."""
    missing = [one for one in things if not _is_here(one)]
    if missing and IN_LAB:
        pytest.fail(f"the lab lacks {', '.join(missing)}", pytrace=False)
    if missing:
        pytest.skip(f"needs {', '.join(missing)}, as in the lab")


@cache
def _is_here(thing: str) -> bool:
    return "NEITHER_ENGINE_NOR_LAB" not in os.environ and _CHECKS[thing]()


def _runs(*command: str) -> bool:
    if shutil.which(command[0], path=PATH) is None:
        return False
    environment = {**os.environ, "PATH": PATH}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    return done.returncode == 0


def _mounts() -> bool:
    if os.geteuid() or "\toverlay\n" not in Path("/proc/filesystems").read_text():
        return False
    with tempfile.TemporaryDirectory() as folder:
        return _runs("mount", "-t", "tmpfs", "tmpfs", folder) and _runs("umount", folder)


_CHECKS: dict[str, Callable[[], bool]] = {
    "an engine": partial(_runs, "docker", "version"),
    "buildx": partial(_runs, "docker", "buildx", "version"),
    "dive": partial(_runs, "dive", "--version"),
    "overlay mounts": _mounts,
    "root": lambda: os.geteuid() == 0,
    "skopeo": partial(_runs, "skopeo", "--version"),
    "umoci": partial(_runs, "umoci", "--version"),
}
