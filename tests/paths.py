"""Folders that several tests need."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
# The real sets are optional: tests that need one skip where its archive is absent.
REAL_DATA = Path(os.environ.get("SUPERXCEPTION_DATA", REPOSITORY.parent / "shared" / "data"))
