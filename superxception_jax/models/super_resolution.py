"""The super-resolution stack in front of a classifier (Swati et al.; Cai et al. 2017).

Classes and functions raise `ValueError` for a wrong shape or attribute, and `TypeError` for a
dtype other than float32 and bfloat16.
"""

from __future__ import annotations

import jax
from flax import linen as nn

from superxception_jax.arrays import check
from superxception_jax.models.enlarging import enlarge
from superxception_jax.models.layers import Convolution

_SIZES = (9, 5, 5)


class SuperResolution(nn.Module):
    """Add a learned residual to enlarged images: I_HR = I_LR + g(I_LR).

    Attributes:
        features: Output channels of the 9×9 and the first 5×5 convolution.
        final_activation: Function after the last convolution, "none" or "relu".
        skip: "input" to add the input to the output, or "none".
        initialization: Initial values of the kernels, "gaussian" or "glorot"; biases start at zero.
        initial_sigma: Standard deviation of the Gaussian.
        implementation: Form of the operations, "plain" or "fast".

    Source: the paper, section on super-resolution: 9×9×64, 5×5×32, 5×5×1, summed with the input.
        The absence of a final ReLU, which could only brighten, and the Gaussian of 0.001, which
        makes the stack start close to the identity, are those of Cai et al. 2017 (arXiv
        1703.05393).
    """

    features: tuple[int, int]
    final_activation: str
    skip: str
    initialization: str
    initial_sigma: float
    implementation: str

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        """Enhance images.

        Args:
            images: compute[B,H,W,C] in [0,1], enlarged (I_LR).

        Returns:
            compute[B,H,W,C] (I_HR), not clipped.

        Source: the paper, the figure of the architecture.
        """
        channels = check(images=(images, "compute[B,H,W,C]"))["C"]
        kernel_init = self._check_attributes()
        x = images
        widths = (*self.features, channels)
        for index, (width, size) in enumerate(zip(widths, _SIZES, strict=True)):
            inner = index < len(widths) - 1
            x = Convolution(
                width,
                size=size,
                stride=1,
                padding="SAME",
                use_bias=True,
                activation="relu" if inner else self.final_activation,
                kernel_init=kernel_init,
                implementation=self.implementation,
                name=f"conv{index + 1}",
            )(x)
        return images + x if self.skip == "input" else x

    def _check_attributes(self) -> nn.initializers.Initializer:
        choices = {
            "final_activation": (self.final_activation, ("none", "relu")),
            "skip": (self.skip, ("input", "none")),
            "initialization": (self.initialization, ("gaussian", "glorot")),
        }
        for name, (value, allowed) in choices.items():
            if value not in allowed:
                raise ValueError(f"`{name}` must be one of {allowed}, got {value!r}; choose one.")
        if len(self.features) != len(_SIZES) - 1 or min(self.features) < 1:
            raise ValueError(
                f"`features` must be two positive numbers, got {self.features}; "
                "give the channels of the first two convolutions."
            )
        if self.initialization == "glorot":
            return nn.initializers.glorot_uniform()
        return nn.initializers.normal(self.initial_sigma)


class SuperResolvedClassifier(nn.Module):
    """Classify images after super-resolution, trained end to end.

    Attributes:
        super_resolution: Stack in front of the classifier, from images to images.
        classifier: Network with the method `__call__(images, *, train)`.
        enlarged_px: Side of the classifier's input in px; smaller images are enlarged after the
            stack, which the paper doesn't do and which serves as a control.

    Source: the paper: Super-Xception, Super-AlexNet and Super-ResNet differ in the classifier
        only.
    """

    super_resolution: SuperResolution
    classifier: nn.Module
    enlarged_px: int

    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Classify images.

        Args:
            images: compute[B,S,S,1] in [0,1], enlarged (I_LR).
            train: Whether to use batch statistics and dropout, which needs a "dropout" key.

        Returns:
            f32[B,classes] logits.

        Source: the paper, the figure of the architecture.
        """
        return self.classifier(self.enhance(images), train=train)

    def enhance(self, images: jax.Array) -> jax.Array:
        """Return the input of the classifier.

        Args:
            images: compute[B,S,S,1] in [0,1], enlarged (I_LR).

        Returns:
            compute[B,enlarged_px,enlarged_px,1] (I_HR), not clipped.

        Source: the paper, I_HR = I_LR + g(I_LR).
        """
        return enlarge(self.super_resolution(images), size_px=self.enlarged_px)
