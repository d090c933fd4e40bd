"""The seed article's statements: each verdict points to a cell that proves it."""

import json
from pathlib import Path

import pytest

from tools.notebook import read

ROOT = Path(__file__).parents[2]
CLAIMS = json.loads((ROOT / "site/claims.json").read_text())


STATEMENTS = {"A": 6, "B": 5, "C": 3, "D": 2, "E": 5, "F": 4, "G": 2}  # of each part


def test_every_statement_of_the_article_is_judged() -> None:
    wanted = {f"{part}{n}" for part, last in STATEMENTS.items() for n in range(1, last + 1)}
    assert {claim["id"] for claim in CLAIMS} == wanted


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: f"{c['id']}-{c['lesson'][:2]}")
def test_claim_names_a_cell_that_asserts(claim: dict[str, str]) -> None:
    assert claim["verdict"] in {"맞음", "부정확", "틀림", "시대가 지남"}
    assert claim["said"]
    assert claim["evidence"]
    notebook = read(ROOT / "notebooks" / f"{claim['lesson']}.ipynb")
    sources = {cell.id: cell.source for cell in notebook.cells}
    assert "assert " in sources[claim["cell"]]
