"""Every shell file of the repository; and those of the host on the oldest shell they meet."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHEBANG = re.compile(rb"#!\S*/(?:env )?(?:ba|da)?sh\b")


def begins_as_a_shell_file(path: Path) -> bool:
    with path.open("rb") as file:
        return bool(SHEBANG.match(file.read(64)))


# Neither git's own folder nor what is built.
FILES = [
    path
    for folder in ROOT.iterdir()
    if folder.name not in {".git", "build"}
    for path in ([folder] if folder.is_file() else folder.rglob("*"))
    if path.is_file() and not path.is_symlink() and begins_as_a_shell_file(path)
]
# What people run on their own machines, and what these files source.
ON_THE_HOST = [ROOT / "lab/host", ROOT / "workshop/host", *sorted(ROOT.glob("lab/host.d/*.sh"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
@pytest.mark.parametrize("path", FILES, ids=name)
def test_shell_file_passes_shellcheck(path: Path) -> None:
    """With all that it sources."""
    result = subprocess.run(
        ["shellcheck", "-x", "-a", "-P", "SCRIPTDIR", "-P", ROOT, path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_shell_files_are_found() -> None:
    found = {name(path) for path in FILES}
    assert found > {".ci/run", "lab/host", "tests/run", "lab/rootfs/usr/local/bin/lab-init"}


def test_every_part_of_a_shell_file_is_sourced_by_one() -> None:
    """Or shellcheck would not see it: a part has no shebang."""
    sources = "\n".join(path.read_text() for path in FILES)
    for part in ROOT.glob("lab/host.d/*"):
        assert re.search(rf'^\. .*host\.d/{part.name}"?$', sources, re.M), part


# macOS has bash 3.2 (2006).  What came later, and what it does otherwise.
LATER = {
    "mapfile (4.0)": r"\b(?:mapfile|readarray)\b",
    "an array by name (4.0)": r"\b(?:declare|local|typeset)\s+-\w*[Ang]",
    "another case (4.0)": r"\$\{\w+(?:\[[^]]*\])?(?:,|\^)",
    "&>> (4.0)": r"&>>",
    "|& (4.0)": r"\|&",
    ";;& or ;& (4.0)": r";;?&(?!&)",
    "coproc (4.0)": r"\bcoproc\b",
    "globstar (4.0)": r"\bglobstar\b",
    "a negative subscript (4.3)": r"\$\{\w+\[-",
    "[[ -v (4.2)": r"\[\[? -v ",
    "printf %(time)T (4.2)": r"%\(.*\)T",
    "${x@Q} (4.4)": r"\$\{\w+@[A-Za-z]\}",
    "wait -n (4.3)": r"\bwait -n\b",
    "EPOCHSECONDS (5.0)": r"\bEPOCH(?:SECONDS|REALTIME)\b",
    "BASHPID (4.0)": r"\bBASHPID\b",
    # Its letters are what the locale says, byte by byte: 을 would go on the name.
    "a letter of another script after a name": r"\$\w+[^\x00-\x7f]",
    # Not the shell's, but macOS's: these are GNU's.
    "xargs -r": r"\bxargs -\w*r",
    "sed -i": r"\bsed (?:-\w+ )*-i",
    "readlink -f": r"\breadlink -f",
}


def code(path: Path) -> str:
    return re.sub(r"(?m)(?:^|\s)#.*", "", path.read_text())


@pytest.mark.parametrize("path", ON_THE_HOST, ids=name)
def test_bash_3_2_knows_all_that_the_host_runs(path: Path) -> None:
    # ASCII: \w is what a name can be of.
    later = [why for why, what in LATER.items() if re.search(what, code(path), re.ASCII)]
    assert not later


@pytest.mark.parametrize("path", ON_THE_HOST, ids=name)
def test_an_array_that_may_be_empty_is_no_unset_variable(path: Path) -> None:
    """bash 3.2 to 4.3 take "${a[@]}" of an empty array for one, under `set -u`."""
    text = code(path)
    for array in set(re.findall(r"\b(\w+)=\(\)", text)):
        for line in re.findall(rf'.*"\$\{{{array}\[@\]\}}".*', text):
            assert f'${{{array}[@]+"${{{array}[@]}}"}}' in line


@pytest.mark.parametrize(
    "line",
    [
        "mapfile -t a < <(x)", "local -A a", 'echo "${x,,}"', "x &>> log", "x |& y",
        "declare -n r=x", 'echo "${a[-1]}"', '[ -v x ]', 'echo "$port을(를)"', "x | xargs -r y",
        'echo "${x@Q}"',
    ],
)  # fmt: skip
def test_what_came_later_is_recognized(line: str) -> None:
    assert any(re.search(what, line, re.ASCII) for what in LATER.values())


def test_every_target_of_make_is_helped_with() -> None:
    """`make help` reads the Makefile: a line that is not of its form would be missing."""
    told = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony
    lines = [line.split(maxsplit=2) for line in told.splitlines()]
    assert [target for _, target, _ in lines] == phony[1].split()
