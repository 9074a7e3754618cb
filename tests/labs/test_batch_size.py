"""The batch-size lab without a browser."""

import numpy as np
import pytest

from textbook import labs, optim
from textbook.labs.batch_size import SIZES, N, mean_loss

lab = labs.batch_size


def test_the_full_batch_is_plain_descent():
    data = lab(epochs=4, lr=0.1)
    run = optim.descend(lambda p: mean_loss(p, data.x[:, None], data.y[:, None]), (0.0, -1.0), optim.gd, 4, lr=0.1)
    np.testing.assert_allclose(data.path[-1], run.path, rtol=1e-12)
    np.testing.assert_allclose(data.loss[-1], run.loss, rtol=1e-12)


def test_every_size_sees_the_same_examples_once_an_epoch():
    data = lab(epochs=2)
    for size, path, loss in zip(SIZES, data.path, data.loss, strict=True):
        assert len(path) - 1 == 2 * N // size == len(loss) - 1
    stream = np.random.default_rng(0).permutation(N)[:3]
    residual = -1.0 - data.y[stream]  # at w = 0, b = -1
    slope = np.array([2 * np.mean(residual * data.x[stream]), 2 * np.mean(residual)])
    np.testing.assert_allclose(data.path[2][1], [0.0, -1.0] - 0.1 * slope, rtol=1e-12)


def test_the_best_line_has_no_gradient():
    data = lab()
    assert abs(np.mean((data.best[0] * data.x + data.best[1] - data.y) * data.x)) < 1e-12
    assert all((loss >= data.lowest - 1e-12).all() for loss in data.loss)


@pytest.mark.parametrize("start", [(0.0, -1.0), (4.0, 3.0), (2.2, 0.8)])
def test_noise_falls_with_the_root_of_the_batch_size(start):
    data = lab(start=start)
    np.testing.assert_allclose(data.noise[:-1], data.theory[:-1], rtol=0.1)
    assert data.noise[-1] < 1e-12 and data.theory[-1] == 0
    few = slice(0, SIZES.index(12))
    assert -0.58 < np.polyfit(np.log(data.sizes[few]), np.log(data.noise[few]), 1)[0] < -0.47


def test_a_larger_rate_hovers_higher():
    ends = [np.mean(lab(lr=lr, epochs=8).loss[0][-512:]) for lr in (0.02, 0.08, 0.3)]
    assert ends == sorted(ends) and ends[0] > lab().lowest


def test_single_examples_diverge_at_a_large_rate():
    scene = lab.scene(lr=1.0, epochs=8)
    assert [("diverged at step" in scene.draw(k)) == (at >= 0) for k, at in enumerate(scene.data.diverged_at)]
    assert "diverged at step" in scene.draw(0) and "diverged" not in scene.draw(len(SIZES) - 1)


def test_settings():
    with pytest.raises(ValueError, match="start, w and b, must be 2 finite numbers"):
        lab(start=(1.0,))
    with pytest.raises(ValueError, match=r"lr must lie between 0\.01 and 1"):
        lab(lr=3)


def test_the_frame_axis_and_the_pointer_are_kept():
    view = lab.show(size=16)
    assert view.stage.caption.startswith("Batch size 16, mini-batch: 24 steps for 384 examples seen")
    view.stage.frame = 0
    assert "size=1" in view.settings.call() and "stochastic" in view.stage.caption
    view.move("epochs", 1)
    assert view.stage.caption.startswith("Batch size 1, stochastic: 128 steps for 128 examples")
    view.stage._point = [0, 4.0, 3.0, True]
    assert "start=(4, 3)" in view.settings.call()


def test_no_size_is_the_telling_one():
    assert lab.show(size=None).stage.caption.startswith("Batch size 4,")
    with pytest.raises(ValueError, match="size must lie between 1 and 128 here, got 1000"):
        lab(size=1000)
