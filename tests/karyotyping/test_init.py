from __future__ import annotations

import subprocess
import sys

from tests.paths import REPOSITORY

HEAVY = (
    *("jax", "flax", "orbax", "optax", "tensorboardX", "tensorflow_datasets", "matplotlib"),
    *("grain", "array_record"),
)


def test_the_room_imports_neither_jax_nor_plots():
    code = (
        "import sys; from superxception_jax.karyotyping import karyotype_cell;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
