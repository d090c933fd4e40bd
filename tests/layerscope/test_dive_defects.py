"""Where dive 0.13.1 is wrong: its number, which ours repeats in its name, beside the truth."""

from __future__ import annotations

from pathlib import Path

import image_maker as make
import oracles
import pytest

import layerscope
from layerscope.model import Analysis


def _both(tmp_path: Path, *layers: bytes) -> tuple[oracles.Dive, Analysis]:
    """dive itself and layerscope on the same archive, and that they agree on dive's numbers."""
    archive = make.docker_archive(tmp_path / "image.tar", layers)
    analysis = layerscope.analyze(layerscope.read(f"docker-archive:{archive}"))
    theirs = oracles.dive(archive, tmp_path)
    assert analysis.dive.size == theirs.size
    assert analysis.dive.inefficient_bytes == theirs.inefficient
    assert analysis.dive.efficiency == theirs.efficiency
    return theirs, analysis


def test_removed_directory_is_free_of_charge_for_dive(tmp_path: Path) -> None:
    theirs, ours = _both(
        tmp_path,
        make.tar(
            make.directory("keep"),
            make.file("keep/a", b"k" * 500),
            make.directory("dir"),
            make.file("dir/b", b"b" * 3000),
        ),
        make.tar(make.file(".wh.dir")),
    )
    assert (theirs.efficiency, theirs.inefficient) == (1.0, 0)
    assert (ours.visible / ours.size, ours.hidden_bytes) == (500 / 3500, 3000)


def test_opaque_directory_does_not_exist_for_dive(tmp_path: Path) -> None:
    theirs, ours = _both(
        tmp_path,
        make.tar(make.directory("dir"), make.file("dir/old", b"o" * 1000)),
        make.tar(
            make.directory("dir"),
            make.file("dir/.wh..wh..opq"),
            make.file("dir/new", b"n" * 500),
        ),
    )
    assert (theirs.efficiency, theirs.inefficient) == (1.0, 0)
    assert (ours.visible, ours.hidden_bytes) == (500, 1000)
    assert [row.cause.value for row in ours.hidden] == ["opaque"]


def test_dive_counts_every_copy_as_waste(tmp_path: Path) -> None:
    theirs, ours = _both(
        tmp_path, make.tar(make.file("a", b"1" * 1000)), make.tar(make.file("a", b"2" * 1000))
    )
    assert (theirs.inefficient, ours.hidden_bytes) == (2000, 1000)


def test_changed_owner_and_removed_part_of_a_tree(tmp_path: Path) -> None:
    names = [f"tree/{part}/{number}" for part in ("keep", "drop") for number in range(10)]
    directories = [make.directory(name) for name in ("tree", "tree/keep", "tree/drop")]
    theirs, ours = _both(
        tmp_path,
        make.tar(*directories, *(make.file(name, b"x" * 1000) for name in names)),
        make.tar(*directories, *(make.file(name, b"x" * 1000, 0o600) for name in names)),
        make.tar(make.directory("tree"), make.file("tree/.wh.drop")),
    )
    # Both copies of all twenty files, though ten copies are in use.
    assert theirs.inefficient == 40_000
    assert ours.hidden_bytes == 30_000


@pytest.mark.parametrize("first", ["file", "directory"])
def test_dive_misses_a_file_and_a_directory_that_change_places(tmp_path: Path, first: str) -> None:
    as_file = make.tar(make.file("thing", b"f" * 3000))
    as_directory = make.tar(make.directory("thing"), make.file("thing/inside", b"d" * 10_000))
    layers = (as_file, as_directory) if first == "file" else (as_directory, as_file)
    theirs, ours = _both(tmp_path, *layers)
    assert theirs.inefficient == 0
    assert ours.hidden_bytes == (3000 if first == "file" else 10_000)
    assert [row.cause.value for row in ours.hidden] == ["replaced"]


def test_whiteout_of_nothing_ends_dives_counting(tmp_path: Path) -> None:
    theirs, ours = _both(
        tmp_path,
        make.tar(make.file("same", b"1" * 2048)),
        make.tar(make.file(".wh.never-there"), make.file("same", b"2" * 2048)),
    )
    assert theirs.inefficient == 0
    assert theirs.efficiency == (2048 - 1) / 2048
    assert (ours.visible / ours.size, ours.hidden_bytes) == (0.5, 2048)


def test_linked_layer_is_empty_for_dive(tmp_path: Path) -> None:
    """``docker save`` up to 24 stores an equal layer once and links to it."""
    data = make.tar(make.file("a", b"a" * 1000))
    theirs, ours = _both(tmp_path, data, make.tar(make.file(".wh.a")), data)
    assert theirs.layers == [1000, 0, 0]
    assert [layer.size for layer in ours.image.layers] == [1000, 0, 1000]
    assert ours.hidden_bytes == 1000


def test_dive_refuses_an_archive_with_a_global_pax_header(tmp_path: Path) -> None:
    layer = make.tar(make.file("a", b"a" * 10), pax_headers={"comment": "a git commit"})
    archive = make.docker_archive(tmp_path / "image.tar", [layer])
    with pytest.raises(AssertionError, match="dive"):
        oracles.dive(archive, tmp_path)
    assert layerscope.read(f"docker-archive:{archive}").layers[0].size == 10


def test_dive_gives_no_answer_for_a_history_longer_than_the_layers(tmp_path: Path) -> None:
    rows = [{"created_by": "one"}, {"created_by": "two"}, {"created_by": "three"}]
    archive = make.docker_archive(
        tmp_path / "image.tar", [make.tar(make.file("a", b"a"))], history=rows
    )
    with pytest.raises(AssertionError, match="dive"):
        oracles.dive(archive, tmp_path)
    image = layerscope.read(f"docker-archive:{archive}")
    assert [row.layer for row in image.history] == [0, None, None]


def test_dive_mixes_up_an_oci_archive(tmp_path: Path) -> None:
    """Without manifest.json, dive 0.13.1 merges equal layers and loses their order."""
    one, two = make.tar(make.file("a", b"1" * 100)), make.tar(make.file("b", b"2" * 200))
    layout = make.Layout()
    layout.manifests.append(layout.image([one, two, one]))
    archive = layout.archive(tmp_path / "image.tar")
    image = layerscope.read(f"oci-archive:{archive}")
    assert [layer.size for layer in image.layers] == [100, 200, 100]
    assert sorted(oracles.dive(archive, tmp_path).layers) != [100, 100, 200]


def test_dive_calls_a_retargeted_symlink_unmodified(tmp_path: Path) -> None:
    """By dive's source; its JSON has no states, so only ours can be shown."""
    layers = [make.tar(make.symlink("link", "a")), make.tar(make.symlink("link", "b"))]
    _, ours = _both(tmp_path, *layers)
    assert [state.value for state in ours.states[1]] == ["modified"]


def test_stack_of_many_whiteouts_equals_dive(tmp_path: Path) -> None:
    """dive stacks everything anew for each whiteout; one growing stack gives the same."""
    files = [make.file(f"d{n % 7}/e{n % 3}/f{n}", b"x" * n) for n in range(300)]
    gone = [make.file(f"d{n % 7}/e{n % 3}/.wh.f{n}") for n in range(0, 300, 2)]
    _both(tmp_path, make.tar(*files), make.tar(*gone), make.tar(*files[:100]))
    _both(tmp_path, make.tar(*files), make.tar(make.file("d1/.wh.e1"), make.file(".wh.d2")))
