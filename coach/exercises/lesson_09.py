"""09: the build cache.

The checks build the learner's folder as it is and again with one thing changed, keeping nothing
but cache (``--output=type=cacheonly``), and look which steps ran.
"""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from pathlib import Path

import docker

from coach.exercise import exercise
from coach.verdict import expect
from coach.workbench import CACHE_ONLY, Workbench
from layerscope.buildlog import BuildLog

BASE = "debian:trixie-slim"


def _reran(log: BuildLog) -> list[str]:
    """The RUN instructions that were carried out."""
    return [
        one.instruction
        for one in log.instructions
        if one.instruction.upper().startswith("RUN ") and not one.cached
    ]


def _append(path: Path, line: str) -> None:
    expect(path.is_file(), f"{path.name} 파일이 폴더에 없다.", "시작할 때 있던 파일이다.")
    with path.open("a") as file:
        file.write(line + "\n")


# ---- 09-1 ----------------------------------------------------------------------------------------

INSTALL = """\
# 오래 걸리는 설치를 흉내 낸다: install.sh 목록 결과
set -e
sleep 1
sort "$1" > "$2"
"""
ALL_FIRST = f"""\
FROM {BASE}
WORKDIR /app
COPY . .
RUN sh install.sh deps.txt /opt/deps
CMD ["cat", "page.txt", "/opt/deps"]
"""


def _start_1(bench: Workbench) -> None:
    bench.provide("Dockerfile", ALL_FIRST)
    bench.provide("install.sh", INSTALL)
    bench.provide("deps.txt", "flask\ngunicorn\nclick\n")
    bench.provide("page.txt", "방명록\n")
    bench.provide("README.md", "# 방명록\n")


@exercise(
    "09-1",
    "글만 고쳤는데 왜 다시 설치하나",
    5,
    (
        "`page.txt`에 한 줄을 더하고 빌드해 보자. 어느 단계부터 `CACHED`가 아닌가?",
        "다시 실행된 `RUN`의 부모는 무엇을 보고 있나? 그 `RUN`에 정말 필요한 파일은 어느 것인가?",
        "설치에 필요한 파일만 먼저 복사하거나, 복사하지 않고 그 단계에만 잠깐 보여 줄 수도 있다.",
    ),
    start=_start_1,
    limit=120,
)
def ordered(bench: Workbench) -> str:
    ran = bench.run()
    expect(
        ran.status == 0,
        f"이미지를 실행하자 종료 코드 {ran.status}로 끝났다.",
        "마지막 출력: " + ran.output[-300:],
    )
    for word in ("방명록", "click", "flask", "gunicorn"):
        expect(
            word in ran.output,
            f"실행한 출력에 {word!r}가 없다.",
            "page.txt와 설치 결과 /opt/deps를 차례로 보여 주던 이미지다.",
        )
    with bench.copy() as folder:
        bench.rebuild(folder, CACHE_ONLY)
        for name in ("page.txt", "README.md"):
            _append(folder / name, uuid.uuid4().hex)
            again = _reran(bench.rebuild(folder, CACHE_ONLY))
            expect(
                not again,
                f"{name}만 고쳤는데 RUN {len(again)}개가 다시 실행되었다: {', '.join(again)[:120]}",
                "그 RUN보다 앞에 있는 COPY가 이 파일까지 복사하고 있다.",
            )
        _append(folder / "deps.txt", uuid.uuid4().hex)
        expect(
            _reran(bench.rebuild(folder, CACHE_ONLY)),
            "deps.txt를 고쳤는데 다시 실행된 RUN이 0개다.",
            "목록이 바뀌었는데 옛 설치 결과를 그대로 쓴다. 설치 단계가 deps.txt를 보고 있나?",
        )
    return "글을 고치면 설치를 건너뛰고, 목록을 고치면 다시 설치한다."


# ---- 09-2 ----------------------------------------------------------------------------------------

NUMBERED = f"""\
FROM {BASE}
ARG BUILD
ENV BUILD=$BUILD
LABEL build=$BUILD
COPY words.txt /words.txt
RUN sleep 1 && sort /words.txt > /sorted.txt
CMD ["cat", "/sorted.txt"]
"""


def _start_2(bench: Workbench) -> None:
    bench.provide("Dockerfile", NUMBERED)
    bench.provide("words.txt", "캐시\n레이어\n다이제스트\n")


