"""Right answers to the exercises of chapter 12."""

import numpy as np

from textbook.exercises.chapter_03 import Node
from textbook.exercises.chapter_04 import backward, cross_entropy

MIDDLE = ("positive, as where there is ink", "near 0, as in the mean image", "strongly negative")
FALL = ("further than the training loss", "as far", "less far")
HEART = ("about 10 %: there is nothing to learn", "about half", "nearly 100 %")


def nearest_neighbour(x, x_train, y_train):
    """The label of the nearest training image, for each row of x."""
    distance = (x_train**2).sum(axis=1) - 2 * x @ x_train.T  # ‖x‖² is the same for all of them
    return y_train[distance.argmin(axis=1)]


def train_epoch(network, params, batches, lr):
    """One step of gradient descent for each batch; returns the losses before the steps."""
    losses = []
    for x, y in batches:
        loss = cross_entropy(network(Node(x)), y)
        for p in params:
            p.grad = 0.0
        backward(loss)
        for p in params:
            p.value = p.value - lr * p.grad
        losses.append(float(loss.value))
    return losses


def confusion_matrix(labels, guesses):
    """counts[i, j]: how many images of class i were taken for j."""
    counts = np.zeros((10, 10), dtype=int)
    for label, guess in zip(labels, guesses, strict=True):
        counts[label, guess] += 1
    return counts


def reliability(confidence, right):
    """For each tenth of [0, 1]: how many answers, how many right ones they promise, how many are right."""
    tenth = np.minimum((10 * confidence).astype(int), 9)
    rows = [(confidence[tenth == k], right[tenth == k]) for k in range(10)]
    return np.array([[len(c), c.sum(), r.sum()] for c, r in rows])


def standard_error(p, n):
    """√(p(1 − p)/n), of a share p of n independent cases."""
    return np.sqrt(p * (1 - p) / n)


def shifted(images):
    """Every image one pixel to the right."""
    squares = images.reshape(-1, 28, 28)
    moved = np.zeros_like(squares)
    moved[:, :, 1:] = squares[:, :, :-1]
    return moved.reshape(len(images), 784)
