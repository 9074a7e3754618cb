"""Train ten sabotaged nets and a healthy one: `python tools/diagnose.py` writes textbook/data/diagnose.npz.

An MLP 784-32-32-10 with ReLU on 1,000 training digits, plain gradient descent, 400 steps of 50 images.  Each sabotage
changes one thing.  The lab `diagnose` shows what was measured, without saying what was changed.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np

from textbook import data, mnist, nn, no_grad, ops
from textbook.engine import Array
from textbook.labs.diagnose import LOOKS, NORMS
from textbook.optim import Optimizer
from textbook.train import evaluate

STEPS, BATCH, IMAGES, RATE = 400, 50, 1000, 0.1
FEW, FAST, SLOW, ONE_VALUE, SUNKEN = 60, 3.0, 2e-4, 0.02, -20.0
WATCHED = 24  # validation images whose activations are kept
SABOTAGES = (
    "healthy", "rate_too_large", "rate_too_small", "labels_shuffled", "not_zeroed", "not_scaled", "all_equal",
    "units_dead", "few_images", "softmax_twice", "sorted",
)  # fmt: skip
load = cache(mnist.load_mnist)


def network(sabotage: str) -> nn.MLP:
    """The net at its start."""
    start = (lambda rng, shape: np.full(shape, ONE_VALUE)) if sabotage == "all_equal" else "he"
    model = nn.MLP([784, 32, 32, 10], rng=np.random.default_rng(0), init=start)
    if sabotage == "units_dead":
        model.layers[0].b.data = np.full(32, SUNKEN, np.float32)
    return model


def batches(sabotage: str, x: Array, y: Array) -> Iterator[tuple[Array, Array]]:
    """Batches without end."""
    rng = np.random.default_rng(1)
    if sabotage == "labels_shuffled":
        y = rng.permutation(y)
    if sabotage == "sorted":
        order = np.argsort(y, kind="stable")
        x, y = x[order], y[order]
    while True:
        yield from data.batches(x, y, BATCH, None if sabotage == "sorted" else rng)


def watched(sabotage: str, steps: int = STEPS) -> dict[str, Array]:
    """What a run shows.

    `loss` (steps,): of each batch, before its step; `val` and `accuracy` (looks,): of the validation part;
    `norm` and `ratio` (measurements, 3): of each layer's weights the norm of the gradient, and of the step it makes
    over that of the weights; `hidden` (looks, 24, 32): the first hidden layer's activations for 24 images.
    """
    digits, count = load(), FEW if sabotage == "few_images" else IMAGES
    ink = np.float32(255 if sabotage == "not_scaled" else 1)
    x, x_val, y_val = ink * digits.x_train[:count], ink * digits.x_val, digits.y_val
    model = network(sabotage)
    weights = [layer.w for layer in model.layers]
    rate = {"rate_too_large": FAST, "rate_too_small": SLOW}.get(sabotage, RATE)
    optimizer = Optimizer(model, "gd", lr=rate)
    found: dict[str, list] = {name: [] for name in ("loss", "val", "accuracy", "norm", "ratio", "hidden")}

    judged = nn.Sequential(model, ops.softmax) if sabotage == "softmax_twice" else model

    def look() -> None:
        score = evaluate(judged, x_val, y_val)
        with no_grad():
            hidden = ops.relu(model.layers[0](x_val[:WATCHED]))
        for name, value in zip(("val", "accuracy", "hidden"), (*score, hidden.data), strict=True):
            found[name].append(value)

    look()
    for step, (images, labels) in zip(range(steps), batches(sabotage, x, digits.y_train[:count]), strict=False):
        if sabotage != "not_zeroed":
            optimizer.zero_grad()
        loss = ops.cross_entropy(judged(images), labels)
        loss.backward()
        found["loss"].append(loss.item())
        if step % NORMS == 0:
            sizes = np.array([(np.linalg.norm(w.grad), np.linalg.norm(w.data)) for w in weights])
            found["norm"].append(sizes[:, 0])
            found["ratio"].append(rate * sizes[:, 0] / sizes[:, 1])
        optimizer.step()
        if (step + 1) % LOOKS == 0:
            look()
    return {name: np.array(values, np.float32) for name, values in found.items()}


def main() -> None:
    arrays: dict[str, Array] = {}
    for sabotage in SABOTAGES:
        run = watched(sabotage)
        print(f"{sabotage}: loss {run['loss'][-1]:.3f}, validation {run['val'][-1]:.3f}", flush=True)
        run["hidden"] = run["hidden"].astype(np.float16)
        arrays |= {f"{sabotage}_{name}": value for name, value in run.items()}
    np.savez_compressed(mnist.EMBEDDED.with_name("diagnose.npz"), **arrays)


if __name__ == "__main__":
    main()
