"""Where a picture puts a graph: a layered drawing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from textbook.graph.rules import depth_first

if TYPE_CHECKING:
    from textbook.graph import Edge, Graph

Point = tuple[float, float]


class Layout(NamedTuple):
    """Where a picture puts a graph, y upwards, in units of the distance between layers and between neighbours.

    Attributes:
        layers: node ids, left to right, and from top to bottom in each layer.
        positions: the centre of each node.
        routes: for each edge a polyline from the centre of its source to the centre of its target.  An edge whose
            source is defined nowhere has none.
    """

    layers: tuple[tuple[str, ...], ...]
    positions: dict[str, Point]
    routes: dict[Edge, tuple[Point, ...]]


class Dummy(NamedTuple):
    """The place where edges from `source` cross a layer; they share it, as they carry one value."""

    source: str
    layer: int


Vertex = str | Dummy
Neighbours = dict[Any, list[Any]]


def layout_of(graph: Graph) -> Layout:
    """Layered drawing in four stages.  Source: Sugiyama, Tagawa & Toda 1981."""
    order = depth_first(graph)[0]
    rank = {v: i for i, v in enumerate(order)}
    # In a graph with a cycle, an edge that runs backwards is laid out as if it ran forwards.
    ends = {
        e: (e.source, e.target) if rank[e.source] < rank[e.target] else (e.target, e.source)
        for e in graph.edges
        if e.source in rank and e.source != e.target
    }

    # 1. Layers: an operation stands one after the latest of its inputs, a leaf one before its first consumer.
    before, after = _neighbours(ends.values())
    layer: dict[str, int] = {}
    for v in order:
        layer[v] = max((layer[u] + 1 for u in before[v]), default=0)
    for v in order:
        if not before[v] and after[v]:
            layer[v] = min(layer[w] for w in after[v]) - 1

    # 2. A dummy wherever an edge crosses a layer.  Inputs of a node stand in their own order, to begin with.
    chains: dict[Edge, list[Vertex]] = {}
    trunks: dict[str, list[Vertex]] = {v: [v] for v in order}  # a node, and its dummies layer by layer
    links: dict[tuple[Vertex, Vertex], None] = {}  # each once, in order
    start: dict[Vertex, float] = {v: rank[v] for v in order}
    for e, (a, b) in ends.items():
        trunk, length = trunks[a], layer[b] - layer[a]
        while len(trunk) < length:
            dummy = Dummy(a, layer[a] + len(trunk))
            earlier = [rank[s] + 0.5 for s in graph.sources[e.target][: e.index] if s in rank]
            start[dummy] = max([rank[a], *earlier])
            links[trunk[-1], dummy] = None
            trunk.append(dummy)
        links[trunk[length - 1], b] = None
        chains[e] = [*trunk[:length], b]
    before, after = _neighbours(links)
    rows: list[list[Vertex]] = [[] for _ in range(max(layer.values()) + 1)]
    for vertex in sorted(start, key=start.__getitem__):
        rows[vertex.layer if isinstance(vertex, Dummy) else layer[vertex]].append(vertex)

    # 3. Order in the layers.  4. Coordinates.
    rows = _uncross(rows, before, after)
    height = _heights(rows, before, after)

    place = {v: (float(v.layer if isinstance(v, Dummy) else layer[v]), -height[v]) for v in height}
    positions = {v: place[v] for v in order}
    routes = {}
    for e, chain in chains.items():
        bends = [place[v] for v in chain]
        routes[e] = tuple(bends if chain[0] == e.source else bends[::-1])
    loop = [(0.0, 0.0), (-0.4, 0.4), (0.0, 0.6), (0.4, 0.4), (0.0, 0.0)]
    for e in graph.edges:
        if e.source == e.target:
            x, y = positions[e.source]
            routes[e] = tuple([(x + dx, y + dy) for dx, dy in loop])
    layers = tuple([tuple([v for v in row if isinstance(v, str)]) for row in rows])
    return Layout(layers, positions, _fan_out(routes))


def _neighbours(links: Iterable[tuple[Any, Any]]) -> tuple[Neighbours, Neighbours]:
    before: Neighbours = defaultdict(list)
    after: Neighbours = defaultdict(list)
    for a, b in links:
        before[b].append(a)
        after[a].append(b)
    return before, after


def _uncross(rows: list[list[Vertex]], before: Neighbours, after: Neighbours) -> list[list[Vertex]]:
    """Sort each layer by the barycentre of its neighbours, to and fro; keep the arrangement with fewest crossings."""
    best, fewest = rows, _crossings(rows, after)
    for sweep in range(8):
        if not fewest:
            break
        rows = rows[:]
        forwards = sweep % 2 == 0
        beside, step = (before, -1) if forwards else (after, 1)
        for i in range(1, len(rows)) if forwards else range(len(rows) - 2, -1, -1):
            place = {v: j for j, v in enumerate(rows[i + step])}
            keys = {v: fmean([place[u] for u in beside[v]] or [j]) for j, v in enumerate(rows[i])}
            rows[i] = sorted(rows[i], key=keys.__getitem__)
        count = _crossings(rows, after)
        if count < fewest:
            best, fewest = rows, count
    return best


def _crossings(rows: list[list[Vertex]], after: Neighbours) -> int:
    total = 0
    for row, following in pairwise(rows):
        place = {v: j for j, v in enumerate(following)}
        ends = np.array([(i, place[w]) for i, v in enumerate(row) for w in after[v]])
        apart = ends[:, None] - ends  # of each two edges: how far at the one end, and at the other
        total += int((apart.prod(axis=2) < 0).sum()) // 2
    return total


def _heights(rows: list[list[Vertex]], before: Neighbours, after: Neighbours) -> dict[Vertex, float]:
    """Downward coordinates: every vertex as near to its neighbours' mean as order and gaps allow."""
    size = {v: 0.5 if isinstance(v, Dummy) else 1.0 for row in rows for v in row}
    height = {v: j - (len(row) - 1) / 2 for row in rows for j, v in enumerate(row)}
    both = {v: before[v] + after[v] for v in height}
    for beside in (before, after, *[both] * 12):
        for row in rows if beside is not after else rows[::-1]:
            wanted = [fmean([height[u] for u in beside[v]] or [height[v]]) for v in row]
            gaps = [(size[a] + size[b]) / 2 for a, b in pairwise(row)]
            height.update(zip(row, _spread(wanted, gaps), strict=True))
    return height


