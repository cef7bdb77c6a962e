"""Prepare a data set ahead of training, or show how one image is normalised.

    python launch/prepare_data.py --dataset bioimage
    python launch/prepare_data.py --dataset own --folder my_lab
    python launch/prepare_data.py --dataset ideogram --cells 2 --write synthetic_cells
    python launch/prepare_data.py --show my_lab/cell1/scan_3a.png --out steps.png

Training prepares what is missing by itself; this program does it ahead and prints the counts.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from configs.base import get_base
from superxception_jax.data.builders import BUILDERS, load_records, make_builder
from superxception_jax.data.describe import describe_counts
from superxception_jax.data.image_file import read_grey, scale_to_8_bits
from superxception_jax.data.normalization_steps import normalization_steps
from superxception_jax.data.normalize import NormalizationSettings
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.files import replacing

OPTIONS = sorted({option for options, _ in BUILDERS.values() for option in options})


def main() -> None:
    """Do what the flags ask; bad input gives one sentence and exit status 2."""
    arguments = _parser().parse_args()
    try:
        if arguments.show:
            print(f"wrote {_show(arguments)}")
        else:
            print(_prepare(arguments))
    except (ValueError, TypeError, OSError) as error:
        if os.environ.get("SUPERXCEPTION_TRACEBACK"):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\nstopped; nothing half-built is left. Run again to start over.", file=sys.stderr)
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    data = get_base().data
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--dataset", choices=tuple(BUILDERS), help="data set to build and count")
    task.add_argument("--show", metavar="IMAGE", help="image of one chromosome to draw in steps")
    building = parser.add_argument_group("with --dataset")
    building.add_argument(
        "--data_dir", default=data.data_dir, help="where prepared sets lie (%(default)s)"
    )
    building.add_argument(
        "--manual_dir",
        default="",
        help="bioimage, gband: where you put the archive (<data_dir>/manual)",
    )
    building.add_argument("--folder", help="own: your folder, see superxception_jax/data/own")
    for name, kind, meaning in (
        ("cells", int, "number of cells to draw"),
        ("seed", int, "seed of the drawn cells"),
        ("style", str, "q: bright bands on black, g: dark bands on white"),
        ("aneuploid_share", float, "share of cells with an aneuploidy, 0..1"),
    ):
        default = data[f"ideogram_{name}"]
        building.add_argument(f"--{name}", type=kind, help=f"ideogram: {meaning} ({default})")
    building.add_argument(
        "--write", metavar="DIR", help="also write the images there, one folder a cell"
    )
    showing = parser.add_argument_group("with --show")
    showing.add_argument("--out", default="steps.png", help="picture to write (%(default)s)")
    showing.add_argument(
        "--cell_length_px",
        type=float,
        help="axis length of the longest chromosome of the cell (that of the image itself)",
    )
    showing.add_argument(
        "--normalization",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="settings of configs/base.py to change, such as straightening=medial_axis",
    )
    return parser


def _prepare(arguments: argparse.Namespace) -> str:
    data = get_base().data
    wanted = BUILDERS[arguments.dataset][0]
    given = {name: getattr(arguments, name) for name in OPTIONS}
    foreign = [f"--{name}" for name in OPTIONS if given[name] is not None and name not in wanted]
    if foreign:
        raise ValueError(
            f"`{', '.join(foreign)}` must be left out with --dataset {arguments.dataset}, "
            "got a value; see --help."
        )
    options = {
        name: data[f"{arguments.dataset}_{name}"] if given[name] is None else given[name]
        for name in wanted
    }
    builder = make_builder(
        arguments.dataset,
        dataset_options=options,
        data_dir=arguments.data_dir,
        manual_dir=arguments.manual_dir or Path(arguments.data_dir) / "manual",
    )
    records = load_records(builder, progress=sys.stderr.isatty())
    text = f"{builder.info.full_name} in {builder.data_path}\n{describe_counts(records)}"
    if not arguments.write:
        return text
    return f"{text}\nwrote {_write_images(records, Path(arguments.write).expanduser())}"


def _write_images(records: Sequence[ChromosomeRecord], folder: Path) -> Path:
    """Write every image as `<cell>/<name>.png`."""
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"`--write` must be a new or empty folder, got {str(folder)!r}.")
    for record in records:
        path = folder / record.cell.replace("/", "_") / f"{record.name.replace('/', '_')}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(record.image).save(path)
    return folder.absolute()


def _show(arguments: argparse.Namespace) -> Path:
    file = Path(arguments.show).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f"`--show` must be an image file, got {str(file)!r}; correct it.")
    try:
        image = scale_to_8_bits([read_grey(file.read_bytes())])[0]
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
    steps = normalization_steps(
        image,
        name=str(file),
        cell_length_px=arguments.cell_length_px,
        settings=_settings(arguments.normalization),
    )
    out = Path(arguments.out).expanduser()
    with replacing(out) as temporary:
        _draw(steps).savefig(temporary, format=out.suffix[1:], dpi=150, bbox_inches="tight")
    return out.absolute()


def _settings(changes: list[str]) -> NormalizationSettings:
    values: dict[str, Any] = get_base().normalization.to_dict()
    for change in changes:
        name, _, text = change.partition("=")
        try:
            values[name] = type(values[name])(text)
        except (KeyError, ValueError):
            raise ValueError(
                f"`--normalization` must be NAME=VALUE with a name of {', '.join(values)} and a "
                f"value of its kind, got {change!r}; see configs/base.py."
            ) from None
    return NormalizationSettings(**values)


def _draw(steps: dict[str, np.ndarray]) -> Figure:
    figure = Figure(figsize=(2.2 * len(steps), 3.0), layout="constrained")
    for axes, (name, picture) in zip(figure.subplots(1, len(steps)), steps.items(), strict=True):
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(f"{name}\n{picture.shape[1]}×{picture.shape[0]} px", fontsize=9)
        axes.set_axis_off()
    return figure


if __name__ == "__main__":
    main()
