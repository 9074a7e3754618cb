"""Every exercise of the book, and the mistakes that any exercise knows."""

import ast
import builtins
import contextlib
import itertools
import runpy
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textbook import Tensor, ask, check, exercises
from textbook.check import RIGHT, UNTRIED, WRONG, diagnose, hints, run
from textbook.exercises import Exercise

EXERCISES = [entry for chapter in exercises.chapters() for entry in exercises.table(chapter).values()]
JUDGED = [entry for entry in EXERCISES if entry.reference is not None]
MISTAKES = [(entry, message) for entry in EXERCISES for message in (*entry.mistakes, *entry.caught)]
NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
SOLUTIONS = sorted((NOTEBOOKS / "solutions").glob("[0-9]*.py"))

TWICE = Exercise("5-3", "implement", "?", lambda x: 2 * x, cases=[(1.5,), (-3.0,), (0.25,)])

every_exercise = pytest.mark.parametrize("entry", JUDGED, ids=lambda entry: entry.number)



def one_line(result):
    return " ".join(result.text.split())


# ---- every table of the book ----


@every_exercise
@pytest.mark.parametrize("stub", [None, ..., lambda *args: ..., lambda *args: None])
def test_a_stub_is_not_attempted(entry, stub):
    if not callable(stub) or (callable(entry.reference) and not isinstance(entry.reference, type)):
        result = diagnose(entry, stub)
        assert result == (UNTRIED, None, f"· {entry.number}  not attempted yet.")


@every_exercise
def test_the_reference_is_right(entry):
    result = diagnose(entry, entry.reference)
    assert (result.status, result.mistake) == (RIGHT, None), result.text


@pytest.mark.parametrize(("entry", "message"), MISTAKES, ids=[f"{e.number}-{n}" for n, (e, _) in enumerate(MISTAKES)])
def test_a_known_mistake_is_named(entry, message):
    result = diagnose(entry, {**entry.mistakes, **entry.caught}[message])
    assert result.status == WRONG
    assert message == result.mistake if message in entry.mistakes else message in (result.mistake or "")
    assert " ".join(message.split()) in one_line(result) and ",," not in result.text


@every_exercise
def test_an_exercise_knows_two_mistakes(entry):
    assert len(entry.mistakes) + len(entry.caught) >= (1 if entry.level == "predict" else 2)
    assert entry.question


@every_exercise
def test_a_check_says_the_same_every_time(entry):
    for answer in (entry.reference, *entry.mistakes.values(), *entry.caught.values()):
        assert diagnose(entry, answer) == diagnose(entry, answer)


def test_chapters_and_numbers():
    assert exercises.chapters(), "the book has exercises"
    for entry in EXERCISES:
        assert exercises.find(entry.number) is entry


@pytest.mark.parametrize(("number", "says"), [
    ("1-99", "chapter 1 has 1"), ("99-1", "exercises for: "), ("four", "looks like '5-3'"), (1.99, "looks like '5-3'"),
])
def test_a_wrong_number_is_explained(number, says):
    with pytest.raises(LookupError, match=says):
        exercises.find(number)


def calls(path: Path, name: str) -> list[str]:
    """The numbers a notebook passes to `check.exercise` or `check.prediction`."""
    return [node.args[0].value for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == name and isinstance(node.args[0], ast.Constant)]


def unsolved(path: Path, monkeypatch) -> dict[str, str]:
    """What a solutions notebook leaves: it runs, and calls `check.exercise("5-3", answer)` as a reader does."""
    table = exercises.table(int(path.stem[:2]))
    found = {number: "not checked" for number, entry in table.items() if entry.level != "predict"}
    monkeypatch.setattr(check, "exercise", lambda number, answer: found.update({number: diagnose(number, answer).text}))
    runpy.run_path(str(path))
    return {number: text for number, text in found.items() if not text.startswith("✓")}


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_are_right_and_complete(path, monkeypatch):
    assert unsolved(path, monkeypatch) == {}


@pytest.mark.parametrize(("answer", "left"), [
    ("check.exercise('5-3', lambda x: 2 * x)", None),
    ("check.exercise('5-3', lambda x: 1)", "✗ 5-3"),
    ("check.exercise('5-3', ...)", "· 5-3"),
    ("", "not checked"),
])
def test_a_gap_in_the_solutions_is_found(answer, left, monkeypatch, tmp_path):
    path = tmp_path / "05_some_chapter.py"
    path.write_text(f"# %%\nfrom textbook import check\n\n# %%\n{answer}\n")
    monkeypatch.setattr(exercises, "table", lambda chapter: {"5-3": TWICE})
    text = unsolved(path, monkeypatch).get("5-3")
    assert text is left or text.startswith(left)


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_a_chapter_asks_what_its_table_holds(path):
    chapter = int(path.stem[:2])
    table = exercises.table(chapter) if chapter in exercises.chapters() else {}
    assert calls(path, "check.exercise") == [n for n, entry in table.items() if entry.level != "predict"]
    assert calls(path, "check.prediction") == [n for n, entry in table.items() if entry.level == "predict"]
    asked = [number for kind in ("number", "choice", "text") for number in calls(path, f"ask.{kind}")]
    assert set(asked) == set(calls(path, "check.prediction"))


