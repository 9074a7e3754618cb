"""Modules: functions with parameters, found by walking attributes, with their state kept and restored."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import error as ZlibError

import numpy as np

from textbook.engine import Array, Tensor


class Module(ABC):
    """A function with parameters and two modes: training and evaluation.

    Its attributes are its parts: tensors, other modules, and lists, tuples or dicts of them.  Those tensors are its
    state; the ones that require a gradient are its parameters.

    >>> from textbook import nn, ops
    >>> class Net(nn.Module):
    ...     def __init__(self, rng):
    ...         self.first, self.last = nn.Linear(2, 3, rng=rng), nn.Linear(3, 1, rng=rng)
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
