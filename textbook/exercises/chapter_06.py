"""Exercises of chapter 6, linear regression."""

import numpy as np

from textbook.exercises import Exercise


def train_step(w, b, x, y, lr):
    """One step of descent on (wx + b - y)²: forward, backward, update."""
    y_hat = w * x + b
    upstream = 2 * (y_hat - y)
    return w - lr * upstream * x, b - lr * upstream


def _updates_in_turn(w, b, x, y, lr):
    w = w - lr * 2 * (w * x + b - y) * x
    return w, b - lr * 2 * (w * x + b - y)


def _b_first(w, b, x, y, lr):
    b = b - lr * 2 * (w * x + b - y)
    return w - lr * 2 * (w * x + b - y) * x, b


def best_rate(x):
    """The learning rate that ends in one step: 1 - 2α(x² + 1) = 0."""
    return 1 / (2 * (x**2 + 1))


def nearest_solution(w, b, x, y):
    """Where descent from (w, b) ends: the foot of the perpendicular on the line w·x + b = y."""
    k = (y - w * x - b) / (x**2 + 1)
    return w + k * x, b + k


def gradient(X, y, theta):
    """Of the mean squared error of Xθ against y."""
    return 2 / len(y) * X.T @ (X @ theta - y)


def least_squares(X, y):
    """The θ at which that gradient is zero."""
    return np.linalg.solve(X.T @ X, X.T @ y)


def unstandardise(w, b, mean, std):
    """Weights and bias for x that do what w and b do for (x - mean)/std."""
    return w / std, b - (w / std) @ mean


# ---------------------------------------------------------------------------------------------- cases


def _table_cases(rng):
    return [(rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=d)) for n, d in ((7, 3), (12, 2))]


def _scaled_cases(rng):
    return [(rng.normal(size=d), rng.normal(), rng.uniform(3, 9, d), rng.uniform(0.2, 5, d)) for d in (2, 3)]


# ---------------------------------------------------------------------------------------------- free answers

CLASSES = (np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0.0, 0.0, 1.0, 1.0]))


def fitted_classes(x, y):
    """What the least-squares line through (x, 0 or 1) answers for x: 1 where it is clearly above ½."""
    X = np.stack([x, np.ones_like(x)], axis=1)
    return (X @ np.linalg.lstsq(X, y, rcond=None)[0] > 0.5 + 1e-9).astype(float)


def _spoils(extra):
    """What is wrong with one more point of class 1 that should spoil the regression."""
    x, y = CLASSES
    if isinstance(extra, str) or callable(extra) or np.ndim(extra) != 0 or not np.isfinite(extra):
        yield "Give one finite number: the x of the new point."
    elif extra <= 1:
        yield "A point of class 1 at or left of 1 is no easy case. Put it where nobody doubts its class."
    elif (fitted_classes(np.append(x, extra), np.append(y, 1.0))[:4] == y).all():
        yield "The line still gets all four right. Go further: squares punish a distance, on either side."


