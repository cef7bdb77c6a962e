"""Pseudo-labels: what another network reads in cells without labels, to be trained on.

A laboratory has many cells and few labels. The assignment of a whole cell corrects much of what a
network gets wrong in the single images of a laboratory that it never saw, so that it can learn from
its own karyotypes. They are read once, at the start of a run, and kept in its folder.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
from tqdm import tqdm

from superxception_jax.data.images.image_file import hash_image
from superxception_jax.data.normalization.background import level_cell
from superxception_jax.data.normalization.crop import KINDS
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.own.folder import find_folder, read_folder
from superxception_jax.data.source import Chromosomes, concatenate
from superxception_jax.files import readable_name
from superxception_jax.karyotyping.cell import Classifier, karyotype_prepared
from superxception_jax.karyotyping.cell_images import PreparedCell, prepare_cell
from superxception_jax.karyotyping.folders import CellFolder, find_cells, load_files
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.exported.trained_images import hash_numbers
from superxception_jax.runs.included import find_weights
from superxception_jax.runs.pseudo_labels_file import load_pseudo_labels, save_pseudo_labels
from superxception_jax.runs.reader import load_classifier
from superxception_jax.runs.start_record import digest_weights
from superxception_jax.runs.workdir import CALIBRATION_FILE, has_checkpoint
from superxception_jax.training.hosts.processes import PREPARATION_SECONDS, is_first, tell
from superxception_jax.workers import Workers, usable_cores

SOURCE = "unlabelled"  # in place of the name of a data set
# Probability that the single image must give to the class assigned in the cell. Of 120 cells of a
# laboratory that the network never saw, 95 % of the chromosomes reach it, and 97 % of those are
# right.
LEAST_PROBABILITY = 0.5


def keep_pseudo_labels(experiment: Experiment, workdir: Path) -> Chromosomes | None:
    """Return the pseudo-labelled images of a run, read and stored at its first start.

    Until its first checkpoint they are read again where the weights that read them have changed,
    because such a run starts from the weights of now.

    Args:
        experiment: Checked experiment.
        workdir: Run folder.

    Returns:
        See `read_unlabelled`; None without a folder of such cells.

    Raises:
        FileNotFoundError: There is no such folder, or no calibrated network to read it.
        ValueError: The stored file is damaged, or nothing can be learned from the cells.
    """
    if not experiment.unlabelled_folder:
        return None
    if is_first():
        found = _load_or_read(experiment, workdir)
        tell(lambda: _classes_of(found))
        return found
    # By the rounding of another device, a probability could be on the other side of the limit.
    classes = tell(dict[str, int], limit_seconds=PREPARATION_SECONDS)
    kept = load_pseudo_labels(workdir)
    if kept is not None and _classes_of(kept) == classes:
        return kept
    return read_unlabelled(experiment, classes=classes)


def _load_or_read(experiment: Experiment, workdir: Path) -> Chromosomes:
    # A run that has begun needs no reader any more.
    reader = None if has_checkpoint(workdir) else digest_weights(_find_reader(experiment))
    kept = load_pseudo_labels(workdir, reader=reader)
    if kept is not None:
        return kept
    reader = reader or digest_weights(_find_reader(experiment))
    found = read_unlabelled(experiment)
    save_pseudo_labels(workdir, found, reader=reader)
    return found


def _classes_of(pseudo: Chromosomes) -> dict[str, int]:
    """Return the class of each image by its name, as the first process tells them."""
    return dict(zip(pseudo.names.tolist(), pseudo.labels.tolist(), strict=True))


def read_unlabelled(
    experiment: Experiment, *, classes: Mapping[str, int] | None = None
) -> Chromosomes:
    """Karyotype the cells without labels, and return the images of which the class is credible.

    Args:
        experiment: Checked experiment with `unlabelled_folder` and a calibrated
            `unlabelled_reader`.
        classes: Credible classes by the names of the images; None to karyotype the cells.

    Returns:
        Images with their assigned classes, upright or any way up as the experiment says; none of
        a cell whose stain the network doesn't know. `hashes` are those of the image and of the
        turned image, with a space between them. Prints one line on what was read.

    Raises:
        FileNotFoundError: There is no such folder, or no calibrated network to read it.
        ValueError: Nothing can be learned from the cells.
    """
    folder = experiment.unlabelled_folder
    upright = experiment.unlabelled_polarity == "upright"
    choose = _make_reading(experiment) if classes is None else lambda _: classes
    cells = find_cells(folder, name="`data.unlabelled_folder`").cells
    labelled = _labelled_files(experiment)
    prepare = functools.partial(_prepare, settings=experiment.normalization, labelled=labelled)
    images, kept, foreign, failed = 0, [], 0, 0
    with Workers(usable_cores() if len(cells) > 1 else 1) as workers:
        prepared = workers.map(prepare, cells)
        for one in tqdm(
            prepared,
            total=len(cells),
            desc="Reading unlabelled",
            unit="cell",
            disable=not is_first(),
        ):
            if one is None:
                failed += 1
                continue
            images += len(one.cell.canvases)
            chosen = choose(one.cell)
            if chosen is None:
                foreign += 1
            else:
                kept.append(_labelled(one, chosen, upright=upright))
    found = [one for one in kept if len(one.labels)]
    if not found:
        raise ValueError(
            f"`data.unlabelled_folder` must hold cells that the network can read, got {len(cells)} "
            f"in `{folder}`: {foreign} of a stain that it doesn't know, {failed} that can't be "
            "read; leave the field empty, or give other cells."
        )
    joined = concatenate(found)
    left_out = [f"{foreign} of a foreign stain"] if foreign else []
    left_out += [f"{failed} that can't be read"] if failed else []
    print(
        f"unlabelled: {len(joined.labels):,} of {images:,} images of {len(cells)} cells in "
        f"{folder} train with the class that `{experiment.unlabelled_reader}` assigns"
        + (f"; left out: {', '.join(left_out)}" if left_out else ""),
        flush=True,
    )
    return joined


@dataclasses.dataclass(frozen=True)
class _Prepared:
    """A cell on its way to pseudo-labels: its images ready for the network, and their hashes."""

    cell: PreparedCell
    hashes: dict[str, str]


def _find_reader(experiment: Experiment) -> Path:
    """Return the weights of the network that reads the cells."""
    reader = experiment.unlabelled_reader
    path = find_weights(reader)
    if not path.is_file() or not path.with_name(CALIBRATION_FILE).is_file():
        field = "model.init_from" if reader == experiment.init_from else "data.unlabelled_reader"
        raise FileNotFoundError(
            f"`{field}` must be an included network or one that launch/export.py wrote, with its "
            f"`{CALIBRATION_FILE}`, to read `data.unlabelled_folder`, got `{reader}`; check the "
            "path, or export the run again."
        )
    return path


def _load_reader(experiment: Experiment) -> Classifier:
    folder = _find_reader(experiment).parent
    # The canvases are those that it will be trained on.
    return dataclasses.replace(load_classifier(folder), normalization=experiment.normalization)


def _labelled_files(experiment: Experiment) -> np.ndarray:
    """Return the digests u64[F] of the files that are labelled, see `_short_digests`."""
    own = experiment.data_sets.get("own")
    if own is None:
        return np.zeros(0, np.uint64)
    read = read_folder(find_folder(own["folder"]), twins=own["twins"])
    return np.unique(_short_digests(read.digests.values()))


def _short_digests(digests: Iterable[str]) -> np.ndarray:
    """Return digests as 64 bits each; those of all files go to each process with each cell."""
    return hash_numbers(digest[:16] for digest in digests)


def _prepare(
    folder: CellFolder, *, settings: NormalizationSettings, labelled: np.ndarray
) -> _Prepared | None:
    """Return a cell ready for the network; None where it can't be read."""
    normalizations = dict.fromkeys(KINDS, settings)
    try:
        cell, digests = load_files(folder)
        prepared = prepare_cell(cell, background=settings.background, normalizations=normalizations)
    except ValueError:
        return None
    decoded = [one.decoded for one in cell.images]
    leveled = list(level_cell(decoded, background=settings.background).images)
    # The grey levels of an image depend on what is read with it, and of a labelled cell the table
    # may list some images only: only leveled with these, they are known by their hashes.
    content = dict(zip(folder.image_names, digests, strict=True))
    known = np.isin(_short_digests(content[one.name] for one in cell.images), labelled)
    listed = np.flatnonzero(known).tolist()
    if 0 < len(listed) < len(decoded):
        again = level_cell([decoded[index] for index in listed], background=settings.background)
        for index, image in zip(listed, again.images, strict=True):
            leveled[index] = image
    hashes = {
        readable_name(one.name): f"{hash_image(image)} {hash_image(image[::-1, ::-1].copy())}"
        for one, image in zip(cell.images, leveled, strict=True)
    }
    return _Prepared(prepared, hashes)


