"""Answers to the exercises of chapter 13 that have gone wrong."""

import numpy as np

from textbook.exercises.chapter_13.answers import clipped, name_cause


def stops_now(losses, patience):
    """Where the waiting ends, in place of where the best was."""
    best = 0
    for k in range(1, len(losses)):
        if losses[k] < losses[best]:
            best = k
        elif k - best >= patience:
            return k
    return len(losses) - 1


def rises_in_a_row(losses, patience):
    best, rises = 0, 0
    for k in range(1, len(losses)):
        rises = rises + 1 if losses[k] >= losses[k - 1] else 0
        if losses[k] < losses[best]:
            best = k
        if rises >= patience:
            break
    return best


def never_forgets(losses, patience):
    best, bad = 0, 0
    for k in range(1, len(losses)):
        if losses[k] < losses[best]:
            best = k
        else:
            bad += 1
        if bad >= patience:
            break
    return best


def rolled(images, down, right):
    return np.roll(images.reshape(-1, 28, 28), (down, right), axis=(1, 2)).reshape(-1, 784)


def from_the_end(images, down, right):
    squares = images.reshape(-1, 28, 28)
    moved = np.zeros_like(squares)
    for i in range(28):
        for j in range(28):
            if i - down < 28 and j - right < 28:
                moved[:, i, j] = squares[:, i - down, j - right]
    return moved.reshape(-1, 784)


def each_alone(gradients, most):
    return [clipped([g], most)[0] for g in gradients]


def always(gradients, most):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return [most / norm * g for g in gradients]


def entries(gradients, most):
    return [np.clip(g, -most, most) for g in gradients]


def norms_added(gradients, most):
    factor = min(1.0, most / sum(np.linalg.norm(g) for g in gradients))
    return [factor * g for g in gradients]


def squared(gradients, most):
    factor = min(1.0, most / sum((g**2).sum() for g in gradients))
    return [factor * g for g in gradients]


def largest_norm(gradients, most):
    factor = min(1.0, most / max(np.linalg.norm(g) for g in gradients))
    return [factor * g for g in gradients]


def never_shorter(gradients, most):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return [max(1.0, most / norm) * g for g in gradients]


def first_against_last(training, validation):
    if not np.isfinite(training[-1]) or training[-1] > 2 * training[0]:
        return "diverged"
    if training[-1] > 0.5 * training[0]:
        return "underfitting"
    return "overfitting" if validation[-1] > validation[0] else "neither"


def gap(training, validation):
    if not np.isfinite(training[-1]) or training[-1] > 2 * training[0]:
        return "diverged"
    if training[-1] > 0.5 * training[0]:
        return "underfitting"
    return "overfitting" if validation[-1] > 1.1 * training[-1] else "neither"


def validation_first(training, validation):
    if not np.isfinite(training[-1]) or training[-1] > 2 * training[0]:
        return "diverged"
    if validation[-1] > 1.1 * min(validation):
        return "overfitting"
    return "underfitting" if training[-1] > 0.5 * training[0] else "neither"


def leap(training, validation):
    return "diverged" if max(training) > 2 * training[0] else name_cause(training, validation)


def nan_forgotten(training, validation):
    if training[-1] > 2 * training[0]:
        return "diverged"
    if training[-1] > 0.5 * training[0]:
        return "underfitting"
    return "overfitting" if validation[-1] > 1.1 * min(validation) else "neither"
