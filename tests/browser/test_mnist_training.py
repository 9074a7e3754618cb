"""The training lab in JupyterLab: nothing runs by itself; everything can be changed while it trains."""

import itertools
import re

import numpy as np
import pytest

from .jupyter import Figure

CELL = """
import asyncio
from textbook import labs
view = labs.mnist_training.show(epochs=50, batch=8)    # long enough to be steered
view
"""
PICTURE, CAPTION = ".stage-picture", ".stage [role=status]"
STATE = "[data-part='state']"


def button(tab, name: str):
    """A button of the lab."""
    return Figure(tab).part(name)


def reading(tab, name: str) -> str:
    """A part of the line under the buttons: "step", "accuracy", ..."""
    text = tab.page.locator(STATE).inner_text().strip()
    return next(part for part in text.split(" · ") if part.startswith(name))


def step(tab) -> int:
    return int(re.match(r"step ([\d,]+) of", reading(tab, "step"))[1].replace(",", ""))


def until_reading(tab, pattern: str) -> None:
    """Wait until that line matches a regular expression."""
    tab.until("([state, pattern]) => new RegExp(pattern).test(document.querySelector(state)?.textContent.trim())",
              [STATE, pattern])  # fmt: skip


def until_caption(tab, pattern: str) -> None:
    tab.until("([selector, pattern]) => new RegExp(pattern).test(document.querySelector(selector).textContent)",
              [CAPTION, pattern])  # fmt: skip


