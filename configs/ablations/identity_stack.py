"""Super-Xception whose stack is frozen at the identity.

| question | Does what surrounds the stack change anything? It must equal Xception. |
| compare with | `xception` |
| presets | as of `configs/super_xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.super_xception import get_config as get_super_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of super_xception with this one change, at the size of `preset`."""
    config = get_super_xception(preset)
    with config.unlocked():
        config.name = "identity_stack"
        # A Gaussian of width zero: the residual is zero and stays so.
        config.super_resolution.initial_sigma = 0.0
        config.super_resolution.parameters = "frozen"
    return config
