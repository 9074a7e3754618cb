"""Words and numbers as readers see them."""

import numpy as np
import pytest

from textbook.words import counted, given, listed, number, shape, signed, sum_of, typed, written


@pytest.mark.parametrize(("value", "text"), [
    (3, "3"), (-0.5, "−0.5"), (-0.0, "0"), (1 / 3, "0.3333"), (1e-12, "1e−12"), (np.nan, "undefined"), (np.inf, "∞"),
    (-np.inf, "−∞"), (np.ones((4, 3)), "4×3"), (123456.0, "1.235e+05"),
])  # fmt: skip
def test_numbers_in_words(value, text):
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), [
    (101770.0, "101770"), (-3, "-3"), (-0.125, "-0.125"), (2 + 1j, "2+1j"), (np.bool_(True), "True"), (1e15, "1e+15"),
    (np.nan, "nan"), (2**40, "1099511627776"), (1.23456789, "1.23457"),
])  # fmt: skip
def test_numbers_as_typed(value, text):
    assert typed(value) == text


@pytest.mark.parametrize(("op", "inputs", "text"), [
    ("add", ["3", "−2"], "3 + (−2)"), ("mul", ["−3", "2"], "−3 · 2"), ("pow", ["−3", "2"], "(−3)**2"),
    ("neg", ["−3"], "−(−3)"), ("tanh", ["−3"], "tanh(−3)"), ("matmul", ["X", "W"], "X @ W"),
])  # fmt: skip
def test_operations_as_written(op, inputs, text):
    assert written(op, inputs) == text


def test_lists_and_counts():
    assert [listed("xyz"), listed(["x", "y"], "or"), listed("x"), listed([])] == ["x, y and z", "x or y", "x", ""]
    assert [counted(1, "edge"), counted(0, "edge"), counted(2000, "edge")] == ["1 edge", "0 edges", "2,000 edges"]
    assert given({"x": -3.0, "A": np.ones((2, 3))}) == "x = −3 and A of shape 2×3"


def test_sums_and_shapes():
    assert sum_of([5, -2, 0.5]) == "5 + (−2) + 0.5" and signed(-1e-9) == "(−1e−09)"
    assert shape((4, 3)) == "4×3" and shape(()) == "scalar"
