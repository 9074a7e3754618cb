"""Exercises of chapter 3, backpropagation on numbers.  Their right answers, put together, are a small engine."""

import itertools
import math
from collections import deque

import numpy as np

from textbook.exercises import Exercise
from textbook.exercises.chapter_02 import topological_order

# ---------------------------------------------------------------------------------------------- the reader's engine


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


# ---------------------------------------------------------------------------------------------- slopes by hand


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


# ---------------------------------------------------------------------------------------------- graphs to try it on


def fig_1(x, y):
    """(x + y)·y: y is used twice."""
    return (x + y) * y


def square(x, y):
    """x·x + y: two edges from one node to another."""
    return x * x + y


def shortcut(x, y):
    """u·(u + x) with u = x·y: u must wait for the sum before its turn comes."""
    u = x * y
    return u * (u + x)


def ladder(x, y):
    """Eight doublings: 256 paths along 18 edges."""
    u = x * y
    for _ in range(8):
        u = u + u
    return u


def in_time(x, y):
    """(u + x)·u with u = x·y: u is shared, and yet its turn comes late enough."""
    u = x * y
    return (u + x) * u


GRAPHS = {  # what is built, and differentiated, from the same two leaves
    "(x + y)·y": [fig_1],
    "x·x + y": [square],
    "u·(u + x), u = x·y": [shortcut],
    "x·y, doubled eight times": [ladder],
    "(x + y)·y, built again from the same x and y": [fig_1, fig_1],
}
ENOUGH = 10  # messages for each edge: who sends more walks path by path, and would never end on a graph of 100 diamonds

# ---------------------------------------------------------------------------------------------- using an answer


def _product(node_class, x, y):
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


def _gradients(backward, graph, x, y):
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


def _one_node(function, z):
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


def _two_steps(step, lr, w, b):
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
    if step is not train_step and np.allclose([*found.values()], [*_two_steps(train_step, lr, *start).values()]):
        _is_the_loss(returned[0], before[0])  # where the walk is right, what it says on the way counts too
    return found


def _is_the_loss(returned, before):
    if returned is None:
        raise TypeError("the step is right, but it returned None: return loss.value")
    if hasattr(returned, "parents"):
        raise TypeError("the step is right, but it returned a Node: return its value, loss.value")
    if not np.allclose(returned, before):
        raise ValueError(f"the step is right, but it returned {returned:g}; the loss before the step was {before:g}")


# ---------------------------------------------------------------------------------------------- answers gone wrong


def _by_discovery(root):
    """Breadth first from the root: a node comes as soon as it is found, whoever has still to send it something."""
    order, queue = [], deque([root])
    while queue:
        node = queue.popleft()
        if node not in order:
            order.append(node)
            queue.extend(node.parents)
    return order


def _walk(root, nodes, *, seed=1.0, add=lambda old, new: old + new, upstream=lambda node: node.grad):
    """Backpropagation in which every part can be spoiled."""
    root.grad = seed
    for node in nodes:
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad = add(parent.grad, rule(upstream(node)))


def _back(root):
    return reversed(topological_order(root))


def without_order(root):
    """Backpropagation in the order in which nodes are discovered from the root."""
    _walk(root, _by_discovery(root))


def _recursively(root, seed=1.0):
    """Every path is walked again, with all that a node has received so far."""
    root.grad = seed

    def send(node):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad += rule(node.grad)
            send(parent)

    send(root)


def _path_by_path(root, g=1.0):
    """Right, and as slow as (3.5): each path is walked by itself."""
    root.grad += g
    for parent, rule in zip(root.parents, root.rules, strict=True):
        _path_by_path(parent, rule(g))


def _empties_first(root):
    """Only the last call counts."""
    for node in topological_order(root):
        node.grad = 0.0
    backward(root)


def _from_a_stack(root):
    """A node is visited once for each message, the latest first."""
    root.grad, stack = 1.0, [root]
    while stack:
        node = stack.pop()
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad += rule(node.grad)
            stack.append(parent)


def _seeds_everyone(root):
    root.grad = 1.0
    for parent, rule in zip(root.parents, root.rules, strict=True):
        parent.grad += rule(root.grad)
        _seeds_everyone(parent)


class _LocalOnly(Node):
    def __add__(self, other):
        return type(self)(self.value + other.value, (self, other), "+", (lambda g: g, lambda g: g))

    def __mul__(self, other):
        return type(self)(self.value * other.value, (self, other), "*", self._rules(other))

    def _rules(self, other):
        return lambda g: other.value, lambda g: self.value


