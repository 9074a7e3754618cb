"""The lab memory: bytes alive over both passes, on the engine's own graph."""

import numpy as np
import pytest

from textbook import labs
from textbook.labs.memory import UNIT, net
from textbook.memory import saved_bytes

lab = labs.memory


@pytest.mark.parametrize("parts", [0, 1, 5, 16])
def test_operations_and_what_is_done_twice(parts):
    d = lab(parts=parts, layers=20)
    count = {phase: int((d.phase == phase).sum()) for phase in ("forward", "again", "backward")}
    assert count == {"forward": 40, "again": 40 if parts else 0, "backward": 40 + parts}


@pytest.mark.parametrize("parts", [0, 1, 5, 16])
def test_what_the_forward_pass_leaves_is_what_the_graph_keeps(parts):
    d = lab(parts=parts, layers=20)
    assert saved_bytes(net(20, parts)) / UNIT == (parts or 40)
    held = d.held[np.flatnonzero(d.phase == "forward")[-1]].sum()
    # Before the last part forgets its inside: one result for each part before, and that inside.
    assert held == (parts - 1 + 2 * (20 // parts) if parts else 40)


def test_keeping_everything_is_a_mountain_and_parts_lower_it():
    d = lab(parts=0, layers=24)
    assert (d.alive == d.plain).all() and d.plain.max() == 50 * UNIT
    assert d.peaks.min() < 0.35 * d.peaks[0] < d.peaks[1]
    assert abs(int(np.argmin(d.peaks)) - np.sqrt(2 * 24)) <= 2  # near the root of the number of operations


def test_caption_says_what_is_done_twice():
    view = lab.show(parts=4)
    assert "48 operations are done twice" in view.stage.caption and "a second time" in view.stage.caption
    view.move("parts", 0)
    assert "No operation is done twice" in view.stage.caption
    head, rows = lab.rows(view.data)
    assert rows[0][2] == 0 and rows[4][2] == 48 and head[1] == "most bytes alive"
