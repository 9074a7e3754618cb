"""The engine: tensors that remember how they were made, and one loop that runs the chain rule backwards.

A computational graph is data here.  Each `Tensor` that an operation returns carries a `Recipe`: which operation,
which parents.  The operations themselves are entries of the table `OPS`, filled by `textbook.ops`; the engine knows
none of them.  Backpropagation is the generator `backward_steps`: it yields one edge of the chain rule at a time, and
`Tensor.backward` exhausts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Array = Any  # a numpy array, a numpy scalar or a Python number


class GraphError(RuntimeError):
    """The graph cannot give the gradient that was asked for."""


# ---------------------------------------------------------------------------------------------- operations


@dataclass(frozen=True)
class Op:
    """A primitive operation: its forward computation and one vector-Jacobian product for each input.

    Attributes:
        name: its key in `OPS`.
        forward: arrays in, array out.
        vjps: `vjps[i](g, out, *inputs, **params)` is the message to input `i`: the upstream gradient `g` times the
            local derivative.  Written with overloaded operators and operations only, so that the same entry gives
            numbers on arrays and a graph on tensors.  The engine undoes broadcasting; an entry is calculus alone.
        tex: how a picture of the graph writes it.
        example: draws inputs (and keyword parameters) on which the entry is checked.
    """

    name: str
    forward: Callable[..., Array]
    vjps: Sequence[Callable[..., Array]]
    tex: str = ""
    example: Callable[[np.random.Generator], tuple[tuple, dict]] | None = None


OPS: dict[str, Op] = {}


class Recipe(NamedTuple):
    """How a tensor was made.  NB: in PyTorch, `grad_fn` plays this part."""

    op: Op
    parents: tuple[Tensor, ...]
    params: dict[str, Any]
    read_at: int  # how many writes to tensors had happened by then


_writes = 0  # a clock that ticks when a tensor's data are changed.  NB: PyTorch counts versions of each tensor
_recording = True


@contextmanager
def no_grad() -> Iterator[None]:
    """Record no graph inside the block.  `grad` and its kin still work there: they record what they differentiate.

    >>> w = Tensor(2.0, requires_grad=True)
    >>> with no_grad():
    ...     (3 * w).requires_grad
    False
    """
    with _record(False):
        yield


@contextmanager
def _record(on: bool) -> Iterator[None]:
    global _recording
    before, _recording = _recording, on
    try:
        yield
    finally:
        _recording = before


def apply(op: Op, *inputs: Any, **params: Any) -> Any:
    """Run one operation.  Plain arrays in, plain array out; if any input is a `Tensor`, so is the result.

    A plain array among tensors becomes a constant: backward reads it again, so don't write into it before.

    Raises:
        ValueError: the inputs' shapes do not fit the operation.
    """
    for x in inputs:
        if type(x) is Tensor:
            break
    else:
        return op.forward(*inputs, **params)
    parents, arrays, recorded, watched = [], [], False, False
    for x in inputs:
        if type(x) is not Tensor:
            x = Tensor._of(_as_constant(x))
        elif x.requires_grad:
            recorded = _recording
        if x._copy is not None:
            x._notice_writes()
            watched = True
        parents.append(x)
        arrays.append(x._data)
    try:
        out = Tensor._of(op.forward(*arrays, **params))
    except (ValueError, IndexError) as error:
        kind = ValueError if isinstance(error, ValueError) else IndexError
        shapes = " and ".join(str(p.shape) for p in parents)
        raise kind(f"{op.name}: inputs of shape {shapes} do not fit: {error}") from None
    if recorded:
        out.requires_grad = True
        out.recipe = _new(Recipe, (op, tuple(parents), params, _writes))
    elif watched:  # a write to the input must not reach a constant that views it, such as x.T: nothing would notice
        out._data = _own(out._data)
    return out


_new = tuple.__new__  # NamedTuple's own constructor costs twice as much, and one is made for every node and edge


def _as_constant(x: Any) -> Array:
    # A Python number stays one: as a 0-d float64 array it would turn float32 into float64.
    if isinstance(x, (float, int)):
        return x
    array = x if isinstance(x, (np.ndarray, np.generic)) else np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"expected numbers, got {type(x).__name__} ({array.dtype})")
    return array


# ---------------------------------------------------------------------------------------------- tensors


class Tensor:
    """An array that takes part in a computational graph.

    Args:
        data: numbers of any shape; copied, so that later writes to the original cannot reach the graph.
        requires_grad: whether `backward` should find the gradient with respect to this tensor.  Floats only.
        name: a label for pictures and error messages.

    Attributes:
        grad: for a leaf, the gradient that `backward` has added up so far, an array of the same shape; else None.
        recipe: how it was made; None for a leaf.

    Raises:
        TypeError: the data are not real numbers, or `requires_grad` was asked of integers.

    >>> x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> (x * x).sum().backward()
    >>> x.grad
    array([2., 4.])
    """

    # What most tensors never change stands here once: making a tensor is then three assignments.
    requires_grad: bool = False
    name: str = ""
    grad: Array = None
    recipe: Recipe | None = None
    _data: Array
    _copy: Array = None
    _written: int = 0

    __array_ufunc__ = None  # so that array + Tensor asks the Tensor
    __hash__ = object.__hash__  # tensors are compared elementwise, but are keys by identity

    def __init__(self, data: Any, requires_grad: bool = False, name: str = "") -> None:
        if isinstance(data, Tensor):
            raise TypeError("expected numbers, got a Tensor; use it as it is, or pass its .data")
        array = np.array(data)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"expected real numbers, got {array.dtype} data: {str(data)[:60]!r}")
        if requires_grad and array.dtype.kind != "f":
            raise TypeError(
                f"requires_grad needs floating-point data, got {array.dtype}: a gradient step would round away. "
                "Write 3.0 for 3, or pass np.asarray(data, dtype=float)"
            )
        self._data = array if array.ndim else array[()]
        self.requires_grad = requires_grad
        self.name = name

    @staticmethod
    def _of(data: Array) -> Tensor:
        """Wrap a computed array as it is: no copy, no checks."""
        t = object.__new__(Tensor)
        t._data = data
        return t

    # ---- the values, and when they were last changed

    @property
    def data(self) -> Array:
        """The values.  Whoever holds this array may write into it, so a copy is kept to notice that."""
        if self._copy is None and isinstance(self._data, np.ndarray):
            # The copy is handed out, not the original: x.T and x share that one.
            self._copy, self._data = self._data, self._data.copy()
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        self._replace(value._data if isinstance(value, Tensor) else value)
        self._copy = self._data.copy() if isinstance(self._data, np.ndarray) else None

    def _replace(self, value: Array) -> None:
        array = value if value is self._data else np.array(value)
        if not np.can_cast(array.dtype, self.dtype, "same_kind"):
            raise TypeError(f"new data are {array.dtype}, the tensor holds {self.dtype}: the cast would change them")
        array = array.astype(self.dtype, copy=False)
        if array.shape != self.shape:
            raise ValueError(f"new data have shape {array.shape}, the tensor has {self.shape}: they must be equal")
        self._data = array if array.ndim else array[()]
        self._mark_written()

    def _mark_written(self) -> None:
        global _writes
        _writes += 1
        self._written = _writes

    def _notice_writes(self) -> None:
        if self._copy is not None and not np.array_equal(self._copy, self._data, equal_nan=True):
            self._mark_written()
            self._copy = self._data.copy()

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self._data)

    @property
    def ndim(self) -> int:
        return np.ndim(self._data)

    @property
    def size(self) -> int:
        return int(np.size(self._data))

    @property
    def dtype(self) -> np.dtype:
        return np.asarray(self._data).dtype

    def item(self) -> float:
        """The value of a one-element tensor as a Python number."""
        if self.size != 1:
            raise ValueError(f"item() needs one element, this tensor has shape {self.shape}")
        return np.asarray(self._data).item()

    def detach(self) -> Tensor:
        """The same values as a constant: gradients stop here."""
        return Tensor(self._data, name=self.name)

    def backward(self, seed: Any = None) -> None:
        """Add the gradient of this tensor to `.grad` of every leaf that requires one.

        Args:
            seed: the upstream gradient, of this tensor's shape.  A scalar needs none: it is 1.

        Raises:
            GraphError: this tensor is not a scalar and no seed was given, nothing requires a gradient, or a tensor
                was changed after the forward pass had read it.
        """
        totals = {self: _own(_seed(self, seed))} if self.recipe is None else {}
        for step in backward_steps(self, seed):
            if step.parent.recipe is None:
                # A message may be the upstream array itself; .grad belongs to the leaf alone.
                totals[step.parent] = _own(step.total) if step.total is step.upstream else step.total
        for leaf, total in totals.items():
            # NB: as in PyTorch, backward adds to .grad; zero_grad empties it.
            leaf.grad = _own(total, views_only=True) if leaf.grad is None else leaf.grad + total

    # ---- arithmetic

    def __add__(self, other: Any) -> Tensor:
        return apply(OPS["add"], self, other)

    def __radd__(self, other: Any) -> Tensor:
        return apply(OPS["add"], other, self)

    def __sub__(self, other: Any) -> Tensor:
        return apply(OPS["sub"], self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return apply(OPS["sub"], other, self)

    def __mul__(self, other: Any) -> Tensor:
        return apply(OPS["mul"], self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return apply(OPS["mul"], other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return apply(OPS["div"], self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return apply(OPS["div"], other, self)

    def __pow__(self, other: Any) -> Tensor:
        return apply(OPS["pow"], self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return apply(OPS["pow"], other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return apply(OPS["matmul"], self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return apply(OPS["matmul"], other, self)

    def __neg__(self) -> Tensor:
        return apply(OPS["neg"], self)

    def __abs__(self) -> Tensor:
        return apply(OPS["abs"], self)

    # ---- comparisons have no derivative: they return plain arrays

    def __eq__(self, other: Any) -> Any:
        return self._data == _values(other)

    def __ne__(self, other: Any) -> Any:
        return self._data != _values(other)

    def __lt__(self, other: Any) -> Any:
        return self._data < _values(other)

    def __le__(self, other: Any) -> Any:
        return self._data <= _values(other)

    def __gt__(self, other: Any) -> Any:
        return self._data > _values(other)

    def __ge__(self, other: Any) -> Any:
        return self._data >= _values(other)

    def __bool__(self) -> bool:
        return bool(self._data)

    def __float__(self) -> float:
        return float(self.item())

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("a scalar Tensor has no length")
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def __repr__(self) -> str:
        values = np.array2string(np.asarray(self._data), separator=", ", prefix="Tensor(", threshold=50)
        made = f", op={self.recipe.op.name}" if self.recipe else ", requires_grad=True" if self.requires_grad else ""
        dtype = "" if self.dtype == np.float64 else f", dtype={self.dtype}"
        return f"Tensor({values}{dtype}{made}{f', name={self.name!r}' if self.name else ''})"

    # ---- the methods of arrays

    def __getitem__(self, index: Any) -> Tensor:
        return apply(OPS["getitem"], self, index=_values(index))

    @property
    def T(self) -> Tensor:
        return apply(OPS["transpose"], self, axes=None)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return apply(OPS["sum"], self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return apply(OPS["mean"], self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return apply(OPS["max"], self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Tensor:
        return apply(OPS["reshape"], self, shape=shape[0] if len(shape) == 1 else shape)

    def astype(self, dtype: Any) -> Tensor:
        return apply(OPS["astype"], self, dtype=np.dtype(dtype))


def _values(x: Any) -> Any:
    return x._data if type(x) is Tensor else x


def _own(total: Array, views_only: bool = False) -> Array:
    if isinstance(total, np.ndarray) and (not views_only or total.base is not None):
        return total.copy()
    return total


# ---------------------------------------------------------------------------------------------- backpropagation


class BackwardStep(NamedTuple):
    """One edge of the chain rule: `node` sends `message` to its input number `index`.

    `upstream` is the finished gradient of the root with respect to `node`; `total` is what `parent` has received so
    far, this message included.
    """

    node: Tensor
    parent: Tensor
    index: int  # type: ignore[assignment]  # tuple.index is not needed here
    upstream: Array
    message: Array
    total: Array


def topological_order(root: Tensor) -> list[Tensor]:
    """Every tensor that `root` was computed from, `root` last, each one after all of its parents.

    Iterative, so that a chain of 100,000 operations needs no deep recursion.  Time and space O(V + E).
    """
    order: list[Tensor] = []
    seen = {root}
    stack: list[tuple[Tensor, Iterator[Tensor]]] = [(root, iter(root.recipe.parents if root.recipe else ()))]
    while stack:
        node, parents = stack[-1]
        for parent in parents:
            if parent not in seen:
                seen.add(parent)
                if parent.recipe is not None:
                    stack.append((parent, iter(parent.recipe.parents)))
                    break
                order.append(parent)
        else:
            order.append(node)
            stack.pop()
    return order


def backward_steps(root: Tensor, seed: Any = None, create_graph: bool = False) -> Iterator[BackwardStep]:
    """Backpropagation, one edge at a time: nodes in reverse topological order, each edge carrying its message.

        ∂root/∂v = Σ over the edges v → u of  ∂root/∂u · ∂u/∂v

    Args:
        root: the tensor to differentiate.
        seed: ∂root/∂root, of root's shape; 1 for a scalar.
        create_graph: compute with tensors, so that the gradients can be differentiated again.

    Yields:
        a `BackwardStep` for each edge into a parent that requires a gradient.

    Raises:
        GraphError: see `Tensor.backward`.
    """
    upstream: dict[Tensor, Array] = {root: _seed(root, seed)}
    if create_graph:
        upstream[root] = Tensor._of(upstream[root])
    sum_to, astype = OPS["sum_to"], OPS["astype"]
    for node in reversed(topological_order(root)):
        recipe = node.recipe
        if recipe is None:
            continue
        op, parents, params, read_at = recipe
        g = upstream.pop(node, None)
        if g is None:  # a constant's ancestor: nothing flows here
            continue
        if node._written > read_at or node._copy is not None:
            _check_unchanged(node, node)
        inputs, out = [], node if create_graph else node._data
        for parent in parents:
            if parent._written > read_at or parent._copy is not None:
                _check_unchanged(parent, node)
            inputs.append(parent if create_graph else parent._data)
        for index, parent in enumerate(parents):
            if not parent.requires_grad:
                continue
            message = op.vjps[index](g, out, *inputs, **params)
            like = parent._data
            if type(message) is not type(like) or type(like) is not np.float64:
                if message.shape != like.shape:  # the forward pass broadcast this input: its gradient is a sum
                    message = apply(sum_to, message, shape=like.shape)
                if message.dtype != like.dtype:
                    if like.dtype.kind != "f":
                        raise GraphError(
                            f"the gradient stops at a tensor of {like.dtype}, input {index} of '{op.name}': only "
                            "floats have one. Use float data, and .detach() before a cast to integers"
                        )
                    message = apply(astype, message, dtype=like.dtype)
            total = upstream.get(parent)
            # Never in place: a message may be the upstream array itself.
            upstream[parent] = total = message if total is None else total + message
            yield _new(BackwardStep, (node, parent, index, g, message, total))


def _seed(root: Tensor, seed: Any) -> Array:
    if not isinstance(root, Tensor):
        raise GraphError(f"expected a Tensor to differentiate, got {type(root).__name__}: was the graph left early?")
    if not root.requires_grad:
        raise GraphError(
            "nothing here requires a gradient: create a parameter with Tensor(..., requires_grad=True) "
            "and compute outside no_grad()"
        )
    if seed is None:
        if root.size != 1:
            raise GraphError(
                f"backward() starts from a scalar, this tensor has shape {root.shape}: "
                "take its .sum() or .mean(), or pass seed=, an array of that shape"
            )
        return np.ones_like(root._data)[()]
    values = np.asarray(_values(seed), dtype=root.dtype)[()]
    if values.shape != root.shape:
        raise GraphError(f"seed has shape {values.shape}, the tensor has shape {root.shape}: they must be equal")
    return values


def _check_unchanged(tensor: Tensor, node: Tensor) -> None:
    tensor._notice_writes()
    if node.recipe and tensor._written > node.recipe.read_at:
        label = f"'{tensor.name}'" if tensor.name else f"of shape {tensor.shape}"
        raise GraphError(
            f"a tensor {label} was changed after the forward pass of '{node.recipe.op.name}' had used it, so its "
            "gradient would be wrong: run the forward pass again after a change, and call backward() before the next"
        )


# ---------------------------------------------------------------------------------------------- functions of functions


def grad(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """The gradient of a scalar-valued function, as a function.  Nestable; never touches any `.grad`.

    Args:
        f: maps numbers, arrays or tensors to a scalar.
        argnum: the argument to differentiate.

    Returns:
        a function of the same arguments; numbers in, numbers out.

    >>> cube = lambda x: x**3
    >>> float(grad(cube)(2.0)), float(grad(grad(cube))(2.0))
    (12.0, 12.0)
    """

    def gradient(*args: Any, **kwargs: Any) -> Any:
        return value_and_grad(f, argnum)(*args, **kwargs)[1]

    return gradient


def value_and_grad(f: Callable[..., Any], argnum: int = 0, seed: Any = None) -> Callable[..., tuple[Any, Any]]:
    """Like `grad`, but returns (f(x), gradient).

    With a `seed` of ones, f may return one number per run: column r of the gradient then belongs to run r.
    """

    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        x, arguments = args[argnum], list(args)
        if isinstance(x, Tensor):
            # A node of its own, so that "with respect to this argument" excludes other uses of the same tensor.
            point = apply(OPS["identity"], x)
            point.requires_grad = True
        else:
            point = Tensor(np.asarray(x, dtype=float) if np.asarray(x).dtype.kind != "f" else x, requires_grad=True)
        arguments[argnum] = point
        with _record(True):  # a no_grad() around this call must not make the gradient vanish
            root = f(*arguments, **kwargs)
            if root is None:
                raise GraphError("the function returned None: it must return the number to differentiate")
            depends = isinstance(root, Tensor) and root.requires_grad
            # If anything else in there requires a gradient, the result must stay part of its graph.
            others = (t for t in (topological_order(root) if depends else ()) if t is not point)
            nested = isinstance(x, Tensor) or any(t.recipe is None and t.requires_grad for t in others)
            total: Any = np.zeros_like(point._data)[()]
            if depends:
                ones = np.ones(root.shape, root.dtype)[()] if seed == "ones" else seed
                if root is point:
                    total = _seed(root, ones)
                for step in backward_steps(root, ones, create_graph=nested):
                    if step.node is point:  # every edge into the point has been seen; the rest is how x was made
                        break
                    if step.parent is point:
                        total = step.total
        if point.recipe is None:  # a result that is part of a graph must not seem to depend on it any more
            point.requires_grad = False
        if not nested:
            return _values(root), total
        root, total = (t if isinstance(t, Tensor) else Tensor._of(t) for t in (root, total))
        return root, total

    return both


def hvp(f: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """Hessian-vector product (x, v) ↦ ∇²f(x)·v, without forming the Hessian: the gradient of ∇f(x)·v.

    >>> hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([6., 0.])
    """

    def product(x: Any, v: Any) -> Any:
        v = np.asarray(_values(v))
        if v.shape != np.shape(_values(x)):
            raise ValueError(f"x has shape {np.shape(_values(x))}, v has shape {v.shape}: they must be equal")
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
        x = np.asarray(_values(x), dtype=float)
        basis = np.eye(x.size).reshape(x.size, *x.shape)
        return np.reshape([_values(hvp(f)(x, v)) for v in basis], x.shape + x.shape)[()]

    return matrix
