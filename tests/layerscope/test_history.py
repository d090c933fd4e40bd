"""An image layer by layer."""

from __future__ import annotations

from pathlib import Path

import image_maker as make
import pytest

import layerscope
from layerscope.history import compressed_size, instruction, layer_hidden


@pytest.mark.parametrize(
    ("created_by", "text"),
    [
        ("RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
        ("COPY app /app # buildkit", "COPY app /app"),
        ("", ""),
    ],
)
def test_instruction_reads_as_in_the_dockerfile(created_by: str, text: str) -> None:
    assert instruction(created_by) == text


def test_hidden_bytes_belong_to_the_layer_that_stores_them(tmp_path: Path) -> None:
    layers = [
        make.tar(make.file("a", b"1" * 10), make.file("b", b"2" * 20), make.file("c", b"3")),
        make.tar(make.file("a", b"4" * 5)),
        make.tar(make.file(".wh.a"), make.file(".wh.b")),
    ]
    path = make.docker_archive(tmp_path / "image.tar", layers)
    analysis = layerscope.analyze(layerscope.read(f"docker-archive:{path}"))
    assert layer_hidden(analysis) == [30, 5, 0]


def test_compressed_size_is_known_only_if_every_blob_is(tmp_path: Path) -> None:
    layers = [make.tar(make.file(name, name.encode())) for name in "ab"]
    image = layerscope.read(f"docker-archive:{make.docker_archive(tmp_path / 'i.tar', layers)}")
    assert compressed_size(image) == sum(map(len, layers))
    image.layers[0].compressed_size = 0
    assert compressed_size(image) == len(layers[1])
    image.layers[0].compressed_size = None
    assert compressed_size(image) is None
