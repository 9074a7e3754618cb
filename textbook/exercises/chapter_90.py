"""Exercises of the appendix, mathematics."""

import numpy as np

from textbook.exercises import Exercise

EPS = float(np.finfo(float).eps)


def partials(x, y):
    """∂f/∂x and ∂f/∂y of f = x²y + 3y."""
    return 2 * x * y, x**2 + 3


def jacobian(x, y):
    """Of F(x, y) = (x·y, x + y²): a row for each output, a column for each input."""
    return np.array([[y, x], [1.0, 2 * y]])


def matmul(a, b):
    """Row i times column k, for every i and k."""
    return np.array([[sum(a[i, j] * b[j, k] for j in range(len(b))) for k in range(b.shape[1])] for i in range(len(a))])


def condition_number(matrix):
    """κ of a symmetric matrix with positive eigenvalues."""
    eigenvalues = np.linalg.eigvalsh(matrix)
    return eigenvalues[-1] / eigenvalues[0]


def best_h(f, f3, eps):
    """The h at which h²·|f‴|/6 + eps·|f|/(2h) is least: its derivative h·|f‴|/3 - eps·|f|/(2h²) is 0."""
    return (1.5 * eps * abs(f) / abs(f3)) ** (1 / 3)


def _root(factor, power=1 / 3):
    return lambda f, f3, eps: (factor * eps * abs(f) / abs(f3)) ** power


