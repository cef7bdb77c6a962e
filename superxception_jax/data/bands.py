"""The human band tables: which bands a chromosome has, how long and how dark each is."""

from __future__ import annotations

import csv
import dataclasses
import functools
import itertools
from dataclasses import dataclass
from pathlib import Path

BAND_LEVELS = (400, 550, 850)
STAINS = ("gneg", "gpos", "acen", "gvar", "stalk")
_FOLDER = Path(__file__).parent / "band_tables"


@dataclass(frozen=True)
class Band:
    """One band of an ideogram.

    Attributes:
        chromosome: "1" to "22", "X" or "Y".
        arm: "p" or "q".
        name: the band without its arm, such as "11.2".
        start_units: where it starts, in ISCN length units from the tip of the p arm.
        stop_units: where it ends.
        stain: one of `STAINS`.
        density: G darkness in per cent, 25 to 100 for gpos, 0 for all others.
    """

    chromosome: str
    arm: str
    name: str
    start_units: int
    stop_units: int
    stain: str
    density: int

    @property
    def length_units(self) -> int:
        """Return the length in ISCN units."""
        return self.stop_units - self.start_units


def _close_gaps(bands: list[Band]) -> tuple[Band, ...]:
    """Sort the bands of a chromosome and let neighbours share the gaps between them.

    The table of 550 bands leaves eight gaps, the largest in 18p: without this, the arms beside
    them would be drawn too short.
    """
    bands = sorted(bands, key=lambda band: band.start_units)
    for place, (left, right) in enumerate(itertools.pairwise(bands)):
        middle = (left.stop_units + right.start_units) // 2
        bands[place] = dataclasses.replace(bands[place], stop_units=middle)
        bands[place + 1] = dataclasses.replace(right, start_units=middle)
    return tuple(bands)


@functools.cache
def load_bands(band_level: int) -> dict[str, tuple[Band, ...]]:
    """Read the bands of all chromosomes at one band level.

    Lengths are the ISCN ones, because they follow what is seen under a microscope; in base
    pairs the p arms of 13, 14, 15, 21 and 22 would be wrong. Gaps in a table are closed, half by
    each neighbour.

    Args:
        band_level: bands per haploid set, one of `BAND_LEVELS`.

    Returns:
        chromosome name → its bands from the tip of p to the tip of q. Shared between calls: do
        not change it.

    Raises:
        ValueError: there is no table of that level.

    **Source:** NCBI GRCh38 ideograms as shipped in the npm package `ideogram` 1.53.0, CC0-1.0.

    >>> len(load_bands(400)["1"]), load_bands(400)["1"][0].name
    (28, '36.3')
    """
    if band_level not in BAND_LEVELS:
        raise ValueError(
            f"`band_level` must be one of {BAND_LEVELS}, got {band_level!r}; choose one of these."
        )
    path = _FOLDER / f"ideogram_9606_GCF_000001305.14_{band_level}_V1.tsv"
    bands: dict[str, list[Band]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            band = Band(
                chromosome=row["#chromosome"],
                arm=row["arm"],
                name=row["band"],
                start_units=int(row["iscn_start"]),
                stop_units=int(row["iscn_stop"]),
                stain=row["stain"],
                density=int(row["density"] or 0),
            )
            bands.setdefault(band.chromosome, []).append(band)
    return {chromosome: _close_gaps(rows) for chromosome, rows in bands.items()}


def chromosome_length_units(bands: tuple[Band, ...]) -> int:
    """Return the length of a chromosome in ISCN units.

    Args:
        bands: all bands of one chromosome, from p to q.

    Returns:
        The end of its last band.

    **Source:** ours, because relative lengths are all that a drawing needs.

    >>> chromosome_length_units(load_bands(550)["21"])
    3200
    """
    return bands[-1].stop_units


def centromere_units(bands: tuple[Band, ...]) -> int:
    """Return where the p arm meets the q arm, in ISCN units from the tip of p.

    Args:
        bands: all bands of one chromosome, from p to q.

    Returns:
        The end of the last band of the p arm.

    **Source:** ours, because the tables give the centromere as two `acen` bands, one per arm.

    >>> centromere_units(load_bands(550)["1"])
    7394
    """
    return max(band.stop_units for band in bands if band.arm == "p")
