"""Which optimizer is faster, and how much of that is its learning rate?  All of them from one start, in one race."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from textbook import expression, optim, plots
from textbook.engine import Array
from textbook.labs.base import Choice, Data, FrameAxis, Frames, Lab, Numbers, Picture, Settings, Several, Slider, Text
from textbook.optim import RULES, Trajectory
from textbook.stage import Point
from textbook.surfaces import SURFACES, Surface

TIMES = np.geomspace(0.1, 10, 81)  # the middle one is 1
TRIED = np.geomspace(1e-5, 10, 81)  # the learning rates among which each rule has its own picked
OWN = "x**2 + 10*y**2 + 4*sin(3*x)"
REACHED = 1e-3  # of the way from the start down to the minimum, what is left at the target

_COLOURS = ("blue", "vermilion", "green", "purple", "orange", "black", "sky")
_DASHES: tuple[Any, ...] = ("-", (0, (6, 1.5)), (0, (6, 1.5, 1, 1.5)), (0, (1.5, 1.2)), (0, (9, 2, 3, 2)))
_MARKERS = "os^DvPX"


def _look(number: int) -> dict[str, Any]:
    """How the rule with this number in `RULES` is drawn: no two of the first 35 look alike."""
    return {
        "color": plots.OKABE_ITO[_COLOURS[number % len(_COLOURS)]],
        "linestyle": _DASHES[number % len(_DASHES)],
        "marker": _MARKERS[number % len(_MARKERS)],
    }


@lru_cache(maxsize=64)
def own_surface(text: str) -> Surface:
    """The reader's formula as a surface.

    Raises:
        ValueError: it can't be read, has other names than x and y, or mixes points, as `mean` does.
    """
    formula = expression.parse(text)
    if other := [name for name in formula.names if name not in ("x", "y")]:
        raise ValueError(f"the surface is a function of x and y: {', '.join(other)} has no value here")

    def height(x: Any, y: Any) -> Any:
        return formula(**{name: {"x": x, "y": y}[name] for name in formula.names})

    starts = ((-2.5, 1.5), (2.5, 1.5), (-2.5, -1.5), (2.5, -1.5))
    surface = Surface(
        name="own",
        title=text if len(text) <= 40 else text[:39] + "…",
        formula=height,
        tex="",
        extent=((-3.0, 3.0), (-3.0, 3.0)),
        start=next((p for p in starts if np.isfinite(height(*p))), starts[0]),
        source="the reader",
    )
    points = np.array([[0.3, -1.1, 0.7], [1.3, 0.4, -0.6]])
    if not np.array_equal(surface.f(points), [surface.f(point) for point in points.T], equal_nan=True):
        raise ValueError("the surface must have one height at each point: mean and sum would mix the points")
    heights = _heights(surface)
    if not len(heights) or heights.min() == heights.max():
        what = "is flat" if len(heights) else "has no value"
        raise ValueError(f"the surface {what} everywhere between -3 and 3: there is nothing to descend")
    return surface


def _heights(surface: Surface) -> Array:
    """The heights on a coarse grid over the picture, where there are any."""
    height = surface.f(surface.grid(41))
    return height[np.isfinite(height)]


def _surface(s: Mapping[str, Any]) -> Surface:
    return own_surface(s["formula"]) if s["surface"] == "own" else SURFACES[s["surface"]]


def _hyper(rule: str, s: Mapping[str, Any]) -> dict[str, Any]:
    """A rule's hyperparameters but for the learning rate."""
    offered = {"momentum": s["momentum"], "betas": (s["beta1"], s["beta2"])}
    return {name: value for name, value in offered.items() if name in optim.hyperparameters(rule)}


