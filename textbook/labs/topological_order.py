"""Put a graph's nodes in order, one by one: the engine takes a node or says what it is still waiting for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import ipywidgets
import numpy as np
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D

from textbook import plots
from textbook.engine import Array
from textbook.graph import Graph, GraphRuleError, OrderFault, evaluate, order_fault
from textbook.labs.base import Choice, Control, Data, Frames, Lab, Picture, Settings, View
from textbook.stage import Point

BLUE, ORANGE, GREEN = (plots.OKABE_ITO[name] for name in ("blue", "vermilion", "green"))
MOST = 10  # nodes in a picture

GRAPHS: dict[str, tuple[str, Graph, Mapping[str, float]]] = {
    "source": (
        "§3.2: c = a + b, e = c·d",
        Graph.build({"a": (), "b": (), "c": ("add", "a", "b"), "d": (), "e": ("mul", "c", "d")}),
        {"a": 3, "b": 2, "d": 4},
    ),
    "fig_1": (
        "Fig. 1: f = (x + y)·y",
        Graph.build({"x": (), "y": (), "u": ("add", "x", "y"), "f": ("mul", "u", "y")}),
        {"x": 3, "y": 2},
    ),
    "diamond": (
        "a diamond: f = tanh(x)·sigmoid(x)",
        Graph.build({"x": (), "t": ("tanh", "x"), "s": ("sigmoid", "x"), "f": ("mul", "t", "s")}),
        {"x": 1},
    ),
    "logistic": (
        "Fig. 2: logistic regression",
        Graph.build({
            "w1": (), "x1": (), "w2": (), "x2": (), "b": (), "p": ("mul", "w1", "x1"), "q": ("mul", "w2", "x2"),
            "r": ("add", "p", "q"), "z": ("add", "r", "b"), "y": ("sigmoid", "z"),
        }),
        {"w1": 0.5, "x1": 2, "w2": -1, "x2": 1.5, "b": 0.25},
    ),
    "cycle": (
        "a cycle: u needs f, f needs u",
        Graph.build({"x": (), "u": ("add", "x", "f"), "f": ("mul", "u", "x")}),
        {"x": 3},
    ),
}  # fmt: skip


def orders_left(graph: Graph, picked: Sequence[str] = ()) -> int:
    """How many topological orders begin with these nodes.

    One more node may be any that is ready; so the number is the sum over these.  It depends only on the set of nodes
    picked, not on their order, and each set is worked out once.

    >>> orders_left(GRAPHS["source"][1]), orders_left(GRAPHS["source"][1], ["d"])
    (8, 2)
    """
    if order_fault(graph, picked, complete=False):
        return 0

    @cache
    def count(done: frozenset[str]) -> int:
        return 1 if len(done) == len(graph.nodes) else sum(count(done | {v}) for v in ready(graph, done))

    return count(frozenset(picked))


def ready(graph: Graph, done: Sequence[str] | frozenset[str]) -> list[str]:
    """The nodes whose turn may come next: not done yet, all of their inputs done."""
    return [v for v in graph.nodes if v not in done and all(s in done for s in graph.sources[v])]


@dataclass(frozen=True)
class Ordering(Data):
    """An order, as far as it has come.

    Attributes:
        graph: whose nodes are put in order.
        accepted: the picks that are in order.
        fault: what is wrong with the pick after them, or None.
        total: the number of topological orders of the graph.
        left: after 0, 1, … picks: how many of them begin so.
        choices: after 0, 1, … picks: each node that is ready, and how many orders remain if it is picked.
        values: val(v) of every node that can be computed.
    """

    graph: Graph
    accepted: tuple[str, ...]
    fault: OrderFault | None
    total: int
    left: list[int]
    choices: list[dict[str, int]]
    values: dict[str, Array]

    @property
    def tried(self) -> tuple[str, ...]:
        """The accepted picks, and the refused one."""
        return (*self.accepted, self.fault.node) if self.fault else self.accepted


@dataclass(frozen=True)
class Picks(Control):
    """Names of nodes, first to last.  The lab takes them until one is out of order."""

    def check(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, str) or not all(isinstance(v, str) for v in value):
            raise ValueError(f"{self.name} must be a sequence of names such as ('a', 'b'), got {value!r}")
        return tuple(value)


class TopologicalOrder(Lab):
    """Click the nodes in an order in which they can be computed.  Frame axis: the picks so far.

    Go back with the slider, and pick another way from there.

    >>> from textbook import labs
    >>> data = labs.topological_order(order=("c", "a", "b", "d", "e"))
    >>> data.accepted, data.fault.message
    ((), 'c needs a and b, which have not been computed yet')
    """

    name = "topological_order"
    title = "Pick the nodes of a graph one by one; dashes mark what is ready, with the number of orders that it leaves"
    controls = (
        Choice("graph", "graph", "source", {key: title for key, (title, _, _) in GRAPHS.items()}),
        Picks("order", "order", ()),
    )

    def compute(self, s: Settings) -> Ordering:
        _, graph, inputs = GRAPHS[s["graph"]]
        fault = order_fault(graph, s["order"], complete=False)
        accepted = s["order"]
        while order_fault(graph, accepted, complete=False):
            accepted = accepted[:-1]
        prefixes = [accepted[:k] for k in range(len(accepted) + 1)]
        try:
            values = evaluate(graph, None, **inputs)
        except GraphRuleError:  # a cycle
            values = dict(inputs)
        choices = [{v: orders_left(graph, [*p, v]) for v in ready(graph, p)} for p in prefixes]
        left = [orders_left(graph, p) for p in prefixes]
        return Ordering(s, graph, accepted, fault, orders_left(graph), left, choices, values)

    def moved(self, s: Settings, name: str, value: Any) -> dict[str, Any]:
        return {name: value, "order": ()} if name == "graph" else {name: value}

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Ordering) -> Frames:
        n = len(data.tried)
        return Frames([f"{k} of {len(data.graph.nodes)}" for k in range(n + 1)], "picked", interval=700, start=n)

    def framed(self, data: Ordering, frame: int) -> dict[str, Any]:
        return {"order": data.tried[:frame]}

    def table(self, data: Ordering) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        rows: list[tuple] = []
        for k, v in enumerate(data.accepted):
            needs = ", ".join(data.graph.sources[v]) or "nothing"
            rows.append((k + 1, v, needs, _text(data.values.get(v)), ", ".join(data.choices[k]), data.left[k + 1]))
        if data.fault:
            rows.append(("refused", data.fault.node, ", ".join(data.fault.missing), "", "", ""))
        return ("place", "node", "needs", "value", "ready before", "orders that begin so"), rows

    def show(self, **values: Any) -> OrderView:
        """The live figure, with a button for each node."""
        return OrderView(self, self.settings(**values))


def describe(data: Ordering, frame: int) -> str:
    """A frame in words: what was picked, what came of it, what may come next."""
    if frame > len(data.accepted):
        assert data.fault is not None
        return f"✗ Refused: {data.fault.message}. Ready: {_any_of(data.choices[-1])}."
    picked, left, graph = data.accepted[:frame], data.left[frame], data.graph
    if not picked:
        return f"Nothing is picked yet; {_orders(left)} possible. Ready: {_any_of(data.choices[0])}."
    v = picked[-1]
    how = f"{graph.nodes[v].op}({', '.join(graph.sources[v])}) = " if graph.sources[v] else ""
    said = f"{', '.join(picked)}.  {v} = {how}{_text(data.values.get(v))}."
    if len(picked) == len(graph.nodes):
        return f"{said} Complete: a topological order, one of {data.total}."
    if not data.choices[frame]:
        return f"{said} Nothing is ready: {', '.join(_waiting(graph, picked))}. There is no order: this is a cycle."
    begin = "begins" if left == 1 else "begin"
    return f"{said} {left} of the {_orders(data.total)} {begin} so. Ready: {_any_of(data.choices[frame])}."


def _waiting(graph: Graph, picked: Sequence[str]) -> Iterator[str]:
    for v in graph.nodes:
        if v not in picked:
            yield f"{v} waits for {' and '.join(s for s in graph.sources[v] if s not in picked)}"


def _any_of(words: Sequence[str] | Mapping[str, int]) -> str:
    words = list(words)
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words) or "nothing"


def _orders(n: int) -> str:
    return f"{n} order{'s' * (n != 1)}"


def _text(value: Any) -> str:
    return "" if value is None else f"{float(value):.3g}".replace("-", "−")


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 4.2), layout="constrained")
            self.graph, self.slots = self.figure.subplots(2, 1, height_ratios=(5.2, 1))
            for axes in (self.graph, self.slots):
                axes.set_axis_off()
            self.rings = [self.graph.plot([], [], zorder=6)[0] for _ in range(MOST)]
            self.notes = [self.graph.text(0, 0, "", ha="center", va="bottom", fontsize=10, zorder=7)
                          for _ in range(MOST)]  # fmt: skip
            self.names = [self.slots.text(k + 0.5, 0.5, "", ha="center", va="center", fontsize=12)
                          for k in range(MOST)]  # fmt: skip
            self.live = [self.rings, self.notes, self.names]
        self.pointer = [self.graph]
        self.shown: Graph | None = None

    def load(self, data: Ordering) -> bool:
        self.data = data
        if data.graph is self.shown:
            return False
        self.shown = data.graph
        self.wipe(self.graph, self.slots)
        drawn = plots.draw_graph(self.graph, data.graph)
        low, high = self.graph.get_ylim()
        self.graph.set_ylim(low, high + 0.3)  # room for the notes of the top row
        for v, label in drawn.labels.items():  # names, not signs: it is names that are picked
            if data.graph.nodes[v].op:
                label.set(text=v)
        self.outlines = {v: _outline(patch) for v, patch in drawn.nodes.items()}
        self.places = {v: (points.min(axis=0) + points.max(axis=0)) / 2 for v, points in self.outlines.items()}
        n = len(data.graph.nodes)
        for k in range(n):
            box = np.array([(k + 0.06, 0), (k + 0.94, 0), (k + 0.94, 1), (k + 0.06, 1), (k + 0.06, 0)])
            self.slots.plot(*box.T, "-", color=plots.PALE, lw=1)
            self.slots.text(k + 0.5, -0.12, str(k + 1), ha="center", va="top", fontsize=9, color=plots.INK)
        half = max(n, 7) / 2
        self.slots.set(xlim=(n / 2 - half, n / 2 + half), ylim=(-0.5, 1.1))
        return True

    def draw(self, frame: int) -> str:
        data = self.data
        picked = data.accepted[:frame]
        choices = data.choices[min(frame, len(data.accepted))]
        refused = data.fault.node if data.fault and frame > len(data.accepted) else ""
        for artist in (*self.rings, *self.notes, *self.names):
            artist.set_visible(False)
        for ring, note, (v, outline) in zip(self.rings, self.notes, self.outlines.items(), strict=False):
            color, text, look, width = plots.INK, "", "-", 0.0
            if v in picked:
                at = picked.index(v)
                color, text, width = GREEN, f"{at + 1}:  {_text(data.values.get(v))}", 3.2
            elif v in choices:
                color, text, look, width = BLUE, _orders(choices[v]), "--", 2.4
            if v == refused:
                color, text, look, width = ORANGE, "✗ " + (text or "waits"), "-", 3.2
            ring.set(data=outline.T, color=color, linestyle=look, linewidth=width, visible=width > 0)
            above = 0.1 if v == data.graph.output else 0.04  # the output has a second outline
            note.set(text=text, color=color, position=(self.places[v][0], outline[:, 1].max() + above))
            note.set_visible(bool(text))
        for name, v in zip(self.names, (*picked, refused) if refused else picked, strict=False):
            if (at := self.names.index(name)) < len(data.graph.nodes):
                good = at < len(picked)
                name.set(text=v if good else f"✗ {v}", color=plots.INK if good else ORANGE, visible=True)
        return describe(data, frame)


def _outline(patch: Any) -> Array:
    # Curves are cut into pieces of about a unit: enlarged, they come out smooth.
    points = np.asarray(patch.get_path().transformed(Affine2D().scale(100)).to_polygons()[0], float) / 100
    return np.vstack([points, points[:1]])


class OrderView(View):
    """The lab in a notebook: each node is a button too, for the keyboard."""

    def __init__(self, lab: Lab, settings: Settings) -> None:
        self.nodes = ipywidgets.Box(layout=ipywidgets.Layout(flex_flow="row wrap", align_items="center"))
        self.undo_button = ipywidgets.Button(description="Undo", icon="undo", layout={"width": "auto"})
        self.reset_button = ipywidgets.Button(description="Start again", icon="refresh", layout={"width": "auto"})
        super().__init__(lab, settings)
        self.undo_button.on_click(lambda _: self.soon("undo", self.undo))
        self.reset_button.on_click(lambda _: self.soon("reset", lambda: self.set(order=())))
        above = ipywidgets.Box([self.widgets["graph"], self.undo_button, self.reset_button],
                               layout=ipywidgets.Layout(flex_flow="row wrap"))  # fmt: skip
        self.children = [above, self.nodes, self.error, self.scene.stage, self.call, self._fold]

    def pick(self, node: str) -> None:
        """Try a node after those that are in order, as far as the slider has gone back."""
        data = cast(Ordering, self.scene.data)
        shown = self.scene.settings["order"][: len(data.accepted)]
        self.set(order=(*shown, node))

    def undo(self) -> None:
        """Take the last pick back."""
        self.set(order=self.scene.settings["order"][:-1])

    def set(self, **values: Any) -> None:
        if "graph" in values and "order" not in values:
            values["order"] = ()
        super().set(**values)

    def _pointed(self, point: Point) -> None:
        if point.final:
            places = self.scene.picture.places  # type: ignore[attr-defined]
            node = min(places, key=lambda v: np.hypot(places[v][0] - point.x, places[v][1] - point.y))
            if np.hypot(places[node][0] - point.x, places[node][1] - point.y) < 0.6:
                self.soon("point", lambda: self.pick(node))

    def _tell(self) -> None:
        super()._tell()
        graph = cast(Ordering, self.scene.data).graph
        if [b.description for b in self.nodes.children[1:]] != list(graph.nodes):
            self.nodes.children = [ipywidgets.Label("pick"), *map(self._button, graph.nodes)]

    def _button(self, node: str) -> ipywidgets.Button:
        button = ipywidgets.Button(description=node, layout={"width": "auto", "min_width": "3em"})
        button.on_click(lambda _: self.soon("pick", lambda: self.pick(node)))
        return button


lab = TopologicalOrder()
