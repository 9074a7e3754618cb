"""Which nodes of PyTorch's graph stand for which of ours.

Some of its nodes stand for several of ours (addmm is a product and a sum), some of ours for several of its own; some
only arrange memory.  `RULES` says so, one line each: a torch term on the left, ours on the right, the more telling
rules first.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import Any, NamedTuple

from textbook.engine import Tensor

# x, y, … stand for any node, or on both sides for a constant; _ for a constant that torch keeps no edge for.
# image and window stand for a node whose axes torch has in another order: ours are torch's as `AXES` says.
AXES = {"image": (0, 2, 3, 1), "image2": (0, 2, 3, 1), "window": (2, 3, 1, 0)}
RULES = """
AddBackward(x, y)                              add(x, y)
AddBackward(x, y)                              add(y, x)
SubBackward(x, y)                              sub(x, y)
RsubBackward(x)                                sub(_, x)
MulBackward(x, y)                              mul(x, y)
MulBackward(x, y)                              mul(y, x)
MulBackward(ReciprocalBackward(x), _)          div(_, x)
DivBackward(x, y)                              div(x, y)
NegBackward(x)                                 neg(x)
PowBackward(x)                                 pow(x, _)
PowBackward(x)                                 pow(_, x)
PowBackward(x, y)                              pow(x, y)
ExpBackward(x)                                 exp(x)
LogBackward(x)                                 log(x)
SqrtBackward(x)                                sqrt(x)
AbsBackward(x)                                 abs(x)
SinBackward(x)                                 sin(x)
CosBackward(x)                                 cos(x)
TanhBackward(x)                                tanh(x)
SigmoidBackward(x)                             sigmoid(x)
ReluBackward(x)                                relu(x)
SoftplusBackward(x)                            softplus(x)
MaximumBackward(x, y)                          maximum(x, y)
MinimumBackward(x, y)                          minimum(x, y)
WhereBackward(x, y)                            where(x, y)
ClampBackward(x)                               clip(x)
CloneBackward(x)                               identity(x)
ToCopyBackward(x)                              astype(x)
MmBackward(x, y)                               matmul(x, y)
BmmBackward(x, y)                              matmul(x, y)
MvBackward(x, y)                               matmul(x, y)
DotBackward(x, y)                              matmul(x, y)
AddmmBackward(b, x, y)                         add(matmul(x, y), b)
SumBackward(x)                                 sum(x)
SumBackward(x)                                 sum_to(x)
MeanBackward(x)                                mean(x)
VarBackward(x)                                 var(x)
AmaxBackward(x)                                max(x)
AminBackward(x)                                min(x)
MaxBackward(x)                                 max(x)
MinBackward(x)                                 min(x)
ViewBackward(x)                                reshape(x)
ReshapeAliasBackward(x)                        reshape(x)
UnsafeViewBackward(x)                          reshape(x)
TBackward(x)                                   transpose(x)
PermuteBackward(x)                             transpose(x)
TransposeBackward(x)                           transpose(x)
ExpandBackward(x)                              broadcast_to(x)
SelectBackward(x)                              getitem(x)
SliceBackward(x)                               getitem(x)
IndexBackward(x)                               getitem(x)
FlipBackward(x)                                getitem(x)
IndexAddBackward(_, x)                         scatter_add(x)
CatBackward(*x)                                concatenate(*x)
ConvolutionBackward(image, window, _)          conv2d(image, window)
ConvolutionBackwardBackward(image, _, window)  conv2d_input(image, window)
ConvolutionBackwardBackward(image, image2, _)  conv2d_weights(image2, image)
MaxPool2DWithIndicesBackward(image)            max_pool2d(image)
AvgPool2DBackward(image)                       avg_pool2d(image)
LogSoftmaxBackward(x)                          log_softmax(x)
SoftmaxBackward(x)                             softmax(x)
NllLossBackward(LogSoftmaxBackward(x))         cross_entropy(x)
NativeLayerNormBackward(x, _, _)               standardize(x)
DivBackward(SubBackward(x, MeanBackward(x)), SqrtBackward(AddBackward(VarBackward(x), _)))   standardize(x)
MseLossBackward(x, y)                          mean(mul(sub(x, y), sub(x, y)))
TBackward(x)                                   x
PermuteBackward(x)                             x
TransposeBackward(x)                           x
ExpandBackward(x)                              x
ViewBackward(x)                                x
UnsafeViewBackward(x)                          x
ReshapeAliasBackward(x)                        x
SqueezeBackward(x)                             x
UnsqueezeBackward(x)                           x
SelectBackward(x)                              x
SliceBackward(x)                               x
CloneBackward(x)                               x
x                                              identity(x)
x                                              astype(x)
x                                              reshape(x)
x                                              sum_to(x)
x                                              transpose(x)
"""


class _Term(NamedTuple):
    name: str
    args: tuple[Any, ...]  # terms, variables, or one variable for all of them


def _read(tree: ast.expr) -> Any:
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        return _Term(tree.func.id, tuple(map(_read, tree.args)))
    return "*" if isinstance(tree, ast.Starred) else tree.id  # type: ignore[attr-defined]


@cache
def _rules() -> list[tuple[Any, Any]]:
    pairs = [line.split("  ", 1) for line in RULES.strip().splitlines()]
    return [tuple(_read(ast.parse(term.strip(), mode="eval").body) for term in pair) for pair in pairs]


# Either graph as a walk needs it: a node's name, and what it was computed from; None where no gradient goes.


def function_of(t: Any) -> Any:
    """The node that makes a tensor; for a leaf the one that accumulates its gradient."""
    return t.grad_fn or t.view_as(t).grad_fn.next_functions[0][0]


def name_of(node: Any) -> str:
    if isinstance(node, Tensor):
        return node.recipe.op.name if node.recipe else ""
    return node.name().rsplit("::")[-1].rstrip("0123456789")


def inputs_of(node: Any) -> list[Any]:
    if isinstance(node, Tensor):
        return [p if p.requires_grad else None for p in node.recipe.parents] if node.recipe else []
    return [function for function, _ in node.next_functions]


def _fits(term: Any, node: Any, found: dict[str, Any], inside: list[Any]) -> bool:
    """Whether a term describes a node; notes what its variables stand for, and which nodes lie inside it."""
    if isinstance(term, str):
        return node is None if term == "_" else found.setdefault(term, node) is node
    if node is None or name_of(node) != term.name:
        return False
    inside.append(node)
    inputs = inputs_of(node)
    if term.args == ("*",):
        found |= {f"x{i}": x for i, x in enumerate(inputs)}
        return True
    return len(inputs) == len(term.args) and all(map(lambda a, x: _fits(a, x, found, inside), term.args, inputs))


class MismatchError(ValueError):
    """The two graphs are not of the same program, or no rule says that they are."""


class Match(NamedTuple):
    """A rule's two terms, the pairs of nodes behind them, and the nodes inside them, torch's and ours.

    A pair behind them comes with the order of axes that turns torch's into ours.
    """

    left: Any
    right: Any
    behind: list[tuple[Any, Tensor, tuple[int, ...]]]
    theirs: list[Any]
    ours: list[Tensor]


def match(function: Any, ours: Tensor) -> Match:
    """The first rule that describes both nodes."""
    for left, right in _rules():
        torch_names: dict[str, Any] = {}
        our_names: dict[str, Any] = {}
        torch_nodes: list[Any] = []
        our_nodes: list[Any] = []
        if not (_fits(left, function, torch_names, torch_nodes) and _fits(right, ours, our_names, our_nodes)):
            continue
        if torch_names.keys() == our_names.keys() and all(
            (torch_names[name] is None) == (our_names[name] is None) for name in our_names
        ):
            behind = [
                (torch_names[name], x, AXES.get(name, tuple(range(x.ndim))))
                for name, x in our_names.items()
                if x is not None
            ]
            return Match(left, right, behind, torch_nodes[1:], our_nodes[1:])
    ours_is = f"'{ours.recipe.op.name}'" if ours.recipe else f"the leaf {ours.name or ours!r:.60}"
    raise MismatchError(f"torch has {function.name()} where our graph has {ours_is}: no rule in RULES matches the two")
