"""A formula as a graph: how it is built, how values run forwards through it, and gradients backwards.

Nothing is worked out here: values come from the engine's tensors, and every frame of the backward pass is one step of
`engine.backward_steps`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, cast

import ipywidgets
import numpy as np
import traitlets
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text as Words

from textbook import plots
from textbook.engine import Array, BackwardStep, GraphError, Tensor, backward_steps
from textbook.expression import parse
from textbook.graph import Edge, Graph
from textbook.labs.base import (
    Choice,
    Control,
    Data,
    Frames,
    Lab,
    Picture,
    Settings,
    Text,
    Toggle,
    View,
)
from textbook.stage import Point

LARGEST = 150  # nodes in a picture
START = (3.0, 2.0, 1.0, 0.5, 1.5, 2.5)  # values of the inputs, in order, unless others are given
FORMULA = "u = x + y; f = u*y"


class Preset(NamedTuple):
    """A formula of the menu, and the values of its inputs."""

    title: str
    formula: str
    values: Mapping[str, Any] = {}


PRESETS = (
    Preset("Fig. 1 and 3: f = (x + y)·y", FORMULA),
    Preset(
        "Fig. 2: logistic regression",
        "z = w1*x1 + w2*x2 + b; f = sigmoid(z)",
        {"w1": 0.5, "x1": 2.0, "w2": -1.0, "x2": 1.5, "b": 0.25},
    ),
    Preset(
        "Fig. 4: linear regression",
        "y_hat = w*x + b; loss = (y_hat - y)**2",
        {"w": 1.0, "x": 2.0, "b": 0.0, "y": 5.0},
    ),
    Preset("§3.2: a topological order", "c = a + b; e = c*d", {"a": 3.0, "b": 2.0, "d": 4.0}),
    Preset("two edges: x·x", "f = x*x"),
    Preset("a shared subexpression", "s = x*y; f = (s + x)*(s + y)"),
    Preset("a chain of sigmoids", "a = sigmoid(w*x); b = sigmoid(w*a); c = sigmoid(w*b)", {"w": 2.0, "x": 0.5}),
    Preset(
        "a net of two layers",
        "h1 = tanh(a1*x + b1); h2 = tanh(a2*x + b2); y_hat = c1*h1 + c2*h2; loss = (y_hat - y)**2",
        {"a1": 1.0, "x": 0.5, "b1": 0.0, "a2": -1.0, "b2": 0.5, "c1": 1.5, "c2": -0.5, "y": 1.0},
    ),
    Preset(
        "matrices: a linear layer",
        "Z = X @ W + b; loss = mean((Z - Y)**2)",
        {
            "X": ((1, 0, 2), (0, 1, 1), (2, 1, 0), (1, 1, 1)),
            "W": ((0.5, -1), (1, 0), (0, 2)),
            "b": (0.1, -0.1),
            "Y": ((1, 0), (0, 1), (1, 1), (0, 0)),
        },
    ),
)

# ---------------------------------------------------------------------------------------------- words


def number(value: Array, digits: int = 4) -> str:
    """A value to so many digits, or the shape of an array.

    >>> number(-0.123456), number(np.ones((4, 3))), number(np.nan)
    ('−0.1235', '4×3', 'undefined')
    """
    if np.ndim(value):
        return "×".join(map(str, np.shape(value)))
    x = float(value) + 0.0  # no −0
    if math.isnan(x):
        return "undefined"
    return (f"{x:.{digits}g}" if math.isfinite(x) else "∞" if x > 0 else "-∞").replace("-", "−")


WRITTEN = {"add": "{} + {}", "sub": "{} − {}", "mul": "{} · {}", "div": "{} / {}", "pow": "{}**{}", "neg": "−{}",
           "matmul": "{} @ {}"}  # fmt: skip


def written(op: str, inputs: Sequence[str]) -> str:
    """An operation as it is written in a formula."""
    if op not in WRITTEN:
        return f"{op}({', '.join(inputs)})"
    return WRITTEN[op].format(
        *[f"({x})" if x.startswith("−") and (i or op in ("pow", "neg")) else x for i, x in enumerate(inputs)]
    )


def listed(words: Sequence[str]) -> str:
    """x, y and z."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(n: int, word: str) -> str:
    """1 edge, 2 edges."""
    return f"{n} {word}{'s' * (n != 1)}"


# ---------------------------------------------------------------------------------------------- the walk


class Moment(NamedTuple):
    """One frame: its caption, the node it is about, and the edges along which something moves, forwards or back."""

    caption: str
    node: str = ""
    edges: tuple[Edge, ...] = ()
    back: bool = False


