"""Layers: shapes, starts, modes, and the same network in PyTorch."""

import functools
import math
import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from textbook import nn, ops
from textbook.engine import Tensor, no_grad
from textbook.init import INITS, mup
from textbook.nn import MLP, Dropout, Linear, Module, Sequential
from textbook.optim import Optimizer


def rng(seed=0):
    return np.random.default_rng(seed)


# ---------------------------------------------------------------------------------------------- initial weights

# Fan-in and fan-out differ, so that neither can stand for the other.
SPREADS = {
    "zeros": 0.0,
    "normal": 0.01,
    "lecun": math.sqrt(1 / 400),
    "xavier": math.sqrt(2 / (400 + 100)),
    "he": math.sqrt(2 / 400),
    "orthogonal": math.sqrt(1 / 400),
}
TORCH_INITS = {
    "lecun": functools.partial(torch.nn.init.kaiming_normal_, nonlinearity="linear"),
    "xavier": torch.nn.init.xavier_normal_,
    "he": torch.nn.init.kaiming_normal_,
    "orthogonal": torch.nn.init.orthogonal_,
}


@pytest.mark.parametrize("name", INITS)
def test_initial_weights_have_the_stated_spread(name):
    assert SPREADS.keys() == INITS.keys()
    weights = INITS[name](rng(), (400, 100))
    assert weights.shape == (400, 100)
    n, spread = weights.size, SPREADS[name]
    # The standard errors of a mean and of a standard deviation; five of them on each side.
    assert abs(weights.mean()) <= 5 * spread / math.sqrt(n)
    assert abs(weights.std() - spread) <= 5 * spread / math.sqrt(2 * n)
    assert np.array_equal(weights, INITS[name](rng(), (400, 100)))


@pytest.mark.parametrize("name", TORCH_INITS)
def test_initial_weights_spread_as_torchs(name):
    theirs = TORCH_INITS[name](torch.empty(100, 400, dtype=torch.float64), generator=torch.Generator().manual_seed(0))
    assert INITS[name](rng(), (400, 100)).std() == pytest.approx(theirs.std().item(), rel=0.03)


@pytest.mark.parametrize(
    ("name", "activation"), [("he", ops.relu), *[(name, ops.identity) for name in ("lecun", "xavier", "orthogonal")]]
)  # tanh is x near 0
def test_signals_keep_their_size_through_many_layers(name, activation):
    x = rng(1).normal(size=(200, 256))
    for seed in range(10):
        x = activation(x @ INITS[name](rng(seed + 2), (256, 256)))
    assert 0.5 < np.mean(x * x) < 2


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7)])
def test_orthogonal_weights_stretch_no_direction(shape):
    w = INITS["orthogonal"](rng(), shape)
    assert np.allclose(np.linalg.svd(w, compute_uv=False), 1, atol=1e-14)
    firsts = [INITS["orthogonal"](rng(seed), shape)[0, 0] for seed in range(400)]
    assert abs(np.mean(firsts)) < 5 / np.sqrt(400 * max(shape))  # without a sign of its choice: qr has one


def adam_run(width, adapted, lr=0.001, steps=3):
    """How far the logits move in a few steps of Adam: their root mean square change."""
    g = rng(1)
    x, y = g.normal(size=(32, 20)), g.integers(0, 10, 32)
    model = MLP([20, width, width, 10], rng=rng(2), init="lecun", dtype=float)
    factors = mup([20, width, width, 10], base=64 if adapted else width)
    for layer, (scale, _) in zip(model.layers, factors, strict=True):
        layer.w.data = layer.w.data * scale
    before = model(x).data.copy()
    optimizer = Optimizer(model, "adam", lr=[lr * factor for _, rate in factors for factor in (rate, 1.0)])
    for _ in range(steps):
        optimizer.zero_grad()
        ops.cross_entropy(model(x), y).backward()
        optimizer.step()
    return np.sqrt(np.mean((model(x).data - before) ** 2))


