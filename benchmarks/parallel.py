"""An epoch of full MNIST on two processes and on one, one thread each, in turn; the same losses.

A message of all gradients takes 0.4 ms, whatever the batch: the larger that is, the less it counts.  Each process
waits for the other once a step, so that a third program on two cores holds up both: hence the best epoch.
"""

from __future__ import annotations

import os

import numpy as np

from benchmarks.measure import Row, row
from textbook import data, parallel

ROUNDS, EPOCHS = 3, 3
RATES = {512: 0.02, 1024: 0.04}  # of momentum, for each batch size


def rows() -> list[Row]:
    """Times of one process over times of two: of the best epochs, and of the median ones."""
    data.load_mnist("full")  # downloaded here, if need be, and not by each of the processes
    print(f"(load of the machine before: {os.getloadavg()[0]:.1f}; two processes need two idle cores)")
    found = []
    for batch, lr in RATES.items():
        seconds: dict[int, list[float]] = {1: [], 2: []}
        losses = {}
        for _ in range(ROUNDS):
            for processes in seconds:
                run = parallel.launch(parallel.training, processes, timeout=600, dataset="full", batch=batch,
                                      rule="momentum", lr=lr, epochs=EPOCHS)[0]  # fmt: skip
                seconds[processes] += run.seconds
                losses[processes] = np.array(run.losses[: len(run.losses) // EPOCHS])
        best, middle = (pick(seconds[1]) / pick(seconds[2]) for pick in (np.min, np.median))
        name = f"784-256-128-10, batch {batch}, an epoch: one process / two"
        found += [
            row(f"{name}, best of {ROUNDS * EPOCHS}", best, 1.6, at_least=True),
            row(f"{name}, medians ({np.median(seconds[1]):.2f} s and {np.median(seconds[2]):.2f} s)", middle, None),
            row(f"batch {batch}: largest difference of two losses in that epoch, in 1e-6",
                1e6 * np.abs(losses[1] - losses[2]).max(), 1.0),
        ]  # fmt: skip
    return found