@dataclass(frozen=True)
class Walk(Data):
    """A graph, and the walk through it.

    Attributes:
        graph: what is shown; its nodes hold their values.
        inputs: the value of each variable of the formula.
        moments: the frames.
        computed: for each node the frame in which its value appears.
        seed: the frame of ∂f/∂f = 1; None without a backward pass.
        received: for each node the frames in which its gradient grows, and the total so far.
        sent: for each edge the frame in which its message travels back.
        local: for each edge its local derivative, where both ends are scalars.
        messages: for each edge what it sends back.
        gradients: for each node ∂f/∂node, the whole of it.
        partials: for each input ∂f/∂input with every intermediate node held fixed.
    """

    graph: Graph
    inputs: dict[str, Any]
    moments: list[Moment]
    computed: dict[str, int]
    seed: int | None
    received: dict[str, list[tuple[int, Array]]]
    sent: dict[Edge, int]
    local: dict[Edge, float]
    messages: dict[Edge, Array]
    gradients: dict[str, Array]
    partials: dict[str, Array]

    @cached_property
    def names(self) -> dict[str, str]:
        """How captions call each node: a constant by its value."""
        return {v: number(n.value) if n.kind == "constant" else v for v, n in self.graph.nodes.items()}

    @cached_property
    def out_edges(self) -> dict[str, list[Edge]]:
        """The edges out of each node, in the order of the backward pass."""
        edges: dict[str, list[Edge]] = {v: [] for v in self.graph.nodes}
        rank = {v: i for i, v in enumerate(self.graph.nodes)}
        for e in sorted(self.graph.edges, key=lambda e: -rank[e.target]):
            if e.source in edges:
                edges[e.source].append(e)
        return edges

    @cached_property
    def ancestors(self) -> dict[str, set[str]]:
        """For each node everything it depends on."""
        found: dict[str, set[str]] = {}
        for v in self.graph.nodes:  # inputs come first, unless there is a cycle
            found[v] = set().union(*[{u} | found.get(u, set()) for u in self.graph.sources[v]])
        return found

    @cached_property
    def held(self) -> list[str]:
        """The intermediate nodes, which the toggle holds fixed."""
        return [v for v, n in self.graph.nodes.items() if n.kind == "operation" and v != self.graph.output]

    def total(self, v: str) -> str:
        """∂f/∂v."""
        return f"∂{self.graph.output}/∂{v}"

    def along(self, e: Edge) -> str:
        """The local derivative of an edge: ∂u/∂y; ∂f/∂y|u where u, another input of f, depends on y and is held."""
        sources = self.graph.sources[e.target]
        held = dict.fromkeys(s for s in sources if s != e.source and e.source in self.ancestors.get(s, ()))
        twins = [i for i, s in enumerate(sources) if s == e.source]
        edge = f"|edge {twins.index(e.index) + 1}" if len(twins) > 1 else ""
        return f"∂{e.target}/∂{e.source}{edge}{'|' * bool(held)}{','.join(held)}"

    def expression(self, v: str) -> str:
        """u = x + y."""
        return f"{v} = {written(self.graph.nodes[v].op, [self.names.get(s, s) for s in self.graph.sources[v]])}"

    def evaluation(self, v: str) -> str:
        """u = x + y = 3 + 2 = 5, or with shapes."""
        node, inputs = self.graph.nodes[v], [self.graph.nodes[s].value for s in self.graph.sources[v]]
        if any(map(np.ndim, [node.value, *inputs])):
            shapes = listed([number(x) if np.ndim(x) else "scalar" for x in inputs])
            return f"{self.expression(v)}: {shapes} → {number(node.value) if np.ndim(node.value) else 'scalar'}" + (
                "" if np.ndim(node.value) else f", {v} = {number(node.value)}"
            )
        return f"{self.expression(v)} = {written(node.op, [number(x) for x in inputs])} = {number(node.value)}"

    def description(self, v: str) -> str:
        """What a node is, where it gets its value, and where this goes."""
        node, uses = self.graph.nodes[v], self.out_edges[v]
        if node.kind == "operation":
            inputs = [self.names.get(s, s) for s in self.graph.sources[v]]
            what = f"{self.expression(v)}: an operation on {listed(inputs)}"
        else:
            what = f"{self.names[v]} is {'an input' if node.kind == 'input' else 'a constant'}"
        if node.shape:
            what += f", of shape {'×'.join(map(str, node.shape))}"
        targets = listed(list(dict.fromkeys(e.target for e in uses)))
        role = "It is the output" if v == self.graph.output else ""
        goes = f"{counted(len(uses), 'edge')} out of it, to {targets}" if uses else ""
        return ". ".join(filter(None, [what, role, goes])) + "."

    def chain(self, v: str) -> str:
        """The whole sum of the chain rule for one node."""
        f, node = self.graph.output, self.graph.nodes[v]
        if v == f:
            return f"{self.total(f)} = 1: the seed. {f} changes one for one with itself."
        edges = [e for e in self.out_edges[v] if e in self.messages]
        if not edges:
            why = "a constant does not change" if node.kind == "constant" else f"{f} does not depend on it"
            return f"{self.names[v]}: no derivative is taken; {why}."
        symbols = " + ".join(f"{self.total(e.target)} · {self.along(e)}" for e in edges)
        if not all(e in self.local for e in edges):
            return f"{self.total(v)} has the shape of {v}, {number(self.gradients[v]) or 'scalar'}: {symbols}, summed."
        numbers = [written("mul", [number(self.gradients[e.target]), number(self.local[e])]) for e in edges]
        text = f"{self.total(v)} = {symbols} = {' + '.join(numbers)}"
        if len(edges) > 1:
            text += f" = {written_sum([number(self.messages[e]) for e in edges])}"
        text += f" = {number(self.gradients[v])}."
        if any("|" in self.along(e) for e in edges):
            text += "  (|: along that edge only, the rest held fixed)"
        return text

    def about(self, v: str) -> str:
        """The answer to a click on a node, in the present mode."""
        mode = self.settings["mode"]
        if mode == "backward":
            return self.chain(v)
        if mode == "structure" or self.graph.nodes[v].kind != "operation":
            return self.description(v)
        return f"{self.evaluation(v)}."

    def gradient(self, v: str, frame: int) -> tuple[Array, bool] | None:
        """What a node has received by a frame, and whether that is all of it."""
        got = self.received.get(v, [])
        n = bisect_right(got, frame, key=lambda pair: pair[0])
        return (got[n - 1][1], n == len(got)) if n else None

    @cached_property
    def plan(self) -> Plan:
        """Where the picture puts everything."""
        return Plan.of(self)

    @cached_property
    def structure(self) -> tuple:
        """What the fixed part of the picture depends on."""
        nodes = tuple((n.id, n.kind, n.label, n.shape) for n in self.graph.nodes.values())
        return nodes, self.graph.edges, self.graph.output


def written_sum(terms: Sequence[str]) -> str:
    """5 + 2, with brackets around what is negative."""
    return " + ".join([terms[0], *[f"({t})" if t.startswith("−") else t for t in terms[1:]]])


def _root(s: Settings) -> tuple[Tensor, dict[str, Any]]:
    """The tensor that a formula ends in, with a name, and the values that went in."""
    expression = parse(s["formula"])
    inputs = {name: s["values"].get(name, START[i % len(START)]) for i, name in enumerate(expression.names)}
    with np.errstate(all="ignore"):
        root, _ = expression.tensors(**inputs)
    if not root.name:
        taken = {step.name for step in expression.steps}
        root.name = next(name for name in ("f", "g", "h", "out", "result", "f_out") if name not in taken)
    return root, inputs


