"""Two graphs of one program, ours and PyTorch's, matched from the root on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from textbook.engine import Array, Tensor, backward_steps
from textbook.graph import Edge, Graph, Node
from textbook.torch_twin.rules import function_of, inputs_of, match, name_of
from textbook.torch_twin.running import TorchRun, import_torch


class Twin(NamedTuple):
    """A torch node that stands for one of ours: its result, in the order `axes`; maybe a mere arrangement of memory."""

    function: Any
    axes: tuple[int, ...] = ()
    wire: bool = False


@dataclass(eq=False)
class Pair:
    """A node of ours, and the torch nodes that stand for it, from the root's side on.

    Attributes:
        ours: the tensor.
        twins: one, or several where torch also arranges memory.
        parts: torch nodes that are one with the first twin, as the 1/x in its 2·(1/x) for our 2/x.
        fused: torch has no node of its own for it: it computes the node in one piece with another, or needs none.
        value, gradient: the largest difference, relative to 1 + the largest value; None where torch shows nothing.
    """

    ours: Tensor
    twins: list[Twin]
    parts: list[Any] = field(default_factory=list)
    fused: bool = False
    value: float | None = None
    gradient: float | None = None

    @property
    def functions(self) -> list[Any]:
        return [twin.function for twin in self.twins]

    @property
    def names(self) -> list[str]:
        return [function.name().rsplit("::")[-1] for function in self.functions]


@dataclass(frozen=True)
class Alignment:
    """Every node of our graph that requires a gradient, with its twins.

    Attributes:
        pairs: by our node.
        gradients: ours, by node.
        their_values, their_gradients: what torch shows of its own, by `grad_fn`.
    """

    pairs: dict[Tensor, Pair]
    gradients: dict[Tensor, Array]
    their_values: dict[Any, Array]
    their_gradients: dict[Any, Array]

    def __str__(self) -> str:
        rows = [(t.recipe.op.name if t.recipe else f"leaf {t.name}".rstrip(), pair) for t, pair in self.pairs.items()]
        return "\n".join(f"{ours:10}  {' '.join([*p.names, *[f.name() for f in p.parts]])}" for ours, p in rows)

    @property
    def worst(self) -> float:
        """The largest difference of a value or a gradient, relative to 1 + the largest value of its node."""
        return max(d for pair in self.pairs.values() for d in (pair.value, pair.gradient) if d is not None)


def align(root: Tensor, theirs: TorchRun, seed: Any = None) -> Alignment:
    """Match our graph with PyTorch's, node by node, and compare values and gradients.

    Args:
        root: the result, as our engine recorded it.
        theirs: the same program, from `run` or `replay`.
        seed: ∂root/∂root; ones by default.  Torch's backward pass runs, so `.grad` of its leaves is added to.

    Raises:
        MismatchError: a node has no counterpart by any rule.
    """
    pairs: dict[Tensor, Pair] = {}
    seen: set[tuple[Any, Any, tuple[int, ...]]] = set()
    waiting = [(function_of(theirs.root), root, tuple(range(root.ndim)))]
    while waiting:
        function, ours, axes = step = waiting.pop()
        if step in seen:
            continue
        seen.add(step)
        pair = pairs.setdefault(ours, Pair(ours, []))
        if name_of(function) == "AccumulateGrad" and ours.recipe is None:
            pair.twins.append(Twin(function, axes))
            continue
        rule = match(function, ours)
        wire, unseen = rule.right == "x", rule.left == "x"
        pair.twins.append(Twin(function, axes, wire))
        pair.parts += rule.theirs
        pair.fused |= unseen
        for part in rule.ours:
            pairs.setdefault(part, Pair(part, [], fused=True)).twins.append(Twin(function))
        # Behind a node that only transposes the memory of ours, torch holds ours in another order.
        same = _before(function, axes) if wire else axes
        waiting += [(t, o, same if wire or unseen else order) for t, o, order in rule.behind]
    return _compared(root, theirs, pairs, seed)


def _before(function: Any, axes: tuple[int, ...]) -> tuple[int, ...]:
    """In which order ours has the axes of what a torch node was computed from, if it has those of its result in `axes`.

    Only a node that transposes changes it.
    """
    n, name = len(axes), name_of(function)
    moved = list(range(n))
    if name == "PermuteBackward":
        moved = [_signed(d) % n for d in function._saved_dims]
    elif name in ("TBackward", "TransposeBackward") and n > 1:
        i, j = (0, 1) if name == "TBackward" else (_signed(function._saved_dim0), _signed(function._saved_dim1))
        moved[i], moved[j] = moved[j], moved[i]
    return tuple([moved[a] for a in axes]) if len(moved) == n else axes


def _signed(d: int) -> int:
    """An axis that counts from the end: torch shows it as an unsigned number."""
    return d - 2**64 if d >= 2**63 else d


def _compared(root: Tensor, theirs: TorchRun, pairs: dict[Tensor, Pair], seed: Any) -> Alignment:
    """Run both backward passes, and note for each pair how far apart its values and gradients are."""
    torch = import_torch()
    start = np.ones(root.shape) if seed is None else np.asarray(seed, dtype=float)
    gradients: dict[Tensor, Array] = {root: start}
    for step in backward_steps(root, start):
        gradients[step.parent] = step.total
    functions = {function for pair in pairs.values() for function in pair.functions}
    shown: dict[Any, Any] = {}
    # A node of several results hears from the one that is used.
    heard = lambda f: lambda g: shown.__setitem__(f, next(part for part in g if part is not None))  # noqa: E731
    hooks = [f.register_prehook(heard(f)) for f in functions]
    theirs.root.backward(torch.tensor(start), retain_graph=True)
    for hook in hooks:
        hook.remove()
    leaves = {f: f.variable for f in functions if name_of(f) == "AccumulateGrad"}
    values, slopes = ({f: t.numpy(force=True) for f, t in found.items()} for found in (theirs.values | leaves, shown))
    for t, pair in pairs.items():
        if not pair.fused:
            pair.value = _difference(t.data, pair, values)
            pair.gradient = _difference(gradients[t], pair, slopes)
    return Alignment(pairs, gradients, values, slopes)


def _difference(ours: Array, pair: Pair, of: Mapping[Any, Any]) -> float | None:
    """How far the twin of the same shape is from ours; the node itself goes before those that arrange its memory."""
    for twin in sorted(pair.twins, key=lambda twin: twin.wire):
        if (other := of.get(twin.function)) is not None:
            other = other.transpose(twin.axes) if other.ndim == len(twin.axes) else other
            if other.shape == np.shape(ours):
                with np.errstate(invalid="ignore"):  # where both are infinite, or both undefined, they agree
                    apart = np.where((ours == other) | (np.isnan(ours) & np.isnan(other)), 0.0, np.abs(ours - other))
                size = np.abs(other[np.isfinite(other)]).max(initial=0.0)
                return float(apart.max(initial=0.0) / (1 + size))
    return None


def functions_of(root: Any) -> list[Any]:
    """Every node of a torch graph, each after all that it was computed from."""
    order: dict[Any, None] = {}
    path = [function_of(root)]
    while path:
        if waits := next((f for f in inputs_of(path[-1]) if f is not None and f not in order), None):
            path.append(waits)
        else:
            order[path.pop()] = None
    return list(order)


def graph_of(theirs: TorchRun, names: Iterable[str] = ()) -> tuple[Graph, dict[Any, str]]:
    """A torch graph as our plain nodes and edges, for drawing; and the id of each `grad_fn`.

    Args:
        names: of the leaves.
    """
    named = {id(leaf): name for leaf, name in zip(theirs.leaves, names, strict=False)}
    ids: dict[Any, str] = {}
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    count: Counter[str] = Counter()
    for function in functions_of(theirs.root):
        leaf = name_of(function) == "AccumulateGrad"
        key = kind = named.get(id(function.variable), "leaf") if leaf else function.name()
        count[kind] += 1
        if count[kind] > 1:
            key = f"{kind} ({count[kind]})"
        label = key if leaf else name_of(function).removesuffix("Backward")
        ids[function] = key
        nodes[key] = Node(key, "input" if leaf else "operation", label, "" if leaf else kind)
        inputs = [ids[p] for p in inputs_of(function) if p is not None]
        edges += [Edge(source, key, index) for index, source in enumerate(inputs)]
    return Graph(nodes, tuple(edges), ids[function_of(theirs.root)]), ids
