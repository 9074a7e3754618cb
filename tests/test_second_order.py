"""Methods that use curvature, against SciPy; their parts against numpy; what they refuse."""

import numpy as np
import pytest
import scipy
import scipy.optimize
import scipy.sparse.linalg

from textbook import nn, ops, second_order
from textbook.engine import hessian, hvp, value_and_grad
from textbook.exercises.chapter_11 import SCIPY_BILLS
from textbook.second_order import (
    METHODS,
    CrossEntropy,
    LeastSquares,
    Point,
    Problem,
    conjugate_gradients,
    flat_loss,
    hessian_product,
    solve,
    top_eigenvalue,
    watch_sharpness,
    wolfe,
)
from textbook.second_order.methods import _inverse_times
from textbook.surfaces import SURFACES


def spd(d: int = 50, condition: float = 100.0, seed: int = 0):
    """A symmetric positive definite matrix with eigenvalues from 1 to `condition`."""
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]
    A = turn * np.geomspace(1, condition, d) @ turn.T
    return 0.5 * (A + A.T)


A, BOTTOM = spd(), np.random.default_rng(1).normal(size=50)


def quadratic(x):
    return 0.5 * ops.sum((x - BOTTOM) * (A @ (x - BOTTOM)))


# ---------------------------------------------------------------------------------------------- against SciPy

PROBLEMS = {  # f, start, minimiser
    "rosenbrock": (SURFACES["rosenbrock"].f, (-1.2, 1.0), (1.0, 1.0)),
    "beale": (SURFACES["beale"].f, (1.0, 1.0), (3.0, 0.5)),
    "quadratic": (quadratic, np.ones(50), BOTTOM),
}
PEERS = {  # SciPy's nearest method, and the options that let it go on to the last digit
    "newton": ("trust-exact", {"gtol": 1e-9}),
    "damped_newton": ("trust-exact", {"gtol": 1e-9}),
    "bfgs": ("BFGS", {"gtol": 1e-9}),
    "lbfgs": ("L-BFGS-B", {"gtol": 1e-9, "ftol": 0}),
    "nonlinear_cg": ("CG", {"gtol": 1e-9}),
}
# Linear conjugate gradients are for quadratics; pure Newton runs to a saddle of Beale: both have tests of their own.
CASES = [(m, p) for m in PEERS for p in PROBLEMS if (m, p) != ("newton", "beale")]


def scipys(name, method, options):
    f, start, _ = PROBLEMS[name]
    both = value_and_grad(f)
    more = {"hess": hessian(f)} if method == "trust-exact" else {}
    return scipy.optimize.minimize(lambda x: (float(both(x)[0]), both(x)[1]), start, jac=True, method=method,
                                   options=options, **more)


@pytest.mark.parametrize(("method", "name"), CASES)
def test_same_minimiser_as_scipy_in_no_more_than_half_as_many_steps_again(method, name):
    f, start, minimiser = PROBLEMS[name]
    ours = METHODS[method](f, start, steps=500, tol=1e-9)
    theirs = scipys(name, *PEERS[method])
    assert ours.stopped == "converged"
    np.testing.assert_allclose(ours.path[-1], minimiser, rtol=0, atol=1e-8)
    np.testing.assert_allclose(ours.path[-1], theirs.x, rtol=0, atol=1e-8)
    assert ours.steps <= 1.5 * theirs.nit


@pytest.mark.parametrize(("method", "name"), SCIPY_BILLS)
def test_the_chapter_states_scipys_steps_and_their_cost(method, name):
    run = scipys(name, *PEERS[method])
    gradients = run.nfev + 2 * len(run.x) * getattr(run, "nhev", 0)  # a Hessian costs 2d, as in the chapter
    for now, stated in zip((run.nit, gradients), SCIPY_BILLS[method, name], strict=True):
        assert now == stated if scipy.__version__.startswith("1.17") else abs(now - stated) <= 0.2 * stated + 1


