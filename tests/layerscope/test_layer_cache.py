"""The cache: the second look is free, and no trouble with it is ever the reader's."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import image_maker as make
import pytest
from image_maker import Real
from needs import needs

import layerscope
from layerscope import archive, cache, containerd, engine, overlay2
from layerscope.model import Entry, Kind

ENTRIES = [
    Entry("a", Kind.FILE, 3, 0o644, 0, 0),
    Entry("b\udcff", Kind.SYMLINK, 0, 0o777, 1, 2, "한글"),
    Entry("c", Kind.OPAQUE, 0, 0, 0, 0),
]
ID = "sha256:" + "0" * 64


def test_entries_come_back_as_they_were() -> None:
    assert cache.load_layer(ID, content=False) is None
    cache.store_layer(ID, False, ENTRIES)
    assert cache.load_layer(ID, content=False) == ENTRIES
    assert cache.load_layer(ID, content=True) is None


def test_second_look_reads_no_layer(
    real_images: dict[str, Real], monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("root")  # elsewhere the engine has to save the image
    first = layerscope.read(real_images["deletes"].name)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("parsed a layer again")

    for module in (archive, overlay2):
        monkeypatch.setattr(module, "members", refuse)
    monkeypatch.setattr(containerd, "_scan", refuse)
    assert layerscope.read(real_images["deletes"].name) == first


def test_second_look_inflates_no_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = make.Layout()
    layout.manifests.append(layout.image([make.tar(make.file("a")), make.tar(make.file("b"))]))
    reference = f"oci-archive:{layout.archive(tmp_path / 'image.tar')}"
    first = layerscope.read(reference)
    monkeypatch.setattr(archive, "inflate", None)
    assert layerscope.read(reference) == first


def test_second_look_saves_nothing(
    real_images: dict[str, Real], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Away from the engine's data, the saved image's own facts are kept as well."""
    monkeypatch.setattr(engine, "_locate_here", lambda *_: None)
    first = layerscope.read(real_images["names"].name)
    monkeypatch.setattr(engine.SocketEngine, "save", None)
    assert layerscope.read(real_images["names"].name) == first


@pytest.mark.parametrize("damage", [b"", b"noise", None])
def test_corrupt_files_are_misses(damage: bytes | None, own_cache: Path) -> None:
    cache.store_layer(ID, False, ENTRIES)
    (path,) = own_cache.rglob("*.layer")
    raw = path.read_bytes()
    for at in range(len(raw)) if damage is None else [0]:
        broken = raw[:at] + bytes([raw[at] ^ 0x55]) + raw[at + 1 :] if damage is None else damage
        path.write_bytes(broken)
        assert cache.load_layer(ID, content=False) in (None, ENTRIES)
    path.write_bytes(raw[: len(raw) // 2])
    assert cache.load_layer(ID, content=False) is None


def test_document_of_another_shape_is_a_miss() -> None:
    for document in ({}, {"a": 1}):
        cache.store_document(cache._layer_name(ID, False).removesuffix(".layer"), document)
    (path,) = cache.directory().glob("*.image")
    path.rename(path.with_suffix(".layer"))
    assert cache.load_layer(ID, content=False) is None


def test_cache_is_bounded_and_drops_the_oldest(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"sha256:{n:064}" for n in range(5)]
    for n, one in enumerate(ids):
        cache.store_layer(one, False, ENTRIES)
        path = cache.directory() / cache._layer_name(one, False)
        os.utime(path, (n, n))
    size = sum(path.stat().st_size for path in cache.directory().iterdir())
    assert cache.load_layer(ids[0], content=False) == ENTRIES  # used again: not the oldest now
    monkeypatch.setattr(cache, "LIMIT", size)
    cache.store_layer(ID, True, ENTRIES)
    assert cache.load_layer(ids[0], content=False) == ENTRIES
    assert cache.load_layer(ids[1], content=False) is None
    assert not list(own_cache.rglob(".new-*"))


def test_cache_that_cannot_be_written_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no directory")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    cache.store_layer(ID, False, ENTRIES)
    assert cache.load_layer(ID, content=False) is None


def test_wrong_layer_never_enters_the_cache(tmp_path: Path, own_cache: Path) -> None:
    """A blob that is not what its config promises must not be taken for it later."""
    layout = make.Layout()
    good, bad = make.tar(make.file("good")), make.tar(make.file("bad"))
    entry = layout.image([good])
    name = next(n for n, raw in layout.blobs.items() if raw.startswith(b"\x1f\x8b"))
    layout.blobs[name] = gzip.compress(bad)
    layout.manifests.append(entry)
    with pytest.raises(layerscope.DigestMismatchError):
        layerscope.read(f"oci-archive:{layout.archive(tmp_path / 'image.tar')}")
    assert not list(own_cache.rglob("*.layer"))


def test_cached_layer_is_quick(tmp_path: Path) -> None:
    """Quicker than inflating and parsing the same layer, by a lot."""
    body = os.urandom(20_000)
    layer = make.tar(*(make.file(f"d/{n}", body) for n in range(2000)))
    layout = make.Layout()
    layout.manifests.append(layout.image([layer], pack=lambda raw: gzip.compress(raw, 1)))
    reference = f"oci-archive:{layout.archive(tmp_path / 'image.tar')}"
    times = []
    for _ in range(2):
        start = time.perf_counter()
        layerscope.read(reference)
        times.append(time.perf_counter() - start)
    assert times[1] < times[0] / 2
