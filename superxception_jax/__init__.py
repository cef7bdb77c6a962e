"""Super-Xception: classification of low-resolution chromosome images in JAX and Flax."""

__version__ = "0.2.0"
