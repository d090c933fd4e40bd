"""Layers read by a child process beside their parent: the same entries, whatever happens to it."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from layerscope import sources
from layerscope.model import Entry, Kind
from layerscope.oci import LocatedLayer

THIS = os.getpid()


@dataclass
class Prepared:
    """A layer source whose entries come with the process that read them, as their owner."""

    name: str
    at_reading: Callable[[], None] = lambda: None
    cacheable: bool = True
    inflates: bool = False
    size: int | None = None
    linked: bool = False

    def entries(self, diff_id: str, digest: str | None, content: bool) -> list[Entry]:
        self.at_reading()
        odd = os.fsdecode(b"\xff")
        return [Entry(f"{self.name}/{odd}", Kind.FILE, 7, 0o644, os.getpid(), 0, "", None)]

    def file(self, path: str, limit: int) -> bytes:
        raise NotImplementedError


def located(*prepared: Prepared) -> list[LocatedLayer]:
    return [
        LocatedLayer(source, f"sha256:{number:064}", None, None)
        for number, source in enumerate(prepared)
    ]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def readers(listings: list[list[Entry]]) -> list[int]:
    return [listing[0].uid for listing in listings]


def children() -> set[str]:
    here = threading.get_native_id()
    return set(Path(f"/proc/self/task/{here}/children").read_text().split())


@pytest.fixture
def no_child_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forks even if an earlier test left a thread; afterwards there is no child that was not."""
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(sources, "WORTH_A_CHILD", 0)
    before = children()
    yield
    assert children() <= before


@pytest.mark.usefixtures("no_child_left")
def test_after_the_first_every_other_layer_is_read_by_a_child() -> None:
    found = sources._parsed_side_by_side(located(*(Prepared(name) for name in "abcde")))
    assert [one[0].path[0] for one in found] == list("abcde")
    first, second, third, fourth, fifth = readers(found)
    assert first == second == fourth == THIS
    assert third == fifth != THIS


def test_small_layers_need_no_child() -> None:
    found = sources._parsed_side_by_side(located(*(Prepared(name) for name in "abcd")))
    assert readers(found) == [THIS] * 4


def test_known_layers_need_no_child() -> None:
    layers = located(*(Prepared(name) for name in "abcd"))
    once = sources._parsed_side_by_side(layers)
    again = sources._parsed_side_by_side(located(*(Prepared(name, fail) for name in "abcd")))
    assert again == once


def fail() -> None:
    raise AssertionError("read, though it was known")


def test_a_process_with_threads_does_not_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "WORTH_A_CHILD", 0)
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        found = sources._parsed_side_by_side(located(*(Prepared(name) for name in "abc")))
    finally:
        done.set()
        thread.join()
    assert readers(found) == [THIS] * 3


@pytest.mark.usefixtures("no_child_left")
def test_what_a_dying_child_leaves_unread_is_read_here() -> None:
    def die_in_child() -> None:
        if os.getpid() != THIS:
            os.kill(os.getpid(), signal.SIGKILL)

    found = sources._parsed_side_by_side(
        located(Prepared("a"), Prepared("b"), Prepared("c", die_in_child))
    )
    assert readers(found) == [THIS] * 3


@pytest.mark.usefixtures("no_child_left")
def test_an_error_in_the_childs_layer_is_raised_here() -> None:
    def broken() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        sources._parsed_side_by_side(located(Prepared("a"), Prepared("b"), Prepared("c", broken)))


@pytest.mark.usefixtures("no_child_left")
def test_an_error_here_ends_the_child() -> None:
    def broken() -> None:
        if os.getpid() == THIS:
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        sources._parsed_side_by_side(located(Prepared("a"), Prepared("b", broken), Prepared("c")))
