"""Build networks by name."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any

from flax import linen as nn

from superxception_jax.models.super_resolution import SuperResolution, SuperResolvedClassifier
from superxception_jax.models.xception import Xception


def super_xception(
    *,
    classes: int,
    width_multiplier: float,
    middle_modules: int,
    middle_flow: str,
    momentum: float,
    dropout_rate: float,
    super_resolution_features: tuple[int, int],
    final_activation: str,
    skip: str,
    initialization: str,
    initial_sigma: float,
    implementation: str,
) -> SuperResolvedClassifier:
    """Build Super-Xception, the paper's network.

    Args:
        classes: number of classes.
        width_multiplier: factor of Xception's channel numbers.
        middle_modules: number of blocks of Xception's middle flow; 8 in the paper.
        middle_flow: "scan" or "unrolled".
        momentum: of BatchNorm.
        dropout_rate: share of the features dropped before the head, in [0, 1).
        super_resolution_features: channels of the stack; (64, 32) in the paper.
        final_activation: "none" or "relu" after the stack's last convolution.
        skip: "input" or "none".
        initialization: "gaussian" or "glorot", of the stack.
        initial_sigma: standard deviation of the Gaussian.
        implementation: "plain" or "fast".

    Returns:
        The module; its parameters lie under `super_resolution` and `classifier`.

    Source: the paper, the section on the proposed method.
    """
    return SuperResolvedClassifier(
        super_resolution=SuperResolution(
            features=super_resolution_features,
            final_activation=final_activation,
            skip=skip,
            initialization=initialization,
            initial_sigma=initial_sigma,
            implementation=implementation,
        ),
        classifier=Xception(
            classes=classes,
            width_multiplier=width_multiplier,
            middle_modules=middle_modules,
            middle_flow=middle_flow,
            momentum=momentum,
            dropout_rate=dropout_rate,
            implementation=implementation,
        ),
    )


MODELS: dict[str, Callable[..., nn.Module]] = {
    "xception": Xception,
    "super_xception": super_xception,
}
# Fields that Linen adds to every module; they are no options.
_LINEN_FIELDS = {"parent", "name"}


def build_model(name: str, **options: Any) -> nn.Module:
    """Build a network.

    Args:
        name: a key of `MODELS`.
        **options: the network's attributes, all of them.

    Returns:
        The Linen module: `__call__(images, *, train)` returns logits.

    Raises:
        ValueError: the name or an option is unknown, or an option is missing.

    Source: ours, because a literal dict shows every network in one place.
    """
    if name not in MODELS:
        raise ValueError(
            f"`name` must be one of {tuple(MODELS)}, got {name!r}; {_advice(name, tuple(MODELS))}"
        )
    allowed = tuple(set(inspect.signature(MODELS[name]).parameters) - _LINEN_FIELDS)
    for option in sorted(options):
        if option not in allowed:
            raise ValueError(
                f"`{option}` must be an option of {name!r}, one of {sorted(allowed)}; "
                f"{_advice(option, allowed)}"
            )
    missing = sorted(set(allowed) - set(options))
    if missing:
        raise ValueError(f"`options` of {name!r} must include {missing}; give their values.")
    return MODELS[name](**options)


def _advice(wrong: str, allowed: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(wrong, allowed, n=1)
    return f"did you mean {near[0]!r}?" if near else "choose one of them."
