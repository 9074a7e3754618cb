"""The lab of sabotaged runs: its stored runs are the tool's, and what it tells about each cause is true."""

from types import SimpleNamespace

import numpy as np
import pytest

from textbook import labs
from textbook.labs.diagnose import CAUSES, KNOW_NOTHING, RUNS, stored, verdict
from tools.diagnose import SABOTAGES, watched

lab = labs.diagnose
every_run = pytest.mark.parametrize("run", range(1, len(RUNS) + 1), ids=RUNS)


def test_every_sabotage_is_a_run_and_a_cause():
    assert sorted(RUNS) == sorted(CAUSES) == sorted(set(SABOTAGES) - {"healthy"})
    assert len(RUNS) >= 8


@pytest.mark.parametrize("sabotage", SABOTAGES)
def test_the_stored_runs_are_those_of_the_tool(sabotage):
    kept, again = stored(sabotage), watched(sabotage, steps=21)
    for name, values in again.items():
        first = kept[name][: len(values)]
        scale = np.abs(first).max() + 1e-6
        # float32, on another machine's BLAS; activations are stored as float16
        np.testing.assert_allclose(first / scale, values / scale, atol=1e-2, err_msg=name)
        assert np.isfinite(kept[name]).all()


@every_run
def test_its_own_cause_shows_in_a_run_and_no_other_does(run):
    data = lab(run=run)
    found = [key for key, cause in CAUSES.items() if all(sign.shows(data) for sign in cause.signs)]
    assert found == [RUNS[run - 1]]


@every_run
def test_the_text_answers_the_choice(run):
    for key, cause in CAUSES.items():
        said = verdict(lab(run=run, cause=key))
        if key == RUNS[run - 1]:
            assert f"Yes: {cause.name}" in said and cause.lesson in said
        else:
            assert f"Not “{cause.name}”" in said and "; here " in said


def test_nothing_is_given_away_before_a_choice():
    view = lab.show()
    assert view.stage.caption.endswith("What went wrong?")
    head, rows = lab.rows(view.data)
    told = f"{view.stage.caption} {head} {rows} {view.foot.parts['call']}"
    assert not [cause.name for key, cause in CAUSES.items() if cause.name in told or key in told]


def test_a_healthy_run_shows_no_cause():
    healthy = SimpleNamespace(**stored("healthy"))
    assert [key for key, cause in CAUSES.items() if all(sign.shows(healthy) for sign in cause.signs)] == []
    assert healthy.accuracy[-1] > 0.85


def test_the_least_loss_behind_two_softmaxes():
    """The best that probabilities can do as logits: one 1 and nine 0, −log(e/(e + 9))."""
    assert np.log(np.e + 9) - 1 == pytest.approx(1.46, abs=0.002)
    assert pytest.approx(2.3026, abs=1e-4) == KNOW_NOTHING
