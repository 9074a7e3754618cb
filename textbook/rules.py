"""Update rules: pure functions that say how far to move.

A rule is one elementwise function.  It gets the parameter, the gradient, its own state and the step number, and
returns the step to add and the new state.  Because nothing in it mixes elements, any hyperparameter may be an array
that broadcasts: one descent then computes a whole slider of learning rates at once.

PyTorch's names and defaults win.  Where a text uses another convention, it is a named option.  What every rule of
PyTorch has, weight decay, is not written seven times: it is put in front of the rule.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from textbook.engine import Array

Rule = Callable[..., tuple[Array, tuple]]
RULES: dict[str, Rule] = {}


class Kind(NamedTuple):
    """What a driver must know of a rule: the names of its state, and whether it may be applied piece by piece."""

    slots: tuple[str, ...]
    elementwise: bool


_kinds: dict[Rule, Kind] = {}


def rule(*slots: str, elementwise: bool = True) -> Callable[[Rule], Rule]:
    """Enter an update rule into `RULES`; `slots` name its state, each zero at the start and shaped like x.

    A rule without `weight_decay` of its own gets the usual one.
    """

    def enter(function: Rule) -> Rule:
        own = "weight_decay" in inspect.signature(function).parameters
        complete = function if own else with_weight_decay(function)
        RULES[function.__name__] = complete
        _kinds[complete] = Kind(slots, elementwise)
        return complete

    return enter


def with_weight_decay(rule: Rule) -> Rule:
    """The same rule for the loss plus ½·weight_decay·x²: its gradient is g + weight_decay·x."""

    @functools.wraps(rule)
    def decayed(x, g, s, t, *, weight_decay=0.0, **hyper):
        return rule(x, g if is_zero(weight_decay) else g + weight_decay * x, s, t, **hyper)

    return decayed


def is_zero(value: Any) -> bool:
    """Whether an option is off: what costs nothing need not be computed."""
    return isinstance(value, (int, float)) and value == 0


def kind(rule: Rule | str) -> Kind:
    """The slots of a rule, and whether it is elementwise."""
    return _kinds[find_rule(rule)]


def slots(rule: Rule | str) -> tuple[str, ...]:
    """The names of a rule's state, in order: `slots("adam")` is ("m", "v")."""
    return kind(rule).slots


@functools.cache
def hyperparameters(rule: Rule | str) -> Mapping[str, Any]:
    """A rule's hyperparameters with their defaults."""
    function, found = find_rule(rule), {}
    for part in (inspect.unwrap(function), function):  # the rule itself, then what was put in front of it
        for p in inspect.signature(part, follow_wrapped=False).parameters.values():
            if p.kind is p.KEYWORD_ONLY:
                found[p.name] = p.default
    return MappingProxyType(found)


def find_rule(rule: Rule | str) -> Rule:
    """A rule by its name or as itself.

    Raises:
        ValueError: no such rule; the message lists those there are.
    """
    if isinstance(rule, str):
        if rule not in RULES:
            raise ValueError(f"unknown rule {rule!r}: choose one of {', '.join(RULES)}")
        return RULES[rule]
    if rule not in _kinds:
        raise ValueError(f"{rule!r} is not a rule: decorate it with @optim.rule(), or name one of {list(RULES)}")
    return rule


def check_hyper(rule: Rule, hyper: Mapping[str, Any]) -> None:
    """Refuse hyperparameters that the rule does not have, or that mean nothing."""
    known = hyperparameters(rule)
    for name, value in hyper.items():
        if name not in known:
            raise ValueError(f"{rule.__name__} has no hyperparameter {name!r}: it has {', '.join(known)}")
        if isinstance(value, list):
            raise ValueError(
                f"{name}={value} is a list. An optimizer takes one with a value for each of its parameters; for one "
                f"value an element write np.array(…), of a shape that broadcasts to the parameter; to compare several "
                f"values of {name}, call descend(…) or train one model for each"
            )
        pair = isinstance(known[name], tuple)
        if pair != isinstance(value, tuple) or (pair and len(value) != len(known[name])):
            raise ValueError(f"{name} must be {'a pair' if pair else 'one value'} like {known[name]}, got {value!r}")
        limit, words = (1, "numbers from 0 to just below 1") if pair else (math.inf, "finite numbers ≥ 0")
        for number in leaves(value):
            if type(number) in (float, int, bool) and 0 <= number < limit:  # all that most steps see, and quick
                continue
            array = np.asarray(number)
            if array.dtype.kind not in "fiub" or not ((array >= 0) & (array < limit)).all():
                raise ValueError(f"{name} must be {words}, got {value!r}")


