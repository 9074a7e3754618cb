"""The paths lab without a browser: both ways give the same derivative, and the counts are counts."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text

from textbook import labs
from textbook.labs.paths import BACKWARDS, BY_PATHS, MOST

lab = labs.paths
factors = st.floats(-3, 3).map(lambda v: round(2 * v) / 2)


@given(stages=st.integers(1, MOST), a=factors, b=factors)
@settings(max_examples=20)
def test_both_ways_end_at_the_derivative(stages, a, b):
    by_paths, backwards = (lab(way=way, stages=stages, a=a, b=b) for way in ("paths", "backwards"))
    assert by_paths.derivative == backwards.derivative == pytest.approx((a + b) ** stages)
    assert f"sum so far {(a + b) ** stages + 0.0:.4g}." in by_paths.work[-1][1].replace("−", "-")
    # The curves of the picture are what walking the graph has counted.
    assert by_paths.work[-1][0] == BY_PATHS[stages - 1]
    assert backwards.work[-1][0] == BACKWARDS[stages - 1]


def test_paths_are_all_the_paths():
    data = lab(stages=3, a=2.0, b=3.0)
    assert len(data.paths) == len(data.work) == 8
    assert len({tuple((step.node, step.index) for step in path) for path in data.paths}) == 8
    for path in data.paths:
        assert (path[0].node.name, path[-1].parent.name) == ("f", "x")
        assert all(before.parent is after.node for before, after in pairwise(path))


def test_ten_to_one_is_reached_at_five_stages():
    assert np.flatnonzero(BY_PATHS > 10 * BACKWARDS)[0] + 1 == 5


def test_totals_appear_as_messages_arrive():
    scene = lab.scene(way="backwards", stages=2, a=2.0, b=3.0)
    said = [text for text in scene.picture.live if isinstance(text, Text) and text.get_weight() == "bold"]

    def shown():
        return sorted(text.get_text() for text in said if text.get_visible())

    scene.draw(0)
    assert shown() == ["1", "1"]
    caption = scene.draw(7)
    assert set(shown()) == {"1", "5", "25"} and "∂f/∂x = 25" in caption
    scene.draw(0)  # and back again
    assert shown() == ["1", "1"]


def test_the_nodes_carry_the_factors():
    scene = lab.scene(stages=1, a=-2.0, b=3.0)
    assert {"x", "×(−2)", "×3", "+"} <= {text.get_text() for text in scene.figure.axes[0].texts}


def test_table():
    head, rows = lab.rows(lab())
    assert rows[9] == (10, "1,024", "20,479", "50") and len(head) == 4
