"""Train with the fast and the plain forms of the operations from the same seed, compare the losses.

Both runs use the config `super_xception:bioimage` with its real images and its augmentation; they
differ only in `model.implementation`.

Example:
  python benchmarks/forms.py --steps 20 --data_dir data
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tqdm import tqdm

from configs import super_xception
from superxception_jax.commands import run_guarded
from superxception_jax.data.batches import training_indices
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.setup import set_up
from superxception_jax.training import compile as compilation
from superxception_jax.training.steps import make_train_step


def losses_of(implementation: str, arguments: argparse.Namespace) -> list[float]:
    """Return the losses of the first training steps.

    Args:
        implementation: "fast" or "plain".
        arguments: Command-line arguments: `preset`, `data_dir` and `steps`.
    """
    config = super_xception.get_config(arguments.preset)
    config.model.implementation = implementation
    config.data.data_dir = arguments.data_dir
    experiment = build_experiment(config)
    setup = set_up(experiment)
    step = compilation.compile_train_step(
        make_train_step(setup.model, setup.optimizer, **experiment.step_options),
        setup.mesh,
    )
    part, state, losses = setup.splits["train"], setup.fresh_state(setup.key), []
    for number in tqdm(range(arguments.steps), desc=implementation, unit="step"):
        indices = training_indices(
            len(part.labels),
            batch_size=experiment.batch_size,
            seed=experiment.seed,
            step=number,
        )
        images, labels = (
            compilation.place_batch(array[indices], setup.mesh)
            for array in (part.images, part.labels)
        )
        state, metrics = step(state, images, labels, setup.key)
        losses.append(float(metrics["loss"]))
    return losses


def main() -> None:
    """Print the losses of both forms and their largest difference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--steps", type=int, default=20, help="Number of training steps (default: 20)."
    )
    parser.add_argument(
        "--preset", default="bioimage", help="Preset of the config (default: bioimage)."
    )
    parser.add_argument(
        "--data_dir", default="data", help="Folder of the prepared data (default: data)."
    )
    arguments = parser.parse_args()
    fast, plain = (losses_of(name, arguments) for name in ("fast", "plain"))
    print("step      fast     plain  difference")
    for number, (one, other) in enumerate(zip(fast, plain, strict=True)):
        print(f"{number:4d}  {one:8.5f}  {other:8.5f}  {abs(one - other):.1e}")
    largest = max(abs(one - other) for one, other in zip(fast, plain, strict=True))
    print(f"largest difference of the losses: {largest:.1e}")


if __name__ == "__main__":
    run_guarded(main)
