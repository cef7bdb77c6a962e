from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.data.splits import (
    PROTOCOLS,
    Split,
    SplitSettings,
    _apportion,
    make_split,
)

PADOVA_LABELS = np.repeat(np.arange(24), (238,) * 22 + (193, 45)).astype(np.int32)
PADOVA_CELLS = np.array([str(1 + index % 119) for index in range(5474)])
SETTINGS = {
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
        ({"protocol": "paper", "fold": 1}, "`fold` must be 0 for the split `paper`"),
        ({"protocol": "poletti", "fold": 2}, "`fold` must be 0 for the split `poletti`"),
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
