"""10: what a .dockerignore lets through."""

from __future__ import annotations

import re
import uuid

import layerscope
from coach.exercise import exercise
from coach.verdict import NotYetError, expect, named
from coach.workbench import Workbench
from layerscope import dockerignore
from layerscope.dockerignore import Builder, Kind, Pattern


def _rules(bench: Workbench, name: str = ".dockerignore") -> list[Pattern]:
    try:
        return dockerignore.parse(bench.text(name))
    except dockerignore.PatternError as error:
        raise NotYetError(f"{name}의 {error.line}번째 줄: {error.reason}.") from error


def _arriving(bench: Workbench, patterns: list[Pattern]) -> set[str]:
    """The files of the folder that come to the builder."""
    verdicts = dockerignore.apply(dockerignore.scan(bench.folder), patterns)
    return {one.entry.path for one in verdicts if one.arrives and one.entry.kind is Kind.FILE}


def _in_any_layer(image: layerscope.Image, name: str) -> list[tuple[int, str]]:
    """Where a file of this name is stored, seen or hidden, above the base too."""
    return [
        (layer.index, entry.path)
        for layer in image.layers
        for entry in layer.entries
        if entry.kind is layerscope.Kind.FILE and entry.path.rpartition("/")[2] == name
    ]


# ---- 10-1 ----------------------------------------------------------------------------------------

FIVE_LINES = "__pycache__\n*.pyc\n*.pyo\n.git\nvenv\n"
SOURCES = {
    "app.py": "from guestbook import store\n",
    "requirements.txt": "flask\n",
    "guestbook/__init__.py": "",
    "guestbook/store.py": "LINES = []\n",
    "guestbook/api/v1/views.py": "VERSION = 1\n",
}
UNWANTED = {
    "guestbook/__pycache__/store.cpython-313.pyc": "bytecode\n",
    "guestbook/api/v1/__pycache__/views.cpython-313.pyc": "bytecode\n",
    "guestbook/old.pyc": "bytecode\n",
    ".git/config": "[remote]\n",
    "venv/bin/activate": "deactivate () {}\n",
}


def _start_1(bench: Workbench) -> None:
    for name, content in (SOURCES | UNWANTED).items():
        bench.provide(name, content)
    bench.provide(".env", f"SECRET_KEY={uuid.uuid4().hex}\n")
    bench.provide(".dockerignore", FIVE_LINES)
    bench.provide("Dockerfile", "FROM scratch\nCOPY . /app\n")


@exercise(
    "10-1",
    "어느 깊이에서도 막는다",
    5,
    (
        "`ContextExplorer('../work/10-1')`에서 패턴마다 한 일을 보자. 아무것도 막지 못한 줄은?",
        "패턴은 컨텍스트의 맨 위에서부터 경로 전체와 맞춘다. 어느 깊이든 뜻하는 표기가 있다.",
        "`**`는 폴더 몇 개와도, 없는 것과도 맞는다. 비밀 파일은 목록에 이름이 아예 없다.",
    ),
    start=_start_1,
)
def every_depth(bench: Workbench) -> str:
    patterns = _rules(bench)
    came = _arriving(bench, patterns)
    lost = SOURCES.keys() - came
    expect(
        not lost,
        f"앱에 필요한 파일 {len(lost)}개가 막혔다: {named(lost)}.",
        "넓게 막는 패턴이 소스까지 막았거나, 되살리는 줄이 막는 줄보다 앞에 있을 수 있다.",
    )
    compiled = {path for path in came if path.endswith(".pyc")}
    expect(
        not compiled,
        f"바이트코드 {len(compiled)}개가 아직 빌더로 간다: {named(compiled)}.",
        "그 경로가 어느 줄과 맞아야 하는지 보자. 패턴은 맨 위에서부터 맞춘다.",
    )
    for path, cause in (
        (".env", "비밀은 확장자가 아니라 이름으로 막아야 한다. 목록에 그 이름이 있는지 보자."),
        (".git/config", "처음의 다섯 줄에는 있던 것이다."),
        ("venv/bin/activate", "처음의 다섯 줄에는 있던 것이다."),
    ):
        expect(path not in came, f"{path} 파일이 빌더로 간다.", cause)
    for path in ("tests/unit/deep/__pycache__/x.cpython-313.pyc", "plugins/a/b/c/old.pyc"):
        expect(
            not dockerignore.explain(path, patterns)[0],
            f"지금 있는 바이트코드는 막았지만 {path} 같은 파일이 생기면 빌더로 간다.",
            "폴더의 이름을 하나씩 적으면 새 폴더에서 다시 샌다.",
        )
    return f"파일 {len(came)}개만 빌더로 가고, 바이트코드와 비밀은 어느 깊이에서도 가지 않는다."


# ---- 10-2 ----------------------------------------------------------------------------------------

WANTED = {"app.py", "config/app.toml"}


def _start_2(bench: Workbench) -> None:
    bench.provide("app.py", "import tomllib\n")
    bench.provide("config/app.toml", 'title = "방명록"\n')
    bench.provide("config/secret.toml", f'key = "{uuid.uuid4().hex}"\n')
    bench.provide("data/dump.sql", "INSERT INTO lines VALUES ('안녕');\n" * 1000)
    bench.provide("Dockerfile", "FROM scratch\nCOPY . /app\n")


