"""Super-Xception with the stack frozen at the identity.

| question | Do the layers around the stack have any effect? |
| compare with | `xception` |
| presets | those of `configs/super_xception.py`, with the epochs of `configs/xception.py` |

It must equal Xception up to the chance of another initialisation, which depends on the names of the
parameters.
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.super_xception import get_config as get_super_xception
from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Super-Xception with this change and the given preset."""
    config = get_super_xception(preset)
    with config.unlocked():
        config.name = "identity_stack"
        config.training.epochs = get_xception(preset).training.epochs
        # With a standard deviation of zero, the residual is zero and stays zero.
        config.super_resolution.initial_sigma = 0.0
        config.super_resolution.parameters = "frozen"
    return config
