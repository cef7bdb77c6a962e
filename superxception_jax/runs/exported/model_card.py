"""The model card of an exported network: its origin, its quality and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from superxception_jax.data.splits import FOLDED_PROTOCOLS
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.evaluation.statistics import Interval
from superxception_jax.karyotyping.iscn import INCOMPLETE_IMAGES
from superxception_jax.runs.config.data_set_names import listed
from superxception_jax.runs.included import INCLUDED, start_of
from superxception_jax.runs.provenance import TrainingRecord
from superxception_jax.runs.results import UNLEARNED, RunResults

DATA_SETS = {
    "bioimage": "Padova Q-band set: 5,474 chromosomes of 119 cells of one laboratory, all with 46 "
    "chromosomes (Poletti, Grisan, Ruggeri 2008). No licence is known; no image is included",
    "gband": "G-band karyograms: 13,521 chromosomes of 294 cells of 185 patients of one "
    "laboratory, 1997 and 1998. No licence is known; no image is included",
    "tseng": "chromosomes that stand alone in the metaphase pictures of Tseng et al. 2023 "
    "(10.1038/s41597-023-02003-7), G-banded, any way up. No licence is known; no image "
    "is included",
    "ideogram": "synthetic cells drawn from the public-domain band tables: fit for trials only",
    "own": "a laboratory's own folder of labelled images",
}
LIMITS = """- Not for diagnosis. Every result is a draft that a cytogeneticist must verify.
- The network classifies whole chromosomes. It cannot recognise deletions, inversions,
  translocations or marker chromosomes, and assigns them to the class that they resemble most.
- It was trained on the images named above only. Accuracy is lower with other stains, microscopes
  and segmentations; nothing on this card says by how much.
