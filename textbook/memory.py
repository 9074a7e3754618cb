"""What a recorded graph keeps in memory, and how checkpointing keeps less.

The backward pass reads the values of the forward pass, so the graph holds them until then: for deep nets that is most
of the memory.  `checkpoint` holds the inputs of a part only, and computes that part a second time when the backward
pass arrives there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from textbook.engine import (
    OPS,
    Array,
    GraphError,
    Op,
    Tensor,
    apply,
    backward_steps,
    is_recording,
    plain,
    topological_order,
)
from textbook.record import recording

__all__ = ["Moment", "checkpoint", "saved_bytes", "timeline"]


def checkpoint(f: Callable[..., Tensor], *inputs: Any) -> Tensor:
    """f(*inputs), of which the graph keeps the inputs alone: backward runs f once more.

    Parameters that f uses, a layer's say, get their gradients too: f is recorded, its leaves are noted, and the record
    is dropped.

    Args:
        f: maps tensors to one tensor, and does the same when it is run again: a part that draws random numbers
            (dropout) must stay outside.
        inputs: tensors; plain arrays are constants.

    Raises:
        GraphError: in the backward pass, if f computed something else when it was run again.

    Source: Chen, Xu, Zhang & Guestrin 2016.  NB: torch.utils.checkpoint.checkpoint(f, *inputs, use_reentrant=False)

    >>> from textbook import ops
    >>> x = Tensor(np.ones(1000), requires_grad=True)
    >>> deep = lambda x: ops.tanh(ops.sin(ops.tanh(x)))
    >>> saved_bytes(deep(x)), saved_bytes(checkpoint(deep, x))
    (24000, 8000)
    """
    if not is_recording():
        return f(*inputs)
    run = _Again(f, [isinstance(x, Tensor) and x.requires_grad for x in inputs])
    root, points = run.recorded(inputs)
    known = set(points)
    run.leaves = [t for t in topological_order(root) if t.recipe is None and t.requires_grad and t not in known]
    value = root._data
    return apply(Op("checkpoint", lambda *arrays: value, run, "again"), *inputs, *run.leaves)


class _Again(Sequence):
    """The vjps of a checkpoint, one for each input: the first that is asked for computes them all."""

    def __init__(self, f: Callable[..., Tensor], wanted: list[bool]) -> None:
        self.f, self.wanted = f, wanted
        self.leaves: list[Tensor] = []
        self.upstream: Any = None
        self.messages: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self.wanted) + len(self.leaves)

    def __getitem__(self, index):
        return partial(self.message, index)

    def message(self, index: int, g: Any, out: Any, *inputs: Any) -> Any:
        if g is not self.upstream:
            self.upstream, self.messages = g, self.gradients(g, out, inputs[: len(self.wanted)])
        message = self.messages.pop(index)
        if not self.messages:
            self.upstream = None  # nothing is kept once all have been fetched
        return message

    def recorded(self, inputs: Sequence[Any]) -> tuple[Tensor, list[Tensor]]:
        """Run f on leaves in the place of its inputs: how these were made is not its affair."""
        points = [Tensor._of(np.asarray(plain(x))[()]) for x in inputs]
        for point, wanted in zip(points, self.wanted, strict=True):
            point.requires_grad = wanted
        with recording(True):
            root = self.f(*points)
        if not isinstance(root, Tensor):
            raise GraphError(f"checkpoint expects a function that returns a Tensor, got {type(root).__name__}")
        return root, points

    def gradients(self, g: Any, out: Any, inputs: Sequence[Any]) -> dict[int, Any]:
        root, points = self.recorded(inputs)
        if not np.array_equal(root._data, plain(out), equal_nan=True):
            raise GraphError(
                "the function under checkpoint() computed something else when it was run again, so its gradient would "
                "be wrong: draw random numbers outside, and pass them in"
            )
        asked = {t: i for i, t in enumerate([*points, *self.leaves]) if t.requires_grad}
        totals: dict[int, Any] = {i: g if t is root else np.zeros_like(t._data)[()] for t, i in asked.items()}
        create_graph = isinstance(g, Tensor)
        for step in backward_steps(root, g, create_graph) if root.requires_grad else ():
            if step.parent in asked:
                totals[asked[step.parent]] = step.total
        for point, x in zip(points, inputs, strict=True):
            if isinstance(x, Tensor):  # the messages depend on the inputs: join the two graphs
                point.recipe = apply(OPS["identity"], x).recipe
        return totals


# ---------------------------------------------------------------------------------------------- counting bytes


def saved_bytes(root: Tensor) -> int:
    """Bytes that the graph of `root` keeps: the results of its operations; memory that is shared counts once.

    Leaves, parameters and data, exist anyway and do not count.  NB: this engine keeps every result; PyTorch keeps only
    those that its backward functions read (`torch_twin.saved_bytes` counts them).
    """
    order = topological_order(root)
    owners = {id(owner): owner for t in order if t.recipe for owner in [_owner(t._data)]}
    for leaf in order:
        if leaf.recipe is None:
            owners.pop(id(_owner(leaf._data)), None)
    return sum(owner.nbytes for owner in owners.values())


def _owner(array: Array) -> Array:
    """The array to which the memory of a view belongs."""
    while getattr(array, "base", None) is not None:
        array = array.base
    return np.asarray(array)


class Moment(NamedTuple):
    """One operation done: in which phase, at which node, how many bytes are alive then, and whose values are held."""

    phase: str  # "forward", "again" or "backward"
    node: Tensor
    alive: int
    held: tuple[Tensor, ...]


def timeline(root: Tensor) -> list[Moment]:
    """What must be in memory, operation by operation, over the forward and the backward pass.

    Counted are the results of operations and the gradients that travel between them, not leaves and their gradients.
    A value is let go once its own backward step is done, as PyTorch does; a checkpoint's inside as soon as its result
    is known, to be computed again later.
    """
    moments: list[Moment] = []
    held: dict[Tensor, None] = {}
    alive = 0

    def keep(node: Tensor) -> None:
        nonlocal alive
        held[node] = None
        alive += _size(node)

    def drop(node: Tensor) -> None:
        nonlocal alive
        del held[node]
        alive -= _size(node)

    def forward(root: Tensor, phase: str) -> None:
        for node in _made(root):
            if (inner := _inside(node)) is None:
                keep(node)
                moments.append(Moment(phase, node, alive, tuple(held)))
            else:
                forward(inner, phase)
                for part in _made(inner):
                    drop(part)
                keep(node)

    def backward(root: Tensor) -> None:
        nonlocal alive
        reached = {root}
        for node in reversed(_made(root)):
            if (inner := _inside(node)) is not None:
                forward(inner, "again")
                backward(inner)  # lets the gradient of its root go, which is that of the node
                alive += _size(node)
            first = [p for p in dict.fromkeys(node.recipe.parents) if p.recipe and p.requires_grad and p not in reached]
            reached.update(first)
            alive += sum(map(_size, first))
            moments.append(Moment("backward", node, alive, tuple(held)))
            alive -= _size(node)
            drop(node)

    forward(root, "forward")
    alive += _size(root)  # the seed
    backward(root)
    return moments


def _made(root: Tensor) -> list[Any]:
    return [t for t in topological_order(root) if t.recipe is not None]


def _inside(node: Tensor) -> Tensor | None:
    """What a checkpoint node computes again."""
    recipe: Any = node.recipe
    again = recipe.op.vjps
    return again.recorded(recipe.parents[: len(again.wanted)])[0] if isinstance(again, _Again) else None


def _size(t: Tensor) -> int:
    return 0 if getattr(t._data, "base", None) is not None else int(np.asarray(t._data).nbytes)
