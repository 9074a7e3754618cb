"""Graphs as data, the four rules of construction, orders, forward steps, and the layout."""

import itertools
import math
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textbook import OPS, Tensor, ops
from textbook.engine import Op, apply, backward_steps
from textbook.graph import (
    Edge,
    Graph,
    GraphRuleError,
    check_rules,
    evaluate,
    forward_steps,
    is_topological,
    order_fault,
    topological_orders,
)


def variable(value, name=""):
    return Tensor(value, requires_grad=True, name=name)


def figure1():
    x, y = variable(3.0, "x"), variable(2.0, "y")
    return (x + y) * y


def figure2():
    w1, w2, b = variable(0.5, "w1"), variable(-0.5, "w2"), variable(0.1, "b")
    x1, x2 = Tensor(1.0, name="x1"), Tensor(2.0, name="x2")
    return ops.sigmoid(w1 * x1 + w2 * x2 + b)


def linear_regression():
    x, y, w, b = Tensor(2.0, name="x"), Tensor(5.0, name="y"), variable(1.0, "w"), variable(0.0, "b")
    return (w * x + b - y) ** 2


def squares():
    x = variable(3.0, "x")
    z = x * x
    return z * z - z * x


def residual(blocks=6):
    h, y = variable(1.0, "x"), variable(0.5, "y")
    for i in range(blocks):
        h = h + ops.tanh(h * variable(1.0, f"w{i}") + y)
    return h


def attention():
    rng = np.random.default_rng(0)
    x = variable(rng.normal(size=(4, 3)), "x")
    q, k, v = (x @ variable(rng.normal(size=(3, 3)), name) for name in "QKV")
    return ops.mean((x + ops.softmax(q @ k.T / 3**0.5) @ v) ** 2)


FIGURES = [figure1, figure2, linear_regression, squares, residual, attention]
EXAMPLE = {"a": (), "b": (), "d": (), "c": ("add", "a", "b"), "e": ("mul", "c", "d")}  # the source's §3.2


@st.composite
def definitions(draw, most=7):
    """A small acyclic graph in a random order of definition; x·x and unused nodes are likely."""
    n = draw(st.integers(1, most))
    names = [f"n{i}" for i in range(n)]
    graph = {}
    for i, name in enumerate(names):
        if i and draw(st.booleans()):
            graph[name] = (
                draw(st.sampled_from(["add", "mul", "sub"])),
                *draw(st.tuples(*[st.sampled_from(names[:i])] * 2)),
            )
        else:
            graph[name] = ()
    return {name: graph[name] for name in draw(st.permutations(names))}


# ---------------------------------------------------------------------------------------------- reading tensors


def test_figure_1():
    f = figure1()
    graph = Graph.of(f)
    assert [(n.id, n.kind, n.label) for n in graph.nodes.values()] == [
        ("x", "input", "x"),
        ("y", "input", "y"),
        ("v3", "operation", "+"),
        ("v4", "operation", "×"),
    ]
    assert graph.edges == (Edge("x", "v3", 0), Edge("y", "v3", 1), Edge("v3", "v4", 0), Edge("y", "v4", 1))
    assert graph.output == "v4" == graph.ids[f]
    assert graph.nodes["v4"].value == 10.0
    assert graph.sources["v4"] == ("v3", "y")
    assert graph.nodes["v3"].tensor is f.recipe.parents[0]


def test_multiplicity_and_order_of_edges():
    x, y = variable(3.0, "x"), variable(2.0, "y")
    assert Graph.of(x * x).edges == (Edge("x", "v2", 0), Edge("x", "v2", 1))
    assert Graph.of(y - x).sources["v3"] == ("y", "x")
    assert Graph.of(x - y).sources["v3"] == ("x", "y")


