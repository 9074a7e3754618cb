# %% [markdown]
# # 5 Gradient descent
#
# A gradient says which way is up. In this chapter you walk the other way, find out how long a step may be, and learn what the walk costs.

# %%
import numpy as np

from textbook import Tensor, ask, check, data, labs, nn, ops, optim, show, train
from textbook.engine import grad, hessian, hvp
from textbook.exercises import chapter_05 as ours
from textbook.optim import descend, gd
from textbook.plots import OKABE_ITO, PALE, draw_curves, draw_digits, draw_weights, figure, picture
from textbook.surfaces import SURFACES

labs.learning_rate.show(surface="ravine", lr=0.09)

# %% [markdown]
# Press play. Each picture is a whole descent, with another length of step. The walk creeps, strides, swings from wall to wall, and at last leaves the valley for good. By the end you can say beforehand where each begins.
#
# **You will be able to**
#
# - say from the curvature which learning rates creep, arrive, oscillate and diverge;
# - choose a batch size, knowing its cost and its noise;
# - state what descent guarantees, on which functions, and how fast;
# - choose a learning rate on validation data.
#
# **You need** the gradient ([chapter 3](03_backpropagation.ipynb)). Eigenvalues and condition numbers are refreshed in the [appendix](90_mathematics.ipynb). **Time**: two hours with the exercises.
#
# Of the imported names, `ask` and `check` take your answers, `show.folded` hides an output, `labs` holds the live pictures, `ours` the book's answers; `figure`, `picture`, `draw_curves`, `draw_digits`, `draw_weights` print pictures, in the colours `OKABE_ITO` and `PALE`; `SURFACES` is a table of functions to descend on.
#
# ## 5.1 What is minimised?
#
# There are $N$ examples: inputs $x_i$ and targets $y_i$. A model $f(x;\theta)$ turns an input into a prediction; θ stands for all its parameters. A loss $\ell(\hat{y},y)$ says how bad the prediction $\hat{y}$ is for the target $y$. Training looks for the parameters with the smallest **mean loss**:
#
# $$\min_\theta\;\mathcal{L}(\theta),\qquad\mathcal{L}(\theta)=\frac1N\sum_{i=1}^N\ell\bigl(f(x_i;\theta),\,y_i\bigr)\tag{5.1}$$
#
# The data are fixed. Each θ is a place, and ℒ(θ) is its height.
#
# Our first landscape has two parameters: the line $f(x;\theta)=wx+b$ with $\theta=(w,b)$, and for ℓ the squared error. `data.line` draws 128 points around $2x+1$; `ops.mse` is the mean squared error.

# %% tags=["source: §5.1"]
x, y = (column[:, 0] for column in data.line(128, slope=2.0, intercept=1.0, noise=1.0, rng=np.random.default_rng(7)))

def loss(theta):
    return ops.mse(theta[0] * x + theta[1], y)

theta = np.array([0.0, -1.0])
print(f"the loss at θ = (0, −1) is {loss(theta):.4f}")

# %% [markdown] tags=["source: erratum 21"]
# The letters: θ the parameters; ℒ the loss as a function of θ; $g=\nabla\mathcal{L}(\theta)$ its gradient; α the learning rate (`lr`); λ a curvature; $L$ and μ the largest and the smallest curvature, $\kappa=L/\mu$ the condition number; $B$ the batch size.
#
# > **What the source says differently.** It writes α for the learning rate in §5, η in §7; $L$ is the loss in §4 and §6, the smoothness in §5.6. Here each has one letter.
#
# ## 5.2 The mountain
#
# You stand on a mountain in fog and want to go down. You see nothing, but you feel the slope under your feet. You step where it falls most steeply, and feel again.
#
# | mountain | training |
# |---|---|
# | where you stand | the parameters θ |
# | the slope under your feet | the gradient ∇ℒ(θ) |
# | the direction you walk in | −∇ℒ(θ) |
# | the length of your stride | the learning rate α |
# | one step | $\theta\leftarrow\theta-\alpha\,\nabla\mathcal{L}(\theta)$ |
#
# **Question 5-a.** A tiny step at a right angle to the gradient: what does it do to the height?

# %%
ask.choice("5-a", "the height", ["rises", "falls", "stays, almost exactly"])

# %%
check.prediction("5-a")

# %% [markdown]
# Take a tiny step of length ε in a direction $u$, a vector of length 1. Each coordinate changes the height by its partial derivative times its move; together that is the dot product $g\cdot{u}$: the product of the lengths times the cosine of the angle φ between the two ([appendix, A.3](90_mathematics.ipynb)).
#
# $$\mathcal{L}(\theta+\varepsilon{u})-\mathcal{L}(\theta)\;\approx\;\varepsilon\,g\cdot{u}\;=\;\varepsilon\,\lVert{g}\rVert\cos\varphi\tag{5.2}$$
#
# Turn $u$ away from the gradient by φ, step, and compare. `grad(loss)` is the gradient as a function, by our engine.

# %% tags=["source: §5.2", "source: erratum 14"]
g, epsilon = grad(loss)(theta), 1e-4
for phi in (0, 60, 90, 120, 180):
    c, s = np.cos(np.radians(phi)), np.sin(np.radians(phi))
    u = np.array([c * g[0] - s * g[1], s * g[0] + c * g[1]]) / np.linalg.norm(g)
    change = (loss(theta + epsilon * u) - loss(theta)) / epsilon
    print(f"φ = {phi:3}°   change for each unit of length {change:6.2f}   |g| cos φ = {np.linalg.norm(g) * c:6.2f}")

