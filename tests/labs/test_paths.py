"""The paths lab without a browser: both ways give the same derivative, and the counts are counts."""

import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from textbook import labs
from textbook.labs.paths import MOST

lab = labs.paths
factors = st.floats(-3, 3).map(lambda v: round(2 * v) / 2)


@given(stages=st.integers(1, MOST), a=factors, b=factors)
@settings(max_examples=20)
def test_both_ways_end_at_the_derivative(stages, a, b):
    by_paths, backwards = (lab(way=way, stages=stages, a=a, b=b) for way in ("paths", "backwards"))
    assert by_paths.derivative == backwards.derivative == pytest.approx((a + b) ** stages)
    assert f"sum so far {(a + b) ** stages:g}." in by_paths.work[-1].caption.replace("-0.", "0.")
    # The curves of the picture are what walking the graph has counted.
    assert by_paths.work[-1].operations == by_paths.by_paths[stages - 1]
    assert backwards.work[-1].operations == backwards.backwards[stages - 1]


def test_paths_are_all_the_paths():
    data = lab(stages=3, a=2.0, b=3.0)
    assert len(data.paths) == len(data.work) == 8
    assert len({tuple((step.node, step.index) for step in path) for path in data.paths}) == 8
    for path in data.paths:
        assert path[0].node is data.chain[-1] and path[-1].parent is data.chain[0]
        assert all(before.parent is after.node for before, after in pairwise(path))


def test_ten_to_one_is_reached_at_five_stages():
    data = lab()
    assert np.flatnonzero(data.by_paths > 10 * data.backwards)[0] + 1 == 5


@pytest.mark.parametrize("way", ["paths", "backwards"])
@pytest.mark.parametrize("stages", [1, MOST])
def test_no_setting_breaks_the_picture(way, stages):
    picture = lab.picture()
    for a, b in ((2.0, 3.0), (0.0, 0.0), (-3.0, 3.0)):
        data = lab(way=way, stages=stages, a=a, b=b)
        picture.load(data)
        picture.figure.draw_without_rendering()
        for frame in range(len(data.work)):
            caption = picture.draw(frame)
            assert f"{frame + 1} of {len(data.work)}" in caption
            assert np.isfinite(picture.walked.get_segments()).all() and np.isfinite(picture.mark.get_xydata()).all()
        assert f"∂f/∂x = {data.derivative:g}" in caption
    picture.figure.draw_without_rendering()


def test_totals_appear_as_messages_arrive():
    picture = lab.picture()
    picture.load(lab(way="backwards", stages=2, a=2.0, b=3.0))
    picture.draw(0)
    assert [t.get_text() for t in picture.totals if t.get_visible()] == ["1", "1"]
    picture.draw(7)
    assert {t.get_text() for t in picture.totals if t.get_visible()} == {"1", "5", "25"}
    picture.draw(0)  # and back again
    assert sum(t.get_visible() for t in picture.totals) == 2


def test_png_and_table():
    assert Image.open(io.BytesIO(lab.png())).size == (840, 440)
    head, rows = lab.table(lab())
    assert rows[9] == (10, "1,024", "20,479", "50") and len(head) == 4
