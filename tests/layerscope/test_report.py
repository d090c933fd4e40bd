"""The tables that people read: every cell whole, however long the commands and wide the paths."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import image_maker as make
import pytest
from rich.cells import cell_len

import layerscope
from layerscope import command

LONG = "apt-get install -y " + " ".join(f"package-number-{n}" for n in range(20))
KOREAN = "echo " + "한글과 漢字와 かな가 섞인 아주 긴 명령, " * 12
HISTORIES = {
    "long": [f"RUN /bin/sh -c {LONG} # buildkit", f"RUN {LONG} # buildkit", f"/bin/sh -c {LONG}"],
    "korean": [f"RUN /bin/sh -c {KOREAN} # buildkit"] * 3,
    "none": [],
}
INSTRUCTIONS = {"long": f"RUN {LONG}", "korean": f"RUN {KOREAN}", "none": ""}
WIDE = "아주-긴-폴더-이름/" * 15 + "파일"

HEADING = re.compile(r"층 +크기 +█ 보임 ░ 숨음 +숨음 +추가/변경/삭제 +(만든 명령|만든…) *")
LAYER = re.compile(
    r" *(\d+) +([\d.]+ k?M?B) +(█*░*) +([\d.]+ k?B) +(\+\d+ ~\d+ -\d+) +(?P<command>.*?) *"
)
HIDDEN = re.compile(r" *([\d.]+ k?B) +(\S+) +(\d+ ← \d+) +(?P<path>/\S*) *")
REST = re.compile(r" +(?P<path>\S+) *")


@pytest.fixture(params=HISTORIES)
def history(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def image(tmp_path: Path, history: str) -> str:
    """1 MB of which 400 kB are overwritten, and then all of what overwrote them is deleted."""
    layers = [
        make.tar(make.file("big", b"b" * 400_000), make.file("keep", b"k" * 600_000)),
        make.tar(make.file("big", b"B" * 1_234), make.file("new"), make.file(WIDE, b"w" * 999)),
        make.tar(make.file(".wh.big"), make.file(".wh." + WIDE.partition("/")[0])),
    ]
    rows = [{"created_by": one} for one in HISTORIES[history]]
    return f"docker-archive:{make.docker_archive(tmp_path / 'image.tar', layers, history=rows)}"


@pytest.fixture(params=[60, 80, 100, 120])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def _told(capsys: pytest.CaptureFixture[str], width: int, *words: str) -> list[str]:
    assert command.main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(cell_len(line) <= width for line in lines)
    return lines


def _layers(lines: list[str]) -> list[tuple[str, ...]]:
    """The cells of each row under the heading, which must be whole itself."""
    top = next(index for index, line in enumerate(lines) if HEADING.fullmatch(line))
    rows = [LAYER.fullmatch(line) for line in lines[top + 1 : top + 4]]
    return [() if row is None else row.groups() for row in rows]


def test_every_cell_of_every_layer_is_whole(
    image: str, history: str, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _layers(_told(capsys, width, image))
    longest = {60: 15, 80: 20, 100: 24, 120: 24}[width]
    dark = {60: 6, 80: 8, 100: 10, 120: 10}[width]
    assert [row[:5] for row in rows] == [
        ("0", "1.00 MB", "█" * (longest - dark) + "░" * dark, "400 kB", "+2 ~0 -0"),
        ("1", "2.23 kB", "░", "2.23 kB", "+2 ~1 -0"),
        ("2", "0 B", "", "0 B", "+0 ~0 -2"),
    ]
    instruction = " ".join(INSTRUCTIONS[history].split())
    for *_, told in rows:
        assert instruction.startswith(told.removesuffix("…").rstrip())
        assert bool(told) == bool(instruction)


def test_every_cell_of_every_hidden_file_is_whole(
    image: str, history: str, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = _told(capsys, width, image)
    title = lines.index("가장 큰 숨은 파일 3개 (모두 3개)")
    assert lines[title + 1].split() == ["크기", "까닭", "층", "경로"]
    rows: list[list[str]] = []
    for line in lines[title + 2 :]:
        if row := HIDDEN.fullmatch(line):
            rows.append([*row.groups()])
        elif rest := REST.fullmatch(line):  # a path goes on below itself
            rows[-1][-1] += rest["path"]
    assert rows == [
        ["400 kB", "덮어씀", "0 ← 1", "/big"],
        ["1.23 kB", "지움", "1 ← 2", "/big"],
        ["999 B", "지움", "1 ← 2", f"/{WIDE}"],
    ]


def test_every_cell_of_a_difference_is_whole(
    tmp_path: Path, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / ("아주-긴-폴더-이름-" * 6)
    folder.mkdir()
    base = make.tar(make.file("gone", b"g" * 1_500), make.file("more", b"1"))
    other = make.tar(make.file("more", b"2" * 2_500_000), make.file(WIDE, b"w" * 70))
    deleting = make.tar(make.file(".wh.gone"))
    names = [
        f"docker-archive:{make.docker_archive(folder / name, layers)}"
        for name, layers in (("a.tar", [base]), ("b.tar", [base, other, deleting]))
    ]
    lines = _told(capsys, width, "diff", *names)
    assert lines[0].split() == ["이미지", "레이어", "저장된", "크기", "보임", "숨음"]
    shared = lines.index("함께 쓰는 레이어 1개, 1.50 kB")
    images = [line.split() for line in lines[1:shared]]
    assert [row[1:] for row in images if row[1:]] == [
        *(["1", "1.50", "kB", "1.50", "kB", "0", "B"],),
        *(["3", "2.50", "MB", "2.50", "MB", "1.50", "kB"],),
    ]
    assert "".join(row[0] for row in images) == "".join(names)
    assert lines[shared + 1] == "마지막 파일 시스템의 차이: 추가 1, 변경 1, 삭제 1"
    assert lines[shared + 2].split() == ["상태", "앞", "뒤", "경로"]
    paths = [line.split() for line in lines[shared + 3 :]]
    assert paths[:2] == [
        ["변경", "1", "B", "2.50", "MB", "/more"],
        ["삭제", "1.50", "kB", "/gone"],
    ]
    assert paths[2][:3] == ["추가", "70", "B"]
    assert paths[2][3] + "".join(row[0] for row in paths[3:]) == f"/{WIDE}"


@pytest.mark.parametrize("history", ["long"])
def test_without_a_terminal_a_line_has_80_columns(image: str, history: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "layerscope.command", image],
        cwd=Path(layerscope.__file__).parents[1],
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert max(map(cell_len, lines)) == 80
    assert [row[:2] for row in _layers(lines)] == [("0", "1.00 MB"), ("1", "2.23 kB"), ("2", "0 B")]
