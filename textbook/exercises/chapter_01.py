"""Exercises of chapter 1, computational graphs.

A graph is written as `sources`: for each node the names of its inputs, in order; a leaf has none.
"""

from textbook.exercises import Exercise
from textbook.graph import Graph, check_rules


class Node:
    """A value, and how it was computed."""

    def __init__(self, value, parents=(), op=""):
        self.value, self.parents, self.op = value, parents, op

    def __add__(self, other):
        return Node(self.value + other.value, (self, other), "+")

    def __mul__(self, other):
        return Node(self.value * other.value, (self, other), "*")


FIGURE_1 = {"x": (), "y": (), "u": ("x", "y"), "f": ("u", "y")}
DIAMOND = {"x": (), "a": ("x",), "b": ("x", "x"), "c": ("a", "b"), "d": ("c", "c", "x")}
SHUFFLED = {"e": ("d", "d"), "d": ("c", "a"), "c": ("a", "b"), "a": (), "b": ()}
LOOP = {"x": (), "u": ("x", "f"), "f": ("u",)}
SELF = {"x": (), "f": ("f", "x")}
FAR_LOOP = {"x": (), "a": ("x", "d"), "b": ("a",), "c": ("b", "a"), "d": ("c",), "f": ("x", "x")}


def uses(sources):
    """How often each node is used: the edges that leave it."""
    count = dict.fromkeys(sources, 0)
    for inputs in sources.values():
        for source in inputs:
            count[source] += 1
    return count


def _uses_once_per_node(sources):
    return {v: sum(v in inputs for inputs in sources.values()) for v in sources}


def _inputs_instead(sources):
    return {v: len(inputs) for v, inputs in sources.items()}


def tree_size(sources, node):
    """The number of nodes when everything is written out as a tree."""
    sizes: dict[str, int] = {}

    def size(v):
        if v not in sizes:
            sizes[v] = 1 + sum(size(s) for s in sources[v])
        return sizes[v]

    return size(node)


def _graph_size(sources, node):
    seen, todo = set(), [node]
    while todo:
        v = todo.pop()
        if v not in seen:
            seen.add(v)
            todo += sources[v]
    return len(seen)


def _without_itself(sources, node):
    return sum(1 + _without_itself(sources, s) for s in sources[node])


def _leaves_only(sources, node):
    return sum(_leaves_only(sources, s) for s in sources[node]) or 1


def has_cycle(sources):
    """Whether some node depends on itself."""
    waiting = dict(sources)
    while waiting:
        ready = [v for v, inputs in waiting.items() if not any(s in waiting for s in inputs)]
        if not ready:
            return True
        for v in ready:
            del waiting[v]
    return False


def _self_loop(sources):
    return any(v in inputs for v, inputs in sources.items())


def _met_twice(sources):
    def walk(v, seen):
        if v in seen:
            return True
        seen.add(v)
        return any(walk(s, seen) for s in sources[v])

    return any(walk(v, set()) for v in sources)


def _defined_later(sources):
    names = list(sources)
    return any(s in names and names.index(s) > i for i, inputs in enumerate(sources.values()) for s in inputs)


RULES = ("acyclic", "complete", "consistent", "differentiable")

BROKEN = {
    "acyclic": {"x": (), "u": ("add", "x", "f"), "f": ("sin", "u")},
    "complete": {"x": (), "f": ("add", "x", "bias")},
    "consistent": {"x": (), "v": [1.0, 2.0], "w": [1.0, 2.0, 3.0], "u": ("add", "v", "w"), "f": ("mul", "u", "x")},
    "differentiable": {"x": (), "f": ("round", "x")},
}


def _broken(graphs):
    if not isinstance(graphs, dict) or set(graphs) != set(RULES):
        yield f"return a dictionary with the keys {', '.join(RULES)}"
        return
    for rule, definitions in graphs.items():
        try:
            found = {violation.rule for violation in check_rules(Graph.build(definitions))}
        except Exception as error:  # whatever a reader's dictionary brings about
            yield f"{rule}: Graph.build refuses this graph: {error}"
            continue
        if not found:
            yield f"{rule}: this graph is sound, it breaks no rule"
        elif found != {rule}:
            yield f"{rule}: this graph breaks {' and '.join(sorted(found))}; wanted is {rule} alone"


