"""Exercises of chapter 8, automatic differentiation."""

import numpy as np

from textbook import ops
from textbook.engine import Tensor, jvp, plain
from textbook.exercises import Exercise

# ---- 8-1: rules applied to a formula, written as nested tuples


def derivative(e):
    """The derivative by x of "x", a number, or (sign, a, b) with the sign + or *."""
    if not isinstance(e, tuple):
        return 1 if e == "x" else 0
    sign, a, b = e
    if sign == "+":
        return ("+", derivative(a), derivative(b))
    return ("+", ("*", derivative(a), b), ("*", a, derivative(b)))


def value(e, x):
    """The value of a formula at x."""
    if not isinstance(e, tuple):
        return x if e == "x" else e
    sign, a, b = e
    return value(a, x) + value(b, x) if sign == "+" else value(a, x) * value(b, x)


def size(e):
    """How many operations a formula writes down."""
    return 1 + size(e[1]) + size(e[2]) if isinstance(e, tuple) else 0


def _gone_wrong(product, leaf=lambda e: 1 if e == "x" else 0, plus=lambda a, b, da, db: ("+", da, db)):
    """The derivative with one rule gone wrong."""
    def of(e):
        if not isinstance(e, tuple):
            return leaf(e)
        sign, a, b = e
        return plus(a, b, of(a), of(b)) if sign == "+" else product(a, b, of(a), of(b))

    return of


def _rule(a, b, da, db):
    return ("+", ("*", da, b), ("*", a, db))


FORMULAS = [
    (("*", ("+", "x", 3), ("*", "x", "x")), 2.0),
    (("+", ("*", 5, "x"), ("*", ("*", "x", "x"), ("+", "x", "x"))), -1.5),
    (("*", 4, ("*", "x", ("+", 1, ("*", -1, "x")))), 0.3),
    ("x", 0.7),
    (7, 0.7),
]

# ---- 8-2: dual numbers


class Dual:
    """A value, and how fast it changes."""

    def __init__(self, value, tangent=0.0):
        self.value, self.tangent = value, tangent

    def __add__(self, other):
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __mul__(self, other):
        return Dual(self.value * other.value, self.tangent * other.value + self.value * other.tangent)


def _dual(add=None, mul=None):
    """Dual numbers with one tangent gone wrong."""

    class Other(Dual):
        def __add__(self, other):
            return Other(self.value + other.value, (add or (lambda a, b: a.tangent + b.tangent))(self, other))

        def __mul__(self, other):
            right = lambda a, b: a.tangent * b.value + a.value * b.tangent  # noqa: E731
            return Other(self.value * other.value, (mul or right)(self, other))

    return Other


def _on_duals(Dual, program, *numbers):
    out = PROGRAMS[program](*[Dual(value, tangent) for value, tangent in numbers])
    return np.array([out.value, out.tangent])


PROGRAMS = {
    "x + y": lambda x, y: x + y,
    "x * y": lambda x, y: x * y,
    "(x + y) * y": lambda x, y: (x + y) * y,
    "x * x * y": lambda x, y: x * x * y,
}
NUMBERS = [((3.0, 1.0), (2.0, 0.0)), ((3.0, 0.5), (2.0, -4.0)), ((-1.5, 2.0), (4.0, 3.0))]

# ---- the others


def jacobian(f, x):
    """Column j is J·eⱼ: one forward pass each."""
    return np.stack([jvp(f)(x, e) for e in np.eye(len(x))], axis=1)


def _by_columns(f, x):
    return [jvp(f)(x, e) for e in np.eye(len(x))]


def _two(x):
    return ops.stack([x[0] * x[1] * x[2], ops.sin(x[0]) + x[2] ** 2])


def _four(x):
    return ops.stack([x[0], x[0] * x[1], ops.exp(x[1]), x[0] - 3 * x[1]])


def _square(x):
    return ops.stack([x[0] ** 2 * x[1], 5 * x[1] + x[0], x[2] * x[0]])


