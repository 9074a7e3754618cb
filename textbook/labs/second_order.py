"""What does curvature buy?  Methods that use it, side by side: their paths, and the loss by steps and by cost."""

from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator, NullLocator

from textbook import engine, plots, second_order
from textbook.lab import Choice, FrameAxis, Lab, Numbers, Picture, Several, Slider
from textbook.plots.style import OKABE_ITO, START
from textbook.surfaces import SURFACES
from textbook.words import counted

METHODS = {"steepest_descent": "steepest descent", "newton": "Newton, pure", "damped_newton": "Newton, damped",
           "bfgs": "BFGS", "lbfgs": "L-BFGS", "nonlinear_cg": "nonlinear CG"}  # fmt: skip
COLOURS = dict(zip(METHODS, ("black", "vermilion", "orange", "blue", "green", "purple"), strict=True))
DASHES = dict(zip(METHODS, (":", "-", "--", "-", "-.", (0, (5, 1))), strict=True))
MARKERS = dict(zip(METHODS, "osD^vP", strict=True))
FLOOR = 1e-16  # of the loss, relative to the picture's highest
TOL = 1e-8
FLAT = 1e-4  # a curvature that is none

lab = Lab(
    "Step through the methods, or drag the start ◇ on the map; compare the steps with what they cost",
    inches=(8.4, 5.0),
    surface=Choice("surface", "rosenbrock", {k: v.title for k, v in SURFACES.items() if v.dimension == 2}),
    methods=Several("methods", ("steepest_descent", "newton", "bfgs"), METHODS),
    steps=Slider("steps at most", 40, 5, 100, 1, more=True),
    start=Numbers("x and y", shape=(2,)),
    step=FrameAxis("step", of=lambda d: range(d.last + 1), show="{}", start=lambda d: min(5, d.last), interval=250),
)


@lab.compute
def minimisations(surface, methods, steps, start):
    """Each method from one start: `runs`, a `Minimisation` each; `ends`, in words where it stopped and why."""
    field = SURFACES[surface]
    point = start or field.start
    runs, ends = {}, {}
    for name in methods:
        try:
            runs[name] = run = second_order.METHODS[name](field.f, point, steps, tol=TOL)
            ends[name] = where(field, run)
        except ValueError as error:  # Newton's step may not exist
            runs[name] = second_order.METHODS[name](field.f, point, 0)
            ends[name] = "no step: " + str(error).partition(":")[0]
    return {"surface": field, "runs": runs, "ends": ends, "last": max(1, *(run.steps for run in runs.values()))}


def where(field, run):
    """What a run came to: a level place by the curvatures there, or why it stopped."""
    if run.stopped == "diverged":
        return "down without end" if run.loss[-1] < run.loss[0] else "diverged"
    if run.stopped != "converged":
        return run.stopped
    least, most = np.linalg.eigvalsh(engine.hessian(field.f)(run.path[-1]))[[0, -1]]
    if least > FLAT:
        return "at a minimum"
    return "on a top" if most < -FLAT else "on a saddle" if least < -FLAT and most > FLAT else "where f is level"


@lab.moved
def moved(s, name, value):
    return {"surface": {"start": None, "step": None}, "start": {"step": None}}.get(name, {})


@lab.table
def table(d):
    head = ("method", "steps", "gradients", "Hessian products", "cost in gradients", "final loss", "came to")
    return head, [
        (METHODS[name], run.steps, *(int(n[-1]) for n in (run.counts.gradient, run.counts.hvp,
                                                          run.counts.in_gradients)), run.loss[-1], d.ends[name])
        for name, run in d.runs.items()
    ]  # fmt: skip


