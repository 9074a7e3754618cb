"""The anatomy of a step: what is shown is what the rules do."""

import numpy as np
import pytest

from textbook import labs, optim
from textbook.labs.anatomy import KINDS, MEANS, STEPS, gradients

lab = labs.anatomy


@pytest.mark.parametrize("rule", MEANS)
def test_the_parts_make_the_step(rule):
    """By the formulas of chapter 9, from the parts as shown."""
    d = lab(rule=rule, beta1=0.8, beta2=0.95).parts
    upper = d.get("m_hat", d.get("m", d["g"]))
    lower = d.get("v_hat", d.get("v", 1.0))
    np.testing.assert_allclose(d["step"], -upper / (lower + 1e-8 * ("v" in d)), rtol=1e-12, atol=1e-15)


def test_means_are_means_of_the_gradients():
    d, g = lab(beta1=0.8, beta2=0.95).parts, gradients()
    for name, values, beta in (("m", g, 0.8), ("v", g * g, 0.95)):
        weights = (1 - beta) * beta ** np.arange(STEPS)[::-1]
        last = (weights[:, None] * values).sum(axis=0)
        np.testing.assert_allclose(d[name][-1], last if name == "m" else np.sqrt(last), rtol=1e-12, atol=1e-15)
        mean = last / weights.sum()
        np.testing.assert_allclose(d[f"{name}_hat"][-1], mean if name == "m" else np.sqrt(mean), rtol=1e-12, atol=1e-15)


def test_what_the_reader_is_meant_to_see():
    adam, raw = lab().parts["step"], lab(correct_bias=False).parts["step"]
    np.testing.assert_allclose(adam[0][:3], -1, rtol=1e-6)  # the first step has the length α, whatever the gradient
    np.testing.assert_allclose(adam[:, :2], -1, rtol=1e-5)  # large and small alike
    assert np.abs(raw[:10, 0]).max() > 4  # and without correction it is too long
    first = lab(rule="rmsprop").parts["step"][0]
    np.testing.assert_allclose(first[:3], -1 / np.sqrt(1 - 0.999), rtol=1e-5)
    assert np.abs(lab(rule="momentum").parts["step"][-2:, 2]).max() < 0.06  # what goes back and forth cancels


def test_panels_are_those_that_the_rule_has():
    shown = {"gd": 2, "momentum": 3, "rmsprop": 3, "adam": 6}
    for rule, count in shown.items():
        scene = lab.scene(rule=rule)
        assert len([ax for ax in scene.figure.axes if ax.get_visible()]) == count + 1
        assert set(lab(rule=rule).parts) <= set(lab().parts) and len(lab(rule=rule).parts) == count
    assert len(lab(correct_bias=False).parts) == 4
    assert set(optim.RULES) >= set(MEANS) and len(KINDS) == gradients().shape[1]


def test_the_caption_says_the_step():
    assert "steady, large −1, steady, small −1, back and forth −0.336, rare −0.518" in lab.show(step=3).stage.caption
