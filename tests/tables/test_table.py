from __future__ import annotations

import dataclasses
import json

import pytest
from PIL import Image

from superxception_jax.chromosomes import CLASS_NAMES, aneuploidy_kind
from superxception_jax.evaluation.plots import save_figure
from superxception_jax.tables.figures import plot_cost, plot_curves, plot_table
from superxception_jax.tables.finished_run import merge_runs, table_runs
from superxception_jax.tables.table import (
    build_table,
    compare_rows,
    summarize_row,
    table_json,
)
from superxception_jax.tables.table_page import table_markdown
from superxception_jax.tables.whole_cells import summarize_cells
from tests.tables.hand_made import four_runs, hand_made

PAIR = ("super_xception", "xception")


@pytest.fixture(scope="module")
def table():
    return build_table(
        four_runs(), name="t", pairs=[PAIR], commands=["python launch/table.py --name=t"]
    )


def test_row_by_hand(table):
    row = table["rows"][0]
    assert row["accuracy_by_seed"] == [0.75, 1.0]
    assert row["accuracy"] == 0.875
    # The cells reach 4 of 4 and 3 of 4 over both seeds: draws give 1, 7/8 or 3/4.
    assert row["accuracy_interval"] == [0.75, 1.0]
    assert row["accuracy_sd_over_seeds"] == pytest.approx(0.25 / 2**0.5)
    # Seed 0: 2/3, 2/3 and 1; seed 1: all right.
    assert row["macro_f1"] == pytest.approx((7 / 9 + 1) / 2)
    assert row["expected_calibration_error"] == pytest.approx(0.15)
    recall = {name: share for name, share in row["recall"].items() if share is not None}
    assert recall == {"1": 0.75, "2": 1.0, "X": 1.0}
    assert (row["images"], row["seeds"], row["folds"]) == (4, [0, 1], [0])
    assert (row["images_per_second"], row["training_seconds"]) == (100.5, 90.0)
    assert row["super_resolution"] == {}
    assert table["rows"][1]["super_resolution"] == {"psnr": 30.0, "ssim": 0.9}


def test_folds_are_pooled_and_a_single_seed_has_no_spread():
    runs = [hand_made("xception", "1 2 2 X", fold=0), hand_made("xception", "1 2 1 X", fold=1)]
    row = summarize_row(runs)
    assert (row["images"], row["accuracy"], row["accuracy_by_seed"]) == (8, 0.875, [0.875])
    assert row["accuracy_sd_over_seeds"] is None
    # Pooled confusion: class 1 3 of 4, class 2 2 of 2 and read 3 times, X 2 of 2.
    assert row["macro_f1"] == pytest.approx((6 / 7 + 4 / 5 + 1) / 3)
    same = dataclasses.replace(runs[0], fold=1)
    with pytest.raises(ValueError, match="must be tested once a seed, got `0a` of cell `0-1`"):
        summarize_row([runs[0], same])


def test_comparison_by_hand(table):
    (one,) = table["comparisons"]
    assert (one["first"], one["second"]) == PAIR
    # Seed 0: only the third image differs; the cells' differences are 0 and 1/2.
    assert one["seeds"][0] == {
        "seed": 0,
        "images": 4,
        "only_first_right": 1,
        "only_second_right": 0,
        "p_value": 1.0,
        "difference": 0.25,
        "difference_interval": [0.0, 0.5],
    }
    assert one["seeds"][1]["only_second_right"] == 1
    assert one["seeds"][1]["difference_interval"] == [-0.5, 0.0]
    # Over both seeds the cells differ by -1/4 and 1/4.
    assert one["mean"] == {"difference": 0.0, "difference_interval": [-0.25, 0.25]}


def test_only_common_runs_are_compared_and_on_the_same_images():
    runs = four_runs()
    one = compare_rows(runs[2:], runs[1:2])
    assert [seed["seed"] for seed in one["seeds"]] == [1]
    other = dataclasses.replace(
        runs[1], predictions=runs[1].predictions | {"name": ["a", "b", "c", "z"]}
    )
    with pytest.raises(ValueError, match="must have tested the same images"):
        compare_rows(runs[2:], [other])
    # A pair whose runs are not there yet waits.
    assert build_table(runs[:2], name="t", pairs=[PAIR], commands=[])["comparisons"] == []


def test_merging_keeps_replaces_and_orders():
    earlier = [hand_made("b", "1 2 1 X", seed=1), hand_made("a", "1 2 1 X")]
    later = [
        hand_made("c", "1 2 1 X"),
        hand_made("b", "1 1 1 X", seed=1),
        hand_made("b", "1 2 1 X"),
    ]
    merged = merge_runs(earlier, later)
    assert [run.key for run in merged] == [("b", 0, 0), ("b", 1, 0), ("a", 0, 0), ("c", 0, 0)]
    assert merged[1].predictions["predicted"] == ["1", "1", "1", "X"]