def test_linear_conjugate_gradients_step_for_step_as_scipy():
    ours = second_order.conjugate_gradient(quadratic, np.ones(50), tol=1e-9)
    theirs = []
    scipy.sparse.linalg.cg(A, A @ BOTTOM, np.ones(50), rtol=1e-14, callback=lambda x: theirs.append(x.copy()))
    np.testing.assert_allclose(ours.path[-1], BOTTOM, rtol=0, atol=1e-8)
    assert ours.steps <= 1.5 * len(theirs)
    # Later, rounding grows in both.
    np.testing.assert_allclose(ours.path[1:21], theirs[:20], rtol=0, atol=1e-9)


def test_pure_newton_stops_at_a_saddle_of_beale():
    f, start, _ = PROBLEMS["beale"]
    run = second_order.newton(f, start)
    assert run.stopped == "converged" and run.slope[-1] < 1e-8
    assert np.linalg.eigvalsh(hessian(f)(run.path[-1]))[0] < -1


def test_gauss_newton_as_scipys_least_squares():
    t = np.linspace(0, 3, 20)
    observed = 2.0 * np.exp(-0.7 * t) + 0.05 * np.sin(9 * t)
    fit = LeastSquares(lambda x: x[0] * ops.exp(-x[1] * t) - observed)
    ours = second_order.gauss_newton(fit, [1.0, 0.1], tol=1e-10)
    theirs = scipy.optimize.least_squares(
        lambda x: x[0] * np.exp(-x[1] * t) - observed, [1.0, 0.1], xtol=1e-14, ftol=1e-14, gtol=1e-12, method="lm"
    )
    assert ours.stopped == "converged"
    np.testing.assert_allclose(ours.path[-1], theirs.x, rtol=0, atol=1e-8)
    np.testing.assert_allclose(ours.loss[-1], theirs.cost, rtol=1e-10)
    damped = second_order.gauss_newton(fit, [1.0, 0.1], tol=1e-10, damping=4.0)
    np.testing.assert_allclose(damped.path[-1], theirs.x, rtol=0, atol=1e-8)
    assert damped.steps > ours.steps
    r, J = fit.jacobian(np.array([1.0, 0.1]))
    first = np.linalg.solve(J.T @ J + 4 * np.eye(2), -J.T @ r)
    np.testing.assert_allclose(damped.path[1] - damped.path[0], first, rtol=1e-10)


def test_every_method_is_held_against_another():
    own = {"steepest_descent", "conjugate_gradient", "gauss_newton", "natural_gradient"}
    assert METHODS.keys() == PEERS.keys() | own


# ---------------------------------------------------------------------------------------------- what theory says


def test_steepest_descent_goes_down_along_the_gradient_and_arrives():
    run = second_order.steepest_descent(SURFACES["ravine"].f, (-2.5, 1.5))
    for here, there in zip(run.path[:10], run.path[1:11], strict=True):
        g, s = Problem(SURFACES["ravine"].f).at(here).g, there - here
        np.testing.assert_allclose(s @ g, -np.linalg.norm(s) * np.linalg.norm(g), rtol=1e-10)
    assert run.stopped == "converged" and np.abs(run.path[-1]).max() < 1e-7


def test_newton_needs_one_step_for_a_quadratic_and_lands_on_a_saddle():
    assert second_order.newton(quadratic, np.ones(50)).steps == 1
    run = second_order.newton(SURFACES["saddle"].f, (1.5, 0.01))
    np.testing.assert_allclose(run.path[-1], 0, atol=1e-15)


def test_damped_newton_leaves_the_saddle_and_says_that_it_diverged():
    run = second_order.damped_newton(SURFACES["saddle"].f, (1.5, 0.01))
    assert run.stopped == "diverged" and run.diverged_at == run.steps and run.loss[-1] < -1e12
    down = second_order.damped_newton(SURFACES["himmelblau"].f, SURFACES["himmelblau"].start)
    assert (np.diff(down.loss) < 0).all()
    assert np.abs(down.path[-1] - SURFACES["himmelblau"].minima).max(axis=1).min() < 1e-8


