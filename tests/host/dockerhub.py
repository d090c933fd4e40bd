"""Docker Hub, played under its own names: what it answers, and what goes wrong on the way to it.

usage: dockerhub.py FOLDER certify                  a CA, and a certificate for Docker Hub's names
       dockerhub.py FOLDER publish ARCHIVE          images of a `docker save`, as official ones
       dockerhub.py FOLDER serve ADDRESS            registry, token service, CDN, mirror, proxy, DNS

It runs on a machine that sees nothing else (test_hub.py).  FOLDER/play.json says what goes wrong
(``Play``), read anew at each request; FOLDER/log.jsonl has a line for each request.

What the real one answers, and who says so:

- 401 with ``www-authenticate: Bearer realm="https://auth.docker.io/token",...``, and tokens for
  anybody from there: https://docs.docker.com/docker-hub/usage/pulls/, whose commands do just that,
  and the specification, https://distribution.github.io/distribution/spec/auth/token/.
- The pull limit: 429 "when the manifest is requested", and headers ``ratelimit-limit``,
  ``ratelimit-remaining``, ``docker-ratelimit-source``, on HEAD as well, which is not counted (same
  page).  The page's wording is older than the answer's, which is quoted in
  https://github.com/docker/hub-feedback/issues/2464.  That page once defined a pull as "up to two
  GET requests on manifest URLs": an index and a manifest; so an index counts here.
- A wrong password: 401 by the token service, "incorrect username or password"
  (https://github.com/fsfe/reuse-action/issues/50 quotes it as BuildKit tells it).
- A repository that is not there is one that may not be seen: 401 ``insufficient_scope``.
- Blobs: 307 to a CDN, production.cloudflare.docker.com here
  (https://github.com/opencontainers/distribution-spec/issues/299 shows the answer;
  https://docs.docker.com/desktop/setup/allow-list/ has all the names).
- Official images: an OCI index of platforms, each with an attestation manifest of platform
  unknown/unknown (https://docs.docker.com/build/metadata/attestations/attestation-storage/).

Not played: HTTP/2, which the CDN speaks, IPv6, the abuse limit, device-code login.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import dataclass, fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

REGISTRY, AUTH, CDN = "registry-1.docker.io", "auth.docker.io", "production.cloudflare.docker.com"
MIRROR = "mirror.example"  # a company's: the same images, no questions asked
PROXY_PORT = 3128
ACCOUNT = ("learner", "secret")
WINDOW = 21600  # seconds: six hours
LIMIT = 100  # pulls of a window, unless the play says otherwise

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

OCI = "application/vnd.oci.image"
INDEX, MANIFEST = f"{OCI}.index.v1+json", f"{OCI}.manifest.v1+json"
Json = dict[str, Any]


@dataclass(frozen=True)
class Play:
    """What goes wrong.  The defaults are a good day."""

    limit: int = LIMIT  # pulls that an anonymous machine has left
    speed: int = 0  # bytes of a blob per second and connection; 0: as fast as it goes
    cut: int = -1  # bytes of a blob after which each connection ends; -1: never
    stall: int = -1  # bytes of a blob after which each connection stays, and nothing comes
    hidden: bool = False  # Docker Hub's names are not known, other names are
    stranger: bool = False  # the certificate is of a CA that nobody trusts


def playing() -> Play:
    try:
        told = json.loads((FOLDER / "play.json").read_text())
    except FileNotFoundError:
        return Play()
    return Play(**{field.name: told[field.name] for field in fields(Play) if field.name in told})


# ---- certificates --------------------------------------------------------------------------------


def certify() -> None:
    """ca.crt is to be trusted; hub.pem is its word on our names, stranger.pem somebody else's."""
    names = ",".join(f"DNS:{name}" for name in (REGISTRY, AUTH, CDN, MIRROR))
    for ca, name in (("ca", "hub"), ("unknown-ca", "stranger")):
        certificate(ca)
        certificate(
            name, "-addext", f"subjectAltName={names}", "-CA", f"{ca}.crt", "-CAkey", f"{ca}.key"
        )
        both = [(FOLDER / f"{name}.{part}").read_text() for part in ("crt", "key")]
        (FOLDER / f"{name}.pem").write_text("".join(both))


def certificate(name: str, *more: str) -> None:
    """NAME.crt and NAME.key; without more, its own word on itself."""
    what = ("-subj", f"/CN=docker-anatomy test {name}", "-days", "2", "-nodes", "-newkey", "ec")
    where = ("-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", f"{name}.key", "-out", f"{name}.crt")
    command = ("openssl", "req", "-x509", *what, *where, *more)
    subprocess.run(command, cwd=FOLDER, check=True, capture_output=True)


