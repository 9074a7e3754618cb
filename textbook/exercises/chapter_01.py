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


def uses(sources):
    """How often each node is used: the edges that leave it."""
    count = dict.fromkeys(sources, 0)
    for inputs in sources.values():
        for source in inputs:
            count[source] += 1
    return count


def _uses_once_per_node(sources):
    return {v: sum(v in inputs for inputs in sources.values()) for v in sources}


def _uses_in_order(sources):
    count = {}
    for v, inputs in sources.items():
        count[v] = 0
        for source in inputs:
            count[source] += 1
    return count


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


RULES = ("acyclic", "complete", "consistent", "differentiable")

BROKEN = {
    "acyclic": {"x": (), "u": ("add", "x", "f"), "f": ("sin", "u")},
    "complete": {"x": (), "f": ("add", "x", "bias")},
    "consistent": {"x": (), "v": [1.0, 2.0], "w": [1.0, 2.0, 3.0], "u": ("add", "v", "w"), "f": ("mul", "u", "x")},
    "differentiable": {"x": (), "f": ("round", "x")},
}


def _broken(graphs):
    if not isinstance(graphs, dict) or set(graphs) != set(RULES):
        yield f"give a dictionary with the four keys {', '.join(RULES)}"
        return
    for rule, definitions in graphs.items():
        try:
            violations = list(check_rules(Graph.build(definitions)))
        except Exception as error:  # whatever a reader's dictionary brings about
            yield f"{rule}: Graph.build refuses this graph: {error}"
            continue
        found = {violation.rule for violation in violations}
        unknown = [v.message for v in violations if "has no entry in OPS" in v.message and "jumps" not in v.message]
        if unknown:
            yield f"{rule}: {unknown[0]}. An operation that nobody knows breaks no rule: take one that jumps"
        elif not found:
            yield f"{rule}: this graph is sound, it breaks no rule"
        elif found != {rule}:
            yield f"{rule}: this graph breaks {' and '.join(sorted(found))}; wanted is {rule} alone"


def logistic_size(n):
    """2n + 1 inputs; n products, n additions and σ; two edges into each product and addition, one into σ."""
    return (2 * n + 1) + (2 * n + 1), 2 * n + 2 * n + 1


def numbers_held(B):
    """X, W, b; the product, the logits, the loss."""
    return 784 * B + 7840 + 10 + 10 * B + 10 * B + 1


def _use(node_class):
    """What is asked of a reader's Node, by the names under which the verdict speaks of it."""
    x, y, z = node_class(3), node_class(2), node_class(-4)
    total, product = x + y, x * y
    shown: dict[str, object] = {"x * y": f"of type {type(product).__name__}"}
    if isinstance(product, node_class):
        shown["x * y"] = "a Node"
        f = total * y
        parents, twice = tuple(product.parents), tuple((x * x).parents)
        shown |= {"(x + y).value": total.value, "(x * y).value": product.value}
        shown["the number of parents of x * y"] = len(parents)
        names = {id(x): "x", id(y): "y"}
        shown["the list of parents of x * y"] = [names.get(id(p), type(p).__name__) for p in parents]
        shown["the number of parents of x * x"] = len(twice)
        shown["(x + y).op"] = total.op
        shown["(x * y).op"] = product.op.replace("×", "*").replace("·", "*")
        shown["((x + y) * y).value"] = f.value
        shown["((x + y) * y * (z * z)).value"] = (f * (z * z)).value
    return shown


def _node(product):
    """The class Node with another __mul__."""

    class Another:
        def __init__(self, value, parents=(), op=""):
            self.value, self.parents, self.op = value, parents, op

        def __add__(self, other):
            return Another(self.value + other.value, (self, other), "+")

        def __mul__(self, other):
            return product(Another, self, other)

    return Another


