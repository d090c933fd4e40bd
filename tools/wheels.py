"""Which wheel each pin of the lock files has on each kind of processor that the lab runs on.

A pin's hashes do not say for which machine their files are.  ``tools/check-arm64 wheels`` asks the
package index, through uv, and keeps the answer beside this file, in ``wheels.sha256``: the wheel
that pip takes in the lab, one for both kinds or one for each, as ``sha256sum`` writes it.  So
``make check`` can hold what is locked against it without a network.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parents[1]
RECORD = Path(__file__).with_suffix(".sha256")
LOCKS = ("requirements.txt", "lab/requirements.txt", "lab/wheels.txt", "workshop/requirements.txt")
MACHINES = ("x86_64", "aarch64")  # as `uname -m` calls them
# The lab's: Debian trixie has Python 3.13 and glibc 2.41.
PYTHON = (3, 13)
GLIBC = 41
# Names that some builds of glibc had before PEP 600.
OLD_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a lock: ``name==version ; marker`` and the files that pip would accept."""

    requirement: Requirement
    hashes: frozenset[str]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        return str(self.requirement.specifier).removeprefix("==")

    def is_for(self, machine: str) -> bool:
        """Whether the lab, were it this kind of machine, would install it."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate(
            {
                "implementation_name": "cpython",
                "os_name": "posix",
                "platform_machine": machine,
                "platform_python_implementation": "CPython",
                "platform_system": "Linux",
                "python_full_version": ".".join(map(str, (*PYTHON, 0))),
                "python_version": ".".join(map(str, PYTHON)),
                "sys_platform": "linux",
            }
        )


def pins(lock: str) -> Iterator[Pin]:
    """The pins of a lock's text."""
    for block in re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.M)[1:]:
        yield Pin(
            Requirement(block.splitlines()[0].rstrip(" \\")),
            frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", block)),
        )


@cache
def ranks(machine: str) -> dict[Tag, int]:
    """What pip takes in the lab on this kind of machine, 0 the best (PEP 425, PEP 600)."""
    platforms = []
    for minor in range(GLIBC, 4, -1):
        platforms += [f"manylinux_2_{minor}_{machine}"]
        platforms += [f"{OLD_NAMES[minor]}_{machine}"] if minor in OLD_NAMES else []
    platforms += [f"linux_{machine}"]
    interpreter = "cp" + "".join(map(str, PYTHON))
    tags = chain(
        cpython_tags(PYTHON, [interpreter], platforms),
        compatible_tags(PYTHON, interpreter, platforms),
    )
    return {tag: rank for rank, tag in enumerate(tags)}


def wheel(pin: Pin, machine: str, files: Mapping[str, str]) -> str | None:
    """The best file among ``files`` ({name: SHA-256}) for this kind of machine, or None."""
    order = ranks(machine)
    ranked = []
    for file, digest in files.items():
        name, version, _, fits = parse_wheel_filename(file)
        if (name, str(version)) == (pin.name, pin.version) and digest in pin.hashes:
            ranked += [(order[tag], file) for tag in fits if tag in order]
    return min(ranked)[1] if ranked else None


def chosen(lock: str, files: Mapping[str, str]) -> dict[str, str | None]:
    """``package==version: machine`` and its wheel, for each pin where it is needed."""
    return {
        f"{pin.name}=={pin.version}: {machine}": wheel(pin, machine, files)
        for pin in pins(lock)
        for machine in MACHINES
        if pin.is_for(machine)
    }


def missing(lock: str, files: Mapping[str, str]) -> list[str]:
    """``package==version: machine`` for each pin that has no wheel where it is needed."""
    return [needed for needed, file in chosen(lock, files).items() if file is None]


def recorded(text: str) -> dict[str, str]:
    """{file name: SHA-256} of the record's text."""
    return {file: digest for digest, file in (line.split() for line in text.splitlines())}


def offered(pylock: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(file name, SHA-256) of each wheel that a pylock.toml (PEP 751) lists, for any machine."""
    for package in pylock["packages"]:
        for one in package.get("wheels", []):
            name = one.get("name") or unquote(Path(urlsplit(one["url"]).path).name)
            yield name, one["hashes"]["sha256"]


def main(answers: Iterable[str]) -> int:
    """Writes the record from uv's answers; 1, and nothing is written, if a wheel is missing."""
    files = {
        name: digest
        for answer in answers
        for name, digest in offered(tomllib.loads(Path(answer).read_text()))
    }
    found = [pair for path in LOCKS for pair in chosen((ROOT / path).read_text(), files).items()]
    if lacking := sorted({needed for needed, file in found if file is None}):
        print("\n문제: 모든 CPU에 휠이 있지는 않다", file=sys.stderr)
        print(f"  왜: {', '.join(lacking)}", file=sys.stderr)
        print(
            "다음: 휠이 있는 판으로 묶는다 (pyproject.toml에 '패키지<판'을 적고 tools/lock)",
            file=sys.stderr,
        )
        return 1
    record = {file for _, file in found if file}
    RECORD.write_text("".join(f"{files[file]}  {file}\n" for file in sorted(record)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
