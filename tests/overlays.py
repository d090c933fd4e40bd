"""An overlay mount with one of everything, made by the kernel itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from needs import needs


@contextmanager
def overlay_mount(folder: Path) -> Iterator[Path]:
    """Two lowers, an upper and what has been done to merged, on a tmpfs below ``folder``."""
    needs("overlay mounts")
    top = folder / "over, lay:1"  # characters that mount options escape
    top.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", top], check=True)
    folders = ("low1", "low2", "upper", "work", "merged")
    for name in folders:
        (top / name).mkdir()
    low1, low2 = top / "low1", top / "low2"
    for place in (low1 / "etc", low2 / "etc", low2 / "lib/app", low2 / "cache/sub", low1 / "opt",
                  low2 / "opt"):  # fmt: skip
        place.mkdir(parents=True)
    (low2 / "etc/hosts").write_text("lower two")
    (low1 / "etc/hosts").write_text("lower one")
    (low2 / "etc/big.conf").write_bytes(b"x" * 40_000)
    (low2 / "etc/link").symlink_to("hosts")
    (low2 / "lib/app/gone.so").write_text("gone")
    (low2 / "lib/app/same.so").write_text("same")
    (low2 / "cache/sub/old").write_text("old")
    (low2 / "opt/dead").write_text("dead")
    os.mknod(low1 / "opt/dead", 0o20000, 0)  # a lower that already deletes
    (low2 / "kind").write_text("a file")
    quoted = {name: str(top / name).replace(":", "\\:").replace(",", "\\,") for name in folders}
    options = (
        f"lowerdir={quoted['low1']}:{quoted['low2']},"
        f"upperdir={quoted['upper']},workdir={quoted['work']}"
    )
    # The kernel's own mount call: newer mount(8) takes options apart in its own way.
    subprocess.run(
        ["mount", "-i", "-t", "overlay", "-o", options, "overlay", top / "merged"], check=True
    )
    merged = top / "merged"
    with (merged / "etc/big.conf").open("ab") as file:
        file.write(b"y")
    (merged / "lib/app/gone.so").unlink()
    (merged / "etc/new").write_text("new")
    (merged / "etc/link").unlink()
    (merged / "etc/link").symlink_to("big.conf")
    subprocess.run(["rm", "-r", merged / "cache"], check=True)
    (merged / "cache").mkdir()
    (merged / "cache/fresh").write_text("fresh")
    (merged / "kind").unlink()
    (merged / "kind").mkdir()
    yield merged
    subprocess.run(["umount", merged], check=True)
    subprocess.run(["umount", top], check=True)
