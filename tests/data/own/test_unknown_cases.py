from __future__ import annotations

from superxception_jax.data.own.unknown_cases import describe_unknown_cases


def test_unknown_cases_are_stated():
    cells = cases = ["c9", "c9", "c10"]
    assert describe_unknown_cases(cells, cases) == (
        "own: 2 cells without a patient (column `case` of `labels.csv`): every cell counts as a "
        "case of its own, and the split `cases` equals `cells`."
    )
    assert describe_unknown_cases(["c1"], ["c1"]).startswith("own: 1 cell without a patient")
    # One patient is enough: the laboratory knows of the column.
    others = ["P1" if case == "c9" else case for case in cases]
    assert describe_unknown_cases(cells, others) == ""


def test_one_case_for_all_cells_is_stated():
    text = describe_unknown_cases(["p/c1", "p/c2"], ["p", "p"])
    assert text.startswith("own: all 2 cells are of one case, `p`: if they are of several patient")
