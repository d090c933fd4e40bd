"""What holds for the repository as a whole."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from checkout import ROOT, files, scripts
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DOCKERFILES = [p for p in files("Dockerfile") if "wrong" not in p.parts]  # wrong on purpose
LOCKS = ("requirements.txt", "lab/requirements.txt", "lab/wheels.txt", "workshop/requirements.txt")
# What mypy takes at a time, since two folders of tests may both have a conftest.py.
TYPED = {
    "layerscope, coach": ["-p", "layerscope", "-p", "coach"],
    "tools": ["-p", "tools"],
    "workshop": ["workshop"],
    "tests": [str(path) for path in sorted((ROOT / "tests").glob("*.py"))],
    **{
        str(folder.relative_to(ROOT)): [str(folder)]
        for folder in sorted({path.parent for path in (ROOT / "tests").glob("*/*.py")})
    },
}


def locked(path: str) -> dict[str, str]:
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / path).read_text(), re.M)
    return {canonicalize_name(name): version for name, version in pins}


def test_code_is_formatted() -> None:
    subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "."], cwd=ROOT, check=True
    )


def test_code_is_linted() -> None:
    subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache", "."], cwd=ROOT, check=True)


def test_formatter_and_linter_see_every_file_of_ours() -> None:
    """A folder that they leave out, or a program without a suffix, would pass whatever it holds."""
    seen = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--show-files", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert {str(path) for path in (*files(".py", ".ipynb"), *scripts("python3"))} <= {*seen}


@pytest.mark.parametrize("room", TYPED)
def test_types_hold(room: str) -> None:
    folders = [] if "-p" in TYPED[room] else TYPED[room]
    paths = [str(ROOT), str(ROOT / "tests"), *(path for path in folders if Path(path).is_dir())]
    subprocess.run(
        [sys.executable, "-m", "mypy", *TYPED[room]],
        cwd=ROOT,
        check=True,
        env={**os.environ, "MYPYPATH": os.pathsep.join(paths)},
    )


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_dockerfile_passes_hadolint(path: Path) -> None:
    hadolint = str(Path(sys.executable).with_name("hadolint"))
    result = subprocess.run([hadolint, str(path)], capture_output=True, text=True, check=False)
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


@pytest.mark.parametrize("path", LOCKS)
def test_every_pin_carries_hashes(path: str) -> None:
    """To a pin belong the lines up to the next one that does not begin with a space."""
    lines = [line for line in (ROOT / path).read_text().splitlines(True) if line[0] != "#"]
    pins = re.split(r"^(?=\S)", "".join(lines), flags=re.M)[1:]
    assert len(pins) > 5
    for pin in pins:
        assert re.match(r"[A-Za-z0-9._-]+==[^ ;]+", pin), pin.splitlines()[0]
        assert "--hash=sha256:" in pin, pin.splitlines()[0]


def test_compose_file_is_the_only_definition_of_the_lab() -> None:
    """`make lab` runs compose.yaml; nothing else may say how the lab runs."""
    script = "".join(path.read_text() for path in [ROOT / "lab/host", *ROOT.glob("lab/host.d/*")])
    assert "compose up" in script
    assert not re.search(r"docker +(container +)?(run|create)\b", re.sub(r"#.*", "", script))


def test_lab_is_granted_no_more_than_the_readme_says() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["lab"]
    assert "privileged" not in service
    assert service["cap_add"] == ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"]
    assert service["userns_mode"] == "host"
    readme = (ROOT / "README.md").read_text()
    for granted in [*service["cap_add"], *service["security_opt"], "userns_mode: host"]:
        assert granted in readme


def test_all_that_compose_makes_bears_our_label() -> None:
    """`make reset` and the tests know by it what is ours."""
    document = yaml.safe_load((ROOT / "compose.yaml").read_text())
    for made in (*document["services"].values(), *document["volumes"].values()):
        assert made["labels"] == {"org.docker-anatomy": "lab"}


def test_lab_is_published_on_loopback_only() -> None:
    ports = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["lab"]["ports"]
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_nothing_asks_for_the_address_that_docker_29_no_longer_tells() -> None:
    """A container's address is that of one of its networks (moby, api/docs/CHANGELOG.md, 1.52)."""
    asks = re.compile(r"NetworkSettings\W+IPAddress")  # Python, a notebook's JSON, Go templates
    assert [p for p in files() if asks.search(p.read_text("utf-8", "ignore"))] == []


@pytest.mark.parametrize(
    "name",
    ["README.md", "DESIGN.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "lab/start.md"],
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
    hosts = re.compile(
        rb"pypi\.(org|python)|pythonhosted|registry\.(npmjs|yarnpkg)|(deb|security)\.debian\.org|"
        rb"(archive|ports)\.ubuntu|repo1?\.maven|proxy\.golang|crates\.io",
        re.IGNORECASE,
    )
    named = [path for path in files() if hosts.search(path.read_bytes())]
    assert named == [Path(__file__)]
