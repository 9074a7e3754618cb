# %% [markdown]
# # 6 Linear regression
#
# The smallest training run there is, every number of it by hand. Then the same with many points and with badly scaled features: at the end you can say from the data alone how fast descent will be.
#
# Below the imports, the lab `labs.linear_regression` shows a run in motion.

# %%
import numpy as np

from textbook import Tensor, ask, check, data, engine, labs, nn, ops, optim
from textbook.exercises import chapter_06 as ours
from textbook.labs.linear_regression import bowl
from textbook.plots import draw_curves, draw_weights, figure, picture
from textbook.show import folded, show_source

# %%
labs.linear_regression.show(preset="noisy", lr=0.3, step=3)

# %% [markdown]
# Left, a line and some points. Right, the same situation seen from the parameters: each place is one line, given by its slope $w$ and its height $b$ at $x = 0$, and the rings join lines that fit equally well. Press Play. The walk on the right is the turning line on the left. The curve below is the loss, from step to step, on a logarithmic axis.
#
# **You will be able to**
#
# - carry out a whole training run with pen and paper: forward, backward, update;
# - say from the data alone which learning rates converge, and how fast;
# - fit a line to any number of features, by one formula and by descent, and say when to use which;
# - say what standardising changes, and what it does not.
#
# **You need** backpropagation ([chapter 3](03_backpropagation.ipynb)) and gradient descent ([chapter 5](05_gradient_descent.ipynb)). Matrix products and eigenvalues are refreshed in the [appendix](90_mathematics.ipynb). **Time**: about two hours, half of it for the seven exercises.

# %% [markdown]
# ## 6.1 The problem
#
# One data point: at $x = 2$ we have measured $y = 5$. The **model** is a straight line,
#
# $$\hat y = wx + b \tag{6.1}$$
#
# with two parameters, the slope $w$ and the intercept $b$. The hat marks a prediction. The **loss** says how wrong the prediction is; here it is the squared error:
#
# $$\mathcal L = (\hat y - y)^2 \tag{6.2}$$
#
# Why the square? It is zero exactly where the prediction is right, it does not care on which side we miss, and it is smooth, so it has a gradient everywhere. (Chapter 7 gives a deeper reason.)
#
# We begin at $w = 1$ and $b = 0$, and walk with **learning rate** $\alpha = 0.1$, called `lr` in code. The first prediction and its loss:

# %% tags=["source: §6.1"]
x, y = 2.0, 5.0
w, b, lr = 1.0, 0.0, 0.1
y_hat = w * x + b
loss = (y_hat - y) ** 2
print(f"ŷ = {y_hat:g}, loss = {loss:g}")

# %% [markdown]
# Here is the graph of this computation, in the lab `labs.graph`. Two of its inputs, $x$ and $y$, are data and stay as they are. The other two, $w$ and $b$, are what we may change. On the way stand the product $u = wx$ and the **error** $e = \hat y - y$. Step through it, from the inputs to the loss.

# %% tags=["source: §6.2", "source: Fig. 4"]
named = "u = w*x; y_hat = u + b; e = y_hat - y; loss = e**2"
at_start = {"w": 1, "x": 2, "b": 0, "y": 5}
labs.graph.show(formula=named, values=at_start, mode="forward", step=-1)

# %% [markdown]
# ## 6.2 One step, by hand
#
# **Backward.** From the loss to the parameters. The square is the last operation, so it comes first: $\partial\mathcal L/\partial\hat y = 2(\hat y - y)$.
#
# **Question 6-a.** What is $\partial\mathcal L/\partial w$? (`ask` takes your answer, `check.prediction` compares it.)

# %%
ask.number("6-a", "∂ℒ/∂w =")

# %%
check.prediction("6-a")

# %% [markdown]
# The line (6.1) has the local derivatives $\partial\hat y/\partial w = x$ and $\partial\hat y/\partial b = 1$. The chain rule multiplies:
#
# $$\frac{\partial\mathcal L}{\partial w} = \frac{\partial\mathcal L}{\partial\hat y}\cdot x = 2(\hat y - y)\,x, \qquad \frac{\partial\mathcal L}{\partial b} = \frac{\partial\mathcal L}{\partial\hat y}\cdot 1 = 2(\hat y - y) \tag{6.3}$$
#
# The next cell computes them; in code $\partial\mathcal L/\partial w$ is called `dw`. (`folded` keeps the numbers under a lid until you have committed to yours.)

