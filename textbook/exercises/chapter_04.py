"""Exercises of chapter 4, backpropagation on arrays.  Their right answers let the engine of chapter 3 read digits."""

import numpy as np

from textbook.exercises import Exercise
from textbook.exercises.chapter_02 import topological_order
from textbook.exercises.chapter_03 import Node

# ---------------------------------------------------------------------------------------------- the reader's engine


def sum_to(g, shape):
    """Sum a message to the shape of the input that was broadcast."""
    while np.ndim(g) > len(shape):
        g = g.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def backward(root):
    """∂(sum of root)/∂v into v.grad, for every node v of a graph of arrays."""
    root.grad = np.ones_like(root.value)
    for node in reversed(topological_order(root)):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            message = sum_to(rule(node.grad), np.shape(parent.value))
            parent.grad = parent.grad + message


def matmul_messages(g, x, w):
    """What z = x @ w sends to x and to w."""
    return g @ w.T, x.T @ g


def matmul(x, w):
    """The matrix product of two nodes."""
    rules = (lambda g: matmul_messages(g, x.value, w.value)[0], lambda g: matmul_messages(g, x.value, w.value)[1])
    return Node(x.value @ w.value, (x, w), "@", rules)


def relu(z):
    """max(0, z) of a node, entry by entry."""
    return Node(np.maximum(z.value, 0), (z,), "relu", (lambda g: g * (z.value > 0),))


def delta_before(delta, w, z):
    """δ of a ReLU layer with input z, from the δ of the next layer, whose weights are w."""
    return (delta @ w.T) * (z > 0)


def softmax(z):
    """Each row of logits as probabilities: positive, with the sum 1."""
    e = np.exp(z - z.max(axis=1, keepdims=True))  # the largest becomes e⁰ = 1: nothing overflows
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy(z, labels):
    """The mean of -log p[label] over the rows, p = softmax(z): one node."""
    n = len(labels)
    p = softmax(z.value)
    y = np.zeros_like(p)
    y[np.arange(n), labels] = 1
    value = -np.log(p[np.arange(n), labels]).mean()
    return Node(value, (z,), "cross_entropy", (lambda g: g * (p - y) / n,))


def bump_rule(g, out, x):
    """What out = exp(-x²) sends to x."""
    return g * -2 * x * out


def differences(f, x, h=1e-5):
    """The gradient of a number f(x) by central differences, one entry of x at a time."""
    slopes = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[i] = h
        slopes[i] = (f(x + nudge) - f(x - nudge)) / (2 * h)
    return slopes


# ---------------------------------------------------------------------------------------------- using an answer


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


def _gradients(backward, graph, a, b):
    leaves = [Node(a), Node(b)]
    backward(GRAPHS[graph](*leaves))
    return {"a.grad": leaves[0].grad, "b.grad": leaves[1].grad}


def _array_cases(rng):
    shapes = [((4, 3), (3,)), ((2, 5), (2, 5)), ((2, 3), ()), ((4, 3), (4, 1)), ((3, 2), (2,))]
    return [
        (graph, *(rng.uniform(0.5, 2.0, shape) for shape in pair)) for graph, pair in zip(GRAPHS, shapes, strict=True)
    ]


def _sum_to_cases(rng):
    pairs = [((4, 3), (3,)), ((4, 3), (4, 1)), ((2, 3, 4), (3, 1)), ((5, 2), ()), ((3, 2), (3, 2))]
    return [(rng.normal(size=given), wanted) for given, wanted in pairs]


def _matmul_cases(rng):
    sizes = ((3, 3, 3), (4, 2, 5))
    return [tuple(rng.normal(size=shape) for shape in ((n, p), (n, m), (m, p))) for n, m, p in sizes]


def _delta_cases(rng):
    sizes = ((3, 3, 3), (4, 2, 5))  # examples, units of this layer, units of the next
    return [tuple(rng.normal(size=shape) for shape in ((n, p), (m, p), (n, m))) for n, m, p in sizes]


