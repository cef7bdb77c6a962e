"""The sets of the stain benchmark, and what the shipped networks make of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from benchmarks.stain import Condition, judge
from benchmarks.stain_cells import (
    Cell,
    damage,
    draw_shuffled,
    load_padova,
    remove_bands,
    reverse_bands,
)
from benchmarks.stain_report import (
    Judged,
    draw,
    load_results,
    table,
    table_by_count,
    write_results,
)
from superxception_jax.karyotyping.stain import FEWEST_IMAGES
from superxception_jax.runs.reader import DEFAULT_CLASSIFIERS, load_classifier
from tests.paths import REAL_DATA, REPOSITORY


@pytest.fixture(scope="module", params=["dark", "light"])
def shipped(request):
    return request.param, load_classifier(DEFAULT_CLASSIFIERS[request.param])


def judged(cells, network, classifier, *, in_parts=False):
    condition = Condition("a set", network, "foreign", lambda folder, part: [], in_parts)
    return judge(condition, cells, classifier=classifier, part="test")


def test_shuffled_bands_are_foreign_to_the_shipped_networks(shipped):
    network, classifier = shipped
    cells = draw_shuffled({"dark": "q", "light": "g"}[network], "development")[:1]
    assert all(len(cell.images) == 46 for cell in cells)
    found = judged(cells, network, classifier)
    assert (found.score > 0).all()
    assert found.accuracy.max() < 0.5


@pytest.mark.skipif(not (REAL_DATA / "bioimlab_qband.zip").exists(), reason="no Q-band archive")
def test_real_cells_are_known_until_their_bands_are_changed():
    classifier = load_classifier(DEFAULT_CLASSIFIERS["dark"])
    cells = load_padova(REAL_DATA, "development")[:1]
    known = judged(cells, "dark", classifier, in_parts=True)
    assert known.count[known.whole].tolist() == [46]
    assert (known.score[known.count >= FEWEST_IMAGES] < 0).all()
    blurred = judged(damage(cells, kind="blur", level=1), "dark", classifier)
    assert (blurred.score < 0).all()
    for change in (reverse_bands, remove_bands):
        assert (judged(change(cells), "dark", classifier).score > 0).all()


def test_reversed_and_removed_bands_keep_the_outline():
    image = np.zeros((40, 20), np.uint8)
    image[4:36, 6:14] = 60
    image[10:16, 6:14] = 200
    cell = Cell((image,), np.array([0]))
    (reversed_cell,), (flat,) = reverse_bands([cell]), remove_bands([cell])
    assert reversed_cell.images[0][12, 10] < reversed_cell.images[0][30, 10]
    inside = flat.images[0][6:34, 8:12].astype(float)
    assert inside.std() < 10
    for changed in (reversed_cell, flat):
        assert changed.images[0][:2].max() < 10
    assert image[12, 10] == 200


def test_the_report_counts_what_is_checked(tmp_path):
    cells = Judged(
        part="test",
        name="a set",
        network="dark",
        kind="known",
        count=np.array([46, 46, 5, 20]),
        whole=np.array([True, True, True, False]),
        score=np.array([-1.0, 2.0, 3.0, 4.0]),
        accuracy=np.array([1.0, 0.5, 0.2, 0.1]),
    )
    assert "| a set | Q-band | known | 3 | 2 | 50.0 | 0.5 (-0.8 – 1.8) | 50 | 100 |" in table(
        [cells]
    )
    by_count = table_by_count([cells])
    assert "| as they are | 100.0 of 1 | – | – | 50.0 of 2 |" in by_count
    assert "| random parts | – | – | 100.0 of 1 | – |" in by_count
    development = dataclasses.replace(cells, part="development")
    files = write_results([development, cells], tmp_path)
    assert [file.name for file in files] == ["stain.json", "stain.md", "stain.png"]
    restored = load_results(tmp_path)
    assert restored[1].to_json() == cells.to_json()
    assert "Fewer than\n15 chromosomes are not checked" in (tmp_path / "stain.md").read_text()


def test_every_cell_of_the_figure_is_seen_and_every_set_has_a_shape_of_its_own():
    test = [one for one in load_results(REPOSITORY / "results") if one.part == "test"]
    figure = draw(test)
    FigureCanvasAgg(figure).draw()
    for axes in figure.axes:
        sets = axes.collections
        assert len(sets) > 5
        shapes = {np.asarray(one.get_paths()[0].vertices).tobytes() for one in sets}
        assert len(shapes) == len(sets)
        legend = axes.get_legend()
        assert legend is not None
        below = legend.get_window_extent()
        assert figure.bbox.y0 <= below.y0
        for one in sets:
            cells = axes.transData.transform(np.asarray(one.get_offsets()))
            assert not any(below.contains(*cell) for cell in cells)
