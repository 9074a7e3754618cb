"""First names, as text to learn from: in three parts, as tokens, and as the mean cost of a character.

Needs numpy and the standard library only.  Every array handed out is fresh and writable: it is the caller's own.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).parent / "data" / "names.txt"
SYMBOLS = ".abcdefghijklmnopqrstuvwxyz"  # a symbol's number is its place; the full stop begins and ends a name
LENGTH = 12  # of the longest name, with its end
HELD_OUT = 500  # names in each of the two parts that nothing is fitted to


class Names(NamedTuple):
    """First names in three parts, none in two of them.

    Fit on `train`, choose (size, smoothing, when to stop) on `val`, and look at `test` once, at the end.
    """

    train: list[str]
    val: list[str]
    test: list[str]


def load_names() -> Names:
    """5,163 first names of the United States' census of 1990, each once, shuffled (seed 0): 4,163, 500 and 500.

    >>> names = load_names()
    >>> [len(part) for part in names], names.train[:3]
    ([4163, 500, 500], ['chae', 'luetta', 'theron'])
    """
    names = FILE.read_text(encoding="ascii").split()
    names = [names[i] for i in np.random.default_rng(0).permutation(len(names))]
    return Names(names[2 * HELD_OUT :], names[:HELD_OUT], names[HELD_OUT : 2 * HELD_OUT])


def encode(names: Iterable[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What a model of characters reads, and what it should say next.

    Args:
        names: lower-case letters a to z, at most 11 of them.

    Returns:
        x (N, 12), the full stop and then the name; y (N, 12), the name and then the full stop.  Behind the end, x is 0
        and y is -1: nothing is asked there.

    Raises:
        ValueError: a name is too long, or has another symbol.

    >>> x, y = encode(["ann"])
    >>> x[0, :5], y[0, :5]
    (array([ 0,  1, 14, 14,  0]), array([ 1, 14, 14,  0, -1]))
    """
    names = list(names)
    x, y = np.zeros((len(names), LENGTH), np.int64), np.full((len(names), LENGTH), -1)
    for row, name in enumerate(names):
        if len(name) >= LENGTH or not set(name) <= set(SYMBOLS[1:]):
            raise ValueError(f"{name!r} is no name of at most {LENGTH - 1} letters from a to z")
        numbers = [SYMBOLS.index(letter) for letter in name]
        x[row, 1 : len(name) + 1] = y[row, : len(name)] = numbers
        y[row, len(name)] = 0
    return x, y


def decode(tokens: Sequence[int] | NDArray) -> str:
    """The name in a row of tokens, up to its end.

    >>> decode([1, 14, 14, 0, 7])
    'ann'
    """
    return "".join(SYMBOLS[token] for token in tokens).split(".")[0]


def ngram(names: Iterable[str], n: int, weight: float, below: NDArray | None = None) -> NDArray[np.float64]:
    """The probability of a symbol after the n - 1 before it, from counts.

    p[…, j] = (count of …j + weight · q[…, j]) / (count of … + weight),   q = 1/27, or `below`, a table for n - 1

    Args:
        names: to count in; n - 1 full stops stand before each and one behind it.
        n: 1 for a symbol by itself, 2 for pairs.
        weight: how many observations the guess q is worth.
        below: `ngram(names, n - 1, …)`: where long pasts were not seen, back off to shorter ones.

    Returns:
        (27, …, 27), n axes; each row sums to 1.

    Source: MacKay & Peto 1995.
    """
    table = np.zeros((len(SYMBOLS),) * n)
    np.add.at(table, tuple(_windows(names, n).T), 1)
    counted = table.sum(axis=-1, keepdims=True)
    table += weight * (1 / len(SYMBOLS) if below is None else below)
    table /= counted + weight  # in place: five symbols take 115 MB
    return table


def cost(table: NDArray, names: Iterable[str]) -> float:
    """Mean of -log p over all characters of the names, their ends included, in nats.

    >>> round(cost(np.full(27, 1 / 27), ["ann"]), 3)
    3.296
    """
    return float(-np.log(table[tuple(_windows(names, table.ndim).T)]).mean())


def _windows(names: Iterable[str], n: int) -> NDArray[np.int64]:
    """Every n symbols that follow each other and end in a name, or with it: (characters, n)."""
    spelt = ["." * (n - 1) + name + "." for name in names]
    return np.array([[SYMBOLS.index(s) for s in text[i : i + n]] for text in spelt for i in range(len(text) - n + 1)])
