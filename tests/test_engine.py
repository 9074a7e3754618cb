"""The engine: graphs, backpropagation, aliasing, stale data, and derivatives of derivatives."""

import asyncio
import gc
import math
import operator
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from textbook import ops
from textbook.engine import (
    OPS,
    BackwardStep,
    GraphError,
    Tensor,
    apply,
    backward_steps,
    grad,
    hessian,
    hvp,
    no_grad,
    topological_order,
    value_and_grad,
)
from textbook.optim import Optimizer
from textbook.record import memory, recording


def leaf(data, name=""):
    return Tensor(np.asarray(data, dtype=float), requires_grad=True, name=name)


def vector(n=3, seed=0):
    return leaf(np.random.default_rng(seed).uniform(0.5, 2.0, n))


# ---------------------------------------------------------------------------------------------- making tensors


def test_tensor_copies_its_data():
    source = np.ones(3)
    x = Tensor(source, requires_grad=True)
    out = (x * x).sum()
    source[:] = 7
    out.backward()
    assert x.grad.tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("data", "kwargs", "words"),
    [
        ("1.0", {}, ["real numbers", "<U3", "1.0"]),
        (["a", "b"], {}, ["real numbers"]),
        (1j, {}, ["real numbers", "complex128"]),
        (np.array([1j]), {}, ["complex128"]),
        (None, {}, ["object"]),
        ([Tensor(1.0), Tensor(2.0)], {}, ["expected numbers, got a Tensor", "ops.stack"]),
        (Tensor(1.0), {}, ["Tensor", ".data"]),
        ([1, 2], {"requires_grad": True}, ["int64", "3.0 for 3"]),
        (True, {"requires_grad": True}, ["bool", "floating-point"]),
    ],
)
def test_wrong_data_are_refused(data, kwargs, words):
    with pytest.raises(TypeError) as caught:
        Tensor(data, **kwargs)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("other", ["a", 1j, np.array([1j]), None, np.array([None]), np.array(["a"]), {}, [Tensor(1.0)]])
@pytest.mark.parametrize("operation", [operator.add, operator.mul, lambda x, y: y - x])
def test_wrong_operands_are_refused(operation, other):
    with pytest.raises(TypeError, match="expected numbers"):
        operation(leaf([1.0, 2.0]), other)


def test_integers_may_be_constants():
    labels = Tensor([1, 2])
    assert labels.dtype == np.int64 and not labels.requires_grad
    x = leaf([0.5, 1.5])
    (x * labels).sum().backward()
    assert x.grad.tolist() == [1, 2]


def test_integers_have_no_gradient_however_it_was_asked_for():
    x = Tensor([1, 2])
    x.requires_grad = True
    with pytest.raises(GraphError, match="int64"):
        (x * 0.5).sum().backward()
    with pytest.raises(GraphError, match="int64"):
        grad(lambda t: t * 0.5)(Tensor(3))
    assert grad(lambda t: t * 0.5)(3) == 0.5  # a plain integer becomes a float first


def test_repr():
    assert repr(Tensor([1.0, 2.0])) == "Tensor([1., 2.])"
    assert repr(leaf(3.0, "w")) == "Tensor(3., requires_grad=True, name='w')"
    assert repr(leaf([1.0]) * 2) == "Tensor([2.], op=mul)"
    assert repr(Tensor(np.float32(1))) == "Tensor(1., dtype=float32)"
    assert len(repr(Tensor(np.zeros((100, 100))))) < 300


# ---------------------------------------------------------------------------------------------- like an array

OPERATORS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.pow,
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
]
LEFT, RIGHT = np.array([0.5, 2.0, 1.0]), np.array([1.5, 2.0, 0.25])


@pytest.mark.parametrize("other", [RIGHT, RIGHT.tolist(), 2, 2.0, np.float64(2), np.array(2.0), RIGHT[:, None]])
@pytest.mark.parametrize("operation", OPERATORS)
def test_operators_as_on_arrays(operation, other):
    x = leaf(LEFT)
    plain = other if not isinstance(other, list) else np.array(other)
    for ours, theirs in (
        (operation(x, other), operation(LEFT, plain)),
        (operation(other, x), operation(plain, LEFT)),  # the array, number or list stands on the left
        (operation(x, Tensor(other)), operation(LEFT, plain)),
    ):
        compares = operation in OPERATORS[5:]
        assert type(ours) is (np.ndarray if compares else Tensor)
        assert np.array_equal(ours if compares else ours.data, theirs)


def test_matmul_from_both_sides():
    m = np.arange(6.0).reshape(2, 3)
    x = leaf(LEFT)
    assert np.array_equal((m @ x).data, m @ LEFT)
    assert np.array_equal((x @ m.T).data, LEFT @ m.T)
    assert np.array_equal((x @ LEFT.tolist()).data, LEFT @ LEFT)


def test_unary_operators_and_methods():
    m = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, 4.0]])
    x = leaf(m)
    for ours, theirs in [
        (-x, -m),
        (abs(x), abs(m)),
        (x.T, m.T),
        (x.sum(), m.sum()),
        (x.sum(axis=1, keepdims=True), m.sum(axis=1, keepdims=True)),
        (x.mean(axis=0), m.mean(axis=0)),
        (x.max(axis=(0, 1)), m.max()),
        (x.reshape(3, 2), m.reshape(3, 2)),
        (x.reshape((3, -1)), m.reshape(3, 2)),
        (x.reshape(-1), m.ravel()),
        (x[1], m[1]),
        (x[:, ::-1], m[:, ::-1]),
        (x[..., None], m[..., None]),
        (x[x > 1], m[m > 1]),
        (x[Tensor([1, 0, 1])], m[[1, 0, 1]]),
        (x[np.int64(1), -1], m[1, -1]),
    ]:
        assert type(ours) is Tensor and ours.shape == np.shape(theirs) and np.array_equal(ours.data, theirs)
    assert (x.ndim, x.size, x.shape, x.dtype) == (2, 6, (2, 3), np.float64)


