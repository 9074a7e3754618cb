"""A network learns digits while you watch: change the learning rate or the optimizer in the middle of the run.

`Run` is a training that can be changed between two steps; `lab(...)` exhausts it, and the live view takes a few steps
at a time in the kernel's own event loop, so that the sliders go on answering.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from textbook import init, optim, torch_twin
from textbook.lab import Button, Choice, Control, Lab, Picture, Scene, Slider, Status, Text, View, Work
from textbook.lab.controls import Parts
from textbook.labs.mnist_training.deep import REMEDIES
from textbook.labs.mnist_training.picture import TrainingPicture
from textbook.labs.mnist_training.run import AT_RESET, Run, Training, widths
from textbook.labs.mnist_training.sides import BESIDE

SLICE = 0.02  # seconds of training between two looks at the kernel's messages
REPAINT = 0.125  # seconds between two pictures, at least
SHARE = 20  # pictures take one part in so many of the processor's time, whatever else it does
SLOWEST = 0.5  # seconds of work between two pictures, at most
SPEAK = 3.0  # seconds between two captions, which screen readers read out


@dataclass
class Whole(Control):
    """A whole number that only code sets, or None."""

    def check(self, value: Any) -> int | None:
        if value is None and self.default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
            raise ValueError(f"{self.name} must be a whole number, 0 or more: got {value!r}")
        return int(value)


class Network(Choice):
    """Hidden layers as the reader gives them, or a deep network: it stands in sight where it was asked for."""

    def parts(self, view: View) -> Parts:
        return [{**part, "more": _own(view.settings)} for part in super().parts(view)]


class LiveScene(Scene):
    """The run as it stands, on a stage."""

    begin: Callable[[Any], Any] = Run  # from the settings, what takes the steps
    run: Any
    fresh = True  # whether to begin a run
    speak = True  # whether the caption follows

    def compute(self, settings: Any, strict: bool = False) -> Training:
        if self.fresh or self.run.step_number == 0:
            self.run, self.fresh = type(self).begin(settings), False
        else:
            self.run.change(settings)
        return self.run.data()

    def _film(self) -> None:
        words = self.draw(0)
        self.stage.show_frame(words if self.speak else self.stage.caption)


class TrainingView(View):
    """The lab in a notebook.  `start`, `pause` and `reset` do what the buttons do.

    Attributes:
        failure: what ended the training before its time, or None.
    """

    scene: LiveScene
    in_training: ClassVar[TrainingView | None] = None  # one at a time: a second would halve the pace of the first

    def __init__(self, lab: Lab, settings: Any) -> None:
        self.failure: Exception | None = None
        self.work = Work(self._take_a_slice, ended=self._end, failed=self._fail)
        self._cost = self._spent = 0.0  # processor time: of the last picture, and at its end
        self._trained, self._from = 0.0, 0  # for the pace: seconds at work, and since which step
        super().__init__(lab, settings)
        # A run whose output was replaced can't be seen, nor stopped by hand.
        if TrainingView.in_training is not None:
            TrainingView.in_training.pause()
        self._restart_clock()

    def scene_of(self, settings: Any) -> LiveScene:
        return LiveScene(self.lab, settings)

    @property
    def run(self) -> Any:
        return self.scene.run

    @property
    def running(self) -> bool:
        """Whether the training goes on by itself."""
        return self.work.going

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
        if TrainingView.in_training is not None:
            TrainingView.in_training.pause()
        try:
            self.work.start()
        except RuntimeError:
            raise RuntimeError(
                "start() trains in the notebook's event loop, and none is running here: "
                f"in a script, labs.{self.lab.name}(...) trains and returns the data"
            ) from None
        TrainingView.in_training = self
        self._restart_clock()
        self.told()

    def pause(self) -> None:
        """Stop between two steps."""
        if self.running:
            self._end()

    def reset(self) -> None:
        """Throw the run away, and prepare one with the present settings."""
        self._stop()
        self.failure, self.error = None, ""
        self.scene.fresh = True
        self._restart_clock()
        self._paint()

    def close(self) -> None:
        """Stop the training, and remove the figure."""
        self._stop()
        super().close()

    def set(self, **values: Any) -> None:
        """Change settings from code, as a reader would by hand."""
        self.scene.speak = not self.running  # a caption for each position of a dragged slider would be too many
        super().set(**values)

    # The task.

    def _take_a_slice(self) -> float | None:
        began, pace = time.perf_counter(), self.run.settings.get("pace", 0)
        until = began + (0 if pace else SLICE)
        while True:
            self.run.step()
            now = time.perf_counter()
            if now >= until or not self.run.going:
                break
        self._trained += now - began
        if not self.run.going:
            return None
        rest = min((SHARE - 1) * self._cost, SLOWEST)
        if now - self._painted >= REPAINT and time.process_time() - self._spent >= rest:
            self._paint(speak=now - self._spoken >= SPEAK)
        return max(0.0, began + 1 / pace - time.perf_counter()) if pace else 0.0

    def _end(self) -> None:
        self._stop()
        try:
            self.run.check()
            self._paint()
        except Exception as error:
            self._fail(error)

    def _stop(self) -> None:
        self.work.stop()
        if TrainingView.in_training is self:
            TrainingView.in_training = None

    def _fail(self, error: Exception) -> None:
        self._stop()
        self.failure = error
        where = f"after step {self.run.step_number:,}: {type(error).__name__}: {error}"
        self.error = f"The training stopped {where}. Press Reset to begin again."
        self.told()

    def _restart_clock(self) -> None:
        self._painted = self._spoken = time.perf_counter()
        self._trained, self._from = 0.0, self.scene.run.step_number if not self.scene.fresh else 0

    # The screen.

    def _paint(self, speak: bool = True) -> None:
        """Show the run as it stands; `speak` changes the caption too, which screen readers read out."""
        began = time.process_time()
        self.scene.speak = speak
        self.scene.change(self.scene.settings)
        self.told()
        self._painted, self._spent = time.perf_counter(), time.process_time()
        self._cost = self._spent - began
        if speak:
            self._spoken = self._painted

    def state(self) -> Iterator[str]:
        """How far it has come, in parts."""
        run = self.run
        if self.failure:
            yield "Failed"
        elif run.diverged_at >= 0:
            yield f"Diverged at step {run.diverged_at:,}"
        elif not run.going:
            yield "Finished"
        else:
            yield "Training" if self.running else "Paused" if run.step_number else "Ready"
        if run.settings["engine"] == "torch":
            yield "by PyTorch"
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


def _go(view: Any) -> str:
    return "Pause" if view.running else "Resume" if view.run.step_number else "Start"


def _status(view: Any) -> tuple[str, float]:
    return " · ".join(view.state()), min(1.0, view.run.step_number / max(view.run.total, 1))


def _own(settings: Any) -> bool:
    return settings["network"] == "own"


BUTTONS: dict[str, Control] = {
    "start": Button(words=_go, does=lambda view: view.toggle()),
    "reset": Button("Reset", does=lambda view: view.reset()),
    "state": Status(of=_status),
}
lab = Lab(
    "Press Start, watch the network learn digits, and change the learning rate while it does",
    inches=(8.4, 4.4),
    view=TrainingView,
    **BUTTONS,
    lr=Slider("learning rate α", 1e-3, 1e-5, 10.0, 0.05, log=True),
    rule=Choice("optimizer", "adam", {name: name for name in optim.RULES}),
    beside=Choice("beside it", "weights", BESIDE),
    epochs=Slider("epochs", 5, 1, 50, 1, more=True),
    hidden=Text("hidden widths", "128", parse=widths, when=_own),
    network=Network("network", "own", {"own": "as given", "cnn": "convolutional, with dropout",
                                       **{name: it.words for name, it in REMEDIES.items()}}),
    weights=Choice("weights", "now", {"now": "as they are", "change": "change since the start"}, more=True,
                   when=lambda s: s["beside"] == "weights"),
    engine=Choice("engine", "ours", {"ours": "ours", "torch": "PyTorch"}, more=True,
                  when=lambda s: s["rule"] in torch_twin.OPTIMIZERS),
    pace=Choice("pace", 0, {0: "full speed", 100: "100 steps a second", 10: "10 steps a second"}, more=True),
    batch=Choice("batch size", 64, {1: "1", 8: "8", 64: "64", 128: "128", 512: "512", 7000: "7,000 (all)"},
                 more=True),
    activation=Choice("activation", "relu", {name: name for name in ("relu", "tanh", "sigmoid")}, more=True,
                      when=_own),
    init=Choice("initial weights", "he", {name: name for name in init.INITS}, more=True, when=_own),
    seed=Whole("seed", 0),
    steps=Whole("steps"),
)


@lab.check
def fits_together(settings: Any) -> dict[str, Any]:
    if settings["network"] == "batch" and settings["batch"] == 1:
        raise ValueError("batch 1: batch normalisation needs two examples at least, one has no spread")
    if settings["engine"] == "torch" and settings["rule"] not in torch_twin.OPTIMIZERS:
        raise ValueError(
            f"rule {settings['rule']}: with engine PyTorch choose one of {', '.join(torch_twin.OPTIMIZERS)}"
        )
    return {}


@lab.compute
def training(**settings: Any) -> Training:
    """A whole run, in a plain loop.

    >>> d = lab(steps=20, lr=0.1, rule="gd")
    >>> len(d.loss), bool(d.val_loss[-1] < d.val_loss[0])
    (20, True)
    """
    run = Run(settings)
    while run.going:
        run.step()
    return run.data()


@lab.picture
def picture(figure: Any) -> Picture:
    shown = TrainingPicture(figure)
    return Picture(shown.live, shown.draw, shown.scenery, of=shown.frame)


@lab.table
def table(d: Training) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    rows = []
    for step, loss, accuracy in zip(d.checked, d.val_loss, d.val_accuracy, strict=True):
        used = [change for change in d.changes if change.step < max(step, 1)]
        rule, lr = used[-1][1:] if used else ("", "")
        smoothed = d.smoothed[step - 1] if step else ""
        rows.append((step, step / d.per_epoch, smoothed, loss, accuracy, rule, lr))
    return ("step", "epoch", "training loss", "validation loss", "validation accuracy", "optimizer", "α"), rows
