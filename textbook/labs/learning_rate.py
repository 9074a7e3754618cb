"""How large a step?  Gradient descent for about seventy learning rates at once."""

import numpy as np

from textbook import engine, optim, plots
from textbook.lab import Choice, FrameAxis, Lab, Numbers, Picture, Slider, Toggle, round_numbers
from textbook.plots.style import BLUE, ORANGE, START
from textbook.surfaces import SURFACES, valley
from textbook.words import number

GREY = "0.45"
DUST = 1e-20  # of the first loss: below it the picture's axis ends

lab = Lab(
    "Move the slider from small to large learning rates; drag in the left picture to start elsewhere",
    surface=Choice("surface", "valley", {name: s.title for name, s in SURFACES.items()}),
    curvature=Slider("curvature λ", 4.0, 0.5, 16.0, 0.5, when=lambda s: s["surface"] == "valley"),
    steps=Slider("steps", 30, 1, 200, 1),
    theory=Toggle("mark 1/λ and 2/λ", more=True),
    start=Numbers(),
    lr=FrameAxis("learning rate α", of=lambda d: d.lr, show="{:.3g}", start=lambda d: 0.9 * d.limit, log=True),
)


@lab.compute
def descents(surface, curvature, steps, theory, start):
    """Descents with all rates: `path` (steps + 1, d, rates), `loss` (steps + 1, rates), and what became of each."""
    surface = valley(curvature) if surface == "valley" else SURFACES[surface]
    start = np.array(start if start and len(start) >= surface.dimension else surface.start)[: surface.dimension]
    here = np.abs(np.linalg.eigvalsh(engine.hessian(surface.f)(start))).max()
    steepest = surface.smoothness or max(float(here), 1e-3)
    limit = 2 / steepest
    lr = np.union1d(round_numbers(limit / 128, 2 * limit), limit * 2.0 ** np.arange(-7, 2))
    run = optim.descend(surface.f, start, optim.gd, steps, lr=lr, limit=1e6 * (1 + abs(float(surface.f(start)))))
    lowest = float(run.loss.min()) if surface.minimum is None else surface.minimum
    slow = run.loss[-1] - lowest > 0.1 * (run.loss[0] - lowest)
    grew = (run.diverged_at >= 0) | (run.loss[-1] > run.loss[0])
    if surface.strong_convexity:  # a quadratic, here: beyond the limit it diverges, however slowly
        grew |= lr > limit
    regime = np.select([grew, lr * steepest > 1, slow], ["diverging", "oscillating", "too small"], "good")
    return {"surface": surface, "lr": lr, "path": run.path, "loss": run.loss, "gap": run.loss - lowest,
            "regime": regime, "diverged_at": run.diverged_at, "curvature": steepest, "limit": limit,
            "theory": theory}  # fmt: skip


@lab.table
def table(d):
    at = [int(t) if t >= 0 else "" for t in d.diverged_at]
    return {"α": d.lr, "αλ": d.lr * d.curvature, "regime": d.regime, "final loss": d.loss[-1], "diverged at step": at}


def snapped(base, low, high):
    """The powers of a base at or below `low` and at or above `high`."""
    return base ** float(np.floor(np.log(low) / np.log(base))), base ** float(np.ceil(np.log(high) / np.log(base)))


def heights(d):
    """From where to where the loss above the minimum is drawn."""
    top = 30 * float(d.gap[0].max()) or 1.0  # a start at the minimum has no gap at all
    return snapped(10, float(np.clip(d.gap.min(), DUST * top, 1e-2 * top)), top)


def profile(surface):
    """A surface of one variable, as x and f(x)."""
    low, high = surface.extent[0]
    x = np.linspace(low, high, 301)
    return x, surface.f(x[None])


