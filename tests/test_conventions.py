"""Conventions translated: equal trajectories where equality holds, and the difference where it does not."""

import math

import numpy as np
import pytest

from textbook import conventions
from textbook.optim import RULES, descend
from textbook.surfaces import SURFACES

ROSENBROCK, START = SURFACES["rosenbrock"].f, (-1.2, 1.0)


def rosenbrock(rule, steps=200, **hyper):
    return descend(ROSENBROCK, START, rule, steps, **hyper).path


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("lr", [1e-4, 1e-3])
def test_averaged_and_accumulated_momentum_walk_one_path(lr, beta):
    given = rosenbrock("momentum", lr=lr, momentum=beta, averaged=True)
    told = rosenbrock("momentum", **conventions.accumulated(lr, beta))
    np.testing.assert_allclose(told, given, rtol=1e-12, atol=1e-12)
    back = rosenbrock("momentum", **conventions.averaged(lr * (1 - beta), beta))
    np.testing.assert_allclose(back, given, rtol=1e-12, atol=1e-12)
    if beta:
        assert np.abs(rosenbrock("momentum", lr=lr, momentum=beta) - given).max() > 1e-3


def test_dampening_is_not_the_averaged_convention():
    """The first gradient is not dampened: the first step is 1/(1 - β) too long, and the paths stay apart."""
    damped = rosenbrock("momentum", lr=1e-3, momentum=0.9, dampening=0.9)
    averaged = rosenbrock("momentum", lr=1e-3, momentum=0.9, averaged=True)
    np.testing.assert_allclose(damped[1] - damped[0], 10 * (averaged[1] - averaged[0]), rtol=1e-12)
    assert np.abs(damped - averaged)[-1].max() > 1e-2


def test_eps_inside_and_outside():
    v = np.geomspace(1e-30, 1e10, 4001)
    eps = 1e-8
    ratio = (np.sqrt(v) + conventions.eps_outside(eps)) / np.sqrt(v + eps)
    assert ratio.min() >= 1 and ratio.max() == pytest.approx(math.sqrt(2), rel=1e-4)
    assert v[ratio.argmax()] == pytest.approx(eps, rel=0.02)
    assert ratio[0] == pytest.approx(1, abs=1e-6) and ratio[-1] == pytest.approx(1, abs=1e-6)
    assert conventions.eps_inside(conventions.eps_outside(eps)) == pytest.approx(eps, rel=1e-12)


@pytest.mark.parametrize(("rule", "hyper"), [("rmsprop", {"lr": 0.01}), ("adam", {"lr": 0.05})])
def test_eps_translated_is_near_where_the_same_number_is_far(rule, hyper):
    """On a slope of 1e-4, as large as the constant inside."""

    def f(x):
        return 0.5e-4 * x * x

    inside = descend(f, 1.0, rule, 50, eps=1e-8, eps_inside=True, **hyper).path
    told = descend(f, 1.0, rule, 50, eps=conventions.eps_outside(1e-8), **hyper).path
    same = descend(f, 1.0, rule, 50, eps=1e-8, **hyper).path
    away = np.abs(told - inside).max(), np.abs(same - inside).max()
    assert 1e-3 < away[0] < away[1]


def decoupled(rule, gradients, x, lr, decay, **hyper):
    """x ← (1 - lr·decay)·x and the rule's step."""
    state, path = tuple(np.zeros_like(x) for _ in range(2 if rule == "adam" else rule == "momentum")), [x]
    for t, g in enumerate(gradients, start=1):
        step, state = RULES[rule](x, g, state, t, lr=lr, **hyper)
        x = x + step - lr * decay * x
        path.append(x)
    return np.array(path)


def coupled(rule, gradients, x, **hyper):
    path = [x]
    state = tuple(np.zeros_like(x) for _ in range(2 if rule == "adam" else rule == "momentum"))
    for t, g in enumerate(gradients, start=1):
        step, state = RULES[rule](x, g, state, t, **hyper)
        x = x + step
        path.append(x)
    return np.array(path)


GRADIENTS = np.random.default_rng(0).normal(size=(200, 3))
X = np.array([1.0, -2.0, 0.5])


@pytest.mark.parametrize(("rule", "equal"), [("gd", True), ("momentum", False), ("adam", False)])
def test_coupled_is_decoupled_for_plain_descent_alone(rule, equal):
    one = coupled(rule, GRADIENTS, X, lr=0.01, weight_decay=0.1)
    other = decoupled(rule, GRADIENTS, X, lr=0.01, decay=0.1)
    apart = np.abs(one - other).max()
    assert apart < 1e-12 if equal else apart > 1e-3


@pytest.mark.parametrize("rule", ["adamw", "lion", "adafactor", "muon"])
def test_a_share_of_each_step_is_decoupled_decay(rule):
    """With no gradient, nothing is left but (1 - share) a step."""
    x, share, lr = np.ones((2, 3)), 0.003, 0.05
    state = tuple(np.zeros_like(x) for _ in range(2 if rule in ("adamw", "adafactor") else 1))
    step, _ = RULES[rule](x, np.zeros_like(x), state, 1, lr=lr, weight_decay=conventions.weight_decay(share, lr))
    np.testing.assert_allclose(x + step, (1 - share) * x, rtol=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_nesterovs_two_forms(beta):
    """The places at which PyTorch's form takes gradients, and Nesterov's x beside them."""
    lr, x = 1e-3, np.array(START)
    slope = _slope
    y, xs, ys = x, [x], [x]
    for _ in range(200):
        new = y - lr * slope(y)
        y, x = new + beta * (new - x), new
        xs.append(x)
        ys.append(y)
    path = rosenbrock("nesterov", lr=lr, momentum=beta)
    np.testing.assert_allclose(path, ys, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(conventions.iterates(path, beta), xs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("beta", [0.5, 0.9])
def test_nesterovs_form_with_a_velocity(beta):
    """Sutskever et al. 2013, eq. 3 and 4: the same x once more."""
    lr, x, v, xs = 1e-3, np.array(START), np.zeros(2), [np.array(START)]
    for _ in range(200):
        v = beta * v - lr * _slope(x + beta * v)
        x = x + v
        xs.append(x)
    path = rosenbrock("nesterov", lr=lr, momentum=beta)
    np.testing.assert_allclose(conventions.iterates(path, beta), xs, rtol=1e-12, atol=1e-12)


def _slope(p):
    """Of (1 - x)² + 100(y - x²)², by hand."""
    x, y = p
    return np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])
