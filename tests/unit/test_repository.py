"""What holds for the repository as a whole."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
DOCKERFILES = [  # not those that are wrong on purpose, nor what the site hands out
    p for p in ROOT.rglob("*Dockerfile") if not {"wrong", "build"} & {*p.relative_to(ROOT).parts}
]
FOLDERS = ["layerscope", "coach", "tests", "notebooks", "exercises", "solutions", "samples", "lab"]
PYTHON = [*FOLDERS, "tools/exercises", "tools/fonts", "tools/pages", "tools/slides"]


def locked(path: str) -> dict[str, str]:
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / path).read_text(), re.M)
    return {canonicalize_name(name): version for name, version in pins}


def test_code_is_formatted() -> None:
    subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--no-cache", "--check", *PYTHON],
        cwd=ROOT,
        check=True,
    )


def test_code_is_linted() -> None:
    subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", *PYTHON], cwd=ROOT, check=True
    )


def test_types_hold() -> None:
    subprocess.run([sys.executable, "-m", "mypy", "--cache-dir=/dev/null"], cwd=ROOT, check=True)


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_dockerfile_passes_hadolint(path: Path) -> None:
    result = subprocess.run(["hadolint", str(path)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_lock_holds_every_dependency() -> None:
    project, layerscope = (
        tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        for folder in (ROOT, ROOT / "layerscope")
    )
    # layerscope is installed from its folder; what it needs is locked.
    course = [one for one in project["dependencies"] if one != "layerscope[views]"]
    course += layerscope["dependencies"] + layerscope["optional-dependencies"]["views"]
    lab = course + project["optional-dependencies"]["lab"]
    everything = lab + [r for e in project["optional-dependencies"].values() for r in e]
    for path, wanted in (("requirements.txt", everything), ("lab/requirements.txt", lab)):
        pins = locked(path)
        for requirement in map(Requirement, wanted):
            assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])


def test_the_labs_lock_agrees_with_the_whole_lock() -> None:
    assert locked("lab/requirements.txt").items() <= locked("requirements.txt").items()


def test_locks_carry_hashes() -> None:
    for path in ("requirements.txt", "lab/requirements.txt", "lab/wheels.txt"):
        assert (ROOT / path).read_text().count("==") <= (ROOT / path).read_text().count(
            "--hash=sha256:"
        )


def test_compose_file_is_the_only_definition_of_the_lab() -> None:
    """`make lab` runs compose.yaml; nothing else may say how the lab runs."""
    script = (ROOT / "lab/host").read_text()
    assert "compose up" in script
    assert "docker run" not in re.sub(r"#.*", "", script)


def test_lab_is_granted_no_more_than_the_readme_says() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["lab"]
    assert "privileged" not in service
    assert service["cap_add"] == ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"]
    readme = (ROOT / "README.md").read_text()
    for granted in [*service["cap_add"], *service["security_opt"]]:
        assert granted in readme


def test_lab_is_published_on_loopback_only() -> None:
    ports = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["lab"]["ports"]
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize(
    "name",
    ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", "lab/start.md"],
)
def test_links_between_documents_lead_somewhere(name: str) -> None:
    path = ROOT / name
    for target in re.findall(r"\]\((?!https?://|#)([^)\s]+)\)", path.read_text()):
        # The start page is read from the learner's folder, which holds these folders too.
        assert (ROOT / target.split("#")[0]).exists(), target


def test_every_lesson_is_on_the_start_page() -> None:
    page = (ROOT / "lab/start.md").read_text()
    for lesson in sorted((ROOT / "notebooks").glob("*.ipynb")):
        assert f"(notebooks/{lesson.name})" in page


def test_no_package_registry_is_named() -> None:
    """pip, apt and npm use the settings of the network they stand in."""
    hosts = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian\.org|archive\.ubuntu")
    for path in subprocess.run(
        ["git", "-c", "safe.directory=*", "grep", "-lIE", hosts.pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines():
        assert path == "tests/unit/test_repository.py"
