"""mkdocs-material ends one day: its successor must be able to build the same site."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_zensical_builds_the_same_pages_and_views(site: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    for folder in ("build/docs", "site/overrides"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    subprocess.run(["zensical", "build"], check=True, capture_output=True, cwd=tmp_path)
    for ours in sorted(site.glob("lessons/*/index.html")):
        theirs = tmp_path / "build/site" / ours.relative_to(site)
        parts = re.compile('data-esm=|class="output"|<h2')
        assert parts.findall(theirs.read_text()) == parts.findall(ours.read_text())
    assert "이 주소에는 페이지가 없다" in (tmp_path / "build/site/404.html").read_text()
