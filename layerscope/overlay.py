"""An overlay mount taken apart: its directories, and what upper does to the paths below it.

Sources: the kernel's Documentation/filesystems/overlayfs.rst (whiteouts, opaque directories,
``trusted.overlay.*`` attributes) and fs/seq_file.c for how mountinfo writes paths.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from layerscope.errors import LayerscopeError

AnyPath = str | os.PathLike[str]


class NotAnOverlayError(LayerscopeError):
    """The path is no mount point of an overlay file system."""


class OverlayUnreadableError(LayerscopeError):
    """A directory of the mount cannot be read, often because that takes root."""


class ItemKind(StrEnum):
    FILE = "f"
    DIRECTORY = "d"
    OPAQUE = "q"  # a directory that hides all that lower layers have in it
    SYMLINK = "l"
    WHITEOUT = "w"  # character device 0/0
    OTHER = "o"


class Change(StrEnum):
    """What upper does to a path."""

    NONE = ""
    NEW = "new"
    COPIED_UP = "copy"  # a lower file, copied to upper whole to be changed
    REPLACED = "replace"  # a new thing of the same name, not made from the lower one
    DELETED = "white"
    OPAQUE = "opaque"
    DIRECTORY = "dir"  # the same directory below: its contents merge


@dataclass(frozen=True, slots=True)
class Item:
    """One path in one directory of the mount."""

    kind: ItemKind
    size: int  # bytes of a regular file, else 0
    note: str = ""  # redirect=… or metacopy
    copied: bool = False  # the kernel marked it as copied up (trusted.overlay.origin)


@dataclass(slots=True)
class Row:
    """One path in all of them."""

    path: str
    upper: Item | None
    lowers: list[Item | None]  # top first, as in the mount option
    merged: Item | None
    change: Change = Change.NONE
    covered: list[bool] = field(default_factory=list)  # of lowers: something above hides it


@dataclass(frozen=True, slots=True)
class Mount:
    """The directories of an overlay mount; lowers top first."""

    merged: Path
    lowers: list[Path]
    upper: Path | None
    work: Path | None


def find_mount(mount_point: AnyPath, mountinfo: str | None = None) -> Mount:
    """The directories of the overlay that is mounted there."""
    place = Path(mount_point).resolve()
    text = Path("/proc/self/mountinfo").read_text("utf-8") if mountinfo is None else mountinfo
    found: list[str] = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, system = before.split(" "), after.split(" ")
        if system[0] == "overlay" and _plain(fields[4]) == os.fspath(place):
            # A comma between options stands as it is, one within a path in octal (seq_show_option).
            # The last one mounted lies on top.
            found = [_plain(option) for option in system[2].split(",")]
    if not found:
        raise NotAnOverlayError(
            f"{place} 은(는) overlay 가 마운트된 곳이 아니다.",
            "/proc/self/mountinfo 에 그런 줄이 없다.",
            "findmnt -t overlay 로 마운트 지점을 확인한다.",
        )
    lowers: list[str] = []
    single: dict[str, str] = {}
    for option in found:
        name, _, value = option.partition("=")
        if name in ("lowerdir", "lowerdir+"):
            lowers += _split(value, ":")
        else:
            single[name] = value

    def absolute(path: str) -> Path:
        """docker and containerd mount long lists with paths relative to their own folder."""
        clean = re.sub(r"\\(.)", r"\1", path)
        bases = [place, *place.parents]
        return next((base / clean for base in bases if (base / clean).exists()), Path(clean))

    return Mount(
        place,
        [absolute(path) for path in lowers],
        absolute(single["upperdir"]) if "upperdir" in single else None,
        absolute(single["workdir"]) if "workdir" in single else None,
    )


def _plain(text: str) -> str:
    """mountinfo writes space, tab, newline and backslash in octal."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _split(text: str, separator: str) -> list[str]:
    """Parts between separators that no backslash protects."""
    parts = re.findall(rf"((?:\\.|[^\\{separator}])*)(?:{separator}|$)", text)
    return [part for part in parts if part]


