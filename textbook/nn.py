"""Layers: functions with parameters.  Weights are (in, out): z = x @ w + b.  NB: PyTorch stores the transpose."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, final
from zipfile import BadZipFile
from zlib import error as ZlibError

import numpy as np

from textbook import init, ops
from textbook.engine import Array, Tensor, plain

__all__ = ["MLP", "BatchNorm", "Dropout", "LayerNorm", "Linear", "Module", "Residual", "Sequential", "init"]


class Module(ABC):
    """A function with parameters and two modes: training and evaluation.

    Its attributes are its parts: tensors, other modules, and lists, tuples or dicts of them.  Those tensors are its
    state; the ones that require a gradient are its parameters.

    >>> class Net(Module):
    ...     def __init__(self, rng):
    ...         self.first, self.last = Linear(2, 3, rng=rng), Linear(3, 1, rng=rng)
    ...
    ...     def __call__(self, x):
    ...         return self.last(ops.tanh(self.first(x)))
    >>> Net(np.random.default_rng(0))
    Net: 13 parameters
      first: Linear(2, 3)
      last: Linear(3, 1)
    """

    training: bool = True

    @abstractmethod
    def __call__(self, x: Any) -> Any: ...

    def named_tensors(self) -> dict[str, Tensor]:
        """Every tensor inside by its name, `layers.0.w` say; each once, even where two layers share it."""
        return {name: part for name, part in _walk(self, "", set()) if isinstance(part, Tensor)}

    def parameters(self) -> list[Tensor]:
        """The tensors that training moves, layer by layer."""
        return [tensor for tensor in self.named_tensors().values() if tensor.requires_grad]

    def modules(self) -> list[Module]:
        """This module and every one inside it."""
        return [part for _, part in _walk(self, "", set()) if isinstance(part, Module)]

    def train(self, mode: bool = True) -> Module:
        """Switch this module and all inside it to training mode (or, with False, to evaluation)."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Switch to evaluation mode: dropout passes everything, batch normalisation uses its running statistics."""
        return self.train(False)

    # ---- the state, kept and restored

    def state_dict(self) -> dict[str, Array]:
        """A copy of every tensor's values, by name."""
        return {name: np.array(tensor.data) for name, tensor in self.named_tensors().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave, all of it or nothing.

        Raises:
            ValueError: names, shapes or kinds of numbers are not this model's, or a number is not finite.
        """
        own, kept = self.named_tensors(), self.state_dict()
        if missing := [name for name in own if name not in state]:
            raise ValueError(f"this is another model's state: {', '.join(missing)} is missing from {', '.join(state)}")
        if unknown := [name for name in state if name not in own]:
            raise ValueError(f"this is another model's state: the model has no {', '.join(unknown)}")
        try:
            for name, tensor in own.items():
                tensor.data = state[name]
                if not np.isfinite(tensor.data).all():
                    raise ValueError("it holds a number that is not finite, as after a training that diverged")
        except (TypeError, ValueError) as error:
            wrong = name
            for name, tensor in own.items():
                tensor.data = kept[name]
            raise ValueError(f"{wrong} does not fit this model: {error}") from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a file, in numpy's npz format; an older file stays whole until the new one is."""
        part = Path(f"{os.fspath(path)}.part")
        with part.open("wb") as file:
            np.savez(file, **self.state_dict())
        part.replace(path)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Take over the state in a file that `save` wrote.

        Raises:
            ValueError: the file holds no state, or another model's; nothing is changed then.
        """
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as saved:
                state = dict(saved)
        except (BadZipFile, EOFError, ValueError, TypeError, AttributeError, KeyError, ZlibError) as error:
            raise ValueError(f"{os.fspath(path)} holds no state of a model: wanted a file that save() wrote") from error
        self.load_state_dict(state)

    def __repr__(self) -> str:
        parts = [(n, m) for n, m in _walk(vars(self), "", {self}) if isinstance(m, Module) and m.modules() == [m]]
        count = sum(p.size for p in self.parameters())
        return f"{type(self).__name__}: {count:,} parameters" + "".join(f"\n  {n}: {m!r}" for n, m in parts)


def _walk(thing: Any, name: str, seen: set[Any]) -> Iterator[tuple[str, Any]]:
    """Every module and tensor inside a thing, with its dotted name, outer ones first; each once."""
    if isinstance(thing, Module | Tensor):
        if thing in seen:
            return
        seen.add(thing)
        yield name, thing
    inside = vars(thing) if isinstance(thing, Module) else thing
    if isinstance(inside, list | tuple):
        inside = dict(enumerate(inside))
    if isinstance(inside, dict):
        for key, part in inside.items():
            yield from _walk(part, f"{name}.{key}" if name else str(key), seen)


@final
class Linear(Module):
    """z = x @ w + b.

    Args:
        n_in, n_out: the widths.
        rng: draws the weights; b starts at zero.
        init: a name from `init.INITS`, or a function (rng, shape) → weights.
        dtype: of the parameters.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        rng: np.random.Generator,
        init: str | Callable[..., Array] = "he",
        dtype: Any = np.float32,
    ) -> None:
        if n_in < 1 or n_out < 1:
            raise ValueError(f"a layer's widths must be at least 1, got {n_in} and {n_out}")
        self.w = Tensor(_initializer(init)(rng, (n_in, n_out)).astype(dtype), requires_grad=True, name="w")
        self.b = Tensor(np.zeros(n_out, dtype), requires_grad=True, name="b")

    def __call__(self, x: Any) -> Any:
        return x @ self.w + self.b

    def __repr__(self) -> str:
        return "Linear({}, {})".format(*self.w.shape)


