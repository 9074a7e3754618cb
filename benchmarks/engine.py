"""The engine against PyTorch, plain numpy, HIPS autograd and micrograd; same weights, batch, dtype and threads."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Row, ratio, row
from textbook import Tensor, data, engine, nn, ops, optim, train

THREADS = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
WIDTHS = ([784, 128, 10], [784, 256, 128, 10])


def _batch(size: int) -> tuple[Any, Any]:
    mnist = data.load_mnist("small")
    return mnist.x_train[:size], mnist.y_train[:size]


def _name(widths: list[int], size: int) -> str:
    return f"{'-'.join(map(str, widths))}, batch {size}"


# ---------------------------------------------------------------------------------------------- training steps


def our_step(widths: list[int], size: int, rule: str) -> tuple[Callable[[], Any], nn.MLP]:
    """One training step of our engine, as a reader writes it."""
    x, y = _batch(size)
    model = nn.MLP(widths, rng=np.random.default_rng(0))
    optimizer = optim.Optimizer(model.parameters(), rule, lr=1e-3)

    def step() -> None:
        optimizer.zero_grad()
        ops.cross_entropy(model(x), labels=y).backward()
        optimizer.step()

    return step, model


def torch_step(widths: list[int], size: int, rule: str) -> Callable[[], Any]:
    """The same step in eager PyTorch, from the same weights."""
    import torch
    from torch import nn as tnn

    x, y = map(torch.from_numpy, _batch(size))
    layers: list[Any] = []
    for ours in nn.MLP(widths, rng=np.random.default_rng(0)).layers:
        linear = tnn.Linear(*ours.w.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(ours.w.data.copy().T))
            linear.bias.zero_()
        layers += [linear, tnn.ReLU()]
    model = tnn.Sequential(*layers[:-1])
    kind = {"gd": torch.optim.SGD, "adam": torch.optim.Adam}[rule]
    optimizer = kind(model.parameters(), lr=1e-3)

    def step() -> None:
        optimizer.zero_grad()
        tnn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

    return step


def numpy_step(widths: list[int], size: int, rule: str) -> Callable[[], Any]:
    """The same step written out by hand in numpy, without an engine."""
    x, y = _batch(size)
    layers = nn.MLP(widths, rng=np.random.default_rng(0)).layers
    w, b = [layer.w.data.copy() for layer in layers], [layer.b.data.copy() for layer in layers]
    params = [*w, *b]
    m, v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    t = 0

    def step() -> None:
        nonlocal t
        t += 1
        h = [x]
        for i in range(len(w)):
            z = h[-1] @ w[i] + b[i]
            h.append(np.maximum(z, 0) if i < len(w) - 1 else z)
        z = h[-1] - h[-1].max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1, keepdims=True)
        _ = -np.mean((z - np.log(total))[np.arange(len(y)), y])
        g = e / total
        g[np.arange(len(y)), y] -= 1
        g /= len(y)
        dw, db = [None] * len(w), [None] * len(w)
        for i in reversed(range(len(w))):
            dw[i], db[i] = h[i].T @ g, g.sum(axis=0)
            if i:
                g = (g @ w[i].T) * (h[i] > 0)
        for i, (p, slope) in enumerate(zip(params, [*dw, *db], strict=True)):
            if rule == "gd":
                p -= 1e-3 * slope
            else:
                m[i] = 0.9 * m[i] + 0.1 * slope
                v[i] = 0.999 * v[i] + 0.001 * slope**2
                p -= 1e-3 * (m[i] / (1 - 0.9**t)) / (np.sqrt(v[i] / (1 - 0.999**t)) + 1e-8)

    return step


def products(widths: list[int], size: int) -> Callable[[], Any]:
    """The matrix products of a forward and a backward pass, and nothing else."""
    x, _ = _batch(size)
    w = [layer.w.data.copy() for layer in nn.MLP(widths, rng=np.random.default_rng(0)).layers]
    rng = np.random.default_rng(1)
    h = [x, *(rng.normal(size=(size, n)).astype(np.float32) for n in widths[1:])]

    def multiply() -> None:
        for i in range(len(w)):
            h[i] @ w[i]
        for i in reversed(range(len(w))):
            h[i].T @ h[i + 1]
            if i:
                h[i + 1] @ w[i].T

    return multiply


def passes(widths: list[int], size: int) -> Callable[[], Any]:
    """Our forward and backward pass."""
    x, y = _batch(size)
    model = nn.MLP(widths, rng=np.random.default_rng(0))
    parameters = model.parameters()

    def forward_and_backward() -> None:
        for p in parameters:
            p.grad = None
        ops.cross_entropy(model(x), labels=y).backward()

    return forward_and_backward


def overhead() -> list[Row]:
    """What the engine adds to the products that have to be computed; and what reading the weights adds to a step."""
    rows = []
    for widths, goal in zip(WIDTHS, (1.25, 1.15), strict=True):
        name = f"forward + backward {_name(widths, 128)}: ours / its matrix products"
        alone = goal if THREADS == 1 else None  # with two threads the products are split, all the rest is not
        rows.append(row(name, ratio(passes(widths, 128), products(widths, 128)), alone))
    widths = WIDTHS[-1]
    read, model = our_step(widths, 128, "gd")
    assert all(p.data.size for p in model.parameters())
    untouched, _ = our_step(widths, 128, "gd")
    name = f"step {_name(widths, 128)}, SGD: after .data of every parameter was read / before"
    return [*rows, row(name, ratio(read, untouched), 1.03)]


def steps() -> list[Row]:
    """Rows 1 and 2: a training step against PyTorch eager and against plain numpy."""
    rows = []
    for widths in WIDTHS:
        for size in (32, 128):
            for rule in ("gd", "adam"):
                ours, _ = our_step(widths, size, rule)
                goal = 0.95 if THREADS == 1 else 1.1
                name = f"{_name(widths, size)}, {'SGD' if rule == 'gd' else 'Adam'}"
                rows.append(row(f"step {name}: ours / torch", ratio(ours, torch_step(widths, size, rule)), goal))
                goal = 1.15 if (widths, size, rule) == (WIDTHS[-1], 128, "gd") else 1.25 if size == 128 else 1.5
                rows.append(
                    row(f"step {name}: ours / numpy by hand", ratio(ours, numpy_step(widths, size, rule)), goal)
                )
    return rows


def hips_autograd() -> list[Row]:
    """Row 3: forward and backward against HIPS autograd."""
    import autograd
    import autograd.numpy as anp

    rows = []
    for widths in WIDTHS:
        for size in (32, 128):
            x, y = _batch(size)
            model = nn.MLP(widths, rng=np.random.default_rng(0))
            params = [(layer.w.data.copy(), layer.b.data.copy()) for layer in model.layers]

            def loss(params: Any, x: Any = x, y: Any = y) -> Any:
                h = x
                for w, b in params[:-1]:
                    h = anp.maximum(anp.dot(h, w) + b, 0)
                z = anp.dot(h, params[-1][0]) + params[-1][1]
                z = z - anp.max(z, axis=1, keepdims=True)
                log_p = z - anp.log(anp.sum(anp.exp(z), axis=1, keepdims=True))
                return -anp.mean(log_p[anp.arange(len(y)), y])

            both = autograd.value_and_grad(loss)

            def ours(model: Any = model, x: Any = x, y: Any = y) -> None:
                for p in model.parameters():
                    p.grad = None
                ops.cross_entropy(model(x), labels=y).backward()

            def theirs(both: Any = both, params: Any = params) -> Any:
                return both(params)

            rows.append(row(f"forward + backward {_name(widths, size)}: ours / autograd", ratio(ours, theirs), 0.35))
    return rows


# ---------------------------------------------------------------------------------------------- micrograd's ground


def micrograd_moons() -> Row:
    """Row 4: one step of micrograd's moons demo (2-16-16-1, 100 points, max-margin loss, L2), ours as arrays."""
    import random

    from micrograd.engine import Value
    from micrograd.nn import MLP

    x, y = data.moons(100, noise=0.1, rng=np.random.default_rng(0))
    sign = (2 * y - 1).astype(float)
    random.seed(0)
    theirs_model = MLP(2, [16, 16, 1])
    points = x.tolist()

    def theirs() -> None:
        scores = [theirs_model([Value(a) for a in p]) for p in points]
        losses = [(1 + -s * z).relu() for s, z in zip(sign.tolist(), scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in theirs_model.parameters())
        theirs_model.zero_grad()
        total.backward()
        for p in theirs_model.parameters():
            p.data -= 0.1 * p.grad

    model = nn.MLP([2, 16, 16, 1], rng=np.random.default_rng(0), dtype=float)
    optimizer = optim.Optimizer(model.parameters(), "gd", lr=0.1)

    def ours() -> None:
        z = model(x).reshape(-1)
        penalty = sum(ops.sum(p * p) for p in model.parameters())
        total = ops.mean(ops.relu(1 - sign * z)) + 1e-4 * penalty
        optimizer.zero_grad()
        total.backward()
        optimizer.step()

    return row("moons 2-16-16-1, 100 points, a step: ours / micrograd", ratio(ours, theirs, 3, 5), 0.005, digits=4)


def scalar_program(value: Callable[[float], Any], relu: Callable[[Any], Any]) -> None:
    """micrograd's README example, node by node."""
    a, b = value(-4.0), value(2.0)
    c = a + b
    d = a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + relu(b + a)
    d = d + 3 * d + relu(b - a)
    e = c - d
    f = e**2
    g = f / 2.0
    g = g + 10.0 / f
    g.backward()


def micrograd_scalars() -> Row:
    """Row 5: scalar expressions node by node."""
    from micrograd.engine import Value

    def ours() -> None:
        scalar_program(lambda v: Tensor(v, requires_grad=True), ops.relu)

    def theirs() -> None:
        scalar_program(Value, lambda v: v.relu())

    return row("scalar expression, node by node: ours / micrograd", ratio(ours, theirs, 15, 200), 2.5)


# ---------------------------------------------------------------------------------------------- MNIST


def mnist(size: str, epochs: int, batch: int, lr: float, seeds: int = 5) -> tuple[float, float, float]:
    """Train 784-256-128-10 with Adam and a cosine schedule.  Returns mean accuracy, its spread, seconds a seed."""
    m = data.load_mnist(size)
    accuracies, times = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        model = nn.MLP([784, 256, 128, 10], rng=rng)
        optimizer = optim.Optimizer(model.parameters(), "adam", lr=lr)
        schedule = optim.cosine(epochs * -(-len(m.x_train) // batch))
        step = 0
        start = time.perf_counter()
        for _ in range(epochs):
            for _ in train.train(model, ops.cross_entropy, data.batches(m.x_train, m.y_train, batch, rng), optimizer):
                step += 1
                optimizer.hyper["lr"] = lr * schedule(step)
        times.append(time.perf_counter() - start)
        accuracies.append(train.evaluate(model, m.x_test, m.y_test).accuracy)
    return float(np.mean(accuracies)), float(np.std(accuracies)), float(np.mean(times))


def training() -> list[Row]:
    """Rows 6 and 7: accuracy and time on the full MNIST (where it is at hand) and on the embedded subset."""
    rows = []
    accuracy, spread, time_ = mnist("small", epochs=10, batch=128, lr=2e-3)
    rows.append(
        row(
            f"embedded subset, test accuracy, mean of 5 seeds (± {100 * spread:.2f})",
            100 * accuracy,
            94,
            unit=" %",
            at_least=True,
        )
    )
    rows.append(row("embedded subset, time a seed", time_, 3, unit=" s"))
    if os.environ.get("TEXTBOOK_MNIST_DIR"):
        accuracy, spread, time_ = mnist("full", epochs=10, batch=128, lr=2e-3)
        rows.append(
            row(
                f"full MNIST, test accuracy, mean of 5 seeds (± {100 * spread:.2f})",
                100 * accuracy,
                98.1,
                unit=" %",
                at_least=True,
            )
        )
        rows.append(row("full MNIST, time a seed", time_, 20, unit=" s"))
    else:
        print("The full MNIST is not measured: set TEXTBOOK_MNIST_DIR to a folder that holds its four files.")
    return rows


# ---------------------------------------------------------------------------------------------- graphs and imports


def chain_seconds(length: int) -> float:
    """Forward and backward through a chain of additions."""
    start = time.perf_counter()
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(length):
        y = y + 1.0
    y.backward()
    assert x.grad == 1.0
    return time.perf_counter() - start


def sharing_seconds(doublings: int) -> float:
    """y = x; y = y + y, so often: 2**doublings paths."""
    start = time.perf_counter()
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(doublings):
        y = y + y
    y.backward()
    assert x.grad == 2.0**doublings
    return time.perf_counter() - start


def graphs() -> list[Row]:
    """Row 8: deep and shared graphs, in linear time."""
    chain_seconds(1000)
    growth = np.median([chain_seconds(100_000) / chain_seconds(50_000) for _ in range(5)]) / 2
    sharing = np.median([sharing_seconds(40) / sharing_seconds(20) for _ in range(99)]) / 2
    return [
        row("chain of 100,000 operations: time an operation, against 50,000", float(growth), 1.5),
        row("2^40 paths through 40 additions: time an addition, against 20", float(sharing), 1.5),
    ]


def imports() -> list[Row]:
    """Row 9: what `import textbook` costs beyond numpy, in fresh interpreters; and that torch stays out."""

    def fresh(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    beyond = np.median([fresh("import numpy, textbook") - fresh("import numpy") for _ in range(7)])
    code = "import sys, textbook; sys.exit('torch' in sys.modules)"
    torch_in = subprocess.run([sys.executable, "-c", code]).returncode
    return [
        row("import textbook, beyond numpy", float(beyond), 0.2, unit=" s"),
        Row("import textbook imports torch", "yes" if torch_in else "never", "never", not torch_in),
    ]


def rows() -> list[Row]:
    """All rows, cheapest first."""
    assert engine.OPS
    small = [*imports(), *graphs(), micrograd_scalars(), micrograd_moons()]
    return [*small, *overhead(), *steps(), *hips_autograd(), *training()]
