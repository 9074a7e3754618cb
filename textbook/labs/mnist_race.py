"""Which optimizer trains a network on digits best, and is the difference larger than that between two seeds?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from textbook import optim
from textbook.engine import Array
from textbook.lab import Choice, Lab, Picture, Several, Slider, Text
from textbook.labs.mnist_training import BUTTONS, LiveScene, TrainingView
from textbook.labs.mnist_training import lab as training
from textbook.labs.mnist_training.run import Run, widths
from textbook.labs.optimizer_race import look

# Of nine learning rates from 1e-4 to 1, for each rule that with the lowest validation loss after two epochs of the
# default network (the median of two seeds that the race does not use).
RATES = {
    "gd": 0.316, "momentum": 0.316, "nesterov": 0.316, "adagrad": 0.0316, "rmsprop": 0.00316, "adam": 0.01,
    "adamw": 0.01, "nadam": 0.0316, "radam": 0.1, "lion": 0.00316, "adafactor": 0.1, "muon": 0.0316,
}  # fmt: skip
FIRST_SEED = 10
# A race with the defaults, recorded: the median losses at epochs 0, ¼, ½, … 2, in the order of the rules.
RECORDED = (
    (2.41, 0.80, 0.58, 0.48, 0.49, 0.40, 0.39, 0.42, 0.36), (2.41, 0.83, 0.55, 0.46, 0.39, 0.31, 0.33, 0.30, 0.31),
    (2.41, 0.56, 0.43, 0.39, 0.38, 0.32, 0.31, 0.32, 0.28), (2.41, 0.52, 0.41, 0.37, 0.31, 0.29, 0.27, 0.27, 0.26),
    (2.41, 1.17, 0.62, 0.42, 0.37, 0.33, 0.29, 0.26, 0.25),
)  # fmt: skip


@dataclass(frozen=True)
class Raced:
    """A race so far.

    Attributes:
        rules: who runs.
        step, total: steps taken of each run, and of how many.
        epochs: the same as `total`, in epochs.
        epoch: (checks,) when the validation digits were scored.
        loss, accuracy: (rules, seeds, checks) on the validation digits; nan once a run has diverged.
        lr: the learning rate of each rule.
    """

    rules: tuple[str, ...]
    step: int
    total: int
    epochs: float
    epoch: Array
    loss: Array
    accuracy: Array
    lr: tuple[float, ...]


class Race:
    """A `Run` for each rule and each seed: all of them take a step, then the next."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        s = self.settings = settings
        self.lr = tuple(float(f"{RATES[rule] * s['times']:.3g}") for rule in s["rules"])
        shared = {name: s[name] for name in ("epochs", "hidden", "batch", "steps")}
        self.runs = [
            [Run(training.settings(rule=rule, lr=lr, seed=FIRST_SEED + k, **shared)) for k in range(s["seeds"])]
            for rule, lr in zip(s["rules"], self.lr, strict=True)
        ]
        self.all_runs = list(chain.from_iterable(self.runs))
        self.first = self.all_runs[0]
        self.per_epoch, self.total = self.first.per_epoch, self.first.total
        self.step_number, self.diverged_at = 0, -1

    def change(self, settings: Mapping[str, Any]) -> None:
        """Nothing can be changed within a race: what is set holds from the next Reset."""

    @property
    def going(self) -> bool:
        """Whether any run has a step left to take."""
        return any(run.going for run in self.all_runs)

    def step(self) -> None:
        """Take one step of every run."""
        for run in self.all_runs:
            if run.going:
                run.step()
        self.step_number += 1

    def check(self) -> None:
        """Score the validation data, unless that is done."""
        for run in self.all_runs:
            if run.step_number == self.step_number:
                run.check()

    def data(self) -> Raced:
        """The race so far."""
        checked = max((run.checked for run in self.all_runs), key=len)
        scores = np.full((len(self.runs), len(self.runs[0]), len(checked), 2), np.nan)
        for rule, runs in enumerate(self.runs):
            for seed, run in enumerate(runs):
                scores[rule, seed, : len(run.scores)] = run.scores
        scores[~np.isfinite(scores)] = np.nan
        return Raced(self.settings["rules"], self.step_number, self.total, self.total / self.per_epoch,
                     np.array(checked) / self.per_epoch, scores[..., 0], scores[..., 1], self.lr)  # fmt: skip


class RaceScene(LiveScene):
    begin = Race


class RaceView(TrainingView):
    """The lab in a notebook."""

    def scene_of(self, settings: Any) -> RaceScene:
        return RaceScene(self.lab, settings)

    def state(self) -> Iterator[str]:
        run = self.run
        if self.failure or not run.going:
            yield "Failed" if self.failure else "Finished"
        else:
            yield "Racing" if self.running else "Paused" if run.step_number else "Ready"
        yield f"step {run.step_number:,} of {run.total:,}, {len(run.all_runs)} networks"
        if waiting := [name for name, value in self.scene.settings.items() if value != run.settings[name]]:
            yield f"{', '.join(waiting)}: from the next Reset"