# ---- images --------------------------------------------------------------------------------------


def blob(content: bytes, media_type: str, **more: object) -> Json:
    """Kept under its digest; its descriptor."""
    digest = hashlib.sha256(content).hexdigest()
    (FOLDER / "blobs" / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content), **more}


def document(content: Json, media_type: str, **more: object) -> Json:
    return blob(json.dumps(content).encode(), media_type, **more)


@dataclass(frozen=True)
class Layer:
    diff_id: str
    descriptor: Json


def gunzipped(content: bytes) -> bytes:
    """A containerd store's archive has its layers as they travelled."""
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def layer(content: bytes) -> Layer:
    tar = gunzipped(content)
    descriptor = blob(gzip.compress(tar, 1, mtime=0), f"{OCI}.layer.v1.tar+gzip")
    return Layer(f"sha256:{hashlib.sha256(tar).hexdigest()}", descriptor)


def with_file(name: str, size: int, tar: bytes = b"") -> bytes:
    """A tar with a file more, of bytes that do not compress."""
    out = io.BytesIO(tar)
    with tarfile.open(fileobj=out, mode="a" if tar else "w") as archive:
        member = tarfile.TarInfo(name)
        member.size = size
        archive.addfile(member, io.BytesIO(os.urandom(size)))
    return out.getvalue()


def manifest(config: Json, layers: list[Json]) -> Json:
    return {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}


def official(config: Json, layers: list[Layer]) -> str:
    """The digest of an index like Docker Hub's.

    One platform is this machine's; the other's manifest has the same layers, since nobody pulls it.
    """
    entries = []
    rootfs = {"type": "layers", "diff_ids": [one.diff_id for one in layers]}
    config = {**config, "rootfs": rootfs, "history": []}  # a history would have to fit the layers
    descriptors = [one.descriptor for one in layers]
    for architecture in ("amd64", "arm64"):
        platform = {"architecture": architecture, "os": "linux"}
        made = document({**config, "architecture": architecture}, f"{OCI}.config.v1+json")
        image = document(manifest(made, descriptors), MANIFEST, platform=platform)
        statement = document(
            {"_type": "https://in-toto.io/Statement/v0.1"}, "application/vnd.in-toto+json"
        )
        empty = document(
            {"architecture": "unknown", "os": "unknown", "config": {}}, f"{OCI}.config.v1+json"
        )
        attestation = document(
            manifest(empty, [statement]),
            MANIFEST,
            platform={"architecture": "unknown", "os": "unknown"},
            annotations={
                "vnd.docker.reference.digest": image["digest"],
                "vnd.docker.reference.type": "attestation-manifest",
            },
        )
        entries += [image, attestation]
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    return str(document(index, INDEX)["digest"])


def publish(archive: str) -> None:
    """The lessons' base images of an archive of the course's (lab/host bases), as library/NAME:TAG.

    python:3.13 is python:3.13-slim with a layer more: half a gigabyte is not what a registry is
    tried with.  Debian has a file more, or an engine that has the lab would have the layer already.
    """
    (FOLDER / "blobs").mkdir(exist_ok=True)
    with tarfile.open(archive) as members:

        def read(name: str) -> bytes:
            found = members.extractfile(name)
            assert found
            return found.read()

        images = {
            reference.rsplit("/", 1)[-1]: image
            for image in json.loads(read("manifest.json"))
            for reference in image["RepoTags"]
        }
        debian, slim = images["debian:trixie-slim"], images["python:3.13-slim"]
        first, *others = slim["Layers"]
        base = layer(with_file("opt/official", 4_000_000, gunzipped(read(first))))
        python = [base, *(layer(read(name)) for name in others)]
        full = [*python, layer(with_file("opt/compilers", 4_000_000))]
        config = json.loads(read(slim["Config"]))
        names = {
            "library/debian": {"trixie-slim": official(json.loads(read(debian["Config"])), [base])},
            "library/python": {
                "3.13-slim": official(config, python),
                "3.13": official(config, full),
            },
        }
    (FOLDER / "names.json").write_text(json.dumps(names))


# ---- the registry and what stands around it ------------------------------------------------------


_writing = threading.Lock()
_counted: dict[float, int] = {}  # pulls since the play began


def log(**facts: object) -> None:
    with _writing, (FOLDER / "log.jsonl").open("a") as lines:
        lines.write(json.dumps({"time": time.time(), **facts}) + "\n")


def count_pull() -> int:
    """How many there were in this play, this one included."""
    began = (FOLDER / "play.json").stat().st_mtime if (FOLDER / "play.json").exists() else 0.0
    with _writing:
        _counted[began] = _counted.get(began, 0) + 1
        return _counted[began]


