"""The training lab: headless, and live in an event loop of the test's own."""

import asyncio
import itertools
import sys
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.lines import Line2D

from textbook import data, engine, nn, ops, optim, torch_twin, train
from textbook.labs import mnist_training
from textbook.labs.mnist_training import TrainingView
from textbook.labs.mnist_training.deep import REMEDIES
from textbook.labs.mnist_training.picture import RECORDED_ACCURACY, RECORDED_LOSS
from textbook.labs.mnist_training.run import AT_RESET, Run
from textbook.labs.mnist_training.sides import BESIDE

MODULE = sys.modules[Run.__module__]    # textbook.labs.mnist_training is the lab
SMALL = {"hidden": "8", "epochs": 1}
NAN = float("nan")


# ---- the run ----


def test_is_the_plain_loop():
    """Same seed, same batches, same steps as a loop over train() written out."""
    training = mnist_training(steps=150, hidden="16", rule="momentum", lr=0.02, seed=3)
    rng = np.random.default_rng(3)
    model = nn.MLP([784, 16, 10], rng=rng)
    optimizer = optim.Optimizer(model.parameters(), "momentum", lr=0.02)
    mnist, losses = data.load_mnist(), []
    for _ in range(2):
        batches = data.batches(mnist.x_train, mnist.y_train, 64, rng)
        for step in train.train(model, ops.cross_entropy, batches, optimizer):
            losses.append(step.loss)
            if len(losses) == 150:
                break
    assert training.loss.tolist() == losses
    score = train.evaluate(model, mnist.x_val, mnist.y_val)
    assert (training.val_loss[-1], training.val_accuracy[-1]) == score
    np.testing.assert_array_equal(training.weights, model.layers[0].w.data)


def test_default_learns():
    training = mnist_training()
    assert len(training.loss) == training.total == 5 * 110
    assert training.parameters == 784 * 128 + 128 + 128 * 10 + 10
    assert training.weights.shape == (784, 16) and training.units == 128
    assert training.checked.tolist()[:6] == [0, 28, 55, 83, 110, 138] and training.checked[-1] == 550
    assert training.val_accuracy[0] < 0.3 and training.val_accuracy[-1] > 0.9
    assert training.smoothed[-1] < 0.3 < training.smoothed[0]
    np.testing.assert_allclose(training.val_loss, RECORDED_LOSS, atol=0.05)  # the curves that the picture begins with
    np.testing.assert_allclose(training.val_accuracy, RECORDED_ACCURACY, atol=0.03)


@pytest.mark.parametrize(("network", "lr", "low", "high"), [
    ("deep", 1e-3, 0.08, 0.13), ("deep", 1e-2, 0.08, 0.13), ("layer", 1e-3, 0.08, 0.13), ("start", 1e-3, 0.4, 0.8),
    ("relu", 1e-3, 0.7, 1), ("residual", 1e-3, 0.8, 1), ("batch", 1e-3, 0.8, 1),
])  # fmt: skip
def test_twenty_sigmoid_layers_do_not_learn_and_with_some_remedies_do(network, lr, low, high):
    training = mnist_training(network=network, lr=lr, epochs=2)
    assert low < training.val_accuracy[-1] < high


def test_a_deep_network_is_asked_for_in_one_word():
    view = mnist_training.show(network="residual")
    assert view.settings.call() == "labs.mnist_training.show(network='residual')"
    assert not view.panel.parts["network"]["more"] and not {"hidden", "activation", "init"} & set(view.panel.parts)
    model = view.run.model
    assert len(model.parameters()) == 2 * 21 and len(model.modules()) == 1 + 1 + 19 * 3 + 1
    view.move("network", "own")
    assert view.panel.parts["network"]["more"] and "hidden" in view.panel.parts