def test_length_iteration_membership_and_truth():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2
    rows = list(x)
    assert [row.data.tolist() for row in rows] == [[1, 2], [3, 4]] and all(row.requires_grad for row in rows)
    first, _ = x
    first.sum().backward()
    assert x.grad.tolist() == [[1, 1], [0, 0]]
    assert bool(leaf(2.0)) and not bool(leaf(0.0)) and float(leaf([2.5])) == 2.5 and leaf([[2.5]]).item() == 2.5
    for call in (len, list):
        with pytest.raises(TypeError, match="no length"):
            call(leaf(1.0))
    with pytest.raises(ValueError, match=r"item\(\) needs one element.*\(2, 2\)"):
        x.item()
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)


def test_tensors_are_keys_by_identity():
    a, b = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    assert {a: "a", b: "b"}[b] == "b"
    assert len({a, b, a}) == 2
    assert hash(a) == hash(a) and (a == b).all()


def test_numpy_does_not_swallow_tensors():
    x = leaf([1.0, 2.0])
    array = np.ones(2)
    array += 0  # numpy's own in-place addition
    array = array + x
    assert type(array) is Tensor
    with pytest.raises(TypeError, match=r"array = array \+ x"):
        array = np.ones(2)
        array += x


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (np.exp, ["numpy's exp", "ops.exp(x)", "x.data"]),
        (np.absolute, ["ops.abs(x)", "x.data"]),
        (np.sum, ["numpy's sum", "ops.sum(x)"]),
        (np.amax, ["ops.max(x)"]),
        (np.floor, ["numpy's floor", "take x.data"]),
        (np.add.reduce, ["x.data"]),
        (np.asarray, ["got a Tensor", "x.data"]),
        (lambda x: np.array([x, x]), ["got a Tensor", "ops.stack"]),
        (lambda x: np.where(x > 0, x, 0), ["ops.where(x)"]),
        (lambda x: np.zeros_like(x), ["x.data"]),
        (lambda x: np.ones(3)[x], ["x.data"]),
    ],
)
def test_numpy_functions_would_leave_the_graph(call, words):
    with pytest.raises(TypeError) as caught:
        call(leaf([1.0, 2.0]))
    for word in words:
        assert word in str(caught.value)


def test_numpy_may_ask_for_the_shape():
    x = leaf([[1.0, 2.0]])
    assert (np.shape(x), np.ndim(x), np.size(x), np.size(x, 1)) == ((1, 2), 2, 2, 2)


@pytest.mark.parametrize("number", [np.float64(3), np.float32(3), np.int64(3), np.array(3.0)])
def test_numpy_numbers_stand_on_the_left(number):
    x = leaf([1.0, 2.0])
    (number * x).sum().backward()
    assert x.grad.tolist() == [3, 3] and ((number > x) == [True, True]).all()


@pytest.mark.parametrize("augmented", ["x += y", "x -= y", "x *= y", "x /= y"])
def test_augmented_assignment(augmented):
    """To a parameter it teaches, or, under no_grad(), moves it as in PyTorch; to any other tensor it is x = x + y."""
    names = {"x": leaf([3.0, 4.0], "w1"), "y": 2.0}
    parameter = names["x"]
    with pytest.raises(GraphError, match=r"the parameter w1, .*w1\.data -= …, or let an Optimizer"):
        exec(augmented, names)
    assert names["x"] is parameter and parameter.data.tolist() == [3, 4]
    array = np.array([3.0, 4.0])
    exec(augmented, {"x": array, "y": 2.0})
    out = (parameter * parameter).sum()
    with no_grad():
        exec(augmented, names)
    assert names["x"] is parameter and parameter.requires_grad and np.array_equal(parameter.data, array)
    with pytest.raises(GraphError, match="changed"):
        out.backward()

    for start in (parameter * 1.0, Tensor([3.0, 4.0])):
        names = {"x": start, "y": parameter}
        exec(augmented, names)
        assert names["x"] is not start and names["x"].requires_grad


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 2.0 * x + 1,
        lambda x: x / 3 - 2,
        lambda x: 2.0**x,
        lambda x: x**2,
        lambda x: 1 - x,
        lambda x: x.mean() * 3.0,
        lambda x: ops.where(x > 0, x, 0.0),
        lambda x: ops.maximum(x, 0.5),
        lambda x: ops.gelu(x),
        lambda x: ops.softmax(x.reshape(1, -1)),
        lambda x: x[0] * 2.5,
        lambda x: x.sum(),
        lambda x: ops.mse(x, np.zeros(3, np.float32)),
    ],
)
def test_python_numbers_do_not_upcast(f):
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    out = f(x)
    assert out.dtype == np.float32
    (out * out).sum().backward()
    assert x.grad.dtype == np.float32


# ---------------------------------------------------------------------------------------------- backward


def test_backward_adds_to_grad():
    x = leaf([1.0, 2.0])
    (x * x).sum().backward()
    (3 * x).sum().backward()
    assert x.grad.tolist() == [2 + 3, 4 + 3]


def test_only_leaves_that_ask_get_a_gradient():
    x, c = leaf(2.0), Tensor(3.0)
    y = x * c
    (y * y).backward()
    assert x.grad == 2 * 6 * 3 and c.grad is None and y.grad is None


def test_backward_of_a_leaf_itself():
    x = leaf(2.0)
    x.backward()
    x.backward(seed=3.0)
    assert x.grad == 4.0


