"""Exercises of chapter 4, gradient descent."""

import numpy as np

from textbook.exercises import Exercise


def step_matrix(alpha, mu, lam):
    """(x, v) ↦ (x − α(μv + λx), μv + λx)."""
    return np.array([[1 - alpha * lam, -alpha * mu], [lam, mu]])


EXERCISES = [
    Exercise(
        "4.2", "predict", "With λ = 4, for which α does the walk first fail to come closer to 0?",
        reference=0.5,
        mistakes={
            "0.25 is 1/λ: there the factor is 0, and one step arrives.": 0.25,
            "1 − αλ is 0 there or −1? The walk fails when the factor reaches −1, not when α reaches 1.": 1.0,
        },
        insight="The factor 1 − αλ reaches −1 at α = 2/λ: x changes its sign and keeps its size.",
        rtol=1e-3,
    ),
    Exercise(
        "4.3", "derive", "The matrix of one momentum step v ← μv + λx, x ← x − αv, which takes (x, v) to the next.",
        reference=step_matrix,
        cases=[(0.1, 0.9, 4.0), (0.3, 0.5, 2.0), (0.05, 0.0, 1.0)],
        mistakes={
            "You moved x with the old v. In one step v is updated first: substitute it into x's line.":
                lambda alpha, mu, lam: np.array([[1, -alpha], [lam, mu]]),
            "The gradient λx reaches x in the same step: substitute the whole of μv + λx into x's line.":
                lambda alpha, mu, lam: np.array([[1, -alpha * mu], [lam, mu]]),
            "Mind the momentum: v's share of x's step is αμ, not α.":
                lambda alpha, mu, lam: np.array([[1 - alpha * lam, -alpha], [lam, mu]]),
            "Descent walks against v: α enters with a minus.":
                lambda alpha, mu, lam: np.array([[1 + alpha * lam, alpha * mu], [lam, mu]]),
        },
        insight="The walk converges when both eigenvalues of this matrix lie inside the unit circle.",
    ),
]