def test_mup_moves_wide_networks_as_far_as_narrow_ones():
    """The coordinate check of Yang et al. 2021, appendix D.1: without it the logits move more the wider the network."""
    with_mup = [adam_run(width, True) for width in (64, 256, 1024)]
    without = [adam_run(width, False) for width in (64, 256, 1024)]
    assert with_mup[0] == without[0]  # the base is left as it is
    assert 0.7 < with_mup[2] / with_mup[0] < 1.4
    assert without[1] > 2 * without[0] and without[2] > 2 * without[1]


def test_zero_weights_keep_the_units_of_a_layer_twins():
    x, y = rng().normal(size=(20, 3)), rng(1).integers(0, 2, 20)
    for start, twins in [("zeros", True), (lambda g, shape: np.full(shape, 0.1), True), ("he", False)]:
        model = MLP([3, 4, 2], rng=rng(2), activation=ops.sigmoid, init=start, dtype=float)
        optimizer = Optimizer(model.parameters(), "gd", lr=0.5)
        for _ in range(5):
            optimizer.zero_grad()
            ops.cross_entropy(model(x), y).backward()
            optimizer.step()
        w = model.layers[0].w.data
        assert (w == w[:, :1]).all() == twins
        assert np.abs(model.layers[1].w.data).max() > 0


# ---------------------------------------------------------------------------------------------- layers


def test_linear():
    layer = Linear(3, 2, rng=rng())
    w, b = layer.parameters()
    assert (w.shape, b.shape, w.dtype, b.dtype) == ((3, 2), (2,), np.float32, np.float32)
    assert (w.name, b.name) == ("w", "b") and w.requires_grad and b.requires_grad and (b == 0).all()
    b.data = [10, 20]
    x = rng(1).normal(size=(5, 3)).astype(np.float32)
    assert np.array_equal(layer(x).data, x @ w.data + np.float32([10, 20]))
    assert layer(x[0]).shape == (2,) and layer(np.stack([x, x])).shape == (2, 5, 2)
    with pytest.raises(ValueError, match=r"\(5, 4\) and \(3, 2\)"):
        layer(np.ones((5, 4)))


def test_mlp():
    model = MLP([784, 256, 128, 10], rng=rng())
    assert [p.shape for p in model.parameters()] == [(784, 256), (256,), (256, 128), (128,), (128, 10), (10,)]
    assert [p.name for p in model.parameters()] == ["w1", "b1", "w2", "b2", "w3", "b3"]
    assert {p.dtype for p in model.parameters()} == {np.dtype("float32")}
    out = model(np.zeros((3, 784), np.float32))
    assert out.shape == (3, 10) and out.dtype == np.float32
    again = MLP([784, 256, 128, 10], rng=rng())
    assert all(np.array_equal(p.data, q.data) for p, q in zip(model.parameters(), again.parameters(), strict=True))
    assert (MLP([2, 1], rng=rng())(-np.ones((4, 2))) != 0).any()  # no activation after the last layer


ACTIVATIONS = {"relu": (ops.relu, F.relu), "tanh": (ops.tanh, torch.tanh), "sigmoid": (ops.sigmoid, torch.sigmoid)}
LOSSES = {"cross_entropy": (ops.cross_entropy, F.cross_entropy), "mse": (ops.mse, F.mse_loss)}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_mlp_equals_the_same_program_in_torch(activation, loss):
    model = MLP([7, 6, 5, 3], rng=rng(), activation=ACTIVATIONS[activation][0], dtype=np.float64)
    for i, p in enumerate(model.parameters()):
        p.data = rng(i).normal(size=p.shape)  # biases too
    theirs = [torch.tensor(p.data.copy(), requires_grad=True) for p in model.parameters()]
    x = rng(10).normal(size=(8, 7))
    y = rng(11).integers(0, 3, 8) if loss == "cross_entropy" else rng(11).normal(size=(8, 3))

    value = LOSSES[loss][0](model(x), y)
    value.backward()
    h = torch.as_tensor(x)
    for layer in range(3):
        h = h @ theirs[2 * layer] + theirs[2 * layer + 1]
        h = ACTIVATIONS[activation][1](h) if layer < 2 else h
    twin = LOSSES[loss][1](h, torch.as_tensor(y))
    twin.backward()

    assert value.item() == pytest.approx(twin.item(), rel=1e-12)
    for p, q in zip(model.parameters(), theirs, strict=True):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-12, atol=1e-12)
        assert np.abs(p.grad).max() > 1e-6


