"""The human band tables: bands of each chromosome, with their lengths and densities."""

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
        chromosome: Name of the chromosome, "1" to "22", "X" or "Y".
        arm: Arm of the chromosome, "p" or "q".
        name: Name of the band without its arm, such as "11.2".
        start_units: Start of the band, in ISCN length units from the tip of the p arm.
        stop_units: End of the band, in the same units.
        stain: Kind of the band, one of `STAINS`.
        density: Density after G staining in per cent, 25 to 100 for gpos, 0 for all others.
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
        """Return the length of the band in ISCN units."""
        return self.stop_units - self.start_units


def _close_gaps(bands: list[Band]) -> tuple[Band, ...]:
    """Sort the bands of a chromosome and divide the gaps between neighbours.

    The table of 550 bands has eight gaps, the largest in 18p, which would make arms too short.
    """
    bands = sorted(bands, key=lambda band: band.start_units)
    for place, (left, right) in enumerate(itertools.pairwise(bands)):
        middle = (left.stop_units + right.start_units) // 2
        bands[place] = dataclasses.replace(bands[place], stop_units=middle)
        bands[place + 1] = dataclasses.replace(right, start_units=middle)
    return tuple(bands)


@functools.cache
def load_bands(band_level: int) -> dict[str, tuple[Band, ...]]:
    """Load the bands of all chromosomes at one band level.

    Lengths are ISCN lengths, because they follow the microscopic image; in base pairs the p arms
    of 13, 14, 15, 21 and 22 would be wrong. Gaps in a table are divided between the neighbours.

    Args:
        band_level: Bands per haploid set, one of `BAND_LEVELS`.

    Returns:
        The bands of each chromosome by its name, from pter to qter. The dictionary is shared
        between calls and must not be changed.

    Raises:
        ValueError: There is no table of that level.

    Source: NCBI GRCh38 ideograms as shipped in the npm package `ideogram` 1.53.0, CC0-1.0.

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
        bands: All bands of one chromosome, from pter to qter.

    Returns:
        The end of the last band.

    >>> chromosome_length_units(load_bands(550)["21"])
    3200
    """
    return bands[-1].stop_units


def centromere_units(bands: tuple[Band, ...]) -> int:
    """Return the position of the centromere in ISCN units from pter.

    Args:
        bands: All bands of one chromosome, from pter to qter.

    Returns:
        The end of the last band of the p arm; the tables give the centromere as two `acen`
        bands, one per arm.

    >>> centromere_units(load_bands(550)["1"])
    7394
    """
    return max(band.stop_units for band in bands if band.arm == "p")
