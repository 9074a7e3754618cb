"""The race on digits: each run is the training lab's, and the live race is the headless one."""

import asyncio
import time

import numpy as np
import pytest

from textbook import labs, optim
from textbook.labs.mnist_race import FIRST_SEED, RATES, RECORDED, Race

lab, training = labs.mnist_race, labs.mnist_training
SMALL = {"hidden": "8", "epochs": 1, "batch": 512, "seeds": 2}


def test_each_run_is_the_training_labs():
    d = lab(rules=("gd", "muon"), **SMALL)
    assert d.loss.shape == d.accuracy.shape == (2, 2, 5) and d.epochs == 1 and d.step == d.total == 14
    for i, rule in enumerate(d.rules):
        for k in range(2):
            alone = training(rule=rule, lr=RATES[rule], seed=FIRST_SEED + k, hidden="8", batch=512, epochs=1)
            np.testing.assert_array_equal(d.loss[i, k], alone.val_loss)
            np.testing.assert_array_equal(d.accuracy[i, k], alone.val_accuracy)


def test_a_factor_is_on_all_rates():
    assert lab(times=0.1, steps=1, **SMALL).lr == pytest.approx([0.1 * RATES[rule] for rule in lab(steps=1).rules])


def test_every_rule_has_a_rate():
    assert RATES.keys() == optim.RULES.keys()


def test_a_run_that_diverges_stops_alone():
    d = lab(rules=("gd", "adam"), times=10.0, hidden="64 64 64 64", seeds=1)
    assert np.isnan(d.loss[0, 0, -1]) and np.isfinite(d.loss[1]).all() and d.step == d.total
    assert "gd: diverged" in lab.scene(rules=("gd", "adam"), times=10.0, hidden="64 64 64 64", seeds=1).stage.caption


def test_live_is_headless_and_can_be_paused():
    async def play():
        view = lab.show(**SMALL)
        assert view.run.step_number == 0 and not view.running
        view.press("start")
        while view.run.step_number < 3:
            await asyncio.sleep(0)
        view.press("start")
        stopped = view.run.step_number
        for _ in range(50):
            await asyncio.sleep(0)
        assert view.run.step_number == stopped < view.run.total
        assert view.panel.parts["state"]["text"].startswith("Paused · step")
        assert 0 < view.panel.parts["state"]["value"] < 1
        view.move("times", 0.5)  # holds from the next Reset
        assert view.panel.parts["state"]["text"].endswith("times: from the next Reset")
        view.move("times", 1.0)
        view.start()
        while view.running:
            await asyncio.sleep(0)
        return view

    view = asyncio.run(play())
    np.testing.assert_array_equal(view.data.loss[..., -1], lab(**SMALL).loss[..., -1])
    assert view.panel.parts["state"]["text"].startswith("Finished") and view.panel.parts["state"]["value"] == 1
    assert view.stage.caption.startswith("After step 14 of 14, accuracy from the worst to the best seed: gd")


def test_reset_begins_with_what_is_set():
    view = lab.show(steps=2, **SMALL)
    while view.run.going:
        view.run.step()
    view.set(seeds=1)
    assert len(view.run.runs[0]) == 2
    view.press("reset")
    assert view.run.step_number == 0 and len(view.run.runs[0]) == 1


def test_the_whole_race_takes_seconds():
    """Five rules, three seeds, two epochs, in seconds of a processor: others may be at work on the machine."""
    began = time.process_time()
    race = Race(lab.settings())
    while race.going:
        race.step()
    spent = time.process_time() - began
    assert race.data().loss.shape[:2] == (5, 3) and race.data().epochs == 2
    assert spent < 10
    found = np.median(race.data().loss, axis=1)
    np.testing.assert_allclose(found, RECORDED, atol=0.08)  # the curves that the picture begins with
