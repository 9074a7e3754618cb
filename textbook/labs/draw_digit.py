"""Your own digit goes through a trained network, forward to the shares; or back, to what would make it another digit.

On the way back the pixels are what descends: on the loss of the digit wished for, in steps of one length.  An image
that the network now reads as that digit, while a human does not, is an adversarial example.

Source: Szegedy et al. 2014, Intriguing properties of neural networks; Goodfellow, Shlens & Szegedy 2015, Explaining
    and harnessing adversarial examples.
"""

from functools import cache
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from textbook import data, ops
from textbook.engine import Array, Tensor
from textbook.lab import Button, Choice, Control, FrameAxis, Lab, Picture, Slider, Toggle, number
from textbook.plots import OKABE_ITO
from textbook.words import counted, minus

SIDE, FINE = 28, 3  # pixels of the paper, and parts of each in which ink is laid
PEN = 1.3  # half the width of a line, in pixels
MOST = 4000  # points in a drawing
ROWS, COLUMNS = 4, 8  # in which the hidden units stand
STEPS = 32  # towards another digit
SEEN, FULL = 0.1, 0.5  # the change of a pixel that is counted, and the one that is drawn in full colour
OWN = "own"
GLOW = LinearSegmentedColormap.from_list("glow", ["white", OKABE_ITO["vermilion"]])  # by night, from black
MIDDLES = (np.arange(SIDE * FINE) + 0.5) / FINE

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


def forward(s):
    return s["way"] == "forward"


def change(s):
    return s["way"] == "change"


lab = Lab(
    "Draw a digit on the left with the mouse: watch its forward pass, or what would make it another digit",
    inches=(9.6, 3.2),
    digit=Choice("on the paper", 7, {**{d: f"a {d} from MNIST" for d in range(10)}, OWN: "your own"}),
    clear=Button("Clear the paper", does=lambda view: view.set(digit=OWN, lines=(), down=False)),
    way=Choice("then", "forward", {"forward": "watch the forward pass", "change": "make it another digit"}),
    target=Choice("namely", 8, {d: f"a{'n' * (d == 8)} {d}" for d in range(10)}, when=change),
    alpha=Slider("length of a step α", 0.2, 0.05, 0.5, 0.05, when=change, more=True),
    lines=Drawing("lines", ()),
    down=Toggle("the pen is down", when=lambda s: False),
    unit=FrameAxis("hidden unit", of=lambda d: d.unit, show="{}", start=lambda d: int(d.a1.argmax()), interval=700,
                   when=forward),
    step=FrameAxis("step", of=lambda d: range(len(d.path)), show="{}", start=lambda d: d.there, interval=250,
                   when=change),
)  # fmt: skip


@lab.pointed
def draw_on(point, s):
    lines = s["lines"] if s["digit"] == OWN else ()
    at = tuple(float(np.clip(round(v, 1), 0, SIDE)) for v in (point.x, point.y))
    lines = (*lines[:-1], (*lines[-1], at)) if lines and s["down"] else (*lines, (at,))
    return {"digit": OWN, "lines": lines, "down": not point.final} | ({"step": 0} if change(s) else {})


@lab.moved
def move(s, name, value):
    return {"lines": ()} if name == "digit" else {}


def inked(lines) -> Array:
    """The lines as ink from 0 to 1, finely: within `PEN` of a line it is 1."""
    far, reach = np.full((SIDE * FINE, SIDE * FINE), np.inf), PEN + 1 / FINE  # beyond its reach a line leaves no ink
    for line in lines:
        for (x0, y0), (x1, y1) in zip(line, line[1:] or line, strict=False):
            columns, rows = (slice(max(int((min(ends) - reach) * FINE), 0), int((max(ends) + reach) * FINE) + 1)
                             for ends in ((x0, x1), (y0, y1)))  # fmt: skip
            x, y, dx, dy = MIDDLES[columns], MIDDLES[rows, None], x1 - x0, y1 - y0
            along = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy or 1), 0, 1)
            away = np.hypot(x - x0 - along * dx, y - y0 - along * dy)
            far[rows, columns] = np.minimum(far[rows, columns], away)
    return np.clip((PEN - far) * FINE + 0.5, 0, 1)


