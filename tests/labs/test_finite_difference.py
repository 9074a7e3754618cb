"""The finite-difference lab without a browser: the measured errors against both theory lines."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from textbook import labs
from textbook.labs.finite_difference import FUNCTIONS

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
    np.testing.assert_allclose(data.rounding, 2.220446049250313e-16 * abs(data.value) / data.h)
    np.testing.assert_allclose(lab(function=function, x=x, scheme="one-sided").truncation, data.h * abs(second) / 2)


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
    picture = lab.picture()
    picture.load(lab(dtype="float32"))
    assert "x + h is rounded to x" in picture.draw(0)
    assert "truncation is higher" in picture.draw(96)


@given(
    function=st.sampled_from(list(FUNCTIONS)),
    x=st.integers(-25, 25).map(lambda k: k / 10),
    scheme=st.sampled_from(["symmetric", "one-sided"]),
    dtype=st.sampled_from(["float64", "float32"]),
)
@settings(max_examples=20)
def test_no_setting_breaks_the_picture(function, x, scheme, dtype):
    picture = lab.picture()
    data = lab(function=function, x=x, scheme=scheme, dtype=dtype)
    picture.load(data)
    for frame in (0, 40, 96):
        assert f"h = {data.h[frame]:.1e}" in picture.draw(frame)
        for line in (*picture.live, *picture.errors.lines, *picture.curve.lines):
            assert np.isfinite(np.asarray(line.get_xydata(), dtype=float)).all()
    picture.figure.draw_without_rendering()


def test_png_table_and_the_call():
    assert Image.open(io.BytesIO(lab.png(h=1e-5))).size == (840, 400)
    head, rows = lab.table(lab())
    assert len(rows) == 97 and len(head) == len(rows[0])
    view = lab.show(h=1e-3)
    assert view.scene.stage.caption.startswith("h = 1.0e-03")
    view.widgets["function"].value = "sin"
    assert view.scene.stage.caption.startswith("h = 1.0e-03")
    view.scene.stage.frame = 96
    assert "h=1" in view.call.value and "function=&#x27;sin&#x27;" in view.call.value