EXERCISES = [
    Exercise(
        "1-a",
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
        "1-1",
        "implement",
        "The class Node, with + and ×.",
        Node,
        cases=[()],
        run=_use,
        mistakes={
            "The value is the product of the two values, not their sum.": _node(
                lambda N, a, b: N(a.value + b.value, (a, b), "*")
            ),
            "The new node must know its parents: pass (self, other).": _node(
                lambda N, a, b: N(a.value * b.value, (), "*")
            ),
            "The new node must know its parents and its operation.": _node(lambda N, a, b: N(a.value * b.value)),
            "The operation is \"*\", as a text.": _node(lambda N, a, b: N(a.value * b.value, (a, b), "+")),
            "The third argument names the operation: pass \"*\".": _node(lambda N, a, b: N(a.value * b.value, (a, b))),
            "The parents are the two nodes, not their values.": _node(
                lambda N, a, b: N(a.value * b.value, (a.value, b.value), "*")
            ),
            "Return a Node, not a number: else the product forgets where it comes from.": _node(
                lambda N, a, b: a.value * b.value
            ),
            "Multiply the values: self * other calls __mul__ again, without end.": _node(lambda N, a, b: a * b),
            "The parents stand in order: self first, then other.": _node(
                lambda N, a, b: N(a.value * b.value, (b, a), "*")
            ),
        },
        insight="A value, its parents, its operation. Chapter 3 adds what to send back to each parent.",
    ),
    Exercise(
        "1-b",
        "predict",
        "How many edges has the graph of f = x · x?",
        2,
        mistakes={
            "As a set of pairs there would be one, (x, f). But the product takes two inputs, and both are x.": 1,
            "There is one node for x, not two; it is used twice.": 3,
        },
        insight="One for each place where x goes in. Backpropagation will send one number along each.",
    ),
    Exercise(
        "1-2",
        "implement",
        "How often is each node used?",
        uses,
        cases=[(FIGURE_1,), (DIAMOND,), (SHUFFLED,)],
        run=lambda answer, sources: answer(dict(sources)),
        mistakes={
            "You counted the nodes that use it. In x · x one node uses x, twice: count the edges.": _uses_once_per_node,
            "You counted the inputs of each node: the edges that arrive. Count those that leave.": _inputs_instead,
            "A node that nobody uses is missing from your dictionary. It is used 0 times: say so.": (
                lambda sources: {v: n for v, n in uses(sources).items() if n}
            ),
            "Start with 0 for every node, then count: a node may stand in the dictionary before its inputs.": (
                _uses_in_order
            ),
            "You counted each node itself as a use: start from 0.": (
                lambda sources: {v: n + 1 for v, n in uses(sources).items()}
            ),
        },
        insight="This number says for how many messages a node will wait on the way back.",
    ),
    Exercise(
        "1-c",
        "predict",
        "y ← y + y, ten times. How many nodes has the formula written out as a tree?",
        2047,
        mistakes={
            "That is the graph. In the tree nothing is shared.": 11,
            "Those are the leaves alone: the x's that you would have to write.": 1024,
            "Those are the sums alone. The leaves are nodes too.": 1023,
            "Almost: the levels have 1, 2, 4, …, 1024 nodes; add them up.": 2048,
        },
        insight="1 + 2 + 4 + … + 1024 = 2¹¹ − 1. The graph has 11 nodes.",
    ),
    Exercise(
        "1-3",
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
            "You counted the node and its inputs. The inputs have inputs too.": (
                lambda sources, node: 1 + len(sources[node])
            ),
            "You counted all nodes of the graph.": lambda sources, node: len(sources),
        },
        insight="A graph is a formula in which each part is written once.",
    ),
    Exercise(
        "1-4",
        "break",
        "Break each of the four rules, and only that one.",
        BROKEN,
        checker=_broken,
        caught={
            "complete: this graph is sound": BROKEN | {"complete": {"x": (), "f": ("sin", "x")}},
            "differentiable: this graph breaks complete and differentiable": BROKEN
            | {"differentiable": {"x": (), "f": ("round", "z")}},
            "acyclic: Graph.build refuses this graph": BROKEN | {"acyclic": {"x": "f"}},
            "An operation that nobody knows breaks no rule": BROKEN | {"differentiable": {"x": (), "f": ("foo", "x")}},
            "give a dictionary with the four keys": [*BROKEN.values()],
        },
        insight="Each rule excludes something that the other three let through.",
    ),
    Exercise(
        "1-5",
        "derive",
        "How many nodes and edges has logistic regression with n features?",
        logistic_size,
        cases=[(2,), (1,), (7,), (784,)],
        mistakes={
            "You gave one addition n + 1 inputs. Here + takes two: adding n + 1 terms takes n additions.": (
                lambda n: (3 * n + 3, 3 * n + 2)
            ),
            "You forgot the bias: it is an input and costs an addition.": lambda n: (4 * n, 4 * n - 1),
            "The bias is counted as a node, but adding it is an operation too.": lambda n: (4 * n + 1, 4 * n - 1),
            "There are 2n + 1 inputs and as many operations. You counted only one kind.": (
                lambda n: (2 * n + 1, 4 * n + 1)
            ),
            "You gave the edges before the nodes.": lambda n: (4 * n + 1, 4 * n + 2),
            "σ is an operation: one more node, one more edge.": lambda n: (4 * n + 1, 4 * n),
        },
        insight="2n + 1 inputs and 2n + 1 operations: n products, n additions, one σ.",
    ),
    Exercise(
        "1-6",
        "derive",
        "How many numbers do the nodes of softmax regression hold, for a batch of B digits?",
        numbers_held,
        cases=[(1,), (32,), (100,)],
        mistakes={
            "You gave every example a bias of its own. b has 10 numbers; broadcasting lends them to all rows.": (
                lambda B: 814 * B + 7841
            ),
            "You left the parameters out: W and b are nodes, and hold 7,850 numbers.": lambda B: 804 * B + 1,
            "You counted the product and the logits once. They are two nodes, with 10·B numbers each.": (
                lambda B: 794 * B + 7851
            ),
            "You forgot the loss: it is a node, and holds one number.": lambda B: 804 * B + 7850,
            "You counted the inputs only. Every operation holds its result.": lambda B: 784 * B + 7850,
            "The weights serve all digits of the batch: W has 7,840 numbers, whatever B is.": lambda B: (
                784 * B + 7840 * B + 10 + 20 * B + 1
            ),
            "The loss is the mean over the batch: one number.": lambda B: 805 * B + 7850,
        },
        insight="The parameters cost the same for any batch; what the forward pass keeps grows with it.",
    ),
]
