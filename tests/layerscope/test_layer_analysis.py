"""What layers do to each other, on layers small enough to see through."""

from __future__ import annotations

import tarfile
from pathlib import Path

import image_maker as make
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layerscope
from layerscope.model import Analysis, Image, Kind


def _analyze(root: Path, *layers: bytes, content: bool = False) -> Analysis:
    path = make.docker_archive(root / "image.tar", layers)
    return layerscope.analyze(layerscope.read(f"docker-archive:{path}", content=content))


def _hidden(analysis: Analysis) -> list[tuple[str, int, str, int, int]]:
    return [(row.path, row.bytes, row.cause.value, row.layer, row.by) for row in analysis.hidden]


def test_causes(tmp_path: Path) -> None:
    analysis = _analyze(
        tmp_path,
        make.tar(
            make.file("over", b"1" * 10),
            make.file("gone", b"2" * 20),
            make.file("dir/in", b"3" * 30),
            make.file("opaque/in", b"4" * 40),
            make.file("kind", b"5" * 50),
            make.file("tree/in", b"6" * 60),
        ),
        make.tar(
            make.file("over", b"x"),
            make.file(".wh.gone"),
            make.file(".wh.dir"),
            make.file("opaque/.wh..wh..opq"),
            make.directory("kind"),
            make.symlink("tree", "kind"),
        ),
    )
    assert sorted(_hidden(analysis)) == [
        ("dir/in", 30, "deleted", 0, 1),
        ("gone", 20, "deleted", 0, 1),
        ("kind", 50, "replaced", 0, 1),
        ("opaque/in", 40, "opaque", 0, 1),
        ("over", 10, "overwritten", 0, 1),
        ("tree/in", 60, "replaced", 0, 1),
    ]
    assert (analysis.size, analysis.visible) == (211, 1)


def test_whiteout_spares_its_own_layer(tmp_path: Path) -> None:
    """layer.md: whiteouts hide what lower layers hold, wherever they stand in the tar."""
    for names in (("d/new", "d/.wh..wh..opq"), ("d/.wh..wh..opq", "d/new")):
        analysis = _analyze(
            tmp_path,
            make.tar(make.file("d/old", b"o" * 5)),
            make.tar(*(make.file(name, b"n" if name == "d/new" else b"") for name in names)),
        )
        assert _hidden(analysis) == [("d/old", 5, "opaque", 0, 1)]
        assert layerscope.root_filesystem(analysis.image).keys() == {"d/new"}


def test_parent_that_only_follows_from_a_path_replaces_a_file(tmp_path: Path) -> None:
    analysis = _analyze(
        tmp_path, make.tar(make.file("a", b"1" * 7)), make.tar(make.file("a/b", b"2"))
    )
    assert _hidden(analysis) == [("a", 7, "replaced", 0, 1)]


def test_states(tmp_path: Path) -> None:
    first = make.tar(
        make.directory("d"),
        make.file("same", b"1"),
        make.file("body", b"1"),
        make.file("mode", b"1"),
        make.symlink("link", "a"),
        make.file("gone"),
    )
    second = make.tar(
        make.directory("d"),
        make.file("same", b"1"),
        make.file("body", b"2"),
        make.file("mode", b"1", 0o600),
        make.symlink("link", "b"),
        make.file(".wh.gone"),
        make.file(".wh.never"),
        make.file("d/.wh..wh..opq"),
        make.file("new"),
    )
    words = {
        content: [
            state.value for state in _analyze(tmp_path, first, second, content=content).states[1]
        ]
        for content in (True, False)
    }
    tail = ["modified", "modified", "modified", "removed", "unchanged", "unchanged", "added"]
    assert words[True] == ["unchanged", "unchanged", *tail]
    assert words[False] == ["unchanged", "modified", *tail]  # contents were not compared


def test_hardlinked_bytes_count_once_and_die_with_the_last_name(tmp_path: Path) -> None:
    linked = make.tar(make.file("a", b"x" * 100), make.hardlink("b", "a"), make.hardlink("c", "b"))
    for gone, hidden in (
        (["a"], []),
        (["a", "b"], []),
        (["a", "b", "c"], [("a", 100, "deleted", 0, 1)]),
    ):
        analysis = _analyze(
            tmp_path, linked, make.tar(*(make.file(f".wh.{name}") for name in gone))
        )
        assert _hidden(analysis) == hidden
        assert analysis.visible == (0 if hidden else 100)


