"""Files that Keras writes, read without it."""

from __future__ import annotations

import base64
import json
import marshal
import os
import pickle
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from superxception_jax.models.keras import file as keras_file
from superxception_jax.models.keras.file import read_keras_file


@pytest.fixture(scope="module")
def model():
    """Build a network with unnamed, named and weightless layers, its weights all different."""
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="first")(inputs)
    x = keras.layers.BatchNormalization()(x)
    shortcut = keras.layers.Conv2D(5, 1, use_bias=False, padding="same")(x)
    x = keras.layers.SeparableConv2D(5, 3, padding="same", use_bias=False)(x)
    x = keras.layers.Add()([x, shortcut])
    x = keras.layers.Conv2D(2, 1, name="a_last")(x)
    outputs = keras.layers.Dense(3, name="head")(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    generator = np.random.default_rng(0)
    model.set_weights([generator.normal(size=value.shape) for value in model.get_weights()])
    model.compile("adam", "mse")
    return model


def check_layers(layers, model):
    expected = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    assert set(layers) == set(expected)
    for name, arrays in expected.items():
        assert len(layers[name]) == len(arrays), name
        for array, value in zip(layers[name], arrays, strict=True):
            assert array.dtype == np.float32
            np.testing.assert_array_equal(array, value)


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.weights.h5"])
def test_formats_of_keras_3(name, model, tmp_path):
    path = tmp_path / name
    if name.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.save(path)
    check_layers(read_keras_file(path), model)


def test_weights_alone_in_the_old_format(model, tmp_path):
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    check_layers(read_keras_file(path), model)


def write_old(path, layers, *, group="", chunks=1, text=bytes):
    """Write what Keras 1 and 2 wrote: `layer/kernel:0`, names as bytes, long lists in parts."""
    encode = (lambda name: name.encode()) if text is bytes else str
    with h5py.File(path, "w") as file:
        root = file.require_group(group) if group else file
        parts = np.array_split(np.array([*map(encode, layers)], dtype=object), chunks)
        for index, part in enumerate(parts):
            root.attrs["layer_names" if chunks == 1 else f"layer_names{index}"] = list(part)
        for name, arrays in layers.items():
            names = [f"{name}/weight_{index}:0" for index in range(len(arrays))]
            inner = root.create_group(name)
            inner.attrs["weight_names"] = [encode(weight) for weight in names]
            for weight, array in zip(names, arrays, strict=True):
                inner.create_dataset(weight, data=array)


@pytest.mark.parametrize("group", ["", "model_weights"])
@pytest.mark.parametrize("chunks", [1, 3])
@pytest.mark.parametrize("text", [bytes, str])
def test_files_of_keras_2(group, chunks, text, model, tmp_path):
    layers = {layer.name: layer.get_weights() for layer in model.layers}
    write_old(tmp_path / "old.h5", layers, group=group, chunks=chunks, text=text)
    check_layers(read_keras_file(tmp_path / "old.h5"), model)


def test_archives_of_tf_keras_2_12(model, tmp_path):
    model.save(tmp_path / "new.keras")
    with zipfile.ZipFile(tmp_path / "new.keras") as archive:
        config = archive.read("config.json")
        (tmp_path / "model.weights.h5").write_bytes(archive.read("model.weights.h5"))
    with h5py.File(tmp_path / "model.weights.h5", "a") as file:
        file.move("layers", "_layer_checkpoint_dependencies")
    with zipfile.ZipFile(tmp_path / "old.keras", "w") as archive:
        archive.writestr("config.json", config)
        archive.write(tmp_path / "model.weights.h5", "model.weights.h5")
    check_layers(read_keras_file(tmp_path / "old.keras"), model)


def test_weights_without_names_are_refused(model, tmp_path):
    path = tmp_path / "nameless.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "a") as file:
        for group in file["layers"].values():
            group["vars"].attrs.pop("name", None)
    with pytest.raises(ValueError, match=r"must contain the names .*; save the .* `model\.save"):
        read_keras_file(path)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"`model.init_from` must be an existing file.*x\.h"
    ):
        read_keras_file(tmp_path / "x.h5")


def write_zip(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)