# %% tags=["source: §6.3"]
dy_hat = 2 * (y_hat - y)
dw, db = dy_hat * x, dy_hat * 1
folded(f"∂ℒ/∂ŷ = {dy_hat:g},  ∂ℒ/∂w = {dw:g},  ∂ℒ/∂b = {db:g}", "Show the three derivatives")

# %% [markdown]
# Both gradients are negative: more $w$, or more $b$, would lower the loss, as the prediction is too small. And $w$ has twice the gradient, because a unit of $w$ moves the prediction by $x = 2$ units and a unit of $b$ by one. (The graph does not know which of its inputs are data: it has gradients for $x$ and $y$ too. We don't use them.)
#
# **Update.** Each parameter goes against its gradient:
#
# $$w \leftarrow w - \alpha\,\frac{\partial\mathcal L}{\partial w}, \qquad b \leftarrow b - \alpha\,\frac{\partial\mathcal L}{\partial b} \tag{6.4}$$

# %% tags=["source: §6.3"]
w_new, b_new = w - lr * dw, b - lr * db
y_hat_new = w_new * x + b_new
print(f"w = {w_new:.1f}, b = {b_new:.1f}, ŷ = {y_hat_new:.1f}, loss = {(y_hat_new - y) ** 2:.1f}")

# %% [markdown]
# One step, and the loss is zero. Play the backward walk through the graph, and find the numbers of (6.3) on its edges.

# %% tags=["source: Fig. 4"]
labs.graph.show(formula=named, values=at_start, mode="backward", step=-1)

# %% [markdown]
# **Exercise 6-1 (implement).** Put the three together: one step of descent for any point $(x, y)$, with the loss (6.2). Return two numbers, the new $w$ and the new $b$. (`check.exercise` compares with the book's answer.)

# %%
def train_step(w, b, x, y, lr):
    ...

check.exercise("6-1", train_step)

# %% [markdown]
# **Our engine** does (6.3) for any graph. `Tensor` is its number, `optim.Optimizer` with the rule `optim.gd` does (6.4).

# %%
params = [Tensor(1.0, requires_grad=True, name="w"), Tensor(0.0, requires_grad=True, name="b")]
engine_loss = (params[0] * x + params[1] - y) ** 2
engine_loss.backward()
print("loss", engine_loss.item(), "  gradients", [float(p.grad) for p in params])
optim.Optimizer(params, optim.gd, lr=0.1).step()
print("then w, b =", [round(p.item(), 6) for p in params])

# %% [markdown]
# ## 6.3 Step after step
#
# Training is this step, repeated. An **epoch** is one pass over the data; with one data point, an epoch is one step. Here is the whole run, with your `train_step`, or the book's if yours isn't right yet (`check.tried` chooses).

# %% tags=["source: §6.4", "source: Table 4"]
step, table = check.tried("6-1", train_step, ours.train_step), []
w, b = 1.0, 0.0
for epoch in range(3):
    y_hat = w * x + b
    table.append((w, b, y_hat, (y_hat - y) ** 2))
    print(f"{epoch}   w = {w:.1f}   b = {b:.1f}   ŷ = {y_hat:.1f}   loss = {table[-1][3]:.1f}")
    w, b = step(w, b, x, y, lr)
assert np.allclose(table, [(1, 0, 2, 9), (2.2, 0.6, 5, 0), (2.2, 0.6, 5, 0)])

# %% [markdown]
# Now see it in motion. The lab writes L for the loss. **Task:** step once, and watch the line turn onto the point. Then drag the diamond, the start, to other places. Where does each walk end? What do the ends have in common?

# %%
labs.linear_regression.show(step=0)

# %% [markdown]
# The bowl is no bowl. It is a straight **trough**: along the dashed line the loss is zero everywhere. Every $(w, b)$ with $2w + b = 5$ is a line through the point, and one point cannot say which of them is meant. `bowl(x, y)` is the loss as a function of both parameters, $\theta = (w, b)$, for any points. (`[..., None]` adds an axis for the points, so that it takes many θ at once.)

# %%
show_source(bowl, docstring=False)

