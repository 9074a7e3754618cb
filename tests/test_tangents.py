"""Forward mode, from the same table as reverse mode: against torch.func.jvp and central differences."""

import numpy as np
import pytest
import torch

from tests.test_ops import TWINS, assert_close
from textbook import grad, hvp, jvp, ops
from textbook.engine import (
    OPS,
    GraphError,
    Tensor,
    apply,
    backward_steps,
    hessian,
    tangent_steps,
    value_and_grad,
)

# torch's own forward mode still calls what torch has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")


def example(name, seed):
    """Inputs of an entry, one direction for each, and the entry as a function of them."""
    rng = np.random.default_rng(seed)
    inputs, params = OPS[name].example(rng)
    directions = tuple(rng.normal(size=np.shape(x)) for x in inputs)
    return tuple(inputs), directions, lambda *xs: apply(OPS[name], *xs, **params), params


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", OPS)
def test_entry_forwards_equals_torch(name, seed):
    inputs, directions, f, params = example(name, seed)
    theirs = torch.func.jvp(
        lambda *xs: TWINS[name](*xs, **params),
        tuple(torch.tensor(x, dtype=torch.float64) for x in inputs),
        tuple(torch.tensor(v, dtype=torch.float64) for v in directions),
    )
    assert_close(jvp(f)(inputs, directions), theirs[1], name)


