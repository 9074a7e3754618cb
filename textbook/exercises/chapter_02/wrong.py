"""Wrong answers to the exercises of chapter 2, those that take more than a line."""

from textbook.exercises.chapter_01 import Node
from textbook.exercises.chapter_02.answers import OPERATIONS, kahn, refresh, topological_order


def kahn_without_cycles(inputs):
    try:
        return kahn(inputs)
    except ValueError:
        return []


def kahn_with_counts(inputs):
    waits_for = {node: len(sources) for node, sources in inputs.items()}
    order = []
    while ready := [node for node, n in waits_for.items() if n == 0 and node not in order]:
        order.append(ready[0])
        for user, sources in inputs.items():
            waits_for[user] -= ready[0] in sources  # x·x waits for two, and hears once
    if len(order) < len(inputs):
        raise ValueError("the graph has a cycle")
    return order


def kahn_eager(inputs):
    order = [node for node, sources in inputs.items() if not sources]
    for node in order:
        order += [user for user, sources in inputs.items() if node in sources and user not in order]
    return order


def without_seen(root):
    return [node for parent in root.parents for node in without_seen(parent)] + [root]


def parents_last(root):
    order = []

    def visit(node):
        if node not in order:
            order.append(node)
            for parent in node.parents:
                visit(parent)

    visit(root)
    return order


def without_root(root):
    return topological_order(root)[:-1]


def only_the_root(root):
    if root.parents:
        root.value = OPERATIONS[root.op](*[parent.value for parent in root.parents])
    return root.value


def first_operation_only(root):
    for node in topological_order(root):
        if node.parents:
            node.value = OPERATIONS[node.op](*[parent.value for parent in node.parents])
            return node.value
    return root.value


def nothing_stored(root):
    values: dict[Node, float] = {}
    for node in topological_order(root):
        inputs = [values[parent] for parent in node.parents]
        values[node] = OPERATIONS[node.op](*inputs) if inputs else node.value
    return values[root]


def no_return(root):
    refresh(root)


def backwards(root):
    for node in reversed(topological_order(root)):
        if node.parents:
            node.value = OPERATIONS[node.op](*[parent.value for parent in node.parents])
    return root.value


def first_twice(root):
    for node in topological_order(root):
        if node.parents:
            node.value = OPERATIONS[node.op](node.parents[0].value, node.parents[0].value)
    return root.value


def wide(n=600):
    nodes = [Node(1.0) for _ in range(n)]
    while len(nodes) > 1:
        pairs = [a + b for a, b in zip(nodes[::2], nodes[1::2], strict=False)]
        nodes = pairs + nodes[len(nodes) - len(nodes) % 2 :]
    return nodes[0]
