"""How steep is it, in which direction?  The gradient, the partial derivatives and every direction between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from textbook import engine, plots
from textbook.engine import Array
from textbook.labs.base import Choice, Data, FrameAxis, Frames, Lab, Numbers, Picture, Settings
from textbook.stage import Point
from textbook.surfaces import SURFACES, Surface

BLUE, ORANGE = plots.OKABE_ITO["blue"], plots.OKABE_ITO["vermilion"]
SHOWN = [name for name, s in SURFACES.items() if s.dimension == 2]


@dataclass(frozen=True)
class Directions(Data):
    """A point on a surface, and the slope in every direction from it.

    Attributes:
        surface: the function of two variables.
        point: (2,).
        gradient: (2,) the partial derivatives at the point.
        angle: (121,) directions in degrees, anticlockwise from the x-axis.
        slope: (121,) the directional derivative, gradient · (cos, sin).
        along: (121,) distances for the cut, in units of the coordinates.
        cut: (121, 121) heights along the cut, a row for each direction.
    """

    surface: Surface
    point: Array
    gradient: Array
    angle: Array
    slope: Array
    along: Array
    cut: Array


class Direction(Lab):
    """Frame axis: the direction.  Click or drag in the map to choose the point."""

    name = "direction"
    title = "Left: a point on a map, a direction, and the gradient. Right: the height along that direction"
    controls = (
        Choice("surface", "surface", "ravine", {name: SURFACES[name].title for name in SHOWN}),
        Numbers("point", "point", None),
        FrameAxis("angle", "direction", None, above=-1.0),
    )

    def compute(self, s: Settings) -> Directions:
        surface = SURFACES[s["surface"]]
        point = np.array(s["point"] if s["point"] and len(s["point"]) == 2 else surface.start)
        gradient = engine.grad(surface.f)(point)
        angle = np.linspace(0, 360, 121)
        unit = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        along = 0.2 * np.diff(surface.extent).min() * np.linspace(-1, 1, 121)
        cut = surface.f(point[:, None, None] + unit[:, :, None] * along)
        return Directions(s, surface, point, gradient, angle, gradient @ unit, along, cut)

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Directions) -> Frames:
        wanted = data.settings["angle"] or 0.0
        return Frames([f"{a:.0f}°" for a in data.angle], "direction", start=int(np.abs(data.angle - wanted).argmin()))

    def framed(self, data: Directions, frame: int) -> dict[str, Any]:
        return {"angle": float(data.angle[frame])}

    def pointed(self, s: Settings, point: Point) -> dict[str, Any]:
        return {"point": (point.x, point.y)}

    def table(self, data: Directions) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        return ("direction (degrees)", "slope"), list(zip(data.angle, data.slope, strict=True))


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 3.8), layout="constrained")
            self.map, self.profile = self.figure.subplots(1, 2)
        (self.ray,) = self.map.plot([], [], "-", color=ORANGE, lw=2.4)
        (self.uphill,) = self.map.plot([], [], "--", color=BLUE, lw=2.4)
        (self.dot,) = self.map.plot([], [], "o", color="white", mec="black", ms=8)
        (self.height,) = self.profile.plot([], [], "-", color="0.35")
        (self.tangent,) = self.profile.plot([], [], "-", color=ORANGE, lw=2.4)
        (self.foot,) = self.profile.plot([], [], "o", color="white", mec="black", ms=8)
        self.live = [self.ray, self.uphill, self.dot, self.height, self.tangent, self.foot]
        self.pointer = [self.map]

    def load(self, data: Directions) -> bool:
        self.data = data
        self.wipe(self.map)
        plots.draw_contour(self.map, data.surface)
        self.map.set(xlabel="x", ylabel="y", title="dashed: the gradient")
        low, high = data.cut.min(), data.cut.max()
        room = 0.08 * (high - low) + 1e-9
        self.profile.set(
            xlim=(data.along[0], data.along[-1]), ylim=(low - room, high + room),
            xlabel="distance along the direction", ylabel="f", title="the height, and its slope at the point",
        )  # fmt: skip
        return True

    def draw(self, frame: int) -> str:
        d = self.data
        unit = np.array([np.cos(np.radians(d.angle[frame])), np.sin(np.radians(d.angle[frame]))])
        length = d.along[-1]
        self.ray.set_data(*np.array([d.point, d.point + length * unit]).T)
        steepness = float(np.hypot(*d.gradient))
        up = d.gradient / steepness if steepness > 1e-12 else np.zeros(2)
        self.uphill.set_data(*np.array([d.point, d.point + length * up]).T)
        self.dot.set_data(d.point[:1], d.point[1:])
        here = float(d.surface.f(d.point))
        self.height.set_data(d.along, d.cut[frame])
        self.tangent.set_data(d.along[30:91], here + d.slope[frame] * d.along[30:91])
        self.foot.set_data([0], [here])
        axis = {0: ", the partial derivative ∂f/∂x", 30: ", the partial derivative ∂f/∂y"}.get(frame, "")
        return (
            f"At ({d.point[0]:.2f}, {d.point[1]:.2f}), direction {d.angle[frame]:.0f}°: the slope is "
            f"{d.slope[frame]:.3g}{axis}. The gradient is ({d.gradient[0]:.3g}, {d.gradient[1]:.3g}), "
            f"its length {steepness:.3g} the largest slope."
        )


lab = Direction()
