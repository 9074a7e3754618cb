"""Shows the package's own source in a chapter: the text of the book is the code that runs."""

from __future__ import annotations

import ast
import base64
import html
import inspect
import io
import linecache
import os
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

from textbook.engine import OPS, Op

PACKAGE = Path(__file__).parent


class Shown:
    """What a cell shows: something rich in a notebook, `plain` text elsewhere."""

    def __init__(self, plain: str, kind: str, rich: str) -> None:
        self.plain, self.rich = plain, {kind: rich}

    def __repr__(self) -> str:
        return self.plain

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": self.plain, **self.rich}


def show_source(thing: Callable[..., Any] | type | Op, *, docstring: bool = True) -> Shown:
    """The source of a function, a class or an entry of the table of derivatives, as it runs.

    Args:
        thing: from this package.
        docstring: whether to show the docstrings too.

    Raises:
        ValueError: it is not from this package.

    >>> show_source(OPS["relu"], docstring=False)
    @primitive(lambda g, out, x: where(x > 0, g, 0.0), tex="relu", example=one)
    def relu(x):
        return _maximum(x, 0)
    """
    op = next((op for op in OPS.values() if thing is op or getattr(thing, "__wrapped__", None) is op.forward), None)
    file = Path((_code(op.vjps[0]).co_filename if op else getattr(inspect.getmodule(thing), "__file__", None)) or ".")
    if PACKAGE not in file.parents:
        raise ValueError(f"{thing!r} is not from the package textbook; show_source shows the book's own code")
    code = _entry(op.name, file) if op else textwrap.dedent(inspect.getsource(thing))  # type: ignore[arg-type]
    if not docstring:
        code = re.sub(r'^ *r?""".*?"""\n\n?', "", code, flags=re.MULTILINE | re.DOTALL)
    code, place = code.rstrip(), file.relative_to(PACKAGE.parent).as_posix()
    link = Path(os.path.relpath(file)).as_posix()  # from the notebook's folder, which is where its kernel runs
    # Markdown, because JupyterLab, GitHub and nbconvert each highlight it in the reader's own theme.
    return Shown(code, "text/markdown", f"```python\n{code}\n```\n[{place}]({link})")


def _entry(name: str, file: Path) -> str:
    """The statement that enters an operation: `name = primitive(…)(…)`, or a decorated function."""
    statements = re.split(r"\n\n+(?=\S)", file.read_text(encoding="utf-8"))
    return next(s for s in statements if "primitive(" in s and re.search(rf'\bdef {name}\(|name="{name}"', s))


def folded(value: Any, summary: str, plain: str = "") -> Shown:
    """A value out of sight until the reader opens it: for an output that answers a question just asked.

    Args:
        value: a text, an array, a picture, a table: whatever a cell can show.  A lab is shown as its still.  A text of
            several lines keeps its columns; `paragraphs` makes prose of it.
        summary: the line to click on.
        plain: what stands where nothing can be folded; by default the summary.

    Raises:
        ValueError: there is nothing to show.

    >>> folded(6 * 7, "Show what happens")
    Show what happens (folded)
    """
    if value is None:
        raise ValueError("nothing to fold: the value is None; pass what the cell would show, not a call that prints")
    rich = f"<details><summary>{html.escape(summary)}</summary>\n{_as_html(value)}\n</details>"
    return Shown(plain or f"{summary} (folded)", "text/html", rich)


def paragraphs(text: str) -> Shown:
    """Prose: a paragraph for each line.

    >>> paragraphs("x < y")._repr_mimebundle_()["text/html"]
    '<p>x &lt; y</p>'
    """
    return Shown(text, "text/html", "\n".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines()))


def _as_html(value: Any) -> str:
    if isinstance(value, str):
        if "\n" in value.strip("\n"):
            return f"<pre>{html.escape(value)}</pre>"
        value = paragraphs(value)
    if hasattr(value, "_repr_mimebundle_"):
        bundle = value._repr_mimebundle_(include=None, exclude=None)
        data, about = bundle if isinstance(bundle, tuple) else (bundle, {})
    elif hasattr(value, "savefig"):  # a matplotlib figure
        value.savefig(buffer := io.BytesIO(), format="png", metadata={"Software": None})
        data, about = {"image/png": buffer.getvalue()}, {}
    else:
        data, about = {"text/html": value._repr_html_()} if hasattr(value, "_repr_html_") else {}, {}
    if "text/html" in data:
        return str(data["text/html"])
    if "image/png" in data:
        png, size = data["image/png"], about.get("image/png", {})
        code = base64.b64encode(png).decode() if isinstance(png, bytes) else png
        wide = f' width="{size["width"]}"' if "width" in size else ""
        return f'<img alt="{html.escape(size.get("alt", ""))}"{wide} src="data:image/png;base64,{code}">'
    return f"<pre>{html.escape(data.get('text/plain') or repr(value))}</pre>"


def show_rules(*names: str) -> Shown:
    """Entries of the table of derivatives, side by side: each operation, and what it sends to each of its inputs.

    Args:
        names: keys of `OPS`.

    Raises:
        ValueError: there is no such entry.

    >>> show_rules("mul", "relu")
    mul   g * y    g * x
    relu  where(x > 0, g, 0.0)
    """
    for name in names:
        if name not in OPS:
            raise ValueError(f"no entry {name!r} in the table of derivatives; there are {', '.join(OPS)}")
    table = {name: [_returned(vjp) for vjp in list(OPS[name].vjps) or [OPS[name].vjps[0]]] for name in names}
    wide, columns = max(map(len, table)), max(map(len, table.values()))
    plain = "\n".join(f"{name:<{wide}}  {'    '.join(rules)}" for name, rules in table.items())
    heads = [f"sends to input {i + 1}" for i in range(columns)] if columns > 1 else ["sends to its input"]
    rows = [["operation", "forward", *heads], ["---"] * (columns + 2)]
    for name, rules in table.items():
        cells = [f"${tex}$ {_quoted(rule)}" if (tex := typeset(rule)) else _quoted(rule) for rule in rules]
        rows.append([_quoted(name), _forward(OPS[name]), *cells, *[""] * (columns - len(cells))])
    return Shown(plain, "text/markdown", "\n".join(f"| {' | '.join(row)} |" for row in rows))


