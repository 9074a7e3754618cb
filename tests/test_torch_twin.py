"""The same program in both engines: every node matched, values and gradients equal."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.test_ops import INSTRUCTIONS, away
from tests.test_ops import run as run_lines
from textbook import data, nn, ops
from textbook import torch_twin as twin
from textbook.engine import OPS, Tensor, apply, topological_order
from textbook.expression import parse

CLOSE = 1e-12


def leaf(values, name=""):
    return Tensor(np.asarray(values, float), requires_grad=True, name=name)


def assert_aligned(root, theirs):
    """Every node of ours and every one of torch's is matched, and every value that torch shows is ours."""
    found = twin.align(root, theirs)
    assert found.pairs.keys() == {t for t in topological_order(root) if t.requires_grad}
    taken = {f for pair in found.pairs.values() for f in (*pair.functions, *pair.parts)}
    assert taken == set(twin.functions_of(theirs.root))
    for t, pair in found.pairs.items():
        assert pair.functions, t
        if not pair.fused:
            assert pair.value is not None and pair.gradient is not None, (t, pair.names)
    assert found.worst <= CLOSE
    return found


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", OPS)
def test_entry_is_matched(name, seed):
    inputs, params = OPS[name].example(np.random.default_rng(seed))
    root = apply(OPS[name], *map(leaf, inputs), **params)
    assert_aligned(root, twin.replay(root))


def test_functions_cover_the_table():
    assert twin.functions().keys() == OPS.keys()


def random_program(seed):
    """Leaves' values and instructions (name, operands): operands repeat, so subexpressions are shared."""
    rng = np.random.default_rng(seed)
    shapes = [[(), (3,), (2, 1), (2, 3), (1,)][i] for i in rng.integers(5, size=rng.integers(1, 4))]
    lines = []
    for n in range(len(shapes), len(shapes) + rng.integers(2, 12)):
        name = rng.choice(sorted(INSTRUCTIONS))
        lines.append((name, rng.integers(n, size=INSTRUCTIONS[name][0]).tolist()))
    return [away(rng, shape) for shape in shapes], lines


def total(nodes):
    return sum(node.sum() for node in nodes)


@pytest.mark.parametrize("seed", range(200))
def test_random_programs(seed):
    """Written twice, in our operations and in torch's own; the two graphs are read, not replayed."""
    values, lines = random_program(seed)
    ours = total(run_lines(lines, list(map(leaf, values)), 1))
    theirs = twin.run(lambda *leaves: total(run_lines(lines, leaves, 2)), *values)
    assert_aligned(ours, theirs)


def test_random_programs_are_many_and_different():
    programs = [random_program(seed)[1] for seed in range(200)]
    assert {name for lines in programs for name, _ in lines} == INSTRUCTIONS.keys()
    assert sum(map(len, programs)) > 1000 and len(set(map(str, programs))) > 195