def test_smoothed_is_the_bias_corrected_mean():
    training = mnist_training(steps=40, **SMALL)
    weights = 0.95 ** np.arange(40)[::-1]
    assert training.smoothed[-1] == pytest.approx((weights * training.loss).sum() / weights.sum())
    assert training.smoothed[0] == training.loss[0]


def test_the_test_part_is_never_touched(monkeypatch):
    full = data.load_mnist()
    monkeypatch.setattr(data, "load_mnist", lambda: full._replace(x_test=None, y_test=None))
    MODULE._mnist.cache_clear()
    try:
        assert len(mnist_training(steps=3, **SMALL).loss) == 3
    finally:
        MODULE._mnist.cache_clear()


def test_change_of_rule_and_rate_between_steps():
    run = Run(mnist_training.settings(**SMALL))
    for _ in range(5):
        run.step()
    before = run.optimizer
    parameters = [p.detach().data for p in before.params]
    run.change(mnist_training.settings(**SMALL, lr=0.5))
    assert run.optimizer is before and before.hyper["lr"] == 0.5
    run.change(mnist_training.settings(**SMALL, lr=0.25, rule="gd"))
    assert run.optimizer is not before and run.optimizer.rule is optim.gd and run.optimizer.hyper["lr"] == 0.25
    for old, new in zip(parameters, run.optimizer.params, strict=True):
        np.testing.assert_array_equal(old, new.detach().data)
    assert all(a is b for a, b in zip(before.params, run.optimizer.params, strict=True))
    run.step()
    gradient = run.optimizer.params[1].grad
    np.testing.assert_allclose(run.optimizer.params[1].detach().data, parameters[1] - 0.25 * gradient, rtol=1e-6)
    assert run.data().changes == ((0, "adam", 1e-3), (5, "gd", 0.25))


def test_swapping_the_rule_keeps_the_order_of_the_batches(monkeypatch):
    seen = []
    true_batches = data.batches

    def watched(*args, **kwargs):
        for x, y in true_batches(*args, **kwargs):
            seen.append(y)
            yield x, y

    monkeypatch.setattr(data, "batches", watched)
    run = Run(mnist_training.settings(**SMALL))
    for k in range(run.per_epoch):
        run.change(mnist_training.settings(**SMALL, rule=list(optim.RULES)[k % len(optim.RULES)]))
        run.step()
    assert sum(map(len, seen)) == 7000
    np.testing.assert_array_equal(np.bincount(np.concatenate(seen)), np.bincount(data.load_mnist().y_train))


@pytest.mark.parametrize("rule", optim.RULES)
def test_every_rule_trains(rule):
    training = mnist_training(rule=rule, lr=0.003, steps=60, **SMALL)
    assert training.val_loss[-1] < training.val_loss[0]


def test_divergence_is_a_result():
    training = mnist_training(rule="gd", lr=10, hidden="64 64 64 64", steps=200)
    assert 1 < training.diverged_at == len(training.loss) < 200
    assert np.isnan(training.loss[-1]) and np.isfinite(training.weights).all()
    scene = mnist_training.scene(rule="gd", lr=10, hidden="64 64 64 64", steps=200)
    at = training.diverged_at
    assert scene.stage.caption == f"Diverged at step {at}: the loss is no longer a number; press Reset."
    assert_drawn(scene)


# ---- pictures and settings ----


def assert_drawn(scene):
    """Every number that is drawn is finite (gaps in the lines that mark changes aside), and the picture is recorded."""
    for line in scene.figure.findobj(Line2D):
        if line.get_linestyle() != ":":
            assert np.isfinite(np.asarray(line.get_xydata(), float)).all()
    assert scene.stage.caption and "nan" not in scene.stage.caption and "inf" not in scene.stage.caption
    assert scene.stage._film


