"""Which learning rates does which momentum bear?  Ten thousand descents of a quadratic at once, against the theory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from textbook import optim, plots
from textbook.engine import Array
from textbook.labs.base import Choice, Data, FrameAxis, Frames, Lab, Picture, Settings, Slider
from textbook.optim import Trajectory
from textbook.stage import Point
from textbook.surfaces import Surface, quadratic

STEPS = 200
SIZE = 100  # cells along each axis
BETA = np.linspace(0, 0.99, SIZE)
REGIMES = ("converges", "oscillates", "diverges")
TITLES = ("converges smoothly", "oscillates and converges", "diverges")

# ---------------------------------------------------------------------------------------------- the theory


@dataclass(frozen=True)
class Method:
    """A rule on the curvature λ = 1, with the hyperparameter that the map's second axis sets.

    Attributes:
        title: for the picture; the menu shows what stands before the colon.
        rule: its name in `optim.RULES`.
        hyper: the rule's hyperparameters at β.
        second: the name of β.
        lr: (100,) the learning rates of the map.
        log: whether they are spaced in their logarithm.
        onset: αλ from which a descent oscillates, at β.  None for a rule that is not linear in the gradient.
        bound: αλ from which it diverges.
        matrix: the linear map (x, v) → (x, v) of one step at (αλ, β), as the four entries.
    """

    title: str
    rule: str
    hyper: Callable[[Any], dict[str, Any]]
    second: str
    lr: Array
    log: bool = False
    onset: Callable[[Array], Array] | None = None
    bound: Callable[[Array], Array] | None = None
    matrix: Callable[[Any, Any], tuple[tuple[Any, Any], tuple[Any, Any]]] | None = None


# One step on ½λx², with v scaled so that λ = 1 and a = αλ.  The eigenvalues z of the matrix are the factors by which
# its modes grow: it oscillates where they are not all real and ≥ 0, and diverges where one is larger than 1.
METHODS = {
    # z² - (1 + β - a)·z + β = 0: a double root at a = (1 - √β)², and z = -1 at a = 2(1 + β).
    "accumulated": Method(
        "momentum, accumulated: v ← βv + g", "momentum", lambda b: {"momentum": b}, "momentum",
        np.linspace(0.044, 4.4, SIZE),
        onset=lambda b: (1 - np.sqrt(b)) ** 2,
        bound=lambda b: 2 * (1 + b),
        matrix=lambda a, b: ((1 - a, -a * b), (1, b)),
    ),
    # The same with a·(1 - β) for a.
    "averaged": Method(
        "momentum, averaged: v ← βv + (1 − β)g", "momentum", lambda b: {"momentum": b, "averaged": True}, "momentum",
        np.geomspace(0.02, 200, SIZE), log=True,
        onset=lambda b: (1 - np.sqrt(b)) / (1 + np.sqrt(b)),
        bound=lambda b: 2 * (1 + b) / (1 - b),
        matrix=lambda a, b: ((1 - a * (1 - b), -a * b), (1 - b, b)),
    ),
    # z² - (1 + β)(1 - a)·z + β(1 - a) = 0: a double root at 1 - a = 4β/(1 + β)², and z = -1 at 1 - a = -1/(1 + 2β).
    "nesterov": Method(
        "Nesterov's momentum", "nesterov", lambda b: {"momentum": b}, "momentum",
        np.linspace(0.022, 2.2, SIZE),
        onset=lambda b: ((1 - b) / (1 + b)) ** 2,
        bound=lambda b: (2 + 2 * b) / (1 + 2 * b),
        matrix=lambda a, b: ((1 - a * (1 + b), -a * b**2), (1, b)),
    ),
    "adam_beta1": Method(
        "Adam, learning rate × beta1", "adam", lambda b: {"betas": (b, 0.999)}, "beta1",
        np.geomspace(1e-3, 10, SIZE), log=True,
    ),
    "adam_beta2": Method(
        "Adam, learning rate × beta2", "adam", lambda b: {"betas": (0.9, b)}, "beta2",
        np.geomspace(1e-3, 10, SIZE), log=True,
    ),
}  # fmt: skip


def multipliers(method: Method, a: Any, beta: Any) -> Array:
    """The eigenvalues of one step at αλ = a: (2, *runs) complex, the larger first.

    >>> multipliers(METHODS["accumulated"], 0.5, 0.0).real  # plain descent: 1 - αλ
    array([0.5, 0. ])
    """
    assert method.matrix is not None, "Adam's step is not linear"
    (p, q), (r, t) = method.matrix(np.asarray(a, float), np.asarray(beta, float))
    half = (p + t) / 2
    root = np.sqrt(half**2 - (p * t - q * r) + 0j)
    root = np.where(half < 0, -root, root)
    return np.array([half + root, half - root])


def predicted(method: Method, lr: Any, beta: Any, curvatures: Sequence[float]) -> Array:
    """What theory says of descents on these curvatures: an index into `REGIMES`, of shape (*runs)."""
    assert method.onset is not None and method.bound is not None, "Adam's step is not linear"
    steepest = np.asarray(lr) * max(curvatures)
    return np.where(steepest >= method.bound(beta), 2, (steepest > method.onset(beta)).astype(int))


# ---------------------------------------------------------------------------------------------- the measurement


@dataclass(frozen=True)
class Descents:
    """All descents of a map: path (201, 2, rows of β, columns of lr), and what they do.

    Attributes:
        surface: the quadratic; its curvatures are 1/κ and 1.
        run: the `Trajectory`.
        regime: (100, 100) int, an index into `REGIMES`; see `regimes`.
    """

    surface: Surface
    run: Trajectory
    regime: Array


@lru_cache(maxsize=3)  # 32 MB each
def descents(method: str, condition: float) -> Descents:
    """Descend from one start with every pair (lr, β) of the map, in one call."""
    m = METHODS[method]
    surface = quadratic((1 / condition, 1.0))
    run = optim.descend(surface.f, surface.start, m.rule, STEPS, limit=1e9, lr=m.lr[None], **m.hyper(BETA[:, None]))
    return Descents(surface, run, regimes(run))


def regimes(run: Trajectory) -> Array:
    """What each run does, from its path alone: an index into `REGIMES`, of shape (*runs).

    It diverges if in some direction the second half reaches farther from 0 than the first.  It oscillates if it
    converges and crosses 0 in some direction.
    """
    reach = np.abs(run.path)
    half = len(reach) // 2
    grows = (reach[half:].max(axis=0) > reach[:half].max(axis=0)).any(axis=0) | (run.diverged_at >= 0)
    crosses = (run.path.min(axis=0) < 0) & (run.path.max(axis=0) > 0)
    return np.where(grows, 2, crosses.any(axis=0).astype(int))


def ratio(path: Array) -> float:
    """The factor by which a path (steps + 1, d) grows in a step, measured on the envelope of its second half."""
    size = np.abs(path).max(axis=1)
    size = size[: int((size > 1e-200).sum())]  # beyond, numbers end
    if len(size) < 2:
        return 0.0
    quarter = max(len(size) // 4, 1)
    return float((size[-quarter:].max() / size[-2 * quarter : -quarter].max()) ** (1 / quarter))


# ---------------------------------------------------------------------------------------------- the lab


@dataclass(frozen=True)
class Row(Data):
    """A row of the map: all learning rates with one β.

    Attributes:
        method: of `METHODS`.
        descents: of the whole map.
        number: which row of the map it is.
        beta: its β, the nearest there is.
        lr: (100,).  The largest curvature is 1, so these are αλ too.
        path: (201, 2, 100).
        loss: (201, 100).
        diverged_at: (100,), the step at which a descent was frozen, or -1.
        regime: (100,) int, an index into `REGIMES`, measured.
        radius: (100,) the spectral radius of a step; None for Adam.
    """

    method: Method
    descents: Descents
    number: int
    beta: float
    lr: Array
    path: Array
    loss: Array
    diverged_at: Array
    regime: Array
    radius: Array | None

    def ratio(self, column: int) -> float:
        """The measured growth of a step in this column, up to where the descent was frozen."""
        at = int(self.diverged_at[column])
        return ratio(self.path[: at if at >= 0 else None, :, column])


class StabilityMap(Lab):
    """Frame axis: the learning rate, along the row of a β.  Click on the map to choose both."""

    name = "stability_map"
    title = "Which learning rates converge with which momentum: a map of descents, and one of them"
    controls = (
        Choice("method", "rule", "accumulated", {name: m.title.partition(":")[0] for name, m in METHODS.items()}),
        Slider("beta", "β", 0.8, low=0.0, high=0.99, step=0.01),
        Slider("condition", "condition number κ", 20, low=1, high=200, step=1),
        FrameAxis("lr", "α", 1.0),
    )

    def compute(self, s: Settings) -> Row:
        method = METHODS[s["method"]]
        all_of_them = descents(s["method"], s["condition"])
        row = int(np.abs(BETA - s["beta"]).argmin())
        run = all_of_them.run
        radius = None
        if method.matrix is not None:
            z = [multipliers(method, method.lr * c, BETA[row]) for c in _curvatures(all_of_them.surface)]
            radius = np.abs(z).max(axis=(0, 1))
        return Row(
            s, method, all_of_them, row, float(BETA[row]), method.lr, run.path[:, :, row], run.loss[:, row],
            run.diverged_at[row], all_of_them.regime[row], radius,
        )  # fmt: skip

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Row) -> Frames:
        wanted = data.settings["lr"]
        start = 0 if wanted is None else int(np.abs(data.lr - wanted).argmin())
        return Frames([f"{v:.3g}" for v in data.lr], "learning rate α", interval=80, start=start)

    def framed(self, data: Row, frame: int) -> dict[str, Any]:
        return {"lr": float(f"{data.lr[frame]:.3g}")}

    def pointed(self, s: Settings, point: Point) -> dict[str, Any]:
        rates = METHODS[s["method"]].lr
        beta = BETA[np.abs(BETA - point.y).argmin()]
        return {"lr": float(f"{rates[np.abs(rates - point.x).argmin()]:.3g}"), "beta": float(beta.round(2))}

    def table(self, data: Row) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        head = ["α", "regime", "spectral radius", "measured ratio a step", "final loss", "diverged at step"]
        rows = [
            [lr, REGIMES[data.regime[k]], "–" if data.radius is None else data.radius[k], data.ratio(k),
             data.loss[-1, k], int(at) if at >= 0 else "–"]
            for k, (lr, at) in enumerate(zip(data.lr, data.diverged_at, strict=True))
        ]  # fmt: skip
        if data.radius is None:  # of Adam neither a regime nor a ratio is known
            keep = (0, 4, 5)
            return [head[i] for i in keep], [[row[i] for i in keep] for row in rows]
        return head, rows


def _curvatures(surface: Surface) -> tuple[float, float]:
    """The smaller, of the flat direction, and the larger, of the steep one."""
    assert surface.smoothness is not None and surface.strong_convexity is not None
    return surface.strong_convexity, surface.smoothness


# Light where a descent gains little in a step, dark where it gains much.
_SHADES = [
    LinearSegmentedColormap.from_list(regime, colours)
    for regime, colours in zip(
        REGIMES, (("#d9ebf7", "#0072B2"), ("#fdf0d5", "#E69F00"), ("#e3e3e3", "#bdbdbd")), strict=True
    )
]
LOSSES = Normalize(-12, 2)  # log10 of the final loss on Adam's map


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 5.0), layout="constrained")
            grid = self.figure.add_gridspec(3, 2, width_ratios=(1.25, 1), height_ratios=(1, 0.62, 0.34))
            self.map = self.figure.add_subplot(grid[:2, 0], xlabel="learning rate α", ylabel="momentum")
            self.key = self.figure.add_subplot(grid[2, 0])
            self.key.set_axis_off()
            self.scale = self.key.inset_axes((0.02, 0.6, 0.96, 0.22), xlabel="final loss", xscale="log", yticks=[])
            self.plane = self.figure.add_subplot(grid[0, 1], title="the path", xlabel="flat direction", ylabel="steep")
            self.loss = self.figure.add_subplot(grid[1:, 1], xlabel="step", title="loss", yscale="log")
        shades = np.linspace(-12, 2, 141)
        self.scale.pcolormesh(10**shades, [0, 1], shades[None, 1:], cmap="cividis", norm=LOSSES)
        colours = plots.OKABE_ITO
        (self.row,) = self.map.plot([], [], color="black", lw=0.8, alpha=0.5)
        (self.cell,) = self.map.plot([], [], "o", ms=11, mfc="none", mec="black", mew=2)
        (self.path,) = self.plane.plot([], [], "o-", color=colours["vermilion"], ms=3, lw=1)
        (self.begin,) = self.plane.plot([], [], "o", ms=9, mfc="none", mec="black", mew=1.6)
        (self.curve,) = self.loss.plot([], [], color=colours["vermilion"], lw=1.8)
        (self.theory,) = self.loss.plot([], [], color="black", lw=1.2, ls=(0, (4, 2)))
        self.live = [self.row, self.cell, self.path, self.begin, self.curve, self.theory]
        self.pointer = [self.map]
        self.loss.set(xlim=(-4, STEPS + 4), ylim=(1e-13, 1e5), yticks=10.0 ** np.arange(-12, 6, 4))
        self.drawn: list[Any] = []
        self.shown: tuple = ()

    def load(self, data: Row) -> bool:
        self.data = data
        shown = (data.method.title, data.settings["condition"])
        changed, self.shown = shown != self.shown, shown
        if changed:
            self._scenery(data)
        self.row.set_data([data.lr[0], data.lr[-1]], [data.beta] * 2)
        self.begin.set_data(*data.path[:1, :, 0].T)
        self.theory.set_visible(data.radius is not None)
        return changed

    @plots.style()
    def _scenery(self, data: Row) -> None:
        for artist in self.drawn:
            artist.remove()
        before = {artist for axes in (self.map, self.plane) for artist in axes.get_children()}
        plots.draw_contour(self.plane, data.descents.surface)
        self.plane.set_title(f"the path on a quadratic, κ = {data.settings['condition']:.3g}")
        method, linear = data.method, data.radius is not None
        self.map.set_xscale("log" if method.log else "linear")
        colours = _colours(data.descents) if linear else _log_loss(data.descents)
        self.map.pcolormesh(method.lr, BETA, colours, cmap="cividis", norm=LOSSES, shading="nearest", zorder=0)
        edge = method.lr[0] ** 2 / method.lr[1] if method.log else 0.0
        self.map.set(xlim=(edge, method.lr[-1]), ylim=(-0.005, 0.995), ylabel=method.second, title=method.title)
        self.map.set_xlabel("learning rate α, where the steepest curvature is λ = 1" if linear else "learning rate α")
        self.loss.set_title("loss (dashed: from the spectral radius)" if linear else "loss")
        row, column = np.unravel_index(data.descents.run.loss[-1].argmin(), (SIZE, SIZE))
        (self.best,) = self.map.plot(
            method.lr[column], BETA[row], "*", color=plots.OKABE_ITO["yellow"], ms=13, mec="black", mew=0.8, ls="",
            label="lowest final loss (darker is lower)", clip_on=False,
        )  # fmt: skip
        self.scale.set_visible(not linear)
        if linear:
            self._lines(data)
        elif (key := self.key.get_legend()) is not None:
            key.remove()
        self.drawn = [a for axes in (self.map, self.plane) for a in axes.get_children() if a not in before]

    def _lines(self, data: Row) -> None:
        method, regime = data.method, data.descents.regime
        assert method.onset is not None and method.bound is not None
        flat, steep = _curvatures(data.descents.surface)
        bound, onset = method.bound(BETA) / steep, method.onset(BETA) / steep
        late = onset * steep / flat
        lines = [
            self.map.plot(lr, BETA, color="black", lw=width, ls=dashes, label=label)[0]
            for lr, width, dashes, label in (
                (bound, 2.2, "-", "limit of convergence"),
                (onset, 1.8, (0, (5, 2)), "oscillation begins, steep direction"),
                (np.where(late < bound, late, np.nan), 1.5, (0, (1.2, 1.5)), "oscillation begins, flat direction"),
            )
        ]
        legend = self.key.legend(
            handles=[*lines, self.best], loc="upper left", handlelength=3.2, borderaxespad=0,
        )  # fmt: skip
        legend.set_in_layout(False)
        for number, title in enumerate(TITLES):
            rows, columns = np.nonzero(regime == number)
            if len(rows) > 0.04 * regime.size:
                row = int(np.median(rows))
                middle = int(np.median(columns[rows == row])) if (rows == row).any() else int(np.median(columns))
                self.map.text(
                    method.lr[middle], BETA[row], title.replace(" ", "\n", 1), ha="center", va="center",
                    color=plots.INK, path_effects=[withStroke(linewidth=3, foreground="white")],
                )  # fmt: skip

    def draw(self, frame: int) -> str:
        data = self.data
        lr, path, loss = float(data.lr[frame]), data.path[:, :, frame], data.loss[:, frame]
        low, high = self.loss.get_ylim()
        self.cell.set_data([lr], [data.beta])
        self.path.set_data(*path.T)
        steps = np.arange(len(loss))
        self.curve.set_data(steps, np.clip(loss, low / 10, high * 10))
        at = int(data.diverged_at[frame])
        end = f"stopped at step {at}" if at >= 0 else f"after {STEPS} steps the loss is {loss[-1]:.3g}"
        where = f"α = {lr:.3g}, {data.method.second} = {data.beta:.2f}"
        if data.radius is None:
            best = int(np.where(np.isfinite(data.loss[-1]), data.loss[-1], np.inf).argmin())
            return (
                f"{where}: {end} (at the start {loss[0]:.3g}).\n"
                f"The lowest of this row is {data.loss[-1, best]:.3g}, at α = {data.lr[best]:.3g}."
            )
        radius = float(data.radius[frame])
        with np.errstate(over="ignore", under="ignore"):
            self.theory.set_data(steps, np.clip(loss[0] * radius ** (2.0 * steps), low / 10, high * 10))
        flat, steep = _curvatures(data.descents.surface)
        directions = [
            f"{name} direction, λ = {c:.3g}: {_complex(multipliers(data.method, lr * c, data.beta))} a step"
            for name, c in (("Steep", steep), ("Flat", flat))
        ]
        assert data.method.onset is not None and data.method.bound is not None
        return "\n".join([
            f"{where}: {TITLES[data.regime[frame]]}; {end}.",
            *directions,
            f"Ratio a step: {data.ratio(frame):.3f} measured, {radius:.3f} from theory (spectral radius). "
            f"αλ = {lr * steep:.3g}: oscillates from {data.method.onset(data.beta) / steep:.3g}, "
            f"diverges from {data.method.bound(data.beta) / steep:.3g}.",
        ])  # fmt: skip


def _complex(z: Array) -> str:
    if abs(z[0].imag) > 1e-9:
        return f"{z[0].real:.3f} ± {abs(z[0].imag):.3f}i, of size {abs(z[0]):.3f}"
    return f"{z[0].real:.3f} and {z[1].real:.3f}"


def _log_loss(d: Descents) -> Array:
    with np.errstate(divide="ignore"):
        return np.clip(np.log10(d.run.loss[-1]), LOSSES.vmin, LOSSES.vmax)


def _colours(d: Descents) -> Array:
    """(100, 100, 3): the hue says the regime, and darker is faster."""
    with np.errstate(divide="ignore"):
        fall = np.clip(-np.log10(d.run.loss[-1] / d.run.loss[0]), 0, 300)
    fall = (fall / fall.max()) ** 0.7
    rise = np.where(d.run.diverged_at >= 0, np.sqrt(5 / np.maximum(d.run.diverged_at, 5)), 0)
    shades = [_SHADES[0](fall), _SHADES[1](fall), _SHADES[2](rise)]
    return np.take_along_axis(np.array(shades), d.regime[None, :, :, None], axis=0)[0][..., :3]


lab = StabilityMap()
