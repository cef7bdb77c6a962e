"""Networks by name."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from superxception_jax.keys import key_for
from superxception_jax.models.alexnet import AlexNet
from superxception_jax.models.cnn import DeepCNN
from superxception_jax.models.resnet import ResNet50
from superxception_jax.models.stripnet import StripNet
from superxception_jax.models.super_resolution import SuperResolution, SuperResolvedClassifier
from superxception_jax.models.xception import Xception

# Name: (classifier, whether the super-resolution stack precedes it).
MODELS: dict[str, tuple[type[nn.Module], bool]] = {
    "deep_cnn": (DeepCNN, False),
    "alexnet": (AlexNet, False),
    "super_alexnet": (AlexNet, True),
    "resnet50": (ResNet50, False),
    "super_resnet50": (ResNet50, True),
    "stripnet": (StripNet, False),
    "xception": (Xception, False),
    "super_xception": (Xception, True),
}
# Fields that Linen adds to every module; they are not options.
_LINEN_FIELDS = {"parent", "name"}


def build_model(
    name: str,
    *,
    classes: int,
    implementation: str,
    classifier: Mapping[str, Any],
    super_resolution: Mapping[str, Any],
) -> nn.Module:
    """Return a network.

    Args:
        name: Key of `MODELS`.
        classes: Number of classes.
        implementation: Form of the operations, "plain" or "fast".
        classifier: Other attributes of the classifier, see `classifier_options`.
        super_resolution: Other attributes of `SuperResolution`, and `enlarged_px`, see
            `SuperResolvedClassifier`; empty for a network without the stack.

    Returns:
        The Linen module; `__call__(images, *, train)` returns logits. The parameters of a
        network with the stack are under `super_resolution` and `classifier`.

    Raises:
        ValueError: The name or an option is unknown, or an option is missing.
    """
    allowed = set(classifier_options(name))
    kind, has_stack = MODELS[name]
    required = classifier_options(name, required=True)
    _check_options(f"classifier` of `{name}", given=classifier, allowed=allowed, required=required)
    stack = _fields(SuperResolution) | {"enlarged_px"} if has_stack else set()
    _check_options(
        f"super_resolution` of `{name}", given=super_resolution, allowed=stack, required=stack
    )
    network = kind(classes=classes, implementation=implementation, **classifier)
    if not has_stack:
        return network
    options = dict(super_resolution)
    enlarged_px = options.pop("enlarged_px")
    return SuperResolvedClassifier(
        super_resolution=SuperResolution(implementation=implementation, **options),
        classifier=network,
        enlarged_px=enlarged_px,
    )


def init_variables(model: nn.Module, *, key: jax.Array, input_px: int) -> dict[str, Any]:
    """Draw the variables of a network before any training.

    Args:
        model: Network of f32[B,input_px,input_px,1].
        key: Root key of the run.
        input_px: Side of the network's input in px.

    Returns:
        `params` and `batch_stats`; the latter is empty for a network without BatchNorm. Under
        `jax.eval_shape` these are the shapes, and nothing is computed.
    """
    images = jnp.zeros((1, input_px, input_px, 1), jnp.float32)
    variables = model.init({"params": key_for(key, "init")}, images, train=False)
    return {"params": variables["params"], "batch_stats": variables.get("batch_stats", {})}


def classifier_options(name: str, *, required: bool = False) -> tuple[str, ...]:
    """Return the names of the classifier's attributes that a config chooses.

    Args:
        name: Key of `MODELS`.
        required: Whether those with a default are left out.

    Returns:
        Sorted names, without `classes` and `implementation`.

    Raises:
        ValueError: The name is unknown.

    >>> classifier_options("alexnet")
    ('dropout_rate', 'width_multiplier')
    """
    if name not in MODELS:
        raise ValueError(
            f"`name` must be one of {tuple(MODELS)}, got {name!r}; {_advice(name, MODELS)}"
        )
    return tuple(sorted(_fields(MODELS[name][0], required=required) - {"classes"}))


def has_super_resolution(name: str) -> bool:
    """Return whether the super-resolution stack is part of a network.

    Args:
        name: Key of `MODELS`.
    """
    return MODELS[name][1]


def smallest_input_px(name: str) -> int:
    """Return the smallest side in px of images that a network's classifier can take.

    Args:
        name: Key of `MODELS`.

    >>> smallest_input_px("super_alexnet")
    67
    """
    # A network that names none takes any.
    smallest: int = getattr(MODELS[name][0], "minimum_px", 1)
    return smallest


def _fields(module: type[nn.Module], *, required: bool = False) -> set[str]:
    names = {
        field.name
        for field in dataclasses.fields(module)
        if not required or field.default is field.default_factory is dataclasses.MISSING
    }
    return names - _LINEN_FIELDS - {"implementation"}


def _check_options(
    what: str, *, given: Iterable[str], allowed: set[str], required: Iterable[str]
) -> None:
    for option in sorted(given):
        if option not in allowed:
            raise ValueError(
                f"`{what}` must have options of {sorted(allowed)}, got {option!r}; "
                f"{_advice(option, allowed)}"
            )
    missing = sorted(set(required) - set(given))
    if missing:
        raise ValueError(f"`{what}` must include {missing}; give their values.")


def _advice(wrong: str, allowed: Iterable[str]) -> str:
    near = difflib.get_close_matches(wrong, list(allowed), n=1)
    return f"did you mean {near[0]!r}?" if near else "choose one of them."
