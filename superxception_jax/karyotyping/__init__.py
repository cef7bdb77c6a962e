"""Whole cells: exact assignment, draft ISCN, karyogram and report."""

from superxception_jax.karyotyping.cell import Classifier, karyotype_cell
from superxception_jax.karyotyping.karyotype import ClassifiedChromosome, Karyotype

__all__ = ["ClassifiedChromosome", "Classifier", "Karyotype", "karyotype_cell"]
