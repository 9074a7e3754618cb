"""Prediction gates, without a browser: the widget's parts are moved by hand."""

import math
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textbook import ask, check, exercises
from textbook.exercises import Exercise

PREDICTIONS = {
    "1-1": Exercise("1-1", "predict", "?", 0.5),
    "1-a": Exercise("1-a", "predict", "?", 0.5),
    "1-2": Exercise("1-2", "predict", "?", "Adam"),
    "1-3": Exercise("1-3", "predict", "?", None),
}


@pytest.fixture(autouse=True)
def own_predictions(monkeypatch):
    monkeypatch.setattr(ask, "asked", {})
    monkeypatch.setattr(ask, "find", lambda number: PREDICTIONS.get(number) or exercises.find(number))


def parts(question):
    """The field, the button and the note of a gate's widget."""
    row, note = question.widget().children
    return row.children[0], row.children[-1], note


def test_text_without_a_browser():
    assert repr(ask.number("1-1", "α =", unit="m")) == "Prediction 1-1: α = ? (not answered)"
    assert repr(ask.number("1-1", "α =", unit="m", answer="1/4")) == "Prediction 1-1: α = 0.25 m"
    assert repr(ask.choice("1-2", "Which?", ["gd", "Adam"])) == "Prediction 1-2: Which? gd | Adam (not answered)"
    assert repr(ask.choice("1-2", "Which?", ["gd", "Adam"], answer="gd")) == "Prediction 1-2: Which? gd"
    assert repr(ask.choice("1-1", "Which α?", [0.25, 0.5])) == "Prediction 1-1: Which α? 0.25 | 0.5 (not answered)"
    assert repr(ask.text("1-3", "What happens?")) == "Prediction 1-3: What happens? ? (not answered)"
    assert repr(ask.text("1-3", "What happens?", answer="nothing")) == "Prediction 1-3: What happens? nothing"


def test_mime_bundle_has_a_text_and_a_view():
    bundle = ask.number("1-1", "α =")._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/plain"] == "Prediction 1-1: α = ? (not answered)"
    assert set(bundle) == {"text/plain", ask.VIEW}


