"""Whole cells: exact assignment, draft ISCN, karyogram and report."""

from superxception_jax.karyotyping.cell import CellReader, karyotype_cell
from superxception_jax.karyotyping.karyotype import Karyotype, ReadChromosome

__all__ = ["CellReader", "Karyotype", "ReadChromosome", "karyotype_cell"]
