from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.bands import load_bands
from superxception_jax.data.ideogram.profile import draw_profile
from superxception_jax.data.ideogram.styles import style_named
from superxception_jax.karyotyping.stain import (
    CERTAIN_NATS,
    FEWEST_IMAGES,
    KnownStain,
    check_stain,
    fit_stain,
    image_doubts,
    stain_log_probabilities,
    stain_score,
)

PLACES = 24
LABELS = np.array([*np.repeat(np.arange(22), 2), 22, 23])
KNOWN = KnownStain(mean_doubt=1.0, between_cells=0.3, within_cells=1.5, cells=10, images=460)


def shuffle_bands(bands, generator):
    """Give each band of a chromosome the stain of another one."""
    order = generator.permutation(len(bands))
    return tuple(
        dataclasses.replace(band, stain=bands[other].stain, density=bands[other].density)
        for band, other in zip(bands, order, strict=True)
    )


def draw_bands(generator, tables):
    """Draw the band profiles of a cell: f64[46,PLACES]."""
    style = style_named("g")
    profiles = []
    for label in LABELS:
        bands = tables[CLASS_NAMES[label]]
        stain = draw_profile(generator, bands, style=style, places_per_unit=0.02).stain
        places = (np.arange(PLACES) + 0.5) / PLACES * len(stain)
        profiles.append(stain[places.astype(int)])
    return np.array(profiles)


@pytest.fixture(scope="module")
def reader():
    """Return a network that compares bands with those it has seen, and what is known to it."""
    generator, tables = np.random.default_rng(0), load_bands(550)
    seen = np.array([draw_bands(generator, tables) for _ in range(20)])
    templates = np.array([seen[:, label == LABELS].mean(axis=(0, 1)) for label in range(24)])
    spread = np.mean([(seen[:, label == LABELS].std(axis=(0, 1))) for label in range(24)], axis=0)

    def predict(bands):
        distances = ((bands[:, None] - templates) / spread) ** 2
        return log_softmax(-0.5 * distances.mean(axis=2) * 8, axis=1)

    cells = [predict(draw_bands(generator, tables)) for _ in range(5)]
    names = np.repeat([f"cell {number}" for number in range(5)], len(LABELS))
    return predict, fit_stain(np.concatenate(cells), names)


def test_cells_with_the_known_bands_pass(reader):
    predict, known = reader
    generator = np.random.default_rng(1)
    for _ in range(5):
        log_probabilities = predict(draw_bands(generator, load_bands(550)))
        found = check_stain(log_probabilities, known=known)
        assert found.score is not None
        assert found.score < 0
        assert not found.is_foreign
        assert found.text == ""
        some = generator.choice(len(LABELS), size=FEWEST_IMAGES, replace=False)
        assert not check_stain(log_probabilities[some], known=known).is_foreign


def test_cells_with_other_bands_are_foreign(reader):
    predict, known = reader
    generator = np.random.default_rng(2)
    for _ in range(5):
        tables = {name: shuffle_bands(bands, generator) for name, bands in load_bands(550).items()}
        found = check_stain(predict(draw_bands(generator, tables)), known=known)
        assert found.is_foreign
        assert found.text == ""


def certain(labels, *, nats=20.0):
    logits = np.zeros((len(labels), 24))
    logits[np.arange(len(labels)), labels] = nats
    return log_softmax(logits, axis=1)


def test_doubts_are_those_computed_by_hand():
    assert image_doubts(certain(LABELS)) == pytest.approx(np.zeros(46), abs=1e-9)
    # Even odds are 0 nats.
    even = np.full((1, 24), -1000.0)
    even[0, :2] = np.log(0.5)
    assert image_doubts(even) == pytest.approx([CERTAIN_NATS])
    # Of six images that surely are a 1, a cell has room for two.
    crowd = image_doubts(certain(np.array([0] * 6 + [1, 2])))
    assert crowd == pytest.approx([CERTAIN_NATS * 4 / 6] * 6 + [0, 0], abs=1e-6)


@pytest.mark.parametrize("copies", [3, 4])
def test_a_polyploid_cell_has_room_for_its_copies(copies):
    labels = np.repeat(np.arange(23), copies)
    assert image_doubts(certain(labels)).max() < 1e-6


def test_a_certain_network_that_gives_all_images_one_class_is_contradicted():
    known = fit_stain(certain(LABELS), np.full(46, "a"))
    assert not check_stain(certain(LABELS), known=known).is_foreign
    assert check_stain(certain(np.zeros(46, int)), known=known).is_foreign


