"""Put a graph's nodes in order, one by one: the engine takes a node or says what it is still waiting for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from textbook import plots
from textbook.engine import Array
from textbook.graph import Graph, GraphRuleError, OrderFault, evaluate, order_fault
from textbook.lab import Button, Choice, Control, FrameAxis, Lab, Picture, View
from textbook.plots.graphs import draw_plan, ring, write
from textbook.plots.plan import Plan, plan_graph
from textbook.words import counted, listed, number, written

BLUE, ORANGE, GREEN = (plots.OKABE_ITO[name] for name in ("blue", "vermilion", "green"))

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
class Ordering:
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


def describe(data: Ordering, frame: int) -> str:
    """A frame in words: what was picked, what came of it, what may come next."""
    if frame > len(data.accepted):
        assert data.fault is not None
        return f"✗ Refused: {data.fault.message}. Ready: {_any_of(data.choices[-1])}."
    picked, left, graph = data.accepted[:frame], data.left[frame], data.graph
    if not picked:
        return f"Nothing is picked yet; {counted(left, 'order')} possible. Ready: {_any_of(data.choices[0])}."
    v = picked[-1]
    how = f"{written(graph.nodes[v].op, graph.sources[v])} = " if graph.sources[v] else ""
    said = f"{', '.join(picked)}.  {v} = {how}{_text(data.values.get(v))}."
    if len(picked) == len(graph.nodes):
        return f"{said} Complete: a topological order, one of {data.total}."
    if not data.choices[frame]:
        return f"{said} Nothing is ready: {', '.join(_waiting(graph, picked))}. There is no order: this is a cycle."
    begin = "begins" if left == 1 else "begin"
    return f"{said} {left} of the {counted(data.total, 'order')} {begin} so. Ready: {_any_of(data.choices[frame])}."


def _waiting(graph: Graph, picked: Sequence[str]) -> Iterator[str]:
    for v in graph.nodes:
        if v not in picked:
            yield f"{v} waits for {listed([s for s in graph.sources[v] if s not in picked])}"


def _any_of(words: Mapping[str, int]) -> str:
    return listed(list(words), "or") or "nothing"


def _text(value: Any) -> str:
    return "" if value is None else number(value, 3)


# ---------------------------------------------------------------------------------------------- the lab


@dataclass
class Picks(Control):
    """Names of nodes, first to last.  The lab takes them until one is out of order.  Each node is a button too."""

    def check(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(v, str) for v in value):
            raise ValueError(f"{self.name} must be a sequence of names such as ('a', 'b'), got {value!r}")
        return tuple(value)

    def parts(self, view: View) -> Sequence[dict[str, Any]]:
        return [{"kind": "button", "key": v, "label": v} for v in view.data.graph.nodes]

    def read(self, raw: Any, key: str, view: View) -> tuple[str, ...]:
        return picked(view, key)


def picked(view: View, node: str) -> tuple[str, ...]:
    """The picks with one more, after those that are in order, as far as the slider has gone back."""
    return (*view.data.tried[: min(view.stage.frame, len(view.data.accepted))], node)


class OrderView(View):
    """The lab in a notebook: clicking a node picks it."""

    def _pointed(self, point: Any) -> None:
        node = plan_of(self.settings["graph"]).nearest(point.x, point.y) if point.final else ""
        if node:
            self.set(order=picked(self, node))

    def set(self, **values: Any) -> None:
        """Change settings from code, as a reader would by hand: another graph begins anew."""
        super().set(**{"picked": None, **({"order": ()} if "graph" in values else {}), **values})


lab = Lab(
    "Click the nodes in an order in which they can be computed; dashes mark what is ready",
    inches=(8.4, 4.4),
    view=OrderView,
    graph=Choice("graph", "source", {key: title for key, (title, _, _) in GRAPHS.items()}),
    order=Picks("pick", ()),
    undo=Button("Undo", does=lambda view: view.set(order=view.data.tried[: view.stage.frame][:-1])),
    reset=Button("Start again", does=lambda view: view.set(order=())),
    picked=FrameAxis(
        "picked", of=lambda d: range(len(d.tried) + 1), interval=700, start=lambda d: len(d.tried),
        show=lambda d: [f"{k} of {len(d.graph.nodes)}" for k in range(len(d.tried) + 1)],
    ),
)  # fmt: skip


@lab.compute
def ordering(graph: str, order: tuple[str, ...]) -> Ordering:
    """How far an order is one.

    >>> data = ordering("source", ("c", "a", "b", "d", "e"))
    >>> data.accepted, data.fault.message
    ((), 'c needs a and b, which have not been computed yet')
    """
    _, chosen, inputs = GRAPHS[graph]
    fault = order_fault(chosen, order, complete=False)
    accepted = order
    while order_fault(chosen, accepted, complete=False):
        accepted = accepted[:-1]
    prefixes = [accepted[:k] for k in range(len(accepted) + 1)]
    try:
        values = evaluate(chosen, None, **inputs)
    except GraphRuleError:  # a cycle
        values = dict(inputs)
    choices = [{v: orders_left(chosen, [*p, v]) for v in ready(chosen, p)} for p in prefixes]
    left = [orders_left(chosen, p) for p in prefixes]
    return Ordering(chosen, accepted, fault, orders_left(chosen), left, choices, values)


@cache
def plan_of(graph: str) -> Plan:
    """Where a graph stands."""
    return plan_graph(GRAPHS[graph][1], 840, 350, beside=10)


@lab.picture
def picture(figure: Any) -> Picture:
    figure.set_layout_engine("none")
    axes, slots = figure.add_axes((0, 0.2, 1, 0.8)), figure.add_axes((0.03, 0, 0.94, 0.2))
    live: list[Any] = []
    parts: dict[str, dict[str, Any]] = {}

    def load(d: Ordering) -> bool:
        if parts.get("graph") is d.graph:
            return False
        key = next(key for key, (_, graph, _) in GRAPHS.items() if graph is d.graph)
        plan, n = plan_of(key), len(d.graph.nodes)
        axes.clear()
        slots.clear()
        slots.set_axis_off()
        drawn = draw_plan(axes, plan)
        for v, node in d.graph.nodes.items():
            if node.kind == "operation":
                write(drawn, v, v)
        parts["graph"] = d.graph  # type: ignore[assignment]
        parts["rings"] = {v: ring(axes, plan, v, 4.5 * (v == d.graph.output), fc="none", zorder=5) for v in plan.places}
        parts["notes"] = {v: write(drawn, v, above=True) for v in plan.places}
        for k in range(n):
            box = np.array([(k + 0.06, 0), (k + 0.94, 0), (k + 0.94, 1), (k + 0.06, 1), (k + 0.06, 0)])
            slots.plot(*box.T, "-", color=plots.PALE, lw=1)
            slots.text(k + 0.5, -0.12, str(k + 1), ha="center", va="top", fontsize=9, color=plots.INK)
        parts["slots"] = {str(k): slots.text(k + 0.5, 0.5, "", ha="center", va="center", size=12) for k in range(n)}
        half = max(n, 7) / 2
        slots.set(xlim=(n / 2 - half, n / 2 + half), ylim=(-0.6, 1.1))
        live[:] = [artist for group in ("rings", "notes", "slots") for artist in parts[group].values()]
        return True

    def draw(d: Ordering, frame: int) -> str:
        picked, choices = d.accepted[:frame], d.choices[min(frame, len(d.accepted))]
        refused = d.fault.node if d.fault and frame > len(d.accepted) else ""
        for v, outline in parts["rings"].items():
            color, text, look, width = plots.INK, "", "-", 0.0
            if v in picked:
                color, text, width = GREEN, f"{picked.index(v) + 1}:  {_text(d.values.get(v))}", 3.2
            elif v in choices:
                color, text, look, width = BLUE, counted(choices[v], "order"), "--", 2.4
            if v == refused:
                color, text, look, width = ORANGE, "✗ " + (text or "waits"), "-", 3.2
            outline.set(edgecolor=color, linestyle=look, linewidth=width, visible=width > 0)
            parts["notes"][v].set(text=text, color=color, visible=bool(text))
        shown = (*picked, refused) if refused else picked
        for k, name in enumerate(parts["slots"].values()):
            good = k < len(picked)
            name.set(text="" if k >= len(shown) else shown[k] if good else f"✗ {shown[k]}",
                     color=plots.INK if good else ORANGE, visible=k < len(shown))  # fmt: skip
        return describe(d, frame)

    return Picture(live, draw, load, [axes])


@lab.table
def table(d: Ordering) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    rows: list[tuple] = []
    for k, v in enumerate(d.accepted):
        needs = ", ".join(d.graph.sources[v]) or "nothing"
        rows.append((k + 1, v, needs, _text(d.values.get(v)), ", ".join(d.choices[k]), d.left[k + 1]))
    if d.fault:
        rows.append(("refused", d.fault.node, ", ".join(d.fault.missing), "", "", ""))
    heads = ("place", "node", "needs", "value", "ready before", "orders that begin so")
    return heads, rows or [("", "none yet", "", "", "", "")]