def token_for(user: str) -> str:
    return base64.b64encode(f"token of {user}".encode()).decode()


class Hub(BaseHTTPRequestHandler):
    """All hosts in one: which of them is asked, the Host header says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.host = (self.headers["Host"] or "").split(":")[0]
        path = urlsplit(self.path).path
        if self.host == AUTH and path == "/token":
            self.give_token()
        elif self.host == CDN:
            self.send_blob(path.split("/")[-2])
        elif self.host in (REGISTRY, MIRROR) and path.startswith("/v2/"):
            self.answer_registry(path.removeprefix("/v2/").split("/"))
        else:
            self.answer(404, {"detail": "not found"})

    do_HEAD = do_POST = do_GET  # noqa: N815 (the names that http.server calls)

    def answer_registry(self, parts: list[str]) -> None:
        user = "mirror" if self.host == MIRROR else self.user()
        if not user:
            self.ask_for_token(parts)
        elif parts == [""]:
            self.answer(200, {})
        elif "manifests" in parts[:-1]:
            self.send_manifest(user, "/".join(parts[:-2]), parts[-1])
        elif "blobs" in parts[:-1] and self.host == MIRROR:
            self.send_blob(parts[-1].removeprefix("sha256:"))
        elif "blobs" in parts[:-1]:
            digest = parts[-1].removeprefix("sha256:")
            where = f"registry-v2/docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data"
            self.answer(307, None, {"location": f"https://{CDN}/{where}?verify=1-signature"})
        else:
            self.answer(404, errors("NOT_FOUND", "page not found"))

    # -- who asks

    def user(self) -> str:
        """Empty without a token of ours."""
        given = self.headers["Authorization"] or ""
        known = {f"Bearer {token_for(user)}": user for user in ("anonymous", ACCOUNT[0])}
        return known.get(given, "")

    def ask_for_token(self, parts: list[str], error: str = "") -> None:
        challenge = f'Bearer realm="https://{AUTH}/token",service="registry.docker.io"'
        if len(parts) > 2:
            challenge += f',scope="repository:{"/".join(parts[:-2])}:pull"'
        headers = {"www-authenticate": challenge + error}
        self.answer(401, errors("UNAUTHORIZED", "authentication required"), headers)

    def give_token(self) -> None:
        """By GET with a password in the header, or by POST with one in the form (OAuth 2)."""
        size = int(self.headers["Content-Length"] or 0)
        form = parse_qs(self.rfile.read(size).decode())
        given = self.headers["Authorization"] or ""
        name, password = "", ""
        if given.startswith("Basic "):
            name, _, password = (
                base64.b64decode(given.removeprefix("Basic ")).decode().partition(":")
            )
        elif "username" in form:
            name, password = form["username"][0], form.get("password", [""])[0]
        if name and (name, password) != ACCOUNT:
            self.answer(401, {"details": "incorrect username or password"})
            return
        token = token_for(name or "anonymous")
        self.answer(200, {"token": token, "access_token": token, "expires_in": 300})

    # -- what is asked for

    def send_manifest(self, user: str, name: str, reference: str) -> None:
        names = json.loads((FOLDER / "names.json").read_text())
        if name not in names:
            if user == "mirror":
                self.answer(404, errors("NAME_UNKNOWN", "repository name not known to registry"))
            else:
                self.ask_for_token([*name.split("/"), "", ""], ',error="insufficient_scope"')
            return
        digest = reference if ":" in reference else names[name].get(reference, "")
        file = FOLDER / "blobs" / digest.removeprefix("sha256:")
        if not digest or not file.exists():
            self.answer(404, errors("MANIFEST_UNKNOWN", "manifest unknown"))
            return
        content = json.loads(file.read_bytes())
        headers = {"docker-content-digest": digest}
        if user == "anonymous":
            limit, counts = playing().limit, self.command == "GET" and "manifests" in content
            used = count_pull() if counts else 0
            headers |= {
                "ratelimit-limit": f"{LIMIT};w={WINDOW}",
                "ratelimit-remaining": f"{max(0, limit - used)};w={WINDOW}",
                "docker-ratelimit-source": self.client_address[0],
            }
            if counts and used > limit:
                self.answer(429, errors("TOOMANYREQUESTS", TOO_MANY), headers)
                return
        self.answer(200, file.read_bytes(), headers | {"content-type": content["mediaType"]})

    def send_blob(self, digest: str) -> None:
        """From where the client asks for (RFC 9110, "Range Requests"): a CDN knows ranges."""
        file = FOLDER / "blobs" / digest
        if not file.exists():
            self.answer(404, errors("BLOB_UNKNOWN", "blob unknown to registry"))
            return
        content, wanted = file.read_bytes(), self.headers["Range"] or ""
        start = int(wanted.removeprefix("bytes=").split("-")[0] or 0) if wanted else 0
        headers = {"accept-ranges": "bytes", "content-type": "application/octet-stream"}
        if wanted:
            headers["content-range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.answer(206 if wanted else 200, content[start:], headers, playing())

    def answer(
        self,
        status: int,
        body: Json | bytes | None,
        headers: dict[str, str] | None = None,
        play: Play | None = None,
    ) -> None:
        content = json.dumps(body).encode() if isinstance(body, dict) else body or b""
        wanted = self.headers["Range"] or ""
        log(host=self.host, method=self.command, path=self.path, status=status, range=wanted)
        self.send_response(status)
        for name, value in ({"content-type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.send_body(content, play or Play())

    def send_body(self, content: bytes, play: Play) -> None:
        end = min([len(content), *(at for at in (play.cut, play.stall) if at >= 0)])
        step = max(1, play.speed // 10) if play.speed else 1 << 20
        try:
            for at in range(0, end, step):
                self.wfile.write(content[at : min(at + step, end)])
                time.sleep(0.1 if play.speed else 0)
            if end < len(content):
                while play.stall >= 0 and playing() == play:
                    time.sleep(0.2)
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
        except OSError:  # the other side has gone
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """There is log.jsonl."""


TOO_MANY = (
    "You have reached your unauthenticated pull rate limit."
    " https://www.docker.com/increase-rate-limit"
)


def errors(code: str, message: str) -> Json:
    """The body of a registry's refusal (OCI distribution-spec, "Error Codes")."""
    return {"errors": [{"code": code, "message": message}]}


