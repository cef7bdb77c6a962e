from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.normalization.background import CellBackground
from superxception_jax.karyotyping.review_flags import (
    cell_flags,
    chromosome_flags,
    decided_text,
    withheld_reason,
)
from superxception_jax.karyotyping.stain import StainVerdict
from tests.karyotyping.report.samples import sample_karyotype

FEMALE = [2] * 23 + [0]


def shares(**classes):
    values = np.zeros(len(CLASS_NAMES))
    for name, share in classes.items():
        values[CLASS_NAMES.index(name.removeprefix("c"))] = share
    return values


def flags_of(label="21", *, probabilities, marginals, turned_probability=0.0):
    return chromosome_flags(
        CLASS_NAMES.index(label),
        probabilities=probabilities,
        marginals=marginals,
        turned_probability=turned_probability,
    )


def changed(**changes):
    counts = list(FEMALE)
    for name, count in changes.items():
        counts[CLASS_NAMES.index(name.removeprefix("c"))] = count
    return counts


def flags_of_cell(counts, **changes):
    values: dict[str, Any] = {
        "margin": 9.0,
        "unread": 0,
        "set_aside": 0,
        "stain": StainVerdict("known", -1.0),
        "any_stain": False,
        "own_prior": False,
        "oriented": True,
    }
    return cell_flags(counts, **values | changes)


def test_a_clear_chromosome_has_no_flag():
    clear = shares(c21=0.97, c22=0.03)
    assert flags_of(probabilities=clear, marginals=clear, turned_probability=0.97) == ()


def test_the_flags_of_a_chromosome():
    single, cell = shares(c21=0.988, c22=0.012), shares(c21=0.4, c22=0.554, cY=0.046)
    assert flags_of("22", probabilities=single, marginals=cell, turned_probability=0.3) == (
        "uncertain class: 22 (55 %) or 21 (40 %)",
        "single-image call 21 (99 %), overruled by the cell",
        "uncertain orientation: check whether the p arm is up",
    )


def test_an_overruled_call_is_flagged_only_where_the_image_speaks_against_the_class():
    for share, flagged in ((0.019, True), (0.021, False), (0.3, False)):
        single, cell = shares(c21=1 - share, c22=share), shares(c22=0.96, c21=0.04)
        assert (flags_of("22", probabilities=single, marginals=cell) != ()) is flagged


def test_a_class_is_uncertain_below_95_percent():
    for share, flagged in ((0.949, True), (0.951, False)):
        cell = shares(c22=share, c21=1 - share)
        assert (flags_of("22", probabilities=cell, marginals=cell) != ()) is flagged


def test_what_is_not_certain_is_not_shown_as_certain():
    single, cell = shares(cX=0.9991, c7=0.0009), shares(c7=0.89, cX=0.004)
    assert flags_of("7", probabilities=single, marginals=cell) == (
        "uncertain class: 7 (89 %) or X (<1 %)",
        "single-image call X (>99 %), overruled by the cell",
    )


def test_a_normal_cell_has_no_flag():
    assert flags_of_cell(FEMALE) == flags_of_cell(changed(X=1, Y=1)) == ()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (changed(c16=1), ("1 copy of chromosome 16",)),
        (changed(c16=0), ("0 copies of chromosome 16",)),
        (changed(c16=1, c21=3), ("1 copy of chromosome 16", "3 copies of chromosome 21")),
        (changed(X=1), ("sex chromosomes: 1 X and 0 Y",)),
        (changed(X=2, Y=1), ("sex chromosomes: 2 X and 1 Y",)),
    ],
)
def test_abnormal_counts(counts, expected):
    assert flags_of_cell(counts) == expected


@pytest.mark.parametrize(
    ("unread", "expected"),
    [
        (1, "1 image could not be read: no ISCN formula drafted"),
        (2, "2 images could not be read: no ISCN formula drafted"),
    ],
)
def test_unread_images(unread, expected):
    assert flags_of_cell(FEMALE, unread=unread) == (expected,)


