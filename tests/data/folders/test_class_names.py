from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.folders.class_names import (
    class_text,
    read_class_folder,
    read_class_names,
)


def stated(stem: str, cell: str = "cell") -> str:
    classes, problems = read_class_names([stem], cell=cell)
    assert bool(classes[0]) != bool(problems[0])
    return classes[0]


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("scan 3a", "3"),
        ("scan_3a", "3"),
        ("scan-3a", "3"),
        ("3a", "3"),
        ("03b", "3"),
        ("01", "1"),
        ("12", "12"),
        ("23", "X"),
        ("24", "Y"),
        ("X", "X"),
        ("y", "Y"),
        ("Xb", "X"),
        ("xb", "X"),
        ("scan_X", "X"),
        ("anything 23", "X"),
        ("chr1", "1"),
        ("chrX", "X"),
        ("Chr 12b", "12"),
        ("scan 4 chr_07", "7"),
        ("cell5_chr21_a", "21"),
        ("clase7", "7"),
        ("chromosome 9", "9"),
        ("scan 7 1a", "1"),
        ("1060742_44 X", "X"),
        ("1060742_04 3", "3"),
        ("Fa\u0308lle 3a", "3"),
        ("batch.1 3a", "3"),
    ],
)
def test_names_that_state_a_class(stem, expected):
    assert stated(stem) == expected


@pytest.mark.parametrize(
    ("stem", "reason"),
    [
        ("scan41 21 2", "may be that of class 2, or of a copy of `scan41 21`"),
        ("scan41 21a 2", "two classes, 21 and 2"),
        ("chr21 2", "two classes, 21 and 2"),
        ("21a 3b", "two classes, 21 and 3"),
        ("X Y", "two classes, X and Y"),
        ("7 2", "a copy of `7`"),
        ("scan41 21 copy", "a copy, by its name"),
        ("scan41 21 copy 2", "a copy, by its name"),
        ("scan 3a (1)", "a copy, by its name"),
        ("Copy of scan 3a", "a copy, by its name"),
        ("scan 3a - Kopie", "a copy, by its name"),
        ("scan 3a - Kopie (2)", "a copy, by its name"),
        ("Kopie von 3", "a copy, by its name"),
        ("3a_copy2", "a copy, by its name"),
        ("のコピー 3", "a copy, by its name"),
        ("3a(1)", "a copy, by its name"),
        ("der(9) (1)", "a copy, by its name"),
        ("marker(9)", "a copy, by its name"),
        ("der(9)", "^its class is unknown$"),
        ("scan41_inv(9)", "^its class is unknown$"),
        ("scan41 +idic(15)", "^its class is unknown$"),
        ("R(13)", "^its class is unknown$"),
        ("sex XY", "its class is unknown"),
        ("46,XY", "its class is unknown"),
        ("set 3 of 7", "`of 7` names something other"),
        ("metaphase 3", "`metaphase 3` names something other"),
        ("metaphase 3a", "`metaphase 3a` names something other"),
        ("cell 3", "`cell 3` names something other"),
        ("Karyogram 3", "`Karyogram 3` names something other"),
        ("image 12", "`image 12` names something other"),
        ("scan_12", "`_12` may be class 12 or a running number"),
        ("20240101-3", "`-3` may be class 3 or a running number"),
        ("no 25a", "`class` must be 1 to 22, X .*got '25'"),
        ("clase1_0_97002069.20", "its class is unknown"),
        ("chr21_2", "a running number"),
        ("scan3a", "its class is unknown"),
        ("scan ٣", "its class is unknown"),
        ("scan 3a.tif", "its class is unknown"),
        ("marker", "its class is unknown"),
        ("", "its class is unknown"),
    ],
)
def test_names_that_may_mean_something_else(stem, reason):
    classes, problems = read_class_names([stem], cell="cell")
    assert classes == [""]
    with pytest.raises(ValueError, match=reason):
        raise ValueError(problems[0])


def test_the_number_of_the_cell_is_no_class():
    assert stated("7 23", cell="7") == "X"
    names = ["7 1a", "7 1b", "7 23", "7 24"]
    assert read_class_names(names, cell="patient 4") == (["1", "1", "X", "Y"], [""] * 4)


def test_a_copy_beside_its_original_is_no_class():
    classes, problems = read_class_names(["scan_21", "scan_21 2"], cell="c")
    assert classes == ["", ""]
    assert "copy of `scan_21`, which is there too" in problems[1]


