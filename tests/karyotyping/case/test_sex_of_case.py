"""The normal sex chromosomes from which the changes of a case are counted."""

from __future__ import annotations

import numpy as np

from superxception_jax.karyotyping.case.case_record import CaseSettings
from superxception_jax.karyotyping.case.conclude import UNKNOWN_SEX, conclude_case
from tests.karyotyping.case.case_cells import conclude, karyotype_of, likelihoods_of


def test_a_neoplastic_loss_of_a_sex_chromosome_needs_the_sex():
    case = conclude({"45,X": 4}, order="neoplastic")
    assert (case.formula, case.withheld) == ("", UNKNOWN_SEX)
    assert conclude({"45,X": 4}, order="neoplastic", sex="XY").formula == "45,X,-Y[4]"


def test_where_the_sex_is_unknown_nothing_names_a_lost_sex_chromosome():
    case = conclude({"45,X": 3, "46,X,+8": 4}, order="neoplastic")
    assert case.withheld == UNKNOWN_SEX
    assert [text for text, _ in case.lines] == ["46,X,+8", "45,X"]
    assert case.clones == (("+8", ("4", "5", "6", "7")),)
    assert case.review_first == ()
    # A cell that would be counted with a line of 46,XX shows no second X either.
    case = conclude({"45,X": 1, "44,X,-7": 3}, order="neoplastic")
    assert (case.formula, case.withheld) == ("", UNKNOWN_SEX)
    assert "-X" not in str((case.lines, case.clones, case.review_first, case.single_changes))
    # The cell that shows the sex decides as well.
    case = conclude({"45,X": 9, "46,XY": 1}, order="neoplastic")
    assert case.formula == "45,X,-Y[9]/46,XY[1]"
    assert case.review_first == (("10", "without this cell: no formula"),)


def called_46_xy_by_a_narrow_margin(name):
    """Return a cell of which one X was called a Y."""
    doubtful = likelihoods_of("46,XX")
    doubtful[45, 23] = doubtful[45, 22] + 0.5
    return karyotype_of(name, "46,XY", log_likelihoods=doubtful)


def test_changes_are_counted_from_the_sex_that_the_cells_show_together():
    # As many cells were called 46,XX as 46,XY.
    sure = karyotype_of("0", "46,XX", log_likelihoods=likelihoods_of("46,XX", seed=1))
    doubtful = called_46_xy_by_a_narrow_margin("1")
    case = conclude_case("case", [sure, doubtful], {})
    assert case.formula == "46,XX[2]"
    assert case.clones == ()
    assert "clone by the number of cells" not in case.more_text
    lost = [
        karyotype_of(name, "45,X", log_likelihoods=likelihoods_of("45,X", seed=int(name)))
        for name in "234"
    ]
    neoplastic = CaseSettings(order="neoplastic")
    case = conclude_case("case", [sure, doubtful, *lost], {}, neoplastic)
    assert case.formula == "45,X,-X[3]/46,XX[2]"
    assert case.clones == (("-X", ("2", "3", "4")),)
    assert case.lines[0] == ("45,X,-X", ("2", "3", "4"))


def test_a_line_of_another_zygote_has_no_change_of_the_sex_chromosomes():
    case = conclude({"46,XX": 17, "47,XY,+8": 3}, order="neoplastic")
    assert case.clones == (("+8", ("18", "19", "20")),)
    assert [text for text, _ in case.lines] == ["46,XX", "47,XY,+8"]
    # Two cells are enough for a gain, and too few for a loss, in lines of either zygote.
    lines = {"46,XX": 16, "47,XY,+8": 2, "45,XY,-7": 2}
    assert conclude(lines, order="neoplastic").clones == (("+8", ("17", "18")),)


def test_a_call_that_its_case_overrules_does_not_tell_the_sex():
    likely = likelihoods_of("45,X")
    one = np.flatnonzero(likely.argmax(axis=1) == 0)[0]
    likely[one, 23] = likely[one, 0] + 0.5
    cells = [
        karyotype_of(name, "45,X", log_likelihoods=likelihoods_of("45,X", seed=int(name)))
        for name in "1234"
    ]
    doubtful = karyotype_of("0", "45,XY,-1", log_likelihoods=likely)
    neoplastic = CaseSettings(order="neoplastic")
    case = conclude_case("case", [doubtful, *cells], {}, neoplastic)
    assert (case.formula, case.withheld, case.alternatives) == ("", UNKNOWN_SEX, ())