- Each image must show one chromosome.
- Length and brightness are relative to the cell: give all images of a cell together."""
UPRIGHT_ONLY = """
- It takes every image as upright, with the p arm up: it neither notices nor corrects an image that
  is upside down."""
UNORIENTED = """
- It classifies images that are any way up and does not say which end is up."""
# What the training images share with the test images, by protocol.
SHARED = {
    "paper": "other images of the same cells were in training: unseen cells are harder",
    "poletti": "no cell is in both training and test; a patient may be",
    "cells": "no cell is in both training and test; a patient may be",
    "cases": "no patient is in both training and test",
}


def write_model_card(
    results: RunResults, config: Mapping[str, Any], training: TrainingRecord
) -> str:
    """Return what a user of a network must know about it, as Markdown.

    Args:
        results: Test results of the run.
        config: Config of the run as JSON values.
        training: Provenance of the training.

    Source: Mitchell et al., "Model Cards for Model Reporting", 2019, for the idea.
    """
    data, split, model = config["data"], config["split"], config["model"]
    input_px = model["input_px"] or config["normalization"]["image_px"]
    protocol = f"`{split['protocol']}`"
    if split["protocol"] in FOLDED_PROTOCOLS:
        protocol += f", fold {split['fold']} of {split['folds']}"
    command = training.trainings[0].command
    commits = ", ".join(dict.fromkeys(f"`{one.commit}`" for one in training.trainings))
    facts = {
        "Network": f"`{model['name']}`, {results.parameters:,} parameters, input "
        f"{input_px}×{input_px} px",
        "Training data": _training_data(config),
        "Split": f"{protocol}; the test images had no part in this training or in the choice of "
        f"the checkpoint; {SHARED[split['protocol']]}",
        "Orientation": results.orientation,
        "Seed, epochs": f"{config['seed']}, {config['training']['epochs']}{_end(results)}",
        "Trained with": f"`{command}`, commit {commits}",
        "Tested with": f"commit `{results.evaluation.commit}`",
    }
    return "\n".join(
        (
            f"# Model card: {config['name']}, {data['dataset']}",
            "",
            markdown_grid(("", ""), facts.items()),
            "",
            "## Results on the test images",
            "",
            markdown_grid(("", ""), _measured(results).items()),
            "",
            "## Limits",
            "",
            LIMITS + _orientation_limit(results),
            "",
        )
    )


def _end(results: RunResults) -> str:
    """Return how a training ended otherwise than with its last epoch."""
    stopped, start = results.progress.stopped_epoch, results.start
    text = f"; stopped after epoch {stopped}" if stopped else ""
    # Only a start that counts as a result can be the best.
    kept = start is not None and results.progress.best_step == 0
    return text + ("; no epoch was better than the start, which was kept" if kept else "")


def _measured(results: RunResults) -> dict[str, str]:
    """Return the results by their description."""
    level = results.confidence_level
    measured = {
        "Images": f"{results.images:,}",
        "Accuracy, single images": _accuracy(results.accuracy, results.accuracy_interval, level),
    }
    if absent := results.absent_classes:
        measured["Classes of no test image"] = ", ".join(absent)
    if cells := results.cells:
        measured |= {
            "Cells": str(cells.cells),
            "Accuracy after the assignment of whole cells": _accuracy(
                cells.accuracy, cells.accuracy_interval, level
            ),
            "Cells fully correct": _share(cells.fully_correct),
            "Cells with correct sex chromosomes": _share(cells.sex_correct),
            "Cells with all chromosome counts correct": _share(cells.counts_correct),
        }
        if cells.parts:
            measured[f"Cells of {INCOMPLETE_IMAGES}"] = str(cells.parts)
    if results.cells_withheld:
        measured["Assignment of whole cells"] = f"not possible: {results.cells_withheld}"
    if polarity := results.polarity:
        for name, what in (("upright", "upright"), ("turned_at_random", "turned at random")):
            measured |= {
                f"Accuracy, single images {what}": _share(polarity[name].accuracy),
                f"Orientation correct, images {what}": _share(polarity[name].polarity_accuracy),
            }
    for name, one in results.sources.items():
        measured[f"Images of `{name}`"] = f"{one.images:,}"
        measured[f"Accuracy on `{name}`, single images"] = _accuracy(
            one.accuracy, one.accuracy_interval, level
        )
        if one.cells:
            measured[f"Accuracy on `{name}` after the assignment of whole cells"] = _accuracy(
                one.cells.accuracy, one.cells.accuracy_interval, level
            )
            measured[f"Cells of `{name}` fully correct"] = _share(one.cells.fully_correct)
    if results.start:
        measured["Accuracy before this training, single images"] = _accuracy(
            results.start.accuracy, results.start.accuracy_interval, level
        )
    return measured | {"Expected calibration error": _calibration(results)}


def _orientation_limit(results: RunResults) -> str:
    if results.orientation_from == UNLEARNED:
        return UNORIENTED
    return "" if results.polarity or results.orientation_from == "read" else UPRIGHT_ONLY


def _training_data(config: Mapping[str, Any]) -> str:
    """Return what the network was trained on, data set by data set."""
    names = listed(config["data"]["dataset"])
    tested = listed(config["split"]["test_only"])
    texts = [
        DATA_SETS[name] + (" (tested only, no part in training)" if name in tested else "")
        for name in names
    ]
    if share := config["data"].get("curled_share"):
        texts.append(f"copies of {100 * share:.0f} % of the images, curled at random")
    if config["data"].get("unlabelled_folder"):
        reader = "another" if config["data"].get("unlabelled_reader") else "the initial"
        texts.append(f"cells without labels, with the classes that {reader} network assigned")
    start = start_of(config["model"]["init_from"])
    if start in INCLUDED:
        texts.append(f"started from the included network `{start}`")
    elif start:
        texts.append(f"started from other weights, `{Path(start).name}`, see their own card")
    return "; ".join(texts)


def _calibration(results: RunResults) -> str:
    before, after = results.expected_calibration_error, results.calibration
    temperature = f"temperature {after.temperature:.2f}, fitted on {after.fitted_on}"
    if before is None or after.expected_calibration_error is None:
        return f"unknown: {results.images} images are too few ({temperature})"
    return (
        f"{before:.3f}; {after.expected_calibration_error:.3f} after temperature scaling "
        f"({temperature})"
    )


def _accuracy(value: float, interval: Interval, level: float) -> str:
    if interval.ends is None:
        return f"{_share(value)} ({interval.method})"
    low, high = (f"{100 * end:.1f}" for end in interval.ends)
    return f"{_share(value)} ({100 * level:g} % interval {low} – {high} %, over {interval.units})"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"
