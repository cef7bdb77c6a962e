"""A trained network that reads canvases, without the data that it was trained on."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jax
import numpy as np

from superxception_jax.evaluation.predict import CELL_BATCHES, predict_all
from superxception_jax.experiment import build_experiment
from superxception_jax.karyotyping.cell import CellReader
from superxception_jax.reporting import CALIBRATION_FILE
from superxception_jax.run import CONFIG_FILE, ENVIRONMENT_FILE, holds_run, load_config
from superxception_jax.setup import make_network
from superxception_jax.training import compile as compilation
from superxception_jax.training.checkpoint import BEST, Checkpoints
from superxception_jax.training.optimizers import make_optimizer
from superxception_jax.training.state import init_state
from superxception_jax.training.steps import make_predict


def load_reader(workdir: str | Path) -> CellReader:
    """Load the best network of a finished run.

    Args:
        workdir: folder of the run.

    Returns:
        The reader, on the first device.

    Raises:
        FileNotFoundError: the folder holds no finished run.

    Source: ours, because a laboratory has the network and not the images it learned from.
    """
    folder = Path(workdir).expanduser().absolute()
    calibration = folder / CALIBRATION_FILE
    if not holds_run(folder) or not calibration.is_file():
        raise FileNotFoundError(
            f"`--workdir` must be the folder of a finished run with {CONFIG_FILE} and "
            f"{CALIBRATION_FILE}, got `{workdir}`; finish it with launch/main.py --workdir=…, or "
            "test an older one again with launch/evaluate.py."
        )
    experiment = build_experiment(load_config(folder))
    mesh = compilation.make_mesh(1)
    model = make_network(experiment, mesh)
    # The length of the run is no part of the state.
    optimizer = make_optimizer(experiment.optimizer, epochs=1, steps_per_epoch=1)
    state = jax.eval_shape(
        lambda key: init_state(model, optimizer, key=key, input_px=experiment.input_px),
        jax.random.key(0),
    )
    checkpoints = Checkpoints(folder / "checkpoints")
    try:
        like = compilation.with_replicated_sharding(state, mesh)
        variables = checkpoints.load(BEST, like).variables
    finally:
        checkpoints.close()
    predict = compilation.compile_predict(make_predict(model, input_px=experiment.input_px), mesh)

    def read(canvases: np.ndarray) -> np.ndarray:
        return predict_all(
            canvases,
            variables=variables,
            predict=predict,
            place=lambda batch: compilation.place_batch(batch, mesh),
            batch_sizes=CELL_BATCHES,
            advance=lambda count: None,
        )

    known = json.loads(calibration.read_text(encoding="utf-8"))
    environment = json.loads((folder / ENVIRONMENT_FILE).read_text(encoding="utf-8"))
    return CellReader(
        read=read,
        normalization=dataclasses.replace(experiment.normalization, background="auto"),
        polarity=experiment.polarity,
        temperature=known["temperature"],
        class_shares=np.array(known["class_shares"], np.float64),
        about={
            "network": experiment.name,
            "data set": experiment.dataset,
            "protocol": experiment.split["protocol"],
            "commit": environment["commit"],
        },
    )