def test_newton_doubles_the_right_digits():
    run = second_order.newton(lambda x: ops.sum(ops.exp(x) - x), [1.0], tol=1e-14)
    error = np.abs(run.path[:, 0])
    np.testing.assert_allclose(error[2:4] / error[1:3] ** 2, 0.5, rtol=0.2)    # f‴/2f″ at 0


def test_the_two_loops_multiply_by_the_matrix_of_bfgs():
    rng = np.random.default_rng(0)
    pairs = [(s, spd(6) @ s) for s in rng.normal(size=(4, 6))]
    s, y = pairs[-1]
    H = (s @ y) / (y @ y) * np.eye(6)
    for s, y in pairs:
        left = np.eye(6) - np.outer(s, y) / (y @ s)
        H = left @ H @ left.T + np.outer(s, s) / (y @ s)
    g = rng.normal(size=6)
    np.testing.assert_allclose(_inverse_times(g, pairs), H @ g, rtol=1e-12)
    np.testing.assert_allclose(_inverse_times(g, []), g)


def test_conjugate_gradients_need_as_many_steps_as_there_are_curvatures():
    clustered = np.diag(np.repeat([1.0, 5.0, 40.0], 10))
    solving = list(conjugate_gradients(lambda v: clustered @ v, np.arange(1.0, 31.0)))
    assert np.linalg.norm(solving[2][1]) < 1e-10 < np.linalg.norm(solving[1][1])
    np.testing.assert_allclose(solve(lambda v: A @ v, A @ BOTTOM, accuracy=1e-10), BOTTOM, atol=1e-8)
    rough = solve(lambda v: A @ v, A @ BOTTOM, accuracy=0.1)
    assert 1e-3 < np.linalg.norm(A @ rough - A @ BOTTOM) / np.linalg.norm(A @ BOTTOM) <= 0.1
    np.testing.assert_array_equal(solve(lambda v: A @ v, np.zeros(50)), 0)
    x, r = next(conjugate_gradients(lambda v: A @ v, np.ones(50), x=BOTTOM))
    np.testing.assert_allclose(r, np.ones(50) - A @ x, atol=1e-12)


@pytest.mark.parametrize("name", ["rosenbrock", "himmelblau", "logistic"])
@pytest.mark.parametrize("flat", [0.9, 0.1])
def test_the_search_meets_wolfes_conditions(name, flat):
    problem, rng = Problem(SURFACES[name].f), np.random.default_rng(0)
    for _ in range(30):
        here = problem.at(rng.uniform(-2, 2, 2))
        p, first = -here.g * rng.uniform(0.1, 3), 10 ** rng.uniform(-4, 2)
        there = wolfe(problem, here, p, first, flat=flat)
        a = (there.x - here.x) @ p / (p @ p)
        assert a > 0 and there.value <= here.value + 1e-4 * a * (here.g @ p)
        assert abs(there.g @ p) <= flat * abs(here.g @ p)


def test_the_search_does_not_take_a_flat_place_far_away_for_a_lower_one():
    problem = Problem(lambda x: -x[0] / (1 + x[0] ** 2))
    there = wolfe(problem, problem.at(np.zeros(1)), np.ones(1), first=300.0)
    assert there.value <= -1e-4 * there.x[0] and there.x[0] < 100


# ---------------------------------------------------------------------------------------------- the natural gradient

POINTS, LABELS = np.random.default_rng(0).normal(size=(40, 3)), np.random.default_rng(1).integers(0, 4, 40)


def softmax_regression(w):
    return POINTS @ w.reshape(3, 4)


def net(w):
    return ops.tanh(POINTS @ w[:6].reshape(3, 2)) @ w[6:14].reshape(2, 4)


