"""Data: builders, preparation, splits and batches; numpy only, never jax."""
