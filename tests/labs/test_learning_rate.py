"""The learning-rate lab without a browser."""

import io
from itertools import product

import numpy as np
import pytest
from matplotlib.lines import Line2D
from PIL import Image

from textbook import hessian, labs, optim
from textbook.labs.base import View
from textbook.surfaces import SURFACES, valley

lab = labs.learning_rate


def test_one_column_is_one_descent():
    data = lab(surface="ravine", steps=20)
    alone = optim.descend(data.surface.f, data.surface.start, optim.gd, 20, lr=float(data.lr[40]), limit=1e6)
    np.testing.assert_allclose(data.path[:, :, 40], alone.path, rtol=1e-14)


def test_on_the_valley_each_step_multiplies_by_one_minus_alpha_lambda():
    data = lab(curvature=8.0, steps=5)
    for k in (0, 30, 60):
        factor = 1 - data.lr[k] * 8.0
        np.testing.assert_allclose(data.path[:, 0, k], 2.5 * factor ** np.arange(6), rtol=1e-12, atol=1e-15)


def test_regimes_follow_the_curvature():
    data = lab(curvature=4.0, steps=30)
    named = dict(zip(np.round(data.lr * 4, 3), data.regime, strict=True))
    assert data.limit == 0.5
    for factor, regime in named.items():
        if factor < 0.02:
            assert regime == "too small"
        if 0.2 < factor < 0.99:
            assert regime == "good"
        if 1.01 < factor < 1.99:
            assert regime == "oscillating"
        if factor > 2.01:
            assert regime == "diverging"


def test_the_limit_is_that_of_the_surface_or_of_the_start():
    assert lab(surface="ravine").limit == 2 / 20
    f = SURFACES["rosenbrock"].f
    curvatures = np.linalg.eigvalsh(hessian(f)(np.array(SURFACES["rosenbrock"].start)))
    assert lab(surface="rosenbrock").limit == pytest.approx(2 / np.abs(curvatures).max())


@pytest.mark.parametrize("surface", SURFACES)
def test_no_setting_breaks_the_picture(surface):
    picture = lab.picture()
    for steps, start in product((1, 200), (None, (-50.0, 1e3), (0.0, 0.0))):
        data = lab(surface=surface, steps=steps, start=start, curvature=16.0)
        picture.load(data)
        for frame in (0, 50, 96):
            caption = picture.draw(frame)
            assert f"α = {data.lr[frame]:.3g}" in caption
            assert ("diverged at step" in caption) == (data.diverged_at[frame] >= 0)
            for line in (artist for artist in picture.live if isinstance(artist, Line2D)):
                assert np.isfinite(np.asarray(line.get_xydata())).all()
    picture.figure.draw_without_rendering()


def test_png_and_table():
    assert Image.open(io.BytesIO(lab.png(lr=0.3))).size == (840, 420)
    head, rows = lab.table(lab())
    assert len(rows) == 97 and len(head) == len(rows[0])


def test_a_setting_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"curvature must lie between 0\.5 and 16"):
        lab(curvature=100)
    with pytest.raises(ValueError, match="unknown surface 'alps'"):
        lab(surface="alps")
    with pytest.raises(TypeError, match="no setting 'rate'"):
        lab(rate=1)


def test_moving_a_control_recomputes_and_keeps_the_rate():
    view = lab.show(lr=0.25)
    assert isinstance(view, View)
    assert "α = 0.25" in view.scene.stage.caption
    view.widgets["curvature"].value = 8.0
    assert view.scene.data.surface.smoothness == valley(8.0).smoothness
    assert view.scene.stage.caption.startswith("α = 0.25, oscillating")
    assert "curvature=8" in view.call.value and "lr=0.25" in view.call.value
    view.scene.stage.frame = 0
    assert f"lr={view.scene.data.lr[0]:.6g}" in view.call.value


def test_the_saved_cell_holds_a_still():
    data, metadata = lab.show(lr=0.25)._repr_mimebundle_()
    assert {"image/png", "text/plain", "application/vnd.jupyter.widget-view+json"} <= set(data)
    assert "α = 0.25" in metadata["image/png"]["alt"]


def test_a_small_change_of_curvature_needs_no_repaint():
    picture = lab.picture()
    assert picture.load(lab(curvature=5.0))
    assert not picture.load(lab(curvature=5.5))
    assert picture.hill.get_ydata().max() == pytest.approx(0.5 * 5.5 * 9)
    assert picture.load(lab(surface="ravine"))
