"""Where a picture puts a graph, in pixels: its nodes, its curves, and room for the words beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from matplotlib.path import Path

from textbook.engine import Array
from textbook.graph import Edge, Graph, Point

MARGIN = 50.0  # pixels, as all lengths here
NEAR, FAR = 56.0, 230.0  # between two layers, at least and at most
LETTER = 0.85  # width of a letter, to a point of its size
SCALES = (1, 0.92, 0.85, 0.78, 0.72, 0.66, 0.6, 0.54, 0.48, 0.42, 0.36, 0.3)

# Four quarters of a circle, and where the centre of each lies in a box.
QUARTERS = np.concatenate([np.asarray(Path.arc(90 * k, 90 * k + 90).vertices) for k in range(4)])
CENTRES = np.repeat([(1, 1), (-1, 1), (-1, -1), (1, -1)], len(QUARTERS) // 4, axis=0)
CODES = [Path.LINETO, *[Path.CURVE4] * (len(QUARTERS) // 4 - 1)] * 4
CODES = [Path.MOVETO, *CODES[1:], Path.CLOSEPOLY]


@dataclass(frozen=True)
class Plan:
    """Where a picture puts everything, in pixels, y upwards.

    A graph too deep for one line is broken into bands, like lines of text: an edge that leaves a band at its right end
    goes on at the left end of the next, at the same height.

    Attributes:
        graph: what is drawn.
        size: width and height.
        radius: half the height of a node.
        gap: between a node and what is written above and below.
        letters: sizes of type, in points: in nodes, beside them.
        places: the centre of each node.
        halves: half its width.
        curves: for each edge (n, 2) points between the borders of its nodes; NaN where a band ends.  An edge from a
            node that is defined nowhere is a stub.
        notes: for each edge where a label stands.
        wordy: whether there is room for so many letters at a node as were asked for.
        telling: the same for edges.
        roomy: whether there is room for a number on every edge.
        scale: by how much the sheet is made smaller to fit the page, and the letters with it.
    """

    graph: Graph
    size: tuple[float, float]
    radius: float
    gap: float
    letters: tuple[float, float]
    places: dict[str, Point]
    halves: dict[str, float]
    curves: dict[Edge, Array]
    notes: dict[Edge, Point]
    wordy: bool
    telling: bool
    roomy: bool
    scale: float = 1.0

    def nearest(self, x: float, y: float) -> str:
        """The node under a point, or ""."""
        inside = [v for v, (a, b) in self.places.items()
                  if abs(x - a) < self.halves[v] + 8 and abs(y - b) < self.radius + 18]  # fmt: skip
        return min(inside, key=lambda v: math.dist((x, y), self.places[v]), default="")

    def outline(self, v: str, grow: float = 0) -> Path:
        """A box with round corners; an operation's are so round that it is a disc, or two halves of one."""
        w, h = self.halves[v] + grow, self.radius + grow
        r = h if self.graph.nodes[v].kind == "operation" else min(4.0 + grow, h)
        points = r * QUARTERS + CENTRES * (w - r, h - r) + self.places[v]
        return Path([*points, points[0]], CODES)


def plan_graph(
    graph: Graph, width: float, height: float | None = None, *, beside: int = 8, along: int = 0,
    lines: tuple[int, int] = (1, 1), near: float = NEAR,
) -> Plan:  # fmt: skip
    """Plan a picture of so many pixels; without a height, as high as it has to be.

    Args:
        beside: letters of the longest text beside a node.
        along: letters of the longest label on an edge.
        lines: how many stand above and below a node, at most.
        near: the least distance between two layers; a graph that would be denser is broken into bands.
    """
    if height is None:
        return _plan(graph, width, None, beside, along, lines, near)[0]
    for scale in SCALES:  # the first at which everything fits: a picture on a larger sheet, then made smaller
        plan, fits = _plan(graph, width / scale, height / scale, beside, along, lines, near)
        if fits:
            break
    return replace(plan, scale=scale)


def short(name: str) -> str:
    """A name that fits into a node."""
    return name if len(name) < 9 else name[:7] + "…"


