from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from superxception_jax.data.crop import BACKGROUNDS
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.runs import karyotype_program
from tests.karyotyping.read_cells import cell
from tests.paths import REPOSITORY

HEAVY = ("numpy", "scipy", "jax", "matplotlib", "ml_collections", "tqdm")
# What the console command does, and then which libraries it has loaded.
CODE = f"""
import atexit, sys
from superxception_jax.runs.karyotype_program import run
atexit.register(lambda: print("loaded", [name for name in {HEAVY} if name in sys.modules]))
run()
"""


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_shows_the_program_and_its_flags_without_loading_anything():
    done = run("--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Karyotype whole cells")
    for name in ("images", "workdir", "out", "background", "turned_share", "prior"):
        assert f"--{name}: " in done.stdout
    assert "--[no]straightened: " in done.stdout
    assert "--compilation_cache: " in done.stdout
    assert "loaded []" in done.stdout
    program = subprocess.run(
        [sys.executable, REPOSITORY / "launch" / "karyotype.py", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert program.stdout + "loaded []\n" == done.stdout


def test_mistakes_in_flags_are_one_sentence():
    done = run("--imagse=x")
    assert done.returncode == 2
    assert done.stderr.startswith("error: Unknown command line flag 'imagse'. Did you mean: images")
    assert "loaded []" in done.stdout
    done = run("--background=grey")
    assert done.returncode == 2
    assert "should be one of <auto|dark|light>" in done.stderr


def test_backgrounds_are_those_of_the_crops():
    parser = karyotype_program.flags.FLAGS["background"].parser
    assert isinstance(parser, karyotype_program.flags.EnumParser)
    assert tuple(parser.enum_values) == BACKGROUNDS


@pytest.mark.parametrize(
    ("karyotype", "expected"),
    [
        (cell("46,XX", cell="a"), "a: 46 chromosomes, draft 46,XX, 0 to review"),
        (
            Karyotype(
                cell="b",
                chromosomes=cell("46,XX").chromosomes[:1],
                iscn="",
                margin=1.0,
                flags=("x", "y"),
                unread=(("z.png", "the file is empty"),),
            ),
            "b: 1 chromosome, no ISCN formula, 2 to review\n"
            "  could not be read: z.png: the file is empty",
        ),
    ],
)
def test_what_is_printed_for_a_cell(karyotype, expected):
    chromosomes = tuple(dataclasses.replace(one, flags=()) for one in karyotype.chromosomes)
    karyotype = dataclasses.replace(karyotype, chromosomes=chromosomes)
    assert karyotype_program._summary(karyotype) == expected
