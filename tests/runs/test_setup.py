from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from configs.stripnet import get_config
from superxception_jax.evaluation.metrics import class_shares
from superxception_jax.runs import device_mesh
from superxception_jax.runs.device_mesh import choose_mesh
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.setup import describe, set_up
from tests.data.small_lab import make_lab

# What StripNet lacks of the section `model`, and the stack.
UNUSED = (
    "model.middle_modules",
    "model.middle_flow",
    "model.rematerialization",
    "super_resolution",
)


def test_curled_copies_train_beside_the_images(tmp_path):
    config = get_config("smoke")
    config.data.data_dir = str(tmp_path)
    steps = []
    for share in (0.0, 0.5):
        config.data.curled_share = share
        setup = set_up(build_experiment(config))
        train = setup.splits["train"]
        # What is only tested needs no copies, and makes none.
        assert len(list((tmp_path / "prepared").iterdir())) == 1
        trained = setup.trained
        assert len(trained.labels) == int((1 + share) * len(train.labels))
        assert (trained.upright == train.upright.all()).sum() == len(train.labels)
        np.testing.assert_array_equal(setup.class_shares, class_shares(trained.labels))
        described = describe(setup, tmp_path)
        assert ("69 curled images" in described) == (share > 0)
        assert f"\n          which has no use for {', '.join(UNUSED)}\n" in described
        steps.append(setup.steps_per_epoch)
    assert steps == [138 // 32, (138 + 69) // 32]


def test_a_folder_is_read_once_in_a_run(tmp_path, capsys):
    lab = make_lab(tmp_path, cells=[str(number) for number in range(12)])
    config = get_config("smoke")
    config.data.dataset, config.data.own_folder = "own", str(lab)
    config.data.data_dir, config.data.curled_share = str(tmp_path / "data"), 1.0
    config.training.batch_size = config.evaluation.batch_size = 4
    setup = set_up(build_experiment(config))
    assert "12 cells" in capsys.readouterr().out.splitlines()[0]
    # Whatever changes during a training, the run has one view of the folder.
    (lab / "1").rename(tmp_path / "1")
    assert len(setup.trained.labels) == 2 * len(setup.splits["train"].labels)
    assert capsys.readouterr().out == ""
    assert len(list((tmp_path / "data" / "own").iterdir())) == 1


def test_repeats_train_more_often_and_are_tested_once(tmp_path):
    config = get_config("smoke")
    config.data.data_dir = str(tmp_path)
    config.data.repeats = "3"
    # Thrice as many images of a cell could not be assigned.
    setup = set_up(build_experiment(config), tested="train")
    names = setup.splits["train"].names
    assert len(set(names)) == len(names) == 138
    np.testing.assert_array_equal(setup.trained.names, np.repeat(names, 3))
    assert setup.steps_per_epoch == 3 * 138 // 32
    np.testing.assert_array_equal(setup.class_shares, class_shares(setup.trained.labels))
    females = train_of(setup, label=22)
    setup = dataclasses.replace(setup, pseudo_labelled=females)
    np.testing.assert_array_equal(setup.class_shares, class_shares(setup.trained.labels))


def train_of(setup, *, label):
    train = setup.splits["train"]
    return train.take(np.flatnonzero(train.labels == label))


def test_every_part_of_an_accumulated_batch_is_split_over_the_devices(tmp_path):
    config = get_config("smoke")
    config.data.data_dir = str(tmp_path)
    config.training.devices = 4
    config.training.batch_size = 24
    config.training.accumulation_steps = 4
    text = r"batch_size / training.accumulation_steps` must be a multiple of the 4 devices, got 6"
    with pytest.raises(ValueError, match=text):
        set_up(build_experiment(config))


@pytest.mark.parametrize(
    ("devices", "batch_size", "expected"), [(9, 64, 4), (0, 64, 4), (3, 64, 2), (4, 7, 1)]
)
def test_an_evaluation_takes_the_devices_that_are_there_and_split_its_batch(
    devices, batch_size, expected
):
    config = get_config("smoke")
    config.training.devices, config.evaluation.batch_size = devices, batch_size
    config.training.batch_size = 5
    experiment = build_experiment(config)
    assert choose_mesh(experiment, trains=False).size == expected
    with pytest.raises(
        ValueError, match=r"`(training\.devices|(training|evaluation)\.batch_size)`"
    ):
        choose_mesh(experiment, trains=True)


@pytest.mark.parametrize(
    ("processes", "sizes", "message"),
    [
        (
            1,
            (64, 32, 1),
            "`evaluation.batch_size` and `training.batch_size` must be multiples of the 3 devices, "
            "got 64 and 32; choose `training.devices=2`, or 66 and 33, which makes it another "
            "training.",
        ),
        (
            1,
            (64, 33, 1),
            "`evaluation.batch_size` must be a multiple of the 3 devices, got 64; "
            "choose `training.devices=1`, or 66.",
        ),
        (
            3,
            (63, 32, 2),
            "`training.batch_size / training.accumulation_steps` must be a multiple of the "
            "3 devices, got 16; choose 18, which makes it another training.",
        ),
    ],
)
def test_batches_that_devices_do_not_split_are_refused_at_once(
    monkeypatch, processes, sizes, message
):
    config = get_config("smoke")
    config.training.devices = 3
    config.evaluation.batch_size, config.training.batch_size = sizes[:2]
    config.training.accumulation_steps = sizes[2]
    monkeypatch.setattr(device_mesh, "process_count", lambda: processes)
    with pytest.raises(ValueError, match="batch_size") as error:
        choose_mesh(build_experiment(config), trains=True)
    assert str(error.value) == message
