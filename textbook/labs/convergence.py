"""What does curvature cost?  Gradient descent and heavy ball, each at its best settings, for forty-nine κ at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from textbook import ops, optim, plots
from textbook.engine import Array
from textbook.labs.base import Choice, Data, FrameAxis, Frames, Lab, Numbers, Picture, Settings, Slider
from textbook.stage import Point

NAMES = ("gradient descent", "heavy ball")
COLORS = (plots.OKABE_ITO["blue"], plots.OKABE_ITO["vermilion"])
SMOOTHNESS = 1.0  # L; μ is 1/κ
EXTENT = 3.0
FUNCTIONS = {"quadratic": "quadratic", "soft": "flatter far from 0"}


@dataclass(frozen=True)
class Descents(Data):
    """Descents on ½x²/κ plus a function of y whose curvature is at most 1.

    Attributes:
        kappa: (49,) the condition numbers L/μ.
        path: (2, steps + 1, 2, 49), gradient descent first.
        distance: (2, steps + 1, 49) from the minimum, over that of the start.
        ratio: (2, steps, 49) what each step multiplies the distance by.
        theory: (2, 49) (κ − 1)/(κ + 1) and (√κ − 1)/(√κ + 1).
    """

    kappa: Array
    path: Array
    distance: Array
    ratio: Array
    theory: Array

    def measured(self) -> Array:
        """(2, 49) the last ratio; heavy ball's times t/(t + 1), because its two roots are equal."""
        t = self.ratio.shape[1]
        return np.stack([self.ratio[0, -1], self.ratio[1, -1] * (t - 1) / t if t > 1 else self.ratio[1, -1]])


def across(y: Any, kappa: Any, function: str) -> Any:
    """The part of f that depends on y: curvature 1, everywhere or near 0 only."""
    if function == "quadratic":
        return 0.5 * y * y
    return 0.5 * y * y / kappa + (1 - 1 / kappa) * (ops.sqrt(1 + y * y) - 1)


