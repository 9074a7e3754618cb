"""Train with every mixture of four remedies: `python tools/regularisation.py` writes textbook/data/regularisation.npz.

An MLP 784-256-10 on the first 100, 300 or 1,000 training digits, 600 steps with momentum; training and validation loss
and accuracy at 31 steps, early ones closer together, mean over three seeds.  The lab `regularisation` shows it.
"""

import itertools
from functools import cache

import numpy as np

from textbook import augment, data, mnist, nn, ops
from textbook.labs.regularisation import AUGMENT, DECAY, DROPOUT, IMAGES
from textbook.optim import Optimizer
from textbook.train import evaluate, train

WIDTH, BATCH, LR, STEPS, SEEDS = 256, 50, 0.05, 600, 3
load = cache(mnist.load_mnist)
AT = np.unique(np.round(STEPS * np.linspace(0, 1, 31) ** 1.5).astype(int))


def watched(images: int, p: float, decay: float, augmented: bool, seed: int, steps: int = STEPS) -> np.ndarray:
    """With the loss ℒ + decay/2 Σ w², (4, measurements): losses and accuracies, training before validation, at `AT`."""
    digits, rng = load(), np.random.default_rng(seed)
    x, y = digits.x_train[:images], digits.y_train[:images]
    first, last = nn.Linear(784, WIDTH, rng=rng), nn.Linear(WIDTH, 10, rng=rng)
    model = nn.Sequential(first, ops.relu, nn.Dropout(p, rng=rng), last)

    def loss(z, labels):
        fit = ops.cross_entropy(z, labels)
        return fit + sum(0.5 * decay * (w * w).sum() for w in (first.w, last.w)) if decay else fit

    def batches():
        while True:
            for images, labels in data.batches(x, y, BATCH, rng):
                yield (augment.shifted(images, rng) if augmented else images), labels

    def scores():
        (train_loss, train_right), (val_loss, val_right) = (
            evaluate(model, *part) for part in ((x, y), (digits.x_val, digits.y_val))
        )
        return train_loss, val_loss, train_right, val_right

    found = [scores()]
    for step in itertools.islice(train(model, loss, batches(), Optimizer(model, "momentum", lr=LR)), steps):
        if step.number in AT:
            found.append(scores())
    return np.array(found).T


def main() -> None:
    sizes = (len(IMAGES), len(DROPOUT), len(AUGMENT), len(DECAY))
    mixtures = itertools.product(IMAGES, DROPOUT, AUGMENT, DECAY)
    found = np.empty((np.prod(sizes), 4, len(AT)), np.float32)
    for k, (images, p, augmented, decay) in enumerate(mixtures):
        found[k] = np.mean([watched(images, p, decay, augmented, seed) for seed in range(SEEDS)], axis=0)
        print(images, p, augmented, decay, found[k, :, -1].round(3), flush=True)
    values = found.reshape(*sizes, 4, len(AT)).astype(np.float16)
    np.savez_compressed(mnist.EMBEDDED.with_name("regularisation.npz"), values=values, at=AT)


if __name__ == "__main__":
    main()