def test_kinds_and_labels():
    x, data = variable(np.ones((2, 3)), "x"), Tensor(np.ones(3), name="data")
    graph = Graph.of(ops.relu(x * data * 2.5 + np.ones((2, 1)) + variable([1.0, 2.0, 3.0])))
    leaves = {n.label: n.kind for n in graph.nodes.values() if n.kind != "operation"}
    assert leaves == {"x": "input", "data": "input", "2.5": "constant", "2×1": "constant", "3": "input"}
    assert graph.nodes[graph.output].label == "relu"
    assert graph.nodes[graph.output].shape == (2, 3)
    assert {n.dtype for n in graph.nodes.values()} == {np.dtype(float)}


@pytest.mark.parametrize("name", OPS)
def test_sign_of_an_operation_is_plain_text_that_fits_into_a_node(name):
    args, params = OPS[name].example(np.random.default_rng(0))
    graph = Graph.of(apply(OPS[name], *map(variable, args), **params))
    label = graph.nodes[graph.output].label
    assert "$" not in label and "\\" not in label


def test_the_same_name_twice_gives_two_nodes_and_generated_ids_never_clash():
    a, b, c = variable(1.0, "w"), variable(2.0, "w"), variable(3.0, "v2")
    graph = Graph.of(a * b + c)
    assert list(graph.nodes) == ["w", "v2'", "v3", "v2", "v5"]
    assert graph.nodes["v2'"].label == "w"
    assert len(graph.edges) == 4


def test_a_leaf_and_an_unrecorded_result_are_graphs_of_one_node():
    for tensor in (variable(1.0, "x"), Tensor(1.0) + 2.0):
        graph = Graph.of(tensor)
        assert len(graph.nodes) == 1 and graph.edges == ()
        assert graph.layout.layers == ((graph.output,),) and graph.layout.routes == {}
        assert check_rules(graph) == [] and list(topological_orders(graph)) == [(graph.output,)]


def test_only_tensors_have_a_graph():
    with pytest.raises(TypeError, match="expected the Tensor"):
        Graph.of(3.0)


def test_values_are_read_only_and_reading_a_graph_disturbs_no_gradient():
    x = variable([1.0, 2.0], "x")
    f = (x * x).sum()
    graph = Graph.of(f)
    with pytest.raises(ValueError, match="read-only"):
        graph.nodes["x"].value[0] = 5.0
    f.backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


@pytest.mark.parametrize("figure", FIGURES)
def test_every_backward_step_runs_along_an_edge(figure):
    root = figure()
    graph = Graph.of(root)
    steps = [Edge(graph.ids[s.parent], graph.ids[s.node], s.index) for s in backward_steps(root)]
    assert len(steps) == len(set(steps)) > 0
    assert set(steps) <= set(graph.edges)
    needless = {n.id for n in graph.nodes.values() if not n.tensor.requires_grad}
    assert {e for e in graph.edges if e.source not in needless} == set(steps)


# ---------------------------------------------------------------------------------------------- building by hand


def test_build_reads_shapes_dtypes_and_parameters():
    graph = Graph.build(
        {
            "x": (),
            "W": (),
            "two": 2.0,
            "z": ("matmul", "x", "W"),
            "s": ("sum", "z", {"axis": 1}),
            "f": ("mul", "two", "s"),
        },
        shapes={"x": (4, 3), "W": (3, 2)},
        dtypes={"x": "float32", "W": np.float32},
    )
    assert check_rules(graph) == []
    assert {k: n.shape for k, n in graph.nodes.items()} == {
        "x": (4, 3), "W": (3, 2), "two": (), "z": (4, 2), "s": (4,), "f": (4,)
    }  # fmt: skip
    assert graph.nodes["f"].dtype == np.float32  # the Python number 2.0 does not make it float64
    assert graph.output == "f"
    assert graph.nodes["two"].kind == "constant"


