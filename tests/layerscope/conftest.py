"""Real images, built once on the default engine whatever its storage, and removed at the end."""

from __future__ import annotations

import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import image_maker as make
import pytest
from image_maker import Real
from needs import needs

RECIPES: dict[str, list[str]] = {
    "deletes": [
        "COPY data /data",
        "COPY tree /tree",
        "RUN rm /data/one && rm -rf /tree/inner",
        "RUN rm -rf /data",
    ],
    "overwrites": [
        "COPY data /data",
        "RUN echo other > /data/one",
        "RUN chmod 600 /data/two && touch /data/three",
        "COPY data /data",
    ],
    "opaque": [
        "COPY tree /tree",
        "RUN rm -rf /tree && mkdir -p /tree/inner && echo new > /tree/inner/new",
    ],
    "hardlinks": [
        "COPY data /data",
        "RUN mkdir /links && cat /data/one > /links/b && ln /links/b /links/a && ln /links/a /z",
        "RUN rm /links/a",
        "RUN rm /links/b && chmod 600 /z",
    ],
    "symlinks": [
        "COPY data /data",
        "RUN ln -s data/one /link && ln -s nowhere /broken && ln -s /data /directory",
        "RUN rm /link && ln -s data/two /link",
    ],
    "replaced": [
        "COPY tree /tree",
        "RUN rm -rf /tree/inner && echo file > /tree/inner",
        "RUN rm /tree/inner && mkdir /tree/inner && echo again > /tree/inner/one",
        "RUN rm -rf /tree && ln -s data /tree",
    ],
    "names": [
        "COPY 한글 /한글",
        r"""RUN mkdir "/빈 칸" && echo 1 > "/빈 칸/$(printf 'not\377utf8')" && echo 2 > '/a"b\c'""",
        "RUN mv '/한글/파일 😀' /한글/옮김",
    ],
    "special": [
        "RUN mkfifo /fifo && mkdir /sticky && chmod 1777 /sticky && echo x > /setuid"
        " && chmod 4755 /setuid && chown 1000:2000 /setuid",
    ],
    "files": ["ADD files.tar /files/", "RUN rm -rf /files/d0003 /files/d0005/f00251"],
    "layers": [f"COPY data/one /copy/{number}" for number in range(40)],
    "again": ["COPY data /data", "RUN rm -rf /data", "COPY data /data"],
}


def _context(root: Path) -> None:
    make.copy_tools(root / "tools")
    for path, body in {
        "data/one": b"1" * 1000,
        "data/two": b"2" * 2000,
        "data/three": b"",
        "tree/top": b"t" * 500,
        "tree/inner/one": b"x" * 3000,
        "tree/inner/deep/two": b"y" * 4000,
        "한글/파일 😀": b"z" * 700,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(body)
    (root / "files.tar").write_bytes(
        make.tar(*(make.file(f"d{i // 50:04}/f{i:05}", b"%d" % i) for i in range(5000)))
    )


def _imported() -> bytes:
    """A layer that no builder of ours would write: no parents, out of order, long names."""
    null, _ = make.special("null", tarfile.CHRTYPE)
    null.devmajor, null.devminor = 1, 3
    return make.tar(
        make.file("deep/in/the/tree", b"d" * 300),
        make.file("z", b"z" * 100),
        make.hardlink("a", "z"),
        make.file("n" * 90 + "/" + "m" * 120, b"long" * 10),
        (null, b""),
        form=tarfile.GNU_FORMAT,
    )


@pytest.fixture(scope="session")
def real_images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Real]]:
    needs("an engine", "buildx")
    root = tmp_path_factory.mktemp("images")
    context = root / "context"
    _context(context)
    repository = f"docker-anatomy-test/{uuid.uuid4().hex[:12]}"
    names = [f"{repository}:{kind}" for kind in (*RECIPES, "base", "empty", "imported")]
    try:
        make.build(f"{repository}:base", context, ["FROM scratch", "COPY tools /"])
        for kind, lines in RECIPES.items():
            make.build(f"{repository}:{kind}", context, [f"FROM {repository}:base", *lines])
        make.build(f"{repository}:empty", context, ["FROM scratch", "WORKDIR /nothing"])
        (root / "import.tar").write_bytes(_imported())
        imported = f"{repository}:imported"
        make.docker("import", "--change", f"LABEL {make.LABEL}", f"{root}/import.tar", imported)
        images = {}
        for name in names:
            kind = name.rpartition(":")[2]
            archive = root / f"{kind}.tar"
            make.docker("save", "-o", str(archive), name)
            images[kind] = Real(kind, name, archive)
        yield images
    finally:
        subprocess.run(["docker", "rmi", "-f", *names], capture_output=True, check=False)


@pytest.fixture(params=[*RECIPES, "base", "empty", "imported"])
def real(request: pytest.FixtureRequest, real_images: dict[str, Real]) -> Real:
    return real_images[request.param]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test starts without a cache."""
    root = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(root))
    return root
