from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from superxception_jax.chromosomes import CLASS_NAMES, class_label, natural_key
from superxception_jax.data.record import (
    MOST_PROBLEMS,
    ChromosomeRecord,
    encode_png,
    example,
    raise_problems,
    record_features,
)
from tests.paths import REPOSITORY


def test_class_names_are_24_in_karyotype_order():
    assert len(CLASS_NAMES) == 24
    assert (CLASS_NAMES[0], CLASS_NAMES[21], CLASS_NAMES[22], CLASS_NAMES[23]) == (
        "1", "22", "X", "Y",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "label"),
    [("1", 0), ("2", 1), ("22", 21), ("23", 22), ("x", 22), (" X ", 22), ("24", 23), ("Y", 23)],
)
def test_class_label_takes_numbers_and_letters(text, label):
    assert class_label(text) == label


def test_every_class_name_is_its_own_label():
    assert [class_label(name) for name in CLASS_NAMES] == list(range(24))


@pytest.mark.parametrize("text", ["0", "25", "", "Z", "1a", "-1", "01", "2.0"])
def test_class_label_refuses_what_is_no_class(text):
    with pytest.raises(ValueError, match=r"`class` must be 1 to 22, X .* got '.*'; correct it"):
        class_label(text)


def test_png_keeps_every_grey_level():
    image = np.arange(256, dtype=np.uint8).reshape(8, 32)
    file = encode_png(image)
    assert file.tell() == 0
    np.testing.assert_array_equal(np.asarray(Image.open(file)), image)


def test_encode_png_refuses_other_arrays():
    with pytest.raises(TypeError, match="`image` must be u8"):
        encode_png(np.zeros((2, 2), np.float32))
    with pytest.raises(ValueError, match="`image` must be u8"):
        encode_png(np.zeros((2, 2, 1), np.uint8))
    with pytest.raises(ValueError, match="`image` must hold pixels"):
        encode_png(np.zeros((0, 2), np.uint8))


def test_example_fits_the_features_in_both_directions():
    image = np.arange(6, dtype=np.uint8).reshape(3, 2)
    record = ChromosomeRecord(image, 23, cell="7", case="P", name="7/7 24")
    features = record_features()
    assert set(example(record)) == set(features)
    encoded = features.encode_example(example(record))
    decoded = features.decode_example_np(encoded)
    np.testing.assert_array_equal(decoded["image"][..., 0], image)
    assert decoded["label"] == 23
    assert features["label"].int2str(22) == "X"


def test_natural_key_sorts_as_people_do():
    names = ["10/10 1a", "9/9 24", "9/9 10b", "9/9 2a", "9/9 10a", "cell", "01", "1"]
    expected = ["01", "1", "9/9 2a", "9/9 10a", "9/9 10b", "9/9 24", "10/10 1a", "cell"]
    assert sorted(names, key=natural_key) == expected
    assert natural_key("01") != natural_key("1")


def test_problems_are_listed_up_to_a_limit_with_their_total():
    raise_problems([], source="here")
    with pytest.raises(ValueError, match="got 1 problem; correct the files and run again:\n  a: x"):
        raise_problems(["a: x"], source="here")
    with pytest.raises(ValueError) as error:
        raise_problems([f"file {n}: bad" for n in range(MOST_PROBLEMS + 3)], source="here")
    lines = str(error.value).splitlines()
    assert lines[0] == (
        "`here` must be a sound data set, got 13 problems; correct the files and run again:"
    )
    assert lines[1] == "  file 0: bad"
    assert lines[-1] == "  ... and 3 more"
    assert len(lines) == MOST_PROBLEMS + 2


def test_class_names_cost_no_tfds():
    code = (
        "import sys, superxception_jax.data.record\n"
        "sys.exit(any(name in sys.modules for name in ('tensorflow_datasets', 'jax')))"
    )
    root = REPOSITORY
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
