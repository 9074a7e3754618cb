"""The optimizer race without a browser."""

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.lines import Line2D

from textbook import labs, optim
from textbook.labs.optimizer_race import RACERS, TIMES, TRIED, own_surface, tuned
from textbook.surfaces import SURFACES

lab = labs.optimizer_race
PLANES = [name for name, surface in SURFACES.items() if surface.dimension == 2]
SCENE = lab.scene()  # one for all examples, so that what one leaves behind meets the next
BY_HAND = {"rates": "own", "lr_gd": 1e-3, "lr_momentum": 1e-4, "lr_rmsprop": 1e-2, "lr_adam": 5e-2}


# --- the numbers ------------------------------------------------------------------------------------------------------


def test_each_racer_runs_as_it_would_alone():
    data = lab(frames="lr", **BY_HAND)
    for rule, more in (("gd", {}), ("momentum", {"momentum": 0.9}), ("adam", {"betas": (0.9, 0.999)})):
        lr = BY_HAND[f"lr_{rule}"] * TIMES[50]
        alone = optim.descend(data.surface.f, data.surface.start, rule, 200, lr=lr, **more)
        np.testing.assert_allclose(data.runs[rule].path[..., 50], alone.path, rtol=1e-12)
        assert data.runs[rule].diverged_at[50] == alone.diverged_at


def test_frames_by_step_are_the_middle_of_frames_by_learning_rate():
    by_step, by_lr = lab(), lab(frames="lr")
    assert by_lr.times[40] == 1 and len(by_lr.times) >= 80
    for rule, run in by_step.runs.items():
        np.testing.assert_array_equal(run.path[..., 0], by_lr.runs[rule].path[..., 40])


@pytest.mark.parametrize("rule", RACERS)
def test_every_rule_of_the_table_can_race(rule):
    data = lab(surface="bowl", rules=[rule])
    assert list(data.runs) == [rule]
    assert data.runs[rule].loss[-1, 0] < 0.1 * data.runs[rule].loss[0, 0]


def test_a_tuned_rate_is_good_among_its_neighbours():
    surface = SURFACES["ravine"]
    rate = tuned(surface, 50, "gd", ())
    assert 0.5 / 20 < rate < 2 / 20  # it converges, and not in ever so many steps
    final = optim.descend(surface.f, surface.start, "gd", 50, lr=TRIED).loss[-1]
    assert surface.f(np.array(surface.start)) > 100 * final[rate == TRIED]


@pytest.mark.parametrize("surface", PLANES)
def test_a_tuned_race_stays_in_the_picture(surface):
    data = lab(surface=surface)
    for run in data.runs.values():
        assert run.diverged_at[0] == -1
        assert (np.abs(np.diff(run.path[..., 0], axis=0)) < 0.3 * np.ptp(data.surface.extent, axis=1)).all()
        assert run.loss[-1, 0] < run.loss[0, 0]


def test_a_tuned_rate_does_not_hang_on_where_the_start_is_dragged():
    assert lab(start=(0.5, 2.5)).lr == lab().lr


def test_steps_to_the_target_are_counted_on_the_loss():
    data = lab(surface="ravine")
    for rule, run in data.runs.items():
        step = data.reached[rule][0]
        assert run.loss[step, 0] <= data.target < run.loss[:step, 0].min()
    assert data.target == pytest.approx(1e-3 * data.runs["gd"].loss[0, 0])
    assert lab(surface="saddle").target is None


def test_divergence_is_named_and_frozen():
    data = lab(rules=["gd", "adam"], frames="lr", **BY_HAND)
    assert data.runs["gd"].diverged_at[-1] > 0 > data.runs["gd"].diverged_at[0]
    picture = lab.scene(rules=["gd", "adam"], frames="lr", **BY_HAND)
    caption = picture.draw(80)
    assert f"gd, α = 0.01: diverged at step {data.runs['gd'].diverged_at[-1]}" in caption
    assert "diverged" not in caption.split("\n")[2]
    assert "diverged" not in picture.draw(0)


# --- the reader's own surface -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", ["x", "y**4", "sqrt(x) + y**2", "log(x*y)", "1/x", "exp(9*x + 9*y)",
                                     "abs(x) + relu(y)", "1e9*x**2", "u = x - 2; u*u + y*y"])  # fmt: skip
@pytest.mark.parametrize("frames", ["step", "lr"])
def test_own_surface_is_drawn_wherever_it_has_a_value(formula, frames):
    scene = lab.scene(surface="own", formula=formula, frames=frames, steps=20)
    for frame in (0, 10, 20):
        assert "gd, α = " in scene.draw(frame)
    assert len(scene.stage.png()) > 5000


def test_own_surface_races_like_the_table_s():
    formula = "0.5*(x**2 + 20*y**2)"
    mine = lab(surface="own", formula=formula, **BY_HAND).runs
    book = lab(surface="ravine", start=(-2.5, 1.5), **BY_HAND).runs
    for rule, run in book.items():
        np.testing.assert_allclose(mine[rule].path, run.path, rtol=1e-6, atol=1e-12)


def test_a_start_outside_the_formula_s_domain_is_named():
    scene = lab.scene(surface="own", formula="log(x) + y*y", start=(-1, 1))
    assert "undefined at the start" in scene.stage.caption
    assert np.isfinite(own_surface("log(x) + y*y").f(np.array(own_surface("log(x) + y*y").start)))