def test_float64_data_leave_float32_parameters_their_own_gradients():
    model = MLP([4, 3, 2], rng=rng())
    ops.cross_entropy(model(rng(1).normal(size=(5, 4))), [0, 1, 0, 1, 1]).backward()
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype("float32")}


def test_layers_may_share_parameters():
    layer = Linear(3, 3, rng=rng())
    model = Sequential(layer, ops.tanh, layer)
    assert len(model.parameters()) == 2
    Optimizer(model.parameters(), "gd")
    x = rng(1).normal(size=(2, 3))
    assert np.allclose(model(x).data, np.tanh(x @ layer.w.data) @ layer.w.data)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MLP([3], rng=rng()), ["input and an output", "[3]"]),
        (lambda: MLP([3, 0, 2], rng=rng()), ["widths", "3 and 0"]),
        (lambda: Linear(-1, 2, rng=rng()), ["widths", "-1 and 2"]),
        (lambda: Linear(1, 2, rng=rng(), init="glorot"), ["'glorot'", *INITS]),
        (lambda: nn.Conv2d(0, 4, 3, rng=rng()), ["at least 1", "0, 4 and 3"]),
        (lambda: nn.Conv2d(1, 4, 0, rng=rng()), ["at least 1", "1, 4 and 0"]),
        (lambda: nn.Conv2d(1, 4, 3, rng=rng(), stride=0)(np.zeros((1, 5, 5, 1))), ["stride", "at least 1"]),
        (lambda: Dropout(1.0, rng=rng()), ["0 ≤ p < 1", "1.0"]),
        (lambda: Dropout(-0.1, rng=rng()), ["-0.1"]),
        (lambda: Dropout(math.nan, rng=rng()), ["nan"]),
    ],
)
def test_bad_layers_are_named(make, words):
    with pytest.raises(ValueError) as caught:
        make()
    for word in words:
        assert word in str(caught.value)


def test_a_module_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Module()
    assert nn.init.he is INITS["he"]


# ---------------------------------------------------------------------------------------------- images


def backward_of_both(out, their_out, seed=20):
    """Run both backward passes from one weighted sum of squares."""
    weights = rng(seed).normal(size=out.shape)
    ops.sum(weights * out * out).backward()
    (torch.as_tensor(weights) * their_out * their_out).sum().backward()


def assert_near(ours, theirs):
    np.testing.assert_allclose(ours, theirs.numpy(force=True), rtol=1e-12, atol=1e-12)
    assert np.abs(ours).max() > 1e-6


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 0), (1, 1), (3, 2)])
def test_conv2d_equals_torchs(size, stride, padding):
    padding = min(padding, size - 1)
    layer = nn.Conv2d(2, 5, size, rng=rng(), stride=stride, padding=padding, dtype=float)
    twin = torch.nn.Conv2d(2, 5, size, stride=stride, padding=padding, dtype=torch.float64)
    layer.b.data = rng(1).normal(size=5)
    twin.weight.data = torch.tensor(layer.w.data.transpose(3, 2, 0, 1).copy())
    twin.bias.data = torch.tensor(layer.b.data.copy())
    x = Tensor(rng(2).normal(size=(3, 7, 6, 2)), requires_grad=True)
    their_x = torch.tensor(x.data.copy(), requires_grad=True)
    out, their_out = layer(x), twin(their_x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    assert_near(out.data, their_out)
    backward_of_both(out, their_out)
    assert_near(x.grad, their_x.grad)
    assert_near(layer.w.grad, twin.weight.grad.permute(2, 3, 1, 0))
    assert_near(layer.b.grad, twin.bias.grad)


def convolutional(dtype=np.float32):
    g = rng()
    return Sequential(
        nn.Reshape(8, 8, 1),
        nn.Conv2d(1, 4, 3, rng=g, padding=1, dtype=dtype),
        nn.BatchNorm(4, dtype=dtype),
        ops.relu,
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, rng=g, padding=1, dtype=dtype),
        ops.relu,
        nn.AvgPool2d(2),
        nn.Flatten(),
        Linear(24, 3, rng=g, dtype=dtype),
    )


