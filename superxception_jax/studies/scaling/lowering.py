"""The training step lowered for CUDA and ROCm, from a machine that has neither."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh

from superxception_jax.runs.experiment import Experiment
from superxception_jax.studies.scaling.case import Case
from superxception_jax.studies.scaling.program import build_step, count_step_flops, step_shapes
from superxception_jax.studies.scaling.scaling_plan import ScalingRequest
from superxception_jax.training.chips import CHIPS, Chip, find_chip_by_name
from superxception_jax.training.compile import DATA_AXIS

# Names of the cards for which a step can be lowered.
CARDS = tuple(chip.name for chip in CHIPS if chip.platform in ("cuda", "rocm"))


@dataclass(frozen=True)
class Lowered:
    """A training step for one GPU, as far as it is known without the compiler of the GPU.

    Attributes:
        case: The case.
        operations: Number of operations in the lowered program.
        counted_flops: Operations of convolutions and products.
        state_bytes: Memory of parameters, statistics and optimiser.
        seconds: Time to lower.
    """

    case: Case
    operations: int
    counted_flops: float
    state_bytes: int
    seconds: float


def find_cards(names: Sequence[str]) -> list[Chip]:
    """Return the records of GPUs.

    Args:
        names: Names as a flag gives them; `none` alone for none.

    Raises:
        ValueError: A name is unknown.
    """
    if list(names) == ["none"]:
        return []
    for name in names:
        if name not in CARDS:
            raise ValueError(
                f"`--gpus` must be of {', '.join(CARDS)}, or none, got `{name}`; correct it."
            )
    return [find_chip_by_name(name) for name in names]


def lower_cards(
    cards: Sequence[Chip],
    request: ScalingRequest,
    *,
    experiment_of: Callable[..., Experiment],
    show: Callable[[Iterable[Any]], Iterable[Any]],
) -> tuple[Lowered, ...]:
    """Return the training step for one of each card, in each precision.

    Args:
        cards: Records of the cards.
        request: What is studied.
        experiment_of: Function that returns the experiment of a case, in given forms.
        show: Function that shows the progress of a loop.
    """
    cases = [
        Case(card.name, 1, request.images_per_chip, precision, "none", 1)
        for card in cards
        for precision in request.precisions
    ]
    # The cards of a platform have the same program.
    programs: dict[tuple[str, str], Lowered] = {}
    found = []
    for case in show(cases):
        kind = (find_chip_by_name(case.chip).platform, case.precision)
        if kind not in programs:
            programs[kind] = lower_for(case, experiment_of(case, implementation="plain"))
        found.append(dataclasses.replace(programs[kind], case=case))
    return tuple(found)


def lower_for(case: Case, experiment: Experiment) -> Lowered:
    """Return a training step, lowered in its plain forms for one GPU.

    Args:
        case: Case of one device; its chip decides on the platform.
        experiment: Experiment of the case, with the plain forms.
    """
    platform = find_chip_by_name(case.chip).platform
    # Any device will do: the platform of the program is given by name.
    mesh = Mesh(np.array(jax.devices()[:1]), (DATA_AXIS,), axis_types=(AxisType.Auto,))
    shapes = step_shapes(experiment, mesh, images=case.images)
    started = time.monotonic()
    step = jax.jit(build_step(experiment, mesh), donate_argnums=0)
    text = step.trace(*shapes).lower(lowering_platforms=(platform,)).as_text()
    return Lowered(
        case,
        operations=text.count(" = "),
        counted_flops=count_step_flops(experiment, mesh),
        state_bytes=tree_bytes(shapes[0]),
        seconds=time.monotonic() - started,
    )


def tree_bytes(tree: Any) -> int:
    """Return the memory of a tree of arrays or shapes.

    Args:
        tree: The tree.
    """
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))
