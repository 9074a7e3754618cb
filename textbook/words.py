"""Words and numbers as readers see them: one way to count, to list and to round for the whole book."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

WRITTEN = {"add": "{} + {}", "sub": "{} − {}", "mul": "{} · {}", "div": "{} / {}", "pow": "{}**{}", "neg": "−{}",
           "matmul": "{} @ {}"}  # fmt: skip


def number(value: Any, digits: int = 4) -> str:
    """A value to so many digits, or the shape of an array.

    >>> number(-0.123456), number(np.ones((4, 3))), number(np.nan), number(-0.0)
    ('−0.1235', '4×3', 'undefined', '0')
    """
    if np.ndim(value):
        return shape(np.shape(value))
    x = float(value) + 0.0  # no −0
    if math.isnan(x):
        return "undefined"
    return minus(f"{x:.{digits}g}" if math.isfinite(x) else "∞" if x > 0 else "-∞")


def typed(x: Any, digits: int = 6) -> str:
    """A number as a program writes it, whole ones in full: 101770, -0.125, 2+1j."""
    if isinstance(x, np.bool_):
        return str(x)
    return str(int(x.real)) if np.isfinite(x) and x == np.rint(x.real) and abs(x) < 1e15 else f"{x:.{digits}g}"


def minus(text: str) -> str:
    """With a minus sign as long as a plus sign."""
    return text.replace("-", "−")


def shape(sizes: Iterable[int]) -> str:
    """(4, 3) → 4×3; () → scalar."""
    return "×".join(map(str, sizes)) or "scalar"


def signed(value: Any, digits: int = 4) -> str:
    """A number as a factor or a later term: (−2), 3."""
    text = number(value, digits)
    return f"({text})" if text.startswith("−") else text


def sum_of(values: Iterable[Any]) -> str:
    """5 + (−2)."""
    first, *rest = values
    return " + ".join([number(first), *map(signed, rest)])


def listed(words: Iterable[Any], last: str = "and") -> str:
    """x, y and z.

    >>> listed("xyz"), listed("xy", "or"), listed("x"), listed("")
    ('x, y and z', 'x or y', 'x', '')
    """
    *most, end = map(str, words) if words else [""]
    return f"{', '.join(most)} {last} {end}" if most else end


def given(values: Mapping[str, Any]) -> str:
    """x = 3 and y = 2; arrays by their shape."""
    return listed([f"{k} of shape {number(v)}" if np.ndim(v) else f"{k} = {number(v)}" for k, v in values.items()])


def counted(n: int, word: str) -> str:
    """1 edge, 2,000 edges."""
    return f"{n:,} {word}{'s' * (n != 1)}"


def written(op: str, inputs: Iterable[str]) -> str:
    """An operation as it is written in a formula.

    >>> written("add", ["3", "−2"]), written("pow", ["−3", "2"]), written("tanh", ["x"])
    ('3 + (−2)', '(−3)**2', 'tanh(x)')
    """
    inputs = list(inputs)
    if op not in WRITTEN or WRITTEN[op].count("{}") != len(inputs):
        return f"{op}({', '.join(inputs)})"
    return WRITTEN[op].format(
        *[f"({x})" if x.startswith("−") and (i or op in ("pow", "neg")) else x for i, x in enumerate(inputs)]
    )
