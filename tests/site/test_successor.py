"""mkdocs-material ends one day: its successor must be able to build the same site."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_zensical_builds_the_same_pages_and_views(site: Path, tmp_path: Path) -> None:
    settings = (ROOT / "mkdocs.yml").read_text()
    settings = settings.replace("docs_dir: build/docs", f"docs_dir: {ROOT}/build/docs")
    settings = settings.replace("site_dir: build/site", f"site_dir: {tmp_path}/site")
    (tmp_path / "mkdocs.yml").write_text(settings)
    subprocess.run(
        ["zensical", "build", "--config-file", str(tmp_path / "mkdocs.yml")],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        ours, theirs = (
            (where / f"lessons/{path.stem}/index.html").read_text()
            for where in (site, tmp_path / "site")
        )
        assert len(re.findall("data-esm=", theirs)) == len(re.findall("data-esm=", ours))
