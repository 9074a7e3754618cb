"""Every entry of the table of derivatives, against central differences and against PyTorch's autograd."""

import math
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from textbook import ops, torch_twin
from textbook.engine import OPS, GraphError, Tensor, apply, grad, no_grad, value_and_grad
from textbook.gradcheck import gradcheck

SEEDS = st.integers(0, 2**32 - 1)
MODERATE = settings(max_examples=80)


# ---------------------------------------------------------------------------------------------- the same in PyTorch


TWINS = torch_twin.functions()


def test_every_op_has_a_twin_and_an_example():
    assert TWINS.keys() == OPS.keys()
    assert SHAPES.keys() == OPS.keys()
    assert all(op.example is not None and op.name == name for name, op in OPS.items())


def assert_close(ours, theirs, what):
    theirs = theirs.numpy(force=True)
    assert np.shape(ours) == np.shape(theirs), what
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12, err_msg=what)


def assert_same_as_torch(ours, twin, inputs, seed=0):
    """Values, and the first and second derivatives of a weighted sum of the output, agree to 1e-12."""
    rng = np.random.default_rng(seed)
    leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    out = twin(*leaves)
    assert_close(ours(*inputs), out, "value")

    weights = rng.normal(size=tuple(out.shape))
    first = torch.autograd.grad((torch.as_tensor(weights) * out).sum(), leaves, create_graph=True)

    def scalar(*xs):
        return ops.sum(weights * ours(*xs))

    for i, g in enumerate(first):
        assert_close(grad(scalar, i)(*inputs), g, f"first derivative, argument {i}")

    # A linear op has a constant gradient: torch refuses to differentiate it, the answer is zero.
    directions = [rng.normal(size=np.shape(x)) for x in inputs]
    slope = sum((torch.as_tensor(v) * g).sum() for v, g in zip(directions, first, strict=True))
    second = (
        torch.autograd.grad(slope, leaves, allow_unused=True, materialize_grads=True)
        if slope.requires_grad
        else [torch.zeros_like(x) for x in leaves]
    )

    def slope_of(*xs):
        return sum(ops.sum(v * grad(scalar, i)(*xs)) for i, v in enumerate(directions))

    for i, h in enumerate(second):
        assert_close(grad(slope_of, i)(*inputs), h, f"second derivative, argument {i}")


# ---------------------------------------------------------------------------------------------- every entry


def weighted(name, params, weights):
    return lambda *xs: ops.sum(weights * apply(OPS[name], *xs, **params))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", OPS)
def test_entry_against_central_differences(name, seed):
    rng = np.random.default_rng(seed)
    inputs, params = OPS[name].example(rng)
    weights = rng.normal(size=np.shape(apply(OPS[name], *inputs, **params)))
    f = weighted(name, params, weights)
    gradcheck(f, *inputs, rtol=1e-6, atol=1e-9)

    direction = rng.normal(size=np.shape(inputs[0]))
    gradcheck(lambda *xs: ops.sum(direction * grad(f)(*xs)), *inputs, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", OPS)
def test_the_check_notices_a_wrong_derivative(name):
    rng = np.random.default_rng(3)
    inputs, params = OPS[name].example(rng)
    weights = rng.normal(size=np.shape(apply(OPS[name], *inputs, **params)))
    f = weighted(name, params, weights)
    for i in range(len(inputs)):
        slope = grad(f, i)(*inputs)
        assert np.count_nonzero(slope) > 0, "an example on which the derivative is 0 checks nothing"
        assert len(np.unique(np.abs(slope).round(9))) > 1, "a symmetric example hides a transposed derivative"


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", OPS)
def test_entry_equals_torch_on_its_example(name, seed):
    inputs, params = OPS[name].example(np.random.default_rng(seed))
    assert_same_as_torch(lambda *xs: apply(OPS[name], *xs, **params), lambda *xs: TWINS[name](*xs, **params), inputs)


@pytest.mark.parametrize("name", OPS)
def test_float32_stays_float32(name):
    inputs, params = OPS[name].example(np.random.default_rng(0))
    params = {k: np.dtype("float32") if k == "dtype" else v for k, v in params.items()}
    leaves = [Tensor(np.float32(x), requires_grad=True) for x in inputs]
    out = apply(OPS[name], *leaves, **params)
    assert out.dtype == np.float32
    out.backward(seed=np.ones(out.shape))
    assert {leaf.grad.dtype for leaf in leaves} == {np.dtype("float32")}
    assert all(leaf.grad.shape == leaf.shape for leaf in leaves)
    slope = grad(lambda x: ops.sum(grad(lambda y: ops.sum(apply(OPS[name], y, *leaves[1:], **params)))(x) * x))
    assert slope(leaves[0]).dtype == np.float32


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("shape", [(5, 1), (7,), (6, 3), (2, 3, 64), (4, 1025)], ids=str)
@pytest.mark.parametrize("name", ["sum", "mean", "var"])
def test_short_rows_of_float32_are_reduced_as_all_others(name, shape, keepdims):
    x = np.random.default_rng(0).normal(1.0, size=shape).astype(np.float32)
    wanted = getattr(np, name)(x.astype(float), axis=-1, keepdims=keepdims)
    for axis in (-1, len(shape) - 1):
        ours = getattr(ops, name)(x, axis=axis, keepdims=keepdims)
        assert ours.dtype == np.float32 and np.shape(ours) == wanted.shape
        np.testing.assert_allclose(ours, wanted, rtol=1e-5, atol=1e-6)
    every = getattr(ops, name)(x, axis=None, keepdims=keepdims)
    np.testing.assert_allclose(every, getattr(np, name)(x.astype(float), keepdims=keepdims), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", OPS)
def test_plain_in_plain_out(name):
    inputs, params = OPS[name].example(np.random.default_rng(0))
    plain = apply(OPS[name], *inputs, **params)
    assert isinstance(plain, (np.ndarray, np.generic))
    kept = apply(OPS[name], *map(Tensor, inputs), **params)
    assert type(kept) is Tensor and not kept.requires_grad and kept.recipe is None
    assert np.array_equal(kept.data, plain)


@pytest.mark.parametrize("name", ["abs", "cos", "exp", "log", "relu", "sigmoid", "sin", "softplus", "sqrt", "tanh"])
@pytest.mark.parametrize("given", [0.5, 2, [0.5, 1.5], np.float32(0.5)])
def test_numbers_and_lists_are_taken_as_they_are(name, given):
    assert np.allclose(getattr(ops, name)(given), getattr(ops, name)(np.asarray(given)))


def test_a_list_of_logits():
    assert np.allclose(ops.softmax([2.0, 1.0, -1.0]), ops.softmax(np.array([2.0, 1.0, -1.0])))


@pytest.mark.parametrize("name", OPS)
def test_the_inputs_are_left_alone(name):
    inputs, params = OPS[name].example(np.random.default_rng(0))
    before = [x.copy() for x in inputs]
    leaves = [Tensor(x, requires_grad=True) for x in inputs]
    out = apply(OPS[name], *leaves, **params)
    for leaf, x in zip(leaves, before, strict=True):
        assert np.array_equal(leaf._data, x)
    out.backward(seed=np.ones(out.shape))
    for leaf in leaves:  # nobody shares a gradient: writing into it reaches no data and no other gradient
        leaf.grad[...] = np.nan
    for leaf, x in zip(leaves, before, strict=True):
        assert np.array_equal(leaf._data, x)
    assert not np.isnan(out._data).any()


# ---------------------------------------------------------------------------------------------- shapes nobody chose


def away(rng, shape):
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.3, 2.0, shape)


def positive(rng, shape):
    return rng.uniform(0.5, 2.0, shape)


def shapes(min_dims=0, min_side=0):
    return hnp.array_shapes(min_dims=min_dims, max_dims=3, min_side=min_side, max_side=3)


@st.composite
def one(draw, values=away):
    return (values(np.random.default_rng(draw(SEEDS)), draw(shapes())),), {}


@st.composite
def pair(draw, left=away, right=away, condition=False):
    fitting = hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0, max_side=3)
    a, b, c = draw(fitting).input_shapes
    rng = np.random.default_rng(draw(SEEDS))
    return (left(rng, a), right(rng, b)), ({"condition": rng.random(c) > 0.5} if condition else {})


