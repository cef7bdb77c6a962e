from __future__ import annotations

import json

import pytest
from PIL import Image

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from tests.launch.programs import REPOSITORY, run

CONFIG = f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:own"
SMALL = (
    "--config.model.width_multiplier=0.125",
    "--config.model.middle_modules=1",
    "--config.model.input_px=50",
    "--config.training.epochs=1",
    "--config.evaluation.bootstrap_resamples=50",
)


@pytest.fixture(scope="module")
def laboratory(folder):
    """Write five drawn cells as a laboratory would hand them over."""
    for number in range(5):
        cell = folder / "laboratory" / f"patient {number}"
        cell.mkdir(parents=True)
        drawn = draw_numbered_cell(number, seed=0, style="g", aneuploid_share=0.0)
        for index, chromosome in enumerate(drawn.chromosomes):
            name = f"scan{index} {CLASS_NAMES[chromosome.label]}.png"
            Image.fromarray(chromosome.image).save(cell / name)
    return folder / "laboratory"


def test_a_laboratory_trains_and_tests_on_its_own_folder(laboratory, folder, flags):
    own = f"--config.data.own_folder={laboratory}"
    workdir = folder / "run"
    done = run("main.py", CONFIG, own, *SMALL, *flags, f"--workdir={workdir}", folder=folder)
    assert done.returncode == 0, done.stderr
    results = json.loads((workdir / "results.json").read_text())
    assert (results["dataset"], results["protocol"], results["images"]) == ("own", "cells", 46)
    # StripNet has no super-resolution layers to show.
    assert not (workdir / "super_resolution.png").exists()
    assert (workdir / "cell.png").exists()


def test_an_unreadable_image_is_named_and_nothing_is_left(laboratory, folder, flags):
    broken = laboratory / "patient 0" / "scan99 7.png"
    broken.write_bytes(b"no picture")
    own = f"--config.data.own_folder={laboratory}"
    workdir = folder / "broken"
    done = run("main.py", CONFIG, own, *SMALL, *flags, f"--workdir={workdir}", folder=folder)
    broken.unlink()
    assert done.returncode == 2
    assert "scan99 7.png" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (workdir / "checkpoints").exists()
