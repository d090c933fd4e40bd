"""11: multi-stage builds."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import layerscope
from coach.exercise import exercise
from coach.service import Ran
from coach.verdict import NotYetError, expect
from coach.workbench import CACHE_ONLY, Workbench
from layerscope.buildlog import BuildFailedError, run_build
from layerscope.sources import read_file

SLIM = "python:3.13-slim"
Files = dict[str, tuple[int, layerscope.Entry]]


def _last(output: str) -> str:
    lines = output.strip().splitlines() or ["(아무것도 출력하지 않았다)"]
    return f"마지막 출력: {lines[-1][:200]}"


def _ends_well(ran: Ran, wanted: str) -> None:
    """It ended without an error and printed this, and nothing else."""
    expect(
        ran.status == 0,
        f"컨테이너가 종료 코드 {ran.status}로 끝났다. 기대한 것은 0.",
        _last(ran.output),
    )
    expect(
        ran.output.strip() == wanted,
        f"컨테이너의 출력: {ran.output.strip()[:80]!r}. 기대한 것: {wanted!r}.",
        "폴더에 있는 앱이 그대로 실행되는지, WORD 환경 변수를 읽는지 보자.",
    )


# ---- 11-1 ----------------------------------------------------------------------------------------

ESCAPE = """\
import os

import markupsafe

print(markupsafe.escape(os.environ.get("WORD", "<b>안녕</b>")))
"""
ONLY_APP = f"""\
FROM python:3.13 AS builder
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .

FROM {SLIM}
WORKDIR /app
COPY --from=builder /app /app
CMD ["python", "app.py"]
"""


def _start_1(bench: Workbench) -> None:
    bench.provide("app.py", ESCAPE)
    bench.provide("requirements.txt", "markupsafe\n")
    bench.provide("Dockerfile", ONLY_APP)


@exercise(
    "11-1",
    "두고 온 것을 옮긴다",
    10,
    (
        "`--target=builder`로 앞 스테이지를 이미지로 만들어, 설치한 것이 어느 폴더에 있는지 보자.",
        "`/app`은 옳게 왔다. 오지 않은 것은 무엇이고, pip에게 어디에 설치하라고 할 수 있을까?",
        "수업의 길 셋(가상 환경, `--prefix`, 휠) 가운데 하나면 된다.",
    ),
    start=_start_1,
)
def brings_what_it_needs(bench: Workbench) -> str:
    image = bench.image()
    slim = bench.image(SLIM).layers
    expect(
        [one.diff_id for one in image.layers[: len(slim)]] == [one.diff_id for one in slim],
        f"최종 스테이지가 {SLIM} 위에 서 있지 않다.",
        "마지막 FROM이 무엇인지 보자. 컴파일러는 빌드할 때만 필요하다.",
    )
    word = uuid.uuid4().hex
    _ends_well(bench.run(environment={"WORD": f"<{word}>"}), f"&lt;{word}&gt;")
    wheels = [
        path
        for path, (layer, _) in layerscope.root_filesystem(image).items()
        if path.endswith(".whl") and layer >= len(slim)
    ]
    expect(
        not wheels,
        f"설치하고 남은 휠이 {len(wheels)}개 있다: /{min(wheels, default='')}.",
        "휠은 설치할 때만 필요하다. 어느 줄이 이미지에 담았는지 보자.",
    )
    added = sum(layer.size for layer in image.layers[len(slim) :])
    return f"{SLIM}에 {added:,}바이트를 더한 이미지가 앱을 실행한다."


# ---- 11-2 ----------------------------------------------------------------------------------------

GREETER = {
    "greeter/__init__.py": """\
import os
from pathlib import Path


def main() -> None:
    text = Path(__file__).with_name("greeting.txt").read_text(encoding="utf-8").strip()
    print(text, os.environ.get("WORD", "여러분"))
""",
    "greeter/__main__.py": "from greeter import main\n\nmain()\n",
    "greeter/greeting.txt": "안녕하세요,\n",
    "pyproject.toml": """\
[project]
name = "greeter"
version = "1.0"

