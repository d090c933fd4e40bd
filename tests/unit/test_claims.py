"""The seed article's statements: each verdict points to a cell that proves it."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLAIMS = json.loads((ROOT / "site/claims.json").read_text())


def test_every_statement_on_the_inside_of_docker_is_judged() -> None:
    """Parts A (architecture) and B (layers) of the article; the lessons to come add the rest."""
    wanted = {f"A{n}" for n in range(1, 7)} | {f"B{n}" for n in range(1, 6)}
    assert wanted <= {claim["id"] for claim in CLAIMS}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: f"{c['id']}-{c['lesson'][:2]}")
def test_claim_names_a_cell_that_asserts(claim: dict[str, str]) -> None:
    assert claim["verdict"] in {"맞음", "부정확", "틀림", "시대가 지남"}
    assert claim["said"]
    assert claim["evidence"]
    notebook = json.loads((ROOT / "notebooks" / f"{claim['lesson']}.ipynb").read_text())
    sources = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    assert "assert " in sources[claim["cell"]]
