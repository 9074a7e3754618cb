"""A convolutional net, a recurrent one and a block of attention, as graphs: the same backward pass serves all three."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from textbook.graph import Graph
from textbook.lab import Choice, FrameAxis, Lab, Picture, Slider
from textbook.labs.architectures import told
from textbook.labs.architectures.nets import attention, convolutional, recurrent
from textbook.labs.graph.picture import WalkPicture
from textbook.labs.graph.walk import WIDTH, Walk, messages_of
from textbook.plots.plan import NEAR, Plan, plan_graph
from textbook.words import shape

NETS = {"cnn": "convolutional", "rnn": "recurrent, unrolled", "attention": "a block of attention"}

lab = Lab(
    "Step through the operations and back; then choose another architecture, and make it larger",
    inches=(WIDTH / 100, 4.04),
    net=Choice("architecture", "rnn", NETS),
    layers=Slider("convolutional layers", 2, 1, 3, 1, when=lambda s: s["net"] == "cnn"),
    steps=Slider("steps in time", 3, 1, 6, 1, when=lambda s: s["net"] == "rnn"),
    tokens=Slider("tokens", 5, 2, 12, 1, when=lambda s: s["net"] == "attention"),
    step=FrameAxis(
        "step", of=lambda d: range(len(d.moments)), interval=900,
        show=lambda d: [f"{k} of {len(d.moments) - 1}" for k in range(len(d.moments))], start=lambda d: telling(d),
    ),
)  # fmt: skip


class Net(Walk):
    """The walk through an architecture: its shapes have up to nine letters, and need room."""

    @cached_property
    def plan(self) -> Plan:
        longest = max(len(shape(node.shape)) for node in self.graph.nodes.values() if node.shape)
        return plan_graph(self.graph, WIDTH, beside=14, lines=(1, 2), near=max(NEAR, 20 + 8 * longest))


@lab.compute
def walk(net: str, layers: int, steps: int, tokens: int) -> Net:
    """The walk through the graph: forward through every operation, and back over every edge."""
    root = {"cnn": lambda: convolutional(layers), "rnn": lambda: recurrent(steps),
            "attention": lambda: attention(tokens)}[net]()  # fmt: skip
    graph = Graph.of(root)
    return Net(graph, {}, "backward", False, messages_of(graph))


def telling(d: Walk) -> int:
    """The frame of the last message to the leaf that receives most of them."""
    got = [[at for at, _ in messages] for v, messages in d.received.items() if d.graph.nodes[v].kind == "input"]
    return max(got, key=lambda frames: (len(frames), frames))[-1]


class NetPicture(WalkPicture):
    words = staticmethod(told.caption)


@lab.picture
def picture(figure: Any) -> Picture:
    shown = NetPicture(figure)
    return Picture(shown.live, shown.draw, shown.scenery, [], lambda d: d.structure, shown.load)


@lab.table
def table(d: Walk) -> dict[str, Any]:
    nodes = d.graph.nodes.values()
    return {"node": [node.id for node in nodes],
            "what it is": [node.op or ("parameter" if node.id in d.gradients else node.kind) for node in nodes],
            "shape": [shape(node.shape or ()) for node in nodes],
            "used by": [len(d.out_edges[node.id]) for node in nodes],
            "messages": [len(d.received.get(node.id, ())) for node in nodes],
            "length of the gradient": [told.length(d.gradients[node.id]) if node.id in d.gradients else ""
                                       for node in nodes]}  # fmt: skip
