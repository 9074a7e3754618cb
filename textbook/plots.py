"""Pictures: `draw_*(ax, data)` in plain matplotlib, one house style, and `picture`, which shows a figure with its text.

A draw function adds to the axes it is given and returns the artists it made.  Figures come from `figure`, not from
pyplot: nothing is global, nothing needs closing, and nothing is shown twice.

>>> fig, ax = figure(4, 3)
>>> curves = draw_losses(ax, {"training": [2.3, 1.1, 0.6]})
>>> picture(fig, alt="The training loss falls in three steps.")
The training loss falls in three steps.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle
from matplotlib.rcsetup import cycler
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from textbook.engine import Array
from textbook.graph import Edge, Graph, Node, Point
from textbook.optim import Trajectory
from textbook.surfaces import Surface

# ---------------------------------------------------------------------------------------------- the house style

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


# ---------------------------------------------------------------------------------------------- curves


@style()
def draw_curves(
    ax: Axes, curves: Mapping[str, Any], *, xlabel: str = "step", ylabel: str = "", log: bool = False, smooth: int = 1
) -> dict[str, Line2D]:
    """Named curves, told apart by colour and by dashes.

    Args:
        curves: for each name the values, at 1, 2, 3, …; or a pair (x, values).  Where a value is not finite, the curve
            has a gap.
        log: a logarithmic vertical axis.
        smooth: above 1, the mean of the last so many values is drawn over the pale values themselves.

    Returns:
        for each name its line.
    """
    if not curves:
        raise ValueError("there is nothing to draw: curves is empty")
    lines = {}
    for name, values in curves.items():
        x, y = _xy(name, values)
        if log and not (y[np.isfinite(y)] > 0).any():
            raise ValueError(f"{name!r} has no positive value, so a logarithmic axis cannot show it: leave out log")
        if smooth > 1 and len(y) >= smooth:
            means = np.convolve(y, np.ones(smooth) / smooth, "valid")
            (lines[name],) = ax.plot(x[smooth - 1 :], means, label=name)
            ax.plot(x, y, color=lines[name].get_color(), linestyle="-", linewidth=0.8, alpha=0.25, zorder=1)
        else:
            (lines[name],) = ax.plot(x, y, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if log:
        ax.set_yscale("log")
    if len(curves) > 1:
        ax.legend(handlelength=3)
    return lines


def draw_losses(ax: Axes, losses: Mapping[str, Any], *, log: bool = False, smooth: int = 1) -> dict[str, Line2D]:
    """Loss curves, in nats; see `draw_curves`."""
    return draw_curves(ax, losses, ylabel="loss (nats)", log=log, smooth=smooth)


def _xy(name: str, values: Any) -> tuple[Array, Array]:
    x, y = values if isinstance(values, tuple) and len(values) == 2 and np.ndim(values[0]) == 1 else (None, values)
    y = np.asarray(y, dtype=float)
    x = np.arange(1, y.size + 1) if x is None else np.asarray(x, dtype=float)
    if y.ndim != 1 or not y.size or x.shape != y.shape:
        raise ValueError(f"{name!r} has shape {x.shape} along and {y.shape} up: both must be (n,), with n ≥ 1")
    return x, np.where(np.isfinite(y), y, np.nan)


# ---------------------------------------------------------------------------------------------- images


@style()
def draw_digits(
    ax: Axes, images: Any, labels: Any = None, predictions: Any = None, *, columns: int = 10
) -> dict[str, list[Any]]:
    """A grid of images, ink on paper, each with its label; a wrong prediction is framed and says what it should be.

    Args:
        images: (N, side²) or (N, height, width), 0 for paper and 1 for ink.
        labels: (N,) the true classes.
        predictions: (N,) the predicted ones; they need the labels.
        columns: images in a row.

    Returns:
        {"image": [AxesImage], "captions": [Text, …], "frames": [Rectangle around each wrong one, …]}
    """
    images = _as_images(images)
    if predictions is not None and labels is None:
        raise ValueError("predictions need labels to compare them with")
    for name, values in (("labels", labels), ("predictions", predictions)):
        if values is not None and np.shape(values) != images.shape[:1]:
            raise ValueError(f"{len(images)} images need {name} of shape ({len(images)},), got {np.shape(values)}")
    _, height, width = images.shape
    caption = 0.28 * width if labels is not None else 0.0
    image, corners = _draw_grid(ax, images, columns, caption, cmap="gray_r", vmin=0, vmax=1)
    size = float(np.clip(0.17 * width * _points_per_unit(ax), 5, 11))
    captions, frames = [], []
    for i, (x, y) in enumerate(corners if labels is not None else ()):
        text = str(labels[i])
        if predictions is not None and predictions[i] != labels[i]:
            text = f"✗ {predictions[i]}, is {labels[i]}"
            frames.append(Rectangle((x, y), width, height, fill=False, ec=OKABE_ITO["vermilion"], lw=1.5))
            ax.add_patch(frames[-1])
        captions.append(ax.text(x + width / 2, y + height + 1.2, text, ha="center", va="top", fontsize=size, color=INK))
    return {"image": [image], "captions": captions, "frames": frames}


@style()
def draw_weights(
    ax: Axes, w: Any, labels: Sequence[str] | None = None, *, shape: tuple[int, int] | None = None, columns: int = 10
) -> AxesImage:
    """The columns of a weight matrix as images, on one symmetric scale: white is 0, red positive, blue negative.

    Args:
        w: (inputs, units).
        labels: one for each unit.
        shape: (height, width) of an image; a square by default.
        columns: images in a row.
    """
    w = np.asarray(w, dtype=float)
    if w.ndim != 2:
        raise ValueError(f"w must be (inputs, units), got shape {w.shape}")
    if shape and math.prod(shape) != len(w):
        raise ValueError(f"images of shape {shape} have {math.prod(shape)} pixels, w has {len(w)} inputs")
    images = _as_images(w.T if shape is None else w.T.reshape(-1, *shape))
    if labels is not None and len(labels) != len(images):
        raise ValueError(f"{len(images)} units need as many labels, got {len(labels)}")
    top = float(np.quantile(np.abs(w), 0.998)) or float(np.abs(w).max()) or 1.0  # a few outliers would pale the rest
    width = images.shape[2]
    caption = 0.28 * width if labels is not None else 0.0
    image, corners = _draw_grid(ax, images, columns, caption, cmap="RdBu_r", vmin=-top, vmax=top)
    ax.figure.colorbar(image, ax=ax, label="weight", extend="both", shrink=0.8, aspect=15, pad=0.02)
    size = float(np.clip(0.17 * width * _points_per_unit(ax), 5, 11))
    for (x, y), label in zip(corners, labels or (), strict=False):
        ax.text(x + width / 2, y + images.shape[1] + 1.2, label, ha="center", va="top", fontsize=size, color=INK)
    return image


def _as_images(images: Any) -> Array:
    images = np.asarray(images, dtype=float)
    if images.ndim == 2:
        side = math.isqrt(images.shape[1])
        if side * side != images.shape[1]:
            raise ValueError(f"{images.shape[1]} pixels are no square: pass images of shape (N, height, width)")
        images = images.reshape(-1, side, side)
    if images.ndim != 3 or not images.size:
        raise ValueError(f"images must be (N, side²) or (N, height, width), with N ≥ 1; got shape {images.shape}")
    if not np.isfinite(images).all():
        bad = np.argwhere(~np.isfinite(images))[0]
        raise ValueError(f"image {bad[0]} holds NaN or infinity, first at row {bad[1]}, column {bad[2]}")
    return images


def _draw_grid(
    ax: Axes, images: Array, columns: int, caption: float, **shown: Any
) -> tuple[AxesImage, list[tuple[float, float]]]:
    """All images as one, with gaps between them and room below each; and the top left corner of each."""
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}")
    n, height, width = images.shape
    columns = min(columns, n)
    gap, below = max(1, round(width / 14)), math.ceil(caption)
    down, right = height + below + gap, width + gap
    sheet = np.full((math.ceil(n / columns) * down - gap, columns * right - gap), np.nan)
    corners = [(i // columns * down, i % columns * right) for i in range(n)]
    for pixels, (y, x) in zip(images, corners, strict=True):
        sheet[y : y + height, x : x + width] = pixels
    image = ax.imshow(sheet, **shown)
    ax.set(xlim=(-1.0, sheet.shape[1]), ylim=(sheet.shape[0], -1.0))
    ax.set_axis_off()
    return image, [(x - 0.5, y - 0.5) for y, x in corners]


def _points_per_unit(ax: Axes) -> float:
    """How many points, 1/72 inch, a unit of the data takes on the page, as far as it is laid out by now."""
    root = ax.figure.canvas.figure
    if engine := root.get_layout_engine():
        engine.execute(root)
    box = ax.get_position()
    width, height = root.get_size_inches() * 72
    across, up = np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())
    return float(min(box.width * width / across, box.height * height / up))


# ---------------------------------------------------------------------------------------------- confusion


@style()
def draw_confusion(ax: Axes, counts: Any, labels: Sequence[str] | None = None) -> AxesImage:
    """A confusion matrix: each row a true class, each column a predicted one; shaded by the share of the row.

    Args:
        counts: (classes, classes), whole numbers ≥ 0.
        labels: of the classes; 0, 1, 2, … by default.
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ValueError(f"counts must be (classes, classes), got shape {counts.shape}")
    if counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ValueError(f"counts must be whole numbers ≥ 0, got {counts.dtype} from {counts.min()}")
    classes = [str(k) for k in range(len(counts))] if labels is None else list(labels)
    if len(classes) != len(counts):
        raise ValueError(f"{len(counts)} classes need as many labels, got {len(classes)}")
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = ax.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1)  # the root lifts rare mistakes into view
    for (row, column), count in np.ndenumerate(counts):
        if count:
            ink = PAPER if share[row, column] > 0.35 else INK
            ax.text(column, row, str(count), ha="center", va="center", color=ink, fontsize=9)
    ax.set_xticks(range(len(classes)), classes)
    ax.set_yticks(range(len(classes)), classes)
    ax.set(xlabel="predicted", ylabel="true")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


