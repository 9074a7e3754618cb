"""Checkers of exercises: they say whether an answer is right, and if it is not, which mistake it makes.

    check.exercise("5-3", step_matrix)      # an answer to an exercise
    check.prediction("5-b")                 # the verdict on what the reader told `ask`
    check.tried("5-3", step_matrix, ours)   # the reader's answer where it is right, else the book's

`run` uses an answer on the cases of the exercise, `judge` compares what came out with what should have, `hints` knows
the mistakes that anyone makes, `say` puts it into words.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import re
import textwrap
from typing import Any, NamedTuple

from textbook import ask
from textbook.check.judge import RIGHT, UNTRIED, WRONG, judge
from textbook.exercises import Exercise, find
from textbook.show import folded, paragraphs

MARK = {RIGHT: "✓", WRONG: "✗", UNTRIED: "·"}
WIDTH = 100  # characters in a line of the verdict


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

    >>> exercise("1-2", ...)                                        # doctest: +SKIP
    · 1-2  not attempted yet.
    """
    print(diagnose(number, answer))


def prediction(number: str) -> None:
    """Show the verdict on what the reader committed to.  Without an answer it is folded: one click reveals it.

    Raises:
        LookupError: there is no prediction of that number.
    """
    entry, question = find(number), ask.asked.get(number)
    if question and question.answer is not None:
        return print(verdict(entry, question))
    fold = folded(paragraphs(f"{_truth(entry, question)}\n{entry.insight}".strip()),
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

    >>> Node = tried("1-1", Node, ours.Node)                        # doctest: +SKIP
    """
    with contextlib.redirect_stdout(io.StringIO()):  # what the answer prints, its own check has shown
        return mine if diagnose(number, mine).status == RIGHT else reference


def diagnose(exercise: Exercise | str, answer: Any) -> Result:
    """Compare an answer with the right one, and name its mistake.

    Args:
        exercise: an exercise or its number.
        answer: what the reader wrote: a function, a class or a value.

    >>> double = Exercise("1-2", "implement", "Double x.", lambda x: 2 * x, cases=[(1.5,), (-2.0,)])
    >>> diagnose(double, lambda x: x * 2).status
    'right'
    >>> diagnose(double, lambda x: -2 * x)
    ✗ 1-2  x=1.5:  the result is -3, expected 3.
           The sizes are right, the sign is the opposite.
    """
    exercise = find(exercise) if isinstance(exercise, str) else exercise
    status, mistake, *lines = judge(exercise, answer)
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
    status, mistake, _, hint = judge(exercise, question.answer)
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
