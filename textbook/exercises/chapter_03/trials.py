"""How answers to the exercises of chapter 3 are tried: cases to compare, and free answers to judge."""

import itertools

import numpy as np

from textbook.exercises.chapter_02 import topological_order
from textbook.exercises.chapter_03 import wrong
from textbook.exercises.chapter_03.answers import Node, backward, shortcut, train_step


def fig_1(x, y):
    """(x + y)·y: y is used twice."""
    return (x + y) * y


def square(x, y):
    """x·x + y: two edges from one node to another."""
    return x * x + y


def ladder(x, y):
    """Eight doublings: 256 paths along 18 edges."""
    u = x * y
    for _ in range(8):
        u = u + u
    return u


GRAPHS = {  # what is built, and differentiated, from the same two leaves
    "(x + y)·y": [fig_1],
    "x·x + y": [square],
    "u·(u + x), u = x·y": [shortcut],
    "x·y, doubled eight times": [ladder],
    "(x + y)·y, built again from the same x and y": [fig_1, fig_1],
}
ENOUGH = 10  # messages for each edge: who sends more walks path by path, and would never end on a graph of 100 diamonds


def product(node_class, x, y):
    """What the reader's class makes of (x + y)·y."""
    a, b = node_class(x), node_class(y)
    u = a + b
    f = u * b
    if not hasattr(f, "parents"):
        raise TypeError(f"the product is a {type(f).__name__}: return a Node")
    rules = _listed(f.rules, "rules")
    if not rules:
        raise TypeError("the product has no rules: Node(value, parents, op, rules) wants them in the fourth place")
    for rule in rules:
        if not callable(rule):
            raise TypeError(f"a rule is a function of g, such as lambda g: g; yours is the number {rule:g}")
    if len(rules) != 2:
        raise TypeError(f"a product has two parents, so it needs two rules; yours has {len(rules)}")
    if f.op != "*":
        raise ValueError(f'the third place is for the sign, the text "*"; yours holds {f.op!r}')
    parents = list(_listed(f.parents, "parents"))
    if parents not in ([u, b], [b, u]):
        raise ValueError("the parents of u * y are u and y: (self, other)")
    try:
        messages = [rule(10.0) for rule in rules]
    except TypeError as error:
        if "Node" not in str(error):
            raise
        raise TypeError("a rule multiplies g by a Node: take its value, as in other.value") from None
    to_u, to_y = messages if parents[0] is u else reversed(messages)
    return {"f.value": f.value, "the message to u, when 10 arrives at f = u·y,": to_u,
            "the message to y, when 10 arrives at f = u·y,": to_y}  # fmt: skip


def _listed(group, name):
    if not isinstance(group, tuple | list):
        found = "function" if callable(group) and not hasattr(group, "parents") else type(group).__name__
        raise TypeError(f"{name} is a {found}, not a tuple: a tuple of one needs its comma, as in (z,)")
    return group


def gradients(backward, graph, x, y):
    leaves = [Node(x), Node(y)]
    for build in GRAPHS[graph]:
        root = build(*leaves)
        _count_messages(root)
        backward(root)
    return {"x.grad": leaves[0].grad, "y.grad": leaves[1].grad}


def _count_messages(root):
    """Let the rules of a graph fail when they are asked for far more messages than there are edges."""
    nodes = topological_order(root)
    edges = sum(len(node.parents) for node in nodes)
    left = itertools.count(ENOUGH * edges, -1)

    def counted(rule):
        def message(g):
            if next(left) <= 0:
                raise RuntimeError(f"more than {ENOUGH * edges} messages, on a graph of {edges} edges")
            return rule(g)

        return message

    for node in nodes:
        node.rules = tuple(map(counted, node.rules))


def one_node(function, z):
    """Value and slope of a function that makes one node of one."""
    leaf = Node(z)
    out = function(leaf)
    if not hasattr(out, "parents"):
        raise TypeError(f"the result is a {type(out).__name__}: return a Node, with z as its parent")
    if not _listed(out.parents, "parents"):
        raise ValueError("the node has no parents: where should it send its message?")
    if not _listed(out.rules, "rules"):
        raise ValueError("the node has no rules: Node(value, parents, op, rules) wants them in the fourth place")
    if list(out.parents) != [leaf]:
        raise ValueError("tanh is to be one node with one parent, z; yours is the last node of several")
    backward(Node(10.0 * out.value, (out,), "", (lambda g: 10.0 * g,)))
    return {"value": out.value, "z.grad, when 10 arrives,": leaf.grad}


