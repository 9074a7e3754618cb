"""Exercises of chapter 7, classification: probabilities, logits, and the losses behind them."""

import numpy as np


def sigmoid(z):
    """1/(1 + e⁻ᶻ)."""
    return 1 / (1 + np.exp(-z))


def negative_log_likelihood(y_hat, y):
    """The mean of -log of the probability of what was seen."""
    return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


def binary_cross_entropy(z, y):
    """The same from the logits: the mean of log(1 + eᶻ) - yz, with nothing that overflows."""
    return np.mean(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))) - y * z)


def log_sum_exp(z):
    """log Σ exp zₖ over the last axis, for logits of any size."""
    top = z.max(axis=-1, keepdims=True)
    return (top + np.log(np.exp(z - top).sum(axis=-1, keepdims=True)))[..., 0]


def sigmoid_slope(y_hat):
    """∂ŷ/∂z of ŷ = σ(z), from ŷ."""
    return y_hat * (1 - y_hat)


def entropy_slope(y_hat, y):
    """∂ℒ/∂ŷ of -y log ŷ - (1 - y) log(1 - ŷ)."""
    return (y_hat - y) / (y_hat * (1 - y_hat))


def squared_slope(y_hat, y):
    """∂/∂z of (ŷ - y)² with ŷ = σ(z), from ŷ."""
    return 2 * (y_hat - y) * y_hat * (1 - y_hat)


def softmax_jacobian(y_hat):
    """J[k, j] = ∂ŷₖ/∂zⱼ = ŷₖ([k = j] - ŷⱼ)."""
    return np.diag(y_hat) - np.outer(y_hat, y_hat)


def softmax(z, axis=-1):
    """exp zₖ / Σ exp zⱼ."""
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def cross_entropy_gradient(z, labels):
    """Of the mean cross-entropy by the logits: (ŷ - Y)/N."""
    return (softmax(z) - np.eye(z.shape[1])[labels]) / len(z)
