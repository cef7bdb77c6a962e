"""Synthetic cells for the tests of karyograms: what a page may have to show."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

from superxception_jax.karyotyping.karyogram.draw import draw_karyogram
from superxception_jax.karyotyping.karyogram.items import Karyogram
from superxception_jax.karyotyping.karyotype import Karyotype
from tests.karyotyping.read_cells import cell

FEW = "".join(f",-{number}" for number in range(4, 23) if number != 21)
LONG = "the probability of the class is low and the second-best class lies in another group, " * 3


def flag(karyotype: Karyotype, flags: dict[int, tuple[str, ...]]) -> Karyotype:
    chromosomes = tuple(
        dataclasses.replace(one, flags=flags.get(index, ()))
        for index, one in enumerate(karyotype.chromosomes)
    )
    return dataclasses.replace(karyotype, chromosomes=chromosomes)


def only(karyotype: Karyotype, *names: str) -> Karyotype:
    kept = tuple(one for one in karyotype.chromosomes if one.class_name in names)
    return dataclasses.replace(karyotype, chromosomes=kept)


def misclassified(karyotype: Karyotype) -> Karyotype:
    """Assign every chromosome to class 5."""
    chromosomes = tuple(
        dataclasses.replace(one, label=4, flags=("all alike",)) for one in karyotype.chromosomes
    )
    return dataclasses.replace(karyotype, chromosomes=chromosomes)


CELLS: dict[str, Callable[[], tuple[Karyotype, dict[str, Any]]]] = {
    "female": lambda: (cell("46,XX"), {}),
    "trisomy": lambda: (
        flag(cell("47,XY,+21", style="q", seed=1), {0: (LONG,), 41: ("short", "$x_1$ touches")}),
        {"straightened": True},
    ),
    "turner": lambda: (
        flag(cell("45,X", seed=1), {44: ("alone",)}),
        {"background": "original"},
    ),
    "losses": lambda: (
        cell(
            "44,XX,-7,-7",
            cell="a_long_name_" * 12,
            flags=("44 chromosomes",),
            unread=(("image_3.png", LONG),),
            set_aside=(("bar.png", "a scale bar"),),
            withheld="1 image could not be read, 1 image set aside",
        ),
        {"ideograms": False},
    ),
    "small": lambda: (cell("48,XXY,+21", scale=0.4), {}),
    "large": lambda: (cell("3,Y,-2,-3" + FEW, style="q", scale=3.0), {}),
    "one": lambda: (only(cell("45,X", style="q", seed=1), "X"), {}),
    "misclassified": lambda: (misclassified(cell("46,XX", seed=1)), {}),
}


@functools.cache
def laid_out(name: str) -> tuple[Karyotype, Karyogram]:
    """Return a cell of `CELLS` and its karyogram."""
    karyotype, options = CELLS[name]()
    return karyotype, draw_karyogram(karyotype, **options)