def _local(graph: Graph, e: Edge, step: BackwardStep) -> float | None:
    """The local derivative of a scalar edge: the message that an upstream gradient of 1 would become."""
    recipe = step.node.recipe
    inputs = [graph.nodes[s].value for s in graph.sources[e.target]]
    if recipe is None or any(map(np.ndim, [step.node.data, *inputs])):
        return None
    return float(recipe.op.vjps[e.index](np.float64(1), step.node.data, *inputs, **recipe.params))


def _walk(s: Settings, graph: Graph, inputs: dict[str, Any]) -> Walk:
    root = graph.nodes[graph.output].tensor
    walk = Walk(s, graph, inputs, [], dict.fromkeys(graph.nodes, 0), None, {}, {}, {}, {}, {}, {})
    if s["mode"] == "structure":
        walk.moments.extend(_construction(walk))
        return walk
    if root is None:
        raise ValueError('a graph built by hand has no values: show its structure, or graph.tensor(x=…)')
    walk.moments.extend(_forward(walk))
    for k, moment in enumerate(walk.moments):
        if moment.node:
            walk.computed[moment.node] = k
    if s["mode"] == "forward":
        return walk
    if root.size != 1:
        raise ValueError(
            f"{graph.output} has the shape {number(root.data)}, gradients start from a scalar: take mean(…) or sum(…)"
        )
    seed = len(walk.moments)
    walk.received[graph.output] = [(seed, 1.0)]
    walk.gradients[graph.output] = 1.0
    try:
        with np.errstate(all="ignore"):
            steps = [(Edge(graph.ids[step.parent], graph.ids[step.node], step.index), step)
                     for step in backward_steps(root)]  # fmt: skip
            for e, step in steps:
                if (local := _local(graph, e, step)) is not None:
                    walk.local[e] = local
                walk.messages[e] = step.message
                walk.gradients[e.source] = step.total
    except GraphError as error:
        raise ValueError(str(error)) from None
    walk.partials.update({v: 0.0 for v in graph.nodes if graph.nodes[v].kind == "input" and v in walk.gradients})
    walk.partials.pop(graph.output, None)
    for e, step in steps:
        if e.target == graph.output and e.source in walk.partials:
            # Of what arrives over the output's own edges: these come first in the backward pass.
            walk.partials[e.source] = step.total
    walk.moments.extend(_backward(walk, steps, held=s["hold"]))
    return replace(walk, seed=seed)


def _construction(walk: Walk) -> Iterator[Moment]:
    graph = walk.graph
    kinds: dict[str, list[str]] = {"input": [], "operation": [], "constant": []}
    for node in graph.nodes.values():
        kinds[node.kind].append(node.id)
    parts = [counted(len(found), kind) + (f" ({', '.join(found)})" if kind == "input" and len(found) < 9 else "")
             for kind, found in kinds.items() if found]  # fmt: skip
    yield Moment(f"{counted(len(graph.nodes), 'node')}: {listed(parts)}; {counted(len(graph.edges), 'edge')}. "
                 f"The output is {graph.output}.")  # fmt: skip
    for v in graph.nodes:
        yield Moment(walk.description(v), v, tuple(e for e in graph.edges if e.target == v))


def _forward(walk: Walk) -> Iterator[Moment]:
    graph = walk.graph
    given = [f"{v} = {number(n.value)}" if not np.ndim(n.value) else f"{v} of shape {number(n.value)}"
             for v, n in graph.nodes.items() if n.kind == "input"]  # fmt: skip
    yield Moment(f"The inputs have their values: {listed(given)}. Nothing else has been computed yet.")
    for v, node in graph.nodes.items():
        if node.kind == "operation":
            yield Moment(walk.evaluation(v), v, tuple(e for e in graph.edges if e.target == v))


def _backward(walk: Walk, steps: list[tuple[Edge, BackwardStep]], held: bool) -> Iterator[Moment]:
    """The frames of the backward pass; their times are noted in `sent` and `received` on the way."""
    f, first = walk.graph.output, len(walk.moments)
    yield Moment(f"The seed: {walk.total(f)} = 1. {f} changes one for one with itself.", f, back=True)
    if held:
        steps = [(e, step) for e, step in steps if e.target == f and e.source in walk.partials]
    expected = {v: sum(e.source == v for e, _ in steps) for v in walk.graph.nodes}
    seen = dict.fromkeys(walk.graph.nodes, 0)
    for frame, (e, step) in enumerate(steps, first + 1):
        v, got = e.source, walk.received.setdefault(e.source, [])
        before = got[-1][1] if got else None
        got.append((frame, step.total))
        seen[v] += 1
        walk.sent[e] = frame
        name = f"{walk.total(v)} with the rest held" if held else walk.total(v)
        product = f"{v} receives {walk.total(e.target)} · {walk.along(e)}"
        if e in walk.local:
            product += f" = {written('mul', [number(step.upstream), number(walk.local[e])])} = {number(step.message)}"
            sum_ = number(step.total)
            if before is not None:
                sum_ = f"{written_sum([number(before), number(step.message)])} = {sum_}"
            total = f"{name} = {sum_}"
        else:
            total = f"the message has the shape of {v}, {number(step.message) or 'scalar'}"
        left = expected[v] - seen[v]
        more = f" so far, {counted(left, 'edge')} to come" if left else ""
        yield Moment(f"{product};  {total}{more}.", v, (e,), back=True)
    yield Moment(_ending(walk, held), back=True)


def _ending(walk: Walk, held: bool) -> str:
    f, inputs = walk.graph.output, list(walk.partials)
    if walk.graph.nodes[f].kind == "input":
        return f"Done: {f} is the output itself, ∂{f}/∂{f} = 1."
    if not inputs:
        return "Done: no input has a path to the output."

    def told(values: Mapping[str, Array]) -> str:
        return listed([f"{walk.total(v)} = {number(values[v])}" if not np.ndim(values[v])
                       else f"{walk.total(v)} of shape {number(values[v])}" for v in inputs])  # fmt: skip

    if not held:
        return f"Done, in one pass: {told(walk.gradients)}."
    fixed = walk.held
    if not fixed:
        return f"There is no intermediate node to hold: partial and total derivatives agree. {told(walk.gradients)}."
    names = listed(fixed) if len(fixed) < 4 else "every intermediate node"
    free = "they move" if len(fixed) > 1 else "it moves"
    return (f"With {names} held fixed, {f} sees only what its own operation reads: {told(walk.partials)}.\n"
            f"When {free}: {told(walk.gradients)}.")  # fmt: skip


