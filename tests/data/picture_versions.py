"""The same cell in the many files in which laboratories store it, as bytes.

A version takes the images of a cell u8[H,W] on black or white and returns the content of one file
per image. `VERSIONS` are for any cell unless their name says otherwise.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping, Sequence

import imagecodecs
import numpy as np
import tifffile
from PIL import Image
from scipy import ndimage

from superxception_jax.data.normalization.crop import brighten_chromosome, find_chromosome

Images = Sequence[np.ndarray]


def png(image: np.ndarray, **options) -> bytes:
    """Return a PNG file of u8[H,W], u8[H,W,3] or u8[H,W,4]."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="png", **options)
    return file.getvalue()


def tiff(image: np.ndarray, **options) -> bytes:
    """Return a TIFF file, written by tifffile."""
    file = io.BytesIO()
    tifffile.imwrite(file, image, **({"photometric": "minisblack"} | options))
    return file.getvalue()


def wide_png(image: np.ndarray) -> bytes:
    """Return a PNG file of u16[H,W], or u16[H,W,C] with 2 to 4 channels."""
    return bytes(imagecodecs.png_encode(image))


def plain_tiff(
    strips: Sequence[bytes], tags: Mapping[int, tuple[int, ...]], *, extra: bytes = b""
) -> bytes:
    """Return a little-endian TIFF file of one page, tag by tag, however odd.

    Args:
        strips: Content of the strips; offsets and byte counts are added unless `tags` has them.
        tags: Values by tag; all are written as LONG.
        extra: Bytes after everything else.
    """
    offsets, body = [], b""
    for strip in strips:
        offsets.append(8 + len(body))
        body += strip + b"\0" * (len(strip) % 2)
    tags = {273: tuple(offsets), 279: tuple(map(len, strips)), **tags}
    place = 8 + len(body)
    end = place + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag, value in sorted(tags.items()):
        packed = struct.pack(f"<{len(value)}I", *value)
        if len(value) > 1:
            values += packed
            packed = struct.pack("<I", end + len(values) - len(packed))
        entries += struct.pack("<HHI", tag, 4, len(value)) + packed
    head = b"II*\0" + struct.pack("<I", place)
    return head + body + struct.pack("<H", len(tags)) + entries + b"\0" * 4 + values + extra


def packed_tiff(image: np.ndarray, *, bits: int, **tags: tuple[int, ...]) -> bytes:
    """Return a TIFF file of u16[H,W] with samples of 9..15 bits without gaps."""
    strip = imagecodecs.packints_encode(np.ascontiguousarray(image), bits, runlen=image.shape[1])
    fields = {256: (image.shape[1],), 257: (image.shape[0],), 258: (bits,), 259: (1,), 262: (1,)}
    more = {int(tag[1:]): value for tag, value in tags.items()}
    return plain_tiff([bytes(strip)], {**fields, 277: (1,), 278: (image.shape[0],), **more})


def is_light(images: Images) -> bool:
    """Return whether most corners of a cell are white."""
    return float(np.mean([image[[0, 0, -1, -1], [0, -1, 0, -1]].mean() for image in images])) > 127


def scaled(image: np.ndarray, white: float) -> np.ndarray:
    """Return u16[H,W] with white at a level."""
    return np.rint(image * (white / 255)).astype(np.uint16)


def on_grey(images: Images, level: float) -> list[np.ndarray]:
    """Return a cell u8[H,W] on a background of another level: transmitted or added light."""
    if is_light(images):
        return [np.rint(image * (level / 255)).astype(np.uint8) for image in images]
    return [np.rint(level + image * ((255 - level) / 255)).astype(np.uint8) for image in images]


def framed(images: Images, level: int, width_px: int = 1) -> list[np.ndarray]:
    """Return a cell with a frame around each image."""
    return [np.pad(image, width_px, constant_values=level) for image in images]


def uneven(images: Images, level: float = 204.0, share: float = 0.1) -> list[np.ndarray]:
    """Return a cell whose illumination changes by ± a share from corner to corner."""
    result = []
    for number, image in enumerate(on_grey(images, level)):
        down, across = (np.linspace(-1, 1, size) for size in image.shape)
        slope = down[:, None] + across[None, :] * (-1) ** number
        light = image * (1 + share / 2 * slope)
        result.append(np.rint(np.clip(light, 0, 255)).astype(np.uint8))
    return result


def noisy(images: Images, level: float = 204.0, deviation: float = 2.0) -> list[np.ndarray]:
    """Return a cell with a grey, noisy background."""
    generator = np.random.default_rng(5)
    return [
        np.rint(np.clip(image + generator.normal(0, deviation, image.shape), 0, 255)).astype(
            np.uint8
        )
        for image in on_grey(images, level)
    ]


