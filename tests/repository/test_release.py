"""One version in three places, and what tools/release makes of it, in a checkout of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What names the version, and the programs that look after it.
NAMED = [
    *("pyproject.toml", "layerscope/pyproject.toml", "CHANGELOG.md", "README.md"),
    *("workshop/README.md", "workshop/kubernetes/board.yaml", "workshop/kubernetes/values.yaml"),
    *("site/kubernetes.md", "tools/versions", "tools/release"),
]
ORIGIN = "https://github.com/Some-School/Docker-Anatomy.git"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """On main, clean, and version 0.1.0 is being worked on."""
    for name in NAMED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in NAMED[:2]:
        substitute(tmp_path / name, r'^version = "[^"]*"', 'version = "0.1.0"')
    (tmp_path / "CHANGELOG.md").write_text("# 바뀐 것\n\n## 0.1.0 (준비 중)\n\n- 처음\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "user.name", "test")
    git(tmp_path, "config", "user.email", "test@example.org")
    git(tmp_path, "remote", "add", "origin", ORIGIN)
    commit(tmp_path)
    return tmp_path


def git(checkout: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", str(checkout), *words], capture_output=True, text=True, check=True
    ).stdout


def commit(checkout: Path) -> None:
    git(checkout, "add", "-A")
    git(checkout, "commit", "-qm", "work")


def substitute(path: Path, pattern: str, text: str) -> None:
    path.write_text(re.sub(pattern, text, path.read_text(), flags=re.M))


def call(checkout: Path, tool: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(checkout / "tools" / tool), *words], capture_output=True, text=True, check=False
    )


def test_the_version_is_the_same_everywhere() -> None:
    told = call(ROOT, "versions")
    assert told.returncode == 0, told.stderr
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", told.stdout)


@pytest.mark.parametrize("place", ["layerscope/pyproject.toml", "CHANGELOG.md"])
def test_a_version_that_differs_is_told(checkout: Path, place: str) -> None:
    substitute(checkout / place, r'^(version = "|## )0\.1\.0', r"\g<1>0.1.1")
    told = call(checkout, "versions")
    assert told.returncode == 1
    assert f"pyproject.toml: 0.1.0, {place}: 0.1.1" in told.stderr


def test_a_tag_is_the_version(checkout: Path) -> None:
    assert call(checkout, "versions", "v0.1.0").returncode == 0
    told = call(checkout, "versions", "v0.1.1")
    assert told.returncode == 1
    assert "태그: 0.1.1" in told.stderr


def test_a_releases_checkout_names_its_images(checkout: Path) -> None:
    told = call(checkout, "release", "0.1.0")
    assert told.returncode == 0, told.stderr
    assert git(checkout, "show", "v0.1.0:.env").splitlines()[1:] == [
        "LAB_IMAGE=ghcr.io/some-school/docker-anatomy/lab:0.1.0",
        "WORKSHOP_IMAGE=ghcr.io/some-school/docker-anatomy/hub:0.1.0",
        "LAB_VERSION=0.1.0",
        "LAB_PULL=if_not_present",
    ]
    changes = git(checkout, "show", "v0.1.0:CHANGELOG.md")
    assert re.search(r"^## 0\.1\.0 \(\d{4}-\d\d-\d\d\)$", changes, re.M)
    assert "준비 중" not in changes


def test_main_builds_its_own_images_after_a_release(checkout: Path) -> None:
    told = call(checkout, "release", "0.1.0")
    assert not (checkout / ".env").exists()
    assert git(checkout, "status", "--porcelain") == ""
    assert git(checkout, "diff", "--name-only", "v0.1.0", "main") == ".env\n"
    assert told.stdout.rstrip().endswith("git push origin main v0.1.0")
    assert call(checkout, "versions", "v0.1.0").returncode == 0


def test_everything_that_people_copy_names_the_release(checkout: Path) -> None:
    substitute(checkout / "CHANGELOG.md", r"^## 0\.1\.0", "## 0.20.0 (준비 중)\n\n## 0.1.0")
    commit(checkout)
    told = call(checkout, "release", "0.20.0")
    assert told.returncode == 0, told.stderr
    for name in NAMED:
        if name != "CHANGELOG.md" and not name.startswith("tools/"):
            text = (checkout / name).read_text()
            assert "0.20.0" in text, name
            assert not re.search(r"(?<![.\d])0\.1\.0(?![.\d])", text), name


def test_a_release_leaves_other_versions_alone(checkout: Path) -> None:
    before = re.findall(r"--version \S+", (checkout / "site/kubernetes.md").read_text())
    assert call(checkout, "release", "0.1.0").returncode == 0
    page = git(checkout, "show", "v0.1.0:site/kubernetes.md")
    assert before
    assert re.findall(r"--version \S+", page) == before


@pytest.mark.parametrize(
    "origin", ["git@github.com:Some-School/Docker-Anatomy.git", "ssh://git@host/a/b/x/y"]
)
def test_images_are_named_after_the_origin(checkout: Path, origin: str) -> None:
    git(checkout, "remote", "set-url", "origin", origin)
    assert call(checkout, "release", "0.1.0").returncode == 0
    named = "x/y" if origin.endswith("/x/y") else "some-school/docker-anatomy"
    assert f"LAB_IMAGE=ghcr.io/{named}/lab:0.1.0" in git(checkout, "show", "v0.1.0:.env")


def test_a_registry_can_be_chosen(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(checkout, "remote", "remove", "origin")
    monkeypatch.setenv("REGISTRY", "registry.example.org/school")
    assert call(checkout, "release", "0.1.0").returncode == 0
    env = git(checkout, "show", "v0.1.0:.env")
    assert "WORKSHOP_IMAGE=registry.example.org/school/hub:0.1.0\n" in env


def state(checkout: Path) -> tuple[str, str, bytes | None]:
    env = checkout / ".env"
    return (
        git(checkout, "log", "--format=%H", "--all"),
        git(checkout, "status", "--porcelain"),
        env.read_bytes() if env.exists() else None,
    )


@pytest.mark.parametrize("registry", ["school", "school/lab", "/", "registry.example.org"])
def test_a_registry_has_a_host_and_a_path(
    checkout: Path, registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY", registry)
    told = call(checkout, "release", "0.1.0")
    assert told.returncode == 1
    assert "이미지를 둘 곳을 모른다" in told.stderr


def spoil(checkout: Path) -> None:
    (checkout / "README.md").write_text("")


def forget_origin(checkout: Path) -> None:
    git(checkout, "remote", "remove", "origin")


def tag(checkout: Path) -> None:
    git(checkout, "tag", "v0.1.0")


def leave(checkout: Path) -> None:
    git(checkout, "switch", "-q", "--detach")


def set_up(checkout: Path) -> None:
    (checkout / ".git/info/exclude").write_text(".env\n")
    (checkout / ".env").write_text("LAB_PORT=9000\n")


def hook(checkout: Path) -> None:
    path = checkout / ".git/hooks/pre-commit"
    path.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    path.chmod(0o755)


def publish(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text("# 바뀐 것\n\n## 0.1.0 (2026-01-01)\n")
    commit(checkout)


def describe_another(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text("# 바뀐 것\n\n## 0.2.0 (준비 중)\n")
    commit(checkout)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (spoil, "커밋하지 않은 것이 있다"),
        (forget_origin, "이미지를 둘 곳을 모른다"),
        (tag, "v0.1.0 태그가 이미 있다"),
        (describe_another, "첫 제목이 '0.2.0 (준비 중)'이다"),
        (publish, "준비 중인 0.1.0"),
        (leave, "어느 가지에도 있지 않다"),
        (set_up, ".env 파일이 있다"),
        (hook, "처음으로 되돌렸다"),
    ],
)
def test_a_release_that_cannot_be_changes_nothing(
    checkout: Path, trouble: Callable[[Path], None], said: str
) -> None:
    trouble(checkout)
    before = state(checkout)
    told = call(checkout, "release", "0.1.0")
    assert told.returncode == 1
    assert said in told.stderr
    assert told.stderr.splitlines()[-1].startswith("다음: ")
    assert state(checkout) == before


@pytest.mark.parametrize("version", ["", "v0.1.0", "0.1", "0.1.0-rc1"])
def test_a_version_has_three_numbers(checkout: Path, version: str) -> None:
    assert call(checkout, "release", version).returncode == 2
