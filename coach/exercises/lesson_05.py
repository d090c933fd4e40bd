"""05: Dockerfile to layers."""

from __future__ import annotations

import os
import uuid

import layerscope
from coach.exercise import exercise
from coach.verdict import expect, need
from coach.workbench import Workbench
from layerscope.sources import read_file

BASE = "debian:trixie-slim"


def _added(bench: Workbench, image: layerscope.Image) -> list[layerscope.Layer]:
    """The layers above the base; the image must stand on it."""
    base = bench.image(BASE).layers
    below = [layer.diff_id for layer in image.layers[: len(base)]]
    expect(
        below == [layer.diff_id for layer in base],
        f"이미지가 {BASE} 위에 서 있지 않다.",
        "아래쪽 레이어의 DiffID가 베이스의 것과 다르다. FROM이 무엇인지 보자.",
    )
    return image.layers[len(base) :]


# ---- 05-1 ----------------------------------------------------------------------------------------

FOUR_STEPS = f"""\
FROM {BASE}
RUN mkdir -p /srv/site
RUN echo '<h1>안녕</h1>' > /srv/site/index.html
RUN echo 'v1' > /srv/site/version
RUN chmod 750 /srv/site
"""


def _start_1(bench: Workbench) -> None:
    bench.provide("Dockerfile", FOUR_STEPS)


@exercise(
    "05-1",
    "같은 파일, 레이어는 하나",
    5,
    (
        "레이어는 인스트럭션마다 생긴다. 네 줄이 꼭 네 인스트럭션이어야 할까?",
        "셸에서 명령을 차례로 실행하면서 앞의 것이 실패하면 멈추게 하는 기호를 떠올려 보자.",
        "`RUN` 하나에 `&&`로 잇거나, 파일을 미리 만들어 두고 `COPY` 한 번으로 넣을 수도 있다.",
    ),
    start=_start_1,
)
def one_layer(bench: Workbench) -> str:
    image = bench.image()
    added = _added(bench, image)
    files = layerscope.root_filesystem(image)
    for path, content in (("index.html", "<h1>안녕</h1>\n"), ("version", "v1\n")):
        layer, _ = need(
            files.get(f"srv/site/{path}"),
            f"/srv/site/{path} 파일이 없다.",
            "네 줄이 하던 일을 모두 옮겼는지 보자.",
        )
        found = read_file(image, layer, f"srv/site/{path}").decode("utf-8", "replace")
        expect(
            found == content, f"/srv/site/{path}의 내용이 {found!r}이다. 기대한 것은 {content!r}."
        )
    mode = files["srv/site"][1].mode
    expect(
        mode == 0o750,
        f"/srv/site의 권한이 {mode:o}이다. 기대한 것은 750.",
        "원래 Dockerfile의 마지막 줄이 하던 일이다.",
    )
    expect(
        len(added) == 1,
        f"베이스 위에 레이어가 {len(added)}개다. 기대한 것은 1개.",
        "레이어를 만드는 인스트럭션이 몇 개인지 `docker history`에서 세어 보자.",
    )
    return "파일은 모두 그대로인데 베이스 위의 레이어는 하나다."


# ---- 05-2 ----------------------------------------------------------------------------------------


def _start_2(bench: Workbench) -> None:
    """An image with a file that one layer holds and a later one removes."""
    if bench.has():
        return
    dockerfile = (
        f"FROM {BASE}\nRUN mkdir /opt/app && echo {uuid.uuid4().hex} > /opt/app/token\n"
        "RUN rm /opt/app/token\n"
    )
    bench.build(dockerfile)


@exercise(
    "05-2",
    "지운 파일을 꺼낸다",
    10,
    (
        "컨테이너 안에서는 보이지 않는다. 그렇다면 어디를 보아야 할까?",
        "`docker history`에서 그 파일을 만든 줄을 찾으면, 어느 레이어에 있는지 알 수 있다.",
        "`layerscope.read_file(이미지, 레이어 번호, 경로)`는 레이어에 담긴 그대로를 읽는다. "
        "`docker save`로 꺼낸 tar를 풀어도 된다.",
    ),
    start=_start_2,
)
def dig_out(bench: Workbench) -> str:
    image = bench.image()
    stored = [
        layer.index
        for layer in image.layers
        for one in layer.entries
        if one.path == "opt/app/token" and one.kind is layerscope.Kind.FILE
    ]
    expect(
        stored,
        f"이미지 {bench.name}의 어느 레이어에도 /opt/app/token이 없다.",
        f"시작할 때 차린 이미지가 아니다. 되돌리기: coach reset {bench.id}",
    )
    wanted = read_file(image, stored[0], "opt/app/token").decode().strip()
    found = bench.text("token.txt").strip()
    expect(found, "token.txt가 비어 있다.", "파일을 읽은 결과를 적었는지 보자.")
    expect(
        found == wanted,
        f"token.txt에는 {len(found)}글자가 있지만, 지워진 파일의 내용과 다르다.",
        "다른 레이어나 다른 파일을 읽었을 수 있다. 지우기 전 레이어의 /opt/app/token이다.",
    )
    return f"레이어 {stored[0]}에 남아 있던 파일을 그대로 꺼냈다. 지워도 남는다."


# ---- 05-3 ----------------------------------------------------------------------------------------

OWNED_TWICE = f"""\
FROM {BASE}
COPY data.bin /data/data.bin
RUN chown -R 1000:1000 /data
"""


def _start_3(bench: Workbench) -> None:
    bench.provide("Dockerfile", OWNED_TWICE)
    bench.provide("data.bin", os.urandom(5_000_000))


@exercise(
    "05-3",
    "주인을 바꾸되 두 번 담지 않는다",
    10,
    (
        "`layerscope ex-05-3`의 ‘숨은 바이트’를 보자. 무엇이 두 번 들어 있나?",
        "주인만 바꾸어도 파일 전체가 새 레이어에 들어간다. 그러면 언제 바꾸어야 할까?",
        "파일이 레이어에 **들어갈 때** 이미 주인이 정해져 있으면 된다. `COPY`의 옵션을 찾아보자.",
    ),
    start=_start_3,
)
def owned_once(bench: Workbench) -> str:
    analysis = bench.analysis()
    _, entry = need(
        layerscope.root_filesystem(analysis.image).get("data/data.bin"),
        "/data/data.bin이 없다.",
        "COPY가 어디로 복사하는지 보자.",
    )
    size = (bench.folder / "data.bin").stat().st_size
    expect(
        entry.size == size,
        f"/data/data.bin이 {entry.size:,}바이트다. 기대한 것은 {size:,}바이트.",
    )
    expect(
        (entry.uid, entry.gid) == (1000, 1000),
        f"/data/data.bin의 주인이 {entry.uid}:{entry.gid}이다. 기대한 것은 1000:1000.",
        "스테이지 사이의 COPY는 주인을 0:0으로 되돌린다.",
    )
    expect(
        analysis.hidden_bytes == 0,
        f"아무도 볼 수 없는 바이트가 {analysis.hidden_bytes:,}개다. 기대한 것은 0.",
        "같은 파일이 두 레이어에 들어 있다. 주인을 바꾸는 일이 따로 한 단계인지 보자.",
    )
    return f"{size:,}바이트가 한 번만 들어 있고 주인은 1000:1000이다."
