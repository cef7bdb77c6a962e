"""Damaged and missing checkpoints are replaced where nothing changes by it, and else refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import jax.numpy as jnp
import pytest

from superxception_jax.training.checkpoint import BEST, LATEST, Checkpoints
from superxception_jax.training.checkpoint_files import DamagedCheckpointError
from superxception_jax.training.progress import Progress
from tests.training.tiny import assert_trees_equal, state_at


def _damage(path, how):
    content = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(content[: {"empty": 0, "half": len(content) // 2}[how]])


# Each file without which a checkpoint can't be read.
FILES = (
    "progress/metadata",
    "state/_METADATA",
    "state/d/*",
    "state/manifest.ocdbt",
)

KEPT = "lowest_loss"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return a folder with the best checkpoint of step 3 and the latest of step 4."""
    folder = tmp_path_factory.mktemp("saved") / "checkpoints"
    with Checkpoints(folder) as opened:
        for step, kind in ((3, BEST), (4, LATEST)):
            opened.save(kind, state_at(step, scale=step), progress=_progress(best_step=3))
    return folder


def _progress(best_step):
    return Progress(best_validation_loss=0.5, best_step=best_step)


@pytest.fixture
def copied(saved, tmp_path):
    return Path(shutil.copytree(saved, tmp_path / "checkpoints"))


def _file(folder, kind, pattern):
    (path,) = (folder / kind / ("3" if kind == BEST else "4")).glob(pattern)
    return path


@pytest.mark.parametrize("how", ["empty", "half", "gone"])
@pytest.mark.parametrize("pattern", FILES)
def test_a_damaged_latest_is_named_and_the_best_resumes(copied, pattern, how):
    _damage(_file(copied, LATEST, pattern), how)
    with Checkpoints(copied) as opened:
        with pytest.raises(
            DamagedCheckpointError, match=r"`.*latest/4` must be a complete.*; start launch/main.py"
        ):
            _ = opened.load(LATEST, state_at(0)), opened.progress(LATEST)
        said = opened.mend(state_at(0), kept=KEPT)
        assert said.startswith("warning: `")
        assert "latest/4` must be" in said
        assert "goes on from the best checkpoint, of step 3" in said
        assert said.endswith("are trained again, with the same result on a CPU.")
        assert opened.step(LATEST) == 3
        assert_trees_equal(opened.load(LATEST, state_at(0)), state_at(3, scale=3))
        assert opened.progress(LATEST) == _progress(best_step=3)
        assert opened.mend(state_at(0), kept=KEPT) == ""
        # The step that was damaged is written again.
        opened.save(LATEST, state_at(4, scale=4), progress=_progress(best_step=3))
        assert_trees_equal(opened.load(LATEST, state_at(0)), state_at(4, scale=4))
    assert (copied / "damaged-latest-4").is_dir()


@pytest.mark.parametrize("pattern", FILES)
def test_a_damaged_best_is_refused_unless_the_latest_is_of_its_step(copied, pattern):
    _damage(_file(copied, BEST, pattern), "half")
    with Checkpoints(copied) as opened:
        with pytest.raises(
            DamagedCheckpointError,
            match=r"best/3` must.*latest checkpoint, of step 4, is sound.*step 3.*or delete it",
        ):
            opened.mend(state_at(0), kept=KEPT)
        assert opened.step(BEST) == 3
        opened.save(LATEST, state_at(5, scale=5), progress=_progress(best_step=5))
        assert "latest checkpoint is of the best step, 5" in opened.mend(state_at(0), kept=KEPT)
        assert_trees_equal(opened.load(BEST, state_at(0)), state_at(5, scale=5))


def test_files_that_only_describe_a_checkpoint_may_be_missing(copied):
    for path in ("_CHECKPOINT_METADATA", "state/_sharding", "state/array_metadatas/process_0"):
        (copied / LATEST / "4" / path).unlink()
    with Checkpoints(copied) as opened:
        assert opened.mend(state_at(0), kept=KEPT) == ""
        assert_trees_equal(opened.load(LATEST, state_at(0)), state_at(4, scale=4))


def test_a_missing_latest_resumes_from_the_best(copied):
    shutil.rmtree(copied / LATEST)
    with Checkpoints(copied) as opened:
        assert "no latest checkpoint" in opened.mend(state_at(0), kept=KEPT)
        assert opened.step(LATEST) == 3


def test_a_missing_best_is_refused_early(copied):
    shutil.rmtree(copied / BEST)
    with (
        Checkpoints(copied) as opened,
        pytest.raises(DamagedCheckpointError, match=r"no best checkpoint.*step 3.*delete it"),
    ):
        opened.mend(state_at(0), kept=KEPT)


def test_two_damaged_checkpoints_are_refused(copied):
    for kind in (LATEST, BEST):
        _damage(_file(copied, kind, "state/_METADATA"), "empty")
    with (
        Checkpoints(copied) as opened,
        pytest.raises(DamagedCheckpointError, match=r"latest/4`.*best/3`.*Restore .*, or delete"),
    ):
        opened.mend(state_at(0), kept=KEPT)


