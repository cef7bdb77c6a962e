"""From the images of cells to the conclusion about their case."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.karyotyping.assignment import assign_cell
from superxception_jax.karyotyping.case.conclude import conclude_case
from superxception_jax.karyotyping.prior import default_prior
from tests.karyotyping.known_cell import karyotype, make_classifier


@pytest.fixture(scope="module")
def cell():
    drawn = draw_numbered_cell(0, seed=0, style="g", aneuploid_share=0.0)
    return [one.image for one in drawn.chromosomes], [one.label for one in drawn.chromosomes]


def test_a_karyotype_keeps_what_its_case_needs(cell):
    images, labels = cell
    found = karyotype(images, make_classifier(labels))
    assert found.log_likelihoods is not None
    assert found.log_likelihoods.shape == (46, 24)
    again = assign_cell(found.log_likelihoods, prior=default_prior())
    np.testing.assert_array_equal(again.labels, [one.label for one in found.chromosomes])
    assert again.margin == found.margin


def test_a_lost_chromosome_and_an_unreadable_image(cell):
    images, labels = cell
    whole = karyotype(images, make_classifier(labels))
    # The second 7 was lost in preparation.
    lost = len(labels) - 1 - labels[::-1].index(6)
    rest = [one for place, one in enumerate(labels) if place != lost]
    part = karyotype(
        [one for place, one in enumerate(images) if place != lost], make_classifier(rest)
    )
    unread = karyotype(images, make_classifier(labels), unread=(("x.png", "the file is empty"),))
    cells = [
        dataclasses.replace(one, cell=name)
        for name, one in (("1", whole), ("2", part), ("3", whole), ("4", unread))
    ]
    case = conclude_case("case", cells, {})
    assert case.formula == f"{whole.iscn}[3]"
    assert case.posterior > 0.99
    assert [(one.cell, one.change, one.text) for one in case.single_changes] == [
        ("2", "-7", "most likely lost in preparation")
    ]
    assert [(one.name, one.aside) for one in case.set_aside] == [("4", "1 image could not be read")]
    assert [name for name, _ in case.review_first] == ["2", "4"]
