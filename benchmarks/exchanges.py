"""Exchanges of labels in a cell that several networks see alike: suspected slips of the labels.

A karyogram is labelled by its places. Two chromosomes that were put into each other's place, or
several in a circle, are then labelled wrongly, and a network that reads them correctly exchanges
their classes. That several networks do so, of which one never saw a label of the data set, is no
proof: they may share a mistake. A cytogeneticist has to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csgraph

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.evaluation.predictions import Predictions
from superxception_jax.tables.stored_predictions import StoredPredictions

TestedImages = Predictions | StoredPredictions


@dataclass(frozen=True)
class ExchangedImage:
    """An image that all networks assign to one other class.

    Attributes:
        index: Its place in the predictions.
        label: Its class as labelled.
        assigned: The class that every network assigns.
        by_itself: Number of the networks that read this class in the image alone.
    """

    index: int
    label: int
    assigned: int
    by_itself: int


def find_exchanges(predictions: Sequence[TestedImages]) -> dict[str, tuple[ExchangedImage, ...]]:
    """Return the images of each cell whose labels all networks exchange among each other.

    Args:
        predictions: Of each network, of the same images in the same order, cells assigned.

    Returns:
        The images by cell, those of cells without an exchange left out. Among the images of a cell
        every class is lost as often as it is gained.

    Raises:
        ValueError: The predictions are not of the same images, or whole cells are not assigned.
    """
    first = predictions[0]
    assigned = [one.assigned for one in predictions if one.assigned is not None]
    same = all(
        np.array_equal(one.names, first.names) and np.array_equal(one.labels, first.labels)
        for one in predictions
    )
    if not same or len(assigned) < len(predictions):
        raise ValueError(
            "`predictions` must be of the same images, with whole cells assigned, got "
            f"{[len(one.names) for one in predictions]} images and {len(assigned)} assignments of "
            f"{len(predictions)}; test the networks on the same split of whole cells."
        )
    alike = np.all(np.equal(assigned, assigned[0]), axis=0) & (assigned[0] != first.labels)
    alone = np.sum([one.predicted == assigned[0] for one in predictions], axis=0)
    found = {}
    for cell in dict.fromkeys(first.cells[alike].tolist()):
        images = [
            ExchangedImage(
                int(index), int(first.labels[index]), int(assigned[0][index]), int(alone[index])
            )
            for index in np.flatnonzero(alike & (first.cells == cell))
        ]
        if closed := _closed(images):
            found[cell] = tuple(closed)
    return found


def _closed(images: list[ExchangedImage]) -> list[ExchangedImage]:
    """Return the images of which the classes go in circles, with none gained or lost.

    Where classes in a circle are gained more often than lost, which image is one too many can't be
    told, and all of them are left out.
    """
    moves = np.zeros((len(CLASS_NAMES), len(CLASS_NAMES)), int)
    for one in images:
        moves[one.label, one.assigned] += 1
    _, circles = csgraph.connected_components(moves, connection="strong")
    moves[circles[:, None] != circles] = 0
    uneven = set(circles[moves.sum(axis=0) != moves.sum(axis=1)].tolist())
    return [
        one
        for one in images
        if circles[one.label] == circles[one.assigned] and circles[one.label] not in uneven
    ]
