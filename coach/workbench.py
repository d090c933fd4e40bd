"""The workbench of one check: what it may ask of the learner's engine, images and files.

It looks and tries out, and leaves everything as it was: containers that it starts carry a label
of this run and are removed, whatever happens.
"""

from __future__ import annotations

import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

import layerscope
from coach import engine, service, workspace
from coach.service import PORT, NoAnswerError, NoEndError, Ran, Service
from coach.verdict import NotYetError
from layerscope.buildlog import BuildFailedError, BuildLog, BuildxMissingError, run_build

MAX_TEXT = 1 << 20  # bytes of a learner's file that are looked at
CACHE_ONLY = "--output=type=cacheonly"  # of a build's result nothing but cache is kept
# What a learner's container gets at most; of a flood of output the engine keeps the end.
LIMITS: dict[str, Any] = {
    "mem_limit": "512m",
    "pids_limit": 256,
    "log_config": {"Type": "json-file", "Config": {"max-size": "2m", "max-file": "1"}},
}


class Workbench:
    """Everything named ``ex-05-1…`` belongs to exercise 05-1, and so does its folder."""

    def __init__(self, name: str, run: str) -> None:
        self.id = name
        self.name = f"ex-{name}"  # of its image, the start of its other names
        #: On every container that a check starts.
        self.labels = {"org.docker-anatomy": "check", "org.docker-anatomy.check": run}

    @cached_property
    def client(self) -> docker.DockerClient:
        return engine.connect(timeout=30)

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
        with self._created(image, command, {"network_mode": "none", **options}) as container:
            try:
                return service.run(container, timeout)
            except NoEndError as error:
                raise NotYetError(
                    f"컨테이너가 {timeout}초가 지나도 끝나지 않았다.",
                    "기다리는 명령(서버, sleep, 입력)이 아닌지 보자. 지금까지의 출력: "
                    + _last_words(error.output),
                ) from error

    @contextmanager
    def serving(
        self,
        image: str | None = None,
        port: int = PORT,
        path: str = "/",
        *,
        timeout: int = 15,
        **options: Any,
    ) -> Iterator[Service]:
        """Runs the learner's image as a service; yields when ``path`` answers on ``port``.

        Raises NotYetError if it ends, or does not answer within ``timeout`` seconds.
        """
        with self._created(image, None, options) as container:
            container.start()
            served = Service(container, port)
            try:
                served.wait(path, patience=timeout)
            except NoAnswerError as error:
                said = "마지막 출력: " + _last_words(error.last_words)
                if error.exit_code is not None:
                    raise NotYetError(
                        f"컨테이너가 요청을 받기 전에 끝났다 (종료 코드 {error.exit_code}).", said
                    ) from error
                raise NotYetError(
                    f"컨테이너가 {timeout}초 안에 {port}번 포트에서 답하지 않았다.",
                    "서버가 0.0.0.0이 아닌 127.0.0.1에서 듣거나, 포트가 다를 수 있다. " + said,
                ) from error
            yield served

    @contextmanager
    def _created(
        self, image: str | None, command: list[str] | None, options: dict[str, Any]
    ) -> Iterator[Container]:
        """A container within LIMITS, to be started.  Raises NotYetError if it cannot be."""
        name = image or self.name
        self.inspect(name)
        options = {"labels": self.labels, **LIMITS, **options}
        try:
            with service.created(self.client, name, command, **options) as container:
                yield container
        except docker.errors.APIError as error:
            raise NotYetError(
                f"{name} 이미지로 컨테이너를 시작할 수 없다.", str(error.explanation)
            ) from error

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

    # ---- building again ------------------------------------------------------------------

    @contextmanager
    def copy(self) -> Iterator[Path]:
        """The learner's folder once more, to change something in.

        Raises NotYetError if it holds no Dockerfile.
        """
        self.text("Dockerfile")
        with tempfile.TemporaryDirectory() as folder:
            yield Path(shutil.copytree(self.folder, Path(folder, "copy"), symlinks=True))

    def rebuild(self, folder: Path, *options: str) -> BuildLog:
        """Builds the learner's folder, or a copy of it, as ``docker build`` with these options.

        Raises NotYetError if that fails.
        """
        try:
            return run_build([*options, str(folder)])
        except BuildxMissingError as error:
            raise NotYetError("docker buildx가 없어 빌드해 볼 수 없다.", str(error)) from error
        except BuildFailedError as error:
            raise NotYetError("지금의 폴더가 빌드되지 않는다.", error.why[-500:]) from error

    def clean_up(self) -> None:
        """Removes what this run started, for a check that was cut off."""
        ours = {"label": [f"{key}={value}" for key, value in self.labels.items()]}
        for container in self.client.containers.list(all=True, filters=ours):
            with suppress(docker.errors.NotFound):
                container.remove(force=True, v=True)


def _last_words(text: str) -> str:
    lines = text.splitlines()[-5:]
    return "\n".join(lines)[-500:].strip() or "(아무것도 출력하지 않았다)"
