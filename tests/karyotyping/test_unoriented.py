"""A network that never learned which end of a chromosome is up says so, and reads classes."""

from __future__ import annotations

import dataclasses
import json

import pytest

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.karyotyping.review_flags import ORIENTATION_NOT_CHECKED
from superxception_jax.runs.exported.weights_file import ORIENTED, knows_orientation
from tests.karyotyping.known_cell import karyotype, make_classifier


def test_only_the_sum_of_both_readings_counts():
    drawn = draw_numbered_cell(0, seed=0, style="g", aneuploid_share=0.0).chromosomes
    images, labels = [one.image for one in drawn], [one.label for one in drawn]
    # What such a network calls upright is one end for some classes, the other for the rest.
    swapped = {index for index, label in enumerate(labels) if label % 3 == 0}
    classifier = make_classifier(labels, turned=swapped)
    found = karyotype(images, dataclasses.replace(classifier, oriented=False))
    assert [one.label for one in found.chromosomes] == labels
    assert all(one.turned_probability is None and not one.turned for one in found.chromosomes)
    assert ORIENTATION_NOT_CHECKED in found.flags


def test_a_start_says_whether_it_has_learned_it(tmp_path):
    weights = tmp_path / "variables.npz"
    with pytest.raises(FileNotFoundError, match=r"must be an existing file of weights, got .*npz"):
        knows_orientation(str(weights))
    weights.touch()
    assert knows_orientation(str(weights))
    for stated, expected in ((None, True), (True, True), (False, False)):
        values = {} if stated is None else {ORIENTED: stated}
        (tmp_path / "calibration.json").write_text(json.dumps(values))
        assert knows_orientation(str(weights)) == expected
