"""Proves the lab on machines of the learners' kind: virtual ones, made from Debian packages.

Such a machine has what this one may lack (systemd, cgroup v2, AppArmor, swap, a user who is not
root), and the course reaches it as it reaches any learner: by a bundle.  Where the processor is
emulated a lesson takes a quarter of an hour.  So each step's result is kept (in MACHINE_DIR:
/var/tmp/docker-anatomy-machine), and a step that passed is done again only if it is asked for or if
files on which it depends have changed.

usage: tests/machine/run                    what has not passed yet, in both guests
       tests/machine/run current            in one: trixie (Docker 26.1) or current (28.5)
       tests/machine/run --step lesson-03   this step, passed or not
       tests/machine/run --from lab         this step and all after it
       tests/machine/run --status           the table of results; CONTRIBUTING.md has it
BUNDLE=FILE is taken to the guests instead of one made from this checkout.  It needs `make check` to
have been run here, whose nbval it uses.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/machine"
FOLDER = Path(os.environ.get("MACHINE_DIR", "/var/tmp/docker-anatomy-machine"))  # noqa: S108
# The guests, and how the version of their engine begins.
GUESTS = {"trixie": "26.1", "current": "28.5"}
# The lessons that touch namespaces, cgroups, containerd, memory limits and users.
LESSONS = ("01", "03", "04", "06", "07", "13", "14")

# What results depend on.
DISK = {
    "trixie": ("tests/machine/disk",),
    "current": ("tests/machine/disk", "lab/rootfs/etc/apt"),
}
HOST = ("Makefile", "compose.yaml", "lab/host", "lab/host.d")
IMAGE = ("lab/Dockerfile", "lab/bases", "lab/requirements.txt", "lab/rootfs", "lab/wheels.txt")
BUNDLE = (*HOST, *IMAGE, "workshop")
COURSE = ("coach", "layerscope", "samples")


@dataclass(frozen=True)
class Step:
    """Something to be proved in a guest; ``work`` raises CalledProcessError if it fails."""

    name: str
    title: str
    work: Callable[[str, IO[str]], None]
    files: tuple[str, ...]
    needed: bool = False  # by all that follow

    def stamp(self, guest: str) -> str:
        """Of all that the result depends on."""
        return digest(*DISK[guest], *self.files)


def digest(*names: str) -> str:
    """Of files, and of all files in folders."""
    total = hashlib.sha256()
    for name in names:
        path = ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(f"{file.relative_to(ROOT)} ".encode() + file.read_bytes())
    return total.hexdigest()[:16]


# ---- how steps reach a guest -------------------------------------------------------------------


def call(log: IO[str], *command: str | Path, stdin: int | IO[bytes] = subprocess.DEVNULL) -> None:
    subprocess.run(command, stdin=stdin, stdout=log, stderr=subprocess.STDOUT, check=True)


def ask(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def script(
    guest: str, log: IO[str], name: str, *words: str, stdin: int | IO[bytes] = subprocess.DEVNULL
) -> None:
    """Runs one of steps/ in the guest, as the learner; the log shows each of its commands."""
    call(log, HERE / "guest", "start", guest)
    command = ["bash", "-c", (HERE / "steps" / name).read_text(), name, *words]
    call(log, HERE / "guest", "ssh", guest, "learner", shlex.join(command), stdin=stdin)


def scripted(name: str, title: str, *files: str, needed: bool = False) -> Step:
    def work(guest: str, log: IO[str]) -> None:
        script(guest, log, name)

    return Step(name, title, work, (f"tests/machine/steps/{name}", *files), needed)


# ---- the steps -----------------------------------------------------------------------------------


def make_disk(guest: str, log: IO[str]) -> None:
    call(log, HERE / "guest", "stop", guest)
    call(log, HERE / "disk", guest)


def machine(guest: str, log: IO[str]) -> None:
    script(guest, log, "machine", GUESTS[guest])
    # Its clock goes as ours does (see tests/machine/guest).
    began, there = time.time(), clock(guest)
    time.sleep(20)
    ours, theirs = time.time() - began, clock(guest) - there
    log.write(f"{ours:.1f} s here, {theirs:.1f} s there\n")
    if abs(ours - theirs) > 0.2 * ours:
        raise subprocess.CalledProcessError(1, "date")


def clock(guest: str) -> float:
    return float(ask(HERE / "guest", "ssh", guest, "learner", "date +%s.%N"))


def bring_bundle(guest: str, log: IO[str]) -> None:
    """The file that learners without a network get, made once for all guests."""
    file = Path(os.environ.get("BUNDLE", FOLDER / "docker-anatomy.tar"))
    made_of = FOLDER / "docker-anatomy.stamp"
    stamp = digest(*BUNDLE)
    if "BUNDLE" not in os.environ and not (made_of.exists() and made_of.read_text() == stamp):
        call(log, "env", f"BUNDLE={file}", ROOT / "lab/host", "bundle")
        made_of.write_text(stamp)
    call(log, HERE / "guest", "start", guest)
    tar = "docker-anatomy.tar"
    unpack = f"cat >{tar} && rm -rf docker-anatomy && tar -xf {tar} docker-anatomy"
    with file.open("rb") as stream:
        call(log, HERE / "guest", "ssh", guest, "learner", unpack, stdin=stream)


def lesson(number: str) -> Step:
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")

    def work(guest: str, log: IO[str]) -> None:
        send(guest, log, "/src", ROOT / "lab/host", "sources")
        (packages,) = (ROOT / "build/venv").glob("lib/python3*/site-packages")
        names = ("nbval", "pytest", "_pytest", "py.py", "pluggy", "iniconfig", "coverage")
        brought = [one.name for name in names for one in packages.glob(f"{name}*")]
        send(guest, log, "/opt/nbval", "tar", "-cf", "-", "-C", packages, *brought)
        # A cell's time is tests/run's where the processor is a real one.
        script(guest, log, "lesson", path.name, "300" if speed() == "kvm" else "3000")

    files = (f"notebooks/{path.name}", "tests/machine/steps/lesson", *IMAGE, *COURSE)
    return Step(f"lesson-{number}", f"수업 {number}", work, files)


def send(guest: str, log: IO[str], folder: str, *command: str | Path) -> None:
    """What a command writes (tar) goes to a folder in the guest's lab."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as sender:
        assert sender.stdout
        script(guest, log, "receive", folder, stdin=sender.stdout)


