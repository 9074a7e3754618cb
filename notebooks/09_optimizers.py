# %% [markdown]
# # 9 Optimizers
#
# A dozen rules turn the same gradient into different steps. In this chapter you take them apart, see where each one's idea pays and where it does not, and learn to compare them fairly.

# %%
import numpy as np

from textbook import ask, check, conventions, data, labs, nn, ops, optim, show, train
from textbook.exercises import chapter_09 as ours
from textbook.fair import fair_race, problems
from textbook.optim import descend
from textbook.plots import OKABE_ITO, draw_curves, figure, picture
from textbook.rules import orthogonalised
from textbook.show import show_source
from textbook.surfaces import SURFACES, quadratic

labs.optimizer_race.show()

# %% [markdown]
# Press play. Four rules start at one point, each with that of 81 learning rates which ends lowest from there. Who wins? Drag the start (the rates stay): who wins from elsewhere?
#
# **You will be able to**
#
# - write gradient descent, momentum, RMSprop and Adam, and say what each part does to a step;
# - derive the best rate and momentum for a quadratic;
# - translate hyperparameters between texts and libraries;
# - compare rules fairly, and doubt comparisons that are not;
# - say what AdamW, NAdam, RAdam, Lion, Adafactor and Muon change.
#
# **You need** [chapter 5](05_gradient_descent.ipynb): learning rates, curvature, condition number, batches, schedules. **Time**: two hours with the exercises.
#
# The letters: θ the parameters, or $x$ on a function; $g$ the gradient; α the learning rate (`lr`); β a share of the past that is kept; $t$ the number of the step, from 1; $\Delta$ the step; ε a small constant; $m$ a running mean of gradients; $v$ in 9.3 and 9.4 momentum's velocity, from 9.5 on a running mean of $g^2$; λ a curvature, $L$ and μ the largest and smallest, $\kappa=L/\mu$. Of the imports, `SURFACES`, `quadratic`, `problems` are things to descend on; `figure`, `picture`, `draw_curves` print pictures in the colours `OKABE_ITO`.
#
# ## 9.1 The common frame
#
# Every optimizer of this chapter goes round one loop:
#
# ```text
# parameters θ ─► loss ─► gradient g ─┐
#     ▲                               ▼
#     └── θ + Δ ◄── Δ ◄── rule(θ, g, state, t; α, …) ──► new state ─┐
#                              ▲                                    │
#                              └──────── kept for the next step ────┘
# ```
#
# They differ in the **rule** alone: what they remember (the *state*), and which step $\Delta$ they make of it. In our package a rule is a function; it returns the step and the new state. `optim.RULES` is the table of them; `optim.start` gives the state before the first step; `optim.slots` names its parts. Five steps by hand, with a rule whose formula comes in 9.3, on `quadratic((1, 20))`, which is $\tfrac12(x^2+20y^2)$:

# %% tags=["source: §7.3.1", "source: Fig. 5"]
x, state = np.array([3.0, 1.0]), optim.start("momentum", np.zeros(2))
for t in range(1, 6):
    g = x * [1.0, 20.0]
    step, state = optim.momentum(x, g, state, t, lr=0.02)
    x = x + step
print(x.round(4), "  descend:", descend(quadratic((1, 20)).f, [3.0, 1.0], "momentum", 5, lr=0.02).path[-1].round(4))
print({rule: optim.slots(rule) for rule in optim.RULES})

# %% [markdown]
# `descend` is this loop. `optim.Optimizer` is the same for a model's tensors.
#
# ## 9.2 Gradient descent
#
# $$\theta\leftarrow\theta-\alpha\,g\tag{9.1}$$

# %% tags=["source: §7.3.2", "source: Fig. 6"]
show_source(optim.gd)

# %% [markdown] tags=["source: erratum 15"]
# No state. The source lists four traits. *Simple, without extra computation*: so it is. *May oscillate*: yes, where αλ > 1 in some direction (chapter 5). *Sensitive to the learning rate*: section 9.7 asks whether the others are less so. *Easily caught in local optima*: every rule here follows slopes; which valley it ends in depends on the start, the rate and the noise too, not on the rule alone.
#
# > **What the source says differently.** §7.3.2 calls this rule SGD and gives it the gradient of the full loss. *Stochastic* means that $g$ comes from a random batch, (5.6). The rule is the same.
#
# ## 9.3 Momentum
#
# The step keeps a share β of the last one. As the source writes it, with a running mean $m$ of the gradients:
#
# $$m\leftarrow\beta m+(1-\beta)\,g,\qquad\theta\leftarrow\theta-\alpha\,m\tag{9.2}$$
#
# PyTorch and our package *accumulate*: $v\leftarrow\beta v+g$. The default is β = 0.9.

# %% tags=["source: §7.3.3", "source: Fig. 7"]
show_source(optim.momentum)

# %% [markdown]
# **Question 9-a.** A coordinate's gradient is 1, −1, 1, −1, … With the mean (9.2) and β = 0.9, what size does $m$ settle at? (To three digits.) (By then a step only turns its sign: what goes in as $m$ comes out as $-m$.)