def test_what_makes_the_counts_untrustworthy_comes_first():
    found = flags_of_cell(
        changed(c16=1),
        unread=3,
        set_aside=1,
        stain=StainVerdict("foreign", 0.5),
        oriented=False,
    )
    assert found == (
        "foreign stain (score 0.5 above the limit): the bands differ from those the network was "
        "trained on; do not rely on its classes; no ISCN formula drafted",
        "3 images could not be read: no ISCN formula drafted",
        "1 image set aside: no ISCN formula drafted",
        "1 copy of chromosome 16",
        "orientation not checked by this network",
    )


def test_a_foreign_stain_stays_flagged_where_a_formula_is_asked_for():
    (flag,) = flags_of_cell(FEMALE, stain=StainVerdict("foreign", 0.5), any_stain=True)
    assert flag.startswith("foreign stain")
    assert flag.endswith("; formula drafted all the same")


@pytest.mark.parametrize(
    "changes", [{"unread": 1}, {"set_aside": 1}, {"counts": [0] * 5 + FEMALE[5:]}]
)
def test_a_formula_that_is_asked_for_and_not_drafted_is_not_said_to_be(changes):
    values = {"counts": FEMALE, "stain": StainVerdict("foreign", 0.5), "any_stain": True} | changes
    stain, other = flags_of_cell(**values)
    assert stain.endswith("do not rely on its classes")
    assert other.endswith("no ISCN formula drafted")


def test_what_is_not_checked_is_no_flag_of_each_chromosome():
    clear = shares(c21=0.97, c22=0.03)
    assert flags_of(probabilities=clear, marginals=clear, turned_probability=None) == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ""),
        ({"foreign": True}, "foreign stain"),
        ({"unread": 1}, "1 image could not be read"),
        ({"set_aside": 2}, "2 images set aside"),
        (
            {"foreign": True, "unread": 2, "set_aside": 1},
            "foreign stain, 2 images could not be read, 1 image set aside",
        ),
    ],
)
def test_why_a_formula_is_withheld(changes, expected):
    values: dict[str, Any] = {"foreign": False, "unread": 0, "set_aside": 0}
    assert withheld_reason(**values | changes) == expected


def test_what_was_decided_is_one_phrase():
    cell = sample_karyotype(
        background=CellBackground("light", 0.8041, 12), stain=StainVerdict("known", -0.412)
    )
    expected = "light background (level 0.80, 12 bits), stain known (score -0.41)"
    assert decided_text(cell) == expected
    assert decided_text(sample_karyotype()).endswith("stain not checked (too few)")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (
            [2] * 20 + [0] * 4,
            "fewer than 42 chromosomes (40): count prior not applied, no ISCN formula drafted",
        ),
        (
            [1] + [0] * 23,
            "fewer than 42 chromosomes (1): count prior not applied, no ISCN formula drafted",
        ),
        (
            [3] * 23 + [0],
            "more than 50 chromosomes (69): count prior not applied, no ISCN formula drafted",
        ),
    ],
)
def test_incomplete_cells(counts, expected):
    assert flags_of_cell(counts, margin=0.0) == (expected,)


def test_a_prior_of_the_user_does_not_apply_to_incomplete_cells():
    expected = (
        "fewer than 42 chromosomes (40): given count prior not applied, no ISCN formula drafted"
    )
    assert flags_of_cell([2] * 20 + [0] * 4, own_prior=True) == (expected,)


@pytest.mark.parametrize(("odds", "shown"), [(1.0, "1"), (1.32, "1.3"), (5.21, "5.2"), (19, "19")])
def test_a_small_margin_is_given_as_odds(odds, shown):
    assert flags_of_cell(FEMALE, margin=math.log(odds)) == (
        f"another assignment of the cell cannot be ruled out (odds {shown} to 1 for the one shown)",
    )
