"""A check's own promises: a clear word whatever it meets, in time, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import docker
import pytest
from answering import state

from coach import card, checking, journal, workspace
from coach.exercise import REGISTRY
from coach.verdict import NotYetError
from coach.workbench import Workbench

COACH = [sys.executable, "-m", "coach.command"]
NAME = "05-3"


def coach(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COACH, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture
def client() -> docker.DockerClient:
    return docker.DockerClient(base_url="unix:///var/run/docker.sock")


@pytest.fixture
def bench() -> Iterator[Workbench]:
    """Of an exercise that starts anew, and with nothing of it left afterwards."""
    checking.clear(NAME)
    checking.start(NAME)
    yield Workbench(NAME, uuid.uuid4().hex)
    checking.clear(NAME)


@pytest.fixture
def image(bench: Workbench) -> Callable[..., None]:
    """Builds the exercise's image from a Dockerfile."""

    def build(dockerfile: str) -> None:
        subprocess.run(
            ["docker", "build", "-q", "-t", bench.name, "-"],
            input=dockerfile.encode(),
            check=True,
            capture_output=True,
        )

    return build


# ---- the command ---------------------------------------------------------------------------------


def test_list_names_every_exercise() -> None:
    rows = json.loads(coach("list", "--json").stdout)
    assert [row["id"] for row in rows] == sorted(REGISTRY)
    assert all(row.keys() == {"id", "lesson", "title", "minutes"} for row in rows)


def test_check_answers_as_agreed(bench: Workbench) -> None:
    done = coach("check", NAME, "--json")
    answer = json.loads(done.stdout)
    assert answer.keys() == {"id", "passed", "message", "hint"}
    assert (answer["id"], answer["passed"], done.returncode) == (NAME, False, 1)
    assert "이미지가 없다" in answer["message"]


def test_unknown_exercise_is_unusable_and_says_which_there_are() -> None:
    done = coach("check", "05-9")
    assert done.returncode == 2
    assert "05-1" in done.stderr


@pytest.mark.parametrize("verb", ["check", "reset"])
def test_engine_down_is_unusable_and_says_so(verb: str) -> None:
    done = coach(verb, NAME, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert done.returncode == 2
    assert re.search("엔진|Docker Engine", done.stdout + done.stderr)
    assert "Traceback" not in done.stderr


def test_hints_go_step_by_step() -> None:
    first, last = coach("hint", NAME).stdout, coach("hint", NAME, "9").stdout
    assert first.startswith("힌트 1/")
    assert last != first


def test_reset_starts_over_and_keeps_what_was_there(bench: Workbench) -> None:
    (bench.folder / "Dockerfile").write_text("FROM mine\n")
    kept = checking.reset(NAME)
    assert kept is not None
    assert (kept / "Dockerfile").read_text() == "FROM mine\n"
    assert "FROM mine" not in (bench.folder / "Dockerfile").read_text()


def test_starting_again_keeps_the_learners_files(bench: Workbench) -> None:
    (bench.folder / "Dockerfile").write_text("FROM mine\n")
    checking.start(NAME)
    assert (bench.folder / "Dockerfile").read_text() == "FROM mine\n"


def test_clearing_leaves_other_exercises_and_own_images_alone(
    bench: Workbench, client: docker.DockerClient
) -> None:
    debian = client.images.get("debian:trixie-slim")
    others = ["ex-05-30", "mine/ex-05-3x", "ex-05-2"]
    ours = ["ex-05-3:two", "ex-05-3-web:latest", "localhost:5000/team/ex-05-3:latest"]
    for name in (*others, *ours):
        debian.tag(name)
    try:
        checking.clear(NAME)
        tags = {tag for one in client.images.list() for tag in one.tags}
        assert {f"{name}:latest" for name in others} <= tags
        assert not tags & {*ours}
    finally:
        for name in others:
            client.images.remove(name)


# ---- strange answers -----------------------------------------------------------------------------


def test_image_whose_command_is_missing(bench: Workbench, image: Callable[..., None]) -> None:
    image('FROM debian:trixie-slim\nCMD ["/no/such/program"]\n')
    with pytest.raises(NotYetError, match="컨테이너를 시작할 수 없다"), bench.serving():
        pass
    with pytest.raises(NotYetError, match="컨테이너를 시작할 수 없다"):
        bench.run()


def test_server_that_ends_at_once(bench: Workbench, image: Callable[..., None]) -> None:
    image('FROM debian:trixie-slim\nCMD ["sh", "-c", "echo no settings; exit 3"]\n')
    with pytest.raises(NotYetError, match="종료 코드 3") as trouble, bench.serving():
        pass
    assert "no settings" in trouble.value.hint


def test_server_that_never_answers(bench: Workbench, image: Callable[..., None]) -> None:
    image('FROM debian:trixie-slim\nCMD ["sleep", "1000"]\n')
    began = time.monotonic()
    with pytest.raises(NotYetError, match="답하지 않았다"), bench.serving(timeout=2):
        pass
    assert time.monotonic() - began < 15


def test_container_that_never_ends(bench: Workbench, image: Callable[..., None]) -> None:
    image('FROM debian:trixie-slim\nCMD ["sleep", "1000"]\n')
    with pytest.raises(NotYetError, match="끝나지 않았다"):
        bench.run(timeout=1)


def test_container_that_floods_its_output(bench: Workbench, image: Callable[..., None]) -> None:
    image('FROM debian:trixie-slim\nCMD ["sh", "-c", "yes | head -c 5000000; echo the end"]\n')
    said = bench.run().output
    assert len(said) <= 1 << 20
    assert said.endswith("the end\n")


def test_what_a_container_says_is_heard_from_itself_and_not_from_its_log(
    bench: Workbench, image: Callable[..., None]
) -> None:
    image('FROM debian:trixie-slim\nCMD ["sh", "-c", "echo last words >&2; exit 3"]\n')
    ran = bench.run(log_config={"Type": "none"})
    assert (ran.status, ran.output) == (3, "last words\n")


def test_container_that_eats_memory_is_stopped(
    bench: Workbench, image: Callable[..., None]
) -> None:
    image('FROM python:3.13-slim\nCMD ["python", "-c", "bytearray(2_000_000_000)"]\n')
    assert bench.run().status == 137


def test_no_container_of_a_check_is_left(client: docker.DockerClient) -> None:
    assert client.containers.list(all=True, filters={"label": "org.docker-anatomy.check"}) == []


def test_image_with_very_many_files_is_looked_at_in_time(
    bench: Workbench, image: Callable[..., None]
) -> None:
    image(
        "FROM python:3.13-slim\n"
        "RUN mkdir /many && python -c"
        " \"[open(f'/many/{n}', 'w').close() for n in range(100_000)]\"\n"
    )
    began = time.monotonic()
    result = checking.check(NAME)
    assert result.status == 1
    assert time.monotonic() - began < REGISTRY[NAME].limit / 2


def test_directory_where_a_file_is_expected(bench: Workbench, image: Callable[..., None]) -> None:
    image("FROM debian:trixie-slim\nRUN mkdir -p /data/data.bin\n")
    result = checking.check(NAME)
    assert result.status == 1
    assert "기대한 것은" in result.message


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "huge", "binary"])
def test_answer_file_that_is_no_text(kind: str) -> None:
    bench = Workbench("05-2", "test")
    checking.clear("05-2")
    bench.folder.mkdir(parents=True)
    path = bench.folder / "token.txt"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "huge":
        path.write_bytes(b"a" * (2 << 20))
    else:
        path.write_bytes(b"\xff\xfe\x00")
    try:
        with pytest.raises(NotYetError, match=r"token\.txt"):
            bench.text("token.txt")
    finally:
        checking.clear("05-2")


