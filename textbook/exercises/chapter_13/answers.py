"""Right answers to the exercises of chapter 13."""

import numpy as np

REMEDIES = ("dropout", "L2", "shifted images", "early stopping")
SMALL = ("it helps: the gap gets smaller", "it changes nothing", "it does harm")
CURVES = ("overfitting", "underfitting", "diverged", "neither")


def stop_at(losses, patience):
    """Where early stopping takes its weights: the lowest loss seen before `patience` checks in a row brought none."""
    best = 0
    for k in range(1, len(losses)):
        if losses[k] < losses[best]:
            best = k
        elif k - best >= patience:
            break
    return best


def dropout(h, keep, p):
    """Inverted dropout: what is kept grows by 1/(1 − p)."""
    return h * keep / (1 - p)


def l2_gradient(g, w, lam):
    """The gradient of ℒ + λ/2 Σ w²."""
    return g + lam * w


def shifted(images, down, right):
    """Every image moved by whole pixels; paper moves in, ink may leave."""
    squares = images.reshape(-1, 28, 28)
    moved = np.zeros_like(squares)
    for i in range(28):
        for j in range(28):
            if 0 <= i - down < 28 and 0 <= j - right < 28:
                moved[:, i, j] = squares[:, i - down, j - right]
    return moved.reshape(-1, 784)


def clipped(gradients, most):
    """All gradients scaled by one factor, to a joint norm of at most `most`."""
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    factor = min(1.0, most / norm)
    return [factor * g for g in gradients]


def name_cause(training, validation):
    """What two loss curves tell."""
    if not np.isfinite(training[-1]) or training[-1] > 2 * training[0]:
        return "diverged"
    if training[-1] > 0.5 * training[0]:
        return "underfitting"
    if validation[-1] > 1.1 * min(validation):
        return "overfitting"
    return "neither"
