"""The report of a run with a made-up network: what is claimed, and what fails alone."""

from __future__ import annotations

import dataclasses
import functools
import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from configs.stripnet import get_config
from superxception_jax.data.source import Chromosomes
from superxception_jax.evaluation.metrics import class_shares
from superxception_jax.evaluation.predictions import load_predictions
from superxception_jax.files import write_text
from superxception_jax.karyotyping.stain import KnownStain
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.included import INCLUDED
from superxception_jax.runs.reader import load_calibration
from superxception_jax.runs.results import load_results
from superxception_jax.runs.start_record import StartRecord
from superxception_jax.runs.testing import calibrated, report
from superxception_jax.runs.testing.report import RunHistory, share_predictions, write_report
from superxception_jax.training.progress import Progress
from tests.runs.samples import MALE, PROVENANCE, TRAINING, cells

EASY, HARD = (KnownStain(doubt, 0.0, 0.1, cells=2, images=92) for doubt in (0.1, 7.0))
ADAPTED = {
    "model.init_from": "gband",
    "model.start": "kept_unless_improved",
    "training.kept": "lowest_loss",
}
HISTORY: dict[str, Any] = {
    "progress": Progress(training_seconds=30.0, best_validation_loss=0.1, best_step=7),
    "trainings": (TRAINING,),
    "evaluation": PROVENANCE,
    "finished": True,
}


def read(_setup, _variables, pixels, *, bar):
    """Return what the pixels say, with some doubt."""
    del bar
    values = np.random.default_rng(0).normal(0.0, 1.0, (len(pixels), 24))
    values[np.arange(len(values)), pixels[:, 25, 25, 0].astype(int) - 100] += 4.0
    return (values - np.logaddexp.reduce(values, axis=1, keepdims=True)).astype(np.float32)


def read_part(setup, variables, part, *, bar):
    return read(setup, variables, part.images, bar=bar)


@pytest.fixture
def no_figures(monkeypatch):
    monkeypatch.setattr(report, "figure_makers", lambda *_, **__: {"cell": Figure})


@pytest.fixture
def started(monkeypatch):
    monkeypatch.setattr(report, "load_start", lambda setup: ({"params": {}}, ""))
    monkeypatch.setattr(report.compilation, "place_replicated", lambda variables, mesh: variables)


@pytest.fixture
def make(monkeypatch, tmp_path):
    """Return a function that writes the report of test cells and returns its results and output."""
    for module in (calibrated, report):
        monkeypatch.setattr(module, "predict_images", read)
    monkeypatch.setattr(report, "predict_split", read_part)
    monkeypatch.setattr(report, "multiply_accumulates", lambda setup: 5)
    # Drawing pixels takes most of the time of a report.
    monkeypatch.setattr(report, "save_figure", lambda figure, path: write_text(path, "a figure"))

    def write(
        test: Chromosomes,
        *,
        validation: Chromosomes | None = None,
        mesh: Any = None,
        start: StartRecord | None = None,
        best_step: int = 7,
        **fields,
    ):
        config = get_config("smoke")
        config.update_from_flattened_dict(
            {"model.polarity": "given", "model.test_views": "one", **fields}
        )
        splits = {"train": cells(MALE), "validation": validation or cells(MALE), "test": test}
        setup: Any = SimpleNamespace(
            experiment=build_experiment(config),
            splits=splits,
            class_shares=class_shares(splits["train"].labels),
            model=object(),
            steps_per_epoch=2,
            oriented=True,
            start=start,
            mesh=mesh,
        )
        progress = dataclasses.replace(HISTORY["progress"], best_step=best_step)
        history = RunHistory(**HISTORY | {"progress": progress})
        return write_report(
            setup, tmp_path, variables={"params": {}}, split="test", history=history
        )

    return write


@pytest.mark.usefixtures("no_figures")
def test_one_cell_gets_no_interval_and_the_terminal_says_why(make, tmp_path, capsys):
    make(cells(MALE))
    values = json.loads((tmp_path / "results.json").read_text())
    assert values["accuracy_interval"] is values["cells"]["accuracy_interval"] is None
    assert values["interval_method"] == "no interval: 1 cell"
    text = capsys.readouterr().out
    assert text.count("(no interval: 1 cell)") == 2
    assert "95%" not in text
    assert "1 of 1 cells fully correct" in text
    assert "orientation is not predicted: every image is taken as upright" in text


