from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from benchmarks import known_images
from configs.stripnet import get_config
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.included import INCLUDED
from superxception_jax.runs.split_data import draw_split
from superxception_jax.runs.trained_images import TRAINED_FILE, hash_numbers, load_trained
from tests.runs.samples import sample_laboratory


def test_the_images_of_an_exported_network_are_found_in_its_data(tmp_path, monkeypatch):
    folder = tmp_path / "network"
    shutil.copytree(INCLUDED["gband"], folder)
    (folder / TRAINED_FILE).unlink(missing_ok=True)
    config = get_config("own")
    config.data.own_folder, config.model.init_from = "cells", "none"
    experiment = build_experiment(config)
    (folder / "config.json").write_text(json.dumps(experiment.config))
    images, asked = sample_laboratory("own", cases=20), []

    def load(experiment):
        asked.append(experiment.data_sets["own"]["folder"])
        return images

    monkeypatch.setattr(known_images, "load_everything", load)
    places = {"own_folder": str(tmp_path / "cells")}
    with pytest.raises(ValueError, match="must be those of the training of"):
        known_images.write_known_images(folder, places)
    results = json.loads((folder / "results.json").read_text())
    split = draw_split(experiment)(images)
    results["cells"]["cells"] = len(set(images.cells[split.test]))
    (folder / "results.json").write_text(json.dumps(results))
    known_images.write_known_images(folder, places)
    assert asked == [places["own_folder"]] * 2
    trained = images.hashes[[*split.train, *split.validation]]
    assert set(np.asarray(load_trained(folder)).tolist()) == set(hash_numbers(trained).tolist())
    config.data.unlabelled_folder = "others"
    config.model.init_from = "gband"
    (folder / "config.json").write_text(json.dumps(build_experiment(config).config))
    with pytest.raises(ValueError, match="must be trained on labelled cells alone"):
        known_images.write_known_images(folder, places)
