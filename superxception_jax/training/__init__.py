"""Optimisers, state, pure steps, compilation, checkpoints and the training loop."""
