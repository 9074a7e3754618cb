"""The same program in PyTorch: our graph above, `grad_fn`'s below, matched node by node from the result back."""

from typing import Any

import numpy as np

from textbook import nn, ops, plots, torch_twin
from textbook.engine import Tensor, topological_order
from textbook.expression import parse
from textbook.graph import Graph
from textbook.lab import Choice, FrameAxis, Lab, Picture, Text
from textbook.labs.graph.walk import recorded
from textbook.plots.graphs import draw_plan, ring, write
from textbook.plots.plan import plan_graph
from textbook.plots.style import BLUE, ORANGE
from textbook.words import counted, listed, minus, number

WIDTH, HEIGHT, TITLE, LARGEST = 880, 235, 25, 24  # pixels of each graph and its title; nodes
PROGRAMS = {"formula": "a formula", "layer": "a layer and a loss", "net": "a net of two layers"}

lab = Lab(
    "Step from the result back, in both graphs at once; then try a formula of your own, and the layer",
    inches=(WIDTH / 100, 2 * (HEIGHT + TITLE) / 100),
    program=Choice("program", "formula", PROGRAMS),
    formula=Text("formula", "u = x + y; f = u*y", parse=parse, when=lambda s: s["program"] == "formula"),
    step=FrameAxis("step", of=lambda d: range(len(d.order) + 1), interval=900,
                   show=lambda d: [f"{k} of {len(d.order)}" for k in range(len(d.order) + 1)],
                   start=lambda d: len(d.order)),
)  # fmt: skip


@lab.compute
def both(program: str, formula: str) -> dict[str, Any]:
    """Both graphs, `order`, the pairs of nodes from the result back, and each node's id in its graph."""
    try:
        root, theirs = run_formula(formula) if program == "formula" else run_net(program)
    except ImportError as error:
        raise ValueError(str(error)) from None
    if not root.requires_grad:
        raise ValueError("this formula is a constant: no gradient flows, and PyTorch records no graph")
    with np.errstate(all="ignore"):
        found = torch_twin.align(root, theirs)
    ours = Graph.of(root)
    torch_graph, ids = torch_twin.graph_of(theirs, names_of(root, theirs, found))
    if max(len(ours.nodes), len(torch_graph.nodes)) > LARGEST:
        raise ValueError(f"the graph has {len(ours.nodes)} nodes: the picture can show {LARGEST}")
    order = [found.pairs[t] for t in reversed(topological_order(root)) if t in found.pairs]
    return {"found": found, "ours": ours, "theirs": torch_graph, "ids": ids, "order": order}


def run_formula(formula):
    """A formula at the usual values, and the same operations in PyTorch."""
    root, _ = recorded(formula)
    return root, torch_twin.replay(root)


def run_net(program):
    """An MLP of ours, and a torch.nn.Sequential with its weights: three examples, cross-entropy."""
    rng = np.random.default_rng(0)
    model = nn.MLP([4, 3] if program == "layer" else [4, 3, 2], rng=rng, dtype=np.float64)
    x, y = rng.normal(size=(3, 4)), np.array([0, 1, 1])
    torch, twin = torch_twin.import_torch(), torch_twin.model_twin(model)
    loss = ops.cross_entropy(model(Tensor(x, name="x")), y)
    loss.name = "loss"
    cross_entropy = torch.nn.functional.cross_entropy
    run = torch_twin.run(lambda: cross_entropy(twin(torch.tensor(x)), torch.tensor(y)))
    return loss, run._replace(leaves=tuple(twin.parameters()))


def names_of(root, theirs, found):
    """The names of torch's leaves: those of ours that they are matched with."""
    ours = {id(f.variable): t.name for t, pair in found.pairs.items() if t.recipe is None
            for f in pair.functions if hasattr(f, "variable")}  # fmt: skip
    return [ours.get(id(leaf), "leaf") for leaf in theirs.leaves]


@lab.table
def table(d):
    difference = [max((x for x in (p.value, p.gradient) if x is not None), default=None) for p in d.order]
    return {"ours": [d.ours.ids[p.ours] for p in d.order],
            "operation": [p.ours.recipe.op.name if p.ours.recipe else "leaf" for p in d.order],
            "PyTorch": [listed(p.names) for p in d.order],
            "value": [number(p.ours.data) for p in d.order],
            "gradient": [number(d.found.gradients[p.ours]) for p in d.order],
            "difference": ["inside" if x is None else f"{x:.1e}" for x in difference]}  # fmt: skip