# ---- the mistakes anyone makes, on an exercise that names none of its own ----

X, Y = np.array([[1.0, 2.0, -0.5], [0.5, -3.0, 4.0]]), np.array([3.0, -1.0])
CASES = [(X, Y), (np.vstack([X, X + 1]), np.array([3.0, -1.0, 2.0, 0.7])), (X[:, ::-1] * 2, Y + 1)]


def rows(x, y):
    """A matrix result, of x's shape."""
    return 2.2 * x * y[:, None]


def total(x, y):
    """A vector result."""
    return (x * y[:, None]).mean(0)


def norm(x, y):
    """A scalar result, of one size in all cases."""
    return float((x**2).sum() + y[0])


def entry_of(reference, **kwargs):
    return Exercise("1-1", "implement", "?", reference, **({"cases": CASES} | kwargs))


class Remembering:
    """A function that adds to what it returned before."""

    def __init__(self):
        self.kept = 0.0

    def __call__(self, x, y):
        self.kept += norm(x, y)
        return self.kept


class Pair:
    """A class in place of a function."""

    def __init__(self, x, y):
        self.x, self.y = x, y


class Late:
    """A function that returns what it should have returned the time before."""

    def __init__(self):
        self.kept = 0.0

    def __call__(self, x, y):
        before, self.kept = self.kept, norm(x, y)
        return before


def writes_into_x(x, y):
    result = rows(x, y)
    x += 1
    return result


def endless(x, y):
    return endless(x, y)


GENERAL = [
    (rows, lambda x, y: rows(x, y).T, "transposed"),
    (rows, lambda x, y: rows(x, y).reshape(1, *x.shape), "another shape"),
    (total, lambda x, y: total(x, y)[:, None], "another shape"),
    (rows, lambda x, y: -rows(x, y), "opposite sign"),
    (rows, lambda x, y: abs(rows(x, y)), "some signs"),
    (total, lambda x, y: total(x, y)[::-1], "reversed"),
    (rows, lambda x, y: rows(x, y)[:, [1, 0, 2]], "another order"),
    (total, lambda x, y: x * y[:, None], "not reduced"),
    (rows, lambda x, y: rows(x, y).sum(0), "reduced too far"),
    (rows, lambda x, y: x[0], None),
    (rows, lambda x, y: rows(x, y) * 2, "factor 2"),
    (rows, lambda x, y: rows(x, y) / 2, "factor 1/2"),
    (rows, lambda x, y: rows(x, y) * -7, "factor"),
    (total, lambda x, y: total(x, y) * len(x), "sum for mean"),
    (rows, lambda x, y: rows(x, y) / len(x), "mean for sum"),
    (rows, lambda x, y: rows(x, y) + 1, "offset"),
    (norm, Remembering(), "accumulated"),
    (norm, Late(), "stale"),
    (rows, lambda x, y: rows(x, y).astype("f4"), "low precision"),
    (norm, lambda x, y: round(norm(x, y), 2) + 0.001, "low precision"),
    (rows, lambda x, y: rows(x, y) / 0, "not finite"),
    (rows, lambda x, y: rows(x, y) + np.nan, "not finite"),
    (rows, lambda x, y: print(end=""), "returned None"),
    (rows, lambda x, y: "a text", "wrong type"),
    (rows, lambda x, y: rows, "wrong type"),
    (rows, lambda x, y: {"x": 1}, "wrong type"),
    (rows, Pair, "wrong type"),
    (rows, dict, "raised"),
    (rows, 3.0, "wrong type"),
    (rows, rows(X, Y), "wrong type"),
    (rows, writes_into_x, "changed argument"),
    (rows, lambda x, y: 1 / 0, "raised"),
    (rows, lambda x: x, "other arguments"),
    (rows, lambda x, y: sys.exit(), "raised"),
    (rows, endless, "endless recursion"),
    (rows, lambda x, y: x**3, None),
]