class LineByHand:
    """The line y_hat = w·x + b and its loss (y_hat - y)², with gradients by hand."""

    def __init__(self, w=1.0, b=0.0, lr=0.1):
        self.w, self.b, self.lr = w, b, lr

    def forward(self, x, y):
        self.x, self.residual = x, self.w * x + self.b - y  # kept for the backward pass
        return self.residual**2

    def backward(self):
        return 2 * self.residual * self.x, 2 * self.residual

    def update(self, dw, db):
        self.w, self.b = self.w - self.lr * dw, self.b - self.lr * db


def best_parts(n):
    """The k at which k + n/k is least."""
    return np.sqrt(n)


def unscaled(g, scale):
    """First to float32, then divide: in float16 the quotient would be lost."""
    return g.astype(np.float32) / scale


GRADIENTS = [
    (np.array([3.1e-4, -0.02, 0.5, -2e-3], np.float16), 2.0**14),
    (np.array([[1.5e-4, 7e-3], [-0.25, 2.0]], np.float16), 2.0**12),
]


def rounded(x):
    """Rounded in value; in slope x itself: what was added is a constant."""
    return x + (np.round(x.data) - x.data)


def _value_and_slope(answer, values, weights):
    x = Tensor(np.array(values), requires_grad=True)
    out = answer(x)
    ops.sum(out * np.array(weights)).backward()
    return np.stack([plain(out), x.grad if x.grad is not None else np.zeros(len(values))])


def per_example(x, delta):
    """Xᵀδ, before the examples are added up."""
    return x[:, :, None] * delta[:, None, :]


def _batches(rng):
    for n, inputs, outputs in ((4, 3, 2), (5, 2, 3)):
        yield rng.normal(size=(n, inputs)).round(2), rng.normal(size=(n, outputs)).round(2)