# %% [markdown]
# The gradient points **up**, so we walk against it. At right angles to it the height stays. "Steepest" holds for tiny steps: section 5.4 is about long ones.
#
# > **What the source says differently.** §5.2 lists "gradient: the steepest way down, −∇ℒ(θ)". The gradient is ∇ℒ(θ), and it points up; the minus belongs to the step.
#
# ## 5.3 The rule
#
# Write $\theta_t$ for the parameters after $t$ steps:
#
# $$\theta_{t+1}=\theta_t-\alpha\,\nabla\mathcal{L}(\theta_t)\tag{5.3}$$
#
# α is the **learning rate**. The step has the length $\alpha\lVert{g}\rVert$: near a minimum the steps shrink by themselves.
#
# **Exercise 5-1 (implement).** Write gradient descent: `slope(theta)` is the gradient, `theta` an array of parameters. Return all points of the path, the start first.

# %%
def descent(slope, theta, lr, steps): ...

check.exercise("5-1", descent)

# %% [markdown]
# **By hand.** The mean squared error of a line, differentiated, with $r_i=wx_i+b-y_i$:
#
# $$\frac{\partial\mathcal{L}}{\partial{w}}=\frac2N\sum_i{r_ix_i},\qquad\frac{\partial\mathcal{L}}{\partial{b}}=\frac2N\sum_i{r_i}\tag{5.4}$$
#
# Your function walks with it. (`check.tried` takes yours if right, else the book's.)

# %% tags=["source: §5.3"]
def slope(theta):
    r = theta[0] * x + theta[1] - y
    return np.array([2 * (r * x).mean(), 2 * r.mean()])    # (5.4)

path = check.tried("5-1", descent, ours.descent)(slope, theta, lr=0.1, steps=20)
path[[0, 1, 2, 20]].round(3)

# %% [markdown]
# **Our engine** needs no derivative by hand. `descend` is the book's version of your function: it takes the loss itself, a start and a *rule* (`gd` is gradient descent), and keeps the path and the losses. In **PyTorch** it is a loop around `torch.optim.SGD`.

# %%
import torch

walk = descend(loss, x0=theta, rule=gd, steps=20, lr=0.1)
theirs = torch.tensor(theta, requires_grad=True)
optimizer = torch.optim.SGD([theirs], lr=0.1)
for _ in range(20):
    optimizer.zero_grad()
    ((theirs[0] * torch.tensor(x) + theirs[1] - torch.tensor(y)) ** 2).mean().backward()
    optimizer.step()
print("yours", path[-1].round(3), " engine", walk.path[-1].round(3), " PyTorch", theirs.detach().numpy().round(3))
assert np.allclose(walk.path, path) and np.allclose(theirs.detach().numpy(), path[-1], atol=1e-12)

# %% [markdown]
# ## 5.4 How large a step?
#
# The gradient says which way is up, not how far to walk. That number is ours to choose.
#
# Take the simplest valley there is, $f(x)=\tfrac12\lambda{x}^2$. Its slope at $x$ is $\lambda{x}$. The slope changes by λ for each unit of $x$: λ is the **curvature**. One step of descent is
#
# $$x\leftarrow{x}-\alpha\lambda{x}=(1-\alpha\lambda)\,x\tag{5.5}$$
#
# Every step multiplies $x$ by the same number, $1-\alpha\lambda$. The whole story of learning rates is in that factor.
#
# **Question 5-b.** With λ = 4, for which α does the walk first fail to come closer to 0?

# %%
ask.number("5-b", "α =")

# %%
check.prediction("5-b")

# %% [markdown]
# Four walks on $2x^2$, so λ = 4, from $x=1$, with α = 0.02, 0.1, 0.45 and 0.55. What does each of them do? Say it, then open the fold. (A list of rates makes `descend` walk once for each.)

# %%
rates = np.array([0.02, 0.1, 0.45, 0.55])
four_walks = descend(lambda x: 2 * x**2, x0=1.0, rule=gd, steps=6, lr=rates).path.T
show.folded(four_walks.round(2), "Show x after 0, 1, … 6 steps, a row for each α")

# %% [markdown]
# All rates at once: drag α slowly. Find the one that arrives in one step, and from where none does. Under *More*, tick *mark 1/λ and 2/λ*.

# %%
labs.learning_rate.show(surface="valley", curvature=4, lr=0.45)

# %% [markdown]
# You have met all the regimes, and (5.5) names them:
#
# | α | factor | what you saw |
# |---|---|---|
# | far below 1/λ | just under 1 | creeps down one side: *too small* |
# | below 1/λ | between 1 and 0 | walks down one side: *good* |
# | 1/λ | 0 | there in one step |
# | 1/λ … 2/λ | between 0 and −1 | jumps across, comes closer: *oscillating* |
# | 2/λ | −1 | jumps across for ever, at the same height |
# | beyond 2/λ | below −1 | jumps across, and away: *diverging* |
#
# Your four walks again:

# %% tags=["source: §5.4"]
fig, axes = figure(8.4, 2.4, columns=4, sharey=True)
hill = np.linspace(-2.2, 2.2, 101)
for ax, lr, steps, name in zip(axes, rates, four_walks, ("too small", "good", "oscillating", "diverging"), strict=True):
    ax.plot(hill, 2 * hill**2, color=PALE, linestyle="-", linewidth=1)
    ax.plot(steps, 2 * steps**2, "o-", color=OKABE_ITO["vermilion"], markersize=4, linewidth=1)
    ax.set(title=f"α = {lr}\n{name}", xlabel="x", ylim=(-0.5, 9))
picture(fig, alt="Four walks on one parabola: small steps down one side; larger ones down one side; jumps from side to "
                 "side that come closer; jumps that climb.")

