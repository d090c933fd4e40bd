"""The product as the machine that runs it sees it: `make`, and this machine's engine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_make(
    verb: str,
    settings: dict[str, str],
    *,
    check: bool = True,
    stdin: str | None = None,
    timeout: int = 600,
) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        ["make", "--no-print-directory", verb],
        cwd=ROOT,
        env={**os.environ, **settings},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert not check or result.returncode == 0, result.stdout + result.stderr
    return result


def docker(*arguments: str, stdin: str | None = None, check: bool = True) -> str:
    return subprocess.run(
        ["docker", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=check,
        timeout=300,
    ).stdout.strip()


def says(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    """What happened, why, and the next command; in Korean, and not with exit status 0."""
    assert result.returncode != 0
    for part in ("문제:", "왜:", "다음:", *parts):
        assert part in result.stderr, result.stderr


def listed(name: str, *command: str) -> set[str]:
    """What the engine lists; of ours only what bears ``name``, since other tests run beside."""
    everything, ours, mine = (
        set(docker(*command, *only).split())
        for only in ((), ("--filter", "label=org.docker-anatomy"), ("--filter", f"name={name}"))
    )
    return everything - (ours - mine)