class Convergence(Lab):
    """Frame axis: κ.  Click or drag in the left picture to set the start."""

    name = "convergence"
    title = "Gradient descent and heavy ball in a valley: their paths, their distance by step, their rates against κ"
    controls = (
        Choice("function", "function", "quadratic", FUNCTIONS),
        Slider("steps", "steps", 80, low=10, high=300, step=1),
        Numbers("start", "start", (-2.5, 0.25)),
        FrameAxis("kappa", "κ", 20.0),
    )

    def compute(self, s: Settings) -> Descents:
        kappa, start = np.geomspace(2, 1000, 49), np.array(s["start"])
        if start.shape != (2,) or not 1e-6 < np.abs(start).max() <= 100:
            raise ValueError(f"start must be two numbers, not both 0 and at most 100 in size, got {s['start']}")
        low, high = 1 / kappa, SMOOTHNESS
        root = (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)
        best = [
            (optim.gd, {"lr": 2 / (low + high)}),
            (optim.momentum, {"lr": 4 / (np.sqrt(high) + np.sqrt(low)) ** 2, "momentum": root**2}),
        ]

        def f(x: Any) -> Any:
            return 0.5 * x[0] * x[0] / kappa + across(x[1], kappa, s["function"])

        path = np.stack([run.path for run in optim.race(f, start, best, s["steps"])])
        distance = np.hypot(path[:, :, 0], path[:, :, 1])
        ratio = distance[:, 1:] / distance[:, :-1]
        return Descents(s, kappa, path, distance / distance[:, :1], ratio, np.stack([(kappa - 1) / (kappa + 1), root]))

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Descents) -> Frames:
        nearest = int(np.abs(np.log(data.kappa / data.settings["kappa"])).argmin())
        return Frames([in_words(k) for k in data.kappa], "condition number κ", interval=80, start=nearest)

    def framed(self, data: Descents, frame: int) -> dict[str, Any]:
        return {"kappa": float(data.kappa[frame])}

    def pointed(self, s: Settings, point: Point) -> dict[str, Any]:
        return {"start": (point.x, point.y)}

    def table(self, data: Descents) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        measured = data.measured()
        head = ("κ", "gd: measured", "(κ − 1)/(κ + 1)", "heavy ball: measured", "(√κ − 1)/(√κ + 1)")
        return head, list(zip(data.kappa, measured[0], data.theory[0], measured[1], data.theory[1], strict=True))


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 4.4), layout="constrained")
            grid = self.figure.add_gridspec(2, 2, width_ratios=(1.15, 1))
            self.map, self.far, self.rate = (self.figure.add_subplot(g) for g in (grid[:, 0], grid[0, 1], grid[1, 1]))
            self.map.set(xlim=(-EXTENT, EXTENT), ylim=(-EXTENT, EXTENT), xlabel="x, curvature 1/κ",
                         ylabel="y, curvature up to 1", title="lines of equal height, and the paths")  # fmt: skip
            self.far.set(xlabel="step", ylabel="distance / first", yscale="log")
            self.rate.set(xlabel="condition number κ", ylabel="factor of a step", xscale="log", xlim=(1.8, 1100),
                          ylim=(0, 1.08))  # fmt: skip
            self.rings = [self.map.plot([], [], "-", color=plots.PALE, lw=0.8)[0] for _ in range(6)]
            (self.begin,) = self.map.plot([], [], "D", color="black", ms=7, mfc="white", ls="none", zorder=5)
            self.map.plot(0, 0, "*", ms=13, ls="none", color=plots.OKABE_ITO["yellow"], mec=plots.INK, mew=0.8)
            self.paths, self.curves, self.slopes, self.marks = [], [], [], []
            for name, color, sign, dashes in zip(NAMES, COLORS, "os", ("-", "--"), strict=True):
                self.paths += self.map.plot([], [], sign, color=color, ls=dashes, lw=1.1, ms=4, mec="white", mew=0.4)
                self.curves += self.far.plot([], [], color=color, ls=dashes, lw=1.8, label=name)
                self.slopes += self.far.plot([], [], color=color, ls=":", lw=1.2)
                self.marks += self.rate.plot([], [], sign, color=color, ls="none", ms=9, mec="white")
            (theory,) = self.far.plot([], [], color=plots.PALE, ls=":", lw=1.2, label="slope of the theory")
            # Where no curve passes, whatever κ is.
            self.map.legend(handles=[*self.curves, theory], loc="upper right", frameon=True, edgecolor="none",
                            handlelength=3, fontsize=9)  # fmt: skip
        self.live = [*self.rings, *self.paths, self.begin, *self.curves, *self.slopes, *self.marks]
        self.pointer = [self.map]

    def load(self, data: Descents) -> bool:
        self.data, steps = data, data.ratio.shape[1]
        self.floor, self.measured = 1e-8, data.measured()
        self.far.set(xlim=(0, steps), ylim=(self.floor, 30))
        self.wipe(self.rate)
        with plots.style():
            for color, dashes, theory, measured in zip(COLORS, ("-", "--"), data.theory, self.measured, strict=True):
                self.rate.plot(data.kappa, theory, ls=dashes, color=color, lw=1.3)
                self.rate.plot(data.kappa, np.clip(measured, 0, 1.08), ".", ls="none", color=color, ms=5)
            self.rate.text(1.95, 0.93, "(κ − 1)/(κ + 1)", color=COLORS[0], fontsize=9)
            self.rate.text(12, 0.38, "(√κ − 1)/(√κ + 1)", color=COLORS[1], fontsize=9)
        return True

    def draw(self, frame: int) -> str:
        data, kappa = self.data, self.data.kappa[frame]
        for k, ring in enumerate(self.rings):
            ring.set_data(*contour(kappa, 0.5 * (k + 1), data.settings["function"]))
        self.begin.set_data(data.path[0, :1, 0, frame], data.path[0, :1, 1, frame])
        t = np.arange(data.distance.shape[1])
        for i in range(2):
            self.paths[i].set_data(*np.clip(data.path[i, :, :, frame], -1e3, 1e3).T)
            self.curves[i].set_data(t, np.clip(data.distance[i, :, frame], self.floor / 100, None))
            # Through the last point, so that only the slopes are compared.
            theory = data.distance[i, -1, frame] * data.theory[i, frame] ** (t - t[-1])
            self.slopes[i].set_data(t, np.clip(theory, self.floor / 100, 1e3))
            self.marks[i].set_data([kappa], np.clip([self.measured[i, frame]], 0, 1.08))
        gd, ball = data.distance[:, -1, frame]
        return (
            f"κ = {in_words(kappa)}. After {t[-1]} steps gradient descent is at {gd:.2g} of its first distance: a step "
            f"multiplies it by {self.measured[0, frame]:.4f}, theory {data.theory[0, frame]:.4f}. Heavy ball is at "
            f"{ball:.2g}: {self.measured[1, frame]:.4f}, theory {data.theory[1, frame]:.4f}."
        )


def in_words(kappa: float) -> str:
    """κ with three digits, and never as 1e+03."""
    return f"{kappa:.3g}" if kappa < 999.5 else f"{kappa:.0f}"


def contour(kappa: float, height: float, function: str) -> tuple[Array, Array]:
    """The line on which f is as high as at (0, `height`), as x and y."""
    y = height * np.sin(np.linspace(0, 2 * np.pi, 121))
    room = across(height, kappa, function) - across(y, kappa, function)
    x = np.sqrt(np.clip(2 * kappa * room, 0, None)) * np.sign(np.cos(np.linspace(0, 2 * np.pi, 121)))
    return np.clip(x, -40, 40), y


lab = Convergence()