def test_check_that_takes_too_long_is_ended(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REGISTRY, NAME, replace(REGISTRY[NAME], limit=0.05))
    before = state(NAME)
    result = checking.check(NAME)
    assert result.status == 2
    assert "안에 끝나지 않아" in result.message
    assert state(NAME) == before


def test_checks_may_run_side_by_side(bench: Workbench, image: Callable[..., None]) -> None:
    image("FROM debian:trixie-slim\nRUN mkdir /data && echo > /data/data.bin\n")
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(checking.check, [NAME] * 3))
    assert len({one.message for one in results}) == 1


# ---- the log -------------------------------------------------------------------------------------


@pytest.fixture
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(workspace, "WORK", tmp_path)
    return tmp_path / workspace.KEPT / journal.LOG


def test_passed_once_is_passed(own_log: Path) -> None:
    for passed in (False, True, False):
        journal.keep("05-1", passed, "…")
    one = next(row for row in journal.standings() if row.id == "05-1")
    assert one.tries == 3
    assert one.passed_at is not None


def test_a_write_that_was_cut_off_costs_one_line(own_log: Path) -> None:
    journal.keep("05-1", True, "…")
    with own_log.open("a") as file:
        file.write('{"at": "2026-\n')
    journal.keep("05-2", True, "…")
    assert [record["id"] for record in journal.records()] == ["05-1", "05-2"]


def test_results_are_only_ever_added(own_log: Path) -> None:
    journal.keep("05-1", False, "…")
    first = own_log.read_bytes()
    journal.keep("05-1", True, "…")
    assert own_log.read_bytes().startswith(first)


def test_progress_is_shown_as_table_and_as_text(own_log: Path) -> None:
    journal.keep("05-1", True, "…")
    board = journal.Standings()
    assert f"1 / {len(REGISTRY)}" in str(board)
    assert "<table>" in board._repr_html_()


def test_card_escapes_what_a_container_said() -> None:
    result = checking.Result("05-1", False, "<script>alert(1)</script>", "`<b>`")
    shown = card.Card(result)._repr_html_()
    assert "<script>" not in shown
    assert "<code>&lt;b&gt;</code>" in shown
