"""Running a program in PyTorch, in float64, so that its values can be compared with ours."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from textbook import nn, ops
from textbook.engine import Array, Tensor, plain, topological_order
from textbook.optim import Optimizer


def import_torch() -> Any:
    try:
        import torch
    except ImportError:
        raise ImportError(
            "this compares with PyTorch, which is not installed here: pip install torch "
            "--index-url https://download.pytorch.org/whl/cpu"
        ) from None
    return torch


@cache
def functions() -> Mapping[str, Callable[..., Any]]:
    """For each entry of `OPS` the same function in PyTorch, with our names for its parameters."""
    torch = import_torch()
    F = torch.nn.functional

    def positions(index: Any, shape: tuple[int, ...]) -> Any:
        # Where x[index] reads, as flat positions: numpy's own indexing, so that torch's plays no part.
        return torch.as_tensor(np.arange(math.prod(shape)).reshape(shape)[index].astype(np.int64))

    def scatter_add(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
        zeros = torch.zeros(math.prod(shape), dtype=x.dtype)
        return zeros.index_add(0, positions(index, shape).reshape(-1), x.reshape(-1)).reshape(shape)

    def nchw(x: Any) -> Any:  # images and weights as torch stores them
        return x.permute(0, 3, 1, 2).contiguous()

    def oihw(w: Any) -> Any:
        return w.permute(3, 2, 0, 1).contiguous()

    def conv2d_input(g: Any, w: Any, shape: tuple[int, ...], stride: int, padding: int) -> Any:
        n, *sides, channels = shape
        given = (oihw(w), nchw(g), stride, padding)
        return torch.nn.grad.conv2d_input((n, channels, *sides), *given).permute(0, 2, 3, 1)

    def conv2d_weights(x: Any, g: Any, shape: tuple[int, ...], stride: int, padding: int) -> Any:
        given = (nchw(g), stride, padding)
        return torch.nn.grad.conv2d_weight(nchw(x), (*shape[:1:-1], *shape[:2]), *given).permute(2, 3, 1, 0)

    same = ("exp", "log", "sqrt", "abs", "sin", "cos", "tanh", "sigmoid", "relu", "maximum", "minimum")
    return {
        **{name: getattr(torch, name) for name in same},
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": operator.truediv,
        "neg": operator.neg,
        "pow": operator.pow,
        "matmul": operator.matmul,
        "identity": torch.clone,
        "softplus": lambda x: F.softplus(x, threshold=1e3),  # torch's default turns linear at 20
        "where": lambda x, y, condition: torch.where(torch.as_tensor(condition), x, y),
        "clip": lambda x, low=None, high=None: torch.clamp(x, low, high),
        "sum": lambda x, axis=None, keepdims=False: torch.sum(x, dim=axis, keepdim=keepdims),
        "mean": lambda x, axis=None, keepdims=False: torch.mean(x, dim=axis, keepdim=keepdims),
        "max": lambda x, axis=None, keepdims=False: torch.amax(x, dim=() if axis is None else axis, keepdim=keepdims),
        "min": lambda x, axis=None, keepdims=False: torch.amin(x, dim=() if axis is None else axis, keepdim=keepdims),
        "var": lambda x, axis=None, keepdims=False: torch.var(x, dim=axis, correction=0, keepdim=keepdims),
        "reshape": lambda x, shape: torch.reshape(x, (shape,) if isinstance(shape, int) else shape),
        "transpose": lambda x, axes=None: torch.permute(x, axes or tuple(reversed(range(x.ndim)))),
        "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
        "sum_to": lambda x, shape: x.sum_to_size(shape),
        "astype": lambda x, dtype: x.to(getattr(torch, dtype.name)),
        "getitem": lambda x, index: x.reshape(-1)[positions(index, x.shape)],
        "scatter_add": scatter_add,
        "concatenate": lambda *pieces, axis: torch.cat(pieces, dim=axis),
        "conv2d": lambda x, w, stride, padding: F.conv2d(nchw(x), oihw(w), None, stride, padding).permute(0, 2, 3, 1),
        "conv2d_input": conv2d_input,
        "conv2d_weights": conv2d_weights,
        "max_pool2d": lambda x, size: F.max_pool2d(nchw(x), size).permute(0, 2, 3, 1),
        "avg_pool2d": lambda x, size: F.avg_pool2d(nchw(x), size).permute(0, 2, 3, 1),
        "log_softmax": lambda z, axis=-1: F.log_softmax(z, dim=axis),
        "softmax": lambda z, axis=-1: F.softmax(z, dim=axis),
        "standardize": lambda x, axis=-1, eps=1e-5: (
            (x - x.mean(axis, keepdim=True)) / torch.sqrt(x.var(axis, correction=0, keepdim=True) + eps)
        ),
        "cross_entropy": lambda logits, labels: F.cross_entropy(logits, torch.as_tensor(labels)),
    }


class TorchRun(NamedTuple):
    """A program as PyTorch ran it: the result, its inputs, and for each `grad_fn` the tensor that Python saw."""

    root: Any
    leaves: tuple[Any, ...]
    values: dict[Any, Any]


def run(f: Callable[..., Any], *inputs: Any) -> TorchRun:
    """Run a function of tensors in PyTorch, and keep every value on the way.

    Args:
        f: maps torch tensors to one.  It may use what both kinds of tensors have: operators, `.sum()`, `.tanh()`, …
        inputs: numbers or arrays, which become float64 leaves; torch tensors are used as they are.
    """
    torch = import_torch()
    leaves = tuple([x if torch.is_tensor(x) else torch.tensor(x, dtype=torch.float64, requires_grad=True)
                    for x in map(plain, inputs)])  # fmt: skip
    values: dict[Any, Any] = {}

    class Watch(torch.overrides.TorchFunctionMode):  # type: ignore[name-defined]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = function(*args, **(kwargs or {}))
            # torch counts a scalar's shape and grad_fn among its functions too: only new results are of interest.
            if isinstance(result, torch.Tensor) and result.grad_fn is not None:
                values.setdefault(result.grad_fn, result.detach())
            return result

    with Watch():
        root = f(*leaves)
    return TorchRun(root, leaves, values)


def replay(root: Tensor) -> TorchRun:
    """Run the program that `root` has recorded once more, in PyTorch, operation by operation."""
    torch, table, order = import_torch(), functions(), topological_order(root)
    leaves = [t for t in order if t.recipe is None and t.requires_grad]

    def program(*given: Any) -> Any:
        twin = dict(zip(leaves, given, strict=True))
        for t in order:
            if t.recipe is None:
                twin.setdefault(t, torch.tensor(t.data, dtype=torch.float64))
                continue
            inputs = [twin[p] for p in t.recipe.parents]
            if t.recipe.op.name in ("add", "sub", "mul", "div", "pow"):  # as one writes it: 2 * x
                inputs = [x if x.requires_grad or x.ndim else x.item() for x in inputs]
            twin[t] = table[t.recipe.op.name](*inputs, **t.recipe.params)
        return twin[root]

    return run(program, *leaves)


def model_twin(model: nn.MLP) -> Any:
    """A `torch.nn.Sequential` with the weights of an MLP, in float64.  NB: torch stores weights as (out, in)."""
    torch = import_torch()
    activations = {ops.relu: torch.nn.ReLU, ops.tanh: torch.nn.Tanh, ops.sigmoid: torch.nn.Sigmoid}
    layers: list[Any] = []
    for ours in model.layers:
        layer = torch.nn.Linear(*ours.w.shape, dtype=torch.float64)
        layer.weight.data = torch.tensor(ours.w.data.T, dtype=torch.float64).contiguous()
        layer.bias.data = torch.tensor(ours.b.data, dtype=torch.float64)
        layers += [layer, activations[model.activation]()]
    return torch.nn.Sequential(*layers[:-1])


def train_both(model: nn.MLP, batches: Iterable[tuple[Array, Array]], lr: float) -> tuple[Array, float]:
    """Train a classifier and its twin by Adam on the same batches.

    Args:
        model: in float64; it is moved.
        batches: pairs (x, labels).

    Returns:
        both losses of each step, ours first, (steps, 2); and the largest difference of two parameters at the end.
    """
    torch = import_torch()
    twin = model_twin(model)
    optimizers = Optimizer(model, "adam", lr=lr), torch.optim.Adam(twin.parameters(), lr=lr)
    losses = []
    for x, labels in batches:
        theirs = functions()["cross_entropy"](twin(torch.tensor(x)), np.asarray(labels, np.int64))
        pair = ops.cross_entropy(model(x), labels), theirs
        for optimizer, loss in zip(optimizers, pair, strict=True):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append([loss.item() for loss in pair])
    pairs = zip(model.parameters(), twin.parameters(), strict=True)
    return np.array(losses), max(float(np.abs(p.data - q.numpy(force=True).T).max()) for p, q in pairs)


def saved_bytes(f: Callable[[], Any], beside: Iterable[Any] = ()) -> int:
    """What PyTorch saves for the backward pass while f runs, in bytes; memory that is shared counts once.

    Args:
        f: computes something; its result need not be kept.
        beside: tensors that exist anyway, parameters and inputs, and do not count.
    """
    torch = import_torch()
    known = {t.untyped_storage().data_ptr() for t in beside}
    found: dict[int, int] = {}
    kept = []

    def pack(t: Any) -> Any:
        storage = t.untyped_storage()
        if storage.data_ptr() not in known:
            found[storage.data_ptr()] = storage.nbytes()
        kept.append(t)  # else its memory may be given to the next
        return t

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        f()
    return sum(found.values())
