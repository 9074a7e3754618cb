"""Exercises of chapter 2, forward propagation: orders, a pass, and what they cost."""

import operator

import numpy as np

from textbook import ops
from textbook.exercises import Exercise
from textbook.exercises.chapter_01 import Node

# ---------------------------------------------------------------------------------------------- graphs as names

SOURCE = {"a": (), "b": (), "d": (), "c": ("a", "b"), "e": ("c", "d")}
SQUARE = {"x": (), "f": ("x", "x")}
FIG_1 = {"f": ("u", "y"), "u": ("x", "y"), "x": (), "y": ()}
LADDER = {"s4": ("s3", "s1"), "s3": ("s2", "s2"), "x": (), "s2": ("s1", "x"), "s1": ("x",)}
CYCLE = {"x": (), "u": ("x", "f"), "f": ("u", "x")}


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


def _kahn_without_cycles(inputs):
    try:
        return kahn(inputs)
    except ValueError:
        return []


def _kahn_with_counts(inputs):
    waits_for = {node: len(sources) for node, sources in inputs.items()}
    order = []
    while ready := [node for node, n in waits_for.items() if n == 0 and node not in order]:
        order.append(ready[0])
        for user, sources in inputs.items():
            waits_for[user] -= ready[0] in sources  # x·x waits for two, and hears once
    if len(order) < len(inputs):
        raise ValueError("the graph has a cycle")
    return order


def _kahn_eager(inputs):
    order = [node for node, sources in inputs.items() if not sources]
    for node in order:
        order += [user for user, sources in inputs.items() if node in sources and user not in order]
    return order


def _finds_orders(kahn):
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


# ---------------------------------------------------------------------------------------------- graphs as objects


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


def _small_graphs():
    x, y, z = Node(3.0), Node(2.0), Node(-1.5)
    u = x + y
    s = x * x
    t = s + u
    return [x, u * y, s, (u * z) + u, (t * s) + (t * y), t + t]


def _orders_depth_first(answer):
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


def _without_seen(root):
    return [node for parent in root.parents for node in _without_seen(parent)] + [root]


def _parents_last(root):
    order = []

    def visit(node):
        if node not in order:
            order.append(node)
            for parent in node.parents:
                visit(parent)

    visit(root)
    return order


def _without_root(root):
    return topological_order(root)[:-1]


GRAPHS = {
    "sum": lambda a, b: a + b,
    "fig_1": lambda a, b: (a + b) * b,
    "square": lambda a, b: a * a + b,
    "shared": lambda a, b: (a + b) * ((a + b) + a) + b * b,
}


def _run_refresh(refresh, graph, *values):
    leaves = [Node(1.0) for _ in values]
    root = GRAPHS[graph](*leaves)
    for leaf, value in zip(leaves, values, strict=True):
        leaf.value = value
    result = refresh(root)
    return [result, *[node.value for node in topological_order(root)]]


def _only_the_root(root):
    if root.parents:
        root.value = OPERATIONS[root.op](*[parent.value for parent in root.parents])
    return root.value


def _first_operation_only(root):
    for node in topological_order(root):
        if node.parents:
            node.value = OPERATIONS[node.op](*[parent.value for parent in node.parents])
            return node.value
    return root.value


def _nothing_stored(root):
    values: dict[Node, float] = {}
    for node in topological_order(root):
        inputs = [values[parent] for parent in node.parents]
        values[node] = OPERATIONS[node.op](*inputs) if inputs else node.value
    return values[root]


def _no_return(root):
    refresh(root)


def _backwards(root):
    for node in reversed(topological_order(root)):
        if node.parents:
            node.value = OPERATIONS[node.op](*[parent.value for parent in node.parents])
    return root.value


def _first_twice(root):
    for node in topological_order(root):
        if node.parents:
            node.value = OPERATIONS[node.op](node.parents[0].value, node.parents[0].value)
    return root.value


def _too_deep(build):
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


def chain(depth=5000):
    """x + x + x + …: each sum on top of the one before."""
    node = x = Node(1.0)
    for _ in range(depth):
        node = node + x
    return node


def _wide(n=600):
    nodes = [Node(1.0) for _ in range(n)]
    while len(nodes) > 1:
        pairs = [a + b for a, b in zip(nodes[::2], nodes[1::2], strict=False)]
        nodes = pairs + nodes[len(nodes) - len(nodes) % 2 :]
    return nodes[0]


# ---------------------------------------------------------------------------------------------- costs and digits


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


def _networks(rng):
    return [
        (rng.normal(size=(n, 6)), rng.normal(size=(6, h)), rng.normal(size=h), rng.normal(size=(h, 3)),
         rng.normal(size=3))
        for n, h in ((4, 5), (1, 7), (9, 2))
    ]  # fmt: skip


