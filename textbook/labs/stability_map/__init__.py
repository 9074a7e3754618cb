"""Which learning rates does which momentum bear?  A map of ten thousand descents, and one of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patheffects import withStroke

from textbook import plots
from textbook.lab import Choice, FrameAxis, Lab, Picture, Slider
from textbook.labs.stability_map.theory import BETA, METHODS, REGIMES, SIZE, STEPS, descents, multipliers, ratio
from textbook.plots.style import INK, ORANGE, STAR

# Light where a descent gains little in a step, dark where it gains much.
SHADES = [LinearSegmentedColormap.from_list("", ends)
          for ends in (("#d9ebf7", "#0072B2"), ("#fdf0d5", "#E69F00"), ("#e3e3e3", "#bdbdbd"))]  # fmt: skip
LOSSES = Normalize(-12, 2)  # log10 of the final loss on Adam's map

lab = Lab(
    "Click a cell of the map, a learning rate and a momentum: the right side shows that descent",
    inches=(8.4, 5.0),
    method=Choice("rule", "accumulated", {name: m.title.partition(":")[0] for name, m in METHODS.items()}),
    beta=Slider("β", 0.8, 0.0, 0.99, 0.01),
    condition=Slider("condition number κ", 20, 1, 200, 1),
    lr=FrameAxis("learning rate α", of=lambda d: d.lr, show="{:.3g}", start=1.0, interval=80),
)


@lab.compute
def row_of(method, beta, condition):
    """A row of the map: the descents with the β nearest to the wanted one, and all learning rates.

    `path` (201, 2, 100), `loss` (201, 100), `diverged_at`, `regime` (100,) an index into `REGIMES`, `radius` (100,) the
    spectral radius of a step, None for Adam, and `ratio` (100,) the measured growth of a step.
    """
    m, whole = METHODS[method], descents(method, condition)
    row, run = int(np.abs(BETA - beta).argmin()), whole.run
    at, radius = run.diverged_at[row], None
    if m.matrix is not None:
        radius = np.abs([multipliers(m, m.lr * c, BETA[row]) for c in (1.0, 1 / condition)]).max(axis=(0, 1))
    grown = [ratio(run.path[: t if t >= 0 else None, :, row, k]) for k, t in enumerate(at)]
    return {"method": m, "descents": whole, "condition": condition, "beta": float(BETA[row]), "lr": m.lr,
            "path": run.path[:, :, row], "loss": run.loss[:, row], "diverged_at": at, "regime": whole.regime[row],
            "radius": radius, "ratio": np.array(grown)}  # fmt: skip


@lab.pointed
def pointed(point, s):
    rates = METHODS[s["method"]].lr
    beta = BETA[np.abs(BETA - point.y).argmin()]
    return {"lr": float(rates[np.abs(rates - point.x).argmin()]), "beta": float(beta.round(2))}


@lab.moved
def moved(s, name, value):
    return {"lr": None} if name == "method" else {}  # another map has other learning rates


@lab.table
def table(d):
    columns = {"α": d.lr}
    if d.radius is not None:  # of Adam neither a regime nor a ratio is known
        columns |= {"regime": [REGIMES[r] for r in d.regime], "spectral radius": d.radius,
                    "measured ratio a step": d.ratio}  # fmt: skip
    return columns | {"final loss": d.loss[-1], "diverged at step": [int(t) if t >= 0 else "–" for t in d.diverged_at]}


def log_loss(d):
    with np.errstate(divide="ignore"):
        return np.clip(np.log10(d.run.loss[-1]), LOSSES.vmin, LOSSES.vmax)


def colours(d):
    """(100, 100, 3): the hue says the regime, and darker is faster."""
    with np.errstate(divide="ignore"):
        fall = np.clip(-np.log10(d.run.loss[-1] / d.run.loss[0]), 0, 300)
    fall = (fall / fall.max()) ** 0.7
    rise = np.where(d.run.diverged_at >= 0, np.sqrt(5 / np.maximum(d.run.diverged_at, 5)), 0)
    shades = [SHADES[0](fall), SHADES[1](fall), SHADES[2](rise)]
    return np.take_along_axis(np.array(shades), d.regime[None, :, :, None], axis=0)[0][..., :3]


@lab.picture
def picture(fig):
    grid = fig.add_gridspec(3, 2, width_ratios=(1.25, 1), height_ratios=(1, 0.62, 0.34))
    chart = fig.add_subplot(grid[:2, 0], ylabel="momentum", label="map")
    key = fig.add_subplot(grid[2, 0], label="key")
    key.set_axis_off()
    scale = key.inset_axes((0.02, 0.6, 0.96, 0.22), xlabel="final loss", xscale="log", yticks=[], label="scale")
    shades = np.linspace(-12, 2, 141)
    scale.pcolormesh(10**shades, [0, 1], shades[None, 1:], cmap="cividis", norm=LOSSES)
    plane = fig.add_subplot(grid[0, 1], title="the path", xlabel="flat direction", ylabel="steep")
    fall = fig.add_subplot(grid[1:, 1], xlabel="step", title="loss", yscale="log")
    fall.set(xlim=(-4, STEPS + 4), ylim=(1e-13, 1e5), yticks=10.0 ** np.arange(-12, 6, 4))
    low, high = 1e-14, 1e6  # a hair outside the picture
    (row,) = chart.plot([], [], color="black", lw=0.8, ls="-", alpha=0.5)
    (cell,) = chart.plot([], [], "o", ms=11, mfc="none", mec="black", mew=2)
    (path,) = plane.plot([], [], "o-", color=ORANGE, ms=3, lw=1)
    (begin,) = plane.plot([], [], "o", ms=9, mfc="none", mec="black", mew=1.6)
    (curve,) = fall.plot([], [], "-", color=ORANGE, lw=1.8)
    (theory,) = fall.plot([], [], color="black", lw=1.2, ls=(0, (4, 2)))
    live = [row, cell, path, begin, curve, theory]

    def load(d):
        row.set_data([d.lr[0], d.lr[-1]], [d.beta] * 2)
        begin.set_data(*d.path[:1, :, 0].T)
        theory.set_visible(d.radius is not None)

    def scenery(d):
        plots.draw_contour(plane, d.descents.surface)
        plane.set_title(f"the path on a quadratic, κ = {d.condition:.3g}")
        method, linear = d.method, d.radius is not None
        chart.set_xscale("log" if method.log else "linear")
        shade = colours(d.descents) if linear else log_loss(d.descents)
        chart.pcolormesh(method.lr, BETA, shade, cmap="cividis", norm=LOSSES, shading="nearest", zorder=0)
        edge = method.lr[0] ** 2 / method.lr[1] if method.log else 0.0
        chart.set(xlim=(edge, method.lr[-1]), ylim=(-0.005, 0.995), ylabel=method.second, title=method.title)
        chart.set_xlabel("learning rate α, where the steepest curvature is λ = 1" if linear else "learning rate α")
        fall.set_title("loss (dashed: from the spectral radius)" if linear else "loss")
        best, column = np.unravel_index(d.descents.run.loss[-1].argmin(), (SIZE, SIZE))
        (star,) = chart.plot(method.lr[column], BETA[best], clip_on=False, **STAR,
                             label="lowest final loss (fuller colour: lower)")  # fmt: skip
        scale.set_visible(not linear)
        if linear:
            borders(d, star)

    def borders(d, star):
        method, regime = d.method, d.descents.regime
        bound, onset = method.bound(BETA), method.onset(BETA)
        late = np.where(onset * d.condition < bound, onset * d.condition, np.nan)
        for lr, width, dashes, label in (
            (bound, 2.2, "-", "limit of convergence"),
            (onset, 1.8, (0, (5, 2)), "oscillation begins, steep direction"),
            (late, 1.5, (0, (1.2, 1.5)), "oscillation begins, flat direction"),
        ):
            chart.plot(lr, BETA, color="black", lw=width, ls=dashes, label=label)
        lines = [line for line in chart.lines if line not in (row, cell, star)]
        legend = key.legend(handles=[*lines, star], loc="upper left", handlelength=3.2, borderaxespad=0)
        legend.set_in_layout(False)
        for number, title in enumerate(REGIMES):
            rows, columns = np.nonzero(regime == number)
            if len(rows) > 0.04 * regime.size:
                middle = int(np.median(rows))
                within = columns[rows == middle] if (rows == middle).any() else columns
                chart.text(
                    method.lr[int(np.median(within))], BETA[middle], title.replace(" ", "\n", 1), ha="center",
                    va="center", color=INK, path_effects=[withStroke(linewidth=3, foreground="white")],
                )  # fmt: skip

    def draw(d, k):
        steps = np.arange(len(d.loss))
        cell.set_data(d.lr[[k]], [d.beta])
        path.set_data(*d.path[:, :, k].T)
        curve.set_data(steps, np.clip(d.loss[:, k], low, high))
        if d.radius is not None:
            with np.errstate(over="ignore", under="ignore"):
                theory.set_data(steps, np.clip(d.loss[0, k] * d.radius[k] ** (2.0 * steps), low, high))
        return caption(d, k)

    return Picture(live, draw, scenery, [chart], of=lambda d: (d.method.title, d.condition), load=load)


def caption(d, k):
    """What became of one descent, in numbers."""
    lr, loss, at = float(d.lr[k]), d.loss[:, k], int(d.diverged_at[k])
    end = f"stopped at step {at}" if at >= 0 else f"after {STEPS} steps the loss is {loss[-1]:.3g}"
    where = f"α = {lr:.3g}, {d.method.second} = {d.beta:.2f}"
    if d.radius is None:
        best = int(np.where(np.isfinite(d.loss[-1]), d.loss[-1], np.inf).argmin())
        return (f"{where}: {end} (at the start {loss[0]:.3g}).\n"
                f"The lowest of this row is {d.loss[-1, best]:.3g}, at α = {d.lr[best]:.3g}.")  # fmt: skip
    directions = [f"{name} direction, λ = {c:.3g}: {in_words(multipliers(d.method, lr * c, d.beta))} a step"
                  for name, c in (("Steep", 1.0), ("Flat", 1 / d.condition))]  # fmt: skip
    return "\n".join([
        f"{where}: {REGIMES[d.regime[k]]}; {end}.",
        *directions,
        f"Ratio a step: {d.ratio[k]:.3f} measured, {d.radius[k]:.3f} from theory (spectral radius). "
        f"αλ = {lr:.3g}: oscillates from {d.method.onset(d.beta):.3g}, diverges from {d.method.bound(d.beta):.3g}.",
    ])  # fmt: skip


def in_words(z):
    """A pair of complex or real numbers."""
    if abs(z[0].imag) > 1e-9:
        return f"{z[0].real:.3f} ± {abs(z[0].imag):.3f}i, of size {abs(z[0]):.3f}"
    return f"{z[0].real:.3f} and {z[1].real:.3f}"
