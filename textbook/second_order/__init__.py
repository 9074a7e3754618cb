"""Methods that use curvature: Newton, BFGS, L-BFGS, conjugate gradients, Gauss-Newton and the natural gradient.

Each is one generator of points in `textbook.second_order.methods` and reads like its formula.  `METHODS` lists them.
The Hessian and its products come from the engine's own table of derivatives, and every evaluation is counted.

>>> import numpy as np
>>> from textbook import second_order
>>> from textbook.surfaces import SURFACES
>>> run = second_order.damped_newton(SURFACES["rosenbrock"].f, [-1.2, 1.0])
>>> run.path[-1].round(6), run.stopped
(array([1., 1.]), 'converged')
"""

from textbook.second_order.curvature import Eigen, conjugate_gradients, hessian_product, solve, top_eigenvalue
from textbook.second_order.line_search import wolfe
from textbook.second_order.losses import CrossEntropy, LeastSquares, flat_loss
from textbook.second_order.methods import (
    bfgs,
    conjugate_gradient,
    damped_newton,
    gauss_newton,
    lbfgs,
    natural_gradient,
    newton,
    nonlinear_cg,
    steepest_descent,
)
from textbook.second_order.problem import METHODS, Counts, Minimisation, Point, Problem, method
from textbook.second_order.sharpness import Watched, watch_sharpness
