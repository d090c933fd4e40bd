"""Our reading of .dockerignore against what really arrives in the engine."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from needs import needs

from layerscope.dockerignore import (
    Builder,
    ContextError,
    Kind,
    PatternError,
    apply,
    explain,
    find_ignore_file,
    parse,
    scan,
)

TAG = "docker-anatomy-test/dockerignore"

FILES = [
    ".env", ".env.local", ".git/HEAD", ".git/config", ".git/objects/ab/cd", ".gitignore",
    "#hash", "!bang", "$dollar", "(paren)", "+plus", "-dash", "2024.log", "Dockerfile", "README.md",
    "[x]", "^caret", "a b.txt", "a.b", "app.py", "app.pyc", "app/__init__.py",
    "app/__pycache__/m.cpython-313.pyc", "app/a/b/c/deep.txt", "app/main.py", "app/main.pyc",
    "app/tests/data/x.csv", "app/tests/test_a.py", "axb", "back\\slash", "build/out.o",
    "docs/README.md", "docs/a.md", "docs/img/b.png", "docs/img/raw/c.md", "foo/bar/foo",
    "foo/foo/bar", "foobar/x", "node_modules/p/index.js", "node_modules/p/node_modules/q/i.js",
    "pkg/node_modules/z.js", "src/.env", "src/A1.txt", "src/a1.txt", "src/keys/id_rsa",
    "src/keys/server.pem", "venv/lib/python3.13/site.py", "xfoo", "{brace}", "|pipe", "é.txt",
    "한글/문서.md", "😀.txt",
]  # fmt: skip

# One ignore file each.  What is odd about it stands beside it.
IGNORE_FILES = [
    "",
    "*",
    "**",
    ".",  # the context itself: matches nothing
    "/",
    "..",
    "*\n!app.py",
    "*\n!app",
    "*\n!docs/a.md",
    "*\n!docs/*.md",
    "*\n!**/*.md",
    "**\n!docs/img",
    "*\n!app\napp/__pycache__\napp/**/*.pyc",
    "__pycache__",  # the root only
    "**/__pycache__",
    "__pycache__/",
    "*.pyc",
    "**/*.pyc",
    "*/*.pyc",
    "*/*/*.pyc",
    ".git",
    "/.git/",
    "./.git",
    ".git/**",  # keeps the directory, empty
    ".git/*",
    "app/**/test_*",
    "app/**",
    "app**",
    "**foo",
    "**/foo",
    "foo/**/foo",
    "**/foo/**",
    "**/bar",
    "foo",
    "venv # comment",  # a pattern with a space in it
    "# comment\nvenv",
    "  # no comment: spaces before\nvenv",
    "#hash",
    "\\#hash",
    "!bang",
    "\\!bang",
    "/!bang",  # loses its slash, then negates
    "*\n!!bang",
    "*\n! app.py",
    "\ufeffvenv\n*.log",
    "venv\n\ufeffdocs\n\ufeff*.log",
    "venv\r\ndocs\r\n*.log\r\n",
    "docs\n!docs/a.md",
    "!docs/a.md\ndocs",  # the last match wins
    "docs\n!docs",
    "docs/img\n!docs/img/raw\ndocs/img/raw/c.md",
    "docs/x\n!docs",
    "docs/a.md\n!docs",  # "!docs" was never tried on docs itself: a.md stays out
    "**/*.md\n!README.md",
    "**/*.md\n!**/README.md",
    "a b.txt",
    "?xb",
    "a?b",
    "a??.txt",
    "[x]",
    "\\[x]",
    "src/[a-z]1.txt",
    "src/[^a-z]1.txt",
    "src/[[:upper:]]1.txt",  # no such thing in filepath.Match, but it is in Go's expressions
    "[^a-z]*",
    "\\d\\d\\d\\d.log",  # a backslash is not always an escape
    "\\w*.log",
    "back\\\\slash",
    "back\\slash",
    "*.txt",
    "한글",
    "**/문서.*",
    "é.txt",
    "?.txt",
    "^*",
    "^caret",
    "^car**",  # a plain prefix, no anchor
    "  #hash",  # no comment either
    "docs /",  # trimmed once more, after the slash is gone
    "$dollar\n(paren)\n+plus\n{brace}\n|pipe\n-dash",
    "a.b",
    "app/../docs",
    "app//main.py",
    "app/./main.py",
    "../app",
    "Dockerfile\n.dockerignore",
    "DOCS",
    "app/*\n!app/main.py",
    "app\n!app/tests\napp/tests/data",
    "node_modules\n**/node_modules\n!pkg/node_modules",
    "**/.env*\n!**/.env.local",
    "src/keys\n!src/keys/*.pem",
    "**/*\n!**/*.py",
    "*\n!*/",
    "*\n!*/*.py",
    "[a-c]*\n!app.py[c]",
    "**/[is]*",
]

#: Ignore files that stop the build.
BROKEN = [
    "!",
    "!/",
    "[",
    "a[",
    "[]",
    "[a",
    "[a-]",
    "a\\",
    "[]a]",
    "[^]",
    "[b-a]",
    "\\한",
    "*\n!\\k",
]


def fill(folder: Path) -> None:
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (folder / "empty/dir").mkdir(parents=True)
    (folder / "link").symlink_to("docs")
    (folder / "app/link.pyc").symlink_to("main.py")


def ours(folder: Path, text: str, builder: Builder = Builder.BUILDKIT) -> set[str]:
    return {
        verdict.entry.path
        for verdict in apply(scan(folder), parse(text), builder)
        if verdict.arrives
    }


def names(archive: bytes) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {member.name.strip("/") for member in tar} - {"", "."}


def docker(*arguments: str, stdin: bytes = b"", builder: Builder = Builder.BUILDKIT) -> bytes:
    environment = {**os.environ, "DOCKER_BUILDKIT": str(int(builder is Builder.BUILDKIT))}
    # Since buildx 0.20 bake asks before a plan reads or writes outside the folder it is called in.
    environment["BUILDX_BAKE_ENTITLEMENTS_FS"] = "0"
    done = subprocess.run(
        ["docker", *arguments], input=stdin, capture_output=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """As many equal contexts as are needed at once: their files are links to the first one's."""
    root = tmp_path_factory.mktemp("contexts")
    first = root / "0"
    first.mkdir()
    fill(first)
    made = [first]
    for number in range(1, 24):
        shutil.copytree(
            first,
            root / str(number),
            symlinks=True,
            copy_function=os.link,
        )
        made.append(root / str(number))
    yield made
    shutil.rmtree(root)


