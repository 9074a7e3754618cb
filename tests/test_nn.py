"""Layers: shapes, starts, modes, and the same network in PyTorch."""

import math
import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from textbook import nn, ops
from textbook.engine import Tensor, no_grad
from textbook.init import INITS
from textbook.nn import MLP, Dropout, Linear, Module, Sequential
from textbook.optim import Optimizer


def rng(seed=0):
    return np.random.default_rng(seed)


# ---------------------------------------------------------------------------------------------- initial weights

# Fan-in and fan-out differ, so that neither can stand for the other.
SPREADS = {"zeros": 0.0, "normal": 0.01, "xavier": math.sqrt(2 / (400 + 100)), "he": math.sqrt(2 / 400)}
TORCH_INITS = {"xavier": torch.nn.init.xavier_normal_, "he": torch.nn.init.kaiming_normal_}


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


@pytest.mark.parametrize(("name", "activation"), [("he", ops.relu), ("xavier", ops.identity)])  # tanh is x near 0
def test_signals_keep_their_size_through_many_layers(name, activation):
    x = rng(1).normal(size=(200, 256))
    for seed in range(10):
        x = activation(x @ INITS[name](rng(seed + 2), (256, 256)))
    assert 0.5 < np.mean(x * x) < 2


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
