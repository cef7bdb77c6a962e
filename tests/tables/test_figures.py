"""The figures of a table: what they show, not how they look."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.container import ErrorbarContainer
from PIL import Image

from superxception_jax.evaluation.plots import save_figure
from superxception_jax.tables.figures import plot_cost, plot_curves, plot_table
from superxception_jax.tables.table import build_table
from tests.tables.hand_made import four_runs, varied

ROWS = ["xception", "super_xception"]


@pytest.fixture(scope="module")
def table():
    return build_table(four_runs(copies=5), name="t", pairs=[], commands=[])


def test_accuracy_shows_seeds_mean_interval_and_the_papers_number(table, tmp_path):
    figure = plot_table(table)
    interval, seeds, _, _, paper = figure.axes[0].lines
    ends = table.rows[0].accuracy_interval.ends
    assert np.asarray(interval.get_xdata()).tolist() == [100 * ends[0], 87.5, 100 * ends[1]]
    assert interval.get_label() == "mean, 95 % interval over 10 cells"
    assert np.asarray(seeds.get_xdata()).tolist() == [75.0, 100.0]
    assert np.asarray(paper.get_xdata()).tolist() == [91.80, 92.36]
    assert np.asarray(paper.get_ydata()).tolist() == [0, 1]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ROWS
    with Image.open(save_figure(figure, tmp_path / "t.png")) as image:
        assert min(image.size) > 200
    # The longest legend fits into the figure.
    legend = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 < legend.x0 < legend.x1 < figure.bbox.x1
    # The paper's accuracy means nothing next to that on other images.
    other = tuple(dataclasses.replace(row, protocol="cells") for row in table.rows)
    assert len(plot_table(dataclasses.replace(table, rows=other)).axes[0].lines) == 4


def test_too_few_cells_are_drawn_without_an_interval():
    few = build_table(four_runs(), name="t", pairs=[], commands=[])
    mean = plot_table(few).axes[0].lines[0]
    assert np.asarray(mean.get_xdata()).tolist() == [87.5]
    assert mean.get_label() == "mean"
    figure = plot_cost(few)
    figure.canvas.draw()
    (bar, _) = (one for one in figure.axes[0].containers if isinstance(one, ErrorbarContainer))
    assert np.asarray(bar.lines[0].get_ydata()).tolist() == [87.5]
    assert not any(np.isfinite(segment).any() for segment in bar.lines[2][0].get_segments())


def test_presets_of_a_network_have_a_curve_each():
    runs = [
        dataclasses.replace(varied("xception", value, "1 2 1 X"), row=f"xception-{preset}@{value}")
        for preset in ("bioimage", "table")
        for value in (0.5, 1.0)
    ]
    made = build_table(runs, name="t", pairs=[], commands=["x"], vary="split.training_share")
    lines = plot_curves(made).axes[0].lines
    assert [line.get_label() for line in lines] == ["xception-bioimage", "xception-table"]
    assert all(len(np.asarray(line.get_xdata())) == 2 for line in lines)


@pytest.mark.parametrize("assigned", [None, "1 2 1 X"])
def test_curves_have_a_line_per_network_and_a_dashed_one_for_whole_cells(assigned):
    runs = [
        varied("xception", 1.0, "1 2 1 X", assigned=assigned),
        varied("xception", 0.5, "1 1 1 X", assigned=assigned),
        varied("alexnet", 0.5, "2 1 1 X", assigned=assigned),
        varied("alexnet", 1.0, "2 1 1 X", assigned=assigned),
    ]
    made = build_table(runs, name="t", pairs=[], commands=["x"], vary="split.training_share")
    axes = plot_curves(made).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    names = ["xception", "alexnet"]
    if assigned:
        names = [one for name in names for one in (name, f"{name}, whole cells assigned")]
        assert np.asarray(lines["xception, whole cells assigned"].get_ydata()).tolist() == [
            100.0,
            100.0,
        ]
    legend = axes.get_legend()
    assert legend is not None
    assert list(lines) == [text.get_text() for text in legend.get_texts()] == names
    assert np.asarray(lines["xception"].get_xdata()).tolist() == [0.5, 1.0]
    assert np.asarray(lines["xception"].get_ydata()).tolist() == [75.0, 100.0]
    assert np.asarray(lines["alexnet"].get_ydata()).tolist() == [50.0, 50.0]
    assert axes.get_xlabel() == "share of the training cells or images used"


@pytest.mark.parametrize("ends", [(0.12, 4576.0), (1e-6, 1e-2), (1e-4, 3e-3), (1.0, 6.0)])
def test_labels_of_a_logarithmic_axis_are_its_numbers_and_stay_apart(table, ends):
    rows = tuple(
        dataclasses.replace(row, multiply_accumulates=round(1e6 * end), training_seconds=60 * end)
        for row, end in zip(table.rows, ends, strict=True)
    )
    runs = [varied("xception", end, "1 2 1 X") for end in ends]
    made = build_table(runs, name="t", pairs=[], commands=["x"], vary="split.training_share")
    for figure in (plot_cost(dataclasses.replace(table, rows=rows)), plot_curves(made)):
        FigureCanvasAgg(figure).draw()
        axis = figure.axes[-1].xaxis
        assert axis.get_scale() == "log"
        low, high = axis.get_view_interval()
        ticks = [one for one in axis.get_major_ticks() if low <= one.get_loc() <= high]
        assert len(ticks) > 1
        for tick in ticks:
            assert float(tick.label1.get_text()) == pytest.approx(tick.get_loc(), rel=1e-9)
        extents = [tick.label1.get_window_extent() for tick in ticks]
        assert all(one.x1 < after.x0 for one, after in itertools.pairwise(extents))


def test_many_networks_are_told_apart_by_shape_and_colour(table):
    rows = tuple(
        dataclasses.replace(table.rows[0], row=f"{'long_' * (number % 9)}{number}")
        for number in range(24)
    )
    figure = plot_cost(dataclasses.replace(table, rows=rows))
    FigureCanvasAgg(figure).draw()
    for axes in figure.axes:
        dots = [one.lines[0] for one in axes.containers if isinstance(one, ErrorbarContainer)]
        looks = {(dot.get_color(), dot.get_marker()) for dot in dots}
        assert len(looks) == len(dots) == 24
    legend = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 < legend.x0 < legend.x1 < figure.bbox.x1
    assert figure.bbox.y0 < legend.y0 < legend.y1 < figure.bbox.y1


def test_names_of_rows_are_no_mathematics(table, tmp_path, recwarn):
    """The value of a field may be the name of a folder."""
    name = "xception@a$_$染"
    rows = tuple(dataclasses.replace(row, row=name) for row in table.rows)
    named = dataclasses.replace(table, rows=rows)
    runs = [dataclasses.replace(varied("x", one, "1 2 1 X"), row=f"a$_$染@{one}") for one in (1, 2)]
    made = build_table(runs, name="t", pairs=[], commands=["x"], vary="split.training_share")
    accuracy, cost, curves = plot_table(named), plot_cost(named), plot_curves(made)
    for figure in (accuracy, cost, curves):
        save_figure(figure, tmp_path / "t.png")
    assert accuracy.axes[0].get_yticklabels()[0].get_text() == r"xception@a$_$\u67d3"
    assert cost.legends[0].get_texts()[0].get_text() == r"xception@a$_$\u67d3"
    assert curves.axes[0].get_legend_handles_labels()[1] == [r"a$_$\u67d3"]
    assert not recwarn.list


def test_cost_shows_operations_and_minutes(table):
    figure = plot_cost(table)
    operations, minutes = figure.axes
    for axes, cost in ((operations, 2.5), (minutes, 1.5)):
        bars = [one for one in axes.containers if isinstance(one, ErrorbarContainer)]
        dots = [np.asarray(bar.lines[0].get_xydata()).tolist() for bar in bars]
        assert dots == [[[cost, 87.5]]] * 2
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ROWS
    assert minutes.get_xscale() == "linear"
    rows = (table.rows[0], dataclasses.replace(table.rows[1], training_seconds=6000.0))
    slow = dataclasses.replace(table, rows=rows)
    assert plot_cost(slow).axes[1].get_xscale() == "log"
