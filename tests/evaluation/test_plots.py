from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.evaluation import plots
from superxception_jax.karyotyping.karyogram.text import spell_out

NAMES = ("1", "2", "X")
LONG_NAMES = (
    "patient 2024-117/metaphase 07 of the second culture/chromosome {}a.png",
    "/mnt/laboratory/archive/2024/metaphases_of_the_second_culture/chromosome_{}a.png",
    "病人七/第三个细胞的染色体{}a.png",
)


def _texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_confusion_matrix_writes_the_counts_and_normalises_rows():
    confusion = np.array([[3, 1, 0], [0, 2, 0], [0, 0, 0]], np.int64)
    figure = plots.plot_confusion(confusion, class_names=NAMES, title="t")
    assert sorted(_texts(figure)) == ["1", "2", "3"]
    np.testing.assert_allclose(
        np.asarray(figure.axes[0].images[0].get_array())[0], [0.75, 0.25, 0.0]
    )


def test_the_legend_of_the_reliability_diagram_hides_no_dot():
    """A network that is always right at a confidence of a half, and one that is always wrong."""
    logs = np.log(np.tile(np.array([0.5, 0.3, 0.2], np.float32), (60, 1)))
    for label in range(2):
        figure = plots.plot_reliability(logs, np.full(60, label, np.int32), temperature=0.5)
        FigureCanvasAgg(figure).draw()
        (legend,) = figure.legends
        assert len(legend.get_texts()) == 2
        (axes,) = figure.axes
        for dots in axes.collections:
            middles = axes.transData.transform(np.asarray(dots.get_offsets()))
            assert len(middles)
            assert not any(legend.get_window_extent().contains(*one) for one in middles)


def test_errors_are_ordered_by_confidence_and_name_the_prediction():
    images = np.zeros((4, 6, 6, 1), np.uint8)
    logs = np.log(
        np.array([[0.6, 0.3, 0.1], [0.05, 0.9, 0.05], [0.1, 0.7, 0.2], [0.1, 0.1, 0.8]], np.float32)
    )
    labels = np.array([0, 0, 0, 2], np.int32)
    figure = plots.plot_errors(images, logs, labels, names=["a", "b", "c", "d"], class_names=NAMES)
    assert _texts(figure) == ["b\n1 called 2 (90 %)", "c\n1 called 2 (70 %)"]
    first, second = (picture.get_extent() for picture in figure.axes[0].images)
    assert first[0] < first[1] < second[0] < second[1]
    assert figure.get_suptitle() == "2 of 2 errors among 4 images"


def test_no_errors_is_a_picture_too(tmp_path):
    logs = np.log(np.array([[0.8, 0.1, 0.1]], np.float32))
    figure = plots.plot_errors(
        np.zeros((1, 6, 6, 1), np.uint8),
        logs,
        np.array([0], np.int32),
        names=["a"],
        class_names=NAMES,
    )
    assert figure.get_suptitle() == "0 of 0 errors among 1 images"
    with Image.open(plots.save_figure(figure, tmp_path / "errors.png")) as image:
        assert image.size[0] > 100
    assert [file.name for file in tmp_path.iterdir()] == ["errors.png"]


def test_learning_curves_are_drawn_over_epochs():
    train = plots.LearningCurve(epochs=[0.5, 1.0], loss=[2.0, 1.0], accuracy=[0.1, 0.5])
    validation = plots.LearningCurve(epochs=[1.0], loss=[1.5], accuracy=[0.4])
    figure = plots.plot_learning_curves(train, validation)
    loss = figure.axes[0].lines
    np.testing.assert_allclose(np.asarray(loss[0].get_xdata()), [0.5, 1.0])
    np.testing.assert_allclose(np.asarray(loss[1].get_ydata()), [1.5])


def test_enhancement_shows_the_difference_symmetrically():
    before = np.full((2, 4, 4, 1), 0.5, np.float32)
    after = before.copy()
    after[0, 0, 0, 0] = 0.3
    truth = np.full((2, 4, 4, 1), 0.75, np.float32)
    figure = plots.plot_enhancement(before, after, truth, titles=["a", "b"])
    assert _texts(figure) == ["a", "b"]
    _, enhanced, difference, original = (axes.images[0] for axes in figure.axes[:4])
    np.testing.assert_allclose(difference.get_clim(), (-0.2, 0.2), rtol=1e-5)
    assert float(np.asarray(difference.get_array())[0, 0]) < -0.19
    np.testing.assert_allclose(enhanced.get_clim(), (0.3, 0.5), rtol=1e-5)
    assert figure.axes[3].get_ylabel() == "true crop"
    picture = original.get_array()
    assert picture is not None
    shown = np.ma.getdata(picture)
    # Two pictures of 4 pixels with a gap between them.
    assert shown.shape == (4, 4 + plots.GAP_PX + 4)
    assert np.isnan(shown[:, 4 : 4 + plots.GAP_PX]).all()
    assert float(np.nanmean(shown)) == 0.75


