"""Optimizers: a rule applied to a model's parameters.  Rules, schedules and descents have modules of their own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from textbook.descent import Trajectory, descend, race
from textbook.engine import Array, Tensor
from textbook.rules import (
    RULES,
    Rule,
    adafactor,
    adagrad,
    adam,
    adamw,
    check_hyper,
    find_rule,
    gd,
    hyperparameters,
    kind,
    leaves,
    lion,
    momentum,
    muon,
    nadam,
    nesterov,
    radam,
    rmsprop,
    rule,
    slots,
    start,
)
from textbook.rules.table import python_number
from textbook.schedules import SCHEDULES, constant, cosine, step_decay, warm_up

# What a reader finds here.
__all__ = ["RULES", "SCHEDULES", "Optimizer", "Rule", "Trajectory", "adafactor", "adagrad", "adam", "adamw"]
__all__ += ["clip_grad_norm", "constant", "cosine", "descend", "find_rule", "gd", "hyperparameters", "kind", "lion"]
__all__ += ["momentum", "muon", "nadam", "nesterov", "race", "radam", "rmsprop", "rule", "slots", "start", "step_decay"]
__all__ += ["warm_up"]


class Optimizer:
    """Applies a rule to the `.grad` of parameters, as PyTorch's optimizers do.

    Args:
        params: tensors that require a gradient; or a model, which has them.
        rule: an update rule or its name.
        **hyper: its hyperparameters; they stay in `.hyper` and may be changed between steps.  A list, as long as there
            are parameters, holds one value for each.  NB: in PyTorch, parameter groups.

    Raises:
        ValueError: no parameters, an unknown rule or hyperparameter, a negative or non-finite one, or a beta ≥ 1.

    >>> w = Tensor(1.0, requires_grad=True)
    >>> optimizer = Optimizer([w], gd, lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.item()
    0.8
    """

    BLOCK = 262_144  # elements: larger temporaries leave the cache, and cost new pages of memory each time

    def __init__(self, params: Any, rule: Rule | str, **hyper: Any) -> None:
        self.params = _parameters(params)
        if not self.params:
            raise ValueError("an optimizer needs at least one parameter, got none")
        for i, p in enumerate(self.params):
            if not isinstance(p, Tensor) or not p.requires_grad or p.recipe is not None:
                raise ValueError(f"parameter {i} is {p!r:.80}: expected a leaf, a Tensor made with requires_grad=True")
        if len(set(self.params)) != len(self.params):
            raise ValueError("a parameter appears twice: it would be moved twice a step")
        self.rule = find_rule(rule)
        self.hyper = {**hyperparameters(self.rule), **hyper}
        self._hyper_of_each()
        self.state: list[tuple[Array, ...]] = [start(self.rule, np.asarray(p._data)) for p in self.params]
        self.t = 0
        self._moves = [0] * len(self.params)  # of each parameter: one without a gradient sits a step out

    def __repr__(self) -> str:
        hyper = ", ".join(f"{name}={value}" for name, value in self.hyper.items())
        numbers = f"{sum(p.size for p in self.params):,} numbers in {len(self.params)} parameters"
        return f"Optimizer({self.rule.__name__}, {hyper}; {numbers}, {self.t} steps taken)"

    def zero_grad(self) -> None:
        """Forget the gradients, so that the next backward starts from nothing."""
        for p in self.params:
            p.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient once.

        Raises:
            ValueError: no parameter has a gradient: backward() was not called.
        """
        each = self._hyper_of_each()
        if all(p.grad is None for p in self.params):
            raise ValueError("no parameter has a gradient: call loss.backward() before step()")
        self.t += 1
        for i, (p, hyper) in enumerate(zip(self.params, each, strict=True)):
            if p.grad is None:
                continue
            self._moves[i] += 1
            if p.size > self.BLOCK and self._may_be_cut(p, hyper):
                self._step_in_blocks(p, self.state[i], self._moves[i], hyper)
                continue
            move, self.state[i] = self.rule(p._data, p.grad, self.state[i], self._moves[i], **hyper)
            if p.ndim and move.shape == p.shape:
                x = p.writable()
                x += move
            else:
                p.data = p._data + move  # a lone number; or of another shape, which the setter refuses

    def _hyper_of_each(self) -> list[dict[str, Any]]:
        """The hyperparameters of each parameter, checked."""
        count, each = len(self.params), [self.hyper]
        if listed := [name for name, value in self.hyper.items() if self._is_one_each(name, value)]:
            each = [{**self.hyper, **{name: self.hyper[name][i] for name in listed}} for i in range(count)]
        for hyper in each:
            check_hyper(self.rule, hyper)
        # As plain Python numbers: a float64 scalar would turn float32 parameters into float64.
        each = [{name: python_number(value) for name, value in hyper.items()} for hyper in each]
        return each if listed else each * count

    def _is_one_each(self, name: str, value: Any) -> bool:
        """Whether a value is a list for the parameters.  [0.9, 0.999] is none: it was meant as one pair of betas."""
        if not isinstance(value, list) or len(value) != len(self.params):
            return False
        is_pair = isinstance(hyperparameters(self.rule).get(name), tuple)
        return not is_pair or all(isinstance(v, tuple) for v in value)

    def _may_be_cut(self, p: Tensor, hyper: dict[str, Any]) -> bool:
        arrays = any(isinstance(a, np.ndarray) for value in hyper.values() for a in leaves(value))
        return kind(self.rule).elementwise and not arrays and p._data.flags.c_contiguous

    def _step_in_blocks(self, p: Tensor, state: tuple[Array, ...], t: int, hyper: dict[str, Any]) -> None:
        x, g, s = p.writable().reshape(-1), np.reshape(p.grad, -1), [a.reshape(-1) for a in state]
        for first in range(0, x.size, self.BLOCK):
            block = slice(first, first + self.BLOCK)
            move, new = self.rule(x[block], g[block], tuple([a[block] for a in s]), t, **hyper)
            x[block] += move
            for a, b in zip(s, new, strict=True):
                a[block] = b


def _parameters(given: Any) -> list[Tensor]:
    return list(given.parameters() if hasattr(given, "parameters") else [given] if isinstance(given, Tensor) else given)


def clip_grad_norm(params: Any, max_norm: float) -> float:
    """Scale all gradients of parameters (or a model) together, to a joint Euclidean norm of at most `max_norm`.

    Returns:
        the norm before clipping.

    Raises:
        ValueError: `max_norm` is not positive, or the norm is not finite.

    Source: Pascanu, Mikolov & Bengio 2013, Algorithm 1.  NB: PyTorch adds 1e-6 to the norm before it divides.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be positive, got {max_norm}")
    owners = [p for p in _parameters(params) if p.grad is not None]
    norm = math.sqrt(sum(float(np.vdot(p.grad, p.grad)) for p in owners))
    if not math.isfinite(norm):
        raise ValueError(f"the gradient norm is {norm}: the loss or an activation overflowed before this step")
    scale = max_norm / (norm + 1e-6)
    if scale < 1:
        for p in owners:
            p.grad = p.grad * scale
    return norm