def cut_out(images: Images, *, eroded_px: int = 1) -> list[bytes]:
    """Return RGBA files of the chromosome alone, cut within its rim; rubbish lies underneath."""
    files = []
    light = is_light(images)
    for image in images:
        mask = find_chromosome(brighten_chromosome(image, background="light" if light else "dark"))
        inner = ndimage.binary_erosion(mask, iterations=eroded_px) if eroded_px else mask
        mask = inner if inner.sum() > 0.5 * mask.sum() else mask
        grey = np.where(mask, image, 99)
        alpha = np.where(mask, 255, 0).astype(np.uint8)
        files.append(png(np.stack([grey, grey, grey, alpha], axis=-1)))
    return files


def hot(images: Images) -> list[bytes]:
    """Return 12-bit files, each with one pixel at the end of the 16-bit range."""
    files = []
    for image in images:
        wide = scaled(image, 4095)
        wide[image.shape[0] // 3, image.shape[1] // 2] = 65535
        files.append(tiff(wide))
    return files


def _each(write: Callable[[np.ndarray], bytes]) -> Callable[[Images], list[bytes]]:
    return lambda images: [write(image) for image in images]


def _colours(image: np.ndarray) -> np.ndarray:
    return np.repeat((image.astype(np.uint16) * 257)[..., None], 3, axis=-1)


def _blue(image: np.ndarray) -> np.ndarray:
    return np.stack([np.zeros_like(image)] * 2 + [image], axis=-1)


def _on_light(level: int) -> Callable[[Images], list[bytes]]:
    return lambda images: [png(image) for image in on_grey(images, level)]


VERSIONS: dict[str, Callable[[Images], list[bytes]]] = {
    "8 bits": _each(png),
    **{f"light background {level}": _on_light(level) for level in (240, 221, 204, 184, 150)},
    "noisy light background 204": lambda images: [png(image) for image in noisy(images)],
    "uneven light background": lambda images: [png(image) for image in uneven(images)],
    "dark background 30": lambda images: [png(image) for image in on_grey(images, 30)],
    "uneven dark background": lambda images: [png(image) for image in uneven(images, level=40)],
    "12 bits, white 4095": _each(lambda image: tiff(scaled(image, 4095))),
    "12 bits, white 1500": _each(lambda image: tiff(scaled(image, 1500))),
    "12 bits, packed": _each(lambda image: packed_tiff(scaled(image, 4095), bits=12)),
    "16 bits": _each(lambda image: tiff(scaled(image, 65535))),
    "16 bits PNG": _each(lambda image: wide_png(scaled(image, 65535))),
    "16 bits RGB": _each(lambda image: tiff(_colours(image), photometric="rgb")),
    "16 bits RGB, planar": _each(
        lambda image: tiff(
            np.moveaxis(_colours(image), -1, 0), photometric="rgb", planarconfig="separate"
        )
    ),
    "16 bits RGB PNG": _each(lambda image: wide_png(_colours(image))),
    "16 bits, white is zero": _each(
        lambda image: tiff(65535 - scaled(image, 65535), photometric="miniswhite")
    ),
    "8 bits, white is zero": _each(lambda image: tiff(255 - image, photometric="miniswhite")),
    "floating point": _each(lambda image: tiff((image / 255).astype(np.float32))),
    "floating point, 0 to 3000": _each(
        lambda image: tiff((image * (3000 / 255)).astype(np.float32))
    ),
    "signed": _each(lambda image: tiff(scaled(image, 4095).astype(np.int16) - 2048)),
    "black frame": lambda images: [png(image) for image in framed(images, 0)],
    "white frame": lambda images: [png(image) for image in framed(images, 255)],
    "grey frame of 3 px": lambda images: [png(image) for image in framed(images, 128, 3)],
    "black frame on 204": lambda images: [png(one) for one in framed(on_grey(images, 204), 0)],
    "cut-out": lambda images: cut_out(images, eroded_px=0),
    "cut-out with a dark rim": cut_out,
    "hot pixels": hot,
    "dim exposure": _each(lambda image: png(np.rint(image * 0.12).astype(np.uint8))),
    "blue": _each(lambda image: png(_blue(image))),
}
# Of a cell on black or on white only.
DARK_ONLY = {"dim exposure", "dark background 30", "uneven dark background", "blue"}
LIGHT_ONLY = {name for name in VERSIONS if "light background" in name} | {
    "12 bits, white 1500",
    "black frame on 204",
}
