"""The graph lab: what it shows is what the engine, and PyTorch, compute; and nothing a reader types breaks it."""

import asyncio
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textbook import labs
from textbook.engine import Tensor, backward_steps
from textbook.expression import parse
from textbook.graph import Edge, Graph
from textbook.labs.base import Scene
from textbook.labs.graph import LARGEST, PRESETS, _Picture, number, written
from textbook.ops import cross_entropy
from textbook.stage import Point

SOURCE = {"values": {"x": 3.0, "y": 2.0}}  # the worked example of §3.3 and §4.4
MODES = ("structure", "forward", "backward")
presets = pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.title)

NET = "; ".join(f"h{i} = tanh(a{i}*x + c{i}*y + b{i})" for i in range(1, 6))
SIXTY = NET + "; z = " + " + ".join(f"d{i}*h{i}" for i in range(1, 6)) + "; loss = (sigmoid(z) - t)**2"
CHAIN = "s0 = sin(x*y); " + "; ".join(f"s{i} = sin(s{i - 1}*x)" for i in range(1, 28)) + "; f = s27*x"
TEN = "u = x + y; v = u*w; f = sigmoid(v) + v**2 + x*y"


def captions(**values) -> list[str]:
    return [moment.caption for moment in labs.graph(**values).moments]


# ---- the worked example, word for word


def test_worked_example_forwards():
    assert captions(mode="forward", **SOURCE) == [
        "The inputs have their values: x = 3 and y = 2. Nothing else has been computed yet.",
        "u = x + y = 3 + 2 = 5",
        "f = u · y = 5 · 2 = 10",
    ]


def test_worked_example_backwards():
    assert captions(mode="backward", **SOURCE)[3:] == [
        "The seed: ∂f/∂f = 1. f changes one for one with itself.",
        "u receives ∂f/∂f · ∂f/∂u = 1 · 2 = 2;  ∂f/∂u = 2.",
        "y receives ∂f/∂f · ∂f/∂y|u = 1 · 5 = 5;  ∂f/∂y = 5 so far, 1 edge to come.",
        "x receives ∂f/∂u · ∂u/∂x = 2 · 1 = 2;  ∂f/∂x = 2.",
        "y receives ∂f/∂u · ∂u/∂y = 2 · 1 = 2;  ∂f/∂y = 5 + 2 = 7.",
        "Done, in one pass: ∂f/∂x = 2 and ∂f/∂y = 7.",
    ]


def test_backward_captions_start_with_the_forward_ones():
    assert captions(mode="backward")[:3] == captions(mode="forward")


def test_structure_is_told_node_by_node():
    told = captions(mode="structure")
    assert told[0] == "4 nodes: 2 inputs (x, y) and 2 operations; 4 edges. The output is f."
    assert told[2] == "y is an input. 2 edges out of it, to f and u."
    assert told[4] == "f = u · y: an operation on u and y. It is the output."
    assert len(told) == 5


def test_held_nodes_give_the_partial_derivative():
    """Erratum 12: 5 with u held fixed, 7 in all."""
    walk = labs.graph(mode="backward", hold=True, **SOURCE)
    assert walk.partials == {"x": 0, "y": 5} and walk.gradients["y"] == 7 and walk.held == ["u"]
    assert walk.moments[-1].caption == (
        "With u held fixed, f sees only what its own operation reads: ∂f/∂x = 0 and ∂f/∂y = 5.\n"
        "When it moves: ∂f/∂x = 2 and ∂f/∂y = 7."
    )
    assert [m.edges for m in walk.moments[4:-1]] == [(Edge("y", "f", 1),)]


def test_holding_nothing_changes_nothing():
    walk = labs.graph(formula="f = x*x", mode="backward", hold=True)
    assert walk.partials == {"x": 6}
    assert "no intermediate node" in walk.moments[-1].caption


