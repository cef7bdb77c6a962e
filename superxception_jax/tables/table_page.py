"""A table of networks as a Markdown page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.tables.comparison import Difference, RowComparison
from superxception_jax.tables.finished_run import TableRun
from superxception_jax.tables.row import TableRow
from superxception_jax.tables.table import Table
from superxception_jax.tables.whole_cells import WholeCells

ABSENT = "–"
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
    parts += ["## Recall by class, %", _recalls(rows)]
    if any(row.whole_cells for row in rows):
        parts += ["## Whole cells", _whole_cells(rows)]
    if any(row.super_resolution for row in rows):
        parts += ["## Super-resolution", _super_resolution(rows)]
    if table.comparisons:
        parts += ["## Paired comparisons", _comparison_notes(), _comparisons(table.comparisons)]
    parts += ["## Reproduce", _code(table.commands)]
    parts += ["Individual runs:", _code([run.command for run in table.runs])]
    return "\n\n".join(parts) + "\n"


def _introduction(table: Table) -> str:
    first = table.rows[0]
    lines = [
        f"Data set `{first.dataset}`, split `{first.protocol}`, {first.images:,} test images. The "
        f"{100 * first.confidence_level:g} % intervals of the mean over seeds are percentile "
        f"bootstrap intervals over cells ({table.runs[0].bootstrap_resamples:,} resamples); the "
        "standard deviation over seeds is listed next to them. The devices on which the times were "
        f"measured are listed for each run in [`{VALUES_FILE}`]({VALUES_FILE}).",
    ]
    if first.dataset == "ideogram":
        lines.append(
            "These are synthetic chromosomes, which are easier than real ones: the results show "
            "that the program works and have no clinical meaning."
        )
    lines += _early_stops(table.runs)
    return "\n\n".join(lines)


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


def _networks(rows: Sequence[TableRow]) -> str:
    heads = ["network", "config", "seeds", "test accuracy, %"]
    heads += [f"{100 * rows[0].confidence_level:g} % interval"]
    heads += ["sd over seeds, percentage points", "macro-F1", "calibration error", "parameters"]
    heads += ["MMAC per image", "training, images/s", "training, min", "commits"]
    return markdown_grid(heads, [_network(row) for row in rows])


def _network(row: TableRow) -> list[str]:
    spread = row.accuracy_sd_over_seeds
    seeds = ", ".join(map(str, row.seeds))
    if len(row.folds) > 1:
        seeds += f" × folds {', '.join(map(str, row.folds))}"
    return [
        row.row,
        f"`{row.config_file}`",
        seeds,
        f"**{100 * row.accuracy:.2f}**",
        _span(row.accuracy_interval),
        ABSENT if spread is None else f"{100 * spread:.2f}",
        f"{row.macro_f1:.3f}",
        f"{row.expected_calibration_error:.3f}",
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

    return markdown_grid(["network", *CLASS_NAMES], [[row.row, *cells(row)] for row in rows])


def _whole_cells(rows: Sequence[TableRow]) -> str:
    interval = f"{100 * rows[0].confidence_level:g} % interval"
    heads = ["network", "single images, %", "assigned, %", interval]
    heads += ["gain, percentage points", interval, "cells", "fully correct, %"]
    heads += ["sex chromosomes correct, %", "all counts correct, %"]
    found = [(row, row.whole_cells) for row in rows if row.whole_cells]
    return (
        "All chromosomes of a cell are assigned together by an exact algorithm. The number of "
        "chromosomes of each class is not fixed, and the probabilities are calibrated on the "
        "validation cells.\n\n"
        + markdown_grid(heads, [_assigned(row, cells) for row, cells in found])
        + _aneuploidies({row.row: cells for row, cells in found})
    )


def _assigned(row: TableRow, cells: WholeCells) -> list[str]:
    shares = (cells.fully_correct, cells.sex_correct, cells.counts_correct)
    return [
        row.row,
        f"{100 * row.accuracy:.2f}",
        f"**{100 * cells.accuracy:.2f}**",
        _span(cells.accuracy_interval),
        f"{100 * cells.gain:+.2f}",
        _span(cells.gain_interval),
        f"{cells.cells:,}",
        *(f"{100 * share:.1f}" for share in shares),
    ]


def _aneuploidies(found: Mapping[str, WholeCells]) -> str:
    """Return a table of the cells by their true counts; empty if all counts are normal."""
    lines = [
        [name, ANEUPLOIDY_HEADS[kind], str(one.cells), str(one.flagged), str(one.counts_correct)]
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
        "abnormal, which is a false alarm if the true counts are normal.\n\n"
        + markdown_grid(heads, lines)
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


def _comparison_notes() -> str:
    return (
        "The p values are from McNemar's exact test, two-sided; the intervals of the differences "
        "in accuracy are paired bootstrap intervals over cells. There is no p value for the mean "
        "over seeds, because all seeds are tested on the same images."
    )


def _comparisons(comparisons: Sequence[RowComparison]) -> str:
    level = comparisons[0].confidence_level
    heads = ["a", "b", "seed", "images", "only a correct", "only b correct", "p"]
    heads += ["a - b, percentage points", f"{100 * level:g} % interval"]
    lines = []
    for one in comparisons:
        names = [one.first, one.second]
        for seed in one.seeds:
            counts = (seed.images, seed.only_first_correct, seed.only_second_correct)
            known = [str(seed.seed), *(f"{count:,}" for count in counts)]
            lines.append(
                [*names, *known, _probability(seed.p_value), *_difference(seed.difference)]
            )
        if len(one.seeds) > 1:
            lines.append([*names, "mean", *[ABSENT] * 4, *_difference(one.mean)])
    return markdown_grid(heads, lines)


def _difference(difference: Difference) -> list[str]:
    low, high = (_points(end) for end in difference.interval)
    return [_points(difference.value), f"{low} to {high}"]


def _points(share: float) -> str:
    # Adding zero turns the negative zero of a rounded number into a plain one.
    return f"{round(100 * share, 2) + 0.0:+.2f}"


def _probability(value: float) -> str:
    return f"{value:.4f}" if value >= 1e-4 else f"{value:.1e}"


def _span(interval: Sequence[float]) -> str:
    return " – ".join(f"{100 * end:.2f}" for end in interval)


def _code(lines: Sequence[str]) -> str:
    return "\n".join(("```sh", *lines, "```"))
