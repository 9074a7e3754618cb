"""Exercises of the welcome."""

import math

import numpy as np

from textbook.exercises import Exercise

SEEN = ("less often than on new ones", "as often as on new ones", "more often, but not always", "always")


def count_parameters(n, h, k):
    """Each of the h sums has n weights and a bias, each of the k sums h weights and a bias."""
    return (n + 1) * h + (h + 1) * k


def slope_in_y(x, y):
    """f = (x + y) · y = xy + y²."""
    return x + 2 * y


def descent_step(theta, gradient, alpha):
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
        yield "Give one number."
        return
    if not math.isfinite(alpha) or alpha <= 0:
        yield "A learning rate is a positive number."
    elif abs(1 - 2 * alpha) <= 1:
        place = "stays as far from 0 as it was" if alpha == 1 else "comes closer to 0"
        yield f"With α = {alpha:g} each step multiplies θ by 1 − 2α = {1 - 2 * alpha:g}: it {place}."


EXERCISES = [
    Exercise(
        "0-a",
        "predict",
        "How many sections has the source's chapter on gradient descent, if its last is §5.6?",
        6,
        mistakes={"That is the number of the chapter.": 5, "You read §5.6 as a decimal number.": 5.6},
        insight="§5.1 to §5.6. So a question works: your answer first, then what there is to say about it.",
    ),
    Exercise(
        "0-1",
        "derive",
        "The number of parameters of a network with n pixels, h sums in the middle and k at the end.",
        count_parameters,
        cases=[(784, 64, 10), (3, 5, 2), (10, 1, 4)],
        mistakes={
            "You left out the biases: each sum has one.": lambda n, h, k: n * h + h * k,
            "The k sums at the end have biases too.": lambda n, h, k: (n + 1) * h + h * k,
            "The h sums in the middle have biases too.": lambda n, h, k: n * h + (h + 1) * k,
            "One bias for a whole layer is too few: each sum has its own.": lambda n, h, k: n * h + 1 + h * k + 1,
            "You counted the sums. Each has a weight for everything it sums.": lambda n, h, k: h + k,
            "The sums at the end take the h results, not the pixels.": lambda n, h, k: (n + 1) * (h + k),
            "You counted the sums at the end only.": lambda n, h, k: (h + 1) * k,
            "You counted the sums in the middle only.": lambda n, h, k: (n + 1) * h,
            "You multiplied what should be added: the layers stand one after the other.": lambda n, h, k: n * h * k,
        },
        insight="n·h + h weights and biases in the middle, h·k + k at the end.",
    ),
    Exercise(
        "0-b",
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
        "0-2",
        "derive",
        "How fast does f = (x + y) · y grow with y, at any x and y?",
        slope_in_y,
        cases=[(3.0, 2.0), (-1.0, 0.5), (0.25, 4.0)],
        mistakes={
            "You held the sum still. It contains y as well: write f as xy + y².": lambda x, y: x + y,
            "You let only the sum move: that is the slope in x.": lambda x, y: y,
            "That is f itself. Its slope is asked.": lambda x, y: (x + y) * y,
            "That is the slope at x = 3, y = 2. Here x and y may be any numbers.": lambda x, y: 7.0,
            "The slope of xy in y is x. You have the one of y² right.": lambda x, y: 2 * y,
            "The slope of y² is 2y, not y² or 2.": lambda x, y: x + 2,
            "You took the slope in y of the sum, and multiplied by that of y. Both are 1, but f is a product.": (
                lambda x, y: 1.0
            ),
        },
        insight="f = xy + y², so the slope is x + 2y.",
    ),
    Exercise(
        "0-3",
        "implement",
        "One step of gradient descent.",
        descent_step,
        cases=[(1.0, 2.0, 0.25), (np.array([3.0, -1.0]), np.array([0.5, 4.0]), 0.1)],
        mistakes={
            "You went uphill. The gradient points to where the loss grows: subtract it.": lambda t, g, a: t + a * g,
            "You took the whole gradient as the step. α scales it.": lambda t, g, a: t - g,
            "You returned the step, not the place where it leads.": lambda t, g, a: -a * g,
            "You returned α times the gradient. Subtract it from θ.": lambda t, g, a: a * g,
            "α multiplies the gradient alone: mind the brackets.": lambda t, g, a: (t - g) * a,
            "2θ is the slope of θ² only. The gradient of any loss comes in as an argument: use it.": (
                lambda t, g, a: t - a * 2 * t
            ),
            "α is subtracted in place of being a factor.": lambda t, g, a: t - a - g,
        },
        insight="Chapter 9's optimizers all have this form; they differ in what they put for the gradient.",
    ),
    Exercise(
        "0-4",
        "break",
        "A learning rate with which the walk on θ², from 1, moves away from 0.",
        1.5,
        checker=_walks_away,
        caught={
            "each step multiplies θ by 1 − 2α = 0.5: it comes closer": 0.25,
            "1 − 2α = -1: it stays as far": 1.0,
            "1 − 2α = -0.8: it comes closer": 0.9,
            "A learning rate is a positive number.": -1.0,
            "Give one number.": [0.5, 1.5],
        },
        insight="Beyond 1 every step overshoots by more than it had to go. Chapter 5 finds such limits.",
    ),
    Exercise(
        "0-c",
        "predict",
        "How often does the network read the digits it has learned from?",
        SEEN[2],
        mistakes={
            "Its parameters were moved to fit just these: it does better on them.": SEEN[0],
            "Nearly. But its parameters were moved to fit just these, and that helps a little.": SEEN[1],
            "A table of all examples would. After four rounds the network is not one yet.": SEEN[3],
        },
        insight="It does somewhat better on what it has seen. Judge a network on what it has not.",
    ),
    Exercise(
        "0-5",
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
            "You gave it in percent. A share lies between 0 and 1.": lambda a, b: 100 * float(np.mean(a == b)),
            "You returned which answers are right. The share is their mean.": lambda a, b: a == b,
            "You counted the wrong answers.": lambda a, b: int(np.sum(a != b)),
        },
        insight="A share can be compared between data sets of different sizes. Always say on which data.",
    ),
]
