"""Where a container's service is found, by what the engine tells of the container."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from coach.service import NoAnswerError, Service, address


def described(ip: str, *, running: bool = True) -> dict[str, Any]:
    """``docker inspect`` by API 1.52 (Docker 29): only networks have addresses."""
    return {
        "State": {"Status": "running" if running else "exited", "Running": running, "ExitCode": 3},
        "NetworkSettings": {
            "SandboxID": "4ae1…",
            "SandboxKey": "/var/run/docker/netns/4ae1…",
            "Ports": {"8000/tcp": None},
            "Networks": {
                "none": {"IPAddress": "", "Gateway": "", "IPPrefixLen": 0},
                "bridge": {"IPAddress": ip, "Gateway": "172.17.0.1", "IPPrefixLen": 16},
            },
        },
    }


class Container:
    """As much of the Docker SDK's container as a service is known by."""

    def __init__(self, attrs: dict[str, Any]) -> None:
        self.attrs = attrs

    def reload(self) -> None:
        pass

    def logs(self, tail: int) -> bytes:
        return b"no settings\n"


class Nowhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server that answers every path with 404."""
    with HTTPServer(("127.0.0.1", 0), Nowhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_address_is_that_of_a_network() -> None:
    assert address(described("172.17.0.2")) == "172.17.0.2"


def test_network_may_have_any_name() -> None:
    attrs = described("")
    attrs["NetworkSettings"]["Networks"]["shop_default"] = {"IPAddress": "172.18.0.3"}
    assert address(attrs) == "172.18.0.3"


def test_container_without_an_address_has_none() -> None:
    assert address(described("")) is None


def test_service_answers_even_where_the_answer_is_that_there_is_nothing(port: int) -> None:
    service = Service(Container(described("127.0.0.1")), port)
    service.wait(patience=5)
    assert service.get("/").status == 404


def test_container_that_has_ended_is_not_waited_for() -> None:
    with pytest.raises(NoAnswerError, match="no settings") as trouble:
        Service(Container(described("", running=False))).wait(patience=600)
    assert trouble.value.exit_code == 3


def test_container_that_says_nothing_is_waited_for_so_long_and_no_longer() -> None:
    with pytest.raises(NoAnswerError) as trouble:
        Service(Container(described(""))).wait(patience=0.1)
    assert trouble.value.exit_code is None
