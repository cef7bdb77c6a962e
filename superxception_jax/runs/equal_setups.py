"""Whether all processes of a run were started with the same."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from superxception_jax.runs.config.config_values import without_fields
from superxception_jax.runs.setup import Setup
from superxception_jax.runs.workdir import PLACES
from superxception_jax.training.hosts.processes import process_count, tell


def check_equal_setups(setup: Setup, workdir: Path) -> None:
    """Check that all processes of a run have the same images, split, pseudo-labels and config.

    The folders of the data may be others on each computer.

    Args:
        setup: Setup of the run in this process.
        workdir: Run folder, for the message.

    Raises:
        ValueError: This process has others than the first.
    """
    if process_count() == 1:
        return
    digest = _digest(setup)
    if digest != tell(lambda: digest):
        raise ValueError(
            "all processes must have the same config, images, split and pseudo-labels, got others "
            "than those of the first process; start all with the same flags, and give them the "
            f"same data and, to resume, the same run folder `{workdir}`."
        )


def _digest(setup: Setup) -> str:
    """Return a hash of what must be the same in all processes."""
    config = without_fields(setup.experiment.config, [f"data.{name}" for name in PLACES])
    lines = [json.dumps(config, sort_keys=True)]
    lines += [f"{name} {image}" for name, image in sorted(setup.split.images.items())]
    if (pseudo := setup.pseudo_labelled) is not None:
        # In their order, in which they train.
        columns = (pseudo.names, pseudo.labels, pseudo.hashes, pseudo.upright)
        lines += [" ".join(map(str, row)) for row in zip(*columns, strict=True)]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
