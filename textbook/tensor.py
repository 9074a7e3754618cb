"""Tensors: arrays that remember how they were made, and behave like arrays wherever people expect it.

A float32 tensor stays float32 beside Python numbers and float32 arrays; a float64 array or tensor makes the result
float64, as in numpy.  Each gradient has the dtype of its own tensor.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from textbook.backprop import backward_steps, seed_of
from textbook.record import OPS, Array, GraphError, Value, apply, is_recording, memory, tick


def plain(x: Any) -> Any:
    """The array inside a tensor, not to be written into; anything else as it is."""
    return x._data if isinstance(x, Value) else x


def _operator(name: str) -> Callable[[Tensor, Any], Any]:
    return lambda self, other: apply(OPS[name], self, other)


def _reflected(name: str) -> Callable[[Tensor, Any], Any]:
    return lambda self, other: apply(OPS[name], other, self)


def _compared(comparison: Callable[[Any, Any], Any]) -> Callable[[Tensor, Any], Any]:
    return lambda self, other: comparison(self._data, plain(other))


def _elementwise(name: str) -> Callable[[Tensor], Any]:
    return lambda self: apply(OPS[name], self)


def _reduction(name: str) -> Callable[..., Any]:
    return lambda self, axis=None, keepdims=False: apply(OPS[name], self, axis=axis, keepdims=keepdims)


def _augmented(name: str) -> Callable[[Tensor, Any], Any]:
    def assign(self: Tensor, other: Any) -> Any:
        result = apply(OPS[name], self, other)
        if not (self.requires_grad and self.recipe is None):
            return result  # x += y is x = x + y
        if is_recording():
            w = self.name or "w"
            raise GraphError(
                f"in-place {name} would put a result in the place of the parameter {w}, which then never moves: "
                f"write {w}.data -= …, or let an Optimizer do it"
            )
        self.data = result  # under no_grad() the parameter itself moves, as in PyTorch
        return self

    return assign


class Tensor(Value):
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

    # ---- the values

    @property
    def data(self) -> Array:
        """The values, to read.  To change them assign: `x.data = values`, or `x.data -= step`.

        What you hold is a view: it follows when an optimizer moves the tensor.  `x.data.copy()` stays.
        """
        if not isinstance(self._data, np.ndarray):
            return self._data
        view = self._data.view(Values)
        view.flags.writeable = False
        view.owner = self
        return view

    @data.setter
    def data(self, value: Any) -> None:
        if isinstance(value, Values) and value.owner is self:
            return  # x.data -= step has changed it already
        array = np.array(plain(value))
        if not np.can_cast(array.dtype, self.dtype, "same_kind"):
            raise TypeError(f"new data are {array.dtype}, the tensor holds {self.dtype}: the cast would change them")
        array = array.astype(self.dtype, copy=False)
        if array.shape != self.shape:
            raise ValueError(f"new data have shape {array.shape}, the tensor has {self.shape}: they must be equal")
        self._data = array if array.ndim else array[()]
        self._written = [0]  # memory of its own: a view of the old keeps the old values
        tick(self._written)

    def writable(self) -> Array:
        """The array itself, to be written into at once: an earlier forward pass then counts as outdated."""
        tick(memory(self))
        return self._data

    shape = property(lambda self: np.shape(self._data))
    ndim = property(lambda self: np.ndim(self._data))
    size = property(lambda self: int(np.size(self._data)))
    dtype = property(lambda self: np.asarray(self._data).dtype)

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
        totals = {self: np.copy(seed_of(self, seed))[()]} if self.recipe is None else {}
        for step in backward_steps(self, seed):
            if step.parent.recipe is None:
                total = step.total
                # A message may be the upstream array itself, or a view of it; .grad belongs to the leaf alone.
                shared = total is step.upstream or total.base is not None
                totals[step.parent] = total.copy() if shared else total
        for leaf, total in totals.items():
            # NB: as in PyTorch, backward adds to .grad; zero_grad empties it.
            leaf.grad = total if leaf.grad is None else leaf.grad + total

    # ---- operators: all of them as the first one, written out

    def __add__(self, other: Any) -> Tensor:
        return apply(OPS["add"], self, other)

    __radd__ = _reflected("add")
    __sub__, __rsub__ = _operator("sub"), _reflected("sub")
    __mul__, __rmul__ = _operator("mul"), _reflected("mul")
    __truediv__, __rtruediv__ = _operator("div"), _reflected("div")
    __pow__, __rpow__ = _operator("pow"), _reflected("pow")
    __matmul__, __rmatmul__ = _operator("matmul"), _reflected("matmul")
    __neg__, __abs__ = _elementwise("neg"), _elementwise("abs")
    __iadd__, __isub__ = _augmented("add"), _augmented("sub")
    __imul__, __itruediv__ = _augmented("mul"), _augmented("div")

    # Comparisons have no derivative: they return plain arrays.
    __eq__, __ne__ = _compared(operator.eq), _compared(operator.ne)
    __lt__, __le__ = _compared(operator.lt), _compared(operator.le)
    __gt__, __ge__ = _compared(operator.gt), _compared(operator.ge)
    __hash__ = object.__hash__  # tensors are compared elementwise, but are keys by identity

    # ---- the methods of arrays

    exp, log, sqrt, sin, cos, tanh = map(_elementwise, ("exp", "log", "sqrt", "sin", "cos", "tanh"))
    sum, mean, var, max, min = map(_reduction, ("sum", "mean", "var", "max", "min"))

    T = property(lambda self: apply(OPS["transpose"], self, axes=None))

    def __getitem__(self, index: Any) -> Tensor:
        whole = tuple(map(plain, index)) if isinstance(index, tuple) else plain(index)
        return apply(OPS["getitem"], self, index=whole)

    def reshape(self, *shape: Any) -> Tensor:
        return apply(OPS["reshape"], self, shape=shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Tensor:
        return apply(OPS["transpose"], self, axes=(axes[0] if len(axes) == 1 else axes) or None)

    def clip(self, low: Any = None, high: Any = None) -> Tensor:
        return apply(OPS["clip"], self, low=low, high=high)

    def astype(self, dtype: Any) -> Tensor:
        return apply(OPS["astype"], self, dtype=np.dtype(dtype))

    def argmax(self, axis: int | None = None) -> Array:
        """Where the largest element stands: a plain integer or array, for it has no derivative."""
        return np.argmax(self._data, axis=axis)

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

    # ---- what numpy asks: `array + tensor` is an operation, everything else would leave the graph in silence

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs:
            if ufunc in _UFUNCS:
                return apply(OPS[_UFUNCS[ufunc]], *inputs)
            if ufunc in _COMPARISONS:
                return ufunc(*map(plain, inputs))
        if "out" in kwargs:
            raise TypeError("no Tensor be added into an array in place: write array = array + x, not array += x")
        raise _left_by(ufunc)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in (np.shape, np.ndim, np.size):
            return function(*map(plain, args), **kwargs)
        raise _left_by(function)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        raise TypeError(
            "expected numbers, got a Tensor: as a plain array it would leave the graph. Take x.data for its values; "
            "ops.stack and ops.concatenate join tensors"
        )


_UFUNCS = {
    np.add: "add",
    np.subtract: "sub",
    np.multiply: "mul",
    np.true_divide: "div",
    np.power: "pow",
    np.float_power: "pow",
    np.matmul: "matmul",
}
_COMPARISONS = {np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal}


def _left_by(function: Any) -> TypeError:
    name = {"absolute": "abs", "amax": "max", "amin": "min"}.get(function.__name__, function.__name__)
    ours = f"write ops.{name}(x), or " if name in OPS else ""
    return TypeError(f"numpy's {function.__name__} would leave the graph: {ours}take x.data for the plain values")


# ---------------------------------------------------------------------------------------------- what .data hands out


def _in_place(name: str) -> Callable[[Any, Any], Any]:
    in_place, outside = getattr(np.ndarray, f"__i{name}__"), getattr(np.ndarray, f"__{name}__")

    def assign(self: Values, other: Any) -> Any:
        if self.owner is None or self.flags.writeable:
            return in_place(self, other)
        self.owner.data = outside(self, other)
        return self.owner.data

    return assign


class Values(np.ndarray):
    """A tensor's values: an array to read.  What is computed from it is a plain array."""

    owner: Any = None

    __iadd__, __isub__, __imul__, __itruediv__, __ipow__ = map(_in_place, ("add", "sub", "mul", "truediv", "pow"))

    def __setitem__(self, index: Any, value: Any) -> None:
        if not self.flags.writeable:
            raise ValueError(
                "x.data is there to read, so that no write can make a gradient wrong unnoticed: assign all values, "
                "x.data = values, or x.data = np.where(mask, new, x.data)"
            )
        super().__setitem__(index, value)

    def __array_wrap__(self, array: Array, context: Any = None, return_scalar: bool = False) -> Array:
        return array[()] if return_scalar else array

    def copy(self, order: Any = "C") -> Array:
        return np.array(self, order=order)

    def __repr__(self) -> str:
        return repr(np.asarray(self))
