"""16: the guest book, small, quick to rebuild and safe."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

from coach import scoreboard, workspace
from coach.exercise import exercise
from coach.service import OFTEN
from coach.verdict import NotYetError, expect
from coach.workbench import CACHE_ONLY, Workbench
from layerscope import LayerscopeError

SLIM = "python:3.13-slim"
DOTENV = "DATABASE=postgres://app@db/app\n"
ALLOWED = "*\n!app.py\n!guestbook\n!requirements.txt\n**/__pycache__\n"


def _sample(name: str) -> Path:
    """A file of the guest book as the lab delivers it, whatever the learner did to a copy."""
    return workspace.ORIGINALS / "samples/myapp" / name


def _provide_app(bench: Workbench) -> None:
    root = _sample("")
    for path in [_sample("app.py"), _sample("requirements.txt"), *root.glob("guestbook/**/*")]:
        if path.is_file() and "__pycache__" not in path.parts:
            bench.provide(path.relative_to(root).as_posix(), path.read_bytes())


def _facts(bench: Workbench) -> scoreboard.Facts:
    bench.inspect()
    try:
        return scoreboard.examine(bench.name)
    except LayerscopeError as error:
        raise NotYetError(f"{bench.name} 이미지를 읽을 수 없다.", str(error)) from error


def _size(bench: Workbench, image: str) -> int:
    return bench.analysis(image).size


def _serves(bench: Workbench, **options: Any) -> bool:
    """Runs the application's own tests, which must pass; returns what its health check says."""
    with bench.serving(path="/healthz", **options) as served:
        passed, said = served.passes(_sample("tests/test_pages.py"))
        failed = re.findall(r"^(?:FAIL|ERROR): (\w+)", said, re.MULTILINE)
        expect(
            passed,
            f"방명록의 시험 가운데 {len(failed)}개가 실패했다: {', '.join(failed)}.",
            "컨테이너를 띄우고 실패한 쪽을 직접 열어 보자: `docker run --rm -p 8000:8000`",
        )
        return served.is_healthy()


# ---- 16-1 ----------------------------------------------------------------------------------------

AS_MANY_BEGIN = """\
FROM python:3.13
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
CMD ["python", "app.py"]
"""
MORE = 20_000_000  # bytes that the image may have beyond its base


def _start_1(bench: Workbench) -> None:
    _provide_app(bench)
    bench.provide(".env", DOTENV)
    bench.provide(".git/config", '[remote "origin"]\n\turl = https://x:y@git.example.com/g.git\n')
    bench.provide("data/dump.sql", "INSERT INTO lines VALUES (1);\n" * 300_000)
    bench.provide("Dockerfile", AS_MANY_BEGIN)


@exercise(
    "16-1",
    "작게, 비밀 없이",
    10,
    (
        "점수판의 두 칸이 나쁘다: 크기와 비밀. 하나는 `FROM`이, 하나는 컨텍스트가 정한다.",
        "이미지에 들어간 파일을 `layerscope ex-16-1`로 보자. 서비스가 되는 파일은 무엇인가?",
        "뺄 것을 적는 목록과 넣을 것을 적는 목록 가운데 어느 쪽이 내일 생길 파일도 막을까?",
    ),
    start=_start_1,
    limit=120,
)
def small_without_secrets(bench: Workbench) -> str:
    facts = _facts(bench)
    _serves(bench)
    expect(
        not facts.secrets,
        f"비밀을 담는 이름의 파일이 레이어에 {len(facts.secrets)}개 있다: "
        f"{', '.join(facts.secrets[:3])}.",
        "뒤에서 지운 파일도 앞의 레이어에는 남는다. 어디에서 들어왔는지 보자.",
    )
    more = facts.size - _size(bench, SLIM)
    expect(
        more <= MORE,
        f"이미지가 {SLIM}보다 {more / 1e6:.1f} MB 크다. 기대한 것은 {MORE / 1e6:.0f} MB 이하.",
        "베이스가 무엇인지, 그리고 서비스에 필요 없는 파일이 들어갔는지 보자.",
    )
    return (
        f"방명록의 시험이 모두 통과하고, {facts.size / 1e6:.1f} MB에 비밀은 없다."
        if more > 0
        else f"방명록의 시험이 모두 통과하고, {SLIM}보다도 작다."
    )


# ---- 16-2 ----------------------------------------------------------------------------------------

CODE_FIRST = """\
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
CMD ["python", "app.py"]
"""


def _start_2(bench: Workbench) -> None:
    _provide_app(bench)
    bench.provide("README.md", "# 방명록\n")
    bench.provide("Dockerfile", CODE_FIRST)


