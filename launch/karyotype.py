"""Karyotype whole cells; the same as the console command `karyotype`.

    python launch/karyotype.py --images=my_lab/cell1

`--help` describes the flags and the files that are written.
"""

from __future__ import annotations

import sys
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from superxception_jax.commands import run_command
from superxception_jax.runs.karyotype_program import main

if __name__ == "__main__":
    run_command(main)
