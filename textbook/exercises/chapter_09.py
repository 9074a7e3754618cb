"""Exercises of chapter 9, optimizers."""

import numpy as np

from textbook.exercises import Exercise
from textbook.rules import RULES, start


def heavy_ball(mu, L):
    """√α·√μ = 1 − √β and √α·√L = 1 + √β: their sum gives α, their quotient β."""
    lr = 4 / (np.sqrt(L) + np.sqrt(mu)) ** 2
    beta = ((np.sqrt(L) - np.sqrt(mu)) / (np.sqrt(L) + np.sqrt(mu))) ** 2
    return [lr, beta]


def adam_step(theta, g, m, v, t, lr, beta1, beta2, eps):
    """One step of Adam, (9.6)."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def _adam(theta, g, m, v, t, lr, beta1, beta2, eps, *, sign=-1, correct=(True, True), root=np.sqrt, inside=False,
          averaged=True, square=lambda g, m: g**2):  # fmt: skip
    """Adam with one thing wrong."""
    m = beta1 * m + (1 - beta1 if averaged else 1) * g
    v = beta2 * v + (1 - beta2 if averaged else 1) * square(g, m)
    m_hat = m / (1 - beta1**t) if correct[0] else m
    v_hat = v / (1 - beta2**t) if correct[1] else v
    below = np.sqrt(v_hat + eps) if inside else root(v_hat) + eps
    return theta + sign * lr * m_hat / below, m, v


def _adam_at_first(theta, g, m, v, t, *rest):
    """The correction of the first step, at every step."""
    _, m, v = adam_step(theta, g, m, v, t, *rest)
    lr, beta1, beta2, eps = rest
    return theta - lr * m / (1 - beta1) / (np.sqrt(v / (1 - beta2)) + eps), m, v


def _adam_without_eps(theta, g, m, v, t, lr, beta1, beta2, eps):
    return adam_step(theta, g, m, v, t, lr, beta1, beta2, 0.0)


def _adam_not_squared(theta, g, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g
    with np.errstate(invalid="ignore"):
        return theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def _adam_root_before_correction(theta, g, m, v, t, lr, beta1, beta2, eps):
    _, m, v = adam_step(theta, g, m, v, t, lr, beta1, beta2, eps)
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v) / (1 - beta2**t) + eps), m, v


def _adam_cases(rng):
    for t in (1, 3, 20):
        theta, g, m = rng.normal(size=(3, 4))
        v = rng.uniform(0.1, 1.0, 4) if t > 1 else np.zeros(4)
        yield theta, g, m if t > 1 else np.zeros(4), v, t, 0.1, 0.8, 0.95, 1e-2


def _kept(theta, g, m, v, t, lr, beta1, beta2, eps):
    """The corrected means are returned, and corrected again at the next step."""
    new, m, v = adam_step(theta, g, m, v, t, lr, beta1, beta2, eps)
    return new, m / (1 - beta1**t), v / (1 - beta2**t)


def pick(rates, losses):
    """The rate with the lowest median over the seeds."""
    losses = np.where(np.isnan(losses), np.inf, losses)
    return rates[np.median(losses, axis=1).argmin()]


PICK_RATES = np.array([0.001, 0.01, 0.1, 1.0, 10.0])
PICK_LOSSES = [
    # In turn the lowest median, the lowest mean, the lowest single loss, a row with a nan, one that is all nan.
    np.array([[0.5, 0.52, 9.0], [0.8, 0.8, 0.8], [0.9, 0.1, 0.95], [0.3, np.nan, 0.6], [np.nan, np.nan, np.nan]]),
    np.array([[2.0, 2.1, np.nan], [1.0, 0.9, 4.0], [1.1, 1.2, 1.3], [0.1, 3.0, 3.1], [0.2, np.nan, np.nan]]),
    np.array([[3.0, 3.1, 3.2], [0.05, 2.5, 2.6], [1.5, 1.6, 1.4], [0.06, np.nan, 3.0], [0.7, 0.8, np.nan]]),
]


def _pick_cases(rng):
    return [(PICK_RATES, losses) for losses in PICK_LOSSES]


def _by(statistic):
    return lambda rates, losses: rates[int(np.argmin(statistic(losses)))]


def _bad(losses):
    return np.where(np.isnan(losses), np.inf, losses)


def _median_of_the_rest(losses):
    medians = [np.median(row[~np.isnan(row)]) if (~np.isnan(row)).any() else np.inf for row in losses]
    return np.array(medians)


def _nanmedian(losses):
    return np.where(np.isnan(losses).all(axis=1), np.nan, _median_of_the_rest(losses))


def after_rounds(sigma, rounds, a=3.4445, b=-4.7750, c=2.0315):
    """σ ← aσ + bσ³ + cσ⁵, so many times."""
    for _ in range(rounds):
        sigma = a * sigma + b * sigma**3 + c * sigma**5
    return sigma


def _polynomial(sigma, rounds, a=3.4445, b=-4.7750, c=2.0315, powers=(1, 3, 5)):
    for _ in range(rounds):
        sigma = sum(k * sigma**p for k, p in zip((a, b, c), powers, strict=True))
    return sigma


def _one_after_another(sigma, rounds):
    for _ in range(rounds):
        sigma = 3.4445 * sigma
        sigma = sigma - 4.7750 * sigma**3
        sigma = sigma + 2.0315 * sigma**5
    return sigma


def _uphill(answer):
    """Whether Adam walks to the right on three gradients whose mean is positive."""
    try:
        three = np.asarray(answer, float)
    except (TypeError, ValueError):
        three = np.zeros(0)
    if three.shape != (3,) or not np.isfinite(three).all():
        yield "Give three numbers in a list, such as [2.0, 1.0, -1.0]."
        return
    if three.mean() <= 0:
        yield f"Their mean is {three.mean():.3g}: it must be positive, so that descent walks to the left."
        return
    x, state = 0.0, start("adam", np.zeros(()))
    for t in range(1, 301):
        step, state = RULES["adam"](x, three[(t - 1) % 3], state, t, lr=0.01, betas=(0.0, 0.5))
        x = float(x + step)
    if x <= 0:
        if (three >= 0).all():
            yield f"After 300 steps it is at {x:.2f}. Every gradient says left: let two of them say right."
        elif (three < 0).sum() == 1:
            yield (f"After 300 steps it is at {x:.2f}. Its one step to the right is shorter than the two to the left: "
                   "turn it round, one large gradient against two small ones.")  # fmt: skip
        else:
            yield (f"After 300 steps it is at {x:.2f}. The large gradient is still divided by too little, or the small "
                   "ones by too much of it: let it be hardly larger than the two small ones together.")  # fmt: skip


EXERCISES = [
    Exercise(
        "9-a", "predict", "The gradient is 1, −1, 1, …; m is its running mean, β = 0.9. What size does m settle at?",
        reference=0.1 / 1.9,
        mistakes={
            "0 is the mean of the gradients over a long time. But m weighs the newest most, and keeps a little of it.":
                0.0,
            "0.1 is what the newest gradient adds. What is left of the step before, with the other sign, takes away "
            "almost half of it.": 0.1,
            "That would be so for the accumulated v ← βv + g. The mean has the factor 1 − β besides.": 1 / 1.9,
            "A steady gradient of 1 arrives in full. This one changes its sign.": 1.0,
            "That is m after some of the steps. Its size has no sign.": -0.1 / 1.9,
            "That is (1 − β)/(1 + β), rounded too far: three digits.": 0.05,
        },
        insight="(1 − β)/(1 + β) = 0.0526: what goes back and forth is damped to a nineteenth, what is steady arrives.",
        rtol=0.02,
    ),
    Exercise(
        "9-1", "derive", "The best rate and momentum of heavy ball for curvatures from mu to L, as [lr, momentum].",
        reference=heavy_ball,
        cases=[(1.0, 9.0), (0.5, 2.0), (0.1, 4.0)],
        mistakes={
            "The rate is right. That is √β, the factor of a step: the momentum is its square.":
                lambda mu, L: [heavy_ball(mu, L)[0], np.sqrt(heavy_ball(mu, L)[1])],
            "The momentum is right. For the rate, add the two roots: √α(√μ + √L) = 2, then square.":
                lambda mu, L: [np.sqrt(heavy_ball(mu, L)[0]), heavy_ball(mu, L)[1]],
            "That is gradient descent's 2/(μ + L) and its factor. Take the roots of both equations first.":
                lambda mu, L: [2 / (mu + L), (L - mu) / (L + mu)],
            "That is gradient descent's rate, and its factor squared. Take the roots of both equations first.":
                lambda mu, L: [2 / (mu + L), ((L - mu) / (L + mu)) ** 2],
            "The momentum is right; 2/(μ + L) is the rate of gradient descent. Add √(αμ) and √(αL).":
                lambda mu, L: [2 / (mu + L), heavy_ball(mu, L)[1]],
            "Both are right, in the other order: [lr, momentum].":
                lambda mu, L: heavy_ball(mu, L)[::-1],
            "The rate is right, and the momentum is missing: return both, [lr, momentum].":
                lambda mu, L: heavy_ball(mu, L)[0],
            "The momentum is right. The rate has a 4 above: √α(√μ + √L) = 2.":
                lambda mu, L: [heavy_ball(mu, L)[0] / 4, heavy_ball(mu, L)[1]],
            "(√μ + √L)² is not μ + L: the mixed term is missing.":
                lambda mu, L: [4 / (mu + L), heavy_ball(mu, L)[1]],
            "The momentum is right. The rate is that of the mean (9.2); here v accumulates: leave the 1 − β out.":
                lambda mu, L: [heavy_ball(mu, L)[0] / (1 - heavy_ball(mu, L)[1]), heavy_ball(mu, L)[1]],
            "The momentum is right. The ends are mixed up: αμ = (1 − √β)² and αL = (1 + √β)².":
                lambda mu, L: [heavy_ball(mu, L)[0] * mu / L, heavy_ball(mu, L)[1]],
            "That is the other solution, with β > 1, which grows. For β < 1 the root of (1 − √β)² is 1 − √β.":
                lambda mu, L: [4 / (np.sqrt(L) - np.sqrt(mu)) ** 2, 1 / heavy_ball(mu, L)[1]],
        },
        insight="√β = (√κ − 1)/(√κ + 1): gradient descent's factor with √κ in place of κ.",
    ),
    Exercise(
        "9-b", "predict", "RMSprop, β = 0.999, from v = 0; α = 0.01, first gradient 0.2. How long is the first step?",
        reference=0.01 / np.sqrt(0.001),
        mistakes={
            "0.01 would be α·g/|g|. But v is 0.001·g² after one step, not g².": 0.01,
            "0.002 is gradient descent's step, αg. Here it is divided by √v.": 0.002,
            "You divided by v. The rule divides by its root.": 0.01 * 0.2 / (0.001 * 0.04),
            "1 − β is 0.001, and its root 0.0316: divide α by the root.": 10.0,
            "31.6 is how many α the step is long: it is 31.6·α.": 1 / np.sqrt(0.001),
            "√v is √0.001·|g|: the size of g cancels.": 0.01 * 0.2 / np.sqrt(0.001),
            "That is the step itself. Its length has no sign.": -0.01 / np.sqrt(0.001),
        },
        insight="√v = √0.001·|g|, so the step is α/√0.001 = 31.6·α, whatever the gradient: 0.316 in place of 0.01.",
        rtol=0.02,
    ),
    Exercise(
        "9-2", "implement", "One step of Adam: return theta, m and v after it.",
        reference=adam_step,
        cases=_adam_cases,
        mistakes={
            "You walk up: the step goes against m̂, with a minus.": lambda *a: _adam(*a, sign=1),
            "The bias is not corrected: divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ.":
                lambda *a: _adam(*a, correct=(False, False)),
            "m is corrected and v is not: divide v by 1 − β₂ᵗ.": lambda *a: _adam(*a, correct=(True, False)),
            "v is corrected and m is not: divide m by 1 − β₁ᵗ.": lambda *a: _adam(*a, correct=(False, True)),
            "The correction is that of the first step at every step: 1 − β to the power t.":
                _adam_at_first,
            "You divide by v̂. It is a mean of squares: take its root.": lambda *a: _adam(*a, root=lambda v: v),
            "ε stands outside the root here: √v̂ + ε.": lambda *a: _adam(*a, inside=True),
            "The gradient enters the means with 1 − β: they average, they do not add up.":
                lambda *a: _adam(*a, averaged=False),
            "v is the mean of g², not of g.": _adam_not_squared,
            "Return m and v as they are. Corrected ones would be corrected again at the next step.": _kept,
            "v is the mean of g², not of (g − m)²: it is no variance.":
                lambda *a: _adam(*a, square=lambda g, m: (g - m) ** 2),
            "ε is missing under the fraction.": _adam_without_eps,
            "v is the mean of g², not of m²: m is left out of it.": lambda *a: _adam(*a, square=lambda g, m: m**2),
            "g² is taken number by number, g ** 2: g @ g adds the squares of all coordinates.":
                lambda *a: _adam(*a, square=lambda g, m: g @ g),
            "m and v are right. In place of theta you return the step alone: add it to theta.":
                lambda *a: (adam_step(*a)[0] - a[0], *adam_step(*a)[1:]),
            "That is theta alone: return theta, m, v.": lambda *a: adam_step(*a)[0],
            "All three are right, in another order: return theta, m, v.":
                lambda *a: (*adam_step(*a)[1:], adam_step(*a)[0]),
            "The root is that of v̂, with its correction: √(v/(1 − β₂ᵗ)).": _adam_root_before_correction,
        },
        insight="The size of g cancels between m̂ and √v̂: the step says how steady the gradient is, in units of α.",
    ),
    Exercise(
        "9-c", "predict", "At Adam's first step the gradient is 0.003, and α = 0.1. How far does it move?",
        reference=0.1,
        mistakes={
            "0.0003 is αg, gradient descent's step.": 0.0003,
            "That is without the correction: m is 0.1·g and √v is 0.0316·|g|.": 0.1 * 0.1 / np.sqrt(0.001),
            "m̂ is g after the correction, not 0.1·g, and √v̂ is |g|.": 0.01,
            "0.003 is the gradient. The step is α·m̂/√v̂.": 0.003,
            "That is the step itself. Its length has no sign.": -0.1,
        },
        insight="m̂ = g and √v̂ = |g|: the first step is α, for every coordinate whose gradient is not 0.",
        rtol=0.02,
    ),
    Exercise(
        "9-3", "break", "Three gradients of positive mean, in turn, with which Adam (betas 0 and 0.5) walks right.",
        reference=[2.1, -1.0, -1.0],
        checker=_uphill,
        caught={
            "it must be positive": [-2.0, 1.0, 0.5],
            "Every gradient says left": [2.0, 1.0, 1.0],
            "Its one step to the right is shorter": [2.0, 1.0, -1.0],
            "let it be hardly larger": [10.0, -1.0, -1.0],
            "Give three numbers in a list": 3.0,
        },
        insight="Divided by its own size, a large gradient is one step; two small ones are two.",
    ),
    Exercise(
        "9-4", "implement", "The rate with the lowest median over the seeds; nan is as bad as can be.",
        reference=pick,
        cases=_pick_cases,
        mistakes={
            "That is the lowest mean: one bad seed outweighs two good ones. Take the median.":
                _by(lambda losses: _bad(losses).mean(axis=1)),
            "That is the lowest single loss: a lucky seed. Take the median over the seeds first.":
                _by(lambda losses: _bad(losses).min(axis=1)),
            "Runs that diverged are left out, so that a rate is judged by its survivors: count them as infinite.":
                _by(_median_of_the_rest),
            "np.nanmedian leaves out the runs that diverged: put np.inf in place of nan first.":
                _by(_nanmedian),
            "There is a 0 in place of a nan, the best loss of all: put np.inf there.":
                _by(lambda losses: np.median(np.nan_to_num(losses), axis=1)),
            "A rate with one diverged seed is left out altogether. Count that run as infinite, and take the median.":
                _by(lambda losses: _bad(np.median(losses, axis=1))),
            "A nan spreads: argmin takes a row with a nan for the least. Put np.inf in its place.":
                lambda rates, losses: rates[int(np.median(losses, axis=1).argmin())],
            "That is its number in the list: return the rate itself.":
                lambda rates, losses: int(np.median(_bad(losses), axis=1).argmin()),
            "The median of each seed over the rates is the wrong way round: a row is a rate.":
                lambda rates, losses: rates[int(np.median(_bad(losses), axis=0).argmin())],
            "That is the median loss: return the rate that has it.":
                lambda rates, losses: np.median(_bad(losses), axis=1).min(),
            "That is the largest median: the loss should be small.":
                lambda rates, losses: rates[int(np.median(_bad(losses), axis=1).argmax())],
        },
        insight="The median is deaf to one lucky seed and to one unlucky one.",
    ),
    Exercise(
        "9-d", "predict", "On dense, well scaled features: who is clearly ahead after 200 steps?",
        reference="nobody",
        mistakes={
            "Adam scales each coordinate. Here they all have one scale already.": "Adam",
            "Momentum pays where curvatures differ much, and gradients are exact.": "momentum",
            "It is as good as the others here, not better.": "gradient descent",
        },
        insight="Tuned with one budget, the ranges of their seeds overlap. Tuning is most of the race.",
    ),
    Exercise(
        "9-5", "implement", "What so many rounds of σ ← aσ + bσ³ + cσ⁵ make of a singular value.",
        reference=after_rounds,
        cases=[(0.3, 1), (0.3, 2), (0.05, 5), (np.array([0.02, 0.5, 0.9]), 3), (0.7, 0)],
        mistakes={
            "(XXᵀ)X is a product of three X: σ³, not σ².":
                lambda sigma, rounds: _polynomial(sigma, rounds, powers=(1, 2, 3)),
            "(XXᵀ)²X is a product of five X: σ⁵, not σ⁴.":
                lambda sigma, rounds: _polynomial(sigma, rounds, powers=(1, 3, 4)),
            "There is one round only: repeat it with the result.":
                lambda sigma, rounds: _polynomial(sigma, 1),
            "One round too many: `rounds` in all.": lambda sigma, rounds: _polynomial(sigma, rounds + 1),
            "One round too few: `rounds` in all.": lambda sigma, rounds: _polynomial(sigma, max(rounds - 1, 0)),
            "The parts of one round are computed one after another: aσ, the σ³ and σ⁵ all take the old σ.":
                _one_after_another,
            "The result of each round must go into the next: you start from the first σ each time.":
                lambda sigma, rounds: _polynomial(sigma, min(rounds, 1)),
            "There is an X in each part: aσ, not a.":
                lambda sigma, rounds: _polynomial(sigma, rounds, powers=(0, 2, 4)),
        },
        insight="Small values grow 3.4-fold a round; near 1 they are held between 0.7 and 1.2.",
    ),
]
