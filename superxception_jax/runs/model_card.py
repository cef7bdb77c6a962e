"""The model card of an exported network: its origin, its quality and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from superxception_jax.data.splits import FOLDED_PROTOCOLS
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.runs.provenance import TrainingRecord
from superxception_jax.runs.results import RunResults

DATA_SETS = {
    "bioimage": "Padova Q-band set: 5,474 chromosomes of 119 cells of one laboratory, all with 46 "
    "chromosomes (Poletti, Grisan, Ruggeri 2008). No licence is known; no image is included",
    "gband": "G-band karyograms: 13,521 chromosomes of 294 cells of 185 patients of one "
    "laboratory, 1997 and 1998. No licence is known; no image is included",
    "ideogram": "synthetic cells drawn from the public-domain band tables: fit for trials only",
    "own": "a laboratory's own folder of labelled images",
}
LIMITS = """- Not for diagnosis. Every result is a draft that a cytogeneticist must verify.
- The network classifies whole chromosomes. It cannot recognise deletions, inversions,
  translocations or marker chromosomes, and assigns them to the class that they resemble most.
- It was trained on images of one laboratory, segmented by people. Accuracy is lower with other
  stains, microscopes and segmentations; nothing on this card says by how much.
- Each image must show one chromosome; of several pieces, the largest is classified.
- Length and brightness are relative to the cell: all images of a cell belong together."""


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
        "Training data": DATA_SETS[data["dataset"]],
        "Split": f"{protocol}; the test images had no part in training or in the choice of the "
        "checkpoint",
        "Seed, epochs": f"{config['seed']}, {config['training']['epochs']}",
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
            LIMITS,
            "",
        )
    )


def _measured(results: RunResults) -> dict[str, str]:
    """Return the results by their description."""
    measured = {
        "Images": f"{results.images:,}",
        "Accuracy, single images": _share(results.accuracy, results.accuracy_interval),
    }
    if cells := results.cells:
        measured |= {
            "Cells": str(cells.cells),
            "Accuracy after the assignment of whole cells": _share(
                cells.accuracy, cells.accuracy_interval
            ),
            "Cells fully correct": _share(cells.fully_correct),
            "Cells with correct sex chromosomes": _share(cells.sex_correct),
            "Cells with all chromosome counts correct": _share(cells.counts_correct),
        }
    if polarity := results.polarity:
        for name, what in (("upright", "upright"), ("turned_at_random", "turned at random")):
            measured |= {
                f"Accuracy, single images {what}": _share(polarity[name].accuracy),
                f"Orientation correct, images {what}": _share(polarity[name].polarity_accuracy),
            }
    calibration = results.calibration
    measured["Expected calibration error"] = (
        f"{results.expected_calibration_error:.3f}; {calibration.expected_calibration_error:.3f} "
        f"after temperature scaling (temperature {calibration.temperature:.2f})"
    )
    return measured


def _share(value: float, interval: tuple[float, float] | None = None) -> str:
    text = f"{100 * value:.1f} %"
    if interval:
        text += f" ({100 * interval[0]:.1f} – {100 * interval[1]:.1f} %)"
    return text
