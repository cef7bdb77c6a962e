"""The cells of `cases.py`: real ones with their likelihoods, and cases that are drawn from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES, NORMAL_SEX_COUNTS, X, Y
from superxception_jax.data.gband.archive import GBAND_COUNTS, load_gband
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.splits import make_split
from superxception_jax.files import load_arrays
from superxception_jax.karyotyping.assignment import assign_cell
from superxception_jax.karyotyping.case.case_record import (
    Case,
    CaseCell,
    CaseSettings,
    Counts,
)
from superxception_jax.karyotyping.case.conclude import conclude_cells, weigh_cells
from superxception_jax.karyotyping.cell import CellImages, NamedImage, karyotype_cell
from superxception_jax.karyotyping.prior import default_prior, prior_of_cell
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.reader import DEFAULT_CLASSIFIERS, load_classifier
from superxception_jax.runs.workdir import load_config

PARTS = ("test", "validation", "training")
_ARRAYS = ("names", "cases", "parts", "withheld", "margins", "cell_of", "labels", "likelihoods")


@dataclasses.dataclass(frozen=True)
class RealCell:
    """A karyotyped cell.

    Attributes:
        name: Name of the cell.
        case: Its patient.
        part: "test", "validation" or "training": what the patient was for the network.
        labels: i64[N], true classes.
        log_likelihoods: f64[N,24] of the classes.
        margin: Log odds of its assignment, nats.
        withheld: Why it has no formula; empty if it has one.
    """

    name: str
    case: str
    part: str
    labels: np.ndarray
    log_likelihoods: np.ndarray
    margin: float
    withheld: str

    @property
    def counts(self) -> Counts:
        """Return the true counts."""
        return tuple(np.bincount(self.labels, minlength=len(CLASS_NAMES)).tolist())

    @property
    def is_normal(self) -> bool:
        """Return whether the true counts are 46,XX or 46,XY, and the cell is analysed."""
        usual = self.counts[:AUTOSOMES] == (2,) * AUTOSOMES
        return usual and self.counts[AUTOSOMES:] in NORMAL_SEX_COUNTS and not self.withheld


def load_cells(data: Path, cache: Path) -> list[RealCell]:
    """Karyotype all real cells, or load what an earlier call kept.

    Args:
        data: Folder of the archive.
        cache: File for the likelihoods, without any picture.

    Returns:
        The cells.
    """
    if not cache.exists():
        _karyotype_all(data, cache)
    found = load_arrays(cache, content="the cells of this benchmark", remedy="remove it")
    cells = []
    for place, name in enumerate(found["names"].tolist()):
        own = found["cell_of"] == place
        cells.append(
            RealCell(
                name=name,
                case=str(found["cases"][place]),
                part=str(found["parts"][place]),
                labels=found["labels"][own],
                log_likelihoods=found["likelihoods"][own],
                margin=float(found["margins"][place]),
                withheld=str(found["withheld"][place]),
            )
        )
    return cells


def _karyotype_all(data: Path, cache: Path) -> None:
    records = load_gband(data, expected=GBAND_COUNTS)
    part_of = _parts(records)
    by_cell: dict[str, list[ChromosomeRecord]] = {}
    for one in records:
        by_cell.setdefault(one.cell, []).append(one)
    classifier = load_classifier(DEFAULT_CLASSIFIERS["light"])
    columns: dict[str, list] = {name: [] for name in _ARRAYS}
    for place, (name, some) in enumerate(tqdm(by_cell.items(), unit=" cells")):
        images = tuple(NamedImage(str(number), one.image) for number, one in enumerate(some))
        found = karyotype_cell(CellImages(name, images), classifier=classifier)
        columns["names"].append(name)
        columns["cases"].append(some[0].case)
        columns["parts"].append(part_of[some[0].case])
        columns["withheld"].append(found.withheld)
        columns["margins"].append(found.margin)
        columns["labels"] += [some[int(one.name)].label for one in found.chromosomes]
        columns["cell_of"] += [place] * len(found.chromosomes)
        columns["likelihoods"].append(found.log_likelihoods)
    arrays: dict[str, Any] = {name: np.array(columns[name]) for name in _ARRAYS[:-1]}
    np.savez_compressed(cache, likelihoods=np.concatenate(columns["likelihoods"]), **arrays)


def _parts(records: Sequence[ChromosomeRecord]) -> dict[str, str]:
    """Return what each patient was for the included network."""
    split = make_split(
        np.array([one.label for one in records], np.int32),
        np.array([one.cell for one in records]),
        np.array([one.case for one in records]),
        settings=build_experiment(load_config(DEFAULT_CLASSIFIERS["light"])).split,
    )
    found = {one.case: "training" for one in records}
    found |= {records[index].case: "validation" for index in split.validation}
    found |= {records[index].case: "test" for index in split.test}
    return found


def conclude(cells: Sequence[tuple[CaseCell, np.ndarray]], settings: CaseSettings) -> Case:
    """Conclude a case of cells with their likelihoods."""
    analysed = [(cell, likely) for cell, likely in cells if not cell.aside]
    candidates, evidence = weigh_cells(
        [cell for cell, _ in analysed], [likely for _, likely in analysed], settings
    )
    return conclude_cells("case", [cell for cell, _ in cells], candidates, evidence, settings)


def call_cell(name: str, log_likelihoods: np.ndarray, withheld: str = "") -> CaseCell:
    """Return a cell as the program calls it."""
    prior = prior_of_cell(len(log_likelihoods), whole=default_prior())
    found = assign_cell(log_likelihoods, prior=prior)
    counts = np.bincount(found.labels, minlength=len(CLASS_NAMES)).tolist()
    return CaseCell(name, tuple(counts), aside=withheld, margin=found.margin)


def draw_case(
    generator: np.random.Generator,
    pool: Sequence[RealCell],
    *,
    size: int,
    share: float,
    change: tuple[int, int],
    lost: float,
) -> tuple[list[tuple[CaseCell, np.ndarray]], int]:
    """Draw a mosaic from real normal cells of one sex, each once as long as there are others.

    Args:
        generator: Source of chance.
        pool: The real cells.
        size: Number of cells.
        share: Share of the abnormal line.
        change: Class and +1, -1 or 0.
        lost: Probability that a chromosome is lost in preparation.

    Returns:
        The cells with their likelihoods, and the number of abnormal ones.
    """
    label, sign = change
    cells, abnormal = [], 0
    order = [
        place for _ in range(size // len(pool) + 1) for place in generator.permutation(len(pool))
    ]
    for number in range(size):
        base = pool[order[number]]
        likely, labels = base.log_likelihoods, base.labels
        if sign and generator.random() < share:
            abnormal += 1
            if sign < 0:
                kept = np.arange(len(labels)) != generator.choice(np.flatnonzero(labels == label))
                likely, labels = likely[kept], labels[kept]
            else:
                others = [one for one in pool if one is not base and (one.labels == label).any()]
                other = others[int(generator.integers(len(others)))]
                row = generator.choice(np.flatnonzero(other.labels == label))
                likely = np.concatenate([likely, other.log_likelihoods[row : row + 1]])
                labels = np.append(labels, label)
        kept = generator.random(len(labels)) >= lost
        likely = likely if kept.all() else likely[kept]
        cells.append((call_cell(str(number), likely), likely))
    return cells, abnormal


def sex_pools(cells: Sequence[RealCell]) -> dict[str, list[RealCell]]:
    """Return the real normal cells by sex."""
    pools: dict[str, list[RealCell]] = {"XX": [], "XY": []}
    for one in cells:
        if one.is_normal:
            pools["XX" if one.counts[X] == 2 and one.counts[Y] == 0 else "XY"].append(one)
    return pools
