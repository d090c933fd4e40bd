"""Bytes for people have docker's digits."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from layerscope.sizes import human


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (9_995, "9.99 kB"), (9_996, "10.0 kB"),
        (12_350, "12.3 kB"), (99_950, "100 kB"), (999_499, "999 kB"), (999_500, "1.00 MB"),
        (124_500_001, "125 MB"), (1_234_567_890, "1.23 GB"), (1_500_000_000_000, "1.50 TB"),
        (2 * 10**15, "2.00 PB"), (10**24, "1.00 YB"), (-1500, "-1.50 kB"),
    ],
)  # fmt: skip
def test_three_digits_and_a_unit(size: int, text: str) -> None:
    assert human(size) == text


@given(st.integers(0, 10**18))
@example(1_125)  # exactly between two: to even
@example(12_250)
@example(100_500)
def test_digits_are_those_that_docker_prints(size: int) -> None:
    ours = human(size).replace(" ", "")
    if "." in ours:  # docker leaves zeros at the end out
        ours = re.sub(r"\.?0+(?=[a-zA-Z])", "", ours)
    assert ours == _docker(size)


def _docker(size: float) -> str:
    """go-units' HumanSizeWithPrecision(size, 3), but 1 MB for its 1e+03kB."""
    units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
    while size >= 1000:
        size /= 1000
        del units[0]
    digits = f"{size:.3g}"
    return f"1{units[1]}" if digits == "1e+03" else digits + units[0]
