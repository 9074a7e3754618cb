"""Exercises of chapter 10, vanishing and exploding gradients: the right answers."""

import numpy as np


def down(upstream, z, w):
    """∂ℒ/∂z for the layer z ↦ tanh(z) @ w, from ∂ℒ/∂ of its output; a row for each example."""
    return (upstream @ w.T) * (1 - np.tanh(z) ** 2)


def leaky_gain(a):
    """The gain at which x ↦ max(x, a·x) keeps the size of a gradient: g²·(1 + a²)/2 = 1."""
    return np.sqrt(2 / (1 + a**2))


def scaled_start(x, weights):
    """The weights of h ↦ relu(h @ w), layer by layer divided so that h @ w has standard deviation 1 on the data."""
    scaled, h = [], x
    for w in weights:
        w = w / np.std(h @ w)
        scaled.append(w)
        h = np.maximum(h @ w, 0)
    return scaled


def through_standardize(upstream, x_hat, s):
    """∂ℒ/∂x for x̂ = (x − mean)/s over the batch: the upstream less its mean and its share along x̂, over s."""
    return (upstream - upstream.mean(axis=0) - x_hat * (upstream * x_hat).mean(axis=0)) / s


def clipped(grads, max_norm):
    """All gradients scaled together, to a joint length of at most max_norm."""
    norm = np.sqrt(sum(np.sum(g**2) for g in grads))
    return [g * min(1, max_norm / norm) for g in grads]


def wide_rate(lr, base, width):
    """Adam's learning rate for weights with `width` inputs, tuned at `base` inputs."""
    return lr * base / width