# %%
ask.number("9-a", "size of m:")

# %%
check.prediction("9-a")

# %% [markdown]
# The lab feeds the rule four coordinates: steady and large, steady and small, back and forth, rare. Move through the steps and watch what becomes of each.

# %%
labs.anatomy.show(rule="momentum", step=3)

# %% [markdown]
# The source says that momentum *accelerates and reduces oscillation*. That is two things: what points the same way at every step arrives in full, after a while; what goes back and forth all but cancels.
#
# **How much does it gain?** Take $\tfrac12\lambda x^2$ with $v\leftarrow\beta v+\lambda x$, $x\leftarrow x-\alpha v$. Write $x_t$, $v_t$ for what they are after $t$ steps. The last step was $x_t-x_{t-1}=-\alpha v_t$; the next is
#
# $$x_{t+1}-x_t=-\alpha(\beta v_t+\lambda x_t)=\beta\,(x_t-x_{t-1})-\alpha\lambda\,x_t$$
#
# Try $x_t=z^t$: every step multiplies by $z$. Divided by $z^{t-1}$, the line says
#
# $$z^2-(1+\beta-\alpha\lambda)\,z+\beta=0\tag{9.3}$$
#
# (The two solutions are the eigenvalues of the matrix in exercise 5-3.) They are complex, or equal, where the discriminant $(1+\beta-\alpha\lambda)^2-4\beta$ is at most 0, that is where
#
# $$(1-\sqrt\beta)^2\;\le\;\alpha\lambda\;\le\;(1+\sqrt\beta)^2\tag{9.4}$$
#
# The product of the two solutions is β. In this band they are a conjugate pair, so each has the size $\sqrt\beta$: *whatever λ is*. Outside it they are real and differ, and one is larger than $\sqrt\beta$ in size.
#
# So a smaller β is faster, until the flattest or the steepest direction drops out of the band. At the best choice μ sits at its lower end and $L$ at its upper. This is Polyak's **heavy ball**.
#
# **Exercise 9-1 (derive).** Both ends of (9.4) as equations: $\alpha\mu=(1-\sqrt\beta)^2$ and $\alpha L=(1+\sqrt\beta)^2$. Solve for α and β, with β < 1.

# %%
def heavy_ball(mu, L): ...    # return [lr, momentum]

check.exercise("9-1", heavy_ball)

# %%
heavy_ball = check.tried("9-1", heavy_ball, ours.heavy_ball)
for kappa in (10, 100, 1000):
    lr, beta = heavy_ball(1 / kappa, 1.0)
    runs = [descend(quadratic((1 / kappa, 1)).f, (1.0, 1.0), rule, most, **hyper).path for rule, most, hyper in
            (("gd", 4 * kappa, {"lr": 2 / (1 + 1 / kappa)}), ("momentum", 400, {"lr": lr, "momentum": beta}))]
    steps = [int((np.linalg.norm(path, axis=1) > 1e-3 * np.sqrt(2)).sum()) for path in runs]
    theory = [np.log(1e-3) / np.log((r - 1) / (r + 1)) for r in (kappa, np.sqrt(kappa))]
    print(f"κ = {kappa:4}: steps to a thousandth {steps}, from the factors {np.round(theory).astype(int)}")

# %% [markdown]
# On a quadratic, with the best rates, gradient descent needs steps in proportion to κ, heavy ball to $\sqrt\kappa$: its factor is $\sqrt\beta=(\sqrt\kappa-1)/(\sqrt\kappa+1)$. The second pair of numbers comes from these factors, that of gradient descent being $(\kappa-1)/(\kappa+1)$ (chapter 5). Here heavy ball needs up to 1.8 times what its factor says, because at the ends of the band the two solutions coincide, and a double root brings a factor $t$ with it.
#
# The map shows ten thousand such descents, for κ = 20. Right of the dotted line even the flat direction oscillates: the lower end of (9.4) for μ. There the colour hangs on β alone, until the steep direction leaves the band, shortly before the limit of convergence $\alpha L=2(1+\beta)$, where $z=-1$ solves (9.3). The star is the fastest of all; compare it with your `heavy_ball(1 / 20, 1)`. Then turn the momentum up and down beside it.

# %%
labs.stability_map.show(method="accumulated", beta=0.9)

# %% [markdown]
# **Nesterov's momentum** takes the gradient where the velocity is about to carry it, at $x-\alpha\beta v$. Choose it in the map: its limit is lower. While αλ < 1, its oscillations shrink by $\sqrt{\beta(1-\alpha\lambda)}$ a step, sooner than by $\sqrt\beta$.
#
# ## 9.4 Conventions
#
# The same name, another formula: a learning rate copied from a paper may be ten times off. `conventions` translates: `accumulated` turns (9.2) into PyTorch's form, `eps_outside` moves an ε. (Adam and ε come in the next two sections. *Weight decay* pulls the parameters towards 0: `weight_decay` times θ is added to $g$, or α times that is taken from θ.)

# %% tags=["source: erratum 6"]
f, start = SURFACES["rosenbrock"].f, (-1.2, 1.0)

