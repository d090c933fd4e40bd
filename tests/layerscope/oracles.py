"""The other tools that answers are held against: dive, umoci, skopeo."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from needs import PATH, needs


@dataclass
class Dive:
    size: int
    layers: list[int]  # sizes
    diff_ids: list[str]
    inefficient: int
    efficiency: float
    references: dict[str, tuple[int, int]]


def dive(archive: Path, scratch: Path) -> Dive:
    """dive's JSON of a docker-archive."""
    out = scratch / "dive.json"
    out.unlink(missing_ok=True)  # dive does not truncate it
    _run("dive", "--source", "docker-archive", str(archive), "--json", str(out))
    assert out.exists(), "dive panicked"  # it ends with status 0 even so, now and then
    report = json.loads(out.read_text())
    image = report["image"]
    return Dive(
        size=image["sizeBytes"],
        layers=[layer["sizeBytes"] for layer in report["layer"]],
        diff_ids=[layer["digestId"] for layer in report["layer"]],
        inefficient=image["inefficientBytes"],
        efficiency=image["efficiencyScore"],
        references={
            row["file"]: (row["count"], row["sizeBytes"]) for row in image["fileReference"] or []
        },
    )


def skopeo_config(archive: Path) -> dict[str, Any]:
    raw = _run("skopeo", "inspect", "--config", "--raw", f"docker-archive:{archive}")
    config: dict[str, Any] = json.loads(raw)
    return config


def umoci_unpack(archive: Path, scratch: Path) -> Path:
    """The final root file system of a docker-archive's image, on disk."""
    _run("skopeo", "copy", "-q", f"docker-archive:{archive}", f"oci:{scratch}/oci:image")
    _run("umoci", "unpack", "--image", f"{scratch}/oci:image", str(scratch / "bundle"))
    return scratch / "bundle" / "rootfs"


@dataclass
class Disk:
    paths: set[str]
    bytes: int  # of regular files, each inode once


def walk(root: Path) -> Disk:
    paths: set[str] = set()
    inodes: dict[int, int] = {}
    for parent, directories, files in os.walk(os.fsencode(root)):
        for name in directories + files:
            path = parent + b"/" + name
            facts = os.lstat(path)
            paths.add(os.fsdecode(os.path.relpath(path, os.fsencode(root))))
            if stat.S_ISREG(facts.st_mode):
                inodes[facts.st_ino] = facts.st_size
    return Disk(paths, sum(inodes.values()))


def _run(*words: str) -> str:
    needs(words[0])
    done = subprocess.run(
        words, env={**os.environ, "PATH": PATH}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done.stdout
