"""Schedules: how the learning rate changes as training goes on.

A schedule is a function from the step number (0, 1, …) to a factor of the base learning rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable


def constant() -> Callable[[int], float]:
    """The factor 1: the rate stays as it is."""
    return lambda step: 1.0


def step_decay(every: int, gamma: float = 0.1) -> Callable[[int], float]:
    """gamma after `every` steps, gamma² after twice as many, …  NB: in PyTorch, lr_scheduler.StepLR."""
    if every < 1:
        raise ValueError(f"every must be at least 1 step, got {every}")
    return lambda step: gamma ** (step // every)


def cosine(steps: int, floor: float = 0.0) -> Callable[[int], float]:
    """From 1 down to `floor` along half a cosine over `steps` steps, then constant.

    Source: Loshchilov & Hutter 2017, eq. 5.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    return lambda step: floor + (1 - floor) * (1 + math.cos(math.pi * min(step, steps) / steps)) / 2


def warm_up(steps: int, then: Callable[[int], float] | None = None) -> Callable[[int], float]:
    """Rise linearly from 1/steps to 1 over `steps` steps, then follow another schedule from its beginning."""
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    after = then or constant()
    return lambda step: (step + 1) / steps if step < steps else after(step - steps)


SCHEDULES: dict[str, Callable[..., Callable[[int], float]]] = {
    "constant": constant,
    "step": step_decay,
    "cosine": cosine,
    "warm-up": warm_up,
}
