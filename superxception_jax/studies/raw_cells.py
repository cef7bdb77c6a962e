"""The cells that robustness is measured on: raw images of test cells and of foreign cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.chromosomes import natural_key
from superxception_jax.data.builders import load_records, make_builder
from superxception_jax.data.images.image_file import hash_image
from superxception_jax.data.joined import prefix_of
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.splits import WHOLE_CELL_PROTOCOLS, Split, make_split
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.exported.trained_images import knows_images
from superxception_jax.runs.split.lineage import trained_cells
from superxception_jax.runs.split.split_file import UNUSED, StoredImage, check_images, load_split


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
        ValueError: The split divides cells, the images have changed since the run's start, or the
            split that is drawn again tests images that the network was trained on.
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
            "checked.",
            flush=True,
        )
        split = make_split(
            labels=np.array([one.label for one in records], np.int32),
            cells=np.array([one.cell for one in records]),
            cases=np.array([one.case for one in records]),
            settings=experiment.split,
        )
        _check_unknown(records, split, workdir=workdir)
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


def _check_unknown(records: Sequence[ChromosomeRecord], split: Split, *, workdir: Path) -> None:
    """Raise if a network knows test images of a split that was drawn again.

    But for copies of images that train in this split: where `data.own_twins` allows these, the
    network has seen what it tests.
    """
    hashes = np.array([hash_image(one.image) for one in records])
    trained = hashes[np.concatenate([split.train, split.validation])]
    known = knows_images(workdir, hashes.tolist()) & ~np.isin(hashes, trained)
    common = split.test[known[split.test]]
    if len(common):
        raise ValueError(
            "`--runs` must be runs whose test images are unknown to their network, got "
            f"`{workdir}`, which has no stored split and was trained or validated on "
            f"{len(common):,} of {len(split.test):,}, such as `{records[common[0]].name}`; name "
            "the folder of the run itself, which has its split, or give the data set as it was."
        )


def load_foreign_cells(runs: Sequence[tuple[Path, Experiment]], dataset: str) -> list[RawCell]:
    """Load the raw images of the cells of another data set.

    Args:
        runs: Folder and experiment of each run; the data folders of the first one are used.
        dataset: "bioimage" or "gband", by name not a data set of the experiments.

    Returns:
        The cells in natural order, without those on which a run, or a network that it builds on,
        was trained; one printed line counts these.

    Raises:
        ValueError: A run was trained on this data set, or no cell is left.
    """
    trained = any(dataset in experiment.data_sets for _, experiment in runs)
    records = [] if trained else _load_records(runs[0][1], dataset, {})
    known = trained_cells(
        () if trained else runs,
        dataset,
        labels=np.array([one.label for one in records], np.int32),
        cells=np.array([one.cell for one in records]),
        cases=np.array([one.case for one in records]),
        hashes=[hash_image(one.image) for one in records],
    )
    cells = _group([one for one in records if one.cell not in known])
    if not cells:
        raise ValueError(
            "`--foreign` must be a data set that no run, and no network before it, was trained on, "
            f"got {dataset!r}; choose another one."
        )
    if known:
        print(
            f"{len(known)} of {len(known) + len(cells)} cells of {dataset} are left out: a run, "
            "or a network that it builds on, was trained on them.",
            flush=True,
        )
    return cells


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
