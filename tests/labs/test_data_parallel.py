"""The data-parallel lab without a browser."""

import numpy as np
import pytest

from textbook import data, labs, ops
from textbook.engine import Tensor

lab = labs.data_parallel


@pytest.mark.parametrize("processes", [2, 3, 6])
@pytest.mark.parametrize("batch", [2, 10, 24])
def test_every_process_ends_with_the_gradient_of_the_whole_batch(processes, batch):
    d = lab(processes=processes, batch=batch, digit=7)
    mnist = data.load_mnist()
    w = Tensor(np.zeros((784, 10)), requires_grad=True)
    ops.cross_entropy(mnist.x_train[:batch].astype(float) @ w, mnist.y_train[:batch]).backward()
    expected = w.grad[:, 7].reshape(28, 28)
    assert len(d.moments) == 2 * processes - 1
    assert np.abs(d.moments[-1] - expected).max() < 1e-15 and d.away[-1] < 1e-15
    assert np.abs(d.moments[-2] - expected).max() > 1e-3 and (d.away[:-1] > 1e-3).all()
    np.testing.assert_allclose(d.own.sum(axis=0), expected, atol=1e-15)
    assert sum(d.sizes) == batch and max(d.sizes) - min(d.sizes) <= 1


def test_the_numbers_count_the_parts_of_each_sum():
    d = lab(processes=5)
    assert (d.counts[0] == 1).all() and (d.counts[-1] == 5).all()
    for k in range(1, 5):  # the band that arrives has one part more than the one before it had
        assert [d.counts[k, r, d.hops[k][r].receive] for r in range(5)] == [k + 1] * 5
    assert ((d.counts[4] == 5).sum(axis=1) == 1).all()
    bands = np.split(d.moments[2], np.cumsum([len(b) for b in np.array_split(np.arange(28), 5)])[:-1], axis=1)
    hop = d.hops[2][0]  # the sum of three parts: processes 3, 4 and 0
    own = np.array_split(d.own[[3, 4, 0]].sum(axis=0), 5)[hop.receive]
    np.testing.assert_allclose(bands[hop.receive][0], own, atol=1e-16)


def test_every_process_sends_the_same_share_of_the_array():
    head, rows = lab.rows(lab(processes=4))
    assert [row[head.index("values sent")] for row in rows] == [2 * 3 / 4 * 784] * 4


@pytest.mark.parametrize("order", lab.controls["order"].options)
def test_the_pipeline_waits_as_long_as_theory_says(order):
    d = lab(shown="pipeline", processes=5, micro_batches=7, order=order)
    m = np.arange(1, 17)
    np.testing.assert_allclose(d.idles, 4 / (m + 4))
    assert d.idle == pytest.approx(4 / 11) and len(d.held) == 2 * (7 + 4) + 1
    assert (d.held[0] == [1, 0, 0, 0, 0]).all() and (d.held[-1] == 0).all() and d.held.min() == 0
    most = [7] * 5 if order.startswith("forward") else [5, 4, 3, 2, 1]
    assert d.held.max(axis=0).tolist() == most


def test_captions_say_what_happens():
    ring, pipe = lab.scene(processes=3, batch=10), lab.scene(shown="pipeline", processes=2, micro_batches=1)
    assert ring.draw(0).startswith("10 digits are shared out: 3, 3 and 4.")
    assert "each process holds one whole sum" in ring.draw(2) and "each process holds" not in ring.draw(1)
    assert ring.draw(4).endswith("The pictures are the whole batch's gradient, to rounding (below 1e-15).")
    said = [pipe.draw(k) for k in range(5)]
    assert said[0].startswith("Time 0: stage 1 takes micro-batch 1 forwards and stage 2 waits.")
    assert "Of all the stages' time 50% is waiting, (p − 1)/(m + p − 1) = 1/2;" in said[0]
    assert said[3].startswith("Time 3: stage 1 takes micro-batch 1 back and stage 2 waits.")
    assert said[4].startswith("Time 4: the batch is done.")


def test_only_what_has_an_effect_is_in_sight():
    view = lab.show()
    assert "micro_batches" not in view.panel.parts and "batch" in view.panel.parts
    view.move("shown", "pipeline")
    assert {"micro_batches", "order"} <= set(view.panel.parts) and "batch" not in view.panel.parts
    assert "Time 4" in view.stage.caption


def test_one_picture_hides_the_other():
    scene = lab.scene(shown="pipeline", processes=3)
    scene.change(lab.settings(shown="ring", processes=2))
    scene.draw(1)
    there = [artist.get_visible() for artist in scene.stage.live]
    assert sum(there) == 2 + 2 * 3 + 2 * 2  # gradients; arrow, head and band of each; the numbers
    scene.change(lab.settings(shown="pipeline", processes=3))
    scene.draw(1)
    assert sum(artist.get_visible() for artist in scene.stage.live) == 1 + 3