def _spread(wanted: list[float], gaps: list[float]) -> list[float]:
    """Points near to `wanted`, at least `gaps` apart: halfway between pushing only down and pushing only up."""
    offsets = np.concatenate([[0.0], np.cumsum(gaps)])
    free = np.array(wanted) - offsets
    down, up = np.maximum.accumulate(free), np.minimum.accumulate(free[::-1])[::-1]
    return ((down + up) / 2 + offsets).tolist()


def _fan_out(routes: dict[Edge, tuple[Point, ...]]) -> dict[Edge, tuple[Point, ...]]:
    """Bend edges between the same two nodes apart (x·x), the first input on top."""
    parallel: dict[frozenset[str], list[Edge]] = defaultdict(list)
    for e in sorted(routes, key=lambda e: e.index):
        parallel[frozenset((e.source, e.target))].append(e)
    for edges in parallel.values():
        for j, e in enumerate(edges):
            bulge = 0.3 * ((len(edges) - 1) / 2 - j)
            if not bulge:
                continue
            points = np.array(routes[e])
            if len(points) == 2:
                points = points[0] + np.linspace(0, 1, 9)[:, None] * (points[1] - points[0])
            t = np.linspace(0, 1, len(points))
            points[:, 1] += bulge * 4 * t * (1 - t)
            bends = [(float(x), float(y)) for x, y in points[1:-1]]
            routes[e] = (routes[e][0], *bends, routes[e][-1])
    return routes
