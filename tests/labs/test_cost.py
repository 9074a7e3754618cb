"""The cost lab without a browser.  Counts are exact; the clock is asked only whether it answers."""

import asyncio
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from textbook import labs
from textbook.labs.cost import OPERATIONS, caption, measure, seconds_in_words, sliding_sum

lab = labs.cost
every_operation = pytest.mark.parametrize("name", list(OPERATIONS))


class Counted:
    """A number that counts what is done with it."""

    def __init__(self):
        self.tally = Counter()

    def __add__(self, other):
        self.tally["+"] += 1
        return self

    def __mul__(self, other):
        self.tally["×"] += 1
        return self

    def tanh(self):
        self.tally["tanh"] += 1
        return self

    __radd__, __rmul__ = __add__, __mul__


def count(name: str, n: int, k: int = 3) -> Counter:
    """How often each kind of arithmetic is done when the lab's own code runs on numbers that count."""
    number = Counted()
    OPERATIONS[name].run(*[np.full(shape, number, object) for shape in OPERATIONS[name].shapes(n, k)])
    return number.tally


def inputs_of(name: str, n: int) -> list[np.ndarray]:
    return [np.random.default_rng(0).uniform(0.5, 1.5, shape) for shape in OPERATIONS[name].shapes(n, 3)]


@every_operation
@pytest.mark.parametrize("k", [1, 3, 5])
def test_the_formulas_are_what_is_counted(name, k):
    for n in (4, 7):
        counted = sum(count(name, n, k).values())
        expected = OPERATIONS[name].operations(n, k)
        assert counted == expected - (n**2 if name == "blas" else 0)  # its sums don't begin with 0 + …


@every_operation
def test_the_exponents_and_the_space_are_those_of_the_formulas(name):
    op = OPERATIONS[name]
    fitted = lab(operation=name, times=[op.operations(n, 3) for n in op.sizes]).fitted
    assert fitted[1] == pytest.approx(op.exponent, abs=1e-9)
    result = op.run(*inputs_of(name, 8))
    assert np.size(result) == op.values(8)


def test_count_by_kind():
    assert count("matmul", 5) == Counter({"×": 125, "+": 125})
    assert count("convolution", 6, 3) == Counter({"×": 9 * 36, "+": 9 * 36})
    assert count("activation", 9) == Counter({"tanh": 9})


@given(arrays(float, (6, 5), elements=st.floats(-3, 3)), arrays(float, (3, 3), elements=st.floats(-3, 3)))
def test_sliding_sum_is_its_formula(image, kernel):
    out, padded = sliding_sum(image, kernel), np.pad(image, 1)
    for r in range(6):
        for c in range(5):
            assert out[r, c] == pytest.approx((padded[r : r + 3, c : c + 3] * kernel).sum(), abs=1e-9)


def test_sliding_sum_is_torchs():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(9, 7)), rng.normal(size=(5, 5))
    given, weights = (torch.tensor(v)[None, None] for v in (image, kernel))
    theirs = torch.nn.functional.conv2d(given, weights, padding=2)[0, 0].numpy()
    np.testing.assert_allclose(sliding_sum(image, kernel), theirs, atol=1e-12)


def test_both_products_are_the_product():
    for name in ("matmul", "blas"):
        x, y = inputs_of(name, 6)
        np.testing.assert_allclose(OPERATIONS[name].run(x, y), x @ y)


@every_operation
def test_measuring_gives_a_positive_time(name):
    assert 0 < measure(name, 8, enough=0.0) < 60


@pytest.mark.parametrize(("t", "words"), [(2.5, "2.5 s"), (0.0125, "12.5 ms"), (3.2e-6, "3.2 µs"), (4e-9, "4 ns")])
def test_seconds_in_words(t, words):
    assert seconds_in_words(t) == words


@every_operation
def test_what_is_drawn_lies_inside(name):
    op = OPERATIONS[name]
    for k, fraction, speed in ((1, 0, 1), (11, 0, 1), (3, 0.4, 1e-9), (11, 1, 1e-3), (1, 1, 1e-12), (3, 1, 1e-9)):
        times = [speed * op.operations(n, k) for n in op.sizes][: round(fraction * len(op.sizes))]
        scene = lab.scene(operation=name, k=k, times=times or None)
        for frame in range(len(op.sizes)):
            said = scene.draw(frame)
            assert said.startswith(f"n = {op.sizes[frame]:,}") and ("Measured" in said) == (frame < len(times))
            for line in scene.figure.axes[0].lines:
                x, y = line.get_data()
                (low, high), (left, right) = line.axes.get_ylim(), line.axes.get_xlim()
                assert np.all((low <= y) & (y <= high) & (left < x) & (x < right))
        if fraction == 1:
            assert scene.data.fitted[1] == pytest.approx(op.exponent, abs=1e-9)
            assert f"Fitted exponent {op.exponent:.2f}" in said.replace("−0.00", "0.00")


def test_captions():
    assert caption(lab(), 0) == (
        "n = 32: 2n³ = 65,536 operations; the result takes 8,192 bytes. Twice n: 8 times the operations. "
        "No time is measured yet: press the button."
    )
    assert "k = 5: 2k²n²" in caption(lab(operation="convolution", k=5), 0)
    assert "1 operation;" in caption(lab(operation="arithmetic"), 0)


@pytest.mark.parametrize("times", [(1.0, -1.0), (1.0,) * 30, (0.0,)])
def test_impossible_times_are_refused(times):
    with pytest.raises(ValueError, match="positive numbers of seconds"):
        lab(times=times)


def test_the_button_measures_in_the_event_loop_and_another_operation_forgets():
    async def press():
        view = lab.show(operation="arithmetic")
        assert not len(view.data.seconds)  # nothing starts by itself
        view.press("measure")
        await view.work._task
        assert len(view.data.seconds) == len(view.data.sizes) and view.data.fitted is not None
        view.press("measure")
        await asyncio.sleep(0)
        view.move("operation", "dot")  # in the middle
        await asyncio.sleep(0)
        assert not view.work.going and view.settings["times"] is None and view.error == ""

    asyncio.run(press())


def test_the_frame_is_the_nearest_size():
    view = lab.show(n=130.0)
    assert view.stage.frame == 4


def test_table():
    head, rows = lab.rows(lab(times=(1e-5,)))
    assert rows[0] == (32, "65,536", "8,192", 1e-5) and rows[1][3] == "" and len(head) == 4