# ---------------------------------------------------------------------------------------------- surfaces


@style()
def draw_contour(ax: Axes, surface: Surface, *, levels: int = 14, points: int = 201) -> QuadContourSet:
    """Contour lines of a surface of two variables, dark where it is low; a star at each minimum.

    The levels are quantiles of the height over the picture, so that a banana as steep as Rosenbrock's shows its floor
    as well as its walls.  They lie denser near a minimum: a round bowl gets rings at equal distances.
    """
    if surface.dimension != 2:
        raise ValueError(
            f"{surface.name} has {surface.dimension} coordinate, a contour needs 2: draw its graph with "
            "ax.plot(x, surface.f(x[None]))"
        )
    x, y = surface.grid(points)
    z = np.ma.masked_invalid(surface.f(np.array([x, y])))  # blank where the formula has no value
    part = np.linspace(0, 1, levels + 1)
    heights = np.unique(np.quantile(z.compressed(), part**2 if surface.minima else part))
    shades = matplotlib.colormaps["bone"](np.linspace(0.6, 1, len(heights) - 1))
    filled = ax.contourf(x, y, z, levels=heights, colors=shades)
    ax.contour(x, y, z, levels=heights, colors=PALE, linewidths=0.5, linestyles="solid")
    for a, b in surface.minima:
        ax.plot(a, b, marker="*", markersize=13, linestyle="none", color=OKABE_ITO["yellow"], mec=INK, mew=0.8)
    ax.set(xlim=surface.extent[0], ylim=surface.extent[1])  # fixed: a trajectory that leaves does not shrink the map
    return filled