def _initializer(name: str | Callable[..., Array]) -> Callable[..., Array]:
    if callable(name):
        return name
    if name not in init.INITS:
        raise ValueError(f"unknown initialisation {name!r}: choose one of {', '.join(init.INITS)}")
    return init.INITS[name]


@final
class Dropout(Module):
    """In training, zero each element with probability p and scale the rest by 1/(1 - p); in evaluation, x itself.

    Source: Srivastava et al. 2014, in the inverted form.
    """

    def __init__(self, p: float, *, rng: np.random.Generator) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"p is the probability of dropping, 0 ≤ p < 1: got {p}")
        self.p, self.rng = p, rng

    def __repr__(self) -> str:
        return f"Dropout({self.p})"

    def __call__(self, x: Any) -> Any:
        if not self.training or self.p == 0:
            return x
        keep = self.rng.random(x.shape) >= self.p
        return x * (keep / (1 - self.p)).astype(np.result_type(x.dtype, np.float16))


@final
class Sequential(Module):
    """Layers and plain functions, one after the other."""

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        self.layers = layers

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x


@final
class Residual(Module):
    """x + f(x), where f is layers one after the other: the identity is a way past them, for values and gradients.

    Source: He et al. 2016, eq. 1.
    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        self.branch = Sequential(*layers)

    def __call__(self, x: Any) -> Any:
        return x + self.branch(x)


@final
class LayerNorm(Module):
    """Each example standardised over its features, then scale · x̂ + shift, both learnt.

    Source: Ba, Kiros & Hinton 2016.
    """

    def __init__(self, n: int, *, eps: float = 1e-5, dtype: Any = np.float32) -> None:
        self.scale = Tensor(np.ones(n, dtype), requires_grad=True, name="scale")
        self.shift = Tensor(np.zeros(n, dtype), requires_grad=True, name="shift")
        self.eps = eps

    def __repr__(self) -> str:
        return f"LayerNorm({self.scale.size})"

    def __call__(self, x: Any) -> Any:
        return ops.standardize(x, axis=-1, eps=self.eps) * self.scale + self.shift


@final
class BatchNorm(Module):
    """Each feature standardised over the batch, then scale · x̂ + shift, both learnt.

    In evaluation, by the mean and variance that training has kept: running ← (1 - momentum)·running + momentum·batch.

    Args:
        n: features, the last axis of x; the statistics are over all other axes.
        momentum: the weight of the newest batch (PyTorch's name: an optimizer's momentum weighs the past).

    Source: Ioffe & Szegedy 2015.
    """

    def __init__(self, n: int, *, momentum: float = 0.1, eps: float = 1e-5, dtype: Any = np.float32) -> None:
        self.scale = Tensor(np.ones(n, dtype), requires_grad=True, name="scale")
        self.shift = Tensor(np.zeros(n, dtype), requires_grad=True, name="shift")
        self.running_mean, self.running_var = Tensor(np.zeros(n, dtype)), Tensor(np.ones(n, dtype))
        self.momentum, self.eps = momentum, eps

    def __repr__(self) -> str:
        return f"BatchNorm({self.scale.size})"

    def __call__(self, x: Any) -> Any:
        if self.training:
            axes = tuple(range(x.ndim - 1))
            self._remember(plain(x), axes)
            x_hat = ops.standardize(x, axis=axes, eps=self.eps)
        else:
            x_hat = (x - self.running_mean) / np.sqrt(self.running_var.data + self.eps)
        return x_hat * self.scale + self.shift

    def _remember(self, x: Array, axes: tuple[int, ...]) -> None:
        count = x.size // self.scale.size
        if count < 2:
            raise ValueError("batch normalisation in training needs two examples at least: one has no spread")
        # NB: as in PyTorch, the variance that is kept divides by count - 1, the one that standardises by count.
        for kept, new in ((self.running_mean, x.mean(axes)), (self.running_var, x.var(axes, ddof=1))):
            kept.data = (1 - self.momentum) * kept.data + self.momentum * new


@final
class MLP(Module):
    """A multilayer perceptron: Linear layers with an activation between them; the last one gives raw outputs.

    Args:
        widths: input width, hidden widths, output width; two at least.
        rng: draws the weights.
        activation: an elementwise function of `ops`.
        init: how the weights start: he suits relu, xavier tanh.
        dtype: of the parameters.

    >>> model = MLP([784, 256, 128, 10], rng=np.random.default_rng(0))
    >>> sum(p.size for p in model.parameters())
    235146
    """

    def __init__(
        self,
        widths: Sequence[int],
        *,
        rng: np.random.Generator,
        activation: Callable[[Any], Any] = ops.relu,
        init: str | Callable[..., Array] = "he",
        dtype: Any = np.float32,
    ) -> None:
        if len(widths) < 2:
            raise ValueError(f"an MLP needs an input and an output width at least, got {list(widths)}")
        self.layers = [Linear(n, m, rng=rng, init=init, dtype=dtype) for n, m in pairwise(widths)]
        for number, layer in enumerate(self.layers, start=1):
            layer.w.name, layer.b.name = f"w{number}", f"b{number}"
        self.activation = activation

    def __call__(self, x: Any) -> Any:
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)
