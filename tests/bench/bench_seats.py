"""How many seats of a workshop this machine carries.  `make bench` runs it beside the engine.

    python tests/bench/bench_seats.py [--seats 20] [--busy 1 5 10]

Opens a workshop of its own, seat after seat, until that many are open or memory runs short; then
lets 1, 5, 10 of them run lesson 05 at once while the others idle.  Memory is the seat's cgroup
without file cache that the kernel would give back (as `docker stats` counts); times are wall time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker

ROOT = Path(__file__).parents[2]
NAME = "docker-anatomy-bench"
SETTINGS = {"WORKSHOP_NAME": NAME, "WORKSHOP_PORT": "18899", "WORKSHOP_SEATS": "60", "YES": "1"}
RESERVE = 2 << 30  # bytes of memory that must stay free on this machine
LONGEST = 60.0  # seconds: a class waits no longer for one cell
# Run in the seat: the lesson as a learner runs it, then the seconds of each of its cells.
LESSON = """
cd /learn/notebooks && jupyter execute --timeout=600 --output=/tmp/out.ipynb 05_layers.ipynb \
    >/tmp/out.log 2>&1 || { tail -5 /tmp/out.log >&2; exit 1; }
python - <<'END'
import datetime, json
when = datetime.datetime.fromisoformat
times = [c["metadata"].get("execution", {}) for c in json.load(open("/tmp/out.ipynb"))["cells"]]
print(json.dumps([
    (when(t["shell.execute_reply"]) - when(t["iopub.execute_input"])).total_seconds()
    for t in times if "shell.execute_reply" in t
]))
END
"""
client = docker.from_env(timeout=300)


@dataclass(frozen=True)
class Run:
    """One seat's run of the lesson."""

    seconds: float
    cells: list[float]  # seconds of each code cell


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seats", type=int, default=20)
    parser.add_argument("--busy", type=int, nargs="+", default=[1, 5, 10])
    wanted = parser.parse_args()
    machine = client.info()
    print(f"machine: {machine['NCPU']} cores, {gib(machine['MemTotal'])}\n")
    with workshop():
        seats = open_seats(wanted.seats)
        print()
        row("busy seats", "idle seats", "lesson 05, s (median)", "slowest", "against 1 busy seat",
            "slowest cell, s", "MB a busy seat (peak)", "all seats", "free")  # fmt: skip
        row(*["--:"] * 9)
        alone = None
        for busy in (count for count in wanted.busy if count <= len(seats)):
            runs, peak, total, left = run_lesson(seats, busy)
            seconds = statistics.median(run.seconds for run in runs)
            alone = alone or seconds
            slowest = max(max(run.cells) for run in runs)
            row(busy, len(seats) - busy, f"{seconds:.0f}",
                f"{max(run.seconds for run in runs):.0f}", f"{seconds / alone:.1f}x",
                f"{slowest:.1f}", f"{peak / 1e6:.0f}", gib(total), gib(left))  # fmt: skip
            if slowest > LONGEST or left < RESERVE:
                print(f"stopped: a cell took {slowest:.0f} s, {gib(left)} of memory are free")
                break
    return 0


def open_seats(wanted: int) -> list[str]:
    """Seats one after another; a line for each fifth."""
    row("seats", "s until JupyterLab opens", "s until base images are there",
        "MB an idle seat (median)", "all seats", "free")  # fmt: skip
    row(*["--:"] * 6)
    seats: list[str] = []
    for number in range(1, wanted + 1):
        if available() < RESERVE:
            print(f"stopped: {gib(available())} of memory are free")
            break
        began = time.monotonic()
        subprocess.run(
            ["docker", "exec", NAME, "workshop", "start", f"s{number:02}"],
            check=True,
            capture_output=True,
        )
        opened = time.monotonic() - began
        seats.append(f"{NAME}-s{number:02}")
        while subprocess.run(
            ["docker", "exec", seats[-1], "lab-bases", "--check"], check=False
        ).returncode:
            time.sleep(1)
        loaded = time.monotonic() - began
        if number == 1 or number % 5 == 0:
            used = [memory(seat) for seat in seats]
            row(number, f"{opened:.1f}", f"{loaded:.1f}", f"{statistics.median(used) / 1e6:.0f}",
                gib(sum(used)), gib(available()))  # fmt: skip
    return seats


def run_lesson(seats: list[str], busy: int) -> tuple[list[Run], int, int, int]:
    """Each seat's run; then bytes: the largest of a busy seat, of all at once, least free."""
    peak = total = 0
    left = available()
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak, total, left
        while not ended.wait(1):
            used = [memory(seat) for seat in seats]
            peak, total = max(peak, *used[:busy]), max(total, sum(used))
            left = min(left, available())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with ThreadPoolExecutor(busy) as pool:
            runs = list(pool.map(lesson, seats[:busy]))
    finally:
        ended.set()
        watcher.join()
    return runs, peak, total, left


def lesson(seat: str) -> Run:
    began = time.monotonic()
    done = subprocess.run(
        ["docker", "exec", "-i", seat, "bash"],
        input=LESSON,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{seat}: {done.stderr}")
    return Run(time.monotonic() - began, json.loads(done.stdout))


def memory(seat: str) -> int:
    """Bytes in use by the seat and everything that runs in it."""
    stats = client.api.stats(seat, stream=False, one_shot=True)["memory_stats"]
    cache = stats["stats"].get("total_inactive_file", stats["stats"].get("inactive_file", 0))
    return int(stats["usage"] - cache)


def available() -> int:
    """Bytes that this machine could still give (kernel: Documentation/filesystems/proc.rst)."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))


def row(*cells: object) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def gib(size: float) -> str:
    return f"{size / (1 << 30):.1f} GiB"


@contextmanager
def workshop() -> Iterator[None]:
    def make(verb: str) -> None:
        subprocess.run(
            ["make", "--no-print-directory", verb],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, **SETTINGS},
        )

    make("workshop-reset")
    make("workshop")
    try:
        yield
    finally:
        make("workshop-reset")


if __name__ == "__main__":
    sys.exit(main())