[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[tool.setuptools]
packages = ["greeter"]
""",
    "Dockerfile": f"""\
FROM {SLIM}
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir --editable .
CMD ["python", "-m", "greeter"]
""",
}


def _start_2(bench: Workbench) -> None:
    for name, content in GREETER.items():
        bench.provide(name, content)


def _notes(image: layerscope.Image, files: Files) -> list[str]:
    """What editable installs leave: pointers to a source folder."""
    found = [
        path
        for path in files
        if path.rpartition("/")[2].startswith("__editable__") or path.endswith(".egg-link")
    ]
    for path, (layer, _) in files.items():
        if path.endswith(".dist-info/direct_url.json"):
            facts = json.loads(read_file(image, layer, path))
            if facts.get("dir_info", {}).get("editable"):
                found.append(path)
    return sorted(found)


@exercise(
    "11-2",
    "쪽지 말고 앱을 설치한다",
    10,
    (
        "먼저 `--editable`만 빼고 빌드해서 실행해 보자. 오류가 무엇이 없다고 하는가?",
        "빌드한 휠은 zip이다. 무엇이 들어 있는지 목록을 보고, 소스 폴더와 견주어 보자.",
        "setuptools는 `.py`가 아닌 파일을 스스로 담지 않는다(package-data). "
        "소스 폴더는 설치한 다음에는 필요 없다.",
    ),
    start=_start_2,
)
def installed_for_real(bench: Workbench) -> str:
    image = bench.image()
    files = layerscope.root_filesystem(image)
    notes = _notes(image, files)
    expect(
        not notes,
        f"편집 가능 설치가 남긴 쪽지가 {len(notes)}개 있다: /{min(notes, default='')}.",
        "쪽지는 소스 폴더를 가리킬 뿐이다.",
    )
    word = uuid.uuid4().hex
    _ends_well(bench.run(environment={"WORD": word}), f"안녕하세요, {word}")
    copies = sorted(path for path in files if path.endswith("greeter/__init__.py"))
    expect(
        len(copies) == 1,
        f"앱의 코드가 {len(copies)}벌 있다: {', '.join('/' + path for path in copies)}.",
        "설치한 것 말고 소스 폴더나 빌드하다 생긴 사본이 남았다. 어느 쪽이 실행되는지 알 수 없다.",
    )
    home = copies[0].removesuffix("greeter/__init__.py")
    expect(
        f"{home}greeter-1.0.dist-info/RECORD" in files,
        f"/{copies[0]} 옆에 설치 기록(greeter-1.0.dist-info/RECORD)이 없다.",
        "폴더를 복사하기만 하면 pip도 취약점 검사기도 이 앱을 알아보지 못한다.",
    )
    return f"앱이 /{home}에 설치 기록과 함께 한 벌만 있고, 소스 폴더 없이 실행된다."


# ---- 11-3 ----------------------------------------------------------------------------------------

TESTED = {
    "prices.py": "def total(prices: list[int]) -> int:\n    return sum(prices)\n",
    "main.py": """\
import os

from prices import total

print(total([int(one) for one in os.environ.get("WORD", "1 2 3").split()]))
""",
    "tests/test_prices.py": """\
import unittest

from prices import total


class Total(unittest.TestCase):
    def test_total(self) -> None:
        self.assertEqual(total([100, 200]), 300)
""",
    "Dockerfile": f"""\
FROM {SLIM} AS app
WORKDIR /app
COPY main.py prices.py ./
CMD ["python", "main.py"]

FROM app AS test
COPY tests tests
RUN python -m unittest discover -s tests

FROM app AS product
""",
}
FAILING = """\
import unittest


class Broken(unittest.TestCase):
    def test_broken(self) -> None:
        self.fail("{mark}")
"""


def _start_3(bench: Workbench) -> None:
    for name, content in TESTED.items():
        bench.provide(name, content)


def _failure(folder: Path) -> str:
    """What the build of this folder, which must fail, wrote."""
    try:
        run_build([CACHE_ONLY, str(folder)])
    except BuildFailedError as error:
        steps = "".join(step.log for step in error.log.steps)
        return f"{error.log.text}{steps}\n{error.log.error or error}"
    raise NotYetError(
        "실패하는 시험을 하나 보태도 빌드가 성공한다. 기대한 것은 실패.",
        "시험 스테이지가 빌드되지 않았거나, 시험의 실패가 무시되었다.",
    )


@exercise(
    "11-3",
    "시험이 실패하면 제품도 없다",
    15,
    (
        "`tests/test_prices.py`를 일부러 틀리게 고치고 빌드해 보자. 왜 성공하는가?",
        "BuildKit은 마지막 스테이지가 찾는 스테이지만 빌드한다. 무엇을 찾게 하면 될까?",
        "시험 스테이지가 성공했을 때만 생기는 파일이 있다면, 제품이 그것을 **빌려 보게** "
        "할 수 있다. 꼭 이미지에 담을 필요는 없다.",
    ),
    start=_start_3,
    limit=180,
)
def tests_stand_before_the_product(bench: Workbench) -> str:
    files = layerscope.root_filesystem(bench.image())
    _ends_well(bench.run(environment={"WORD": "40 2"}), "42")
    shipped = sorted(path for path in files if path.rpartition("/")[2].startswith("test_prices"))
    expect(
        not shipped,
        f"제품에 시험 파일이 {len(shipped)}개 들어 있다: /{min(shipped, default='')}.",
        "마지막 스테이지가 어느 스테이지에서 시작하는지 보자.",
    )
    expect(
        (bench.folder / "tests/test_prices.py").is_file(),
        f"work/{bench.id}/tests/test_prices.py 파일이 없다.",
        "시험을 지우는 것은 답이 아니다.",
    )
    mark = uuid.uuid4().hex
    with bench.copy() as folder:
        bench.rebuild(folder, CACHE_ONLY)
        (folder / "tests/test_broken.py").write_text(FAILING.format(mark=mark), "utf-8")
        said = _failure(folder)
    expect(
        mark in said,
        "빌드가 실패하지만 시험 때문이 아니다. 보탠 시험의 메시지가 로그에 없다.",
        _last(said),
    )
    return "시험이 통과하면 제품이 나오고, 실패하면 나오지 않는다. 시험 파일은 제품에 없다."
