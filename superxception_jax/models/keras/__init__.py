"""Weights of Keras networks: read from files without Keras, and converted."""
