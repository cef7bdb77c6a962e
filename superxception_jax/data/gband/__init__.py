"""G-banded karyograms: 294 cells of 185 patients; loaded from the user's own copy."""
