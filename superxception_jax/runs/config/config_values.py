"""Configs as plain JSON values: read back, and compared field by field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ml_collections import ConfigDict


def config_from_json(values: Mapping[str, Any]) -> ConfigDict:
    """Return the locked config that was stored as JSON values.

    Args:
        values: Values of `Experiment.config`; lists become tuples again.
    """

    def restore(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: restore(inner) for name, inner in value.items()}
        return tuple(restore(inner) for inner in value) if isinstance(value, list) else value

    return ConfigDict(restore(values)).lock()


def without_fields(config: Mapping[str, Any], paths: Collection[str]) -> dict[str, Any]:
    """Return a config without some fields, to be compared with another one.

    Args:
        config: JSON values of a config.
        paths: Fields, such as `seed` and `training.devices`.

    >>> without_fields({"seed": 1, "data": {"a": 2, "b": 3}}, ["seed", "data.b"])
    {'data': {'a': 2}}
    """
    kept = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            value = {field: one for field, one in value.items() if f"{name}.{field}" not in paths}
        if name not in paths:
            kept[name] = value
    return kept


def with_canvas_as_zero(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config in which an input as large as the canvas is written as 0, as it may be.

    Args:
        config: JSON values of a config, maybe without these fields.

    >>> with_canvas_as_zero({"model": {"input_px": 50}, "normalization": {"image_px": 50}})["model"]
    {'input_px': 0}
    """
    model = config.get("model", {})
    if model.get("input_px", 0) != config.get("normalization", {}).get("image_px"):
        return dict(config)
    return {**config, "model": {**model, "input_px": 0}}


def config_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the fields in which two configs differ, as `path: one → other`.

    Args:
        one: JSON values of a config.
        other: JSON values of another config.

    Returns:
        One line per field, sorted by name.
    """
    lines = []
    for name in sorted(set(one) | set(other)):
        left, right = one.get(name, "absent"), other.get(name, "absent")
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            lines += [f"{name}.{line}" for line in config_differences(left, right)]
        elif left != right:
            lines.append(f"{name}: {left} → {right}")
    return lines
