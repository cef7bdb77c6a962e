from __future__ import annotations

import importlib
import json

import jax
import numpy as np
import pytest

from benchmarks.restoration import CELLS, draw, synthetic_setup
from superxception_jax.models import build
from superxception_jax.models.cnn import DeepCNN
from superxception_jax.training.compile import place_replicated


def write_run(folder, row):
    config = importlib.import_module(f"configs.{row}").get_config("bioimage")
    config.model.width_multiplier = 0.125
    config.model.implementation = "plain"  # compiled faster
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    return folder


def test_the_picture_is_of_synthetic_cells_whatever_the_run_was_trained_on(tmp_path, monkeypatch):
    monkeypatch.setitem(build.MODELS, "super_xception", (DeepCNN, True))
    setup = synthetic_setup(write_run(tmp_path / "run", "super_xception"), str(tmp_path / "data"))
    assert setup.experiment.dataset == "ideogram"
    assert len(set(setup.splits["test"].cells)) == CELLS / 5
    variables = setup.abstract_state.variables
    zeros = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), variables)
    figure, quality = draw(setup, place_replicated(zeros, setup.mesh))
    assert quality["images"] > 0
    # Without weights, the stack adds nothing to bicubic enlargement.
    assert quality["psnr"] == quality["psnr_bicubic"]
    titles = [axes.get_ylabel() for axes in figure.axes]
    assert titles[:4] == ["bicubic", "super-resolved", "difference", "true crop"]


def test_other_networks_are_refused(tmp_path):
    run = write_run(tmp_path / "run", "deep_cnn")
    with pytest.raises(ValueError, match="with a super-resolution stack, got deep_cnn; choose"):
        synthetic_setup(run, str(tmp_path / "data"))
    with pytest.raises(FileNotFoundError, match=r"must be a run folder with config\.json"):
        synthetic_setup(tmp_path / "none", str(tmp_path / "data"))