@pytest.mark.parametrize("activation", [ops.relu, ops.tanh, ops.sigmoid])
@pytest.mark.parametrize("widths", [[4, 3], [6, 5, 3], [4, 4, 4, 4]], ids=str)
def test_mlp(widths, activation):
    """Against torch.nn.Sequential: addmm, transposed weights, a loss that is two nodes there."""
    rng = np.random.default_rng(0)
    model = nn.MLP(widths, rng=rng, activation=activation, dtype=np.float64)
    for p in model.parameters():
        p.data = p.data + 0.1 * rng.normal(size=p.shape)
    x, y = rng.normal(size=(7, widths[0])), rng.integers(widths[-1], size=7)
    theirs = twin.model_twin(model)
    root = ops.cross_entropy(model(x), y)
    found = assert_aligned(root, twin.run(lambda: F.cross_entropy(theirs(torch.tensor(x)), torch.tensor(y))))
    assert [pair.fused for pair in found.pairs.values()].count(True) == len(widths) - 1  # the products in addmm
    for w, p in zip(model.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(w.data, p.numpy(force=True).T, rtol=1e-15)
        [accumulate] = [f for f in found.pairs[w].functions if f.name().endswith("AccumulateGrad")]
        assert accumulate.variable is p


FORMULAS = [
    "u = x + y; f = u*y",
    "f = 2/x - 3*y + x**2 + 2**y",
    "f = sigmoid(x)*tanh(y) + maximum(x, y)*sqrt(x*x + 1)",
    "s = x*y; f = (s + x)*(s + y) - 1",
    "f = 1 - softplus(-x) + exp(-y*y)/(2 + cos(x))",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas(text):
    root, leaves = parse(text).tensors(x=0.7, y=-1.3)
    if set(leaves) == {"x", "y"}:
        assert_aligned(root, twin.replay(root))


WRITTEN_IN_TORCH = {
    "linear": (lambda x, w, b: x @ w.T + b, F.linear, [(5, 3), (4, 3), (4,)]),
    "a vector through a matrix": (lambda v, w: v @ w, lambda v, w: v @ w, [(3,), (3, 4)]),
    "a stack of matrices": (lambda x, w: x @ w, lambda x, w: x @ w, [(2, 5, 3), (3, 4)]),
    "a stack by a stack": (lambda x, w: x @ w, lambda x, w: x @ w, [(6, 5, 3), (6, 3, 4)]),
    "squared error": (ops.mse, F.mse_loss, [(5, 2), (5, 2)]),
    "layer norm": (ops.standardize, lambda x: F.layer_norm(x, (4,)), [(3, 4)]),
    "softmax": (ops.softmax, lambda x: torch.softmax(x, -1), [(5, 3)]),
    "expanded": (lambda x, b: x + b, lambda x, b: x + b.expand(5, 3), [(5, 3), (3,)]),
    "indexed": (lambda x: x[1, 1:], lambda x: x[1, 1:], [(3, 4)]),
    "a square weight, twice": (lambda x, w: (x @ w) @ w, lambda x, w: F.linear(F.linear(x, w), w), [(2, 3), (3, 3)]),
    "a convolution": (
        lambda x, w: ops.max_pool2d(ops.conv2d(x, w, padding=1), 2),
        lambda x, w: F.max_pool2d(F.conv2d(x.permute(0, -1, 1, 2), w.permute(3, 2, 0, 1), padding=1), 2).permute(
            0, 2, 3, 1
        ),
        [(2, 6, 4, 3), (3, 3, 3, 5)],
    ),
    "several heads": (
        lambda x: ops.transpose(ops.reshape(x, shape=(2, 5, 3, 2)), axes=(0, 2, 1, 3)) * 2,
        lambda x: x.reshape(2, 5, 3, 2).transpose(-2, 1) * 2,
        [(2, 5, 6)],
    ),
    "a leaf": (lambda x: x, lambda x: x, [(3,)]),
}


@pytest.mark.parametrize("name", WRITTEN_IN_TORCH)
def test_as_torch_users_write_it(name):
    ours, theirs, shapes = WRITTEN_IN_TORCH[name]
    values = [np.random.default_rng(1).normal(size=shape) for shape in shapes]
    given = [v.T if name == "a square weight, twice" and v.shape == (3, 3) else v for v in values]
    root = ours(*map(leaf, values))
    if root.recipe is not None:
        found = twin.align(root, twin.run(theirs, *given))
        assert found.pairs.keys() == {t for t in topological_order(root) if t.requires_grad}
        assert found.worst <= CLOSE
        for t, pair in found.pairs.items():  # in whatever order torch has the axes of a leaf, its values are ours
            for theirs in pair.twins if t.recipe is None else []:
                if hasattr(theirs.function, "variable"):
                    assert np.array_equal(theirs.function.variable.permute(theirs.axes).numpy(force=True), t.data)


ARCHITECTURES = {
    "convolutional": lambda rng: nn.Sequential(
        nn.Reshape(6, 5, 1), nn.Conv2d(1, 4, 3, rng=rng, padding=1, dtype=float), nn.BatchNorm(4, dtype=float), ops.relu
    ),
    "attention": lambda rng: nn.Attention(6, 2, rng=rng, dtype=float),
    "Transformer block": lambda rng: nn.TransformerBlock(6, 2, rng=rng, dtype=float),
    "recurrent": lambda rng: nn.RNN(6, 3, rng=rng, dtype=float),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_architectures(name):
    rng = np.random.default_rng(0)
    model, x = ARCHITECTURES[name](rng), leaf(rng.normal(size=(2, 5, 6)))
    out = model(x)
    root = ops.sum(out * out)
    found = twin.align(root, twin.replay(root))
    assert found.pairs.keys() == {t for t in topological_order(root) if t.requires_grad}
    assert found.worst <= CLOSE and all(found.pairs[p].gradient is not None for p in model.parameters())


def test_an_alignment_reads_as_a_list():
    root, _ = parse("f = 2/x").tensors(x=4.0)
    assert str(twin.align(root, twin.replay(root))).splitlines() == [
        "div         MulBackward0 ReciprocalBackward0",
        "leaf x      AccumulateGrad",
    ]


def test_a_different_value_is_seen():
    x = leaf(1.5)
    assert twin.align(ops.sin(x) * x, twin.run(lambda x: torch.sin(x) * x, 1.5)).worst == 0
    assert twin.align(ops.sin(x) * x, twin.run(lambda x: torch.sin(x) * x, 1.5 + 1e-9)).worst > 1e-10
    weights = np.random.default_rng(0).normal(size=(3, 3))
    found = twin.align(leaf(np.ones((2, 3))) @ leaf(weights), twin.run(lambda x, w: x @ w.T, np.ones((2, 3)), weights))
    assert found.worst > 0.1  # square, and transposed by mistake


def test_a_wrong_derivative_is_seen(monkeypatch):
    from dataclasses import replace

    monkeypatch.setitem(OPS, "sin", replace(OPS["sin"], vjps=(lambda g, out, x: -g * ops.cos(x),)))
    root = apply(OPS["sin"], leaf(1.5))
    found = twin.align(root, twin.replay(root))
    assert max(pair.value for pair in found.pairs.values()) == 0 and found.worst > 0.01


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda x, y: x + y, lambda x, y: x - y),
        (lambda x, y: x * y, lambda x, y: x * y + 1),
        (lambda x, y: ops.sin(x) * y, lambda x, y: torch.sin(x) * y.detach()),
        (lambda x, y: ops.sin(x) * y, lambda x, y: torch.erf(x) * y),
    ],
)
def test_other_programs_do_not_match(ours, theirs):
    with pytest.raises(twin.MismatchError, match="no rule in RULES"):
        twin.align(ours(leaf(0.5), leaf(2.0)), twin.run(theirs, 0.5, 2.0))


