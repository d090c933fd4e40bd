"""Reading rawjson build logs, and running builds."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.buildlog import (
    BuildFailedError,
    BuildxMissingError,
    LogReader,
    NotABuildLogError,
    Step,
    StepKind,
    parse,
    run_build,
)


def stamp(second: float) -> str:
    return f"2026-11-23T18:05:{second:012.9f}Z"


def vertex(digest: str, name: str, **more: Any) -> dict[str, Any]:
    return {"vertexes": [{"digest": digest, "name": name, **more}]}


def text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


EVENTS: list[dict[str, Any]] = [
    vertex("sha256:ctx", "[internal] load build context", started=stamp(1)),
    {"statuses": [{"id": "transferring context:", "vertex": "sha256:ctx", "current": 10,
                   "started": stamp(1), "timestamp": stamp(1)}]},
    {"statuses": [{"id": "transferring context:", "vertex": "sha256:ctx", "current": 4096,
                   "completed": stamp(2), "timestamp": stamp(2)}]},
    vertex("sha256:ctx", "[internal] load build context", started=stamp(1), completed=stamp(2)),
    vertex("sha256:run", "[deps 2/2] RUN make", inputs=["sha256:from"], started=stamp(2.5)),
    {"logs": [{"vertex": "sha256:run", "stream": 1, "data": text_of("안".encode()),
               "timestamp": stamp(3)},
              {"vertex": "sha256:run", "stream": 2, "data": text_of(b"!\n"),
               "timestamp": stamp(3)}]},
    vertex("sha256:run", "[deps 2/2] RUN make", started=stamp(2.5), completed=stamp(4.25)),
    vertex("sha256:from", "[deps 1/2] FROM debian", started=stamp(2.5), completed=stamp(2.5),
           cached=True),
    vertex("sha256:out", "exporting to image", started=stamp(4.5), completed=stamp(5)),
    {"warnings": [{"vertex": "sha256:run", "level": 1, "short": text_of("낡은 문법".encode())}]},
]  # fmt: skip

#: The same events as three versions of buildx print them.
ONE_A_LINE = "".join(json.dumps(event) + "\n" for event in EVENTS)
INDENTED = "".join(json.dumps(event, indent=2) + "\n" for event in EVENTS)
TOGETHER = "".join(json.dumps(event) for event in EVENTS) + "\n"


@pytest.mark.parametrize("text", [ONE_A_LINE, INDENTED, TOGETHER, ONE_A_LINE.rstrip("\n")])
def test_a_log_means_the_same_however_it_is_laid_out(text: str) -> None:
    log = parse(text)
    context, base, run, out = log.steps
    assert run.stage == "deps"
    assert (run.number, run.of, run.instruction) == (2, 2, "RUN make")
    assert run.seconds == pytest.approx(1.75)
    assert run.log == "안!\n"
    assert run.inputs == [base.digest]
    assert base.cached
    assert base.is_base
    assert (context.kind, run.kind, out.kind) == (
        StepKind.INTERNAL, StepKind.STAGE, StepKind.EXPORT,
    )  # fmt: skip
    assert log.context_bytes == context.context_bytes == 4096
    assert log.seconds == pytest.approx(4)
    assert log.warnings == ["낡은 문법"]
    assert log.instructions == [run]
    assert log.cached == []
    assert log.error == ""
    assert log.text == ""


@given(st.sampled_from([ONE_A_LINE, INDENTED]), st.lists(st.integers(0, len(INDENTED))))
def test_a_log_means_the_same_in_whatever_pieces_it_comes(text: str, cuts: list[int]) -> None:
    reader = LogReader()
    edges = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    for start, end in itertools.pairwise(edges):
        reader.feed(text[start:end])
    assert reader.log() == parse(text)


def test_feed_tells_which_steps_changed() -> None:
    reader = LogReader()
    changed = [[step.name for step in reader.feed(json.dumps(event) + "\n")] for event in EVENTS]
    assert changed[1] == ["[internal] load build context"]
    assert changed[-1] == []


@pytest.mark.parametrize("layout", [None, 2])
def test_plain_text_between_objects_is_kept_and_harms_nothing(layout: int | None) -> None:
    pieces = ["WARNING: 한 줄\n", "{ 이것은 JSON이 아니다\n", "ERROR: failed to solve\n"]
    text = pieces[0] + json.dumps(EVENTS[0], indent=layout) + "\n" + pieces[1]
    text += "".join(json.dumps(event, indent=layout) + "\n" for event in EVENTS[1:]) + pieces[2]
    log = parse(text)
    assert len(log.steps) == 4
    assert log.text == "".join(pieces)


def test_a_log_cut_off_in_an_object_keeps_what_came_before() -> None:
    log = parse(INDENTED[: INDENTED.index('"logs"') + 20])
    run = next(step for step in log.steps if step.name.endswith("RUN make"))
    assert run.completed is None
    assert run.seconds == 0


@pytest.mark.parametrize(
    "text", ["", "hello\n", '{"other": 1}\n', "#1 [internal] load\n#1 DONE 0.0s\n"]
)
def test_text_without_objects_is_refused(text: str) -> None:
    with pytest.raises(NotABuildLogError, match="rawjson"):
        parse(text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("[2/5] RUN a", ("", "", 2, 5, "RUN a")),
        ("[stage-2 3/5] COPY --from=x / /", ("stage-2", "", 3, 5, "COPY --from=x / /")),
        ("[linux/arm64 app 1/2] FROM x", ("app", "linux/arm64", 1, 2, "FROM x")),
        ("[linux/amd64->linux/arm64/v8 app 2/2] RUN y", ("app", "linux/amd64", 2, 2, "RUN y")),
        ("[linux/arm64 1/2] FROM x", ("", "linux/arm64", 1, 2, "FROM x")),
        ("[a 10/12] RUN one\n  two", ("a", "", 10, 12, "RUN one\n  two")),
        ("[internal] load .dockerignore", ("", "", 0, 0, "[internal] load .dockerignore")),
    ],
)
def test_a_name_says_stage_platform_and_number(name: str, expected: tuple[Any, ...]) -> None:
    step = parse(json.dumps(vertex("sha256:a", name))).steps[0]
    assert (step.stage, step.platform, step.number, step.of, step.instruction) == expected
    assert step.started is None


def test_the_error_is_the_first_cause_not_its_neighbours() -> None:
    log = parse(
        json.dumps(vertex("sha256:a", "[1/2] RUN a", started=stamp(1), error="context canceled"))
        + json.dumps(vertex("sha256:b", "[2/2] RUN b", started=stamp(2), error="exit code: 1"))
    )
    assert log.error == "exit code: 1"


def test_cached_steps_stand_after_what_they_wait_for() -> None:
    """They begin within the same microsecond, in any order."""
    log = parse(
        json.dumps(vertex("c", "[3/3] RUN c", inputs=["b"], started=stamp(1), cached=True))
        + json.dumps(vertex("b", "[2/3] RUN b", inputs=["a"], started=stamp(1.1), cached=True))
        + json.dumps(vertex("a", "[1/3] FROM a", inputs=["gone"], started=stamp(1.2)))
    )
    assert [step.digest for step in log.steps] == ["a", "b", "c"]
    assert [step.digest for step in log.cached] == ["b", "c"]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_step_told_of_twice_lasts_from_the_first_beginning_to_the_last_end(
    order: list[int],
) -> None:
    """Several targets of one build may need it."""
    told = [
        vertex("a", "[1/2] RUN a", started=stamp(2), completed=stamp(3)),
        vertex("a", "[1/2] RUN a", started=stamp(1), completed=stamp(2.5)),
    ]
    (step,) = parse("".join(json.dumps(told[index]) + "\n" for index in order)).steps
    assert step.seconds == pytest.approx(2)
    assert step.started is not None
    assert parse(json.dumps(told[0])).started - step.started == pytest.approx(1)


def test_a_circle_of_inputs_still_ends() -> None:
    log = parse(
        json.dumps(vertex("a", "a", inputs=["b"])) + json.dumps(vertex("b", "b", inputs=["a"]))
    )
    assert {step.digest for step in log.steps} == {"a", "b"}


# --- real builds ---------------------------------------------------------------------------------


@pytest.fixture
def context(two_stages: Callable[[Path], Path], tmp_path: Path) -> Path:
    return two_stages(tmp_path)


def test_a_second_build_is_cached_where_nothing_changed(context: Path) -> None:
    heard: list[str] = []

    def hear(step: Step) -> None:
        heard.append(step.name)

    first = run_build([str(context), "--output=type=cacheonly"], progress=hear)
    assert set(heard) == {step.name for step in first.steps}
    assert first.context_bytes > 40_000
    assert {step.stage for step in first.instructions} == {"one", "two", "stage-2"}
    (context / "b").write_text(uuid4().hex)
    second = run_build([str(context), "--output=type=cacheonly"])
    assert [step.stage for step in second.cached if step.stage == "one"] == ["one"]
    assert any(step.stage == "two" and not step.cached for step in second.instructions)
    assert second.context_bytes < first.context_bytes
    copied = next(step for step in second.steps if step.name.startswith("[stage-2 2/2]"))
    assert copied.inputs


def test_the_metadata_file_comes_along(context: Path) -> None:
    log = run_build([str(context), f"--output=type=local,dest={context}/out"])
    assert "buildx.build.ref" in log.metadata
    assert (context / "out/b").read_text() == (context / "b").read_text()


def test_a_failed_build_says_where_and_keeps_the_log(context: Path) -> None:
    (context / "Dockerfile").write_text("FROM scratch\nCOPY a /a\nCOPY missing /x\n")
    with pytest.raises(BuildFailedError, match="빌드가 실패했다") as caught:
        run_build([str(context), "--output=type=cacheonly"])
    assert "missing" in str(caught.value)
    assert caught.value.log.steps


def test_a_build_that_cannot_begin_says_what_docker_said(context: Path) -> None:
    with pytest.raises(BuildFailedError, match="시작하지 못했다") as caught:
        run_build([str(context), "--no-such-flag"])
    assert "--no-such-flag" in str(caught.value)


def test_a_listener_that_stops_stops_the_build(tmp_path: Path) -> None:
    """As when somebody stops the notebook cell."""
    fake = tmp_path / "docker"
    fake.write_text(f"#!/bin/sh\ncat >&2 <<END\n{ONE_A_LINE}\nEND\nexec sleep 600\n")
    fake.chmod(0o755)

    def stop(_: Step) -> None:
        raise KeyboardInterrupt

    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_build(["."], docker=str(fake), progress=stop)
    assert time.monotonic() - begin < 60


def test_without_docker_the_error_is_in_korean() -> None:
    with pytest.raises(BuildxMissingError, match="명령이 없다"):
        run_build(["."], docker="no-such-docker")


@pytest.mark.parametrize(
    "said",
    [
        "docker: unknown command: docker buildx\n\nRun 'docker --help' for more information",
        "docker: 'buildx' is not a docker command.\nSee 'docker --help'",
        "unknown flag: --progress\nSee 'docker --help'.",
    ],
)
def test_without_buildx_the_error_is_its_own(tmp_path: Path, said: str) -> None:
    fake = tmp_path / "docker"
    fake.write_text(f'#!/bin/sh\ncat >&2 <<"END"\n{said}\nEND\nexit 1\n')
    fake.chmod(0o755)
    with pytest.raises(BuildxMissingError, match="buildx"):
        run_build(["."], docker=str(fake))