@st.composite
def reduction(draw):
    shape = draw(shapes(min_side=1))
    every = st.lists(st.integers(-len(shape), len(shape) - 1), unique_by=lambda a: a % len(shape), min_size=1)
    axis = draw(st.none() | every.map(tuple) | st.integers(-len(shape), len(shape) - 1)) if shape else None
    rng = np.random.default_rng(draw(SEEDS))
    return (away(rng, shape),), {"axis": axis, "keepdims": draw(st.booleans())}


@st.composite
def reshaping(draw):
    shape = draw(shapes(min_side=1))
    new = draw(st.permutations([*shape, 1]).map(tuple) | st.just(-1) | st.just((math.prod(shape), 1)))
    return (away(np.random.default_rng(draw(SEEDS)), shape),), {"shape": new}


@st.composite
def transposition(draw):
    shape = draw(shapes())
    axes = draw(st.permutations(range(len(shape))).map(tuple) | st.none())
    if axes:
        axes = tuple(a - len(shape) * draw(st.booleans()) for a in axes)  # negative axes count from the end
    return (away(np.random.default_rng(draw(SEEDS)), shape),), {"axes": axes}


@st.composite
def broadcasting(draw, back=False):
    small, large = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)).input_shapes
    large = np.broadcast_shapes(small, large)
    rng = np.random.default_rng(draw(SEEDS))
    return (away(rng, large if back else small),), {"shape": small if back else large}


@st.composite
def indexing(draw, back=False):
    shape = draw(shapes(min_dims=1, min_side=1))
    index = draw(
        hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)
        | hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=4))
        | hnp.arrays(bool, shape)
        | st.lists(st.integers(-shape[0], shape[0] - 1), min_size=1, max_size=5)
    )
    rng = np.random.default_rng(draw(SEEDS))
    if back:
        return (away(rng, np.zeros(shape)[index].shape),), {"index": index, "shape": shape}
    return (away(rng, shape),), {"index": index}


@st.composite
def joining(draw):
    shape = draw(shapes(min_dims=1, min_side=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    rng = np.random.default_rng(draw(SEEDS))
    pieces = []
    for length in draw(st.lists(st.integers(0, 3), min_size=1, max_size=4)):
        piece = list(shape)
        piece[axis] = length
        pieces.append(away(rng, piece))
    return tuple(pieces), {"axis": axis}


@st.composite
def product(draw):
    n = draw(st.integers(1, 3))
    stacks = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3)).input_shapes
    left = draw(st.sampled_from([(n,), (2, n), (*stacks[0], 3, n)]))
    right = draw(st.sampled_from([(n,), (n, 4), (*stacks[1], n, 2)]))
    rng = np.random.default_rng(draw(SEEDS))
    return (away(rng, left), away(rng, right)), {}


@st.composite
def logits(draw, labels=False):
    rng = np.random.default_rng(draw(SEEDS))
    if labels:
        n, classes = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
        return (away(rng, (n, classes)),), {"labels": rng.integers(0, classes, n)}
    shape = draw(shapes(min_dims=1, min_side=1))
    return (away(rng, shape),), {"axis": draw(st.integers(-len(shape), len(shape) - 1))}


@st.composite
def standardizing(draw):
    shape = draw(shapes(min_side=2))
    every = st.lists(st.integers(-len(shape), len(shape) - 1), unique_by=lambda a: a % len(shape), min_size=1)
    axis = draw(every.map(tuple) | st.integers(-len(shape), len(shape) - 1)) if shape else ()
    # Sizes far apart: numbers that are nearly equal have no derivative to 12 digits.
    x = np.random.default_rng(draw(SEEDS)).permutation(np.linspace(-2, 3, math.prod(shape))).reshape(shape)
    return (x,), {"axis": axis, "eps": draw(st.sampled_from([1e-5, 0.1]))}


