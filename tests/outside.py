"""The product as the machine that runs it sees it: `make`, and this machine's engine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def run_make(
    verb: str,
    settings: dict[str, str],
    *,
    check: bool = True,
    stdin: str | None = None,
    timeout: int = 600,
    cwd: Path = ROOT,
) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        ["make", "--no-print-directory", verb],
        cwd=cwd,
        env={**os.environ, **settings},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert not check or result.returncode == 0, result.stdout + result.stderr
    return result


def copy_sources(folder: Path) -> None:
    """The checkout's files as a repository of its own, which a test may change as it likes."""
    folder.mkdir(parents=True)
    git = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    sources = subprocess.run(
        [ROOT / "lab/host", "sources"], env={**os.environ, **git}, capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "-xf", "-", "-C", folder], input=sources, check=True)
    for command in ("init -q", "add -A", "-c user.name=x -c user.email=x commit -qm x"):
        subprocess.run(["git", *command.split()], cwd=folder, check=True)


def docker(*arguments: str, stdin: str | None = None, check: bool = True) -> str:
    return subprocess.run(
        ["docker", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=check,
        timeout=300,
    ).stdout.strip()


def lab_grants() -> list[str]:
    """What compose.yaml grants the lab, as options of ``docker run``."""
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["lab"]
    return [
        *(f"--cap-add={one}" for one in service["cap_add"]),
        *(f"--security-opt={one}" for one in service["security_opt"]),
        f"--userns={service['userns_mode']}",
        *(f"--tmpfs={one}" for one in service["tmpfs"]),
    ]


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
