"""Exercises of chapter 14, architectures and scale."""

import math
from itertools import pairwise

import numpy as np

from textbook.exercises import Exercise
from textbook.names import SYMBOLS

SHARED = ("their sum", "their mean", "the largest of them")
FIRST = ("on itself: all of it", "on each of the places: equal shares", "on the last place: most of it")


def conv(x, w):
    """The sum of window · w, for every window of x as large as w."""
    (height, width), (a, b) = x.shape, w.shape
    z = np.zeros((height - a + 1, width - b + 1))
    for r in range(z.shape[0]):
        for q in range(z.shape[1]):
            z[r, q] = (x[r : r + a, q : q + b] * w).sum()
    return z


def through_time(u, x):
    """dh_T/du for h_t = tanh(u·h_{t−1} + x_t), from h_0 = 0."""
    h = [0.0]
    for value in x:
        h.append(np.tanh(u * h[-1] + value))
    g, total = 1.0, 0.0
    for t in range(len(x), 0, -1):
        g = g * (1 - h[t] ** 2)  # through tanh
        total += g * h[t - 1]  # this step's use of u
        g = g * u  # on to the state before
    return total


def attention(query, key, value):
    """softmax(query · keyᵀ / √d) · value; a place sees itself and those before it."""
    scores = query @ key.T / np.sqrt(query.shape[1])
    scores = np.where(np.tri(len(query), dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ value


def bigram(names, extra):
    """Row i, column j: the probability that symbol j follows symbol i; `extra` is added to every count."""
    counts = np.full((27, 27), float(extra))
    for name in names:
        for first, second in zip("." + name, name + ".", strict=True):
            counts[SYMBOLS.index(first), SYMBOLS.index(second)] += 1
    return counts / counts.sum(axis=1, keepdims=True)


def meta_gradient(x, alpha, lam, c):
    """The derivatives of ½(x′ − c)² by α and by x, for x′ = x − αλx."""
    after = x - alpha * lam * x
    return [-(after - c) * lam * x, (after - c) * (1 - alpha * lam)]


def micro_batches(stages, share):
    """The least m with (stages − 1)/(m + stages − 1) ≤ share."""
    return math.ceil((stages - 1) * (1 - share) / share)


def _images(rng):
    return [(rng.normal(size=shape) + 0.3, rng.normal(size=window))
            for shape, window in (((6, 8), (3, 3)), ((5, 4), (2, 3)), ((4, 7), (3, 2)))]  # fmt: skip


def _sequences(rng):
    return [(float(u), rng.normal(size=steps).round(2)) for u, steps in ((0.7, 4), (-1.3, 6), (1.6, 3))]


def _backwards(u, x, slope=lambda h, t: 1 - h[t] ** 2, beside=lambda h, t: h[t - 1], onward=lambda u: u):
    """`through_time` with one of its parts replaced: the shares of the steps, the last one first, and what is left."""
    h = [0.0]
    for value in x:
        h.append(np.tanh(u * h[-1] + value))
    g, shares = 1.0, []
    for t in range(len(x), 0, -1):
        g = g * slope(h, t)
        shares.append(g * beside(h, t))
        g = g * onward(u)
    return shares, g, h


def _before_tanh(u, x):
    """Each message meets h[t − 1] before it has passed tanh."""
    shares, _, h = _backwards(u, x)
    return sum(share / (1 - h[t] ** 2) for share, t in zip(shares, range(len(x), 0, -1), strict=True))


def _queries(rng):
    return [(rng.normal(size=(T, d)), rng.normal(size=(T, d)), rng.normal(size=(T, m)) + 1)
            for T, d, m in ((5, 3, 2), (4, 6, 3))]  # fmt: skip


def _attended(query, key, value, scale=None, hide=lambda s: np.where(np.tri(len(s)) > 0, s, -np.inf), axis=1):
    scores = hide(query @ key.T / (np.sqrt(query.shape[1]) if scale is None else scale))
    weights = np.exp(scores - scores.max())
    return weights / weights.sum(axis=axis, keepdims=True)


def _cut_off(query, key, value):
    return np.tril(_attended(query, key, value, hide=lambda s: s)) @ value


def _spelt(rng):
    return [(["anna", "bob", "al"], 0.5), (["zoe", "hannah"], 1.0)]


def _counts(names, k=0.0, before=".", after="."):
    counts = np.full((27, 27), float(k))
    for name in names:
        for first, second in pairwise(before + name + after):
            counts[SYMBOLS.index(first), SYMBOLS.index(second)] += 1
    return counts


def _shares(counts, axis=1):
    """Each count by the sum of its row; 0 in a row without any."""
    return counts / np.maximum(counts.sum(axis=axis, keepdims=True), 1e-300)


def _unguarded(counts, above):
    """`above`, divided by the sums of the rows of `counts`; inf or nan where a row has none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return above / counts.sum(axis=1, keepdims=True)


def _steps(rng):
    return [(1.7, 0.2, 1.5, 0.4), (-0.8, 0.3, 2.2, 1.1), (2.3, 0.15, 0.6, -0.9)]


EXERCISES = [
    Exercise(
        "14-a", "predict", "How many parameters has a convolution of 3 × 3 windows, from 16 channels to 32?",
        reference=4640.0,
        mistakes={
            "The biases are parameters too, one for each of the 32 channels.": 4608.0,
            "A window sees all 16 channels, and has weights for each of them.": 320.0,
            "That is one channel's window. There are 32 of them, and each has a bias.": 144.0,
            "A bias belongs to a channel that comes out: there are 32.": 4624.0,
        },
        insight="3 · 3 · 16 · 32 weights and 32 biases, whatever the size of the image.",
    ),
    Exercise(
        "14-1", "implement", "A window of weights slid over an image.",
        reference=conv,
        cases=_images,
        mistakes={
            "You turned the window over, as mathematicians do. Networks leave it as it is.":
                lambda x, w: conv(x, w[::-1, ::-1]),
            "The last windows are missing: there is room for rows of x − rows of w + 1 of them below each other.":
                lambda x, w: conv(x, w)[:-1, :-1],
            "You kept the largest product of each window. Add them up.": lambda x, w: np.array(
                [[(x[r : r + w.shape[0], q : q + w.shape[1]] * w).max() for q in range(x.shape[1] - w.shape[1] + 1)]
                 for r in range(x.shape[0] - w.shape[0] + 1)]),
            "Each window was summed, and its weights left out.": lambda x, w: conv(x, np.ones_like(w)),
            "Windows may overlap: the next one begins one pixel further on.":
                lambda x, w: conv(x, w)[:: w.shape[0], :: w.shape[1]],
        },
        insight="The same few weights at every place: what is learned in one corner holds in all of them.",
    ),
    Exercise(
        "14-b", "predict", "A weight is used at 676 places. What is its gradient, of the 676 that the places send?",
        reference=SHARED[0],
        mistakes={
            "The chain rule adds up over all the ways by which a number acts. Nothing divides.": SHARED[1],
            "Max hands its gradient to one input. Here every place has used the weight.": SHARED[2],
        },
        insight="One node with many edges: the messages add up, as they did for x in x·x.",
    ),
    Exercise(
        "14-2", "derive", "Backpropagation through time, for one weight.",
        reference=through_time,
        cases=_sequences,
        mistakes={
            "That is the last step's use of u alone. Every step used it: add up what they say.":
                lambda u, x: _backwards(u, x)[0][0],
            "That is the first step's share, 0: it replaced the others. Add up: total += …":
                lambda u, x: _backwards(u, x)[0][-1],
            "The slope of tanh, 1 − h², is missing.": lambda u, x: sum(_backwards(u, x, slope=lambda h, t: 1.0)[0]),
            "The slope of tanh is 1 − h[t]², of the state that came out of it.":
                lambda u, x: sum(_backwards(u, x, slope=lambda h, t: 1 - h[t - 1] ** 2)[0]),
            "A message passes tanh first: times 1 − h[t]², and only then times h[t − 1].": _before_tanh,
            "Beside u stands the state before: g·h[t − 1].":
                lambda u, x: sum(_backwards(u, x, beside=lambda h, t: h[t])[0]),
            "On its way to the state before, a message is multiplied by u.":
                lambda u, x: sum(_backwards(u, x, onward=lambda u: 1.0)[0]),
            "That is ∂h_T/∂h_0, what is left at the beginning. Collect g·h[t − 1] on the way.":
                lambda u, x: _backwards(u, x)[1],
            "That is h_T itself.": lambda u, x: _backwards(u, x)[2][-1],
        },
        insight="Backpropagation on the unrolled graph. The product of slopes and u's in it is chapter 10's.",
    ),
    Exercise(
        "14-3", "implement", "Causal attention.",
        reference=attention,
        cases=_queries,
        mistakes={
            "A place sees what comes after it. Hide those: scores of −∞ above the diagonal.":
                lambda q, k, v: _attended(q, k, v, hide=lambda s: s) @ v,
            "You hid what came before, and showed what comes after.":
                lambda q, k, v: _attended(q, k, v, hide=lambda s: np.where(np.tri(len(s)).T > 0, s, -np.inf)) @ v,
            "A place sees itself too: the diagonal belongs to what is shown.": lambda q, k, v: _attended(
                q, k, v, hide=lambda s: np.where(np.tri(len(s), k=-1) > 0, s, -1e9 * (1 + 0 * s))) @ v,
            "Row t belongs to query t, column s to key s: query @ key.T.": lambda q, k, v: _attended(k, q, v) @ v,
            "The scores are not divided by √d.": lambda q, k, v: _attended(q, k, v, scale=1.0) @ v,
            "Divided by d. It is its root.": lambda q, k, v: _attended(q, k, v, scale=q.shape[1]) @ v,
            "d is the width of a query, not the number of places.":
                lambda q, k, v: _attended(q, k, v, scale=np.sqrt(len(q))) @ v,
            "The softmax goes over the keys: each row of weights sums to 1.":
                lambda q, k, v: _attended(q, k, v, axis=0) @ v,
            "A hidden score of 0 is not hidden: exp 0 is 1. Make it −∞.":
                lambda q, k, v: _attended(q, k, v, hide=np.tril) @ v,
            "You hid the weights after the softmax: rows no longer sum to 1. Hide the scores.": _cut_off,
            "These are the weights. The answer is weights @ value.": _attended,
            "The softmax is missing: these are the bare scores times the values.":
                lambda q, k, v: np.tril(q @ k.T / np.sqrt(q.shape[1])) @ v,
        },
        insight="Two matrix products with a softmax in between: a lookup by resemblance, and differentiable.",
    ),
    Exercise(
        "14-c", "predict", "Where does the first place put its attention, if it may not look ahead?",
        reference=FIRST[0],
        mistakes={
            "It sees none of the others.": FIRST[1],
            "The last place comes after it, and is hidden.": FIRST[2],
        },
        insight="A softmax over one number is 1, whatever the number.",
    ),
    Exercise(
        "14-d", "predict", "What does a character cost, in nats, if all 27 symbols are given the same probability?",
        reference=3.296,
        mistakes={
            "That is in bits. The logarithm is the natural one.": 4.755,
            "That is the probability. The cost is minus its logarithm.": 0.037,
            "The full stop counts too: 27 symbols, not 26.": 3.258,
            "The sign: the logarithm of 1/27 is negative, and the cost is minus that.": -3.296,
        },
        insight="−log 1/27 = log 27.",
        atol=0.006,
    ),
    Exercise(
        "14-4", "implement", "Which symbol follows which: a table of probabilities.",
        reference=bigram,
        cases=_spelt,
        mistakes={
            "The full stop before the first letter is missing: which letters begin a name?":
                lambda names, k: _shares(_counts(names, k, before="")),
            "The full stop after the last letter is missing: which letters end a name?":
                lambda names, k: _shares(_counts(names, k, after="")),
            "Both full stops are missing: how a name begins and ends is part of it.":
                lambda names, k: _shares(_counts(names, k, before="", after="")),
            "The extra was not added to the counts.": lambda names, k: _shares(_counts(names)),
            "Without the extra, the row of a symbol that never occurs is 0/0. Add it to the counts, then divide.":
                lambda names, k: _unguarded(_counts(names), _counts(names)),
            "These are counts. Divide each row by its sum.": lambda names, k: _counts(names, k),
            "Divide by the sum of the row: the probabilities of what follows i sum to 1.":
                lambda names, k: _counts(names, k) / _counts(names, k).sum(),
            "You divided by the sums of the columns. What follows i is row i.":
                lambda names, k: _shares(_counts(names, k), axis=0),
            "Rows and columns are swapped: the row is the symbol before.":
                lambda names, k: _shares(_counts(names, k)).T,
            "You counted the pairs the other way round: the row is the symbol before, the column the one after.":
                lambda names, k: _shares(_counts(names, k).T),
            "The extra belongs to the counts, before the division.":
                lambda names, k: _unguarded(_counts(names), _counts(names)) + k,
            "A row's sum has 27 times the extra in it too.":
                lambda names, k: _unguarded(_counts(names), _counts(names, k)),
        },
        insight="Without the extra, a pair that never occurred would cost −log 0 = ∞ in a new name.",
    ),
    Exercise(
        "14-5", "derive", "The gradient through a step of gradient descent.",
        reference=meta_gradient,
        cases=_steps,
        mistakes={
            "You took ∂x′/∂x for 1 (first-order MAML does). x′ = (1 − αλ)·x.": lambda x, alpha, lam, c: [
                -(x - alpha * lam * x - c) * lam * x, x - alpha * lam * x - c],
            "The sign of the first: a larger α makes x′ smaller by λx.": lambda x, alpha, lam, c: [
                (x - alpha * lam * x - c) * lam * x, (x - alpha * lam * x - c) * (1 - alpha * lam)],
            "The validation loss is taken after the step: its slope is x′ − c, not x − c.":
                lambda x, alpha, lam, c: [-(x - c) * lam * x, (x - c) * (1 - alpha * lam)],
            "The step goes down: x′ = x − αλx.": lambda x, alpha, lam, c: [
                (x + alpha * lam * x - c) * lam * x, (x + alpha * lam * x - c) * (1 + alpha * lam)],
            "The gradient of ½λx² is λx, so x′ = x − αλx.": lambda x, alpha, lam, c: [
                -(x - alpha * x - c) * x, (x - alpha * x - c) * (1 - alpha)],
            "∂x′/∂α is minus the gradient, −λx.": lambda x, alpha, lam, c: [
                -(x - alpha * lam * x - c) * x, (x - alpha * lam * x - c) * (1 - alpha * lam)],
            "First the derivative by α, then that by x.": lambda *case: meta_gradient(*case)[::-1],
            "These are ∂x′/∂α and ∂x′/∂x. The slope of the validation loss, x′ − c, goes with each.":
                lambda x, alpha, lam, c: [-lam * x, 1 - alpha * lam],
        },
        insight="λ is a second derivative: whoever differentiates through a step needs the curvature.",
    ),
    Exercise(
        "14-e", "predict", "Which share of the time of four stages is idle, if there is one micro-batch?",
        reference=0.75,
        mistakes={
            "That is the share in which they work: one of four at a time.": 0.25,
            "While one stage works, the three others wait, on the way back too.": 0.5,
            "Three times as long idle as at work: of all the time that is 3/4.": 3.0,
            "As a share, or with its sign: 75 %.": 75.0,
        },
        insight="One stage works at a time, forwards and back; the three others wait.",
    ),
    Exercise(
        "14-6", "derive", "The least number of micro-batches with which a pipeline idles no more than a given share.",
        reference=micro_batches,
        cases=[(5, 0.3), (8, 0.15), (3, 0.13), (4, 0.25), (7, 0.22)],
        mistakes={
            "Micro-batches are whole: round up.": lambda p, s: (p - 1) * (1 - s) / s,
            "Rounded to the nearest, the idle share may still be above. Round up.": lambda p, s: round(
                (p - 1) * (1 - s) / s),
            "One too few: the idle share is still above. Round up, and take away p − 1, no more.":
                lambda p, s: int((p - 1) * (1 - s) / s),
            "m + p − 1 is (p − 1)/share: take away p − 1, and not p.": lambda p, s: math.ceil((p - 1) / s - p),
            "An idle share equal to `share` is allowed: there, one fewer will do.": lambda p, s: int(
                (p - 1) * (1 - s) / s) + 1,
            "(p − 1)/share is m + p − 1. Take away the p − 1.": lambda p, s: math.ceil((p - 1) / s),
            "That is p/share − p: a stage waits for the p − 1 others.": lambda p, s: math.ceil(p * (1 - s) / s),
            "Upside down: from (p − 1)/(m + p − 1) = share comes m = (p − 1)·(1 − share)/share.":
                lambda p, s: math.ceil((p - 1) * s / (1 - s)),
        },
        insight="A tenth of idle time with p stages asks for 9(p − 1) micro-batches: their results must fit in memory.",
    ),
]  # fmt: skip