def test_a_damaged_best_beyond_the_latest_is_made_again(copied):
    """A run that was killed between the two has trained only up to the latest one."""
    with Checkpoints(copied) as opened:
        opened.save(BEST, state_at(6), progress=_progress(best_step=6))
    (copied / BEST / "6" / "progress" / "metadata").write_text("[")
    with Checkpoints(copied) as opened:
        assert "trained again" in opened.mend(state_at(0), kept=KEPT)
        assert (opened.step(LATEST), opened.step(BEST)) == (4, None)
    # It may be stopped again before that step.
    with Checkpoints(copied) as opened:
        assert opened.mend(state_at(0), kept=KEPT) == ""
        opened.save(LATEST, state_at(5, scale=5), progress=_progress(best_step=3))
        assert opened.mend(state_at(0), kept=KEPT) == ""
        # Damaged a second time, and then made again.
        opened.save(BEST, state_at(6), progress=_progress(best_step=6))
        (copied / BEST / "6" / "progress" / "metadata").write_text("[")
        assert "trained again" in opened.mend(state_at(0), kept=KEPT)
        opened.save(BEST, state_at(6), progress=_progress(best_step=6))
        assert opened.mend(state_at(0), kept=KEPT) == ""


def test_a_damaged_best_without_a_latest_leads_back_to_the_start(copied):
    """A run that was killed between its first two checkpoints has no other one yet."""
    shutil.rmtree(copied / LATEST)
    _damage(_file(copied, BEST, "progress/metadata"), "half")
    with Checkpoints(copied) as opened:
        assert "best/3` must" in (said := opened.mend(state_at(0), kept=KEPT))
        assert said.endswith("The steps up to it are trained again.")
        assert opened.step(LATEST) is opened.step(BEST) is None
        assert opened.mend(state_at(0), kept=KEPT) == ""
        # Stopped again in its first epoch.
        opened.save(LATEST, state_at(2), progress=Progress())
        assert opened.mend(state_at(0), kept=KEPT) == ""
    assert (copied / "damaged-best-3").is_dir()


@pytest.mark.parametrize("how", ["half", "gone"])
def test_where_the_last_weights_are_kept_a_best_of_an_earlier_step_is_not_needed(copied, how):
    if how == "half":
        _damage(_file(copied, BEST, "state/_METADATA"), how)
    else:
        shutil.rmtree(copied / BEST)
    with Checkpoints(copied) as opened:
        said = opened.mend(state_at(0), kept="last")
        assert ("is written again at the end of the epoch" in said) == (how == "half")
        assert (opened.step(LATEST), opened.step(BEST)) == (4, None)
        assert opened.mend(state_at(0), kept="last") == ""
        # What is tested in the end is replaced as ever.
        opened.save(LATEST, state_at(6, scale=6), progress=_progress(best_step=6))
        assert "takes its place" in opened.mend(state_at(0), kept="last")
        assert_trees_equal(opened.load(BEST, state_at(0)), state_at(6, scale=6))
    assert (copied / "damaged-best-3").is_dir() == (how == "half")


def test_the_last_weights_are_tested_whatever_their_loss(tmp_path):
    """A missing best checkpoint of the latest step is replaced also where the loss is infinite."""
    with Checkpoints(tmp_path) as opened:
        opened.save(LATEST, state_at(6), progress=Progress(best_step=6))
        assert "takes its place" in opened.mend(state_at(0), kept="last")
        assert opened.progress(BEST) == Progress(best_step=6)


def test_a_best_that_was_set_aside_is_missed_once_its_step_has_passed(copied):
    with Checkpoints(copied) as opened:
        opened.save(BEST, state_at(6), progress=_progress(best_step=6))
    (copied / BEST / "6" / "progress" / "metadata").write_text("[")
    (copied / "damaged-best-copy of mine").mkdir()
    with Checkpoints(copied) as opened:
        assert "trained again" in opened.mend(state_at(0), kept=KEPT)
        opened.save(LATEST, state_at(7), progress=_progress(best_step=3))
        with pytest.raises(DamagedCheckpointError, match="no best checkpoint"):
            opened.mend(state_at(0), kept=KEPT)
        _damage(copied / LATEST / "7" / "progress" / "metadata", "half")
        with pytest.raises(DamagedCheckpointError, match=r"latest/7.*no best checkpoint.*Restore"):
            opened.mend(state_at(0), kept=KEPT)


def test_sound_absent_or_foreign_checkpoints_are_not_mended(copied, tmp_path):
    with Checkpoints(copied) as opened:
        assert opened.mend(state_at(0), kept=KEPT) == ""
        other = state_at(0).replace(params={"another": jnp.zeros(2)})
        with pytest.raises(ValueError, match="must hold the network of the given config"):
            opened.mend(other, kept=KEPT)
        assert (opened.step(LATEST), opened.step(BEST)) == (4, 3)
    with Checkpoints(tmp_path / "new") as opened:
        assert opened.mend(state_at(0), kept=KEPT) == ""


def test_foreign_files_and_folders(copied, tmp_path):
    (copied / LATEST / "notes.txt").write_text("mine")
    (copied / LATEST / "7").mkdir()
    with Checkpoints(copied) as opened:
        if opened.step(LATEST) == 7:
            assert "latest/7` must be a complete checkpoint" in opened.mend(state_at(0), kept=KEPT)
        assert opened.load(LATEST, state_at(0)) is not None
    (tmp_path / "other").write_text("a file")
    with pytest.raises(ValueError, match=r"other` must be a folder of checkpoints, got a file"):
        Checkpoints(tmp_path / "other")


def test_a_full_disk_keeps_the_earlier_checkpoint(copied, monkeypatch):
    def fail(*_args, **_kwargs):
        raise ValueError("RESOURCE_EXHAUSTED: write failed: No space left on device [source=x]")

    with Checkpoints(copied) as opened:
        with monkeypatch.context() as patch:
            patch.setattr(opened._managers[LATEST], "save", fail)
            with pytest.raises(OSError, match=r"No space left on device.*latest/5"):
                opened.save(LATEST, state_at(5), progress=Progress())
        assert_trees_equal(opened.load(LATEST, state_at(0)), state_at(4, scale=4))
        opened.save(LATEST, state_at(5), progress=Progress())
        assert opened.step(LATEST) == 5
