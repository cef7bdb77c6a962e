"""The page of `qband.py`: what each way to train reaches on the unseen cells of all folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.page import made_by
from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.evaluation.predictions import Predictions
from superxception_jax.evaluation.statistics import bootstrap_mean

RESAMPLES, LEVEL = 2000, 0.95
# Predictions and seconds of training of each row, for the test cells of a fold.
Fold = Mapping[str, tuple[Predictions, float]]


def summarize(folds: Sequence[Fold]) -> list[dict[str, Any]]:
    """Return a record of each row over all folds."""
    right: dict[str, np.ndarray] = {}
    rows = []
    cells = np.concatenate([fold["random"][0].cells for fold in folds])
    for name in folds[0]:
        tested = [fold[name][0] for fold in folds]
        labels = np.concatenate([one.labels for one in tested])
        single = np.concatenate([one.predicted for one in tested]) == labels
        right[name] = np.concatenate([one.assigned for one in tested]) == labels
        gain = right[name].astype(float) - right["random"]
        rows.append(
            {
                "row": name,
                "single": float(single.mean()),
                "assigned": float(right[name].mean()),
                "interval": _interval(right[name].astype(float), cells),
                "wrong": int((~right[name]).sum()),
                "images": len(labels),
                "gain": float(gain.mean()),
                "gain_interval": _interval(gain, cells),
                "full": float(np.mean([right[name][cells == one].all() for one in set(cells)])),
                "minutes": float(np.mean([fold[name][1] for fold in folds])) / 60,
            }
        )
    return rows


def _interval(values: np.ndarray, cells: np.ndarray) -> tuple[float, float]:
    return bootstrap_mean(values, cells, resamples=RESAMPLES, level=LEVEL, seed=0)


def name_suspects(folds: Sequence[Fold]) -> list[str]:
    """Return the images that every row assigns to the same wrong class, with both classes."""
    suspects = []
    for fold in folds:
        first = fold["random"][0]
        assigned = np.stack([np.asarray(row.assigned) for row, _ in fold.values()])
        agreed = (assigned == assigned[0]).all(axis=0) & (assigned[0] != first.labels)
        suspects += [
            f"`{first.names[index]}` (labelled {CLASS_NAMES[first.labels[index]]}, "
            f"{CLASS_NAMES[assigned[0][index]]})"
            for index in np.flatnonzero(agreed)
        ]
    return suspects


def describe(
    rows: Sequence[dict[str, Any]],
    suspects: Sequence[str],
    *,
    titles: Mapping[str, str],
    command: str,
    commit: str,
) -> str:
    """Return the page; `titles` say what each recipe is."""
    averaged = {f"{name}, averaged": f"{title}: averaged" for name, title in titles.items()}
    titles = {**titles, **averaged, "ensemble": "ensemble of the first three"}
    lines = [
        [
            titles[row["row"]],
            f"{100 * row['single']:.2f}",
            f"{100 * row['assigned']:.2f}",
            "{:.2f} to {:.2f}".format(*(100 * end for end in row["interval"])),
            f"{row['wrong']} of {row['images']:,}",
            f"{100 * row['gain']:+.2f} ({{:+.2f}} to {{:+.2f}})".format(
                *(100 * end for end in row["gain_interval"])
            ),
            f"{100 * row['full']:.1f}",
            f"{row['minutes']:.1f}",
        ]
        for row in rows
    ]
    heads = ["training", "single images, %", "assigned, %", "95 % interval", "wrong"]
    heads += ["gain over the first row, points", "cells fully correct, %", "minutes a fold"]
    return "\n".join(
        [
            "# Ways to train a network for the Q-bands",
            "",
            "StripNet on the Padova cells, split `cells`, one seed; every cell is tested once, by "
            "networks that never saw it. Intervals are bootstrapped over cells. The last weights "
            "are tested; validation cells only calibrate.",
            "",
            markdown_grid(heads, lines),
            "",
            f"{len(suspects)} images are assigned to the same wrong class in every row, so that "
            f"their labels are suspect: {', '.join(suspects) or 'none'}.",
            "",
            *made_by(command, commit=commit),
        ]
    )
