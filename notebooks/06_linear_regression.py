# %% [markdown]
# # 6 Linear regression
#
# The smallest training run there is, every number of it by hand. Then the same with many points, with badly scaled features, and with a yes or a no in place of a number: at the end you know which loss to choose, and why its gradient is always *prediction minus truth*.

# %%
import numpy as np

from textbook import Tensor, ask, check, data, engine, labs, nn, ops, optim
from textbook.labs.linear_regression import bowl
from textbook.plots import OKABE_ITO, draw_curves, draw_digits, draw_weights, figure, picture
from textbook.show import show_source

# %%
labs.linear_regression.show(preset="noisy", lr=0.3, step=3)

# %% [markdown]
# Left, a line and some points. Right, the same situation seen from the parameters: each place is one line, given by its slope $w$ and its height $b$ at $x = 0$, and the rings join lines that fit equally well. Press Play. The walk on the right is the turning line on the left.
#
# **You will be able to**
#
# - carry out a whole training run with pen and paper: forward, backward, update;
# - say from the data alone which learning rates converge, and how fast;
# - fit a line to any number of features, by one formula and by descent, and say when to use which;
# - choose a loss for a number, for a yes or no, and for one of many classes;
# - derive the gradient of softmax with cross-entropy, and compute both without overflow.
#
# **You need** backpropagation ([chapter 3](03_backpropagation.ipynb)) and gradient descent ([chapter 4](05_gradient_descent.ipynb)). Matrix products and eigenvalues are refreshed in the [appendix](90_mathematics.ipynb). **Time**: about two and a half hours with the exercises.

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
# Why the square? It is zero exactly where the prediction is right, it does not care on which side we miss, and it is smooth, so it has a gradient everywhere. Section 6.9 gives a deeper reason.
#
# We look for the $w$ and $b$ with the smallest loss. We begin somewhere, at $w = 1$ and $b = 0$, and walk with learning rate $\alpha = 0.1$.

# %% tags=["source: §6.1"]
x, y = 2.0, 5.0
w, b, lr = 1.0, 0.0, 0.1

# %% [markdown]
# **The graph** of the loss has four inputs. Two of them, $x$ and $y$, are data and stay as they are. The other two, $w$ and $b$, are what we may change. On the way stands the **error** $e = \hat y - y$. Step through it, from the inputs to the loss.

# %% tags=["source: §6.2", "source: Fig. 4"]
at_start = {"w": 1, "x": 2, "b": 0, "y": 5}
labs.graph.show(formula="y_hat = w*x + b; e = y_hat - y; loss = e**2", values=at_start, mode="forward", step=-1)

# %% [markdown]
# ## 6.2 One step, by hand
#
# **Forward.** From the inputs to the loss:

# %% tags=["source: §6.3"]
y_hat = w * x + b
loss = (y_hat - y) ** 2
y_hat, loss

# %% [markdown]
# **Backward.** From the loss to the parameters. The square is the last operation, so it comes first: $\partial\mathcal L/\partial\hat y = 2(\hat y - y)$.
#
# **Before you go on.** What is $\partial\mathcal L/\partial w$?

# %%
ask.number("6.1", "∂ℒ/∂w =")

# %%
check.prediction("6.1")

# %% [markdown]
# The line (6.1) has the local derivatives $\partial\hat y/\partial w = x$ and $\partial\hat y/\partial b = 1$. The chain rule multiplies:
#
# $$\frac{\partial\mathcal L}{\partial w} = \frac{\partial\mathcal L}{\partial\hat y}\cdot x = 2(\hat y - y)\,x, \qquad \frac{\partial\mathcal L}{\partial b} = \frac{\partial\mathcal L}{\partial\hat y}\cdot 1 = 2(\hat y - y) \tag{6.3}$$

# %% [markdown]
# Here is the same graph once more, walked to the end and back. Play it, and find the three numbers −6, −12 and −6 on the way.

# %% tags=["source: Fig. 4"]
labs.graph.show(formula="y_hat = w*x + b; e = y_hat - y; loss = e**2", values=at_start, mode="backward", step=-1)

# %% tags=["source: §6.3"]
dy_hat = 2 * (y_hat - y)
dw, db = dy_hat * x, dy_hat * 1
assert (dy_hat, dw, db) == (-6, -12, -6)

# %% [markdown]
# The graph does not know which of its inputs are data: it gives a gradient to all four. We use two of them.
#
# Read the signs. Both gradients are negative: more $w$, or more $b$, would lower the loss. That is right, since 2 is below 5. And read the sizes: $w$ has twice the gradient, because a unit of $w$ moves the prediction by $x = 2$ units and a unit of $b$ by one.
#
# **Update.** Each parameter goes against its gradient:
#
# $$w \leftarrow w - \alpha\,\frac{\partial\mathcal L}{\partial w}, \qquad b \leftarrow b - \alpha\,\frac{\partial\mathcal L}{\partial b} \tag{6.4}$$

# %% tags=["source: §6.3"]
w_new, b_new = w - lr * dw, b - lr * db
y_hat_new = w_new * x + b_new
print(f"w = {w_new:.1f}, b = {b_new:.1f}, ŷ = {y_hat_new:.1f}")

# %% tags=["source: §6.3"]
assert np.allclose([w_new, b_new, y_hat_new, (y_hat_new - y) ** 2], [2.2, 0.6, 5, 0])

# %% [markdown]
# The prediction is 5. One step, and the loss is zero.
#
# **Our engine** says the same. It does (6.3) for us, and would do it for any graph:

# %%
params = [Tensor(1.0, requires_grad=True, name="w"), Tensor(0.0, requires_grad=True, name="b")]
optimizer = optim.Optimizer(params, optim.gd, lr=0.1)

# %%
engine_loss = (params[0] * x + params[1] - y) ** 2
engine_loss.backward()
assert engine_loss.item() == 9 and [p.grad for p in params] == [-12, -6]

# %%
optimizer.step()
assert np.allclose([p.item() for p in params], [w_new, b_new])

# %% [markdown]
# **Exercise 6.2 (implement).** Put the three together: one step of descent for any point $(x, y)$.

# %%
def train_step(w, b, x, y, lr):
    ...

check.exercise("6.2", train_step)

