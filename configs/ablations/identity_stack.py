"""Super-Xception with the stack frozen at the identity.

| question | Do the layers around the stack have any effect? It must equal Xception. |
| compare with | `xception` |
| presets | those of `configs/super_xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.super_xception import get_config as get_super_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Super-Xception with this change and the given preset."""
    config = get_super_xception(preset)
    with config.unlocked():
        config.name = "identity_stack"
        # With a standard deviation of zero, the residual is zero and stays zero.
        config.super_resolution.initial_sigma = 0.0
        config.super_resolution.parameters = "frozen"
    return config
