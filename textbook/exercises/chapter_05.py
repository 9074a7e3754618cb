"""Exercises of chapter 5, gradient descent."""

import numpy as np

from textbook import optim
from textbook.exercises import Exercise
from textbook.exercises.cost import one_product_a_round
from textbook.surfaces import SURFACES


def step_matrix(alpha, beta, lam):
    """(x, v) ↦ (x − α(βv + λx), βv + λx)."""
    return np.array([[1 - alpha * lam, -alpha * beta], [lam, beta]])


def descent(slope, theta, lr, steps):
    """The path θ₀, θ₁, …, θ_steps of gradient descent."""
    path = [theta]
    for _ in range(steps):
        theta = theta - lr * slope(theta)
        path.append(theta)
    return np.array(path)


def _descent(slope, theta, lr, steps, *, sign=-1, keep=slice(None)):
    return descent(slope, theta, -sign * lr, steps)[keep]


def _one_gradient(slope, theta, lr, steps):
    return theta - np.arange(steps + 1)[:, None] * lr * slope(theta)


def _coordinate_by_coordinate(slope, theta, lr, steps):
    theta, path = np.array(theta), [np.array(theta)]
    for _ in range(steps):
        for i in range(len(theta)):
            theta[i] -= lr * slope(theta)[i]
        path.append(theta.copy())
    return np.array(path)


def _one_array(slope, theta, lr, steps):
    return np.repeat(descent(slope, theta, lr, steps)[-1:], steps + 1, axis=0)


def _before_the_step(slope, theta, lr, steps):
    path = descent(slope, theta, lr, steps)
    return np.concatenate([path[:1], path[:-1]])


def one_epoch(theta, x, y, order, size, lr):
    """Mini-batch descent on the mean squared error of ŷ = wx + b, once through the examples in the given order."""
    w, b = theta
    for first in range(0, len(order), size):
        rows = order[first : first + size]
        residual = w * x[rows] + b - y[rows]
        w, b = w - lr * 2 * np.mean(residual * x[rows]), b - lr * 2 * np.mean(residual)
    return np.array([w, b])


def _epoch(theta, x, y, order, size, lr, *, batches=None, share=None, stale=False, one_by_one=False):
    """One epoch with one thing done wrong: which rows a step takes, what its sum is multiplied by, when it moves."""
    w, b = start = theta
    for rows in (batches or _in_turn)(order, size):
        at = start if stale else (w, b)
        residual = at[0] * x[rows] + at[1] - y[rows]
        factor = share(len(rows), len(x), size, lr) if share else 2 * lr / len(rows)
        w = w - factor * np.sum(residual * x[rows])
        if one_by_one:
            residual = w * x[rows] + b - y[rows]
        b = b - factor * np.sum(residual)
    return np.array([w, b])


def _in_turn(order, size):
    return [order[first : first + size] for first in range(0, len(order), size)]


def best_rate(mu, L):
    """α = 2/(μ + L), and the factor (L − μ)/(L + μ) by which it multiplies the distance."""
    return np.array([2 / (mu + L), (L - mu) / (L + mu)])


def largest_curvature(product, v, steps):
    """Power iteration: v ← Hv/‖Hv‖; at the end ‖Hv‖."""
    for _ in range(steps):
        v = v / np.linalg.norm(v)
        v = product(v)
    return np.linalg.norm(v)


def _products(product, v, steps):
    for _ in range(steps):
        v = product(v)
    return v


def _two_products(product, v, steps):
    for _ in range(steps):
        v = v / np.linalg.norm(v)
        length, v = np.linalg.norm(product(v)), product(v)
    return length


def _last(product, v, steps):
    """The v that the last product is taken of, of length 1."""
    for _ in range(steps - 1):
        v = product(v / np.linalg.norm(v))
    return v / np.linalg.norm(v)


WELL_START = 2.0


