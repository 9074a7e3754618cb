"""The house style: colours, figures, and a figure as a cell's value."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

# Distinct for readers with any kind of colour vision.  Source: Okabe & Ito 2008, Color Universal Design.
OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}
BLUE, ORANGE, GREEN = (OKABE_ITO[name] for name in ("blue", "vermilion", "green"))  # what is, what moves, what is right

# Every line differs in its dashes too: colour is never the only carrier of meaning.
STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so every machine draws the same picture
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(
        color=[OKABE_ITO[name] for name in ("blue", "vermilion", "green", "purple", "orange", "black")],
        linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1))],
    ),
    "figure.dpi": 100,
    "image.interpolation": "none",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "mathtext.fontset": "dejavusans",
}
INK, PAPER, PALE = "#222222", "#FFFFFF", "#888888"
STAR: Any = {"marker": "*", "ms": 13, "ls": "none", "color": OKABE_ITO["yellow"], "mec": INK, "mew": 0.8}  # a minimum
START: Any = {"marker": "D", "ms": 7, "ls": "none", "color": "black", "mfc": PAPER}  # where a descent begins


@contextmanager
def style() -> Iterator[None]:
    """The house style inside the block: `with plots.style(): ...`; as a decorator, inside a function."""
    with matplotlib.rc_context(STYLE):
        yield


@style()
def figure(width: float = 7.2, height: float = 3.6, rows: int = 1, columns: int = 1, **grid: Any) -> tuple[Figure, Any]:
    """A figure in the house style.

    Args:
        width, height: inches, at 100 pixels each.  A notebook's column is 640 to 800 pixels wide.
        rows, columns: of the grid of axes.
        **grid: for `Figure.subplots`, such as `sharey=True` or `width_ratios=[2, 1]`.

    Returns:
        the figure, and its axes: one, or an array of them.
    """
    fig = Figure(figsize=(width, height), layout="constrained")
    return fig, fig.subplots(rows, columns, **grid)


class Picture:
    """A finished figure as a PNG, with a text for those who cannot see it.  A notebook shows it as a cell's value."""

    def __init__(self, fig: Figure, alt: str, scale: float = 1.6) -> None:
        if not alt.strip():
            raise ValueError('alt is empty: say what the picture shows, as in alt="The loss falls."')
        buffer = io.BytesIO()
        with style():  # no time of day, no version: the same figure gives the same bytes
            fig.savefig(buffer, format="png", dpi=100 * scale, facecolor=PAPER, metadata={"Software": None})
        self.png, self.alt = buffer.getvalue(), alt
        self.width, self.height = (round(100 * inches) for inches in fig.get_size_inches())

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        shown = {"alt": self.alt, "width": self.width, "height": self.height}
        return {"image/png": self.png, "text/plain": self.alt}, {"image/png": shown}


def picture(fig: Figure, alt: str) -> Picture:
    """The figure as a cell's value, with its alt text.

    Args:
        fig: closed by this, if pyplot made it; a notebook would show it a second time.
        alt: what the picture shows, in a sentence or two.  It is compared when the notebook is tested, so it states
            no measured number.

    Raises:
        ValueError: the text is empty.
    """
    from matplotlib import pyplot

    shown = Picture(fig, alt)
    pyplot.close(fig)
    return shown


def pixels(ax: Axes, original: bool = False) -> tuple[float, float]:
    """The size of the axes at 100 pixels to the inch, as far as they are laid out by now.

    Args:
        original: of the room that they have, before an equal aspect makes them smaller.
    """
    root: Any = ax.figure.canvas.figure
    if engine := root.get_layout_engine():
        engine.execute(root)
    box = ax.get_position(original)
    width, height = root.get_size_inches() * 100
    return float(box.width * width), float(box.height * height)
