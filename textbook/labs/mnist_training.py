"""A network learns digits while you watch: change the learning rate or the optimizer in the middle of the run.

`Run` is a training that can be changed between two steps; `lab(...)` exhausts it, and the live view takes a few steps
at a time in an asyncio task on the kernel's own event loop, so that the sliders go on answering.  No thread, no second
training loop: every step is `train.train`'s.
"""

from __future__ import annotations

import asyncio
import functools
import html
import re
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from textbook import data as datasets
from textbook import init, nn, ops, optim, plots, train
from textbook.engine import Array
from textbook.labs.base import Choice, Control, Data, Frames, Lab, Picture, Scene, Settings, Slider, Text, View

BLUE, ORANGE, GREY = plots.OKABE_ITO["blue"], plots.OKABE_ITO["vermilion"], "0.45"
TOP = 10.0  # nats; larger losses are drawn at the upper edge
SMOOTHING = 0.95  # weight of the past in the smoothed loss
CHECKS = 4  # validations in an epoch, the last at its end
TILES = 4  # the first TILES² units are shown
POINTS = 600  # of a curve, at most, on the picture

SLICE = 0.02  # seconds of training between two looks at the kernel's messages
TICKS = 8  # passes of the event loop then: a message needs 4 to 6
REPAINT = 0.125  # seconds between two pictures
SPEAK = 3.0  # seconds between two captions, which screen readers read out

AT_RESET = ("hidden", "batch", "activation", "init", "seed")


# ---------------------------------------------------------------------------------------------- settings


def _widths(text: str) -> list[int]:
    """The widths of the hidden layers, from a text such as "256, 128"; an empty one means none."""
    parts = re.split(r"[,\s]+", text.strip(" ,"))
    if parts == [""]:
        return []
    if not all(re.fullmatch(r"[0-9]{1,4}", part) and int(part) for part in parts):
        raise ValueError(f"hidden widths are whole numbers of 1 or more, such as 256, 128: got {text!r}")
    widths = [int(part) for part in parts]
    if sum(widths) > 2048:
        raise ValueError(f"the hidden widths add up to {sum(widths):,}: at most 2,048 units train at a lively pace")
    return widths


@dataclass(frozen=True)
class Whole(Control):
    """A whole number that only code sets, or None."""

    low: int = 0

    def check(self, value: Any) -> int | None:
        if value is None and self.default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < self.low:
            raise ValueError(f"{self.name} must be a whole number, {self.low} or more: got {value!r}")
        return int(value)


# ---------------------------------------------------------------------------------------------- a run


class Change(NamedTuple):
    """From after this step on, this rule and learning rate."""

    step: int
    rule: str
    lr: float


@dataclass(frozen=True)
class Training(Data):
    """A training so far.

    Attributes:
        per_epoch: steps in an epoch.
        total: steps of the whole run.
        loss: (steps,) of each batch, in nats, before its step.
        smoothed: (steps,) its exponential mean.
        checked: (checks,) the steps after which the validation data were scored; the first is 0.
        val_loss, val_accuracy: (checks,).
        weights: (784, units) of the first layer: at most 16 units, as last seen finite.
        start: (784, units) the same before the first step.
        units: how many the first layer has.
        parameters: how many numbers are learnt.
        changes: rule and learning rate, with the steps from which they hold; the first is the start.
        diverged_at: the step whose loss was no longer a number, or -1.
    """

    per_epoch: int
    total: int
    loss: Array
    smoothed: Array
    checked: Array
    val_loss: Array
    val_accuracy: Array
    weights: Array
    start: Array
    units: int
    parameters: int
    changes: tuple[Change, ...]
    diverged_at: int


@functools.cache
def _mnist() -> datasets.Mnist:
    return datasets.load_mnist()