def test_seed():
    x = leaf([1.0, 2.0])
    (x * x).backward(seed=[1, 10])
    assert x.grad.tolist() == [2, 40]
    (x * x).backward(seed=Tensor([1.0, 0.0]))
    assert x.grad.tolist() == [4, 40]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: (leaf([1.0, 2.0]) * 2).backward(), ["scalar", "(2,)", ".sum()", "seed="]),
        (lambda: leaf([1.0, 2.0]).backward(), ["scalar", "(2,)"]),
        (lambda: (leaf([1.0, 2.0]) * 2).backward(seed=1.0), ["seed", "()", "(2,)"]),
        (lambda: (leaf([1.0, 2.0]) * 2).backward(seed=[[1.0], [2.0]]), ["(2, 1)", "(2,)"]),
        (lambda: leaf(2.0).backward(seed=[1.0]), ["(1,)", "()"]),
        (lambda: Tensor(2.0).backward(), ["requires a gradient", "requires_grad=True"]),
        (lambda: (Tensor(2.0) * 3).backward(), ["requires a gradient"]),
        (lambda: leaf(2.0).detach().backward(), ["requires a gradient"]),
        (lambda: list(backward_steps(3.0)), ["float", "Tensor"]),
        (lambda: grad(lambda x: x * x)(np.ones(2)), ["scalar", "(2,)"]),
    ],
)
def test_backward_says_what_is_wrong(call, words):
    with pytest.raises(GraphError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_a_failed_backward_leaves_no_gradient_behind():
    x, y = leaf([1.0]), leaf([2.0])
    out = (x * 2).sum() + (y * y).sum()
    y.data = [5.0]
    with pytest.raises(GraphError):
        out.backward()
    assert x.grad is None and y.grad is None


# ---------------------------------------------------------------------------------------------- aliasing

PASSES_ON = {  # each hands the upstream gradient, or a view of it, to several leaves
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "add itself": lambda x, y: x + x + y,
    "identity": lambda x, y: ops.identity(x) + ops.identity(y),
    "reshape": lambda x, y: x.reshape(4) + y.reshape(4),
    "transpose": lambda x, y: x.T + y.T,
    "concatenate": lambda x, y: ops.concatenate([x, y]),
    "getitem": lambda x, y: x[::-1] + y[:],
    "broadcast": lambda x, y: ops.broadcast_to(x, (3, 2, 2)) + y,
    "sum": lambda x, y: ops.sum(x, axis=0, keepdims=True) + y,
    "mean": lambda x, y: ops.mean(x) + ops.mean(y),
    "astype": lambda x, y: x.astype(float) + y,
    "where": lambda x, y: ops.where(np.array([True, False]), x, y),
    "maximum": lambda x, y: ops.maximum(x, y + 100),
}


@pytest.mark.parametrize("below", ["the seed", "a message"])
@pytest.mark.parametrize("name", PASSES_ON)
def test_writing_into_a_gradient_changes_nothing_else(name, below):
    x, y = leaf(np.arange(4.0).reshape(2, 2)), leaf(np.arange(4.0, 8.0).reshape(2, 2))
    out = PASSES_ON[name](x, y)
    if below == "a message":
        out = out * 2.0
    seed = np.random.default_rng(0).normal(size=out.shape)
    kept = seed.copy()
    out.backward(seed=seed)
    first = y.grad.copy()
    assert x.grad.flags.writeable and y.grad.flags.writeable
    assert not np.shares_memory(x.grad, y.grad)
    x.grad[...] = np.nan
    assert np.array_equal(y.grad, first)
    assert np.array_equal(seed, kept)
    y.grad[...] = 0
    seed[...] = np.inf
    out.backward(seed=kept)
    assert np.array_equal(y.grad, first)
    assert np.isnan(x.grad).all()  # backward added to what stood there


@pytest.mark.parametrize("seed", [np.array([1.0, 2.0])])
def test_gradient_of_a_leaf_root_is_not_the_seed(seed):
    x = leaf([0.0, 0.0])
    x.backward(seed=seed)
    seed[0] = 99
    assert x.grad.tolist() == [1, 2]


def test_gradients_do_not_share_memory_with_data():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (x * y).sum().backward()
    x.grad[...] = 99
    assert x.data.tolist() == [1, 2] and y.data.tolist() == [3, 4]
    y.data *= 7
    assert y.grad.tolist() == [1, 2]


# ---------------------------------------------------------------------------------------------- topological order


@st.composite
def graphs(draw):
    """A leaf, and then sums of two earlier nodes; by its index, the operands of each."""
    return [(draw(st.integers(0, n)), draw(st.integers(0, n))) for n in range(draw(st.integers(1, 12)))]


def build(graph):
    nodes = [leaf(1.0)]
    for i, j in graph:
        nodes.append(nodes[i] * 0.5 + nodes[j])
    return nodes


@given(graphs())
def test_order_holds_every_ancestor_once_after_its_parents(graph):
    root = build(graph)[-1]
    order = topological_order(root)
    position = {node: i for i, node in enumerate(order)}
    assert len(position) == len(order) and order[-1] is root
    reachable, todo = set(), [root]
    while todo:
        node = todo.pop()
        if node not in reachable:
            reachable.add(node)
            todo.extend(node.recipe.parents if node.recipe else ())
    assert reachable == set(order)
    for node in order:
        for parent in node.recipe.parents if node.recipe else ():
            assert position[parent] < position[node]


@given(graphs())
def test_backward_steps_cover_each_edge_once(graph):
    nodes = build(graph)
    root = nodes[-1]
    edges = {
        (node, index)
        for node in topological_order(root)
        for index, parent in enumerate(node.recipe.parents if node.recipe else ())
        if parent.requires_grad
    }
    steps = list(backward_steps(root))
    assert all(type(step) is BackwardStep for step in steps)
    assert len(steps) == len(edges) and {(step.node, step.index) for step in steps} == edges

    order = {node: i for i, node in enumerate(topological_order(root))}
    assert [order[step.node] for step in steps] == sorted((order[step.node] for step in steps), reverse=True)

    received = {root: 1.0}
    for step in steps:
        assert step.node.recipe.parents[step.index] is step.parent
        assert step.upstream == received[step.node]  # finished: nothing is added to it after it was sent on
        received[step.parent] = received.get(step.parent, 0.0) + step.message
        assert step.total == received[step.parent]

    root.backward()
    assert nodes[0].grad == received[nodes[0]]
    paths = [1.0]
    for i, j in graph:
        paths.append(paths[i] * 0.5 + paths[j])
    assert nodes[0].grad == pytest.approx(paths[-1], rel=1e-12)


def test_steps_are_lazy_and_touch_no_grad():
    x = vector()
    out = (ops.exp(x) * x).sum()
    steps = backward_steps(out)
    assert next(steps).node is out
    for step in steps:
        assert step.message.shape == step.parent.shape
    assert x.grad is None


def test_an_edge_for_each_use():
    x = leaf(3.0)
    steps = list(backward_steps(x * x))
    assert [(s.index, s.message, s.total) for s in steps] == [(0, 3.0, 3.0), (1, 3.0, 6.0)]


def test_constants_send_and_receive_nothing():
    x, c = leaf([1.0, 2.0]), Tensor([0.0, 0.0])
    with np.errstate(all="raise"):
        out = (x / 2 + c**2).sum() + (c * np.array([1.0, np.inf])[:1]).sum()
        assert {step.parent.requires_grad for step in backward_steps(out)} == {True}
        (2.0 ** leaf([0.0])).sum().backward()
        (leaf([0.0]) ** 2).sum().backward()  # the derivative by the exponent, log 0, is never asked for


def test_chain_of_100_000_operations():
    x = leaf(1.0)
    y = x
    for _ in range(50_000):
        y = -y
        y = y + 1e-9
    y.backward()
    assert x.grad == 1.0
    assert sum(1 for _ in backward_steps(y)) == 100_000
    del y
    gc.collect()  # taking the chain apart must not recurse either


def test_2_to_the_40_paths():
    x = leaf(1.0)
    y = x
    for _ in range(40):
        y = y + y
    assert len(topological_order(y)) == 41
    y.backward()
    assert x.grad == 2.0**40


def test_wide_fan_out():
    x = leaf(np.ones(3))
    sum((x * float(i)).sum() for i in range(500)).backward()
    assert x.grad.tolist() == [sum(range(500))] * 3


# ---------------------------------------------------------------------------------------------- stale data


def subtract_in_place(x):
    x.data -= 0.1


def multiply_in_place(x):
    x.data *= 2.0


def through_a_held_view(x):
    held = x.data
    held /= 2.0


def assign(x):
    x.data = np.full(x.shape, 7.0)


def assign_a_tensor(x):
    x.data = Tensor(np.full(x.shape, 7.0))


def assign_nan(x):
    x.data = np.where(x.data > 1, np.nan, x.data)


def write_as_an_optimizer(x):
    x.writable()[0] = 9.0


def under_no_grad(x):
    with no_grad():
        x -= 0.1


def step_an_optimizer(x):
    x.grad = np.ones(x.shape)
    Optimizer([x], "gd", lr=0.1).step()


def step_with_array_rates(x):
    x.grad = np.ones(x.shape)
    Optimizer([x], "gd", lr=np.full(x.shape, 0.1)).step()


ANYWHERE = [
    subtract_in_place,
    multiply_in_place,
    through_a_held_view,
    assign,
    assign_a_tensor,
    assign_nan,
    write_as_an_optimizer,
]
CHANGES = [*ANYWHERE, under_no_grad, step_an_optimizer, step_with_array_rates]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_between_forward_and_backward_is_noticed(change):
    x = vector()
    x.name = "w1"
    out = (x * x).sum()
    change(x)
    with pytest.raises(GraphError) as caught:
        out.backward()
    for word in ("'w1'", "changed after the forward pass of 'mul'", "run the forward pass again"):
        assert word in str(caught.value)
    with pytest.raises(GraphError):  # and stays noticed
        list(backward_steps(out))
    x.grad = None
    fresh = x * x
    fresh.backward(seed=np.ones(3))
    assert np.array_equal(x.grad, 2 * x.data, equal_nan=True)


@pytest.mark.parametrize("change", ANYWHERE)
def test_a_changed_constant_is_noticed(change):
    x, c = vector(), Tensor([1.0, 2.0, 3.0])
    out = (x * c).sum()
    change(c)
    with pytest.raises(GraphError, match="changed"):
        out.backward()


@pytest.mark.parametrize("change", ANYWHERE)
def test_a_changed_intermediate_is_noticed(change):
    x = vector()
    y = ops.exp(x)
    out = (y * y).sum()
    change(y)
    with pytest.raises(GraphError, match="changed"):
        out.backward()
    root = ops.exp(x)  # exp's own result stands in its derivative
    change(root)
    with pytest.raises(GraphError, match="changed"):
        root.backward(seed=np.ones(3))


def test_a_scalar_is_watched_too():
    x = leaf(2.0)
    out = x * x
    x.data -= 1.0
    with pytest.raises(GraphError, match="changed"):
        out.backward()


def test_a_later_forward_pass_does_not_hide_the_change():
    x = vector()
    old = (x * x).sum()
    x.data *= 5
    new = (x * x).sum()
    new.backward()
    assert np.array_equal(x.grad, 2 * x.data)
    with pytest.raises(GraphError, match="changed"):
        old.backward()


# ---- .data is there to read


@pytest.mark.parametrize(
    "write",
    [
        lambda d: d.__setitem__(0, 9.0),
        lambda d: d.__setitem__(..., 9.0),
        lambda d: d[0].__setitem__(1, 9.0),
        lambda d: d.T.__setitem__(0, 9.0),
        lambda d: d.reshape(-1).__setitem__(0, 9.0),
    ],
)
def test_writing_into_data_teaches(write):
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ValueError, match=r"x\.data = values"):
        write(x.data)
    with pytest.raises(ValueError, match="read-only"):
        x.data.fill(0)
    with pytest.raises(ValueError, match="read-only"):
        np.add(x.data, 1, out=x.data)
    with pytest.raises(ValueError, match="read-only"):
        row = x.data[0]
        row -= 1
    assert x.data.tolist() == [[1, 2], [3, 4]]


