"""Runs: an experiment is set up, trained, tested, reported, exported and loaded again."""
