"""Chromosomes cut out, measured and drawn on canvases of one size, bright on black."""
