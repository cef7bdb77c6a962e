"""The part of a results table on each data set, where the rows test several."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.runs.config.data_set_names import listed
from superxception_jax.tables.comparison_page import ABSENT, describe_interval
from superxception_jax.tables.finished_run import TableRun
from superxception_jax.tables.stored_predictions import StoredPredictions
from superxception_jax.tables.whole_cells import summarize_cells

_SHARES = ("single images, %", "assigned, %", "fully correct, %")


def data_set_section(runs: Sequence[TableRun]) -> list[str]:
    """Return the section on each data set; empty where there is only one.

    Args:
        runs: Runs of a table.

    Returns:
        Parts of the page.
    """
    names = listed(runs[0].results.dataset)
    if len(names) == 1:
        return []
    lines = []
    for row in dict.fromkeys(run.row for run in runs):
        chosen = [run for run in runs if run.row == row]
        found = [_summarize(chosen, name) for name in names]
        for name, (texts, _) in zip(names, found, strict=True):
            lines.append([row, name, _role(chosen[0], name), *texts])
        means = np.mean([shares for _, shares in found], axis=0)
        single, assigned, full = (_percent(share) for share in means)
        lines.append([row, "mean", "", single, "", assigned, "", full, ""])
    heads = ["network", "data set", "training", _SHARES[0], "interval", _SHARES[1], "interval"]
    heads += [_SHARES[2], "cells"]
    text = (
        "Each data set by itself, and their mean, each counted once. `none`: the network never saw "
        "an image of the laboratory."
    )
    return ["## Data sets", text, markdown_grid(heads, lines)]


def _role(run: TableRun, name: str) -> str:
    """Return what part a data set has in the training of a run, as far as its config says."""
    config = run.config
    if name not in listed(config["split"]["test_only"]):
        units = "cases" if config["split"]["protocol"] == "cases" else "cells"
        return f"trained on its other {units}"
    # Whose cells these are, and what the start was trained on, is not in the config.
    known = ["cells without labels"] if config["data"]["unlabelled_folder"] else []
    known += ["the images of its start"] if config["model"]["init_from"] else []
    return f"none, unless among {' or '.join(known)}" if known else "none"


def _summarize(runs: Sequence[TableRun], name: str) -> tuple[list[str], tuple[float, float, float]]:
    """Return the cells of a line, and its three shares."""
    tested = [_of_data_set(run.predictions, name) for run in runs]
    correct = np.concatenate([one.correct for one in tested]).astype(np.float64)
    single = float(correct.mean())
    texts = [_percent(single), describe_interval(runs[0].interval(correct, tested))]
    cells = summarize_cells(tested, interval=runs[0].interval)
    if cells is None:
        return [*texts, ABSENT, ABSENT, ABSENT, ABSENT], (single, np.nan, np.nan)
    texts += [_percent(cells.accuracy), describe_interval(cells.accuracy_interval)]
    texts += [_percent(cells.fully_correct), f"{cells.cells:,}"]
    return texts, (single, cells.accuracy, cells.fully_correct)


def _of_data_set(predictions: StoredPredictions, name: str) -> StoredPredictions:
    chosen = np.strings.startswith(predictions.cells.astype(str), f"{name}/")
    columns = {field: column for field, column in vars(predictions).items() if column is not None}
    return dataclasses.replace(
        predictions, **{field: column[chosen] for field, column in columns.items()}
    )


def _percent(share: float) -> str:
    return ABSENT if np.isnan(share) else f"{100 * share:.2f}"
