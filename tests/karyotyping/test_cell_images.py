from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.normalization.background import level_cell
from superxception_jax.data.screening.screen import Screened
from superxception_jax.karyotyping import cell_images
from superxception_jax.karyotyping.cell import CellImages, NamedImage, karyotype_cell
from superxception_jax.karyotyping.prior import CountPrior, default_prior, incomplete_prior
from superxception_jax.karyotyping.stain import KnownStain
from superxception_jax.runs.reader import choose_classifier
from tests.karyotyping.known_cell import NORMALIZATION, karyotype, make_classifier


@pytest.fixture(scope="module")
def cell():
    drawn = draw_numbered_cell(0, seed=0, style="g", aneuploid_share=0.0)
    images = [one.image for one in drawn.chromosomes]
    return images, [one.label for one in drawn.chromosomes]


def set_aside(monkeypatch, *indices, reason="a scale bar"):
    """Let the screening set these images aside."""
    found = tuple(Screened(index, reason) for index in indices)
    monkeypatch.setattr(cell_images, "screen_cell", lambda sights, *, names, background: found)


def test_unread_images_are_no_losses(cell):
    images, labels = cell
    unread = tuple((f"{index}.png", "broken") for index in range(3))
    found = karyotype(images[3:], make_classifier(labels[3:]), unread=unread)
    assert sum(found.counts) == 43
    assert found.iscn == ""
    assert found.withheld == "3 images could not be read"
    assert found.flags[0] == "3 images could not be read: no ISCN formula drafted"


def test_an_image_with_values_that_are_no_numbers_is_unread(cell):
    images, _ = cell
    wide = [image.astype(np.float32) for image in images]
    wide[3][0, 0], wide[5][1, 1] = np.nan, np.inf
    named = tuple(NamedImage(str(place), image) for place, image in enumerate(wide))
    read = cell_images.read_cell(CellImages("c", named), background="auto")
    assert read.unread == tuple((name, cell_images.NOT_FINITE) for name in "35")
    assert len(read.names) == len(images) - 2


def test_images_without_pixels_are_unread_and_decide_no_network(cell):
    images, _ = cell
    named = [NamedImage(str(place), image) for place, image in enumerate(images)]
    named[2] = NamedImage("2", np.zeros((0, 5), np.uint8))
    named[4] = NamedImage("4", np.full((5, 5), np.nan, np.float32))
    whole = CellImages("c", tuple(named), unread=(("x.png", "broken"),))
    expected = (("x.png", "broken"), ("2", cell_images.NO_PIXELS), ("4", cell_images.NOT_FINITE))
    assert cell_images.read_cell(whole, background="auto").unread == expected
    # The documented way to a network takes what `karyotype_cell` takes.
    assert choose_classifier(whole, background="auto").oriented
    with pytest.raises(cell_images.NoChromosomeError, match=r"got none among 1; x\.png: broken"):
        choose_classifier(CellImages("c", (named[2],), unread=whole.unread), background="auto")


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (np.zeros((3, 2)), r"float64\[3, 2\]"),
        (np.zeros((3, 2, 3), np.uint8), r"uint8\[3, 2, 3\]"),
        (np.zeros((3, 2), bool), r"bool\[3, 2\]"),
        (Image.new("L", (3, 2)), "Image"),
    ],
)
def test_an_image_of_another_kind_is_named(image, got):
    with pytest.raises(ValueError, match=rf"`image` of `b\.png` must be a grey array .* got {got}"):
        NamedImage("b.png", image)