@pytest.mark.parametrize(("formula", "node", "sum_"), [
    ("u = x + y; f = u*y", "y", "∂f/∂y = ∂f/∂f · ∂f/∂y|u + ∂f/∂u · ∂u/∂y = 1 · 5 + 2 · 1 = 5 + 2 = 7."),
    ("u = x + y; f = u*y", "x", "∂f/∂x = ∂f/∂u · ∂u/∂x = 2 · 1 = 2."),
    ("u = x + y; f = u*y", "f", "∂f/∂f = 1: the seed."),
    ("f = x*x", "x", "∂f/∂x = ∂f/∂f · ∂f/∂x|edge 1 + ∂f/∂f · ∂f/∂x|edge 2 = 1 · 3 + 1 · 3 = 3 + 3 = 6."),
    ("f = x*2", "v2", "2: no derivative is taken; a constant does not change."),
    ("f = y - x", "y", "∂f/∂y = ∂f/∂f · ∂f/∂y = 1 · 1 = 1."),
    ("f = x - y", "y", "∂f/∂y = ∂f/∂f · ∂f/∂y = 1 · (−1) = −1."),
])  # fmt: skip
def test_a_node_shows_its_whole_sum(formula, node, sum_):
    walk = labs.graph(formula=formula, mode="backward", node=node)
    assert walk.about(node).startswith(sum_)


# ---- numbers


def chain(t, w, x):
    return t.sigmoid(w * t.sigmoid(w * t.sigmoid(w * x)))


def two_layers(t, a1, x, b1, a2, b2, c1, c2, y):
    return (c1 * t.tanh(a1 * x + b1) + c2 * t.tanh(a2 * x + b2) - y) ** 2


TWINS = {    # the presets, once more, for PyTorch
    "Fig. 1": lambda t, x, y: (x + y) * y,
    "Fig. 2": lambda t, w1, x1, w2, x2, b: t.sigmoid(w1 * x1 + w2 * x2 + b),
    "Fig. 4": lambda t, w, x, b, y: (w * x + b - y) ** 2,
    "§3.2": lambda t, a, b, d: (a + b) * d,
    "two edges": lambda t, x: x * x,
    "a shared": lambda t, x, y: (x * y + x) * (x * y + y),
    "a chain": chain,
    "a net": two_layers,
    "matrices": lambda t, X, W, b, Y: t.mean((X @ W + b - Y) ** 2),
}  # fmt: skip


@presets
def test_presets_agree_with_torch(preset):
    torch = pytest.importorskip("torch")
    [twin] = [twin for title, twin in TWINS.items() if preset.title.startswith(title)]
    walk = labs.graph(formula=preset.formula, values=preset.values, mode="backward")
    leaves = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in walk.inputs.items()}
    out = twin(torch, **leaves)
    out.backward()
    assert np.isclose(walk.graph.nodes[walk.graph.output].value, out.item(), rtol=1e-12)
    for name, leaf in leaves.items():
        assert np.allclose(walk.gradients[name], leaf.grad.numpy(), rtol=1e-12, atol=1e-15)


