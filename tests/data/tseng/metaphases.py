"""Drawn metaphase pictures with known places, and the archives that hold them."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from superxception_jax.chromosomes import CLASS_NAMES, GROUPS
from superxception_jax.data.ideogram.constitution import parse_karyotype
from superxception_jax.data.ideogram.synthetic_cell import draw_chromosomes
from superxception_jax.data.tseng.boxes import Box

HEIGHT, WIDTH = 1200, 1600
BACKGROUND = 226.0
SHARED_PX = 60  # of two chromosomes that touch
PITCH_PX = 170  # of the grid on which chromosomes are put; the longest have about 150 px
VISIBLE = 0.9  # of the background: what is darker is chromosome
GROUP_OF = {name: group for group, names in GROUPS.items() for name in names}


@dataclass(frozen=True)
class DrawnMetaphase:
    """A picture with its truth.

    Attributes:
        picture: u8[H,W].
        boxes: One box per chromosome.
        masks: bool[H,W] per chromosome.
        joined: Indices of the chromosomes that touch another one.
    """

    picture: np.ndarray
    boxes: tuple[Box, ...]
    masks: tuple[np.ndarray, ...]
    joined: frozenset[int]

    @property
    def alone(self) -> list[int]:
        return [index for index in range(len(self.boxes)) if index not in self.joined]


def draw_metaphase(seed: int, *, joined: int = 12, slope: float = 0.0) -> DrawnMetaphase:
    """Draw a cell: chromosomes any way up, the first `joined` in touching pairs, and debris.

    Args:
        seed: Random seed.
        joined: Even number of chromosomes that touch another one.
        slope: How much lighter the right side is than the middle, as a share.
    """
    generator = np.random.default_rng(seed)
    cell = draw_chromosomes(generator, karyotype=parse_karyotype("46,XY"), style="g").chromosomes
    cell = tuple(cell[index] for index in generator.permutation(len(cell)))
    # Two neighbouring places for each pair, then one for each of the others.
    pairs = [((row, column), (row, column + 1)) for row in range(7) for column in range(0, 8, 2)]
    pairs = [pairs[index] for index in generator.permutation(len(pairs))]
    free = [place for pair in pairs[joined // 2 :] for place in pair]
    light = np.ones((HEIGHT, WIDTH))
    boxes: list[Box] = []
    masks: list[np.ndarray] = []
    for index, chromosome in enumerate(cell):
        turned = _turn(generator, chromosome.image)
        if index < joined and index % 2:
            top, left = _beside(masks[-1], turned < VISIBLE)
        else:
            row, column = pairs[index // 2][1] if index < joined else free.pop()
            top, left = (int(PITCH_PX * one + 10 + generator.integers(8)) for one in (row, column))
        box, mask = _put(light, turned, top, left, label=chromosome.label)
        boxes.append(box)
        masks.append(mask)
    for row, column in free[:5]:
        _put_debris(generator, light, row, column)
    plane = BACKGROUND * (1 + slope * np.linspace(-1, 1, WIDTH)[None, :])
    noisy = plane * light + generator.normal(0.0, 1.5, light.shape)
    picture = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    return DrawnMetaphase(picture, tuple(boxes), tuple(masks), frozenset(range(joined)))


def _beside(before: np.ndarray, mask: np.ndarray) -> tuple[int, int]:
    """Return where a chromosome's right end lies on the left end of another one."""
    end = int(np.flatnonzero(before.any(axis=0))[0])
    row = int(np.flatnonzero(before[:, end : end + 6].any(axis=1)).mean())
    own = int(np.flatnonzero(mask[:, -6:].any(axis=1)).mean())
    top = max(row - own, 5)
    height, width = mask.shape
    for left in range(end - width, end):
        if (before[top : top + height, left : left + width] & mask).sum() >= SHARED_PX:
            return top, left
    raise AssertionError("two chromosomes that must touch don't")


def _turn(generator: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Return the light that passes a chromosome, 0..1, turned by any angle and cropped."""
    light = np.pad(image / 255.0, 4, constant_values=1.0)
    light = ndimage.rotate(light, generator.uniform(0, 360), order=1, cval=1.0)
    rows, columns = ndimage.find_objects((light < VISIBLE).astype(int))[0]
    return light[rows, columns]


def _put(light, turned, top, left, *, label):
    height, width = turned.shape
    light[top : top + height, left : left + width] *= turned
    mask = np.zeros(light.shape, bool)
    mask[top : top + height, left : left + width] = turned < VISIBLE
    # Boxes are drawn by hand, a few pixels wide of the chromosome.
    return Box(label, left - 3, top - 2, left + width + 2, top + height + 3), mask


def _put_debris(generator, light, row, column):
    top, left = PITCH_PX * row + 40, PITCH_PX * column + 40
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    radius = int(generator.integers(2, 6))
    light[(rows - top) ** 2 + (columns - left) ** 2 <= radius**2] *= 0.5
    nucleus = (rows - top - 60) ** 2 + (columns - left - 50) ** 2 <= 30**2
    light[nucleus] *= 0.25


def jpeg(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="jpeg", quality=95)
    return file.getvalue()


def voc(boxes: tuple[Box, ...], *, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> str:
    objects = "".join(
        f"<object><name>{class_of(box.label)}</name><bndbox><xmin>{box.left_px}</xmin>"
        f"<ymin>{box.top_px}</ymin><xmax>{box.right_px}</xmax><ymax>{box.bottom_px}</ymax>"
        "</bndbox></object>"
        for box in boxes
    )
    size = f"<size><width>{shape[1]}</width><height>{shape[0]}</height><depth>3</depth></size>"
    return f'<?xml version="1.0"?><annotation><folder>x</folder>{size}{objects}</annotation>'


def class_of(label: int) -> str:
    name = CLASS_NAMES[label]
    return name if name in ("X", "Y") else GROUP_OF[name] + name


def write_archive(
    root: Path,
    cells: dict[str, DrawnMetaphase],
    *,
    folders: tuple[str, str] = ("JEPG", "annotations"),
) -> Path:
    folder = root / "24_chromosomes_object"
    for name in folders:
        (folder / name).mkdir(parents=True)
    for cell, drawn in cells.items():
        (folder / folders[0] / f"{cell}.jpg").write_bytes(jpeg(drawn.picture))
        (folder / folders[1] / f"{cell}.xml").write_text(voc(drawn.boxes))
    return folder


def pack(folder: Path, file: Path, *, prefix: str) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*.*")):
            archive.write(path, prefix + path.relative_to(folder).as_posix())
    return file