@pytest.mark.parametrize(("formula", "message"), [
    ("x +", "missing"), ("x*z + y", "z has no value"), ("mean(x)", "mix the points"), ("x - mean(y)", "mix the points"),
    ("x*0", "flat"), ("log(-1 - x*x)", "no value everywhere"), ("x@y", "do not fit"), ("", "empty"),
])  # fmt: skip
def test_a_bad_formula_is_refused(formula, message):
    with pytest.raises(ValueError, match=message):
        lab(surface="own", formula=formula)


# --- controls ---------------------------------------------------------------------------------------------------------


@settings(max_examples=10)
@given(st.data())
def test_no_setting_breaks_the_picture(data):
    values = data.draw(st.fixed_dictionaries({
        "momentum": st.sampled_from((0.0, 0.99)), "beta1": st.sampled_from((0.0, 0.99)),
        "lr_gd": st.sampled_from((1e-5, 10.0)), "steps": st.sampled_from((10, 40)),
        "surface": st.sampled_from([*PLANES, "own"]),
        "rules": st.lists(st.sampled_from(list(RACERS)), min_size=1, max_size=7),
        "frames": st.sampled_from(("step", "lr")),
        "rates": st.sampled_from(("tuned", "own")),
        "start": st.sampled_from((None, (0.0, 0.0), (-1e3, 1e3))),
    }))  # fmt: skip
    SCENE.change(lab.settings(**values))
    race = SCENE.data
    last = len(lab.axis(SCENE.settings).of(race)) - 1
    for frame in (0, last // 2, last):
        caption = SCENE.draw(frame)
        for rule, run in race.runs.items():
            number, step = (0, frame) if values["frames"] == "step" else (frame, values["steps"])
            line = next(line for line in caption.split("\n") if line.startswith(f"{rule}, "))
            assert ("diverged at step" in line) == (0 <= run.diverged_at[number] <= step)
    SCENE.figure.draw_without_rendering()


def test_no_two_rules_look_alike():
    found = lab.scene().figure.findobj(Line2D)
    trails = [line for line in found if line.get_gid() in RACERS and line.get_marker() not in ("", "None")]
    assert len({line.get_color() for line in trails}) == len({line.get_marker() for line in trails})
    assert {line.get_gid() for line in trails} == set(RACERS)


def test_dragging_the_start_leaves_the_static_part_and_the_frame_alone():
    view = lab.show(step=50)
    before = view.stage._background
    view.stage._point = [0, 0.25, 1.5, False]
    assert view.stage._background is before
    assert view.stage.frame == 50
    assert view.settings.call() == "labs.optimizer_race.show(start=(0.25, 1.5), step=50)"
    view.stage.frame = 0
    view.stage._point = [0, 0.5, 1.5, True]
    assert view.error == "" and "step=0" in view.settings.call()


def test_typing_a_formula_shows_it_and_a_bad_one_leaves_the_picture_alone():
    view = lab.show(start=(0.5, 0.5))
    assert "formula" not in view.panel.parts
    view.move("surface", "own")
    view.move("formula", "x**2 + y")
    assert view.data.surface.title == "x**2 + y" and view.settings["start"] is None
    before = view.stage._film
    view.move("formula", "x**2 +")
    assert "missing" in view.error
    assert view.stage._film is before and view.panel.parts["formula"]["value"] == "x**2 +"
    view.move("formula", "x**2 + y*y")
    assert view.error == "" and view.data.surface.title == "x**2 + y*y"


def test_a_formula_half_typed_while_a_film_is_recorded_leaves_the_film():
    async def reader():
        view = lab.show(surface="own", formula="x**2 + y*y")
        view.move("formula", "x**2 + 2*y*y")
        task = view.stage._task
        assert task is not None
        view.move("formula", "x**2 + 2*")
        assert view.stage._task is task and "missing" in view.error
        while view.stage._task is not None:
            await asyncio.sleep(0.01)
        return view

    view = asyncio.run(reader())
    assert len(view.stage._captions) == 201 and len(set(view.stage._captions)) > 100
    assert view.data.surface.title == "x**2 + 2*y*y"


def test_only_controls_of_use_are_shown():
    def shown():
        return set(view.panel.parts) - {"title", "error"}

    view = lab.show(rules=["gd"])
    always = {"surface", "rules", "frames", "rates", "steps"}
    assert shown() == always
    view.move("rates", "own")
    assert shown() == always | {"lr_gd"}
    view.move("rules", ("gd", "adam", "nesterov"))
    assert shown() == always | {"lr_gd", "lr_adam", "lr_nesterov", "momentum", "beta1", "beta2"}


def test_switching_the_frame_axis_starts_where_it_says_most():
    view = lab.show()
    assert view.stage.frame == 200
    view.move("frames", "lr")
    assert view.stage.frame == 40 and "All learning rates × 1," in view.stage.caption
    view.stage.frame = 60
    assert "times=3.16" in view.settings.call()
    view.move("frames", "step")
    assert view.stage.frame == 200 and "times" not in view.settings.call()


@pytest.mark.parametrize(("values", "frame", "call"), [
    ({"step": 57, "rules": ("adam",)}, 57, "rules=('adam',), step=57"),
    ({"frames": "lr", "times": 0.5}, 28, "frames='lr', times=0.5"),
    ({"surface": "booth", "momentum": 0.5}, 200, "surface='booth', momentum=0.5"),
])  # fmt: skip
def test_a_still_and_the_call_that_recreates_it(values, frame, call):
    view = lab.show(**values)
    assert view.stage.frame == frame
    assert view.settings.call() == f"labs.optimizer_race.show({call})"


def test_the_film_of_all_learning_rates_is_small():
    assert len(lab.show(frames="lr").stage._film) < 1_000_000


def test_a_start_has_two_coordinates():
    with pytest.raises(ValueError, match="a point"):
        lab(start=(1.0,))