@exercise(
    "16-2",
    "고친 것만 다시 한다",
    10,
    (
        "파일 하나가 바뀌면 그것을 복사한 `COPY`와 그 뒤의 모든 단계를 다시 한다.",
        "`pip install`이 정말로 읽는 파일은 무엇인가? 그 앞에 그것만 있으면 어떻게 될까?",
        "확인은 폴더를 다른 곳에 복사해 `app.py`와 `README.md`를 고치고 빌드해 본다. "
        "직접 해 보면 어느 단계에 CACHED가 붙지 않는지 보인다.",
    ),
    start=_start_2,
    limit=180,
)
def only_what_changed(bench: Workbench) -> str:
    bench.inspect()
    _serves(bench)
    with bench.copy() as copy:
        bench.rebuild(copy, CACHE_ONLY)
        mark = f"# {uuid.uuid4()}\n"
        for name in ("app.py", "README.md"):
            path = copy / name
            path.write_text((path.read_text() if path.exists() else "") + mark)
        log = bench.rebuild(copy, CACHE_ONLY)
    again = [step.instruction for step in log.instructions if not step.cached]
    installs = [one for one in again if re.search(r"\bpip\b.*\binstall\b|\buv\b", one, re.DOTALL)]
    expect(
        not installs,
        f"코드를 고치고 다시 빌드하니 단계 {len(again)}개를 다시 했고, 그 가운데 설치가 있다: "
        f"{installs[0][:60] if installs else ''}",
        "설치보다 앞에서 복사한 것 가운데 방금 고친 파일이 있다.",
    )
    expect(
        again,
        "코드를 고쳤는데 다시 한 단계가 하나도 없다.",
        "고친 코드가 이미지에 들어가지 않는다. Dockerfile이 app.py를 복사하는지 보자.",
    )
    return f"코드를 고친 뒤 다시 한 단계는 {len(again)}개뿐이고, 설치는 다시 하지 않았다."


# ---- 16-3 ----------------------------------------------------------------------------------------

IN_SQLITE = '''\
"""Where the guest book keeps its lines: in SQLite."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from threading import Lock


class Store:
    """Lines in a database in the given folder, or in memory if there is none."""

    def __init__(self, folder: str | None) -> None:
        self._folder = folder
        file = Path(folder, "lines.sqlite") if folder else ":memory:"
        self._database = sqlite3.connect(file, check_same_thread=False)
        self._database.execute("CREATE TABLE IF NOT EXISTS lines (line TEXT)")
        self._lock = Lock()

    def lines(self) -> list[str]:
        with self._lock:
            return [row[0] for row in self._database.execute("SELECT line FROM lines")]

    def add(self, line: str) -> None:
        with self._lock, self._database:
            self._database.execute("INSERT INTO lines VALUES (?)", (" ".join(line.split()),))

    def writable(self) -> bool:
        return self._folder is None or os.access(self._folder, os.W_OK)
'''


def _start_3(bench: Workbench) -> None:
    bench.provide("guestbook/store.py", IN_SQLITE)
    _provide_app(bench)
    bench.provide("steps/gather.py", _sample("steps/gather.py").read_bytes())
    bench.provide("Dockerfile", _sample("steps/5-scratch.Dockerfile").read_bytes())
    bench.provide(".dockerignore", ALLOWED + "!steps/gather.py\n")


@exercise(
    "16-3",
    "가장 작은 이미지가 어느 날 멈추었다",
    20,
    (
        "먼저 그대로 빌드해서 띄워 보자. 컨테이너의 마지막 말(`docker logs`)이 까닭을 말한다.",
        "수업에서 ‘아무도 부르지 않는다’고 세어 본 것은 그때의 방명록이었다. 무엇이 달라졌나?",
        "`steps/gather.py`가 무엇을 왜 뺐는지 읽어 보자. 공유 라이브러리는 ldd가 알아서 따라온다.",
    ),
    start=_start_3,
    limit=120,
)
def small_and_whole(bench: Workbench) -> str:
    facts = _facts(bench)
    healthy = _serves(bench, read_only=True, healthcheck=OFTEN if facts.health_check else None)
    half = _size(bench, SLIM) // 2
    expect(
        facts.size < half,
        f"이미지가 {facts.size / 1e6:.1f} MB다. 기대한 것은 {SLIM}의 절반인 "
        f"{half / 1e6:.1f} MB보다 작은 것.",
        "배포판 위에서는 거기까지 줄지 않는다. 배포판에서 파이썬만 옮겨 오는 길이 있다.",
    )
    expect(
        not facts.as_root,
        f"실행 사용자: {facts.user or '정하지 않음, 곧 루트'}. 기대한 것은 루트가 아닌 사용자.",
        "`docker image inspect`의 User를 보자.",
    )
    expect(
        facts.health_check,
        "이미지에 헬스체크가 없다. 기대한 것은 셸 없이도 도는 헬스체크.",
        "`docker image inspect`의 Healthcheck를 보자.",
    )
    expect(
        healthy,
        f"헬스체크가 실패했다: {' '.join(facts.health_check)[:80]}",
        "셸을 거치는 형식인지, 명령이 이미지에 있는지 보자.",
    )
    return (
        f"{facts.size / 1e6:.1f} MB에 SQLite까지 담겼고, 읽기 전용 루트에서 루트가 아닌 사용자로 "
        "시험과 헬스체크가 모두 통과한다."
    )