# %% [markdown]
# ## 6.3 Step after step
#
# Training is this step, repeated. Here is the whole run, by hand: each row is a forward pass, and between the rows lies an update.

# %% tags=["source: §6.4", "source: Table 4"]
table = []
w, b = 1.0, 0.0
for epoch in range(3):
    y_hat = w * x + b
    table.append((w, b, y_hat, (y_hat - y) ** 2))
    print(f"{epoch}   w = {w:.3f}   b = {b:.3f}   ŷ = {y_hat:.3f}   loss = {table[-1][3]:.3f}")
    w, b = w - lr * 2 * (y_hat - y) * x, b - lr * 2 * (y_hat - y)

# %% tags=["source: Table 4"]
assert np.allclose(table, [(1, 0, 2, 9), (2.2, 0.6, 5, 0), (2.2, 0.6, 5, 0)])

# %% [markdown]
# An **epoch** is one pass over the data. With one data point, an epoch is one step.
#
# The same table by the engine. `bowl(x, y)` is the loss as a function of both parameters, $\theta = (w, b)$, for any number of points; `descend` walks.

# %%
show_source(bowl, docstring=False)

# %% tags=["source: Table 4"]
run = optim.descend(bowl([2.0], [5.0]), [1.0, 0.0], optim.gd, steps=2, lr=0.1)
assert np.allclose(run.path, [row[:2] for row in table]) and np.allclose(run.loss, [row[3] for row in table])
np.column_stack([run.path, run.path @ [x, 1], run.loss]).round(3) + 0.0

# %% [markdown]
# Now see it. The lab writes L for the loss. **Task:** step once, and watch the line turn onto the point. Then drag the diamond, the start, to other places. Where does each walk end? What do the ends have in common?

# %%
labs.linear_regression.show()

# %% [markdown]
# The bowl is no bowl. It is a straight **trough**: along the dashed line the loss is zero everywhere. Every $(w, b)$ with $2w + b = 5$ is a line through the point, and one point cannot say which of them is meant. And every walk crosses the rings at a right angle, so it arrives at the place of the dashed line that lies nearest to its start.

# %%
for solution in ((2.2, 0.6), (2.5, 0.0), (0.0, 5.0), (-1.0, 7.0)):
    assert bowl([2.0], [5.0])(np.array(solution)) < 1e-30

# %% [markdown]
# Why the nearest? A step is a multiple of the gradient, and by (6.3) the gradient is a multiple of $(x, 1)$. So the walk can move in one direction only, and that direction is perpendicular to the dashed line. Exercise 6.5 turns this into a formula.

# %% [markdown]
# ## 6.4 Why one step was enough
#
# Was that luck? Follow the error $e = \hat y - y$ instead of the parameters. By (6.3) and (6.4) a step changes $w$ by $-2\alpha e x$ and $b$ by $-2\alpha e$. So the prediction $wx + b$ changes by $-2\alpha e x \cdot x - 2\alpha e$, and the error becomes
#
# $$e \;\leftarrow\; \bigl(1 - 2\alpha\,(x^2 + 1)\bigr)\,e \tag{6.5}$$
#
# Every step multiplies the error by the same number. With $x = 2$ that number is $1 - 10\alpha$, and with $\alpha = 0.1$ it is zero. That is the whole secret of the source's numbers.

# %%
assert 1 - 2 * 0.1 * (2**2 + 1) == 0

# %% [markdown]
# **Before you run on.** What will happen with $\alpha = 0.2$, twice the rate?

# %%
ask.choice("6.3", "the loss:", ["it reaches 0", "it shrinks slowly", "it stays at 9", "it grows without end"])

# %%
check.prediction("6.3")

# %% [markdown]
# Try it in the lab above: set α to 0.2 and press Play. Then 0.19, then 0.21.
#
# Five learning rates in one call. By (6.5) the loss after $t$ steps must be $9\,(1 - 10\alpha)^{2t}$.

# %%
rates = np.array([0.05, 0.1, 0.19, 0.2, 0.21])
runs = optim.descend(bowl([2.0], [5.0]), [1.0, 0.0], optim.gd, steps=12, lr=rates)
runs.loss[[0, 1, 2, 12]].round(3) + 0.0                                              # a column for each rate

# %%
theory = 9 * (1 - 10 * rates) ** (2 * np.arange(13)[:, None])
assert np.allclose(runs.loss, theory)

# %%
fig, ax = figure(7.2, 3.2)
curves = {f"α = {a:g}": (np.arange(13), np.maximum(runs.loss[:, i], 1e-7)) for i, a in enumerate(rates)}
draw_curves(ax, curves, ylabel="loss", log=True)
ax.set_ylim(1e-10, 1e3)
ax.legend(ncols=5, loc="lower center", handlelength=2.5, frameon=False)
picture(fig, alt="The loss against the step on a log scale. 0.05 falls in a straight line, 0.1 drops to nothing in one "
                 "step, 0.19 falls more slowly, 0.2 is level, 0.21 rises.")

# %% [markdown]
# | α | factor $1 - 10\alpha$ | what the error does |
# |---|---|---|
# | 0.05 | 0.5 | halves in each step, on the same side |
# | 0.1 | 0 | gone in one step |
# | 0.19 | −0.9 | changes side, and shrinks slowly |
# | 0.2 | −1 | changes side, and keeps its size for ever |
# | 0.21 | −1.1 | changes side, and grows |
#
# Chapter 4 knows these regimes: there the factor was $1 - \alpha\lambda$ with the curvature $\lambda$. So the curvature must be 10 here. It is. The table of second derivatives, the **Hessian**, of (6.2) by $w$ and $b$ is
#
# $$H = 2\begin{pmatrix} x^2 & x \\ x & 1 \end{pmatrix}, \qquad \text{eigenvalues } 2(x^2 + 1) \text{ and } 0 \tag{6.6}$$

# %%
H = engine.hessian(bowl([2.0], [5.0]))(np.array([1.0, 0.0]))
assert np.allclose(H, 2 * np.array([[4, 2], [2, 1]]))                                # (6.6)
np.linalg.eigvalsh(H).round(6) + 0.0

# %%
assert np.allclose(H @ [2, 1], 10 * np.array([2, 1])) and np.allclose(H @ [1, -2], 0)