def two_steps(step, lr, w, b):
    """Where two steps lead to on a line through three points."""
    start = w, b
    w, b = params = [Node(w), Node(b)]

    def make_loss():
        errors = [w * Node(x) + b + Node(-target) for x, target in ((1.0, 2.0), (2.0, 4.0), (3.0, 5.0))]
        return errors[0] * errors[0] + errors[1] * errors[1] + errors[2] * errors[2]

    before, returned = [], []
    for _ in range(2):
        before.append(make_loss().value)
        returned.append(step(params, make_loss, lr))
    found = {"w after two steps": w.value, "b after two steps": b.value}
    if step is not train_step and np.allclose([*found.values()], [*two_steps(train_step, lr, *start).values()]):
        _is_the_loss(returned[0], before[0])  # where the walk is right, what it says on the way counts too
    return found


def _is_the_loss(returned, before):
    if returned is None:
        raise TypeError("the step is right, but it returned None: return loss.value")
    if hasattr(returned, "parents"):
        raise TypeError("the step is right, but it returned a Node: return its value, loss.value")
    if not np.allclose(returned, before):
        raise ValueError(f"the step is right, but it returned {returned:g}; the loss before the step was {before:g}")


def has_a_thousand_paths(build):
    """What is wrong with a graph that x should reach its end through on 1,000 paths."""
    x = Node(1.0)
    root = build(x)
    if not hasattr(root, "parents"):
        yield f"Return the last node of a graph; got {type(root).__name__}."
        return
    nodes, todo = {root}, [root]
    while todo:
        new = set(todo.pop().parents) - nodes
        nodes |= new
        todo += new
    additions = sum(bool(node.parents) for node in nodes)
    if x not in nodes:
        yield "Your last node was not made from the x that was given."
    elif any(node.op != "+" for node in nodes if node.parents):
        yield "Only + is allowed here. A product changes the number that a path carries; it adds no path."
    elif additions > 15:
        yield f"{additions} additions; 15 are allowed. Use a node again: v + v doubles the number of paths."
    elif (paths := _paths(x, root)) != 1000:
        yield f"x reaches the end on {paths:,} path{'s' * (paths != 1)}; wanted are 1,000."


def _paths(x, root):
    """How many paths lead from x to the root: every edge is walked once, backwards."""
    count = dict.fromkeys(nodes := topological_order(root), 0) | {root: 1}
    for node in reversed(nodes):
        for parent in node.parents:
            count[parent] += count[node]
    return count[x]


def needs_order(build):
    """What is wrong with a graph that should go wrong without topological order."""
    root = build(Node(3.0), Node(2.0))
    if not hasattr(root, "parents") or not root.parents:
        yield "Return the last node of a graph: something made of x and y with + and *."
    elif all(_survives_haste(build, *point) for point in ((3.0, 2.0), (-1.5, 4.0))):
        yield f"The walk without order gets this graph right. {_what_saves(root)}"


def _survives_haste(build, x, y):
    """Whether the walk without order finds the right gradients."""
    found = []
    for walk in (backward, wrong.without_order):
        leaves = [Node(x), Node(y)]
        walk(build(*leaves))
        found.append([leaf.grad for leaf in leaves])
    return np.allclose(found[0], found[1])


def _what_saves(root):
    order = wrong.by_discovery(root)
    sends = [(place, order.index(parent), parent) for place, node in enumerate(order) for parent in node.parents]
    if any(parent.parents and sent > spoke for sent, spoke, parent in sends):
        return (
            "A message does come late, but nothing is lost with it: it is 0, or meets a 0 on its way to x and y. "
            "Let it count."
        )
    if any(node.parents and sum(parent is node for *_, parent in sends) > 1 for node in order):
        return (
            "A node in the middle is shared, but all its messages had arrived when its turn came: let it be the first "
            "input of the root, and send the late message a longer way round."
        )
    return "Only leaves are shared here, and a leaf passes nothing on: share a node in the middle."