def arrive_in_buildkit(contexts: list[Path], texts: list[str], out: Path) -> list[set[str]]:
    """One command that builds each context with its own ignore file."""
    targets = {}
    for number, (folder, text) in enumerate(zip(contexts, texts, strict=False)):
        (folder / ".dockerignore").write_text(text, "utf-8", newline="")
        targets[f"t{number}"] = {
            "context": str(folder),
            "dockerfile-inline": "FROM scratch\nCOPY . /\n",
            "output": [f"type=tar,dest={out}/{number}.tar"],
        }
    plan = out / "bake.json"
    plan.write_text(json.dumps({"target": targets, "group": {"default": {"targets": [*targets]}}}))
    docker("buildx", "bake", f"--file={plan}")
    return [names((out / f"{number}.tar").read_bytes()) for number in range(len(targets))]


def assert_equal(contexts: list[Path], texts: list[str]) -> None:
    for at in range(0, len(texts), len(contexts)):
        batch = texts[at : at + len(contexts)]
        with tempfile.TemporaryDirectory() as out:
            real = arrive_in_buildkit(contexts, batch, Path(out))
        wrong = {
            text: sorted(ours(folder, text) ^ arrived)
            for folder, text, arrived in zip(contexts, batch, real, strict=False)
            if ours(folder, text) != arrived
        }
        assert wrong == {}


@pytest.mark.usefixtures("buildx")
def test_every_ignore_file_lets_through_what_buildkit_copies(contexts: list[Path]) -> None:
    assert_equal(contexts, IGNORE_FILES)


@pytest.mark.usefixtures("buildx")
@pytest.mark.parametrize("text", ["", "*\n!app\n**/*.pyc", "docs\n!docs/a.md", "**/node_modules"])
def test_the_main_context_follows_the_same_rules(tmp_path: Path, text: str) -> None:
    fill(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / ".dockerignore").write_text(text)
    archive = docker("buildx", "build", "-q", "--output=type=tar,dest=-", str(tmp_path))
    assert names(archive) == ours(tmp_path, text)


