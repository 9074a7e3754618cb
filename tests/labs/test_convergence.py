"""The convergence lab without a browser."""

from itertools import product

import numpy as np
import pytest

from textbook import labs, optim
from textbook.labs.convergence import FUNCTIONS, across, contour

lab = labs.convergence


def test_one_column_is_one_descent():
    data = lab(steps=40)
    kappa = float(data.kappa[20])
    f = lambda p: 0.5 * p[0] ** 2 / kappa + 0.5 * p[1] ** 2  # noqa: E731
    root = (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)
    gd = optim.descend(f, [-2.5, 0.25], optim.gd, 40, lr=2 / (1 + 1 / kappa))
    ball = optim.descend(f, [-2.5, 0.25], optim.momentum, 40, lr=4 / (1 + kappa**-0.5) ** 2, momentum=root**2)
    np.testing.assert_allclose(data.path[0, :, :, 20], gd.path, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(data.path[1, :, :, 20], ball.path, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("start", [(-2.5, 0.25), (1.0, 3.0), (0.3, -0.01)])
def test_on_the_quadratic_the_rates_are_those_of_the_theory(start):
    data = lab(steps=300, start=start)
    np.testing.assert_allclose(data.theory[0], (data.kappa - 1) / (data.kappa + 1), rtol=1e-14)
    np.testing.assert_allclose(data.ratio[0], np.broadcast_to(data.theory[0], data.ratio[0].shape), rtol=1e-6)
    t = np.arange(50, 300)[:, None]  # the ratio of step t + 1 to step t
    np.testing.assert_allclose(data.ratio[1, 50:] * t / (t + 1), np.tile(data.theory[1], (250, 1)), rtol=0.01)
    assert (np.abs(data.ratio[1, 50:60] / data.theory[1] - 1) > 0.01).all(), "the correction is needed"
    np.testing.assert_allclose(data.measured, data.theory, rtol=0.01)


def test_on_the_other_function_they_are_a_bound_only():
    data = lab(function="soft", start=(-0.5, 2.5), steps=60)
    assert (data.ratio[0] <= data.theory[0] + 1e-9).all()
    assert (data.ratio[0, :5] < 0.9 * data.theory[0]).any()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_contours_have_one_height(function):
    for kappa, height in product((2.0, 50.0, 1000.0), (0.5, 3.0)):
        x, y = contour(kappa, height, function)
        inside = np.abs(x) < 39
        level = 0.5 * x**2 / kappa + across(y, kappa, function)
        np.testing.assert_allclose(level[inside], across(height, kappa, function), rtol=1e-9)


@pytest.mark.parametrize("start", [(0.0, 0.0), (1.0,), (1e9, 0.0)])
def test_a_start_of_no_use_is_refused(start):
    with pytest.raises(ValueError, match=r"start(, x and y, must be 2 finite numbers| is the minimum)"):
        lab(start=start)


def test_what_is_asked_for_is_shown():
    view = lab.show(kappa=100)
    assert view.stage.caption.startswith("κ = 100. After 80 steps")
    view.stage.frame = len(view.data.kappa) - 1
    assert "kappa=1000" in view.settings.call()
    view.stage._point = [0, 1.0, 2.0, True]
    assert "start=(1, 2)" in view.settings.call() and view.stage.caption.startswith("κ = 1000. ")
