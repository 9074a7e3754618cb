"""Gradients by example: against torch.func.vmap(grad), and against one example at a time."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from textbook import nn, ops, torch_twin
from textbook.engine import GraphError, Tensor
from textbook.per_example import per_example_gradients


def setting(widths, dtype=np.float64, n=7):
    rng = np.random.default_rng(1)
    model = nn.MLP(widths, rng=rng, activation=ops.tanh, dtype=dtype)
    return model, rng.normal(size=(n, widths[0])).astype(dtype), rng.integers(widths[-1], size=n)


@pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("widths", [[4, 3], [6, 5, 3], [7, 7, 7, 7]], ids=str)
def test_equals_vmap_of_grad(widths):
    model, x, y = setting(widths)
    twin = torch_twin.model_twin(model)

    def loss(parameters, x, y):
        return F.cross_entropy(torch.func.functional_call(twin, parameters, x[None]), y[None])

    theirs = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(
        dict(twin.named_parameters()), torch.tensor(x), torch.tensor(y)
    )
    ours = per_example_gradients(model, ops.cross_entropy, x, y)
    assert ours.keys() == model.named_tensors().keys()
    for mine, other in zip(ours.values(), theirs.values(), strict=True):
        np.testing.assert_allclose(mine, np.moveaxis(other.numpy(force=True), 1, -1), rtol=1e-12, atol=1e-14)


class Net(nn.Module):
    """Uses a parameter twice, a scale, and a layer norm."""

    def __init__(self, rng):
        self.first, self.norm = nn.Linear(4, 4, rng=rng, dtype=np.float64), nn.LayerNorm(4, dtype=np.float64)
        self.scale = Tensor(rng.normal(size=4), requires_grad=True)

    def __call__(self, x):
        return self.norm(ops.sin(self.first(ops.sin(self.first(x))))) * self.scale - self.scale


@pytest.mark.parametrize("make", [Net, lambda rng: nn.MLP([4, 6, 3], rng=rng, dtype=np.float64)])
@pytest.mark.parametrize("loss", [ops.mse, "cross-entropy"])
def test_equals_one_example_at_a_time(make, loss):
    rng = np.random.default_rng(0)
    model, x = make(rng), rng.normal(size=(4, 4))  # as many examples as features
    y = rng.normal(size=model(x).shape) if loss is ops.mse else rng.integers(3, size=4)
    loss = ops.cross_entropy if loss == "cross-entropy" else loss
    together = per_example_gradients(model, loss, x, y)
    for i in range(len(x)):
        for p in model.parameters():
            p.grad = None
        loss(model(x[i : i + 1]), y[i : i + 1]).backward()
        for name, p in model.named_tensors().items():
            np.testing.assert_allclose(together[name][i], p.grad, rtol=1e-11, atol=1e-13)
            p.grad = None


def test_grad_is_left_alone_and_float32_stays():
    model, x, y = setting([4, 3], np.float32)
    found = per_example_gradients(model, ops.cross_entropy, x, y)
    assert all(p.grad is None for p in model.parameters()) and found["layers.0.w"].dtype == np.float32


class Decayed(nn.Module):
    def __init__(self, use):
        self.w, self.use = Tensor(np.eye(4), requires_grad=True), use

    def __call__(self, x):
        return x @ self.use(self.w)


@pytest.mark.parametrize("use", [lambda w: w * 2.0, lambda w: w.T, lambda w: w * np.arange(16.0).reshape(4, 4)])
def test_other_uses_are_refused(use):
    x = np.random.default_rng(0).normal(size=(4, 4))
    with pytest.raises(GraphError, match="parameter w meets no batch of 4 examples"):
        per_example_gradients(Decayed(use), ops.mse, x, x)
