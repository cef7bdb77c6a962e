"""The page of a table."""

from __future__ import annotations

import dataclasses
import io

import pytest

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.tables.figures import plot_table
from superxception_jax.tables.table import build_table
from superxception_jax.tables.table_page import table_markdown
from superxception_jax.training.progress import Progress
from tests.tables.hand_made import four_runs, hand_made

PAIR = ("super_xception", "xception")


@pytest.fixture(scope="module")
def page():
    table = build_table(
        four_runs(copies=5), name="t", pairs=[PAIR], commands=["python launch/table.py --name=t"]
    )
    return table_markdown(table, notes="It *rains*.\n")


def test_networks_and_conclusions(page):
    assert "Data set `bioimage`, split `paper`, 20 test images." in page
    assert "## Conclusions\n\nIt *rains*.\n\n## Recall" in page
    lines = page.splitlines()
    start = lines.index(next(line for line in lines if line.startswith("| network | config")))
    assert lines[start : start + 4] == [
        "| network | config | seeds | test accuracy, % | 95 % interval "
        "| sd over seeds, percentage points | macro-F1 | calibration error, uncalibrated "
        "| parameters | MMAC per view | training, images/s | training, min | commits |",
        "| " + " | ".join(["---"] * 13) + " |",
        "| xception | `configs/xception.py:paper` | 0, 1 | **87.50** | 80.00 – 95.00 | 17.68 "
        "| 0.889 | 0.150 | 1,234,567 | 2.5 | 100.5 | 1.5 | `abc` |",
        "| super_xception | `configs/super_xception.py:paper` | 0, 1 | **87.50** | 80.00 – 95.00 "
        "| 17.68 | 0.800 | 0.150 | 1,234,567 | 2.5 | 100.5 | 1.5 | `abc` |",
    ]
    recalls = ["75.0", "100.0", *["–"] * 20, "100.0", "–"]
    assert "| xception | " + " | ".join(recalls) + " |" in lines
    assert "| network | " + " | ".join(CLASS_NAMES) + " |" in lines
    assert "synthetic" not in page
    assert "bootstrap intervals over 10 cells (500 resamples)" in page
    assert "seeds are not resampled" in page
    assert "–: no test image is of this class." in page


def test_super_resolution_comparisons_and_commands(page):
    lines = page.splitlines()
    start = lines.index("## Super-resolution")
    assert lines[start + 4 : start + 7] == [
        "| network | PSNR, dB | SSIM |",
        "| --- | --- | --- |",
        "| super_xception | 30.00 | 0.9000 |",
    ]
    assert lines[lines.index("## Paired comparisons") + 6 :][:3] == [
        "| super_xception | xception | 0 | 20 | 5 | 0 | 0.0625 | +25.00 | +10.00 to +40.00 |",
        "| super_xception | xception | 1 | 20 | 0 | 5 | 0.0625 | -25.00 | -40.00 to -10.00 |",
        "| super_xception | xception | mean | – | – | – | – | +0.00 | -15.00 to +15.00 |",
    ]
    assert "paired bootstrap intervals over 10 cells" in page
    assert "takes images for independent" in page
    assert "of another config.\n\n```sh\npython launch/table.py --name=t\n```" in page
    assert page.count("python launch/main.py") == 4


def test_one_synthetic_run_is_said_to_be_synthetic_and_nothing_is_compared():
    run = hand_made("xception", "1 2 1 X", dataset="ideogram", protocol="cells")
    text = table_markdown(build_table([run], name="t", pairs=[], commands=["x"]), notes="")
    assert "These are synthetic chromosomes" in text
    for absent in ("## Conclusions", "## Paired comparisons", "## Whole cells"):
        assert absent not in text
    assert "| 0 | **100.00** | none: 2 cells | – |" in text
    assert "Fewer than 5 cells get no interval: 2 cells." in text
    assert "bootstrap" not in text


def test_two_cells_compare_without_interval_and_p_value():
    text = table_markdown(build_table(four_runs(), name="t", pairs=[PAIR], commands=[]), notes="")
    assert "| super_xception | xception | 0 | 4 | 1 | 0 | – | +25.00 | none: 2 cells |" in text
    assert "Fewer than 5 cells get neither an interval nor a p value: 2 cells." in text
    assert "bootstrap" not in text


def test_cells_that_cannot_be_assigned_are_named():
    run = hand_made("xception", "1 2 2 X", cells_withheld="cell `a`: too many")
    text = table_markdown(build_table([run], name="t", pairs=[], commands=[]), notes="")
    assert "- `xception` (seed 0, fold 0): cell `a`: too many" in text.split("## Whole cells")[1]


def test_whole_cells_and_their_kinds():
    runs = [
        hand_made("xception", "1 2 2 X", fold=fold, assigned=assigned)
        for fold, assigned in enumerate(("1 2 1 X", "2 1 1 Y"))
    ]
    table = build_table(runs, name="t", pairs=[], commands=[])
    lines = table_markdown(table, notes="").splitlines()
    assert "0 × folds 0, 1" in lines[lines.index(f"# Table `{table.name}`") + 6]
    start = lines.index("## Whole cells")
    assert lines[start + 6].startswith("| xception | 75.00 | **62.50** | ")
    assert lines[start + 6].endswith(" | 4 | 50.0 | 75.0 | 75.0 |")
    assert lines[start + 10 : start + 13] == [
        "| network | true chromosome counts | cells | flagged | all counts correct |",
        "| --- | --- | --- | --- | --- |",
        "| xception | unknown: fewer than 42 or more than 50 images | 4 | – | 3 |",
    ]


def test_missing_runs_are_named_and_their_row_is_explained(page):
    assert "Not finished" not in page
    runs = [
        *(hand_made("xception", "1 2 1 X", fold=fold) for fold in (0, 1)),
        hand_made("xception", "1 2 2 X", seed=1),
        hand_made("super_xception", "1 2 1 X"),
    ]
    text = table_markdown(build_table(runs, name="t", pairs=[PAIR], commands=[]), notes="")
    assert "Not finished: `xception` has no run of seed 1 on fold 1. Until then" in text
    assert "| 0, 1 × folds 0, 1 (3 of 4 runs) | **91.67** | none: 4 cells | 17.68 |" in text
    plot_table(build_table(runs[1:], name="t", pairs=[], commands=[])).savefig(io.BytesIO())


def test_an_early_stop_is_stated(page):
    assert "stopped early" not in page
    run = hand_made("xception", "1 2 1 X", progress=Progress(60.0, 0.5, 7, stopped_epoch=23))
    config = {**run.config, "training": {"epochs": 50}}
    table = build_table(
        [dataclasses.replace(run, config=config)], name="t", pairs=[], commands=["again"]
    )
    text = table_markdown(table, notes="")
    assert "`xception` (seed 0, fold 0) after epoch 23 of 50." in text
    assert "`training.patience_epochs`" in text