@pytest.mark.parametrize(("reference", "answer", "name"), GENERAL, ids=[str(row[2]) for row in GENERAL])
def test_general_mistake_is_named(reference, answer, name):
    result = diagnose(entry_of(reference, atol=1e-10, rtol=1e-9), answer)
    assert (result.status, result.mistake) == (WRONG, name), result.text
    assert "0x" not in result.text


def test_every_general_mistake_is_tried():
    tried = {name for _, _, name in GENERAL}
    assert {hint.name for hint, _ in hints.RELATIONS} <= tried


def test_a_mistake_must_explain_every_case():
    one_wrong_sign = lambda x, y: rows(x, y) * (-1 if len(x) == 4 else 1)  # noqa: E731
    result = diagnose(entry_of(rows), one_wrong_sign)
    assert result.mistake == "some signs"
    only_the_first = lambda x, y: rows(x, y) * (-1 if len(x) == 4 else 3)  # noqa: E731
    assert diagnose(entry_of(rows), only_the_first).mistake is None


def test_the_count_of_right_cases_helps_where_no_name_does():
    result = diagnose(entry_of(rows), lambda x, y: rows(x, y) if len(x) == 2 else x**3)
    assert result.text.endswith("Right on 2 of 3 cases.")
    assert result.text.startswith("✗ 1-1  x=an array of shape (4, 3), y=[3, -1, 2, 0.7]:  row 0 is [1, 8, -0.125], ")


def test_own_mistakes_come_before_general_ones():
    entry = entry_of(rows, mistakes={"It is −2, not 2.": lambda x, y: -rows(x, y)})
    assert diagnose(entry, lambda x, y: -rows(x, y)).mistake == "It is −2, not 2."


def test_own_mistakes_may_raise():
    def forgot(x, y):
        raise KeyError("never visited")

    entry = entry_of(rows, mistakes={"Visit the leaves too.": forgot})
    assert diagnose(entry, forgot).mistake == "Visit the leaves too."
    assert diagnose(entry, lambda x, y: 1 / 0).mistake == "raised"


def pair(x, y):
    """A pair of matrices of one shape, as a tuple."""
    return x * y[:, None], x + y[:, None]


@pytest.mark.parametrize(("reference", "answer", "says"), [
    (pair, lambda x, y: tuple(part.T for part in pair(x, y)), "It is transposed."),
    (pair, lambda x, y: (pair(x, y)[0], -pair(x, y)[1]), "the sign is the opposite"),
    (rows, lambda x, y: rows(x, y) * x.size, "Every number is x.size times too large"),
    (rows, lambda x, y: rows(x, y) / len(y), "Every number is len(x) times too small"),
    (rows, lambda x, y: rows(x, y) * 2, "Every number is twice the expected one."),
    (total, lambda x, y: np.round(total(x, y), 3), "It is the right number, rounded to 3 decimals."),
    (total, lambda x, y: total(x, y).astype("f4"), "float32 keeps 7 digits"),
    (rows, lambda x, y: rows(x, y) + np.log(x * 0), "numpy says: divide by zero encountered in log, in line"),
    (norm, lambda x, y: print(norm(x, y)), "It returned None, as print(…) and x.sort() do."),
    (norm, lambda x: norm(x, x[0]), "expected a function of (x, y), got one of (x)."),
])
def test_what_a_hint_says(reference, answer, says):
    assert says in one_line(diagnose(entry_of(reference, cases=CASES[:2], rtol=1e-9), answer))


@pytest.mark.parametrize(("reference", "answer"), [
    (lambda x: x, lambda x: x[::-1]),                       # reversed, or the opposite sign? here the same
    (lambda x: 3 * x, lambda x: 0 * x),                     # "0 times the expected one" says nothing
    (lambda x: x, lambda x: x / 0 if x[0] > 0 else x + 7),  # not all of it is not finite
])
def test_no_name_is_better_than_a_wrong_one(reference, answer):
    cases = [(np.array([1.0, 0.5, -0.5, -1.0]),), (np.array([-2.0, 1.5, -1.5, 2.0]),)]
    assert diagnose(entry_of(reference, cases=cases), answer).mistake is None


@pytest.mark.parametrize("answer", [1.0, 0.25, 50.0, -0.5, 0.5004])
def test_a_prediction_gets_no_general_hint(answer):
    entry = Exercise("1-a", "predict", "?", 0.5)
    assert diagnose(entry, answer).text == f"✗ 1-a  your answer is {answer:g}, expected 0.5."
    assert diagnose(Exercise("1-a", "predict", "?", 1024), 1023).mistake is None


