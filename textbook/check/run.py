"""Runs an answer, whatever it does: it may raise, recurse or loop without end, fill the memory, return anything."""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import io
import itertools
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from textbook.exercises import Exercise

LONGEST = 100_000  # items taken from an answer that is an iterator
PRINTED = 20_000  # characters that an answer may print
SECONDS, PATIENCE = 10.0, 60.0  # of computing, and by the clock, that one call may take
MEMORY = 1 << 30  # bytes that it may ask for
TICK = 0.05  # seconds between two looks at a running answer

Parts = dict[str, Any]  # place in a result → array, or whatever else stood there


class Stopped(BaseException):
    """An answer was stopped.  No Exception: `except Exception` in the answer must not catch it."""


class Outcome(NamedTuple):
    """What one call gave.

    Attributes:
        parts: of the result.
        error: in place of a result.
        changed: (place, value) of the first argument that the call changed, or empty.
        warned: what numpy warned of, each (what, file, line).
        pieces: the length of a result that is a tuple; its parts may have been joined into one array.
    """

    parts: Parts
    error: BaseException | None = None
    changed: tuple[int, Any] | tuple[()] = ()
    warned: tuple[tuple[str, str, int], ...] = ()
    pieces: int = 0


def outcomes(exercise: Exercise, answer: Any, cases: list[tuple], limits: bool = True) -> list[Outcome]:
    """Use an answer on all cases; one that had to be stopped is not started again."""
    found: list[Outcome] = []
    for case in cases:
        stopped = found and isinstance(found[-1].error, Stopped | MemoryError)
        found.append(found[-1] if stopped else _attempt(exercise, answer, case, limits))
    return found


def _attempt(exercise: Exercise, answer: Any, case: tuple, limits: bool) -> Outcome:
    args = copy.deepcopy(case)
    with warnings.catch_warnings(record=True) as heard, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")  # a wrong answer may divide by zero; that is for the verdict to say
        try:
            with limited() if limits else contextlib.nullcontext():
                if exercise.run:
                    value = exercise.run(guarded(answer), *args)
                else:
                    value = answer if exercise.is_value else answer(*args)
                parts = parts_of(value)
                changed = _changed(case, args)
        except (Exception, SystemExit, Stopped) as error:
            return Outcome({}, error)
    warned = tuple((str(w.message), w.filename, w.lineno) for w in heard if issubclass(w.category, RuntimeWarning))
    return Outcome(parts, None, changed, warned, len(value) if isinstance(value, tuple) else 0)


def _changed(before: tuple, after: tuple) -> tuple[int, Any] | tuple[()]:
    isclose = partial(np.isclose, equal_nan=True)
    for i, (x, y) in enumerate(zip(before, after, strict=True)):
        if not same(_known(x), _known(y), isclose):
            return i, y
    return ()


# ---------------------------------------------------------------------------------------------- limits


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Stop what runs inside when it takes too long, fills the memory or prints without end.

    Time and memory are watched where the system can interrupt a computation (not on Windows, nor outside the main
    thread); there, an endless loop is left to the kernel's stop button.

    Raises:
        Stopped: it was stopped.
    """
    computed, clock = time.thread_time(), time.monotonic()

    def look(*_: Any) -> None:
        if time.thread_time() - computed > SECONDS or time.monotonic() - clock > PATIENCE:
            raise Stopped(f"did not end: it was stopped after {SECONDS:.0f} seconds")

    with contextlib.ExitStack() as afterwards:
        afterwards.enter_context(contextlib.redirect_stdout(_Printed()))
        if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
            afterwards.callback(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, look))
            afterwards.callback(signal.setitimer, signal.ITIMER_REAL, 0)
            signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
            _limit_memory(afterwards)
        yield


def _limit_memory(afterwards: contextlib.ExitStack) -> None:
    """Refuse requests for more, so that one gigantic list is a MemoryError, not the end of the kernel."""
    try:
        import resource

        present = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return  # not on Linux
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    roofs = [roof for roof in (present + MEMORY, soft, hard) if roof != resource.RLIM_INFINITY]
    afterwards.callback(resource.setrlimit, resource.RLIMIT_AS, (soft, hard))
    resource.setrlimit(resource.RLIMIT_AS, (min(roofs), hard))


class _Printed(io.TextIOBase):
    """What an answer prints, up to a limit."""

    def __init__(self) -> None:
        self.out, self.left = sys.stdout, PRINTED

    def write(self, text: str) -> int:
        if self.left > 0:
            self.out.write(text[: self.left] + ("" if len(text) <= self.left else " …\n"))
        self.left -= len(text)
        if self.left < -50 * PRINTED:
            raise Stopped("printed without end")
        return len(text)

    def flush(self) -> None:
        self.out.flush()


def guarded(answer: Any) -> Any:
    """The answer; an iterator that it returns ends in an error after `LONGEST` items, whoever reads it."""
    if not inspect.isfunction(answer):
        return answer

    @functools.wraps(answer)
    def call(*args: Any, **kwargs: Any) -> Any:
        result = answer(*args, **kwargs)
        return _counted(result) if isinstance(result, Iterator) else result

    return call


def _counted(items: Iterator) -> Iterator:
    yield from itertools.islice(items, LONGEST)
    for _ in items:
        raise Stopped(f"did not end: it gave more than {LONGEST:,} items")


# ---------------------------------------------------------------------------------------------- comparing results


def parts_of(value: Any, place: str = "") -> Parts:
    """What a value consists of, numbers in any form as arrays: {"": array}, or {".0": array, ".1": array}."""
    if hasattr(value, "detach") and not isinstance(value, type):  # a Tensor, ours or PyTorch's
        value = value.detach().data
    if isinstance(value, Iterator):
        value = list(_counted(value))
    if isinstance(value, Mapping):
        return {at: x for key in value for at, x in parts_of(value[key], f"{place}.{key}").items()}
    if isinstance(value, list | tuple):
        parts = {at: x for i, part in enumerate(value) for at, x in parts_of(part, f"{place}.{i}").items()}
        flat = list(parts) == [f"{place}.{i}" for i in range(len(value))]
        shapes = {x.shape if isinstance(x, np.ndarray) else None for x in parts.values()}
        return {place: np.array(list(parts.values()))} if flat and len(shapes) <= 1 and None not in shapes else parts
    array = np.array(value)
    if array.dtype.kind in "fiubc":
        return {place: array}
    return parts_of(value.tolist(), place) if isinstance(value, np.ndarray) else {place: value}


def _known(value: Any) -> Parts:
    """The parts that can be compared with a copy: an object may equal only itself."""
    return {at: x for at, x in parts_of(value).items() if isinstance(x, np.ndarray | str)}


def same(a: Parts, b: Parts, isclose: Callable) -> bool:
    """Whether two results agree in all parts."""
    return a.keys() == b.keys() and all(equal(a[at], b[at], isclose) for at in a)


def equal(a: Any, b: Any, isclose: Callable) -> bool:
    """Whether two parts agree."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        one_number = a.size == b.size == 1 and 0 in (a.ndim, b.ndim)  # 2.0 and [2.0] are the same answer
        return (a.shape == b.shape or one_number) and bool(np.all(isclose(a, b)))
    return a is b or (type(a) is type(b) and not isinstance(a, np.ndarray) and bool(a == b))