# %% [markdown]
# Across the trough, in the direction $(2, 1)$, the curvature is 10, and $\alpha = 0.1 = 1/10$ is the rate that arrives in one step. Along the trough, in the direction $(1, -2)$, the curvature is 0: there is nothing to descend, and the walk never moves that way.
#
# > **What the source says differently.** Around Table 4 the source text says that training "converges step by step to the optimal solution", and that one epoch was enough. Both are true of these numbers and of few others: with α = 0.05 the error is halved for ever and never zero, and with α = 0.21 it runs away. Nor is there *the* solution: the start decides which of infinitely many is found.
#
# **Exercise 6.4 (derive).** Which α ends in one step, for any $x$?

# %%
def best_rate(x):
    ...

check.exercise("6.4", best_rate)

# %% [markdown]
# **Exercise 6.5 (derive).** And where does the walk from $(w, b)$ end? It goes along $(x, 1)$, so the end is $(w + tx,\; b + t)$ for some number $t$. Find $t$, and return the end.

# %%
def nearest_solution(w, b, x, y):
    ...

check.exercise("6.5", nearest_solution)

# %% [markdown]
# ## 6.5 Many points
#
# Real data come as a table: $N$ examples, each with $d$ **features**, the numbers we know about it. Put them in a matrix $X$ with a row for each example, add a column of ones, and $b$ becomes one more weight. The parameters are one vector $\theta = (w_1, \dots, w_d, b)$, and all predictions are one product:
#
# $$\hat y = X\theta, \qquad \mathcal L(\theta) = \frac1N \lVert X\theta - y\rVert^2 = \frac1N\sum_{i=1}^N (\hat y_i - y_i)^2 \tag{6.7}$$
#
# This is the **mean squared error**. The mean, not the sum: so the loss, its gradient and the right learning rate do not grow with the number of examples.

# %%
points, targets = data.line(20, slope=2.0, intercept=1.0, noise=0.5, rng=np.random.default_rng(0))
X, y = np.hstack([points, np.ones((20, 1))]), targets[:, 0]
X.shape, y.shape

# %%
theta = np.array([-1.0, -1.0])
assert np.isclose(np.mean((X @ theta - y) ** 2), bowl(points[:, 0], y)(theta))       # (6.7)

# %% [markdown]
# Its gradient follows from the rule of the matrix product (chapter 3): the message to the right factor of $X\theta$ is $X^\top$ times the upstream gradient, which is $\tfrac2N(X\theta - y)$.
#
# $$\nabla\mathcal L = \frac2N\, X^\top (X\theta - y) \tag{6.8}$$
#
# Compare (6.3): there was $2\,(\hat y - y)\cdot x$ for $w$ and $2\,(\hat y - y)\cdot 1$ for $b$. It is the same, averaged over the points.
#
# **Exercise 6.6 (implement).** Write (6.8).

# %%
def gradient(X, y, theta):
    ...

check.exercise("6.6", gradient)

# %%
by_formula = 2 / 20 * X.T @ (X @ theta - y)
by_engine = engine.grad(lambda theta: ops.mse(X @ theta, y))(theta)
assert np.allclose(by_formula, by_engine, rtol=1e-12)                                # (6.8)

# %% [markdown]
# ## 6.6 The answer in one formula
#
# At the minimum the gradient is zero. Put (6.8) to zero, and out come the **normal equations** (Legendre 1805, Gauss 1809):
#
# $$X^\top X\,\theta = X^\top y \tag{6.9}$$
#
# They are $d + 1$ linear equations for $d + 1$ unknowns. No learning rate, no steps. Written as $X^\top(y - X\theta) = 0$ they also say what the best line is like: its errors are perpendicular to every column of $X$. With the column of ones this means that the errors add up to zero.
#
# **Exercise 6.7 (implement).** Solve them. `np.linalg.solve(A, c)` returns the $\theta$ with $A\theta = c$.

# %%
def least_squares(X, y):
    ...

check.exercise("6.7", least_squares)

# %%
closed = np.linalg.solve(X.T @ X, X.T @ y)
assert np.allclose(X.T @ (y - X @ closed), 0)
closed.round(3)

# %%
walked = optim.descend(bowl(points[:, 0], y), theta, optim.gd, steps=60, lr=0.3).path[-1]
assert np.allclose(walked, closed, atol=1e-4)                                        # descent arrives there too

# %% [markdown]
# In practice one calls `np.linalg.lstsq`, which never forms $X^\top X$: the product squares the condition number (the ratio we meet in the next section), and with it the rounding errors. It also has an answer where (6.9) has many. For the source's single point, $X^\top X$ is singular, and `lstsq` gives the solution nearest to the origin.

# %%
assert np.allclose(np.linalg.lstsq(X, y, rcond=None)[0], closed)
assert np.isclose(np.linalg.cond(X.T @ X), np.linalg.cond(X) ** 2)

# %%
one_point = np.array([[2.0, 1.0]])                                                   # x = 2, and the 1 for b
shortest = np.linalg.lstsq(one_point, [5.0], rcond=None)[0]
assert np.linalg.matrix_rank(one_point.T @ one_point) == 1                           # of 2: singular

# %%
from_origin = optim.descend(bowl([2.0], [5.0]), [0.0, 0.0], optim.gd, 1, lr=0.1).path[-1]
assert np.allclose(shortest, from_origin) and np.allclose(shortest, [2, 1])

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
# For a few thousand features the formula wins. With a million parameters its matrix alone has $10^{12}$ entries of 8 bytes: 8 terabytes. And the third row decides: for the network of chapter 10 there is no formula.

# %% [markdown]
# ## 6.7 The bowl
#
# In (6.7) the parameters enter squared and never higher. So the loss is exactly quadratic, its Hessian is the same everywhere, and its contours are ellipses:
#
# $$H = \frac2N X^\top X, \qquad \mathcal L(\theta) = \mathcal L(\theta^*) + \tfrac12(\theta - \theta^*)^\top H\,(\theta - \theta^*) \tag{6.10}$$
#
# with $\theta^*$ the minimiser. The eigenvalues of $H$ are the curvatures along the axes of the ellipses. All of chapter 4 applies, with no approximation: descent converges for $\alpha < 2/\lambda_{\max}$, where $\lambda_{\max}$ is the largest of them, and how fast is a matter of the **condition number** $\kappa = \lambda_{\max}/\lambda_{\min}$, the largest over the smallest.

