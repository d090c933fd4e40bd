"""The page on troubles knows every trouble that `make` tells of."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "site/troubleshooting.md").read_text()
SCRIPTS = [ROOT / "lab/host", *sorted(ROOT.glob("lab/host.d/*.sh"))]
TOLD = [m for script in SCRIPTS for m in re.findall(r'fail "([^"]+)"', script.read_text())]


@pytest.mark.parametrize("message", TOLD)
def test_message_is_a_heading(message: str) -> None:
    headings = "\n".join(line for line in PAGE.splitlines() if line.startswith("###"))
    # Names differ from case to case, and so does the particle after them.
    for part in re.split(r"\$\w+(?: 을\(를\))?| \(.+\)$", message):
        assert part.strip() in headings


def test_there_are_messages() -> None:
    assert len(TOLD) > 15