def test_other_files_are_refused(model, tmp_path):
    text = tmp_path / "text.h5"
    text.write_text("<html>not found</html>")
    with pytest.raises(ValueError, match=r"a Keras file with weights .*text\.h5.*choose another"):
        read_keras_file(text)
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x"] = np.zeros(3)
    with pytest.raises(ValueError, match=r"a Keras file with weights .*data\.h5.*choose another"):
        read_keras_file(tmp_path / "data.h5")
    write_zip(tmp_path / "other.zip", config__json="{}")
    with pytest.raises(ValueError, match=r"got the archive .* without model\.weights\.h5; save"):
        read_keras_file(tmp_path / "other.zip")
    config = json.dumps({"config": {}})
    write_zip(tmp_path / "odd.zip", **{"config__json": config, "model.weights.h5": "no"})
    with pytest.raises(ValueError, match=r"must be a complete Keras file"):
        read_keras_file(tmp_path / "odd.zip")
    model.save(tmp_path / "whole.h5")
    content = (tmp_path / "whole.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"must be a complete Keras file, got .*cut\.h5"):
        read_keras_file(tmp_path / "cut.h5")


class _Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_a_file_that_holds_code_runs_none_of_it(model, tmp_path):
    mark = tmp_path / "ran"
    # The mark is made by the file, so that the test can fail.
    pickle.loads(pickle.dumps(_Bomb(tmp_path / "control")))
    assert (tmp_path / "control").is_dir()
    path, changed = tmp_path / "model.keras", tmp_path / "changed.keras"
    model.save(path)
    source = compile(f"lambda x: __import__('os').mkdir({str(mark)!r})", "layer", "eval")
    code = base64.b64encode(marshal.dumps(source)).decode()
    attack = {
        "class_name": "Lambda",
        "module": "keras.layers",
        "config": {
            "name": "attack",
            "function": {"class_name": "__lambda__", "config": {"code": code, "closure": None}},
        },
    }
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                config["config"]["layers"].insert(0, attack)
                content = json.dumps(config).encode()
            new.writestr(name, content)
        new.writestr("assets/payload.pkl", pickle.dumps(_Bomb(mark)))
    check_layers(read_keras_file(changed), model)
    assert not mark.exists()


def test_pickled_content_in_hdf5_is_refused(tmp_path):
    mark, path = tmp_path / "ran", tmp_path / "weights.h5"
    pickled = np.frombuffer(pickle.dumps(_Bomb(mark)), np.uint8)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"conv"]
        file.attrs["model_config"] = np.void(pickle.dumps(_Bomb(mark)))
        group = file.create_group("conv")
        group.attrs["weight_names"] = [b"kernel"]
        group.create_dataset("kernel", data=np.void(pickled.tobytes()))
    with pytest.raises(ValueError, match="must be a complete Keras file"):
        read_keras_file(path)
    assert not mark.exists()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_truncated_files_are_named(name, share, model, tmp_path):
    path = tmp_path / name
    model.save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ValueError, match=rf"`model.init_from` must be a.*{name}"):
        read_keras_file(path)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["external", "virtual", "link", "large"])
def test_no_other_file_becomes_weights(kind, packed, tmp_path):
    secret, path = tmp_path / "secret.h5", tmp_path / "model.weights.h5"
    with h5py.File(secret, "w") as file:
        file["0"] = np.arange(30, dtype=np.uint8)
    with h5py.File(path, "w") as file:
        variables = file.create_group("layers/dense/vars")
        variables.attrs["name"] = "head"
        if kind == "external":
            variables.create_dataset("0", (30,), "u1", external=[(secret, 0, 30)])
        elif kind == "virtual":
            layout = h5py.VirtualLayout((30,), np.uint8)
            layout[:] = h5py.VirtualSource(secret, "0", (30,))
            variables.create_virtual_dataset("0", layout)
        elif kind == "link":
            variables["0"] = h5py.ExternalLink(str(secret), "0")
        else:  # nothing of it is in the file
            variables.create_dataset("0", (2**50,), "f4", chunks=(2**10,))
    if packed:
        layers = [{"class_name": "Dense", "config": {"name": "head"}}]
        config, weights = json.dumps({"config": {"layers": layers}}), path.read_bytes()
        path = tmp_path / "model.keras"
        write_zip(path, config__json=config, model__weights__h5=weights)
    with pytest.raises(ValueError, match=r"complete Keras file.*(another file|599\.6 GB)"):
        read_keras_file(path)


def test_what_would_fill_the_memory_is_not_unpacked(model, tmp_path, monkeypatch):
    model.save(tmp_path / "model.keras")
    monkeypatch.setattr(keras_file, "_LARGEST_BYTES", 4000)
    with pytest.raises(ValueError, match=r"complete Keras file.*config\.json has 0\.0 GB"):
        read_keras_file(tmp_path / "model.keras")
