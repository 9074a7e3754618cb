"""All-reduce by hand: chunks of an array travel round a ring of processes.

Each process sends to the next one only, and each sends 2(p − 1)/p of the array, however many take part: at p = 2 the
array once, at p = 1,000 nearly twice.  If all sent to one, that one would receive p − 1 arrays.

Source: Patarasuk & Yuan 2009; as used for gradients, Gibiansky 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from textbook.engine import Array
from textbook.parallel.group import exchange, rank, size


class Hop(NamedTuple):
    """What one process does in one step: which chunk it sends on, which one arrives, and whether that is added."""

    send: int
    receive: int
    add: bool


def ring(rank: int, size: int) -> Iterator[Hop]:
    """The 2(size − 1) hops of one process: first every chunk is summed up in one place, then the sums go round.

    >>> [hop for hop in ring(rank=0, size=3)]
    [Hop(send=0, receive=2, add=True), Hop(send=2, receive=1, add=True),
     Hop(send=1, receive=0, add=False), Hop(send=0, receive=2, add=False)]
    """
    for step in range(size - 1):  # reduce-scatter: at the end this process holds the whole sum of chunk rank + 1
        yield Hop((rank - step) % size, (rank - step - 1) % size, add=True)
    for step in range(size - 1):  # all-gather
        yield Hop((rank + 1 - step) % size, (rank - step) % size, add=False)


def ring_all_reduce(array: Array) -> Array:
    """`all_reduce`, with nothing but messages to the next process and from the one before.  In place."""
    me, p = rank(), size()
    chunks = np.array_split(array.reshape(-1), p)  # views
    for hop in ring(me, p):
        mine = chunks[hop.receive]
        arrived = exchange(chunks[hop.send], (me + 1) % p, np.empty_like(mine), (me - 1) % p)
        mine[:] = mine + arrived if hop.add else arrived
    return array


def ring_steps(arrays: Sequence[Array] | Array) -> Iterator[list[list[Array]]]:
    """The same on one array for each process, all in this one: chunks[rank][number], at first and after each step.

    The arrays are cut along their first axis.
    """
    p = len(arrays)
    chunks = [np.array_split(array, p) for array in arrays]
    yield [list(own) for own in chunks]
    for hops in zip(*(ring(r, p) for r in range(p)), strict=True):
        sent = [chunks[r][hop.send] for r, hop in enumerate(hops)]
        for r, hop in enumerate(hops):
            arrived = sent[(r - 1) % p]
            chunks[r][hop.receive] = chunks[r][hop.receive] + arrived if hop.add else arrived
        yield [list(own) for own in chunks]
