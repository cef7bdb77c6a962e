from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from configs.stripnet import get_config
from superxception_jax.data.joined import join_chromosomes
from superxception_jax.data.splits import Split
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.pseudo_labels import SOURCE
from superxception_jax.runs.pseudo_labels_file import (
    describe_left_out,
    load_pseudo_labels,
    save_pseudo_labels,
    without_known,
)
from superxception_jax.runs.split.split_file import describe_split
from tests.runs.samples import sample_laboratory


@pytest.mark.parametrize("data_sets", ["own", "gband,own"])
def test_with_the_split_cases_a_tested_patient_has_no_cell_that_trains(data_sets):
    config = get_config("laboratories")
    config.data.dataset, config.data.own_folder = data_sets, "cells"
    of_cases = build_experiment(config)
    assert of_cases.split.protocol == "cases"
    images = sample_laboratory("own", cases=10)
    if "," in data_sets:
        images = join_chromosomes([sample_laboratory("gband", cases=2), images])
    tested, trained = (np.flatnonzero(np.char.endswith(images.cases, one)) for one in "34")
    nobody = np.array([], int)
    for parts in (
        {"test": tested, "validation": nobody},
        {"test": nobody, "validation": tested},
    ):
        stored = describe_split(images, Split(train=trained, **parts))
        # Other images of three patients; the last cell is in no folder of a patient.
        pseudo = sample_laboratory(SOURCE, cases=10).take(np.array([6, 7, 8, 10]))
        pseudo = dataclasses.replace(
            pseudo,
            cases=np.array(["3", "3", "4", ""]),
            hashes=np.array([f"{number:016x} {number + 1:016x}" for number in range(0, 8, 2)]),
        )
        assert without_known(pseudo, stored, of_cases).cases.tolist() == ["4", ""]
        said = describe_left_out(pseudo, stored, of_cases)
        assert (
            "of 4 cells, left out: 2 of a validation or test case; 1 are trained on although"
            in said
        )
        of_cells = dataclasses.replace(
            of_cases, split=dataclasses.replace(of_cases.split, protocol="cells")
        )
        assert len(without_known(pseudo, stored, of_cells).cases) == 4
        assert describe_left_out(pseudo, stored, of_cells) == ""


def test_a_tested_patient_whose_folder_has_another_name_is_known_by_an_image():
    config = get_config("adapt")
    config.data.own_folder, config.split.protocol = "cells", "cases"
    of_cases = build_experiment(config)
    images = sample_laboratory("own", cases=5)
    images = dataclasses.replace(
        images, cases=np.where(images.cases == "3", "12", images.cases).astype(str)
    )
    tested, trained = (np.flatnonzero(images.cases == one) for one in ("12", "4"))
    pseudo = sample_laboratory(SOURCE, cases=5).take(np.arange(5))
    hashes = np.array([f"{number:016x} {number + 1:016x}" for number in range(0, 10, 2)])
    hashes[0] = f"{1:016x} {images.hashes[tested[0]]}"
    pseudo = dataclasses.replace(
        pseudo,
        cells=np.array(["0012/1", "0012/2", "0012/3", "0013/2", "x"]),
        cases=np.array(["0012", "0012", "0012", "0013", ""]),
        hashes=hashes,
    )
    stored = describe_split(images, Split(train=trained, validation=tested[:0], test=tested))
    assert without_known(pseudo, stored, of_cases).cells.tolist() == ["0013/2", "x"]
    said = describe_left_out(pseudo, stored, of_cases)
    assert "left out: 1 with labelled images, 2 of a validation or test case" in said
    assert "were not found" not in said
    # Nothing tells who it is, but that someone is missing.
    hashes[0] = hashes[1]
    assert len(without_known(pseudo, stored, of_cases).cells) == 5
    said = describe_left_out(pseudo, stored, of_cases)
    assert "1 of the validation and test cases were not found: if these" in said
    # A cell of no known case tells of no other one.
    pseudo = dataclasses.replace(pseudo, cases=np.zeros_like(pseudo.cases))
    hashes[0] = f"{images.hashes[tested[0]]} {1:016x}"
    assert len(without_known(pseudo, stored, of_cases).cells) == 4


def test_cases_of_another_data_set_are_no_patients_of_the_laboratory():
    config = get_config("laboratories")
    config.data.dataset = "gband"
    images = sample_laboratory("gband", cases=10)
    tested, trained = (np.flatnonzero(images.cases == one) for one in "34")
    split = Split(train=trained, validation=np.array([], int), test=tested)
    pseudo = sample_laboratory(SOURCE, cases=10)
    pseudo = dataclasses.replace(
        pseudo, hashes=np.array([f"{one} {one}" for one in np.char.add(pseudo.hashes, "x")])
    )
    found = without_known(pseudo, describe_split(images, split), build_experiment(config))
    assert len(found.cells) == len(pseudo.cells)


def test_pseudo_labels_survive_their_file(tmp_path):
    assert load_pseudo_labels(tmp_path) is None
    pseudo = sample_laboratory(SOURCE, cases=3)
    save_pseudo_labels(tmp_path, pseudo, reader="digest")
    kept = load_pseudo_labels(tmp_path)
    assert kept is not None
    for name, column in vars(pseudo).items():
        np.testing.assert_array_equal(getattr(kept, name), column)
