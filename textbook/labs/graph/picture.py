"""The picture of a walk: the book's drawing of a graph, and over it what a frame has reached."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from textbook import plots
from textbook.engine import Array
from textbook.graph import Edge
from textbook.labs.graph.told import caption
from textbook.labs.graph.walk import Walk
from textbook.plots.graphs import arrow, draw_plan, point_arrow, ring, write
from textbook.plots.plan import short
from textbook.words import number, shape

VALUE, GRADIENT, GLOW = (plots.OKABE_ITO[name] for name in ("blue", "vermilion", "yellow"))

# Every look differs in more than colour.
RINGS: dict[str, dict[str, Any]] = {
    "pending": {"visible": False},
    "done": {"visible": True, "edgecolor": VALUE, "linewidth": 2.2, "linestyle": "-"},
    "current": {"visible": True, "edgecolor": VALUE, "linewidth": 4.0, "linestyle": "-"},
    "received": {"visible": True, "edgecolor": GRADIENT, "linewidth": 2.2, "linestyle": "--"},
    "receiving": {"visible": True, "edgecolor": GRADIENT, "linewidth": 4.4, "linestyle": "-"},
    "finished": {"visible": True, "edgecolor": GRADIENT, "linewidth": 3.0, "linestyle": "-"},
    "held": {"visible": True, "edgecolor": plots.INK, "linewidth": 2.6, "linestyle": ":"},
}
LINES: dict[str, dict[str, Any]] = {
    "pending": {"visible": False},
    "done": {"visible": True, "color": VALUE, "linewidth": 1.6},
    "current": {"visible": True, "color": VALUE, "linewidth": 3.6},
    "sent": {"visible": True, "color": GRADIENT, "linewidth": 1.6},
    "sending": {"visible": True, "color": GRADIENT, "linewidth": 4.0},
}


class WalkPicture:
    """The artists, and how a frame sets them."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        figure.set_layout_engine("none")  # one pixel is one unit
        self.axes = figure.add_axes((0, 0, 1, 1))
        self.live: list[Artist] = []

    def load(self, data: Walk) -> None:
        v = data.asked
        parts = [np.concatenate([data.plan.curves[e], [[np.nan] * 2]]) for e in data.out_edges[v]] if v else []
        self.glow.set_data(*(np.concatenate(parts).T if parts else ([], [])))
        self.halo.set_visible(bool(v))
        if v:
            self.halo.set_path(data.plan.outline(v, 5 + 4 * (v == data.graph.output)))
        self.looks: dict[str | Edge, tuple] = {}  # of nodes and edges, as the frame before has left them

    def scenery(self, data: Walk) -> None:
        plan = data.plan
        self.figure.set_size_inches(plan.size[0] / 100, plan.size[1] / 100)
        drawn = draw_plan(self.axes, plan, legend=True)
        self.glow = Line2D([], [], color=GLOW, lw=9, alpha=0.75, zorder=2.5, solid_capstyle="round")
        self.axes.add_artist(self.glow)
        self.halo = ring(self.axes, plan, data.graph.output, fc="none", ec=GLOW, lw=3.5, zorder=2.6)
        self.lines = {e: arrow(self.axes, points, zorder=3, visible=False) for e, points in plan.curves.items()}
        self.rings = {v: ring(self.axes, plan, v, 4.5 * (v == plan.graph.output), fc="none", zorder=5)
                      for v in plan.places}  # fmt: skip
        self.below = {v: write(drawn, v, color=VALUE, visible=False) for v in plan.places}
        self.above = {v: write(drawn, v, above=True, color=GRADIENT, visible=False) for v in plan.places}
        look: dict[str, Any] = {"ha": "center", "va": "center", "size": 9.5, "color": plots.INK, "zorder": 6,
                                "bbox": {"fc": plots.PAPER, "ec": "none", "pad": 1.2}}  # fmt: skip
        self.notes = {e: self.axes.text(x, y, "", visible=False, **look) for e, (x, y) in plan.notes.items()}
        groups = (self.lines, self.rings, self.below, self.above, self.notes)
        self.live[:] = [self.glow, self.halo, *[artist for group in groups for artist in group.values()]]

    def draw(self, data: Walk, frame: int) -> str:
        """Set what the frame changes, and nothing else: each command of a film costs time and room."""
        look: tuple[str, ...]
        for v in self.rings:
            look = ring_look(data, v, frame), value(data, v, frame), gradient(data, v, frame)
            if self._changes(v, look):
                self.rings[v].set(**RINGS[look[0]])
                _write(self.below[v], look[1])
                _write(self.above[v], look[2])
        for e in self.lines:
            look = edge_look(data, e, frame), note(data, e, frame)
            if self._changes(e, look):
                point_arrow(self.lines[e], data.plan.curves[e][:: -1 if look[0].startswith("sen") else 1])
                self.lines[e].set(**LINES[look[0]])
                _write(self.notes[e], look[1])
        return self.words(data, frame)

    words = staticmethod(caption)

    def _changes(self, key: str | Edge, look: tuple) -> bool:
        before, self.looks[key] = self.looks.get(key), look
        return before != look


