"""The engine that the learner works with."""

from __future__ import annotations

import os

import docker


def connect(timeout: int = 60) -> docker.DockerClient:
    """A client of it; ``timeout`` is what one answer may take, in seconds.

    Raises docker.errors.DockerException if it does not answer.
    """
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    return docker.DockerClient(base_url=address, timeout=timeout)
