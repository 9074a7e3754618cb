"""The one drawing of a graph: boxes for inputs, round nodes for operations, curves between them, and their words.

A picture of its own is `draw_graph(ax, graph)`.  A lab that puts something in motion draws a `Plan` with `draw_plan`,
and lays `ring`s around nodes and `arrow`s along `plan.curves` over it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.text import Text

from textbook.engine import Array
from textbook.graph import Edge, Graph, Node
from textbook.plots.plan import Plan, plan_graph, short
from textbook.plots.style import INK, OKABE_ITO, PAPER, pixels, style
from textbook.words import number, shape

QUIET = "#737373"  # of edges at rest
GRADIENT = OKABE_ITO["vermilion"]
FILL: dict[str, Any] = {  # transparent, so that the paper may be dark
    "input": (0.34, 0.71, 0.91, 0.25), "constant": PAPER, "operation": (0.9, 0.62, 0.0, 0.22),
}  # fmt: skip
KINDS = {"input": "box: input", "constant": "dashed box: constant", "operation": "round: operation"}


class GraphArtists(NamedTuple):
    """What was drawn, by node or by edge, for those who want to colour or move it; and where.

    `values` holds the name and the value beside each node, `notes` the shape on each edge, `heads` the arrowheads.
    """

    plan: Plan
    nodes: dict[str, PathPatch]
    labels: dict[str, Text]
    values: dict[str, Text]
    edges: dict[Edge, Line2D]
    heads: dict[Edge, Line2D]
    notes: dict[Edge, Text]


@style()
def draw_graph(
    ax: Axes, graph: Graph, *, shapes: bool = True, values: bool = True, names: bool = True,
    gradients: Mapping[str, Any] | None = None,
) -> GraphArtists:  # fmt: skip
    """A computational graph: a box is an input, a dashed box a constant, a round node an operation.

    In an operation stands its sign, and beside it its name and, where it is known, its value: u = 5.  The output,
    which is a role and not a kind, has a double outline.

    Args:
        shapes: write on each edge the shape of what flows there; left out where everything is a scalar.
        values: write beside each node its value, where it is known and has one element.
        names: write beside each operation its name.
        gradients: for nodes the derivative of the output by them: shown in place of the values, and the arrows point
            the way in which gradients travel.
    """
    words = {v: _beside(graph, node, values, names, gradients) for v, node in graph.nodes.items()}
    notes = _shape_notes(graph) if shapes else {}
    width, height = pixels(ax, original=True)
    beside, along = max(map(len, words.values())), max(map(len, notes.values()), default=0)
    plan = plan_graph(graph, width, height, beside=beside, along=along)
    drawn = draw_plan(ax, plan, back=gradients is not None)
    color = INK if gradients is None else GRADIENT
    for v, text in words.items():
        if text:
            drawn.values[v] = write(drawn, v, text, color=color)
    for e, (x, y) in plan.notes.items():
        if e.source in notes:
            look: dict[str, Any] = {"size": 9.5 * plan.scale, "bbox": {"fc": PAPER, "ec": "none", "pad": 0.8}}
            drawn.notes[e] = ax.text(x, y, notes[e.source], ha="center", va="center", color=INK, zorder=3, **look)
    return drawn


def draw_plan(ax: Axes, plan: Plan, *, back: bool = False, legend: bool = False) -> GraphArtists:
    """The fixed part of a picture of a graph: nodes with their signs, and edges; no words beside them.

    Args:
        back: let the arrows point against the data.
        legend: say at the foot what the shapes mean.
    """
    graph, scale = plan.graph, plan.scale
    ax.set(xlim=(0, plan.size[0]), ylim=(0, plan.size[1]), aspect="equal")
    ax.set_axis_off()
    drawn = GraphArtists(plan, {}, {}, {}, {}, {}, {})
    for e, points in plan.curves.items():
        lost = e.source not in graph.nodes
        points = points[::-1] if back else points
        look: dict[str, Any] = {"color": GRADIENT if back else QUIET, "lw": 1.2, "zorder": 2, "clip_on": False}
        drawn.edges[e] = Line2D(points[:, 0], points[:, 1], ls="--" if lost else "-", **look)
        tip = head(points, 7 * max(scale, 0.6))
        drawn.heads[e] = Line2D(points[-1:, 0], points[-1:, 1], ls="none", **tip, **look)
        ax.add_artist(drawn.edges[e])
        ax.add_artist(drawn.heads[e])
        if lost:
            x, y = points[0]
            ax.text(x, y, f"{e.source} ? ", ha="right", va="center", size=plan.letters[0] * scale, color=GRADIENT)
    for v, node in graph.nodes.items():
        if v == graph.output:
            ring(ax, plan, v, 4, fc=PAPER, ec=INK, lw=1.2, zorder=4)
        dashes: Any = (0, (3, 2)) if node.kind == "constant" else "-"
        drawn.nodes[v] = ring(ax, plan, v, fc=FILL[node.kind], ec=INK, lw=1.0, ls=dashes, zorder=4.1)
        size = plan.letters[0] * scale * (1.25 if node.label in "+−×/·" else 1)
        drawn.labels[v] = ax.text(*plan.places[v], short(node.label), ha="center", va="center_baseline", size=size,
                                  color=INK, zorder=6)  # fmt: skip
    if legend:
        kinds = {node.kind for node in graph.nodes.values()}
        parts = [*[words for kind, words in KINDS.items() if kind in kinds], "double outline: output"]
        ax.text(plan.size[0] / 2, 8, "   ·   ".join(parts), ha="center", size=9 * scale, color=QUIET)
    return drawn


def write(drawn: GraphArtists, v: str, text: str = "", *, above: bool = False, **look: Any) -> Text:
    """Words below a node, or above."""
    plan, (x, y) = drawn.plan, drawn.plan.places[v]
    y += (plan.radius + plan.gap + 4 * (v == plan.graph.output)) * (1 if above else -1)
    look = {"size": plan.letters[1] * plan.scale, "color": INK, "zorder": 6, "clip_on": False, **look}
    axes: Any = drawn.nodes[v].axes
    return axes.text(x, y, text, ha="center", va="bottom" if above else "top", **look)


def ring(ax: Axes, plan: Plan, v: str, grow: float = 0, **look: Any) -> PathPatch:
    """The outline of a node, so many pixels larger."""
    patch = PathPatch(plan.outline(v, grow), clip_on=False, **look)
    ax.add_artist(patch)
    return patch


def arrow(ax: Axes, points: Array, size: float = 7, **look: Any) -> Line2D:
    """A line with an arrow's head at its end, in one artist; `point_arrow` moves it."""
    drawn: dict[str, Any] = {"markevery": [-1], "solid_capstyle": "butt", "clip_on": False, **head(points, size)}
    line = Line2D(points[:, 0], points[:, 1], **drawn, **look)
    ax.add_artist(line)
    return line


