"""Optimisers, state, pure steps, compilation, checkpoints and the loop."""
