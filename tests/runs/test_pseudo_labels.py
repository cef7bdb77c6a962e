"""A network learns from what it reads in cells without labels, never from what is tested."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from configs.stripnet import get_config
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.images.image_file import hash_image
from superxception_jax.data.own.folder import load_folder, read_folder
from superxception_jax.karyotyping.cell import Classifier, karyotype_prepared
from superxception_jax.karyotyping.folders import find_cells
from superxception_jax.karyotyping.stain import StainVerdict
from superxception_jax.runs import pseudo_labels, run
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.included import INCLUDED
from superxception_jax.runs.pseudo_labels import keep_pseudo_labels, read_unlabelled
from superxception_jax.runs.pseudo_labels_file import (
    PSEUDO_LABELS_FILE,
    describe_left_out,
    load_pseudo_labels,
    without_known,
)
from superxception_jax.runs.split.split_file import UNUSED
from superxception_jax.training.progress import Progress

IMAGES = 8  # of each cell


def add_cell(folder, number, *, labelled):
    folder.mkdir(parents=True)
    drawn = draw_numbered_cell(number, seed=3, style="q", aneuploid_share=0.0)
    for index, one in enumerate(drawn.chromosomes[:: len(drawn.chromosomes) // IMAGES][:IMAGES]):
        name = f"scan {one.name}" if labelled else f"image {index:02d}"
        Image.fromarray(one.image).save(folder / f"{name}.png")


def predict(canvases):
    """Give the images the classes 1, 2, ..., and say nothing of the last one of a cell."""
    logits = np.zeros((len(canvases), 48))
    for row in range(len(canvases) - 1):
        logits[row, row] = 12.0
    return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def folders(tmp_path):
    for number in range(5):
        add_cell(tmp_path / "labelled" / f"cell {number}", number, labelled=True)
    for number in (5, 6):
        add_cell(tmp_path / "unlabelled" / f"cell {number}", number, labelled=False)
    return tmp_path


@pytest.fixture
def experiment(folders, monkeypatch):
    return make_experiment(folders, monkeypatch)


@pytest.mark.parametrize("background", ["auto", "light"])
def test_cells_are_known_by_the_pixels_of_their_labels(folders, experiment, background):
    settings = dataclasses.replace(experiment.normalization, background=background)
    (cell, *_) = find_cells(folders / "labelled").cells
    file = cell.files[0]
    inverted = Image.fromarray(255 - np.asarray(Image.open(file)))
    inverted.save(file)  # What a cell on white would have: of the others nothing is read then.
    read = read_folder(folders / "labelled", twins="refuse")
    records = load_folder(read, twins="refuse", polarity="any", background=background)
    prepared = pseudo_labels._prepare(cell, settings=settings, labelled=np.zeros(0, np.uint64))
    assert prepared is not None
    assert {text.split(" ")[0] for text in prepared.hashes.values()} == {
        hash_image(one.image) for one in records if one.cell == cell.name
    }


def make_experiment(folders, monkeypatch, **changes):
    config = get_config("adapt")
    config.update_from_flattened_dict(
        {
            "data.own_folder": str(folders / "labelled"),
            "data.unlabelled_folder": str(folders / "unlabelled"),
            "data.data_dir": str(folders / "data"),
            "normalization.straightening": "none",
            "training.batch_size": 4,
            "training.devices": 1,
            **{f"data.{name}": value for name, value in changes.items()},
        }
    )
    made = build_experiment(config)
    use_reader(monkeypatch, made)
    return made


def use_reader(monkeypatch, experiment, **changes):
    reader = Classifier(
        predict=predict,
        normalization=experiment.normalization,
        polarity="read",
        temperature=1.0,
        class_shares=np.full(24, 1 / 24),
        about={},
    )
    reader = dataclasses.replace(reader, **changes)
    monkeypatch.setattr(pseudo_labels, "_load_reader", lambda experiment: reader)
    monkeypatch.setattr(pseudo_labels, "usable_cores", lambda: 1)


def test_credible_classes_become_labels(experiment, capsys):
    found = read_unlabelled(experiment)
    assert found.labels.tolist() == [*range(IMAGES - 1)] * 2
    assert found.images.shape == (2 * (IMAGES - 1), 50, 50, 1)
    assert not found.upright.any()
    assert set(found.cells) == {"cell 5", "cell 6"}
    said = capsys.readouterr().out
    assert f"unlabelled: {2 * (IMAGES - 1)} of {2 * IMAGES} images of 2 cells" in said
    assert "that `gband` assigns" in said


@pytest.mark.parametrize("polarity", ["any", "upright"])
def test_cells_that_are_known_to_be_upright_teach_which_end_is_up(folders, monkeypatch, polarity):
    experiment = make_experiment(
        folders, monkeypatch, own_polarity="any", unlabelled_polarity=polarity
    )
    found = read_unlabelled(experiment)
    assert set(found.upright) == {polarity == "upright"}
    assert found.labels.tolist() == [*range(IMAGES - 1)] * 2
    # Nothing else tells: no label does, and these weights know nothing.
    random = dataclasses.replace(experiment, init_from="")
    assert run.set_up(random, pseudo_labelled=found).oriented == (polarity == "upright")


def test_they_are_read_once(folders, experiment, monkeypatch):
    first = keep_pseudo_labels(experiment, folders)
    assert first is not None
    shutil.rmtree(folders / "unlabelled")
    monkeypatch.setattr(pseudo_labels, "read_unlabelled", None)
    for again in (keep_pseudo_labels(experiment, folders), load_pseudo_labels(folders)):
        for field, array in vars(first).items():
            np.testing.assert_array_equal(getattr(again, field), array)


def test_weights_that_change_before_the_first_checkpoint_read_them_again(
    folders, monkeypatch, capsys
):
    shutil.copytree(INCLUDED["gband"], folders / "network")
    weights = folders / "network" / "variables.npz"
    experiment = make_experiment(folders, monkeypatch, unlabelled_reader=str(weights))
    keep_pseudo_labels(experiment, folders)
    shutil.copy(INCLUDED["qband"] / "variables.npz", weights)
    for again in (True, False):
        capsys.readouterr()
        keep_pseudo_labels(experiment, folders)
        assert ("unlabelled: " in capsys.readouterr().out) == again
    # What a run has begun with stays.
    (folders / "checkpoints" / "latest" / "3").mkdir(parents=True)
    weights.unlink()
    keep_pseudo_labels(experiment, folders)
    assert capsys.readouterr().out == ""


def test_a_process_that_does_not_see_the_run_folder_takes_the_classes_of_the_first(
    folders, experiment, monkeypatch
):
    def use_doubtful(share):
        """Read by a network that gives the first image of a cell about this probability."""

        def predict_doubtfully(canvases):
            probabilities = np.exp(predict(canvases))
            probabilities[0] *= share
            probabilities[0, :24] += (1 - share) / 24
            return np.log(probabilities)

        use_reader(monkeypatch, experiment, predict=predict_doubtfully)

    told = []
    monkeypatch.setattr(pseudo_labels, "tell", lambda make: told.append(json.dumps(make())))
    use_doubtful(0.485)
    first = keep_pseudo_labels(experiment, folders)
    assert first is not None
    monkeypatch.setattr(pseudo_labels, "tell", lambda make, limit_seconds: json.loads(told[0]))
    monkeypatch.setattr(pseudo_labels, "is_first", lambda: False)
    use_doubtful(0.475)
    assert set(read_unlabelled(experiment).names) < set(first.names)
    found = keep_pseudo_labels(experiment, folders / "not here")
    assert not (folders / "not here").exists()
    for field, array in vars(first).items():
        np.testing.assert_array_equal(getattr(found, field), array)
    # One that sees the run folder needs no cells.
    shutil.rmtree(folders / "unlabelled" / "cell 6")
    again = keep_pseudo_labels(experiment, folders)
    np.testing.assert_array_equal(vars(again)["names"], first.names)


@pytest.mark.parametrize("turned", [False, True])
def test_a_cell_with_labels_is_left_out(folders, experiment, turned):
    copy = folders / "unlabelled" / "the same"
    copy.mkdir()
    for number, file in enumerate(sorted((folders / "labelled" / "cell 2").iterdir())):
        with Image.open(file) as image:
            image.rotate(180 if turned else 0, expand=True).save(copy / f"image {number:02d}.png")
    found = read_unlabelled(experiment)
    assert "the same" in found.cells
    stored = run.set_up(experiment).split
    assert set(without_known(found, stored, experiment).cells) == {"cell 5", "cell 6"}
    said = describe_left_out(found, stored, experiment)
    assert said.startswith("unlabelled: of 3 cells, left out: 1 with labelled images")
    # What the run doesn't use gives no better labels.
    images = {
        name: dataclasses.replace(one, part=UNUSED if one.cell == "cell 2" else one.part)
        for name, one in stored.images.items()
    }
    others = dataclasses.replace(stored, images=images)
    assert "the same" in without_known(found, others, experiment).cells


def test_a_foreign_stain_is_not_learned(experiment, monkeypatch):
    judged = []

    def karyotype_foreign(cell, **options):
        judged.append(cell.name)
        found = karyotype_prepared(cell, **options)
        return dataclasses.replace(found, stain=StainVerdict("foreign", 0.4))

    monkeypatch.setattr(pseudo_labels, "karyotype_prepared", karyotype_foreign)
    with pytest.raises(ValueError, match="2 of a stain that it doesn't know"):
        read_unlabelled(experiment)
    assert judged == ["cell 5", "cell 6"]


def test_cells_that_cannot_be_read_are_counted(folders, experiment, capsys):
    empty = folders / "unlabelled" / "nothing"
    empty.mkdir()
    Image.fromarray(np.zeros((30, 20), np.uint8)).save(empty / "image 00.png")
    read_unlabelled(experiment)
    assert "left out: 1 that can't be read" in capsys.readouterr().out


def test_another_network_than_the_initial_one_can_read_them(folders, monkeypatch):
    config = get_config("adapt")
    config.data.own_folder = str(folders / "labelled")
    config.data.unlabelled_folder = str(folders / "unlabelled")
    loaded = []

    def load(folder):
        loaded.append(folder)
        raise InterruptedError

    monkeypatch.setattr(pseudo_labels, "load_classifier", load)
    for reader, expected in (("", "gband"), ("qband", "qband")):
        config.data.unlabelled_reader = reader
        with pytest.raises(InterruptedError):
            read_unlabelled(build_experiment(config))
        assert loaded[-1].name == expected


def test_a_reader_without_its_calibration_is_refused(folders):
    config = get_config("adapt")
    config.data.own_folder = str(folders / "labelled")
    config.data.unlabelled_folder = str(folders / "unlabelled")
    config.data.unlabelled_reader = str(folders / "variables.npz")
    with pytest.raises(FileNotFoundError, match=r"`data\.unlabelled_reader` must be an included"):
        read_unlabelled(build_experiment(config))
    config.model.init_from, config.data.unlabelled_reader = config.data.unlabelled_reader, ""
    with pytest.raises(FileNotFoundError, match=r"`model\.init_from` must be an included"):
        read_unlabelled(build_experiment(config))


def test_a_missing_folder_is_named(folders, experiment):
    shutil.rmtree(folders / "unlabelled")
    with pytest.raises(FileNotFoundError, match=r"`data\.unlabelled_folder` must be a folder"):
        read_unlabelled(experiment)


def test_training_shows_them_and_testing_does_not(folders, experiment, monkeypatch):
    seen = []

    def train(setup, workdir, checkpoints, *, profile):
        seen.append(setup)
        return Progress()

    monkeypatch.setattr(run, "train_network", train)
    monkeypatch.setattr(run, "load_best", lambda setup, checkpoints: {})
    monkeypatch.setattr(run, "write_report", lambda *arguments, **options: [])
    workdir = folders / "run"
    run.train_and_test(experiment, workdir, overrides={})
    assert (workdir / PSEUDO_LABELS_FILE).is_file()
    (setup,) = seen
    labelled = len(setup.splits["train"].labels)
    assert len(setup.trained.labels) == labelled + 2 * (IMAGES - 1)
    assert setup.steps_per_epoch == len(setup.trained.labels) // 4
    assert not any(name.startswith("unlabelled/") for name in setup.splits["test"].names)
    assert len(setup.split.images) == 5 * IMAGES