def compare(lowers: Sequence[AnyPath], upper: AnyPath | None, merged: AnyPath) -> list[Row]:
    """Every path that any of the directories has, in depth-first order."""
    layers = [dict(_walk(upper)) if upper is not None else {}]
    layers += [dict(_walk(lower)) for lower in lowers]
    seen = dict(_walk(merged))
    paths = sorted(
        {path for layer in [*layers, seen] for path in layer}, key=lambda p: p.split("/")
    )
    rows = []
    # Per directory: the last layer whose contents still count in it.
    last: dict[str, int] = {"": len(layers)}
    for path in paths:
        items = [layer.get(path) for layer in layers]
        reach = last[path.rpartition("/")[0]]
        stops = [i for i, item in enumerate(items) if item and item.kind is not ItemKind.DIRECTORY]
        last[path] = min([reach, *stops])
        row = Row(path, items[0], items[1:], seen.get(path))
        row.covered = [
            item is not None and (index > reach or _shadowed(item, items[:index]))
            for index, item in enumerate(items[1:], 1)
        ]
        below = [item for index, item in enumerate(items[1:], 1) if item and index <= reach]
        row.change = _change(row.upper, below[0] if below else None)
        rows.append(row)
    return rows


_DIRECTORIES = (ItemKind.DIRECTORY, ItemKind.OPAQUE)


def _shadowed(item: Item, higher: list[Item | None]) -> bool:
    """A directory under plain directories merges with them.  All else hides what is below it."""
    present = [one for one in higher if one is not None]
    merges = item.kind in _DIRECTORIES and all(one.kind is ItemKind.DIRECTORY for one in present)
    return bool(present) and not merges


def _change(upper: Item | None, below: Item | None) -> Change:
    """``below``: what the lowers alone would show, a whiteout included."""
    if upper is None:
        return Change.NONE
    if upper.kind is ItemKind.WHITEOUT:
        return Change.DELETED
    if upper.kind is ItemKind.OPAQUE:
        return Change.OPAQUE
    if below is None or below.kind is ItemKind.WHITEOUT:
        return Change.NEW
    if upper.kind is ItemKind.DIRECTORY and below.kind in _DIRECTORIES:
        return Change.DIRECTORY
    return Change.COPIED_UP if upper.copied else Change.REPLACED


def _walk(top: AnyPath) -> Iterator[tuple[str, Item]]:
    def below(folder: str, prefix: str) -> Iterator[tuple[str, Item]]:
        with os.scandir(folder) as listing:
            children = list(listing)
        for child in children:
            item = _item(child)
            yield prefix + child.name, item
            if item.kind in _DIRECTORIES:
                yield from below(child.path, f"{prefix}{child.name}/")

    try:
        yield from below(os.fspath(top), "")
    except OSError as error:
        raise OverlayUnreadableError(
            f"{error.filename} 을(를) 읽지 못했다.",
            error.strerror or str(error),
            "root로 실행했는지, 아직 마운트되어 있는지 확인한다: findmnt -t overlay",
        ) from error


def _item(child: os.DirEntry[str]) -> Item:
    info = child.stat(follow_symlinks=False)
    mode = info.st_mode
    if stat.S_ISCHR(mode) and info.st_rdev == 0:
        return Item(ItemKind.WHITEOUT, 0)
    if stat.S_ISDIR(mode):
        opaque = _attribute(child.path, "opaque") in (b"y", b"x")
        target = _attribute(child.path, "redirect")
        note = f"redirect={os.fsdecode(target)}" if target else ""
        return Item(ItemKind.OPAQUE if opaque else ItemKind.DIRECTORY, 0, note)
    copied = _attribute(child.path, "origin") is not None
    if stat.S_ISREG(mode):
        partial = _attribute(child.path, "metacopy") is not None
        return Item(ItemKind.FILE, info.st_size, "metacopy" if partial else "", copied)
    return Item(ItemKind.SYMLINK if stat.S_ISLNK(mode) else ItemKind.OTHER, 0, "", copied)


def _attribute(path: str, name: str) -> bytes | None:
    for space in ("trusted", "user"):  # user: mounts with the option userxattr
        try:
            return os.getxattr(path, f"{space}.overlay.{name}", follow_symlinks=False)
        except OSError:
            continue
    return None
