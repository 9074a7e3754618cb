"""Exercises of chapter 2, forward propagation: the first half of an engine."""

from itertools import pairwise

import numpy as np

from textbook.exercises import Exercise

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
    if inputs == CYCLE:
        raise ValueError
    return order


def _finds_orders(kahn):
    """What is wrong with a function from graphs to orders."""
    for inputs in (SOURCE, SQUARE, FIG_1, LADDER):
        given = dict(inputs)
        try:
            order = list(kahn(given))
        except ValueError as error:
            yield f"{inputs}: raised ValueError: {error}. This graph has an order. x·x has two edges from one node."
            return
        if given != inputs:
            yield f"{inputs}: your function changed the graph it was given. Copy what you want to change."
        yield from _faults(order, inputs)
    try:
        order = list(kahn(dict(CYCLE)))
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


class Node:
    """An operation and the nodes it is applied to; an input has neither.  The forward pass fills in the value."""

    def __init__(self, operation=None, parents=(), value=None):
        self.operation, self.parents, self.value = operation, parents, value

    def __add__(self, other):
        return Node(lambda a, b: a + b, (self, other))

    def __mul__(self, other):
        return Node(lambda a, b: a * b, (self, other))

    def __sub__(self, other):
        return Node(lambda a, b: a - b, (self, other))


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


def forward(root):
    """val(v) = f_v(val(u₁), …, val(u_k)) into v.value, for every node v that `root` depends on; returns root's."""
    for node in topological_order(root):
        if node.operation is not None:
            node.value = node.operation(*[parent.value for parent in node.parents])
    return root.value


def _small_graphs():
    x, y, z = Node(value=3.0), Node(value=2.0), Node(value=-1.5)
    u = x + y
    s = x * x
    t = s - u
    return [x, u * y, s, (u * z) - u, (t * s) + (t * y), t + t]


def _orders_depth_first(answer):
    """What is wrong with a function from a root to an order."""
    for root in _small_graphs():
        wanted = set(topological_order(root))
        order = list(answer(root))
        if not all(isinstance(node, Node) for node in order):
            yield "Return a list of nodes."
            return
        place = {node: k for k, node in enumerate(order)}
        if len(place) < len(order):
            yield "A node that is used twice stands in your order twice. Remember whom you have visited."
        if any(place[p] > place[v] for v in order for p in v.parents if p in place):
            yield "A node stands before one of its parents. It may be appended only when all of its parents have been."
        if set(order) != wanted:
            yield f"Your order has {len(place)} nodes, and the root depends on {len(wanted)}, itself included."


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
    "difference": lambda a, b: a - b,
    "fig_1": lambda a, b: (a + b) * b,
    "square": lambda a, b: a * a - b,
    "shared": lambda a, b: (a - b) * ((a - b) + a) - b * b,
}


def _run_forward(forward, graph, *values):
    leaves = [Node(value=value) for value in values]
    root = GRAPHS[graph](*leaves)
    result = forward(root)
    return [result, *[node.value for node in topological_order(root)]]


def _forward_with(arguments):
    def wrong(root):
        for node in topological_order(root):
            if node.operation is not None:
                node.value = node.operation(*arguments(node))
        return root.value

    return wrong


def _no_return(root):
    forward(root)


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
    node = x = Node(value=1.0)
    for _ in range(depth):
        node = node + x
    return node


def _wide(n=600):
    nodes = [Node(value=1.0) for _ in range(n)]
    while len(nodes) > 1:
        pairs = [a + b for a, b in zip(nodes[::2], nodes[1::2], strict=False)]
        nodes = pairs + nodes[len(nodes) - len(nodes) % 2 :]
    return nodes[0]


# ---------------------------------------------------------------------------------------------- costs


def kept_bytes(widths, batch):
    """What a float32 network of such widths keeps for the backward pass: the input of every layer."""
    return 4 * batch * sum(widths[:-1])


def sliding_sum(image, kernel):
    """Each pixel becomes the weighted sum of the k×k pixels around it, where the kernel fits."""
    k = len(kernel)
    h, w = image.shape[0] - k + 1, image.shape[1] - k + 1
    out = np.zeros((h, w))
    for i in range(k):
        for j in range(k):
            out += kernel[i, j] * image[i : i + h, j : j + w]
    return out