class _Crossed(_LocalOnly):
    def _rules(self, other):
        return lambda g: g * self.value, lambda g: g * other.value


class _AddRule(_LocalOnly):
    def _rules(self, other):
        return lambda g: g, lambda g: g


class _AddValue(_LocalOnly):
    def _rules(self, other):
        return lambda g: g + other.value, lambda g: g + self.value


class _OwnGrad(_LocalOnly):
    def _rules(self, other):
        return lambda g: self.grad * other.value, lambda g: other.grad * self.value


class _WholeValue(_LocalOnly):
    def _rules(self, other):
        return (lambda g: g * self.value * other.value,) * 2


def _with_rule(local, value=math.tanh):
    """An elementwise node whose rule multiplies by `local(out, z)`."""

    def function(z):
        out = value(z.value)
        return Node(out, (z,), "", (lambda g: g * local(out, z.value),))

    return function


def _forgets_g(z):
    out = math.tanh(z.value)
    return Node(out, (z,), "tanh", (lambda g: 1 - out**2,))


def _no_brackets(z):
    out = math.tanh(z.value)
    return Node(out, (z,), "tanh", (lambda g: g - out**2,))


def _step(*, empty=True, used=lambda p: p.grad, sign=-1.0, scale=None):
    """train_step with a part spoiled."""

    def step(params, make_loss, lr):
        if empty:
            for p in params:
                p.grad = 0.0
        loss = make_loss()
        backward(loss)
        for p in params:
            p.value += sign * (lr if scale is None else scale) * used(p)
        return loss.value

    return step


def _replaces(params, make_loss, lr):
    for p in params:
        p.grad = 0.0
    backward(make_loss())
    for p in params:
        p.value = -lr * p.grad


def _one_by_one(params, make_loss, lr):
    """Only the parameter whose turn it is moves along a gradient that is fresh."""
    for p in params:
        p.grad = 0.0
        backward(make_loss())
        p.value -= lr * p.grad


# ---------------------------------------------------------------------------------------------- free answers


def thousand_paths(x):
    """1000 = 1111101000 in binary: double, and add x where there is a 1."""
    node = x
    for digit in f"{1000:b}"[1:]:
        node = node + node
        if digit == "1":
            node = node + x
    return node


def _has_a_thousand_paths(build):
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


def _ten_doublings(x):
    for _ in range(10):
        x = x + x
    return x


def _one_by_one_sum(x):
    node = x
    for _ in range(999):
        node = node + x
    return node


def _needs_order(build):
    """What is wrong with a graph that should go wrong without topological order."""
    root = build(Node(3.0), Node(2.0))
    if not hasattr(root, "parents") or not root.parents:
        yield "Return the last node of a graph: something made of x and y with + and *."
        return
    found = []
    for walk in (backward, without_order):
        leaves = [Node(3.0), Node(2.0)]
        walk(build(*leaves))
        found.append([leaf.grad for leaf in leaves])
    if found[0] == found[1]:
        yield (
            "The walk without order gets this graph right. A node in the middle is shared, but all its messages had "
            "arrived when its turn came: let it be the first input of the root, and send the late message a longer "
            "way round."
            if any(node.parents and _uses(root, node) > 1 for node in topological_order(root))
            else "The walk without order gets this graph right. Only leaves are shared here, and a leaf passes nothing "
            "on: share a node in the middle."
        )


def _uses(root, node):
    return sum(parent is node for user in topological_order(root) for parent in user.parents)