def _make_reading(experiment: Experiment) -> Callable[[PreparedCell], dict[str, int] | None]:
    """Return the function that gives the credible classes of a cell; None for a foreign stain."""
    classifier = _load_reader(experiment)
    upright = experiment.unlabelled_polarity == "upright"
    turned_share = experiment.turned_share if upright else None

    def read(cell: PreparedCell) -> dict[str, int] | None:
        karyotype = karyotype_prepared(cell, classifier=classifier, turned_share=turned_share)
        if karyotype.stain.is_foreign:
            return None
        return {
            f"{cell.name}/{one.name}": one.label
            for one in karyotype.chromosomes
            if one.probabilities[one.label] >= LEAST_PROBABILITY
        }

    return read


def _labelled(prepared: _Prepared, classes: Mapping[str, int], *, upright: bool) -> Chromosomes:
    """Return the images of a cell that have a class."""
    cell, read = prepared.cell, prepared.cell.read
    names = [f"{cell.name}/{one}" for one in read.names]
    chosen = [index for index, name in enumerate(names) if name in classes]
    return Chromosomes(
        images=cell.canvases[chosen],
        labels=np.array([classes[names[index]] for index in chosen], np.int32),
        cells=np.full(len(chosen), cell.name),
        cases=np.full(len(chosen), cell.case),
        names=np.array([names[index] for index in chosen], str),
        lengths_px=np.array([read.measured[index].length_px for index in chosen], np.float32),
        hashes=np.array([prepared.hashes[read.names[index]] for index in chosen], str),
        upright=np.full(len(chosen), upright),
        sources=np.full(len(chosen), SOURCE),
    )