def test_output_is_a_role():
    assert Graph.build({"u": ("exp", "x"), "x": ()}).output == "u"
    assert Graph.build({"u": ("exp", "x"), "x": ()}, output="x").output == "x"
    assert Graph.build(dict(reversed(EXAMPLE.items()))).output == "e"
    with pytest.raises(ValueError, match="'q' is not a node; the nodes are x"):
        Graph.build({"x": ()}, output="q")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (({},), ValueError, "at least one node"),
        (({"x": "add"},), TypeError, "'x': expected"),
        (({"x": None},), TypeError, "'x': expected"),
        (({"x": (), "f": ("mul", 2.0, "x")},), TypeError, "given by name, got 2.0"),
        (({"x": ()}, {"y": (2,)}), ValueError, "for 'y', which is not an input"),
        (({"x": (), "f": ("exp", "x")}, None, {"f": "float32"}), ValueError, "for 'f', which is not an input"),
    ],
)
def test_definitions_that_say_nothing(arguments, error, message):
    with pytest.raises(error, match=message):
        Graph.build(*arguments)


@given(definitions())
def test_built_and_recorded_graphs_agree(graph):
    graph = Graph.build(graph)
    root = graph.tensor(**{k: 0.5 + i for i, (k, n) in enumerate(graph.nodes.items()) if n.kind == "input"})
    recorded = Graph.of(root)
    assert recorded.output == graph.output
    assert set(recorded.edges) <= set(graph.edges)
    assert Counter(recorded.edges) == Counter(e for e in graph.edges if e.target in recorded.nodes)


def test_a_hand_built_graph_has_gradients():
    root = Graph.build({"x": (), "y": (), "u": ("add", "x", "y"), "f": ("mul", "u", "y")}).tensor(x=3.0, y=2.0)
    assert (root.item(), root.name, root.recipe.parents[0].name) == (10.0, "f", "u")
    root.backward()
    assert [float(leaf.grad) for leaf in (root.recipe.parents[0].recipe.parents[0], root.recipe.parents[1])] == [
        2.0,
        7.0,
    ]


# ---------------------------------------------------------------------------------------------- the four rules


def rules(*arguments, **keywords):
    return [(v.rule, v.node) for v in check_rules(Graph.build(*arguments, **keywords))]


@pytest.mark.parametrize("figure", FIGURES)
def test_recorded_graphs_keep_all_rules(figure):
    graph = Graph.of(figure())
    assert check_rules(graph) == []


@given(definitions())
def test_sound_graphs_keep_all_rules(graph):
    assert rules(graph) == []


