"""A table of networks as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.evaluation.markdown import markdown_grid

ABSENT = "–"
# Of the picture that puts accuracy beside cost, after the table's name.
COST_ENDING = "-cost.png"
# How the numbers of super-resolution are headed; others keep their own name.
SUPER_RESOLUTION_HEADS = {
    "images": "images to restore",
    "psnr_bicubic": "PSNR bicubic, dB",
    "psnr": "PSNR, dB",
    "psnr_fitted_bicubic": "PSNR bicubic after a fit of grey values, dB",
    "psnr_fitted": "PSNR after a fit of grey values, dB",
    "ssim_bicubic": "SSIM bicubic",
    "ssim": "SSIM",
}
ANEUPLOIDY_HEADS = {
    "gain": "an autosome too many",
    "sex": "sex chromosomes other than XX and XY",
    "loss": "an autosome too few",
    "none": "as usual",
}
ANEUPLOIDY_COLUMNS = ("cells", "flagged", "named")


def table_markdown(table: Mapping[str, Any], *, notes: str) -> str:
    """Write a table for readers.

    Args:
        table: see `superxception_jax.tables.table.build_table`.
        notes: Markdown of what people concluded, empty if nothing.

    Returns:
        Markdown: networks, recall by class, comparisons, and the commands that repeat it.
    """
    rows = table["rows"]
    parts = [f"# Table `{table['name']}`", _introduction(table), _networks(rows)]
    parts += [f"![Accuracy of the networks]({table['name']}.png)"]
    parts += [f"![Accuracy against cost]({table['name']}{COST_ENDING})"]
    if notes:
        parts += ["## What it allows to say", notes.strip()]
    parts += ["## Recall by class, %", _recalls(rows)]
    if any(row["whole_cells"] for row in rows):
        parts += ["## Whole cells", _whole_cells(rows)]
    if any(row["super_resolution"] for row in rows):
        parts += ["## Is it super-resolution?", _super_resolution(rows)]
    if table["comparisons"]:
        parts += ["## Image by image", _comparison_notes(), _comparisons(table["comparisons"])]
    runs = [run["command"] for run in table["runs"]]
    parts += ["## To repeat it", _code(table["commands"])]
    parts += ["Each run alone:", _code(runs)]
    return "\n\n".join(parts) + "\n"


def _introduction(table: Mapping[str, Any]) -> str:
    first, config = table["rows"][0], table["runs"][0]["config"]
    lines = [
        f"Data set `{first['dataset']}`, split `{first['protocol']}`, {first['images']:,} test "
        f"images. Intervals of {100 * first['confidence_level']:g} % are percentile bootstraps of "
        f"{config['evaluation']['bootstrap_resamples']:,} draws of cells, for the mean over the "
        "seeds; the spread over the seeds stands beside them. Times were taken on the machines "
        f"that [`{table['name']}.json`]({table['name']}.json) names for each run.",
    ]
    if first["dataset"] == "ideogram":
        lines.append(
            "These are synthetic chromosomes, which are easier than real ones: the numbers say "
            "that the program works, and nothing about the clinic."
        )
    return "\n\n".join(lines)


def _networks(rows: Sequence[Mapping[str, Any]]) -> str:
    heads = ["network", "config", "seeds", "test accuracy, %"]
    heads += [
        f"{100 * rows[0]['confidence_level']:g} % interval",
        "sd over seeds, points",
        "macro-F1",
    ]
    heads += [
        "calibration error",
        "parameters",
        "MMAC an image",
        "training, images/s",
        "training, min",
        "commit",
    ]
    return markdown_grid(heads, [_network(row) for row in rows])


def _whole_cells(rows: Sequence[Mapping[str, Any]]) -> str:
    heads = ["network", "single images, %", "assigned, %", "interval", "gain, points", "interval"]
    heads += ["cells", "entirely right, %", "sex right, %", "all counts right, %"]
    cells = []
    for row in rows:
        found = row["whole_cells"]
        if not found:
            continue
        shares = (found[name] for name in ("entirely_right", "sex_right", "counts_right"))
        cells.append(
            [
                row["row"],
                f"{100 * row['accuracy']:.2f}",
                f"**{100 * found['accuracy']:.2f}**",
                _span(found["accuracy_interval"]),
                f"{100 * found['gain']:+.2f}",
                _span(found["gain_interval"]),
                f"{found['cells']:,}",
                *(f"{100 * share:.1f}" for share in shares),
            ]
        )
    return (
        "All chromosomes of a cell assigned together, exactly, with open counts; probabilities are "
        "calibrated on validation cells.\n\n" + markdown_grid(heads, cells) + _aneuploidies(rows)
    )


def _aneuploidies(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table of cells with unusual counts; empty if the truth has none."""
    found = {row["row"]: row["whole_cells"].get("aneuploidy") for row in rows}
    lines = [
        [name, ANEUPLOIDY_HEADS[kind], *(str(counted[column]) for column in ANEUPLOIDY_COLUMNS)]
        for name, kinds in found.items()
        for kind, counted in (kinds or {}).items()
        if counted["cells"] and any(kinds[other]["cells"] for other in kinds if other != "none")
    ]
    if not lines:
        return ""
    return (
        "\n\nCells by the kind of their true counts: flagged are those whose assigned counts are "
        "unusual (a false alarm where the true ones are usual), named those with all counts "
        "right.\n\n" + markdown_grid(["network", "true counts", *ANEUPLOIDY_COLUMNS], lines)
    )


