"""The learning-rate lab without a browser."""

import numpy as np
import pytest
from matplotlib.text import Text

from textbook import hessian, labs, optim
from textbook.surfaces import SURFACES, valley

lab = labs.learning_rate


def test_one_column_is_one_descent():
    data = lab(surface="ravine", steps=20)
    alone = optim.descend(data.surface.f, data.surface.start, optim.gd, 20, lr=float(data.lr[40]), limit=1e6)
    np.testing.assert_allclose(data.path[:, :, 40], alone.path, rtol=1e-14)


def test_on_the_valley_each_step_multiplies_by_one_minus_alpha_lambda():
    data = lab(curvature=8.0, steps=5)
    for k in (0, 30, 50):
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


def test_round_rates_are_among_them_and_the_rate_of_one_step_is_seen():
    data = lab(curvature=4.0)
    for rate in (0.01, 0.05, 0.1, 0.25, 0.5):
        assert np.abs(data.lr - rate).min() < 1e-15
    assert "1 − αλ = 0 (largest curvature λ = 4, limit 2/λ = 0.5)" in captions(curvature=4.0, lr=0.25, theory=True)
    final = data.gap[-1]
    assert data.lr[final.argmin()] == 0.25 and (final == final.min()).sum() == 1


def captions(**values) -> str:
    return lab.scene(**values).stage.caption


def test_theory_is_out_of_sight_until_asked_for():
    """Chapter 5 opens with this lab, and asks for 2/λ later."""
    assert captions(surface="ravine", lr=0.09) == "α = 0.09, oscillating: after 30 steps the loss is 0.0109."
    shown = [text for text in lab.scene().figure.findobj(Text) if text.get_visible() and "/λ" in text.get_text()]
    assert shown == []
    marked = lab.scene(theory=True).figure.findobj(Text)
    assert {"1/λ", "2/λ"} <= {text.get_text() for text in marked if text.get_visible()}


def test_captions_say_what_became_of_each():
    data, scene = lab(surface="rosenbrock"), lab.scene(surface="rosenbrock")
    for frame in range(len(data.lr)):
        caption = scene.draw(frame)
        assert f"α = {data.lr[frame]:.3g}, {data.regime[frame]}" in caption
        assert ("diverged at step" in caption) == (data.diverged_at[frame] >= 0)


def test_moving_a_control_recomputes_and_keeps_the_rate():
    view = lab.show(lr=0.25)
    view.move("curvature", 8.0)
    assert view.data.surface.smoothness == valley(8.0).smoothness
    assert view.stage.caption.startswith("α = 0.25, oscillating")
    assert view.settings.call() == "labs.learning_rate.show(curvature=8, lr=0.25)"
    view.stage.frame = 0
    assert f"lr={view.data.lr[0]:.6g}" in view.foot.parts["call"]["value"]


def test_a_small_change_of_curvature_needs_no_repaint():
    view = lab.show(curvature=5.0)
    before = view.stage._background
    view.move("curvature", 5.5)
    assert view.stage._background is before
    view.move("surface", "ravine")
    assert view.stage._background is not before
    assert "curvature" not in view.panel.parts  # it is the valley's
