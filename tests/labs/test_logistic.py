"""The lab of two classes on a line, without a browser."""

import numpy as np
import pytest
import torch

from textbook import labs
from textbook.stage import Point

lab = labs.logistic


@pytest.mark.parametrize("loss", ["entropy", "squared"])
def test_a_step_is_torch_s(loss):
    d = lab(loss=loss, start="wrong", lr=0.7)
    w, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in d.path[0])
    z = w * torch.tensor(d.x) + b
    y = torch.tensor(d.y)
    cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
    by_torch = {"entropy": cross_entropy, "squared": ((z.sigmoid() - y) ** 2).mean()}
    wanted = by_torch[loss]
    wanted.backward()
    assert np.isclose(d.value[0], wanted.item())
    np.testing.assert_allclose(d.path[1], d.path[0] - 0.7 * np.array([w.grad, b.grad]), rtol=1e-10)


def test_squared_error_stays_where_it_is_surely_wrong():
    stuck, moved = lab(loss="squared", start="wrong"), lab(loss="entropy", start="wrong")
    assert stuck.right[30] < moved.right[30]
    assert np.abs(stuck.push[0]).max() < np.abs(moved.push[0]).max()


def test_a_point_is_dragged_along_its_line():
    view = lab.show()
    before = view.data.x.copy()
    view.set(**lab.point(Point(view.stage.figure.axes[0], 3.0, 0.9, True), view.settings))
    assert view.data.x[7] == 3.0 and np.array_equal(view.data.x[:7], before[:7])


def test_points_that_are_not_eight_are_refused():
    with pytest.raises(ValueError, match="points"):
        lab(points=(1.0, 2.0))
