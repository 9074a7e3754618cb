"""How an operation enters the table of derivatives, and the inputs on which the entries are checked."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from typing import Any

import numpy as np

from textbook.engine import OPS, Array, Op, apply

Rng = np.random.Generator
Example = Callable[[Rng], tuple[tuple, dict]]


def primitive(
    *vjps: Any, tex: str = "", example: Example, name: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a forward function and its derivatives into `OPS`; returns the function that records.

    A single vjp that is not callable but a sequence serves operations with any number of inputs.
    """

    def enter(forward: Callable) -> Callable:
        key = name or forward.__name__
        sequence = vjps[0] if len(vjps) == 1 and not callable(vjps[0]) else vjps
        OPS[key] = entry = Op(key, forward, sequence, tex or key, example)

        names = [p.name for p in signature(forward).parameters.values()]
        arity = len(sequence) or None  # the arguments after the inputs are parameters, given by position or by name

        @functools.wraps(forward)
        def record(*args: Any, **params: Any) -> Any:
            if arity and len(args) > arity:
                if len(args) > len(names):
                    raise TypeError(f"{key} takes {len(names)} arguments ({', '.join(names)}), got {len(args)}")
                params |= zip(names[arity:], args[arity:], strict=False)
                args = args[:arity]
            return apply(entry, *args, **params)

        return record

    return enter


class EachInput(Sequence):
    """One vjp, `each`, for every input of an operation that takes any number of them."""

    def __init__(self, each: Callable) -> None:
        self.each = each

    def __len__(self) -> int:
        return 0  # no number is fixed

    def __iter__(self) -> Iterator[Any]:
        return iter(())  # by index alone: without this, iteration would never end

    def __getitem__(self, index):
        return functools.partial(self.each, index)


def number(array: Array) -> Array:
    """An array as it is; one without axes as a number."""
    return array if array.ndim else array[()]


# Inputs on which the entries are checked: away from kinks, broadcast where the operation broadcasts.


def away_from_kinks(rng: Rng, *shape: int) -> Array:
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.3, 2.0, shape)


def one(rng: Rng) -> tuple[tuple, dict]:
    return (away_from_kinks(rng, 3, 4),), {}


def positive(rng: Rng) -> tuple[tuple, dict]:
    return (rng.uniform(0.5, 2.0, (3, 4)),), {}


def pair(rng: Rng) -> tuple[tuple, dict]:
    return (away_from_kinks(rng, 3, 1), away_from_kinks(rng, 2, 1, 4)), {}


def one_with(**params: Any) -> Example:
    return lambda rng: ((away_from_kinks(rng, 3, 4),), params)