EXERCISES = [
    Exercise(
        "1.1",
        "predict",
        "How many nodes has the graph of f = (x + y) · (x − y)?",
        5,
        mistakes={
            "You drew x and y twice. Each is one variable, so it is one node, however often it is used.": 7,
            "You counted the operations. The inputs x and y are nodes too.": 3,
            "You left something out: x, y, the sum, the difference and the product.": 4,
        },
        insight="Two inputs and three operations. The nodes x and y are used twice each.",
    ),
    Exercise(
        "1.2",
        "predict",
        "How many edges has the graph of f = x · x?",
        2,
        mistakes={
            "As a set of pairs there would be one, (x, f). But the product takes two inputs, and both are x.": 1,
            "There is one node for x, not two; it is used twice.": 3,
        },
        insight="One for each place where x goes in. Backpropagation will send one message along each.",
    ),
    Exercise(
        "1.3",
        "implement",
        "How often is each node used?",
        uses,
        cases=[(FIGURE_1,), (DIAMOND,), (SHUFFLED,)],
        run=lambda answer, sources: [answer(dict(sources)).get(v, -1) for v in sources],
        mistakes={
            "You counted the nodes that use it. In x · x one node uses x, twice: count the edges.": _uses_once_per_node,
            "You counted the inputs of each node: the edges that arrive. Count those that leave.": _inputs_instead,
            "A node that nobody uses is missing from your dictionary. It is used 0 times: say so.": (
                lambda sources: {v: n for v, n in uses(sources).items() if n}
            ),
        },
        insight="This number says how many messages a node will wait for on the way back.",
    ),
    Exercise(
        "1.4",
        "predict",
        "y ← y + y, ten times. How many nodes has the formula written out as a tree?",
        2047,
        mistakes={
            "That is the graph. In the tree nothing is shared.": 11,
            "Those are the leaves alone: the x's that you would have to write.": 1024,
            "Almost: the levels have 1, 2, 4, …, 1024 nodes; add them up.": 2048,
        },
        insight="1 + 2 + 4 + … + 1024 = 2¹¹ − 1. The graph has 11 nodes.",
    ),
    Exercise(
        "1.5",
        "implement",
        "How many nodes has the formula of a node, written out as a tree?",
        tree_size,
        cases=[(FIGURE_1, "f"), (DIAMOND, "d"), (SHUFFLED, "e"), (SHUFFLED, "d"), (FIGURE_1, "x")],
        mistakes={
            "You counted each node once. That is the size of the graph; in the tree a shared node is written again.": (
                _graph_size
            ),
            "You left the node itself out: a tree of one leaf has one node.": _without_itself,
            "You counted the leaves. The operations are nodes too.": _leaves_only,
        },
        insight="A graph is a formula in which each part is written once.",
    ),
    Exercise(
        "1.6",
        "implement",
        "Does the graph have a cycle?",
        has_cycle,
        cases=[(FIGURE_1,), (LOOP,), (SHUFFLED,), (DIAMOND,), (FAR_LOOP,), (SELF,)],
        mistakes={
            "You looked only for nodes that are their own input. A cycle may take several steps to close.": _self_loop,
            "You took a node that is met twice for a cycle. Two paths may meet again without ever turning back.": (
                _met_twice
            ),
            "You trusted the order in which the nodes are listed. A definition may stand above its inputs.": (
                _defined_later
            ),
        },
        insight="No cycle means that there is an order in which everything can be computed: chapter 2 builds it.",
    ),
    Exercise(
        "1.7",
        "break",
        "Break each of the four rules, and only that one.",
        BROKEN,
        checker=_broken,
        mistakes={
            "complete: this graph is sound": BROKEN | {"complete": {"x": (), "f": ("sin", "x")}},
            "differentiable: this graph breaks complete and differentiable": BROKEN
            | {"differentiable": {"x": (), "f": ("round", "z")}},
        },
        insight="Each rule excludes something that the other three let through.",
    ),
    Exercise(
        "1.8",
        "derive",
        "How many nodes and edges has logistic regression with n features?",
        lambda n: (4 * n + 2, 4 * n + 1),
        cases=[(2,), (1,), (7,), (784,)],
        mistakes={
            "You gave one addition n + 1 inputs. Here + takes two: adding n + 1 terms takes n additions.": (
                lambda n: (3 * n + 3, 3 * n + 2)
            ),
            "You forgot the bias: it is an input and costs an addition.": lambda n: (4 * n, 4 * n - 1),
            "You counted operations only. The n features, the n weights and b are nodes too.": (
                lambda n: (2 * n + 1, 4 * n + 1)
            ),
        },
        insight="2n + 1 inputs and 2n + 1 operations: n products, n additions, one σ.",
    ),
    Exercise(
        "1.9",
        "derive",
        "How many numbers do the nodes of softmax regression hold, for a batch of B digits?",
        lambda B: 804 * B + 7851,
        cases=[(1,), (32,), (100,)],
        mistakes={
            "You gave every example a bias of its own. b has 10 numbers; broadcasting lends them to all rows.": (
                lambda B: 814 * B + 7841
            ),
            "You left the parameters out: W and b are nodes, and hold 7,850 numbers.": lambda B: 804 * B + 1,
            "You counted the product and the logits once. They are two nodes, with 10·B numbers each.": (
                lambda B: 794 * B + 7851
            ),
        },
        insight="The parameters cost the same for any batch; what the forward pass keeps grows with it.",
    ),
]