def test_a_known_mistake_that_shows_only_as_nan_must_come_about_in_the_same_way():
    softplus, z = lambda z: np.logaddexp(0, z), np.array([1.0, 1000.0, -3.0])
    by_sigmoid = lambda z: -np.log(1 / (1 + np.exp(z)))  # noqa: E731
    entry = entry_of(softplus, cases=[(z,)], mistakes={"The sigmoid is exactly 0.": by_sigmoid})
    assert diagnose(entry, lambda z: -np.log(1 / (1 + np.exp(z)))).mistake == "The sigmoid is exactly 0."
    assert diagnose(entry, lambda z: np.log(1 + np.exp(z))).mistake == "not finite"


def test_two_known_mistakes_that_the_cases_cannot_tell_apart_are_not_named():
    entry = entry_of(lambda x: 2 * x, cases=[(2.0,), (2.0,)],
                     mistakes={"One.": lambda x: x * x * 2, "Another.": lambda x: x + 6})
    assert diagnose(entry, lambda x: 8.0).mistake is None


# ---- what never ends, or fills the memory ----


def naturals(x):
    yield from itertools.count()


def busy(x):
    while True:
        x += 1


def swallows(x):
    while True:
        with contextlib.suppress(Exception):
            x += 1


def hoards(x):
    return list(itertools.chain.from_iterable([0] * 1000 for _ in naturals(x)))


def chatty(x):
    for _ in range(100_000):
        print("again")


@pytest.fixture
def short_patience(monkeypatch):
    monkeypatch.setattr(run, "SECONDS", 0.3)
    monkeypatch.setattr(run, "MEMORY", 100 << 20)


TAKES_ITEMS = {"run": lambda answer, x: list(answer(x))}
CHECKS_ITEMS = {"checker": lambda answer: iter(["no"] if list(answer(1)) else [])}


@pytest.mark.parametrize(("answer", "how", "says"), [
    (busy, {}, "did not end: it was stopped after"),
    (swallows, {}, "did not end: it was stopped after"),
    (hoards, {}, "asked for more memory than an answer may take"),
    (lambda x: [0] * 10**8, {}, "asked for more memory than an answer may take"),
    (naturals, {}, "did not end: it gave more than 100,000 items"),
    (naturals, TAKES_ITEMS, "did not end: it gave more than 100,000 items"),
    (naturals, CHECKS_ITEMS, "did not end: it gave more than 100,000 items"),
    (busy, CHECKS_ITEMS, "did not end: it was stopped after"),
    (lambda x: itertools.count(), TAKES_ITEMS, "did not end: it gave more than 100,000 items"),
])
def test_what_never_ends_is_stopped_and_said(answer, how, says, short_patience):
    result = diagnose(entry_of(lambda x: [x], cases=[(1,), (2,)], **how), answer)
    assert (result.status, result.mistake) == (WRONG, "endless")
    assert says in one_line(result)


def test_an_answer_prints_no_more_than_a_reader_can_read(capsys):
    assert diagnose(TWICE, chatty).status == WRONG
    printed = capsys.readouterr().out
    assert "printed without end" in diagnose(TWICE, lambda x: [print("again") for _ in itertools.count()]).text
    assert printed.startswith("again\nagain") and len(printed) < 4 * run.PRINTED


def test_limits_leave_no_trace(short_patience):
    import resource
    import signal

    before = signal.getsignal(signal.SIGALRM), resource.getrlimit(resource.RLIMIT_AS)
    diagnose(TWICE, busy)
    assert (signal.getsignal(signal.SIGALRM), resource.getrlimit(resource.RLIMIT_AS)) == before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_outside_the_main_thread_answers_are_judged_too():
    with ThreadPoolExecutor() as pool:
        assert pool.submit(diagnose, TWICE, lambda x: x + x).result().status == RIGHT


# ---- what is said ----


def test_the_words_of_the_book():
    step_matrix = Exercise("5-3", "derive", "?", lambda alpha, lam: [[1 - alpha * lam, -alpha], [lam, 1]], [(0.1, 4)])
    assert diagnose(step_matrix, lambda alpha, lam: [[1, -alpha], [lam, 1]]).text.splitlines()[0] == (
        "✗ 5-3  alpha=0.1, lam=4:  row 0 is [1, -0.1], expected [0.6, -0.1].")