class Run:
    """A training that takes one step at a time, and can be changed between two.

    Args:
        settings: of the lab.  Those named in `AT_RESET` are fixed for this run.
    """

    def __init__(self, settings: Settings) -> None:
        s = self.settings = settings
        rng = np.random.default_rng(s["seed"])
        self.model = nn.MLP([784, *_widths(s["hidden"]), 10], rng=rng, init=s["init"],
                            activation=getattr(ops, s["activation"]))  # fmt: skip
        self.per_epoch = -(-len(_mnist().x_train) // s["batch"])
        self._batches = self._stream(rng)
        self.losses: list[float] = []
        self.smoothed: list[float] = []
        self.checked: list[int] = []
        self.scores: list[train.Score] = []
        self.changes: list[Change] = []
        self.diverged_at = -1
        self._use_rule(s)
        self._start = self._weights = self._first_weights()
        self.check()

    def _stream(self, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
        while True:
            yield from datasets.batches(_mnist().x_train, _mnist().y_train, self.settings["batch"], rng)

    def _use_rule(self, s: Settings) -> None:
        self.optimizer = optim.Optimizer(self.model.parameters(), s["rule"], lr=s["lr"])
        self._steps = train.train(self.model, ops.cross_entropy, self._batches, self.optimizer)

    def change(self, settings: Settings) -> None:
        """Go on with other settings; another rule starts with a state of zeros, on the same parameters and batches."""
        before, self.settings = self.settings, Settings(
            settings.lab, {**settings, **{name: self.settings[name] for name in AT_RESET}}
        )  # fmt: skip
        if settings["rule"] != before["rule"]:
            self._use_rule(settings)
        self.optimizer.hyper["lr"] = settings["lr"]

    @property
    def step_number(self) -> int:
        """Steps taken."""
        return len(self.losses)

    @property
    def total(self) -> int:
        """Steps of the whole run."""
        steps = self.settings["steps"]
        return self.per_epoch * self.settings["epochs"] if steps is None else steps

    @property
    def going(self) -> bool:
        """Whether there is a step left to take."""
        return self.diverged_at < 0 and self.step_number < self.total

    def step(self) -> None:
        """Take one step, and score the validation data where it is time."""
        used = Change(self.step_number, self.settings["rule"], self.settings["lr"])
        if not self.changes or self.changes[-1][1:] != used[1:]:
            self.changes.append(used)
        with np.errstate(all="ignore"):  # divergence is a result
            loss = next(self._steps).loss
        past = self.smoothed[-1] if self.smoothed else 0.0
        weight = (1 - SMOOTHING) / (1 - SMOOTHING ** (self.step_number + 1))  # the mean of what there is so far
        self.losses.append(loss)
        self.smoothed.append(past + weight * (loss - past))
        if not np.isfinite(loss):
            self.diverged_at = self.step_number
        elif self._checks_due(self.step_number) > self._checks_due(self.step_number - 1) or not self.going:
            self.check()

    def _checks_due(self, step: int) -> int:
        return CHECKS * step // self.per_epoch

    def check(self) -> None:
        """Score the validation data, unless that is done."""
        if self.diverged_at < 0 and self.step_number not in self.checked[-1:]:
            with np.errstate(all="ignore"):
                self.scores.append(train.evaluate(self.model, _mnist().x_val, _mnist().y_val))
            self.checked.append(self.step_number)

    def _first_weights(self) -> Array:
        # A copy: handing out the array itself would have the engine watch it for writes, at every step.
        return self.model.layers[0].w.detach()[:, : TILES**2].data

    def data(self) -> Training:
        """The training so far."""
        weights = self._first_weights()
        if np.isfinite(weights).all():
            self._weights = weights
        units = self.model.layers[0].w.shape[1]
        val_loss, val_accuracy = np.array(self.scores, float).T
        return Training(
            self.settings, self.per_epoch, self.total, np.array(self.losses), np.array(self.smoothed),
            np.array(self.checked), val_loss, val_accuracy, self._weights, self._start, units,
            sum(p.size for p in self.model.parameters()), tuple(self.changes), self.diverged_at,
        )  # fmt: skip


# ---------------------------------------------------------------------------------------------- the lab


class MnistTraining(Lab):
    """No frame axis: the picture follows the training.  Learning rate, rule, epochs and pace act while it runs.

    >>> from textbook import labs
    >>> training = labs.mnist_training(steps=20, lr=0.1, rule="gd")  # a plain loop, without a browser
    >>> len(training.loss), bool(training.val_loss[-1] < training.val_loss[0])
    (20, True)
    """

    name = "mnist_training"
    title = "A network learns digits: loss and accuracy against the epoch, and the weights of its first layer"
    controls = (
        Slider("lr", "learning rate α", 1e-3, low=1e-5, high=10.0, step=0.05, log=True),
        Choice("rule", "optimizer", "adam", {name: name for name in optim.RULES}),
        Slider("epochs", "epochs", 5, low=1, high=50, step=1),
        Choice("pace", "pace", 0, {0: "full speed", 100: "100 steps a second", 10: "10 steps a second"}),
        Choice("weights", "weights", "now", {"now": "as they are", "change": "change since the start"}),
        Text("hidden", "hidden widths", "128", parse=_widths),
        Choice("batch", "batch size", 64, {1: "1", 8: "8", 64: "64", 512: "512", 7000: "7,000 (all)"}),
        Choice("activation", "activation", "relu", {name: name for name in ("relu", "tanh", "sigmoid")}),
        Choice("init", "initial weights", "he", {name: name for name in init.INITS}),
        Whole("seed", "seed", 0),
        Whole("steps", "steps", None),
    )

    def compute(self, s: Settings) -> Training:
        run = Run(s)
        while run.going:
            run.step()
        return run.data()

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Training) -> Frames:
        return Frames(["now"], "")

    def table(self, data: Training) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        rows = []
        for step, loss, accuracy in zip(data.checked, data.val_loss, data.val_accuracy, strict=True):
            used = [change for change in data.changes if change.step < max(step, 1)]
            rule, lr = used[-1][1:] if used else ("", "")
            smoothed = data.smoothed[step - 1] if step else ""
            rows.append((step, step / data.per_epoch, smoothed, loss, accuracy, rule, lr))
        return ("step", "epoch", "training loss", "validation loss", "validation accuracy", "optimizer", "α"), rows

    def show(self, **values: Any) -> TrainingView:
        """The live figure, with its controls.  It starts at the press of its button."""
        return TrainingView(self, self.settings(**values))


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 4.3), layout="constrained")
            grid = self.figure.add_gridspec(2, 2, width_ratios=(1.3, 1), height_ratios=(1.25, 1))
            self.loss = self.figure.add_subplot(grid[0, 0])
            self.accuracy = self.figure.add_subplot(grid[1, 0], sharex=self.loss)
            self.sheet = self.figure.add_subplot(grid[:, 1])
            (self.raw,) = self.loss.plot([], [], "-", color=BLUE, lw=0.8, alpha=0.4, label="each batch")
            (self.smooth,) = self.loss.plot([], [], "-", color=BLUE, label="smoothed")
            (self.val_loss,) = self.loss.plot([], [], "o--", color=ORANGE, ms=4, lw=1.2, label="validation")
            (self.val,) = self.accuracy.plot([], [], "o--", color=ORANGE, ms=4, lw=1.2)
            marks = [axes.plot([], [], ":", color=GREY, lw=1, zorder=1)[0] for axes in (self.loss, self.accuracy)]
            self.tiles = self.sheet.imshow(np.zeros((TILES * 29 - 1,) * 2), cmap="RdBu_r")
            self.scale = self.sheet.text(0.5, -0.02, "", transform=self.sheet.transAxes, ha="center", va="top")
            self.loss.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, handlelength=2.5, borderaxespad=0.2)
        self.marks = marks
        self.loss.set(ylabel="loss (nats)", yscale="log", ylim=(0.03, TOP))
        self.loss.yaxis.set_major_formatter("{x:g}")
        self.loss.tick_params(labelbottom=False)
        self.accuracy.set(ylabel="accuracy", ylim=(0, 1))
        self.accuracy.axhline(0.1, color=GREY, lw=0.8)
        self.accuracy.text(1, 0.1, "guessing ", transform=self.accuracy.get_yaxis_transform(), ha="right", va="bottom",
                           color=GREY, fontsize=9)  # fmt: skip
        self.sheet.set_axis_off()
        self.live = [self.raw, self.smooth, self.val_loss, self.val, *marks, self.tiles, self.scale]
        self.static: tuple = ()

    def load(self, data: Training) -> bool:
        self.data = data
        low = min([0.1, *data.smoothed[np.isfinite(data.smoothed)][-1:], *data.val_loss[np.isfinite(data.val_loss)]])
        floor = 0.3 * 10.0 ** np.floor(np.log10(max(low, 1e-6) / 0.3))
        floor = min(floor, self.loss.get_ylim()[0]) if len(data.loss) else floor  # within a run it only sinks
        end = max(data.total, len(data.loss), 1)
        self.unit = data.per_epoch if end > data.per_epoch else 1  # of the horizontal axis, in steps
        units = min(data.units, TILES**2)
        if self.static == (static := (floor, end, self.unit, units, data.units, data.settings["weights"])):
            return False
        self.static = static
        self.loss.set(xlim=(-0.01 * end / self.unit, 1.02 * end / self.unit), ylim=(floor, TOP))
        self.accuracy.set_xlabel("step" if self.unit == 1 else "epoch")
        what = "change of the first-layer weights" if data.settings["weights"] == "change" else "first-layer weights"
        of = f"all {units}" if units == data.units else f"{units} of {data.units}"
        self.sheet.set_title(f"{what}\n{of} units", fontsize=10)
        return True

    def draw(self, frame: int) -> str:
        data = self.data
        taken = np.arange(1, len(data.loss) + 1)
        for line, x, y in (
            (self.raw, taken, data.loss), (self.smooth, taken, data.smoothed),
            (self.val_loss, data.checked, data.val_loss), (self.val, data.checked, data.val_accuracy),
        ):  # fmt: skip
            # Every second, fourth, ... point: a fixed choice, so that the line stands still while it grows.
            stride = 1 << max(0, int(np.ceil(np.log2(max(len(x), 1) / POINTS))))
            keep = np.isfinite(y) & ((np.arange(len(x)) % stride == 0) | (np.arange(len(x)) == len(x) - 1))
            line.set_data(x[keep] / self.unit, np.clip(y[keep], 1e-9, TOP))
        at = np.repeat([change.step / self.unit for change in data.changes[1:]], 2)
        for mark in self.marks:
            x, y = np.insert(at, slice(2, None, 2), np.nan), np.tile((1e-9, TOP), len(at) // 2)
            mark.set_data(x, np.insert(y, slice(2, None, 2), np.nan))
        self._draw_weights(data.weights - data.start if data.settings["weights"] == "change" else data.weights)
        return describe(data)

    def _draw_weights(self, weights: Array) -> None:
        """One image for each column, side by side; what is not taken stays empty."""
        sheet = np.full((TILES * 29, TILES * 29), np.nan)
        for k, unit in enumerate(weights.T):
            row, column = 29 * (k // TILES), 29 * (k % TILES)
            sheet[row : row + 28, column : column + 28] = unit.reshape(28, 28)
        top = float(np.abs(weights).max()) or 1.0
        self.tiles.set_data(sheet[:-1, :-1])
        self.tiles.set_clim(-top, top)
        self.scale.set_text(f"blue {-top:.2g}, white 0, red {top:.2g}".replace("-", "−"))


def describe(data: Training) -> str:
    """How far a training has come, in words and numbers."""
    step = len(data.loss)
    where = f"After step {step:,} of {data.total:,}, epoch {step / data.per_epoch:.1f}"
    if step == 0:
        where = f"Before the first of {data.total:,} steps; {data.parameters:,} parameters"
    elif data.diverged_at < 0:
        where += f", {data.changes[-1].rule} with α = {data.changes[-1].lr:.3g}: training loss {data.smoothed[-1]:.3g}"
    if data.diverged_at >= 0:
        return f"Diverged at step {data.diverged_at:,}: the loss is no longer a number; press Reset."
    late = "" if data.checked[-1] == step else f" (step {data.checked[-1]:,})"
    return f"{where}, validation loss {data.val_loss[-1]:.3g}, validation accuracy {data.val_accuracy[-1]:.3f}{late}."


# ---------------------------------------------------------------------------------------------- the live view


class _LiveScene(Scene):
    """The run as it stands, on a stage."""

    run: Run
    fresh = True  # whether to begin a run
    speak = True  # whether the caption follows

    def compute(self, settings: Settings) -> Training:
        if self.fresh or self.run.step_number == 0:
            self.run, self.fresh = Run(settings), False
        else:
            self.run.change(settings)
        return self.run.data()

    def _film(self) -> None:
        words = self.picture.draw(0)
        self.stage.show_frame(words if self.speak else self.stage.caption)


class TrainingView(View):
    """The lab in a notebook.  `start`, `pause` and `reset` do what the buttons do.

    Attributes:
        run: the training.
        failure: what ended the training before its time, or None.
    """

    scene: _LiveScene
    in_training: ClassVar[TrainingView | None] = None  # one at a time: a second would halve the pace of the first

    def __init__(self, lab: Lab, settings: Settings) -> None:
        super().__init__(lab, settings, _LiveScene)
        self.failure: Exception | None = None
        self._task: asyncio.Task | None = None
        self._restart_clock()
        self.start_button = ipywidgets.Button(button_style="primary")
        self.start_button.on_click(lambda _: self.soon("start", self.toggle))
        self.reset_button = ipywidgets.Button(description="Reset", icon="undo")
        self.reset_button.on_click(lambda _: self.soon("reset", self.reset))
        self.progress = ipywidgets.FloatProgress(min=0, max=1, layout=ipywidgets.Layout(flex="1 1 120px"))
        self.readout = ipywidgets.HTML()
        self.alarm = ipywidgets.HTML()
        for name, control in self.widgets.items():
            if not isinstance(control, ipywidgets.IntSlider):
                control.layout.width = {"lr": "340px", "hidden": "16em"}.get(name, "auto")
        wrap = ipywidgets.Layout(flex_flow="row wrap", align_items="center", grid_gap="0 12px")
        rows = [
            ipywidgets.Box([ipywidgets.HTML(f"<b>{words}</b>"), *widgets], layout=wrap)
            for words, widgets in (
                ("At any time:", [w for name, w in self.widgets.items() if name not in AT_RESET]),
                ("From the next Reset:", [w for name, w in self.widgets.items() if name in AT_RESET]),
            )
        ]
        buttons = ipywidgets.Box([self.start_button, self.reset_button, self.progress], layout=wrap)
        self.children = [buttons, self.readout, *rows, self.error, self.alarm, self.scene.stage, self.call, self._fold]
        # A run whose output was replaced can't be seen, nor stopped by hand.
        if TrainingView.in_training is not None:
            TrainingView.in_training.pause()
        self._show_state()

    @property
    def run(self) -> Run:
        return self.scene.run

    @property
    def running(self) -> bool:
        """Whether the training goes on by itself."""
        return self._task is not None

    # What the buttons do.

    def toggle(self) -> None:
        """Pause, or go on."""
        if self.running:
            self.pause()
        else:
            self.start()

    def start(self) -> None:
        """Go on from where the training stands, in a task of the running event loop.

        Raises:
            RuntimeError: no event loop is running.
        """
        if self.running or self.failure or not self.run.going:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError(
                "start() trains in the notebook's event loop, and none is running here: "
                "in a script, labs.mnist_training(...) trains and returns the data"
            ) from None
        if TrainingView.in_training is not None:
            TrainingView.in_training.pause()
        TrainingView.in_training = self
        self._task = loop.create_task(self._train())
        self._restart_clock()
        self._show_state()

    def pause(self) -> None:
        """Stop between two steps."""
        if self.running:
            self._stop()
            try:
                self.run.check()
                self._paint()
            except Exception as error:
                self._fail(error)

    def reset(self) -> None:
        """Throw the run away, and prepare one with the present settings."""
        self._stop()
        self.failure, self.alarm.value = None, ""
        self.scene.fresh = True
        self._paint()
        self._restart_clock()
        self._show_state()

    def close(self) -> None:
        """Stop the training, and remove the figure."""
        self._stop()
        super().close()

    def set(self, **values: Any) -> None:
        self.scene.speak = not self.running  # a caption for each position of a dragged slider would be too many
        super().set(**values)
        self._show_state()

    # The task.

    async def _train(self) -> None:
        try:
            while self.run.going:
                await self._take_a_slice()
            self._stop(cancel=False)
            self._paint()
        except Exception as error:  # an exception in a task would be lost
            self._stop(cancel=False)
            self._fail(error)

    async def _take_a_slice(self) -> None:
        began, pace = time.perf_counter(), self.run.settings["pace"]
        until = began + (0 if pace else SLICE)
        while True:
            self.run.step()
            now = time.perf_counter()
            if now >= until or not self.run.going:
                break
        self._trained += now - began
        if now - self._painted >= REPAINT:
            self._paint(speak=now - self._spoken >= SPEAK)
        for _ in range(TICKS):
            await asyncio.sleep(0)
        if pace:
            await asyncio.sleep(max(0.0, began + 1 / pace - time.perf_counter()))

    def _stop(self, cancel: bool = True) -> None:
        if self._task is not None and cancel:
            self._task.cancel()
        self._task = None
        if TrainingView.in_training is self:
            TrainingView.in_training = None

    def _fail(self, error: Exception) -> None:
        self.failure = error
        where = f"after step {self.run.step_number:,}: {type(error).__name__}: {error}"
        trace = "".join(traceback.format_exception(error))
        self.alarm.value = (
            f'<div role="alert">⚠ The training stopped {html.escape(where)}. Press Reset to begin again.</div>'
            f"<details><summary>Traceback</summary><pre>{html.escape(trace)}</pre></details>"
        )
        self._show_state()

    def _restart_clock(self) -> None:
        self._painted = self._spoken = time.perf_counter()
        self._trained, self._from = 0.0, self.run.step_number  # for the pace: seconds at work, and since which step

    # The screen.

    def _paint(self, speak: bool = True) -> None:
        """Show the run as it stands; `speak` changes the caption too, which screen readers read out."""
        self.scene.speak = speak
        self.scene.change(self.scene.settings)
        self._painted = time.perf_counter()
        if speak:
            self._spoken = self._painted
            self._tell()
        self._show_state()

    def _show_state(self) -> None:
        run, ended = self.run, bool(self.failure) or not self.run.going
        name, icon = ("Pause", "pause") if self.running else ("Resume" if run.step_number else "Start", "play")
        self.start_button.description, self.start_button.icon, self.start_button.disabled = name, icon, ended
        self.progress.value = min(1.0, run.step_number / max(run.total, 1))
        self.progress.bar_style = "danger" if self.failure or run.diverged_at >= 0 else "success" if ended else ""
        self.readout.value = html.escape(" · ".join(self._state()))

    def _state(self) -> Iterator[str]:
        run = self.run
        if self.failure:
            yield "Failed"
        elif run.diverged_at >= 0:
            yield f"Diverged at step {run.diverged_at:,}"
        elif not run.going:
            yield "Finished"
        else:
            yield "Training" if self.running else "Paused" if run.step_number else "Ready"
        yield f"step {run.step_number:,} of {run.total:,}"
        yield f"epoch {run.step_number / run.per_epoch:.1f} of {run.total / run.per_epoch:.3g}"
        yield f"{run.optimizer.rule.__name__}, α = {run.optimizer.hyper['lr']:.3g}"
        if run.losses:
            yield f"loss {run.smoothed[-1]:.3g}"
        yield f"accuracy {run.scores[-1].accuracy:.3f}"
        if self._trained:
            examples = (run.step_number - self._from) * run.settings["batch"] / self._trained
            yield f"{examples:,.0f} examples/s"
        waiting = [n for n in AT_RESET if self.scene.settings[n] != run.settings[n]]
        if waiting:
            yield f"{', '.join(waiting)}: from the next Reset"


lab = MnistTraining()
