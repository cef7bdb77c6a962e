"""The model card of a network that is handed on: its origin, its quality, its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DATA_SETS = {
    "bioimage": "Padova Q-band set: 5,474 chromosomes of 119 cells of one laboratory, all with 46 "
    "chromosomes (Poletti, Grisan, Ruggeri 2008). No licence is known; no image is included",
    "gband": "G-band karyograms: 13,521 chromosomes of 294 cells of 185 patients of one "
    "laboratory, 1997 and 1998. No licence is known; no image is included",
    "ideogram": "synthetic cells, drawn from the public-domain band tables: fit for trials only",
    "own": "a laboratory's own folder of labelled images",
}
LIMITS = """- Not for diagnosis. Every result is a draft, to be verified by a cytogeneticist.
- It names whole chromosomes. Of deletions, inversions, translocations and markers it knows
  nothing, and gives them the class that they look like most.
- It learned from the images of one laboratory, cut out by people. Other stains, microscopes and
  segmentations are read less well, and nothing here says how much less.
- One image holds one chromosome; of several, the largest piece is read.
- Lengths and brightness are relative to the cell: images of a cell belong together."""


def write_model_card(
    results: Mapping[str, Any], config: Mapping[str, Any], environment: Mapping[str, Any]
) -> str:
    """Write what a user of a network must know of it.

    Args:
        results: of the run's test, see `results.json`.
        config: of the run, JSON values.
        environment: of the training, see `environment.json`.

    Returns:
        Markdown.

    Source: ours, after Mitchell et al. 2019.
    """
    data, split, model = config["data"], config["split"], config["model"]
    input_px = model["input_px"] or config["normalization"]["image_px"]
    protocol = f"`{split['protocol']}`"
    if split["protocol"] in ("cells", "cases"):
        protocol += f", fold {split['fold']} of {split['folds']}"
    facts = {
        "network": f"`{model['name']}`, {results['parameters']:,} parameters, input "
        f"{input_px}×{input_px} px",
        "learned from": DATA_SETS[data["dataset"]],
        "protocol": f"{protocol}; the test images had no part in training and chose no checkpoint",
        "seed, epochs": f"{config['seed']}, {config['training']['epochs']}",
        "trained by": f"`{environment['command']}`, commit `{environment['commit']}`",
        "tested with": f"commit `{results['environment']['commit']}`",
    }
    lines = [f"| {name} | {value} |" for name, value in facts.items()]
    measured = [f"| {name} | {value} |" for name, value in _measured(results).items()]
    return "\n".join(
        (
            f"# Model card: {config['name']}, {data['dataset']}",
            "",
            *("| | |", "| --- | --- |"),
            *lines,
            "",
            "## Measured on the test images",
            "",
            *("| | |", "| --- | --- |"),
            *measured,
            "",
            "## Limits",
            "",
            LIMITS,
            "",
        )
    )


def _measured(results: Mapping[str, Any]) -> dict[str, str]:
    """Return what the results hold, by what it is."""
    measured = {
        "images": f"{results['images']:,}",
        "single images right": _share(results["accuracy"], results["accuracy_interval"]),
    }
    if cells := results.get("cells"):
        measured |= {
            "cells": str(cells["cells"]),
            "right after the assignment of whole cells": _share(
                cells["accuracy"], cells["accuracy_interval"]
            ),
            "cells entirely right": _share(cells["entirely_right"]),
            "cells with the right sex chromosomes": _share(cells["sex_right"]),
            "cells with all counts right": _share(cells["counts_right"]),
        }
    if polarity := results.get("polarity"):
        for name, what in (("upright", "upright"), ("turned_at_random", "turned at random")):
            measured |= {
                f"single images right, {what}": _share(polarity[name]["accuracy"]),
                f"way up right, {what}": _share(polarity[name]["polarity_accuracy"]),
            }
    calibration = results["calibration"]
    measured["calibration error"] = (
        f"{results['expected_calibration_error']:.3f}, with the temperature "
        f"{calibration['temperature']:.2f} {calibration['expected_calibration_error']:.3f}"
    )
    return measured


def _share(value: float, interval: tuple[float, float] | None = None) -> str:
    text = f"{100 * value:.1f} %"
    if interval:
        text += f" ({100 * interval[0]:.1f} – {100 * interval[1]:.1f} %)"
    return text
