"""Compare the speed of single operations: fast form, plain form with XLA's defaults, and PyTorch.

The shapes are those of Super-Xception at 227 px with a batch of 8 images. The forward pass, and the
forward and backward pass together, are timed in alternating turns; the medians are printed.

Example:
  python benchmarks/operations.py --batch 8
"""

from __future__ import annotations

import argparse
import functools
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch.nn import functional
from tqdm import tqdm

from benchmarks.report import ABSENT
from benchmarks.torch_network import same_padding
from superxception_jax.commands import run_guarded
from superxception_jax.models.enlarging import enlarge
from superxception_jax.models.ops import dispatch as ops
from superxception_jax.training.compile import compiler_options

EPSILON = 1e-3


@dataclass(frozen=True)
class Operation:
    """An operation of the network.

    Attributes:
        name: Name in the table.
        shapes: Shapes of the arguments, the images first; those are [H,W,C], without the batch.
        ours: (*arguments, implementation) → f32[B,H',W',D].
        torch: The same in PyTorch, with arguments in the layout of `torch_layout`.
        trained: Whether the gradient with respect to the images is computed.
    """

    name: str
    shapes: tuple[tuple[int, ...], ...]
    ours: Callable[..., jax.Array]
    torch: Callable[..., torch.Tensor]
    trained: bool = True


def convolution(
    side: int, size: int, channels: int, features: int, *, stride: int, padding: str
) -> Operation:
    """Return a dense convolution."""

    def ours(x, kernel, implementation):
        return ops.convolution(
            x, kernel, stride=stride, padding=padding, implementation=implementation
        )

    def theirs(x, kernel):
        pads = size // 2 if padding == "SAME" else 0
        return functional.conv2d(x, kernel, stride=stride, padding=pads)

    name = f"convolution {size}×{size}/{stride}, {channels}→{features}, {side} px"
    shapes = ((side, side, channels), (size, size, channels, features))
    return Operation(name, shapes, ours, theirs, trained=channels > 1)


def depthwise(side: int, channels: int) -> Operation:
    """Return a 3×3 depthwise convolution."""

    def ours(x, kernel, implementation):
        return ops.depthwise_convolution(x, kernel, implementation=implementation)

    def theirs(x, kernel):
        return functional.conv2d(x, kernel[:, None], padding=1, groups=channels)

    shapes = ((side, side, channels), (3, 3, channels))
    return Operation(f"depthwise 3×3, {channels}, {side} px", shapes, ours, theirs)


def pointwise(side: int, channels: int, features: int, *, stride: int) -> Operation:
    """Return a 1×1 convolution."""

    def ours(x, kernel, implementation):
        return ops.pointwise_convolution(x, kernel, stride=stride, implementation=implementation)

    def theirs(x, kernel):
        return functional.conv2d(x, kernel.T[:, :, None, None], stride=stride)

    name = f"1×1/{stride}, {channels}→{features}, {side} px"
    return Operation(name, ((side, side, channels), (channels, features)), ours, theirs)


def max_pool(side: int, channels: int) -> Operation:
    """Return the 3×3 max pooling with stride 2."""

    def ours(x, implementation):
        return ops.max_pool(x, padding="SAME", implementation=implementation)

    def theirs(x):
        rows, columns = (same_padding(length, window=3, stride=2) for length in x.shape[2:])
        padded = functional.pad(x, (*columns, *rows), value=float("-inf"))
        return functional.max_pool2d(padded, 3, 2)

    name = f"max pool 3×3/2, {channels}, {side} px"
    return Operation(name, ((side, side, channels),), ours, theirs)


def batch_norm(side: int, channels: int) -> Operation:
    """Return BatchNorm with ReLU, in training mode."""

    def ours(x, scale, bias, implementation):
        return ops.normalize_batch(
            x, scale, bias, epsilon=EPSILON, activation="relu", implementation=implementation
        )[0]

    def theirs(x, scale, bias):
        y = functional.batch_norm(x, None, None, scale, bias, training=True, eps=EPSILON)
        return functional.relu(y)

    shapes = ((side, side, channels), (channels,), (channels,))
    return Operation(f"BatchNorm + ReLU, {channels}, {side} px", shapes, ours, theirs)


def enlarging(from_px: int, to_px: int) -> Operation:
    """Return the bicubic enlarging of the canvas."""

    def ours(x, implementation):
        if implementation == "plain":
            return jax.image.resize(x, (x.shape[0], to_px, to_px, 1), "bicubic")
        return enlarge(x, size_px=to_px)

    def theirs(x):
        return functional.interpolate(x, size=(to_px, to_px), mode="bicubic")

    name = f"bicubic enlarging {from_px}→{to_px} px"
    return Operation(name, ((from_px, from_px, 1),), ours, theirs, trained=False)


