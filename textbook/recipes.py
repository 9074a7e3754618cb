"""Recipes: whole trainings on MNIST, written down so that anyone gets the same numbers again.

    recipe = model + augmentation + optimizer + schedule + epochs

`RECIPES` holds them by name, from softmax regression to a convolutional network; `make bench ARGS=mnist` runs them all
and writes README's reference table.  Where several amounts or networks were tried, the validation part decided; the
test part was looked at for that table only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from textbook import augment, data, nn, ops, schedules
from textbook.engine import Array
from textbook.mnist import Mnist
from textbook.optim import Optimizer
from textbook.train import Score, evaluate, train

FULL = 55_000  # training images of the full set, which the numbers of epochs are for


@dataclass(frozen=True)
class Recipe:
    """One way to train a network to read digits: AdamW, the learning rate warmed up and then along half a cosine.

    Attributes:
        title: as the reference table names it.
        model: makes the network, its weights drawn from the generator; images (N, 784) to logits (N, 10).
        augment: makes fresh images of a batch's, if any.
        epochs: passes over 55,000 images.  Fewer images are passed over more often: N of them √(55,000/N) times so.
        lr: the highest learning rate, after a tenth of the steps.
        weight_decay: AdamW's.
        batch: examples a step.
    """

    title: str
    model: Callable[[np.random.Generator], nn.Module]
    augment: Callable[[Array, np.random.Generator], Array] | None = None
    epochs: int = 10
    lr: float = 2e-3
    weight_decay: float = 0.01
    batch: int = 128

    def epochs_for(self, examples: int) -> int:
        """Passes over so many training images.

        >>> RECIPES["mlp"].epochs_for(55_000), RECIPES["mlp"].epochs_for(7_000)
        (10, 28)
        """
        return round(self.epochs * (FULL / examples) ** 0.5)

    def batches(self, x: Array, y: Array, epochs: int, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
        """The batches of all epochs, shuffled anew in each, their images augmented."""
        for _ in range(epochs):
            for images, labels in data.batches(x, y, self.batch, rng):
                yield (self.augment(images, rng) if self.augment else images), labels

    def schedule(self, steps: int) -> Callable[[int], float]:
        """The factor of `lr` at each of so many steps."""
        rise = max(1, steps // 10)
        return schedules.warm_up(rise, then=schedules.cosine(max(1, steps - rise)))


class Result(NamedTuple):
    """What a recipe gave.

    Attributes:
        model: the trained network, in training mode: `train.evaluate` and `model.eval()` switch.
        losses: (steps,), of each batch before its step, in nats.
        validation, test: loss and accuracy on the parts that were not trained on.
        seconds: of processor time that the training took, all threads together; so a busy machine changes it little.
    """

    model: nn.Module
    losses: Array
    validation: Score
    test: Score
    seconds: float


def run(name: str, mnist: Mnist, *, seed: int = 0, epochs: int | None = None, progress: bool = False) -> Result:
    """Train by a recipe on the training part, then score on the validation and the test part.

    Args:
        name: one of RECIPES.
        mnist: the digits, `load_mnist()` or `load_mnist("full")`.
        seed: of the weights, the order of the batches, the augmentation and the dropout.  The same seed gives the same
            numbers, on the same machine and with the same number of threads.
        epochs: passes over the training part; without a number as many as the recipe says.
        progress: show a bar.

    Raises:
        ValueError: an unknown recipe, or epochs below 1.

    >>> result = run("softmax", data.load_mnist(), epochs=1)
    >>> result.test.accuracy > 0.8, len(result.losses)
    (True, 55)
    """
    recipe = find(name)
    examples = len(mnist.x_train)
    epochs = recipe.epochs_for(examples) if epochs is None else epochs
    if not isinstance(epochs, int | np.integer) or isinstance(epochs, bool) or epochs < 1:
        raise ValueError(f"epochs are whole passes over the training part, 1 at least: got {epochs!r}")
    rng = np.random.default_rng(seed)
    model = recipe.model(rng)
    optimizer = Optimizer(model, "adamw", lr=recipe.lr, weight_decay=recipe.weight_decay)
    steps = epochs * -(-examples // recipe.batch)
    factor = recipe.schedule(steps)
    losses = np.empty(steps)
    start = time.process_time()
    optimizer.hyper["lr"] = recipe.lr * factor(0)
    batches = recipe.batches(mnist.x_train, mnist.y_train, epochs, rng)
    for step in _shown(train(model, ops.cross_entropy, batches, optimizer), steps, recipe.title, progress):
        losses[step.number - 1] = step.loss
        optimizer.hyper["lr"] = recipe.lr * factor(step.number)
    seconds = time.process_time() - start
    validation = evaluate(model, mnist.x_val, mnist.y_val)
    return Result(model, losses, validation, evaluate(model, mnist.x_test, mnist.y_test), seconds)


def find(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in RECIPES:
        raise ValueError(f"unknown recipe {name!r}: choose one of {', '.join(RECIPES)}")
    return RECIPES[name]


def _shown(steps: Iterator[Any], count: int, title: str, progress: bool) -> Iterator[Any]:
    if not progress:
        return steps
    from tqdm import tqdm

    return iter(tqdm(steps, total=count, desc=title, unit=" steps"))


# --- The networks, and the recipes ------------------------------------------------------------------------------------


def softmax_regression(rng: np.random.Generator) -> nn.Module:
    """One linear layer, from zero."""
    return nn.MLP([784, 10], rng=rng, init="zeros")


def mlp(rng: np.random.Generator) -> nn.Module:
    """Two hidden layers."""
    return nn.MLP([784, 256, 128, 10], rng=rng)


def mlp_with_dropout(rng: np.random.Generator, width: int = 512, p: float = 0.2) -> nn.Module:
    """Two wider hidden layers, and dropout behind each."""
    return nn.Sequential(
        nn.Linear(784, width, rng=rng), ops.relu, nn.Dropout(p, rng=rng),
        nn.Linear(width, width, rng=rng), ops.relu, nn.Dropout(p, rng=rng),
        nn.Linear(width, 10, rng=rng),
    )  # fmt: skip


def cnn(rng: np.random.Generator, p: float = 0.3) -> nn.Module:
    """Two convolutions with 5 × 5 windows, each followed by max pooling, and a hidden layer with dropout.

    (N, 784) → (N, 28, 28, 1) → (N, 12, 12, 16) → (N, 4, 4, 32) → (N, 512) → (N, 128) → (N, 10)

    Source: LeCun, Bottou, Bengio & Haffner 1998, section II.B, in today's manner.
    """
    return nn.Sequential(
        nn.Reshape(28, 28, 1),
        nn.Conv2d(1, 16, 5, rng=rng), ops.relu, nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, rng=rng), ops.relu, nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 4 * 32, 128, rng=rng), ops.relu, nn.Dropout(p, rng=rng),
        nn.Linear(128, 10, rng=rng),
    )  # fmt: skip


RECIPES: dict[str, Recipe] = {
    "softmax": Recipe("softmax regression", softmax_regression, lr=1e-2),
    "mlp": Recipe("MLP 784-256-128-10", mlp, weight_decay=0.1),
    "mlp_augmented": Recipe(
        "MLP 784-512-512-10, augmentation, dropout",
        mlp_with_dropout,
        augment=partial(augment.distorted, warp=1.0),
        epochs=20,
    ),
    "cnn": Recipe("CNN, augmentation, dropout", cnn, augment=augment.distorted, epochs=8, lr=3e-3),
}
