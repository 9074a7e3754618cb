"""Layers of sequences: (N, T) tokens become (N, T, d), a vector of d features at each of T places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import numpy as np

from textbook import ops
from textbook.engine import Tensor
from textbook.init import orthogonal
from textbook.nn.layers import Linear, Residual, Sequential
from textbook.nn.module import Module
from textbook.nn.normalization import LayerNorm


@final
class Embedding(Module):
    """A learnt vector for each token: the rows of a table.

    Args:
        n: how many tokens there are; they are numbered from 0.
        d: the width of a vector.
        rng: draws the table, normal with standard deviation `std`.
        dtype: of the table.
    """

    def __init__(self, n: int, d: int, *, rng: np.random.Generator, std: float = 1.0, dtype: Any = np.float32) -> None:
        if n < 1 or d < 1:
            raise ValueError(f"a table of embeddings needs a row and a column at least, got {n} × {d}")
        self.table = Tensor(rng.normal(0.0, std, (n, d)).astype(dtype), requires_grad=True, name="table")

    def __call__(self, tokens: Any) -> Any:
        return ops.embedding(self.table, tokens)

    def __repr__(self) -> str:
        return "Embedding({}, {})".format(*self.table.shape)


@final
class RNN(Module):
    """h[t] = tanh(x[t] @ w + h[t-1] @ u + b): a state, carried from place to place.

    Backpropagation through time is backpropagation: the graph is as long as the sequence.

    Args:
        n_in, n_hidden: the widths of an input and of the state.
        rng: draws the weights.
        dtype: of the parameters.

    Source: Elman 1990.  NB: PyTorch has two biases, whose sum is ours.
    """

    def __init__(self, n_in: int, n_hidden: int, *, rng: np.random.Generator, dtype: Any = np.float32) -> None:
        self.inward = Linear(n_in, n_hidden, rng=rng, init="xavier", dtype=dtype)
        self.u = Tensor(orthogonal(rng, (n_hidden, n_hidden)).astype(dtype), requires_grad=True, name="u")

    def states(self, x: Any, h: Any = None) -> list[Any]:
        """The state after each place: T tensors (N, n_hidden).

        Args:
            x: (N, T, n_in).
            h: the state before the first place, (N, n_hidden); zeros by default.
        """
        states = []
        for t in range(x.shape[1]):
            z = self.inward(x[:, t])
            h = ops.tanh(z if h is None else z + h @ self.u)
            states.append(h)
        return states

    def __call__(self, x: Any, h: Any = None) -> Any:
        """All states, (N, T, n_hidden)."""
        return ops.stack(self.states(x, h), axis=1)


@final
class Attention(Module):
    """Each place asks, and takes the mean of what the places that it may see have to say, weighted by how they fit.

    Queries, keys and values are linear in x.  Each of several heads attends with its own share of the d features.

    Args:
        d: the width of x; a multiple of `heads`.
        heads: how many means are taken side by side.
        rng: draws the weights.
        causal: whether a place sees only itself and the places before it.
        dtype: of the parameters.

    Source: Vaswani et al. 2017, §3.2.
    """

    def __init__(
        self, d: int, heads: int, *, rng: np.random.Generator, causal: bool = True, dtype: Any = np.float32
    ) -> None:
        if heads < 1 or d % heads:
            raise ValueError(f"{heads} heads cannot share {d} features evenly: d must be a multiple of heads")
        self.query, self.key, self.value, self.out = (
            Linear(d, d, rng=rng, init="xavier", dtype=dtype) for _ in range(4)
        )
        self.heads, self.causal = heads, causal

    def __call__(self, x: Any) -> Any:
        mask = ops.causal_mask(x.shape[1]) if self.causal else None
        query, key, value = (self._split(part(x)) for part in (self.query, self.key, self.value))
        mean = ops.attention(query, key, value, mask)
        return self.out(ops.reshape(ops.transpose(mean, axes=(0, 2, 1, 3)), shape=x.shape))

    def weights(self, x: Any) -> Any:
        """How much each place hears from each: (N, heads, T, T), rows of the listening place."""
        mask = ops.causal_mask(x.shape[1]) if self.causal else None
        return ops.attention_weights(self._split(self.query(x)), self._split(self.key(x)), mask)

    def _split(self, x: Any) -> Any:
        """(N, T, d) → (N, heads, T, d/heads)."""
        n, length, d = x.shape
        return ops.transpose(ops.reshape(x, shape=(n, length, self.heads, d // self.heads)), axes=(0, 2, 1, 3))


@final
class TransformerBlock(Module):
    """Places hear from each other, then each thinks for itself; both are added to what was there.

        x ← x + attention(norm(x))
        x ← x + second(activation(first(norm(x))))

    Args:
        d, heads, causal: as `Attention` takes them.
        rng: draws the weights.
        hidden: the width between the two linear layers; 4·d by default.
        activation: an elementwise function of `ops`.
        dtype: of the parameters.

    Source: Vaswani et al. 2017, §3; the norms in front of the layers: Xiong et al. 2020.
    """

    def __init__(
        self,
        d: int,
        heads: int,
        *,
        rng: np.random.Generator,
        causal: bool = True,
        hidden: int | None = None,
        activation: Callable[[Any], Any] = ops.relu,
        dtype: Any = np.float32,
    ) -> None:
        hidden = hidden or 4 * d
        attention = Attention(d, heads, rng=rng, causal=causal, dtype=dtype)
        first, second = Linear(d, hidden, rng=rng, dtype=dtype), Linear(hidden, d, rng=rng, init="xavier", dtype=dtype)
        self.listen = Residual(LayerNorm(d, dtype=dtype), attention)
        self.think = Residual(LayerNorm(d, dtype=dtype), first, activation, second)

    def __call__(self, x: Any) -> Any:
        return self.think(self.listen(x))


@final
class Transformer(Module):
    """A language model: tokens (N, T) → for each place the logits of the token after it, (N, T, n).

    Args:
        n: how many tokens there are.
        length: the longest sequence: each place up to it has a learnt vector of its own.
        d, heads: as `Attention` takes them.
        blocks: how many blocks stand one after the other.
        rng: draws the weights.
        dtype: of the parameters.

    Source: Radford et al. 2019 (GPT-2), with relu.

    >>> model = Transformer(28, length=32, d=64, heads=4, blocks=2, rng=np.random.default_rng(0))
    >>> model(np.zeros((5, 32), int)).shape
    (5, 32, 28)
    """

    def __init__(
        self,
        n: int,
        length: int,
        d: int,
        heads: int,
        blocks: int,
        *,
        rng: np.random.Generator,
        dtype: Any = np.float32,
    ) -> None:
        self.tokens = Embedding(n, d, rng=rng, std=0.02, dtype=dtype)
        self.places = Embedding(length, d, rng=rng, std=0.02, dtype=dtype)
        self.blocks = Sequential(*(TransformerBlock(d, heads, rng=rng, dtype=dtype) for _ in range(blocks)))
        self.norm = LayerNorm(d, dtype=dtype)
        self.head = Linear(d, n, rng=rng, init="lecun", dtype=dtype)

    def __call__(self, tokens: Any) -> Any:
        length, longest = np.shape(tokens)[1], self.places.table.shape[0]
        if length > longest:
            raise ValueError(f"the model has {longest} places, the sequences have {length} tokens: cut them")
        x = self.tokens(tokens) + self.places(np.arange(length))
        return self.head(self.norm(self.blocks(x)))
