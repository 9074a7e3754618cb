"""From the reader's hand to changed pixels, in JupyterLab in Chromium: the usual way and the stage, taking turns.

The usual way is `@interact` and an inline matplotlib figure, built anew for each value.  Both ways draw the same
picture from the same computation, in one notebook, with one kernel.  A repaint is stamped in the page: after the
animation frame in which a canvas changed, or an image was loaded, when the browser has painted.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Row, row
from tests.browser.jupyter import Jupyter, NoBrowser, Notebook, chromium, jupyter_lab
from textbook import expression, graph, labs
from textbook.lab import Slider

SAMPLES = 30

METER = """
window.meter = { stamps: [], began: 0, bytes: 0 };
{
  const later = requestAnimationFrame.bind(window), channel = new MessageChannel();
  let inFrame = false, asked = false, changed = new Set();
  window.requestAnimationFrame = (callback) => later((now) => {
    inFrame = true;
    try { callback(now); } finally { inFrame = false; }
  });
  channel.port1.onmessage = () => {
    asked = false;
    meter.stamps.push({
      time: performance.now(), changed, film: document.querySelector("canvas[data-film]")?.dataset.film,
      words: document.querySelector(".stage [role=status]")?.textContent,
      still: document.querySelector("canvas[data-ready]"),
    });
    changed = new Set();
  };
  const note = (what) => {
    changed.add(what);
    if (asked) return;
    asked = true;
    const post = () => channel.port2.postMessage(0);
    if (inFrame) post(); else later(post);
  };
  for (const name of ["drawImage", "fill", "stroke", "putImageData", "clearRect"]) {
    const original = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...values) {
      if (this.canvas.isConnected) note(this.canvas.role === "img" ? "front" : "back");
      return original.apply(this, values);
    };
  }
  document.addEventListener("load", (event) => { if (event.target.tagName === "IMG") note("image"); }, true);
  for (const type of ["keydown", "pointerup"]) {
    addEventListener(type, (event) => { meter.began = event.timeStamp; }, true);
  }
  window.WebSocket = class extends WebSocket {
    constructor(...values) {
      super(...values);
      this.addEventListener("message", ({ data }) => { meter.bytes += data.byteLength ?? data.length; });
    }
  };
  // The milliseconds from the last event to the first stamp of what is awaited, or null.
  meter.until = (test) => {
    const stamp = meter.stamps.find((stamp) => stamp.time > meter.began && test(stamp));
    return stamp ? stamp.time - meter.began : null;
  };
}
"""
IMAGE, FRONT = '(stamp) => stamp.changed.has("image")', '(stamp) => stamp.changed.has("front")'

IMPORT = "from textbook import labs"
USUAL = """
%matplotlib inline
from ipywidgets import interact, FloatSlider, IntSlider
from IPython.display import display
from matplotlib.figure import Figure

@interact(frame=IntSlider({frame}, 0, {last}), {name}=FloatSlider({value}, min={low}, max={high}, step={step}))
def usual(frame, {name}):
    lab = labs.{lab}
    data, figure = lab({name}={name}), Figure(figsize=lab.inches, layout="constrained")
    picture = lab.draw_on(figure)
    picture.scenery(data)
    picture.load(data)
    picture.draw(data, frame)
    display(figure)
