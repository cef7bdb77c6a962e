"""Whole cells: exact assignment, draft ISCN, karyogram and report."""

from superxception_jax.karyotyping.cell import CellImages, Classifier, NamedImage, karyotype_cell
from superxception_jax.karyotyping.karyotype import ClassifiedChromosome, Karyotype

__all__ = [
    "CellImages",
    "ClassifiedChromosome",
    "Classifier",
    "Karyotype",
    "NamedImage",
    "karyotype_cell",
]
