"""Exercises of chapter 2, forward propagation: orders, a pass, and what they cost."""

import operator

import numpy as np

from textbook.exercises.chapter_01 import Node


def is_topological(order, inputs):
    """Whether every node stands in the order once, after all of its inputs."""
    done = set()
    for node in order:
        if node in done or any(source not in done for source in inputs[node]):
            return False
        done.add(node)
    return done == set(inputs)


def kahn(inputs):
    """A topological order, by taking what is ready.  Source: Kahn 1962."""
    users: dict[str, list[str]] = {node: [] for node in inputs}
    for node, sources in inputs.items():
        for source in sources:
            users[source].append(node)  # x·x is a user of x twice
    waits_for = {node: len(sources) for node, sources in inputs.items()}
    ready = [node for node in inputs if not waits_for[node]]
    order = []
    while ready:
        node = ready.pop()
        order.append(node)
        for user in users[node]:
            waits_for[user] -= 1
            if not waits_for[user]:
                ready.append(user)
    if len(order) < len(inputs):
        raise ValueError("the graph has a cycle")
    return order


def topological_order(root):
    """Every node that `root` was made from, each after its parents: depth first.  Source: Tarjan 1976."""
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    return order


OPERATIONS = {"+": operator.add, "*": operator.mul}


def refresh(root):
    """val(v) = f_v(val(u₁), val(u₂), …) into v.value, for every node v that `root` depends on; returns root's."""
    for node in topological_order(root):
        if node.parents:
            node.value = OPERATIONS[node.op](*[parent.value for parent in node.parents])
    return root.value


def chain(depth=5000):
    """x + x + x + …: each sum on top of the one before."""
    node = x = Node(1.0)
    for _ in range(depth):
        node = node + x
    return node


def matmul_costs(n, m, p):
    """Multiplications and additions of an (n, m) times an (m, p) matrix product."""
    return n * m * p, n * (m - 1) * p


def convolution_cost(n, k, c_in, c_out):
    """Multiplications of a convolution with an n × n result."""
    return n**2 * k**2 * c_in * c_out


def digit_scores(x, w1, b1, w2, b2):
    """Ten scores for each row of x: relu(x @ w1 + b1) @ w2 + b2."""
    a1 = np.maximum(x @ w1 + b1, 0)
    return a1 @ w2 + b2
