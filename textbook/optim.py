"""Optimizers: pure update rules, and the drivers that apply them.

A rule is one elementwise function.  It gets the parameter, the gradient, its own state and the step number, and
returns the step to add and the new state.  Because nothing in it mixes elements, any hyperparameter may be an array
that broadcasts: one descent then computes a whole slider of learning rates at once.

PyTorch's names and defaults win.  Where a text uses another convention, it is a named option.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from textbook.engine import Array, Tensor, plain, value_and_grad

Rule = Callable[..., tuple[Array, tuple]]
RULES: dict[str, Rule] = {}
_slots: dict[Rule, tuple[str, ...]] = {}


def rule(*slots: str) -> Callable[[Rule], Rule]:
    """Enter an update rule into `RULES`; `slots` name its state, each zero at the start and shaped like x."""

    def enter(function: Rule) -> Rule:
        RULES[function.__name__] = function
        _slots[function] = slots
        return function

    return enter


def slots(rule: Rule | str) -> tuple[str, ...]:
    """The names of a rule's state, in order: `slots("adam")` is ("m", "v")."""
    return _slots[find_rule(rule)]


@functools.cache
def hyperparameters(rule: Rule | str) -> Mapping[str, Any]:
    """A rule's hyperparameters with their defaults."""
    parameters = inspect.signature(find_rule(rule)).parameters.values()
    return MappingProxyType({p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY})


def find_rule(rule: Rule | str) -> Rule:
    """A rule by its name or as itself.

    Raises:
        ValueError: no such rule; the message lists those there are.
    """
    if isinstance(rule, str):
        if rule not in RULES:
            raise ValueError(f"unknown rule {rule!r}: choose one of {', '.join(RULES)}")
        return RULES[rule]
    if rule not in _slots:
        raise ValueError(f"{rule!r} is not a rule: decorate it with @optim.rule(), or name one of {list(RULES)}")
    return rule


# ---------------------------------------------------------------------------------------------- the rules


def _decayed(x: Array, g: Array, weight_decay: Any) -> Array:
    """The gradient of the loss plus ½·weight_decay·x²."""
    return g if _is_zero(weight_decay) else g + weight_decay * x


def _is_zero(value: Any) -> bool:
    return isinstance(value, (int, float)) and value == 0


@rule()
def gd(x, g, s, t, *, lr=1e-3, weight_decay=0.0):
    """Gradient descent: x ← x - lr·g.  NB: PyTorch calls it SGD, whichever data g came from.

    Source: Cauchy 1847; with sampled gradients, Robbins & Monro 1951.
    """
    return -lr * _decayed(x, g, weight_decay), s


@rule("v")
def momentum(x, g, s, t, *, lr=1e-3, momentum=0.9, dampening=0.0, weight_decay=0.0, averaged=False):
    """Heavy ball: v ← momentum·v + g;  x ← x - lr·v.

    `averaged=True` is the other convention, v ← momentum·v + (1 - momentum)·g from v = 0: the same path as the
    default with lr·(1 - momentum).  `dampening` is PyTorch's: it scales every gradient but the first.

    Source: Polyak 1964, eq. 9.  NB: in PyTorch, SGD(momentum=…).
    """
    (v,) = s
    g = _decayed(x, g, weight_decay)
    if averaged:
        v = momentum * v + (1 - momentum) * g
    elif t == 1 or _is_zero(dampening):
        v = momentum * v + g
    else:
        v = momentum * v + (1 - dampening) * g
    return -lr * v, (v,)


@rule("v")
def nesterov(x, g, s, t, *, lr=1e-3, momentum=0.9, weight_decay=0.0):
    """Nesterov's momentum: v ← momentum·v + g;  x ← x - lr·(g + momentum·v).

    Source: Nesterov 1983, in the form of Sutskever et al. 2013.  NB: in PyTorch, SGD(momentum=…, nesterov=True).
    """
    (v,) = s
    g = _decayed(x, g, weight_decay)
    v = momentum * v + g
    return -lr * (g + momentum * v), (v,)


@rule("v")
def adagrad(x, g, s, t, *, lr=1e-2, eps=1e-10, weight_decay=0.0):
    """AdaGrad: v ← v + g²;  x ← x - lr·g / (√v + eps).

    Source: Duchi, Hazan & Singer 2011.
    """
    (v,) = s
    g = _decayed(x, g, weight_decay)
    v = v + g * g
    return -lr * g / (np.sqrt(v) + eps), (v,)


@rule("v")
def rmsprop(x, g, s, t, *, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0, eps_inside=False):
    """RMSprop: v ← alpha·v + (1 - alpha)·g²;  x ← x - lr·g / (√v + eps).

    NB: `alpha` is PyTorch's name for the decay of v, not the learning rate.  `eps_inside=True` divides by √(v + eps).

    Source: Hinton 2012, Coursera lecture 6e.
    """
    (v,) = s
    g = _decayed(x, g, weight_decay)
    v = alpha * v + (1 - alpha) * (g * g)
    return -lr * g / (np.sqrt(v + eps) if eps_inside else np.sqrt(v) + eps), (v,)


