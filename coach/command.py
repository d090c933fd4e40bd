"""The `coach` command."""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import asdict

from docker.errors import DockerException

from coach import checking, doctor, journal, workspace
from coach.card import Card
from coach.exercise import REGISTRY

_JSON = "JSON으로 출력한다"


def main(argv: list[str] | None = None) -> int:
    """Run one sub-command.  Exit status: 0 fine, 1 not fine, 2 unusable (bad name, engine down)."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (checking.UnknownExerciseError, workspace.UnknownFileError) as error:
        print(error, file=sys.stderr)
        return 2
    except DockerException as error:
        print(f"엔진이 답하지 않는다: {error}\n다음: coach doctor", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="coach", description="도커 해부학의 실습 도우미")
    commands = parser.add_subparsers(dest="command", required=True, metavar="명령")

    def add(
        name: str, run: object, text: str, *, exercise: bool = False
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        if exercise:
            command.add_argument("name", metavar="연습", help="예: 05-1")
        return command

    add("list", _list, "연습을 모두 보여 준다").add_argument(
        "--json", action="store_true", help=_JSON
    )
    command = add("check", _check, "연습을 마쳤는지 확인한다", exercise=True)
    command.add_argument("--json", action="store_true", help=_JSON)
    add("start", _start, "연습의 시작 상태를 차린다", exercise=True)
    command = add("hint", _hint, "힌트를 보여 준다", exercise=True)
    command.add_argument("step", nargs="?", type=int, default=1, metavar="몇째", help="1부터")
    command = add("reset", _reset, "연습이나 파일을 처음으로 되돌린다. 고친 것은 보관한다")
    command.add_argument(
        "name", metavar="이름", help="예: 05-1, 05_layers, notebooks/05_layers.ipynb"
    )
    command = add("progress", _progress, "통과한 연습을 보여 준다")
    command.add_argument("--json", action="store_true", help=_JSON)
    command = add("doctor", _doctor, "실습실이 수업에 쓸 만한지 살핀다")
    style = command.add_mutually_exclusive_group()
    style.add_argument("--json", action="store_true", help=_JSON)
    style.add_argument("--markdown", action="store_true", help="마크다운으로 출력한다")
    return parser


def _list(arguments: argparse.Namespace) -> int:
    found = sorted(REGISTRY.values(), key=lambda one: one.id)
    rows = [
        {"id": one.id, "lesson": one.lesson, "title": one.title, "minutes": one.minutes}
        for one in found
    ]
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for one in found:
            print(f"{one.id}  {one.title} (약 {one.minutes}분)")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    result = checking.check(arguments.name)
    if arguments.json:
        print(json.dumps(result.as_json(), ensure_ascii=False))
    else:
        print(Card(result))
    return result.status


def _start(arguments: argparse.Namespace) -> int:
    print(f"시작 상태를 차렸다: {checking.start(arguments.name)}")
    return 0


def _hint(arguments: argparse.Namespace) -> int:
    hints = checking.find(arguments.name).hints
    step = min(max(arguments.step, 1), len(hints))
    print(f"힌트 {step}/{len(hints)}: {hints[step - 1]}")
    return 0


def _reset(arguments: argparse.Namespace) -> int:
    if re.fullmatch(r"\d\d-\d", arguments.name):
        kept = checking.reset(arguments.name)
        print(f"연습 {arguments.name}을(를) 처음으로 되돌렸다.")
        if kept:
            print(f"하던 파일은 여기에 있다: {kept}")
        return 0
    target, previous = workspace.restore(arguments.name)
    print(f"원본을 되돌렸다: {target}")
    if previous:
        print(f"고친 파일은 여기에 있다: {previous}")
    return 0


def _progress(arguments: argparse.Namespace) -> int:
    if arguments.json:
        rows = [asdict(one) for one in journal.standings()]
        print(json.dumps({"exercises": rows}, ensure_ascii=False))
    else:
        print(journal.Standings())
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    findings = doctor.examine()
    if arguments.json:
        print(json.dumps(doctor.as_json(findings), ensure_ascii=False))
    else:
        print(doctor.as_markdown(findings) if arguments.markdown else doctor.as_text(findings))
    return 0 if all(finding.ok for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
