"""A formula as a graph: how it is built, how values run forwards through it, and gradients backwards.

Nothing is worked out here: values come from the engine's tensors, and every frame of the backward pass is one step of
`engine.backward_steps`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from textbook.engine import Tensor
from textbook.expression import parse
from textbook.graph import Graph
from textbook.lab import Choice, Control, FrameAxis, Lab, Picture, Text, Toggle, View, as_tuples
from textbook.labs.graph.picture import WalkPicture
from textbook.labs.graph.told import expression
from textbook.labs.graph.walk import WIDTH, Walk, messages_of, recorded, usual_values
from textbook.words import number

LARGEST = 150  # nodes in a picture
FORMULA = "u = x + y; f = u*y"


class Preset(NamedTuple):
    """A formula of the menu, and the values of its inputs."""

    title: str
    formula: str
    values: Mapping[str, Any] = {}


PRESETS = (
    Preset("Fig. 1 and 3: f = (x + y)·y", FORMULA),
    Preset("Fig. 2: logistic regression", "z = w1*x1 + w2*x2 + b; f = sigmoid(z)",
           {"w1": 0.5, "x1": 2.0, "w2": -1.0, "x2": 1.5, "b": 0.25}),
    Preset("Fig. 4: linear regression", "y_hat = w*x + b; loss = (y_hat - y)**2",
           {"w": 1.0, "x": 2.0, "b": 0.0, "y": 5.0}),
    Preset("§3.2: a topological order", "c = a + b; e = c*d", {"a": 3.0, "b": 2.0, "d": 4.0}),
    Preset("a square: x·x", "f = x*x"),
    Preset("a shared subexpression", "s = x*y; f = (s + x)*(s + y)"),
    Preset("a chain of sigmoids", "a = sigmoid(w*x); b = sigmoid(w*a); c = sigmoid(w*b)", {"w": 2.0, "x": 0.5}),
    Preset("a net of two layers",
           "h1 = tanh(a1*x + b1); h2 = tanh(a2*x + b2); y_hat = c1*h1 + c2*h2; loss = (y_hat - y)**2",
           {"a1": 1.0, "x": 0.5, "b1": 0.0, "a2": -1.0, "b2": 0.5, "c1": 1.5, "c2": -0.5, "y": 1.0}),
    Preset("matrices: a linear layer", "Z = X @ W + b; loss = mean((Z - Y)**2)",
           {"X": ((1, 0, 2), (0, 1, 1), (2, 1, 0), (1, 1, 1)), "W": ((0.5, -1), (1, 0), (0, 2)),
            "b": (0.1, -0.1), "Y": ((1, 0), (0, 1), (1, 1), (0, 0))}),
)  # fmt: skip


# ---------------------------------------------------------------------------------------------- settings


@dataclass
class Example(Control):
    """The menu of formulas: choosing one changes other settings, and leaves none of its own."""

    default: str = ""

    def check(self, value: Any) -> str:
        if value not in ("", None):
            raise ValueError(f"{self.name} is a menu: give the formula itself, got {value!r}")
        return ""

    def parts(self, view: View) -> Sequence[dict[str, Any]]:
        formulas = [preset.formula for preset in PRESETS]
        here = view.settings["formula"]
        options = ["your own formula", *[preset.title for preset in PRESETS]]
        return [{"kind": "choice", "options": options, "value": formulas.index(here) + 1 if here in formulas else 0}]

    def read(self, raw: Any, key: str, view: View) -> Any:
        return PRESETS[raw - 1] if raw else None


@dataclass
class Values(Control):
    """Values of the formula's inputs by name; numbers get a slider each, arrays are taken as they are."""

    def check(self, value: Any) -> dict[str, Any]:
        if not isinstance(value := value or {}, Mapping):
            raise ValueError(f"{self.name} must be given by name, such as {{'x': 3}}: got {value!r}")
        return {name: _frozen(name, v) for name, v in value.items()}

    def parts(self, view: View) -> Sequence[dict[str, Any]]:
        scalars = {n: v for n, v in view.data.inputs.items() if not np.ndim(v)}
        return [{"kind": "slider", "key": name, "label": name, "value": v, "low": min(-5.0, v), "high": max(5.0, v),
                 "step": 0.1, "log": False, "more": len(scalars) > 4} for name, v in scalars.items()]  # fmt: skip

    def read(self, raw: Any, key: str, view: View) -> dict[str, Any]:
        return {**view.data.inputs, key: float(f"{raw:.12g}")}  # sliders return sums of steps


def _frozen(name: str, value: Any) -> Any:
    """A finite number, or nested tuples of them."""
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        array = np.asarray(np.nan)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be a finite number or an array of them, got {value!r}")
    return as_tuples(array)


@dataclass
class NodeName(Control):
    """The node that the reader asks about, or ""."""

    default: str = ""

    def check(self, value: Any) -> str:
        return str(value or "")

    def parts(self, view: View) -> Sequence[dict[str, Any]]:
        nodes = ["", *view.data.graph.nodes]
        shown = ["(click one)", *view.data.names.values()]
        return [{"kind": "choice", "options": shown, "value": nodes.index(view.settings[self.name])}]

    def read(self, raw: Any, key: str, view: View) -> str:
        return ["", *view.data.graph.nodes][raw]


