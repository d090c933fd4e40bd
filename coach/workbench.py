"""The workbench of one check: what it may ask of the learner's engine, images and files.

It looks and tries out, and leaves everything as it was: containers that it starts carry a label
of this run and are removed, whatever happens.
"""

from __future__ import annotations

import stat
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

import layerscope
from coach import doctor, workspace
from coach.exercise import NotYetError

MAX_TEXT = 1 << 20  # bytes of a learner's file or of a container's output that are looked at
# What a learner's container gets at most; of a flood of output the engine keeps the end.
LIMITS: dict[str, Any] = {
    "mem_limit": "512m",
    "pids_limit": 256,
    "log_config": {"Type": "json-file", "Config": {"max-size": "2m", "max-file": "1"}},
}


@dataclass(frozen=True)
class Ran:
    """A container that has ended."""

    status: int
    output: str  # both streams


@dataclass(frozen=True)
class Answer:
    """What a server in a container answered."""

    status: int
    body: str


class Workbench:
    """Everything named ``ex-05-1…`` belongs to exercise 05-1, and so does its folder."""

    def __init__(self, name: str, run: str) -> None:
        self.id = name
        self.name = f"ex-{name}"  # of its image, the start of its other names
        #: On every container that a check starts.
        self.labels = {"org.docker-anatomy": "check", "org.docker-anatomy.check": run}

    @cached_property
    def client(self) -> docker.DockerClient:
        return docker.DockerClient(base_url=doctor.engine_address(), timeout=30)

    @property
    def folder(self) -> Path:
        """The learner's files of this exercise: ``/learn/work/05-1``."""
        return workspace.WORK / "work" / self.id

    # ---- the start -----------------------------------------------------------------------

    def provide(self, name: str, content: str | bytes) -> Path:
        """Puts a file into the folder unless the learner has one of that name."""
        path = self.folder / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def has(self, image: str | None = None) -> bool:
        """Whether the learner's engine has the image."""
        with suppress(docker.errors.ImageNotFound):
            self.client.images.get(image or self.name)
            return True
        return False

    def build(
        self, dockerfile: str, files: dict[str, bytes] | None = None, *options: str, tag: str = ""
    ) -> None:
        """Builds the image that the learner begins with from a Dockerfile and what it copies.

        By BuildKit: the classic builder, which the SDK calls, leaves images of its own behind.
        Without provenance, so that the name leads to a manifest and not to an index.
        """
        with tempfile.TemporaryDirectory() as context:
            for name, content in {"Dockerfile": dockerfile.encode(), **(files or {})}.items():
                path = Path(context, name)
                path.write_bytes(content)
                path.chmod(0o755)
            command = ["docker", "build", "-q", "--provenance=false", "-t", tag or self.name]
            subprocess.run([*command, *options, context], check=True, capture_output=True)

    # ---- images --------------------------------------------------------------------------

    def config(self, image: str | None = None) -> dict[str, Any]:
        """The image's runtime settings (OCI config.md, "config"): Env, Cmd, User, ...

        Raises NotYetError if there is no such image.
        """
        return dict(self.inspect(image)["Config"] or {})

    def inspect(self, image: str | None = None) -> dict[str, Any]:
        """``docker image inspect``.  Raises NotYetError if there is no such image."""
        name = image or self.name
        try:
            return dict(self.client.images.get(name).attrs)
        except docker.errors.ImageNotFound as error:
            raise NotYetError(
                f"{name} 이미지가 없다.",
                "빌드했다면 이름이 다를 수 있다. `docker images`의 목록과 견주어 보자.",
            ) from error

    def image(self, image: str | None = None, content: bool = False) -> layerscope.Image:
        """The image, layer by layer.  Raises NotYetError if it is missing or cannot be read."""
        name = image or self.name
        self.inspect(name)
        try:
            return layerscope.read(name, content=content)
        except layerscope.LayerscopeError as error:
            raise NotYetError(f"{name} 이미지를 읽을 수 없다.", str(error)) from error

    def analysis(self, image: str | None = None, content: bool = False) -> layerscope.Analysis:
        return layerscope.analyze(self.image(image, content))

    # ---- containers ----------------------------------------------------------------------

    def container(self, name: str | None = None) -> dict[str, Any]:
        """``docker inspect`` of the learner's container.  Raises NotYetError if there is none."""
        wanted = name or self.name
        try:
            return dict(self.client.containers.get(wanted).attrs)
        except docker.errors.NotFound as error:
            raise NotYetError(
                f"{wanted} 컨테이너가 없다.",
                "끝나면서 지워졌거나(`--rm`) 이름이 다를 수 있다. `docker ps -a`로 찾아보자.",
            ) from error

    def run(
        self,
        image: str | None = None,
        command: list[str] | None = None,
        *,
        timeout: int = 20,
        **options: Any,
    ) -> Ran:
        """Runs the learner's image to its end, without a network unless ``options`` give one.

        Raises NotYetError if it cannot be started or does not end within ``timeout`` seconds.
        """
        with self._started(image, command, {"network_mode": "none", **options}) as container:
            try:
                status = int(container.wait(timeout=timeout)["StatusCode"])
            except Exception as error:  # requests' and urllib3's timeouts have no common base
                if not _running(container):
                    raise
                raise NotYetError(
                    f"컨테이너가 {timeout}초가 지나도 끝나지 않았다.",
                    "기다리는 명령(서버, sleep, 입력)이 아닌지 보자. 지금까지의 출력: "
                    + _tail(container),
                ) from error
            said = _output(container)
            if not said:  # on a busy machine the log may come a moment after the end
                time.sleep(1)
                said = _output(container)
            return Ran(status, said)

    @contextmanager
    def serving(
        self,
        image: str | None = None,
        port: int = 8000,
        path: str = "/",
        *,
        timeout: int = 15,
        **options: Any,
    ) -> Iterator[Server]:
        """Runs the learner's image as a server; yields when ``path`` answers on ``port``.

        Raises NotYetError if it ends, or does not answer within ``timeout`` seconds.
        """
        with self._started(image, None, options) as container:
            server = Server(container, port)
            deadline = time.monotonic() + timeout
            while True:
                with suppress(OSError):
                    server.get(path)
                    break
                if not _running(container):
                    code = container.attrs["State"]["ExitCode"]
                    raise NotYetError(
                        f"컨테이너가 요청을 받기 전에 끝났다 (종료 코드 {code}).",
                        "마지막 출력: " + _tail(container),
                    )
                if time.monotonic() > deadline:
                    raise NotYetError(
                        f"컨테이너가 {timeout}초 안에 {port}번 포트에서 답하지 않았다.",
                        "서버가 0.0.0.0이 아닌 127.0.0.1에서 듣거나, 포트가 다를 수 있다. "
                        "마지막 출력: " + _tail(container),
                    )
                time.sleep(0.1)
            yield server

    @contextmanager
    def _started(
        self, image: str | None, command: list[str] | None, options: dict[str, Any]
    ) -> Iterator[Container]:
        name = image or self.name
        self.inspect(name)
        container = None
        try:
            container = self.client.containers.create(
                name, command, labels=self.labels, **{**LIMITS, **options}
            )
            container.start()
            yield container
        except docker.errors.APIError as error:
            raise NotYetError(
                f"{name} 이미지로 컨테이너를 시작할 수 없다.", str(error.explanation)
            ) from error
        finally:
            if container is not None:
                with suppress(docker.errors.NotFound):
                    container.remove(force=True, v=True)

    # ---- files ---------------------------------------------------------------------------

    def text(self, name: str) -> str:
        """A learner's file.  Raises NotYetError if it is missing, too big or no text."""
        path = self.folder / name
        shown = f"work/{self.id}/{name}"
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # reading a FIFO or a device may never end
                raise NotYetError(
                    f"{shown}: 보통 파일이 아니다.", f"무엇인지 보자: `ls -l {shown}`"
                )
            with path.open("rb") as file:
                raw = file.read(MAX_TEXT + 1)
        except FileNotFoundError as error:
            raise NotYetError(
                f"{shown} 파일이 없다.", f"폴더를 보자: `ls work/{self.id}`"
            ) from error
        except OSError as error:
            raise NotYetError(f"{shown} 파일을 읽을 수 없다.", str(error)) from error
        if len(raw) > MAX_TEXT:
            raise NotYetError(f"{shown} 파일이 너무 크다 (한도 {MAX_TEXT:,}바이트).")
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise NotYetError(f"{shown} 파일이 UTF-8로 된 글이 아니다.") from error

    def clean_up(self) -> None:
        """Removes what this run started, for a check that was cut off."""
        ours = {"label": [f"{key}={value}" for key, value in self.labels.items()]}
        for container in self.client.containers.list(all=True, filters=ours):
            with suppress(docker.errors.NotFound):
                container.remove(force=True, v=True)