ENDS = {
    "lr": (1e-5, 1e-3, 10.0), "network": ("own", "cnn", *REMEDIES), "beside": tuple(BESIDE),
    "engine": ("ours", "torch"), "rule": tuple(optim.RULES), "epochs": (1, 50),
    "pace": (0, 10), "weights": ("now", "change"), "hidden": ("", "1", "3, 5", "8 " * 20), "batch": (1, 64, 7000),
    "activation": ("relu", "tanh", "sigmoid"), "init": ("zeros", "normal", "xavier", "he"), "seed": (0, 10**6),
    "steps": (0, 1, 7),
}  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in ENDS.items()}))
def test_every_combination_of_extremes_is_drawn(values):
    assume((values["network"], values["batch"]) != ("batch", 1))  # refused
    assume(values["engine"] == "ours" or values["rule"] in torch_twin.OPTIMIZERS)  # the same
    assume(values["network"] != "cnn" or values["batch"] < 7000)  # seconds a step
    scene = mnist_training.scene(**values)
    assert len(scene.data.loss) == (values["steps"] if scene.data.diverged_at < 0 else scene.data.diverged_at)
    assert_drawn(scene)
    head, rows = mnist_training.rows(scene.data)
    assert len(rows) == len(scene.data.checked) and all(len(row) == len(head) for row in rows)


def test_controls_and_extremes_are_the_same_list():
    assert set(mnist_training.controls) == set(ENDS)
    assert set(AT_RESET) < set(ENDS)


def test_png():
    assert mnist_training.png(steps=2, **SMALL).startswith(b"\x89PNG")


@pytest.mark.parametrize(("values", "error"), [
    ({"hidden": "12, many"}, "hidden widths are whole numbers"), ({"hidden": "0"}, "hidden widths are whole numbers"),
    ({"hidden": "2000, 49"}, "add up to 2,049"), ({"batch": 63}, "unknown batch 63"),
    ({"lr": 0.0}, "lr must lie between"), ({"seed": None}, "seed must be a whole number"),
    ({"rule": "sgd"}, "unknown rule 'sgd'"), ({"seed": -1}, "seed must be a whole number"),
    ({"network": "batch", "batch": 1}, "batch 1: batch normalisation needs two"),
    ({"steps": 1.5}, "steps must be a whole number"), ({"lr": NAN}, "lr must lie between"),
])  # fmt: skip
def test_what_is_refused(values, error):
    with pytest.raises(ValueError, match=error):
        mnist_training(**values)


@pytest.mark.parametrize(("text", "widths"), [
    ("", []), (" ", []), ("128", [128]), ("256, 128", [256, 128]), ("64 64", [64, 64]), ("32,", [32]),
])
def test_hidden_widths(text, widths):
    run = Run(mnist_training.settings(hidden=text))
    assert [layer.w.shape[1] for layer in run.model.layers] == [*widths, 10]


# ---- live ----


async def until(condition, passes=200_000):
    """Let the loop run until the condition holds."""
    for _ in range(passes):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come to pass")


async def some_passes():
    for _ in range(50):
        await asyncio.sleep(0)


def test_live_training_is_the_headless_one():
    async def play():
        view = mnist_training.show(hidden="16", epochs=2)
        await some_passes()
        assert not view.running and view.run.step_number == 0    # it starts only at the press of its button
        assert view.panel.parts["start"]["label"] == "Start"
        view.press("start")
        assert view.running and view.panel.parts["start"]["label"] == "Pause"
        await until(lambda: not view.running)
        return view

    view = asyncio.run(play())
    plain = mnist_training(hidden="16", epochs=2)
    np.testing.assert_array_equal(view.data.loss, plain.loss)
    np.testing.assert_array_equal(view.data.val_accuracy, plain.val_accuracy)
    assert view.stage.caption.startswith("After step 220 of 220, epoch 2.0, adam with α = 0.001")
    state = view.panel.parts["state"]
    assert state["text"].startswith("Finished · step 220 of 220") and state["value"] == 1
    assert not view.run.going and view.failure is None
    assert view.data.val_accuracy[-1] > 0.5 and view.data.smoothed[-1] < view.data.smoothed[0]


