"""The lab torch_graph: both graphs, node by node."""

import sys

import pytest

from textbook import labs, torch_twin
from textbook.engine import topological_order

lab = labs.torch_graph


@pytest.mark.parametrize("settings", [{}, {"program": "layer"}, {"program": "net"},
                                      {"formula": "f = 2/x - sigmoid(x*y)**2 + max(x, 3)*y"}], ids=str)  # fmt: skip
def test_every_node_is_met_and_equal(settings):
    d = lab(**settings)
    root = d.order[0].ours
    assert [p.ours for p in d.order] == [t for t in reversed(topological_order(root)) if t.requires_grad]
    assert d.found.worst < 1e-15
    met = {d.ids[f] for p in d.order for f in (*p.functions, *p.parts)}
    assert met <= set(d.theirs.nodes)
    assert len(set(d.theirs.nodes) - met) <= 1  # the log-softmax inside torch's cross-entropy is a part
    assert len(lab.rows(d)[1]) == len(d.order)


def test_what_a_step_shows():
    view = lab.show(step=2)
    assert view.stage.caption == "Ours: u, add. PyTorch: AddBackward0. Value 5; gradient 2: the two are equal."
    view.stage.frame = 4
    assert view.stage.caption.endswith("All 4 are matched; the largest difference is 0.")
    view.move("program", "layer")
    assert view.stage.caption.startswith("Ours: v3, matmul. PyTorch: AddmmBackward0, which computes it in one piece")
    assert "formula" not in view.panel.parts
    view.stage.frame = 5
    assert "Value 4×3, in PyTorch 3×4; gradient 4×3, in PyTorch 3×4" in view.stage.caption


def test_leaves_have_the_names_of_ours():
    assert {n.id for n in lab(program="net").theirs.nodes.values() if n.kind == "input"} == {"w1", "b1", "w2", "b2"}


def test_a_part_of_addmm_says_so():
    d = lab(program="layer")
    k = next(i for i, p in enumerate(d.order) if p.fused)
    assert "in one piece with another" in lab.show(program="layer", step=k + 1).stage.caption


@pytest.mark.parametrize(("formula", "words"), [
    ("f = " + " + ".join(["x*y"] * 20), "the picture can show 24"),
    ("f = x +", "something is missing at the end"),
])  # fmt: skip
def test_what_cannot_be_shown_is_refused(formula, words):
    with pytest.raises(ValueError, match=words):
        lab(formula=formula)


def test_infinite_and_undefined_values_are_equal_too():
    assert lab(formula="f = x/(y - 2) + sqrt(2 - x)").found.worst == 0


def test_without_torch_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ValueError, match="PyTorch, which is not installed here: pip install torch"):
        lab()


def test_the_graph_lab_draws_any_torch_program():
    torch = torch_twin.import_torch()
    graph, _ = torch_twin.graph_of(torch_twin.run(lambda x, y: torch.erf(x * y) + x, 3.0, 2.0), "xy")
    assert labs.graph.show(tensor=graph).stage.caption.startswith("5 nodes: 2 inputs (x, y) and 3 operations")
