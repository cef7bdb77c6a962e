"""Damaged cells and a classifier that knows undamaged images by heart, both ways up."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from configs.stripnet import get_config
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.karyotyping.cell import Classifier
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.studies.condition import MISSING, TURN, UNDAMAGED, ConditionResult
from superxception_jax.studies.damage import CORRUPTIONS
from superxception_jax.studies.raw_cells import (
    RawCell,
)
from superxception_jax.studies.robustness import evaluate_condition
from tests.data.normalized import normalize_cell


@pytest.fixture(scope="module")
def cell():
    drawn = draw_numbered_cell(0, seed=0, style="q", aneuploid_share=0.0).chromosomes
    return RawCell("a", tuple(x.image for x in drawn), np.array([x.label for x in drawn]))


@pytest.fixture(scope="module")
def classifier(cell):
    """Know the canvases of the cell, both ways up, by heart; everything else is class 1."""
    known: dict[bytes, int] = {}

    def predict(canvases):
        logits = np.full((len(canvases), 48), -9.0)
        for row, canvas in enumerate(canvases):
            column = known.get(canvas.tobytes(), 0)
            logits[row, column] = 0.0
        return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)

    experiment = build_experiment(get_config("smoke"))
    normalization = dataclasses.replace(experiment.normalization, grey="keep")
    made = Classifier(
        predict=predict,
        normalization=normalization,
        polarity="read",
        temperature=1.0,
        class_shares=np.full(24, 1 / 24),
        about={},
    )
    names = [str(place) for place in range(46)]
    for turned in (False, True):
        images = [image[::-1, ::-1] if turned else image for image in cell.images]
        canvases = normalize_cell(images, names=names, settings=normalization)
        for canvas, label in zip(canvases, cell.labels, strict=True):
            known[canvas.tobytes()] = int(label) + 24 * turned
    return made


def condition(cell, classifier, kind, level):
    done: list[int] = []
    found = evaluate_condition(
        [cell], classifier=classifier, kind=kind, level=level, seed=0, advance=done.append
    )
    assert done == [1]
    return found


def test_an_undamaged_cell_is_fully_correct(cell, classifier):
    assert condition(cell, classifier, UNDAMAGED, 0.0) == ConditionResult(
        kind=UNDAMAGED,
        level=0.0,
        cells=1,
        correct_cells=1,
        images=46,
        correct_single=46,
        correct_assigned=46,
        correct_polarity=46,
        unread=0,
    )


def test_turned_images_are_distinguished_from_upright_ones(cell, classifier):
    found = condition(cell, classifier, TURN, 0.5)
    assert (found.correct_single, found.correct_polarity) == (46, 46)


def test_missing_chromosomes_are_left_out(cell, classifier):
    found = condition(cell, classifier, MISSING, 3.0)
    assert (found.images, found.correct_single) == (43, 43)


@pytest.mark.parametrize("count", [2, 3])
def test_a_cell_without_more_chromosomes_takes_no_part(cell, classifier, count):
    part = RawCell("b", cell.images[:count], cell.labels[:count])
    found = condition(part, classifier, MISSING, 3.0)
    assert (found.cells, found.images) == (0, 0)


def test_damage_reaches_the_classifier_and_lost_images_count_as_wrong(cell, classifier):
    assert condition(cell, classifier, "noise", 6.0).correct_single < 10
    dark = condition(cell, classifier, "gain", 0.08)
    assert dark.unread > 0
    assert dark.correct_cells == 0
    assert dark.images == 46
    assert dark.correct_single <= 46 - dark.unread


def test_a_polarity_that_is_not_read_is_not_counted(cell, classifier):
    blind = dataclasses.replace(
        classifier,
        polarity="given",
        predict=lambda canvases: classifier.predict(canvases)[:, :24],
    )
    for kind, level in ((UNDAMAGED, 0.0), (TURN, 1.0)):
        assert condition(cell, blind, kind, level).correct_polarity is None


@pytest.mark.parametrize("background", ["dark", "light"])
@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_damage_of_no_strength_is_the_undamaged_condition(cell, classifier, kind, background):
    seen: list[np.ndarray] = []

    def predict(canvases):
        seen.append(canvases)
        return classifier.predict(canvases)

    watched = dataclasses.replace(classifier, predict=predict)
    if background == "light":
        cell = dataclasses.replace(cell, images=tuple(255 - image for image in cell.images))
    condition(cell, watched, UNDAMAGED, 0.0)
    condition(cell, watched, kind, 1.0 if kind == "gain" else 0.0)
    undamaged, damaged = seen
    np.testing.assert_array_equal(damaged, undamaged)


def test_of_cells_any_way_up_the_polarity_is_not_counted(cell, classifier):
    turned = tuple(image[::-1, ::-1] for image in cell.images)
    any_way_up = dataclasses.replace(cell, images=turned, upright=False)
    found = condition(any_way_up, classifier, UNDAMAGED, 0.0)
    assert found.correct_polarity is None
    # The share of turned images is the cell's to tell: here all are.
    assert found.correct_assigned == 46
