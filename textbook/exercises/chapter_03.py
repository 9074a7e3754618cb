"""Exercises of chapter 3, backpropagation.  Their right answers, put together, are a small engine."""

from collections import deque

import numpy as np

from textbook.exercises import Exercise
from textbook.exercises.chapter_02 import topological_order

# ---------------------------------------------------------------------------------------------- the reader's engine


class Node:
    """A value; the nodes it was made from; and for each of them the rule that passes a gradient on to it."""

    def __init__(self, value, parents=(), rules=()):
        self.value, self.parents, self.rules = value, parents, rules
        self.grad = 0.0

    def __add__(self, other):
        return Node(self.value + other.value, (self, other), (lambda g: g, lambda g: g))

    def __mul__(self, other):
        return Node(
            self.value * other.value, (self, other), (lambda g: g * other.value, lambda g: g * self.value)
        )


def backward(root):
    """∂root/∂v into v.grad, for every node v of a graph of numbers."""
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad += rule(node.grad)


def matmul_messages(g, x, y):
    """What z = x @ y sends to x and to y."""
    return g @ y.T, x.T @ g


def sum_to(g, shape):
    """Sum a message to the shape of the input that was broadcast."""
    while np.ndim(g) > len(shape):
        g = g.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def backward_on_arrays(root):
    """∂(sum of root)/∂v into v.grad, for every node v of a graph of arrays."""
    root.grad = np.ones_like(root.value)
    for node in reversed(topological_order(root)):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad = parent.grad + sum_to(rule(node.grad), np.shape(parent.value))


def best_h(f, f3, eps):
    """The h at which truncation, h²·|f‴|/6, and rounding, eps·|f|/h, are equal."""
    return (6 * eps * abs(f) / abs(f3)) ** (1 / 3)


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
    """Three doublings: eight paths."""
    u = x * y
    for _ in range(3):
        u = u + u
    return u


def _in_time(x, y):
    u = x * y
    return (u + x) * u


GRAPHS = {graph.__name__: graph for graph in (fig_1, square, shortcut, ladder)}


def _gradients(backward, graph, *values):
    leaves = [Node(value) for value in values]
    backward(GRAPHS[graph](*leaves))
    return [leaf.grad for leaf in leaves]


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


def _on_arrays(fit):
    """backward_on_arrays with another way to make a message fit."""

    def walk(root):
        root.grad = np.ones_like(root.value)
        for node in _back(root):
            for parent, rule in zip(node.parents, node.rules, strict=True):
                parent.grad = parent.grad + fit(rule(node.grad), np.shape(parent.value))

    return walk


def _node_facts(node_class, x, y):
    """Values, messages and parents of (x + y)·y as the reader's class makes them."""
    a, b = node_class(x), node_class(y)
    u = a + b
    f = u * b
    rules = [float(rule(10.0)) for node in (u, f) for rule in node.rules]
    return [u.value, f.value, *rules, float(f.parents == (u, b)), float(u.parents == (a, b))]


class _LocalOnly(Node):
    def __add__(self, other):
        return _LocalOnly(self.value + other.value, (self, other), (lambda g: 1.0, lambda g: 1.0))

    def __mul__(self, other):
        return _LocalOnly(self.value * other.value, (self, other), (lambda g: other.value, lambda g: self.value))


class _Crossed(Node):
    def __add__(self, other):
        return _Crossed(self.value + other.value, (self, other), (lambda g: g, lambda g: g))

    def __mul__(self, other):
        return _Crossed(self.value * other.value, (self, other), (lambda g: g * self.value, lambda g: g * other.value))


class _AddRule(Node):
    def __add__(self, other):
        return _AddRule(self.value + other.value, (self, other), (lambda g: g, lambda g: g))

    def __mul__(self, other):
        return _AddRule(self.value * other.value, (self, other), (lambda g: g, lambda g: g))


def _backward_on(backward, values, operation):
    leaves = [Node(np.array(value)) for value in values]
    a, b = leaves
    backward((a + b if operation == "+" else a * b) * a)
    return [leaf.grad for leaf in leaves]


def _array_cases(rng):
    def draw(*shape):
        return rng.uniform(0.5, 2.0, shape)

    return [
        ((draw(4, 3), draw(3)), "+"),  # a bias, added to a batch
        ((draw(4, 3), draw(4, 1)), "×"),
        ((draw(2, 3), draw()), "×"),
        ((draw(2, 5), draw(2, 5)), "+"),
    ]


