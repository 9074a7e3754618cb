"""Watch the sharpness at many learning rates: `python tools/sharpness.py` writes textbook/data/sharpness.npz.

Full batch gradient descent on the first 1,000 training digits, an MLP 784-32-32-10 with tanh and small weights, 300
steps, the top eigenvalue at every fifth.  The lab `sharpness` shows it.
"""

import numpy as np

from textbook import mnist, nn, ops
from textbook.second_order import flat_loss, watch_sharpness

DIGITS, STEPS, EVERY = 1000, 300, 5
RATES = {"mse": np.geomspace(0.4, 4.0, 21), "cross_entropy": np.geomspace(0.1, 1.0, 21)}


def small(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Normal weights of standard deviation 0.4/√fan_in: the walk starts where the loss is flat."""
    return rng.normal(0.0, 0.4 / np.sqrt(shape[0]), shape)


def watched(loss: str, lr: float, steps: int = STEPS) -> tuple[np.ndarray, np.ndarray]:
    """The loss at each step and the sharpness at every fifth; NaN after a divergence."""
    digits = mnist.load_mnist()
    x, y = digits.x_train[:DIGITS], digits.y_train[:DIGITS]
    model = nn.MLP([784, 32, 32, 10], rng=np.random.default_rng(0), activation=ops.tanh, init=small)
    targets = np.eye(10, dtype=np.float32)[y] if loss == "mse" else y
    f, w = flat_loss(model, getattr(ops, loss), x - x.mean(), targets)
    run = list(watch_sharpness(f, w, lr, steps, every=EVERY, rng=np.random.default_rng(1)))
    values, top = np.full(steps + 1, np.nan), np.full(steps // EVERY + 1, np.nan)
    values[: len(run)] = [at.loss for at in run]
    measured = [at.sharpness for at in run[::EVERY]]
    top[: len(measured)] = measured
    return values, top


def main() -> None:
    arrays: dict[str, np.ndarray] = {}
    for loss, rates in RATES.items():
        runs = []
        for lr in rates:
            runs.append(watched(loss, float(lr)))
            print(f"{loss}, lr {lr:.3g}: loss {runs[-1][0][-1]:.4f}, sharpness {runs[-1][1][-1]:.3f}", flush=True)
        values, top = zip(*runs, strict=True)
        arrays |= {f"{loss}_lr": rates, f"{loss}_loss": np.array(values), f"{loss}_sharpness": np.array(top)}
    small_enough = {name: array.astype(np.float32) for name, array in arrays.items()}
    np.savez_compressed(mnist.EMBEDDED.with_name("sharpness.npz"), **small_enough)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