def _other_valley(rate):
    """Which learning rates take the descent from 2 into the left well?"""
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.number) or not 0 < float(rate) < np.inf:
        yield f"A learning rate is one positive number; got {rate!r}."
        return
    run = optim.descend(SURFACES["double_well"].f, [WELL_START], optim.gd, 500, lr=float(rate))
    if run.diverged_at >= 0:
        yield f"It diverged at step {int(run.diverged_at)}: it lands so high on the far wall that it jumps further."
    elif run.path.min() > 0:
        yield "It never leaves the well where it started: the first step must be long enough to cross 0."
    elif abs(run.path[-1, 0] + 1) > 1e-3 and run.path[-50:].min() < 0 < run.path[-50:].max():
        yield "It jumps to and fro between the walls and settles in no well: a little less."
    elif run.path[-1, 0] > 0:
        yield "It crosses 0 and comes back: the first step lands too high on the far side. A little less."
    elif abs(run.path[-1, 0] + 1) > 1e-3:
        yield "It stays on the left, and jumps across the bottom of that well for ever: a little less."


def _quadratic_slope(matrix):
    return lambda theta: np.asarray(matrix) @ theta


def _epoch_cases(rng):
    for n, size in ((7, 3), (5, 2), (8, 3)):
        x = rng.normal(size=n)
        yield np.array([0.5, -1.0]), x, 2 * x + rng.normal(size=n), rng.permutation(n), size, 0.1


def _curvature_cases(rng):
    for d, steps in ((3, 60), (4, 80), (5, 2)):
        a = rng.normal(size=(d, d))
        yield _quadratic_slope(a @ a.T), rng.normal(size=d) * 2, steps


