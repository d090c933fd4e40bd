"""The learner's folder: originals delivered at each start, never over an edited file.

The lab's image carries the originals; the learner's files live in a volume that outlasts the
image.  A record of what was delivered (path -> sha256) tells an untouched file, which may be
updated, from an edited one, which may not.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from datetime import datetime
from pathlib import Path

ORIGINALS = Path(os.environ.get("LAB_ORIGINALS", "/opt/docker-anatomy/originals"))
WORK = Path(os.environ.get("LAB_WORK", "/learn"))
KEPT = ".docker-anatomy"  # the record, and earlier versions of files that were replaced


class UnknownFileError(Exception):
    """No original of that name; the message lists what could have been meant."""


def deliver(originals: Path = ORIGINALS, work: Path = WORK) -> list[str]:
    """Bring `work` up to date with `originals`; return the edited files that were left alone.

    A file that is missing is written, except one that was delivered before and deleted by the
    learner.  A file that is as delivered is updated.  An edited file stays as it is; its new
    original can be had with :func:`restore`.
    """
    record = _read_record(work)
    left_alone = []
    for path in _files(originals):
        source, target, name = originals / path, work / path, path.as_posix()
        new, delivered = _digest(source), record.get(name)
        if not target.exists():
            wanted = delivered is None or delivered != new
            if wanted:
                _write(source, target)
                record[name] = new
        elif _digest(target) == new:
            record[name] = new
        elif delivered is not None and _digest(target) == delivered:
            _write(source, target)
            record[name] = new
        else:
            left_alone.append(name)
    _write_record(work, record)
    return left_alone


def restore(name: str, originals: Path = ORIGINALS, work: Path = WORK) -> tuple[Path, Path | None]:
    """Put the original of `name` back; return its path and where the replaced file went.

    `name` is a path below the work folder ("notebooks/05_layers.ipynb"), a file name or a lesson
    ("05_layers").  Raises UnknownFileError if there is no such original, or more than one.
    """
    matches = [p for p in _files(originals) if name in (p.as_posix(), p.name, p.stem)]
    lessons = [p for p in matches if p.parts[0] == "notebooks"]
    if len(matches) > 1 and len(lessons) == 1:
        matches = lessons  # a lesson and its exercises share their name; the lesson is meant
    if len(matches) != 1:
        known = ", ".join(p.as_posix() for p in (matches or _files(originals)))
        what = "여러 개라 고를 수 없다" if matches else "없다"
        raise UnknownFileError(f"'{name}'의 원본이 {what}. 경로로 적으세요. 있는 것: {known}")
    path = matches[0]
    target = work / path
    kept = None
    if target.exists() and _digest(target) != _digest(originals / path):
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        kept = work / KEPT / "previous" / f"{path.stem}.{stamp}{path.suffix}"
        _write(target, kept)
    if kept or not target.exists():
        _write(originals / path, target)
    record = _read_record(work)
    record[path.as_posix()] = _digest(target)
    _write_record(work, record)
    return target, kept


def _files(root: Path) -> list[Path]:
    return sorted(p.relative_to(root) for p in root.rglob("*") if p.is_file())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(source: Path, target: Path) -> None:
    """Copy whole or not at all: a start that is cut off must not leave half a notebook."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    shutil.copy(source, part)
    part.replace(target)


def _read_record(work: Path) -> dict[str, str]:
    try:
        record = json.loads((work / KEPT / "delivered.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}  # without the record every file that differs counts as edited: nothing is lost
    return record if isinstance(record, dict) else {}


def _write_record(work: Path, record: dict[str, str]) -> None:
    path = work / KEPT / "delivered.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True))
    part.replace(path)


if __name__ == "__main__":
    for edited in deliver():
        print(f"고친 파일은 그대로 두었다: {edited} (원본: coach reset {edited})", file=sys.stderr)