def test_a_convolutional_network_equals_torchs():
    model = convolutional(float)
    twin = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(4, 6, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.AvgPool2d(2),
    ).double()
    head = torch.nn.Linear(24, 3).double()
    back = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}
    theirs = [*twin.parameters(), *head.parameters()]
    for p, q in zip(model.parameters(), theirs, strict=True):
        q.data = torch.tensor(p.data.transpose(back[p.ndim]).copy())
    x, y = rng(3).random((5, 64)), [0, 2, 1, 1, 0]
    loss = ops.cross_entropy(model(x), y)
    features = twin(torch.tensor(x).reshape(5, 1, 8, 8)).permute(0, 2, 3, 1).reshape(5, 24)
    their_loss = F.cross_entropy(head(features), torch.tensor(y))
    loss.backward(), their_loss.backward()
    assert loss.item() == pytest.approx(their_loss.item(), rel=1e-12)
    for p, q in zip(model.parameters(), theirs, strict=True):
        np.testing.assert_allclose(p.grad.transpose(back[p.ndim]), q.grad.numpy(), rtol=1e-10, atol=1e-12)
    assert convolutional()(x.astype(np.float32)).dtype == np.float32


def test_images_may_be_none_or_bytes():
    model = convolutional().eval()
    assert model(np.zeros((0, 64), np.float32)).shape == (0, 3)
    x = rng().integers(0, 256, (2, 64)).astype(np.uint8)
    assert np.allclose(model(x).data, model(x.astype(np.float32)).data, rtol=1e-5)
    loss = ops.sum(model(np.zeros((0, 64), np.float32)))
    loss.backward()
    assert not any(p.grad.any() for p in model.parameters())


def test_layers_of_images_say_what_they_are():
    assert repr(convolutional()).splitlines() == [
        "Sequential: 345 parameters",
        "  layers.0: Reshape(8, 8, 1)",
        "  layers.1: Conv2d(1, 4, 3, stride=1, padding=1)",
        "  layers.2: BatchNorm(4)",
        "  layers.4: MaxPool2d(2)",
        "  layers.5: Conv2d(4, 6, 3, stride=1, padding=1)",
        "  layers.7: AvgPool2d(2)",
        "  layers.8: Flatten()",
        "  layers.9: Linear(24, 3)",
    ]


@pytest.mark.parametrize(("init", "spread"), [("he", math.sqrt(2 / (9 * 40))), ("lecun", math.sqrt(1 / (9 * 40)))])
def test_the_fan_in_of_a_convolution_counts_its_window(init, spread):
    w = nn.Conv2d(40, 30, 3, rng=rng(), init=init).w.data
    assert w.std() == pytest.approx(spread, rel=0.05)


# ---------------------------------------------------------------------------------------------- modes and dropout


def test_modes_reach_every_module():
    inner = Dropout(0.5, rng=rng())
    model = Sequential(Linear(2, 2, rng=rng()), Sequential(ops.relu, inner))
    assert [type(m) for m in model.modules()] == [Sequential, Linear, Sequential, Dropout]
    assert all(m.training for m in model.modules())
    assert model.eval() is model and not any(m.training for m in model.modules())
    assert model.train() is model and all(m.training for m in model.modules())
    assert Dropout(0.5, rng=rng()).training  # one module's mode is no other's


@pytest.mark.parametrize("p", [0.0, 0.25, 0.8])
def test_dropout_drops_a_share_and_keeps_the_mean(p):
    x, n = Tensor(np.ones(100_000), requires_grad=True), 100_000
    out = Dropout(p, rng=rng())(x).data
    assert set(np.unique(out)) <= {0.0, 1 / (1 - p)}
    assert abs((out == 0).mean() - p) <= 5 * math.sqrt(p * (1 - p) / n)
    assert abs(out.mean() - 1) <= 5 * math.sqrt(p / (1 - p) / n)