# %%
H = 2 / 20 * X.T @ X
assert np.allclose(engine.hessian(lambda t: ops.mse(X @ t, y))(theta), H)
np.linalg.eigvalsh(H).round(3)

# %%
gap = bowl(points[:, 0], y)(theta) - bowl(points[:, 0], y)(closed)
assert np.isclose(gap, 0.5 * (theta - closed) @ H @ (theta - closed))                # (6.10), exactly

# %% [markdown]
# The Hessian does not contain $y$. The shape of the bowl, and with it the right learning rate, depend on *where* we have measured and not on *what*. **Task:** drag single points in the left picture, up and down, then sideways. Which of the two moves the bowl, and which changes its shape? Then drag all points you can to the right edge.

# %%
labs.linear_regression.show(preset="noisy", lr=0.9, step=10)

# %% [markdown]
# Up and down: the bowl slides, its shape stays. Sideways: the ellipses turn and stretch. Points on the right edge only, and the bowl becomes a trough, since points above one place do not say how steep the line should be.

# %% [markdown]
# ## 6.8 Features on different scales
#
# Now the same kind of points, but measured far from zero, as temperatures in degrees or years are: $x$ between 8 and 12.
#
# **Before you play.** For these points $\kappa \approx 9{,}000$. With the best fixed α, that of (4.12), about how many steps until the loss is a thousand times nearer to its minimum?

# %%
ask.choice("6.8", "steps:", ["about 100", "about 1,000", "more than 10,000"])

# %%
check.prediction("6.8")

# %% [markdown]
# **Task:** look for a learning rate that gets to the star within 200 steps.

# %%
labs.linear_regression.show(preset="far", lr=0.008, steps=200, step=200)

# %% [markdown]
# There is none. The first steps fall into the trough, the others crawl along its bottom. The slope and the intercept have become rivals: far from $x = 0$, more $w$ and less $b$ leave the line near the points almost where it was. Any α large enough to move along the trough is far beyond the limit across it.
#
# The cure is to move the origin into the data, and to measure in units of their spread. Replace each feature by
#
# $$x' = \frac{x - m}{s} \tag{6.11}$$
#
# with $m$ its mean and $s$ its standard deviation. This is called **standardising**. Now each column has mean 0, so it is perpendicular to the column of ones, and all columns have the same length.

# %%
labs.linear_regression.show(preset="standardised", lr=0.4, step=5)

# %% [markdown]
# With one feature the ellipses have become circles: $\kappa = 1$, and $\alpha = 1/2$ arrives in one step. Standardise, and the luck of the source's example is yours whenever you want it.
#
# With several features the scales differ among themselves too. Here are a hundred invented flats: their area in m², their rooms, their price in thousands.

# %%
rng = np.random.default_rng(0)
area = rng.uniform(30, 150, 100)
rooms = np.round(area / 25 + rng.normal(0, 0.7, 100))
price = 3 * area + 10 * rooms + 20 + rng.normal(0, 15, 100)
raw = np.stack([area, rooms], axis=1)
mean, std = raw.mean(axis=0), raw.std(axis=0)
scaled = (raw - mean) / std                                                          # (6.11)

# %%
def curvatures(features):
    X = np.hstack([features, np.ones((len(features), 1))])
    return np.linalg.eigvalsh(2 / len(X) * X.T @ X)                                  # of H in (6.10)

def steps_needed(kappa, nearer=1000):
    """Of descent at its best rate, α = 2/(λmin + λmax): each step leaves ((κ − 1)/(κ + 1))² of the loss."""
    return int(np.ceil(np.log(nearer) / (-2 * np.log((kappa - 1) / (kappa + 1)))))

# %%
for name, features in (("raw", raw), ("standardised", scaled)):
    least, _, most = curvatures(features)
    kappa = most / least
    print(f"{name:>12}:  κ = {kappa:9,.1f}   at most {steps_needed(kappa):,} steps")

# %% [markdown]
# From more than a hundred thousand steps to 26. κ has not come down to 1: large flats have more rooms, the two features say nearly the same, and standardising cannot change that. What remains of κ is their correlation.
#
# Here is the walk on both, each at its own best rate.

# %%
def fit(features, steps):
    """The loss above its minimum along a descent from 0."""
    X, lam = np.hstack([features, np.ones((100, 1))]), curvatures(features)

    def f(theta):
        return ops.mean((X @ theta - price[:, None]) ** 2, axis=0)

    run = optim.descend(f, np.zeros(3), optim.gd, steps, lr=2 / (lam[0] + lam[-1]))
    best = np.linalg.lstsq(X, price, rcond=None)[0]
    return run.loss - f(best[:, None])

on_raw, on_scaled = fit(raw, 2000), fit(scaled, 60)

# %%
enough = steps_needed(np.divide(*curvatures(scaled)[[2, 0]]))
assert on_scaled[enough] <= on_scaled[0] / 1000 and on_scaled[-1] < 1e-6 * on_scaled[0]
assert on_raw[-1] > on_raw[0] / 2                                                    # after 2,000 steps

# %%
fig, ax = figure(7.2, 3)
draw_curves(ax, {"raw": (np.arange(1, 2002), on_raw), "standardised": (np.arange(1, 62), on_scaled)},
            xlabel="step + 1", ylabel="loss above its minimum", log=True)
ax.set_xscale("log")
picture(fig, alt="Loss above its minimum against the step, both axes logarithmic. On the raw features it is nearly "
                 "level for two thousand steps; on the standardised ones it drops steeply within sixty.")

# %% [markdown]
# Nothing is lost. The model found on $x'$ is a model for $x$, written differently.
#
# **Exercise 6.9 (derive).** $w$ and $b$ were learned on $(x - m)/s$. Return the weights and the bias that give the same predictions from $x$ itself.

# %%
def unstandardise(w, b, mean, std):
    ...

check.exercise("6.9", unstandardise)

# %% [markdown]
# NB: $m$ and $s$ belong to the model. They are computed on the training data, and the same numbers are used for every later example. To standardise the test data by their own mean would be to look at them.

