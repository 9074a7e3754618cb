"""The table of the exercises of chapter 11: questions, right answers, and what each wrong one is told."""

import numpy as np

from textbook.exercises import Exercise
from textbook.exercises.chapter_07.answers import sigmoid
from textbook.exercises.chapter_11 import trials, wrong
from textbook.exercises.chapter_11.answers import (
    bfgs_update,
    conjugate_gradients,
    fisher,
    newton_step,
    orthogonalised,
    safe_direction,
)
from textbook.exercises.cost import one_product_a_round

EXERCISES = [
    Exercise(
        "11-1", "implement", "Newton's step: where the quadratic model is level.",
        reference=newton_step,
        cases=trials.curved_cases,
        mistakes={
            "The sign: the step goes against H⁻¹g.": lambda x, g, H: x + np.linalg.solve(H, g),
            "You multiplied by H. The step solves H·p = −g: np.linalg.solve(H, g).": lambda x, g, H: x - H @ g,
            "1 / H inverts each number. The inverse of a matrix is another thing: np.linalg.solve(H, g).":
                lambda x, g, H: x - (1 / H) @ g,
            "That uses the diagonal of H alone: the curvature along each coordinate, without how they mix.":
                lambda x, g, H: x - g / np.diag(H),
            "That is the step. Return the point it leads to.": lambda x, g, H: -np.linalg.solve(H, g),
            "That solves for x. The right-hand side is the gradient, g.": lambda x, g, H: x - np.linalg.solve(H, x),
            "That is a step of gradient descent: the curvature is not used.": lambda x, g, H: x - g,
            "You divided by the matrix, number by number. The step solves H·p = −g: np.linalg.solve(H, g).":
                lambda x, g, H: x - g / H,
        },
        insight="solve, not inv: it is quicker, loses fewer digits, and says so when there is no step.",
    ),
    Exercise(
        "11-2", "break", "A start from which pure Newton runs away on the convex √(1 + x²).",
        reference=2.0,
        checker=trials.no_runaway,
        caught={
            "A start is one finite number": np.inf,
            "Newton jumps between 1 and −1": 1.0,
            "From 0.5 Newton arrives": 0.5,
        },
        insight="x − f′/f″ is −x³ here: beyond 1 each step is longer than the last, on a function with one valley.",
    ),
    Exercise(
        "11-a", "predict", "f = x₁² − x₂², from (1.5, 0.01). Where does one step of pure Newton end?",
        reference="at (0, 0), on the saddle",
        mistakes={
            "Descent would set out that way: it feels the slope in x₂. Newton looks for a level place of its model.":
                "far out along x₂, downhill",
            "On a quadratic the model is f itself, so one step arrives where f is level.": "half way to (0, 0)",
        },
        insight="The model is f itself, and it is level in one place: (0, 0). Newton asks for level, not for low.",
    ),
    Exercise(
        "11-3", "implement", "A direction that leads down along every axis of the Hessian.",
        reference=safe_direction,
        cases=trials.axes_cases,
        mistakes={
            "That is Newton's step: along an axis of negative curvature it goes up. Take the size of each curvature.":
                lambda g, c, axes: -axes @ ((axes.T @ g) / c),
            "The sign: it leads uphill along every axis.": lambda g, c, axes: axes @ ((axes.T @ g) / np.abs(c)),
            "g must first be written in the axes: axes.T @ g.": lambda g, c, axes: -axes @ (g / np.abs(c)),
            "The axes are the columns: their share of g is axes.T @ g, and the way back is axes @ …":
                lambda g, c, axes: -axes.T @ ((axes @ g) / np.abs(c)),
            "The result is still written in the axes. Go back to the coordinates: axes @ …":
                lambda g, c, axes: -(axes.T @ g) / np.abs(c),
            "You multiplied by the curvatures. A steep axis wants a short step: divide.":
                lambda g, c, axes: -axes @ ((axes.T @ g) * np.abs(c)),
            "An axis of negative curvature leads down too: it has a step of its own, and you left it out.":
                lambda g, c, axes: -axes @ (np.where(c > 0, axes.T @ g, 0) / np.abs(c)),
            "The absolute value belongs to the curvatures alone. The gradient keeps its signs.":
                lambda g, c, axes: -axes @ np.abs((axes.T @ g) / c),
            "g is in the coordinates, a curvature belongs to an axis. Go into the axes, divide, and come back.":
                lambda g, c, axes: -g / np.abs(c),
            "That is minus the gradient: the curvatures are not used.": lambda g, c, axes: -g,
            "That is the step along the last axis alone. Add up the steps along all of them.":
                lambda g, c, axes: -(axes[:, -1] @ g) / abs(c[-1]) * axes[:, -1],
        },
        insight="Now g·p = −Σ (its share)²/|λ| is negative, whatever the signs of the curvatures.",
    ),
    Exercise(
        "11-b", "predict", "The Hessian of 7,850 parameters in float64: how many megabytes?",
        reference=7850**2 * 8 / 1e6,
        mistakes={
            "That is the gradient's size, in MB. The Hessian has a row for each parameter.": 7850 * 8 / 1e6,
            "So many millions of numbers; each takes 8 bytes.": 7850**2 / 1e6,
            "float64 takes 8 bytes, not 4.": 7850**2 * 4 / 1e6,
            "Those are the bytes. A megabyte is a million of them.": 7850**2 * 8,
            "Those are gigabytes. A megabyte is a million bytes.": 7850**2 * 8 / 1e9,
            "A byte is 8 bits: float64 takes 8 bytes, not 64.": 7850**2 * 64 / 1e6,
        },
        insight="7,850² numbers of 8 bytes. For the 101,770 of chapter 12's net it is 83 gigabytes.",
        rtol=0.05,
    ),
    Exercise(
        "11-4", "implement", "BFGS: the inverse Hessian corrected, so that C·y = s.",
        reference=bfgs_update,
        cases=trials.secant_cases,
        mistakes={
            "The last term, ρ·s·sᵀ, is missing: without it C·y is 0.":
                lambda C, s, y: bfgs_update(C, s, y) - np.outer(s, s) / (y @ s),
            "s and y have changed places: that corrects the Hessian, not its inverse.":
                lambda C, s, y: bfgs_update(C, y, s),
            "The factor on the right is (I − ρ·y·sᵀ), the transpose of the one on the left.":
                lambda C, s, y: wrong.left(s, y) @ C @ wrong.left(s, y) + np.outer(s, s) / (y @ s),
            "The factor on the left is (I − ρ·s·yᵀ): you have the two factors the other way round.":
                lambda C, s, y: wrong.left(s, y).T @ C @ wrong.left(s, y) + np.outer(s, s) / (y @ s),
            "ρ is 1 over the dot product y·s.": lambda C, s, y: wrong.with_rho(C, s, y, y @ s),
            "s * y multiplies place by place. The matrix of all products is np.outer(s, y).":
                wrong.elementwise,
            "ρ is missing from the last term.":
                lambda C, s, y: bfgs_update(C, s, y) + (1 - 1 / (y @ s)) * np.outer(s, s),
            "* multiplies matrices place by place. The product of matrices is @.": wrong.starred,
            "1 − ρ·s·yᵀ takes each number from 1. The identity matrix is np.eye(len(s)).": wrong.ones,
            "s @ y is one number. The matrix s·yᵀ, all products, is np.outer(s, y); so with y·sᵀ and s·sᵀ.":
                wrong.dotted,
            "The last term is ρ·s·sᵀ. You added ρ·y·yᵀ.":
                lambda C, s, y: bfgs_update(C, s, y) + (np.outer(y, y) - np.outer(s, s)) / (y @ s),
        },
        insight="C·y = s: along the last step the estimate has the curvature that was met, and it stays positive.",
    ),
    Exercise(
        "11-5", "implement", "Conjugate gradients for A·x = b, from products with A alone.",
        reference=conjugate_gradients,
        cases=trials.solve_cases,
        checker=one_product_a_round(trials.solve_cases),
        caught={"for steps=3 it called product 6 times": wrong.two_products},
        mistakes={
            "That is steepest descent: each direction forgets the last. Add β times the last direction.":
                lambda *case: wrong.cg(*case, turn=lambda r, before: 0.0),
            "β is the new r·r over the old. Yours is upside down.":
                lambda *case: wrong.cg(*case, turn=lambda r, before: (before @ before) / (r @ r)),
            "The step divides by p·Ap, not by p·p.":
                lambda *case: wrong.cg(*case, size=lambda r, p, Ap: r @ r / (p @ p)),
            "The step divides by r·r, and p·Ap stands on top: yours is upside down.":
                lambda *case: wrong.cg(*case, size=lambda r, p, Ap: (p @ Ap) / (r @ r)),
            "The residual shrinks: r ← r − a·A·p.": lambda *case: wrong.cg(*case, sign=-1),
            "The direction is not scaled: β is missing, and the whole last p is added.":
                lambda *case: wrong.cg(*case, turn=lambda r, before: 1.0),
            "β is the ratio of the squared lengths, r·r. You took that of the lengths.":
                lambda *case: wrong.cg(*case, turn=lambda r, before: (r @ r / (before @ before)) ** 0.5),
            "The sign of x: a·p is added.": lambda *case: -conjugate_gradients(*case),
            "The last line is missing: r ← r⁺. Your r stays what it was at the start.": wrong.same_residual,
            "x starts at 0, not at b: r = b is the residual of x = 0.":
                lambda product, b, steps: b + conjugate_gradients(product, b, steps),
            "r * r is a vector of squares. The dot product, one number, is r @ r.": wrong.squares,
            "It returns after the first step: the `return` stands inside the loop.":
                lambda product, b, steps: conjugate_gradients(product, b, 1),
            "One step too many: the loop runs `steps` times.":
                lambda product, b, steps: conjugate_gradients(product, b, steps + 1),
            "That is the solution itself. Asked is x after `steps` rounds.":
                lambda product, b, steps: conjugate_gradients(product, b, len(b)),
            "The new direction starts from the new residual: p ← r⁺ + β·p. Yours starts from the old r.":
                wrong.from_the_old_residual,
            "r @ r / p @ Ap divides by p first, number by number. Write (r @ r) / (p @ Ap).":
                lambda *case: wrong.cg(*case, size=lambda r, p, Ap: r @ r / p @ Ap),
            "p and r are one array, so that r -= … changes p too. Begin with p = r.copy().": wrong.one_array,
            "That is the residual. Return x.":
                lambda product, b, steps: b - product(conjugate_gradients(product, b, steps)),
        },
        insight="No matrix is stored: a Hessian-vector product is enough. In d dimensions d steps, but for rounding.",
    ),
    Exercise(
        "11-c", "predict", "50 unknowns, but A has only three different eigenvalues. How many rounds?",
        reference=3,
        mistakes={
            "50 is what d different eigenvalues may need. Equal ones are served by one round.": 50,
            "One round would do if all eigenvalues were equal.": 1,
        },
        insight="After k rounds r = q(A)·b, with a polynomial q of degree k and q(0) = 1: the one that makes x best. "
                "With three eigenvalues there is a q of degree 3 that is 0 at each of them, so r is 0.",
    ),
    Exercise(
        "11-6", "derive", "The Fisher matrix of logistic regression from the inputs and the weights.",
        reference=fisher,
        cases=trials.logistic_cases,
        mistakes={
            "Each example counts by the variance of its label, ŷ(1 − ŷ): you gave all the same weight.":
                lambda X, w: X.T @ X / len(X),
            "A label y has the variance ŷ(1 − ŷ), not ŷ.":
                lambda X, w: X.T @ (sigmoid(X @ w)[:, None] * X) / len(X),
            "A sum over the examples where the mean belongs.": lambda X, w: fisher(X, w) * len(X),
            "Those are the logits. The variance is ŷ(1 − ŷ) with ŷ = σ(Xw).":
                lambda X, w: X.T @ ((X @ w * (1 - X @ w))[:, None] * X) / len(X),
            "The variance stands once: (ŷ − y)² has the mean ŷ(1 − ŷ), not its square.":
                lambda X, w: X.T @ (((sigmoid(X @ w) * (1 - sigmoid(X @ w))) ** 2)[:, None] * X) / len(X),
            "(1 − ŷ)² is the squared error where the label is 1. Its mean over both labels is ŷ(1 − ŷ).":
                lambda X, w: X.T @ (((1 - sigmoid(X @ w)) ** 2)[:, None] * X) / len(X),
            "ŷ(1 − ŷ)² is the part of the label 1. Add that of the label 0, (1 − ŷ)·ŷ².":
                lambda X, w: X.T @ ((sigmoid(X @ w) * (1 - sigmoid(X @ w)) ** 2)[:, None] * X) / len(X),
            "One mean weight for all examples: each example has its own, inside the sum.":
                lambda X, w: np.mean(sigmoid(X @ w) * (1 - sigmoid(X @ w))) * X.T @ X / len(X),
            "That is a vector, the mean of the variance times x. The matrix needs x twice: Xᵀ·diag(…)·X.":
                lambda X, w: X.T @ (sigmoid(X @ w) * (1 - sigmoid(X @ w))) / len(X),
            "That is the diagonal alone, as a vector.": lambda X, w: np.diag(fisher(X, w)),
            "That sums over the parameters, one number for each pair of examples. Xᵀ stands on the left.":
                lambda X, w: X @ X.T / len(X),
            "The sign: a mean of squares is positive.": lambda X, w: -fisher(X, w),
            "The mean is over the N examples, len(X). You divided by d, the number of weights.":
                lambda X, w: fisher(X, w) * len(X) / X.shape[1],
        },
        insight="No label in it. And it is the Hessian of the loss as well: for this model the two are one.",
    ),
    Exercise(
        "11-7", "implement", "Newton–Schulz: a matrix with all its singular values brought to 1.",
        reference=orthogonalised,
        cases=trials.matrix_cases,
        mistakes={
            "Divide by the length first. Singular values beyond √3 run away.":
                lambda G, steps: wrong.rounds(G, steps, start=lambda G: 1.0),
            "The sign: 1.5·M − 0.5·MMᵀM.": lambda G, steps: wrong.rounds(G, steps, b=0.5),
            "The two numbers have changed places: 1.5 belongs to M.":
                lambda G, steps: wrong.rounds(G, steps, a=0.5, b=-1.5),
            "Divided by the largest entry, a singular value may still be beyond √3. np.linalg.norm(G) is safe.":
                lambda G, steps: wrong.rounds(G, steps, start=lambda G: np.abs(G).max()),
            "np.linalg.norm(G, 2) is the largest singular value. The length asked for is np.linalg.norm(G).":
                lambda G, steps: wrong.rounds(G, steps, start=lambda G: np.linalg.norm(G, 2)),
            "That is UVᵀ, where the rounds lead in the end. Asked is the matrix after `steps` of them.": wrong.limit,
            "M**3 cubes each number. MMᵀM is M @ M.T @ M.": wrong.cubed,
            "One round too few: the loop runs `steps` times.": lambda G, steps: orthogonalised(G, steps - 1),
            "One round too many: the loop runs `steps` times.": lambda G, steps: orthogonalised(G, steps + 1),
            "It returns after the first round: the `return` stands inside the loop.":
                lambda G, steps: orthogonalised(G, 1),
            "The length stands inside the loop: divide once, before the first round.": wrong.each,
            "MMᵀM is formed from the new M each round. You kept G's.": wrong.stale,
            "You divide by the length after each round too. Once, before the first, is enough.": wrong.shortened,
            "The half is missing: (3·M − MMᵀM)/2.": lambda G, steps: wrong.rounds(G, steps, a=3.0, b=-1.0),
        },
        insight="Each round takes every singular value τ to (3τ − τ³)/2, and leaves the directions alone.",
    ),
    Exercise(
        "11-d", "predict", "Gradient descent on a real net with α = 1.5. What does the largest curvature do?",
        reference="rises to about 2/α and stays near it",
        mistakes={
            "It begins there. Nothing holds it down: while the step is stable, training raises it.":
                "stays where it began, below 2/α",
            "On a quadratic it would. Here the jumping itself moves the walk to where the curvature is less.":
                "rises beyond 2/α, and the loss runs away",
            "Nothing makes it fall while the loss is still far from 0. It rises until the steps become unstable.":
                "falls towards 0",
        },
        insight="While steps are stable, training raises it. At 2/α they become unstable: the loss jumps, and falls "
                "all the same, and the curvature stays a little above 2/α.",
    ),
]  # fmt: skip