def test_what_is_computed_from_data_is_a_plain_array():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    for result in (x.data + 1, x.data @ x.data, x.data.sum(axis=0), np.exp(x.data), x.data.copy(), np.array(x.data)):
        assert type(result) is np.ndarray and result.flags.writeable
    assert type(x.data.sum()) is np.float64 and type(x.data.max()) is np.float64
    assert repr(x.data) == repr(x.data.copy())
    rows = x.data[[0, 1]]  # a copy, though numpy keeps its class
    rows[0] = 9
    rows -= 1
    assert rows.tolist() == [[8, 8], [2, 3]] and x.data.tolist() == [[1, 2], [3, 4]]
    assert type(leaf(3.0).data) is np.float64


def test_data_is_a_view_that_costs_nothing():
    x = leaf(np.zeros(1_000_000))
    held = x.data
    assert np.shares_memory(held, x.data) and held is not x.data
    step_an_optimizer(x)
    assert held[0] == -0.1  # it follows; a copy stays
    (x * 2).sum().backward()  # reading it is no change


def test_a_constant_made_of_data_stays_as_it_was():
    w, v = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf(np.ones((2, 2)))
    for constant in (w.data, w.data.T, w.data[0]):
        expected = constant + np.zeros((2, 2))
        out, v.grad = (v * constant).sum(), None
        step_an_optimizer(w)  # writes into the memory that the constant was a view of
        out.backward()
        assert np.array_equal(v.grad, expected)


