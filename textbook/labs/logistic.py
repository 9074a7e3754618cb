"""Yes or no from one number: a sigmoid through two classes, learned with cross-entropy or with the squared error."""

import numpy as np

from textbook import engine, ops, optim
from textbook.lab import Choice, FrameAxis, Lab, Numbers, Picture, Slider
from textbook.plots.style import BLUE, ORANGE

NO, YES = (-3.0, -2.2, -1.5, 0.6), (-0.4, 1.4, 2.3, 3.1)  # where the points of either class begin
FAR = 4.0  # how far a point can be dragged
STARTS = {"undecided": "undecided: w = 0", "wrong": "surely wrong: w = −5"}

lab = Lab(
    "Play to see the curve learn; drag points along their line; try the other loss from the other start",
    inches=(8.4, 4.0),
    loss=Choice("loss", "entropy", {"entropy": "cross-entropy", "squared": "squared error"}),
    start=Choice("start", "undecided", STARTS),
    lr=Slider("α", 1.0, 0.1, 4.0, 0.1),
    points=Numbers("x, four of either class", shape=(8,), most=FAR),
    step=FrameAxis("step", of=lambda d: range(len(d.value)), show="{}", start=lambda d: 30, interval=80),
)


def example_loss(loss, z, y):
    """The loss of each example, from its logit z and its class y."""
    return ops.softplus(z) - y * z if loss == "entropy" else (ops.sigmoid(z) - y) ** 2


@lab.compute
def learned(loss, start, lr, points):
    """60 steps of descent on θ = (w, b): at each the loss, the answers right, and the push on each logit."""
    x = np.array(NO + YES if points is None else points)
    y = np.repeat([0.0, 1.0], 4)
    f = lambda theta: ops.mean(example_loss(loss, theta[0] * x + theta[1], y))  # noqa: E731
    path = optim.descend(f, [0.0 if start == "undecided" else -5.0, 0.0], optim.gd, 60, lr=lr).path
    z = path @ np.stack([x, np.ones(8)])
    push = -engine.grad(lambda z: ops.sum(example_loss(loss, z, y)))(z)
    return {"x": x, "y": y, "path": path, "w": path[:, 0], "b": path[:, 1], "z": z, "p": ops.sigmoid(z), "push": push,
            "value": example_loss(loss, z, y).mean(axis=1), "right": ((z > 0) == (y == 1)).sum(axis=1)}  # fmt: skip


@lab.table
def table(d):
    return {"step": range(len(d.w)), "w": d.w, "b": d.b, "loss": d.value, "right of 8": d.right}


@lab.pointed
def drag(point, settings):
    x = np.array(NO + YES if settings["points"] is None else settings["points"])
    own = np.arange(4) + 4 * (point.y > 0.5)
    x[own[np.abs(x[own] - point.x).argmin()]] = round(float(np.clip(point.x, -FAR, FAR)), 2)
    return {"points": tuple(x.tolist())}


@lab.picture
def picture(fig):
    data, pushes = fig.subplots(1, 2, width_ratios=(1.5, 1))
    data.set(xlim=(-FAR, FAR), ylim=(-0.12, 1.12), xlabel="x", ylabel="probability of a yes", yticks=[0, 0.5, 1])
    pushes.set(xlim=(-11, 11), ylim=(-1.1, 1.1), xlabel="logit z", ylabel="push on z, −∂loss/∂z")
    pushes.axhline(0, color="0.8", lw=0.8)
    (curve,) = data.plot([], [], "-", color="black", lw=2)
    (border,) = data.plot([], [], ":", color="black", lw=1.4)
    errors = [data.plot([], [], "-", color="0.6", lw=1)[0] for _ in range(2)]
    dots, marks = ([ax.plot([], [], look, color=color, ms=9, mec="white", zorder=3)[0]
                    for look, color in (("o", BLUE), ("s", ORANGE))] for ax in (data, pushes))  # fmt: skip
    grid = np.linspace(-FAR, FAR, 161)

    def draw(d, k):
        w, b = d.path[k]
        curve.set_data(grid, ops.sigmoid(w * grid + b))
        edge = -b / w if abs(w) > 1e-9 else np.inf
        border.set_data([edge, edge] if abs(edge) < FAR else [], [-0.12, 1.12] if abs(edge) < FAR else [])
        for one, (dot, mark) in enumerate(zip(dots, marks, strict=True)):
            own = d.y == one
            dot.set_data(d.x[own], d.y[own])
            errors[one].set_data(np.repeat(d.x[own], 3), np.stack([d.y, d.p[k], d.y], 1)[own].ravel())
            mark.set_data(np.clip(d.z[k, own], -10, 10), d.push[k, own])
        side = "begins" if w > 0 else "ends"
        where = f"yes {side} at x = {edge:.2f}" if abs(edge) < FAR else "no border in sight"
        return (f"Step {k}: w = {w:.2f}, b = {b:.2f}, loss {d.value[k]:.3f}, {d.right[k]} of 8 right; {where}. "
                f"The hardest push on a logit is {np.abs(d.push[k]).max():.4f}.")  # fmt: skip

    return Picture([curve, border, *errors, *dots, *marks], draw, pointer=[data])
