"""A learner's image at work: run to its end, or as a service that is waited for and asked."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Event, Timer
from typing import Any

import docker
from docker.models.containers import Container

PORT = 8000  # where a service listens inside its container
PATIENCE = 60.0  # seconds until a service must have answered
MAX_TEXT = 1 << 20  # bytes of a container's output or of an answer that are looked at
# Health checks without the usual half minute between them (nanoseconds), patient with a machine
# that is busy, and without a verdict of the engine's own: Service.is_healthy gives it.
OFTEN = {
    "interval": 300_000_000,
    "timeout": 30_000_000_000,
    "start_period": 300_000_000,
    "retries": 1000,
}


@dataclass(frozen=True)
class Ran:
    """A container that has ended."""

    status: int
    output: str  # both streams


@dataclass(frozen=True)
class Answer:
    """What a service answered."""

    status: int
    body: str


class NoEndError(Exception):
    """A container did not end in its time; ``output`` is what it had said until then."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


class NoAnswerError(Exception):
    """A service does not answer; the message names cause and next command.

    ``exit_code`` is None while it still runs; ``last_words`` are the end of its log.
    """

    def __init__(self, port: int, container: Container) -> None:
        state = container.attrs["State"]
        self.exit_code = None if state["Running"] else int(state["ExitCode"])
        self.last_words = container.logs(tail=5).decode("utf-8", "replace").strip()
        super().__init__(
            f"{port}번 포트가 답하지 않는다. 컨테이너의 상태: {state['Status']}\n"
            f"왜: {self.last_words or '컨테이너가 아무 말도 남기지 않았다.'}\n"
            "다음: docker run --rm 이미지 로 직접 띄워 본다. 서버는 0.0.0.0에서 기다려야 한다."
        )


@contextmanager
def created(
    client: docker.DockerClient, image: str, command: list[str] | None = None, **options: Any
) -> Iterator[Container]:
    """A container of the image, to be started; it is removed afterwards, whatever happens.

    ``options`` are those of the Docker SDK's ``containers.create``.
    """
    container = client.containers.create(image, command, **options)
    try:
        yield container
    finally:
        with suppress(docker.errors.NotFound):
            container.remove(force=True, v=True)


def run(container: Container, timeout: float) -> Ran:
    """Starts a container and returns when it has ended; of its output the end is kept.

    Raises NoEndError, with the container killed, after ``timeout`` seconds.
    """
    # Listened to from before its start, as `docker run` does: the log may lag behind the end.
    words = container.attach(stream=True)
    late = Event()

    def stop() -> None:
        late.set()
        with suppress(docker.errors.APIError):  # it has just ended by itself
            container.kill()

    timer = Timer(timeout, stop)
    container.start()
    timer.start()
    output = bytearray()
    try:
        for word in words:
            output += word
            del output[:-MAX_TEXT]
        status = int(container.wait()["StatusCode"])
    finally:
        timer.cancel()
    said = output.decode("utf-8", "replace")
    if late.is_set():
        raise NoEndError(said)
    return Ran(status, said)


def address(facts: dict[str, Any]) -> str | None:
    """The IP address of the container that ``docker inspect`` describes so, if it has one.

    That of its first network: one for the container as a whole is not told since API 1.52
    (Docker 29; moby, api/docs/CHANGELOG.md).
    """
    networks = facts["NetworkSettings"]["Networks"].values()
    return next((one["IPAddress"] for one in networks if one.get("IPAddress")), None)


class Service:
    """What a running container offers on a port."""

    def __init__(self, container: Container, port: int = PORT) -> None:
        self.container = container
        self.port = port

    @cached_property
    def host(self) -> str:
        """``172.17.0.2:8000``, as in a URL.  Raises OSError as long as there is no address."""
        self.container.reload()
        found = address(self.container.attrs)
        if found is None:
            raise OSError("no address")
        return f"{found}:{self.port}"

    def get(self, path: str = "/", *, timeout: float = 5) -> Answer:
        """Raises OSError if it does not answer."""
        try:
            with urllib.request.urlopen(f"http://{self.host}{path}", timeout=timeout) as answer:
                return Answer(answer.status, answer.read(MAX_TEXT).decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(MAX_TEXT).decode("utf-8", "replace"))

    def wait(self, path: str = "/", *, patience: float = PATIENCE) -> None:
        """Until ``path`` answers anything at all.

        Raises NoAnswerError if the container ends, or ``patience`` seconds have passed.
        """
        until = time.monotonic() + patience
        while True:
            with suppress(OSError):
                self.get(path)
                return
            self.container.reload()
            if not self.container.attrs["State"]["Running"] or time.monotonic() > until:
                raise NoAnswerError(self.port, self.container)
            time.sleep(0.05)

    def passes(self, tests: Path) -> tuple[bool, str]:
        """Whether the test file, with APP_URL naming the service, succeeds, and what it said."""
        ran = subprocess.run(
            [sys.executable, "-B", str(tests)],
            env={**os.environ, "APP_URL": f"http://{self.host}"},
            capture_output=True,
            text=True,
            check=False,
        )
        return ran.returncode == 0, ran.stderr.strip()

    def is_healthy(self) -> bool:
        """Whether the image's health check, made frequent by OFTEN, finds the service that answers.

        Checks that ran before the service did do not count, nor does the one that is under way.
        """
        if not (self.container.attrs["Config"].get("Healthcheck") or {}).get("Test"):
            return False
        failed_before = None
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.container.reload()
            health = self.container.attrs["State"].get("Health") or {}
            if health.get("Status") == "healthy":
                return True
            failed = health.get("FailingStreak", 0)
            if failed_before is None:
                failed_before = failed
            if failed >= failed_before + 3 or self.container.status != "running":
                return False
            time.sleep(0.1)
        return False
