# %% [markdown]
# # 11 Second order
#
# A gradient says which way is down. Curvature says how far. Here you use both, count what that costs, and meet the curvature of a net.

# %%
import numpy as np

from textbook import ask, check, data, labs, nn, ops, optim, second_order
from textbook.engine import grad, hessian
from textbook.exercises import chapter_11 as ours
from textbook.mnist import load_mnist
from textbook.plots import draw_curves, figure, picture
from textbook.second_order import CrossEntropy, LeastSquares, flat_loss, hessian_product, top_eigenvalue
from textbook.show import folded, show_source
from textbook.surfaces import SURFACES

labs.second_order.show()

# %% [markdown]
# Three methods from one start on Rosenbrock's banana. Step to the end. Then compare the curves: who needs the fewest *steps*, and who pays least on the way to the minimum, counted in gradients (11.3)?
#
# **You will be able to**
#
# - take Newton's step, say where it fails, and mend it;
# - build curvature from gradients (BFGS) and solve with it unseen (conjugate gradients);
# - choose by cost, not by steps;
# - say what the natural gradient, Shampoo and Muon have to do with it;
# - measure the curvature of a net while it trains, and explain what you see.
#
# **You need** gradient descent ([chapter 5](05_gradient_descent.ipynb)), softmax ([chapter 7](07_classification.ipynb)), the rules of [chapter 9](09_optimizers.ipynb), and eigenvalues ([appendix, A.8 and A.9](90_mathematics.ipynb)). **Time**: two hours, half of it for the seven exercises.
#
# **Letters.** $f$ is the function, $x$ the place with coordinates $x_1, \dots, x_d$; $g = \nabla f(x)$ the gradient, $H = \nabla^2 f(x)$ the Hessian, λ an eigenvalue of it, which is a curvature; $p$ a step, α a learning rate. `ask`, `check`, `folded` and `show_source` are those of earlier chapters, `SURFACES` the table of functions, `ours` the book's answers, `second_order` holds this chapter's methods. `ops.exp`, `ops.tanh`, `ops.softplus`, `ops.sum`, `ops.mean` and `ops.stack` are operations of the engine.
#
# ## 11.1 A bowl in place of a slope
#
# Taylor's formula ([A.6](90_mathematics.ipynb)), one term further than in chapter 5:
#
# $$f(x + p) \;\approx\; f(x) + g\cdot p + \tfrac12\,p\cdot Hp \tag{11.1}$$
#
# Two terms are a slope, which has no bottom. With the third it may be a bowl, which has one. The right side is level where its gradient by $p$ is zero, $g + Hp = 0$:
#
# $$Hp = -g \tag{11.2}$$
#
# That is **Newton's step**. In one dimension it is $p = -f'/f''$. Try it on $e^x - 2x$, whose minimum is at $\log 2$. (`grad` and `hessian` differentiate, once and twice.)

# %%
f, x = (lambda x: ops.exp(x) - 2 * x), 0.0
for step in range(5):
    print(f"step {step}   distance from log 2: {abs(x - np.log(2)):.1e}")
    x = x - grad(f)(x) / hessian(f)(x)

# %% [markdown]
# Near the end each step about doubles the right digits. This is **quadratic convergence**: the new error is proportional to the *square* of the old, where the curvature at the minimum is not 0. Gradient descent only multiplies the error by a factor (chapter 5).
#
# **Exercise 11-1 (implement).** Newton's step (11.2) in any dimension: from the place `x`, the gradient `g` and the Hessian `H`, return the next place. (`np.linalg.solve(A, b)` gives the $v$ with $Av = b$.)

# %%
def newton_step(x, g, H): ...

check.exercise("11-1", newton_step)

# %% [markdown]
# Yours on the banana. (`check.tried` takes yours if right, else the book's.)

# %% tags=["source: Table 6"]
banana, x = SURFACES["rosenbrock"].f, np.array([-1.2, 1.0])
for step in range(8):
    print(f"step {step}   x = {x.round(3)}   f = {banana(x):.4f}")
    x = check.tried("11-1", newton_step, ours.newton_step)(x, grad(banana)(x), hessian(banana)(x))

# %% [markdown]
# The second step jumps *up*, to 1,400: nothing in (11.2) promises to go down. The package's version, `second_order.newton`, is a generator, as all methods here are: it yields a point after each step. (`problem.at(x)` computes $f$ and $g$, and counts them; `@method` runs it until the gradient is nearly 0.)

# %%
show_source(second_order.newton, docstring=False)

# %% [markdown]
# Newton has one gift that no learning rate can give: it doesn't see **units**. Measure $x_2$ in millimetres in place of metres, and the condition number of the Hessian grows more than 500,000-fold. A run of a method holds `path`, `loss` and `steps`:

# %%
def stretched(x):
    return banana(x * np.array([1, 0.001]))