# %% [markdown]
# ## 6.9 From numbers to yes or no
#
# Now the target is not a number but an answer: is this image a 1, or is it a 0? Write yes as $y = 1$ and no as $y = 0$. Nothing keeps us from fitting a line to these two numbers and answering yes where it is above ½.
#
# ### On MNIST: 0 or 1, by linear regression

# %%
mnist = data.load_mnist()
train, val = mnist.y_train < 2, mnist.y_val < 2
x_train, y_train = mnist.x_train[train], mnist.y_train[train][:, None].astype(np.float32)
x_val, y_val = mnist.x_val[val], mnist.y_val[val][:, None]
x_train.shape, x_val.shape

# %%
fig, ax = figure(7.2, 1.5)
draw_digits(ax, x_train[:20], y_train[:20, 0].astype(int), columns=10)
picture(fig, alt="Twenty images of the digits 0 and 1 with their labels.")

# %% [markdown]
# The 784 features are the intensities of the pixels, all between 0 and 1. Many pixels are never inked, so $X^\top X$ is singular and the normal equations have no single answer. Descent does not mind: such a weight has gradient 0 and stays where it began. The largest curvature tells the learning rate.

# %%
X = np.hstack([x_train, np.ones((len(x_train), 1))])
largest = np.linalg.eigvalsh(2 / len(X) * X.T @ X)[-1]                               # of H in (6.10)
assert 50 < largest < 150

# %%
assert (x_train == 0).all(axis=0).sum() > 200                                        # pixels that are never inked

# %%
def fitted(loss, lr, steps=100):
    """A linear model of the pixels, after some steps of descent on all training images."""
    model = nn.Linear(784, 1, rng=np.random.default_rng(0), init="zeros")
    optimizer = optim.Optimizer(model.parameters(), optim.gd, lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model(x_train), y_train).backward()
        optimizer.step()
    return model

# %%
regression = fitted(ops.mse, lr=1 / largest)
answers = regression(x_val).data > 0.5
assert (answers == y_val).mean() > 0.97

# %%
fig, ax = figure(4.4, 2.4)
draw_weights(ax, regression.w.data)
picture(fig, alt="The 784 weights as an image: red, positive, along a vertical stroke in the middle; blue, negative, in a "
                 "ring around it.")

# %% [markdown]
# Nobody has told it what a 0 is. Yet the weights show it: ink on the vertical stroke in the middle (red) votes for 1, ink on the ring (blue) votes for 0.
#
# ### What is wrong with it
#
# It works here because 0 and 1 are easy. But look at what the loss asks for. A prediction of 3 for a clear yes is *right*, and the squared error fines it $(3 - 1)^2 = 4$, more than a flat no. Easy examples, far on the right side, pull at the line. In exercise 6.16 you spoil a fit with a single one.
#
# What we want is a prediction that cannot leave [0, 1]: a **probability**. Squash the line:
#
# $$z = xw + b, \qquad \hat y = \sigma(z) = \frac{1}{1 + e^{-z}} \tag{6.12}$$
#
# The number $z$ is called the **logit**, and $\hat y$ is read as the probability of a yes. This is **logistic regression**, the graph of Fig. 2 in chapter 1.

# %% [markdown]
# ### Which loss?
#
# There is one principle behind all the losses of this chapter: choose the parameters under which the data are **most probable**. Suppose the examples are independent. Then the probability of all of them is a product, its logarithm is a sum, and we minimise the mean of $-\log(\text{probability of what was seen})$.
#
# - **Numbers with normal noise.** The probability density of $y$ is proportional to $e^{-(y - \hat y)^2/2s^2}$. Its negative logarithm is $(y - \hat y)^2/2s^2$, plus a constant. That is the squared error: the deeper reason promised in 6.1.
# - **Yes or no.** A yes has the probability $\hat y$, a no has $1 - \hat y$. The negative logarithm is the **binary cross-entropy**:
#
# $$\mathcal L = -\,y\log\hat y - (1 - y)\log(1 - \hat y) \tag{6.13}$$
#
# - **One of $K$ classes.** The true class $c$ has the probability $\hat y_c$; the negative logarithm $-\log\hat y_c$ is the **cross-entropy**.
#
# Logarithms here are natural, and losses are measured in **nats**. A loss of 0.69 nats, which is $\log 2$, is that of a coin.

# %%
y_hat = np.array([0.01, 0.5, 0.99])
np.round(-np.log(y_hat), 3)                                                          # the loss of a yes, y = 1

# %% [markdown]
# Certain and right costs nothing. Undecided costs $\log 2$. Certain and wrong costs without limit.

# %% [markdown]
# ## 6.10 Large logits
#
# Formula (6.13) is fine on paper. In floating point it breaks: for $z = 40$ the sigmoid rounds to exactly 1, and $\log(1 - \hat y)$ is $\log 0$.

# %%
z = np.array([1e4, -1e4])
with np.errstate(all="ignore"):
    naive = 1 / (1 + np.exp(-z))
    losses = -np.log([1 - naive[0], naive[1]])                                       # y = 0, and y = 1
assert 1 / (1 + np.exp(-40.0)) == 1
losses

# %% [markdown]
# The true loss is 10,000 in both cases, a perfectly ordinary number. It is the way there that leads over the edge. So simplify *before* computing. With $\log\hat y = -\log(1 + e^{-z})$ and $1 - \sigma(z) = \sigma(-z)$, (6.13) becomes
#
# $$\mathcal L = \log(1 + e^{z}) - y z, \qquad \log(1 + e^z) = \max(z, 0) + \log\bigl(1 + e^{-|z|}\bigr) \tag{6.14}$$
#
# The first function is called *softplus*. In its second form the exponent is never positive, so nothing overflows.

# %%
y = np.array([0.0, 1.0])                                                             # both logits confidently wrong
assert (ops.softplus(z) - y * z == 1e4).all() and (ops.softplus(-z) + y * z == 0).all()
ops.softplus(z) - y * z

# %% [markdown]
# **Exercise 6.10 (implement).** The mean binary cross-entropy, from logits of any size.

# %%
def binary_cross_entropy(z, y):
    ...

check.exercise("6.10", binary_cross_entropy)

