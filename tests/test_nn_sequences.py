"""Layers of sequences, each against the same in PyTorch: values and gradients, in float64."""

import math

import numpy as np
import pytest
import torch

from tests.test_nn import assert_near, backward_of_both, rng
from textbook import nn, ops
from textbook.engine import Tensor
from textbook.optim import Optimizer


def copied(ours, theirs):
    """Give torch's parameter the values of ours, (in, out) turned to (out, in)."""
    theirs.data = torch.tensor(ours.data.T.copy())


def leaf(*shape, seed=2):
    x = Tensor(rng(seed).normal(size=shape), requires_grad=True)
    return x, torch.tensor(x.data.copy(), requires_grad=True)


def test_embedding_equals_torchs():
    layer, twin = nn.Embedding(7, 3, rng=rng(), dtype=float), torch.nn.Embedding(7, 3, dtype=torch.float64)
    twin.weight.data = torch.tensor(layer.table.data.copy())
    tokens = np.array([[6, 0, 6, 2], [2, 2, 2, 5]])
    out, their_out = layer(tokens), twin(torch.tensor(tokens))
    assert out.shape == (2, 4, 3)
    assert_near(out.data, their_out)
    backward_of_both(out, their_out)
    assert_near(layer.table.grad, twin.weight.grad)
    assert repr(layer) == "Embedding(7, 3)" and nn.Embedding(7, 3, rng=rng()).table.dtype == np.float32


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("length", [1, 6])
def test_rnn_equals_torchs(length, started):
    layer, twin = nn.RNN(3, 4, rng=rng(), dtype=float), torch.nn.RNN(3, 4, batch_first=True, dtype=torch.float64)
    layer.inward.b.data = rng(1).normal(size=4)
    pairs = [
        (layer.inward.w, twin.weight_ih_l0), (layer.u, twin.weight_hh_l0), (layer.inward.b, twin.bias_ih_l0)
    ]  # fmt: skip
    for ours, theirs in pairs:
        copied(ours, theirs)
    twin.bias_hh_l0.data = torch.zeros(4, dtype=torch.float64)
    (x, their_x), (h, their_h) = leaf(5, length, 3), leaf(5, 4, seed=3)
    out = layer(x, h if started else None)
    their_out, last = twin(their_x, their_h[None] if started else None)
    assert_near(out.data, their_out)
    assert_near(layer.states(x, h if started else None)[-1].data, last[0])
    backward_of_both(out, their_out)
    assert_near(x.grad, their_x.grad)
    if started:
        assert_near(h.grad, their_h.grad)
    for ours, theirs in pairs:
        if theirs.grad.any():
            assert_near(ours.grad.T, theirs.grad)


def attention_in_torch(layer, x):
    """`torch.nn.MultiheadAttention` with the weights of ours."""
    twin = torch.nn.MultiheadAttention(x.shape[2], layer.heads, batch_first=True, dtype=torch.float64)
    parts = (layer.query, layer.key, layer.value)
    twin.in_proj_weight.data = torch.tensor(np.concatenate([part.w.data.T for part in parts]))
    twin.in_proj_bias.data = torch.tensor(np.concatenate([part.b.data for part in parts]))
    copied(layer.out.w, twin.out_proj.weight)
    copied(layer.out.b, twin.out_proj.bias)
    hidden = ~torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril() if layer.causal else None
    return twin, *twin(x, x, x, attn_mask=hidden, average_attn_weights=False)


def attention(causal, heads):
    layer = nn.Attention(6, heads, rng=rng(), causal=causal, dtype=float)
    for number, part in enumerate((layer.query, layer.key, layer.value, layer.out)):
        part.b.data = rng(number).normal(size=6)
    return layer


@pytest.mark.parametrize("heads", [1, 2, 3])
@pytest.mark.parametrize("causal", [True, False])
def test_attention_equals_torchs(causal, heads):
    layer, (x, their_x) = attention(causal, heads), leaf(4, 5, 6)
    out = layer(x)
    twin, their_out, weights = attention_in_torch(layer, their_x)
    assert_near(out.data, their_out)
    assert_near(layer.weights(x).data, weights)
    backward_of_both(out, their_out)
    assert_near(x.grad, their_x.grad)
    joint = [np.concatenate([getattr(p, name).grad.T for p in (layer.query, layer.key, layer.value)]) for name in "wb"]
    assert_near(joint[0], twin.in_proj_weight.grad)
    np.testing.assert_allclose(joint[1], twin.in_proj_bias.grad.numpy(), rtol=1e-12, atol=1e-12)
    assert_near(layer.out.w.grad, twin.out_proj.weight.grad.T)