@lab.picture
def picture(fig):
    place, falling, final = fig.subplot_mosaic("AB;AC", width_ratios=(1.25, 1)).values()
    falling.set(xlabel="step", ylabel="loss above minimum", yscale="log")
    final.set(xlabel="learning rate α", ylabel="at the last step", xscale="log", yscale="log")
    # What changes with the curvature is live too, and the limits snap to coarse values: a repaint is rare.
    (hill,) = place.plot([], [], color=GREY, lw=1.4, ls="-")
    (sweep,) = final.plot([], [], color=GREY, lw=1.2, ls="-")
    (bound,) = final.plot([], [], color=BLUE, lw=1.2, ls="--")
    words = [final.text(1, 1, f"{n}/λ", color=BLUE, va="top", ha="right") for n in (1, 2)]
    (path,) = place.plot([], [], "o-", color=ORANGE, ms=4, lw=1.2, mec="white", mew=0.4)
    (begin,) = place.plot([], [], **START)
    (curve,) = falling.plot([], [], color=ORANGE, lw=1.6)
    (mark,) = final.plot([], [], "o", color=ORANGE, ms=8, mec="white")
    live = [hill, sweep, bound, words, path, begin, curve, mark]

    def load(d):
        low, high = heights(d)
        hill.set_data(*(profile(d.surface) if d.surface.dimension == 1 else ([], [])))
        sweep.set_data(d.lr, np.clip(d.gap[-1], low, high))
        ends = [low / 2, high, np.nan]
        for mark_of_theory in (bound, *words):
            mark_of_theory.set_visible(d.theory)
        bound.set_data(np.repeat([d.limit / 2, d.limit], 3), [*ends, *ends])
        for n, word in enumerate(words, start=1):  # one step, on a quadratic; and no convergence any more
            word.set_position((n * d.limit / 2 * 0.96, high / 2))

    def limits(d):
        (low, high), tall = heights(d), d.surface.extent[-1]
        if d.surface.dimension == 1:
            y = profile(d.surface)[1]
            rise = snapped(2, np.ptp(y), np.ptp(y))[1]
            tall = (y.min() - 0.05 * rise, y.min() + 1.05 * rise)
        steps, rates = (0, max(len(d.loss) - 1, 1)), snapped(4, d.lr[0], d.lr[-1])
        return (d.surface.extent[0], tall), (steps, (low / 2, high)), (rates, (low / 2, high))

    def scenery(d):
        surface = d.surface
        if surface.dimension == 2:
            plots.draw_contour(place, surface)
        for ax, (wide, tall) in zip((place, falling, final), limits(d), strict=True):
            ax.set(xlim=wide, ylim=tall)
        place.set(xlabel="x", ylabel="f(x)" if surface.dimension == 1 else "y", title=surface.title.split(", λ")[0])

    def draw(d, k):
        way, loss, at = d.path[:, :, k], d.loss[:, k], int(d.diverged_at[k])
        y = way[:, 1] if d.surface.dimension == 2 else loss
        path.set_data(way[:, 0], y)
        begin.set_data(way[:1, 0], y[:1])
        gap = np.clip(d.gap[:, k], *heights(d))  # the drawing is clipped, never the descent
        curve.set_data(np.arange(len(gap)), gap)
        mark.set_data(d.lr[[k]], gap[-1:])
        said = f"α = {d.lr[k]:.3g}, {d.regime[k]}: "
        if d.theory:
            where = "" if d.surface.smoothness else " at the start"
            said += (f"1 − αλ = {number(round(1 - d.lr[k] * d.curvature, 2))} (largest curvature{where} "
                     f"λ = {d.curvature:.3g}, limit 2/λ = {d.limit:.3g}); ")  # fmt: skip
            if d.regime[k] != "diverging" and d.lr[k] > d.limit:
                said += "beyond the limit, but the surface is less curved elsewhere; "
        end = f"diverged at step {at}." if at >= 0 else f"after {len(loss) - 1} steps the loss is {loss[-1]:.3g}."
        return said + end

    return Picture(live, draw, scenery, [place], of=lambda d: (d.surface.name, limits(d)), load=load)