# %% [markdown]
# ### Many classes: softmax and log-sum-exp
#
# For $K$ classes a model gives $K$ logits $z_1, \dots, z_K$. The **softmax** turns them into probabilities: make them positive, then divide by their sum.
#
# $$\hat y_k = \frac{e^{z_k}}{\sum_j e^{z_j}} \tag{6.15}$$
#
# Only differences matter: adding a number to all logits multiplies numerator and denominator by the same factor. With $K = 2$ and the logits $z$ and $0$ it is the sigmoid of $z$.

# %%
z = np.array([2.0, 1.0, -1.0])
assert np.isclose(ops.softmax(z).sum(), 1) and np.allclose(ops.softmax(z), ops.softmax(z + 100))
assert np.isclose(ops.softmax(np.array([0.7, 0.0]))[0], ops.sigmoid(0.7))
ops.softmax(z).round(3)

# %% [markdown]
# Let $Y$ be the truth written as a row with a 1 at the true class $c$ and 0 elsewhere, its **one-hot** form. The cross-entropy, in general and for such a row:
#
# $$\mathcal L = -\sum_k Y_k \log\hat y_k = -\log\hat y_c = \log\sum_j e^{z_j} - z_c \tag{6.16}$$
#
# The last form has no probability in it. It needs the **log-sum-exp** of the logits, and that can be had safely. Take the largest logit $z_{\max}$ out of the sum:
#
# $$\log\sum_j e^{z_j} = z_{\max} + \log\sum_j e^{z_j - z_{\max}}, \qquad z_{\max} = \max_j z_j \tag{6.17}$$
#
# Now every exponent is at most 0 and one of them is 0: nothing overflows, and the sum is at least 1.
#
# **Exercise 6.11 (implement).** Write (6.17), for each row of an array of logits.

# %%
def log_sum_exp(z):
    ...

check.exercise("6.11", log_sum_exp)

# %% [markdown]
# The package works with the logarithm of the softmax, and takes out the maximum in one place:

# %%
show_source(ops._log_softmax_forward)

# %%
for size in (1.0, 1e4, -1e4):
    logits = np.array([[size, 0.0, -1.0]])
    loss = ops.cross_entropy(logits, labels=np.array([1]))
    assert np.isclose(loss, max(size, 0) + np.log(np.exp(logits - max(size, 0)).sum()))   # (6.16) with (6.17)

# %% [markdown]
# ## 6.11 Why it is ŷ − y
#
# What does cross-entropy send back to the logits? The answer is the most useful formula of this chapter. We take it step by step, first for a yes or no.
#
# ### Sigmoid with binary cross-entropy
#
# Two local derivatives. Of the loss (6.13) by the probability:
#
# $$\frac{\partial\mathcal L}{\partial\hat y} = -\frac{y}{\hat y} + \frac{1 - y}{1 - \hat y} = \frac{\hat y - y}{\hat y\,(1 - \hat y)} \tag{6.18}$$
#
# Of the sigmoid, from chapter 3: $\partial\hat y/\partial z = \hat y\,(1 - \hat y)$. Multiply. The denominator of the one is the other:
#
# $$\frac{\partial\mathcal L}{\partial z} = \hat y - y \tag{6.19}$$

# %%
for z0, y0 in ((0.8, 1.0), (0.8, 0.0), (-3.0, 1.0)):
    slope = engine.grad(lambda z, y0=y0: ops.softplus(z) - y0 * z)(z0)
    assert np.isclose(slope, ops.sigmoid(z0) - y0)                                   # (6.19)

# %% [markdown]
# ### Softmax with cross-entropy
#
# Now each logit moves *all* the probabilities, since they share one denominator. Write $S = \sum_j e^{z_j}$, so that $\hat y_k = e^{z_k}/S$ and $\partial S/\partial z_j = e^{z_j}$.
#
# **Step 1.** How does $\hat y_k$ depend on another logit $z_j$, $j \ne k$? Only through the denominator:
#
# $$\frac{\partial\hat y_k}{\partial z_j} = -\frac{e^{z_k}}{S^2}\,e^{z_j} = -\hat y_k\,\hat y_j$$
#
# **Step 2.** On its own logit it depends through the numerator too, which adds $e^{z_k}/S = \hat y_k$. Both cases in one line, with $[k = j]$ for 1 if $k = j$ and 0 if not:
#
# $$\frac{\partial\hat y_k}{\partial z_j} = \hat y_k\,\bigl([k = j] - \hat y_j\bigr) \tag{6.20}$$
#
# **Exercise 6.12 (derive).** Return this matrix, row $k$, column $j$, from the vector ŷ.

# %%
def softmax_jacobian(y_hat):
    ...

check.exercise("6.12", softmax_jacobian)

# %% [markdown]
# **Step 3.** The loss (6.16) depends on the probabilities by $\partial\mathcal L/\partial\hat y_k = -Y_k/\hat y_k$.
#
# **Step 4.** The chain rule with many paths: $z_j$ reaches the loss through every $\hat y_k$, so the products are added up.
#
# $$\frac{\partial\mathcal L}{\partial z_j} = \sum_k -\frac{Y_k}{\hat y_k}\cdot\hat y_k\,\bigl([k = j] - \hat y_j\bigr) = -\sum_k Y_k\,[k = j] + \hat y_j\sum_k Y_k$$
#
# **Step 5.** The probability $\hat y_k$ has cancelled. In the first sum one term survives, $Y_j$. The second sum is 1, since the truth is a probability distribution. So
#
# $$\frac{\partial\mathcal L}{\partial z_j} = \hat y_j - Y_j \tag{6.21}$$
#
# Prediction minus truth. Here are steps 2 to 5 in numbers:

# %%
z, Y = np.array([2.0, 1.0, -1.0]), np.array([0.0, 1.0, 0.0])
y_hat = ops.softmax(z)
(y_hat - Y).round(3)

# %%
J = np.diag(y_hat) - np.outer(y_hat, y_hat)                                          # (6.20)
assert np.allclose((-Y / y_hat) @ J, y_hat - Y)                                      # steps 3 and 4 give (6.21)

# %%
by_engine = engine.grad(lambda z: ops.cross_entropy(z, np.array([1])))(z[None])
assert np.allclose(by_engine, y_hat - Y)

# %% [markdown]
# The components add up to zero: what is taken from the wrong classes is given to the right one. And look for the rule in the package: the fused operation never forms $1/\hat y$, it sends (6.21) at once.

# %%
show_source(ops._cross_entropy_vjp)

