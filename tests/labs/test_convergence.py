"""The convergence lab without a browser."""

import io
from itertools import product

import numpy as np
import pytest
from PIL import Image

from textbook import labs, optim
from textbook.labs.convergence import FUNCTIONS, across, contour, in_words

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
    np.testing.assert_allclose(data.measured(), data.theory, rtol=0.01)


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


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_setting_breaks_the_picture(function):
    picture = lab.picture()
    for steps, start in product((10, 300), ((-2.5, 0.25), (0.0, 2.9), (3.0, 0.0), (-99.0, 99.0))):
        data = lab(function=function, steps=steps, start=start)
        picture.load(data)
        for frame in (0, 20, 48):
            caption = picture.draw(frame)
            assert caption.startswith(f"κ = {in_words(data.kappa[frame])}. After {steps} steps")
            for line in picture.live:
                assert np.isfinite(np.asarray(line.get_xydata(), dtype=float)).all()
    picture.figure.draw_without_rendering()


def test_png_and_table():
    assert Image.open(io.BytesIO(lab.png(kappa=100))).size == (840, 440)
    head, rows = lab.table(lab())
    assert len(rows) == 49 and len(head) == len(rows[0])


@pytest.mark.parametrize("start", [(0.0, 0.0), (1.0,), (1e9, 0.0)])
def test_a_start_of_no_use_is_refused(start):
    with pytest.raises(ValueError, match="start must be two numbers"):
        lab(start=start)


def test_the_frame_axis_and_the_pointer_are_kept():
    view = lab.show(kappa=100)
    nearest = view.scene.data.kappa[np.abs(np.log(view.scene.data.kappa / 100)).argmin()]
    assert view.scene.stage.caption.startswith(f"κ = {nearest:.3g}. ")
    view.scene.stage.frame = 48
    assert "kappa=1000" in view.call.value
    view.set(start=(1.0, 2.0))
    assert "start=(1, 2)" in view.call.value and view.scene.stage.caption.startswith("κ = 1000. ")
    view.widgets["function"].value = "soft"
    assert view.scene.data.settings["function"] == "soft"
