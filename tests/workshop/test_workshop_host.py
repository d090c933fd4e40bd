"""`make workshop` and its verbs, seen from the machine that runs them."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from outside import ROOT, docker, listed, says
from room import NAME, PORT, URL, Seat, Workshop, inspect, make, until

ADDRESS = "127.0.0.2"  # another than the default, and still nobody else's
OTHER: dict[str, Any] = {"WORKSHOP_NAME": f"{NAME}-other", "WORKSHOP_PORT": str(PORT + 1)}
CODE = "우리 반 도커"


def write_certificate(folder: Path) -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, ADDRESS)])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(ADDRESS))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(minutes=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.TraditionalOpenSSL
    (folder / "room.crt").write_bytes(certificate.public_bytes(pem))
    (folder / "room.key").write_bytes(key.private_bytes(pem, form, plain))
    # As people keep keys: another user's, and nobody else's to read.
    (folder / "room.key").chmod(0o600)
    os.chown(folder / "room.key", 1000, 1000)
    return {
        "WORKSHOP_CERT": str(folder / "room.crt"),
        "WORKSHOP_KEY": str(folder / "room.key"),
    }


def everything_on_the_engine() -> dict[str, set[str]]:
    return {
        "containers": listed(NAME, "ps", "-aq", "--no-trunc"),
        "volumes": listed(NAME, "volume", "ls", "-q"),
        "networks": listed(NAME, "network", "ls", "-q", "--no-trunc"),
    }


@pytest.fixture(scope="module")
def shared() -> Iterator[Path]:
    """A folder that this container and the machine know by the same name."""
    folder = ROOT / "build" / f"{NAME}-tls"
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def test_tls_a_code_of_ones_own_and_an_end_without_a_trace(
    workshop: Workshop, shared: Path
) -> None:
    """A second workshop beside the first, from opening to reset."""
    tls = write_certificate(shared)
    before = everything_on_the_engine()
    settings: dict[str, Any] = OTHER | tls | {"WORKSHOP_BIND": ADDRESS, "WORKSHOP_CODE": CODE}
    try:
        told = make("workshop", **settings).stdout
        url = f"https://{ADDRESS}:{PORT + 1}"
        assert url in told
        assert CODE in told
        assert "암호화하지 않은" not in told
        with requests.Session() as session:
            session.verify = tls["WORKSHOP_CERT"]
            login = session.get(f"{url}/hub/login", timeout=30)
            assert login.ok
            answer = session.post(
                f"{url}/hub/login?next=%2Fhub%2Fhome",
                data={
                    "_xsrf": session.cookies.get("_xsrf", path="/hub/"),
                    "code": CODE,
                    "username": "한사람",
                    "word": "비밀 낱말",
                },
                headers={"Referer": f"{url}/hub/login"},
                timeout=60,
            )
            assert answer.ok, answer.text
            assert all(cookie.secure for cookie in session.cookies if "hub" in cookie.name)
        docker("exec", OTHER["WORKSHOP_NAME"], "workshop", "start", "1")
        seat = f"{OTHER['WORKSHOP_NAME']}-s01"
        docker("exec", seat, "sh", "-c", "echo kept >/learn/memo.md")

        make("workshop-stop", **settings)
        left = everything_on_the_engine()
        assert left["containers"] == before["containers"]
        assert left["networks"] == before["networks"]
        assert left["volumes"] - before["volumes"] == {
            OTHER["WORKSHOP_NAME"],
            f"{seat}-work",
            f"{seat}-engine-containerd",
        }

        told = make("workshop", **OTHER, WORKSHOP_BIND=ADDRESS).stdout
        assert "암호화하지 않은 HTTP" in told
        assert re.search(r"수업 코드 +\w{4}-\w{4} ", told)
        docker("exec", OTHER["WORKSHOP_NAME"], "workshop", "start", "1")
        assert docker("exec", seat, "cat", "/learn/memo.md") == "kept"
    finally:
        make("workshop-reset", **OTHER)
    assert everything_on_the_engine() == before
    assert inspect(NAME)["State"]["Running"]  # the first workshop did not notice


def test_new_settings_mean_a_new_hub_and_the_seats_stay(workshop: Workshop, hana: Seat) -> None:
    hub, seat = inspect(NAME)["Id"], inspect(hana.container)["State"]["StartedAt"]
    session = workshop.learner("김하나")
    try:
        assert workshop.code in make("workshop", WORKSHOP_IDLE_HOURS="5").stdout
        assert inspect(NAME)["Id"] != hub
        assert "--timeout=18000" in docker("top", NAME, "-eo", "pid,args")
        assert inspect(hana.container)["State"]["StartedAt"] == seat
        # Who was signed in still is, and the new hub leads to the seat and takes its results.
        page = session.get(f"{URL}/user/{hana.number}/lab", timeout=60)
        assert "JupyterLab" in page.text
        hana.check("07-1")
        until(lambda: "07-1" in session.get(f"{URL}/services/board/progress.csv", timeout=30).text)
    finally:
        make("workshop")


def test_a_taken_port_is_explained() -> None:
    with socket.create_server(("127.0.0.1", PORT + 2)):
        result = make(
            "workshop",
            check=False,
            WORKSHOP_NAME=f"{NAME}-port",
            WORKSHOP_PORT=str(PORT + 2),
        )
    says(result, f"포트 {PORT + 2}", f"WORKSHOP_PORT={PORT + 3} make workshop")
    assert f"{NAME}-port" not in docker("ps", "-a", "--format", "{{.Names}}")


def test_a_code_that_anybody_would_guess_is_refused() -> None:
    says(make("workshop", check=False, WORKSHOP_CODE="1234"), "너무 짧다", "make workshop")


def test_a_store_that_does_not_exist_is_refused() -> None:
    result = make("workshop", check=False, LAB_STORE="typo", WORKSHOP_NAME=f"{NAME}-store")
    says(result, "이미지 저장소의 이름이 틀렸다", "LAB_STORE=overlay2 make workshop")
    assert not docker("volume", "ls", "-q", "--filter", f"name={NAME}-store")


def test_a_certificate_without_its_key_is_explained(shared: Path) -> None:
    certificate = write_certificate(shared)["WORKSHOP_CERT"]
    result = make(
        "workshop", check=False, **(OTHER | {"WORKSHOP_CERT": certificate, "WORKSHOP_KEY": ""})
    )
    says(result, "인증서나 열쇠 파일이 없다", "WORKSHOP_KEY")
    assert OTHER["WORKSHOP_NAME"] not in docker("ps", "-a", "--format", "{{.Names}}").split()


def test_reset_asks_first(workshop: Workshop) -> None:
    result = make("workshop-reset", check=False, stdin="no\n", YES="")
    assert result.returncode != 0
    assert "아무것도 지우지 않았다" in result.stdout
    assert inspect(NAME)["State"]["Running"]