def test_training_is_steered_while_it_runs(notebook):
    tab = notebook([CELL])
    go = button(tab, "start")
    tab.until("document.querySelector('canvas[data-painted]')")

    # Nothing runs by itself.
    assert go.inner_text() == "Start"
    assert tab.page.locator(CAPTION).inner_text().startswith("Before the first of 43,750 steps")
    assert reading(tab, "Ready") and step(tab) == 0
    assert tab.ask("print(len(asyncio.all_tasks()), view.running)").endswith("False\n")

    # Start by mouse: the curve comes, the accuracy rises.
    empty = tab.pixels(PICTURE)
    go.click()
    until_reading(tab, r"^Training · .*accuracy 0\.[5-9]")
    until_caption(tab, "^After step [1-9]")
    assert go.inner_text() == "Pause"
    assert (np.abs(tab.pixels(PICTURE) - empty) > 60).any(axis=-1).sum() > 500

    # The learning rate by keyboard, the optimizer by its menu, while it trains.
    # Answers to earlier keys come while later ones are pressed, and take none of them back.
    button(tab, "lr").focus()
    for key in ["ArrowRight"] * 30 + ["ArrowLeft"] * 26:
        tab.page.keyboard.press(key, delay=10)
    until_reading(tab, r"^Training · .*adam, α = 0\.00158")
    assert float(tab.ask("print(view.run.optimizer.hyper['lr'])")) == pytest.approx(10**-2.8)
    button(tab, "rule").select_option("momentum")
    until_reading(tab, r"^Training · .*momentum, α = 0\.00158")
    until_caption(tab, "momentum with α = 0.00158")

    # Pause by keyboard: no further step.
    go.focus()
    tab.page.keyboard.press("Space")
    until_reading(tab, "^Paused")
    assert go.inner_text() == "Resume"
    stopped = step(tab)
    assert tab.ask("print(view.run.step_number)") == f"{stopped}\n"
    until_caption(tab, f"^After step {stopped:,} of 43,750")
    still = tab.pixels(PICTURE)
    tab.ask("for _ in range(30): await asyncio.sleep(0)")
    assert tab.ask("print(view.run.step_number)") == f"{stopped}\n"
    np.testing.assert_array_equal(tab.pixels(PICTURE), still)

    # Resume, and a setting that waits for the next reset.
    tab.page.keyboard.press("Space")
    tab.until_kernel(f"view.run.step_number > {stopped}")
    until_reading(tab, "^Training")
    button(tab, "hidden").fill("64 64 64 64")
    until_reading(tab, "hidden: from the next Reset$")
    button(tab, "reset").click()
    until_reading(tab, r"^Ready · step 0 of 43,750")
    assert go.inner_text() == "Start"
    until_caption(tab, "^Before the first")
    assert tab.ask("print([layer.w.shape[1] for layer in view.run.model.layers])") == "[64, 64, 64, 64, 10]\n"

    # To the ends of the slider and beyond: divergence is said, not logged.
    button(tab, "rule").select_option("gd")
    handle = button(tab, "lr")
    handle.press("Home")
    until_reading(tab, r"gd, α = 1e-05")
    handle.press("End")
    until_reading(tab, r"gd, α = 10 ")
    go.click()
    until_reading(tab, r"^Diverged at step \d+ ")
    until_caption(tab, r"^Diverged at step \d+: the loss is no longer a number; press Reset\.$")

    # A failure shows in the lab.
    button(tab, "reset").click()
    until_reading(tab, "^Ready")
    handle.press("Home")
    go.click()
    until_reading(tab, "^Training")
    tab.ask("view.run.optimizer.step = lambda: 1 / 0")
    tab.page.get_by_role("alert").filter(has_text="ZeroDivisionError").wait_for()
    until_reading(tab, "^Failed")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_each_side_is_chosen_in_the_run_and_pytorch_takes_over_at_reset(notebook, theme):
    tab = notebook([CELL])
    tab.theme(theme)
    figure = Figure(tab)
    button(tab, "start").click()
    until_reading(tab, r"^Training · .*accuracy 0\.[5-9]")
    seen = []
    for beside, words in {
        "gradient norms": "log₁₀ of the gradient norm: ", "update : data": "log₁₀ of update : data: ",
        "confusion matrix": "Most often confused: ", "worst mistakes": " are wrong; the worst is ",
    }.items():  # fmt: skip
        button(tab, "beside").select_option(beside)
        until_caption(tab, words)
        button(tab, "start").click()
        until_reading(tab, "^Paused")
        picture = tab.pixels(PICTURE)
        seen.append(picture[:, picture.shape[1] * 3 // 5 :])
        button(tab, "start").click()
        until_reading(tab, "^Training")
    for one, other in itertools.pairwise(seen):
        assert (np.abs(one - other) > 60).any(axis=-1).sum() > 500

    # A change is marked on the curves.
    button(tab, "lr").focus()
    tab.page.keyboard.press("ArrowRight")
    until_reading(tab, r"^Training · .*α = 0\.00112")
    tab.until_kernel("len(view.run.changes) == 2 and len(view.data.changes) == 2")

    # The other engine, from the next reset on.
    figure.unfold()
    button(tab, "engine").select_option("PyTorch")
    until_reading(tab, "engine: from the next Reset$")
    button(tab, "reset").click()
    until_reading(tab, "^Ready · by PyTorch · step 0 ")
    button(tab, "start").click()
    until_reading(tab, r"^Training · by PyTorch · .*accuracy 0\.[5-9]")
    assert not tab.errors


def test_closing_and_running_again_leave_nothing_behind(notebook):
    tab = notebook([CELL])
    start = button(tab, "start")
    start.click()
    until_reading(tab, "^Training")
    tab.ask("first = view")
    tab.run()    # the cell again: the first view's output is gone
    tab.until_kernel("view is not first")
    assert tab.ask("print(first.running, view.running)") == "False False\n"
    start.click()
    until_reading(tab, "^Training")
    tab.ask("view.close()")
    tab.until("!document.querySelector('.stage-picture')")
    assert tab.ask("print(view.running, [t for t in asyncio.all_tasks() if 'Work' in repr(t)])") == "False []\n"

    # A kernel that is restarted in the middle of a training.
    tab.run()
    start.click()
    until_reading(tab, "^Training")
    tab.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    tab.until("jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'")
    tab.run()
    tab.until_kernel("'view' in globals()")
    assert tab.ask("print(view.running, view.run.step_number)") == "False 0\n"