def test_mime_bundle_without_ipywidgets(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
    assert set(ask.number("1-1", "α =")._repr_mimebundle_()) == {"text/plain"}


def test_the_button_commits():
    question = ask.number("1-1", "α =", unit="m")
    field, button, note = parts(question)
    field.value = "1/2"
    assert question.answer is None, "typing is not committing"
    button.click()
    assert (question.answer, note.value) == (0.5, "Committed: α = 0.5 m. Now run on.")


def test_enter_commits():
    question = ask.number("1-1", "α =")
    field, _, _ = parts(question)
    field.value = "0.5"
    field._handle_custom_msg({"event": "submit"}, [])
    assert question.answer == 0.5


@pytest.mark.parametrize("typed", [
    "", "half", "1/0", "nan", "inf", "1e999", "1,2,3", "%", "x", "2(3)", "1 2", "1,00,000", "--", "2^",
    "exec(1)", "9" * 5000, "10^10^10", "0x10", "[1]", "True",
])
def test_no_number_is_explained_and_not_committed(typed):
    question = ask.number("1-1", "α =")
    field, button, note = parts(question)
    field.value = typed
    button.click()
    assert question.answer is None and note.value.startswith("Write a number") and len(note.value) < 150


@pytest.mark.parametrize(("typed", "value"), [
    ("101,770", 101770), ("101 770", 101770), ("101_770", 101770), ("1,234,567.5", 1234567.5), ("1,000/8", 125),
    ("0,5", 0.5), ("-0,125", -0.125), (" 0.5 ", 0.5), (".5", 0.5), ("+3", 3), ("–2", -2), ("−1/3", -1 / 3),
    ("1/4", 0.25), ("11.3%", 0.113), ("5 %", 0.05), ("11,3 %", 0.113), ("2^11 - 1", 2047), ("sqrt(2)", 2**0.5),
    ("ln 10", math.log(10)), ("ln10", math.log(10)), ("ln(10)", math.log(10)), ("-ln 2.5 / 3", -math.log(2.5) / 3),
    ("1/ln 2", 1 / math.log(2)), ("2*log 3", 2 * math.log(3)), ("Ln 2", math.log(2)), ("sqrt 2", 2**0.5),
    ("1e-3", 0.001), ("1E3", 1000), ("10⁻³", 0.001), ("2¹⁰", 1024), ("2^10", 1024), ("2**10", 1024),
    ("3·10^2", 300), ("3 × 10⁵", 3e5), ("α = 0.5", 0.5), ("= 0.5", 0.5), ("≈ 0.5", 0.5), (101770, 101770), (0.25, 0.25),
])
def test_spellings_that_people_use(typed, value):
    question = ask.Question("1-1", "α =", float)
    question.commit(typed)
    assert question.answer == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(("typed", "unit", "value"), [
    ("12 kB", "kB", 12), ("12kb", "kB", 12), ("12", "kB", 12), ("5 %", "%", 5), ("5", "%", 5), ("11,3%", "%", 11.3),
])
def test_a_unit_may_be_repeated(typed, unit, value):
    question = ask.Question("1-1", "n =", float, unit)
    question.commit(typed)
    assert question.answer == pytest.approx(value, rel=1e-15)


def test_whole_numbers_are_shown_in_full():
    assert ask.Question("1-1", "n =", float, "numbers").shown(1048576.0) == "n = 1048576 numbers"
    assert repr(ask.number("1-1", "n =", answer="2^20")) == "Prediction 1-1: n = 1048576"


def test_a_choice_is_committed():
    question = ask.choice("1-2", "Which wins?", ["gd", "Adam"])
    field, button, note = parts(question)
    button.click()
    assert question.answer is None and note.value == "Choose one of: gd, Adam."
    field.value = "gd"
    button.click()
    assert question.answer == "gd"
    field, button, _ = parts(ask.choice("1-1", "Which α?", [0.25, 0.5]))
    field.value = 0.5
    button.click()
    assert ask.asked["1-1"].answer == 0.5


def test_words_are_committed():
    question = ask.text("1-3", "What happens?")
    field, button, note = parts(question)
    button.click()
    assert question.answer is None and note.value == "Write a few words."
    field.value = "It explodes."
    button.click()
    assert question.answer == "It explodes."


def test_running_the_cell_again_keeps_the_answer():
    ask.number("1-1", "α =").commit(0.3)
    question = ask.number("1-1", "α =")
    assert question.answer == 0.3
    field, _, note = parts(question)
    assert (field.value, note.value) == ("0.3", "Committed: α = 0.3")
    assert ask.text("1-1", "another question").answer is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_can_be_typed(x):
    question = ask.Question("1-1", "x =", float)
    question.commit(repr(x))
    assert question.answer == x
    question.commit(x)
    assert question.answer == x


@pytest.mark.parametrize(("call", "error", "says"), [
    (lambda: ask.number("1-99", "α ="), LookupError, "there is no exercise"),
    (lambda: ask.number("1-1", "α =", answer="much"), ValueError, "got 'much'"),
    (lambda: ask.choice("1-2", "?", ["gd", "momentum"]), ValueError, "'Adam' is none of the options"),
    (lambda: ask.choice("1-2", "?", "Adam"), ValueError, "none of the options"),
    (lambda: ask.choice("1-2", "?", ["gd", "Adam"], answer="adam"), ValueError, "Choose one of: gd, Adam"),
])
def test_an_authors_slip_is_told(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_a_gate_and_its_verdict(monkeypatch, capsys):
    monkeypatch.setattr(check, "find", PREDICTIONS.get)
    ask.number("1-a", "α =")
    check.prediction("1-a")
    assert capsys.readouterr().out == "· 1-a  not answered yet.\n"
    ask.number("1-a", "α =", answer=0.25)
    check.prediction("1-a")
    assert capsys.readouterr().out == "✗ 1-a  You predicted α = 0.25.  The answer is α = 0.5.\n"
    ask.number("1-a", "α =", answer="1/2")
    check.prediction("1-a")
    assert capsys.readouterr().out.startswith("✓ 1-a  You predicted α = 0.5.\n")


def test_widgets_are_made_without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for question in (ask.number("1-1", "α ="), ask.choice("1-2", "?", ["gd", "Adam"]), ask.text("1-3", "?")):
            question.widget()
