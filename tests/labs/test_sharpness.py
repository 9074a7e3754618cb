"""The lab of the edge of stability without a browser: its stored runs, and what they show."""

import time

import numpy as np
import pytest

from textbook import labs, nn, ops
from textbook.mnist import load_mnist
from textbook.second_order import flat_loss, watch_sharpness
from tools.sharpness import DIGITS, EVERY, RATES, STEPS, small, watched

lab = labs.sharpness


@pytest.mark.parametrize("loss", RATES)
def test_the_stored_runs_are_those_of_the_tool(loss):
    data = lab(loss=loss)
    np.testing.assert_allclose(data.lr, RATES[loss], rtol=1e-6)
    values, top = watched(loss, float(RATES[loss][4]), steps=20)
    np.testing.assert_allclose(data.loss[4, :21], values, rtol=1e-3)    # float32, on another machine's BLAS
    np.testing.assert_allclose(data.sharpness[4, : 20 // EVERY + 1], top, rtol=2e-2)


def test_squared_error_settles_just_above_the_edge_or_has_not_come_to_it():
    data = lab()
    edge = data.late * data.lr / 2
    assert np.isfinite(data.loss).all()
    slow = data.lr < 0.75
    assert (edge[slow] < 1).all() and (data.rises[slow] == 0).all()
    fast = data.lr > 1.1
    assert ((edge[fast] > 1) & (edge[fast] < 1.4)).all() and (data.rises[fast] > 30).all()
    assert (data.loss[:, -1] < 0.5 * data.loss[:, 0]).all()


def test_cross_entropy_leaves_the_edge_again():
    data = lab(loss="cross_entropy")
    fast = data.lr > 0.4
    assert (data.sharpness[fast].max(axis=1) > 2 / data.lr[fast]).all()
    assert (data.sharpness[fast, -1] < 0.8 * 2 / data.lr[fast]).all()


def test_the_caption_tells_the_law():
    view = lab.show(lr=2.0)
    k = view.stage.frame
    assert f"2/α = {2 / view.data.lr[k]:.3g}" in view.stage.caption
    assert f"{view.data.late[k] * view.data.lr[k] / 2:.2f} times 2/α" in view.stage.caption
    assert "never above it" in lab.show(lr=0.4).stage.caption


def test_a_reader_who_trains_waits_at_most_twelve_seconds():
    """1,000 digits, 300 steps, the top eigenvalue at every fifth: of this process, whatever else the machine does."""
    digits = load_mnist()
    model = nn.MLP([784, 32, 32, 10], rng=np.random.default_rng(0), activation=ops.tanh, init=small)
    x, y = digits.x_train[:DIGITS], np.eye(10, dtype=np.float32)[digits.y_train[:DIGITS]]
    f, w = flat_loss(model, ops.mse, x - x.mean(), y)
    began = time.process_time()
    run = list(watch_sharpness(f, w, 3.0, STEPS, every=EVERY, rng=np.random.default_rng(1)))
    spent = time.process_time() - began
    assert len(run) == STEPS + 1 and spent <= 12, f"{spent:.1f} s"