def apart(one, other):
    """The largest distance between two walks of 200 steps on Rosenbrock's function; each is (rule, hyperparameters)."""
    a, b = (descend(f, start, rule, 200, **hyper).path for rule, hyper in (one, other))
    distance = np.abs(a - b).max()
    return f"{distance:.1f}" if distance > 1e-12 else "below 1e-12"

mean = ("momentum", {"lr": 1e-3, "averaged": True})
print("averaged / accumulated, the same lr:   ", apart(mean, ("momentum", {"lr": 1e-3})))
print("averaged / accumulated, translated:    ", apart(mean, ("momentum", conventions.accumulated(1e-3, 0.9))))
print("averaged / PyTorch with dampening = β: ", apart(mean, ("momentum", {"lr": 1e-3, "dampening": 0.9})))
decay = {"lr": 0.05, "weight_decay": 0.1}
print("Adam with decay, coupled / decoupled:  ", apart(("adam", decay), ("adamw", decay)))

# %% [markdown]
# > **What the source says differently.** It averages; PyTorch accumulates. `accumulated` multiplies the rate by 1 − β, and the paths agree to the last digits. PyTorch's `dampening=0.9` looks like the translation and is not: it spares the first gradient, so the first step is ten times too long.
#
# | convention | the same path? |
# |---|---|
# | averaged, accumulated momentum | yes: α(1 − β) |
# | Nesterov's two forms: $x$, or the look-ahead $y=x+\beta(x-x_\text{old})$ | yes: `conventions.iterates` finds $x$ from $y$ |
# | weight decay as a share of θ a step; as `weight_decay` times α | yes, while α is constant |
# | decay added to $g$ (coupled), or taken from θ apart (decoupled) | for plain descent only |
# | $\sqrt{v+\varepsilon}$ or $\sqrt v+\varepsilon$ | no: at best within a factor $\sqrt2$ |
#
# ## 9.5 RMSprop
#
# One rate for all coordinates is a compromise. RMSprop (`rmsprop`) divides each coordinate's step by the recent size of its own gradient:
#
# $$v\leftarrow\beta v+(1-\beta)\,g^2,\qquad\theta\leftarrow\theta-\frac{\alpha}{\sqrt v+\varepsilon}\,g\tag{9.5}$$
#
# Squares, roots and quotients are taken number by number.

# %% tags=["source: §7.3.4", "source: Fig. 8"]
show_source(optim.rmsprop)

# %% [markdown]
# **Question 9-b.** The source sets β = 0.999 and starts from $v=0$. The first gradient is 0.2, and α = 0.01. How long is the first step? (Leave ε out.)

# %%
ask.number("9-b", "length:")

# %%
check.prediction("9-b")

# %% [markdown]
# Go to the first step in the lab (α is 1 there, and β the source's 0.999), then on: at step 24 a steady gradient's step is still more than six times too long.

# %%
labs.anatomy.show(rule="rmsprop", step=10)

# %% [markdown]
# And ε? A steady gradient $g$, after many steps, for α = 1. A step of 1 means that the size of $g$ no longer counts.

# %% tags=["source: erratum 7"]
for slope in (1e-2, 1e-4, 1e-6):
    sizes = [abs(optim.rmsprop(0.0, slope, (np.array(slope**2),), 5000, lr=1.0, **hyper)[0]) for hyper in
             ({"eps": 1e-8}, {"eps": 1e-8, "eps_inside": True}, {"eps": conventions.eps_outside(1e-8)})]
    print(f"g = {slope:.0e}: ε = 1e-8 outside {sizes[0]:.3f}, inside {sizes[1]:.3f}; 1e-4 outside {sizes[2]:.3f}")

# %% [markdown] tags=["source: erratum 17"]
# > **What the source says differently.** §7.3.4 and §7.3.5 put ε inside the root, §7.7 and Adam's authors outside. The number means something else there: 1e-8 inside acts like 1e-4 outside, and gradients below that are no longer made equal. β = 0.999 is not RMSprop's (Hinton 0.9, PyTorch 0.99): without a correction it makes the first step $1/\sqrt{1-\beta}$ = 32 times too long. And "a smaller rate for frequently updated parameters" describes **AdaGrad** (`adagrad`), which adds up all squares, $v\leftarrow v+g^2$, and never forgets; RMSprop reacts to the recent size.
#
# ## 9.6 Adam
#
# Momentum above, RMSprop below, and both means corrected for having started at 0:
#
# $$m\leftarrow\beta_1m+(1-\beta_1)g,\qquad v\leftarrow\beta_2v+(1-\beta_2)g^2$$
#
# $$\hat m=\frac{m}{1-\beta_1^t},\qquad\hat v=\frac{v}{1-\beta_2^t},\qquad\theta\leftarrow\theta-\alpha\,\frac{\hat m}{\sqrt{\hat v}+\varepsilon}\tag{9.6}$$
#
# Why $1-\beta^t$? After $t$ steps the gradients have the weights $(1-\beta)\beta^{t-1},\dots,(1-\beta)\beta,\,(1-\beta)$ in the mean. They add up to $1-\beta^t$, not to 1.
#
# **Exercise 9-2 (implement).** One step of Adam: (9.6), line by line. Return the new `theta, m, v`.

