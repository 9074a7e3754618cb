"""Wrong answers to the exercises of chapter 4, those that take more than a line."""

import numpy as np

from textbook.exercises.chapter_02 import topological_order
from textbook.exercises.chapter_03 import Node
from textbook.exercises.chapter_04.answers import softmax, sum_to


def walk(*, seed=np.ones_like, order=lambda root: list(reversed(topological_order(root))), fit=sum_to,
          upstream=lambda node, parent: node.grad, add=lambda old, new: old + new,
          message=lambda rule, g: rule(g)):  # fmt: skip
    """Backpropagation on arrays in which every part can be spoiled."""

    def backward(root):
        root.grad = seed(root.value)
        for node in order(root):
            for parent, rule in zip(node.parents, node.rules, strict=True):
                parent.grad = add(parent.grad, fit(message(rule, upstream(node, parent)), np.shape(parent.value)))

    return backward


def mean_to(g, shape):
    return sum_to(g, shape) * (np.prod(shape, dtype=float) / np.size(g))


def into_the_first(root):
    """The first message becomes the gradient itself, and later ones are added into it."""
    root.grad = np.ones_like(root.value)
    for node in reversed(topological_order(root)):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            message = sum_to(rule(node.grad), np.shape(parent.value))
            if isinstance(parent.grad, float):
                parent.grad = message
            else:
                parent.grad += message


def by_discovery(root):
    found = [root]
    for node in found:
        found += [parent for parent in dict.fromkeys(node.parents) if parent not in found]
    return found


def front_axes(g, shape):
    return g.sum(axis=tuple(range(g.ndim - len(shape))))


def ones_only(g, shape):
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def last_axes(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=-1)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def first_axis(g, shape):
    return g.sum(axis=0)


def first_copy(g, shape):
    while g.ndim > len(shape):
        g = g[0]
    return g[tuple(slice(n) for n in shape)]


def log_of_the_mean(z, labels):
    right = loss()(z, labels)
    p = softmax(z.value)[np.arange(len(labels)), labels]
    return Node(-np.log(p.mean()), right.parents, right.op, right.rules)


def loss(*, minus=True, value=np.mean, rule=lambda g, p, y: g * (p - y) / len(p)):
    """cross_entropy with a part spoiled."""

    def node(z, labels):
        rows = np.arange(len(labels))
        p = softmax(z.value)
        y = np.zeros_like(p)
        y[rows, labels] = 1
        logs = np.log(p[rows, labels])
        return Node(value(-logs if minus else logs), (z,), "", (lambda g: rule(g, p, y),))

    return node


def quotients(ahead, behind, width, *, restore=True, rows=False):
    """Difference quotients with f taken at x + ahead·h and x − behind·h, divided by width·h."""

    def slopes_of(f, x, h=1e-5):
        slopes, x = np.zeros_like(x), x.copy()
        for i in range(len(x)) if rows else np.ndindex(x.shape):
            moved = x.copy() if restore else x
            moved[i] += ahead * h
            above = f(moved)
            moved[i] -= (ahead + behind) * h
            slopes[i] = (above - f(moved)) / (width * h)
        return slopes

    return slopes_of


def all_at_once(f, x, h=1e-5):
    return np.full_like(x, (f(x + h) - f(x - h)) / (2 * h))