def test_images_that_are_set_aside_affect_nothing_but_the_formula(cell, monkeypatch):
    images, labels = cell
    alone = karyotype(images, make_classifier(labels))
    long_bar = np.full((400, 400), 255, np.uint8)
    long_bar[10:390, 190:210] = 0
    set_aside(monkeypatch, 3)
    found = karyotype([*images[:3], long_bar, *images[3:]], make_classifier(labels))
    assert found.set_aside == (("3.png", "a scale bar"),)
    assert found.unread == ()
    assert (found.iscn, found.withheld) == ("", "1 image set aside")
    assert found.flags == ("1 image set aside: no ISCN formula drafted",)
    assert found.counts == alone.counts
    for one, other in zip(found.chromosomes, alone.chromosomes, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        assert one.length_px == other.length_px


def test_half_a_cell_twice_is_no_cell(cell, monkeypatch):
    images, labels = cell
    set_aside(monkeypatch, *range(23, 46), reason="the same image as 0.png")
    found = karyotype([*images[:23], *images[:23]], make_classifier(labels[:23]))
    assert found.iscn == ""
    assert found.withheld == "23 images set aside"
    assert len(found.set_aside) == 23


def test_a_cell_of_which_all_is_set_aside_is_refused(cell, monkeypatch):
    images, _ = cell
    set_aside(monkeypatch, 0, 1)
    with pytest.raises(ValueError, match=r"got none among 2; 0\.png: a scale bar"):
        karyotype(images[:2], make_classifier([]))


def test_the_screening_sees_the_levelled_cell(cell, monkeypatch):
    images, labels = cell
    seen = []

    def screen(leveled, *, names, background):
        seen.append((len(leveled), list(names), background))
        return ()

    monkeypatch.setattr(cell_images, "screen_cell", screen)
    found = karyotype(images, make_classifier(labels))
    assert seen == [(46, [f"{index}.png" for index in range(46)], "light")]
    assert found.background.kind == "light"


@pytest.mark.parametrize(
    ("given", "of_the_run", "expected"),
    [
        ("auto", "auto", "auto"),
        ("auto", "dark", "dark"),
        ("light", "dark", "light"),
        ("dark", "auto", "dark"),
    ],
)
def test_the_background_is_that_given_or_that_of_the_run(
    cell, monkeypatch, given, of_the_run, expected
):
    images, labels = cell
    asked = []

    def level(decoded, *, background):
        asked.append(background)
        return level_cell(decoded, background="light")

    monkeypatch.setattr(cell_images, "level_cell", level)
    classifier = make_classifier(labels)
    settings = dataclasses.replace(NORMALIZATION, background=of_the_run)
    classifier = dataclasses.replace(classifier, normalization=settings)
    karyotype(images, classifier, background=given)
    assert asked == [expected]


def test_a_given_background_is_measured(cell):
    images, labels = cell
    dark = [255 - image for image in images]
    # Read as dark on light, the whole box would be the chromosome.
    found = karyotype(dark, make_classifier(labels), background="dark")
    assert found.background.kind == "dark"
    assert found.iscn in ("46,XX", "46,XY")
    with pytest.raises(ValueError, match="`background` must be one of"):
        karyotype(dark, make_classifier(labels), background="grey")


def test_images_reach_the_levelling_as_they_were_decoded():
    wide = np.full((4, 3), 4000, np.uint16)
    opacity = np.ones((4, 3), np.float32)
    one = NamedImage("a", wide, opacity, 12).decoded
    assert one.grey is wide
    assert one.opacity is opacity
    assert one.bits == 12
    plain = NamedImage("a", wide).decoded
    assert (plain.opacity, plain.bits) == (None, 0)


def test_a_foreign_stain_gets_no_formula(cell):
    images, labels = cell
    known = KnownStain(0.5, 0.1, 0.5, cells=10, images=460)
    sure = dataclasses.replace(make_classifier(labels), known_stain=known)
    found = karyotype(images, sure)
    assert found.stain.kind == "known"
    assert found.iscn in ("46,XX", "46,XY")
    # All but undecided.
    unsure = dataclasses.replace(make_classifier(labels, certainty=3.0), known_stain=known)
    found = karyotype(images, unsure)
    assert found.stain.kind == "foreign"
    assert found.stain.score > 0
    assert (found.iscn, found.withheld) == ("", "foreign stain")
    assert found.flags[0].startswith("foreign stain (score ")
    asked_for = karyotype(images, unsure, any_stain=True)
    assert asked_for.iscn in ("46,XX", "46,XY")
    assert asked_for.flags[0].startswith("foreign stain (score ")
    assert karyotype(images, make_classifier(labels)).stain.kind == "not checked"


def test_a_network_that_assumes_the_p_arm_up_calls_nothing_upright(cell):
    images, labels = cell
    both = make_classifier(labels)
    given = dataclasses.replace(
        both, polarity="given", predict=lambda canvases: both.predict(canvases)[:, :24]
    )
    found = karyotype([image[::-1, ::-1] for image in images], given)
    assert {one.turned_probability for one in found.chromosomes} == {None}
    assert found.flags == ("orientation not checked by this network",)


def test_the_prior_of_whole_cells_does_not_apply_to_a_part(cell):
    images, labels = cell
    prior = CountPrior(autosomes=incomplete_prior().autosomes, sexes={"YY": 1.0})
    part = karyotype(images[:4], make_classifier(labels[:4], certainty=1.0), prior=prior)
    without = karyotype(images[:4], make_classifier(labels[:4], certainty=1.0))
    assert part.counts == without.counts
    assert part.flags[0] == (
        "fewer than 42 chromosomes (4): given count prior not applied, no ISCN formula drafted"
    )


def test_a_given_prior_replaces_the_default_one_for_whole_cells(cell):
    images, labels = cell
    prior = CountPrior(autosomes=default_prior().autosomes, sexes={"YY": 1.0})
    found = karyotype(images, make_classifier(labels, certainty=1.0), prior=prior)
    assert found.counts[22:] == (0, 2)


def test_names_that_are_no_text_are_escaped(cell):
    images, labels = cell
    named = tuple(NamedImage(f"{n} \udce9.png", image) for n, image in enumerate(images[:2]))
    whole = CellImages("case \udce9", named, (("x\udce9", "broken"),))
    found = karyotype_cell(whole, classifier=make_classifier(labels[:2]), turned_share=0.5)
    assert found.cell == "case \\udce9"
    assert [one.name for one in found.chromosomes] == ["0 \\udce9.png", "1 \\udce9.png"]
    assert found.unread == (("x\\udce9", "broken"),)