@exercise(
    "09-2",
    "빌드 번호를 새기되 다시 일하지 않는다",
    10,
    (
        "번호를 7에서 8로 바꾸어 빌드하고, 어느 단계가 다시 실행되는지 보자.",
        "그 `RUN`은 번호를 쓰지 않는다. 그래도 그 위에 `ARG`와 `ENV`가 있으면 무엇이 달라질까?",
        "빌드마다 바뀌는 값은 그것이 필요한 곳에서야 나타나면 된다. 일을 다른 스테이지에 "
        "맡기는 것도 방법이다.",
    ),
    start=_start_2,
    limit=120,
)
def numbered(bench: Workbench) -> str:
    config = bench.config()
    _has_number(config, "7")
    ran = bench.run()
    expect(
        ran.output.split() == sorted(["캐시", "레이어", "다이제스트"]),
        f"실행한 출력이 {ran.output[:80]!r}이다. 기대한 것은 정렬한 낱말 세 줄.",
        "words.txt를 정렬한 /sorted.txt를 보여 주던 이미지다.",
    )
    with bench.copy() as folder:
        bench.rebuild(folder, CACHE_ONLY, "--build-arg=BUILD=7")
        number = uuid.uuid4().hex[:8]
        tag = f"check-{bench.id}:{number}"
        try:
            log = bench.rebuild(folder, f"--tag={tag}", f"--build-arg=BUILD={number}")
            _has_number(bench.config(tag), number)
        finally:
            with suppress(docker.errors.ImageNotFound):
                bench.client.images.remove(tag, force=True)
        again = _reran(log)
        expect(
            not again,
            f"번호만 바꾸었는데 RUN {len(again)}개가 다시 실행되었다: {', '.join(again)[:120]}",
            "그 RUN의 환경이나 부모에 번호가 들어 있다.",
        )
    return "번호는 레이블과 환경 변수에 새겨지고, 번호만 바뀌면 아무 RUN도 다시 실행하지 않는다."


def _has_number(config: dict[str, object], number: str) -> None:
    labels = config.get("Labels")
    label = labels.get("build") if isinstance(labels, dict) else None
    expect(
        label == number,
        f"빌드 번호 {number}: 이미지의 레이블 build가 {label!r}이다.",
        "`--build-arg BUILD=…`로 받은 값이 LABEL까지 이어지는지 보자. ARG는 스테이지마다 따로다.",
    )
    variables = config.get("Env")
    env = variables if isinstance(variables, list) else []
    found = next((one for one in env if str(one).startswith("BUILD=")), None)
    expect(
        found == f"BUILD={number}",
        f"빌드 번호 {number}: 이미지의 환경 변수는 {found!r}이다.",
        "앱이 제 번호를 알아야 하므로, 실행할 때에도 BUILD가 있어야 한다.",
    )


# ---- 09-3 ----------------------------------------------------------------------------------------

WITHOUT_CACHE = """\
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py .
CMD ["python", "app.py"]
"""
APP = """\
import click
import itsdangerous

print("준비 끝", click.__name__, itsdangerous.__name__)
"""


def _start_3(bench: Workbench) -> None:
    bench.provide("Dockerfile", WITHOUT_CACHE)
    bench.provide("requirements.txt", "click\nitsdangerous\n")
    bench.provide("app.py", APP)