def test_dropout_in_evaluation_is_x_itself():
    layer, x = Dropout(0.9, rng=rng()), Tensor(np.ones(5))
    assert layer.eval()(x) is x
    assert layer.train()(x) is not x


def test_dropout_sends_gradients_through_what_it_kept():
    x = Tensor(np.ones(50), requires_grad=True)
    out = Dropout(0.5, rng=rng())(x)
    (out * 3).sum().backward()
    assert np.array_equal(x.grad, 3 * out.data)
    first, second = Dropout(0.5, rng=rng()), Dropout(0.5, rng=rng())
    assert np.array_equal(first(x).data, second(x).data)
    assert not np.array_equal(first(x).data, second(Tensor(np.zeros(50))).data)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_dropout_of_any_dtype_scales(dtype):
    x = np.ones(100, dtype)
    out = Dropout(0.2, rng=rng())(x)
    assert out.dtype == (dtype if dtype != np.uint8 else np.float16)
    assert np.allclose(out[out != 0], 1.25, rtol=1e-3) and (out == 0).any()
    with no_grad():
        assert Dropout(0.2, rng=rng())(Tensor(x)).dtype == out.dtype


# ---------------------------------------------------------------------------------------------- normalisation

NORMS = {  # ours, torch's, and where torch has the features
    "LayerNorm": (nn.LayerNorm, torch.nn.LayerNorm, -1),
    "BatchNorm": (nn.BatchNorm, torch.nn.BatchNorm1d, 1),
}
PAIRS = {"scale": "weight", "shift": "bias", "running_mean": "running_mean", "running_var": "running_var"}


