"""A workshop of the tests' own (`make workshop`), beside whatever else runs on this machine.

A person is a requests session or a browser context that has signed in; a seat is a container.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from outside import docker, run_make
from playwright.sync_api import Error

NAME = os.environ.get("TEST_WORKSHOP_NAME", "docker-anatomy-workshoptest")
PORT = int(os.environ.get("TEST_WORKSHOP_PORT", "18800"))
URL = f"http://127.0.0.1:{PORT}"
BOARD = f"{URL}/services/board/"
SETTINGS = {"WORKSHOP_NAME": NAME, "WORKSHOP_PORT": str(PORT), "YES": "1"}
WORD = "우리집 강아지"


def make(
    verb: str, check: bool = True, stdin: str | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    return run_make(verb, {**SETTINGS, **env}, check=check, stdin=stdin, timeout=900)


def inspect(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("inspect", name))[0]
    return found


def until(what: Callable[[], Any], seconds: float = 60) -> Any:
    """The first answer of `what` that is not empty; errors on the way there do not count."""
    passing = (
        *(AssertionError, subprocess.CalledProcessError),
        *(requests.RequestException, Error, json.JSONDecodeError),
    )
    deadline = time.monotonic() + seconds
    while True:
        try:
            if found := what():
                return found
        except passing:
            if time.monotonic() > deadline:
                raise
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.5)


def read_as_utf_8(answer: requests.Response, **_: Any) -> None:
    answer.encoding = "utf-8"  # as the page's <meta> says, where the header says nothing


@dataclass(frozen=True)
class Seat:
    """A learner's lab, as its terminal."""

    number: str

    @property
    def container(self) -> str:
        return f"{NAME}-{self.number}"

    def run(self, command: str, check: bool = True) -> str:
        return docker("exec", self.container, "bash", "-c", command, check=check)

    def check(self, exercise: str) -> bool:
        """The learner's own `coach check`; whether it is passed."""
        answer = json.loads(self.run(f"coach check {exercise} --json", check=False))
        return bool(answer["passed"])

    def solve_05_1(self) -> None:
        until(lambda: self.run("docker image inspect -f '{{.Id}}' debian:trixie-slim"), 120)
        self.run(
            "printf '%s\\n' 'FROM debian:trixie-slim' "
            "\"RUN mkdir -p /srv/site && echo '<h1>안녕</h1>' >/srv/site/index.html"
            ' && echo v1 >/srv/site/version && chmod 750 /srv/site" | docker build -q -t ex-05-1 -'
        )


@dataclass(frozen=True)
class Workshop:
    code: str
    instructor_code: str

    def session(self, **fields: str) -> tuple[requests.Session, requests.Response]:
        """Signs in as the form does."""
        session = requests.Session()
        session.hooks["response"] = read_as_utf_8
        session.get(f"{URL}/hub/login", timeout=30)
        answer = session.post(
            f"{URL}/hub/login?next=%2Fhub%2Fhome",
            data={"_xsrf": session.cookies.get("_xsrf", path="/hub/"), **fields},
            timeout=60,
        )
        return session, answer

    def learner(self, name: str, word: str = WORD) -> requests.Session:
        session, answer = self.session(code=self.code, username=name, word=word)
        assert answer.ok, answer.text
        return session

    def instructor(self) -> requests.Session:
        session, answer = self.session(code=self.instructor_code, username="", word="")
        assert answer.ok, answer.text
        return session

    def seat(self, name: str) -> Seat:
        """The learner's seat, open."""
        page = self.learner(name).get(f"{URL}/hub/home", timeout=30).text
        number = re.search(r'user: "(\w+)"', page)
        assert number
        docker("exec", NAME, "workshop", "start", number[1])
        return Seat(number[1])