def test_start_change_pause_resume_reset():
    async def play():
        view = mnist_training.show(hidden="8", epochs=50)
        view.start()
        view.start()    # a second press does nothing
        await until(lambda: view.run.step_number > 20)

        view.move("lr", 0.05)
        assert view.run.optimizer.hyper["lr"] == 0.05 and view.running
        assert "α = 0.05" in view.panel.parts["state"]["text"]
        assert "lr=0.05" in view.settings.call()
        before, changed_at = view.run.optimizer, view.run.step_number
        view.move("rule", "momentum")
        assert view.run.optimizer.rule is optim.momentum and view.run.optimizer.params == before.params
        await until(lambda: view.run.step_number > changed_at + 5)
        assert [change[1:] for change in view.run.changes] == [("adam", 1e-3), ("momentum", 0.05)]

        view.pause()
        stopped = view.run.step_number
        await some_passes()
        assert view.run.step_number == stopped and not view.running
        assert view.panel.parts["start"]["label"] == "Resume" and view.panel.parts["state"]["text"].startswith("Paused")
        assert view.stage.caption.startswith(f"After step {stopped:,} of 5,500")
        assert "momentum with α = 0.05" in view.stage.caption
        view.set(lr=0.01)
        assert view.run.optimizer.hyper["lr"] == 0.01 and view.run.step_number == stopped

        view.press("start")
        await until(lambda: view.run.step_number > stopped)

        view.move("hidden", "24")    # holds from the next Reset
        view.move("batch", 512)
        assert view.panel.parts["state"]["text"].endswith("hidden, batch: from the next Reset") and view.running
        assert view.run.model.layers[0].w.shape == (784, 8)

        old = view.run
        view.press("reset")
        stopped = old.step_number
        assert not view.running and view.run.step_number == 0 and view.panel.parts["start"]["label"] == "Start"
        assert view.run.model.layers[0].w.shape == (784, 24) and view.run.per_epoch == 14
        assert view.stage.caption.startswith("Before the first of 700 steps")
        assert "examples/s" not in view.panel.parts["state"]["text"]
        assert view.run.optimizer.rule is optim.momentum and view.run.optimizer.hyper["lr"] == 0.01
        await some_passes()
        assert old.step_number == stopped and view.run.step_number == 0
        view.start()
        await until(lambda: view.run.step_number > 3)
        view.close()
        stopped = view.run.step_number
        await some_passes()
        assert view.run.step_number == stopped and TrainingView.in_training is None
        assert len(asyncio.all_tasks()) == 1    # this one

    asyncio.run(play())


def test_before_the_first_step_every_setting_acts_at_once():
    view = mnist_training.show(**SMALL)
    view.move("hidden", "5")
    assert view.run.model.layers[0].w.shape == (784, 5)
    view.move("hidden", "5, x")
    assert "hidden widths are whole numbers" in view.error and view.run.model.layers[0].w.shape == (784, 5)
    view.move("hidden", "6")
    assert view.error == "" and view.run.model.layers[0].w.shape == (784, 6)


def test_more_epochs_go_on_where_it_ended():
    async def play():
        view = mnist_training.show(batch=512, **SMALL)
        view.start()
        await until(lambda: not view.running)
        assert view.run.step_number == 14
        view.start()
        assert not view.running
        view.move("epochs", 2)
        assert view.panel.parts["start"]["label"] == "Resume"
        view.start()
        await until(lambda: not view.running)
        return view

    view = asyncio.run(play())
    np.testing.assert_array_equal(view.run.losses, mnist_training(batch=512, hidden="8", epochs=2).loss)


