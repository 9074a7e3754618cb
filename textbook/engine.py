"""The engine, whole, and derivatives of functions.

A computational graph is data: `textbook.record` holds operations and what they leave behind.  `textbook.backprop`
runs the chain rule over it, one edge at a time, and `textbook.tangents` runs it forwards.  `textbook.tensor` is the
array a reader works with.  This module brings their names together, and turns functions into their derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from textbook.backprop import BackwardStep, backward_steps, seed_of, topological_order
from textbook.record import OPS, Array, GraphError, Op, Recipe, apply, is_recording, no_grad, recording
from textbook.tangents import TangentStep, tangent_steps
from textbook.tensor import Tensor, plain

__all__ = [
    "OPS", "Array", "BackwardStep", "GraphError", "Op", "Recipe", "TangentStep", "Tensor", "apply", "backward_steps",
    "grad", "hessian", "hvp", "is_recording", "jvp", "no_grad", "plain", "tangent_steps", "topological_order",
    "value_and_grad",
]  # fmt: skip


def grad(f: Callable[..., Any], argnum: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """The gradient of a scalar-valued function, as a function.  Nestable; never touches any `.grad`.

    Args:
        f: maps numbers, arrays or tensors to a scalar.
        argnum: the argument to differentiate, or several: the result is then a tuple.

    Returns:
        a function of the same arguments; numbers in, numbers out, unless `f` uses other tensors that require a
        gradient, a model's parameters say: the result is then a tensor that is part of their graph.

    Raises:
        GraphError: f left the graph: it returned no tensor.

    >>> cube = lambda x: x**3
    >>> float(grad(cube)(2.0)), float(grad(grad(cube))(2.0))
    (12.0, 12.0)
    >>> [float(slope) for slope in grad(lambda x, y: x * x * y, argnum=(0, 1))(3.0, 5.0)]
    [30.0, 9.0]
    """

    def gradient(*args: Any, **kwargs: Any) -> Any:
        return value_and_grad(f, argnum)(*args, **kwargs)[1]

    return gradient


def value_and_grad(
    f: Callable[..., Any], argnum: int | tuple[int, ...] = 0, seed: Any = None
) -> Callable[..., tuple[Any, Any]]:
    """Like `grad`, but returns (f(x), gradient).

    Args:
        seed: ∂/∂f of what the gradient is asked of, an array of f's shape or one number for all of it.  With 1, f may
            return one number per run: column r of the gradient then belongs to run r.
    """
    places = argnum if isinstance(argnum, tuple) else (argnum,)

    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        arguments = list(args)
        points = [_point(args, i) for i in places]
        for i, point in zip(places, points, strict=True):
            arguments[i] = point
        with recording(True):  # a no_grad() around this call must not make the gradient vanish
            root = _in_graph(f(*arguments, **kwargs))
            made = [point.recipe for point in points]
            for point in points:
                point.recipe = None  # how x was made is not this gradient's affair
            # If anything else in there requires a gradient, the result must stay part of its graph.
            leaves = {t for t in topological_order(root) if t.recipe is None and t.requires_grad}
            nested = not leaves <= set(points) or any(isinstance(args[i], Tensor) for i in places)
            totals = _gradients(root, points, seed, nested)
        for point, recipe in zip(points, made, strict=True):
            point.recipe = recipe
            point.requires_grad = recipe is not None  # a result must not seem to depend on a used-up point
        if nested:
            totals = [t if isinstance(t, Tensor) else Tensor._of(t) for t in totals]
        return root if nested else plain(root), tuple(totals) if isinstance(argnum, tuple) else totals[0]

    return both


def _point(args: tuple[Any, ...], i: int) -> Tensor:
    """A node of its own for an argument, so that "with respect to it" excludes other uses of the same tensor."""
    if not -len(args) <= i < len(args):
        raise TypeError(f"the gradient by argument {i} was asked for, but the function got {len(args)} arguments")
    x = args[i]
    if isinstance(x, Tensor):
        point = apply(OPS["identity"], x)
        point.requires_grad = True
        return point
    array = np.asarray(x)
    return Tensor(array if array.dtype.kind == "f" else np.asarray(x, dtype=float), requires_grad=True)


def _in_graph(root: Any) -> Tensor:
    if root is None:
        raise GraphError("the function returned None: it must return the number to differentiate")
    if not isinstance(root, Tensor):
        raise GraphError(
            f"the function returned {type(root).__name__}, not a Tensor: it left the graph, as math.sin(x), float(x), "
            "x.item() and x.data do. Use ops.sin and its kin all the way; a true constant c is c + 0 * x"
        )
    return root


def _gradients(root: Tensor, points: list[Tensor], seed: Any, create_graph: bool) -> list[Any]:
    """∂root/∂point for each point; zeros for one on which root does not depend."""
    totals: dict[Tensor, Any] = {point: np.zeros_like(point._data)[()] for point in points}
    if root.requires_grad:
        if seed is not None and np.ndim(plain(seed)) == 0:
            seed = np.full(root.shape, plain(seed))
        if root in totals:
            totals[root] = seed_of(root, seed)
        for step in backward_steps(root, seed, create_graph):
            if step.parent in totals:
                totals[step.parent] = step.total
    return list(totals.values())


def jvp(f: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """Jacobian-vector product (x, v) ↦ J(x)·v: how fast f changes while x moves with velocity v.  Forward mode.

    One pass gives one column of the Jacobian, or one combination of columns, whatever the number of outputs; a
    backward pass gives one row.  The local rules are those of the table of derivatives, transposed edge by edge: see
    `textbook.tangents`.

    Args:
        f: maps numbers, arrays or tensors to a number or an array of any shape.

    Returns:
        a function of x and v, of equal shapes; for an f of several arguments x and v are tuples.  Nestable, as `grad`
        is: `jvp(grad(f))` is a Hessian-vector product.  NB: torch.func.jvp(f, (x,), (v,)) returns f(x) as well.

    Raises:
        ValueError: x and v differ in number or in shape.
        GraphError: f left the graph.

    >>> jvp(lambda x: x * x)(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 0.0]))
    array([2., 4., 0.])
    """

    def product(x: Any, v: Any) -> Any:
        args, directions = (x, v) if isinstance(x, tuple) and isinstance(v, tuple) else ((x,), (v,))
        shapes = [[np.shape(plain(part)) for part in parts] for parts in (args, directions)]
        if shapes[0] != shapes[1]:
            raise ValueError(f"x and v must have equal shapes, got {' and '.join(map(str, shapes))}")
        points = [_point(args, i) for i in range(len(args))]
        with recording(True):
            root = _in_graph(f(*points))
            leaves = {t for t in topological_order(root) if t.recipe is None and t.requires_grad}
            nested = not leaves <= set(points) or any(isinstance(part, Tensor) for part in directions)
            tangents = {p: v if nested else np.asarray(plain(v)) for p, v in zip(points, directions, strict=True)}
            total = tangents.get(root, np.zeros_like(root._data)[()])
            for step in tangent_steps(root, tangents, create_graph=nested):
                total = step.total if step.node is root else total
        for point in points:
            point.requires_grad = point.recipe is not None  # as above: a used-up point
        return total if isinstance(total, Tensor) or not nested else Tensor._of(total)

    return product


def hvp(f: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """Hessian-vector product (x, v) ↦ ∇²f(x)·v, without forming the Hessian: the gradient of ∇f(x)·v.

    >>> hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([6., 0.])
    """

    def product(x: Any, v: Any) -> Any:
        v = np.asarray(plain(v))
        if v.shape != np.shape(plain(x)):
            raise ValueError(f"x has shape {np.shape(plain(x))}, v has shape {v.shape}: they must be equal")
        return grad(lambda p: apply(OPS["sum"], grad(f)(p) * v, axis=None, keepdims=False))(x)

    return product


def hessian(f: Callable[..., Any]) -> Callable[[Any], Array]:
    """The matrix of second derivatives, one Hessian-vector product a row.

    Returns:
        a function from x of shape S to an array of shape S + S.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 2.0]))
    array([[4., 6.],
           [6., 0.]])
    """

    def matrix(x: Any) -> Array:
        x = np.asarray(plain(x), dtype=float)
        basis = np.eye(x.size).reshape(x.size, *x.shape)
        return np.reshape([plain(hvp(f)(x, v)) for v in basis], x.shape + x.shape)[()]

    return matrix
