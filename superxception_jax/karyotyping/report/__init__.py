"""The report of a batch of cells: one HTML page for review and manual correction."""