# %%
one_point = bowl([2.0], [5.0])
solutions = np.array([(2.2, 0.6), (2.5, 0.0), (0.0, 5.0), (-1.0, 7.0)])
print("their losses:", one_point(solutions.T).round(12))

# %% [markdown]
# Every walk that converges ends at the solution **nearest** to its start. Why? A step is a multiple of the gradient, and by (6.3) the gradient is a multiple of $(x, 1)$. So the walk can move in one direction only, and that direction is perpendicular to the dashed line. `optim.descend(f, start, rule, steps)` makes the walks of this picture, from three starts. Both axes have the same unit, so that a right angle looks like one. (`figure` and `picture` draw and show.)

# %%
grid = np.stack(np.meshgrid(np.linspace(-1, 5, 61), np.linspace(-3, 4, 61)))
fig, ax = figure(4.6, 3.6)
ax.contour(*grid, one_point(grid), levels=[0.5, 2, 4.5, 8, 18, 32], colors="0.7", linewidths=0.8)
ax.plot([0.5, 4], [4, -3], "--", color="C2", label="loss 0")
for start, mark in (((1, 0), "o"), ((3, 2), "s"), ((0, -2), "^")):
    walk = optim.descend(one_point, start, optim.gd, steps=12, lr=0.03).path
    ax.plot(*walk.T, mark + "-", ms=4, label=f"from {start}")
ax.set(xlabel="w", ylabel="b", aspect="equal")
ax.legend(loc="upper right", fontsize=8)
picture(fig, alt="Parallel level lines, the dashed line of zero loss in their middle. Three walks, each straight, meet the "
                 "dashed line at a right angle.")

# %% [markdown]
# **Exercise 6-2 (derive).** Where does the walk from $(w, b)$ end? It goes along $(x, 1)$, so the end is $(w + kx,\; b + k)$ for some number $k$. Find the $k$ for which the end is a solution, and return the end as two numbers.

# %%
def nearest_solution(w, b, x, y):
    ...

check.exercise("6-2", nearest_solution)

# %% [markdown]
# ## 6.4 Why one step was enough
#
# Was that luck? Follow the error $e = \hat y - y$ instead of the parameters. By (6.3) and (6.4) a step changes $w$ by $-2\alpha e x$ and $b$ by $-2\alpha e$. So the prediction $wx + b$ changes by $-2\alpha e x \cdot x - 2\alpha e$, and the error becomes
#
# $$e \;\leftarrow\; \bigl(1 - 2\alpha\,(x^2 + 1)\bigr)\,e \tag{6.5}$$
#
# Every step multiplies the error by the same number. With $x = 2$ it is $1 - 10\alpha$, and with $\alpha = 0.1$ that is zero. So yes: luck, or a rate chosen with care.
#
# **Question 6-b.** What will happen with $\alpha = 0.2$, twice the rate?

# %%
ask.choice("6-b", "the loss:", ["it reaches 0", "it shrinks slowly", "it stays at 9", "it grows without end"])

# %%
check.prediction("6-b")

# %% [markdown]
# Try it in the lab above: set α to 0.2 and press Play. Then five rates in one call; by (6.5) the loss after $t$ steps must be $9\,(1 - 10\alpha)^{2t}$. (The second rate drops to zero, which a logarithmic axis cannot show: its curve ends.)

# %%
rates = np.array([0.05, 0.1, 0.19, 0.2, 0.21])
runs = optim.descend(one_point, [1.0, 0.0], optim.gd, steps=12, lr=rates)
assert np.allclose(runs.loss, 9 * (1 - 10 * rates) ** (2 * np.arange(13)[:, None]))
shown = np.where(runs.loss > 1e-20, runs.loss, np.nan)
fig, ax = figure(7.2, 3.2)
curves = {f"α = {a:g}": (np.arange(13), shown[:, i]) for i, a in enumerate(rates)}
for name, line in draw_curves(ax, curves, ylabel="loss", log=True).items():
    line.set_marker("o" if name == "α = 0.1" else "")
ax.legend(ncols=5, loc="lower center", handlelength=2.5, frameon=False)
ax.set_ylim(1e-8, 1e3)
folded(picture(fig, alt="The loss against the step on a log scale. 0.05 falls in a straight line, 0.1 is a single dot at 9, "
                 "0.19 falls slowly, 0.2 is level, 0.21 rises."), "Show the five runs")

