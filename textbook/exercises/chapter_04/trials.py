"""How answers to the exercises of chapter 4 are tried: cases to compare, and free answers to judge."""

import numpy as np

from textbook.exercises.chapter_03 import Node
from textbook.exercises.chapter_04.answers import backward


def _shared(a, b):
    u = a * b
    return u * (u + a)


GRAPHS = {
    "a + b": lambda a, b: a + b,
    "(a + b) + a": lambda a, b: (a + b) + a,
    "a * b": lambda a, b: a * b,
    "(a * b) * a": lambda a, b: (a * b) * a,
    "u * (u + a), u = a * b": _shared,
}


def gradients(backward, graph, a, b):
    leaves = [Node(a), Node(b)]
    backward(GRAPHS[graph](*leaves))
    return {"a.grad": leaves[0].grad, "b.grad": leaves[1].grad}


def array_cases(rng):
    shapes = [((4, 3), (3,)), ((2, 5), (2, 5)), ((2, 3), ()), ((4, 3), (4, 1)), ((3, 2), (2,))]
    return [
        (graph, *(rng.uniform(0.5, 2.0, shape) for shape in pair)) for graph, pair in zip(GRAPHS, shapes, strict=True)
    ]


def sum_to_cases(rng):
    pairs = [((4, 3), (3,)), ((4, 3), (4, 1)), ((2, 3, 4), (3, 1)), ((5, 2), ()), ((3, 2), (3, 2))]
    return [(rng.normal(size=given), wanted) for given, wanted in pairs]


def matmul_cases(rng):
    sizes = ((3, 3, 3), (4, 2, 5))
    return [tuple(rng.normal(size=shape) for shape in ((n, p), (n, m), (m, p))) for n, m, p in sizes]


def delta_cases(rng):
    sizes = ((3, 3, 3), (4, 2, 5))  # examples, units of this layer, units of the next
    return [tuple(rng.normal(size=shape) for shape in ((n, p), (m, p), (n, m))) for n, m, p in sizes]


def loss_node(cross_entropy, z, labels):
    """The loss, and what arrives at z when 10 arrives at the loss."""
    leaf = Node(z)
    out = cross_entropy(leaf, labels)
    if not hasattr(out, "parents"):
        raise TypeError(f"the result is a {type(out).__name__}: return a Node, with z as its parent")
    for name in ("parents", "rules"):
        if not isinstance(getattr(out, name), tuple | list):
            raise TypeError(f"{name} is not a tuple: a tuple of one needs its comma, as in (z,)")
    if not out.parents or not out.rules:
        raise ValueError("a loss has one parent and one rule: Node(value, (z,), op, (rule,))")
    if np.ndim(out.value):
        raise ValueError(f"the loss has the shape {np.shape(out.value)}: take the mean over the rows, one number")
    backward(Node(10.0 * out.value, (out,), "", (lambda g: 10.0 * g,)))
    if not np.allclose(out.rules[0](10.0), leaf.grad):
        raise ValueError("called a second time, the rule sends another message: it writes into an array it needs again")
    return {"the loss": out.value, "z.grad, when 10 arrives,": leaf.grad}


def loss_cases(rng):
    return [(rng.normal(size=(n, k)) * 2, rng.permutation(k)[:n]) for n, k in ((4, 5), (2, 7))]


def bump_cases(rng):
    x = rng.uniform(0.3, 1.5, (2, 3)) * np.array([1, -1, 1])
    return [(rng.normal(size=x.shape), np.exp(-(x**2)), x), (2.5, float(np.exp(-0.49)), 0.7)]


CUBES = {
    "sum of x³": lambda x: float((x**3).sum()),
    "sum of eˣ": lambda x: float(np.exp(x).sum()),
    "x₀² times the sum": lambda x: float(x.flat[0] ** 2 * x.sum()),
}


def numerically(differences, f, x):
    return differences(CUBES[f], x)


def difference_cases(rng):
    return [(f, rng.uniform(0.5, 2.0, shape)) for f, shape in zip(CUBES, ((3,), (2, 3), (4,)), strict=True)]


PROBES = np.r_[-1e6, -300.5, np.arange(-40, 41), np.linspace(-3, 12, 61), 77.7, 1e4]


def passes_the_lazy_test(slope):
    """What is wrong with a wrong derivative of x³ that should pass a test at 0 and 1."""
    for x in (0.0, 1.0, 2.0):
        if slope(x) is None:
            yield f"A derivative gives a number at every x. At x = {x:g} yours returns nothing."
            return
    for x in (0.0, 1.0):
        if not np.isclose(slope(x), 3 * x**2):
            yield f"It fails the lazy test: at x = {x:g} the test wants {3 * x**2:g}, yours gives {slope(x):g}."
            return
    if all(np.isclose(slope(float(x)), 3 * x**2) for x in PROBES):
        yield (
            f"It passes, and it is right at all of the {len(PROBES)} points between −1,000,000 and 10,000 that were "
            "tried: the test should pass it. Find one that is wrong and passes all the same."
        )
