"""The shipped networks, on cells that they were not trained on."""

from __future__ import annotations

import errno
import io
import json
import math
import re
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from superxception_jax.chromosomes import class_label
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.normalization.background import CellBackground, LeveledCell
from superxception_jax.karyotyping import CellImages, NamedImage, karyotype_cell
from superxception_jax.runs import reader
from superxception_jax.runs.exported import portable
from superxception_jax.runs.included import VARIABLES_FILE
from superxception_jax.runs.reader import (
    DEFAULT_CLASSIFIERS,
    choose_classifier,
    export_classifier,
    load_classifier,
)
from superxception_jax.runs.results import RunResults
from superxception_jax.runs.workdir import CALIBRATION_FILE, load_config
from tests.launch.programs import environment
from tests.paths import REAL_DATA, REPOSITORY

ARCHIVE = REAL_DATA / "bioimlab_qband.zip"
# Two of the cells that tested the network of Q-bands: a female and a male one.
UNSEEN = ("2", "6")
MOST_BYTES = 12_000_000
TRAINING_LIBRARIES = (
    *("orbax", "optax", "tensorboardX", "tensorflow_datasets", "matplotlib", "clu"),
    *("grain", "array_record"),
)


def make_cell(images):
    return CellImages("cell", tuple(NamedImage(str(i), image) for i, image in enumerate(images)))


def karyotype(images, labels, *, turned_share):
    """Return the karyotype and its accuracy."""
    cell = make_cell(images)
    classifier = choose_classifier(cell, background="auto")
    found = karyotype_cell(cell, classifier=classifier, turned_share=turned_share)
    correct = np.array([one.label for one in found.chromosomes]) == labels
    return found, float(correct.mean())


