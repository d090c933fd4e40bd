"""What BuildKit did, step by step: ``docker buildx build --progress=rawjson`` as plain facts.

buildx writes JSON objects, one a line (0.12, and from 0.14 on) or indented over many lines
(0.13), each with what has changed since the last: vertexes, statuses, logs, warnings.  Plain text
may stand between them.  Times are seconds since the epoch, sizes are bytes.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from layerscope.errors import LayerscopeError


class NotABuildLogError(LayerscopeError):
    """The text holds no rawjson at all."""


class BuildxMissingError(LayerscopeError):
    """There is no docker command, or it has no buildx."""


class BuildFailedError(LayerscopeError):
    """The build itself failed; ``log`` holds what was done until then."""

    def __init__(self, what: str, why: str, then: str, log: BuildLog) -> None:
        super().__init__(what, why, then)
        self.log = log


class StepKind(StrEnum):
    INTERNAL = "internal"  # loading the Dockerfile, the ignore file, the context
    STAGE = "stage"  # an instruction
    EXPORT = "export"  # writing the image, the cache, the files


@dataclass(slots=True)
class Transfer:
    """Something that was moved within a step: a context, a layer, an export."""

    name: str
    bytes: int
    total: int  # 0 if not known beforehand
    started: float | None
    completed: float | None


@dataclass(slots=True)
class Step:
    digest: str
    name: str  # as buildx prints it: "[builder 2/4] RUN make"
    kind: StepKind
    stage: str  # "builder"; "" where the Dockerfile has one unnamed stage, or outside any stage
    number: int  # 2 in "2/4", 0 outside a stage
    of: int  # 4 in "2/4"
    instruction: str  # "RUN make", or the whole name outside a stage
    platform: str  # "linux/arm64" where the build has several platforms, else ""
    inputs: list[str] = field(default_factory=list)  # digests of the steps that it waits for
    started: float | None = None  # None: never begun, because of an error or for lack of need
    completed: float | None = None
    cached: bool = False
    error: str = ""
    log: str = ""
    transfers: list[Transfer] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        if self.started is None or self.completed is None:
            return 0.0
        return max(0.0, self.completed - self.started)

    @property
    def is_base(self) -> bool:
        """FROM: there is nothing to run, so cached or not says nothing."""
        return self.instruction.upper().startswith("FROM ")

    @property
    def context_bytes(self) -> int:
        """Bytes of the build context that the client sent in this step."""
        return sum(one.bytes for one in self.transfers if one.name.startswith("transferring "))


@dataclass(slots=True)
class BuildLog:
    steps: list[Step]  # in the order of their beginning
    warnings: list[str] = field(default_factory=list)  # BuildKit's own
    text: str = ""  # what stood between the objects
    metadata: dict[str, Any] = field(default_factory=dict)  # of --metadata-file

    @property
    def started(self) -> float:
        return min((step.started for step in self.steps if step.started is not None), default=0.0)

    @property
    def completed(self) -> float:
        times = [step.completed for step in self.steps if step.completed is not None]
        return max(times, default=self.started)

    @property
    def seconds(self) -> float:
        return self.completed - self.started

    @property
    def instructions(self) -> list[Step]:
        """The steps that can be cached: those of a stage, without FROM."""
        return [step for step in self.steps if step.kind is StepKind.STAGE and not step.is_base]

    @property
    def cached(self) -> list[Step]:
        return [step for step in self.instructions if step.cached]

    @property
    def error(self) -> str:
        # "context canceled" is what the neighbours of the step that failed say.
        errors = [step.error for step in self.steps if step.error]
        return next((one for one in errors if "context canceled" not in one), "".join(errors[:1]))

    @property
    def context_bytes(self) -> int:
        """Bytes of the build context that the client sent, without Dockerfile and ignore file."""
        return sum(
            step.context_bytes
            for step in self.steps
            if not re.match(r"\[internal\] load (build definition|\.dockerignore)", step.name)
        )


# --- reading -------------------------------------------------------------------------------------

_NAME = re.compile(
    r"\[(?:(?P<platform>\w+/\w+(?:/\w+)?)(?:->\w+/\w+(?:/\w+)?)? )?"
    r"(?:(?P<stage>\S+) +)?(?P<number>\d+)/(?P<of>\d+)\] (?P<instruction>.*)",
    re.DOTALL,
)


class LogReader:
    """Takes the text as it comes; log() is what is known so far."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}
        self._transfers: dict[tuple[str, str], Transfer] = {}
        self._warnings: list[str] = []
        self._text: list[str] = []
        self._open: list[str] = []  # lines of an object that has not ended yet
        self._rest = ""
        self._objects = 0

    def feed(self, text: str) -> list[Step]:
        """The steps that this text has something new about."""
        *lines, self._rest = (self._rest + text).split("\n")
        changed: dict[str, Step] = {}
        for line in lines:
            for digest in self._line(line):
                changed[digest] = self._steps[digest]
        return list(changed.values())

    def log(self) -> BuildLog:
        if self._rest:
            self.feed("\n")
        self._give_up()
        if not self._objects:
            raise NotABuildLogError(
                "rawjson 빌드 로그가 아니다.",
                "JSON 객체가 하나도 없다.",
                "docker buildx build --progress=rawjson 의 표준 오류(2>)를 저장한 파일을 준다.",
            )
        return BuildLog(_ordered(self._steps), list(self._warnings), self.text)

    @property
    def text(self) -> str:
        """What stood between the objects."""
        return "".join(self._text)

    def _line(self, line: str) -> list[str]:
        if line.startswith("{"):
            self._give_up()  # an object begins at the margin: what was open was none
        elif not self._open:
            self._text.append(line + "\n")
            return []
        self._open.append(line)
        if not line.rstrip().endswith("}"):
            return []
        try:
            objects = list(_objects("\n".join(self._open)))
        except ValueError:
            return []
        self._open.clear()
        return [digest for one in objects for digest in self._take(one)]

    def _give_up(self) -> None:
        self._text.extend(line + "\n" for line in self._open)
        self._open.clear()

    def _take(self, event: dict[str, Any]) -> list[str]:
        self._objects += bool(event.keys() & {"vertexes", "statuses", "logs", "warnings"})
        changed = []
        for vertex in event.get("vertexes") or []:
            self._vertex(vertex)
            changed.append(vertex["digest"])
        for status in event.get("statuses") or []:
            if self._status(status):
                changed.append(status["vertex"])
        for log in event.get("logs") or []:
            step = self._steps.get(log["vertex"])
            if step is not None:
                step.log += base64.b64decode(log.get("data") or "").decode("utf-8", "replace")
                changed.append(step.digest)
        for warning in event.get("warnings") or []:
            self._warnings.append(
                base64.b64decode(warning.get("short") or "").decode("utf-8", "replace")
            )
        return changed

    def _vertex(self, vertex: dict[str, Any]) -> None:
        step = self._steps.get(vertex["digest"])
        if step is None:
            step = self._steps[vertex["digest"]] = _step(vertex["digest"], vertex["name"])
        step.inputs = vertex.get("inputs") or step.inputs
        began, ended = _time(vertex.get("started")), _time(vertex.get("completed"))
        if began is not None:  # a step that several targets need may be told of twice
            step.started = began if step.started is None else min(step.started, began)
        if ended is not None:
            step.completed = ended if step.completed is None else max(step.completed, ended)
        step.cached = step.cached or bool(vertex.get("cached"))
        step.error = vertex.get("error") or step.error

    def _status(self, status: dict[str, Any]) -> bool:
        step = self._steps.get(status["vertex"])
        if step is None:
            return False
        key = (status["vertex"], status["id"])
        transfer = self._transfers.get(key)
        if transfer is None:
            transfer = self._transfers[key] = Transfer(status["id"], 0, 0, None, None)
            step.transfers.append(transfer)
        transfer.bytes = max(transfer.bytes, status.get("current") or 0)
        transfer.total = max(transfer.total, status.get("total") or 0)
        transfer.started = _time(status.get("started")) or transfer.started
        transfer.completed = _time(status.get("completed")) or transfer.completed
        return True