BROKEN = {
    "cycle": (
        {"x": (), "a": ("add", "x", "c"), "b": ("exp", "a"), "c": ("tanh", "b")},
        {},
        ("acyclic", "a", "a → b → c → a is a cycle"),
    ),
    "itself": ({"a": ("exp", "a")}, {}, ("acyclic", "a", "a → a is a cycle")),
    "undefined": (
        {"weight": (), "f": ("mul", "weight", "wieght")},
        {},
        ("complete", "f", "its input 'wieght' is defined nowhere; is it 'weight'?"),
    ),
    "no inputs": ({"f": ("exp",)}, {}, ("complete", "f", r"f = exp\(\) has 0 inputs, exp needs 1")),
    "too few": ({"x": (), "f": ("add", "x")}, {}, ("complete", "f", "has 1 input, add needs 2")),
    "too many": ({"x": (), "f": ("exp", "x", "x")}, {}, ("complete", "f", "has 2 inputs, exp needs 1")),
    "any number": ({"f": ("concatenate", {"axis": 0})}, {}, ("complete", "f", "concatenate needs at least 1")),
    "shapes": (
        {"x": (), "W": (), "f": ("matmul", "x", "W")},
        {"shapes": {"x": (4, 3), "W": (2, 5)}},
        ("consistent", "f", r"f = matmul\(x: float64 \(4, 3\), W: float64 \(2, 5\)\) cannot be computed"),
    ),
    "broadcast": (
        {"x": (), "b": (), "f": ("add", "x", "b")},
        {"shapes": {"x": (4, 3), "b": (4,)}},
        ("consistent", "f", "cannot be computed"),
    ),
    "parameter": ({"x": (), "f": ("sum", "x", {"axis": 2})}, {}, ("consistent", "f", "cannot be computed")),
    "missing parameter": ({"x": (), "f": ("reshape", "x")}, {}, ("consistent", "f", "cannot be computed")),
    "dtypes": (
        {"x": (), "b": (), "f": ("add", "x", "b")},
        {"dtypes": {"x": "float32"}},
        ("consistent", "f", "would silently become float64"),
    ),
    "integers": (
        {"x": (), "b": (), "f": ("add", "x", "b")},
        {"dtypes": {"x": "float32", "b": "int64"}},
        ("consistent", "f", "would silently become float64"),
    ),
    "round": ({"x": (), "f": ("round", "x")}, {}, ("differentiable", "f", "constant between its jumps")),
    "unknown": ({"x": (), "f": ("sigmiod", "x")}, {}, ("differentiable", "f", "is it 'sigmoid'?")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule_broken_alone_is_the_one_violation(name):
    definitions, keywords, (rule, node, message) = BROKEN[name]
    graph = Graph.build(definitions, **keywords)
    [violation] = check_rules(graph)
    assert (violation.rule, violation.node) == (rule, node)
    assert re.search(message.replace("?", "[?]"), violation.message)
    graph.layout  # noqa: B018, a broken graph can still be drawn


def test_dtypes_that_fit():
    floats_and_integers = {"x": (), "n": (), "f": ("mul", "x", "n")}
    assert rules(floats_and_integers, dtypes={"n": "int64"}) == []
    assert rules(floats_and_integers, dtypes={"x": "float32", "n": "bool"}) == []
    assert rules({"x": (), "n": 3, "f": ("mul", "x", "n")}, dtypes={"x": "float32"}) == []
    converted = {"x": (), "b": (), "c": ("astype", "b", {"dtype": "float32"}), "f": ("add", "x", "c")}
    assert rules(converted, dtypes={"x": "float32"}) == []


def test_all_violations_are_reported_and_none_is_a_consequence_of_another():
    graph = {
        "x": (),
        "y": (),
        "p": ("add", "x", "q"),
        "q": ("exp", "p"),
        "r": ("add", "r2", "q"),
        "r2": ("exp", "r"),
        "lost": ("mul", "x", "nowhere"),
        "after_lost": ("exp", "lost"),
        "misfit": ("add", "x", "y"),
        "after_misfit": ("exp", "misfit"),
        "f": ("floor", "after_misfit"),
        "g": ("argmax", "x"),
    }
    assert rules(graph, shapes={"x": (2,), "y": (3,)}) == [
        ("acyclic", "p"),
        ("acyclic", "r"),
        ("complete", "lost"),
        ("consistent", "misfit"),
        ("differentiable", "f"),
        ("differentiable", "g"),
    ]


@pytest.mark.parametrize("vjps", [(), (None,)])
def test_an_operation_without_a_derivative_is_named(monkeypatch, vjps):
    monkeypatch.setitem(OPS, "one_way", Op("one_way", np.exp, vjps))
    assert rules({"x": (), "f": ("one_way", "x")}) == [("differentiable", "f")]


def test_an_operation_outside_the_table_counts_when_the_engine_has_used_it():
    cube = Op("cube", lambda x: x**3, (lambda g, out, x: 3 * g * x * x,))
    graph = Graph.of(apply(cube, variable(2.0, "x")))
    assert check_rules(graph) == []
    assert evaluate(graph, x=3.0)[graph.output] == 27.0


@given(definitions(), st.data())
def test_an_edge_against_the_order_makes_a_cycle_that_is_named(graph, data):
    operations = [k for k, d in graph.items() if d]
    if not operations:
        return
    built = Graph.build(graph)
    start = data.draw(st.sampled_from(operations))
    reachable, frontier = {start}, [start]
    while frontier:
        node = frontier.pop()
        for consumer in {e.target for e in built.edges if e.source == node} - reachable:
            reachable.add(consumer)
            frontier.append(consumer)
    end = data.draw(st.sampled_from(sorted(reachable)))
    op, _, second = graph[start]
    cyclic = Graph.build(graph | {start: (op, end, second)})
    found = [v for v in check_rules(cyclic) if v.rule == "acyclic"]
    assert found and list(topological_orders(cyclic)) == []
    for violation in found:
        nodes = violation.message.split(" is a cycle")[0].split(" → ")
        assert nodes[0] == nodes[-1] == violation.node and len(set(nodes)) == len(nodes) - 1
        assert all(a in cyclic.sources[b] for a, b in itertools.pairwise(nodes))
    with pytest.raises(GraphRuleError, match="acyclic"):
        cyclic.topological_order()
    assert set(cyclic.layout.routes) == set(cyclic.edges)


# ---------------------------------------------------------------------------------------------- orders


def by_hand(graph, order):
    """The definition, word for word: a permutation with every edge pointing forwards."""
    place = {v: i for i, v in enumerate(order)}
    return sorted(order) == sorted(graph.nodes) and all(place[e.source] < place[e.target] for e in graph.edges)


def test_the_source_lists_two_of_the_eight_orders():
    graph = Graph.build(EXAMPLE)
    orders = list(topological_orders(graph))
    assert len(orders) == len(set(orders)) == 8
    assert {tuple("abdce"), tuple("badce")} <= set(orders)
    assert tuple("cabde") not in orders


@given(definitions(most=6))
def test_all_orders_against_all_permutations(graph):
    graph = Graph.build(graph)
    wanted = {order for order in itertools.permutations(graph.nodes) if by_hand(graph, order)}
    orders = list(topological_orders(graph))
    assert len(orders) == len(wanted) and set(orders) == wanted
    assert graph.topological_order() in wanted


@given(definitions(most=5))
def test_is_topological_against_the_definition(graph):
    graph = Graph.build(graph)
    for order in itertools.permutations(graph.nodes):
        fault = order_fault(graph, order)
        assert is_topological(graph, order) == by_hand(graph, order) == (fault is None)
        if fault:  # it is the first one, and true
            before = order[: order.index(fault.node)]
            assert set(fault.missing) == set(graph.sources[fault.node]) - set(before) != set()
            assert order_fault(graph, before, complete=False) is None


@pytest.mark.parametrize(
    ("order", "node", "missing", "message"),
    [
        ("cabde", "c", ("a", "b"), "c needs a and b, which have not been computed yet"),
        ("acbde", "c", ("b",), "c needs b, which has not been computed yet"),
        ("abced", "e", ("d",), "e needs d"),
        ("abda", "a", (), "a stands in the order twice"),
        ("abq", "q", (), "q is not a node of this graph; the nodes are a, b, d, c, e"),
        ("abd", "c", (), "the order leaves out c and e"),
        ("", "a", (), "the order leaves out a, b, d, c and e"),
    ],
)
def test_order_faults_say_why(order, node, missing, message):
    fault = order_fault(Graph.build(EXAMPLE), list(order))
    assert (fault.node, fault.missing) == (node, missing)
    assert fault.message.startswith(message)
    assert not is_topological(Graph.build(EXAMPLE), list(order))


def test_an_order_in_the_making():
    assert order_fault(Graph.build(EXAMPLE), list("abd"), complete=False) is None
    assert order_fault(Graph.build(EXAMPLE), list("abe"), complete=False).missing == ("c", "d")


def test_undefined_inputs_leave_no_order():
    graph = Graph.build({"x": (), "f": ("add", "x", "q")})
    assert list(topological_orders(graph)) == []
    with pytest.raises(GraphRuleError, match="'q' is defined nowhere"):
        graph.topological_order()
    assert order_fault(graph, ["x", "f"]).missing == ("q",)


# ---------------------------------------------------------------------------------------------- forward


def test_forward_steps_of_figure_1():
    graph = Graph.build({"x": (), "y": (), "u": ("add", "x", "y"), "f": ("mul", "u", "y")})
    steps = list(forward_steps(graph, x=3, y=2))
    assert [tuple(s) for s in steps] == [("x", (), 3), ("y", (), 2), ("u", (3, 2), 5), ("f", (5, 2), 10)]
    assert [s.node for s in forward_steps(graph, ["y", "x", "u", "f"], x=3, y=2)] == ["y", "x", "u", "f"]
    np.testing.assert_array_equal(evaluate(graph, x=np.array([3, 1]), y=2)["f"], [10, 6])


@pytest.mark.parametrize("figure", FIGURES)
def test_evaluating_a_recorded_graph_repeats_the_computation(figure):
    graph = Graph.of(figure())
    for key, value in evaluate(graph).items():
        np.testing.assert_array_equal(value, graph.nodes[key].value)


def test_a_recorded_graph_takes_new_inputs():
    assert evaluate(Graph.of(figure1()), x=1.0, y=4.0)["v4"] == 20.0


@given(definitions())
def test_every_order_gives_the_same_values(graph):
    graph = Graph.build(graph)
    inputs = {k: 2 + i for i, (k, n) in enumerate(graph.nodes.items()) if n.kind == "input"}
    first = evaluate(graph, **inputs)
    for order in itertools.islice(topological_orders(graph), 10):
        assert evaluate(graph, order, **inputs) == first


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"x": 1}, "input 'y' has no value: pass y="),
        ({"x": 1, "y": 2, "z": 3}, "'z' is not an input of this graph; the inputs are x, y"),
        ({"x": 1, "y": 2, "u": 3}, "'u' is not an input"),
        ({"x": np.ones(2), "y": np.ones(3)}, r"u = add\(x, y\): operands could not be broadcast"),
        ({"x": 1, "y": 2, "order": ["x", "u", "y", "f"]}, "u needs y, which has not been computed yet"),
    ],
)
def test_forward_errors_name_the_node(inputs, message):
    graph = Graph.build({"x": (), "y": (), "u": ("add", "x", "y"), "f": ("mul", "u", "y")})
    with pytest.raises(ValueError, match=message):
        evaluate(graph, **inputs)