@pytest.mark.parametrize("shape", [(6, 5), (4, 3, 5)], ids=str)
@pytest.mark.parametrize("name", NORMS)
def test_norms_equal_torchs_layers(name, shape):
    """In training, step after step, and then in evaluation: outputs, gradients and everything in the state."""
    ours, theirs, axis = NORMS[name]
    layer, twin = ours(5, dtype=float), theirs(5, dtype=torch.float64)
    for number, tensor in enumerate((layer.scale, layer.shift)):
        tensor.data = rng(number).normal(size=5)
        getattr(twin, PAIRS[tensor.name]).data = torch.tensor(tensor.data.copy())
    for step in range(6):
        if step == 4:
            layer.eval(), twin.eval()
        x = Tensor(3 + 2 * rng(10 + step).normal(size=shape), requires_grad=True)
        their_x = torch.tensor(x.data.copy(), requires_grad=True)
        out, weights = layer(x), rng(20).normal(size=shape)
        their_out = twin(their_x.movedim(-1, axis)).movedim(axis, -1)
        np.testing.assert_allclose(out.data, their_out.numpy(force=True), rtol=1e-12, atol=1e-12)
        layer.scale.grad = layer.shift.grad = twin.weight.grad = twin.bias.grad = None
        ops.sum(weights * out * out).backward()
        (torch.as_tensor(weights) * their_out * their_out).sum().backward()
        np.testing.assert_allclose(x.grad, their_x.grad.numpy(), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(layer.scale.grad, twin.weight.grad.numpy(), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(layer.shift.grad, twin.bias.grad.numpy(), rtol=1e-12, atol=1e-12)
        state = {PAIRS[key]: value for key, value in layer.state_dict().items()}
        assert state.keys() == twin.state_dict().keys() - {"num_batches_tracked"}
        for key, value in state.items():
            np.testing.assert_allclose(value, twin.state_dict()[key].numpy(), rtol=1e-12, atol=1e-12)
    assert np.abs(out.data).max() > 0.1


def test_a_norms_state_is_kept_and_restored(tmp_path):
    def model(seed):
        return Sequential(Linear(3, 4, rng=rng(seed)), nn.BatchNorm(4), ops.relu, nn.LayerNorm(4))

    net, other, x = model(0), model(1), rng(2).normal(size=(8, 3)).astype(np.float32)
    for _ in range(3):
        assert net(x).dtype == np.float32
    net.save(tmp_path / "net.npz")
    other.load(tmp_path / "net.npz")
    assert np.array_equal(net.eval()(x).data, other.eval()(x).data)
    assert not np.array_equal(net(x).data, net.train()(x).data)
    assert [p.name for p in net.parameters()] == ["w", "b", "scale", "shift", "scale", "shift"]
    assert "layers.1: BatchNorm(4)" in repr(net) and "layers.3: LayerNorm(4)" in repr(net)


def test_evaluation_leaves_the_statistics_and_mixes_no_examples():
    norm, x = nn.BatchNorm(3, dtype=float), rng().normal(size=(10, 3))
    norm(x)
    before = norm.state_dict()
    whole = norm.eval()(x).data
    assert np.allclose(norm(x[:1]).data, whole[:1]) and np.allclose(norm(x[0]).data, whole[0])
    assert all(np.array_equal(before[key], value) for key, value in norm.state_dict().items())
    with pytest.raises(ValueError, match="two examples at least"):
        norm.train()(x[:1])


def test_residual():
    layer = Linear(3, 3, rng=rng(), dtype=float)
    block, x = nn.Residual(layer, ops.tanh), Tensor(rng(1).normal(size=(2, 3)), requires_grad=True)
    assert np.array_equal(block(x).data, x.data + np.tanh(layer(x).data))
    assert block.parameters() == layer.parameters()
    layer.w.data = np.zeros((3, 3))
    x.grad = None
    ops.sum(block(x)).backward()
    assert (x.grad == 1).all()  # the identity remains


# ---------------------------------------------------------------------------------------------- models found by walking


class Net(Module):
    """Parts as a reader writes them: attributes, a list, a dict, a constant, and a way back to itself."""

    def __init__(self, seed=0):
        self.first = Linear(3, 4, rng=rng(seed))
        self.scale = Tensor(np.ones(4, np.float32), requires_grad=True)
        self.mean = Tensor(np.zeros(4, np.float32))
        self.blocks = [Sequential(ops.relu, Dropout(0.5, rng=rng())), (Linear(4, 4, rng=rng(seed + 1)), self.first)]
        self.heads = {"class": Linear(4, 2, rng=rng(seed + 2)), "names": ["a", "b"]}
        self.whole, self.width = self, 4

    def __call__(self, x):
        h = (self.first(x) - self.mean) * self.scale
        return self.heads["class"](self.blocks[1][0](self.blocks[0](h)))


NAMES = ["first.w", "first.b", "scale", "mean", "blocks.1.0.w", "blocks.1.0.b", "heads.class.w", "heads.class.b"]


def test_a_hand_written_model_is_found_whole():
    net = Net()
    assert list(net.named_tensors()) == NAMES
    assert [id(p) for p in net.parameters()] == [id(t) for n, t in net.named_tensors().items() if n != "mean"]
    assert [type(m) for m in net.modules()] == [Net, Linear, Sequential, Dropout, Linear, Linear]
    dropout = net.blocks[0].layers[1]
    assert net.eval() is net and not dropout.training and dropout(1.0) == 1.0
    assert dropout.training is False and net.train().modules()[3].training
    optimizer = Optimizer(net, "gd", lr=0.1)
    before = net.state_dict()
    ops.cross_entropy(net(rng(1).normal(size=(6, 3))), [0, 1, 0, 1, 0, 1]).backward()
    optimizer.step()
    after = net.state_dict()
    assert [name for name in NAMES if np.array_equal(before[name], after[name])] == ["mean"]


def test_repr_of_models():
    assert repr(MLP([784, 256, 128, 10], rng=rng())).splitlines() == [
        "MLP: 235,146 parameters",
        "  layers.0: Linear(784, 256)",
        "  layers.1: Linear(256, 128)",
        "  layers.2: Linear(128, 10)",
    ]
    first = ["Net: 50 parameters", "  first: Linear(3, 4)", "  blocks.0.layers.1: Dropout(0.5)"]
    assert repr(Net()).splitlines()[:3] == first


def test_state_goes_to_a_file_and_back(tmp_path):
    net, other, x = Net(0).eval(), Net(5).eval(), rng(1).normal(size=(6, 3))
    net.mean.data += 1
    path = tmp_path / "net.weights"  # the name is kept as it was given
    net.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["net.weights"]
    assert not np.array_equal(net(x).data, other(x).data)
    parameters = other.parameters()
    other.load(path)
    assert np.array_equal(net(x).data, other(x).data) and other.parameters() == parameters
    assert {p.dtype for p in other.parameters()} == {np.dtype("float32")}
    other.save(str(path))  # over the old one
    net.load_state_dict({name: value.astype(float).tolist() for name, value in net.state_dict().items()})
    assert net.first.w.dtype == np.float32


def test_a_state_dict_is_a_copy():
    net = Net()
    state = net.state_dict()
    net.first.w.data += 1
    assert np.allclose(net.first.w.data - state["first.w"], 1)
    state["first.w"][...] = 7
    assert not (net.first.w.data == 7).any()
    net.load_state_dict(state)
    state["first.w"][...] = 8
    assert (net.first.w.data == 7).all()


def without(name):
    return {n: v for n, v in Net().state_dict().items() if n != name}


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (without("scale"), ["another model's state", "scale is missing"]),
        (without("scale") | {"scales": np.ones(4)}, ["scale is missing"]),
        (Net().state_dict() | {"bias": 1.0}, ["another model's state", "no bias"]),
        (MLP([3, 4, 2], rng=rng()).state_dict(), ["another model's", "first.w"]),
        ({}, ["another model's", "first.w"]),
        (without("mean") | {"mean": np.ones(3)}, ["mean does not fit", "(3,)", "(4,)"]),
        (without("mean") | {"mean": np.ones((4, 1))}, ["mean does not fit", "(4, 1)"]),
        (without("mean") | {"mean": ["a"] * 4}, ["mean does not fit"]),
        (without("mean") | {"mean": np.ones(4) * 1j}, ["mean does not fit", "complex"]),
        (without("mean") | {"mean": [1, 2, math.nan, 4]}, ["mean", "not finite"]),
        (without("heads.class.b") | {"heads.class.b": [1, math.inf]}, ["heads.class.b", "not finite"]),
    ],
)
def test_another_models_state_is_refused_and_nothing_changes(state, words):
    net = Net(3)
    before = net.state_dict()
    with pytest.raises(ValueError) as caught:
        net.load_state_dict(state)
    for word in words:
        assert word in str(caught.value)
    assert all(np.array_equal(before[name], value) for name, value in net.state_dict().items())


