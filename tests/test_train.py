"""Training is a generator of steps; evaluation changes nothing."""

import math

import numpy as np
import pytest

from textbook import data, ops
from textbook.engine import Tensor
from textbook.nn import MLP, Dropout, Linear, Module, Sequential
from textbook.optim import Optimizer
from textbook.train import Score, Step, evaluate, train


def rng(seed=0):
    return np.random.default_rng(seed)


def batch(n=6, seed=0):
    return rng(seed).normal(size=(n, 3)), rng(seed + 1).integers(0, 2, n)


def network():
    return MLP([3, 4, 2], rng=rng(), dtype=np.float64)


def weights(model):
    return [p.data.copy() for p in model.parameters()]


def moved(before, model):
    return any(not np.array_equal(a, p.data) for a, p in zip(before, model.parameters(), strict=True))


# ---------------------------------------------------------------------------------------------- train


def test_a_step_is_yielded_after_each_batch_and_not_before():
    model = network()
    optimizer = Optimizer(model.parameters(), "gd", lr=0.1)
    drawn = []

    def batches():
        for i in range(3):
            drawn.append(i)
            yield batch(seed=i)

    before = weights(model)
    steps = train(model, ops.cross_entropy, batches(), optimizer)
    assert not drawn and not moved(before, model)  # nothing happens before it is asked for
    for number in (1, 2, 3):
        expected = ops.cross_entropy(model(batch(seed=number - 1)[0]), batch(seed=number - 1)[1]).item()
        step = next(steps)
        assert type(step) is Step and step.number == number and len(drawn) == number == optimizer.t
        assert step.loss == expected  # on its batch, before the update
        assert moved(before, model)
        before = weights(model)
    assert next(steps, None) is None


def test_training_is_the_loop_written_out():
    ours, by_hand = network(), network()
    batches = [batch(seed=i) for i in range(10)]
    losses = [s.loss for s in train(ours, ops.cross_entropy, batches, Optimizer(ours.parameters(), "adam", lr=0.1))]
    optimizer = Optimizer(by_hand.parameters(), "adam", lr=0.1)
    for (x, y), loss in zip(batches, losses, strict=True):
        for p in by_hand.parameters():
            p.grad = None  # gradients of one batch do not reach the next
        value = ops.cross_entropy(by_hand(x), y)
        value.backward()
        optimizer.step()
        assert value.item() == loss
    assert all(np.array_equal(p.data, q.data) for p, q in zip(ours.parameters(), by_hand.parameters(), strict=True))


def test_the_caller_may_change_the_rate_and_stop():
    model = network()
    optimizer = Optimizer(model.parameters(), "gd", lr=0.1)
    steps = train(model, ops.cross_entropy, [batch()] * 10, optimizer)
    next(steps)
    optimizer.hyper["lr"] = 0.0
    before = weights(model)
    next(steps)
    assert not moved(before, model)
    optimizer.hyper["lr"] = 0.1
    next(steps)
    assert moved(before, model)
    steps.close()
    assert optimizer.t == 3


def test_training_switches_to_training_mode():
    model = Sequential(Linear(3, 2, rng=rng()), Dropout(0.5, rng=rng())).eval()
    for _ in train(model, ops.cross_entropy, [batch()], Optimizer(model.parameters(), "gd")):
        assert all(m.training for m in model.modules())


def test_an_epoch_of_real_batches():
    x, y = data.moons(50, 0.1, rng())
    model = MLP([2, 4, 2], rng=rng())
    batches = data.batches(x, y, 16, rng(1))
    steps = list(train(model, ops.cross_entropy, batches, Optimizer(model.parameters(), "gd")))
    assert [step.number for step in steps] == [1, 2, 3, 4]


X, Y = batch()


def with_value(value, dtype=float):
    x = X.astype(dtype)
    x[4, 1] = value
    return x


@pytest.mark.parametrize(
    ("x", "y", "loss", "error", "words"),
    [
        (with_value(math.nan), Y, ops.cross_entropy, ValueError, ["batch 2", "x[4, 1] is nan", "clean"]),
        (with_value(math.inf), Y, ops.cross_entropy, ValueError, ["batch 2", "x[4, 1] is inf"]),
        (with_value(-math.inf, np.float32), Y, ops.cross_entropy, ValueError, ["x[4, 1] is -inf"]),
        (np.array([[np.inf] * 3, [-np.inf] * 3]), Y[:2], ops.cross_entropy, ValueError, ["x[0, 0] is inf"]),
        (X, np.full((6, 2), math.nan), ops.mse, ValueError, ["batch 2", "y[0, 0] is nan"]),
        (X[:0], Y[:0], ops.cross_entropy, ValueError, ["batch 2 is empty"]),
        (X, Y[:5], ops.cross_entropy, ValueError, ["batch 2", "6 inputs", "5 targets"]),
        (X, Y + 1, ops.cross_entropy, ValueError, ["= 2", "classes 0 to 1"]),
        (X, Y - 1, ops.cross_entropy, ValueError, ["= -1", "classes 0 to 1"]),
        (X, Y * 1.0, ops.cross_entropy, TypeError, ["integers", "float64"]),
        (X, Y[:, None], ops.cross_entropy, ValueError, ["(6,)", "(6, 1)"]),
        (X, Y * 1.0, ops.mse, ValueError, ["(6, 2)", "(6,)", "never broadcasts"]),
        (X, Y[:, None] * 1.0, ops.mse, ValueError, ["(6, 2)", "(6, 1)"]),
        (X[:, :2], Y, ops.cross_entropy, ValueError, ["matmul", "(6, 2)", "(3, 4)"]),
    ],
)
def test_bad_batches_are_named_and_move_nothing(x, y, loss, error, words):
    model = network()
    good = (X, Y) if loss is ops.cross_entropy else (X, np.zeros((6, 2)))
    steps = train(model, loss, [good, (x, y)], Optimizer(model.parameters(), "gd", lr=0.1))
    next(steps)
    before = weights(model)
    with pytest.raises(error) as caught:
        next(steps)
    for word in words:
        assert word in str(caught.value)
    assert not moved(before, model)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X.tolist(), Y.tolist()),
        (Tensor(X), Y),
        (np.full((2, 3), 3e38, np.float32) / [[1], [-1]], Y[:2]),  # finite, though its sum overflows
        (np.ones((2, 3), np.uint8), Y[:2].astype(np.uint8)),
    ],
    ids=["lists", "Tensor", "huge", "bytes"],
)
def test_unusual_batches_that_are_fine(x, y):
    def loss(y_hat, target):
        return ops.cross_entropy(y_hat * 1e-30, target)

    model = network()
    assert len(list(train(model, loss, [(x, y)], Optimizer(model.parameters(), "gd")))) == 1


