"""The lab of directions, without a browser."""

import numpy as np
import pytest

from textbook import labs
from textbook.gradcheck import numerical_grad
from textbook.surfaces import SURFACES

lab = labs.direction


@pytest.mark.parametrize("surface", [n for n, s in SURFACES.items() if s.dimension == 2])
def test_slopes_are_those_of_the_cut(surface):
    data = lab(surface=surface)
    np.testing.assert_allclose(data.gradient, numerical_grad(data.surface.f, data.point, h=1e-6), rtol=1e-5, atol=1e-6)
    assert data.slope[0] == pytest.approx(data.gradient[0]) and data.slope[30] == pytest.approx(data.gradient[1])
    steepest = np.radians(data.angle[data.slope.argmax()])
    turned = np.arctan2(data.gradient[1], data.gradient[0]) - steepest
    assert np.cos(turned) > np.cos(np.radians(2))
    np.testing.assert_allclose(data.cut[:, 60], data.surface.f(data.point), rtol=1e-12)


def test_the_axes_are_named():
    scene = lab.scene()
    for frame in (0, 30, 77, 120):
        caption = scene.draw(frame)
        assert ("∂f/∂x" in caption) == (frame == 0) and ("∂f/∂y" in caption) == (frame == 30)


def test_the_pointer_moves_the_point():
    view = lab.show()
    view.stage._point = [0, 0.5, 0.25, True]  # as the browser says it
    assert "(0.50, 0.25)" in view.stage.caption and view.settings["point"] == (0.5, 0.25)
    with pytest.raises(ValueError, match="point, x and y, must be 2 finite numbers"):
        lab(point=(1.0, 2.0, 3.0))
