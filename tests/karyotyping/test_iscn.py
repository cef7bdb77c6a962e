"""Formulas by the rules of ISCN."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superxception_jax.data.ideogram.constitution import parse_karyotype
from superxception_jax.karyotyping.iscn import COMPLETE_CELL, draft_formula, draft_iscn
from tests.karyotyping.formulas import parse_iscn

FORMULAS: dict[str, dict] = {
    "46,XX": {"X": 2},
    "46,XY": {"X": 1, "Y": 1},
    "47,XY,+21": {"X": 1, "Y": 1, 21: 3},
    "45,X": {"X": 1},
    "47,XXY": {"X": 2, "Y": 1},
    "47,XXX": {"X": 3},
    "47,XYY": {"X": 1, "Y": 2},
    "48,XXY,+21": {"X": 2, "Y": 1, 21: 3},
    "45,XX,-21": {"X": 2, 21: 1},
    "48,XX,+13,+21": {"X": 2, 13: 3, 21: 3},
    "48,XX,+21,+21": {"X": 2, 21: 4},
    "44,XX,-7,-7": {"X": 2, 7: 0},
    "46,XX,-2,+10": {"X": 2, 2: 1, 10: 3},
    "45,Y": {"Y": 1},
    "46,YY": {"Y": 2},
    "44,?": {},
    "45,?,+8": {8: 3},
    "49,XXXXY": {"X": 4, "Y": 1},
}


def counts_of(copies: dict, *, sets: int = 2) -> list[int]:
    sexes = [copies.get("X", 0), copies.get("Y", 0)]
    return [copies.get(number, sets) for number in range(1, 23)] + sexes


@pytest.mark.parametrize("text", FORMULAS)
def test_formula_of_the_counts_and_back(text: str):
    counts = counts_of(FORMULAS[text])
    assert draft_iscn(counts) == text
    assert parse_iscn(text) == tuple(counts)


@pytest.mark.parametrize(
    ("text", "sets", "copies"),
    [
        ("23,X", 1, {"X": 1}),
        ("26,X,+4,+6,+21", 1, {"X": 1, 4: 2, 6: 2, 21: 2}),
        ("69,XXY", 3, {"X": 2, "Y": 1}),
        ("68,XXX,-7", 3, {"X": 3, 7: 2}),
        ("92,XXYY", 4, {"X": 2, "Y": 2}),
    ],
)
def test_changes_count_from_the_nearest_ploidy(text: str, sets: int, copies: dict):
    assert draft_iscn(counts_of(copies, sets=sets)) == text
    assert parse_iscn(text) == tuple(counts_of(copies, sets=sets))


@pytest.mark.parametrize(
    ("total", "sets"),
    [(1, 1), (34, 1), (35, 2), (57, 2), (58, 3), (80, 3), (81, 4), (103, 4), (104, 5)],
)
def test_borders_of_the_ploidy_levels(total: int, sets: int):
    # Chromosome 1 takes what is left, so that the entries of the others show the level.
    text = draft_iscn([total] + [0] * 23)
    assert text.count(",-22") == sets
    assert text.count(",+1") + sets == total if total > sets else ",+1" not in text


@given(st.lists(st.integers(0, 6), min_size=24, max_size=24).filter(any))
@settings(max_examples=150, deadline=None)
def test_any_cell_comes_back(counts: list[int]):
    assert parse_iscn(draft_iscn(counts)) == tuple(counts)


@pytest.mark.parametrize("counts", [[2] * 23, [2] * 23 + [-1], []])
@pytest.mark.parametrize("draft", [draft_iscn, draft_formula])
def test_counts_of_other_classes_are_refused(draft: Callable[[list[int]], str], counts: list[int]):
    with pytest.raises(ValueError, match=r"^`counts` must be 24 numbers of at least 0, got \["):
        draft(counts)


def test_an_empty_cell_has_no_formula():
    with pytest.raises(ValueError, match=r"^`counts` must include a chromosome, got \[0, 0"):
        draft_iscn([0] * 24)
    assert draft_formula([0] * 24) == ""


@given(st.lists(st.integers(0, 4), min_size=24, max_size=24))
@settings(max_examples=150, deadline=None)
def test_only_complete_cells_have_a_formula(counts: list[int]):
    complete = sum(counts) in COMPLETE_CELL
    assert draft_formula(counts) == (draft_iscn(counts) if complete else "")


def test_a_formula_can_be_withheld():
    counts = counts_of(FORMULAS["46,XX"])
    assert draft_formula(counts) == "46,XX"
    assert draft_formula(counts, withheld="3 images could not be read") == ""


@pytest.mark.parametrize(("total", "complete"), [(41, False), (42, True), (50, True), (51, False)])
def test_ends_of_a_complete_cell(total: int, complete: bool):
    counts = [2] * 20 + [total - 40, 0, 0, 0]
    assert bool(draft_formula(counts)) == complete


@pytest.mark.parametrize("text", ["46,XY", "47,XX,+18", "45,X", "47,XXY", "48,XYY,+21"])
def test_synthetic_cells_speak_the_same_language(text: str):
    assert parse_karyotype(text).counts == parse_iscn(text)


# It knows the form of a formula, but neither adds it up nor minds the order; Y alone it refuses.
@pytest.mark.parametrize("text", [text for text in FORMULAS if "X" in text])
def test_an_independent_parser_knows_the_form(text: str):
    validator = pytest.importorskip("iscn_authenticator")
    assert validator.is_valid_karyotype(text)
    assert not validator.is_valid_karyotype(text.replace(",", ";", 1))