# %%
def adam_step(theta, g, m, v, t, lr, beta1, beta2, eps): ...

check.exercise("9-2", adam_step)

# %% [markdown]
# Below, yours (or the book's) against `torch.optim.Adam`, on gradients of very different sizes.

# %% tags=["source: §7.3.5", "source: Fig. 9", "source: §7.7"]
show.folded(show_source(optim.adam, docstring=False), "Show the book's Adam")

# %%
import torch

adam_step = check.tried("9-2", adam_step, ours.adam_step)
gradients = np.random.default_rng(0).normal(size=(100, 3)) * [1e-3, 1.0, 1e3]
theta = m = v = np.zeros(3)
theirs = torch.zeros(3, dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.Adam([theirs], lr=0.01)
for t, g in enumerate(gradients, start=1):
    theta, m, v = adam_step(theta, g, m, v, t, 0.01, 0.9, 0.999, 1e-8)
    theirs.grad = torch.tensor(g)
    optimizer.step()
print("by hand", theta.round(5), " PyTorch", theirs.detach().numpy().round(5))
assert np.allclose(theta, theirs.detach(), rtol=1e-12, atol=1e-14)

# %% [markdown]
# Three coordinates, a million between their gradients, and they have moved by amounts that can be compared.
#
# **Question 9-c.** At its first step a coordinate has the gradient 0.003, and α = 0.1. How far does Adam move it?

# %%
ask.number("9-c", "distance:")

# %%
check.prediction("9-c")

# %%
labs.anatomy.show(step=3)

# %% [markdown] tags=["source: erratum 16"]
# Switch the bias correction off: $v$ starts far more slowly than $m$, so the first steps are several times too long. Then compare the coordinates. Adam's step is large where the gradient is *steady*, small where it changes its sign; its size does not count.
#
# > **What the source says differently.** §7.3.5 calls $v$ a variance. It is the mean of $g^2$, about 0 and not about the mean (§7.7 says so). For a steady gradient the variance is 0, and $\sqrt{\hat v}$ is $|g|$: with a variance below the line, the step would be divided by ε alone.
#
# **Does it always go down?** With the usual β no step is longer than 7.3 α, whatever the gradients. That protects against one large gradient, and it can deceive.
#
# **Exercise 9-3 (break).** Three gradients come again and again in one order, whatever $x$ is. Their mean is positive, so descent walks to the left. Give a list `three` with which Adam with $\beta_1=0$, $\beta_2=0.5$ (and α = 0.01) walks to the right.

# %%
three = ...    # such as [2.0, 1.0, -1.0], with which it walks to the left

check.exercise("9-3", three)

# %%
show.folded("One rare, large gradient outweighs many small ones in the mean. Divided by its own size it is one step, and "
            "they are many. Reddi and others found this in 2018.", "Show why there are such gradients")

# %% [markdown]
# **Turn the axes.** Adam and RMSprop divide number by number, so the axes matter to them. The same ravine, κ = 100, is turned by an angle, and eleven starting points with it. 25 rates from 0.001 to 1, 100 steps; of the median losses, the lowest:

# %%
angles, rates = np.radians([0, 15, 30, 45]), np.geomspace(1e-3, 1, 25)[:, None]
starts = np.random.default_rng(0).normal(size=(2, 1, 11)) * np.reshape([2.5, 0.5], (2, 1, 1))
for rule, hyper in (("gd", {}), ("momentum", {}), ("rmsprop", {}), ("adam", {"betas": (0.0, 0.999)}), ("adam", {})):
    finals = []
    for angle in angles:
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        run = descend(quadratic((1, 100), angle).f, np.tensordot(turn, starts, 1), rule, 100, lr=rates, **hyper)
        finals.append(max(np.nanmin(np.median(run.loss[-1], axis=1)), 1e-12))    # what is less, counts as that
    print(f"{rule + (', β₁ = 0' if hyper else ''):14} at 0°, 15°, 30°, 45°:", *(f"{loss:8.0e}" for loss in finals))

# %% [markdown]
# Gradient descent and momentum do not notice: they add vectors. RMSprop is marvellous where the valley lies along an axis, and at 45° no better than gradient descent. Adam without its momentum goes the same way; with it, the angle costs little.

# %% [markdown]
# ## 9.7 Fair races

# %% [markdown] tags=["source: Table 5", "source: erratum 8"]
# The source's Table 5, its first row put right, makes claims:
#
# | optimizer | idea | said to be its advantage | said to suit |
# |---|---|---|---|
# | SGD | simple, direct | easy to implement; converges slowly | |
# | SGD + momentum | faster convergence | less oscillation | most problems |
# | RMSprop | a rate for each coordinate | suits sparse data | changing objectives |
# | Adam | momentum and such rates | robust | most used of all |
#
# > **What the source says differently.** Its row on SGD has "slow convergence" under *main advantage* and "easy to implement" under *use case*: the cells slipped by one column.
#
# A claim about optimizers is worth what its race was worth. A fair one:
#
# 1. gives every rule the same number of learning rates to try, on a grid wide enough that the best is not at its edge;
# 2. picks the best by the median over several seeds, since one seed may be lucky;
# 3. races with fresh seeds, and shows all of them.
#
# **Exercise 9-4 (implement).** Rule 2. `losses[i, s]` is the final loss with `rates[i]` and seed `s`; a diverged run has `nan`. Return the rate with the lowest median, where a diverged run counts as infinitely bad.

# %%
def pick(rates, losses): ...

check.exercise("9-4", pick)

# %% [markdown]
# `fair_race` does all three. `problems()` are four logistic regressions with 30 features and 512 examples, in batches of 16. *Sparse*: features that are mostly 0, the rarest in a hundredth of the examples. *Badly scaled*: their units differ by up to a thousand. *Changing*: halfway, other features begin to matter. A seed draws the batches; the data stay, and the loss is that of all 512. Budget: 13 rates from 1e-4 to 100, 3 seeds to tune, 5 fresh ones to race, 200 steps; momentum 0.9, all else as PyTorch has it.
#
# **Question 9-d.** On *dense*, well scaled features, who will be clearly ahead after 200 steps?

# %%
ask.choice("9-d", "ahead on dense data:", ["Adam", "momentum", "gradient descent", "nobody"])

# %%
check.prediction("9-d")

# %% tags=["source: §7.3.6", "source: Table 5"]
rules = ["gd", "momentum", "adagrad", "rmsprop", "adam"]
races = {name: fair_race(problem.run, rules) for name, problem in problems().items()}

# %%
colors = dict(zip(rules, (OKABE_ITO[name] for name in ("blue", "vermilion", "purple", "orange", "black")), strict=True))
fig, axes = figure(8.4, 4.8, rows=2, columns=4)
axes[0, 0].set_ylabel("final loss in tuning")
for column, (name, race) in enumerate(races.items()):
    curve, strip = axes[:, column]
    for place, (rule, racer) in enumerate(race.items()):
        curve.loglog(racer.rates, np.median(racer.tuning, axis=1), color=colors[rule], marker="os^Dv"[place], ms=3, lw=1)
        strip.plot(racer.final, np.full(5, place), color=colors[rule], ls="none", marker="os^Dv"[place], ms=5, alpha=0.6)
        assert not racer.at_edge
    curve.set(title=name, xlabel="learning rate α", ylim=(0.2, 3), yticks=[0.2, 0.5, 1, 2])
    curve.set_yticklabels([0.2, 0.5, 1, 2] if column == 0 else [], minor=False)
    curve.set_yticks([], minor=True)
    strip.set(yticks=range(5), yticklabels=rules if column == 0 else [], ylim=(4.5, -0.5), xlabel="final loss")
    strip.locator_params(axis="x", nbins=3)

# %%
races_picture = picture(fig, alt="Above, on each of four problems, the final loss against the learning rate: a valley for "
                        "each of five rules. Below, the final losses of five fresh seeds for each rule; the next cell "
                        "has them in numbers.")
show.folded(races_picture, "Show the races: above, the tuning; below, the final losses of five fresh seeds")

# %%
def told(losses):
    return f"{np.median(losses):.3f} ({losses.min():.3f} to {losses.max():.3f})"

numbers = [f"{name}: " + ", ".join(f"{rule} {told(racer.final)}" for rule, racer in race.items())
           for name, race in races.items()]
show.folded("\n".join(numbers), "Show the final losses in numbers: the median, lowest and highest of five fresh seeds")

# %% [markdown]
# | claim | verdict on these problems, after 200 steps |
# |---|---|
# | SGD is slow | on dense data **refuted**: tuned, it ends level with the others. Badly scaled: **confirmed**; on digits (9.11) too |
# | momentum is faster | here **refuted**: level with plain descent. On a smooth ravine (9.3) **confirmed**, and on digits (9.11), there with Nesterov's |
# | RMSprop, Adam for sparse data | RMSprop **confirmed**, by a little, and AdaGrad with it; Adam's seeds overlap plain descent's |
# | … for changing objectives | **not confirmed**: all are level |
# | not in the table: badly scaled features | here the rules that scale each coordinate are far ahead |
# | Adam is robust | the valleys above are no wider than others; but look where they lie: |
#
# A racer's `lr` is its best rate, and `within(1.5)` counts the rates that end within half as much again of the best loss.

# %%
for rule in rules:
    best = [race[rule].lr for race in races.values()]
    print(f"{rule:9} best rates", *(f"{lr:7.2g}" for lr in best), f" largest / smallest {max(best) / min(best):4.0f};",
          "rates within 1.5 of the best:", *(race[rule].within(1.5) for race in races.values()))

# %% [markdown]
# That is the robustness of Adam, RMSprop and AdaGrad: not that many rates work, but that *the same* rate works on problem after problem. Plain descent's best rate follows the scale of the features.
#
# ## 9.8 Schedules, and why warm up
#
# Schedules multiply α, for Adam as for any rule (`optim.constant`, `optim.cosine`, `optim.warm_up`: chapter 5). One network (784–64–10, relu), two epochs of our 7,000 digits in batches of 128; `train.evaluate` on the validation digits; three rates, the mean of two seeds.

# %%
mnist = data.load_mnist()

def train_digits(rule, lr, seed, epochs=2, schedule=None, **hyper):
    """The validation loss after training."""
    rng, schedule, t = np.random.default_rng(seed), schedule or optim.constant(), 0
    model = nn.MLP([784, 64, 10], rng=rng)
    optimizer = optim.Optimizer(model, rule, lr=lr * schedule(0), **hyper)
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            batches = data.batches(mnist.x_train, mnist.y_train, 128, rng)
            for _ in train.train(model, ops.cross_entropy, batches, optimizer):
                t += 1
                optimizer.hyper["lr"] = lr * schedule(t)
        return train.evaluate(model, mnist.x_val, mnist.y_val).loss

# %%
schedules = {"constant": optim.constant(), "cosine": optim.cosine(110),
             "warm-up, cosine": optim.warm_up(10, optim.cosine(100))}
rates = np.geomspace(10**-2, 10**-1, 3)
found = {name: [np.mean([train_digits("adam", lr, seed, schedule=s) for seed in range(2)]) for lr in rates]
         for name, s in schedules.items()}
model = nn.MLP([784, 64, 10], rng=np.random.default_rng(0))
optimizer, sizes, last = optim.Optimizer(model, "adam", lr=1e-3), [], np.array(model.layers[0].w.data)
batches = data.batches(mnist.x_train, mnist.y_train, 128, np.random.default_rng(0))
for _ in train.train(model, ops.cross_entropy, batches, optimizer):
    w = np.array(model.layers[0].w.data)
    sizes.append(np.sqrt(np.mean((w - last) ** 2)) / 1e-3)
    last = w

# %%
fig, (left, right) = figure(8.4, 2.8, columns=2)
for (name, losses), mark in zip(found.items(), "os^", strict=True):
    left.loglog(rates, losses, marker=mark, ms=5, label=name)
left.set(xlabel="base rate α", ylabel="validation loss (nats)", title="Adam with schedules", ylim=(0.2, 0.7))
left.set_yticks([0.2, 0.3, 0.5], [0.2, 0.3, 0.5])
left.set_yticks([], minor=True)
left.legend(fontsize=8)
draw_curves(right, {"size": sizes}, ylabel="root mean square of Δ / α")
right.set(title="first-layer steps, α = 0.001", ylim=(0, 1))
assert found["cosine"][1] < found["constant"][1] and found["warm-up, cosine"][2] < 0.8 * found["cosine"][2]
picture(fig, alt="Left: at 0.01 a constant rate is best, at 0.03 both cosines are lower, and at 0.1 only the one "
                 "with warm-up stays low. Right: the mean size of Adam's steps falls from most of α to a quarter of it.")

# %% [markdown]
# At 0.01 decay only shortens the way. At 0.03 both cosines end lower; which of the two, two seeds can't tell. At 0.1 the difference is large: ten steps of warm-up keep a rate usable that is too high for the others. The lowest loss of all is at 0.03: here warm-up widens the valley, and does not deepen it.
#
# The right picture (one seed, one epoch) suggests why. Adam's first steps are its longest: $\hat v$ rests on a few batches, and most coordinates move by nearly α, however little they matter. Warm-up keeps α small while that lasts. (RAdam takes the same view, and builds it into the rule.)
#
# ## 9.9 The source's loop, mended
#
# Listing 7.4 trains a line with PyTorch, and gives no data; here are three points. On a batch it stops here:

# %% tags=["source: §7.4", "source: listing 7.4", "source: erratum 5"]
inputs = torch.tensor([[1.0], [2.0], [3.0]])
targets = 2 * inputs + 1
torch.manual_seed(0)
line = torch.nn.Linear(1, 1)
loss = (line(inputs) - targets) ** 2
try:
    loss.backward()
except RuntimeError as error:
    print("RuntimeError:", error)

# %% [markdown]
# The loss is three numbers, and `backward` wants one: there must be a mean (or a sum, with another rate). With it:

# %% tags=["source: §7.4", "source: listing 7.4"]
optimizer = torch.optim.SGD(line.parameters(), lr=0.1)
for _ in range(500):
    loss = ((line(inputs) - targets) ** 2).mean()
    optimizer.zero_grad()    # forget the old gradients
    loss.backward()          # compute the new ones
    optimizer.step()         # move
print(f"w = {line.weight.item():.2f}, b = {line.bias.item():.2f}")

# %% [markdown]
# The three lines are the frame of section 9.1. Exchange `torch.optim.SGD` for another rule, and nothing else changes.
#
# ## 9.10 After Adam
#
# | rule | what it changes |
# |---|---|
# | `adamw` | weight decay beside Adam's step, α·decay·θ, in place of a term in $g$ that $\sqrt{\hat v}$ would rescale |
# | `nadam` | Nesterov's look ahead in Adam's numerator |
# | `radam` | no division by $\sqrt{\hat v}$ before $\hat v$ rests on enough gradients |
# | `lion` | the sign of a mean: every number moves by α, however small its gradient; half of Adam's memory |
# | `adafactor` | of $v$, only the mean of each row and column; no $m$; α is a share of the parameters' size |
# | `muon` | for matrices: a step whose singular values (explained below) are all about 1 |
#
# Each stands in `optim.RULES`, and equals its twin in `torch.optim` to 12 digits over 200 steps (Lion: its paper's pseudocode; Muon: PyTorch's own code, kept from rounding to 16 bits). Lion in full, and what rules remember for one weight matrix of 784 × 64:

# %%
show_source(optim.lion, docstring=False)

# %%
show.folded(show_source(optim.nadam, docstring=False), "Show NAdam")

# %%
show.folded(show_source(optim.radam, docstring=False), "Show RAdam")

# %%
show.folded(show_source(optim.adafactor), "Show Adafactor")

# %%
for rule in ("gd", "lion", "momentum", "adam", "adafactor", "muon"):
    kept = sum(part.size for part in optim.start(rule, np.zeros((784, 64))))
    print(f"{rule:10} remembers {kept:7,} numbers for {784 * 64:,} weights")

# %% [markdown]
# **Muon** looks at a weight matrix as a whole. Its momentum $M$ is a product $U\Sigma V^\top$: a stretch Σ between two rotations or reflections. The *singular values* in Σ say how strongly each direction is pushed. In the gradient below, a few dominate. Muon steps by $UV^\top$: the same directions, each with the strength 1.
#
# To compute that without a decomposition, it (`orthogonalised`) divides the matrix by its norm, so that no singular value is above 1, and five times takes an odd polynomial of it, $X\leftarrow aX+b(XX^\top)X+c(XX^\top)^2X$ with $a,b,c$ = 3.4445, −4.7750, 2.0315, which leaves $U$ and $V$ alone. (This is a *Newton–Schulz* iteration.)
#
# **Exercise 9-5 (implement).** What does it do to one singular value σ? (Think of a 1 × 1 matrix.) Return σ, a number or an array, after so many `rounds`.

# %%
def after_rounds(sigma, rounds, a=3.4445, b=-4.7750, c=2.0315): ...

check.exercise("9-5", after_rounds)

# %%
after_rounds = check.tried("9-5", after_rounds, ours.after_rounds)
model = nn.MLP([784, 64, 10], rng=np.random.default_rng(1))
ops.cross_entropy(model(mnist.x_train[:128]), mnist.y_train[:128]).backward()
g = np.asarray(model.layers[0].w.grad, float)
before, after = (np.linalg.svd(matrix, compute_uv=False) for matrix in (g, orthogonalised(g)))

# %%
fig, (left, right) = figure(8.4, 2.6, columns=2)
sigma = np.geomspace(1e-3, 1, 601)
draw_curves(left, {f"{n} round{'s' * (n > 1)}": (sigma, after_rounds(sigma, n)) for n in (1, 3, 5)},
            xlabel="singular value", ylabel="becomes")
draw_curves(right, {"gradient, largest = 1": before / before[0], "orthogonalised": after},
            xlabel="which of them, from the largest", ylabel="singular value")
left.set(xscale="log", ylim=(0, 1.6))
left.legend(loc="upper left", ncols=3, fontsize=8)
right.legend(loc="upper right", fontsize=8)
picture(fig, alt="Left: after five rounds every value above 0.002 lies between 0.68 and 1.21. Right: the "
                 "singular values of a first-layer gradient fall steeply; orthogonalised, all but one lie there too.")

# %%
show_source(optim.muon, docstring=False)

# %% [markdown]
# (The last singular value is 0: one unit is silent on the whole batch, and has no gradient to make longer.) Muon's rule mixes all numbers of a matrix: the mark `elementwise=False` says so. `wide` lengthens its step where a matrix has more columns than rows.
#
# ## 9.11 On MNIST
#
# Press Start: five rules, three seeds each, two epochs. Each has the best of nine rates, by two other seeds. Then multiply all rates by 3, and by 0.3, and Reset. Who suffers most? (All twelve rules can be chosen, each at its best rate.)

# %%
labs.mnist_race.show()

# %% [markdown]
# Here is such a race in full, but shorter: the network of section 9.8, one epoch, with Nesterov's momentum (0.9) for plain momentum, and with Adam's kin. Lion and Adafactor stay in the lab: they save memory, which this network does not lack. Five rates in factors of $\sqrt{10}$ for each, placed so that the best is not at an edge; 2 seeds to tune, 5 fresh ones to race. All else: PyTorch's defaults, so AdamW and Muon decay the weights. (Our `muon` takes a bias for a matrix of one row.)

# %%
def run(rule, rates, seeds):
    return np.array([[[train_digits(rule, lr, seed, epochs=1) for seed in seeds] for lr in rates]])

grids = {rule: 10.0 ** np.arange(low, low + 2.1, 0.5) for rule, low in
         (("gd", -1.5), ("nesterov", -2), ("rmsprop", -3.5), ("adam", -3), ("adamw", -3), ("nadam", -3),
          ("radam", -2.5), ("muon", -2.5))}
digits = fair_race(run, list(grids), rates=grids, tuning=(0, 1))

# %%
kin = dict.fromkeys(("adamw", "nadam", "radam"), "0.45")
colors |= {"nesterov": OKABE_ITO["green"], "muon": OKABE_ITO["sky"]} | kin
looks = {rule: {"color": colors[rule], "marker": mark} for rule, mark in zip(digits, "osDvPX*^", strict=True)}
fig, (left, right) = figure(8.4, 3.4, columns=2, width_ratios=(1.5, 1))
left.set(xlabel="learning rate α", ylabel="validation loss (nats)", xscale="log", yscale="log", ylim=(0.2, 10))
left.set_yticks([0.2, 0.5, 1, 2, 5], [0.2, 0.5, 1, 2, 5])
left.set_yticks([], minor=True)
right.set(yticks=range(8), yticklabels=digits, xlabel="validation loss, five fresh seeds", ylim=(7.5, -0.5))
for place, (rule, racer) in enumerate(digits.items()):
    left.plot(racer.rates, np.median(racer.tuning, axis=1), ms=4, lw=1.2, label=rule, **looks[rule])
    right.plot(racer.final, np.full(5, place), ls="none", ms=6, alpha=0.7, **looks[rule])

# %%
left.legend(fontsize=8, ncols=4)
for rule, racer in digits.items():
    print(f"{rule:9} α = {racer.lr:.2g}, final loss {told(racer.final)}")
median = {rule: np.median(racer.final) for rule, racer in digits.items()}
assert median["gd"] == max(median.values()) and not any(racer.at_edge for racer in digits.values())
assert digits["nesterov"].final.min() < digits["adam"].final.max()
picture(fig, alt="Left: validation loss against the rate, a valley for each of eight rules, at rates from a thousandth to "
                 "one. Right: five seeds each. Adam, AdamW, NAdam and Nesterov's momentum overlap, Muon and RMSprop "
                 "follow, then RAdam; gradient descent is last.")

# %% [markdown] tags=["source: §7.3.7"]
# After one epoch the medians of Adam, AdamW, NAdam and Nesterov's momentum, from 1983, are level; Muon and RMSprop are a little behind. RAdam's own warm-up takes hundreds of steps, and an epoch has 55. In the lab's race of two epochs the curves have crossed by then, and Muon ends lowest, by a little. (At three times the rates, momentum breaks down; at 0.3 times, Muon falls back most.) So even a fair race has a condition that decides: *when it is stopped*. Differences of this size say nothing about larger networks; there Muon's authors report a lead.
#
# Mark the stragglers, Nesterov's one and NAdam's two: with a single seed, one might have been the result.
#
# **The source's advice** (§7.3.7), as tested:
#
# | advice | here |
# |---|---|
# | simple problems: SGD, with or without momentum | fine on dense data (9.7), if scaled and tuned |
# | deep learning: try Adam first | sound: one rate carries over from problem to problem; tuned, Nesterov's momentum is as good on our net |
# | sparse data: RMSprop or Adam | RMSprop or AdaGrad, by a little (9.7) |
# | changing objectives: RMSprop or Adam | no difference found (9.7) |
# | scarce resources: SGD, the cheapest | true: the least work and no state; Lion and momentum keep one number a weight, Adafactor far less |
# | compare on your own task; mind cost and sensitivity; add a schedule | this chapter |
#
# ## In PyTorch
#
# `optim.Optimizer(model, "adamw", lr=1e-3)` is `torch.optim.AdamW(model.parameters(), lr=1e-3)`. SGD, Adagrad, RMSprop, Adam, NAdam, RAdam, Adafactor and Muon (since 2.9) stand there under these names; momentum and Nesterov's are options of SGD. Muon takes matrices only: give biases and embeddings to AdamW.
#
# ## Further reading
#
# - B. Polyak, *Some methods of speeding up the convergence of iteration methods*, 1964; Y. Nesterov, *A method of solving a convex programming problem with convergence rate O(1/k²)*, 1983; G. Goh, *Why momentum really works*, Distill 2017.
# - J. Duchi, E. Hazan, Y. Singer, *Adaptive subgradient methods*, JMLR 12, 2011. AdaGrad. G. Hinton, *Neural networks for machine learning*, lecture 6e, 2012. RMSprop.
# - D. Kingma, J. Ba, *Adam*, ICLR 2015. S. Reddi and others, *On the convergence of Adam and beyond*, ICLR 2018. I. Loshchilov, F. Hutter, *Decoupled weight decay regularization*, ICLR 2019.
# - T. Dozat, *Incorporating Nesterov momentum into Adam*, 2016; L. Liu and others, *On the variance of the adaptive learning rate and beyond*, ICLR 2020; N. Shazeer, M. Stern, *Adafactor*, ICML 2018; X. Chen and others, *Symbolic discovery of optimization algorithms*, NeurIPS 2023 (Lion); K. Jordan and others, *Muon*, 2024.
# - D. Choi and others, *On empirical comparisons of optimizers for deep learning*, arXiv:1910.05446, 2019; R. Schmidt and others, *Descending through a crowded valley*, ICML 2021. On fair races.
#
# Next: [vanishing and exploding gradients](10_vanishing_exploding.ipynb).
