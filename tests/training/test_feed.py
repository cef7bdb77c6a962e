"""Batches of images in a file are those of images in memory, whoever reads which rows."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import threading
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

from superxception_jax.commands import Interrupted
from superxception_jax.data.batches import evaluation_batches, training_indices
from superxception_jax.data.stored_images import ImageWriter, StoredImages
from superxception_jax.evaluation.predict import predict_all
from superxception_jax.training import compile as compilation
from superxception_jax.training import feed
from superxception_jax.training.checkpoint import LATEST, Checkpoints
from superxception_jax.training.feed import ahead, training_batches
from superxception_jax.training.loop import train
from superxception_jax.training.progress import Progress
from superxception_jax.training.recorder import Recorder
from superxception_jax.training.settings import LoopSettings
from superxception_jax.training.task import Task
from tests.training.tiny import (
    BATCH,
    SIDE,
    assert_trees_equal,
    compile_quickly,
    make_data,
    make_training,
)

SETTINGS = LoopSettings(
    epochs=2,
    kept="lowest_loss",
    patience_epochs=0,
    start_counts=False,
    batch_size=BATCH,
    seed=3,
    checkpoint_every_steps=100,
    log_every_steps=2,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("feed") / "images.array_record"
    with ImageWriter(path) as writer:
        writer.write(make_data()[0])
    return path


@pytest.fixture
def stored(file):
    return StoredImages(file, count=len(make_data()[0]), side_px=SIDE)


def _task(images, targets=None, **fields):
    absent: dict[str, Any] = dict.fromkeys(field.name for field in dataclasses.fields(Task))
    fixed = {"settings": SETTINGS, "mesh": compilation.make_mesh(1), "utilization": 0.0}
    labels = make_data()[1] if targets is None else targets
    return Task(**absent | fixed | {"images": images, "targets": labels} | fields)


def _pairs(task, *, first, last):
    return [jax.device_get(one) for one in training_batches(task, first=first, last=last)]


def _assert_batches_equal(one, other):
    assert len(one) == len(other)
    jax.tree.map(np.testing.assert_array_equal, one, other)


def test_batches_from_a_file_are_those_from_memory_from_any_step_on(stored):
    in_memory = _pairs(_task(make_data()[0]), first=0, last=8)
    _assert_batches_equal(_pairs(_task(stored), first=0, last=8), in_memory)
    _assert_batches_equal(_pairs(_task(stored), first=5, last=8), in_memory[5:])
    assert _pairs(_task(stored), first=8, last=8) == []


def test_targets_from_a_file_are_those_from_memory(stored):
    images = make_data()[0]
    in_memory = _pairs(_task(images, images), first=0, last=4)
    for one, other in ((stored, images), (images, stored), (stored, stored)):
        _assert_batches_equal(_pairs(_task(one, other), first=0, last=4), in_memory)


def test_each_process_reads_its_rows_and_nothing_else(stored, monkeypatch):
    devices = np.array([SimpleNamespace(process_index=number // 2) for number in range(4)])
    mesh = SimpleNamespace(devices=devices, size=4)
    monkeypatch.setattr(feed, "place_own_rows", lambda rows, mesh: rows)
    images, labels = make_data()
    read = []

    def count(self, rows):
        read.append(len(rows))
        return images[rows]

    monkeypatch.setattr(StoredImages, "__getitem__", count)
    parts = []
    for process in range(2):
        monkeypatch.setattr(jax, "process_index", lambda process=process: process)
        parts.append(list(training_batches(_task(stored, mesh=mesh), first=0, last=4)))
    assert read == [BATCH // 2] * 8
    for step, (one, other) in enumerate(zip(*parts, strict=True)):
        indices = training_indices(len(images), batch_size=BATCH, seed=3, step=step)
        np.testing.assert_array_equal(np.concatenate([one[0], other[0]]), images[indices])
        np.testing.assert_array_equal(np.concatenate([one[1], other[1]]), labels[indices])


def test_each_process_reads_its_rows_of_what_is_predicted(stored, monkeypatch):
    devices = np.array([SimpleNamespace(process_index=number // 2) for number in range(4)])
    mesh: Any = SimpleNamespace(devices=devices, size=4)
    monkeypatch.setattr(compilation, "place_own_rows", lambda rows, mesh: rows)
    images, read = make_data()[0], []

    def count(self, rows):
        read.append(rows.tolist())
        return images[rows]

    monkeypatch.setattr(StoredImages, "__getitem__", count)
    for process in range(2):
        monkeypatch.setattr(jax, "process_index", lambda process=process: process)
        batches: list[np.ndarray] = []

        def predict(_, rows, batches=batches):
            batches.append(rows)
            return np.zeros(BATCH)

        predict_all(
            stored,
            variables={},
            predict=predict,
            place=functools.partial(compilation.place_chosen, mesh=mesh),
            batch_sizes=(BATCH,),
            advance=lambda count: None,
        )
        half = slice(BATCH // 2) if process == 0 else slice(BATCH // 2, BATCH)
        wholes = [indices for indices, _ in evaluation_batches(len(images), batch_sizes=(BATCH,))]
        assert read == [whole[half].tolist() for whole in wholes]
        np.testing.assert_array_equal(batches, [images[whole[half]] for whole in wholes])
        read.clear()


def test_threads_read_ahead(stored, monkeypatch):
    readers = set()
    read = StoredImages._read

    def watch(self, rows):
        readers.add(threading.current_thread().name)
        return read(self, rows)

    monkeypatch.setattr(StoredImages, "_read", watch)
    batches = training_batches(_task(stored), first=0, last=1000)
    for _ in range(3):
        next(batches)
    del batches
    assert readers
    assert threading.main_thread().name not in readers


def test_a_damaged_image_ends_the_training_with_its_file(file, tmp_path):
    path = tmp_path / "images.array_record"
    content = bytearray(file.read_bytes())
    content[200:1500] = bytes(1300)
    path.write_bytes(content)
    changed = StoredImages(path, count=len(make_data()[0]), side_px=SIDE)
    with pytest.raises(ValueError, match=r"images.array_record` must hold prepared.*; delete it"):
        _pairs(_task(changed), first=0, last=4)


@pytest.fixture(scope="module")
def compiled():
    return compile_quickly(make_training()[2], compilation.make_mesh(1))


def _run(workdir, compiled, images, *, stop_after=0):
    workdir.mkdir(exist_ok=True)
    mesh = compilation.make_mesh(1)
    state = compilation.place_replicated(make_training()[3], mesh)
    task = _task(
        images,
        step=compiled,
        validate=lambda state: {"loss": 0.5, "accuracy": 0.5},
        key=compilation.place_replicated(jax.random.key(0), mesh),
    )
    done = [0]
    with Checkpoints(workdir / "checkpoints") as checkpoints:
        if (resumed_step := checkpoints.step(LATEST)) is not None:
            state = checkpoints.load(LATEST, state)
        recorder = Recorder(
            workdir, resumed_step=resumed_step, total_steps=task.total_steps, batch_size=BATCH
        )
        try:
            return train(
                state,
                task,
                checkpoints=checkpoints,
                recorder=recorder,
                progress=Progress(),
                stop_requested=lambda: "SIGTERM" if stop_after and done[-1] >= stop_after else "",
                after_step=done.append,
                clock=itertools.count().__next__,
            )[0]
        finally:
            recorder.close()


def test_a_training_from_a_file_ends_with_the_same_parameters(tmp_path, compiled, stored):
    in_memory = _run(tmp_path / "memory", compiled, make_data()[0])
    assert_trees_equal(_run(tmp_path / "file", compiled, stored), in_memory)
    # Stopped within an epoch, and resumed from the file and from memory in turn.
    with pytest.raises(Interrupted, match="after step 2"):
        _run(tmp_path / "stopped", compiled, stored, stop_after=2)
    with pytest.raises(Interrupted, match="after step 4"):
        _run(tmp_path / "stopped", compiled, make_data()[0], stop_after=4)
    assert_trees_equal(_run(tmp_path / "stopped", compiled, stored), in_memory)


def test_the_next_item_is_asked_for_before_one_is_used():
    events = []

    def items():
        for number in range(3):
            events.append(f"made {number}")
            yield number

    for number in ahead(items(), count=2):
        events.append(f"used {number}")
    assert events == ["made 0", "made 1", "used 0", "made 2", "used 1", "used 2"]
