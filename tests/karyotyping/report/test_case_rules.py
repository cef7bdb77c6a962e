"""The page concludes the same from the cells of a case as Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from superxception_jax.karyotyping.case.case_record import CaseSettings
from tests.karyotyping.case.case_cells import cells_of
from tests.karyotyping.case.random_cases import (
    concluded_by_python,
    given_to_the_page,
    random_case,
)
from tests.karyotyping.case.test_conclude import CONSTITUTIONAL, NEOPLASTIC

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
    for cases, order in ((CONSTITUTIONAL, "constitutional"), (NEOPLASTIC, "neoplastic")):
        for lines, formula in cases:
            cells = cells_of(lines)
            one = (cells, CaseSettings(order=order), (), np.zeros((len(cells), 0)))
            case, values = concluded_by_python(*one)
            assert case.formula == formula
            given.append(given_to_the_page(*one))
            expected.append(values)
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
