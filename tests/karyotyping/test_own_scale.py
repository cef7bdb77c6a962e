"""An incomplete cell is read again at the scale that its classes tell."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.normalization.cell_scale import class_lengths, estimate_reference_px
from tests.karyotyping.known_cell import karyotype, make_classifier


@pytest.fixture(scope="module")
def cell():
    drawn = draw_numbered_cell(0, seed=0, style="g", aneuploid_share=0.0).chromosomes
    return [one.image for one in drawn], [one.label for one in drawn]


def read_with(images, labels, *, reference):
    """Return the karyotype, and the heights of the chromosomes on each set of canvases."""
    classifier, heights = make_classifier(labels), []
    predict = classifier.predict

    def watch(canvases):
        heights.append((canvases[..., 0] > 20).any(axis=2).sum(axis=1))
        return predict(canvases)

    settings = dataclasses.replace(classifier.normalization, length_reference=reference)
    watched = dataclasses.replace(classifier, predict=watch, normalization=settings)
    return karyotype(images, watched), heights


def test_the_short_chromosomes_of_a_cell_are_not_taken_for_long_ones(cell):
    images, labels = cell
    short = [index for index, label in enumerate(labels) if label in range(15, 22)]
    some, theirs = [images[index] for index in short], [labels[index] for index in short]
    found, heights = read_with(some, theirs, reference="lengths")
    assert [one.label for one in found.chromosomes] == theirs
    # In proportion to the whole cell: chromosome 16 is a third as long as chromosome 1.
    last = heights[-1].max() / 48
    assert last == pytest.approx(np.sqrt(class_lengths()[15]), abs=0.06)
    _, as_before = read_with(some, theirs, reference="longest")
    assert len(as_before) == 1
    assert as_before[0].max() >= 47


# Without these its scale is 0, 6 and 21 % off.
@pytest.mark.parametrize(("missing", "readings"), [((), 1), ((19, 20, 21), 1), (range(14, 22), 2)])
def test_a_cell_is_read_again_where_its_scale_was_far_off(cell, missing, readings):
    kept = [pair for pair in zip(*cell, strict=True) if pair[1] not in missing]
    _, heights = read_with(*zip(*kept, strict=True), reference="lengths")
    assert len(heights) == readings


def test_known_classes_settle_the_scale():
    """Ten equal chromosomes say nothing of their scale until somebody says what they are."""
    generator = np.random.default_rng(0)
    lengths = 40.0 * np.exp(generator.normal(0.0, 0.04, 10))
    for label in (0, 6, 12):
        known = np.zeros((10, 24))
        known[:, label] = 1.0
        reference = estimate_reference_px(lengths, classes=known)
        assert reference == pytest.approx(40.0 / class_lengths()[label], rel=0.05)
