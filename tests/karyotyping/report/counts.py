"""Chromosome counts from empty to tetraploid cells, and their formulas by Python."""

from __future__ import annotations

import numpy as np

from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES
from superxception_jax.karyotyping.iscn import draft_formula, draft_iscn

MOST_CHROMOSOMES = 100
SEXES = ((2, 0), (1, 1), (1, 0), (0, 1), (2, 1), (0, 0), (3, 0), (2, 2))


def sample_counts() -> list[list[int]]:
    """Return counts of every chromosome number from 0 to 100, and some near each ploidy level."""
    generator = np.random.default_rng(46)
    random = [
        generator.multinomial(total, generator.dirichlet(np.full(24, 3.0))).tolist()
        for total in range(MOST_CHROMOSOMES + 1)
    ]
    near = []
    for sets in range(1, 5):
        for sexes in SEXES:
            near.append([sets] * AUTOSOMES + list(sexes))
            for changes in range(1, 7):
                counts = near[-changes].copy()
                for label in generator.integers(AUTOSOMES, size=changes):
                    counts[label] = max(0, counts[label] + int(generator.choice([-1, 1])))
                near.append(counts)
    return [counts for counts in random + near if sum(counts) <= MOST_CHROMOSOMES]


def with_names(counts: list[int], *, aside: int) -> dict[str, int]:
    """Return counts by class name, with chromosomes set aside, which must not count."""
    return dict(zip(CLASS_NAMES, counts, strict=True)) | {"set aside": aside}


def withheld_of(place: int) -> str:
    """Return why the formula of a sample is withheld: that of every third one is."""
    return "3 images could not be read" if place % 3 == 2 else ""


def python_formulas(counts: list[int], *, withheld: str) -> list[str | None]:
    """Return the formula of the counts (None if all are 0) and that of a complete cell."""
    formula = draft_formula(counts, withheld=withheld)
    return [draft_iscn(counts) if any(counts) else None, formula]
