"""Chromosomes that stand alone in the metaphase pictures of Tseng et al. 2023."""
