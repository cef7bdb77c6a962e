"""A set transformer over the chromosomes of a cell: each is read beside all the others."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import linen as nn

from superxception_jax.arrays import check


class CellContext(nn.Module):
    """Correct the log-probabilities of the chromosomes of a cell by looking at all of them.

    It starts as the identity: the last layer is zero. Exchanging two chromosomes exchanges
    their results, and any number of them is a cell.

    Attributes:
        width: of the tokens.
        layers: number of attention blocks; 0 looks at each chromosome alone.
        heads: of the attention, a divisor of `width`.
        dropout_rate: in all parts, in [0, 1).

    Source: ours, after Lee et al. 2019 (Set Transformer) and Vaswani et al. 2017, with the
    normalisation in front (Xiong et al. 2020).
    """

    width: int
    layers: int
    heads: int
    dropout_rate: float

    @nn.compact
    def __call__(
        self,
        features: jax.Array,
        log_probabilities: jax.Array,
        present: jax.Array,
        *,
        train: bool,
    ) -> jax.Array:
        """Read cells.

        Args:
            features: f32[B,N,D], of the network for single images.
            log_probabilities: f32[B,N,C], of that network.
            present: bool[B,N], false for padding.
            train: use dropout, which needs a "dropout" key.

        Returns:
            f32[B,N,C] logits; those of padding mean nothing.

        Raises:
            ValueError: shapes differ.
            TypeError: a dtype is wrong.

        Source: ours.
        """
        sizes = check(
            features=(features, "f32[B,N,D]"),
            log_probabilities=(log_probabilities, "f32[B,N,C]"),
            present=(present, "bool[B,N]"),
        )
        drop = nn.Dropout(self.dropout_rate, deterministic=not train)
        x = nn.Dense(self.width, name="read_features")(drop(nn.LayerNorm()(features)))
        x += nn.Dense(self.width, name="read_classes")(jnp.exp(log_probabilities))
        # Padding is no chromosome: nobody looks at it.
        mask = present[:, None, None, :]
        for layer in range(self.layers):
            y = nn.LayerNorm(name=f"attention{layer}_norm")(x)
            y = nn.MultiHeadDotProductAttention(
                self.heads, qkv_features=self.width, name=f"attention{layer}"
            )(y, mask=mask)
            x += drop(y)
            y = nn.LayerNorm(name=f"mix{layer}_norm")(x)
            y = nn.gelu(nn.Dense(2 * self.width, name=f"mix{layer}_in")(y))
            x += drop(nn.Dense(self.width, name=f"mix{layer}_out")(drop(y)))
        change = nn.Dense(sizes["C"], kernel_init=nn.initializers.zeros, name="correct_classes")(
            nn.LayerNorm(name="correct_norm")(x)
        )
        return log_probabilities + change
