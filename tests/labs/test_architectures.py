"""Three architectures as graphs: their gradients are PyTorch's, and the words count what is sent."""

import numpy as np
import pytest

from textbook import labs, torch_twin
from textbook.engine import backward_steps, topological_order
from textbook.labs.architectures import nets, told

SIZES = [(nets.convolutional, "layers", 1), (nets.convolutional, "layers", 3), (nets.recurrent, "steps", 1),
         (nets.recurrent, "steps", 6), (nets.attention, "tokens", 2), (nets.attention, "tokens", 12)]  # fmt: skip
SETTINGS = [{"net": "cnn", "layers": 2}, {"net": "rnn", "steps": 4}, {"net": "attention", "tokens": 3}]


def gradients(root):
    """Of all leaves that have one, by name."""
    root.backward()
    return {t.name: t.grad for t in topological_order(root) if not t.recipe and t.requires_grad}


def leaves(torch, root):
    """All leaves in PyTorch, by name."""
    return {t.name: torch.tensor(t.data, requires_grad=t.requires_grad) for t in topological_order(root)
            if not t.recipe and t.name}  # fmt: skip


@pytest.mark.parametrize(("build", "size", "n"), SIZES)
def test_node_by_node_torch_finds_the_same(build, size, n):
    root = build(n)
    assert torch_twin.align(root, torch_twin.replay(root)).worst < 1e-12


def labels(root):
    return root.recipe.params["labels"]


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_convolutional_net_is_torchs(torch, layers):
    root, f = nets.convolutional(layers), torch.nn.functional
    p = leaves(torch, root)
    x = p["x"].permute(0, 3, 1, 2)
    for k in range(1, layers + 1):
        x = f.max_pool2d(torch.relu(f.conv2d(x, p[f"w{k}"].permute(3, 2, 0, 1), p[f"b{k}"], padding=1)), 2)
    loss = f.cross_entropy(x.permute(0, 2, 3, 1).flatten(1) @ p["V"] + p["c"], torch.tensor(labels(root)))
    compare(root, loss, p)


@pytest.mark.parametrize("steps", [1, 2, 6])
def test_the_recurrent_net_is_torchs(torch, steps):
    root = nets.recurrent(steps)
    p = leaves(torch, root)
    if steps == 1:
        p["U"] = torch.zeros(nets.D, nets.D, dtype=torch.float64)
    x = torch.stack([p[f"x{t}"] for t in range(1, steps + 1)])
    cell = torch.nn.RNN(nets.D, nets.D, dtype=torch.float64)
    given = {"weight_ih_l0": p["W"].T, "weight_hh_l0": p["U"].T, "bias_ih_l0": p["b"],
             "bias_hh_l0": torch.zeros(nets.D, dtype=torch.float64)}  # fmt: skip
    states, _ = torch.func.functional_call(cell, given, x)
    compare(root, torch.nn.functional.cross_entropy(states[-1] @ p["V"] + p["c"], torch.tensor(labels(root))), p)


@pytest.mark.parametrize("tokens", [2, 5])
def test_the_block_of_attention_is_torchs(torch, tokens):
    root, f = nets.attention(tokens), torch.nn.functional
    p = leaves(torch, root)
    q, k, v = (p["x"] @ p[name] for name in ("Wq", "Wk", "Wv"))
    heard = f.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
    compare(root, f.cross_entropy(p["x"] + heard @ p["Wo"], torch.tensor(labels(root))), p)


def compare(root, loss, p):
    loss.backward()
    ours = gradients(root)
    assert abs(float(root.data) - loss.item()) < 1e-12
    assert len(ours) >= 4
    for name, g in ours.items():
        assert np.abs(g).max() > 1e-6 and np.abs(g - p[name].grad.numpy()).max() < 1e-12, name


@pytest.fixture
def torch():
    return torch_twin.import_torch()


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_frame_for_each_operation_and_each_message(settings):
    d = labs.architectures(**settings)
    root = d.graph.nodes["L"].tensor
    operations = sum(bool(t.recipe) for t in topological_order(root))
    messages = list(backward_steps(root))
    assert len(d.moments) == operations + len(messages) + 3
    scene = labs.architectures.scene(**settings)
    words = [scene.draw(k) for k in range(len(d.moments))]
    assert sum(text.startswith("Forward. ") for text in words) == operations
    assert sum(text.startswith("Back through ") for text in words) == len(messages)


@pytest.mark.parametrize("settings", SETTINGS)
def test_each_message_has_a_rule_in_words(settings):
    for node in labs.architectures(**settings).graph.nodes.values():
        if node.op:
            assert len(told.BACK[node.op]) == len(node.tensor.recipe.parents), node.op


def test_a_shared_matrix_is_one_node_whose_messages_add_up():
    d = labs.architectures(net="rnn", steps=4)
    assert [len(d.received[v]) for v in ("W", "U", "b", "V")] == [4, 3, 4, 1]
    sums = {v: sum(m.message for m in d.messages if m.edge.source == v) for v in ("W", "U", "b")}
    wanted = gradients(nets.recurrent(4))
    assert all(np.allclose(sums[v], wanted[v], rtol=0, atol=1e-15) for v in sums)


def test_time_runs_forwards_and_its_messages_backwards():
    d = labs.architectures(net="rnn", steps=4)
    made = [m.node for m in d.moments if m.what == "value" and m.node[0] in "hx" and "U" not in m.node][:8]
    assert made == ["xW1", "h1", "xW2", "h2", "xW3", "h3", "xW4", "h4"]
    to_u = [m.edges[0].target for m in d.moments if m.what == "message" and m.node == "U"]
    assert to_u == ["hU4", "hU3", "hU2"]


def test_the_words_say_rule_shapes_lengths_and_what_is_added():
    view = labs.architectures.show(net="rnn", steps=3)
    assert "W is sent the left factor transposed times g, 2×4 → 4×4." in view.stage.caption
    d = view.data
    assert f"message 3 of 3 to W, the sum is {told.length(d.gradients['W'])} long." in view.stage.caption
    view.set(step=0)
    assert "W 3 times, b 3 times and U 2 times. Its messages will add up." in view.stage.caption
    view.set(net="attention", tokens=5, step=7)
    assert view.stage.caption == "Forward. A = softmax(seen): 5×5 → 5×5: each row becomes shares that sum to 1."
    view.set(step=-1)
    assert "Wq from 1" in view.stage.caption
    view.set(net="cnn", layers=1, step=0)
    assert "conv2d uses it at every place" in view.stage.caption