def towards(x, target, alpha, steps=STEPS):
    """Gradient descent on the pixels: x ← clip(x − α g / ‖g‖, 0, 1), with g = ∂ℒ/∂x, ℒ = −log share of the target.

    Args:
        x: (784,), the image to begin with.
        alpha: how long a step is.

    Returns:
        `path`, the images, and `g`, the gradients, (steps + 1, 784) both; `shares` (steps + 1, 10).
    """
    w1, b1, w2, b2 = (p.astype(float) for p in net())  # once, not in every product
    path, gradients, shares = [np.asarray(x, float)], [], []
    for _ in range(steps + 1):
        pixels = Tensor(path[-1][None], requires_grad=True)
        scores = ops.relu(pixels @ w1 + b1) @ w2 + b2
        ops.cross_entropy(scores, np.array([target])).backward()
        g = pixels.grad[0]
        gradients.append(g)
        shares.append(ops.softmax(scores.data[0]))
        path.append(np.clip(path[-1] - alpha * g / (np.linalg.norm(g) or 1.0), 0, 1))
    return np.array(path[:-1]), np.array(gradients), np.array(shares)


@lab.compute
def passed(digit, lines, way, target, alpha):
    """The forward pass of the drawing: its ink, the prepared image x, the sums z1, the hidden units a1, the shares.

    On the way to another digit, as `towards` says: `path`, `g` and `shares_on` it; what the network `reads`;
    `changed`, how many pixels are no longer nearly what they were, and the `length` of the change; `there`, the first
    step at which the target has most of the shares, or the last.
    """
    ink = inked(lines) if digit == OWN else examples()[digit].reshape(SIDE, SIDE)
    x = data.as_mnist(ink) if digit == OWN else ink.ravel()
    z1 = x @ net().w1 + net().b1
    a1 = np.maximum(z1, 0)
    shares = ops.softmax(a1 @ net().w2 + net().b2)
    found = {"way": way, "ink": ink, "x": x, "z1": z1, "a1": a1, "shares": shares, "unit": range(a1.size)}
    if way == "change":
        path, g, on = towards(x, target, alpha)
        most = on[:, target] > 0.5
        found |= {"target": target, "path": path, "g": g, "shares_on": on, "reads": on.argmax(axis=1),
                  "changed": (np.abs(path - path[0]) > SEEN).sum(axis=1),
                  "length": np.linalg.norm(path - path[0], axis=1),
                  "there": int(most.argmax()) if most.any() else STEPS}  # fmt: skip
    return found


@lab.table
def table(d):
    if d.way == "forward":
        return {"digit": range(10), "share": d.shares}
    return {"step": range(len(d.path)), f"share of {d.target}": d.shares_on[:, d.target],
            "the network reads": d.reads, "length of the gradient": np.linalg.norm(d.g, axis=1),
            f"pixels changed by more than {SEEN}": d.changed, "length of the change": d.length}  # fmt: skip


@lab.picture
def picture(fig):
    grid = fig.add_gridspec(1, 4, width_ratios=(1.15, 1.15, 2, 1))
    paper, seen, hidden, bars = map(fig.add_subplot, grid)
    slope, changed = map(fig.add_subplot, grid[2].subgridspec(1, 2))
    parts: dict[str, Any] = {"forward": Forward(seen, hidden), "change": Change(seen, slope, changed, bars)}
    box = (0, SIDE, SIDE, 0)
    ink = paper.imshow(np.zeros((SIDE, SIDE)), cmap="gray_r", vmin=0, vmax=1, extent=box)
    image = seen.imshow(np.zeros((SIDE, SIDE, 3)), extent=box)
    shares = bars.barh(range(10), np.zeros(10), color=OKABE_ITO["orange"])
    for ax in fig.axes:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
        ax.spines[:].set_color("0.6")
    bars.set(xlim=(0, 1), ylim=(9.6, -0.6), xticks=[0, 1])
    live = [ink, image, *shares, *(artist for part in parts.values() for artist in part.live)]

    def scenery(d):
        for way, part in parts.items():
            for artist in (*part.axes, *part.live):
                artist.set_visible(way == d.way)
        titles = {paper: "paper: draw here", bars: "shares"} | parts[d.way].titles
        for ax, words in titles.items():
            ax.set_title(words, fontsize=10)
        bars.set_yticks(range(10), [f"→ {k}" if d.way == "change" and k == d.target else str(k) for k in range(10)])

    def load(d):
        ink.set_data(d.ink)
        parts[d.way].load(d)

    def draw(d, k):
        pixels, on, words = parts[d.way].draw(d, k)
        image.set_data(np.round(255 * pixels).astype(np.uint8))
        for bar, share in zip(shares, on, strict=True):
            bar.set_width(share)
        return words

    def of(d):
        return d.way, d.way == "change" and d.target

    return Picture(live, draw, scenery, [paper], of, load)


