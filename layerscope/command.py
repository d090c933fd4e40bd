"""The command ``layerscope``.  Exit status: 0 fine, 1 a CI rule failed, 2 could not look."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from layerscope import report
from layerscope.analysis import analyze
from layerscope.compare import compare
from layerscope.errors import LayerscopeError
from layerscope.sizes import human
from layerscope.sources import read

_USAGE = """\
IMAGE: 엔진의 이미지 이름이나 ID, docker-archive:FILE, oci-archive:FILE, oci:DIR
       (파일에 이미지가 여럿이면 뒤에 :이름을 붙인다)
두 이미지를 견주려면: layerscope diff A B"""


def main(arguments: Sequence[str] | None = None) -> int:
    gc.disable()  # a short life with many small facts and no cycles worth looking for
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words[:1] == ["diff"]:
            return _diff(_diff_parser().parse_args(words[1:]))
        return _show(_parser().parse_args(words))
    except LayerscopeError as error:
        print(f"layerscope: {report.shown_lines(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("layerscope: 멈췄다", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # quiet at exit as well
        return 0


def _show(options: argparse.Namespace) -> int:
    analysis = analyze(read(options.image, options.platform, progress=_progress()))
    limits = report.Limits(
        lowest_efficiency=options.lowest_efficiency,
        highest_wasted_bytes=options.highest_wasted_bytes,
        highest_user_wasted_percent=options.highest_user_wasted_percent,
    )
    verdicts = report.judge(analysis, limits) if options.ci else []
    if options.json:
        _print_json(report.to_json(analysis, options.top))
        for one in verdicts:
            if not one.passed:
                print(
                    f"layerscope: {one.rule}: {one.value:g} (한도 {one.limit:g})", file=sys.stderr
                )
    else:
        console = _console()
        report.print_analysis(console, analysis, 10 if options.top is None else options.top)
        report.print_verdicts(console, verdicts)
    return 0 if all(one.passed for one in verdicts) else 1


def _diff(options: argparse.Namespace) -> int:
    first, second = (
        analyze(read(image, options.platform, progress=_progress()))
        for image in (options.first, options.second)
    )
    comparison = compare(first.image, second.image)
    if options.json:
        _print_json(report.diff_to_json(comparison, (first, second)))
    else:
        top = 10 if options.top is None else options.top
        report.print_diff(_console(), comparison, (first, second), top)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _base("layerscope", "이미지의 레이어마다 무엇이 들었고 무엇이 숨었는지 보여 준다.")
    parser.add_argument("image", metavar="IMAGE")
    ci = parser.add_argument_group("CI: 한도를 넘으면 1로 끝난다")
    ci.add_argument("--ci", action="store_true", help="아래 한도로 검사한다")
    ci.add_argument("--lowest-efficiency", type=_share, default=0.9, metavar="0..1")
    ci.add_argument("--highest-wasted-bytes", type=_bytes, default=None, metavar="SIZE")
    ci.add_argument("--highest-user-wasted-percent", type=_share, default=0.1, metavar="0..1")
    return parser


def _diff_parser() -> argparse.ArgumentParser:
    parser = _base("layerscope diff", "두 이미지가 무엇을 함께 쓰고 어디가 다른지 보여 준다.")
    parser.add_argument("first", metavar="A")
    parser.add_argument("second", metavar="B")
    return parser


def _base(name: str, text: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=name,
        description=text,
        epilog=_USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="JSON으로 (schema 1, 크기는 바이트)")
    parser.add_argument("--top", type=_count, metavar="N", help="숨은 파일이나 차이를 N개만")
    parser.add_argument("--platform", metavar="OS/ARCH", help="여러 플랫폼 가운데 고른다")
    return parser


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("0과 1 사이의 수여야 한다")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("0 이상의 수여야 한다")
    return value


def _bytes(text: str) -> int:
    """``20MB`` as dive writes it, or plain bytes."""
    units = {"TB": 10**12, "GB": 10**9, "MB": 10**6, "KB": 10**3, "B": 1, "": 1}
    number = text.strip().upper()
    unit = next(one for one in units if number.endswith(one))
    try:
        return int(float(number.removesuffix(unit)) * units[unit])
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError("20MB나 20000000처럼 쓴다") from error


def _console() -> Any:
    from rich.console import Console  # noqa: PLC0415  # takes longer to import than a small image

    return Console(highlight=False)


def _print_json(document: dict[str, Any]) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.write("\n")
    sys.stdout.flush()


def _progress() -> Callable[[int, int | None], None] | None:
    """A line on a terminal's standard error that says how far a slow source is."""
    if not sys.stderr.isatty():
        return None
    shown = ""

    def tell(done: int, total: int | None) -> None:
        nonlocal shown
        of = f" / {human(total)}" if total else ""
        line = f"읽는 중: {human(done)}{of}"
        if line != shown:
            finished = total is not None and done >= total
            sys.stderr.write("\r\x1b[K" + ("" if finished else line))
            sys.stderr.flush()
            shown = line

    return tell


if __name__ == "__main__":
    sys.exit(main())