@pytest.mark.parametrize("pace", [10, 100])
def test_at_a_slow_pace_the_steps_come_one_by_one(monkeypatch, pace):
    waits = []
    sleep = asyncio.sleep

    async def no_wait(seconds):
        waits.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", no_wait)
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)  # the clock stands: a step takes no time at all

    async def play():
        view = mnist_training.show(pace=pace, steps=3, **SMALL)
        view.start()
        while view.running:
            await sleep(0)
        return view

    assert asyncio.run(play()).run.step_number == 3
    assert [wait for wait in waits if wait > 0] == [1 / pace] * 2  # between the three


def test_divergence_ends_the_run_in_words():
    async def play():
        view = mnist_training.show(rule="gd", lr=10.0, hidden="64 64 64 64")
        view.start()
        await until(lambda: not view.running)
        return view

    view = asyncio.run(play())
    at = view.run.diverged_at
    assert view.stage.caption == f"Diverged at step {at}: the loss is no longer a number; press Reset."
    assert view.panel.parts["state"]["text"].startswith(f"Diverged at step {at}")
    assert not view.run.going and view.failure is None
    assert_drawn(view.scene)
    view.reset()
    assert view.run.diverged_at == -1


@pytest.mark.parametrize("where", ["evaluate", "train", "draw"])
def test_no_exception_is_lost(monkeypatch, where):
    async def play():
        view = mnist_training.show(**SMALL)

        def fail(*args):
            raise ZeroDivisionError("on <purpose>")

        view.start()
        await until(lambda: view.run.step_number > 3)
        if where == "evaluate":
            monkeypatch.setattr(train, "evaluate", fail)
        elif where == "train":
            view.run.optimizer.step = fail
        else:
            view.scene.draw = fail
        await until(lambda: not view.running)
        return view

    view = asyncio.run(play())
    assert isinstance(view.failure, ZeroDivisionError)
    assert "ZeroDivisionError: on <purpose>" in view.error and view.panel.parts["error"]["value"] == view.error
    assert view.panel.parts["state"]["text"].startswith("Failed")
    assert TrainingView.in_training is None
    if where == "train":
        view.reset()
        assert view.failure is None and view.error == ""


def test_one_trains_at_a_time():
    async def play():
        first, second = mnist_training.show(epochs=50, **{"hidden": "8"}), mnist_training.show(**SMALL)
        first.start()
        await until(lambda: first.run.step_number)
        second.start()
        assert second.running and not first.running and first.panel.parts["state"]["text"].startswith("Paused")
        stopped = first.run.step_number
        await until(lambda: second.run.step_number)
        third = mnist_training.show(**SMALL)    # the cell run again: what was shown before can no longer be stopped
        assert not second.running and not third.running
        await some_passes()
        assert first.run.step_number == stopped
        first.start()
        await until(lambda: first.run.step_number > stopped)
        first.close()

    asyncio.run(play())


def test_without_an_event_loop_start_says_what_to_do():
    view = mnist_training.show(**SMALL)
    with pytest.raises(RuntimeError, match=r"in a script, labs\.mnist_training\(\.\.\.\) trains"):
        view.start()
    assert not view.running and TrainingView.in_training is None


def test_screen_readers_are_not_flooded(monkeypatch):
    """Pictures come many times a second, captions every few seconds, and at the end."""
    clock = itertools.count(step=0.05)    # seconds; one reading of the clock costs so much
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    monkeypatch.setattr("time.process_time", lambda: 0.0)    # and pictures cost nothing
    said, painted = [], []

    async def play():
        view = mnist_training.show(steps=100, **SMALL)
        show_frame = view.stage.show_frame

        def show(caption):
            show_frame(caption)
            painted.append(next(clock))
            if not said or said[-1][1] != caption:
                said.append((next(clock), caption))

        view.stage.show_frame = show
        view.start()
        await until(lambda: not view.running)

    asyncio.run(play())
    times = [time for time, _ in said]
    assert len(painted) > 4 * len(said) > 8
    assert min(np.diff(times)[:-1]) > 2    # the last one tells the end