# %% [markdown]
# The curvature sets the scale: a valley curved four times as much wants an α a quarter as large. Nothing about α alone is large or small; what counts is αλ. The ravine at the top, $\tfrac12(x^2+20y^2)$, has two curvatures, two factors, and one α for both. The steep direction sets the limit, $2/20=0.1$; the flat one has to live with it, and crawls.
#
# The source lists symptoms. Too small: it converges slowly and needs many steps (the factor is close to 1). Too large: it misses the optimum and oscillates around it (αλ > 1, and it may arrive all the same), or diverges (αλ > 2).
#
# > **What the source says differently.** §5.4 also says that a small rate may get stuck in a local optimum. That is not caused by the rate. A small α follows the slope faithfully into whichever valley it started in; a large one may jump out, into a better valley or a worse one. Below, two hundred starts on $\tfrac14(x^2-1)^2$, which has two wells, at −1 and 1.

# %% tags=["source: erratum 3"]
starts, double_well = np.linspace(-1.8, 1.8, 200), SURFACES["double_well"].f
for lr in (0.02, 0.2, 0.8):
    changed = descend(double_well, starts[None], gd, 1000, lr=lr).path[-1, 0] * starts < 0    # 200 walks in x
    print(f"α = {lr:<4g}  end in the other well: {changed.sum()} of 200; of those that start beyond ±1.53,",
          f"{changed[np.abs(starts) > 1.53].sum()} of {(np.abs(starts) > 1.53).sum()}")

# %% [markdown]
# **Exercise 5-2 (break).** A faithful walk from $x=2$ ends at 1. Find a learning rate with which it ends at −1.

# %%
rate = ...

check.exercise("5-2", rate)

# %% [markdown]
# **Exercise 5-3 (derive; a stretch).** Let the walk have a memory: a velocity $v$, of which each step keeps the share β. One step is $v\leftarrow\beta{v}+\lambda{x}$, then $x\leftarrow{x}-\alpha{v}$. The factor of (5.5) becomes a 2 × 2 matrix. Write the one that takes $(x,v)$ to the next $(x,v)$. (This is *momentum*: [chapter 9](09_optimizers.ipynb).)

# %%
def step_matrix(alpha, beta, lam): ...

check.exercise("5-3", step_matrix)

# %% [markdown]
# ## 5.5 How many examples for a step?
#
# The loss (5.1) is a mean over all $N$ examples, and so is its gradient. With sixty thousand images, one step looks at sixty thousand images. Would fewer do? Take a **batch** $\mathcal{B}$ of $B$ examples, chosen at random. Its gradient is
#
# $$g_{\mathcal{B}}=\frac1B\sum_{i\in\mathcal{B}}\nabla\ell\bigl(f(x_i;\theta),\,y_i\bigr)\tag{5.6}$$
#
# | gradient descent | rule | said to be |
# |---|---|---|
# | batch: all $N$ examples | $\theta\leftarrow\theta-\alpha\nabla\mathcal{L}(\theta)$ | stable, but slow |
# | stochastic (SGD): one, $i$ | $\theta\leftarrow\theta-\alpha\nabla\ell_i(\theta)$ | fast, but unstable |
# | mini-batch: $B$ of them | $\theta\leftarrow\theta-\alpha\,g_{\mathcal{B}}$ | a balance of the two |
#
# An **epoch** is one pass through all examples, in a random order, dealt out by `data.batches`: $N/B$ steps. `optim.Optimizer` moves tensors (`Tensor`) in place: `zero_grad` forgets the old gradients, `backward` computes new ones, `step` moves.

# %% tags=["source: §5.5", "source: Table 3"]
def path_in_batches(size, lr=0.1, epochs=3):
    """The parameters before the first step and after each."""
    theta = Tensor([0.0, -1.0], requires_grad=True)
    optimizer, rng, path = optim.Optimizer([theta], gd, lr=lr), np.random.default_rng(0), [np.array(theta.data)]
    for _ in range(epochs):
        for some_x, some_y in data.batches(x, y, size, rng):
            optimizer.zero_grad()
            ops.mse(theta[0] * some_x + theta[1], some_y).backward()
            optimizer.step()
            path.append(np.array(theta.data))
    return np.array(path)

# %% tags=["source: Table 3"]
paths = {size: path_in_batches(size) for size in (128, 16, 1)}
for size, h in ((size, np.array([loss(p) for p in path])) for size, path in paths.items()):
    print(f"B = {size:3}: {len(h) - 1:3} steps, {(np.diff(h) > 0).sum():3} uphill, loss {h[0]:.2f} → {h[-1]:.2f}")

# %% tags=["source: Table 3"]
w_b = np.meshgrid(np.linspace(-0.5, 3.5, 61), np.linspace(-1.5, 2, 61))
fig, (left, right) = figure(8.4, 3.5, columns=2)
left.plot(x, y, "o", color=PALE, markersize=3, linestyle="none")
right.contour(*w_b, ((w_b[0][..., None] * x + w_b[1][..., None] - y) ** 2).mean(-1), 14, colors=PALE, linewidths=0.6)
for (size, path), color, mark in zip(paths.items(), ("black", "vermilion", "blue"), "Ds.", strict=True):
    left.plot([-2, 2], path[-1, 0] * np.array([-2, 2]) + path[-1, 1], color=OKABE_ITO[color], label=f"B = {size}")
    right.plot(*path.T, mark, color=OKABE_ITO[color], linestyle="-", linewidth=0.6, markersize=4, label=f"B = {size}")
left.set(xlabel="x", ylabel="y", title="the line after three epochs")
right.set(xlabel="w", ylabel="b", title="the walk on the loss")
right.legend(loc="upper left")
picture(fig, alt="Left: points and three lines; the line of the full batch is far too flat, the other two pass through "
                 "the points. Right: three steps of the full batch, a smooth path of 16, a jumping path of 1.")

# %% [markdown]
# Three epochs each: as many examples looked at. So "slow" and "fast" need a unit. Per **example**, the full gradient is the worst there is. And per **step**? After three steps, for two hundred orders of the examples:

