"""Exercises of chapter 12, MNIST."""

import numpy as np

from textbook import ops
from textbook.engine import Tensor
from textbook.exercises import Exercise
from textbook.optim import Optimizer

MIDDLE = ("positive, as where there is ink", "near 0, as in the mean image", "strongly negative")
FALL = ("further than the training loss", "as far", "less far")


def nearest_neighbour(x, x_train, y_train):
    """The label of the nearest training image, for each row of x."""
    distance = (x_train**2).sum(axis=1) - 2 * x @ x_train.T  # ‖x‖² is the same for all of them
    return y_train[distance.argmin(axis=1)]


def training_step(model, x, y, optimizer):
    """One step of training; returns the loss before the move."""
    optimizer.zero_grad()
    loss = ops.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def confusion_matrix(labels, guesses):
    """counts[i, j]: how many images of class i were taken for j."""
    counts = np.zeros((10, 10), dtype=int)
    for label, guess in zip(labels, guesses, strict=True):
        counts[label, guess] += 1
    return counts


def standard_error(p, n):
    """√(p(1 − p)/n), of a share p of n independent cases."""
    return np.sqrt(p * (1 - p) / n)


def shifted(images):
    """Every image one pixel to the right."""
    squares = images.reshape(-1, 28, 28)
    moved = np.zeros_like(squares)
    moved[:, :, 1:] = squares[:, :, :-1]
    return moved.reshape(len(images), 784)


def _neighbour_cases(rng):
    return [
        (rng.normal(size=(n, d)) + 1, rng.normal(size=(m, d)) * rng.uniform(0.3, 3, (m, 1)), rng.permutation(m))
        for n, m, d in ((7, 12, 3), (5, 30, 8), (1, 9, 4))
    ]


def _step_cases(rng):
    return [(rng.normal(size=(n, 4)), rng.integers(0, 3, n), lr) for n, lr in ((5, 0.3), (8, 0.05))]


def _run_step(step, x, y, lr):
    """Two steps on the same parameters: what is forgotten between them shows in the second."""
    w = Tensor(np.linspace(-1, 1, 12).reshape(4, 3), requires_grad=True, name="w")
    optimizer = Optimizer([w], "gd", lr=lr)
    losses = [step(lambda x: x @ w, x, y, optimizer) for _ in range(2)]
    if any(isinstance(loss, Tensor) for loss in losses):
        raise TypeError("a Tensor came back, and with it the graph of its step is kept: return its number, loss.item()")
    return [*losses, w.data]


def _without_zero_grad(model, x, y, optimizer):
    loss = ops.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def _loss_after(model, x, y, optimizer):
    training_step(model, x, y, optimizer)
    return ops.cross_entropy(model(x), y).item()


def _label_cases(rng):
    return [(rng.integers(0, top, n), rng.integers(0, top, n)) for n, top in ((200, 10), (37, 7))]


def _only_classes_there(labels, guesses):
    n = max(len(np.unique(labels)), labels.max() + 1, guesses.max() + 1)
    return confusion_matrix(labels, guesses)[:n, :n]


def _picture_cases(rng):
    return [(rng.random((n, 784)),) for n in (3, 1)]


def _rolled(images):
    return np.roll(images.reshape(-1, 28, 28), 1, axis=2).reshape(len(images), 784)


def _other_way(images):
    squares = images.reshape(-1, 28, 28)
    moved = np.zeros_like(squares)
    moved[:, :, :-1] = squares[:, :, 1:]
    return moved.reshape(len(images), 784)


def _down(images):
    squares = images.reshape(-1, 28, 28)
    moved = np.zeros_like(squares)
    moved[:, 1:] = squares[:, :-1]
    return moved.reshape(len(images), 784)


