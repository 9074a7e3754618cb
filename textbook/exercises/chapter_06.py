"""Exercises of chapter 5, linear regression and the losses."""

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


def best_rate(x):
    """The learning rate that ends in one step: 1 - 2α(x² + 1) = 0."""
    return 1 / (2 * (x**2 + 1))


def nearest_solution(w, b, x, y):
    """Where descent from (w, b) ends: the foot of the perpendicular on the line w·x + b = y."""
    t = (y - w * x - b) / (x**2 + 1)
    return w + t * x, b + t


def gradient(X, y, theta):
    """Of the mean squared error of Xθ against y."""
    return 2 / len(y) * X.T @ (X @ theta - y)


def least_squares(X, y):
    """The θ at which that gradient is zero."""
    return np.linalg.solve(X.T @ X, X.T @ y)


def unstandardise(w, b, mean, std):
    """Weights and bias for x that do what w and b do for (x - mean)/std."""
    return w / std, b - (w / std) @ mean


def log_sum_exp(z):
    """log Σ exp zₖ over the last axis, for logits of any size."""
    top = z.max(axis=-1, keepdims=True)
    return (top + np.log(np.exp(z - top).sum(axis=-1, keepdims=True)))[..., 0]


def binary_cross_entropy(z, y):
    """Mean of -y·log σ(z) - (1 - y)·log(1 - σ(z)), from the logits."""
    return np.mean(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))) - y * z)


def softmax_jacobian(y_hat):
    """J[k, j] = ∂ŷₖ/∂zⱼ = ŷₖ([k = j] - ŷⱼ)."""
    return np.diag(y_hat) - np.outer(y_hat, y_hat)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy_gradient(z, labels):
    """Of the mean cross-entropy by the logits: (ŷ - Y)/N."""
    return (softmax(z) - np.eye(z.shape[1])[labels]) / len(z)


# ---------------------------------------------------------------------------------------------- cases


def _table_cases(rng):
    return [(rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=d)) for n, d in ((7, 3), (12, 2))]


def _scaled_cases(rng):
    return [(rng.normal(size=d), rng.normal(), rng.uniform(3, 9, d), rng.uniform(0.2, 5, d)) for d in (2, 3)]


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _binary_cases(rng):
    ordinary = [(rng.normal(size=n), rng.integers(0, 2, n).astype(float)) for n in (5, 8)]
    return [*ordinary, (np.array([1e4, -1e4, 2.0]), np.array([0.0, 1.0, 1.0]))]


def _log_sum_cases(rng):
    return [(rng.normal(size=(3, 4)),), (np.array([[1e4, 9998.0, 5.0], [-1e4, -9999.0, -2e4]]),)]


def _logit_cases(rng):
    return [(rng.normal(size=(n, 3)), rng.permuted(np.arange(n) % 3)) for n in (5, 7)]


# ---------------------------------------------------------------------------------------------- free answers


def _overflows(z):
    """What is wrong with logits that should break the naive softmax."""
    z = np.asarray(z, dtype=float)
    if z.ndim != 1 or len(z) < 2:
        yield "Give a list of two logits or more."
        return
    if not np.isfinite(z).all():
        yield "The logits themselves must be finite. It is the formula that should break."
        return
    naive = np.exp(z) / np.exp(z).sum()
    if np.isfinite(naive).all():
        yield (
            "The naive formula survives these. The largest number in float64 is about 1.8e308: "
            "when does exp pass it? Or when do all the exps underflow to 0?"
        )


CLASSES = (np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0.0, 0.0, 1.0, 1.0]))


def fitted_classes(x, y):
    """What the least-squares line through (x, 0 or 1) answers for x: 1 where it is above ½."""
    X = np.stack([x, np.ones_like(x)], axis=1)
    return (X @ np.linalg.lstsq(X, y, rcond=None)[0] > 0.5).astype(float)