# %%
order = np.stack([np.random.default_rng(seed).permutation(128)[:3] for seed in range(200)])
p = np.tile(theta[:, None], 200)
for some_x, some_y in zip(x[order].T, y[order].T, strict=True):    # 200 walks at once
    p = p - 0.1 * 2 * (p[0] * some_x + p[1] - some_y) * np.stack([some_x, np.ones(200)])
singles, full = ((p[0] * x[:, None] + p[1] - y[:, None]) ** 2).mean(axis=0), loss(paths[128][3])
print(f"full batch {full:.2f}; single: mean {singles.mean():.2f}, ahead in {(singles < full).sum()} of 200")

# %% [markdown]
# So per step the full gradient is ahead on average, and behind in nearly half of the orders. "Unstable" is true: see the steps uphill.
#
# ### Noise
#
# On average a batch is right: the mean of $g_{\mathcal{B}}$ over all batches is the full gradient. A single batch is off by some noise. Let σ² be the *variance* of one example's gradient, its mean squared distance from the full one ([appendix, A.7](90_mathematics.ipynb)). When independent errors are added, their mean squares add up, to $B\sigma^2$. The batch gradient is a $B$-th of that sum, so its mean square is $B\sigma^2/B^2$, and its typical size is the root:
#
# $$\text{noise}(B)=\frac{\sigma}{\sqrt{B}}\tag{5.7}$$
#
# **Question 5-c.** A batch grows from 4 examples to 64, out of very many. By what is the noise of its gradient divided?

# %%
ask.number("5-c", "divided by")

# %%
check.prediction("5-c")

# %% [markdown]
# Drag the batch size. Watch the path, the loss for each example seen, and the noise at the start. Then set α to 0.5: which small batches still settle down?

# %%
labs.batch_size.show(size=4)

# %% [markdown]
# Near the minimum the full gradient vanishes, and a batch's does not: each example would like the line to pass through itself. So with a constant α, stochastic descent hovers, at a height that grows with α and shrinks with $B$:

# %%
best = np.linalg.lstsq(np.stack([x, np.ones(128)], axis=1), y, rcond=None)[0]
{(size, lr): round(float(np.mean([loss(p) for p in path_in_batches(size, lr, epochs)[-128:]]) - loss(best)), 4)
 for size, epochs in ((1, 8), (8, 16)) for lr in (0.05, 0.1, 0.5)}    # (B, α): mean height above the minimum

# %% [markdown]
# Robbins and Monro (1951) gave the cure: let the rate fall, but not too fast. Section 5.8 tries it.
#
# ### On digits
#
# An epoch costs $N$ gradients of one example, whatever $B$ is. But a computer multiplies matrices faster than row by row. We time an epoch of softmax regression: ten weighted sums of the pixels, one for each digit ([chapter 7](07_classification.ipynb)). `nn.MLP([784, 10])` is that model, `ops.cross_entropy` its loss, `data.load_mnist` its digits, `train.train` the training loop.
#
# The noise is as long as the gradient where $\sigma/\sqrt{B}=\lVert{g}\rVert$. That $B=\sigma^2/\lVert{g}\rVert^2$ is the **noise scale** (McCandlish and others, 2018). We measure it along a descent. (`ops.matmul` is the matrix product.)

# %%
import time

mnist, sizes, seconds = data.load_mnist("small"), [1, 4, 16, 64, 256], []
for size in sizes:
    model = nn.MLP([784, 10], rng=np.random.default_rng(0), init="zeros")
    optimizer, began = optim.Optimizer(model.parameters(), gd, lr=0.01), time.perf_counter()
    some = data.batches(mnist.x_train[:2000], mnist.y_train[:2000], size)
    for _ in train.train(model, ops.cross_entropy, some, optimizer):
        pass
    seconds.append(time.perf_counter() - began)

# %%
digits, labels, rng = mnist.x_train.astype(float), mnist.y_train, np.random.default_rng(0)

def batch_slope(W, size):
    rows = rng.integers(len(digits), size=size) if size else slice(None)
    return grad(lambda w: ops.cross_entropy(ops.matmul(digits[rows], w), labels[rows]))(W)

W, noise_scale = np.zeros((784, 10)), {}
for t in range(301):
    if t in (0, 10, 50, 100, 300):
        full = batch_slope(W, None)
        variance = 16 * np.mean([np.sum((batch_slope(W, 16) - full) ** 2) for _ in range(60)])    # σ² = B · noise(B)²
        noise_scale[t] = variance / np.sum(full**2)
    W = W - 0.1 * batch_slope(W, 64)

# %%
fig, (left, right) = figure(8.4, 2.7, columns=2)
left.bar([str(size) for size in sizes], np.array(seconds) / seconds[-1], color=OKABE_ITO["sky"])
left.set(xlabel="batch size B", ylabel="time of an epoch, 256 = 1")
right.semilogy(list(noise_scale), list(noise_scale.values()), "o-", color=OKABE_ITO["blue"])
right.set(xlabel="step", ylabel="noise scale (examples)")
assert noise_scale[0] < 80 and min(noise_scale[t] for t in (50, 100, 300)) > 200
picture(fig, alt="Left: the time of an epoch falls steeply with the batch size, then levels off. Right: the noise scale "
                 "starts below a hundred examples, and is several hundred later.")

# %% [markdown] tags=["source: erratum 15"]
# Up to some tens of examples, a larger batch makes the epoch much shorter: a reason not to go below. The noise gives no such number. At the start a batch of some tens has as much noise as gradient; later the gradient shrinks, its noise hardly does, and a batch of 64 is mostly noise.
#
# > **What the source says differently.** §7.3.2 calls its rule *stochastic* gradient descent and computes the full gradient: by Table 3 the batch method. PyTorch's `SGD`, too, is stochastic only if you feed it batches.
#
# **Exercise 5-4 (implement).** One epoch of mini-batch descent for the line and the mean squared error, without the engine. `theta` is `(w, b)`; `order` is the order in which to take the numbers of `x` and `y`. The last batch may be smaller. Return the new `[w, b]`.

