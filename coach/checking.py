"""Runs one check: in a process of its own, within its time, and keeps the result.

``python -m coach.checking ID RUN`` is that process; it prints the result as JSON.  What a check
does wrong (hang, crash, fill the memory) so never hurts the notebook or the terminal it was
called from.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import docker
from docker.errors import DockerException

from coach import doctor, exercises, journal, workspace  # noqa: F401  # exercises register
from coach.exercise import REGISTRY, Exercise
from coach.verdict import NotYetError
from coach.workbench import Workbench

MARK = "\x1e"  # before the result, whatever a library printed earlier


class UnknownExerciseError(Exception):
    """No exercise of that name; the message tells which there are."""


@dataclass(frozen=True)
class Result:
    id: str
    passed: bool
    message: str
    hint: str
    usable: bool = True  # False: nothing could be said (engine down, time over)

    @property
    def status(self) -> int:
        """The exit status of ``coach check``."""
        return 0 if self.passed else 1 if self.usable else 2

    def as_json(self) -> dict[str, object]:
        facts = asdict(self)
        del facts["usable"]
        return facts


def find(name: str) -> Exercise:
    """Raises UnknownExerciseError."""
    if name in REGISTRY:
        return REGISTRY[name]
    near = [one for one in REGISTRY if one[:2] == name[:2]] or list(REGISTRY)
    raise UnknownExerciseError(
        f"연습 '{name}'이(가) 없다. 있는 것: {', '.join(near)} (전체: coach list)"
    )


def check(name: str) -> Result:
    """Looks whether exercise ``name`` is done, and keeps the answer.

    Changes nothing of the learner's.  Raises UnknownExerciseError.
    """
    one = find(name)
    run = uuid.uuid4().hex
    try:
        done = subprocess.run(
            [sys.executable, "-m", "coach.checking", name, run],
            capture_output=True,
            text=True,
            timeout=one.limit,
            check=False,
        )
        result = _read(name, done.stdout, done.stderr)
    except subprocess.TimeoutExpired:
        with suppress(DockerException):
            Workbench(name, run).clean_up()
        result = Result(
            name,
            False,
            f"확인이 {one.limit}초 안에 끝나지 않아 그만두었다.",
            "컨테이너가 끝나지 않거나 이미지가 아주 클 수 있다. 다시 확인: coach check " + name,
            usable=False,
        )
    journal.keep(result.id, result.passed, result.message)
    return result


def _read(name: str, output: str, errors: str) -> Result:
    try:
        return Result(**json.loads(output.rpartition(MARK)[2]))
    except (ValueError, TypeError):
        last = (errors.strip().splitlines() or ["까닭을 남기지 않았다"])[-1]
        return Result(
            name,
            False,
            "확인이 도중에 멈추었다.",
            f"{last} · 실습실을 살핀다: coach doctor",
            usable=False,
        )


def _examine(one: Exercise, run: str) -> Result:
    """The check itself, in this process."""
    bench = Workbench(one.id, run)
    try:
        bench.client.ping()
    except (DockerException, OSError):
        down = next((found for found in doctor.examine() if not found.ok), None)
        why = f"{down.found}. {down.cause}" if down else "엔진이 답하지 않는다"
        fix = down.fix if down else "coach doctor"
        return Result(one.id, False, f"확인할 수 없다: {why}", f"`{fix}`", usable=False)
    try:
        return Result(one.id, True, one.check(bench), "")
    except NotYetError as trouble:
        return Result(one.id, False, trouble.message, trouble.hint)
    finally:
        with suppress(DockerException):
            bench.clean_up()


# ---- the start state -----------------------------------------------------------------------------


def start(name: str) -> Path:
    """Brings about what the exercise begins with, and returns its folder.

    What the learner already has there stays.  Raises UnknownExerciseError.
    """
    one = find(name)
    bench = Workbench(name, "start")
    bench.folder.mkdir(parents=True, exist_ok=True)
    if one.start is not None:
        one.start(bench)
    return bench.folder


def reset(name: str) -> Path | None:
    """Start over: removes what is named after the exercise, then starts it anew.

    The folder is kept aside, not deleted; returns where, None if there was none.
    Raises UnknownExerciseError.
    """
    find(name)
    kept = clear(name)
    start(name)
    return kept


def clear(name: str) -> Path | None:
    """Removes the exercise's containers, images, volumes and networks; its folder is put aside."""
    bench = Workbench(name, "clear")
    client = bench.client

    def ours(found: str) -> bool:
        """ex-05-1, ex-05-1-web, ex-05-1:2, localhost:5000/ex-05-1"""
        last = found.rpartition("/")[2]
        return last == bench.name or last.startswith((f"{bench.name}-", f"{bench.name}:"))

    # The engine picks out, as it takes long to describe every image; its * stops at a slash.
    named = {"name": bench.name}
    places, endings = ("", "*/", "*/*/", "*/*/*/"), ("", "-*")
    tagged = {"reference": [f"{one}{bench.name}{end}" for one in places for end in endings]}
    with suppress(docker.errors.NotFound):
        for container in client.containers.list(all=True, ignore_removed=True, filters=named):
            if ours(container.name or ""):
                container.remove(force=True, v=True)
        for image in client.images.list(filters=tagged):
            for tag in image.tags:
                if ours(tag):
                    client.images.remove(tag, force=True)
        for volume in client.volumes.list(filters=named):
            if ours(volume.name):
                volume.remove(force=True)
        for network in client.networks.list(filters=named):
            if ours(network.name or ""):
                network.remove()
    if not bench.folder.exists():
        return None
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    kept = workspace.WORK / workspace.KEPT / "previous" / f"work-{name}.{stamp}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(bench.folder, kept)
    return kept


if __name__ == "__main__":
    result = _examine(find(sys.argv[1]), sys.argv[2])
    print(MARK + json.dumps(asdict(result), ensure_ascii=False))
