"""The reader's own digit: what the pointer draws, and what the network makes of it."""

import numpy as np
import pytest

from textbook import data, labs
from textbook.labs.draw_digit import inked
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
