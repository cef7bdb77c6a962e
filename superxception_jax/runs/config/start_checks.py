"""The checks of the weights that a training starts from."""

from __future__ import annotations

from ml_collections import ConfigDict

from superxception_jax.models.build import MODELS
from superxception_jax.models.keras.start import EXPORTED, find_init_from_problems
from superxception_jax.runs.included import INCLUDED, start_of


def find_start_problems(config: ConfigDict) -> list[str]:
    """Return the problems of the initial weights and of what is asked of them.

    Args:
        config: Config whose fields have the right kinds.

    Returns:
        One sentence per problem.
    """
    problems: list[str] = []
    start = start_of(config.model.init_from)
    is_network = _is_network(start)
    reader = config.data.unlabelled_reader
    if config.data.unlabelled_folder and not _is_network(reader or start):
        field = "data.unlabelled_reader" if reader else "model.init_from"
        problems.append(
            f"`{field}` must be {', '.join(INCLUDED)} or an exported `variables.npz` with "
            f"`data.unlabelled_folder`, whose cells it labels, got {reader or start!r}; set it."
        )
    if config.data.unlabelled_folder and config.model.polarity == "given":
        problems.append(
            "`data.unlabelled_folder` must be empty with `model.polarity` given, got "
            f"{config.data.unlabelled_folder!r}, whose images may be any way up; set "
            "`model.polarity` to read."
        )
    for name, default in (("polarity", "any"), ("reader", "")):
        value = config.data[f"unlabelled_{name}"]
        if value != default and not config.data.unlabelled_folder:
            problems.append(
                f"`data.unlabelled_{name}` must be {default or 'empty'} without "
                f"`data.unlabelled_folder`, got {value!r}; leave it out, or name the folder."
            )
    if config.model.start != "replaced" and not is_network:
        problems.append(
            f"`model.init_from` must be {', '.join(INCLUDED)} or an exported `variables.npz` with "
            f"`model.start` {config.model.start!r}, got {start!r}; set it."
        )
    if config.model.start != "replaced" and config.training.kept == "last":
        problems.append(
            "`training.kept` must be lowest_loss with `model.start` "
            f"{config.model.start!r}, got last; set it to lowest_loss."
        )
    epochs = config.super_resolution.pretraining_epochs
    if config.model.start != "replaced" and epochs:
        problems.append(
            f"`super_resolution.pretraining_epochs` must be 0 with `model.start` "
            f"{config.model.start!r}, which tests the initial weights as they are, got {epochs}; "
            "set it to 0."
        )
    if start and config.model.name in MODELS and not is_network:
        problems += find_init_from_problems(
            config.model.name,
            width_multiplier=config.model.width_multiplier,
            middle_modules=config.model.middle_modules,
        )
    return problems


def _is_network(weights: str) -> bool:
    """Return whether weights are those of a network of this project, which can read cells."""
    return weights in INCLUDED or weights.endswith(EXPORTED)
