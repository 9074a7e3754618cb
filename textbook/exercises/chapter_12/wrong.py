"""Answers to the exercises of chapter 12 that have gone wrong."""

import numpy as np

from textbook.exercises.chapter_03 import Node
from textbook.exercises.chapter_04 import backward, cross_entropy
from textbook.exercises.chapter_12.answers import confusion_matrix, reliability, train_epoch


def all_differences(x, x_train, y_train):
    return y_train[((x[:, None] - x_train) ** 2).sum(axis=2).argmin(axis=1)]


def epoch(*, clear=True, walk=backward, move=lambda p, lr: p.value - lr * p.grad, after=False, result=lambda a: a):
    """`train_epoch`, gone wrong in one place."""

    def train(network, params, batches, lr):
        losses = []
        for x, y in batches:
            loss = cross_entropy(network(Node(x)), y)
            for p in params if clear else ():
                p.grad = 0.0
            walk(loss)
            for p in params:
                p.value = move(p, lr)
            losses.append(float(cross_entropy(network(Node(x)), y).value if after else loss.value))
        return result(losses)

    return train


def walk_for_each(network, params, batches, lr):
    losses = []
    for x, y in batches:
        loss = cross_entropy(network(Node(x)), y)
        for p in params:
            p.grad = 0.0
            backward(loss)
            p.value = p.value - lr * p.grad
        losses.append(float(loss.value))
    return losses


def mean_of_the_mean(network, params, batches, lr):
    return [train_epoch(network, params, [(x, y)], lr / len(x))[0] for x, y in batches]


def first_batch(network, params, batches, lr):
    return train_epoch(network, params, batches[:1], lr)


def in_tenths(tenth, confidence, right, expected=lambda c, k: c.sum()):
    rows = [(k, confidence[tenth == k], right[tenth == k]) for k in range(10)]
    return np.array([[len(c), expected(c, k), r.sum()] for k, c, r in rows])


def shares_in_tenths(confidence, right):
    table = reliability(confidence, right)
    return np.column_stack([table[:, 0], table[:, 1:] / np.maximum(table[:, :1], 1)])


def only_classes_there(labels, guesses):
    n = max(len(np.unique(labels)), labels.max() + 1, guesses.max() + 1)
    return confusion_matrix(labels, guesses)[:n, :n]


def rolled(images):
    return np.roll(images.reshape(-1, 28, 28), 1, axis=2).reshape(len(images), 784)


def other_way(images):
    squares = images.reshape(-1, 28, 28)
    moved = np.zeros_like(squares)
    moved[:, :, :-1] = squares[:, :, 1:]
    return moved.reshape(len(images), 784)


def left_kept(images):
    squares = images.reshape(-1, 28, 28).copy()
    squares[:, :, 1:] = squares[:, :, :-1].copy()
    return squares.reshape(len(images), 784)


def down(images):
    squares = images.reshape(-1, 28, 28)
    moved = np.zeros_like(squares)
    moved[:, 1:] = squares[:, :-1]
    return moved.reshape(len(images), 784)
