"""Trained networks without the data that they were trained on: the shipped ones, and any run's."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from pathlib import Path
from typing import Any

import jax
import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.normalization.background import level_cell
from superxception_jax.data.normalization.crop import KINDS
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.options import BACKGROUNDS
from superxception_jax.evaluation.predict import CELL_BATCHES, predict_all
from superxception_jax.files import damaged, load_json
from superxception_jax.karyotyping.calibration import COLDEST, HOTTEST
from superxception_jax.karyotyping.cell import CellImages, Classifier
from superxception_jax.karyotyping.cell_images import readable_images
from superxception_jax.karyotyping.networks import Networks
from superxception_jax.karyotyping.stain import KnownStain
from superxception_jax.models.build import init_variables
from superxception_jax.models.inference import make_predict
from superxception_jax.runs.experiment import Experiment, build_experiment
from superxception_jax.runs.exported.portable import write_portable
from superxception_jax.runs.exported.trained_images import load_trained
from superxception_jax.runs.exported.weights_file import has_learned_orientation, load_variables
from superxception_jax.runs.finished import is_finished
from superxception_jax.runs.included import INCLUDED, VARIABLES_FILE
from superxception_jax.runs.network import make_network
from superxception_jax.runs.results import RESULTS_FILE, load_results
from superxception_jax.runs.workdir import (
    CALIBRATION_FILE,
    CONFIG_FILE,
    holds_run,
    load_config,
    load_training_record,
)
from superxception_jax.training import compile as compilation

# The included networks by the background of the images that they were trained on.
DEFAULT_CLASSIFIERS = {"dark": INCLUDED["qband"], "light": INCLUDED["gband"]}


def load_classifier(workdir: str | Path, *, name: str = "--workdir") -> Classifier:
    """Load the best network of a finished run, or an exported one.

    Args:
        workdir: Folder of the run, or one that `export_classifier` wrote.
        name: What errors call it, such as the flag that names it.

    Returns:
        The classifier, on the first device of this process, with the background that the run was
        told.

    Raises:
        FileNotFoundError: The folder holds neither.
        ValueError: The weights belong to another network than the config, or the run is not
            finished.
    """
    folder = _check_folder(workdir, name=name)
    experiment = build_experiment(load_config(folder))
    temperature, class_shares, known_stain = load_calibration(folder)
    mesh = compilation.make_local_mesh()
    variables = _load_variables(folder, experiment, mesh)
    compiled = compilation.compile_predict(
        make_predict(
            make_network(experiment, mesh),
            input_px=experiment.input_px,
            test_views=experiment.test_views,
            precision=experiment.precision,
        ),
        mesh,
    )

    def predict(canvases: np.ndarray) -> np.ndarray:
        return predict_all(
            canvases,
            variables=variables,
            predict=compiled,
            place=functools.partial(compilation.place_chosen, mesh=mesh),
            batch_sizes=CELL_BATCHES,
            advance=lambda count: None,
        )

    return Classifier(
        predict=predict,
        normalization=experiment.normalization,
        polarity=experiment.polarity,
        temperature=temperature,
        class_shares=class_shares,
        about={
            "network": experiment.name,
            "data set": experiment.dataset,
            "protocol": experiment.split.protocol,
            "commit": load_training_record(folder).trainings[-1].commit,
        },
        known_stain=known_stain,
        oriented=has_learned_orientation(folder),
    )


def load_calibration(workdir: Path) -> tuple[float, np.ndarray, KnownStain | None]:
    """Load the calibration of a network.

    Args:
        workdir: Folder of a tested run, or of an exported network.

    Returns:
        The temperature, the shares of the classes among the training images f64[24], and the
        known stain, None if an earlier version wrote the file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged.
    """
    path = workdir / CALIBRATION_FILE
    what = {
        "content": "the calibration of a network",
        "remedy": "test the run again with launch/evaluate.py, or restore the file from a copy",
    }
    values = load_json(path, **what, keys=("temperature", "class_shares"))
    temperature, shares = values["temperature"], values["class_shares"]
    if not _is_number(temperature) or not COLDEST <= temperature <= HOTTEST:
        raise damaged(path, f"`temperature` is {temperature!r}", **what)
    if not isinstance(shares, list) or len(shares) != len(CLASS_NAMES):
        raise damaged(path, f"`class_shares` are not {len(CLASS_NAMES)} numbers", **what)
    if not all(_is_number(one) and 0 <= one <= 1 for one in shares) or abs(sum(shares) - 1) > 1e-3:
        raise damaged(path, "`class_shares` are no shares that sum to 1", **what)
    try:
        stain = KnownStain.from_json(values)
    except ValueError as error:
        raise damaged(path, error, **what) from error
    return temperature, np.array(shares, np.float64), stain


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def choose_classifier(cell: CellImages, *, background: str) -> Classifier:
    """Return the shipped network for the banding of a cell; each is loaded once per process.

    Args:
        cell: Images of the cell.
        background: "dark" (Q-band), "light" (G-band) or "auto": decided for the whole cell.

    Returns:
        The classifier, trained on images with such a background; its settings hold it, so that
        the images are read as what the network was chosen for.

    Raises:
        NoChromosomeError: No image may show a chromosome.
        ValueError: The background is none of the three.
    """
    if background not in BACKGROUNDS:
        raise ValueError(
            f"`background` must be one of {BACKGROUNDS}, got {background!r}; choose one."
        )
    if background == "auto":
        decoded = [one.decoded for one in readable_images(cell)[0]]
        background = level_cell(decoded, background="auto").background.kind
    return _load_default(background)


def included_networks(*, background: str) -> Networks:
    """Return the included networks, one for each kind of background.

    Args:
        background: "dark" (Q-band), "light" (G-band) or "auto": decided for each cell.
    """
    kinds = KINDS if background == "auto" else (background,)
    return Networks(
        background=background,
        normalizations={kind: _default_normalization(kind) for kind in kinds},
        load=_load_default,
        identity=" ".join(_identity(DEFAULT_CLASSIFIERS[kind]) for kind in kinds),
    )


def networks_of_run(workdir: str | Path, *, background: str) -> Networks:
    """Return the network of a finished run, or an exported one, for every background.

    Args:
        workdir: See `load_classifier`.
        background: "dark", "light" or "auto": as the settings of the run say.

    Raises:
        FileNotFoundError: See `load_classifier`.
        ValueError: See `load_classifier`.
    """
    classifier = load_classifier(workdir)
    settings = classifier.normalization
    return Networks(
        background=settings.background if background == "auto" else background,
        normalizations=dict.fromkeys(KINDS, settings),
        load=lambda _: classifier,
        identity=_identity(Path(workdir).expanduser().absolute()),
    )


def _identity(folder: Path) -> str:
    """Return a digest of a network; the results of a run change with its best checkpoint."""
    digest = hashlib.sha256()
    for name in (CONFIG_FILE, CALIBRATION_FILE, RESULTS_FILE, VARIABLES_FILE):
        if (folder / name).is_file():
            digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def _default_normalization(background: str) -> NormalizationSettings:
    experiment = build_experiment(load_config(DEFAULT_CLASSIFIERS[background]))
    return dataclasses.replace(experiment.normalization, background=background)


@functools.cache
def _load_default(background: str) -> Classifier:
    loaded = load_classifier(DEFAULT_CLASSIFIERS[background])
    return dataclasses.replace(loaded, normalization=_default_normalization(background))


def export_classifier(
    workdir: str | Path, out: str | Path, *, name: str = "--workdir"
) -> list[Path]:
    """Write everything `load_classifier` needs of a finished run into a small folder.

    Neither the names of images and cells nor the folders of the data are in it, see `portable`, but
    hashes of the images that it was trained on: a run that starts from it must not test these.

    Args:
        workdir: Folder of the run.
        out: Folder to write, made if absent.
        name: What errors call the run, such as the flag that names it.

    Returns:
        The files, see `write_portable`.

    Raises:
        FileNotFoundError: The folder holds no finished run.
        ValueError: The run in it is not finished, or `out` holds a run, which would be replaced,
            or is the folder itself.
    """
    folder, target = _check_folder(workdir, name=name), Path(out).expanduser().absolute()
    if holds_run(target) and not (target / VARIABLES_FILE).is_file():
        raise ValueError(f"`--out` must hold no run, got the one in `{target}`; choose another.")
    if target.exists() and target.samefile(folder):
        raise ValueError(f"`--out` must not be `{name}`, got `{target}`; choose another folder.")
    experiment = build_experiment(load_config(folder))
    return write_portable(
        folder,
        target,
        config=experiment.config,
        variables=_load_variables(folder, experiment, compilation.make_mesh(1)),
        known=load_trained(folder),
    )


def _check_folder(workdir: str | Path, *, name: str) -> Path:
    folder = Path(workdir).expanduser().absolute()
    if not str(workdir) or not holds_run(folder) or not (folder / CALIBRATION_FILE).is_file():
        raise FileNotFoundError(
            f"`{name}` must be the folder of a finished run with {CONFIG_FILE} and "
            f"{CALIBRATION_FILE}, got `{workdir}`; finish it with launch/main.py --workdir=…, or "
            "test an older run again with launch/evaluate.py."
        )
    if not (folder / VARIABLES_FILE).is_file():
        _check_finished(folder, name=name)
    return folder


def _check_finished(folder: Path, *, name: str) -> None:
    """Refuse a run that was stopped and then evaluated, or never tested."""
    if (folder / RESULTS_FILE).is_file():
        epochs = load_config(folder).training.epochs
        if is_finished(folder, load_results(folder), epochs=epochs):
            return
    raise ValueError(
        f"`{name}` must be the folder of a finished run, got `{folder}`, whose training has not "
        f"ended or was not tested; finish it with launch/main.py --workdir={folder}"
    )


def _load_variables(folder: Path, experiment: Experiment, mesh: jax.sharding.Mesh) -> Any:
    """Load `params` and `batch_stats` from an export or from the best checkpoint of a run."""
    model = make_network(experiment, mesh)
    like = jax.eval_shape(
        lambda key: init_variables(model, key=key, input_px=experiment.input_px),
        jax.random.key(0),
    )
    if (folder / VARIABLES_FILE).is_file():
        return compilation.place_replicated(load_variables(folder / VARIABLES_FILE, like), mesh)
    # Only a run's checkpoint needs orbax, which takes seconds to import.
    from superxception_jax.training.checkpoint import BEST, Checkpoints

    with Checkpoints(folder / "checkpoints") as checkpoints:
        return checkpoints.load_variables(BEST, compilation.with_replicated_sharding(like, mesh))
