"""Answers of beginners, as beginners write them: each gets a verdict that fits, and no answer gets one that does not.

`beginners/chapter_NN.py` holds the answers to the exercises of chapter NN:

    PRELUDE = "from textbook import Tensor"     # optional: what the chapter's imports offer besides numpy as np
    ANSWERS = {"5-3": [("def step_matrix(alpha, beta, lam):\\n    return ...", "You moved x with the old v"), ...]}

An answer is what stands in the reader's cell, or an expression for an answer that is a value.  Beside it stands what
the verdict must contain; or None, where it must be refused and no mistake be named; or "✓", where it is right.
"""

import ast
import importlib.util
import itertools
import linecache
from pathlib import Path

import numpy as np
import pytest

from textbook import exercises
from textbook.check import RIGHT, WRONG, diagnose

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
ENOUGH = 6
count = itertools.count()


def module(path):
    spec = importlib.util.spec_from_file_location(f"beginners_{path.stem}", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


MODULES = {int(path.stem[-2:]): module(path) for path in sorted((Path(__file__).parent / "beginners").glob("ch*.py"))}
ANSWERS = [(number, answer, says, getattr(beginners, "PRELUDE", "")) for beginners in MODULES.values()
           for number, rows in beginners.ANSWERS.items() for answer, says in rows]  # fmt: skip
TO_ANSWER = [entry.number for chapter in exercises.chapters() for entry in exercises.table(chapter).values()
             if entry.level != "predict"]  # fmt: skip


def passed_to_the_checker(number):
    """What the chapter passes to `check.exercise`: the name of the stub, or an expression of names."""
    [path] = NOTEBOOKS.glob(f"{int(number.split('-')[0]):02}_*.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node).startswith(f"check.exercise({number!r}, "):
            return ast.unparse(node.args[1])
    raise LookupError(f"{path.name} has no check.exercise({number!r}, ...)")


def run_cell(source, space):
    """Execute a cell as a notebook does; the value of an expression, else None."""
    file = f"<cell {next(count)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    try:
        return eval(compile(source.strip(), file, "eval"), space)
    except SyntaxError:
        return exec(compile(source, file, "exec"), space)


def answer_of(number, source, prelude):
    space = {"np": np, "__name__": "beginner"}
    run_cell(prelude, space)
    value = run_cell(source, space)
    return run_cell(passed_to_the_checker(number), space) if value is None else value


@pytest.mark.parametrize(("number", "source", "says", "prelude"), ANSWERS,
                         ids=[f"{number}-{i}" for i, (number, *_) in enumerate(ANSWERS)])  # fmt: skip
def test_a_beginners_answer_gets_the_verdict_that_fits(number, source, says, prelude):
    result = diagnose(number, answer_of(number, source, prelude))
    told = " ".join(result.text.split())
    if says == "✓":
        assert result.status == RIGHT, told
    elif says is None:
        entry = exercises.find(number)
        assert result.status == WRONG, told
        assert not any(hint in told for hint in (*entry.caught, *entry.mistakes)), told
        assert entry.checker or result.mistake is None, told
    else:
        assert result.status == WRONG and " ".join(says.split()) in told, told


@pytest.mark.parametrize("number", TO_ANSWER)
def test_an_exercise_is_tried_on_enough_beginners(number):
    rows = getattr(MODULES.get(exercises.chapter_of(number)), "ANSWERS", {}).get(number, [])
    assert len(rows) >= ENOUGH, f"{number}: {len(rows)} answers in tests/beginners/, wanted {ENOUGH} or more"
    assert len({source for source, _ in rows}) == len(rows)


def test_every_answer_answers_an_exercise():
    assert {number for number, *_ in ANSWERS} <= set(TO_ANSWER)