@pytest.mark.usefixtures("buildx")
def test_a_dockerfile_s_own_ignore_file_comes_first(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / ".dockerignore").write_text("docs")
    (tmp_path / "dev.Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / "dev.Dockerfile.dockerignore").write_text("app")
    used = find_ignore_file(tmp_path, tmp_path / "dev.Dockerfile")
    assert used == tmp_path / "dev.Dockerfile.dockerignore"
    assert find_ignore_file(tmp_path) == tmp_path / ".dockerignore"
    archive = docker(
        "buildx", "build", "-q", "--output=type=tar,dest=-", f"--file={tmp_path}/dev.Dockerfile",
        str(tmp_path),
    )  # fmt: skip
    assert names(archive) == ours(tmp_path, "app")


def test_no_ignore_file_is_none(tmp_path: Path) -> None:
    assert find_ignore_file(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*\n!app.py",
        "*\n!**/*.md",  # here the builders differ
        "*\n!docs/*.md",
        "docs\n!docs/a.md",
        "**/*.pyc\n**/.git",
        "Dockerfile\n.dockerignore",
        "docs/a.md\n!docs",
        "[a-c]*\n!app.py[c]",
        "\ufeffvenv\n/node_modules/\n# docs",
    ],
)
def test_the_classic_builder_gets_what_we_say(tmp_path: Path, text: str) -> None:
    needs("an engine")
    fill(tmp_path)
    (tmp_path / "Dockerfile").write_text('FROM scratch\nCOPY . /\nCMD ["none"]\n')
    (tmp_path / ".dockerignore").write_text(text)
    image = docker("build", "-q", str(tmp_path), builder=Builder.CLASSIC).decode().strip()
    container = docker("create", "--label", TAG, image).decode().strip()
    try:
        archive = docker("export", container)
    finally:
        docker("rm", container)
        docker("rmi", image)
    # What the engine itself puts into every container.
    own = {".dockerenv", "dev", "dev/console", "dev/pts", "dev/shm", "etc", "etc/hostname",
           "etc/hosts", "etc/mtab", "etc/resolv.conf", "proc", "sys"}  # fmt: skip
    assert names(archive) - own == ours(tmp_path, text, Builder.CLASSIC)


def test_the_builders_differ_over_wildcard_exceptions(tmp_path: Path) -> None:
    fill(tmp_path)
    text = "*\n!**/*.md"
    assert "docs/a.md" in ours(tmp_path, text, Builder.BUILDKIT)
    assert "docs/a.md" not in ours(tmp_path, text, Builder.CLASSIC)


def is_valid(text: str) -> bool:
    try:
        parse(text)
    except PatternError:
        return False
    return True


PIECES = ["a", "app", "docs", "foo", "bar", "md", "src", ".pyc", ".md", ".env", "*", "*", "**",
          "/", "/", "/", "?", "[a-f]", "[^a]", "\\.", "^", ".", "..", " ", "한글", "+", "(",
          "x"]  # fmt: skip
LINE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
IGNORE = st.lists(
    st.tuples(st.sampled_from(["", "", "!"]), LINE).map("".join), min_size=1, max_size=5
).map("\n".join)


@pytest.mark.usefixtures("buildx")
@settings(
    max_examples=2,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(IGNORE.filter(is_valid), min_size=48, max_size=48))
def test_random_ignore_files_let_through_what_buildkit_copies(
    contexts: list[Path], texts: list[str]
) -> None:
    assert_equal(contexts, texts)


@pytest.mark.usefixtures("buildx")
@pytest.mark.parametrize("text", BROKEN)
def test_what_we_refuse_the_engine_refuses(tmp_path: Path, text: str) -> None:
    (tmp_path / "k").write_text("")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / ".dockerignore").write_text(text)
    with pytest.raises(PatternError) as caught:
        ours(tmp_path, text)
    assert "줄의 패턴" in str(caught.value)
    for _ in range(5):
        done = subprocess.run(
            ["docker", "buildx", "build", "--output=type=tar,dest=/dev/null", tmp_path],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        # The refusal cancels the build, and at times the client tells of that instead.
        if "context canceled" not in done.stderr:
            break
    assert "pattern" in done.stderr


def test_the_deciding_pattern_is_the_last_to_change_the_outcome(tmp_path: Path) -> None:
    fill(tmp_path)
    patterns = parse("# first\n*\n!docs\ndocs/img\n")
    verdicts = {one.entry.path: one for one in apply(scan(tmp_path), patterns)}

    def line(path: str) -> int | None:
        return verdicts[path].pattern.line if verdicts[path].pattern else None  # type: ignore[union-attr]

    assert line("app/main.py") == 2
    assert line("docs/a.md") == 3
    assert line("docs/img/b.png") == 4
    assert explain("docs/img/b.png", patterns) == (False, patterns[2])
    assert explain("docs/a.md", patterns) == (True, patterns[1])
    assert explain("docs/a.md", []) == (True, None)


def test_scan_lists_parents_first_with_kind_and_size(tmp_path: Path) -> None:
    fill(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    entries = scan(tmp_path)
    seen = {Path()}
    for entry in entries:
        assert Path(entry.path).parent in seen
        seen.add(Path(entry.path))
    kinds = {entry.path: entry.kind for entry in entries}
    assert kinds["docs"] is Kind.DIRECTORY
    assert kinds["link"] is Kind.SYMLINK
    assert kinds["pipe"] is Kind.OTHER
    assert next(one.size for one in entries if one.path == "app.py") == len("app.py")


def test_a_context_that_is_not_there_is_said_in_korean(tmp_path: Path) -> None:
    with pytest.raises(ContextError, match="빌드 컨텍스트"):
        scan(tmp_path / "none")
