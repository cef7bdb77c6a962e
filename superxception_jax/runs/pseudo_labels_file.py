"""The pseudo-labels of a run as it keeps them, and which of them train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.data.file_names import folded_text
from superxception_jax.data.joined import prefix_of
from superxception_jax.data.source import Chromosomes
from superxception_jax.files import damaged, load_arrays, replacing
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.split.split_file import UNUSED, StoredSplit

PSEUDO_LABELS_FILE = "pseudo_labels.npz"


def save_pseudo_labels(workdir: Path, pseudo: Chromosomes, *, reader: str) -> Path:
    """Write the pseudo-labelled images of a run, and return the file.

    Args:
        workdir: Run folder.
        pseudo: Images in memory.
        reader: Digest of the weights that read them.
    """
    path = workdir / PSEUDO_LABELS_FILE
    arrays = {"reader": np.array(reader), **vars(pseudo)}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return path


def load_pseudo_labels(workdir: Path, *, reader: str | None = None) -> Chromosomes | None:
    """Return the pseudo-labelled images of a run from its folder; None if it has none.

    Args:
        workdir: Run folder.
        reader: Digest of weights; what others have read is not returned. None: whatever read them.

    Raises:
        ValueError: The file is damaged.
    """
    path = workdir / PSEUDO_LABELS_FILE
    if not path.is_file():
        return None
    what = {
        "content": "the pseudo-labels of a run",
        "remedy": "restore it from a copy, or start the run again in another folder",
    }
    arrays: dict[str, Any] = load_arrays(path, **what)
    read_by = str(arrays.pop("reader", ""))
    if reader not in (None, read_by):
        return None
    try:
        return Chromosomes(**arrays)
    except TypeError as error:
        raise damaged(path, error, **what) from error


def without_known(
    pseudo: Chromosomes, labelled: StoredSplit, experiment: Experiment
) -> Chromosomes:
    """Return the pseudo-labelled images that train.

    Left out are the cells of which an image has a label, because the labels are better, and no
    tested cell may train; with the split `cases` also those of a case that validates or tests,
    which is known by its name or by an image.

    Args:
        pseudo: Pseudo-labelled images.
        labelled: Split of the labelled images.
        experiment: Experiment of the run.
    """
    with_labels, of_cases, _ = _left_out(pseudo, labelled, experiment)
    left_out = with_labels | of_cases
    return pseudo.take(np.array([one not in left_out for one in pseudo.cells.tolist()], bool))


def describe_left_out(pseudo: Chromosomes, labelled: StoredSplit, experiment: Experiment) -> str:
    """Return which of the cells that were read don't train, and why; empty if all do.

    Args:
        pseudo: As for `without_known`.
        labelled: As for `without_known`.
        experiment: As for `without_known`.
    """
    with_labels, of_cases, absent = _left_out(pseudo, labelled, experiment)
    reasons = [f"{len(with_labels)} with labelled images"] if with_labels else []
    reasons += [f"{len(of_cases)} of a validation or test case"] if of_cases else []
    sentences = [f"left out: {', '.join(reasons)}"] if reasons else []
    unknown = set(pseudo.cells[pseudo.cases == ""].tolist()) - with_labels
    if unknown and experiment.split.protocol == "cases":
        sentences.append(
            f"{len(unknown)} are trained on although their case is unknown: make one folder per "
            "case to leave out those of validation or test cases"
        )
    if absent and (pseudo.cases != "").any():
        sentences.append(
            f"{len(absent)} of the validation and test cases were not found: if these have other "
            "names in this folder, their cells are trained on"
        )
    if not sentences:
        return ""
    return f"unlabelled: of {len(set(pseudo.cells.tolist()))} cells, {'; '.join(sentences)}"


def _left_out(
    pseudo: Chromosomes, labelled: StoredSplit, experiment: Experiment
) -> tuple[set[str], set[str], set[str]]:
    """Return cells of which an image has a label, others of a held-out case, and absent cases.

    These are held out, and no cell is known to be theirs.
    """
    used = [one for one in labelled.images.values() if one.part != UNUSED]
    known = {one.pixels for one in used}
    held_out, own = dict[str, str](), dict[str, str]()
    if experiment.split.protocol == "cases":
        held_out = {one.pixels: one.case for one in used if one.part in ("validation", "test")}
        if "own" in experiment.data_sets:
            # Cases of other data sets are no patients of this laboratory, whatever their number.
            prefix = prefix_of("own") if len(experiment.data_sets) > 1 else ""
            cases = [case for case in held_out.values() if case.startswith(prefix)]
            own = {case: folded_text(case.removeprefix(prefix)) for case in cases}
    # Of an image that a table calls turned, a data set has the hash of the turned image.
    pixels = [hashes.split() for hashes in pseudo.hashes.tolist()]
    folders = [folded_text(case) for case in pseudo.cases.tolist()]
    rows = list(zip(pseudo.cells.tolist(), folders, pixels, strict=True))
    # A folder may name a patient otherwise than a table does: an image in both tells who it is.
    alike = [(held_out[one], case) for _, case, both in rows for one in both if one in held_out]
    named = {*own.values(), *(case for _, case in alike)} - {""}
    with_labels = {cell for cell, _, both in rows if not known.isdisjoint(both)}
    of_cases = {cell for cell, case, _ in rows if case in named}
    absent = {case for case, name in own.items() if name not in folders}
    return with_labels, of_cases - with_labels, absent - {case for case, _ in alike}
