"""Measure how well the shipped networks tell a stain that they know from a foreign one.

All sets are judged, and the tables and the figure are written. The constants of
`karyotyping/stain.py` were chosen on sets of the part `development`; those of the part `test`
chose nothing.

The folder must hold bioimlab_qband.zip, gband_karyograms.zip, tseng_isolated.zip and
mfish_dapi.zip.

Example:
  python benchmarks/stain.py --data "$SUPERXCEPTION_DATA" --out results
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks import stain_cells as sets
from benchmarks.stain_report import NETWORKS, Judged, load_results, write_results, write_scores
from superxception_jax.commands import run_guarded
from superxception_jax.data.normalization.measure import measure_cell
from superxception_jax.data.normalization.normalize import draw_cell
from superxception_jax.karyotyping import stain
from superxception_jax.karyotyping.cell import Classifier
from superxception_jax.runs.reader import DEFAULT_CLASSIFIERS, load_classifier

# Random parts of this many chromosomes are drawn from cells of the real sets; those of Tseng are
# parts as they are.
PART_SIZES = (3, 5, 8, 12, 15, 20, 30)


@dataclasses.dataclass(frozen=True)
class Condition:
    """A set of cells shown to a network.

    Attributes:
        name: Name of the set.
        network: Key of `NETWORKS`.
        kind: "known", "damaged" or "foreign".
        load: Function from the folder of the data and the part to the cells.
        in_parts: Whether random parts of the cells are judged too.
    """

    name: str
    network: str
    kind: str
    load: Callable[[Path, str], list[sets.Cell]]
    in_parts: bool = False


def conditions() -> list[Condition]:
    """Return all sets, for both networks."""
    padova, gband, tseng, dapi = (
        sets.load_padova,
        sets.load_gband_karyograms,
        sets.load_tseng,
        sets.load_dapi,
    )

    def changed(load: Callable, change: Callable, **options: object) -> Callable:
        return lambda folder, part: change(load(folder, part), **options)

    def drawn(draw: Callable, style: str) -> Callable:
        return lambda folder, part: draw(style, part)

    found = [
        Condition("Padova", "dark", "known", padova, in_parts=True),
        Condition("G-band karyograms", "light", "known", gband, in_parts=True),
        Condition("Tseng", "light", "known", tseng),
    ]
    for name, network, load in (("Padova", "dark", padova), ("G-band", "light", gband)):
        for kind, level in (("blur", 1), ("blur", 2), ("noise", 12)):
            change = changed(load, sets.damage, kind=kind, level=level)
            found.append(Condition(f"{name}, {kind} {level}", network, "damaged", change))
    found += [
        Condition("DAPI", "dark", "foreign", dapi, in_parts=True),
        Condition("G-band karyograms, inverted", "dark", "foreign", gband),
        Condition("DAPI, inverted", "light", "foreign", dapi),
        Condition("Padova, inverted", "light", "foreign", padova),
    ]
    for name, network, load, style in (
        ("Padova", "dark", padova, "q"),
        ("G-band", "light", gband, "g"),
    ):
        found += [
            Condition(
                f"{name}, bands reversed", network, "foreign", changed(load, sets.reverse_bands)
            ),
            Condition(f"{name}, no bands", network, "foreign", changed(load, sets.remove_bands)),
            Condition(
                "synthetic, shuffled bands", network, "foreign", drawn(sets.draw_shuffled, style)
            ),
            Condition("synthetic, true bands", network, "foreign", drawn(sets.draw_true, style)),
        ]
    return found


def judge(
    condition: Condition, cells: Sequence[sets.Cell], *, classifier: Classifier, part: str
) -> Judged:
    """Return the scores of the cells of a condition, and of parts of them."""
    assert classifier.known_stain is not None
    canvases, members, whole = [], [], []
    for number, cell in enumerate(cells):
        names = [str(index) for index in range(len(cell.images))]
        measured = measure_cell(cell.images, names=names, background="dark")
        generator = np.random.default_rng([7, number])
        parts = [size for size in PART_SIZES if condition.in_parts and size < len(names)]
        for size in (len(names), *parts):
            chosen = np.sort(generator.permutation(len(names))[:size])
            canvases.append(
                draw_cell([measured[index] for index in chosen], settings=classifier.normalization)
            )
            members.append(cell.labels[chosen])
            whole.append(size == len(names))
    rows = stain.stain_log_probabilities(
        classifier.predict(np.concatenate(canvases)),
        polarity=classifier.polarity,
        temperature=classifier.temperature,
    )
    count = np.array([len(labels) for labels in members])
    found = np.split(rows, np.cumsum(count)[:-1])
    return Judged(
        part=part,
        name=condition.name,
        network=condition.network,
        kind=condition.kind,
        count=count,
        whole=np.array(whole),
        score=np.array([stain.stain_score(one, known=classifier.known_stain) for one in found]),
        accuracy=np.array(
            [
                (one.argmax(axis=1) == labels).mean()
                for one, labels in zip(found, members, strict=True)
            ]
        ),
    )


def main() -> None:
    """Judge all sets and write the tables and the figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SUPERXCEPTION_DATA"))
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--draw", action="store_true", help="write again from stain.json")
    arguments = parser.parse_args()
    if arguments.draw:
        write_results(load_results(arguments.out), arguments.out)
        return
    if arguments.data is None:
        parser.error("`--data` must be the folder of the four archives; or set SUPERXCEPTION_DATA")
    classifiers = {name: load_classifier(path) for name, path in DEFAULT_CLASSIFIERS.items()}
    judged = []
    for part in ("test", "development"):
        for one in conditions():
            cells = one.load(arguments.data, part)
            judged.append(judge(one, cells, classifier=classifiers[one.network], part=part))
            print(f"{part}: {one.name} to the {NETWORKS[one.network]} network", flush=True)
            write_scores(judged, arguments.out)
    for file in write_results(judged, arguments.out):
        print(file)


if __name__ == "__main__":
    run_guarded(main)