def _quoted(code: str) -> str:
    return f"`{code}`".replace("|", "\\|")


def _code(vjp: Any) -> CodeType:
    return getattr(vjp, "func", vjp).__code__  # a rule that serves each input comes with the number of the input


def _returned(vjp: Callable[..., Any]) -> str:
    """The expression that a rule returns: of a lambda its body, of a function its last return."""
    code = _code(vjp)
    for node in ast.walk(ast.parse("".join(linecache.getlines(code.co_filename)))):  # a file, or a cell of a notebook
        if isinstance(node, ast.Lambda | ast.FunctionDef) and node.lineno == code.co_firstlineno:
            returned = [part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value]
            returned = [node.body] if isinstance(node, ast.Lambda) else returned
            return ast.unparse(max(returned, key=lambda value: value.lineno))
    raise ValueError(f"the source of {vjp!r} is nowhere to be read")


# ---------------------------------------------------------------------------------------------- from code to formulas

SIGNS: dict[type, tuple[str, int]] = {  # of two operands: how it is written, and how tightly it binds
    ast.Add: (" + ", 1), ast.Sub: (" - ", 1), ast.Mult: (r" \cdot ", 2), ast.MatMult: (r" \, ", 2),
}  # fmt: skip
SYMBOLS = {"out": "z", "sigmoid": r"\sigma", "maximum": r"\max", "_maximum": r"\max", "minimum": r"\min"}
SYMBOLS |= {name: name for name in "gxy"} | {name: rf"\{name}" for name in ("sin", "cos", "tanh", "log", "exp")}


class _Untold(Exception):
    """Code that is no formula."""


def typeset(code: str) -> str:
    """A rule as TeX, with z for `out`; empty where it is no plain formula.

    >>> print(typeset("g * (1 - out * out)"), "and", typeset("g @ _flip(y)"))
    g \\cdot (1 - z \\cdot z) and g \\, y^\\top
    """
    try:
        return _tex(ast.parse(code, mode="eval").body)[0]
    except (_Untold, SyntaxError):
        return ""


def _tex(node: ast.expr) -> tuple[str, int]:
    """TeX, and how tightly its outermost sign binds: 1 as a sum, 2 as a product, 3 as a letter."""

    def within(part: ast.expr, least: int) -> str:
        tex, binds = _tex(part)
        return tex if binds >= least else f"({tex})"

    match node:
        case ast.Name(name) if name in SYMBOLS:
            return SYMBOLS[name], 3
        case ast.Constant(value) if isinstance(value, int | float):
            return f"{value:g}", 3
        case ast.UnaryOp(ast.USub(), operand):
            return f"-{within(operand, 2)}", 2
        case ast.BinOp(left, ast.Div(), right):
            return rf"\frac{{{_tex(left)[0]}}}{{{_tex(right)[0]}}}", 3
        case ast.BinOp(left, ast.Pow(), right):
            return f"{within(left, 3)}^{{{_tex(right)[0]}}}", 3
        case ast.BinOp(left, sign, right) if type(sign) in SIGNS:
            text, binds = SIGNS[type(sign)]
            negative = isinstance(right, ast.BinOp | ast.UnaryOp) and _tex(right)[0].startswith("-")
            second = within(right, 3 if negative else binds + isinstance(sign, ast.Sub))
            return f"{within(left, binds)}{text}{second}", binds
        case ast.Compare(left, [ast.Gt() | ast.Lt() as sign], [right]):
            return f"{_tex(left)[0]} {'>' if isinstance(sign, ast.Gt) else '<'} {_tex(right)[0]}", 1
        case ast.Call(ast.Name("_flip"), [x]):
            return rf"{within(x, 3)}^\top", 3
        case ast.Call(ast.Name("where"), [condition, x, y]):
            holds, then, otherwise = (_tex(part)[0] for part in (condition, x, y))
            return rf"\begin{{cases}} {then} & {holds} \\ {otherwise} & \text{{else}} \end{{cases}}", 3
        case ast.Call(ast.Name(name) | ast.Attribute(attr=name), arguments, []):
            return f"{_tex(ast.Name(name))[0]}({', '.join(_tex(part)[0] for part in arguments)})", 3
    raise _Untold


def _forward(op: Op) -> str:
    """What an operation computes: a formula, where its sign or its one line of code is one; else its call."""
    names, tex = list(inspect.signature(op.forward).parameters), ""
    if op.tex in ("+", "-", "/", "@", r"\times"):
        tex = f"x {op.tex} y".replace("@", r"\,") if len(op.vjps) == 2 else f"{op.tex}x"
    elif op.tex.startswith("\\"):
        tex = f"{op.tex}(x)"
    elif inspect.isfunction(op.forward):
        match ast.parse(textwrap.dedent(inspect.getsource(op.forward))).body:
            case [ast.FunctionDef(body=[*above, ast.Return(ast.expr() as value)])] if len(above) <= 1:  # a docstring
                tex = typeset(ast.unparse(value))
    return f"$z = {tex}$" if tex else _quoted(f"{op.name}({', '.join(names)})")