class Shown(Control):
    """A tensor whose graph is shown instead of a formula's; or a graph, which may be built by hand, broken too."""

    def check(self, value: Any) -> Graph | None:
        if isinstance(value, Tensor):
            return Graph.of(value)
        if value is not None and not isinstance(value, Graph):
            raise ValueError(f"{self.name} must be a Tensor or a Graph, got {type(value).__name__}")
        return value


# ---------------------------------------------------------------------------------------------- the lab


class GraphView(View):
    """The lab in a notebook: a name keeps its value from formula to formula, half-typed ones between them included."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._kept = dict(self.data.inputs)

    def set(self, **values: Any) -> None:
        """Change settings from code, as a reader would by hand."""
        if "formula" in values:
            with suppress(ValueError):
                names = parse(values["formula"]).names
                values = {"values": {n: v for n, v in self._kept.items() if n in names}, **values}
            values = {"node": "", "step": None, **values}
        elif "mode" in values or self.stage.frame == len(self.data.moments) - 1:
            values = {"step": None, **values}  # the end stays the end
        super().set(**values)
        self._kept |= self.data.inputs


lab = Lab(
    "Type a formula and step through its graph; click a node to have its chain rule written out",
    inches=(WIDTH / 100, 2.5),
    view=GraphView,
    formula=Text("formula", FORMULA, parse=parse, when=lambda s: s["tensor"] is None),
    values=Values("values", {}, when=lambda s: s["tensor"] is None and s["mode"] != "structure"),
    mode=Choice("show", "structure", {
        "structure": "the structure", "forward": "the forward pass", "backward": "forward, then backward",
    }),
    hold=Toggle("hold intermediate nodes fixed", False, when=lambda s: s["mode"] == "backward"),
    example=Example("example", when=lambda s: s["tensor"] is None, more=True),
    node=NodeName("explain node", more=True),
    tensor=Shown("tensor"),
    step=FrameAxis(
        "step", of=lambda d: range(len(d.moments)), interval=900,
        show=lambda d: [f"{k} of {len(d.moments) - 1}" for k in range(len(d.moments))],
        start=lambda d: 0 if d.mode == "structure" else len(d.moments) - 1,
    ),
)  # fmt: skip


@lab.check
def check(s: Any) -> dict[str, Any]:
    if s["tensor"] is not None:
        return {}
    names = parse(s["formula"]).names
    for name in s["values"]:
        if name not in names:
            raise ValueError(f"{name} is no input of this formula: it has {', '.join(names)}")
    # Only what differs from the start, so that the printed call stays short.
    start = usual_values(names)
    return {"values": {n: s["values"][n] for n in names if n in s["values"] and s["values"][n] != start[n]}}


@lab.compute
def walk(formula: str, values: dict, mode: str, hold: bool, node: str, tensor: Graph | None) -> Walk:
    """The walk through the graph of a formula, or of a tensor."""
    inputs: dict[str, Any] = {}
    if tensor is not None:
        graph = tensor
    else:
        root, inputs = recorded(formula, values)
        graph = Graph.of(root)
    if len(graph.nodes) > LARGEST:
        raise ValueError(f"the graph has {len(graph.nodes)} nodes: a picture can show {LARGEST}")
    if node and node not in graph.nodes:
        raise ValueError(f"there is no node {node!r}: choose one of {', '.join(graph.nodes)}")
    if mode != "structure" and graph.nodes[graph.output].tensor is None:
        raise ValueError("a graph built by hand has no values: show its structure, or graph.tensor(x=…)")
    return Walk(graph, inputs, mode, hold, messages_of(graph) if mode == "backward" else (), node)


@lab.picture
def picture(figure: Any) -> Picture:
    shown = WalkPicture(figure)
    return Picture(shown.live, shown.draw, shown.scenery, [shown.axes], lambda d: d.structure, shown.load)


@lab.moved
def moved(s: Any, name: str, value: Any) -> dict[str, Any]:
    if name != "example":
        return {}
    return {"example": ""} | ({"formula": value.formula, "values": value.values} if value else {})


@lab.pointed
def pointed(point: Any, s: Any) -> dict[str, Any]:
    if not point.final:
        return {}
    node = lab.data(s).plan.nearest(point.x, point.y)
    return {"node": "" if node == s["node"] else node}


@lab.table
def table(d: Walk) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    def known(numbers: Mapping[Any, Any], key: Any) -> str:
        return number(numbers[key]) if key in numbers else ""

    values = {v: node.value for v, node in d.graph.nodes.items() if d.mode != "structure" and node.value is not None}
    rows = [(v, expression(d, v) if node.kind == "operation" else node.kind, known(values, v), "", "",
             known(d.gradients, v)) for v, node in d.graph.nodes.items()]  # fmt: skip
    rows += [(f"{e.source} → {e.target}", f"input {e.index + 1} of {e.target}", "", known(d.local, e),
              known(d.sums, e), "") for e in d.graph.edges]  # fmt: skip
    return ("node or edge", "what it is", "value", "local derivative", "message back", "gradient"), rows
