"""The stability map without a browser: the regions against theory, and theory against the rules themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes

from textbook import labs, optim
from textbook.labs.stability_map.theory import BETA, METHODS, SIZE, descents, multipliers, ratio, regimes

lab = labs.stability_map
LINEAR = [name for name, method in METHODS.items() if method.bound is not None]


def step_matrix(method, a: float, beta: float) -> np.ndarray:
    """One step of the rule itself on ½x², as a matrix: what it makes of (x, v) = (1, 0) and (0, 1)."""
    columns = []
    for x, v in np.eye(2):
        move, (after,) = optim.RULES[method.rule](x, x, (v,), 2, lr=a, **method.hyper(beta))
        columns.append((x + move, after))
    return np.transpose(columns)


# --- theory -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LINEAR)
@given(a=st.floats(1e-4, 10), beta=st.floats(0, 0.99))
def test_multipliers_are_the_eigenvalues_of_the_rule_s_own_step(name, a, beta):
    method = METHODS[name]
    z = multipliers(method, a, beta)
    assert np.abs(z[0]) >= np.abs(z[1])
    matrix = step_matrix(method, a, beta)
    # The coefficients of the characteristic polynomial: well-conditioned even at a double root.
    assert z.sum() == pytest.approx(np.trace(matrix), abs=1e-9)
    assert z.prod() == pytest.approx(np.linalg.det(matrix), abs=1e-9)


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("beta", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_boundaries_are_where_the_roots_say(name, beta):
    method = METHODS[name]

    def roots(a):
        return np.linalg.eigvals(step_matrix(method, a, beta)).astype(complex)

    bound, onset = method.bound(beta), method.onset(beta)
    assert np.abs(roots(bound * 0.999)).max() < 1 < np.abs(roots(bound * 1.001)).max()
    assert roots(bound).real.min() == pytest.approx(-1)  # it leaves by overshooting
    below, above = roots(onset * 0.999), roots(onset * 1.001)
    assert (np.abs(below.imag) < 1e-12).all() and (below.real > -1e-12).all()
    assert (np.abs(above.imag) > 1e-6).any() or (above.real < 0).any()


def test_boundaries_are_the_published_ones():
    assert METHODS["accumulated"].bound(0.5) == 3  # Polyak 1964: 0 < αλ < 2(1 + β)
    assert METHODS["averaged"].bound(0.5) == 6
    assert METHODS["nesterov"].bound(0.5) == 1.5
    for method in map(METHODS.get, LINEAR):
        assert (method.bound(0.0), method.onset(0.0)) == (2, 1)  # without momentum: plain descent


@pytest.mark.parametrize("condition", [1.0, 20.0, 1000.0])
@pytest.mark.parametrize("name", LINEAR)
def test_measured_regions_agree_with_the_lines(name, condition):
    method, measured = METHODS[name], descents(name, condition).regime
    beta = BETA[:, None]
    theory = np.where(method.lr >= method.bound(beta), 2, (method.lr > method.onset(beta)).astype(int))
    padded = np.pad(theory, 2, mode="edge")
    near = [padded[i : i + SIZE, j : j + SIZE] for i in range(5) for j in range(5)]
    away = (np.min(near, axis=0) == theory) & (np.max(near, axis=0) == theory)
    assert away.mean() > 0.85
    assert (measured == theory)[away].mean() >= 0.99
    assert (measured == theory).mean() >= 0.99
    assert {0, 1, 2} == set(measured.ravel())


def test_the_best_cell_is_polyak_s():
    d, method = descents("accumulated", 20.0), METHODS["accumulated"]
    row, column = np.unravel_index(d.run.loss[-1].argmin(), d.regime.shape)
    root = np.sqrt(20)
    assert BETA[row] == pytest.approx(((root - 1) / (root + 1)) ** 2, abs=0.02)
    assert method.lr[column] == pytest.approx((2 / (1 + 1 / root)) ** 2, abs=0.1)


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("condition", [1.0, 100.0])
def test_measured_ratio_approaches_the_spectral_radius(name, condition):
    data = lab(method=name, beta=0.6, condition=condition)
    for k in range(5, SIZE, 7):
        if not 0 <= data.diverged_at[k] < 40:  # a few steps are too short for a rate
            assert data.ratio[k] == pytest.approx(data.radius[k], rel=0.03)


def test_averaged_is_accumulated_with_a_smaller_rate():
    averaged, m = descents("averaged", 20.0), METHODS["averaged"]
    row, column = 50, 60
    alone = optim.descend(averaged.surface.f, averaged.surface.start, "momentum", 200,
                          lr=m.lr[column] * (1 - BETA[row]), momentum=BETA[row])  # fmt: skip
    np.testing.assert_allclose(averaged.run.path[:, :, row, column], alone.path, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", ["adam_beta1", "adam_beta2"])
def test_adam_never_diverges(name):
    run = descents(name, 1000.0).run
    assert (run.diverged_at == -1).all() and np.isfinite(run.loss).all()
    assert np.abs(run.path).max() < 1e4


def test_regimes_come_from_the_path_alone():
    paths = {"converges": 0.9, "oscillates": -0.9, "diverges": -1.01}
    path = np.array([[factor**t for factor in paths.values()] for t in range(101)])[:, None]
    run = optim.Trajectory(path, path[:, 0] ** 2, np.full(3, -1))
    assert regimes(run).tolist() == [0, 1, 2]
    assert regimes(optim.Trajectory(path, path[:, 0] ** 2, np.array([5, -1, -1]))).tolist() == [2, 1, 2]


def test_ratio_of_a_path_that_vanishes():
    assert ratio(np.zeros((201, 2))) == 0
    assert ratio(np.array([[1.0], [-3.0]])) == 3
    assert ratio(np.array([[0.5**t] for t in range(201)])) == pytest.approx(0.5)
    assert ratio(np.array([[0.01**t] for t in range(201)])) == pytest.approx(0.01)


# --- the picture ------------------------------------------------------------------------------------------------------


def test_a_caption_names_the_regime_with_its_numbers():
    caption = lab.scene(beta=0.5, lr=1.012).stage.caption
    assert "α = 1.01, momentum = 0.50: oscillates and converges" in caption
    assert "Steep direction, λ = 1: 0.244 ± 0.664i, of size 0.707 a step" in caption
    assert "Flat direction, λ = 0.05: 0.883 and 0.566 a step" in caption
    assert "0.883 from theory" in caption and "diverges from 3" in caption
    assert "diverges; stopped at step" in lab.scene(beta=0.5, lr=4.4).stage.caption
    smooth = lab.scene(beta=0.0, lr=0.5).stage.caption
    assert "converges smoothly" in smooth and "0.516 and 0.000" in smooth


def test_adam_s_map_has_no_line_and_no_regime():
    scene = lab.scene(method="adam_beta1", lr=0.1)
    assert "spectral" not in scene.stage.caption and "The lowest of this row" in scene.stage.caption
    axes = {one.get_label(): one for one in scene.figure.findobj(Axes)}
    assert axes["key"].get_legend() is None and axes["scale"].get_visible()
    assert len([line for line in axes["map"].lines if line not in scene.stage.live]) == 1  # the star
    assert lab.rows(scene.data)[0] == ["α", "final loss", "diverged at step"]


def test_clicking_a_cell_moves_row_slider_and_frame_but_not_the_static_part():
    view = lab.show()
    before = view.stage._background
    view.stage._point = [0, 3.5, 0.3, True]
    assert view.panel.parts["beta"]["value"] == 0.3 and view.data.beta == pytest.approx(0.3)
    assert view.stage.frame == np.abs(METHODS["accumulated"].lr - 3.5).argmin()
    assert "momentum = 0.30: diverges" in view.stage.caption
    assert view.stage._background is before
    view.stage.frame = 22
    assert "lr=1.01" in view.settings.call() and "beta=0.3" in view.settings.call()


@pytest.mark.parametrize("y", [-0.005, 0.995])
def test_a_click_at_the_edge_of_the_map_is_a_row_of_it(y):
    view = lab.show()
    view.stage._point = [0, 0.0, y, True]
    assert view.error == "" and view.data.beta in (0.0, 0.99)


def test_changing_the_map_keeps_nothing_of_the_one_before():
    view = lab.show()
    axes = {one.get_label(): one for one in view.scene.figure.findobj(Axes)}
    count = len(axes["map"].get_children())
    for name in ("adam_beta1", "nesterov", "averaged", "accumulated"):
        view.move("method", name)
    assert len(axes["map"].get_children()) == count
    assert "limit of convergence" in [t.get_text() for t in axes["key"].get_legend().get_texts()]