@style()
def draw_trajectory(
    ax: Axes, trajectory: Trajectory | Any, *, label: str = "", color: str | None = None, marker: str = "o"
) -> dict[str, Line2D]:
    """A descent in the plane: a ring at the start, a dot for each iterate, and a large marker at the end.

    Args:
        trajectory: a `Trajectory` of one run in two dimensions, or its path, (steps + 1, 2).
        label: for the legend.  A run that diverged says at which step; its end is a cross.
        color: by default the next of the house style, as `draw_curves` takes them.
        marker: of the iterates.  Give each path on one map its own.

    Returns:
        {"path": …, "start": …, "end": …}
    """
    path = trajectory.path if isinstance(trajectory, Trajectory) else np.asarray(trajectory, dtype=float)
    if path.ndim != 2 or path.shape[1] != 2:
        raise ValueError(
            f"a path in the plane has shape (steps + 1, 2), got {path.shape}; of several runs, draw one at a time: "
            "path[:, :, run]"
        )
    diverged = isinstance(trajectory, Trajectory) and int(trajectory.diverged_at) >= 0
    if diverged:
        label = f"{label} diverged at step {int(trajectory.diverged_at)}".strip()
    size = 4.0 if len(path) <= 60 else 2.5
    (line,) = ax.plot(*path.T, marker=marker, markersize=size, linestyle="-", linewidth=1.2, label=label)
    if color is not None:
        line.set_color(color)
    common: dict[str, Any] = {"linestyle": "none", "color": line.get_color(), "markeredgewidth": 1.8, "zorder": 4}
    (start,) = ax.plot(*path[0], marker="o", markersize=9, markerfacecolor=PAPER, **common)
    (end,) = ax.plot(*path[-1], marker="x" if diverged else marker, markersize=9, **common)
    return {"path": line, "start": start, "end": end}