@exercise(
    "09-3",
    "받은 것은 다시 받지 않는다",
    10,
    (
        "`requirements.txt`에 주석 한 줄을 더하고 `--progress=plain`으로 빌드해 보자. "
        "`Downloading`이 몇 번 나오나?",
        "받은 파일을 이미지에 두면 커지고, 다음 빌드는 그것을 보지도 못한다. 다른 둘 곳이 있을까?",
        "`RUN --mount=type=cache`는 빌더의 창고를 그 단계에만 붙인다. pip이 캐시를 두는 폴더는 "
        "`pip cache dir`이 알려 준다.",
    ),
    start=_start_3,
    limit=240,
)
def downloaded_once(bench: Workbench) -> str:
    ran = bench.run()
    expect(
        ran.status == 0 and "준비 끝" in ran.output,
        f"이미지를 실행하자 종료 코드 {ran.status}로 끝났다.",
        "마지막 출력: " + ran.output[-300:],
    )
    entries = [one for layer in bench.image().layers for one in layer.entries]
    # pip keeps answers in http-v2/ and wheels that it built in wheels/, wherever its cache is.
    stored = sum(one.size for one in entries if re.search(r"/http(-v2)?/.*\.body$", one.path))
    expect(
        stored == 0,
        f"이미지의 레이어에 pip의 캐시가 {stored:,}바이트 들어 있다. 기대한 것은 0.",
        "pip이 받은 파일을 모아 두는 폴더가 이미지의 것이다.",
    )
    with bench.copy() as folder:
        for _ in range(2):  # the first fills whatever cache there is
            _append(folder / "requirements.txt", f"# {uuid.uuid4()}")
            log = bench.rebuild(folder, CACHE_ONLY)
    said = "".join(step.log for step in log.instructions)
    fetched, reused = (len(re.findall(rf"\b{word}\b", said)) for word in ("Downloading", "cached"))
    expect(
        _reran(log),
        "requirements.txt를 고쳤는데 다시 실행된 RUN이 0개다.",
        "설치하는 단계가 requirements.txt를 보고 있나?",
    )
    expect(
        fetched == 0,
        f"목록에 주석만 더했는데 패키지 {fetched}개를 다시 받았다. 기대한 것은 0개.",
        "지난번에 받은 것이 남아 있지 않거나, 남아 있어도 pip이 보지 않는다.",
    )
    expect(
        reused or "Looking in links" in said,
        "pip의 출력에 받은 흔적도, 다시 쓴 흔적도 없다.",
        "출력을 줄이는 옵션(-q)이 있으면 알 수 없다.",
    )
    return "다시 설치하면서도 받은 것을 다시 썼고, 이미지에는 캐시가 한 바이트도 없다."


# ---- 09-4 ----------------------------------------------------------------------------------------

IN_A_ROW = f"""\
FROM {BASE}
COPY notes /notes
RUN ls /notes > /titles.txt
RUN sleep 1 && sed 's/^/- /' /titles.txt > /index.txt
CMD ["cat", "/index.txt"]
"""


def _start_4(bench: Workbench) -> None:
    bench.provide("Dockerfile", IN_A_ROW)
    bench.provide("notes/cache.md", "캐시 키에는 결과가 없다.\n")
    bench.provide("notes/layer.md", "레이어는 바뀌지 않는다.\n")


@exercise(
    "09-4",
    "제목이 그대로면 색인도 그대로",
    15,
    (
        "글의 내용을 고치면 제목 목록은 다시 만들어야 안다. 그런데 만든 결과가 지난번과 같다면?",
        "`RUN` 다음의 `RUN`은 부모의 키를 이어받는다. 파일의 **내용**을 보고 캐시를 정하는 "
        "인스트럭션은 무엇이었나?",
        "제목을 만드는 일과 색인을 만드는 일을 다른 스테이지에 두면, 둘 사이에 무엇이 놓이나?",
    ),
    start=_start_4,
    limit=120,
)
def by_content(bench: Workbench) -> str:
    ran = bench.run()
    expect(
        ran.output.splitlines() == ["- cache.md", "- layer.md"],
        f"실행한 출력이 {ran.output[:80]!r}이다. 기대한 것은 제목 두 줄의 색인.",
        "/index.txt를 보여 주던 이미지다.",
    )
    notes = bench.run(command=["cat", "/notes/cache.md"])
    expect(
        notes.status == 0 and notes.output == bench.text("notes/cache.md"),
        "이미지의 /notes/cache.md가 폴더의 것과 다르거나 없다.",
        "글도 이미지에 있어야 한다.",
    )
    with bench.copy() as folder:
        bench.rebuild(folder, CACHE_ONLY)
        _append(folder / "notes/cache.md", uuid.uuid4().hex)
        again = [one for one in _reran(bench.rebuild(folder, CACHE_ONLY)) if "sleep" in one]
        expect(
            not again,
            f"글의 내용만 고쳤는데 색인을 만드는 RUN이 다시 실행되었다: {', '.join(again)[:120]}",
            "제목 목록은 그대로인데, 그것을 만든 단계가 다시 실행된 것만으로 뒤까지 번졌다.",
        )
        (folder / f"notes/{uuid.uuid4().hex}.md").write_text("새 글\n")
        expect(
            [one for one in _reran(bench.rebuild(folder, CACHE_ONLY)) if "sleep" in one],
            "새 글을 더했는데 색인을 다시 만들지 않았다.",
            "제목 목록이 폴더의 글에서 나오는지, 색인을 만드는 RUN에 sleep이 그대로 있는지 보자.",
        )
    return "제목이 그대로면 색인을 다시 만들지 않고, 새 글이 생기면 다시 만든다."
