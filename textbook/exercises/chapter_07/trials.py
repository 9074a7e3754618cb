"""How answers to the exercises of chapter 7 are tried: cases to compare, and free answers to judge."""

import numpy as np

from textbook.exercises.chapter_07.answers import sigmoid, squared_slope


def probability_cases(rng):
    return [(rng.uniform(0.05, 0.95, n), rng.permuted(np.arange(n) % 2).astype(float)) for n in (5, 8)]


def slope_cases(rng):
    return [(rng.uniform(0.05, 0.95, 4),), (rng.uniform(0.05, 0.95, 6),)]


def binary_cases(rng):
    ordinary = [(rng.normal(size=n), rng.permuted(np.arange(n) % 2).astype(float)) for n in (5, 8)]
    return [*ordinary, (np.array([1e4, -1e4, 2.0]), np.array([0.0, 1.0, 1.0]))]


def log_sum_cases(rng):
    return [(rng.normal(size=(3, 4)),), (np.array([[1e4, 9998.0, 5.0], [-1e4, -9999.0, -2e4]]),)]


def logit_cases(rng):
    return [(rng.normal(size=(n, 3)), rng.permuted(np.arange(n) % 3)) for n in (5, 7)]


def overflows(z):
    """What is wrong with logits that should break the naive softmax."""
    try:
        z = np.asarray(z, dtype=float)
    except (TypeError, ValueError):
        z = np.zeros(())
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


STEEPEST = {
    0.0: "There ŷ = ½, where the sigmoid is steepest. But the factor 1 - ŷ still grows to the left of it.",
    1 / 3: "That is the probability ŷ at the steepest place. Give the logit: z = log(ŷ/(1 - ŷ)).",
    2 / 3: "That is 1 - ŷ at the steepest place. Give the logit: z = log(ŷ/(1 - ŷ)).",
    np.log(2): "The size is right. There ŷ = ⅓, below ½, so the logit is negative.",
    -np.log(3): "log ⅓ is the log of ŷ. The logit is log(ŷ/(1 - ŷ)).",
}


def not_steepest(z):
    """What is wrong with a logit at which (σ(z) - 1)² should be steepest; the place itself is not betrayed."""
    if isinstance(z, str) or callable(z) or np.ndim(z) != 0 or not np.isfinite(z):
        yield "Give one number, the logit z."
    elif abs(z + np.log(2)) > 4e-3:
        named = [text for value, text in STEEPEST.items() if abs(z - value) < 6e-3]
        slopes = [abs(squared_slope(sigmoid(v), 1.0)) for v in (z, z - 1e-3, z + 1e-3)]
        side = "left" if slopes[1] > slopes[2] else "right"
        steeper = f"At {z:.4g} the slope is {-slopes[0]:.5f}. A little to the {side} it is steeper still."
        yield named[0] if named else steeper
