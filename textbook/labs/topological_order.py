"""Put a graph's nodes in order, one by one: the engine takes a node or says what it is still waiting for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from textbook.graph import Graph, GraphRuleError, evaluate, order_fault
from textbook.lab import Button, Choice, Control, FrameAxis, Lab, Picture
from textbook.plots.graphs import draw_plan, ring, write
from textbook.plots.plan import Plan, plan_graph
from textbook.plots.style import BLUE, GREEN, INK, ORANGE, PALE
from textbook.words import counted, listed, number, written

GRAPHS: dict[str, tuple[str, dict[str, Any]]] = {  # a title, and for each node its value or its operation
    "source": ("§3.2: c = a + b, e = c·d",
               {"a": 3, "b": 2, "c": ("add", "a", "b"), "d": 4, "e": ("mul", "c", "d")}),
    "fig_1": ("Fig. 1: f = (x + y)·y", {"x": 3, "y": 2, "u": ("add", "x", "y"), "f": ("mul", "u", "y")}),
    "diamond": ("a diamond: f = tanh(x)·sigmoid(x)",
                {"x": 1, "t": ("tanh", "x"), "s": ("sigmoid", "x"), "f": ("mul", "t", "s")}),
    "logistic": ("Fig. 2: logistic regression",
                 {"w1": 0.5, "x1": 2, "w2": -1, "x2": 1.5, "b": 0.25, "p": ("mul", "w1", "x1"),
                  "q": ("mul", "w2", "x2"), "r": ("add", "p", "q"), "z": ("add", "r", "b"), "y": ("sigmoid", "z")}),
    "cycle": ("a cycle: u needs f, f needs u", {"x": 3, "u": ("add", "x", "f"), "f": ("mul", "u", "x")}),
}  # fmt: skip


def inputs_of(name: str) -> dict[str, float]:
    """The values of the inputs."""
    return {v: given for v, given in GRAPHS[name][1].items() if not isinstance(given, tuple)}


@cache
def graph_of(name: str) -> Graph:
    """A graph of the menu."""
    return Graph.build(GRAPHS[name][1] | dict.fromkeys(inputs_of(name), ()))


@cache
def plan_of(name: str) -> Plan:
    """Where it stands."""
    return plan_graph(graph_of(name), 840, 350, beside=10)


@cache
def orders_left(graph: Graph, done: frozenset[str] = frozenset()) -> int:
    """How many topological orders begin with these nodes, which are in order.

    One more node may be any that is ready; so the number is the sum over these.  It depends only on the set of nodes
    picked, not on their order, and each set is worked out once.

    >>> orders_left(graph_of("source")), orders_left(graph_of("source"), frozenset("d"))
    (8, 2)
    """
    return 1 if len(done) == len(graph.nodes) else sum(ready(graph, done).values())


def ready(graph: Graph, done: frozenset[str]) -> dict[str, int]:
    """The nodes whose turn may come next, all of their inputs done; and how many orders remain if it does."""
    turn = [v for v in graph.nodes if v not in done and done.issuperset(graph.sources[v])]
    return {v: orders_left(graph, done | {v}) for v in turn}


class Picks(Control):
    """Names of nodes, first to last.  The lab takes them until one is out of order.  Each node is a button too."""

    def check(self, value):
        if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(v, str) for v in value):
            raise ValueError(f"{self.name} must be a sequence of names such as ('a', 'b'), got {value!r}")
        return tuple(value)

    def parts(self, view):
        return [{"kind": "button", "key": v, "label": v} for v in view.data.graph.nodes]

    def read(self, raw, key, view):
        return (*taken(view.settings), key)


def taken(s) -> tuple[str, ...]:
    """The picks that are in order, as far as the slider has gone back."""
    return lab.data(s).accepted[: s["picked"]]


lab = Lab(
    "Click the nodes in an order in which they can be computed; dashes mark what is ready",
    inches=(8.4, 4.4),
    graph=Choice("graph", "source", {name: title for name, (title, _) in GRAPHS.items()}),
    order=Picks("pick", ()),
    undo=Button("Undo", does=lambda view: view.set(order=view.data.tried[: view.stage.frame][:-1], picked=None)),
    reset=Button("Start again", does=lambda view: view.set(order=(), picked=None)),
    picked=FrameAxis(
        "picked", of=lambda d: range(len(d.tried) + 1), interval=700, start=lambda d: len(d.tried),
        show=lambda d: [f"{k} of {len(d.graph.nodes)}" for k in range(len(d.tried) + 1)],
    ),
)  # fmt: skip


@lab.moved
def moved(s, name, value):
    return {"picked": None} | ({"order": ()} if name == "graph" else {})


@lab.pointed
def pointed(point, s):
    node = plan_of(s["graph"]).nearest(point.x, point.y) if point.final else ""
    return {"order": (*taken(s), node), "picked": None} if node else {}


@lab.compute
def ordering(graph, order):
    """How far an order is one.

    `accepted`, the picks that are in order, and `fault`, what is wrong with the pick after them, or None; `tried`, both
    of them; `choices`, after 0, 1, … picks each node that is ready and how many orders remain if it is picked; `left`,
    how many orders begin so; `total` of the graph; `values` of every node that can be computed.

    >>> data = ordering("source", ("c", "a", "b", "d", "e"))
    >>> data["accepted"], data["fault"].message
    ((), 'c needs a and b, which have not been computed yet')
    """
    chosen, values = graph_of(graph), dict(inputs_of(graph))
    fault = order_fault(chosen, order, complete=False)
    accepted = order
    while order_fault(chosen, accepted, complete=False):
        accepted = accepted[:-1]
    sets = [frozenset(accepted[:k]) for k in range(len(accepted) + 1)]
    with suppress(GraphRuleError):  # a cycle
        values |= evaluate(chosen, None, **values)
    return {"name": graph, "graph": chosen, "accepted": accepted, "fault": fault,
            "tried": (*accepted, fault.node) if fault else accepted, "choices": [ready(chosen, s) for s in sets],
            "left": [orders_left(chosen, s) for s in sets], "total": orders_left(chosen), "values": values}  # fmt: skip


@lab.table
def table(d):
    rows: list[tuple] = [(k + 1, v, ", ".join(d.graph.sources[v]) or "nothing", value_of(d, v),
                          ", ".join(d.choices[k]), d.left[k + 1]) for k, v in enumerate(d.accepted)]  # fmt: skip
    if d.fault:
        rows.append(("refused", d.fault.node, ", ".join(d.fault.missing), "", "", ""))
    heads = ("place", "node", "needs", "value", "ready before", "orders that begin so")
    return heads, rows or [("", "none yet", "", "", "", "")]


def value_of(d, v: str) -> str:
    """What a node comes to, where that is known."""
    return number(d.values[v], 3) if v in d.values else ""


@lab.picture
def picture(fig):
    fig.set_layout_engine("none")
    axes, slots = fig.add_axes((0, 0.2, 1, 0.8)), fig.add_axes((0.03, 0.08, 0.94, 0.12))
    live: list[Any] = []
    parts: dict[str, dict[str, Any]] = {}

    def scenery(d):
        plan, places = plan_of(d.name), range(1, len(d.graph.nodes) + 1)
        drawn = draw_plan(axes, plan)
        for v, node in d.graph.nodes.items():
            if node.kind == "operation":
                write(drawn, v, v)
        slots.bar(places, 1, 0.88, fc="none", ec=PALE)
        middle, half = places[-1] / 2 + 0.5, max(places[-1], 7) / 2
        slots.set(xticks=places, yticks=[], xlim=(middle - half, middle + half), ylim=(-0.02, 1.02))
        slots.spines[:].set_visible(False)
        slots.tick_params(length=0)
        parts["rings"] = {v: ring(axes, plan, v, 4.5 * (v == d.graph.output), fc="none", zorder=5) for v in plan.places}
        parts["notes"] = {v: write(drawn, v, above=True) for v in plan.places}
        parts["slots"] = {str(k): slots.text(k, 0.5, "", ha="center", va="center", size=12) for k in places}
        live[:] = [artist for group in parts.values() for artist in group.values()]

    def draw(d, k):
        picked, choices = d.accepted[:k], d.choices[min(k, len(d.accepted))]
        refused = d.fault.node if k > len(d.accepted) else ""
        for v, outline in parts["rings"].items():
            color, text, look, width = INK, "", "-", 0.0
            if v in picked:
                color, text, width = GREEN, f"{picked.index(v) + 1}:  {value_of(d, v)}", 3.2
            elif v in choices:
                color, text, look, width = BLUE, counted(choices[v], "order"), "--", 2.4
            if v == refused:
                color, text, look, width = ORANGE, "✗ " + (text or "waits"), "-", 3.2
            outline.set(edgecolor=color, linestyle=look, linewidth=width, visible=width > 0)
            parts["notes"][v].set(text=text, color=color, visible=bool(text))
        names = [*picked, f"✗ {refused}" if refused else ""]
        for slot, name in zip(parts["slots"].values(), [*names, *[""] * len(d.graph.nodes)], strict=False):
            slot.set(text=name, color=ORANGE if name.startswith("✗") else INK, visible=bool(name))
        return caption(d, k)

    return Picture(live, draw, scenery, [axes], of=lambda d: d.name)


def caption(d, k):
    """What was picked, what came of it, and what may come next."""
    if k > len(d.accepted):
        return f"✗ Refused: {d.fault.message}. Ready: {listed(d.choices[-1], 'or') or 'nothing'}."
    picked, graph, next_ones = d.accepted[:k], d.graph, listed(d.choices[k], "or")
    if not picked:
        return f"Nothing is picked yet; {counted(d.total, 'order')} possible. Ready: {next_ones}."
    v = picked[-1]
    how = f"{written(graph.nodes[v].op, graph.sources[v])} = " if graph.sources[v] else ""
    said = f"{', '.join(picked)}.  {v} = {how}{value_of(d, v)}."
    if len(picked) == len(graph.nodes):
        return f"{said} Complete: a topological order, one of {d.total}."
    if not next_ones:
        waiting = [f"{w} waits for {listed([s for s in graph.sources[w] if s not in picked])}"
                   for w in graph.nodes if w not in picked]  # fmt: skip
        return f"{said} Nothing is ready: {', '.join(waiting)}. There is no order: this is a cycle."
    begin = "begins" if d.left[k] == 1 else "begin"
    return f"{said} {d.left[k]} of the {counted(d.total, 'order')} {begin} so. Ready: {next_ones}."
