from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from scipy import ndimage

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.ideogram.constitution import parse_karyotype
from superxception_jax.data.ideogram.synthetic_cell import draw_cell, draw_chromosomes

# Measured on a public Q-band set: relative length in per cent of half a cell, 1..22, X, Y.
MEASURED_LENGTH = (
    *(7.82, 7.51, 6.35, 5.94, 5.80, 5.51, 5.18, 4.65, 4.47, 4.44, 4.42, 4.46),
    *(3.71, 3.63, 3.62, 3.18, 3.09, 2.87, 2.44, 2.48, 1.97, 2.20, 4.74, 2.27),
)


def foreground(image: np.ndarray) -> np.ndarray:
    labels, _ = ndimage.label(image > max(8.0, 0.12 * np.percentile(image, 99.5)))
    return labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])


def axis_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the centre, the direction (y, x) of the longest axis and the length along it."""
    places = np.stack(np.nonzero(mask)).astype(float)
    variances, directions = np.linalg.eigh(np.cov(places))
    return places.mean(axis=1), directions[:, 1], float(np.sqrt(12.0 * variances[1]))


def width_px(image: np.ndarray) -> float:
    """Return the median width at half maximum across the middle part of the axis."""
    mask = foreground(image)
    centre, along, length = axis_of(mask)
    across = np.array([-along[1], along[0]])
    widths = []
    for share in np.linspace(-0.3, 0.3, 7):
        line = (centre + share * length * along)[:, None] + across[:, None] * np.linspace(
            -15, 15, 121
        )
        grey = ndimage.map_coordinates(np.where(mask, image, 0).astype(float), line, order=1)
        above = np.flatnonzero(grey > grey.max() / 2)
        widths.append(0.25 * np.ptp(above))
    return float(np.median(widths))


@pytest.fixture(scope="module")
def q_cells():
    return [draw_numbered_cell(i, seed=0, style="q", aneuploid_share=0.0) for i in range(24)]


@pytest.fixture(scope="module")
def g_cells():
    return [draw_numbered_cell(i, seed=0, style="g", aneuploid_share=0.0) for i in range(6)]


def test_images_are_grey_and_of_the_right_classes(q_cells):
    for cell in q_cells:
        assert [c.label for c in cell.chromosomes] == list(cell.karyotype.labels)
        for chromosome in cell.chromosomes:
            assert chromosome.image.dtype == np.uint8
            assert chromosome.image.ndim == 2
            assert chromosome.name[:-1] == CLASS_NAMES[chromosome.label]


def test_a_given_karyotype_is_drawn():
    cell = draw_chromosomes(
        np.random.default_rng(0), karyotype=parse_karyotype("47,XX,+21"), style="q"
    )
    assert len(cell.chromosomes) == 47
    assert [c.name for c in cell.chromosomes if c.label == 20] == ["21a", "21b", "21c"]


def test_a_cell_depends_on_seed_and_number_alone():
    one, same = (draw_numbered_cell(3, seed=0, style="q", aneuploid_share=0.5) for _ in range(2))
    assert one.karyotype == same.karyotype
    for a, b in zip(one.chromosomes, same.chromosomes, strict=True):
        np.testing.assert_array_equal(a.image, b.image)
    for seed, number in ((1, 3), (0, 4)):
        other = draw_numbered_cell(number, seed=seed, style="q", aneuploid_share=0.5)
        assert other.chromosomes[0].image.shape != one.chromosomes[0].image.shape


def test_homologues_differ(q_cells):
    first, second = q_cells[0].chromosomes[:2]
    assert first.image.shape != second.image.shape


def test_relative_lengths_are_the_measured_ones(q_cells):
    lengths = defaultdict(list)
    for cell in q_cells:
        measured = [axis_of(foreground(c.image))[2] for c in cell.chromosomes]
        # Female and male cells differ in their total by 1 %: below the tolerance.
        for chromosome, length in zip(cell.chromosomes, measured, strict=True):
            lengths[chromosome.label].append(200.0 * length / sum(measured))
    means = np.array([np.mean(lengths[label]) for label in range(24)])
    # 0.65 of 8 points for chromosome 1; the others are closer.
    np.testing.assert_allclose(means, MEASURED_LENGTH, atol=0.7)
    assert np.corrcoef(means, MEASURED_LENGTH)[0, 1] > 0.99


def test_width_blur_and_size_are_the_measured_ones(q_cells):
    large = [c.image for cell in q_cells[:12] for c in cell.chromosomes if c.label < 8]
    widths = [width_px(image) for image in large]
    assert 9.0 < np.median(widths) < 12.5
    boxes = [
        [np.ptp(places) + 1 for places in np.nonzero(foreground(c.image))]
        for cell in q_cells
        for c in cell.chromosomes
    ]
    height, width = np.median(boxes, axis=0)
    assert 33 < height < 45
    assert 18 < width < 26


def test_grey_levels_are_the_measured_ones(q_cells):
    greys = defaultdict(list)
    for cell in q_cells:
        for chromosome in cell.chromosomes:
            image = chromosome.image
            greys[chromosome.label].append(image[foreground(image)].mean())
    means = {CLASS_NAMES[label]: np.mean(values) for label, values in greys.items()}
    assert 60 < np.mean(list(means.values())) < 95
    assert max(means, key=lambda name: means[name]) == "Y"
    assert set(sorted(means, key=lambda name: means[name])[:2]) == {"19", "22"}
    assert means["4"] > means["1"] > means["17"]


def test_scale_and_brightness_belong_to_the_cell(q_cells):
    totals = [sum(axis_of(foreground(c.image))[2] for c in cell.chromosomes) for cell in q_cells]
    assert 0.1 < np.std(np.log(totals)) < 0.3


def test_chromosomes_are_upright_apart_from_their_tilt(q_cells):
    tilts = []
    for cell in q_cells[:12]:
        for chromosome in cell.chromosomes[:16]:
            _, (y, x), _ = axis_of(foreground(chromosome.image))
            tilts.append(np.degrees(np.arctan2(abs(x), abs(y))))
    assert 8 < np.median(tilts) < 22
    assert np.percentile(tilts, 98) < 60


def test_about_half_of_the_cells_have_an_empty_background(q_cells):
    empty = [all(c.image[0].max() == 0 for c in cell.chromosomes) for cell in q_cells]
    assert 0.2 < np.mean(empty) < 0.8
    for cell, is_empty in zip(q_cells, empty, strict=True):
        if not is_empty:
            border = np.concatenate([c.image[0] for c in cell.chromosomes])
            assert 0.3 < border.mean() < 4.0


def test_p_arm_of_the_acrocentrics_is_up_and_thin(q_cells):
    thinner = []
    for cell in q_cells:
        for chromosome in cell.chromosomes:
            if CLASS_NAMES[chromosome.label] in ("13", "14", "15"):
                rows = np.flatnonzero(foreground(chromosome.image).any(axis=1))
                area = foreground(chromosome.image).sum(axis=1)
                middle = (rows[0] + rows[-1]) // 2
                thinner.append(area[: middle + 1].sum() < area[middle + 1 :].sum())
    assert np.mean(thinner) > 0.8


def test_g_style_is_dark_on_white_and_larger(g_cells):
    images = [c.image for cell in g_cells for c in cell.chromosomes]
    assert np.mean([image[0].mean() for image in images]) > 245
    assert np.median([image.min() for image in images]) < 100
    height, width = np.median([image.shape for image in images], axis=0)
    assert 50 < height < 72
    assert 17 < width < 28


def test_unknown_style_and_share_are_refused():
    with pytest.raises(ValueError, match="`style` must be one of"):
        draw_cell(np.random.default_rng(0), style="Q", aneuploid_share=0.0)
    with pytest.raises(ValueError, match=r"`aneuploid_share` must be in 0\.\.1"):
        draw_cell(np.random.default_rng(0), style="q", aneuploid_share=-1.0)
