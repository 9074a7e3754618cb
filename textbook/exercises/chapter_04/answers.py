"""Exercises of chapter 4, backpropagation on arrays.  Their right answers let the engine of chapter 3 read digits."""

import numpy as np

from textbook.exercises.chapter_02 import topological_order
from textbook.exercises.chapter_03 import Node


def sum_to(g, shape):
    """Sum a message to the shape of the input that was broadcast."""
    while np.ndim(g) > len(shape):
        g = g.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def backward(root):
    """∂(sum of root)/∂v into v.grad, for every node v of a graph of arrays."""
    root.grad = np.ones_like(root.value)
    for node in reversed(topological_order(root)):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            message = sum_to(rule(node.grad), np.shape(parent.value))
            parent.grad = parent.grad + message


def matmul_messages(g, x, w):
    """What z = x @ w sends to x and to w."""
    return g @ w.T, x.T @ g


def matmul(x, w):
    """The matrix product of two nodes."""
    rules = (lambda g: matmul_messages(g, x.value, w.value)[0], lambda g: matmul_messages(g, x.value, w.value)[1])
    return Node(x.value @ w.value, (x, w), "@", rules)


def relu(z):
    """max(0, z) of a node, entry by entry."""
    return Node(np.maximum(z.value, 0), (z,), "relu", (lambda g: g * (z.value > 0),))


def delta_before(delta, w, z):
    """δ of a ReLU layer with input z, from the δ of the next layer, whose weights are w."""
    return (delta @ w.T) * (z > 0)


def softmax(z):
    """Each row of logits as probabilities: positive, with the sum 1."""
    e = np.exp(z - z.max(axis=1, keepdims=True))  # the largest becomes e⁰ = 1: nothing overflows
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy(z, labels):
    """The mean of -log p[label] over the rows, p = softmax(z): one node."""
    n = len(labels)
    p = softmax(z.value)
    y = np.zeros_like(p)
    y[np.arange(n), labels] = 1
    value = -np.log(p[np.arange(n), labels]).mean()
    return Node(value, (z,), "cross_entropy", (lambda g: g * (p - y) / n,))


def bump_rule(g, out, x):
    """What out = exp(-x²) sends to x."""
    return g * -2 * x * out


def differences(f, x, h=1e-5):
    """The gradient of a number f(x) by central differences, one entry of x at a time."""
    slopes = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[i] = h
        slopes[i] = (f(x + nudge) - f(x - nudge)) / (2 * h)
    return slopes


ROWS = ("none: every pixel reaches the loss", "pixels without ink in the whole batch", "those of units that are off")
UNSEEN = ("x·y", "x − x", "x + x")
