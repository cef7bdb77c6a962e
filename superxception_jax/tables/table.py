"""A table of networks from finished runs."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from superxception_jax.tables.comparison import RowComparison, common_runs, compare_rows
from superxception_jax.tables.finished_run import TableRun, check_same_images
from superxception_jax.tables.row import TableRow, summarize_row


@dataclass(frozen=True, eq=False)
class Table:
    """A table of networks.

    Attributes:
        name: Name of the table.
        commands: Command lines that made it.
        pairs: Rows to compare.
        vary: Field of the configs in which the rows of a network differ; empty for none.
        rows: Summary of each row.
        comparisons: Comparison of each pair that has common runs.
        runs: The runs that all of this is computed from.
    """

    name: str
    commands: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    vary: str
    rows: tuple[TableRow, ...]
    comparisons: tuple[RowComparison, ...]
    runs: tuple[TableRun, ...]

    @property
    def is_curve(self) -> bool:
        """Return whether the rows of each network differ in a number."""
        values = [row.varied for row in self.rows]
        return all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)

    def to_json(self) -> dict[str, Any]:
        """Return the table as JSON values, without the predictions of its runs."""
        return {
            "name": self.name,
            "commands": list(self.commands),
            "pairs": [list(pair) for pair in self.pairs],
            "vary": self.vary,
            "rows": [dataclasses.asdict(row) for row in self.rows],
            "comparisons": [dataclasses.asdict(one) for one in self.comparisons],
            "runs": [run.to_json() for run in self.runs],
        }


def build_table(
    runs: Sequence[TableRun],
    *,
    name: str,
    pairs: Sequence[tuple[str, str]],
    commands: Sequence[str],
    vary: str = "",
) -> Table:
    """Return a table of networks.

    Args:
        runs: Runs on one data set and split, at least one; see `merge_runs`.
        name: Name of the table.
        pairs: Rows to compare image by image; a pair without common runs is left out.
        commands: Command lines that made the table.
        vary: Field of the configs in which the rows of a network differ; empty for none.

    Raises:
        ValueError: Two runs of a fold tested different images.
    """
    check_same_images(runs)
    rows = {
        row: [run for run in runs if run.row == row]
        for row in dict.fromkeys(run.row for run in runs)
    }
    return Table(
        name=name,
        commands=tuple(commands),
        pairs=tuple(pairs),
        vary=vary,
        rows=tuple(summarize_row(members, vary=vary) for members in rows.values()),
        comparisons=tuple(
            compare_rows(rows[first], rows[second])
            for first, second in pairs
            if common_runs(rows.get(first, []), rows.get(second, []))
        ),
        runs=tuple(runs),
    )


def table_json(table: Table) -> str:
    """Return a table as legible JSON: a list of plain values takes one line.

    Args:
        table: The table.
    """
    text = json.dumps(table.to_json(), indent=2, ensure_ascii=False) + "\n"
    # A JSON string never contains a line break, so that only structure is matched.
    return re.sub(
        r"\[\n\s*([^\[\]{}]*?)\n\s*\]", lambda m: "[" + re.sub(r"\n\s*", " ", m[1]) + "]", text
    )
