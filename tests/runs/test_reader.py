"""The networks that come with the project, on cells that they have never seen."""

from __future__ import annotations

import io
import json
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from superxception_jax.chromosomes import class_label
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.karyotyping import karyotype_cell
from superxception_jax.runs.reader import DEFAULT_CLASSIFIERS, load_default_readers
from tests.paths import REAL_DATA

ARCHIVE = REAL_DATA / "bioimlab_qband.zip"
# Two of the cells that tested the network of Q-bands: a female and a male one.
UNSEEN = ("2", "6")
MOST_BYTES = 12_000_000
# Each network is loaded and compiled once.
CHOOSE = load_default_readers("auto")


def read(images, labels, *, turned_share):
    names = [str(place) for place in range(len(images))]
    found = karyotype_cell(
        images, names=names, cell="cell", reader=CHOOSE(images), turned_share=turned_share
    )
    right = np.array([one.label for one in found.chromosomes]) == labels
    return found, float(right.mean())


def test_they_are_small():
    files = [path for path in DEFAULT_CLASSIFIERS["dark"].parent.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES


@pytest.mark.parametrize("background", DEFAULT_CLASSIFIERS)
def test_a_card_says_what_the_results_say(background):
    folder = DEFAULT_CLASSIFIERS[background]
    results = json.loads((folder / "results.json").read_text())
    card = (folder / "MODEL_CARD.md").read_text()
    for value in (
        results["accuracy"],
        results["cells"]["accuracy"],
        results["cells"]["entirely_right"],
        results["polarity"]["turned_at_random"]["polarity_accuracy"],
    ):
        assert f"{100 * value:.1f} %" in card
    assert results["environment"]["commit"] in card
    assert "not for diagnosis" in card.lower()


@pytest.mark.parametrize(("style", "dataset"), [("q", "bioimage"), ("g", "gband")])
def test_the_background_chooses_the_network_which_reads_drawn_cells(style, dataset):
    drawn = draw_numbered_cell(0, seed=1, style=style, aneuploid_share=0.0).chromosomes
    images = [one.image for one in drawn]
    assert CHOOSE(images).about["data set"] == dataset
    _, share = read(images, np.array([one.label for one in drawn]), turned_share=0.01)
    # Drawn chromosomes are no real ones; chance is 1 of 24.
    assert share > 0.5


def test_a_given_background_is_not_guessed():
    images = [np.zeros((9, 9), np.uint8)]
    assert load_default_readers("light")(images).about["data set"] == "gband"


@pytest.mark.skipif(not ARCHIVE.exists(), reason="no Q-band archive")
@pytest.mark.parametrize("cell", UNSEEN)
def test_unseen_real_cells_are_read_both_ways_up(cell):
    images, labels = [], []
    with zipfile.ZipFile(ARCHIVE) as archive:
        for path in archive.namelist():
            if found := re.search(rf"/{cell}/{cell} (\d+)[ab]?\.bmp$", path):
                image = Image.open(io.BytesIO(archive.read(path))).convert("L")
                images.append(np.array(image))
                labels.append(class_label(found[1]))
    upright, share = read(images, np.array(labels), turned_share=0.01)
    assert share >= 44 / 46
    assert upright.iscn in ("46,XX", "46,XY")
    turned, share = read([x[::-1, ::-1] for x in images], np.array(labels), turned_share=0.5)
    assert share >= 43 / 46
    assert np.mean([one.turned for one in turned.chromosomes]) > 0.9
