"""Exact predictions, metrics, statistics, pictures and reports."""
