"""Settings: what a control refuses, it names; and what a message from the browser changes, one thread changes."""

import asyncio
import threading

import numpy as np
import pytest

from textbook import labs
from textbook.labs import base
from textbook.labs.base import Numbers, Text, Toggle

STRANGE = ["zzz", "", b"x", [], {}, (), (1, 2, "a"), object(), np.nan, np.inf, -1e300, 1e300]
CONTROLS = [
    (lab, control)
    for lab in labs.LABS.values()
    for control in (lab.controls if isinstance(lab, base.Lab) else ())
    if type(control).__module__ == base.__name__ and not isinstance(control, Toggle)  # a toggle takes anything
]


@pytest.mark.parametrize(("lab", "control"), CONTROLS, ids=lambda thing: thing.name)
def test_a_strange_value_is_refused_by_name(lab, control):
    refused = 0
    for value in STRANGE:
        try:
            control.check(value)
        except ValueError as error:
            assert control.name in str(error) or (isinstance(control, Text) and isinstance(value, str)), (value, error)
            refused += 1
    assert refused >= 8


def test_a_point_far_out_is_refused_before_it_overflows():
    assert Numbers("start", "start", None).check((3, -1e9)) == (3.0, -1e9)
    with pytest.raises(ValueError, match=r"start must be finite numbers, at most 1e\+09 in size, got \(1e\+300,\)"):
        labs.learning_rate(start=(1e300,))


def test_several_takes_any_collection_of_names():
    several = next(c for c in labs.optimizer_race.controls if c.name == "rules")
    for chosen in (["adam", "gd"], {"gd": {}, "adam": {}}, {"adam", "gd"}):
        assert several.check(chosen) == ("gd", "adam")
    with pytest.raises(ValueError, match="unknown rules 3"):
        several.check(3)


def test_a_message_from_another_thread_is_answered_in_the_loop_of_the_lab():
    seen: list[threading.Thread] = []

    async def reader():
        view = labs.stretch.show()
        change = view.scene.change
        view.scene.change = lambda *a, **k: (seen.append(threading.current_thread()), change(*a, **k))
        messages = threading.Thread(target=lambda: view.move("a", -1.0))
        messages.start()
        messages.join()
        assert not seen  # only queued
        await asyncio.sleep(0)
        return view.scene.settings["a"]

    assert asyncio.run(reader()) == -1.0
    assert seen == [threading.current_thread()]
