"""Fair races: every rule gets the same number of learning rates to choose from, and runs with the same fresh seeds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from textbook import ops
from textbook.descent import descend
from textbook.engine import Array

RATES = np.geomspace(1e-4, 100, 13)  # two to a factor of ten


@dataclass(frozen=True)
class Racer:
    """What became of one rule.

    Attributes:
        rates: (trials,) the learning rates that were tried.
        tuning: (trials, seeds) the final loss of each trial; infinite where it diverged.
        lr: the best of them, by the median over the seeds.
        curves: (points, seeds) the losses of the race itself, with `lr` and with seeds that tuning has not seen.
    """

    rates: Array
    tuning: Array
    lr: float
    curves: Array

    @property
    def at_edge(self) -> bool:
        """Whether the best rate is the first or the last that was tried: then a wider grid might hold a better."""
        return self.lr in (self.rates[0], self.rates[-1])

    @property
    def final(self) -> Array:
        """(seeds,) the final losses of the race."""
        return self.curves[-1]

    def within(self, factor: float) -> int:
        """How many trials end with a median loss of at most `factor` times the best's: how forgiving the rule is."""
        medians = np.median(self.tuning, axis=1)
        return int((medians <= factor * medians.min()).sum())


def fair_race(
    run: Callable[..., Array],
    rules: Mapping[str, Mapping[str, Any]] | Sequence[str],
    rates: Sequence[float] | Array | Mapping[str, Any] = RATES,
    tuning: Sequence[int] = (0, 1, 2),
    seeds: Sequence[int] = (10, 11, 12, 13, 14),
) -> dict[str, Racer]:
    """Tune every rule with the same budget, then race them with fresh seeds.

    Args:
        run: `run(rule, rates, seeds, **hyper)` gives the losses, (points, rates, seeds), of all these runs; see
            `Problem.run`.
        rules: {rule: its other hyperparameters}, or the names alone.
        rates: the learning rates to try, the same for all; or {rule: rates}, as many for each.
        tuning: the seeds for tuning.
        seeds: the seeds for the race; none of them may have been tuned on.

    Raises:
        ValueError: the rules get different numbers of trials, or a seed serves both.
    """
    if set(tuning) & set(seeds):
        raise ValueError(f"the seeds {sorted(set(tuning) & set(seeds))} are tuned on and raced on: take fresh ones")
    given = dict(rules) if isinstance(rules, Mapping) else {rule: {} for rule in rules}
    grids = {rule: np.asarray(rates[rule] if isinstance(rates, Mapping) else rates, float) for rule in given}
    if len({len(grid) for grid in grids.values()}) > 1:
        trials = ", ".join(f"{rule}: {len(grid)}" for rule, grid in grids.items())
        raise ValueError(f"not fair: every rule needs the same number of trials, got {trials}")
    found = {}
    for rule, hyper in given.items():
        last = run(rule, grids[rule], tuning, **hyper)[-1]
        last = np.where(np.isfinite(last), last, np.inf)
        best = float(grids[rule][np.median(last, axis=1).argmin()])
        found[rule] = Racer(grids[rule], last, best, run(rule, np.array([best]), seeds, **hyper)[:, 0])
    return found


@dataclass(frozen=True)
class Problem:
    """Logistic regression in batches, with a small ridge so that there is one best θ.

    Attributes:
        x: (N, d) the features.
        y: (N,) the classes, 0 or 1.
        later: (N,) the classes from the middle of a run on, if they change.
        batch: how many examples are drawn for a step, with replacement.
        ridge: the loss has ½·ridge·|θ|² besides.
    """

    x: Array
    y: Array
    later: Array | None = None
    batch: int = 16
    ridge: float = 1e-3

    def loss(self, theta: Any, x: Array, y: Array) -> Any:
        """(…, runs): the mean loss in nats of θ (…, d, runs) on examples x (…, batch, d) of classes y (…, batch)."""
        z = x @ theta
        return (ops.softplus(z) - y[..., None] * z).mean(axis=-2) + 0.5 * self.ridge * (theta * theta).sum(axis=-2)

    def run(self, rule: str, rates: Any, seeds: Sequence[int], steps: int = 200, every: int = 5, **hyper: Any) -> Array:
        """Descend from 0 with every rate and every seed at once; a seed draws the batches.

        Returns:
            (1 + steps/every, rates, seeds): the loss on all examples, every so many steps; infinite once diverged.
        """
        draws, clock = [np.random.default_rng(seed) for seed in seeds], itertools.count()

        def labels(t):
            return self.y if self.later is None or t < steps // 2 else self.later

        def noisy(theta):  # (d, rates, seeds): a seed's batch serves all its rates
            rows = np.array([rng.integers(len(self.x), size=self.batch) for rng in draws])
            y = labels(next(clock))[rows]
            return self.loss(theta.transpose((2, 0, 1)), self.x[rows], y).transpose((1, 0))

        start = np.zeros((self.x.shape[1], 1, len(seeds)))
        walk = descend(noisy, start, rule, steps, lr=np.asarray(rates)[:, None], **hyper)
        seen = np.arange(0, steps + 1, every)
        losses = [self.loss(walk.path[t].transpose(2, 0, 1), self.x, labels(t)).T for t in seen]
        gone = (walk.diverged_at >= 0) & (walk.diverged_at <= seen[:, None, None])
        return np.where(gone, np.inf, losses)


def problems(examples: int = 512, features: int = 30) -> dict[str, Problem]:
    """Four problems on which rules are said to differ.

    "dense": every feature is a normal number.  "sparse": a feature is 0, or 1 in a share of the examples that falls
    from a half to a hundredth, and the rare ones matter as much.  "badly scaled": as dense, but the features' units
    differ by up to a thousand.  "changing": as dense, but halfway the classes begin to follow other features.
    """
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(examples, features))
    sparse = (rng.random((examples, features)) < np.geomspace(0.5, 0.01, features)).astype(float)
    weights, others = rng.normal(size=(2, features))

    def classes(x, w):
        return (rng.random(examples) < 1 / (1 + np.exp(-x @ w))).astype(float)

    y = classes(dense, weights)
    return {
        "dense": Problem(dense, y),
        "sparse": Problem(sparse, classes(sparse - sparse.mean(axis=0), 2 * weights)),
        "badly scaled": Problem(dense * np.geomspace(0.03, 30, features), y),
        "changing": Problem(dense, y, later=classes(dense, others)),
    }