@pytest.mark.parametrize("causal", [True, False])
def test_block_equals_torchs(causal):
    block, (x, their_x) = nn.TransformerBlock(6, 2, rng=rng(), causal=causal, dtype=float), leaf(4, 5, 6)
    twin = torch.nn.TransformerEncoderLayer(
        6, 2, dim_feedforward=24, dropout=0.0, batch_first=True, norm_first=True, dtype=torch.float64
    )
    norm1, attend = block.listen.branch.layers
    norm2, first, _, second = block.think.branch.layers
    parts = (attend.query, attend.key, attend.value)
    twin.self_attn.in_proj_weight.data = torch.tensor(np.concatenate([part.w.data.T for part in parts]))
    pairs = [
        (attend.out.w, twin.self_attn.out_proj.weight), (first.w, twin.linear1.weight), (first.b, twin.linear1.bias),
        (second.w, twin.linear2.weight), (second.b, twin.linear2.bias), (norm1.scale, twin.norm1.weight),
        (norm1.shift, twin.norm1.bias), (norm2.scale, twin.norm2.weight), (norm2.shift, twin.norm2.bias),
    ]  # fmt: skip
    for number, (ours, theirs) in enumerate(pairs):
        ours.data = ours.data + 0.3 * rng(number).normal(size=ours.shape)
        copied(ours, theirs)
    twin.self_attn.in_proj_bias.data = torch.zeros(18, dtype=torch.float64)
    twin.self_attn.out_proj.bias.data = torch.zeros(6, dtype=torch.float64)
    hidden = ~torch.ones(5, 5, dtype=torch.bool).tril() if causal else None
    out, their_out = block(x), twin(their_x, src_mask=hidden)
    assert_near(out.data, their_out)
    backward_of_both(out, their_out)
    assert_near(x.grad, their_x.grad)
    for ours, theirs in pairs:
        assert_near(ours.grad.T, theirs.grad)


def language_model(seed=0, dtype=np.float32):
    return nn.Transformer(5, length=8, d=8, heads=2, blocks=2, rng=rng(seed), dtype=dtype)


def test_a_causal_model_never_looks_ahead():
    model, tokens = language_model(dtype=float), rng(1).integers(0, 5, (3, 8))
    logits = model(tokens).data
    for t in range(8):
        changed = tokens.copy()
        changed[:, t] = (changed[:, t] + 1) % 5
        apart = np.abs(model(changed).data - logits).max(axis=(0, 2)) > 1e-9
        assert apart.tolist() == [False] * t + [True] * (8 - t)
    assert np.allclose(model(tokens[:, :3]).data, logits[:, :3])


def test_a_transformer_learns_what_a_place_before_said():
    """Each token repeats the one two places back, so only the first two are a surprise."""
    model = language_model()
    optimizer = Optimizer(model, "adam", lr=3e-3)
    g, losses = rng(1), []
    for _ in range(250):
        tokens = np.tile(g.integers(0, 5, (32, 2)), 4)
        optimizer.zero_grad()
        logits = ops.reshape(model(tokens)[:, 1:-1], shape=(-1, 5))
        loss = ops.cross_entropy(logits, tokens[:, 2:].reshape(-1))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(math.log(5), abs=0.8) and np.mean(losses[-10:]) < 0.05
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype("float32")}


def test_an_rnn_carries_what_it_heard_first(steps=300):
    """The first number decides the label; it must pass through ten states."""
    g = rng(4)
    rnn, head = nn.RNN(1, 16, rng=g), nn.Linear(16, 2, rng=g)
    optimizer = Optimizer([*rnn.parameters(), *head.parameters()], "adam", lr=3e-3)
    for _ in range(steps):
        x = g.normal(size=(64, 10, 1)).astype(np.float32)
        y = (x[:, 0, 0] > 0).astype(int)
        optimizer.zero_grad()
        logits = head(rnn.states(x)[-1])
        ops.cross_entropy(logits, y).backward()
        optimizer.step()
    assert np.mean(logits.data.argmax(axis=1) == y) > 0.85


def test_their_parameters_have_names():
    model = nn.Sequential(nn.Embedding(5, 4, rng=rng()), nn.TransformerBlock(4, 2, rng=rng()), nn.RNN(4, 3, rng=rng()))
    names = list(model.named_tensors())
    assert names[:2] == ["layers.0.table", "layers.1.listen.branch.layers.0.scale"]
    assert names[-3:] == ["layers.2.inward.w", "layers.2.inward.b", "layers.2.u"]
    assert len(names) == len(model.parameters()) == 1 + 2 + 8 + 2 + 4 + 3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.Embedding(0, 3, rng=rng()), ["0 × 3"]),
        (lambda: nn.Attention(6, 4, rng=rng()), ["4 heads", "6 features", "multiple"]),
        (lambda: nn.Attention(6, 0, rng=rng()), ["0 heads"]),
        (lambda: language_model()(np.zeros((1, 9), int)), ["8 places", "9 tokens"]),
        (lambda: language_model()(np.full((1, 3), 5)), ["tokens[0, 0] = 5", "rows 0 to 4"]),
        (lambda: nn.RNN(0, 3, rng=rng()), ["widths", "0 and 3"]),
    ],
)
def test_bad_sequences_are_named(make, words):
    with pytest.raises(ValueError) as caught:
        make()
    for word in words:
        assert word in str(caught.value)