def test_json_is_legible_and_computes_the_table_again(table):
    text = table_json(table)
    assert '"name": ["0a", "0b", "0c", "0d"],' in text
    assert '"accuracy_interval": [0.75, 1.0],' in text
    stored = json.loads(text)
    assert stored == json.loads(json.dumps(table))
    again = build_table(
        table_runs(stored), name="t", pairs=stored["pairs"], commands=stored["commands"]
    )
    assert table_json(again) == text
    odd = {"a": ["[ \n ]", "{x}", 'b"'], "b": []}
    assert json.loads(table_json(odd)) == odd


def test_markdown(table):
    text = table_markdown(table, notes="It *rains*.\n")
    assert "## What it allows to say\n\nIt *rains*.\n\n## Recall" in text
    lines = text.splitlines()
    start = lines.index(next(line for line in lines if line.startswith("| network | config")))
    assert lines[start : start + 4] == [
        "| network | config | seeds | test accuracy, % | 95 % interval | sd over seeds, points "
        "| macro-F1 | calibration error | parameters | MMAC an image | training, images/s "
        "| training, min | commit |",
        "| " + " | ".join(["---"] * 13) + " |",
        "| xception | `configs/xception.py:paper` | 0, 1 | **87.50** | 75.00 – 100.00 | 17.68 "
        "| 0.889 | 0.150 | 1,234,567 | 2.5 | 100.5 | 1.5 | `abc` |",
        "| super_xception | `configs/super_xception.py:paper` | 0, 1 | **87.50** | 75.00 – 100.00 "
        "| 17.68 | 0.800 | 0.150 | 1,234,567 | 2.5 | 100.5 | 1.5 | `abc` |",
    ]
    start = lines.index("## Is it super-resolution?")
    assert lines[start + 4 : start + 7] == [
        "| network | PSNR, dB | SSIM |",
        "| --- | --- | --- |",
        "| super_xception | 30.00 | 0.9000 |",
    ]
    recalls = ["75.0", "100.0", *["–"] * 20, "100.0", "–"]
    assert "| xception | " + " | ".join(recalls) + " |" in lines
    assert "| network | " + " | ".join(CLASS_NAMES) + " |" in lines
    assert lines[lines.index("## Image by image") + 6 :][:3] == [
        "| super_xception | xception | 0 | 4 | 1 | 0 | 1.0000 | +25.00 | +0.00 to +50.00 |",
        "| super_xception | xception | 1 | 4 | 0 | 1 | 1.0000 | -25.00 | -50.00 to +0.00 |",
        "| super_xception | xception | mean | – | – | – | – | +0.00 | -25.00 to +25.00 |",
    ]
    assert "Data set `bioimage`, split `paper`, 4 test images." in text
    assert "python launch/table.py --name=t\n" in text
    assert text.count("python launch/main.py") == 4
    assert "synthetic" not in text


def test_markdown_of_one_synthetic_run_says_so_and_compares_nothing():
    run = hand_made("xception", "1 2 1 X", dataset="ideogram", protocol="cells")
    text = table_markdown(build_table([run], name="t", pairs=[], commands=["x"]), notes="")
    assert "synthetic chromosomes" in text
    assert "Image by image" not in text
    assert "| 0 | **100.00** | 100.00 – 100.00 | – |" in text


def test_figure_shows_seeds_mean_interval_and_the_papers_number(table, tmp_path):
    figure = plot_table(table)
    interval, seeds, _, _, paper = figure.axes[0].lines
    assert list(interval.get_xdata()) == [75.0, 87.5, 100.0]
    assert list(seeds.get_xdata()) == [75.0, 100.0]
    assert list(paper.get_xdata()) == [91.80, 92.36]
    assert list(paper.get_ydata()) == [0, 1]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == list(PAIR[::-1])
    assert min(Image.open(save_figure(figure, tmp_path / "t.png")).size) > 200
    # The paper's number says nothing beside other images.
    other = [{**row, "protocol": "cells"} for row in table["rows"]]
    assert len(plot_table({**table, "rows": other}).axes[0].lines) == 4


