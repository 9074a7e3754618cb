"""The table of the exercises of chapter 4: questions, right answers, and what each wrong one is told."""

import numpy as np

from textbook.exercises import Exercise
from textbook.exercises.chapter_02 import topological_order
from textbook.exercises.chapter_04 import trials, wrong
from textbook.exercises.chapter_04.answers import (
    ROWS,
    UNSEEN,
    backward,
    bump_rule,
    cross_entropy,
    delta_before,
    differences,
    matmul_messages,
    sum_to,
)

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
        cases=trials.sum_to_cases,
        mistakes={
            "The axes in front are summed. An axis of length 1 that was stretched must be summed too, with keepdims.":
                wrong.front_axes,
            "The axes of length 1 are summed. The axes that broadcasting added in front must be summed away too.":
                wrong.ones_only,
            "You sum over the first axis, whatever was asked for. The shape says which axes were copied.":
                wrong.first_axis,
            "A copy that was used n times receives n messages, and they add. You took their mean.": wrong.mean_to,
            "You summed everything. Only the axes that broadcasting added or stretched are summed.":
                lambda g, shape: np.broadcast_to(g.sum(), shape),
            "One number came out. Only the axes that broadcasting added or stretched are summed.":
                lambda g, shape: g.sum(),
            "The sum drops the axis. keepdims=True keeps it, with length 1.":
                lambda g, shape: np.squeeze(sum_to(g, shape)),
            "You kept one copy's message and threw the others away. They add.": wrong.first_copy,
            "Broadcasting adds axes in front. You summed away the last ones: axis=0, not axis=-1.": wrong.last_axes,
            "Nothing is summed: the message comes back as it was.": lambda g, shape: g,
        },
        insight="Broadcasting copies; the gradient of a copy is a sum.",
    ),
    Exercise(
        "4-2", "implement", "Backpropagation on a graph of arrays.",
        reference=backward,
        run=trials.gradients,
        cases=trials.array_cases,
        mistakes={
            "The messages keep the shape of the result. Put each through sum_to, with the shape of the one who "
            "receives it: np.shape(parent.value).": wrong.walk(fit=lambda g, shape: g),
            "The seed is one number, so a message may be one too. It needs the root's shape: "
            "np.ones_like(root.value).": wrong.walk(seed=lambda value: 1.0),
            "Every copy sends its message, and they add. You took their mean.": wrong.walk(fit=wrong.mean_to),
            "A message is overwritten where two arrive: old + new, not new.": wrong.walk(add=lambda old, new: new),
            "A message is overwritten where two arrive, and none is summed to the parent's shape.":
                wrong.walk(add=lambda old, new: new, fit=lambda g, shape: g),
            "+= wrote into an array that another node also holds: the first message was stored itself. Write "
            "parent.grad = parent.grad + message, which makes a new array.": wrong.into_the_first,
            "Every gradient stays 0: is there a seed?": wrong.walk(seed=np.zeros_like),
            "Every gradient stays 0, one number: root.grad needs its seed, before the walk.":
                wrong.walk(seed=lambda value: 0.0),
            "You pass the gradient on as it is. On its way it goes through the edge's rule: rule(node.grad).":
                wrong.walk(message=lambda rule, g: g),
            "The rules are given ones instead of node.grad: local derivatives, without what comes from above.":
                wrong.walk(upstream=lambda node, parent: np.ones_like(node.value)),
            "The rules are given 1 instead of node.grad: local derivatives, without what comes from above.":
                wrong.walk(upstream=lambda node, parent: 1.0),
            "The rule gets parent.grad, which has still to be found. What is passed on is node.grad.":
                wrong.walk(upstream=lambda node, parent: parent.grad),
            "Backwards: from the root to the leaves. In the forward order no gradient has arrived yet.":
                wrong.walk(order=topological_order),
            "A node may pass its gradient on only when all its messages have arrived: go in reverse topological order.":
                wrong.walk(order=wrong.by_discovery),
            "The seed is ∂root/∂root, which is 1 in each entry, whatever the root's value is.":
                wrong.walk(seed=lambda value: value),
        },
        insight="The five lines of chapter 3, and one call that undoes broadcasting.",
    ),
    Exercise(
        "4-3", "derive", "z = x @ w. From the upstream gradient g, the messages to x and to w.",
        reference=matmul_messages,
        cases=trials.matmul_cases,
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
        cases=trials.delta_cases,
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
        run=trials.loss_node,
        cases=trials.loss_cases,
        mistakes={
            "A rule multiplies the upstream gradient g by the local derivative. Yours forgets g.":
                wrong.loss(rule=lambda g, p, y: (p - y) / len(p)),
            "The loss is a mean over n examples, so the rule divides by n too.":
                wrong.loss(rule=lambda g, p, y: g * (p - y)),
            "The sign is the opposite: p − y, not y − p.": wrong.loss(rule=lambda g, p, y: g * (y - p) / len(p)),
            "y is missing: the probability of the right class must have 1 subtracted.":
                wrong.loss(rule=lambda g, p, y: g * p / len(p)),
            "1 is subtracted for the right class alone, not for all.":
                wrong.loss(rule=lambda g, p, y: g * (p - 1) / len(p)),
            "Only the right class gets a message. But its probability falls when another logit grows.":
                wrong.loss(rule=lambda g, p, y: g * (p - y) * y / len(p)),
            "y[:, labels] = 1 marks whole columns. One entry in each row: y[np.arange(n), labels] = 1.":
                wrong.loss(rule=lambda g, p, y: g * (p - y.max(axis=0)) / len(p)),
            "The mean runs over the n rows, and the rule divides by all entries: rows times classes.":
                wrong.loss(rule=lambda g, p, y: g * (p - y) / p.size),
            "The loss has a minus: −log p. The rule is right.": wrong.loss(minus=False),
            "The loss is the mean over the rows. You took the sum; the rule is that of the mean.":
                wrong.loss(value=np.sum),
            "The loss is the mean over the rows. You took the sum, in the value and in the rule.":
                wrong.loss(value=np.sum, rule=lambda g, p, y: g * (p - y)),
            "The mean is taken of −log p. You took the logarithm of the mean.": wrong.log_of_the_mean,
            "That leads to p. z receives p − y: the −log and the softmax together.":
                wrong.loss(rule=lambda g, p, y: -g * y / p / len(p)),
        },
        insight="p − y: two awkward functions, one simple rule. That is why frameworks fuse them.",
    ),
    Exercise(
        "4-6", "derive", "The rule of out = exp(−x²), from g, out and x.",
        reference=bump_rule,
        cases=trials.bump_cases,
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
        run=trials.numerically,
        cases=trials.difference_cases,
        mistakes={
            "You nudge all entries at once. Each entry has a slope of its own: nudge one, leave the others.":
                wrong.all_at_once,
            "You nudge all entries at once, and so you get one number, the sum of all slopes. Nudge one entry, leave "
            "the others.": lambda f, x, h=1e-5: (f(x + h) - f(x - h)) / (2 * h),
            "The nudge goes one way. Nudge both ways, x + h and x − h, and divide by 2h.": wrong.quotients(1, 0, 1),
            "Between x − h and x + h lies 2h. You divide by h.": wrong.quotients(1, 1, 1),
            "/ 2 * h divides by 2, then multiplies by h. The 2h needs parentheses: / (2 * h).":
                lambda f, x, h=1e-5: differences(f, x, h) * h * h,
            "Only the first entry is filled: the return stands inside the loop.":
                lambda f, x, h=1e-5: differences(f, x, h) * (np.arange(x.size).reshape(x.shape) == 0),
            "One number came out, the slope of the last entry: slopes[i] = …, not slopes = ….":
                lambda f, x, h=1e-5: differences(f, x, h).flat[-1],
            "You divide by 2h, and nudge one way only.": wrong.quotients(1, 0, 2),
            "The nudge must be taken back before the next entry's turn.": wrong.quotients(1, 1, 2, restore=False),
            "The other way round: f(x + h) comes first.": wrong.quotients(-1, -1, 2),
            "x may have two axes, and x[i] is then a whole row. np.ndindex(x.shape) goes through all entries.":
                wrong.quotients(1, 1, 2, rows=True),
            "Nothing moved: both calls of f saw the same x. Did you write into a copy, or into x itself twice?":
                lambda f, x, h=1e-5: np.zeros_like(x),
        },
        insight="Two forward passes for each entry: too dear to train with, and independent of every rule.",
        rtol=1e-7,
    ),
    Exercise(
        "4-8", "break", "A wrong derivative of x³ that passes a test at x = 0 and x = 1.",
        reference=lambda x: 3 * x,
        checker=trials.passes_the_lazy_test,
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