@st.composite
def convolution(draw, of="xw"):
    """An image that takes one window at least, with what is left over; two of image x, weights w and output g."""
    n, c, o, stride = (draw(st.integers(1, 3)) for _ in range(4))
    size = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = draw(st.integers(0, min(size) - 1))
    sides = [max(1, k - 2 * padding) + draw(st.integers(0, 4)) for k in size]
    places = [(side + 2 * padding - k) // stride + 1 for side, k in zip(sides, size, strict=True)]
    wanted = {"x": (n, *sides, c), "w": (*size, c, o), "g": (n, *places, o)}
    rng = np.random.default_rng(draw(SEEDS))
    [third] = set("xwg") - set(of)
    params = {"stride": stride, "padding": padding} | ({} if third == "g" else {"shape": wanted[third]})
    return tuple(away(rng, wanted[name]) for name in of), params


@st.composite
def pooling(draw):
    n, rows, columns, c, size = (draw(st.integers(1, 3)) for _ in range(5))
    return (away(np.random.default_rng(draw(SEEDS)), (n, rows * size, columns * size, c)),), {"size": size}


SHAPES = {
    **dict.fromkeys(["neg", "identity", "exp", "abs", "sin", "cos", "tanh", "sigmoid", "relu", "softplus"], one()),
    **dict.fromkeys(["log", "sqrt"], one(positive)),
    **dict.fromkeys(["add", "sub", "mul", "div", "maximum", "minimum"], pair()),
    "clip": one().map(lambda example: (example[0], {"low": -1.0, "high": 1.25})),
    "pow": pair(left=positive),
    "where": pair(condition=True),
    "matmul": product(),
    **dict.fromkeys(["sum", "mean", "var", "max", "min"], reduction()),
    "reshape": reshaping(),
    "transpose": transposition(),
    "broadcast_to": broadcasting(),
    "sum_to": broadcasting(back=True),
    "astype": one().map(lambda example: (example[0], {"dtype": np.dtype("float64")})),
    "getitem": indexing(),
    "scatter_add": indexing(back=True),
    "concatenate": joining(),
    "conv2d": convolution("xw"),
    "conv2d_input": convolution("gw"),
    "conv2d_weights": convolution("xg"),
    **dict.fromkeys(["max_pool2d", "avg_pool2d"], pooling()),
    **dict.fromkeys(["log_softmax", "softmax"], logits()),
    "standardize": standardizing(),
    "cross_entropy": logits(labels=True),
}


@MODERATE
@pytest.mark.parametrize("name", OPS)
@given(data=st.data())
def test_entry_equals_torch_on_any_shape(name, data):
    inputs, params = data.draw(SHAPES[name])
    assert_same_as_torch(lambda *xs: apply(OPS[name], *xs, **params), lambda *xs: TWINS[name](*xs, **params), inputs)


SEEN = np.array([[1, 0, 0, 0], [1, 0, 1, 1], [0, 1, 1, 0]], dtype=bool)
TOKENS = np.array([[4, 0, 0], [2, 4, 4]])  # 1 and 3 occur nowhere


def attention_in_torch(**options):
    def attention(q, k, v):
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):  # the others have one derivative only
            return F.scaled_dot_product_attention(q, k, v, **options)

    return attention


COMPOSITES = {
    "softmax": (ops.softmax, lambda z: F.softmax(z, dim=-1), ((3, 4),)),
    "softmax, first axis": (lambda z: ops.softmax(z, 0), lambda z: F.softmax(z, dim=0), ((3, 4),)),
    "attention": (ops.attention, attention_in_torch(), ((2, 4, 3), (2, 5, 3), (2, 5, 6))),
    "attention, causal": (
        lambda q, k, v: ops.attention(q, k, v, ops.causal_mask(4)),
        attention_in_torch(is_causal=True),
        ((2, 3, 4, 3), (2, 3, 4, 3), (2, 3, 4, 5)),
    ),
    "attention, masked": (
        lambda q, k, v: ops.attention(q, k, v, SEEN),
        attention_in_torch(attn_mask=torch.tensor(SEEN)),
        ((3, 2), (4, 2), (4, 2)),
    ),
    "embedding": (lambda x: ops.embedding(x, TOKENS), lambda x: F.embedding(torch.tensor(TOKENS), x), ((5, 3),)),
    "gelu": (ops.gelu, lambda x: F.gelu(x, approximate="tanh"), ((2, 3),)),
    "mse": (ops.mse, F.mse_loss, ((4, 2), (4, 2))),
    "mse of scalars": (ops.mse, F.mse_loss, ((), ())),
    "where": (
        lambda x, y: ops.where(np.array([True, False, True]), x, y),
        lambda x, y: torch.where(torch.tensor([True, False, True]), x, y),
        ((2, 3), ()),
    ),
    "concatenate": (lambda x, y: ops.concatenate([x, y, x]), lambda x, y: torch.cat([x, y, x]), ((2, 3), (1, 3))),
    "stack": (lambda x, y: ops.stack([x, y, x], 1), lambda x, y: torch.stack([x, y, x], 1), ((2, 3), (2, 3))),
    "stack last": (lambda x, y: ops.stack([x, y], -1), lambda x, y: torch.stack([x, y], -1), ((2, 3), (2, 3))),
    "clip from below": (lambda x: ops.clip(x, low=0.5), lambda x: x.clamp(min=0.5), ((2, 3),)),
    "clip from above": (lambda x: ops.clip(x, high=-0.5), lambda x: x.clamp(max=-0.5), ((2, 3),)),
    "repeated rows": (lambda x: x[np.array([2, 0, 2, 2])], lambda x: x[[2, 0, 2, 2]], ((3, 2),)),
    "pairs of positions": (lambda x: x[[0, 1, 0], [2, 2, 2]], lambda x: x[[0, 1, 0], [2, 2, 2]], ((2, 3),)),
    "reflected power": (lambda x: 2.0**x, lambda x: 2.0**x, ((2, 3),)),
    "cube": (lambda x: x**3, lambda x: x**3, ((2, 3),)),
    "reciprocal": (lambda x: 1 / x - 2, lambda x: 1 / x - 2, ((2, 3),)),
    "affine": (lambda x, w, b: x @ w + b, lambda x, w, b: x @ w + b, ((5, 3), (3, 2), (2,))),
    "axes from the end": (
        lambda x: ops.transpose(x, (0, -1, 1)) * np.arange(24.0).reshape(2, 4, 3),
        lambda x: x.permute(0, -1, 1) * torch.arange(24.0).reshape(2, 4, 3),
        ((2, 3, 4),),
    ),
    "x·x, one tensor twice": (lambda x: x * x + x @ x, lambda x: x * x + x @ x, ((3, 3),)),
    "standardize examples": (ops.standardize, lambda x: F.layer_norm(x, x.shape[-1:]), ((3, 5),)),
    "standardize features": (
        lambda x: ops.standardize(x, axis=0),
        lambda x: F.batch_norm(x, None, None, training=True),
        ((6, 3),),
    ),
    "variance": (
        lambda x: ops.mean((x - x.mean(axis=1, keepdims=True)) ** 2, axis=1),
        lambda x: x.var(dim=1, unbiased=False),
        ((3, 4),),
    ),
}


