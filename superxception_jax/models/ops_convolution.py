"""Dense convolution with a weight gradient made of matrix products, for the CPU."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from superxception_jax.models.geometry import pad_image, shifted, window_pads

# Up to this many inputs per output pixel the window itself is the better matrix.
IM2COL_LIMIT = 128
_LAYOUT = ("NHWC", "HWIO", "NHWC")


def plain_convolution(x: jax.Array, kernel: jax.Array, stride: int, padding: str) -> jax.Array:
    """Convolve with XLA's own convolution.

    Args:
        x: f32[B,H,W,C].
        kernel: f32[k,k,C,D].
        stride: step of the window, in px.
        padding: "SAME" or "VALID".

    Returns:
        f32[B,H',W',D].

    Source: `jax.lax.conv_general_dilated`; the right form on GPU and TPU.
    """
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), padding, dimension_numbers=_LAYOUT
    )


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def fast_convolution(x: jax.Array, kernel: jax.Array, stride: int, padding: str) -> jax.Array:
    """Convolve as `plain_convolution` does; the gradient of the kernel is a product.

    Args:
        x: f32[B,H,W,C].
        kernel: f32[k,k,C,D].
        stride: step of the window, in px.
        padding: "SAME" or "VALID".

    Returns:
        f32[B,H',W',D].

    Source: ours, because XLA:CPU runs the gradient of the kernel as a general
        convolution with an image-sized window, at a few percent of the matrix rate.
    """
    return plain_convolution(x, kernel, stride, padding)


def _forward(
    x: jax.Array, kernel: jax.Array, stride: int, padding: str
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return plain_convolution(x, kernel, stride, padding), (x, kernel)


def _backward(
    stride: int, padding: str, residuals: tuple[jax.Array, jax.Array], gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    x, kernel = residuals
    size = kernel.shape[0]
    transpose = jax.linear_transpose(
        lambda value: plain_convolution(value, kernel, stride, padding), x
    )
    (x_gradient,) = transpose(gradient)
    if size * size * kernel.shape[2] <= IM2COL_LIMIT:
        one_image = _window_product
    elif stride == 1:
        one_image = _two_sided_product
    else:
        one_image = _row_products
    pads = window_pads(*x.shape[1:3], size=size, stride=stride, padding=padding)
    padded = pad_image(x, pads, value=0.0)

    # One image after the other: the shifted copies then stay in the cache, and the
    # memory for them doesn't grow with the batch.
    def add_image(total: jax.Array, pair: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        image, image_gradient = (value[None] for value in pair)
        return total + one_image(image, image_gradient, size=size, stride=stride), None

    kernel_gradient, _ = jax.lax.scan(add_image, jnp.zeros_like(kernel), (padded, gradient))
    return x_gradient, kernel_gradient


def _window_product(padded: jax.Array, gradient: jax.Array, *, size: int, stride: int) -> jax.Array:
    """Multiply the windows with the gradient: [k·k·C,M] × [M,D]."""
    output = (gradient.shape[1], gradient.shape[2])
    channels, features = padded.shape[-1], gradient.shape[-1]
    taps = [
        shifted(padded, row, column, output=output, stride=stride)
        for row in range(size)
        for column in range(size)
    ]
    windows = jnp.stack(taps)
    product = jnp.einsum("tbhwc,bhwd->tcd", windows, gradient)
    return product.reshape(size, size, channels, features)


def _two_sided_product(
    padded: jax.Array, gradient: jax.Array, *, size: int, stride: int
) -> jax.Array:
    """Multiply the image shifted along the width with the gradient shifted along the height.

    Both sides are k times as wide, so one product [k·C,M] × [M,k·D] does the work that
    windows would need a k times longer side for.
    """
    del stride  # always 1 here
    height, channels = padded.shape[1], padded.shape[-1]
    columns, features = gradient.shape[2:]
    spread = pad_image(gradient, ((size - 1, size - 1), (0, 0)), value=0.0)
    left = jnp.concatenate([padded[:, :, shift : shift + columns] for shift in range(size)], -1)
    # The row that a tap i reads lies i below its output: shift the gradient down by i.
    right = jnp.concatenate(
        [spread[:, size - 1 - shift : size - 1 - shift + height] for shift in range(size)], -1
    )
    # The first factor of such a product is copied to transpose it: let it be the smaller.
    if features < channels:
        product = jnp.einsum("bhwq,bhwp->qp", right, left)
        return product.reshape(size, features, size, channels).transpose(0, 2, 3, 1)
    product = jnp.einsum("bhwp,bhwq->pq", left, right)
    return product.reshape(size, channels, size, features).transpose(2, 0, 1, 3)


def _row_products(padded: jax.Array, gradient: jax.Array, *, size: int, stride: int) -> jax.Array:
    """Multiply, row of the kernel by row, the shifted image with the gradient."""
    output = (gradient.shape[1], gradient.shape[2])
    channels, features = padded.shape[-1], gradient.shape[-1]
    products = []
    for row in range(size):
        taps = [
            shifted(padded, row, column, output=output, stride=stride) for column in range(size)
        ]
        product = jnp.einsum("bhwp,bhwq->pq", jnp.concatenate(taps, -1), gradient)
        products.append(product.reshape(size, channels, features))
    return jnp.stack(products)


fast_convolution.defvjp(_forward, _backward)
