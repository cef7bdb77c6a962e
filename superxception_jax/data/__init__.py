"""Data sets: preparation, normalisation, splits and batches; numpy only, never jax."""