EXERCISES = [
    Exercise(
        "6-a", "predict", "Data (2, 5), w = 1, b = 0, ℒ = (ŷ - y)². What is ∂ℒ/∂w?",
        reference=-12.0,
        mistakes={
            "One factor of 2 is missing. There are two: the 2 of the square, and x = 2, by which w moves ŷ.": -6.0,
            "The size is right. But ŷ is too small, so more w lowers the loss: the gradient is negative.": 12.0,
            "-3 is the error ŷ - y. Two factors of 2 are missing: one from the square, one from x.": -3.0,
        },
        insight="∂ℒ/∂w = 2(ŷ - y)·x = 2·(-3)·2 = -12.",
        rtol=1e-9,
    ),
    Exercise(
        "6-1", "implement", "One step of descent on (wx + b - y)², returning the new w and b.",
        reference=train_step,
        cases=[(1.0, 0.0, 2.0, 5.0, 0.1), (0.5, -1.0, 3.0, 2.0, 0.02), (-1.0, 0.5, -1.5, 4.0, 0.05)],
        mistakes={
            "The derivative of the square brings a factor 2. It is missing.":
                lambda w, b, x, y, lr: train_step(w, b, x, y, lr / 2),
            "You walk up the slope: the gradient is subtracted.": lambda w, b, x, y, lr: train_step(w, b, x, y, -lr),
            "w's gradient needs the factor x = ∂ŷ/∂w.":
                lambda w, b, x, y, lr: (w - lr * 2 * (w * x + b - y), b - lr * 2 * (w * x + b - y)),
            "b's gradient has no factor x: ∂ŷ/∂b = 1.":
                lambda w, b, x, y, lr: (w - lr * 2 * (w * x + b - y) * x, b - lr * 2 * (w * x + b - y) * x),
            "b's gradient was taken at the new w. Both belong to the same forward pass: find both, then move both.":
                _updates_in_turn,
            "w's gradient was taken at the new b. Both belong to the same forward pass: find both, then move both.":
                _b_first,
            "The learning rate is missing: you moved by the whole gradient.":
                lambda w, b, x, y, lr: train_step(w, b, x, y, 1.0),
            "These are the gradients. Return the new w and b.":
                lambda w, b, x, y, lr: (2 * (w * x + b - y) * x, 2 * (w * x + b - y)),
            "These are the steps, lr times the gradients. Subtract them from w and b.":
                lambda w, b, x, y, lr: (lr * 2 * (w * x + b - y) * x, lr * 2 * (w * x + b - y)),
            "These are the moves, -lr times the gradients. Add them to w and b.":
                lambda w, b, x, y, lr: (-lr * 2 * (w * x + b - y) * x, -lr * 2 * (w * x + b - y)),
            "That is the new w alone. Return two numbers, w and b.":
                lambda w, b, x, y, lr: train_step(w, b, x, y, lr)[0],
            "w itself is no factor of its gradient: ∂ŷ/∂w is x.":
                lambda w, b, x, y, lr: (w - lr * 2 * (w * x + b - y) * w, b - lr * 2 * (w * x + b - y)),
            "-12 and -6 are the gradients of one example. Compute them from w, b, x and y.":
                lambda w, b, x, y, lr: (w + 12 * lr, b + 6 * lr),
            "The new b stands first. Return w, then b.": lambda w, b, x, y, lr: train_step(w, b, x, y, lr)[::-1],
        },
        insight="Forward, backward, update: in every training run of this book these three follow each other.",
    ),
    Exercise(
        "6-b", "predict", "The same example with α = 0.2, twice the rate that arrives in one step.",
        reference="it stays at 9",
        mistakes={
            "One step with 0.1 lands on the solution. Twice as far lands as far behind it as it began.": "it reaches 0",
            "It never gets worse than it began: the error only changes its sign.": "it grows without end",
            "It never gets better either: the error only changes its sign.": "it shrinks slowly",
        },
        insight="The error is multiplied by 1 - 10α = -1 in every step: -3, 3, -3, … and its square is always 9.",
    ),
    Exercise(
        "6-2", "derive", "Where a descent on one point (x, y) ends when it starts at (w, b).",
        reference=nearest_solution,
        cases=[(1.0, 0.0, 2.0, 5.0), (-2.0, 3.0, 0.5, 1.0), (3.0, 4.0, -1.5, 2.0)],
        mistakes={
            "That is the solution nearest to the origin. Descent begins at (w, b), and finds the one nearest to that.":
                lambda w, b, x, y: nearest_solution(0.0, 0.0, x, y),
            "That moves w alone. b has a gradient too.": lambda w, b, x, y: ((y - b) / x, b),
            "The b of the end moves too: wx + kx² + b + k = y, so k has the factor x² + 1.":
                lambda w, b, x, y: (w + (y - w * x - b) / x, b + (y - w * x - b) / x**2),
            "Only b is divided there: put all of y - wx - b in brackets.":
                lambda w, b, x, y: (w + (y - w * x - b / (x**2 + 1)) * x, b + y - w * x - b / (x**2 + 1)),
            "That moves b alone. w has a gradient too.": lambda w, b, x, y: (w, y - w * x),
            "The length of (x, 1) is √(x² + 1), and it enters squared: divide by x² + 1.":
                lambda w, b, x, y: (
                    w + (y - w * x - b) * x / np.sqrt(x**2 + 1), b + (y - w * x - b) / np.sqrt(x**2 + 1)
                ),
            "The sign of k: put the end into wx + b = y and solve for k once more.":
                lambda w, b, x, y: nearest_solution(w, b, x, 2 * (w * x + b) - y),
            "Along the way w changes x times as much as b: the end is (w + kx, b + k).":
                lambda w, b, x, y: (w + (y - w * x - b) / (x**2 + 1), b + (y - w * x - b) / (x**2 + 1)),
            "That is k itself. Return the end, (w + kx, b + k).":
                lambda w, b, x, y: (y - w * x - b) / (x**2 + 1),
            "That is one step with α = 0.1, which arrives only if x = 2. Find the end for any x.":
                lambda w, b, x, y: train_step(w, b, x, y, 0.1),
        },
        insight="Descent leaves untouched whatever the data don't speak about: here, movement along the line.",
    ),
    Exercise(
        "6-3", "derive", "The learning rate with which one step fits one point (x, y), as a function of x.",
        reference=best_rate,
        cases=[(2.0,), (-0.7,), (10.0,)],
        mistakes={
            "b learns too: its share of the change of ŷ is the + 1.": lambda x: 1 / (2 * x**2),
            "There the factor is -1: that is the limit, where the loss stays the same.": lambda x: 1 / (x**2 + 1),
            "That is the curvature. The rate is one over it.": lambda x: 2 * (x**2 + 1),
            "That is right for x = 2 alone. The rate depends on x: set the factor of (6.5) to zero.": lambda x: 0.1,
            "The whole sum x² + 1 belongs below the line: put it in brackets.": lambda x: 1 / 2 * (x**2 + 1),
            "The 2 multiplies the 1 as well: 2(x² + 1).": lambda x: 1 / (2 * x**2 + 1),
        },
        insight="One over the curvature. A point far from 0 (large x) wants a tiny rate.",
    ),
    Exercise(
        "6-4", "implement", "The gradient of the mean squared error (1/N)·‖Xθ - y‖².",
        reference=gradient,
        cases=_table_cases,
        mistakes={
            "That is the gradient of the sum of squares. The loss is their mean: divide by N.":
                lambda X, y, theta: 2 * X.T @ (X @ theta - y),
            "The 2 from the derivative of the square is missing.":
                lambda X, y, theta: X.T @ (X @ theta - y) / len(y),
            "The factor 2/N is missing: the 2 of the square, and the N of the mean.":
                lambda X, y, theta: X.T @ (X @ theta - y),
            "The sign: the error is Xθ - y, prediction minus target.":
                lambda X, y, theta: 2 / len(y) * X.T @ (y - X @ theta),
            "You divided by the number of parameters. N is the number of examples.":
                lambda X, y, theta: 2 / X.shape[1] * X.T @ (X @ theta - y),
            "You divided by X.size, the number of all entries. N is the number of examples, len(y).":
                lambda X, y, theta: 2 / X.size * X.T @ (X @ theta - y),
            "That is the gradient by the predictions. Xᵀ carries it on to the parameters.":
                lambda X, y, theta: 2 / len(y) * (X @ theta - y),
            "That is the loss. Its gradient has one number for each parameter.":
                lambda X, y, theta: np.mean((X @ theta - y) ** 2),
        },
        insight="Xᵀ collects the errors: each parameter hears them in proportion to its own column.",
    ),
    Exercise(
        "6-5", "implement", "The θ that minimises ‖Xθ - y‖², from the normal equations.",
        reference=least_squares,
        cases=lambda rng: [case[:2] for case in _table_cases(rng)],
        mistakes={
            "Xᵀy is the right side of the equations. They remain to be solved.": lambda X, y: X.T @ y,
            "A mean on the left, a sum on the right: N cancels only if it stands on both sides.":
                lambda X, y: np.linalg.solve(X.T @ X / len(y), X.T @ y),
            "A mean on the right, a sum on the left: N cancels only if it stands on both sides.":
                lambda X, y: np.linalg.solve(X.T @ X, X.T @ y / len(y)),
            "You solved only as many equations as there are unknowns, and ignored the other rows.":
                lambda X, y: np.linalg.solve(X[: X.shape[1]], y[: X.shape[1]]),
            "Those are the predictions Xθ. Return θ itself.": lambda X, y: X @ least_squares(X, y),
            "You multiplied by XᵀX where it should be divided out.": lambda X, y: X.T @ X @ (X.T @ y),
            "Dividing by a matrix element by element does not solve the equations: use np.linalg.solve.":
                lambda X, y: (X.T @ y) / (X.T @ X),
        },
        insight="The error is then perpendicular to every column of X: that is what XᵀXθ = Xᵀy says.",
    ),
    Exercise(
        "6-c", "predict", "κ ≈ 9,000 and α = 1/λmax. How many steps until the distance along the trough is a tenth?",
        reference="about 20,000",
        mistakes={
            "Each step takes 1/9,000 off. After 100 steps 99 % of the distance are left.": "about 100",
            "Each step takes 1/9,000 off. After 1,000 steps 89 % of the distance are left.": "about 1,000",
        },
        insight="(1 - 1/κ)ᵗ = 0.1 needs t ≈ κ·ln 10 ≈ 20,700 steps: the number grows in proportion to κ.",
    ),
    Exercise(
        "6-6", "derive", "w and b were learned on (x - mean)/std. The weights and the bias that do the same for x.",
        reference=unstandardise,
        cases=_scaled_cases,
        mistakes={
            "Each weight is divided by the spread of its feature, not multiplied.":
                lambda w, b, mean, std: (w * std, b - (w * std) @ mean),
            "The shift by the mean is missing: put x = mean into both, and compare.":
                lambda w, b, mean, std: (w / std, b),
            "The sign of the shift: w·(x - mean)/std = (w/std)·x - (w/std)·mean.":
                lambda w, b, mean, std: (w / std, b + (w / std) @ mean),
            "The shift is (w/std)·mean: you took it with the weights of the standardised features.":
                lambda w, b, mean, std: (w / std, b - w @ mean),
            "The bias is one number: add up the shifts of all features.":
                lambda w, b, mean, std: (w / std, b - w * mean / std),
            "w @ mean adds up before std divides. Each feature is divided by its own std first: (w/std) @ mean.":
                lambda w, b, mean, std: (w / std, b - w @ mean / std),
            "Put the weights and the bias in two: return w, b, not one array.":
                lambda w, b, mean, std: np.append(w / std, b - (w / std) @ mean),
            "Each weight is divided by its spread, not multiplied; the shift is taken with the weights that result.":
                lambda w, b, mean, std: (w * std, b - w @ mean),
            "The bias is not divided: only w is multiplied by x.":
                lambda w, b, mean, std: (w / std, b / std),
            "Means are subtracted from features, not from weights: multiply out w·(x - mean)/std + b.":
                lambda w, b, mean, std: ((w - mean) / std, b),
        },
        insight="Standardising changes no prediction that can be made. It changes how fast descent finds it.",
    ),
    Exercise(
        "6-7", "break", "An easy point of class 1 that makes least squares misclassify one of the four.",
        reference=30.0,
        checker=_spoils,
        caught={
            "The line still gets all four right": 10.0,
            "Put it where nobody doubts its class": -1.5,
            "Give one finite number": [1.0, 2.0],
        },
        insight="Squared error punishes being too right. Chapter 7's losses hardly notice that point.",
    ),
]