@pytest.mark.parametrize(("logits", "d"), [(softmax_regression, 12), (net, 14)])
def test_fisher_is_the_mean_of_squared_scores(logits, d):
    w = np.random.default_rng(2).normal(size=d)
    product = hessian_product(CrossEntropy(logits, LABELS).expected(w), w)
    fisher = np.zeros((d, d))
    p = ops.softmax(logits(w))
    for i in range(40):
        for label in range(4):    # labels drawn from the model, each with its probability
            _, score = value_and_grad(lambda w, i=i, label=label: ops.log_softmax(logits(w))[i, label])(w)
            fisher += p[i, label] * np.outer(score, score) / 40
    np.testing.assert_allclose([product(v) for v in np.eye(d)], fisher, atol=1e-12)
    newton = hessian(CrossEntropy(logits, LABELS))(w)
    assert np.allclose(newton, fisher) == (logits is softmax_regression)    # linear logits: the labels cancel


def test_natural_gradient_does_not_see_the_names_of_the_parameters():
    f = CrossEntropy(softmax_regression, LABELS)
    M = spd(12, 1e4)
    renamed = CrossEntropy(lambda u: softmax_regression(M @ u), LABELS)
    options = {"steps": 3, "damping": 1e-10, "accuracy": 1e-8, "most": 100}    # 8 of 12 directions have curvature
    rng = np.random.default_rng(5)
    w = rng.normal(size=12)
    one = second_order.natural_gradient(f, w, **options)
    two = second_order.natural_gradient(renamed, np.linalg.solve(M, w), **options)
    np.testing.assert_allclose(two.loss, one.loss, rtol=1e-6)
    np.testing.assert_allclose(ops.softmax(softmax_regression(M @ two.path[-1])),
                               ops.softmax(softmax_regression(one.path[-1])), atol=1e-5)


def test_natural_gradient_finds_what_bfgs_finds():
    f = CrossEntropy(softmax_regression, LABELS)
    runs = [second_order.METHODS[name](f, np.zeros(12), tol=1e-7) for name in ("natural_gradient", "bfgs")]
    assert [run.stopped for run in runs] == ["converged"] * 2
    np.testing.assert_allclose(runs[0].loss[-1], runs[1].loss[-1], rtol=1e-10)
    assert runs[0].steps < runs[1].steps


# ---------------------------------------------------------------------------------------------- curvature


def test_products_are_the_engines():
    f, x = SURFACES["rosenbrock"].f, np.array([-1.2, 1.0])
    product, rng = hessian_product(f, x), np.random.default_rng(0)
    for v in rng.normal(size=(3, 2)):
        np.testing.assert_allclose(product(v), hvp(f)(x, v), rtol=1e-14)
    assert (hessian_product(lambda x: ops.sum(3 * x), x)(x) == 0).all()
    np.testing.assert_array_equal(Problem(f).hessian(x), hessian(f)(x))
    with pytest.raises(ValueError, match=r"v has shape \(3,\)"):
        product(np.ones(3))


@pytest.mark.parametrize("sign", [1, -1])
def test_top_eigenvalue(sign):
    wanted = np.linalg.eigvalsh(A)[-1]
    found = top_eigenvalue(lambda v: sign * (A @ v), BOTTOM, tol=1e-4)
    assert abs(found.value - sign * wanted) < 1e-6 * wanted and found.error <= 1e-4
    np.testing.assert_allclose(np.linalg.norm(found.vector), 1)
    again = top_eigenvalue(lambda v: sign * (A @ v), found.vector, tol=1e-4)    # a warm start
    assert again.products == 1 < found.products
    short = top_eigenvalue(lambda v: A @ v, BOTTOM, tol=1e-12, most=3)
    assert short.products == 3 and short.error > 1e-12
    np.testing.assert_allclose(short.error, np.linalg.norm(A @ short.vector - short.value * short.vector) / short.value)
    assert top_eigenvalue(lambda v: 0 * v, BOTTOM).value == 0


