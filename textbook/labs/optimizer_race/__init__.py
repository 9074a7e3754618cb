"""Which optimizer is faster, and how much of that is its learning rate?  All of them from one start, in one race."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from textbook import optim, plots
from textbook.lab import Choice, FrameAxis, Lab, Numbers, Picture, Several, Slider, Text
from textbook.labs.optimizer_race.entry import TRIED, heights, own_surface, tuned
from textbook.surfaces import SURFACES

RACERS = [rule for rule in optim.RULES if optim.kind(rule).elementwise]  # so that all learning rates run at once
TIMES = np.geomspace(0.1, 10, 81)  # the middle one is 1
REACHED = 1e-3  # of the way from the start down to the minimum, what is left at the target
COLOURS = ("blue", "vermilion", "green", "purple", "orange", "black", "sky")
DASHES: tuple[Any, ...] = ("-", (0, (6, 1.5)), (0, (6, 1.5, 1, 1.5)), (0, (1.5, 1.2)), (0, (9, 2, 3, 2)))
MARKERS = "os^DvPX"


def look(number):
    """How the rule with this number in `RACERS` is drawn: no two of the first 35 look alike."""
    color = plots.OKABE_ITO[COLOURS[number % len(COLOURS)]]
    return {"color": color, "linestyle": DASHES[number % len(DASHES)], "marker": MARKERS[number % len(MARKERS)]}


def by_hand(rule):
    return lambda s: s["rates"] == "own" and rule in s["rules"]


def takes(name):
    return lambda s: any(name in optim.hyperparameters(rule) for rule in s["rules"])


RATES: Any = {
    f"lr_{rule}": Slider(f"α of {rule}", 0.01, 1e-5, 10.0, 0.05, log=True, when=by_hand(rule), more=True)
    for rule in RACERS
}
lab = Lab(
    "Play the race, or drag the start ○ on the map; choose who runs",
    inches=(8.4, 4.8),
    surface=Choice("surface", "rosenbrock", {k: v.title for k, v in SURFACES.items() if v.dimension == 2}
                   | {"own": "your own f(x, y)"}),
    formula=Text("f(x, y) =", "x**2 + 10*y**2 + 4*sin(3*x)", parse=own_surface, when=lambda s: s["surface"] == "own"),
    rules=Several("rules", ("gd", "momentum", "rmsprop", "adam"), dict(zip(RACERS, RACERS, strict=True))),
    frames=Choice("slider", "step", {"step": "step by step", "lr": "by learning rate"}),
    rates=Choice("learning rates", "tuned", {"tuned": "best of 81 for each", "own": "set by hand"}, more=True),
    **RATES,
    momentum=Slider("momentum", 0.9, 0.0, 0.99, when=takes("momentum"), more=True),
    beta1=Slider("beta1", 0.9, 0.0, 0.99, when=takes("betas"), more=True),
    beta2=Slider("beta2", 0.999, 0.9, 0.9999, 0.0001, when=takes("betas"), more=True),
    steps=Slider("steps", 200, 10, 400, 10, more=True),
    start=Numbers(),
    step=FrameAxis("step", of=lambda d: range(d.steps + 1), show="{}", start=lambda d: d.steps, interval=25,
                   when=lambda s: s["frames"] == "step"),
    times=FrameAxis("learning rates ×", of=lambda d: d.times, show="{:.3g}", start=1.0, log=True,
                    when=lambda s: s["frames"] == "lr"),
)  # fmt: skip


@lab.compute
def race(surface, formula, rules, frames, rates, momentum, beta1, beta2, steps, start, **rest):
    """Several rules from one start.

    `lr`: for each rule its learning rate at factor 1; `times`: the factors, 1 alone or `TIMES`; `runs`: for each rule
    its `Trajectory`; `target`: the loss to reach, None where the minimum is unknown; `reached`: for each rule the first
    step at which it is at the target, -1 for never.
    """
    field = own_surface(formula) if surface == "own" else SURFACES[surface]
    point = start or field.start
    if len(point) != 2:
        raise ValueError(f"the start is a point (x, y), got {point}")
    offered = {"momentum": momentum, "betas": (beta1, beta2)}
    hyper = {r: {k: v for k, v in offered.items() if k in optim.hyperparameters(r)} for r in rules}
    own = rates == "own"
    lr = {r: rest[f"lr_{r}"] if own else tuned(field, steps, r, tuple(h.items())) for r, h in hyper.items()}
    times = TIMES if frames == "lr" else np.ones(1)
    runs = optim.race(field.f, point, {r: {"lr": lr[r] * times, **h} for r, h in hyper.items()}, steps)
    target = None
    if field.minimum is not None:
        target = field.minimum + REACHED * (float(field.f(np.array(point))) - field.minimum)
    there = {r: run.loss <= (-np.inf if target is None else target) for r, run in runs.items()}
    reached = {r: np.where(t.any(axis=0), t.argmax(axis=0), -1) for r, t in there.items()}
    return {"surface": field, "by_step": frames == "step", "steps": steps, "times": times, "lr": lr, "runs": runs,
            "target": target, "reached": reached}  # fmt: skip


@lab.moved
def moved(s, name, value):
    return {
        "surface": {"start": None},
        "formula": {"surface": "own", "start": s["start"] if s["surface"] == "own" else None},
        "frames": {"step": None, "times": None},
    }.get(name, {})


@lab.table
def table(d):
    target = "steps to the target" if d.target is None else f"steps to loss {d.target:.3g}"
    head = ("rule", "α", target, "final loss", "diverged at step")
    return head, [
        (rule, d.lr[rule] * times, or_never(d.reached[rule][k]), run.loss[-1, k], or_never(run.diverged_at[k]))
        for k, times in enumerate(d.times) for rule, run in d.runs.items()
    ]  # fmt: skip


def or_never(step):
    return int(step) if step >= 0 else "–"


@lab.picture
def picture(fig):
    grid = fig.add_gridspec(2, 2, width_ratios=(1.15, 1), height_ratios=(1, 0.32))
    place = fig.add_subplot(grid[:, 0], xlabel="x", ylabel="y", title="surface")
    fall = fig.add_subplot(grid[0, 1], xlabel="step", ylabel="loss above the minimum", yscale="log", ylim=(1e-9, 1e4))
    key = fig.add_subplot(grid[1, 1])
    key.set_axis_off()
    artists = {}
    for number, rule in enumerate(RACERS):
        line = look(number) | {"lw": 1.8, "ms": 8, "mec": "white", "mew": 1.0, "zorder": 3, "gid": rule}
        artists[rule] = (
            place.plot([], [], color=line["color"], ls="-", lw=0.8, alpha=0.5, zorder=2)[0],  # all of it, faint
            place.plot([], [], markevery=[-1], **line)[0],  # the way so far, with a marker at its head
            fall.plot([], [], **line | {"marker": ""})[0],
        )
    (begin,) = place.plot([], [], "o", ms=10, mfc="none", mec="black", mew=1.6, zorder=4, gid="start")
    (goal,) = fall.plot([], [], color=plots.PALE, lw=1, ls="-", zorder=1)
    goal_name = fall.text(0, 1, " target", ha="left", va="top", fontsize=9, color=plots.INK)
    now = fall.axvline(0, color=plots.PALE, lw=1, ls="-", zorder=1)
    live = [*artists.values(), begin, goal, goal_name, now]
    kept: dict[str, Any] = {}  # which points of a path are drawn, and the losses inside the picture
    losses: dict[str, Any] = {}

    # The limits don't hang on the start, so that dragging it leaves the static part alone.
    def scenery(d):
        plots.draw_contour(place, d.surface)
        place.set_title(d.surface.title)
        found = heights(d.surface)
        low, high = float(found.min()), float(found.max())
        fall.set(xlim=(-0.02 * d.steps, 1.03 * d.steps))
        fall.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        if d.surface.minimum is not None:
            fall.set(yscale="log", ylabel="loss above the minimum", ylim=((high - low) * 1e-9, (high - low) * 10))
        else:
            room = 0.1 * (high - low)
            fall.set(yscale="linear", ylabel="loss", ylim=(low - room, high + room))
        handles = [artists[rule][1] for rule in d.runs]
        legend = key.legend(handles, d.runs, ncols=2, loc="upper left", handlelength=3, borderaxespad=0)
        legend.set_in_layout(False)
        for line in legend.get_lines():
            line.set_visible(True)

    def lines(d):
        least = d.surface.minimum
        pixel = np.ptp([place.get_xlim(), place.get_ylim()], axis=1) / place.bbox.size
        low, high = fall.get_ylim()
        # A hair outside the picture, where a line may leave it.
        room = (low / 10, high * 10) if least is not None else (low - 0.1 * (high - low), high + 0.1 * (high - low))
        for rule, run in d.runs.items():
            cells = np.floor(run.path / (pixel[:, None] / 2))
            moved = (np.diff(cells, axis=0) != 0).any(axis=1)  # by half a pixel: a film without the others is small
            kept[rule] = np.vstack([np.ones_like(moved[:1]), moved])
            losses[rule] = np.clip(np.nan_to_num(run.loss, nan=np.inf) - (least or 0), *room)
        for rule, (ghost, trail, curve) in artists.items():
            for artist in (trail, curve):
                artist.set_visible(rule in d.runs)
            ghost.set_visible(rule in d.runs and d.by_step)
            if ghost.get_visible():  # they stay as they are over the film, so they are recorded once
                ghost.set_data(*d.runs[rule].path[kept[rule][:, 0], :, 0].T)
                curve.set_data(np.arange(d.steps + 1), losses[rule][:, 0])
        begin.set_data(*next(iter(d.runs.values())).path[0, :, :1])
        now.set_visible(d.by_step)
        for artist in (goal, goal_name):
            artist.set_visible(d.target is not None)
        if d.target is not None:
            height = max(d.target - least, low / 10)
            goal.set_data([0, d.steps], [height] * 2)
            goal_name.set(position=(0, height), clip_on=True)

    def draw(d, k):
        number, step = (0, k) if d.by_step else (k, d.steps)
        said = [f"Step {step} of {d.steps}." if d.by_step
                else f"All learning rates × {d.times[number]:.3g}, {d.steps} steps."]  # fmt: skip
        now.set_xdata([step, step])
        for rule, run in d.runs.items():
            _, trail, curve = artists[rule]
            loss = run.loss[step, number]
            some = kept[rule][: step + 1, number].copy()
            some[-1] = True
            trail.set_data(*run.path[: step + 1, :, number][some].T)
            if not d.by_step:
                curve.set_data(np.arange(d.steps + 1), losses[rule][:, number])
            diverged, reached = run.diverged_at[number], d.reached[rule][number]
            if 0 <= diverged <= step:
                end = f"diverged at step {diverged}" if np.isfinite(loss) else "undefined at the start"
            else:
                end = f"loss {loss:.3g}" + (f", first at the target at step {reached}" if 0 <= reached <= step else "")
            said.append(f"{rule}, α = {d.lr[rule] * d.times[number]:.3g}: {end}")
        return "\n".join(said)

    return Picture(live, draw, scenery, [place], of=lambda d: (d.surface, tuple(d.runs), d.steps), load=lines)
