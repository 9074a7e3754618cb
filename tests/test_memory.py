"""What a graph keeps, and checkpointing: the same gradients, from less memory, for more operations."""

import gc
import tracemalloc

import numpy as np
import pytest
import torch
from torch.utils.checkpoint import checkpoint as torch_checkpoint

from textbook import grad, jvp, nn, ops, torch_twin
from textbook.engine import GraphError, Tensor, hvp, no_grad
from textbook.memory import checkpoint, saved_bytes, timeline

X = np.linspace(-1.0, 1.0, 12).reshape(3, 4)


def leaf(values):
    return Tensor(np.asarray(values, float), requires_grad=True)


def part(x, w):
    return ops.tanh(ops.sin(x @ w) * x)


def twice(f, x, w):
    return (f(f(x, w), w) ** 2).sum()


def checkpointed(x, w):
    return checkpoint(part, x, w)


def test_gradients_are_the_same():
    w = np.random.default_rng(0).normal(size=(4, 4))
    found = []
    for f in (part, checkpointed):
        a, b = leaf(X), leaf(w)
        twice(f, a, b).backward()
        found.append((a.grad, b.grad))
    for plainly, again in zip(*found, strict=True):
        np.testing.assert_array_equal(plainly, again)


def test_derivatives_of_derivatives_pass_through():
    w, v = np.random.default_rng(0).normal(size=(2, 4, 4))
    plainly, again = (lambda w, f=f: twice(f, Tensor(X), w) for f in (part, checkpointed))
    np.testing.assert_allclose(hvp(again)(w, v), hvp(plainly)(w, v), rtol=1e-12)
    np.testing.assert_allclose(jvp(again)(w, v), jvp(plainly)(w, v), rtol=1e-12)
    cube = lambda x: checkpoint(lambda x: x**3, x)  # noqa: E731
    assert grad(grad(grad(cube)))(2.0) == 6.0


def test_parameters_of_a_layer_are_found():
    rng = np.random.default_rng(0)
    layers = [nn.Linear(4, 4, rng=rng, dtype=np.float64) for _ in range(3)]
    part = lambda x: ops.tanh(layers[1](ops.tanh(layers[0](x))))  # noqa: E731
    found = []
    for f in (part, lambda x: checkpoint(part, x)):
        ops.mse(layers[2](f(X)), X).backward()
        found.append([p.grad for layer in layers for p in (layer.w, layer.b)])
        for layer in layers:
            layer.w.grad = layer.b.grad = None
    for plainly, again in zip(*found, strict=True):
        np.testing.assert_array_equal(plainly, again)


def test_an_outer_result_inside_is_followed_to_its_leaves():
    a = leaf(2.0)
    square = a * a
    checkpoint(lambda x: x * square, leaf(3.0)).backward()
    assert a.grad == 12.0


def test_f_runs_once_more_for_each_backward_and_no_more():
    runs = []

    def f(x, y):
        runs.append(1)
        return ops.sin(x) * y * x

    x, y = leaf(1.0), leaf(2.0)
    out = checkpoint(f, x, y)
    assert len(runs) == 1
    out.backward()
    assert len(runs) == 2
    out.backward()
    assert len(runs) == 3
    np.testing.assert_allclose(x.grad, 2 * (2 * np.sin(1) + 2 * np.cos(1)))


@pytest.mark.parametrize("wanted", [(True, False), (False, True), (False, False)])
def test_constants_get_none(wanted):
    x, y = (Tensor(3.0, requires_grad=w) for w in wanted)
    out = checkpoint(ops.mul, x, y)
    assert out.requires_grad == any(wanted)
    if any(wanted):
        out.backward()
    assert [t.grad is not None for t in (x, y)] == list(wanted)


def test_an_input_that_comes_straight_out():
    x = leaf(X)
    (checkpoint(lambda x: x, x) * 2).sum().backward()
    np.testing.assert_array_equal(x.grad, np.full_like(X, 2.0))


def test_what_draws_random_numbers_is_refused():
    drop = nn.Dropout(0.5, rng=np.random.default_rng(0))
    out = checkpoint(lambda x: drop(ops.sin(x)), leaf(np.ones(50)))
    with pytest.raises(GraphError, match="something else when it was run again"):
        out.sum().backward()


