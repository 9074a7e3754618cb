"""Exercises of chapter 3, backpropagation on numbers.  Their right answers, put together, are a small engine."""

import math

import numpy as np

from textbook.exercises.chapter_02 import topological_order


class Node:
    """A value, how it was computed, and for each parent the rule that passes a gradient on to it."""

    def __init__(self, value, parents=(), op="", rules=()):
        self.value, self.parents, self.op, self.rules = value, parents, op, rules
        self.grad = 0.0

    def __add__(self, other):
        return Node(self.value + other.value, (self, other), "+", (lambda g: g, lambda g: g))

    def __mul__(self, other):
        rules = (lambda g: g * other.value, lambda g: g * self.value)
        return Node(self.value * other.value, (self, other), "*", rules)


def backward(root):
    """∂root/∂v into v.grad, for every node v of a graph of numbers."""
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad += rule(node.grad)


def tanh(z):
    """tanh z as one node; its rule needs nothing but what the forward pass has found."""
    out = math.tanh(z.value)
    return Node(out, (z,), "tanh", (lambda g: g * (1 - out**2),))


def train_step(params, make_loss, lr):
    """One step downhill: empty, forward, backward, move.  Returns the loss before the step."""
    for p in params:
        p.grad = 0.0
    loss = make_loss()
    backward(loss)
    for p in params:
        p.value -= lr * p.grad
    return loss.value


def slope_of_f(x):
    """The derivative of x·sin(x²): one term for each path from x to the result."""
    through_the_factor = np.sin(x**2)
    through_the_sine = x * np.cos(x**2) * 2 * x
    return through_the_factor + through_the_sine


def held_and_free(x, y):
    """The slopes of u·y in y, where u = x + y is held, and where it moves."""
    u = x + y
    through_u = y
    return u, u + through_u


def shortcut(x, y):
    """u·(u + x) with u = x·y: u must wait for the sum before its turn comes."""
    u = x * y
    return u * (u + x)


def thousand_paths(x):
    """1000 = 1111101000 in binary: double, and add x where there is a 1."""
    node = x
    for digit in f"{1000:b}"[1:]:
        node = node + node
        if digit == "1":
            node = node + x
    return node
