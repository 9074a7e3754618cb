"""The linear-regression lab without a browser."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.lines import Line2D

from textbook import labs
from textbook.labs.linear_regression import PRESETS, bowl

lab = labs.linear_regression
FAR_MINIMUM = ((2, 0), (2.01, 50))
SCENE = lab.scene()  # one for all examples, so that what one leaves behind meets the next


def lines(scene, gid):
    """The lines of a picture by name."""
    return [line for line in scene.figure.findobj(Line2D) if line.get_gid() == gid]


def bowl_axes(scene):
    return next(axes for axes in scene.figure.axes if axes.get_gid() == "bowl")


def test_the_source_s_example():
    data = lab()
    assert data.path[:3].round(12).tolist() == [[1, 0], [2.2, 0.6], [2.2, 0.6]]
    assert data.loss[:3].round(12).tolist() == [9, 0, 0]
    assert data.slope[0].tolist() == [-12, -6]
    assert data.flat and np.allclose(data.curvatures, [0, 10]) and np.isclose(data.limit, 0.2)
    assert np.allclose(data.best, [2.2, 0.6])


@pytest.mark.parametrize("lr, end", [(0.05, 9 * 0.25**30), (0.19, 9 * 0.81**30), (0.2, 9.0), (0.21, 9 * 1.21**30)])
def test_each_step_multiplies_the_error_by_one_minus_ten_alpha(lr, end):
    assert np.isclose(lab(lr=lr).loss[30], end, rtol=1e-9, atol=1e-20)


@pytest.mark.parametrize("preset", ["noisy", "far", "standardised"])
def test_minimum_curvatures_and_gradient_as_numpy_and_torch_find_them(preset):
    data = lab(preset=preset, lr=PRESETS[preset].lr)
    best, (residual,), *_ = np.linalg.lstsq(np.stack([data.x, np.ones_like(data.x)], axis=1), data.y, rcond=None)
    np.testing.assert_allclose(data.best, best, rtol=1e-8)
    assert data.lowest == pytest.approx(residual / len(data.x))
    theta = torch.tensor(data.path[7], requires_grad=True)
    loss = ((theta[0] * torch.tensor(data.x) + theta[1] - torch.tensor(data.y)) ** 2).mean()
    loss.backward()
    np.testing.assert_allclose(data.slope[7], theta.grad, rtol=1e-9, atol=1e-12)
    assert data.loss[7] == pytest.approx(loss.item())
    assert not data.flat and (np.diff(data.loss) <= 0).all()


def test_standardising_makes_the_bowl_round():
    far, standardised = lab(preset="far"), lab(preset="standardised")
    np.testing.assert_allclose((far.x - far.x.mean()) / far.x.std(), standardised.x)
    assert far.curvatures[1] / far.curvatures[0] > 1000
    np.testing.assert_allclose(standardised.curvatures, 2)


def test_the_ellipses_are_contours():
    """Every point drawn on one has the same loss, whatever the shape of the bowl."""
    own = (((1, 2), (3, -4), (4, 0)), FAR_MINIMUM)
    for preset, points in [*((key, None) for key in PRESETS), *(("source", points) for points in own)]:
        scene = lab.scene(preset=preset, points=points)
        data = scene.data
        f = bowl(data.x, data.y)
        heights = []
        for line in lines(scene, "ring"):
            points_on_it = np.array(line.get_data())
            loss = f(points_on_it[:, np.isfinite(points_on_it).all(axis=0)])
            np.testing.assert_allclose(loss, loss[0], rtol=1e-6)
            heights.append(loss[0])
        assert (np.diff(heights) > 0).all() and heights[0] > data.lowest


def test_a_minimum_far_away_does_not_shrink_the_picture():
    scene = lab.scene(points=FAR_MINIMUM)
    assert np.abs(scene.data.best).max() > 4000 and bowl_axes(scene).get_xlim()[1] < 50
    assert "κ = " in scene.draw(3)


def test_a_diverging_path_is_drawn_in_its_own_direction():
    scene = lab.scene(lr=0.3, steps=60)
    data, drawn = scene.data, np.asarray(lines(scene, "way")[0].get_xydata())
    assert data.diverged_at > 0 and np.abs(drawn).max() < 200 < np.abs(data.path).max()
    np.testing.assert_allclose((drawn - drawn[0]) @ [1, -2], 0, atol=1e-9)  # all along (2, 1)


def test_captions():
    picture = lab.scene()
    assert picture.draw(0).startswith("step 0: w = 1, b = 0, ŷ = 2, L = 9; ∂L/∂w = −12, ∂L/∂b = −6\n")
    assert picture.draw(1).startswith("step 1: w = 2.2, b = 0.6, ŷ = 5, L = 0; ")
    assert "limit 2/λ = 0.2; curvatures λ = 10 and 0, a whole line of minima" in picture.draw(1)
    picture = lab.scene(preset="far", lr=1.2)
    assert "diverged" not in picture.draw(0) and "diverged at step 2" in picture.draw(30)


@settings(max_examples=40)
@given(
    preset=st.sampled_from(list(PRESETS)),
    lr=st.sampled_from((0.001, 0.1, 0.2, 1.2)),
    steps=st.sampled_from((1, 30, 200)),
    start=st.sampled_from((None, (0.0, 0.0), (-1e4, 1e4))),
    points=st.none() | st.lists(st.tuples(*[st.integers(-50, 50)] * 2), min_size=1, max_size=5),
)
def test_no_setting_breaks_the_picture(preset, lr, steps, start, points):
    SCENE.change(lab.settings(preset=preset, lr=lr, steps=steps, start=start, points=points))
    data = SCENE.data
    for frame in {0, 1, steps}:
        caption = SCENE.draw(frame)
        assert ("diverged at step" in caption) == (0 <= data.diverged_at <= frame)
        assert "nan" not in caption and "inf" not in caption
        assert np.isfinite(np.asarray(lines(SCENE, "way")[0].get_xydata())).all()
    SCENE.figure.draw_without_rendering()


def test_the_still_shows_where_the_descent_arrives():
    view = lab.show()
    assert view.stage.caption.startswith("step 1: w = 2.2, b = 0.6, ŷ = 5, L = 0")
    assert view.settings.call() == "labs.linear_regression.show()"
    rows = lab.rows(lab(steps=12))[1]
    assert len(rows) == 13 and rows[1][1:4] == pytest.approx((2.2, 0.6, 0.0))


@pytest.mark.parametrize("values, message", [
    ({"points": ((1, 2, 3),)}, "pairs of finite numbers"), ({"points": ((1, float("nan")),)}, "pairs"),
    ({"points": ()}, "pairs"), ({"start": (1,)}, "start, w and b, must be 2 finite numbers"),
    ({"lr": 0}, "lr must lie"), ({"preset": "moon"}, "unknown preset"),
])  # fmt: skip
def test_a_bad_setting_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        lab(**values)


# ---- pointer and controls


def test_dragging_the_start():
    view = lab.show()
    view.stage._point = [1, 3.001, 1.0, True]
    assert view.settings["start"] == (3.0, 1.0)
    # The step goes along (x, 1): it ends at the solution nearest to the start.
    assert view.data.path[1] == pytest.approx([3 - 0.2 * 4, 1 - 0.2 * 2])


def test_dragging_a_point_holds_it_although_another_is_nearer():
    view = lab.show(points=((0, 0), (2, 5)))
    for x, final in ((0.1, False), (1.9, False), (2.4, False), (3.0, True)):
        view.stage._point = [0, x, 5.0 if x > 1 else 0.0, final]
    assert view.settings["points"] == ((3.0, 5.0), (2.0, 5.0))
    assert view.settings["held"] is None
    assert view.settings.call() == "labs.linear_regression.show(points=((3, 5), (2, 5)))"


def test_dragging_moves_the_bowl_and_leaves_its_box_alone():
    view = lab.show()
    before, rings = bowl_axes(view.scene).get_xlim(), lines(view.scene, "ring")[0].get_xydata().copy()
    view.stage._point = [0, 2.0, 3.0, True]
    assert bowl_axes(view.scene).get_xlim() == before
    assert not np.allclose(lines(view.scene, "ring")[0].get_xydata(), rings, equal_nan=True)
    assert np.allclose(view.data.best @ [2, 1], 3)


def test_all_points_move_at_once():
    view = lab.show(preset="noisy")
    before = view.data
    view.press("lift")
    np.testing.assert_allclose(view.data.y, before.y + 1)
    np.testing.assert_allclose(view.data.best - before.best, [0, 1], atol=1e-9)


def test_another_preset_brings_its_learning_rate():
    view = lab.show(start=(3, 1), step=5)
    view.move("preset", "far")
    s = view.settings
    assert (s["lr"], s["start"], s["points"]) == (0.008, None, None)
    assert view.panel.parts["lr"]["value"] == 0.008 and view.data.diverged_at == -1
