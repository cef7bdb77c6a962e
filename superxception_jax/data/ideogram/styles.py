"""Drawing styles of synthetic cells: the statistics of a stained and photographed cell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """The statistics of one staining.

    A stain is relative to a fully stained band; a log standard deviation is that of the natural
    logarithm between cells.

    Attributes:
        px_per_unit_median: Median scale of a cell, px per ISCN unit.
        px_per_unit_log_sd: Log standard deviation of the scale.
        width_px_median: Median width across both chromatids at half maximum, at the median scale.
        width_log_sd: Log standard deviation of the width.
        blur_px: Optical blur of a cell, px: mean and standard deviation between cells.
        tilt_degrees: Standard deviation of the tilt from the vertical within a cell.
        bend: Strength of bends, see `draw_curve`.
        brightness_median: Median signal of a fully stained band, grey levels.
        brightness_log_sd: Log standard deviation of the brightness.
        unstained: Signal of an unstained band as a share of a fully stained one.
        centromere_stain: Stain of most centromeres, lowest and highest.
        variable_centromeres: Centromeres in which homologues differ visibly, each as chromosome,
            lowest and highest stain.
        heterochromatin_stain: Stain of 1q12, 9q12, 16q11.2 and similar bands, lowest and highest.
        y_heterochromatin_stain: Stain of Yq12, lowest and highest.
        regional_share: Share of the surroundings in the stain of a band, 0..1.
        texture: Unevenness of the staining as a share of the signal.
        noise: Standard deviation of the camera noise, grey levels.
        background_share: Share of cells whose background isn't zero, 0..1.
        debris_share: Share of images with debris next to the chromosome, 0..1.
        groove: Distance of the chromatid axes divided by the width of a chromatid, lowest and
            highest.
        margin_px: Empty border of the image, lowest and highest.
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
        # Dull after Q staining although dark after G staining, unlike other bands.
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
    """Return a drawing style, fitted to summary statistics of public data sets.

    Args:
        name: Name of the style, "q" or "g".

    Returns:
        The statistics of its staining.

    Raises:
        ValueError: There is no such style.
    """
    if name not in STYLES:
        raise ValueError(
            f"`style` must be one of {tuple(STYLES)}, got {name!r}; choose one of these."
        )
    return STYLES[name]
