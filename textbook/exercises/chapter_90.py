"""Exercises of the appendix, mathematics."""

import numpy as np

from textbook.exercises import Exercise


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


def _matrices(rng):
    return [(rng.normal(size=(n, m)), rng.normal(size=(m, k))) for n, m, k in ((2, 3, 4), (3, 2, 2), (1, 4, 3))]


EXERCISES = [
    Exercise(
        "90.1",
        "predict",
        "f(x, y) = x² + 3y at (2, 1). How fast does f change if x alone moves?",
        4,
        mistakes={
            "That is the slope in y.": 3,
            "That is f itself: 4 + 3.": 7,
            "You let both move. A partial derivative holds the other variable still, so 3y drops out.": 7.0001,
        },
        insight="∂f/∂x = 2x = 4. The other variable stays where it is, and drops out.",
    ),
    Exercise(
        "90.2",
        "derive",
        "The partial derivatives of f(x, y) = x²y + 3y.",
        partials,
        cases=[(2.0, 5.0), (-1.5, 0.5), (0.25, 3.0)],
        mistakes={
            "You swapped them: first the slope in x, then the slope in y.": lambda x, y: (x**2 + 3, 2 * x * y),
            "In ∂f/∂y the term 3y counts too: its slope is 3.": lambda x, y: (2 * x * y, x**2),
            "In ∂f/∂x the factor y stays: it is a constant there, not 1.": lambda x, y: (2 * x, x**2 + 3),
        },
        insight="Treat the other letter as a number that you don't know yet.",
    ),
    Exercise(
        "90.3",
        "break",
        "A point and a direction in which f(x, y) = x² + y² does not change at first, though the gradient is not zero.",
        ((1.0, 0.0), (0.0, 1.0)),
        checker=lambda answer: _level_direction(answer),
        mistakes={
            "the gradient is zero there": ((0.0, 0.0), (1.0, 0.0)),
            "along this direction the slope is": ((1.0, 2.0), (1.0, 0.0)),
        },
        insight="Across the gradient the slope is 0: that is the direction of the contour line.",
    ),
    Exercise(
        "90.4",
        "derive",
        "The Jacobian of F(x, y) = (x·y, x + y²).",
        jacobian,
        cases=[(2.0, 5.0), (-1.5, 0.5), (0.25, 3.0)],
        mistakes={
            "You put inputs in rows. Each output has a row, each input a column.": lambda x, y: jacobian(x, y).T,
            "In the first row, ∂(xy)/∂x is y and ∂(xy)/∂y is x.": lambda x, y: np.array([[x, y], [1.0, 2 * y]]),
        },
        insight="Row i is the gradient of output i.",
    ),
    Exercise(
        "90.5",
        "implement",
        "The product of two matrices, entry by entry.",
        matmul,
        cases=_matrices,
        mistakes={
            "You multiplied by b's rows in place of its columns, from the end: that is a @ b[::-1].": (
                lambda a, b: a @ b[::-1]
            ),
            "You summed the absolute values; signs matter.": lambda a, b: np.abs(a) @ np.abs(b),
        },
        insight="The inner lengths must agree, and they vanish: (n, m) times (m, k) is (n, k).",
    ),
    Exercise(
        "90.6",
        "implement",
        "The condition number of a symmetric matrix with positive eigenvalues.",
        condition_number,
        cases=[
            (np.array([[3.0, 1.0], [1.0, 2.0]]),),
            (np.diag([5.0, 0.5, 2.0]),),
            (np.array([[4.0, -1.5], [-1.5, 1.0]]),),
        ],
        mistakes={
            "You divided the small one by the large one. κ is at least 1.": lambda m: 1 / condition_number(m),
            "You compared entries of the diagonal. The eigenvalues are not on it, unless the matrix is diagonal.": (
                lambda m: np.diag(m).max() / np.diag(m).min()
            ),
            "That is the determinant, the product of the eigenvalues. κ is the ratio of the largest to the smallest.": (
                np.linalg.det
            ),
        },
        insight="κ = 1 is a round bowl; a large κ is a ravine, and slow going.",
    ),
]


def _level_direction(answer):
    try:
        point, direction = np.asarray(answer, dtype=float)
        if point.shape != (2,):
            raise ValueError
    except (TypeError, ValueError):
        yield "give a pair of pairs: ((x, y), (dx, dy))"
        return
    gradient = 2 * point
    if np.hypot(*gradient) < 1e-9:
        yield "the gradient is zero there, and every direction is level; choose another point"
    elif np.hypot(*direction) < 1e-9:
        yield "the direction has no length"
    elif abs(gradient @ direction) > 1e-9:
        yield f"along this direction the slope is {gradient @ direction / np.hypot(*direction):.3g}, not 0"
