"""What witnesses say of a container, with what a real engine said while it ran one."""

from __future__ import annotations

import io
import subprocess
import tarfile
import time

import pytest
from needs import needs

from layerscope.journey import Lane, from_containerd_events, from_docker_events, from_runc_log

IMAGE = "docker-anatomy-test/journey"

CTR = """\
2026-11-23 20:25:58.22607254 +0000 UTC moby /snapshot/prepare {"key":"61dd-init","parent":"sha256:6"}
time="2026-11-23T20:25:58Z" level=warning msg="not an event"
2026-11-23 20:25:58.471012604 +0000 UTC moby /tasks/create {"container_id":"61dd","pid":17461}
2026-11-23 20:25:58 +0000 UTC moby /tasks/start {"container_id":"61dd","pid":17461}
"""  # noqa: E501 (as ctr printed it)
RUNC = """\
1795465707.951044333 --root /run/runtime-runc/moby --log-format json create --bundle /b/create f0fe
1795465708.165216136 --root /run/runtime-runc/moby --log-format json start f0fe
1795465708.510138528 --root /run/runtime-runc/moby --log-format json delete --force f0fe

no time
"""


@pytest.fixture(scope="module")
def docker_events() -> str:
    """create, start and their like of a container that does nothing."""
    needs("an engine")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    begin = time.time()
    subprocess.run(
        ["docker", "import", "-", IMAGE], input=archive.getvalue(), capture_output=True, check=True
    )
    try:
        # There is no program in it: starting fails, and that is an event too.
        subprocess.run(
            ["docker", "run", "--rm", "--name=docker-anatomy-test-journey", IMAGE, "/none"],
            capture_output=True,
            check=False,
        )
    finally:
        subprocess.run(["docker", "rmi", "-f", IMAGE], capture_output=True, check=True)
    done = subprocess.run(
        ["docker", "events", f"--since={begin:.3f}", f"--until={time.time() + 1:.3f}",
         "--filter=container=docker-anatomy-test-journey", "--format={{json .}}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_docker_events_keep_their_nanoseconds(docker_events: str) -> None:
    events = from_docker_events(docker_events)
    assert events[0].label == "create"
    assert {event.lane for event in events} == {Lane.DOCKERD}
    assert events == sorted(events, key=lambda event: event.time)
    assert all(abs(event.time - time.time()) < 600 for event in events)
    assert any(event.time % 1 for event in events)
    assert '"Action": "create"' in events[0].detail


def test_containerd_events_skip_what_is_no_event() -> None:
    events = from_containerd_events(CTR)
    assert [event.label for event in events] == ["snapshot/prepare", "tasks/create", "tasks/start"]
    assert events[1].time - events[0].time == pytest.approx(0.244940064, abs=1e-6)
    assert events[2].time == 1795465558
    assert '"pid": 17461' in events[1].detail


def test_runc_lines_give_the_verb_not_its_arguments() -> None:
    events = from_runc_log(RUNC)
    assert [event.label for event in events] == ["create", "start", "delete --force"]
    assert events[0].detail.startswith("runc --root")
    assert events[0].time == pytest.approx(1795465707.951044, abs=1e-6)