# %% [markdown]
# | α | factor of the error, $1 - 10\alpha$ |
# |---|---|
# | 0.05 | 0.5: halves, on the same side |
# | 0.1 | 0: gone in one step |
# | 0.19 | −0.9: changes side, and shrinks slowly |
# | 0.21 | −1.1: changes side, and grows |
#
# Chapter 5 knows these regimes: there the factor was $1 - \alpha\lambda$, with the curvature $\lambda$. So the curvature must be 10 here. The matrix of second derivatives of (6.2) by $w$ and $b$, the **Hessian**, is
#
# $$H = 2\begin{pmatrix} x^2 & x \\ x & 1 \end{pmatrix}, \qquad \text{eigenvalues } 2(x^2 + 1) \text{ and } 0 \tag{6.6}$$
#
# `engine.hessian` differentiates the loss twice:

# %%
H = engine.hessian(one_point)(np.array([1.0, 0.0]))
print(H, "\nH times (2, 1) =", H @ [2, 1], "  H times (1, -2) =", H @ [1, -2])

# %% [markdown]
# Across the trough, in the direction $(2, 1)$, the curvature is 10: $H$ makes the vector ten times as long. Along the trough, in the direction $(1, -2)$, it is 0: there is nothing to descend, and the walk never moves that way.
#
# > **What the source says differently.** Around Table 4 the source says that after one step the prediction is "closer to the true value", and that training "converges step by step to the optimal solution". Here it is not closer, it is there: α is one over the curvature. With α = 0.05 the error is halved for ever and never zero. Nor is there *the* solution: the start decides which of infinitely many is found.
#
# **Exercise 6-3 (derive).** Which α ends in one step, for any $x$? Return it as a function of $x$.

# %%
def best_rate(x):
    ...

check.exercise("6-3", best_rate)

# %% [markdown]
# ## 6.5 Many points
#
# Real data come as a table: $N$ examples, each with $d$ **features**, the numbers we know about it. Put them in a matrix $X$ with a row for each example, add a column of ones, and $b$ becomes one more weight. The parameters are one vector $\theta = (w_1, \dots, w_d, b)$, and all predictions are one product:
#
# $$\hat y = X\theta, \qquad \mathcal L(\theta) = \frac1N \lVert X\theta - y\rVert^2 = \frac1N\sum_{i=1}^N (\hat y_i - y_i)^2 \tag{6.7}$$
#
# This is the **mean squared error**. The mean, not the sum: so the loss, its gradient and the right learning rate do not grow with the number of examples.
#
# `data.line` makes twenty points about the line $2x + 1$, with noise.

# %%
inputs, targets = data.line(20, slope=2.0, intercept=1.0, noise=0.5, rng=np.random.default_rng(0))
X, targets, theta = np.hstack([inputs, np.ones((20, 1))]), targets[:, 0], np.array([-1.0, -1.0])
print("X", X.shape, "  targets", targets.shape, "  loss at θ", np.mean((X @ theta - targets) ** 2).round(3))

# %% [markdown]
# Its gradient follows from the rule of the matrix product: the message to the right factor of $X\theta$ is $X^\top$ times the upstream gradient, which is $\tfrac2N(X\theta - y)$. ([Chapter 4](04_backpropagation_on_arrays.ipynb) derives the rule.)
#
# $$\nabla\mathcal L = \frac2N\, X^\top (X\theta - y) \tag{6.8}$$
#
# Compare (6.3): there was $2\,(\hat y - y)\cdot x$ for $w$ and $2\,(\hat y - y)\cdot 1$ for $b$. It is the same, averaged over the points.
#
# **Exercise 6-4 (implement).** Write (6.8). `X` has its column of ones already; return a vector like `theta`.

# %%
def gradient(X, y, theta):
    ...

check.exercise("6-4", gradient)

# %% [markdown]
# The engine's answer, by `engine.grad`, the gradient of any function (`ops.mse` is the mean squared error):

# %%
by_engine = engine.grad(lambda theta: ops.mse(X @ theta, targets))(theta)
folded(by_engine.round(3), "Show the gradient at θ")

