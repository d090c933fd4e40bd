"""14: secrets, users, signals."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import tempfile
import uuid
from typing import Any

import docker

import layerscope
from coach.exercise import exercise
from coach.verdict import expect, need
from coach.workbench import Workbench
from layerscope.model import Entry

SLIM = "python:3.13-slim"


# ---- 14-1 ----------------------------------------------------------------------------------------

LEAKY = """\
FROM debian:trixie-slim
WORKDIR /app
ARG TOKEN
RUN printf %s "$TOKEN" | sha256sum | cut -c1-64 > proof
"""
LARGEST = 20_000_000  # bytes of a blob that is searched: base layers are larger and not ours


def _start_1(bench: Workbench) -> None:
    bench.provide("Dockerfile", LEAKY)
    bench.provide("token.txt", f"token-{uuid.uuid4().hex}")


def _places(bench: Workbench, word: bytes) -> tuple[int, int]:
    """How many of the image's documents and of its layers hold the word."""
    documents = layers = 0
    with tempfile.TemporaryFile() as file:
        for chunk in bench.client.images.get(bench.name).save(named=True):
            file.write(chunk)
        file.seek(0)
        with tarfile.open(fileobj=file) as saved:
            for member in saved:
                blob = saved.extractfile(member)
                if blob is None or member.size > LARGEST:
                    continue
                data = blob.read()
                if data[:2] == b"\x1f\x8b":
                    data = gzip.decompress(data)
                if word in data:
                    documents += data[:1] in (b"{", b"[")
                    layers += data[:1] not in (b"{", b"[")
    return documents, layers


@exercise(
    "14-1",
    "비밀을 쓰되 남기지 않는다",
    12,
    (
        "값을 준 ARG는 그 뒤의 RUN마다 이미지 설정에 적힌다. 파일로 복사한 것은 레이어에 남는다.",
        "파일 시스템을 바꾸지 않고 RUN이 도는 동안만 보이는 것은 **마운트**다.",
        "`RUN --mount=type=secret,id=…`와 `docker build --secret`을 찾아보자. 마지막 스테이지에 "
        "결과만 가져오는 길도 있다.",
    ),
    start=_start_1,
)
def no_trace(bench: Workbench) -> str:
    image = bench.image()
    token = bench.text("token.txt").strip()
    layer, _ = need(
        layerscope.root_filesystem(image).get("app/proof"),
        "/app/proof 파일이 없다.",
        "빌드가 비밀을 읽고 남긴 SHA-256이 있어야 한다.",
    )
    found = layerscope.read_file(image, layer, "app/proof").decode("utf-8", "replace").strip()
    wanted = hashlib.sha256(token.encode()).hexdigest()
    expect(
        found == wanted,
        f"/app/proof가 {found[:12] or '비어 있다'}…이다. token.txt의 SHA-256은 {wanted[:12]}….",
        "빌드가 다른 것을 읽었다. 빈 값이나 줄바꿈이 붙은 값을 읽지 않았는지 보자. 비밀의 값만 "
        "바뀌면 캐시가 그대로 쓰인다.",
    )
    documents, layers = _places(bench, token.encode())
    expect(
        not documents,
        f"비밀이 이미지의 문서(설정, 증명) {documents}개에 남아 있다. 기대한 것은 0개.",
        "`docker history --no-trunc`와 `docker inspect`에서 찾아보자.",
    )
    expect(
        not layers,
        f"비밀이 레이어 {layers}개에 남아 있다. 기대한 것은 0개.",
        "복사한 파일이 남았다. 뒤에서 지웠더라도 아래 레이어에는 있다.",
    )
    return "빌드는 비밀을 읽었고, 이미지의 문서와 레이어 어디에도 없다."


# ---- 14-2 ----------------------------------------------------------------------------------------

COUNTER = '''\
"""Counts its visitors in /data/count."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

COUNT = Path("/data/count")


class Counter(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            number = int(COUNT.read_text()) + 1 if COUNT.exists() else 1
            COUNT.write_text(str(number))
            status, text = 200, f"{number}\\n"
        except OSError as error:
            status, text = 500, f"{error}\\n"
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())


HTTPServer(("", 8000), Counter).serve_forever()
'''
AS_ROOT = f"""\
FROM {SLIM}
WORKDIR /app
COPY server.py .
RUN mkdir /data
CMD ["python", "server.py"]
"""
LOCKED: dict[str, Any] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "mounts": [docker.types.Mount("/data", None, type="volume")],
}


def _start_2(bench: Workbench) -> None:
    bench.provide("Dockerfile", AS_ROOT)
    bench.provide("server.py", COUNTER)


def _may_write(entry: Entry, uid: int, gid: int) -> bool:
    if entry.uid == uid:
        return bool(entry.mode & 0o200)
    if entry.gid == gid:
        return bool(entry.mode & 0o020)
    return bool(entry.mode & 0o002)


