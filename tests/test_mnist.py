"""textbook.mnist: a drawing made like MNIST's digits, and the trained net that ships.  Loading: see test_data.py."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textbook import mnist

DIGITS = mnist.load_mnist()


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 60), st.integers(0, 60))
def test_ink_fits_the_box_and_its_centre_is_in_the_middle(height, width, top, left):
    ink = np.zeros((160, 160))
    ink[top : top + height, left : left + width] = 1
    image = mnist.as_mnist(ink).reshape(28, 28)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    for axis, places in ((1, rows), (0, columns)):
        mass = image.sum(axis=axis)
        assert 14 - 1e-3 <= mass @ (np.arange(28) + 0.5) / mass.sum() < 15 + 1e-3
        assert len(places) >= 1
    assert image.min() >= 0 and image.max() <= 1 + 1e-6


def test_the_mean_of_what_falls_into_a_pixel():
    ink = np.zeros((40, 40))
    ink[:, :20] = 1
    ink[0, 39] = ink[39, 39] = 0.004    # so that the box is the whole drawing
    image = mnist.as_mnist(ink).reshape(28, 28)
    assert image.sum() == pytest.approx(ink.sum() / 4)


def test_mnist_itself_was_prepared_this_way():
    """Of MNIST's digits, enlarged threefold and moved, the same picture comes back."""
    close = []
    for x in DIGITS.x_val[:50]:
        large = np.zeros((120, 120))
        large[5:89, 20:104] = np.kron(x.reshape(28, 28), np.ones((3, 3)))
        close.append(np.corrcoef(mnist.as_mnist(large), x)[0, 1])
    assert np.quantile(close, 0.05) > 0.99


def test_empty_paper_gives_paper():
    assert not mnist.as_mnist(np.zeros((50, 70))).any()


@pytest.mark.parametrize("ink", [
    np.zeros(784), np.full((3, 3), np.nan), np.full((3, 3), 255.0), np.zeros((0, 4)), -np.ones((2, 2)),
])
def test_what_is_no_drawing_is_refused(ink):
    with pytest.raises(ValueError, match="a drawing is"):
        mnist.as_mnist(ink)


def test_the_net_reads_digits_it_has_not_seen():
    net = mnist.digit_net()
    scores = np.maximum(DIGITS.x_test @ net.w1 + net.b1, 0) @ net.w2 + net.b2
    assert (scores.argmax(axis=1) == DIGITS.y_test).mean() > 0.94
    assert net.w1.shape == (784, 32) and {a.dtype for a in net} == {np.dtype("float32")}
