"""The training dashboard: how much watching slows the training, and how soon it answers while it trains."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.latency import SAMPLES, Bench, at_most
from benchmarks.measure import Row, row
from tests.browser.jupyter import NoBrowser, chromium, jupyter_lab
from textbook import labs
from textbook.labs.mnist_training.run import Run
from textbook.labs.mnist_training.sides import BESIDE

STEPS, ROUNDS = 2200, 3
lab = labs.LABS["mnist_training"]


def bare() -> float:
    """Steps a second of processor time: the same run, validated as often, in a plain loop, no gradient measured."""
    run = Run(lab.settings(steps=STEPS))
    run.matrices = []
    begin = time.process_time()
    while run.going:
        run.step()
    return STEPS / (time.process_time() - begin)


def watched(beside: str) -> float:
    """Steps a second of processor time in the view: pictures made as often as in a notebook, one side shown."""

    async def play() -> float:
        view = lab.show(steps=STEPS, beside=beside)
        begin = time.process_time()
        view.start()
        while view.running:
            await asyncio.sleep(0)
        seconds = time.process_time() - begin
        view.close()
        return STEPS / seconds

    return asyncio.run(play())


def slowed() -> Iterator[Row]:
    """How much longer a step takes when it is watched, for each side: the median of rounds that take turns."""
    bare()
    for beside, words in BESIDE.items():
        watched(beside)
        pairs = [(bare(), watched(beside)) for _ in range(ROUNDS)]
        slower = float(np.median([100 * (plain / seen - 1) for plain, seen in pairs]))
        rates = np.median(pairs, axis=0)
        what = f"training watched, {words} beside it ({rates[0]:,.0f} → {rates[1]:,.0f} steps/s): slower by"
        yield row(what, slower, 20, unit=" %", digits=0)


def steering(bench: Bench) -> Iterator[Row]:
    """A key on the learning rate's slider while the network trains → the change is marked on the curves."""
    tab = bench.open(["from textbook import labs", "view = labs.mnist_training.show(epochs=50, batch=8)\nview"])
    tab.page.locator("[data-part=start] button").click()
    tab.until_kernel("view.run.step_number > 100")
    slider = tab.page.locator("[data-part=lr] input[type=range]")
    for beside in BESIDE:
        tab.page.locator("[data-part=beside] select").select_option(BESIDE[beside])
        tab.until_kernel(f"view.settings['beside'] == {beside!r}")
        times = []
        for i in range(SAMPLES // 2 + 2):
            slider.focus()
            # The line under the picture says the new rate, and the picture is painted after it has been asked for.
            tab.page.evaluate("""() => {
                const now = document.querySelector("[data-part=state]").textContent.match(/α = \\S+/)[0];
                meter.stamps = [];
                window.changed = null;
                const watch = () => {
                    const found = document.querySelector("[data-part=state]").textContent.match(/α = \\S+/);
                    if (found && found[0] !== now) window.changed = performance.now();
                    else requestAnimationFrame(watch);
                };
                watch();
            }""")
            tab.page.keyboard.press(("ArrowLeft", "ArrowRight")[i % 2])
            times.append(float(tab.until("""() => {
                const said = window.changed && meter.until((stamp) => stamp.changed.has("front"));
                return said && Math.max(window.changed - meter.began, said);
            }""")))
        yield at_most(f"a key on the learning rate in the run → marked, {BESIDE[beside]} beside it", times[2:], 150)
    tab.close()


def rows() -> list[Row]:
    """All rows."""
    found = list(slowed())
    try:
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
            chromium() as browser,
            jupyter_lab(Path(home)) as jupyter,
        ):
            found += steering(Bench(browser, jupyter))
    except NoBrowser as missing:
        found.append(Row("answers in the run", f"not measured: {missing.args[0]}", "", False))
    return found
