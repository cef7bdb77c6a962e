"""Whether all processes of a run were started with the same."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from superxception_jax.runs.setup import Setup
from superxception_jax.training.processes import process_count, tell


def check_equal_setups(setup: Setup, workdir: Path) -> None:
    """Check that all processes of a run have the same images, split and config.

    Args:
        setup: Setup of the run in this process.
        workdir: Run folder, for the message.

    Raises:
        ValueError: This process has others than the first.
    """
    if process_count() == 1:
        return
    config = {name: part for name, part in setup.experiment.config.items() if name != "data"}
    seen = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for name, image in sorted(setup.split.images.items()):
        seen.update(f"{name} {image}\n".encode("utf-8", "surrogateescape"))
    digest = seen.hexdigest()
    if digest != tell(lambda: digest):
        raise ValueError(
            "all processes must have the same config, images and split, got others than those of "
            f"the first process; start all with the same flags, and give them the same data and, "
            f"to resume, the same run folder `{workdir}`."
        )