EXERCISES = [
    Exercise(
        "8-1", "implement", "The derivative of a formula, as a formula: rules for + and *.",
        reference=derivative,
        cases=FORMULAS,
        run=lambda answer, e, x: value(answer(e), x),
        mistakes={
            "The derivative of a product is not the product of the derivatives: (a·b)′ = a′·b + a·b′.":
                _gone_wrong(lambda a, b, da, db: ("*", da, db)),
            "The product rule has two terms: a′·b and a·b′.":
                _gone_wrong(lambda a, b, da, db: ("*", da, b)),
            "The product rule has two terms: the other one is a′·b.":
                _gone_wrong(lambda a, b, da, db: ("*", a, db)),
            "In (a·b)′ each factor is differentiated once, and the other stays: a′·b + a·b′.":
                _gone_wrong(lambda a, b, da, db: ("+", ("*", da, a), ("*", db, b))),
            "The derivative of a number is 0: it does not change with x.":
                _gone_wrong(_rule, leaf=lambda e: 1),
            "The derivative of x is 1.":
                _gone_wrong(_rule, leaf=lambda e: e if e == "x" else 0),
            "A number keeps its value in your derivative: it is 0, since a number does not change with x.":
                _gone_wrong(_rule, leaf=lambda e: 1 if e == "x" else e),
            "A sum is not differentiated like a product: (a + b)′ = a′ + b′.":
                _gone_wrong(_rule, plus=_rule),
            "Join the two terms of the product rule with +.":
                _gone_wrong(lambda a, b, da, db: ("*", ("*", da, b), ("*", a, db))),
        },
        insight="Both a and b are written down twice, once in each term: that is where the formula begins to swell.",
    ),
    Exercise(
        "8-2", "implement", "Numbers that carry their tangent: + and *.",
        reference=Dual,
        cases=[(name, *numbers) for name in PROGRAMS for numbers in NUMBERS],
        run=_on_duals,
        mistakes={
            "The tangent of a product is not the product of the tangents: it is a′·b + a·b′.":
                _dual(mul=lambda a, b: a.tangent * b.tangent),
            "The tangent of a product has two terms: one more for how fast the second factor changes.":
                _dual(mul=lambda a, b: a.tangent * b.value),
            "The tangent of a product has two terms: one more for how fast the first factor changes.":
                _dual(mul=lambda a, b: a.value * b.tangent),
            "Each tangent goes with the value of the other factor: a′·b + a·b′.":
                _dual(mul=lambda a, b: a.tangent * a.value + b.tangent * b.value),
            "In a product the tangents are not added as they are: each is multiplied by the other's value.":
                _dual(mul=lambda a, b: a.tangent + b.tangent),
            "The sum has lost its tangent: it is the sum of the two tangents.":
                _dual(add=lambda a, b: 0.0),
            "The product has lost its tangent: pass it on as the second argument of Dual.":
                _dual(mul=lambda a, b: 0.0),
            "Both summands change: add the second tangent too.":
                _dual(add=lambda a, b: a.tangent),
            "Both lose their tangents: Dual takes two arguments.":
                _dual(add=lambda a, b: 0.0, mul=lambda a, b: 0.0),
        },
        insight="Forward mode is arithmetic with pairs: no graph is kept, and a tangent is there as soon as its value.",
    ),
    Exercise(
        "8-a", "predict", "f takes 784 pixels to 10 logits. How many forward-mode passes give its whole Jacobian?",
        reference=784.0,
        mistakes={
            "10 is the number of backward passes: each gives a row, the slopes of one output.": 10.0,
            "One forward pass gives one column: how all outputs change with one pixel.": 1.0,
            "7,840 is the number of entries. A pass gives a whole column of 10 at once.": 7840.0,
        },
        insight="Forwards a pass for each input, backwards one for each output. A loss is one output: backwards wins.",
    ),
    Exercise(
        "8-3", "implement", "The Jacobian of f at x, column by column.",
        reference=jacobian,
        cases=[(_two, np.array([2.0, 3.0, -1.0])), (_four, np.array([0.5, 1.5])),
               (_square, np.array([2.0, -1.0, 0.5]))],
        mistakes={
            "Each product J·e is a column; yours stand as rows. Stack them along axis 1, or transpose.":
                lambda f, x: np.stack(_by_columns(f, x)),
            "One pass with a vector of ones adds all columns up: take one unit vector at a time.":
                lambda f, x: jvp(f)(x, np.ones(len(x))),
            "That is the first column alone: go through all unit vectors.":
                lambda f, x: _by_columns(f, x)[0],
            "That is the last column alone: collect them all.":
                lambda f, x: _by_columns(f, x)[-1],
            "The direction is x itself: take the unit vectors, the rows of np.eye(len(x)).":
                lambda f, x: np.stack([jvp(f)(x, x) for _ in x], axis=1),
            "The columns are joined into one long row: stack them side by side.":
                lambda f, x: np.concatenate(_by_columns(f, x)),
        },
        insight="With backward passes the same matrix comes row by row: take what there is less of.",
    ),
    Exercise(
        "8-b", "predict", "A loop runs three times over x = sin(x)·2. How many sin nodes has the traced graph?",
        reference=3.0,
        mistakes={
            "A trace records what was done, not the loop that did it.": 1.0,
            "6 counts the products too: sin alone.": 6.0,
            "Python ran the loop while tracing, and each turn left a node.": 0.0,
        },
        insight="The loop is gone: the graph is for three turns, for ever.",
    ),
    Exercise(
        "8-c", "predict", "40 operations, 4 parts under a checkpoint. How many operations are done a second time?",
        reference=40.0,
        mistakes={
            "10 is one part. The backward pass comes to each of the four.": 10.0,
            "There are 4 parts, and in each 10 operations are done again.": 4.0,
            "The last part is not spared either: its inside was forgotten like the others'.": 30.0,
            "Each part is done again once, not once for each part before it.": 160.0,
        },
        insight="One more forward pass, however many parts: the memory depends on their number, the work does not.",
    ),
    Exercise(
        "8-4", "derive", "n results in k parts: k inputs are kept, and n/k results of one part. The best k.",
        reference=best_parts,
        cases=[(16.0,), (50.0,), (900.0,)],
        mistakes={
            "The sum k + n/k falls, then rises. Set its derivative by k to zero: 1 − n/k² = 0.": lambda n: n / 2,
            "That is the least sum itself, k + n/k. Which k gives it?": lambda n: 2 * np.sqrt(n),
            "At k = n every result is kept; at k = 1 too, for a while. The least is between.": lambda n: n,
            "From 1 − n/k² = 0 follows k² = n: take the root.": lambda n: n**2,
            "The derivative of n/k by k is −n/k²: there is no factor 2.": lambda n: np.sqrt(2 * n),
            "One part is no checkpoint at all: when it is computed again, everything is there.": lambda n: 1.0,
        },
        insight="At k = √n the sum is 2√n: a thousand layers need the memory of about sixty.",
    ),
    Exercise(
        "8-d", "predict", "What is 1 + 0.0001 in float16?",
        reference=1.0,
        mistakes={
            "The next number after 1 is 1 + 1/1024: 0.0001 is less than half of that step.": 1.0001,
            "1.001 is the next number after 1. The sum is nearer to 1, and is rounded there.": 1.001,
        },
        insight="A small step on a large weight is lost. That is why the weights themselves stay in float32.",
        rtol=1e-5,
    ),
    Exercise(
        "8-5", "implement", "The gradient in float32, from float16 gradients of scale·loss.",
        reference=unscaled,
        cases=GRADIENTS,
        mistakes={
            "You divide in float16, and the small ones become 0 again: first .astype(np.float32), then divide.":
                lambda g, scale: (g / np.float16(scale)).astype(np.float32),
            "You multiply. The loss was multiplied by the scale, and so were the gradients: divide.":
                lambda g, scale: g.astype(np.float32) * np.float32(scale),
            "They are in float32, but still scaled: divide by the scale.":
                lambda g, scale: g.astype(np.float32),
            "The scale is there once, in each gradient: not its root.":
                lambda g, scale: g.astype(np.float32) / np.float32(np.sqrt(scale)),
            "The scale is there once, in each gradient: divide by it once.":
                lambda g, scale: g.astype(np.float32) / np.float32(scale) ** 2,
        },
        insight="2ᵏ as a scale costs no digit: it only moves the exponent.",
        rtol=1e-5,
        atol=1e-12,
    ),
    Exercise(
        "8-e", "predict", "y = x·x at x = 3, y.backward() twice. What is x.grad then?",
        reference="12 here, an error in PyTorch",
        mistakes={
            "Here the second pass runs too, and backward adds to .grad.": "6 in both",
            "PyTorch has let x·x's values go after the first pass.": "12 in both",
            "This engine keeps its graph, and may go through it as often as you like.": "an error in both",
        },
        insight="PyTorch frees what it saved as it goes back; backward(retain_graph=True) keeps it.",
    ),
    Exercise(
        "8-6", "implement", "A tensor rounded in value, whose gradient passes as if it were not.",
        reference=rounded,
        cases=[([0.4, 1.6, -2.3], [1.0, 2.0, -3.0]), ([2.7], [5.0])],
        run=_value_and_slope,
        mistakes={
            "The gradient is right, the value is not rounded.":
                lambda x: x * 1.0,
            "The value is right. x also enters with the factor round(x)/x, and so does its gradient: add, don't scale.":
                lambda x: x * (np.round(x.data) / x.data),
            "The constant has the opposite sign: add round(x) − x.":
                lambda x: x - (np.round(x.data) - x.data),
            "The constant must be what is missing, round(x) − x: you add round(x) to x itself.":
                lambda x: x + np.round(x.data),
            "The value is right, the gradient 0 times what it should be: x must stay in the graph, not 0·x.":
                lambda x: 0 * x + np.round(x.data),
        },
        insight="A constant added in the right place: nets with rounded weights are trained like this.",
    ),
    Exercise(
        "8-7", "derive", "The gradient of a weight for each example, from X (N, n) and δ (N, m): shape (N, n, m).",
        reference=per_example,
        cases=_batches,
        mistakes={
            "Summed over the batch: that is the ordinary gradient, Xᵀδ. Keep the examples apart.":
                lambda x, delta: x.T @ delta,
            "Each matrix is transposed: inputs down, outputs across.":
                lambda x, delta: delta[:, :, None] * x[:, None, :],
            "The numbers are right, the axes are not: the examples come first.":
                lambda x, delta: np.moveaxis(per_example(x, delta), 0, -1),
            "No division: δᵢ is the gradient of example i's own loss.":
                lambda x, delta: per_example(x, delta) / len(x),
            "That is every input with every output of every other example too.":
                lambda x, delta: x[:, :, None, None] * delta[None, None, :, :],
            "Each example has its own δᵢ: you use the sum of all.":
                lambda x, delta: x[:, :, None] * delta.sum(axis=0),
        },
        insight="The sum over the batch comes last. Before it stands what each example asks for.",
    ),
]
