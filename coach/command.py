"""The `coach` command."""

from __future__ import annotations

import argparse
import json
import sys

from coach import doctor, workspace


def main(argv: list[str] | None = None) -> int:
    """Run one sub-command.  Exit status: 0 fine, 1 not fine, 2 unusable (bad name, engine down)."""
    parser = argparse.ArgumentParser(prog="coach", description="도커 해부학의 실습 도우미")
    commands = parser.add_subparsers(dest="command", required=True, metavar="명령")

    command = commands.add_parser("doctor", help="실습실이 수업에 쓸 만한지 살핀다")
    style = command.add_mutually_exclusive_group()
    style.add_argument("--json", action="store_true", help="JSON으로 출력한다")
    style.add_argument("--markdown", action="store_true", help="마크다운으로 출력한다")

    command = commands.add_parser("reset", help="고친 파일을 보관하고 원본을 되돌린다")
    command.add_argument("name", metavar="이름", help="예: 05_layers, notebooks/05_layers.ipynb")

    arguments = parser.parse_args(argv)
    return _doctor(arguments) if arguments.command == "doctor" else _reset(arguments)


def _doctor(arguments: argparse.Namespace) -> int:
    findings = doctor.examine()
    if arguments.json:
        print(json.dumps(doctor.as_json(findings), ensure_ascii=False))
    else:
        print(doctor.as_markdown(findings) if arguments.markdown else doctor.as_text(findings))
    return 0 if all(finding.ok for finding in findings) else 1


def _reset(arguments: argparse.Namespace) -> int:
    try:
        target, kept = workspace.restore(arguments.name)
    except workspace.UnknownFileError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"원본을 되돌렸다: {target}")
    if kept:
        print(f"고친 파일은 여기에 있다: {kept}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
