"""Scaling over many chips: compiled ahead of time, bounded by published peaks, or measured."""
