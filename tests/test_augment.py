"""Augmentation: what each amount does to an image, measured on the image; sampling compared with SciPy's."""

import numpy as np
import pytest
from scipy import ndimage

from textbook import augment, data

NOTHING = {"shift": 0, "turn": 0, "scale": 0, "shear": 0, "warp": 0}
DIGITS = data.load_mnist().x_train[:200]


def rng(seed=0):
    return np.random.default_rng(seed)


def ellipses(n, tall=5.0, wide=4.0):
    """n times the same smooth upright ellipse of ink in the middle, (n, 784)."""
    r, c = np.mgrid[:28, :28] - 13.5
    return np.tile(np.exp(-((r / tall) ** 2) - (c / wide) ** 2).reshape(1, -1), (n, 1)).astype(np.float32)


def moments(x):
    """Of each image: the centre of mass (N, 2), in pixels from the middle, down and right; and the spread (N, 2, 2)."""
    x = x.reshape(-1, 28, 28).astype(float)
    q = np.mgrid[:28, :28] - 13.5
    mass = x.sum(axis=(1, 2))
    centre = np.einsum("nij,aij->na", x, q) / mass[:, None]
    return centre, np.einsum("nij,aij,bij->nab", x, q, q) / mass[:, None, None] - centre[:, :, None] * centre[:, None]


def test_shifted_is_every_image_moved_by_whole_pixels():
    moved = augment.shifted(DIGITS, rng(), most=2)
    found = set()
    for before, after in zip(DIGITS.reshape(-1, 28, 28), moved.reshape(-1, 28, 28), strict=True):
        shifts = ((i, j) for i in range(-2, 3) for j in range(-2, 3))
        hits = [s for s in shifts if np.array_equal(ndimage.shift(before, s, order=0), after)]
        assert len(hits) == 1
        found.update(hits)
    assert len(found) == 25  # every shift occurs among 200


@pytest.mark.parametrize("change", [
    lambda x, r: augment.shifted(x, r),
    lambda x, r: augment.distorted(x, r, shear=0.2, warp=1.5),
], ids=["shifted", "distorted"])
class TestBoth:
    def test_images_stay_images(self, change):
        before = DIGITS.copy()
        out = change(DIGITS, rng())
        assert out.shape == DIGITS.shape and out.dtype == np.float32 and out.flags.writeable
        assert out.min() >= 0 and out.max() <= 1 + 1e-6
        assert np.array_equal(before, DIGITS) and not np.shares_memory(out, DIGITS)
        assert 0.9 < out.sum() / DIGITS.sum() < 1.1

    def test_a_seed_is_a_result(self, change):
        assert np.array_equal(change(DIGITS, rng(1)), change(DIGITS, rng(1)))
        assert not np.array_equal(change(DIGITS, rng(1)), change(DIGITS, rng(2)))

    def test_twins_are_changed_differently(self, change):
        out = change(np.tile(DIGITS[:1], (50, 1)), rng())
        assert len(np.unique(out, axis=0)) > 15

    def test_no_images_and_float64(self, change):
        assert change(DIGITS[:0], rng()).shape == (0, 784)
        assert np.array_equal(change(DIGITS.astype(float), rng()), change(DIGITS, rng()))

    @pytest.mark.parametrize("shape", [(784,), (3, 28, 28), (3, 783), ()])
    def test_what_is_no_row_of_pixels_is_refused(self, change, shape):
        with pytest.raises(ValueError, match=r"images are rows of 784 pixels, shape \(N, 784\): got "):
            change(np.zeros(shape), rng())


def test_no_distortion_changes_nothing():
    assert np.allclose(augment.distorted(DIGITS, rng(), **NOTHING), DIGITS, atol=1e-6)
    assert np.array_equal(augment.shifted(DIGITS, rng(), most=0), DIGITS)


def test_between_pixels_as_scipy_samples():
    images = DIGITS[:20].reshape(-1, 28, 28)
    down, right = rng().uniform(-6, 34, (2, 20, 28, 28)).astype(np.float32)
    ours = augment._sampled(images, down, right)
    for image, d, r, out in zip(images, down, right, ours, strict=True):
        assert np.allclose(out, ndimage.map_coordinates(image, [d, r], order=1, mode="grid-constant"), atol=1e-5)


@pytest.mark.parametrize(("amount", "measure", "low", "high"), [
    ({"shift": 3}, lambda c, s: c[:, 0], -3, 3),
    ({"shift": 3}, lambda c, s: c[:, 1], -3, 3),
    ({"turn": 20}, lambda c, s: np.degrees(np.arctan2(2 * s[:, 0, 1], s[:, 0, 0] - s[:, 1, 1])) / 2, -20, 20),
    ({"scale": 0.2}, lambda c, s: np.sqrt(s[:, 0, 0] / 12.5), 0.8, 1.2),
    ({"scale": 0.2}, lambda c, s: np.sqrt(s[:, 1, 1] / 8.0), 0.8, 1.2),
    ({"shear": 0.3}, lambda c, s: s[:, 0, 1] / s[:, 0, 0], -0.3, 0.3),
], ids=["down", "right", "turn", "tall", "wide", "shear"])
def test_an_amount_is_the_most_that_an_image_is_changed_by(amount, measure, low, high):
    x = ellipses(400)
    centre, spread = moments(augment.distorted(x, rng(), **NOTHING | amount))
    values = measure(centre, spread)
    margin = 0.04 * (high - low)
    assert low - margin < values.min() < low + 2 * margin
    assert high - 2 * margin < values.max() < high + margin
    assert abs(np.median(values) - (low + high) / 2) < 3 * margin


def test_height_and_width_change_apart():
    _, spread = moments(augment.distorted(ellipses(300), rng(), **NOTHING | {"scale": 0.2}))
    assert abs(np.corrcoef(spread[:, 0, 0], spread[:, 1, 1])[0, 1]) < 0.2


def test_a_warp_bends_smoothly_and_by_its_amount():
    ramp = np.tile(np.repeat(np.linspace(0, 1, 28), 28).reshape(1, -1), (500, 1))  # an image that says how far down
    moved = 27 * (augment.distorted(ramp, rng(), **NOTHING | {"warp": 1.0}) - ramp).reshape(-1, 28, 28)
    inner = moved[:, 6:-6, 6:-6]
    assert abs(inner.mean()) < 0.05 and 0.5 < inner.std() < 1.0  # 1 at the 25 points, less in between
    assert np.abs(np.diff(inner, axis=2)).max() < 1.0  # neighbours go the same way


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("amount", [-0.1, float("nan"), float("inf")])
def test_amounts_that_mean_nothing_are_named(name, amount):
    with pytest.raises(ValueError, match=f"{name} says how far an image is changed"):
        augment.distorted(DIGITS, rng(), **{name: amount})


def test_a_scale_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match="scale must be below 1, got 1"):
        augment.distorted(DIGITS, rng(), scale=1)


@pytest.mark.parametrize("most", [-1, 28, 1.5])
def test_shifts_are_whole_pixels_inside_the_image(most):
    with pytest.raises(ValueError, match="from 0 to 27"):
        augment.shifted(DIGITS, rng(), most=most)
