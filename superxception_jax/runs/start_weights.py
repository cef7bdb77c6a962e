"""The weights that a training starts from."""

from __future__ import annotations

from typing import Any

import jax

from superxception_jax.models.keras.start import EXPORTED, start_from_keras
from superxception_jax.runs.exported.weights_file import load_variables
from superxception_jax.runs.setup import Setup
from superxception_jax.runs.start_record import check_start, find_start


def load_start(setup: Setup) -> tuple[Any, str]:
    """Load the variables that a training starts from.

    Args:
        setup: Setup of a run with `model.init_from`.

    Returns:
        Variables, abstract where the file has none, and a report.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file doesn't fit the network, or isn't the one that the run started from.
    """
    path = find_start(setup.experiment.init_from)
    check_start(setup.experiment.init_from, setup.start)
    variables = setup.abstract_state.variables
    if path.suffix != EXPORTED:
        return start_from_keras(variables, name=setup.experiment.model["name"], path=path)
    loaded = load_variables(path, variables)
    return loaded, f"started from {path}: all {len(jax.tree.leaves(loaded))} arrays loaded"
