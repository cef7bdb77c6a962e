"""Karyotype a batch of cells: results, report and conclusions on disk."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path

from superxception_jax.files import readable_name
from superxception_jax.karyotyping.batch_tasks import Failure, Task, take_up, write_results
from superxception_jax.karyotyping.case.case_files import conclude_cases, write_cases
from superxception_jax.karyotyping.case.case_json import case_json
from superxception_jax.karyotyping.case.case_record import Case, CaseSettings
from superxception_jax.karyotyping.cell import karyotype_prepared
from superxception_jax.karyotyping.folders import CellFolder
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.karyotyping.networks import Networks
from superxception_jax.karyotyping.prior import CountPrior
from superxception_jax.karyotyping.report.page import write_report_of_parts
from superxception_jax.karyotyping.result_files import (
    PART_FILE,
    REPORT_FILE,
    folder_names,
    has_results,
    other_results,
    remove_report,
    remove_results,
)
from superxception_jax.karyotyping.shared_images import find_shared_images
from superxception_jax.karyotyping.stored_cell import StoredCell
from superxception_jax.workers import Workers, result_of

TWINS = "images that are in several cells"
FAILED = "cells that could not be karyotyped"
# Results that are written while further cells are read, per process.
_WRITING = 2


@dataclass(frozen=True)
class BatchSettings:
    """How the cells of a batch are karyotyped and what is drawn.

    Attributes:
        turned_share: Share of the images that may be upside down, in (0, 1); None: the images of
            each cell tell.
        prior: Prior of the chromosome counts; None for cells of unknown origin.
        any_stain: Whether a formula is drafted for a foreign stain, too.
        pictures: Karyograms to draw: "png", "svg" (both) or "none".
        straightened: Whether they show straightened chromosomes.
        again: Whether cells are karyotyped again whose results are there and up to date.
        program: Digest of the program, see `runs.provenance.digest_program`.
    """

    turned_share: float | None
    prior: CountPrior | None
    any_stain: bool
    pictures: str
    straightened: bool
    again: bool
    program: str

    def digest(self, networks: Networks) -> str:
        """Return a digest of what the results of every cell depend on."""
        values = asdict(self) | {
            "again": None,
            "prior": self.prior and [self.prior.autosomes.tolist(), dict(self.prior.sexes)],
            "background": networks.background,
            "networks": networks.identity,
        }
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class KaryotypedFolder:
    """The outcome of a folder of cells.

    Attributes:
        karyotypes: The karyotyped cells, in the order of the folders, without pictures.
        failed: Reason by name of each cell that could not be karyotyped.
        report: The report; None where no cell could be karyotyped.
        cases: The conclusions about each case, of cells whose case is known.
        twins: What to say of images that are in several cells, a line for each set of cells.
        kept: Number of cells whose results were there and up to date.
        others: Names of the folders there that hold results of further cells and cases.
    """

    karyotypes: tuple[Karyotype, ...]
    failed: Mapping[str, str]
    report: Path | None
    cases: tuple[Case, ...]
    twins: tuple[str, ...]
    kept: int
    others: tuple[str, ...]


def karyotype_folder(
    cells: Sequence[CellFolder],
    out: Path,
    *,
    networks: Networks,
    settings: BatchSettings,
    case_settings: CaseSettings,
    workers: Workers,
    advance: Callable[[str], object],
) -> KaryotypedFolder:
    """Karyotype all cells and write karyograms, tables, the conclusions about cases and the report.

    Cells are read, measured and drawn by several processes, while this one classifies them. A
    cell whose results are there and made from the same files by the same program is kept. A cell
    that fails loses the results of an earlier run, so that what is there is never older than it
    seems; no other file is removed. Where a cell's files can't be read or memory is short, its
    results stay.

    Args:
        cells: The cells to karyotype.
        out: Folder of the results, made if absent.
        networks: The networks by the background of a cell.
        settings: How the cells are karyotyped and what is drawn.
        case_settings: How cases are concluded from their cells.
        workers: Processes that read and draw cells; with one, everything is done in this process.
        advance: Called with the name of each finished cell.

    Returns:
        The karyotypes, and the cells that could not be karyotyped.

    Raises:
        ValueError: Two cells have the same name.
        OSError: A process was ended from outside, or results can't be written; those that are
            there stay.
    """
    tasks = _plan(cells, out, networks=networks, settings=settings)
    out.mkdir(parents=True, exist_ok=True)
    stored, failed, kept = dict[str, StoredCell](), dict[str, str](), 0
    unseen = list[bool]()
    for task, outcome, is_kept in _karyotype_all(tasks, networks, settings, workers):
        if isinstance(outcome, Failure):
            failed[task.name] = _settle(outcome, out, task.name)
            unseen.append(outcome.keeps)
        else:
            stored[task.name] = outcome
            kept += is_kept
        advance(task.name)
    done = [task for task in tasks if task.name in stored]
    case_of = {task.name: readable_name(task.folder.case) for task in tasks}
    shared = find_shared_images(
        (one for task in done for one in stored[task.name].contents),
        portraits={task.name: stored[task.name].portraits for task in done},
        case_of=case_of,
    )
    karyotypes = tuple(stored[task.name].karyotype for task in done)
    cases = conclude_cases(
        karyotypes, failed, case_of=case_of, settings=case_settings, copies=shared.copies
    )
    facts = _facts([stored[task.name].about for task in done], failed=failed, twins=shared.lines)
    report = None
    used = {task.target for task in tasks}
    # A folder that can't be opened may be that of a case, whose cells have earlier results.
    is_whole = all(task.folder.files for task in tasks)
    # Where no file of any cell can be read, what is there is all that there is.
    if done or not all(unseen):
        # The report first: the table may be open in another program.
        report = _write_report(done, out, cases=cases, facts=facts)
        used |= {path.parent.name for path in write_cases(cases, out)}
    return KaryotypedFolder(
        karyotypes=karyotypes,
        failed=failed,
        report=report,
        cases=cases,
        twins=shared.lines,
        kept=kept,
        others=tuple(other_results(out, used=used)) if report and is_whole else (),
    )


def _plan(
    cells: Sequence[CellFolder], out: Path, *, networks: Networks, settings: BatchSettings
) -> list[Task]:
    """Return a task for each cell."""
    names = [readable_name(folder.name) for folder in cells]
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(
            f"cells must have distinct names, got {twice} more than once; rename their folders."
        )
    program = settings.digest(networks)
    return [
        Task(
            folder=folder,
            out=out,
            target=target,
            background=networks.background,
            normalizations=networks.normalizations,
            program=program,
            again=settings.again,
            pictures=settings.pictures,
            straightened=settings.straightened,
        )
        for folder, target in zip(cells, folder_names(names), strict=True)
    ]


def _karyotype_all(
    tasks: Sequence[Task], networks: Networks, settings: BatchSettings, workers: Workers
) -> Iterator[tuple[Task, StoredCell | Failure, bool]]:
    """Yield each task with its outcome, and whether earlier results were kept, in order."""
    writing: deque[tuple[Task, Future[StoredCell | Failure] | StoredCell | Failure]] = deque()
    for task, taken in zip(tasks, workers.map(take_up, tasks), strict=True):
        if isinstance(taken, StoredCell | Failure):
            writing.append((task, taken))
        else:
            try:
                classifier = networks.load(taken.prepared.read.background.kind)
                karyotype = karyotype_prepared(
                    taken.prepared,
                    classifier=classifier,
                    turned_share=settings.turned_share,
                    prior=settings.prior,
                    any_stain=settings.any_stain,
                )
            except Exception as error:  # Whatever is wrong with a cell must not cost the others.
                writing.append((task, Failure.of(error)))
            else:
                writing.append(
                    (task, workers.submit(write_results, task, karyotype, taken, classifier.about))
                )
        while len(writing) > (_WRITING * workers.processes if workers.processes > 1 else 0):
            yield _finished(*writing.popleft())
    while writing:
        yield _finished(*writing.popleft())


def _finished(
    task: Task, found: Future[StoredCell | Failure] | StoredCell | Failure
) -> tuple[Task, StoredCell | Failure, bool]:
    if isinstance(found, Future):
        return task, result_of(found), False
    return task, found, isinstance(found, StoredCell)


def _settle(failure: Failure, out: Path, cell: str) -> str:
    """Remove the earlier results of a cell that failed, unless they stay; return what to say."""
    if not failure.keeps:
        try:
            remove_results(out, cell)
        except OSError as error:  # Another program has a file of them open.
            return f"{failure.reason}; its earlier results can't be removed ({error.strerror})"
    elif has_results(out, cell):
        return f"{failure.reason}; the results of the earlier run are kept"
    return failure.reason


def _facts(
    abouts: Sequence[Mapping[str, str]], *, failed: Mapping[str, str], twins: Sequence[str]
) -> dict[str, str]:
    """Return the facts of the report; different values of several networks are listed once."""
    facts = dict[str, str]()
    if failed:
        facts[FAILED] = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
    if twins:
        facts[TWINS] = "; ".join(twins)
    for name in dict.fromkeys(name for about in abouts for name in about):
        facts[name] = ", ".join(dict.fromkeys(one[name] for one in abouts if name in one))
    return facts


def _write_report(
    done: Sequence[Task], out: Path, *, cases: Sequence[Case], facts: Mapping[str, str]
) -> Path | None:
    """Write the report of the cells; without cells, remove it."""
    if not done:
        remove_report(out)
        return None
    return write_report_of_parts(
        [out / task.target / PART_FILE for task in done],
        out / REPORT_FILE,
        facts=facts,
        cases=[case_json(one) for one in cases],
    )