class Loops(np.ndarray):
    """An array that does not multiply matrices by itself."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **options):
        if ufunc is np.matmul:
            raise TypeError("this exercise is about the sum (A.5): write it with loops, without @")
        plain = [x.view(np.ndarray) if isinstance(x, Loops) else x for x in inputs]
        if out:
            options["out"] = tuple(x.view(np.ndarray) if isinstance(x, Loops) else x for x in out)
        return getattr(ufunc, method)(*plain, **options)

    def __array_function__(self, function, types, args, kwargs):
        if function in (np.dot, np.einsum, np.inner, np.tensordot):
            raise TypeError(f"this exercise is about the sum (A.5): write loops, without np.{function.__name__}")
        return super().__array_function__(function, types, args, kwargs)

    def dot(self, other, out=None):
        return self @ other


def _with_loops(matmul, a, b):
    return np.asarray(matmul(a.view(Loops), b.view(Loops)))


def _matmul(a, b, *, one_column=False, carry=False):
    """The product with one thing done wrong."""
    out, total = np.zeros((len(a), b.shape[1])), 0.0
    for i in range(len(a)):
        for k in range(b.shape[1]):
            total = total if carry else 0.0
            for j in range(len(b)):
                total = a[i, j] * b[j, k] if one_column else total + a[i, j] * b[j, k]
            out[i, k] = total
    return out


def _matrices(rng):
    return [(rng.normal(size=(n, m)) * 2, rng.normal(size=(m, k)) * 2) for n, m, k in ((2, 3, 4), (3, 2, 2), (1, 4, 3))]


def _level_direction(answer):
    try:
        point, direction = np.asarray(answer, dtype=float)
        if point.shape != (2,) or not np.isfinite([point, direction]).all():
            raise ValueError
    except (TypeError, ValueError):
        yield "give a pair of pairs of ordinary numbers: ((x, y), (dx, dy))"
        return
    gradient = 2 * point
    if np.hypot(*gradient) < 1e-9:
        yield "the gradient is zero there, and every direction is level; choose another point"
    elif np.hypot(*direction) < 1e-9:
        yield "the direction has no length"
    elif abs(gradient @ direction) > 1e-9 * np.hypot(*gradient) * np.hypot(*direction):
        yield f"along this direction the slope is {gradient @ direction / np.hypot(*direction):.3g}, not 0"


EXERCISES = [
    Exercise(
        "90-a", "predict", "f(x, y) = x² + 3y at (5, 2). How fast does f change if x alone moves?",
        reference=10,
        mistakes={
            "3 is the slope in y.": 3,
            "31 is f itself, 25 + 6.": 31,
            "25 is x². Its slope is 2x.": 25,
            "5 is x. The slope of x² is 2x.": 5,
            "You let both move. A partial derivative holds the other variable still, so 3y drops out.": 13,
        },
        insight="∂f/∂x = 2x = 10. The other variable stays where it is, and drops out.",
    ),
    Exercise(
        "90-1", "derive", "The partial derivatives of f(x, y) = x²y + 3y.",
        reference=partials,
        cases=[(2.0, 5.0), (-1.5, 0.5), (0.25, 3.0)],
        mistakes={
            "You swapped them: first the slope in x, then the slope in y.": lambda x, y: (x**2 + 3, 2 * x * y),
            "In ∂f/∂y the term 3y counts too: its slope is 3.": lambda x, y: (2 * x * y, x**2),
            "In ∂f/∂x the factor y stays: it is a constant there, not 1.": lambda x, y: (2 * x, x**2 + 3),
            "In ∂f/∂x the term 3y drops out: it does not change when x moves.": lambda x, y: (2 * x * y + 3, x**2 + 3),
            "In ∂f/∂x the term 3y drops out: it is a constant there, and its slope is 0.":
                lambda x, y: (2 * x * y + 3 * y, x**2 + 3),
            "In ∂f/∂y, x² is a constant factor: it stays as it is.": lambda x, y: (2 * x * y, 2 * x + 3),
            "In ∂f/∂y, 3y has the slope 3, not 3y.": lambda x, y: (2 * x * y, x**2 + 3 * y),
            "That is f itself. Return its two slopes.": lambda x, y: x**2 * y + 3 * y,
            "You added the two. They are two numbers: return both.": lambda x, y: 2 * x * y + x**2 + 3,
        },
        insight="Treat the other letter as a number that you don't know yet.",
        rtol=1e-5,  # a difference quotient is an answer too
    ),
    Exercise(
        "90-2", "break",
        "A point and a direction in which f(x, y) = x² + y² does not change at first, though the gradient is not zero.",
        reference=((1.0, 0.0), (0.0, 1.0)),
        checker=_level_direction,
        caught={
            "the gradient is zero there": ((0.0, 0.0), (1.0, 0.0)),
            "along this direction the slope is": ((1.0, 2.0), (1.0, 0.0)),
            "the direction has no length": ((1.0, 2.0), (0.0, 0.0)),
            "give a pair of pairs": ((np.nan, 1.0), (0.0, 1.0)),
        },
        insight="Across the gradient the slope is 0: that is the direction of the contour line.",
    ),
    Exercise(
        "90-3", "derive", "The Jacobian of F(x, y) = (x·y, x + y²).",
        reference=jacobian,
        cases=[(2.0, 5.0), (-1.5, 0.5), (0.25, 3.0)],
        mistakes={
            "You put inputs in rows. Each output has a row, each input a column.": lambda x, y: jacobian(x, y).T,
            "In the first row, ∂(xy)/∂x is y and ∂(xy)/∂y is x.": lambda x, y: np.array([[x, y], [1.0, 2 * y]]),
            "∂(y²)/∂y is 2y: the 2 is missing.": lambda x, y: np.array([[y, x], [1.0, y]]),
            "In the second row, ∂(x + y²)/∂x is 1: the slope of x, not x.":
                lambda x, y: np.array([[y, x], [x, 2 * y]]),
            "In the second row, ∂(x + y²)/∂x is 1: y² does not move with x.":
                lambda x, y: np.array([[y, x], [1 + 2 * y, 2 * y]]),
            "The rows are in the other order: the first belongs to x·y.": lambda x, y: jacobian(x, y)[::-1],
            "That is F itself. The Jacobian holds its four slopes.": lambda x, y: np.array([x * y, x + y**2]),
        },
        insight="Row i is the gradient of output i.",
        rtol=1e-5,
    ),
    Exercise(
        "90-4", "implement", "The product of two matrices, entry by entry, with loops.",
        reference=matmul,
        cases=_matrices,
        run=_with_loops,
        mistakes={
            "Only the last of the products is left: add them up, with += in place of =.":
                lambda a, b: _matmul(a, b, one_column=True),
            "The sum goes on from entry to entry: set it to 0 before each new one.":
                lambda a, b: _matmul(a, b, carry=True),
            "The result holds whole numbers, so what is written into it is cut off: make it with np.zeros(shape), "
            "without int.": lambda a, b: _matmul(a, b).astype(int),
            "That is the product of entries in the same place, row by row: (A.5) takes a row of a and a column of b.":
                lambda a, b: np.array([[a[i, 0] * b[0, k] for k in range(b.shape[1])] for i in range(len(a))]),
        },
        insight="The inner lengths must agree, and they vanish: (n, m) times (m, k) is (n, k).",
    ),
    Exercise(
        "90-5", "implement", "The condition number of a symmetric matrix with positive eigenvalues.",
        reference=condition_number,
        cases=[
            (np.array([[3.0, 1.0], [1.0, 2.0]]),),
            (np.diag([5.0, 0.5, 2.0]),),
            (np.array([[4.0, -1.5], [-1.5, 1.0]]),),
        ],
        mistakes={
            "You divided the small one by the large one. κ is at least 1.": lambda m: 1 / condition_number(m),
            "You compared entries of the diagonal. The eigenvalues are not on it, unless the matrix is diagonal.":
                lambda m: np.diag(m).max() / np.diag(m).min(),
            "You compared the entries of the matrix. κ compares its eigenvalues.": lambda m: m.max() / m.min(),
            "That is the determinant, the product of the eigenvalues. κ is the ratio of the largest to the smallest.":
                np.linalg.det,
            "That is the largest eigenvalue alone. Divide it by the smallest.": lambda m: np.linalg.eigvalsh(m)[-1],
            "Those are the eigenvalues. κ is the largest divided by the smallest.": np.linalg.eigvalsh,
            "That is the difference of the two. κ is their ratio.": lambda m: np.ptp(np.linalg.eigvalsh(m)),
            "You took the second eigenvalue for the largest: the largest stands last.":
                lambda m: np.linalg.eigvalsh(m)[1] / np.linalg.eigvalsh(m)[0],
        },
        insight="κ = 1 is a round bowl; a large κ is a ravine, and slow going.",
    ),
    Exercise(
        "90-b", "predict", "The power of ten at which the symmetric quotient of exp at 1 is best, in float64.",
        reference=-5,
        mistakes={
            "At 1e-16, x + h is hardly different from x, and nothing is left of the difference.": -16,
            "At 1e-10 rounding is a hundred thousand times as large as at 1e-5, and truncation long negligible.":
                -10,
            "1e-8 is best for the one-sided quotient, whose truncation error shrinks with h and not with h².": -8,
            "There truncation is far larger than rounding: h can be much smaller.": -2,
        },
        insight="Truncation falls with h², rounding grows with 1/h; their sum is least near the third root of ε.",
        atol=0.5,
    ),
    Exercise(
        "90-6", "derive", "The h at which h²·|f3|/6 + eps·|f|/(2h) is least, for numbers f, f3 and eps.",
        reference=best_h,
        cases=[(1.0, 1.0, EPS), (2.5, -0.5, EPS), (-0.3, 7.0, 1e-7)],
        mistakes={
            "There the two errors are equal. Their sum is least where its derivative by h is 0: the third root of half "
            "as much.": _root(3),
            "The numbers in front are lost: differentiate the sum by h, with its 6 and its 2.": _root(1),
            "The derivative of h² is 2h, and h·|f3|/3 = eps·|f|/(2h²): a factor is lost on the way.": _root(0.75),
            "h² on one side and 1/h on the other make h³: take the third root.": _root(1.5, 1 / 2),
            "That is h³: take the third root.": _root(1.5, 1),
            "The wrong way up: a larger f‴ wants a smaller h.":
                lambda f, f3, eps: (1.5 * eps * abs(f3) / abs(f)) ** (1 / 3),
            "f and f3 may be negative. Their sizes count: abs(f), abs(f3).":
                lambda f, f3, eps: (1.5 * eps * f / f3) ** (1 / 3),
        },
        insight="About the third root of eps: 1e-5 in float64, 1e-2 in float32.",
        atol=0.0,
    ),
]