@pytest.mark.parametrize("name", OPS)
def test_entry_forwards_against_central_differences(name):
    inputs, directions, f, _ = example(name, 3)
    h = 1e-6
    ends = [f(*[x + sign * h * v for x, v in zip(inputs, directions, strict=True)]) for sign in (1, -1)]
    np.testing.assert_allclose(jvp(f)(inputs, directions), (ends[0] - ends[1]) / (2 * h), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", OPS)
def test_forwards_and_backwards_are_transposes(name):
    """<u, J v> = <Jᵀ u, v>, for each entry, and for its derivative once more."""
    inputs, directions, f, _ = example(name, 4)
    u = np.random.default_rng(5).normal(size=np.shape(f(*inputs)))
    rows = value_and_grad(f, tuple(range(len(inputs))), seed=u)(*inputs)[1]
    through = sum(np.sum(row * v) for row, v in zip(rows, directions, strict=True))
    assert np.sum(u * jvp(f)(inputs, directions)) == pytest.approx(through, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", OPS)
def test_a_tangent_can_be_differentiated_again(name):
    """The gradient of <u, J(x)·v> by x, with v held: against reverse mode over reverse mode."""
    inputs, directions, f, _ = example(name, 6)
    u = np.random.default_rng(7).normal(size=np.shape(f(*inputs)))

    def backwards(*xs):
        rows = value_and_grad(lambda *p: ops.sum(u * f(*p)), tuple(range(len(xs))))(*xs)[1]
        return sum(ops.sum(row * v) for row, v in zip(rows, directions, strict=True))

    for i in range(len(inputs)):
        forwards = grad(lambda *xs: ops.sum(u * jvp(f)(xs, directions)), i)(*inputs)
        np.testing.assert_allclose(forwards, grad(backwards, i)(*inputs), rtol=1e-12, atol=1e-12)


def net(x, w, v):
    return ops.log_softmax(ops.tanh(x @ w) @ v + x.mean())


def test_a_net_of_several_arguments():
    rng = np.random.default_rng(0)
    x = tuple(rng.normal(size=shape) for shape in ((5, 4), (4, 3), (3, 2)))
    v = tuple(rng.normal(size=part.shape) for part in x)
    theirs = torch.func.jvp(
        lambda x, w, v: torch.log_softmax(torch.tanh(x @ w) @ v + x.mean(), dim=-1),
        tuple(map(torch.tensor, x)),
        tuple(map(torch.tensor, v)),
    )
    assert_close(jvp(net)(x, v), theirs[1], "net")


def cubic(x):
    return (x**3).sum() + x[0] * x[1] * ops.sin(x[2])


def test_forward_over_reverse_is_the_hessian():
    x, v = np.array([0.5, -1.5, 2.0]), np.array([1.0, 2.0, -3.0])
    np.testing.assert_allclose(jvp(grad(cubic))(x, v), hessian(cubic)(x) @ v, rtol=1e-13)
    np.testing.assert_allclose(jvp(grad(cubic))(x, v), hvp(cubic)(x, v), rtol=1e-13)
    twice = jvp(lambda p: jvp(cubic)(p, v))(x, v)  # second derivative along a line
    np.testing.assert_allclose(twice, v @ hessian(cubic)(x) @ v, rtol=1e-13)


def test_every_order():
    f = lambda x: ops.exp(2 * x)  # noqa: E731
    for order in range(5):
        assert f(0.3) == pytest.approx(2**order * np.exp(0.6), rel=1e-12)
        f = lambda x, g=f: jvp(g)(x, 1.0)  # noqa: E731


def test_an_outer_variable_is_not_lost():
    """A tangent that depends on a parameter of its surroundings stays part of their graph."""
    assert grad(lambda a: jvp(lambda x: a * x * x)(3.0, 1.0))(2.0) == 6.0
    assert grad(lambda v: jvp(lambda x: x * x)(3.0, v))(1.0) == 6.0
    assert float(grad(lambda x: jvp(lambda y: x * y)(x, 1.0))(2.0)) == 1.0


@pytest.mark.parametrize(
    ("f", "x", "v", "expected"),
    [
        (lambda x: x, 2.0, 5.0, 5.0),  # the root is the point itself
        (lambda x: x + x, 2.0, 5.0, 10.0),  # two edges
        (lambda x: x * 0 + 1, 2.0, 5.0, 0.0),
        (lambda x: x.detach() * x, 3.0, 1.0, 3.0),
        (lambda x: ops.broadcast_to(x, shape=(2, 2)), 1.0, 3.0, np.full((2, 2), 3.0)),
        (lambda x: Tensor(4.0), 1.0, 3.0, 0.0),
        (lambda x: ops.relu(x), np.array([-1.0, 0.0, 1.0]), np.ones(3), np.array([0.0, 0.0, 1.0])),
    ],
)
def test_small_cases(f, x, v, expected):
    result = jvp(f)(x, v)
    assert not isinstance(result, Tensor) and np.shape(result) == np.shape(expected)
    np.testing.assert_array_equal(result, expected)


def test_steps_are_one_for_each_edge_that_moves():
    x, y = Tensor(3.0, requires_grad=True, name="x"), Tensor(2.0, requires_grad=True, name="y")
    f = (x + y) * y
    steps = list(tangent_steps(f, {y: np.float64(1.0)}))
    assert [(step.node.recipe.op.name, step.index, float(step.message)) for step in steps] == [
        ("add", 1, 1.0),
        ("mul", 0, 2.0),
        ("mul", 1, 5.0),
    ]
    assert steps[-1].total == 7.0
    assert len(list(tangent_steps(f, {x: np.float64(1.0)}))) == 2
    assert x.grad is None and f.recipe.parents[0].recipe is not None


def test_long_chains_need_linear_time():
    def chain(x):
        for _ in range(3000):
            x = 1.0 * x
        return x

    assert jvp(chain)(1.0, 2.0) == 2.0


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: jvp(ops.exp)(np.ones(3), np.ones(2)), ValueError, "equal shapes"),
        (lambda: jvp(ops.mul)((1.0, 2.0), (1.0,)), ValueError, "equal shapes"),
        (lambda: jvp(ops.mul)((1.0, 2.0), 1.0), ValueError, "equal shapes"),
        (lambda: jvp(lambda x: float(x))(1.0, 1.0), GraphError, "left the graph"),
    ],
)
def test_what_does_not_fit_is_said(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_seed_that_is_a_tensor_stays_in_the_graph():
    """Double reverse mode: the message is linear in its seed, and its gradient by the seed is the tangent."""
    x, u = Tensor(np.array([1.0, 2.0]), requires_grad=True), Tensor(np.array([5.0, 7.0]), requires_grad=True)
    *_, last = backward_steps(ops.sin(x) * x, u, create_graph=True)
    ops.sum(last.total * np.array([1.0, -1.0])).backward()
    np.testing.assert_allclose(u.grad, jvp(lambda x: ops.sin(x) * x)(x.data, np.array([1.0, -1.0])), rtol=1e-15)