# ---- views share memory, and so they share the note of the last write

VIEWS = [
    lambda x: x.T,
    lambda x: x.reshape(4),
    lambda x: x[:1],
    lambda x: x[0][1:],
    lambda x: x.T.reshape(2, 2)[::-1],
    ops.identity,
    lambda x: ops.broadcast_to(x, (3, 2, 2)),
]


@pytest.mark.parametrize("change", [step_an_optimizer, write_as_an_optimizer])
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("how", ["constant", "no_grad", "recorded"])
def test_a_write_reaches_no_gradient_through_a_view(view, how, change):
    w, v = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf(2.0)
    w.requires_grad = how != "constant"
    if how == "no_grad":
        with no_grad():
            y = view(w)
    else:
        y = view(w)
    assert y.requires_grad == (how == "recorded")
    shared = np.shares_memory(y._data, w._data)
    expected = y.data.sum()
    out = (v * y).sum()
    change(leaf(w.data))  # another tensor's memory
    out.backward()
    assert v.grad == expected
    w.requires_grad = True
    change(w)
    if shared:
        with pytest.raises(GraphError, match="changed after the forward pass of 'mul'"):
            out.backward()
    else:  # numpy had to copy
        v.grad = None
        out.backward()
        assert v.grad == expected


def test_as_in_torch_views_follow_steps_and_backward_refuses():
    w, v = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf(np.ones((2, 2)))
    a, b = torch.tensor(w.data.copy(), requires_grad=True), torch.ones(2, 2, dtype=torch.float64, requires_grad=True)
    with no_grad(), torch.no_grad():
        y, c = w.T, a.T
    ours, theirs = (v * y).sum(), (b * c).sum()
    w.grad, a.grad = np.ones((2, 2)), torch.ones(2, 2, dtype=torch.float64)
    Optimizer([w], "gd", lr=10.0).step()
    torch.optim.SGD([a], lr=10.0).step()
    assert np.array_equal(y.data, c.detach().numpy())
    for error, out in ((GraphError, ours), (RuntimeError, theirs)):
        with pytest.raises(error):
            out.backward()


def test_a_write_into_a_view_reaches_its_origin():
    w = leaf([[1.0, 2.0], [3.0, 4.0]])
    out = (w * w).sum()
    with no_grad():
        row = w[0]
    row.writable()[:] = 7
    assert w.data[0].tolist() == [7, 7]
    with pytest.raises(GraphError, match="changed"):
        out.backward()


def test_assigned_values_leave_old_views_alone():
    w, v = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf(1.0)
    with no_grad():
        y = w.T
    out = (v * y).sum()
    w.data = np.zeros((2, 2))
    out.backward()  # y keeps the values it had
    assert v.grad == 10


@pytest.mark.parametrize("name", OPS)
def test_results_that_share_memory_share_the_note(name):
    inputs, params = OPS[name].example(np.random.default_rng(0))
    tensors = [Tensor(x) for x in inputs]
    out = apply(OPS[name], *tensors, **params)
    for x in tensors:
        assert (memory(out) is memory(x)) == np.shares_memory(out._data, x._data)


def test_writes_in_threads_are_all_noticed():
    tensors = [leaf(np.ones(3)) for _ in range(400)]
    outs = [(x * x).sum() for x in tensors]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(subtract_in_place, tensors))
    for out in outs:
        with pytest.raises(GraphError):
            out.backward()


# ---- parameters of an operation that the caller may change


def test_an_index_or_condition_changed_later_changes_nothing():
    def filled(array):
        array[...] = 1

    cases = [
        (np.array([0, 2, 2]), lambda x, i: x[i], filled),
        ([0, 2, 2], lambda x, i: x[i], lambda i: i.clear()),
        (np.array([True, False, True]), lambda x, i: x[i], filled),
        (np.array([0, 2]), lambda x, i: x.reshape(3, 1)[i, 0], filled),
        (np.array([True, False, True]), lambda x, c: ops.where(c, x, 0.0), filled),
        (Tensor([1, 0, 1]), lambda x, c: ops.where(c, x, 0.0), lambda c: filled(c.writable())),
        (np.array([0.0, 1.0, 0.0]), lambda x, low: x.clip(low), filled),
    ]
    for held, f, change in cases:
        x = leaf([0.5, 0.7, 1.1])
        out = f(x, held).sum()
        expected = grad(lambda t, f=f, held=held: f(t, held).sum())(np.array([0.5, 0.7, 1.1]))
        change(held)
        out.backward()
        assert np.array_equal(x.grad, expected) and expected.any()


