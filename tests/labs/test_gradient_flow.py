"""The gradient-flow lab without a browser: PyTorch's gradients, and what theory says of them."""

import sys
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure

from textbook.labs import gradient_flow as lab
from textbook.labs.gradient_flow import ACTIVATIONS, AXES, BATCH, LAYERS, NORMS, STARTS, WIDTH, predicted_factors

TWINS = {"linear": lambda z: z, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu}
TWIN_NORMS = {
    "none": lambda h: h,
    "layer": lambda h: F.layer_norm(h, (WIDTH,)),
    "batch": lambda h: F.batch_norm(h, None, None, training=True),
}
ALL = list(product(ACTIVATIONS, NORMS, (False, True)))


@pytest.mark.parametrize(("activation", "norm", "residual"), ALL)
def test_every_layer_equals_torchs_autograd(activation, norm, residual):
    init = "orthogonal" if residual else "normal"
    data, k = lab(activation=activation, norm=norm, init=init, residual=residual, seed=3), 33
    rng = np.random.default_rng(3)
    x, readout = torch.as_tensor(rng.normal(size=(2, BATCH, WIDTH)))
    states = [x.requires_grad_()]
    for _ in range(LAYERS):
        w = torch.as_tensor(data.gain[k] * STARTS[init](rng, (WIDTH, WIDTH)))
        states.append(TWINS[activation](TWIN_NORMS[norm](states[-1])) @ w + residual * states[-1])
    slopes = torch.autograd.grad((readout * states[-1]).sum(), states)
    for ours, theirs in ((data.activations, states), (data.gradients * readout.square().mean().sqrt().item(), slopes)):
        sizes = [h.square().mean().sqrt().item() for h in theirs]
        np.testing.assert_allclose(ours[:, k], sizes, rtol=1e-9)


def test_rotations_stretch_by_the_gain_alone():
    data = lab(activation="linear", init="orthogonal")
    exact = data.gain ** (LAYERS - np.arange(LAYERS + 1))[:, None]
    np.testing.assert_allclose(data.gradients, exact, rtol=1e-10)
    np.testing.assert_allclose(data.predicted, exact, rtol=1e-10)
    scattered = lab(activation="linear", init="normal")
    assert np.abs(np.log(scattered.gradients[0] / exact[0])).min() > 1e-3


@pytest.mark.parametrize(("activation", "norm", "residual"), ALL)
def test_theory_predicts_what_is_measured(activation, norm, residual):
    """Over all fifty layers, in the mean of two draws: in a factor of 2 where the net is not chaotic, else of 12."""
    runs = [lab(activation=activation, norm=norm, residual=residual, seed=seed) for seed in range(2)]
    measured = np.mean([np.log(run.gradients[0]) for run in runs], axis=0)
    quiet = runs[0].gain <= 1.01
    off = np.abs(measured - np.log(runs[0].predicted[0]))
    assert off[quiet].max() < (np.log(2) if norm == "none" else np.log(5))
    assert off.max() < np.log(12)


@pytest.mark.parametrize(("activation", "gain", "factor"), [
    ("relu", 2**0.5, 1.0),                               # He et al. 2015
    ("linear", 1.0, 1.0), ("linear", 2.0, 2.0),
    ("sigmoid", 0.25, 0.25 * 0.25),                      # near 0 the slope is a quarter
])  # fmt: skip
def test_known_factors(activation, gain, factor):
    k = int(np.abs(lab().gain - gain).argmin())
    last = predicted_factors(ACTIVATIONS[activation], "none", False)[-1, k]
    assert last == pytest.approx(factor, rel=0.02)


def test_batch_normalisation_explodes_as_published():
    """√(π/(π − 1)) a layer for relu: Yang et al. 2019, a mean field theory of batch normalization, abstract: 1.21."""
    factors = predicted_factors(ACTIVATIONS["relu"], "batch", False)
    np.testing.assert_allclose(factors[1:], np.sqrt(np.pi / (np.pi - 1)), rtol=1e-3)


def test_the_picture_is_clipped_and_the_data_are_not():
    view = lab.show(activation="sigmoid", gain=0.25)
    assert view.data.gradients[0, 0] < 1e-50 and "e-" in view.stage.caption
    assert AXES["layer"] == -1 and sys.modules["textbook.labs.gradient_flow"].LAYERS == 50


def test_a_curve_leaves_the_picture_and_shows_no_floor():
    module, figure = sys.modules["textbook.labs.gradient_flow"], Figure()
    scene = module.picture(figure)
    scene.draw(lab(activation="sigmoid"), 0)
    bottom, _ = figure.axes[0].get_ylim()
    for curve in scene.live[1:3]:
        below = curve.get_ydata() < bottom
        assert below[0] and not below[-1] and (curve.get_ydata() > 0).all()
