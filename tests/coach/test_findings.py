"""What the doctor concludes from what it found; what it finds is tests/lab's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coach.doctor import PROVEN, _fix, _unproven


@pytest.mark.parametrize("version", [*PROVEN, "28.5.2+dfsg4", "28.4.9", "20.10.24+dfsg1"])
def test_an_engine_no_newer_than_the_lessons_is_no_news(version: str) -> None:
    assert _unproven(f"Docker Engine {version}") == ""


@pytest.mark.parametrize("version", ["28.5.3+dfsg1", "28.10.0", "29.0.0", "29.8.0-rc.1"])
def test_an_engine_newer_than_the_lessons_is_told(version: str) -> None:
    assert PROVEN[0] in _unproven(f"Docker Engine {version}")


def test_engines_are_in_order() -> None:
    versions = [[int(part) for part in one.split(".")] for one in PROVEN]
    assert versions == sorted(versions, reverse=True)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", one) for one in PROVEN)


def test_the_choice_that_is_untried_is_newer_than_what_is_proven() -> None:
    """Lessons were run with LAB_ENGINE=current and stable; with 29 not, and the doctor says so."""
    dockerfile = (Path(__file__).parents[2] / "lab/Dockerfile").read_text()
    choices = set(re.findall(r"^FROM .* AS engine-(\S+)$", dockerfile, re.M))
    assert choices == {"current", "stable", "29"}
    untried = re.search(r"^FROM docker:([\d.]+)-dind@", dockerfile, re.M)
    assert untried
    assert _unproven(untried[1])


START = "failed to start daemon: Error initializing network controller: "


@pytest.mark.parametrize(
    ("last_words", "fix"),
    [
        # https://github.com/docker/docker-ce-packaging/issues/1340
        (
            START + "failed to append jump rules to nat-PREROUTING: iptables failed: iptables -t"
            " nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER: Warning: Extension addrtype"
            " revision 0 not supported, missing kernel module?",
            "sudo modprobe",
        ),
        # https://github.com/docker-library/docker/issues/486
        (
            START + "failed to create NAT chain DOCKER: iptables failed: iptables --wait -t nat -N"
            " DOCKER: iptables v1.8.10 (nf_tables): TABLE_ADD failed (Not supported): table nat",
            "sudo modprobe",
        ),
        # https://github.com/basecamp/kamal/pull/1762
        (
            "iptables v1.8.11 (nf_tables): CHAIN_ADD failed (No such file or directory)",
            "sudo modprobe",
        ),
        (
            START + "failed to create NAT chain DOCKER: iptables failed: Permission denied (you"
            " must be root)",
            "make stop && make lab",
        ),
        (
            "failed to start daemon: error initializing graphdriver: driver not supported",
            "make lab",
        ),
        ("level=error msg=something", "tail -n 50 /var/log/lab/engine.log"),
    ],
)
def test_last_words_of_an_engine_have_a_next_command(
    monkeypatch: pytest.MonkeyPatch, last_words: str, fix: str
) -> None:
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN", raising=False)
    assert _fix(last_words).startswith(fix)