@pytest.mark.parametrize(("given", "expected", "says"), [
    (1, 2, "your answer is 1, expected 2."),
    (1.00001, 1, "your answer is 1.00001, expected 1."),
    (True, False, "your answer is True, expected False."),
    ([1, 2, 3], [1, 2, 4], "your answer is [1, 2, 3], expected [1, 2, 4]."),
    (np.arange(9), np.arange(9) % 8, "element 8 is 8, expected 0."),
    (np.ones((2, 8)), np.eye(2, 8), "element [0, 1] is 1, expected 0."),
    (np.ones((2, 3)), np.eye(2, 3), "row 0 is [1, 1, 1], expected [1, 0, 0]."),
    (np.ones((2, 2, 2)), np.zeros((2, 2, 2)), "row [0, 0] is [1, 1], expected [0, 0]."),
    (np.ones(3), np.ones((3, 1)), "your answer has shape (3,), expected (3, 1)."),
    ((np.ones(2), 5.0), (np.ones(2), 6.0), "part 1 is 5, expected 6."),
    ({"w": 1, "b": [1, 2]}, {"b": [1, 2], "w": 2}, "w is 1, expected 2."),
    (["x", "y"], ["y", "x"], "part 0 is 'x', expected 'y'."),
    ("u", "v", "your answer is 'u', expected 'v'."),
    ([], [1, 2], "your answer is [], expected [1, 2]."),
    (None, 1, "not attempted yet."),
    (2 + 1j, 2, "your answer is 2+1j, expected 2."),
])
def test_the_first_difference_is_shown(given, expected, says):
    assert says in diagnose(Exercise("1-1", "predict", "?", expected), given).text


def test_an_error_shows_the_line_it_came_from():
    def halve(x, y):
        unknown = x.no_such_thing
        return unknown / 2

    text = one_line(diagnose(entry_of(rows), halve))
    assert "raised AttributeError: 'numpy.ndarray' object has no attribute 'no_such_thing'" in text
    assert ": unknown = x.no_such_thing" in text


def test_an_error_without_words_is_told_too():
    class SilentError(Exception):
        def __str__(self):
            raise ValueError("even this")

    def fails(x, y):
        raise SilentError

    assert diagnose(entry_of(rows), fails).mistake == "raised"


def test_changing_an_argument_is_shown():
    text = diagnose(entry_of(lambda y: 2 * y, cases=[(Y,)]), lambda y: y.__imul__(2)).text
    assert "the call turned its argument y into [6, -2]" in text


def test_long_lines_are_broken_and_long_results_are_not_shown():
    text = diagnose(Exercise("12-10", "predict", "?", 1, insight="word " * 60), 1).text
    lines = text.splitlines()
    assert len(lines) > 2 and all(line.startswith(" " * 9) and len(line) <= 100 for line in lines[1:])
    assert len(diagnose(Exercise("1-1", "predict", "?", 1), "long " * 10_000).text) < 300


# ---- what is accepted, and what counts as not attempted ----


@pytest.mark.parametrize("form", [
    np.asarray, np.ndarray.tolist, Tensor, tuple, iter, lambda x: [list(row) for row in x], lambda x: x + 1e-12,
    lambda x: list(map(Tensor, x)), lambda x: x.astype(object),
    lambda x: (row for row in x), lambda x: Tensor(x, requires_grad=True) * 1,
])
def test_forms_of_the_same_numbers_are_right(form):
    assert diagnose(entry_of(rows), lambda x, y: form(rows(x, y))).status == RIGHT


@pytest.mark.parametrize("form", [float, np.float64, np.array, Tensor, lambda x: [x], lambda x: np.array([[x]])])
def test_forms_of_one_number_are_right(form):
    assert diagnose(entry_of(norm), lambda x, y: form(norm(x, y))).status == RIGHT


def test_a_torch_tensor_is_right():
    torch = pytest.importorskip("torch")
    answer = lambda x, y: torch.tensor(rows(x, y), requires_grad=True)  # noqa: E731
    assert diagnose(entry_of(rows), answer).status == RIGHT


def bare(x, y): ...
def described(x, y):
    """To be written."""


def gaps(x, y):
    return [[..., 1], [2, ...]]


def gap_in_a_formula(x, y):
    gradient = ...
    return x - 0.1 * gradient


def unimplemented(x, y):
    raise NotImplementedError


class Engine:
    def __init__(self, x):
        self.x = x

    def double(self): ...


class Doubling(Engine):
    def double(self):
        return 2 * self.x


class Tripling(Engine):
    def double(self):
        return 3 * self.x


@pytest.mark.parametrize("stub", [None, ..., bare, described, gaps, gap_in_a_formula, unimplemented])
def test_what_is_left_open_is_not_attempted(stub):
    assert diagnose(entry_of(rows), stub).status == UNTRIED


def test_a_class_is_used_as_the_exercise_says():
    entry = entry_of(Doubling, cases=[(X,), (Y,)], run=lambda cls, x: cls(x).double(), mistakes={"Thrice.": Tripling})
    assert diagnose(entry, Doubling).status == RIGHT
    assert diagnose(entry, Engine).status == UNTRIED
    assert diagnose(entry, Tripling).text.startswith("✗ 1-1  x=[[1, 2, -0.5], [0.5, -3, 4]]:  row 0 is [3, 6, -1.5]")
    assert diagnose(entry, Tripling).mistake == "Thrice."