EXERCISES = [
    Exercise(
        "5-a", "predict", "A tiny step at a right angle to the gradient. What does it do to the height?",
        reference="stays, almost exactly",
        mistakes={
            "Along the gradient it would rise. At a right angle no part of the step lies along it.": "rises",
            "Against the gradient it would fall. At a right angle no part of the step lies against it.": "falls",
        },
        insight="Only what lies along the gradient changes the height, up or down. Sideways runs the contour.",
    ),
    Exercise(
        "5-1", "implement", "Gradient descent: the whole path, the start first.",
        reference=descent,
        cases=[
            (_quadratic_slope([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, -2.0]), 0.1, 4),
            (_quadratic_slope([[3.0, -1.0], [-1.0, 1.5]]), np.array([-1.0, 0.7]), 0.3, 3),
        ],
        mistakes={
            "You walk up: the step goes against the gradient, with a minus.": lambda *a: _descent(*a, sign=1),
            "Every step uses the slope of the start: take it anew where you stand.": _one_gradient,
            "The start belongs to the path: steps + 1 points in all.":
                lambda *a: _descent(*a, keep=slice(1, None)),
            "The last point is missing: `steps` steps make steps + 1 points.":
                lambda *a: _descent(*a, keep=slice(-1)),
            "That is only where it ends: keep every point on the way.": lambda *a: _descent(*a, keep=-1),
            "It returns after the first step: the `return` stands inside the loop.":
                lambda *a: _descent(*a, keep=slice(2)),
            "The start is there twice: first take the step, then append the new place.": _before_the_step,
            "All points are the last one: `theta -= …` writes into the array that is already in the path. "
            "`theta = theta - …` makes a new one.": _one_array,
            "The learning rate is missing: the step is lr times the slope.":
                lambda slope, theta, lr, steps: descent(slope, theta, 1.0, steps),
            "All coordinates move together: take the gradient once a step, before any of them has moved.":
                _coordinate_by_coordinate,
        },
        insight="Six lines, and every optimizer of chapter 9 changes only the one with the minus in it.",
    ),
    Exercise(
        "5-b", "predict", "With λ = 4, for which α does the walk first fail to come closer to 0?",
        reference=0.5,
        mistakes={
            "0.25 is 1/λ: there the factor is 0, and one step arrives.": 0.25,
            "At α = 1 the factor is 1 − 4 = −3, and the walk has long been running away. It fails where the factor "
            "reaches −1.": 1.0,
            "At α = 2 the factor is 1 − 8 = −7. It fails where the factor reaches −1.": 2.0,
        },
        insight="The factor 1 − αλ reaches −1 at α = 2/λ: x changes its sign and keeps its size.",
        rtol=1e-3,
    ),
    Exercise(
        "5-2", "break", "A learning rate with which descent on the double well, from x = 2, ends in the left well.",
        reference=0.5,
        checker=_other_valley,
        caught={
            "It never leaves the well where it started": 0.05,
            "It crosses 0 and comes back": 0.63,
            "It diverged": 5.0,
            "A learning rate is one positive number": -0.1,
        },
        insight="A small rate follows the slope into the valley it began in. A large one may leave it, by accident.",
    ),
    Exercise(
        "5-3", "derive", "The matrix of one momentum step v ← βv + λx, x ← x − αv, which takes (x, v) to the next.",
        reference=step_matrix,
        cases=[(0.1, 0.9, 4.0), (0.3, 0.5, 2.0), (0.05, 0.0, 1.0)],
        mistakes={
            "You moved x with the old v. In one step v is updated first: substitute it into x's line.":
                lambda alpha, beta, lam: np.array([[1, -alpha], [lam, beta]]),
            "The gradient λx reaches x in the same step: substitute the whole of βv + λx into x's line.":
                lambda alpha, beta, lam: np.array([[1, -alpha * beta], [lam, beta]]),
            "Mind the momentum: v's share of x's step is αβ, not α.":
                lambda alpha, beta, lam: np.array([[1 - alpha * lam, -alpha], [lam, beta]]),
            "Descent walks against v: α enters with a minus.":
                lambda alpha, beta, lam: np.array([[1 + alpha * lam, alpha * beta], [lam, beta]]),
            "You wrote v first. The matrix acts on (x, v): x's line on top, x's column on the left.":
                lambda alpha, beta, lam: step_matrix(alpha, beta, lam)[::-1, ::-1],
            "v's line gets αλ: the rate belongs to x's step alone, v ← βv + λx.":
                lambda alpha, beta, lam: np.array([[1 - alpha * lam, -alpha * beta], [alpha * lam, beta]]),
        },
        insight="The walk converges when both eigenvalues of this matrix are smaller than 1 in size.",
    ),
    Exercise(
        "5-c", "predict", "A batch grows from 4 examples to 64. By what is the noise of its gradient divided?",
        reference=4.0,
        mistakes={
            "16 is how many times more examples there are. The noise falls with the square root.": 16.0,
            "8 is √64. What counts is the ratio, 64/4 = 16.": 8.0,
            "Twice the examples divide the noise by √2, four times by 2, sixteen times by 4.": 2.0,
        },
        insight="Sixteen times the work buys a quarter of the noise. That is why batches stay small.",
        rtol=0.05,
    ),
    Exercise(
        "5-4", "implement", "One epoch of mini-batch descent for ŷ = wx + b and the mean squared error.",
        reference=one_epoch,
        cases=_epoch_cases,
        mistakes={
            "The last batch is smaller, and it is left out: take what remains.":
                lambda *a: _epoch(*a, batches=lambda order, size: [r for r in _in_turn(order, size) if len(r) == size]),
            "Divide by the size of the batch: the mean is over its own examples, not over all N.":
                lambda *a: _epoch(*a, share=lambda batch, n, size, lr: 2 * lr / n),
            "You took the sum over the batch: a larger batch then takes a larger step.":
                lambda *a: _epoch(*a, share=lambda batch, n, size, lr: 2 * lr),
            "The last batch has fewer examples than `size`: divide by how many there are.":
                lambda *a: _epoch(*a, share=lambda batch, n, size, lr: 2 * lr / size),
            "Every batch uses the parameters from before the epoch: they move after each batch.":
                lambda *a: _epoch(*a, stale=True),
            "w has moved before b's gradient is taken: compute both, then move both.":
                lambda *a: _epoch(*a, one_by_one=True),
            "`order` is not used: batch number 1 holds the examples order[0], order[1], …":
                lambda theta, x, y, order, size, lr: _epoch(theta, x, y, np.arange(len(x)), size, lr),
            "The derivative of a square brings a factor 2.":
                lambda *a: _epoch(*a, share=lambda batch, n, size, lr: lr / batch),
            "The learning rate is missing: the step is lr times the gradient.":
                lambda *a: _epoch(*a, share=lambda batch, n, size, lr: 2 / batch),
            "You walk up: the step goes against the gradient, with a minus.":
                lambda *a: _epoch(*a, share=lambda batch, n, size, lr: -2 * lr / batch),
            "It returns after the first batch: the `return` stands inside the loop.":
                lambda *a: _epoch(*a, batches=lambda order, size: _in_turn(order, size)[:1]),
            "`np.array_split` makes batches of nearly equal size. Here each has `size` examples, and the last what "
            "remains.":
                lambda *a: _epoch(*a, batches=lambda order, size: np.array_split(order, -(-len(order) // size))),
        },
        insight="An epoch costs N gradients of single examples, whatever the size; what changes is how often θ moves.",
    ),
    Exercise(
        "5-5", "derive", "The rate that makes the larger of |1 − αμ| and |1 − αL| least, and that least value.",
        reference=best_rate,
        cases=[(1.0, 9.0), (0.5, 2.0), (0.1, 4.0)],
        mistakes={
            "1/L makes the steep direction vanish and leaves the flat one with 1 − μ/L: a little more is better.":
                lambda mu, L: np.array([1 / L, 1 - mu / L]),
            "At 2/L the steep direction has the factor −1: it never gets closer.":
                lambda mu, L: np.array([2 / L, 1.0]),
            "The rate is right. Put it into 1 − αμ for the factor.":
                lambda mu, L: np.array([2 / (mu + L), mu / L]),
            "The rate is right. In its size, 1 − αL is the factor too, but it is negative: take |1 − αL|.":
                lambda mu, L: np.array([2 / (mu + L), (mu - L) / (mu + L)]),
            "The rate is right, and the factor is missing: return both, [rate, factor].":
                lambda mu, L: 2 / (mu + L),
            "The rate is right; (κ − 1)/κ is the factor at 1/L. Put your own rate into 1 − αμ.":
                lambda mu, L: np.array([2 / (mu + L), 1 - mu / L]),
            "Both are right, in the other order: [rate, factor].":
                lambda mu, L: best_rate(mu, L)[::-1],
            "The factor is right. The rate is twice that: the lines cross where 2 = α(μ + L).":
                lambda mu, L: np.array([1 / (mu + L), (L - mu) / (L + mu)]),
            "The mean of 1/μ and 1/L is beyond 2/L: set 1 − αμ = −(1 − αL) and solve for α.":
                lambda mu, L: np.array([(1 / mu + 1 / L) / 2, (L / mu - mu / L) / 2]),
        },
        insight="With κ = L/μ the factor is (κ − 1)/(κ + 1): only the ratio of the curvatures counts.",
    ),
    Exercise(
        "5-d", "predict", "κ = 100, at the best rate. About how many steps until a tenth of the distance is left?",
        reference=115.0,
        mistakes={
            "After 50 steps, κ/2, the distance is divided by e = 2.718…; for a factor of 10 it takes ln 10 = 2.3 times "
            "as many.": 50.0,
            "One step leaves 98 % of the distance, not a tenth: how often must it be multiplied by 0.98?": 1.0,
        },
        insight="ρ = 99/101 = 0.980, and 0.980 to the power 115 is 0.1. For a large κ: about κ · ln 10 / 2 steps.",
        rtol=0.15,
    ),
    Exercise(
        "5-e", "predict", "The walk starts exactly on the ridge, at (0, 1). Where does it end?",
        reference="at the saddle",
        mistakes={
            "To fall to one side it would need a slope to that side, and on the ridge there is none.":
                "in one of the two valleys",
            "Along the ridge the way is downhill until the saddle.": "it stays where it is",
        },
        insight="By symmetry the slope across the ridge is exactly 0. The smallest push breaks the symmetry.",
    ),
    Exercise(
        "5-6", "implement", "Power iteration: the largest curvature, from Hessian-vector products alone.",
        reference=largest_curvature,
        cases=_curvature_cases,
        checker=one_product_a_round(_curvature_cases),
        caught={"for steps=80 it called product 160 times": _two_products},
        mistakes={
            "v is never shortened to length 1: its length is a product of stretches, not one stretch.":
                lambda product, v, steps: np.linalg.norm(_products(product, v, steps)),
            "v is shortened once, before the loop: shorten it again before every product.":
                lambda product, v, steps: np.linalg.norm(_products(product, v, steps)) / np.linalg.norm(v),
            "The last v was shortened before its length was taken: that length is always 1.":
                lambda product, v, steps: 1.0,
            "That is the stretch of the first v: repeat with the result, so that v turns to the steepest direction.":
                lambda product, v, steps: np.linalg.norm(product(v)) / np.linalg.norm(v),
            "That is the last product itself: return its length.":
                lambda product, v, steps: product(_last(product, v, steps)),
            "That is the last product, shortened: it shows the direction, and its length is always 1.":
                lambda product, v, steps: _last(product, v, steps + 1),
            "One product too many: `steps` of them in all.":
                lambda product, v, steps: np.linalg.norm(product(_last(product, v, steps + 1))),
        },
        insight="Each product turns v further towards the direction that is stretched most.",
    ),
]