# %% [markdown]
# ## 6.6 The answer in one formula
#
# At the minimum the gradient is zero. Put (6.8) to zero, and out come the **normal equations** (Legendre 1805, Gauss 1809):
#
# $$X^\top X\,\theta = X^\top y \tag{6.9}$$
#
# They are $d + 1$ linear equations for $d + 1$ unknowns. No learning rate, no steps. Written as $X^\top(y - X\theta) = 0$ they also say what the best line is like: its errors are perpendicular to every column of $X$. With the column of ones this means that the errors add up to zero.
#
# **Exercise 6-5 (implement).** Solve them. `np.linalg.solve(A, c)` returns the $\theta$ with $A\theta = c$.

# %%
def least_squares(X, y):
    ...

check.exercise("6-5", least_squares)

# %%
closed = check.tried("6-5", least_squares, ours.least_squares)(X, targets)
walked = optim.descend(bowl(inputs[:, 0], targets), theta, optim.gd, steps=60, lr=0.3).path[-1]
print("by formula", closed.round(3), "  by 60 steps", walked.round(3))

# %% [markdown]
# Not quite the slope 2 and intercept 1 that the points were made with: the noise of twenty points moves the best line a little. Descent finds the same line, and it has no way to know a better one.
#
# In practice one calls `np.linalg.lstsq`, which never forms $X^\top X$: where columns are nearly alike, the product loses digits that $X$ still has. It also has an answer where (6.9) has many. For our single point, it gives the solution nearest to the origin; so does descent, if it starts there.

# %%
shortest = np.linalg.lstsq(np.array([[2.0, 1.0]]), [5.0], rcond=None)[0]
from_origin = optim.descend(one_point, [0.0, 0.0], optim.gd, 1, lr=0.1).path[-1]
print("lstsq", shortest.round(6), "  descent from (0, 0)", from_origin.round(6))

# %% [markdown]
# Then why descend at all?
#
# | | normal equations | descent |
# |---|---|---|
# | cost | $Nd^2$ to set up, $d^3$ to solve, once | $Nd$ for each step |
# | memory | a $d \times d$ matrix | a few vectors |
# | needs | a loss that is quadratic in θ | a gradient |
# | answer | exact, up to rounding | as close as you have patience |
#
# For a few thousand features the formula usually wins. With a million parameters its matrix alone has $10^{12}$ entries of 8 bytes: 8 terabytes. And the third row decides: for a network there is no formula.

# %% [markdown]
# ## 6.7 The bowl
#
# In (6.7) the parameters enter squared and never higher. So the loss is exactly quadratic, its Hessian is the same everywhere, and its contours are ellipses, or the parallel lines of a trough:
#
# $$H = \frac2N X^\top X, \qquad \mathcal L(\theta) = \mathcal L(\theta^*) + \tfrac12(\theta - \theta^*)^\top H\,(\theta - \theta^*) \tag{6.10}$$
#
# with $\theta^*$ a minimiser. The eigenvalues of $H$ are the curvatures along the axes of the ellipses. All of chapter 5 applies, with no approximation: descent converges for $\alpha < 2/\lambda_{\max}$, where $\lambda_{\max}$ is the largest of them, and how fast is a matter of the **condition number** $\kappa = \lambda_{\max}/\lambda_{\min}$, the largest over the smallest.

# %%
H = 2 / 20 * X.T @ X
least, most = np.linalg.eigvalsh(H)
print(f"curvatures {least:.3f} and {most:.3f}, κ = {most / least:.2f}, limit α < {2 / most:.3f}")

# %% [markdown]
# The Hessian does not contain $y$. The shape of the bowl, and with it the right learning rate, depend on *where* we have measured and not on *what*. **Task:** drag single points in the left picture, up and down, then sideways; press *Move all points up by 1*. Which of these moves the bowl, and which changes its shape?

# %%
labs.linear_regression.show(preset="noisy", lr=0.9, step=10)

# %% [markdown]
# Up and down: the bowl slides, its shape stays. Sideways: the ellipses also turn and stretch. And if all points lie near one place? Points above one $x$ do not say how steep the line should be:

# %%
labs.linear_regression.show(points=[(1.4, 2.6), (1.4, 3.1), (1.4, 3.7), (1.4, 4.3)], preset="noisy", lr=0.2, step=10)

