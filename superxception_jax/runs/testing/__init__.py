"""The test of a trained network: predictions, calibration, and the report of a run."""
