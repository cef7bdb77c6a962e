"""What a run stores at its start of its split, and of the images that it knows."""

from __future__ import annotations

from pathlib import Path

from superxception_jax.runs.exported.trained_images import save_trained
from superxception_jax.runs.setup import Setup
from superxception_jax.runs.split.lineage import collect_trained
from superxception_jax.runs.split.split_file import DRAWING, load_split, save_split
from superxception_jax.runs.workdir import SPLIT_FILE


def keep_split(setup: Setup, workdir: Path, *, has_begun: bool, finished: bool) -> None:
    """Store the split of a run that has none, and the images that it knows.

    A run of an earlier version that has begun to train gets both too, so that later changes are
    seen; one that has finished doesn't, because nobody knows which images it was trained with.

    Args:
        setup: Setup of the run.
        workdir: Run folder.
        has_begun: Whether the run has a checkpoint.
        finished: Whether its training has come to its end.

    Raises:
        ValueError: The run would go on with other curled copies than those that it began with.
    """
    has_split = (workdir / SPLIT_FILE).is_file()
    if not has_begun or not (finished or has_split):
        # Now, because what the run builds on may be gone when it is exported.
        save_trained(workdir, collect_trained(setup.experiment, setup.split, setup.pseudo_labelled))
    if has_split:
        stored = load_split(workdir) if setup.to_curl and not finished else None
        if stored is not None and stored.drawing != DRAWING:
            raise ValueError(
                f"`{workdir}` must be of a version that curls the same copies, got a run of "
                "another one; use the program that began it (see environment.json), or train "
                "again in another folder."
            )
        return
    if has_begun:
        print(describe_missing_split(workdir, kept=not finished), flush=True)
    if not finished:
        save_split(workdir, setup.split)


def describe_missing_split(workdir: Path, *, kept: bool) -> str:
    """Return what can't be compared of a run of an earlier version.

    Args:
        workdir: Run folder.
        kept: Whether its split is stored now.
    """
    ending = "; from now on it is stored" if kept else ""
    return (
        f"{workdir} is of a version that didn't store its split: whether it was trained with the "
        f"images and the split of today can't be checked{ending}."
    )
