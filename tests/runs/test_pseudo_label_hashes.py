"""A labelled cell is known among those without labels, whatever else lies beside its images."""

from __future__ import annotations

import shutil

import numpy as np
from PIL import Image

from superxception_jax.runs import run
from superxception_jax.runs.pseudo_labels import read_unlabelled
from superxception_jax.runs.pseudo_labels_file import describe_left_out, without_known
from tests.runs.test_pseudo_labels import add_cell, make_experiment


def test_a_dim_cell_of_which_some_images_are_labelled_is_left_out(tmp_path, monkeypatch):
    """A dim cell is brightened by the brightness of all of its images."""
    for number in range(5):
        add_cell(tmp_path / "labelled" / f"cell {number}", number, labelled=True)
    whole = tmp_path / "unlabelled" / "whole"
    add_cell(whole, 5, labelled=False)
    for folder in (tmp_path / "labelled" / "cell 2", whole):
        for file in folder.iterdir():
            Image.fromarray(np.asarray(Image.open(file)) // 6).save(file)
    for file in (tmp_path / "labelled" / "cell 2").iterdir():
        shutil.copy(file, whole / file.name)
    experiment = make_experiment(tmp_path, monkeypatch)
    found = read_unlabelled(experiment)
    assert set(found.cells) == {"whole"}
    stored = run.set_up(experiment).split
    assert len(without_known(found, stored, experiment).cells) == 0
    assert "left out: 1 with labelled images" in describe_left_out(found, stored, experiment)
