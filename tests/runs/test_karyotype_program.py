from __future__ import annotations

import dataclasses
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from absl.testing import flagsaver

from superxception_jax.commands import RESUMES
from superxception_jax.data.normalization.background import CellBackground
from superxception_jax.data.options import BACKGROUNDS
from superxception_jax.karyotyping.case.conclude import conclude_case
from superxception_jax.karyotyping.stain import StainVerdict
from superxception_jax.runs import karyotype_program, reader
from superxception_jax.system import Stopped
from tests.karyotyping.case.case_cells import karyotype_of
from tests.karyotyping.known_cell import NORMALIZATION
from tests.karyotyping.read_cells import cell
from tests.karyotyping.small_batch import write_images
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
    done = run("--images=/data/my", "lab")
    assert done.returncode == 2
    assert done.stderr == (
        "error: `lab` must be a flag such as `--images=…`, got a word alone; a value with spaces "
        'needs quotes (`--images="… …"`); see `--help`.\n'
    )
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
        (
            cell("46,XX", cell="a"),
            "a: 46 chromosomes, draft 46,XX, 0 points to review\n"
            "  dark background (level 0.00, 8 bits), stain not checked (too few)",
        ),
        (
            cell(
                "46,XX",
                cell="b",
                chromosomes=cell("46,XX").chromosomes[:1],
                flags=("x", "y"),
                unread=(("z.png", "the file is empty"),),
                set_aside=(("bar.png", "a scale bar"),),
                background=CellBackground("light", 0.8, 12),
                stain=StainVerdict("foreign", 0.25),
                withheld="foreign stain, 1 image could not be read, 1 image set aside",
            ),
            "b: 1 chromosome, no ISCN formula (foreign stain, 1 image could not be read, 1 image "
            "set aside), 2 points to review\n"
            "  light background (level 0.80, 12 bits), stain foreign (score 0.25)\n"
            "  set aside: bar.png: a scale bar\n"
            "  could not be read: z.png: the file is empty",
        ),
    ],
)
def test_what_is_printed_for_a_cell(karyotype, expected):
    chromosomes = tuple(dataclasses.replace(one, flags=()) for one in karyotype.chromosomes)
    karyotype = dataclasses.replace(karyotype, chromosomes=chromosomes)
    assert karyotype_program._summary(karyotype) == expected


def test_what_is_printed_for_a_case():
    cells = [karyotype_of(name, "46,XY") for name in ("7/1", "7/1 copy", "7/2")]
    copies = {"7/1": {"7/1 copy": 45}, "7/1 copy": {"7/1": 45}}
    case = conclude_case("7", cells, {"7/3": "damaged"}, copies=copies)
    lines = karyotype_program._case_summary(case).splitlines()
    assert lines[0].startswith("case 7: draft 46,XY[2], probability ")
    assert lines[0].endswith(", 2 of 4 cells analysed")
    for posterior, text in ((1.0, "> 99.9 %"), (0.9874, "98.7 %"), (0.0001, "< 0.1 %")):
        shown = karyotype_program._case_summary(dataclasses.replace(case, posterior=posterior))
        assert f"probability {text}, " in shown
    assert lines[1] == "  not counted: 7/1 copy: the same images as `7/1` (45 of them)"
    assert lines[2] == f"  {case.more_text}"
    named = karyotype_program._case_summary(dataclasses.replace(case, name="case 7"))
    assert named.splitlines()[0] == lines[0]


def test_paths_of_results_forge_no_line(tmp_path, capsys):
    out = tmp_path / "a\x1b[2J\nb"
    found: Any = SimpleNamespace(
        **dict.fromkeys(("kept", "karyotypes", "cases", "twins"), ()),
        failed={},
        others=["c\x9b2J"],
        report=out / "report.html",
    )
    karyotype_program._print_outcome(found, out)
    others, report = capsys.readouterr().out.splitlines()
    assert report == rf"{tmp_path}/a\x1b[2J\nb/report.html"
    assert rf"folder of `{tmp_path}/a\x1b[2J\nb`: `c\x9b2J`; delete" in others


def test_results_of_further_cells_are_said_in_one_line(tmp_path):
    text = karyotype_program._others_text(["a"], tmp_path)
    assert text.startswith("results of cells or cases that are not in `--images` (any more) are in")
    assert f" 1 folder of `{tmp_path}`: `a`; delete" in text
    text = karyotype_program._others_text([str(number) for number in range(12)], tmp_path)
    assert f" 12 folders of `{tmp_path}`: `0`, `1`, " in text
    assert ", `9` and 2 more; delete" in text


@pytest.fixture
def given_network(monkeypatch):
    """A run whose network assumes the p arm up."""
    classifier = SimpleNamespace(polarity="given", normalization=NORMALIZATION)
    monkeypatch.setattr(reader, "load_classifier", lambda workdir: classifier)
    return classifier


def test_a_share_that_the_network_would_ignore_is_refused(given_network):
    with (
        flagsaver.as_parsed(workdir="runs/paper", turned_share="0.5", background="auto"),
        pytest.raises(ValueError, match=r"`--turned_share` must not be given with a network that"),
    ):
        karyotype_program._load_networks()
    with flagsaver.as_parsed(workdir="runs/paper", background="auto"):
        networks = karyotype_program._load_networks()
    assert networks.load("light") is given_network


def test_a_network_that_reads_orientation_takes_the_share(given_network):
    given_network.polarity = "read"
    with flagsaver.as_parsed(workdir="runs/own", turned_share="0.01", background="auto"):
        assert karyotype_program._load_networks().load("dark") is given_network


def test_the_background_of_a_run_is_that_of_its_settings_unless_one_is_given(given_network):
    given_network.normalization = dataclasses.replace(NORMALIZATION, background="light")
    with flagsaver.as_parsed(workdir="runs/own", background="auto"):
        assert karyotype_program._load_networks().background == "light"
    with flagsaver.as_parsed(workdir="runs/own", background="dark"):
        assert karyotype_program._load_networks().background == "dark"


def test_the_results_have_the_name_of_the_folder_of_the_images(tmp_path, monkeypatch):
    write_images(tmp_path / "cell 1" / "raw")
    outs = []

    def karyotype(layout, out, **_):
        outs.append(out)
        return SimpleNamespace(failed={})

    monkeypatch.setattr(karyotype_program, "_load_networks", lambda: None)
    monkeypatch.setattr(karyotype_program, "_karyotype", karyotype)
    monkeypatch.setattr(karyotype_program, "_print_outcome", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    for path in ("cell 1/raw/..", "cell 1/.", "cell 1"):
        with flagsaver.as_parsed(images=path, out="", prior="", processes="1", again="false"):
            karyotype_program.main()
    assert outs == [tmp_path / "karyotypes" / "cell 1"] * 3


@pytest.mark.parametrize("again", ["true", "false"])
def test_a_stop_promises_to_resume_only_what_is_not_repeated(tmp_path, monkeypatch, again):
    write_images(tmp_path / "cell 1")
    stop = Stopped("SIGINT")

    def karyotype(*_, **__):
        raise stop

    monkeypatch.setattr(karyotype_program, "_load_networks", lambda: None)
    monkeypatch.setattr(karyotype_program, "_karyotype", karyotype)
    asked = {"images": str(tmp_path / "cell 1"), "out": str(tmp_path / "out"), "prior": ""}
    with flagsaver.as_parsed(**asked, processes="1", again=again), pytest.raises(Stopped):
        karyotype_program.main()
    assert getattr(stop, "__notes__", []) == ([] if again == "true" else [RESUMES])
