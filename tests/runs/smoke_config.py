"""A config with other values, as tests need it."""

from __future__ import annotations

import json

from configs.super_xception import get_config
from superxception_jax.runs.config.config_values import config_from_json


def changed(**fields):
    """Return a config as a file that was changed by hand could hold it."""
    values = json.loads(get_config("smoke").to_json())
    for path, value in fields.items():
        inner = values
        *sections, name = path.split(".")
        for section in sections:
            inner = inner[section]
        inner[name] = value
    return config_from_json(values)
