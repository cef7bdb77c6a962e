from __future__ import annotations

import math

import numpy as np
import pytest

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.review_flags import cell_flags, chromosome_flags

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


def flags_of_cell(counts, *, margin=9.0, unread=0, own_prior=False):
    return cell_flags(counts, margin=margin, unread=unread, own_prior=own_prior)


def test_a_clear_chromosome_has_no_flag():
    clear = shares(c21=0.97, c22=0.03)
    assert flags_of(probabilities=clear, marginals=clear, turned_probability=0.97) == ()


def test_the_flags_of_a_chromosome():
    single, cell = shares(c21=0.88, c22=0.12), shares(c21=0.4, c22=0.554, cY=0.046)
    assert flags_of("22", probabilities=single, marginals=cell, turned_probability=0.3) == (
        "uncertain class: 22 (55 %) or 21 (40 %)",
        "single-image call 21 (88 %), overruled by the cell",
        "uncertain orientation (p/q)",
    )


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
    [(1, "1 image could not be read"), (2, "2 images could not be read")],
)
def test_unread_images(unread, expected):
    assert flags_of_cell(FEMALE, unread=unread) == (expected,)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (
            [2] * 20 + [0] * 4,
            "incomplete cell (40 chromosomes): count prior not applied, no ISCN formula drafted",
        ),
        (
            [1] + [0] * 23,
            "incomplete cell (1 chromosome): count prior not applied, no ISCN formula drafted",
        ),
        (
            [3] * 23 + [0],
            "not a near-diploid cell (69 chromosomes): count prior not applied, no ISCN formula "
            "drafted",
        ),
    ],
)
def test_incomplete_cells(counts, expected):
    assert flags_of_cell(counts, margin=0.0) == (expected,)


def test_a_prior_of_the_user_applies_to_incomplete_cells():
    expected = "incomplete cell (40 chromosomes): no ISCN formula drafted"
    assert flags_of_cell([2] * 20 + [0] * 4, own_prior=True) == (expected,)


@pytest.mark.parametrize(("odds", "shown"), [(1.0, "1"), (1.32, "1.3"), (5.21, "5.2"), (19, "19")])
def test_a_small_margin_is_given_as_odds(odds, shown):
    assert flags_of_cell(FEMALE, margin=math.log(odds)) == (
        f"another assignment of the cell is nearly as likely (odds {shown} to 1 for the one shown)",
    )
