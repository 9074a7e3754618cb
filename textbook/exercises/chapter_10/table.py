"""The table of the exercises of chapter 10: questions, right answers, and what each wrong one is told."""

import numpy as np

from textbook.exercises import Exercise
from textbook.exercises.chapter_10 import trials, wrong
from textbook.exercises.chapter_10.answers import (
    clipped,
    down,
    leaky_gain,
    scaled_start,
    through_standardize,
    wide_rate,
)

EXERCISES = [
    Exercise(
        "10-a", "predict", "Each of 50 layers multiplies a gradient by 0.9. What is left of it at the first?",
        reference="about 0.005",
        mistakes={
            "The factors multiply: 0.9 · 0.9 · …, and 0.9⁵⁰ is 0.005.": "about 0.45",
            "Every layer takes a tenth of what is left, never of the whole: 0.9⁵⁰ is 0.005.": "nothing at all",
            "Seven layers halve it (0.9⁷ = 0.48), and fifty do that seven times: below 0.01.": "about 0.05",
        },
        insight="A tenth a layer looks harmless. Fifty layers of it leave one part in two hundred.",
    ),
    Exercise(
        "10-b", "predict", "The loss of a fifty-layer net is multiplied by 10. By what is the first layer's gradient?",
        reference=10.0,
        mistakes={
            "If gradients multiplied along the depth, it would be. What multiplies are Jacobians, and the loss is in "
            "none of them.": 1e50,
            "It is the derivative of the new loss: ten times the old one.": 1.0,
            "Ten for each layer, added up? The layers don't know of the loss: ten enters once, at the top.": 500.0,
            "That is the inverse: a larger loss has a larger derivative.": 0.1,
            "Ten for each layer and one more? The layers don't know of the loss: ten enters once, at the top.": 1e51,
        },
        insight="The loss enters once, at the top. Every gradient is that one start, carried down by Jacobians.",
    ),
    Exercise(
        "10-1", "implement", "The gradient one layer down, through z ↦ tanh(z) @ w.",
        reference=down,
        cases=trials.layer_cases,
        mistakes={
            "Downwards the weights are transposed: `w.T`.":
                lambda upstream, z, w: (upstream @ w) * (1 - np.tanh(z) ** 2),
            "The slope of tanh is missing: that is what is sent to tanh(z), not to z.":
                lambda upstream, z, w: upstream @ w.T,
            "1 − y² is the slope of tanh where y is its output: here y is tanh(z), not z.":
                lambda upstream, z, w: (upstream @ w.T) * (1 - z**2),
            "Going down you meet w first, then tanh: multiply by the slope after the product.":
                lambda upstream, z, w: (upstream * (1 - np.tanh(z) ** 2)) @ w.T,
            "The slope is 1 − tanh², with a square.": lambda upstream, z, w: (upstream @ w.T) * (1 - np.tanh(z)),
            "The square belongs to tanh: 1 − tanh², not (1 − tanh)².":
                lambda upstream, z, w: (upstream @ w.T) * (1 - np.tanh(z)) ** 2,
            "tanh stands before w: its slope is taken at z, not at what the layer sends.":
                lambda upstream, z, w: (upstream @ w.T) * (1 - np.tanh(z @ w) ** 2),
            "The matrix is missing: a gradient goes back through w as well, as `upstream @ w.T`.":
                lambda upstream, z, w: upstream * (1 - np.tanh(z) ** 2),
            "That is the gradient of the weights. Asked is the one of z, with a row for each example.":
                lambda upstream, z, w: np.tanh(z).T @ upstream,
            "The examples stand in columns: transpose the product, a row for each example.":
                lambda upstream, z, w: ((upstream @ w.T) * (1 - np.tanh(z) ** 2)).T,
            "That multiplies by tanh itself. A gradient is multiplied by its slope, 1 − tanh².":
                lambda upstream, z, w: (upstream @ w.T) * np.tanh(z),
        },
        insight="One matrix and one row of slopes: that is the whole Jacobian, and it is never written out.",
    ),
    Exercise(
        "10-c", "predict", "A random 64 × 64 matrix keeps lengths on average. Where do its singular values lie?",
        reference="0 and 2",
        mistakes={
            "On average over directions it keeps lengths. Single directions it stretches and shrinks a lot.":
                "0.9 and 1.1",
            "Some directions are shrunk to almost nothing: the matrix is nearly singular.": "0.5 and 1.5",
        },
        insight="Their squares have the mean 1, by (10.2), but spread from nearly 0 to about 4. Only rotations and "
                "reflections have all of them at 1: that is what an orthogonal start is for.",
    ),
    Exercise(
        "10-2", "derive", "The gain that keeps the size of gradients through the leaky ReLU max(x, a·x).",
        reference=leaky_gain,
        cases=[(0.0,), (0.5,), (0.1,), (2.0,)],
        mistakes={
            "That is the gain squared: (10.3) sets g²·E[φ′²] = 1.": lambda a: 2 / (1 + a**2),
            "The slopes are squared before their mean is taken: (1 + a²)/2, not (1 + a)/2.":
                lambda a: np.sqrt(2 / (1 + a)),
            "That is one over the gain: the larger the slopes, the smaller the weights.":
                lambda a: np.sqrt((1 + a**2) / 2),
            "That is for a = 0. On the negative side the slope is a, and it counts for a half.":
                lambda a: np.sqrt(2.0),
            "The mean of the slopes is not enough: a size is a root mean square.": lambda a: 2 / (1 + a),
            "Each side holds half of the units: the mean of 1 and a² is (1 + a²)/2.":
                lambda a: np.sqrt(1 / (1 + a**2)),
            "(1 + a)² is not 1 + a²: square each slope, then add.": lambda a: np.sqrt(2) / (1 + a),
            "That is the mean square of the slopes. The gain is what brings g² times it to 1.":
                lambda a: (1 + a**2) / 2,
            "That is the mean slope. (10.3) takes the mean of the squares, and asks for g times its root to be 1.":
                lambda a: (1 + a) / 2,
        },
        insight="a = 0 gives He's √2, and a = 1, no bend at all, gives 1.",
    ),
    Exercise(
        "10-d", "predict", "Sigmoid layers, weights of gain 1. How large is the factor (10.3) at most?",
        reference=0.25,
        mistakes={
            "1 is the steepest slope of tanh. Differentiate σ at 0: σ(0)(1 − σ(0)).": 1.0,
            "½ is σ(0), or the most that a single direction may get. (10.3) is a mean: g = 1 times the slope, at most "
                "σ(0)(1 − σ(0)).": 0.5,
            "That is the mean of the squared slopes: (10.3) takes its root.": 0.0625,
        },
        insight="The slope σ(1 − σ) is at most ¼, at 0. Twenty layers: (1/4)²⁰ is about 10⁻¹².",
        rtol=0.02,
    ),
    Exercise(
        "10-3", "implement", "A start from data: divide each layer's weights until h @ w has standard deviation 1.",
        reference=scaled_start,
        cases=trials.network_cases,
        mistakes={
            "The next layer must see what the scaled one sends: go on with the new w.":
                lambda x, weights: wrong.scaled(x, weights, pass_on=False),
            "The standard deviation of the weights says nothing of the data: take that of h @ w.":
                wrong.scaled_by(lambda z, w: np.std(w)),
            "You multiply by the standard deviation: a layer that is too loud gets louder.":
                wrong.scaled_by(lambda z, w: 1 / np.std(z)),
            "Divide by the standard deviation, not by the variance.":
                wrong.scaled_by(lambda z, w: np.var(z)),
            "ReLU is missing: the next layer gets what is left of h @ w.":
                lambda x, weights: wrong.scaled(x, weights, relu=False),
            "Measure h @ w before ReLU cuts it off.":
                lambda x, weights: wrong.scaled(x, weights, look_behind=True),
            "Every layer is divided by the spread of the input x. Each has a spread of its own.":
                lambda x, weights: wrong.scaled(x, weights, divisor=lambda z, w: np.std(x)),
            "That is the spread of what enters. Measure what comes out, h @ w.":
                wrong.scaled_by_input,
            "A number for each unit is too many: one for the whole layer, without `axis`.":
                wrong.scaled_by(lambda z, w: np.std(z, axis=0)),
            "A norm grows with the number of entries. The standard deviation doesn't: np.std.":
                wrong.scaled_by(lambda z, w: np.linalg.norm(z)),
            "That divides by one less than the number of entries. np.std(h @ w), as it is, does not.":
                wrong.scaled_by(lambda z, w: np.std(z, ddof=1)),
            "The list of new weights is asked for, not the last h.": wrong.last_state,
            "The root mean square is not the standard deviation: take the mean away first, as np.std does.":
                wrong.scaled_by(lambda z, w: np.sqrt(np.mean(z**2))),
        },
        insight="No formula for any activation is needed: the data say what each layer does. (Mishkin and Matas 2016.)",
    ),
    Exercise(
        "10-4", "implement", "The gradient through x̂ = (x − mean)/s, the mean and s taken over the batch.",
        reference=through_standardize,
        cases=trials.batch_cases,
        mistakes={
            "x moves the mean and s as well: two terms are missing.": lambda g, x_hat, s: g / s,
            "The mean is there. x moves s as well: take away the share along x̂.":
                lambda g, x_hat, s: (g - g.mean(axis=0)) / s,
            "The share along x̂ is there. x moves the mean as well: take away the mean of the upstream.":
                lambda g, x_hat, s: (g - x_hat * (g * x_hat).mean(axis=0)) / s,
            "The means are over the batch, the first axis: axis=0.":
                lambda g, x_hat, s: (g - g.mean(axis=1, keepdims=True)
                                     - x_hat * (g * x_hat).mean(axis=1, keepdims=True)) / s,
            "Each feature has means of its own: axis=0, not over all entries.":
                lambda g, x_hat, s: (g - g.mean() - x_hat * (g * x_hat).mean()) / s,
            "The division by s is missing.": lambda g, x_hat, s: g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0),
            "Downwards one divides by s as well: the slope of x/s is 1/s.":
                lambda g, x_hat, s: (g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0)) * s,
            "A sum is too much: both terms are means over the batch.":
                lambda g, x_hat, s: (g - g.sum(axis=0) - x_hat * (g * x_hat).sum(axis=0)) / s,
            "The mean of upstream · x̂ is a share: multiply it by x̂ again.":
                lambda g, x_hat, s: (g - g.mean(axis=0) - (g * x_hat).mean(axis=0)) / s,
            "The share along x̂ is the mean of upstream · x̂, not of upstream.":
                lambda g, x_hat, s: (g - g.mean(axis=0) - x_hat * g.mean(axis=0)) / s,
            "The share along x̂ is a mean over the batch: mean(upstream · x̂), then times x̂.":
                lambda g, x_hat, s: (g - g.mean(axis=0) - x_hat**2 * g) / s,
            "The division by s holds for all three terms.":
                lambda g, x_hat, s: (g - g.mean(axis=0)) / s - x_hat * (g * x_hat).mean(axis=0),
            "Each x moves every row of x̂, not its own alone: add over the rows.":
                lambda g, x_hat, s: g * (1 - (1 + x_hat**2) / len(g)) / s,
            "The second term is subtracted too.":
                lambda g, x_hat, s: (g - g.mean(axis=0) + x_hat * (g * x_hat).mean(axis=0)) / s,
        },
        insight="What would only shift or stretch a feature never arrives: standardising undoes it anyhow.",
    ),
    Exercise(
        "10-e", "predict", "The first layer's gradient is a millionth of the last one's. What is it after clipping?",
        reference="still a millionth of the last one's",
        mistakes={
            "All gradients are scaled by one number, so their ratios stay.": "as large as the last one's",
            "Clipping by the norm shortens all gradients together; it sets none to zero.": "zero",
        },
        insight="Clipping changes the length of the step and nothing else: it keeps an exploding one short, and never "
                "brings a vanished one back.",
    ),
    Exercise(
        "10-5", "implement", "Clip by the joint norm: all gradients scaled together.",
        reference=clipped,
        cases=trials.gradient_cases,
        mistakes={
            "Each gradient is clipped by its own norm: that bends the step. Scale all of them by one number.":
                wrong.each_clipped,
            "Short gradients stay as they are: the factor is never above 1.":
                wrong.by_factor(lambda limit, norm: limit / norm),
            "That clips each number on its own, and bends the step. Scale all of them by one number.":
                lambda grads, max_norm: [np.clip(g, -max_norm, max_norm) for g in grads],
            "The joint norm is the root of the sum of all squares, not the sum of the norms.":
                wrong.by_norm(lambda grads: sum(np.linalg.norm(g) for g in grads)),
            "The root is missing: that is the norm squared.":
                wrong.by_norm(lambda grads: sum(np.sum(g**2) for g in grads)),
            "The largest norm of one gradient is not the joint norm.":
                wrong.by_norm(lambda grads: max(np.linalg.norm(g) for g in grads)),
            "That is the length of the first array alone. The joint length takes in all of them.":
                wrong.by_norm(lambda grads: np.linalg.norm(grads[0])),
            "A mean square is no length: add up the squares of all entries.":
                wrong.by_norm(lambda grads: np.sqrt(sum(np.mean(g**2) for g in grads))),
            "The root mean square is no length: it does not grow with the number of entries. Add up the squares.":
                wrong.by_norm(lambda grads: np.sqrt(np.mean(np.concatenate([np.ravel(g) for g in grads]) ** 2))),
            "Sizes added up are another norm. A Euclidean length is the root of the sum of squares.":
                wrong.by_norm(lambda grads: sum(np.sum(np.abs(g)) for g in grads)),
            "The factor is at most 1: `min`, not `max`.": wrong.by_factor(lambda limit, norm: max(1, limit / norm)),
            "That brings the norm down to 1: the limit is max_norm.":
                wrong.by_factor(lambda limit, norm: 1 / norm if norm > limit else 1),
        },
        insight="One number for all: the step keeps its direction. optim.clip_grad_norm does the same in place.",
    ),
    Exercise(
        "10-6", "break", "A 2 × 2 matrix, eigenvalues below 0.9 in size; its fifth power stretches more than 10-fold.",
        reference=np.array([[0.5, 100.0], [0.0, 0.5]]),
        checker=trials.first_grows,
        caught={
            "Its largest eigenvalue has the size": np.array([[2.0, 0.0], [0.0, 0.1]]),
            "Its fifth power stretches no vector more than": np.array([[0.5, 1.0], [0.0, 0.5]]),
            "the eigenvalues stay": np.array([[0.0, 0.8], [-0.8, 0.0]]),
            "Give a 2 × 2 matrix": 0.5,
        },
        insight="Eigenvalues speak of the long run. In the short run singular values decide.",
    ),
    Exercise(
        "10-f", "predict", "Adam's best learning rate at width 32 is used at width 512. How will it do?",
        reference="it is too large",
        mistakes={
            "A unit of the wide net adds up 16 times as many small moves: the same rate moves it further.":
                "it is about right",
            "More weights move together, so each should move less, not more.": "it is too small",
        },
        insight="Adam moves each weight by about α. A unit with n inputs then moves by up to n · α times their mean "
                "size.",
    ),
    Exercise(
        "10-7", "derive", "Adam's rate for weights with `width` inputs, if `lr` was best with `base` inputs.",
        reference=wide_rate,
        cases=[(0.03, 32, 512), (0.01, 64, 128), (0.2, 100, 50)],
        mistakes={
            "That is the same rate at every width: a unit then moves width/base times as far.":
                lambda lr, base, width: lr,
            "The other way: more inputs add up to more, so each weight must move less.":
                lambda lr, base, width: lr * width / base,
            "√ is for sums of random signs. Adam's moves follow one gradient, and their effects add up.":
                lambda lr, base, width: lr * np.sqrt(base / width),
            "At width = base nothing must change: divide by the ratio of the widths.":
                lambda lr, base, width: lr / width,
            "The other way, and √ is for random signs: more inputs add up in full, so each weight must move less.":
                lambda lr, base, width: lr * np.sqrt(width / base),
            "That is the factor: multiply lr by it.": lambda lr, base, width: base / width,
            "A narrower net may take larger steps: the formula holds both ways.":
                lambda lr, base, width: lr * min(1, base / width),
            "`//` rounds down to a whole number: divide with `/`.": lambda lr, base, width: lr * base // width,
            "At width = base nothing must change: multiply by base, then divide by width.":
                lambda lr, base, width: lr * base,
            "Not the difference of the widths: their ratio says how many times as much adds up.":
                lambda lr, base, width: lr / (width - base),
            "Once is enough: the effect of a step grows in proportion to the number of inputs.":
                lambda lr, base, width: lr * (base / width) ** 2,
        },
        insight="This is one line of μP's table. The last layer's start is the other one that changes.",
    ),
]
