"""The source that a chapter shows is the source that runs."""

import inspect
import linecache

import numpy as np
import pytest

from textbook import engine, ops, optim, plots, show
from textbook.show import folded, paragraphs, show_rules, show_source, typeset


@pytest.mark.parametrize("thing", [optim.adam, engine.backward_steps, engine.Tensor, engine.Tensor.backward])
def test_functions_and_classes_as_they_stand(thing):
    shown = show_source(thing)
    assert shown.plain == inspect.cleandoc("\n" + inspect.getsource(thing)).rstrip()
    assert repr(shown) == shown.plain


@pytest.mark.parametrize("name", engine.OPS)
def test_every_entry_of_the_table(name):
    code = show_source(engine.OPS[name]).plain
    assert "primitive(" in code
    assert f"def {name}(" in code or f'name="{name}"' in code
    compile(code, "shown", "exec")


def test_an_operation_is_shown_as_its_entry():
    assert show_source(ops.mul).plain == show_source(engine.OPS["mul"]).plain
    assert "g * y" in show_source(ops.mul).plain


def test_without_docstrings():
    code = show_source(optim.adam, docstring=False).plain
    assert '"""' not in code and "Kingma" not in code and "beta1 * m" in code
    compile(code, "shown", "exec")
    assert '"""' in show_source(optim.adam).plain


@pytest.mark.parametrize(("folder", "link"), [
    ("notebooks", "../textbook/rules/elementwise.py"), ("notebooks/solutions", "../../textbook/rules/elementwise.py"),
])
def test_markdown_links_to_the_file(folder, link, monkeypatch):
    monkeypatch.chdir(show.PACKAGE.parent / folder)
    bundle = show_source(optim.gd)._repr_mimebundle_()
    assert bundle["text/markdown"].startswith("```python\n@rule()")
    assert bundle["text/markdown"].endswith(f"[textbook/rules/elementwise.py]({link})")


def test_refuses_what_is_not_ours():
    with pytest.raises(ValueError, match="not from the package"):
        show_source(np.linalg.norm)


@pytest.mark.parametrize(("name", "rules"), [
    ("add", ["g", "g"]), ("mul", ["g * y", "g * x"]), ("matmul", ["g @ _flip(y)", "_flip(x) @ g"]),
    ("relu", ["where(x > 0, g, 0.0)"]), ("sigmoid", ["g * out * (1 - out)"]),
])
def test_rules_are_those_of_the_table(name, rules):
    assert repr(show_rules(name)) == f"{name}  {'    '.join(rules)}"


def test_rules_of_every_entry_as_a_table():
    names = list(engine.OPS)
    assert repr(show_rules("concatenate")) == "concatenate  getitem(g, index=tuple(here))"
    assert list(engine.OPS["concatenate"].vjps) == []
    table = show_rules(*names)._repr_mimebundle_()["text/markdown"].splitlines()
    assert len(table) == len(names) + 2 and len({row.count(" | ") for row in table}) == 1
    with pytest.raises(ValueError, match="no entry 'square'"):
        show_rules("square")


@pytest.mark.parametrize(("name", "forward", "sends"), [
    ("add", "x + y", ["g", "g"]),
    ("sub", "x - y", ["g", "-g"]),
    ("mul", r"x \times y", [r"g \cdot y", r"g \cdot x"]),
    ("matmul", r"x \, y", [r"g \, y^\top", r"x^\top \, g"]),
    ("relu", r"\max(x, 0)", [r"\begin{cases} g & x > 0 \\ 0 & \text{else} \end{cases}"]),
    ("sigmoid", r"\sigma(x)", [r"g \cdot z \cdot (1 - z)"]),
    ("sqrt", "`sqrt(x)`", [r"\frac{g}{2 \cdot z}"]),
    ("neg", "-x", ["-g"]),
    ("reshape", "`reshape(x, shape)`", [""]),
    ("cross_entropy", "`cross_entropy(logits, labels)`", [""]),
])
def test_rules_are_typeset_beside_their_code(name, forward, sends):
    row = show_rules(name)._repr_mimebundle_()["text/markdown"].splitlines()[-1]
    cells = [f"${tex}$ `{code}`" if tex else f"`{code}`"
             for tex, code in zip(sends, repr(show_rules(name)).split("  ", 1)[1].split("    "), strict=True)]
    computes = forward if forward.startswith("`") else f"$z = {forward}$"
    assert row == f"| `{name}` | {computes} | {' | '.join(cells)} |"


@pytest.mark.parametrize(("code", "tex"), [
    ("x - (y - g)", "x - (y - g)"),
    ("(x + y) ** 2 / 3", r"\frac{(x + y)^{2}}{3}"),
    ("-x * y", r"-x \cdot y"),
    ("g * -2 * x", r"g \cdot (-2) \cdot x"),
    ("x - -y", "x - (-y)"),
    ("g @ _flip(x + y)", r"g \, (x + y)^\top"),
    ("_kept(g)", ""),
    ("g if x else y", ""),
    ("g +", ""),
])
def test_code_as_a_formula(code, tex):
    assert typeset(code) == tex


def test_an_entry_made_in_a_notebook_is_shown(monkeypatch):
    cell = "def rule(g, out, x):\n    return g * out\n"
    linecache.cache["<cell>"] = (len(cell), None, cell.splitlines(keepends=True), "<cell>")
    space = {"__name__": "a notebook"}
    exec(compile(cell, "<cell>", "exec"), space)
    monkeypatch.setitem(engine.OPS, "mine", engine.Op("mine", np.exp, (space["rule"],), "mine", None))
    assert repr(show_rules("mine")) == "mine  g * out"


class Titled:
    def _repr_html_(self):
        return "<b>1 < 2</b>"


def drawing():
    fig, ax = plots.figure()
    ax.plot([1, 2])
    return fig


@pytest.mark.parametrize(("value", "inside"), [
    ("x < y", "<p>x &lt; y</p>"),
    ("x  < y\nab < z", "<pre>x  &lt; y\nab &lt; z</pre>"),
    (paragraphs("x < y\nand more"), "<p>x &lt; y</p>\n<p>and more</p>"),
    (np.eye(2), "<pre>array([[1., 0.],\n       [0., 1.]])</pre>"),
    (show_rules("relu"), "<pre>relu  where(x &gt; 0, g, 0.0)</pre>"),
    (Titled(), "<b>1 < 2</b>"),
    (plots.picture(drawing(), 'A "line" < 3.'),
     '<img alt="A &quot;line&quot; &lt; 3." width="720" src="data:image/png;base64,iVBOR'),
    (drawing(), '<img alt="" src="data:image/png;base64,iVBOR'),
])
def test_whatever_a_cell_shows_can_be_folded(value, inside):
    fold = folded(value, "Show what happens, if a < b")
    bundle = fold._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/html"].startswith("<details><summary>Show what happens, if a &lt; b</summary>")
    assert inside in bundle["text/html"] and bundle["text/html"].endswith("</details>")
    assert bundle["text/plain"] == repr(fold) == "Show what happens, if a < b (folded)"


def test_nothing_to_fold_is_told():
    with pytest.raises(ValueError, match="nothing to fold"):
        folded(None, "Show")