@pytest.mark.parametrize("target", ["nowhere", "b", "d"])
def test_hardlinks_to_nothing_carry_nothing(target: str, tmp_path: Path) -> None:
    analysis = _analyze(tmp_path, make.tar(make.directory("d"), make.hardlink("b", target)))
    assert (analysis.size, analysis.visible, analysis.hidden) == (0, 0, [])


def test_secret_looking_files_are_found_even_when_hidden(tmp_path: Path) -> None:
    image = _analyze(
        tmp_path,
        make.tar(
            make.file("app/.env", b"KEY=1"),
            make.file("root/.ssh/id_rsa", b"---"),
            make.file("root/.ssh/id_rsa.pub", b"---"),
            make.file("app/.env.example", b"KEY="),
            make.file("etc/ssl/certs/ca.pem", b"---"),
            make.file("var/lib/pam/password", b"Module: unix"),
        ),
        make.tar(make.file("app/.wh..env")),
    ).image
    assert [(one.path, one.visible) for one in layerscope.suspects(image)] == [
        ("app/.env", False),
        ("root/.ssh/id_rsa", True),
    ]


def test_secret_that_a_later_layer_overwrites_is_hidden_and_still_there(tmp_path: Path) -> None:
    image = _analyze(
        tmp_path,
        make.tar(make.file("app/.env", b"KEY=real"), make.file("app/.npmrc", b"token")),
        make.tar(make.file("app/.env", b"KEY=")),
    ).image
    assert [(one.path, one.layer, one.visible) for one in layerscope.suspects(image)] == [
        ("app/.env", 0, False),
        ("app/.npmrc", 0, True),
        ("app/.env", 1, True),
    ]


def test_shared_layers_and_differences(tmp_path: Path) -> None:
    base = make.tar(make.file("base", b"b" * 10))
    other = make.tar(make.file("other", b"o"))
    top = make.tar(make.file("top", b"t" * 5))
    images: list[Image] = [
        _analyze(tmp_path, base, top).image,
        _analyze(tmp_path, base, other, top).image,
    ]
    rows = [(one.size, one.images, one.stacked) for one in layerscope.shared_layers(images)]
    assert rows == [(10, [0, 1], True), (5, [0, 1], False), (1, [1], True)]
    paths = layerscope.compare(*images).paths
    assert [(one.path, one.state.value, one.before, one.after) for one in paths] == [
        ("other", "added", None, 1)
    ]


_names = st.sampled_from(["a", "b", "a/b", "a/b/c", "b/c", "-x", "-x/a"])
_members = st.one_of(
    st.tuples(st.just("file"), _names, st.integers(0, 9)),
    st.tuples(st.just("directory"), _names, st.just(0)),
    st.tuples(st.just("symlink"), _names, st.just(0)),
    st.tuples(st.just("hardlink"), st.tuples(_names, _names), st.just(0)),
    st.tuples(st.just("whiteout"), _names, st.just(0)),
    st.tuples(st.just("opaque"), _names, st.just(0)),
)


@given(layers=st.lists(st.lists(_members, max_size=8), max_size=4))
@settings(max_examples=300)
def test_size_is_always_visible_plus_hidden(
    tmp_path_factory: pytest.TempPathFactory, layers: list[list[tuple[str, object, int]]]
) -> None:
    made = []
    for layer in layers:
        members = []
        for kind, name, size in layer:
            if kind == "hardlink":
                assert isinstance(name, tuple)
                members.append(make.hardlink(*name))
            else:
                members.append(_member(kind, str(name), size))
        made.append(make.tar(*members))
    analysis = _analyze(tmp_path_factory.getbasetemp(), *made)
    assert analysis.size == analysis.visible + analysis.hidden_bytes
    final = layerscope.root_filesystem(analysis.image)
    for path, (_, entry) in final.items():
        assert entry.kind not in (Kind.WHITEOUT, Kind.OPAQUE)
        above = path.rpartition("/")[0]
        if above in final and final[above][0] != final[path][0]:
            assert final[above][1].kind is Kind.DIRECTORY


def _member(kind: str, name: str, size: int) -> tuple[tarfile.TarInfo, bytes]:
    if kind == "file":
        return make.file(name, b"x" * size)
    if kind == "directory":
        return make.directory(name)
    if kind == "symlink":
        return make.symlink(name, "target")
    if kind == "opaque":
        return make.file(f"{name}/.wh..wh..opq")
    above, slash, last = name.rpartition("/")
    return make.file(f"{above}{slash}.wh.{last}")
