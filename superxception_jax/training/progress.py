"""How far a training has come: what is stored beside each checkpoint."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Progress:
    """The progress of a training.

    Attributes:
        training_seconds: Time spent in training steps and validation.
        best_validation_loss: Lowest validation loss so far; None before the first validation.
        best_step: Step of that loss; None before the first validation.
    """

    training_seconds: float = 0.0
    best_validation_loss: float | None = None
    best_step: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the progress as JSON values; what is not known yet is left out."""
        return {name: value for name, value in vars(self).items() if value is not None}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Progress:
        """Return the progress that `to_json` wrote."""
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: values[name] for name in names if name in values})
