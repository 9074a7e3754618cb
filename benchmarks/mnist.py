"""The reference table: every recipe of `textbook.recipes` on both sets, three seeds each, written into README.

`make bench ARGS=mnist` measures all rows; `python -m benchmarks.mnist cnn` one of them, and leaves the others.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from textbook import data, nn, ops, recipes, train
from textbook.mnist import SIZES, Mnist
from textbook.recipes import RECIPES

README = Path(__file__).resolve().parent.parent / "README.md"
MARKED = re.compile(r"(?<=<!-- recipes -->\n).*(?=<!-- /recipes -->)", re.DOTALL)
HEAD = "| | embedded subset: test | a training | full set: test | a training |\n|---|---|---|---|---|\n"
SEEDS = range(3)
TWIN = "torch"  # a row beside those of RECIPES
TITLES = {**{name: recipe.title for name, recipe in RECIPES.items()}, TWIN: "CNN in PyTorch, the same recipe"}


def main(names: list[str]) -> None:
    """Measure the named rows, or all, and write each into README as soon as it is known.

    Raises:
        SystemExit: an unknown row, or README has lost the table's two marks.
        FileNotFoundError, OSError: the full set is not at hand (see `load_mnist`).
    """
    if unknown := [name for name in names if name not in TITLES]:
        raise SystemExit(f"unknown row {unknown[0]!r}: choose from {', '.join(TITLES)}")
    if not MARKED.search(README.read_text(encoding="utf-8")):
        raise SystemExit(f"{README} has lost the marks <!-- recipes --> and <!-- /recipes --> of the table")
    sets = [data.load_mnist(size) for size in SIZES]
    for name in names or TITLES:
        row = [cell for mnist in sets for cell in cells([measure(name, mnist, seed) for seed in SEEDS])]
        write_row(TITLES[name], row)
    print("\n" + MARKED.search(README.read_text(encoding="utf-8"))[0], end="")


def measure(name: str, mnist: Mnist, seed: int) -> tuple[float, float]:
    """Train one seed.  Returns the test accuracy in percent and the seconds of processor time."""
    result = torch_run(mnist, seed) if name == TWIN else recipes.run(name, mnist, seed=seed)
    print(f"{name}, {len(mnist.x_train):,} images, seed {seed}: validation {result.validation.accuracy:.2%}, "
          f"test {result.test.accuracy:.2%}, {result.seconds:.1f} s", flush=True)  # fmt: skip
    return 100 * result.test.accuracy, result.seconds


def cells(results: list[tuple[float, float]]) -> list[str]:
    """Two cells of a row: the mean accuracy of the seeds with its standard deviation, and the mean time."""
    accuracy, seconds = np.mean(results, axis=0)
    spread = np.std(results, axis=0, ddof=1)[0]
    return [f"{accuracy:.2f} % (± {spread:.2f})", f"{seconds:.{1 if seconds < 10 else 0}f} s"]


def write_row(title: str, row: list[str]) -> None:
    """Put a row into README's table, in the place of the older one."""
    text = README.read_text(encoding="utf-8")
    lines = {line.split("|")[1].strip(): line for line in MARKED.search(text)[0].splitlines()[2:]}
    lines[title] = f"| {title} | {' | '.join(row)} |"
    table = HEAD + "".join(lines[each] + "\n" for each in TITLES.values() if each in lines)
    README.write_text(MARKED.sub(lambda _: table, text), encoding="utf-8")


# ---------------------------------------------------------------------------------------------- the twin in PyTorch


def torch_run(mnist: Mnist, seed: int, epochs: int | None = None) -> recipes.Result:
    """The recipe "cnn" in PyTorch: the same first weights, augmentation, optimizer and schedule."""
    import torch

    recipe, rng = RECIPES["cnn"], np.random.default_rng(seed)
    torch.manual_seed(seed)
    model = twin(recipe.model(rng))
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=recipe.weight_decay)
    epochs = epochs or recipe.epochs_for(len(mnist.x_train))
    factor = recipe.schedule(epochs * -(-len(mnist.x_train) // recipe.batch))
    losses, start = [], time.process_time()
    for step, (x, y) in enumerate(recipe.batches(mnist.x_train, mnist.y_train, epochs, rng)):
        optimizer.param_groups[0]["lr"] = recipe.lr * factor(step)
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(torch.from_numpy(x)), torch.from_numpy(y))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    seconds = time.process_time() - start
    validation = torch_score(model, mnist.x_val, mnist.y_val)
    return recipes.Result(model, np.array(losses), validation, torch_score(model, mnist.x_test, mnist.y_test), seconds)


def torch_score(model: Any, x: Any, y: Any, size: int = 1000) -> train.Score:
    """As `train.evaluate`."""
    import torch

    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(torch.from_numpy(x[i : i + size])) for i in range(0, len(x), size)])
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(y)).item()
    return train.Score(loss, float((logits.argmax(dim=1).numpy() == y).mean()))


def twin(ours: nn.Sequential) -> Any:
    """A network of our layers as one of PyTorch's, with the same weights: (N, 784) to the same logits."""
    from torch import nn as tnn

    class Flatten(tnn.Module):
        """The channels last, as our layers have them."""

        def forward(self, x: Any) -> Any:
            return x.permute(0, 2, 3, 1).flatten(1)

    layers: list[Any] = []
    for layer in ours.layers:
        match layer:
            case nn.Reshape(shape=(height, width, channels)):
                layers.append(tnn.Unflatten(1, (channels, height, width)))
            case nn.Conv2d(stride=stride, padding=padding):
                size, _, c_in, c_out = layer.w.shape
                conv = tnn.Conv2d(c_in, c_out, size, stride=stride, padding=padding)
                layers.append(_with(conv, layer.w.data.transpose(3, 2, 0, 1), layer.b.data))
            case nn.Linear():
                layers.append(_with(tnn.Linear(*layer.w.shape), layer.w.data.T, layer.b.data))
            case nn.MaxPool2d(size=size):
                layers.append(tnn.MaxPool2d(size))
            case nn.Dropout(p=p):
                layers.append(tnn.Dropout(p))
            case nn.Flatten():
                layers.append(Flatten())
            case ops.relu:
                layers.append(tnn.ReLU())
            case _:
                raise ValueError(f"no twin in PyTorch is known for {layer!r}")
    return tnn.Sequential(*layers)


def _with(layer: Any, w: Any, b: Any) -> Any:
    import torch

    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(w.copy()))
        layer.bias.copy_(torch.from_numpy(b.copy()))
    return layer


if __name__ == "__main__":
    main(sys.argv[1:])