def test_variances_between_and_within_cells_are_found():
    generator = np.random.default_rng(0)
    rows, names = [], []
    for cell in range(400):
        count = int(generator.integers(4, 40))
        doubts = 4 + generator.normal(0, 0.5) + generator.normal(0, 1.0, count)
        odds = CERTAIN_NATS - np.clip(doubts, 0.1, 7.9)
        logits = np.full((count, 24), -1000.0)
        labels = np.arange(count) % 22  # No class is crowded.
        logits[np.arange(count), labels] = -np.logaddexp(0, -odds)
        logits[np.arange(count), (labels + 1) % 24] = -np.logaddexp(0, odds)
        rows.append(logits)
        names += [str(cell)] * count
    known = fit_stain(np.concatenate(rows), np.array(names))
    assert known.mean_doubt == pytest.approx(4.0, abs=0.1)
    assert known.within_cells == pytest.approx(1.0, abs=0.05)
    assert known.between_cells == pytest.approx(0.5, abs=0.07)
    assert (known.cells, known.images) == (400, len(names))


def test_one_cell_and_single_images_are_fitted_too():
    generator = np.random.default_rng(0)
    logits = log_softmax(generator.normal(0, 3, (30, 24)), axis=1)
    one, singles = (
        fit_stain(logits, np.array(cells)) for cells in (["a"] * 30, [str(n) for n in range(30)])
    )
    for known in (one, singles):
        assert known.within_cells > 0
        assert known.between_cells == pytest.approx(known.within_cells / 3)


def test_fewer_images_need_more_doubt():
    bounds = [KNOWN.most_doubt(images) for images in (1, 6, 20, 46)]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[3] == pytest.approx(1.75 * 1.0 + 1.0 + 1.5 * np.hypot(0.3, 1.5 / np.sqrt(46)))


@given(st.integers(1, 60), st.integers(0, 2**16))
@settings(deadline=None, max_examples=50)
def test_the_score_ignores_the_order_of_images_and_the_names_of_classes(count, seed):
    generator = np.random.default_rng(seed)
    rows = log_softmax(generator.normal(0, 4, (count, 24)), axis=1)
    score = stain_score(rows, known=KNOWN)
    assert np.isfinite(score)
    order = generator.permutation(count)
    assert stain_score(rows[order], known=KNOWN) == pytest.approx(score)
    assert stain_score(rows[:, generator.permutation(24)], known=KNOWN) == pytest.approx(score)


@pytest.mark.parametrize(("count", "words"), [(1, "1 chromosome is"), (14, "14 chromosomes are")])
def test_few_images_are_not_checked(count, words):
    found = check_stain(certain(np.zeros(count, int)), known=KNOWN)
    assert found.score is None
    assert not found.is_foreign
    assert found.text == (f"{words} too few, at least {FEWEST_IMAGES} are needed")


def test_an_earlier_calibration_is_not_checked():
    assert KnownStain.from_json({"temperature": 1.0, "class_shares": []}) is None
    found = check_stain(certain(LABELS), known=None)
    assert found.score is None
    assert not found.is_foreign
    assert found.text.startswith("the calibration.json of this network")


def test_json_is_restored_and_checked():
    assert KnownStain.from_json({"stain": KNOWN.to_json()}) == KNOWN
    for wrong in (None, {}, KNOWN.to_json() | {"threshold": 1.0}):
        with pytest.raises(ValueError, match=r"`stain` must be an object .* launch/evaluate.py"):
            KnownStain.from_json({"stain": wrong})
    for value in (-1.0, float("nan"), float("inf"), "1", None):
        with pytest.raises(ValueError, match=r"`stain.mean_doubt` must be a number"):
            KnownStain.from_json({"stain": KNOWN.to_json() | {"mean_doubt": value}})


def test_outputs_without_a_number_are_refused():
    rows = certain(LABELS)
    rows[3, 4] = np.nan
    for wrong in (rows, rows[:0]):
        with pytest.raises(ValueError, match="check the network"):
            check_stain(wrong, known=KNOWN)


def test_upright_and_turned_images_are_judged_alike():
    upright = np.full((2, 48), -20.0)
    upright[:, 5] = -1e-6
    turned = np.roll(upright, 24, axis=1)
    rows = [
        stain_log_probabilities(one.astype(np.float32), polarity="read", temperature=0.5)
        for one in (upright, turned)
    ]
    assert rows[0] == pytest.approx(rows[1])
    assert rows[0].dtype == np.float64
    given = stain_log_probabilities(
        certain(LABELS).astype(np.float32), polarity="given", temperature=1.0
    )
    assert given == pytest.approx(certain(LABELS), abs=1e-5)
