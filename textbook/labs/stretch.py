"""What a matrix does to the plane: it turns a circle into an ellipse, and stretches its eigenvectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from textbook import plots
from textbook.engine import Array
from textbook.labs.base import Data, FrameAxis, Frames, Lab, Picture, Settings, Slider

BLUE, ORANGE, GREEN = (plots.OKABE_ITO[c] for c in ("blue", "vermilion", "green"))


@dataclass(frozen=True)
class Stretched(Data):
    """A symmetric matrix, and what it does to directions.

    Attributes:
        matrix: (2, 2), symmetric.
        eigenvalues: (2,) ascending.
        eigenvectors: (2, 2), a column each.
        condition: κ, the ratio of the larger to the smaller |eigenvalue|; inf if one is 0.
        angle: (121,) directions in degrees.
        arrow: (2, 121) the unit vectors.
        image: (2, 121) the matrix times each.
    """

    matrix: Array
    eigenvalues: Array
    eigenvectors: Array
    condition: float
    angle: Array
    arrow: Array
    image: Array


class Stretch(Lab):
    """Frame axis: the direction of an arrow.  Its image is drawn beside it."""

    name = "stretch"
    title = "A unit arrow and its image under a symmetric matrix; the circle of all arrows becomes an ellipse"
    controls = (
        Slider("a", "a (x to x)", 2.0, low=-3.0, high=3.0, step=0.25),
        Slider("b", "b (across)", 0.5, low=-3.0, high=3.0, step=0.25),
        Slider("d", "d (y to y)", 1.0, low=-3.0, high=3.0, step=0.25),
        FrameAxis("angle", "direction", None, above=-1.0),
    )

    def compute(self, s: Settings) -> Stretched:
        matrix = np.array([[s["a"], s["b"]], [s["b"], s["d"]]])
        eigenvalues, eigenvectors = np.linalg.eigh(matrix)
        sizes = np.abs(eigenvalues)
        condition = float(sizes.max() / sizes.min()) if sizes.min() > 1e-12 else np.inf
        angle = np.linspace(0, 360, 121)
        arrow = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        return Stretched(s, matrix, eigenvalues, eigenvectors, condition, angle, arrow, matrix @ arrow)

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Stretched) -> Frames:
        wanted = data.settings["angle"] or 0.0
        return Frames([f"{a:.0f}°" for a in data.angle], "direction", start=int(np.abs(data.angle - wanted).argmin()))

    def framed(self, data: Stretched, frame: int) -> dict[str, Any]:
        return {"angle": float(data.angle[frame])}

    def table(self, data: Stretched) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        rows = zip(data.angle, data.image[0], data.image[1], np.hypot(*data.image), strict=True)
        return ("direction (degrees)", "image x", "image y", "length"), list(rows)


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(5.6, 5.0), layout="constrained")
            ax = self.figure.subplots()
        ax.set(xlim=(-4.5, 4.5), ylim=(-4.5, 4.5), aspect="equal")
        ax.axhline(0, color="0.85", lw=0.8, ls="-")
        ax.axvline(0, color="0.85", lw=0.8, ls="-")
        (self.ellipse,) = ax.plot([], [], "-", color=ORANGE, lw=1.2)
        (self.circle,) = ax.plot([], [], "-", color="0.6", lw=1.2)
        self.own = [ax.plot([], [], ":", color=GREEN, lw=1.8)[0] for _ in range(2)]
        (self.image,) = ax.plot([], [], "-s", color=ORANGE, lw=2.4, ms=7, markevery=[1])
        (self.arrow,) = ax.plot([], [], "-o", color=BLUE, lw=2.4, ms=7, markevery=[1])
        self.live = [self.ellipse, self.circle, *self.own, self.image, self.arrow]

    def load(self, data: Stretched) -> bool:
        self.data = data
        self.ellipse.set_data(*data.image)
        self.circle.set_data(*data.arrow)
        for line, v in zip(self.own, data.eigenvectors.T, strict=True):
            line.set_data([-6 * v[0], 6 * v[0]], [-6 * v[1], 6 * v[1]])
        return False

    def draw(self, frame: int) -> str:
        d = self.data
        v, image = d.arrow[:, frame], d.image[:, frame]
        self.arrow.set_data([0, v[0]], [0, v[1]])
        self.image.set_data([0, image[0]], [0, image[1]])
        along = abs(float(v[0] * image[1] - v[1] * image[0])) < 0.03 * (1e-9 + float(np.hypot(*image)))
        same = "it keeps its line: an eigenvector" if along else "it is turned"
        return (
            f"The arrow at {d.angle[frame]:.0f}° becomes {np.hypot(*image):.2f} long, and {same}. Eigenvalues "
            f"{d.eigenvalues[0]:.3g} and {d.eigenvalues[1]:.3g}, along the dotted lines; condition number "
            f"{d.condition:.3g}."
        )


lab = Stretch()
