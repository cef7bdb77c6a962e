from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from superxception_jax.data.images.image_file import decode_image
from superxception_jax.data.tseng.boxes import Box
from superxception_jax.data.tseng.isolated import (
    MARGIN_PX,
    cut_out_isolated,
    find_background,
    match_boxes,
)
from tests.data.tseng.metaphases import BACKGROUND, VISIBLE, draw_metaphase, jpeg


@pytest.fixture(scope="module")
def drawn():
    return draw_metaphase(0)


def overlap(found, drawn) -> float:
    """Return the intersection over union of a cut-out and its drawn chromosome."""
    mask = np.zeros(drawn.picture.shape, bool)
    rows, columns = np.nonzero(found.image < 255 * VISIBLE)
    mask[rows + found.top_px, columns + found.left_px] = True
    true = drawn.masks[found.number]
    return (mask & true).sum() / (mask | true).sum()


@pytest.mark.parametrize(("seed", "slope"), [(0, 0.0), (1, 0.06), (3, 0.1)])
def test_every_isolated_chromosome_is_found_and_no_other(seed, slope):
    drawn = draw_metaphase(seed, slope=slope)
    picture = decode_image(jpeg(drawn.picture)).grey
    found = cut_out_isolated(picture, drawn.boxes)
    assert len(drawn.alone) == 34
    assert [one.number for one in found] == drawn.alone
    assert min(overlap(one, drawn) for one in found) > 0.95


def test_all_around_a_chromosome_is_white(drawn):
    for one in cut_out_isolated(drawn.picture, drawn.boxes):
        for line in (one.image[:2], one.image[-2:], one.image[:, :2], one.image[:, -2:]):
            assert line.min() == 255
        assert ndimage.label(one.image < 255 * 0.7, np.ones((3, 3)))[1] >= 1
        rows, columns = np.nonzero(one.image < 255)
        assert rows.min() <= MARGIN_PX
        assert columns.min() <= MARGIN_PX


def test_grey_levels_are_relative_to_the_background(drawn):
    one = cut_out_isolated(drawn.picture, drawn.boxes)[0]
    rows, columns = np.nonzero(one.image < 200)
    expected = drawn.picture[rows + one.top_px, columns + one.left_px] * (255 / BACKGROUND)
    np.testing.assert_allclose(one.image[rows, columns], expected, atol=2)


def test_a_sloping_background_is_found():
    level = find_background(draw_metaphase(1, slope=0.1).picture)
    assert level is not None
    assert level.level == pytest.approx(BACKGROUND, abs=1)
    assert level.factors[2] == pytest.approx(0.1 * BACKGROUND, abs=1)


def test_a_dark_or_crowded_picture_has_no_light_background(drawn):
    assert find_background(255 - drawn.picture) is None
    assert cut_out_isolated(255 - drawn.picture, drawn.boxes) == []
    crowded = drawn.picture.copy()
    generator = np.random.default_rng(0)
    crowded[:700] = generator.integers(20, 200, (700, crowded.shape[1]))
    assert find_background(crowded) is None


def test_a_chromosome_without_a_box_is_not_cut_out(drawn):
    boxes = [drawn.boxes[index] for index in drawn.alone[:10]]
    assert [one.number for one in cut_out_isolated(drawn.picture, boxes)] == list(range(10))
    assert cut_out_isolated(drawn.picture, []) == []


def widened(box: Box, **changes: int) -> Box:
    return dataclasses.replace(box, **changes)


def test_a_box_with_a_second_chromosome_is_left_out(drawn):
    first, other = drawn.alone[0], drawn.alone[1]
    boxes = list(drawn.boxes)
    one, two = boxes[first], boxes[other]
    boxes[first] = Box(
        one.label,
        min(one.left_px, two.left_px),
        min(one.top_px, two.top_px),
        max(one.right_px, two.right_px),
        max(one.bottom_px, two.bottom_px),
    )
    found = {found.number for found in cut_out_isolated(drawn.picture, boxes)}
    # The second one lies in two boxes now.
    assert not {first, other} & found
    assert found <= set(drawn.alone)


def test_two_boxes_of_one_chromosome_are_left_out(drawn):
    one = drawn.alone[3]
    boxes = [*drawn.boxes, widened(drawn.boxes[one], label=5)]
    found = [found.number for found in cut_out_isolated(drawn.picture, boxes)]
    assert found == [index for index in drawn.alone if index != one]


def test_what_the_edge_of_the_picture_cuts_is_left_out(drawn):
    one = drawn.alone[0]
    box = drawn.boxes[one]
    left = (box.left_px + box.right_px) // 2 - 5
    shown = drawn.picture[:, left:]
    boxes = [Box(box.label, 0, box.top_px, box.right_px - left, box.bottom_px)]
    assert cut_out_isolated(shown, boxes) == []


def test_a_part_of_a_chromosome_is_left_out(drawn):
    one = drawn.alone[0]
    box = drawn.boxes[one]
    height = box.bottom_px - box.top_px
    boxes = [widened(box, bottom_px=box.bottom_px + int(1.3 * height) + 8)]
    assert cut_out_isolated(drawn.picture, boxes) == []


def test_a_small_chromosome_that_touches_a_large_one_in_the_box_of_that_one_is_left_out():
    components = np.zeros((60, 60), np.int32)
    components[10:50, 10:20] = 1  # the large one, and the small one that touches it
    components[30:40, 20:30] = 1
    large, small = Box(0, 8, 8, 32, 52), Box(20, 19, 29, 32, 42)
    areas = np.array([0, (components == 1).sum()])
    assert match_boxes(components, areas, [large, small], smallest_px=20) == [0, 0]
    components[30:40, 20] = 0
    components[30:40, 21:30] = 2
    areas = np.bincount(components.ravel())
    areas[0] = 0
    # They are apart, but the small one lies in both boxes.
    assert match_boxes(components, areas, [large, small], smallest_px=20) == [0, 0]
    assert match_boxes(components, areas, [large, small], smallest_px=95) == [1, 0]
    narrow = Box(0, 8, 8, 21, 52)
    assert match_boxes(components, areas, [narrow, small], smallest_px=20) == [1, 2]