LEARNED = {
    "xor": (np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0]), 150),
    "moons": (*data.moons(200, 0.1, rng()), 150),
}


@pytest.mark.parametrize("name", LEARNED)
def test_a_small_network_learns_what_a_line_cannot(name):
    x, y, steps = LEARNED[name]
    line, model = MLP([2, 2], rng=rng(1)), MLP([2, 16, 2], rng=rng(1), activation=ops.tanh, init="xavier")
    scores = []
    for each in (line, model):
        optimizer = Optimizer(each.parameters(), "adam", lr=0.05)
        for _ in train(each, ops.cross_entropy, [(x, y)] * steps, optimizer):
            pass
        scores.append(evaluate(each, x, y))
    assert scores[0].accuracy < 0.95 < scores[1].accuracy
    assert scores[1].loss < 0.2 < scores[0].loss


# ---------------------------------------------------------------------------------------------- evaluate


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_evaluation_in_pieces_equals_the_whole(size):
    model = network()
    x, y = batch(100)
    score = evaluate(model, x, y, size=size)
    logits = model(x).data
    assert type(score) is Score
    assert score.accuracy == np.mean(logits.argmax(axis=1) == y)
    assert score.loss == pytest.approx(-ops.log_softmax(logits)[np.arange(100), y].mean(), rel=1e-13)
    assert 0.2 < score.accuracy < 0.8  # neither trivial answer


def test_evaluation_restores_every_mode():
    frozen, free = Dropout(0.9, rng=rng(1)), Dropout(0.9, rng=rng(2))
    model = Sequential(Linear(3, 8, rng=rng()), frozen, free, Linear(8, 2, rng=rng(3)))
    frozen.eval()
    before = [m.training for m in model.modules()]
    x, y = batch(50)
    assert evaluate(model, x, y) == evaluate(model, x, y)  # nothing is dropped
    assert [m.training for m in model.modules()] == before
    model.eval()
    evaluate(model, x, y)
    assert not any(m.training for m in model.modules())
    model.train()
    with pytest.raises(ValueError, match="classes 0 to 1"):
        evaluate(model, x, y + 2)
    assert all(m.training for m in model.modules())


def test_evaluation_leaves_no_trace():
    model = network()
    x, y = batch()
    before = weights(model)
    ops.cross_entropy(model(x), y).backward()
    gradients = [p.grad.copy() for p in model.parameters()]
    evaluate(model, x, y)
    assert not moved(before, model)
    assert all(np.array_equal(p.grad, g) for p, g in zip(model.parameters(), gradients, strict=True))
    assert model(x).requires_grad  # recording is on again


@pytest.mark.parametrize("n", [(0, 0), (6, 5), (5, 6)])
def test_evaluation_of_unequal_or_no_data(n):
    with pytest.raises(ValueError, match=f"got {n[0]} and {n[1]}"):
        evaluate(network(), X[: n[0]], Y[: n[1]])


class Nearest(Module):
    """A classifier without parameters, in plain numpy: the logits are an array."""

    def __call__(self, x):
        return -np.abs(np.asarray(x)[:, :1] - np.array([[-1.0, 1.0]]))


@pytest.mark.parametrize("kind", [np.asarray, lambda y: y.tolist(), Tensor])
def test_evaluation_of_a_model_that_returns_an_array(kind):
    x, y = batch(50)
    score = evaluate(Nearest(), x, kind(y), size=20)
    assert score.accuracy == np.mean((x[:, 0] > 0) == y)
    assert score.loss == pytest.approx(ops.cross_entropy(Nearest()(x), y), rel=1e-13)


def test_a_loss_must_stay_in_the_graph():
    model = network()
    steps = train(model, lambda z, y: ops.cross_entropy(z, y).item(), [(X, Y)], Optimizer(model.parameters(), "gd"))
    with pytest.raises(TypeError, match="the loss returned float: wanted a Tensor"):
        next(steps)


@pytest.mark.parametrize(
    ("x", "size", "words"),
    [
        (X, 0, "size must be at least 1, got 0"),
        (X, -1, "size must be at least 1, got -1"),  # no pass at all: it would score 0
        (with_value(math.nan), 1000, r"the data: x\[4, 1\] is nan"),
    ],
)
def test_evaluation_that_would_mean_nothing(x, size, words):
    with pytest.raises(ValueError, match=words):
        evaluate(network(), x, Y, size=size)
