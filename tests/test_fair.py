"""Fair races: the budget is the same, seeds are fresh, and a batched race is many single ones."""

import numpy as np
import pytest

from textbook import optim
from textbook.engine import Tensor
from textbook.fair import RATES, Problem, fair_race, problems

PROBLEMS = problems()


def made_up(rule, rates, seeds, best=None):
    """The final loss is least at `best`; a seed adds its number."""
    off = np.abs(np.log10(np.asarray(rates)[:, None] / (best or {"gd": 0.1, "adam": 0.001}[rule])))
    last = off + 0.01 * np.asarray(seeds)
    return np.stack([last + 1, np.where(off > 2.9, np.nan, last)])


def test_every_rule_is_tuned_and_raced_with_fresh_seeds():
    found = fair_race(made_up, ["gd", "adam"], rates=np.geomspace(1e-4, 1, 5), tuning=(0, 1), seeds=(5, 6, 7))
    assert found["gd"].lr == pytest.approx(0.1) and found["adam"].lr == pytest.approx(0.001)
    np.testing.assert_allclose(found["gd"].final, [0.05, 0.06, 0.07])
    assert found["gd"].curves.shape == (2, 3) and found["gd"].tuning.shape == (5, 2)
    assert np.isinf(found["gd"].tuning[0]).all()  # what is no number is no candidate
    assert found["adam"].within(3) == 1 and found["adam"].within(250) == 3
    assert not found["gd"].at_edge


def test_the_edge_of_the_grid_is_reported():
    found = fair_race(made_up, {"gd": {"best": 100.0}, "adam": {"best": 0.01}}, rates=[0.01, 0.1, 1.0])
    assert found["gd"].at_edge and found["adam"].at_edge
    grids = {"gd": [0.01, 0.1, 1.0], "adam": [1e-4, 1e-3, 1e-2]}
    assert not fair_race(made_up, ["gd", "adam"], rates=grids)["gd"].at_edge


@pytest.mark.parametrize(
    ("hyper", "words"),
    [
        ({"rates": {"gd": [0.1, 1.0], "adam": [0.1]}}, "not fair.*gd: 2, adam: 1"),
        ({"tuning": (0, 1), "seeds": (1, 2)}, r"\[1\] are tuned on and raced on"),
    ],
)
def test_what_is_not_fair_is_refused(hyper, words):
    with pytest.raises(ValueError, match=words):
        fair_race(made_up, ["gd", "adam"], **hyper)


@pytest.mark.parametrize("rule", ["gd", "adam", "lion"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_all_runs_at_once_are_single_runs(name, rule):
    """By hand: the same batches, a loss written out, an `Optimizer`."""
    problem, lr, seed, steps = PROBLEMS[name], 0.01, 3, 20
    batched = problem.run(rule, [0.001, lr], (2, seed), steps=steps, every=5)
    theta = Tensor(np.zeros(problem.x.shape[1]), requires_grad=True)
    optimizer, rng = optim.Optimizer([theta], rule, lr=lr), np.random.default_rng(seed)

    def loss(t, y):
        z = problem.x @ t
        return np.mean(np.logaddexp(0, z) - y * z) + 0.5 * problem.ridge * t @ t

    for step in range(steps + 1):
        y = problem.y if problem.later is None or step < steps // 2 else problem.later
        if step % 5 == 0:
            assert batched[step // 5, 1, 1] == pytest.approx(loss(theta.data, y), rel=1e-12)
        rows = rng.integers(len(problem.x), size=problem.batch)
        z = problem.x[rows] @ theta.data
        wrong = 1 / (1 + np.exp(-z)) - y[rows]
        theta.grad = problem.x[rows].T @ wrong / problem.batch + problem.ridge * theta.data
        optimizer.step()


def test_a_diverged_run_ends_at_infinity():
    losses = PROBLEMS["badly scaled"].run("gd", [1e-3, 1e14], (0,))
    assert np.isfinite(losses[:, 0]).all() and np.isinf(losses[-1, 1]).all()


def test_problems_are_as_described():
    assert set(PROBLEMS) == {"dense", "sparse", "badly scaled", "changing"}
    share = (PROBLEMS["sparse"].x != 0).mean(axis=0)
    assert share[0] > 0.4 and share[-1] < 0.03
    size = PROBLEMS["badly scaled"].x.std(axis=0)
    assert 500 < size[-1] / size[0] < 2000
    changing = PROBLEMS["changing"]
    assert changing.later is not None and (changing.later != changing.y).mean() > 0.2
    for problem in PROBLEMS.values():
        assert isinstance(problem, Problem) and 0.3 < problem.y.mean() < 0.7
    assert len(RATES) == 13
