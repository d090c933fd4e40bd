"""Pages made of data: the lists of lessons and exercises, timings, verdicts on claims, glossary."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from datetime import datetime
from itertools import groupby
from pathlib import Path

from nbformat import NotebookNode

from tools.docs import VIEW, Docs
from tools.notebook import ROOT, heading, read, widget_state

VERDICTS = {
    "맞음": "시험한 대로다. 조건이 있으면 근거에 적었다.",
    "부정확": "일부만 맞거나, 빠진 것이 있거나, 경우에 따라 다르다.",
    "틀림": "시험한 결과가 그렇지 않다.",
    "시대가 지남": "예전에는 맞았지만 지금의 도커에서는 그렇지 않다.",
}
PARTS = {  # of the article
    "A": "표준과 엔진의 구성 요소",
    "B": "레이어와 유니온 파일 시스템",
    "C": "멀티 스테이지 빌드",
    "D": "`.dockerignore`와 빌드 컨텍스트",
    "E": "빌드 캐시와 순서",
    "F": "이미지 목록, 정리, 평가",
    "G": "예제의 첫 줄과 끝줄",
}
INITIALS = "ㄱㄱㄴㄷㄷㄹㅁㅂㅂㅅㅅㅇㅈㅈㅊㅋㅌㅍㅎ"  # of Hangul's syllables, in their order


def front(docs: Docs, executed: Path) -> None:
    """The views that the front page shows, each taken from a cell of a lesson."""
    text = (docs.folder / "index.md").read_text("utf-8")
    for place, lesson, cell_id in re.findall(r"(<!-- view: (\w+) ([\w-]+) -->)", text):
        notebook = read(executed / f"{lesson}.ipynb")
        cell = next(one for one in notebook.cells if one.id == cell_id)
        data = next(one.data for one in cell.outputs if VIEW in one.get("data", {}))
        docs.fill("index.md", place, docs.view(data, widget_state(notebook), up=""))


def lesson_list(docs: Docs) -> None:
    """The lessons in their order: question, minutes, what each builds on."""
    rows = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = read(path)
        title, question = heading(notebook)
        needs = re.search(r"\*\*준비와 시간\*\*: (.+?)\. 약 (\d+)분", notebook.cells[0].source)
        rows.append(
            f"| [{title}](lessons/{path.stem}.md) | {question} "
            f"| {needs[2] if needs else '?'}분 | {needs[1] if needs else ''} |"
        )
    docs.fill("path.md", "<!-- lessons -->", "\n".join(rows))


def timings(docs: Docs, executed: Path) -> None:
    """What each lesson asks of the machine, by the time stamps that Jupyter left."""
    rows = []
    for path in sorted(executed.glob("*.ipynb")):
        took = {cell.id: seconds(cell) for cell in read(path).cells}
        longest = max(took, key=lambda one: took[one])
        lesson = f"lessons/{path.stem}.md"
        rows.append(
            f"| [{path.stem[:2]}]({lesson}) | {sum(took.values()):.0f}초 "
            f"| [{took[longest]:.0f}초]({lesson}#{longest}) |"
        )
    docs.fill("instructor.md", "<!-- timings -->", "\n".join(rows))


def seconds(cell: NotebookNode) -> float:
    """How long a cell ran; text and cells that were not run take none."""
    stamps = cell.metadata.get("execution", {})
    if not stamps:
        return 0.0
    began, ended = (
        datetime.fromisoformat(stamps[key])
        for key in ("iopub.execute_input", "shell.execute_reply")
    )
    return (ended - began).total_seconds()


def exercise_list(docs: Docs) -> None:
    found = json.loads(subprocess.check_output(["coach", "list", "--json"]))
    hours = round(sum(one["minutes"] for one in found) / 60)
    lines = [
        "# 연습",
        "",
        f"연습은 모두 {len(found)}개이고, 다 풀면 {hours}시간쯤 걸린다. 문제는 여기서 읽고 "
        "[실습실](../how-it-works.md)에서 푼다. 명령이 아니라 만들어진 결과를 보고 채점하므로 "
        "방법은 자유다. 풀이는 다른 페이지에 접혀 있다.",
        "",
        "| 연습 | 시간 | 수업 | 풀이 |",
        "|---|---|---|---|",
    ]
    names = {path.stem[:2]: path.stem for path in (ROOT / "solutions").glob("*.ipynb")}
    for one in found:
        name = names[one["lesson"]]
        lines.append(
            f"| [{one['id']} {one['title']}]({name}.md#{one['id']}) | {one['minutes']}분 "
            f"| [{one['lesson']}](../lessons/{name}.md) "
            f"| [풀이](../solutions/{name}.md#{one['id']}) |"
        )
    docs.write("exercises/index.md", "\n".join(lines))


def claims(docs: Docs) -> None:
    rows = json.loads((ROOT / "site/claims.json").read_text("utf-8"))
    rows.sort(key=lambda row: row["id"])
    count = Counter(row["verdict"] for row in rows)
    cells = {(row["lesson"], row["cell"]) for row in rows}
    lines = [
        "# 글의 문장을 판정한다",
        "",
        "이 과정은 도커를 소개하는 글 하나에서 자랐다. 그 글의 주장 "
        f"{len({row['id'] for row in rows})}가지를 셀 {len(cells)}개로 살아 있는 엔진에서 "
        "시험했다. 한 주장을 여러 셀이 시험했으면 판정도 여럿이다. 줄 끝의 번호를 누르면 "
        "시험한 셀로 간다. 글의 잘못을 탓하려는 것이 아니라, 흔히 하는 말을 확인하는 법을 "
        "보이려는 것이다.",
        "",
        "| 판정 | 뜻 | 수 |",
        "|---|---|---|",
        *(f"| **{word}** | {meaning} | {count[word]} |" for word, meaning in VERDICTS.items()),
    ]
    for part, group in groupby(rows, key=lambda row: row["id"][0]):
        lines += [
            "",
            f"## {PARTS[part]}",
            "",
            "| 문장 | 판정 | 근거 | 셀 |",
            "|---|---|---|---|",
        ]
        for row in group:
            link = f"[{row['lesson'][:2]}](lessons/{row['lesson']}.md#{row['cell']})"
            lines.append(
                f"| {bar(row['said'])} | **{row['verdict']}** | {bar(row['evidence'])} | {link} |"
            )
    docs.write("claims.md", "\n".join(lines))


def glossary(docs: Docs) -> None:
    rows = json.loads((ROOT / "site/glossary.json").read_text("utf-8"))
    lines = [
        "# 용어",
        "",
        f"이 과정에 나오는 말 {len(rows)}개다. 낯선 말은 수업마다 처음 나올 때 영어를 함께 "
        "적었다. 번호를 누르면 그 말을 설명하는 수업으로 간다.",
    ]
    for letter, group in groupby(rows, key=lambda row: initial(row["ko"])):
        lines += ["", f"## {letter}", "", "| 말 | 영어 | 뜻 | 수업 |", "|---|---|---|---|"]
        for row in group:
            anchor = re.sub(r"[^a-z]+", "-", row["en"].partition(",")[0].lower())
            lines.append(
                f'| <a id="{anchor}"></a>{row["ko"]} | {row["en"]} | {bar(row["meaning"])} '
                f"| [{row['lesson'][:2]}](lessons/{row['lesson']}.md) |"
            )
    docs.write("glossary.md", "\n".join(lines))


def initial(word: str) -> str:
    """The heading of the glossary that a word stands under."""
    return INITIALS[(ord(word[0]) - ord("가")) // 588] if "가" <= word[0] <= "힣" else "A–Z"


def bar(text: str) -> str:
    """Text for a cell of a table, whose columns bars divide."""
    return text.replace("|", "\\|")
