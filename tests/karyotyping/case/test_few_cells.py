"""Cases without a formula, because too few cells show the same."""

from __future__ import annotations

import pytest

from superxception_jax.karyotyping.case.conclude import TOO_FEW_CELLS
from tests.karyotyping.case.case_cells import conclude


def test_cells_of_a_neoplastic_case_that_are_too_few_for_any_clone_have_no_formula():
    case = conclude({"45,XX,-7": 2}, order="neoplastic")
    assert (case.formula, case.withheld, case.clones) == ("", TOO_FEW_CELLS, ())
    assert case.alternatives[0] == ("45,XX,-7[2]", case.posterior)
    assert "a clone needs 1 more cell" in case.more_text
    case = conclude({"45,XX,-5": 2, "45,XX,-7": 2}, order="neoplastic")
    assert case.withheld == TOO_FEW_CELLS
    assert "the closest one needs 1 more cell" in case.more_text
    # A normal cell among them makes the others no normal ones.
    for lines in ({"45,XX,-7": 2}, {"45,XX,-7": 2, "45,XX,-9": 2, "45,X": 2}):
        case = conclude({"46,XX": 1, **lines}, order="neoplastic")
        assert (case.formula, case.withheld) == ("", TOO_FEW_CELLS)
        assert case.more_cells > 0
        assert "cell lines have enough cells for a clone; the closest" in case.more_text
    # With three cells each decides; the patient's own karyotype needs one.
    case = conclude({"45,XX,-7": 3}, order="neoplastic")
    assert case.review_first == tuple((name, "without this cell: no formula") for name in "123")
    assert conclude({"45,X": 1}).formula == "45,X[1]"


@pytest.mark.parametrize(
    ("lines", "formula"),
    [
        ({"47,XX,+21": 1, "47,XX,+18": 1}, ""),
        ({"47,XX,+21": 1, "47,XX,+18": 1, "47,XX,+13": 1, "47,XXX": 1}, ""),
        ({"46,XX": 1, "47,XX,+9": 1, "47,XX,+8": 1}, ""),
        ({"46,XX": 2, "47,XX,+9": 1, "47,XX,+8": 1}, "46,XX[4]"),
        # What is lost in preparation is not missing in the patient.
        ({"45,XX,-7": 1, "45,XX,-9": 1, "45,XX,-11": 1}, "46,XX[3]"),
    ],
)
def test_gains_in_most_cells_of_a_constitutional_case_are_no_normal_karyotype(lines, formula):
    case = conclude(lines)
    assert (case.formula, case.withheld) == (formula, "" if formula else TOO_FEW_CELLS)