@exercise(
    "10-2",
    "둘만 들인다",
    10,
    (
        "막을 것을 적지 말고 들일 것을 적어 보자. 무엇을 먼저 적어야 할까?",
        "모두 막는 줄이 먼저, 되살리는 줄이 다음이다. 폴더를 되살리면 그 안이 모두 되살아난다.",
        "Docker는 막힌 폴더 안의 파일 하나만 되살릴 수도 있고, 되살린 폴더를 다시 막을 수도 있다.",
    ),
    start=_start_2,
)
def only_two(bench: Workbench) -> str:
    patterns = _rules(bench)
    came = _arriving(bench, patterns)
    lost = WANTED - came
    expect(
        not lost,
        f"들여야 할 파일 {len(lost)}개가 막혔다: {named(lost)}.",
        "마지막에 맞은 패턴이 이긴다. 되살린 뒤에 다시 막는 줄이 있는지 보자.",
    )
    extra = came - WANTED
    expect(
        not extra,
        f"파일 {len(came)}개가 빌더로 간다. 기대한 것은 {len(WANTED)}개. 더 간 것: {named(extra)}.",
        "막는 패턴이 없거나, 폴더를 통째로 되살렸을 수 있다.",
    )
    for path in ("customers.csv", ".env.production", "config/prod-secret.toml", "backup/all.sql"):
        expect(
            not dockerignore.explain(path, patterns)[0],
            f"지금은 둘만 가지만, 내일 {path} 파일이 생기면 그것도 간다.",
            "아직 없는 이름은 적어서 막을 수 없다.",
        )
    files = {
        path
        for path, (_, entry) in layerscope.root_filesystem(bench.image()).items()
        if entry.kind is layerscope.Kind.FILE
    }
    expect(
        files == {f"app/{path}" for path in WANTED},
        f"이미지에 파일이 {len(files)}개 있다: {named(files)}. 기대한 것은 app/ 아래의 "
        f"{len(WANTED)}개.",
        "`.dockerignore`를 고치기 전에 빌드한 이미지일 수 있다.",
    )
    return "두 파일만 이미지에 들어갔고, 내일 생길 파일도 들어가지 않는다."


# ---- 10-3 ----------------------------------------------------------------------------------------

SHOP = '''\
"""A shop that knows one price."""


def price(count: int) -> int:
    return 1500 * count


if __name__ == "__main__":
    print(price(2))
'''
TESTS = """\
import unittest

import shop


class Prices(unittest.TestCase):
    def test_two(self) -> None:
        self.assertEqual(shop.price(2), 3000)

    def test_none(self) -> None:
        self.assertEqual(shop.price(0), 0)
"""
APP = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n"


def _start_3(bench: Workbench) -> None:
    bench.provide("shop.py", SHOP)
    bench.provide("tests/__init__.py", "")
    bench.provide("tests/test_shop.py", TESTS)
    bench.provide(".env", f"SHOP_KEY={uuid.uuid4().hex}\n")
    bench.provide("Dockerfile", APP + 'CMD ["python", "shop.py"]\n')
    bench.provide("test.Dockerfile", APP + 'CMD ["python", "-m", "unittest"]\n')
    bench.provide(".dockerignore", "*\n!shop.py\n")


@exercise(
    "10-3",
    "한 폴더, 두 이미지",
    15,
    (
        "`docker build -f work/10-3/test.Dockerfile …`로 만든 이미지에서 시험이 몇 개 실행되나?",
        "두 빌드는 같은 `.dockerignore`를 쓴다. Dockerfile마다 다르게 하는 방법이 7절에 있다.",
        "Dockerfile마다의 목록은 `.dockerignore`에 더해지지 않고 대신한다. 막던 것도 다시 적어야 "
        "한다. 목록 대신 `COPY`를 좁히는 길도 있다.",
    ),
    start=_start_3,
)
def two_images(bench: Workbench) -> str:
    app, test = bench.name, f"{bench.name}-test"
    for name in (app, test):
        stored = _in_any_layer(bench.image(name), ".env")
        expect(
            not stored,
            f"{name}의 레이어 {stored[0][0] if stored else 0}에 .env가 들어 있다.",
            "그 빌드가 쓴 목록이 무엇이었는지 보자. 지우는 줄은 레이어에서 지우지 못한다.",
        )
    files = layerscope.root_filesystem(bench.image(app))
    tests = [path for path in files if path.endswith("tests/test_shop.py")]
    expect(
        not tests,
        f"앱 이미지 {app}에 시험이 들어 있다: /{tests[0] if tests else ''}.",
        "두 이미지가 같은 목록과 같은 COPY를 쓰면 내용도 같다.",
    )
    said = bench.run(app)
    expect(
        said.status == 0 and "3000" in said.output,
        f"{app}이 종료 코드 {said.status}로 끝났다. 기대한 것은 0과 출력 3000.",
        said.output[-300:],
    )
    tried = bench.run(test)
    ran = re.search(r"Ran (\d+) tests?", tried.output)
    expect(
        ran and ran[1] == "2",
        f"{test}가 시험을 {ran[1] if ran else 0}개 실행했다. 기대한 것은 2개.",
        "시험 파일이 이미지에 들어갔는지, 안 들어갔다면 무엇이 막았는지 보자.",
    )
    expect(
        tried.status == 0,
        f"{test}의 시험이 실패했다 (종료 코드 {tried.status}).",
        tried.output[-300:],
    )
    arrives, _ = dockerignore.explain(".env", _rules(bench), Builder.CLASSIC)
    expect(
        not arrives,
        "두 이미지는 맞지만, 옛 빌더로 빌드하면 .env가 간다.",
        "옛 빌더와 옛 도구는 .dockerignore만 안다.",
    )
    return "앱에는 시험이 없고 시험 이미지는 시험 2개를 통과하며, 비밀은 어느 레이어에도 없다."