# %% [markdown]
# The trough again. Drag one of the points away from the others, and watch it become a bowl.
#
# ## 6.8 Features on different scales
#
# Now the same kind of points, but measured far from zero, as temperatures in degrees or years are: $x$ between 8 and 12. The next lab will say $\kappa \approx 9{,}000$ for them. Take $\alpha = 1/\lambda_{\max}$. A step multiplies the distance from the minimum by $1 - \alpha\lambda$ in each direction: across the trough by 0, along it by $1 - 1/\kappa$.
#
# **Question 6-c.** About how many steps until the distance *along* the trough is a tenth of what it was?

# %%
ask.choice("6-c", "steps:", ["about 100", "about 1,000", "about 20,000"])

# %%
check.prediction("6-c")

# %% [markdown]
# **Task:** look for a learning rate that gets to the star within 200 steps.

# %%
labs.linear_regression.show(preset="far", lr=0.008, steps=200, step=200)

# %% [markdown]
# There is none. The first steps fall into the trough, the others crawl along its bottom. The slope and the intercept have become rivals: far from $x = 0$, more $w$ and less $b$ leave the line near the points almost where it was. Any α large enough to move along the trough is far beyond the limit across it.
#
# The cure is to move the origin into the data, and to measure in units of their spread. Replace each feature by
#
# $$\tilde x = \frac{x - m}{s} \tag{6.11}$$
#
# with $m$ its mean and $s$ its standard deviation. This is called **standardising**. Now each column has mean 0, so it is perpendicular to the column of ones, and all columns have the same length. With one feature nothing is left of the trough: κ = 1, and $\alpha = 1/2$ arrives in one step.

# %%
labs.linear_regression.show(preset="standardised", lr=0.5, step=1)

# %% [markdown]
# With several features the scales differ among themselves too. Here are a hundred invented flats: their area in m², their rooms, their price in thousands.

# %%
rng = np.random.default_rng(0)
area = rng.uniform(30, 150, 100)
rooms = np.round(area / 25 + rng.normal(0, 0.7, 100))
price = 3 * area + 10 * rooms + 20 + rng.normal(0, 15, 100)
raw = np.stack([area, rooms], axis=1)
mean, std = raw.mean(axis=0), raw.std(axis=0)
scaled = (raw - mean) / std                                                          # (6.11)

# %% [markdown]
# How many steps does descent from θ = 0 need? It depends on what one asks. By (6.10), in the direction of each eigenvector the distance $\delta$ from the minimum is multiplied by $1 - \alpha\lambda$ in each step, so the **gap**, the loss above its minimum, is known after any number of steps $t$ without a walk: $\tfrac12\sum\lambda\,\delta^2\,(1 - \alpha\lambda)^{2t}$, a sum over the eigenvectors. One function for the spectrum, one for the gap:

# %%
def spectrum(features):
    """Curvatures of the loss, and the distances from the minimum in these directions at θ = 0."""
    X = np.hstack([features, np.ones((len(features), 1))])
    lam, directions = np.linalg.eigh(2 / len(X) * X.T @ X)
    return lam, directions.T @ np.linalg.lstsq(X, price, rcond=None)[0]

def gap(features, lr, t):
    """The loss above its minimum after t steps (t may be an array)."""
    lam, delta = spectrum(features)
    return 0.5 * (lam * delta**2 * (1 - lr * lam) ** (2 * np.asarray(t)[..., None])).sum(axis=-1)

# %% [markdown]
# `first_steps` finds the first step with a small enough gap, for each of the goals, a thousandth of what it was and 1. It is tried for the rate $1/\lambda_{\max}$ and for $2/(\lambda_{\min} + \lambda_{\max})$, which chapter 5 calls the best in the long run.

# %%
def first_steps(features, lr, goals):
    gaps = gap(features, lr, np.arange(300_000))
    return [int(np.argmax(gaps <= goal)) for goal in goals]

for name, features in (("raw", raw), ("standardised", scaled)):
    lam, _ = spectrum(features)
    print(f"{name}: κ = {lam[-1] / lam[0]:,.0f}, gap at the start {gap(features, 0, 0):,.0f}")
    for rate, lr in (("1/λmax", 1 / lam[-1]), ("2/(λmin + λmax)", 2 / (lam[0] + lam[-1]))):
        steps = first_steps(features, lr, (gap(features, 0, 0) / 1000, 1.0))
        print(f"   α = {rate:15}: a thousandth after {steps[0]:7,} steps, within 1 after {steps[1]:7,}")