# %% [markdown]
# **Exercise 6.13 (derive).** A batch: logits of shape $(N, K)$, labels of shape $(N,)$ with the numbers of the true classes, and the *mean* cross-entropy. Return the gradient, shape $(N, K)$.

# %%
def cross_entropy_gradient(z, labels):
    ...

check.exercise("6.13", cross_entropy_gradient)

# %% [markdown]
# ### Three models, one gradient
#
# | model | prediction | loss | $\partial\mathcal L/\partial z$ |
# |---|---|---|---|
# | linear regression | $\hat y = z$ | $\tfrac12(\hat y - y)^2$ | $\hat y - y$ |
# | logistic regression | $\hat y = \sigma(z)$ | binary cross-entropy | $\hat y - y$ |
# | softmax regression | $\hat y = \text{softmax}(z)$ | cross-entropy | $\hat y - Y$ |
#
# This is no accident. In each row the loss is the negative log-probability that belongs to the kind of answer, and the prediction is the function that belongs to it. (The squared error without the ½ gives twice that, as in (6.3).) From $z = xw + b$ on, all three are the same: the gradient of the weights is $X^\top(\hat y - y)/N$, that is (6.8) again.

# %% [markdown]
# ## 6.12 Squared error for a classifier?
#
# One could also keep the squared error and put it behind the sigmoid: $(\sigma(z) - y)^2$. It is zero when right, and it is bounded. What is wrong with it?
#
# **Before you run on.** The truth is yes, $y = 1$, and the model is confidently wrong: $z = -10$. Which of the two losses pushes $z$ upwards more strongly?

# %%
ask.choice("6.14", "harder:", ["about the same", "cross-entropy, about 10,000 times", "squared error, about 10,000 times"])

# %%
check.prediction("6.14")

# %% [markdown]
# The chain rule shows it. With the squared error the slope of the sigmoid remains as a factor, and in (6.19) it had cancelled:
#
# $$\frac{\partial}{\partial z}(\hat y - y)^2 = 2\,(\hat y - y)\,\hat y\,(1 - \hat y) \tag{6.22}$$

# %%
squared = engine.grad(lambda z: (ops.sigmoid(z) - 1) ** 2)
entropy = engine.grad(lambda z: ops.softplus(z) - z)
print(f"cross-entropy {entropy(-10.0):.4f}    squared error {squared(-10.0):.6f}")

# %%
y_hat = ops.sigmoid(-10.0)
assert np.isclose(squared(-10.0), 2 * (y_hat - 1) * y_hat * (1 - y_hat))             # (6.22)
assert 1e4 < entropy(-10.0) / squared(-10.0) < 1.2e4

# %%
z = np.linspace(-10, 6, 161)
fig, (left, right) = figure(7.6, 3.2, columns=2)
draw_curves(left, {"cross-entropy": (z, ops.softplus(z) - z), "squared error": (z, (ops.sigmoid(z) - 1) ** 2)},
            xlabel="logit z, where y = 1", ylabel="loss")
slopes = {"cross-entropy": entropy, "squared error": squared}
draw_curves(right, {name: (z, -np.array([slope(v) for v in z])) for name, slope in slopes.items()},
            xlabel="logit z, where y = 1", ylabel="push towards a yes, −∂loss/∂z", log=True)
picture(fig, alt="Left: for a wrong logit the cross-entropy rises in a straight line, the squared error levels off at 1. "
                 "Right: the push of cross-entropy nears 1 for wrong logits; that of the squared error falls towards 0.")

# %% [markdown]
# Left of zero, where the model is wrong, the squared error is a plateau: the more wrong, the flatter. A confidently wrong example sends almost no gradient, so it stays wrong for long. With cross-entropy it is the loudest of all.
#
# There is more. Cross-entropy behind a sigmoid or softmax of a *linear* model is convex, with a single valley. The squared error behind a sigmoid is not: its curvature changes sign.

# %%
assert engine.hessian(lambda z: ops.softplus(z) - z)(-3.0) > 0
assert engine.hessian(lambda z: (ops.sigmoid(z) - 1) ** 2)(-3.0) < 0

# %% [markdown]
# ## 6.13 On MNIST: the same by logistic regression
#
# The same pixels, the same linear score $z = xw + b$; only the loss has changed. A yes is now $\hat y > \tfrac12$, that is $z > 0$.
#
# How large may α be? The curvature of (6.14) by $z$ is $\hat y(1 - \hat y)$, at most ¼; that of the squared error is 2. So the Hessian is at most an eighth of the other, and the learning rate may be eight times as large.

# %%
def binary_loss(z, y):
    return ops.mean(ops.softplus(z) - y * z)                                         # (6.14)

logistic = fitted(binary_loss, lr=8 / largest)
probability = ops.sigmoid(logistic(x_val).data)
assert ((probability > 0.5) == y_val).mean() > 0.98

# %%
fig, axes = figure(7.4, 2.4, columns=2)
for ax, name, model in zip(axes, ("linear regression", "logistic regression"), (regression, logistic), strict=True):
    draw_weights(ax, model.w.data)
    ax.set_title(name)
picture(fig, alt="The weights of linear and of logistic regression side by side. Both show a red stroke in the middle and "
                 "a blue ring around it.")

# %% [markdown]
# Two similar pictures. What differs is what the outputs mean. Here they are, for all validation images:

# %%
fig, axes = figure(7.4, 2.8, columns=2)
for ax, name, out in zip(axes, ("linear: ŷ", "logistic: ŷ"), (regression(x_val).data, probability), strict=True):
    for digit, colour, hatch in ((0, "blue", ""), (1, "vermilion", "//")):
        ax.hist(out[y_val == digit], np.linspace(-0.4, 1.4, 37), color=OKABE_ITO[colour], alpha=0.7, hatch=hatch,
                label=f"images of {digit}")
    ax.set(xlabel=name, ylabel="images", xlim=(-0.4, 1.4))
axes[1].legend(loc="upper center")
picture(fig, alt="Histograms of the outputs on validation images. Linear: two broad heaps around 0 and 1, reaching beyond "
                 "both. Logistic: nearly all outputs close to 0 or to 1, none outside.")

# %%
assert ((probability >= 0) & (probability <= 1)).all()
assert (regression(x_val).data < 0).any() and (regression(x_val).data > 1).any()