def told(array):
    """A number, or how many there are."""
    if np.ndim(array) == 1:
        return counted(len(array), "number")
    return number(array)


def shown(pair, of):
    """What torch shows at the node of a pair."""
    return next((of[t.function] for t in sorted(pair.twins, key=lambda t: t.wire) if t.function in of), None)


def caption(d, k):
    if k == 0:
        return (f"{counted(len(d.order), 'node')} of ours that a gradient reaches, "
                f"{counted(len(d.theirs.nodes), 'node')} of PyTorch's. Step from the result back.")  # fmt: skip
    pair = d.order[k - 1]
    made = pair.ours.recipe.op.name if pair.ours.recipe else "a leaf"
    text = f"Ours: {d.ours.ids[pair.ours]}, {made}. PyTorch: {listed(pair.names)}"
    if pair.fused:
        text += ", which computes it in one piece with another: it has no value of its own there."
    else:
        words = []
        for what, ours, of in (("Value", pair.ours.data, d.found.their_values),
                               ("gradient", d.found.gradients[pair.ours], d.found.their_gradients)):  # fmt: skip
            here, there = told(ours), told(shown(pair, of))
            words.append(f"{what} {here}" + f", in PyTorch {there}" * (here != there))
        text += f". {'; '.join(words)}: {apart(max(pair.value or 0.0, pair.gradient or 0.0))}."
    if k == len(d.order):
        worst = minus(f"{d.found.worst:.0e}") if d.found.worst else "0"
        text += f" All {k} are matched; the largest difference is {worst}."
    return text


def apart(difference):
    return minus(f"the two differ by {difference:.0e}") if difference else "the two are equal"


class Half:
    """One of the two graphs: its nodes get a ring, a value and a gradient as they are met."""

    def __init__(self, ax, graph, title):
        self.plan = plan_graph(graph, WIDTH, HEIGHT, beside=16)
        self.drawn = draw_plan(ax, self.plan)
        ax.text(0.01, 1.0, title, ha="left", va="bottom", size=11, color=plots.INK, transform=ax.transAxes)
        self.rings = {v: ring(ax, self.plan, v, 4.5 * (v == graph.output), fc="none", zorder=5) for v in graph.nodes}
        self.below = {v: write(self.drawn, v, color=BLUE) for v in graph.nodes}
        self.above = {v: write(self.drawn, v, above=True, color=ORANGE) for v in graph.nodes}
        self.live = [*self.rings.values(), *self.below.values(), *self.above.values()]

    def draw(self, met, now, words):
        for v in self.rings:
            look = {"lw": 4.2, "ls": "-"} if v in now else {"lw": 1.8, "ls": "--"}
            self.rings[v].set(visible=v in met or v in now, ec=ORANGE, **look)
            value, gradient = words.get(v, ("", ""))
            self.below[v].set_text(value)
            self.above[v].set_text(gradient)


@lab.picture
def picture(fig):
    fig.set_layout_engine("none")
    high = HEIGHT / (HEIGHT + TITLE) / 2
    places = [fig.add_axes((0, bottom, 1, high)) for bottom in (0.5, 0)]
    live: list[Any] = []
    halves: list[Half] = []

    def structure(d):
        return [(tuple((n.id, n.label) for n in g.nodes.values()), g.edges) for g in (d.ours, d.theirs)]

    def scenery(d):
        titles = ("ours", "PyTorch: grad_fn")
        halves[:] = [Half(*each) for each in zip(places, (d.ours, d.theirs), titles, strict=True)]
        live[:] = [artist for half in halves for artist in half.live]

    def draw(d, k):
        sides: list[Any] = [(set(), set(), {}), (set(), set(), {})]
        for i, pair in enumerate(d.order[:k]):
            name = d.ours.ids[pair.ours]
            beside = "" if pair.ours.recipe is None else f"{name} = "
            sides[0][i == k - 1].add(name)
            sides[0][2][name] = (beside + told(pair.ours.data), told(d.found.gradients[pair.ours]))
            for function in (*pair.functions, *pair.parts):
                v = d.ids[function]
                sides[1][i == k - 1].add(v)
                value, gradient = d.found.their_values.get(function), d.found.their_gradients.get(function)
                sides[1][2][v] = ("" if value is None else told(value), "" if gradient is None else told(gradient))
        for half, side in zip(halves, sides, strict=True):
            half.draw(*side)
        return caption(d, k)

    return Picture(live, draw, scenery, of=structure)