# %% [markdown]
# Read it slowly; there is a trap. With $\alpha = 1/\lambda_{\max}$ the raw features look splendid: one step, and less than a thousandth of the gap is left. That step falls to the floor of the trough. What is left lies along the floor, and *there* the raw features need 167,729 steps to come within 1 of the minimum, the standardised ones 46. And the rate that is best in the long run spends its first hundred thousand steps jumping from wall to wall, and overtakes only beyond the right edge of the picture below. A falling loss is not yet a found minimum.
#
# κ has not come down to 1: large flats have more rooms, the two features say nearly the same, and standardising cannot change that. What remains of κ is their correlation.
#
# As a check, the gaps of the engine's own walk, on both. Then the picture.

# %%
def walk(features, lr, steps):
    X = np.hstack([features, np.ones((100, 1))])
    run = optim.descend(lambda theta: ops.mse(X @ theta, price), np.zeros(3), optim.gd, steps, lr=lr)
    return run.loss - np.mean((X @ np.linalg.lstsq(X, price, rcond=None)[0] - price) ** 2)

for features in (raw, scaled):
    lr = 1 / spectrum(features)[0][-1]
    for name, gaps in (("walked", walk(features, lr, 4)), ("known ", gap(features, lr, np.arange(5)))):
        print(name, "  ".join(f"{g:,.1f}" for g in gaps))

# %%
t = np.unique(np.geomspace(1, 300_000, 400).astype(int))
curves = {}
for name, features in (("raw", raw), ("standardised", scaled)):
    lam, _ = spectrum(features)
    curves[f"{name}, 1/λmax"] = (t, gap(features, 1 / lam[-1], t))
    curves[f"{name}, 2/(λmin + λmax)"] = (t, gap(features, 2 / (lam[0] + lam[-1]), t))
fig, ax = figure(7.2, 3.2)
draw_curves(ax, curves, xlabel="step", ylabel="gap", log=True)
ax.set(xscale="log", ylim=(1e-2, 3e5))
ax.legend(loc="lower left", bbox_to_anchor=(0.36, 0.0), frameon=False)
picture(fig, alt="The gap against the step, both axes logarithmic. Raw with 1/λmax: low at once, then level until 10,000 "
                 "steps. Raw with the other rate: high and level until 10,000. Standardised: both drop within a hundred.")

# %% [markdown]
# Nothing is lost by standardising. The model found on $\tilde x$ is a model for $x$, written differently.
#
# **Exercise 6-6 (derive).** $w$ and $b$ were learned on $(x - m)/s$. Return the weights and the bias that give the same predictions from $x$ itself. `w`, `mean` and `std` are vectors with an entry for each feature, `b` is a number; return a vector and a number.

# %%
def unstandardise(w, b, mean, std):
    ...

check.exercise("6-6", unstandardise)

# %% [markdown]
# NB: $m$ and $s$ belong to the model. They are computed on the training data, and the same numbers are used for every later example. To standardise the test data by their own mean would be to look at them.
#
# ## 6.9 On MNIST: 0 or 1
#
# Now the target is not a number but an answer: is this image a 1, or is it a 0? Write yes as $y = 1$ and no as $y = 0$. Nothing keeps us from fitting a line to these two numbers and answering yes where it is above ½. `data.load_mnist` gives the digits: training data, and validation data which the training never sees.

# %%
mnist = data.load_mnist()
train, val = mnist.y_train < 2, mnist.y_val < 2
pixels, is_one = mnist.x_train[train], mnist.y_train[train][:, None].astype(np.float32)
new_pixels, truly_one = mnist.x_val[val], mnist.y_val[val][:, None] == 1

# %%
print("training", pixels.shape, "  validation", new_pixels.shape, "  never inked:", (pixels == 0).all(axis=0).sum())

# %% [markdown]
# The 784 features are the intensities of the pixels, all between 0 and 1. A pixel that is never inked makes a column of zeros: $X^\top X$ is singular and the normal equations have no single answer. Descent does not mind: such a weight has gradient 0 and stays where it began. The largest curvature tells the learning rate. `nn.Linear` is $z = xW + b$ as an object that holds its parameters; of the optimizer, `zero_grad` forgets the old gradients and `step` moves.