FORMULAS = [*[p.formula for p in PRESETS[:-1]], TEN, SIXTY, "f = abs(x)/y", "maximum(x, y)**x"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_frames_are_the_engines_steps(formula):
    walk = labs.graph(formula=formula, mode="backward")
    graph, root = walk.graph, walk.graph.nodes[walk.graph.output].tensor
    steps = list(backward_steps(root))
    moments = walk.moments[walk.seed + 1 : -1]
    assert len(moments) == len(steps)
    for frame, (moment, step) in enumerate(zip(moments, steps, strict=True), walk.seed + 1):
        e = Edge(graph.ids[step.parent], graph.ids[step.node], step.index)
        assert moment.edges == (e,) and moment.node == e.source and walk.sent[e] == frame
        assert walk.gradient(e.source, frame)[0] == step.total
        assert np.isclose(walk.local[e] * step.upstream, step.message, rtol=1e-12)
    root.backward()
    for v, node in graph.nodes.items():
        if node.kind == "input":
            assert walk.gradients[v] == node.tensor.grad
            assert np.isclose(sum(walk.messages[e] for e in walk.out_edges[v]), node.tensor.grad, rtol=1e-12)


@presets
def test_what_is_drawn_is_what_was_computed(preset):
    walk = labs.graph(formula=preset.formula, values=preset.values, mode="backward", step=-1)
    picture = _Picture()
    picture.load(walk)
    picture.draw(len(walk.moments) - 1)
    for v, node in walk.graph.nodes.items():
        below, above = picture.below[v].get_text(), picture.above[v].get_text()
        if node.kind == "constant":
            assert below == above == ""
        else:
            assert below.endswith(number(node.value)) and above.endswith(number(walk.gradients[v]))
    if picture.plan.roomy:
        for e, local in walk.local.items():
            assert picture.notes[e].get_text().endswith(number(local))


def test_gradients_are_not_shown_before_they_are_known():
    walk = labs.graph(mode="backward", **SOURCE)
    picture = _Picture()
    picture.load(walk)
    picture.draw(8)
    texts = {}
    for frame in (0, 2, 3, 5, 7, 8):
        picture.draw(frame)
        texts[frame] = (picture.below["f"].get_text(), picture.above["y"].get_text())
    assert texts == {
        0: ("f", ""), 2: ("f = 10", ""), 3: ("f = 10", ""), 5: ("f = 10", "∂f/∂y = 5 + …"), 7: ("f = 10", "∂f/∂y = 7"),
        8: ("f = 10", "∂f/∂y = 7"),
    }  # fmt: skip


def test_a_frame_looks_the_same_from_wherever_one_comes():
    walk = labs.graph(formula=TEN, mode="backward", node="v", hold=False)
    picture, last = _Picture(), len(walk.moments) - 1

    def look():
        return [a.get_visible() and (getattr(a, "get_text", str)(), getattr(a, "get_linewidth", str)())
                for a in picture.live]  # fmt: skip

    picture.load(walk)
    forwards = []
    for k in range(last + 1):
        picture.draw(k)
        forwards.append(look())
    for k in range(last, -1, -1):
        picture.draw(k)
        assert look() == forwards[k]
    assert forwards[0] != forwards[-1]


def test_states_differ_in_more_than_colour():
    from textbook.labs.graph import LINES, RINGS

    for table in (RINGS, LINES):
        marks = [{k: v for k, v in look.items() if "color" not in k} for look in table.values()]
        hues = {str(look.get("edgecolor", look.get("color"))) for look in table.values()}
        assert len(hues) > 2
        twins = [(a, b) for a in range(len(marks)) for b in range(a) if marks[a] == marks[b]]
        # A line that goes back has its arrow's head at the other end.
        assert twins in ([], [(3, 1)])


@pytest.mark.parametrize(("value", "text"), [
    (3, "3"), (-0.5, "−0.5"), (-0.0, "0"), (1 / 3, "0.3333"), (1e-12, "1e−12"), (np.nan, "undefined"), (np.inf, "∞"),
    (-np.inf, "−∞"), (np.ones((4, 3)), "4×3"), (123456.0, "1.235e+05"),
])  # fmt: skip
def test_numbers_in_words(value, text):
    assert number(value) == text


@pytest.mark.parametrize(("op", "inputs", "text"), [
    ("add", ["3", "−2"], "3 + (−2)"), ("mul", ["−3", "2"], "−3 · 2"), ("pow", ["−3", "2"], "(−3)**2"),
    ("neg", ["−3"], "−(−3)"), ("tanh", ["−3"], "tanh(−3)"), ("matmul", ["X", "W"], "X @ W"),
])  # fmt: skip
def test_operations_as_written(op, inputs, text):
    assert written(op, inputs) == text


# ---- the picture


def overlaps(plan) -> int:
    places = list(plan.places.items())
    return sum(
        abs(x - a) < plan.halves[v] + plan.halves[w] and abs(y - b) < 2 * plan.radius
        for n, (v, (x, y)) in enumerate(places)
        for w, (a, b) in places[:n]
    )


@pytest.mark.parametrize("formula", [*[p.formula for p in PRESETS[:-1]], TEN, SIXTY, CHAIN, "x", "x + x + x + x"])
def test_nodes_stand_apart_and_inside(formula):
    walk = labs.graph(formula=formula, mode="backward")
    width, height = walk.plan.size
    assert width == 840 and 200 < height < 1500
    assert overlaps(walk.plan) == 0
    assert walk.plan.letters[1] >= 9
    for v, (x, y) in walk.plan.places.items():
        assert walk.plan.halves[v] < x < width - walk.plan.halves[v] and 30 < y < height - 25
    for points in walk.plan.curves.values():
        assert np.nanmin(points) > 0 and np.nanmax(points[:, 0]) < width and np.nanmax(points[:, 1]) < height


def test_every_text_stays_in_the_picture():
    for preset in PRESETS:
        for hold in (False, True):
            chosen = {"formula": preset.formula, "values": preset.values, "mode": "backward", "hold": hold, "step": -1}
            scene = Scene(labs.graph, labs.graph.settings(**chosen))
            scene.stage.png()
            width, height = scene.picture.figure.bbox.size
            for words in scene.picture.figure.artists:
                if hasattr(words, "get_text") and words.get_text():
                    box = words.get_window_extent()
                    inside = box.x0 > -1 and box.x1 < width + 1 and box.y0 > -1 and box.y1 < height + 1
                    assert inside, (preset.title, words.get_text())


@pytest.mark.parametrize("formula", [SIXTY, CHAIN, TEN, PRESETS[7].formula])
def test_values_and_gradients_stand_clear_of_each_other(formula):
    scene = Scene(labs.graph, labs.graph.settings(formula=formula, mode="backward", step=-1))
    scene.stage.png()
    picture = scene.picture
    above = {v: words.get_window_extent() for v, words in picture.above.items() if words.get_text()}
    below = {v: words.get_window_extent() for v, words in picture.below.items() if words.get_text()}
    covered = [(v, w) for v, a in above.items() for w, b in below.items()
               if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 2]  # fmt: skip
    assert covered == []


def test_kinds_of_nodes_have_their_own_shapes():
    scene = Scene(labs.graph, labs.graph.settings(formula="f = 2*x"))
    outlines = {v: scene.picture._outline(v, 0) for v in scene.data.graph.nodes}
    assert not np.allclose(np.ptp(outlines["x"].vertices[:7], axis=0), np.ptp(outlines["f"].vertices[:7], axis=0))
    lines = [getattr(artist, "get_linestyle", str)() for artist in scene.picture.figure.artists]
    assert sum(line not in ("", "-", "None", "solid") for line in lines) == 1  # the constant is dashed


def test_sixty_nodes_and_few_new_commands_per_frame():
    walk = labs.graph(formula=SIXTY, mode="backward")
    assert len(walk.graph.nodes) >= 60
    picture = _Picture()
    picture.load(walk)
    picture.draw(0)
    changed = []
    for frame in range(1, len(walk.moments)):
        for artist in picture.live:
            artist.stale = False
        picture.draw(frame)
        changed.append(sum(artist.stale for artist in picture.live))
    del changed[walk.seed - 1], changed[-1]  # all local derivatives appear; all is told
    assert np.median(changed) < 12 and max(changed) < 30
    scene = Scene(labs.graph, walk.settings)
    assert len(scene.stage._film) < 2e6


# ---- what a reader may do


@settings(max_examples=60)
@given(
    preset=st.sampled_from(PRESETS),
    mode=st.sampled_from(MODES),
    hold=st.booleans(),
    step=st.sampled_from([None, 0, 3, -1]),
    number_of_node=st.integers(-1, 5),
    extremes=st.lists(st.sampled_from([-5.0, -1.0, 0.0, 1e-3, 5.0]), min_size=8, max_size=8),
)
def test_every_combination_of_settings_is_drawn(preset, mode, hold, step, number_of_node, extremes):
    names = parse(preset.formula).names
    scalars = {n: v for n, v in zip(names, extremes, strict=False) if not np.ndim(preset.values.get(n, 0))}
    chosen = {"formula": preset.formula, "values": {**preset.values, **scalars}, "mode": mode, "hold": hold}
    nodes = [*labs.graph(**chosen).graph.nodes]
    node = nodes[number_of_node] if 0 <= number_of_node < len(nodes) else ""
    scene = Scene(labs.graph, labs.graph.settings(**chosen, node=node, step=step))
    shown = [a.get_text() for a in scene.picture.figure.artists if hasattr(a, "get_text")]
    assert not any(re.search(r"\bnan\b|\binf\b", text) for text in [*shown, *scene.stage._captions])
    head, rows = labs.graph.table(scene.data)
    assert rows and {len(row) for row in rows} == {len(head)}


@pytest.mark.parametrize("formula", ["log(x - y)/(x - x)", "sqrt(-x)", "1/(x - 3)", "exp(exp(exp(x)))", "x**y", "x"])
@pytest.mark.parametrize("mode", MODES)
def test_undefined_values_are_called_so(formula, mode):
    scene = Scene(labs.graph, labs.graph.settings(formula=formula, values={"x": 3.0}, mode=mode))
    told = " ".join(scene.stage._captions)
    assert not re.search(r"\bnan\b|\binf\b", told)
    if mode != "structure" and "sqrt" in formula:
        assert "undefined" in told


@pytest.mark.parametrize(("wrong", "message"), [
    ({"formula": "x +"}, "something is missing"),
    ({"formula": "import os"}, "import"),
    ({"values": {"z": 1}}, "z is no input of this formula: it has x, y"),
    ({"values": {"x": np.nan}}, "finite"),
    ({"mode": "sideways"}, "structure, forward, backward"),
    ({"node": "q"}, "there is no node 'q': choose one of x, y, u, f"),
    ({"formula": "A + x", "values": {"A": [1.0, 2.0]}, "mode": "backward"}, "gradients start from a scalar"),
    ({"formula": "+".join(["x"] * (LARGEST + 2))}, f"can show {LARGEST}"),
    ({"formula": "A @ B", "values": {"A": [[1.0, 2.0]], "B": [[1.0]]}}, "do not fit"),
    ({"tensor": 3}, "a Tensor or a Graph"),
])  # fmt: skip
def test_mistakes_are_explained(wrong, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        labs.graph(**wrong)


def test_settings_print_as_a_call_that_recreates_them():
    call = labs.graph.settings(formula="f = x*y", values={"x": -1, "y": 2.0}, mode="backward", step=4).call()
    assert call == "labs.graph.show(formula='f = x*y', values={'x': -1.0}, mode='backward', step=4)"
    assert labs.graph.settings().call() == "labs.graph.show()"


# ---- tensors


def classifier():
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=(5, 4)), name="x")
    w = Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W")
    b = Tensor(np.zeros(3), requires_grad=True, name="b")
    return cross_entropy(x @ w + b, np.array([0, 1, 2, 0, 1])), w, b


