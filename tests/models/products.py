"""The products of a lowered program."""

from __future__ import annotations

import re


def products_of(text: str) -> list[str]:
    """Return the lines of the convolutions and matrix products.

    Args:
        text: Program in StableHLO.
    """
    return re.findall(r"^.*stablehlo\.(?:convolution|dot_general|dot)\b.*$", text, re.MULTILINE)


def exact_products_of(text: str) -> list[str]:
    """Return the lines of those products that are in float32 on every device.

    Args:
        text: Program in StableHLO.
    """
    return [line for line in products_of(text) if line.count("HIGHEST") == 2]