@pytest.mark.usefixtures("no_figures")
def test_intervals_are_over_patients(make, tmp_path, capsys):
    make(cells(*[MALE] * 12, patients=6))
    results = load_results(tmp_path)
    assert (results.accuracy_interval.unit, results.accuracy_interval.count) == ("case", 6)
    assert results.cells is not None
    assert results.cells.accuracy_interval.units == "6 cases"
    assert "over 6 cases), macro-F1" in capsys.readouterr().out


@pytest.mark.usefixtures("no_figures")
def test_parts_of_cells_are_assigned_as_parts_and_said_to_be(make, tmp_path, capsys):
    # Ten chromosomes of a cell; whole cells have no such counts.
    part = np.array([0, 0, 1, 1, 2, 2, 3, 3, 22, 23], np.int32)
    make(cells(*[part] * 8))
    stored = load_predictions(tmp_path / "predictions.npz")
    assert stored.assigned is not None
    results = load_results(tmp_path)
    assert results.cells is not None
    assert results.cells.parts == 8
    assert results.cells.accuracy >= results.accuracy
    text = capsys.readouterr().out
    assert "8 of 8 cells don't have the 42 to 50 images of a complete cell" in text
    assert "(no image of class 5, 6, " in text


@pytest.mark.usefixtures("no_figures")
def test_a_cell_that_cannot_be_assigned_costs_the_assignment_not_the_report(make, tmp_path, capsys):
    patient = np.concatenate([MALE, MALE, MALE])
    files = make(cells(MALE, patient))
    assert {path.name for path in files} >= {"results.json", "predictions.csv", "cell.png"}
    results = load_results(tmp_path)
    assert results.cells is None
    assert results.cells_withheld.startswith("cell `c1`: ")
    assert "got 138" in results.cells_withheld
    assert load_predictions(tmp_path / "predictions.npz").assigned is None
    assert "whole cells are not assigned: cell `c1`: " in capsys.readouterr().out
    assert results.images == 184


@pytest.mark.usefixtures("no_figures")
def test_few_validation_images_fit_no_temperature(make, tmp_path):
    make(cells(MALE), validation=cells(MALE[:12]))
    results = load_results(tmp_path)
    assert results.calibration.temperature == 1.0
    assert results.calibration.fitted_images == 12
    assert json.loads((tmp_path / "calibration.json").read_text())["temperature"] == 1.0
    make(cells(MALE[:12]))
    few = load_results(tmp_path)
    assert few.calibration.temperature != 1.0
    assert few.expected_calibration_error is few.calibration.expected_calibration_error is None


def test_a_figure_that_fails_costs_nothing_else(make, tmp_path, monkeypatch, capsys):
    def fail(*_, **__):
        # Whatever is written by then is not lost.
        assert load_results(tmp_path).images == 46
        assert len(load_predictions(tmp_path / "predictions.npz").labels) == 46
        raise MemoryError

    first = make(cells(MALE))
    assert first[0].name == "results.json"
    assert (tmp_path / "errors.png").exists()
    (tmp_path / "results.json").unlink()
    monkeypatch.setattr("superxception_jax.evaluation.plots.plot_errors", fail)
    with pytest.raises(ValueError, match=r"`errors.png` failed \(MemoryError\)") as caught:
        make(cells(MALE))
    assert "launch/evaluate.py --workdir=" in str(caught.value)
    # The figure of the first report is not left beside the results of the second.
    assert not (tmp_path / "errors.png").exists()
    written = {path.name for path in tmp_path.iterdir()}
    assert written >= {"results.json", "confusion_matrix.png", "cell.png", "reliability.png"}
    assert "no interval" in capsys.readouterr().out


def test_damaged_metrics_cost_only_the_curves(make, tmp_path):
    (tmp_path / "metrics.jsonl").write_text("{no json\n")
    with pytest.raises(ValueError, match=r"`learning_curves\.png` failed"):
        make(cells(MALE))
    assert (tmp_path / "reliability.png").exists()