"""
SHOW = "view = labs.{lab}.show()\nview"


def summary(times: list[float]) -> str:
    """Median and 95th percentile, in milliseconds."""
    return f"{np.median(times):.0f} ms (p95 {np.percentile(times, 95):.0f})"


def against(what: str, usual: list[float], ours: list[float], goal: float) -> Row:
    """A row: how many times faster ours is, at the median."""
    ratio = float(np.median(usual) / np.median(ours))
    measured = f"{ratio:.0f}×: {summary(usual)} / {summary(ours)}"
    return Row(f"{what}: the usual way / ours", measured, f"≥ {goal:g}×", ratio >= goal)


def at_most(what: str, times: list[float], goal: float) -> Row:
    """A row: the median within a bound."""
    return Row(what, summary(times), f"≤ {goal:g} ms", bool(np.median(times) <= goal))


def about(what: str, measured: str) -> Row:
    """A row without a goal."""
    return Row(what, measured, "", None)


# ---------------------------------------------------------------------------------------------- in the page


class Bench:
    """A browser and a JupyterLab, and how things are timed in them."""

    def __init__(self, browser: Any, jupyter: Jupyter) -> None:
        self.browser, self.jupyter, self.opened = browser, jupyter, 0

    def open(self, cells: list[str], run: bool = True) -> Notebook:
        """A notebook with the meter in its page."""
        self.opened += 1
        tab = self.jupyter.open(
            self.browser, f"bench_{self.opened}.ipynb", cells, before=METER, viewport={"width": 1100, "height": 1700}
        )
        if run:
            tab.run()
            tab.until("document.querySelector('canvas[data-film]') && document.querySelector('canvas[data-ready]')")
            settle(tab)
        return tab


def settle(tab: Notebook) -> None:
    """Wait until nothing is under way."""
    tab.until_kernel("'view' not in globals() or view.scene.stage._task is None")
    tab.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def pressed(tab: Notebook, target: Any, key: str, awaited: str) -> float:
    """Press a key; the milliseconds until what is awaited has been painted."""
    target.focus()
    tab.page.evaluate("meter.stamps = []")
    tab.page.keyboard.press(key)
    took = float(tab.until(f"meter.until({awaited})"))
    settle(tab)
    return took


def new_film(tab: Notebook) -> str:
    """What a stamp of the next film has."""
    now = tab.page.evaluate("document.querySelector('canvas[data-film]').dataset.film")
    return f'(stamp) => stamp.changed.has("front") && stamp.film !== "{now}"'


def handle(tab: Notebook, cell: int, label: str) -> Any:
    """The handle of an ipywidgets slider in the output of a cell."""
    output = tab.page.locator(".jp-CodeCell").nth(cell)
    return output.locator(".widget-slider", has=tab.page.get_by_text(label, exact=True)).locator(".noUi-handle").first


def rate(tab: Notebook, what: str, seconds: float) -> float:
    """How many repaints a second there are from now on."""
    tab.page.evaluate("meter.stamps = []")
    return tab.page.evaluate("""async ([what, seconds]) => {
        const begin = performance.now(), end = begin + 1000 * seconds;
        while (performance.now() < end) await new Promise(requestAnimationFrame);
        return meter.stamps.filter((stamp) => stamp.changed.has(what) && stamp.time < end).length / seconds;
    }""", [what, seconds])  # fmt: skip


# ---------------------------------------------------------------------------------------------- the rows


def controls(bench: Bench, name: str, setting: str, frame_axis: bool = False) -> Iterator[Row]:
    """One of a lab's sliders that ask the kernel, and its frame axis, in turn with the usual way."""
    lab = labs.LABS[name]
    control, axis, data = lab.controls[setting], lab.axis(lab.settings()), lab()
    assert isinstance(control, Slider)
    case = {"lab": name, "name": setting, "value": control.default, "low": control.low, "high": control.high,
            "step": control.step, "frame": axis.frame(data, None), "last": len(axis.of(data)) - 1}  # fmt: skip
    tab = bench.open([IMPORT, USUAL.format(**case), SHOW.format(lab=name)])
    tab.until("document.querySelector('.jp-OutputArea img')")
    slider = tab.page.locator(".stage input[type=range]")
    theirs = [handle(tab, 1, label) for label in ("frame", setting)]
    ours = tab.page.locator(f"[data-part={setting}] input[type=range]")
    slow, fast, slow_kernel, fast_kernel = [], [], [], []
    for i in range(SAMPLES + 2):
        key = ("ArrowLeft", "ArrowRight")[i % 2]
        if frame_axis:
            slow.append(pressed(tab, theirs[0], key, IMAGE))
            fast.append(pressed(tab, slider, key, FRONT))
        slow_kernel.append(pressed(tab, theirs[1], key, IMAGE))
        fast_kernel.append(pressed(tab, ours, key, new_film(tab)))
    if frame_axis:
        yield against(f"frame axis of {name}", slow[2:], fast[2:], 30)
    yield against(f"kernel control, its first frame ({name}, {setting})", slow_kernel[2:], fast_kernel[2:], 8)
    if frame_axis:
        yield from dragging(tab, theirs[0])
    tab.close()


