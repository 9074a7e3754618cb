"""The table of the exercises of chapter 8: questions, right answers, and what each wrong one is told."""

import numpy as np

from textbook.engine import jvp
from textbook.exercises import Exercise
from textbook.exercises.chapter_08 import trials, wrong
from textbook.exercises.chapter_08.answers import (
    Dual,
    best_parts,
    derivative,
    jacobian,
    per_example,
    rounded,
    unscaled,
)

EXERCISES = [
    Exercise(
        "8-1", "implement", "The derivative of a formula, as a formula: rules for + and *.",
        reference=derivative,
        cases=list(zip(trials.FORMULAS, (2.0, -1.5, 0.3, 0.7, 0.7), strict=True)),
        run=trials.slope,
        mistakes={
            "The derivative of a product is not the product of the derivatives: (a·b)′ = a′·b + a·b′.":
                wrong.gone_wrong(lambda a, b, da, db: ("*", da, db)),
            "The product rule has two terms: a′·b and a·b′.":
                wrong.gone_wrong(lambda a, b, da, db: ("*", da, b)),
            "The product rule has two terms: the other one is a′·b.":
                wrong.gone_wrong(lambda a, b, da, db: ("*", a, db)),
            "In (a·b)′ each factor is differentiated once, and the other stays: a′·b + a·b′.":
                wrong.gone_wrong(lambda a, b, da, db: ("+", ("*", da, a), ("*", db, b))),
            "The derivative of a number is 0: it does not change with x.":
                wrong.gone_wrong(wrong.rule, leaf=lambda e: 1),
            "The derivative of x is 1.":
                wrong.gone_wrong(wrong.rule, leaf=lambda e: e if e == "x" else 0),
            "A number keeps its value in your derivative: it is 0, since a number does not change with x.":
                wrong.gone_wrong(wrong.rule, leaf=lambda e: 1 if e == "x" else e),
            "A sum is not differentiated like a product: (a + b)′ = a′ + b′.":
                wrong.gone_wrong(wrong.rule, plus=wrong.rule),
            "Of a sum or a product your function makes 0. Does it return the tuple that it builds?":
                lambda e: 1 if e == "x" else 0,
            "Join the two terms of the product rule with +.":
                wrong.gone_wrong(lambda a, b, da, db: ("*", ("*", da, b), ("*", a, db))),
        },
        insight="Both a and b are written down twice, once in each term: that is where the formula begins to swell.",
    ),
    Exercise(
        "8-2", "implement", "Numbers that carry their tangent: + and *.",
        reference=Dual,
        cases=[(name, *numbers) for name in trials.PROGRAMS for numbers in trials.NUMBERS],
        run=trials.on_duals,
        mistakes={
            "The tangent of a product is not the product of the tangents: it is a′·b + a·b′.":
                wrong.dual(mul=lambda a, b: a.tangent * b.tangent),
            "The tangent of a product has two terms: one more for how fast the second factor changes.":
                wrong.dual(mul=lambda a, b: a.tangent * b.value),
            "The tangent of a product has two terms: one more for how fast the first factor changes.":
                wrong.dual(mul=lambda a, b: a.value * b.tangent),
            "Each tangent goes with the value of the other factor: a′·b + a·b′.":
                wrong.dual(mul=lambda a, b: a.tangent * a.value + b.tangent * b.value),
            "Your second term takes both from the second factor: a′·b + a·b′.":
                wrong.dual(mul=lambda a, b: a.tangent * b.value + b.value * b.tangent),
            "In a product the tangents are not added as they are: each is multiplied by the other's value.":
                wrong.dual(mul=lambda a, b: a.tangent + b.tangent),
            "The sum has lost its tangent: it is the sum of the two tangents.":
                wrong.dual(add=lambda a, b: 0.0),
            "The product has lost its tangent: pass it on as the second argument of Dual.":
                wrong.dual(mul=lambda a, b: 0.0),
            "Both summands change: add the second tangent too.":
                wrong.dual(add=lambda a, b: a.tangent),
            "Both summands change, and their speeds add: you multiply the tangents of a sum.":
                wrong.dual(add=lambda a, b: a.tangent * b.tangent),
            "Your product takes both speeds to be 1. Each value is multiplied by the other's tangent: a′·b + a·b′.":
                wrong.dual(mul=lambda a, b: a.value + b.value),
            "The two terms of a product add: a′·b + a·b′.":
                wrong.dual(mul=lambda a, b: a.tangent * b.value - a.value * b.tangent),
            "You overwrite self.value, and read it again for the tangent: leave both numbers as they are, and return a "
            "new Dual.": wrong.InPlace,
            "Both lose their tangents: Dual takes two arguments.":
                wrong.dual(add=lambda a, b: 0.0, mul=lambda a, b: 0.0),
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
        cases=[(trials.two, np.array([2.0, 3.0, -1.0])), (trials.four, np.array([0.5, 1.5])),
               (trials.square, np.array([2.0, -1.0, 0.5]))],
        mistakes={
            "Each product J·e is a column; yours stand as rows. Stack them along axis 1, or transpose.":
                lambda f, x: np.stack(wrong.by_columns(f, x)),
            "One pass with a vector of ones adds all columns up: take one unit vector at a time.":
                lambda f, x: jvp(f)(x, np.ones(len(x))),
            "That is the first column alone: go through all unit vectors.":
                lambda f, x: wrong.by_columns(f, x)[0],
            "That is the last column alone: collect them all.":
                lambda f, x: wrong.by_columns(f, x)[-1],
            "The direction is x itself: take the unit vectors, the rows of np.eye(len(x)).":
                lambda f, x: np.stack([jvp(f)(x, x) for _ in x], axis=1),
            "The columns are joined into one long row: stack them side by side.":
                lambda f, x: np.concatenate(wrong.by_columns(f, x)),
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
            "A part's last result is still there, but the part is computed again as a whole.": 36.0,
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
            "k need not be whole here: leave out the rounding.": lambda n: np.round(np.sqrt(n)),
            "k need not be whole here: it is not rounded up.": lambda n: np.ceil(np.sqrt(n)),
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
        cases=trials.GRADIENTS,
        run=trials.in_float32,
        mistakes={
            "Your quotient passes through float16, where small ones become 0: cast to float32 first, and stay there.":
                lambda g, scale: (g / np.float16(scale)).astype(np.float32),
            "You multiply. The loss was multiplied by the scale, and so were the gradients: divide.":
                lambda g, scale: g.astype(np.float32) * np.float32(scale),
            "They are in float32, but still scaled: divide by the scale.":
                lambda g, scale: g.astype(np.float32),
            "Your quotient is upside down: divide the gradients by the scale.":
                lambda g, scale: np.float32(scale) / g.astype(np.float32),
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
        run=trials.value_and_slope,
        mistakes={
            "The gradient is right, the value is not rounded.":
                lambda x: x * 1.0,
            "The value is right. x also enters with the factor round(x)/x, and so does its gradient: add, don't scale.":
                lambda x: x * (np.round(x.data) / x.data),
            "Your value is rounded down: np.round goes to the nearest.":
                lambda x: x + (np.floor(x.data) - x.data),
            "Your value is rounded up: np.round goes to the nearest.":
                lambda x: x + (np.ceil(x.data) - x.data),
            "The constant has the opposite sign: add round(x) − x.":
                lambda x: x - (np.round(x.data) - x.data),
            "The constant must be what is missing, round(x) − x: you add round(x) to x itself.":
                lambda x: x + np.round(x.data),
            "The value is right, the gradient is 0: x must stay in the graph. Add a constant to it, made of x.data.":
                lambda x: 0 * x + np.round(x.data),
        },
        insight="A constant added in the right place: nets with rounded weights are trained like this.",
    ),
    Exercise(
        "8-7", "derive", "The gradient of a weight for each example, from X (N, n) and δ (N, m): shape (N, n, m).",
        reference=per_example,
        cases=trials.batches,
        mistakes={
            "Summed over the batch: that is the ordinary gradient, Xᵀδ. Keep the examples apart.":
                lambda x, delta: x.T @ delta,
            "Summed over the batch, and transposed: keep the examples apart, inputs down, outputs across.":
                lambda x, delta: delta.T @ x,
            "That is the ordinary gradient, once for each example: take row i of both alone.":
                lambda x, delta: np.array([x.T @ delta] * len(x)),
            "np.outer lays both arrays out flat: take it of x[i] and delta[i], for each example.":
                np.outer,
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
