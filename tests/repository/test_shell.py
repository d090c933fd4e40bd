"""Every shell file of the repository; and those of the host on the oldest shell they meet."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT, scripts

FILES = [*scripts("bash"), *scripts("dash"), *scripts("sh")]
# The wheel's, or Debian's where there is no wheel (pyproject.toml).
HERE = str(Path(sys.executable).parent)
SHELLCHECK = shutil.which("shellcheck", path=os.pathsep.join((HERE, os.environ["PATH"])))
# What people run on their own machines, and what these files source.
ON_THE_HOST = [ROOT / "lab/host", ROOT / "workshop/host", *sorted(ROOT.glob("lab/host.d/*.sh"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_shell_file_passes_shellcheck(path: Path) -> None:
    """With all that it sources."""
    assert SHELLCHECK, "make check installs it; on Linux on Arm: sudo apt-get install shellcheck"
    result = subprocess.run(
        [SHELLCHECK, "-x", "-a", "-P", "SCRIPTDIR", "-P", ROOT, path],
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
    "an array by name (4.0)": r"\b(?:declare|local|typeset)\s+(?:-\w+\s+)*-\w*[Ang]",
    "another case (4.0)": r"\$\{\w+(?:\[[^]]*\])?(?:,|\^)",
    "&>> (4.0)": r"&>>",
    "|& (4.0)": r"\|&",
    ";;& or ;& (4.0)": r";;?&(?!&)",
    "coproc (4.0)": r"\bcoproc\b",
    "globstar (4.0)": r"\bglobstar\b",
    "a negative subscript (4.3)": r"\$\{\w+\[-",
    "[[ -v (4.2)": r"(?:\[\[?|\btest) -v ",
    "exec {fd} (4.1)": r"\bexec \{\w+\}",
    "read -N, read -t 0.5 (4.0)": r"\bread (?:-\w+ )*(?:-\w*N|-t ?\d*\.\d)",
    "a negative length (4.2)": r"\$\{\w+:[^}:]*:-\d",
    "{01..10} (4.0)": r"\{0\d+\.\.",
    "printf %(time)T (4.2)": r"%\(.*\)T",
    "${x@Q} (4.4)": r"\$\{\w+@[A-Za-z]\}",
    "wait -n (4.3)": r"\bwait -n\b",
    "EPOCHSECONDS (5.0)": r"\bEPOCH(?:SECONDS|REALTIME)\b",
    "BASHPID (4.0)": r"\bBASHPID\b",
    # Its letters are what the locale says, byte by byte: 을 would go on the name.
    "a letter of another script after a name": r"\$\w+[^\x00-\x7f]",
    # Not the shell's, but macOS's: these are GNU's.
    "xargs -r": r"\bxargs -\w*r",
    "sed -i": r"\bsed (?:-\w+ )*(?:-i|--in-place)",
    "timeout": r"(?:^|[;&|(]\s*)timeout ",
    "stat -c": r"\bstat -\w*c",
    "head -n -1": r"\bhead -n ?-",
    "mktemp --suffix": r"\bmktemp .*--suffix",
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
        'echo "${x@Q}"', "local -r -A a", "test -v x", "exec {fd}>log", "read -t 0.5 x",
        'echo "${x:0:-1}"', "for i in {01..10}", "x; timeout 5 y", "stat -c %a x",
    ],
)  # fmt: skip
def test_what_came_later_is_recognized(line: str) -> None:
    assert any(re.search(what, line, re.ASCII) for what in LATER.values())


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ("LAB_IMAGE=ghcr.io/a/b:1", "ghcr.io/a/b:1"),
        ('LAB_IMAGE="ghcr.io/a/b:1" # ours', "ghcr.io/a/b:1"),
        ("LAB_IMAGE='ghcr.io/a/b:1'\r\nLAB_PORT=9000\r", "ghcr.io/a/b:1"),
        ("export LAB_IMAGE=ghcr.io/a/b:1   # ours", "ghcr.io/a/b:1"),
        ("LAB_IMAGE=old:1\nLAB_IMAGE=new:2", "new:2"),
        ("# LAB_IMAGE=x\nMY_LAB_IMAGE=y", ""),
    ],
)
def test_host_reads_the_env_file_as_compose_does(tmp_path: Path, lines: str, value: str) -> None:
    (tmp_path / ".env").write_text(lines + "\n", newline="")
    command = f'. lab/host.d/common.sh; from_env_file LAB_IMAGE "{tmp_path}/.env"'
    told = subprocess.run(
        ["bash", "-euc", command, "lab/host"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.removesuffix("\n") == value


@pytest.mark.parametrize(
    ("lab", "image", "tagged"),
    [
        ("docker-anatomy", "ghcr.io/a/b/lab:1", "tag ghcr.io/a/b/lab:1 docker-anatomy/lab\n"),
        ("docker-anatomy", "127.0.0.1:5000/lab", "tag 127.0.0.1:5000/lab docker-anatomy/lab\n"),
        ("docker-anatomy", "docker-anatomy/lab", ""),
        ("docker-anatomy", "somebody/lab", ""),
        ("another", "ghcr.io/a/b/lab:1", ""),
    ],
)
def test_a_published_image_has_the_name_that_documents_use(
    tmp_path: Path, lab: str, image: str, tagged: str
) -> None:
    (tmp_path / "docker").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "docker").chmod(0o755)
    command = f'. lab/host.d/common.sh; . lab/host.d/image.sh; also_named "{image}" lab'
    told = subprocess.run(
        ["bash", "-euc", command, "lab/host"],
        cwd=ROOT,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "LAB_NAME": lab},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == tagged


@pytest.mark.parametrize("script", ["lab/host", "workshop/host"])
def test_a_store_that_does_not_exist_is_refused_before_anything_is_asked(script: str) -> None:
    told = subprocess.run(
        [script, "start"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "LAB_STORE": "typo", "DOCKER_HOST": "unix:///nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert "LAB_STORE는 containerd나 overlay2인데 'typo'" in told.stderr


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


def test_labs_that_open_together_do_not_take_each_others_certificate(tmp_path: Path) -> None:
    """Each writes what it found of this machine's network into the checkout's lab/network."""
    (tmp_path / "lab/network").mkdir(parents=True)
    (tmp_path / "ca.crt").write_text("CA\n" * 10_000)
    command = f". {ROOT}/lab/host.d/network.sh; take_network"
    env = {**os.environ, "LAB_CA": "ca.crt"}
    calls = [subprocess.Popen(["bash", "-c", command], cwd=tmp_path, env=env) for _ in range(20)]
    assert [call.wait() for call in calls] == [0] * 20
    assert [path.name for path in (tmp_path / "lab/network").iterdir()] == ["ca.crt"]
