"""Fields that don't go together are refused before anything is computed."""

from __future__ import annotations

import pytest

from superxception_jax.runs.config.checks import find_problems
from tests.runs.smoke_config import changed

# What reading cells without labels needs, beside a network.
UNLABELLED = {"data.unlabelled_folder": "cells", "model.polarity": "read"}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (
            {"data.dataset": "gband,tseng x", "split.protocol": "cases"},
            "`data.dataset` must be one of bioimage, gband, tseng, ideogram, own, or several of "
            "them with commas, got 'gband,tseng x'.",
        ),
        (
            {"data.dataset": "gband,gband", "split.protocol": "cases"},
            "`data.dataset` must be one of bioimage, gband, tseng, ideogram, own, or several of "
            "them with commas, got 'gband,gband'.",
        ),
        (
            {"data.dataset": "tseng", "split.protocol": "cases", "model.polarity": "given"},
            "`model.polarity` must be read with `tseng`, whose images are any way up, got given.",
        ),
        (
            {"data.dataset": "gband,bioimage", "split.protocol": "paper"},
            "`split.protocol` must be cells or cases with several data sets, got 'paper'.",
        ),
        (
            {
                "data.dataset": "gband,bioimage",
                "split.protocol": "cells",
                "split.test_only": "bioimage,gband",
            },
            "`split.test_only` must name some, not all, of the data sets gband, bioimage, got "
            "'bioimage,gband'.",
        ),
        (
            {
                "data.dataset": "gband,bioimage",
                "data.repeats": "1,5",
                "split.protocol": "cells",
                "split.test_only": "bioimage",
            },
            "`data.repeats` must be 1 for `bioimage`, which `split.test_only` keeps out of the "
            "training, got '1,5'; correct it.",
        ),
        (
            {"data.repeats": "2,0"},
            "`data.repeats` must be one whole number of at least 1 for each of the 1 data sets, "
            "such as 1, got '2,0'.",
        ),
        (
            {"model.start": "kept_unless_improved"},
            "`model.init_from` must be qband, gband or an exported `variables.npz` with "
            "`model.start` 'kept_unless_improved', got ''; set it.",
        ),
        (
            {"training.batch_size": 30, "training.accumulation_steps": 4},
            "`training.batch_size` must be a multiple of `training.accumulation_steps`, 4, got 30; "
            "choose 32.",
        ),
        (
            {"model.rematerialization": "blocks", "model.name": "resnet50"},
            "`model.rematerialization` must be none without the blocks of Xception, got 'blocks' "
            "with `resnet50`; set it to none.",
        ),
        (
            {"data.curled_share": 0.5},
            "`data.curled_share` must be 0 with `model.polarity` given, because curled images are "
            "any way up, got 0.5; set it to 0, or `model.polarity` to read.",
        ),
        ({"data.curled_share": 0.5, "model.polarity": "read"}, None),
        (
            {"data.own_polarity": "any"},
            "`data.own_polarity` must be upright with `model.polarity` given, got any; set it to "
            "upright, or `model.polarity` to read.",
        ),
        (
            UNLABELLED,
            "`model.init_from` must be qband, gband or an exported `variables.npz` with "
            "`data.unlabelled_folder`, whose cells it labels, got ''; set it.",
        ),
        (
            {"data.unlabelled_folder": "cells", "model.init_from": "gband"},
            "`data.unlabelled_folder` must be empty with `model.polarity` given, got 'cells', "
            "whose images may be any way up; set `model.polarity` to read.",
        ),
        (
            UNLABELLED | {"model.init_from": "gband"},
            None,
        ),
        (
            UNLABELLED | {"data.unlabelled_reader": "weights.keras"},
            "`data.unlabelled_reader` must be qband, gband or an exported `variables.npz` with "
            "`data.unlabelled_folder`, whose cells it labels, got 'weights.keras'; set it.",
        ),
        (
            UNLABELLED | {"data.unlabelled_reader": "gband"},
            None,
        ),
        (
            {"data.unlabelled_reader": "gband"},
            "`data.unlabelled_reader` must be empty without `data.unlabelled_folder`, got "
            "'gband'; leave it out, or name the folder.",
        ),
        (
            {"data.unlabelled_polarity": "upright"},
            "`data.unlabelled_polarity` must be any without `data.unlabelled_folder`, got "
            "'upright'; leave it out, or name the folder.",
        ),
        (
            {"normalization.straightening": "medial_axis", "normalization.tilt": "keep"},
            "`normalization.tilt` must be remove with `normalization.straightening` medial_axis, "
            "whose chromosomes are upright, got keep; set it to remove.",
        ),
        (
            {"training.kept": "last", "training.patience_epochs": 3},
            "`training.patience_epochs` must be 0 with `training.kept` last, got 3; set it to 0, "
            "or `training.kept` to lowest_loss.",
        ),
        (
            {
                "training.kept": "last",
                "model.start": "kept_unless_improved",
                "model.init_from": "gband",
            },
            "`training.kept` must be lowest_loss with `model.start` 'kept_unless_improved', got "
            "last; set it to lowest_loss.",
        ),
        (
            {"optimizer.name": "adam"},
            "`optimizer.weight_decay` must be 0 with `optimizer.name` 'adam', which doesn't use "
            "it, got 0.01; set it to 0, or `optimizer.name` to adamw.",
        ),
        (
            {"optimizer.momentum": 0.9},
            "`optimizer.momentum` must be 0 with `optimizer.name` 'adamw', which doesn't use "
            "it, got 0.9; set it to 0, or `optimizer.name` to nesterov.",
        ),
        (
            {"optimizer.rate_decay": 1e-6},
            "`optimizer.rate_decay` must be 0 with `optimizer.schedule` 'cosine', which doesn't "
            "use it, got 1e-06; set it to 0, or `optimizer.schedule` to inverse_time.",
        ),
        (
            {"split.protocol": "poletti", "split.fold": 1},
            "`split.fold` must be 0 with `split.protocol` 'poletti', which has no folds, got 1; "
            "vary `split.seed` instead.",
        ),
        ({"split.protocol": "cells", "split.fold": 1}, None),
        (
            {"split.protocol": "paper", "split.validation_share": 0.3},
            "`split.validation_share` must be 0.1 with `split.protocol` 'paper', which validates "
            "with 360 images, got 0.3; leave it, or choose another protocol.",
        ),
        ({"split.protocol": "cells", "split.validation_share": 0.3}, None),
        (
            {"model.name": "super_alexnet", "model.input_px": 66},
            "`model.input_px` must be at least 67 with `super_alexnet`, got 66; raise it.",
        ),
        (
            {"model.name": "deep_cnn", "model.input_px": 0},
            "`model.input_px` must be at least 64 with `deep_cnn`, got 50 of the canvas; raise it.",
        ),
        ({"model.name": "alexnet", "model.input_px": 67}, None),
        (
            {
                "super_resolution.pretraining_epochs": 2,
                "model.start": "kept_unless_improved",
                "model.init_from": "gband",
            },
            "`super_resolution.pretraining_epochs` must be 0 with `model.start` "
            "'kept_unless_improved', which tests the initial weights as they are, got 2; set it "
            "to 0.",
        ),
        ({"data.own_polarity": "any", "model.polarity": "read"}, None),
        ({"training.batch_size": 32, "training.accumulation_steps": 4}, None),
        ({"model.rematerialization": "blocks"}, None),
        ({"model.name": "stripnet", "model.stem_stride": 2}, None),
        (
            {"model.stem_stride": 2},
            "`model.stem_stride` must be 1 except for StripNet, got 2 with `super_xception`; set "
            "it to 1.",
        ),
    ],
)
def test_what_goes_together(fields, problem):
    assert find_problems(changed(**fields)) == ([problem] if problem else [])


def test_what_does_not_go_together_is_listed_at_once():
    fields = {"optimizer.name": "adam", "split.protocol": "paper", "split.fold": 1}
    problems = find_problems(changed(**fields, **{"model.name": "alexnet"}))
    assert [one.split("`")[1] for one in problems] == [
        "split.fold",
        "model.input_px",
        "optimizer.weight_decay",
    ]