@pytest.mark.parametrize("mode", MODES)
def test_any_tensor_can_be_shown(mode):
    loss, w, b = classifier()
    scene = Scene(labs.graph, labs.graph.settings(tensor=loss, mode=mode, node="W", step=-1))
    told = "\n".join(scene.stage._captions)
    assert "5×3" in told if mode != "structure" else "of shape 4×3" in told
    if mode == "backward":
        loss.backward()
        assert np.array_equal(scene.data.gradients["W"], w.grad) and np.array_equal(scene.data.gradients["b"], b.grad)
        assert scene.picture.above["W"].get_text() == "4×3"


def test_broken_graphs_show_their_structure():
    broken = Graph.build({"x": (), "u": ("add", "x", "f"), "f": ("round", "u"), "g": ("mul", "f", "nowhere")})
    scene = Scene(labs.graph, labs.graph.settings(tensor=broken))
    assert "u = x + f" in "\n".join(scene.stage._captions)
    with pytest.raises(ValueError, match="built by hand"):
        labs.graph(tensor=broken, mode="forward")


# ---- the view


def test_view_offers_a_slider_for_each_input_and_remembers():
    view = labs.graph.show()
    assert [s.description for s in view.sliders.children] == ["x", "y"]
    view.sliders.children[0].value = -4.5
    assert view.walk.inputs == {"x": -4.5, "y": 2.0}
    view.widgets["formula"].value = "f = a*x"
    assert [s.description for s in view.sliders.children] == ["a", "x"]
    assert view.walk.inputs == {"a": 3.0, "x": -4.5}
    view.widgets["formula"].value = "f = a*x + y"
    assert view.walk.inputs["y"] == 2.0
    assert view.presets.value == ""
    assert view.scene.settings.call() == "labs.graph.show(formula='f = a*x + y', values={'x': -4.5, 'y': 2.0})"


