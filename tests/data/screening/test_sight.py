from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.normalization.crop import brighten_chromosome, find_chromosome
from superxception_jax.data.screening.sight import LARGEST_SIDE_PX, see


def test_content_is_cut_out_and_shrunk():
    picture = np.zeros((4000, 3000), np.uint8)
    picture[100:1700, 50:850] = 100
    seen = see(255 - picture, background="light")
    assert (seen.factor, seen.corner_px) == (3, (100, 50))
    assert seen.content.shape == (534, 267)
    assert seen.content[:-1, :-1].min() == seen.content.max() == 100
    small = see(picture[:200, :100], background="dark")
    assert (small.factor, small.corner_px) == (1, (100, 50))
    assert small.content.shape == (100, 50)
    line = see(np.full((1, 10**6), 90, np.uint8), background="dark").content
    assert line.shape[0] == 1
    assert line.shape[1] <= LARGEST_SIDE_PX


@pytest.mark.parametrize("shape", [(50, 3000), (0, 9)])
def test_background_is_no_content(shape):
    seen = see(np.zeros(shape, np.uint8), background="dark")
    assert seen.content.size == 0
    assert seen.mask is None
    assert seen.whole_mask is None


@settings(max_examples=25, deadline=None)
@given(
    index=st.integers(0, 45),
    style=st.sampled_from([("q", "dark"), ("g", "light")]),
    margins=st.tuples(*[st.integers(0, 9)] * 4),
    noise=st.integers(0, 8),
)
def test_the_chromosome_is_that_of_the_whole_image(index, style, margins, noise):
    style, background = style
    cell = draw_numbered_cell(0, seed=1, style=style, aneuploid_share=0.0)
    top, bottom, left, right = margins
    image = np.pad(
        cell.chromosomes[index].image,
        ((top, bottom), (left, right)),
        constant_values=255 * (background == "light"),
    )
    added = np.random.default_rng(index).integers(0, noise + 1, image.shape)
    image = np.clip(image.astype(int) + added * (1 - 2 * (background == "light")), 0, 255)
    image = image.astype(np.uint8)
    whole = find_chromosome(brighten_chromosome(image, background=background))
    np.testing.assert_array_equal(see(image, background=background).whole_mask, whole)


def test_of_a_shrunk_copy_no_mask_of_the_image_is_told():
    picture = np.zeros((1600, 400), np.uint8)
    picture[10:-10, 100:300] = 120
    seen = see(picture, background="dark")
    assert seen.mask is not None
    assert seen.whole_mask is None


def test_what_is_wrong_with_the_arguments_is_said():
    with pytest.raises(TypeError, match="`image` must be u8"):
        see(np.zeros((9, 9)), background="dark")
    with pytest.raises(ValueError, match="`background` must be one of"):
        see(np.ones((9, 9), np.uint8), background="grey")
