from __future__ import annotations

import csv
import json
import os

import numpy as np
import pytest
from PIL import Image

from superxception_jax.evaluation.predictions import load_predictions
from superxception_jax.karyotyping.stain import KnownStain
from tests.launch.programs import REPOSITORY, run

CONFIG = f"--config={REPOSITORY / 'configs' / 'super_xception.py'}:smoke"


@pytest.fixture(scope="module")
def finished(folder, flags):
    """Run the smoke preset once, to its end, with the folder's name left to the program."""
    # The plain forms are traced and compiled faster.
    overrides = ("--config.seed=3", "--config.model.implementation=plain")
    done = run("main.py", CONFIG, *flags, *overrides, folder=folder)
    assert done.returncode == 0, done.stderr
    (workdir,) = (folder / "runs").iterdir()
    return workdir, done


def test_says_what_it_runs_and_where_the_report_lies(finished):
    workdir, done = finished
    assert workdir.name.startswith("super_xception-smoke-")
    for part in ("preset :smoke, seed 3", "ideogram, split cells", "parameters", str(workdir)):
        assert part in done.stdout
    listed = [line for line in done.stdout.splitlines() if line.startswith(str(workdir))]
    assert all(os.path.getsize(path) > 100 for path in listed)
    names = {os.path.basename(path) for path in listed}
    pictures = {
        f"{name}.png"
        for name in (
            "confusion_matrix",
            "errors",
            "cell",
            "learning_curves",
            "super_resolution",
            "reliability",
        )
    }
    tables = {"results.json", "predictions.npz", "predictions.csv", "calibration.json"}
    assert names == tables | pictures
    for name in pictures:
        with Image.open(workdir / name) as image:
            assert min(image.size) > 200
    assert "images/s" in done.stderr


def test_stores_which_stain_the_network_knows(finished):
    workdir, _ = finished
    known = KnownStain.from_json(json.loads((workdir / "calibration.json").read_text()))
    assert known is not None
    assert known.images == 46 * known.cells
    assert known.mean_doubt > 0


def test_stores_everything_needed_to_repeat_it(finished):
    workdir, _ = finished
    config = json.loads((workdir / "config.json").read_text())
    assert config["seed"] == 3
    stored = json.loads((workdir / "environment.json").read_text())
    assert stored["overrides"]["seed"] == 3
    (training,) = stored["trainings"]
    assert "main.py" in training["command"]
    assert set(training["versions"]) >= {"jax", "flax", "optax"}
    assert training["devices"] == ["cpu:cpu"]
    assert "commit" in training
    assert "Total" in (workdir / "parameters.txt").read_text()
    assert list((workdir / "tensorboard").glob("events*"))
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    assert {line["kind"] for line in lines} == {"train", "validation"}


