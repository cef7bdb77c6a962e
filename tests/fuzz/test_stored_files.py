from __future__ import annotations

import gzip
import io
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superxception_jax.evaluation.predictions import Predictions, load_predictions, save_predictions
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.exported.weights_file import load_variables, save_variables
from superxception_jax.runs.reader import DEFAULT_CLASSIFIERS, load_calibration
from superxception_jax.runs.results import load_results
from superxception_jax.runs.split.split_file import StoredImage, StoredSplit, load_split, save_split
from superxception_jax.runs.workdir import load_config, load_training_record
from tests.fuzz.bounds import check_message, examples, loaded
from tests.fuzz.damage import DAMAGES, damage
from tests.fuzz.test_settings import check_experiment
from tests.fuzz.values import EDITS, edited

EXPORT = DEFAULT_CLASSIFIERS["dark"]
VARIABLES = {"params": {"w": np.ones((3, 2), np.float32), "b": np.zeros(2, np.float32)}}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def stored(shelf: Path, name: str, edits: list, damages: list) -> Path:
    """Copy the shipped network, with one file damaged; return that file."""
    folder = shelf / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for one in EXPORT.iterdir():
        if one.suffix == ".json":
            shutil.copyfile(one, folder / one.name)
    file = folder / name
    content = json.dumps(edited(json.loads(file.read_text("utf-8")), edits)).encode()
    file.write_bytes(damage(content, damages))
    return file


RARE_DAMAGES: st.SearchStrategy[list] = st.just([]) | st.just([]) | DAMAGES


@examples(short=60, long=1000)
@given(EDITS, RARE_DAMAGES)
def test_a_stored_config_is_read_or_refused(shelf, edits, damages):
    file = stored(shelf, "config.json", edits, damages)
    config = loaded(lambda: load_config(file.parent), file=file)
    if config is None:
        return
    try:
        experiment = build_experiment(config)
    except ValueError as error:
        check_message(error, lines=0)
    else:
        check_experiment(experiment, config)


@examples(short=60, long=1000)
@given(EDITS, RARE_DAMAGES)
def test_stored_results_are_read_or_refused(shelf, edits, damages):
    file = stored(shelf, "results.json", edits, damages)
    results = loaded(lambda: load_results(file.parent), file=file)
    if results is not None:
        assert 0 <= results.accuracy <= 1
        assert isinstance(results.name, str)
        json.dumps(results.to_json())
        assert f"{results.accuracy_interval.describe()} {results.calibration.fitted_on}"


@examples(short=60, long=1000)
@given(EDITS, RARE_DAMAGES)
def test_the_record_of_a_training_is_read_or_refused(shelf, edits, damages):
    file = stored(shelf, "environment.json", edits, damages)
    record = loaded(lambda: load_training_record(file.parent), file=file)
    if record is not None:
        assert all(isinstance(one.commit, str) for one in record.trainings)
        assert len(record.trainings) >= 1
        json.dumps(record.to_json())


@examples(short=60, long=1000)
@given(EDITS, RARE_DAMAGES)
def test_a_calibration_is_read_or_refused(shelf, edits, damages):
    file = stored(shelf, "calibration.json", edits, damages)
    calibration = loaded(lambda: load_calibration(file.parent), file=file)
    if calibration is not None:
        temperature, shares, _ = calibration
        assert 0 < temperature < math.inf
        assert shares.shape == (24,)
        assert (shares >= 0).all()
        assert math.isclose(shares.sum(), 1, abs_tol=1e-3)


def sample_split() -> StoredSplit:
    images = {
        f"c/{index}": StoredImage("c", "p", index, f"{index:08x}", part, upright=index > 1)
        for index, part in enumerate(("train", "validation", "test", "unused"))
    }
    return StoredSplit(images=images, drawing=(1, 2))


@examples(short=60, long=1000)
@given(EDITS, RARE_DAMAGES, st.booleans())
def test_a_stored_split_is_read_or_refused(shelf, edits, damages, packed):
    file = save_split(shelf, sample_split())
    values = json.dumps(edited(json.loads(gzip.decompress(file.read_bytes())), edits)).encode()
    content = gzip.compress(damage(values, [] if packed else damages), mtime=0)
    file.write_bytes(damage(content, damages if packed else []))
    split = loaded(lambda: load_split(shelf), file=file)
    if split is not None:
        assert all(isinstance(number, int) for number in split.drawing)
        for name, image in split.images.items():
            texts = (name, image.cell, image.case, image.pixels)
            assert all(isinstance(text, str) for text in texts)
            assert isinstance(image.upright, bool)
            assert 0 <= image.label < 24
        split.find(np.array(["c/1"]))


ARRAYS = st.sampled_from(
    (
        np.ones((3, 2), np.float16),
        np.full((3, 2), np.nan, np.float32),
        np.ones((2, 3), np.float32),
        np.ones((3, 2), np.complex64),
        np.array("text"),
        np.array([b"ab", b"c"]),
        np.zeros((0, 2), np.float32),
        np.full(2, 1e38, np.float32),
        np.array([1, 2]),
    )
)


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


@examples(short=80, long=1000)
@given(
    st.dictionaries(st.sampled_from(("params.w", "params.b", "other")), ARRAYS, max_size=3), DAMAGES
)
def test_variables_are_read_or_refused(shelf, arrays, damages):
    file = save_variables(shelf / "variables.npz", VARIABLES)
    with np.load(file) as before:
        content = packed({**before, **arrays})
    file.write_bytes(damage(content, damages))
    variables = loaded(lambda: load_variables(file, VARIABLES), file=file)
    if variables is not None:
        assert variables["params"]["w"].shape == (3, 2)
        assert all(np.isfinite(leaf).all() for leaf in variables["params"].values())


def sample_predictions() -> Predictions:
    names = np.array(["a", "b"])
    scores = np.full((2, 24), -np.log(24), np.float32)
    return Predictions(names, names, names, np.array([1, 2], np.int32), scores, None)


COLUMNS = st.sampled_from(("names", "labels", "log_probabilities", "assigned", "other"))


@examples(short=80, long=1000)
@given(st.dictionaries(COLUMNS, ARRAYS, max_size=2), DAMAGES)
def test_predictions_are_read_or_refused(shelf, arrays, damages):
    file = save_predictions(shelf / "predictions.npz", sample_predictions())
    with np.load(file) as before:
        content = packed({**before, **arrays})
    file.write_bytes(damage(content, damages))
    predictions = loaded(lambda: load_predictions(file), file=file)
    if predictions is not None:
        assert predictions.log_probabilities.shape == (len(predictions.names), 24)
        assert np.isfinite(predictions.log_probabilities).all()
        assert ((predictions.labels >= 0) & (predictions.labels < 24)).all()
