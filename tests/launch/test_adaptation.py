"""The preset `:adapt`, as a laboratory uses it: the included network learns its own cells."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.runs.reader import load_classifier
from tests.launch.programs import REPOSITORY, run

CONFIG = f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:adapt"
CELLS = 5
# As large as the preset, but shorter, and with a rate that shows in so few steps.
SHORT = (
    "--config.training.epochs=3",
    "--config.optimizer.learning_rate=1e-3",
    "--config.evaluation.bootstrap_resamples=50",
)


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


def adapt(folder, name, *flags):
    done = run(
        "main.py",
        CONFIG,
        "--config.data.own_folder=cells",
        f"--workdir={name}",
        *flags,
        folder=folder,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / name / "results.json").read_text("utf-8")), done.stdout


def test_the_included_network_learns_a_laboratory(laboratory):
    results, said = adapt(laboratory, "adapted", *SHORT)
    assert results["start"]["images"] == results["images"] == 46
    assert results["accuracy"] > results["start"]["accuracy"] + 0.05
    assert results["progress"]["best_step"] > 0
    assert f"before the training: {results['start']['accuracy']:.2%} of 46 images" in said
    # Where no image is known to be upright, nothing is said of orientations.
    assert "polarity" not in results
    assert load_classifier(laboratory / "adapted").polarity == "read"


def test_a_training_that_gains_nothing_keeps_the_included_network(laboratory):
    # So large a rate spoils any network.
    harmful = ("--config.training.epochs=1", "--config.optimizer.learning_rate=3.0")
    results, said = adapt(laboratory, "spoiled", *SHORT, *harmful)
    assert results["accuracy"] == results["start"]["accuracy"]
    assert results["progress"].get("best_step", 0) == 0
    assert "no epoch improved on it, so it is kept" in said
