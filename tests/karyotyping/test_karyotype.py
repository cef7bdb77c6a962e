from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.karyotype import ClassifiedChromosome, Karyotype
from tests.karyotyping.report.samples import SOUND


def chromosome(name, *, confidence=0.9, length_px=50.0):
    label = CLASS_NAMES.index(name)
    marginals = np.full(len(CLASS_NAMES), (1 - confidence) / 23)
    marginals[label] = confidence
    return ClassifiedChromosome(
        name=f"{name} {length_px}",
        image=np.zeros((5, 3), np.uint8),
        label=label,
        probabilities=np.full(len(CLASS_NAMES), 1 / 24),
        marginals=marginals,
        turned=False,
        turned_probability=0.1,
        length_px=length_px,
        flags=(),
    )


def karyotype(*chromosomes):
    return Karyotype("a", chromosomes, iscn="", margin=1.0, **SOUND)


def test_class_and_confidence_are_those_of_the_assignment():
    one = chromosome("X", confidence=0.7)
    assert one.class_name == "X"
    assert one.confidence == pytest.approx(0.7)
    assert dataclasses.replace(one, label=0).class_name == "1"


def test_counts_are_in_the_order_of_the_classes():
    counts = karyotype(chromosome("1"), chromosome("Y"), chromosome("1")).counts
    assert counts == (2, *[0] * 22, 1)
    assert karyotype().counts == (0,) * 24


def test_the_longest_homologue_comes_first():
    cell = karyotype(
        chromosome("7", length_px=40.0), chromosome("8"), chromosome("7", length_px=44.0)
    )
    assert [one.length_px for one in cell.of_class("7")] == [44.0, 40.0]
    assert cell.of_class("21") == ()
