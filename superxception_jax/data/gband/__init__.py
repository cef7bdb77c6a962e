"""G-banded karyograms: 294 cells of 185 patients; read from the user's own copy."""
