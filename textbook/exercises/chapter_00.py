"""Exercises of the welcome."""

import math

import numpy as np

from textbook.exercises import Exercise


def step(theta, gradient, alpha):
    """θ ← θ − α∇ℒ."""
    return theta - alpha * gradient


def accuracy(y_hat, y):
    """The share of answers that are right."""
    return float(np.mean(y_hat == y))


def _walks_away(alpha):
    """θ² from 1: each step multiplies θ by 1 − 2α."""
    try:
        alpha = float(alpha)
    except (TypeError, ValueError):
        yield "give a number"
        return
    if not math.isfinite(alpha) or alpha <= 0:
        yield "a learning rate is a positive number"
    elif abs(1 - 2 * alpha) <= 1:
        yield f"each step multiplies θ by {1 - 2 * alpha:g}: that is not away from 0"


EXERCISES = [
    Exercise(
        "0.1",
        "predict",
        "f = (x + y) · y at x = 3, y = 2: by how many times as much as y does f grow?",
        7,
        mistakes={
            "That is the product's own share, with the sum held still. But y is in the sum too.": 5,
            "That is how f grows with x. y enters twice.": 2,
            "That is f itself.": 10,
        },
        insight="5 from the product, where the other factor is 5, and 2 by way of the sum. Chapter 3 takes its time.",
    ),
    Exercise(
        "0.2",
        "derive",
        "How fast does f = (x + y) · y grow with y, at any x and y?",
        lambda x, y: x + 2 * y,
        cases=[(3.0, 2.0), (-1.0, 0.5), (0.25, 4.0)],
        mistakes={
            "You held the sum still. It contains y as well: write f as xy + y².": lambda x, y: x + y,
            "You let only the sum move, and forgot the factor y outside it.": lambda x, y: y,
        },
        insight="f = xy + y², so the slope is x + 2y.",
    ),
    Exercise(
        "0.3",
        "implement",
        "One step of gradient descent.",
        step,
        cases=[(1.0, 2.0, 0.25), (np.array([3.0, -1.0]), np.array([0.5, 4.0]), 0.1)],
        mistakes={
            "You went uphill. The gradient points to where the loss grows: subtract it.": lambda t, g, a: t + a * g,
            "You took the whole gradient as the step. α scales it.": lambda t, g, a: t - g,
            "You returned the step, not the place where it leads.": lambda t, g, a: -a * g,
        },
        insight="Chapter 7's optimizers all have this form; they differ in what they put for the gradient.",
    ),
    Exercise(
        "0.4",
        "break",
        "A learning rate with which the walk on θ², from 1, moves away from 0.",
        1.5,
        checker=_walks_away,
        mistakes={
            "each step multiplies θ by 0.5": 0.25,
            "each step multiplies θ by -1": 1.0,
            "a learning rate is a positive number": -1.0,
        },
        insight="Beyond 1 every step overshoots by more than it had to go. Chapter 4 finds such limits.",
    ),
    Exercise(
        "0.5",
        "implement",
        "The accuracy of a list of answers.",
        accuracy,
        cases=[
            (np.array([1, 7, 3, 3]), np.array([1, 1, 3, 3])),
            (np.array([0, 0, 2, 5, 9]), np.array([0, 1, 1, 5, 8])),
        ],
        mistakes={
            "You counted the right answers. Divide by how many there are.": lambda a, b: int(np.sum(a == b)),
            "That is the share of wrong answers.": lambda a, b: float(np.mean(a != b)),
        },
        insight="A share can be compared between data sets of different sizes. Always say on which data.",
    ),
    Exercise(
        "0.6",
        "predict",
        "When was gradient descent invented?",
        "1847",
        mistakes={
            "That is descent with noisy measurements, by Robbins and Monro. The plain method is older.": "1951",
            "That is when backpropagation became famous. Descent is a hundred and thirty-nine years older.": "1986",
        },
        insight="Cauchy wanted the orbits of planets.",
    ),
]
