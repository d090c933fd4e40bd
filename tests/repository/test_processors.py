"""The course on both kinds of processor, as far as it can be judged on one: amd64 and arm64."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import ROOT, files

from tools import wheels

RECORD = wheels.recorded(wheels.RECORD.read_text())
DIGEST = "0" * 64


# ---- what the lab is made of ---------------------------------------------------------------------


@pytest.mark.parametrize("path", wheels.LOCKS)
def test_every_pin_has_a_wheel_for_both_kinds_of_processor(path: str) -> None:
    """And its hash is among the pin's; after a change of a lock, tools/lock asks the index anew."""
    assert wheels.missing((ROOT / path).read_text(), RECORD) == []


def test_the_record_holds_only_what_is_pinned() -> None:
    wanted = {
        file
        for path in wheels.LOCKS
        for file in wheels.chosen((ROOT / path).read_text(), RECORD).values()
    }
    assert wanted == RECORD.keys()


@pytest.mark.parametrize(
    ("line", "offered", "lacking"),
    [
        ("one==1.0", ["one-1.0-py3-none-any.whl"], []),
        ("one==1.0", ["one-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"], ["one==1.0: aarch64"]),
        (
            "one==1.0",
            [
                "one-1.0-cp39-abi3-manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
                "one-1.0-cp313-cp313-manylinux1_x86_64.whl",
            ],
            [],
        ),
        ("one==1.0 ; platform_machine == 'x86_64'", ["one-1.0-py3-none-linux_x86_64.whl"], []),
        ("one==1.0 ; sys_platform == 'win32'", [], []),
        # Another Python, another libc, another version.
        ("one==1.0", ["one-1.0-cp312-cp312-any.whl"], ["one==1.0: x86_64", "one==1.0: aarch64"]),
        (
            "one==1.0",
            ["one-1.0-py3-none-musllinux_1_2_aarch64.whl", "one-1.1-py3-none-any.whl"],
            ["one==1.0: x86_64", "one==1.0: aarch64"],
        ),
    ],
)
def test_a_wheel_that_is_missing_is_told(line: str, offered: list[str], lacking: list[str]) -> None:
    lock = f"{line} \\\n    --hash=sha256:{DIGEST}\n    # via nobody\n"
    assert wheels.missing(lock, dict.fromkeys(offered, DIGEST)) == lacking
    # A file that the lock does not accept is none.
    assert wheels.missing(lock, dict.fromkeys(offered, "1" * 64)) or not offered


def test_debians_packages_are_asked_for_as_the_dockerfiles_name_them() -> None:
    """tools/check-arm64 leaves no apt-get install out."""
    listing = subprocess.run(
        [ROOT / "tools/check-arm64", "installing"], capture_output=True, text=True, check=True
    ).stdout
    found = {word for line in listing.splitlines() for word in line.split()}
    for path in (*ROOT.glob("lab/**/Dockerfile"), ROOT / "workshop/Dockerfile"):
        text = re.sub(r"^ *#.*\n", "", path.read_text(), flags=re.M).replace("\\\n", " ")
        for names in re.findall(r"apt-get install ([^&\n]*)", text):
            assert {*names.split()} <= found, path


# ---- what the course says ------------------------------------------------------------------------

# Names of machines, of their loaders, and numbers of system calls.
ONE_KIND = re.compile(
    r"(?i:\b(amd64|x86|x86[-_]64|i[3-6]86|arm64|aarch64)\b|x86-64\.so)"
    r"|/lib64\b|\bSYS_[a-z]\w*|syscall\(\s*\d",
)
# What may be said all the same: file, what the line holds, and why.
ALLOWED = [
    ("notebooks/02_image_spec.ipynb", "amd64", "an image for two platforms, neither is run"),
    ("notebooks/15_reproducible.ipynb", "amd64", "an image for two platforms, built on either"),
    ("*/15_reproducible.ipynb", "arm64", "the exercise's server; its layout is made by coach"),
    ("coach/exercises/lesson_15.py", "arm64", "the same layout, of two platforms"),
    ("coach/exercises/lesson_15.py", '("amd64", SERVER)', "the same layout, of two platforms"),
    ("coach/exercises/lesson_06.py", '"amd64"', "a field of an archive that nothing runs"),
    ("layerscope/oci.py", "_ARCHITECTURES", "uname's names and Go's"),
    ("layerscope/oci.py", "such as", "an example"),
    ("layerscope/oci.py", "accepts", "an example"),
    ("layerscope/buildlog.py", "platform: str", "an example"),
    ("layerscope/model.py", "platform: str", "an example"),
    ("layerscope/sources.py", "예를 따른다", "an example"),
    ("lab/Dockerfile", "exist for amd64 and arm64", "says this rule"),
    ("lab/Dockerfile", "debugpy", "what is taken out, since it is for one kind"),
    ("lab/bases/debian/make", "(arm64)", "an example"),
]


READ = {"coach", "exercises", "lab", "layerscope", "notebooks", "samples", "solutions"}
LOCKED = ("requirements.txt", "wheels.txt")


def lines() -> Iterator[tuple[str, str]]:
    """(file, line) of all that a learner reads, runs or is checked by; of a notebook, its cells."""
    for path in files():
        name = str(path.relative_to(ROOT))
        if path.relative_to(ROOT).parts[0] not in READ or name.endswith(LOCKED):
            continue
        text = path.read_text()
        if name.endswith(".ipynb"):
            text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        for line in text.splitlines():
            yield name, line


def test_the_course_assumes_neither_kind_of_processor() -> None:
    """It asks: ``platform.machine()``, ``client.version()["Arch"]``, ``ldd``, the ELF header."""
    unused = {*ALLOWED}
    for name, line in lines():
        if ONE_KIND.search(line):
            reasons = {one for one in ALLOWED if Path(name).match(one[0]) and one[1] in line}
            assert reasons, f"{name}: {line.strip()}"
            unused -= reasons
    assert not unused


# Linux gave its later architectures, arm64 among them, only the newer of two calls
# (include/uapi/asm-generic/unistd.h: __ARCH_WANT_SYSCALL_NO_AT and others).
ONLY_NEWER = {
    **{name: f"{name}at" for name in ("link", "mkdir", "mknod", "open", "symlink", "unlink")},
    **{"access": "faccessat", "chmod": "fchmodat", "chown": "fchownat", "readlink": "readlinkat"},
    **{"rename": "renameat2", "rmdir": "unlinkat", "lchown": "fchownat", "creat": "openat"},
    **{"stat": "newfstatat", "lstat": "newfstatat", "fork": "clone", "vfork": "clone"},
    **{
        "dup2": "dup3",
        "pipe": "pipe2",
        "poll": "ppoll",
        "select": "pselect6",
        "epoll_wait": "epoll_pwait",
    },
}
# strace's filters and seccomp's rules: `trace=a,b`, `calls = "a,b"`, `"names": ["a", "b"]`.
CALLS = re.compile(r"\btrace=([\w,]+)|\bcalls = \"([\w,]+)\"|\"names\": \[([^\]]*)\]")


def test_a_call_that_arm64_has_not_is_named_with_the_one_it_has() -> None:
    seen = 0
    for name, line in lines():
        for found in CALLS.finditer(line):
            calls = {*re.findall(r"\w+", next(filter(None, found.groups())))}
            seen += 1
            for old in calls & ONLY_NEWER.keys():
                assert ONLY_NEWER[old] in calls, f"{name}: {line.strip()}"
    assert seen
