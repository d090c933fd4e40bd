"""08: what the numbers of an image say."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import layerscope
from coach.exercise import exercise
from coach.verdict import NotYetError, expect, need
from coach.workbench import Workbench
from layerscope.sources import read_file

BASE = "debian:trixie-slim"


def _own_hidden(bench: Workbench, analysis: layerscope.Analysis) -> list[layerscope.Hidden]:
    """Bytes that a layer above the base hides; the image must stand on it."""
    base = [layer.diff_id for layer in bench.image(BASE).layers]
    expect(
        [layer.diff_id for layer in analysis.image.layers[: len(base)]] == base,
        f"이미지가 {BASE} 위에 서 있지 않다.",
        "아래쪽 레이어의 DiffID가 베이스의 것과 다르다. 마지막 FROM이 무엇인지 보자.",
    )
    return [row for row in analysis.hidden if row.by >= len(base)]


# ---- 08-1 ----------------------------------------------------------------------------------------


def _start_1(bench: Workbench) -> None:
    """Two images on each other, with sizes that nobody can guess."""
    bench.provide("answer.json", '{"stored": 0, "hidden": 0, "both": 0}\n')
    if bench.has() and bench.has(f"{bench.name}-more"):
        return
    first, second, third, more = (random.randint(500_000, 3_000_000) for _ in range(4))  # noqa: S311
    below = (
        f"FROM {BASE}\n"
        f"RUN head -c {first} /dev/urandom > /srv/a\n"
        f"RUN mkdir /srv/cache && head -c {second} /dev/urandom > /srv/cache/download\n"
        f"RUN head -c {third} /dev/urandom > /srv/a && rm -rf /srv/cache\n"
    )
    above = f"FROM {bench.name}\nRUN head -c {more} /dev/urandom > /srv/more\n"
    bench.build(below)
    bench.build(above, tag=f"{bench.name}-more")


def _answer(bench: Workbench) -> dict[str, Any]:
    try:
        answer = json.loads(bench.text("answer.json"))
    except ValueError as error:
        raise NotYetError("answer.json이 올바른 JSON이 아니다.", str(error)) from error
    wanted = ("stored", "hidden", "both")
    expect(
        isinstance(answer, dict) and all(type(answer.get(key)) is int for key in wanted),
        "answer.json에 stored, hidden, both라는 정수 셋이 있어야 한다.",
        "단위를 붙이지 않은 바이트 수이고, 따옴표도 쉼표도 없다.",
    )
    return dict(answer)


@exercise(
    "08-1",
    "세 숫자를 잰다",
    8,
    (
        "`image ls`의 SIZE는 저장소에 따라 뜻이 달라 이 문제에 쓸 수 없다. "
        "저장소와 상관없는 크기는 무엇이었나?",
        "`layerscope ex-08-1 --json`의 `totals`를 보자. 세 번째 수는 두 이미지의 레이어를 "
        "함께 놓고 세야 한다.",
        "레이어가 같은지는 `diff_id`가 말한다. 같은 것은 한 번만 더한다.",
    ),
    start=_start_1,
)
def three_numbers(bench: Workbench) -> str:
    analysis = bench.analysis()
    more = bench.image(f"{bench.name}-more")
    answer = _answer(bench)
    stored, hidden, both = answer["stored"], answer["hidden"], answer["both"]

    listed = {one["Id"]: one["Size"] for one in bench.client.api.images()}
    inspected = bench.inspect()
    tool = {listed.get(inspected["Id"]), inspected["Size"]} - {analysis.size}
    expect(
        stored not in tool,
        f"stored에 적은 수({stored:,})는 docker가 말하는 SIZE다. 파일의 합은 다른 수다.",
        "SIZE에는 블록의 올림이나 압축한 블롭, 링크의 이름이 섞여 있다.",
    )
    expect(
        stored == analysis.size,
        f"stored에 적은 수({stored:,})가 이미지의 모든 레이어에 든 파일의 합과 다르다.",
        "마지막에 보이는 것만 세었거나, 레이어를 빠뜨렸을 수 있다.",
    )
    expect(
        hidden == analysis.hidden_bytes,
        f"hidden에 적은 수({hidden:,})가 숨은 바이트와 다르다.",
        "덮어쓴 것과 지운 것이 모두 숨은 바이트다. dive의 수와는 다르다.",
    )
    layers = {layer.diff_id: layer.size for layer in (*analysis.image.layers, *more.layers)}
    twice = analysis.size + sum(layer.size for layer in more.layers)
    expect(
        both != twice,
        f"both에 적은 수({both:,})는 두 이미지를 따로 잰 합이다.",
        "두 이미지가 나누어 쓰는 레이어를 두 번 세었다.",
    )
    expect(
        both == sum(layers.values()),
        f"both에 적은 수({both:,})가 두 이미지의 서로 다른 레이어를 더한 수와 다르다.",
        "`ex-08-1-more`는 `ex-08-1` 위에 서 있다. 무엇이 더 있는지 보자.",
    )
    return (
        f"저장 {stored:,}, 숨음 {hidden:,}, 둘이 함께 {both:,}바이트. "
        f"따로 더하면 {twice:,}바이트로 보였을 것이다."
    )


# ---- 08-2 ----------------------------------------------------------------------------------------

PERFECT_SCORE = f"""\
FROM {BASE}
RUN mkdir /build /opt/tool
COPY source.bin /build/source.bin
RUN sha256sum < /build/source.bin > /opt/tool/digest
RUN head -c 1000000 /build/source.bin > /opt/tool/data
RUN rm -rf /build
"""


def _start_2(bench: Workbench) -> None:
    bench.provide("Dockerfile", PERFECT_SCORE)
    bench.provide("source.bin", os.urandom(8_000_000))


@exercise(
    "08-2",
    "만점에서 낭비를 빼낸다",
    10,
    (
        "`layerscope ex-08-2`가 가려졌다고 하는 파일은 어느 줄이 담았고, 어느 줄이 가렸나?",
        "지우는 줄을 앞으로 옮길 수 있을까? `COPY`와 같은 레이어에서 지울 방법은 없다.",
        "`source.bin`이 최종 이미지의 레이어에 한 번도 들어가지 않으면 된다. "
        "다른 스테이지에서 읽거나, 빌드하는 동안만 마운트하는 방법이 있다.",
    ),
    start=_start_2,
)
def nothing_hidden(bench: Workbench) -> str:
    analysis = bench.analysis()
    hidden = _own_hidden(bench, analysis)
    image = analysis.image
    files = layerscope.root_filesystem(image)
    for name in ("digest", "data"):
        need(
            files.get(f"opt/tool/{name}"),
            f"/opt/tool/{name} 파일이 없다.",
            "원래 Dockerfile이 만들던 두 파일이 모두 있어야 한다.",
        )
    layer, data = files["opt/tool/data"]
    with (bench.folder / "source.bin").open("rb") as file:
        wanted = file.read(1_000_000)
    expect(
        data.size == len(wanted) and read_file(image, layer, "opt/tool/data") == wanted,
        f"/opt/tool/data({data.size:,}바이트)가 source.bin의 앞 {len(wanted):,}바이트와 다르다.",
        "다른 source.bin으로 빌드했거나 만드는 명령이 달라졌다.",
    )
    left = [path for path, (_, one) in files.items() if path.endswith("source.bin") and one.size]
    expect(
        not left,
        f"빌드에만 쓰는 파일이 이미지에 보인다: /{left[0] if left else ''}",
        "숨은 바이트가 0이어도 필요 없는 파일이 보이면 낭비다.",
    )
    total = sum(row.bytes for row in hidden)
    expect(
        total == 0,
        f"아무도 볼 수 없는 바이트가 {total:,}개다. 기대한 것은 0.",
        "어느 레이어가 담고 어느 레이어가 가렸는지 보자. 가장 큰 것: "
        + (f"/{max(hidden, key=lambda row: row.bytes).path}" if hidden else ""),
    )
    return "두 파일은 그대로이고 숨은 바이트는 0이다. 이번 만점은 진짜다."


# ---- 08-3 ----------------------------------------------------------------------------------------

ENOUGH = 20_000_000


@exercise(
    "08-3",
    "점수를 속여 본다",
    12,
    (
        "dive는 **경로**마다 몇 번 저장되었는지 센다. 그렇다면 같은 경로가 두 번 나오지 않게 "
        "가리려면?",
        "디렉터리는 잎(leaf)이 아니어서 dive가 세지 않는다. 디렉터리가 있던 자리에 무엇이 오면 "
        "그 안의 파일이 보이지 않게 될까?",
        "OCI의 layer.md는 ‘같은 경로에 다른 종류의 항목이 오면 앞의 것을 대신한다’고 한다. "
        "지우고 만드는 일을 한 `RUN`에서 하면 화이트아웃이 남지 않는다.",
    ),
)
def fooled(bench: Workbench) -> str:
    analysis = bench.analysis()
    hidden = _own_hidden(bench, analysis)
    total = sum(row.bytes for row in hidden)
    expect(
        total >= ENOUGH,
        f"숨은 바이트가 {total:,}개다. {ENOUGH:,}개 이상이어야 한다.",
        "한 줄 안에서 만들고 없앤 것은 레이어에 들어가지도 않는다.",
    )
    marked = sum(row.bytes for row in hidden if row.cause is layerscope.Cause.DELETED)
    expect(
        marked == 0,
        f"{marked:,}바이트는 화이트아웃으로 지운 것이다. 화이트아웃 없이 가려야 한다.",
        "마지막 레이어의 tar에 `.wh.`로 시작하는 항목이 있다. "
        "지운 자리에 아무것도 없으면 남는 표시다.",
    )
    wasted = analysis.dive.inefficient_bytes - bench.analysis(BASE).dive.inefficient_bytes
    expect(
        wasted == 0,
        f"dive가 {wasted:,}바이트의 낭비를 알아챘다. 0이어야 한다.",
        "dive는 같은 경로의 파일이 두 레이어에 있으면 센다. `dive --json`의 fileReference를 보자.",
    )
    return (
        f"dive는 효율 {analysis.dive.efficiency:.0%}, 낭비 0이라고 하지만 "
        f"{total:,}바이트가 숨어 있다."
    )
