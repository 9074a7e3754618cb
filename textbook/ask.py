"""Prediction gates: the reader commits to an answer before the book reveals it.

    ask.number("5-b", "α =")            # a field and a button
    ask.number("5-b", "α =", answer=0.5)        # the same, answered in code

A gate never blocks: without an answer `check.prediction("5-b")` folds what it would say.  Answers live in the kernel's
memory and end with it.  Without a browser (Run All in a test, a saved notebook) a gate is one line of text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textbook.exercises import find
from textbook.expression import parse
from textbook.words import typed

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
            given = _number(given, self.prompt, self.unit)
        elif not str(given).strip():
            raise ValueError("Write a few words.")
        self.answer = given

    def shown(self, value: Any) -> str:
        """A value in a sentence: `α = 0.5`, `12 kB`, `momentum`."""
        text = typed(value) if isinstance(value, int | float) else str(value)
        return " ".join(filter(None, (self.prompt if self.prompt.endswith("=") else "", text, self.unit)))

    def __repr__(self) -> str:
        if self.answer is not None:
            answer = f"{typed(self.answer)} {self.unit}".rstrip() if self.kind is float else self.answer
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
    """Ask for a number.  The field takes `0.5`, `2e-3`, `1/4`, `2^10`, `101,770` and `5 %`.

    Args:
        exercise: number of a prediction in the chapter's table.
        prompt: what stands before the field, such as "α =".
        unit: what stands after it.
        answer: commits at once, for those who answer in code.

    Raises:
        LookupError: there is no such exercise.
        ValueError: the answer is no number.

    >>> number("0-b", "times:")
    Prediction 0-b: times: ? (not answered)
    >>> number("0-b", "times:", answer="2^10")
    Prediction 0-b: times: 1024
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


SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
PLAIN = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "^": "**", "\u00a0": " ", "\u2009": " ", "\u202f": " "})


def _number(given: Any, prompt: str = "", unit: str = "") -> float:
    """A number as people write it: `0.5`, `0,5`, `101,770`, `1/4`, `2e-3`, `2^10`, `10⁻³`, `ln 10`, `5 %`, `≈ 3 kB`.

    A percentage is a share of 1, unless the question asks for percent.
    """
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda part: f"**{part[0].translate(SUPERSCRIPTS)}", str(given))
    text = text.translate(PLAIN).strip().removeprefix(prompt.rstrip("= ")).strip().lstrip("≈~=: ")
    scale = 0.01 if text.endswith("%") and "%" not in unit else 1.0
    text = text.removesuffix("%").rstrip()
    if unit and text.lower().endswith(unit.lower()):
        text = text[: -len(unit)].rstrip()
    text = re.sub(r"(?<![\d.,])[1-9]\d{0,2}(?:[,'’_ ]\d{3})+(?!\d)", lambda whole: re.sub(r"\D", "", whole[0]), text)
    text = re.sub(r"^(-?\d+),(\d+)$", r"\1.\2", text)
    text = re.sub(r"(log|exp|sqrt) *(\d[\d.]*)", r"\1(\2)", re.sub(r"(?i)\bln *", "log ", text))
    try:
        if len(text) > 100:
            raise ValueError
        value = float(text) if re.fullmatch(r"[-+\d.eE]+", text) else _computed(text)
    except (ValueError, ArithmeticError):
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"Write a number, such as 0.5, 1/4, 2e-3 or 5%; got {str(given)[:40]!r}.")
    return value * scale


def _computed(text: str) -> float:
    formula = parse(f"({text}) + zero")  # a formula needs a variable
    return float(formula(zero=0.0)) if set(formula.names) == {"zero"} else math.nan
