"""Cases with the answer by the rules of ISCN."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superxception_jax.karyotyping.case.case_record import CaseCell, CaseSettings
from superxception_jax.karyotyping.case.conclude import (
    TOO_FEW_CELLS,
    UNKNOWN_SEX,
    conclude_case,
    conclude_cells,
)
from superxception_jax.karyotyping.iscn import draft_iscn
from tests.karyotyping.case.case_cells import cells_of, conclude, karyotype_of, likelihoods_of
from tests.karyotyping.formulas import parse_iscn

CONSTITUTIONAL = [
    ({"46,XX": 20}, "46,XX[20]"),
    ({"47,XX,+21": 20}, "47,XX,+21[20]"),
    ({"47,XXY": 12, "46,XY": 8}, "mos 47,XXY[12]/46,XY[8]"),
    ({"46,XX": 15, "45,X": 5}, "mos 45,X[5]/46,XX[15]"),
    ({"47,XXX": 6, "45,X": 9, "46,XX": 5}, "mos 45,X[9]/47,XXX[6]/46,XX[5]"),
    ({"47,XXY": 20}, "47,XXY[20]"),
    ({"45,X": 20}, "45,X[20]"),
    ({"48,XX,+21,+21": 4}, "48,XX,+21,+21[4]"),
    ({"48,XXY,+21": 5}, "48,XXY,+21[5]"),
    ({"46,XX": 18, "47,XX,+8": 2}, "mos 47,XX,+8[2]/46,XX[18]"),
    ({"47,XY,+21": 1}, "47,XY,+21[1]"),
    ({"46,XX": 10, "46,XY": 5}, "chi 46,XX[10]/46,XY[5]"),
    ({"46,XX": 12, "47,XY,+21": 5}, "chi 47,XY,+21[5]/46,XX[12]"),
    ({"47,XXX": 12, "46,XY": 5}, "chi 47,XXX[12]/46,XY[5]"),
    # A zygote with two X and a Y is enough.
    ({"47,XXY": 5, "46,XX": 12}, "mos 47,XXY[5]/46,XX[12]"),
    ({"47,XXY": 4, "46,XX": 9, "46,XY": 7}, "mos 47,XXY[4]/46,XX[9]/46,XY[7]"),
    # Random losses, each in another cell, and a change in one cell too few.
    ({"46,XX": 17, "45,XX,-7": 1, "45,XX,-21": 1, "45,X": 1}, "46,XX[20]"),
    ({"46,XX": 19, "47,XX,+8": 1}, "46,XX[20]"),
    ({"46,XX": 3, "45,X": 2}, "46,XX[5]"),
    # One normal cell is enough for a line, if a loss is less probable.
    ({"45,X": 19, "46,XY": 1}, "mos 45,X[19]/46,XY[1]"),
    ({"46,XX": 19, "46,XY": 1}, "46,XX[20]"),
    ({"46,XX": 1, "46,XY": 19}, "46,XY[20]"),
    # Every cell lost another chromosome: no cell shows the counts of the patient.
    ({"46,XX,-3,+21": 1, "46,XX,-7,+21": 1}, "47,XX,+21[2]"),
    # What most cells fit has a line short of cells: the rest is not the first one that there is.
    ({"46,XY": 10, "47,XY,+8": 8, "45,XX,-7": 2}, "mos 47,XY,+8[8]/46,XY[12]"),
]
NEOPLASTIC = [
    ({"46,XX": 5, "47,XX,+8": 10, "48,XX,+8,+21": 5}, "47,XX,+8[10]/48,XX,+8,+21[5]/46,XX[5]"),
    ({"46,XX": 5, "47,XX,+8": 3, "48,XX,+8,+21": 9}, "47,XX,+8[3]/48,XX,+8,+21[9]/46,XX[5]"),
    ({"46,XY": 12, "45,X": 8}, "45,X,-Y[8]/46,XY[12]"),
    ({"46,XX": 12, "45,X": 8}, "45,X,-X[8]/46,XX[12]"),
    ({"46,XY": 9, "47,XXY": 4}, "47,XY,+X[4]/46,XY[9]"),
    ({"46,XY": 17, "45,XY,-7": 3}, "45,XY,-7[3]/46,XY[17]"),
    ({"46,XY": 18, "45,XY,-7": 2}, "46,XY[20]"),
    # Unrelated clones: the larger one first.
    ({"46,XX": 1, "47,XX,+8": 4, "45,XX,-7": 6}, "45,XX,-7[6]/47,XX,+8[4]/46,XX[1]"),
    # Too few cells for a clone, alone and beside normal ones.
    ({"45,XX,-7": 2}, ""),
    ({"47,XX,+8": 1}, ""),
    ({"45,XX,-5": 2, "45,XX,-7": 2}, ""),
    ({"45,XX,-5": 2, "44,XX,-5,-7": 2}, "45,XX,-5[4]"),
    # That a line still has the 5 which another one lost is no gain.
    ({"45,XX,-5": 9, "45,XX,-7": 2}, "45,XX,-5[9]/46,XX[2]"),
    ({"45,XX,-7": 3}, "45,XX,-7[3]"),
    ({"46,XX": 3, "45,XX,-7": 2}, "46,XX[5]"),
    ({"46,XX,-7,+8": 2}, "46,XX,-7,+8[2]"),
    # Lines of two zygotes, such as a donor's, each counted from its own sex.
    ({"46,XX": 17, "47,XY,+8": 3}, "chi 47,XY,+8[3]/46,XX[17]"),
    ({"46,XY": 17, "47,XX,+8": 3}, "chi 47,XX,+8[3]/46,XY[17]"),
    ({"46,XX": 10, "46,XY": 5}, "chi 46,XX[10]/46,XY[5]"),
    ({"46,XX": 4, "46,XY": 9, "45,X": 5}, "chi 45,X,-Y[5]/46,XY[9]/46,XX[4]"),
    ({"47,XX,+8": 3, "47,XY,+8": 6, "45,XX,-7": 4}, "chi 47,XY,+8[6]/45,XX,-7[4]/47,XX,+8[3]"),
    # A line inherits nothing from one of another zygote: its own gain makes a clone of two cells.
    ({"47,XX,+8": 6, "46,XY,-7,+8": 2}, "chi 47,XX,+8[6]/46,XY,-7,+8[2]"),
    # What most cells fit has a line short of cells: the rest is not the first one that there is.
    (
        {"46,XY": 8, "47,XY,+8": 8, "43,XY,-5,-7,-9": 2, "44,XY,-13,-17": 2},
        "47,XY,+8[8]/46,XY[12]",
    ),
    ({"46,XY": 10, "47,XY,+8": 8, "45,XX,-7": 2}, "47,XY,+8[8]/46,XY[12]"),
    ({"46,XX": 10, "47,XX,+8": 5, "45,XY,-7": 2}, "47,XX,+8[5]/46,XX[12]"),
]


@pytest.mark.parametrize(
    ("lines", "formula"), CONSTITUTIONAL, ids=[two for _, two in CONSTITUTIONAL]
)
def test_constitutional_cases(lines, formula):
    case = conclude(lines)
    assert case.formula == formula
    assert case.withheld == ""
    assert case.posterior + sum(share for _, share in case.alternatives) <= 1 + 1e-9
    assert sum(case.sex.values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("lines", "formula"), NEOPLASTIC)
def test_neoplastic_cases(lines, formula):
    assert conclude(lines, order="neoplastic").formula == formula


@pytest.mark.parametrize(
    ("sex", "lines", "formula"),
    [
        ("XY", {"45,X": 5, "46,XX": 12}, "chi 45,X,-Y[5]/46,XX[12]"),
        ("XX", {"45,X": 5, "46,XY": 12}, "chi 45,X,-X[5]/46,XY[12]"),
        ("XX", {"45,X": 5, "46,XX": 12}, "45,X,-X[5]/46,XX[12]"),
    ],
)
def test_lines_of_two_zygotes_are_said_where_the_sex_is_given(sex, lines, formula):
    assert conclude(lines, order="neoplastic", sex=sex).formula == formula


@pytest.mark.parametrize("order", ["constitutional", "neoplastic"])
def test_a_probability_below_the_smallest_number_still_has_its_rank(order):
    case = conclude({"46,XY": 80, "49,XY,+8,+9,+21": 30}, order=order, cells_of_gain=35)
    assert (case.formula, case.posterior) == ("46,XY[110]", 0)


def test_clones_follow_the_usual_rules():
    case = conclude({"46,XX": 14, "47,XX,+8": 2, "45,XX,-7": 3, "45,X": 1})
    assert case.clones == (("-7", ("17", "18", "19")), ("+8", ("15", "16")))
    assert [(one.cell, one.change) for one in case.single_changes] == [("20", "-X")]
    assert case.single_changes[0].text == "most likely lost in preparation"
    strict = conclude({"46,XX": 18, "47,XX,+8": 2}, cells_of_gain=3)
    assert (strict.formula, strict.clones) == ("46,XX[20]", ())
    assert conclude({"48,XX,+21,+21": 4}).clones == (("+21,+21", ("1", "2", "3", "4")),)


def test_a_clone_by_number_that_is_improbable_is_said_to_be_so():
    case = conclude({"46,XX": 17, "45,XX,-21": 3})
    assert case.formula == "46,XX[20]"
    assert case.alternatives[0][0] == "mos 45,XX,-21[3]/46,XX[17]"
    assert case.alternatives[0][1] > 0.1
    assert case.more_text.startswith("-21: enough cells for a clone, but more likely lost")
    assert [cell for cell, _ in case.review_first] == ["18", "19", "20"]


def test_one_cell_too_few_says_how_many_more():
    case = conclude({"46,XX": 19, "47,XX,+8": 1})
    assert case.more_cells == 29
    assert "+8: one cell too few for a clone. 1 more cell with it would make one" in case.more_text
    assert case.review_first == (("20", "fits 47,XX,+8 best, counted with 46,XX"),)
    case = conclude({"45,X": 2})
    assert "a clone needs 1 more cell" in case.more_text
    case = conclude({"46,XX": 18, "47,XX,+8": 2})
    assert case.more_cells == 0
    assert case.review_first[0] == ("19", "without this cell: 46,XX[19]")


def test_a_line_of_too_few_cells_is_said_to_be_probable():
    case = conclude({"46,XX": 3, "45,XX,-7": 2}, order="neoplastic")
    assert case.alternatives[0][0] == "45,XX,-7[2]/46,XX[3]"
    assert case.alternatives[0][1] > 0.95
    assert {one.text for one in case.single_changes} == {
        "in 2 cells: too few for a clone (3 for a loss), but with a probability of 98 % from a "
        "cell line with it; 1 more cell with it would make a clone"
    }
    # Of so many normal cells, a line with the two is less probable than two losses.
    case = conclude({"46,XX": 30, "45,XX,-7": 2}, order="neoplastic")
    assert 0.1 < case.alternatives[0][1] < 0.5
    assert case.single_changes[0].text.startswith("in 2 cells: most likely lost in preparation")


@pytest.mark.parametrize("order", ["constitutional", "neoplastic"])
@pytest.mark.parametrize("lines", [{"47,XX,+8": 20}, {"46,XX": 8}, {"47,XX,+21": 3, "46,XX": 3}])
def test_no_line_without_cells_takes_a_part_of_the_probability(lines, order):
    case = conclude(lines, order=order)
    assert case.posterior > 0.99
    assert "[0]" not in str(case.alternatives)


def test_the_gain_of_a_line_decides_how_many_cells_are_a_clone():
    case = conclude({"46,XX,-7,+8": 2}, order="neoplastic")
    assert case.formula == "46,XX,-7,+8[2]"
    assert case.clones == (("+8", ("1", "2")),)
    assert "a clone needs" not in case.more_text


def test_a_gain_and_a_loss_in_one_cell_are_a_wrong_class_first_of_all():
    case = conclude({"46,XX": 4, "46,XX,+14,-15": 1})
    assert case.formula == "46,XX[5]"
    assert {one.text.split(":")[0] for one in case.single_changes} == {
        "a loss and a gain in one cell"
    }


def test_likelihoods_overrule_a_doubtful_call():
    # The cell was called 47,XX,+14 -15 by a narrow margin; its likelihoods fit 46,XX as well.
    doubtful = likelihoods_of("46,XX")
    row = 2 * 14
    doubtful[row, 13] = doubtful[row, 14] + 0.5
    karyotypes = [
        karyotype_of(str(number), "46,XX", log_likelihoods=likelihoods_of("46,XX", seed=number))
        for number in range(3)
    ]
    case = conclude_case(
        "case", [*karyotypes, karyotype_of("3", "46,XX,+14,-15", log_likelihoods=doubtful)], {}
    )
    assert case.formula == "46,XX[4]"
    assert case.posterior > 0.99
    assert case.lines[1] == ("46,XX,+14,-15", ("3",))


def test_a_rare_trisomy_that_single_cells_call_47_xxx():
    karyotypes = []
    for number in range(8):
        likely = likelihoods_of("47,XX,+8" if number < 4 else "46,XX", seed=number)
        if number < 4:
            eights = np.flatnonzero(likely.argmax(axis=1) == 7)
            likely[eights[0], 22] = likely[eights[0], 7] - 2.0
        called = "47,XXX" if number < 4 else "46,XX"
        karyotypes.append(karyotype_of(str(number), called, log_likelihoods=likely))
    case = conclude_case("case", karyotypes, {})
    assert case.formula == "mos 47,XX,+8[4]/46,XX[4]"
    assert case.clones == (("+8", ("0", "1", "2", "3")),)
    assert case.single_changes == ()
    assert case.lines[0] == ("47,XXX", ("0", "1", "2", "3"))


def test_two_cells_of_one_name_are_refused():
    cells = cells_of({"46,XX": 1}) * 2
    with pytest.raises(ValueError, match="distinct names"):
        conclude_cells("case", cells, (), np.zeros((2, 0)), CaseSettings())


@pytest.mark.parametrize(
    "wrong",
    [{"order": "other"}, {"sex": "X"}, {"cells_of_gain": 0}, {"lost": 0.5}, {"mosaicism": 1.0}],
)
def test_settings_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match=f"`{next(iter(wrong))}` must be"):
        CaseSettings(**wrong)


SEEN = st.sampled_from(
    ["46,XX", "46,XY", "45,X", "47,XXY", "47,XX,+21", "47,XX,+8", "45,XX,-7", "48,XX,+8,+21"]
)


@settings(max_examples=25, deadline=None)
@given(st.lists(SEEN, min_size=1, max_size=8), st.sampled_from(["constitutional", "neoplastic"]))
def test_every_formula_numbers_all_cells_and_has_lines_in_order(texts, order):
    validator = pytest.importorskip("iscn_authenticator")
    cells = [
        CaseCell(str(place), parse_iscn(text), certain=True) for place, text in enumerate(texts)
    ]
    case = conclude_cells("case", cells, (), np.zeros((len(cells), 0)), CaseSettings(order=order))
    if case.withheld:
        assert case.withheld in (UNKNOWN_SEX, TOO_FEW_CELLS)
        return
    prefix, lines = case.formula.partition(" ")[::2] if " " in case.formula else ("", case.formula)
    parts = [line[:-1].split("[") for line in lines.split("/")]
    assert sum(int(number) for _, number in parts) == len(texts)
    assert prefix in (("", "mos", "chi") if order == "constitutional" else ("", "chi"))
    if order == "constitutional":
        assert (prefix == "") == (len(parts) == 1)
    normal = [place for place, (line, _) in enumerate(parts) if line in ("46,XX", "46,XY")]
    assert normal == list(range(len(parts) - len(normal), len(parts)))
    # Of several lines at once the validator knows neither `mos` nor the number of cells of a
    # normal line, therefore it is asked about each line.
    assert all(validator.is_valid_karyotype(line) for line, _ in parts)
    shuffled = conclude_cells(
        "case", cells[::-1], (), np.zeros((len(cells), 0)), CaseSettings(order=order)
    )
    assert shuffled.posterior == pytest.approx(case.posterior, abs=1e-9)
    assert {draft_iscn(one.counts) for one in case.analysed} == set(texts)
