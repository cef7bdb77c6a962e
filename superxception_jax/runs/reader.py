"""A trained network that reads canvases, without the data that it was trained on."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from superxception_jax.data.crop import has_light_background
from superxception_jax.evaluation.predict import CELL_BATCHES, predict_all
from superxception_jax.files import write_text
from superxception_jax.karyotyping.cell import ChooseClassifier, Classifier
from superxception_jax.models.build import init_variables
from superxception_jax.models.inference import make_predict
from superxception_jax.runs.experiment import Experiment, build_experiment
from superxception_jax.runs.model_card import write_model_card
from superxception_jax.runs.network import make_network
from superxception_jax.runs.results import RunResults
from superxception_jax.runs.weights_file import load_variables, save_variables
from superxception_jax.runs.workdir import (
    CALIBRATION_FILE,
    CONFIG_FILE,
    ENVIRONMENT_FILE,
    holds_run,
    load_config,
    load_training_record,
)
from superxception_jax.training import compile as compilation
from superxception_jax.training.checkpoint import BEST, Checkpoints

RESULTS_FILE = "results.json"
VARIABLES_FILE = "variables.npz"
CARD_FILE = "MODEL_CARD.md"
# What comes with the project, by the background of the images it learned from; a model card
# stands in each folder.
DEFAULT_CLASSIFIERS = {
    "dark": Path(__file__).resolve().parent.parent / "weights" / "qband",
    "light": Path(__file__).resolve().parent.parent / "weights" / "gband",
}


def load_classifier(workdir: str | Path) -> Classifier:
    """Load the best network of a finished run, or one that `export_classifier` wrote.

    Args:
        workdir: folder of the run or of the export.

    Returns:
        The reader, on the first device.

    Raises:
        FileNotFoundError: the folder holds neither.

    Source: ours, because a laboratory has the network and not the images it learned from.
    """
    folder = _check_folder(workdir)
    experiment = build_experiment(load_config(folder))
    mesh = compilation.make_mesh(1)
    variables = _load(folder, experiment, mesh)
    model = make_network(experiment, mesh)
    predict = compilation.compile_predict(
        make_predict(model, input_px=experiment.input_px, test_views=experiment.test_views), mesh
    )

    def read(canvases: np.ndarray) -> np.ndarray:
        return predict_all(
            canvases,
            variables=variables,
            predict=predict,
            place=lambda batch: compilation.place_batch(batch, mesh),
            batch_sizes=CELL_BATCHES,
            advance=lambda count: None,
        )

    calibration = json.loads((folder / CALIBRATION_FILE).read_text(encoding="utf-8"))
    return Classifier(
        read=read,
        normalization=dataclasses.replace(experiment.normalization, background="auto"),
        polarity=experiment.polarity,
        temperature=calibration["temperature"],
        class_shares=np.array(calibration["class_shares"], np.float64),
        about={
            "network": experiment.name,
            "data set": experiment.dataset,
            "protocol": experiment.split.protocol,
            "commit": load_training_record(folder).trainings[-1].commit,
        },
    )


def load_default_readers(background: str) -> ChooseClassifier:
    """Return a function that chooses between the networks that come with the project.

    Args:
        background: "dark", "light", or "auto": by most of the images.

    Returns:
        Images of a cell → the reader for their background; each network is loaded when it is
        first needed.

    Source: ours: a network knows the stain that it learned from.
    """
    load = functools.cache(load_classifier)

    def choose(images: Sequence[np.ndarray]) -> Classifier:
        if background != "auto":
            return load(DEFAULT_CLASSIFIERS[background])
        light = sum(has_light_background(image) for image in images)
        return load(DEFAULT_CLASSIFIERS["light" if 2 * light > len(images) else "dark"])

    return choose


def export_classifier(workdir: str | Path, out: str | Path) -> list[Path]:
    """Write what `load_classifier` needs of a finished run into a small folder.

    Args:
        workdir: folder of the run.
        out: folder to write, made if absent.

    Returns:
        The files: config, environment, calibration, results, model card and variables.

    Raises:
        FileNotFoundError: the folder holds no finished run.

    Source: ours, because a laboratory hands a network on, not a training.
    """
    folder, target = _check_folder(workdir), Path(out).expanduser().absolute()
    experiment = build_experiment(load_config(folder))
    variables = _load(folder, experiment, compilation.make_mesh(1))
    target.mkdir(parents=True, exist_ok=True)
    copies = [
        write_text(target / name, (folder / name).read_text(encoding="utf-8"))
        for name in (CONFIG_FILE, ENVIRONMENT_FILE, CALIBRATION_FILE, RESULTS_FILE)
    ]
    results = RunResults.from_json(json.loads((folder / RESULTS_FILE).read_text(encoding="utf-8")))
    card = write_model_card(results, experiment.config, load_training_record(folder))
    copies.append(write_text(target / CARD_FILE, card))
    return [*copies, save_variables(target / VARIABLES_FILE, variables)]


def _check_folder(workdir: str | Path) -> Path:
    folder = Path(workdir).expanduser().absolute()
    if not str(workdir) or not holds_run(folder) or not (folder / CALIBRATION_FILE).is_file():
        raise FileNotFoundError(
            f"`--workdir` must be the folder of a finished run with {CONFIG_FILE} and "
            f"{CALIBRATION_FILE}, got `{workdir}`; finish it with launch/main.py --workdir=…, or "
            "test an older one again with launch/evaluate.py."
        )
    return folder


def _load(folder: Path, experiment: Experiment, mesh: jax.sharding.Mesh) -> Any:
    """Load `params` and `batch_stats` from the export or the best checkpoint."""
    model = make_network(experiment, mesh)
    like = jax.eval_shape(
        lambda key: init_variables(model, key=key, input_px=experiment.input_px),
        jax.random.key(0),
    )
    if (folder / VARIABLES_FILE).is_file():
        variables = load_variables(folder / VARIABLES_FILE, like)
        return compilation.place_replicated(variables, mesh)
    with Checkpoints(folder / "checkpoints") as checkpoints:
        return checkpoints.load_variables(BEST, compilation.with_replicated_sharding(like, mesh))
