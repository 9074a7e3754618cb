"""Shows the package's own source in a chapter: the text of the book is the code that runs."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textbook import ops
from textbook.engine import Op

PACKAGE = Path(__file__).parent


class Source:
    """A piece of source: highlighted in a notebook, plain elsewhere."""

    def __init__(self, code: str, file: Path) -> None:
        self.code, self.file = code, file

    def __repr__(self) -> str:
        return self.code

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        place = self.file.relative_to(PACKAGE.parent).as_posix()
        # Markdown, because JupyterLab, GitHub and nbconvert each highlight it in the reader's own theme.
        return {"text/plain": self.code, "text/markdown": f"```python\n{self.code}\n```\n[{place}](../{place})"}


def show_source(thing: Callable[..., Any] | type | Op, *, docstring: bool = True) -> Source:
    """The source of a function, a class or an entry of the table of derivatives, as it runs.

    Args:
        thing: from this package.
        docstring: whether to show the docstrings too.

    Raises:
        ValueError: it is not from this package.

    >>> show_source(ops.relu, docstring=False)
    @primitive(lambda g, out, x: g * (x > 0), tex="relu", example=_one)
    def relu(x):
        return np.maximum(x, 0)
    """
    if isinstance(thing, Op) or _is_entry(thing):
        name = thing.name if isinstance(thing, Op) else _key(thing)
        file, code = Path(inspect.getfile(ops)), _entry(name)
    else:
        file = Path(getattr(inspect.getmodule(thing), "__file__", None) or "elsewhere")
        if PACKAGE not in file.parents:
            raise ValueError(f"{thing!r} is not from the package textbook; show_source shows the book's own code")
        code = textwrap.dedent(inspect.getsource(thing))
    return Source((code if docstring else _without_docstrings(code)).rstrip(), file)


def _is_entry(thing: Any) -> bool:
    return any(vars(ops).get(name) is thing for name in vars(ops)) and hasattr(thing, "__wrapped__")


def _key(thing: Any) -> str:
    return next(name for name, value in vars(ops).items() if value is thing)


def _entry(name: str) -> str:
    """The statement of ops.py that enters an operation: `name = primitive(…)(…)` or a decorated function."""
    text = inspect.getsource(ops)
    for statement in ast.parse(text).body:
        if name in _keys(statement):
            first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
            return "\n".join(text.splitlines()[first - 1 : statement.end_lineno])
    raise ValueError(f"no entry {name!r} in the table of derivatives")


def _keys(statement: ast.stmt) -> list[str]:
    """The keys of `OPS` that a statement enters: its targets, or what `@primitive(…)` names."""
    if isinstance(statement, ast.Assign):
        return [t.id for t in statement.targets if isinstance(t, ast.Name)]
    if isinstance(statement, ast.FunctionDef):
        for call in statement.decorator_list:
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "primitive":
                named = [k.value.value for k in call.keywords if k.arg == "name" and isinstance(k.value, ast.Constant)]
                return [str(n) for n in named] or [statement.name]
    return []


def _without_docstrings(code: str) -> str:
    lines = code.splitlines()
    for node in reversed(list(ast.walk(ast.parse(code)))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            string = node.body[0]
            assert string.end_lineno is not None
            del lines[string.lineno - 1 : string.end_lineno]
            if string.lineno - 1 < len(lines) and not lines[string.lineno - 1].strip():
                del lines[string.lineno - 1]
    return "\n".join(lines)
