from __future__ import annotations

import dataclasses
import re

import pytest

from superxception_jax.studies.scaling.lowering import Lowered
from superxception_jax.studies.scaling.measuring import Measured
from superxception_jax.studies.scaling.scaling_chart import plot_scaling
from superxception_jax.studies.scaling.scaling_page import scaling_markdown
from tests.studies.scaling.scaling_samples import REQUEST, FakeCompiler, case_of, results_of

EMPTY = dataclasses.replace(REQUEST, slices={})


def grids(page):
    return re.findall(r"(?:^\|.*\|\n)+", page, re.M)


@pytest.fixture(scope="module")
def page():
    return scaling_markdown(results_of())


def test_every_line_has_as_many_cells_as_its_head(page):
    for grid in grids(page):
        assert len({line.count("|") for line in grid.splitlines()}) == 1


def test_what_the_compiler_says_stands_beside_the_count(page):
    # 32 images at 45 and 44 GFLOP, 4.25 GiB of the 16 of a chip.
    assert (
        "| v5e | float32 | 4 | 32 | 4.25 of 16.00 | 1.440 | 1.408 | 0.978 | 44.8 | 100 | 80.0 |"
        in page
    )
    assert "does not fit: needs 20.0 of 15.75 GiB" in page


def test_times_by_hand(page):
    # 44.8 GB at 819 GB/s; 4176 images are 130 steps of 32, 80 times.
    line = next(
        line for line in page.splitlines() if line.startswith("| v5e | float32 | 1 | 32 | 7.31 |")
    )
    assert line == (
        "| v5e | float32 | 1 | 32 | 7.31 | 54.7 | 0.000 | 54.7 | 54.7 | 585 | 100 % "
        "| 7.1 s | 9.5 min |"
    )


def test_the_answer_names_the_largest_batch_and_the_shortest_run(page):
    answer = page.split("## Which slice?")[1].split("##")[0]
    line = next(line for line in answer.splitlines() if line.startswith("| v5e | float32 |"))
    assert line.startswith("| v5e | float32 | 96 | 256 |")
    assert "256 chips, 256 images a step |" in line


def test_an_unfinished_study_says_so():
    compiler = FakeCompiler()
    page = scaling_markdown(results_of(compiler=compiler, has_time=lambda: len(compiler.asked) < 3))
    assert "compilations are left**" in page
    assert "not compiled yet" in page
    assert scaling_markdown(results_of(has_time=lambda: False)).count("## Which slice?") == 1


def test_gpus_and_measurements_have_their_own_parts():
    lowered = Lowered(case_of("h100"), 12_345, 1.4e12, 2**28, 3.0)
    measured = (
        Measured("strong", 1, 1, 16, 0.1, 50),
        Measured("strong", 2, 2, 16, 0.125, 40),
        Measured("strong", 4, 4, 16, 0.0, 0, message="the measurement ended with exit status 1"),
    )
    page = scaling_markdown(results_of(EMPTY, lowered=(lowered,), measured=measured))
    # 1.4 TFLOP at 494.5 TFLOP/s.
    assert "| yes, 12,345 operations | 1.400 | 256.0 | 2.83 | 11,303 |" in page
    assert "| strong | 2 | 2 | 16 | 125 | 40 | 128.0 | 0.80 | 40 % |" in page
    assert "the measurement ended with exit status 1" in page
    assert "## Assumptions" not in page
    for grid in grids(page):
        assert len({line.count("|") for line in grid.splitlines()}) == 1


def test_the_chart_has_a_column_for_each_scaling_and_a_line_for_each_curve():
    figure = plot_scaling(results_of())
    weak, strong = figure.axes[2:]
    legends = [panel.get_legend() for panel in (weak, strong)]
    assert None not in legends
    labels = [[text.get_text() for text in legend.get_texts()] for legend in legends if legend]
    assert labels[0] == ["v5e float32", "v5e bfloat16", "v5p float32", "v5p bfloat16"]
    # One chip can't take all images of strong scaling, and v5p has no other.
    assert len(labels[1]) == 2