def test_results_agree_with_the_predictions(finished):
    workdir, _ = finished
    results = json.loads((workdir / "results.json").read_text())
    with (workdir / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert results["images"] == len(rows) == 46
    right = [row["class"] == row["predicted"] for row in rows]
    assert results["accuracy"] == pytest.approx(np.mean(right))
    assert results["split"] == "test"
    assert results["calibration"]["temperature"] > 0
    assert results["cells"]["cells"] == 1
    assert 0 <= results["cells"]["fully_correct"] <= results["cells"]["accuracy"] <= 1
    assigned = [row["class"] == row["assigned"] for row in rows]
    assert results["cells"]["accuracy"] == pytest.approx(np.mean(assigned))
    stored = load_predictions(workdir / "predictions.npz")
    assert stored.names.tolist() == [row["name"] for row in rows]
    assert results["progress"]["best_step"] > 0
    assert results["evaluation"]["commit"] == results["trainings"][0]["commit"]
    assert f"Total: {results['parameters']:,} " in (workdir / "parameters.txt").read_text()


def test_evaluate_repeats_the_numbers_without_training(finished, folder, flags):
    workdir, _ = finished
    before = json.loads((workdir / "results.json").read_text())
    done = run("evaluate.py", f"--workdir={workdir}", flags[1], folder=folder)
    assert done.returncode == 0, done.stderr
    after = json.loads((workdir / "results.json").read_text())
    for name in ("accuracy", "loss", "macro_f1", "recall", "accuracy_interval"):
        assert after[name] == before[name]
    # The training keeps its provenance; the evaluation adds its own.
    assert "evaluate.py" in after["evaluation"]["command"]
    assert after["trainings"] == before["trainings"]
    assert "main.py" in after["trainings"][0]["command"]
    done = run("evaluate.py", f"--workdir={workdir}", flags[1], "--split=validation", folder=folder)
    assert done.returncode == 0, done.stderr
    results = json.loads((workdir / "results-validation.json").read_text())
    assert results["split"] == "validation"
    assert results["loss"] == pytest.approx(results["progress"]["best_validation_loss"])
    assert json.loads((workdir / "results.json").read_text()) == after


BAD_INPUT = [
    ((), ("`--config` must name a config file", "configs/super_xception.py")),
    (
        (CONFIG, "--config.training.epoch=3"),
        ("`--config.training.epoch` must be a field", "did you mean `--config.training.epochs`?"),
    ),
    (
        (CONFIG, "--config.training.learning_rate=3"),
        ("got an unknown one; did you mean `--config.optimizer.learning_rate`?",),
    ),
    ((CONFIG, "--config.zzz=3"), ("`--config.zzz` must be a field", "see configs/base.py")),
    (
        (CONFIG, "--config.training.epochs=three"),
        ("`--config.training.epochs` must be a whole number, got `three`; correct it.",),
    ),
    ((CONFIG, "--config.training.epochs=1.5"), ("must be a whole number, got `1.5`",)),
    ((CONFIG, "--config.optimizer.learning_rate=low"), ("must be a number, got `low`",)),
    ((CONFIG, "--config.model.name=super"), ("`model.name` must be one of deep_cnn",)),
    ((CONFIG + "x",), ("`:smokex` must be one of", "did you mean `:smoke`")),
    (
        (CONFIG.replace("super_xc", "super_x"),),
        ("super_xeption.py", "did you mean", "super_xception.py"),
    ),
    ((CONFIG, "--wrkdir=x"), ("wrkdir", "Did you mean: workdir")),
    ((CONFIG, "stray"), ("`stray` must be a flag",)),
    ((CONFIG, "--config.training.devices=7"), ("`training.devices` must be at most 1",)),
    ((CONFIG.replace(":smoke", ":own"),), ("`data.own_folder` must name your folder",)),
]


def test_bad_input_is_one_sentence(folder, flags):
    calls = [
        [*arguments, *(flags if CONFIG in arguments else flags[1:]), "--workdir="]
        for arguments, _ in BAD_INPUT
    ]
    for call, (_, texts) in zip(calls, BAD_INPUT, strict=True):
        done = run("main.py", *call, folder=folder)
        assert done.returncode == 2, done.stderr
        assert done.stderr.startswith("error: ")
        assert "Traceback" not in done.stderr
        for text in texts:
            assert text in done.stderr


def test_missing_archives_and_folders_of_others_are_left_alone(finished, folder, flags):
    workdir, _ = finished
    other = folder / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("precious")
    archive, earlier, strange = (
        run("main.py", config, *flags, f"--workdir={place}", folder=folder)
        for config, place in (
            (CONFIG.replace(":smoke", ":bioimage"), folder / "none"),
            (CONFIG, workdir),
            (CONFIG, other),
        )
    )
    assert [done.returncode for done in (archive, earlier, strange)] == [2, 2, 2]
    # What is missing, where it belongs, and what can be done instead.
    manual = str(folder / "data" / "manual")
    for text in ("Padova", "bioimlab", manual, "configs/super_xception.py"):
        assert text in archive.stderr
    assert "seed: 3 → 0" in earlier.stderr
    assert "must be empty or hold a run" in strange.stderr
    assert [file.name for file in other.iterdir()] == ["thesis.txt"]


def test_help_names_presets_and_flags(folder):
    done = run("main.py", "--help", folder=folder)
    for text in ("--config", "--workdir", ":bioimage", "--compilation_cache"):
        assert text in done.stdout
    assert done.returncode == 0


def test_evaluate_needs_a_run(folder):
    done = run("evaluate.py", "--workdir=nowhere", folder=folder)
    assert done.returncode == 2
    assert "`--workdir` must be the folder of a run" in done.stderr


def test_without_flags_a_stray_config_of_the_current_folder_is_not_taken(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    done = run("main.py", folder=tmp_path)
    assert done.returncode == 2
    assert "`--config` must name a config file" in done.stderr
