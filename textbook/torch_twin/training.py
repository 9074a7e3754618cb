"""Training one of our networks by PyTorch: its autograd, its optimizer, on the same memory as ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import signature
from typing import Any

import numpy as np

from textbook import nn
from textbook.engine import Array, Tensor, plain
from textbook.optim import Optimizer
from textbook.torch_twin.running import functions, import_torch

# The class in torch.optim, and what it must be told.  NB: lion is not in PyTorch; its Muon takes matrices only, and
# its Adafactor reads a matrix as (out, in).
OPTIMIZERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "gd": ("SGD", {}), "momentum": ("SGD", {}), "nesterov": ("SGD", {"nesterov": True}), "adagrad": ("Adagrad", {}),
    "rmsprop": ("RMSprop", {}), "adam": ("Adam", {}), "adamw": ("AdamW", {}), "nadam": ("NAdam", {}),
    "radam": ("RAdam", {}),
}  # fmt: skip


def train(model: nn.Module, batches: Iterable[tuple[Array, Array]], optimizer: Optimizer) -> Iterator[float]:
    """Train a classifier as `train.train` does with `ops.cross_entropy`, by PyTorch's backward pass and optimizer.

    The parameters stay where they are: PyTorch writes into the same memory, so whatever looks at `model` sees how far
    it has come, its gradients included.  Dropout draws its masks from the model's own generator.

    Args:
        model: of the layers of `nn` and activations of `ops`.
        batches: pairs (x, labels).
        optimizer: names the rule and its hyperparameters; its `lr` may be changed between steps.

    Yields:
        the loss of each batch before its step, in nats.

    Raises:
        ValueError: PyTorch has no such optimizer, or the network holds something that has no twin.
    """
    torch = import_torch()
    name = optimizer.rule.__name__
    if name not in OPTIMIZERS:
        raise ValueError(f"rule: PyTorch's run has {', '.join(OPTIMIZERS)}, and no {name}")
    cls, told = OPTIMIZERS[name]
    known = signature(getattr(torch.optim, cls)).parameters
    of = {t: torch.from_numpy(t.writable()).requires_grad_(t.requires_grad) for t in model.named_tensors().values()}
    theirs = getattr(torch.optim, cls)(
        [of[p] for p in optimizer.params], **{k: v for k, v in optimizer.hyper.items() if k in known}, **told
    )
    model.train()
    for x, labels in batches:
        theirs.param_groups[0]["lr"] = optimizer.hyper["lr"]
        theirs.zero_grad()
        logits = forward(model, torch.from_numpy(np.ascontiguousarray(plain(x))), of)
        loss = functions()["cross_entropy"](logits, np.asarray(labels, np.int64))
        loss.backward()
        for p in optimizer.params:
            p.grad = of[p].grad.numpy()
        theirs.step()
        yield loss.item()


def forward(module: Callable[[Any], Any], x: Any, of: Mapping[Tensor, Any]) -> Any:
    """What a module in training mode computes, in PyTorch.

    Args:
        module: a layer of `nn`, or an activation of `ops`.
        x: a torch tensor, in our layout: images are (N, height, width, channels).
        of: the torch tensor for each of ours.
    """
    torch = import_torch()
    F = torch.nn.functional
    match module:
        case nn.MLP():
            for linear in module.layers[:-1]:
                x = forward(module.activation, forward(linear, x, of), of)
            return forward(module.layers[-1], x, of)
        case nn.Sequential():
            for layer in module.layers:
                x = forward(layer, x, of)
            return x
        case nn.Residual():
            return x + forward(module.branch, x, of)
        case nn.Linear():
            return torch.addmm(of[module.b], x, of[module.w])
        case nn.Conv2d():
            # A view with the channels first, as PyTorch wants them; the memory keeps them last.
            images, w = x.permute(0, 3, 1, 2), of[module.w].permute(3, 2, 0, 1)
            return F.conv2d(images, w, of[module.b], module.stride, module.padding).permute(0, 2, 3, 1)
        case nn.MaxPool2d():
            return F.max_pool2d(x.permute(0, 3, 1, 2), module.size).permute(0, 2, 3, 1)
        case nn.Reshape():
            return x.reshape(len(x), *module.shape)
        case nn.Flatten():
            return x.reshape(len(x), -1)
        case nn.Dropout():
            keep = module.rng.random(tuple(x.shape)) >= module.p
            return x * torch.from_numpy((keep / (1 - module.p)).astype(np.float32))
        case nn.LayerNorm():
            return F.layer_norm(x, (module.scale.size,), of[module.scale], of[module.shift], module.eps)
        case nn.BatchNorm():
            kept = of[module.running_mean], of[module.running_var]
            given = of[module.scale], of[module.shift], True, module.momentum, module.eps
            return F.batch_norm(x, *kept, *given)
    if (name := getattr(module, "__name__", "")) in functions():
        return functions()[name](x)
    raise ValueError(f"no twin in PyTorch is known for {module!r}")
