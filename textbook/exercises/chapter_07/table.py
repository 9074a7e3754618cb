"""The table of the exercises of chapter 7: questions, right answers, and what each wrong one is told."""

import numpy as np

from textbook.exercises import Exercise
from textbook.exercises.chapter_07 import trials, wrong
from textbook.exercises.chapter_07.answers import (
    binary_cross_entropy,
    cross_entropy_gradient,
    entropy_slope,
    log_sum_exp,
    negative_log_likelihood,
    sigmoid,
    sigmoid_slope,
    softmax,
    softmax_jacobian,
)

EXERCISES = [
    Exercise(
        "7-a", "predict", "A coin shows heads with probability p. Seen: heads, heads, tails. Which p is likeliest?",
        reference=2 / 3,
        mistakes={
            "Half would give 1/8. Compare p·p·(1 - p) at ½ with its value a little higher.": 0.5,
            "Then tails would be impossible, and it was seen: the product is 0.": 1.0,
            "That is the share of tails. p is the probability of heads.": 1 / 3,
        },
        insight="p²(1 - p) is largest where its derivative 2p - 3p² is 0: p = 2/3, the share that was seen.",
        rtol=0.02,
    ),
    Exercise(
        "7-1", "implement", "The mean of -log(probability of what was seen), from probabilities ŷ of a yes.",
        reference=negative_log_likelihood,
        cases=trials.probability_cases,
        mistakes={
            "That is the log-likelihood. The loss is its negative.": lambda p, y: -negative_log_likelihood(p, y),
            "Only the yeses are counted. A no was seen with probability 1 - ŷ.": lambda p, y: -np.mean(y * np.log(p)),
            "Every example is counted as a yes. A no was seen with probability 1 - ŷ.":
                lambda p, y: -np.mean(np.log(p)),
            "A sum over the examples where the mean belongs.": lambda p, y: negative_log_likelihood(p, y) * len(p),
            "The classes are swapped: a yes, y = 1, has the probability ŷ.":
                lambda p, y: negative_log_likelihood(p, 1 - y),
            "That takes the log of a mean. Take the log of each example's probability, then the mean.":
                lambda p, y: -np.log(np.mean(y * p + (1 - y) * (1 - p))),
            "The log is missing: that is a mean of probabilities.": lambda p, y: np.mean(y * p + (1 - y) * (1 - p)),
            "The noes have the wrong sign: the minus stands before both logarithms.":
                lambda p, y: -np.mean(y * np.log(p) - (1 - y) * np.log(1 - p)),
            "That is the squared error of chapter 6. Here it is minus the log of a probability.":
                lambda p, y: np.mean((p - y) ** 2),
            "Losses here are in nats: take the natural logarithm, np.log.":
                lambda p, y: negative_log_likelihood(p, y) / np.log(2),
            "Losses here are in nats: the natural logarithm is np.log, not np.log10.":
                lambda p, y: negative_log_likelihood(p, y) / np.log(10),
            "That is one number for each example. Take their mean.":
                lambda p, y: -(y * np.log(p) + (1 - y) * np.log(1 - p)),
        },
        insight="This is the binary cross-entropy: minus the log-likelihood, divided by the number of examples.",
    ),
    Exercise(
        "7-2", "implement", "The mean binary cross-entropy from logits of any size.",
        reference=binary_cross_entropy,
        cases=trials.binary_cases,
        mistakes={
            "Right for moderate logits. At ±10,000 the sigmoid is exactly 0 or 1, and its log is −∞: simplify first.":
                wrong.naive,
            "No exp overflows in ops.sigmoid. But at ±10,000 it is exactly 0 or 1, and its log is −∞: simplify first.":
                wrong.safe_sigmoid,
            "exp(10,000) overflows, though the sigmoid is gone: use the second form of (7.6), with −|z|.":
                lambda z, y: np.mean(np.log(1 + np.exp(z)) - y * z),
            "A sum over the batch where the mean belongs.": lambda z, y: binary_cross_entropy(z, y) * len(z),
            "The labels are swapped: this is the loss for 1 - y.": lambda z, y: binary_cross_entropy(z, 1 - y),
            "This is the log-likelihood. The loss is its negative.": lambda z, y: -binary_cross_entropy(z, y),
            "That is the softplus alone: - yz is missing.":
                lambda z, y: np.mean(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))),
            "The sign of the last term: - yz. A yes with a large logit costs little.":
                lambda z, y: binary_cross_entropy(z, -y),
            **wrong.CAPS, **wrong.FLOORS,
        },
        insight="softplus(z) - y·z: the sigmoid is never formed, so its log is never taken.",
    ),
    Exercise(
        "7-3", "implement", "log Σ exp zₖ over the last axis, for logits as large as 10,000.",
        reference=log_sum_exp,
        cases=trials.log_sum_cases,
        mistakes={
            "exp of 10,000 overflows: take the largest logit out of the sum first.":
                lambda z: np.log(np.exp(z).sum(axis=-1)),
            "What was taken out must be put back: add the largest logit to the result.":
                lambda z: log_sum_exp(z) - z.max(axis=-1),
            "You took out the largest of the whole array. Each row needs its own, or the small ones underflow.":
                lambda z: z.max() + np.log(np.exp(z - z.max()).sum(axis=-1)),
            "A mean where the sum belongs.": lambda z: log_sum_exp(z) - np.log(z.shape[-1]),
            "That is over the columns. Each row is one example: axis=-1.": lambda z: log_sum_exp(z.T),
            "One number for each row, not one for all.": lambda z: log_sum_exp(z.ravel()),
            "The largest logits have shape (N, 1) and the sums (N,): added, they make (N, N). Let both have one shape.":
                lambda z: z.max(axis=-1, keepdims=True) + log_sum_exp(z - z.max(axis=-1, keepdims=True)),
            "The result keeps an axis of length 1: one number for each row, shape (N,).":
                lambda z: log_sum_exp(z)[..., None],
            "That is the maximum. The other terms add a little to it.": lambda z: z.max(axis=-1),
        },
        insight="The largest term of the sum is then exp(0) = 1: nothing overflows, and the log never sees a 0.",
    ),
    Exercise(
        "7-4", "derive", "∂ŷ/∂z of ŷ = σ(z), written with ŷ alone.",
        reference=sigmoid_slope,
        cases=trials.slope_cases,
        mistakes={
            "You put ŷ through the sigmoid once more. ŷ is σ(z) already.":
                lambda y_hat: sigmoid(y_hat) * (1 - sigmoid(y_hat)),
            "The sign: the sigmoid rises everywhere.": lambda y_hat: -y_hat * (1 - y_hat),
            "That is 1/ŷ², from the outer function alone: the inner e⁻ᶻ has a derivative too.":
                lambda y_hat: 1 / y_hat**2,
            "ŷ² is 1/(1 + e⁻ᶻ)². The chain rule brings the factor e⁻ᶻ = (1 - ŷ)/ŷ.": lambda y_hat: y_hat**2,
            "Those are the odds, eᶻ: (1 - ŷ) belongs above the line.": lambda y_hat: y_hat / (1 - y_hat),
            "That is the other probability. It is multiplied by ŷ.": lambda y_hat: 1 - y_hat,
        },
        insight="At most ¼, at ŷ = ½; near 0 where the sigmoid is sure.",
    ),
    Exercise(
        "7-5", "derive", "∂ℒ/∂ŷ of the binary cross-entropy -y log ŷ - (1 - y) log(1 - ŷ).",
        reference=entropy_slope,
        cases=trials.probability_cases,
        mistakes={
            "log(1 - ŷ) has the inner derivative -1: the two minus signs make a plus.":
                lambda p, y: -y / p - (1 - y) / (1 - p),
            "The sign: a yes wants ŷ larger, so there the slope is negative.": lambda p, y: -entropy_slope(p, y),
            "That is the derivative by z. Here it is by ŷ.": lambda p, y: p - y,
            "That is the term of a no alone.": lambda p, y: (1 - y) / (1 - p),
            "That counts every example as a yes. A no has another slope.": lambda p, y: -1 / p,
            "That is the term of a yes alone.": lambda p, y: -y / p,
            "The loss is of one example each: no mean over them.": lambda p, y: entropy_slope(p, y) / len(p),
            "That is the loss. Differentiate it.": lambda p, y: -(y * np.log(p) + (1 - y) * np.log(1 - p)),
        },
        insight="Its denominator is the slope of the sigmoid: (7.10) cancels the one with the other.",
    ),
    Exercise(
        "7-6", "derive", "The matrix J[k, j] = ∂ŷₖ/∂zⱼ for ŷ = softmax(z), from ŷ.",
        reference=softmax_jacobian,
        cases=[(np.array([0.7, 0.2, 0.1]),), (np.array([0.1, 0.3, 0.25, 0.35]),)],
        mistakes={
            "That is the diagonal alone. The logits share one denominator: each moves all the probabilities.":
                lambda y_hat: np.diag(y_hat * (1 - y_hat)),
            "That is the diagonal alone, as a vector. Each logit moves all the probabilities: return a matrix.":
                lambda y_hat: y_hat * (1 - y_hat),
            "The signs: raising zⱼ raises ŷⱼ and lowers all others.":
                lambda y_hat: np.outer(y_hat, y_hat) - np.diag(y_hat),
            "That is the derivative of the numerator alone. The denominator moves too.": lambda y_hat: np.diag(y_hat),
            "The identity has 1 on its diagonal. There ŷₖ is wanted: np.diag(ŷ).":
                lambda y_hat: np.eye(len(y_hat)) - np.outer(y_hat, y_hat),
            "y_hat * y_hat multiplies place by place. All pairs are np.outer(ŷ, ŷ).":
                lambda y_hat: np.diag(y_hat) - y_hat * y_hat,
            "y_hat @ y_hat is one number, the same everywhere. All pairs are np.outer(ŷ, ŷ).":
                lambda y_hat: np.diag(y_hat) - y_hat @ y_hat,
            "The diagonal has lost ŷₖ² twice: np.outer takes it off already.":
                lambda y_hat: np.diag(y_hat * (1 - y_hat)) - np.outer(y_hat, y_hat),
            "Off the diagonal it is right. On it the numerator adds ŷₖ.": lambda y_hat: -np.outer(y_hat, y_hat),
        },
        insight="Each row and each column adds up to 0: probability is moved, never made.",
    ),
    Exercise(
        "7-7", "derive", "The gradient of the mean softmax cross-entropy by the logits (N, classes).",
        reference=cross_entropy_gradient,
        cases=trials.logit_cases,
        mistakes={
            "The mean over the batch is missing: divide by N.":
                lambda z, labels: cross_entropy_gradient(z, labels) * len(z),
            "The sign: prediction minus truth.": lambda z, labels: -cross_entropy_gradient(z, labels),
            "You subtracted the number of the class. The truth is a row with a 1 in the place of that class.":
                lambda z, labels: (softmax(z) - labels[:, None]) / len(z),
            "That is ŷ/N. The truth has not been subtracted.": lambda z, labels: softmax(z) / len(z),
            "The logits are not the probabilities: put them through the softmax.":
                lambda z, labels: (z - np.eye(z.shape[1])[labels]) / len(z),
            "You divided by the number of all entries. Each example counts once: divide by N.":
                lambda z, labels: cross_entropy_gradient(z, labels) / z.shape[1],
            "You averaged the rows into one. Each example keeps its own row, divided by N.":
                lambda z, labels: cross_entropy_gradient(z, labels).sum(axis=0),
            "p[labels] takes whole rows. One entry in each row: p[np.arange(len(p)), labels].": wrong.whole_rows,
            "That is the loss. Its gradient has a row for each example.":
                lambda z, labels: -np.mean(np.log(softmax(z)[np.arange(len(z)), labels])),
            "p[:, labels] takes whole columns. One entry in each row: p[np.arange(len(p)), labels].":
                wrong.whole_columns,
            "The softmax was taken down the columns. Each row is one example: axis=1.":
                lambda z, labels: (softmax(z, axis=0) - np.eye(z.shape[1])[labels]) / len(z),
            "The softmax was taken over the whole array. Each row is one example, and sums to 1.":
                lambda z, labels: (np.exp(z) / np.exp(z).sum() - np.eye(z.shape[1])[labels]) / len(z),
        },
        insight="Prediction minus truth: the same as for the squared error of a line, and that is no accident.",
    ),
    Exercise(
        "7-b", "predict", "y = 1, and the classifier says z = -10. Which loss pushes z harder, and how much?",
        reference="cross-entropy, about 10,000 times",
        mistakes={
            "The error of the output is about 1 in both. But the squared error also passes through the slope of σ.":
                "about the same",
            "The other way round: the squared error is multiplied by the slope of σ, which is tiny there.":
                "squared error, about 10,000 times",
        },
        insight="Cross-entropy cancels the slope of σ. The squared error keeps it, and at z = -10 it is 1/22,000.",
    ),
    Exercise(
        "7-8", "derive", "The logit z at which (σ(z) - 1)² is steepest.",
        reference=-np.log(2),
        checker=trials.not_steepest,
        caught={
            **{text: value for value, text in trials.STEEPEST.items()},
            "A little to the left": -0.5,
            "A little to the right": -2.0,
            "Give one number": [0.0, 1.0],
        },
        insight="ŷ = ⅓. Left of -log 2 the squared error grows flatter the more wrong it is; right of it, it does not.",
    ),
    Exercise(
        "7-9", "break", "Finite logits for which exp(z)/Σexp(z) is not finite.",
        reference=[1000.0, 0.0],
        checker=trials.overflows,
        caught={
            "The naive formula survives these": [100.0, -100.0],
            "The logits themselves must be finite": [np.inf, 0.0],
            "Give a list of two logits": 1000.0,
        },
        insight="exp overflows at 709.8. And with all logits below -745.2 every exp is 0: 0/0.",
    ),
]