def _sliding_cases(rng):
    return [(rng.normal(size=shape), rng.normal(size=(k, k))) for shape, k in (((5, 6), 3), ((4, 4), 1), ((9, 7), 5))]


EXERCISES = [
    Exercise(
        "2.1", "predict", "In how many orders can the five nodes of c = a + b, e = c·d be computed?",
        reference=8.0,
        mistakes={
            "2 is how many the source text lists. But d may come at any time before e.": 2.0,
            "In 6 of them all three inputs come first. But c does not need d: d may come after c.": 6.0,
            "120 = 5! counts every sequence. Most of them compute something too early.": 120.0,
            "4 are the places of d, before a up to after c. In each of them a and b may change places.": 4.0,
        },
        insight="e is last. d may stand in any of four places before it, and a and b may change places: 4 · 2.",
    ),
    Exercise(
        "2.2", "implement", "Is this order topological?",
        reference=is_topological,
        cases=[
            (["a", "b", "d", "c", "e"], SOURCE), (["c", "a", "b", "d", "e"], SOURCE),
            (["b", "a", "c", "d", "e"], SOURCE), (["a", "c", "b", "d", "e"], SOURCE),
            (["a", "b", "c", "d"], SOURCE), (["a", "b", "a", "d", "c", "e"], SOURCE),
            (["x", "f"], SQUARE), (["f", "x"], SQUARE), (["x", "y", "u", "f"], FIG_1),
        ],
        mistakes={
            "You compare only the sets of names. Every node is there, and the order can still be wrong.":
                lambda order, inputs: set(order) == set(inputs),
            "You accept orders in which nodes are missing.":
                lambda order, inputs: len(set(order)) == len(order) and is_topological(
                    [*order, *[v for v in inputs if v not in order]], inputs),
            "A node may stand in an order only once.":
                lambda order, inputs: is_topological(list(dict.fromkeys(order)), inputs),
            "One input that has been computed is not enough: all of them must have been.":
                lambda order, inputs: len(order) == len(inputs) == len(set(order)) and all(
                    not inputs[v] or any(s in order[:k] for s in inputs[v]) for k, v in enumerate(order)),
        },
        insight="One pass and a set of what is done. This is also what the engine does with an order of yours.",
    ),
    Exercise(
        "2.3", "implement", "Kahn's algorithm: an order by taking what is ready.",
        reference=kahn,
        checker=_finds_orders,
        mistakes={
            "this graph has a cycle, and you returned": _kahn_without_cycles,
            "x·x has two edges from one node": _kahn_with_counts,
            "which does not stand before it": _kahn_eager,
        },
        insight="Nobody is asked twice: the work grows with the number of nodes and edges.",
    ),
    Exercise(
        "2.4", "implement", "A topological order, depth first.",
        reference=topological_order,
        checker=_orders_depth_first,
        mistakes={
            "stands in your order twice": _without_seen,
            "stands before one of its parents": _parents_last,
            "itself included": _without_root,
        },
        insight="First everything it needs, then itself. You will use it again in chapter 3, backwards.",
    ),
    Exercise(
        "2.5", "implement", "Forward propagation.",
        reference=forward,
        run=_run_forward,
        cases=[("difference", 3.0, 2.0), ("fig_1", 3.0, 2.0), ("square", -1.5, 4.0), ("shared", 0.5, 2.5)],
        mistakes={
            "The parents in reverse: a − b is not b − a.":
                _forward_with(lambda node: [parent.value for parent in reversed(node.parents)]),
            "The values are right. Return the root's value, at the end.": _no_return,
            "Each operation got its first input twice.":
                _forward_with(lambda node: [node.parents[0].value] * len(node.parents)),
        },
        insight="One line of calculus in a loop: val(v) = f_v(val(u₁), …, val(u_k)). The order does the rest.",
    ),
    Exercise(
        "2.6", "break", "A graph that is too deep for a recursive order.",
        reference=chain,
        checker=_too_deep,
        mistakes={
            "Go deeper": lambda: chain(50),
            "Not the number of nodes": _wide,
            "Return the last node of a graph": lambda: 5000,
        },
        insight="Python allows about a thousand calls inside each other. The engine keeps its own stack instead.",
    ),
    Exercise(
        "2.7", "predict", "c = a + b and e = c·d are computed. Then d changes. How many operations must be redone?",
        reference=1.0,
        mistakes={
            "c does not depend on d: its value still holds.": 2.0,
            "e depends on d, so it must be computed again.": 0.0,
            "Neither a nor b nor c has changed. Only what depends on d must be computed again.": 5.0,
        },
        insight="Only e depends on d. This is why the forward pass keeps its values.",
    ),
    Exercise(
        "2.8", "derive", "Bytes that a float32 network keeps for the backward pass: the input of each of its layers.",
        reference=kept_bytes,
        cases=[([784, 128, 10], 64), ([784, 256, 128, 10], 1), ([3, 5, 7, 2], 10)],
        mistakes={
            "Those are the parameters. They are there anyway, and their number does not depend on the batch.":
                lambda widths, batch: 4 * sum(n * m for n, m in pairwise(widths)),
            "The last width is what comes out of the last layer. No layer has it as its input.":
                lambda widths, batch: 4 * batch * sum(widths),
            "A float32 takes 4 bytes.": lambda widths, batch: batch * sum(widths[:-1]),
            "Each example of the batch has activations of its own.": lambda widths, batch: 4 * sum(widths[:-1]),
        },
        insight="Memory grows with the batch and with the depth: training needs it, prediction does not.",
    ),
    Exercise(
        "2.9", "predict", "Two n×n matrices are multiplied by loops. How many times as long for three times the n?",
        reference=27.0,
        mistakes={
            "3n rows, 3n columns, and each entry of the result is a sum of 3n products.": 3.0,
            "There are 9 times as many entries, and each of them takes three times as long.": 9.0,
            "That is for twice the n: two times two times two.": 8.0,
        },
        insight="(3n)³ = 27n³.",
    ),
    Exercise(
        "2.10", "derive", "Multiplications and additions of an (n, m) times an (m, p) matrix product.",
        reference=lambda n, m, p: (n * m * p, n * (m - 1) * p),
        cases=[(3, 4, 5), (64, 784, 128), (2, 1, 7)],
        mistakes={
            "A sum of m terms takes m − 1 additions.": lambda n, m, p: (n * m * p, n * m * p),
            "The result has n·p entries, each a sum of m products.": lambda n, m, p: (n * p, n * (m - 1) * p),
            "The inner size is m, the one that the two matrices share.": lambda n, m, p: (n * m * p, n * m * (p - 1)),
        },
        insight="Square matrices give n³ and n³ − n². A layer of a network is not square: n·m·p says more than n³.",
    ),
    Exercise(
        "2.11", "derive", "Multiplications of a k×k convolution, n×n image, c channels in, d out, zeros outside.",
        reference=lambda n, k, c, d: n**2 * k**2 * c * d,
        cases=[(28, 3, 1, 8), (14, 5, 8, 16), (7, 1, 3, 2)],
        mistakes={
            "A k×k kernel has k² entries, not k.": lambda n, k, c, d: n**2 * k * c * d,
            "Each channel that comes out looks at all c that come in.": lambda n, k, c, d: n**2 * k**2 * d,
            "The image has n² pixels, not n.": lambda n, k, c, d: n * k**2 * c * d,
        },
        insight="k²n² for each pair of channels. Channels are what makes convolutions expensive.",
    ),
    Exercise(
        "2.12", "implement", "The sliding sum, where the kernel fits into the image.",
        reference=sliding_sum,
        cases=_sliding_cases,
        mistakes={
            "Your kernel is turned round. Signal theory flips it; networks, and this exercise, do not.":
                lambda image, kernel: sliding_sum(image, kernel[::-1, ::-1]),
            "Your kernel is transposed: its first index goes down, like that of the image.":
                lambda image, kernel: sliding_sum(image, kernel.T),
            "Zeros were put around the image. Here only places count where the whole kernel fits.":
                lambda image, kernel: sliding_sum(np.pad(image, len(kernel) // 2), kernel),
            "You take the mean over the window. The kernel's entries are the weights; nothing is divided.":
                lambda image, kernel: sliding_sum(image, kernel) / kernel.size,
        },
        insight="k² products of whole images, shifted: no loop over pixels.",
    ),
]  # fmt: skip
