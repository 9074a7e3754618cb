"""The broken engine without a browser: what each sabotage does to which graphs, and which check notices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textbook import labs
from textbook.engine import backward_steps
from textbook.expression import parse
from textbook.labs.broken_backprop import LARGEST, SABOTAGES, sabotaged_steps

lab = labs.broken_backprop
TREE, FIG_1, SQUARE = "(x + y)*z", "(x + y)*y", "x*x"
LATE, IN_TIME = "u = x*y; f = u*(u + x)", "u = x*y; f = (u + x)*u"
FORMULAS = [TREE, FIG_1, SQUARE, LATE, IN_TIME, "sigmoid(w1*x1 + w2*x2 + b)"]
NOTICES = {  # by sabotage: for each formula, whether the three checks pass
    "none": dict.fromkeys(FORMULAS, (True, True, True)),
    "assign": {f: (f == TREE or "sigmoid" in f,) * 2 + (True,) for f in FORMULAS},
    "no_order": {f: (f != LATE,) * 2 + (True,) for f in FORMULAS},
    "no_zero_grad": dict.fromkeys(FORMULAS, (True, False, False)),
    "twice": dict.fromkeys(FORMULAS, (False, False, True)),
}


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("sabotage", SABOTAGES)
def test_which_check_notices(sabotage, formula):
    data = lab(sabotage=sabotage, formula=formula)
    assert tuple(data.checks.values()) == NOTICES[sabotage][formula]


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_sound_engine_is_the_engine(formula):
    root, _ = parse(formula).tensors(**dict.fromkeys(parse(formula).names, 0.7))
    for broken, sound in zip(sabotaged_steps(root, "none"), backward_steps(root), strict=True):
        assert broken[:3] == sound[:3]
        np.testing.assert_allclose(broken[3:], sound[3:], rtol=1e-13)


@pytest.mark.parametrize(("sabotage", "x", "y"), [
    ("assign", 2, 2), ("no_order", 2, 7), ("twice", 4, 14), ("none", 2, 7),
])
def test_gradients_on_the_worked_example(sabotage, x, y):
    assert lab(sabotage=sabotage, formula="u = x + y; f = u*y").gradients == {"x": x, "y": y}


def test_a_forgotten_zero_grad_adds_the_step_before():
    data = lab(sabotage="no_zero_grad", formula="x*x")
    # x = 3, slope 6; then x = 3 - 0.1·6 = 2.4, slope 4.8
    assert data.gradients["x"] == pytest.approx(6 + 4.8)
    assert data.right["x"] == pytest.approx(4.8)


@given(
    sabotage=st.sampled_from(list(SABOTAGES)),
    formula=st.sampled_from([*FORMULAS, "tanh(x) + 0*y", "x", "2*x*x*x + y/x"]),
)
@settings(max_examples=20)
def test_no_setting_breaks_the_picture(sabotage, formula):
    if formula == "x":
        with pytest.raises(ValueError, match="nothing to differentiate"):
            lab(formula=formula)
        return
    scene = lab.scene(sabotage=sabotage, formula=formula)
    data, verdicts = scene.data, [text for text in scene.figure.axes[1].texts if ":" in text.get_text()]
    for frame, moment in enumerate(data.moments):
        caption = scene.draw(frame)
        assert ("Wrong:" in caption or "Every gradient" in caption) == (moment.right is not None)
        told = ["?" not in text.get_text() for text in verdicts]
        assert told == [frame == len(data.moments) - 1] * 3, "the end tells, and nothing before it"
    assert ("Wrong:" in caption) == any(not np.isclose(data.gradients[v], data.right[v], rtol=1e-5) for v in data.right)


def test_the_still_keeps_the_answer():
    view = lab.show()
    assert 0 < view.stage.frame < len(view.data.moments) - 1


@pytest.mark.parametrize(("formula", "says"), [
    ("log(-x)", "not finite at x = 3"),
    ("(x", "never closed"),
    (" + ".join(["x*y"] * 9), f"room for {LARGEST}"),
])
def test_a_formula_that_cannot_be_shown_is_refused(formula, says):
    with pytest.raises(ValueError, match=says):
        lab(formula=formula)
