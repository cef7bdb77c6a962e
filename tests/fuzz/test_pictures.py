from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superxception_jax.data.images.image_file import DecodedImage, decode_image
from tests.fuzz.bounds import check_message, examples, within
from tests.fuzz.damage import DAMAGES, damage
from tests.fuzz.pictures import WRITERS, draw_picture, files

SECONDS = 20.0


def check_decoded(decoded: DecodedImage) -> None:
    grey, opacity = decoded.grey, decoded.opacity
    assert grey.dtype in (np.uint8, np.uint16, np.float32)
    assert grey.ndim == 2
    assert grey.size > 0
    assert np.isfinite(grey).all()
    assert grey.min() < grey.max()
    assert isinstance(decoded.bits, int)
    assert 0 <= decoded.bits <= 16
    assert 0 <= decoded.colour_levels <= 255
    if opacity is not None:
        assert opacity.dtype == np.float32
        assert opacity.shape == grey.shape
        assert opacity.min() >= 0
        assert opacity.max() <= 1
        assert opacity.min() < 1


def check_decoding(content: bytes) -> None:
    with within(SECONDS):
        try:
            decoded = decode_image(content)
        except ValueError as error:
            check_message(error)
        else:
            check_decoded(decoded)


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_every_kind_of_file_is_sound_before_it_is_damaged(name):
    content = WRITERS[name](draw_picture(33, 17, "dark", 3))
    if name in ("empty", "tiff complex", "tiff stack"):
        with pytest.raises(ValueError):
            decode_image(content)
    else:
        check_decoded(decode_image(content))


@examples(short=250, long=5000)
@given(files(), DAMAGES)
def test_a_damaged_file_is_decoded_soundly_or_refused(content, damages):
    check_decoding(damage(content, damages))


@examples(short=60, long=1000)
@given(files(), files(), DAMAGES)
def test_two_files_in_one_are_decoded_soundly_or_refused(content, other, damages):
    check_decoding(damage(content, damages, other=other))


@examples(short=60, long=1000)
@given(
    st.sampled_from((b"", b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"\x89PNG\r\n\x1a\n", b"BM"))
    | st.sampled_from((b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"\0\0\0\x0cjP  ")),
    st.binary(max_size=200),
)
def test_any_bytes_are_refused_in_a_sentence(start, rest):
    check_decoding(start + rest)