@pytest.mark.parametrize(("reference", "answer", "says"), [
    (20.0, "20", "expected a number, got the text '20'. Write it without quotes."),
    (20.0, lambda: 20, "expected a value, got a function of ()."),
    (lambda x: x, 3.0, "expected a function of (x), got the number 3. Pass the function by its name"),
    (Doubling, Doubling(2.0), "expected a class, got an object of class Doubling. Pass the class by its name"),
    (Doubling, [1], "expected a class, got a list."),
])
@pytest.mark.parametrize("checker", [None, lambda answer: iter([])])
def test_another_kind_of_thing_is_told(reference, answer, says, checker):
    entry = entry_of(reference, cases=[(1.5,)], run=(lambda cls, x: cls(x).double()) if reference is Doubling else None,
                     checker=checker)
    result = diagnose(entry, answer)
    assert result.mistake == "wrong type" and says.replace("a value", "a number") in one_line(result)


@pytest.mark.parametrize(("run", "says"), [
    (lambda answer, graph, *values: answer(*values), "graph='fig', 3, 2: the result"),
    (lambda answer, *case: answer(*case[1:]), "'fig', 3, 2: the result"),
    (None, "x=3, y=2: the result"),
])
def test_a_case_is_written_as_a_call(run, says):
    entry = entry_of(lambda x, y: x + y, cases=[("fig", 3, 2) if run else (3, 2)], run=run)
    assert says in one_line(diagnose(entry, lambda x, y: x))


@pytest.mark.parametrize(("given", "says"), [
    ({"x": 1}, "your answer lacks 'f'."),
    ({"x": 1, "f": 2, "y": 3}, "your answer has a needless 'y'."),
    ({"x": 5, "y": 3}, "x is 5, expected 1."),
    ([1, 2], "your answer is [1, 2], expected a dictionary with the keys x, f."),
    (3, "your answer is 3, expected a dictionary with the keys x, f."),
])
def test_a_dictionary_is_compared_by_its_keys(given, says):
    assert diagnose(Exercise("1-1", "predict", "?", {"x": 1, "f": 2}), given).text == f"✗ 1-1  {says}"


def test_a_dictionary_is_shown_as_one():
    entry = entry_of(len, cases=[({"x": (), "f": ("x", "x")},)], run=lambda answer, sources: answer(sources))
    assert "sources={'x': [], 'f': ['x', 'x']}: the result is 7, expected 2." in one_line(diagnose(entry, lambda s: 7))


def test_parts_have_the_names_that_run_gives_them():
    entry = entry_of(Doubling, cases=[(1.5,)], run=lambda cls, x: {"x": cls(x).x, "double()": cls(x).double()})
    assert "double() is 4.5, expected 3." in diagnose(entry, Tripling).text


def test_recursion_that_ends_in_short_cases_is_not_called_endless():
    def deep(n):
        return 0 if n == 0 else 1 + deep(n - 1)

    entry = entry_of(lambda n: n, cases=[(3,), (100_000,)])
    assert "a long chain needs a loop" in diagnose(entry, deep).text
    assert "without end?" in diagnose(entry_of(rows), endless).text


def valid_orders(order):
    """Any order in which a comes before c is right."""
    if sorted(order) != ["a", "b", "c"]:
        yield f"Name each node once; you named {len(order)}."
    if order.index("a") > order.index("c"):
        yield "c is computed from a: a comes first."


def test_a_checker_accepts_every_right_answer():
    entry = Exercise("1-1", "derive", "?", ["a", "b", "c"], checker=valid_orders)
    assert diagnose(entry, ["b", "a", "c"]).status == diagnose(entry, entry.reference).status == RIGHT
    assert diagnose(entry, ["c", "b", "a"]).mistake == "c is computed from a: a comes first."
    assert diagnose(entry, ["a"]).mistake == "Name each node once; you named 1."
    assert diagnose(entry, 7).text == "✗ 1-1  The number 7 can't be used here: TypeError: 'int' object is not iterable"
    assert diagnose(entry, ...).status == UNTRIED


def too_many_calls(answer):
    calls = []
    answer(lambda x: calls.append(x) or 2 * x, 3.0)
    if len(calls) > 1:
        yield f"It calls f {len(calls)} times."