class Server:
    """A learner's server that answers."""

    def __init__(self, container: Container, port: int) -> None:
        self.container = container
        self._port = port

    def get(self, path: str = "/", *, timeout: float = 5) -> Answer:
        """Raises OSError if it does not answer."""
        self.container.reload()
        networks = self.container.attrs["NetworkSettings"]["Networks"].values()
        address = next((one["IPAddress"] for one in networks if one["IPAddress"]), None)
        if address is None:
            raise OSError("no address")
        try:
            with urllib.request.urlopen(
                f"http://{address}:{self._port}{path}", timeout=timeout
            ) as answer:
                return Answer(answer.status, answer.read(MAX_TEXT).decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(MAX_TEXT).decode("utf-8", "replace"))

    def execute(self, command: list[str]) -> Ran:
        """Runs a command beside the server."""
        status, output = self.container.exec_run(command)
        return Ran(int(status), output[:MAX_TEXT].decode("utf-8", "replace"))


def _running(container: Container) -> bool:
    container.reload()
    return bool(container.attrs["State"]["Running"])


def _output(container: Container) -> str:
    return str(container.logs()[-MAX_TEXT:].decode("utf-8", "replace"))


def _tail(container: Container) -> str:
    text = container.logs(tail=5)[-500:].decode("utf-8", "replace").strip()
    return text or "(아무것도 출력하지 않았다)"
