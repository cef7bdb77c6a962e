"""Decoding of the weight files of Keras, without Keras."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import h5py
import numpy as np

WEIGHTS_MEMBER, CONFIG_MEMBER = "model.weights.h5", "config.json"
# What a truncated file, an encrypted archive or strange content raises. No code of a file is run:
# of its config only names are taken, and HDF5 holds numbers.
_DAMAGES = (
    OSError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    MemoryError,
    RuntimeError,
    UnicodeDecodeError,
    json.JSONDecodeError,
    zipfile.BadZipFile,
    zlib.error,
)
_LARGEST_BYTES = 2**32  # far above the largest network with the state of its optimizer
# Keras 3 and TF-Keras from 2.13 on; TF-Keras 2.12.
_LAYER_GROUPS = ("layers", "_layer_checkpoint_dependencies")


def read_keras_file(path: Path) -> dict[str, list[np.ndarray]]:
    """Return the weights of all layers in a file.

    Args:
        path: A `.keras` file; an HDF5 file of a model or of weights as written by Keras 1 and 2
            (`.h5`, one group per layer with `weight_names`), with or without a `model_weights`
            group; or a `.weights.h5` file that contains the names of the layers.

    Returns:
        For the name of each layer with weights, in the order of the file, its arrays f32[...] in
        Keras' order. Layers of nested models are not included.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is neither an HDF5 file nor a zip file written by Keras, or it doesn't
            contain the names of its layers.

    Source: `keras.src.saving.saving_lib` and `keras.src.legacy.saving.legacy_h5_format`, which
        define the formats.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"`model.init_from` must be an existing file of weights, got `{path}`; check the path."
        )
    try:
        if zipfile.is_zipfile(path):
            layers = _read_archive(path)
        elif h5py.is_hdf5(path):
            with h5py.File(path) as file:
                _check_links(file)
                layers = _read_hdf5(file, path)
        else:
            layers = None
    except _DAMAGES as error:
        raise ValueError(
            f"`model.init_from` must be a complete Keras file, got `{path}`, which can't be read "
            f"({error}); save or copy it again."
        ) from error
    if not layers:
        raise ValueError(
            f"`model.init_from` must be a Keras file with weights (.keras or .h5), got `{path}`; "
            "choose another file."
        )
    return layers


def _read_archive(path: Path) -> dict[str, list[np.ndarray]]:
    with zipfile.ZipFile(path) as archive:
        absent = {CONFIG_MEMBER, WEIGHTS_MEMBER} - set(archive.namelist())
        if absent:
            raise ValueError(
                f"`model.init_from` must be a `.keras` file, got the archive `{path}` without "
                f"{' and '.join(sorted(absent))}; save the model as one `.keras` file."
            )
        config = json.loads(_unpack(archive, CONFIG_MEMBER))
        with h5py.File(io.BytesIO(_unpack(archive, WEIGHTS_MEMBER))) as file:
            _check_links(file)
            group = _layer_group(file)
            if group is None:
                return {}
            names = _names_in_archive(config)
            return _without_empty((name, _variables(group, key)) for key, name in names.items())


def _unpack(archive: zipfile.ZipFile, member: str) -> bytes:
    size_bytes = archive.getinfo(member).file_size
    if size_bytes > _LARGEST_BYTES:
        raise TypeError(f"{member} has {size_bytes / 1e9:,.1f} GB")
    return archive.read(member)


def _check_links(file: h5py.File) -> None:
    """Raise if a file refers to others: any file of this computer could become weights."""

    def leads_out(_: bytes, link: h5py.h5l.LinkInfo) -> bool | None:
        return None if link.type in (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT) else True

    # An error must not leave the function itself: the library calls it.
    if file.id.links.visit(leads_out, info=True):
        raise TypeError("it refers to another file")


def _names_in_archive(config: dict) -> dict[str, str]:
    """Return the name of the layer for each group of weights.

    Keras names the groups after the class of the layer and numbers them in the order of the
    config.
    """
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    for layer in config["config"]["layers"]:
        kind = _snake_case(layer["class_name"])
        count = counts.get(kind, 0)
        counts[kind] = count + 1
        names[f"{kind}_{count}" if count else kind] = layer["config"]["name"]
    return names


def _read_hdf5(file: h5py.File, path: Path) -> dict[str, list[np.ndarray]]:
    legacy = file.get("model_weights", file)
    names = _attribute(legacy, "layer_names")
    if names:
        return _without_empty(
            (name, [_array(legacy[name][key]) for key in _attribute(legacy[name], "weight_names")])
            for name in names
        )
    group = _layer_group(file)
    if group is None:
        return {}
    layers = {key: _variables(group, key) for key in group}
    with_weights = [key for key, arrays in layers.items() if arrays]
    named = {key: group[key]["vars"].attrs.get("name") for key in with_weights}
    if not all(named.values()):
        raise ValueError(
            f"`model.init_from` must contain the names of its layers, got `{path}`, a "
            "`.weights.h5` file without them; save the model with `model.save('….keras')`."
        )
    return {_text(named[key]): layers[key] for key in with_weights}


def _layer_group(file: h5py.File) -> h5py.Group | None:
    return next((file[name] for name in _LAYER_GROUPS if name in file), None)


def _variables(group: h5py.Group, key: str) -> list[np.ndarray]:
    variables = group[key]["vars"] if key in group and "vars" in group[key] else {}
    return [_array(variables[index]) for index in sorted(variables, key=int)]


def _attribute(group: h5py.Group, name: str) -> list[str]:
    """Return a list of names; Keras splits one too long for HDF5 into name0, name1, …."""
    if name in group.attrs:
        return [_text(value) for value in group.attrs[name]]
    texts: list[str] = []
    index = 0
    while f"{name}{index}" in group.attrs:
        texts += [_text(value) for value in group.attrs[f"{name}{index}"]]
        index += 1
    return texts


def _array(dataset: h5py.Dataset) -> np.ndarray:
    if dataset.dtype.kind not in "fiu":
        raise TypeError(f"{dataset.name} holds no numbers")
    if dataset.external or dataset.is_virtual:
        raise TypeError(f"{dataset.name} is in another file")
    if dataset.nbytes > _LARGEST_BYTES:
        raise TypeError(f"{dataset.name} has {dataset.nbytes / 1e9:,.1f} GB")
    return np.asarray(dataset[()], np.float32)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _without_empty(
    layers: Iterable[tuple[str, list[np.ndarray]]],
) -> dict[str, list[np.ndarray]]:
    return {name: arrays for name, arrays in layers if arrays}


def _snake_case(name: str) -> str:
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