def _by_hand(rule: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda s: s["rates"] == "own" and rule in s["rules"]


def _takes(name: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda s: any(name in optim.hyperparameters(rule) for rule in s["rules"])


@lru_cache(maxsize=32)
def tuned(surface: Surface, steps: int, rule: str, hyper: tuple[tuple[str, Any], ...]) -> float:
    """The one of the `TRIED` learning rates that ends lowest from the surface's own start, with its neighbours.

    A single rate may end low by luck, so each counts as the mean rank of the five around it.  A rate with a leap over
    more than a quarter of the picture is worth no look, nor is one that diverges.
    """
    run = optim.descend(surface.f, surface.start, rule, steps, lr=TRIED, **dict(hyper))
    leap = np.abs(np.diff(run.path, axis=0)).max(axis=0)
    wild = (leap > np.ptp(surface.extent, axis=1)[:, None] / 4).any(axis=0) | (run.diverged_at >= 0)
    rank = np.where(wild, np.inf, run.loss[-1]).argsort(kind="stable").argsort()
    return float(TRIED[2 + np.convolve(rank, np.ones(5), "valid").argmin()])


@dataclass(frozen=True)
class Race(Data):
    """Several rules from one start.

    Attributes:
        surface: what is descended.
        times: (n,) the factors of the learning rates: 1 alone, or `TIMES`.
        lr: for each rule its learning rate at factor 1.
        runs: for each rule its `Trajectory` of n runs.
        target: the loss to reach; None if the minimum is unknown.
        reached: for each rule (n,), the first step at which it is at the target; -1 for never.
    """

    surface: Surface
    times: Array
    lr: dict[str, float]
    runs: dict[str, Trajectory]
    target: float | None
    reached: dict[str, Array]


class OptimizerRace(Lab):
    """Frame axis: the step, or a factor of all learning rates.  Drag the start on the map."""

    name = "optimizer_race"
    title = "Optimizers from one start: their paths on the surface, and their losses against the step"
    controls = (
        Choice(
            "surface", "surface", "rosenbrock",
            {k: v.title for k, v in SURFACES.items() if v.dimension == 2} | {"own": "your own f(x, y)"},
        ),
        Text("formula", "f(x, y) =", OWN, parse=own_surface),
        Several("rules", "rules", ("gd", "momentum", "rmsprop", "adam"), dict(zip(RULES, RULES, strict=True))),
        Choice("frames", "frames", "step", {"step": "step by step", "lr": "by learning rate"}),
        Choice("rates", "learning rates", "tuned", {"tuned": "best of 81 for each", "own": "set by hand"}),
        *(
            Slider(
                f"lr_{rule}", f"α of {rule}", 0.01, low=1e-5, high=10.0, step=0.05, log=True, when=_by_hand(rule),
            )
            for rule in RULES
        ),
        Slider("momentum", "momentum", 0.9, low=0.0, high=0.99, when=_takes("momentum")),
        Slider("beta1", "beta1", 0.9, low=0.0, high=0.99, when=_takes("betas")),
        Slider("beta2", "beta2", 0.999, low=0.9, high=0.9999, step=0.0001, when=_takes("betas")),
        Slider("steps", "steps", 200, low=10, high=400, step=10),
        Numbers("start", "start", None),
        FrameAxis("step", "step", None, above=-1),
        FrameAxis("times", "learning rates ×", 1.0),
    )  # fmt: skip

    def compute(self, s: Settings) -> Race:
        surface = _surface(s)
        start = s["start"] or surface.start
        if len(start) != 2:
            raise ValueError(f"the start is a point (x, y), got {start}")
        hyper = {rule: _hyper(rule, s) for rule in s["rules"]}
        by_hand = s["rates"] == "own"
        lr = {
            rule: s[f"lr_{rule}"] if by_hand else tuned(surface, s["steps"], rule, tuple(h.items()))
            for rule, h in hyper.items()
        }
        times = TIMES if s["frames"] == "lr" else np.ones(1)
        runs = optim.race(surface.f, start, {r: {"lr": lr[r] * times, **h} for r, h in hyper.items()}, s["steps"])
        target, reached = None, {}
        if surface.minimum is not None:
            first = float(surface.f(np.array(start)))
            target = surface.minimum + REACHED * (first - surface.minimum)
        for rule, run in runs.items():
            there = run.loss <= (-np.inf if target is None else target)
            reached[rule] = np.where(there.any(axis=0), there.argmax(axis=0), -1)
        return Race(s, surface, times, lr, runs, target, reached)

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Race) -> Frames:
        s = data.settings
        if s["frames"] == "lr":
            nearest = np.abs(np.log(data.times / max(s["times"], 1e-9))).argmin()
            return Frames([f"{v:.3g}" for v in data.times], "learning rates ×", interval=60, start=int(nearest))
        step = s["steps"] if s["step"] is None else round(s["step"])
        return Frames(range(s["steps"] + 1), "step", interval=25, start=max(0, min(step, s["steps"])))

    def framed(self, data: Race, frame: int) -> dict[str, Any]:
        if data.settings["frames"] == "lr":
            return {"times": float(f"{data.times[frame]:.4g}")}
        return {"step": None if frame == data.settings["steps"] else float(frame)}

    def pointed(self, s: Settings, point: Point) -> dict[str, Any]:
        return {"start": (float(f"{point.x:.4g}"), float(f"{point.y:.4g}"))}

    def moved(self, s: Settings, name: str, value: Any) -> dict[str, Any]:
        with_it: dict[str, dict[str, Any]] = {
            "surface": {"start": None},
            "formula": {"surface": "own", "start": s["start"] if s["surface"] == "own" else None},
            "frames": {"step": None, "times": 1.0},
        }
        return {name: value} | with_it.get(name, {})

    def table(self, data: Race) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        head = ("rule", "α", "steps to the target", "final loss", "diverged at step")
        if data.target is not None:
            head = (*head[:2], f"steps to loss {data.target:.3g}", *head[3:])
        return head, [
            (rule, data.lr[rule] * times, _or_never(data.reached[rule][k]), run.loss[-1, k],
             _or_never(run.diverged_at[k]))
            for k, times in enumerate(data.times) for rule, run in data.runs.items()
        ]  # fmt: skip


def _or_never(step: int) -> int | str:
    return int(step) if step >= 0 else "–"


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 4.8), layout="constrained")
            grid = self.figure.add_gridspec(2, 2, width_ratios=(1.15, 1), height_ratios=(1, 0.32))
            self.map = self.figure.add_subplot(grid[:, 0], xlabel="x", ylabel="y", title="surface")
            self.loss = self.figure.add_subplot(grid[0, 1], xlabel="step", ylabel="loss above the minimum")
            self.key = self.figure.add_subplot(grid[1, 1])
            self.key.set_axis_off()
            self.loss.set(yscale="log", ylim=(1e-9, 1e4))
        self.looks = {rule: _look(number) for number, rule in enumerate(RULES)}
        self.artists = {}
        for rule, look in self.looks.items():
            line = look | {"lw": 1.8, "ms": 8, "mec": "white", "mew": 1.0, "zorder": 3}
            self.artists[rule] = (
                self.map.plot([], [], color=look["color"], ls="-", lw=0.8, alpha=0.5, zorder=2)[0],  # all of it, faint
                self.map.plot([], [], markevery=[-1], **line)[0],  # the way so far, with a marker at its head
                self.loss.plot([], [], **line | {"marker": ""})[0],
            )
        (self.begin,) = self.map.plot([], [], "o", ms=10, mfc="none", mec="black", mew=1.6, zorder=4)
        (self.goal,) = self.loss.plot([], [], color=plots.PALE, lw=1, zorder=1)
        self.goal_name = self.loss.text(0, 1, " target", ha="left", va="top", fontsize=9, color=plots.INK)
        self.now = self.loss.axvline(0, color=plots.PALE, lw=1, zorder=1)
        self.live = [*self.artists.values(), self.begin, self.goal, self.goal_name, self.now]
        self.pointer = [self.map]
        self.drawn: list[Any] = []
        self.shown: tuple = ()

    def load(self, data: Race) -> bool:
        self.data = data
        # The limits don't hang on the start, so that dragging it leaves the static part alone.
        shown = (data.surface, tuple(data.runs), data.settings["steps"])
        changed, self.shown = shown != self.shown, shown
        if changed:
            self._scenery(data)
        self._lines(data)
        return changed

    @plots.style()
    def _scenery(self, data: Race) -> None:
        for artist in self.drawn:
            artist.remove()
        before = set(self.map.get_children())
        plots.draw_contour(self.map, data.surface)
        self.drawn = [artist for artist in self.map.get_children() if artist not in before]
        self.map.set_title(data.surface.title)
        height = _heights(data.surface)
        low, high = float(height.min()), float(height.max())
        steps = data.settings["steps"]
        self.loss.set(xlim=(-0.02 * steps, 1.03 * steps))
        self.loss.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        if data.surface.minimum is not None:
            self.loss.set(yscale="log", ylabel="loss above the minimum", ylim=((high - low) * 1e-9, (high - low) * 10))
        else:
            room = 0.1 * (high - low)
            self.loss.set(yscale="linear", ylabel="loss", ylim=(low - room, high + room))
        handles = [self.key.plot([], [], lw=1.8, ms=8, mec="white", label=r, **self.looks[r])[0] for r in data.runs]
        self.drawn += handles
        key = self.key.legend(handles=handles, ncols=2, loc="upper left", handlelength=3, borderaxespad=0)
        key.set_in_layout(False)

    def _lines(self, data: Race) -> None:
        s, least = data.settings, data.surface.minimum
        limits = np.array([self.map.get_xlim(), self.map.get_ylim()])
        pixel = np.ptp(limits, axis=1) / self.map.bbox.size
        low, high = self.loss.get_ylim()
        # A hair outside the picture, where a line may leave it.
        room = (low / 10, high * 10) if least is not None else (low - 0.1 * (high - low), high + 0.1 * (high - low))
        self.kept, self.heights = {}, {}
        for rule, run in data.runs.items():
            cells = np.floor(run.path / (pixel[:, None] / 2))
            moved = (np.diff(cells, axis=0) != 0).any(axis=1)  # by half a pixel: a film without the others is small
            self.kept[rule] = np.vstack([np.ones_like(moved[:1]), moved])
            self.heights[rule] = np.clip(np.nan_to_num(run.loss, nan=np.inf) - (least or 0), *room)
        for rule, (ghost, trail, curve) in self.artists.items():
            trail.set_visible(rule in data.runs)
            curve.set_visible(rule in data.runs)
            ghost.set_visible(rule in data.runs and s["frames"] == "step")
            if ghost.get_visible():  # they stay as they are over the film, so they are recorded once
                ghost.set_data(*data.runs[rule].path[self.kept[rule][:, 0], :, 0].T)
                curve.set_data(np.arange(s["steps"] + 1), self.heights[rule][:, 0])
        self.begin.set_data(*next(iter(data.runs.values())).path[0, :, :1])
        self.now.set_visible(s["frames"] == "step")
        for artist in (self.goal, self.goal_name):
            artist.set_visible(data.target is not None)
        if data.target is not None and least is not None:
            height = max(data.target - least, low / 10)
            self.goal.set_data([0, s["steps"]], [height] * 2)
            self.goal_name.set(position=(0, height), clip_on=True)

    def draw(self, frame: int) -> str:
        data, steps = self.data, self.data.settings["steps"]
        by_step = data.settings["frames"] == "step"
        number, step = (0, frame) if by_step else (frame, steps)
        if by_step:
            self.now.set_xdata([step, step])
        times = f"All learning rates × {data.times[number]:.3g}, {steps} steps."
        said = [f"Step {step} of {steps}." if by_step else times]
        for rule, run in data.runs.items():
            _, trail, curve = self.artists[rule]
            path, loss = run.path[: step + 1, :, number], run.loss[step, number]
            kept = self.kept[rule][: step + 1, number].copy()
            kept[-1] = True
            trail.set_data(*path[kept].T)
            if not by_step:
                curve.set_data(np.arange(steps + 1), self.heights[rule][:, number])
            diverged, reached = run.diverged_at[number], data.reached[rule][number]
            if 0 <= diverged <= step:
                end = f"diverged at step {diverged}" if np.isfinite(loss) else "undefined at the start"
            else:
                end = f"loss {loss:.3g}" + (f", at the target since step {reached}" if 0 <= reached <= step else "")
            said.append(f"{rule}, α = {data.lr[rule] * data.times[number]:.3g}: {end}")
        return "\n".join(said)


lab = OptimizerRace()
