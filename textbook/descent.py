"""Descents of functions: any number of runs and rules in one call, and where each of them went."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from textbook.engine import Array, plain, value_and_grad
from textbook.rules import Rule, check_hyper, find_rule, kind, leaves, start


@dataclass(frozen=True)
class Trajectory:
    """Where a descent went.

    Attributes:
        path: (steps + 1, d, *runs), the start first; without the d for a scalar start.
        loss: (steps + 1, *runs), f along the path.
        diverged_at: (*runs) int, the step at which a run left all bounds and was frozen; -1 for none.
    """

    path: Array
    loss: Array
    diverged_at: Array


def descend(
    f: Callable[[Any], Any], x0: Any, rule: Rule | str, steps: int, *, limit: float = 1e12, **hyper: Any
) -> Trajectory:
    """Minimise f from x0 with a rule; any dimension, any number of runs in one call.

    Args:
        f: maps x of shape (d, *runs) to one number for each run; a scalar start has no d.
        x0: a number, (d,) or (d, *runs).
        rule: an update rule or its name.
        steps: how many.
        limit: a run whose |x| or |f| passes this, or is not finite, has diverged: it is frozen, never clipped.
        **hyper: the rule's hyperparameters; arrays broadcast to the runs.

    >>> descend(lambda x: 2 * x**2, x0=1.0, rule="gd", steps=3, lr=0.1).path.round(3)
    array([1.   , 0.6  , 0.36 , 0.216])
    """
    return _run(f, x0, [(rule, hyper)], steps, limit, stacked=False)[0]


def race(
    f: Callable[[Any], Any],
    x0: Any,
    rules: Mapping[str, Mapping[str, Any]] | Sequence[tuple[Rule | str, Mapping[str, Any]] | Rule | str],
    steps: int,
    *,
    limit: float = 1e12,
) -> Any:
    """Several rules from one start, stacked so that a step costs one gradient call for all of them.

    Args:
        f: as in `descend`, but for all rules at once: it maps x of shape (d, rules, *runs) to shape (rules, *runs).
        rules: {name: hyperparameters}, or a list of (rule, hyperparameters) pairs or of rules alone; the rest as in
            `descend`.

    Returns:
        {name: Trajectory}, or a list of them in the order of the pairs.
    """
    listed = rules.items() if isinstance(rules, Mapping) else [r if isinstance(r, tuple) else (r, {}) for r in rules]
    results = _run(f, x0, list(listed), steps, limit, stacked=True)
    return dict(zip(rules, results, strict=True)) if isinstance(rules, Mapping) else results


def _run(
    f: Callable[[Any], Any], x0: Any, entries: list[Any], steps: int, limit: float, stacked: bool
) -> list[Trajectory]:
    pairs = [(find_rule(r), dict(h)) for r, h in entries]
    if not pairs:
        raise ValueError("a race needs at least one rule, got none")
    if not isinstance(steps, (int, np.integer)) or steps < 0:
        raise ValueError(f"steps must be a whole number ≥ 0, got {steps!r}")
    for r, h in pairs:
        h.update({k: np.asarray(v) for k, v in h.items() if isinstance(v, list)})
        check_hyper(r, h)
    x0 = np.asarray(x0, dtype=float)
    if not np.isfinite(x0).all():
        raise ValueError(f"the start x0 must be finite, got {x0}")
    head, tail = x0.shape[:1], x0.shape[1:]
    runs = np.broadcast_shapes(tail, *(np.shape(a) for _, h in pairs for v in h.values() for a in leaves(v)))
    if runs and (whole := [r.__name__ for r, _ in pairs if not kind(r).elementwise]):
        raise ValueError(f"{whole[0]} looks at a parameter as a whole, not at each element: one run at a time, please")
    # The racers share one array, each a contiguous piece of it: rules read and write their own piece.
    x = np.empty((*head, len(pairs), *runs))
    x[...] = x0.reshape(*head, 1, *(1,) * (len(runs) - len(tail)), *tail)
    lanes = [(slice(None),) * len(head) + (i,) for i in range(len(pairs))]
    state = [start(r, x[lane]) for (r, _), lane in zip(pairs, lanes, strict=True)]
    path = np.empty((steps + 1, *x.shape))
    loss = np.empty((steps + 1, len(pairs), *runs))
    diverged_at = np.full((len(pairs), *runs), -1)
    slope = value_and_grad(f, seed=1.0)
    shape, wanted = (x.shape, (len(pairs), *runs)) if stacked else ((*head, *runs), runs)  # as f sees it
    alive = np.ones(diverged_at.shape, dtype=bool)
    with np.errstate(all="ignore"):
        for t in range(steps + 1):
            value, g = map(plain, slope(x.reshape(shape)))
            if np.shape(value) != wanted and (np.shape(value) or alive.size > 1):
                raise ValueError(
                    f"f must map x of shape {shape} to one number a run, shape {wanted}: got {np.shape(value)}"
                )
            value, g = np.reshape(value, alive.shape), np.reshape(g, x.shape)
            inside = (np.abs(value) <= limit) & (np.abs(x) <= limit).all(axis=tuple(range(len(head))))
            diverged_at[alive & ~inside] = t
            alive &= inside
            if t and not alive.all():  # the last point inside stays
                x, value = np.where(alive, x, path[t - 1]), np.where(alive, value, loss[t - 1])
            path[t], loss[t] = x, value
            if t == steps:
                break
            for i, (r, h) in enumerate(pairs):
                move, state[i] = r(x[lanes[i]], g[lanes[i]], state[i], t + 1, **h)
                x[lanes[i]] += move
    return [Trajectory(path[(slice(None), *lane)], loss[:, i], diverged_at[i][()]) for i, lane in enumerate(lanes)]
