"""A run from data to report, as `launch/main.py` and `launch/evaluate.py` start it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from superxception_jax.commands import Interrupted
from superxception_jax.data.source import Chromosomes
from superxception_jax.data.splits import PARTS, Split
from superxception_jax.files import check_writable, write_json, write_text
from superxception_jax.runs.equal_setups import check_equal_setups
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.finished import has_ended
from superxception_jax.runs.lock import locked_run
from superxception_jax.runs.provenance import Provenance, TrainingRecord, describe_provenance
from superxception_jax.runs.pseudo_labels import keep_pseudo_labels
from superxception_jax.runs.pseudo_labels_file import describe_left_out, load_pseudo_labels
from superxception_jax.runs.results import RESULTS_FILE
from superxception_jax.runs.setup import Setup, describe, load_best, parameter_table, set_up
from superxception_jax.runs.split.kept_split import describe_missing_split, keep_split
from superxception_jax.runs.split.lineage import check_unseen
from superxception_jax.runs.split.split_data import draw_split
from superxception_jax.runs.split.split_file import check_images, describe_images, load_split
from superxception_jax.runs.start_record import check_start, find_start, keep_start
from superxception_jax.runs.testing.report import RunHistory, share_predictions, write_report
from superxception_jax.runs.train import train_network
from superxception_jax.runs.workdir import (
    ENVIRONMENT_FILE,
    claimed_workdir,
    command_again,
    has_checkpoint,
    holds_run,
    keep_places,
    load_training_record,
)
from superxception_jax.training.checkpoint import BEST, LATEST
from superxception_jax.training.checkpoint_sharing import AnyCheckpoints, open_checkpoints
from superxception_jax.training.hosts.processes import advise, is_first, process_count, tell
from superxception_jax.training.progress import Progress


def train_and_test(
    experiment: Experiment,
    workdir: Path,
    *,
    overrides: Mapping[str, Any],
    use_stored_split: bool = False,
    profile: bool = False,
) -> list[Path]:
    """Train an experiment, or resume its training, and test its best checkpoint.

    The first start stores the split by name and a hash of every image; a resumption keeps that
    split and refuses images that have changed since, see `split_file.check_images`.

    Args:
        experiment: Checked experiment.
        workdir: Run folder; made if absent, resumed if it holds the same config.
        overrides: Config fields given on the command line, stored with the run.
        use_stored_split: Whether a resumption leaves out what was added to the data set.
        profile: Whether some steps are traced.

    Returns:
        The files of the report.

    Raises:
        ValueError: `workdir` holds something else, another process works on it, or its images
            have changed.
        Interrupted: The run was asked to stop; the same call resumes it.
        NonFiniteLossError: The loss became infinite or not a number.
    """
    advise(_resumption(workdir, use_stored_split))
    with _claimed(workdir, experiment):
        start = keep_start(experiment.init_from, workdir, is_new=not has_checkpoint(workdir))
        if experiment.start_counts:
            check_start(experiment.init_from, start)  # which the report reads after the training
        choose = split_choice(experiment, workdir, needed=PARTS, use_stored_split=use_stored_split)
        pseudo_labelled = keep_pseudo_labels(experiment, workdir)
        setup = set_up(
            experiment, choose_split=choose, pseudo_labelled=pseudo_labelled, start=start
        )
        check_equal_setups(setup, workdir)
        provenance = describe_provenance(list(setup.mesh.devices.flat))
        if pseudo_labelled and (
            left_out := describe_left_out(pseudo_labelled, setup.split, experiment)
        ):
            print(left_out, flush=True)
        print(describe(setup, workdir), flush=True)
        try:
            with open_checkpoints(workdir / "checkpoints") as checkpoints:
                if mended := checkpoints.mend(setup.abstract_state, kept=experiment.kept):
                    print(mended, flush=True)
                step, finished = checkpoints.step(LATEST), _is_finished(setup, checkpoints)
                if is_first():
                    write_text(workdir / "parameters.txt", parameter_table(setup))
                    if not finished:
                        # Those of an earlier training would vouch for this one.
                        (workdir / RESULTS_FILE).unlink(missing_ok=True)
                    keep_split(setup, workdir, has_begun=step is not None, finished=finished)
                    keep_places(workdir, experiment)
                    record = _record_training(
                        workdir, provenance, overrides=overrides, finished=finished
                    )
                if finished:
                    progress = _ended_training(workdir, checkpoints)
                else:
                    progress = train_network(setup, workdir, checkpoints, profile=profile)
                variables = load_best(setup, checkpoints)
        except Interrupted as stop:
            stop.add_note(_resumption(workdir, use_stored_split))
            raise
        if not is_first():
            share_predictions(setup, variables=variables, split="test")
            return []
        history = RunHistory(progress, record.trainings, provenance, finished=True)
        return write_report(
            setup,
            workdir,
            variables=variables,
            split="test",
            history=history,
            use_stored_split=use_stored_split,
        )


def evaluate_run(
    experiment: Experiment, workdir: Path, *, split: str, use_stored_split: bool = False
) -> list[Path]:
    """Evaluate the best checkpoint of a run again, finished or not, as the results say.

    Args:
        experiment: Experiment of the run's own config.
        workdir: Run folder.
        split: Split to evaluate: train, validation or test.
        use_stored_split: Whether a data set that has changed is accepted where the evaluated, the
            training and the validation images are as they were: the training images give the
            class shares, the validation images the temperature.

    Returns:
        The files of the report.

    Raises:
        FileNotFoundError: The run has no checkpoint yet.
        ValueError: Another process works on the run, as one that trains it, or its images have
            changed.
    """
    with locked_run(workdir) if is_first() else contextlib.nullcontext():
        needed = tuple(dict.fromkeys(("train", "validation", split)))
        choose = split_choice(experiment, workdir, needed=needed, use_stored_split=use_stored_split)
        setup = set_up(
            experiment,
            trains=False,
            tested=split,
            choose_split=choose,
            pseudo_labelled=load_pseudo_labels(workdir),
            start=keep_start(experiment.init_from, workdir, is_new=False),
        )
        if load_split(workdir) is None:
            print(describe_missing_split(workdir, kept=False), flush=True)
        check_equal_setups(setup, workdir)
        with open_checkpoints(workdir / "checkpoints") as checkpoints:
            variables = load_best(setup, checkpoints)
            # That of the whole training, not of the time up to the best checkpoint.
            progress, step = checkpoints.progress(LATEST), checkpoints.step(LATEST)
            best, finished = checkpoints.step(BEST), _is_finished(setup, checkpoints)
        if not finished:
            print(
                f"this training has not ended: step {step:,} of {_total_steps(setup):,}; step "
                f"{best:,} was tested. {_resumption(workdir, use_stored_split)}",
                flush=True,
            )
        if not is_first():
            share_predictions(setup, variables=variables, split=split)
            return []
        record = load_training_record(workdir)
        provenance = describe_provenance(list(setup.mesh.devices.flat))
        history = RunHistory(progress, record.trainings, provenance, finished=finished)
        return write_report(
            setup,
            workdir,
            variables=variables,
            split=split,
            history=history,
            use_stored_split=use_stored_split,
        )


@contextlib.contextmanager
def _claimed(workdir: Path, experiment: Experiment) -> Iterator[None]:
    """Hold a run folder for this process; of several, the first holds it for all."""
    if not is_first():
        tell(lambda: None)
        yield
        return
    check_writable(workdir, name="--workdir")
    if experiment.init_from and not holds_run(workdir):
        find_start(experiment.init_from)  # before the folder belongs to a config that can't run
    with claimed_workdir(workdir, experiment):
        tell(lambda: None)
        yield


def _resumption(workdir: Path, use_stored_split: bool) -> str:
    command = command_again("main.py", workdir, use_stored_split=use_stored_split)
    every = f" in each of the {process_count()} processes" if process_count() > 1 else ""
    return f"Resume with: {command}{every}"


def split_choice(
    experiment: Experiment, workdir: Path, *, needed: Sequence[str], use_stored_split: bool
) -> Callable[[Chromosomes], Split]:
    """Return the function that chooses the split of all images: the run's own, if it has one.

    It raises ValueError for images that have changed, and for test images that a network was
    trained on that the run builds on.

    Args:
        experiment: Experiment of the run's own config.
        workdir: Run folder.
        needed: Parts that must be as they were, see `split_file.check_images`.
        use_stored_split: Whether what was added to the data set is left out.
    """
    stored = load_split(workdir)

    def choose(everything: Chromosomes) -> Split:
        if stored is None:
            split = draw_split(experiment)(everything)
        else:
            check_images(
                describe_images(everything),
                stored,
                workdir=workdir,
                needed=needed,
                use_stored_split=use_stored_split,
            )
            split = stored.find(everything.names)
        # A run without a checkpoint starts from the weights of now, whatever they were before. Of
        # images that were added since, the split of an earlier network is not known.
        if stored is None or not has_checkpoint(workdir):
            check_unseen(experiment, everything, split)
        return split

    return choose


def _ended_training(workdir: Path, checkpoints: AnyCheckpoints) -> Progress:
    """Return the progress of a finished run, of which nothing to train with is loaded."""
    step = checkpoints.step(LATEST)
    print(f"resuming from step {step} of {workdir}, its last one", flush=True)
    return checkpoints.progress(LATEST)


def _is_finished(setup: Setup, checkpoints: AnyCheckpoints) -> bool:
    step = checkpoints.step(LATEST)
    if step is None:
        return False
    progress = checkpoints.progress(LATEST)
    return has_ended(progress, step=step, total_steps=_total_steps(setup))


def _total_steps(setup: Setup) -> int:
    return setup.experiment.epochs * setup.steps_per_epoch


def _record_training(
    workdir: Path, provenance: Provenance, *, overrides: Mapping[str, Any], finished: bool
) -> TrainingRecord:
    """Add this process to the provenance of a run that still trains; return all of it.

    The overrides stay those that the run was started with, as resuming needs none.
    """
    if not (workdir / ENVIRONMENT_FILE).is_file():
        record = TrainingRecord((provenance,), overrides)
    else:
        record = load_training_record(workdir)
        if not finished:
            record = TrainingRecord((*record.trainings, provenance), record.overrides)
    write_json(workdir / ENVIRONMENT_FILE, record.to_json())
    return record