OPERATIONS = (
    enlarging(50, 227),
    convolution(227, 9, 1, 64, stride=1, padding="SAME"),
    convolution(227, 5, 64, 32, stride=1, padding="SAME"),
    convolution(227, 5, 32, 1, stride=1, padding="SAME"),
    convolution(227, 3, 1, 32, stride=2, padding="VALID"),
    convolution(113, 3, 32, 64, stride=1, padding="VALID"),
    depthwise(111, 128),
    depthwise(14, 728),
    pointwise(111, 128, 128, stride=1),
    pointwise(14, 728, 728, stride=1),
    pointwise(55, 128, 256, stride=2),
    max_pool(111, 128),
    batch_norm(111, 128),
    batch_norm(14, 728),
)


def our_calls(
    operation: Operation, arguments: tuple[jax.Array, ...], *, implementation: str
) -> tuple[Callable[[], Any], ...]:
    """Return compiled calls: the forward pass, and forward and backward pass if it is trained."""
    options = compiler_options("cpu") if implementation == "fast" else {}
    form = functools.partial(operation.ours, implementation=implementation)
    value = jax.jit(form, compiler_options=options)
    output = jax.block_until_ready(value(*arguments))
    chosen = tuple(range(0 if operation.trained else 1, len(arguments)))
    calls: list[Callable[[], Any]] = [lambda: jax.block_until_ready(value(*arguments))]
    if chosen:

        def value_and_gradients(gradient, *inputs):
            def of_chosen(*values):
                merged = list(inputs)
                for index, one in zip(chosen, values, strict=True):
                    merged[index] = one
                return form(*merged)

            y, pull = jax.vjp(of_chosen, *(inputs[index] for index in chosen))
            return y, pull(gradient)

        both = jax.jit(value_and_gradients, compiler_options=options)
        calls.append(lambda: jax.block_until_ready(both(output, *arguments)))
    return tuple(calls)


def torch_calls(operation: Operation, arguments: tuple) -> tuple:
    """Return the same calls in PyTorch."""
    tensors = [torch_layout(np.asarray(argument)) for argument in arguments]
    for tensor in tensors[0 if operation.trained else 1 :]:
        tensor.requires_grad_()

    def value():
        with torch.no_grad():
            return operation.torch(*tensors)

    output = value()

    def gradient():
        for tensor in tensors:
            tensor.grad = None
        operation.torch(*tensors).backward(output)

    return (value, gradient) if any(t.requires_grad for t in tensors) else (value,)


def torch_layout(array: np.ndarray) -> torch.Tensor:
    """Return an array as a tensor in PyTorch's layout: channels first, images stored channels last.

    Args:
        array: Images f32[B,H,W,C], kernel f32[k,k,C,D] (k odd), depthwise kernel f32[k,k,C], or an
            array of one or two dimensions, which stays as it is.
    """
    if array.ndim == 4 and array.shape[0] == array.shape[1] and array.shape[0] % 2:
        return torch.from_numpy(array.transpose(3, 2, 0, 1).copy())
    if array.ndim == 4:
        images = torch.from_numpy(array.transpose(0, 3, 1, 2).copy())
        return images.contiguous(memory_format=torch.channels_last)
    if array.ndim == 3:
        return torch.from_numpy(array.transpose(2, 0, 1).copy())
    return torch.from_numpy(array.copy())


def time_in_turns(calls: dict[str, Callable[[], object]], *, repeats: int) -> dict[str, float]:
    """Return the median duration of each call in seconds; the first turn isn't counted.

    Args:
        calls: Calls by name; they take turns in alternating order.
        repeats: Number of counted turns.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name in calls if turn % 2 == 0 else reversed(calls):
            start = time.perf_counter()
            calls[name]()
            if turn > 0:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def main() -> None:
    """Time all operations and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=8, help="Images per batch (default: 8).")
    parser.add_argument("--repeats", type=int, default=9, help="Counted turns (default: 9).")
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    lines = [
        "| operation | value: fast | plain | PyTorch | value + gradients: fast | plain | PyTorch |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for operation in tqdm(OPERATIONS, unit="operation"):
        shapes = ((options.batch, *operation.shapes[0]), *operation.shapes[1:])
        arguments = tuple(
            jnp.asarray(generator.normal(size=shape), jnp.float32) for shape in shapes
        )
        forms = {
            "fast": our_calls(operation, arguments, implementation="fast"),
            "plain": our_calls(operation, arguments, implementation="plain"),
            "torch": torch_calls(operation, arguments),
        }
        cells = []
        for index in range(2):
            calls = {name: form[index] for name, form in forms.items() if len(form) > index}
            seconds = time_in_turns(calls, repeats=options.repeats) if calls else {}
            for name in forms:
                cells.append(f"{seconds[name] * 1e3:.1f} ms" if name in seconds else ABSENT)
        lines.append(f"| {operation.name} | {' | '.join(cells)} |")
    print("\n".join(lines))


if __name__ == "__main__":
    run_guarded(main)