def python_number(value: Any) -> Any:
    """A numpy number, or each of a pair, as Python's; arrays as they are."""
    if isinstance(value, tuple):
        return tuple([python_number(v) for v in value])
    return value.item() if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0 else value


def leaves(value: Any) -> Sequence[Any]:
    """The numbers or arrays that a hyperparameter consists of: betas is a pair."""
    return value if isinstance(value, tuple) else (value,)


# ---------------------------------------------------------------------------------------------- the rules


@rule()
def gd(x, g, s, t, *, lr=1e-3):
    """Gradient descent: x ← x - lr·g.  NB: PyTorch calls it SGD, whichever data g came from.

    Source: Cauchy 1847; with sampled gradients, Robbins & Monro 1951.
    """
    return -lr * g, s


@rule("v")
def momentum(x, g, s, t, *, lr=1e-3, momentum=0.9, dampening=0.0, averaged=False):
    """Heavy ball: v ← momentum·v + g;  x ← x - lr·v.

    `averaged=True` is the other convention, v ← momentum·v + (1 - momentum)·g from v = 0: the same path as the
    default with lr·(1 - momentum).  `dampening` is PyTorch's: it scales every gradient but the first.

    Source: Polyak 1964, eq. 9.  NB: in PyTorch, SGD(momentum=…).
    """
    (v,) = s
    if averaged:
        v = momentum * v + (1 - momentum) * g
    elif t == 1 or is_zero(dampening):
        v = momentum * v + g
    else:
        v = momentum * v + (1 - dampening) * g
    return -lr * v, (v,)


@rule("v")
def nesterov(x, g, s, t, *, lr=1e-3, momentum=0.9):
    """Nesterov's momentum: v ← momentum·v + g;  x ← x - lr·(g + momentum·v).

    Source: Nesterov 1983, in the form of Sutskever et al. 2013.  NB: in PyTorch, SGD(momentum=…, nesterov=True).
    """
    (v,) = s
    v = momentum * v + g
    return -lr * (g + momentum * v), (v,)


@rule("v")
def adagrad(x, g, s, t, *, lr=1e-2, eps=1e-10):
    """AdaGrad: v ← v + g²;  x ← x - lr·g / (√v + eps).

    Source: Duchi, Hazan & Singer 2011.
    """
    (v,) = s
    v = v + g * g
    return -lr * g / (np.sqrt(v) + eps), (v,)


@rule("v")
def rmsprop(x, g, s, t, *, lr=1e-2, alpha=0.99, eps=1e-8, eps_inside=False):
    """RMSprop: v ← alpha·v + (1 - alpha)·g²;  x ← x - lr·g / (√v + eps).

    NB: `alpha` is PyTorch's name for the decay of v, not the learning rate.  `eps_inside=True` divides by √(v + eps).

    Source: Hinton 2012, Coursera lecture 6e.
    """
    (v,) = s
    v = alpha * v + (1 - alpha) * (g * g)
    return -lr * g / (np.sqrt(v + eps) if eps_inside else np.sqrt(v) + eps), (v,)


@rule("m", "v")
def adam(x, g, s, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, eps_inside=False, correct_bias=True):
    """Adam: m and v are running means of g and g²; x ← x - lr·m̂ / (√v̂ + eps).

    `weight_decay` is added to the gradient, as in PyTorch's Adam; `adamw` decouples it.  `eps_inside=True` divides by
    √(v̂ + eps); `correct_bias=False` leaves m and v as they are.

    Source: Kingma & Ba 2015, Algorithm 1.
    """
    m, v = s
    beta1, beta2 = betas
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
