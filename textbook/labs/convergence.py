"""What does curvature cost?  Gradient descent and heavy ball, each at its best settings, for every κ at once."""

import numpy as np

from textbook import ops, optim
from textbook.lab import Choice, FrameAxis, Lab, Numbers, Picture, Slider, round_numbers
from textbook.plots.style import BLUE, ORANGE, PALE, STAR, START

NAMES, DASHES = ("gradient descent", "heavy ball"), ("-", "--")
COLORS = (BLUE, ORANGE)
FUNCTIONS = {"quadratic": "quadratic", "soft": "flatter far from 0"}
FLOOR = 1e-8  # of the picture's distances

lab = Lab(
    "Move the slider to larger condition numbers κ: gradient descent slows more than heavy ball",
    inches=(8.4, 4.6),
    function=Choice("function", "quadratic", FUNCTIONS),
    steps=Slider("steps", 80, 10, 300, 1),
    start=Numbers("x and y", (-2.5, 0.25), shape=(2,), most=100.0),
    kappa=FrameAxis("condition number κ", 20.0, of=lambda d: d.kappa, show="{:.4g}", log=True, interval=80),
)


def across(y, kappa, function):
    """The part of f that depends on y: curvature 1, everywhere or near 0 only."""
    if function == "quadratic":
        return 0.5 * y * y
    return 0.5 * y * y / kappa + (1 - 1 / kappa) * (ops.sqrt(1 + y * y) - 1)


@lab.compute
def descents(function, steps, start):
    """Descents on ½x²/κ plus a function of y whose curvature is at most 1, gradient descent first.

    `path` (2, steps + 1, 2, κs); `distance` (2, steps + 1, κs) from the minimum, over that of the start; `ratio`
    (2, steps, κs), what each step multiplies it by; `theory` (2, κs), (κ − 1)/(κ + 1) and (√κ − 1)/(√κ + 1);
    `measured` (2, κs), the last ratio: heavy ball's times (t − 1)/t, because its two roots are equal.
    """
    kappa, point = round_numbers(2, 1000), np.array(start)
    if np.abs(point).max() < 1e-6:
        raise ValueError("start is the minimum: choose x and y that are not both 0")
    low, high = 1 / kappa, 1.0
    root = (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)
    best = [
        (optim.gd, {"lr": 2 / (low + high)}),
        (optim.momentum, {"lr": 4 / (np.sqrt(high) + np.sqrt(low)) ** 2, "momentum": root**2}),
    ]
    runs = optim.race(lambda x: 0.5 * x[0] * x[0] / kappa + across(x[1], kappa, function), point, best, steps)
    path = np.stack([run.path for run in runs])
    distance = np.hypot(path[:, :, 0], path[:, :, 1])
    ratio = distance[:, 1:] / distance[:, :-1]
    measured = np.stack([ratio[0, -1], ratio[1, -1] * (steps - 1) / steps])
    return {"function": function, "kappa": kappa, "path": path, "distance": distance / distance[:, :1], "ratio": ratio,
            "theory": np.stack([(kappa - 1) / (kappa + 1), root]), "measured": measured}  # fmt: skip


@lab.table
def table(d):
    return {"κ": d.kappa, "gd: measured": d.measured[0], "(κ − 1)/(κ + 1)": d.theory[0],
            "heavy ball: measured": d.measured[1], "(√κ − 1)/(√κ + 1)": d.theory[1]}  # fmt: skip


def contour(kappa, height, function):
    """The line on which f is as high as at (0, `height`), as x and y."""
    turn = np.linspace(0, 2 * np.pi, 121)
    y = height * np.sin(turn)
    room = across(height, kappa, function) - across(y, kappa, function)
    return np.clip(np.sqrt(np.clip(2 * kappa * room, 0, None)) * np.sign(np.cos(turn)), -40, 40), y


@lab.picture
def picture(fig):
    place, far, rate = fig.subplot_mosaic("AB;AC", width_ratios=(1.15, 1)).values()
    place.set(xlim=(-3, 3), ylim=(-3, 3), xlabel="x, curvature 1/κ", ylabel="y, curvature up to 1",
              title="lines of equal height, and the paths")  # fmt: skip
    far.set(xlabel="step", ylabel="distance / first", yscale="log")
    rate.set(xlabel="condition number κ", ylabel="factor of a step", xscale="log", xlim=(1.8, 1100), ylim=(0, 1.08))
    rings = [place.plot([], [], "-", color=PALE, lw=0.8)[0] for _ in range(6)]
    (begin,) = place.plot([], [], **START, zorder=5)
    place.plot(0, 0, **STAR)
    paths, curves, slopes, marks = [], [], [], []
    for name, color, sign, dashes in zip(NAMES, COLORS, "os", DASHES, strict=True):
        paths += place.plot([], [], sign, color=color, ls=dashes, lw=1.1, ms=4, mec="white", mew=0.4)
        curves += far.plot([], [], color=color, ls=dashes, lw=1.8, label=name)
        slopes += far.plot([], [], color=color, ls=":", lw=2.6, alpha=0.6)
        marks += rate.plot([], [], sign, color=color, ls="none", ms=9, mec="white")
    (theory,) = far.plot([], [], color=PALE, ls=":", lw=2.6, label="theory's slope")
    key = far.legend(handles=[*curves, theory], loc="lower right", bbox_to_anchor=(1.01, 1), ncols=3, handlelength=2,
                     columnspacing=1, fontsize=8.5, borderaxespad=0.3)  # fmt: skip
    key.set_in_layout(False)
    live = [*rings, *paths, begin, *slopes, *curves, *marks]

    def scenery(d):
        far.set(xlim=(0, d.ratio.shape[1]), ylim=(FLOOR, 30))
        for color, dashes, wanted, found in zip(COLORS, DASHES, d.theory, d.measured, strict=True):
            rate.plot(d.kappa, wanted, ls=dashes, color=color, lw=1.3)
            rate.plot(d.kappa, np.clip(found, 0, 1.08), ".", ls="none", color=color, ms=5)
        rate.text(1.95, 0.93, "(κ − 1)/(κ + 1)", color=COLORS[0], fontsize=9)
        rate.text(12, 0.38, "(√κ − 1)/(√κ + 1)", color=COLORS[1], fontsize=9)

    def draw(d, k):
        t = np.arange(d.distance.shape[1])
        for number, ring in enumerate(rings, start=1):
            ring.set_data(*contour(d.kappa[k], 0.5 * number, d.function))
        begin.set_data(*d.path[0, :1, :, k].T)
        for i in range(2):
            paths[i].set_data(*np.clip(d.path[i, :, :, k], -1e3, 1e3).T)
            curves[i].set_data(t, np.clip(d.distance[i, :, k], FLOOR / 100, None))
            # Through the last point, so that only the slopes are compared.
            wanted = d.distance[i, -1, k] * d.theory[i, k] ** (t - t[-1])
            slopes[i].set_data(t, np.clip(wanted, FLOOR / 100, 1e3))
            marks[i].set_data(d.kappa[[k]], np.clip(d.measured[i, [k]], 0, 1.08))
        gd, ball = d.distance[:, -1, k]
        return (f"κ = {d.kappa[k]:.4g}. After {t[-1]} steps gradient descent is at {gd:.2g} of its first distance: a "
                f"step multiplies it by {d.measured[0, k]:.4f}, theory {d.theory[0, k]:.4f}. Heavy ball is at "
                f"{ball:.2g}: {d.measured[1, k]:.4f}, theory {d.theory[1, k]:.4f}.")  # fmt: skip

    return Picture(live, draw, scenery, pointer=[place])