def test_curves_have_a_line_a_network_with_its_interval():
    def varied(row, share, read):
        one = hand_made(f"{row}@{share}", read, name=row)
        return dataclasses.replace(one, config={**one.config, "split": {"training_share": share}})

    runs = [
        varied("xception", 1.0, "1 2 1 X"),
        varied("xception", 0.5, "1 1 1 X"),
        varied("alexnet", 0.5, "2 1 1 X"),
        varied("alexnet", 1.0, "2 1 1 X"),
    ]
    made = build_table(runs, name="t", pairs=[], commands=["x"], vary="split.training_share")
    assert [row["varied"] for row in made["rows"]] == [1.0, 0.5, 0.5, 1.0]
    axes = plot_curves(made).axes[0]
    first, second = axes.lines
    assert (list(first.get_xdata()), list(first.get_ydata())) == ([0.5, 1.0], [75.0, 100.0])
    assert list(second.get_ydata()) == [50.0, 50.0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["xception", "alexnet"]
    assert axes.get_xlabel() == "share of the training cells or images that trains"
    # Whole cells are a dashed line of their own.
    for run in runs:
        run.predictions["assigned"] = ["1", "2", "1", "X"]
    made = build_table(runs, name="t", pairs=[], commands=["x"], vary="split.training_share")
    lines = plot_curves(made).axes[0].lines
    assert [line.get_label() for line in lines][1] == "xception, cells assigned"
    assert list(lines[1].get_ydata()) == [100.0, 100.0]


def test_cost_stands_beside_accuracy(table):
    figure = plot_cost(table)
    operations, minutes = figure.axes
    for axes, cost in ((operations, 2.5), (minutes, 1.5)):
        dots = [container.lines[0].get_xydata().tolist() for container in axes.containers]
        assert dots == [[[cost, 87.5]]] * 2
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(PAIR[::-1])
    assert minutes.get_xscale() == "linear"
    rows = [table["rows"][0], table["rows"][1] | {"training_seconds": 6000.0}]
    assert plot_cost({**table, "rows": rows}).axes[1].get_xscale() == "log"


def test_whole_cells_by_hand():
    runs = [hand_made("xception", "1 2 2 X", fold=fold) for fold in (0, 1)]
    # The assignment mends fold 0; in fold 1 it exchanges the classes of the first cell, whose
    # counts stay right, and calls the X of the second a Y.
    for run, assigned in zip(runs, ("1 2 1 X", "2 1 1 Y"), strict=True):
        run.predictions["assigned"] = assigned.split()
    found = summarize_row(runs)["whole_cells"]
    assert found["accuracy"] == 5 / 8
    assert found["gain"] == pytest.approx(5 / 8 - 6 / 8)
    assert (found["cells"], found["entirely_right"]) == (4, 0.5)
    assert (found["sex_right"], found["counts_right"]) == (0.75, 0.75)
    low, high = found["accuracy_interval"]
    assert 0 <= low < 5 / 8 < high <= 1
    table = build_table(runs, name="t", pairs=[], commands=[])
    lines = table_markdown(table, notes="").splitlines()
    start = lines.index("## Whole cells")
    assert lines[start + 6].startswith("| xception | 75.00 | **62.50** | ")
    assert lines[start + 6].endswith(" | 4 | 50.0 | 75.0 | 75.0 |")
    # Two chromosomes are no whole cell: every autosome but one or two is missing in all of them.
    assert found["aneuploidy"]["sex"] == {"cells": 4, "flagged": 4, "named": 3}
    # A run without assignment leaves the row without.
    assert summarize_row([*runs, hand_made("xception", "1 2 2 X", fold=2)])["whole_cells"] == {}


def test_aneuploidies_by_hand():
    usual = [*map(str, range(1, 23))] * 2
    true = {
        "down": [*usual, "21", "X", "Y"],
        "turner": [*usual, "X"],
        "lost": [*usual[1:], "X", "X"],
        "one": [*usual, "X", "Y"],
        "two": [*usual, "X", "X"],
    }
    assert [aneuploidy_kind(classes) for classes in true.values()] == [
        "gain", "sex", "loss", "none", "none",
    ]  # fmt: skip
    read = {**true, "down": [*usual, "22", "X", "Y"], "two": [*usual[:-1], "21", "X", "X"]}
    run = {
        "cell": [cell for cell, classes in true.items() for _ in classes],
        "class": [label for classes in true.values() for label in classes],
        "predicted": [label for classes in true.values() for label in classes],
        "assigned": [label for classes in read.values() for label in classes],
    }
    found = summarize_cells([run], interval=lambda values, cells: (0.0, 1.0))["aneuploidy"]
    assert found == {
        "gain": {"cells": 1, "flagged": 1, "named": 0},
        "sex": {"cells": 1, "flagged": 1, "named": 1},
        "loss": {"cells": 1, "flagged": 1, "named": 1},
        "none": {"cells": 2, "flagged": 1, "named": 1},
    }
