"""Karyograms: the chromosomes of a cell, paired, grouped and drawn on one page."""