def _sum_to_cases(rng):
    pairs = [((4, 3), (3,)), ((4, 3), (4, 1)), ((2, 3, 4), (3, 1)), ((5, 2), ()), ((3, 2), (3, 2))]
    return [(rng.normal(size=given), wanted) for given, wanted in pairs]


def _matmul_cases(rng):
    return [
        tuple(rng.normal(size=shape) for shape in ((n, p), (n, m), (m, p))) for n, m, p in ((3, 3, 3), (4, 2, 5))
    ]


# ---------------------------------------------------------------------------------------------- free answers


def _needs_order(build):
    """What is wrong with a graph that should go wrong without topological order."""
    leaves = [Node(3.0), Node(2.0)]
    root = build(*leaves)
    if not isinstance(root, Node) or not root.parents:
        yield "Return the last node of a graph: something made of x and y with + and *."
        return
    found = []
    for walk in (backward, without_order):
        leaves = [Node(3.0), Node(2.0)]
        walk(build(*leaves))
        found.append([leaf.grad for leaf in leaves])
    if found[0] == found[1]:
        shared = any(node.parents and _uses(root, node) > 1 for node in topological_order(root))
        yield (
            "The walk without order gets this graph right. A shared node was there, but all its messages had arrived "
            "when its turn came: let it be the first input of the root, and send the late message a longer way round."
            if shared
            else "The walk without order gets this graph right. Only leaves are shared here, and a leaf passes nothing "
            "on: share a node in the middle."
        )


def _uses(root, node):
    return sum(parent is node for user in topological_order(root) for parent in user.parents)


def _passes_the_lazy_test(slope):
    """What is wrong with a wrong derivative of x³ that should pass a test at 0 and 1."""
    for x in (0.0, 1.0):
        if not np.isclose(slope(x), 3 * x**2):
            yield f"It fails the lazy test: at x = {x:g} the test wants {3 * x**2:g}."
            return
    elsewhere = np.array([-2.0, -0.5, 0.3, 1.7, 4.0])
    if np.allclose([slope(x) for x in elsewhere], 3 * elsewhere**2):
        yield "That is right everywhere: the test should pass it. Find one that is wrong and passes all the same."


EPS = np.finfo(float).eps
ROWS = ("none: every pixel reaches the loss", "pixels without ink in the whole batch", "those of units that are off")

