"""layerscope against dive, ``docker save`` and ``tarfile``: same images, one run.

    python tests/bench/bench_layerscope.py [--rounds 3] [--only many,fewbig]

Builds big images on the default engine (it takes some minutes and about 6 GB for a while),
measures wall seconds and peak memory of whole processes, medians of the rounds, page cache warm,
prints the tables and the targets, and removes what it made.  Exit status 1: a target was missed.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = "docker-anatomy-test/bench"
LABEL = "org.docker-anatomy=test"
ROOT = Path(__file__).resolve().parents[2]
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

TARFILE = """
import sys, tarfile
count = 0
with tarfile.open(sys.argv[1]) as archive:
    for member in archive:
        if member.isfile() and member.size > 100_000:
            with tarfile.open(fileobj=archive.extractfile(member)) as layer:
                count += sum(1 for _ in layer)
print(count)
"""


@dataclass(frozen=True)
class Shape:
    """What an image holds: layers of so many files of so many bytes each."""

    name: str
    layers: int
    files: int  # in each layer
    size: int  # bytes of each file


SHAPES = (
    Shape("many", 5, 12_000, 11_000),  # 660 MB, 60,000 files
    Shape("fewbig", 2, 1, 350_000_000),  # 700 MB, 2 files
    Shape("mixed", 3, 4_000, 60_000),  # 720 MB, 12,000 files
    Shape("files50k", 1, 50_000, 700),
    Shape("files100k", 1, 100_000, 700),
    Shape("files200k", 1, 200_000, 700),
)


@dataclass
class Cost:
    seconds: float
    memory: int  # kB at the peak


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="names of images, separated by commas")
    options = parser.parse_args()
    shapes = [one for one in SHAPES if not options.only or one.name in options.only.split(",")]
    engine = _run(["docker", "info", "-f", "{{.ServerVersion}} {{.Driver}}"]).strip()
    print(f"engine {engine}, {os.cpu_count()} cores, rounds {options.rounds}\n", flush=True)
    missed: list[str] = []
    per_file: dict[str, dict[str, float]] = {}
    print(
        "| image | MB | files | contender | seconds | peak MB | against layerscope |\n"
        "|---|---|---|---|---|---|---|",
        flush=True,
    )
    for shape in shapes:
        with _image(shape) as (name, archive):
            costs = _measure(name, archive, options.rounds)
            _print(shape, costs)
            missed += _misses(shape, costs)
            if shape.name.startswith("files"):
                per_file[shape.name] = {
                    key: 1e6 * costs[key].seconds / shape.files
                    for key in ("layerscope live", "layerscope archive")
                }
    for name, row in per_file.items():
        print(f"{name}: " + ", ".join(f"{key} {value:.1f} us/file" for key, value in row.items()))
    for key in ("layerscope live", "layerscope archive"):
        values = [row[key] for row in per_file.values()]
        if len(values) > 1 and values[-1] > 1.3 * values[0]:
            missed.append(f"{key} is not linear in the number of files: {values}")
    print("\nall targets met" if not missed else "\nmissed:\n" + "\n".join(missed))
    return 1 if missed else 0


def _measure(name: str, archive: Path, rounds: int) -> dict[str, Cost]:
    scratch = archive.parent
    cache = scratch / "cache"
    environment = {**os.environ, "PATH": PATH, "XDG_CACHE_HOME": str(cache)}
    report = scratch / "dive.json"
    layerscope = [sys.executable, "-m", "layerscope.command", "--json"]

    def forget() -> None:
        shutil.rmtree(cache, ignore_errors=True)
        report.unlink(missing_ok=True)

    contenders: dict[str, tuple[list[str], Callable[[], None]]] = {
        "layerscope live": ([*layerscope, name], forget),
        "layerscope again": ([*layerscope, name], lambda: None),
        "dive live": (["dive", name, "--json", str(report)], forget),
        "docker save": (["docker", "save", name], forget),
        "layerscope archive": ([*layerscope, f"docker-archive:{archive}"], forget),
        "dive archive": (
            ["dive", "--source", "docker-archive", str(archive), "--json", str(report)],
            forget,
        ),
        "import only": ([sys.executable, "-c", "import layerscope.command"], forget),
        "tarfile archive": ([sys.executable, "-c", TARFILE, str(archive)], forget),
    }
    runs: dict[str, list[Cost]] = {key: [] for key in contenders}
    for _ in range(rounds):
        for key, (command, prepare) in contenders.items():
            prepare()
            runs[key].append(_cost(command, environment))
    return {
        key: Cost(statistics.median(one.seconds for one in costs), max(one.memory for one in costs))
        for key, costs in runs.items()
    }


def _cost(command: list[str], environment: dict[str, str]) -> Cost:
    """Wall seconds and peak memory of one process and its children, its output thrown away.

    The peak is the sum of their VmHWM, looked at every few milliseconds: what ``wait4`` reports
    includes the process that started it.  Pages that parent and child share count twice.
    """
    peak = 0
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        while process.poll() is None:
            peak = max(peak, _high_water(process.pid))
            time.sleep(0.004)
        seconds = time.perf_counter() - start
        errors.seek(0)
        if process.returncode:
            raise RuntimeError(f"{command} failed: {errors.read().decode()}")
    return Cost(seconds, peak)


def _high_water(process: int) -> int:
    """kB of a process and its children."""
    total = 0
    members = [str(process)]
    with suppress(OSError):
        members += Path(f"/proc/{process}/task/{process}/children").read_text().split()
    for one in members:
        with suppress(OSError):  # it may have ended meanwhile
            words = Path(f"/proc/{one}/status").read_text().split()
            if "VmHWM:" in words:
                total += int(words[words.index("VmHWM:") + 1])
    return total


def _print(shape: Shape, costs: dict[str, Cost]) -> None:
    for key, cost in costs.items():
        own = costs["layerscope archive" if key.endswith("archive") else "layerscope live"]
        print(
            f"| {shape.name} | {shape.layers * shape.files * shape.size / 1e6:.0f}"
            f" | {shape.layers * shape.files:,} | {key} | {cost.seconds:.2f}"
            f" | {cost.memory / 1000:.0f} | {cost.seconds / own.seconds:.1f}x |",
            flush=True,
        )


def _misses(shape: Shape, costs: dict[str, Cost]) -> Iterator[str]:
    """The targets: 15 times dive live for big images, dive's archive time, dive's memory.

    Many files of few bytes are no target but to be faster: saving them takes the engine less than
    looking at each takes anybody.  Nor can any Python program be below its interpreter's memory.
    """
    megabytes = shape.layers * shape.files * shape.size / 1e6
    live, archive = costs["layerscope live"], costs["layerscope archive"]
    ratio = costs["dive live"].seconds / live.seconds
    if ratio < (15 if megabytes >= 500 else 1):
        yield f"{shape.name}: {ratio:.1f} times faster than dive live"
    if archive.seconds > costs["dive archive"].seconds:
        yield f"{shape.name}: slower than dive on the archive"
    least = 1.2 * costs["import only"].memory
    for own, other in ((live, costs["dive live"]), (archive, costs["dive archive"])):
        if own.memory > max(other.memory, least):
            yield f"{shape.name}: {own.memory} kB at the peak, dive {other.memory} kB"


@contextmanager
def _image(shape: Shape) -> Iterator[tuple[str, Path]]:
    name = f"{REPOSITORY}:{shape.name}"
    with tempfile.TemporaryDirectory(prefix="docker-anatomy-test-", dir="/var/tmp") as scratch:
        context = Path(scratch, "context")
        context.mkdir()
        lines = ["FROM scratch", f"LABEL {LABEL}"]
        for layer in range(shape.layers):
            _tar(context / f"{layer}.tar", shape, layer)
            lines.append(f"ADD {layer}.tar /layer{layer}/")
        (context / "Dockerfile").write_text("\n".join(lines) + "\n")
        try:
            _run(["docker", "build", "-q", "--no-cache", "-t", name, str(context)])
            shutil.rmtree(context)
            archive = Path(scratch, "image.tar")
            _run(["docker", "save", "-o", str(archive), name])
            yield name, archive
        finally:
            subprocess.run(["docker", "rmi", "-f", name], capture_output=True, check=False)


def _tar(path: Path, shape: Shape, seed: int) -> None:
    """Files of which half can be compressed, in directories of 200."""
    noise = random.Random(seed).randbytes(4 << 20)  # noqa: S311  # only has to be incompressible
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for number in range(shape.files):
            member = tarfile.TarInfo(f"d{number // 200:04}/f{number:06}.bin")
            member.size = shape.size
            archive.addfile(member, _Half(noise, number * shape.size, shape.size))


class _Half(io.RawIOBase):
    """``size`` bytes, noise and repetition in turn."""

    def __init__(self, noise: bytes, start: int, size: int) -> None:
        self._noise = noise
        self._at = start
        self._left = size

    def read(self, size: int = -1) -> bytes:
        size = min(self._left, size if size >= 0 else self._left)
        half = size // 2
        at = self._at % (len(self._noise) - min(half, len(self._noise) // 2))
        piece = self._noise[at : at + half]
        piece += b"docker-anatomy " * ((size - len(piece)) // 15 + 1)
        self._left -= size
        self._at += half
        return piece[:size]


def _run(command: list[str]) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, "PATH": PATH, "DOCKER_BUILDKIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
