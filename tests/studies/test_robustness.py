"""Damaged cells, read by a reader that knows the truth of upright images."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from configs.stripnet import get_config
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.normalize import normalize_cell
from superxception_jax.karyotyping.cell import Classifier
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.studies.robustness import (
    CONDITIONS,
    COUNTS,
    MISSING,
    TURN,
    UNDAMAGED,
    UNITS,
    RawCell,
    choose_conditions,
    evaluate_condition,
    load_foreign_cells,
    load_test_cells,
    pool,
)
from superxception_jax.studies.robustness_report import plot_robustness, robustness_markdown


@pytest.fixture(scope="module")
def cell():
    drawn = draw_numbered_cell(0, seed=0, style="q", aneuploid_share=0.0).chromosomes
    return RawCell("a", tuple(x.image for x in drawn), np.array([x.label for x in drawn]))


@pytest.fixture(scope="module")
def reader(cell):
    """Know the canvases of the cell, both ways up, by heart; everything else is class 1."""
    known = {}

    def read(canvases):
        logits = np.full((len(canvases), 48), -9.0)
        for row, canvas in enumerate(canvases):
            column = known.get(canvas.tobytes(), 0)
            logits[row, column] = 0.0
        return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)

    experiment = build_experiment(get_config("smoke"))
    normalization = dataclasses.replace(experiment.normalization, grey="keep")
    made = Classifier(
        read=read,
        normalization=normalization,
        polarity="read",
        temperature=1.0,
        class_shares=np.full(24, 1 / 24),
        about={},
    )
    names = [str(place) for place in range(46)]
    for turned in (False, True):
        images = [image[::-1, ::-1] if turned else image for image in cell.images]
        canvases = normalize_cell(images, names=names, settings=normalization)
        for canvas, label in zip(canvases, cell.labels, strict=True):
            known[canvas.tobytes()] = int(label) + 24 * turned
    return made


def condition(cell, reader, kind, level):
    done = []
    found = evaluate_condition(
        [cell], reader=reader, kind=kind, level=level, seed=0, advance=done.append
    )
    assert done == [1]
    return found


def test_an_undamaged_cell_is_right(cell, reader):
    found = condition(cell, reader, UNDAMAGED, 0.0)
    assert [found[name] for name in COUNTS] == [1, 1, 46, 46, 46, 46, 0]


def test_turned_images_are_told_from_upright_ones(cell, reader):
    found = condition(cell, reader, TURN, 0.5)
    assert (found["alone"], found["upright_right"]) == (46, 46)


def test_missing_chromosomes_are_left_out(cell, reader):
    found = condition(cell, reader, MISSING, 3.0)
    assert (found["images"], found["alone"]) == (43, 43)


def test_damage_reaches_the_reader_and_lost_images_count_as_wrong(cell, reader):
    assert condition(cell, reader, "noise", 6.0)["alone"] < 10
    dark = condition(cell, reader, "gain", 0.08)
    assert dark["unread"] > 0
    assert dark["cells_right"] == 0
    assert dark["alone"] <= 46 - dark["unread"]


def test_readings_of_folds_are_added_up_and_shown(cell, reader):
    one = condition(cell, reader, UNDAMAGED, 0.0)
    noisy = {**one, "kind": "noise", "level": 3.0, "alone": 23}
    pooled = pool([one, noisy, one, noisy])
    assert [x["images"] for x in pooled] == [92, 92]
    assert pooled[1]["alone"] == 46
    figure = plot_robustness(pooled, units=UNITS)
    line = figure.axes[0].lines[0]
    assert list(line.get_xdata()) == [0.0, 3.0]
    assert list(line.get_ydata()) == [100.0, 50.0]
    values = {
        "name": "r",
        "command": "python launch/robustness.py",
        "commit": "abc",
        "data set": "ideogram",
        "own": pooled,
        "foreign": {"gband": pooled[0]},
    }
    text = robustness_markdown(values, units=UNITS)
    assert "| noise | 3 (standard deviation, grey levels) | 2 | 92 | 50.00 | 100.00 |" in text
    assert "| gband | 2 | 92 | 100.00 |" in text


def test_test_cells_are_those_of_the_split(tmp_path):
    config = get_config("smoke")
    config.data.data_dir = str(tmp_path)
    experiment = build_experiment(config)
    (found,) = load_test_cells(experiment)
    assert len(found.images) == len(found.labels) == 46
    config.split.protocol = "paper"
    with pytest.raises(ValueError, match="must be runs whose split keeps cells whole"):
        load_test_cells(build_experiment(config))
    with pytest.raises(ValueError, match="must be another data set than that of the runs"):
        load_foreign_cells([experiment], "ideogram")


def test_kinds_are_chosen_beside_the_undamaged_cells():
    assert choose_conditions([]) == CONDITIONS
    assert choose_conditions([UNDAMAGED]) == ((UNDAMAGED, 0.0),)
    assert choose_conditions(["debris"]) == ((UNDAMAGED, 0.0), ("debris", 1.0), ("debris", 3.0))
    with pytest.raises(ValueError, match=r"`--kinds` must be of none, blur, .* got `blurr`"):
        choose_conditions(["blurr"])
