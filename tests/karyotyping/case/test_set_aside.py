"""Cells that don't count in their case."""

from __future__ import annotations

from superxception_jax.karyotyping.case.case_json import case_json
from superxception_jax.karyotyping.case.conclude import (
    NO_CELL,
    conclude_case,
)
from tests.karyotyping.case.case_cells import karyotype_of, likelihoods_of


def test_cells_that_are_set_aside_never_count():
    likely = likelihoods_of("46,XY")
    karyotypes = [
        karyotype_of("good", "46,XY", log_likelihoods=likely),
        karyotype_of("withheld", "47,XY,+8", withheld="foreign stain", iscn=""),
        karyotype_of("part", "46,XX", iscn=""),
    ]
    part = karyotypes[2]
    karyotypes[2] = karyotype_of("part", "46,XX", iscn="")
    object.__setattr__(karyotypes[2], "chromosomes", part.chromosomes[:30])
    case = conclude_case("case", karyotypes, {"broken": "no image could be read"})
    assert case.formula == "46,XY[1]"
    assert [(one.name, one.aside) for one in case.set_aside] == [
        ("withheld", "foreign stain"),
        ("part", "fewer than 42 chromosomes (30)"),
        ("broken", "no image could be read"),
    ]
    assert [cell for cell, _ in case.review_first] == ["withheld", "part", "broken"]
    nothing = conclude_case("case", karyotypes[1:], {"broken": "no image could be read"})
    assert (nothing.formula, nothing.withheld) == ("", NO_CELL)
    values = case_json(nothing)
    assert (values["cells"]["counted"], values["cells"]["analysed"]) == (3, 0)
    assert values["lines"] == values["clones"] == []


def test_of_the_same_cells_the_first_that_can_count_does():
    cells = [
        karyotype_of("a", "45,XY,-12", withheld="1 image could not be read"),
        karyotype_of("b", "45,XY,-12"),
        karyotype_of("c", "45,XY,-12"),
        karyotype_of("d", "45,XY,-12"),
    ]
    # Of a and b, and of c and d all images are the same; d has some of b, too.
    copies = {
        "a": {"b": 45}, "b": {"a": 45, "d": 20}, "c": {"d": 45}, "d": {"b": 20, "c": 45},
    }  # fmt: skip
    assert conclude_case("case", cells, {}).formula == "45,XY,-12[3]"
    case = conclude_case("case", cells, {}, copies=copies)
    assert [one.name for one in case.analysed] == ["b", "c"]
    assert [(one.name, one.aside) for one in case.set_aside] == [
        ("a", "1 image could not be read"),
        ("d", "the same images as `b` (20 of them)"),
    ]
    assert case.clones == ()
