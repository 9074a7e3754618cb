"""What a computation leaves behind: operations as data, and values that remember how they were made.

`apply` runs one operation.  Its result carries a `Recipe`: which operation, which parents.  The recipes together are
the computational graph.  The operations are entries of the table `OPS`; nothing here knows one of them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from contextlib import ContextDecorator
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Lock
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

if sys.platform == "linux":
    # Once a block of this size has been freed, glibc keeps up to 64 MB instead of giving it back to the system: else
    # each training step gets its memory anew, page by page, which takes as long as computing.  Nothing is touched here.
    np.empty(31 << 20, np.uint8)

Array = Any  # a numpy array, a numpy scalar or a Python number


class GraphError(RuntimeError):
    """The graph cannot give the gradient that was asked for."""


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
    parents: tuple[Any, ...]  # tensors
    params: dict[str, Any]
    arrays: list[Array]  # the parents' values, as the forward pass read them
    read_at: int  # what the clock of writes said when the forward pass read the parents


_kinds: set[type] = set()  # the classes of tensors: asking it is twice as quick as isinstance


class Value:
    """A value, and how it was computed.  `Tensor` adds what arrays can do."""

    # What most values never change stands here once: making one is then two assignments.
    requires_grad: bool = False
    name: str = ""
    grad: Array = None
    recipe: Recipe | None = None
    _data: Array
    _written: Any = (0,)  # when its memory was last written to; see `memory`

    def __init_subclass__(cls) -> None:
        _kinds.add(cls)

    @classmethod
    def _of(cls, data: Array) -> Any:
        """Wrap a computed array as it is: no copy, no checks."""
        value = object.__new__(cls)
        value._data = data
        return value


clock = 0  # ticks at each write.  NB: PyTorch counts the versions of each storage
_ticking = Lock()


def tick(written: list[int]) -> None:
    """Note that the memory to which `written` belongs is being changed."""
    global clock
    with _ticking:
        clock += 1
        written[0] = clock


def memory(value: Value) -> list[int]:
    """When the memory of a value was last written to: one list for it and all its views, made when first needed."""
    with _ticking:
        if value._written is Value._written:
            value._written = [0]
    return value._written


def apply(op: Op, *inputs: Any, **params: Any) -> Any:
    """Run one operation.  Plain arrays in, plain array out; if any input is a tensor, so is the result.

    A plain array among tensors becomes a constant: backward reads it again, so don't write into it before.

    Raises:
        ValueError: the inputs' shapes do not fit the operation.
    """
    for x in inputs:
        if type(x) in _kinds:
            tensor = type(x)
            break
    else:
        return op.forward(*[np.asarray(x) if type(x) is list else x for x in inputs], **params)
    read_at = clock  # before anything is read, so that a write by another thread meanwhile counts
    parents, arrays, recorded = [], [], False
    for x in inputs:
        if type(x) not in _kinds:
            x = _constant(tensor, x)
        elif x.requires_grad:
            recorded = True
        parents.append(x)
        arrays.append(x._data)
    try:
        result = op.forward(*arrays, **params)
    except (ValueError, IndexError) as error:
        kind = ValueError if isinstance(error, ValueError) else IndexError
        shapes = " and ".join(str(np.shape(a)) for a in arrays)
        raise kind(f"{op.name}: inputs of shape {shapes} do not fit: {error}") from None
    out = blank(tensor)  # as _of does, without the call
    out._data = result
    if isinstance(result, np.ndarray) and (result.base is not None or result is arrays[0]):
        _share_memory(out, parents)
    if recorded and (not (blocks := _blocks.get()) or _innermost_is_on(blocks)):
        out.requires_grad = True
        params = params and {name: _own(param) for name, param in params.items()}
        out.recipe = new(Recipe, (op, tuple(parents), params, arrays, read_at))
    return out


# One is made for every node and edge: NamedTuple's own constructor costs twice as much.
new = tuple.__new__
blank: Callable[[type], Any] = object.__new__


def _constant(tensor: type, x: Any) -> Any:
    """A plain input among tensors, as one of them."""
    constant = blank(tensor)
    constant._data = x
    if isinstance(x, (float, int)):  # as a 0-d float64 array it would turn float32 into float64
        return constant
    if not (type(x) is np.ndarray or isinstance(x, np.generic)):
        constant._data = np.array(x)  # a tensor's .data is copied too
    if constant._data.dtype.kind not in "fiub":
        raise TypeError(f"expected numbers, got {type(x).__name__} ({constant._data.dtype})")
    return constant


def _share_memory(out: Value, parents: list[Value]) -> None:
    """x.T is a view of x: a write to the one is a write to the other."""
    base = getattr(out._data, "base", None)
    for parent in parents:
        array = parent._data
        if array is out._data or (base is not None and (array is base or getattr(array, "base", None) is base)):
            out._written = memory(parent)


def _own(param: Any) -> Any:
    """A copy of what the caller might change before backward reads it again: labels, an index, a condition."""
    if isinstance(param, np.ndarray):
        return param.copy()
    return type(param)(map(_own, param)) if type(param) in (list, tuple) else param


# ---------------------------------------------------------------------------------------------- whether to record


class recording(ContextDecorator):
    """Switch recording on or off inside a `with` block, for this thread, this task and, in a generator, this generator.

    The innermost block counts that is not inside a suspended generator.
    """

    def __init__(self, on: bool) -> None:
        self.on = on

    def __enter__(self) -> None:
        frame = _entered_by(sys._getframe(1))
        _blocks.set((*_blocks.get(), (self, frame if _is_generator(frame) else None)))

    def __exit__(self, *error: Any) -> None:
        blocks = list(_blocks.get())
        for i in reversed(range(len(blocks))):  # blocks may be left in another order than they were entered
            if blocks[i][0] is self:
                del blocks[i]
                break
        _blocks.set(tuple(blocks))

    def __call__(self, function: Any) -> Any:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{function.__name__} is a generator: write the with block inside it")
        return super().__call__(function)


def _is_generator(frame: FrameType) -> bool:
    return bool(frame.f_code.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR))


def _entered_by(frame: FrameType) -> FrameType:
    """Whose block it is: a function under @contextmanager, and contextlib's own, act for whoever enters them."""

    def acts_for_another(f: FrameType | None) -> bool:
        return f is not None and f.f_globals.get("__name__") == "contextlib"

    while frame.f_back and (acts_for_another(frame) or (_is_generator(frame) and acts_for_another(frame.f_back))):
        frame = frame.f_back
    return frame


class no_grad(recording):
    """Record no graph inside the block.  `grad` and its kin still work there: they record what they differentiate.

    Other threads, other tasks and whoever runs while a generator is suspended in such a block go on recording.

    >>> from textbook import Tensor
    >>> w = Tensor(2.0, requires_grad=True)
    >>> with no_grad():
    ...     (3 * w).requires_grad
    False
    """

    def __init__(self) -> None:
        super().__init__(on=False)


Blocks = tuple[tuple[recording, FrameType | None], ...]  # each with its generator, if one entered it
_blocks: ContextVar[Blocks] = ContextVar("blocks", default=())


def is_recording() -> bool:
    """Whether an operation on tensors that require a gradient is recorded, here and now."""
    return _innermost_is_on(_blocks.get())


def _innermost_is_on(blocks: Blocks) -> bool:
    for block, generator in reversed(blocks):
        if generator is None or generator.f_back is not None:  # a suspended frame has no caller
            return block.on
    return True
