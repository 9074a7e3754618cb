"""The checker of gradients is itself checked: it must pass what is right and fail what is wrong."""

import numpy as np
import pytest

from textbook import ops
from textbook.engine import OPS, Op, Tensor, apply
from textbook.gradcheck import gradcheck, numerical_grad


def test_numerical_grad_of_a_known_function():
    x = np.array([[0.5, 1.0], [2.0, -1.0]])
    assert np.allclose(numerical_grad(lambda a: np.sum(a**3), x), 3 * x**2, rtol=1e-8)
    assert numerical_grad(np.sin, 0.3) == pytest.approx(np.cos(0.3), rel=1e-9)
    assert numerical_grad(lambda a, b: a * b**2, 2.0, 3.0, argnum=1) == pytest.approx(12.0, rel=1e-9)
    assert numerical_grad(lambda a, b: a * b**2, 2.0, 3.0, argnum=-1) == pytest.approx(12.0, rel=1e-9)
    assert numerical_grad(lambda a: Tensor(a).sum(), np.ones(2)).shape == (2,)


def test_numerical_grad_leaves_its_argument_alone():
    x = np.array([1.0, 2.0])
    numerical_grad(lambda a: np.sum(a * a), x)
    assert x.tolist() == [1, 2]


def test_step_size_shows_the_order_of_the_error():
    exact = np.exp(1.0)
    errors = [abs(numerical_grad(np.exp, 1.0, h=h) - exact) for h in (1e-1, 1e-2)]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.01)  # central: h²


WRONG = {  # the derivative of sin, as mistakes would have it
    "sign": lambda g, out, x: -g * ops.cos(x),
    "factor": lambda g, out, x: 2 * g * ops.cos(x),
    "a millionth and more": lambda g, out, x: g * ops.cos(x) * (1 + 5e-6),
    "upstream forgotten": lambda g, out, x: ops.cos(x) + 0 * g,
    "wrong function": lambda g, out, x: g * ops.sin(x),
    "not a number": lambda g, out, x: g * np.nan,
    "zero": lambda g, out, x: 0 * g,
    "one element": lambda g, out, x: g * ops.cos(x) * np.array([1, 1, 1.001]),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_derivative_fails(mistake):
    op = Op("sine", np.sin, (WRONG[mistake],))
    weights, x = np.array([0.3, -1.2, 2.0]), np.array([0.4, 1.0, -0.7])
    with pytest.raises(AssertionError, match=r"argument 0, element \(\d,\): the engine says .*differences say"):
        gradcheck(lambda t: ops.sum(weights * apply(op, t)), x)
    gradcheck(lambda t: ops.sum(weights * apply(OPS["sin"], t)), x)


def test_the_message_names_argument_and_worst_element():
    op = Op("scaled", np.multiply, (lambda g, out, x, y: g * y, lambda g, out, x, y: g * x * np.array([1.0, 3.0])))
    with pytest.raises(AssertionError, match=r"argument 1, element \(1,\): the engine says 6,.* say 2"):
        gradcheck(lambda x, y: ops.sum(apply(op, x, y)), np.array([1.0, 2.0]), np.array([3.0, 4.0]))


def test_the_message_names_a_nan_before_any_error():
    """A comparison with NaN is false, and NaN is not the largest of anything: it must be looked for."""
    wrong = np.array([1.5, np.nan, 1.0])
    op = Op("doubled", lambda x: 2 * x, (lambda g, out, x: g * 2 * wrong,))
    with pytest.raises(AssertionError, match=r"argument 0, element \(1,\): the engine says nan,.* say 2"):
        gradcheck(lambda x: ops.sum(apply(op, x)), np.array([1.0, 2.0, 3.0]))


def test_a_parameter_from_outside_is_a_constant():
    w = Tensor([1.0, 2.0], requires_grad=True)
    gradcheck(lambda x: (w * ops.sin(x)).sum(), np.array([0.3, 0.4]))
    assert w.grad is None


def test_numbers_are_arguments_too():
    gradcheck(lambda x, y: x * y**2, 1.5, -0.5)
