"""What tests of several folders build with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from needs import needs

# Examples are slow on a machine that also runs engines and browsers: no time limit is theirs.
settings.register_profile("course", deadline=None)
settings.load_profile("course")

TWO_STAGES = """
FROM scratch AS one
COPY a /a
FROM scratch AS two
COPY b /b
FROM scratch
COPY --from=one / /
COPY --from=two / /
"""


@pytest.fixture(scope="session")
def buildx() -> None:
    needs("an engine", "buildx")


@pytest.fixture(scope="session")
def two_stages(buildx: None) -> Callable[[Path], Path]:
    """Fills a folder with a build of two stages, /a and /b, that no earlier build knows."""

    def fill(folder: Path) -> Path:
        (folder / "Dockerfile").write_text(TWO_STAGES)
        (folder / "a").write_bytes(uuid4().bytes * 4000)
        (folder / "b").write_text(uuid4().hex)
        return folder

    return fill