def _plan(
    graph: Graph, width: float, height: float | None, beside: int, along: int, lines: tuple[int, int], near: float
) -> tuple[Plan, bool]:
    layout = graph.layout
    layers, rows = len(layout.layers), max(map(len, layout.layers))
    missing = [e for e in graph.edges if e not in layout.routes]
    widest = max(len(short(node.label)) for node in graph.nodes.values())
    words, wide = LETTER * 10.5 * beside, LETTER * 13 * widest + 16
    ends = max(MARGIN, wide / 2 + 6) if height is None else max(26.0, wide / 2 + 6, words / 2)
    ends += 70 if missing else 0

    # How far the layers stand apart.
    bands = 1 if height else math.ceil(layers / (int((width - 2 * MARGIN) / near) + 1))
    deep = math.ceil(layers / bands)
    step = min((width - 2 * max(ends, words / 2 + 4)) / max(deep - 1, 1), FAR)
    wordy = words + 8 < step or deep == 1
    if not wordy:
        step = min((width - 2 * ends) / max(deep - 1, 1), FAR)
    large = height is not None or (step > 100 and rows < 9)
    radius, letters = (19.0, (13.0, 10.5)) if large else (12.0, (10.0, 9.0))
    limit = step / 2 - 12 if height is None else np.inf
    halves = {v: max(radius, min(LETTER * letters[0] * len(short(n.label)) / 2 + 8, limit))
              for v, n in graph.nodes.items()}  # fmt: skip
    note = LETTER * 9.5 * along
    between = step - 2 * max(halves.values())  # from node to node
    telling = wordy and note < between - 8
    roomy = step > 95 and len(graph.edges) <= 40
    gap = 6.0 if roomy or height is not None else 3.0
    line = 1.2 * letters[1] * 100 / 72
    above, below = gap + line * lines[0], gap + line * lines[1]

    # How far the rows of a layer stand apart, and where a point of the layout goes.
    curves = {e: _curve(np.array(route)) for e, route in layout.routes.items()}
    points = np.array([*layout.positions.values(), *[p for c in curves.values() for p in c[::6]]])
    which = np.minimum((points[:, 0] + 0.5) // deep, bands - 1).astype(int)
    tops = np.array([points[which == k, 1].max(initial=-np.inf) for k in range(bands)])
    spans = np.array([np.ptp(points[which == k, 1]) for k in range(bands)])
    least, spare = 2 * radius + above + below + 2, 14 + 2 * radius + above + below
    over, under = radius + above + 14, radius + below + (14 if height else 20)  # the legend's line
    high = spans.max() + (height is None)
    free = (380 if height is None else height - over - under) / high if high else least
    pitch = float(np.clip(free, least if height is None else 1, max(least, 100)))
    fits = pitch >= least * 0.98 and wordy and between >= (note + 24 if along else 20)
    tall = over + under + pitch * spans.sum() + spare * (bands - 1)
    if height is None:
        height = max(tall, 250.0)
    fits = fits and tall <= height + 1
    left = (width - step * (deep - 1)) / 2 + (35 if missing else 0)
    zero = height - (height - tall) / 2 - over - pitch * tops
    zero -= np.concatenate([[0], np.cumsum(pitch * spans + spare)[:-1]])

    def place(at: Array) -> Array:
        band = np.minimum((at[:, 0] + 0.5) // deep, bands - 1).astype(int)
        found = np.column_stack([left + step * (at[:, 0] - deep * band), zero[band] + pitch * at[:, 1]])
        return np.insert(found, np.nonzero(np.diff(band))[0] + 1, np.nan, axis=0)

    centres = {v: place(np.array([point]))[0] for v, point in layout.positions.items()}
    places = {v: (float(x), float(y)) for v, (x, y) in centres.items()}
    routes = {e: place(curve) for e, curve in curves.items()}
    for number, e in enumerate(missing):
        t = np.linspace(1, 0, 30)[:, None]
        routes[e] = places[e.target] + t * (-halves[e.target] - 42, 24.0 + 26 * number)
    shown = {e: _between(route, *[(places[v], halves[v], radius) for v in (e.source, e.target) if v in places])
             for e, route in routes.items()}  # fmt: skip
    # Notes keep clear of the nodes, and of what stands beside them.
    reach = words - 30 if wordy else 68.0
    taken = [(x, y, max(2 * halves[v] + 6, reach), 2 * radius + above + below + 6) for v, (x, y) in places.items()]
    notes = _noted(shown, taken, (note if telling or (bands == 1 and along) else 6 * LETTER * 9.5, 15.0))
    size = float(width), float(height)
    return Plan(graph, size, radius, gap, letters, places, halves, shown, notes, wordy, telling, roomy), fits


def _curve(route: Array) -> Array:
    """A smooth line through the points of a route, level at each of them: 24 points from one layer to the next."""
    parts = [route[:1]]
    for a, b in pairwise(route):
        far = abs(b[0] - a[0]) > 0.9
        t = np.linspace(0, 1, 25 if far else 5)[1:]
        bent = t * t * (3 - 2 * t) if far else t
        parts.append(np.column_stack([a[0] + t * (b[0] - a[0]), a[1] + bent * (b[1] - a[1])]))
    return np.concatenate(parts)


def _between(points: Array, *ends: tuple[Point, float, float]) -> Array:
    """The part of a curve outside of its nodes, with room for an arrow's head."""
    keep = np.ones(len(points), bool)
    for (x, y), half, radius in ends:
        across, up = np.abs(points - (x, y)).T
        keep &= ~(np.hypot(np.maximum(across - (half - radius), 0), up) <= radius + 7)
    return points[keep] if (keep & ~np.isnan(points[:, 0])).sum() > 1 else points


def _noted(curves: dict[Edge, Array], taken: list, size: tuple[float, float]) -> dict[Edge, Point]:
    """For each edge the point on it where a label covers least of the nodes and of the labels before."""
    boxes = np.array([*taken, *[(0.0, 0.0, 0.0, 0.0)] * len(curves)])
    places = {}
    for n, (e, points) in enumerate(curves.items(), len(taken)):
        on = points[~np.isnan(points[:, 0])]
        middle = len(on) // 2 if len(on) < 28 else len(on) - 12  # near its end: long edges share their beginnings
        best, least = on[middle], np.inf
        for shift in (0, -2, 2, -4, 4, -6, 6, -8, 8):
            at = on[min(max(middle + shift, 0), len(on) - 1)]
            apart = np.abs(boxes[:n, :2] - at) - (boxes[:n, 2:] + size) / 2
            covered = float(np.prod(np.minimum(apart, 0), axis=1).sum()) + 2 * abs(shift)
            if covered < least:
                best, least = at, covered
        boxes[n] = (*best, *size)
        places[e] = (float(best[0]), float(best[1]))
    return places
