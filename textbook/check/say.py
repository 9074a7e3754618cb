"""Says what was found, in few words, the same in every run."""

from __future__ import annotations

import inspect
import itertools
import linecache
import numbers
import textwrap
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from textbook.check.run import Parts, equal, parts_of
from textbook.exercises import Exercise
from textbook.words import typed

IN_FULL = 6  # numbers shown side by side


def show(value: Any) -> str:
    """A value: `0.5`, `[1, 2]`, `an array of shape (4, 3)`, `{'x': [], 'f': ['x', 'x']}`."""
    if isinstance(value, Mapping):
        texts = [f"{key!r}: {show(x)}" for key, x in itertools.islice(value.items(), IN_FULL)]
        return f"{{{', '.join(texts)}{', …' if len(value) > IN_FULL else ''}}}"
    return _say(parts_of(value))


def _say(parts: Parts, digits: int = 4) -> str:
    if list(parts) != [""]:
        texts = [_say({"": x}, digits) for x in parts.values()]
        return f"[{', '.join(texts)}]" if len(texts) <= IN_FULL else f"[{', '.join(texts[:IN_FULL])}, …]"
    [value] = parts.values()
    if value is None or isinstance(value, str):
        return textwrap.shorten(repr(value), 80, placeholder="…")
    if isinstance(value, np.number | np.bool_):
        return typed(value, digits)
    if isinstance(value, np.ndarray):
        if value.size > IN_FULL:
            return f"an array of shape {value.shape}"
        return f"[{', '.join(_say({'': x}, digits) for x in value)}]" if value.ndim else typed(value[()], digits)
    name = getattr(value, "__name__", "") if callable(value) else ""
    return name if isinstance(name, str) and name.isidentifier() else f"<{type(value).__name__}>"


def kind(value: Any) -> str:
    """What sort of thing a value is: `a function of (x, y)`, `the text '20'`, `an object of class Node`."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value):
        return f"a function of ({', '.join(arguments(value))})"
    if isinstance(value, str):
        return f"the text {show(value)}"
    if isinstance(value, numbers.Number | np.number | np.bool_):
        return f"the number {show(value)}"
    if isinstance(value, list | tuple | Mapping | np.ndarray):
        return f"a {type(value).__name__}".replace("a ndarray", "an array").replace("a dict", "a dictionary")
    return f"an object of class {type(value).__name__}"


def wanted(reference: Any) -> str:
    """What sort of thing is wanted."""
    if isinstance(reference, type):
        return "a class"
    if callable(reference):
        return kind(reference)
    return "a number" if isinstance(reference, numbers.Number | np.number) else "a value"


def arguments(function: Callable) -> list[str]:
    """The names of a function's arguments; none where it does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
        return [str(p) if p.kind == p.VAR_POSITIONAL else p.name for p in parameters]
    except (TypeError, ValueError):
        return []


def names(exercise: Exercise, case: tuple) -> list[str]:
    """The names of the arguments of a case; their places, where nothing has names for them."""
    named = arguments(exercise.run)[1:] if exercise.run else arguments(exercise.reference)
    if named and named[-1].startswith("*"):  # run=lambda answer, graph, *values
        own = arguments(exercise.reference)
        named = own if len(own) == len(case) else named[:-1]
    return [*named[: len(case)], *(f"argument {i}" for i in range(len(named) + 1, len(case) + 1))]


def called(exercise: Exercise, case: tuple) -> str:
    """A case, as the arguments of a call: `x=3, y=2`."""
    named = names(exercise, case)
    first = next((i for i, name in enumerate(named) if name.startswith("argument ")), len(named))
    texts = [f"{name}={show(x)}" for name, x in zip(named[:first], case[:first], strict=True)]
    return ", ".join([*texts, *map(show, case[first:])])


def difference(given: Parts, expected: Parts, isclose: Callable, subject: str) -> str:
    """Where the two first differ: "row 0 is [1, 2], expected [1, 3]."."""
    if given.keys() != expected.keys():
        return _another_form(given, expected, isclose, subject)
    at = next(at for at in expected if not equal(given[at], expected[at], isclose))
    return _differ(at, given[at], expected[at], isclose, subject)


def _another_form(given: Parts, expected: Parts, isclose: Callable, subject: str) -> str:
    """What to say of results that do not have the same parts."""
    named = list(dict.fromkeys(at[1:].split(".")[0] for at in expected if at and not at[1:2].isdecimal()))
    theirs = [at[1:] for at in given if not at[1:].replace(".", "").isdecimal()]
    if list(expected) == [""] and any(theirs) and _say(given) == _say(expected):
        return f"{subject} names its parts ({', '.join(theirs)}), expected {_say(expected)} without names."
    if named and "" in given:
        return f"{subject} is {_say(given)}, expected a dictionary with the keys {', '.join(named)}."
    for at in expected if named else ():
        if at in given and not equal(given[at], expected[at], isclose):
            return _differ(at, given[at], expected[at], isclose, subject)
    for what, some, others in (("lacks", expected, given), ("has a needless", given, expected)) if named else ():
        if lone := [at[1:] for at in some if at not in others]:
            return f"{subject} {what} {lone[0]!r}."
    return f"{subject} is {_say(given)}, expected {_say(expected)}."


def _differ(at: str, mine: Any, right: Any, isclose: Callable, subject: str) -> str:
    if at:
        subject = f"part {at[1:]}" if at[1:].replace(".", "").isdecimal() else at[1:]
    if isinstance(mine, np.ndarray) and isinstance(right, np.ndarray):
        if mine.shape != right.shape:
            if mine.ndim == right.ndim == 1 and max(mine.size, right.size) <= IN_FULL:
                return f"{subject} is {_say({'': mine})}, expected {_say({'': right})}."
            return f"{subject} has shape {mine.shape}, expected {right.shape}."
        index = tuple(map(int, np.argwhere(~isclose(mine, right))[0]))
        index = index[:-1] if index and right.shape[-1] <= IN_FULL else index
        if index:
            word = "row" if len(index) < right.ndim else "element"
            whose = f"{subject.removesuffix(',')}, " if at else ""
            subject = f"{whose}{word} {index[0] if len(index) == 1 else list(index)}"
        mine, right = mine[index], right[index]
    texts = [(_say({"": mine}, digits), _say({"": right}, digits)) for digits in (4, 8, 17)]
    mine, right = next((pair for pair in texts if pair[0] != pair[1]), texts[0])
    return f"{subject} is {mine}, expected {right}."


def raised(error: BaseException, answer: Any) -> str:
    """The error, and the last line of the reader's own code that led to it."""
    what = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]
    lines = lines_of(error, answer)
    return f"raised {what}" + (f", {in_line(*lines[-1])}" if lines else "")


def lines_of(error: BaseException, answer: Any) -> list[tuple[str, int]]:
    """(file, line) of each call in the reader's own code that led to an error."""
    return [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)
            if frame.f_globals.get("__name__") == getattr(answer, "__module__", None)]  # fmt: skip


def in_line(file: str, line: int) -> str:
    """`in line 3: return x / n`."""
    source = textwrap.shorten(linecache.getline(file, line), 60, placeholder=" …")
    return f"in line {line}: {source}" if source else f"in line {line}"