def test_shown_weights_are_copies():
    """What the lab shows is a copy: the picture must not change while the next steps are taken."""
    run = Run(mnist_training.settings(**SMALL))
    for _ in range(3):
        run.step()
        weights = run.data().weights
    assert not np.shares_memory(weights, run.model.layers[0].w._data)
    assert isinstance(run.model.layers[0].w, engine.Tensor)


def test_a_state_can_be_called_again():
    view = mnist_training.show(lr=0.02, hidden="8, 8", epochs=2)
    assert view.settings.call() == "labs.mnist_training.show(lr=0.02, epochs=2, hidden='8, 8')"
    assert "Before the first" in str(view._repr_mimebundle_())
    assert len(mnist_training.show(**view.settings).run.model.layers) == 3


# ---- beside the curves, and the other engine ----


@pytest.mark.parametrize("network", ["own", "cnn", "residual", "batch", "layer"])
def test_pytorch_takes_the_same_steps(network):
    """The same first weights, batches and dropout: the first loss in its last digit or two, later ones nearly."""
    ours, theirs = (mnist_training(network=network, engine=engine, steps=6) for engine in ("ours", "torch"))
    np.testing.assert_allclose(theirs.loss[0], ours.loss[0], rtol=1e-6)
    np.testing.assert_allclose(theirs.loss, ours.loss, rtol=1e-5)
    np.testing.assert_allclose(theirs.gradients, ours.gradients, rtol=1e-4)
    np.testing.assert_allclose(theirs.updates, ours.updates, rtol=1e-3)
    np.testing.assert_allclose(theirs.val_loss, ours.val_loss, rtol=1e-4)
    assert theirs.loss[-1] != theirs.loss[0]


@pytest.mark.parametrize("rule", torch_twin.OPTIMIZERS)
def test_pytorch_has_the_same_optimizer(rule):
    ours, theirs = (mnist_training(rule=rule, lr=0.01, engine=engine, steps=8, **SMALL) for engine in ("ours", "torch"))
    np.testing.assert_allclose(theirs.loss, ours.loss, rtol=1e-4)


def test_an_optimizer_that_pytorch_has_not_is_refused():
    with pytest.raises(ValueError, match="rule lion: with engine PyTorch choose one of gd, momentum"):
        mnist_training(rule="lion", engine="torch")
    model = nn.MLP([4, 3], rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="and no lion"):
        next(torch_twin.train(model, [], optim.Optimizer(model, "lion")))
    odd = nn.Sequential(*model.layers, lambda z: z)
    with pytest.raises(ValueError, match="no twin in PyTorch is known for <function"):
        next(torch_twin.train(odd, [(np.ones((2, 4), "f4"), np.zeros(2, int))], optim.Optimizer(odd, "gd")))


def test_pytorch_answers_to_changes_in_the_run():
    """A new rate and a new rule between two steps act on the next, as with our own engine."""
    def run(engine):
        found = Run(mnist_training.settings(**SMALL, engine=engine))
        for lr, rule in ((1e-3, "adam"), (0.1, "adam"), (0.5, "gd")):
            found.change(mnist_training.settings(**SMALL, engine=engine, lr=lr, rule=rule))
            for _ in range(3):
                found.step()
        return found.data()

    ours, theirs = run("ours"), run("torch")
    np.testing.assert_allclose(theirs.loss, ours.loss, rtol=1e-4)
    assert theirs.changes == ours.changes == ((0, "adam", 1e-3), (3, "adam", 0.1), (6, "gd", 0.5))


def test_the_engine_is_switched_at_reset():
    view = mnist_training.show(**SMALL)
    view.run.step()
    view.move("engine", "torch")
    assert view.panel.parts["state"]["text"].endswith("engine: from the next Reset")
    view.press("reset")
    assert "by PyTorch" in view.panel.parts["state"]["text"] and view.run.settings["engine"] == "torch"


