"""Sends the learner's results to the progress board of a workshop.

The lab's service `report` runs this under a hub when the log has grown; nothing else does.  What
counts is the log: how far the board has it is remembered beside it, and whatever the board did not
take is sent again.  A result is known by its log and its place there: sent twice, it is kept once.
"""

from __future__ import annotations

import json
import os
import secrets
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coach import journal, workspace

REPORTED = "reported"
SENT = ("at", "id", "passed", "message")  # of a result, and nothing but these
BATCH = 200
PATIENCE = 60.0  # seconds between tries, at most
CUT_OFF = 5.0  # seconds after which a line without an end will not get one


@dataclass(frozen=True)
class Reported:
    """How much of which log the board has.  The log's name is random: a new log is another."""

    log: str
    size: int


def _folder() -> Path:
    return workspace.WORK / workspace.KEPT


def reported(size: int) -> Reported:
    """What the board has of a log that is `size` long; a shorter log than before is a new one."""
    try:
        log, sent = (_folder() / REPORTED).read_text(encoding="ascii").split()
        found = Reported(log, int(sent))
    except (OSError, ValueError):
        return Reported(secrets.token_hex(16), 0)
    return found if found.size <= size else Reported(secrets.token_hex(16), 0)


def remember(state: Reported) -> None:
    new = _folder() / f"{REPORTED}.new"
    new.write_text(f"{state.log} {state.size}\n", encoding="ascii")
    new.replace(_folder() / REPORTED)


def results(text: bytes, start: int) -> tuple[list[dict[str, Any]], int]:
    """The results in `text`, which begins at `start` of the log, and where the next one begins."""
    found = []
    for line in text.splitlines(keepends=True)[:BATCH]:
        place, start = start, start + len(line)
        try:
            record = json.loads(line)
        except ValueError:
            continue  # a write that was cut off
        if isinstance(record, dict) and {"at", "id", "passed"} <= record.keys():
            found.append({"place": place, **{key: record.get(key, "") for key in SENT}})
    return found, start


def post(log: str, found: list[dict[str, Any]]) -> None:
    """Raises OSError if the board did not take them."""
    request = urllib.request.Request(  # noqa: S310  (the hub's own address)
        os.environ["DOCKER_ANATOMY_BOARD"] + "results",
        data=json.dumps({"log": log, "results": found}).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"token {os.environ['JUPYTERHUB_API_TOKEN']}",
        },
    )
    # A proxy in the environment is for the world outside, not for the hub next door.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10):
        pass


def report() -> bool:
    """Sends what the board does not have, a batch at most.  Whether there was anything."""
    path = _folder() / journal.LOG
    log = path.read_bytes()
    state = reported(len(log))
    text = log[state.size :]
    if not text.endswith(b"\n") and time.time() - path.stat().st_mtime < CUT_OFF:
        text = text[: text.rfind(b"\n") + 1]
    found, size = results(text, state.size)
    if found:
        # Remembered before it is used: after a crash the same results go by the same name.
        remember(state)
        post(state.log, found)
    remember(Reported(state.log, size))
    return bool(text)


def main() -> None:
    wait = 1.0
    while True:
        try:
            if not report():
                return
            wait = 1.0
        except OSError as error:
            now = time.strftime("%F %T")
            print(f"{now} 진도판이 받지 않았다. {wait:.0f}초 뒤에 다시: {error}", flush=True)
            time.sleep(wait)
            wait = min(wait * 2, PATIENCE)


if __name__ == "__main__":
    main()