# %% [markdown]
# A logistic output is a probability. So one can ask of which images the model is least sure:

# %%
least_sure = np.argsort(np.abs(probability - 0.5)[:, 0])[:10]
fig, ax = figure(7.2, 1.0)
draw_digits(ax, x_val[least_sure], y_val[least_sure, 0])
picture(fig, alt="The ten validation images of which logistic regression is least sure, with their labels.")

# %% [markdown]
# Narrow zeros and slanted ones: their ink is not where the others of their class have it.
#
# Ten classes instead of two need no new idea: softmax in place of the sigmoid, (6.16) in place of (6.14). [Chapter 10](12_mnist.ipynb) does it, and goes on to networks.

# %% [markdown]
# ## 6.14 The same in PyTorch
#
# This is the first cell of the chapter that needs torch; it is imported only to compare. The worked example:

# %%
import torch

w, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (1.0, 0.0))
sgd = torch.optim.SGD([w, b], lr=0.1)

# %%
torch_loss = (w * 2.0 + b - 5.0) ** 2
torch_loss.backward()
assert (torch_loss.item(), w.grad.item(), b.grad.item()) == (9, -12, -6)

# %%
sgd.step()
assert np.allclose([w.item(), b.item()], [2.2, 0.6])
assert [w.item(), b.item()] == [p.item() for p in params]                            # ours, to the last bit

# %% [markdown]
# And the losses, with their gradients, on logits that are out of the ordinary:

# %%
F = torch.nn.functional
z, y = np.array([0.3, -2.0, 1e4, -1e4, 40.0]), np.array([1.0, 0.0, 0.0, 1.0, 1.0])
theirs = torch.tensor(z, requires_grad=True)
F.binary_cross_entropy_with_logits(theirs, torch.tensor(y)).backward()
assert np.allclose(theirs.grad, (ops.sigmoid(z) - y) / 5, rtol=1e-12)                # (6.19)
assert np.allclose(binary_loss(z, y), F.binary_cross_entropy_with_logits(theirs, torch.tensor(y)).item())

# %%
z, labels = np.array([[0.3, -2.0, 1.0], [1e4, 0.0, -1e4]]), np.array([2, 1])
theirs = torch.tensor(z, requires_grad=True)
F.cross_entropy(theirs, torch.tensor(labels)).backward()
ours = engine.grad(lambda z: ops.cross_entropy(z, labels))(z)
assert np.allclose(theirs.grad, ours, rtol=1e-12)                                    # (6.21), divided by N

# %% [markdown]
# ## 6.15 Break it
#
# **Exercise 6.15 (break).** Find finite logits for which formula (6.15), computed as it is written, is not finite.

# %%
breaking_logits = ...

check.exercise("6.15", breaking_logits)

# %% [markdown]
# **Exercise 6.16 (break).** Four points, $x = -2, -1$ with $y = 0$ and $x = 1, 2$ with $y = 1$. The least-squares line answers yes above ½, and gets all four right. Add one more point with $y = 1$, an easy one, far on the right side, such that the line gets one of the four wrong. Give its $x$.

# %%
easy_point = ...

check.exercise("6.16", easy_point)

# %% [markdown]
# ## What the source says differently
#
# - **"Closer to the true value"** (§6.3): after the first step the prediction is not closer to 5, it is 5. The step fits exactly: α is one over the curvature (6.4).
# - **"Converges step by step to the optimal solution"** (§6.4): one point has a whole line of solutions, and which one is found depends on the start (6.3). How many steps it takes depends on α; at 0.2 and beyond it never arrives (6.4).
# - **One data point.** The source stops there. With more than one the loss has to be a mean, and the shape of its bowl decides everything (6.5 to 6.8).
# - **Only the squared error.** The running example it announces is a classification, which needs the losses of 6.9 to 6.12.
# - **The letter L** stands for the loss here and for the smoothness constant a page earlier. We write ℒ for the loss.

# %% [markdown]
# ## In PyTorch
#
# | here | in PyTorch |
# |---|---|
# | `ops.mse(y_hat, y)` | `F.mse_loss(y_hat, y)`; ours refuses shapes that differ, torch broadcasts with a warning |
# | `ops.mean(ops.softplus(z) - y * z)` | `F.binary_cross_entropy_with_logits(z, y)` |
# | `ops.cross_entropy(z, labels)` | `F.cross_entropy(z, labels)`: both take logits, not probabilities |
# | `ops.log_softmax(z)` | `F.log_softmax(z, dim=-1)` |
# | (6.17) | `torch.logsumexp(z, dim=-1)` |
# | `np.linalg.lstsq(X, y)` | `torch.linalg.lstsq(X, y)` |
# | `optim.Optimizer(params, optim.gd, lr=0.1)` | `torch.optim.SGD(params, lr=0.1)` |
#
# The commonest mistake with these: to put a softmax before `cross_entropy`, which applies one itself. Nothing raises; the gradients are small and the training is slow.

# %% [markdown]
# ## Further reading
#
# - A.-M. Legendre, *Nouvelles méthodes pour la détermination des orbites des comètes*, 1805, and C. F. Gauss, *Theoria motus*, 1809: least squares. Gauss also gives the reason of section 6.9, normal errors.
# - D. R. Cox, *The regression analysis of binary sequences*, Journal of the Royal Statistical Society B 20, 1958: logistic regression.
# - J. Bridle, *Probabilistic interpretation of feedforward classification network outputs*, 1990: softmax gets its name.
# - S. Solla, E. Levin, M. Fleisher, *Accelerated learning in layered neural networks*, Complex Systems 2, 1988: cross-entropy against squared error.
# - L. Trefethen, D. Bau, *Numerical Linear Algebra*, SIAM 1997, lectures 11 and 19: least squares, and why not by the normal equations.
# - C. Bishop, *Pattern Recognition and Machine Learning*, Springer 2006, sections 1.2, 3.1 and 4.3: losses as log-probabilities.
# - P. Blanchard, D. Higham, N. Higham, *Accurately computing the log-sum-exp and softmax functions*, IMA Journal of Numerical Analysis 41, 2021.
#
# Next: automatic differentiation, what frameworks do with your graph (chapter 6, still being written). [Chapter 10](12_mnist.ipynb) is there already: the whole workflow, on digits.
