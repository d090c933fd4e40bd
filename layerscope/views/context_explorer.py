"""ContextExplorer: what a .dockerignore lets through to the builder, pattern by pattern."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from layerscope import dockerignore, secrets
from layerscope.dockerignore import Builder, ContextEntry, Kind, Verdict
from layerscope.sizes import human
from layerscope.views.base import Table, View


class ContextExplorer(View):
    """A build context as a tree, and a box to try patterns in.

    ``ignore`` is the text of an ignore file; None takes the one that a build of ``dockerfile``
    would use.
    """

    parts = ("tree", "dockerignore")

    def __init__(
        self,
        context: str | os.PathLike[str],
        ignore: str | None = None,
        *,
        dockerfile: str | os.PathLike[str] | None = None,
        builder: Builder = Builder.BUILDKIT,
    ) -> None:
        source = ".dockerignore"
        if ignore is None:
            file = dockerignore.find_ignore_file(context, dockerfile)
            if file is not None:
                source = file.name
            ignore = file.read_text("utf-8", "replace") if file is not None else ""
        entries = dockerignore.scan(context)
        verdicts = dockerignore.apply(entries, dockerignore.parse(ignore), builder)
        files = [one for one in verdicts if one.entry.kind is not Kind.DIRECTORY]
        arriving = [one for one in files if one.arrives]
        sent = sum(one.entry.size for one in arriving)
        total = sum(one.entry.size for one in files)
        name = Path(context).resolve().name
        summary = (
            f"{name}: 파일 {len(files):,}개 {human(total)} 가운데 "
            f"{len(arriving):,}개 {human(sent)} 도착"
        )
        super().__init__(
            {
                "context": name,
                "source": source,
                "text": ignore,
                "builder": builder.value,
                **_columns(entries),
            },
            summary=summary,
            table=Table(
                summary,
                ["이름", "도착(바이트)", "제외(바이트)"],
                _top(verdicts),
                "폴더의 바이트는 그 아래를 모두 더한 값이다.",
            ),
        )


def _columns(entries: list[ContextEntry]) -> dict[str, Any]:
    """Columns instead of rows: they compress better.  The order is depth first."""
    kinds = {Kind.FILE: "f", Kind.DIRECTORY: "d", Kind.SYMLINK: "l", Kind.OTHER: "o"}
    return {
        # "/" is the one character that no name holds.
        "names": "/".join(entry.path.rpartition("/")[2] for entry in entries),
        "depths": [entry.path.count("/") for entry in entries],
        "kinds": "".join(kinds[entry.kind] for entry in entries),
        "sizes": [entry.size for entry in entries],
        "secrets": {
            index: reason
            for index, entry in enumerate(entries)
            if entry.kind is Kind.FILE and (reason := _reason(entry)) is not None
        },
    }


def _reason(file: ContextEntry) -> str | None:
    """As in an image, and besides every .pem: in a context none comes with the system."""
    found = secrets.reason(file.path) if file.size else None
    return found or ("인증서나 개인 키" if file.path.endswith(".pem") else None)


def _top(verdicts: list[Verdict]) -> list[list[str | int]]:
    sums: dict[str, list[int]] = {}
    for verdict in verdicts:
        first, slash, _ = verdict.entry.path.partition("/")
        folder = slash or verdict.entry.kind is Kind.DIRECTORY
        row = sums.setdefault(f"{first}/" if folder else first, [0, 0])
        row[0 if verdict.arrives else 1] += verdict.entry.size
    ordered = sorted(sums.items(), key=lambda item: -sum(item[1]))
    return [[name, arrives, excluded] for name, (arrives, excluded) in ordered]