def speed() -> str:
    return ask(HERE / "guest", "speed")


STEPS = (
    Step("disk", "게스트의 디스크를 만든다", make_disk, (), needed=True),
    Step(
        "machine",
        "배우는 사람의 컴퓨터와 같은지 본다",
        machine,
        ("tests/machine/steps/machine",),
        needed=True,
    ),
    Step("bundle", "묶음을 보낸다", bring_bundle, BUNDLE, needed=True),
    scripted("doctor", "`make doctor`", *HOST),
    scripted("lab", "`make lab BUNDLE=…`", *HOST, *IMAGE, needed=True),
    scripted(
        "health", "헬스체크, `coach doctor`, AppArmor", *IMAGE, "compose.yaml", "coach/doctor.py"
    ),
    *map(lesson, LESSONS),
    scripted("restart", "`make stop`, 다시 `make lab`", *HOST, *IMAGE),
    scripted("overlay2", "`LAB_STORE=overlay2`", *HOST, *IMAGE),
    scripted("reset", "`make reset`", *HOST),
)


# ---- results -------------------------------------------------------------------------------------

Results = dict[str, dict[str, dict[str, Any]]]  # by guest and step


def load() -> Results:
    path = FOLDER / "results.json"
    return json.loads(path.read_text()) if path.exists() else {}


def take(guest: str, step: Step) -> bool:
    """Does a step and writes down how it went."""
    print(f"==> {guest}: {step.name}", flush=True)
    log_path = FOLDER / "logs" / f"{guest}.{step.name}.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    stamp, began = step.stamp(guest), time.time()
    with log_path.open("w") as log:
        try:
            step.work(guest, log)
            passed = True
        except subprocess.CalledProcessError:
            passed = False
    result = {
        "passed": passed,
        "seconds": round(time.time() - began),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "speed": speed(),
        "stamp": stamp,
    }
    results = load()
    # What an earlier disk held is gone.
    others = {} if step.name == "disk" else results.get(guest, {})
    results[guest] = {**others, step.name: result}
    (FOLDER / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    if not passed:
        print(
            "".join(
                f"  | {line}\n"
                for line in log_path.read_text("utf-8", "replace").splitlines()[-20:]
            ),
            end="",
        )
    print(f"  {told(result)}  ({log_path})", flush=True)
    return passed


def told(result: dict[str, Any] | None) -> str:
    """A result, in a cell of the table."""
    if result is None:
        return "아직"
    verdict = "통과" if result["passed"] else "실패"
    return f"{verdict}, {result['seconds']}초 ({result['speed'].upper()}), {result['date']}"


def table() -> str:
    results = load()
    lines = [
        "| 단계 | "
        + " | ".join(f"`{guest}` (Docker {version})" for guest, version in GUESTS.items())
        + " |"
    ]
    lines.append("|---" * (1 + len(GUESTS)) + "|")
    for step in STEPS:
        cells = [told(results.get(guest, {}).get(step.name)) for guest in GUESTS]
        lines.append(f"| {step.title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def prove(guest: str, named: Sequence[str] = ()) -> bool:
    """Does the named steps, or all that have not passed as things are now."""
    passed = True
    for step in STEPS:
        known = load().get(guest, {}).get(step.name)
        current = known and known["passed"] and known["stamp"] == step.stamp(guest)
        if step.name in named if named else not current:
            if take(guest, step):
                continue
            passed = False
            if step.needed:
                break
    if not named:
        subprocess.run([HERE / "guest", "stop", guest], check=False)
    return passed


def main() -> int:
    names = [step.name for step in STEPS]
    parser = argparse.ArgumentParser(usage=(__doc__ or "").split("usage: ")[1])
    parser.add_argument("guests", nargs="*", metavar="GUEST", help=" | ".join(GUESTS))
    parser.add_argument("--step", choices=names, action="append")
    parser.add_argument("--from", choices=names, dest="first")
    parser.add_argument("--status", action="store_true")
    asked = parser.parse_args()
    if not {*asked.guests} <= GUESTS.keys():
        parser.error(f"GUEST: {' | '.join(GUESTS)}")
    if asked.status:
        print(table())
        return 0
    named = asked.step or (names[names.index(asked.first) :] if asked.first else [])
    failed = [guest for guest in asked.guests or GUESTS if not prove(guest, named)]
    print(table())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