# %%
def one_epoch(theta, x, y, order, size, lr): ...

check.exercise("5-4", one_epoch)

# %% [markdown]
# ## 5.6 Does it arrive, and how fast?
#
# On a parabola everything follows from the factor $1-\alpha\lambda$. For other functions one property does the same work. A function is **L-smooth** if its *gradient* changes at most at rate $L$:
#
# $$\lVert\nabla\mathcal{L}(\theta)-\nabla\mathcal{L}(\theta')\rVert\le{L}\,\lVert\theta-\theta'\rVert\quad\text{for~all~}\theta,\theta'\tag{5.8}$$
#
# No eigenvalue of the **Hessian**, the matrix of second derivatives, is then larger in size than $L$. For the line the Hessian (`hessian(loss)`) is the same everywhere, with eigenvalues μ and $L$:

# %%
mu, L = np.linalg.eigvalsh(hessian(loss)(theta))
after = {share: descend(loss, theta, gd, 400, lr=share * 2 / L).loss[-1].item() for share in (0.99, 1.01)}
print(f"μ = {mu:.3f}, L = {L:.3f}; loss after 400 steps: {after[0.99]:.3f} at α = 0.99 · 2/L, {after[1.01]:.1e} at 1.01 · 2/L")

# %% [markdown]
# ### A step that is sure to go down
#
# (5.8) keeps the function under a parabola. Walk in a straight line from θ to $\theta+s$. The slope along the way starts at $g\cdot{s}/\lVert{s}\rVert$, and after a distance $d$ it has grown by $Ld$ at most. Added up over the whole way, that is at most $g\cdot{s}+\tfrac{L}2\lVert{s}\rVert^2$. With the step of descent, $s=-\alpha{g}$, this is the **descent lemma**:
#
# $$\mathcal{L}(\theta-\alpha{g})\;\le\;\mathcal{L}(\theta)-\alpha\left(1-\frac{\alpha{L}}{2}\right)\lVert{g}\rVert^2\tag{5.9}$$
#
# The bracket is positive exactly for $\alpha<2/L$. Then every step goes down, by at least that much, unless the gradient is already 0. More than one valley is allowed. `SURFACES["wiggly"]` is $1+x^2-\cos2\pi{x}$, full of side valleys; its `smoothness` is $L=2+4\pi^2$, its `start` a place to walk from. Forty rates, 300 steps each:

# %% tags=["source: §5.6"]
wiggly = SURFACES["wiggly"]
forty = np.linspace(0.02, 0.99, 40) * 2 / wiggly.smoothness
below = descend(wiggly.f, wiggly.start, gd, steps=300, lr=forty)
squares = (np.diff(below.path[:, 0], axis=0) / forty) ** 2    # |g|², since a step is −αg
keeps = np.diff(below.loss, axis=0) <= -forty * (1 - forty * wiggly.smoothness / 2) * squares + 1e-12
twice = np.diff(descend(wiggly.f, wiggly.start, gd, 300, lr=4 / wiggly.smoothness).loss) > 0
print(f"L = {wiggly.smoothness:.1f}: {keeps.sum()} of {keeps.size} steps keep (5.9); at 4/L {twice.sum()} of 300 go up")
print("below 2/L the walks end at x =", np.unique(below.path[-1, 0].round(2)))

# %% [markdown]
# Add up (5.9) over all steps. If the loss has a lower bound it cannot fall for ever, so the gradients tend to 0. That is what descent guarantees in general: **stationary points**, where the gradient vanishes. Here that is a side valley, not the lowest point, at 0.
#
# ### Convex functions
#
# A function is **convex** if no chord runs below the graph: for any two points $a$, $b$,
#
# $$f\bigl((1-s)\,a+s\,b\bigr)\;\le\;(1-s)\,f(a)+s\,f(b),\qquad0\le{s}\le1\tag{5.10}$$
#
# Then every stationary point is a global minimum. But convex is not the same as "one valley". We test the middles of a thousand random chords, and draw two:

# %%
one_valley = {"x²": lambda x: x**2, "|x|": abs, "log(1 + e⁻ˣ)": lambda x: np.log1p(np.exp(-x)),
              "x²/(1 + x²)": lambda x: x**2 / (1 + x**2)}
a, b = np.random.default_rng(0).uniform(-4, 4, size=(2, 1000))
for name, f in one_valley.items():
    print(f"{name:13} the chord is not below: {(f((a + b) / 2) <= (f(a) + f(b)) / 2 + 1e-12).sum()} of 1000")
fig, axes = figure(7.6, 2.2, columns=2)
for ax, name, chord in zip(axes, list(one_valley)[2:], ((-3, 3), (0.3, 3.5)), strict=True):
    ax.plot(np.linspace(-4, 4, 201), one_valley[name](np.linspace(-4, 4, 201)), color=OKABE_ITO["blue"])
    ax.plot(chord, [one_valley[name](end) for end in chord], "o--", color=OKABE_ITO["vermilion"])
    ax.set(title=name, xlabel="x")
picture(fig, alt="Left: a curve that falls for ever, its chord above it: convex, and no bowl. Right: a bowl with flat "
                 "shoulders, a chord that runs below the curve: one valley, and not convex.")

# %% [markdown]
# The theorem: if ℒ is convex, L-smooth and has a minimiser, descent converges to a minimiser for every $0<\alpha<2/L$ (Nesterov 2004). Take conditions away:
#
# - **Not smooth.** $|x|$ never has a slope beyond 1, so the *function* is Lipschitz continuous, $|f(a)-f(b)|\le1\cdot|a-b|$. But its gradient jumps at 0: no $L$ will do.
# - **Not Lipschitz, and yet fine.** $x^2$ has slopes of any size; its gradient has $L=2$.
# - **No minimiser.** $\log(1+e^{-x})$ is convex and ¼-smooth, and falls for ever. It is the logistic loss of one example, so this happens: here is x after 30, 300 and 3000 steps. (`ops.softplus(z)` is $\log(1+e^z)$, `ops.abs` the size.)