def parse(text: str) -> BuildLog:
    """A whole rawjson log."""
    reader = LogReader()
    reader.feed(text)
    return reader.log()


def _objects(text: str) -> Iterable[dict[str, Any]]:
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        yield value
        at = end + len(text[end:]) - len(text[end:].lstrip())


def _ordered(steps: dict[str, Step]) -> list[Step]:
    """By their beginning, but never before what they wait for: cached steps begin all at once."""
    waiting = {
        digest: {one for one in step.inputs if one in steps} for digest, step in steps.items()
    }
    ordered: list[Step] = []
    while waiting:
        # A log that was cut off or forged may hold a circle: then the earliest goes first.
        ready = [digest for digest, needs in waiting.items() if not needs] or list(waiting)
        first = min(ready, key=lambda digest: steps[digest].started or float("inf"))
        ordered.append(steps[first])
        del waiting[first]
        for needs in waiting.values():
            needs.discard(first)
    return ordered


def _step(digest: str, name: str) -> Step:
    match = _NAME.fullmatch(name)
    if match:
        return Step(
            digest,
            name,
            StepKind.STAGE,
            match["stage"] or "",
            int(match["number"]),
            int(match["of"]),
            match["instruction"],
            match["platform"] or "",
        )
    exporting = re.match(r"(export|writ|push|send|load|nam|preparing build cache)", name)
    kind = StepKind.EXPORT if exporting else StepKind.INTERNAL
    return Step(digest, name, kind, "", 0, 0, name, "")


