"""Judges an answer: compares what it gives with what the right one gives, and names the mistake where one explains it.

The exercise's own mistakes come first, then those that anyone makes (`hints`).  Either is named only if it explains
every case and no other does.  A prediction knows its own mistakes only: of one number, every other is some multiple.
"""

from __future__ import annotations

import dis
import inspect
import itertools
import numbers
import traceback
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from textbook.check import hints
from textbook.check.run import Outcome, Stopped, guarded, limited, outcomes, same
from textbook.check.say import arguments, called, difference, kind, lines_of, names, raised, show, wanted
from textbook.exercises import Exercise

RIGHT, WRONG, UNTRIED = "right", "wrong", "not attempted"
LEFT_OPEN = "left open"  # parts of the answer are still `...`


class Finding(NamedTuple):
    """What is to be told: the name of the mistake, what was found, and a hint or the insight."""

    status: str
    mistake: str | None
    found: str
    hint: str = ""


def judge(exercise: Exercise, answer: Any) -> Finding:
    """Right, wrong, or not attempted; and what to say."""
    if answer is not None and answer is not ...:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # wrong numbers are compared with right ones in every way
            finding = _another_kind(exercise, answer) or _in_full(exercise, answer)
        if finding.status == RIGHT or not (finding.mistake == LEFT_OPEN or _is_stub(answer)):
            return finding
    return Finding(UNTRIED, None, "not attempted yet.")


def _in_full(exercise: Exercise, answer: Any) -> Finding:
    """By its cases and by its checker; an exercise has one of them, or both."""
    if exercise.checker and not exercise.cases:
        return _freely(exercise, answer)
    finding = _on_cases(exercise, answer)
    if exercise.checker and finding.status == RIGHT and (beyond := _freely(exercise, answer)).status == WRONG:
        return beyond
    return finding


def _another_kind(exercise: Exercise, answer: Any) -> Finding | None:
    """A number in place of a function, an object in place of a class, …: nothing that can be compared."""
    reference, hint = exercise.reference, ""
    number = isinstance(reference, numbers.Number | np.number) and isinstance(answer, str)
    if callable(answer) == callable(reference) and not number:
        return _takes_other_arguments(exercise, answer)
    if number:
        hint = "Write it without quotes."
    elif isinstance(reference, type):
        hint = "Pass the class by its name, without calling it."
    elif callable(reference):
        hint = "Pass the function by its name, without calling it."
    elif inspect.isfunction(answer):
        hint = "Pass what the function returns, or the value itself."
    return Finding(WRONG, "wrong type", f"expected {wanted(reference)}, got {kind(answer)}.", hint)


def _takes_other_arguments(exercise: Exercise, answer: Any) -> Finding | None:
    free = exercise.checker and not exercise.cases
    if exercise.run or free or exercise.is_value or not inspect.isfunction(answer):
        return None
    try:
        inspect.signature(answer).bind(*exercise.drawn_cases()[0])
    except TypeError:
        if not _is_stub(answer):
            found = f"expected {wanted(exercise.reference)}, got one of ({', '.join(arguments(answer))})."
            return Finding(WRONG, "other arguments", found)
    return None


def _freely(exercise: Exercise, answer: Any) -> Finding:
    assert exercise.checker is not None
    try:
        with limited():
            problem = next(iter(exercise.checker(guarded(answer))), None)
    except (Exception, SystemExit, Stopped) as error:
        found, name, hint = f"It {raised(error, answer)}", *_kind_of(error)
        if not lines_of(error, answer) and isinstance(error, Exception) and not isinstance(error, MemoryError):
            what = "What it returned" if callable(answer) else f"{kind(answer).capitalize()}"
            found = f"{what} can't be used here: {raised(error, answer).removeprefix('raised ')}"
        return Finding(WRONG, name, _stopped(error) or found, hint)
    return Finding(WRONG, problem, problem) if problem else Finding(RIGHT, None, "Right.", exercise.insight)


def _on_cases(exercise: Exercise, answer: Any) -> Finding:
    cases = exercise.drawn_cases()
    isclose = partial(np.isclose, rtol=exercise.rtol, atol=exercise.atol, equal_nan=True)
    given, expected = outcomes(exercise, answer, cases), outcomes(exercise, exercise.reference, cases, limits=False)
    for outcome in expected:
        if outcome.error:
            raise outcome.error  # the exercise itself is at fault
    right = [same(mine.parts, truth.parts, isclose) and not mine.error
             for mine, truth in zip(given, expected, strict=True)]  # fmt: skip
    sound = [good and not outcome.changed for good, outcome in zip(right, given, strict=True)]
    if all(sound):
        return Finding(RIGHT, None, "Right." if len(cases) == 1 else f"Right on all {len(cases)} cases.",
                       exercise.insight)  # fmt: skip

    bad = sound.index(False)
    found = _found(exercise, answer, cases[bad], given[bad], expected[bad], right[bad], isclose)
    own = [] if all(right) else [message for message, variant in exercise.mistakes.items()
           if _explains(outcomes(exercise, variant, cases, limits=False), given, expected, isclose)]  # fmt: skip
    if len(own) == 1:
        return Finding(WRONG, own[0], found, own[0])
    name, hint = None, ""
    if not own and exercise.level != "predict":
        name, hint = _general(exercise, answer, cases, given, expected, isclose)
    count = f"Right on {sum(right)} of {len(cases)} cases." if any(right) and not all(right) else ""
    return Finding(WRONG, name, found, hint or count)