def _spoils(extra):
    """What is wrong with one more point of class 1 that should spoil the regression."""
    x, y = CLASSES
    if np.ndim(extra) != 0 or not np.isfinite(extra):
        yield "Give one number: the x of the new point."
    elif extra <= 1:
        yield "A point of class 1 at or left of 1 is no easy case. Put it where nobody doubts its class."
    elif (fitted_classes(np.append(x, extra), np.append(y, 1.0))[:4] == y).all():
        yield "The line still gets all four right. Go further: squares punish a distance, on either side."


EXERCISES = [
    Exercise(
        "6.1", "predict", "Data (2, 5), w = 1, b = 0, ℒ = (ŷ - y)². What is ∂ℒ/∂w?",
        reference=-12.0,
        mistakes={
            "A factor 2 is missing: -6 is ∂ℒ/∂ŷ, and each unit of w moves ŷ by x = 2 units.": -6.0,
            "The size is right. But ŷ is too small, so more w lowers the loss: the gradient is negative.": 12.0,
            "-3 is the error ŷ - y. Two factors of 2 are missing: one from the square, one from x.": -3.0,
        },
        insight="∂ℒ/∂w = 2(ŷ - y)·x = 2·(-3)·2 = -12.",
        rtol=1e-9,
    ),
    Exercise(
        "6.2", "implement", "One step of descent on (wx + b - y)², returning the new w and b.",
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
            "These are the gradients. Return the new w and b.":
                lambda w, b, x, y, lr: (2 * (w * x + b - y) * x, 2 * (w * x + b - y)),
        },
        insight="Forward, backward, update: in every training run of this book these three follow each other.",
    ),
    Exercise(
        "6.3", "predict", "The same example with α = 0.2, twice the rate that arrives in one step.",
        reference="it stays at 9",
        mistakes={
            "One step with 0.1 lands on the solution. Twice as far lands as far behind it as it began.": "it reaches 0",
            "It never gets worse than it began: the error only changes its sign.": "it grows without end",
            "It never gets better either: the error only changes its sign.": "it shrinks slowly",
        },
        insight="The error is multiplied by 1 - 10α = -1 in every step: -3, 3, -3, … and its square is always 9.",
    ),
    Exercise(
        "6.4", "derive", "The learning rate with which one step fits one point (x, y), as a function of x.",
        reference=best_rate,
        cases=[(2.0,), (-0.7,), (10.0,)],
        mistakes={
            "b learns too: its share of the change of ŷ is the + 1.": lambda x: 1 / (2 * x**2),
            "There the factor is -1: that is the limit, where the loss stays the same.": lambda x: 1 / (x**2 + 1),
            "That is the curvature. The rate is one over it.": lambda x: 2 * (x**2 + 1),
        },
        insight="One over the curvature. A point far from 0 (large x) wants a tiny rate.",
    ),
    Exercise(
        "6.5", "derive", "Where a descent on one point (x, y) ends when it starts at (w, b).",
        reference=nearest_solution,
        cases=[(1.0, 0.0, 2.0, 5.0), (-2.0, 3.0, 0.5, 1.0), (3.0, 4.0, -1.5, 2.0)],
        mistakes={
            "That is the solution nearest to the origin. Descent begins at (w, b), and finds the one nearest to that.":
                lambda w, b, x, y: nearest_solution(0.0, 0.0, x, y),
            "That moves w alone. b has a gradient too.": lambda w, b, x, y: ((y - b) / x, b),
            "That moves b alone. w has a gradient too.": lambda w, b, x, y: (w, y - w * x),
            "The length of (x, 1) is √(x² + 1), and it enters squared: divide by x² + 1.":
                lambda w, b, x, y: (
                    w + (y - w * x - b) * x / np.sqrt(x**2 + 1), b + (y - w * x - b) / np.sqrt(x**2 + 1)
                ),
        },
        insight="Descent leaves untouched whatever the data don't speak about: here, movement along the line.",
    ),
    Exercise(
        "6.6", "implement", "The gradient of the mean squared error (1/N)·‖Xθ - y‖².",
        reference=gradient,
        cases=_table_cases,
        mistakes={
            "That is the gradient of the sum of squares. The loss is their mean: divide by N.":
                lambda X, y, theta: 2 * X.T @ (X @ theta - y),
            "The 2 from the derivative of the square is missing.":
                lambda X, y, theta: X.T @ (X @ theta - y) / len(y),
            "The sign: the error is Xθ - y, prediction minus target.":
                lambda X, y, theta: 2 / len(y) * X.T @ (y - X @ theta),
            "You divided by the number of parameters. N is the number of examples.":
                lambda X, y, theta: 2 / X.shape[1] * X.T @ (X @ theta - y),
            "That is the gradient by the predictions. Xᵀ carries it on to the parameters.":
                lambda X, y, theta: 2 / len(y) * (X @ theta - y),
        },
        insight="Xᵀ collects the errors: each parameter hears them in proportion to its own column.",
    ),
    Exercise(
        "6.7", "implement", "The θ that minimises ‖Xθ - y‖², from the normal equations.",
        reference=least_squares,
        cases=lambda rng: [case[:2] for case in _table_cases(rng)],
        mistakes={
            "Xᵀy is the right side of the equations. They remain to be solved.": lambda X, y: X.T @ y,
            "A mean on the left, a sum on the right: N cancels only if it stands on both sides.":
                lambda X, y: np.linalg.solve(X.T @ X / len(y), X.T @ y),
            "You solved only as many equations as there are unknowns, and ignored the other rows.":
                lambda X, y: np.linalg.solve(X[: X.shape[1]], y[: X.shape[1]]),
            "You multiplied by XᵀX where it should be divided out.": lambda X, y: X.T @ X @ (X.T @ y),
        },
        insight="The error is then perpendicular to every column of X: that is what XᵀXθ = Xᵀy says.",
    ),
    Exercise(
        "6.8", "predict", "κ ≈ 9,000 and the best fixed α. How many steps until the loss is 1000 times nearer?",
        reference="more than 10,000",
        mistakes={
            "That would need κ below 60. The factor of a step is ((κ - 1)/(κ + 1))², which is 1 - 4/κ here.":
                "about 100",
            "That would need κ about 600. The factor of a step is ((κ - 1)/(κ + 1))², which is 1 - 4/κ here.":
                "about 1,000",
        },
        insight="About κ/4·ln 1000 steps: the number of steps grows in proportion to κ.",
    ),
    Exercise(
        "6.9", "derive", "w and b were learned on (x - mean)/std. The weights and the bias that do the same for x.",
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
        },
        insight="Standardising changes no prediction that can be made. It changes how fast descent finds it.",
    ),
    Exercise(
        "6.10", "implement", "The mean binary cross-entropy from logits of any size.",
        reference=binary_cross_entropy,
        cases=_binary_cases,
        mistakes={
            "Right for moderate logits. At ±10,000 the sigmoid is exactly 0 or 1, and its log is −∞: simplify first.":
                lambda z, y: -np.mean(y * np.log(_sigmoid(z)) + (1 - y) * np.log(1 - _sigmoid(z))),
            "A sum over the batch where the mean belongs.": lambda z, y: binary_cross_entropy(z, y) * len(z),
            "The labels are swapped: this is the loss for 1 - y.": lambda z, y: binary_cross_entropy(z, 1 - y),
            "This is the log-likelihood. The loss is its negative.": lambda z, y: -binary_cross_entropy(z, y),
            "Clipping the probability hides the overflow and caps the loss: a logit of 10,000 costs 10,000 when wrong.":
                lambda z, y: -np.mean(
                    y * np.log(np.clip(_sigmoid(z), 1e-12, 1)) + (1 - y) * np.log(np.clip(1 - _sigmoid(z), 1e-12, 1))
                ),
        },
        insight="softplus(z) - y·z: the sigmoid is never formed, so its log is never taken.",
    ),
    Exercise(
        "6.11", "implement", "log Σ exp zₖ over the last axis, for logits as large as 10,000.",
        reference=log_sum_exp,
        cases=_log_sum_cases,
        mistakes={
            "exp of 10,000 overflows: take the largest logit out of the sum first.":
                lambda z: np.log(np.exp(z).sum(axis=-1)),
            "What was taken out must be put back: add the largest logit to the result.":
                lambda z: log_sum_exp(z) - z.max(axis=-1),
            "You took out the largest of the whole array. Each row needs its own, or the small ones underflow.":
                lambda z: z.max() + np.log(np.exp(z - z.max()).sum(axis=-1)),
            "A mean where the sum belongs.": lambda z: log_sum_exp(z) - np.log(z.shape[-1]),
        },
        insight="The largest term of the sum is then exp(0) = 1: nothing overflows, and the log never sees a 0.",
    ),
    Exercise(
        "6.12", "derive", "The matrix J[k, j] = ∂ŷₖ/∂zⱼ for ŷ = softmax(z), from ŷ.",
        reference=softmax_jacobian,
        cases=[(np.array([0.7, 0.2, 0.1]),), (np.array([0.1, 0.3, 0.25, 0.35]),)],
        mistakes={
            "That is the diagonal alone. The logits share one denominator: each moves all the probabilities.":
                lambda y_hat: np.diag(y_hat * (1 - y_hat)),
            "The signs: raising zⱼ raises ŷⱼ and lowers all others.":
                lambda y_hat: np.outer(y_hat, y_hat) - np.diag(y_hat),
            "That is the derivative of the numerator alone. The denominator moves too.": lambda y_hat: np.diag(y_hat),
        },
        insight="Each row and each column adds up to 0: probability is moved, never made.",
    ),
    Exercise(
        "6.13", "derive", "The gradient of the mean softmax cross-entropy by the logits (N, classes).",
        reference=cross_entropy_gradient,
        cases=_logit_cases,
        mistakes={
            "The mean over the batch is missing: divide by N.":
                lambda z, labels: cross_entropy_gradient(z, labels) * len(z),
            "The sign: prediction minus truth.": lambda z, labels: -cross_entropy_gradient(z, labels),
            "You subtracted the number of the class. The truth is a row with a 1 in the place of that class.":
                lambda z, labels: (softmax(z) - labels[:, None]) / len(z),
            "That is ŷ/N. The truth has not been subtracted.": lambda z, labels: softmax(z) / len(z),
            "The logits are not the probabilities: put them through the softmax.":
                lambda z, labels: (z - np.eye(z.shape[1])[labels]) / len(z),
            "You divided by the number of all entries. Each example counts once: divide by N.":
                lambda z, labels: cross_entropy_gradient(z, labels) / z.shape[1],
        },
        insight="Prediction minus truth: the same as for the squared error of a line, and that is no accident.",
    ),
    Exercise(
        "6.14", "predict", "y = 1, and the classifier says z = -10. Which loss pushes z harder, and how much?",
        reference="cross-entropy, about 10,000 times",
        mistakes={
            "The error of the output is about 1 in both. But the squared error also passes through the slope of σ.":
                "about the same",
            "The other way round: the squared error is multiplied by the slope of σ, which is tiny there.":
                "squared error, about 10,000 times",
        },
        insight="Cross-entropy cancels the slope of σ. The squared error keeps it, and at z = -10 it is 1/22,000.",
    ),
    Exercise(
        "6.15", "break", "Finite logits for which exp(z)/Σexp(z) is not finite.",
        reference=[1000.0, 0.0],
        checker=_overflows,
        mistakes={
            "The naive formula survives these": [100.0, -100.0],
            "The logits themselves must be finite": [np.inf, 0.0],
            "Give a list of two logits": 1000.0,
        },
        insight="exp overflows at 709.8. And with all logits below -745.2 every exp is 0: 0/0.",
    ),
    Exercise(
        "6.16", "break", "An easy point of class 1 that makes least squares misclassify one of the four.",
        reference=20.0,
        checker=_spoils,
        mistakes={
            "The line still gets all four right": 3.0,
            "Put it where nobody doubts its class": -1.5,
            "Give one number": [1.0, 2.0],
        },
        insight="Squared error punishes being too right. Cross-entropy would hardly notice that point.",
    ),
]
