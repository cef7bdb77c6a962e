"""The cases of a scaling study, the most important ones first."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from superxception_jax.models.build import classifier_options
from superxception_jax.models.precision import PRECISIONS
from superxception_jax.studies.scaling.case import COMPILED, TOO_LARGE, Case, Compiled
from superxception_jax.studies.scaling.topology import COMPILED_CHIPS, slice_shape
from superxception_jax.training.chips import find_chip_by_name

SCALINGS = ("weak", "strong")
REMATERIALIZATIONS = ("middle_flow", "blocks")
ACCUMULATION_STEPS = 4
# A largest batch is a multiple of this many images, and sought in at most so many attempts.
BATCH_STEP = 8
MOST_ATTEMPTS = 4


@dataclass(frozen=True)
class ScalingRequest:
    """What a study compiles.

    Attributes:
        slices: Numbers of chips by name of the chip, the most important chip first.
        scalings: Which of `SCALINGS`: weak keeps the images per chip, strong those per step.
        precisions: Number formats, the most important first.
        images_per_chip: Images per step and chip of weak scaling.
        images_per_step: Images per step over all chips of strong scaling.
        switches: Choices of rematerialization and accumulation steps whose effect is shown.
    """

    slices: Mapping[str, tuple[int, ...]]
    scalings: tuple[str, ...]
    precisions: tuple[str, ...]
    images_per_chip: int
    images_per_step: int
    switches: tuple[tuple[str, int], ...]

    def cases(self, scaling: str, chip: str, precision: str) -> list[Case]:
        """Return the cases of a curve, in rising number of chips.

        Args:
            scaling: "weak" or "strong".
            chip: Name of the chip.
            precision: Number format.
        """
        return [
            Case(
                chip,
                chips,
                self.images_per_chip * chips if scaling == "weak" else self.images_per_step,
                precision,
                rematerialization="none",
                accumulation_steps=1,
            )
            for chips in self.slices[chip]
        ]


def switches_of(network: str) -> tuple[tuple[str, int], ...]:
    """Return the switches of a network that save memory: rematerialization, accumulation steps.

    Args:
        network: Name of the network.
    """
    blocks = REMATERIALIZATIONS if "rematerialization" in classifier_options(network) else ()
    return (
        *((one, 1) for one in blocks),
        ("none", ACCUMULATION_STEPS),
        *((one, ACCUMULATION_STEPS) for one in blocks[-1:]),
    )


def parse_slices(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the numbers of chips by name.

    Args:
        texts: Names and numbers as a flag gives them: a name with the first of its numbers, then
            its other numbers.

    Raises:
        ValueError: A name is unknown, or a number isn't a power of two.

    >>> parse_slices(["v5e:1", "4", "v5p:64"])
    {'v5e': (1, 4), 'v5p': (64,)}
    """
    slices: dict[str, tuple[int, ...]] = {}
    name = ""
    for text in texts:
        start, colon, number = text.rpartition(":")
        name = start if colon else name
        if name not in COMPILED_CHIPS:
            raise ValueError(
                f"`--chips` must be such as v5e:1,4,16 with a chip of {', '.join(COMPILED_CHIPS)}, "
                f"got `{','.join(texts)}`; correct it."
            )
        if not number.isdigit():
            raise ValueError(f"`--chips` must have whole numbers, got `{text}`; correct it.")
        slice_shape(find_chip_by_name(name), int(number))
        slices[name] = tuple(sorted({*slices.get(name, ()), int(number)}))
    return slices


def check_request(request: ScalingRequest) -> None:
    """Raise if a request can't be planned.

    Args:
        request: The request.

    Raises:
        ValueError: A choice is unknown, or images can't be divided among the chips.
    """
    for flag, given, allowed in (
        ("--scaling", request.scalings, SCALINGS),
        ("--precisions", request.precisions, PRECISIONS),
    ):
        for one in given:
            if one not in allowed:
                raise ValueError(
                    f"`{flag}` must be of {', '.join(allowed)}, got `{one}`; correct it."
                )
    most = max((counts[-1] for counts in request.slices.values()), default=1)
    if "strong" in request.scalings and request.images_per_step % most:
        raise ValueError(
            f"`--global_batch` must be a multiple of the {most} chips, got "
            f"{request.images_per_step}; choose {-(-request.images_per_step // most) * most}."
        )


def plan_cases(request: ScalingRequest) -> list[Case]:
    """Return the cases of a request, each once, the most important first.

    Args:
        request: Checked request.

    Returns:
        The curves of the first chip, the switches on one of it, then the other chips, then the
        second sizes from which the largest batch is estimated.
    """
    cases: list[Case] = []
    for index, name in enumerate(request.slices):
        for precision in request.precisions:
            for scaling in request.scalings:
                cases += request.cases(scaling, name, precision)
        if index == 0:
            cases += switch_cases(request)
    for name in request.slices:
        for precision in request.precisions:
            cases += size_cases(request, name, precision)
    return list(dict.fromkeys(cases))


def switch_cases(request: ScalingRequest) -> list[Case]:
    """Return the cases that show the effect of each switch, on one chip of the first kind.

    Args:
        request: Checked request.

    Returns:
        The cases, for each precision that without a switch first; none without chip or switches.
    """
    if not request.switches:
        return []
    return [
        Case(name, 1, request.images_per_chip, precision, blocks, steps)
        for name in list(request.slices)[:1]
        for precision in request.precisions
        for blocks, steps in (("none", 1), *request.switches)
    ]


def size_cases(request: ScalingRequest, chip: str, precision: str) -> list[Case]:
    """Return one chip with the images of weak scaling, and with twice as many.

    Args:
        request: Checked request.
        chip: Name of the chip.
        precision: Number format.
    """
    return [
        Case(chip, 1, images, precision, "none", 1)
        for images in (request.images_per_chip, 2 * request.images_per_chip)
    ]


def next_size(sizes: Sequence[tuple[Case, Compiled]], *, memory_bytes: float) -> Case | None:
    """Return the case that comes closer to the largest batch of a chip; None if it is known.

    The memory grows linearly with the batch until the compiler, short of it, computes activations
    again instead of keeping them. So the line through the two largest sizes that fit gives the
    first size to try; then the size is doubled, and the gap to what doesn't fit is halved.

    Args:
        sizes: Cases of one chip that differ in their images only, with their results.
        memory_bytes: Memory of the chip that a step may take.

    Returns:
        The case, or None where the gap is at most an eighth of the batch.
    """
    fitting = sorted(
        ((case, result) for case, result in sizes if result.status == COMPILED),
        key=lambda one: one[0].images,
    )
    if not fitting:
        return None
    largest, result = fitting[-1]
    refused = min((case.images for case, one in sizes if one.status == TOO_LARGE), default=None)
    gap = max(BATCH_STEP, largest.images // 8)
    if refused is not None and refused - largest.images <= gap:
        return None
    images = 0
    if len(fitting) > 1:
        smaller, less = fitting[-2]
        slope = (result.needed_bytes - less.needed_bytes) / (largest.images - smaller.images)
        if slope > 0:
            images = largest.images + int((memory_bytes - result.needed_bytes) / slope)
            images = images // BATCH_STEP * BATCH_STEP
    if refused is None:
        images = images if images > largest.images + gap else 2 * largest.images
    elif not largest.images < images < refused:
        images = (largest.images + refused) // 2 // BATCH_STEP * BATCH_STEP
    return dataclasses.replace(largest, images=images) if images > largest.images else None
