"""07: what copy-on-write costs, and who pays."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path
from typing import Any

import layerscope
from coach.exercise import exercise
from coach.verdict import expect, need
from coach.workbench import Workbench
from layerscope.sources import read_file

BASE = "debian:trixie-slim"
SMALL = 1_000_000  # bytes: less than any of the files here


def _written(bench: Workbench, prefix: str) -> dict[str, int]:
    """Bytes of the writable layer of each container whose name begins so."""
    rows = bench.client.api.containers(all=True, size=True, filters={"name": f"^/{prefix}"})
    return {row["Names"][0].lstrip("/"): int(row.get("SizeRw") or 0) for row in rows}


# ---- 07-1 ----------------------------------------------------------------------------------------

WORKS = (
    "cat /opt/data.bin >/dev/null",  # reads 20 MB
    "head -c 3000000 /dev/zero >/tmp/new",  # writes 3 MB
    "chmod 600 /opt/data.bin",  # changes no byte, and copies 20 MB
)


def _start_1(bench: Workbench) -> None:
    if not bench.has():
        bench.build(f"FROM {BASE}\nRUN head -c 20000000 /dev/zero >/opt/data.bin\n")
    if _written(bench, f"{bench.name}-"):
        return
    names = [f"{bench.name}-{letter}" for letter in "abc"]
    random.shuffle(names)
    for name, work in zip(names, WORKS, strict=True):
        bench.client.containers.run(bench.name, ["sh", "-c", work], name=name, detach=True).wait()


@exercise(
    "07-1",
    "디스크를 쓴 범인",
    5,
    (
        "`docker ps -a`에 옵션 하나를 더하면 컨테이너마다 SIZE가 나온다.",
        "SIZE의 두 수 가운데 하나는 이미지를 더한 것이다. 컨테이너가 **더** 쓴 것은 어느 쪽인가?",
        "`docker diff 이름`은 무엇이 달라졌는지 보여 준다. 내용이 그대로인 파일도 나올 수 있다.",
    ),
    start=_start_1,
)
def who_wrote(bench: Workbench) -> str:
    sizes = _written(bench, f"{bench.name}-")
    expect(
        len(sizes) == len(WORKS),
        f"시작할 때 차린 컨테이너가 {len(sizes)}개만 있다. 기대한 것은 {len(WORKS)}개.",
        f"지워진 것이 있다. 되돌리기: coach reset {bench.id}",
    )
    text = bench.text("answer.txt").split()
    shape = len(text) == 2 and re.fullmatch(r"\d+", text[1].replace(",", ""))
    expect(
        shape,
        f"answer.txt에 낱말이 {len(text)}개 있다. 기대한 것은 둘: 컨테이너의 이름과 바이트 수.",
        f"꼴은 이렇다: {bench.name}-a 12345",
    )
    name, size = text[0], int(text[1].replace(",", ""))
    most = max(sizes, key=lambda one: sizes[one])
    expect(name in sizes, f"{name} 컨테이너는 없다. 있는 것: {', '.join(sorted(sizes))}.")
    expect(
        name == most,
        f"{name}의 쓰기 가능 레이어는 {sizes[name]:,}바이트다. 더 많이 쓴 컨테이너가 있다.",
        "새 파일을 만든 컨테이너만 디스크를 쓰는 것은 아니다.",
    )
    expect(
        abs(size - sizes[most]) <= sizes[most] // 20,
        f"{name} 컨테이너가 {size:,}바이트를 썼다고 적었다. 잰 것은 {sizes[most]:,}바이트.",
        "이미지까지 더한 수(virtual)는 컨테이너가 쓴 것이 아니다.",
    )
    return f"{most} 컨테이너는 한 바이트도 고치지 않고 {sizes[most]:,}바이트를 썼다."


# ---- 07-2 ----------------------------------------------------------------------------------------

IN_PLACE = (
    f"FROM {BASE}\nRUN mkdir /data && head -c 20000000 /dev/zero >/data/big.bin\n"
    'CMD ["sh", "-c", "printf X | dd of=/data/big.bin bs=1 conv=notrunc 2>/dev/null"]\n'
)


def _start_2(bench: Workbench) -> None:
    if not bench.has():
        bench.build(IN_PLACE)


@exercise(
    "07-2",
    "큰 파일은 어디에서 고칠까",
    10,
    (
        "그대로 띄우면 `docker ps -as`에 얼마가 나오는가? 고친 것은 한 바이트다.",
        "카피업은 이미지의 파일을 고칠 때 일어난다. 고치는 파일이 이미지의 것이 아니면 된다.",
        "비어 있는 이름 있는 볼륨을 이미지의 폴더 위에 처음 붙이면 무슨 일이 생기는지 보자.",
    ),
    start=_start_2,
)
def outside_the_layer(bench: Workbench) -> str:
    container = bench.container()
    wanted = bench.inspect()["Id"]
    expect(
        container["Image"] == wanted,
        f"컨테이너 {bench.name}의 이미지가 {bench.name} 이미지와 다르다.",
        "이미지는 고치지 않고, 띄우는 방법만 바꾼다.",
    )
    code = container["State"]["ExitCode"]
    expect(
        container["State"]["Status"] == "exited" and code == 0,
        f"컨테이너의 상태: {container['State']['Status']}, 종료 코드: {code}. "
        "기대한 것은 종료 코드 0으로 끝난 것.",
        f"컨테이너의 말을 보자: docker logs {bench.name}",
    )
    written = _written(bench, f"{bench.name}$")[bench.name]
    expect(
        written < SMALL,
        f"컨테이너의 쓰기 가능 레이어가 {written:,}바이트다. 기대한 것은 {SMALL:,}바이트 미만.",
        "이미지의 파일을 고쳐서 파일 전체가 복사되었다.",
    )
    path = _outside(container, "/data/big.bin")
    found = need(
        path,
        "/data/big.bin이 볼륨에도 바인드 마운트에도 없다.",
        "컨테이너와 함께 사라지는 곳(tmpfs)에 썼을 수 있다.",
    )
    _, entry = need(
        layerscope.root_filesystem(bench.image()).get("data/big.bin"),
        f"이미지 {bench.name}에 /data/big.bin이 없다.",
        f"시작할 때 차린 이미지가 아니다. 되돌리기: coach reset {bench.id}",
    )
    size = found.stat().st_size if found.is_file() else 0
    expect(
        size == entry.size,
        f"마운트한 곳의 big.bin이 {size:,}바이트다. 기대한 것은 {entry.size:,}바이트.",
        "이미지에 있던 파일이 그곳에 옮겨지지 않았다. 볼륨과 바인드 마운트는 이 점이 다르다.",
    )
    with found.open("rb") as file:
        first = file.read(1)
    expect(first == b"X", f"big.bin의 첫 바이트가 {first!r}다. 기대한 것은 b'X'.")
    return f"{size:,}바이트짜리 파일을 고쳤는데 쓰기 가능 레이어는 {written:,}바이트뿐이다."


def _outside(container: dict[str, Any], path: str) -> Path | None:
    """Where the lab has a path of the container that lies in a volume or a bind mount."""
    for mount in container["Mounts"]:
        target = mount["Destination"]
        if mount["Type"] in ("volume", "bind") and (
            path == target or path.startswith(target + "/")
        ):
            return Path(mount["Source"] + path.removeprefix(target))
    return None


# ---- 07-3 ----------------------------------------------------------------------------------------

THREE_COPIES = f"""\
FROM {BASE}
COPY data.bin /opt/data.bin
RUN printf '!' | dd of=/opt/data.bin bs=1 conv=notrunc
RUN chmod 640 /opt/data.bin
"""


def _start_3(bench: Workbench) -> None:
    bench.provide("Dockerfile", THREE_COPIES)
    bench.provide("data.bin", os.urandom(5_000_000))


@exercise(
    "07-3",
    "고쳐서 담되 한 벌만",
    15,
    (
        "`docker history ex-07-3`에서 같은 크기의 줄이 몇 개인가? 바꾼 것은 한 바이트와 권한이다.",
        "레이어에 들어가기 **전에** 고치면 된다. 이미지에 남지 않는 곳에서 고칠 수 있을까?",
        "다른 스테이지에서 고쳐 `COPY --from`으로 받거나, 한 `RUN`에서만 보이는 마운트를 쓴다.",
    ),
    start=_start_3,
)
def patched_once(bench: Workbench) -> str:
    analysis = bench.analysis()
    layer, entry = need(
        layerscope.root_filesystem(analysis.image).get("opt/data.bin"),
        "/opt/data.bin이 없다.",
        "파일이 놓이는 자리는 그대로여야 한다.",
    )
    original = (bench.folder / "data.bin").read_bytes()
    found = read_file(analysis.image, layer, "opt/data.bin", limit=len(original) + 1)
    expect(
        found[:1] == b"!",
        f"/opt/data.bin의 첫 바이트가 {found[:1]!r}다. 기대한 것은 b'!'.",
        "원래 Dockerfile의 첫째 RUN이 하던 일이다.",
    )
    differ = abs(len(found) - len(original)) + sum(
        a != b for a, b in zip(found[1:], original[1:], strict=False)
    )
    expect(
        not differ,
        f"/opt/data.bin이 첫 바이트 말고도 {differ:,}바이트 다르다.",
        "나머지는 data.bin 그대로여야 한다. dd의 conv=notrunc가 하는 일을 보자.",
    )
    expect(
        entry.mode == 0o640,
        f"/opt/data.bin의 권한이 {entry.mode:o}이다. 기대한 것은 640.",
        "원래 Dockerfile의 마지막 줄이 하던 일이다.",
    )
    expect(
        analysis.hidden_bytes == 0,
        f"아무도 볼 수 없는 바이트가 {analysis.hidden_bytes:,}개다. 기대한 것은 0.",
        "앞의 레이어에 든 파일을 뒤에서 또 고쳤다. 고칠 때마다 한 벌이 더 생긴다.",
    )
    return f"고친 {len(found):,}바이트가 한 번만 들어 있고 권한은 640이다."
