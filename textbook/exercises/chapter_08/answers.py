"""Exercises of chapter 8, automatic differentiation."""

import numpy as np

from textbook.engine import jvp


def derivative(e):
    """The derivative by x of "x", a number, or (sign, a, b) with the sign + or *."""
    if not isinstance(e, tuple):
        return 1 if e == "x" else 0
    sign, a, b = e
    if sign == "+":
        return ("+", derivative(a), derivative(b))
    return ("+", ("*", derivative(a), b), ("*", a, derivative(b)))


def value(e, x):
    """The value of a formula at x."""
    if not isinstance(e, tuple):
        return x if e == "x" else e
    sign, a, b = e
    return value(a, x) + value(b, x) if sign == "+" else value(a, x) * value(b, x)


def size(e):
    """How many operations a formula writes down."""
    return 1 + size(e[1]) + size(e[2]) if isinstance(e, tuple) else 0


class Dual:
    """A value, and how fast it changes."""

    def __init__(self, value, tangent=0.0):
        self.value, self.tangent = value, tangent

    def __add__(self, other):
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __mul__(self, other):
        return Dual(self.value * other.value, self.tangent * other.value + self.value * other.tangent)


def jacobian(f, x):
    """Column j is J·eⱼ: one forward pass each."""
    return np.stack([jvp(f)(x, e) for e in np.eye(len(x))], axis=1)


class LineByHand:
    """The line y_hat = w·x + b and its loss (y_hat - y)², with gradients by hand."""

    def __init__(self, w=1.0, b=0.0, lr=0.1):
        self.w, self.b, self.lr = w, b, lr

    def forward(self, x, y):
        self.x, self.residual = x, self.w * x + self.b - y  # kept for the backward pass
        return self.residual**2

    def backward(self):
        return 2 * self.residual * self.x, 2 * self.residual

    def update(self, dw, db):
        self.w, self.b = self.w - self.lr * dw, self.b - self.lr * db


def best_parts(n):
    """The k at which k + n/k is least."""
    return np.sqrt(n)


def unscaled(g, scale):
    """First to float32, then divide: in float16 the quotient would be lost."""
    return g.astype(np.float32) / scale


def rounded(x):
    """Rounded in value; in slope x itself: what was added is a constant."""
    return x + (np.round(x.data) - x.data)


def per_example(x, delta):
    """Xᵀδ, before the examples are added up."""
    return x[:, :, None] * delta[:, None, :]