def test_no_grad_and_wrong_functions():
    with no_grad():
        assert checkpoint(ops.sin, leaf(1.0)).recipe is None
    with pytest.raises(GraphError, match="returns a Tensor, got int"):
        checkpoint(lambda x: 3, leaf(1.0))


def test_nested_checkpoints():
    x = leaf(X)
    checkpoint(lambda x: checkpoint(ops.sin, ops.tanh(x)) * x, x).sum().backward()
    again = x.grad
    x.grad = None
    (ops.sin(ops.tanh(x)) * x).sum().backward()
    np.testing.assert_array_equal(x.grad, again)


# ---- bytes


def test_saved_bytes():
    x, w = leaf(X), leaf(np.ones((4, 4)))
    assert saved_bytes(x) == 0
    assert saved_bytes(x.T) == 0 and saved_bytes(x.reshape(12)) == 0  # views of a leaf
    assert saved_bytes(x @ w) == 96
    assert saved_bytes((x @ w).T.reshape(12)) in (96, 192)  # numpy copies to reshape a transpose
    y = ops.sin(x)
    assert saved_bytes(y * y + y) == 3 * 96
    assert saved_bytes(ops.sum(y)) == 96 + 8


def chain(x, layers, segments):
    """Layers of two operations; in so many parts that are computed again."""
    def several(x, n):
        for _ in range(n):
            x = ops.tanh(ops.sin(x))
        return x

    if not segments:
        return several(x, layers)
    for _ in range(segments):
        x = checkpoint(lambda x: several(x, layers // segments), x)
    return x


def peak(f):
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    f()
    top = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return top - before


@pytest.mark.parametrize("segments", [0, 1, 2, 4, 8, 16])
def test_timeline_against_what_numpy_allocates(segments):
    """The engine keeps a graph until it is dropped, and a vjp has temporaries: its peak lies above, by a few arrays."""
    x = leaf(np.linspace(-1, 1, 50_000))
    unit = x._data.nbytes
    moments = timeline(chain(x, 16, segments))
    highest = max(m.alive for m in moments) / unit
    measured = peak(lambda: chain(x, 16, segments).backward(np.ones(50_000))) / unit
    assert highest - 1 <= measured <= highest + 7
    forward = [m for m in moments if m.phase == "forward"]
    assert len(forward) == 32
    assert len([m for m in moments if m.phase == "again"]) == (32 if segments else 0)
    assert len([m for m in moments if m.phase == "backward"]) == 32 + segments
    kept = saved_bytes(chain(x, 16, segments)) / unit
    assert kept == (segments or 32)
    assert moments[-1].alive == 2 * unit  # the first result and its gradient, which go now


def test_timeline_of_one_chain_by_hand():
    x = leaf(np.ones(1000))
    assert [m.alive // 8000 for m in timeline(ops.tanh(ops.sin(ops.cos(x))))] == [1, 2, 3, 5, 4, 2]
    once = [(m.phase, m.alive // 8000) for m in timeline(checkpoint(lambda x: ops.tanh(ops.sin(ops.cos(x))), x))]
    assert once == [("forward", 1), ("forward", 2), ("forward", 3), ("again", 3), ("again", 4), ("again", 5),
                    ("backward", 6), ("backward", 5), ("backward", 3), ("backward", 2)]


@pytest.mark.parametrize("segments", [1, 4])
def test_checkpointing_saves_in_torch_what_it_saves_here(segments):
    x = torch.linspace(-1, 1, 1000, dtype=torch.float64, requires_grad=True)

    def several(x, n):
        for _ in range(n):
            x = torch.tanh(torch.sin(x))
        return x

    def plainly():
        return several(x, 16)

    def again():
        y = x
        for _ in range(segments):
            y = torch_checkpoint(several, y, 16 // segments, use_reentrant=False)
        return y

    everything = torch_twin.saved_bytes(plainly, [x])
    assert everything == 16 * 8000  # each tanh needs its result, which is what the next sine needs; a sine's is let go
    assert torch_twin.saved_bytes(again, [x]) == (segments - 1) * 8000  # the inputs of all parts but the first
