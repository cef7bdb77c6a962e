from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superxception_jax.chromosomes import (
    CLASS_NAMES,
    GROUPS,
    aneuploidy_kind,
    class_label,
    natural_key,
)

NORMAL = [name for name in CLASS_NAMES[:22] for _ in range(2)]


def test_class_names_are_24_in_karyotype_order():
    assert len(CLASS_NAMES) == 24
    assert (CLASS_NAMES[0], CLASS_NAMES[21], CLASS_NAMES[22], CLASS_NAMES[23]) == (
        "1", "22", "X", "Y",
    )  # fmt: skip


def test_groups_hold_every_class_once():
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(CLASS_NAMES)


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


def test_natural_key_sorts_as_people_do():
    names = ["10/10 1a", "9/9 24", "9/9 10b", "9/9 2a", "9/9 10a", "cell", "01", "1"]
    expected = ["01", "1", "9/9 2a", "9/9 10a", "9/9 10b", "9/9 24", "10/10 1a", "cell"]
    assert sorted(names, key=natural_key) == expected
    assert natural_key("01") != natural_key("1")


@given(st.text(), st.text())
def test_natural_keys_are_equal_for_equal_texts_only(one, other):
    assert (natural_key(one) == natural_key(other)) == (one == other)
    assert natural_key(one) <= natural_key(other) or natural_key(other) <= natural_key(one)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_natural_keys_compare_numbers(one, other):
    texts = [f"cell {number} 3a" for number in (one, other)]
    assert (natural_key(texts[0]) < natural_key(texts[1])) == (one < other)


@pytest.mark.parametrize(
    ("classes", "kind"),
    [
        ([*NORMAL, "X", "X"], "none"),
        ([*NORMAL, "X", "Y"], "none"),
        ([*NORMAL, "21", "X", "X"], "gain"),
        ([*NORMAL[1:], "21", "X"], "gain"),
        ([*NORMAL, "X"], "sex"),
        ([*NORMAL[1:], "X", "X", "Y"], "sex"),
        ([*NORMAL[1:], "X", "Y"], "loss"),
    ],
)
def test_the_most_important_kind_of_aneuploidy_is_named(classes, kind):
    assert aneuploidy_kind(classes) == kind
