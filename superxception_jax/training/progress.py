"""The progress of a training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Progress:
    """Progress of a training, stored with each checkpoint.

    Attributes:
        training_seconds: Time spent on training steps and validations, with those of a pretraining.
        best_validation_loss: Validation loss of the weights that are kept, the lowest so far or the
            latest one; infinite before the first validation.
        best_step: Step at which it was reached; 0 before the first validation, and for the start of
            the training where that counts.
        stopped_epoch: Epoch after which training stopped because the validation loss no longer
            improved; 0 if it has not stopped early.
    """

    training_seconds: float = 0.0
    best_validation_loss: float = math.inf
    best_step: int = 0
    stopped_epoch: int = 0

    @property
    def is_unjudged(self) -> bool:
        """Return whether no validation has chosen weights to keep yet."""
        return math.isinf(self.best_validation_loss) and self.best_step == 0

    def to_json(self) -> dict[str, Any]:
        """Return the JSON values, without those that are not known yet.

        A loss that isn't finite, which JSON can't hold, is left out too: the last weights are kept
        whatever theirs is.

        >>> Progress(training_seconds=2.5).to_json()
        {'training_seconds': 2.5}
        """
        values: dict[str, Any] = {"training_seconds": self.training_seconds}
        if is_finite := math.isfinite(self.best_validation_loss):
            values["best_validation_loss"] = self.best_validation_loss
        if is_finite or self.best_step:
            values["best_step"] = self.best_step
        return values | ({"stopped_epoch": self.stopped_epoch} if self.stopped_epoch else {})

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build the record from what `to_json` returned."""
        return cls(**values)