@pytest.mark.parametrize(
    "stems",
    [
        [f"{number}" for number in range(1, 47)],
        [f"scan {number:02d}" for number in range(46)],
        [f"scan {number}" for number in range(1, 21)],
        [f"scan {number}" for number in (2, 5, 9)],
        ["scan 1", "scan 2"],
        [f"scan_{number}" for number in range(1, 47)],
    ],
)
def test_running_numbers_are_no_classes(stems):
    classes, problems = read_class_names(stems, cell="c")
    assert classes == [""] * len(stems)
    assert len(set(problems)) == 1
    assert "may be classes or running numbers of" in problems[0]


def test_numbers_beside_letters_are_classes():
    stems = ["scan 1a", "scan 1b", "scan 22", "scan X", "scan 3"]
    assert read_class_names(stems, cell="c")[0] == ["1", "1", "22", "X", "3"]
    boxes = [f"1060742_{box:02d} {label}" for box, label in enumerate((1, 1, 2, 2, 3, 3, "X"))]
    assert read_class_names(boxes, cell="1060742")[0] == ["1", "1", "2", "2", "3", "3", "X"]


@pytest.mark.parametrize("pattern", ["{}", "scan41 {}", "scan41_{}", "1060742_04 {}"])
@pytest.mark.parametrize(
    "odd", ["13 or 14", "7 und 8", "chr7 and 8", "overlap 1", "mar 1", "unknown 1", "Überlappung 1"]
)
def test_a_number_after_a_text_of_no_other_file_is_no_class(pattern, odd):
    stems = [pattern.format(f"{label}{letter}") for label in range(1, 23) for letter in "ab"]
    stems += [pattern.format("Xa"), pattern.format("Xb")]
    classes, problems = read_class_names([*stems, odd], cell="c")
    assert "" not in classes[:-1]
    assert classes[-1] == ""
    text = odd.rpartition(" ")[0]
    assert (
        f"its class is unknown: hardly any other file of the cell is called `{text} …`"
        in problems[-1]
    )


def test_numbers_after_the_text_of_the_cell_or_of_other_files_are_classes():
    for stems, cell in (
        (["scan41 1a", "scan41 1b", "scan41 3"], "c"),
        (["scan41 1a", "Scan42 3"], "c"),
        (["1a", "2a", "3"], "c"),
        (["1a", "2a", "scan41 3"], "scan41"),
        ([f"scan_{number} {1 + number // 2}" for number in range(46)], "c"),
        # Two series, and the groups of the Denver system.
        ([f"{'re' * (number > 30)}scan_{number} {1 + number // 2}" for number in range(44)], "c"),
        ([f"{number:02d} {'ABC'[number // 8]} {1 + number // 2}" for number in range(24)], "c"),
    ):
        assert "" not in read_class_names(stems, cell=cell)[0]
    # Several odd ones are no more than one.
    lettered = [f"{label}{letter}" for label in range(1, 23) for letter in "ab"]
    for odd in (["13 or 14", "9 or 10", "4 or 5"], ["overlap1 4", "overlap2 6", "overlap3 1"]):
        assert read_class_names([*lettered, *odd], cell="c")[0][-3:] == ["", "", ""]
    names = [*(f"scan41 {label}a" for label in range(1, 23)), "mar 1", "mar 3"]
    assert read_class_names(names, cell="c")[0][-2:] == ["", ""]


@pytest.mark.parametrize("name", ["7", "chr7", "CHR_07", "clase7", "class 7", "Chromosome-7"])
def test_folders_of_classes(name):
    found = read_class_folder(name)
    assert found is not None
    assert (found.text, found.clear) == ("7", name != "7")


@pytest.mark.parametrize("name", ["25", "0", "XY", "cell 7", "7a", "case 7", "chr", "x1", ""])
def test_other_folders(name):
    assert read_class_folder(name) is None


def test_spellings_of_a_class():
    assert [class_text(text) for text in ("01", " x ", "24", "Chr 23")] == ["1", "X", "Y", "X"]
    for text in ("0", "25", "1.0", "", "XY"):
        with pytest.raises(ValueError, match="`class` must be 1 to 22"):
            class_text(text)


@given(st.text(max_size=12), st.sampled_from(CLASS_NAMES), st.sampled_from("ab"))
def test_a_class_after_any_text_is_read_or_refused_but_never_another(text, label, letter):
    classes, problems = read_class_names([f"{text} {label}{letter}"], cell="c")
    assert classes == [label] or problems[0]


@given(st.text(max_size=16))
def test_every_name_is_read_or_refused_with_a_reason(stem):
    classes, problems = read_class_names([stem], cell="c")
    assert bool(classes[0]) != bool(problems[0])
