"""Every command of the documentation is executed, or read and planned, as it is written."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys

import pytest
from PIL import Image

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from tests.docs.command_lists import EXECUTED, ONE_RUN, OTHERS, PLANNED, SIZES, STOPS
from tests.docs.pages import DOCS, PAGES, all_commands, code_blocks, commands
from tests.docs.run_calls import PLANNED as MARK
from tests.launch.programs import environment
from tests.paths import REPOSITORY

# A whole cell is karyotyped elsewhere; the time grows with the number of chromosomes.
FEW = 6
# Commands with a mistake, which must be noticed.
WRONG = (
    "python launch/main.py --config=configs/super_xception.py --config.training.epoch=3",
    "python launch/table.py --configs=configs/xception.py:bioimage --vary=split.fold",
    "python benchmarks/speed.py --sides theirs",
)
# Four of the first five cells have a Y, so that any three of them hold all classes.
SEED, CELLS = 0, 5


def write_cell(folder, number, *, name, count=None):
    folder.mkdir(parents=True)
    drawn = draw_numbered_cell(number, seed=SEED, style="q", aneuploid_share=0.0)
    for one in drawn.chromosomes[:count]:
        Image.fromarray(one.image).save(folder / name.format(one.name))


def prepare_folder(folder):
    """Write what the commands of the documentation take as given."""
    write_cell(folder / "my_lab" / "cell1", 0, name="{}.png", count=FEW)
    for number in range(CELLS):
        cell = folder / "my_labelled_cells" / f"cell{number + 1}"
        write_cell(cell, number, name="scan {}.png")
    (prior,) = code_blocks(DOCS / "karyotype.md", "json")
    (folder / "prior.json").write_text(prior, encoding="utf-8")
    (folder / "docs" / "pictures").mkdir(parents=True)
    # Paths of configs in commands are relative to the checkout.
    (folder / "configs").symlink_to(REPOSITORY / "configs")


def adapted(command, *, compiled):
    """Return a command with its replacements and, for a training, its sizes."""
    for before, after in {**ONE_RUN, **EXECUTED[command]}.items():
        command = command.replace(before, after)
    words = shlex.split(command)
    if "launch/main.py" in words and any(word.startswith("--config=") for word in words):
        words += SIZES
    if words[0] in ("python", "karyotype") and "launch/prepare_data.py" not in words:
        words.append(f"--compilation_cache={compiled}")
    return shlex.join(words)


def programs_stop(command):
    script = shlex.split(command)[1]
    return STOPS.get(script.removeprefix("launch/").removesuffix(".py"), "")


def python_calls():
    """Return one call for the Python blocks of each page, except those that make a new model."""
    given = "import numpy as np\nfirst = second = np.eye(30, dtype=np.uint8)\n"
    blocks = {path.name: code_blocks(path, "python") for path in PAGES}
    del blocks["own_model.md"]
    return {
        name: {"how": "python", "page": name, "code": given + "\n".join(found)}
        for name, found in blocks.items()
        if found
    }


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory, compiled):
    """Run all calls once, one after the other, in one folder."""
    folder = tmp_path_factory.mktemp("docs")
    prepare_folder(folder)
    calls = {
        command: {"how": "execute", "command": adapted(command, compiled=compiled)}
        for command in EXECUTED
    }
    calls |= python_calls()
    calls |= {
        command: {"how": "plan", "command": command, "stop": programs_stop(command)}
        for command in (*PLANNED, *WRONG)
    }
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "tests" / "docs" / "run_calls.py"), str(REPOSITORY)],
        input=json.dumps(list(calls.values())),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(calls, json.loads(done.stdout), strict=True)), folder


def test_every_command_is_in_one_list_and_every_list_is_up_to_date():
    lists = [set(EXECUTED), set(PLANNED), set(OTHERS)]
    assert sum(map(len, lists)) == len(set.union(*lists))
    assert set(all_commands()) == set.union(*lists)


@pytest.mark.parametrize("command", EXECUTED)
def test_the_command_works(outcomes, command):
    code, _, errors = outcomes[0][command]
    assert code == 0, errors


@pytest.mark.parametrize("command", PLANNED)
def test_the_command_is_read_and_planned(outcomes, command):
    code, said, errors = outcomes[0][command]
    assert code == 0, errors
    assert said.splitlines()[-1] == MARK


@pytest.mark.parametrize("command", WRONG)
def test_a_mistake_is_noticed(outcomes, command):
    code, said, errors = outcomes[0][command]
    assert (code, said) == (2, ""), errors


def test_commands_are_found_without_comments_and_one_by_one(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\na b  # why\n# only a comment\nc 'd e' \\\n    f && g\n```\n```\nh\n```\n"
    )
    assert commands(page) == ["a b", "c 'd e' f", "g"]


@pytest.mark.parametrize("page", python_calls())
def test_the_python_code_works(outcomes, page):
    code, _, errors = outcomes[0][page]
    assert code == 0, errors


def test_the_commands_write_what_the_pages_say(outcomes):
    results, folder = outcomes
    page = (DOCS / "train_and_compare.md").read_text(encoding="utf-8")
    for name in re.findall(r"`([\w.]+\.(?:json|jsonl|npz|csv|txt))`", page.split("**Stop")[0]):
        assert (folder / "runs" / "own" / name).is_file(), name
    for name in ("report.html", "cell1/karyogram.png", "cell1/karyotype.json"):
        assert (folder / "karyotypes" / "my_lab" / name).is_file(), name
    assert (folder / "my_network" / "MODEL_CARD.md").is_file()
    assert "no formula" in results["karyotype --images=my_lab"][1].replace("ISCN ", "")
    assert results["karyotype.md"][1].count("cell1") == 2


def test_files_of_the_other_commands_exist():
    for command in OTHERS:
        words = shlex.split(command)
        if "-r" in words:
            assert (REPOSITORY / words[words.index("-r") + 1]).is_file(), command
        if words[1:2] and words[1].startswith("docs/"):
            assert (REPOSITORY / words[1]).is_file(), command


def test_the_five_cells_hold_all_classes():
    cells = [
        draw_numbered_cell(number, seed=SEED, style="q", aneuploid_share=0.0)
        for number in range(CELLS)
    ]
    assert sum(any(one.label == 23 for one in cell.chromosomes) for cell in cells) >= 3
