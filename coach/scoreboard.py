"""How good the image of a web service is: measured, never estimated.

``examine`` reads an image, ``visit`` runs it and tests it from outside, ``build_twice`` times its
Dockerfile; ``measure`` does all three, and ``Scores`` shows the results side by side.  Whatever is
started here is removed again.  Only ``build_twice`` leaves something: the image it was asked for.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import docker
from docker.errors import ImageNotFound

import layerscope
from coach import engine, service
from coach.service import NoAnswerError, Service
from layerscope import buildlog
from layerscope.history import compressed_size
from layerscope.sizes import human

# --- what the image alone tells ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Facts:
    """An image as it lies there.  Sizes are bytes."""

    image: str
    size: int  # files of all layers, unpacked
    compressed: int | None  # what a pull transfers; None where the store keeps no blobs
    hidden: int  # carried by every pull and seen by nobody
    layers: int
    user: str  # as the image's config names it, "" if not at all
    health_check: tuple[str, ...]  # as the config holds it: ("CMD", "python", ...)
    secrets: tuple[str, ...]  # files whose names say that they hold secrets, in any layer

    @property
    def as_root(self) -> bool:
        return self.user.partition(":")[0] in ("", "0", "root")


def examine(image: str) -> Facts:
    """Reads an image; nothing is run.  Raises layerscope.LayerscopeError's kinds."""
    analysis = layerscope.analyze(layerscope.read(image))
    config: dict[str, Any] = analysis.image.config.get("config") or {}
    test = (config.get("Healthcheck") or {}).get("Test") or []
    return Facts(
        image=image,
        size=analysis.size,
        compressed=compressed_size(analysis.image),
        hidden=analysis.hidden_bytes,
        layers=len(analysis.image.layers),
        user=config.get("User") or "",
        health_check=() if test == ["NONE"] else tuple(test),
        secrets=tuple(sorted({f"/{one.path}" for one in layerscope.suspects(analysis.image)})),
    )


# --- what the running service tells --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visit:
    """A container of the image, tested through its port."""

    passed: bool
    said: str  # what the tests or the service that did not answer said
    answered_in: float | None  # seconds from start to the first answer
    healthy: bool  # by its own health check


def visit(image: str, tests: Path, *, read_only: bool = False) -> Visit:
    """Runs the image and, with APP_URL naming it, the test file.

    ``read_only``: nothing of the root file system can be written, and there is no /tmp either.
    """
    with closing(engine.connect()) as client:
        checked = client.images.get(image).attrs["Config"].get("Healthcheck")
        options: dict[str, Any] = {
            "read_only": read_only,
            "labels": {"org.docker-anatomy": "scoreboard"},
            "healthcheck": service.OFTEN if checked else None,
        }
        started = time.perf_counter()
        with service.created(client, image, **options) as container:
            container.start()
            served = Service(container)
            try:
                served.wait()
            except NoAnswerError as error:
                return Visit(False, str(error), None, False)
            answered_in = time.perf_counter() - started
            passed, said = served.passes(tests)
            return Visit(passed, said, answered_in, served.is_healthy())


# --- what the Dockerfile costs -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Builds:
    """The same Dockerfile twice: from nothing, and after one line of the code changed."""

    cold: buildlog.BuildLog
    rebuild: buildlog.BuildLog

    @property
    def again(self) -> list[str]:
        """The instructions that the change made run again."""
        return [step.instruction for step in self.rebuild.instructions if not step.cached]


@dataclass(frozen=True, slots=True)
class Project:
    """What is built."""

    context: Path
    code: Path  # the Python file that a developer changes
    tests: Path  # the file that tests the running service at APP_URL


def build_twice(dockerfile: Path, project: Project, tag: str) -> Builds:
    """Builds without any cache, then again with a comment added to the code, which is restored.

    Raises layerscope.buildlog.BuildFailedError.
    """
    arguments = ["--tag", tag, "--file", str(dockerfile), str(project.context)]
    with _replacing(tag):
        cold = buildlog.run_build(["--no-cache", *arguments])
    before = project.code.read_bytes()
    try:
        project.code.write_bytes(before + f"# {uuid.uuid4()}\n".encode())
        with _replacing(tag):
            rebuild = buildlog.run_build(arguments)
    finally:
        project.code.write_bytes(before)
    return Builds(cold, rebuild)


@contextmanager
def _replacing(tag: str) -> Iterator[None]:
    """Removes the image that loses its name to a new one, where the engine would keep it."""
    with closing(engine.connect()) as client:
        old = _identity(client, tag)
        yield
        if old is not None and old != _identity(client, tag):
            try:
                if not client.images.get(old).tags:
                    client.images.remove(old)
            except ImageNotFound:
                pass  # the containerd store has let go of it already


def _identity(client: docker.DockerClient, tag: str) -> str | None:
    try:
        return str(client.images.get(tag).id)
    except ImageNotFound:
        return None


# --- all of it, side by side ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Score:
    name: str
    facts: Facts
    builds: Builds
    visit: Visit
    read_only: bool  # the tests passed with a root file system that cannot be written


def measure(name: str, dockerfile: Path, project: Project, tag: str) -> Score:
    """Builds twice, examines, runs and tests.  A service that does not answer has failed its tests.

    Raises layerscope.buildlog.BuildFailedError.
    """
    builds = build_twice(dockerfile, project, tag)
    seen = visit(tag, project.tests, read_only=True)
    read_only = seen.passed
    if not read_only:
        seen = visit(tag, project.tests)
    return Score(name, examine(tag), builds, seen, read_only)


class Scores:
    """Scores as a table, the first one being what the others are compared with."""

    _HEAD = (
        "이미지",
        "크기",
        "첫째에 견주어",
        "블롭",
        "숨은 것",
        "처음 빌드",
        "고친 뒤 빌드",
        "다시 한 단계",
        "첫 응답",
        "비밀",
        "실행 사용자",
        "헬스체크",
        "시험",
        "읽기 전용",
    )

    def __init__(self, scores: Sequence[Score]) -> None:
        self.scores = list(scores)

    def _rows(self) -> list[list[str]]:
        return [self._row(score) for score in self.scores]

    def _row(self, score: Score) -> list[str]:
        facts, seen = score.facts, score.visit
        return [
            score.name,
            human(facts.size),
            f"{facts.size / max(1, self.scores[0].facts.size):.1%}",
            "–" if facts.compressed is None else human(facts.compressed),
            human(facts.hidden),
            f"{score.builds.cold.seconds:.1f}초",
            f"{score.builds.rebuild.seconds:.1f}초",
            f"{len(score.builds.again)}개",
            "–" if seen.answered_in is None else f"{seen.answered_in:.1f}초",
            f"{len(facts.secrets)}개",
            "루트" if facts.as_root else facts.user,
            "정상" if seen.healthy else "실패" if facts.health_check else "없음",
            "통과" if seen.passed else "실패",
            "가능" if score.read_only else "불가",
        ]

    def __str__(self) -> str:
        return "\n".join(
            ", ".join(
                f"{head} {cell}" if index else cell
                for index, (head, cell) in enumerate(zip(self._HEAD, row, strict=True))
            )
            for row in self._rows()
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """One column an image: the items are many, and a notebook is narrow."""
        (_, *names), *items = zip(self._HEAD, *self._rows(), strict=True)
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
        body = "".join(
            f'<tr><th scope="row" style="text-align:left">{escape(item)}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
            + "</tr>"
            for item, *cells in items
        )
        return (
            '<div style="overflow-x:auto"><table style="white-space:nowrap">'
            f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )
