# %% [markdown]
# # 5 Gradient descent
#
# A gradient says which way is up. In this chapter you walk the other way, find out how long a step may be, and learn what the walk costs.

# %%
import numpy as np

from textbook import Tensor, ask, check, data, engine, labs, nn, ops, optim, train
from textbook.engine import grad, hessian, hvp
from textbook.optim import descend, gd
from textbook.plots import OKABE_ITO, PALE, draw_curves, figure, picture
from textbook.show import show_source
from textbook.surfaces import SURFACES

# %%
labs.learning_rate.show(surface="ravine", lr=0.05)

# %% [markdown]
# Press play. Each picture is a whole descent, with another length of step. At first the walk creeps; then it strides; then it swings from wall to wall; then it leaves the valley for good. By the end of the chapter you can say beforehand where each of these begins.
#
# **You will be able to**
#
# - write down what training minimises, and the step that lowers it;
# - say from the curvature which learning rates creep, arrive, oscillate and diverge;
# - choose a batch size, knowing what it costs and how noisy it is;
# - state what descent guarantees, on which functions, and how fast;
# - choose a learning rate on validation data, with or without a schedule.
#
# **You need** the gradient and how it is computed ([chapter 3](03_backpropagation.ipynb)). Eigenvalues and condition numbers are refreshed in the [appendix](90_mathematics.ipynb). **Time**: about two and a half hours with the exercises.

# %% [markdown]
# ## 5.1 What is minimised?
#
# There are $N$ examples $\mathcal D = \{(x_i, y_i)\}_{i=1}^N$: inputs $x_i$ and targets $y_i$. There is a model $f(x; \theta)$, which turns an input into a prediction; θ stands for all its parameters. And there is a loss $\ell(\hat y, y)$, a number that says how bad the prediction $\hat y$ is for the target $y$. Training looks for the parameters with the smallest **mean loss**:
#
# $$\min_\theta \; \mathcal L(\theta), \qquad \mathcal L(\theta) = \frac1N \sum_{i=1}^N \ell\bigl(f(x_i; \theta),\, y_i\bigr) \tag{5.1}$$
#
# The data are fixed. What varies is θ. So ℒ is a function of the parameters: each θ is a place, and ℒ(θ) is its height.
#
# Our first landscape has two parameters. The model is a line, $f(x; \theta) = wx + b$ with $\theta = (w, b)$; the loss of an example is the squared error.

# %%
x, y = data.line(128, slope=2.0, intercept=1.0, noise=1.0, rng=np.random.default_rng(7))

def loss(theta):
    return ops.mse(theta[0] * x + theta[1], y)

# %% tags=["source: §5.1"]
theta = np.array([0.0, -1.0])
each = (theta[0] * x + theta[1] - y) ** 2    # ℓ, for each example
assert len(each) == 128 and np.isclose(each.mean(), loss(theta))             # (5.1)
loss(theta).round(4)

# %% [markdown]
# The letters of this chapter. Two of them have a double life in other texts, so we keep them apart.
#
# | letter | meaning | in code |
# |---|---|---|
# | θ | the parameters, all in one vector | `theta` |
# | ℒ | the loss as a function of θ | `loss` |
# | $g = \nabla\mathcal L(\theta)$ | the gradient | `g` |
# | α | the learning rate | `lr` |
# | λ | a curvature: how fast the slope changes | `curvature` |
# | $L$, μ | the largest and the smallest curvature | `smoothness`, `strong_convexity` |
# | $\kappa = L/\mu$ | the condition number | `kappa` |
# | β | the share of the old velocity that momentum keeps | `momentum` |
# | $B$ | the batch size | `size` |

# %% [markdown] tags=["source: erratum 21"]
# > **What the source says differently.** It writes α for the learning rate in §5 and η in §7, and $L$ for the loss in §4 and §6 and for the smoothness in §5.6. Here α is always the rate, ℒ always the loss, and $L$ always the smoothness.

# %% [markdown]
# ## 5.2 The mountain
#
# You stand on a mountain in fog and want to go down to the valley. You see nothing, but you feel the slope under your feet. So you feel around, take a step in the direction that falls most steeply, and feel again.
#
# | mountain | training |
# |---|---|
# | where you stand | the parameters θ |
# | your height | the loss ℒ(θ) |
# | the slope under your feet | the gradient ∇ℒ(θ) |
# | the direction you walk in | −∇ℒ(θ) |
# | the length of your stride | set by the learning rate α |
# | one step | $\theta \leftarrow \theta - \alpha\,\nabla\mathcal L(\theta)$ |
#
# **Before you go on.** Which way does the gradient point?

# %%
ask.choice("5.1", "the gradient points", ["steepest up", "steepest down", "along the contour"])

# %%
check.prediction("5.1")

# %% [markdown]
# Take a tiny step of length ε in a direction $u$, a vector of length 1. The chain rule gives the change of height:
#
# $$\mathcal L(\theta + \varepsilon u) - \mathcal L(\theta) \approx \varepsilon\, g \cdot u = \varepsilon\, \lVert g\rVert \cos\varphi \tag{5.2}$$
#
# where φ is the angle between $u$ and the gradient $g$. Try every direction, and look.

# %%
g = grad(loss)(theta)
angles = np.linspace(-np.pi, np.pi, 361)
u = np.stack([np.cos(angles), np.sin(angles)])
change = np.array([loss(theta + 1e-4 * direction) - loss(theta) for direction in u.T])

# %% tags=["source: §5.2"]
assert np.allclose(change, 1e-4 * g @ u, atol=1e-7)                          # (5.2)

# %% tags=["source: §5.2", "source: erratum 14"]
steepest_up, steepest_down = u[:, change.argmax()], u[:, change.argmin()]
assert np.allclose(steepest_up, g / np.linalg.norm(g), atol=0.01)
assert np.allclose(steepest_down, -steepest_up, atol=0.02)

# %%
w_grid, b_grid = np.meshgrid(np.linspace(-1, 5, 81), np.linspace(-2.5, 3.5, 81))
height = ((w_grid[..., None] * x[:, 0] + b_grid[..., None] - y[:, 0]) ** 2).mean(axis=-1)
fig, (left, right) = figure(8, 3.6, columns=2)
left.contour(w_grid, b_grid, height, levels=14, colors=PALE, linewidths=0.7)
left.plot(*theta, "o", color="black")
left.quiver(*theta, *(-0.4 * g), color=OKABE_ITO["vermilion"], angles="xy", scale_units="xy", scale=1, width=0.012)
left.text(*(theta - 0.4 * g + [0.1, 0.05]), "−g", fontsize=12)
left.set(xlabel="w", ylabel="b", title="lines of equal loss", aspect="equal")
right.plot(np.degrees(angles), change / 1e-4, color=OKABE_ITO["blue"])
right.axvline(np.degrees(np.arctan2(*-g[::-1])), color=OKABE_ITO["vermilion"], linestyle="--", label="direction of −g")
right.set(xlabel="direction of the step (degrees)", ylabel="change of loss for each unit of length")
right.legend(loc="lower left")
picture(fig, alt="Left: rings of equal loss, and at one point an arrow along the negative gradient, at a right angle "
                 "to the ring. Right: the change of loss by direction is a cosine, lowest in the direction of −g.")

