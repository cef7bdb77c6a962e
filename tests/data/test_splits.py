from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from superxception_jax.data.splits import (
    FOLDED_PROTOCOLS,
    PROTOCOLS,
    Split,
    SplitSettings,
    _apportion,
    make_split,
)

PADOVA_LABELS = np.repeat(np.arange(24), (238,) * 22 + (193, 45)).astype(np.int32)
PADOVA_CELLS = np.array([str(1 + index % 119) for index in range(5474)])
SETTINGS: dict[str, Any] = {
    "protocol": "cells",
    "seed": 0,
    "fold": 0,
    "folds": 5,
    "validation_share": 0.1,
    "training_share": 1.0,
    "sizes": (4176, 360, 720),
}


def split(labels=PADOVA_LABELS, cells=PADOVA_CELLS, cases=None, **changes) -> Split:
    cases = cells if cases is None else cases
    return make_split(labels, cells, cases, settings=SplitSettings(**{**SETTINGS, **changes}))


def parts(one: Split) -> list[np.ndarray]:
    return [one.train, one.validation, one.test]


def small(groups: int, each: int = 3):
    cells = np.repeat([f"cell {number}" for number in range(groups)], each)
    return {"labels": np.zeros(len(cells), np.int32), "cells": cells}


@st.composite
def data_sets(draw):
    """Return labels, cells and cases of images: cases of 1 to 3 cells, cells of 1 to 6 images."""
    cells_per_case = draw(st.lists(st.integers(1, 3), min_size=4, max_size=12))
    names = [
        (f"{case}.{n}", f"P{case}")
        for case, n_cells in enumerate(cells_per_case)
        for n in range(n_cells)
    ]
    sizes = draw(st.lists(st.integers(1, 6), min_size=len(names), max_size=len(names)))
    rows = [name for name, size in zip(names, sizes, strict=True) for _ in range(size)]
    labels = draw(st.lists(st.integers(0, 23), min_size=len(rows), max_size=len(rows)))
    order = np.array(draw(st.permutations(range(len(rows)))))
    cells, cases = (np.array(column)[order] for column in zip(*rows, strict=True))
    return np.array(labels, np.int32), cells, cases