@pytest.mark.parametrize("right", [(3,), (3, 4), (2, 3, 4), (5, 1, 3, 4)], ids=str)
@pytest.mark.parametrize("left", [(3,), (4, 3), (2, 4, 3), (5, 2, 1, 3)], ids=str)
def test_matmul_of_vectors_matrices_and_stacks(left, right):
    rng = np.random.default_rng(0)
    assert_same_as_torch(lambda x, y: x @ y, torch.matmul, [away(rng, left), away(rng, right)])


@pytest.mark.parametrize("name", COMPOSITES)
def test_composite_equals_torch(name):
    ours, twin, wanted = COMPOSITES[name]
    for seed in range(3):
        rng = np.random.default_rng(seed)
        assert_same_as_torch(ours, twin, [away(rng, shape) for shape in wanted], seed)


# ---------------------------------------------------------------------------------------------- conventions at kinks

KINKS = {
    "relu at 0": (ops.relu, torch.relu, [[-1.0, 0.0, 2.0]]),
    "abs at 0": (ops.abs, torch.abs, [[-1.0, 0.0, 2.0]]),
    "maximum at a tie": (ops.maximum, torch.maximum, [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]),
    "minimum at a tie": (ops.minimum, torch.minimum, [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]),
    "min with ties": (lambda x: x.min(axis=0), lambda x: x.amin(dim=0), [[[2.0, 2.0, 1.0], [2.0, 5.0, 1.0]]]),
    "clip at its bounds": (lambda x: x.clip(-1.0, 2.0), lambda x: x.clamp(-1.0, 2.0), [[-2.0, -1.0, 0.0, 2.0, 3.0]]),
    "max with ties": (lambda x: ops.max(x, axis=1), lambda x: x.amax(dim=1), [[[2.0, 2.0, 1.0], [0.0, 5.0, 5.0]]]),
    "max of equals": (ops.max, torch.amax, [[[3.0, 3.0], [3.0, 3.0]]]),
    "blocks with ties": (
        lambda x: ops.max_pool2d(x.reshape(1, 2, 6, 1), 2).reshape(3),
        lambda x: F.max_pool2d(x.reshape(1, 1, 2, 6), 2).reshape(3),
        [[[3.0, 3.0, 0.0, 2.0, 1.0, 5.0], [3.0, 3.0, 2.0, 0.0, 5.0, 5.0]]],
    ),
    "0 to a power": (lambda x: x**2, lambda x: x**2, [[0.0, -1.0]]),
    "power 1 at 0": (lambda x: x**1.0, lambda x: x**1.0, [[0.0, -1.0]]),
    "power 0": (lambda x: x**0.0, lambda x: x**0.0, [[0.0, -1.0]]),
    "exponent at base 0": (lambda y: ops.pow(0.0, y), lambda y: torch.pow(torch.tensor(0.0).double(), y), [[0.5, 2.0]]),
}


@pytest.mark.parametrize("name", KINKS)
def test_conventions_equal_torch(name):
    ours, twin, inputs = KINKS[name]
    inputs = [np.array(x) for x in inputs]
    leaves = [torch.tensor(x, requires_grad=True) for x in inputs]
    out = twin(*leaves)
    weights = np.random.default_rng(0).normal(size=tuple(out.shape))
    theirs = torch.autograd.grad((torch.as_tensor(weights) * out).sum(), leaves)
    for i, g in enumerate(theirs):
        value, slope = value_and_grad(lambda *xs: ops.sum(weights * ours(*xs)), i)(*inputs)
        assert_close(value, (torch.as_tensor(weights) * out).sum(), name)
        assert_close(slope, g, name)


def test_conventions_as_stated():
    assert grad(ops.relu)(0.0) == 0.0
    assert grad(ops.abs)(0.0) == 0.0
    assert grad(ops.max)(np.array([1.0, 4.0, 4.0])).tolist() == [0.0, 0.5, 0.5]
    assert grad(ops.gelu)(0.0) == 0.5
    assert ops.gelu(1.0) == pytest.approx(0.841192, abs=1e-6)  # the tanh form; x·Φ(x) itself is 0.841345


