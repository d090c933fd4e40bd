"""The header parser against tarfile and GNU tar, and fuzzed."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import zlib
from pathlib import Path

import image_maker as make
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope import tar
from layerscope.errors import (
    BrokenLayerError,
    LayerscopeError,
    TooLargeError,
    TruncatedLayerError,
    UnsupportedEntryError,
)
from layerscope.model import Entry, Kind
from layerscope.streams import Stream
from layerscope.tar import members

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def parse(raw: bytes, content: bool = False) -> list[Entry]:
    return [entry for entry, _ in members(Stream(io.BytesIO(raw)), content=content)]


def header(**fields: bytes) -> bytes:
    """A hand-made ustar header of an empty file, some fields overwritten, checksum right."""
    places = {"name": 0, "mode": 100, "uid": 108, "size": 124, "flag": 156, "link": 157}
    places |= {"magic": 257, "prefix": 345}
    block = bytearray(512)
    block[100:136] = b"0000644\0" + b"0000000\0" * 2 + b"00000000000\0"
    block[156:157], block[257:265] = b"0", b"ustar\x0000"
    for field, value in fields.items():
        block[places[field] : places[field] + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


END = bytes(1024)

names = st.text(
    st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=30
).filter(lambda name: not name.startswith(".") and name.strip("."))
paths = st.lists(names, min_size=1, max_size=8).map("/".join)


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@given(
    entries=st.lists(
        st.tuples(paths, st.binary(max_size=1200), st.integers(0, 0o7777), st.integers(0, 2**30)),
        max_size=8,
    )
)
@settings(max_examples=60)
def test_equals_tarfile(form: int, entries: list[tuple[str, bytes, int, int]]) -> None:
    made = []
    for name, body, mode, owner in entries:
        member, _ = make.file(name, body, mode)
        member.uid = member.gid = owner
        made.append((member, body))
    raw = make.tar(*made, form=form)
    with tarfile.open(fileobj=io.BytesIO(raw)) as theirs:
        expected = [(one.name, one.size, one.mode, one.uid, one.gid) for one in theirs]
    assert [(e.path, e.size, e.mode, e.uid, e.gid) for e in parse(raw)] == expected


@pytest.mark.parametrize("form", FORMATS)
def test_every_kind(form: int) -> None:
    raw = make.tar(
        make.directory("d"),
        make.file("d/file", b"12345", 0o100755),
        make.symlink("d/link", "../elsewhere"),
        make.hardlink("d/hard", "./d/file"),
        make.special("d/null", tarfile.CHRTYPE),
        make.special("d/disk", tarfile.BLKTYPE),
        make.special("d/fifo", tarfile.FIFOTYPE),
        form=form,
    )
    assert [(one.path, one.kind, one.size, one.link) for one in parse(raw)] == [
        ("d", Kind.DIRECTORY, 0, ""),
        ("d/file", Kind.FILE, 5, ""),
        ("d/link", Kind.SYMLINK, 0, "../elsewhere"),
        ("d/hard", Kind.HARDLINK, 0, "d/file"),
        ("d/null", Kind.DEVICE, 0, ""),
        ("d/disk", Kind.DEVICE, 0, ""),
        ("d/fifo", Kind.FIFO, 0, ""),
    ]


@pytest.mark.parametrize("form", ["gnu", "pax", "ustar", "v7"])
def test_gnu_tar_archives(form: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    long = "n" * 60 if form in ("v7", "ustar") else "n" * 200
    (root / long).write_bytes(b"body")
    (root / "hard").hardlink_to(root / long)
    (root / "link").symlink_to(long)
    (root / "sub").mkdir()
    (root / "sub" / "한글").write_bytes(b"x" * 3000)
    done = subprocess.run(
        ["tar", f"--format={form}", "-C", str(root), "-cf", "-", "."],
        capture_output=True,
        check=True,
    )
    found = {entry.path: entry for entry in parse(done.stdout)}
    assert found.keys() == {long, "hard", "link", "sub", "sub/한글"}
    assert sum(entry.size for entry in found.values()) == 3004
    assert found["link"].link == long
    assert found["sub"].kind is Kind.DIRECTORY


def test_names_that_are_not_utf8_survive() -> None:
    entry = parse(header(name=b"a\xff\xfeb") + END)[0]
    assert entry.path.encode("utf-8", "surrogateescape") == b"a\xff\xfeb"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("./a/./b", "a/b"),
        ("/etc/passwd", "etc/passwd"),
        ("../../etc/passwd", "etc/passwd"),
        ("a/../../b", "b"),
        ("a//b/", "a/b"),
        ("...", "..."),
        ("a/.hidden", "a/.hidden"),
    ],
)
def test_paths_stay_inside_the_root(name: str, path: str) -> None:
    assert [entry.path for entry in parse(header(name=name.encode()) + END)] == [path]


def test_root_entry_is_left_out() -> None:
    assert parse(make.tar(make.directory("./"), make.file("a"))) == parse(make.tar(make.file("a")))


def test_whiteouts_and_opaque_markers() -> None:
    raw = make.tar(
        make.file("d/.wh.gone"),
        make.file("d/.wh..wh..opq"),
        make.file(".wh..wh..opq"),
        make.file(".wh..wh.plnk/1.2"),
        make.file(".wh.top"),
    )
    assert [(one.path, one.kind) for one in parse(raw)] == [
        ("d/gone", Kind.WHITEOUT),
        ("d", Kind.OPAQUE),
        ("", Kind.OPAQUE),
        ("top", Kind.WHITEOUT),
    ]


@pytest.mark.parametrize("name", [b".wh.", b"d/.wh..", b"d/.wh..."])
def test_whiteout_without_a_name_is_refused(name: bytes) -> None:
    with pytest.raises(BrokenLayerError):
        parse(header(name=name) + END)


def test_base_256_size() -> None:
    body = b"x" * 700
    size = (0x80 << 88 | len(body)).to_bytes(12, "big")
    raw = header(name=b"big", size=size) + body.ljust(1024, b"\0") + END
    assert [(one.path, one.size) for one in parse(raw)] == [("big", 700)]


def test_size_of_twelve_octal_digits() -> None:
    body = b"x" * 700
    raw = header(name=b"big", size=b"%012o" % 700) + body.ljust(1024, b"\0") + END
    assert parse(raw)[0].size == 700


@pytest.mark.parametrize(
    "size", [b"\xff" * 12, b"\xbf" + b"\xff" * 11, b"00000000009\0", b"-0000000001\0", b"1_0\0"]
)
def test_impossible_sizes_are_refused(size: bytes) -> None:
    with pytest.raises(BrokenLayerError):
        parse(header(name=b"a", size=size) + END)


def test_pax_size_wins_over_the_header() -> None:
    record = b"12 size=700\n"
    raw = header(name=b"x", flag=b"x", size=b"%011o\0" % len(record)) + record.ljust(512, b"\0")
    raw += header(name=b"a") + b"y" * 700 + bytes(324) + header(name=b"b") + END
    assert [(one.path, one.size) for one in parse(raw)] == [("a", 700), ("b", 0)]


def test_global_pax_headers_are_skipped_as_the_engine_does() -> None:
    raw = make.tar(make.file("a", b"1"), pax_headers={"comment": "c", "path": "other", "uid": "7"})
    assert [(one.path, one.uid) for one in parse(raw)] == [("a", 0)]


@pytest.mark.parametrize(
    "record",
    [b"99 path=a\n", b"path=a\n", b"9 path=a", b"0 a=b\n", b"11 path=a\0b\n", b"7 =ab\n\n"],
)
def test_malformed_pax_records_are_refused(record: bytes) -> None:
    raw = header(name=b"x", flag=b"x", size=b"%011o\0" % len(record)) + record.ljust(512, b"\0")
    with pytest.raises(BrokenLayerError):
        parse(raw + header(name=b"a") + END)


def test_sparse_files_are_refused_clearly(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        os.truncate(file.fileno(), 10 << 20)
    for form in ("gnu", "pax"):
        done = subprocess.run(
            ["tar", "-S", f"--format={form}", "-C", str(tmp_path), "-cf", "-", "sparse"],
            capture_output=True,
            check=True,
        )
        with pytest.raises(UnsupportedEntryError, match="sparse"):
            parse(done.stdout)


def test_signed_checksums_of_old_archivers_are_accepted() -> None:
    block = bytearray(header(name=b"\xff\xfe"))
    blank = block[:148] + b" " * 8 + block[156:]
    block[148:156] = b"%06o\0 " % sum(b - 256 if b > 127 else b for b in blank)
    assert len(parse(bytes(block) + END)) == 1


def test_adler_trick_equals_the_sum() -> None:
    """Headers whose sum goes beyond 65521, where the low half of Adler-32 wraps around."""
    for fill in (b"\x7f", b"\xc8", b"\xff"):
        block = header(name=fill * 100, link=fill * 100, prefix=fill * 155)
        assert len(parse(block + END)) == 1
        broken = bytearray(block)
        broken[5] ^= 1
        with pytest.raises(BrokenLayerError):
            parse(bytes(broken) + END)


def test_archive_without_an_end_mark_is_accepted() -> None:
    assert len(parse(header(name=b"a"))) == 1
    assert parse(b"") == []


def test_data_after_a_lone_zero_block_is_refused() -> None:
    with pytest.raises(BrokenLayerError):
        parse(header(name=b"a") + bytes(512) + header(name=b"b") + END)


def test_every_truncation_is_noticed_or_harmless() -> None:
    raw = make.tar(make.file("a", b"1" * 700), make.file("b", b"2" * 10))
    whole = parse(raw)
    for length in range(len(raw)):
        try:
            found = parse(raw[:length])
        except TruncatedLayerError:
            continue
        assert found == whole[: len(found)]
        assert length % 512 == 0 or found == whole


def test_content_digests() -> None:
    raw = make.tar(make.file("a", b"hello"), make.file("empty"), make.file("b", b"x" * 3_000_000))
    assert [one.digest for one in parse(raw, content=True)] == [
        make.sha256(body) for body in (b"hello", b"", b"x" * 3_000_000)
    ]


def test_very_long_paths_are_refused() -> None:
    with pytest.raises(TooLargeError):
        parse(make.tar(make.file("a/" * 3000 + "b"), form=tarfile.GNU_FORMAT))


def test_too_many_deep_paths_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar, "MAX_ANCESTORS", 1 << 20)
    deep = [make.file(f"{n}/" + "a/" * 1000 + "b") for n in range(3)]
    with pytest.raises(TooLargeError):
        parse(make.tar(*deep, form=tarfile.GNU_FORMAT))


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar, "MAX_ENTRIES", 100)
    with pytest.raises(TooLargeError):
        parse(make.tar(*(make.file(str(n)) for n in range(101))))


def test_huge_extended_headers_are_refused() -> None:
    with pytest.raises(TooLargeError):
        parse(header(name=b"x", flag=b"x", size=b"77777777777\0"))


@given(st.binary(max_size=3000))
@settings(max_examples=300)
def test_fuzz_noise(raw: bytes) -> None:
    _must_end(raw)


@given(st.data())
@settings(max_examples=400)
def test_fuzz_damaged_archives(data: st.DataObject) -> None:
    """A good archive with bytes changed, cut or repeated, checksums mended half of the time."""
    raw = bytearray(
        make.tar(
            make.file("a", b"1" * 600),
            make.file("n" * 150, b"2"),
            make.symlink("l", "m" * 150),
            make.file("d/.wh.x"),
            form=data.draw(st.sampled_from(FORMATS[1:])),
        )
    )
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=12))
    if data.draw(st.booleans()):
        for at in range(0, len(raw) - 512, 512):
            if raw[at + 257 : at + 262] == b"ustar":
                raw[at + 148 : at + 156] = b" " * 8
                raw[at + 148 : at + 156] = b"%06o\0 " % sum(raw[at : at + 512])
    _must_end(bytes(raw))


@given(st.binary(max_size=2000))
@settings(max_examples=200)
def test_fuzz_compressed_noise(raw: bytes) -> None:
    from layerscope.archive import parse_stream  # noqa: PLC0415

    for blob in (b"\x1f\x8b" + raw, b"\x28\xb5\x2f\xfd" + raw, zlib.compress(raw, wbits=31) + raw):
        try:
            parse_stream(io.BytesIO(blob))
        except LayerscopeError:
            continue


def _must_end(raw: bytes) -> None:
    """A result whose paths stay inside, or one of our own errors; nothing else."""
    try:
        found = parse(raw, content=True)
    except LayerscopeError as error:
        assert len(str(error).splitlines()) == 3
        return
    for entry in found:
        assert not entry.path.startswith("/")
        assert ".." not in entry.path.split("/")
        assert 0 <= entry.size <= len(raw)