EXERCISES = [
    Exercise(
        "3-a", "predict", "u = 3x turns into f = u². At x = 2, how fast does f change with x?",
        reference=36.0,
        mistakes={
            "12 is df/du, at u = 6. But each unit of x moves u by 3 units: that factor is missing.": 12.0,
            "Rates along a chain multiply. You added them.": 15.0,
            "4 is the slope of x². The outer function sees u = 6.": 4.0,
            "6 is u, the value in between. Asked is how fast f changes: 2u times the 3 of the first wheel.": 6.0,
            "The inner slope is 3, whatever x is. You multiplied by x = 2 as well.": 72.0,
            "18x is the derivative of 9x². Put in x = 2.": 18.0,
        },
        insight="df/dx = df/du · du/dx = 2u · 3 = 12 · 3.",
        rtol=1e-9,
    ),
    Exercise(
        "3-1", "derive", "The derivative of f(x) = x·sin(x²), as a function of x.",
        reference=slope_of_f,
        cases=[(0.7,), (1.3,), (-2.1,)],
        mistakes={
            "The inner derivative is missing: x² changes 2x times as fast as x.":
                lambda x: np.sin(x**2) + x * np.cos(x**2),
            "x enters on two paths. You followed the one through sin and held the factor x fixed.":
                lambda x: 2 * x**2 * np.cos(x**2),
            "x enters on two paths. You followed the factor x and held sin(x²) fixed.":
                lambda x: np.sin(x**2),
            "The derivative of sin is cos, with a plus.":
                lambda x: np.sin(x**2) - 2 * x**2 * np.cos(x**2),
            "You multiplied the slopes of the two factors. Each path multiplies along itself; the paths add.":
                lambda x: 2 * x * np.cos(x**2),
            "On the path through sin the factor x is missing: f moves x times as fast as sin(x²).":
                lambda x: np.sin(x**2) + 2 * x * np.cos(x**2),
            "The square stands inside: sin(x²) is `np.sin(x**2)`; `np.sin(x)**2` is another function.":
                lambda x: np.sin(x) ** 2 + 2 * x**2 * np.cos(x) ** 2,
            "You differentiated x·sin²x. Here the square stands inside the sine: sin(x²).":
                lambda x: np.sin(x) ** 2 + 2 * x * np.sin(x) * np.cos(x),
            "That is f itself. Return its derivative.": lambda x: x * np.sin(x**2),
        },
        insight="Two paths, two terms: that is formula (3.2).",
    ),
    Exercise(
        "3-b", "predict", "f = a + c + d, and 6 arrives from above. What does each of the three receive?",
        reference=6.0,
        mistakes={
            "You shared the 6 out among three. A slope is not shared out: nudge a by one, and f moves by one.": 2.0,
            "1 is the local derivative. What arrives from above multiplies it.": 1.0,
            "Each receives its own message; their sum, 18, is the slope if all three move together.": 18.0,
        },
        insight="Nudging a moves f as much as nudging c or d does, whoever else is there.",
    ),
    Exercise(
        "3-c", "predict", "f = (x + y)·y at x = 1, y = 4. What is ∂f/∂y?",
        reference=9.0,
        mistakes={
            "5 is the direct path alone, with u = x + y held fixed. But y moves u too.": 5.0,
            "4 is the path through u alone. y is also a factor of the product.": 4.0,
            "The two paths add. You multiplied them.": 20.0,
            "7 is the slope at x = 3, y = 2.": 7.0,
        },
        insight="Two paths lead from y to f. The direct one gives u = 5, the one through u gives y = 4, together 9.",
    ),
    Exercise(
        "3-2", "derive", "For f = u·y with u = x + y: the slope in y with u held fixed, and with u free to move.",
        reference=held_and_free,
        cases=[(3.0, 2.0), (-1.5, 4.0), (0.5, 0.25)],
        mistakes={
            "The other way round: the first holds u fixed, the second lets it move.": lambda x, y: (x + 2 * y, x + y),
            "Both of yours hold u fixed. When u is free, it moves by 1 for each unit of y, and f by y for each unit "
            "of u.": lambda x, y: (x + y, x + y),
            "The path through u is not all there is: y is a factor of the product too.": lambda x, y: (x + y, y),
            "y is the slope of u·y in u. Asked is the slope in y, with u held: the other factor.":
                lambda x, y: (y, x + 2 * y),
            "The two paths add. You multiplied them.": lambda x, y: (x + y, (x + y) * y),
            "x is what is left of u if y is taken out. Held fixed, u keeps the value it has: x + y.":
                lambda x, y: (x, x + 2 * y),
        },
        insight="Nothing in the formula says which is meant. What is held fixed must be said.",
    ),
    Exercise(
        "3-3", "implement", "The class Node with + and ×.",
        reference=Node,
        run=_product,
        cases=[(3.0, 2.0), (-1.5, 4.0)],
        mistakes={
            "A rule multiplies the upstream gradient g by the local derivative. Yours forgets g.": _LocalOnly,
            "In a product each input's slope is the other input.": _Crossed,
            "That is the rule of addition. In a product the slope is the other factor.": _AddRule,
            "Upstream gradient and local derivative are multiplied. You added them.": _AddValue,
            "A rule multiplies g, which it is given. Yours takes a parent's `grad`, which is still 0.":
                _OwnGrad,
            "You multiplied by the product itself. The slope of u·y in u is y, the other factor.": _WholeValue,
        },
        insight="A node and its rules: that is all a graph needs to carry its own derivative.",
    ),
    Exercise(
        "3-4", "implement", "Backpropagation on a graph of numbers.",
        reference=backward,
        run=_gradients,
        cases=[(graph, x, y) for graph, x, y in
               zip(GRAPHS, (3.0, 1.5, 3.0, 0.5, 3.0), (2.0, 4.0, 2.0, 3.0, 2.0), strict=True)],
        mistakes={
            "A node that is used twice receives two messages, and they add. Yours keeps the last: write +=, not =.":
                lambda root: _walk(root, _back(root), add=lambda old, new: new),
            "Every gradient stays 0. Three things can do that: no seed, root.grad = 1.0; a rule that gets the parent's "
            "gradient, which is still 0, instead of node.grad; a message that is never added to parent.grad.":
                lambda root: _walk(root, _back(root), seed=0.0),
            "Backwards: from the root to the leaves. In the forward order no gradient has arrived yet.":
                lambda root: _walk(root, topological_order(root)),
            "A node may pass its gradient on only when all its messages have arrived: go in reverse topological order.":
                without_order,
            "Each node speaks once. Yours sends what it has so far each time a message arrives: use the order.":
                _recursively,
            "Each node speaks once, after it has heard everything: use the order, not a list of nodes still to visit.":
                _from_a_stack,
            "The gradients are right, but each path is walked by itself, and paths are many. Visit each node once, "
            "in reverse topological order: then each edge carries one message.": _path_by_path,
            "backward adds to what a node's grad holds from earlier. Yours empties or replaces it: that is left to "
            "the training loop, section 3.10.": _empties_first,
            "Only the root is seeded. You set each node's gradient to 1 when its turn comes, and lose what it "
            "received.": _seeds_everyone,
            "You send the local derivative. The message is the node's own gradient put through the rule.":
                lambda root: _walk(root, _back(root), upstream=lambda node: 1.0),
            "You put the node's value through the rule. What goes backwards is its gradient, node.grad.":
                lambda root: _walk(root, _back(root), upstream=lambda node: node.value),
            "The rule multiplies by node.grad already. Yours does it twice.":
                lambda root: _walk(root, _back(root), upstream=lambda node: node.grad**2),
            "The seed is ∂root/∂root = 1, whatever the root's value is.":
                lambda root: _walk(root, _back(root), seed=root.value),
        },
        insight="Five lines, and they differentiate every graph there is.",
    ),
    Exercise(
        "3-d", "predict", "max(2, 5), and 3 arrives from above. What does the 2 receive?",
        reference=0.0,
        mistakes={
            "The 5 receives 3. Nudge the 2 a little: the maximum is still 5.": 3.0,
            "A gradient is not shared out, and here the 2 has no influence at all: nudge it, and nothing moves.": 1.5,
            "2 is the value. What goes back is a slope: how much the maximum moves when the 2 moves a little.": 2.0,
            "1 would be its local derivative if it were the larger. Nudge the 2: the maximum is still 5.": 1.0,
        },
        insight="A maximum sends all of it to the winner and nothing to the others.",
    ),
    Exercise(
        "3-5", "implement", "tanh as a node with its rule.",
        reference=tanh,
        run=_one_node,
        cases=[(0.5,), (-1.25,), (2.0,)],
        mistakes={
            "A rule multiplies the upstream gradient g by the local derivative. Yours forgets g.": _forgets_g,
            "1 − tanh² is right, with tanh z in it, not z itself.": _with_rule(lambda out, z: 1 - z**2),
            "σ(1 − σ) belongs to the sigmoid. For tanh it is 1 − tanh².": _with_rule(lambda out, z: out * (1 - out)),
            "In 4σ(1 − σ), σ is taken at 2z: it is (1 + tanh z)/2, and not tanh z.":
                _with_rule(lambda out, z: 4 * out * (1 - out)),
            "1 − tanh², with a minus. As |tanh| is below 1, the slope lies between 0 and 1.":
                _with_rule(lambda out, z: 1 + out**2),
            "Brackets: g * 1 - out**2 subtracts from g. The whole of 1 - out**2 is multiplied by g.": _no_brackets,
            "tanh z = 2σ(2z) − 1 has a 2 outside and a 2 inside. The slope has both as factors: 4σ(1 − σ), at 2z.":
                _with_rule(lambda out, z: (1 - out**2) / 2),
            "The square is missing: 1 − tanh², not 1 − tanh.": _with_rule(lambda out, z: 1 - out),
            "(1 − tanh)² is not 1 − tanh².": _with_rule(lambda out, z: (1 - out) ** 2),
            "The sign is the opposite: 1 − tanh², which is positive. tanh climbs everywhere.":
                _with_rule(lambda out, z: out**2 - 1),
            "tanh′ is 1 − tanh². You multiply by tanh z itself.": _with_rule(lambda out, z: out),
            "You took the tanh of the tanh. `out` is tanh z already.":
                _with_rule(lambda out, z: 1 - math.tanh(out) ** 2),
            "The value is right, and the rule passes everything on: its local derivative, 1 − tanh², is missing.":
                _with_rule(lambda out, z: 1.0),
        },
        insight="Like σ, tanh needs only its own output: 1 − out². At 0 it passes all of g, far out almost nothing.",
    ),
    Exercise(
        "3-e", "predict", "Ten diamonds in a row. How many paths lead from one end to the other?",
        reference=2.0**10,
        mistakes={
            "Each diamond doubles the number of paths: they multiply, 2·2·2…, not add.": 20.0,
            "Two ways through each of ten diamonds: 2 to the 10th, not 10 squared.": 100.0,
            "10 is the number of diamonds. Each of them offers two ways, whichever way led to it.": 10.0,
            "40 is the number of edges. A path is a choice of one way in each diamond.": 40.0,
            "One too few: every choice of ways counts, also the one along the upper edges alone.": 1023.0,
            "That is 2⁹. There are ten diamonds.": 512.0,
            "That is 2¹¹. There are ten diamonds.": 2048.0,
        },
        insight="2¹⁰ = 1,024 paths. Backwards, each of the 40 edges is walked once.",
    ),
    Exercise(
        "3-6", "implement", "With + alone, at most 15 times, a graph in which 1,000 paths lead from x to the end.",
        reference=thousand_paths,
        checker=_has_a_thousand_paths,
        caught={
            "x reaches the end on 1,024 paths": _ten_doublings,
            "999 additions; 15 are allowed": _one_by_one_sum,
            "Only + is allowed": lambda x: x * Node(1000.0),
            "Return the last node of a graph": lambda x: 1000.0,
            "was not made from the x": lambda x: Node(1000.0),
            "x reaches the end on 1 path;": lambda x: x + Node(999.0),
        },
        insight="Sharing multiplies paths. 14 additions are enough, and 28 messages count all the paths.",
    ),
    Exercise(
        "3-7", "break", "A graph that backpropagation without topological order gets wrong.",
        reference=shortcut,
        checker=_needs_order,
        caught={
            "Only leaves are shared here": fig_1,
            "A node in the middle is shared, but": in_time,
            "Return the last node of a graph": lambda x, y: x,
        },
        insight="A node in the middle, reached by a short and a long way: it spoke before it had heard everything.",
    ),
    Exercise(
        "3-f", "predict", "f = (x + y)·y is built and differentiated twice from the same x and y. What is y.grad then?",
        reference=14.0,
        mistakes={
            "7 would be right if backward replaced the gradient. It adds to what is there.": 7.0,
            "The second call adds another 7. Nothing is multiplied.": 49.0,
            "16 comes out if backward runs twice on the same f. Here f and u are made anew: only x and y remember.":
                16.0,
        },
        insight="backward adds. That is why a training loop empties the gradients first.",
    ),
    Exercise(
        "3-8", "implement", "One step of training: empty, forward, backward, move.",
        reference=train_step,
        run=_two_steps,
        cases=[(0.01, 1.0, 0.0), (0.02, -0.5, 2.0)],
        mistakes={
            "The second step still has the gradients of the first in it: set every p.grad to 0.0 before backward.":
                _step(empty=False),
            "That walks uphill: the gradient points to where the loss grows. Subtract it.": _step(sign=1.0),
            "The parameters have not moved. Either their gradients were emptied before they were used, or a new node "
            "got the new value: change p.value itself.": _step(used=lambda p: 0.0),
            "The learning rate is missing: the step is lr times the gradient.": _step(scale=1.0),
            "All gradients belong to one forward pass. You run it again for each parameter, after the others moved.":
                _one_by_one,
            "The step takes the place of the value. Subtract it from the value: p.value -= …": _replaces,
        },
        insight="Empty, forward, backward, move: every training loop in this book, and outside, is these four.",
    ),
]