in_metres, in_millimetres = second_order.newton(banana, [-1.2, 1.0]), second_order.newton(stretched, [-1.2, 1000.0])
for unit, f, end in (("m ", banana, in_metres.path[-1]), ("mm", stretched, in_millimetres.path[-1])):
    print(f"in {unit}: condition number at the minimum {np.linalg.cond(hessian(f)(end)):.1e}")
print("steps", in_metres.steps, "and", in_millimetres.steps, "  the same place:",
      np.allclose(in_metres.path, in_millimetres.path * [1, 0.001], atol=1e-6))

# %% [markdown]
# But it is not safe, even on a convex function.
#
# **Exercise 11-2 (break).** Pure Newton on $\sqrt{1 + x^2}$. Set `runaway` to a start from which it runs away from the minimum at 0. (On paper, what is $x - f'/f''$? The derivatives are $x(1 + x^2)^{-1/2}$ and $(1 + x^2)^{-3/2}$.)

# %%
runaway = ...

check.exercise("11-2", runaway)

# %% [markdown]
# ## 11.2 Saddles
#
# **Question 11-a.** $f = x_1^2 - x_2^2$ is a saddle: it curves up along $x_1$ and down along $x_2$. You start at (1.5, 0.01). Where does *one* step of pure Newton end?

# %%
ask.choice("11-a", "it ends", ["far out along x₂, downhill", "half way to (0, 0)", "at (0, 0), on the saddle"])

# %%
check.prediction("11-a")

# %% [markdown]
# **Task:** take the first step, then the second. Then drag the start: where does each method end?

# %%
labs.second_order.show(surface="saddle", methods=("newton", "damped_newton"), step=0)

# %% [markdown]
# Equation (11.2) asks for a level place. Minimum, saddle and top are all level. Along an axis of the Hessian with curvature λ, Newton moves by $-g_\lambda/\lambda$, where $g_\lambda$ is the gradient's share along that axis. If λ is negative, that is *uphill*. In many dimensions saddles are common (Dauphin et al. 2014).
#
# The remedy has two parts. First, divide by $|\lambda|$: then no axis leads up.
#
# $$p = -\sum_{\text{axes}} \frac{g_\lambda}{|\lambda|}\,\text{axis} \tag{11.3}$$
#
# **Exercise 11-3 (implement).** Return the direction (11.3). `curvatures` are the eigenvalues of $H$, and the columns of `axes` its eigenvectors, all of length 1 and at right angles: `np.linalg.eigh(H)` returns the two.

# %%
def safe_direction(g, curvatures, axes): ...

check.exercise("11-3", safe_direction)

# %% [markdown]
# Second, don't trust the length. A **line search** tries $x + ap$ for some $a$, first $a = 1$, until two conditions hold (Wolfe 1969):
#
# - it has come down, by at least a small share of what the slope promised;
# - the slope along $p$ has become flatter, so that it did not stop too early.
#
# Both parts make **damped Newton**, `second_order.damped_newton`. Pure and damped on Beale's function, from (1, 1):

# %%
beale = SURFACES["beale"].f
for method in (second_order.newton, second_order.damped_newton):
    end = method(beale, [1.0, 1.0]).path[-1]
    print(f"ends at {end.round(4) + 0.0}, loss {beale(end):.4f}, curvatures there {np.linalg.eigvalsh(hessian(beale)(end)).round(1)}")

# %% [markdown]
# Pure Newton sat down on a saddle: a rule that stops where the gradient is 0 won't notice. (From exactly (1.5, 0) on the saddle above, damped Newton stops too: $g$ has no share along $x_2$.)
#
# ## 11.3 What a step costs
#
# **Question 11-b.** Softmax regression on MNIST has 784 · 10 weights and 10 biases, 7,850 numbers. How many megabytes does its Hessian take, in float64? (A megabyte is a million bytes.)

# %%
ask.number("11-b", "size:", "MB")

# %%
check.prediction("11-b")

# %% [markdown]
# Then it must still be *solved*, in about $d^3/3$ multiplications. So Newton in this form ends at some ten thousand parameters. What remains affordable at any size is a **Hessian-vector product** $Hv$ (chapter 5's `hvp`): it is the gradient of $g\cdot v$, one number, so backpropagation gives it without forming $H$. `hessian_product(f, x)` records the graph of $g$ once and then takes any $v$:

# %%
product = hessian_product(banana, np.array([-1.2, 1.0]))
print(product(np.array([1.0, 0.0])), product(np.array([0.0, 1.0])))
print(hessian(banana)(np.array([-1.2, 1.0])).tolist())

# %% [markdown]
# This chapter counts in **gradients**: $f$ with its gradient costs 1, a product $Hv$ about 2, so a Hessian $2d$. (Solving (11.2) is not in the bill.) In a run, `counts.in_gradients` has the total after each step. `second_order.METHODS` is the table of all methods.

# %%
def bill(name, f, start, **options):
    run = second_order.METHODS[name](f, start, **options)
    print(f"{name:18} {run.steps:3} steps, {run.counts.in_gradients[-1]:4} gradients, loss {round(run.loss[-1], 4):g}, {run.stopped}")
    return run