def test_forward_needs_an_entry():
    with pytest.raises(GraphRuleError, match="'round' has no entry"):
        evaluate(Graph.build({"x": (), "f": ("round", "x")}), x=1.0)


# ---------------------------------------------------------------------------------------------- layout


def distance(point, a, b):
    """From a point to the segment from a to b."""
    (px, py), (ax, ay), (bx, by) = point, a, b
    length = (bx - ax) ** 2 + (by - ay) ** 2
    t = max(0.0, min(1.0, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length)) if length else 0.0
    return math.hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay))


def crossings(layout):
    """Pairs of drawn edges that properly cross; edges that share a node are left out."""

    def side(p, q, r):
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    def cross(p, q, r, s):
        return side(p, q, r) * side(p, q, s) < -1e-9 and side(r, s, p) * side(r, s, q) < -1e-9

    total = 0
    for (e, first), (f, second) in itertools.combinations(layout.routes.items(), 2):
        if not {e.source, e.target} & {f.source, f.target}:
            total += any(cross(p, q, r, s) for p, q in itertools.pairwise(first) for r, s in itertools.pairwise(second))
    return total


def check_layout(graph):
    layout = graph.layout
    assert sorted(v for row in layout.layers for v in row) == sorted(layout.positions) == sorted(graph.nodes)
    for a, b in itertools.combinations(layout.positions.values(), 2):
        assert math.dist(a, b) >= 1 - 1e-9
    for x, row in enumerate(layout.layers):
        assert all(layout.positions[v][0] == x for v in row)
        heights = [layout.positions[v][1] for v in row]
        assert heights == sorted(heights, reverse=True)  # top to bottom
    assert set(layout.routes) == set(graph.edges)
    for edge, route in layout.routes.items():
        assert route[0] == layout.positions[edge.source] and route[-1] == layout.positions[edge.target]
        assert all(a[0] < b[0] for a, b in itertools.pairwise(route))  # forwards all the way
    assert len(set(layout.routes.values())) == len(graph.edges)
    for v, node in graph.nodes.items():
        consumers = [layout.positions[e.target][0] for e in graph.edges if e.source == v]
        if consumers and node.kind != "operation":
            assert layout.positions[v][0] == min(consumers) - 1


