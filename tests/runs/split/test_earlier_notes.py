"""What is printed about the networks that a run builds on."""

from __future__ import annotations

import pytest

from superxception_jax.runs.split.lineage import check_unseen
from superxception_jax.runs.split.split_data import draw_split
from tests.runs.split.test_lineage import experiment, laboratory, own_network


@pytest.mark.parametrize(
    ("preset", "field", "counts", "meaning"),
    [
        ("own", "model__init_from", False, "validation accuracy and calibration may be too"),
        ("own", "data__unlabelled_reader", False, "validation accuracy and calibration may be too"),
        ("adapt", "model__init_from", True, "compared on these, it may be kept although"),
    ],
)
def test_a_network_that_knows_validation_images_is_reported(
    tmp_path, capsys, preset, field, counts, meaning
):
    images = laboratory("own")
    weights, _ = own_network(tmp_path, images)
    fields = {"data__own_folder": str(tmp_path / "cells"), field: weights}
    if field == "data__unlabelled_reader":
        fields["data__unlabelled_folder"] = str(tmp_path)
    again = experiment(preset, **fields)
    assert again.start_counts == counts
    split = draw_split(again)(images)
    check_unseen(again, images, split)
    count = len(split.validation)
    known = f"`{weights}` was trained or validated on {count} of {count} validation images"
    assert f"{known}: {meaning}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model__init_from": "gband"}, ""),
        (
            {"model__init_from": "gband", "normalization__grey": "keep"},
            "`gband` was trained on images that were normalised in another way; here "
            "`config.normalization` has grey keep instead of cell\n",
        ),
        (
            {
                "data__unlabelled_reader": "gband",
                "data__unlabelled_folder": "x",
                "normalization__length": "none",
            },
            "`gband` was trained on images that were normalised in another way; here "
            "`config.normalization` has length none instead of cell\n",
        ),
    ],
)
def test_a_network_that_gets_other_images_than_in_its_training_is_reported(capsys, fields, said):
    started = experiment("adapt", data__own_folder="cells", **fields)
    images = laboratory("own")
    check_unseen(started, images, draw_split(started)(images))
    assert capsys.readouterr().out == said


def test_what_is_not_known_of_an_unnamed_own_folder_is_said(earlier_version, capsys):
    """As of an export of a run of an earlier version, which doesn't know its images."""
    for data_set, said in (("own", True), ("gband", False)):
        fields = {"data__dataset": data_set, "data__own_folder": "/elsewhere/OWN_FOLDER"}
        started = experiment(**fields, model__init_from=earlier_version)
        images = laboratory(data_set)
        check_unseen(started, images, draw_split(started)(images))
        text = f"what `{earlier_version}` was trained on is not known, because beside it"
        assert (text in capsys.readouterr().out) == said
