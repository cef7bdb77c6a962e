"""The report of a batch of cells: one HTML page to review and correct by hand."""