def _neighbours(texts):
    """Return the extents (left, right) of texts of one row, from left to right."""
    extents = [text.get_window_extent() for text in texts if text.get_text()]
    return sorted((one.x0, one.x1) for one in extents)


@pytest.mark.parametrize("name", LONG_NAMES)
def test_long_names_of_neighbours_stay_apart(name):
    images = np.zeros((8, 6, 6, 1), np.uint8)
    logs = np.log(np.tile(np.array([0.6, 0.3, 0.1], np.float32), (8, 1)))
    labels, names = np.full(8, 1, np.int32), [name.format(place) for place in range(8)]
    errors = plots.plot_errors(images, logs, labels, names=names, class_names=NAMES)
    bright = np.ones((8, 64, 64, 1), np.float32)
    restored = plots.plot_enhancement(bright, bright, bright, titles=names)
    for figure in (errors, restored):
        figure.set_dpi(plots.DOTS_PER_INCH)  # letters are wider or narrower than at another size
        FigureCanvasAgg(figure).draw()
        row = _neighbours(figure.axes[0].texts)
        assert len(row) == 8
        assert row[0][0] >= 0
        assert row[-1][1] <= figure.bbox.x1
        for (_, end), (start, _) in itertools.pairwise(row):
            assert end < start
        # The numbers, by which the images differ, are still there.
        assert all(f"{place}a.p" in text for place, text in enumerate(_texts(figure)))


@pytest.mark.parametrize("name", ["a$_$.png", "$\\frac$", "染$^$.png"])
def test_names_from_outside_are_no_mathematics(name, tmp_path, recwarn):
    images, labels = np.zeros((1, 8, 8, 1), np.uint8), np.array([1], np.int32)
    logs = np.log(np.array([[0.6, 0.3, 0.1]], np.float32))
    figures = (
        plots.plot_errors(images, logs, labels, names=[name], class_names=NAMES),
        plots.plot_enhancement(*[np.ones((1, 8, 8, 1), np.float32)] * 3, titles=[name]),
        plots.plot_cell(images, labels, np.array([0]), class_names=NAMES, title=f"cell {name}"),
    )
    for figure in figures:
        plots.save_figure(figure, tmp_path / "figure.png")
        drawn = [figure.get_suptitle(), *_texts(figure)]
        assert any(spell_out(name) in text for text in drawn)
    # Such as those of letters that the font lacks.
    assert not recwarn.list


def test_the_notes_of_a_weak_network_stay_apart():
    """All chromosomes are predicted as four neighbouring classes."""
    labels = np.arange(46, dtype=np.int32) % 24
    predicted = 9 + np.arange(46) // 12
    figure = plots.plot_cell(
        np.zeros((46, 8, 8, 1), np.uint8), labels, predicted, class_names=CLASS_NAMES, title="t"
    )
    FigureCanvasAgg(figure).draw()
    notes = [axes.xaxis.label for axes in figure.axes[:12]]
    assert notes[9].get_text() == "10 ≠ 1, 2 …"
    for (_, end), (start, _) in itertools.pairwise(_neighbours(notes)):
        assert end < start
    # More than are shown, all of them correct.
    labels = np.zeros(5, np.int32)
    many = plots.plot_cell(
        np.zeros((5, 8, 8, 1), np.uint8), labels, np.zeros(5, int), class_names=NAMES, title="t"
    )
    assert many.axes[0].get_xlabel() == "1 …"


def test_cell_marks_what_was_read_wrong():
    images = np.zeros((3, 8, 8, 1), np.uint8)
    labels, predicted = np.array([0, 1, 1], np.int32), np.array([0, 0, 1])
    figure = plots.plot_cell(images, labels, predicted, class_names=NAMES, title="t")
    assert [axes.get_xlabel() for axes in figure.axes[:3]] == ["1 ≠ 2", "2", "X"]
    assert [len(axes.images) for axes in figure.axes[:3]] == [1, 1, 0]
    # Two chromosomes side by side, each without the outer quarters of its canvas.
    assert np.asarray(figure.axes[0].images[0].get_array()).shape == (8, 8)


def test_a_class_that_swallows_the_cell_stays_legible():
    images, labels = np.zeros((9, 8, 8, 1), np.uint8), np.full(9, 1, np.int32)
    figure = plots.plot_cell(images, labels, np.zeros(9, np.int64), class_names=NAMES, title="t")
    assert figure.axes[0].get_xlabel() == "1 ≠ 2, 2 …"
    assert np.asarray(figure.axes[0].images[0].get_array()).shape == (8, 16)
