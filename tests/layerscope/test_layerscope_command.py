"""The command, as people and scripts use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import image_maker as make
import pytest
from image_maker import Real

import layerscope
from layerscope import command
from layerscope.history import compressed_size
from layerscope.sizes import human

LENIENT = ["--lowest-efficiency=0", "--highest-user-wasted-percent=1"]
ROOT = Path(layerscope.__file__).parents[1]


@pytest.fixture
def wasteful(tmp_path: Path) -> str:
    """3,500 bytes of which 3,000 are deleted."""
    layers = [
        make.tar(make.file("keep", b"k" * 400)),
        make.tar(make.file("big", b"b" * 3000), make.file("more", b"m" * 100)),
        make.tar(make.file(".wh.big")),
    ]
    return f"docker-archive:{make.docker_archive(tmp_path / 'image.tar', layers)}"


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert command.main([*words, "--json"]) == 0
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def test_json_is_schema_1(wasteful: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = _json(capsys, wasteful)
    assert list(document) == ["schema", "image", "totals", "layers", "history", "hidden", "dive"]
    assert document["schema"] == 1
    image = document["image"]
    assert isinstance(image, dict)
    assert list(image) == ["reference", "id", "platform", "created"]
    assert image["reference"] == wasteful
    assert image["created"] == "2026-01-01T00:00:00Z"
    totals = document["totals"]
    assert isinstance(totals, dict)
    assert list(totals) == ["size", "visible", "hidden", "compressed"]
    assert (totals["size"], totals["visible"], totals["hidden"]) == (3500, 500, 3000)
    layers = document["layers"]
    assert isinstance(layers, list)
    assert list(layers[0]) == [
        *("index", "diff_id", "chain_id", "digest", "media_type", "created_by", "size"),
        *("compressed_size", "added", "modified", "removed"),
    ]
    assert [layer["size"] for layer in layers] == [400, 3100, 0]
    assert [(one["added"], one["modified"], one["removed"]) for one in layers] == [
        (1, 0, 0),
        (2, 0, 0),
        (0, 0, 1),
    ]
    assert document["history"] == [
        {"created_by": f"step {n}", "empty_layer": False, "layer": n} for n in range(3)
    ]
    assert document["hidden"] == [
        {"path": "/big", "bytes": 3000, "cause": "deleted", "layer": 1, "by": 2}
    ]
    assert document["dive"] == {"size": 3500, "inefficient_bytes": 3000, "efficiency": 500 / 3500}


def test_json_of_a_live_image_equals_its_archive(
    real_images: dict[str, Real], capsys: pytest.CaptureFixture[str]
) -> None:
    real = real_images["replaced"]
    live = _json(capsys, real.name)
    saved = _json(capsys, f"docker-archive:{real.archive}")
    for key in ("hidden", "history", "dive"):
        assert live[key] == saved[key]
    assert isinstance(live["totals"], dict)
    assert isinstance(saved["totals"], dict)
    for key in ("size", "visible", "hidden"):
        assert live["totals"][key] == saved["totals"][key]


def test_table_for_people(wasteful: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([wasteful]) == 0
    out = capsys.readouterr().out
    assert "저장된 3.50 kB = 보이는 500 B + 숨은 3.00 kB (85.7%)" in out
    facts = layerscope.analyze(layerscope.read(wasteful))
    blobs = compressed_size(facts.image)
    assert blobs is not None
    assert f"저장소의 블롭: {human(blobs)}\n" in out
    assert human(facts.dive.inefficient_bytes) != human(facts.dive.size)
    assert f"낭비 {human(facts.dive.inefficient_bytes)}\n" in out
    assert "/big" in out
    assert "█" in out
    assert "░" in out


def test_top_limits_the_hidden_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = make.tar(*(make.file(f"f{n}", b"x" * (n + 1)) for n in range(9)))
    second = make.tar(*(make.file(f"f{n}", b"y") for n in range(9)))
    path = make.docker_archive(tmp_path / "image.tar", [first, second])
    hidden = _json(capsys, f"docker-archive:{path}", "--top", "3")["hidden"]
    assert isinstance(hidden, list)
    assert [row["bytes"] for row in hidden] == [9, 8, 7]


def test_diff(real_images: dict[str, Real], capsys: pytest.CaptureFixture[str]) -> None:
    names = [real_images[kind].name for kind in ("base", "deletes")]
    document = _json(capsys, "diff", *names)
    assert list(document) == ["schema", "images", "layers", "paths"]
    layers = document["layers"]
    assert isinstance(layers, list)
    assert layers[0]["images"] == [0, 1]
    assert all(row["images"] == [1] for row in layers[1:])
    paths = document["paths"]
    assert isinstance(paths, list)
    assert {row["path"]: row["state"] for row in paths}["/tree/top"] == "added"
    assert command.main(["diff", *names]) == 0
    assert "함께 쓰는 레이어 1개" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ([], 1),
        (["--lowest-efficiency", "0.1", "--highest-user-wasted-percent", "1"], 0),
        (["--lowest-efficiency", "0.2", "--highest-user-wasted-percent", "1"], 1),
        (["--lowest-efficiency", "0", "--highest-user-wasted-percent", "0.5"], 1),
        (
            [*LENIENT, "--highest-wasted-bytes=3KB"],
            0,
        ),
        (
            [*LENIENT, "--highest-wasted-bytes=2999"],
            1,
        ),
    ],
)
def test_ci_thresholds(
    words: list[str], status: int, wasteful: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([wasteful, "--ci", *words]) == status
    assert ("실패" in capsys.readouterr().out) == bool(status)


def test_ci_sees_the_removed_directory_that_dive_lets_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = [
        make.tar(make.file("keep", b"k" * 500), make.directory("d"), make.file("d/x", b"x" * 3000)),
        make.tar(make.file(".wh.d")),
    ]
    path = make.docker_archive(tmp_path / "image.tar", layers)
    assert layerscope.analyze(layerscope.read(f"docker-archive:{path}")).dive.efficiency == 1.0
    assert command.main([f"docker-archive:{path}", "--ci"]) == 1
    capsys.readouterr()


def test_trouble_is_told_in_three_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["docker-archive:/nowhere.tar"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.strip().splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("이유: ")
    assert lines[2].startswith("다음: ")


def test_control_characters_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "\x1b[31mred\x07"
    layers = [make.tar(make.file(name, b"1" * 9)), make.tar(make.file(name, b"2"))]
    rows = [{"created_by": f"RUN echo {name}"}, {"created_by": "[bold]not markup[/]"}]
    path = make.docker_archive(tmp_path / "image.tar", layers, history=rows)
    assert command.main([f"docker-archive:{path}"]) == 0
    out = capsys.readouterr().out
    assert "\x1b[31m" not in out
    assert "\x07" not in out
    assert "[bold]not" in out


@pytest.mark.parametrize("words", [[], ["--top", "-1", "x"], ["--highest-wasted-bytes=lots", "x"]])
def test_wrong_use_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(words)
    assert caught.value.code == 2
    capsys.readouterr()


def test_closed_pipe_is_quiet(wasteful: str) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "layerscope.command", wasteful, "--json"],
            cwd=ROOT,
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")
