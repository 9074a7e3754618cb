"""The reader's own digit: what the pointer draws, and what the network makes of it."""

import numpy as np
import pytest

from textbook import data, labs
from textbook.labs.draw_digit import STEPS, inked, towards
from textbook.stage import Point

SEVEN = (((7.0, 6.0), (20.0, 6.0), (13.0, 23.0)),)


def test_the_pass_is_that_of_the_net():
    mnist, net, d = data.load_mnist(), data.digit_net(), labs.draw_digit(digit=3)
    x = mnist.x_val[np.flatnonzero(mnist.y_val == 3)[0]]
    assert np.array_equal(d.x, x)
    z2 = np.maximum(x @ net.w1 + net.b1, 0) @ net.w2 + net.b2
    assert np.allclose(d.shares, np.exp(z2) / np.exp(z2).sum(), atol=1e-6)


def test_a_drawn_seven_is_read():
    d = labs.draw_digit(digit="own", lines=SEVEN)
    assert d.shares.argmax() == 7
    assert np.array_equal(d.x, data.as_mnist(inked(SEVEN)))


def test_ink_lies_along_the_line_and_nowhere_else():
    ink = inked((((4.0, 14.0), (24.0, 14.0)),))
    rows = np.flatnonzero(ink.any(axis=1))
    assert ink[41:43, 20:60].min() == 1
    assert 2 * 1.3 * 3 <= len(rows) <= 2 * 1.3 * 3 + 2
    assert inked((((5.0, 5.0),),)).any() and not inked(()).any()


def drag(view, *points):
    axes = view.stage.pointer[0]
    for k, (x, y) in enumerate(points):
        view._pointed(Point(axes, x, y, final=k == len(points) - 1))


def test_dragging_draws_lines_on_fresh_paper():
    view = labs.draw_digit.show()
    drag(view, (7, 6), (20, 6), (13, 23))
    assert (view.settings["digit"], view.settings["lines"]) == ("own", SEVEN)
    drag(view, (10, 14), (17, 14))
    assert view.settings["lines"] == (*SEVEN, ((10.0, 14.0), (17.0, 14.0)))
    assert "says 7" in view.stage.caption


def test_clear_and_another_digit_take_the_lines_away():
    view = labs.draw_digit.show(digit="own", lines=SEVEN)
    view.press("clear")
    assert view.settings["lines"] == () and not view.data.ink.any()
    drag(view, (5, 5), (9, 9))
    view.move("digit", 2)
    assert view.settings["lines"] == () and view.data.shares.argmax() == 2


def test_the_caption_speaks_of_the_unit_that_is_framed():
    view = labs.draw_digit.show(digit=1, unit=30)
    d = view.data
    assert f"Unit 30: the stencil's weighted sum is {d.z1[30]:.1f}" in view.stage.caption


@pytest.mark.parametrize("lines", [None, 3, "abc", ((1, 2),), (((1, 2, 3),),), (((1, 99),),), ((),), (((np.nan, 1),),)])
def test_what_is_no_drawing_is_refused(lines):
    with pytest.raises(ValueError, match="lines must be lines of points"):
        labs.draw_digit(digit="own", lines=lines)


def test_too_long_a_drawing_is_refused():
    with pytest.raises(ValueError, match="clear the paper"):
        labs.draw_digit(digit="own", lines=(tuple((1.0, 1.0) for _ in range(5000)),))


def loss(images, target):
    """The cross-entropy in plain NumPy: (N, 784) → (N,)."""
    net = data.digit_net()
    z = np.maximum(images @ net.w1 + net.b1, 0) @ net.w2 + net.b2
    return np.log(np.exp(z).sum(axis=1)) - z[:, target]


@pytest.mark.parametrize(("digit", "target", "step"), [(7, 8, 0), (7, 8, 20), (1, 0, 3), (4, 4, 5)])
def test_the_gradient_is_that_of_finite_differences(digit, target, step):
    d, h = labs.draw_digit(digit=digit, way="change", target=target), 1e-5
    pixels = np.eye(784) * h
    wanted = (loss(d.path[step] + pixels, target) - loss(d.path[step] - pixels, target)) / (2 * h)
    assert np.abs(wanted).max() > 1e-4
    assert np.allclose(d.g[step], wanted, rtol=1e-4, atol=1e-7 * np.abs(wanted).max() + 1e-9)