def _loss_node(cross_entropy, z, labels):
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


def _loss_cases(rng):
    return [(rng.normal(size=(n, k)) * 2, rng.permutation(k)[:n]) for n, k in ((4, 5), (2, 7))]


def _bump_cases(rng):
    x = rng.uniform(0.3, 1.5, (2, 3)) * np.array([1, -1, 1])
    return [(rng.normal(size=x.shape), np.exp(-(x**2)), x), (2.5, float(np.exp(-0.49)), 0.7)]


CUBES = {
    "sum of x³": lambda x: float((x**3).sum()),
    "sum of eˣ": lambda x: float(np.exp(x).sum()),
    "x₀² times the sum": lambda x: float(x.flat[0] ** 2 * x.sum()),
}


def _numerically(differences, f, x):
    return differences(CUBES[f], x)


def _difference_cases(rng):
    return [(f, rng.uniform(0.5, 2.0, shape)) for f, shape in zip(CUBES, ((3,), (2, 3), (4,)), strict=True)]


# ---------------------------------------------------------------------------------------------- answers gone wrong


def _walk(*, seed=np.ones_like, order=lambda root: list(reversed(topological_order(root))), fit=sum_to,
          upstream=lambda node, parent: node.grad, add=lambda old, new: old + new):  # fmt: skip
    """Backpropagation on arrays in which every part can be spoiled."""

    def walk(root):
        root.grad = seed(root.value)
        for node in order(root):
            for parent, rule in zip(node.parents, node.rules, strict=True):
                parent.grad = add(parent.grad, fit(rule(upstream(node, parent)), np.shape(parent.value)))

    return walk


def _mean_to(g, shape):
    return sum_to(g, shape) * (np.prod(shape, dtype=float) / np.size(g))


def _into_the_first(root):
    """The first message becomes the gradient itself, and later ones are added into it."""
    root.grad = np.ones_like(root.value)
    for node in reversed(topological_order(root)):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            message = sum_to(rule(node.grad), np.shape(parent.value))
            if isinstance(parent.grad, float):
                parent.grad = message
            else:
                parent.grad += message


def _by_discovery(root):
    found = [root]
    for node in found:
        found += [parent for parent in dict.fromkeys(node.parents) if parent not in found]
    return found


def _front_axes(g, shape):
    return g.sum(axis=tuple(range(g.ndim - len(shape))))


def _ones_only(g, shape):
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def _last_axes(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=-1)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def _first_axis(g, shape):
    return g.sum(axis=0)


def _first_copy(g, shape):
    while g.ndim > len(shape):
        g = g[0]
    return g[tuple(slice(n) for n in shape)]


def _log_of_the_mean(z, labels):
    right = _loss()(z, labels)
    p = softmax(z.value)[np.arange(len(labels)), labels]
    return Node(-np.log(p.mean()), right.parents, right.op, right.rules)


def _loss(*, minus=True, value=np.mean, rule=lambda g, p, y: g * (p - y) / len(p)):
    """cross_entropy with a part spoiled."""

    def node(z, labels):
        rows = np.arange(len(labels))
        p = softmax(z.value)
        y = np.zeros_like(p)
        y[rows, labels] = 1
        logs = np.log(p[rows, labels])
        return Node(value(-logs if minus else logs), (z,), "", (lambda g: rule(g, p, y),))

    return node


def _quotients(ahead, behind, width, *, restore=True, rows=False):
    """Difference quotients with f taken at x + ahead·h and x − behind·h, divided by width·h."""

    def slopes_of(f, x, h=1e-5):
        slopes, x = np.zeros_like(x), x.copy()
        for i in range(len(x)) if rows else np.ndindex(x.shape):
            moved = x.copy() if restore else x
            moved[i] += ahead * h
            above = f(moved)
            moved[i] -= (ahead + behind) * h
            slopes[i] = (above - f(moved)) / (width * h)
        return slopes

    return slopes_of


