"""How answers to the exercises of chapter 8 are tried: cases to compare."""

import numpy as np

from textbook import ops
from textbook.engine import Tensor, plain
from textbook.exercises.chapter_08.answers import value

FORMULAS = {
    "(x + 3)·(x·x)": ("*", ("+", "x", 3), ("*", "x", "x")),
    "5·x + (x·x)·(x + x)": ("+", ("*", 5, "x"), ("*", ("*", "x", "x"), ("+", "x", "x"))),
    "4·(x·(1 + -1·x))": ("*", 4, ("*", "x", ("+", 1, ("*", -1, "x")))),
    "x": "x",
    "7": 7,
}


def slope(derivative, formula, x):
    """The value at x of the formula that the answer makes of a formula."""
    found = derivative(FORMULAS[formula])
    _is_formula(found)
    return value(found, x)


def _is_formula(e):
    """Raise TypeError where e holds what is none: a list, a text for a number, a sign in the middle."""
    if isinstance(e, tuple) and len(e) == 3 and e[0] in ("+", "*"):
        _is_formula(e[1])
        _is_formula(e[2])
    elif not (isinstance(e, int | float) or e == "x"):
        raise TypeError(f'your derivative holds {e!r}; a formula is "x", a number, or a tuple (sign, a, b)')


def on_duals(Dual, program, *numbers):
    out = PROGRAMS[program](*[Dual(value, tangent) for value, tangent in numbers])
    if not hasattr(out, "tangent"):
        raise TypeError(f"the result is a {type(out).__name__}: return a Dual, with a value and a tangent")
    return np.array([out.value, out.tangent])


PROGRAMS = {
    "x + y": lambda x, y: x + y,
    "x * y": lambda x, y: x * y,
    "(x + y) * y": lambda x, y: (x + y) * y,
    "x * x * y": lambda x, y: x * x * y,
}
NUMBERS = [((3.0, 1.0), (2.0, 0.0)), ((3.0, 0.5), (2.0, -4.0)), ((-1.5, 2.0), (4.0, 3.0))]


def two(x):
    return ops.stack([x[0] * x[1] * x[2], ops.sin(x[0]) + x[2] ** 2])


def four(x):
    return ops.stack([x[0], x[0] * x[1], ops.exp(x[1]), x[0] - 3 * x[1]])


def square(x):
    return ops.stack([x[0] ** 2 * x[1], 5 * x[1] + x[0], x[2] * x[0]])


GRADIENTS = [
    (np.array([3.1e-4, -0.02, 0.5, -2e-3], np.float16), 2.0**14),
    (np.array([[1.5e-4, 7e-3], [-0.25, 2.0]], np.float16), 2.0**12),
]


def in_float32(answer, g, scale):
    """The answer's array; it may be of float16, whose digits tell, but not of float64."""
    out = np.asarray(answer(g, scale))
    if out.dtype == np.float64:
        raise TypeError("your gradient is in float64, twice the memory: return it in float32")
    return out


def value_and_slope(answer, values, weights):
    x = Tensor(np.array(values), requires_grad=True)
    out = answer(x)
    if not isinstance(out, Tensor):
        raise TypeError(f"the result is a {type(out).__name__}, from which no way leads back to x: return a tensor")
    if not np.array_equal(x.data, values):
        raise ValueError("you have overwritten x, and its digits are lost: leave x as it is, and return a new tensor")
    if not out.requires_grad:
        raise ValueError("no gradient can reach x: your tensor is made of x.data alone, or inside no_grad")
    ops.sum(out * np.array(weights)).backward()
    return np.stack([plain(out), x.grad if x.grad is not None else np.zeros(len(values))])


def batches(rng):
    for n, inputs, outputs in ((4, 3, 2), (5, 2, 3)):
        yield rng.normal(size=(n, inputs)).round(2), rng.normal(size=(n, outputs)).round(2)