def _found(exercise: Exercise, answer: Any, case: tuple, given: Outcome, expected: Outcome, right: bool,
           isclose: Callable) -> str:  # fmt: skip
    if given.error:
        found = _stopped(given.error) or raised(given.error, answer)
    elif right and given.changed:
        place, value = given.changed
        found = f"the call turned its argument {names(exercise, case)[place]} into {show(value)}."
    else:
        found = difference(given.parts, expected.parts, isclose, "your answer" if exercise.is_value else "the result")
    return f"{called(exercise, case)}:  {found}" if case else found


def _explains(variant: list[Outcome], given: list[Outcome], expected: list[Outcome], isclose: Callable) -> bool:
    """Whether a known mistake gives the same in every case; by the same way, where what it gives says nothing."""
    for theirs, mine in zip(variant, given, strict=True):
        if _error(theirs) != _error(mine) or not same(theirs.parts, mine.parts, isclose):
            return False
    if any(_is_telling(mine, right, isclose) for mine, right in zip(given, expected, strict=True)):
        return True
    heard = [[{what for what, *_ in outcome.warned} for outcome in side] for side in (variant, given)]
    return heard[0] == heard[1]


def _error(outcome: Outcome) -> str:
    return "".join(traceback.format_exception_only(outcome.error)) if outcome.error else ""


def _is_telling(given: Outcome, expected: Outcome, isclose: Callable) -> bool:
    """Whether what is wrong with a result says anything: inf and nan come about in many ways."""
    for at, right in expected.parts.items():
        mine = given.parts.get(at)
        if not isinstance(mine, np.ndarray) or not isinstance(right, np.ndarray) or mine.shape != right.shape:
            return True
        if (np.isfinite(mine) & ~isclose(mine, right)).any():
            return True
    return False


def _general(exercise: Exercise, answer: Any, cases: list[tuple], given: list[Outcome], expected: list[Outcome],
             isclose: Callable) -> tuple[str | None, str]:  # fmt: skip
    """(name, hint) of a mistake that anyone makes."""
    for mine in given:
        if mine.error:
            return _kind_of(mine.error, ended=any(not other.error for other in given))
    if any(mine.changed for mine in given):
        return "changed argument", "It writes into the caller's own: work on a copy."
    for mine, right in zip(given, expected, strict=True):
        if any(x is ... for x in mine.parts.values()):
            return LEFT_OPEN, ""
        if mine.parts.get("", ...) is None and right.parts.get("", ...) is not None:
            return "returned None", _why_none(answer)
        if not all(isinstance(x, np.ndarray) for x in right.parts.values()):
            return None, ""  # names, orders, …: only the exercise knows their mistakes
        if mine.parts.keys() != right.parts.keys() or not all(isinstance(x, np.ndarray) for x in mine.parts.values()):
            return "wrong type", ""
    hint = hints.general(given, expected, names(exercise, cases[0]), cases, isclose)
    return (hint.name, hint.text) if hint else (None, "")


def _why_none(answer: Any) -> str:
    none_only = inspect.isfunction(answer) and all(value is None for value in _returned(answer))
    return "Is a `return` missing?" if none_only else "It returned None, as print(…) and x.sort() do."


def _kind_of(error: BaseException, ended: bool = False) -> tuple[str, str]:
    """The name of the mistake behind an error, and a hint."""
    if isinstance(error, NotImplementedError) or (isinstance(error, TypeError) and "ellipsis" in str(error)):
        return LEFT_OPEN, ""
    if isinstance(error, RecursionError):
        end = "Python nests about a thousand calls; a long chain needs a loop."
        return "endless recursion", end if ended else "Does it call itself without end?"
    return "endless" if _stopped(error) else "raised", ""


def _stopped(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "asked for more memory than an answer may take."
    return f"{error}." if isinstance(error, Stopped) else ""


def _is_stub(answer: Any) -> bool:
    """Whether a function, or a method of a class, only returns None or `...`."""
    functions = vars(answer).values() if isinstance(answer, type) else [answer]
    for function in filter(inspect.isfunction, functions):
        steps = list(dis.get_instructions(function))
        others = {step.opname for step in steps} - {"LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "RESUME", "NOP"}
        if not others and all(value is None or value is ... for value in _returned(function)):
            return True
    return False


def _returned(function: Callable) -> list[Any]:
    """What a function returns: each constant, and NotImplemented for what it computes."""
    steps = list(dis.get_instructions(function))
    constants = [step.argval for step in steps if step.opname == "RETURN_CONST"]
    for before, step in itertools.pairwise(steps):
        if step.opname == "RETURN_VALUE":
            constants.append(before.argval if before.opname == "LOAD_CONST" else NotImplemented)
    return constants