# %%
X_digits = np.hstack([pixels, np.ones((len(pixels), 1))])
largest = np.linalg.eigvalsh(2 / len(X_digits) * X_digits.T @ X_digits)[-1]          # of H in (6.10)
model = nn.Linear(784, 1, rng=np.random.default_rng(0), init="zeros")
optimizer = optim.Optimizer(model.parameters(), optim.gd, lr=1 / largest)
for _ in range(100):
    optimizer.zero_grad()
    ops.mse(model(pixels), is_one).backward()
    optimizer.step()
scores = model(new_pixels).data
right = (scores > 0.5) == truly_one
print(f"λmax = {largest:.0f}; {right.sum()} of {right.size} validation images right; ŷ from {scores.min():.2f} to {scores.max():.2f}")

# %%
fig, ax = figure(4.4, 2.4)
draw_weights(ax, model.w.data)
picture(fig, alt="The 784 weights as an image: red, positive, along a vertical stroke in the middle; blue, negative, on both "
                 "sides of it.")

# %% [markdown]
# Nobody has told it what a 0 looks like. Yet the weights show it, where they are largest: ink on the vertical stroke in the middle (red) votes for 1, ink on the two sides of it (blue), where a 0 has its walls, votes for 0. It is not a clean ring: how much of a zero's ink votes for 0?

# %%
zeros_ink = pixels[is_one[:, 0] == 0].mean(axis=0) > 0.5
print(f"of the {zeros_ink.sum()} pixels that are dark in a zero, {(model.w.data[zeros_ink] < 0).mean():.0%} have a negative weight")

# %% [markdown]
# ### What is wrong with it
#
# It works here because 0 and 1 are easy. But look at what the model says, and at what the loss asks for. The predictions leave [0, 1], so they are no probabilities. And a prediction of 3 for a clear yes is *right*, yet the squared error fines it $(3 - 1)^2 = 4$, more than a flat no. Easy examples, far beyond any doubt, pull at the line.
#
# **Exercise 6-7 (break).** Four points, $x = -2, -1$ with $y = 0$ and $x = 1, 2$ with $y = 1$. The least-squares line answers yes above ½, and gets all four right. Add one more point with $y = 1$, an easy one, at a large $x$, such that the line gets one of the four wrong. Give its $x$.

# %%
easy_point = ...

check.exercise("6-7", easy_point)

# %% [markdown]
# [Chapter 7](07_classification.ipynb) finds the loss that does not do this.
#
# ## 6.10 The same in PyTorch
#
# This is the first cell of the chapter that needs torch; it is imported only to compare.

# %%
import torch

torch_w, torch_b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (1.0, 0.0))
torch_loss = (torch_w * 2.0 + torch_b - 5.0) ** 2
torch_loss.backward()
print("loss", torch_loss.item(), "  gradients", [torch_w.grad.item(), torch_b.grad.item()])
torch.optim.SGD([torch_w, torch_b], lr=0.1).step()
print("the same to the last bit:", [torch_w.item(), torch_b.item()] == [p.item() for p in params])

# %% [markdown]
# | here | in PyTorch |
# |---|---|
# | `ops.mse(y_hat, y)` | `F.mse_loss(y_hat, y)`; ours refuses shapes that differ, torch broadcasts with a warning |
# | `np.linalg.lstsq(X, y)` | `torch.linalg.lstsq(X, y)` |
# | `optim.Optimizer(params, optim.gd, lr=0.1)` | `torch.optim.SGD(params, lr=0.1)` |
#
# ## What the source says differently
#
# - **One data point.** The source stops there. With more than one the loss is a mean (or a sum), and the shape of its bowl decides everything (sections 6.5 to 6.8).
# - **The letter L** stands for the loss here and for the smoothness constant a page earlier. We write ℒ for the loss.
#
# ## Further reading
#
# - A.-M. Legendre, *Nouvelles méthodes pour la détermination des orbites des comètes*, 1805, and C. F. Gauss, *Theoria motus*, 1809: least squares.
# - L. Trefethen, D. Bau, *Numerical Linear Algebra*, SIAM 1997, lectures 11 and 19: least squares, and why not by the normal equations.
# - C. Bishop, *Pattern Recognition and Machine Learning*, Springer 2006, section 3.1.
#
# Next: [chapter 7](07_classification.ipynb), a yes or a no, and one of many.
