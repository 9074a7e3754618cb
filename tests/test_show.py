"""The source that a chapter shows is the source that runs."""

import inspect

import numpy as np
import pytest

from textbook import engine, ops, optim
from textbook.show import show_rules, show_source


@pytest.mark.parametrize("thing", [optim.adam, engine.backward_steps, engine.Tensor, engine.Tensor.backward])
def test_functions_and_classes_as_they_stand(thing):
    shown = show_source(thing)
    assert shown.code == inspect.cleandoc("\n" + inspect.getsource(thing)).rstrip()
    assert repr(shown) == shown.code


@pytest.mark.parametrize("name", engine.OPS)
def test_every_entry_of_the_table(name):
    code = show_source(engine.OPS[name]).code
    assert "primitive(" in code
    assert f"def {name}(" in code or f'name="{name}"' in code
    compile(code, "shown", "exec")


def test_an_operation_is_shown_as_its_entry():
    assert show_source(ops.mul).code == show_source(engine.OPS["mul"]).code
    assert "g * y" in show_source(ops.mul).code


def test_without_docstrings():
    code = show_source(optim.adam, docstring=False).code
    assert '"""' not in code and "Kingma" not in code and "beta1 * m" in code
    compile(code, "shown", "exec")
    assert '"""' in show_source(optim.adam).code


def test_markdown_links_to_the_file():
    bundle = show_source(optim.gd)._repr_mimebundle_()
    assert bundle["text/markdown"].startswith("```python\n@rule()")
    assert bundle["text/markdown"].endswith("[textbook/optim.py](../textbook/optim.py)")


def test_refuses_what_is_not_ours():
    with pytest.raises(ValueError, match="not from the package"):
        show_source(np.linalg.norm)


@pytest.mark.parametrize(("name", "rules"), [
    ("add", ["g", "g"]), ("mul", ["g * y", "g * x"]), ("matmul", ["g @ _flip(y)", "_flip(x) @ g"]),
    ("relu", ["g * (x > 0)"]), ("sigmoid", ["g * out * (1 - out)"]),
])
def test_rules_are_those_of_the_table(name, rules):
    assert show_rules(name).rules == {name: rules}


def test_rules_of_every_entry_as_a_table():
    names = [name for name, op in engine.OPS.items() if len(op.vjps)]
    table = show_rules(*names)._repr_mimebundle_()["text/markdown"].splitlines()
    assert len(table) == len(names) + 2 and len({row.count(" | ") for row in table}) == 1
    with pytest.raises(ValueError, match="no entry 'square'"):
        show_rules("square")
