"""How steep is it, in which direction?  The gradient, the partial derivatives and every direction between them."""

import numpy as np

from textbook import engine, plots
from textbook.lab import Choice, FrameAxis, Lab, Numbers, Picture
from textbook.plots.style import BLUE, ORANGE
from textbook.surfaces import SURFACES

lab = Lab(
    "Drag in the map to choose a point; move the slider to find the steepest direction",
    inches=(8.4, 3.8),
    surface=Choice("surface", "ravine", {name: s.title for name, s in SURFACES.items() if s.dimension == 2}),
    point=Numbers("x and y", shape=(2,)),
    angle=FrameAxis("direction", of=lambda d: d.angle, show="{:.0f}°", start=30.0),
)


@lab.compute
def directions(surface, point):
    """A point, the gradient there, and in 121 directions the slope and a cut through the surface."""
    surface = SURFACES[surface]
    point = np.array(surface.start if point is None else point)
    gradient = engine.grad(surface.f)(point)
    angle = np.linspace(0, 360, 121)
    unit = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    along = 0.2 * np.diff(surface.extent).min() * np.linspace(-1, 1, 121)
    cut = surface.f(point[:, None, None] + unit[:, :, None] * along)
    return {"surface": surface, "point": point, "gradient": gradient, "angle": angle, "unit": unit,
            "slope": gradient @ unit, "along": along, "cut": cut}  # fmt: skip


@lab.table
def table(d):
    return {"direction (degrees)": d.angle, "slope": d.slope}


@lab.picture
def picture(fig):
    chart, profile = fig.subplots(1, 2)
    (ray,) = chart.plot([], [], "-", color=ORANGE, lw=2.4)
    (uphill,) = chart.plot([], [], "--", color=BLUE, lw=2.4)
    (height,) = profile.plot([], [], "-", color="0.35")
    (tangent,) = profile.plot([], [], "-", color=ORANGE, lw=2.4)
    dot, foot = (ax.plot([], [], "o", color="white", mec="black", ms=8)[0] for ax in (chart, profile))
    live = [ray, uphill, dot, height, tangent, foot]

    def scenery(d):
        plots.draw_contour(chart, d.surface)
        chart.set(xlabel="x", ylabel="y", title="the map; dashed: the gradient")
        room = 0.08 * np.ptp(d.cut) + 1e-9
        profile.set(
            xlim=(d.along[0], d.along[-1]), ylim=(d.cut.min() - room, d.cut.max() + room),
            xlabel="distance along the direction", ylabel="f", title="the height, and its slope at the point",
        )  # fmt: skip

    def draw(d, k):
        steepness = np.hypot(*d.gradient)
        up = d.gradient / steepness if steepness > 1e-12 else np.zeros(2)
        for line, way in ((ray, d.unit[:, k]), (uphill, up)):
            line.set_data(*np.array([d.point, d.point + d.along[-1] * way]).T)
        here = float(d.surface.f(d.point))
        dot.set_data(d.point[:1], d.point[1:])
        foot.set_data([0], [here])
        height.set_data(d.along, d.cut[k])
        tangent.set_data(d.along[30:91], here + d.slope[k] * d.along[30:91])
        axis = {0: ", the partial derivative ∂f/∂x", 30: ", the partial derivative ∂f/∂y"}.get(k, "")
        return (f"At ({d.point[0]:z.2f}, {d.point[1]:z.2f}), direction {d.angle[k]:.0f}°: the slope is {d.slope[k]:.3g}"
                f"{axis}. The gradient is ({d.gradient[0]:.3g}, {d.gradient[1]:.3g}), its length {steepness:.3g} the "
                "largest slope.")  # fmt: skip

    return Picture(live, draw, scenery, pointer=[chart])
