"""The preset `:adapt`, as a laboratory uses it: the included network learns its own cells."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from tests.launch.programs import REPOSITORY, run

CONFIG = f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:adapt"
CELLS = 5


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    """Cells of another kind than the included network knows, every second image turned."""
    folder = tmp_path_factory.mktemp("adaptation")
    for number in range(CELLS):
        cell = folder / "cells" / f"cell{number}"
        cell.mkdir(parents=True)
        drawn = draw_numbered_cell(number, seed=0, style="g", aneuploid_share=0.0)
        for index, one in enumerate(drawn.chromosomes):
            image = Image.fromarray(one.image)
            (image.rotate(180) if index % 2 else image).save(cell / f"scan {one.name}.png")
    return folder


def test_a_training_that_gains_nothing_keeps_the_included_network(laboratory, compiled):
    done = run(
        "main.py",
        CONFIG,
        "--config.data.own_folder=cells",
        f"--compilation_cache={compiled}",
        "--workdir=spoiled",
        "--config.training.epochs=1",
        # So large a rate spoils any network.
        "--config.optimizer.learning_rate=3.0",
        "--config.evaluation.bootstrap_resamples=50",
        folder=laboratory,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((laboratory / "spoiled" / "results.json").read_text("utf-8"))
    assert results["start"]["images"] == results["images"] == 46
    assert results["accuracy"] == results["start"]["accuracy"]
    assert results["progress"]["best_step"] == 0
    assert "no epoch improved on it, so it is kept" in done.stdout
    # Where no image is known to be upright, nothing is said of orientations.
    assert "polarity" not in results
