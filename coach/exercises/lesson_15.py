"""15: the same image again, and what travels."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import tarfile
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker

import layerscope
from coach.exercise import exercise
from coach.verdict import NotYetError, expect, named, need
from coach.workbench import Workbench
from layerscope.oci import digest_of

BASE = "python:3.13-slim"


# ---- 15-1 ----------------------------------------------------------------------------------------

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SERVER = "arm64"


class _Layout:
    """An OCI layout that is being written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifests: list[dict[str, Any]] = []
        (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes, media_type: str) -> dict[str, Any]:
        digest = digest_of(data)
        (self.folder / "blobs" / digest.replace(":", "/")).write_bytes(data)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def image(self, architecture: str, tars: list[tuple[bytes, int]]) -> None:
        """An image of these tars, each with the gzip level it is packed with."""
        config = {
            "architecture": architecture,
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar) for tar, _ in tars]},
        }
        layer = "application/vnd.oci.image.layer.v1.tar+gzip"
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.put(
                json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"
            ),
            "layers": [self.put(gzip.compress(tar, level, mtime=0), layer) for tar, level in tars],
        }
        found = self.put(json.dumps(document).encode(), MANIFEST)
        self.manifests.append({**found, "platform": {"os": "linux", "architecture": architecture}})

    def close(self) -> None:
        (self.folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        index = {"schemaVersion": 2, "manifests": self.manifests}
        (self.folder / "index.json").write_text(json.dumps(index, indent=1))


def _tar(name: str, size: int) -> bytes:
    """A tar with one file that packs by half."""
    content = os.urandom(size // 4).hex().encode() * 2
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _start_1(bench: Workbench) -> None:
    """Two versions of an image: the server has the first; a layer of the second is repacked."""
    if (bench.folder / "want" / "index.json").exists():
        return
    have, want = _Layout(bench.folder / "have"), _Layout(bench.folder / "want")
    for architecture in ("amd64", SERVER):
        base, packages = _tar("base", 400_000), _tar("packages", 120_000)
        if architecture == SERVER:
            have.image(architecture, [(base, 9), (packages, 9), (_tar("app", 8_000), 9)])
        want.image(architecture, [(base, 9), (packages, 1), (_tar("app", 8_000), 9)])
    have.close()
    want.close()


def _blobs(folder: Path, architecture: str) -> dict[str, int]:
    """Config and layers of the layout's image for this architecture: {digest: size}."""
    try:
        index = json.loads((folder / "index.json").read_text())
        for one in index["manifests"]:
            if one["platform"]["architecture"] == architecture:
                path = folder / "blobs" / one["digest"].replace(":", "/")
                document = json.loads(path.read_text())
                parts = [document["config"], *document["layers"]]
                return {part["digest"]: part["size"] for part in parts}
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise NotYetError(
        f"{folder.name} 레이아웃을 읽을 수 없다.",
        "시작할 때 차린 파일이 바뀌었다. 되돌리기: coach reset 15-1",
    )


@exercise(
    "15-1",
    "무엇이 내려올까",
    8,
    (
        "`want/index.json`에서 출발해 서버의 플랫폼을 따라 내려가자. 블롭은 어디에 적혀 있나?",
        "받을지 말지는 다이제스트만 보고 정한다. 서버가 이미 가진 것은 `have/blobs`에 있다.",
        "매니페스트가 가리키는 것은 레이어만이 아니다. 컨테이너를 띄우려면 설정도 있어야 한다.",
    ),
    start=_start_1,
)
def what_travels(bench: Workbench) -> str:
    lines = [line.strip() for line in bench.text("blobs.txt").splitlines() if line.strip()]
    expect(lines, "blobs.txt가 비어 있다.", "새로 받을 블롭의 다이제스트를 한 줄에 하나씩 적는다.")
    for number, line in enumerate(lines, 1):
        expect(
            re.fullmatch(r"sha256:[0-9a-f]{64}", line),
            f"{number}번째 줄이 다이제스트가 아니다: {line[:40]!r}.",
            "줄마다 `sha256:` 뒤에 64자리가 모두 있어야 한다.",
        )
    told, want = set(lines), bench.folder / "want"
    wanted, had = _blobs(want, SERVER), _blobs(bench.folder / "have", SERVER)
    listed = {"sha256:" + path.name for path in (want / "blobs" / "sha256").iterdir()}
    strange = told - listed
    expect(
        not strange,
        f"want에 없는 다이제스트가 {len(strange)}개 들어 있다.",
        "새 이미지가 가리키지 않는 것은 받을 까닭이 없다. 어느 레이아웃에서 읽었는지 보자.",
    )
    again = told & had.keys()
    expect(
        not again,
        f"서버가 이미 가진 블롭이 {len(again)}개 들어 있다.",
        "다이제스트가 같으면 바이트가 같으니 다시 받지 않는다.",
    )
    other = told - wanted.keys()
    expect(
        not other,
        f"이 서버가 받지 않을 블롭이 {len(other)}개 들어 있다.",
        "다른 플랫폼의 것이거나, 블롭이 아니라 매니페스트일 수 있다. 어디에서 읽었는지 보자.",
    )
    missing = wanted.keys() - had.keys() - told
    size = sum(wanted[digest] for digest in missing)
    expect(
        not missing,
        f"빠진 블롭이 {len(missing)}개, 합쳐서 {size:,}바이트다.",
        "레이어가 아닌 블롭도 있고, 풀면 같지만 다르게 압축해 다이제스트가 달라진 것도 있다.",
    )
    total = sum(wanted.values())
    return f"{total:,}바이트 가운데 {sum(wanted[one] for one in told):,}바이트만 내려온다."


# ---- 15-2 ----------------------------------------------------------------------------------------

EPOCH = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
STALE = f"""\
FROM {BASE}
WORKDIR /app
COPY guestbook guestbook
RUN python -m compileall -q guestbook
# 언제 빌드해도 같은 시각을 갖게 한다 (2026-01-01T00:00:00Z)
RUN find guestbook -exec touch -d @{EPOCH} {{}} +
USER 1000
CMD ["python", "-c", "import guestbook.pages"]
"""
PACKAGE = {
    "guestbook/__init__.py": '"""A guest book."""\n',
    "guestbook/store.py": "LINES: list[str] = []\n",
    "guestbook/pages.py": "from guestbook.store import LINES\n\nprint(len(LINES), 'lines')\n",
}
# In the learner's container: what Python itself would say of each compiled file.
LOOK = """
import importlib.util, json, pathlib
rows = {}
for source in sorted(pathlib.Path("/app/guestbook").rglob("*.py")):
    compiled = pathlib.Path(importlib.util.cache_from_source(str(source)))
    head = compiled.read_bytes()[:16] if compiled.exists() else b""
    fact = source.stat()
    if not head:
        said = "missing"
    elif int.from_bytes(head[4:8], "little") & 1:
        fresh = head[8:] == importlib.util.source_hash(source.read_bytes())
        said = "good" if fresh else "stale"
    else:
        noted = int.from_bytes(head[8:12], "little"), int.from_bytes(head[12:], "little")
        said = "good" if noted == (int(fact.st_mtime), fact.st_size) else "stale"
    rows[str(source)] = [int(fact.st_mtime), said]
print(json.dumps(rows))
"""


def _start_2(bench: Workbench) -> None:
    for name, content in PACKAGE.items():
        bench.provide(name, content)
    bench.provide("Dockerfile", STALE)


@exercise(
    "15-2",
    "낡지 않는 .pyc",
    10,
    (
        "`.pyc`의 앞 16바이트에는 무엇이 적혀 있었나? 그다음 줄은 무엇을 바꾸나?",
        "둘이 어긋나지 않는 길은 여럿이다. 순서를 바꾸거나, 시각 대신 다른 것을 적게 한다.",
        "`python -m compileall --help`의 `--invalidation-mode`와 환경 변수 "
        "`SOURCE_DATE_EPOCH`를 찾아보자.",
    ),
    start=_start_2,
)
def fresh_bytecode(bench: Workbench) -> str:
    ran = bench.run(command=["-c", LOOK], entrypoint=["python"])
    try:
        rows: dict[str, list[Any]] = json.loads(ran.output.strip().splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise NotYetError(
            f"이미지 안의 파이썬이 답하지 않았다 (종료 코드 {ran.status}).", ran.output[-300:]
        ) from error
    lost = {f"/app/{name}" for name in PACKAGE} - rows.keys()
    expect(not lost, f"원본 {len(lost)}개가 없다: {named(lost)}.", "COPY가 하던 일을 보자.")
    moved = {name for name, (time, _) in rows.items() if time != EPOCH}
    expect(
        not moved,
        f"원본 {len(moved)}개의 시각이 2026-01-01T00:00:00Z가 아니다: {named(moved)}.",
        "시각을 맞추는 줄이 사라졌거나, 그 뒤의 줄이 파일을 다시 썼을 수 있다.",
    )
    for said, message, hint in (
        (
            "missing",
            ".pyc가 없는 원본이 {}개다: {}.",
            "컴파일한 결과가 없으면 컨테이너가 뜰 때마다 다시 컴파일한다.",
        ),
        (
            "stale",
            "낡은 .pyc가 {}개다: {}.",
            "`.pyc`에 적힌 것과 원본이 어긋난다. 적은 다음에 원본에서 무엇이 달라졌나?",
        ),
    ):
        found = {name for name, (_, state) in rows.items() if state == said}
        expect(not found, message.format(len(found), named(found)), hint)
    return f"원본 {len(rows)}개의 시각이 모두 같고, .pyc는 하나도 버려지지 않는다."


# ---- 15-3 ----------------------------------------------------------------------------------------

RESTLESS = f"""\
FROM {BASE}
WORKDIR /app
COPY words.txt pack.py ./
RUN python pack.py
RUN date > built-at.txt
USER 1000
CMD ["cat", "index.json"]
"""
WORDS = (
    "이미지 레이어 매니페스트 인덱스 다이제스트 레지스트리 컨테이너 볼륨 스테이지 캐시 "
    "이름 태그 레이블 설정 스냅샷 스탬프 컨텍스트 카피업 볼트 태스크\n"
)
PACK = '''\
"""words.txt의 낱말을 첫 글자로 묶어 index.json에 쓰고, 둘을 words.zip에 담는다."""

import json
import uuid
import zipfile
from pathlib import Path

words = set(Path("words.txt").read_text().split())
groups = {}
for word in words:
    groups.setdefault(word[0], []).append(word)
index = json.dumps({"id": str(uuid.uuid4()), "groups": groups}, ensure_ascii=False)
Path("index.json").write_text(index)

with zipfile.ZipFile("words.zip", "w") as bundle:
    bundle.write("words.txt")
    bundle.writestr("index.json", index)
'''


def _start_3(bench: Workbench) -> None:
    for name, content in (("Dockerfile", RESTLESS), ("words.txt", WORDS), ("pack.py", PACK)):
        bench.provide(name, content)


@contextmanager
def _built(bench: Workbench, folder: Path) -> Iterator[str]:
    """An image of this folder, built without the cache; it is removed afterwards."""
    name = f"check-{bench.id}-{uuid.uuid4().hex[:12]}"
    options = ["--no-cache", "--label=org.docker-anatomy=check", f"--tag={name}"]
    try:
        bench.rebuild(folder, *options)
        yield name
    finally:
        with suppress(docker.errors.ImageNotFound):
            bench.client.images.remove(name)


def _content(bench: Workbench, name: str) -> dict[str, tuple[object, ...]]:
    """What the layers above the base hold, whatever the files' times."""
    base = len(bench.image(BASE).layers)
    return {
        one.path: (one.kind, one.mode, one.uid, one.gid, one.link, one.digest)
        for layer in bench.image(name, content=True).layers[base:]
        for one in layer.entries
    }


def _app_file(image: layerscope.Image, path: str) -> bytes:
    layer, _ = need(
        layerscope.root_filesystem(image).get(path),
        f"/{path} 파일이 없다.",
        "달라지는 것을 없애는 것이 아니라 같게 만드는 것이 문제다.",
    )
    return layerscope.read_file(image, layer, path)


def _still_useful(bench: Workbench, name: str) -> None:
    """The build must still make what it made."""
    image, words = bench.image(name), bench.text("words.txt").split()
    expect(
        _app_file(image, "app/built-at.txt").strip(),
        "/app/built-at.txt가 비어 있다.",
        "어떤 시각이든 적혀 있어야 한다.",
    )
    try:
        index = json.loads(_app_file(image, "app/index.json"))
        named, groups = index["id"], index["groups"]
        found = sorted(word for group in groups.values() for word in group)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotYetError("/app/index.json에 id와 groups가 있어야 한다.", str(error)) from error
    expect(named, "/app/index.json의 id가 비어 있다.", "정해진 값이어도 된다.")
    expect(
        found == sorted(set(words)),
        f"/app/index.json의 낱말이 {len(found)}개다. 기대한 것은 {len(set(words))}개.",
        "묶는 방법이 바뀌지 않았는지 보자.",
    )
    try:
        with zipfile.ZipFile(io.BytesIO(_app_file(image, "app/words.zip"))) as bundle:
            names = set(bundle.namelist())
    except zipfile.BadZipFile as error:
        raise NotYetError("/app/words.zip을 열 수 없다.", str(error)) from error
    expect(
        names == {"words.txt", "index.json"},
        f"/app/words.zip에 든 파일이 {len(names)}개다. 기대한 것은 2개.",
    )


@exercise(
    "15-3",
    "누가 언제 빌드해도 같은 내용",
    20,
    (
        "두 번 빌드해 파일을 견주자. 달라지는 파일마다 까닭이 하나씩, 모두 네 가지다.",
        "난수, 지금 시각, 순서가 없는 자료형. 그리고 zip은 담는 파일의 시각도 적는다.",
        "정렬하면 순서가 정해진다. 식별자는 내용에서 계산할 수 있다. "
        "`zipfile.ZipInfo`는 시각을 따로 받는다.",
    ),
    start=_start_3,
    limit=180,
)
def same_again(bench: Workbench) -> str:
    with bench.copy() as clone:
        for path in clone.rglob("*"):  # a colleague's checkout: equal files, other times
            os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
        with _built(bench, bench.folder) as one:
            time.sleep(1.1)  # a clock that was asked shows another second
            with _built(bench, clone) as two:
                _still_useful(bench, one)
                mine, theirs = _content(bench, one), _content(bench, two)
    differ = {path for path in mine.keys() | theirs.keys() if mine.get(path) != theirs.get(path)}
    expect(
        not differ,
        f"두 번 빌드한 결과에서 파일 {len(differ)}개가 다르다: {named(differ)}.",
        "그 파일을 쓸 때 지금 시각, 난수, 원본 파일의 시각, 순서 없는 자료형 가운데 "
        "무엇이 끼어드는지 보자.",
    )
    return f"따로 두 번 빌드했는데 파일 {len(mine)}개의 내용과 권한이 모두 같다."
