"""Synthetic cells: whole karyotypes drawn from the human ideogram, with known classes."""
