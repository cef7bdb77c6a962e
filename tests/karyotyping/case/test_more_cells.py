"""What is said of further cells, and of a formula that does not say all."""

from __future__ import annotations

import pytest

from superxception_jax.karyotyping.case.case_record import CaseSettings
from superxception_jax.karyotyping.case.case_review import explain_single_changes
from tests.karyotyping.case.case_cells import conclude
from tests.karyotyping.formulas import parse_iscn

HYPERDIPLOID = "55,XX,+4,+6,+10,+14,+17,+18,+21,+21,+22"
HYPODIPLOID = "38,XX,-3,-4,-5,-7,-13,-15,-16,-17"
TRIPLOID = "69,XXX"
LACKS = "which may be a cell line that the formula lacks."
MORE = f"Left out: 10 cells of more than 50 chromosomes, {LACKS}"
UNLIKELY = (
    "The probability of this formula is below 0.1 %: cell lines that are more probable have too "
    "few cells for a clone."
)
# Cells, settings, and all or the beginning of what is said.
MORE_CELLS: list[tuple[dict[str, int], dict, str]] = [
    ({"46,XX": 10, HYPERDIPLOID: 10}, {"order": "neoplastic"}, MORE),
    ({"46,XX": 5, "47,XX,+8": 5, HYPERDIPLOID: 10}, {"order": "neoplastic"}, MORE),
    ({"46,XX": 19, "47,XX,+8": 1, HYPERDIPLOID: 10}, {"order": "neoplastic"}, f"{MORE} +8: one"),
    ({"45,X": 2, TRIPLOID: 10}, {}, f"{MORE} A clone needs 1 more cell."),
    (
        {"46,XX": 10, HYPODIPLOID: 3},
        {"order": "neoplastic"},
        f"Left out: 3 cells of fewer than 42 chromosomes, {LACKS}",
    ),
    (
        {"46,XX": 10, HYPERDIPLOID: 1},
        {"order": "neoplastic", "cells_of_gain": 1},
        f"Left out: 1 cell of more than 50 chromosomes, {LACKS}",
    ),
    # Too few for a clone, and in constitutional cases no line has so few chromosomes.
    ({"46,XX": 10, HYPERDIPLOID: 1, HYPODIPLOID: 2}, {"order": "neoplastic"}, "10 cells of one"),
    ({"46,XX": 10, HYPODIPLOID: 3}, {}, "10 cells of one line exclude"),
    # Changes that are of a line with a probability of nearly 1.
    ({"46,XX": 10, "42,XX,-5,-7,-9,-11": 2}, {"order": "neoplastic"}, f"{UNLIKELY} -5 and"),
    ({"46,XX": 40, "43,XX,-5,-7,-9": 2}, {"order": "neoplastic"}, f"{UNLIKELY} -5 and"),
    # Without a formula, because the sex is unknown.
    ({"45,X": 4}, {"order": "neoplastic"}, "4 cells of one line exclude"),
    ({"45,X": 3, "46,X,+8": 4}, {"order": "neoplastic"}, "All cell lines have enough cells"),
    ({"45,X": 1, "44,X,-7": 3}, {"order": "neoplastic"}, "All cell lines have enough cells"),
    ({"45,X": 9, "46,XY": 1}, {"order": "neoplastic"}, "All cell lines have enough cells"),
    # Without a formula, because no cell is normal.
    ({"47,XX,+21": 1, "47,XX,+18": 1}, {}, "+21 and +18: one cell too few for a clone."),
    # What most cells fit has a line short of cells.
    ({"46,XY": 80, "49,XY,+8,+9,+21": 30}, {"cells_of_gain": 35}, UNLIKELY),
    (
        {"46,XY": 10, "47,XY,+8": 8, "45,XX,-7": 2},
        {"order": "neoplastic"},
        f"{UNLIKELY} -Y and -7: one cell too few for a clone.",
    ),
]


def test_a_change_is_never_said_to_be_certainly_of_a_line():
    for lines in ({"46,XX": 10, "42,XX,-5,-7,-9,-11": 2}, {"46,XX": 40, "43,XX,-5,-7,-9": 2}):
        singles = conclude(lines, order="neoplastic").single_changes
        assert {"a probability of >99 %" in one.text for one in singles} == {True}
    line, other = parse_iscn("46,XX"), parse_iscn("45,XX,-7")
    singles = explain_single_changes(
        ["1"], [other], [line], likely=[[(other, 1.0)]], settings=CaseSettings()
    )
    assert "a probability of >99 %" in singles[0].text


@pytest.mark.parametrize(("lines", "settings", "text"), MORE_CELLS)
def test_more_cells(lines, settings, text):
    case = conclude(lines, **settings)
    assert case.more_text.startswith(text)
    if text[0] in "LT":
        assert "exclude a second line" not in case.more_text
        assert "All cell lines have enough cells" not in case.more_text
