"""A learner's typed formula, as a function of numbers, arrays or tensors.

A formula is text from outside, so it is never run as Python.  It is cut into tokens, Python's own parser turns these
into a syntax tree (`ast.parse`, no compilation), and a short list of node types becomes a list of steps; whatever is
not on the list is refused.  Parsing and evaluation are loops: no formula is too deep for them.

What can be written:

- numbers, names, `+ - * / ** @` and round brackets, with Python's precedence; `− × ÷ ·` are read as `- * / *`;
- the functions in `FUNCTIONS`, and the constant `pi` (`e` is an ordinary name; write `exp(1)` for Euler's number);
- named intermediate values, separated by `;` or a new line: `u = x + y; f = u*y`.  The last one is the result;
- comments, from `#` to the end of the line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from textbook.engine import Array, Tensor
from textbook.expression.reader import FUNCTIONS, ExpressionError, Step, applied, read

LONGEST = 2000  # characters in a formula


@dataclass(frozen=True)
class Expression:
    """A formula as a function.

    Called with one keyword argument for each variable: numbers, arrays or tensors.  Numbers in, a number out; if any
    value is a `Tensor`, so is the result, and it carries the graph of the formula as written (`x*x` has two edges from
    one x; constants are computed beforehand).  Intermediate tensors bear the names they were given.  Outside a
    function's domain the result is inf or nan, without a warning, as in numpy.

    Attributes:
        text: the formula as typed.
        names: its variables, in order of first appearance; at least one.

    >>> f = parse("u = x + y; f = u*y")
    >>> f.names, f(x=3, y=2)
    (('x', 'y'), 10.0)
    """

    text: str
    names: tuple[str, ...]
    steps: tuple[Step, ...] = field(repr=False)

    def __call__(self, /, **values: Any) -> Any:
        """The value of the formula.

        Raises:
            TypeError: a variable is missing, unknown, or not made of real numbers.
            ValueError: a value that enters is nan or infinite.
            ExpressionError: shapes do not fit.
        """
        self._check_names(values)
        entered = {name: _entered(name, values[name]) for name in self.names}
        results: list[Any] = []
        with np.errstate(all="ignore"):
            for step in self.steps:
                if step.function is None:
                    results.append(entered[step.name])
                    continue
                inputs = [i if isinstance(i, float) else results[i] for i in step.inputs]
                out = applied(step.function, inputs, self.text, step.position)
                if isinstance(out, Tensor):
                    out.name = step.name
                results.append(out)
        # The last step is the result: every named value is used, so nothing else can come last.
        if all(isinstance(values[name], (int, float)) for name in self.names):
            return float(results[-1])
        return results[-1]

    def tensors(self, /, **values: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The formula's graph at these values.

        Args:
            values: a number or an array for each variable.

        Returns:
            (result, leaves): the traced result, and the named leaf of each variable, with `requires_grad`.

        >>> result, leaves = parse("(x + y)*y").tensors(x=3, y=2)
        >>> result.backward()
        >>> float(leaves["x"].grad), float(leaves["y"].grad)
        (2.0, 7.0)
        """
        self._check_names(values)
        leaves = {name: Tensor(_entered(name, values[name]), requires_grad=True, name=name) for name in self.names}
        return self(**leaves), leaves

    def _check_names(self, values: dict[str, Any]) -> None:
        missing = ", ".join(name for name in self.names if name not in values)
        unknown = ", ".join(name for name in values if name not in self.names)
        if missing or unknown:
            wrong = " and ".join(filter(None, [missing and f"lacks {missing}", unknown and f"does not know {unknown}"]))
            raise TypeError(f"{_short(self.text)} {wrong}: give a value for each of {', '.join(self.names)}")


def parse(text: str) -> Expression:
    """Read a formula.

    Args:
        text: at most 2,000 characters; the module's docstring says what can be written.

    Returns:
        an `Expression`, callable with one keyword argument for each of its `.names`.

    Raises:
        ExpressionError: anything else; one line that points at the column.

    >>> parse("x**2 + 2x")
    Traceback (most recent call last):
    textbook.expression.reader.ExpressionError: an operator is missing between 2 and x: write 2*x (column 9)
    """
    if not isinstance(text, str):
        raise ExpressionError(f"expected a formula as text, got {type(text).__name__}: write it in quotes")
    if len(text) > LONGEST:
        raise ExpressionError(f"the formula has {len(text)} characters: at most {LONGEST} are read", text, LONGEST)
    return Expression(text, *read(text))


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _entered(name: str, value: Any) -> Any:
    """A value as it enters a formula: a tensor, or real finite numbers as floats."""
    if isinstance(value, Tensor):
        if value.recipe is None:  # a computed tensor may be inf or nan; its data entered elsewhere
            _check_finite(name, value._data)
        return value
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be a real number, an array of them or a Tensor, got {type(value).__name__}")
    _check_finite(name, array)
    # A numpy scalar, not a Python number: 1/0 is then inf, as it is for arrays.
    return (array if array.dtype.kind == "f" else array.astype(float))[()]


def _check_finite(name: str, array: Array) -> None:
    if not np.isfinite(array).all():
        bad = np.asarray(array)[~np.isfinite(array)].flat[0]
        raise ValueError(f"{name} contains {bad}: values must be finite numbers")