# %% tags=["source: erratum 1"]
print("|x| from 0.25, α = 0.1, the last four:", descend(ops.abs, 0.25, gd, steps=100, lr=0.1).path[-4:].round(2))
print("x² from 100, α = 0.99, the last:", descend(lambda x: x**2, 100.0, gd, steps=2000, lr=0.99).path[-1].round(6))
print("log(1 + e⁻ˣ):", descend(lambda x: ops.softplus(-x), 0.0, gd, 3000, lr=4.0).path[[30, 300, 3000]].round(2))

# %% [markdown]
# > **What the source says differently.** §5.6 asks for a loss that is "convex and Lipschitz continuous", and then writes down (5.8), Lipschitz continuity of the *gradient*. $|x|$ has the first and not the second, $x^2$ the second and not the first; $\alpha<2/L$ belongs to the second. A global optimum needs a minimiser as well. Without convexity the right words are "stationary point", not "local optimum or saddle point".
#
# ### How fast
#
# Let all curvatures lie between μ > 0 and $L$. On a quadratic each direction has its factor $1-\alpha\lambda$. The slowest direction decides, so a step shrinks the distance to the minimum by
#
# $$\rho(\alpha)=\max\bigl(|1-\alpha\mu|,\;|1-\alpha{L}|\bigr)\tag{5.11}$$

# %%
alpha = np.linspace(0, 2.2, 200)
fig, ax = figure(6.8, 2.6)
draw_curves(ax, {"|1 − αμ|": (alpha, np.abs(1 - alpha / 4)), "|1 − αL|": (alpha, np.abs(1 - alpha))},
            xlabel="α, for μ = 1/4 and L = 1", ylabel="factor of a step")
picture(fig, alt="A line and a V: the factor of the flat direction falls slowly with the rate; that of the steep "
                 "direction falls to 0 and rises again, and crosses the line.")

# %% [markdown]
# **Exercise 5-5 (derive).** Find the α that makes (5.11) least, and the factor it gives. Return both, as `[rate, factor]`.

# %%
def best_rate(mu, L): ...

check.exercise("5-5", best_rate)

# %% tags=["source: §5.6"]
fastest, factor = check.tried("5-5", best_rate, ours.best_rate)(mu, L)    # on the line of section 5.1
far = np.linalg.norm(descend(loss, theta, gd, steps=5, lr=fastest).path - best, axis=1)
show.folded(np.append(far[1:] / far[:-1], factor).round(4), "Show the factors of five steps, measured, and yours")

# %% [markdown]
# With the **condition number** $\kappa=L/\mu$, the least factor of (5.11) is
#
# $$\rho=\frac{\kappa-1}{\kappa+1}\tag{5.12}$$
#
# Only the ratio of the curvatures counts. In a round bowl κ = 1, and one step suffices.
#
# **Question 5-d.** κ = 100, at the best rate. About how many steps until a tenth of the distance is left?

# %%
ask.number("5-d", "steps:")

# %%
check.prediction("5-d")

# %% [markdown]
# Drag κ. Watch how the valley narrows, and compare the slope of the blue curve with the dotted line, (5.12). (The second walk, *heavy ball*, is Exercise 5-3 at its best: [chapter 9](09_optimizers.ipynb) derives it.) Then take the function that is flatter far from 0, and start far up: there (5.12) is only a bound.

# %%
labs.convergence.show(kappa=100, steps=150)

# %% [markdown]
# And with μ = 0, a flat minimum? Then no fixed factor exists. For a convex function with a minimiser $\theta^*$, and $\alpha\le1/L$, the guarantee is weaker:
#
# $$\mathcal{L}(\theta_t)-\mathcal{L}(\theta^*)\le\frac{\lVert\theta_0-\theta^*\rVert^2}{2\alpha{t}}\tag{5.13}$$
#
# $x^4$ is flat at 0. From $x=1$ on, its curvature $12x^2$ is at most 12:

# %%
flat = descend(lambda x: x**4, x0=1.0, rule=gd, steps=1001, lr=1 / 12).loss
for t in (10, 100, 1000):
    print(f"t = {t:4}: height {flat[t]:.1e}, (5.13) {6 / t:.1e}; factor of the next step {flat[t + 1] / flat[t]:.3f}")

# %% [markdown]
# Each step achieves less than the one before: ten times the steps, a hundredth of the height, where (5.13) promises a tenth.
#
# ## 5.7 Landscapes that are not convex
#
# The loss of a neural network is not convex. The Hessian tells its stationary points apart. All curvatures positive: a **local minimum**. All negative: a local maximum. Some of each: a **saddle point**, downhill in one direction and uphill in another. Where one is 0, it cannot tell.
#
# Two valleys and a ridge: $f(x,y)=\tfrac14(x^2-1)^2+\tfrac12y^2$. The gradient vanishes at three points.

# %%
def valleys(p):
    return 0.25 * (p[0] ** 2 - 1) ** 2 + 0.5 * p[1] ** 2

for point in ([-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]):
    print(point, "|g|", np.linalg.norm(grad(valleys)(point)), "curvatures", np.linalg.eigvalsh(hessian(valleys)(point)))

# %% [markdown]
# **Question 5-e.** The walk starts exactly on the ridge, at (0, 1). Where does it end?

# %%
ask.choice("5-e", "it ends", ["in one of the two valleys", "at the saddle", "it stays where it is"])

# %%
check.prediction("5-e")