def test_assigned_data_belong_to_the_tensor():
    online, target = leaf([1.0, 2.0]), leaf([0.0, 0.0])
    target.data = online
    step_an_optimizer(online)
    online.data *= 50
    assert target.data.tolist() == [1, 2]
    source = np.array([5.0, 6.0])
    target.data = source
    source[0] = 9
    assert target.data.tolist() == [5, 6]


def test_assignment_keeps_shape_and_dtype():
    x = Tensor(np.ones(2, np.float32), requires_grad=True)
    x.data = [3, 4]
    assert x.dtype == np.float32 and x.data.tolist() == [3, 4]
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        x.data = np.ones(3)
    x.data -= 1
    assert x.dtype == np.float32 and x.data.tolist() == [2, 3]
    with pytest.raises(ValueError, match=r"could not be broadcast|have shape"):
        x.data -= np.ones((3, 2))
    whole = Tensor([1, 2])
    for tensor, value in ((whole, [1.5, 2.5]), (x, [1j, 0]), (x, ["3", "4"])):
        with pytest.raises(TypeError, match="the cast would change them"):
            tensor.data = value
    assert whole.data.tolist() == [1, 2]


def test_a_function_that_returns_nothing_has_no_gradient():
    with pytest.raises(GraphError, match="returned None"):
        grad(lambda x: None)(2.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: math.sin(x),
        lambda x: float(x) ** 2,
        lambda x: (x.data**2).sum(),
        lambda x: (x * x).item(),
        lambda x: 7.0,
        lambda x: x > 0,
    ],
)
@pytest.mark.parametrize("derivative", [grad, hessian, value_and_grad, lambda f: lambda x: hvp(f)(x, x)])
@pytest.mark.parametrize("x", [1.0, Tensor(1.0, requires_grad=True)])
def test_a_function_that_leaves_the_graph_has_no_gradient(f, derivative, x):
    with pytest.raises(GraphError, match=r"left the graph, as math\.sin\(x\).* ops\.sin .*c \+ 0 \* x"):
        derivative(f)(x)


def test_no_false_alarm():
    x = leaf([1.0, np.nan, 3.0])
    out = (x * x).sum()
    assert x.data[0] == 1.0
    out.backward()

    x.data = [1.0, 2.0, 3.0]  # after backward, before the next forward pass
    x.grad = None
    out = (x * x).sum()
    out.backward()
    out.backward()
    assert x.grad.tolist() == [4, 8, 12]

    other = vector(seed=1)
    out = (x * x).sum()
    other.data *= 5  # not in this graph
    copy = x.data.copy()
    copy[0] = 9  # nor is a copy
    out.backward()

    y = vector(seed=2)
    optimizer = Optimizer([y], "adam", lr=0.1)
    for _ in range(3):
        assert y.data.shape == (3,)
        optimizer.zero_grad()
        (y * y).sum().backward()
        optimizer.step()


# ---------------------------------------------------------------------------------------------- no graph


def test_no_grad_nests_and_survives_exceptions():
    x = leaf(2.0)
    with no_grad():
        with no_grad():
            assert not (x * x).requires_grad
        assert not (x * x).requires_grad
    assert (x * x).requires_grad
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x * x).requires_grad


def values_drawn_under_no_grad(x):
    with no_grad():
        yield (x * x).requires_grad
        yield (x * x).requires_grad


def test_no_grad_stays_inside_a_suspended_generator():
    x = leaf(2.0)
    values = values_drawn_under_no_grad(x)
    for _ in range(2):
        assert next(values) is False
        assert (x * x).requires_grad
        with no_grad():
            assert not (x * x).requires_grad
    assert next(values, "done") == "done" and (x * x).requires_grad

    abandoned = values_drawn_under_no_grad(x)
    next(abandoned)
    abandoned.close()
    assert (x * x).requires_grad

    def outer():
        yield from values_drawn_under_no_grad(x)

    for value in outer():
        assert value is False and (x * x).requires_grad
    assert list(values_drawn_under_no_grad(x)) == [False, False]


def test_no_grad_inside_a_context_manager_holds_for_its_block():
    @contextmanager
    def frozen():
        with no_grad():
            yield

    @contextmanager
    def deeper():
        with ExitStack() as stack:
            stack.enter_context(frozen())
            yield

    x = leaf(2.0)
    for manager in (frozen, deeper):
        with manager():
            assert not (x * x).requires_grad
        assert (x * x).requires_grad

    def generator():
        with deeper():
            yield (x * x).requires_grad

    for value in generator():
        assert value is False and (x * x).requires_grad


def test_no_grad_is_local_to_its_thread_and_task():
    x, entered, leave = leaf(2.0), threading.Event(), threading.Event()

    def elsewhere():
        with no_grad():
            entered.set()
            leave.wait(10)
            return (x * x).requires_grad

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(elsewhere)
        entered.wait(10)
        assert (x * x).requires_grad
        with no_grad():
            leave.set()
            assert other.result() is False
        assert (x * x).requires_grad

    async def frozen(turns):
        with no_grad():
            for _ in range(turns):
                await asyncio.sleep(0)
                assert not (x * x).requires_grad

    async def free(turns):
        for _ in range(turns):
            await asyncio.sleep(0)
            assert (x * x).requires_grad

    async def stream():
        with no_grad():
            for _ in range(3):
                yield (x * x).requires_grad

    async def all_at_once():
        await asyncio.gather(frozen(5), free(9), frozen(2))
        async for value in stream():
            assert value is False and (x * x).requires_grad

    asyncio.run(all_at_once())
    assert (x * x).requires_grad