def _time(stamp: str | None) -> float | None:
    if not stamp:
        return None
    # Nine digits of a second are more than fromisoformat takes.
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", stamp.replace("Z", "+00:00"))
    return datetime.fromisoformat(trimmed).timestamp()


# --- building ------------------------------------------------------------------------------------


def run_build(
    arguments: Sequence[str],
    *,
    docker: str = "docker",
    progress: Callable[[Step], None] | None = None,
) -> BuildLog:
    """``docker buildx build`` with these arguments; ``progress`` hears of each step as it changes.

    The result has the metadata of ``--metadata-file`` too.  A failed build raises
    BuildFailedError, which carries the log.
    """
    if shutil.which(docker) is None:
        raise BuildxMissingError(
            f"{docker} 명령이 없다.",
            "PATH 의 어느 폴더에도 없다.",
            "docker를 설치하고 PATH에 있는지 확인한다: docker buildx version",
        )
    reader = LogReader()
    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder, "metadata.json")
        command = [docker, "buildx", "build", "--progress=rawjson", f"--metadata-file={metadata}"]
        output = Path(folder, "output")
        # What the build itself prints goes to a file: two pipes could block each other.
        with (
            output.open("wb") as sink,
            subprocess.Popen(
                [*command, *arguments],
                stdout=sink,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            ) as process,
        ):
            try:
                for line in process.stderr or ():
                    for step in reader.feed(line):
                        if progress is not None:
                            progress(step)
            except BaseException:
                process.terminate()  # a stopped cell stops its build
                raise
            code = process.wait()
        document = json.loads(metadata.read_text("utf-8")) if metadata.exists() else {}
    return _finish(reader, code, document)


#: What docker says, in versions 20 to 28, where the plugin is not installed.
_NO_BUILDX = re.compile(
    r"unknown command: docker buildx|'buildx' is not a docker command|unknown flag: --progress"
)


def _finish(reader: LogReader, code: int, metadata: dict[str, Any]) -> BuildLog:
    try:
        log = reader.log()
    except NotABuildLogError:
        said = reader.text.strip()
        if _NO_BUILDX.search(said):
            raise BuildxMissingError(
                "docker buildx 를 쓸 수 없다.",
                said.splitlines()[0],
                "buildx 플러그인을 설치하고 확인한다: docker buildx version",
            ) from None
        raise BuildFailedError(
            "빌드를 시작하지 못했다.",
            said or f"docker buildx build 가 아무 말 없이 끝났다(종료 코드 {code}).",
            "docker buildx build 명령의 인자와 엔진 상태(docker info)를 확인한다.",
            BuildLog([], text=reader.text),
        ) from None
    log.metadata = metadata
    if code != 0:
        failed = next((step for step in log.steps if step.error == log.error and step.error), None)
        where = f"'{failed.name}' 단계에서 " if failed else ""
        tail = failed.log.strip().splitlines()[-5:] if failed else []
        raise BuildFailedError(
            f"{where}빌드가 실패했다.",
            "\n".join([log.error or log.text.strip(), *tail]),
            "위 단계의 인스트럭션을 고쳐 다시 빌드한다. 전체 로그는 예외의 log 에 있다.",
            log,
        )
    return log