@rule("m", "v")
def adam(x, g, s, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, eps_inside=False, correct_bias=True):
    """Adam: m and v are running means of g and g²; x ← x - lr·m̂ / (√v̂ + eps).

    `weight_decay` is added to the gradient, as in PyTorch's Adam; `adamw` decouples it.  `eps_inside=True` divides by
    √(v̂ + eps); `correct_bias=False` leaves m and v as they are.

    Source: Kingma & Ba 2015, Algorithm 1.
    """
    m, v = s
    beta1, beta2 = betas
    g = _decayed(x, g, weight_decay)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (g * g)
    c1, c2 = (1 - beta1**t, 1 - beta2**t) if correct_bias else (1, 1)  # m̂ = m / c1, v̂ = v / c2
    root = np.sqrt(v / c2 + eps) if eps_inside else np.sqrt(v) / c2**0.5 + eps
    return -(lr / c1) * (m / root), (m, v)


@rule("m", "v")
def adamw(x, g, s, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
    """Adam with decoupled weight decay: x ← x - lr·weight_decay·x besides Adam's step.

    Source: Loshchilov & Hutter 2019, Algorithm 2.
    """
    step, s = adam(x, g, s, t, lr=lr, betas=betas, eps=eps)
    return step - (lr * weight_decay) * x, s


# ---------------------------------------------------------------------------------------------- training


class Optimizer:
    """Applies a rule to the `.grad` of parameters, as PyTorch's optimizers do.

    Args:
        params: tensors that require a gradient.
        rule: an update rule or its name.
        **hyper: its hyperparameters; they stay in `.hyper` and may be changed between steps.

    Raises:
        ValueError: no parameters, an unknown rule or hyperparameter, a negative or non-finite one, or a beta ≥ 1.

    >>> w = Tensor(1.0, requires_grad=True)
    >>> optimizer = Optimizer([w], gd, lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.item()
    0.8
    """

    BLOCK = 32_768  # elements: a rule's temporaries then stay in the processor's cache

    def __init__(self, params: Iterable[Tensor], rule: Rule | str, **hyper: Any) -> None:
        self.params = list(params)
        if not self.params:
            raise ValueError("an optimizer needs at least one parameter, got none")
        for i, p in enumerate(self.params):
            if not isinstance(p, Tensor) or not p.requires_grad or p.recipe is not None:
                raise ValueError(f"parameter {i} is {p!r:.80}: expected a leaf, a Tensor made with requires_grad=True")
        if len(set(self.params)) != len(self.params):
            raise ValueError("a parameter appears twice: it would be moved twice a step")
        self.rule = find_rule(rule)
        self.hyper = {**hyperparameters(self.rule), **hyper}
        _check_hyper(self.rule, self.hyper)
        self.state = [tuple(np.zeros_like(p._data) for _ in slots(self.rule)) for p in self.params]
        self.t = 0
        self._moves = [0] * len(self.params)  # of each parameter: one without a gradient sits a step out

    def zero_grad(self) -> None:
        """Forget the gradients, so that the next backward starts from nothing."""
        for p in self.params:
            p.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient once.

        Raises:
            ValueError: no parameter has a gradient: backward() was not called.
        """
        _check_hyper(self.rule, self.hyper)
        if all(p.grad is None for p in self.params):
            raise ValueError("no parameter has a gradient: call loss.backward() before step()")
        self.t += 1
        # As plain Python numbers: a float64 scalar would turn float32 parameters into float64.
        hyper = {k: _python_number(v) for k, v in self.hyper.items()}
        scalar = not any(isinstance(a, np.ndarray) for v in hyper.values() for a in _leaves(v))
        for i, p in enumerate(self.params):
            if p.grad is None:
                continue
            self._moves[i] += 1
            if scalar and isinstance(p._data, np.ndarray) and p._data.flags.c_contiguous:
                self._step_in_blocks(p, self.state[i], self._moves[i], hyper)
            else:
                move, self.state[i] = self.rule(p._data, p.grad, self.state[i], self._moves[i], **hyper)
                p.data = p._data + move

    def _step_in_blocks(self, p: Tensor, state: tuple[Array, ...], t: int, hyper: dict[str, Any]) -> None:
        x, g, s = p.writable().reshape(-1), np.reshape(p.grad, -1), [a.reshape(-1) for a in state]
        for start in range(0, x.size, self.BLOCK):
            block = slice(start, start + self.BLOCK)
            move, new = self.rule(x[block], g[block], tuple([a[block] for a in s]), t, **hyper)
            x[block] += move
            for a, b in zip(s, new, strict=True):
                a[block] = b


def _check_hyper(rule: Rule, hyper: Mapping[str, Any]) -> None:
    known = hyperparameters(rule)
    for name, value in hyper.items():
        if name not in known:
            raise ValueError(f"{rule.__name__} has no hyperparameter {name!r}: it has {', '.join(known)}")
        pair = isinstance(known[name], tuple)
        if pair != isinstance(value, tuple) or (pair and len(value) != len(known[name])):
            raise ValueError(f"{name} must be {'a pair' if pair else 'one value'} like {known[name]}, got {value!r}")
        limit, words = (1, "numbers from 0 to just below 1") if pair else (math.inf, "finite numbers ≥ 0")
        for number in _leaves(value):
            if type(number) in (float, int, bool) and 0 <= number < limit:  # all that most steps see, and quick
                continue
            array = np.asarray(number)
            if array.dtype.kind not in "fiub" or not ((array >= 0) & (array < limit)).all():
                raise ValueError(f"{name} must be {words}, got {value!r}")


def _python_number(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple([_python_number(v) for v in value])
    return value.item() if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0 else value


def _leaves(value: Any) -> Sequence[Any]:
    return value if isinstance(value, tuple) else (value,)  # betas is a pair


def clip_grad_norm(params: Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients together so that their joint Euclidean norm is at most `max_norm`.

    Returns:
        the norm before clipping.

    Raises:
        ValueError: `max_norm` is not positive, or the norm is not finite.

    Source: Pascanu, Mikolov & Bengio 2013, Algorithm 1.  NB: PyTorch adds 1e-6 to the norm before it divides.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be positive, got {max_norm}")
    owners = [p for p in params if p.grad is not None]
    norm = math.sqrt(sum(float(np.vdot(p.grad, p.grad)) for p in owners))
    if not math.isfinite(norm):
        raise ValueError(f"the gradient norm is {norm}: the loss or an activation overflowed before this step")
    scale = max_norm / (norm + 1e-6)
    if scale < 1:
        for p in owners:
            p.grad = p.grad * scale
    return norm


# ---------------------------------------------------------------------------------------------- schedules


def constant() -> Callable[[int], float]:
    """A schedule is a function from the step number (0, 1, …) to a factor of the base learning rate: here 1."""
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


# ---------------------------------------------------------------------------------------------- descent on a function


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

    >>> descend(lambda x: 2 * x**2, x0=1.0, rule=gd, steps=3, lr=0.1).path.round(3)
    array([1.   , 0.6  , 0.36 , 0.216])
    """
    return race(f, x0, [(rule, hyper)], steps, limit=limit)[0]


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
        rules: {name: hyperparameters}, or a list of (rule, hyperparameters) pairs or of rules alone; the rest as in
            `descend`.

    Returns:
        {name: Trajectory}, or a list of them in the order of the pairs.
    """
    named = isinstance(rules, Mapping)
    listed = rules.items() if isinstance(rules, Mapping) else [r if isinstance(r, tuple) else (r, {}) for r in rules]
    pairs = [(find_rule(r), dict(h)) for r, h in listed]
    if not pairs:
        raise ValueError("a race needs at least one rule, got none")
    if not isinstance(steps, (int, np.integer)) or steps < 0:
        raise ValueError(f"steps must be a whole number ≥ 0, got {steps!r}")
    for r, h in pairs:
        h.update({k: np.asarray(v) for k, v in h.items() if isinstance(v, list)})
        _check_hyper(r, h)
    x0 = np.asarray(x0, dtype=float)
    if not np.isfinite(x0).all():
        raise ValueError(f"the start x0 must be finite, got {x0}")
    head, tail = x0.shape[:1], x0.shape[1:]
    runs = np.broadcast_shapes(tail, *(np.shape(a) for _, h in pairs for v in h.values() for a in _leaves(v)))
    # The racers share one array, each a contiguous piece of it: rules read and write their own piece.
    x = np.empty((*head, len(pairs), *runs))
    x[...] = x0.reshape(*head, 1, *(1,) * (len(runs) - len(tail)), *tail)
    lanes = [(slice(None),) * len(head) + (i,) for i in range(len(pairs))]
    state = [tuple(np.zeros((*head, *runs)) for _ in slots(r)) for r, _ in pairs]
    path = np.empty((steps + 1, *x.shape))
    loss = np.empty((steps + 1, len(pairs), *runs))
    diverged_at = np.full((len(pairs), *runs), -1)
    slope = value_and_grad(f, seed=1.0)
    alive = np.ones(diverged_at.shape, dtype=bool)
    with np.errstate(all="ignore"):
        for t in range(steps + 1):
            value, g = map(plain, slope(x))
            if np.shape(value) != alive.shape and (np.shape(value) or alive.size > 1):
                raise ValueError(
                    f"f must map x of shape {x.shape} to one number a run, shape {alive.shape}: got {np.shape(value)}"
                )
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
    results = [Trajectory(path[(slice(None), *lane)], loss[:, i], diverged_at[i][()]) for i, lane in enumerate(lanes)]
    return dict(zip(rules, results, strict=True)) if named else results