EXERCISES = [
    Exercise(
        "2-a", "predict", "In how many orders can the five nodes of c = a + b, e = c·d be computed?",
        reference=8.0,
        mistakes={
            "Two are shown. But d may come at any time before e.": 2.0,
            "In 6 of them all three inputs come first. But c does not need d: d may come after c.": 6.0,
            "120 = 5! counts every sequence. Most of them compute something too early.": 120.0,
            "4 are the places of d, before a up to after c. In each of them a and b may change places.": 4.0,
        },
        insight="e is last. d may stand in any of four places before it, and a and b may change places: 4 · 2.",
    ),
    Exercise(
        "2-b", "predict", "c = a + b and e = c·d are computed. Then d changes. How many operations must be redone?",
        reference=1.0,
        mistakes={
            "c does not depend on d: its value still holds.": 2.0,
            "e depends on d, so it must be computed again.": 0.0,
            "Of the five nodes three are inputs, and c has not changed.": 5.0,
        },
        insight="Only e depends on d.",
    ),
    Exercise(
        "2-1", "implement", "Is this order topological?",
        reference=is_topological,
        cases=[
            (["a", "b", "d", "c", "e"], SOURCE), (["c", "a", "b", "d", "e"], SOURCE),
            (["b", "a", "c", "d", "e"], SOURCE), (["a", "c", "b", "d", "e"], SOURCE),
            (["a", "b", "c", "d"], SOURCE), (["a", "b", "a", "d", "c", "e"], SOURCE),
            (["x", "f"], SQUARE), (["f", "x"], SQUARE), (["x", "y", "u", "f"], FIG_1),
            (["d", "e", "a", "b", "c"], SOURCE), (["a", "b", "d", "c", "c"], SOURCE),
        ],
        mistakes={
            "You compare only the sets of names. Every node is there, and the order can still be wrong.":
                lambda order, inputs: set(order) == set(inputs),
            "You compare only which names are there. They can all be there, and in a wrong order.":
                lambda order, inputs: sorted(order) == sorted(inputs),
            "You accept orders in which nodes are missing.":
                lambda order, inputs: len(set(order)) == len(order) and is_topological(
                    [*order, *[v for v in inputs if v not in order]], inputs),
            "A node may stand in an order only once.":
                lambda order, inputs: is_topological(list(dict.fromkeys(order)), inputs),
            "Two things are still accepted: nodes that are missing, and nodes that stand there twice.":
                lambda order, inputs: all(u in order[:k] for k, v in enumerate(order) for u in inputs[v]),
            "You count the nodes. The number can be right with one node missing and another standing there twice.":
                lambda order, inputs: len(order) == len(inputs) and all(
                    u in order[:k] for k, v in enumerate(order) for u in inputs[v]),
            "One input that has been computed is not enough: all of them must have been.":
                lambda order, inputs: len(order) == len(inputs) == len(set(order)) and all(
                    not inputs[v] or any(s in order[:k] for s in inputs[v]) for k, v in enumerate(order)),
            "There are many valid orders, and you accept a single one.":
                lambda order, inputs: list(order) == kahn(inputs),
        },
        insight="One pass and a set of what is done. This is also what the engine does with an order of yours.",
    ),
    Exercise(
        "2-2", "implement", "Kahn's algorithm: an order by taking what is ready.",
        reference=kahn,
        checker=_finds_orders,
        caught={
            "this graph has a cycle, and you returned": _kahn_without_cycles,
            "x·x has two edges from one node": _kahn_with_counts,
            "which does not stand before it": _kahn_eager,
        },
        insight="Nobody is asked twice: the work grows with the number of nodes and edges.",
    ),
    Exercise(
        "2-3", "implement", "A topological order, depth first.",
        reference=topological_order,
        checker=_orders_depth_first,
        caught={
            "stands in your order twice": _without_seen,
            "stands before one of its parents": _parents_last,
            "itself included": _without_root,
        },
        insight="First everything it needs, then itself. You will use it again in chapter 3, backwards.",
    ),
    Exercise(
        "2-4", "implement", "A forward pass over nodes whose inputs have changed.",
        reference=refresh,
        run=_run_refresh,
        cases=[("sum", 3.0, 2.0), ("fig_1", 3.0, 2.0), ("square", -1.5, 4.0), ("shared", 0.5, 2.5)],
        mistakes={
            "Only the root was computed anew, from parents that are still stale.": _only_the_root,
            "The values are right. Return the root's value, at the end.": _no_return,
            "You walk from the root to the inputs: each operation still finds its parents' old values.": _backwards,
            "Each operation got its first input twice.": _first_twice,
            "The result is right, and the nodes still hold their old values. Store each in node.value.":
                _nothing_stored,
            "The `return` stands inside the loop: the pass ends at the first operation.": _first_operation_only,
            "Nothing was computed anew: that is the stale value.": lambda root: root.value,
        },
        insight="One line of calculus in a loop: val(v) = f_v(val(u₁), val(u₂), …). The order does the rest.",
    ),
    Exercise(
        "2-5", "break", "A graph that is too deep for a recursive order.",
        reference=chain,
        checker=_too_deep,
        caught={
            "Go deeper": lambda: chain(50),
            "Not the number of nodes": _wide,
            "Return the last node of a graph": lambda: 5000,
        },
        insight="It is the depth, the length of the longest path. The engine keeps its own list in place of calls.",
    ),
    Exercise(
        "2-c", "predict", "Two n×n matrices are multiplied. How many times as many multiplications for three times n?",
        reference=27.0,
        mistakes={
            "3n rows, 3n columns, and each entry of the result is a sum of 3n products.": 3.0,
            "There are 9 times as many entries, and each of them takes three times as many products.": 9.0,
            "That is for twice the n: two times two times two.": 8.0,
        },
        insight="(3n)³ = 27n³.",
    ),
    Exercise(
        "2-6", "derive", "Multiplications and additions of an (n, m) times an (m, p) matrix product.",
        reference=matmul_costs,
        cases=[(3, 4, 5), (64, 784, 128), (2, 1, 7)],
        mistakes={
            "A sum of m terms takes m − 1 additions.": lambda n, m, p: (n * m * p, n * m * p),
            "The result has n·p entries, each a sum of m products.": lambda n, m, p: (n * p, n * (m - 1) * p),
            "The inner size is m, the one that the two matrices share.": lambda n, m, p: (n * m * p, n * m * (p - 1)),
            "Multiplications first, then additions.": lambda n, m, p: (n * (m - 1) * p, n * m * p),
            "Return the two numbers one by one, not their sum.": lambda n, m, p: n * m * p + n * (m - 1) * p,
            "Each of the n·p entries takes m − 1 additions, not one entry alone.": lambda n, m, p: (n * m * p, m - 1),
            "These are the costs of square matrices of side n. Here the sides are n, m and p.":
                lambda n, m, p: (n**3, n**3 - n**2),
            "There is only the number of multiplications. Return two numbers.": lambda n, m, p: n * m * p,
        },
        insight="Square matrices give n³ and n³ − n². A layer of a network is not square: n·m·p says more than n³.",
    ),
    Exercise(
        "2-7", "derive", "Multiplications of a k×k convolution, n×n result, c_in channels in, c_out out.",
        reference=convolution_cost,
        cases=[(28, 3, 1, 8), (14, 5, 8, 16), (7, 2, 3, 2)],
        mistakes={
            "A k×k kernel has k² entries, not k.": lambda n, k, c_in, c_out: n**2 * k * c_in * c_out,
            "Each channel that comes out looks at all c_in that come in.":
                lambda n, k, c_in, c_out: n**2 * k**2 * c_out,
            "Each of the c_out channels has kernels of its own.": lambda n, k, c_in, c_out: n**2 * k**2 * c_in,
            "There is a kernel for each pair of channels: c_in · c_out of them, not c_in + c_out.":
                lambda n, k, c_in, c_out: n**2 * k**2 * (c_in + c_out),
            "The result has n² pixels, not n.": lambda n, k, c_in, c_out: n * k**2 * c_in * c_out,
            "n is the side of the result: it has n² pixels, whatever k is.":
                lambda n, k, c_in, c_out: (n - k + 1) ** 2 * k**2 * c_in * c_out,
            "That is one channel in and one out.": lambda n, k, c_in, c_out: n**2 * k**2,
        },
        insight="k²n² for each pair of channels. Channels are what makes convolutions expensive.",
    ),
    Exercise(
        "2-8", "implement", "The forward pass of a network with one hidden layer.",
        reference=digit_scores,
        cases=_networks,
        mistakes={
            "The ReLU is missing: negative hidden units must become 0.":
                lambda x, w1, b1, w2, b2: (x @ w1 + b1) @ w2 + b2,
            "The scores went through a ReLU too. They may be negative: leave them as they are.":
                lambda x, w1, b1, w2, b2: np.maximum(digit_scores(x, w1, b1, w2, b2), 0),
            "The bias b1 belongs inside the ReLU: cut after adding it.":
                lambda x, w1, b1, w2, b2: (np.maximum(x @ w1, 0) + b1) @ w2 + b2,
            "A ReLU sets the negative ones to 0. You took the absolute value.":
                lambda x, w1, b1, w2, b2: np.abs(x @ w1 + b1) @ w2 + b2,
            "The biases are missing.": lambda x, w1, b1, w2, b2: np.maximum(x @ w1, 0) @ w2,
            "b2 is missing.": lambda x, w1, b1, w2, b2: np.maximum(x @ w1 + b1, 0) @ w2,
            "b1 is missing.": lambda x, w1, b1, w2, b2: np.maximum(x @ w1, 0) @ w2 + b2,
            "These are shares. Return the scores, before the softmax.": lambda x, w1, b1, w2, b2: ops.softmax(
                digit_scores(x, w1, b1, w2, b2)),
            "These are the digits. Return the ten scores of each image.": lambda x, w1, b1, w2, b2: digit_scores(
                x, w1, b1, w2, b2).argmax(axis=1),
            "np.max(z, 0) is the largest of each column. np.maximum(z, 0) cuts each number at 0.":
                lambda x, w1, b1, w2, b2: np.max(x @ w1 + b1, 0) @ w2 + b2,
        },
        insight="Two lines. Everything that this network knows is in four arrays.",
    ),
]  # fmt: skip
