"""What a stained and photographed cell looks like: the numbers behind each drawing style."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """The statistics of one staining.

    Every pair (a, b) is a mean and a standard deviation, of the logarithm where the first is
    called a median.

    Attributes:
        px_per_unit_median: scale of a cell, px per ISCN unit.
        px_per_unit_log_sd: its spread between cells.
        width_px_median: width across both chromatids at half height, at the median scale.
        width_log_sd: its spread between cells.
        blur_px: standard deviation of the optical blur between cells, (mean, sd).
        tilt_degrees: spread of the tilt from the vertical within a cell.
        bend: how bent the axes are, 1 as drawn in `curve.py`.
        brightness_median: signal of a fully stained band, grey levels.
        brightness_log_sd: its spread between cells.
        unstained: signal of an unstained band as a share of a fully stained one.
        centromere_stain: stain of most centromeres, lowest and highest, 1 a fully stained band.
        variable_centromeres: (chromosome, lowest, highest) where homologues differ visibly.
        heterochromatin_stain: stain of 1q12, 9q12, 16q11.2 and the like, lowest and highest.
        y_heterochromatin_stain: stain of Yq12, lowest and highest.
        regional_share: how far the stain of a band is that of its surroundings, 0..1.
        texture: uneven staining, as a share of the signal.
        noise: standard deviation of the camera noise, grey levels.
        background_share: share of cells whose background isn't quite empty.
        debris_share: share of images with debris beside the chromosome.
        groove: distance of the chromatids over their width, lowest and highest.
        margin_px: empty border of the crop, lowest and highest.
        polarity: "bright_on_dark" or "dark_on_light".
    """

    px_per_unit_median: float
    px_per_unit_log_sd: float
    width_px_median: float
    width_log_sd: float
    blur_px: tuple[float, float]
    tilt_degrees: float
    bend: float
    brightness_median: float
    brightness_log_sd: float
    unstained: float
    centromere_stain: tuple[float, float]
    variable_centromeres: tuple[tuple[str, float, float], ...]
    heterochromatin_stain: tuple[float, float]
    y_heterochromatin_stain: tuple[float, float]
    regional_share: float
    texture: float
    noise: float
    background_share: float
    debris_share: float
    groove: tuple[float, float]
    margin_px: tuple[int, int]
    polarity: str


STYLES = {
    # Quinacrine fluorescence, after the measured statistics of a public Q-band set.
    "q": Style(
        px_per_unit_median=0.00505,
        px_per_unit_log_sd=0.19,
        width_px_median=11.0,
        width_log_sd=0.22,
        blur_px=(1.7, 0.4),
        tilt_degrees=23.0,
        bend=0.9,
        brightness_median=268.0,
        brightness_log_sd=0.19,
        unstained=0.14,
        centromere_stain=(0.1, 0.5),
        variable_centromeres=(("3", 0.5, 1.7), ("4", 0.4, 1.4)),
        # Dull in Q though dark in G, which sets them apart from the rest of the chromosome.
        heterochromatin_stain=(0.0, 0.15),
        y_heterochromatin_stain=(1.1, 1.8),
        regional_share=0.55,
        texture=0.04,
        noise=1.0,
        background_share=0.5,
        debris_share=0.07,
        groove=(0.9, 1.14),
        margin_px=(2, 8),
        polarity="bright_on_dark",
    ),
    # Giemsa after trypsin: larger, sharper, tightly cropped, dark bands on white.
    "g": Style(
        px_per_unit_median=0.0075,
        px_per_unit_log_sd=0.16,
        width_px_median=14.2,
        width_log_sd=0.1,
        blur_px=(1.1, 0.15),
        tilt_degrees=4.0,
        bend=0.55,
        brightness_median=230.0,
        brightness_log_sd=0.1,
        unstained=0.5,
        centromere_stain=(0.2, 0.7),
        variable_centromeres=(),
        heterochromatin_stain=(0.3, 0.9),
        y_heterochromatin_stain=(0.3, 0.9),
        regional_share=0.15,
        texture=0.06,
        noise=2.0,
        background_share=0.0,
        debris_share=0.02,
        groove=(0.85, 1.0),
        margin_px=(1, 2),
        polarity="dark_on_light",
    ),
}


def style_named(name: str) -> Style:
    """Return a drawing style.

    Args:
        name: "q" or "g".

    Returns:
        Its statistics.

    Raises:
        ValueError: there is no such style.

    **Source:** ours, fitted to summary statistics of public Q-band and G-band sets.
    """
    if name not in STYLES:
        raise ValueError(
            f"`style` must be one of {tuple(STYLES)}, got {name!r}; choose one of these."
        )
    return STYLES[name]