@pytest.mark.parametrize(("answer", "says"), [
    (lambda f, x: f(x) + 1, "Right on all 2 cases. One call."),
    (lambda f, x: f(x) + f(x) / f(x), "It calls f 3 times."),
    (lambda f, x: f(x) + f(x) / f(x) + 1, "You added 2."),
    (lambda f: f(1.0) + 1, "expected a function of (f, x), got one of (f)"),
])
def test_a_checker_beside_cases_judges_what_is_right_on_them(answer, says):
    entry = Exercise("1-1", "derive", "?", lambda f, x: f(x) + 1, cases=[(np.exp, 1.5), (np.sin, 0.5)],
                     mistakes={"You added 2.": lambda f, x: f(x) + 2}, insight="One call.",
                     checker=too_many_calls, caught={"It calls f": lambda f, x: f(x) + f(x) / f(x)})  # fmt: skip
    assert says in one_line(diagnose(entry, answer))


def test_randomness_is_the_same_for_both():
    drawn = entry_of(lambda rng: rng.normal(size=3), cases=lambda rng: [(rng,), (np.random.default_rng(5),)])
    assert diagnose(drawn, lambda rng: list(rng.normal(size=3))).status == RIGHT
    assert diagnose(drawn, lambda rng: rng.normal(size=3) + 1).mistake == "offset"
    assert "rng=<Generator>" in diagnose(drawn, lambda rng: 0).text


def test_a_buffer_used_again_is_no_disguise():
    buffer = np.zeros(3)

    def reuses(x, y):
        buffer[:] = total(x, y)
        return buffer

    assert diagnose(entry_of(total), reuses).status == RIGHT


def test_printing_inside_an_answer_stays_readable(monkeypatch, capsys):
    monkeypatch.setattr(check, "find", lambda number: TWICE)
    check.exercise("5-3", lambda x: print("here"))
    *printed, found, hint = capsys.readouterr().out.splitlines()
    assert printed == ["here"] * 3
    assert found == "✗ 5-3  x=1.5:  the result is None, expected 3."
    assert hint == "       It returned None, as print(…) and x.sort() do."


class Hostile:
    """Nothing can be asked of it."""

    def refuse(self, *args, **kwargs):
        raise RuntimeError("no")

    __array__ = __eq__ = __getattr__ = __repr__ = __iter__ = __len__ = __bool__ = refuse


ENDLESS: list = []
ENDLESS.append(ENDLESS)


def plants(x, y):
    x.clear()
    x.append(Hostile())


@pytest.mark.parametrize("value", [Hostile(), ENDLESS, Hostile, [1.0, Hostile()], iter([Hostile()])],
                         ids=["object", "endless list", "class", "list", "iterator"])
@pytest.mark.parametrize("reference", [rows, norm, lambda x, y: "text", lambda x, y: {"w": x}])
def test_hostile_answers_are_judged(value, reference):
    assert diagnose(entry_of(reference), value).status == WRONG
    assert diagnose(entry_of(reference), lambda x, y: value).status == WRONG
    assert diagnose(Exercise("1-1", "predict", "?", 2.0), value).status == WRONG


def test_a_hostile_object_left_in_an_argument_is_survived():
    assert diagnose(entry_of(lambda x, y: 1, cases=[([1.0], 2.0)]), plants).status == WRONG


WEIRD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text(max_size=5) | st.binary()
    | st.sampled_from([..., int, Tensor, np.ndarray, len, Tensor(1.0), np.zeros((0, 3)), np.array("s"), iter, object(),
                       np.array([None, 1]), np.datetime64("2020"), frozenset("ab"), itertools.count()]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    | st.tuples(inner, inner), max_leaves=6)


@given(WEIRD, st.sampled_from([rows, total, norm, lambda x, y: ("u", "v"), lambda x, y: {"w": x, "b": 1.0}]))
def test_whatever_is_returned_is_judged(value, reference):
    assert diagnose(entry_of(reference), lambda x, y: value).status in (WRONG, UNTRIED)


@given(WEIRD)
def test_whatever_is_passed_is_judged(value):
    assert diagnose(entry_of(rows), value).status in (WRONG, UNTRIED)
    assert diagnose(Exercise("1-1", "predict", "?", 0.123), value).status in (WRONG, UNTRIED)


# ---- an exercise that contradicts itself ----


@pytest.mark.parametrize(("change", "says"), [
    ({"number": "4"}, "number is '4'"),
    ({"number": "4.1"}, "number is '4.1'"),
    ({"level": "hard"}, "wanted one of predict"),
    ({"cases": ()}, "there are none"),
    ({"caught": {"a text": rows}}, "caught is for exercises with a checker"),
    ({"mistakes": {"a text": rows}, "checker": iter, "cases": ()}, "mistakes for the others"),
])
def test_a_broken_entry_is_refused(change, says):
    with pytest.raises(ValueError, match=says):
        Exercise(**{"number": "1-1", "level": "derive", "question": "?", "reference": rows, "cases": CASES} | change)