def _super_resolution(rows: Sequence[Mapping[str, Any]]) -> str:
    restoring = [row for row in rows if row["super_resolution"]]
    names = list(dict.fromkeys(name for row in restoring for name in row["super_resolution"]))
    heads = ["network", *(SUPER_RESOLUTION_HEADS.get(name, name) for name in names)]
    cells = [
        [row["row"], *(_quality(row["super_resolution"], name) for name in names)]
        for row in restoring
    ]
    return (
        "How near the stack's output comes to the true crops at the side of the network's input, "
        "beside bicubic enlarging of the canvas. Only crops longer than the canvas count; the fit "
        "is the best line through the grey values of each image.\n\n" + markdown_grid(heads, cells)
    )


def _network(row: Mapping[str, Any]) -> list[str]:
    spread = row["accuracy_sd_over_seeds"]
    seeds = ", ".join(map(str, row["seeds"]))
    if len(row["folds"]) > 1:
        seeds += f" × folds {', '.join(map(str, row['folds']))}"
    return [
        row["row"],
        f"`{row['config_file']}`",
        seeds,
        f"**{100 * row['accuracy']:.2f}**",
        _span(row["accuracy_interval"]),
        ABSENT if spread is None else f"{100 * spread:.2f}",
        f"{row['macro_f1']:.3f}",
        f"{row['expected_calibration_error']:.3f}",
        f"{row['parameters']:,}",
        f"{row['multiply_accumulates'] / 1e6:,.1f}",
        f"{row['images_per_second']:,.1f}",
        f"{row['training_seconds'] / 60:.1f}",
        ", ".join(f"`{commit}`" for commit in row["commits"]),
    ]


def _quality(values: Mapping[str, float], name: str) -> str:
    if name not in values:
        return ABSENT
    if name == "images":
        return f"{values[name]:,.0f}"
    return f"{values[name]:.2f}" if name.startswith("psnr") else f"{values[name]:.4f}"


def _recalls(rows: Sequence[Mapping[str, Any]]) -> str:
    def cells(row: Mapping[str, Any]) -> list[str]:
        shares = (row["recall"][name] for name in CLASS_NAMES)
        return [ABSENT if share is None else f"{100 * share:.1f}" for share in shares]

    return markdown_grid(["network", *CLASS_NAMES], [[row["row"], *cells(row)] for row in rows])


def _comparison_notes() -> str:
    return (
        "McNemar's exact test, two-sided, and the difference of the accuracies with a paired "
        "bootstrap over cells. The mean over seeds has no p value: the seeds test the same images."
    )


def _comparisons(comparisons: Sequence[Mapping[str, Any]]) -> str:
    level = comparisons[0]["confidence_level"]
    heads = ["a", "b", "seed", "images", "a right, b wrong", "b right, a wrong", "p"]
    heads += ["a - b, points", f"{100 * level:g} % interval"]
    lines = []
    for one in comparisons:
        names = [one["first"], one["second"]]
        for seed in one["seeds"]:
            counts = (seed["images"], seed["only_first_right"], seed["only_second_right"])
            known = [str(seed["seed"]), *(f"{count:,}" for count in counts)]
            lines.append([*names, *known, _probability(seed["p_value"]), *_difference(seed)])
        if len(one["seeds"]) > 1:
            lines.append([*names, "mean", *[ABSENT] * 4, *_difference(one["mean"])])
    return markdown_grid(heads, lines)


def _difference(values: Mapping[str, Any]) -> list[str]:
    low, high = (_points(end) for end in values["difference_interval"])
    return [_points(values["difference"]), f"{low} to {high}"]


def _points(share: float) -> str:
    # Adding zero turns the negative zero of a rounded number into a plain one.
    return f"{round(100 * share, 2) + 0.0:+.2f}"


def _probability(value: float) -> str:
    return f"{value:.4f}" if value >= 1e-4 else f"{value:.1e}"


def _span(interval: Sequence[float]) -> str:
    return " – ".join(f"{100 * end:.2f}" for end in interval)


def _code(lines: Sequence[str]) -> str:
    return "\n".join(("```sh", *lines, "```"))