@given(definitions(most=14))
def test_layouts_of_random_graphs(graph):
    check_layout(Graph.build(graph))


@pytest.mark.parametrize("figure", FIGURES)
def test_layouts_of_figures(figure):
    graph = Graph.of(figure())
    check_layout(graph)
    layout = graph.layout
    # Of x's four edges two end between the others, at nodes that have a leaf of their own: two crossings are the least.
    assert crossings(layout) == (2 if figure is attention else 0)
    for edge, route in layout.routes.items():  # no edge runs through a node that is none of its ends
        for v, point in layout.positions.items():
            if v not in (edge.source, edge.target):
                assert min(distance(point, a, b) for a, b in itertools.pairwise(route)) > 0.3
    for edge, route in layout.routes.items():  # long edges run straight-ish between their first and last bend
        slopes = [b[1] - a[1] for a, b in list(itertools.pairwise(route))[1:-1]]
        if (edge.source, edge.target) not in {(e.source, e.target) for e in layout.routes if e != edge}:
            assert all(abs(slope) < 0.6 for slope in slopes)


def test_leaves_stand_beside_their_consumers():
    layout = Graph.of(figure2()).layout
    assert layout.layers[0] == ("w1", "x1", "w2", "x2")
    assert layout.positions["b"][0] == 2  # beside the sum it is added to, not at the far left