def dragging(tab: Notebook, theirs: Any) -> Iterator[Row]:
    """Frames a second while the frame axis is dragged, and bytes a frame."""
    box = theirs.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.page.evaluate("meter.bytes = 0; meter.stamps = []")
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    begin = time.perf_counter()
    while (seconds := time.perf_counter() - begin) < 4:
        tab.page.mouse.move(x + 40 * np.sin(2 * seconds), y)
    usual = tab.page.evaluate("meter.stamps.filter((stamp) => stamp.changed.has('image')).length")
    tab.page.mouse.up()
    settle(tab)
    images, received = tab.page.evaluate(
        "[meter.stamps.filter((stamp) => stamp.changed.has('image')).length, meter.bytes]"
    )
    ours = tab.page.evaluate("""async () => {
        const slider = document.querySelector(".stage input[type=range]"), begin = performance.now();
        meter.bytes = 0;
        meter.stamps = [];
        while (performance.now() < begin + 4000) {
            slider.value = slider.max * (0.5 + 0.5 * Math.sin((performance.now() - begin) / 300));
            slider.dispatchEvent(new Event("input"));
            await new Promise(requestAnimationFrame);
        }
        return [meter.stamps.filter((stamp) => stamp.changed.has("front")).length / 4, meter.bytes];
    }""")
    size, frames = map(int, tab.ask("print(len(view.scene.stage._film), len(view.scene.stage._captions))").split())
    yield about("dragging the frame axis, the usual way / ours", f"{usual / seconds:.1f} / {ours[0]:.0f} fps")
    yield about(
        "bytes a frame, the usual way / ours",
        f"{received / max(images, 1) / 1000:.0f} kB / {size / frames / 1000:.1f} kB, in a film of {size / 1000:.0f} kB",
    )


def race(bench: Bench) -> Iterator[Row]:
    """Dragging the start point; playing with the kernel busy, and shut down."""
    tab = bench.open([IMPORT, SHOW.format(lab="optimizer_race")])
    yield from pointer(tab)
    play = tab.page.get_by_role("button", name="Play")
    for state in ("busy", "shut down"):
        if state == "busy":
            tab.page.evaluate("""() => {
                const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                kernel.requestExecute({ code: "import time\\nend = time.time() + 8\\nwhile time.time() < end: pass" });
            }""")
            tab.until("jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'")
        else:
            tab.shut_down()
        tab.page.locator(".stage input[type=range]").press("Home")
        play.click()
        yield row(f"Play, the kernel {state}", rate(tab, "front", 3), 30, unit=" fps", at_least=True, digits=0)
        tab.page.get_by_role("button", name="Pause").click()
        if state == "busy":
            settle(tab)
    tab.page.context.close()


def pointer(tab: Notebook) -> Iterator[Row]:
    """A drag of the start, with a pointer event for each refresh of the screen; then the pointer is let go."""
    box = tab.page.locator("canvas[role=img]").bounding_box()
    left, width = box["x"] + 0.12 * box["width"], 0.34 * box["width"]  # inside the map
    bottom, height = box["y"] + 0.85 * box["height"], -0.7 * box["height"]
    rates, delays = [], []
    for i in range(SAMPLES):
        settle(tab)
        tab.page.mouse.move(left + 0.5 * width, bottom + 0.5 * height)
        tab.page.mouse.down()
        rates.append(tab.page.evaluate("""async ([left, bottom, width, height]) => {
            const canvas = document.querySelector("canvas[role=img]"), begin = performance.now();
            const films = new Set();
            meter.stamps = [];
            while (performance.now() < begin + 1000) {
                const t = (performance.now() - begin) / 200;
                const place = { clientX: left + width * (0.5 + 0.4 * Math.cos(t)),
                                clientY: bottom + height * (0.5 + 0.4 * Math.sin(t)) };
                canvas.dispatchEvent(new PointerEvent("pointermove", { pointerId: 1, bubbles: true, ...place }));
                await new Promise(requestAnimationFrame);
            }
            for (const stamp of meter.stamps) films.add(stamp.film);
            return films.size;
        }""", [left, bottom, width, height]))  # fmt: skip
        tab.page.mouse.move(left + width * (0.2 + 0.02 * i), bottom + height * 0.3)
        tab.page.mouse.up()
        settle(tab)
        # The newest position is the one whose words are there in the end.
        delays.append(tab.page.evaluate("""() => {
            const last = meter.stamps.at(-1).words, other = meter.stamps.findLastIndex((stamp) => stamp.words !== last);
            return Math.max(0, meter.stamps[other + 1].time - meter.began);
        }"""))
    what = "dragging the start, 4 trajectories × 200 steps"
    slowest = f"{np.median(rates):.0f} fps (slowest of {SAMPLES} drags {min(rates):.0f})"
    yield Row(f"{what}: positions shown", slowest, "≥ 15 fps", bool(np.median(rates) >= 15))
    yield at_most(f"{what}: let go → newest position", delays, 150)