@pytest.mark.parametrize(
    ("f", "x", "value", "slope"),
    [
        (ops.sigmoid, [-1e4, 0.0, 1e4], [0, 0.5, 1], [0, 0.25, 0]),
        (ops.softplus, [-1e4, 0.0, 1e4], [0, math.log(2), 1e4], [0, 0.5, 1]),
        (ops.tanh, [-1e4, 0.0, 1e4], [-1, 0, 1], [0, 1, 0]),
        (ops.log_softmax, [-1e4, 1e4], [-2e4, 0], None),
        (ops.softmax, [-1e4, 1e4], [0, 1], [0, 0]),
        (lambda z: ops.cross_entropy(z[None], labels=[0]), [1e4, -1e4], 0, [0, 0]),
        (lambda z: ops.cross_entropy(z[None], labels=[1]), [1e4, -1e4], 2e4, [1, -1]),
    ],
    ids=["sigmoid", "softplus", "tanh", "log_softmax", "softmax", "cross_entropy right", "cross_entropy wrong"],
)
def test_large_inputs_stay_finite(f, x, value, slope):
    point = Tensor(x, requires_grad=True)
    out = f(point)
    assert np.allclose(out.data, value, rtol=1e-15, atol=0)
    out.sum().backward()
    assert np.isfinite(point.grad).all()
    if slope is not None:
        assert np.allclose(point.grad, slope, rtol=0, atol=1e-15)


INFINITE = {  # the derivative of sqrt or log at 0 is infinite; no infinity may pass where the function is constant
    "where": (lambda x: ops.sqrt(ops.where(x > 0, x, 0.0)), lambda x: torch.sqrt(torch.where(x > 0, x, 0.0))),
    "where not": (lambda x: ops.sqrt(ops.where(x <= 0, 0.0, x)), lambda x: torch.sqrt(torch.where(x <= 0, 0.0, x))),
    "relu": (lambda x: ops.log(ops.relu(x)), lambda x: torch.log(torch.relu(x))),
    "maximum": (lambda x: ops.sqrt(ops.maximum(x, 0.0)), lambda x: torch.sqrt(x.clamp(min=0.0))),
    "minimum": (lambda x: ops.sqrt(-ops.minimum(x, 0.0)), lambda x: torch.sqrt(-x.clamp(max=0.0))),
    "clip": (lambda x: ops.sqrt(ops.clip(x, 0.0, 1.5)), lambda x: torch.sqrt(torch.clamp(x, 0.0, 1.5))),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", INFINITE)
def test_no_infinity_passes_a_mask(name, dtype):
    ours, twin = INFINITE[name]
    values = np.array([-1.0, 2.0, -3.0, 1.0], dtype)
    x, y = Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    with np.errstate(divide="ignore"):
        ours(x).sum().backward()
    twin(y).sum().backward()
    assert x.grad.dtype == dtype
    np.testing.assert_allclose(x.grad, y.grad.numpy(), rtol=1e-6)
    assert (x.grad == 0).any() and np.isfinite(x.grad).all()


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: ops.sqrt(ops.max(x - x.max())), [1.0, 2.0], None),  # the winner's alone may be nan
        (lambda x: ops.sqrt(ops.abs(x)), [0.0, 4.0], [0.0, 0.25]),
        (lambda x: ops.sqrt(x**0.0 - 1), [2.0, 4.0], [0.0, 0.0]),
        (lambda x: ops.log(ops.pow(0.0, x)), [2.0, 4.0], [0.0, 0.0]),
    ],
)
def test_no_infinity_passes_where_the_derivative_is_0(f, x, expected):
    x = Tensor(x, requires_grad=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        f(x).sum().backward()
    assert x.grad[0] == 0 and (expected is None or x.grad.tolist() == expected)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("name", ["sum", "mean", "var"])
def test_reductions_of_nothing_equal_torch(name, axis):
    x, y = Tensor(np.zeros((0, 3)), requires_grad=True), torch.zeros(0, 3, dtype=torch.float64, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's and torch's: the mean of nothing is nan
        out, twin = getattr(ops, name)(x, axis=axis), TWINS[name](y, axis=axis)
        assert np.array_equal(out.data, twin.detach().numpy(), equal_nan=True)
        out.backward(seed=np.ones(out.shape))
    twin.sum().backward()
    assert x.grad.shape == tuple(y.grad.shape) == (0, 3)


METHODS = ["exp", "log", "sqrt", "sin", "cos", "tanh", "sum", "mean", "var", "max", "min"]


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_the_operations(name):
    x = Tensor(np.random.default_rng(0).uniform(0.5, 2.0, (3, 4)), requires_grad=True)
    assert getattr(x, name)().data.tolist() == getattr(ops, name)(x.data).tolist()
    assert getattr(x, name)().recipe.op is OPS[name]


def test_argmax_transpose_and_clip_as_numpy_has_them():
    m = np.random.default_rng(0).normal(size=(2, 3, 4))
    x = Tensor(m, requires_grad=True)
    assert x.argmax() == m.argmax() and np.array_equal(x.argmax(axis=1), m.argmax(axis=1))
    assert type(x.argmax(axis=1)) is np.ndarray
    for axes in ((), (2, 0, 1), ((1, 0, 2),)):
        assert np.array_equal(x.transpose(*axes).data, m.transpose(*axes))
    assert np.array_equal(x.clip(-0.5, 0.5).data, m.clip(-0.5, 0.5))
    assert np.array_equal(ops.clip(m, np.zeros(4), None), m.clip(0, None))
    with pytest.raises(ValueError, match=r"one shape, got \(2,\), \(3,\)"):
        ops.stack([np.ones(2), np.ones(3)])


def test_an_integer_to_a_negative_power_is_named():
    for call in (lambda: Tensor(2) ** -1, lambda: Tensor([1, 2]) ** -2, lambda: ops.pow(np.array([2]), -1)):
        with pytest.raises(TypeError, match=r"integer.* negative power .*2\.0"):
            call()
    assert (Tensor(2.0) ** -1).item() == 0.5 and (Tensor(2) ** 2).item() == 4 and (Tensor(2) ** -1.0).item() == 0.5


# ---------------------------------------------------------------------------------------------- random graphs

def reverse(x):
    return x.permute(tuple(range(x.ndim)[::-1]))


# Each keeps to shapes that broadcast against one another: any result may be an operand of any other.
INSTRUCTIONS = {
    "add": (2, lambda x, y: x + y, lambda x, y: x + y),
    "sub": (2, lambda x, y: x - y, lambda x, y: x - y),
    "mul": (2, lambda x, y: x * y, lambda x, y: x * y),
    "div": (2, lambda x, y: x / (2 + ops.cos(y)), lambda x, y: x / (2 + torch.cos(y))),
    "pow": (2, lambda x, y: (1 + x * x) ** ops.sin(y), lambda x, y: (1 + x * x) ** torch.sin(y)),
    "maximum": (2, ops.maximum, torch.maximum),
    "where": (
        2,
        lambda x, y: ops.where(np.array([True, False, True]), x, y),
        lambda x, y: torch.where(torch.tensor([True, False, True]), x, y),
    ),
    "dot": (
        2,
        lambda x, y: ops.tanh((x + 0 * y).reshape(-1) @ (y + 0 * x).reshape(-1)),
        lambda x, y: torch.tanh((x + 0 * y).reshape(-1) @ (y + 0 * x).reshape(-1)),
    ),
    "join": (
        2,
        lambda x, y: ops.concatenate([(x + y).reshape(-1), (x - y).reshape(-1)]).mean(),
        lambda x, y: torch.cat([(x + y).reshape(-1), (x - y).reshape(-1)]).mean(),
    ),
    "neg": (1, lambda x: -x, lambda x: -x),
    "tanh": (1, ops.tanh, torch.tanh),
    "sin": (1, ops.sin, torch.sin),
    "sigmoid": (1, ops.sigmoid, torch.sigmoid),
    "relu": (1, ops.relu, torch.relu),
    "exp": (1, lambda x: ops.exp(-x * x), lambda x: torch.exp(-x * x)),
    "log": (1, lambda x: ops.log(1 + x * x), lambda x: torch.log(1 + x * x)),
    "sqrt": (1, lambda x: ops.sqrt(1 + x * x), lambda x: torch.sqrt(1 + x * x)),
    "softplus": (1, ops.softplus, lambda x: F.softplus(x, threshold=1e3)),
    "sum": (1, lambda x: ops.sum(x), lambda x: x.sum()),
    "mean": (1, lambda x: x.mean(), lambda x: x.mean()),
    "max": (1, lambda x: x.max(), lambda x: x.amax()),
    "flip": (1, lambda x: x.reshape(-1)[::-1].reshape(x.shape), lambda x: x.reshape(-1).flip(0).reshape(x.shape)),
    "log_softmax": (
        1,
        lambda x: ops.log_softmax(x.reshape(1, -1)).reshape(x.shape),
        lambda x: F.log_softmax(x.reshape(1, -1), dim=-1).reshape(x.shape),
    ),
    "twice transposed": (1, lambda x: (x.T * 2).T, lambda x: reverse(reverse(x) * 2)),
}


@st.composite
def programs(draw):
    """Leaves' shapes and instructions (name, operands): operands repeat, so subexpressions are shared."""
    leaf_shapes = draw(st.lists(st.sampled_from([(), (3,), (2, 1), (2, 3), (1,)]), min_size=1, max_size=3))
    lines = []
    for n in range(len(leaf_shapes), len(leaf_shapes) + draw(st.integers(1, 10))):
        name = draw(st.sampled_from(sorted(INSTRUCTIONS)))
        lines.append((name, [draw(st.integers(0, n - 1)) for _ in range(INSTRUCTIONS[name][0])]))
    return leaf_shapes, lines


def run(lines, leaves, column):
    nodes = list(leaves)
    for name, operands in lines:
        nodes.append(INSTRUCTIONS[name][column](*[nodes[i] for i in operands]))
    return nodes


@settings(max_examples=150)
@given(programs(), SEEDS)
def test_random_graphs_equal_torch(program, seed):
    leaf_shapes, lines = program
    rng = np.random.default_rng(seed)
    values = [away(rng, shape) for shape in leaf_shapes]
    directions = [rng.normal(size=shape) for shape in leaf_shapes]

    theirs = [torch.tensor(v, requires_grad=True) for v in values]
    nodes = run(lines, theirs, 2)
    assume(all(node.abs().max() < 100 for node in nodes))  # larger numbers lose digits in both
    total = sum(node.sum() for node in nodes)
    first = torch.autograd.grad(total, theirs, create_graph=True)
    slope = sum((torch.as_tensor(v) * g).sum() for v, g in zip(directions, first, strict=True))
    second = (
        torch.autograd.grad(slope, theirs, allow_unused=True, materialize_grads=True)
        if slope.requires_grad
        else [torch.zeros_like(x) for x in theirs]
    )

    def f(*leaves):
        return sum(ops.sum(node) for node in run(lines, leaves, 1))

    ours = [Tensor(v, requires_grad=True) for v in values]
    mine = run(lines, ours, 1)
    for node, twin in zip(mine, nodes, strict=True):
        assert_near(node.data, twin)
    sum(ops.sum(node) for node in mine).backward()
    for leaf, g in zip(ours, first, strict=True):
        assert_near(leaf.grad, g)

    def slope_of(*leaves):
        return sum(ops.sum(v * grad(f, i)(*leaves)) for i, v in enumerate(directions))

    tensors = [Tensor(v) for v in values]
    for i, h in enumerate(second):
        assert_near(grad(slope_of, i)(*tensors).data, h)


def assert_near(ours, theirs):
    """To 1e-12 of the largest element: sums of large terms may cancel in a small one."""
    theirs = theirs.numpy(force=True)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1e-12 * (1 + np.abs(theirs).max())


# ---------------------------------------------------------------------------------------------- calling them


def test_parameters_by_position_and_by_name():
    x = Tensor(np.arange(6.0).reshape(2, 3))
    assert (ops.sum(x, 1, True) == ops.sum(x, axis=1, keepdims=True)).all()
    assert (ops.reshape(x, (3, 2)) == ops.reshape(x, shape=(3, 2))).all()
    assert ops.transpose(x, (1, 0)).shape == x.T.shape == (3, 2)
    assert ops.where(x > 2, x, 0.0).data.tolist() == [[0, 0, 0], [3, 4, 5]]
    assert ops.where(x, 1.0, 2.0).tolist() == [[2, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize(("op", "args"), [(ops.exp, (2.0, 5)), (ops.add, (1, 2, 3)), (ops.sum, ([1.0], 0, True, 4))])
def test_too_many_arguments(op, args):
    with pytest.raises(TypeError, match="takes"):
        op(*args)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: x + np.ones(4), ValueError, ["add", "(2, 3)", "(4,)"]),
        (lambda x: x @ np.ones((2, 3)), ValueError, ["matmul", "(2, 3) and (2, 3)"]),
        (lambda x: x.reshape(5), ValueError, ["reshape", "(2, 3)"]),
        (lambda x: x.sum(axis=2), ValueError, ["sum", "axis 2"]),
        (lambda x: ops.concatenate([x, np.ones((2, 2))]), ValueError, ["concatenate", "(2, 3) and (2, 2)"]),
        (lambda x: ops.concatenate([]), ValueError, ["at least one"]),
        (lambda x: x[5], IndexError, ["getitem", "(2, 3)", "out of bounds"]),
        (lambda x: ops.mse(x, np.ones((2, 1))), ValueError, ["(2, 3)", "(2, 1)", "never broadcasts"]),
        (lambda x: ops.mse(x[:, 0], np.ones((2, 1))), ValueError, ["(2,)", "(2, 1)"]),
        (lambda x: ops.mse(x[:0], np.ones((0, 3))), ValueError, ["empty"]),
        (lambda x: ops.cross_entropy(x, [0, 3]), ValueError, ["labels[1] = 3", "classes 0 to 2"]),
        (lambda x: ops.cross_entropy(x, [-1, 0]), ValueError, ["labels[0] = -1", "classes 0 to 2"]),
        (lambda x: ops.cross_entropy(x, [0.0, 1.0]), TypeError, ["integers", "float64"]),
        (lambda x: ops.cross_entropy(x, [True, False]), TypeError, ["integers", "bool"]),
        (lambda x: ops.cross_entropy(x, [0, 1, 2]), ValueError, ["(2,)", "(3,)"]),
        (lambda x: ops.cross_entropy(x, [[0], [1]]), ValueError, ["(2,)", "(2, 1)"]),
        (lambda x: ops.cross_entropy(x[0], [0, 1, 2]), ValueError, ["(N, classes)", "(3,)"]),
        (lambda x: ops.cross_entropy(x[:0], np.zeros(0, int)), ValueError, ["empty"]),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error) as caught:
        call(Tensor(np.ones((2, 3)), requires_grad=True))
    for word in words:
        assert word in str(caught.value)


IMAGES = np.ones((2, 5, 6, 3))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: ops.conv2d(x[0], np.ones((3, 3, 3, 4))), ValueError, ["(N, height, width, channels)", "(5, 6, 3)"]),
        (lambda x: ops.conv2d(x, np.ones((9, 4))), ValueError, ["(height, width, channels, out)", "(9, 4)"]),
        (lambda x: ops.conv2d(x, np.ones((3, 3, 1, 4))), ValueError, ["3 channels", "(2, 5, 6, 3)", "weights 1"]),
        (lambda x: ops.conv2d(x, np.ones((6, 3, 3, 4))), ValueError, ["(6, 3)", "larger than the image (5, 6)"]),
        (lambda x: ops.conv2d(x, np.ones((3, 9, 3, 4)), padding=1), ValueError, ["(3, 9)", "padding 1"]),
        (lambda x: ops.conv2d(x, np.ones((3, 2, 3, 4)), padding=2), ValueError, ["padding 2", "only zeros"]),
        (lambda x: ops.conv2d(x, np.ones((3, 3, 3, 4)), padding=-1), ValueError, ["padding", "at least 0", "-1"]),
        (lambda x: ops.conv2d(x, np.ones((3, 3, 3, 4)), stride=0), ValueError, ["stride", "at least 1", "0"]),
        (lambda x: ops.conv2d(x, np.ones((3, 3, 3, 4)), stride=1.5), TypeError, ["stride", "integer", "1.5"]),
        (lambda x: ops.conv2d(x, np.ones((3, 3, 3, 4)), padding="same"), TypeError, ["padding", "integer", "'same'"]),
        *[
            (lambda x, call=call: call(x), error, words)
            for pool in (ops.max_pool2d, ops.avg_pool2d)
            for call, error, words in [
                (lambda x, pool=pool: pool(x, 2), ValueError, ["2 × 2", "5 × 6"]),
                (lambda x, pool=pool: pool(x[:, :4], 4), ValueError, ["4 × 4", "4 × 6"]),
                (lambda x, pool=pool: pool(x[0], 1), ValueError, ["(N, height, width, channels)", "(5, 6, 3)"]),
                (lambda x, pool=pool: pool(x, 0), ValueError, ["size", "at least 1", "0"]),
                (lambda x, pool=pool: pool(x, 2.0), TypeError, ["size", "integer", "2.0"]),
                (lambda x, pool=pool: pool(x, (2, 2)), TypeError, ["size", "integer", "(2, 2)"]),
            ]
        ],
    ],
)
def test_bad_images_are_named(call, error, words):
    with pytest.raises(error) as caught:
        call(Tensor(IMAGES, requires_grad=True))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: ops.embedding(x, [0.0, 1.0]), TypeError, ["integers", "float64"]),
        (lambda x: ops.embedding(x, [True, False]), TypeError, ["integers", "bool"]),
        (lambda x: ops.embedding(x, [[0, 1], [2, 1]]), ValueError, ["tokens[1, 0] = 2", "rows 0 to 1"]),
        (lambda x: ops.embedding(x, [0, -1]), ValueError, ["tokens[1] = -1", "rows 0 to 1"]),
        (lambda x: ops.embedding(x[0], [0, 1]), ValueError, ["(n, d)", "(3,)"]),
        (lambda x: ops.attention(x, x, x, [[True, False], [False, False]]), ValueError, ["hides every key"]),
        (lambda x: ops.attention(x, x, x, np.ones((3, 3))), ValueError, ["(2, 2)", "(3, 3)"]),
    ],
)
def test_bad_sequences_are_named(call, error, words):
    with pytest.raises(error) as caught:
        call(Tensor(np.ones((2, 3)), requires_grad=True))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_masked_has_no_weight_and_no_gradient(dtype):
    rng = np.random.default_rng(0)
    q, k, v = (Tensor(3 * rng.normal(size=(5, 3)).astype(dtype), requires_grad=True) for _ in range(3))
    weights = ops.attention_weights(q, k, ops.causal_mask(5))
    assert weights.dtype == dtype and (weights.data[~np.tri(5, dtype=bool)] == 0).all()
    assert np.allclose(weights.data.sum(axis=1), 1)
    out = ops.attention(q, k, v, ops.causal_mask(5))
    assert np.array_equal(out.data[0], v.data[0])
    ops.sum(out[:3] * out[:3]).backward()
    for x in (q, k, v):
        assert np.isfinite(x.grad).all() and x.grad.any() and not x.grad[3:].any()


