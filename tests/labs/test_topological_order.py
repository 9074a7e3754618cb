"""The topological order lab without a browser: what it accepts, what it says, and that its counts are counts."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.patches import PathPatch

from textbook import labs
from textbook.graph import is_topological, topological_orders
from textbook.labs.topological_order import GRAPHS, caption, graph_of, orders_left, plan_of, ready

lab = labs.topological_order
every_graph = pytest.mark.parametrize("graph", list(GRAPHS))
NODES = sorted({v for _, nodes in GRAPHS.values() for v in nodes})


@every_graph
def test_orders_left_counts_what_enumeration_finds(graph):
    graph = graph_of(graph)
    orders = list(topological_orders(graph))
    assert orders_left(graph) == len(orders)
    for order in orders[:20]:
        for k in range(len(order) + 1):
            assert orders_left(graph, frozenset(order[:k])) == sum(other[:k] == order[:k] for other in orders)


def test_known_numbers_of_orders():
    assert {name: orders_left(graph_of(name)) for name in GRAPHS} | {"logistic": 0} == {
        "source": 8, "fig_1": 2, "diamond": 2, "logistic": 0, "cycle": 0,
    }  # fmt: skip
    valid = [p for p in permutations("abcde") if is_topological(graph_of("source"), p)]
    assert len(valid) == 8


def test_the_orders_of_the_source():
    for order in ("abdce", "badce"):
        data = lab(order=tuple(order))
        assert data.accepted == tuple(order) and data.fault is None and data.left[-1] == 1
    data = lab(order=("c", "a", "b", "d", "e"))
    assert data.accepted == () and data.tried == ("c",)
    assert data.fault.missing == ("a", "b")


@given(graph=st.sampled_from(list(GRAPHS)), order=st.lists(st.sampled_from([*NODES, "nobody"]), max_size=12))
@settings(max_examples=30)
def test_whatever_is_picked_is_taken_or_explained(graph, order):
    data = lab(graph=graph, order=tuple(order))
    assert data.tried == tuple(order)[: len(data.tried)]
    assert (data.fault is None) == (data.accepted == tuple(order))
    scene = lab.scene(graph=graph, order=tuple(order))
    captions = [scene.draw(frame) for frame in range(len(data.tried) + 1)]
    assert ("✗" in captions[-1]) == (data.fault is not None)
    marked = [ring for ring in scene.picture.live if isinstance(ring, PathPatch) and ring.get_visible()]
    again = data.fault is not None and data.fault.node in {*data.accepted, *data.choices[-1]}
    known = data.fault is not None and data.fault.node in data.graph.nodes
    assert len(marked) == len(data.accepted) + len(data.choices[-1]) + (known and not again)


@every_graph
def test_every_choice_adds_up(graph):
    data = lab(graph=graph, order=tuple(next(iter(topological_orders(graph_of(graph))), ("x",))))
    assert data.fault is None
    for k, choices in enumerate(data.choices):
        assert sum(choices.values()) == (data.left[k] if k < len(data.graph.nodes) else 0)
        assert choices == ready(data.graph, frozenset(data.accepted[:k]))


def test_captions():
    data = lab(order=("a", "b", "c", "d", "e"))
    assert caption(data, 0) == "Nothing is picked yet; 8 orders possible. Ready: a, b or d."
    assert caption(data, 3) == "a, b, c.  c = a + b = 5. 1 of the 8 orders begins so. Ready: d."
    assert caption(data, 5) == "a, b, c, d, e.  e = c · d = 20. Complete: a topological order, one of 8."
    assert "b, which has not been computed yet" in caption(lab(order=("a", "c")), 2)
    assert "u waits for f, f waits for u" in caption(lab(graph="cycle", order=("x",)), 1)


def test_picking_undoing_and_going_back():
    view = lab.show()
    for node in "abc":
        view.panel.hear(f"order.{node}", True)
    assert view.settings["order"] == ("a", "b", "c")
    assert "topological_order.show(order=('a', 'b', 'c')" in view.settings.call()
    view.panel.hear("order.e", True)  # refused: d is missing
    assert view.data.fault.missing == ("d",) and view.data.accepted == ("a", "b", "c")
    view.panel.hear("order.d", True)  # a good pick takes the place of the refused one
    assert view.data.accepted == ("a", "b", "c", "d") and view.data.fault is None
    view.stage.frame = 1  # back to a, and another way from there
    view.panel.hear("order.d", True)
    assert view.data.accepted == ("a", "d")
    view.press("undo")
    view.press("undo")
    view.press("undo")
    assert view.data.accepted == ()
    view.move("graph", "fig_1")
    assert [part for part in view.panel.parts if part.startswith("order.")] == [f"order.{v}" for v in "xyuf"]
    x, y = plan_of("fig_1").places["y"]
    view.stage._point = [0, x, y, True]  # as the browser says it
    assert view.data.accepted == ("y",)
    view.press("reset")
    assert view.data.accepted == ()


def test_another_graph_begins_anew():
    view = lab.show(order=("a", "b"))
    view.move("graph", "diamond")
    assert view.settings["order"] == () and view.error == ""


@pytest.mark.parametrize("order", ["abc", (1, 2)])
def test_an_order_is_a_sequence_of_names(order):
    with pytest.raises(ValueError, match="sequence of names"):
        lab(order=order)


@every_graph
def test_every_graph_fits_the_picture(graph):
    assert len(GRAPHS[graph][1]) <= 10
    scene = lab.scene(graph=graph)
    scene.stage.png()
    for note in scene.figure.axes[0].texts:
        if note.get_visible() and note.get_text():
            box, inside = note.get_window_extent(), scene.figure.bbox
            assert inside.x0 <= box.x0 and box.x1 <= inside.x1 and box.y1 <= inside.y1


def test_table():
    head, rows = lab.rows(lab(order=("a", "b", "c", "e")))
    assert len(head) == 6
    assert rows[2] == (3, "c", "a, b", "5", "c, d", 1)
    assert rows[3][:3] == ("refused", "e", "d")
