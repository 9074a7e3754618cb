"""The exercises of the book: one table a chapter, `chapter_NN`, each with the list `EXERCISES`.

An entry holds the question, the right answer, the cases on which answers are compared, and the wrong answers worth a
name.  `textbook.check` compares; it knows no exercise.  A chapter's table is imported when it is first asked for.

A short chapter is one file.  A long one is a folder: `answers`, the right ones, which later chapters import;
`wrong`, answers gone wrong; `trials`, the cases, and how an answer is used on one; and the `table`, which joins them.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

LEVELS = ("predict", "derive", "implement", "break")
SEED = 0


@dataclass(frozen=True)
class Exercise:
    """One exercise, or one prediction.

    Attributes:
        number: "5-3", exercise 3 of chapter 5; "5-b", its second prediction.
        level: one of `LEVELS`.
        question: what is asked, in one line.
        reference: the right answer.  A function (or class) where the reader writes one, else a value.
        cases: the calls to compare, each a tuple of arguments; or a function from a seeded `Generator` to them.
            Every case should tell apart as many mistakes as it can: no symmetric matrices, no zeros, no ones, batches
            of different sizes.  A value needs none.
        mistakes: what to tell the reader → the wrong answer that earns it.
        insight: a sentence that generalises, told with the right answer (and with the verdict on a prediction).
        run: how to use an answer on one case, where that is more than a call: `run(answer, *case)` returns what is to
            be compared.  For classes, and for functions that work by changing their arguments.
        checker: in place of cases, where more than one answer is right: yields what is wrong with an answer.  Beside
            cases: what is wrong with an answer whose results are right, such as its cost.
        caught: what the checker says, or a part of it → a wrong answer that makes it say so.
        rtol, atol: answers agree where |yours − expected| ≤ atol + rtol·|expected|.

    Raises:
        ValueError: the entry contradicts itself.
    """

    number: str
    level: str
    question: str
    reference: Any
    cases: Sequence[tuple] | Callable[[np.random.Generator], Iterable[tuple]] = ()
    mistakes: Mapping[str, Any] = field(default_factory=dict)
    insight: str = ""
    run: Callable[..., Any] | None = None
    checker: Callable[[Any], Iterator[str]] | None = None
    caught: Mapping[str, Any] = field(default_factory=dict)
    rtol: float = 1e-6
    atol: float = 1e-9

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d+-(\d+|[a-z])", self.number):
            raise ValueError(f"number is {self.number!r}, wanted a chapter and a place in it, such as '5-3' or '5-b'")
        if self.level not in LEVELS:
            raise ValueError(f"{self.number}: level is {self.level!r}, wanted one of {', '.join(LEVELS)}")
        if self.checker is None and not self.is_value and not self.cases:
            raise ValueError(f"{self.number}: a function is compared on cases, and there are none")
        if (self.mistakes and self.checker and not self.cases) or (self.caught and not self.checker):
            raise ValueError(f"{self.number}: caught is for exercises with a checker, mistakes for the others")

    @property
    def is_value(self) -> bool:
        """Whether the answer is compared as it is, without a call."""
        return self.run is None and not callable(self.reference)

    def drawn_cases(self) -> list[tuple]:
        """The cases, made anew; the same on every call."""
        cases = list(self.cases(np.random.default_rng(SEED)) if callable(self.cases) else self.cases)
        for case in cases:
            if not isinstance(case, tuple):
                raise ValueError(f"{self.number}: a case is a tuple of arguments, such as (x,); got {case!r}")
        return [()] if self.is_value else cases


def chapters() -> list[int]:
    """The chapters that have a table."""
    return sorted(int(name[8:]) for _, name, _ in pkgutil.iter_modules(__path__) if re.fullmatch(r"chapter_\d+", name))


def chapter_of(number: str) -> int:
    """The chapter of an exercise, by its number.

    Raises:
        LookupError: no number of an exercise looks like that.

    >>> chapter_of("5-3")
    5
    """
    chapter = str(number).split("-")[0]
    if not chapter.isdecimal():
        raise LookupError(f"the number of an exercise looks like '5-3'; got {number!r}")
    return int(chapter)


@cache
def table(chapter: int) -> dict[str, Exercise]:
    """A chapter's exercises, by number.

    Raises:
        LookupError: the chapter has none.
        ValueError: two exercises have one number, or one stands in the wrong chapter.
    """
    if chapter not in chapters():
        have = ", ".join(map(str, chapters()))
        raise LookupError(f"chapter {chapter} has no exercises; there are exercises for: {have}")
    entries = importlib.import_module(f"{__name__}.chapter_{chapter:02}").EXERCISES
    found: dict[str, Exercise] = {}
    for entry in entries:
        if entry.number in found or chapter_of(entry.number) != chapter:
            raise ValueError(f"exercise {entry.number} in the table of chapter {chapter}: number taken, or misplaced")
        found[entry.number] = entry
    return found


def find(number: str) -> Exercise:
    """The exercise of that number.

    Raises:
        LookupError: there is none.

    >>> find("0-3").level
    'implement'
    """
    chapter = chapter_of(number)
    entries = table(chapter)
    if number not in entries:
        raise LookupError(f"there is no exercise {number!r}; chapter {chapter} has {', '.join(entries)}")
    return entries[number]
