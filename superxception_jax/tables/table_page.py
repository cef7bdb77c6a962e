"""A table of networks as a Markdown page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.evaluation.statistics import describe_units
from superxception_jax.karyotyping.iscn import INCOMPLETE_IMAGES
from superxception_jax.runs.config.data_set_names import listed
from superxception_jax.tables.comparison_page import (
    ABSENT,
    comparison_grid,
    comparison_notes,
    describe_interval,
    too_few,
)
from superxception_jax.tables.data_sets import data_set_section
from superxception_jax.tables.finished_run import TableRun
from superxception_jax.tables.row import TableRow, missing_runs
from superxception_jax.tables.table import Table
from superxception_jax.tables.whole_cells import PART, WholeCells

# What the page links to, in its own folder.
VALUES_FILE = "table.json"
ACCURACY_FIGURE = "accuracy.png"
COST_FIGURE = "cost.png"
# Column heads of the measures of super-resolution; others keep their own name.
SUPER_RESOLUTION_HEADS = {
    "images": "restored images",
    "psnr_bicubic": "PSNR bicubic, dB",
    "psnr": "PSNR, dB",
    "psnr_fitted_bicubic": "PSNR bicubic after a grey-value fit, dB",
    "psnr_fitted": "PSNR after a grey-value fit, dB",
    "ssim_bicubic": "SSIM bicubic",
    "ssim": "SSIM",
}
ANEUPLOIDY_HEADS = {
    "gain": "gain of an autosome (trisomy)",
    "sex": "sex chromosomes other than XX and XY",
    "loss": "loss of an autosome (monosomy)",
    "none": "normal (46,XX or 46,XY)",
    PART: f"unknown: {INCOMPLETE_IMAGES}",
}


def table_markdown(table: Table, *, notes: str) -> str:
    """Return a table as a Markdown page.

    Args:
        table: The table.
        notes: Markdown of the conclusions; empty for none.

    Returns:
        Networks, figures, conclusions, recall by class, whole cells, super-resolution, paired
        comparisons and the commands that reproduce the table.
    """
    rows = table.rows
    parts = [f"# Table `{table.name}`", _introduction(table), _networks(rows)]
    parts += [f"![Test accuracy of the networks]({ACCURACY_FIGURE})"]
    parts += [f"![Test accuracy against cost]({COST_FIGURE})"]
    if notes:
        parts += ["## Conclusions", notes.strip()]
    parts += data_set_section(table.runs)
    parts += ["## Recall by class, %", _recalls(rows)]
    unassigned = _unassigned(table.runs)
    if unassigned or any(row.whole_cells for row in rows):
        parts += ["## Whole cells", *_whole_cells(rows), *unassigned]
    if any(row.super_resolution for row in rows):
        parts += ["## Super-resolution", _super_resolution(rows)]
    if table.comparisons:
        parts += [
            "## Paired comparisons",
            comparison_notes(table.comparisons),
            comparison_grid(table.comparisons),
        ]
    parts += [
        "## Reproduce",
        "At the commits of the table; a later version may have other defaults, and refuses to put "
        "its runs into a row of another config.",
        _code(table.commands),
    ]
    parts += ["Individual runs:", _code([run.command for run in table.runs])]
    return "\n\n".join(parts) + "\n"


def _introduction(table: Table) -> str:
    first = table.rows[0]
    lines = [
        f"Data set `{first.dataset}`, split `{first.protocol}`, {first.images:,} test images. "
        + _intervals(table)
        + " The devices on which the times were measured are listed for each run in "
        f"[`{VALUES_FILE}`]({VALUES_FILE}).",
    ]
    if "ideogram" in (names := listed(first.dataset)):
        which = "These are" if len(names) == 1 else "The images of `ideogram` are"
        lines.append(
            f"{which} synthetic chromosomes, which are easier than real ones: the results show "
            "that the program works and have no clinical meaning."
        )
    lines += [*_early_stops(table.runs), *_missing(table.runs)]
    return "\n\n".join(lines)


def _intervals(table: Table) -> str:
    """Return what the intervals of the table cover, and where there is none."""
    intervals = [row.accuracy_interval for row in table.rows]
    given = [one for one in intervals if one.ends]
    text = too_few(intervals, "get no interval")
    if not given:
        return text
    return (
        f"The {100 * table.rows[0].confidence_level:g} % intervals of the mean over seeds are "
        f"percentile bootstrap intervals over {describe_units(given)} "
        f"({table.runs[0].bootstrap_resamples:,} resamples). They cover the choice of the test "
        f"{given[0].unit}s, not the chance of training: seeds are not resampled, and their "
        f"standard deviation is listed separately. {text}"
    ).strip()


def _early_stops(runs: Sequence[TableRun]) -> list[str]:
    """Return a sentence on the runs that stopped early; none if all reached their planned end."""
    stopped = [
        f"`{run.row}` (seed {run.seed}, fold {run.fold}) after epoch "
        f"{run.results.progress.stopped_epoch} of {run.config['training']['epochs']}"
        for run in runs
        if run.results.progress.stopped_epoch
    ]
    if not stopped:
        return []
    return [
        "Training stopped early, when the validation loss had not improved for "
        f"`training.patience_epochs`: {'; '.join(stopped)}. The checkpoint with the lowest "
        "validation loss up to there was tested."
    ]


def _missing(runs: Sequence[TableRun]) -> list[str]:
    """Return what is missing of the rows, and what their numbers are then; none if nothing is."""
    rows = {run.row: [one for one in runs if one.row == run.row] for run in runs}
    lacking = [
        f"`{row}` has no run of seed {seed} on fold {fold}"
        for row, members in rows.items()
        for seed, fold in missing_runs(members)
    ]
    if not lacking:
        return []
    return [
        f"Not finished: {'; '.join(lacking)}. Until then the accuracies, intervals, recalls, whole "
        "cells and mean differences of such a row are over all tests so far, in which an image "
        "counts once for each seed that tested it; macro-F1 and calibration error are means over "
        "the seeds, each on its own folds; and the standard deviation over seeds is over the folds "
        f"that all seeds have ({ABSENT} where there is none)."
    ]


def _networks(rows: Sequence[TableRow]) -> str:
    heads = ["network", "config", "seeds", "test accuracy, %"]
    heads += [f"{100 * rows[0].confidence_level:g} % interval", "sd over seeds, percentage points"]
    heads += ["macro-F1", "calibration error, uncalibrated", "parameters"]
    heads += ["MMAC per view", "training, images/s", "training, min", "commits"]
    return markdown_grid(heads, [_network(row) for row in rows])


def _network(row: TableRow) -> list[str]:
    spread, error = row.accuracy_sd_over_seeds, row.expected_calibration_error
    seeds = ", ".join(map(str, row.seeds))
    if len(row.folds) > 1:
        seeds += f" × folds {', '.join(map(str, row.folds))}"
    if row.runs < len(row.seeds) * len(row.folds):
        seeds += f" ({row.runs} of {len(row.seeds) * len(row.folds)} runs)"
    return [
        row.row,
        f"`{row.config_file}`",
        seeds,
        f"**{100 * row.accuracy:.2f}**",
        describe_interval(row.accuracy_interval),
        ABSENT if spread is None else f"{100 * spread:.2f}",
        f"{row.macro_f1:.3f}",
        ABSENT if error is None else f"{error:.3f}",
        f"{row.parameters:,}",
        f"{row.multiply_accumulates / 1e6:,.1f}",
        f"{row.images_per_second:,.1f}",
        f"{row.training_seconds / 60:.1f}",
        ", ".join(f"`{commit}`" for commit in row.commits),
    ]


def _recalls(rows: Sequence[TableRow]) -> str:
    def cells(row: TableRow) -> list[str]:
        shares = (row.recall[name] for name in CLASS_NAMES)
        return [ABSENT if share is None else f"{100 * share:.1f}" for share in shares]

    grid = markdown_grid(["network", *CLASS_NAMES], [[row.row, *cells(row)] for row in rows])
    if all(share is not None for row in rows for share in row.recall.values()):
        return grid
    return grid + (
        f"\n\n{ABSENT}: no test image is of this class. The macro-F1 leaves out a class that "
        "neither occurs nor is predicted."
    )


def _unassigned(runs: Sequence[TableRun]) -> list[str]:
    """Return a sentence on the runs whose cells could not be assigned; none if all could."""
    reasons = [
        f"`{run.row}` (seed {run.seed}, fold {run.fold}): {run.results.cells_withheld}"
        for run in runs
        if run.results.cells_withheld
    ]
    if not reasons:
        return []
    return [
        "A row with cells that can't be assigned gets no whole-cell results:\n\n- "
        + "\n- ".join(reasons)
    ]


def _whole_cells(rows: Sequence[TableRow]) -> list[str]:
    interval = f"{100 * rows[0].confidence_level:g} % interval"
    heads = ["network", "single images, %", "assigned, %", interval]
    heads += ["gain, percentage points", interval, "cells", "fully correct, %"]
    heads += ["sex chromosomes correct, %", "all counts correct, %"]
    found = [(row, row.whole_cells) for row in rows if row.whole_cells]
    if not found:
        return []
    text = (
        "All chromosomes of a cell are assigned together by an exact algorithm. The number of "
        "chromosomes of each class is not fixed, and the probabilities are calibrated on the "
        "validation cells. The shares of cells are means over the seeds.\n\n"
        + markdown_grid(heads, [_assigned(row, cells) for row, cells in found])
        + _aneuploidies({row.row: cells for row, cells in found})
    )
    return [text]


def _assigned(row: TableRow, cells: WholeCells) -> list[str]:
    shares = (cells.fully_correct, cells.sex_correct, cells.counts_correct)
    return [
        row.row,
        f"{100 * row.accuracy:.2f}",
        f"**{100 * cells.accuracy:.2f}**",
        describe_interval(cells.accuracy_interval),
        f"{100 * cells.gain:+.2f}",
        describe_interval(cells.gain_interval),
        f"{cells.cells:,}",
        *(f"{100 * share:.1f}" for share in shares),
    ]


def _aneuploidies(found: Mapping[str, WholeCells]) -> str:
    """Return a table of the cells by their true counts; empty if all counts are normal."""
    lines = [
        [
            name,
            ANEUPLOIDY_HEADS[kind],
            str(one.cells),
            ABSENT if kind == PART else str(one.flagged),
            str(one.counts_correct),
        ]
        for name, cells in found.items()
        if any(one.cells for kind, one in cells.aneuploidy.items() if kind != "none")
        for kind, one in cells.aneuploidy.items()
        if one.cells
    ]
    if not lines:
        return ""
    heads = ["network", "true chromosome counts", "cells", "flagged", "all counts correct"]
    return (
        "\n\nCells by their true chromosome counts. A cell is flagged if its assigned counts are "
        "abnormal, which is a false alarm if the true counts are normal. A cell counts once per "
        "seed.\n\n" + markdown_grid(heads, lines)
    )


def _super_resolution(rows: Sequence[TableRow]) -> str:
    restoring = [row for row in rows if row.super_resolution]
    names = list(dict.fromkeys(name for row in restoring for name in row.super_resolution))
    heads = ["network", *(SUPER_RESOLUTION_HEADS.get(name, name) for name in names)]
    cells = [
        [row.row, *(_quality(row.super_resolution, name) for name in names)] for row in restoring
    ]
    return (
        "Similarity of the super-resolution stack's output to the true crops at the network's "
        "input size, compared with bicubic enlargement of the canvas. Only crops longer than the "
        "canvas are included. The grey-value fit is a linear least-squares fit for each image.\n\n"
        + markdown_grid(heads, cells)
    )


def _quality(values: Mapping[str, float], name: str) -> str:
    if name not in values:
        return ABSENT
    if name == "images":
        return f"{values[name]:,.0f}"
    return f"{values[name]:.2f}" if name.startswith("psnr") else f"{values[name]:.4f}"


def _code(lines: Sequence[str]) -> str:
    return "\n".join(("```sh", *lines, "```"))
