"""The seed article's statements: each verdict points to a cell that proves it."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLAIMS = [
    row
    for path in sorted((ROOT / "site/claims").glob("*.json"))
    for row in json.loads(path.read_text())
]


def test_there_are_claims() -> None:
    assert CLAIMS


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: f"{c['id']}-{c['lesson'][:2]}")
def test_claim_names_a_cell_that_asserts(claim: dict[str, str]) -> None:
    assert claim["verdict"] in {"맞음", "부정확", "틀림", "시대가 지남"}
    assert claim["said"]
    assert claim["evidence"]
    notebook = json.loads((ROOT / "notebooks" / f"{claim['lesson']}.ipynb").read_text())
    sources = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    assert "assert " in sources[claim["cell"]]