class Forward:
    """The hidden units, and the image under the stencil of one of them."""

    def __init__(self, seen, hidden):
        self.axes, self.titles = (hidden,), {seen: "prepared, under a stencil", hidden: "the hidden units"}
        self.glow = hidden.imshow(np.zeros((ROWS, COLUMNS)), cmap=GLOW, vmin=0, vmax=7, aspect="auto")
        self.numbers = [hidden.text(k % COLUMNS, k // COLUMNS, "", ha="center", va="center", fontsize=9)
                        for k in range(ROWS * COLUMNS)]  # fmt: skip
        self.frame = hidden.add_patch(Rectangle((0, 0), 1, 1, fill=False, ec=OKABE_ITO["sky"], lw=2.5))
        self.live = [self.glow, *self.numbers, self.frame]
        weights = net().w1.T.reshape(-1, SIDE, SIDE)
        scale = np.abs(weights).max() / 1.5
        self.colours = [colormaps["RdBu_r"](0.5 + w / (1.2 * scale))[..., :3] for w in weights]
        self.cover = [np.clip(2.5 * np.abs(w[..., None]) / scale, 0, 0.85) for w in weights]

    def load(self, d):
        self.glow.set_data(d.a1.reshape(ROWS, COLUMNS))
        for text, a in zip(self.numbers, d.a1, strict=True):
            text.set_text(f"{a:.1f}" if a > 0 else "0")

    def draw(self, d, k):
        """What is seen on the prepared image, the shares, the caption."""
        self.frame.set_xy((k % COLUMNS - 0.5, k // COLUMNS - 0.5))
        best, pushes = int(d.shares.argmax()), net().w2[k]
        says = f"it speaks most for {pushes.argmax()} and most against {pushes.argmin()}" if d.a1[k] else "it is silent"
        words = (f"Unit {k}: the stencil's weighted sum is {minus(f'{d.z1[k]:z.1f}')}, after ReLU {d.a1[k]:.1f}; "
                 f"{says}. The network says {best}, with a share of {d.shares[best]:.1%}.")  # fmt: skip
        return self.cover[k] * self.colours[k] + (1 - self.cover[k]) * grey(d.x), d.shares, words


class Change:
    """The image on its way to another digit, the gradient there, and what has changed."""

    def __init__(self, seen, slope, changed, bars):
        self.axes = slope, changed
        self.titles = {seen: "prepared, and changed", slope: "the gradient ∂ℒ/∂x", changed: "what has changed"}
        slope.set_xlabel("blue: ink is missing", fontsize=9)
        changed.set_xlabel("red: ink was added", fontsize=9)
        self.slope = slope.imshow(np.zeros((SIDE, SIDE)), cmap="RdBu_r", vmin=-1, vmax=1)
        self.changed = changed.imshow(np.zeros((SIDE, SIDE)), cmap="RdBu_r", vmin=-FULL, vmax=FULL)
        (self.before,) = bars.plot([], [], "|", ls="none", color=OKABE_ITO["blue"], ms=13, mew=2)
        self.live = [self.slope, self.changed, self.before]

    def load(self, d):
        self.before.set_data(d.shares_on[0], range(10))

    def draw(self, d, k):
        """The image, the shares, the caption."""
        x, g, on, goal = d.path[k], d.g[k], d.shares_on[k], d.target
        self.slope.set_data((g / (np.abs(g).max() or 1.0)).reshape(SIDE, SIDE))
        self.changed.set_data((x - d.path[0]).reshape(SIDE, SIDE))
        best, first = int(d.reads[k]), int(d.reads[0])
        if not k:
            words = (f"Step 0, the image as it is: the network reads {best}, with a share of {on[best]:.1%}; "
                     f"the share of {goal} is {percent(on[goal])}. The steps go against ∂ℒ/∂x.")  # fmt: skip
        else:
            words = (f"Step {k}: share of {goal} from {percent(d.shares_on[0, goal])} to {percent(on[goal])}; "
                     f"{counted(int(d.changed[k]), 'pixel')} changed by more than {SEEN}; the change has length "
                     f"{d.length[k]:.1f}, the image had {np.linalg.norm(d.path[0]):.1f}.")  # fmt: skip
        if best == goal != first:
            words += (f" The network reads {best}. If you still read what it was, it is an adversarial example "
                      "(Szegedy et al. 2014; Goodfellow et al. 2015).")  # fmt: skip
        elif k:
            words += f" The network {'still ' if best == first else ''}reads {best}."
        return grey(x), on, words


def grey(x) -> Array:
    """An image (784,) as it is seen, ink on paper: (28, 28, 3)."""
    return np.repeat(1 - x.reshape(SIDE, SIDE, 1), 3, axis=2)


def percent(share) -> str:
    return f"{share:.1%}" if share >= 0.001 else "below 0.1%"
