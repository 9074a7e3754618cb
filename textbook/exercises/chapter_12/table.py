"""The table of the exercises of chapter 12: questions, right answers, and what each wrong one is told."""

import numpy as np

from textbook.exercises import Exercise
from textbook.exercises.chapter_12 import trials, wrong
from textbook.exercises.chapter_12.answers import (
    FALL,
    HEART,
    MIDDLE,
    confusion_matrix,
    nearest_neighbour,
    reliability,
    shifted,
    standard_error,
    train_epoch,
)

EXERCISES = [
    Exercise(
        "12-a", "predict", "A model gives each of ten classes the probability 1/10. What is its cross-entropy?",
        reference=2.303,
        mistakes={
            "That is the probability. The loss is minus its logarithm.": 0.1,
            "The logarithm is the natural one: −log 0.1 = 2.303 nats.": 1.0,
            "The sign: the logarithm of 1/10 is negative, and the loss is minus that.": -2.303,
            "That is in bits. The logarithm is the natural one.": 3.322,
            "A perfect model has the loss 0. This one knows nothing.": 0.0,
        },
        insight="−ln(1/10) = ln 10.",
        atol=0.02,
    ),
    Exercise(
        "12-1", "implement", "The label of the nearest training image.",
        reference=nearest_neighbour,
        cases=trials.neighbour_cases,
        checker=trials.sparing,
        caught={"all differences x − t are kept at once": wrong.all_differences},
        mistakes={
            "You return where the nearest image stands. Return its label, y_train[…].":
                lambda x, x_train, y_train: ((x[:, None] - x_train) ** 2).sum(axis=2).argmin(axis=1),
            "The largest product x·t is not the nearest image: the term ‖t‖² is missing, or one number for all t "
            "(sum each row: axis=1).":
                lambda x, x_train, y_train: y_train[(x @ x_train.T).argmax(axis=1)],
            "You took the farthest image.":
                lambda x, x_train, y_train: y_train[((x[:, None] - x_train) ** 2).sum(axis=2).argmax(axis=1)],
            "A minimum for each training image, not for each x: the axis is the other one.":
                lambda x, x_train, y_train: y_train[((x_train**2).sum(axis=1) - 2 * x @ x_train.T).argmin(axis=0)],
            "The factor 2 of −2 x·t is missing.":
                lambda x, x_train, y_train: y_train[((x_train**2).sum(axis=1) - x @ x_train.T).argmin(axis=1)],
            "The sign of 2 x·t: a large product makes the distance small.":
                lambda x, x_train, y_train: y_train[((x_train**2).sum(axis=1) + 2 * x @ x_train.T).argmin(axis=1)],
        },
        insight="One matrix product, and all distances at once. ‖x‖² is the same for every t, so it may be left out.",
    ),
    Exercise(
        "12-2", "implement", "The training loop, on your own engine.",
        reference=train_epoch,
        run=trials.run_epoch,
        cases=trials.epoch_cases,
        mistakes={
            "The second batch goes wrong: the old gradients were still there. p.grad = 0.0 before backward.":
                wrong.epoch(clear=False),
            "These are the losses after the steps. Take loss.value of the graph that you walked back through.":
                wrong.epoch(after=True),
            "That is uphill: minus the gradient leads down.": wrong.epoch(move=lambda p, lr: p.value + lr * p.grad),
            "The step is lr times the gradient; yours has no lr.": wrong.epoch(move=lambda p, lr: p.value - p.grad),
            "The parameters have not moved. Was backward called, after the gradients were emptied? And is it p.value "
            "that you set?": wrong.epoch(move=lambda p, lr: p.value),
            "The parameters have become their own steps: p.value - lr * p.grad.": wrong.epoch(
                move=lambda p, lr: -lr * p.grad),
            "One loss for each batch: yours is the last alone.": wrong.epoch(result=lambda losses: losses[-1]),
            "One loss for each batch: yours is their mean.": wrong.epoch(result=lambda losses: float(np.mean(losses))),
            "One loss for each batch: yours is their sum.": wrong.epoch(result=lambda losses: float(np.sum(losses))),
            "After the first batch it is over: does the return stand inside the loop?": wrong.first_batch,
            "Walk back once for each batch: empty all gradients, then backward, and only then move the parameters.":
                wrong.walk_for_each,
            "cross_entropy is the batch's mean already: do not divide by its size again.": wrong.mean_of_the_mean,
        },
        insight="Forward, empty, back, move. Every framework's loop is these lines.",
    ),
    Exercise(
        "12-b", "predict", "What do the trained weights for a 0 look like in the middle of the image?",
        reference=MIDDLE[2],
        mistakes={
            "The mean of the zeros has a hole there, and no ink.": MIDDLE[0],
            "Near 0 would say that ink there tells nothing. It tells a lot: other digits have ink there.": MIDDLE[1],
        },
        insight="Ink in the middle speaks against a 0: other digits have it there, and a 0 does not.",
    ),
    Exercise(
        "12-c", "predict", "1,000 images with shuffled labels. Which training accuracy is reached?",
        reference=HEART[2],
        mistakes={
            "Nothing that holds for other images. But 1,000 pairs can be kept, one by one.": HEART[0],
            "There are a hundred times as many parameters as images. What would stop it half-way?": HEART[1],
        },
        insight="101,770 parameters keep 1,000 labels that follow no rule. A falling training loss proves no learning.",
    ),
    Exercise(
        "12-d", "predict", "The training loss falls. How far does the validation loss fall?",
        reference=FALL[2],
        mistakes={
            "The parameters were fitted to the training images, and not to these.": FALL[0],
            "So it would be if it learned only what holds for all images. It also learns by heart.": FALL[1],
        },
        insight="What is learned by heart helps with the training images alone.",
    ),
    Exercise(
        "12-3", "implement", "The confusion matrix.",
        reference=confusion_matrix,
        cases=trials.label_cases,
        mistakes={
            "Rows and columns are swapped: the row is the true class.": lambda labels, guesses: confusion_matrix(
                guesses, labels),
            "Every pair counts as often as it occurs: add 1, do not set 1.":
                lambda labels, guesses: np.minimum(confusion_matrix(labels, guesses), 1),
            "These are shares of the row. Return the counts.": lambda labels, guesses: confusion_matrix(
                labels, guesses) / np.maximum(confusion_matrix(labels, guesses).sum(axis=1, keepdims=True), 1),
            "Ten rows and ten columns, also for classes that do not occur.": wrong.only_classes_there,
            "All ten rows are one and the same list: [[0] * 10] * 10 repeats it. Make ten, or take np.zeros((10, 10)).":
                lambda labels, guesses: np.tile(confusion_matrix(labels, guesses).sum(axis=0), (10, 1)),
            "You counted the mistakes alone. What is right stands on the diagonal.":
                lambda labels, guesses: confusion_matrix(labels, guesses) * (1 - np.eye(10, dtype=int)),
        },
        insight="The diagonal holds what is right, so its sum over all is the accuracy.",
    ),
    Exercise(
        "12-4", "implement", "Shares against how often they come true.",
        reference=reliability,
        cases=trials.sureness_cases,
        mistakes={
            "These are means of the tenth. Return how many: the sums.": wrong.shares_in_tenths,
            "A share of exactly 1 is lost: it belongs to the last tenth.": lambda confidence, right: wrong.in_tenths(
                (10 * confidence).astype(int), confidence, right),
            "A share on an edge belongs to the tenth above it: k/10 ≤ share.":
                lambda confidence, right: wrong.in_tenths(np.ceil(10 * confidence).astype(int) - 1, confidence, right),
            "np.round takes the nearest edge. A tenth begins at its edge: cut off, astype(int).":
                lambda confidence, right: wrong.in_tenths(np.round(10 * confidence), confidence, right),
            "Expected and observed are swapped: the sum of the shares stands first.": lambda confidence, right:
                reliability(confidence, right)[:, [0, 2, 1]],
            "Rows are tenths, columns the three numbers: yours is transposed.": lambda confidence, right: reliability(
                confidence, right).T,
            "What is expected is the sum of the shares themselves. You counted each as the middle of its tenth.":
                lambda confidence, right: wrong.in_tenths(
                    np.minimum((10 * confidence).astype(int), 9), confidence, right,
                    lambda c, k: len(c) * (k + 0.5) / 10),
            "The last column counts the wrong answers. Count the right ones.": lambda confidence, right: reliability(
                confidence, ~np.asarray(right, bool)),
        },
        insight="Shares that keep their promise are called calibrated. The accuracy says nothing about it.",
    ),
    Exercise(
        "12-5", "implement", "Every image one pixel to the right.",
        reference=shifted,
        cases=trials.picture_cases,
        mistakes={
            "np.roll brings what leaves on the right back in on the left. The new column must be paper.": wrong.rolled,
            "That is to the left.": wrong.other_way,
            "The old left column still stands on the left. The new one must be paper.": wrong.left_kept,
            "That is downwards: the first axis of an image counts rows.": wrong.down,
            "In a row of 784 the pixel after the right end of a line is the left end of the next line.":
                lambda images: np.pad(images, ((0, 0), (1, 0)))[:, :-1],
            "The same, and the last pixel of all comes back at the front. Reshape to 28 × 28 first.":
                lambda images: np.roll(images, 1, axis=1),
        },
        insight="Every pixel has its own weights, so a shifted digit meets other weights. Convolutions share them.",
    ),
    Exercise(
        "12-6", "implement", "The standard error of an accuracy.",
        reference=standard_error,
        cases=[(0.95, 2000), (0.5, 100), (0.113, 1000)],
        mistakes={
            "That is the variance. The standard error is its square root.": lambda p, n: p * (1 - p) / n,
            "That is one image's standard deviation. The mean of n has one √n times smaller.":
                lambda p, n: np.sqrt(p * (1 - p)),
            "n belongs under the root: divide by √n, not by n.": lambda p, n: np.sqrt(p * (1 - p)) / n,
            "The variance of a number that is 0 or 1 is p(1 − p), not p.": lambda p, n: np.sqrt(p / n),
            "p(1 − p) belongs under the root too.": lambda p, n: p * (1 - p) / np.sqrt(n),
            "In percentage points; a share was asked for.": lambda p, n: 100 * standard_error(p, n),
        },
        insight="For 95 % of 2,000 images: half a percentage point. Four times the images halve it.",
    ),
]  # fmt: skip
