"""Results on their way from the learner's log to a workshop's board."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from coach import journal, reporting, workspace


class Board(HTTPServer):
    """Takes what it is sent, as long as it is up."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 204
        self.asked: list[dict[str, Any]] = []
        self.tokens: set[str] = set()

    @property
    def got(self) -> dict[tuple[str, int], dict[str, Any]]:
        return {(body["log"], one["place"]): one for body in self.asked for one in body["results"]}


class Handler(BaseHTTPRequestHandler):
    server: Board

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.status == 204:
            self.server.asked.append(body)
            self.server.tokens.add(self.headers["Authorization"])
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Board]:
    server = Board()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(workspace, "WORK", tmp_path)
    monkeypatch.setenv("DOCKER_ANATOMY_BOARD", f"http://127.0.0.1:{server.server_port}/board/")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "mine")
    yield server
    server.shutdown()
    server.server_close()


def log_file() -> Path:
    return workspace.WORK / workspace.KEPT / journal.LOG


def test_a_result_arrives_as_it_was_kept(board: Board) -> None:
    journal.keep("05-1", passed=False, message="레이어가 둘이다.")
    reporting.main()
    assert board.tokens == {"token mine"}
    (result,) = board.got.values()
    assert (result["id"], result["passed"], result["message"]) == (
        "05-1",
        False,
        "레이어가 둘이다.",
    )
    assert result["at"] == journal.records()[0]["at"]


def test_nothing_else_of_a_record_is_sent(board: Board) -> None:
    log_file().parent.mkdir()
    record = {"at": "2026-01-01T00:00:00+00:00", "id": "05-1", "passed": True, "secret": "x"}
    log_file().write_text(json.dumps(record) + "\n")
    reporting.main()
    (result,) = board.got.values()
    assert result.keys() == {"place", "at", "id", "passed", "message"}


def test_each_result_goes_once_and_in_order(board: Board) -> None:
    for number in range(3):
        journal.keep(f"0{number + 1}-1", passed=True, message="")
        reporting.main()
    assert [one["id"] for body in board.asked for one in body["results"]] == [
        "01-1",
        "02-1",
        "03-1",
    ]
    assert len({body["log"] for body in board.asked}) == 1


def test_a_long_absence_is_made_up_for_in_batches(board: Board) -> None:
    for _ in range(reporting.BATCH + 50):
        journal.keep("05-1", passed=False, message="")
    reporting.main()
    assert [len(body["results"]) for body in board.asked] == [reporting.BATCH, 50]
    assert len(board.got) == reporting.BATCH + 50


@pytest.mark.parametrize("status", [403, 500, 503])
def test_what_the_board_refuses_is_sent_again(board: Board, status: int) -> None:
    journal.keep("05-1", passed=False, message="")
    board.status = status
    with pytest.raises(OSError, match=str(status)):
        reporting.report()
    board.status = 204
    assert reporting.report()
    assert len(board.got) == 1


def test_a_retry_after_a_lost_answer_has_the_same_name(board: Board) -> None:
    """The board took it, and the seat was stopped before it knew."""
    journal.keep("05-1", passed=False, message="")
    before = reporting.reported(0)
    reporting.remember(before)
    reporting.main()
    reporting.remember(before)
    reporting.main()
    assert len(board.asked) == 2
    assert len(board.got) == 1


def test_a_board_that_is_down_is_waited_for(
    board: Board, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        board.status = 204 if len(waits) == 9 else 503

    monkeypatch.setattr(time, "sleep", sleep)
    board.status = 503
    journal.keep("05-1", passed=True, message="")
    reporting.main()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert len(board.got) == 1
    assert "진도판이 받지 않았다" in capsys.readouterr().out


def test_half_a_line_waits_for_its_other_half(board: Board) -> None:
    journal.keep("05-1", passed=True, message="")
    with log_file().open("a") as log:
        log.write('{"at": "2026')
    reporting.main()
    assert len(board.got) == 1
    sent = reporting.reported(log_file().stat().st_size)
    assert sent.size < log_file().stat().st_size


def test_a_line_that_was_cut_off_for_good_holds_up_nothing(board: Board) -> None:
    log_file().parent.mkdir()
    log_file().write_text('{"at": "2026')
    old = time.time() - 60
    os.utime(log_file(), (old, old))
    reporting.main()
    journal.keep("05-1", passed=True, message="")
    reporting.main()
    assert [one["id"] for one in board.got.values()] == ["05-1"]


def test_a_new_log_is_told_from_the_old_one(board: Board) -> None:
    journal.keep("05-1", passed=False, message="")
    journal.keep("05-1", passed=False, message="")
    reporting.main()
    log_file().unlink()
    journal.keep("05-1", passed=True, message="")
    reporting.main()
    assert len({body["log"] for body in board.asked}) == 2
    assert len(board.got) == 3