def test_view_leaves_the_picture_alone_at_a_mistake():
    view = labs.graph.show()
    before, film = view.scene.data, view.scene.stage._film
    view.widgets["formula"].value = "u = (x + y"
    assert "never closed" in view.error.value
    assert view.scene.data is before and view.scene.stage._film is film
    assert view.widgets["formula"].value == "u = (x + y"
    view.widgets["formula"].value = "u = (x + y)"
    assert view.error.value == ""


@presets
def test_view_takes_every_preset(preset):
    view = labs.graph.show(mode="backward")
    view.presets.value = preset.formula
    assert view.error.value == "" and view.widgets["formula"].value == preset.formula
    assert set(view.walk.inputs) == set(parse(preset.formula).names)
    assert view.scene.stage.frame == view.walk.seed
    assert len(view.scene.stage.live) == len(view.scene.picture.live)


def test_view_follows_the_pointer_and_its_own_list_of_nodes():
    view = labs.graph.show(mode="backward")
    x, y = view.walk.plan.places["y"]
    axes = view.scene.picture.axes
    view._pointed(Point(axes, x + 3, y - 3, False))
    assert view.nodes.value == ""
    view._pointed(Point(axes, x + 3, y - 3, True))
    assert view.nodes.value == "y" and "∂f/∂y = ∂f/∂f" in view.scene.stage.caption
    view.nodes.value = "x"
    assert "∂f/∂x = ∂f/∂u" in view.scene.stage.caption
    x, y = view.walk.plan.places["x"]
    view._pointed(Point(axes, x, y, True))  # again: none
    assert view.nodes.value == "" and "\n" not in view.scene.stage.caption


