"""Wrong answers to the exercises of chapter 7, those that take more than a line."""

import numpy as np

from textbook.exercises.chapter_07.answers import sigmoid, softmax


def naive(z, y):
    return -np.mean(y * np.log(sigmoid(z)) + (1 - y) * np.log(1 - sigmoid(z)))


def safe_sigmoid(z, y):
    e = np.exp(-np.abs(z))
    p = np.where(z >= 0, 1, e) / (1 + e)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def _clipped(eps):
    """Each probability between eps and 1 - eps."""
    def loss(z, y):
        p = np.clip(sigmoid(z), eps, 1 - eps)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    return loss


def _floored(eps):
    """Each probability at least eps.  To add eps instead makes no difference that is seen."""
    def loss(z, y):
        return -np.mean(y * np.log(np.maximum(sigmoid(z), eps)) + (1 - y) * np.log(np.maximum(1 - sigmoid(z), eps)))

    return loss


def whole_columns(z, labels):
    p = softmax(z)
    p[:, labels] -= 1
    return p / len(z)


def whole_rows(z, labels):
    p = softmax(z)
    p[labels] -= 1
    return p / len(z)


CAP = "{} under the probability hides the overflow and caps the loss: a logit of 10,000 costs 10,000 when wrong."
CAPS = {CAP.format(f"Clipping at {eps:g}, a floor"): _clipped(eps)
        for eps in (1e-15, 1e-14, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)}  # fmt: skip
FLOORS = {CAP.format(f"A floor of {eps:g}"): _floored(eps) for eps in (1e-300, 1e-20, 1e-15, 1e-14)}
