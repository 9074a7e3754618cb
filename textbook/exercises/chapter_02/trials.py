"""How answers to the exercises of chapter 2 are tried: cases to compare, and free answers to judge."""

from textbook.exercises.chapter_01 import Node
from textbook.exercises.chapter_02.answers import topological_order

SOURCE = {"a": (), "b": (), "d": (), "c": ("a", "b"), "e": ("c", "d")}
SQUARE = {"x": (), "f": ("x", "x")}
FIG_1 = {"f": ("u", "y"), "u": ("x", "y"), "x": (), "y": ()}
LADDER = {"s4": ("s3", "s1"), "s3": ("s2", "s2"), "x": (), "s2": ("s1", "x"), "s1": ("x",)}
CYCLE = {"x": (), "u": ("x", "f"), "f": ("u", "x")}


def finds_orders(kahn):
    """What is wrong with a function from graphs to orders."""
    for inputs in (SOURCE, SQUARE, FIG_1, LADDER):
        given = dict(inputs)
        try:
            order = kahn(given)
        except ValueError as error:
            yield f"{inputs}: raised ValueError: {error}. This graph has an order. x·x has two edges from one node."
            return
        if order is None:
            yield f"{inputs}: your function returned None. Is a `return` missing, at the end, after the loop?"
            return
        order = list(order)
        if given != inputs:
            yield f"{inputs}: your function changed the graph it was given. Copy what you want to change."
        yield from _faults(order, inputs)
    try:
        order = kahn(dict(CYCLE))
    except ValueError:
        return
    yield f"{CYCLE}: this graph has a cycle, and you returned {order}. Raise ValueError where nodes are left over."


def _faults(order, inputs):
    for k, node in enumerate(order):
        if node not in inputs:
            yield f"{inputs}: you returned {order}, and {node!r} is no node of the graph."
        if node in order[:k]:
            yield f"{inputs}: you returned {order}, with {node} in it twice. Each node is computed once."
        for source in inputs.get(node, ()):
            if source not in order[:k]:
                yield f"{inputs}: you returned {order}, but {node} needs {source}, which does not stand before it."
    if len(order) < len(inputs):
        yield f"{inputs}: you returned {order}. Where are the others?"


def _small_graphs():
    x, y, z = Node(3.0), Node(2.0), Node(-1.5)
    u = x + y
    s = x * x
    t = s + u
    return [x, u * y, s, (u * z) + u, (t * s) + (t * y), t + t]


def orders_depth_first(answer):
    """What is wrong with a function from a root to an order."""
    for root in _small_graphs():
        wanted = set(topological_order(root))
        given = answer(root)
        if given is None:
            yield "It returned None. Is a `return` missing, at the end, after all visits?"
            return
        order = list(given)
        if not all(isinstance(node, Node) for node in order):
            yield "Return a list of nodes: the nodes themselves, not their values or names."
            return
        place = {node: k for k, node in enumerate(order)}
        if set(order) - wanted:
            yield "Nodes of an earlier call stand in your order. A default like order=[] is made once, for all calls."
            return
        if set(order) != wanted:
            yield f"Your order has {len(place)} nodes, and the root depends on {len(wanted)}, itself included."
            return
        if len(place) < len(order):
            yield "A node that is used twice stands in your order twice. Remember whom you have visited."
            return
        if any(place[p] > place[v] for v in order for p in v.parents if p in place):
            yield "A node stands before one of its parents. It may be appended only when all of its parents have been."
            return


GRAPHS = {
    "sum": lambda a, b: a + b,
    "fig_1": lambda a, b: (a + b) * b,
    "square": lambda a, b: a * a + b,
    "shared": lambda a, b: (a + b) * ((a + b) + a) + b * b,
}


def run_refresh(refresh, graph, *values):
    leaves = [Node(1.0) for _ in values]
    root = GRAPHS[graph](*leaves)
    for leaf, value in zip(leaves, values, strict=True):
        leaf.value = value
    result = refresh(root)
    return [result, *[node.value for node in topological_order(root)]]


def too_deep(build):
    """What is wrong with a graph that should be too deep for recursion."""
    root = build if isinstance(build, Node) else build()
    if not isinstance(root, Node):
        yield "Return the last node of a graph: a Node."
        return
    try:
        n = len(topological_order(root))
    except RecursionError:
        return
    depth, level = 0, [root]
    while level := list(dict.fromkeys(p for node in level for p in node.parents)):
        depth += 1
    if n > 500 and depth < 500:
        yield f"Your graph has {n} nodes, but its longest path has {depth} edges. Not the number of nodes: their depth."
    yield f"The recursive order gets through it: the longest path has {depth} edges. Go deeper."


def networks(rng):
    return [
        (rng.normal(size=(n, 6)), rng.normal(size=(6, h)), rng.normal(size=h), rng.normal(size=(h, 3)),
         rng.normal(size=3))
        for n, h in ((4, 5), (1, 7), (9, 2))
    ]  # fmt: skip
