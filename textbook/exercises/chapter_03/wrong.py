"""Wrong answers to the exercises of chapter 3, those that take more than a line."""

import math
from collections import deque

from textbook.exercises.chapter_02 import topological_order
from textbook.exercises.chapter_03.answers import Node, backward


def by_discovery(root):
    """Breadth first from the root: a node comes as soon as it is found, whoever has still to send it something."""
    order, queue = [], deque([root])
    while queue:
        node = queue.popleft()
        if node not in order:
            order.append(node)
            queue.extend(node.parents)
    return order


def walk(root, nodes, *, seed=1.0, add=lambda old, new: old + new, upstream=lambda node: node.grad,
         message=lambda rule, g: rule(g)):  # fmt: skip
    """Backpropagation in which every part can be spoiled."""
    root.grad = seed
    for node in nodes:
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad = add(parent.grad, message(rule, upstream(node)))


def back(root):
    return reversed(topological_order(root))


def without_order(root):
    """Backpropagation in the order in which nodes are discovered from the root."""
    walk(root, by_discovery(root))


def recursively(root, seed=1.0):
    """Every path is walked again, with all that a node has received so far."""
    root.grad = seed

    def send(node):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad += rule(node.grad)
            send(parent)

    send(root)


def path_by_path(root, g=1.0):
    """Right, and as slow as (3.5): each path is walked by itself."""
    root.grad += g
    for parent, rule in zip(root.parents, root.rules, strict=True):
        path_by_path(parent, rule(g))


def empties_first(root):
    """Only the last call counts."""
    for node in topological_order(root):
        node.grad = 0.0
    backward(root)


def from_a_stack(root):
    """A node is visited once for each message, the latest first."""
    root.grad, stack = 1.0, [root]
    while stack:
        node = stack.pop()
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad += rule(node.grad)
            stack.append(parent)


def seeds_everyone(root):
    root.grad = 1.0
    for parent, rule in zip(root.parents, root.rules, strict=True):
        parent.grad += rule(root.grad)
        seeds_everyone(parent)


class LocalOnly(Node):
    def __add__(self, other):
        return type(self)(self.value + other.value, (self, other), "+", (lambda g: g, lambda g: g))

    def __mul__(self, other):
        return type(self)(self.value * other.value, (self, other), "*", self._rules(other))

    def _rules(self, other):
        return lambda g: other.value, lambda g: self.value


class Crossed(LocalOnly):
    def _rules(self, other):
        return lambda g: g * self.value, lambda g: g * other.value


class AddRule(LocalOnly):
    def _rules(self, other):
        return lambda g: g, lambda g: g


class AddValue(LocalOnly):
    def _rules(self, other):
        return lambda g: g + other.value, lambda g: g + self.value


class OwnGrad(LocalOnly):
    def _rules(self, other):
        return lambda g: self.grad * other.value, lambda g: other.grad * self.value


class WholeValue(LocalOnly):
    def _rules(self, other):
        return (lambda g: g * self.value * other.value,) * 2


def with_rule(local, value=math.tanh):
    """An elementwise node whose rule multiplies by `local(out, z)`."""

    def function(z):
        out = value(z.value)
        return Node(out, (z,), "", (lambda g: g * local(out, z.value),))

    return function


def forgets_g(z):
    out = math.tanh(z.value)
    return Node(out, (z,), "tanh", (lambda g: 1 - out**2,))


def no_brackets(z):
    out = math.tanh(z.value)
    return Node(out, (z,), "tanh", (lambda g: g - out**2,))


def step(*, empty=True, used=lambda p: p.grad, sign=-1.0, scale=None):
    """train_step with a part spoiled."""

    def train_step(params, make_loss, lr):
        if empty:
            for p in params:
                p.grad = 0.0
        loss = make_loss()
        backward(loss)
        for p in params:
            p.value += sign * (lr if scale is None else scale) * used(p)
        return loss.value

    return train_step


def replaces(params, make_loss, lr):
    for p in params:
        p.grad = 0.0
    backward(make_loss())
    for p in params:
        p.value = -lr * p.grad


def one_by_one(params, make_loss, lr):
    """Only the parameter whose turn it is moves along a gradient that is fresh."""
    for p in params:
        p.grad = 0.0
        backward(make_loss())
        p.value -= lr * p.grad


def ten_doublings(x):
    for _ in range(10):
        x = x + x
    return x


def one_by_one_sum(x):
    node = x
    for _ in range(999):
        node = node + x
    return node


def in_time(x, y):
    """(u + x)·u with u = x·y: u is shared, and yet its turn comes late enough."""
    u = x * y
    return (u + x) * u


def late_and_zero(x, y):
    """u·(0·u) with u = x·y: u speaks before it has heard all, and has missed nothing."""
    u = x * y
    return u * (u * Node(0.0))