# %% [markdown]
# The right picture is (5.2): a cosine. It is lowest where $\cos\varphi = -1$, opposite to the gradient, and 0 at right angles to it, along the contour. So the gradient itself points **up**, and we walk against it.
#
# "Steepest" holds for tiny steps. A long step leaves the neighbourhood that the gradient knows about, and everything in section 5.4 follows from that.
#
# > **What the source says differently.** §5.2 lists "gradient: the steepest way down, $-\nabla\mathcal L(\theta)$". The gradient is $\nabla\mathcal L(\theta)$, and it points up; the minus belongs to the step. Read with the source's word, its own update rule would walk uphill.

# %% [markdown]
# ## 5.3 The rule
#
# Number the steps $t = 0, 1, 2, \dots$, and write $\theta_t$ for the parameters after $t$ of them:
#
# $$\theta_{t+1} = \theta_t - \alpha\, \nabla\mathcal L(\theta_t) \tag{5.3}$$
#
# α is the **learning rate**, also called the step size. The step itself has the length $\alpha\lVert\nabla\mathcal L\rVert$: on a steep slope the same α makes a longer step, and near a minimum the steps shrink by themselves.
#
# **By hand.** The mean squared error of a line, differentiated: with $r_i = w x_i + b - y_i$,
#
# $$\frac{\partial\mathcal L}{\partial w} = \frac2N\sum_i r_i x_i, \qquad \frac{\partial\mathcal L}{\partial b} = \frac2N\sum_i r_i \tag{5.4}$$

# %%
r = theta[0] * x + theta[1] - y
g_by_hand = np.array([2 * (r * x).mean(), 2 * r.mean()])                     # (5.4)

# %%
assert np.allclose(g_by_hand, g)
by_hand = theta - 0.1 * g_by_hand                                            # (5.3), once

# %% [markdown]
# **Our engine.** An optimizer of this book is a rule: a function from the parameter `x`, its gradient `g`, a state `s` (empty here) and the step number `t` to the step that is to be added. This is the whole of gradient descent:

# %%
show_source(gd)

# %% [markdown]
# `lr` is α. `weight_decay` is an extra pull towards 0, for chapter 11; it is off. `descend` applies a rule again and again, and keeps the path.

# %% tags=["source: §5.3"]
walk = descend(loss, x0=theta, rule=gd, steps=20, lr=0.1)
assert np.allclose(walk.path[1], by_hand)
for t in range(20):
    assert np.allclose(walk.path[t + 1], walk.path[t] - 0.1 * grad(loss)(walk.path[t]))    # (5.3)
walk.path[[0, 1, 2, 20]].round(3)

# %% [markdown]
# The training loops of this book use `Optimizer`, which holds tensors and moves them in place: forget the old gradients, run backward, step.

# %%
parameters = Tensor(theta, requires_grad=True)
optimizer = optim.Optimizer([parameters], gd, lr=0.1)
for _ in range(20):
    optimizer.zero_grad()
    loss(parameters).backward()
    optimizer.step()
assert np.allclose(parameters.data, walk.path[-1])

# %% [markdown]
# **PyTorch.** This is the only cell of the chapter that needs it; it is imported to compare. The rule is called `SGD` there.

# %%
import torch

theirs = torch.tensor(theta, requires_grad=True)
optimizer = torch.optim.SGD([theirs], lr=0.1)
for _ in range(20):
    optimizer.zero_grad()
    ((theirs[0] * torch.tensor(x) + theirs[1] - torch.tensor(y)) ** 2).mean().backward()
    optimizer.step()
assert np.allclose(theirs.detach().numpy(), walk.path[-1], atol=1e-12)

# %% [markdown]
# ## 5.4 How large a step?
#
# The gradient says which way is up. It says nothing about how far to walk. That number is ours to choose.
#
# Take the simplest valley there is, $f(x) = \tfrac12\lambda x^2$. Its slope at $x$ is $\lambda x$. The slope changes by λ for each unit of $x$: λ is the **curvature**. One step of descent is
#
# $$x \leftarrow x - \alpha\lambda x = (1 - \alpha\lambda)\,x \tag{5.5}$$
#
# Every step multiplies $x$ by the same number, $1 - \alpha\lambda$. The whole story of learning rates is in that factor.
#
# **Before you go on.** With λ = 4, for which α does the walk first fail to come closer to 0?

# %%
ask.number("5.2", "α =")

# %%
check.prediction("5.2")

# %%
path = descend(lambda x: 2 * x**2, x0=1.0, rule=gd, steps=5, lr=0.1).path    # λ = 4, so 1 − αλ = 0.6
assert np.allclose(path, 0.6 ** np.arange(6))    # (5.5), five times over
path.round(4)

# %% [markdown]
# Now all the learning rates at once. Drag α, slowly, past 0.25 and past 0.5. Find the rate that arrives in one step.

# %%
labs.learning_rate.show(surface="valley", curvature=4, lr=0.1)

# %% [markdown]
# You have met all the regimes, and (5.5) names them:
#
# | α | factor $1 - \alpha\lambda$ | what you saw |
# |---|---|---|
# | far below 1/λ | just under 1 | creeps down one side: *too small* |
# | below 1/λ | between 1 and 0 | walks down one side: *good* |
# | 1/λ | 0 | there in one step |
# | 1/λ … 2/λ | between 0 and −1 | jumps across, comes closer: *oscillating* |
# | 2/λ | −1 | jumps across for ever, at the same height |
# | beyond 2/λ | below −1 | jumps across, and away: *diverging* |
#
# How many steps until only a thousandth of the distance is left?

# %% tags=["source: §5.4"]
rates = np.array([0.0005, 0.005, 0.05, 0.25, 0.45, 0.499, 0.5, 0.51])
run = descend(lambda x: 2 * x**2, x0=1.0, rule=gd, steps=4000, lr=rates)
for k, lr in enumerate(rates):
    arrived = np.flatnonzero(np.abs(run.path[:, k]) < 1e-3)
    print(f"α = {lr:<6g}  factor {1 - 4 * lr:6.3f}   steps:", arrived[0] if arrived.size else "never there")

# %% [markdown]
# The curvature sets the scale. A valley four times as steep wants steps a quarter as long. Nothing about α alone is large or small: 0.1 crawls in one landscape and explodes in another. What counts is the product αλ.
#
# Now a landscape that curves differently in different directions, $f(x, y) = \tfrac12(x^2 + 20y^2)$: λ = 1 along $x$, λ = 20 along $y$. Each direction follows its own factor.

# %%
ravine = SURFACES["ravine"]
run = descend(ravine.f, ravine.start, gd, steps=30, lr=0.09)

# %%
t = np.arange(31)
assert np.allclose(run.path[:, 0], ravine.start[0] * (1 - 0.09 * 1) ** t)    # walks: factor 0.91
assert np.allclose(run.path[:, 1], ravine.start[1] * (1 - 0.09 * 20) ** t)    # swings: factor −0.8

# %% [markdown]
# One α for both. The steep direction sets the limit, $2/20 = 0.1$. The flat direction has to live with it, and it crawls. Go back to the picture at the top and find the rate at which the two are equally slow. Section 5.6 computes it.
#
# ### The two lists of symptoms
#
# The source text has a box for each way to get the rate wrong. Here is each symptom with its cause.
#
# | too small | cause |
# |---|---|
# | converges slowly | the factor $1 - \alpha\lambda$ is close to 1 |
# | needs many iterations | about $\ln(1000)/(\alpha\lambda)$ steps for a thousandth |
# | "may get stuck in a local optimum" | **not caused by the rate**: see below |
#
# | too large | cause |
# |---|---|
# | misses the optimum | $\alpha\lambda > 1$: each step lands on the other side |
# | oscillates around it | $1 < \alpha\lambda < 2$: the factor is negative |
# | diverges | $\alpha\lambda > 2$: the factor is beyond −1 |
#
# The second line can be checked at once. For a small αλ, $\ln(1 - \alpha\lambda) \approx -\alpha\lambda$.

# %%
predicted = np.log(1000) / (4 * np.array([0.0005, 0.005]))
assert np.allclose(predicted, [3453, 342], rtol=0.02)
predicted.round(0)

# %% [markdown]
# Missing the optimum is no disaster by itself. At $\alpha = 0.45$ every single step misses it, and the walk arrives all the same.
#
# > **What the source says differently.** §5.4 blames a small rate for getting stuck in local optima. A small α follows the slope faithfully into whichever valley it started in; a large one may jump out of it, into a better valley or a worse one. Where you end is decided by where you start. Here are two hundred starts on a function with two wells, at $x = -1$ and $x = 1$.

# %%
starts = np.linspace(-1.8, 1.8, 200)
ends = {lr: descend(SURFACES["double_well"].f, starts[None], gd, 3000, lr=lr).path[-1, 0] for lr in (0.02, 0.2, 0.8)}

# %% tags=["source: erratum 3"]
assert np.allclose(ends[0.02], np.sign(starts), atol=1e-6)                   # faithful
assert np.allclose(ends[0.2], np.sign(starts), atol=1e-6)    # ten times the rate, the same valleys
assert not np.allclose(ends[0.8], np.sign(starts), atol=0.1)    # too large to be faithful

# %%
fig, ax = figure(7.6, 2.6)
for (lr, end), mark, shift in zip(ends.items(), "os^", (0.1, 0.0, -0.1), strict=True):
    ax.plot(starts, end + shift, mark, markersize=3.5, linestyle="none", label=f"α = {lr}")
ax.set(xlabel="where the walk starts", ylabel="where it ends", yticks=[-1, 1], ylim=(-1.4, 1.4))
ax.legend(loc="center right", markerscale=2)
picture(fig, alt="Where two hundred walks end. At the two smaller rates all that start left end left and all that start "
                 "right end right. At the largest rate those that start far out end in either well.")

# %% [markdown]
# (The points of the three rates are shifted a little, so that they do not hide each other.)

# %% [markdown]
# **Exercise 5.3 (derive).** The factor works for more than plain descent. With momentum the walk has a velocity $v$, of which each step keeps the share β. One step is $v \leftarrow \beta v + \lambda x$, then $x \leftarrow x - \alpha v$. Write the 2 × 2 matrix that takes $(x, v)$ to the next $(x, v)$.

# %%
def step_matrix(alpha, beta, lam):
    ...

check.exercise("5.3", step_matrix)

# %% [markdown]
# **Exercise 5.4 (implement).** Write gradient descent: `slope(theta)` is the gradient, `theta` an array of parameters. Return all points of the path, the start first.

# %%
def descent(slope, theta, lr, steps):
    ...

check.exercise("5.4", descent)

# %% [markdown]
# ## 5.5 How many examples for a step?
#
# The loss (5.1) is a mean over all $N$ examples, and so is its gradient. With sixty thousand images, one step of (5.3) looks at sixty thousand images. Would fewer do? Take a **batch** $\mathcal B$: $B$ examples, chosen at random. Its gradient is
#
# $$g_{\mathcal B} = \frac1B \sum_{i \in \mathcal B} \nabla \ell\bigl(f(x_i; \theta),\, y_i\bigr) \tag{5.6}$$
#
# | name | batch | rule | said to be |
# |---|---|---|---|
# | batch gradient descent | all $N$ | $\theta \leftarrow \theta - \alpha \nabla\mathcal L(\theta)$ | stable, but slow |
# | stochastic gradient descent (SGD) | one example $i$ | $\theta \leftarrow \theta - \alpha \nabla\ell_i(\theta)$ | fast, but unstable |
# | mini-batch gradient descent | $B$ of them | $\theta \leftarrow \theta - \alpha\, g_{\mathcal B}$ | a balance of the two |
#
# An **epoch** is one pass through all examples, in a random order: $N/B$ steps. Here are the three rules on the same line, with the same α. Only `size` differs.

# %%
def descend_in_batches(size, lr=0.1, epochs=3):
    """The loss over all examples, before the first step and after each."""
    theta = Tensor([0.0, -1.0], requires_grad=True)
    optimizer, rng = optim.Optimizer([theta], gd, lr=lr), np.random.default_rng(0)
    losses = [loss(theta.data)]
    for _ in range(epochs):
        for some_x, some_y in data.batches(x, y, size, rng):
            optimizer.zero_grad()
            ops.mse(theta[0] * some_x + theta[1], some_y).backward()
            optimizer.step()
            losses.append(loss(theta.data))
    return np.array(losses)

# %% tags=["source: §5.5", "source: Table 3"]
full, one, mini = (descend_in_batches(size) for size in (128, 1, 16))
[len(losses) - 1 for losses in (full, one, mini)]

# %% [markdown]
# Three epochs: 3 steps, 384 steps, 24 steps, and the same number of examples looked at. So "slow" and "fast" need a unit. Per **step**, the full gradient is the best there is. Per **example**, it is the worst.

# %%
lowest = loss(np.linalg.lstsq(np.hstack([x, np.ones_like(x)]), y, rcond=None)[0][:, 0])
curves = {name: (size * np.arange(len(losses)), losses - lowest)
          for name, size, losses in (("batch, 128", 128, full), ("stochastic, 1", 1, one), ("mini-batch, 16", 16, mini))}
fig, ax = figure(7.4, 3.2)
draw_curves(ax, curves, xlabel="examples seen", ylabel="loss above its minimum", log=True)
picture(fig, alt="Loss against examples seen. Batch descent barely moves. Stochastic descent falls fast and then jumps "
                 "about. Mini-batch descent falls in between, with little noise.")

# %% tags=["source: Table 3"]
assert (np.diff(full) < 0).all()    # stable: every step goes down
assert one[128] < mini[8] < full[1]    # one epoch each: fast, medium, slow
assert (np.diff(one[129:]) > 0).mean() > 0.25    # unstable: many steps go up

# %% [markdown]
# ### Noise
#
# Why does a batch work at all? On average it is right. If each example is equally likely to be drawn, the mean of $g_{\mathcal B}$ over all batches is the full gradient. Over one epoch of equal batches this is exact, as long as θ stays where it is:

# %%
slopes = [grad(lambda p, some=some: ops.mse(p[0] * some[0] + p[1], some[1]))(theta)
          for some in data.batches(x, y, 16, np.random.default_rng(0))]
assert np.allclose(np.mean(slopes, axis=0), g)

# %% [markdown]
# A single batch is off by some noise. Let σ be the typical distance of one example's gradient from the full one (the root of the mean square). Squared errors of independent draws add up: the sum of $B$ of them is off by $\sqrt B\,\sigma$, and their mean, a $B$-th of it, by
#
# $$\text{noise}(B) = \frac{\sigma}{\sqrt B}, \qquad\text{and without replacement}\qquad \frac{\sigma}{\sqrt B}\sqrt{\frac{N - B}{N - 1}} \tag{5.7}$$
#
# The second form is for an epoch's batches, in which no example comes twice. At $B = N$ nothing is left to chance, and it is 0.
#
# **Before you go on.** A batch grows from 4 examples to 64, out of very many. By what is the noise of its gradient divided?

# %%
ask.number("5.5", "divided by")

# %%
check.prediction("5.5")

# %% [markdown]
# Drag the batch size. Watch three things: the path, the loss for each example seen, and the noise at the start. Then set α to 0.5, and look at a batch of 1 again: which batch sizes still settle down?

# %%
labs.batch_size.show(size=4)

# %%
lab = labs.batch_size()
assert np.allclose(lab.noise[:-1], lab.theory[:-1], rtol=0.1)    # (5.7), 1,000 draws for each size
assert lab.noise[-1] < 1e-12    # the full batch is exact

# %% [markdown]
# Near the minimum the full gradient vanishes, and a batch's does not: each example would like the line to pass through itself. So with a constant α, stochastic descent does not arrive. It hovers, at a distance that grows with α. Eight epochs; the mean of the last four:

# %%
hover = {lr: np.mean(labs.batch_size(lr=lr, epochs=8).loss[0][-512:]) - lowest for lr in (0.02, 0.1, 0.4)}
assert hover[0.02] < hover[0.1] < hover[0.4]

# %% [markdown]
# Robbins and Monro, who invented the method in 1951, gave the cure: let the rate fall, but not too fast. Section 5.8 tries it.
#
# | batch size | steps for an epoch | noise | what you saw |
# |---|---|---|---|
# | 1 | $N$ | σ | far down after one epoch, then hovers |
# | $B$ | $N/B$ | $\sigma/\sqrt B$ | nearly as far, hovers less |
# | $N$ | 1 | 0 | a smooth path, and hardly any way |
#
# ### Cost
#
# An epoch costs $N$ gradients of one example, whatever $B$ is: the same arithmetic. Computers don't work like that. They multiply matrices much faster than row by row, so an epoch of single examples takes far longer than one of batches. On two thousand digits, with softmax regression:

# %%
import time

mnist = data.load_mnist("small")
sizes, seconds = [1, 4, 16, 64, 256], []
for size in sizes:
    model = nn.MLP([784, 10], rng=np.random.default_rng(0), init="zeros")
    optimizer, began = optim.Optimizer(model.parameters(), gd, lr=0.01), time.perf_counter()
    for _ in train.train(model, ops.cross_entropy, data.batches(mnist.x_train[:2000], mnist.y_train[:2000], size), optimizer):
        pass
    seconds.append(time.perf_counter() - began)

# %%
fig, ax = figure(6.4, 2.6)
ax.bar([str(size) for size in sizes], np.array(seconds) / seconds[-1], color=OKABE_ITO["sky"])
ax.set(xlabel="batch size", ylabel="time of an epoch, 256 = 1")
picture(fig, alt="The time of one epoch by batch size: longest for single examples, falling steeply, then levelling off.")

# %% [markdown]
# And the noise, on digits: the gradient of softmax regression by its 7,840 weights, for random batches. The slope of the line through the points is the exponent of $B$. Theory says −½.

# %%
digits, labels = mnist.x_train.astype(float), mnist.y_train

def digit_slope(rows):
    return grad(lambda w: ops.cross_entropy(ops.matmul(digits[rows], w), labels[rows]))(np.zeros((784, 10)))

# %%
rng, everything = np.random.default_rng(0), digit_slope(slice(None))
sizes = 2 ** np.arange(0, 9)
offs = [[np.linalg.norm(digit_slope(rng.integers(7000, size=size)) - everything) for _ in range(40)] for size in sizes]
noise = np.sqrt(np.mean(np.square(offs), axis=1))

# %%
exponent = np.polyfit(np.log(sizes), np.log(noise), 1)[0]
assert -0.56 < exponent < -0.44                                              # (5.7)

# %%
fig, ax = figure(6.4, 2.8)
ax.loglog(sizes, noise, "o", linestyle="none", color="black", label="measured")
ax.loglog(sizes, noise[0] / np.sqrt(sizes), color=OKABE_ITO["blue"], label="σ/√B")
ax.axhline(np.linalg.norm(everything), color=PALE, linestyle=":", label="length of the full gradient")
ax.set(xlabel="batch size B", ylabel="noise of the gradient")
ax.legend()
picture(fig, alt="On digits: the noise of a batch's gradient against the batch size lies on the line one over root B.")

# %% [markdown]
# This explains the usual choice, some tens of examples. Up to there the time of an epoch falls steeply, and the noise comes down to the size of the gradient itself. From there on, twice the batch costs nearly twice as much for each step and removes less than a third of the noise.
#
# > **What the source says differently.** §7.3.2 calls its rule *stochastic* gradient descent and then computes $g_t = \nabla_\theta \mathcal L(\theta_t)$, the full gradient. By Table 3 that is the batch method. The rule (5.3) does not know where its gradient comes from: with the full gradient it is batch descent, with (5.6) stochastic or mini-batch descent. PyTorch's `SGD` is the rule alone, and stochastic only if you feed it batches.

# %% tags=["source: erratum 15"]
same_rule = descend_in_batches(128)[:4]
assert np.allclose(same_rule, descend(loss, theta, gd, steps=3, lr=0.1).loss)    # all examples: nothing stochastic in it

# %% [markdown]
# **Exercise 5.6 (implement).** One epoch of mini-batch descent for the line and the mean squared error, without the engine. `theta` is `(w, b)`, `x` and `y` are arrays of N numbers, `order` is the order in which to take them. Return the new `[w, b]`.

# %%
def one_epoch(theta, x, y, order, size, lr):
    ...

check.exercise("5.6", one_epoch)

# %% [markdown]
# ## 5.6 Does it arrive, and how fast?
#
# On a parabola everything follows from the factor $1 - \alpha\lambda$. For other functions we need one property that does the same work. A function is **L-smooth** if its *gradient* changes at most at rate $L$:
#
# $$\lVert\nabla\mathcal L(\theta) - \nabla\mathcal L(\theta')\rVert \le L\,\lVert\theta - \theta'\rVert \quad\text{for all } \theta, \theta' \tag{5.8}$$
#
# $L$ bounds the curvature: no eigenvalue of the Hessian, the matrix of second derivatives, is larger in size. For the line, the Hessian is the same everywhere, and its largest eigenvalue is $L$.

# %%
mu, smoothness = curvatures = np.linalg.eigvalsh(hessian(loss)(theta))
curvatures.round(3)

# %%
rng = np.random.default_rng(0)
for a, b in rng.normal(size=(200, 2, 2)):
    assert np.linalg.norm(grad(loss)(a) - grad(loss)(b)) <= smoothness * np.linalg.norm(a - b) + 1e-12    # (5.8)

# %% [markdown]
# ### A step that is sure to go down
#
# (5.8) keeps the function under a parabola. Walk from θ in a straight line to $\theta + s$. At the start the slope along the way is $g \cdot s / \lVert s\rVert$. After a distance $d$ it can have grown by $Ld$ at most. Add up the slopes over the whole way, from $d = 0$ to $d = \lVert s\rVert$:
#
# $$\mathcal L(\theta + s) \le \mathcal L(\theta) + g \cdot s + \tfrac L2 \lVert s\rVert^2 \tag{5.9}$$
#
# Put in the step of gradient descent, $s = -\alpha g$. Then $g \cdot s = -\alpha\lVert g\rVert^2$ and $\lVert s\rVert^2 = \alpha^2\lVert g\rVert^2$, so
#
# $$\mathcal L(\theta - \alpha g) \le \mathcal L(\theta) - \alpha\left(1 - \frac{\alpha L}{2}\right)\lVert g\rVert^2 \tag{5.10}$$
#
# This is the **descent lemma**. The bracket is positive exactly for $\alpha < 2/L$. Then every step goes down, by at least that much, unless the gradient is already 0. The guaranteed fall is largest at $\alpha = 1/L$.
#
# Nothing in it asks for a parabola, nor for a convex function. Here it is on a logistic loss, for forty rates below $2/L$ and on every one of a hundred steps.

# %%
surface = SURFACES["logistic"]
lr = np.linspace(0.02, 0.99, 40) * 2 / surface.smoothness
run = descend(surface.f, surface.start, gd, steps=100, lr=lr)
slope = engine.value_and_grad(surface.f, seed=1.0)

# %%
squares = np.array([(slope(p)[1] ** 2).sum(axis=0) for p in run.path[:-1]])
promised = lr * (1 - lr * surface.smoothness / 2) * squares

# %% tags=["source: §5.6"]
assert (np.diff(run.loss, axis=0) <= -promised + 1e-12).all()    # (5.10), on 4,000 steps

# %% [markdown]
# Add up (5.10) over all steps. The left side falls from $\mathcal L(\theta_0)$, and if the loss has a lower bound it cannot fall for ever. So the sum of all $\lVert g_t\rVert^2$ is finite, and the gradients tend to 0. That is what descent guarantees **without** convexity: it approaches points where the gradient vanishes, *stationary points*.
#
# If the function is **convex**, a bowl without side valleys, every stationary point is a global minimum. If there is one, the walk converges to one, for every $\alpha < 2/L$. So the theorem has four conditions: convex, L-smooth, a minimiser exists, $0 < \alpha < 2/L$. Take away one at a time.

# %% [markdown]
# **Not smooth.** $f(x) = |x|$ is convex, and has its minimum at 0. Its slope is never larger than 1, so it is *Lipschitz continuous* with constant 1: $|f(a) - f(b)| \le 1 \cdot |a - b|$. But its gradient jumps from −1 to 1, so it is not L-smooth for any $L$. Descent with α = 0.1 walks up to the minimum, and hops across it for ever.

# %% tags=["source: erratum 1"]
path = descend(ops.abs, x0=0.25, rule=gd, steps=100, lr=0.1).path
path[-4:].round(2)

# %% [markdown]
# **Not Lipschitz, and yet fine.** $x^2$ has slopes of any size, so it is not Lipschitz continuous. Its gradient is: $L = 2$. Descent converges for every α below 1.

# %% tags=["source: erratum 1"]
assert abs(descend(lambda x: x**2, x0=100.0, rule=gd, steps=2000, lr=0.99).path[-1]) < 1e-6

# %% [markdown]
# **No minimiser.** $\log(1 + e^{-x})$ is convex and ¼-smooth. It falls for ever, towards 0, and never gets there. It is the logistic loss of a single example, so this happens in practice.

# %% tags=["source: erratum 1"]
run = descend(lambda x: ops.softplus(-x), x0=0.0, rule=gd, steps=3000, lr=4.0)
assert (np.diff(run.path) > 0).all() and run.path[-1] > 9    # x runs away, ever more slowly
assert (np.diff(run.loss) < 0).all()    # and every step still goes down

# %% [markdown]
# **Beyond 2/L.** The loss of the line is a parabola in two directions; the steep one diverges.

# %%
limit = 2 / smoothness
near = descend(loss, theta, gd, steps=400, lr=0.99 * limit)
beyond = descend(loss, theta, gd, steps=400, lr=1.01 * limit)

# %%
assert near.loss[-1] - lowest < 1e-4 and beyond.loss[-1] > 1000

# %% [markdown]
# > **What the source says differently.** §5.6 asks for a loss that is "convex and Lipschitz continuous", and then writes down (5.8), which is Lipschitz continuity of the *gradient*. The two are different properties: $|x|$ has the first and not the second, $x^2$ the second and not the first. The bound $\alpha < 2/L$ belongs to (5.8). The promise of a global optimum also needs a minimiser, and for functions that are not convex the right words are "stationary point".

# %% [markdown]
# ### How fast
#
# Let all curvatures lie between μ > 0 and $L$. (A function like this is called *μ-strongly convex*.) On a quadratic each direction has its factor $1 - \alpha\lambda$, with λ somewhere from μ to $L$. The slowest direction decides, so the distance to the minimum shrinks by
#
# $$\rho(\alpha) = \max\bigl(|1 - \alpha\mu|,\; |1 - \alpha L|\bigr) \tag{5.11}$$

# %%
a = np.linspace(0, 2.2, 200)
fig, ax = figure(6.8, 3.0)
draw_curves(ax, {"|1 − αμ|, flat direction": (a, np.abs(1 - 0.25 * a)), "|1 − αL|, steep direction": (a, np.abs(1 - a))},
            xlabel="α, for μ = 1/4 and L = 1", ylabel="factor of a step")
ax.plot(1.6, 0.6, "o", color="black", zorder=5)
ax.annotate("best", (1.6, 0.6), (1.62, 0.3), arrowprops={"arrowstyle": "-", "color": PALE})
picture(fig, alt="Two V-shaped curves: the factor of the flat direction falls slowly with the rate, that of the steep "
                 "direction falls to 0 and rises again. Where they cross, the larger of the two is least.")

# %% [markdown]
# **Exercise 5.7 (derive).** Find the α that makes (5.11) least, and the factor it gives. Return both, as `[rate, factor]`.

# %%
def best_rate(mu, L):
    ...

check.exercise("5.7", best_rate)

# %% [markdown]
# The two lines cross where $1 - \alpha\mu = -(1 - \alpha L)$. With the **condition number** $\kappa = L/\mu$:
#
# $$\alpha = \frac{2}{\mu + L}, \qquad \rho = \frac{\kappa - 1}{\kappa + 1} \tag{5.12}$$
#
# On the line, that is a statement about a measured path. The two factors have the same size there, so the distance shrinks by exactly ρ in every step:

# %%
best = np.linalg.lstsq(np.hstack([x, np.ones_like(x)]), y, rcond=None)[0][:, 0]
run = descend(loss, theta, gd, steps=20, lr=2 / (mu + smoothness))

# %% tags=["source: §5.6"]
distance = np.linalg.norm(run.path - best, axis=1)
rho = (smoothness / mu - 1) / (smoothness / mu + 1)
assert np.allclose(distance[1:] / distance[:-1], rho, rtol=1e-6)             # (5.12)
rho.round(4)

# %% [markdown]
# Only the ratio of the curvatures counts. In a round bowl, κ = 1 and one step suffices. In a long ravine, κ = 1000, each step removes a fifth of a percent.
#
# Momentum does better. **Heavy ball** (Polyak 1964) keeps a velocity: $v \leftarrow \beta v + g$, $\theta \leftarrow \theta - \alpha v$. At its best α and β,
#
# $$\alpha = \frac{4}{(\sqrt L + \sqrt\mu)^2}, \quad \beta = \left(\frac{\sqrt\kappa - 1}{\sqrt\kappa + 1}\right)^2, \qquad \rho = \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1} \tag{5.13}$$
#
# It is your matrix from exercise 5.3 that decides: at these values both its eigenvalues have the size $\sqrt\beta$, for μ, for $L$ and for everything between.

# %%
from textbook.exercises.chapter_05 import step_matrix as solved

root = (np.sqrt(100) - 1) / (np.sqrt(100) + 1)    # κ = 100, L = 1, μ = 1/100
for lam in np.linspace(0.01, 1, 9):
    eigenvalues = np.linalg.eigvals(solved(4 / (1 + 0.1) ** 2, root**2, lam))
    assert np.allclose(np.abs(eigenvalues), root, atol=1e-6)

# %% [markdown]
# **Before you go on.** κ = 100. How many times fewer steps does heavy ball need than gradient descent, about?

# %%
ask.number("5.8", "times fewer:")

# %%
check.prediction("5.8")

# %% [markdown]
# Drag κ. Watch how the valley narrows, and compare the slopes of the two curves with the dotted lines of the theory. Then switch the function to the one that is flatter far from 0, and drag the start far up, to $y = 2.5$.

# %%
labs.convergence.show(kappa=100, steps=150)

# %% [markdown]
# What you saw, measured for forty-nine κ from 2 to 1000. Gradient descent has the rate of (5.12), to one part in a million. Heavy ball approaches its rate slowly: at its best settings the two eigenvalues coincide, and a double root brings a factor $t$ along. Its distance behaves like $t\rho^t$, so each ratio is $(1 + 1/t)\rho$. Divide that out:

# %%
lab = labs.convergence(steps=300)
gd_ratio, ball_ratio = lab.ratio

# %% tags=["source: §5.6"]
t = np.arange(1, 300)[:, None]    # ratio number t: from step t to step t + 1
assert np.allclose(gd_ratio, lab.theory[0], rtol=1e-6)                       # (5.12)
assert np.allclose((ball_ratio[1:] * t / (t + 1))[49:], lab.theory[1], rtol=0.01)    # (5.13), for t ≥ 50

# %% [markdown]
# A quadratic is the one case where these rates are exact. On the other function the curvature falls off away from the minimum. There (5.12) is still a bound for gradient descent, and no longer the truth; for heavy ball there is no such bound at all.

# %%
soft = labs.convergence(function="soft", start=(-0.5, 2.5), steps=60)
assert (soft.ratio[0] <= soft.theory[0] + 1e-9).all()    # never slower than (5.12)
assert np.abs(soft.ratio[0, :5] / soft.theory[0] - 1).max() > 0.1    # but not equal to it

# %% [markdown]
# And without strong convexity, μ = 0? Then no fixed factor exists, and the guarantee is weaker: for $\alpha \le 1/L$,
#
# $$\mathcal L(\theta_t) - \mathcal L(\theta^*) \le \frac{\lVert\theta_0 - \theta^*\rVert^2}{2\alpha t} \tag{5.14}$$
#
# where $\theta^*$ is a minimiser. Ten times the steps for a tenth of the error.

# %%
surface = SURFACES["logistic"]
run = descend(surface.f, surface.start, gd, steps=300, lr=1 / surface.smoothness)
away = np.sum((np.array(surface.start) - surface.minima[0]) ** 2)

# %%
t = np.arange(1, 301)
assert (run.loss[1:] - surface.minimum <= away * surface.smoothness / (2 * t)).all()    # (5.14)

# %% [markdown]
# ## 5.7 Landscapes that are not convex
#
# The loss of a neural network is not convex. Then (5.10) still holds wherever the curvature is at most $L$, but stationary points come in kinds. The Hessian tells them apart: all curvatures positive, a **local minimum**; some positive and some negative, a **saddle point**, downhill in one direction and uphill in another.
#
# Two valleys and the ridge between them: $f(x, y) = \tfrac14(x^2 - 1)^2 + \tfrac12 y^2$.

# %%
def valleys(p):
    return 0.25 * (p[0] ** 2 - 1) ** 2 + 0.5 * p[1] ** 2

for point in ([-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]):
    assert np.allclose(grad(valleys)(np.array(point)), 0)
    print(point, "curvatures:", np.linalg.eigvalsh(hessian(valleys)(point)))

# %% [markdown]
# **Before you go on.** The walk starts exactly on the ridge, at (0, 1). Where does it end?

# %%
ask.choice("5.9", "it ends", ["in one of the two valleys", "at the saddle", "it stays where it is"])

# %%
check.prediction("5.9")

# %%
run = descend(valleys, [0.0, 1.0], gd, steps=500, lr=0.2)
assert np.allclose(run.path[-1], [0, 0], atol=1e-12)
run.path[-1].round(6)

# %% [markdown]
# Now start a little beside the ridge. Across it the curvature is −1, so the factor is $1 + \alpha$: above 1, the distance from the ridge *grows*, by a fifth in every step. How long until the walk has left?

# %%
offsets = 10.0 ** -np.arange(1, 13)
run = descend(valleys, np.stack([offsets, np.ones(12)]), gd, steps=500, lr=0.2)
left = (run.path[:, 0] > 0.5).argmax(axis=0)
assert np.allclose(run.path[-1, 0], 1)                                       # all have left
left

# %% [markdown]
# Every further digit of nearness costs the same number of steps: $\ln 10 / \ln 1.2 \approx 12.6$. A saddle does not hold the walk, it delays it. And a random start is never exactly on the ridge, so with a rate below $1/L$ descent ends at such a saddle with probability 0 (Lee and others, 2016).

# %%
assert np.allclose(np.diff(left)[3:].mean(), np.log(10) / np.log(1.2), atol=0.2)

# %%
random_starts = np.random.default_rng(0).uniform(-2, 2, size=(2, 500))
ends = descend(valleys, random_starts, gd, steps=500, lr=0.2).path[-1]

# %%
assert np.allclose(np.abs(ends[0]), 1) and np.allclose(ends[1], 0)    # 500 walks, none at the saddle
assert (np.sign(ends[0]) == np.sign(random_starts[0])).all()    # and each in its own valley

# %%
fig, ax = figure(7, 3)
draw_curves(ax, {f"offset 1e{e}": run.path[:240, 0, -e - 1] for e in (-1, -4, -8, -12)}, ylabel="x")
picture(fig, alt="Four walks that start ever closer to the ridge: each stays near the saddle for a while, longer the "
                 "closer it started, and then leaves for the valley.")

# %% [markdown]
# A training run that stands still on a plateau and then falls may well have been near a saddle. The noise of mini-batches helps here: it pushes the walk off every ridge.
#
# > **What the source says differently.** §5.6 says that on functions that are not convex, descent can only be guaranteed to reach "a local optimum or a saddle point". The guarantee is a vanishing gradient, so also a plateau, or even a local maximum if the walk starts on one. In practice saddles are left, as you have just seen.
#
# **Exercise 5.10 (break).** On the double well $\tfrac14(x^2 - 1)^2$, a faithful walk from $x = 1.8$ ends at 1. Find a learning rate with which it ends at −1.

# %%
rate = ...

check.exercise("5.10", rate)

# %% [markdown]
# ## 5.8 Choosing the rate
#
# On real problems nobody knows $L$. The source gives four pieces of advice:
#
# 1. start with values such as 0.01 or 0.001;
# 2. let the rate fall during training (*decay*);
# 3. use adaptive methods such as Adam or RMSprop;
# 4. choose the best rate on validation data.
#
# We try all four, on real digits: softmax regression, two epochs, batches of 64. Its loss, the cross-entropy, is measured in *nats*, which says that the logarithm is the natural one. Training data move the parameters; **validation data**, a part that the training never sees, judge the result. The fourth piece of advice is how we can judge the other three.

# %%
def fit(rule, lr, schedule=None, epochs=2):
    """The validation loss after a training run."""
    schedule, rng = schedule or optim.constant(), np.random.default_rng(0)
    model = nn.MLP([784, 10], rng=rng, init="zeros")
    optimizer, done = optim.Optimizer(model.parameters(), rule, lr=lr * schedule(0)), 0
    for _ in range(epochs):
        batches = data.batches(mnist.x_train, mnist.y_train, 64, rng)
        for _ in train.train(model, ops.cross_entropy, batches, optimizer):
            done += 1
            optimizer.hyper["lr"] = lr * schedule(done)
    return train.evaluate(model, mnist.x_val, mnist.y_val).loss

# %% [markdown]
# ### Start from 0.01, and go on from there
#
# Rates differ by factors, so they are tried in factors: here, in steps of $\sqrt{10}$.

# %% tags=["source: §5.4"]
exponents = np.arange(-4, 1.1, 0.5)
gd_scores = np.array([fit(gd, 10**e) for e in exponents])
adam_scores = np.array([fit(optim.adam, 10**e) for e in exponents[:-2]])

# %%
best_gd, best_adam = 10 ** exponents[gd_scores.argmin()], 10 ** exponents[adam_scores.argmin()]
fig, ax = figure(7.2, 3.3)
ax.loglog(10**exponents, gd_scores, "o-", color=OKABE_ITO["blue"], label="gradient descent")
ax.loglog(10 ** exponents[:-2], adam_scores, "s--", color=OKABE_ITO["vermilion"], label="Adam")
ax.axhline(np.log(10), color=PALE, linestyle=":", label="knows nothing, ln 10")
ax.set(xlabel="learning rate α", ylabel="validation loss (nats)", ylim=(0.25, 12))
ax.legend(loc="upper center")
picture(fig, alt="Validation loss against the learning rate: two valleys. Adam's lies far to the left of "
                 "gradient descent's and is a little lower. Both rise again to the right.")

# %% tags=["source: §5.4"]
assert best_gd > 0.1                                                         # far above 0.01
assert gd_scores[exponents == -2] > 2 * gd_scores.min()    # 0.01 is much too small here
assert gd_scores[exponents == -3] > 4 * gd_scores.min()    # 0.001 hopeless, in two epochs
assert 0.002 < best_adam < 0.02

# %% [markdown]
# **0.01 and 0.001 are places to start, not to stay.** For plain descent on this problem both are far too small. The advice fits Adam better: its default is 0.001, and its best rate here is a notch or two above that. What a good rate is depends on the curvature, so no number can be right everywhere. Go on in factors until the loss has become worse on *both* sides.
#
# ### Decay
#
# Section 5.5 showed why: the noise keeps a constant rate hovering. A **schedule** multiplies the rate by a factor that depends on the step. The book has four.

# %%
show_source(optim.cosine, docstring=False)

# %%
schedules = {
    "constant": optim.constant(),
    "step decay": optim.step_decay(every=110, gamma=0.3),
    "cosine": optim.cosine(220),
    "warm-up, cosine": optim.warm_up(20, then=optim.cosine(200)),
}

# %%
assert [schedules["step decay"](t) for t in (0, 109, 110)] == [1, 1, 0.3]
assert np.isclose(schedules["cosine"](110), 0.5) and schedules["warm-up, cosine"](0) == 1 / 20

# %%
fig, ax = figure(7.2, 2.6)
draw_curves(ax, {name: [factor(t) for t in range(220)] for name, factor in schedules.items()}, ylabel="factor of α")
ax.legend(loc=(0.13, 0.06), handlelength=3)
picture(fig, alt="Four schedules over two epochs: constant; a step down after the first epoch; half a cosine from 1 to "
                 "0; a short linear rise followed by the cosine.")

# %% tags=["source: §5.4"]
decayed = {name: {lr: fit(gd, lr, factor) for lr in (0.1, 0.3, 1.0)} for name, factor in schedules.items()}
scores = {name: min(row.values()) for name, row in decayed.items()}
assert scores["cosine"] < scores["constant"] and scores["step decay"] < scores["constant"]
assert decayed["cosine"][0.1] > decayed["constant"][0.1]

# %%
fig, ax = figure(7.2, 2.9)
for (name, row), mark in zip(decayed.items(), "os^D", strict=True):
    ax.plot(range(3), list(row.values()), marker=mark, label=name)
ax.set(xticks=range(3), xticklabels=row, xlabel="base learning rate α", ylabel="validation loss (nats)")
ax.legend()
picture(fig, alt="Validation loss for three base rates and four schedules. At the smallest rate decay hurts; at the "
                 "largest rate the three that decay are far better than the constant one, and best of all.")

# %% [markdown]
# Decay is not free. At the small rate it makes things worse: the walk was not there yet, and now it slows down. It pays because it lets you begin with a rate that would be too large to end with. The warm-up matters little here; it matters where the first steps are dangerous, in deep networks.
#
# ### Adaptive methods
#
# Adam and RMSprop divide each coordinate's step by the recent size of its gradient. Chapter 7 takes them apart. Here, two facts. Adam is better than plain descent at its best, and its good rates are other rates:

# %% tags=["source: §5.4"]
assert adam_scores.min() < gd_scores.min()
assert 3 < best_gd / best_adam < 300
assert gd_scores[exponents == 0] < adam_scores[exponents[:-2] == 0]    # α = 1: bad for descent, absurd for Adam

# %% [markdown]
# **An adaptive method does not choose the rate for you.** Its curve is a valley like the other.
#
# ### Choose on validation data
#
# The winner is the rate (and the schedule) with the lowest *validation* loss. Not the training loss: that one rewards learning by heart. And not the test part: it must be fresh when the chosen model is judged, once, at the end.

# %% tags=["source: §5.4"]
candidates = {("gd", "constant", best_gd): gd_scores.min(), ("adam", "constant", best_adam): adam_scores.min()}
candidates |= {("gd", name, lr): score for name, row in decayed.items() for lr, score in row.items()}

# %% tags=["source: §5.4"]
winner = min(candidates, key=candidates.get)
assert candidates[winner] <= min(gd_scores.min(), scores["cosine"])
len(candidates)

# %% [markdown]
# One caution. The more candidates are tried on the same validation data, the more the best of them owes to luck. That is why a third part, the test data, exists.

# %% [markdown]
# ## 5.9 On MNIST: the bound, tested
#
# Softmax regression is convex and smooth, so the descent lemma (5.10) holds for it. (A minimiser need not exist: where the classes can be told apart without an error, the loss falls for ever, as in section 5.6.) What is its $L$? Its logits are $z = xW$, with a 1 appended to each image $x$ so that the bias is a row of $W$. For one image the Hessian of the cross-entropy by $z$ is $\mathrm{diag}(\hat y) - \hat y \hat y^\top$. Its eigenvalues are at most ½ (they are largest when two classes share all the probability). Multiplied out through $z = xW$ and averaged over the images $X$,
#
# $$L \le \frac{1}{2N}\,\lambda_{\max}(X^\top X) \tag{5.15}$$
#
# and at $W = 0$, where every class has probability 1/10, that matrix is known: its largest eigenvalue is 1/10. So there the curvature is exactly $\tfrac1{10N}\lambda_{\max}(X^\top X)$.

# %%
X = np.hstack([mnist.x_train[:500], np.ones((500, 1))]).astype(float)
labels = mnist.y_train[:500]

def softmax_loss(W):
    return ops.cross_entropy(ops.matmul(X, W), labels)

# %% [markdown]
# The Hessian has $7850^2$ entries, half a gigabyte. We do not need it. A **Hessian-vector product** $Hv$ costs about as much as two gradients: it is the gradient of the number $g \cdot v$, and by chapter 3 a gradient costs a small multiple of the function. And repeated products find the largest eigenvalue: every product stretches $v$ most along the steepest direction, so $v$ turns towards it. This is **power iteration**.
#
# **Exercise 5.11 (implement).** `product(v)` returns $Hv$. Repeat `steps` times: shorten `v` to length 1, then replace it by its product. Return the length of the last product.

# %%
def largest_curvature(product, v, steps):
    ...

check.exercise("5.11", largest_curvature)

# %%
from textbook.exercises.chapter_05 import largest_curvature as power_iteration

W0, v0 = np.zeros((785, 10)), np.random.default_rng(0).normal(size=(785, 10))
measured = power_iteration(lambda v: hvp(softmax_loss)(W0, v), v0, steps=30)

# %%
top = np.linalg.eigvalsh(X.T @ X / 500)[-1]                                  # λ_max(XᵀX)/N
assert np.isclose(measured, top / 10)    # the engine's curvature, and the theory's

# %% tags=["source: §5.6"]
bound = top / 2                                                              # (5.15)
smoothness_elsewhere = [power_iteration(lambda v, W=W: hvp(softmax_loss)(W, v), v0, steps=30)
                        for W in (0.01 * v0, 0.03 * v0, 0.1 * v0, v0)]
assert max(smoothness_elsewhere) < bound

# %% [markdown]
# Now the test. Below $2/L$ every step must go down, by (5.10). Far above it there is no promise.

# %%
slope = engine.value_and_grad(softmax_loss)

def losses_at(lr, steps=60):
    W, losses = W0, []
    for _ in range(steps):
        value, g = slope(W)
        losses.append(value)
        W = W - lr * g
    return np.array(losses)

# %% tags=["source: §5.6"]
multiples = (0.3, 0.95, 3, 20)
curves = {f"{m:g} × 2/L": losses_at(m * 2 / bound) for m in multiples}

# %%
below, at, above, far = curves.values()
assert (np.diff(below) < 0).all() and (np.diff(at) < 0).all()                # the guarantee
assert far.max() > far[0]    # no guarantee: above where it began

# %%
fig, ax = figure(7.2, 3.3)
draw_curves(ax, curves, ylabel="training loss (nats)", log=True)
picture(fig, alt="Training loss of softmax regression on 500 digits. At 0.3 and 0.95 times the bound the loss falls at "
                 "every step. At 3 times it still falls, and faster. At 20 times it jumps far up, and ends lowest.")

# %% [markdown]
# The bound holds, and the picture says something more. Three times the bound still goes down, and is faster. $L$ is the *worst* curvature anywhere, and the walk does not go there: where it starts, the curvature is a fifth of the bound. A guarantee for the worst case is a cautious guide.

# %%
assert np.isclose(measured / bound, 1 / 5)
assert (np.diff(above) < 0).all() and above[-1] < at[-1] < below[-1]

# %% [markdown]
# Far above the bound the loss first jumps to more than it began with. Then, on these 500 images, it ends below all the others. On a quadratic it would run to infinity. The gradient of a cross-entropy is bounded, and the surface is flatter where the model is sure, so here the walk can recover. The bound promises that every step goes down; it does not say which rate is fastest.

# %% [markdown]
# ## What the source says differently
#
# - **"Convex and Lipschitz continuous"** (§5.6). What it writes down, and what $\alpha < 2/L$ needs, is Lipschitz continuity of the gradient: L-smoothness. A global optimum needs a minimiser as well (5.6).
# - **A small rate "may get stuck in a local optimum"** (§5.4). The start decides, not the rate (5.4).
# - **A large rate "may miss the optimum"** (§5.4) is true, and curvature explains it: $\alpha\lambda > 1$ (5.4).
# - **"Gradient: the steepest way down, −∇ℒ"** (§5.2). The gradient points up (5.2).
# - **"SGD" with the full gradient** (§7.3.2), which Table 3 calls the batch method (5.5).
# - **"Stable but slow", "fast but unstable"** (Table 3) need a unit: per step or per example seen (5.5).
# - **α and η, ℒ and $L$**: one symbol for each thing here (5.1).

# %% [markdown]
# ## In PyTorch
#
# | here | in PyTorch |
# |---|---|
# | `optim.Optimizer(params, optim.gd, lr=0.1)` | `torch.optim.SGD(params, lr=0.1)` |
# | `optim.momentum` | `torch.optim.SGD(params, lr=0.1, momentum=0.9)` |
# | `data.batches(x, y, 64, rng)` | `torch.utils.data.DataLoader(dataset, batch_size=64, shuffle=True)` |
# | `optimizer.hyper["lr"] = lr * schedule(t)` | `scheduler.step()` |
# | `optim.step_decay(every, gamma)` | `torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma)` |
# | `optim.cosine(steps)` | `torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max)` |
# | `engine.hvp(f)(x, v)` | `torch.autograd.functional.hvp(f, x, v)` |
# | `descend(f, x0, rule, steps)` | a loop |

# %% [markdown]
# ## Further reading
#
# - A. Cauchy, *Méthode générale pour la résolution des systèmes d'équations simultanées*, Comptes rendus 25, 1847. Gradient descent, in three pages.
# - H. Robbins, S. Monro, *A stochastic approximation method*, Annals of Mathematical Statistics 22, 1951. Why the rate must fall, and how fast.
# - B. Polyak, *Some methods of speeding up the convergence of iteration methods*, USSR Computational Mathematics and Mathematical Physics 4, 1964. Heavy ball, and (5.13).
# - Y. Nesterov, *Introductory Lectures on Convex Optimization*, Springer 2004, chapter 2. The proofs of section 5.6.
# - S. Boyd, L. Vandenberghe, *Convex Optimization*, Cambridge 2004, chapter 9.
# - L. Lessard, B. Recht, A. Packard, *Analysis and design of optimization algorithms via integral quadratic constraints*, SIAM Journal on Optimization 26, 2016. A function on which heavy ball does not converge.
# - J. Lee, M. Simchowitz, M. Jordan, B. Recht, *Gradient descent only converges to minimizers*, COLT 2016. Saddles.
# - D. Böhning, *Multinomial logistic regression algorithm*, Annals of the Institute of Statistical Mathematics 44, 1992. The bound behind (5.15).
# - G. Goh, *Why momentum really works*, Distill 2017. The model for the figures of section 5.6.
# - L. Bottou, F. Curtis, J. Nocedal, *Optimization methods for large-scale machine learning*, SIAM Review 60, 2018. Section 5.5 at length.
# - I. Loshchilov, F. Hutter, *SGDR: stochastic gradient descent with warm restarts*, ICLR 2017. The cosine schedule.
#
# Next: [linear regression](06_linear_regression.ipynb), one descent in full, with every number.
