"""The finite-difference lab without a browser: the measured errors against both theory lines."""

import numpy as np
import pytest

from textbook import labs

lab = labs.finite_difference
SMOOTH = ["exp", "sin", "tanh", "cube", "bump"]
BY_HAND = {  # f′, f″, f‴
    "exp": (np.exp, np.exp, np.exp),
    "sin": (np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x)),
    "cube": (lambda x: 3 * x**2, lambda x: 6 * x, lambda x: 6.0),
    "square": (lambda x: 2 * x, lambda x: 2.0, lambda x: 0.0),
}


@pytest.mark.parametrize("function", BY_HAND)
def test_the_lines_are_the_formulas(function):
    x = 0.8
    first, second, third = (d(x) for d in BY_HAND[function])
    data = lab(function=function, x=x)
    assert data.slope == pytest.approx(first)
    np.testing.assert_allclose(data.truncation, data.h**2 * abs(third) / 6, rtol=1e-9, atol=1e-30)
    np.testing.assert_allclose(data.rounding, 2.220446049250313e-16 * abs(data.value) / (2 * data.h))
    data = lab(function=function, x=x, scheme="one-sided")
    np.testing.assert_allclose(data.truncation, data.h * abs(second) / 2)
    np.testing.assert_allclose(data.rounding, 2.220446049250313e-16 * abs(data.value) / data.h)


@pytest.mark.parametrize("function", SMOOTH)
@pytest.mark.parametrize("scheme", ["symmetric", "one-sided"])
def test_the_measured_error_follows_the_higher_line(function, scheme):
    data = lab(function=function, x=0.7, scheme=scheme)
    right = (data.h > 30 * data.best) & (data.h < 0.02)
    np.testing.assert_allclose(data.error[right], data.truncation[right], rtol=0.05)
    left = data.h < data.best / 10
    x_too = 2.3e-16 * abs(data.x * data.slope) / data.h  # x + h is rounded as well
    assert (data.error[left] <= 2 * (data.rounding + x_too + data.truncation)[left]).all()
    assert np.median(data.error[left] / data.rounding[left]) > 0.02


@pytest.mark.parametrize(("dtype", "low", "high"), [("float64", 1e-6, 1e-4), ("float32", 3e-3, 3e-2)])
def test_the_lines_cross_where_they_are_equal(dtype, low, high):
    data = lab(dtype=dtype)
    assert low < data.best < high
    gap = np.interp(np.log(data.best), np.log(data.h), np.log(data.truncation / data.rounding))
    assert gap == pytest.approx(0, abs=1e-6)
    assert data.error.argmin() == pytest.approx(np.abs(np.log(data.h / data.best)).argmin(), abs=8)


def test_the_one_sided_quotient_is_worse():
    assert lab(scheme="one-sided").error.min() > 100 * lab().error.min()


def test_a_kink_and_an_h_too_small_are_named():
    assert lab(function="relu", x=0.0).quotient == pytest.approx(0.5)  # while the engine says 0
    scene = lab.scene(dtype="float32")
    assert "x + h is rounded to x" in scene.draw(0)
    assert "truncation is higher" in scene.draw(96)


def test_h_is_kept_from_function_to_function():
    view = lab.show(h=1e-3)
    assert view.stage.caption.startswith("h = 1.0e-03")
    view.move("function", "sin")
    assert view.stage.caption.startswith("h = 1.0e-03")
    view.stage.frame = 96
    assert view.settings.call() == "labs.finite_difference.show(function='sin', h=1)"