@lab.picture
def picture(fig):
    grid = fig.add_gridspec(3, 2, width_ratios=(1.1, 1), height_ratios=(1, 1, 0.34))
    place = fig.add_subplot(grid[:, 0], xlabel="x₁", ylabel="x₂")
    by_step, by_cost = (fig.add_subplot(grid[row, 1]) for row in (0, 1))
    by_step.set(xlabel="steps")
    by_step.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    by_cost.set(xlabel="cost, in gradients")
    key = fig.add_subplot(grid[2, 1])
    key.set_axis_off()
    artists = {}
    for name in METHODS:
        line = {"color": OKABE_ITO[COLOURS[name]], "ls": DASHES[name], "marker": MARKERS[name],
                "mec": "white", "mew": 0.5, "zorder": 3}  # fmt: skip
        artists[name] = (
            place.plot([], [], **line | {"lw": 1.1, "ms": 4})[0],
            place.plot([], [], **line | {"ls": "none", "ms": 9})[0],
            *(ax.plot([], [], **line | {"lw": 1.6, "marker": ""})[0] for ax in (by_step, by_cost)),
            *(ax.plot([], [], **line | {"ls": "none", "ms": 8})[0] for ax in (by_step, by_cost)),
        )
    (begin,) = place.plot([], [], **START, zorder=5)
    heights: dict[str, Any] = {}

    def limits(d):
        cost = max(run.counts.in_gradients[-1] for run in d.runs.values())
        return tuple(1.4 ** np.ceil(np.log([d.last, cost]) / np.log(1.4)))

    def load(d):
        begin.set_data(*next(iter(d.runs.values())).path[:1].T)
        low, high = by_step.get_ylim()
        low, high = (low, high) if d.surface.minimum is None else (2 * low, 0.5 * high)  # whole markers
        for name, lines in artists.items():
            for artist in lines:
                artist.set_visible(name in d.runs)
        for name, run in d.runs.items():
            gap = run.loss - (d.surface.minimum or 0)
            heights[name] = np.clip(np.nan_to_num(gap, nan=high), low, high)
            artists[name][2].set_data(np.arange(run.steps + 1), heights[name])
            artists[name][3].set_data(run.counts.in_gradients, heights[name])

    def scenery(d):
        plots.draw_contour(place, d.surface)
        place.set_title(d.surface.title)
        high = float(np.max(d.surface.f(d.surface.grid(41))))
        for ax, right in zip((by_step, by_cost), limits(d), strict=True):
            ax.set(xlim=(-0.02 * right, 1.02 * right))
            if d.surface.minimum is None:
                ax.set(yscale="symlog", ylim=(-1e12, 1e3), yticks=[-1e8, -1e4, 0], ylabel="loss")
                ax.yaxis.set_minor_locator(NullLocator())
            else:
                room = high - d.surface.minimum
                ax.set(yscale="log", ylim=(room * FLOOR, room * 3), ylabel="loss − minimum")
        handles = [key.plot([], [], color=OKABE_ITO[COLOURS[name]], ls=DASHES[name], marker=MARKERS[name],
                            mec="white", label=METHODS[name])[0] for name in d.runs]  # fmt: skip
        legend = key.legend(handles=handles, ncols=2, loc="upper left", handlelength=2.6, columnspacing=1.2,
                            borderaxespad=0, fontsize=9)  # fmt: skip
        legend.set_in_layout(False)

    def draw(d, k):
        said = []
        for name, run in d.runs.items():
            way, head, _, _, step, cost = artists[name]
            at = min(k, run.steps)
            spent = int(run.counts.in_gradients[at])
            way.set_data(*run.path[: at + 1].T)
            head.set_data(*run.path[at : at + 1].T)
            step.set_data([at], heights[name][[at]])
            cost.set_data([spent], heights[name][[at]])
            end = f", {d.ends[name]} since step {run.steps}" if k >= run.steps and run.stopped == "converged" else ""
            end = end or (f"; {d.ends[name]}" if k >= run.steps else "")
            said.append(f"{METHODS[name]}: loss {run.loss[at]:.3g} for {counted(spent, 'gradient')}{end}")
        return f"Step {k} of {d.last}.\n" + "\n".join(said)

    return Picture([*artists.values(), begin], draw, scenery, [place],
                   of=lambda d: (d.surface, tuple(d.runs), limits(d)), load=load)  # fmt: skip