# %%
def chained(x):
    return ops.sum((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2)

for f, start in ((banana, [-1.2, 1.0]), (chained, np.zeros(30))):
    print("in", len(start), "dimensions")
    for name in ("steepest_descent", "newton", "damped_newton", "bfgs", "lbfgs"):
        bill(name, f, start, steps=400)

# %% [markdown]
# Steepest descent is $p = -g$ with the same line search, and far from done after 400 steps. In two dimensions a Hessian costs 4 gradients, and pure Newton is the cheapest: its leap to 1,412 landed well. On a chain of bananas in 30 dimensions it leaps so high that the package gives it up, beyond $10^{12}$. (It might come back, as from 1,412; nothing promises it.) Damped Newton arrives in the fewest steps, and pays more than ten times what BFGS and L-BFGS pay, at 60 gradients for each Hessian. How?
#
# ## 11.4 BFGS: curvature from gradients
#
# After a step you hold two gradients. With $s = x^+ - x$ (the plus marks the new place) and $y = g^+ - g$, the curvature along the step shows in $Hs \approx y$. So keep a matrix $C$, an estimate of $H^{-1}$, start it as the identity, and correct it after each step so that
#
# $$Cy = s \tag{11.4}$$
#
# Many matrices do that. Broyden, Fletcher, Goldfarb and Shanno (1970) take the symmetric one closest to the old $C$, in a norm that doesn't depend on units:
#
# $$C \leftarrow (I - \rho\,s\,y^\top)\,C\,(I - \rho\,y\,s^\top) + \rho\,s\,s^\top, \qquad \rho = \frac1{y\cdot s} \tag{11.5}$$
#
# Here $s\,y^\top$ is the matrix of all products $s_i y_j$. If $y\cdot s > 0$, then $C$ stays **positive definite** (all its eigenvalues are positive), so that $p = -Cg$ always leads down. The line search's second condition sees to $y\cdot s > 0$.
#
# **Exercise 11-4 (implement).** Return the new $C$ of (11.5). (`np.outer(s, y)` is $s\,y^\top$, `np.eye(d)` the identity.)

# %%
def bfgs_update(C, s, y): ...

check.exercise("11-4", bfgs_update)

# %% [markdown]
# Yours on a bowl in three dimensions, where the best $a$ is known: $-g\cdot p / p\cdot Hp$. `C` never sees `H`, only gradients: `H @ s` is the difference of two.

# %%
H = np.array([[3.0, 1.0, 0.0], [1.0, 5.0, 2.0], [0.0, 2.0, 9.0]])
x, C = np.array([1.0, -2.0, 0.5]), np.eye(3)
for _ in range(3):
    p = -C @ (H @ x)                                       # the gradient of ½ x·Hx is Hx
    s = -(H @ x) @ p / (p @ H @ p) * p
    x, C = x + s, check.tried("11-4", bfgs_update, ours.bfgs_update)(C, s, H @ s)
print("at the minimum:", np.allclose(x, 0), "  C is H⁻¹:", np.allclose(C, np.linalg.inv(H)))

# %% [markdown]
# Three steps, three curvatures: `C` has them all. The whole method, `second_order.bfgs` (`wolfe` is the line search, `first` the first $a$ that it tries):

# %%
show_source(second_order.bfgs, docstring=False)

# %% [markdown]
# $C$ still has $d^2$ numbers. **L-BFGS** (Nocedal 1980) keeps only the last ten pairs $(s, y)$. From them it computes $Cg$ by (11.5) unrolled, in about $4\cdot 10\cdot d$ multiplications, and forgets what is older. For 7,850 parameters that is 20 vectors in place of 7,850.
#
# ## 11.5 Conjugate gradients: solve without seeing
#
# Write (11.2) as $Ax = b$, with $A = H$, $b = -g$ and, in this section, $x$ for the unknown step. The solution is the minimum of the bowl $\tfrac12 x\cdot Ax - b\cdot x$, if $A$ is positive definite. The **residual** $r = b - Ax$ is minus the bowl's gradient. Steepest descent would follow $r$, and zigzag (chapter 5): each step undoes part of the last. The cure is directions with $p\cdot Aq = 0$, called **conjugate**: moving along one leaves the minimum along the other intact. Hestenes and Stiefel (1952) get them almost for free. From $x = 0$, $r = p = b$, repeat
#
# $$a = \frac{r\cdot r}{p\cdot Ap},\quad x \leftarrow x + a\,p,\quad r^+ = r - a\,Ap,\quad p \leftarrow r^+ + \frac{r^+\cdot r^+}{r\cdot r}\,p,\quad r \leftarrow r^+ \tag{11.6}$$
#
# **Exercise 11-5 (implement).** Return $x$ after `steps` rounds of (11.6), from $x = 0$. `product(v)` returns $Av$. It is what costs: call it once a round.

# %%
def conjugate_gradients(product, b, steps): ...

check.exercise("11-5", conjugate_gradients)

# %% [markdown]
# **Question 11-c.** A bowl in 50 dimensions whose $A$ has only three different eigenvalues. After how many rounds is the residual zero, but for rounding?

# %%
ask.number("11-c", "rounds:")

# %%
check.prediction("11-c")

# %% [markdown]
# Two sets of eigenvalues, each from 1 to 100, of a diagonal $A$. (The package's `second_order.conjugate_gradients` yields $x$ and $r$ after each round.) The rivals know the eigenvalues: descent at its best rate, 2/(1 + 100), and momentum with its best two numbers (Polyak 1964).

# %%
b, few, many = np.random.default_rng(0).normal(size=50), np.repeat([1.0, 20, 100], [20, 20, 10]), np.geomspace(1, 100, 50)

def residuals(A, rounds=40):
    solving = second_order.conjugate_gradients(lambda v: A * v, b)
    return np.array([max(np.linalg.norm(r), 1e-12) for _, (x, r) in zip(range(rounds), solving, strict=False)])

# %%
lengths = {"three values": residuals(few), "all different": residuals(many)}
for name, rate, momentum in (("descent", 2 / 101, 0.0), ("momentum", 4 / 11**2, (9 / 11) ** 2)):
    x, last, left = np.zeros(50), np.zeros(50), []
    for _ in range(40):
        x, last = x + rate * (b - many * x) + momentum * (x - last), x
        left.append(np.linalg.norm(b - many * x))
    lengths[f"{name}, all different"] = np.array(left)

# %%
fig, ax = figure(6.0, 2.8)
draw_curves(ax, {name: (np.arange(1, len(r) + 1), r) for name, r in lengths.items()}, xlabel="round", ylabel="|residual|", log=True)
folded(picture(fig, alt="The residual against the round, logarithmic. With three different eigenvalues it falls to nothing. "
                        "With fifty different ones it falls by five powers of ten in forty rounds, momentum's by two, gradient descent's by less than one."),
       "Show the residuals, with descent and momentum at their best")

# %% [markdown]
# In exact arithmetic $d$ rounds always do; where eigenvalues cluster, far fewer. Each round costs one product. So a few dozen rounds replace the solving of (11.2), where $H$ is positive definite. A net's is not: "Hessian-free" training (Martens 2010) puts the Gauss–Newton matrix of 11.7 in its place, and adds to its diagonal.
#
# On functions that are no bowls, **nonlinear conjugate gradients** keep the idea: the new direction is $-g^+ + \beta p$ with $\beta = g^+\!\cdot(g^+ - g)\,/\,g\cdot g$ and a line search (Polak and Ribière 1969).
#
# ## 11.6 Against SciPy
#
# Do 10 to 20 lines a method hold against the library that everyone uses, from the same starts to the same tolerance? (SciPy 1.17's nearest are `trust-exact`, `BFGS`, `L-BFGS-B` and `CG`; their bills stand in `ours.SCIPY_BILLS`.)

# %%
starts, minima = {"rosenbrock": [-1.2, 1.0], "beale": [1.0, 1.0]}, {"rosenbrock": (1, 1), "beale": (3, 0.5)}
for (name, surface), (steps, gradients) in ours.SCIPY_BILLS.items():
    run = second_order.METHODS[name](SURFACES[surface].f, starts[surface], tol=1e-9)
    there = np.abs(run.path[-1] - minima[surface]).max() < 1e-8
    print(f"{surface:11} {name:14} steps: ours {run.steps:2}, SciPy {steps:2}   gradients: ours {run.counts.in_gradients[-1]:3},"
          f" SciPy {gradients:3}   at the minimum to 1e-8: {there}")

# %% [markdown]
# Never more steps in this table, and at most one gradient more. (On a bowl in 50 dimensions some of ours take up to half as many steps again.) For work, use SciPy's.
#
# ## 11.7 Losses with structure
#
# **Gauss–Newton.** Let $f = \tfrac12\sum_i r_i(x)^2$, with residuals $r_i$, and let $J$ be their Jacobian. Differentiate twice:
#
# $$H = J^\top J + \sum_i r_i\,\nabla^2 r_i \tag{11.7}$$
#
# Leave out the second term: where the fit is good, its $r_i$ are small. What stays needs first derivatives only and has no negative eigenvalue, so its direction never leads up; a line search gives the length. A decay $x_1 e^{-x_2 t}$, measured 25 times, from a bad first guess (`LeastSquares` keeps these residuals, which are not the $r$ of 11.5; `jacobian` returns them with $J$):

# %%
t = np.linspace(0, 4, 25)
measured = 3.0 * np.exp(-1.2 * t) + 0.05 * np.random.default_rng(0).normal(size=25)
decay, guess = LeastSquares(lambda x: x[0] * ops.exp(-x[1] * t) - measured), np.array([1.0, 3.0])
r, J = decay.jacobian(guess)
print("curvatures of H:", np.linalg.eigvalsh(hessian(decay)(guess)).round(2), "  of JᵀJ:", np.linalg.eigvalsh(J.T @ J).round(2))

# %%
for name in ("newton", "gauss_newton", "damped_newton", "bfgs"):
    run = bill(name, decay, guess)
    print("    at x =", run.path[-1].round(2))

# %% [markdown]
# Pure Newton has found no minimum. It walks out on a plain, $x_2$ larger and larger, until the gradient is small enough to pass for 0: a decay that is over at once, and fits one point of 25. Damping mends that too, for less, and BFGS is cheapest. Gauss–Newton's bill is high because $J$ comes row by row, 25 backward passes a step; column by column, in forward mode ([chapter 8](08_automatic_differentiation.ipynb)), it would be two.
#
# **The natural gradient.** Measure a step by how much a classifier's probabilities change. Draw labels from the model itself, and let $\ell$ be the log-probability of such a label. A small step $p$ changes that probability by the share $\nabla\ell\cdot p$. The mean square of this, over labels and inputs, is $p\cdot Fp$ with the **Fisher matrix** $F$; and measured so, the steepest way down is $-F^{-1}g$:
#
# $$F = \text{mean}\bigl(\nabla\ell\,\nabla\ell^\top\bigr), \qquad p = -F^{-1}g \tag{11.8}$$
#
# The true labels don't occur in $F$, nor do second derivatives.
#
# **Exercise 11-6 (derive).** $F$ for logistic regression: the inputs are the rows of `X`, shape (N, d), the probability of a yes is $\hat y = \sigma(Xw)$. Return $F$, shape (d, d). (For one example, $\nabla\ell = (\text{label} - \hat y)\,x$. The label is 1 with probability $\hat y$, else 0: what is the mean of $(\text{label} - \hat y)^2$?)

# %%
def fisher(X, w): ...

check.exercise("11-6", fisher)

# %% [markdown]
# Does $F$ differ from the Hessian? Yours against `hessian`, of the logistic loss with some labels and with the opposite ones. Then both again for logits behind one tanh, where each $x$ in $F$ becomes the gradient of its logit, $(1 - \tanh^2)\,x$:

# %%
rng = np.random.default_rng(0)
X, w = rng.normal(size=(60, 3)), np.array([0.5, -1.0, 0.2])
labels = (X @ [1.0, -2.0, 0.5] + rng.normal(size=60) > 0).astype(float)

def loss_hessian(logits, labels):
    return hessian(lambda w: ops.mean(ops.softplus(logits(w)) - labels * logits(w)))(w)              # (7.5)

# %%
bent = np.tanh(X @ w)
y_hat, slopes = 1 / (1 + np.exp(-bent)), (1 - bent**2)[:, None] * X
F_bent = slopes.T @ ((y_hat * (1 - y_hat))[:, None] * slopes) / len(X)
for name, logits, F in (("linear", lambda w: X @ w, check.tried("11-6", fisher, ours.fisher)(X, w)),
                        ("behind a tanh", lambda w: ops.tanh(X @ w), F_bent)):
    H, opposite = loss_hessian(logits, labels), loss_hessian(logits, 1 - labels)
    print(f"{name}: H is the same for opposite labels: {np.allclose(H, opposite)}, and is F: {np.allclose(H, F)}; "
          f"lowest curvatures of the two H {np.linalg.eigvalsh(H)[0]:.2f} and {np.linalg.eigvalsh(opposite)[0]:.2f}, "
          f"of F {np.linalg.eigvalsh(F)[0]:.2f}")

# %% [markdown]
# Where the logits are linear in the parameters, $H$ has no label in it either, and natural gradient *is* Newton. In a net it is not: there $H$ depends on the labels and may have negative eigenvalues; $F$ can't.
#
# And units? Feature 2 times 100, feature 3 times 0.01. (`CrossEntropy` keeps the logits, here 0 and $z$, whose softmax is $\sigma(z)$; from them `natural_gradient` takes products $Fv$, and conjugate gradients solve.)

# %%
def in_units(units):
    def two_logits(w):
        z = (X * units) @ w
        return ops.stack([0 * z, z], axis=1)
    return CrossEntropy(two_logits, labels.astype(int))

# %%
for units in (np.ones(3), np.array([1, 100, 0.01])):
    print("units", units)
    for name, options in (("steepest_descent", {}), ("natural_gradient", {"damping": 0.0, "accuracy": 1e-8}), ("bfgs", {})):
        bill(name, in_units(units), np.zeros(3), steps=100, tol=1e-6, **options)

# %% [markdown] tags=["source: §7.6", "source: erratum 18"]
# In good units steepest descent is nearly as cheap; in bad ones it crawls. The natural gradient takes the same steps in both. (`damping=0.0`: anything added to $F$'s diagonal brings units back.) Its bill grows: conjugate gradients feel the spread of the eigenvalues. BFGS feels the units a little, and is cheapest all the same.
#
# ## 11.8 The source's Table 6, checked
#
# | method | the source says | checked |
# |---|---|---|
# | Newton | uses the Hessian; converges fast, costs much | yes, *near* a minimum (11.1). Elsewhere it may run away or sit down on a saddle (11.2): damp it |
# | quasi-Newton | approximates the Hessian; balances speed and cost | yes, from gradients alone (11.4); in 30 dimensions it cost least (11.3) |
# | conjugate gradient | uses conjugate directions; for large problems | yes, since it needs only products $Hv$ (11.5), for $H$ positive definite |
# | natural gradient | respects the geometry of parameter space | yes: of the *predictions*, through $F$ (11.7) |
#
# > **What the source says differently.** §7.6 introduces all four as "methods based on second derivatives". Only Newton forms them. Quasi-Newton methods estimate them from gradients; conjugate gradients need products with the matrix, or gradients alone; the natural gradient uses the Fisher matrix, a mean of squared *first* derivatives.
#
# ## 11.9 From Fisher to Muon, in a page
#
# A layer $Z = XW$, with an example in each row of $X$, gets $\Delta$, the gradient by $Z$, sent back; its weights get $G = X^\top\Delta$. The Fisher matrix of 784 · 10 weights has 7,840² entries. Three ideas make it small:
#
# - **K-FAC** (Martens & Grosse 2015): take inputs and messages as independent, the messages for labels drawn from the model. Then $F$ splits into $X^\top X/N$, 784 × 784, and $N\,\Delta^\top\Delta$, 10 × 10 (the mean loss puts $1/N$ into each row of Δ), and the step is the inverse of the first, times $-G$, times the inverse of the second.
# - **Shampoo** (Gupta et al. 2018): two matrices of the same sizes from $G$ alone, summed over the steps, $L = \sum GG^\top$ and $R = \sum G^\top G$. The step is $-\alpha\,L^{-1/4}\,G\,R^{-1/4}$.
# - **Muon** (Jordan et al. 2024): keep only the last $G$, smoothed by momentum. With the singular value decomposition $G = U\Sigma V^\top$ we have $L = U\Sigma^2U^\top$ and $R = V\Sigma^2V^\top$, so Shampoo's step is $U\Sigma^{-1/2}\,\Sigma\,\Sigma^{-1/2}V^\top = UV^\top$: $G$ with every singular value set to 1.
#
# And $UV^\top$ needs no decomposition. **Newton–Schulz** repeats, from $M = G/\lVert G\rVert$,
#
# $$M \leftarrow \tfrac32 M - \tfrac12 M M^\top M \tag{11.9}$$
#
# which takes each singular value $\tau$ to $(3\tau - \tau^3)/2$, and so brings those between 0 and 1 up to 1.
#
# **Exercise 11-7 (implement).** Return $M$ after `steps` rounds of (11.9), starting with `G` over its length `np.linalg.norm(G)`, which is at least its largest singular value.

# %%
def orthogonalised(G, steps): ...

check.exercise("11-7", orthogonalised)

# %%
def power(A, q):                                                      # the eigenvalues of A to the power q
    values, axes = np.linalg.eigh(A + 1e-12 * np.eye(len(A)))         # those of R that are 0 have no power −1/4
    return axes @ np.diag(values**q) @ axes.T

# %%
G = np.random.default_rng(0).normal(size=(3, 5))
U, values, Vt = np.linalg.svd(G, full_matrices=False)
shampoo = power(G @ G.T, -0.25) @ G @ power(G.T @ G, -0.25)
muon = check.tried("11-7", orthogonalised, ours.orthogonalised)(G, 20)
print("singular values", values.round(2), "→", np.linalg.svd(muon)[1].round(4))
print("Muon is UVᵀ:", np.allclose(muon, U @ Vt), "  and Shampoo's first step:", np.allclose(shampoo, U @ Vt, atol=1e-4))

# %% [markdown]
# The package's rule `muon` (chapter 9) uses another polynomial, which comes near 1 sooner, but no nearer. No second derivative is left in it.
#
# ## 11.10 The edge of stability
#
# Gradient descent on a bowl needs $\alpha < 2/\lambda$ for every curvature λ (chapter 5). A net is no bowl, and its curvature changes on the way. The largest is the **sharpness**. Power iteration (chapter 5), here `top_eigenvalue`, measures it: it finds the eigenvalue largest in size, which is positive here. `flat_loss` makes a model's loss a function of one vector. The net is 784–32–32–10 with tanh and small weights to begin with, the data the first 1,000 digits, the loss the squared error to the one-hot labels (`ops.mse`), with all digits in every step.

# %%
digits = load_mnist()
images, classes = digits.x_train[:1000] - digits.x_train[:1000].mean(), digits.y_train[:1000]

def small(rng, shape):
    return rng.normal(0.0, 0.4 / np.sqrt(shape[0]), shape)

# %%
model = nn.MLP([784, 32, 32, 10], rng=np.random.default_rng(0), activation=ops.tanh, init=small)
net_loss, w = flat_loss(model, ops.mse, images, np.eye(10, dtype=np.float32)[classes])
start = top_eigenvalue(hessian_product(net_loss, w), np.random.default_rng(1).normal(size=w.size), tol=0.01)
print(f"{w.size:,} parameters; sharpness at the start {start.value:.2f}, so α < {2 / start.value:.1f} would be stable on a bowl")

# %% [markdown]
# **Question 11-d.** Train it with α = 1.5, for which $2/\alpha$ is 1.33: well above the sharpness at the start. What will the sharpness do?

# %%
ask.choice("11-d", "the sharpness", ["stays where it began, below 2/α", "falls towards 0", "rises beyond 2/α, and the loss runs away",
                                     "rises to about 2/α and stays near it"])

# %%
check.prediction("11-d")

# %% [markdown]
# `second_order.watch_sharpness` descends, and measures at every tenth step, each time from the last vector. This takes some seconds.

# %%
run = list(second_order.watch_sharpness(net_loss, w, lr=1.5, steps=300, every=10, rng=np.random.default_rng(1)))
step, loss, sharpness = np.array([(at.step, at.loss, at.sharpness) for at in run]).T

# %%
fig, (left, right) = figure(7.6, 2.8, columns=2)
draw_curves(left, {"sharpness": (step[::10], sharpness[::10]), "2/α": (step, np.full(301, 2 / 1.5))}, xlabel="step", ylabel="largest curvature")
draw_curves(right, {"": (step, loss)}, xlabel="step", ylabel="loss", log=True)
folded(picture(fig, alt="Left: the sharpness rises from 0.7 past 2/α, which is 1.33, and swings between 1.4 and 1.8, above the line. "
                        "Right: the loss falls smoothly at first, then in jumps up and down, and goes on falling."),
       "Show the sharpness and the loss")

# %%
late, rises = sharpness[200:] * 1.5 / 2, (np.diff(loss) > 0).sum()
facts = {"over the last 100 steps the sharpness is between 1.0 and 1.4 times 2/α": late.min() > 1.0 and late.max() < 1.4,
         "the loss rose at more than 30 of 300 steps": rises > 30, "it fell to less than half": loss[-1] < loss[0] / 2}
folded("\n".join(f"{fact}: {bool(holds)}" for fact, holds in facts.items()), "Show the same in numbers")

# %% [markdown]
# This is the **edge of stability** (Cohen et al. 2021). While the steps are stable, this training goes where the loss is more and more curved: *progressive sharpening*. At $2/\alpha$ the walk begins to jump from wall to wall along the sharpest axis, as on a bowl. On a bowl it would run away. Here the jumping itself pushes the walk towards flatter ground, because the curvature is not constant (Damian et al. 2023). The bound is not obeyed, and still tells about where the sharpness ends: here 10 to 30 % above.
#
# **Task.** From which α on does the sharpness run along the line $2/\alpha$, and how far above it? Then choose the cross-entropy, and say what is different in the end. (These runs are stored.)

# %%
labs.sharpness.show()

# %% [markdown]
# With a small α the 300 steps are too few to reach the edge. With cross-entropy and a large α the sharpness passes the edge and ends below it: once the digits are fitted, every $\hat y(1 - \hat y)$ shrinks, and $F$ with it. With small batches the sharpness stays below the edge (Cohen et al. 2021), and adaptive rules meet an edge of their own (Cohen et al. 2022). You saw one net with tanh, one data set, one seed.
#
# ## 11.11 On MNIST: L-BFGS against its rivals
#
# Softmax regression on the same 1,000 digits, with a small penalty $\tfrac12\cdot 10^{-3}\lVert w\rVert^2$, so that there is one minimum. A gradient is one pass over the digits. The rivals get the best of three or four learning rates, by the loss at the end; L-BFGS has none to tune. (One seed; every best rate lies inside the range tried.)

# %%
def ridge(images, classes):
    return lambda w: ops.cross_entropy(images @ w.reshape(784, 10), classes) + 5e-4 * ops.sum(w * w)

# %%
whole, origin = ridge(images, classes), np.zeros(7840)
lbfgs = second_order.lbfgs(whole, origin, steps=150, tol=1e-6)
floor, curves = lbfgs.loss[-1], {"L-BFGS": (lbfgs.counts.in_gradients, lbfgs.loss)}

# %% [markdown]
# First rivals: `nesterov` and `adam` on all digits at once (`optim.descend` walks).

# %%
def best(runs):
    return min(runs, key=lambda loss: loss[-1])

# %%
for rule, rates in (("nesterov", (0.2, 0.5, 1.0, 2.0)), ("adam", (0.01, 0.03, 0.1))):
    curves[f"{rule}, all digits"] = (np.arange(61), best([optim.descend(whole, origin, rule, 60, lr=lr).loss for lr in rates]))

# %% [markdown]
# Second rival: Adam on batches of 50 (`data.batches`), 20 steps a pass, on a layer `nn.Linear`, with a learning rate that falls to 0 (`optim.cosine`) when the passes are used up. So each number of passes is a run of its own, and the curve joins the ends of five. Before each step, `zero_grad` forgets the last gradient.

# %%
def in_batches(lr, passes):
    model, rng = nn.Linear(784, 10, rng=np.random.default_rng(0), init="zeros"), np.random.default_rng(1)
    optimizer = optim.Optimizer([model.w], "adam", lr=lr)
    for number in range(passes):
        optimizer.hyper["lr"] = lr * optim.cosine(passes)(number)
        for some, labels in data.batches(images, classes, 50, rng):
            optimizer.zero_grad()
            ridge(some, labels)(model.w.reshape(7840)).backward()
            optimizer.step()
    return whole(model.w.data.ravel())

budgets = np.array([3, 10, 20, 40, 60])
curves["adam, batches of 50"] = (budgets, np.array([min(in_batches(lr, n) for lr in (0.01, 0.03, 0.1)) for n in budgets]))

# %%
fig, ax = figure(7.0, 3.2)
draw_curves(ax, {name: (cost, np.clip(loss - floor, 1e-6, None)) for name, (cost, loss) in curves.items()},
            xlabel="passes over the digits", ylabel="loss above the minimum", log=True)
ax.set_xlim(0, 62)
picture(fig, alt="Loss above its minimum against passes, logarithmic. Adam on batches is lowest up to about 30 passes; L-BFGS crosses it "
                 "and falls far below everything else. The two rivals on all digits stay highest.")

# %%
after = {name: np.interp([3, 20, 60], cost, loss) - floor for name, (cost, loss) in curves.items()}
late = min(left[2] for name, left in after.items() if name != "L-BFGS")
print("after 3 and after 20 passes batches are ahead:", after["adam, batches of 50"][:2] < after["L-BFGS"][:2])
print("after 60 passes L-BFGS is ahead more than tenfold:", 10 * after["L-BFGS"][2] < late)

# %% [markdown]
# For the *minimum*, L-BFGS wins: curvature pays once the slope is gentle. For a short run, batches win: they take twenty steps for the price of one gradient, and at first a rough direction is good enough. And what is the minimum worth? New digits decide:

# %%
centre = digits.x_train[:1000].mean()
right = [((digits.x_val - centre) @ lbfgs.path[k].reshape(784, 10)).argmax(axis=1) == digits.y_val for k in (20, -1)]
print(f"right on {len(right[0])} validation digits: after 20 steps {right[0].mean():.3f}, at the minimum {right[1].mean():.3f}")

# %% [markdown]
# And could L-BFGS learn from batches? Its curvature is in $y = g^+ - g$ (11.4). Take the two gradients from two batches of 50, around step 20; then both from one:

# %%
before, then = lbfgs.path[20:22]
y_whole = grad(whole)(then) - grad(whole)(before)
for name, second in (("two batches", slice(50, 100)), ("one batch", slice(0, 50))):
    y_batch = grad(ridge(images[second], classes[second]))(then) - grad(ridge(images[:50], classes[:50]))(before)
    print(f"{name}: the noise in y is {np.linalg.norm(y_batch - y_whole) / np.linalg.norm(y_whole):.1f} times y")

# %% [markdown]
# The last decimals of the training loss buy nothing that 1,000 new digits could show. So there are two reasons, beside the cost of curvature, for first-order rules on batches: nobody needs the exact minimum, and the difference of two noisy gradients may be mostly noise. Both from one batch are better, cost a second gradient a step, and are still as much noise as signal.
#
# ## In PyTorch
#
# | here | in PyTorch |
# |---|---|
# | `hessian`, `hvp` | `torch.func.hessian`, `torch.autograd.functional.hvp` |
# | `second_order.lbfgs` | `torch.optim.LBFGS(…, line_search_fn="strong_wolfe")` |
# | `flat_loss` | `torch.func.functional_call` with `torch.nn.utils.parameters_to_vector` |
# | `muon` | `torch.optim.Muon` |
#
# ## Further reading
#
# - J. Nocedal, S. Wright, *Numerical Optimization*, Springer 2006: chapters 3, 5, 6, 7 and 10.
# - Y. Dauphin et al., *Identifying and attacking the saddle point problem*, NeurIPS 2014: $|H|$.
# - S. Amari, *Natural gradient works efficiently in learning*, Neural Computation 10, 1998. J. Martens, *New insights and perspectives on the natural gradient method*, JMLR 21, 2020: when $F$ is Gauss–Newton.
# - J. Martens, *Deep learning via Hessian-free optimization*, ICML 2010. J. Martens, R. Grosse, *K-FAC*, ICML 2015. V. Gupta et al., *Shampoo*, ICML 2018. K. Jordan et al., *Muon*, 2024.
# - J. Cohen et al., *Gradient descent on neural networks typically occurs at the edge of stability*, ICLR 2021; *Adaptive gradient methods at the edge of stability*, 2022. A. Damian et al., *Self-stabilization*, ICLR 2023.
#
# Next: [chapter 12](12_mnist.ipynb), the whole workflow on digits.