def test_the_sharpness_is_watched_along_the_descent():
    w, rng = np.random.default_rng(2).normal(size=50), np.random.default_rng(3)
    run = list(watch_sharpness(quadratic, w, 0.015, 12, every=5, tol=1e-4, rng=rng))
    assert [at.step for at in run] == list(range(13))
    np.testing.assert_allclose([at.sharpness for at in run], 100, rtol=1e-6)    # everywhere the same
    np.testing.assert_allclose(run[3].w, run[2].w - 0.015 * A @ (run[2].w - BOTTOM), rtol=1e-12)
    assert run[7].loss == quadratic(run[7].w)
    bent = list(watch_sharpness(lambda x: ops.sum(x**4), np.array([1.0, 0.5]), 0.01, 4, every=2, tol=1e-6, rng=rng))
    wanted = [12 * np.max(bent[k].w ** 2) for k in (0, 0, 2, 2, 4)]    # measured at 0, 2 and 4
    np.testing.assert_allclose([at.sharpness for at in bent], wanted, rtol=1e-5)
    exploding = list(watch_sharpness(lambda x: ops.sum(x**4), np.array([1.0]), 10.0, 50, rng=rng))
    assert len(exploding) < 50
    with pytest.raises(ValueError, match="every"):
        next(watch_sharpness(quadratic, w, 0.1, every=0, rng=rng))


def test_a_models_loss_as_a_function_of_one_vector():
    rng = np.random.default_rng(0)
    model, x, y = nn.MLP([3, 5, 4], rng=rng, dtype=float), POINTS, LABELS
    f, w = flat_loss(model, ops.cross_entropy, x, y)
    before = model.state_dict()
    value, g = value_and_grad(f)(w)
    loss = ops.cross_entropy(model(x), y)
    loss.backward()
    assert value == loss.item()
    np.testing.assert_allclose(g, np.concatenate([p.grad.ravel() for p in model.parameters()]), rtol=1e-12)
    with pytest.raises(ValueError, match="44 parameters"):
        f(np.ones(3))
    with pytest.raises(ValueError):
        flat_loss(model, ops.cross_entropy, x, y[:3])[0](w)    # the loss fails on the way
    assert all(now is then for now, then in zip(model.parameters(), model.parameters(), strict=True))
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    tied = nn.MLP([3, 3, 3], rng=rng)
    tied.layers[1].w = tied.layers[0].w
    with pytest.raises(ValueError, match="none shared"):
        flat_loss(tied, ops.cross_entropy, x, y)


# ---------------------------------------------------------------------------------------------- what a run says


def test_evaluations_are_counted():
    calls = []

    def f(x):
        calls.append(0)
        return SURFACES["rosenbrock"].f(x)

    run = second_order.bfgs(f, (-1.2, 1.0))
    assert run.counts.f[-1] == run.counts.gradient[-1] == len(calls) and run.counts.hvp[-1] == 0
    assert run.counts.f[0] == 1 and (np.diff(run.counts.f) >= 1).all()
    newton = second_order.newton(f, (-1.2, 1.0))
    np.testing.assert_array_equal(newton.counts.hvp, 2 * np.arange(newton.steps + 1))
    np.testing.assert_array_equal(newton.counts.in_gradients, 1 + 5 * np.arange(newton.steps + 1))
    cg = second_order.conjugate_gradient(quadratic, np.ones(50), steps=4)
    np.testing.assert_array_equal(cg.counts.hvp, np.arange(5))
    gn = second_order.gauss_newton(LeastSquares(lambda x: x * x - 1), np.full(3, 2.0), steps=1)
    assert gn.counts.gradient[-1] == 1 + 3 + 1


@pytest.mark.parametrize("name", [m for m in METHODS if m not in ("gauss_newton", "natural_gradient")])
def test_a_run_is_a_trajectory(name):
    f = quadratic
    run = METHODS[name](f, np.ones(50), steps=1)
    assert run.path.shape == (2, 50) and run.loss.shape == run.slope.shape == run.counts.f.shape == (2,)
    np.testing.assert_allclose(run.loss, [f(x) for x in run.path], rtol=1e-12)
    assert run.stopped == ("all steps taken" if run.slope[-1] > 1e-8 else "converged") and run.diverged_at == -1
    none = METHODS[name](f, BOTTOM)
    assert none.steps == 0 and none.stopped == "converged"
    assert METHODS[name](f, np.ones(50), steps=0).steps == 0