def strokes(bench: Bench) -> Iterator[Row]:
    """A point of a line that is being drawn → the network's new shares, in both ways of the lab."""
    for way in ("forward", "change"):
        tab = bench.open([IMPORT, f"view = labs.draw_digit.show(digit='own', way='{way}')\nview"])
        box, times = tab.page.locator("canvas[role=img]").bounding_box(), []
        left, top, side = box["x"] + 0.05 * box["width"], box["y"] + 0.3 * box["height"], 0.13 * box["width"]
        tab.page.mouse.move(left, top)
        tab.page.mouse.down()
        for i in range(SAMPLES + 2):
            settle(tab)
            film, turn = new_film(tab), 0.4 * i
            tab.page.evaluate("""([clientX, clientY]) => {
                meter.stamps = [];
                meter.began = performance.now();
                document.querySelector("canvas[role=img]").dispatchEvent(
                    new PointerEvent("pointermove", { pointerId: 1, bubbles: true, clientX, clientY }));
            }""", [left + side * (0.5 - 0.4 * np.cos(turn)), top + side * (0.5 + 0.4 * np.sin(turn))])  # fmt: skip
            times.append(float(tab.until(f"meter.until({film})")))
        tab.page.mouse.up()
        yield at_most(f"draw_digit, {way}: a point of a stroke → new shares", times[2:], 60)
        tab.close()