def test_no_grad_blocks_left_in_another_order():
    x, first, second = leaf(2.0), no_grad(), no_grad()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not (x * x).requires_grad
    second.__exit__(None, None, None)
    assert (x * x).requires_grad
    on = recording(True)
    first.__enter__()
    on.__enter__()
    first.__exit__(None, None, None)  # each takes away itself
    assert (x * x).requires_grad
    second.__enter__()
    on.__exit__(None, None, None)
    assert not (x * x).requires_grad
    second.__exit__(None, None, None)
    assert (x * x).requires_grad
    with first, first:  # one object, twice
        assert not (x * x).requires_grad
    assert (x * x).requires_grad


def test_no_grad_as_a_decorator():
    @no_grad()
    def square(x, depth=1):
        return square(x, depth - 1) if depth else x * x

    x = leaf(2.0)
    assert not square(x).requires_grad and (x * x).requires_grad
    with pytest.raises(TypeError, match="values_drawn_under_no_grad is a generator: write the with block inside"):
        no_grad()(values_drawn_under_no_grad)


def test_no_grad_around_grad_does_not_make_it_zero():
    with no_grad():
        assert grad(lambda x: x**3)(2.0) == 12.0
        assert hessian(lambda x: x**3)(2.0) == 12.0
        assert not (leaf(2.0) * 2).requires_grad
    c = leaf(3.0)

    def f(x):
        with no_grad():
            frozen = x * c
        return frozen * x

    assert grad(f)(2.0) == 6.0  # inside, it holds


def test_detach_stops_the_gradient():
    x = leaf([2.0, 3.0], "x")
    still = (x * x).detach()
    assert not still.requires_grad and still.recipe is None and x.detach().name == "x"
    (still * x).sum().backward()
    assert x.grad.tolist() == [4, 9]
    still.data *= 0
    x.detach().writable()[0] = 77
    assert x.data.tolist() == [2, 3]


# ---------------------------------------------------------------------------------------------- grad, hvp, hessian


def test_grad_in_its_plain_form():
    slope = grad(lambda x, y: x * x * y)
    assert slope(3.0, 5.0) == 30.0 and isinstance(slope(3.0, 5.0), float)
    assert grad(lambda x, y: x * x * y, 1)(3.0, 5.0) == 9.0
    assert grad(lambda x, y: x * x * y, -1)(3.0, 5.0) == 9.0
    assert grad(lambda x, y: x * x * y, argnum=-2)(3, 5) == 30.0
    assert grad(lambda x, k=1: (x**k).sum())(np.array([2.0, 3.0]), k=2).tolist() == [4, 6]
    assert grad(lambda x: x.sum())([1, 2]).tolist() == [1, 1]
    assert grad(lambda x: x.sum())(np.ones(2, np.float32)).dtype == np.float32


def test_value_and_grad():
    value, slope = value_and_grad(lambda x: (x * x).sum())(np.array([1.0, 2.0]))
    assert (type(value), value, slope.tolist()) == (np.float64, 5.0, [2, 4])
    value, slope = value_and_grad(lambda x: x[0] * x[1], seed=1.0)(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert value.tolist() == [3, 8] and slope.tolist() == [[3, 4], [1, 2]]
    seed = np.array([1.0, 10.0])
    _, slope = value_and_grad(lambda x: x[0] * x[1], seed=seed)(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert slope.tolist() == [[3, 40], [1, 20]]
    _, slope = value_and_grad(lambda x: x, seed=seed)(np.array([1.0, 2.0]))
    assert slope.tolist() == [1, 10]
    with pytest.raises(GraphError, match=r"seed has shape \(3,\)"):
        value_and_grad(lambda x: x * 2, seed=np.ones(3))(np.ones(2))


def test_gradients_by_several_arguments():
    def f(x, y, z):
        return (x * x * y).sum() + z**3

    args = (np.array([1.0, 2.0]), np.array([3.0, 4.0]), 5.0)
    together = grad(f, (2, 0, -2))(*args)
    assert type(together) is tuple and isinstance(together[0], float)
    for slope, i in zip(together, (2, 0, 1), strict=True):
        assert np.array_equal(slope, grad(f, i)(*args))
    value, (only,) = value_and_grad(f, (1,))(*args)
    assert value == f(*args) and np.array_equal(only, [1, 4])
    assert grad(lambda x, y: x * 3, (0, 1))(2.0, 7.0) == (3.0, 0.0)

    x, y = leaf(2.0), leaf(3.0)
    a, b = grad(lambda x, y: x * x * y, (0, 1))(x, y)
    assert (a.item(), b.item()) == (12, 4)
    (a * b).backward()  # 2xy·x² = 2x³y
    assert (x.grad, y.grad) == (72, 16)
    assert grad(lambda x, y: x * y, (0, 1))(x, x)[0].item() == 2.0  # each its own, though one tensor
    assert grad(lambda x: sum(grad(lambda a, b: a * a * b, (0, 1))(x, x)))(2.0) == 12.0  # d/dx (2x² + x²)
    for argnum in (3, (0, 3), -4):
        with pytest.raises(TypeError, match="3 arguments"):
            grad(f, argnum)(*args)


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: x * grad(lambda y: x + y)(x), 3.0, 1.0),  # perturbation confusion gives 2
        (lambda x: x * grad(lambda y: x * y)(2.0), 3.0, 6.0),  # d/dx x·x
        (lambda x: grad(lambda y: x * x * y)(1.0), 3.0, 6.0),
        (lambda x: x * grad(lambda x: x * x)(x), 3.0, 12.0),  # the inner name hides the outer
        (lambda x: grad(lambda y: y**3)(x), 2.0, 12.0),
        (lambda x: grad(grad(lambda y: y**4))(x), 2.0, 48.0),
        (grad(grad(lambda x: x**4)), 2.0, 48.0),
        (lambda x: grad(lambda y: grad(lambda z: x * y * z * z)(y))(x), 3.0, 24.0),  # 2xy² → 4xy → 4x²
        (lambda x: x * grad(lambda y: 5.0 + 0 * y)(x), 3.0, 0.0),
        (lambda x: x * grad(lambda y: x)(x), 3.0, 0.0),  # constant in y, whatever x is
        (lambda x: x * grad(lambda y: y)(x), 3.0, 1.0),
        (lambda x: 7.0 + 0 * x, 3.0, 0.0),
        (lambda x: Tensor(7.0), 3.0, 0.0),
        (lambda x: x, 3.0, 1.0),
        (lambda x: x.detach() * x, 3.0, 3.0),
        (lambda x: grad(lambda y: ops.sin(y) * x)(x), 1.0, math.cos(1) - math.sin(1)),
    ],
)
def test_nesting(f, x, expected):
    slope = grad(f)(x)
    assert isinstance(slope, float) and slope == pytest.approx(expected, rel=1e-15, abs=1e-15)
    tensor = Tensor(x)
    result = grad(f)(tensor)
    assert type(result) is Tensor and result.item() == pytest.approx(expected, rel=1e-15, abs=1e-15)
    assert tensor.grad is None