def test_each_step_goes_against_the_gradient_and_stays_in_the_image():
    d = labs.draw_digit(digit=3, way="change", target=5, alpha=0.25)
    assert np.array_equal(d.path[0], d.x) and d.path.min() >= 0 and d.path.max() <= 1
    for x, g, after in zip(d.path, d.g, d.path[1:], strict=False):
        free = (after > 0) & (after < 1)  # not clipped
        assert free.any() and np.allclose((after - x)[free], -0.25 * g[free] / np.linalg.norm(g))
        assert np.linalg.norm(after - x) <= 0.25 + 1e-12
    assert np.allclose(-np.log(d.shares_on[:, 5]), loss(d.path, 5))
    assert d.shares_on[-1, 5] > 0.9 > 0.5 > d.shares_on[0, 5]


def test_every_digit_can_become_every_other_in_a_change_shorter_than_half_the_image():
    for digit in (0, 4, 7):
        for target in {*range(10)} - {digit}:
            d = labs.draw_digit(digit=digit, way="change", target=target)
            reads = int((d.reads == target).argmax())
            assert d.reads[0] == digit and d.reads[reads] == target and reads <= STEPS
            assert d.length[reads] < np.linalg.norm(d.x) / 2


def test_the_caption_counts_what_has_changed():
    view = labs.draw_digit.show(way="change", target=8, step=20)
    d, words = view.data, view.stage.caption
    pixels = int((np.abs(d.path[20] - d.x) > 0.1).sum())
    assert f"Step 20: share of 8 from below 0.1% to {d.shares_on[20, 8]:.1%}; {pixels} pixels changed by more" in words
    assert f"has length {np.linalg.norm(d.path[20] - d.x):.1f}, the image had {np.linalg.norm(d.x):.1f}" in words


def test_only_what_is_read_anew_may_be_adversarial():
    view = labs.draw_digit.show(way="change", target=8)
    half = view.stage.frame
    assert view.data.shares_on[half - 1, 8] <= 0.5 < view.data.shares_on[half, 8]
    assert "an adversarial example (Szegedy et al. 2014" in view.stage.caption
    view.set(step=1)
    assert "The network still reads 7." in view.stage.caption and "adversarial" not in view.stage.caption
    view.set(target=7, step=5)
    assert "The network still reads 7." in view.stage.caption


def test_drawing_goes_on_in_both_ways():
    view = labs.draw_digit.show(way="change", target=1)
    drag(view, (7, 6), (20, 6), (13, 23))
    assert (view.settings["lines"], view.settings["step"], view.stage.frame) == (SEVEN, 0, 0)
    assert "Step 0, the image as it is: the network reads 7" in view.stage.caption
    view.move("way", "forward")
    assert "says 7" in view.stage.caption and "target" not in view.panel.parts
    drag(view, (10, 14), (17, 14))
    assert len(view.settings["lines"]) == 2 and len(view.data.unit) == 32


def test_even_blank_paper_can_be_changed():
    d = labs.draw_digit(digit="own", way="change", target=0)
    assert not d.x.any() and d.shares_on[-1, 0] > d.shares_on[0, 0]


def test_a_gradient_of_nothing_moves_nothing():
    at_last = towards(labs.draw_digit(digit=1).x * 0, 3, 0.5, steps=300)[0][-1]
    path, g, shares = towards(at_last, 3, 0.5, steps=2)
    assert np.isfinite(path).all() and np.isfinite(g).all() and shares[0, 3] > 0.99


def test_ink_is_as_the_whole_paper_would_have_it():
    rng = np.random.default_rng(0)
    lines = tuple(tuple(map(tuple, rng.uniform(0, 28, (n, 2)))) for n in (1, 2, 5))
    y, x = (np.mgrid[:84, :84] + 0.5) / 3
    far = np.full(x.shape, np.inf)
    for line in lines:
        for (x0, y0), (x1, y1) in zip(line, line[1:] or line, strict=False):
            t = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / (np.hypot(x1 - x0, y1 - y0) ** 2 or 1), 0, 1)
            far = np.minimum(far, np.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0)))
    assert np.allclose(inked(lines), np.clip((1.3 - far) * 3 + 0.5, 0, 1))