class Proxy(socketserver.StreamRequestHandler):
    """A company's, the only way out: CONNECT, then bytes both ways."""

    def handle(self) -> None:
        request = self.rfile.readline().decode(errors="replace").split()
        while self.rfile.readline().strip():
            pass
        if not request or request[0] != "CONNECT":
            log(host="proxy", method="".join(request[:1]), path="".join(request[1:2]), status=403)
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            return
        log(host="proxy", method="CONNECT", path=request[1], status=200)
        with socket.create_connection(("127.0.0.1", 443)) as hub:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(hub, self.connection), daemon=True)
            back.start()
            pump(self.connection, hub)
            back.join(60)


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while some := source.recv(1 << 16):
            target.sendall(some)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Names(socketserver.BaseRequestHandler):
    """A nameserver of one zone (RFC 1035, 4.1): our names are here, and there are no others."""

    def handle(self) -> None:
        question, answer_to = self.request
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode().lower())
            at += 1 + question[at]
        asked = question[12 : at + 5]
        name, address = ".".join(labels), b""
        known = {MIRROR} if playing().hidden else {REGISTRY, AUTH, CDN, MIRROR}
        if name in known and asked[-4:] == b"\x00\x01\x00\x01":  # A, IN
            packed = socket.inet_aton(ADDRESS)
            address = b"\xc0\x0c\x00\x01\x00\x01" + struct.pack("!IH", 0, 4) + packed
        flags = 0x8180 if name in known else 0x8183  # 3: no such name
        header = struct.pack("!HHHHHH", 0, flags, 1, bool(address), 0, 0)[2:]
        answer_to.sendto(question[:2] + header + asked + address, self.client_address)


ADDRESS = ""


def serve(address: str) -> None:
    global ADDRESS  # noqa: PLW0603
    ADDRESS = address
    contexts = {}
    for name in ("hub", "stranger"):
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(FOLDER / f"{name}.pem")

    def choose(connection: ssl.SSLObject, name: str, context: ssl.SSLContext) -> None:
        connection.context = contexts["stranger" if playing().stranger else "hub"]

    contexts["hub"].sni_callback = choose
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer.daemon_threads = True
    hub = ThreadingHTTPServer(("0.0.0.0", 443), Hub)  # noqa: S104 (a machine without a network)
    # Each connection's own thread shakes hands.
    hub.socket = contexts["hub"].wrap_socket(
        hub.socket, server_side=True, do_handshake_on_connect=False
    )
    others = (
        socketserver.ThreadingTCPServer(("0.0.0.0", PROXY_PORT), Proxy),  # noqa: S104
        socketserver.ThreadingUDPServer(("0.0.0.0", 53), Names),  # noqa: S104
    )
    for server in others:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    hub.serve_forever()


if __name__ == "__main__":
    match sys.argv[2:]:
        case ["certify"]:
            certify()
        case ["publish", archive]:
            publish(archive)
        case ["serve", address]:
            serve(address)
        case _:
            sys.exit(__doc__)
