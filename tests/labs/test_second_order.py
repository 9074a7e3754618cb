"""The lab of second-order methods without a browser."""

import numpy as np
import pytest

from textbook import labs, second_order
from textbook.labs.second_order import METHODS
from textbook.surfaces import SURFACES

lab = labs.second_order
EVERY = tuple(METHODS)


def test_the_runs_are_the_packages():
    data = lab(methods=EVERY)
    for name, run in data.runs.items():
        alone = second_order.METHODS[name](SURFACES["rosenbrock"].f, SURFACES["rosenbrock"].start, 40)
        np.testing.assert_array_equal(run.path, alone.path)
        np.testing.assert_array_equal(run.counts.in_gradients, alone.counts.in_gradients)


@pytest.mark.parametrize(("surface", "name", "end"), [
    ("rosenbrock", "newton", "at a minimum"),
    ("rosenbrock", "steepest_descent", "all steps taken"),
    ("beale", "newton", "on a saddle"),
    ("beale", "damped_newton", "at a minimum"),
    ("himmelblau", "newton", "on a top"),
    ("saddle", "newton", "on a saddle"),
    ("saddle", "damped_newton", "down without end"),
    ("plateau", "newton", "where f is level"),
])
def test_it_says_where_a_method_ends(surface, name, end):
    data = lab(surface=surface, methods=(name,))
    assert data.ends[name] == end
    assert end in lab.show(surface=surface, methods=(name,), step=data.last).stage.caption


def test_a_step_that_does_not_exist_is_said():
    data = lab(surface="monkey_saddle", methods=("newton", "bfgs"), start=(0.0, 0.0))
    assert data.runs["newton"].steps == 0
    data = lab(surface="plateau", methods=("newton",), start=(30.0, 30.0))    # no slope, no curvature
    assert data.ends["newton"] in ("where f is level", "no step: the Hessian at [30. 30.] is singular")


def test_a_new_start_moves_every_method_and_shows_its_telling_step():
    view = lab.show(surface="beale", methods=EVERY, step=9)
    assert view.stage.frame == 9
    view.stage._point = [0, 0.5, 0.25, True]    # as the browser says it
    assert view.settings["start"] == (0.5, 0.25)
    for run in view.data.runs.values():
        assert tuple(run.path[0]) == (0.5, 0.25)
    with pytest.raises(ValueError, match="start"):
        lab(start=(1.0, 2.0, 3.0))


def test_the_table_counts_the_cost():
    head, rows = lab.rows(lab(methods=("newton", "bfgs")))
    newton, bfgs = (dict(zip(head, row, strict=True)) for row in rows)
    assert int(newton["cost in gradients"]) == int(newton["gradients"]) + 2 * int(newton["Hessian products"])
    assert int(bfgs["Hessian products"]) == 0 and int(newton["steps"]) < int(bfgs["steps"])