def test_a_process_that_fails_ends_instead_of_waiting_for_others(make, monkeypatch):
    def fail(*_args, **_options):
        raise FileNotFoundError("no such archive")

    monkeypatch.setattr(report, "_restore", fail)
    experiment = SimpleNamespace(start_counts=False)
    setup: Any = SimpleNamespace(splits={"test": cells(MALE)}, experiment=experiment)
    with monkeypatch.context() as patched:
        patched.setattr(report, "fit_calibration", lambda *_: None)
        with pytest.raises(FileNotFoundError, match="no such archive"):
            share_predictions(setup, variables={}, split="test")
    # The first one, too, which would go on to what the others never begin.
    monkeypatch.setattr(report, "process_count", lambda: 2)
    with pytest.raises(FileNotFoundError, match="no such archive"):
        make(cells(MALE))


@pytest.mark.usefixtures("no_figures")
def test_a_measurement_that_failed_is_said_to_be_missing(make, tmp_path, monkeypatch):
    make(cells(MALE))
    assert load_results(tmp_path).missing == ()
    monkeypatch.setattr(report, "_restore", functools.partial(int, "no number"))
    with pytest.raises(ValueError, match=r"`super_resolution` failed"):
        make(cells(MALE))
    assert load_results(tmp_path).missing == ("super_resolution",)


@pytest.mark.usefixtures("no_figures", "started")
def test_the_start_is_tested_on_the_same_images(make, tmp_path, capsys):
    make(cells(*[MALE] * 6), mesh=None, **ADAPTED)
    results = load_results(tmp_path)
    assert results.start is not None
    assert (results.start.images, results.start.accuracy) == (6 * 46, results.accuracy)
    assert results.start.cells == results.cells
    text = capsys.readouterr().out
    assert f"before the training: {results.accuracy:.2%} of 276 images" in text
    assert "no epoch improved on it" not in text


def test_a_start_that_has_changed_is_refused_before_anything_is_written(make, tmp_path):
    with pytest.raises(ValueError, match=r"must be the weights that this run started from, got"):
        make(cells(MALE), start=StartRecord("another", oriented=True), **ADAPTED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("start", "fitted", "kept"),
    [
        ("kept_unless_improved", EASY, "start"),
        ("kept_unless_improved", HARD, "fitted"),
        ("replaced", EASY, "fitted"),
    ],
)
@pytest.mark.usefixtures("no_figures", "started")
def test_what_the_start_knew_is_not_foreign_after_an_adaptation(
    make, tmp_path, monkeypatch, start, fitted, kept
):
    monkeypatch.setattr(calibrated, "fit_stain", lambda *_: fitted)
    make(cells(*[MALE] * 6), mesh=None, **ADAPTED | {"model.start": start})
    known = {"fitted": fitted, "start": load_calibration(INCLUDED["gband"])[2]}
    assert load_calibration(tmp_path)[2] == known[kept]


@pytest.mark.parametrize("best_step", [0, 7])
@pytest.mark.usefixtures("no_figures", "started")
def test_a_start_that_is_kept_was_trained_with_its_own_class_shares(make, tmp_path, best_step):
    make(cells(MALE), mesh=None, best_step=best_step, **ADAPTED)
    own, start = class_shares(MALE), load_calibration(INCLUDED["gband"])[1]
    expected = own if best_step else start
    np.testing.assert_allclose(load_calibration(tmp_path)[1], expected, rtol=1e-12)


@pytest.mark.usefixtures("no_figures")
def test_each_data_set_is_listed(make, tmp_path, capsys):
    test = cells(*[MALE] * 4)
    sources = np.where(np.isin(test.cells, ["c0", "c1"]), "gband", "own")
    make(dataclasses.replace(test, sources=sources))
    results = load_results(tmp_path)
    assert set(results.sources) == {"gband", "own"}
    assert [one.images for one in results.sources.values()] == [92, 92]
    mean = np.mean([one.accuracy for one in results.sources.values()])
    assert mean == pytest.approx(results.accuracy)
    assert "\n  own: " in capsys.readouterr().out
