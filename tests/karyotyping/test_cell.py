from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.karyotyping.cell import CellImages, NamedImage, karyotype_cell
from tests.karyotyping.known_cell import karyotype, make_classifier


@pytest.fixture(scope="module")
def cell():
    drawn = draw_numbered_cell(0, seed=0, style="g", aneuploid_share=0.0)
    images = [one.image for one in drawn.chromosomes]
    return images, [one.label for one in drawn.chromosomes]


def test_a_clear_cell_needs_no_review(cell):
    images, labels = cell
    found = karyotype(images, make_classifier(labels))
    assert [one.label for one in found.chromosomes] == labels
    assert found.iscn in ("46,XX", "46,XY")
    assert found.flags == ()
    assert all(one.flags == () for one in found.chromosomes)
    assert sum(found.counts) == 46
    assert all(one.confidence > 0.99 for one in found.chromosomes)


def test_temperature_and_class_shares_reach_the_karyotype(cell):
    images, labels = cell
    shares = np.arange(1.0, 25.0) / 300
    known = make_classifier(labels[:5], certainty=2.0)
    classifier = dataclasses.replace(known, temperature=0.5, class_shares=shares)
    found = karyotype(images[:5], classifier)
    # Upright and turned outputs add up; half the temperature squares.
    sums = np.full((5, 24), 2.0)
    sums[np.arange(5), labels[:5]] = np.exp(2.0) + 1
    expected = sums**2 / np.sum(sums**2, axis=1, keepdims=True)
    read = [one.probabilities for one in found.chromosomes]
    np.testing.assert_allclose(read, expected, rtol=1e-5)
    np.testing.assert_allclose(found.log_likelihoods, np.log(expected / shares), atol=1e-5)


@pytest.mark.parametrize("share", [0.01, 0.9])
def test_a_given_share_of_turned_images_decides_between_equal_ends(cell, share):
    images, labels = cell

    def predict(canvases):
        outputs = make_classifier(labels[:5]).predict(canvases)
        return np.logaddexp(outputs, np.roll(outputs, 24, axis=1)) - np.float32(np.log(2))

    classifier = dataclasses.replace(make_classifier(labels[:5]), predict=predict)
    named = tuple(NamedImage(f"{index}.png", image) for index, image in enumerate(images[:5]))
    found = karyotype_cell(CellImages("a", named), classifier=classifier, turned_share=share)
    for one in found.chromosomes:
        assert one.turned_probability == pytest.approx(share, rel=1e-3)


def test_crops_are_upright_bright_on_black_and_tight(cell):
    images, labels = cell
    plain = karyotype(images, make_classifier(labels)).chromosomes
    turned = karyotype(images, make_classifier(labels, turned={3})).chromosomes
    assert [one.turned for one in turned] == [index == 3 for index in range(46)]
    np.testing.assert_array_equal(turned[3].image, plain[3].image[::-1, ::-1])
    for one in plain:
        assert one.image.dtype == np.uint8
        assert one.image[0].any()
        assert one.image[:, 0].any()
        assert one.image.shape[0] >= 0.8 * one.length_px
        # White paper became black.
        assert np.median(np.r_[one.image[0], one.image[-1]]) < 60


def test_a_sure_call_that_the_cell_overrules_is_flagged(cell):
    images, labels = cell
    fourteens = [row for row, label in enumerate(labels) if CLASS_NAMES[label] == "14"]
    found = karyotype(images, make_classifier(labels, confused={fourteens[0]: 14}))
    one = found.chromosomes[fourteens[0]]
    assert one.class_name == "14"
    assert one.flags[-1].startswith("single-image call 15 (")
    assert one.flags[-1].endswith(" %), overruled by the cell")


def test_gains_and_losses_are_flagged(cell):
    images, labels = cell
    labels = list(labels)
    place = labels.index(6)
    labels[place] = 20
    found = karyotype(images, make_classifier(labels, certainty=20.0))
    assert found.counts[20] == 3
    assert "3 copies of chromosome 21" in found.flags
    assert "1 copy of chromosome 7" in found.flags
    assert "+21" in found.iscn
    assert "-7" in found.iscn


def test_a_part_of_a_cell_gets_no_formula(cell):
    images, labels = cell
    found = karyotype(images[:5], make_classifier(labels[:5]))
    assert [one.label for one in found.chromosomes] == labels[:5]
    assert found.iscn == ""
    assert found.flags == (
        "fewer than 42 chromosomes (5): count prior not applied, no ISCN formula drafted",
    )


def test_empty_images_are_named_and_the_rest_is_karyotyped(cell):
    images, labels = cell
    blank = np.zeros((20, 20), np.uint8)
    found = karyotype([*images, blank], make_classifier(labels), unread=(("b.png", "broken"),))
    assert len(found.chromosomes) == 46
    assert [name for name, _ in found.unread] == ["b.png", "46.png"]
    assert found.flags == ("2 images could not be read: no ISCN formula drafted",)


def test_names_are_unique():
    image = np.zeros((2, 2), np.uint8)
    text = r"`images` of cell `c` must have unique names, got \['a'\] more than once"
    with pytest.raises(ValueError, match=text):
        CellImages("c", (NamedImage("a", image), NamedImage("b", image), NamedImage("a", image)))


def test_bad_cells_are_refused(cell):
    _, labels = cell
    blank = np.zeros((20, 20), np.uint8)
    text = r"cell `a` must have at least one image that shows a chromosome, got none among 1; 0.png"
    with pytest.raises(ValueError, match=text):
        karyotype([blank], make_classifier([]))
    with pytest.raises(ValueError, match="got none among 0; add images"):
        karyotype([], make_classifier([]))
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[-14:14, -7:7]
    body = (rows / 12) ** 2 + (columns / 5) ** 2 < 1
    images = [
        np.where(body, generator.integers(90, 200, (28, 1)), 0).astype(np.uint8) for _ in range(93)
    ]
    with pytest.raises(ValueError, match="got 93; give the images of one cell"):
        karyotype(images, make_classifier([labels[0]] * 93))
