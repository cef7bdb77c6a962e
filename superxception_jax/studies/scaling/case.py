"""One program of the scaling study, and what a compiler says about it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COMPILED, TOO_LARGE, FAILED, PENDING = "compiled", "too large", "failed", "pending"


@dataclass(frozen=True)
class Case:
    """A training step for a number of chips.

    Attributes:
        chip: Name of the chip, see `training.chips.CHIPS`.
        chips: Number of chips.
        images: Images per step over all chips.
        precision: Number format of activations and products.
        rematerialization: Blocks whose activations are computed again in the backward pass.
        accumulation_steps: Parts into which a step divides its batch.
    """

    chip: str
    chips: int
    images: int
    precision: str
    rematerialization: str
    accumulation_steps: int

    @property
    def images_per_chip(self) -> int:
        """Return the images per step and chip."""
        return self.images // self.chips

    @property
    def overrides(self) -> tuple[str, ...]:
        """Return the fields of the config that make it the case."""
        return (
            f"model.precision={self.precision}",
            f"model.rematerialization={self.rematerialization}",
            f"training.accumulation_steps={self.accumulation_steps}",
            f"training.batch_size={self.images}",
        )

    def describe(self) -> str:
        """Return the case in a few words."""
        text = f"{self.chip} × {self.chips}, {self.images} images, {self.precision}"
        if self.rematerialization != "none":
            text += f", rematerialization {self.rematerialization}"
        if self.accumulation_steps > 1:
            text += f", {self.accumulation_steps} accumulation steps"
        return text


@dataclass(frozen=True)
class Collective:
    """All operations of one kind by which the chips exchange data in a step.

    Attributes:
        kind: Name of the operation, such as "all-reduce".
        count: Number of operations.
        bytes: Bytes of their results on one chip, added up.
    """

    kind: str
    count: int
    bytes: int


@dataclass(frozen=True)
class Compiled:
    """What a compiler says about a case; all numbers are those of one chip and step.

    Attributes:
        status: `COMPILED`, `TOO_LARGE` (the step doesn't fit into the memory), `FAILED` or
            `PENDING` (not tried yet).
        message: One sentence about a case that isn't compiled; empty for one that is.
        flops: Operations as the compiler counts them.
        counted_flops: Operations of convolutions and products, counted without the compiler.
        bytes_accessed: Bytes to and from the memory, as the compiler counts them.
        argument_bytes: Memory of the state, the batch and the key.
        output_bytes: Memory of the next state and the metrics.
        alias_bytes: Part of the outputs that takes the place of arguments.
        temporary_bytes: Memory of everything between.
        needed_bytes: Memory of the whole step; for one that is too large, what it would take.
        collectives: Exchange of data between the chips, by kind.
        seconds: Time to lower and compile.
        versions: Compiler and packages, by name.
    """

    status: str
    message: str = ""
    flops: float = 0.0
    counted_flops: float = 0.0
    bytes_accessed: float = 0.0
    argument_bytes: int = 0
    output_bytes: int = 0
    alias_bytes: int = 0
    temporary_bytes: int = 0
    needed_bytes: int = 0
    collectives: tuple[Collective, ...] = ()
    seconds: float = 0.0
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        values = dataclasses.asdict(self)
        return values | {"collectives": [dataclasses.asdict(one) for one in self.collectives]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Compiled:
        """Return the record that `to_json` wrote.

        Raises:
            TypeError: A value is missing or unknown.
        """
        collectives = tuple(Collective(**one) for one in values["collectives"])
        return cls(**{**values, "collectives": collectives})


def case_key(case: Case, program: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    """Return the name under which the result of a case is kept.

    Args:
        case: The case.
        program: What determines the step besides, such as network and optimiser.
        versions: Versions of compiler and packages.
    """
    content = json.dumps([dataclasses.asdict(case), program, versions], sort_keys=True, default=str)
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    return f"{case.chip}-{case.chips}-{case.images}-{case.precision}-{digest}"
