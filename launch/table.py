r"""Train and test networks, one after the other or several at once, and make a table of them.

    python launch/table.py --name=smoke --configs=configs/xception.py:smoke
    python launch/table.py --name=my_table --seeds=0,1,2 --pairs=super_xception:xception \
        --configs=configs/xception.py:bioimage,configs/super_xception.py:bioimage

    python launch/table.py --name=my_size --vary=split.training_share=0.25,0.5,1 \
        --configs=configs/stripnet.py:bioimage

    python launch/table.py --name=my_paper --minutes_per_run=60 \
        --configs=configs/deep_cnn.py:paper,configs/xception.py:paper
    python launch/table.py --name=folds --folds=0,1,2,3,4 --at_once=2 \
        --configs=configs/stripnet.py:bioimage

The table, results/<name>/README.md, is written after each run. Ctrl-C and SIGTERM stop after the
current step and save everything; the same command resumes. A call with other configs or seeds adds
their runs to the table.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from superxception_jax.system import check_training_platform

check_training_platform()

from absl import flags

from superxception_jax.commands import run_command
from superxception_jax.runs import process_flags

NAME = flags.DEFINE_string("name", "table", "Name of the table; it is written to results/<name>.")
CONFIGS = flags.DEFINE_list(
    "configs", [], "Config files and presets, one per row: configs/xception.py:bioimage,…"
)
SEEDS = flags.DEFINE_list("seeds", ["0"], "Random seeds of the runs.")
FOLDS = flags.DEFINE_list(
    "folds", ["0"], "Folds to test; more than one with the splits `cells` and `cases` only."
)
PAIRS = flags.DEFINE_list(
    "pairs", [], "Pairs of rows to compare image by image: super_xception:xception,…"
)
OVERRIDES = flags.DEFINE_string(
    "overrides",
    "",
    "Fields of all configs, separated by `;`: training.epochs=10;model.input_px=71",
)
VARY = flags.DEFINE_string(
    "vary",
    "",
    "Field and its values: split.training_share=0.5,1 makes a row <row>@<value> for each value, "
    "and a curve.",
)
MINUTES = flags.DEFINE_float(
    "minutes_per_run",
    0.0,
    "Minutes after which a run is stopped, saved, and the next one starts; the same command "
    "resumes it. 0: every run to its end.",
    lower_bound=0.0,
)
AT_ONCE = flags.DEFINE_integer(
    "at_once",
    1,
    "Number of runs at the same time, on CPUs, whose cores they share evenly: faster for small "
    "networks, which hardly use a second core.",
    lower_bound=1,
)
RUNS = flags.DEFINE_string("runs", "", "Folder of the runs; empty for runs/<name>.")
RESULTS = flags.DEFINE_string("results", "results", "Folder of the tables.")


def main() -> None:
    """Make the table that the flags describe."""
    # Imported after the flags are parsed, so that `--help` and mistakes in the flags are
    # answered at once.
    from rich.console import Console

    from superxception_jax.tables.display import watch
    from superxception_jax.tables.request import TableRequest, plan_table
    from superxception_jax.tables.runner import make_table

    command = shlex.join(["python", *sys.argv])
    process_flags.check_single_process()
    passed_on = [flags.FLAGS[name] for name in ("compilation_cache", "process_count")]
    request = TableRequest(
        name=NAME.value,
        configs=CONFIGS.value,
        seeds=SEEDS.value,
        folds=FOLDS.value,
        pairs=PAIRS.value,
        overrides=OVERRIDES.value,
        vary=VARY.value,
        runs=RUNS.value,
        results=RESULTS.value,
        program=Path(__file__).resolve().with_name("main.py"),
        arguments=[f"--{one.name}={one.value}" for one in passed_on if one.present],
    )
    plan = plan_table(request, command=command)
    # FORCE_COLOR would make a file or a pipe a terminal.
    console = Console(force_terminal=None if sys.stdout.isatty() else False)
    with watch(console) as show:
        outcome = make_table(plan, show=show, limit_s=60 * MINUTES.value, at_once=AT_ONCE.value)
    for path in outcome.files:
        print(path)
    problems = outcome.describe_problems(command)
    if problems:
        print(problems, file=sys.stderr)
    if outcome.exit_status:
        sys.exit(outcome.exit_status)


if __name__ == "__main__":
    run_command(main, shared=[process_flags])
