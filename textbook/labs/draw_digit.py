"""Your own digit goes through a trained network: pixels, hidden units as glowing numbers, shares."""

from functools import cache

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from textbook import data, ops
from textbook.engine import Array
from textbook.lab import Button, Choice, Control, FrameAxis, Lab, Picture, Toggle, number
from textbook.plots import OKABE_ITO
from textbook.words import minus

SIDE, FINE = 28, 3  # pixels of the paper, and parts of each in which ink is laid
PEN = 1.3  # half the width of a line, in pixels
MOST = 4000  # points in a drawing
ROWS, COLUMNS = 4, 8  # in which the hidden units stand
OWN = "own"
GLOW = LinearSegmentedColormap.from_list("glow", ["white", OKABE_ITO["vermilion"]])  # by night, from black

net = cache(data.digit_net)


@cache
def examples() -> list[Array]:
    """The first validation image of each digit."""
    mnist = data.load_mnist()
    return [mnist.x_val[np.argmax(mnist.y_val == digit)] for digit in range(10)]


class Drawing(Control):
    """Lines drawn by the pointer: a tuple of lines, each a tuple of points (x, y), in pixels from the top left."""

    def check(self, value):
        try:
            lines = tuple(tuple((number(x), number(y)) for x, y in line) for line in value)
        except (TypeError, ValueError):
            lines = (((np.nan, 0.0),),)
        if not all(0 <= v <= SIDE for line in lines for point in line for v in point) or not all(lines):
            raise ValueError(f"{self.name} must be lines of points (x, y) from 0 to {SIDE}, got {str(value)[:60]}")
        if sum(map(len, lines)) > MOST:
            raise ValueError(f"{self.name} holds more than {MOST} points: clear the paper")
        return lines


lab = Lab(
    "Draw a digit on the left with the mouse, and watch its forward pass; then look through the hidden units",
    inches=(9.6, 3.2),
    digit=Choice("on the paper", 7, {**{d: f"a {d} from MNIST" for d in range(10)}, OWN: "your own"}),
    clear=Button("Clear the paper", does=lambda view: view.set(digit=OWN, lines=(), down=False)),
    lines=Drawing("lines", ()),
    down=Toggle("the pen is down", when=lambda s: False),
    unit=FrameAxis("hidden unit", of=lambda d: d.unit, show="{}", start=lambda d: int(d.a1.argmax()), interval=700),
)


@lab.pointed
def draw_on(point, s):
    lines = s["lines"] if s["digit"] == OWN else ()
    at = tuple(float(np.clip(round(v, 1), 0, SIDE)) for v in (point.x, point.y))
    lines = (*lines[:-1], (*lines[-1], at)) if lines and s["down"] else (*lines, (at,))
    return {"digit": OWN, "lines": lines, "down": not point.final}


@lab.moved
def move(s, name, value):
    return {"lines": ()} if name == "digit" else {}


def inked(lines) -> Array:
    """The lines as ink from 0 to 1, finely: within `PEN` of a line it is 1."""
    y, x = (np.mgrid[: SIDE * FINE, : SIDE * FINE] + 0.5) / FINE
    far = np.full(x.shape, np.inf)
    for line in lines:
        for (x0, y0), (x1, y1) in zip(line, line[1:] or line, strict=False):
            dx, dy = x1 - x0, y1 - y0
            along = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy or 1), 0, 1)
            far = np.minimum(far, np.hypot(x - x0 - along * dx, y - y0 - along * dy))
    return np.clip((PEN - far) * FINE + 0.5, 0, 1)


@lab.compute
def passed(digit, lines):
    """The forward pass of the drawing: its ink, the prepared image x, the sums z1, the hidden units a1, the shares."""
    ink = inked(lines) if digit == OWN else examples()[digit].reshape(SIDE, SIDE)
    x = data.as_mnist(ink) if digit == OWN else ink.ravel()
    z1 = x @ net().w1 + net().b1
    a1 = np.maximum(z1, 0)
    shares = ops.softmax(a1 @ net().w2 + net().b2)
    return {"ink": ink, "x": x, "z1": z1, "a1": a1, "shares": shares, "unit": range(a1.size)}


@lab.table
def table(d):
    return {"digit": range(10), "share": d.shares}


@lab.picture
def picture(fig):
    paper, seen, hidden, bars = fig.subplots(1, 4, width_ratios=(1.15, 1.15, 2, 1))
    box = (0, SIDE, SIDE, 0)
    ink = paper.imshow(np.zeros((SIDE, SIDE)), cmap="gray_r", vmin=0, vmax=1, extent=box)
    stencil = seen.imshow(np.zeros((SIDE, SIDE, 3)), extent=box)
    glow = hidden.imshow(np.zeros((ROWS, COLUMNS)), cmap=GLOW, vmin=0, vmax=7, aspect="auto")
    for ax, words in ((paper, "paper: draw here"), (seen, "prepared, under a stencil"),
                      (hidden, "the hidden units"), (bars, "shares")):  # fmt: skip
        ax.set_title(words, fontsize=10)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
        ax.spines[:].set_color("0.6")
    numbers = [hidden.text(k % COLUMNS, k // COLUMNS, "", ha="center", va="center", fontsize=9)
               for k in range(ROWS * COLUMNS)]  # fmt: skip
    frame = hidden.add_patch(Rectangle((0, 0), 1, 1, fill=False, ec=OKABE_ITO["sky"], lw=2.5))
    shares = bars.barh(range(10), np.zeros(10), color=OKABE_ITO["orange"])
    bars.set(xlim=(0, 1), ylim=(9.6, -0.6), yticks=range(10), xticks=[0, 1])
    scale = np.abs(net().w1).max() / 1.5
    colours = [colormaps["RdBu_r"](0.5 + w.reshape(SIDE, SIDE) / (1.2 * scale))[..., :3] for w in net().w1.T]
    cover = [np.clip(2.5 * np.abs(w.reshape(SIDE, SIDE, 1)) / scale, 0, 0.85) for w in net().w1.T]

    def load(d):
        ink.set_data(d.ink)
        glow.set_data(d.a1.reshape(ROWS, COLUMNS))
        for text, a in zip(numbers, d.a1, strict=True):
            text.set_text(f"{a:.1f}" if a > 0 else "0")
        for bar, share in zip(shares, d.shares, strict=True):
            bar.set_width(share)

    def draw(d, k):
        paper_grey = 1 - d.x.reshape(SIDE, SIDE, 1)
        stencil.set_data(np.round(255 * (cover[k] * colours[k] + (1 - cover[k]) * paper_grey)).astype(np.uint8))
        frame.set_xy((k % COLUMNS - 0.5, k // COLUMNS - 0.5))
        best, pushes = int(d.shares.argmax()), net().w2[k]
        says = f"it speaks most for {pushes.argmax()} and most against {pushes.argmin()}" if d.a1[k] else "it is silent"
        return (f"Unit {k}: the stencil's weighted sum is {minus(f'{d.z1[k]:z.1f}')}, after ReLU {d.a1[k]:.1f}; "
                f"{says}. The network says {best}, with a share of {d.shares[best]:.1%}.")  # fmt: skip

    return Picture([ink, stencil, glow, *numbers, frame, *shares], draw, None, [paper], load=load)