def formula(nodes: int) -> str:
    """A formula whose graph has so many nodes, and which ends in the name of an input."""
    inputs = [f"x{i}" for i in range(1, 3 + nodes // 6)]
    others = cycle(inputs)
    steps = ["x1 * x1"]
    for i in range(1, nodes - len(inputs)):
        steps.append(f"tanh(u{i})" if i % 4 == 0 else f"u{i} {'+*-'[i % 3]} {next(others)}")
    steps[-1] = f"u{len(steps) - 1} * x2"
    text = "; ".join(f"u{i} = {step}" for i, step in enumerate(steps, 1))
    root, _ = expression.parse(text).tensors(**dict.fromkeys(inputs, 0.5))
    assert len(graph.Graph.of(root).nodes) == nodes, text
    return text


def typing(bench: Bench) -> Iterator[Row]:
    """A formula's last letter, which completes another graph → the graph."""
    for nodes, goal in ((10, 250), (60, 1000)):
        text = formula(nodes)
        tab = bench.open([IMPORT, f"view = labs.graph.show(formula={text!r}, mode='backward')\nview"])
        box = tab.page.get_by_label("formula", exact=True)
        box.press("End")
        times = []
        for i in range(SAMPLES + 2):
            # The last name is x1, x2, ...: another number makes another edge.
            box.press("Backspace")
            settle(tab)
            times.append(pressed(tab, box, "12"[i % 2], new_film(tab)))
        yield at_most(f"graph: the last letter of a formula of {nodes} nodes → painted", times[2:], goal)
        tab.close()


def first_paint(bench: Bench) -> Iterator[Row]:
    """A lab's cell runs → its picture is there: the first time in a fresh kernel and page, and once more."""
    run = "jupyterapp.commands.execute('notebook:run-cell-and-select-next')"
    medians: list[float] = []
    for name in labs.LABS:
        first, again = [], []
        for _ in range(3):
            tab = bench.open([IMPORT, SHOW.format(lab=name), SHOW.format(lab=name)], run=False)
            tab.page.evaluate(run)
            for times in (first, again):
                tab.page.evaluate(f"(meter.began = performance.now(), meter.stamps = [], void {run})")
                times.append(float(tab.until("meter.until((stamp) => stamp.film && stamp.still)")))
                settle(tab)
                tab.page.evaluate("void jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
                tab.until("!document.querySelector('canvas[data-film]')")
            tab.close()
        measured = f"{summary(first)} in a fresh kernel, {summary(again)} the second time"
        medians.append(float(np.median(first)))
        yield Row(f"first paint of {name}", measured, "≤ 700 ms", medians[-1] <= 700)
    yield at_most("first paint in a fresh kernel, the median lab", medians, 400)


# ---------------------------------------------------------------------------------------------- in the kernel


def timed(program: Callable[[], Any], calls: int = 7) -> list[float]:
    """Milliseconds of processor time of each call, after a first one: what the kernel needs, had it a core alone."""
    program()
    times = []
    for _ in range(calls):
        begin = time.process_time()
        program()
        times.append(1000 * (time.process_time() - begin))
    return times


def film(what: str, name: str, most_ms: float, most_mb: float, **settings: Any) -> Iterator[Row]:
    """Compute a lab, and record the whole of its film."""
    lab = labs.LABS[name]
    scene = lab.scene(**settings)
    axis, picture = lab.axis(scene.settings), scene.picture
    size = 0

    def record() -> None:
        nonlocal size
        data = lab.data(scene.settings)
        scene._load(data)
        size = len(scene.stage.film(axis.readouts(data), lambda k: picture.draw(data, k)).encode())

    times = timed(record)
    reached = bool(np.median(times) <= most_ms and size <= 1e6 * most_mb)
    yield Row(what, f"{summary(times)}, {size / 1e6:.2f} MB", f"≤ {most_ms:g} ms, ≤ {most_mb:g} MB", reached)


def stability() -> Iterator[Row]:
    """The map of every rule, computed anew."""
    module = import_module("textbook.labs.stability_map")  # labs.stability_map is the lab
    for method in module.METHODS:
        times = timed(lambda method=method: module.descents.__wrapped__(method, 20.0), 5)
        yield at_most(f"stability map, 100 × 100 runs × 200 steps, {method}", times, 300)


def rows() -> list[Row]:
    """All rows.  A lab or a browser that is missing is said in its row."""
    sections: list[tuple[str, Callable[[], Iterator[Row]]]] = [
        ("optimizer_race", lambda: film("film of 81 learning rates × 4 rules × 200 steps: compute and record",
                                        "optimizer_race", 250, 2, frames="lr")),
        ("graph", lambda: film("graph: the whole film of 60 nodes, in the kernel", "graph", 500, 2,
                               formula=formula(60), mode="backward")),
        ("stability_map", stability),
    ]  # fmt: skip
    with ExitStack() as stack:
        try:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
            bench = Bench(stack.enter_context(chromium()), stack.enter_context(jupyter_lab(home)))
        except NoBrowser as missing:
            reason = str(missing.args[0])
            nothing = Row("everything in the browser", f"not measured: {reason}", "", False)
            sections.append(("", lambda: iter([nothing])))
        else:
            sections += [
                ("learning_rate", lambda: controls(bench, "learning_rate", "curvature", frame_axis=True)),
                ("stability_map", lambda: controls(bench, "stability_map", "beta")),
                ("optimizer_race", lambda: controls(bench, "optimizer_race", "momentum")),
                ("optimizer_race", lambda: race(bench)),
                ("draw_digit", lambda: strokes(bench)),
                ("graph", lambda: typing(bench)),
                ("", lambda: first_paint(bench)),
            ]
        found: list[Row] = []
        for name, section in sections:
            if name and name not in labs.LABS:
                found.append(Row(f"labs.{name}", "not measured: there is no such lab", "", False))
            else:
                found += section()
    return found