# ---------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(("start", "options", "message"), [
    ([np.nan, 1.0], {}, "must be finite"),
    ([1.0, np.inf], {}, "must be finite"),
    ([[1.0, 2.0]], {}, "must be a vector"),
    (1.0, {}, "must be a vector"),
    ([], {}, "must be a vector"),
    ([1.0, 2.0], {"steps": 1.5}, "whole number"),
    ([1.0, 2.0], {"steps": -1}, "whole number"),
    ([1.0, 2.0], {"tol": np.nan}, "tol must be"),
    ([1.0, 2.0, 3.0], {}, "2 coordinates"),
    ([-1.0, 2.0], {"f": lambda x: ops.sum(ops.log(x))}, "f is nan at the start"),
])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_bad_input_is_refused(name, start, options, message):
    options = {"f": SURFACES["rosenbrock"].f} | options
    with pytest.raises(ValueError, match=message):
        METHODS[name](options.pop("f"), start, **options)


def test_what_a_method_cannot_do_is_refused():
    saddle, banana = SURFACES["saddle"].f, SURFACES["rosenbrock"].f
    with pytest.raises(ValueError, match="not positive definite"):
        second_order.conjugate_gradient(saddle, (0.0, 1.0))
    with pytest.raises(ValueError, match="no quadratic"):
        second_order.conjugate_gradient(banana, (-1.2, 1.0))
    with pytest.raises(ValueError, match="singular"):
        second_order.newton(lambda x: x[0] ** 2 + x[1], (1.0, 1.0))
    with pytest.raises(ValueError, match="LeastSquares"):
        second_order.gauss_newton(banana, (-1.2, 1.0))
    with pytest.raises(ValueError, match="CrossEntropy"):
        second_order.natural_gradient(banana, (-1.2, 1.0))
    with pytest.raises(ValueError, match="residuals must be a vector"):
        second_order.gauss_newton(LeastSquares(lambda x: x.reshape(2, 1)), (1.0, 1.0))
    with pytest.raises(ValueError, match="memory"):
        second_order.lbfgs(banana, (-1.2, 1.0), memory=0)
    with pytest.raises(TypeError, match="memory"):
        second_order.bfgs(banana, (-1.2, 1.0), memory=3)
    problem = Problem(banana)
    here = problem.at(np.array([-1.2, 1.0]))
    with pytest.raises(ValueError, match="no descent direction"):
        wolfe(problem, here, here.g)
    for v, message in ((np.zeros(3), "not all 0"), (np.array([1.0, np.nan]), "finite"), (np.ones((2, 2)), "vector")):
        with pytest.raises(ValueError, match=message):
            top_eigenvalue(lambda v: v, v)
    with pytest.raises(ValueError, match="must be square"):
        top_eigenvalue(lambda v: v[:1], np.ones(2))
    with pytest.raises(ValueError, match="not finite"):
        top_eigenvalue(lambda v: v * np.array([1.0, np.inf]), np.ones(2))
    with pytest.raises(ValueError, match="tol must be positive"):
        top_eigenvalue(lambda v: v, np.ones(2), tol=0)


def test_a_search_that_rounding_hides_ends_the_run():
    uphill = Problem(lambda x: -ops.sum(x))
    assert wolfe(uphill, Point(np.ones(1), -1.0, np.ones(1)), -np.ones(1)) is None    # a gradient that is wrong
    run = second_order.bfgs(lambda x: 1e10 + ops.sum(ops.abs(x - 0.3)), [1.0, 2.0], tol=0, steps=100)
    assert run.stopped in ("no lower point found", "converged") and np.isfinite(run.path).all()
