from __future__ import annotations

import numpy as np

from superxception_jax.data.cells import CellDraws, draw_cell_members

LABELS = np.tile(np.repeat(np.arange(3), 2), 4).astype(np.int32)
CELLS = np.repeat([f"cell {number}" for number in range(4)], 6)
AS_THEY_ARE = CellDraws(0.0, 0.0, incomplete_share=0.0, gained_share=0.0)


def draw(draws, number):
    return draw_cell_members(LABELS, CELLS, draws=draws, generator=np.random.default_rng(number))


def test_without_changes_the_cells_are_the_real_ones():
    seen = set()
    for number in range(30):
        members = draw(AS_THEY_ARE, number)
        (cell,) = set(CELLS[members])
        np.testing.assert_array_equal(members, np.flatnonzero(cell == CELLS))
        seen.add(cell)
    assert len(seen) == 4
    np.testing.assert_array_equal(draw(AS_THEY_ARE, 3), draw(AS_THEY_ARE, 3))


def test_recombined_cells_keep_their_classes_and_have_chromosomes_of_several_cells():
    all_exchanged = CellDraws(1.0, 1.0, incomplete_share=0.0, gained_share=0.0)
    for number in range(10):
        members = draw(all_exchanged, number)
        np.testing.assert_array_equal(LABELS[members], LABELS[:6])
    assert len(set(CELLS[draw(all_exchanged, 0)])) > 1
    half = [draw(CellDraws(1.0, 0.5, 0.0, 0.0), number) for number in range(50)]
    kept = np.mean(
        [np.bincount(np.unique(CELLS[one], return_inverse=True)[1]).max() for one in half]
    )
    assert 3 < kept < 6


def test_shares_of_missing_and_gained_chromosomes():
    draws = CellDraws(0.0, 0.0, incomplete_share=0.3, gained_share=0.2)
    sizes = np.bincount([len(draw(draws, number)) for number in range(600)], minlength=8)
    assert sizes[:4].sum() == 0
    # One or two are missing with equal odds.
    assert abs(sizes[4] - 90) < 35
    assert abs(sizes[5] - 90) < 35
    assert abs(sizes[7] - 120) < 40
    assert sizes[4:].sum() == 600
