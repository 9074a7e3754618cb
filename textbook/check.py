"""Checkers of exercises: they say whether an answer is right, and if it is not, which mistake it makes.

    check.exercise("5.3", step_matrix)      # an answer to an exercise
    check.prediction("5.2")                 # the verdict on what the reader told `ask`

The reader's function runs on the cases of the exercise, and so does the right one.  Where they differ, its results are
compared with those of the exercise's known wrong answers, then with the mistakes that anyone makes (`RELATIONS`, …).
A mistake is named only if it explains every case.

Whatever an answer does is caught and told: it may raise, recurse without end, return anything.  It is not interrupted:
no way of limiting its time works on every system, so an endless loop is left to the kernel's stop button.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import dis
import inspect
import io
import itertools
import linecache
import re
import textwrap
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from textbook import ask
from textbook.exercises import Exercise, find
from textbook.show import folded

RIGHT, WRONG, UNTRIED = "right", "wrong", "not attempted"
MARK = {RIGHT: "✓", WRONG: "✗", UNTRIED: "·"}
LEFT_OPEN = "left open"  # parts of the answer are still `...`
LONGEST = 100_000  # items taken from an answer that is an iterator
IN_FULL = 6  # numbers shown side by side
WIDTH = 100  # characters in a line of the verdict

Parts = dict[str, Any]  # place in a result → array, or whatever else stood there
Change = Callable[[Any, Any], tuple[Any, Any]]


class Result(NamedTuple):
    """What a check found.

    Attributes:
        status: "right", "wrong" or "not attempted".
        mistake: a key of the exercise's `mistakes`, or the name of a general diagnosis, or None.
        text: what the reader is told.
    """

    status: str
    mistake: str | None
    text: str

    def __repr__(self) -> str:
        return self.text


def exercise(number: str, answer: Any) -> None:
    """Check an answer and print what was found.

    Raises:
        LookupError: there is no exercise of that number.

    >>> exercise("5.3", ...)
    · 5.3  not attempted yet.
    """
    print(diagnose(number, answer))


def prediction(number: str) -> None:
    """Show the verdict on what the reader committed to.  Without an answer it is folded: one click reveals it.

    Raises:
        LookupError: there is no prediction of that number.
    """
    entry, question = find(number), ask.asked.get(number)
    if (question and question.answer is not None) or "-" not in number:
        return print(verdict(entry, question))
    fold = folded(f"{_truth(entry, question)}\n{entry.insight}".strip(),
                  f"{number}: your answer first, then run this cell again. Or open the answer here.",
                  f"{MARK[UNTRIED]} {number}  not answered yet.")  # fmt: skip
    if hasattr(builtins, "get_ipython"):  # a notebook
        from IPython.display import display

        display(fold)
    else:
        print(fold)


def tried(number: str, mine: Any, reference: Any) -> Any:
    """The reader's own answer where it is right, else the book's: so that later cells run either way.

    Raises:
        LookupError: there is no exercise of that number.

    >>> tried("5.3", ..., "the book's")
    "the book's"
    """
    with contextlib.redirect_stdout(io.StringIO()):  # what the answer prints, its own check has shown
        return mine if diagnose(number, mine).status == RIGHT else reference


def diagnose(exercise: Exercise | str, answer: Any) -> Result:
    """Compare an answer with the right one, and name its mistake.

    Args:
        exercise: an exercise or its number.
        answer: what the reader wrote: a function, a class or a value.

    >>> from textbook.exercises.chapter_05 import step_matrix
    >>> diagnose("5.3", step_matrix).status
    'right'
    >>> diagnose("5.3", lambda alpha, beta, lam: -step_matrix(alpha, beta, lam))
    ✗ 5.3  alpha=0.1, beta=0.9, lam=4:  row 0 is [-0.6, 0.09], expected [0.6, -0.09].
           The sizes are right, the sign is the opposite.
    """
    exercise = find(exercise) if isinstance(exercise, str) else exercise
    status, mistake, *lines = _judge(exercise, answer)
    return _result(exercise, status, mistake, lines)


def verdict(exercise: Exercise | str, question: ask.Question | None) -> Result:
    """Compare a committed prediction with the truth, and explain."""
    exercise = find(exercise) if isinstance(exercise, str) else exercise
    truth = _truth(exercise, question)
    if question is None or question.answer is None:
        return _result(exercise, UNTRIED, None, [f"not answered.  {truth}".rstrip(), exercise.insight])
    answer = question.shown(question.answer)
    if exercise.reference is None:  # a few words, which nobody judges
        return _result(exercise, RIGHT, None, [f"You wrote: {answer}", exercise.insight])
    status, mistake, _, hint = _judge(exercise, question.answer)
    lines = [f"You predicted {answer}.  {truth}", hint] if status == WRONG else [f"You predicted {answer}."]
    return _result(exercise, status, mistake, [*lines, exercise.insight])


def _truth(exercise: Exercise, question: ask.Question | None) -> str:
    shown = (question or ask.Question(exercise.number, "")).shown
    return "" if exercise.reference is None else f"The answer is {shown(exercise.reference)}."


def _result(exercise: Exercise, status: str, mistake: str | None, lines: list[str]) -> Result:
    head = f"{MARK[status]} {exercise.number}  "
    room = textwrap.TextWrapper(WIDTH - len(head), break_long_words=False, break_on_hyphens=False)
    text = ("\n" + " " * len(head)).join(part for line in dict.fromkeys(lines) for part in room.wrap(line))
    return Result(status, mistake, head + re.sub(r"\b0x[0-9a-fA-F]{8,}", "0x...", text))


# ------------------------------------------------------------------------------------------- running an answer


class Outcome(NamedTuple):
    """What one call gave: a result or an error; and which argument it changed."""

    parts: Parts
    error: BaseException | None = None
    changed: str = ""


def _attempt(exercise: Exercise, answer: Any, case: tuple) -> Outcome:
    args = copy.deepcopy(case)
    try:
        if exercise.run:
            parts = _parts(exercise.run(answer, *args))
        else:
            parts = _parts(answer if exercise.is_value else answer(*args))
        for name, before, after in zip(_names(exercise, case), case, args, strict=True):
            if not _same(_known(before), _known(after), partial(np.isclose, equal_nan=True)):
                return Outcome(parts, changed=f"the call turned its argument {name} into {_show(after)}")
    except (Exception, SystemExit) as error:
        return Outcome({}, error)
    return Outcome(parts)


def _parts(value: Any, place: str = "") -> Parts:
    """What a value consists of, numbers in any form as arrays: {"": array}, or {".0": array, ".1": array}."""
    if hasattr(value, "detach") and not isinstance(value, type):  # a Tensor, ours or PyTorch's
        value = value.detach().data
    if isinstance(value, Iterator):
        value = list(itertools.islice(value, LONGEST))
    if isinstance(value, Mapping):
        return {at: x for key in sorted(value, key=str) for at, x in _parts(value[key], f"{place}.{key}").items()}
    if isinstance(value, list | tuple):
        parts = {at: x for i, part in enumerate(value) for at, x in _parts(part, f"{place}.{i}").items()}
        flat = list(parts) == [f"{place}.{i}" for i in range(len(value))]
        shapes = {x.shape if isinstance(x, np.ndarray) else None for x in parts.values()}
        return {place: np.array(list(parts.values()))} if flat and len(shapes) <= 1 and None not in shapes else parts
    array = np.array(value)
    if array.dtype.kind in "fiubc":
        return {place: array}
    return _parts(value.tolist(), place) if isinstance(value, np.ndarray) else {place: value}


def _known(value: Any) -> Parts:
    """The parts that can be compared with a copy: an object may equal only itself."""
    return {at: x for at, x in _parts(value).items() if isinstance(x, np.ndarray | str)}


def _same(a: Parts, b: Parts, isclose: Callable) -> bool:
    return a.keys() == b.keys() and all(_equal(a[at], b[at], isclose) for at in a)


def _equal(a: Any, b: Any, isclose: Callable) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        one_number = a.size == b.size == 1 and 0 in (a.ndim, b.ndim)  # 2.0 and [2.0] are the same answer
        return (a.shape == b.shape or one_number) and bool(np.all(isclose(a, b)))
    return a is b or (type(a) is type(b) and not isinstance(a, np.ndarray) and bool(a == b))


# ------------------------------------------------------------------------------------------- judging it


def _judge(exercise: Exercise, answer: Any) -> tuple[Any, ...]:
    """(status, mistake, what was found, hint)."""
    if answer is not None and answer is not ...:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # a wrong answer may divide by zero; that is for the verdict to say
            finding = (_judge_freely if exercise.checker else _judge_on_cases)(exercise, answer)
        if finding[0] == RIGHT or not (finding[1] == LEFT_OPEN or _is_stub(answer)):
            return finding
    return UNTRIED, None, "not attempted yet.", ""


def _judge_freely(exercise: Exercise, answer: Any) -> tuple[Any, ...]:
    assert exercise.checker is not None
    try:
        problem = next(iter(exercise.checker(answer)), None)
    except (Exception, SystemExit) as error:
        name, hint = _kind_of(error)
        return WRONG, name, f"It {_raised(error, answer)}", hint
    return (WRONG, problem, problem, "") if problem else (RIGHT, None, "Right.", exercise.insight)


def _judge_on_cases(exercise: Exercise, answer: Any) -> tuple[Any, ...]:
    cases = exercise.drawn_cases()
    if callable(answer) != callable(exercise.reference):
        names = ", ".join(_names(exercise, cases[0]))
        wanted = f"a function of ({names})" if callable(exercise.reference) else "a value"
        found = f"expected {wanted}, got <{type(answer).__name__}>."
        return WRONG, "wrong type", found, "Pass a function by its name, without calling it."

    isclose = partial(np.isclose, rtol=exercise.rtol, atol=exercise.atol, equal_nan=True)

    def outcomes(variant: Any) -> list[Outcome]:
        return [_attempt(exercise, variant, case) for case in cases]

    def agreement(some: list[Outcome], others: list[Outcome]) -> list[bool]:
        pairs = zip(some, others, strict=True)
        return [type(a.error) is type(b.error) and _same(a.parts, b.parts, isclose) for a, b in pairs]

    given, expected = outcomes(answer), outcomes(exercise.reference)
    for outcome in expected:
        if outcome.error:
            raise outcome.error  # the exercise itself is at fault
    right = agreement(given, expected)
    sound = [good and not outcome.changed for good, outcome in zip(right, given, strict=True)]
    if all(sound):
        return RIGHT, None, "Right." if len(cases) == 1 else f"Right on all {len(cases)} cases.", exercise.insight

    bad = sound.index(False)
    parts, error, changed = given[bad]
    if error:
        found = _raised(error, answer)
    elif right[bad]:
        found = f"{changed}."
    else:
        found = _difference(parts, expected[bad].parts, isclose, "your answer" if exercise.is_value else "the result")
    if cases[bad]:
        named = zip(_names(exercise, cases[bad]), cases[bad], strict=True)
        found = f"{', '.join(f'{name}={_show(x)}' for name, x in named)}:  {found}"

    for message, variant in exercise.mistakes.items():
        if not all(right) and all(agreement(given, outcomes(variant))):
            return WRONG, message, found, message
    for outcome in given:
        if outcome.error:
            name, hint = _kind_of(outcome.error)
            return WRONG, name, found, hint
    if any(outcome.changed for outcome in given):
        return WRONG, "changed argument", found, "x += y writes into the caller's x; x = x + y makes a new one."
    name, hint = _general_mistake(cases, given, expected, isclose)
    return WRONG, name, found, hint or (f"Right on {sum(right)} of {len(cases)} cases." if any(right) else "")


def _kind_of(error: BaseException) -> tuple[str, str]:
    """The name of the mistake behind an error, and a hint."""
    if isinstance(error, NotImplementedError) or (isinstance(error, TypeError) and "ellipsis" in str(error)):
        return LEFT_OPEN, ""
    if isinstance(error, RecursionError):
        return "endless recursion", "It calls itself without end: which call should return without another?"
    return "raised", ""


def _is_stub(answer: Any) -> bool:
    """Whether a function, or a method of a class, only returns None or `...`."""
    for function in filter(inspect.isfunction, vars(answer).values() if isinstance(answer, type) else [answer]):
        steps = list(dis.get_instructions(function))
        returned = [step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
        others = {step.opname for step in steps} - {"LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "RESUME", "NOP"}
        if not others and all(value is None or value is ... for value in returned):
            return True
    return False


# ------------------------------------------------------------------------------------------- mistakes anyone makes


def _reductions() -> Iterator[tuple[str, Change, str]]:
    for reduce, axis, keep in itertools.product((np.sum, np.mean), (None, 0, 1, 2), (False, True)):
        what = f"the {reduce.__name__} over {'all elements' if axis is None else f'axis {axis}'}"
        taken = partial(reduce, axis=axis, keepdims=keep)
        yield "not reduced", partial(lambda r, g, e: (r(g), e), taken), f"Take {what}, then it is right."
        yield "reduced too far", partial(lambda r, g, e: (g, r(e)), taken), f"You took {what}, which should be kept."


# If `change(given, expected)` makes the two equal in all cases, the mistake has this name, and the reader is told this.
RELATIONS: tuple[tuple[str, Change, str], ...] = (
    ("transposed", lambda g, e: (g.T, e), "It is transposed."),
    ("another shape", lambda g, e: (g.ravel(), e.ravel()), "The numbers are right, their shape is not."),
    ("opposite sign", lambda g, e: (-g, e), "The sizes are right, the sign is the opposite."),
    ("some signs", lambda g, e: (abs(g), abs(e)), "The sizes are right, some signs are not."),
    ("reversed", lambda g, e: (g[::-1], e), "The order is reversed."),
    ("another order", lambda g, e: (np.sort(g, None), np.sort(e, None)), "The numbers are right, their order is not."),
    *_reductions(),
)


def _general_mistake(cases: list[tuple], given: list[Outcome], expected: list[Outcome], isclose: Callable) -> tuple:
    """(name, hint) of a mistake that explains all cases, or (None, "")."""
    pairs = []  # of arrays (given, expected), for each case
    for mine, right in ((a.parts, b.parts) for a, b in zip(given, expected, strict=True)):
        if any(x is ... for x in mine.values()):
            return LEFT_OPEN, ""
        if any(x is None for x in mine.values()) and not any(x is None for x in right.values()):
            return "returned None", "Is a `return` missing?"
        if not all(isinstance(x, np.ndarray) for x in right.values()):
            return None, ""  # names, orders, …: only the exercise knows their mistakes
        if mine.keys() != right.keys() or not all(isinstance(x, np.ndarray) for x in mine.values()):
            return "wrong type", ""
        pairs.append([(mine[at] * 1, right[at] * 1) for at in right])  # · 1: truth values become numbers
    return next(_mistakes(cases, pairs, isclose), (None, ""))


def _mistakes(cases: list[tuple], pairs: list[list[tuple]], isclose: Callable) -> Iterator[tuple[str, str]]:
    """The general diagnoses that hold, the most telling first."""
    every = list(itertools.chain(*pairs))

    def holds(change: Change) -> bool:
        try:
            changed = [change(g, e) for g, e in every]
            return all(_equal(np.asarray(g), np.asarray(e), isclose) for g, e in changed)
        except (ValueError, IndexError):  # the change is for other shapes
            return False

    if any(np.isfinite(e).all() and not np.isfinite(g).all() for g, e in every):
        yield "not finite", "Look for a division by zero, the log of 0, the exp of a large number, inf − inf."
    yield from ((name, hint) for name, change, hint in RELATIONS if holds(change))
    if any(g.size != e.size for g, e in every):
        yield "wrong shape", ""
        return
    flat = [tuple(np.concatenate([x.ravel() for x in side]) for side in zip(*case, strict=True)) for case in pairs]
    if all(np.abs(g - e).max(initial=0) <= 1e-3 * np.abs(e).max(initial=0) for g, e in flat):
        narrow = any(g.dtype.itemsize < e.dtype.itemsize for g, e in every)
        why = "float32 keeps 7 digits: compute in float64." if narrow else "A rounded number, or a finite difference?"
        yield "low precision", f"Close, but not equal. {why}"
    yield from _factor(cases, flat, isclose)
    yield from _memory(flat, isclose)
    off = np.concatenate([g - e for g, e in flat])
    if off.size > 2 and isclose(off, off[0]).all():
        yield "offset", f"Every number is off by {_number(off[0])}."


def _factor(cases: list[tuple], flat: list[tuple], isclose: Callable) -> Iterator[tuple[str, str]]:
    factors, lengths = [], []
    for args, (g, e) in zip(cases, flat, strict=True):
        ratio = g[e != 0] / e[e != 0]
        if not isclose(g[e == 0], 0).all() or not np.allclose(ratio, ratio[:1], rtol=1e-6, atol=0):
            return
        if ratio.size:
            factors.append(ratio[0])
            arrays = [x for arg in args for x in _parts(arg).values() if isinstance(x, np.ndarray)]
            lengths.append({n for x in arrays for n in (*x.shape, x.size)})
    k = factors[0] if np.allclose(factors, factors[:1]) else np.nan
    if np.isclose(k, 2):
        yield "factor 2", "Twice too large: is a factor ½ missing, or is something added twice?"
    if np.isclose(k, 0.5):
        yield "factor 1/2", "Half of it: is a factor 2 missing, such as the one from the derivative of a square?"
    if all(any(np.isclose(f, n) for n in ns) for f, ns in zip(factors, lengths, strict=True)):
        yield "sum for mean", "Too large by the number of elements: a sum stands where a mean belongs."
    if all(any(np.isclose(f * n, 1) for n in ns) for f, ns in zip(factors, lengths, strict=True)):
        yield "mean for sum", "Too small by the number of elements: a mean stands where a sum belongs."
    if np.isfinite(k) and sum(g.size for g, _ in flat) > 2:
        yield "factor", f"Every number is {_number(k)} times the expected one."


def _memory(flat: list[tuple], isclose: Callable) -> Iterator[tuple[str, str]]:
    """What gives away an answer that remembers the call before."""
    calls = list(itertools.pairwise(flat))
    if calls and len({g.size for g, _ in flat}) == 1:
        if all(isclose(g - g_before, e).all() for (g_before, _), (g, e) in calls):
            yield "accumulated", "Each call adds to the result of the call before: something is never set back to zero."
        if all(isclose(g, e_before).all() for (_, e_before), (g, _) in calls):
            yield "stale", "Each call returns the result of the call before."


# ------------------------------------------------------------------------------------------- saying what was found


def _names(exercise: Exercise, case: tuple) -> list[str]:
    """The names of the arguments of a case; their places, where the reference has no names for them."""
    try:
        names = list(inspect.signature(exercise.run or exercise.reference).parameters)[exercise.run is not None :]
    except (TypeError, ValueError):
        names = []
    return [*names[: len(case)], *(f"argument {i}" for i in range(len(names) + 1, len(case) + 1))]


def _show(value: Any) -> str:
    """A value in a few words, the same in every run."""
    return _say(_parts(value))


def _say(parts: Parts, digits: int = 4) -> str:
    if list(parts) != [""]:
        texts = [_say({"": x}, digits) for x in parts.values()]
        return f"[{', '.join(texts)}]" if len(texts) <= IN_FULL else f"[{', '.join(texts[:IN_FULL])}, …]"
    [value] = parts.values()
    if value is None or isinstance(value, str):
        return textwrap.shorten(repr(value), 80, placeholder="…")
    if isinstance(value, np.number | np.bool_):
        return _number(value, digits)
    if isinstance(value, np.ndarray):
        if value.size > IN_FULL:
            return f"an array of shape {value.shape}"
        return f"[{', '.join(_say({'': x}, digits) for x in value)}]" if value.ndim else _number(value[()], digits)
    name = getattr(value, "__name__", "") if callable(value) else ""
    return name if name.isidentifier() else f"<{type(value).__name__}>"


def _number(x: Any, digits: int = 4) -> str:
    if isinstance(x, np.bool_):
        return str(x)
    return str(int(x.real)) if np.isfinite(x) and x == np.rint(x.real) and abs(x) < 1e9 else f"{x:.{digits}g}"


def _difference(given: Parts, expected: Parts, isclose: Callable, subject: str) -> str:
    """Where the two first differ: "row 0 is [1, 2], expected [1, 3]."."""
    if given.keys() != expected.keys():
        return f"{subject} is {_say(given)}, expected {_say(expected)}."
    at = next(at for at in expected if not _equal(given[at], expected[at], isclose))
    mine, right = given[at], expected[at]
    subject = f"part {at[1:]}" if at else subject
    if isinstance(mine, np.ndarray) and isinstance(right, np.ndarray):
        if mine.shape != right.shape:
            return f"{subject} has shape {mine.shape}, expected {right.shape}."
        index = tuple(map(int, np.argwhere(~isclose(mine, right))[0]))
        index = index[:-1] if index and right.shape[-1] <= IN_FULL else index
        if index:
            word = "row" if len(index) < right.ndim else "element"
            subject = f"{f'{subject}, ' if at else ''}{word} {index[0] if len(index) == 1 else list(index)}"
        mine, right = mine[index], right[index]
    texts = [(_say({"": mine}, digits), _say({"": right}, digits)) for digits in (4, 8, 17)]
    mine, right = next((pair for pair in texts if pair[0] != pair[1]), texts[0])
    return f"{subject} is {mine}, expected {right}."


def _raised(error: BaseException, answer: Any) -> str:
    """The error, and the last line of the reader's own code that led to it."""
    what = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)
              if frame.f_globals.get("__name__") == getattr(answer, "__module__", None)]  # fmt: skip
    source = textwrap.shorten(linecache.getline(*frames[-1]), 60, placeholder=" …") if frames else ""
    return f"raised {what}" + (f", in line {frames[-1][1]}: {source}" if source else "")
