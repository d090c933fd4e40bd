"""The live engine: its troubles, images that go away, and single files' contents."""

from __future__ import annotations

import json
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import image_maker as make
import pytest
from image_maker import Real
from needs import needs

import layerscope
from layerscope import archive, engine, errors
from layerscope.streams import Readable


def test_unknown_image() -> None:
    needs("an engine")
    with pytest.raises(errors.ImageNotFoundError, match="docker pull"):
        layerscope.read(f"docker-anatomy-test/no-such-image:{uuid.uuid4().hex}")


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "nonsense"])
def test_engine_that_does_not_answer(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(errors.EngineUnavailableError, match="docker info"):
        layerscope.read("image")


@pytest.mark.parametrize("answer", [b"", b"noise", b"HTTP/1.0 200 OK\r\n\r\nnot json"])
def test_something_else_behind_the_socket(
    answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _server(tmp_path / "s", [answer] * 2) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        with pytest.raises(errors.EngineUnavailableError):
            layerscope.read("image")


def test_image_that_goes_away_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine knows the image, breaks off while saving, and then knows it no more."""
    saved = make.docker_archive(tmp_path / "i.tar", [make.tar(make.file("a", b"1" * 90_000))])
    ok = b"HTTP/1.0 200 OK\r\n\r\n"
    answers = [
        ok + json.dumps({"Id": "sha256:" + "1" * 64}).encode(),
        ok + json.dumps({"Driver": "vfs", "DriverStatus": []}).encode(),
        ok + saved.read_bytes()[:50_000],
        b'HTTP/1.0 404 Not Found\r\n\r\n{"message":"No such image"}',
    ]
    with _server(tmp_path / "s", answers) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        with pytest.raises(errors.ImageChangedError):
            layerscope.read("image")


def test_image_removed_before_the_engine_saves_it(
    real_images: dict[str, Real], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"docker-anatomy-test/{uuid.uuid4().hex[:12]}:gone"
    context = real_images["base"].archive.parent / "context"
    make.build(name, context, ["FROM scratch", "COPY data /data"])
    monkeypatch.setattr(engine, "_locate_here", lambda *_: None)
    save = engine.SocketEngine.save

    def remove_first(self: engine.SocketEngine, reference: str) -> Readable:
        make.docker("rmi", "-f", name)
        return save(self, reference)

    monkeypatch.setattr(engine.SocketEngine, "save", remove_first)
    with pytest.raises(errors.ImageChangedError):
        layerscope.read(name)


def test_another_machine_is_read_through_the_sdk(
    real_images: dict[str, Real], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A TCP relay to the local socket stands for an engine elsewhere."""
    real = real_images["overwrites"]
    expected = layerscope.read(real.name)
    local = engine._usual_host().removeprefix("unix://")
    with _relay(os.environ.get("DOCKER_HOST", "").removeprefix("unix://") or local) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        monkeypatch.setattr(engine, "_locate_here", lambda *_: None)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
        image = layerscope.read(real.name)
        assert [one.diff_id for one in image.layers] == [one.diff_id for one in expected.layers]
        with pytest.raises(errors.ImageNotFoundError):
            layerscope.read("docker-anatomy-test/no-such-image:at-all")


@pytest.mark.parametrize("way", ["live", "stream", "archive"])
def test_content_of_one_file(
    way: str, real_images: dict[str, Real], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = real_images["hardlinks"]
    if way == "stream":
        monkeypatch.setattr(engine, "_locate_here", lambda *_: None)
    image = layerscope.read(f"docker-archive:{real.archive}" if way == "archive" else real.name)
    layer = next(one.index for one in image.layers if any(e.path == "links/b" for e in one.entries))
    for name in ("links/a", "links/b"):  # one is the file, the other a link to it
        assert layerscope.read_file(image, layer, name) == b"1" * 1000
    assert layerscope.read_file(image, layer, "links/b", limit=7) == b"1" * 7
    for name in ("links", "nowhere", "../etc/passwd"):
        with pytest.raises(errors.FileNotInLayerError):
            layerscope.read_file(image, layer, name)


def test_files_are_opened_without_following_links(tmp_path: Path) -> None:
    """A layer's own symlinks must not lead to the host's files."""
    (tmp_path / "secret").write_text("host")
    root = tmp_path / "diff"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    (root / "direct").symlink_to(tmp_path / "secret")
    for path in ("link/secret", "direct", "../secret"):
        with pytest.raises(errors.FileNotInLayerError):
            os.close(archive.open_beneath(root, path))


@contextmanager
def _server(path: Path, answers: list[bytes]) -> Iterator[str]:
    """A socket that gives one answer to each connection."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            with suppress(OSError):  # the test asked for less
                for answer in answers:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"unix://{path}"


@contextmanager
def _relay(path: str) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def pump(source: socket.socket, target: socket.socket) -> None:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

        def serve() -> None:
            while True:
                try:
                    near, _ = listener.accept()
                except OSError:
                    return
                far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                far.connect(path)
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