def _all_at_once(f, x, h=1e-5):
    return np.full_like(x, (f(x + h) - f(x - h)) / (2 * h))


# ---------------------------------------------------------------------------------------------- free answers

PROBES = np.r_[-1e6, -300.5, np.arange(-40, 41), np.linspace(-3, 12, 61), 77.7, 1e4]


def _passes_the_lazy_test(slope):
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


ROWS = ("none: every pixel reaches the loss", "pixels without ink in the whole batch", "those of units that are off")
UNSEEN = ("x·y", "x − x", "x + x")

EXERCISES = [
    Exercise(
        "4-a", "predict", "Z = XW + b, four examples, and ∂ℒ/∂Z is 1 everywhere. What is each entry of b's gradient?",
        reference=4.0,
        mistakes={
            "Each example sends 1 to b, and there are four: nudge b, and all four rows move.": 1.0,
            "A quarter would be the mean's. Nothing here is divided: all four rows move when b does.": 0.25,
            "The entries of b are apart: each feeds one column, with four rows in it.": 12.0,
        },
        insight="b is copied to four rows; the four messages add.",
    ),
    Exercise(
        "4-1", "implement", "Sum a message to the shape of an input that was broadcast.",
        reference=sum_to,
        cases=_sum_to_cases,
        mistakes={
            "The axes in front are summed. An axis of length 1 that was stretched must be summed too, with keepdims.":
                _front_axes,
            "The axes of length 1 are summed. The axes that broadcasting added in front must be summed away too.":
                _ones_only,
            "You sum over the first axis, whatever was asked for. The shape says which axes were copied.": _first_axis,
            "A copy that was used n times receives n messages, and they add. You took their mean.": _mean_to,
            "You summed everything. Only the axes that broadcasting added or stretched are summed.":
                lambda g, shape: np.broadcast_to(g.sum(), shape),
            "One number came out. Only the axes that broadcasting added or stretched are summed.":
                lambda g, shape: g.sum(),
            "The sum drops the axis. keepdims=True keeps it, with length 1.":
                lambda g, shape: np.squeeze(sum_to(g, shape)),
            "You kept one copy's message and threw the others away. They add.": _first_copy,
            "Broadcasting adds axes in front. You summed away the last ones: axis=0, not axis=-1.": _last_axes,
            "Nothing is summed: the message comes back as it was.": lambda g, shape: g,
        },
        insight="Broadcasting copies; the gradient of a copy is a sum.",
    ),
    Exercise(
        "4-2", "implement", "Backpropagation on a graph of arrays.",
        reference=backward,
        run=_gradients,
        cases=_array_cases,
        mistakes={
            "The messages keep the shape of the result. Put each through sum_to, with the shape of the one who "
            "receives it: np.shape(parent.value).": _walk(fit=lambda g, shape: g),
            "The seed is one number, so a message may be one too. It needs the root's shape: "
            "np.ones_like(root.value).": _walk(seed=lambda value: 1.0),
            "Every copy sends its message, and they add. You took their mean.": _walk(fit=_mean_to),
            "A message is overwritten where two arrive: old + new, not new.": _walk(add=lambda old, new: new),
            "A message is overwritten where two arrive, and none is summed to the parent's shape.":
                _walk(add=lambda old, new: new, fit=lambda g, shape: g),
            "+= wrote into an array that another node also holds: the first message was stored itself. Write "
            "parent.grad = parent.grad + message, which makes a new array.": _into_the_first,
            "Every gradient stays 0: is there a seed?": _walk(seed=np.zeros_like),
            "Every gradient stays 0, one number: root.grad needs its seed, before the walk.":
                _walk(seed=lambda value: 0.0),
            "The rules are given ones instead of node.grad: local derivatives, without what comes from above.":
                _walk(upstream=lambda node, parent: np.ones_like(node.value)),
            "The rules are given 1 instead of node.grad: local derivatives, without what comes from above.":
                _walk(upstream=lambda node, parent: 1.0),
            "The rule gets parent.grad, which has still to be found. What is passed on is node.grad.":
                _walk(upstream=lambda node, parent: parent.grad),
            "Backwards: from the root to the leaves. In the forward order no gradient has arrived yet.":
                _walk(order=topological_order),
            "A node may pass its gradient on only when all its messages have arrived: go in reverse topological order.":
                _walk(order=_by_discovery),
            "The seed is ∂root/∂root, which is 1 in each entry, whatever the root's value is.":
                _walk(seed=lambda value: value),
        },
        insight="The five lines of chapter 3, and one call that undoes broadcasting.",
    ),
    Exercise(
        "4-3", "derive", "z = x @ w. From the upstream gradient g, the messages to x and to w.",
        reference=matmul_messages,
        cases=_matmul_cases,
        mistakes={
            "The factors stand on the wrong side: x is on the left of w, so its message is g times something.":
                lambda g, x, w: (w.T @ g, g @ x.T),
            "The transposes are missing: let the shapes tell you where they go.": lambda g, x, w: (g @ w, x @ g),
            "The two are swapped: the first message has the shape of x.": lambda g, x, w: (x.T @ g, g @ w.T),
            "Both are transposed: the message to x has the shape of x. (AB)ᵀ = BᵀAᵀ.":
                lambda g, x, w: (w @ g.T, g.T @ x),
            "The first is right. The second is transposed: it needs the shape of w.":
                lambda g, x, w: (g @ w.T, g.T @ x),
            "The first is right. In the second, x must be transposed: it needs the shape of w.":
                lambda g, x, w: (g @ w.T, x @ g),
            "The first is right. In the second the factors stand on the wrong side.":
                lambda g, x, w: (g @ w.T, g @ x.T),
            "That is the rule of the product entry by entry. In x @ w an entry of x meets a whole row of w.":
                lambda g, x, w: (g * w, g * x),
            "The local derivatives alone. What arrives from above multiplies them: g is missing.":
                lambda g, x, w: (w.T, x.T),
            "That is the message to x, and it is right. Return the one to w too: a pair.": lambda g, x, w: g @ w.T,
        },
        insight="Of all the products of g and w, only g @ w.T has the shape of x, whatever the sizes.",
    ),
    Exercise(
        "4-4", "derive", "One step back through a deep net: δ of a ReLU layer, from the δ of the next.",
        reference=delta_before,
        cases=_delta_cases,
        mistakes={
            "f′ is missing: where a unit is off, z ≤ 0, nothing passes.": lambda delta, w, z: delta @ w.T,
            "You multiplied by relu(z). The chain rule wants its slope: 1 where z > 0, else 0.":
                lambda delta, w, z: delta @ w.T * np.maximum(z, 0),
            "You multiplied by z. The chain rule wants the slope of relu at z: 1 where z > 0, else 0.":
                lambda delta, w, z: delta @ w.T * z,
            "np.sign is −1 where z < 0. The slope of relu is 0 there.": lambda delta, w, z: delta @ w.T * np.sign(z),
            "∘ multiplies entry by entry: *, not @.": lambda delta, w, z: delta @ w.T @ (z > 0),
            "The transpose is missing: w leads forwards, wᵀ leads back.": lambda delta, w, z: (delta @ w) * (z > 0),
            "The other way round: the slope is 1 where z > 0.": lambda delta, w, z: delta @ w.T * (z < 0),
            "δ stands on the left, one example a row: delta @ w.T.": lambda delta, w, z: (w.T @ delta) * (z > 0),
            "Each unit feeds all units of the next layer: a matrix product, delta @ w.T, and only then ∘.":
                lambda delta, w, z: delta * w.T * (z > 0),
            "z says which units are on. Yours cuts off where the message is negative.":
                lambda delta, w, z: np.maximum(delta @ w.T, 0),
            "An example in a row: δ stands on the left. (Wδ)ᵀ is δᵀWᵀ.": lambda delta, w, z: (w @ delta) * (z > 0),
        },
        insight="Back through the weights, then through the slope: two factors for every layer.",
    ),
    Exercise(
        "4-b", "predict", "p = (0.7, 0.2, 0.1), and the second class is right. The slope of −log p₂ in z₂?",
        reference=-0.8,
        mistakes={
            "0.2 is p₂. The right class has y = 1, to be subtracted.": 0.2,
            "The sign: a larger z₂ makes the right class likelier, so the loss falls.": 0.8,
            "−1/p₂ is the slope in p₂. z₂ moves p₂ by p₂(1 − p₂), and that factor is missing.": -5.0,
            "p₂(1 − p₂) is how p₂ moves with z₂. The loss −log p₂ then adds its own factor, −1/p₂.": 0.16,
        },
        insight="p − y = (0.7, −0.8, 0.1): what was given to wrong classes is pushed down, the right one pulled up.",
        rtol=1e-6,
    ),
    Exercise(
        "4-5", "implement", "Softmax and cross-entropy as one node.",
        reference=cross_entropy,
        run=_loss_node,
        cases=_loss_cases,
        mistakes={
            "A rule multiplies the upstream gradient g by the local derivative. Yours forgets g.":
                _loss(rule=lambda g, p, y: (p - y) / len(p)),
            "The loss is a mean over n examples, so the rule divides by n too.":
                _loss(rule=lambda g, p, y: g * (p - y)),
            "The sign is the opposite: p − y, not y − p.": _loss(rule=lambda g, p, y: g * (y - p) / len(p)),
            "y is missing: the probability of the right class must have 1 subtracted.":
                _loss(rule=lambda g, p, y: g * p / len(p)),
            "1 is subtracted for the right class alone, not for all.": _loss(rule=lambda g, p, y: g * (p - 1) / len(p)),
            "Only the right class gets a message. But its probability falls when another logit grows.":
                _loss(rule=lambda g, p, y: g * (p - y) * y / len(p)),
            "The mean runs over the n rows, and the rule divides by all entries: rows times classes.":
                _loss(rule=lambda g, p, y: g * (p - y) / p.size),
            "The loss has a minus: −log p. The rule is right.": _loss(minus=False),
            "The loss is the mean over the rows. You took the sum; the rule is that of the mean.": _loss(value=np.sum),
            "The loss is the mean over the rows. You took the sum, in the value and in the rule.":
                _loss(value=np.sum, rule=lambda g, p, y: g * (p - y)),
            "The mean is taken of −log p. You took the logarithm of the mean.": _log_of_the_mean,
            "That leads to p. z receives p − y: the −log and the softmax together.":
                _loss(rule=lambda g, p, y: -g * y / p / len(p)),
        },
        insight="p − y: two awkward functions, one simple rule. That is why frameworks fuse them.",
    ),
    Exercise(
        "4-6", "derive", "The rule of out = exp(−x²), from g, out and x.",
        reference=bump_rule,
        cases=_bump_cases,
        mistakes={
            "A rule multiplies the upstream gradient g by the local derivative. Yours forgets g.":
                lambda g, out, x: -2 * x * out,
            "The inner derivative is missing: −x² changes −2x times as fast as x.": lambda g, out, x: g * out,
            "The minus of −x² is lost.": lambda g, out, x: g * 2 * x * out,
            "The exp is lost: its derivative is exp again, and that is `out`.": lambda g, out, x: g * -2 * x,
            "The 2 is lost: the slope of −x² is −2x.": lambda g, out, x: g * -x * out,
            "exp is no power: its derivative is exp itself, times the inner slope −2x.":
                lambda g, out, x: g * -(x**2) * np.exp(-(x**2) - 1),
            "`out` is exp(−x²) already. You took exp(−out²).": lambda g, out, x: g * -2 * x * np.exp(-(out**2)),
        },
        insight="exp gives its own output, which the forward pass has found; the inner slope comes with it.",
    ),
    Exercise(
        "4-7", "implement", "The gradient by central differences, one entry at a time.",
        reference=differences,
        run=_numerically,
        cases=_difference_cases,
        mistakes={
            "You nudge all entries at once. Each entry has a slope of its own: nudge one, leave the others.":
                _all_at_once,
            "You nudge all entries at once, and so you get one number, the sum of all slopes. Nudge one entry, leave "
            "the others.": lambda f, x, h=1e-5: (f(x + h) - f(x - h)) / (2 * h),
            "The nudge goes one way. Nudge both ways, x + h and x − h, and divide by 2h.": _quotients(1, 0, 1),
            "Between x − h and x + h lies 2h. You divide by h.": _quotients(1, 1, 1),
            "/ 2 * h divides by 2, then multiplies by h. The 2h needs parentheses: / (2 * h).":
                lambda f, x, h=1e-5: differences(f, x, h) * h * h,
            "Only the first entry is filled: the return stands inside the loop.":
                lambda f, x, h=1e-5: differences(f, x, h) * (np.arange(x.size).reshape(x.shape) == 0),
            "One number came out, the slope of the last entry: slopes[i] = …, not slopes = ….":
                lambda f, x, h=1e-5: differences(f, x, h).flat[-1],
            "You divide by 2h, and nudge one way only.": _quotients(1, 0, 2),
            "The nudge must be taken back before the next entry's turn.": _quotients(1, 1, 2, restore=False),
            "The other way round: f(x + h) comes first.": _quotients(-1, -1, 2),
            "x may have two axes, and x[i] is then a whole row. np.ndindex(x.shape) goes through all entries.":
                _quotients(1, 1, 2, rows=True),
            "Nothing moved: both calls of f saw the same x. Did you write into a copy, or into x itself twice?":
                lambda f, x, h=1e-5: np.zeros_like(x),
        },
        insight="Two forward passes for each entry: too dear to train with, and independent of every rule.",
        rtol=1e-7,
    ),
    Exercise(
        "4-8", "break", "A wrong derivative of x³ that passes a test at x = 0 and x = 1.",
        reference=lambda x: 3 * x,
        checker=_passes_the_lazy_test,
        caught={
            "It passes, and it is right at all": lambda x: 3 * x**2,
            "At x = 2 yours returns nothing": lambda x: {0: 0, 1: 3}.get(x),
            "at x = 1 the test wants 3, yours gives 1": lambda x: x**2,
            "at x = 0 the test wants 0, yours gives 3": lambda x: 3.0,
        },
        insight="At 0 and 1 all powers look alike. A gradient check needs points at which nothing is special.",
    ),
    Exercise(
        "4-c", "predict", "`backward` runs twice on one graph. For which f does x.grad come out right all the same?",
        reference=UNSEEN[1],
        mistakes={
            "The second run adds y again: x.grad is 2y.": UNSEEN[0],
            "The slope is 2. After two runs 4 is left.": UNSEEN[2],
        },
        insight="The slope of x − x is 0, and 0 doubled is 0. A check on a gradient of zero finds no factor.",
    ),
    Exercise(
        "4-d", "predict", "relu(x) − relu(−x) is x. What does the engine say is its slope at 0?",
        reference=0.0,
        mistakes={
            "1 is the slope of the function. The engine knows only its parts, and each part says 0 there.": 1.0,
            "Two kinks, each with the slope ½? The convention is 0 for each.": 0.5,
            "Both relus pass 0 at 0, by convention; neither passes 1.": 2.0,
        },
        insight="Rules are local: what is true of the whole is not known to the parts.",
    ),
    Exercise(
        "4-e", "predict", "Which rows of W₁ have a gradient of exactly 0?",
        reference=ROWS[1],
        mistakes={
            "Every pixel reaches the loss, but as x·w: where x is 0 in the whole batch, no w can be felt.": ROWS[0],
            "Units that are off make columns of δ vanish: columns of the gradient, not rows.": ROWS[2],
        },
        insight="A row of Xᵀδ sums one pixel's ink over the batch, times δ: no ink, no gradient.",
    ),
]