EXERCISES = [
    Exercise(
        "3.1", "predict", "y = 3x turns into z = y². At x = 2, how fast does z change with x?",
        reference=36.0,
        mistakes={
            "12 is dz/dy, at y = 6. But each unit of x moves y by 3 units: that factor is missing.": 12.0,
            "Rates along a chain multiply. You added them.": 15.0,
            "4 is the slope of x². The outer function sees y = 6.": 4.0,
        },
        insight="dz/dx = dz/dy · dy/dx = 2y · 3 = 12 · 3.",
        rtol=1e-9,
    ),
    Exercise(
        "3.2", "derive", "The derivative of f(x) = x·sin(x²), as a function of x.",
        reference=lambda x: np.sin(x**2) + 2 * x**2 * np.cos(x**2),
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
        },
        insight="Two paths, two terms: that is formula (3.2).",
    ),
    Exercise(
        "3.3", "predict", "f = a + b + c, and 6 arrives from above. What does each of the three receive?",
        reference=6.0,
        mistakes={
            "You shared the 6 out among three. A slope is not shared out: nudge a by one, and f moves by one.": 2.0,
            "1 is the local derivative. What arrives from above multiplies it.": 1.0,
            "Each receives its own message; their sum, 18, is the slope if all three move together.": 18.0,
        },
        insight="Nudging a moves f as much as nudging b or c does, whoever else is there.",
    ),
    Exercise(
        "3.4", "predict", "f = (x + y)·y at x = 1, y = 4. What is ∂f/∂y?",
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
        "3.5", "derive", "For f = u·y with u = x + y: the slope in y with u held fixed, and the total slope in y.",
        reference=lambda x, y: (x + y, x + 2 * y),
        cases=[(3.0, 2.0), (-1.5, 4.0), (0.5, 0.25)],
        mistakes={
            "The other way round: the partial holds u fixed, the total lets it move.": lambda x, y: (x + 2 * y, x + y),
            "Both of yours hold u fixed. In the total, u moves by 1 for each unit of y, and f by y for each unit of u.":
                lambda x, y: (x + y, x + y),
            "The path through u is not all there is: y is a factor of the product too.": lambda x, y: (x + y, y),
        },
        insight="Nothing in the formula says which is meant. What is held fixed must be said.",
    ),
    Exercise(
        "3.6", "implement", "The class Node with + and ×.",
        reference=Node,
        run=_node_facts,
        cases=[(3.0, 2.0), (-1.5, 4.0)],
        mistakes={
            "A rule multiplies the upstream gradient g by the local derivative. Yours forgets g.": _LocalOnly,
            "In a product each input's slope is the other input.": _Crossed,
            "That is the rule of addition. In a product the slope is the other factor.": _AddRule,
        },
        insight="A node and its rules: that is all a graph needs to carry its own derivative.",
    ),
    Exercise(
        "3.7", "implement", "Backpropagation on a graph of numbers.",
        reference=backward,
        run=_gradients,
        cases=[("fig_1", 3.0, 2.0), ("square", 1.5, 4.0), ("shortcut", 3.0, 2.0), ("ladder", 0.5, 3.0)],
        mistakes={
            "A node that is used twice receives two messages, and they add. Yours keeps the last: write +=, not =.":
                lambda root: _walk(root, _back(root), add=lambda old, new: new),
            "Nothing starts it off: the root's own gradient is 1.": lambda root: _walk(root, _back(root), seed=0.0),
            "Backwards: from the root to the leaves. In the forward order no gradient has arrived yet.":
                lambda root: _walk(root, topological_order(root)),
            "A node may pass its gradient on only when all its messages have arrived: go in reverse topological order.":
                without_order,
            "You send the local derivative. The message is the node's own gradient put through the rule.":
                lambda root: _walk(root, _back(root), upstream=lambda node: 1.0),
        },
        insight="Five lines, and they differentiate every graph there is.",
    ),
    Exercise(
        "3.8", "predict", "Ten diamonds in a row. How many paths lead from one end to the other?",
        reference=2.0**10,
        mistakes={
            "Each diamond doubles the number of paths: they multiply, 2·2·2…, not add.": 20.0,
            "Two ways through each of ten diamonds: 2 to the 10th, not 10 squared.": 100.0,
        },
        insight="2¹⁰ = 1,024 paths. Backwards, each of the 40 edges is walked once.",
    ),
    Exercise(
        "3.9", "predict", "784 inputs, 10 outputs. How many backward passes give all 7,840 derivatives?",
        reference=10.0,
        mistakes={
            "784 is what forward mode needs: one pass for each input. A backward pass starts at an output.": 784.0,
            "One pass gives the derivatives of one output. There are ten.": 1.0,
            "One pass gives a whole row, the derivatives by all the inputs.": 7840.0,
        },
        insight="One pass for each output. A loss has one output: that is why training runs backwards.",
    ),
    Exercise(
        "3.10", "derive", "z = x @ y. From the upstream gradient g, the messages to x and to y.",
        reference=matmul_messages,
        cases=_matmul_cases,
        mistakes={
            "The factors stand on the wrong side: x is on the left of y, so its gradient is g times something.":
                lambda g, x, y: (y.T @ g, g @ x.T),
            "The transposes are missing: let the shapes tell you where they go.": lambda g, x, y: (g @ y, x @ g),
            "The two are swapped: the first message has the shape of x.": lambda g, x, y: (x.T @ g, g @ y.T),
        },
        insight="Of all the products of g and y, only g @ y.T has the shape of x, whatever the sizes.",
    ),
    Exercise(
        "3.11", "implement", "Sum a message to the shape of an input that was broadcast.",
        reference=sum_to,
        cases=_sum_to_cases,
        mistakes={
            "The extra axes in front are summed. An axis of length 1 that was stretched must be summed too.":
                lambda g, shape: g.sum(axis=tuple(range(g.ndim - len(shape)))),
            "A copy that was used n times receives n messages, and they add. You took their mean.":
                lambda g, shape: sum_to(g, shape) * np.prod(shape, dtype=float) / g.size,
            "You summed everything. Only the axes that broadcasting added or stretched are summed.":
                lambda g, shape: np.broadcast_to(g.sum(), shape),
            "The sum drops the axis. keepdims=True keeps it, with length 1.":
                lambda g, shape: np.squeeze(sum_to(g, shape)),
        },
        insight="Broadcasting copies; the gradient of a copy is a sum.",
    ),
    Exercise(
        "3.12", "implement", "Backpropagation on a graph of arrays.",
        reference=backward_on_arrays,
        run=_backward_on,
        cases=_array_cases,
        mistakes={
            "The messages keep the shape of the result: put each through sum_to before it is added.":
                _on_arrays(lambda g, shape: g),
            "You average over the batch. Each example adds its message.":
                _on_arrays(lambda g, shape: sum_to(g, shape) * (np.prod(shape, dtype=float) / g.size)),
            "A message is still overwritten where two arrive.":
                lambda root: _walk(root, _back(root), seed=np.ones_like(root.value), add=lambda old, new: new),
        },
        insight="The same five lines, and one call that undoes broadcasting.",
    ),
    Exercise(
        "3.13", "break", "A wrong derivative of x³ that passes a test at x = 0 and x = 1.",
        reference=lambda x: 3 * x,
        checker=_passes_the_lazy_test,
        mistakes={
            "That is right everywhere": lambda x: 3 * x**2,
            "It fails the lazy test": lambda x: x**2,
        },
        insight="At 0 and 1 all powers look alike. A gradient check needs points at which nothing is special.",
    ),
    Exercise(
        "3.13b", "predict", "The power of ten at which the symmetric quotient of exp at 1 is best, in float64.",
        reference=-5.0,
        mistakes={
            "At 1e-16, x + h is hardly different from x, and nothing is left of the difference.": -16.0,
            "1e-8 is best for the one-sided quotient, whose truncation error is h and not h².": -8.0,
            "There truncation is far larger than rounding: h can be much smaller.": -2.0,
        },
        insight="Truncation falls with h², rounding grows with 1/h; they meet near the third root of ε.",
        atol=0.5,
    ),
    Exercise(
        "3.14", "derive", "The h at which h²·|f‴|/6 and eps·|f|/h are equal.",
        reference=best_h,
        cases=[(1.0, 1.0, EPS), (2.5, -0.5, EPS), (0.3, 7.0, 1e-7)],
        mistakes={
            "The 6 of the truncation error is lost.": lambda f, f3, eps: (eps * abs(f) / abs(f3)) ** (1 / 3),
            "h² on one side and 1/h on the other make h³: take the third root.":
                lambda f, f3, eps: (6 * eps * abs(f) / abs(f3)) ** (1 / 2),
            "The wrong way up: a larger f‴ wants a smaller h.":
                lambda f, f3, eps: (6 * eps * abs(f3) / abs(f)) ** (1 / 3),
        },
        insight="About the third root of eps: 1e-5 in float64, 1e-2 in float32.",
        atol=0.0,
    ),
    Exercise(
        "3.15", "predict", "f.backward() is called twice on f = (x + y)·y. What does y.grad hold then?",
        reference=14.0,
        mistakes={
            "7 would be right if backward() replaced the gradient. It adds to what is there.": 7.0,
            "The second call adds another 7. Nothing is multiplied.": 49.0,
        },
        insight="backward() adds. That is why a training loop empties the gradients first.",
    ),
    Exercise(
        "3.16", "break", "A graph that backpropagation without topological order gets wrong.",
        reference=shortcut,
        checker=_needs_order,
        mistakes={
            "Only leaves are shared here": fig_1,
            "A shared node was there": _in_time,
            "Return the last node of a graph": lambda x, y: x,
        },
        insight="A node in the middle, reached by a short and a long way: it spoke before it had heard everything.",
    ),
    Exercise(
        "3.17", "predict", "Which rows of W₁ have a gradient of exactly 0?",
        reference=ROWS[1],
        mistakes={
            "Every pixel reaches the loss, but as x·w: where x is 0 in the whole batch, no w can be felt.": ROWS[0],
            "Units that are off make columns of G vanish: columns of the gradient, not rows.": ROWS[2],
        },
        insight="Row p of X⊤G sums the ink at pixel p over the batch: no ink, no gradient.",
    ),
]
