"""Weights of Keras networks, read without Keras and converted."""
