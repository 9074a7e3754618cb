"""What the training lab can show beside its curves: one of these at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Any, ClassVar

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.ticker import MultipleLocator

from textbook import ops
from textbook.engine import Array
from textbook.labs.mnist_training.run import TILES, Training
from textbook.plots.style import BLUE, INK, ORANGE, PAPER
from textbook.words import minus

GREY = "0.45"
LINES = 24  # of a picture, at most: of more layers every second, third, … has one
POINTS = 300  # of a line, at most
STYLES: Any = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))


class Side:
    """A part of the picture: the artists that move, and how a run sets them.

    Args:
        room: where it stands: axes without ink of their own, which bear its title.
    """

    rect: ClassVar[tuple[float, float, float, float]] = (0, 0, 1, 1)  # of the axes, in their room

    def __init__(self, room: Axes) -> None:
        self.room, self.axes = room, room.inset_axes(self.rect)
        self.axes.patch.set_visible(False)
        self.axes.set_in_layout(False)
        self.live: list[Artist] = []

    def show(self, shown: bool) -> None:
        """Show or hide it."""
        self.axes.set_visible(shown)
        for artist in self.live:
            artist.set_visible(shown)

    def of(self, d: Training) -> Hashable:
        """What its scenery depends on."""
        return d.shown, d.layers

    def scenery(self, d: Training, unit: int, end: int) -> None:
        """Set its title and what else stands still; `unit` and `end` of the horizontal axis, in steps."""

    def draw(self, d: Training, unit: int) -> str:
        """Set its artists.  Returns a sentence for the caption, or nothing."""
        return ""


class Weights(Side):
    """The weights of the first layer, each unit's as an image."""

    rect = (0, 0.05, 1, 0.95)

    def __init__(self, room: Axes) -> None:
        super().__init__(room)
        self.axes.set_axis_off()
        self.tiles = self.axes.imshow(np.zeros((TILES * 29 - 1,) * 2), cmap="RdBu_r")
        self.scale = self.axes.text(0.5, -0.02, "", transform=self.axes.transAxes, ha="center", va="top")
        self.live = [self.tiles, self.scale]

    def scenery(self, d: Training, unit: int, end: int) -> None:
        what = "change of the first-layer weights" if d.shown == "change" else "first-layer weights"
        units = min(d.units, TILES**2)
        of = f"all {units}" if units == d.units else f"{units} of {d.units}"
        self.room.set_title(f"{what}\n{of} units", fontsize=10)

    def draw(self, d: Training, unit: int) -> str:
        weights = d.weights - d.start if d.shown == "change" else d.weights
        side = math.isqrt(len(weights))
        sheet = np.full((TILES * (side + 1),) * 2, np.nan)  # what is not taken stays empty
        for k, of_unit in enumerate(weights.T):
            row, column = (side + 1) * (k // TILES), (side + 1) * (k % TILES)
            sheet[row : row + side, column : column + side] = of_unit.reshape(side, side)
        top = float(np.abs(weights).max()) or 1.0
        self.tiles.set_data(sheet[:-1, :-1])
        self.tiles.set_clim(-top, top)
        self.scale.set_text(minus(f"from blue, {-top:.2g}, to red, {top:.2g}"))
        return ""


class ByLayer(Side):
    """A number of each layer against the step, on a logarithmic scale: its decimal logarithm.

    Args:
        numbers: from the data, (measures, layers).
        title: of the picture, two lines.
        words: the number in the caption.
        low, high: decades that are always in sight.
        place: of the legend.
        level: a line to compare with, and its name.
    """

    rect = (0.14, 0.1, 0.86, 0.9)

    def __init__(
        self, room: Axes, numbers: Callable[[Training], Array], title: str, words: str, low: int, high: int, place: Any,
        level: tuple[float, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(room)
        self.numbers, self.title, self.words, self.place = numbers, title, words, place
        self.low, self.high = low, high
        self.lines = [self.axes.plot([], [], lw=1.2)[0] for _ in range(LINES)]
        self.live = list(self.lines)
        if level is not None:
            self.axes.axhline(level[0], color=GREY, lw=1, ls="--")
            self.axes.text(0.02, level[0] - 0.05, level[1], transform=self.axes.get_yaxis_transform(), va="top",
                           color=GREY, fontsize=9)  # fmt: skip
        self.axes.yaxis.set_major_locator(MultipleLocator(1))

    def _logarithms(self, d: Training) -> Array:
        """(measures, layers); nan where there is none."""
        numbers = self.numbers(d)
        with np.errstate(all="ignore"):
            return np.log10(np.where((numbers > 0) & np.isfinite(numbers), numbers, np.nan))

    def _decades(self, d: Training) -> tuple[int, int]:
        """The edges: whole numbers, so that the picture is painted anew only where a curve leaves it."""
        found = self._logarithms(d)
        found = found[np.isfinite(found)]
        return min(self.low, math.floor(found.min(initial=0))), max(self.high, math.ceil(found.max(initial=-9)))

    def of(self, d: Training) -> Hashable:
        return self._decades(d), d.layers

    def scenery(self, d: Training, unit: int, end: int) -> None:
        (low, high), layers = self._decades(d), d.layers
        few = len(layers) <= len(STYLES)
        self.taken = np.unique(np.linspace(0, len(layers) - 1, LINES).round().astype(int))
        for k, line in enumerate(self.lines):
            line.set_visible(k < len(self.taken))
            part = min(k / max(len(self.taken) - 1, 1), 1.0)
            line.set_color(tuple((1 - part) * np.array(to_rgb(BLUE)) + part * np.array(to_rgb(ORANGE))))
            line.set_linestyle(STYLES[k % len(STYLES)] if few else "-")
        named = range(len(self.taken)) if few else (0, len(self.taken) - 1)
        self.axes.legend(
            [self.lines[k] for k in named],
            [f"{self.taken[k] + 1}: {' × '.join(map(str, layers[self.taken[k]]))}" for k in named],
            title="layer", title_fontsize=9, fontsize=9, loc=self.place if few else "upper right",
        )  # fmt: skip
        if not few:  # the curves fill the picture: room for the legend above them
            high += math.ceil(0.2 * (high - low))
        self.axes.set(xlim=(-0.01 * end / unit, 1.02 * end / unit), ylim=(low, high))
        self.axes.set_xlabel("step" if unit == 1 else "epoch")
        self.room.set_title(self.title, fontsize=10)

    def draw(self, d: Training, unit: int) -> str:
        numbers, stride = self._logarithms(d), 1 << max(0, math.ceil(math.log2(max(len(d.measured), 1) / POINTS)))
        for layer, line in zip(self.taken, self.lines, strict=False):
            y = numbers[::stride, layer]
            keep = np.isfinite(y)
            line.set_data(d.measured[::stride][keep] / unit, y[keep])
        if not len(numbers) or not np.isfinite(numbers[-1, [0, -1]]).all():
            return ""
        first, last = numbers[-1, [0, -1]].round(1) + 0.0  # no −0.0
        return minus(f"{self.words}: {first:.1f} in the first layer, {last:.1f} in the last")


class Confusion(Side):
    """How many validation digits of each class are read as which."""

    rect = (0.1, 0.08, 0.9, 0.92)

    def __init__(self, room: Axes) -> None:
        super().__init__(room)
        self.cells = self.axes.imshow(np.zeros((10, 10)), cmap="Blues", vmin=0, vmax=1)
        self.counts = [self.axes.text(k % 10, k // 10, "", ha="center", va="center", fontsize=8) for k in range(100)]
        self.live = [self.cells, *self.counts]
        self.axes.set(xlabel="what the network says", ylabel="what is true", xticks=range(10), yticks=range(10))
        self.axes.tick_params(length=0)
        self.axes.spines[:].set_visible(False)

    def scenery(self, d: Training, unit: int, end: int) -> None:
        self.room.set_title(f"{len(d.labels):,} validation digits\nright ones on the diagonal", fontsize=10)

    def draw(self, d: Training, unit: int) -> str:
        said = d.logits.argmax(axis=1)
        counts = np.bincount(10 * d.labels + said, minlength=100)
        share = counts.reshape(10, 10) / counts.reshape(10, 10).sum(axis=1, keepdims=True).clip(1)
        self.cells.set_data(np.sqrt(share))  # the root lifts rare mistakes into view
        for text, count, part in zip(self.counts, counts, share.ravel(), strict=True):
            if (new := str(count or "")) != text.get_text():
                text.set_text(new)
            if (ink := PAPER if part > 0.35 else INK) != text.get_color():
                text.set_color(ink)
        wrong = np.where(np.eye(10, dtype=bool).ravel(), 0, counts)
        true, read = divmod(int(wrong.argmax()), 10)
        if not wrong.any():
            return "None is wrong"
        return f"Most often confused: a {true} read as a {read}, {wrong.max()} times"


class Mistakes(Side):
    """The misread validation digits whose true class the network gives the least probability."""

    rect = (0, 0, 1, 1)
    DOWN = 38  # pixels from one row to the next: an image and its words

    def __init__(self, room: Axes) -> None:
        super().__init__(room)
        self.axes.set_axis_off()
        self.sheet = self.axes.imshow(np.zeros((TILES * self.DOWN, TILES * 29 - 1)), cmap="gray_r", vmin=0, vmax=1)
        self.words = [self.axes.text(29 * (k % TILES) + 14, self.DOWN * (k // TILES) + 28.5, "", ha="center", va="top",
                                     fontsize=8) for k in range(TILES**2)]  # fmt: skip
        self.live = [self.sheet, *self.words]

    def scenery(self, d: Training, unit: int, end: int) -> None:
        self.room.set_title(f"worst mistakes of {len(d.labels):,}\nwhat the network says, what is true", fontsize=10)

    def draw(self, d: Training, unit: int) -> str:
        p = ops.softmax(np.nan_to_num(d.logits.astype(float)))
        said, rows = p.argmax(axis=1), np.arange(len(p))
        wrong = np.flatnonzero(said != d.labels)
        worst = wrong[np.argsort(p[rows, d.labels][wrong], kind="stable")][: TILES**2]
        sheet = np.full((TILES * self.DOWN, TILES * 29), np.nan)
        for k, text in enumerate(self.words):
            new = ""
            if k < len(worst):
                digit = worst[k]
                row, column = self.DOWN * (k // TILES), 29 * (k % TILES)
                sheet[row : row + 28, column : column + 28] = d.images[digit].reshape(28, 28)
                new = f"{said[digit]}, is {d.labels[digit]}"
            if new != text.get_text():
                text.set_text(new)
        self.sheet.set_data(sheet[:, :-1])
        if not len(worst):
            return "None is wrong"
        read, true = said[worst[0]], d.labels[worst[0]]
        sure = f"{p[worst[0], read]:.2f}"
        return f"{len(wrong)} are wrong; the worst is a {true} read as a {read}, with probability {sure}"


def _gradients(room: Axes) -> Side:
    return ByLayer(room, lambda d: d.gradients, "gradient norm by layer\nlog₁₀ ‖∂ℒ/∂W‖",
                   "log₁₀ of the gradient norm", -3, 1, "lower left")  # fmt: skip


def _updates(room: Axes) -> Side:
    return ByLayer(room, lambda d: d.updates, "update : data by layer\nlog₁₀ ‖ΔW‖ / ‖W‖", "log₁₀ of update : data",
                   -5, -1, "upper right", (-3.0, "−3: Karpathy's rule of thumb"))  # fmt: skip


# By the value of the setting `beside`: what the menu says, and what makes it.
SIDES: dict[str, tuple[str, Callable[[Axes], Side]]] = {
    "weights": ("first-layer weights", Weights),
    "gradients": ("gradient norms", _gradients),
    "updates": ("update : data", _updates),
    "confusion": ("confusion matrix", Confusion),
    "mistakes": ("worst mistakes", Mistakes),
}
BESIDE = {name: words for name, (words, _) in SIDES.items()}