def test_gradients_and_updates_are_those_of_the_step():
    """Of gradient descent the update is the rate times the gradient: here measured, there worked out."""
    settings = mnist_training.settings(rule="gd", lr=0.25, hidden="8, 6", batch=512)
    run = Run(settings)
    before = [p.detach().data.copy() for p in run.matrices]
    run.step()
    d = run.data()
    assert d.layers == ((784, 8), (8, 6), (6, 10)) and d.measured.tolist() == [1]
    for k, (p, old) in enumerate(zip(run.matrices, before, strict=True)):
        assert d.gradients[0, k] == pytest.approx(np.linalg.norm(p.grad), rel=1e-5)
        assert d.updates[0, k] == pytest.approx(0.25 * np.linalg.norm(p.grad) / np.linalg.norm(old), rel=1e-4)
    assert mnist_training(steps=110).measured.tolist() == list(range(1, 110, 6))  # some 16 an epoch: they take time


def test_the_side_that_is_chosen_is_drawn_and_no_other():
    scene = mnist_training.scene(steps=30, **SMALL)
    sides = {}
    for beside in BESIDE:
        scene.change(mnist_training.settings(steps=30, beside=beside, **SMALL))
        sides[beside] = frozenset(a for a in scene.stage.live if a.get_visible())
        assert_drawn(scene)
    curves = frozenset.intersection(*sides.values())
    assert len(curves) == 6 and len({found - curves for found in sides.values()}) == len(BESIDE)


def test_confusion_and_mistakes_are_those_of_the_validation_digits():
    scene = mnist_training.scene(steps=60, beside="confusion", **SMALL)
    d = scene.data
    said = d.logits.argmax(axis=1)
    assert (said == d.labels).mean() == pytest.approx(d.val_accuracy[-1])
    wrong = np.flatnonzero(said != d.labels)
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (d.labels[wrong], said[wrong]), 1)
    true, read = np.unravel_index(counts.argmax(), counts.shape)
    assert f"a {true} read as a {read}, {counts.max()} times" in scene.stage.caption

    scene.change(mnist_training.settings(steps=60, beside="mistakes", **SMALL))
    losses = [-ops.log_softmax(d.logits[k].astype(float))[d.labels[k]] for k in wrong]
    worst = wrong[int(np.argmax(losses))]
    assert f"{len(wrong)} are wrong; the worst is a {d.labels[worst]} read as a {said[worst]}" in scene.stage.caption


def test_changes_without_a_step_between_leave_one_mark():
    """Dragging the slider passes many rates: those that no step was taken with are no changes."""
    run = Run(mnist_training.settings(**SMALL))
    run.step()
    for lr in (0.01, 0.02, 0.05):
        run.change(mnist_training.settings(**SMALL, lr=lr))
    assert run.data().changes == ((0, "adam", 1e-3), (1, "adam", 0.05))  # marked at once, before the next step
    run.change(mnist_training.settings(**SMALL))
    assert run.data().changes == ((0, "adam", 1e-3),)


def test_pictures_take_little_of_the_time(monkeypatch):
    """A picture that takes long comes more rarely, so that watching hardly slows the training."""
    work = itertools.count(step=0.01)
    monkeypatch.setattr("time.process_time", lambda: next(work))  # a step costs as much, and a picture ten of them
    painted = []

    async def play():
        view = mnist_training.show(steps=400, **SMALL)
        change = view.scene.change

        def slow(settings):
            painted.append(view.run.step_number)
            for _ in range(9):
                time.process_time()
            change(settings)

        view.scene.change = slow
        monkeypatch.setattr(sys.modules[TrainingView.__module__], "REPAINT", 0.0)
        monkeypatch.setattr(sys.modules[TrainingView.__module__], "SLICE", 0.0)
        view.start()
        await until(lambda: not view.running)

    asyncio.run(play())
    assert 3 < len(painted) < 12 and min(np.diff(painted[1:-1])) >= 40
