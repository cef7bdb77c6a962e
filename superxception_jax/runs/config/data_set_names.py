"""The fields of a config that name data sets: texts with commas, checked and taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from superxception_jax.data.builders import BUILDERS, UNORIENTED


def listed(text: str) -> tuple[str, ...]:
    """Return the names of a text with commas.

    Args:
        text: Names, with spaces around them or not; empty or `none` for no name.

    >>> listed("gband, tseng"), listed(""), listed("none")
    (('gband', 'tseng'), (), ())
    """
    return () if text.strip() in ("", "none") else tuple(one.strip() for one in text.split(","))


def read_repeats(text: str, count: int) -> tuple[int, ...]:
    """Return how often an epoch shows the images of each data set.

    Args:
        text: Whole numbers of at least 1 with commas, one for each data set; empty for once each.
        count: Number of data sets.

    Raises:
        ValueError: The text is something else.

    >>> read_repeats("2,1", 2), read_repeats("", 2)
    ((2, 1), (1, 1))
    """
    parts = listed(text) or ("1",) * count
    if len(parts) != count or not all(
        one.isascii() and one.isdigit() and int(one) for one in parts
    ):
        raise ValueError(
            "`data.repeats` must be one whole number of at least 1 for each of the "
            f"{count} data sets, such as {','.join(['1'] * count)}, got {text!r}."
        )
    return tuple(int(one) for one in parts)


def find_data_set_problems(fields: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the data sets of a config.

    Args:
        fields: Values of all fields by path.

    Returns:
        One sentence per problem.
    """
    names, tested = listed(fields["data.dataset"]), listed(fields["split.test_only"])
    unknown = [name for name in names if name not in BUILDERS]
    if not names or unknown or len(set(names)) < len(names):
        return [
            f"`data.dataset` must be one of {', '.join(BUILDERS)}, or several of them with commas, "
            f"got {fields['data.dataset']!r}."
        ]
    problems = []
    if not set(tested) < set(names):
        problems.append(
            "`split.test_only` must name some, not all, of the data sets "
            f"{', '.join(names)}, got {fields['split.test_only']!r}."
        )
    try:
        repeats = read_repeats(fields["data.repeats"], len(names))
    except ValueError as error:
        problems.append(str(error))
    else:
        problems += [
            f"`data.repeats` must be 1 for `{name}`, which `split.test_only` keeps out of the "
            f"training, got {fields['data.repeats']!r}; correct it."
            for name, times in zip(names, repeats, strict=True)
            if name in tested and times > 1
        ]
    if len(names) > 1 and fields["split.protocol"] in ("paper", "poletti"):
        problems.append(
            "`split.protocol` must be cells or cases with several data sets, got "
            f"{fields['split.protocol']!r}."
        )
    if "own" in names and not fields["data.own_folder"]:
        problems.append("`data.own_folder` must name your folder of cells, got nothing; set it.")
    unoriented = [name for name in names if name in UNORIENTED]
    if unoriented and fields["model.polarity"] == "given":
        problems.append(
            f"`model.polarity` must be read with `{unoriented[0]}`, whose images are any way up, "
            "got given."
        )
    return problems
