"""The network that comes with the project, on cells that it has never seen."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.record import class_label
from superxception_jax.karyotyping import karyotype_cell
from superxception_jax.reader import DEFAULT_READER, load_reader

ARCHIVE = Path(os.environ.get("SUPERXCEPTION_DATA", Path(__file__).parents[3] / "shared" / "data"))
ARCHIVE /= "bioimlab_qband.zip"
# Two of the cells that tested it: a female and a male one.
UNSEEN = ("2", "6")
MOST_BYTES = 12_000_000


@pytest.fixture(scope="module")
def reader():
    return load_reader(DEFAULT_READER)


def read(images, labels, reader, *, turned_share):
    names = [str(place) for place in range(len(images))]
    found = karyotype_cell(
        images, names=names, cell="cell", reader=reader, turned_share=turned_share
    )
    right = np.array([one.label for one in found.chromosomes]) == labels
    return found, float(right.mean())


def test_it_is_small_and_its_card_says_what_its_results_say():
    files = [path for path in DEFAULT_READER.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    results = json.loads((DEFAULT_READER / "results.json").read_text())
    card = (DEFAULT_READER / "MODEL_CARD.md").read_text()
    for value in (
        results["accuracy"],
        results["cells"]["accuracy"],
        results["cells"]["entirely_right"],
        results["polarity"]["turned_at_random"]["polarity_accuracy"],
    ):
        assert f"{100 * value:.1f} %" in card
    assert results["environment"]["commit"] in card
    for said in ("not for diagnosis", "trained on", "Padova"):
        assert said.lower() in card.lower()


def test_it_reads_drawn_cells_better_than_chance_by_far(reader):
    drawn = draw_numbered_cell(0, seed=1, style="q", aneuploid_share=0.0).chromosomes
    labels = np.array([one.label for one in drawn])
    _, share = read([one.image for one in drawn], labels, reader, turned_share=0.01)
    # Drawn chromosomes are no real ones; chance is 1 of 24.
    assert share > 0.5


@pytest.mark.skipif(not ARCHIVE.exists(), reason="no Q-band archive")
@pytest.mark.parametrize("cell", UNSEEN)
def test_it_reads_unseen_real_cells_both_ways_up(cell, reader):
    images, labels = [], []
    with zipfile.ZipFile(ARCHIVE) as archive:
        for path in archive.namelist():
            if found := re.search(rf"/{cell}/{cell} (\d+)[ab]?\.bmp$", path):
                image = Image.open(io.BytesIO(archive.read(path))).convert("L")
                images.append(np.array(image))
                labels.append(class_label(found[1]))
    upright, share = read(images, np.array(labels), reader, turned_share=0.01)
    assert share >= 44 / 46
    assert upright.iscn in ("46,XX", "46,XY")
    turned, share = read(
        [x[::-1, ::-1] for x in images], np.array(labels), reader, turned_share=0.5
    )
    assert share >= 43 / 46
    assert np.mean([one.turned for one in turned.chromosomes]) > 0.9