# ---------------------------------------------------------------------------------------------- where things stand

WIDTH, MARGIN = 840.0, 50.0  # pixels
NEAR, FAR = 56.0, 230.0  # pixels between two layers, at least and at most
LETTER = 0.85  # width of a letter, in pixels to a point of its size


@dataclass(frozen=True)
class Plan:
    """Where the picture puts everything, in pixels, y upwards.

    A graph too deep for one line is broken into bands, like lines of text: an edge that leaves a band at its right end
    goes on at the left end of the next, at the same height.

    Attributes:
        size: width and height.
        radius: half the height of a node.
        gap: between a node and what is written above and below.
        letters: sizes of type, in points: in nodes, beside them.
        places: the centre of each node.
        halves: half its width.
        curves: for each edge (n, 2) points between the borders of its nodes; NaN where a band ends.
        notes: for each edge where its local derivative stands.
        wordy: whether there is room for ∂f/∂u = 2 at nodes, or for 2 alone.
        telling: the same for ∂u/∂y at edges.
        roomy: whether there is room for a number on every edge.
    """

    size: tuple[float, float]
    radius: float
    gap: float
    letters: tuple[float, float]
    places: dict[str, tuple[float, float]]
    halves: dict[str, float]
    curves: dict[Edge, Array]
    notes: dict[Edge, tuple[float, float]]
    wordy: bool
    telling: bool
    roomy: bool

    @property
    def digits(self) -> int:
        """Of numbers in the picture; captions always have four."""
        return 4 if self.roomy else 3

    @staticmethod
    def of(walk: Walk) -> Plan:
        graph = walk.graph
        layout = graph.layout
        most = int((WIDTH - 2 * MARGIN) / NEAR) + 1  # layers in a band
        bands = math.ceil(len(layout.layers) / most)
        deep = math.ceil(len(layout.layers) / bands)
        longest = LETTER * 10.5 * (max(len(walk.total(v)) for v in graph.nodes) + len(" = −0.1234"))
        dx = min((WIDTH - 2 * max(MARGIN, longest / 2 + 4)) / max(deep - 1, 1), FAR)
        wordy = longest + 8 < dx
        if not wordy:
            dx = min((WIDTH - 2 * MARGIN) / max(deep - 1, 1), FAR)
        rows = max(map(len, layout.layers))
        radius, letters = (19.0, (13.0, 10.5)) if dx > 100 and rows < 9 else (12.0, (10.0, 9.0))
        halves = {v: max(radius, min(LETTER * letters[0] * len(label(graph, v)) / 2 + 8, dx / 2 - 12))
                  for v in graph.nodes}  # fmt: skip
        symbols = max(map(len, map(walk.along, graph.edges)), default=0) + len(" = −0.1234")
        telling = wordy and LETTER * 9.5 * symbols < dx - 2 * radius - 8
        roomy = dx > 95 and len(graph.edges) <= 40

        # Layers to bands.
        def band(x: float) -> int:
            return min(int((x + 0.5) // deep), bands - 1)

        curves = {e: _curve(np.array(route)) for e, route in layout.routes.items()}
        reach: list[list[float]] = [[] for _ in range(bands)]
        for x, y in [*layout.positions.values(), *[p for c in curves.values() for p in (c[::6])]]:
            reach[band(x)].append(y)
        heights = [max(r) - min(r) for r in reach]
        gap = 6.0 if roomy else 3.0
        note = gap + letters[1] * 100 / 72  # what stands above or below a node
        dy = float(np.clip(380 / (max(heights) + 1), 2 * (radius + note) + 2, 100))
        between, above, below = 2 * (radius + note) + 14, radius + note + (32 if roomy else 14), radius + note + 42
        height = max(above + below + dy * sum(heights) + between * (bands - 1), 240)
        left = (WIDTH - dx * (deep - 1)) / 2
        slack = (height - above - below - dy * sum(heights) - between * (bands - 1)) / 2
        tops = [height - above - slack - sum(dy * h + between for h in heights[:k]) for k in range(bands)]

        zero = np.array([tops[k] - dy * max(reach[k]) for k in range(bands)])  # where each band has y = 0

        def place(points: Array) -> Array:
            where = np.minimum((points[:, 0] + 0.5) // deep, bands - 1).astype(int)
            found = np.column_stack([left + dx * (points[:, 0] - deep * where), zero[where] + dy * points[:, 1]])
            breaks = np.nonzero(np.diff(where))[0] + 1
            return np.insert(found, breaks, np.nan, axis=0)

        centres = {v: place(np.array([p]))[0] for v, p in layout.positions.items()}
        places = {v: (float(x), float(y)) for v, (x, y) in centres.items()}
        shown = {e: _between(place(c), *[(places[v], halves[v], radius) for v in (e.source, e.target) if v in places])
                 for e, c in curves.items()}  # fmt: skip
        size = (LETTER * 9.5 * (symbols - 3 if telling else 6), 15.0)
        beside = longest - 30 if wordy else 54.0
        taken = [(x, y, max(2 * halves[v] + 6, beside), 2 * radius + 2 * note + 6) for v, (x, y) in places.items()]
        notes = _noted(shown, taken, size)
        return Plan((WIDTH, float(height)), radius, gap, letters, places, halves, shown, notes, wordy, telling, roomy)

    def nearest(self, x: float, y: float) -> str:
        """The node under a point, or ""."""
        inside = [v for v, (a, b) in self.places.items()
                  if abs(x - a) < self.halves[v] + 8 and abs(y - b) < self.radius + 18]  # fmt: skip
        return min(inside, key=lambda v: math.dist((x, y), self.places[v]), default="")


def brief(value: Array, digits: int) -> str:
    """A number for the picture: two digits where more would not fit, as in 8.2e−09."""
    text = number(value, digits)
    return text if len(text) < 8 or np.ndim(value) else number(value, 2)


def label(graph: Graph, v: str) -> str:
    """What stands in a node: mathtext counts as one letter, long names are cut."""
    text = graph.nodes[v].label.replace("-", "−") if graph.nodes[v].kind == "constant" else graph.nodes[v].label
    return "±" if text.startswith("$") else text if len(text) < 9 else text[:7] + "…"


def _curve(route: Array) -> Array:
    """A smooth line through the points of a route, level at each of them: 24 points from one layer to the next."""
    parts = [route[:1]]
    for a, b in pairwise(route):
        t = np.linspace(0, 1, 25 if abs(b[0] - a[0]) > 0.9 else 5)[1:]
        bent = t * t * (3 - 2 * t) if abs(b[0] - a[0]) > 0.9 else t
        parts.append(np.column_stack([a[0] + t * (b[0] - a[0]), a[1] + bent * (b[1] - a[1])]))
    return np.concatenate(parts)


def _between(points: Array, *ends: tuple[tuple[float, float], float, float]) -> Array:
    """The part of a curve outside of its nodes, with room for an arrow's head."""
    keep = np.ones(len(points), bool)
    for (x, y), half, radius in ends:
        across, up = np.abs(points - (x, y)).T
        keep &= ~(np.hypot(np.maximum(across - (half - radius), 0), up) <= radius + 7)
    return points[keep] if (keep & ~np.isnan(points[:, 0])).sum() > 1 else points


def _noted(curves: dict[Edge, Array], taken: list, size: tuple[float, float]) -> dict[Edge, tuple[float, float]]:
    """For each edge the point on it where a label covers least of the nodes and of the labels before."""
    boxes = np.array([*taken, *[(0.0, 0.0, 0.0, 0.0)] * len(curves)])
    places = {}
    for n, (e, points) in enumerate(curves.items(), len(taken)):
        on = points[~np.isnan(points[:, 0])]
        middle = len(on) // 2 if len(on) < 28 else len(on) - 12  # near its end: long edges share their beginnings
        best, least = on[middle], np.inf
        for shift in (0, -2, 2, -4, 4, -6, 6):
            at = on[min(max(middle + shift, 0), len(on) - 1)]
            gap = np.abs(boxes[:n, :2] - at) - (boxes[:n, 2:] + size) / 2
            covered = float(np.prod(np.minimum(gap, 0), axis=1).sum()) + 2 * abs(shift)
            if covered < least:
                best, least = at, covered
        boxes[n] = (*best, *size)
        places[e] = (float(best[0]), float(best[1]))
    return places


# ---------------------------------------------------------------------------------------------- the picture

VALUE, GRADIENT, QUIET = plots.OKABE_ITO["blue"], plots.OKABE_ITO["vermilion"], "0.45"
GLOW = plots.OKABE_ITO["yellow"]

# Four quarters of a circle, and where the centre of each lies in a box.
QUARTERS = np.concatenate([np.asarray(Path.arc(90 * k, 90 * k + 90).vertices) for k in range(4)])
CENTRES = np.repeat([(1, 1), (-1, 1), (-1, -1), (1, -1)], len(QUARTERS) // 4, axis=0)
CODES = [Path.LINETO, *[Path.CURVE4] * (len(QUARTERS) // 4 - 1)] * 4
CODES = [Path.MOVETO, *CODES[1:], Path.CLOSEPOLY]

# Every look differs in more than colour.
RINGS: dict[str, dict[str, Any]] = {
    "pending": {"visible": False},
    "done": {"visible": True, "edgecolor": VALUE, "linewidth": 2.2, "linestyle": "-"},
    "current": {"visible": True, "edgecolor": plots.INK, "linewidth": 4.5, "linestyle": "-"},
    "received": {"visible": True, "edgecolor": GRADIENT, "linewidth": 2.2, "linestyle": "--"},
    "finished": {"visible": True, "edgecolor": GRADIENT, "linewidth": 3.2, "linestyle": "-"},
    "held": {"visible": True, "edgecolor": plots.INK, "linewidth": 2.6, "linestyle": ":"},
}
LINES: dict[str, dict[str, Any]] = {
    "pending": {"visible": False},
    "done": {"visible": True, "color": VALUE, "linewidth": 1.8},
    "current": {"visible": True, "color": VALUE, "linewidth": 4.0},
    "sent": {"visible": True, "color": GRADIENT, "linewidth": 1.8},
    "sending": {"visible": True, "color": GRADIENT, "linewidth": 4.5},
}


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(WIDTH / 100, 3), dpi=100)
            self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.glow = self._add(Line2D([], [], color=GLOW, lw=9, alpha=0.75, zorder=2.5, solid_capstyle="round"))
        self.halo = self._add(PathPatch(Path([(0, 0)]), fc="none", ec=GLOW, lw=4, zorder=2.6))
        self.live: list[Artist] = []
        self.pointer = [self.axes]
        self.structure: tuple = ()

    def load(self, data: Walk) -> bool:
        self.data = data
        changed = data.structure != self.structure
        if changed:
            self.structure, self.plan = data.structure, data.plan
            with plots.style():
                self._build()
        self._select(data.settings["node"])
        # The frames in which the look of a node or edge changes: between them its artists are left alone.
        graph, last = data.graph, len(data.moments) - 1
        always = {last} if data.seed is None else {data.seed, last}
        changes: dict[str | Edge, set[int]] = {v: always | {data.computed[v]} for v in graph.nodes}
        changes |= {e: always | {data.computed[e.target]} for e in self.lines}
        for v, got in data.received.items():
            changes[v] |= {frame for frame, _ in got}
        for frame, moment in enumerate(data.moments):
            for key in (moment.node, *moment.edges):
                if key in changes:
                    changes[key] |= {frame, frame + 1}
        self.changes = {key: sorted(frames) for key, frames in changes.items()}
        self.phase: dict[str | Edge, int] = {}
        return changed

    def _add(self, artist: Any) -> Any:
        # To the figure, not to the axes, which would clip it and follow its limits.
        artist.set_transform(self.axes.transData)
        return self.figure.add_artist(artist)

    def _build(self) -> None:
        plan, graph = self.plan, self.data.graph
        for artist in [*self.figure.artists, *self.figure.texts]:
            if artist not in (self.glow, self.halo):
                artist.remove()
        self.figure.set_size_inches(plan.size[0] / 100, plan.size[1] / 100)
        self.axes.set(xlim=(0, plan.size[0]), ylim=(0, plan.size[1]))
        for points in plan.curves.values():
            self._line(points, color=QUIET, lw=1.2, zorder=2)
        for v, node in graph.nodes.items():
            if v == graph.output:
                self._shape(v, grow=4, fc=plots.PAPER, ec=plots.INK, lw=1.2, zorder=4)
            dashes = (0, (3, 2)) if node.kind == "constant" else "-"
            self._shape(v, fc=plots.FILL[node.kind], ec=plots.INK, lw=1.0, ls=dashes, zorder=4.1)
            text = node.label if label(graph, v) == "±" else label(graph, v)
            self._words(*plan.places[v], plots.INK, "center", text, plan.letters[0])
        self._legend()
        self.lines = {e: self._line(points, zorder=3, visible=False) for e, points in plan.curves.items()}
        self.rings = {v: self._shape(v, grow=4 if v == graph.output else 0, fc="none", zorder=5) for v in graph.nodes}
        gap = {v: plan.radius + plan.gap + (4 if v == graph.output else 0) for v in graph.nodes}
        self.below = {v: self._words(x, y - gap[v], VALUE, "top") for v, (x, y) in plan.places.items()}
        self.above = {v: self._words(x, y + gap[v], GRADIENT, "bottom") for v, (x, y) in plan.places.items()}
        self.notes = {e: self._words(x, y, plots.INK, "center", "", 9.5 if plan.roomy else 9)
                      for e, (x, y) in plan.notes.items()}  # fmt: skip
        for note in self.notes.values():
            note.set_bbox({"fc": plots.PAPER, "ec": "none", "pad": 1.2})
        groups = (self.lines, self.rings, self.below, self.above, self.notes)
        self.live = [self.glow, self.halo, *[artist for group in groups for artist in group.values()]]

    def _line(self, points: Array, **look: Any) -> Line2D:
        return self._add(
            Line2D(*points.T, marker=_head(points), markevery=[-1], ms=7, mew=0, solid_capstyle="butt", **look)
        )

    def _shape(self, v: str, grow: float = 0, **look: Any) -> PathPatch:
        return self._add(PathPatch(self._outline(v, grow), **look))

    def _outline(self, v: str, grow: float) -> Path:
        """A box with round corners; an operation's are so round that it is a disc, or two halves of one."""
        w, h = self.plan.halves[v] + grow, self.plan.radius + grow
        r = h if self.data.graph.nodes[v].kind == "operation" else 4.0
        points = r * QUARTERS + CENTRES * (w - r, h - r) + self.plan.places[v]
        return Path([*points, points[0]], CODES)

    def _words(self, x: float, y: float, color: str, va: str, text: str = "", size: float = 0) -> Words:
        size = size or self.plan.letters[1]
        return self._add(Words(x, y, text, ha="center", va=va, size=size, color=color, zorder=6, visible=bool(text)))

    def _legend(self) -> None:
        """The shapes in words, at the foot."""
        kinds = {node.kind for node in self.data.graph.nodes.values()}
        shapes = {"input": "box: input", "constant": "dashed box: constant", "operation": "round: operation"}
        parts = [*[words for kind, words in shapes.items() if kind in kinds], "double outline: output"]
        self._words(WIDTH / 2, 8, "0.35", "bottom", "   ·   ".join(parts), 9)

    def _select(self, v: str) -> None:
        """Mark a node and the edges out of it."""
        parts = [np.concatenate([self.plan.curves[e], [[np.nan] * 2]]) for e in self.data.out_edges[v]] if v else []
        points = np.concatenate(parts) if parts else np.empty((0, 2))
        self.glow.set_data(*points.T)
        self.halo.set_visible(bool(v))
        if v:
            self.halo.set_path(self._outline(v, 8 if v == self.data.graph.output else 4))

    def draw(self, frame: int) -> str:
        data, moment = self.data, self.data.moments[frame]
        for key, frames in self.changes.items():
            phase = bisect_right(frames, frame)
            if self.phase.get(key) != phase:
                self.phase[key] = phase
                if isinstance(key, Edge):
                    self._draw_edge(key, frame)
                else:
                    self.rings[key].set(**RINGS[self._ring(key, frame)])
                    _write(self.below[key], self._value(key, frame))
                    _write(self.above[key], self._gradient(key, frame))
        asked = data.settings["node"]
        return f"{moment.caption}\n{data.about(asked)}" if asked else moment.caption

    def _draw_edge(self, e: Edge, frame: int) -> None:
        look = self._edge(e, frame)
        points = self.plan.curves[e][:: -1 if look.startswith("sen") else 1]
        self.lines[e].set(data=points.T, marker=_head(points), **LINES[look])
        _write(self.notes[e], self._note(e, frame))

    def _ring(self, v: str, frame: int) -> str:
        data, moment = self.data, self.data.moments[frame]
        if v == moment.node:
            return "current"
        if data.seed is not None and frame >= data.seed and data.settings["hold"] and v in data.held:
            return "held"
        if got := data.gradient(v, frame):
            return "finished" if got[1] else "received"
        if data.settings["mode"] == "structure" or data.graph.nodes[v].kind == "constant":
            return "pending"
        return "done" if data.computed[v] <= frame else "pending"

    def _edge(self, e: Edge, frame: int) -> str:
        data, moment = self.data, self.data.moments[frame]
        if e in moment.edges:
            return "sending" if moment.back else "current"
        if data.sent.get(e, math.inf) < frame:
            return "sent"
        if data.settings["mode"] == "structure":
            return "pending"
        return "done" if data.computed[e.target] <= frame else "pending"

    def _value(self, v: str, frame: int) -> str:
        data, node = self.data, self.data.graph.nodes[v]
        known = node.value is not None and data.computed[v] <= frame and data.settings["mode"] != "structure"
        shape = "×".join(map(str, node.shape)) if node.shape else ""
        text = shape or (brief(node.value, self.plan.digits) if known and node.kind != "constant" else "")
        if node.kind != "operation":
            return text
        if not text:
            return _cut(v)
        return f"{_cut(v)} = {text}" if self.plan.wordy and not shape else f"{_cut(v)}: {shape}" if shape else text

    def _gradient(self, v: str, frame: int) -> str:
        data = self.data
        if data.seed is None or frame < data.seed:
            return ""
        if data.settings["hold"]:
            if v in data.held:
                return "held"
            if v in data.partials and frame == len(data.moments) - 1:
                held, free = brief(data.partials[v], 4), brief(data.gradients[v], 4)
                return f"{held} held\n{free} free" if self.plan.roomy else held
        got = data.gradient(v, frame)
        if got is None:
            return ""
        text = brief(got[0], self.plan.digits) + ("" if got[1] else " + …")
        return f"{data.total(v)} = {text}" if self.plan.wordy and not np.ndim(got[0]) else text

    def _note(self, e: Edge, frame: int) -> str:
        data, moment = self.data, self.data.moments[frame]
        if data.seed is None or frame < data.seed or e not in data.local:
            return ""
        if not self.plan.roomy and e not in moment.edges and e.source != data.settings["node"]:
            return ""
        text = brief(data.local[e], self.plan.digits)
        return f"{data.along(e)} = {text}" if self.plan.telling else text


def _write(words: Words, text: str) -> None:
    if words.get_text() != text:
        words.set(text=text, visible=bool(text))


def _cut(name: str) -> str:
    return name if len(name) < 9 else name[:7] + "…"


def _head(points: Array) -> Any:
    """The marker of a triangle that points where a line ends."""
    (x0, y0), (x1, y1) = points[max(len(points) - 4, 0)], points[-1]
    if math.isnan(x0):
        x0, y0 = points[-2]
    return 3, 0, math.degrees(math.atan2(y1 - y0, x1 - x0)) - 90


# ---------------------------------------------------------------------------------------------- the lab


@dataclass(frozen=True)
class Values(Control):
    """Values of the formula's inputs by name; numbers get a slider each, arrays are taken as they are."""

    def check(self, value: Any) -> dict[str, Any]:
        if not isinstance(value or {}, Mapping):
            raise ValueError(f"{self.name} must be given by name, such as {{'x': 3}}: got {value!r}")
        return {name: _frozen(name, v) for name, v in dict(value or {}).items()}


def _frozen(name: str, value: Any) -> Any:
    """A finite number, or nested tuples of them: settings are compared and printed."""
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        array = np.asarray(np.nan)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be a finite number or an array of them, got {value!r}")

    def tuples(part: Any) -> Any:
        # The browser's sliders return sums of steps: 3.9999999999999996 for 4.
        return tuple(map(tuples, part)) if isinstance(part, list) else float(f"{part:.12g}")

    return tuples(array.tolist())


@dataclass(frozen=True)
class NodeName(Control):
    """The node that the reader asks about, or ""."""

    def check(self, value: Any) -> str:
        return str(value or "")


@dataclass(frozen=True)
class Shown(Control):
    """A tensor whose graph is shown instead of a formula's; or a graph, which may be built by hand, broken too."""

    def check(self, value: Any) -> Graph | None:
        if isinstance(value, Tensor):
            return Graph.of(value)
        if value is not None and not isinstance(value, Graph):
            raise ValueError(f"{self.name} must be a Tensor or a Graph, got {type(value).__name__}")
        return value


@dataclass(frozen=True)
class Step(Control):
    """The frame of the walk, from 0; -1 is the last; None where the mode begins."""

    def check(self, value: Any) -> int | None:
        if value is not None and not isinstance(value, int | np.integer):
            raise ValueError(f"{self.name} must be a whole number, got {value!r}")
        return None if value is None else int(value)


class Sliders(ipywidgets.Box):
    """A slider for each of the formula's inputs: they come and go with it, and remember their values."""

    value = traitlets.Dict()
    children: Any

    def __init__(self) -> None:
        self.known: dict[str, ipywidgets.FloatSlider] = {}
        self.remembered: dict[str, Any] = {}
        super().__init__(layout=ipywidgets.Layout(flex_flow="row wrap"))

    def offer(self, values: Mapping[str, Any]) -> None:
        """Show these inputs, at these values."""
        self.remembered |= values
        shown = []
        self.value = dict(values)
        for name, value in values.items():
            if np.ndim(value):
                continue
            if name not in self.known:
                self.known[name] = ipywidgets.FloatSlider(
                    value, min=min(value, -5), max=max(value, 5), step=0.1, description=name, readout_format=".3g",
                    style={"description_width": "initial"}, layout=ipywidgets.Layout(width="15.5em"),
                )  # fmt: skip
                self.known[name].observe(self._moved, "value")
            slider = self.known[name]
            slider.min, slider.max = min(slider.min, value), max(slider.max, value)  # only ever wider: it cuts nothing
            slider.value = value
            shown.append(slider)
        if tuple(shown) != self.children:
            self.children = shown

    def _moved(self, change: Any) -> None:
        if change.owner in self.children:
            self.remembered[change.owner.description] = change.new
            self.value = {**self.value, change.owner.description: change.new}


class GraphLab(Lab):
    """Type a formula; see its graph; walk forwards through it, and backwards.  Click a node for its chain rule.

    Frame axis: the step of the walk.  Negative steps count from the end: `labs.graph.show(mode="backward", step=-1)`.
    """

    name = "graph"
    title = "A computational graph: under each node its value, above it its gradient, on each edge its local derivative"
    controls = (
        Text("formula", "formula", FORMULA, parse=parse, when=lambda s: s["tensor"] is None),
        Values("values", "values", {}),
        Choice("mode", "show", "structure", {
            "structure": "the structure", "forward": "the forward pass", "backward": "forward, then backward",
        }),
        NodeName("node", "explain node", ""),
        Toggle("hold", "hold intermediate nodes fixed", False, when=lambda s: s["mode"] == "backward"),
        Shown("tensor", "tensor", None),
        Step("step", "step", None),
    )  # fmt: skip

    def settings(self, **values: Any) -> Settings:
        s = super().settings(**values)
        if s["tensor"] is None:
            names = parse(s["formula"]).names
            for name in s["values"]:
                if name not in names:
                    raise ValueError(f"{name} is no input of this formula: it has {', '.join(names)}")
            # Only what differs from the start, so that the printed call stays short.
            start = {name: START[i % len(START)] for i, name in enumerate(names)}
            s["values"] = {n: s["values"][n] for n in names if n in s["values"] and s["values"][n] != start[n]}
        return s

    def compute(self, s: Settings) -> Walk:
        inputs: dict[str, Any] = {}
        graph = s["tensor"]
        if graph is None:
            root, inputs = _root(s)
            graph = Graph.of(root)
        if len(graph.nodes) > LARGEST:
            raise ValueError(f"the graph has {len(graph.nodes)} nodes: a picture can show {LARGEST}")
        if s["node"] and s["node"] not in graph.nodes:
            raise ValueError(f"there is no node {s['node']!r}: choose one of {', '.join(graph.nodes)}")
        return _walk(s, graph, inputs)

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Walk) -> Frames:
        last = len(data.moments) - 1
        wanted = data.settings["step"]
        start = data.seed or 0 if wanted is None else wanted + (last + 1 if wanted < 0 else 0)
        return Frames([f"{k} of {last}" for k in range(last + 1)], "step", interval=900, start=start)

    def pointed(self, s: Settings, point: Point) -> dict[str, Any]:
        return {"node": self.compute(s).plan.nearest(point.x, point.y)}

    def table(self, data: Walk) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        graph = data.graph
        show = data.settings["mode"] != "structure"
        rows: list[tuple[str, ...]] = []
        for v, node in graph.nodes.items():
            value = number(node.value) if show and node.value is not None else ""
            what = data.expression(v) if node.kind == "operation" else node.kind
            gradient = number(data.gradients[v]) if v in data.gradients else ""
            rows.append((v, what, value, "", "", gradient))
        for e in graph.edges:
            sent = number(data.messages[e]) if e in data.messages else ""
            rows.append((f"{e.source} → {e.target}", f"input {e.index + 1} of {e.target}", "",
                         number(data.local[e]) if e in data.local else "", sent, ""))  # fmt: skip
        return ("node or edge", "what it is", "value", "local derivative", "message back", "gradient"), rows

    def show(self, **values: Any) -> GraphView:
        return GraphView(self, self.settings(**values))


class GraphView(View):
    """The lab in a notebook: its sliders and its list of nodes follow the formula."""

    def __init__(self, lab: Lab, settings: Settings) -> None:
        wide: Any = {"description_width": "initial"}
        menu = [("your own formula", ""), *[(preset.title, preset.formula) for preset in PRESETS]]
        self.presets = ipywidgets.Dropdown(options=menu, description="example", style=wide)
        self.nodes = ipywidgets.Dropdown(description="explain node", style=wide, layout={"width": "15em"})
        self.sliders = Sliders()
        self._following = False  # while the list of nodes is set to what is shown
        self._offered: Any = None  # what the sliders stand at, as far as is known here
        super().__init__(lab, settings)
        self.sliders.offer(self.walk.inputs)
        self.presets.observe(lambda _: self.soon("preset", self._choose), "value")
        self.nodes.observe(lambda _: self.soon("node", self._ask), "value")
        self.sliders.observe(lambda _: self.soon("values", self._slide), "value")
        mode, hold, formula = (self.widgets[name] for name in ("mode", "hold", "formula"))
        formula.layout = {"flex": "1 1 24em"}
        above = ipywidgets.Box([self.presets, formula], layout={"flex_flow": "row wrap"})
        below = ipywidgets.Box([mode, self.nodes, hold], layout={"flex_flow": "row wrap"})
        top = [above, self.error, self.sliders, below] if settings["tensor"] is None else [below, self.error]
        self.children = [*top, self.scene.stage, self.call, self._fold]

    @property
    def walk(self) -> Walk:
        """What is shown."""
        return cast(Walk, self.scene.data)

    def set(self, **values: Any) -> None:
        """Change settings from code, as a reader would by hand."""
        if "formula" in values:
            # A name keeps its value from formula to formula.
            with suppress(ValueError):
                kept = {n: v for n, v in self.sliders.remembered.items() if n in parse(values["formula"]).names}
                values = {"values": kept, **values}
            values = {"node": "", **values}
        elif "step" not in values and "mode" not in values:
            stage = self.scene.stage
            values["step"] = -1 if stage.frame == len(self.walk.moments) - 1 else stage.frame
        super().set(**{"step": None, **values})

    def _choose(self) -> None:
        for preset in PRESETS:
            if preset.formula == self.presets.value != self.scene.settings["formula"]:
                self.set(formula=preset.formula, values=preset.values)

    def _ask(self) -> None:
        if not self._following and self.nodes.value != self.scene.settings["node"]:
            self.set(node=self.nodes.value)

    def _slide(self) -> None:
        values = {name: value for name, value in self.sliders.value.items() if name in self.walk.inputs}
        if values != self.walk.inputs:
            self._offered = None
            self.set(values={**self.walk.inputs, **values})

    def _pointed(self, point: Point) -> None:
        if point.final:
            self.soon("point", lambda: self._click(self.walk.plan.nearest(point.x, point.y)))

    def _click(self, node: str) -> None:
        self.set(node="" if node == self.scene.settings["node"] else node)

    def _tell(self) -> None:
        data, s, frame = self.walk, self.scene.settings, self.scene.stage.frame
        s["step"] = None if frame == (data.seed or 0) else frame
        super()._tell()
        if s["tensor"] is not None:
            self.call.value = "<code>labs.graph.show(tensor=…)</code>"
        self._following = True
        nodes = [("(click one)", ""), *[(data.names[v], v) for v in data.graph.nodes]]
        if self.nodes.options != tuple(nodes):
            self.nodes.options = nodes
        if "node" not in self._waiting:
            self.nodes.value = s["node"]
        # Never what the sliders themselves have said: the reader may have moved on since.
        if self._offered is not None and data.inputs != self._offered:
            self.sliders.offer(data.inputs)
        self._offered = data.inputs
        self.presets.value = s["formula"] if s["formula"] in dict(self.presets.options).values() else ""
        self._following = False


lab = GraphLab()