def damaged(path):
    Net().save(path)
    whole = path.read_bytes()
    return [b"", b"no state", whole[: len(whole) // 2], whole[:-30], whole[:200] + bytes(100) + whole[300:]]


def test_a_file_that_is_no_state_is_refused(tmp_path):
    net, path = Net(3), tmp_path / "file"
    before = net.state_dict()
    np.save(tmp_path / "array.npy", np.ones(3))
    np.savez(tmp_path / "objects.npz", w=np.array([None], dtype=object))
    (tmp_path / "pickled").write_bytes(pickle.dumps({"w": 1}))
    files = [tmp_path / "array.npy", tmp_path / "objects.npz", tmp_path / "pickled"]
    for i, content in enumerate(damaged(path)):
        files.append(tmp_path / f"damaged{i}")
        files[-1].write_bytes(content)
    for file in files:
        with pytest.raises(ValueError, match=f"{file.name} holds no state of a model"):
            net.load(file)
    MLP([3, 4, 2], rng=rng()).save(path)
    with pytest.raises(ValueError, match="another model's state"):
        net.load(path)
    with pytest.raises(FileNotFoundError):
        net.load(tmp_path / "nowhere")
    assert all(np.array_equal(before[name], value) for name, value in net.state_dict().items())


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    net, path = Net(), tmp_path / "net.npz"
    net.save(path)
    old = path.read_bytes()
    monkeypatch.setattr(np, "savez", lambda file, **state: file.write(b"half") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        net.save(path)
    assert path.read_bytes() == old
