"""The table of update rules, and what its readers ask of it."""

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
    """What a driver must know of a rule: its state, by name and as it starts, and whether it may go piece by piece."""

    slots: tuple[str, ...]
    elementwise: bool
    start: Callable[[Array], tuple]


_kinds: dict[Rule, Kind] = {}


def rule(
    *slots: str, elementwise: bool = True, start: Callable[[Array], tuple] | None = None
) -> Callable[[Rule], Rule]:
    """Enter an update rule into `RULES`; `slots` name its state, which `start` makes: by default zeros shaped like x.

    A rule without `weight_decay` of its own gets the usual one.
    """

    def enter(function: Rule) -> Rule:
        own = "weight_decay" in inspect.signature(function).parameters
        complete = function if own else with_weight_decay(function)
        RULES[function.__name__] = complete
        _kinds[complete] = Kind(slots, elementwise, start or (lambda x: tuple(np.zeros_like(x) for _ in slots)))
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
    """What a driver must know of a rule."""
    return _kinds[find_rule(rule)]


def slots(rule: Rule | str) -> tuple[str, ...]:
    """The names of a rule's state, in order: `slots("adam")` is ("m", "v")."""
    return kind(rule).slots


def start(rule: Rule | str, x: Array) -> tuple[Array, ...]:
    """A rule's state before its first step, for a parameter x."""
    return kind(rule).start(x)


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
        pair = isinstance(known[name], tuple)
        if pair and isinstance(value, list):
            raise ValueError(
                f"{name}={value} is a list: write a pair in round brackets, like {known[name]}; a list may hold one "
                "pair for each parameter of an optimizer"
            )
        if isinstance(value, list):
            raise ValueError(
                f"{name}={value} is a list. An optimizer takes one with a value for each of its parameters; for one "
                f"value an element write np.array(…), of a shape that broadcasts to the parameter; to compare several "
                f"values of {name}, call descend(…) or train one model for each"
            )
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
