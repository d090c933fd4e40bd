"""Real images for the views, built on the default engine from this machine's own files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

PREFIX = "docker-anatomy-test"

# The first three rows are the same in both, so the images share those layers.
SHARED = """\
FROM scratch
COPY runtime /
COPY python /usr/lib/python3
"""
BEFORE = f"""{SHARED}\
COPY cache /var/cache/apt/archives
COPY app /app
RUN rm -rf /var/cache/apt/archives
RUN echo "debug = false" >> /app/settings.ini
RUN rm -rf /usr/lib/python3/asyncio
"""
AFTER = f"""{SHARED}\
COPY app/main.py app/settings.ini /app/
"""


def build_pictures(context: Path) -> tuple[str, str]:
    """An image with waste and the same without: their references."""
    _context(context)
    references = []
    for name, dockerfile in (("views-before", BEFORE), ("views-after", AFTER)):
        references.append(f"{PREFIX}/{name}:test")
        (context / "Dockerfile").write_text(dockerfile)
        run("docker", "build", "--quiet", "--tag", references[-1], str(context))
    return references[0], references[1]


def remove_pictures(references: tuple[str, str]) -> None:
    run("docker", "image", "rm", "--force", *references)


def _context(context: Path) -> None:
    """A shell with what it needs, Python's library, an application, and a package cache."""
    for program in ("sh", "rm"):
        real = Path(shutil.which(program) or program).resolve()
        _copy(real, context / "runtime" / "bin" / program)
        for word in run("ldd", str(real)).split():
            if word.startswith("/"):
                _copy(Path(word), context / "runtime" / word.lstrip("/"))
    library = Path(sysconfig.get_path("stdlib"))
    ignore = shutil.ignore_patterns("__pycache__", "site-packages", "dist-packages", "test*", "*.a")
    shutil.copytree(library, context / "python", ignore=ignore, symlinks=True)
    for name, size in (("gcc-14_14.2.0-19_amd64.deb", 5_300_000), ("libc6-dev.deb", 1_900_000)):
        package = context / "cache" / name
        package.parent.mkdir(exist_ok=True)
        package.write_bytes(os.urandom(size))
    application = context / "app"
    application.mkdir()
    (application / "한글 안내.md").write_text("# 앱\n")
    (application / "settings.ini").write_text("[app]\n" + "# 설정\n" * 40_000)
    (application / "main.py").write_text("print('hello')\n")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def run(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout
