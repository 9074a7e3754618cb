"""Every entry of the table of surfaces keeps what it promises."""

import dataclasses
import math

import numpy as np
import pytest

from textbook import Tensor, grad, hessian
from textbook.surfaces import SURFACES, Surface, quadratic, valley

FACTORIES = [valley(0.3), quadratic((3.0, 0.5), angle=1.0), quadratic((2.0, 7.0), angle=-2.5)]
ALL = [pytest.param(entry, id=entry.name) for entry in SURFACES.values()]
ALL += [pytest.param(entry, id=f"made{i}") for i, entry in enumerate(FACTORIES)]
every = pytest.mark.parametrize("entry", ALL)
LOWEST = {  # of all others 0
    "soft_absolute": 1.0,
    "logistic": 0.6419534071919635,
    "six_hump_camel": -1.0316284534898774,
    "styblinski_tang": -78.33233140754282,
}


def random_points(entry: Surface, count: int, seed: int = 0) -> np.ndarray:
    """Points of the extent, shape (d, count)."""
    low, high = np.array(entry.extent).T
    return np.random.default_rng(seed).uniform(low, high, (count, entry.dimension)).T


def central_difference(f, x, h=1e-5):
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


@every
def test_gradient_is_zero_at_the_minima_and_the_value_is_as_stated(entry):
    assert bool(entry.minima) == (entry.minimum is not None)
    if entry.minima:
        np.testing.assert_allclose(entry.minimum, LOWEST.get(entry.name, 0.0), rtol=1e-13, atol=1e-13)
    for point in entry.minima:
        x = np.array(point)
        np.testing.assert_allclose(entry.f(x), entry.minimum, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(grad(entry.f)(x), 0, atol=1e-11)


@every
def test_nothing_lies_below_the_minimum(entry):
    heights = entry.f(np.concatenate([random_points(entry, 20_000), entry.grid(101).reshape(entry.dimension, -1)], 1))
    if entry.minima:
        assert heights.min() >= entry.minimum - 1e-12
    else:  # a surface without a minimum goes on falling beyond its extent
        far = 10 * np.array(entry.extent).T[1][:, None] * random_points(entry, 1000)
        assert entry.f(far).min() < 10 * heights.min() < 0


@every
def test_minimisers_are_isolated_and_inside_the_extent(entry):
    low, high = np.array(entry.extent).T
    rng = np.random.default_rng(1)
    for point in map(np.array, entry.minima):
        assert np.all((low < point) & (point < high))
        around = point[:, None] + rng.choice([-1, 1], (entry.dimension, 200)) * rng.uniform(0.01, 0.1, 200)
        assert entry.f(around).min() > entry.minimum + 1e-6


@every
def test_every_deep_point_of_a_fine_grid_is_near_a_listed_minimiser(entry):
    # So no global minimiser is missing from the table.
    if not entry.minima:
        return
    x = entry.grid(401).reshape(entry.dimension, -1)
    heights = entry.f(x)
    deep = x[:, heights < entry.minimum + 1e-3 * (np.median(heights) - entry.minimum)]
    curvature = min(np.linalg.eigvalsh(hessian(entry.f)(np.array(p))).min() for p in entry.minima)
    reach = 2 * math.sqrt(2e-3 * (np.median(heights) - entry.minimum) / curvature)
    distance = np.min([np.linalg.norm(deep - np.array(p)[:, None], axis=0) for p in entry.minima], axis=0)
    assert deep.size
    assert distance.max() < reach


@every
def test_gradient_against_central_differences(entry):
    for x in random_points(entry, 10).T:
        expected = central_difference(entry.f, x)
        np.testing.assert_allclose(grad(entry.f)(x), expected, rtol=1e-6, atol=1e-6 * (1 + abs(entry.f(x))))


@every
def test_curvature_stays_within_the_stated_bounds(entry):
    points = [*random_points(entry, 40).T, *random_points(entry, 10, seed=1).T * 10, *map(np.array, entry.minima)]
    curvatures = np.array([np.linalg.eigvalsh(np.reshape(hessian(entry.f)(x), (entry.dimension,) * 2)) for x in points])
    if entry.smoothness is not None:
        assert np.abs(curvatures).max() <= entry.smoothness * (1 + 1e-9)
    if entry.strong_convexity is not None:
        assert entry.convex and entry.strong_convexity > 0
        assert curvatures.min() >= entry.strong_convexity * (1 - 1e-9)
    if entry.convex:
        assert curvatures.min() >= -1e-12
    else:
        assert curvatures.min() < 0  # a surface called non-convex is seen to be


@pytest.mark.parametrize("entry", [e for e in SURFACES.values() if e.smoothness is not None], ids=lambda e: e.name)
def test_the_stated_smoothness_is_reached(entry):
    # L is the largest curvature, not any upper bound.  All of these reach it at the origin.
    origin = np.zeros(entry.dimension)
    curvatures = np.linalg.eigvalsh(np.reshape(hessian(entry.f)(origin), (entry.dimension,) * 2))
    np.testing.assert_allclose(np.abs(curvatures).max(), entry.smoothness, rtol=1e-9)


@pytest.mark.parametrize("entry", [e for e in SURFACES.values() if e.smoothness is None], ids=lambda e: e.name)
def test_where_no_smoothness_is_stated_curvature_grows_without_bound(entry):
    def largest(scale):
        x = scale * (np.array(entry.start) + 0.3)
        return np.abs(np.linalg.eigvalsh(np.reshape(hessian(entry.f)(x), (entry.dimension,) * 2))).max()

    assert largest(1e4) > 50 * largest(1e2)


@every
def test_batches_equal_single_points(entry):
    x = random_points(entry, 35).reshape(entry.dimension, 5, 7)
    heights = entry.f(x)
    assert heights.shape == (5, 7)
    for i in np.ndindex(5, 7):
        np.testing.assert_allclose(heights[i], entry.f(x[(slice(None), *i)]), rtol=1e-12, atol=1e-12)
    tensor = entry.f(Tensor(x, requires_grad=True))
    assert isinstance(tensor, Tensor)
    np.testing.assert_array_equal(tensor.data, heights)


@every
def test_start_and_extent(entry):
    assert entry.dimension == len(entry.start) in (1, 2)
    for value, (low, high) in zip(entry.start, entry.extent, strict=True):
        assert low < value < high
    assert np.linalg.norm(grad(entry.f)(np.array(entry.start))) > 1e-3  # a descent from there moves
    grid = entry.grid(51)
    assert grid.shape == (entry.dimension,) + (51,) * entry.dimension
    assert np.all(np.isfinite(entry.f(grid)))
    assert [(axis.min(), axis.max()) for axis in grid] == list(entry.extent)


def test_grid_runs_as_contour_wants_it():
    x, y = SURFACES["rosenbrock"].grid(5)
    assert np.all(x[0] == np.linspace(-2, 2, 5)) and np.all(y[:, 0] == np.linspace(-1, 3, 5))


@every
def test_float32_stays_float32(entry):
    x = random_points(entry, 3).astype(np.float32)
    assert entry.f(x).dtype == np.float32
    p = Tensor(x, requires_grad=True)
    entry.f(p).sum().backward()
    assert p.grad.dtype == np.float32


@every
def test_words(entry):
    assert entry.title and entry.source


@pytest.mark.parametrize("name", SURFACES)
def test_lookup_and_keys(name):
    assert SURFACES[name].name == name
    with pytest.raises(dataclasses.FrozenInstanceError):
        SURFACES[name].title = "other"


@pytest.mark.parametrize(("name", "x"), [("rosenbrock", 1.0), ("rosenbrock", [1.0]), ("valley", [[1.0], [2.0]])])
def test_wrong_number_of_coordinates(name, x):
    with pytest.raises(ValueError, match="coordinates: x must be"):
        SURFACES[name].f(np.array(x))


@pytest.mark.parametrize("curvature", [0.0, -1.0, math.inf, math.nan])
def test_factories_refuse_what_is_no_valley(curvature):
    with pytest.raises(ValueError, match="positive and finite"):
        valley(curvature)
    with pytest.raises(ValueError, match="positive and finite"):
        quadratic((1.0, curvature))


def test_quadratic_wants_two_eigenvalues():
    with pytest.raises(ValueError, match="two eigenvalues"):
        quadratic((1.0, 2.0, 3.0))


@pytest.mark.parametrize("angle", [0.0, 0.7, -2.0])
def test_quadratic_has_the_eigenvalues_and_axes_asked_for(angle):
    matrix = hessian(quadratic((2.0, 9.0), angle).f)(np.array([0.3, -0.4]))
    along = np.array([np.cos(angle), np.sin(angle)])
    np.testing.assert_allclose(matrix @ along, 2.0 * along, atol=1e-12)
    np.testing.assert_allclose(np.linalg.eigvalsh(matrix), [2.0, 9.0])


def test_published_values():
    # Moré, Garbow & Hillstrom 1981, at the standard starting points; Surjanovic & Bingham for the last.
    assert math.isclose(SURFACES["rosenbrock"].f(np.array([-1.2, 1.0])), 24.2)
    assert math.isclose(SURFACES["beale"].f(np.array([1.0, 1.0])), 14.203125)
    assert math.isclose(SURFACES["himmelblau"].f(np.array([0.0, 0.0])), 170.0)
    assert math.isclose(SURFACES["six_hump_camel"].minimum, -1.0316, abs_tol=5e-5)
    assert math.isclose(SURFACES["styblinski_tang"].minimum, 2 * -39.16599, abs_tol=5e-4)