@exercise(
    "14-2",
    "잠긴 방에서 장사한다",
    15,
    (
        "`USER`가 없으면 root다. 이름보다 번호가 어디서나 통한다.",
        "root가 아니면 root의 디렉터리에 쓸 수 없다. 앱이 쓰는 곳은 어디 하나인가?",
        "쓰는 디렉터리의 주인만 그 번호로 한다. 코드의 주인까지 바꾸면 앱이 제 코드를 고칠 수 "
        "있다.",
    ),
    start=_start_2,
)
def locked_room(bench: Workbench) -> str:
    user = str(bench.config().get("User") or "")
    expect(
        user and user.partition(":")[0] not in ("root", "0"),
        f"이미지 설정의 User: {user or '(비어 있다)'}. 이대로면 root로 실행된다.",
        "누구로 실행할지 이미지가 말해 주어야 한다.",
    )
    number, _, group = user.partition(":")
    expect(
        number.isdigit(),
        f"이미지 설정의 User: {user}. 기대한 것은 번호.",
        "이름만 보아서는 root가 아닌지 밖에서 알 수 없다(쿠버네티스의 runAsNonRoot).",
    )
    with bench.serving(**LOCKED) as server:
        said = [server.get(), server.get()]
    expect(
        [one.status for one in said] == [200, 200],
        f"잠근 채로 실행한 서버의 상태 코드: {said[-1].status}. 기대한 것은 200. "
        f"본문: {said[-1].body.strip()[:120]}",
        "루트는 읽기 전용이고 /data만 쓸 수 있는 볼륨이다. 새 볼륨은 이미지의 /data에서 주인을 "
        "물려받는다.",
    )
    uid, gid = int(number), int(group) if group.isdigit() else 0
    files = layerscope.root_filesystem(bench.image())
    open_code = [
        path
        for path, (_, entry) in files.items()
        if path.split("/")[0] == "app"
        and entry.kind is not layerscope.Kind.SYMLINK
        and _may_write(entry, uid, gid)
    ]
    expect(
        not open_code,
        f"실행하는 사용자({user})가 고칠 수 있는 것이 /app에 {len(open_code)}개 있다: "
        f"/{', /'.join(sorted(open_code)[:3])}",
        "코드까지 그 사용자의 것일 필요가 있을까? 침입한 사람도 그 사용자다.",
    )
    return f"User {user}: 권한을 모두 버리고 루트를 잠가도 방문자를 센다."


# ---- 14-3 ----------------------------------------------------------------------------------------

SLOW_CLOSER = '''\
"""A server that has something to finish before it ends."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\\n")


def close():
    print("정리를 마쳤다", flush=True)


server = ThreadingHTTPServer(("", 8000), Hello)
try:
    server.serve_forever()
except KeyboardInterrupt:
    pass
finally:
    close()
'''
DEAF = f"""\
FROM {SLIM}
WORKDIR /app
COPY server.py .
CMD python server.py
"""
GRACE = 4  # seconds that `docker stop` waits here
FAREWELL = "정리를 마쳤다"


def _start_3(bench: Workbench) -> None:
    bench.provide("Dockerfile", DEAF)
    bench.provide("server.py", SLOW_CLOSER)


@exercise(
    "14-3",
    "멈추라면 멈춘다",
    12,
    (
        "`docker stop`의 신호는 누구에게 가나? 그 프로세스가 그 신호에 할 일을 정해 두었나?",
        "PID 1에게는 처리기를 둔 신호만 전해진다. 파이썬이 처음부터 처리기를 두는 신호도 있다.",
        "`SIGTERM`의 처리기를 코드에 달거나, 이미지가 다른 신호를 달라고 말하게 한다. "
        "파이썬이 PID 1이어야 하는 것은 어느 쪽이나 같다.",
    ),
    start=_start_3,
)
def stops_well(bench: Workbench) -> str:
    with bench.serving() as server:
        server.container.stop(timeout=GRACE)
        status = int(server.container.wait(timeout=10)["StatusCode"])
        # Followed: the log may lag behind the end.
        output = server.container.logs(follow=True).decode("utf-8", "replace")
    expect(
        status != 137,
        f"{GRACE}초를 기다려도 끝나지 않아 SIGKILL로 죽었다 (종료 코드 137). 기대한 것은 0.",
        "PID 1이 누구인지(`docker top`), 그 프로세스에 받은 신호의 처리기가 있는지 보자.",
    )
    expect(
        FAREWELL in output,
        f"끝났지만 (종료 코드 {status}) '{FAREWELL}'를 출력하지 않았다.",
        "마무리할 틈이 없이 끝났다. 신호를 받고 나서 finally까지 가는 길이 이어져 있는지 보자.",
    )
    expect(
        status == 0,
        f"마무리는 했지만 종료 코드: {status}. 기대한 것은 0.",
        "0이 아니면 재시작 정책(on-failure)은 실패로 여긴다.",
    )
    return "신호를 받고, 마무리를 하고, 0으로 끝났다."