# %% [markdown]
# Now start a little beside the ridge. Across it the curvature is −1, so the factor is $1+\alpha$: with α = 0.2 the distance from the ridge *grows*, by a fifth in every step. How long until the walk has left?

# %%
slides = descend(valleys, np.stack([10.0 ** -np.arange(1, 13), np.ones(12)]), gd, steps=500, lr=0.2)
until = (slides.path[:, 0] > 0.5).argmax(axis=0)
print("steps until x > 0.5, from x = 1e-1, 1e-2, …, 1e-12:", until)
print("more steps for each further digit:", np.diff(until), " ln 10 / ln 1.2 =", round(np.log(10) / np.log(1.2), 1))
fig, ax = figure(7, 2.6)
draw_curves(ax, {f"from 1e-{e}": (np.arange(240), slides.path[:240, 0, e - 1]) for e in (1, 4, 8, 12)}, ylabel="x")
picture(fig, alt="Four walks that start ever closer to the ridge: each stays near the saddle for a while, longer the "
                 "closer it started, and then leaves for the valley.")

# %% [markdown]
# A saddle does not hold the walk, it delays it. A random start is never exactly on the ridge: with a rate below $1/L$, descent ends at such a saddle with probability 0 (Lee and others, 2016).
#
# ## 5.8 Choosing the rate
#
# Nobody knows $L$ beforehand. The source advises: start with values such as 0.01 or 0.001; let the rate fall during training (*decay*); use adaptive methods such as Adam or RMSprop; choose on validation data.
#
# We try it all, on softmax regression: one epoch, batches of 64. **Validation data**, which the training never sees, are the judge. (The loss is in *nats*: its logarithm is the natural one.) A **schedule** multiplies the rate by a factor that depends on the step: `optim.constant`, `optim.step_decay`, `optim.cosine`, `optim.warm_up`.

# %%
schedules = {
    "constant": optim.constant(), "step decay": optim.step_decay(every=28, gamma=0.4),
    "cosine": optim.cosine(110), "warm-up + cosine": optim.warm_up(20, then=optim.cosine(90)),
}
fig, ax = figure(7.2, 2.4)
draw_curves(ax, {name: (np.arange(110), [s(t) for t in range(110)]) for name, s in schedules.items()}, ylabel="factor")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), handlelength=3)
picture(fig, alt="Four schedules over one epoch: constant; a staircase of four steps; half a cosine from 1 to 0; a "
                 "linear rise over twenty steps, then half a cosine.")

# %% [markdown]
# Adam and RMSprop divide each coordinate's step by the recent size of its gradient ([chapter 9](09_optimizers.ipynb)). An honest race gives every rule the same budget: each schedule, and seven rates in factors of $\sqrt{10}$. `train.evaluate` measures the loss on validation data.

# %%
def fit(rule, lr, schedule):
    """The validation loss after one epoch."""
    rng = np.random.default_rng(0)
    model = nn.MLP([784, 10], rng=rng, init="zeros")
    optimizer = optim.Optimizer(model.parameters(), rule, lr=lr * schedule(0))
    batches = data.batches(mnist.x_train, mnist.y_train, 64, rng)
    for done, _ in enumerate(train.train(model, ops.cross_entropy, batches, optimizer), start=1):
        optimizer.hyper["lr"] = lr * schedule(done)
    return train.evaluate(model, mnist.x_val, mnist.y_val).loss

grids = {rule: 10.0 ** np.arange(low, low + 3.1, 0.5) for rule, low in (("gd", -2), ("rmsprop", -4), ("adam", -4))}
scores = {rule: {name: np.array([fit(rule, lr, schedule) for lr in grid]) for name, schedule in schedules.items()}
          for rule, grid in grids.items()}

# %% tags=["source: §5.4"]
fig, axes = figure(8.4, 3, columns=3, sharey=True)
for ax, (rule, rows) in zip(axes, scores.items(), strict=True):
    for (name, row), mark in zip(rows.items(), "os^D", strict=True):
        ax.loglog(grids[rule], row, marker=mark, markersize=4, label=name)
    for level in (scores["gd"]["constant"].min(), min(row.min() for row in scores["gd"].values())):
        ax.axhline(level, color=PALE, linestyle=":", linewidth=1)
    ax.set(title=rule, xlabel="base rate α", ylim=(0.28, 4))
    best_of = (f"{name} {grids[rule][row.argmin()]:.2g} (loss {row.min():.3f})" for name, row in rows.items())
    print(f"{rule:8} best rate:", ", ".join(best_of))
axes[0].set_ylabel("validation loss (nats)")
axes[2].legend(fontsize=8, loc="upper right")
picture(fig, alt="Validation loss against the rate for three rules and four schedules: valleys everywhere. RMSprop's and "
                 "Adam's lie far to the left of gradient descent's. With decay the valleys move to the right.")

# %% [markdown]
# **Start from 0.01, and go on from there.** For plain descent 0.01 is far too small here; for Adam with a constant rate it is right, and 0.001 is not. Go on in factors until the loss is worse on *both* sides.
#
# **Decay** is not free. At small rates it makes things worse: the walk was not there yet, and slows down. It can pay, because it lets you begin with a rate that would be too large to end with. For gradient descent and RMSprop it does; for Adam it gains next to nothing here.
#
# **An adaptive method does not choose the rate for you.** Its curve is a valley like the others. Adam is ahead here; by how much depends on the opponent. The dotted lines are gradient descent at its best, with a constant rate and with a schedule: against the second, about a third of Adam's lead is left.
#
# **Choose on validation data**: not on the training loss, which rewards learning by heart; not on the test part, which must be fresh when the chosen model is judged, once. The more candidates are tried (here 84), the more the best of them owes to luck.
#
# ## 5.9 On MNIST: the bound, tested
#
# Softmax regression is convex and smooth. What is its $L$? Its logits are $z=xW$, with a 1 appended to each image $x$, so that the bias is a row of $W$.
#
# For one image the gradient of the cross-entropy by $z$ is $\hat{y}-y$ ([chapter 7](07_classification.ipynb) derives it). Differentiate once more: $\hat{y}_j$ grows with its own logit at the rate $\hat{y}_j(1-\hat{y}_j)$, and falls with another's at $\hat{y}_j\hat{y}_k$. The eigenvalues of this matrix are at most ½, reached when two classes share all the probability (Böhning 1992). Multiplied out through $z=xW$ and averaged over the images, the rows of $X$,
#
# $$L=\frac{1}{2N}\,\lambda_{\max}(X^\top{X})\tag{5.14}$$
#
# At $W=0$ every class has probability 1/10, and the eigenvalue is 1/10: a fifth of the ½.

