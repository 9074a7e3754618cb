"""The topological order lab without a browser: what it accepts, what it says, and that its counts are counts."""

import io
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from textbook import labs
from textbook.graph import is_topological, topological_orders
from textbook.labs.base import Scene
from textbook.labs.topological_order import GRAPHS, describe, orders_left, ready

lab = labs.topological_order
every_graph = pytest.mark.parametrize("graph", list(GRAPHS))
NODES = sorted({v for _, graph, _ in GRAPHS.values() for v in graph.nodes})


@every_graph
def test_orders_left_counts_what_enumeration_finds(graph):
    graph = GRAPHS[graph][1]
    orders = list(topological_orders(graph))
    assert orders_left(graph) == len(orders)
    for order in orders[:20]:
        for k in range(len(order) + 1):
            assert orders_left(graph, order[:k]) == sum(other[:k] == order[:k] for other in orders)


def test_known_numbers_of_orders():
    assert {name: orders_left(graph) for name, (_, graph, _) in GRAPHS.items()} | {"logistic": 0} == {
        "source": 8, "fig_1": 2, "diamond": 2, "logistic": 0, "cycle": 0,
    }  # fmt: skip
    assert orders_left(GRAPHS["source"][1], ["c"]) == 0
    valid = [p for p in permutations("abcde") if is_topological(GRAPHS["source"][1], p)]
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
    picture = lab.picture()
    picture.load(data)
    captions = [picture.draw(frame) for frame in range(len(data.tried) + 1)]
    assert captions == [describe(data, frame) for frame in range(len(data.tried) + 1)]
    assert ("✗" in captions[-1]) == (data.fault is not None)
    marked = [ring for ring in picture.rings if ring.get_visible()]
    again = data.fault is not None and data.fault.node in {*data.accepted, *data.choices[-1]}
    known = data.fault is not None and data.fault.node in data.graph.nodes
    assert len(marked) == len(data.accepted) + len(data.choices[-1]) + (known and not again)


@every_graph
def test_every_choice_adds_up(graph):
    data = lab(graph=graph, order=tuple(next(iter(topological_orders(GRAPHS[graph][1])), ("x",))))
    assert data.fault is None
    for k, choices in enumerate(data.choices):
        assert sum(choices.values()) == (data.left[k] if k < len(data.graph.nodes) else 0)
        assert list(choices) == ready(data.graph, data.accepted[:k])


def test_captions():
    data = lab(order=("a", "b", "c", "d", "e"))
    assert describe(data, 0) == "Nothing is picked yet; 8 orders possible. Ready: a, b or d."
    assert describe(data, 3) == "a, b, c.  c = add(a, b) = 5. 1 of the 8 orders begins so. Ready: d."
    assert describe(data, 5) == "a, b, c, d, e.  e = mul(c, d) = 20. Complete: a topological order, one of 8."
    assert "b, which has not been computed yet" in describe(lab(order=("a", "c")), 2)
    assert "u waits for f, f waits for u" in describe(lab(graph="cycle", order=("x",)), 1)


def test_picking_undoing_and_going_back():
    view = lab.show()
    for node in "abc":
        view.pick(node)
    assert view.scene.settings["order"] == ("a", "b", "c")
    assert "topological_order.show(order=(&#x27;a&#x27;, &#x27;b&#x27;, &#x27;c&#x27;))" in view.call.value
    view.pick("e")  # refused: d is missing
    assert view.scene.data.fault.missing == ("d",) and view.scene.data.accepted == ("a", "b", "c")
    view.pick("d")  # a good pick takes the place of the refused one
    assert view.scene.data.accepted == ("a", "b", "c", "d") and view.scene.data.fault is None
    view.scene.stage.frame = 1  # back to a, and another way from there
    view.pick("d")
    assert view.scene.data.accepted == ("a", "d")
    view.undo()
    view.undo()
    view.undo()
    assert view.scene.data.accepted == ()
    view.widgets["graph"].value = "fig_1"
    assert [b.description for b in view.nodes.children[1:]] == ["x", "y", "u", "f"]
    view.nodes.children[1].click()
    assert view.scene.data.accepted == ("x",)
    view.undo_button.click()
    assert view.scene.data.accepted == ()


def test_another_graph_begins_anew():
    view = lab.show(order=("a", "b"))
    view.widgets["graph"].value = "diamond"
    assert view.scene.settings["order"] == () and view.error.value == ""


@pytest.mark.parametrize("order", ["abc", (1, 2)])
def test_an_order_is_a_sequence_of_names(order):
    with pytest.raises(ValueError, match="sequence of names"):
        lab(order=order)


@every_graph
def test_every_graph_fits_the_picture(graph):
    assert len(GRAPHS[graph][1].nodes) <= 10
    scene = Scene(lab, lab.settings(graph=graph))
    image = Image.open(io.BytesIO(scene.stage.png()))
    assert image.size == (840, 420)
    picture = scene.picture
    renderer = picture.figure.canvas.get_renderer()
    inside = picture.figure.bbox
    for note in picture.notes:
        if note.get_visible():
            box = note.get_window_extent(renderer)
            assert inside.x0 <= box.x0 and box.x1 <= inside.x1 and box.y1 <= inside.y1


def test_table():
    head, rows = lab.table(lab(order=("a", "b", "c", "e")))
    assert len(head) == 6
    assert rows[2] == (3, "c", "a, b", "5", "c, d", 1)
    assert rows[3][:3] == ("refused", "e", "d")