def test_view_keeps_its_frame_while_values_change():
    view = labs.graph.show(mode="backward")
    assert view.scene.stage.frame == 3
    view.scene.stage.frame = 8
    assert "step=8" in view.call.value
    view.sliders.children[1].value = 1.0
    assert view.scene.stage.frame == 8 and view.scene.stage.caption.endswith("∂f/∂y = 5.")
    view.widgets["hold"].value = True  # the last frame stays the last
    assert view.scene.stage.frame == len(view.walk.moments) - 1
    assert "held fixed" in view.scene.stage.caption
    view.widgets["mode"].value = "structure"
    assert view.scene.stage.frame == 0


def test_the_figure_grows_with_the_graph():
    view = labs.graph.show()
    small = view.scene.stage._scene["height"]
    view.set(formula=CHAIN)
    assert view.scene.stage._scene["height"] > 2 * small
    view.set(formula="x*y")
    assert view.scene.stage._scene["height"] <= small


def test_typing_fast_shows_the_last_formula():
    """Each letter takes the place of the film before, finished or not."""

    async def type_it() -> None:
        for formula in ("f = x", "f = x*y", "f = tanh(x*y)", "f = tanh(x*y) +", "f = tanh(x*y) + x"):
            view.widgets["formula"].value = formula
            await asyncio.sleep(0)
        await view.scene.stage._task

    view = labs.graph.show(mode="forward")
    asyncio.run(type_it())
    assert view.scene.stage._captions[-1].startswith("f = v4 + x")


@pytest.mark.parametrize("formula", ["x", "+x", "u = x; f = u"])
def test_a_formula_that_is_its_input_has_slope_one(formula):
    assert captions(formula=formula, mode="backward")[-1] == "Done: x is the output itself, ∂x/∂x = 1."


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"values": 3}, "values must be given by name"),
        ({"values": {"x": "a"}}, "x must be a finite number"),
        ({"values": {"x": [[1], [1, 2]]}}, "x must be a finite number"),
        ({"step": 1.5}, "step must be a whole number, got 1.5"),
        ({"formula": 3}, "formula must be text, in quotes: got 3"),
    ],
)
def test_a_setting_of_the_wrong_kind_is_named(values, words):
    with pytest.raises(ValueError, match=words):
        labs.graph(**values)