def ring_look(data: Walk, v: str, frame: int) -> str:
    """How a node is ringed."""
    moment = data.moments[frame]
    if v == moment.node:
        return "receiving" if moment.back else "current"
    if data.seed is not None and frame >= data.seed and data.hold and v in data.held:
        return "held"
    if got := data.gradient(v, frame):
        return "finished" if got[1] else "received"
    if data.mode == "structure" or data.graph.nodes[v].kind == "constant":
        return "pending"
    return "done" if data.computed[v] <= frame else "pending"


def edge_look(data: Walk, e: Edge, frame: int) -> str:
    """How an edge is drawn."""
    moment = data.moments[frame]
    if e in moment.edges:
        return "sending" if moment.back else "current"
    if data.sent.get(e, math.inf) < frame:
        return "sent"
    if data.mode == "structure":
        return "pending"
    return "done" if data.computed[e.target] <= frame else "pending"


def value(data: Walk, v: str, frame: int) -> str:
    """What stands below a node: its name and its value, u = 5, in two lines where room is scarce."""
    node, plan = data.graph.nodes[v], data.plan
    known = data.mode != "structure" and node.value is not None and data.computed[v] <= frame
    sizes = shape(node.shape) if node.shape else ""
    text = sizes or (brief(node.value, digits(data)) if known and node.kind != "constant" else "")
    if (node.kind != "operation" and v == node.label) or node.kind == "constant":
        return text
    if plan.wordy and not sizes:
        return " = ".join(filter(None, [short(v), text]))
    return "\n".join(filter(None, [short(v), text]))


def gradient(data: Walk, v: str, frame: int) -> str:
    """What stands above a node: its gradient, so far."""
    if data.seed is None or frame < data.seed:
        return ""
    if data.hold and v in data.held:
        return "held fixed"
    got = data.gradient(v, frame)
    if data.hold and v in data.partials and frame == len(data.moments) - 1:
        held, whole = brief(data.partials[v], digits(data)), brief(data.gradients[v], digits(data))
        return f"{held} held\n{whole}{' in' * data.plan.wordy} all"
    if got is None:
        return ""
    text = brief(got[0], digits(data)) + ("" if got[1] else " + …")
    return f"{data.total(v)} = {text}" if data.plan.wordy and not np.ndim(got[0]) else text


def note(data: Walk, e: Edge, frame: int) -> str:
    """What stands on an edge: its local derivative."""
    if data.seed is None or frame < data.seed or e not in data.local:
        return ""
    if not data.plan.roomy and e not in data.moments[frame].edges and e.source != data.asked:
        return ""
    text = brief(data.local[e], digits(data))
    return f"{data.along(e)} = {text}" if data.plan.telling else text


def digits(data: Walk) -> int:
    """Of numbers in the picture; captions always have four."""
    return 4 if data.plan.roomy else 3


def brief(x: Array, digits: int) -> str:
    """A number for the picture: two digits where more would not fit, as in 8.2e−09."""
    text = number(x, digits)
    return text if len(text) < 8 or np.ndim(x) else number(x, 2)


def _write(words: Text, text: str) -> None:
    if words.get_text() != text:
        words.set(text=text, visible=bool(text))