def test_a_row_of_minus_infinities_but_one():
    z = Tensor(np.array([[-np.inf, 2.0, -np.inf], [0.0, -np.inf, 1.0]]), requires_grad=True)
    ops.sum(ops.softmax(z) * np.arange(6.0).reshape(2, 3)).backward()
    assert np.isfinite(z.grad).all() and not z.grad[np.isinf(z.data)].any() and not z.grad[0].any()


@pytest.mark.parametrize("size", [(7, 4), (7, 2, 3), (7,)], ids=str)
@pytest.mark.parametrize("index", [np.array([6, 0, 0, -1]), np.array([[2, -7], [2, 2]]), np.zeros(0, int)], ids=str)
def test_scattered_rows_add_up(size, index):
    x = np.random.default_rng(0).normal(size=np.zeros(size)[index].shape)
    wanted = np.zeros(size)
    np.add.at(wanted, index, x)
    np.testing.assert_allclose(ops.scatter_add(x, index=index, shape=size), wanted, rtol=1e-15)


def test_convolution_is_one_form_with_three_derivatives():
    """The number S(x, w, g) is the same, whichever of the three is left to the end."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 7, 6, 3)), rng.normal(size=(3, 2, 3, 4))
    z = ops.conv2d(x, w, stride=2, padding=1)
    g, rest = rng.normal(size=z.shape), {"stride": 2, "padding": 1}
    assert z.shape == (2, 4, 4, 4)
    assert np.sum(ops.conv2d_input(g, w, shape=x.shape, **rest) * x) == pytest.approx(np.sum(z * g), rel=1e-12)
    assert np.sum(ops.conv2d_weights(x, g, shape=w.shape, **rest) * w) == pytest.approx(np.sum(z * g), rel=1e-12)


def test_convolution_by_hand():
    x, w = np.arange(9.0).reshape(1, 3, 3, 1), np.array([[1.0, 0.0], [0.0, -2.0]]).reshape(2, 2, 1, 1)
    assert ops.conv2d(x, w)[0, :, :, 0].tolist() == [[0 - 8, 1 - 10], [3 - 14, 4 - 16]]
    assert ops.conv2d(x, w, 2, 1)[0, :, :, 0].tolist() == [[0, -4], [-12, 4 - 16]]
    assert ops.conv2d(x, w, padding=1).shape == (1, 4, 4, 1)


def test_cross_entropy_reads_its_labels_once():
    labels = np.array([0, 2])
    logits = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    loss = ops.cross_entropy(logits, labels)
    labels[:] = 1  # a batch buffer that is filled again before backward
    loss.backward()
    expected = ops.softmax(np.arange(6.0).reshape(2, 3)) - np.eye(3)[[0, 2]]
    assert np.allclose(logits.grad, expected / 2, rtol=1e-15, atol=1e-15)
    assert ops.cross_entropy(logits, Tensor([0, 2])).item() == pytest.approx(loss.item(), rel=1e-15)


@pytest.mark.parametrize("cast", [lambda x: x.astype(int), lambda x: x.astype(bool)])
def test_no_gradient_through_integers(cast):
    x = Tensor([0.5, 1.5], requires_grad=True)
    with pytest.raises(GraphError, match="only floats"):
        (cast(x) * 0.5).sum().backward()
    assert x.grad is None
    assert (cast(x.detach()) * x).sum().requires_grad


def test_mixed_precision_gives_each_leaf_its_own():
    w = Tensor(np.ones(3, np.float32), requires_grad=True)
    x = Tensor(np.arange(3.0), requires_grad=True)
    out = (w * x).sum()
    out.backward()
    assert (out.dtype, w.grad.dtype, x.grad.dtype) == (np.float64, np.float32, np.float64)
    low = x.astype(np.float32)
    assert low.dtype == np.float32
    low.sum().backward()
    assert x.grad.dtype == np.float64


def test_no_grad_covers_every_op():
    for op in OPS.values():
        inputs, params = op.example(np.random.default_rng(0))
        with no_grad():
            out = apply(op, *(Tensor(x, requires_grad=True) for x in inputs), **params)
        assert not out.requires_grad and out.recipe is None


@pytest.mark.parametrize("y", [3.0, Tensor(3.0)])
def test_scalars_have_no_matrix_product(y):
    with pytest.raises(ValueError, match=r"write \* for a number"):
        Tensor(2.0) @ y
    with pytest.raises(ValueError, match=r"matmul: inputs of shape \(2,\) and \(\) do not fit"):
        Tensor([1.0, 2.0]) @ y