def test_inputs_keep_their_order_from_top_to_bottom():
    layout = Graph.of(figure1()).layout
    assert layout.layers[0] == ("x", "y")


def test_barycentres_untangle_what_was_defined_crosswise():
    names = "abcdef"
    tangled = {n: () for n in names} | {f"u{n}": ("exp", n) for n in reversed(names)}
    tangled["s"] = ("concatenate", *[f"u{n}" for n in "cafebd"], {"axis": 0})
    assert crossings(Graph.build(tangled, shapes=dict.fromkeys(names, (1,))).layout) == 0


def test_parallel_edges_have_routes_of_their_own():
    layout = Graph.of(squares()).layout
    top, bottom = (layout.routes[Edge("x", "v2", i)] for i in (0, 1))
    assert top[0] == bottom[0] and top[-1] == bottom[-1]
    assert all(a[1] > b[1] + 0.05 for a, b in zip(top[1:-1], bottom[1:-1], strict=True))
    three = Graph.build({"x": (), "f": ("concatenate", "x", "x", "x", {"axis": 0})}, shapes={"x": (1,)})
    assert len(set(three.layout.routes.values())) == 3


def test_cycles_can_be_drawn():
    graph = Graph.build({"x": (), "a": ("add", "x", "b"), "b": ("exp", "a"), "c": ("add", "c", "b")})
    routes = graph.layout.routes
    assert set(routes) == set(graph.edges)
    forth, back = routes[Edge("a", "b", 0)], routes[Edge("b", "a", 1)]
    assert forth[0] == back[-1] and forth[len(forth) // 2] != back[len(back) // 2]
    loop = routes[Edge("c", "c", 0)]
    assert loop[0] == loop[-1] and len(loop) > 3


@pytest.mark.parametrize("figure", FIGURES)
def test_layout_is_deterministic(figure):
    assert Graph.of(figure()).layout == Graph.of(figure()).layout


def test_long_and_wide_graphs_need_no_recursion():
    w = variable(1.0, "w")
    h = variable(1.0, "h")
    for _ in range(1000):
        h = h * w + 0.5
    graph = Graph.of(h)
    assert len(graph.nodes) == 3002
    assert len(graph.topological_order()) == len(graph.nodes)
    assert len(graph.layout.layers) == 2001
    assert check_rules(graph) == []
    first = next(topological_orders(Graph.of(residual(100))))
    assert first[-1] == Graph.of(residual(100)).output
    wide = Graph.build(
        {f"x{i}": () for i in range(2000)} | {"f": ("concatenate", *[f"x{i}" for i in range(2000)], {"axis": 0})}
    )
    heights = [wide.layout.positions[f"x{i}"][1] for i in range(2000)]
    assert heights == sorted(heights, reverse=True)
