"""How well a trained network karyotypes damaged, incomplete and foreign cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.chromosomes import natural_key
from superxception_jax.data.background import LeveledCell, level_cell
from superxception_jax.data.builders import load_records, make_builder
from superxception_jax.data.image_file import DecodedImage, hash_image
from superxception_jax.data.joined import prefix_of
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.splits import WHOLE_CELL_PROTOCOLS, make_split
from superxception_jax.karyotyping.cell import CellImages, Classifier, NamedImage, karyotype_cell
from superxception_jax.karyotyping.cell_images import NoChromosomeError
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.split_file import UNUSED, StoredImage, check_images, load_split
from superxception_jax.studies.condition import MISSING, TURN, ConditionResult
from superxception_jax.studies.damage import CORRUPTIONS, corrupt

# Expected share of upside-down images of cells that are known to be upright: one half only where
# they are turned.
UPRIGHT_TURNED_SHARE, MIXED_TURNED_SHARE = 0.01, 0.5


@dataclass(frozen=True)
class RawCell:
    """The raw images of a cell that a network has not seen.

    Attributes:
        name: Name of the cell.
        images: N raw images u8[H,W].
        labels: i64[N], true classes.
        upright: Whether the p arm is known to point up; False: any way up.
    """

    name: str
    images: tuple[np.ndarray, ...]
    labels: np.ndarray
    upright: bool = True


def choose_data_set(experiments: Sequence[Experiment], wanted: str) -> str:
    """Return the data set whose test cells are karyotyped.

    Args:
        experiments: Experiments of the runs, at least one.
        wanted: Its name; empty: the only data set of the runs.

    Raises:
        ValueError: A run has no such data set, or several and none is named.
    """
    known = {one.dataset for one in experiments}
    names = sorted({name for one in experiments for name in one.data_sets})
    if wanted:
        if not all(wanted in one.data_sets for one in experiments):
            raise ValueError(
                f"`--data_set` must be a data set of all `--runs`, got {wanted!r}; they have "
                f"{'; '.join(sorted(known))}."
            )
        return wanted
    if len(names) > 1:
        raise ValueError(
            f"`--data_set` must be one of {', '.join(names)}, on which the runs are, got nothing; "
            "call the program once for each."
        )
    return names[0]


def load_test_cells(
    experiment: Experiment, workdir: Path, *, data_set: str, use_stored_split: bool
) -> list[RawCell]:
    """Load the raw images of the test cells of a run.

    Args:
        experiment: Experiment of the run, with a split that keeps cells whole.
        workdir: Run folder; its stored split is used. For a run of a version that stored none, the
            split is drawn again, and one printed line says so.
        data_set: One of its data sets, whose test cells are loaded.
        use_stored_split: Whether what was added to the data set is left out.

    Returns:
        The cells in natural order.

    Raises:
        ValueError: The split divides cells, or the images have changed since the run's start.
    """
    if experiment.split.protocol not in WHOLE_CELL_PROTOCOLS:
        raise ValueError(
            "`--runs` must be runs whose split keeps cells whole, got the split `paper`; train "
            "with --config.split.protocol=cells."
        )
    records = _load_records(experiment, data_set, experiment.data_sets[data_set])
    prefix = prefix_of(data_set) if len(experiment.data_sets) > 1 else ""
    stored = load_split(workdir)
    if stored is None:
        print(
            f"{workdir} has no stored split: whether its test cells are those of today can't be "
            "compared.",
            flush=True,
        )
        split = make_split(
            labels=np.array([one.label for one in records], np.int32),
            cells=np.array([one.cell for one in records]),
            cases=np.array([one.case for one in records]),
            settings=experiment.split,
        )
    else:
        now = {
            prefix + one.name: StoredImage(
                cell=prefix + one.cell,
                case=prefix + one.case,
                label=one.label,
                pixels=hash_image(one.image),
                part=UNUSED,
                upright=one.upright,
            )
            for one in records
        }
        of_set = {name: one for name, one in stored.images.items() if name.startswith(prefix)}
        stored = dataclasses.replace(stored, images=of_set)
        check_images(
            now, stored, workdir=workdir, needed=("test",), use_stored_split=use_stored_split
        )
        split = stored.find(np.array([prefix + one.name for one in records]))
    return _group([records[index] for index in split.test])


def load_foreign_cells(experiments: Sequence[Experiment], dataset: str) -> list[RawCell]:
    """Load the raw images of all cells of another data set.

    Args:
        experiments: Experiments of the runs; the data folders of the first one are used.
        dataset: "bioimage" or "gband", not a data set of the experiments.

    Returns:
        The cells in natural order.

    Raises:
        ValueError: A network was trained on this data set.
    """
    if any(dataset in one.data_sets for one in experiments):
        raise ValueError(
            f"`--foreign` must be a data set that no run was trained on, got {dataset!r}; choose "
            "another one."
        )
    return _group(_load_records(experiments[0], dataset, {}))


def evaluate_condition(
    cells: Sequence[RawCell],
    *,
    classifier: Classifier,
    kind: str,
    level: float,
    seed: int,
    advance: Callable[[int], object],
) -> ConditionResult:
    """Karyotype all cells under one condition and count what is correct.

    Args:
        cells: Cells that the network has not seen.
        classifier: The network.
        kind: `UNDAMAGED`, `TURN`, `MISSING` or a key of `CORRUPTIONS`.
        level: Strength of the damage; for `TURN` the share of the images that is turned by 180°,
            for `MISSING` the number of chromosomes that are left out of each cell.
        seed: Random seed of the damage.
        advance: Called with the number of cells done.

    Returns:
        The counts. Images in which no chromosome is found, or that are set aside, count as wrong.
    """
    share = MIXED_TURNED_SHARE if kind == TURN else UPRIGHT_TURNED_SHARE
    reads_polarity = classifier.polarity == "read" and all(cell.upright for cell in cells)
    result = ConditionResult(kind, level, correct_polarity=0 if reads_polarity else None)
    for number, cell in enumerate(cells):
        generator = np.random.default_rng([seed, number])
        kept = np.arange(len(cell.images))
        if kind == MISSING:
            lost = generator.choice(len(kept), size=int(level), replace=False)
            kept = np.delete(kept, lost)
        # Leveled once, damaged or not: damage of no strength must change nothing at all.
        leveled = level_cell(
            [DecodedImage(grey=image, colour_levels=0.0) for image in cell.images],
            background=classifier.normalization.background,
        )
        images, turned = _damage(leveled, kept, kind=kind, level=level, generator=generator)
        names = [str(index) for index in kept]
        truth = dict(zip(names, zip(cell.labels[kept], turned, strict=True), strict=True))
        try:
            karyotype = karyotype_cell(
                CellImages(cell.name, tuple(map(NamedImage, names, images))),
                classifier=classifier,
                turned_share=share if cell.upright else None,
            )
            found = _count_correct(karyotype, truth, kind=kind, level=level)
        except NoChromosomeError:
            count = len(truth)
            found = ConditionResult(kind, level, cells=1, images=count, unread=count)
        if not reads_polarity:
            found = dataclasses.replace(found, correct_polarity=None)
        result = result.plus(found)
        advance(1)
    return result


def _count_correct(
    karyotype: Karyotype, truth: Mapping[str, tuple[int, bool]], *, kind: str, level: float
) -> ConditionResult:
    """Compare one cell with the true label of each image, and whether it is upside down."""
    pairs = [(one, *truth[one.name]) for one in karyotype.chromosomes]
    assigned = sum(int(one.label == label) for one, label, _ in pairs)
    return ConditionResult(
        kind=kind,
        level=level,
        cells=1,
        correct_cells=int(assigned == len(truth)),
        images=len(truth),
        correct_single=sum(int(one.probabilities.argmax() == label) for one, label, _ in pairs),
        correct_assigned=assigned,
        correct_polarity=sum(int(one.turned == turned) for one, _, turned in pairs),
        unread=len(truth) - len(pairs),
    )


def _damage(
    leveled: LeveledCell,
    kept: np.ndarray,
    *,
    kind: str,
    level: float,
    generator: np.random.Generator,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the damaged images, and bool[N], whether each of them is now upside down."""
    images = [leveled.images[index] for index in kept]
    turned = np.zeros(len(kept), bool)
    if kind == TURN:
        turned = generator.random(len(kept)) < level
        images = [
            image[::-1, ::-1] if upside_down else image
            for image, upside_down in zip(images, turned, strict=True)
        ]
    elif kind in CORRUPTIONS:
        images = [
            corrupt(
                image,
                kind=kind,
                level=level,
                background=leveled.background.kind,
                generator=generator,
            )
            for image in images
        ]
    return images, turned


def _load_records(
    experiment: Experiment, dataset: str, options: Mapping[str, Any]
) -> list[ChromosomeRecord]:
    builder = make_builder(
        dataset,
        dataset_options=options,
        data_dir=experiment.data_dir,
        manual_dir=experiment.manual_dir,
    )
    return load_records(builder, progress=True)


def _group(records: Sequence[ChromosomeRecord]) -> list[RawCell]:
    by_cell: dict[str, list[ChromosomeRecord]] = {}
    for record in records:
        by_cell.setdefault(record.cell, []).append(record)
    return [
        RawCell(
            name=name,
            images=tuple(one.image for one in by_cell[name]),
            labels=np.array([one.label for one in by_cell[name]]),
            upright=all(one.upright for one in by_cell[name]),
        )
        for name in sorted(by_cell, key=natural_key)
    ]
