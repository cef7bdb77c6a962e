"""Figures of a run: learning curves, confusion matrix, errors and super-resolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from superxception_jax.arrays import check
from superxception_jax.data.stored_images import Images
from superxception_jax.evaluation.metrics import CALIBRATION_BINS, supported_calibration_error
from superxception_jax.files import replacing
from superxception_jax.karyotyping.calibration import apply_temperature, reliability
from superxception_jax.karyotyping.karyogram.text import shorten_text

DOTS_PER_INCH = 120
GALLERY_IMAGES = 40
GALLERY_COLUMNS = 8
COLUMN_IN, NAME_IN = 1.7, 1.5  # widths of a column of the gallery and of a name in it
RESTORED_IN = 1.35  # width of the title of a restored image
GAP_PX = 4  # between two pictures of a row
CELL_COLUMNS = 12
CELL_MEMBERS = 4  # shown per class, so that a network that predicts one class stays legible
CELL_NOTES = 2  # named per class: more would run into the note of the next class


@dataclass(frozen=True)
class LearningCurve:
    """Loss and accuracy over a training.

    Attributes:
        epochs: Finished epochs of each point, in fractions.
        loss: Loss at each point.
        accuracy: Accuracy at each point, 0..1.
    """

    epochs: Sequence[float]
    loss: Sequence[float]
    accuracy: Sequence[float]


def plot_learning_curves(train: LearningCurve, validation: LearningCurve) -> Figure:
    """Return a figure of loss and accuracy in training and validation.

    Args:
        train: Curve of the training entries.
        validation: Curve of the validations.
    """
    figure = Figure(figsize=(10, 4), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(train.epochs, getattr(train, name), label="train", alpha=0.5)
        axes.plot(validation.epochs, getattr(validation, name), label="validation", marker=".")
        axes.set(xlabel="epoch", title=name)
        axes.grid(alpha=0.3)
        axes.legend()
    return figure


def plot_confusion(confusion: np.ndarray, *, class_names: Sequence[str], title: str) -> Figure:
    """Return a figure of a confusion matrix with normalised rows and counts.

    Args:
        confusion: i64[C,C], images by true (row) and predicted (column) class.
        class_names: Class names in the order of the labels.
        title: Title of the figure.
    """
    check(confusion=(confusion, "i64[C,C]"))
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(9, 8), layout="constrained")
    axes = figure.subplots()
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in zip(*np.nonzero(confusion), strict=True):
        colour = "white" if shares[row, column] > 0.5 else "black"
        text = str(confusion[row, column])
        # Inside the axes: the layout need not measure hundreds of them.
        label = axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=7)
        label.set_in_layout(False)
    places = range(len(class_names))
    axes.set(xlabel="predicted class", ylabel="true class", title=title)
    axes.set_xticks(places, class_names)
    axes.set_yticks(places, class_names)
    figure.colorbar(picture, label="share of the true class", shrink=0.8)
    return figure


def plot_reliability(
    log_probabilities: np.ndarray, labels: np.ndarray, *, temperature: float
) -> Figure:
    """Return a reliability diagram: accuracy against confidence, before and after scaling.

    Args:
        log_probabilities: f32[N,C], not calibrated.
        labels: i32[N], true classes.
        temperature: Temperature, see `calibration.fit_temperature`.

    Returns:
        The figure; the area of a dot grows with its number of images. The calibration error is
        left out where there are too few images for one.
    """
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--")
    for name, value in (("uncalibrated", 1.0), (f"temperature {temperature:.2f}", temperature)):
        scaled = apply_temperature(log_probabilities, value)
        confidences = np.exp(scaled.max(axis=1).astype(np.float64))
        correct = scaled.argmax(axis=1) == labels
        error = supported_calibration_error(confidences, correct)
        counts, means, accuracies = reliability(confidences, correct, bins=CALIBRATION_BINS)
        axes.scatter(
            means,
            accuracies,
            s=4 + 300 * counts / len(labels),
            alpha=0.7,
            label=name if error is None else f"{name}: calibration error {error:.3f}",
        )
    axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    # In the axes it would hide dots: networks may be far above or below the line.
    figure.legend(loc="outside lower center", frameon=False)
    return figure


def plot_errors(
    images: Images,
    log_probabilities: np.ndarray,
    labels: np.ndarray,
    *,
    names: Sequence[str],
    class_names: Sequence[str],
) -> Figure:
    """Return a figure of the misclassified images, the most confident ones first.

    Args:
        images: u8[N,S,S,1].
        log_probabilities: f32[N,C].
        labels: i32[N], true classes.
        names: Names of the images.
        class_names: Class names in the order of the labels.

    Returns:
        The figure; its title gives the number of errors.
    """
    check(
        images=(images, "u8[N,S,S,1]"),
        log_probabilities=(log_probabilities, "f32[N,C]"),
        labels=(labels, "i32[N]"),
    )
    predicted = log_probabilities.argmax(axis=1)
    wrong = np.nonzero(predicted != labels)[0]
    order = wrong[np.argsort(-log_probabilities[wrong].max(axis=1), kind="stable")]
    shown = order[:GALLERY_IMAGES]
    rows = max(-(-len(shown) // GALLERY_COLUMNS), 1)
    height = 2.1 * rows + 0.5
    figure = Figure(figsize=(COLUMN_IN * GALLERY_COLUMNS, height))
    figure.suptitle(
        f"{len(shown)} of {len(wrong)} errors among {len(labels)} images", y=1 - 0.15 / height
    )
    # In one panel, of which a unit is a place of the gallery: panels of their own are slow.
    axes = figure.add_axes((0, 0, 1, 1 - 0.5 / height))
    axes.axis("off")
    for place, index in enumerate(shown):
        down, right = divmod(place, GALLERY_COLUMNS)
        axes.imshow(
            images[index][..., 0],
            cmap="gray",
            vmin=0,
            vmax=255,
            extent=(right + 0.06, right + 0.94, down + 0.96, down + 0.25),
            aspect="auto",
        )
        share = np.exp(log_probabilities[index].max())
        axes.text(
            right + 0.5,
            down + 0.23,
            f"{shorten_text(names[index], width_in=NAME_IN, size_points=7)}\n"
            f"{class_names[labels[index]]} called "
            f"{class_names[predicted[index]]} ({100 * share:.0f} %)",
            fontsize=7,
            ha="center",
            va="bottom",
            parse_math=False,
        )
    # An image with an extent moves the limits.
    axes.set(xlim=(0, GALLERY_COLUMNS), ylim=(rows, 0))
    return figure


def plot_enhancement(
    before: np.ndarray, after: np.ndarray, truth: np.ndarray, *, titles: Sequence[str]
) -> Figure:
    """Return a figure of images before and after super-resolution, with difference and truth.

    Args:
        before: f32[N,S,S,1], bicubically enlarged input in [0, 1].
        after: f32[N,S,S,1], output of the super-resolution layers.
        truth: f32[N,S,S,1] in [0, 1], true crops at this resolution.
        titles: One title per image.
    """
    count = check(
        before=(before, "f32[N,S,S,1]"),
        after=(after, "f32[N,S,S,1]"),
        truth=(truth, "f32[N,S,S,1]"),
    )["N"]
    change = after - before
    limit = max(float(np.abs(change).max()), 1e-6)
    # The layers may change the contrast, so that only a scale of their own shows the detail.
    low, high = float(after.min()), float(after.max())
    figure = Figure(figsize=(1.6 * count + 1, 7.2), layout="constrained")
    rows = (
        ("bicubic", before, {"cmap": "gray", "vmin": 0, "vmax": 1}),
        ("super-resolved", after, {"cmap": "gray", "vmin": low, "vmax": max(high, low + 1e-6)}),
        ("difference", change, {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}),
        ("true crop", truth, {"cmap": "gray", "vmin": 0, "vmax": 1}),
    )
    side = before.shape[1]
    panels = figure.subplots(len(rows), 1)
    for axes, (name, pictures, scale) in zip(panels, rows, strict=True):
        # Side by side in one panel, with a gap: a panel for each picture is slow.
        gapped = np.pad(pictures[..., 0], ((0, 0), (0, 0), (0, GAP_PX)), constant_values=np.nan)
        drawn = axes.imshow(np.concatenate(gapped, axis=1)[:, :-GAP_PX], **scale)
        axes.set(xticks=[], yticks=[], ylabel=name)
        axes.spines[:].set_visible(False)
        figure.colorbar(drawn, ax=axes, shrink=0.8)
    for place, text in enumerate(titles):
        middle = place * (side + GAP_PX) + side / 2
        name = shorten_text(text, width_in=RESTORED_IN, size_points=8)
        style: dict[str, Any] = {"fontsize": 8, "ha": "center", "va": "bottom"}
        panels[0].text(middle, -0.04 * side, name, parse_math=False, **style)
    return figure


def plot_cell(
    images: np.ndarray,
    labels: np.ndarray,
    predicted: np.ndarray,
    *,
    class_names: Sequence[str],
    title: str,
) -> Figure:
    """Return a figure of the chromosomes of one cell in the order of their predicted classes.

    Args:
        images: u8[N,S,S,1], all images of the cell.
        labels: i32[N], true classes.
        predicted: i64[N], predicted classes.
        class_names: Class names in the order of the labels.
        title: Title of the figure.

    Returns:
        The figure: one panel per class, misclassified chromosomes in red with their true class.
    """
    check(
        images=(images, "u8[N,S,S,1]"), labels=(labels, "i32[N]"), predicted=(predicted, "i64[N]")
    )
    rows = -(-len(class_names) // CELL_COLUMNS)
    figure = Figure(figsize=(1.15 * CELL_COLUMNS, 1.35 * rows + 0.4), layout="constrained")
    title = shorten_text(title, width_in=1.1 * CELL_COLUMNS, size_points=12)
    figure.suptitle(title, parse_math=False)
    grid = figure.subplots(rows, CELL_COLUMNS, squeeze=False)
    # The canvas is square and chromosomes are slim: the outer quarters are empty.
    quarter = images.shape[2] // 4
    for index, (axes, name) in enumerate(zip(grid.flat, class_names, strict=False)):
        members = np.nonzero(predicted == index)[0]
        wrong = [class_names[labels[one]] for one in members if labels[one] != index]
        axes.set_xticks([])
        axes.set_yticks([])
        more = " …" if len(wrong) > CELL_NOTES or len(members) > CELL_MEMBERS else ""
        note = f"{name} ≠ {', '.join(wrong[:CELL_NOTES])}" if wrong else name
        axes.set_xlabel(note + more, color="red" if wrong else "black", fontsize=8)
        for side in axes.spines.values():
            side.set(color="red" if wrong else "white", linewidth=2)
        strips = [images[one, :, quarter:-quarter, 0] for one in members[:CELL_MEMBERS]]
        if strips:
            # Room for two homologues, so that all classes are drawn at one scale.
            strips += [np.zeros_like(strips[0])] * (2 - len(strips))
            axes.imshow(np.concatenate(strips, axis=1), cmap="gray", vmin=0, vmax=255)
        else:
            axes.set_facecolor("0.95")
    return figure


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, completely or not at all.

    Args:
        figure: Figure.
        path: Target, ending in `.png`; its folder exists.

    Returns:
        The path.
    """
    FigureCanvasAgg(figure)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DOTS_PER_INCH)
    return path