# %%
X, classes = np.hstack([mnist.x_train[:500], np.ones((500, 1))]).astype(float), mnist.y_train[:500]

def softmax_loss(W):
    return ops.cross_entropy(ops.matmul(X, W), classes)

L_softmax = np.linalg.eigvalsh(X.T @ X / 500)[-1] / 2    # (5.14)
print(f"L = {L_softmax:.1f}, so 2/L = {2 / L_softmax:.3f}")

# %% [markdown]
# Does the curvature agree? The Hessian has $7850^2$ entries, half a gigabyte. Instead, `hvp(f)(W, v)` is the **Hessian-vector product** $Hv$, for about the price of two gradients. Repeated products find the largest eigenvalue: each stretches $v$ most along the most curved direction, so $v$ turns towards it. This is **power iteration**.
#
# **Exercise 5-6 (implement).** `product(v)` returns $Hv$. Repeat `steps` times: shorten `v` to length 1, then replace it by its product. Return the length of the last product. Below it your function measures the curvature, and four walks test (5.9): below $2/L$ every step must go down.

# %%
def largest_curvature(product, v, steps): ...

check.exercise("5-6", largest_curvature)

# %%
largest_curvature = check.tried("5-6", largest_curvature, ours.largest_curvature)
W0, v0 = np.zeros((785, 10)), np.random.default_rng(0).normal(size=(785, 10))

def share_of_L(W):
    return largest_curvature(lambda v: hvp(softmax_loss)(W, v), v0, steps=30) / L_softmax

two_classes = W0.copy()
two_classes[784, :2] = 50    # biases: classes 0 and 1 share all the probability
print(f"curvature / L: at W = 0 {share_of_L(W0):.3f}, with two classes alone {share_of_L(two_classes):.3f}")

# %% tags=["source: §5.6"]
def walk_at(lr, steps=60):
    W, losses = W0, [softmax_loss(W0)]
    for _ in range(steps):
        W = W - lr * grad(softmax_loss)(W)    # (5.3)
        losses.append(softmax_loss(W))
    return W, np.array(losses)

walks = {multiple: walk_at(multiple * 2 / L_softmax) for multiple in (0.3, 0.95, 3, 20)}
for multiple, (W, losses) in walks.items():
    print(f"{multiple:4} · 2/L: {(np.diff(losses) > 0).sum()} of 60 steps go up; curvature at the end {share_of_L(W):.2f} · L")
fig, ax = figure(7.2, 2.8)
draw_curves(ax, {f"{m} · 2/L": (np.arange(61), h) for m, (_, h) in walks.items()}, ylabel="loss (nats)", log=True)
picture(fig, alt="Training loss of softmax regression on 500 digits. At 0.3 and 0.95 times the bound the loss falls at "
                 "every step. At 3 times it still falls, and faster. At 20 times it jumps far up, and ends lowest.")

# %% [markdown]
# The bound holds. Three times the bound still goes down, and faster: $L$ is the *worst* curvature anywhere, and the walk does not go there. Far above the bound the loss jumps up, and then, on these 500 images, ends below all the others; on a quadratic it would run to infinity. The bound does not say which rate is fastest.
#
# What did the walk learn? A gradient has one number for each weight, so it can be looked at: an image for each class. Above, ten digits. Then the first step, $-g$ at $W=0$: red pixels speak for the class, blue ones against it. Below, the weights after 60 steps.

# %%
fig, axes = figure(8.4, 3.6, rows=3)
draw_digits(axes[0], X[[np.flatnonzero(classes == digit)[0] for digit in range(10)], :784])
draw_weights(axes[1], -grad(softmax_loss)(W0)[:784])
draw_weights(axes[2], walks[3][0][:784])
picture(fig, alt="Three rows of ten images: digits 0 to 9; the first step for each class, a blurred positive picture of "
                 "the digit on a negative one of the others; the weights after sixty steps, with finer strokes.")

# %% [markdown]
# ## In PyTorch
#
# `optim.Optimizer(params, gd, lr=0.1)` is `torch.optim.SGD(params, lr=0.1)`; `data.batches` is `torch.utils.data.DataLoader`; the schedules stand in `torch.optim.lr_scheduler`; `hvp` is `torch.autograd.functional.hvp`.
#
# ## Further reading
#
# - A. Cauchy, *Méthode générale pour la résolution des systèmes d'équations simultanées*, Comptes rendus 25, 1847. Gradient descent.
# - H. Robbins, S. Monro, *A stochastic approximation method*, Annals of Mathematical Statistics 22, 1951.
# - Y. Nesterov, *Introductory Lectures on Convex Optimization*, Springer 2004. The proofs of section 5.6.
# - D. Böhning, *Multinomial logistic regression algorithm*, Annals of the Institute of Statistical Mathematics 44, 1992.
# - J. Lee and others, *Gradient descent only converges to minimizers*, COLT 2016.
# - S. McCandlish and others, *An empirical model of large-batch training*, arXiv:1812.06162, 2018.
#
# Next: [linear regression](06_linear_regression.ipynb).
