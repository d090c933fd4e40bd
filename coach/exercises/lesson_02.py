"""02: what an image is made of."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import uuid
import zlib
from pathlib import Path
from typing import Any

import layerscope
from coach.exercise import exercise
from coach.verdict import NotYetError, expect, need
from coach.workbench import Workbench

BUSYBOX = Path("/usr/bin/busybox")


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _tar_of(files: dict[str, bytes]) -> bytes:
    """Files as one tar, the same bytes each time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _json(text: str | bytes, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise NotYetError(f"{name}의 내용이 JSON이 아니다: {error}.") from error


# ---- 02-1 ----------------------------------------------------------------------------------------

MANY_ROWS = """\
FROM scratch
COPY busybox /bin/busybox
COPY motd /motd
ENV TOKEN={token}
LABEL lesson=02
ENTRYPOINT ["/bin/busybox"]
CMD ["cat", "/motd"]
"""


def _start_1(bench: Workbench) -> None:
    """An image as a file only; the engine does not have it."""
    if (bench.folder / "image.tar").exists():
        return
    files = {"busybox": BUSYBOX.read_bytes(), "motd": "안녕\n".encode()}
    bench.build(MANY_ROWS.format(token=uuid.uuid4().hex), files)
    bench.provide("image.tar", b"".join(bench.client.images.get(bench.name).save(named=True)))
    bench.client.images.remove(bench.name, force=True)


@exercise(
    "02-1",
    "엔진 없이 이미지를 읽는다",
    10,
    (
        "`tar -tf`로 안에 무엇이 있는지 보자. 목차 노릇을 하는 JSON이 있다.",
        "`manifest.json`은 설정과 레이어가 어느 파일인지 말한다. 설정도 JSON이다.",
        "설정의 `config`에 실행 설정이, `rootfs`에 레이어가 있다. `history`는 레이어의 목록이 "
        "아니다. 다이제스트는 그 파일의 바이트를 SHA-256으로 해시한 것이다.",
    ),
    start=_start_1,
)
def read_alone(bench: Workbench) -> str:
    answer = _json(bench.text("answer.json"), "answer.json")
    keys = {"entrypoint", "token", "layers", "config"}
    lost = sorted(keys - answer.keys()) if isinstance(answer, dict) else sorted(keys)
    expect(not lost, f"answer.json에 {', '.join(lost)} 항목이 없다.", "항목은 모두 네 개다.")
    with tarfile.open(bench.folder / "image.tar") as tar:
        stored = {one.name: tar.extractfile(one) for one in tar if one.isfile()}
        blobs = {name: file.read() for name, file in stored.items() if file is not None}
    entry = json.loads(blobs["manifest.json"])[0]
    raw = blobs[entry["Config"]]
    config = json.loads(raw)
    expect(
        answer["entrypoint"] == config["config"]["Entrypoint"],
        f"entrypoint가 {answer['entrypoint']!r}이다. 이 이미지의 것과 다르다.",
        "설정에 적힌 그대로, JSON 배열로 적는다. CMD와는 다른 항목이다.",
    )
    token = next(one for one in config["config"]["Env"] if one.startswith("TOKEN="))
    expect(
        answer["token"] == token.removeprefix("TOKEN="),
        f"token이 {answer['token']!r}이다. 이 이미지의 TOKEN과 다르다.",
        "환경 변수는 `이름=값` 한 줄로 적혀 있다. 값만 적는다.",
    )
    layers = len(config["rootfs"]["diff_ids"])
    expect(
        answer["layers"] == layers,
        f"layers가 {answer['layers']!r}이다. 이 이미지의 레이어는 {layers}개다.",
        "Dockerfile의 줄이나 history의 줄을 센 것은 아닌지 보자.",
    )
    names = {_sha256(data): name for name, data in blobs.items()}
    expect(
        answer["config"] == _sha256(raw),
        f"config가 {str(answer['config'])[:19]}…이다. 설정의 다이제스트가 아니다.",
        "그것은 " + names.get(str(answer["config"]), "image.tar에 없는 것") + "의 해시다. "
        "`sha256:`으로 시작하는 71글자를 적는다.",
    )
    rows = len(config["history"])
    return f"파일만 보고 설정을 읽었다. history는 {rows}줄, 레이어는 {layers}개다."


# ---- 02-2 ----------------------------------------------------------------------------------------

TWO_NOTES = """\
FROM scratch
COPY busybox /bin/busybox
COPY keep.txt secret.txt /srv/
CMD ["/bin/busybox", "ls", "/srv"]
"""


def _start_2(bench: Workbench) -> None:
    base = f"{bench.name}-base"
    if bench.has(base):
        return
    files = {"busybox": BUSYBOX.read_bytes(), "keep.txt": b"keep\n"}
    bench.build(TWO_NOTES, {**files, "secret.txt": uuid.uuid4().hex.encode()}, tag=base)


@exercise(
    "02-2",
    "지우는 레이어를 한 층 얹는다",
    15,
    (
        "레이어는 아래 레이어를 고칠 수 없다. 그러면 ‘없다’는 것은 어떻게 적을까?",
        "이미지 명세(layer.md)의 화이트아웃을 찾아보자. 이름이 정해진 빈 파일이다.",
        "만드는 길은 여럿이다. 셸은 없어도 busybox는 있다(`RUN`의 배열 꼴). 화이트아웃이 든 tar를 "
        "손으로 만들어 레이어로 얹어도 된다.",
    ),
    start=_start_2,
)
def take_away(bench: Workbench) -> str:
    base = bench.image(f"{bench.name}-base").layers
    image = bench.image()
    below = [layer.diff_id for layer in image.layers[: len(base)]]
    expect(
        below == [layer.diff_id for layer in base],
        f"{bench.name}의 아래 레이어가 {bench.name}-base의 것과 다르다.",
        "아래 레이어는 DiffID까지 그대로여야 한다. 새로 복사한 것은 다른 레이어다.",
    )
    added = image.layers[len(base) :]
    files = layerscope.root_filesystem(image)
    still = files.get("srv/secret.txt")
    expect(
        still is None,
        f"/srv/secret.txt가 아직 보인다 ({still[1].size if still else 0}바이트). "
        f"더한 레이어는 {len(added)}개다.",
        "내용을 비우는 것과 지우는 것은 다르다.",
    )
    kept = need(files.get("srv/keep.txt"), "/srv/keep.txt까지 사라졌다.", "하나만 지워야 한다.")
    expect(
        len(added) == 1,
        f"레이어를 {len(added)}개 더했다. 기대한 것은 1개.",
        "레이어를 만드는 줄이 몇 개인지 보자.",
    )
    expect(
        kept[0] < len(base) and added[0].size == 0,
        f"더한 레이어에 파일 내용이 {added[0].size:,}바이트 있다. 기대한 것은 0.",
        "폴더를 비우고 남길 것을 다시 담은 것은 아닌지 보자.",
    )
    ran = bench.run()
    expect(
        ran.status == 0 and "keep.txt" in ran.output.split(),
        f"실행하니 종료 코드 {ran.status}로 끝났다. 기대한 것은 0과 keep.txt.",
        ran.output[-300:],
    )
    where = next(
        one.index for one in base for entry in one.entries if entry.path == "srv/secret.txt"
    )
    return f"0바이트짜리 레이어 하나가 파일을 가렸다. 내용은 레이어 {where}에 그대로 남아 있다."


# ---- 02-3 ----------------------------------------------------------------------------------------


def _put(layout: Path, data: bytes, kind: str) -> dict[str, object]:
    path = layout / "blobs" / _sha256(data).replace(":", "/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    media_type = f"application/vnd.oci.image.{kind}"
    return {"mediaType": media_type, "digest": _sha256(data), "size": len(data)}


def _start_3(bench: Workbench) -> None:
    """An OCI layout that holds together, and a layer that is to take the place of its second."""
    layout = bench.folder / "layout"
    if layout.exists():
        return
    tars = [_tar_of({"bin/busybox": BUSYBOX.read_bytes()}), _tar_of({"message": b"old\n"})]
    settings = {
        "created": "2026-01-01T00:00:00Z",
        "architecture": bench.client.version()["Arch"],
        "os": "linux",
        "config": {"Cmd": ["/bin/busybox", "cat", "/message"]},
        "rootfs": {"type": "layers", "diff_ids": [_sha256(tar) for tar in tars]},
    }
    config = _put(layout, json.dumps(settings).encode(), "config.v1+json")
    layers = [_put(layout, gzip.compress(tar, mtime=0), "layer.v1.tar+gzip") for tar in tars]
    media_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers}
    top = _put(layout, json.dumps(manifest).encode(), "manifest.v1+json")
    names = {"org.opencontainers.image.ref.name": "latest"}
    names["io.containerd.image.name"] = f"docker.io/library/{bench.name}:latest"
    index = {"schemaVersion": 2, "manifests": [{**top, "annotations": names}]}
    (layout / "index.json").write_text(json.dumps(index))
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    paths = ["blobs/" + str(one["digest"]).replace(":", "/") for one in (config, *layers)]
    docker = {"Config": paths[0], "RepoTags": [f"{bench.name}:latest"], "Layers": paths[1:]}
    (layout / "manifest.json").write_text(json.dumps([docker]))
    new = _tar_of({"message": f"new {uuid.uuid4().hex}\n".encode()})
    bench.provide("new-layer.tar.gz", gzip.compress(new, mtime=0))


def _blob(layout: Path, descriptor: Any, what: str) -> bytes:
    """What a descriptor points to.  Raises NotYetError unless it is just that."""
    try:
        digest, size = str(descriptor["digest"]), descriptor["size"]
        path = layout / "blobs" / "sha256" / digest.removeprefix("sha256:")
    except (TypeError, KeyError) as error:
        raise NotYetError(f"{what}의 디스크립터에 {error} 항목이 없다.") from error
    expect(
        path.is_file(),
        f"{what}의 다이제스트는 {digest[:19]}…인데 그런 이름의 블롭이 없다.",
        "블롭의 이름은 내용의 해시다. 내용을 고쳤다면 이름도 달라진다.",
    )
    data = path.read_bytes()
    expect(
        _sha256(data) == digest,
        f"{what} 블롭의 이름은 {digest[7:19]}…인데 내용의 해시는 {_sha256(data)[7:19]}…이다.",
        "블롭을 제자리에서 고치면 이름이 거짓이 된다.",
    )
    expect(
        size == len(data),
        f"{what}의 크기가 {size!r}이라고 적혀 있지만 블롭은 {len(data):,}바이트다.",
        "디스크립터에는 다이제스트와 함께 크기도 있다.",
    )
    return data


def _diff_id(data: bytes) -> str:
    try:
        return _sha256(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data)
    except (OSError, EOFError, zlib.error) as error:
        raise NotYetError(f"레이어의 gzip을 풀 수 없다: {error}.") from error


@exercise(
    "02-3",
    "레이어 하나를 바꾸고 사슬을 잇는다",
    20,
    (
        "새 레이어의 블롭 이름은 무엇이어야 할까? 그 이름을 적은 문서는 어느 것일까?",
        "문서는 아래에서 위로 이어진다. 설정은 압축을 푼 해시를, 매니페스트는 다이제스트와 크기를 "
        "적는다. 문서를 고치면 그 문서의 해시도 바뀐다.",
        "차례: 레이어 블롭, 설정의 `diff_ids`, 매니페스트의 `layers`와 `config`, `index.json`. "
        "overlay2 저장소는 `manifest.json`도 본다.",
    ),
    start=_start_3,
)
def mend_the_chain(bench: Workbench) -> str:
    layout = bench.folder / "layout"
    wanted = _diff_id((bench.folder / "new-layer.tar.gz").read_bytes())
    index = _json(bench.text("layout/index.json"), "index.json")
    top = (index.get("manifests") or [None])[0] if isinstance(index, dict) else None
    manifest = _json(_blob(layout, top, "매니페스트"), "매니페스트")
    config = _json(_blob(layout, manifest.get("config"), "설정"), "설정")
    layers = manifest.get("layers") or []
    expect(len(layers) == 2, f"매니페스트에 레이어가 {len(layers)}개 있다. 기대한 것은 2개.")
    found = [
        _diff_id(_blob(layout, layer, f"{number}번째 레이어"))
        for number, layer in enumerate(layers, 1)
    ]
    expect(
        found[1] == wanted,
        "매니페스트가 가리키는 2번째 레이어가 new-layer.tar.gz의 내용이 아니다.",
        "푼 내용의 해시를 견주었다. 매니페스트가 아직 옛 레이어를 가리키는지 보자.",
    )
    written = config.get("rootfs", {}).get("diff_ids", [])
    expect(
        written == found,
        f"설정의 diff_ids {len(written)}개가 레이어를 푼 해시와 다르다.",
        "DiffID는 압축한 것이 아니라 압축을 푼 tar의 해시다.",
    )
    engine = bench.inspect()["RootFS"]["Layers"]
    expect(
        engine == found,
        f"layout은 맞지만 엔진의 {bench.name}은 레이어가 다르다.",
        "고친 layout을 묶어 엔진에 넣었는지, 넣을 때 오류가 없었는지 보자.",
    )
    ran = bench.run()
    expect(
        ran.status == 0 and ran.output.startswith("new "),
        f"실행하니 {ran.output[:60]!r}을(를) 말했다. 기대한 것은 new로 시작하는 말.",
    )
    return "레이어 하나가 바뀌자 설정, 매니페스트, 인덱스가 모두 바뀌었고, 그래서 앞뒤가 맞는다."
