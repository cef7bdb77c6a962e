"""The page concludes the same from the cells of a case as Python."""

from __future__ import annotations

from typing import Any

import pytest

from tests.karyotyping.case.case_cells import corrected
from tests.karyotyping.case.random_cases import (
    concluded_by_python,
    given_to_the_page,
    random_case,
)
from tests.karyotyping.case.test_conclude import CONSTITUTIONAL, NEOPLASTIC
from tests.karyotyping.case.test_more_cells import MORE_CELLS

RANDOM_CASES = 150
SCRIPT = """
  return arguments[0].map(({cells, settings, candidates, evidence}) =>
    karyotypeReport.concludeCase(cells, settings, candidates, evidence))"""


def compare(found: Any, expected: Any, where: str) -> None:
    """Compare JSON values; numbers of Python are rounded to six decimals."""
    if isinstance(expected, dict):
        assert set(found) == set(expected), where
        for name, value in expected.items():
            compare(found[name], value, f"{where}.{name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), f"{where}: {found} {expected}"
        for place, value in enumerate(expected):
            compare(found[place], value, f"{where}[{place}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=2e-6), where
    else:
        assert found == expected, where


def test_hand_made_cases(page):
    given, expected = [], []
    for lines, settings in [
        *((lines, {"order": "constitutional"}) for lines, _ in CONSTITUTIONAL),
        *((lines, {"order": "neoplastic"}) for lines, _ in NEOPLASTIC),
        *((lines, settings) for lines, settings, _ in MORE_CELLS),
    ]:
        one = corrected(lines, **settings)
        given.append(given_to_the_page(*one))
        expected.append(concluded_by_python(*one)[1])
    found = page.driver.execute_script(SCRIPT, given)
    for number, (one, values) in enumerate(zip(found, expected, strict=True)):
        compare(one, values, f"case {number}")


def test_random_cases(page):
    cases = [random_case(seed) for seed in range(RANDOM_CASES)]
    expected = [concluded_by_python(*one) for one in cases]
    formulas = [case.formula for case, _ in expected]
    # The samples are what they are for.
    assert sum("mos " in formula for formula in formulas) > 5
    assert sum(formula == "" for formula in formulas) > 3
    assert (
        sum(
            len(case.candidates) > len(one[2])
            for (case, _), one in zip(expected, cases, strict=True)
        )
        > 5
    )
    found = page.driver.execute_script(SCRIPT, [given_to_the_page(*one) for one in cases])
    for number, (one, (_, values)) in enumerate(zip(found, expected, strict=True)):
        compare(one, values, f"case {number}")
