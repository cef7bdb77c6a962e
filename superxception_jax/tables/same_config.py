"""Which configs belong in one table, and which in one row of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from superxception_jax.runs.config.config_values import (
    config_differences,
    with_canvas_as_zero,
    without_fields,
)
from superxception_jax.runs.workdir import FREE_FIELDS, with_absolute_places

_FREE_FIELDS = (*FREE_FIELDS, "data.data_dir", "data.manual_dir", "split.fold")
# What the runs of a row may differ in. A folder may have moved; its images are compared.
FREE_ROW_FIELDS = ("seed", "data.own_folder", *_FREE_FIELDS)
# What the runs of a table may differ in, because it changes neither the test images nor the
# interval.
FREE_TABLE_FIELDS = (
    *_FREE_FIELDS,
    "split.training_share",
    "split.test_only",
    "data.repeats",
    "data.curled_share",
    "data.unlabelled_folder",
    "data.unlabelled_reader",
    "data.unlabelled_polarity",
)


def table_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the fields in which two configs test different images, as `config_differences`.

    Args:
        one: JSON values of a config.
        other: JSON values of another config.
    """
    return _differences(one, other, ("data", "split", "evaluation"), without=FREE_TABLE_FIELDS)


def row_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the fields for which two configs are no runs of one row, as `config_differences`.

    Args:
        one: JSON values of a config.
        other: JSON values of another config.
    """
    return _differences(one, other, tuple({**one, **other}), without=FREE_ROW_FIELDS)


def _differences(
    one: Mapping[str, Any],
    other: Mapping[str, Any],
    sections: Sequence[str],
    *,
    without: Sequence[str],
) -> list[str]:
    # One folder can be written in several ways, and so can an input that is the canvas.
    configs = map(with_canvas_as_zero, map(with_absolute_places, (one, other)))
    return config_differences(*(_select(config, sections, without=without) for config in configs))


def _select(
    config: Mapping[str, Any], names: Sequence[str], *, without: Sequence[str]
) -> dict[str, Any]:
    """Return sections of a config without some fields, which are given as `section.field`."""
    kept = without_fields(config, without)
    return {name: kept.get(name, "absent") for name in names if name not in without}
