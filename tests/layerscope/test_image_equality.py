"""Real images: the same answers as dive, umoci and skopeo, from the engine and from archives."""

from __future__ import annotations

from pathlib import Path

import oracles
import pytest
from image_maker import Real
from needs import needs

import layerscope
from layerscope import dive, engine
from layerscope.model import Analysis, Image, Kind, State
from layerscope.paths import parents


def _replaced(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _facts(image: Image) -> list[object]:
    """All that must not depend on where an image is read."""
    return [
        image.id,
        image.platform,
        image.created,
        image.config,
        image.history,
        [
            (
                layer.diff_id,
                layer.chain_id,
                layer.created_by,
                layer.size,
                layer.linked,
                sorted(repr(entry) for entry in layer.entries),
            )
            for layer in image.layers
        ],
    ]


def _results(analysis: Analysis) -> list[object]:
    return [
        analysis.size,
        analysis.visible,
        sorted(repr(row) for row in analysis.hidden),
        [sorted(states) for states in analysis.states],
        analysis.dive,
    ]


def test_dive_numbers_equal_dives(real: Real, tmp_path: Path) -> None:
    image = layerscope.read(f"docker-archive:{real.archive}")
    theirs = oracles.dive(real.archive, tmp_path)
    score = layerscope.analyze(image).dive
    assert (score.size, score.inefficient_bytes) == (theirs.size, theirs.inefficient)
    assert score.efficiency == theirs.efficiency
    again = dive._count(image.layers).again.items()  # dive's fileReference
    references = {_replaced(f"/{path}"): (one.copies, one.total) for path, one in again}
    assert references == theirs.references
    assert [0 if one.linked else one.size for one in image.layers] == theirs.layers
    assert [layer.diff_id for layer in image.layers] == theirs.diff_ids


def test_final_root_equals_umoci_unpack(real: Real, tmp_path: Path) -> None:
    image = layerscope.read(f"docker-archive:{real.archive}")
    disk = oracles.walk(oracles.umoci_unpack(real.archive, tmp_path))
    final = layerscope.root_filesystem(image)
    assert final.keys() | parents(final) - {""} == disk.paths
    assert layerscope.analyze(image).visible == disk.bytes


def test_diff_ids_equal_skopeos(real: Real) -> None:
    image = layerscope.read(f"docker-archive:{real.archive}", content=True)
    config = oracles.skopeo_config(real.archive)
    assert [layer.diff_id for layer in image.layers] == (config["rootfs"].get("diff_ids") or [])


def test_size_is_visible_plus_hidden(real: Real) -> None:
    analysis = layerscope.analyze(layerscope.read(f"docker-archive:{real.archive}"))
    assert analysis.size == analysis.visible + analysis.hidden_bytes
    assert analysis.size == sum(
        entry.size for layer in analysis.image.layers for entry in layer.entries
    )


@pytest.mark.parametrize("content", [False, True])
def test_live_equals_archive(real: Real, content: bool) -> None:
    live = layerscope.read(real.name, content=content)
    saved = layerscope.read(f"docker-archive:{real.archive}", content=content)
    assert _facts(live) == _facts(saved)
    assert _results(layerscope.analyze(live)) == _results(layerscope.analyze(saved))


def test_engine_stream_equals_archive(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_locate_here", lambda *_: None)
    steps: list[int] = []
    live = layerscope.read(real.name, progress=lambda done, _: steps.append(done))
    saved = layerscope.read(f"docker-archive:{real.archive}")
    assert _facts(live) == _facts(saved)
    assert steps == sorted(steps)
    assert steps[-1] > 0


def test_live_reading_needs_no_save(
    real_images: dict[str, Real], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the engine, as root, layers are read where they lie."""
    needs("root")

    def refuse(*_: object) -> None:
        raise AssertionError("asked the engine to save")

    monkeypatch.setattr(engine.SocketEngine, "save", refuse)
    for real in real_images.values():
        layerscope.read(real.name)


def test_known_causes_of_real_images(real_images: dict[str, Real]) -> None:
    causes = {
        kind: {row.cause.value for row in layerscope.analyze(layerscope.read(one.name)).hidden}
        for kind, one in real_images.items()
    }
    assert causes["deletes"] == {"deleted"}
    assert causes["overwrites"] == {"overwritten"}
    assert causes["empty"] == set()
    assert causes["opaque"] <= {"opaque", "deleted"}  # the store decides how it is written
    assert causes["opaque"]


def test_hardlinked_bytes_live_as_long_as_one_name(real_images: dict[str, Real]) -> None:
    image = layerscope.read(real_images["hardlinks"].name)
    links = [
        entry for layer in image.layers for entry in layer.entries if entry.kind is Kind.HARDLINK
    ]
    assert len(links) == 2
    analysis = layerscope.analyze(image)
    # The first three names are gone or copied up in the end, the bytes with them, once.
    linked = [row for row in analysis.hidden if row.path in ("links/a", "links/b", "z")]
    assert [row.bytes for row in linked] == [1000]


def test_retargeted_symlink_is_modified(real_images: dict[str, Real]) -> None:
    analysis = layerscope.analyze(layerscope.read(real_images["symlinks"].name))
    last = analysis.image.layers[-1]
    states = {
        entry.path: state for entry, state in zip(last.entries, analysis.states[-1], strict=True)
    }
    assert states["link"] is State.MODIFIED


def test_content_tells_unchanged_from_modified(real_images: dict[str, Real]) -> None:
    image = layerscope.read(real_images["overwrites"].name, content=True)
    analysis = layerscope.analyze(image)
    last = {
        entry.path: state
        for entry, state in zip(image.layers[-1].entries, analysis.states[-1], strict=True)
    }
    assert last["data/one"] is State.MODIFIED
    assert last["data/three"] is State.UNCHANGED
