"""The graph lab: what it shows is what the engine, and PyTorch, compute; and nothing a reader types breaks it."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text

from textbook import labs
from textbook.engine import Tensor, backward_steps
from textbook.expression import parse
from textbook.graph import Edge, Graph
from textbook.labs.graph import LARGEST, PRESETS, told
from textbook.labs.graph.picture import LINES, RINGS, WalkPicture
from textbook.ops import cross_entropy
from textbook.words import number

SOURCE = {"values": {"x": 3.0, "y": 2.0}}  # the worked example of §3.3 and §4.4
MODES = ("structure", "forward", "backward")
presets = pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.title)

NET = "; ".join(f"h{i} = tanh(a{i}*x + c{i}*y + b{i})" for i in range(1, 6))
SIXTY = NET + "; z = " + " + ".join(f"d{i}*h{i}" for i in range(1, 6)) + "; loss = (sigmoid(z) - t)**2"
CHAIN = "s0 = sin(x*y); " + "; ".join(f"s{i} = sin(s{i - 1}*x)" for i in range(1, 28)) + "; f = s27*x"
CHAPTER_3 = "z = w1*x1 + w2*x2 + b; y_hat = 1 / (1 + exp(-z))"
TEN = "u = x + y; v = u*w; f = sigmoid(v) + v**2 + x*y"


def captions(**values) -> list[str]:
    walk = labs.graph(**values)
    return [told.caption(walk, k) for k in range(len(walk.moments))]


def filmed(**values):
    """The scene, and the picture whose artists it moves."""
    scene = labs.graph.scene(**values)
    return scene, scene.picture.draw.__self__


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
    assert told.caption(walk, len(walk.moments) - 1) == (
        "With u held fixed, f sees only what its own operation reads: ∂f/∂x = 0 and ∂f/∂y = 5.\n"
        "When it moves: ∂f/∂x = 2 and ∂f/∂y = 7."
    )
    assert [m.edges for m in walk.moments[4:-1]] == [(Edge("y", "f", 1),)]


def test_holding_nothing_changes_nothing():
    walk = labs.graph(formula="f = x*x", mode="backward", hold=True)
    assert walk.partials == {"x": 6}
    assert "no intermediate node" in told.caption(walk, len(walk.moments) - 1)


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
    assert told.about(walk, node).startswith(sum_)


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
    "a square": lambda t, x: x * x,
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
            assert np.isclose(sum(walk.sums[e] for e in walk.out_edges[v]), node.tensor.grad, rtol=1e-12)


@presets
def test_what_is_drawn_is_what_was_computed(preset):
    scene, picture = filmed(formula=preset.formula, values=preset.values, mode="backward")
    walk, plan = scene.data, scene.data.plan
    for v, node in walk.graph.nodes.items():
        below, above = picture.below[v].get_text(), picture.above[v].get_text()
        if node.kind == "constant":
            assert below == above == ""
        else:
            assert below.endswith(number(node.value)) and above.endswith(number(walk.gradients[v]))
    if plan.roomy:
        for e, local in walk.local.items():
            assert picture.notes[e].get_text().endswith(number(local))


def test_gradients_are_not_shown_before_they_are_known():
    scene, picture = filmed(mode="backward", **SOURCE)
    texts = {}
    for frame in (0, 2, 3, 5, 7, 8):
        scene.draw(frame)
        texts[frame] = (picture.below["f"].get_text(), picture.above["y"].get_text())
    assert texts == {
        0: ("f", ""), 2: ("f = 10", ""), 3: ("f = 10", ""), 5: ("f = 10", "∂f/∂y = 5 + …"), 7: ("f = 10", "∂f/∂y = 7"),
        8: ("f = 10", "∂f/∂y = 7"),
    }  # fmt: skip


def test_a_frame_looks_the_same_from_wherever_one_comes():
    scene, picture = filmed(formula=TEN, mode="backward", node="v", hold=False)
    last = len(scene.data.moments) - 1

    def look():
        return [a.get_visible() and (getattr(a, "get_text", str)(), getattr(a, "get_linewidth", str)())
                for a in picture.live]  # fmt: skip

    forwards = []
    for k in range(last + 1):
        scene.draw(k)
        forwards.append(look())
    for k in range(last, -1, -1):
        scene.draw(k)
        assert look() == forwards[k]
    assert forwards[0] != forwards[-1]


def test_states_differ_in_more_than_colour():
    for table in (RINGS, LINES):
        marks = [{k: v for k, v in look.items() if "color" not in k} for look in table.values()]
        hues = {str(look.get("edgecolor", look.get("color"))) for look in table.values()}
        assert len(hues) > 2
        twins = [(a, b) for a in range(len(marks)) for b in range(a) if marks[a] == marks[b]]
        # A line that goes back has its arrow's head at the other end.
        assert twins in ([], [(3, 1)])


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
    assert width == 840 and 200 < height < 2000
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
            scene, _ = filmed(**chosen)
            scene.stage.png()
            width, height = scene.figure.bbox.size
            for words in scene.figure.axes[0].texts:
                if words.get_text():
                    box = words.get_window_extent()
                    inside = box.x0 > -1 and box.x1 < width + 1 and box.y0 > -1 and box.y1 < height + 1
                    assert inside, (preset.title, words.get_text())


@pytest.mark.parametrize("formula", [SIXTY, CHAIN, TEN, PRESETS[7].formula])
def test_values_and_gradients_stand_clear_of_each_other(formula):
    scene, picture = filmed(formula=formula, mode="backward")
    scene.stage.png()
    above = {v: words.get_window_extent() for v, words in picture.above.items() if words.get_text()}
    below = {v: words.get_window_extent() for v, words in picture.below.items() if words.get_text()}
    covered = [(v, w) for v, a in above.items() for w, b in below.items()
               if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 2]  # fmt: skip
    assert covered == []


@pytest.mark.parametrize("formula", [PRESETS[0].formula, CHAPTER_3, "z = x*w + b; h = relu(z); loss = (h - y)**2"])
def test_no_text_hides_another(formula):
    names = parse(formula).names
    values = dict(zip(names, (2, -1.5, -3, -2, -3), strict=False))
    scene, picture = filmed(formula=formula, values=values, mode="backward")
    scene.draw(len(scene.data.moments) - 1)
    texts = [text for text in picture.figure.findobj(Text) if text.get_visible() and text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    covered = [(one, other) for i, (one, a) in enumerate(boxes) for other, b in boxes[:i]
               if min(a.x1, b.x1) - max(a.x0, b.x0) > 2 and min(a.y1, b.y1) - max(a.y0, b.y0) > 4]  # fmt: skip
    assert covered == []


def test_sixty_nodes_and_few_new_commands_per_frame():
    walk = labs.graph(formula=SIXTY, mode="backward")
    assert len(walk.graph.nodes) >= 60
    picture = WalkPicture(Figure(figsize=(8.4, 2.5)))
    picture.scenery(walk)
    picture.load(walk)
    picture.draw(walk, 0)
    changed = []
    for frame in range(1, len(walk.moments)):
        for artist in picture.live:
            artist.stale = False
        picture.draw(walk, frame)
        changed.append(sum(artist.stale for artist in picture.live))
    del changed[walk.seed - 1], changed[-1]  # all local derivatives appear; all is told
    assert np.median(changed) < 12 and max(changed) < 30
    assert len(labs.graph.show(formula=SIXTY, mode="backward").stage._film) < 2e6


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
    try:
        scene, _ = filmed(**chosen, node=node, step=step)
    except ValueError as error:
        assert "step must lie between" in str(error)
        return
    shown = [words.get_text() for words in scene.figure.axes[0].texts]
    said = [scene.draw(k) for k in range(len(scene.data.moments))]
    assert not any(re.search(r"\bnan\b|\binf\b", text) for text in [*shown, *said])
    head, rows = labs.graph.rows(scene.data)
    assert rows and {len(row) for row in rows} == {len(head)}


@pytest.mark.parametrize("formula", ["log(x - y)/(x - x)", "sqrt(-x)", "1/(x - 3)", "exp(exp(exp(x)))", "x**y", "x"])
@pytest.mark.parametrize("mode", MODES)
def test_undefined_values_are_called_so(formula, mode):
    said = " ".join(captions(formula=formula, values={"x": 3.0}, mode=mode))
    assert not re.search(r"\bnan\b|\binf\b", said)
    if mode != "structure" and "sqrt" in formula:
        assert "undefined" in said


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
    assert call == "labs.graph.show(formula='f = x*y', values={'x': -1}, mode='backward', step=4)"
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
    scene, picture = filmed(tensor=loss, mode=mode, node="W", step=-1)
    said = "\n".join(scene.draw(k) for k in range(len(scene.data.moments)))
    assert "5×3" in said if mode != "structure" else "of shape 4×3" in said
    if mode == "backward":
        loss.backward()
        assert np.array_equal(scene.data.gradients["W"], w.grad) and np.array_equal(scene.data.gradients["b"], b.grad)
        assert picture.above["W"].get_text() == "4×3"


def test_broken_graphs_show_their_structure():
    broken = Graph.build({"x": (), "u": ("add", "x", "f"), "f": ("round", "u"), "g": ("mul", "f", "nowhere")})
    assert "u = x + f" in "\n".join(captions(tensor=broken))
    with pytest.raises(ValueError, match="built by hand"):
        labs.graph(tensor=broken, mode="forward")


# ---- the view


def sliders(view):
    return [name.removeprefix("values.") for name in view.panel.parts if name.startswith("values.")]


def test_view_offers_a_slider_for_each_input_and_remembers():
    view = labs.graph.show()
    assert sliders(view) == [], "in the structure they would have no effect"
    view.move("mode", "forward")
    assert sliders(view) == ["x", "y"]
    view.panel.hear("values.x", -4.5)
    assert view.data.inputs == {"x": -4.5, "y": 2.0}
    view.move("formula", "f = a*x")
    assert sliders(view) == ["a", "x"] and view.data.inputs == {"a": 3.0, "x": -4.5}
    for half in ("f = a", "f = a*", "f = a*x + y"):
        view.move("formula", half)
    assert view.data.inputs == {"a": 3.0, "x": -4.5, "y": 2.0}
    assert view.panel.parts["example"]["value"] == 0
    assert view.settings.call().startswith("labs.graph.show(formula='f = a*x + y', values={'x': -4.5, 'y': 2}")


def test_view_leaves_the_picture_alone_at_a_mistake():
    view = labs.graph.show()
    before, film = view.data, view.stage._film
    view.move("formula", "u = (x + y")
    assert "never closed" in view.panel.parts["error"]["value"]
    assert view.data is before and view.stage._film is film
    assert view.panel.parts["formula"]["value"] == "u = (x + y"
    view.move("formula", "u = (x + y)")
    assert view.error == ""


@presets
def test_view_takes_every_preset(preset):
    view = labs.graph.show(mode="backward")
    view.panel.hear("example", PRESETS.index(preset) + 1)
    assert view.error == "" and view.settings["formula"] == preset.formula
    assert set(view.data.inputs) == set(parse(preset.formula).names)
    assert view.stage.frame == len(view.data.moments) - 1
    assert "example" not in view.settings.call()


def test_view_follows_the_pointer_and_its_own_list_of_nodes():
    view = labs.graph.show(mode="backward")
    x, y = view.data.plan.places["y"]
    view.stage._point = [0, x + 3, y - 3, False]  # as the browser says it
    assert view.settings["node"] == ""
    view.stage._point = [0, x + 3, y - 3, True]
    assert view.settings["node"] == "y" and "∂f/∂y = ∂f/∂f" in view.stage.caption
    view.panel.hear("node", 1)
    assert "∂f/∂x = ∂f/∂u" in view.stage.caption
    x, y = view.data.plan.places["x"]
    view.stage._point = [0, x, y, True]  # again: none
    assert view.settings["node"] == "" and "\n" not in view.stage.caption


def test_view_keeps_its_frame_while_values_change():
    view = labs.graph.show(mode="backward")
    assert view.stage.frame == 8, "a finished pass, for the still"
    view.stage.frame = 5
    assert "step=5" in view.settings.call()
    view.panel.hear("values.y", 1.0)
    assert view.stage.frame == 5 and "∂f/∂y = 4 so far" in view.stage.caption
    view.stage.frame = 8
    view.move("hold", True)  # the last frame stays the last
    assert view.stage.frame == len(view.data.moments) - 1
    assert "held fixed" in view.stage.caption
    view.move("mode", "structure")
    assert view.stage.frame == 0


def test_a_held_pass_shows_both_derivatives():
    _, picture = filmed(mode="backward", hold=True, **SOURCE)
    assert picture.above["y"].get_text() == "5 held\n7 in all"


def test_every_name_of_a_caption_is_drawn():
    for preset in PRESETS:
        scene, picture = filmed(formula=preset.formula, values=preset.values, mode="backward")
        for v, node in scene.data.graph.nodes.items():
            if node.kind == "operation":
                assert picture.below[v].get_text().split()[0] in (v, f"{v[:7]}…")


def test_the_figure_grows_with_the_graph():
    view = labs.graph.show()
    small = view.stage._scene["height"]
    view.set(formula=CHAIN)
    assert view.stage._scene["height"] > 2 * small
    view.set(formula="x*y")
    assert view.stage._scene["height"] <= small


@pytest.mark.parametrize("formula", ["x", "+x", "u = x; f = u"])
def test_a_formula_that_is_its_input_has_slope_one(formula):
    assert captions(formula=formula, mode="backward")[-1] == "Done: x is the output itself, ∂x/∂x = 1."


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"values": 3}, "values must be given by name"),
        ({"values": {"x": "a"}}, "x must be a finite number"),
        ({"values": {"x": [[1], [1, 2]]}}, "x must be a finite number"),
        ({"formula": 3}, "formula must be text, in quotes: got 3"),
    ],
)
def test_a_setting_of_the_wrong_kind_is_named(values, words):
    with pytest.raises(ValueError, match=words):
        labs.graph(**values)