# ---------------------------------------------------------------------------------------------- graphs


class GraphArtists(NamedTuple):
    """What `draw_graph` has drawn, by node or by edge, for those who want to colour or move it.

    `notes` holds the shape on each edge and `values` the value below each node, where they are shown.
    """

    nodes: dict[str, FancyBboxPatch]
    labels: dict[str, Text]
    values: dict[str, Text]
    edges: dict[Edge, Line2D]
    heads: dict[Edge, Polygon]
    notes: dict[Edge, Text]


RADIUS = 0.3  # half the height of a node, where the distance between neighbours is 1
FILL = {"input": "#D5E9F7", "constant": PAPER, "operation": "#FDEBC8"}


@style()
def draw_graph(
    ax: Axes, graph: Graph, *, shapes: bool = True, values: bool = False, order: bool = False, direction: str = "right"
) -> GraphArtists:
    """A computational graph: a box is an input, a dashed box a constant, a round node an operation.

    The output, which is a role and not a kind, has a double outline.

    Args:
        shapes: write on each edge the shape of what flows there; left out where everything is a scalar.
        values: write below each node its value, where it is known and has one element.
        order: number the edges into each node at their heads.
        direction: "right" or "down".

    Raises:
        ValueError: an unknown direction.
    """
    if direction not in ("right", "down"):
        raise ValueError(f'direction must be "right" or "down", got {direction!r}')
    wide = {key: max(RADIUS, 0.08 * _letters(node.label) + 0.12) for key, node in graph.nodes.items()}
    notes = _shape_notes(graph) if shapes else {}
    widest, longest = 2 * max(wide.values()), 0.13 * max(map(len, notes.values()), default=0)
    pitch = (widest + max(0.9, longest + 0.6), 1.0) if direction == "right" else (max(widest, 1.5 * longest) + 0.4, 1.6)
    layout = graph.layout if direction == "right" else graph.layout.top_down()
    place = {key: (x * pitch[0], y * pitch[1]) for key, (x, y) in layout.positions.items()}
    missing = [e for e in graph.edges if e.source not in graph.nodes]
    stubs = [np.array([[-0.7 - wide[e.target], 0.6 + 0.4 * i], [0.0, 0.0]]) for i, e in enumerate(missing)]
    routes = {e: place[e.target] + stub for e, stub in zip(missing, stubs, strict=True)}
    routes |= {e: np.array(route) * pitch for e, route in layout.routes.items()}

    boxes = np.array([(*place[key], wide[key]) for key in graph.nodes])
    reach = np.concatenate([*routes.values(), boxes[:, :2]])
    left = min((boxes[:, 0] - boxes[:, 2]).min(), reach[:, 0].min() - (0.8 if missing else 0))
    right = max((boxes[:, 0] + boxes[:, 2]).max(), reach[:, 0].max())
    low, high = reach[:, 1].min() - RADIUS - (0.45 if values else 0.15), reach[:, 1].max() + RADIUS + 0.15
    ax.set(xlim=(left - 0.15, right + 0.15), ylim=(low, high), aspect="equal")
    ax.set_axis_off()
    unit = _points_per_unit(ax)
    big, small = (float(np.clip(part * unit, 5, most)) for part, most in ((0.27, 15), (0.21, 11)))

    drawn = GraphArtists({}, {}, {}, {}, {}, {})
    for key, node in graph.nodes.items():
        drawn.nodes[key] = _draw_node(ax, node, place[key], wide[key], key == graph.output)
        drawn.labels[key] = ax.text(*place[key], node.label, ha="center", va="center", size=big, color=INK, zorder=5)
        if values and node.kind != "constant" and node.value is not None and np.size(node.value) == 1:
            x, y = place[key]
            text = f"{np.asarray(node.value).item():.4g}"
            drawn.values[key] = ax.text(x, y - RADIUS - 0.1, text, ha="center", va="top", size=small, color=INK)
    for e, route in routes.items():
        points = _between(route, *[(graph.nodes[v], place[v], wide[v]) for v in (e.source, e.target) if v in place])
        drawn.edges[e], drawn.heads[e] = _draw_edge(ax, points, "--" if e in missing else "-")
        if e in missing:
            x, y = points[0]
            ax.text(x, y, f"{e.source} ? ", ha="right", va="center", size=big, color=OKABE_ITO["vermilion"])
        elif e.source in notes:
            x, y = points[26 if direction == "right" else 16]  # of 60; on the way down, where edges are further apart
            look: dict[str, Any] = {"size": small, "bbox": {"fc": PAPER, "ec": "none", "pad": 0.8}}
            drawn.notes[e] = ax.text(x, y, notes[e.source], ha="center", va="center", color=INK, zorder=3, **look)
        if order:
            x, y = points[-1] + 0.17 * _normal(points) - 0.25 * _along(points)
            ax.text(x, y, str(e.index + 1), ha="center", va="center", size=small, color=INK)
    return drawn


