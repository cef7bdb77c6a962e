"""Sound image files of many formats, depths, colours and sizes."""

from __future__ import annotations

import io
from collections.abc import Callable

import imagecodecs
import numpy as np
import tifffile
from hypothesis import strategies as st
from PIL import Image

from tests.data.picture_versions import VERSIONS, packed_tiff, plain_tiff, png, scaled, tiff

Write = Callable[[np.ndarray], bytes]


def draw_picture(height: int, width: int, kind: str, seed: int) -> np.ndarray:
    """Return u8[H,W]: a blob on black or white, noise, or one level."""
    generator = np.random.default_rng(seed)
    if kind == "noise":
        return generator.integers(0, 256, (height, width), np.uint8)
    if kind == "level":
        return np.full((height, width), seed % 256, np.uint8)
    rows, columns = np.mgrid[:height, :width]
    inside = ((rows - height / 2) / (0.42 * height + 0.1)) ** 2 + (
        (columns - width / 2) / (0.3 * width + 0.1)
    ) ** 2 < 1
    bands = generator.integers(80, 220, (height, 1)).astype(np.uint8)
    blob = np.where(inside, bands, 0).astype(np.uint8)
    return 255 - blob if kind == "light" else blob


PICTURES = st.builds(
    draw_picture,
    st.integers(1, 48),
    st.integers(1, 48),
    st.sampled_from(("dark", "dark", "light", "noise", "level")),
    st.integers(0, 99),
)


def _saved(mode: str, form: str, **options) -> Write:
    def write(image: np.ndarray) -> bytes:
        file = io.BytesIO()
        Image.fromarray(image).convert(mode).save(file, format=form, **options)
        return file.getvalue()

    return write


def _tiff(change: Callable[[np.ndarray], np.ndarray] = np.asarray, **options) -> Write:
    return lambda image: tiff(change(image), **options)


def _version(name: str) -> Write:
    return lambda image: VERSIONS[name]([image])[0]


def _rgb(image: np.ndarray) -> np.ndarray:
    return np.stack([image, image // 2, 255 - image], axis=-1)


def _rgba(image: np.ndarray) -> np.ndarray:
    opaque = np.where(image > 99, 255, image).astype(np.uint8)
    return np.concatenate([_rgb(image), opaque[..., None]], axis=-1)


def _wide(image: np.ndarray) -> np.ndarray:
    return scaled(image, 65535)


def _pages(image: np.ndarray) -> bytes:
    """Return a TIFF file with a small copy of its picture."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(image, photometric="minisblack")
        writer.write(image[::2, ::2], photometric="minisblack")
    return file.getvalue()


def _oriented(image: np.ndarray) -> bytes:
    exif = Image.Exif()
    exif[274] = 1 + image.size % 8
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="jpeg", exif=exif)
    return file.getvalue()


def _bare(image: np.ndarray) -> bytes:
    tags = {256: (image.shape[1],), 257: (image.shape[0],), 258: (8,), 259: (1,), 262: (1,)}
    return plain_tiff([image.tobytes()], {**tags, 277: (1,), 278: (image.shape[0],)})


WRITERS: dict[str, Write] = {
    # A cut-out needs something to cut.
    **{name: _version(name) for name in VERSIONS if not name.startswith("cut-out")},
    **{
        f"{form} {mode}": _saved(mode, form)
        for form, modes in {
            "png": ("1", "L", "LA", "P", "RGB", "RGBA"),
            "bmp": ("1", "L", "P", "RGB"),
            "jpeg": ("L", "RGB", "CMYK"),
            "gif": ("L", "P"),
            "webp": ("RGB", "RGBA"),
            "jpeg2000": ("L", "RGB", "RGBA"),
            "tiff": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "F", "I"),
        }.items()
        for mode in modes
    },
    "png interlaced 16": lambda image: bytes(imagecodecs.png_encode(_wide(image))),
    "png rgba 16": lambda image: bytes(
        imagecodecs.png_encode(_rgba(image).astype(np.uint16) * 257)
    ),
    "jpeg2000 16": lambda image: bytes(imagecodecs.jpeg2k_encode(_wide(image), level=0)),
    "jpeg turned": _oriented,
    "png transparent": lambda image: png(image, transparency=int(image[0, 0])),
    "tiff alpha": _tiff(_rgba, photometric="rgb", extrasamples=["unassalpha"]),
    "tiff premultiplied": _tiff(_rgba, photometric="rgb", extrasamples=["assocalpha"]),
    "tiff tiles": _tiff(tile=(16, 16)),
    "tiff strips": _tiff(rowsperstrip=3),
    "tiff deflate": _tiff(compression="zlib", predictor=True),
    "tiff lzw": _tiff(compression="lzw"),
    "tiff packbits": _tiff(compression="packbits"),
    "tiff jpeg": _tiff(compression="jpeg"),
    "tiff zstd": _tiff(compression="zstd"),
    "tiff lzma": _tiff(compression="lzma"),
    "tiff big": _tiff(bigtiff=True),
    "tiff big-endian": _tiff(_wide, byteorder=">"),
    "tiff u32": _tiff(lambda image: image.astype(np.uint32) << 20),
    "tiff f16": _tiff(lambda image: image.astype(np.float16)),
    "tiff f64": _tiff(lambda image: image.astype(np.float64) * 1e9),
    "tiff complex": _tiff(lambda image: image.astype(np.complex64)),
    "tiff i8": _tiff(lambda image: image.astype(np.int8)),
    "tiff imagej": lambda image: tiff(_wide(image), photometric=None, imagej=True),
    "tiff ome": lambda image: tiff(_wide(image), metadata={"axes": "YX"}, ome=True),
    "tiff stack": _tiff(lambda image: np.stack([image, 255 - image])),
    "tiff 10 bits": lambda image: packed_tiff(scaled(image, 1023), bits=10),
    "tiff bare": _bare,
    "tiff pages": _pages,
    "empty": lambda image: b"",
}


@st.composite
def files(draw) -> bytes:
    """Return a strategy of contents of sound files."""
    image = draw(PICTURES)
    write = WRITERS[draw(st.sampled_from(sorted(WRITERS)))]
    try:
        return write(image)
    except Exception:  # Not every format holds every size.
        return png(image)