def point_arrow(line: Line2D, points: Array) -> None:
    """Move an `arrow`."""
    line.set(data=points.T, marker=head(points)["marker"])


def head(points: Array, size: float = 7) -> dict[str, Any]:
    """The marker of a triangle that points where a line ends."""
    (x0, y0), (x1, y1) = points[max(len(points) - 4, 0)], points[-1]
    if math.isnan(x0):
        x0, y0 = points[-2]
    return {"marker": (3, 0, math.degrees(math.atan2(y1 - y0, x1 - x0)) - 90), "ms": size, "mew": 0}


def _beside(graph: Graph, node: Node, values: bool, names: bool, gradients: Mapping[str, Any] | None) -> str:
    """What stands beside a node: u = 5, or ∂f/∂u = 2."""
    if gradients is not None:
        return f"∂{graph.output}/∂{node.id} = {number(gradients[node.id])}" if node.id in gradients else ""
    if node.kind == "constant":
        return ""
    known = values and node.value is not None and np.size(node.value) == 1
    value = number(np.asarray(node.value).item()) if known else ""
    named = names and (node.kind == "operation" or node.id != node.label)
    return " = ".join(filter(None, [node.id if named else "", value]))


def _shape_notes(graph: Graph) -> dict[str, str]:
    """For each node the shape of its value, as 8×128; nothing where all values are scalars."""
    if not any(node.shape for node in graph.nodes.values()):
        return {}
    return {key: shape(node.shape) for key, node in graph.nodes.items() if node.shape is not None}
