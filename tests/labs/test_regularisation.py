"""The lab of remedies against overfitting: its runs are the tool's, and what the chapter says of them holds."""

import numpy as np
import pytest

from textbook import labs
from tools.regularisation import AT, AUGMENT, DECAY, DROPOUT, IMAGES, SEEDS, watched

lab = labs.regularisation


def test_every_mixture_is_stored():
    for n in IMAGES:
        for p in DROPOUT:
            for shifts in AUGMENT:
                data = lab(images=n, dropout=p, augment=shifts)
                assert data.loss.shape == data.accuracy.shape == (len(DECAY), 2, len(AT))
                assert np.isfinite(data.loss).all() and ((data.accuracy >= 0) & (data.accuracy <= 1)).all()
    np.testing.assert_array_equal(lab().at, AT)


@pytest.mark.parametrize("p, shifts, k", [(0.0, False, 0), (0.5, True, 3)])
def test_the_stored_runs_are_those_of_the_tool(p, shifts, k):
    data, steps = lab(images=100, dropout=p, augment=shifts), 30
    runs = [watched(100, p, DECAY[k], shifts, seed, steps) for seed in range(SEEDS)]
    again = np.mean(runs, axis=0)
    measured = again.shape[1]
    assert measured >= 4 and measured == np.count_nonzero(steps >= AT)
    # Stored as float16; rounding differs from machine to machine.
    np.testing.assert_allclose(data.loss[k, :, :measured], again[:2], rtol=0.02)
    np.testing.assert_allclose(data.accuracy[k, :, :measured], again[2:], atol=0.02)


def test_with_few_images_the_validation_loss_turns_up_and_l2_holds_it_down():
    data = lab(images=300)
    assert data.loss[0, 0, -1] < 0.02 and data.loss[0, 1, -1] > data.loss[0, 1].min() + 0.1
    assert data.loss[3, 1, -1] < data.loss[0, 1, -1] - 0.1
    assert abs(data.accuracy[3, 1, -1] - data.accuracy[0, 1, -1]) < 0.02
    assert data.accuracy[-1, 1, -1] < data.accuracy[0, 1, -1] - 0.02    # too much of it underfits


def test_shifts_and_more_images_raise_the_accuracy():
    plain, shifted, more = (lab(**how).accuracy[0, 1, -1] for how in ({}, {"augment": True}, {"images": 1000}))
    assert shifted > plain + 0.04 and more > plain + 0.06


def test_the_caption_tells_the_gap_and_where_to_stop():
    view = lab.show(decay=0.01)
    data, k = view.data, view.stage.frame
    low, high = data.loss[k, :, -1]
    assert data.decay[k] == 0.01 and f"a gap of {high - low:.2f}" in view.stage.caption
    assert f"at step {data.at[data.stop[k]]}" in view.stage.caption