@st.composite
def split_settings(draw, protocol: str, images: int) -> SplitSettings:
    folds = draw(st.integers(2, 4))
    parts = draw(st.tuples(*[st.integers(1, 100)] * 3))
    sizes = tuple(max(1, part * images // sum(parts) - 1) for part in parts)
    return SplitSettings(
        protocol=protocol,
        seed=draw(st.integers(0, 2**32 - 1)),
        fold=draw(st.integers(0, folds - 1)) if protocol in FOLDED_PROTOCOLS else 0,
        folds=folds,
        validation_share=draw(st.floats(0.01, 0.99)),
        training_share=draw(st.floats(0.01, 1.0)),
        sizes=sizes,
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
@pytest.mark.parametrize("protocol", ["paper", "cells", "cases"])
def test_parts_are_disjoint_and_sorted_and_keep_groups_whole(protocol, data):
    labels, cells, cases = data.draw(data_sets())
    chosen = data.draw(split_settings(protocol, len(labels)))
    assume(sum(chosen.sizes) <= len(labels))
    one = make_split(labels, cells, cases, settings=chosen)
    together = np.concatenate(parts(one))
    assert len(set(together.tolist())) == len(together)
    assert all(len(part) and np.all(np.diff(part) > 0) for part in parts(one)[1:])
    if protocol == "paper":
        assert [len(one.validation), len(one.test)] == list(chosen.sizes[1:])
        assert len(one.train) <= chosen.sizes[0]
    else:
        groups = cells if protocol == "cells" else cases
        for part in parts(one):
            # Every image of a group that is in the part at all.
            np.testing.assert_array_equal(part, np.flatnonzero(np.isin(groups, groups[part])))


@settings(max_examples=60, deadline=None)
@given(st.data())
@pytest.mark.parametrize("protocol", ["paper", "cells", "cases"])
def test_a_smaller_share_of_any_data_set_is_part_of_a_larger_one(protocol, data):
    labels, cells, cases = data.draw(data_sets())
    chosen = data.draw(split_settings(protocol, len(labels)))
    assume(sum(chosen.sizes) <= len(labels))
    share = data.draw(st.floats(chosen.training_share, 1.0))
    small = make_split(labels, cells, cases, settings=chosen)
    large = make_split(
        labels, cells, cases, settings=dataclasses.replace(chosen, training_share=share)
    )
    assert set(small.train.tolist()) <= set(large.train.tolist())
    np.testing.assert_array_equal(small.validation, large.validation)
    np.testing.assert_array_equal(small.test, large.test)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.01, 1.0))
def test_poletti_keeps_cells_whole_for_every_seed(seed, share):
    one, whole = (
        split(protocol="poletti", seed=seed, training_share=value) for value in (share, 1.0)
    )
    train, validation, test = (set(PADOVA_CELLS[part]) for part in parts(whole))
    assert (len(train), len(validation), len(test)) == (63, 7, 49)
    assert len(train | validation | test) == 119
    assert set(one.train.tolist()) <= set(whole.train.tolist())
    np.testing.assert_array_equal(one.test, whole.test)


def test_paper_has_the_sizes_of_the_paper_and_repeats_no_image():
    one = split(protocol="paper")
    assert [len(part) for part in parts(one)] == [4176, 360, 720]
    assert len(np.unique(np.concatenate(parts(one)))) == 5256


def test_paper_is_stratified_to_the_nearest_image():
    one = split(protocol="paper")
    counts = np.bincount(PADOVA_LABELS)
    for part, size in zip(parts(one), (4176, 360, 720), strict=True):
        quota = size * counts / 5474
        assert np.abs(np.bincount(PADOVA_LABELS[part], minlength=24) - quota).max() < 1.5
    # By hand: 720 * 45 / 5474 = 5.92 of class Y.
    assert np.bincount(PADOVA_LABELS[one.test])[23] == 6


def test_paper_can_use_every_image():
    labels = np.array([0, 0, 0, 1, 1, 2], np.int32)
    one = split(labels, np.array(list("abcdef")), protocol="paper", sizes=(3, 1, 2))
    np.testing.assert_array_equal(np.sort(np.concatenate(parts(one))), np.arange(6))


def test_largest_remainders_by_hand():
    # Quotas of 10 over 5:3:1 are 5.56, 3.33, 1.11; 5 + 3 + 1 leave one for the first.
    np.testing.assert_array_equal(_apportion(10, np.array([5, 3, 1])), [6, 3, 1])
    np.testing.assert_array_equal(_apportion(0, np.array([5, 0])), [0, 0])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_seed_decides_and_nothing_else(protocol):
    one, same, other = (split(protocol=protocol, seed=seed) for seed in (1, 1, 2))
    for first, second, third in zip(parts(one), parts(same), parts(other), strict=True):
        np.testing.assert_array_equal(first, second)
        assert not np.array_equal(first, third)
        assert np.all(np.diff(first) > 0)


@pytest.mark.parametrize("protocol", ["cells", "poletti", "cases"])
def test_groups_never_straddle(protocol):
    cases = np.array([str(int(cell) // 2) for cell in PADOVA_CELLS])
    one = split(cases=cases, protocol=protocol)
    groups = cases if protocol == "cases" else PADOVA_CELLS
    train, validation, test = (set(groups[part]) for part in parts(one))
    assert len(train) + len(validation) + len(test) == len(set(groups))
    assert train | validation | test == set(groups)
    assert sum(len(part) for part in parts(one)) == 5474


def test_cells_tests_every_cell_in_exactly_one_fold():
    tests = [set(PADOVA_CELLS[split(fold=fold).test]) for fold in range(5)]
    assert sorted(len(test) for test in tests) == [23, 24, 24, 24, 24]
    assert len(set().union(*tests)) == 119


def test_cells_validates_on_a_tenth_of_the_training_cells():
    one = split(fold=0)
    validation, train = (len(set(PADOVA_CELLS[part])) for part in (one.validation, one.train))
    assert (train, validation) == (85, 10)
    half = split(fold=0, validation_share=0.5)
    assert len(set(PADOVA_CELLS[half.validation])) == 48


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_share_of_the_training_is_part_of_a_larger_share(protocol):
    whole, half, tenth, least = (
        split(protocol=protocol, training_share=share) for share in (1.0, 0.5, 0.1, 1e-6)
    )
    for one in (half, tenth, least):
        np.testing.assert_array_equal(one.validation, whole.validation)
        np.testing.assert_array_equal(one.test, whole.test)
    assert set(least.train) < set(tenth.train) < set(half.train) < set(whole.train)
    if protocol == "paper":
        # Every class keeps its share, and an image at least.
        counts, all_counts = (
            np.bincount(PADOVA_LABELS[one.train], minlength=24) for one in (half, whole)
        )
        assert np.abs(counts - all_counts / 2).max() <= 0.5
        np.testing.assert_array_equal(np.bincount(PADOVA_LABELS[least.train]), np.ones(24))
    else:
        groups = [len(set(PADOVA_CELLS[one.train])) for one in (whole, half, tenth, least)]
        assert groups == [groups[0], int(groups[0] / 2 + 0.5), int(groups[0] / 10 + 0.5), 1]


def test_folds_draw_validation_cells_of_their_own():
    first, second = (set(PADOVA_CELLS[split(fold=fold).validation]) for fold in (0, 1))
    assert first != second


def test_cells_do_not_depend_on_the_order_of_the_images():
    order = np.random.default_rng(0).permutation(5474)
    shuffled = split(PADOVA_LABELS[order], PADOVA_CELLS[order])
    assert set(PADOVA_CELLS[order][shuffled.test]) == set(PADOVA_CELLS[split().test])


def test_poletti_has_70_and_49_cells():
    one = split(protocol="poletti")
    counts = [len(set(PADOVA_CELLS[part])) for part in parts(one)]
    assert counts == [63, 7, 49]


def test_few_cells_still_give_three_parts():
    one = split(**small(3), folds=3)
    assert [len(part) for part in parts(one)] == [3, 3, 3]


def test_the_number_of_folds_changes_the_split():
    assert len(split(folds=2).test) > len(split(folds=10).test)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": "cell"}, "`protocol` must be one of .*, got 'cell'; did you mean `cells`"),
        ({"protocol": "paper", "sizes": (5000, 400, 100)}, "at most .* 5474, got 5500"),
        ({"protocol": "paper", "sizes": (5000, 0, 100)}, "`sizes` must be 3 numbers"),
        ({"protocol": "poletti", **small(5)}, "`cells` must be 119 .*, got 5"),
        ({"fold": 5}, "`fold` must be 0 to 4, got 5"),
        ({"folds": 1}, "`folds` must be at least 2, got 1"),
        ({"seed": -1}, "`seed` must be at least 0, got -1"),
        ({"validation_share": 0.0}, "`validation_share` must be between 0 and 1, got 0.0"),
        ({"training_share": 0.0}, "`training_share` must be above 0 and at most 1, got 0.0"),
        ({"training_share": 1.1}, "`training_share` must be above 0 and at most 1, got 1.1"),
        ({"validation_share": 1.0}, "`validation_share` must be between 0 and 1, got 1.0"),
        (small(4), "`cells` must be enough for 5 folds .*, got 4; use more cells"),
        ({**small(2), "folds": 2}, "`cells` must be enough for 2 folds .*, got 2"),
        ({**small(4), "protocol": "cases"}, "`cases` must be enough for 5 folds"),
        (small(0), "`labels` must hold images, got none"),
    ],
)
def test_what_cannot_be_split_is_explained(changes, message):
    with pytest.raises(ValueError, match=message):
        split(**changes)


def test_settings_report_all_problems_at_once():
    with pytest.raises(ValueError, match="`seed`") as caught:
        SplitSettings(**{**SETTINGS, "seed": -1, "fold": 9, "sizes": (1, 2)})
    names = [line.split("`")[1] for line in str(caught.value).splitlines()]
    assert names == ["seed", "fold", "sizes"]


def test_arrays_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="`cells` must be any"):
        split(cells=PADOVA_CELLS[:-1])
    with pytest.raises(TypeError, match="`labels` must be i32"):
        split(labels=PADOVA_LABELS.astype(np.int64))