def _shape_notes(graph: Graph) -> dict[str, str]:
    """For each node the shape of its value, as 8×128; nothing where all values are scalars."""
    if not any(node.shape for node in graph.nodes.values()):
        return {}
    shapes = {key: node.shape for key, node in graph.nodes.items() if node.shape is not None}
    return {key: "×".join(map(str, shape)) or "scalar" for key, shape in shapes.items()}


def _letters(label: str) -> int:
    return 2 if label.startswith("$") else len(label)


def _draw_node(ax: Axes, node: Node, place: Point, half: float, output: bool) -> FancyBboxPatch:
    def box(margin: float, **look: Any) -> FancyBboxPatch:
        w, h = half + margin, RADIUS + margin
        form = f"round,pad=0,rounding_size={h}" if node.kind == "operation" else "square,pad=0"
        patch = FancyBboxPatch((place[0] - w, place[1] - h), 2 * w, 2 * h, boxstyle=form, ec=INK, **look)
        ax.add_patch(patch)
        return patch

    if output:
        box(0.07, fc=PAPER, lw=1.2, zorder=3.9)
    return box(0.0, fc=FILL[node.kind], lw=1.2, ls="--" if node.kind == "constant" else "-", zorder=4)


def _draw_edge(ax: Axes, points: Array, dashes: str) -> tuple[Line2D, Polygon]:
    tip, along, across = points[-1], _along(points), _normal(points)
    base = tip - 0.2 * along
    line = Line2D(*np.array([*points[:-6], base]).T, color=INK, lw=1.2, ls=dashes, zorder=2)
    ax.add_line(line)
    head = Polygon([tip, base + 0.08 * across, base - 0.08 * across], fc=INK, ec="none", zorder=2)
    ax.add_patch(head)
    return line, head


def _along(points: Array) -> Array:
    step = points[-1] - points[max(0, len(points) - 8)]
    return step / (np.hypot(*step) or 1.0)


def _normal(points: Array) -> Array:
    x, y = _along(points)
    return np.array([-y, x])


def _between(route: Array, *ends: tuple[Node, Point, float]) -> Array:
    """The part of a polyline that lies outside the nodes at its ends, as 60 points at about equal distances."""
    lengths = np.cumsum([0.0, *np.hypot(*np.diff(route, axis=0).T)])
    points = np.column_stack([np.interp(np.linspace(0, lengths[-1], 400), lengths, c) for c in route.T])
    outside = np.ones(len(points), dtype=bool)
    for node, place, half in ends:
        dx, dy = np.abs(points - place).T
        if node.kind == "operation":  # a disc swept along a line
            outside &= np.hypot(np.maximum(dx - half + RADIUS, 0), dy) > RADIUS + 0.09
        else:
            outside &= np.maximum(dx - half, dy - RADIUS) > 0.09
    kept = points[outside] if outside.any() else points
    return kept[np.linspace(0, len(kept) - 1, 60).astype(int)]


# ---------------------------------------------------------------------------------------------- history


@style()
def draw_timeline(ax: Axes, threads: Mapping[str, Mapping[int, str]]) -> list[Text]:
    """Events in several threads, a row for each in the order of years: each thread is a column of marks.

    Args:
        threads: for each thread its events, {year: text}.
    """
    events = sorted((year, name, text) for name, thread in threads.items() for year, text in thread.items())
    if not events:
        raise ValueError("there is nothing to draw: no thread has an event")
    colors = [OKABE_ITO[name] for name in ("blue", "vermilion", "green", "purple", "black")]
    texts = []
    for column, (name, marker, color) in enumerate(zip(threads, "os^Dv", colors, strict=False)):
        rows = [row for row, event in enumerate(events) if event[1] == name]
        ax.plot([column] * len(rows), rows, marker=marker, color=color, ms=7, lw=1.2, ls="-", label=name)
    for row, (year, _, text) in enumerate(events):
        texts.append(ax.text(len(threads) - 0.4, row, f"{year}  {text}", va="center", fontsize=9, color=INK))
    ax.set(xlim=(-0.5, 4 * len(threads) + 4), ylim=(len(events) - 0.4, -0.6))
    ax.set_axis_off()
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=len(threads))
    return texts