lab = Lab(
    "Press Start: several optimizers train the same network, each with several seeds",
    inches=(8.4, 4.2),
    view=RaceView,
    **BUTTONS,
    rules=Several("optimizers", ("gd", "momentum", "rmsprop", "adam", "muon"), {rule: rule for rule in optim.RULES}),
    epochs=Slider("epochs", 2, 1, 10, 1),
    times=Slider("all learning rates ×", 1.0, 0.1, 10.0, 0.05, log=True),
    seeds=Slider("seeds", 3, 1, 5, 1),
    hidden=Text("hidden widths", "64", parse=widths, more=True),
    batch=Choice("batch size", 128, {8: "8", 64: "64", 128: "128", 512: "512"}, more=True),
    steps=training.controls["steps"],
)


@lab.compute
def race(**settings: Any) -> Raced:
    """A whole race, in a plain loop."""
    run = Race(settings)
    while run.going:
        run.step()
    return run.data()


@lab.table
def table(d: Raced) -> Any:
    rows = [
        (rule, lr, seed + FIRST_SEED, loss[-1], accuracy[-1])
        for rule, lr, losses, accuracies in zip(d.rules, d.lr, d.loss, d.accuracy, strict=True)
        for seed, (loss, accuracy) in enumerate(zip(losses, accuracies, strict=True))
    ]
    return ("optimizer", "α", "seed", "validation loss", "validation accuracy"), rows


@lab.picture
def picture(fig: Any) -> Picture:
    fall, end = fig.subplots(1, 2, width_ratios=(1.5, 1))
    for axis, label, ticks in ((fall.yaxis, "validation loss (nats)", (0.2, 0.5, 1, 2)),
                               (end.xaxis, "share misread", (0.05, 0.1, 0.2, 0.5, 0.9))):  # fmt: skip
        axis.axes.set(**{f"{axis.axis_name}scale": "log", f"{axis.axis_name}label": label})
        axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.set_ticks([], minor=True)
    fall.set(xlabel="epoch", ylim=(0.13, 4))
    end.set(xlim=(0.03, 1.1))
    artists = []
    for number in range(len(optim.RULES)):
        style = look(number)
        artists.append((
            fall.plot([], [], color=style["color"], ls="-", lw=0.7, alpha=0.6)[0],  # each seed
            fall.plot([], [], **style | {"ms": 6, "lw": 2, "mec": "white"})[0],  # their median
            end.plot([], [], color=style["color"], marker=style["marker"], ls="none", ms=8, mec="white")[0],
        ))  # fmt: skip

    ghosts = [fall.plot(np.arange(9) / 4, losses, ":", color=artists[number][0].get_color(), lw=1.2, zorder=1)[0]
              for number, losses in enumerate(RECORDED)]  # fmt: skip
    ghosts[0].set_label("recorded race, defaults")
    fall.legend(loc="upper right", fontsize=9)

    def scenery(d: Raced) -> None:
        for ghost in ghosts:
            ghost.set_visible(d.rules == lab.controls["rules"].default)
        fall.set_xlim(-0.02 * d.epochs, 1.02 * d.epochs)
        end.set(yticks=range(len(d.rules)), ylim=(len(d.rules) - 0.5, -0.5))
        end.set_yticklabels([f"{rule}, α = {lr:.3g}" for rule, lr in zip(d.rules, d.lr, strict=True)])
        for number, found in enumerate(artists):
            for artist in found:
                artist.set_visible(number < len(d.rules))

    def draw(d: Raced, k: int) -> str:
        said = []
        for place, (rule, (seeds, middle, points)) in enumerate(zip(d.rules, artists, strict=False)):
            losses, misread = np.clip(d.loss[place], 0.1, 5), 1 - d.accuracy[place, :, -1]
            gaps = np.hstack([losses, np.full((len(losses), 1), np.nan)])
            seeds.set_data(np.tile(np.append(d.epoch, np.nan), len(losses)), gaps.ravel())
            middle.set_data(d.epoch, np.median(losses, axis=0))
            points.set_data(np.clip(misread, 0.03, 1), np.full(len(misread), float(place)))
            worst, best = 1 - misread.max(), 1 - misread.min()
            said.append(f"{rule} {worst:.3f} to {best:.3f}" if np.isfinite(worst) else f"{rule}: diverged")
        return f"After step {d.step:,} of {d.total:,}, accuracy from the worst to the best seed: {'; '.join(said)}."

    return Picture([artist for found in artists for artist in found], draw, scenery)
