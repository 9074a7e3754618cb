"""Train the small network that ships with the book: `python tools/digit_net.py` writes textbook/data/digit_net.npz.

The training part of the small MNIST, each epoch with every image moved, turned and resized a little, so that the
network reads a digit drawn with the mouse as well as it reads MNIST's.
"""

import numpy as np

from textbook import augment, data, mnist, nn, ops, optim, train

EPOCHS, HIDDEN = 40, 32


def main() -> None:
    digits, rng = mnist.load_mnist(), np.random.default_rng(0)
    model = nn.MLP([784, HIDDEN, 10], rng=rng)
    optimizer = optim.Optimizer(model.parameters(), "adamw", lr=2e-3, weight_decay=0.05)
    factor = optim.cosine(EPOCHS)
    for epoch in range(EPOCHS):
        optimizer.hyper["lr"] = 2e-3 * factor(epoch)
        moved = augment.distorted(digits.x_train, rng, shift=2, turn=15, scale=0.12)
        batches = data.batches(moved, digits.y_train, 64, rng)
        for _ in train.train(model, ops.cross_entropy, batches, optimizer):
            pass
        print(epoch, train.evaluate(model, digits.x_val, digits.y_val))
    arrays = dict(zip(mnist.DigitNet._fields, (p.data.astype(np.float16) for p in model.parameters()), strict=True))
    np.savez_compressed(mnist.EMBEDDED.with_name("digit_net.npz"), **arrays)


if __name__ == "__main__":
    main()
