"""The mistakes that anyone makes, in any exercise: what they do to the numbers, and what to say.

No name is better than a wrong one: a hint must explain what came out in every case, and no other hint may explain it
as well.  One that says more (the sign is the opposite) wins over one that says less (some signs are not right).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from textbook.check.run import Outcome, equal, parts_of
from textbook.check.say import in_line
from textbook.words import typed

Change = Callable[[Any, Any], tuple[Any, Any]]
Pair = tuple[np.ndarray, np.ndarray]  # what was given, what was expected
FEW = 3  # numbers below which a common factor or offset means nothing


class Hint(NamedTuple):
    """A mistake: its name, what the reader is told, and the names of hints that say less about the same."""

    name: str
    text: str
    covers: tuple[str, ...] = ()


def general(given: list[Outcome], expected: list[Outcome], names: list[str], cases: list[tuple],
            isclose: Callable) -> Hint | None:  # fmt: skip
    """The mistake that explains all cases, if exactly one does."""
    pairs = _wrong_parts(given, expected, isclose)
    hints = list(_hints(pairs, given, names, cases, isclose)) if pairs else []
    covered = {name for hint in hints for name in hint.covers}
    found = {(hint.name, hint.text): hint for hint in hints if hint.name not in covered}
    return next(iter(found.values())) if len(found) == 1 else None


def _wrong_parts(given: list[Outcome], expected: list[Outcome], isclose: Callable) -> list[list[Pair]]:
    """What was given and expected in each case, without the parts of a tuple that are right in every case."""
    mine, right = [a.parts for a in given], [b.parts for b in expected]
    if all(b.pieces and [*b.parts] == [*a.parts] == [""] for a, b in zip(given, expected, strict=True)):
        mine, right = ([{str(i): np.asarray(x) for i, x in enumerate(np.atleast_1d(parts[""]))} for parts in side]
                       for side in (mine, right))  # fmt: skip
    sides = list(zip(mine, right, strict=True))
    if any(a.keys() != b.keys() for a, b in sides):
        return []
    wrong = {at for a, b in sides for at in b if not equal(a[at], b[at], isclose)}
    return [[(a[at] * 1, b[at] * 1) for at in b if at in wrong] for a, b in sides]  # · 1: truth values become numbers


def _hints(pairs: list[list[Pair]], given: list[Outcome], names: list[str], cases: list[tuple],
           isclose: Callable) -> Iterator[Hint]:  # fmt: skip
    every = list(itertools.chain(*pairs))
    if any(np.isfinite(e).all() and not np.isfinite(g).all() for g, e in every):
        yield from _not_finite(every, given, isclose)
        return
    yield from (hint for hint, change in RELATIONS if _holds(change, every, isclose))
    if any(g.size != e.size for g, e in every):
        return
    flat = [_joined(case) for case in pairs if case]
    if all(isclose(g, e).all() for g, e in flat):
        return  # the numbers are right
    yield from _nearly(flat, every)
    yield from _factor(names, cases, pairs, isclose)
    if len(flat) == len(cases):
        yield from _memory(flat, isclose)
    off = np.concatenate([g - e for g, e in flat])
    if off.size >= FEW and isclose(off, off[0]).all() and off[0]:
        yield Hint("offset", f"Every number is off by {typed(off[0], 4)}.")


def _joined(case: list[Pair]) -> tuple[np.ndarray, ...]:
    """All numbers of a case, given and expected."""
    return tuple(np.concatenate([x.ravel() for x in side]) for side in zip(*case, strict=True))


def _holds(change: Change, every: list[Pair], isclose: Callable) -> bool:
    """Whether `change(given, expected)` makes the two equal, in all cases."""
    try:
        return all(equal(np.asarray(g), np.asarray(e), isclose) for g, e in itertools.starmap(change, every))
    except (ValueError, IndexError):  # the change is for other shapes
        return False


def _reductions() -> Iterator[tuple[Hint, Change]]:
    def over(reduce: Callable, axis: int | None, keep: bool, x: np.ndarray) -> np.ndarray:
        result = reduce(x, axis=axis, keepdims=keep)
        if np.size(result) == x.size or (axis is not None and x.ndim < 2):
            raise ValueError("over an axis of length 1 nothing is reduced, and of a vector an axis is all elements")
        return result

    for reduce, axis, keep in itertools.product((np.sum, np.mean), (None, 0, 1, 2), (False, True)):
        what = f"the {reduce.__name__} over {'all elements' if axis is None else f'axis {axis}'}"
        taken = partial(over, reduce, axis, keep)
        yield Hint("not reduced", f"Take {what}, then it is right."), partial(lambda r, g, e: (r(g), e), taken)
        yield Hint("reduced too far", f"You took {what}, which should be kept."), partial(
            lambda r, g, e: (g, r(e)), taken)  # fmt: skip


RELATIONS: tuple[tuple[Hint, Change], ...] = (
    (Hint("transposed", "It is transposed.", ("another shape", "another order")), lambda g, e: (g.T, e)),
    (Hint("another shape", "The numbers are right, their shape is not.", ("another order",)),
     lambda g, e: (g.ravel(), e.ravel())),
    (Hint("opposite sign", "The sizes are right, the sign is the opposite.", ("some signs", "factor")),
     lambda g, e: (-g, e)),
    (Hint("some signs", "The sizes are right, some signs are not."), lambda g, e: (abs(g), abs(e))),
    (Hint("reversed", "The order is reversed.", ("another order",)), lambda g, e: (g[::-1], e)),
    (Hint("another order", "The numbers are right, their order is not."),
     lambda g, e: (np.sort(g, None), np.sort(e, None))),
    *_reductions(),
)  # fmt: skip


def _not_finite(every: list[Pair], given: list[Outcome], isclose: Callable) -> Iterator[Hint]:
    """Where all that is wrong is not finite: what numpy said as it happened."""
    if all(np.all(isclose(g, e) | ~np.isfinite(g)) for g, e in every if g.shape == e.shape):
        warned = next((outcome.warned for outcome in given if outcome.warned), ())
        said = f"numpy says: {warned[0][0]}, {in_line(*warned[0][1:])}" if warned else ""
        yield Hint("not finite", said)


def _nearly(flat: list[tuple], every: list[Pair]) -> Iterator[Hint]:
    whole = all(np.all(e == np.rint(e)) for _, e in every)
    if not whole and all(np.abs(g - e).max(initial=0) <= 1e-3 * np.abs(e).max(initial=0) for g, e in flat):
        narrow = any(g.dtype.itemsize < e.dtype.itemsize for g, e in every)
        rounded = next((k for k in range(7) if all(np.allclose(g, np.round(e, k), 1e-15, 0) for g, e in flat)), None)
        why = " float32 keeps 7 digits: compute in float64." if narrow else ""
        if rounded is not None:
            why = f" It is the right number, rounded to {rounded} decimals."
        yield Hint("low precision", f"Close, but not equal.{why}", ("factor", "offset", "another order"))


def _factor(names: list[str], cases: list[tuple], pairs: list[list[Pair]], isclose: Callable) -> Iterator[Hint]:
    factors, sizes, count = [], [], 0
    for args, case in zip(cases, pairs, strict=True):
        if not case:
            return
        g, e = _joined(case)
        ratio = g[e != 0] / e[e != 0]
        if not isclose(g[e == 0], 0).all() or not np.allclose(ratio, ratio[:1], rtol=1e-6, atol=0):
            return
        if ratio.size:
            factors.append(float(np.real(ratio[0])))
            sizes.append(_sizes(names, args))
            count += ratio.size
    if count < FEW or 0 in factors:
        return
    for name in sizes[0]:
        lengths = [size.get(name, np.nan) for size in sizes]
        if len(set(lengths)) > 1 and np.allclose(factors, lengths):
            yield Hint("sum for mean", f"Every number is {name} times too large: a sum stands where a mean belongs?")
            return
        if len(set(lengths)) > 1 and np.allclose(np.multiply(factors, lengths), 1):
            yield Hint("mean for sum", f"Every number is {name} times too small: a mean stands where a sum belongs?")
            return
    k = factors[0] if np.allclose(factors, factors[:1]) else np.nan
    if np.isclose(k, 2):
        yield Hint("factor 2", "Every number is twice the expected one.")
    elif np.isclose(k, 0.5):
        yield Hint("factor 1/2", "Every number is half of the expected one.")
    elif np.isfinite(k) and not np.isclose(abs(k), 1):
        yield Hint("factor", f"Every number is {typed(k, 4)} times the expected one.")


def _sizes(names: list[str], args: tuple) -> dict[str, int]:
    """The lengths of the arrays that go into a call, as a program writes them: `len(x)`, `x.shape[1]`, `x.size`."""
    sizes = {}
    for name, arg in zip(names, args, strict=False):
        array = parts_of(arg).get("")
        if isinstance(array, np.ndarray) and array.ndim:
            sizes[f"len({name})"] = array.shape[0]
            sizes |= {f"{name}.shape[{i}]": n for i, n in enumerate(array.shape) if i}
            sizes |= {f"{name}.size": array.size} if array.ndim > 1 else {}
    return sizes


def _memory(flat: list[tuple], isclose: Callable) -> Iterator[Hint]:
    """What gives away an answer that remembers the call before."""
    calls = list(itertools.pairwise(flat))
    if len(calls) > 1 and len({g.size for g, _ in flat}) == 1:
        if isclose(*flat[0]).all() and all(isclose(g - before, e).all() for (before, _), (g, e) in calls):
            yield Hint("accumulated", "Each call adds to the result of the call before: "
                                      "something is never set back to zero.")  # fmt: skip
        if all(isclose(g, e_before).all() for (_, e_before), (g, _) in calls):
            yield Hint("stale", "Each call returns the result of the call before.")