EXERCISES = [
    Exercise(
        "12-a", "predict", "Which accuracy, in percent, has the most common class as the answer to everything?",
        reference=11.3,
        mistakes={
            "That is 10 classes of equal size. The most common one has 790 of the 7,000 images: a little more.": 10.0,
            "That is the share. In percent it is a hundred times as much.": 0.113,
            "Half would need two classes. There are ten, of nearly equal size.": 50.0,
        },
        insight="790/7,000, the share of that class. Any classifier must beat it.",
        atol=0.6,
    ),
    Exercise(
        "12-b", "predict", "A model gives each of ten classes the probability 1/10. What is its cross-entropy?",
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
        cases=_neighbour_cases,
        mistakes={
            "You return where the nearest image stands. Return its label, y_train[…].":
                lambda x, x_train, y_train: ((x[:, None] - x_train) ** 2).sum(axis=2).argmin(axis=1),
            "The largest product x·t is not the nearest image: the term ‖t‖² is missing.":
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
        "12-2", "implement", "One step of training.",
        reference=training_step,
        run=_run_step,
        cases=_step_cases,
        mistakes={
            "The second step goes wrong: old gradients were still there. zero_grad() comes first.": _without_zero_grad,
            "That is the loss after the move. Compute it once, before, and return its item().": _loss_after,
            "Return the loss, as loss.item().": lambda model, x, y, optimizer: (
                training_step(model, x, y, optimizer), None)[1],
        },
        insight="Forget, look, walk back, move. Every framework's loop is these four lines.",
    ),
    Exercise(
        "12-c", "predict", "What do the trained weights for a 0 look like in the middle of the image?",
        reference=MIDDLE[2],
        mistakes={
            "The mean of the zeros has a hole there, and no ink.": MIDDLE[0],
            "Near 0 would say that ink there tells nothing. It tells a lot: other digits have ink there.": MIDDLE[1],
        },
        insight="Ink in the middle speaks against a 0: other digits have it there, and a 0 does not.",
    ),
    Exercise(
        "12-d", "predict", "How many parameters has a network with 784 inputs, 100 hidden units and 10 outputs?",
        reference=79510.0,
        mistakes={
            "The biases are parameters too: 100 and 10 of them.": 79400.0,
            "That is with 128 hidden units.": 101770.0,
            "That is the first layer alone.": 78500.0,
            "The layers are added, not multiplied.": 784.0 * 100 * 10,
        },
        insight="784 · 100 + 100 and 100 · 10 + 10. Nearly all of them are in the first layer.",
    ),
    Exercise(
        "12-e", "predict", "The training loss falls. How far does the validation loss fall?",
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
        cases=_label_cases,
        mistakes={
            "Rows and columns are swapped: the row is the true class.": lambda labels, guesses: confusion_matrix(
                guesses, labels),
            "Every pair counts as often as it occurs: add 1, do not set 1.":
                lambda labels, guesses: np.minimum(confusion_matrix(labels, guesses), 1),
            "These are shares of the row. Return the counts.": lambda labels, guesses: confusion_matrix(
                labels, guesses) / np.maximum(confusion_matrix(labels, guesses).sum(axis=1, keepdims=True), 1),
            "Ten rows and ten columns, also for classes that do not occur.": _only_classes_there,
            "You counted the mistakes alone. What is right stands on the diagonal.":
                lambda labels, guesses: confusion_matrix(labels, guesses) * (1 - np.eye(10, dtype=int)),
        },
        insight="The diagonal holds what is right, so its sum over all is the accuracy.",
    ),
    Exercise(
        "12-f", "predict", "95 % of 2,000 images are right. How many percentage points is the standard error?",
        reference=0.487,
        mistakes={
            "That is the standard deviation of one image, in percentage points. Divide by √2000.": 21.8,
            "That is a share of 1. In percentage points it is a hundred times as much.": 0.00487,
            "You forgot the square root.": 0.00238,
        },
        insight="√(0.95 · 0.05 / 2000) = 0.0049, about half a percentage point.",
        rtol=0.05,
        atol=0.0,
    ),
    Exercise(
        "12-4", "implement", "The standard error of an accuracy.",
        reference=standard_error,
        cases=[(0.95, 2000), (0.5, 100), (0.113, 1000)],
        mistakes={
            "That is the variance. The standard error is its square root.": lambda p, n: p * (1 - p) / n,
            "That is one image's standard deviation. The mean of n has one √n times smaller.":
                lambda p, n: np.sqrt(p * (1 - p)),
            "n belongs under the root: divide by √n, not by n.": lambda p, n: np.sqrt(p * (1 - p)) / n,
            "The variance of a number that is 0 or 1 is p(1 − p), not p.": lambda p, n: np.sqrt(p / n),
            "In percentage points; a share was asked for.": lambda p, n: 100 * standard_error(p, n),
        },
        insight="Four times the images halve it.",
    ),
    Exercise(
        "12-5", "implement", "Every image one pixel to the right.",
        reference=shifted,
        cases=_picture_cases,
        mistakes={
            "np.roll brings what leaves on the right back in on the left. The new column must be paper.": _rolled,
            "That is to the left.": _other_way,
            "That is downwards: the first axis of an image counts rows.": _down,
            "In a row of 784 the pixel after the right end of a line is the left end of the next line.":
                lambda images: np.pad(images, ((0, 0), (1, 0)))[:, :-1],
            "The same, and the last pixel of all comes back at the front. Reshape to 28 × 28 first.":
                lambda images: np.roll(images, 1, axis=1),
        },
        insight="Every pixel has its own weights, so a shifted digit meets other weights. Convolutions share them.",
    ),
]  # fmt: skip
