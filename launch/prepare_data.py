"""Prepare a data set ahead of training, or show how one image is normalised.

    python launch/prepare_data.py --dataset bioimage
    python launch/prepare_data.py --dataset own --folder my_lab
    python launch/prepare_data.py --dataset ideogram --cells 2 --write synthetic_cells
    python launch/prepare_data.py --show "my_lab/cell1/scan 3a.png" --out steps.png

Training prepares missing data sets by itself; this program prepares one ahead and prints its
counts.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from superxception_jax.system import check_training_platform, make_output_lasting

check_training_platform()

from configs.base import get_base
from superxception_jax.commands import run_guarded
from superxception_jax.data.builders import BUILDERS
from superxception_jax.data.options import BACKGROUNDS, POLARITIES, TWINS
from superxception_jax.data.prepare import prepare_dataset

OPTIONS = sorted({option for options, _ in BUILDERS.values() for option in options})
BUILDING = (*OPTIONS, "data_dir", "manual_dir", "write")
SHOWING = ("out", "cell_length_px", "curled", "normalization")


def main() -> None:
    """Prepare or show, as the flags say; bad input gives one sentence and exit status 2."""
    make_output_lasting()
    parser = _parser()
    arguments = parser.parse_args()

    def answer() -> None:
        _check_flags(arguments, parser)
        print(f"wrote {_show(arguments)}" if arguments.show else _prepare(arguments))

    run_guarded(answer)


def _check_flags(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Raise if a flag is given that the task would ignore."""
    if arguments.curled and arguments.show:
        task, foreign = "--curled", (*BUILDING, "cell_length_px")
    else:
        task, foreign = ("--show", BUILDING) if arguments.show else ("--dataset", SHOWING)
    given = [name for name in foreign if getattr(arguments, name) != parser.get_default(name)]
    if given:
        remedy = "see --help"
        if "background" in given:
            remedy = f"write `--normalization background={arguments.background}` instead"
        raise ValueError(
            f"`{', '.join(f'--{name}' for name in given)}` must be left out with {task}, "
            f"got a value; {remedy}."
        )


def _prepare(arguments: argparse.Namespace) -> str:
    return prepare_dataset(
        arguments.dataset,
        dataset_options=_dataset_options(arguments),
        data_dir=arguments.data_dir,
        manual_dir=arguments.manual_dir or Path(arguments.data_dir) / "manual",
        images_dir=Path(arguments.write).expanduser() if arguments.write else None,
        progress=sys.stderr.isatty(),
    )


def _show(arguments: argparse.Namespace) -> Path:
    # Imported only where a picture is shown: Matplotlib and SciPy take a second.
    from superxception_jax.data.normalization.show import (
        settings_from_text,
        write_curled_figure,
        write_steps_figure,
    )

    image, out = Path(arguments.show).expanduser(), Path(arguments.out).expanduser()
    settings = settings_from_text(
        arguments.normalization, defaults=get_base().normalization.to_dict()
    )
    if arguments.curled:
        return write_curled_figure(image, out, settings=settings)
    return write_steps_figure(
        image, out, cell_length_px=arguments.cell_length_px, settings=settings
    )


def _dataset_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options of the data set: flags, and defaults of the configs for the others."""
    data = get_base().data
    wanted = BUILDERS[arguments.dataset][0]
    given = {name: getattr(arguments, name) for name in OPTIONS}
    foreign = [f"--{name}" for name in OPTIONS if given[name] is not None and name not in wanted]
    if foreign:
        raise ValueError(
            f"`{', '.join(foreign)}` must be left out with --dataset {arguments.dataset}, "
            "got a value; see --help."
        )
    defaults = {name: data.get(f"{arguments.dataset}_{name}") for name in wanted}
    # For training, the normalisation says it.
    defaults |= {"background": get_base().normalization.background}
    return {name: defaults[name] if given[name] is None else given[name] for name in wanted}


def _parser() -> argparse.ArgumentParser:
    data = get_base().data
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--dataset", choices=tuple(BUILDERS), help="Data set to prepare and count.")
    task.add_argument(
        "--show",
        metavar="IMAGE",
        help="Image of one chromosome; its normalisation is shown in steps.",
    )
    building = parser.add_argument_group("with --dataset")
    building.add_argument(
        "--data_dir",
        default=data.data_dir,
        help="Folder of the prepared data sets (default: %(default)s).",
    )
    building.add_argument(
        "--manual_dir",
        default="",
        help="bioimage, gband, tseng: folder with the archive (default: <data_dir>/manual).",
    )
    building.add_argument(
        "--folder",
        help="own: folder of cells, see superxception_jax/data/own/README.md.",
    )
    building.add_argument(
        "--twins",
        choices=TWINS,
        help=f"own: whether several cells may hold the same image (default: {data.own_twins}).",
    )
    building.add_argument(
        "--polarity",
        choices=POLARITIES,
        help="own: orientation of images for which the table states none "
        f"(default: {data.own_polarity}).",
    )
    building.add_argument(
        "--background",
        choices=BACKGROUNDS,
        help="own: background of all images, like config.normalization.background in training; "
        f"auto decides for each cell (default: {get_base().normalization.background}).",
    )
    for name, kind, meaning in (
        ("cells", int, "number of cells"),
        ("seed", int, "random seed"),
        ("style", str, "q (bright bands on black) or g (dark bands on white)"),
        ("aneuploid_share", float, "share of cells with an aneuploidy, 0..1"),
    ):
        default = data[f"ideogram_{name}"]
        building.add_argument(
            f"--{name}", type=kind, help=f"ideogram: {meaning} (default: {default})."
        )
    building.add_argument(
        "--write",
        metavar="DIR",
        help="New folder for the raw images, one folder per cell, and their table labels.csv.",
    )
    showing = parser.add_argument_group("with --show")
    showing.add_argument(
        "--out", default="steps.png", help="Figure to write (default: %(default)s)."
    )
    showing.add_argument(
        "--cell_length_px",
        type=float,
        help="Axis length of the longest chromosome of the cell (default: that of the image).",
    )
    showing.add_argument(
        "--curled",
        action="store_true",
        help="Show copies with touching arms instead, see data.curled_share in configs/base.py.",
    )
    showing.add_argument(
        "--normalization",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="Settings of configs/base.py to change, such as straightening=medial_axis.",
    )
    return parser


if __name__ == "__main__":
    main()
