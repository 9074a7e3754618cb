"""Train the small network that ships with the book: `python tools/digit_net.py` writes textbook/data/digit_net.npz.

The training part of the small MNIST, each epoch with every image moved, turned and resized a little, so that the
network reads a digit drawn with the mouse as well as it reads MNIST's.
"""

import numpy as np

from textbook import data, mnist, nn, ops, optim, train

EPOCHS, HIDDEN = 40, 32


def moved(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each image turned by up to 15°, resized by up to 12 % and shifted by up to 2 pixels, at random."""
    n, side = len(images), mnist.SIDE
    angle = rng.uniform(-0.26, 0.26, n)[:, None, None]
    scale = rng.uniform(0.88, 1.12, n)[:, None, None]
    r, c = np.mgrid[:side, :side] - (side - 1) / 2
    down = (np.cos(angle) * r - np.sin(angle) * c) / scale + rng.uniform(-2, 2, n)[:, None, None] + (side - 1) / 2
    right = (np.sin(angle) * r + np.cos(angle) * c) / scale + rng.uniform(-2, 2, n)[:, None, None] + (side - 1) / 2
    padded = np.pad(images.reshape(n, side, side), ((0, 0), (1, 2), (1, 2)))
    down, right = np.clip(down, -1, side), np.clip(right, -1, side)
    i, j = np.floor(down).astype(int), np.floor(right).astype(int)
    a, b, k = down - i, right - j, np.arange(n)[:, None, None]
    corner = lambda di, dj: padded[k, i + 1 + di, j + 1 + dj]  # noqa: E731
    mixed = (1 - a) * ((1 - b) * corner(0, 0) + b * corner(0, 1)) + a * ((1 - b) * corner(1, 0) + b * corner(1, 1))
    return mixed.reshape(n, -1).astype(np.float32)


def main() -> None:
    digits, rng = mnist.load_mnist(), np.random.default_rng(0)
    model = nn.MLP([784, HIDDEN, 10], rng=rng)
    optimizer = optim.Optimizer(model.parameters(), "adamw", lr=2e-3, weight_decay=0.05)
    factor = optim.cosine(EPOCHS)
    for epoch in range(EPOCHS):
        optimizer.hyper["lr"] = 2e-3 * factor(epoch)
        batches = data.batches(moved(digits.x_train, rng), digits.y_train, 64, rng)
        for _ in train.train(model, ops.cross_entropy, batches, optimizer):
            pass
        print(epoch, train.evaluate(model, digits.x_val, digits.y_val))
    arrays = dict(zip(mnist.DigitNet._fields, (p.data.astype(np.float16) for p in model.parameters()), strict=True))
    np.savez_compressed(mnist.EMBEDDED.with_name("digit_net.npz"), **arrays)


if __name__ == "__main__":
    main()
