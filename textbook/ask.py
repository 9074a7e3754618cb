"""Prediction gates: the reader commits to an answer before the book reveals it.

    ask.number("5.2", "α =")            # a field and a button
    ask.number("5.2", "α =", answer=0.5)        # the same, answered in code

A gate never blocks: `check.prediction("5.2")` reveals with or without an answer.  Answers live in the kernel's memory
and end with it.  Without a browser (Run All in a test, a saved notebook) a gate is one line of text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textbook.exercises import find

VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(eq=False)
class Question:
    """A gate: what was asked, and the answer once it is committed.

    Attributes:
        options: the choices; None for a number (`kind` float) or a text (`kind` str).
        answer: None until the reader commits.
    """

    exercise: str
    prompt: str
    kind: type = str
    unit: str = ""
    options: tuple[Any, ...] | None = None
    answer: Any = None

    def commit(self, given: Any) -> None:
        """Take the reader's answer, as typed or as a value.

        Raises:
            ValueError: it is no answer to this question.
        """
        if self.options is not None and given not in self.options:
            raise ValueError(f"Choose one of: {', '.join(map(str, self.options))}.")
        if self.kind is float:
            given = _number(given)
        elif not str(given).strip():
            raise ValueError("Write a few words.")
        self.answer = given

    def shown(self, value: Any) -> str:
        """A value in a sentence: `α = 0.5`, `12 kB`, `momentum`."""
        text = f"{value:.6g}" if isinstance(value, int | float) else str(value)
        return " ".join(filter(None, (self.prompt if self.prompt.endswith("=") else "", text, self.unit)))

    def __repr__(self) -> str:
        if self.answer is not None:
            answer = f"{self.answer:.6g} {self.unit}".rstrip() if self.kind is float else self.answer
        else:
            answer = f"{' | '.join(map(str, self.options)) if self.options else '?'} (not answered)"
        return f"Prediction {self.exercise}: {self.prompt} {answer}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        try:
            view = {VIEW: {"version_major": 2, "version_minor": 0, "model_id": self.widget().model_id}}
        except ImportError:  # no widgets here: the text says what to ask
            view = {}
        return {"text/plain": repr(self), **view}

    def widget(self) -> Any:
        """The field, the button, and a line that says what was committed."""
        import ipywidgets

        field: Any
        if self.options is not None:
            field = ipywidgets.RadioButtons(options=self.options, value=self.answer)
        else:
            typed = "" if self.answer is None else str(self.answer)
            field = ipywidgets.Text(typed, placeholder="your prediction")
        field.description, field.style = self.prompt, {"description_width": "initial"}
        button = ipywidgets.Button(description="Commit", tooltip=f"Commit to your prediction {self.exercise}")
        note = ipywidgets.Label("" if self.answer is None else f"Committed: {self.shown(self.answer)}")

        def commit(_: Any = None) -> None:
            try:
                self.commit(field.value)
            except ValueError as error:
                note.value = str(error)
            else:
                note.value = f"Committed: {self.shown(self.answer)}. Now run on."

        button.on_click(commit)
        if self.options is None:  # Enter commits too
            field.on_msg(lambda _, content, buffers: commit() if content.get("event") == "submit" else None)
        return ipywidgets.VBox([ipywidgets.HBox([field, ipywidgets.Label(self.unit), button]), note])


asked: dict[str, Question] = {}  # the latest question of each number


def number(exercise: str, prompt: str, unit: str = "", answer: float | str | None = None) -> Question:
    """Ask for a number.  The field takes `0.5`, `2e-3` and `1/4`.

    Args:
        exercise: number of a prediction in the chapter's table.
        prompt: what stands before the field, such as "α =".
        unit: what stands after it.
        answer: commits at once, for those who answer in code.

    Raises:
        LookupError: there is no such exercise.
        ValueError: the answer is no number.

    >>> number("5.2", "α =")
    Prediction 5.2: α = ? (not answered)
    >>> number("5.2", "α =", answer=0.5)
    Prediction 5.2: α = 0.5
    """
    return _ask(Question(exercise, prompt, float, unit), answer)


def choice(exercise: str, prompt: str, options: Sequence[Any], answer: Any = None) -> Question:
    """Ask for one of several options; the right one must be among them."""
    right = find(exercise).reference
    if isinstance(options, str) or right not in options:
        raise ValueError(f"{exercise}: the right answer {right!r} is none of the options {options!r}")
    return _ask(Question(exercise, prompt, options=tuple(options)), answer)


def text(exercise: str, prompt: str, answer: str | None = None) -> Question:
    """Ask for a few words.  They are shown beside the explanation; nobody judges them."""
    return _ask(Question(exercise, prompt), answer)


def _ask(question: Question, answer: Any) -> Question:
    find(question.exercise)  # a wrong number should fail here, not where the answer is revealed
    before = asked.get(question.exercise)
    if answer is None and before and (before.kind, before.options) == (question.kind, question.options):
        question.answer = before.answer  # running the cell again keeps the answer
    elif answer is not None and answer is not ...:
        question.commit(answer)
    asked[question.exercise] = question
    return question


def _number(given: Any) -> float:
    """`0.5`, `2e-3`, `1/4` or `−1`."""
    top, _, bottom = str(given).replace("−", "-").partition("/")
    try:
        value = float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"Write a number, such as 0.5, 1/4 or 2e-3; got {str(given)[:40]!r}.")
    return value