def test_graph_of_torch_is_a_graph():
    root, _ = parse("u = x + y; f = u*y").tensors(x=3, y=2)
    theirs = twin.replay(root)
    graph, ids = twin.graph_of(theirs, names=["x", "y"])
    assert graph.topological_order() == tuple(graph.nodes)
    assert {node.label for node in graph.nodes.values()} == {"x", "y", "Add", "Mul"}
    assert graph.sources["MulBackward0"] == ("AddBackward0", "y")
    assert ids[theirs.root.grad_fn] == graph.output


def test_nodes_of_one_kind_are_numbered():
    graph, _ = twin.graph_of(twin.run(lambda x, y: torch.sin(torch.sin(x)) * y, 1.0, 2.0))
    assert set(graph.nodes) == {"leaf", "leaf (2)", "SinBackward0", "SinBackward0 (2)", "MulBackward0"}


def test_saved_bytes_of_torch():
    x = torch.ones(100, dtype=torch.float64, requires_grad=True)
    assert twin.saved_bytes(lambda: x + x) == 0  # a sum needs nothing
    assert twin.saved_bytes(lambda: torch.tanh(x)) == 800  # its result
    assert twin.saved_bytes(lambda: torch.sin(x)) == 800 and twin.saved_bytes(lambda: torch.sin(x), [x]) == 0
    assert twin.saved_bytes(lambda: torch.tanh(torch.tanh(x)) * x, [x]) == 1600


def test_training_on_mnist_is_the_same():
    """200 steps of Adam from the same weights, on the same batches, in float64."""
    mnist = data.load_mnist()
    batches = data.batches(mnist.x_train.astype(float), mnist.y_train, 32, np.random.default_rng(1))
    model = nn.MLP([784, 64, 10], rng=np.random.default_rng(0), dtype=np.float64)
    losses, apart = twin.train_both(model, itertools.islice(batches, 200), lr=1e-3)
    assert losses.shape == (200, 2) and losses[-20:].mean() < 0.25 * losses[0].mean()
    assert np.abs(losses[:, 0] - losses[:, 1]).max() <= 1e-13
    assert apart <= 1e-12


def test_without_torch_it_says_so(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(ImportError, match="PyTorch, which is not installed here: pip install torch"):
        twin.run(lambda x: x, 1.0)