def test_they_are_small():
    files = [path for path in DEFAULT_CLASSIFIERS["dark"].parent.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES


@pytest.mark.parametrize("background", DEFAULT_CLASSIFIERS)
def test_their_configs_are_of_this_version(background, capsys):
    load_config(DEFAULT_CLASSIFIERS[background])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("background", DEFAULT_CLASSIFIERS)
def test_a_card_says_what_the_results_say(background):
    folder = DEFAULT_CLASSIFIERS[background]
    results = RunResults.from_json(json.loads((folder / "results.json").read_text()))
    card = (folder / "MODEL_CARD.md").read_text()
    assert results.cells is not None
    assert results.polarity is not None
    for value in (
        results.accuracy,
        results.cells.accuracy,
        results.cells.fully_correct,
        results.polarity["turned_at_random"].polarity_accuracy,
    ):
        assert f"{100 * value:.1f} %" in card
    assert results.evaluation.commit in card
    assert "not for diagnosis" in card.lower()


@pytest.mark.parametrize(("background", "cells"), [("dark", 10), ("light", 106)])
def test_they_say_which_stain_they_know(background, cells):
    known = choose_classifier(make_cell([]), background=background).known_stain
    assert known is not None
    assert known.cells == cells  # The validation cells of their own training.


@pytest.mark.parametrize(("style", "dataset"), [("q", "bioimage"), ("g", "gband,own")])
def test_the_background_chooses_the_network(style, dataset):
    drawn = draw_numbered_cell(0, seed=1, style=style, aneuploid_share=0.0).chromosomes
    images = [one.image for one in drawn]
    classifier = choose_classifier(make_cell(images), background="auto")
    assert classifier.about["data set"] == dataset
    _, share = karyotype(images, np.array([one.label for one in drawn]), turned_share=0.01)
    # Drawn chromosomes are no real ones; chance is 1 of 24.
    assert share > 0.5


def test_a_chosen_network_reads_images_as_what_it_was_chosen_for():
    for background in DEFAULT_CLASSIFIERS:
        chosen = choose_classifier(make_cell([]), background=background)
        assert chosen.normalization.background == background


def test_one_odd_image_does_not_choose(monkeypatch):
    # The cell decides, by the rule that also levels it.
    decided = CellBackground("light", 0.8, 12)
    monkeypatch.setattr(
        reader, "level_cell", lambda images, *, background: LeveledCell((), decided)
    )
    dark = make_cell([np.pad(np.full((9, 5), 200, np.uint8), 9)])
    assert choose_classifier(dark, background="auto").about["data set"] == "gband,own"


def test_background_and_calibration_of_a_run_are_kept(tmp_path):
    for file in DEFAULT_CLASSIFIERS["dark"].iterdir():
        shutil.copy(file, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["normalization"]["background"] = "light"
    (tmp_path / "config.json").write_text(json.dumps(config))
    loaded = load_classifier(tmp_path)
    stored = json.loads((tmp_path / CALIBRATION_FILE).read_text())
    assert loaded.normalization.background == "light"
    assert loaded.temperature == stored["temperature"] != 1.0
    assert loaded.class_shares.tolist() == stored["class_shares"]


def test_an_error_names_the_flag_that_named_the_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="`--runs` must be the folder of a finished run"):
        load_classifier(tmp_path, name="--runs")
    with pytest.raises(FileNotFoundError, match="`--start` must be the folder of a finished run"):
        export_classifier(tmp_path, tmp_path / "out", name="--start")


def test_a_run_is_not_replaced_by_an_export(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ValueError, match=r"`--out` must hold no run, got the one in"):
        export_classifier(DEFAULT_CLASSIFIERS["dark"], tmp_path)
    assert (tmp_path / "config.json").read_text() == "{}"


def test_a_network_is_not_exported_to_its_own_folder(tmp_path):
    network = tmp_path / "network"
    export_classifier(DEFAULT_CLASSIFIERS["dark"], network)
    with pytest.raises(ValueError, match=r"`--out` must not be `--workdir`, got"):
        export_classifier(network, tmp_path / "network" / ".")
    load_classifier(network)


def fill_disk(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("earlier", [False, True], ids=["first", "over another network"])
def test_an_export_that_is_cut_short_is_no_network_and_is_repeated(tmp_path, monkeypatch, earlier):
    if earlier:
        export_classifier(DEFAULT_CLASSIFIERS["light"], tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(portable, "save_variables", fill_disk)
        with pytest.raises(OSError, match="No space left"):
            export_classifier(DEFAULT_CLASSIFIERS["dark"], tmp_path)
    with pytest.raises(FileNotFoundError, match="must be the folder of a finished run"):
        load_classifier(tmp_path)
    # Nor can a training start from the weights of the other one.
    assert not (tmp_path / VARIABLES_FILE).exists()
    files = export_classifier(DEFAULT_CLASSIFIERS["dark"], tmp_path)
    assert load_classifier(tmp_path).about["data set"] == "bioimage"
    assert set(files) == set(tmp_path.iterdir())


def test_a_given_background_is_not_guessed():
    cell = make_cell([np.pad(np.full((9, 5), 200, np.uint8), 9)])
    assert choose_classifier(cell, background="light").about["data set"] == "gband,own"
    with pytest.raises(ValueError, match=r"`background` must be one of .*, got 'grey'"):
        choose_classifier(cell, background="grey")


def test_using_a_shipped_network_loads_no_training():
    code = """
import sys
import numpy as np
from superxception_jax.karyotyping import CellImages, NamedImage, karyotype_cell
from superxception_jax.runs.reader import choose_classifier

rows, columns = np.mgrid[-20:20, -7:7]
bands = 160 + 60 * np.sin(rows / 2)
bar = np.where((rows / 17) ** 2 + (columns / 5) ** 2 < 1, bands, 0).astype(np.uint8)
cell = CellImages("a", (NamedImage("bar", bar),))
classifier = choose_classifier(cell, background="auto")
karyotype = karyotype_cell(cell, classifier=classifier, turned_share=0.5)
print(len(karyotype.chromosomes), [name for name in sys.argv[1:] if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, *TRAINING_LIBRARIES, "superxception_jax.training.loop"],
        cwd=REPOSITORY,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert done.stdout.strip() == "1 []"


def test_each_network_is_loaded_once():
    cell = make_cell([np.pad(np.full((9, 5), 200, np.uint8), 9)])
    one, other = (choose_classifier(cell, background=name) for name in ("auto", "dark"))
    assert one is other


@pytest.mark.skipif(not ARCHIVE.exists(), reason="no Q-band archive")
@pytest.mark.parametrize("cell", UNSEEN)
def test_unseen_real_cells_are_karyotyped_both_ways_up(cell):
    images, labels = [], []
    with zipfile.ZipFile(ARCHIVE) as archive:
        for path in archive.namelist():
            if found := re.search(rf"/{cell}/{cell} (\d+)[ab]?\.bmp$", path):
                image = Image.open(io.BytesIO(archive.read(path))).convert("L")
                images.append(np.array(image))
                labels.append(class_label(found[1]))
    upright, share = karyotype(images, np.array(labels), turned_share=0.01)
    assert share >= 44 / 46
    assert upright.iscn in ("46,XX", "46,XY")
    turned, share = karyotype([x[::-1, ::-1] for x in images], np.array(labels), turned_share=0.5)
    assert share >= 43 / 46
    assert np.mean([one.turned for one in turned.chromosomes]) > 0.9


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"temperature": None}, "`temperature` is None"),
        ({"temperature": math.nan}, "`temperature` is nan"),
        ({"temperature": 0}, "`temperature` is 0"),
        ({"class_shares": [0.5]}, "`class_shares` are not 24 numbers"),
        ({"class_shares": [1.0] * 24}, "no shares that sum to 1"),
        ({"class_shares": ["a"] * 24}, "no shares that sum to 1"),
        ({"stain": []}, "`stain` must be an object"),
    ],
)
def test_a_calibration_of_other_values_is_named(tmp_path, change, reason):
    values = json.loads((reader.DEFAULT_CLASSIFIERS["dark"] / "calibration.json").read_text())
    (tmp_path / "calibration.json").write_text(json.dumps(values | change))
    with pytest.raises(ValueError, match=r"calibration\.json` must hold the calibration") as error:
        reader.load_calibration(tmp_path)
    assert reason in str(error.value)
