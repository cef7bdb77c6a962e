"""The curved axis of a synthetic chromosome."""

from __future__ import annotations

import numpy as np

_ARC_DEGREES = 10.0
_WAVE_DEGREES = 6.0
_KINK_DEGREES = 14.0
_KINK_HALF_LENGTH_PX = 5.0
_HAIRPIN_SHARE = 0.05
_HAIRPIN_DEGREES = (45.0, 85.0)
_FULL_BEND_LENGTH_PX = 50.0
_TILT_LIMIT_DEGREES = 50.0


def draw_curve(
    generator: np.random.Generator,
    *,
    length_px: float,
    centromere: float,
    samples: int,
    tilt_degrees: float,
    bend: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the axis of a chromosome: slightly bent, kinked at the centromere, p arm up, tilted.

    Tilts and bends follow a public Q-band set: most axes are nearly straight, few are U-shaped.

    Args:
        generator: Random generator; it is advanced.
        length_px: Length along the axis, above 0.
        centromere: Position of the centromere as a share of the length, 0..1.
        samples: Number of points on the axis, at least 2.
        tilt_degrees: Standard deviation of the tilt of the chord from the vertical.
        bend: Strength of bends, 0 for straight axes, 1 for the spread of the Q-band set.

    Returns:
        points f64[S,2] as (x, y) in px with y down, and unit normals f64[S,2]; pter first.
    """
    place = (np.arange(samples) + 0.5) / samples
    # Short chromosomes are stiff.
    flexibility = bend * min(1.0, length_px / _FULL_BEND_LENGTH_PX)
    arc = _ARC_DEGREES * np.clip(generator.standard_t(3.0), -4.0, 4.0)
    hairpin = generator.uniform(*_HAIRPIN_DEGREES) * generator.choice((-1.0, 1.0))
    if generator.random() < _HAIRPIN_SHARE:
        arc = hairpin
    wave = generator.normal(0.0, _WAVE_DEGREES)
    kink = generator.normal(0.0, _KINK_DEGREES)
    sharpness = length_px / _KINK_HALF_LENGTH_PX
    heading = np.deg2rad(
        flexibility
        * (
            arc * (2.0 * place - 1.0)
            + wave * np.sin(2.0 * np.pi * place)
            + kink * np.tanh((place - centromere) * sharpness)
        )
    )
    tilt = np.clip(generator.normal(0.0, tilt_degrees), -_TILT_LIMIT_DEGREES, _TILT_LIMIT_DEGREES)
    steps = np.stack([np.sin(heading), np.cos(heading)], axis=1)
    chord = steps.sum(axis=0)
    # Turned as a whole, so that the chord rather than the first step has the tilt.
    heading += np.deg2rad(tilt) - np.arctan2(chord[0], chord[1])
    steps = np.stack([np.sin(heading), np.cos(heading)], axis=1)
    points = np.cumsum(steps, axis=0) * (length_px / samples)
    normals = np.stack([steps[:, 1], -steps[:, 0]], axis=1)
    return points, normals