def test_a_case_must_be_a_tuple():
    with pytest.raises(ValueError, match=r"such as \(x,\)"):
        diagnose(entry_of(np.sum, cases=[X]), np.sum)


def test_a_reference_that_raises_is_the_books_fault():
    with pytest.raises(ZeroDivisionError):
        diagnose(entry_of(lambda x, y: 1 / 0), rows)


# ---- predictions ----

NUMBER = Exercise("1-1", "predict", "?", 0.5, mistakes={"That is 1/λ.": 0.25}, insight="It is 2/λ.", rtol=0.01)
CHOICE = Exercise("1-2", "predict", "?", "Adam", mistakes={"It has no memory.": "gd"}, insight="Adam scales.")
WORDS = Exercise("1-3", "predict", "?", None, insight="A step grows the loss.")


@pytest.mark.parametrize(("entry", "kind", "answer", "says"), [
    (NUMBER, float, None, "· 1-1  not answered.  The answer is α = 0.5.\n       It is 2/λ."),
    (NUMBER, float, 0.5, "✓ 1-1  You predicted α = 0.5.\n       It is 2/λ."),
    (NUMBER, float, 0.501, "✓ 1-1  You predicted α = 0.501.\n       It is 2/λ."),
    (NUMBER, float, 0.25,
     "✗ 1-1  You predicted α = 0.25.  The answer is α = 0.5.\n       That is 1/λ.\n       It is 2/λ."),
    (NUMBER, float, 7.0, "✗ 1-1  You predicted α = 7.  The answer is α = 0.5.\n       It is 2/λ."),
    (CHOICE, str, "gd", "✗ 1-2  You predicted gd.  The answer is Adam.\n       It has no memory.\n       Adam scales."),
    (CHOICE, str, "Adam", "✓ 1-2  You predicted Adam.\n       Adam scales."),
    (WORDS, str, "It explodes", "✓ 1-3  You wrote: It explodes\n       A step grows the loss."),
    (WORDS, str, None, "· 1-3  not answered.\n       A step grows the loss."),
])
def test_verdict(entry, kind, answer, says):
    question = ask.Question(entry.number, "α =" if kind is float else "Which?", kind, answer=answer)
    assert check.verdict(entry, question).text == says


def test_an_unanswered_prediction_is_folded(monkeypatch, capsys):
    entry = Exercise("1-a", "predict", "?", 0.5, insight="It is 2/λ, not < 1/λ.")
    shown = []
    monkeypatch.setattr(check, "find", lambda number: entry)
    monkeypatch.setattr(ask, "asked", {"1-a": ask.Question("1-a", "α =", float)})
    check.prediction("1-a")
    assert capsys.readouterr().out == "· 1-a  not answered yet.\n"
    monkeypatch.setattr(builtins, "get_ipython", lambda: None, raising=False)
    monkeypatch.setattr("IPython.display.display", shown.append)
    check.prediction("1-a")
    bundle = shown[0]._repr_mimebundle_()
    assert bundle["text/plain"] == "· 1-a  not answered yet."
    assert bundle["text/html"].startswith("<details><summary>1-a: your answer first")
    assert "<p>The answer is α = 0.5.</p>\n<p>It is 2/λ, not &lt; 1/λ.</p>" in bundle["text/html"]
    ask.asked["1-a"].commit("1/2")
    check.prediction("1-a")
    assert capsys.readouterr().out == "✓ 1-a  You predicted α = 0.5.\n       It is 2/λ, not < 1/λ.\n"


def test_a_prediction_of_words_is_folded_too(monkeypatch, capsys):
    monkeypatch.setattr(check, "find", lambda number: Exercise("1-a", "predict", "?", None, insight="It grows."))
    check.prediction("1-a")
    assert capsys.readouterr().out == "· 1-a  not answered yet.\n"


def test_tried_keeps_the_readers_own_answer_where_it_is_right(monkeypatch, capsys):
    def mine(x):
        print("here")
        return x + x

    monkeypatch.setattr(check, "find", lambda number: TWICE)
    assert check.tried("5-3", mine, "the book's") is mine
    assert check.tried("5-3", ..., "the book's") == "the book's"
    assert check.tried("5-3", lambda x: 1, "the book's") == "the book's"
    assert capsys.readouterr().out == ""


def test_a_prediction_never_asked_is_revealed_all_the_same():
    assert check.verdict(NUMBER, None).text == "· 1-1  not answered.  The answer is 0.5.\n       It is 2/λ."
