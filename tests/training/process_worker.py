"""One of several processes that train the tiny network: PORT COUNT INDEX FOLDER STOP_STEP."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import sys
import time
from pathlib import Path

import jax
import numpy as np

from superxception_jax.evaluation.predict import predict_all
from superxception_jax.models.inference import make_predict
from superxception_jax.runs.included import find_weights
from superxception_jax.runs.reader import load_classifier
from superxception_jax.system import Stopped, stop_at_signals
from superxception_jax.training import compile as compilation
from superxception_jax.training.checkpoint import LATEST
from superxception_jax.training.checkpoint_sharing import open_checkpoints
from superxception_jax.training.hosts import processes
from superxception_jax.training.hosts.cluster import Place
from superxception_jax.training.interrupt import agreed
from superxception_jax.training.loop import Interrupted, train
from superxception_jax.training.progress import Progress
from superxception_jax.training.recorder import SilentRecorder
from superxception_jax.training.settings import LoopSettings
from superxception_jax.training.task import Task

EPOCHS = 2


def train_tiny(folder: Path, *, devices: int = 0, stop_step: int = 0):
    """Train to the end, or up to a stop that the last process asks for; return what came out.

    Args:
        folder: Folder of the checkpoints; a training in it is resumed.
        devices: Number of devices; 0 for all.
        stop_step: Step after which the last process asks to stop; 0 for never.

    Returns:
        Step, parameters as one vector, and log-probabilities of all images.
    """
    # Computes at import, which must come after the processes have joined.
    from tests.training.tiny import BATCH, SIDE, compile_quickly, make_data, make_training

    model, _, step, first = make_training(epochs=EPOCHS)
    images, labels = make_data()
    mesh = compilation.make_mesh(devices)
    predict = compilation.compile_predict(
        make_predict(model, input_px=SIDE + 2, test_views="one", precision="float32"), mesh
    )
    task = Task(
        images=images,
        targets=labels,
        step=compile_quickly(step, mesh),
        validate=lambda state: {"loss": 1.0 / (1 + int(state.step)), "accuracy": 0.0},
        first_state=lambda: (compilation.place_replicated(first, mesh), Progress()),
        abstract_state=compilation.with_replicated_sharding(jax.eval_shape(lambda: first), mesh),
        settings=LoopSettings(
            epochs=EPOCHS,
            kept="lowest_loss",
            patience_epochs=0,
            start_counts=False,
            batch_size=BATCH,
            seed=0,
            checkpoint_every_steps=100,
            log_every_steps=1,
        ),
        key=compilation.place_replicated(jax.random.key(0), mesh),
        mesh=mesh,
        utilization=0.0,
    )
    done = [0]
    last = jax.process_index() == jax.process_count() - 1

    def heard() -> str:
        return "SIGTERM" if last and stop_step and done[0] >= stop_step else ""

    with open_checkpoints(folder) as checkpoints:
        assert checkpoints.mend(task.abstract_state, kept=task.settings.kept) == ""
        if checkpoints.step(LATEST) is None:
            state, progress = task.first_state()
        else:
            state = checkpoints.load(LATEST, task.abstract_state)
            progress = checkpoints.progress(LATEST)
        try:
            state, _ = train(
                state,
                task,
                checkpoints=checkpoints,
                recorder=SilentRecorder(),
                progress=progress,
                stop_requested=agreed(heard, mesh),
                after_step=lambda finished: done.__setitem__(0, finished),
                clock=lambda: 0.0,
            )
        except Interrupted:
            state = checkpoints.load(LATEST, task.abstract_state)
    outputs = predict_all(
        images,
        variables=state.variables,
        predict=predict,
        place=functools.partial(compilation.place_chosen, mesh=mesh),
        batch_sizes=(BATCH,),
        advance=lambda count: None,
    )
    leaves = [np.ravel(leaf) for leaf in jax.tree.leaves(jax.device_get(state.params))]
    return int(state.step), np.concatenate(leaves), outputs


def main(port: str, count: str, index: str, folder: str, stop_step: str) -> None:
    """Train in one of several processes and write what came out."""
    place = Place(f"127.0.0.1:{port}", int(count), int(index))
    with stop_at_signals():
        processes.join(place, start_seconds=60.0, lost_after_seconds=20.0)
        with contextlib.suppress(Stopped):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(1.0)
            raise AssertionError("the signal was swallowed")
    with processes.first_alone():
        if place.index == 0 and int(stop_step):
            # A network that reads cells for the run, while the other process waits.
            reader = load_classifier(find_weights("gband").parent)
            assert reader.predict(np.zeros((1, 50, 50, 1), np.uint8)).shape == (1, 48)
        # The first has been here before all others.
        seen = sorted(path.name for path in Path(folder).glob("came-*"))
        assert seen[:1] == (["came-0"] if place.index else []), seen
        (Path(folder) / f"came-{index}").touch()
    assert processes.tell(lambda: {"index": place.index}) == {"index": 0}
    step, params, outputs = train_tiny(Path(folder) / "checkpoints", stop_step=int(stop_step))
    (Path(folder) / f"{index}.json").write_text(
        json.dumps({"step": step, "params": params.tolist(), "outputs": outputs.tolist()})
    )
    processes.leave()


if __name__ == "__main__":
    main(*sys.argv[1:])
