"""How long a step takes at least, from what it computes and moves and the peaks of the chip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from superxception_jax.studies.scaling.case import Case, Collective, Compiled
from superxception_jax.studies.scaling.topology import slice_shape
from superxception_jax.training.chips import Chip, find_chip_by_name

# Time of a message to the next chip of a torus, and from device to device through a switch.
# Source: "How to Scale Your Model", jax-ml.github.io/scaling-book, part 3, for the torus.
HOP_SECONDS = 1e-6
# Largest number of chips up to which a curve is continued.
MOST_CHIPS = 2**16


@dataclass(frozen=True)
class Estimate:
    """Times of a step on one of several chips at the published peaks.

    Attributes:
        chips: Number of chips.
        images: Images per step over all chips.
        compute_s: Time of the operations.
        memory_s: Time of the traffic to and from the memory.
        exchange_s: Time in which the chips exchange data.
    """

    chips: int
    images: int
    compute_s: float
    memory_s: float
    exchange_s: float

    @property
    def work_s(self) -> float:
        """Return the time of a step without the exchange; traffic hides behind operations."""
        return max(self.compute_s, self.memory_s)

    @property
    def step_s(self) -> float:
        """Return the time of a step in which the exchange follows the work."""
        return self.work_s + self.exchange_s

    @property
    def overlapped_s(self) -> float:
        """Return the time of a step in which the exchange hides behind the work."""
        return max(self.work_s, self.exchange_s)

    @property
    def images_per_s(self) -> float:
        """Return the images per second over all chips, the exchange not hidden."""
        return self.images / self.step_s

    def epoch_s(self, training_images: int) -> float | None:
        """Return the time of an epoch; None if a step takes more images than there are.

        Args:
            training_images: Number of training images.
        """
        steps = training_images // self.images
        return steps * self.step_s if steps else None

    def efficiency(self, first: Estimate) -> float:
        """Return the images per second and chip relative to those of another number of chips.

        Args:
            first: Estimate for the smallest number of chips.
        """
        return (self.images_per_s / self.chips) / (first.images_per_s / first.chips)


def estimate(case: Case, compiled: Compiled) -> Estimate:
    """Return the times of a compiled step.

    Args:
        case: The case.
        compiled: What the compiler says about it.
    """
    chip = find_chip_by_name(case.chip)
    return Estimate(
        chips=case.chips,
        images=case.images,
        compute_s=compiled.flops / chip.peak_flops(case.precision),
        memory_s=compiled.bytes_accessed / chip.memory_bandwidth,
        exchange_s=exchange_seconds(compiled.collectives, chip=chip, chips=case.chips),
    )


def exchange_seconds(collectives: tuple[Collective, ...], *, chip: Chip, chips: int) -> float:
    """Return the time in which chips exchange data, one operation after the other.

    An all-reduce sends 2 (n - 1) / n of its bytes over all links of a chip, other operations half
    of it, and each waits for messages around the torus. Of a reduce-scatter the bytes are those
    of its result, one n-th of what it reduces.

    Args:
        collectives: Operations of a step on one chip.
        chip: Kind of chip.
        chips: Number of chips.
    """
    if chips == 1:
        return 0.0
    hops = sum(length for length in slice_shape(chip, chips) if length > 1) if chip.axes else 2
    seconds = 0.0
    for one in collectives:
        passes = 2 if one.kind == "all-reduce" else 1
        whole = one.bytes * (chips if one.kind == "reduce-scatter" else 1)
        sent = passes * (chips - 1) / chips * whole
        seconds += sent / chip.interconnect_bandwidth + one.count * hops * HOP_SECONDS
    return seconds


def chips_where_exchange_dominates(case: Case, compiled: Compiled, *, scaling: str) -> int | None:
    """Return the number of chips from which the exchange takes longer than the work.

    Args:
        case: Case with the most chips that is compiled.
        compiled: What the compiler says about it.
        scaling: "weak": the work of a chip stays; "strong": it is divided further.

    Returns:
        A power of two beyond one; None if there is none up to `MOST_CHIPS`, or, with "strong", as
        long as every chip has an image.
    """
    chip, known = find_chip_by_name(case.chip), estimate(case, compiled)

    def share(chips: int) -> float:
        return case.chips / chips if scaling == "strong" else 1.0

    most = min(MOST_CHIPS, case.images) if scaling == "strong" else MOST_CHIPS
    return _first_power(
        lambda chips: (
            exchange_seconds(compiled.collectives, chip=chip, chips=chips)
            > known.work_s * share(chips)
        ),
        most,
    )


def _first_power(holds: Callable[[int], bool], most: int) -> int | None:
    chips = 2
    while chips <= most:
        if holds(chips):
            return chips
        chips *= 2
    return None