def test_tensors_in_tensors_out():
    x = leaf([1.0, 2.0])
    slope = grad(lambda t: (t**3).sum())(x)
    assert type(slope) is Tensor and slope.requires_grad
    assert x.grad is None
    (slope * slope).sum().backward()  # a gradient penalty: d/dx (3x²)² = 36x³
    assert x.grad.tolist() == [36, 288]
    value, slope = value_and_grad(lambda t: Tensor(5.0))(x)
    assert (type(value), type(slope)) == (Tensor, Tensor) and slope.data.tolist() == [0, 0]


def test_only_this_argument_counts():
    x = leaf(3.0)
    assert grad(lambda y: x * y)(x).item() == 3.0  # not 6, though both are the same tensor
    assert grad(lambda a, b: a * a * b)(x, x).item() == 18.0
    assert x.grad is None


def test_an_outer_parameter_keeps_the_result_in_its_graph():
    w = leaf(2.0)
    slope = grad(lambda x: w * x * x)(3.0)
    assert slope.item() == 12.0 and w.grad is None
    slope.backward()
    assert w.grad == 6.0
    assert np.allclose(hessian(lambda x: (w * x**2).sum())(np.ones(2)), 4 * np.eye(2))
    with no_grad():
        assert hvp(lambda x: w * x * x)(3.0, 1.0).item() == 4.0


def test_a_used_up_inner_variable_does_not_hold_the_outer_result():
    """The inner point is a constant once its gradient is known: two numbers in, a number out."""
    assert isinstance(grad(lambda y: grad(lambda x: x * x * y)(3.0))(2.0), float)
    assert grad(lambda y: grad(lambda x: x * x * y)(3.0))(2.0) == 6.0
    assert grad(lambda y: grad(lambda x: x / y)(3.0))(2.0) == -0.25


def test_grad_stops_at_its_point():
    x = leaf(0.5)
    y = x
    for _ in range(50):
        y = ops.sin(y)
    touched = y.recipe.parents[0]
    slope = grad(lambda t: t * t)(y)
    assert slope.item() == 2 * y.item()
    touched.data -= 1.0  # how the point was made is not this gradient's affair
    assert grad(lambda t: t * t)(y).item() == 2 * y.item()


POLYNOMIALS = {
    "rosenbrock": (
        lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2,
        lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2,
        (2,),
    ),
    "log-sum-exp": (lambda x: -ops.log_softmax(x)[0], lambda x: -torch.log_softmax(x, -1)[0], (4,)),
    "network": (
        lambda x: ops.tanh(x @ np.ones((3, 2)) * 0.3).sum() ** 2,
        lambda x: torch.tanh(x @ torch.ones(3, 2, dtype=torch.float64) * 0.3).sum() ** 2,
        (2, 3),
    ),
    "one number": (lambda x: ops.sin(x) * x, lambda x: torch.sin(x) * x, ()),
    "linear": (lambda x: x.sum() * 3, lambda x: x.sum() * 3, (3,)),
    "constant": (lambda x: Tensor(2.0), lambda x: (x * 0).sum() + 2, (3,)),
}


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_hessian_and_hvp_equal_torch(name):
    ours, theirs, shape = POLYNOMIALS[name]
    rng = np.random.default_rng(1)
    x, v = rng.normal(size=shape), rng.normal(size=shape)
    wanted = torch.autograd.functional.hessian(theirs, torch.as_tensor(x)).numpy()
    matrix = hessian(ours)(x)
    assert matrix.shape == shape + shape
    np.testing.assert_allclose(matrix, wanted, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(hvp(ours)(x, v), np.tensordot(wanted, v, axes=len(shape)), rtol=1e-12, atol=1e-11)
    n = max(1, math.prod(shape))
    np.testing.assert_allclose(matrix.reshape(n, n), matrix.reshape(n, n).T, rtol=1e-12, atol=1e-12)
    held = Tensor(x, requires_grad=True)
    assert np.array_equal(hessian(ours)(held), matrix) and held.grad is None


def test_hvp_refuses_another_shape():
    with pytest.raises(ValueError, match=r"\(2,\).*\(2, 1\)"):
        hvp(lambda x: (x * x).sum())(np.ones(2), np.ones((2, 1)))


@settings(max_examples=30)
@given(st.lists(st.floats(-2, 2), min_size=1, max_size=5), st.floats(-2, 2))
def test_derivatives_of_a_polynomial_of_every_order(coefficients, x):
    def f(t):
        return sum(c * t**k for k, c in enumerate(coefficients)) + 0 * t

    derivative, expected = f, np.polynomial.Polynomial(coefficients)
    for _ in range(3):
        derivative, expected = grad(derivative), expected.deriv()
        assert derivative(x) == pytest.approx(expected(x), rel=1e-12, abs=1e-12)


def test_formats_like_a_number():
    assert f"{Tensor(2 / 3):.3f}" == "0.667"
    assert f"{Tensor([1.0])}" == "Tensor([1.])"
    with pytest.raises(ValueError, match="needs one element"):
        f"{Tensor([1.0, 2.0]):.3f}"
